"""Words of a PDF's text layer that its page does not show.

The drawn page decides, not a list of tricks: a word that leaves no mark on it is hidden, be it by render mode, colour,
transparency, size, clip, cover, layer or place. A word without a mark of its own may still be what OCR put over, or
under, a scanned picture: where that picture has ink, the word counts as shown.
"""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops

from columnist.documents.model import WordBox
from columnist.documents.reading.layer import Box, TextLayer
from columnist.documents.reading.visibility import LEAST_CONTRAST

INK = 24
"""Levels of grey (of 255) between the darkest and the lightest pixel of a word; one with fewer is looked at closely."""

LEAST_AREA = 0.5
"""Square points a letter: about a font of one point, which nobody reads."""

CLOSE_UP = 3.0
"""Pixels a point for a close look: thin letters reach their full colour."""

LARGEST_SIDE = 3000
"""Pixels of a drawn page, at most."""

MOST_DRAWN = 6
"""How often a page is drawn again, at most, to tell words apart that lie over each other."""

_IS_DARK = bytes(level < 180 for level in range(256))
_PALE = 190
_FAINT = 200
"""Letters whose colours are all lighter, or that are less opaque, may leave no mark."""

_SMALL = 4
"""Pixels: the width of an `l`, and the height of a dash, have less."""

_LOW = 1.2
"""Points: the letters of a word that is higher are not tiny."""

_COLOUR = tuple(ctypes.c_uint() for _ in range(4))
_CLIPS = 4
"""From this render mode on, letters are a clip path, which what is drawn next may fill."""

_Span = tuple[int, int]


@dataclass(slots=True)
class _Run:
    """A piece of a word, `text[start:end]`, that one text object draws."""

    start: int
    end: int
    box: Box
    drawn_by: Any
    hidden: bool = False


def draw(page: Any, scale: float = 1.0, mode: str = "L") -> Image.Image | None:
    """The page in grey (`L`) or colour (`RGB`), `scale` pixels a point; None if it cannot be drawn."""
    longest = max(page.get_size())
    if min(page.get_size()) <= 0:
        return None
    try:
        bitmap = page.render(scale=min(scale, LARGEST_SIDE / longest), grayscale=mode == "L", rev_byteorder=True)
        picture: Image.Image = bitmap.to_pil()
        return picture
    except (pdfium.PdfiumError, ValueError):
        return None


def contrast(picture: Image.Image) -> int:
    """Levels of grey between the darkest and the lightest pixel."""
    grey = picture.convert("L").tobytes()
    return max(grey) - min(grey)


def hidden_spans(layer: TextLayer) -> list[_Span]:
    """The parts of a page's text that it does not show, in order."""
    page = layer.page
    doubtful = _doubtful(layer)
    close = draw(page, CLOSE_UP, "RGB") if doubtful else None
    if close is None:
        return []
    runs = [run for place in doubtful for run in _runs(layer, place)]
    scale = close.width / page.get_width()
    gone: list[Any] = []
    for batch in _batches(runs):
        with without([*gone, *(run.drawn_by for run in batch)]):
            changed = draw(page, CLOSE_UP, "RGB")
        difference = ImageChops.difference(close, changed) if changed else close
        for run in batch:
            run.hidden = _is_tiny([run.box], run.end - run.start) or _most(difference, run.box, scale) < LEAST_CONTRAST
        # Of two equal words in one place, each would be left out for the other's sake.
        gone += [run.drawn_by for run in batch if run.hidden]
    with without(objects(page, pdfium_c.FPDF_PAGEOBJ_TEXT)):
        bare = draw(page, CLOSE_UP, "RGB")
    if bare is not None:
        places = [layer.to_points(*bounds) for bounds in pictures(page)]
        for run in runs:
            there = _cut(bare, run.box, scale)
            if there is not None:
                run.hidden = run.hidden or _has_the_colour_of(there, run.drawn_by)
                run.hidden = run.hidden and not _is_in_a_picture(there, run, places)
    shown = [run for run in runs if not run.hidden]
    return [
        (run.start, run.end)
        for run in runs
        if run.hidden and any(map(str.isalnum, layer.text[run.start : run.end])) and not _is_repeated(layer, run, shown)
    ]


def _is_repeated(layer: TextLayer, run: _Run, shown: Iterable[_Run]) -> bool:
    """Whether the same stands in the same place, and is shown."""
    text = layer.text[run.start : run.end]
    return any(layer.text[one.start : one.end] == text and _overlap(one.box, run.box) for one in shown)


def _doubtful(layer: TextLayer) -> list[_Span]:
    """The words that the drawn page does not clearly show: without ink, over other words, or drawn so that they may
    leave no mark."""
    page = layer.page
    drawn = _pixels(page)
    if drawn is None:
        return []
    pixels, stride, width, height = drawn
    scale = width / page.get_width()
    dark = pixels.translate(_IS_DARK)
    taken, taking = bytearray(len(pixels)), b"\1" * stride
    crossed: list[Box] = []
    odd = {_address(one) for one in objects(page, pdfium_c.FPDF_PAGEOBJ_TEXT) if _may_leave_no_mark(one)}
    found: dict[_Span, None] = {}
    # Half of the time that a page takes: no calls but of C for nearly all words.
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
        if not is_seen and not _has_ink(pixels, stride, width, height, left, top, right, bottom):
            found[start, end] = None
            continue
        if (y1 - y0 < _LOW or x1 - x0 < _LOW) and _is_tiny_word(layer.words, index):
            found[start, end] = None
            continue
        # Some rows, and not the outer ones, which neighbouring lines touch.
        for row in range((top + 4) & ~3, bottom - 1, 4):
            begin, finish = row * stride + max(left, 0) + 1, row * stride + min(right - 1, width)
            if begin < finish <= len(taken):
                if taken.find(1, begin, finish) >= 0:
                    crossed.append((x0, y0, x1, y1))
                taken[begin:finish] = taking[: finish - begin]
    if crossed:
        found |= {word[:2]: None for word in layer.words if any(_overlap(word[2:], one) for one in crossed)}
    # What else the same objects draw may have left its mark on something else.
    odd |= {drawn for place in found for drawn in _drawn_by(layer, place)}
    if odd:
        found |= {word[:2]: None for word in layer.words if not odd.isdisjoint(_drawn_by(layer, word[:2]))}
    return sorted(found)


def _has_ink(pixels: bytes, stride: int, width: int, height: int, left: int, top: int, right: int, bottom: int) -> bool:
    """Whether a word leaves a mark in its box: of a full stop or a hyphen, around it, as its own are of one grey."""
    across, down = right - left <= _SMALL, bottom - top <= _SMALL
    left, right = max(left - across, 0), min(right + across, width)
    top, bottom = max(top - down, 0), min(bottom + down, height)
    if left >= right or top >= bottom:
        return False
    rows = (pixels[row * stride + left : row * stride + right] for row in range(top, bottom))
    return any(max(row) - min(row) >= INK for row in rows)


def _pixels(page: Any) -> tuple[bytes, int, int, int] | None:
    """The drawn page in grey, about a pixel a point: its bytes, those of a row, width and height."""
    if min(page.get_size()) <= 0:
        return None
    try:
        bitmap = page.render(scale=min(1.0, LARGEST_SIDE / max(page.get_size())), grayscale=True)
    except (pdfium.PdfiumError, ValueError):
        return None
    return bytes(bitmap.buffer), bitmap.stride, bitmap.width, bitmap.height


def _drawn_by(layer: TextLayer, place: _Span) -> Iterator[int]:
    """The addresses of the text objects that draw a part of the text."""
    for index in layer.characters(*place):
        drawn = pdfium_c.FPDFText_GetTextObject(layer.pointer, index)
        if drawn:
            yield _address(drawn)


def _may_leave_no_mark(drawn: Any) -> bool:
    colour = _fill(drawn)
    return colour is None or (min(colour[:3]) > _PALE or colour[3] < _FAINT)


def _fill(drawn: Any) -> tuple[int, int, int, int] | None:
    """Red, green, blue and opacity of letters that are filled; None for other letters, and for patterns."""
    red, green, blue, opaque = _COLOUR
    if pdfium_c.FPDFTextObj_GetTextRenderMode(drawn) != pdfium_c.FPDF_TEXTRENDERMODE_FILL:
        return None
    if not pdfium_c.FPDFPageObj_GetFillColor(drawn, red, green, blue, opaque):
        return None
    return red.value, green.value, blue.value, opaque.value


def _is_tiny(boxes: Iterable[Sequence[float]], letters: int) -> bool:
    return sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) < LEAST_AREA * letters


def _is_tiny_word(words: Sequence[WordBox], index: int) -> bool:
    word = words[index]
    if min(word.x1 - word.x0, word.y1 - word.y0) > _LOW:
        return False
    # A stop in another font is a box of the same word.
    own = [one[2:] for one in words[max(index - 9, 0) : index + 10] if one.start == word.start]
    return _is_tiny(own, word.end - word.start)


def _runs(layer: TextLayer, place: _Span) -> Iterator[_Run]:
    """The pieces of a word, one for each text object; a character that none draws belongs to the piece before it."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    run: _Run | None = None
    for at in range(*place):
        for index in layer.characters(at, at + 1):
            drawn_by = pdfium_c.FPDFText_GetTextObject(layer.pointer, index)
            if not drawn_by or not pdfium_c.FPDFText_GetCharBox(layer.pointer, index, left, right, bottom, top):
                continue
            box = layer.to_points(left.value, top.value, right.value, bottom.value)
            if run is not None and _address(run.drawn_by) == _address(drawn_by):
                run.box = _around(run.box, box)
            else:
                if run is not None:
                    run.end = at
                    yield run
                run = _Run(at if run else place[0], at, box, drawn_by)
    if run is not None:
        run.end = place[1]
        yield run


def _batches(runs: Sequence[_Run]) -> list[list[_Run]]:
    """The runs in groups, each to be left out together: of two objects that lie over each other, one shows."""
    by_object: dict[int, list[_Run]] = {}
    for run in runs:
        by_object.setdefault(_address(run.drawn_by), []).append(run)
    batches: list[list[_Run]] = []
    for own in by_object.values():
        free = (batch for batch in batches if not any(_overlap(run.box, other.box) for run in own for other in batch))
        batch = next(free, batches[-1] if len(batches) == MOST_DRAWN else None)
        if batch is None:
            batches.append(batch := [])
        batch += own
    return batches


@contextmanager
def without(objects: Iterable[Any]) -> Iterator[None]:
    """The page does not draw these objects in the context."""
    left_out = {_address(one): one for one in objects}
    for one in left_out.values():
        pdfium_c.FPDFPageObj_SetIsActive(one, False)
    try:
        yield
    finally:
        for one in left_out.values():
            pdfium_c.FPDFPageObj_SetIsActive(one, True)


def _has_the_colour_of(ground: Image.Image, drawn_by: Any) -> bool:
    """Whether opaque letters have the colour of the ground: then only other letters under them change."""
    colour = _fill(drawn_by)
    if colour is None or colour[3] < 255:
        return False
    bands = zip(_extremes(ground), colour, strict=False)
    return all(high - LEAST_CONTRAST < own < low + LEAST_CONTRAST for (low, high), own in bands)


def _is_in_a_picture(ground: Image.Image, run: _Run, places: Iterable[Box]) -> bool:
    """Whether a picture over or under the letters has ink there, or they cut out what is drawn next."""
    is_clip = pdfium_c.FPDFTextObj_GetTextRenderMode(run.drawn_by) >= _CLIPS
    return (is_clip or any(_overlap(run.box, place) for place in places)) and contrast(ground) >= INK


def pictures(page: Any) -> Iterator[Box]:
    """Left, top, right, bottom in PDF space of the pictures of a page, and of its forms that hold one."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for one in _children(page):
        kind = pdfium_c.FPDFPageObj_GetType(one)
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE or (
            kind == pdfium_c.FPDF_PAGEOBJ_FORM and any(objects(one, pdfium_c.FPDF_PAGEOBJ_IMAGE))
        ):
            pdfium_c.FPDFPageObj_GetBounds(one, left, bottom, right, top)
            yield left.value, top.value, right.value, bottom.value


def objects(parent: Any, kind: int) -> Iterator[Any]:
    """The objects of a kind on a page or in a form, and in the forms there."""
    for one in _children(parent):
        found = pdfium_c.FPDFPageObj_GetType(one)
        if found == kind:
            yield one
        elif found == pdfium_c.FPDF_PAGEOBJ_FORM:
            yield from objects(one, kind)


def _children(parent: Any) -> Iterator[Any]:
    if isinstance(parent, pdfium.PdfPage):
        for index in range(pdfium_c.FPDFPage_CountObjects(parent.raw)):
            yield pdfium_c.FPDFPage_GetObject(parent.raw, index)
    else:
        for index in range(pdfium_c.FPDFFormObj_CountObjects(parent)):
            yield pdfium_c.FPDFFormObj_GetObject(parent, index)


def _address(pointer: Any) -> int:
    address = ctypes.cast(pointer, ctypes.c_void_p).value
    return address or 0


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _cut(picture: Image.Image, box: Box, scale: float) -> Image.Image | None:
    left, top = max(int(box[0] * scale), 0), max(int(box[1] * scale), 0)
    right, bottom = min(int(box[2] * scale) + 1, picture.width), min(int(box[3] * scale) + 1, picture.height)
    return picture.crop((left, top, right, bottom)) if left < right and top < bottom else None


def _most(difference: Image.Image, box: Box, scale: float) -> int:
    """The largest change of a colour in a box."""
    there = _cut(difference, box, scale)
    return 0 if there is None else max(high for _, high in _extremes(there))


def _extremes(picture: Image.Image) -> list[tuple[int, int]]:
    """The least and the largest level of each colour."""
    levels = [channel.tobytes() for channel in picture.split()]
    return [(min(one), max(one)) for one in levels]
