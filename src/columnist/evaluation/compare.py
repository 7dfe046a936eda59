"""Compares two evaluations: the cells that got better or worse, and whether the difference may be chance."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from columnist.errors import InputError
from columnist.evaluation.interval import interval
from columnist.evaluation.report import Evaluation
from columnist.evaluation.scores import ScoredCell

PSEUDO_CELLS = 4
"""Two cells that got better and two that got worse are added to the variance: if few cells differ, chance alone may
have made it none."""

Pair = tuple[ScoredCell, ScoredCell]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure's mean in the first and second evaluation over `cells` common cells of `documents`, and the 95 %
    interval of second minus first, None for too few documents. If it contains 0, the difference may be chance."""

    measure: str
    documents: int
    cells: int
    first: float
    second: float
    interval: tuple[float, float] | None

    @property
    def direction(self) -> int:
        """1 if the second is better by more than chance, -1 if it is worse, else 0."""
        low, high = self.interval or (0.0, 0.0)
        return (low > 0) - (high < 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two evaluations of the same labels. `only_one`: cells that only one of them has;
    `other_labels`: cells whose labels differ, which are not compared; `other_questions`: questions with another wording
    or format, which are."""

    differences: list[Difference]
    better: list[Pair]
    worse: list[Pair]
    only_one: int
    other_labels: list[Pair]
    other_questions: list[str]


MEASURES: dict[str, Callable[[ScoredCell], float | None]] = {
    "right": lambda cell: cell.right,
    "presence": lambda cell: cell.presence,
    "normalised match": lambda cell: cell.normalised,
    "quotes, token F1": lambda cell: cell.token_f1,
}


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare the cells with the same label in both. Raises InputError if there is no such cell."""
    ours = {(cell.document, cell.column): cell for cell in first.cells}
    theirs = {(cell.document, cell.column): cell for cell in second.cells}
    common = [(ours[place], theirs[place]) for place in ours if place in theirs]
    pairs = [pair for pair in common if _label(pair[0]) == _label(pair[1])]
    if not common:
        raise InputError("The two evaluations have no cell in common: were they run over the same labels?")
    if not pairs:
        raise InputError("The labels of all common cells differ: evaluate both runs against the same labels.")
    same = (first.model, first.prompt_version) == (second.model, second.prompt_version) and all(
        one.answer == other.answer and one.error == other.error and one.quotes == other.quotes for one, other in pairs
    )
    before = {question.name: question for question in first.questions}
    return Comparison(
        differences=[found for name, score in MEASURES.items() if (found := _difference(name, score, pairs, same))],
        better=[pair for pair in pairs if pair[1].right and pair[0].right is False],
        worse=[pair for pair in pairs if pair[0].right and pair[1].right is False],
        only_one=len(ours) + len(theirs) - 2 * len(common),
        other_labels=[pair for pair in common if _label(pair[0]) != _label(pair[1])],
        other_questions=[one.name for one in second.questions if before.get(one.name, one) != one],
    )


def _label(cell: ScoredCell) -> tuple[str | None, tuple[str, ...], bool | None]:
    """The label of a cell, the key for pairing cells; `expected` also changes with the question's format."""
    return cell.label, cell.label_quotes, cell.expected


def _difference(
    name: str, score: Callable[[ScoredCell], float | None], pairs: list[Pair], same: bool
) -> Difference | None:
    """`same`: both sets of answers are equal word for word (same model and prompt), so that nothing is left to
    chance."""
    by_document: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one, other in pairs:
        before, after = score(one), score(other)
        if before is not None and after is not None:
            by_document[one.document].append((float(before), float(after)))
    if not by_document:
        return None
    sums = [(sum(after - before for before, after in cells), len(cells)) for cells in by_document.values()]
    cells = [cell for those in by_document.values() for cell in those]
    return Difference(
        measure=name,
        documents=len(by_document),
        cells=len(cells),
        first=sum(before for before, _ in cells) / len(cells),
        second=sum(after for _, after in cells) / len(cells),
        interval=interval(
            sums,
            lambda total: total[0] / total[1] if total[1] else None,
            0.0 if same else PSEUDO_CELLS / len(cells) ** 2,
        ),
    )
