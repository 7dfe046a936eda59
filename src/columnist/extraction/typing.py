"""From the text of an answer to the typed value of its column's format."""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz

from columnist.extraction.model import NOT_FOUND, Question
from columnist.extraction.readings import (
    ISO_4217,
    Money,
    Reading,
    amounts,
    currencies,
    dates,
    numbers,
    percentages,
    units,
)
from columnist.reviews.model import Format

UNREADABLE: tuple[None, bool] = (None, False)
AMBIGUOUS: tuple[None, bool] = (None, True)

_TAG_SIMILARITY = 90.0
"""rapidfuzz ratio from which a misspelt tag still counts: one wrong letter in ten."""
_CONVERSIONS = {("week", "day"): 7, ("year", "month"): 12}
"""The conversions between time units that are exact."""


def typed(text: str, question: Question) -> tuple[Any, bool]:
    """The value of `text` in the question's format, as `Content.value` describes it, and whether it is ambiguous.

    (None, False) when `text` holds no such value, (None, True) when it can be read in more than one way. JSON values
    that were turned into text (`true`, `1500000.00`, `["a", "b"]`) are read as what they were.
    """
    stripped = text.strip()
    if not stripped or stripped.casefold() in (NOT_FOUND.casefold(), "null", "none", "n/a"):
        return UNREADABLE
    return _READERS[question.format](stripped, question)


def decimal_text(value: Decimal) -> str:
    """Plain digits as written, without an exponent."""
    return format(value, "f")


def money_value(money: Money) -> dict[str, str | None]:
    """A sum of money, ready for JSON."""
    return {"amount": decimal_text(money.amount), "currency": money.currency}


def in_unit(reading: Reading[Decimal], wanted: Iterable[str]) -> tuple[Decimal, ...]:
    """The values of a number in the first of the `wanted` units that it converts to exactly; as it is without units."""
    asked = list(wanted)
    if not asked or not reading.unit:
        return reading.values
    for unit in asked:
        if reading.unit == unit:
            return reading.values
        factor = _CONVERSIONS.get((reading.unit, unit))
        if factor is not None:
            return tuple(value * factor for value in reading.values)
    return ()


def _text(text: str, _: Question) -> tuple[Any, bool]:
    return text, False


def _bulleted_list(text: str, _: Question) -> tuple[Any, bool]:
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, list):
            items = [str(item).strip() for item in parsed]
            return ([item for item in items if item] or None), False
    lines = text.splitlines()
    if len(lines) == 1:
        lines = text.split(";")
    items = [re.sub(r"^\s*(?:[-*•‣▪·–]|\(?\d{1,2}[.)])\s+", "", line).strip() for line in lines]
    return ([item for item in items if item] or None), False


def _number(text: str, question: Question) -> tuple[Any, bool]:
    found = numbers(text)
    wanted = list(units(f"{question.name} {question.prompt}"))
    with_unit = [reading for reading in found if reading.unit and in_unit(reading, wanted)] if wanted else []
    if with_unit:
        found = with_unit
    elif wanted and any(reading.unit for reading in found):
        # Six months are not a number of days.
        return AMBIGUOUS
    # "One of the parties ... 30 days": digits say more than words.
    found = [reading for reading in found if any(c.isdigit() for c in text[reading.start : reading.end])] or found
    return _one_decimal([value for reading in found for value in in_unit(reading, wanted)])


def _percentage(text: str, _: Question) -> tuple[Any, bool]:
    found = percentages(text)
    # An answer that is only a number means percent: that is what was asked for.
    return _one_decimal([value for reading in found or numbers(text) for value in reading.values])


def _one_decimal(values: list[Decimal]) -> tuple[Any, bool]:
    if not values:
        return UNREADABLE
    if len(set(values)) > 1:
        return AMBIGUOUS
    return decimal_text(values[-1]), False


def _monetary_amount(text: str, _: Question) -> tuple[Any, bool]:
    values = [value for reading in amounts(text) for value in reading.values]
    if not values:
        # The number and the currency stand apart, as in {"amount": "5000", "currency": "EUR"}.
        bare = [value for reading in numbers(text) for value in reading.values]
        named = {value for reading in currencies(text) for value in reading.values}
        if len(named) > 1:
            return AMBIGUOUS
        values = [Money(value, next(iter(named), None)) for value in bare]
    if not values:
        return UNREADABLE
    known = {money.currency for money in values} - {None}
    if len({money.amount for money in values}) > 1 or len(known) > 1:
        return AMBIGUOUS
    return money_value(Money(values[-1].amount, next(iter(known), None))), False


def _currency(text: str, _: Question) -> tuple[Any, bool]:
    if text.upper() in ISO_4217:
        return text.upper(), False
    return _single(currencies(text))


def _date(text: str, _: Question) -> tuple[Any, bool]:
    return _single(dates(text))


def _single(found: list[Reading[str]]) -> tuple[Any, bool]:
    values = {value for reading in found for value in reading.values}
    if len(values) > 1:
        return AMBIGUOUS
    return (values.pop(), False) if values else UNREADABLE


def _yes_no(text: str, _: Question) -> tuple[Any, bool]:
    if re.match(r"(?:yes|no|true|false)\s*(?:and|or|/)\s*(?:yes|no|true|false)\b", text, re.I):
        return AMBIGUOUS
    if re.match(r"(?:yes|true|y)\b", text, re.I):
        return True, False
    if re.match(r"(?:no|false|n)\b", text, re.I):
        return False, False
    return UNREADABLE


def _tag(text: str, question: Question) -> tuple[Any, bool]:
    said = _folded(text)
    folded = {tag: _folded(tag) for tag in question.tags}
    for tag, form in folded.items():
        if form == said:
            return tag, False
    inside = [tag for tag, form in folded.items() if re.search(rf"(?<!\w){re.escape(form)}(?!\w)", said)]
    # "Service Level" also holds "Service"; the longer one is meant.
    inside = [tag for tag in inside if not any(folded[tag] in folded[other] for other in inside if other != tag)]
    if inside:
        return (inside[0], False) if len(inside) == 1 else AMBIGUOUS
    alike = [tag for tag, form in folded.items() if fuzz.ratio(form, said) >= _TAG_SIMILARITY]
    if len(alike) > 1:
        return AMBIGUOUS
    return (alike[0], False) if alike else UNREADABLE


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .\"'")


_READERS: dict[Format, Callable[[str, Question], tuple[Any, bool]]] = {
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
