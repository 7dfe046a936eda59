"""How models write "the document does not say it" instead of null, in the languages of the documents."""

import re

from columnist.answers.plain import one_line

_THIS = "(?:it|this|that|so|(?:(?:any|the|this|that|such|relevant) ){0,2}(?:information|answer|question|point|matter))"
_DOCUMENT = (
    r"(?:(?:the|this|provided|given) ){0,2}(?:document|text|contract|agreement|lease|excerpt|context|passage|page)s?"
)
_CLEARLY = "(?:(?:explicit|express|clear|direct|specifical)ly )?"
_STATED = "(?:found|specified|stated|mentioned|disclosed|indicated|identified|defined|set (?:forth|out))"
_SAID = rf"(?:{_STATED}|provided|given|available|applicable|addressed|present|determined|determinable)"
_SOMETHING = r"(?: (?!that\b)[^\W\d][\w’'-]{0,30}){1,6}"
_ENGLISH = (
    r"null|none|nil|n/?a|n\.a|unknown|unspecified|absent|nothing|undefined|nan|\?+|no (?:value|match|results?)",
    rf"(?:{_THIS} (?:is |was )?)?(?:not|cannot be|can't be) {_CLEARLY}{_SAID}|none {_SAID}",
    rf"{_THIS} (?:is )?not|not|absent",  # in the document, which is left out
    rf"(?:there is )?no (?:answer|information|mention|data|indication)(?: (?:of|on|about|for){_SOMETHING})?"
    rf"(?: (?:is |was )?{_SAID})?",
    rf"(?:there is )?no{_SOMETHING} (?:is|are|was|were) {_CLEARLY}{_STATED}",
    rf"(?:it )?does not {_CLEARLY}(?:say|specify|state|mention|disclose|indicate|define|identify)"
    rf"(?: {_THIS}|{_SOMETHING})?",
    rf"(?:it )?does not {_CLEARLY}(?:provide|contain|address|include) {_THIS}(?: (?:on|about|for){_SOMETHING})?",
    rf"(?:it )?is silent(?: on(?: {_THIS}|{_SOMETHING}))?",
    rf"unable to (?:determine|find|locate)(?: {_THIS})?|(?:insufficient|not enough) (?:information|context|data)",
)
_OTHER_LANGUAGES = (
    r"keine?|entfällt|unbekannt|keine? (?:angaben?|information(?:en)?|daten|erwähnung|antwort|aussage)|k\.? ?a"
    r"|nicht (?:angegeben|genannt|erwähnt|gefunden|festgelegt|geregelt|vorhanden|enthalten|bestimmt|spezifiziert"
    r"|ersichtlich|definiert|verfügbar|bekannt|anwendbar|zutreffend)",
    r"aucune?|néant|inconnue?|introuvable|sans objet|s\.?o|(?:aucune|pas d.)(?: ?information| ?mention| ?indication)"
    r"|(?:non|pas) (?:spécifié|précisé|mentionné|indiqué|renseigné|défini|trouvé|disponible|applicable|prévu)e?s?"
    r"|(?:il )?ne (?:le |la )?(?:précise|mentionne|spécifie|indique) pas",
    r"ningun[oa]|desconocid[oa]|no (?:consta|figura|aplica(?:ble)?|disponible)"
    r"|no se (?:especifica|menciona|indica|encuentra)|sin (?:especificar|información|datos)"
    r"|no (?:especificad|mencionad|indicad|encontrad|definid)[oa]",
    r"nessun[oa]?(?: informazione| indicazione)?|sconosciut[oa]|n\.?/?d"
    r"|non (?:(?:specificat|indicat|menzionat|trovat|previst|definit|not)[oa]|disponibile|applicabile|presente)",
    r"nenhuma?|desconhecid[oa]|não (?:consta|disponível|aplicável|se aplica)|sem informaç(?:ão|ões)"
    r"|não (?:especificad|mencionad|informad|encontrad|indicad|definid)[oa]",
    r"geen(?: informatie| vermelding)?|onbekend|n\.?v\.?t|niet (?:vermeld|gespecificeerd|gevonden|genoemd|aangegeven"
    r"|beschikbaar|bepaald|opgegeven|bekend|van toepassing)",
    r"неизвестно|отсутствует|н/д|нет (?:данных|информации|сведений)|не (?:указан|найден|определен|упомянут|установлен"
    r"|задан|предусмотрен)[оаы]?|не (?:упоминается|указывается|применимо)",
    r"невідомо|відсутн\w|не (?:вказан|зазначен|знайден|визначен)[оаі]|немає (?:даних|інформації)",
    r"brak(?: danych| informacji)?|nieznan[eya]|nie (?:określon|podan|wskazan|wspomnian|znalezion)[eoya]|nie dotyczy",
    r"neuveden[oa]|nezjištěno|neurčeno|nespecifikováno|žádn[éý]|není (?:uveden|znám|určen)[oa]?|nebyl[oa] nalezen[oa]",
    r"saknas|okänt|(?:ej|inte) (?:angive[tn]|specificera[td]|funne[tn]|tillämpligt)|framgår (?:ej|inte)|ing(?:en|et)"
    r"|uk[je]ent|ukendt|ikke (?:angitt|angivet|oplyst|opplyst|spesifisert|nævnt|nevnt|funnet|fundet)|fremgår ikke",
    r"tuntematon|ei (?:määritelty|mainittu|ilmoitettu|löydy|tietoa|saatavilla)",
    r"nincs(?: megadva)?|ismeretlen|nem (?:található|szerepel|ismert)",
    r"nespecificat|necunoscut|nu (?:este )?(?:specificat|menționat|precizat|există)|nu se (?:menționează|specifică)",
    r"άγνωστο|κανένα|δεν (?:αναφέρεται|προσδιορίζεται|βρέθηκε|ορίζεται)",
    r"bulunamadı|bilinmiyor|belirtilmemiş(?:tir)?|mevcut değil",
    r"(?:文[档件本]|合同|本合同)?[未没沒无無][有]?(?:明确|明確)?(?:提及|说明|說明|规定|規定|指定|知|找到|載明|载明|約定|约定|注明)?"
    r"|不[适適]用|不[明详詳]|暂无|(?:无法|無法)(?:确定|確定)",
    r"(?:該当(?:する記載)?|記載|特に|定め|規定)?な[しい]|不明|未(?:記載|定|指定)|(?:記載|言及|規定)されてい(?:ません|ない)"
    r"|見つかりません(?:でした)?|該当しない",
    r"(?:해당|언급|정보|기재)? ?없음|(?:명시|기재|언급)되지 않(?:음|았습니다)|알 수 없음|확인 불가",
    r"غير (?:محدد|مذكور|معروف|متوفر|موجود|منصوص عليه)|لا يوجد|لم يذكر",
    r"לא (?:צוין|נמצא|ידוע|מצוין|הוגדר)|אין(?: מידע)?",
    r"không (?:xác định|có|đề cập|rõ|tìm thấy|được nêu)|tidak (?:disebutkan|ada|ditentukan|ditemukan|diketahui)",
    r"ไม่(?:ระบุ|มี|พบ|ทราบ)|(?:उल्लेख|निर्दिष्ट|उपलब्ध) नहीं|अज्ञात",
)
_NOTHING = re.compile("|".join(("", *_ENGLISH, *_OTHER_LANGUAGES)))
_PLACE = re.compile(
    rf"\b(?:(?:in|by|from) )?(?:{_DOCUMENT}"
    r"|(?:(?:im|in diesem|das|dieser|der|dans (?:le|ce)|le|en el|el|ne[ls]l?['o]?|il|no|o|in het|het|in de|de|в|w)) "
    r"(?:dokument|vertrag|text|document|contrat|texte|documento|contrato|texto|contratto|testo|contract|tekst"
    r"|документе|договоре|dokumencie|umowie))\b"
)
"""The document, which all languages may name beside the words."""
_ASIDE = re.compile(r"\s[-–—]\s|[;:(]")


def says_nothing(text: str) -> bool:
    """Whether an answer says literally that nothing was found."""
    for part in _ASIDE.split(one_line(text).casefold()):
        said = part.strip(" .…-–—“”\"'()[]{}<>")
        apart = " ".join(_PLACE.sub(" ", said).split())
        if not _NOTHING.fullmatch(apart or said):
            return False
    return True
