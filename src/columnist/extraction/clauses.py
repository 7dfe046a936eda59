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
    r"\bterm\b.{0,120}\b(?:commenc|begin|continu|effect|expir|period|until|end|years?|months?)"
    r"|\b(?:remain|continue) (?:in|until)\b|\bexpires? on\b|\bshall expire\b"
    r"|\b(?:automatically|successive)\b.{0,60}\b(?:renew|extend|period)|\brenew(?:ed|s)? (?:automatically|for)\b"
)
_TERM_WORDS = "term initial period effect remain continue commence expire renew"
_OTHER_TERMS = r"confidential|warrant|obligations under this section|contract year"
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
CLAUSES = (
    GOVERNING_LAW,
    CONVENIENCE,
    EXPIRATION,
    _clause(
        r"notice period|days.{0,20}notice|notice.{0,40}(?:terminat|renew)|(?:terminat|renew).{0,60}notice",
        r"\bnotice\b.{0,160}\b(?:terminat|renew|expir)|\b(?:terminat|renew|extend|expir)\w*\b.{0,200}\bnotice\b",
        r"\bcures?\b|breach|default|remed|fails? to|force majeure|insolven|bankrupt",
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
        r"|\b(?:no event|neither|not|no party)\b.{0,120}\bliable\b.{0,160}"
        r"\b(?:indirect|consequential|special|incidental|punitive)"
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
        r"\bexclusivity\b|(?<!non-)(?<!non )(?<!not )\bexclusive(?:ly)?\b.{0,80}\b(?:rights?|licen[cs]|distribut|suppl"
        r"|provid|purchas|sell|sponsor|dealer|agent|relation|partner)"
        r"|\bonly\b.{0,20}\b(?:distributor|supplier|provider)",
        r"exclusive(?:ly)? (?:property|own|remed|jurisdiction|venue|control|agreement|statement)|exclusive of",
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
