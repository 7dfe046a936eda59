"""The text layer of a PDF's page, as PDFium gives it: its text, its words, and their places on the page."""

import ctypes
import re
from collections.abc import Callable
from itertools import accumulate, chain, compress, count, repeat, tee
from math import hypot
from operator import add, ne, sub
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.direct import Pointer, Room, address_of, direct, pointer_to
from columnist.documents.reading.symbols import drawn_in, is_of_signs

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points, origin at the top left of the page as it is shown."""

_WORD = re.compile(r"\S+")
_OTHER_SPACES = tuple(filter(str.isspace, map(chr, {*range(0x3001)} - {*b" \n"})))
_ODD = re.compile("[\0\x02\r\ufffe\uffff]")
# Character for character, so that offsets stay. U+FFFE is PDFium's mark for a hyphen at a line's end.
_EVEN = {0xD: 0xA, 0: 0x20, 0x2: 0x2D, 0xFFFE: 0x2D, 0xFFFF: 0xFFFD}

_COUNT, _RECTANGLE = direct("FPDFText_CountRects"), direct("FPDFText_GetRect")
_CHAR_BOX = direct("FPDFText_GetCharBox")
_HAS_NO_LETTER = direct("FPDFText_HasUnicodeMapError")
_OBJECT, _FONT = direct("FPDFText_GetTextObject", Pointer), direct("FPDFTextObj_GetFont", Pointer)

_ORIGIN, _GLYPH_MATRIX = direct("FPDFText_GetCharOrigin"), direct("FPDFText_GetMatrix")
_FONT_SIZE, _LOOSE_BOX = pdfium_c.FPDFText_GetFontSize, pdfium_c.FPDFText_GetLooseCharBox

_MOST_HELD = 16
_LEAST_INK = 0.1
"""Points."""
_UPRIGHT = 0.9
_LIFTED = 0.2
"""Share of the size of letters; ordinary figures stand on their line."""

_EDGES = Room(ctypes.c_double, 4)


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
    """Knowledge about a document's fonts, gathered from the pages so far, each by its address.

    A font keeps its address while a page that uses it is open, so the first such page is held open.
    `forms_are_shown`: no form of the document can be on a layer that is off.
    """

    def __init__(self, *, forms_are_shown: bool = False) -> None:
        self.forms_are_shown = forms_are_shown
        self.named: dict[int, set[str]] = {}
        """The letters that a font claims to draw."""
        self.drawn: dict[int, set[str]] = {}
        """The letters and digits of a font that have left a mark on a page."""
        self.nameless: set[int] = set()
        """The fonts that do not say which letters they draw."""
        self.signs: dict[int, str] = {}
        """The names of fonts that have signs in the place of letters."""
        self._held: list[Any] = []
        self._is_new = False

    def meet(self, font: int) -> None:
        """The page that is open uses this font."""
        if font not in self.named:
            self.named[font], self.drawn[font] = set(), set()
            self._is_new = True
            if is_of_signs(name := _name(font)):
                self.signs[font] = name

    def leave(self, page: Any) -> None:
        """Close a page, unless it must be held open."""
        if not self._is_new:
            page.close()
            return
        self._is_new = False
        self._held.append(page)
        if len(self._held) > _MOST_HELD:
            for one in (self.named, self.drawn, self.nameless, self.signs):
                one.clear()
            while self._held:
                self._held.pop().close()


def _name(font: int) -> str:
    """The name of a font, without the mark of a part of it."""
    there = ctypes.cast(font, pdfium_c.FPDF_FONT)
    name = ctypes.create_string_buffer(pdfium_c.FPDFFont_GetBaseFontName(there, None, 0) + 1)
    pdfium_c.FPDFFont_GetBaseFontName(there, name, len(name))
    return name.value.decode("latin-1").rpartition("+")[2]


class TextLayer:
    """A page's text and words; `page` and `text_page` stay open while it is used."""

    def __init__(self, page: Any, text_page: Any, fonts: Fonts) -> None:
        self.page = page
        self.fonts = fonts
        self.to_points, self._upright = _transformation(page)
        self._raw = text_page.raw
        self._pointer = pointer_to(address_of(text_page.raw))
        count = max(pdfium_c.FPDFText_CountChars(text_page.raw), 0)
        self.text, self._units = _text(text_page.raw, count)
        # PDFium omits characters without a Unicode value from the text: then its indices must be looked up.
        self._is_direct = (self._units[-1] if self._units else len(self.text)) == count
        self._starts, self._lengths = _words_of(self.text)
        self._ends = list(map(add, self._starts, self._lengths))
        self._firsts = self._starts
        if not self._is_direct or self._units is not None:
            places = list(map(self.characters, self._starts, self._ends))
            self._firsts, self._lengths = [one.start for one in places], list(map(len, places))
        self.words = self._words()
        self.pieces = self._pieces()
        self.text = self._with_signs()
        self.letters = self._letters()
        """The letters that each font draws here, by its address."""
        self.unreadable, self.holed = self._unreadable()
        """Words of fonts that do not say which letters they draw, at an end or inside: PDFium's text for them is
        wrong."""

    def characters(self, start: int, end: int) -> range:
        """PDFium's indices of the characters `text[start:end]`."""
        first, last = (self._units[start], self._units[end]) if self._units else (start, end)
        if not self._is_direct:
            first = pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._raw, first)
            last = pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._raw, last - 1) + 1
        return range(first, last)

    def drawn_by(self, index: int) -> int:
        """The address of the text object that draws a character, by PDFium's index; 0 if none does."""
        return _OBJECT(self._pointer, index) or 0

    def box(self, index: int) -> Box | None:
        """The box of a character, by PDFium's index."""
        edges = _EDGES.one(_CHAR_BOX, self._pointer, index)
        if edges is None:
            return None
        left, right, bottom, top = edges
        return self.to_points(left, top, right, bottom)

    def glyph(self, at: int) -> "Glyph | None":
        """How the character `text[at]` is drawn; None if it is not drawn."""
        index = self.characters(at, at + 1).start
        x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
        if not _ORIGIN(self._pointer, index, ctypes.byref(x), ctypes.byref(y)):
            return None
        if not _GLYPH_MATRIX(self._pointer, index, ctypes.byref(matrix)):
            return None
        scale = hypot(matrix.c, matrix.d)
        size = scale * _FONT_SIZE(self._raw, index)
        return Glyph(x.value, y.value, size, (matrix.c / scale, matrix.d / scale)) if scale else None

    def is_lifted(self, at: int) -> bool:
        """Whether the drawing of `text[at]` begins clearly above its line, as a font's own superior figures do."""
        index, x, y = self.characters(at, at + 1).start, ctypes.c_double(), ctypes.c_double()
        edges = _EDGES.one(_CHAR_BOX, self._pointer, index)
        if edges is None or not _ORIGIN(self._pointer, index, ctypes.byref(x), ctypes.byref(y)):
            return False
        _, _, bottom, top = edges
        if bottom - y.value <= _LIFTED * (top - bottom):  # most figures; the rest takes long
            return False
        glyph = self.glyph(at)
        return glyph is not None and glyph.up[1] > _UPRIGHT and bottom - y.value > _LIFTED * glyph.size

    def parts(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """The pieces of a word, as `Piece` without the font; a character without an object belongs to the piece beside
        it."""
        parts: list[tuple[int, int, int]] = []
        if self._units is None and self._is_direct:
            owners = [one or 0 for one in map(_OBJECT, repeat(self._pointer), range(start, end))]
        else:
            places = (self.characters(at, at + 1) for at in range(start, end))
            owners = [self.drawn_by(there.start) if there else 0 for there in places]
        for at, owner in enumerate(owners, start):
            if parts and (owner in (parts[-1][2], 0) or not parts[-1][2]):
                parts[-1] = (parts[-1][0], at + 1, owner or parts[-1][2])
            else:
                parts.append((at, at + 1, owner))
        return parts

    def _words(self) -> list[WordBox]:
        pointer, firsts, lengths = self._pointer, self._firsts, self._lengths
        counted, counts = tee(map(_COUNT, repeat(pointer), firsts, lengths))
        # This is the last of a word's rectangles.
        _, edges = _EDGES.columns(_RECTANGLE, repeat(pointer), map(sub, counted, repeat(1)))
        words = self._placed(self._starts, self._ends, edges)
        for at in reversed(list(compress(count(), map(ne, counts, repeat(1))))):
            numbers = range(_COUNT(pointer, firsts[at], lengths[at]))
            own = list(filter(None, (_EDGES.one(_RECTANGLE, pointer, number) for number in numbers)))
            place = (self._starts[at], self._ends[at])
            words[at : at + 1] = (WordBox(*place, *self.to_points(*box)) for box in own)
        return words

    def _placed(self, starts: list[int], ends: list[int], edges: list[list[float]]) -> list[WordBox]:
        """Words by their edges in PDF space: left, top, right, bottom."""
        if self._upright is None:
            places = map(self.to_points, *edges)
            return [WordBox(start, end, *place) for start, end, place in zip(starts, ends, places, strict=True)]
        x, xx, y, yy = self._upright
        left, top, right, bottom = edges
        if x or xx != 1:
            left, right = ([x + xx * edge for edge in column] for column in (left, right))
        top, bottom = ([y + yy * edge for edge in column] for column in (top, bottom))
        return list(map(tuple.__new__, repeat(WordBox), zip(starts, ends, left, top, right, bottom, strict=True)))

    def _pieces(self) -> list[Piece]:
        """The text in pieces, each drawn by one object, without the gaps between them."""
        pointer, starts, ends = self._pointer, self._starts, self._ends
        owners = [one or 0 for one in map(_OBJECT, repeat(pointer), self._firsts)]
        found: list[tuple[int, int, int]] = []
        begun = 0
        for number in compress(count(), map(ne, owners, [*owners[1:], -1])):
            owner, start, end = owners[number], starts[number], ends[number]
            length = self._lengths[number]
            if length == 1 or _OBJECT(pointer, self._firsts[number] + length - 1) == owner:
                found.append((starts[begun], end, owner))
            else:  # another object draws the end of its last word
                if begun < number:
                    found.append((starts[begun], ends[number - 1], owner))
                found += self.parts(start, end)
            begun = number + 1
        fonts = {owner: _FONT(pointer_to(owner)) or 0 for _, _, owner in found if owner}
        for font in set(fonts.values()):
            self.fonts.meet(font)
        return [Piece(start, end, owner, fonts.get(owner, 0)) for start, end, owner in found]

    def _with_signs(self) -> str:
        """The text, character for character, with the signs that fonts draw for letters."""
        if not self.fonts.signs:
            return self.text
        letters = list(self.text)
        for start, end, _, font in self.pieces:
            if (name := self.fonts.signs.get(font)) is not None:
                letters[start:end] = drawn_in(name, self.text[start:end])
        return "".join(letters)

    def advance(self, at: int) -> tuple[float, float] | None:
        """Where a character begins and ends along an upright line; None if it is not drawn."""
        there = pdfium_c.FS_RECTF()
        index = self.characters(at, at + 1).start
        return (there.left, there.right) if _LOOSE_BOX(self._raw, index, there) else None

    def _letters(self) -> dict[int, set[str]]:
        drawn: dict[int, list[str]] = {}
        for start, end, owner, font in self.pieces:
            if owner:
                drawn.setdefault(font, []).append(self.text[start:end])
        return {font: set("".join(texts)) for font, texts in drawn.items()}

    def _unreadable(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        fonts, pointer = self.fonts, self._pointer
        new = {
            font: letters - fonts.named[font] for font, letters in self.letters.items() if font not in fonts.nameless
        }
        for start, end, _, font in self.pieces if any(new.values()) else ():
            for letter in new.get(font, set()).intersection(self.text[start:end]):
                at = self.text.index(letter, start)
                if any(_HAS_NO_LETTER(pointer, index) == 1 for index in self.characters(at, at + 1)):
                    fonts.nameless.add(font)
                new[font].remove(letter)
                fonts.named[font].add(letter)
        unreadable: list[tuple[int, int]] = []
        holed: list[tuple[int, int]] = []
        if fonts.nameless.isdisjoint(piece.font for piece in self.pieces):
            return unreadable, holed
        for start, end, first, length in zip(self._starts, self._ends, self._firsts, self._lengths, strict=True):
            last = first + length - 1
            if _HAS_NO_LETTER(pointer, first) == 1 or _HAS_NO_LETTER(pointer, last) == 1:
                unreadable.append((start, end))
            elif any(_HAS_NO_LETTER(pointer, at) == 1 and self._has_ink(at) for at in range(first + 1, last)):
                holed.append((start, end))
        return unreadable, holed

    def _has_ink(self, index: int) -> bool:
        """Whether a character, by PDFium's index, is more than a space."""
        left, right, bottom, top = _EDGES.one(_CHAR_BOX, self._pointer, index) or (0.0, 0.0, 0.0, 0.0)
        return bool(min(right - left, top - bottom) > _LEAST_INK)


def _words_of(text: str) -> tuple[list[int], list[int]]:
    """The starts of a text's words, and their lengths."""
    if any(space in text for space in _OTHER_SPACES):
        spans = [match.span() for match in _WORD.finditer(text)]
        return [start for start, _ in spans], [end - start for start, end in spans]
    # Half of the time of a search for each word.
    lengths = list(map(len, text.replace("\n", " ").split(" ")))
    return list(compress(accumulate(chain((0,), map((1).__add__, lengths))), lengths)), list(filter(None, lengths))


def _text(text_page: Any, count: int) -> tuple[str, list[int] | None]:
    """The page's text, and the UTF-16 unit at which each character starts (None: the character's own index)."""
    if not count:
        return "", None
    buffer = (ctypes.c_ushort * (count + 1))()
    written = max(pdfium_c.FPDFText_GetText(text_page, 0, count, buffer) - 1, 0)
    text = bytes(buffer)[: 2 * written].decode("utf-16-le", errors="replace")
    is_even = len(text) == written
    text = text.replace("\r\n", " \n")
    if _ODD.search(text):
        text = text.translate(_EVEN)
    if is_even:
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
