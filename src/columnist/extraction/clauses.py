"""What a contract says about the usual questions, as patterns: kinds of clauses, jurisdictions, parties, stated dates."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from columnist.documents.model import Span
from columnist.extraction.readings import Reading, dates


@dataclass(frozen=True, slots=True)
class Clause:
    """A kind of clause: questions that match `asks` are about passages that match `says` and not `unless`."""

    asks: re.Pattern[str]
    says: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def stands_in(self, text: str) -> bool:
        """Whether a passage, its white space made single, is such a clause."""
        return bool(self.says.search(text)) and not (self.unless and self.unless.search(text))


def _clause(asks: str, says: str, unless: str | None = None) -> Clause:
    return Clause(re.compile(asks, re.I), re.compile(says, re.I), re.compile(unless, re.I) if unless else None)


GOVERNING_LAW = _clause(
    r"governing law|choice of law|applicable law|law[s]? (?:that )?govern|govern\w* by|whose law",
    r"(?:govern|constru|interpret|enforce|determin)\w*\b.{0,160}\blaws?\b|\blaws? of .{0,80}\b(?:govern|apply)\b",
)
EXPIRATION = _clause(
    r"expir|end date|when does .{0,40}\bend\b|termination date",
    r"\bterm\b.{0,120}\b(?:commenc|begin|continu|effect|expir|period|until|end)|\b(?:remain|continue) (?:in|until)\b"
    r"|\bexpires? on\b|\bshall expire\b",
)
TERM = _clause(
    r"\b(?:initial|contract) term\b|^term\b|term of the|duration|how long|renew",
    r"\bterm\b.{0,120}\b(?:commenc|begin|continu|effect|expir|period|until|end|years?|months?)"
    r"|\b(?:remain|continue) in (?:full )?(?:force|effect)|\b(?:automatically|successive)\b.{0,60}\b(?:renew|extend|period)"
    r"|\brenew(?:ed|s)? (?:automatically|for)\b",
)
CONVENIENCE = _clause(
    r"convenience|without cause",
    r"terminat\w*\b.{0,100}\b(?:for any (?:reason|or no)|without (?:any )?cause|for (?:its )?convenience|for no reason"
    r"|at any time|at the option of (?:any|either)|with or without)"
    r"|\b(?:any time|without cause)\b.{0,60}\bterminat"
    r"|\b(?:either|any|each|both) part(?:y|ies)\b.{0,40}\bterminat\w*\b.{0,100}\bnotice"
    r"|\bterminat\w* by (?:either|any) party\b.{0,60}\bnotice",
    r"breach|default|insolven|bankrupt|materially|fails? to|change (?:of|in) control|force majeure|not be terminated",
)
CLAUSES = (
    GOVERNING_LAW,
    CONVENIENCE,
    EXPIRATION,
    _clause(
        r"notice period|days.{0,20}notice|notice.{0,40}(?:terminat|renew)|(?:terminat|renew).{0,60}notice",
        r"\bnotice\b.{0,160}\b(?:terminat|renew|expir)|\b(?:terminat|renew|extend|expir)\w*\b.{0,200}\bnotice\b",
    ),
    TERM,
    _clause(
        r"(?<!intellectual property )assign(?!ed to)",
        r"\b(?:not|neither|no|nor)\b.{0,100}\b(?:assign|transfer)"
        r"|\bassign\w*\b.{0,160}\b(?:consent|approval|void|prohibited)|\b(?:consent|approval)\b.{0,80}\bassign",
    ),
    _clause(
        r"\bcap\b|limit\w*.{0,30}liab|liab\w*.{0,30}limit|maximum liab",
        r"\bliab\w*\b.{0,200}\b(?:exceed|limited to|greater than)"
        r"|\b(?:no event|neither|not|no party)\b.{0,120}\bliable\b.{0,160}\b(?:indirect|consequential|special|incidental|punitive)"
        r"|\bno liability\b.{0,160}\b(?:indirect|consequential|special|incidental|punitive)",
    ),
    _clause(
        r"late (?:payment|charge|fee)|overdue|interest",
        r"\binterest\b.{0,120}(?:%|percent|per annum|per month|prime|rate)|(?:%|percent)\b.{0,120}\binterest\b"
        r"|\blate (?:charge|fee|payment)",
        r"(?:ownership|membership|equity|voting|undivided|security|participation) interests?",
    ),
    _clause(
        r"non-?compet|compet(?:e|ition|ing)",
        r"\b(?:not|refrain|neither|nor)\b.{0,200}\b(?:compete|competes|competing|competitive|competitor)",
    ),
    _clause(
        r"exclusiv",
        r"(?<!non-)(?<!non )(?<!not )\bexclusive(?:ly|ity)?\b(?! (?:jurisdiction|remed|venue|property|control))",
    ),
    _clause(
        r"solicit", r"\bsolicit\w*\b.{0,160}\b(?:employ|customer|client|personnel)|\b(?:not|nor)\b.{0,60}\bsolicit"
    ),
    _clause(r"disparag", r"\bdisparag|\bderogat"),
    _clause(
        r"change (?:of|in) control|merger|acquired",
        r"\bchange (?:of|in) control\b|\b(?:merger|consolidation|sale of (?:all|substantially))\b",
    ),
    _clause(
        r"audit|inspect",
        r"\b(?:audit|inspect)\w*\b.{0,200}\b(?:books|records|accounts?|facilit|premises)|\bright to audit",
    ),
    _clause(r"insur", r"\b(?:maintain|carry|procure|obtain|keep)\b.{0,120}\binsurance\b|\binsurance coverage\b"),
    _clause(r"indemn", r"\bindemnif|\bhold harmless\b"),
    _clause(r"confidential", r"\bconfidential"),
    _clause(r"arbitrat|dispute", r"\barbitrat|\bmediation\b"),
    _clause(r"force majeure", r"\bforce majeure\b|\bacts? of god\b"),
    _clause(r"most favou?red|\bmfn\b", r"\bmost favou?red\b|\bno less favou?rable\b"),
    _clause(r"first refusal|first offer|\brofr\b|\brofo\b", r"\bright of first (?:refusal|offer|negotiation)\b"),
    _clause(r"minimum", r"\bminimum\b|\bat least\b.{0,60}\b(?:purchase|order|units|pay)"),
    _clause(r"liquidated damages", r"\bliquidated damages\b"),
    _clause(r"warrant", r"\bwarrant(?:y|ies|s)\b"),
    _clause(r"third[- ]party beneficiar", r"\bthird[- ]party beneficiar"),
    _clause(r"escrow", r"\bescrow"),
    _clause(
        r"covenant not to sue",
        r"\bcovenants? not to sue\b|\bnot\b.{0,60}\b(?:contest|challenge)\b.{0,80}\b(?:validity|ownership)",
    ),
    _clause(
        r"revenue|profit.?shar",
        r"(?:%|percent)\b.{0,120}\b(?:revenue|profit|sales|royalt)|\b(?:revenue|profit|royalt)\w*\b.{0,120}(?:%|percent)",
    ),
    _clause(
        r"ip ownership|ownership of|intellectual property",
        r"\b(?:own|owns|owned|title|ownership)\b.{0,160}\b(?:intellectual|invention|work product|copyright|patent)",
    ),
    _clause(r"licen[cs]e grant|grant.{0,20}licen[cs]e", r"\bgrants?\b.{0,120}\b(?:licen[cs]e|right)"),
)


def clause_asked_for(question: str) -> Clause | None:
    """The kind of clause that a question is about; the first that matches, so narrow ones stand first."""
    return next((clause for clause in CLAUSES if clause.asks.search(question)), None)


# Governing law

_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|District of Columbia|Florida|Georgia|Hawaii|"
    "Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|"
    "Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|"
    "Oklahoma|Oregon|Pennsylvania|Puerto Rico|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|"
    "Virginia|Washington|West Virginia|Wisconsin|Wyoming"
)
_PROVINCES = (
    "Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland|Nova Scotia|Ontario|Quebec|Québec|Saskatchewan|"
    "New South Wales|Queensland|Victoria"
)
_COUNTRIES = (
    "Argentina|Australia|Austria|Bahamas|Belgium|Bermuda|Brazil|British Virgin Islands|Canada|Cayman Islands|Chile|China|"
    "Colombia|Cyprus|Czech Republic|Denmark|England and Wales|England|Finland|France|Germany|Gibraltar|Greece|Guernsey|"
    "Hong Kong|Hungary|Iceland|India|Indonesia|Ireland|Isle of Man|Israel|Italy|Japan|Jersey|Korea|Liechtenstein|Luxembourg|"
    "Macau|Malaysia|Malta|Marshall Islands|Mauritius|Mexico|Monaco|Netherlands|New Zealand|Northern Ireland|Norway|"
    "P\\.?R\\.?C|PRC|Panama|Peru|Philippines|Poland|Portugal|Romania|Russia|Scotland|Singapore|South Africa|South Korea|Spain|"
    "Sweden|Switzerland|Taiwan|Thailand|Turkey|Ukraine|United Arab Emirates|United Kingdom|United States|Vietnam|Wales"
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
    r"(?:(?:the\s+)?(?:State|Commonwealth|Province|Territory|Kingdom|People's Republic|Federal Republic|Republic|Grand Duchy"
    r"|Special Administrative Region)\s+of\s+(?:the\s+)?)?(?:the\s+)?"
)
_PLACE = rf"(?P<place>{_STATES}|{_PROVINCES}|{_COUNTRIES})\b(?P<country>,\s*(?:Canada|Australia))?"
_LAW_OF = re.compile(
    rf"\blaws?\s+(?:and\s+regulations\s+)?(?:of|in|for)\s+{_STYLE}{_PLACE}"
    rf"|\blaws?\s+(?:State|Commonwealth)\s+of\s+{_PLACE.replace('place', 'place2').replace('country', 'country2')}"
    rf"|\b{_PLACE.replace('place', 'place3').replace('country', 'country3')}(?:\s+(?:state|substantive|internal))?\s+laws?\b"
    rf"|\b(?P<adjective>{'|'.join(_ADJECTIVES)})\s+(?:substantive\s+)?laws?\b",
    re.I,
)
_STATE_NAMED = re.compile(rf"\b(?:State|Commonwealth|Province)\s+of\s+{_PLACE}", re.I)


def jurisdiction(text: str) -> str | None:
    """The state or country whose law a passage names: `the laws of the State of Oklahoma` → Oklahoma."""
    found = _LAW_OF.search(text)
    if found is None:
        # "entered into in the State of New Jersey and construed in accordance with the laws of that State"
        found = _STATE_NAMED.search(text) if re.search(r"\blaws\b", text, re.I) else None
        return _spelt(found["place"], found["country"]) if found else None
    if found["adjective"]:
        return _ADJECTIVES[found["adjective"].lower()]
    for number in ("", "2", "3"):
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


# Parties

_SUFFIX = (
    r"(?:Inc|INC|L\.?L\.?C|L\.?L\.?P|Ltd|LTD|Limited|LIMITED|Corp|CORP|Corporation|CORPORATION|Company|COMPANY|Co|CO|L\.?P"
    r"|GmbH|GMBH|AG|A\.G|S\.?A|B\.?V|N\.?V|N\.A|P\.?L\.?C|plc|Plc|S\.p\.A|S\.r\.l|Oy|AB|A/S|KG|K\.K|Pty|Trust|TRUST|Bank|BANK"
    r"|University|UNIVERSITY|Foundation|FOUNDATION|Partners|PARTNERS|Partnership|Association|ASSOCIATION|Group|GROUP|Funds?)"
)
_OPENING = re.compile(
    r"\b(?:by\s+and\s+(?:between|among)|(?:is|are)\s+between|between|among|made\s+(?:and\s+entered\s+into\s+)?by"
    r"|(?:entered|enter)\s+into\s+by)\b\s*:?",
    re.I,
)
_CLOSING = re.compile(
    r"\b(?:WHEREAS|RECITALS?|W\s?I\s?T\s?N\s?E\s?S\s?S\s?E\s?T\s?H|BACKGROUND|NOW,?\s+THEREFORE|Preamble|PREAMBLE"
    r"|(?i:each|both)\s+(?:of\s+(?:whom|which)|individually|(?:party\s+)?(?:a|may|also|hereinafter))|(?i:dated)\s+as"
    r"|Capitalized|DATED|Dated|Effective|Source:|(?:[A-Z][a-z]+\s+and\s+[A-Z][a-z]+\s+)?(?i:may\s+each))\b"
    r"|\(?(?i:individually|collectively|hereinafter collectively)\b|[.;]\s+(?=[A-Z][a-z]+\s+[a-z])"
)
_DEFINED = re.compile(r"\(\s*(?:[^()\"']{0,60}?)[\"'][^\"']{1,60}[\"'][^()]{0,60}\)")
_NAME_ENDS = re.compile(
    rf",?\s+\(|\s*[\"]|,(?!\s*{_SUFFIX}\b)|\s+(?:an?|with|having|located|whose|organi[sz]ed|duly|represented|acting|as|is|of"
    r"\s+(?:\d|[A-Z][\w.]+,)|on\s+behalf|for\s+(?:services|and)|incorporated|existing|hereinafter|and|-)\s|\s+-|;|\n[ ]*\d",
)
_BETWEEN_PARTIES = re.compile(
    r"(?<=\))\s*[,;]?\s*(?:and|&)?\s+(?=[A-Z0-9])|[,;]?\s+(?:and|AND|And|&)\s+(?=[A-Z0-9])|;\s+"
)


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties that a preamble names, and where it names them."""

    names: tuple[str, ...]
    place: Span


def parties(plain: Sequence[str]) -> Parties | None:
    """The parties of the first preamble (`by and between X, a Delaware corporation ("Seller"), and Y`) that names two."""
    best: Parties | None = None
    for number, page in enumerate(plain[:4], start=1):
        for opening in _OPENING.finditer(page, 0, 6_000):
            start = opening.end()
            region = page[start : start + 1_500]
            closing = _CLOSING.search(region)
            region = region[: closing.start()] if closing else region
            names = tuple(dict.fromkeys(_names(region)))
            found = Parties(names, Span(number, opening.start(), start + len(region.rstrip())))
            if len(names) >= 2 and _DEFINED.search(region):
                return found
            if len(names) >= 2 and best is None:
                best = found
    return best


def _names(region: str) -> Iterator[str]:
    """One name for each part of a preamble that describes a party."""
    start = 0
    for cut in [*_BETWEEN_PARTIES.finditer(region), None]:
        part = region[start : cut.start() if cut else len(region)]
        if cut and not (re.search(rf"\b{_SUFFIX}\b", part) or _DEFINED.search(part) or "\n" in part.strip()):
            # "Research and Development Corp.": still inside a name.
            continue
        start = cut.end() if cut else len(region)
        part = part.strip(" \r\n,;:-")
        ends = _NAME_ENDS.search(part)
        name = " ".join((part[: ends.start()] if ends else part).split()).strip(" ,;")
        described = ends is not None or re.search(rf"\b{_SUFFIX}\b", name)
        if (
            described
            and 2 < len(name) <= 90
            and name[0] in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789i"
            and len(name.split()) <= 12
        ):
            yield name


# Dates that a contract states about itself

_REFERENCE = re.compile(
    r"\b(?:certain|existing|original|amended|the|an?|its)\b(?:(?!\bthis\b)[^.;]){0,100}\bagreement\b[^.;]{0,60}$|\b(?:filing|filed|Act)\b"
    r"[^.;]{0,30}$",
    re.I,
)
_CUE = re.compile(r"\b(?:dated?|made|entered|executed|effective|as\s+of)\b[^.;]{0,60}$|\bthis\s+$", re.I)
_EFFECTIVE_CUE = re.compile(r"\beffective\b[^.;]{0,40}$", re.I)
_DEFINED_BEHIND = re.compile(r"^[^.;]{0,12}\([^)]{0,30}(?:Effective|Agreement|Execution)?\s*Date\b", re.I)


def stated_date(plain: Sequence[str], effective: bool) -> tuple[Reading[str], Span, bool] | None:
    """The date of the agreement as its first pages or its signatures state it, the place with its cue, and whether a cue
    stands before it; for its effective date, cues of effect count more. A partial date is a reading without value."""
    best: tuple[float, Reading[str], Span] | None = None
    for number, page in enumerate(plain[:3], start=1):
        for reading in dates(page[:5_000]):
            before = page[max(0, reading.start - 160) : reading.start]
            score = -(number - 1) - reading.start / 5_000
            score += 4 if _CUE.search(before) else 0
            score -= (
                5
                if _REFERENCE.search(before) and not re.search(r"\bthis\s+[\w\s.-]{0,60}agreement\b", before, re.I)
                else 0
            )
            score += 2 if _DEFINED_BEHIND.match(page[reading.end : reading.end + 60]) else 0
            score += 3 if effective and _EFFECTIVE_CUE.search(before) else 0
            if best is None or score > best[0]:
                best = (score, reading, Span(number, reading.start, reading.end))
    if best and best[0] > 0:
        return best[1], best[2], True
    signed = _signature_date(plain)
    if signed:
        return *signed, False
    return (best[1], best[2], False) if best and best[0] > -3 else None


def _signature_date(plain: Sequence[str]) -> tuple[Reading[str], Span] | None:
    """The last date that stands after `Date:` in the signatures."""
    found = None
    for number, page in enumerate(plain, start=1):
        for label in re.finditer(r"\bdated?\s*:\s*(?:_+\s*)?", page, re.I):
            reading = next(iter(dates(page[label.end() : label.end() + 40])), None)
            if reading and reading.values and reading.start < 12:
                start, end = label.end() + reading.start, label.end() + reading.end
                later = Reading(start, end, reading.values)
                if found is None or later.values > found[0].values:
                    found = later, Span(number, start, end)
    return found
