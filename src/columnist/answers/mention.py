"""A place in a text, and the values that it may have."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class MonetaryAmount(NamedTuple):
    """An amount; `currency` is its ISO 4217 code, or None if the text does not name it."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Mention(Generic[T]):
    """`text[start:end]` means one of `values`; `unit`: the unit of a number, singular, or empty."""

    start: int
    end: int
    values: tuple[T, ...]
    unit: str = ""


def agreed(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    """The values that are possible for both: `€1.200 (one thousand two hundred euros)`; all values if they disagree."""
    both = tuple(value for value in one if value in other)
    return both or tuple(dict.fromkeys((*one, *other)))
