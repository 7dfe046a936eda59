"""Words of a PDF's text layer that its page does not show.

The drawn page decides, not a list of tricks: a word that leaves no mark on it is hidden, whether by render mode,
colour, transparency, size, clip, cover, layer or place. A word without a mark may come from OCR, which put it over or
under a scanned picture: if that picture has ink there, the word counts as shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from math import ceil
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.content import FAINT, PALE, Content, fill_of
from columnist.documents.reading.pdf.direct import direct, pointer_to
from columnist.documents.reading.pdf.layer import Box, TextLayer
from columnist.documents.reading.pdf.plain import INK, LARGEST_SIDE, LOW, crossing, is_tiny, is_tiny_word
from columnist.documents.reading.visibility import LEAST_CONTRAST

CLOSE_UP = 3.0
"""Pixels per point for a close look: thin letters reach their full colour."""

_TWICE = 1.0
"""Points: two equal words whose edges are nearer are one."""

_AS_HIGH, _AWAY, _SHARED = 1.5, 0.25, 0.5
"""Of two words upon each other: the ratio of their heights, the distance of their middles in shares of the height, and
the share of the narrower one that both cover."""
_MOST_CROSSED = 300
"""A page with more is a drawing, or is read by OCR."""

_AROUND = 3.0
"""Points around a part of a page that is drawn."""

MOST_DRAWN = 6
"""How often a page may be drawn again to distinguish words that lie over each other."""

_IS_DARK = bytes(level < 180 for level in range(256))
_SMALL = 4
"""Pixels: the width of an `l`, and the height of a dash, are less."""

_CLIPS = 4
"""From this render mode on, letters are a clip path, which later drawing may fill."""

_MODE, _SET_ACTIVE = direct("FPDFTextObj_GetTextRenderMode"), direct("FPDFPageObj_SetIsActive")

_Span = tuple[int, int]


@dataclass(slots=True)
class _Run:
    """A piece of a word, `text[start:end]`, that one text object draws."""

    start: int
    end: int
    box: Box
    drawn_by: int
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A page, or a part of it, as it is drawn: the picture, its pixels per point, and the place of its first pixel."""

    picture: Image.Image
    scale: float
    left: int = 0
    top: int = 0

    def cut(self, box: Box) -> Image.Image | None:
        """The picture inside a box; None if it is empty."""
        left, top = max(int(box[0] * self.scale) - self.left, 0), max(int(box[1] * self.scale) - self.top, 0)
        right = min(int(box[2] * self.scale) + 1 - self.left, self.picture.width)
        bottom = min(int(box[3] * self.scale) + 1 - self.top, self.picture.height)
        return self.picture.crop((left, top, right, bottom)) if left < right and top < bottom else None


def draw(page: Any, scale: float = 1.0, mode: str = "L", part: Box | None = None) -> View | None:
    """The page, or a part with its surroundings, in grey (`L`) or colour (`RGB`), at `scale` pixels per point; None if
    it cannot be drawn."""
    width, height = page.get_size()
    if min(width, height) <= 0:
        return None
    scale = min(scale, LARGEST_SIDE / max(width, height))
    x0, y0, x1, y1 = part or (0.0, 0.0, width, height)
    x0, x1 = max(min(x0 - _AROUND, width - _AROUND), 0), min(max(x1 + _AROUND, _AROUND), width)
    y0, y1 = max(min(y0 - _AROUND, height - _AROUND), 0), min(max(y1 + _AROUND, _AROUND), height)
    try:
        bitmap = page.render(
            scale=scale, crop=(x0, height - y1, width - x1, y0), grayscale=mode == "L", rev_byteorder=True
        )
        return View(bitmap.to_pil(), scale, ceil(x0 * scale), ceil(y0 * scale))
    except (pdfium.PdfiumError, ValueError):
        return None


def contrast(picture: Image.Image) -> int:
    """Levels of grey between the darkest and the lightest pixel."""
    grey = picture.convert("L").tobytes()
    return max(grey) - min(grey)


def hidden_spans(layer: TextLayer, content: Content) -> list[_Span]:
    """The parts of a page's text that it does not show, in order; of a page of which `shows_all` is false."""
    page = layer.page
    runs = [run for place in _doubtful(layer, content) for run in _runs(layer, place)]
    if not runs:
        return []
    part = reduce(_around, (run.box for run in runs))
    close = draw(page, CLOSE_UP, "RGB", part)
    if close is None:
        return []
    gone: list[int] = []
    for batch in _batches(runs):
        with without([*gone, *(run.drawn_by for run in batch)]):
            changed = draw(page, CLOSE_UP, "RGB", part)
        difference = replace(close, picture=ImageChops.difference(close.picture, changed.picture)) if changed else close
        for run in batch:
            run.hidden = is_tiny([run.box], run.end - run.start) or _most(difference.cut(run.box)) < LEAST_CONTRAST
        # If two equal words are in one place, each would be left out because of the other.
        gone += [run.drawn_by for run in batch if run.hidden]
    with without(content.texts):
        bare = draw(page, CLOSE_UP, "RGB", part)
    if bare is not None:
        places = [layer.to_points(*bounds) for bounds in content.pictures]
        grounds = [
            (run, there, _has_the_colour_of(there, run.drawn_by))
            for run in runs
            if (there := bare.cut(run.box)) is not None
        ]
        same = {run.drawn_by for run, _, is_same in grounds if is_same}
        alone = bare
        if same:  # PDFium says that a gradient is white, so the drawn letters decide
            with without(content.texts.keys() - same):
                alone = draw(page, CLOSE_UP, "RGB", part) or bare
        for run, there, is_same in grounds:
            if is_same:
                drawn = alone.cut(run.box)
                run.hidden = run.hidden or not drawn or _most(ImageChops.difference(there, drawn)) < LEAST_CONTRAST
            run.hidden = run.hidden and not _is_in_a_picture(there, run, places)
    shown = [run for run in runs if not run.hidden]
    return [
        (run.start, run.end)
        for run in runs
        if run.hidden and any(map(str.isalnum, layer.text[run.start : run.end])) and not _is_repeated(layer, run, shown)
    ]


def repeated_spans(layer: TextLayer) -> list[_Span]:
    """Words that are drawn again where they are already, in order: for bold, or by mistake. They are read once."""
    seen: dict[tuple[str, int, int], WordBox] = {}
    found: dict[_Span, None] = {}
    for word in layer.words:
        text, x, y = layer.text[word.start : word.end], int(word.x0 // _TWICE), int(word.y0 // _TWICE)
        near = (seen.get((text, x + right, y + down)) for right in (-1, 0, 1) for down in (-1, 0, 1))
        # A word of two fonts has two boxes.
        if any(known is not None and known.start != word.start and _are_near(word, known) for known in near):
            found[word.start, word.end] = None
        else:
            seen[text, x, y] = word
    return list(found)


def overlaid(text: str, words: Sequence[WordBox], size: tuple[float, float]) -> int:
    """How many words are drawn upon other ones of about their size, so that neither can be read."""
    crossed = crossing(words, *size)
    above = set(crossed)
    return sum(
        word[2:] in above and any(_is_upon(text, word, one) for one in words if one is not word)
        for word in (words if len(crossed) <= _MOST_CROSSED else ())
    )


def _is_upon(text: str, word: WordBox, other: WordBox) -> bool:
    if word.start == other.start and text[word.start : word.end].isalpha():  # a logo
        return False
    high, low = sorted((word.y1 - word.y0, other.y1 - other.y0), reverse=True)
    away = abs(word.y0 + word.y1 - other.y0 - other.y1) / 2
    shared = min(word.x1, other.x1) - max(word.x0, other.x0)
    return (
        high < _AS_HIGH * low
        and away < _AWAY * low
        and shared > _SHARED * min(word.x1 - word.x0, other.x1 - other.x0)
        and all(any(map(str.isalnum, text[one.start : one.end])) for one in (word, other))
    )


def _are_near(one: WordBox, other: WordBox) -> bool:
    return all(abs(edge - its) < _TWICE for edge, its in zip(one[2:], other[2:], strict=True))


def _is_repeated(layer: TextLayer, run: _Run, shown: Iterable[_Run]) -> bool:
    """Whether the same word is in the same place, and is shown."""
    text = layer.text[run.start : run.end]
    return any(layer.text[one.start : one.end] == text and _overlap(one.box, run.box) for one in shown)


def _doubtful(layer: TextLayer, content: Content) -> list[_Span]:
    """The words that the drawn page does not clearly show: without ink, over other words, or drawn so that they may
    leave no mark."""
    drawn = _pixels(layer.page)
    if drawn is None:
        return []
    pixels, stride, width, height = drawn
    scale = width / layer.page.get_width()
    dark = pixels.translate(_IS_DARK)
    found: dict[_Span, None] = {}
    # Only calls of C for nearly all words.
    for index, (start, end, x0, y0, x1, y1) in enumerate(layer.words):
        left, top, right, bottom = int(x0 * scale), int(y0 * scale), int(x1 * scale) + 1, int(y1 * scale) + 1
        at = ((top + bottom) // 2) * stride
        is_seen = (
            left >= 0
            and top >= 0
            and right <= width
            and bottom <= height
            and right - left > _SMALL
            and bottom - top > _SMALL
            and dark.find(1, at + left, at + right) >= 0
            and dark.find(0, at + left, at + right) >= 0
        )
        is_seen = is_seen or _has_ink(pixels, stride, width, height, left, top, right, bottom)
        if not is_seen or ((y1 - y0 < LOW or x1 - x0 < LOW) and is_tiny_word(layer.words, index)):
            found[start, end] = None
    if crossed := crossing([word for word in layer.words if word[:2] not in found], *layer.page.get_size()):
        found |= {word[:2]: None for word in layer.words if any(_overlap(word[2:], one) for one in crossed)}
    odd = {one for one in content.texts if _may_leave_no_mark(one)}
    # Other words of the same objects may have left their mark elsewhere.
    odd |= {drawn_by for place in found for drawn_by in _drawn_by(layer, place)}
    if odd:
        found |= {word[:2]: None for word in layer.words if not odd.isdisjoint(_drawn_by(layer, word[:2]))}
    # A word without letters or digits has no meaning here.
    return sorted(place for place in found if any(map(str.isalnum, layer.text[slice(*place)])))


def _has_ink(pixels: bytes, stride: int, width: int, height: int, left: int, top: int, right: int, bottom: int) -> bool:
    """Whether a word leaves a mark in its box; for a full stop or a hyphen around it, because their own box has one
    grey."""
    across, down = right - left <= _SMALL, bottom - top <= _SMALL
    left, right = max(left - across, 0), min(right + across, width)
    top, bottom = max(top - down, 0), min(bottom + down, height)
    if left >= right or top >= bottom:
        return False
    rows = (pixels[row * stride + left : row * stride + right] for row in range(top, bottom))
    return any(max(row) - min(row) >= INK for row in rows)


def _pixels(page: Any) -> tuple[bytes, int, int, int] | None:
    """The drawn page in grey, at about a pixel per point: its bytes, the bytes per row, width and height."""
    if min(page.get_size()) <= 0:
        return None
    try:
        bitmap = page.render(scale=min(1.0, LARGEST_SIDE / max(page.get_size())), grayscale=True)
    except (pdfium.PdfiumError, ValueError):
        return None
    return bytes(bitmap.buffer), bitmap.stride, bitmap.width, bitmap.height


def _drawn_by(layer: TextLayer, place: _Span) -> Iterator[int]:
    """The addresses of the text objects that draw a part of the text."""
    return filter(None, map(layer.drawn_by, layer.characters(*place)))


def _may_leave_no_mark(drawn_by: int) -> bool:
    colour = _fill(drawn_by)
    return colour is None or min(colour[:3]) > PALE or colour[3] < FAINT


def _fill(drawn_by: int) -> tuple[int, int, int, int] | None:
    """Red, green, blue and opacity of filled letters; None for other letters, and for patterns."""
    is_filled = _MODE(pointer_to(drawn_by)) == pdfium_c.FPDF_TEXTRENDERMODE_FILL
    return fill_of(pointer_to(drawn_by)) if is_filled else None


def _runs(layer: TextLayer, place: _Span) -> Iterator[_Run]:
    """The pieces of a word, one for each text object."""
    for start, end, drawn_by in layer.parts(*place):
        own = (index for index in layer.characters(start, end) if layer.drawn_by(index) == drawn_by)
        boxes = [box for box in map(layer.box, own) if box is not None]
        if drawn_by and boxes:
            yield _Run(start, end, reduce(_around, boxes), drawn_by)


def _batches(runs: Sequence[_Run]) -> list[list[_Run]]:
    """The runs in groups, each of which is left out together: of two objects that lie over each other, one shows."""
    by_object: dict[int, list[_Run]] = {}
    for run in runs:
        by_object.setdefault(run.drawn_by, []).append(run)
    batches: list[list[_Run]] = []
    for own in by_object.values():
        free = (batch for batch in batches if not any(_overlap(run.box, other.box) for run in own for other in batch))
        batch = next(free, batches[-1] if len(batches) == MOST_DRAWN else None)
        if batch is None:
            batches.append(batch := [])
        batch += own
    return batches


@contextmanager
def without(objects: Iterable[int]) -> Iterator[None]:
    """In the context the page does not draw the objects at these addresses."""
    left_out = list(map(pointer_to, objects))
    for one in left_out:
        _SET_ACTIVE(one, 0)
    try:
        yield
    finally:
        for one in left_out:
            _SET_ACTIVE(one, 1)


def _has_the_colour_of(ground: Image.Image, drawn_by: int) -> bool:
    """Whether opaque letters have the colour of the background: then only other letters under them change."""
    colour = _fill(drawn_by)
    if colour is None or colour[3] < 255:
        return False
    bands = zip(_extremes(ground), colour, strict=False)
    return all(high - LEAST_CONTRAST < own < low + LEAST_CONTRAST for (low, high), own in bands)


def _is_in_a_picture(ground: Image.Image, run: _Run, places: Iterable[Box]) -> bool:
    """Whether a picture over or under the letters has ink there, or they clip later drawing."""
    is_clip = _MODE(pointer_to(run.drawn_by)) >= _CLIPS
    return (is_clip or any(_overlap(run.box, place) for place in places)) and contrast(ground) >= INK


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _most(difference: Image.Image | None) -> int:
    """The largest change of a colour."""
    return 0 if difference is None else max(high for _, high in _extremes(difference))


def _extremes(picture: Image.Image) -> list[tuple[int, int]]:
    """The least and the largest level of each colour."""
    levels = [channel.tobytes() for channel in picture.split()]
    return [(min(one), max(one)) for one in levels]
