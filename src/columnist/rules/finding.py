"""The finding of a rule."""

from dataclasses import dataclass

from columnist.documents.model import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer in words, the places it was read from, whether it is `sure`, and the rule, for the reasoning.

    The words get their value as those of a language model do, by `answers.values.typed`.
    """

    text: str
    places: tuple[Span, ...]
    sure: bool
    rule: str
