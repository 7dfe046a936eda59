"""The state or country whose law governs a contract."""

import re

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
