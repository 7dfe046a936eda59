"""Compares two answers of a model to the same question about the same document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from columnist.answers.model import Content
from columnist.answers.playbook import flagged
from columnist.evaluation.interval import interval
from columnist.reviews.model import NOT_FOUND, Question

PSEUDO_CELLS = 4
"""Cells that are added to the variance, half of them different: if none differs, some still might."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A cell that was asked twice. A content is None if the answer was an error."""

    document: str
    question: Question
    first: Content | None
    second: Content | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The share of `cells` that are the same both times; the interval is None for too few documents. Both are None if
    there is no cell to compare."""

    measure: str
    cells: int
    share: float | None
    interval: tuple[float, float] | None


def agreement(repeated: Sequence[Repeated]) -> list[Agreement]:
    """How often each part of an answer was the same both times."""
    return [_agreement(measure, same, repeated) for measure, same in MEASURES.items()]


def _agreement(measure: str, same: Callable[[Repeated], bool | None], repeated: Sequence[Repeated]) -> Agreement:
    documents: dict[str, tuple[float, float]] = {}
    for one in repeated:
        is_same = same(one)
        if is_same is not None:
            agreed, cells = documents.get(one.document, (0.0, 0.0))
            documents[one.document] = agreed + is_same, cells + 1
    sums = list(documents.values())
    agreed, cells = sum(one[0] for one in sums), sum(one[1] for one in sums)
    least = PSEUDO_CELLS / 4 / cells**2 if cells else 0.0
    ends = interval(sums, lambda totals: totals[0] / totals[1] if totals[1] else None, least)
    return Agreement(
        measure,
        int(cells),
        agreed / cells if cells else None,
        None if ends is None else (max(ends[0], 0.0), min(ends[1], 1.0)),
    )


def is_same(one: Repeated) -> bool:
    """Whether the values, or else the words, are the same; "not found" and errors count, too."""
    if one.first is None or one.second is None:
        return one.first is one.second
    if one.first.value is not None or one.second.value is not None:
        return bool(one.first.value == one.second.value)
    return _words(one.first) == _words(one.second)


def _is_found(one: Repeated) -> bool | None:
    if one.first is None or one.second is None:
        return None
    return (one.first.summary == NOT_FOUND) == (one.second.summary == NOT_FOUND)


def _has_same_words(one: Repeated) -> bool | None:
    return None if one.first is None or one.second is None else _words(one.first) == _words(one.second)


def _has_same_quotes(one: Repeated) -> bool | None:
    """None if neither has a quote."""
    quotes = [{cited.spans or cited.quote for cited in each.citations} for each in (one.first, one.second) if each]
    return quotes[0] == quotes[1] if len(quotes) == 2 and any(quotes) else None


def _has_same_flag(one: Repeated) -> bool | None:
    if one.first is None or one.second is None:
        return None
    return flagged(one.question, one.first)[0] == flagged(one.question, one.second)[0]


def _words(content: Content) -> str:
    return " ".join(content.summary.casefold().split())


MEASURES: dict[str, Callable[[Repeated], bool | None]] = {
    "answer (value, or else words)": is_same,
    "found or not": _is_found,
    "words": _has_same_words,
    "quotes": _has_same_quotes,
    "flag": _has_same_flag,
}
