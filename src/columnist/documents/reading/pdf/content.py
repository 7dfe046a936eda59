"""The content of a PDF's page: its text objects, and other objects that may lie over or under them."""

import ctypes
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from columnist.documents.reading.pdf.direct import Pointer, Room, address_of, direct, pointer_to
from columnist.documents.reading.pdf.layer import Box

MOST_OBJECTS = 20_000
"""How many objects of a page are examined one by one; later ones are not."""

PALE = 190
FAINT = 200
"""Letters that are lighter in all colours, or less opaque, may leave no mark."""

_LIGHT = 230
"""The least level of each colour of a background on which dark letters show."""

_COUNT, _GET = direct("FPDFPage_CountObjects"), direct("FPDFPage_GetObject", Pointer)
_COUNT_INNER, _GET_INNER = direct("FPDFFormObj_CountObjects"), direct("FPDFFormObj_GetObject", Pointer)
_TYPE, _MODE = direct("FPDFPageObj_GetType"), direct("FPDFTextObj_GetTextRenderMode")
_FILL, _BOUNDS = direct("FPDFPageObj_GetFillColor"), direct("FPDFPageObj_GetBounds")
_HAS_TRANSPARENCY, _COUNT_MARKS = direct("FPDFPageObj_HasTransparency"), direct("FPDFPageObj_CountMarks")
_MARK, _MARK_NAME = direct("FPDFPageObj_GetMark", Pointer), direct("FPDFPageObjMark_GetName")
_CLIP, _COUNT_CLIPS = direct("FPDFPageObj_GetClipPath", Pointer), direct("FPDFClipPath_CountPaths")
_COUNT_SEGMENTS = direct("FPDFClipPath_CountPathSegments")
_SEGMENT, _POINT = direct("FPDFClipPath_GetPathSegment", Pointer), direct("FPDFPathSegment_GetPoint")
_STROKE = direct("FPDFPageObj_GetStrokeColor")
_MARK_TEXT = direct("FPDFPageObjMark_GetParamBlobValue")
_DRAW_MODE, _MATRIX = direct("FPDFPath_GetDrawMode"), direct("FPDFPageObj_GetMatrix")

_COLOURS, _EDGES, _MODES = Room(ctypes.c_uint, 4), Room(ctypes.c_float, 4), Room(ctypes.c_int, 2)
_SPOKEN = ctypes.c_char_p(b"ActualText")
_LETTERS = str.maketrans("\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\xa0", "ﬁﬂŁŒŠŸŽıłœšž€")
"""The characters of PDFDocEncoding that Latin-1 lacks."""
_RECTANGLE = 5
"""Most corners of a closed rectangle."""
_SLACK = 0.5
"""Points that a clip may cut off letters, because their bounds are those of their font."""

_THIN, _LONG = 2.5, 2.0
"""Points: the greatest thickness of a bar; and its least length as a multiple of that."""
_LINE = 16.0
"""Points: the height of an area that may have two lines of letters."""
_PATTERN = (0xBF, 0xBF, 0xBF, 0xFF)
"""What PDFium says is the fill of an area with a coloured pattern."""
_MOST_PATHS = 3_000
"""Most paths of a page that are examined one by one; a drawing has more."""
_LONGEST_SPOKEN = 4_096
"""Most bytes of a replacement text for drawn letters."""

_Matrix = tuple[float, float, float, float, float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Other(NamedTuple):
    """A drawn object that is no text: how many objects precede it, its place in PDF space, and whether later dark
    letters show on it."""

    order: int
    place: Box
    is_light: bool


class _Mark(NamedTuple):
    """A mark of objects in the file: they are part of a layer, or must be read as the `spoken` text."""

    address: int
    is_layer: bool
    spoken: str


class Content:
    """The objects of a page and of the forms on it, in the order in which they are drawn."""

    def __init__(self, page: Any) -> None:
        self.texts: dict[int, tuple[int, int]] = {}
        """Text objects by address: how many objects precede them, and the form that draws them (0: the page)."""
        self.is_plain = True
        """Each text object is dark, opaque and filled, and on no layer: only objects in `others` can hide it."""
        self.others: list[Other] = []
        self.pictures: list[Box] = []
        """Left, top, right, bottom in PDF space of the page's pictures, and of its forms that contain one."""
        self.bars: list[Box] = []
        """Thin dark lines, in PDF space."""
        self.spoken: dict[int, tuple[int, str]] = {}
        """Text objects that must be read as another text (/ActualText): the mark, and that text."""
        self.paths = 0
        self.may_have_letters = False
        """An area has a pattern, or is shown through a mask: either may have letters."""
        self._order = self._images = self._forms = 0
        self._clips: dict[int, Box | None] = {}
        self._marks: dict[int, _Mark] = {}
        pointer = pointer_to(address_of(page.raw))
        self._walk(map(_GET, repeat(pointer), range(_COUNT(pointer))), _SAME, 0)

    def _walk(self, addresses: Iterable[int | None], matrix: _Matrix, form: int) -> None:
        texts: dict[int, Any] = {}
        for address in filter(None, addresses):
            one = pointer_to(address)
            kind = _TYPE(one)
            self._order += 1
            if self._order > MOST_OBJECTS:
                self.is_plain = False
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                self.texts[address] = (self._order, form)
                texts[address] = one
            elif kind == pdfium_c.FPDF_PAGEOBJ_FORM:
                self._open(one, matrix, form)
            elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
                self._note_path(one, matrix)
            else:
                place = _place(one, matrix)
                if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
                    self._images += 1
                    if not form:
                        self.pictures.append(place)
                self._note(place, is_light=False)
        self._look_at(texts, matrix)

    def _open(self, one: Any, matrix: _Matrix, form: int) -> None:
        if self.is_plain:
            self.is_plain = not _HAS_TRANSPARENCY(one) and not self._is_layered(one)
        images = self._images
        self._forms += 1
        numbers = map(ctypes.c_ulong, range(_COUNT_INNER(one)))
        self._walk(map(_GET_INNER, repeat(one), numbers), _product(_matrix(one), matrix), self._forms)
        if not form and self._images > images:
            self.pictures.append(_place(one, matrix))

    def _look_at(self, known: dict[int, Any], matrix: _Matrix) -> None:
        """Whether the text objects of a page, or of a form, are plain; and how they are to be read."""
        texts = list(known.values())
        for address in compress(known, map(_COUNT_MARKS, texts)):
            for mark in self._marked(known[address]):
                self.is_plain = self.is_plain and not mark.is_layer
                if mark.spoken:
                    self.spoken[address] = (mark.address, mark.spoken)
        self.is_plain = (
            self.is_plain
            and all(mode == pdfium_c.FPDF_TEXTRENDERMODE_FILL for mode in map(_MODE, texts))
            and not any(map(_HAS_TRANSPARENCY, texts))
            and _are_dark(texts)
            and self._are_whole(texts, matrix)
        )

    def _note_path(self, one: Any, matrix: _Matrix) -> None:
        self.paths += 1
        if self.paths > _MOST_PATHS and not self.is_plain:
            return
        left, top, right, bottom = place = _place(one, matrix)
        fill, stroke = _MODES.one(_DRAW_MODE, one) or (1, 1)
        filled = fill_of(one) if fill else None
        if self.paths <= _MOST_PATHS:
            thin, long = sorted((right - left, top - bottom))
            if thin <= _THIN and long >= max(_LONG * thin, _LONG):
                colour = (stroke and colour_of(one, _STROKE)) or filled
                if colour and min(colour[:3]) <= PALE:
                    self.bars.append(_without_margin(place) if stroke else place)
            elif thin >= _LINE and not self.may_have_letters:
                is_pattern = bool(fill) and (filled or _PATTERN) == _PATTERN
                self.may_have_letters = is_pattern or bool(_HAS_TRANSPARENCY(one))
        if fill or stroke:
            is_light = not stroke and filled is not None and min(filled[:3]) >= _LIGHT
            self._note(place, is_light=is_light and not _HAS_TRANSPARENCY(one))

    def _note(self, place: Box, *, is_light: bool) -> None:
        if self.is_plain and (self.texts or not is_light):
            self.others.append(Other(self._order, place, is_light))

    def _is_layered(self, one: Any) -> bool:
        """Whether the object is part of a layer, which may be off."""
        return any(mark.is_layer for mark in self._marked(one))

    def _marked(self, one: Any) -> Iterator[_Mark]:
        """The marks of an object; many objects share theirs."""
        for index in range(_COUNT_MARKS(one)):
            address = _MARK(one, ctypes.c_ulong(index)) or 0
            if address not in self._marks:
                self._marks[address] = _mark(address)
            yield self._marks[address]

    def _are_whole(self, texts: Sequence[Any], matrix: _Matrix) -> bool:
        """Whether the places are known where clips cut text objects: cut-off parts count as covered."""
        clips = [clip and pointer_to(clip) for clip in map(_CLIP, texts)]
        counts = [_COUNT_CLIPS(clip) if clip else 0 for clip in clips]
        if max(counts, default=0) <= 0:
            return True
        are_known, places = _EDGES.columns(_BOUNDS, texts)
        if not all(are_known):
            return False
        for clip, count, *bounds in zip(clips, counts, *places, strict=True):
            for number in range(count):
                # Objects share their clips, so each is examined once.
                points = _SEGMENT(clip, number, 0)
                if not points:
                    return False
                if points not in self._clips:
                    self._clips[points] = _rectangle(clip, number)
                room = self._clips[points]
                if room is None:
                    return False
                left, bottom, right, top = bounds
                if (
                    left < room[0] - _SLACK
                    or bottom < room[1] - _SLACK
                    or right > room[2] + _SLACK
                    or top > room[3] + _SLACK
                ):
                    cut = (_moved(part, matrix) for part in _outside((left, bottom, right, top), room))
                    self.others += (Other(MOST_OBJECTS, place, is_light=False) for place in cut)
        return True


def _outside(bounds: Box, room: Box) -> Iterator[Box]:
    """The parts of a rectangle (left, bottom, right, top) that are outside another one."""
    left, bottom, right, top = bounds
    if left < room[0]:
        yield left, bottom, min(right, room[0]), top
    if right > room[2]:
        yield max(left, room[2]), bottom, right, top
    if bottom < room[1]:
        yield left, bottom, right, min(top, room[1])
    if top > room[3]:
        yield left, max(bottom, room[3]), right, top


def _are_dark(texts: Sequence[Any]) -> bool:
    """Whether letters are filled with a dark and opaque colour."""
    are_known, (red, green, blue, opaque) = _COLOURS.columns(_FILL, texts)
    return all(are_known) and max(map(min, red, green, blue), default=0) <= PALE and min(opaque, default=FAINT) >= FAINT


def _mark(address: int) -> _Mark:
    name, size = (ctypes.c_ushort * 8)(), ctypes.c_ulong()
    is_read = _MARK_NAME(pointer_to(address), name, ctypes.c_ulong(ctypes.sizeof(name)), ctypes.byref(size))
    # A longer name is not "OC", and PDFium does not write it.
    is_layer = not is_read or bytes(name).startswith("OC\0".encode("utf-16-le"))
    said, size = (ctypes.c_ubyte * _LONGEST_SPOKEN)(), ctypes.c_ulong()
    is_spoken = _MARK_TEXT(pointer_to(address), _SPOKEN, said, ctypes.c_ulong(_LONGEST_SPOKEN), ctypes.byref(size))
    spoken = _decoded(bytes(said)[: size.value]) if is_spoken and size.value <= _LONGEST_SPOKEN else ""
    return _Mark(address, is_layer, spoken)


def _decoded(said: bytes) -> str:
    """A text string of a PDF."""
    if said.startswith(b"\xfe\xff"):
        return said[2:].decode("utf-16-be", "replace")
    if said.startswith(b"\xef\xbb\xbf"):
        return said[3:].decode("utf-8", "replace")
    return said.decode("latin-1").translate(_LETTERS)


def fill_of(one: Any) -> tuple[int, int, int, int] | None:
    """Red, green, blue and opacity of an object's fill; None for a pattern."""
    return colour_of(one, _FILL)


def colour_of(one: Any, read: Callable[..., Any]) -> tuple[int, int, int, int] | None:
    """The same for its fill or its stroke."""
    colour = _COLOURS.one(read, one)
    return colour and tuple(colour)


def _rectangle(clip: Any, number: int) -> Box | None:
    """Left, bottom, right, top of a clip; None unless it is an upright rectangle."""
    count = _COUNT_SEGMENTS(clip, number)
    if not 4 <= count <= _RECTANGLE:
        return None
    x, y = ctypes.c_float(), ctypes.c_float()
    corners = []
    for index in range(count):
        if not _POINT(pointer_to(_SEGMENT(clip, number, index) or 0), ctypes.byref(x), ctypes.byref(y)):
            return None
        corners.append((x.value, y.value))
    xs, ys = {x for x, _ in corners}, {y for _, y in corners}
    if len(xs) != 2 or len(ys) != 2 or len(set(corners)) != 4:
        return None
    return min(xs), min(ys), max(xs), max(ys)


def _place(one: Any, matrix: _Matrix) -> Box:
    """Left, top, right, bottom of an object, transformed by the matrix."""
    return _moved(_EDGES.one(_BOUNDS, one) or (0.0, 0.0, 0.0, 0.0), matrix)


def _without_margin(stroke: Box) -> Box:
    """The place of a straight line's ink: PDFium adds half of its thickness on either side."""
    left, top, right, bottom = stroke
    margin = min(right - left, top - bottom) / 4
    return left + margin, top - margin, right - margin, bottom + margin


def _moved(bounds: Sequence[float], matrix: _Matrix) -> Box:
    """Left, bottom, right and top, transformed by the matrix, as left, top, right and bottom."""
    left, bottom, right, top = bounds
    if matrix == _SAME:
        return left, top, right, bottom
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (left, right) for y in (bottom, top)]
    ys = [b * x + d * y + f for x in (left, right) for y in (bottom, top)]
    return min(xs), max(ys), max(xs), min(ys)


def _matrix(form: Any) -> _Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not _MATRIX(form, ctypes.byref(matrix)):
        return _SAME
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _product(inner: _Matrix, outer: _Matrix) -> _Matrix:
    """The matrix that applies `inner`, then `outer`."""
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u
