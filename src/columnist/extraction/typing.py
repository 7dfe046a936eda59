"""From the text of an answer to the typed value of its column's format: the one place where an answer gets its value.

What can be read in more than one way, or only in part, gets no value: the cell keeps the text, under a yellow flag, and
says why.
"""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from columnist.extraction.model import NOT_FOUND, Question
from columnist.extraction.readings import (
    ISO_4217,
    Money,
    Reading,
    amounts,
    bare_dollars,
    currencies,
    dates,
    numbers,
    one_line,
    percentages,
    plain,
    units,
)
from columnist.reviews.model import Format


class Typed(NamedTuple):
    """A value as `Content.value` describes it; or None, and in `doubt` the sentence that says why there is none."""

    value: Any
    doubt: str = ""


_TAG_SIMILARITY = 90.0
"""rapidfuzz ratio from which a misspelt word of a tag still counts: one wrong letter in ten."""
_CONVERSIONS = {
    ("week", "day"): (7, 1),
    ("day", "week"): (1, 7),
    ("year", "month"): (12, 1),
    ("month", "year"): (1, 12),
}
"""Multiply, then divide; what leaves a remainder is no conversion."""
_COMPARED = r"(?:greate|lesse|highe|lowe|large|smalle|longe|shorte|late|earlie)(?:r|st)"
ALTERNATIVES = re.compile(
    rf"\b{_COMPARED}(?:\s+to\s+occur)?\s+of\b|\bwhichever\s+(?:is|occurs|comes)\s+(?:the\s+)?(?:{_COMPARED}|first|last)\b"
    rf"|\bif\s+(?:{_COMPARED}|less|more)\b",
    re.I,
)
"""The answer is whichever of several things turns out so: no single value."""
_BASE_RATE = (
    r"\b(?:[A-Z]*IBOR|SOFR|SONIA|SORA|TONA|SARON|MCLR|BBS[WY]|€STR|(?i:prime|(?:base|bank|repo|discount|federal\s+funds|"
    r"reference)(?:\s+\w+)?\s+rate|treasury))\b"
)
_ON_TOP = re.compile(
    rf"{_BASE_RATE}[^.;%]{{0,80}}?(?:\+|(?i:\b(?:plus|minus|less|increased\s+by)\b)|\s-)"
    rf"|(?i:\b(?:above|over|below|under|plus|on\s+top\s+of|in\s+excess\s+of|higher\s+than)\b)[^.;%]{{0,80}}?{_BASE_RATE}"
)
"""A percentage on top of a rate that moves: together they have no value."""
_COUNTED = re.compile(
    r"\b(?:days?|weeks?|months?|years?|anniversar(?:y|ies))['’]?\s+"
    r"(?:after|following|from|before|prior\s+to|preceding|of|beginning\s+on|commencing\s+on)\s+(?:the\s+)?$|\bday\s+before\s+$",
    re.I,
)
"""Before a date: the answer is another one, so long before or after it."""
_TIMES = re.compile(
    r"\b(?:twice|double|treble|triple|half|times|multiple\s+of|per\s?cent\)?\s+of|\d\s*x)\b[^.,;()=]{0,60}$|[%×][^.,;()=]{0,60}\bof\b"
    r"[^.,;()=]{0,60}$",
    re.I,
)
_TIMES_BEHIND = re.compile(r"\s*(?:[x×]\s*\d|multiplied\b|times\b)", re.I)
"""Before or behind an amount: the answer is a part of it, or several times it."""


def typed(text: str, question: Question) -> Typed:
    """The value of `text` in the question's format; None without a doubt when it says that nothing was found.

    JSON values that were turned into text (`true`, `1500000.00`, `["a", "b"]`) are read as what they were.
    """
    stripped = text.strip()
    if not stripped or stripped.casefold() in (NOT_FOUND.casefold(), "null", "none", "n/a"):
        return Typed(None)
    return _READERS[question.format](stripped, question)


def decimal_text(value: Decimal) -> str:
    """Plain digits as written, without an exponent."""
    return format(value, "f")


def in_unit(reading: Reading[Decimal], wanted: Iterable[str]) -> tuple[Decimal, ...]:
    """The values of a number in the first of the `wanted` units that it converts to exactly; as it is without units."""
    asked = list(wanted)
    if not asked or not reading.unit or reading.unit in asked:
        return reading.values
    for unit in asked:
        times, parts = _CONVERSIONS.get((reading.unit, unit), (0, 1))
        if times and all(value * times % parts == 0 for value in reading.values):
            return tuple(value * times / parts for value in reading.values)
    return ()


def _text(text: str, _: Question) -> Typed:
    return Typed(text)


_MARKER = r"(?:[-*•‣▪·–]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+"
_INLINE_MARKER = re.compile(r"(?:^|(?<=[\s,;:]))\((?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s+")


def _bulleted_list(text: str, _: Question) -> Typed:
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, list):
            return _items(str(item) for item in parsed)
    lines = text.splitlines()
    if len(lines) == 1:
        marked = _INLINE_MARKER.split(text)
        if len(marked) > 2:
            return _items(re.sub(r"[,;]?\s*(?:\b(?:and|or))?\s*$", "", item) for item in marked)
        return _items(re.sub(rf"^\s*{_MARKER}", "", item) for item in text.split(";"))
    if sum(bool(re.match(rf"\s*{_MARKER}", line)) for line in lines) > 1:
        # A line without a mark goes on where the one before it broke.
        joined = re.sub(rf"\n(?!\s*{_MARKER})\s*", " ", "\n".join(lines))
        lines = joined.splitlines()
    return _items(re.sub(rf"^\s*{_MARKER}", "", line) for line in lines)


def _items(items: Iterable[str]) -> Typed:
    said = [item for item in map(str.strip, items) if item]
    return Typed(said) if said else Typed(None, "The list is empty.")


def _number(text: str, question: Question) -> Typed:
    found = numbers(text)
    wanted = list(units(f"{question.name} {question.prompt}"))
    with_unit = [reading for reading in found if reading.unit and in_unit(reading, wanted)] if wanted else []
    if with_unit:
        found = with_unit
    elif wanted and any(reading.unit for reading in found):
        named = " or ".join(sorted({f"{reading.unit}s" for reading in found if reading.unit}))
        return Typed(None, f"It is said in {named}, which have no exact number of {wanted[0]}s.")
    # "One of the parties ... 30 days": digits say more than words.
    found = [reading for reading in found if any(c.isdigit() for c in text[reading.start : reading.end])] or found
    return _one_decimal([value for reading in found for value in in_unit(reading, wanted)], text, "number")


def _percentage(text: str, _: Question) -> Typed:
    found = percentages(text)
    if not found and _bare(text):
        # An answer that is only a number means percent: that is what was asked for.
        found = numbers(text)
    outcome = _one_decimal([value for reading in found for value in reading.values], text, "percentage")
    if outcome.value is not None and _ON_TOP.search(plain(text)):
        return Typed(None, f"It names {outcome.value}, but on top of a rate that moves.")
    return outcome


def _bare(text: str) -> bool:
    """Whether a text is a number and at most a currency, as in {"amount": "5000", "currency": "EUR"}."""
    places = [(reading.start, reading.end) for reading in numbers(text)]
    places += [(reading.start, reading.end) for reading in currencies(text)]
    for start, end in sorted(places, reverse=True):
        text = text[:start] + text[end:]
    return re.search(r"[^\W_]|‰", re.sub(r"\b(?:amount|currency|value)\b", "", text, flags=re.I)) is None


def _one_decimal(values: list[Decimal], text: str, noun: str) -> Typed:
    written: dict[Decimal, str] = {}
    for value in sorted(values):
        # 10 and 10.00 are one value, as precise as somebody wrote it.
        written[value] = max(written.get(value, ""), decimal_text(value), key=len)
    return _only(list(written.values()), text, noun)


def _only(values: list[str], text: str, noun: str) -> Typed:
    """The only one of `values`; if there are none or several, or which depends, there is none."""
    if not values:
        return Typed(None, f"It says no {noun}.")
    if len(values) > 1:
        return Typed(None, f"It says more than one {noun}: {', '.join(values[:-1])} or {values[-1]}.")
    if ALTERNATIVES.search(text):
        return Typed(None, f"It names {values[0]}, but as one of several that it depends on.")
    return Typed(values[0])


def _monetary_amount(text: str, _: Question) -> Typed:
    found = amounts(text)
    if not found and _bare(text):
        named = {value for reading in currencies(text) for value in reading.values}
        if len(named) > 1:
            return Typed(None, f"It names more than one currency: {' or '.join(sorted(named))}.")
        found = [
            Reading(reading.start, reading.end, (Money(value, next(iter(named), None)),))
            for reading in numbers(text)
            for value in reading.values
        ]
    currency = {money.currency for reading in found for money in reading.values} - {None}
    agreed = _agreed([{money.amount for money in reading.values} for reading in found])
    sums = [money.amount for reading in found for money in reading.values if money.amount in agreed]
    if len(currency) > 1:
        return Typed(None, f"It names more than one currency: {' or '.join(sorted(map(str, currency)))}.")
    amount, doubt = _one_decimal(sums, text, "amount of money")
    if amount and any(_TIMES.search(text[: one.start]) or _TIMES_BEHIND.match(text, one.end) for one in found):
        return Typed(None, f"It names {amount}, but as a part or a multiple of it.")
    return Typed(None, doubt) if doubt else Typed({"amount": amount, "currency": next(iter(currency), None)})


def _agreed(readings: list[set[Any]]) -> set[Any]:
    """What all readings may mean: `€1.200 (one thousand two hundred euros)`. All they say if they do not agree."""
    return (set.intersection(*readings) or set.union(*readings)) if readings else set()


def _currency(text: str, _: Question) -> Typed:
    if text.upper() in ISO_4217:
        return Typed(text.upper())
    found = currencies(text)
    codes = sorted({value for reading in found for value in reading.values})
    if codes == ["USD"] and all(bare_dollars(text[reading.start : reading.end]) for reading in found):
        return Typed(None, "It does not say which country's dollars these are.")
    return _only(codes, text, "currency")


def _date(text: str, _: Question) -> Typed:
    found = dates(text)
    whole = [set(reading.values) for reading in found if reading.values]
    if len(whole) < len(found):
        part = next(text[reading.start : reading.end] for reading in found if not reading.values)
        return Typed(None, f"A date in it is incomplete: {' '.join(part.split())}.")
    value, doubt = _only(sorted(_agreed(whole)), text, "date")
    if value and any(_COUNTED.search(one_line(text[: reading.start])) for reading in found):
        return Typed(None, f"It counts from {value}, and is another date.")
    return Typed(value, doubt)


_YES = re.compile(r"(?:(?:yes|true)\b|y$)", re.I)
_NO = re.compile(
    r"(?:(?:no|false)(?=$|\s*[,;:!(\n]|\.(?!\s*\d)|\s+-|\s+(?:as|because|but|it|not|since|such|the|there|this|unless)\b)"
    r"|n$)",
    re.I,
)
"""`No.` answers; `No later than`, `No party` and `No. 12965` do not."""
_BOTH = re.compile(
    r"(?:yes|no|true|false)\s*(?:and|or|/)\s*(?:yes|no|true|false)\b|yes\b.*[,;.]\s*(?:(?:and|but|or|otherwise)\s+)?no\b"
    r"(?=\s*(?:for|if|in|as|when|otherwise)\b|[\s.]*$)|no\b.*[,;.]\s*(?:(?:and|but|or|otherwise)\s+)?yes\b",
    re.I,
)


def _yes_no(text: str, _: Question) -> Typed:
    if _BOTH.match(one_line(text)):
        return Typed(None, "It says both yes and no.")
    if _YES.match(text):
        return Typed(True)
    return Typed(False) if _NO.match(plain(text)) else Typed(None, "It says neither yes nor no.")


def _tag(text: str, question: Question) -> Typed:
    said = _folded(text)
    folded = {tag: _folded(tag) for tag in question.tags}
    for tag, form in folded.items():
        if form == said or form.replace(" ", "") == said.replace(" ", ""):
            return Typed(tag)
    # "Non-exclusive" holds "exclusive", and says the opposite.
    inside = [
        tag for tag, form in folded.items() if re.search(rf"(?<!\w)(?<!non )(?<!not ){re.escape(form)}(?!\w)", said)
    ]
    # "Service Level" also holds "Service"; the longer one is meant.
    inside = [tag for tag in inside if not any(folded[tag] in folded[other] for other in inside if other != tag)]
    alike = inside or [tag for tag, form in folded.items() if _alike(form, said)]
    if len(alike) > 1:
        return Typed(None, f"It names more than one tag: {' or '.join(alike)}.")
    return Typed(alike[0]) if alike else Typed(None, "It is none of the column's tags.")


def _alike(one: str, other: str) -> bool:
    """Word by word, so that a long name does not hide a small difference that matters."""
    words, others = one.split(), other.split()
    return len(words) == len(others) and all(
        fuzz.ratio(word, said) >= _TAG_SIMILARITY for word, said in zip(words, others, strict=True)
    )


def _folded(text: str) -> str:
    """In lower case, `&` as `and`, dashes and slashes as spaces, nothing around it."""
    plain_text = one_line(text).casefold().replace("&", " and ")
    return " ".join(re.sub(r"\s*[-/]\s*", " ", plain_text).split()).strip(" .\"'")


_READERS: dict[Format, Callable[[str, Question], Typed]] = {
    "text": _text,
    "bulleted_list": _bulleted_list,
    "number": _number,
    "percentage": _percentage,
    "monetary_amount": _monetary_amount,
    "currency": _currency,
    "yes_no": _yes_no,
    "date": _date,
    "tag": _tag,
}
