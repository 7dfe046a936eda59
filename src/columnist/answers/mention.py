"""What a place in a text may say."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class MonetaryAmount(NamedTuple):
    """An amount; `currency` is its ISO 4217 code, or None when the text does not say."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Mention(Generic[T]):
    """`text[start:end]` says one of `values`; `unit` is the time unit behind a number, singular, or empty."""

    start: int
    end: int
    values: tuple[T, ...]
    unit: str = ""


def agreed(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    """What both may mean: `€1.200 (one thousand two hundred euros)`. All they say if they do not agree."""
    both = tuple(value for value in one if value in other)
    return both or tuple(dict.fromkeys((*one, *other)))
