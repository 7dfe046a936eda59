"""Whether a PDF's page surely shows all of its words, decided from its objects without drawing it.

It does if each text object is dark, opaque and complete (`Content.is_plain`), nothing else lies on a word, no word on
another one, and each letter of a font has left ink once. In all other cases the drawn page decides.
"""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import pypdfium2.raw as pdfium_c

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.content import Content, Other
from columnist.documents.reading.pdf.layer import Box, TextLayer

LEAST_AREA = 0.5
"""Square points per letter: about a font of one point, which nobody can read."""

LOW = 1.2
"""Points: the letters of a higher word are not tiny."""

LARGEST_SIDE = 3000
"""Most pixels of a drawn page."""

INK = 24
"""Levels of grey (of 255) between the darkest and the lightest pixel of a word; one with fewer is examined closely."""

_MOST_OTHERS = 300
_MOST_TOUCHED = 30
"""Most words that are examined one by one: more are drawn at once."""
_CORE = 0.25
"""The share of a word's height, at its top and bottom, in which another object may touch it without covering it."""

_SIDE = 1.0
"""The same at its left and right, in points."""

_LONGEST = 2000
"""Pixels of the longer side of a part of a page that is drawn."""

_SHARPNESS = 2.0
"""Pixels per point, for letters of the usual size."""

_DARK = 225
"""Level of grey between ink and background: the palest letters that are examined here are darker."""

_Line = tuple[float, float, int, int]
"""A line: its top, its bottom, and the range of its words."""


def shows_all(layer: TextLayer, content: Content, over: Sequence[Other]) -> bool:
    """Whether no word of the page can be hidden; if False, nothing is known. `over`: the drawings of annotations."""
    others = [*content.others, *over]
    if not content.is_plain or len(others) > _MOST_OTHERS or not all(piece.drawn_by for piece in layer.pieces):
        return False
    lines = _apart(layer)
    if lines is None:
        return False
    touched = {word for other in others for word in _touched(other, layer, lines, content)}
    if len(touched) > _MOST_TOUCHED:
        return False
    return all(_shows(layer, word) for word in touched) and _leaves_ink(layer, content, touched)


def is_tiny(boxes: Iterable[Sequence[float]], letters: int) -> bool:
    """Whether letters with these boxes are too small to be read."""
    return sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) < LEAST_AREA * letters


def is_tiny_word(words: Sequence[WordBox], index: int) -> bool:
    """Whether the word with this box is too small to be read."""
    word = words[index]
    if min(word.x1 - word.x0, word.y1 - word.y0) > LOW:
        return False
    # A full stop in another font is another box of the same word.
    own = [one[2:] for one in words[max(index - 9, 0) : index + 10] if one.start == word.start]
    return is_tiny(own, word.end - word.start)


def _apart(layer: TextLayer) -> list[_Line] | None:
    """The lines of words, if all are on the page, large enough, and none lies on another one; else None."""
    width, height = layer.page.get_size()
    lines: list[_Line] = []
    words = layer.words
    begun, top, bottom, right = 0, 0.0, 0.0, 0.0
    for index, (_, _, x0, y0, x1, y1) in enumerate(words):
        if x0 < 0 or x1 > width:
            return None
        if (y1 - y0 < LOW or x1 - x0 < LOW) and is_tiny_word(words, index):
            return None
        if x0 > right - 1 and y0 < bottom and y1 > top:  # the word continues the line
            if y0 < top:
                top = y0
            if y1 > bottom:
                bottom = y1
        else:
            lines.append((top, bottom, begun, index))
            begun, top, bottom = index, y0, y1
        right = x1
    lines.append((top, bottom, begun, len(words)))
    if min(line[0] for line in lines) < 0 or max(line[1] for line in lines) > height:
        return None
    lowest = accumulate((line_bottom for _, line_bottom, _, _ in lines), max)
    is_ordered = all(line[0] > earlier - 1 for line, earlier in zip(lines[1:], lowest, strict=False))
    return lines if is_ordered or not crossing(words, width, height) else None


def crossing(words: Sequence[WordBox], width: float, height: float) -> list[Box]:
    """The words that lie on earlier words, on a page of this size."""
    scale = min(1.0, LARGEST_SIDE / max(width, height, 1))
    stride = int(width * scale) + 1
    taken, taking = bytearray(stride * (int(height * scale) + 2)), b"\1" * stride
    found = []
    for _, _, x0, y0, x1, y1 in words:
        left, top, right, bottom = int(x0 * scale), int(y0 * scale), int(x1 * scale) + 1, int(y1 * scale) + 1
        # Only inner rows: neighbouring lines touch the outer ones.
        for row in range((max(top, 0) + 4) & ~3, bottom - 1, 4):
            begin, finish = row * stride + max(left, 0) + 1, row * stride + min(right - 1, stride)
            if begin < finish <= len(taken):
                if taken.find(1, begin, finish) >= 0:
                    found.append((x0, y0, x1, y1))
                taken[begin:finish] = taking[: finish - begin]
    return found


def _touched(other: Other, layer: TextLayer, lines: Sequence[_Line], content: Content) -> Iterator[WordBox]:
    """The words that another object may hide: it lies on their middle, and is no light background under them."""
    left, top, right, bottom = layer.to_points(*other.place)
    for line_top, line_bottom, begin, end in lines:
        if line_top >= bottom or top >= line_bottom:
            continue
        for word in layer.words[begin:end]:
            _, _, x0, y0, x1, y1 = word
            margin = _CORE * (y1 - y0)
            side = min(_SIDE, _CORE * (x1 - x0))
            if (
                x0 + side < right
                and left < x1 - side
                and y0 + margin < bottom
                and top < y1 - margin
                and not (other.is_light and _is_later(word, other, layer, content))
            ):
                yield word


def _is_later(word: WordBox, other: Other, layer: TextLayer, content: Content) -> bool:
    own = [piece for piece in layer.pieces if piece.start < word.end and word.start < piece.end]
    return all(content.texts[piece.drawn_by][0] > other.order for piece in own if piece.drawn_by in content.texts)


def _leaves_ink(layer: TextLayer, content: Content, touched: Iterable[WordBox]) -> bool:
    """Whether each letter and digit leaves ink: each of a font once, and one of each form, because the form may be on a
    layer."""
    fonts, text, texts = layer.fonts, layer.text, content.texts
    if any(piece.drawn_by not in texts for piece in layer.pieces):
        return False
    new = {font: set(filter(str.isalnum, letters - fonts.drawn[font])) for font, letters in layer.letters.items()}
    forms = set() if fonts.forms_are_shown else {texts[piece.drawn_by][1] for piece in layer.pieces} - {0}
    if not forms and not any(new.values()):
        return True
    taken = bytearray(len(text))
    for word in touched:
        taken[word.start : word.end] = b"\1" * (word.end - word.start)
    # A long line has many letters, and is drawn once for all of them.
    for start, end, drawn_by, font in sorted(layer.pieces, key=lambda piece: piece.start - piece.end):
        form = texts[drawn_by][1]
        looked_at = new[font].intersection(text[start:end])
        if form in forms and not looked_at:
            looked_at.update(list(filter(str.isalnum, text[start:end]))[:1])
        places = [at for at in (_free(text, letter, start, end, taken) for letter in looked_at) if at >= 0]
        if not places:
            continue
        if not _show(layer, places):
            return False
        forms.discard(form)
        shown = {text[at] for at in places}
        new[font] -= shown
        fonts.drawn[font] |= shown
        if not forms and not any(new.values()):
            return True
    return False


def _free(text: str, letter: str, start: int, end: int, taken: bytearray) -> int:
    """The place of a letter in a part of the text that nothing touches; -1 if there is none."""
    at = text.find(letter, start, end)
    while at >= 0 and taken[at]:
        at = text.find(letter, at + 1, end)
    return at


def _show(layer: TextLayer, places: Sequence[int]) -> bool:
    """Whether each of the characters at these places leaves ink on a light background."""
    boxes = [layer.box(layer.characters(at, at + 1).start) for at in places]
    known = [box for box in boxes if box is not None]
    if len(known) < len(boxes):
        return False
    around = (
        min(box[0] for box in known),
        min(box[1] for box in known),
        max(box[2] for box in known),
        max(box[3] for box in known),
    )
    pixels, stride, scale = _drawn(layer, around)
    left, top = int(around[0] * scale), int(around[1] * scale)
    for box in known:
        begin, end = int(box[0] * scale) - left, int(box[2] * scale) - left + 1
        rows = range(int(box[1] * scale) - top, int(box[3] * scale) - top + 1)
        if all(min(pixels[row * stride + begin : row * stride + end]) >= _DARK for row in rows):
            return False
    return True


def _shows(layer: TextLayer, word: WordBox) -> bool:
    """Whether there is ink on the background at a word's place."""
    pixels, stride, _ = _drawn(layer, word[2:])
    rows = (pixels[start : start + stride] for start in range(0, len(pixels), stride))
    return any(max(row) - min(row) >= INK for row in rows)


def _drawn(layer: TextLayer, box: Box) -> tuple[bytearray, int, float]:
    """A part of the page as it is drawn: its levels of grey, the pixels per row, and the pixels per point."""
    x0, y0, x1, y1 = box
    scale = min(_SHARPNESS, _LONGEST / max(x1 - x0, y1 - y0, 1))
    left, top = int(x0 * scale), int(y0 * scale)
    width, height = int(x1 * scale) - left + 1, int(y1 * scale) - top + 1
    page_width, page_height = (int(side * scale) for side in layer.page.get_size())
    pixels = bytearray(b"\xff") * (width * height)
    room = ctypes.byref(ctypes.c_ubyte.from_buffer(pixels))  # a type for each length would take as long as the drawing
    bitmap = pdfium_c.FPDFBitmap_CreateEx(width, height, pdfium_c.FPDFBitmap_Gray, room, width)
    flags = pdfium_c.FPDF_ANNOT
    pdfium_c.FPDF_RenderPageBitmap(bitmap, layer.page.raw, -left, -top, page_width, page_height, 0, flags)
    pdfium_c.FPDFBitmap_Destroy(bitmap)
    return pixels, width, scale
