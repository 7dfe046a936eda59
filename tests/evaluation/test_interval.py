"""A 95 % interval covers the true value in 95 of 100 cases."""

import random

import pytest

from columnist.evaluation.compare import PSEUDO_CELLS
from columnist.evaluation.interval import FEWEST, interval

BETTER = (0.02, 0.1, 0.3)
WORSE = (0.0, 0.03, 0.15)
"""Chances of a cell to get better or worse, for easy, usual and hard documents."""
TRUE = (sum(BETTER) - sum(WORSE)) / 3
RUNS = 600


def document(dice: random.Random, cells: int, scale: float) -> tuple[float, float]:
    """The sum of differences of a document's cells, and their number."""
    kind = dice.randrange(3)
    better, worse = BETTER[kind] * scale, WORSE[kind] * scale
    drawn = [dice.random() for _ in range(cells)]
    return float(sum((one < better) - (better <= one < better + worse) for one in drawn)), float(cells)


@pytest.mark.parametrize("scale", [1.0, 0.1], ids=["many differences", "few differences"])
@pytest.mark.parametrize("documents", [5, 8, 20, 48, 200])
def test_the_interval_holds(documents: int, scale: float) -> None:
    dice = random.Random(documents)
    runs = RUNS if documents < 200 else RUNS // 4
    covered = 0
    for _ in range(runs):
        sums = [document(dice, 20, scale) for _ in range(documents)]
        found = interval(sums, lambda total: total[0] / total[1], PSEUDO_CELLS / (20 * documents) ** 2)
        assert found is not None
        covered += found[0] <= TRUE * scale <= found[1]
    # 94 %, less the chance error of so few runs.
    assert covered / runs >= 0.94 - 2 * (0.94 * 0.06 / runs) ** 0.5


@pytest.mark.parametrize("documents", range(FEWEST))
def test_too_few_documents_have_no_interval(documents: int) -> None:
    assert interval([(1.0, 2.0)] * documents, lambda total: total[0] / total[1]) is None
