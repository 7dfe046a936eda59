"""Currencies in writing: ISO codes, signs, names, and the countries of dollars."""

import re
from collections.abc import Iterable

from columnist.answers.numerals import SCALES, SMALL, TENS
from columnist.reviews.iso_4217 import ISO_4217

ENGLISH_WORDS = frozenset("ALL AMD BAM BOB CUP GEL MAD NAD PEN SOS TOP TRY".split())

_NAMES = {
    "$": "USD",
    "us$": "USD",
    "$us": "USD",
    "us $": "USD",
    "u.s.$": "USD",
    "u.s. $": "USD",
    "cents": "USD",
    "us dollars": "USD",
    "u.s. dollars": "USD",
    "united states dollars": "USD",
    "dollars of the united states": "USD",
    "united states currency": "USD",
    "u.s. currency": "USD",
    "american dollars": "USD",
    "dollars": "USD",
    "€": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "pounds sterling": "GBP",
    "british pounds": "GBP",
    "british pounds sterling": "GBP",
    "sterling": "GBP",
    "yen": "JPY",
    "japanese yen": "JPY",
    "rmb": "CNY",
    "rmb¥": "CNY",
    "cn¥": "CNY",
    "jp¥": "JPY",
    "renminbi": "CNY",
    "yuan": "CNY",
    "chinese yuan": "CNY",
    "swiss francs": "CHF",
    "₹": "INR",
    "rs.": "INR",
    "rs": "INR",
    "rupees": "INR",
    "₩": "KRW",
    "korean won": "KRW",
    "south korean won": "KRW",
    "₪": "ILS",
    "new israeli shekels": "ILS",
    "israeli new shekels": "ILS",
    "r$": "BRL",
    "brazilian reais": "BRL",
    "swedish kronor": "SEK",
    "norwegian kroner": "NOK",
    "danish kroner": "DKK",
    "deutsche marks": "DEM",
    "¥": None,
}
_OWN = {
    "dollars": "canadian CAD|australian AUD|new zealand NZD|hong kong HKD|singapore SGD|new taiwan TWD|jamaican JMD"
    "|bahamian BSD|barbadian BBD|belize BZD|bermudan BMD|bermudian BMD|brunei BND|cayman islands KYD|fijian FJD"
    "|east caribbean XCD|guyanaese GYD|guyanese GYD|liberian LRD|namibian NAD|trinidad and tobago TTD"
    "|hk HKD|nz NZD|cdn CAD",
    "rupees": "indian INR|pakistani PKR|nepalese NPR|sri lankan LKR|mauritian MUR|seychellois SCR",
    "pesos": "mexican MXN|argentine ARS|chilean CLP|colombian COP|philippine PHP|uruguayan UYU|dominican DOP",
}
"""Adjectives and countries of dollars, rupees and pesos; `of canada` is looked up among the countries."""
for _noun, _pairs in _OWN.items():
    for _pair in _pairs.split("|"):
        _NAMES[f"{_pair[:-4]} {_noun}"] = _pair[-3:]
for _pair in (
    "c ca can can. cdn cdn. canadian:CAD|a au aus australian:AUD|nz:NZD|hk:HKD|s sg:SGD|nt:TWD|mx mex:MXN|ec:XCD"
    "|tt:TTD|j ja:JMD|fj:FJD|bz:BZD|bds:BBD|jamaican:JMD"
).split("|"):
    for _prefix in _pair[:-4].split():
        _NAMES[f"{_prefix}$"] = _NAMES[f"{_prefix} $"] = _pair[-3:]
for _single in ("a $", "c $", "s $", "j $", "ja $", "nt $", "can. $"):
    # "Exhibit A $5,000" names no currency of Australia.
    if _single != "can. $":
        del _NAMES[_single]
_COUNTRIES = {
    "the united states of america": "USD",
    "the united states": "USD",
    "united states of america": "USD",
    "the usa": "USD",
    "the u.s.": "USD",
    "canada": "CAD",
    "australia": "AUD",
    "china": "CNY",
    "the people's republic of china": "CNY",
    "japan": "JPY",
    "india": "INR",
    "new zealand": "NZD",
    "singapore": "SGD",
    "the united kingdom": "GBP",
    "great britain": "GBP",
}
_MONEY_OF = r"(?:currency|money|funds|tender|dollars)\s++of\s++"
NATIONS = {"canadian": "CAD", "cdn": "CAD", "australian": "AUD", "u.s.": "USD", "us": "USD"}
"""Nationality after a dollar amount ("$5,000 Canadian"); ignored elsewhere."""
DOLLARS = frozenset(
    "AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SGD TTD TWD XCD MXN ARS CLP COP UYU DOP".split()
)
"""Other currencies than the US dollar that `$` and `dollars` may mean."""
_SHARED = (
    "dollars|pounds|rupees|pesos|francs|dinars|dirhams|riyals|rials|shillings|kronor|kroner|kronur|krona|krone|crowns|lira|liras"
    "|rubles|roubles|rand|won|reais|reals|shekels|baht|ringgit|rupiah|zloty|zlotys|forint|forints|koruna|leu|lei|lev|naira|cedis|colones"
    "|guilders|escudos|pesetas|drachmas|schillings|punt|punts|bolivars|quetzals|lempiras|cordobas|hryvnia|hryvnias|tenge|dong"
    "|taka|kwacha|birr|pula|vatu|balboas|guaranis|euro|pence|penny|paise|centimes|sen"
)
"""Names of money; several countries may share one."""
_NOT_WHOSE = frozenset(
    "of in the such said these those all per or and to for by are is as total lawful legal only equal equivalent "
    "payable paid pay amount value price fee sum no dozen half quarter point hundred hundreds hundredths plus "
    "minus less with from at on a an first last additional".split()
) | {*SMALL, *TENS, *SCALES}
_WHOSE = re.compile(r"\A(?:[A-Z]{2}\Z|[A-Z][a-z]|[a-z]+(?:ian|ean|ese|ish|can|tine|ani|ali|oran|lan)$)")

BEGINS, ENDS = r"(?<![^\W\d_])", r"(?![^\W\d_])"
"""The borders of a word; a number may follow without a space, as in `USD100,000`."""


def _any_of(names: Iterable[str]) -> str:
    """A pattern for names of currencies, the longest first, singular or plural."""
    patterns = []
    for name in sorted(names, key=len, reverse=True):
        plural = "?" if name.endswith("s") and name not in ("rs", "$us") else ""
        patterns.append(
            re.escape(name).replace(r"\ ", r"\s++")
            + plural
            + (ENDS if name[-1].isalpha() or name[-1] in "$€£¥₹" else "")
        )
    return f"(?i:{'|'.join(patterns)})"


_CODES = rf"(?:{'|'.join(sorted(ISO_4217 - ENGLISH_WORDS))})(?:\s?\$|{ENDS})"
_SPELT = [name for name in _NAMES if name[0].isalpha()]
_SIGNS = [name for name in _NAMES if not name[0].isalpha()]
_COUNTRY = rf"(?i:{_MONEY_OF}(?:{'|'.join(sorted(_COUNTRIES, key=len, reverse=True))})){ENDS}"
CURRENCY = rf"(?:{BEGINS}(?:{_COUNTRY}|{_any_of(_SPELT)}|{_CODES})|{_any_of(_SIGNS)})"
_STRANGE = (
    rf"(?:(?<![\w$€£¥])(?:[^\W\d_]{{1,4}}\.?|[^\W\d_]\.[^\W\d_]\.)[$€£¥₹]|[$€£¥₹](?=[$€£¥₹])|[₣₤₱₫฿₦₴₽₺₡₲₵₸₭₮]"
    rf"|{BEGINS}[kKmMbBtT](?:USD|EUR|GBP|CHF|INR){ENDS}|{BEGINS}(?i:{_SHARED}){ENDS}|{BEGINS}(?i:currency|money|tender)\s++of\s++(?!(?:payment|account)\b)[^\W\d_]++)"
)
CURRENCIES = re.compile(rf"(?P<known>{CURRENCY})|(?P<strange>{_STRANGE})")
"""The names of money in a text. `strange`: the currency, or its country, is not known."""
_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]++)(?:'s)?\s++$")


def strange(line: str, match: "re.Match[str]") -> bool:
    """Whether a match of `CURRENCIES` is not a known currency: `Zimbabwean dollars`."""
    if match["strange"]:
        return True
    written = match[0].lower()
    if written == "korean won" and line[: match.start()].rstrip().lower().endswith("north"):
        return True
    if written == "sterling" and re.match(r",?\s+(?:[A-Z]|silver\b)", line[match.end() : match.end() + 10]):
        return True  # a name, or a metal
    if written.rstrip("s") in ("dollar", "rupee", "cent") or written in ("rs", "rs."):
        before = _BEFORE.search(line, max(0, match.start() - 30), match.start())
        word = before[1] if before else ""
        return word.lower() not in _NOT_WHOSE and bool(_WHOSE.match(word))
    return False


def code(written: str) -> str | None:
    """The ISO 4217 code of a currency as written; None for a sign that several currencies share."""
    compact = re.sub(r"\s++", " ", written).strip()
    iso = compact.rstrip("$ ").upper()
    if iso in ISO_4217:
        return iso
    lowered = compact.lower()
    if lowered in NATIONS:
        return NATIONS[lowered]
    if of := re.fullmatch(rf"{_MONEY_OF}(.*)", lowered):
        return _COUNTRIES[of[1]]
    return _NAMES[lowered if lowered in _NAMES else lowered + "s"]


def bare_dollars(written: str) -> bool:
    """Whether a currency's name or sign leaves the country of the dollars open."""
    return written.lower() in ("$", "dollar", "dollars", "cent", "cents")
