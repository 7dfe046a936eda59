"""Words of a PDF with a line through them, either drawn or a reviewer's mark."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.layer import Box, TextLayer

_LOW, _HIGH = 0.25, 0.75
"""A line between these shares of a word's height, from its foot, goes through it."""
_THICK = 0.25
"""Share of a word's height: a thicker mark is no line."""
_COVERED, _TOUCHED = 0.97, 0.1
"""A line over this share of a word strikes all of it; one over less than the other touches it by chance."""
_TOP = WordBox._fields.index("y0")
_TALLEST = 100.0
"""Points: larger letters are no text."""
_BEYOND = 1.0
"""Share of a word's height: a line that continues farther than this beside the struck words is a rule of a form."""


class _Stroke(NamedTuple):
    x0: float
    x1: float
    top: float
    bottom: float


def struck_spans(layer: TextLayer, bars: Iterable[Box], marks: Iterable[Box]) -> list[tuple[int, int]]:
    """The parts of a page's text that are struck through, in order. `bars`: thin marks of ink, in PDF space; `marks`:
    the places that a reviewer has struck, each on one line."""
    spans: set[tuple[int, int]] = set()
    words: list[WordBox] = []
    for bar in bars:
        x0, y0, x1, y1 = layer.to_points(*bar)
        if x1 - x0 > y1 - y0:
            words = words or sorted(layer.words, key=itemgetter(_TOP))
            spans.update(_struck_by(layer, words, _Stroke(x0, x1, y0, y1)))
    for mark in marks:
        x0, y0, x1, y1 = layer.to_points(*mark)
        for word in layer.words:
            if y0 < (word.y0 + word.y1) / 2 < y1:
                spans.update(_covered(layer, word, x0, x1))
    return sorted(spans)


def _struck_by(layer: TextLayer, words: Sequence[WordBox], stroke: _Stroke) -> Iterator[tuple[int, int]]:
    """`words`: the words of the layer, from the top."""
    middle = (stroke.top + stroke.bottom) / 2
    first, last = (bisect_left(words, y, key=itemgetter(_TOP)) for y in (middle - _TALLEST, middle))
    touched = [word for word in words[first:last] if word.x0 < stroke.x1 and stroke.x0 < word.x1 and middle < word.y1]
    if not touched or not all(_goes_through(stroke, middle, word.y0, word.y1) for word in touched):
        return
    beyond = _BEYOND * max(word.y1 - word.y0 for word in touched)
    if min(word.x0 for word in touched) - beyond > stroke.x0 or max(word.x1 for word in touched) + beyond < stroke.x1:
        return
    for word in touched:
        yield from _covered(layer, word, stroke.x0, stroke.x1)


def _goes_through(stroke: _Stroke, middle: float, top: float, bottom: float) -> bool:
    height = bottom - top
    return stroke.bottom - stroke.top <= _THICK * height and _LOW * height < bottom - middle < _HIGH * height


def _covered(layer: TextLayer, word: WordBox, x0: float, x1: float) -> Iterator[tuple[int, int]]:
    """The part of a word between `x0` and `x1`: all, none, or some of its letters."""
    share = (min(word.x1, x1) - max(word.x0, x0)) / max(word.x1 - word.x0, 0.01)
    if share >= _COVERED:
        yield word.start, word.end
    elif share > _TOUCHED:
        for at in range(word.start, word.end):
            boxes = filter(None, map(layer.box, layer.characters(at, at + 1)))
            if any(x0 < (left + right) / 2 < x1 for left, _, right, _ in boxes):
                yield at, at + 1
