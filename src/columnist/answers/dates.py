"""Dates in writing: a mention has two values if it is ambiguous (`5/8/14`), none if it is incomplete."""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from columnist.answers.mention import Mention
from columnist.answers.numerals import SMALL, TENS, spelt
from columnist.answers.plain import one_line


def later(start: str, count: Decimal, unit: str) -> str | None:
    """The ISO date `count` whole days, weeks, months or years after an ISO date; None for fractions of them.

    The end of the month, if the month has no such day."""
    first = date.fromisoformat(start)
    if count != int(count) or not 0 < count < 1_000:
        return None
    if unit in ("day", "week"):
        return (first + timedelta(days=int(count) * (7 if unit == "week" else 1))).isoformat()
    year, month = divmod(first.year * 12 + first.month - 1 + int(count) * (12 if unit == "year" else 1), 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1])).isoformat()


def _numbered(months: str) -> dict[str, int]:
    """Name → number; `spellings` has the names of each month, with bars between the months."""
    return {name: number for number, names in enumerate(months.split("|"), start=1) for name in names.split()}


_MONTHS = _numbered(
    "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|october oct|"
    "november nov|december dec"
)
# In full in German, French, Spanish, Italian, Portuguese and Dutch: no name means different months in two of them.
_MONTHS_ELSEWHERE = _numbered(
    "januar jänner janvier enero gennaio janeiro januari|februar février febrero febbraio fevereiro februari|"
    "märz mars marzo março maart|avril abril aprile|mai mayo maggio maio mei|juni juin junio giugno junho|"
    "juli juillet julio luglio julho|august août agosto augustus|septembre septiembre setiembre settembre setembro|"
    "oktober octobre octubre ottobre outubro|novembre noviembre novembro|dezember décembre diciembre dicembre "
    "dezembro"
)
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
_START = "|".join(sorted((*SMALL, *TENS), key=len, reverse=True))
_MONTH_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH = rf"(?P<month>{_MONTH_NAMES})\b\.?"
# PDF text often tears superscript ordinals: `5 th`, `21s t`.
_DAY = r"(?P<day>\d{1,2})(?:\s?(?:s\s?t|n\s?d|r\s?d|t\s?h)\b)?"
_ORDINALS_PATTERN = "|".join(sorted(_ORDINALS, key=len, reverse=True)).replace("-", "[ -]")
_ORDINAL = rf"(?P<ordinal>{_ORDINALS_PATTERN})"
# In words only at the end of a phrase: "by May 8, two thousand units" has no year.
_YEAR_IN_WORDS = (
    rf"(?:two\s++thousand|nineteen\s++hundred)(?:(?:\s++and)?[\s-]++(?:{_START})\b){{0,2}}"
    r"(?=\s*+(?:[^\w\s]|$|(?:and|by)\b))"
)
_YEAR = rf"(?:A\.?D\.?\s*+|in\s++the\s++year\s++)?(?P<year>\d{{4}}(?!\d)|'\d{{2}}(?!\d)|{_YEAR_IN_WORDS})"
_BLANK = r"(?:_++|\[[^\]]{0,12}\]|\.{3,}+)"
_FIRST_BLANK = rf"(?:(?<!_)(?=_)|(?=\[)|(?<!\.)(?=\.)){_BLANK}"  # not in the middle of one
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
    re.compile(
        r"(?<![\w/.$€£-])(?P<one>\d{1,2})(?P<mark>[/.-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})(?![\d/]|[.-]\d)"
    ),
]
# In these languages only if the date is the whole answer: "dreißig Tage nach dem 15. März 2023" is another day.
_DATES += [
    re.compile(r"\A(?P<year>\d{4})\s?年\s?(?P<monthnumber>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?日\Z"),
    re.compile(
        r"\A(?:(?:am|den|le|el|il|em|op)\s++)?(?P<day>\d{1,2})(?:\.|º|°|er)?\s++(?:de\s++)?"
        rf"(?P<month>{'|'.join(_MONTHS_ELSEWHERE)})\s++(?:del?\s++)?(?P<year>\d{{4}})\.?\Z",
        re.I,
    ),
]
_PARTIAL_DATES = [
    re.compile(rf"\b{_MONTH}\s*+{_DAY}(?=\s*+(?:and|or|to|through|until|&|-)\s)", re.I),
    re.compile(rf"\b{_MONTH}\s*+(?:{_BLANK})?\s*+,?\s*+{_YEAR}", re.I),
    re.compile(rf"{_FIRST_BLANK}\s*+(?:(?:st|nd|rd|th)\s++)?(?:day\s++)?(?:of\s++)?{_MONTH}\s*+,?\s*+{_YEAR}", re.I),
    re.compile(rf"{_FIRST_BLANK}\s*+(?:day\s++of\s++)?(?:{_BLANK}\s*+(?:day\s++of\s++)?){{0,2}},?\s*+{_YEAR}", re.I),
]

_NUMBERS = _MONTHS | _MONTHS_ELSEWHERE

_FIRST_YEAR, _LAST_YEAR = 1600, 2199
"""`by May 1 1000 units` names no year."""
_NO_YEAR = re.compile(
    rf"\b(?-i:(?=[A-Z]))(?:{_MONTH_NAMES})\b\.?\s*+(?:the\s++)?(?:\d{{1,2}}(?:\s?(?:st|nd|rd|th))?(?![\w%]|[.,]\d)|(?:{_ORDINALS_PATTERN})\b)"
    rf"|(?<![\w.,$€£/-])\d{{1,2}}(?:\s?(?:st|nd|rd|th))?(?:\s++day)?(?:\s++of)?\s++(?-i:(?=[A-Z]))(?:{_MONTH_NAMES})\b",
    re.I,
)


def _year(written: str) -> int:
    """Two digits follow POSIX: 69 to 99 are the 1900s."""
    if written[0].isalpha():
        words = re.findall(r"[a-z]+", written.lower())
        said = spelt(words, [" "] * len(words))
        return int(said.value) if said and said.value is not None and said.used == len(words) else 0
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
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return ()
    if "one" in found:
        orders = {(int(found["one"]), int(found["two"])), (int(found["two"]), int(found["one"]))}
        possible = {_calendar(year, month, day) for month, day in orders}
        if found["mark"] == "-" and len(found["year"]) == 2:  # the year is first in ISO 8601
            possible.add(_calendar(_year(found["one"].zfill(2)), int(found["two"]), int(found["year"])))
        return tuple(sorted(value for value in possible if value))
    month = int(found["monthnumber"]) if "monthnumber" in found else _NUMBERS[found["month"].lower()]
    day = int(found["day"]) if found["day"] else _ORDINALS[found["ordinal"].lower().replace(" ", "-")]
    # `1-31 January 2020` has a start and an end.
    days = [int(found["from"]), day] if found.get("from") else [day]
    return tuple(value for value in (_calendar(year, month, day) for day in days) if value)


def dates(text: str) -> list[Mention[str]]:
    """The dates of `text` as ISO 8601, in order of place. Partial dates are mentions without a value."""
    return dates_of(one_line(text))


def dates_of(line: str) -> list[Mention[str]]:
    """Like `dates`, for a text in one plain line."""
    found: list[Mention[str]] = []
    for pattern in _DATES:
        for match in pattern.finditer(line):
            values = _date_values(match)
            if values and not _overlaps(found, match):
                found.append(Mention(match.start(), match.end(), values))
    for pattern in _PARTIAL_DATES:
        for match in pattern.finditer(line):
            if not _overlaps(found, match):
                found.append(Mention(match.start(), match.end(), ()))
    return sorted(found, key=lambda mention: mention.start)


def _overlaps(found: Sequence[Mention[Any]], match: re.Match[str]) -> bool:
    return any(mention.start < match.end() and match.start() < mention.end for mention in found)


def days_without_year(line: str) -> Iterator[tuple[int, int]]:
    """The places of `5 January` and `March 7`, with or without a year."""
    return (match.span() for match in _NO_YEAR.finditer(line))
