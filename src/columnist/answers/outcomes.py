"""What typing makes of an answer: a value, or the reason why there is none."""

from typing import Any, NamedTuple


class Undecided(str):
    """A doubt about a text that names several values, or leaves open which: it contradicts any one of them."""


class Typed(NamedTuple):
    """A value as in `Content.value`; or None, and `doubt`, the sentence that says why there is none."""

    value: Any
    doubt: str = ""


class Measured(NamedTuple):
    """Like `Typed`; `unit`: the unit of a number whose question names none, empty for a plain number; else None."""

    value: Any
    doubt: str = ""
    unit: str | None = None
