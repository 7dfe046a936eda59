"""Columns of text on a page, found by the places of its lines."""

from collections.abc import Sequence
from statistics import median
from typing import Generic, NamedTuple, TypeVar

COLUMN_LINES = 8
_COLUMN_WIDTH = 0.3
_COLUMN_FILLED = 0.7
"""A column has at least this many lines, this share of the text's width (of three or more columns half of it), and
lines that fill this share of it; the columns of a table do not."""

T = TypeVar("T")


class Placed(NamedTuple, Generic[T]):
    """A line, or a piece of one, and its place on a page without skew; `y`: of its middle."""

    item: T
    x0: float
    x1: float
    y: float
    height: float


def parted(lines: list[Placed[T]], gutters: Sequence[float] | None = None) -> list[list[Placed[T]]]:
    """The lines, cut into blocks at columns side by side; a line across two ends the blocks above it.

    `gutters`: where the second column and those after it may begin; None: one of two, at any line.
    """
    if not lines:
        return []
    least = _COLUMN_WIDTH * _span(lines)
    for gutter in sorted({line.x0 for line in lines}) if gutters is None else gutters[:1]:
        left = [line for line in lines if line.x1 <= gutter]
        right = [line for line in lines if line.x0 >= gutter]
        across = [line for line in lines if line.x0 < gutter < line.x1]
        if min(len(left), len(right)) < COLUMN_LINES or len(across) >= min(len(left), len(right)):
            continue
        if not _is_column(left, least / 2):
            continue
        others = (gutters or ())[1:]
        is_last = _is_column(right, least) and _span(left) >= least
        if is_last or len(parted(right, others)) > 1:
            blocks, top = [], float("-inf")
            for line in [*across, None]:
                end = float("inf") if line is None else line.y
                beside = _between(right, top, end)
                blocks += [_between(left, top, end), *([beside] if is_last else parted(beside, others))]
                blocks += [] if line is None else [[line]]
                top = end
            return blocks
    return [lines]


def _is_column(lines: Sequence[Placed[T]], least: float) -> bool:
    return _span(lines) >= least and median(line.x1 - line.x0 for line in lines) >= _COLUMN_FILLED * _span(lines)


def _span(lines: Sequence[Placed[T]]) -> float:
    return max(line.x1 for line in lines) - min(line.x0 for line in lines)


def _between(column: Sequence[Placed[T]], top: float, bottom: float) -> list[Placed[T]]:
    return [line for line in column if top <= line.y < bottom]
