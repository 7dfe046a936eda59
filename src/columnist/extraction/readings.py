"""Find what a text says in words and digits: dates, money, percentages, numbers, currencies.

A reading is a place in the text with every value it may have: one when the text is clear, two or more when it is
ambiguous (`5/8/14`), none when it is incomplete (`September __, 2018`). Positions index the text as given.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

_SPACES = "\t\v\f\u00a0\u2002\u2003\u2007\u2009\u202f"
_PLAIN = {**dict.fromkeys(_SPACES, " "), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’‚", "'")} | dict.fromkeys(
    "\u00ad‐‑‒–—", "-"
)

T = TypeVar("T")


def plain(text: str) -> str:
    """The text in plain quotes, dashes and spaces, one character for one: positions stay those of the original."""
    # Replacing one by one is ten times as fast as str.translate on text that is not ASCII.
    for char, ascii_char in _PLAIN.items():
        text = text.replace(char, ascii_char)
    return text


def one_line(text: str) -> str:
    """Plain text with its line ends as spaces, still one character for one."""
    return plain(text).replace("\r", " ").replace("\n", " ")


class Money(NamedTuple):
    """An amount; `currency` is its ISO 4217 code, or None when the text does not say."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """`text[start:end]` says one of `values`; `unit` is the time unit behind a number, singular, or empty."""

    start: int
    end: int
    values: tuple[T, ...]
    unit: str = ""


def later(start: str, count: Decimal, unit: str) -> str | None:
    """The ISO date that is so many whole days, weeks, months or years after an ISO date; None for parts of them.

    The end of February for what began on a day that it lacks."""
    first = date.fromisoformat(start)
    if count != int(count) or not 0 < count < 1_000:
        return None
    if unit in ("day", "week"):
        return (first + timedelta(days=int(count) * (7 if unit == "week" else 1))).isoformat()
    year, month = divmod(first.year * 12 + first.month - 1 + int(count) * (12 if unit == "year" else 1), 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1])).isoformat()


# Words for numbers

_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {
    "thousand": 10**3,
    "lakh": 10**5,
    "lac": 10**5,
    "million": 10**6,
    "crore": 10**7,
    "billion": 10**9,
    "trillion": 10**12,
}
_SHORT_SCALES = {
    **dict.fromkeys(("m", "mm", "mn", "mln", "mio"), 10**6),
    **dict.fromkeys(("b", "bn", "mrd"), 10**9),
    "k": 10**3,
}
_DENOMINATORS = "half 2 third 3 quarter 4 fourth 4 fifth 5 sixth 6 eighth 8 tenth 10 hundredth 100".split()
_PARTS = dict(zip(_DENOMINATORS[::2], map(int, _DENOMINATORS[1::2]), strict=True))
_FRACTION = rf"(?:(?:one|two|three|four|five|seven|nine|a)[\s-]+(?:{'|'.join(_PARTS)})s?\b)"
_START = "|".join(sorted(_SMALL, key=len, reverse=True))
_MULTIPLIERS = f"dozen|hundred|(?:{'|'.join(_SCALES)})s?"
_WORD = f"{_START}|{_MULTIPLIERS}"
_WORDS = (
    # Half a million is no million.
    rf"(?i:\b(?:{_START}|(?<!half\s)(?<!half\sof\s)(?<!quarter\sof\s)an?\s++(?:{_MULTIPLIERS}))\b"
    rf"(?:(?:\s++and\s++|\s*+-\s*+|\s++)(?:(?:{_FRACTION})|(?:{_WORD}))\b){{0,12}})"
)
# Bounded, so that no text makes matching slow. What goes on behind it is another number: `1,2,3` is not 1.2.
_NUMBER = (
    r"(?<!\d)(?:\d{1,2}(?:,\d\d){1,5},\d{3}(?:\.\d{1,4})?|\d{1,3}(?:[,.]\d{3}(?!\d)){1,5}(?:[.,]\d{1,4}(?!\d))?"
    r"|\d{1,15}(?!\d)(?:[.,]\d{1,10}(?!\d))?)(?![,.]?\d)"
)
_SPACED = rf"(?>(?<!\d)\d{{1,3}}(?:[ ']\d{{3}}(?!\d)){{1,5}}(?:[.,]\d{{1,2}})?(?![,.]?\d)|{_NUMBER})"
_ENGLISH = re.compile(r"\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+")
_EUROPEAN = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?|\d+,\d{1,2}")


def _from_words(words: str) -> Decimal:
    """`one hundred and eighty` → 180; `two and a half million` → 2500000."""
    total = current = Decimal(0)
    for word in re.findall(rf"{_FRACTION}|[a-z]+", words.lower()):
        over, _, under = word.replace("-", " ").partition(" ")
        scale = _SCALES.get(word.rstrip("s"))
        if under:
            part = Decimal(_SMALL.get(over, 1)) / _PARTS[under.strip().rstrip("s")]
            current += part.quantize(Decimal("0.0001")).normalize()
        elif word in _SMALL:
            current += _SMALL[word]
        elif word in ("dozen", "hundred"):
            current = (current or Decimal(1)) * (12 if word == "dozen" else 100)
        elif scale:
            total += (current or Decimal(1)) * scale
            current = Decimal(0)
    number = total + current
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


def _from_digits(digits: str) -> tuple[Decimal, ...]:
    """`1,234.50` and `1.234,50` → 1234.50, `5,00,000` → 500000; `1.200` is both 1.2 and 1200."""
    compact = digits.replace(" ", "").replace("'", "")
    values = []
    if _ENGLISH.fullmatch(compact):
        values.append(Decimal(compact.replace(",", "")))
    if _EUROPEAN.fullmatch(compact):
        values.append(Decimal(compact.replace(".", "").replace(",", ".")))
    return tuple(values)


def _scaled(amount: Decimal, scale: str | None) -> Decimal:
    """`1.5`, `million` → 1500000, in plain digits without a trailing `.0`."""
    if not scale:
        return amount
    product = amount * (_SCALES | _SHORT_SCALES)[scale.lower().rstrip("s")]
    return product.quantize(Decimal(1)) if product == product.to_integral_value() else product


# Dates

_MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|october oct|"
        "november nov|december dec".split("|"),
        start=1,
    )
    for name in names.split()
}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third "
        "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth "
        "thirty-first".split(),
        start=1,
    )
}
_MONTH_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH = rf"(?P<month>{_MONTH_NAMES})\b\.?"
# PDF text often tears superscript ordinals: `5 th`, `21s t`.
_DAY = r"(?P<day>\d{1,2})(?:\s?(?:s\s?t|n\s?d|r\s?d|t\s?h)\b)?"
_ORDINAL = rf"(?P<ordinal>{'|'.join(sorted(_ORDINALS, key=len, reverse=True)).replace('-', '[ -]')})"
# In words only where it ends a phrase: "by May 8, two thousand units" is no year.
_YEAR_IN_WORDS = (
    rf"(?:two\s++thousand|nineteen\s++hundred)(?:(?:\s++and)?[\s-]++(?:{_START})\b){{0,2}}"
    r"(?=\s*+(?:[^\w\s]|$|(?:and|by)\b))"
)
_YEAR = rf"(?:A\.?D\.?\s*+|in\s++the\s++year\s++)?(?P<year>\d{{4}}(?!\d)|'\d{{2}}(?!\d)|{_YEAR_IN_WORDS})"
_BLANK = r"(?:_++|\[[^\]]{0,12}\]|\.{3,}+)"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day\s*+,?\s++)?"
_DATES = [
    re.compile(r"(?<![\d/.-])(?P<year>\d{4})([-/.])(?P<monthnumber>\d{1,2})\2(?P<day>\d{1,2})(?!\d)"),
    re.compile(rf"\b(?P<day>\d{{1,2}})([-/])(?P<month>{_MONTH_NAMES})\2(?P<year>\d{{4}}|\d{{2}})\b", re.I),
    re.compile(rf"\b{_MONTH}\s*+(?:the\s++)?(?:{_DAY}|{_ORDINAL})\s*+,?\s*+{_YEAR}", re.I),
    re.compile(
        rf"(?:(?<![\w.,/-])(?P<from>\d{{1,2}})(?:\s?(?:st|nd|rd|th))?\s*+(?:[-/&]|to|and|or)\s*+)?"
        rf"\b(?:{_DAY}|{_ORDINAL})(?:\s++day)?(?:\s++of)?\s*+[-,]?\s*+{_WEEKDAY}{_MONTH}\s*+[-,]?\s*+(?:day\s++)?(?:of\s++)?{_YEAR}",
        re.I,
    ),
    re.compile(r"(?<![\d/.-])(?P<one>\d{1,2})([/.-])(?P<two>\d{1,2})\2(?P<year>\d{4}|\d{2})(?![\d/]|[.-]\d)"),
]
_PARTIAL_DATES = [
    re.compile(rf"\b{_MONTH}\s*+{_DAY}(?=\s*+(?:and|or|to|through|until|&|-)\s)", re.I),
    re.compile(rf"\b{_MONTH}\s*+(?:{_BLANK})?\s*+,?\s*+{_YEAR}", re.I),
    re.compile(rf"{_BLANK}\s*+(?:(?:st|nd|rd|th)\s++)?(?:day\s++)?(?:of\s++)?{_MONTH}\s*+,?\s*+{_YEAR}", re.I),
    re.compile(rf"(?:{_BLANK}\s*+(?:day\s++of\s++)?){{1,3}},?\s*+{_YEAR}", re.I),
]


def _year(written: str) -> int:
    """Two digits follow POSIX: 69 to 99 are the 1900s."""
    if written[0].isalpha():
        return int(_from_words(written))
    number = int(written.lstrip("'"))
    if len(written.lstrip("'")) == 2:
        return number + (1900 if number >= 69 else 2000)
    return number


def _calendar(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _date_values(match: re.Match[str]) -> tuple[str, ...]:
    found = match.groupdict()
    year = _year(found["year"])
    if "one" in found:
        orders = {(int(found["one"]), int(found["two"])), (int(found["two"]), int(found["one"]))}
        possible = {_calendar(year, month, day) for month, day in orders}
        return tuple(sorted(value for value in possible if value))
    month = int(found["monthnumber"]) if "monthnumber" in found else _MONTHS[found["month"].lower()]
    day = int(found["day"]) if found["day"] else _ORDINALS[found["ordinal"].lower().replace(" ", "-")]
    # `1-31 January 2020` has a beginning and an end.
    days = [int(found["from"]), day] if found.get("from") else [day]
    return tuple(value for value in (_calendar(year, month, day) for day in days) if value)


def dates(text: str) -> list[Reading[str]]:
    """The dates of `text` as ISO 8601, in order of place. Partial dates are readings without a value."""
    line = one_line(text)
    found: list[Reading[str]] = []
    for pattern in _DATES:
        for match in pattern.finditer(line):
            values = _date_values(match)
            if values and not _overlaps(found, match):
                found.append(Reading(match.start(), match.end(), values))
    for pattern in _PARTIAL_DATES:
        for match in pattern.finditer(line):
            if not _overlaps(found, match):
                found.append(Reading(match.start(), match.end(), ()))
    return sorted(found, key=lambda reading: reading.start)


def _overlaps(found: Sequence[Reading[Any]], match: re.Match[str]) -> bool:
    return any(reading.start < match.end() and match.start() < reading.end for reading in found)


# Currencies and money

ISO_4217 = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
    "TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG DEM FRF ITL NLG".split()
)
"""Active codes, and the euro's predecessors that old contracts still name."""
_ENGLISH_WORDS = frozenset("ALL AMD BAM BOB CUP GEL MAD NAD PEN SOS TOP TRY".split())

_NAMES = {
    "$": "USD",
    "us$": "USD",
    "$us": "USD",
    "cents": "USD",
    "united states currency": "USD",
    "u.s. currency": "USD",
    "currency of the united states": "USD",
    "currency of canada": "CAD",
    "currency of china": "CNY",
    "currency of japan": "JPY",
    "currency of the united kingdom": "GBP",
    "us $": "USD",
    "u.s.$": "USD",
    "u.s. $": "USD",
    "us dollars": "USD",
    "u.s. dollars": "USD",
    "united states dollars": "USD",
    "dollars of the united states": "USD",
    "american dollars": "USD",
    "dollars": "USD",
    "c$": "CAD",
    "ca$": "CAD",
    "cdn$": "CAD",
    "cdn $": "CAD",
    "canadian dollars": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "aus$": "AUD",
    "aus $": "AUD",
    "australian dollars": "AUD",
    "nz$": "NZD",
    "new zealand dollars": "NZD",
    "hk$": "HKD",
    "hong kong dollars": "HKD",
    "s$": "SGD",
    "singapore dollars": "SGD",
    "nt$": "TWD",
    "new taiwan dollars": "TWD",
    "€": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "pounds sterling": "GBP",
    "british pounds": "GBP",
    "sterling": "GBP",
    "yen": "JPY",
    "japanese yen": "JPY",
    "rmb": "CNY",
    "renminbi": "CNY",
    "yuan": "CNY",
    "chinese yuan": "CNY",
    "swiss francs": "CHF",
    "₹": "INR",
    "rs.": "INR",
    "rs": "INR",
    "indian rupees": "INR",
    "rupees": "INR",
    "₩": "KRW",
    "korean won": "KRW",
    "₪": "ILS",
    "new israeli shekels": "ILS",
    "r$": "BRL",
    "brazilian reais": "BRL",
    "mexican pesos": "MXN",
    "swedish kronor": "SEK",
    "norwegian kroner": "NOK",
    "danish kroner": "DKK",
    "deutsche marks": "DEM",
    "¥": None,
}
_NATIONS = {"canadian": "CAD", "australian": "AUD", "u.s.": "USD", "us": "USD"}
"""What says behind an amount in dollars whose dollars they are; elsewhere it says nothing about money."""
_DOLLARS = frozenset("AUD BBD BMD BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SGD TTD TWD XCD".split())
"""Currencies that `$` and `dollars` may mean besides the US dollar."""


_BEGINS, _ENDS = r"(?<![^\W\d_])", r"(?![^\W\d_])"
"""A word's borders; a number may stand beside it without a space, as in `USD100,000`."""


def _any_of(names: Iterable[str]) -> str:
    """A pattern for names of currencies, the longest first, singular or plural."""
    patterns = []
    for name in sorted(names, key=len, reverse=True):
        plural = "?" if name.endswith("s") and name != "rs" else ""
        patterns.append(re.escape(name).replace(r"\ ", r"\s++") + plural + (_ENDS if name[-1].isalpha() else ""))
    return f"(?i:{'|'.join(patterns)})"


_CODES = rf"(?:{'|'.join(sorted(ISO_4217 - _ENGLISH_WORDS))})(?:\s?\$|{_ENDS})"
_SPELT = [name for name in _NAMES if name[0].isalpha()]
_SIGNS = [name for name in _NAMES if not name[0].isalpha()]
_CURRENCY = rf"(?:{_BEGINS}(?:{_any_of(_SPELT)}|{_CODES})|{_any_of(_SIGNS)})"
# Behind a number stands a name; a dollar sign there belongs to what follows (`2014 $5,000`).
_BEHIND = rf"(?:{_BEGINS}(?:{_any_of(name for name in _SPELT if name[-1].isalpha())}|{_CODES})|(?i:€|\$us{_ENDS}))"
_SCALE = rf"(?:(?:\s*+(?i:(?:{'|'.join(_SCALES)})s?|mln|mm|mn|mio|bn|mrd)|\s?(?i:[mk])|(?i:b))\b)?"
# A scale or a fraction that is not understood: the number before it is not the amount.
_UNREAD = (
    r"(?![a-z]\b|\s*+(?:(?i:cr|mil\w*|tsd|tausend|bio|tn|trn)\b|[万億亿만])|\s?[½¼¾⅓⅔⅛⅜⅝⅞]|/\d|\s[1-9]/[2-9]\b(?!/))"
)
_TORN = r"\d{1,3}(?:\s?,\s\d{3}(?!\d))+"
_MONEY = re.compile(
    rf"(?:(?P<spelt>{_WORDS})\s*+\(\s*+)?(?P<before>{_CURRENCY})\s*+(?P<digits>{_TORN}|{_SPACED}|\.\d++)(?P<scale>{_SCALE})"
    rf"{_UNREAD}(?:\s*+(?:-|to)\s*+(?P<high>{_NUMBER})(?=\s*+(?i:{'|'.join(_SCALES)})\b))?"
    rf"(?:\s*+\((?P<said>{_WORDS})\))?(?:\s*+\(?(?P<after>{_BEHIND}|Canadian|Australian|U\.S\.|US\b))?"
    rf"|(?:(?:(?P<low>(?<![\d.,/]){_SPACED})\s*+(?:-|to)\s*+)?(?P<digits2>(?<![\d.,/]){_SPACED})(?P<scale2>{_SCALE})"
    rf"|(?P<words>{_WORDS}))"
    rf"(?:\s++(?:and\s++)?(?:(?P<cents>\d\d)|(?i:no|xx))/100(?:ths)?)?\s*+(?P<after2>{_BEHIND})"
    rf"(?:,?\s++and\s++(?P<change>{_WORDS}|\d{{1,2}})\s++(?i:cents?|pence|paise)\b)?"
)
_CURRENCY_ALONE = re.compile(_CURRENCY)


def _code(written: str) -> str | None:
    """The ISO 4217 code of a currency as written; None for a sign that several currencies share."""
    compact = re.sub(r"\s++", " ", one_line(written)).strip()
    iso = compact.rstrip("$ ").upper()
    if iso in ISO_4217:
        return iso
    lowered = compact.lower()
    if lowered in _NATIONS:
        return _NATIONS[lowered]
    return _NAMES[lowered if lowered in _NAMES else lowered + "s"]


def currencies(text: str) -> list[Reading[str]]:
    """The currencies that `text` names. `$` and `dollars` alone mean US dollars unless `text` names other dollars; `¥`
    alone has no value."""
    line = one_line(text)
    codes = [(match, _code(match.group())) for match in _CURRENCY_ALONE.finditer(line)]
    others = {code for _, code in codes if code in _DOLLARS}
    found = []
    for match, code in codes:
        if len(others) == 1 and bare_dollars(match.group()):
            code = next(iter(others))
        found.append(Reading(match.start(), match.end(), (code,) if code else ()))
    return found


def bare_dollars(written: str) -> bool:
    """Whether a currency's name or sign leaves open whose dollars it means."""
    return written.lower() in ("$", "dollar", "dollars", "cent", "cents")


def amounts(text: str) -> list[Reading[Money]]:
    """The sums of money of `text`: digits or words beside a currency, with `million`, `k`, `and 50/100` and so on."""
    line = one_line(text)
    meant = {(reading.start, reading.end): reading.values for reading in currencies(text)}
    found = []
    for match in _MONEY.finditer(line):
        before, after = match["before"], match["after"] or match["after2"]
        # `$5,000 Canadian`: the more telling mark wins over the bare sign.
        group = ("after" if match["after"] else "after2") if after and before in (None, "$", "¥") else "before"
        currency = next(iter(meant.get(match.span(group), ())), None) or _code(match[group])
        if match["words"]:
            values: tuple[Decimal, ...] = (_from_words(match["words"]),)
        else:
            values = _amounts(match["digits"] or match["digits2"], (match["scale"] or match["scale2"] or "").strip())
        spelt = match["spelt"] or match["said"]
        if spelt:
            said = _from_words(spelt)
            values = (said,) if said in values else (said, *values)
        for end in (match["low"], match["high"]):
            values += _from_digits(end) if end else ()
        if match["cents"]:
            values = tuple(value + Decimal(match["cents"]) / 100 for value in values)
        if match["change"]:
            change = Decimal(match["change"]) if match["change"].isdecimal() else _from_words(match["change"])
            values = tuple(value + change / 100 for value in values)
        if after and after.lower() in ("cent", "cents"):
            values = tuple(value / 100 for value in values)
        found.append(Reading(match.start(), match.end(), tuple(Money(value, currency) for value in values)))
    return found


def _amounts(digits: str, scale: str) -> tuple[Decimal, ...]:
    values = tuple(_scaled(value, scale) for value in _from_digits(digits))
    if scale:
        return values[:1]  # 1.200 million are not a thousand times a million
    if re.search(r",\s", digits):
        # "$30, 000" may be torn, "$5, 100 units" is not.
        values += _from_digits(digits.partition(",")[0])
    return values


# Percentages and numbers

_VULGAR = dict(zip("½¼¾⅓⅔⅛⅜⅝⅞", "0.5 0.25 0.75 0.3333 0.6667 0.125 0.375 0.625 0.875".split(), strict=True))
_PART = rf"(?:\d{{1,3}}/[1-9]\d{{0,2}}|[{''.join(_VULGAR)}])"
_MIXED = rf"(?:(?<!\d)\d{{1,3}}(?:[ -]?[{''.join(_VULGAR)}]|[ -]\d{{1,3}}/[1-9]\d{{0,2}}(?!\d)))"
_PERCENT = r"(?:\s*+%|\s*+-?\s*+(?i:per\s?cent(?:age\s++points?)?|pct)\b)"
_BASIS = r"\s*+-?\s*+(?i:basis\s++points?|bps?)\b"
_MINUS = r"(?:-|(?i:(?:minus|negative)\s++))?"
_PERCENTAGE = re.compile(
    rf"(?P<part>{_FRACTION}|(?i:\b(?:half|quarter))|(?<![\d.,]){_PART}|(?<![\d.,])\d?\.\d++)\s++(?i:(?:of\s++)?(?:one|1|an?)){_PERCENT}"
    rf"|(?P<mixed>{_MIXED}|(?<![\d.,]){_PART})\s*+[)\]]?{_PERCENT}"
    rf"|(?:(?P<spelt>{_WORDS})\s*+[(\[]\s*+)?(?:(?P<low>-?{_NUMBER}){_PERCENT}?\s*+(?:-|to)\s*+)?"
    rf"(?<![\w.,])(?P<digits>{_MINUS}(?:{_NUMBER}|\.\d+))\s*+[)\]]?(?:\s*+\((?P<said>{_WORDS})\))?(?:(?P<percent>{_PERCENT})|{_BASIS})"
    rf"|(?P<words>{_WORDS}|(?i:\b{_FRACTION}))(?:(?P<percent2>{_PERCENT})|{_BASIS})",
)


def percentages(text: str) -> list[Reading[Decimal]]:
    """The percentages of `text` in percent: `one and one-half percent` and `150 basis points` are both 1.5."""
    found = []
    for match in _PERCENTAGE.finditer(one_line(text)):
        if match["part"] or match["mixed"]:
            values: tuple[Decimal, ...] = (_mixed(match["part"] or match["mixed"]),)
        elif match["words"]:
            value = _from_words(match["words"])
            values = (value if match["percent2"] else value / 100,)
        else:
            # A range has two values, and so have words and digits that differ: neither is the answer.
            read = [_from_words(words) for words in (match["spelt"], match["said"]) if words]
            # A dot before three digits is a decimal point here.
            read += [value for end in (match["low"], match["digits"]) if end for value in _signed(end)[:1]]
            values = tuple(value if match["percent"] else value / 100 for value in dict.fromkeys(read))
        found.append(Reading(match.start(), match.end(), values))
    return found


def _mixed(written: str) -> Decimal:
    """`1-1/2`, `2½`, `one-half` and `quarter`, to four decimal places."""
    if re.fullmatch(r"[\d.]+", written):
        return Decimal(written)
    digits = re.fullmatch(rf"(?:(\d+)[ -]?)??(?:(\d+)/(\d+)|([{''.join(_VULGAR)}]))", written)
    if digits is None:
        return _from_words(written if " " in written or "-" in written else f"a {written}")
    whole, over, under, vulgar = digits.groups()
    part = Decimal(_VULGAR[vulgar]) if vulgar else (Decimal(over) / Decimal(under)).quantize(Decimal("0.0001"))
    return int(whole or 0) + part.normalize()


def _signed(written: str) -> tuple[Decimal, ...]:
    digits = re.sub(_MINUS, "", written, count=1)
    values = _from_digits(digits)
    return values if digits == written else tuple(-value for value in values)


_UNIT = (
    r"(?:\s*+[-']?\s*+(?:(?:calendar|business|working|consecutive|full|additional|successive|further)\s++)*"
    r"(?P<unit>day|week|month|year|hour|minute)s?\b)?"
)
_FIGURE = rf"(?:{_MIXED}|{_NUMBER})"
_COUNT = re.compile(
    rf"(?:(?P<words>{_WORDS})(?:\s*+[(\[]\s*+\"?(?P<both>{_FIGURE})\"?\s*+[)\]]"
    rf"|\s++(?P<beside>{_NUMBER})(?=\s++(?:day|week|month|year)))?"
    rf"|(?<![\w.,/$])(?P<digits>{_MINUS}{_FIGURE})(?P<scale>(?:\s++(?:{'|'.join(_SCALES)})s?\b)?)"
    rf"(?:\s*+\(\s*+(?P<said>{_WORDS})\s*+\))?)"
    rf"(?![\w/]|\s++(?:{_MONTH_NAMES}|half)\b|-(?:{'|'.join(_PARTS)})s?\b|\s++(?:{'|'.join(_PARTS)})s?\s++of\b){_UNIT}",
    re.I,
)
_JOINS = re.compile(r"\s*(?:or|to|and|-|/|,?\s(?:nor|and|but)(?:\snot)?\s(?:more|less|fewer)\sthan)\s*", re.I)
_REFERENCE = re.compile(r"\b(?:sections?|articles?|clauses?|paragraphs?|exhibits?|schedules?|items?|no\.)\s*+$", re.I)


def numbers(text: str) -> list[Reading[Decimal]]:
    """The numbers of `text` without its dates, money and section references.

    Words and digits that disagree give two values; in `30 or 60 days` both numbers are days.
    """
    line = one_line(text)
    taken: list[Reading[Any]] = [*dates(text), *amounts(text)]
    found: list[Reading[Decimal]] = []
    for match in _COUNT.finditer(line):
        if _overlaps(taken, match) or _REFERENCE.search(line[max(0, match.start() - 12) : match.start()]):
            continue
        spelt, figure = match["words"] or match["said"], match["both"] or match["beside"] or match["digits"]
        values = [_from_words(spelt)] if spelt else []
        if match["beside"] and values[0] < 10:
            values = []  # "two 30 day terms" are two; "sixty 90 days" are a contradiction
        if figure:
            read = (_mixed(figure),) if re.search(rf"[/{''.join(_VULGAR)}]", figure) else _signed(figure)
            values.extend(_scaled(value, (match["scale"] or "").strip()) for value in read)
        unit = (match["unit"] or "").lower()
        if found and not found[-1].unit and _JOINS.fullmatch(line, found[-1].end, match.start()):
            found[-1] = replace(found[-1], unit=unit)
        found.append(Reading(match.start(), match.end(), tuple(dict.fromkeys(values)), unit))
    return found


def units(text: str) -> Iterator[str]:
    """The time units that a question asks in, singular and in order: `how many days` → day."""
    for match in re.finditer(r"\b(day|week|month|year|hour|minute)s?\b", text, re.I):
        yield match[1].lower()
