"""The text layer of a PDF's page, as PDFium tells it: its text, its words, and where they are on the page."""

import ctypes
import re
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium_c

from columnist.documents.model import WordBox

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points, origin at the top left of the page as it is shown."""

_WORD = re.compile(r"\S+")


class TextLayer:
    """A page's text and words; `page` and `text_page` stay open while it is used."""

    def __init__(self, page: Any, text_page: Any) -> None:
        self.page = page
        self.pointer = text_page.raw
        self.to_points = _transformation(page)
        self._count = max(pdfium_c.FPDFText_CountChars(self.pointer), 0)
        self.text, self._units = _text(self.pointer, self._count)
        # PDFium omits characters without a Unicode value from the text: then its indices have to be looked up.
        self._is_direct = (self._units[-1] if self._units else len(self.text)) == self._count
        self.unreadable: list[tuple[int, int]] = []
        """Words of fonts that do not say which letters they draw: what PDFium takes them for is wrong."""
        self.words = self._words()

    def characters(self, start: int, end: int) -> range:
        """PDFium's indices of the characters `text[start:end]`."""
        first, last = (self._units[start], self._units[end]) if self._units else (start, end)
        if not self._is_direct:
            first = pdfium_c.FPDFText_GetCharIndexFromTextIndex(self.pointer, first)
            last = pdfium_c.FPDFText_GetCharIndexFromTextIndex(self.pointer, last - 1) + 1
        return range(first, last)

    def _words(self) -> list[WordBox]:
        """Every call counts: a page has hundreds of words."""
        count, get, failed = (
            pdfium_c.FPDFText_CountRects,
            pdfium_c.FPDFText_GetRect,
            pdfium_c.FPDFText_HasUnicodeMapError,
        )
        pointer, to_points, new = self.pointer, self.to_points, tuple.__new__
        left, top, right, bottom = (ctypes.c_double() for _ in range(4))
        edges = (ctypes.byref(left), ctypes.byref(top), ctypes.byref(right), ctypes.byref(bottom))
        is_plain = self._is_direct and self._units is None
        words = []
        for match in _WORD.finditer(self.text):
            start, end = match.span()
            first, length = start, end - start
            if not is_plain:
                there = self.characters(start, end)
                first, length = there.start, len(there)
            if failed(pointer, first) == 1 or (length > 1 and failed(pointer, first + length - 1) == 1):
                self.unreadable.append((start, end))
            for number in range(count(pointer, first, length)):
                if get(pointer, number, *edges):
                    box = to_points(left.value, top.value, right.value, bottom.value)
                    words.append(new(WordBox, (start, end, *box)))
        return words


def _text(text_page: Any, count: int) -> tuple[str, list[int] | None]:
    """The page's text, and the UTF-16 unit at which each character starts (None: the character's own index)."""
    if not count:
        return "", None
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page, 0, count, buffer)
    raw = bytes(buffer)[: 2 * max(written - 1, 0)].decode("utf-16-le", errors="replace")
    # Character for character, so that offsets stay. U+FFFE is PDFium's mark for a hyphen at a line's end.
    text = raw.replace("\r\n", " \n").translate({0xD: 0xA, 0: 0x20, 0x2: 0x2D, 0xFFFE: 0x2D, 0xFFFF: 0xFFFD})
    if text.isascii() or max(text) <= "\uffff":
        return text, None
    units, position = [], 0
    for character in text:
        units.append(position)
        position += 2 if character > "\uffff" else 1
    return text, [*units, position]


def _transformation(page: Any) -> Callable[[float, float, float, float], Box]:
    """From left, top, right, bottom in PDF space to the page as it is shown (crop box and rotation applied)."""
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

    return to_points
