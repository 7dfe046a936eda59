"""The text layer of a PDF's page, as PDFium gives it: its text, its words, and their places on the page."""

import ctypes
import re
from collections.abc import Callable
from math import hypot
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from columnist.documents.model import WordBox
from columnist.documents.reading.direct import Pointer, address_of, direct

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points, origin at the top left of the page as it is shown."""

_WORD = re.compile(r"\S+")
_ODD = re.compile("[\0\x02\r\ufffe\uffff]")
# Character for character, so that offsets stay. U+FFFE is PDFium's mark for a hyphen at a line's end.
_EVEN = {0xD: 0xA, 0: 0x20, 0x2: 0x2D, 0xFFFE: 0x2D, 0xFFFF: 0xFFFD}

_COUNT, _GET = direct("FPDFText_CountRects"), direct("FPDFText_GetRect")
_CHAR_BOX = direct("FPDFText_GetCharBox")
_HAS_NO_LETTER = direct("FPDFText_HasUnicodeMapError")
_OBJECT, _FONT = direct("FPDFText_GetTextObject", Pointer), direct("FPDFTextObj_GetFont", Pointer)

_ORIGIN, _GLYPH_MATRIX = direct("FPDFText_GetCharOrigin"), direct("FPDFText_GetMatrix")
_FONT_SIZE = pdfium_c.FPDFText_GetFontSize

_MOST_HELD = 16


class Piece(NamedTuple):
    """`text[start:end]`, drawn by the text object at the address `drawn_by` in the font at `font`; 0: by no object."""

    start: int
    end: int
    drawn_by: int
    font: int


class Glyph(NamedTuple):
    """The place of a character on its line, in PDF space, its size, and its upward direction."""

    x: float
    y: float
    size: float
    up: tuple[float, float]


class Fonts:
    """What is known from the pages so far about a document's fonts, each by its address.

    A font keeps its address while a page that uses it is open, so the first such page is held open.
    """

    def __init__(self) -> None:
        self.named: dict[int, set[str]] = {}
        """The letters that a font claims to draw."""
        self.drawn: dict[int, set[str]] = {}
        """The letters and digits of a font that have left a mark on a page."""
        self.nameless: set[int] = set()
        """The fonts that do not say which letters they draw."""
        self._held: list[Any] = []
        self._is_new = False

    def meet(self, font: int) -> None:
        """The page that is open uses this font."""
        if font not in self.named:
            self.named[font], self.drawn[font] = set(), set()
            self._is_new = True

    def leave(self, page: Any) -> None:
        """Close a page, unless it must be held open."""
        if not self._is_new:
            page.close()
            return
        self._is_new = False
        self._held.append(page)
        if len(self._held) > _MOST_HELD:
            for one in (self.named, self.drawn, self.nameless):
                one.clear()
            while self._held:
                self._held.pop().close()


class TextLayer:
    """A page's text and words; `page` and `text_page` stay open while it is used."""

    def __init__(self, page: Any, text_page: Any, fonts: Fonts) -> None:
        self.page = page
        self.fonts = fonts
        self.to_points, self._upright = _transformation(page)
        self._pointer = Pointer(address_of(text_page.raw))
        count = max(pdfium_c.FPDFText_CountChars(text_page.raw), 0)
        self.text, self._units = _text(text_page.raw, count)
        # PDFium omits characters without a Unicode value from the text: then its indices must be looked up.
        self._is_direct = (self._units[-1] if self._units else len(self.text)) == count
        self._spans = [match.span() for match in _WORD.finditer(self.text)]
        self._places = self._spans
        if not self._is_direct or self._units is not None:
            looked_up = (self.characters(*span) for span in self._spans)
            self._places = [(there.start, there.stop) for there in looked_up]
        self.words = self._words()
        self.pieces = self._pieces()
        self.unreadable = self._unreadable()
        """Words of fonts that do not say which letters they draw: PDFium's text for them is wrong."""

    def characters(self, start: int, end: int) -> range:
        """PDFium's indices of the characters `text[start:end]`."""
        first, last = (self._units[start], self._units[end]) if self._units else (start, end)
        if not self._is_direct:
            text_page = ctypes.cast(self._pointer, pdfium_c.FPDF_TEXTPAGE)
            first = pdfium_c.FPDFText_GetCharIndexFromTextIndex(text_page, first)
            last = pdfium_c.FPDFText_GetCharIndexFromTextIndex(text_page, last - 1) + 1
        return range(first, last)

    def drawn_by(self, index: int) -> int:
        """The address of the text object that draws a character, by PDFium's index; 0 if none does."""
        return _OBJECT(self._pointer, index) or 0

    def box(self, index: int) -> Box | None:
        """The box of a character, by PDFium's index."""
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        edges = map(ctypes.byref, (left, right, bottom, top))
        if not _CHAR_BOX(self._pointer, index, *edges):
            return None
        return self.to_points(left.value, top.value, right.value, bottom.value)

    def glyph(self, at: int) -> "Glyph | None":
        """How the character `text[at]` is drawn; None if it is not drawn."""
        index = self.characters(at, at + 1).start
        x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
        if not _ORIGIN(self._pointer, index, ctypes.byref(x), ctypes.byref(y)):
            return None
        if not _GLYPH_MATRIX(self._pointer, index, ctypes.byref(matrix)):
            return None
        scale = hypot(matrix.c, matrix.d)
        size = scale * _FONT_SIZE(ctypes.cast(self._pointer, pdfium_c.FPDF_TEXTPAGE), index)
        return Glyph(x.value, y.value, size, (matrix.c / scale, matrix.d / scale)) if scale else None

    def parts(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """The pieces of a word, as `Piece` without the font; a character without an object belongs to the piece beside
        it."""
        parts: list[tuple[int, int, int]] = []
        for at in range(start, end):
            owner = next((self.drawn_by(index) for index in self.characters(at, at + 1)), 0)
            if parts and (owner in (parts[-1][2], 0) or not parts[-1][2]):
                parts[-1] = (parts[-1][0], at + 1, owner or parts[-1][2])
            else:
                parts.append((at, at + 1, owner))
        return parts

    def _words(self) -> list[WordBox]:
        """Every call counts: a page has hundreds of words."""
        pointer, new, count, get = self._pointer, tuple.__new__, _COUNT, _GET
        edges = (ctypes.c_double * 4)()
        left, top, right, bottom = (ctypes.byref(edges, ctypes.sizeof(ctypes.c_double) * number) for number in range(4))
        read = memoryview(edges).cast("B").cast("d").tolist
        found = []
        for span, (first, last) in zip(self._spans, self._places, strict=True):
            for number in range(count(pointer, first, last - first)):
                if get(pointer, number, left, top, right, bottom):
                    found.append((span, read()))
        if self._upright is None:
            return [WordBox(*span, *self.to_points(*edges)) for span, edges in found]
        x, xx, y, yy = self._upright
        return [
            new(WordBox, (start, end, x + xx * x0, y + yy * y0, x + xx * x1, y + yy * y1))
            for (start, end), (x0, y0, x1, y1) in found
        ]

    def _pieces(self) -> list[Piece]:
        """The text in pieces, each drawn by one object, without the gaps between them."""
        pointer, drawn_by = self._pointer, _OBJECT
        owners = [drawn_by(pointer, first) or 0 for first, _ in self._places]
        found: list[tuple[int, int, int]] = []
        begun = 0
        for number in [
            at for at, (one, other) in enumerate(zip(owners, [*owners[1:], None], strict=False)) if one != other
        ]:
            owner, (start, end), (first, last) = owners[number], self._spans[number], self._places[number]
            if last - first == 1 or drawn_by(pointer, last - 1) == owner:
                found.append((self._spans[begun][0], end, owner))
            else:  # another object draws the end of its last word
                if begun < number:
                    found.append((self._spans[begun][0], self._spans[number - 1][1], owner))
                found += self.parts(start, end)
            begun = number + 1
        fonts = {owner: _FONT(Pointer(owner)) or 0 for _, _, owner in found if owner}
        for font in fonts.values():
            self.fonts.meet(font)
        return [Piece(start, end, owner, fonts.get(owner, 0)) for start, end, owner in found]

    def _unreadable(self) -> list[tuple[int, int]]:
        fonts, pointer = self.fonts, self._pointer
        for start, end, owner, font in self.pieces:
            if not owner or font in fonts.nameless:
                continue
            new = set(self.text[start:end]) - fonts.named[font]
            for letter in new:
                at = self.text.index(letter, start)
                if any(_HAS_NO_LETTER(pointer, index) == 1 for index in self.characters(at, at + 1)):
                    fonts.nameless.add(font)
            fonts.named[font] |= new
        if fonts.nameless.isdisjoint(piece.font for piece in self.pieces):
            return []
        return [
            span
            for span, (first, last) in zip(self._spans, self._places, strict=True)
            if _HAS_NO_LETTER(pointer, first) == 1 or _HAS_NO_LETTER(pointer, last - 1) == 1
        ]


def _text(text_page: Any, count: int) -> tuple[str, list[int] | None]:
    """The page's text, and the UTF-16 unit at which each character starts (None: the character's own index)."""
    if not count:
        return "", None
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page, 0, count, buffer)
    text = bytes(buffer)[: 2 * max(written - 1, 0)].decode("utf-16-le", errors="replace").replace("\r\n", " \n")
    if _ODD.search(text):
        text = text.translate(_EVEN)
    if text.isascii() or max(text) <= "\uffff":
        return text, None
    units, position = [], 0
    for character in text:
        units.append(position)
        position += 2 if character > "\uffff" else 1
    return text, [*units, position]


def _transformation(
    page: Any,
) -> tuple[Callable[[float, float, float, float], Box], tuple[float, float, float, float] | None]:
    """From left, top, right, bottom in PDF space to the page as it is shown (crop box and rotation applied); and for
    an upright page the origin and scale of x, and those of y."""
    width, height = page.get_size()
    scale = 100  # PDFium answers in whole pixels
    x, y = ctypes.c_int(), ctypes.c_int()

    def show(pdf_x: float, pdf_y: float) -> tuple[float, float]:
        size = (round(width * scale), round(height * scale))
        pdfium_c.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, pdf_x, pdf_y, ctypes.byref(x), ctypes.byref(y))
        return x.value / scale, y.value / scale

    far = 1000.0
    origin_x, origin_y = show(0, 0)
    along_x, along_y = show(far, 0), show(0, far)
    xx, xy = (along_x[0] - origin_x) / far, (along_y[0] - origin_x) / far
    yx, yy = (along_x[1] - origin_y) / far, (along_y[1] - origin_y) / far

    def to_points(left: float, top: float, right: float, bottom: float) -> Box:
        x0, x1 = origin_x + xx * left + xy * top, origin_x + xx * right + xy * bottom
        y0, y1 = origin_y + yx * left + yy * top, origin_y + yx * right + yy * bottom
        return (x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    is_upright = xy == yx == 0 and xx > 0 > yy
    return to_points, (origin_x, xx, origin_y, yy) if is_upright else None
