"""The worth of a flag: whether green answers are right more often than yellow ones, and yellow more often than red."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from columnist.evaluation.interval import interval
from columnist.evaluation.scores import ScoredCell
from columnist.reviews.model import Flag, Format

ORDER: tuple[tuple[Flag, Flag], ...] = (("green", "yellow"), ("yellow", "red"))
FLAGS: tuple[Flag, ...] = ("green", "yellow", "red", "grey")


@dataclass(frozen=True, slots=True)
class Share:
    """The number of judged cells with a flag, and the share that is right (0 to 1)."""

    cells: int
    right: float


def by_flag(cells: Sequence[ScoredCell]) -> dict[Flag, Share]:
    """The share that is right, for each flag that judged cells have."""
    judged = {flag: [cell.right for cell in cells if cell.flag == flag and cell.right is not None] for flag in FLAGS}
    return {flag: Share(len(right), sum(right) / len(right)) for flag, right in judged.items() if right}


def order_of_flags(cells: Sequence[ScoredCell]) -> list[str]:
    """Sentences that say whether each flag is right more often than the next worse one, and how surely."""
    sentences = []
    shares = by_flag(cells)
    for better, worse in ORDER:
        if better not in shares or worse not in shares:
            missing = " and ".join(flag for flag in (better, worse) if flag not in shares)
            sentences.append(f"{better.capitalize()} against {worse}: no answer is {missing}.")
            continue
        difference = shares[better].right - shares[worse].right
        found = _interval(cells, better, worse)
        range_of_it = (
            f"95 % interval {100 * found[0]:+.1f} … {100 * found[1]:+.1f}" if found else "too few for an interval"
        )
        verdict = (
            "is right more often than"
            if found and found[0] > 0
            else "is right less often than"
            if found and found[1] < 0
            else "is not shown to be right more often than"
        )
        sentences.append(f"{better.capitalize()} {verdict} {worse}: {100 * difference:+.1f} points ({range_of_it}).")
    return sentences


def out_of_order(cells: Sequence[ScoredCell], formats: Mapping[str, Format]) -> list[str]:
    """Formats (of the columns in `formats`) in which a flag is right no more often than the next worse one, with both
    shares."""
    found = []
    for kind in dict.fromkeys(formats.values()):
        shares = by_flag([cell for cell in cells if formats.get(cell.column) == kind])
        for better, worse in ORDER:
            if better in shares and worse in shares and shares[better].right <= shares[worse].right:
                figures = f"{better} {100 * shares[better].right:.1f} %, {worse} {100 * shares[worse].right:.1f} %"
                found.append(f"{kind.replace('_', ' ')} ({figures})")
    return found


def green_is_proven(cells: Sequence[ScoredCell]) -> bool:
    """Whether green answers are right more often than yellow ones by more than chance."""
    found = _interval(cells, "green", "yellow")
    return found is not None and found[0] > 0


def _interval(cells: Sequence[ScoredCell], better: Flag, worse: Flag) -> tuple[float, float] | None:
    sums: dict[str, list[float]] = {}
    for cell in cells:
        if cell.right is not None and cell.flag in (better, worse):
            of_document = sums.setdefault(cell.document, [0.0] * 4)
            at = 0 if cell.flag == better else 2
            of_document[at] += cell.right
            of_document[at + 1] += 1
    totals = [sum(column) for column in zip(*sums.values(), strict=True)] or [0.0] * 4
    if not totals[1] or not totals[3]:
        return None

    def difference(total: Sequence[float]) -> float | None:
        return total[0] / total[1] - total[2] / total[3] if total[1] and total[3] else None

    # Add two right and two wrong cells of each flag, as for two evaluations.
    return interval([tuple(one) for one in sums.values()], difference, sum(1 / totals[at] ** 2 for at in (1, 3)))
