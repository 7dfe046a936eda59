"""Shapes of a slide by their places: the colour behind a shape's letters, and whether another shape covers it."""

from collections.abc import Sequence
from typing import NamedTuple

from columnist.documents.reading.office.theme import UNKNOWN


class Placed(NamedTuple):
    """A shape: its rectangle, the colour of its fill (`UNKNOWN` for a picture or several, None without one), and
    whether it is opaque. Later shapes lie over earlier ones."""

    left: float
    top: float
    right: float
    bottom: float
    fill: str | None
    is_opaque: bool

    def is_inside(self, other: "Placed") -> bool:
        """Whether it lies completely inside another one."""
        is_wide = other.left <= self.left and self.right <= other.right
        return is_wide and other.top <= self.top and self.bottom <= other.bottom

    def touches(self, other: "Placed") -> bool:
        """Whether they overlap."""
        is_apart = self.right <= other.left or other.right <= self.left
        return not (is_apart or self.bottom <= other.top or other.bottom <= self.top)


def ground_at(shapes: Sequence[Placed], index: int, paper: str) -> str:
    """The colour behind the letters of a shape: its own, else that of the last earlier shape that contains it
    completely."""
    own = shapes[index]
    if own.fill is not None:
        return own.fill
    for other in reversed(shapes[:index]):
        if other.fill is not None and own.touches(other):
            return other.fill if own.is_inside(other) else UNKNOWN
    return paper


def is_covered(shapes: Sequence[Placed], index: int) -> bool:
    """Whether a later shape covers a shape completely."""
    own = shapes[index]
    return any(other.is_opaque and own.is_inside(other) for other in shapes[index + 1 :])
