"""Compares two evaluations: the cells that got better or worse, and whether the difference may be chance."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from columnist.errors import InputError
from columnist.evaluation.report import Evaluation
from columnist.evaluation.scores import ScoredCell

RESAMPLES = 5_000
SEED = 20_251_123
"""The same two evaluations always give the same interval."""

Pair = tuple[ScoredCell, ScoredCell]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure's mean in the first and second evaluation over `cells` common cells, and the 95 % interval of second
    minus first. If the interval contains 0, the difference may be chance."""

    measure: str
    cells: int
    first: float
    second: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two evaluations of the same labels. `only_one`: cells that only one of them has."""

    differences: list[Difference]
    better: list[Pair]
    worse: list[Pair]
    only_one: int


MEASURES: dict[str, Callable[[ScoredCell], float | None]] = {
    "right": lambda cell: cell.right,
    "presence": lambda cell: cell.error is None and cell.expected == cell.found,
    "normalised match": lambda cell: cell.normalised,
    "quotes, token F1": lambda cell: cell.token_f1,
}


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare cell by cell. Raises InputError if no cell is in both.

    The interval is a paired bootstrap over documents, because the cells of a document are not independent: B. Efron,
    R. Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13; P. Koehn, "Statistical Significance Tests for
    Machine Translation Evaluation", EMNLP 2004.
    """
    ours = {(cell.document, cell.column): cell for cell in first.cells}
    theirs = {(cell.document, cell.column): cell for cell in second.cells}
    pairs = [(ours[place], theirs[place]) for place in ours if place in theirs]
    if not pairs:
        raise InputError("The two evaluations have no cell in common: were they run over the same labels?")
    return Comparison(
        differences=[found for name, score in MEASURES.items() if (found := _difference(name, score, pairs))],
        better=[pair for pair in pairs if pair[1].right and not pair[0].right],
        worse=[pair for pair in pairs if pair[0].right and not pair[1].right],
        only_one=len(ours) + len(theirs) - 2 * len(pairs),
    )


def _difference(name: str, score: Callable[[ScoredCell], float | None], pairs: list[Pair]) -> Difference | None:
    by_document: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one, other in pairs:
        before, after = score(one), score(other)
        if before is not None and after is not None:
            by_document[one.document].append((float(before), float(after)))
    if not by_document:
        return None
    # A resample needs only each document's sum of differences and its count.
    sums = [(sum(after - before for before, after in cells), len(cells)) for cells in by_document.values()]
    dice = random.Random(SEED)  # noqa: S311 - statistics, not secrets
    means = []
    for _ in range(RESAMPLES):
        drawn = dice.choices(sums, k=len(sums))
        means.append(sum(difference for difference, _ in drawn) / sum(count for _, count in drawn))
    means.sort()
    cells = [cell for those in by_document.values() for cell in those]
    return Difference(
        measure=name,
        cells=len(cells),
        first=sum(before for before, _ in cells) / len(cells),
        second=sum(after for _, after in cells) / len(cells),
        low=means[round(0.025 * (RESAMPLES - 1))],
        high=means[round(0.975 * (RESAMPLES - 1))],
    )
