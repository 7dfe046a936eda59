"""The worth of the doubt of answers (answers/doubt.py): how often they are wrong at each doubt, and up to which doubt a
cheap model may answer alone."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from columnist.evaluation.interval import interval
from columnist.evaluation.scores import ScoredCell

ENDS = (0.1, 0.2, 0.4, 0.6, 1.0)
"""The upper ends of the diagram's bins."""
ERROR = 0.05
"""How often a promise about a threshold may be wrong."""
MOST_STAKE = 0.9
"""The largest share of the capital that may be staked on one document."""
UNKNOWN = 0.05
"""The assumed square of gains before any is known, so that the first stakes are small."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The judged answers with a doubt up to `end`: their number, mean doubt, share of wrong ones, and its 95 %
    interval, None for too few documents."""

    end: float
    cells: int
    doubt: float
    wrong: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """The first model alone up to this `doubt`, the large one for the rest. `alone`: the share of the cells that the
    first answers; `right` of these, and of the same cells by the large one (None: not known); `tokens` saved, as a
    share of the large one's; `holds`: the allowed loss is not exceeded, with a certainty of 1 − ERROR."""

    doubt: float
    alone: float
    right: float
    large_right: float | None
    tokens: float | None
    holds: bool


def reliability(cells: Sequence[ScoredCell]) -> list[Bin]:
    """The diagram: how often answers are wrong, by their doubt; without answers of unknown doubt."""
    known = _known(cells)
    found = []
    for begin, end in zip((-1.0, *ENDS), ENDS, strict=False):
        inside = [(cell, doubt) for cell, doubt in known if begin < doubt <= end]
        if inside:
            doubt, wrong = (sum(one) / len(inside) for one in zip(*((d, not c.right) for c, d in inside), strict=True))
            found.append(Bin(end, len(inside), doubt, wrong, _interval([cell for cell, _ in inside])))
    return found


def order(cells: Sequence[ScoredCell]) -> float | None:
    """The chance that the wrong one of a wrong and a right answer has more doubt; ties count half. 0.5 means that the
    doubt is no better than chance. None without wrong or without right answers."""
    known = _known(cells)
    wrong = sorted(doubt for cell, doubt in known if not cell.right)
    right = sorted(doubt for cell, doubt in known if cell.right)
    if not wrong or not right:
        return None
    counts = {doubt: right.count(doubt) for doubt in set(right)}
    won = sum(count * ((doubt < one) + (doubt == one) / 2) for one in wrong for doubt, count in counts.items())
    return won / (len(wrong) * len(right))


def calibration_error(cells: Sequence[ScoredCell]) -> float | None:
    """The mean distance between doubt and share of wrong answers over the bins, weighted by their size; None without
    cells."""
    bins = reliability(cells)
    total = sum(one.cells for one in bins)
    return sum(one.cells * abs(one.doubt - one.wrong) for one in bins) / total if total else None


def thresholds(first: Sequence[ScoredCell], large: Sequence[ScoredCell], loss: float) -> list[Threshold]:
    """One threshold for each doubt of the `first` model's answers, the smallest first: the saving, and whether the two
    models together are right at most `loss` (a share of the cells that the first one answers) less often than the
    `large` one, whose cells have the same labels.

    The promise is that of BARGAIN (Zeighami, Shankar, Parameswaran, 2025): true with a certainty of 1 − ERROR for any
    distribution of answers, for documents like those that were drawn. The test bets on each document in turn that the
    loss is smaller (Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", 2024). Documents
    are the unit, as the cells of one depend on each other. Thresholds are tried from the smallest on until one fails,
    so that many tries make no promise weaker.
    """
    by_large = {(cell.document, cell.column): cell for cell in large if cell.right is not None}
    pairs = [
        (cell, doubt, by_large[cell.document, cell.column])
        for cell, doubt in _known(first)
        if (cell.document, cell.column) in by_large
    ]
    most = max(map(len, _by_document([cell for cell, _, _ in pairs]).values()), default=1)
    documents = sorted({cell.document for cell, _, _ in pairs})
    random.Random(0).shuffle(documents)  # noqa: S311 - an order of documents, no secret
    all_tokens = sum(other.prompt_tokens + other.completion_tokens for _, _, other in pairs)
    found: list[Threshold] = []
    holds = True
    for threshold in sorted({doubt for _, doubt, _ in pairs}):
        alone = [(cell, other) for cell, doubt, other in pairs if doubt <= threshold]
        gains = dict.fromkeys(documents, 0.0)
        for cell, other in alone:
            gains[cell.document] += (bool(cell.right) - bool(other.right) + loss) / most
        holds = holds and _is_gain(list(gains.values()), 1 - loss)
        saved = sum(other.prompt_tokens + other.completion_tokens for _, other in alone)
        found.append(
            Threshold(
                threshold,
                len(alone) / len(pairs),
                sum(bool(cell.right) for cell, _ in alone) / len(alone),
                sum(bool(other.right) for _, other in alone) / len(alone),
                saved / all_tokens if all_tokens else None,
                holds,
            )
        )
    return found


def _is_gain(gains: Sequence[float], least: float) -> bool:
    """Whether the mean of the distribution of `gains` is over 0, with a certainty of 1 − ERROR. No gain is below
    −`least`."""
    capital, total, squares = 1.0, 0.0, UNKNOWN
    for gain in gains:
        # From earlier documents only: a stake must not depend on its own document.
        stake = max(0.0, min(MOST_STAKE / least, total / squares))
        capital *= 1 + stake * gain
        if capital >= 1 / ERROR:
            return True
        total += gain
        squares += gain**2
    return False


def _known(cells: Sequence[ScoredCell]) -> list[tuple[ScoredCell, float]]:
    return [(cell, cell.doubt) for cell in cells if cell.right is not None and cell.doubt is not None]


def _by_document(cells: Sequence[ScoredCell]) -> Mapping[str, list[ScoredCell]]:
    found: dict[str, list[ScoredCell]] = {}
    for cell in cells:
        found.setdefault(cell.document, []).append(cell)
    return found


def _interval(cells: Sequence[ScoredCell]) -> tuple[float, float] | None:
    sums = [(float(sum(not cell.right for cell in of)), float(len(of))) for of in _by_document(cells).values()]
    found = interval(sums, lambda total: total[0] / total[1] if total[1] else None, 1 / len(cells) ** 2)
    return (max(0.0, found[0]), min(1.0, found[1])) if found else None
