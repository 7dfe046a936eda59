"""The kinds of clauses that questions ask for, as patterns, and the jurisdiction of a governing-law clause."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clause:
    """A kind of clause: questions that match `asks` are about passages that match `says` and not `unless`.

    `words` are what such passages say and questions often do not; they join the search.
    """

    asks: re.Pattern[str]
    says: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    words: str = ""

    def stands_in(self, text: str) -> bool:
        """Whether a passage, its white space made single, is such a clause."""
        return bool(self.says.search(text)) and not (self.unless and self.unless.search(text))


def _clause(asks: str, says: str, unless: str | None = None, words: str = "") -> Clause:
    return Clause(re.compile(asks, re.I), re.compile(says, re.I), re.compile(unless, re.I) if unless else None, words)


GOVERNING_LAW = _clause(
    r"governing law|choice of law|applicable law|law[s]? (?:that )?govern|govern\w* by|whose law",
    r"(?:govern|constru|interpret|enforce|determin)\w*\b.{0,160}\blaws?\b|\blaws? of .{0,80}\b(?:govern|apply)\b",
)
_TERM_SAYS = (
    r"\b(?:term|(?:contract|license|agreement|service) period)\b.{0,120}"
    r"\b(?:commenc|begin|continu|effect|expir|period|until|end|years?|months?)"
    r"|\bagreement\b.{0,60}\b(?:commence|continue|remain|last|run|effective)\b.{0,80}\b(?:for|until|through)\b"
    r"|\b(?:remain|continue) (?:in|until)\b|\bexpires? on\b|\bshall expire\b"
    r"|\b(?:automatically|successive)\b.{0,60}\b(?:renew|extend|period)|\brenew(?:ed|s)? (?:automatically|for)\b"
)
_TERM_WORDS = "term initial period effect remain continue commence expire renew"
_OTHER_TERMS = (
    r"confidential|warrant|obligations under this section|contract year|severab|enforceab|\binvalid|insurance"
    r"|exclusivity"
    r"|registration statement"
)
EXPIRATION = _clause(r"expir|end date|when does .{0,40}\bend\b|termination date", _TERM_SAYS, _OTHER_TERMS, _TERM_WORDS)
TERM = _clause(
    r"\b(?:initial|contract) term\b|^term\b|term of the|duration|how long|renew", _TERM_SAYS, _OTHER_TERMS, _TERM_WORDS
)
CONVENIENCE = _clause(
    r"convenience|without cause",
    r"terminat\w*\b.{0,100}\b(?:for any (?:reason|or no)|without (?:any )?cause|for (?:its )?convenience|for no reason"
    r"|at any time|at the option of (?:any|either)|with or without)"
    r"|\b(?:any time|without cause)\b.{0,60}\bterminat"
    r"|\b(?:either|any|each|both) part(?:y|ies)\b.{0,40}\bterminat\w*\b.{0,100}\bnotice"
    r"|\bterminat\w*\b.{0,80}\bby (?:either|any)\b.{0,60}\bnotice",
    r"breach|default|insolven|bankrupt|materially|fails? to|change (?:of|in) control|force majeure|not be terminated"
    r"|(?:event|effect|upon|after|date) (?:of )?(?:the |any |such )*(?:expiration|termination)|\bunless either party"
    r"|\bif (?:the|any|either)\b|upon the (?:dissolution|occurrence)|surviv",
)
_RENEWS = r"\b(?:(?:non)?renew\w*|(?:extend|extension)\w*(?=.{0,80}\b(?:term|period|successive|additional|further)))\b"
_RESTRAINS = r"\b(?:not|neither|nor|refrain|prohibited)\b"
_LICENCE = r"licen[cs]\w*"
NOTICE_OF_NO_RENEWAL = _clause(
    r"notice.{0,60}(?:renew|extend)|(?:renew|extend).{0,60}notice",
    rf"\bnotice\b.{{0,250}}{_RENEWS}|{_RENEWS}.{{0,350}}\b(?:notice|notif\w+|written)\b"
    r"|\bnotice\b.{0,160}\b(?:prior to|before|preceding|in advance of)\b.{0,30}\b(?:expir\w+|end|conclusion)\b.{0,40}"
    r"\b(?:term|period|agreement)\b",
    r"\bcures?\b|insolven|bankrupt|force majeure|certificate|\bpolic(?:y|ies)\b|\bcoverage\b|negotiat",
    "renew extend automatically notice prior expiration",
)
NOTICE = _clause(
    r"notice period|days.{0,20}notice|notice.{0,40}terminat|terminat.{0,60}notice",
    r"\bnotice\b.{0,160}\b(?:terminat|renew|expir)|\b(?:terminat|renew|extend|expir)\w*\b.{0,200}\bnotice\b",
    r"\bcures?\b|breach|default|remed|fails? to|force majeure|insolven|bankrupt",
)
RENEWAL = _clause(
    r"^(?:(?!initial).)*\brenew",
    rf"{_RENEWS}.{{0,200}}\b(?:years?|months?|days|term|periods?|annual(?:ly)?|monthly)\b"
    r"|\bcontinu\w*\b.{0,30}\b(?:year|month)[- ]to[- ](?:year|month)\b",
    r"\b(?:insurance|lease|registration|warrant\w*|patents?|domain)\b.{0,60}\brenew|\brenew\w*\b.{0,30}\b(?:lease|polic)"
    r"|\bterm\b.{0,20}\bshall extend (?:for|from|until|through|to)\b|\bcures?\b|\bdefault\b|force majeure",
    "renew extend automatically successive additional term period",
)
CLAUSES = (
    GOVERNING_LAW,
    CONVENIENCE,
    _clause(
        r"warrant\w*.{0,30}(?:duration|period|long|term)|(?:duration|period|long).{0,30}warrant",
        r"\bwarranty period\b|\bwarrant\w*\b.{0,250}\b(?:for|within|period of)\b.{0,30}\b(?:days?|months?|years?)\b"
        r"|\b(?:days?|months?|years?)\b.{0,40}\bwarrant(?:y|ies)\b",
        r"\bnotice\b|\bterm of this\b|represent",
        "warranty warrants period defects",
    ),
    EXPIRATION,
    NOTICE_OF_NO_RENEWAL,
    NOTICE,
    RENEWAL,
    TERM,
    _clause(
        r"joint.{0,20}(?:ip|intellectual|owner)|(?:joint|shared) ownership",
        r"\bjoint(?:ly)?[- ](?:own|property|invent|hold|held|develop\w* (?:intellectual|ip))|\bjoint (?:ownership|ip"
        r"|intellectual"
        r"|inventions?|patents?|technology)\b|\bco-?own|\b(?:own\w*|held|property)\b.{0,20}\b(?:jointly|equally)\b",
        r"joint(?:ly)?-? ?owned (?:subsidiar|compan)",
    ),
    _clause(
        r"ip ownership|ownership of intellectual|intellectual property.{0,80}(?:becom|assign|property of)",
        r"\b(?:hereby|shall|agrees? to|does|will)\b.{0,30}\bassigns?\b.{0,200}\b(?:right, title|title and interest"
        r"|intellectual"
        r"|invention|patent|copyright|work product|deliverables?)|\bworks? (?:made )?for hire\b"
        r"|\b(?:created|developed|made|conceived|prepared|arising)\b.{0,200}\b(?:shall|will)\b.{0,30}\b(?:sole"
        r"|exclusive|owned by"
        r"|belong)",
        r"\b(?:merger|successors?)\b",
        "assign right title interest inventions work hire property owned",
    ),
    _clause(
        r"(?:non-?transferab|transfer\w*) .{0,20}licen[cs]e|licen[cs]e.{0,40}transfer",
        rf"\bnon-? ?(?:transferab|assignab)|\b{_LICENCE}\b.{{0,250}}\bnot\b.{{0,60}}\b(?:transfer|assign|sublicen)"
        rf"|\bnot\b.{{0,60}}\b(?:transfer|sublicen)\w*\b.{{0,120}}\b(?:{_LICENCE}|rights)\b",
        words="nontransferable transferable non license sublicense",
    ),
    _clause(
        r"affiliate.{0,20}-licensor|(?:affiliates of the|licensor's) (?:licensor|affiliates)",
        rf"\b(?:itself|themselves) and (?:on behalf of )?(?:its|their) affiliates.{{0,60}}\bgrants?\b"
        rf"|\band its affiliates,? (?:hereby )?grants?\b|\bshall cause its affiliates to\b.{{0,60}}\b(?:grant"
        rf"|{_LICENCE})"
        rf"|\b(?:grants?|{_LICENCE})\b.{{0,300}}\b(?:owned|controlled|licensable|held) by\b.{{0,60}}\baffiliates?\b",
    ),
    _clause(
        r"affiliate.{0,20}-licensee|affiliates of the licensee|sublicen[cs]e to its affiliates",
        rf"\bgrants?\b.{{0,30}}\bto\b.{{0,60}}\b(?:and|or)\b.{{0,25}}\b(?:affiliates?"
        rf"|subsidiaries)\b.{{0,150}}\b(?:{_LICENCE}|right)"
        rf"|\bsublicen[cs]\w*\b.{{0,80}}\b(?:affiliates?|subsidiaries)\b",
    ),
    _clause(
        r"irrevocable|perpetual",
        rf"\b(?:irrevocabl[ey]|perpetual(?:ly)?|in perpetuity)\b.{{0,160}}\b(?:{_LICENCE}|right to use)"
        rf"|\b{_LICENCE}\b.{{0,160}}\b(?:irrevocabl[ey]|perpetual(?:ly)?|perpetuity)\b",
        r"perpetual (?:calendar|care)",
    ),
    _clause(
        r"unlimited.{0,40}(?:licen[cs]e|usage)|all-you-can-eat|enterprise licen[cs]e",
        rf"\b(?:unlimited|enterprise[- ]wide|all-you-can-eat|unrestricted)\b.{{0,80}}\b(?:{_LICENCE}|use|users?"
        rf"|copies|usage)\b",
    ),
    _clause(
        r"uncapped|unlimited liab|carve-?outs? from the (?:limit|cap)",
        r"\b(?:limit\w*|exclusions?|cap|foregoing|preceding|section)\b.{0,120}\b(?:(?:not|none).{0,60}\b(?:apply"
        r"|available|affect)"
        r"|no effect)\b.{0,250}\b(?:breach|indemn|negligen|misconduct|fraud|confiden|infring|death|liab)"
        r"|\b(?:except|other than|without affecting|excluding)\b.{0,300}\b(?:liable|liability)\b.{0,200}"
        r"\b(?:indirect|consequential|special|punitive|exceed|greater|limited)"
        r"|\b(?:liable|liability)\b.{0,300}\b(?:indirect|consequential|special|punitive|exceed)\w*\b.{0,300}"
        r"\b(?:except|other than|provided,? however)\b"
        r"|\bnothing\b.{0,80}\b(?:limit|exclude)\w*\b.{0,60}\bliab|\bliab\w*\b.{0,80}\b(?:unlimited|without limit"
        r"|not be limited)",
        r"indemnify|hold harmless|beyond the (?:reasonable )?control|confidentiality provisions",
        "limitation liability apply except breach indemnification negligence misconduct",
    ),
    _clause(
        r"(?:competitive|compete|exclusiv).{0,40}(?:exception|carve)|(?:exceptions?|carve-?outs?).{0,40}(?:compet"
        r"|exclusiv)",
        r"\b(?:except|notwithstanding|provided,? (?:however|that)|other than|nothing)\b.{0,250}\b(?:compet(?:e|es|ing"
        r"|itive)|exclusiv)"
        r"|\b(?:not|exclusiv\w*)\b.{0,200}\b(?:compet(?:e|es|ing|itive)|exclusiv\w*)\b.{0,300}\b(?:except"
        r"|provided,? however"
        r"|shall not (?:apply|prohibit|preclude|prevent|restrict|limit))",
        r"exclusive (?:property|own|remed|jurisdiction|venue)|exclusive of|exclusively (?:owned|by)|injunct",
    ),
    _clause(
        r"change (?:of|in) control|merger|acquired",
        r"\bchange (?:of|in) (?:the )?(?:effective )?(?:control|ownership)\b|\bcontrol\b.{0,60}\b(?:shall"
        r"|should) pass\b"
        r"|\b(?:consent|terminat\w*|not)\b.{0,200}\b(?:merger|(?:sale|transfer) of (?:all|substantially|control"
        r"|a majority))\b"
        r"|\b(?:merg\w+|acqui\w+|sale of (?:all|substantially))\b.{0,200}\b(?:terminat"
        r"|(?<!without )(?:prior )?written consent)",
        r"without .{0,40}consent|no such consent|consent (?:of .{0,30} )?(?:shall|will) not|may assign"
        r"|make any payment|severance|employ",
    ),
    _clause(
        r"post-?termination|after the contract ends|transition|wind(?:ing)?[- ]down",
        r"\b(?:after|upon|following|on|of|event of)\b.{0,40}\b(?:expiration|termination|expiry|expires"
        r"|terminates)\b.{0,250}\b(?:shall"
        r"|will|must|agrees?|may)\b.{0,120}\b(?:continue|transition|assist|wind|sell[- ]off|inventory|repurchase"
        r"|sell (?:any|all"
        r"|its)|support|fulfil|complete)|\btransition (?:services|period|assistance|plan)\b|\bsell[- ]off period\b"
        r"|\bwind(?:ing)?[- ](?:down|up)\b",
        r"\b(?:surviv\w+|dissol\w+|liquidat\w+)\b",
        "after termination expiration transition continue assist inventory wind",
    ),
    _clause(
        r"volume.{0,20}(?:restrict|limit)|exceeds? a threshold",
        r"\b(?:exceed\w*|in excess of|more than|over|additional|above)\b.{0,120}\b(?:users?|units?|hours?"
        r"|transactions?|volume|calls?"
        r"|copies|accounts?|impressions?|pages?|records?|visits?)\b.{0,160}\b(?:fees?|charges?|charged|pay|price"
        r"|rates?|approval)\b"
        r"|\b(?:up to|maximum of|no more than|not more than|not to exceed)\b.{0,40}\b(?:users?|units?|hours?|copies"
        r"|transactions?)\b",
        r"liab|damages|warrant|indemn",
    ),
    _clause(
        r"price restrict|restricted in raising|prices? (?:increase|cap|protect)",
        r"\b(?:prices?|fees?|rates?|charges?)\b.{0,160}\b(?:not|no|never|only|maximum)\b.{0,60}\b(?:increas|exceed"
        r"|rais|adjust)\w*"
        r"|\b(?:increas|adjust|rais)\w*\b.{0,100}\b(?:prices?|fees?|rates?)\b.{0,160}\b(?:not|no more|exceed|maximum"
        r"|once|index|cpi)\b"
        r"|\bfixed (?:price|fee|rate)s?\b",
        r"interest|liab|damages|hereunder shall not exceed",
    ),
    _clause(
        r"(?<!intellectual property )assign(?!ed to)",
        r"\b(?:not|neither|no|nor)\b.{0,100}\b(?:assign|transfer)"
        r"|\bassign\w*\b.{0,160}\b(?:consent|approval|void|prohibited)|\b(?:consent|approval)\b.{0,80}\bassign",
    ),
    _clause(
        r"\bcap\b|limit\w*.{0,30}liab|liab\w*.{0,30}limit|maximum liab",
        r"\bliab\w*\b.{0,200}\b(?:exceed|limited to|greater than)"
        r"|\b(?:no event|neither|not|no party|nor)\b.{0,160}\b(?:liable|responsible|liability)\b.{0,300}"
        r"\b(?:indirect|consequential|special|incidental|punitive|lost profits|loss of profits?)"
        r"|\bno liability\b.{0,160}\b(?:indirect|consequential|special|incidental|punitive)"
        r"|\b(?:maximum|aggregate|total|entire|cumulative)\b.{0,30}\bliability\b"
        r"|\bno (?:action|claim)\b.{0,120}\b(?:more than|after|later than)\b.{0,40}\b(?:year|month)",
    ),
    _clause(
        r"late (?:payment|charge|fee)|overdue|interest",
        r"\binterest\b.{0,120}(?:%|percent|per annum|per month|prime|rate)|(?:%|percent)\b.{0,120}\binterest\b"
        r"|\blate (?:charge|fee|payment)",
        r"(?:ownership|membership|equity|voting|undivided|security|participation) interests?",
    ),
    _clause(
        r"non-?compet|compet(?:e|ition|ing)",
        rf"{_RESTRAINS}.{{0,200}}\b(?:compete|competes|competing|competitive|competition|competitors?)\b"
        rf"|{_RESTRAINS}.{{0,80}}\b(?:enter into|market|sell|endorse|promote|distribute"
        rf"|engage)\b.{{0,200}}\b(?:similar|same)\b",
        r"competitive (?:injury|harm|pric|bid|disadvantage)|confidential",
    ),
    _clause(
        r"exclusiv",
        r"(?<!non-)(?<!non )(?<!not )\bexclusive(?:ly)?\b.{0,80}\b(?:rights?|licen[cs]|distribut|suppl|provid|purchas"
        r"|sell|sponsor"
        r"|dealer|agent|relation|partner|from|with)|\bonly\b.{0,20}\b(?:distributor|supplier|provider)"
        rf"|{_RESTRAINS}.{{0,120}}\b(?:any other|another|third part\w+)\b.{{0,200}}\b(?:same|similar|competing"
        rf"|competitive)\b",
        r"exclusive(?:ly)? (?:property|own|remed|jurisdiction|venue|control|agreement|statement|discretion)"
        r"|exclusive of"
        r"|non-? ?exclusiv|not .{0,40}exclusiv|exclusive right,? (?:but not|to (?:prosecute|defend|determine|control"
        r"|own|terminate))"
        r"|owns? the|belong|remed|courts?\b",
    ),
    _clause(
        r"solicit.{0,30}(?:customer|client)",
        rf"{_RESTRAINS}.{{0,200}}\b(?:solicit|divert|entice|induce|circumvent|contact|contract)\w*\b.{{0,160}}"
        r"\b(?:customers?|clients?|accounts?|contractholders?)\b",
        r"purchase orders?|confidential|warrant",
    ),
    _clause(
        r"solicit",
        rf"{_RESTRAINS}.{{0,160}}\b(?:solicit\w*|hire|recruit|induce|entice|employ)\b.{{0,160}}\b(?:employees?"
        rf"|personnel|staff"
        r"|officers?|consultants?|employed)\b",
        r"\b(?:employee|labor|union)\b.{0,40}\b(?:benefits?|relationship|laws?)\b"
        r"|agent(?:s)? or employees? of the other",
    ),
    _clause(
        r"disparag",
        r"\bdisparag|\bderogatory\b|\b(?:disrepute|disgrace|bad light)\b|\badversely\b.{0,40}\b(?:reputation|goodwill"
        r"|image)",
        r"terminat|opprobr",
    ),
    _clause(
        r"audit|inspect",
        r"\b(?:audit|inspect|examin)\w*\b.{0,200}\b(?:books|records|accounts?|facilit|premises|sites?)"
        r"|\bright to (?:audit|inspect)"
        r"|\b(?:books|records|accounts)\b.{0,200}\b(?:audit|inspect|examin|access|review)",
        r"bank examin|act of 19|rule \d|independent (?:public )?account",
    ),
    _clause(
        r"insur",
        r"\b(?:maintain|carry|procure|obtain|keep|purchase|effect|take out)\b.{0,120}\binsurance\b"
        r"|\binsurance coverage\b"
        r"|\bnamed? as (?:an )?additional insured",
    ),
    _clause(r"indemn", r"\bindemnif|\bhold harmless\b"),
    _clause(r"confidential", r"\bconfidential"),
    _clause(r"arbitrat|dispute", r"\barbitrat|\bmediation\b"),
    _clause(r"force majeure", r"\bforce majeure\b|\bacts? of god\b"),
    _clause(
        r"most favou?red|\bmfn\b",
        r"\bmost[- ]favou?red|\b(?:no less|as|more|not less) favou?rable\b.{0,200}\b(?:other|any|third|customers?"
        r"|part(?:y|ies))\b"
        r"|\b(?:prices?|rates?|fees?|terms)\b.{0,120}\b(?:lower|lowest|better|best)\b.{0,120}\b(?:other|any|third"
        r"|customers?)\b",
        r"tax|liab",
    ),
    _clause(
        r"first refusal|first offer|\brofr\b|\brofo\b",
        r"\b(?:right|option|opportunity) of first (?:refusal|offer|negotiation)\b|\bfirst (?:right|option|opportunity"
        r"|refusal)\b"
        r"|\bright to match\b|\bfirst offer\b",
    ),
    _clause(
        r"minimum",
        r"\bminimum\b.{0,160}\b(?:purchase|order|quantit|units|pay|fee|guarantee|commitment|amount|royalt|revenue"
        r"|volume)"
        r"|\b(?:purchase|order|quantit|units|pay|fee|guarantee|commitment|royalt)\w*\b.{0,100}\bminimum\b"
        r"|\bat least\b.{0,60}\b(?:purchase|order|units|pay|\$)|\b(?:purchase|order|pay)\w*\b.{0,60}\bat least\b",
        r"insurance|capital|wage|notice",
    ),
    _clause(
        r"liquidated damages",
        r"\bliquidated damages\b|\b(?:early )?(?:termination|cancellation|break-?up) (?:fee|charge|penalt|payment)",
    ),
    _clause(r"warrant", r"\bwarrant(?:y|ies|s)\b"),
    _clause(
        r"third[- ]party beneficiar",
        r"\bthird[- ]part(?:y|ies) beneficiar",
        r"\bno\b.{0,80}\bbeneficiar|\b(?:not|nothing|neither|none|nor|disclaim)\b.{0,200}\bbeneficiar"
        r"|beneficiar\w*.{0,100}\bnot\b",
    ),
    _clause(r"escrow", r"\bescrow"),
    _clause(
        r"covenant not to sue",
        r"\bcovenants? not to sue\b|\bnot\b.{0,120}\b(?:contest|challenge|attack|dispute|question|impugn"
        r"|oppose)\w*\b.{0,160}"
        r"\b(?:validity|ownership|title|marks?|trademarks?|patents?|enforceab|copyrights?|interest)"
        r"|\b(?:releases?|waives?)\b.{0,60}\b(?:all|any) claims?\b",
        r"good faith dispute",
    ),
    _clause(
        r"revenue|profit.?shar",
        r"(?:%|percent\w*)\W.{0,160}\b(?:revenues?|profits?|sales|receipts|proceeds)\b"
        r"|\b(?:revenues?|profits?|royalt\w+|commissions?|net sales)\b.{0,160}(?:%|\bpercent)"
        r"|\b(?:shar(?:e|es|ing) (?:of|in) (?:the )?(?:net |gross )?(?:revenue|profit))|\brevenue[- ]shar"
        r"|\bprofit[- ]shar",
        r"interest|insurance|tax(?:es)?\b|indemn",
    ),
    _clause(
        r"ip ownership|ownership of|intellectual property",
        r"\b(?:own|owns|owned|title|ownership)\b.{0,160}\b(?:intellectual|invention|work product|copyright|patent)",
    ),
    _clause(
        r"licen[cs]e grant|grant.{0,20}licen[cs]e|licen[cs]e that one party grants",
        r"\bgrants?\b.{0,160}\b(?:licen[cs]e|right(?:s)? to (?:use|market|sell|distribut|manufactur|display|reproduc"
        r"|make))"
        r"|\blicen[cs]es? to\b.{0,80}\b(?:use|right)\b|\bis granted\b.{0,60}\blicen[cs]e",
        r"option|stock|shares",
    ),
)


def clause_asked_for(question: str) -> Clause | None:
    """The kind of clause that a question is about; the first that matches, so narrow ones stand first."""
    return next((clause for clause in CLAUSES if clause.asks.search(question)), None)


# Governing law

_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|District of Columbia|Florida|"
    "Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|"
    "Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|"
    "New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Puerto Rico|Rhode Island|"
    "South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|"
    "Wyoming"
)
_PROVINCES = (
    "Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland|Nova Scotia|Ontario|Quebec|Québec|"
    "Saskatchewan|New South Wales|Queensland|Victoria"
)
_COUNTRIES = (
    "Argentina|Australia|Austria|Bahamas|Belgium|Bermuda|Brazil|British Virgin Islands|Canada|Cayman Islands|"
    "Chile|China|Colombia|Cyprus|Czech Republic|Denmark|England and Wales|England|Finland|France|Germany|"
    "Gibraltar|Greece|Guernsey|Hong Kong|Hungary|Iceland|India|Indonesia|Ireland|Isle of Man|Israel|Italy|"
    "Japan|Jersey|Korea|Liechtenstein|Luxembourg|Macau|Malaysia|Malta|Marshall Islands|Mauritius|Mexico|Monaco|"
    "Netherlands|New Zealand|Northern Ireland|Norway|P\\.?R\\.?C|PRC|Panama|Peru|Philippines|Poland|Portugal|"
    "Romania|Russia|Scotland|Singapore|South Africa|South Korea|Spain|Sweden|Switzerland|Taiwan|Thailand|"
    "Turkey|Ukraine|United Arab Emirates|United Kingdom|United States|Vietnam|Wales"
)
_ADJECTIVES = {
    "english": "England",
    "german": "Germany",
    "french": "France",
    "swiss": "Switzerland",
    "dutch": "Netherlands",
    "japanese": "Japan",
    "chinese": "China",
    "israeli": "Israel",
    "canadian": "Canada",
    "italian": "Italy",
    "spanish": "Spain",
    "swedish": "Sweden",
    "danish": "Denmark",
    "scottish": "Scotland",
    "irish": "Ireland",
    "indian": "India",
}
_STYLE = (
    r"(?:(?:the\s+)?(?:State|Commonwealth|Province|Territory|Kingdom|People's Republic|Federal Republic|Republic"
    r"|Grand Duchy|Special Administrative Region)\s+of\s+(?:the\s+)?)?(?:the\s+)?"
)


def _place(number: str) -> str:
    return rf"(?P<place{number}>{_STATES}|{_PROVINCES}|{_COUNTRIES})\b(?P<country{number}>,\s*(?:Canada|Australia))?"


_LAW_OF = re.compile(
    rf"\blaws?\s+(?:and\s+regulations\s+)?(?:of|in|for)\s+{_STYLE}{_place('1')}"
    rf"|\blaws?\s+(?:State|Commonwealth)\s+of\s+{_place('2')}"
    rf"|\b{_place('3')}(?:\s+(?:state|substantive|internal))?\s+laws?\b"
    rf"|\b(?P<adjective>{'|'.join(_ADJECTIVES)})\s+(?:substantive\s+)?laws?\b",
    re.I,
)
_STATE_NAMED = re.compile(rf"\b(?:State|Commonwealth|Province)\s+of\s+{_place('1')}", re.I)


def jurisdiction(text: str) -> str | None:
    """The state or country whose law a passage names: `the laws of the State of Oklahoma` → Oklahoma."""
    found = _LAW_OF.search(text)
    if found is None:
        # "entered into in the State of New Jersey and construed in accordance with the laws of that State"
        found = _STATE_NAMED.search(text) if re.search(r"\blaws\b", text, re.I) else None
        return _spelt(found["place1"], found["country1"]) if found else None
    if found["adjective"]:
        return _ADJECTIVES[found["adjective"].lower()]
    for number in "123":
        if found[f"place{number}"]:
            return _spelt(found[f"place{number}"], found[f"country{number}"])
    return None


def _spelt(place: str, country: str | None) -> str:
    """Names in capitals get their usual spelling."""
    name = " ".join(place.split())
    if re.sub(r"\W", "", name).upper() == "PRC":
        return "China"
    known = re.search(rf"(?:^|\|)({re.escape(name)})(?:\||$)", f"{_STATES}|{_PROVINCES}|{_COUNTRIES}", re.I)
    name = known[1] if known else name
    return f"{name}, {' '.join(country.strip(', ').split()).title()}" if country else name
