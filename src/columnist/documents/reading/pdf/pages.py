"""PDF: the text layer, page by page, and a box for every word; OCR for pages without text."""

import ctypes
import io
import mmap
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from string import ascii_letters
from typing import Any, BinaryIO, Literal

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from columnist.documents.model import Page, Remark, RemarkKind, WordBox, gathered
from columnist.documents.reading.attached import Attached
from columnist.documents.reading.pdf.content import MOST_OBJECTS, Content, Other
from columnist.documents.reading.pdf.eye import in_order, with_marks_apart
from columnist.documents.reading.pdf.forms import Field, fields_of, told_apart, with_fields
from columnist.documents.reading.pdf.layer import Box, Fonts, TextLayer
from columnist.documents.reading.pdf.plain import INK, shows_all
from columnist.documents.reading.pdf.portfolio import attached_to
from columnist.documents.reading.pdf.regions import masked, shows_more
from columnist.documents.reading.pdf.struck import struck_spans
from columnist.documents.reading.pdf.torn import torn_parts
from columnist.documents.reading.pdf.unseen import contrast, draw, hidden_spans, overlaid, repeated_spans
from columnist.documents.reading.pdf.xfa import xfa_values
from columnist.documents.reading.pictures import ocr
from columnist.documents.reading.pictures.lines import lies_on_its_side
from columnist.errors import DocumentError

_UNKNOWN = re.compile("[\x01-\x08\x0e-\x1f\ue000-\uf8ff\ufffd\U000f0000-\U0010fffd]")
"""Characters that a text layer has for glyphs of unknown letters: private use, control characters."""

MAX_ASPECT_RATIO = 20
"""The tallest page that is rendered (height / width)."""

STAMP_CHARACTERS = 200
"""If a page with a picture of itself has fewer letters and digits than this, they are a stamp, a Bates number or a
court's header."""

MOST_UNKNOWN = 0.3
"""A text layer with a larger share of unknown characters is not the text of the page."""

LEAST_VOWELS = 0.2
"""A smaller share of vowels (y included) among Latin letters means that a font has shuffled them (`Wkh Ohdvh` for `The
Lease`). Every page of the contracts in `examples/` has at least 0.35."""

_LATIN, _VOWELS = ascii_letters.encode(), b"aeiouyAEIOUY"
_ASCII = bytes(range(128))
_NO_LETTERS = bytes(one for one in range(256) if one > 127 or not chr(one).isalnum())
_UNKNOWN_BYTES = bytes([*range(1, 9), *range(14, 32), *b"\xee\xef\xf3\xf4"])
"""In UTF-8 each character of `_UNKNOWN` has one of these."""
_ENOUGH = 1000
"""So many characters of a page of text have more letters than a stamp."""

UNKNOWN_LETTERS = "a font without letters"

_INKED = 150
"""The lightest grey level of ink."""
_MARGIN = 40
"""Pixels around a part of a page that is read alone."""

_LAYERS = re.compile(
    b"/(?:%b)" % b"|".join(b"".join(b"(?:%c|#(?i:%02x))" % (one, one) for one in name) for name in (b"OC", b"ObjStm"))
)
"""A file without this has no form on a layer: a form on a layer has the name `OC` beside its bytes, which are not in a
stream of objects. Any letter of a name may be written as a number."""
_MOST_LOOKED_THROUGH = 16 * 1024**2
"""Most bytes of a searched file: a larger one may have forms on layers."""

_OVER_TEXT = frozenset(
    (
        pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP, pdfium_c.FPDF_ANNOT_TEXT, pdfium_c.FPDF_ANNOT_HIGHLIGHT,
        pdfium_c.FPDF_ANNOT_UNDERLINE, pdfium_c.FPDF_ANNOT_SQUIGGLY, pdfium_c.FPDF_ANNOT_STRIKEOUT,
        pdfium_c.FPDF_ANNOT_FILEATTACHMENT,
    )
)  # fmt: skip
"""Annotations that draw no text: they mark the page's text, or are a sign on the page."""

_UNDRAWN = (pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP)
_LINES = (pdfium_c.FPDF_ANNOT_INK, pdfium_c.FPDF_ANNOT_LINE)
_READ_AS_FIELDS = (pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_WIDGET)
_PRINTED = pdfium_c.FPDF_ANNOT_FLAG_PRINT | pdfium_c.FPDF_ANNOT_FLAG_HIDDEN

_LONG = 4
"""A stroke of a pen that is more times as long as high is a line."""
_PEN = 1.5
"""Points from the middle of a line of text to a line through it."""
_CATALOG = re.compile(rb"(\d{1,9})\s+(\d{1,5})\s+obj\s*<<(?:(?!endobj|stream)[\0-\xff]){0,2000}?/Type\s*/Catalog\b")
_TRAILER = b"\nendstream\nendobj\ntrailer << /Root %b %b R >>\nstartxref\n0\n%%%%EOF\n"
_KIDS = re.compile(rb"/Kids\s*\[((?:\s*\d{1,9}\s+\d{1,5}\s+R)*+)\s*\]")
_COUNT = re.compile(rb"/Count\s+(\d{1,9})(?!\d)")
_LONGEST_NODE = 2_000
"""Most bytes before and after the pages of a list of pages."""

PICTURED = 0.5
"""The least share of such a page that pictures cover."""


class _DamagedPageError(DocumentError):
    """A page that cannot be opened."""


def read_pdf(file: BinaryIO, max_pages: int) -> Iterator[Page]:
    """The pages of a PDF, one at a time. A page that shows more than its text layer holds is a picture, for OCR.

    Raises DocumentError if it is encrypted, damaged or too long.
    """
    with _opened(file) as (document, fonts):
        if len(document) > max_pages:
            raise DocumentError(
                f"The PDF has {len(document):,} pages, more than the {max_pages:,} that are read: split it, or raise "
                "COLUMNIST_READ_MAX_PAGES."
            )
        if len(document) == 0:
            raise DocumentError("The PDF has no pages.")
        damaged = 0
        said_of_form = xfa_values(document)
        unread = [one for one in attached_to(document, on_pages=False) if one.unread]
        said = [Remark(RemarkKind.ATTACHMENT, detail=one.name) for one in unread]
        with _held(file) as held:
            if len(held) <= _MOST_LOOKED_THROUGH and (torn := torn_parts(held)):
                said.append(Remark(RemarkKind.NOT_READ, torn, detail="damaged content"))
            if held.rfind(b"startxref") < held.rfind(b"endobj"):
                said.append(Remark(RemarkKind.NOT_READ, detail="the rest, because the file is cut off"))
        for index in range(len(document)):
            try:
                with _page(document, index, fonts) as opened:
                    page = _text_layer(opened, index + 1)
            except _DamagedPageError:
                damaged += 1
                if damaged == len(document):
                    raise
                page = Page(index + 1, "", remarks=(Remark(RemarkKind.NOT_READ, 1, (index + 1,), "a damaged page"),))
            page = page if index else replace(page, remarks=(*page.remarks, *said))
            said_of_form = [one for one in said_of_form if one not in _folded(page.text).casefold()]
            if said_of_form and index == len(document) - 1:
                remark = Remark(RemarkKind.NOT_READ, len(said_of_form), detail="a value of the XFA form")
                page = replace(page, remarks=(*page.remarks, remark))
            yield page


def attached_files(file: BinaryIO) -> Iterator[Attached]:
    """The files inside a PDF; none if it cannot be opened, which its own row then says."""
    with suppress(DocumentError), _opened(file) as (document, _):
        yield from attached_to(document)


def read_pdf_by_ocr(file: BinaryIO, number: int) -> Page:
    """A page (1-based) by OCR, unless its text layer has more. Raises DocumentError, as `read_pdf` does."""
    with _opened(file) as (document, fonts), _page(document, number - 1, fonts) as opened:
        layer = _text_layer(opened, number)
        scale = ocr.LONG_SIDE / max(opened.page.get_size())
        picture = opened.page.render(scale=scale).to_pil().convert("RGB")
        if layer.source == "text":
            return _with_more(layer, *_read_rest(masked(picture, layer.words, scale), scale))
        text, words = ocr.read_picture(picture, layer.width, layer.height)
        if _is_gibberish(layer.text):
            worse = _is_gibberish(text) or not _letters(text)
        else:
            worse = _letters(text) <= _letters(layer.text)
        if layer.text.strip() and worse:
            return replace(layer, source="text")
        return replace(layer, text=text, words=words, source="ocr")


def _read_rest(picture: Image.Image, scale: float) -> tuple[str, Sequence[WordBox]]:
    """The text that OCR reads in the remaining parts of a page, each part alone, because OCR overlooks a line on an
    empty page."""
    left, top, right, bottom = picture.convert("L").point(lambda level: 255 * (level < _INKED)).getbbox() or (
        0,
        0,
        0,
        0,
    )
    left, top = max(left - _MARGIN, 0), max(top - _MARGIN, 0)
    rest = picture.crop((left, top, min(right + _MARGIN, picture.width), min(bottom + _MARGIN, picture.height)))
    width, height = rest.width / scale, rest.height / scale
    if lies_on_its_side(rest.convert("L")):  # OCR may take single letters of it for lines
        text, turned = ocr.read_picture(rest.transpose(Image.Transpose.ROTATE_90), height, width)
        words = tuple(one._replace(x0=width - one.y1, x1=width - one.y0, y0=one.x0, y1=one.x1) for one in turned)
    else:
        text, words = ocr.read_picture(rest, width, height)
    x, y = left / scale, top / scale
    return text, [one._replace(x0=one.x0 + x, y0=one.y0 + y, x1=one.x1 + x, y1=one.y1 + y) for one in words]


def _with_more(layer: Page, text: str, words: Sequence[WordBox]) -> Page:
    """A page with the text of OCR after its text layer, which lacks it."""
    if not _letters(text):  # a drawing, or a word that OCR also cannot read
        unread = [one for one in layer.remarks if one.detail == UNKNOWN_LETTERS]
        return replace(layer, remarks=tuple(replace(one, kind=RemarkKind.NOT_READ) for one in unread))
    layer = replace(layer, remarks=())
    start = len(layer.text) + 1
    more = tuple(word._replace(start=word.start + start, end=word.end + start) for word in words)
    return replace(layer, text=f"{layer.text}\n{text}", words=(*layer.words, *more), source="ocr")


def draw_page(file: BinaryIO, number: int, width: int) -> bytes:
    """A page (1-based) as a PNG, `width` pixels wide. Raises DocumentError if that cannot be done."""
    with _opened(file) as (document, fonts):
        if not 1 <= number <= len(document):
            raise DocumentError(f"The PDF has {len(document):,} pages, and no page {number:,}.")
        with _page(document, number - 1, fonts) as opened:
            page = opened.page
            points = page.get_width()
            if points <= 0 or page.get_height() / points > MAX_ASPECT_RATIO:
                raise DocumentError("The page cannot be drawn: its size is not usable.")
            picture = io.BytesIO()
            page.render(scale=width / points).to_pil().save(picture, "PNG")
            return picture.getvalue()


def _count_all_pages(held: mmap.mmap) -> None:
    """PDFium ends a file early whose list of pages says that it has fewer; if it says 0, PDFium counts them."""
    for found in _KIDS.finditer(held):
        begin = held.rfind(b"<<", max(found.start() - _LONGEST_NODE, 0), found.start())
        end = held.find(b">>", found.end(), found.end() + _LONGEST_NODE)
        said = _COUNT.search(held, begin, end) if 0 <= begin < end else None
        if said and int(said[1]) < found[1].count(b"R"):
            held[said.start(1) : said.end(1)] = b"0".ljust(len(said[1]))


def _held(file: BinaryIO) -> mmap.mmap:
    """A private copy of a file's bytes, of which only changed parts take memory."""
    size = file.seek(0, os.SEEK_END)  # a closed process may not ask for the state of a file
    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)


def _loaded(held: mmap.mmap) -> Any:
    """The document in these bytes. If PDFium does not find its list of parts, it is told where they begin."""
    try:
        return pdfium.PdfDocument((ctypes.c_ubyte * len(held)).from_buffer(held))
    except pdfium.PdfiumError as error:
        roots = _CATALOG.findall(held) if "format" in str(error).lower() else []
        if not roots:
            raise
        return pdfium.PdfDocument(held[:] + _TRAILER % roots[-1])


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[Any, Fonts]]:
    try:
        # PDFium would call back for each piece of a file.
        held = _held(file)
        if len(held) <= _MOST_LOOKED_THROUGH:
            _count_all_pages(held)
        document = _loaded(held)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentError("The PDF is encrypted: remove its password and add it again.") from error
        raise DocumentError("The PDF is damaged or cut off: it cannot be opened.") from error
    try:
        if document.get_formtype() == pdfium_c.FORMTYPE_XFA_FULL:
            raise DocumentError(
                "The PDF is a dynamic XFA form, whose text only Adobe's programs draw: print it to a PDF and add that."
            )
        document.init_forms()  # fields without an appearance get one
        is_known = len(held) <= _MOST_LOOKED_THROUGH
        yield document, Fonts(forms_are_shown=is_known and _LAYERS.search(held) is None)
    finally:
        document.close()


@dataclass(frozen=True, slots=True)
class _OpenPage:
    """A page with its filled-in values drawn, its text layer, its fields, the drawings of annotations over it, the
    places that they strike through, and what is doubtful about each of its marks."""

    page: Any
    text_page: Any
    fields: list[Field]
    over: list[Other]
    struck: list[Box]
    doubts: list[str]
    fonts: Fonts


@contextmanager
def _page(document: Any, index: int, fonts: Fonts) -> Iterator[_OpenPage]:
    """A page, open while the context lasts. `fonts`: of the document."""
    try:
        page = document[index]
        fields = list(fields_of(document, page))
        page, over, struck, doubts = _with_what_is_filled_in(document, page, index)
        text_page = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise _DamagedPageError(f"The PDF is damaged: page {index + 1} cannot be read.") from error
    try:
        yield _OpenPage(page, text_page, fields, over, struck, doubts, fonts)
    finally:
        text_page.close()
        fonts.leave(page)


def _with_what_is_filled_in(document: Any, page: Any, index: int) -> tuple[Any, list[Other], list[Box], list[str]]:
    """The page, with the contents of form fields, typed text, stamps, watermarks and captions as ordinary text; the
    drawings of its annotations, the places that they strike through, and what is doubtful about each of them."""
    drawn, over = set(), []
    struck: list[Box] = []
    doubts: list[str] = []
    for number in range(pdfium_c.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, number)
        kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
        has_look = pdfium_c.FPDFAnnot_HasKey(annotation, b"AP")
        if (flags := pdfium_c.FPDFAnnot_GetFlags(annotation)) & pdfium_c.FPDF_ANNOT_FLAG_NOVIEW:
            # PDFium does not show it, and would still draw it into the page.
            pdfium_c.FPDFAnnot_SetFlags(annotation, flags | pdfium_c.FPDF_ANNOT_FLAG_HIDDEN)
            is_mark = kind not in (*_OVER_TEXT, *_READ_AS_FIELDS) and has_look
            is_printed = flags & _PRINTED == pdfium_c.FPDF_ANNOT_FLAG_PRINT
            doubts += ["a mark that is printed and not shown"] * (is_mark and is_printed)
        elif kind not in _UNDRAWN and pdfium_c.FPDFAnnot_HasKey(annotation, b"OC"):
            doubts.append("whether the layer of a mark is on")  # PDFium draws it in any case
        if kind in _LINES and not has_look:
            struck += _lines_of(annotation)
        if kind != pdfium_c.FPDF_ANNOT_LINK or has_look:
            place = pdfium_c.FS_RECTF()
            pdfium_c.FPDFAnnot_GetRect(annotation, place)
            over.append(Other(MOST_OBJECTS, (place.left, place.top, place.right, place.bottom), is_light=False))
        if kind == pdfium_c.FPDF_ANNOT_STRIKEOUT:
            struck += _places_of(annotation)
        if has_look or kind in _READ_AS_FIELDS:  # PDFium draws those that have none
            drawn.add(kind)
        pdfium_c.FPDFPage_CloseAnnot(annotation)
    if drawn <= _OVER_TEXT:
        return page, over, struck, doubts
    box = page.get_bbox()
    page.set_mediabox(*box)  # PDFium forgets those that a page has from its parents
    page.set_cropbox(*box)
    pdfium_c.FPDFPage_Flatten(page.raw, pdfium_c.FLAT_NORMALDISPLAY)
    page.close()
    return document[index], over, struck, doubts


def _places_of(annotation: Any) -> Iterator[Box]:
    """Left, top, right, bottom in PDF space of the lines that an annotation marks."""
    points = pdfium_c.FS_QUADPOINTSF()
    for number in range(pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation)):
        if pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, number, points):
            xs, ys = (points.x1, points.x2, points.x3, points.x4), (points.y1, points.y2, points.y3, points.y4)
            yield min(xs), max(ys), max(xs), min(ys)


def _lines_of(annotation: Any) -> Iterator[Box]:
    """The lines that a pen has drawn across the page, as places on one line of text."""
    opacity = ctypes.c_float()
    if pdfium_c.FPDFAnnot_GetNumberValue(annotation, b"CA", opacity) and opacity.value < 1:
        return  # a text marker
    ends = (pdfium_c.FS_POINTF * 2)()
    paths = [list(ends)] if pdfium_c.FPDFAnnot_GetLine(annotation, ends[0], ends[1]) else []
    for number in range(pdfium_c.FPDFAnnot_GetInkListCount(annotation)):
        points = (pdfium_c.FS_POINTF * pdfium_c.FPDFAnnot_GetInkListPath(annotation, number, None, 0))()
        pdfium_c.FPDFAnnot_GetInkListPath(annotation, number, points, len(points))
        paths.append(list(points))
    for path in filter(None, paths):
        xs, ys = [point.x for point in path], [point.y for point in path]
        if max(xs) - min(xs) > _LONG * (max(ys) - min(ys)):
            middle = (min(ys) + max(ys)) / 2
            yield min(xs), middle + _PEN, max(xs), middle - _PEN


@contextmanager
def _as_drawn(opened: _OpenPage, content: Content) -> Iterator[tuple[TextLayer, str]]:
    """The text layer of the drawn page, while the context lasts, and the replacements of the file (/ActualText) that
    have other letters or digits."""
    layer = TextLayer(opened.page, opened.text_page, opened.fonts)
    if not content.spoken:
        yield layer, ""
        return
    spoken: dict[int, str] = {}
    drawn: dict[int, str] = {}
    for address, (mark, said) in content.spoken.items():
        spoken[mark] = said
        pdfium_c.FPDFPageObj_RemoveMark(
            ctypes.cast(address, pdfium_c.FPDF_PAGEOBJECT), ctypes.cast(mark, pdfium_c.FPDF_PAGEOBJECTMARK)
        )
    text_page = opened.page.get_textpage()
    try:
        own = TextLayer(opened.page, text_page, opened.fonts)
        for piece in own.pieces:
            if piece.drawn_by in content.spoken:
                mark, _ = content.spoken[piece.drawn_by]
                drawn[mark] = drawn.get(mark, "") + own.text[piece.start : piece.end]
        others = [said for mark, said in spoken.items() if _folded(said) != _folded(drawn.get(mark, ""))]
        is_worse = bool(own.unreadable or own.holed) or _is_gibberish(own.text)
        yield (layer, "") if is_worse or not others else (own, "\n".join(others))
    finally:
        text_page.close()


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def _text_layer(opened: _OpenPage, number: int) -> Page:
    content = Content(opened.page)
    with _as_drawn(opened, content) as (layer, spoken):
        return _read_layer(opened, layer, content, number, spoken)


def _read_layer(opened: _OpenPage, layer: TextLayer, content: Content, number: int, spoken: str) -> Page:
    page = opened.page
    width, height = page.get_size()
    is_clear, unread = shows_all(layer, content, opened.over), layer.unreadable or layer.holed
    kept, words, hidden = _parted(layer.text, layer.words, [] if is_clear else hidden_spans(layer, content))
    text, words, _ = _parted(kept, words, [] if is_clear else repeated_spans(layer))
    upon = 0 if is_clear else overlaid(text, words, (width, height))
    text, words, struck = _parted(text, words, struck_spans(layer, content.bars, opened.struck))
    text, words, _ = _parted(text, words, layer.unreadable)
    is_picture = _needs_ocr(page, content, text)
    text, words, _ = _parted(text, words, layer.holed)
    remarks: tuple[Remark, ...] = ()
    if not is_picture and (unread or shows_more(page, content, words)):
        is_picture = _pictured(page, content) >= PICTURED
        detail = UNKNOWN_LETTERS if unread else ""
        remarks = (Remark(RemarkKind.PICTURE, pages=(number,), detail=detail),)
    doubts = gathered(Remark(RemarkKind.NOT_READ, 1, (number,), one) for one in opened.doubts)
    if upon:
        doubts.append(Remark(RemarkKind.NOT_READ, upon, (number,), "a word drawn upon another one"))
    remarks = (*remarks, *doubts)
    drawn = text
    text, ordered = in_order(*with_marks_apart(layer, text, words))
    remarks = (*remarks, *lost_between(drawn, text, number))
    words = tuple(ordered)
    if opened.fields:
        placed = [(layer.to_points(*field.place), field) for field in opened.fields]
        gone = [one for one in layer.words if kept[one.start : one.end].isspace()]
        seen, others = told_apart(placed, layer.text, gone, page.get_size())
        text, words = with_fields(text, words, seen)
        spoken = "\n".join(filter(None, [spoken, *(one for one in others if one not in hidden)]))
    hidden = "\n".join(filter(None, [hidden, spoken]))
    source: Literal["text", "picture"] = "picture" if is_picture else "text"
    if is_picture:
        remarks = tuple(one for one in remarks if one.kind == RemarkKind.NOT_READ)
    return Page(number, text, width, height, words, source, remarks, hidden, struck)


def _parted(
    text: str, words: Sequence[WordBox], spans: Sequence[tuple[int, int]]
) -> tuple[str, tuple[WordBox, ...], str]:
    """A text with these parts blanked out character for character, its words, and the parts."""
    if not spans:
        return text, tuple(words), ""
    kept = list(text)
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        parts += ["\n" if "\n" in text[end:start] else " ", text[start:stop]]
        kept[start:stop] = " " * (stop - start)
        end = stop
    rest = "".join(kept)
    left = tuple(word for word in words if not rest[word.start : word.end].isspace())
    return rest, left, "".join(parts).strip()


def _needs_ocr(page: Any, content: Content, text: str) -> bool:
    """Whether the page shows text that its text layer lacks: it has no text layer, or one that is gibberish, or only a
    stamp on a picture of the page."""
    if min(page.get_size()) <= 0:
        return False
    if _is_gibberish(text):
        return True
    if _letters(text[:_ENOUGH]) >= STAMP_CHARACTERS or _letters(text) >= STAMP_CHARACTERS:
        return False
    if not _letters(text):
        drawn = draw(page)
        return drawn is not None and contrast(drawn.picture) >= INK
    return _pictured(page, content) >= PICTURED


def _pictured(page: Any, content: Content) -> float:
    """The share of a page that pictures cover."""
    left, bottom, right, top = page.get_bbox()
    covered: float = sum(
        max(min(x1, right) - max(x0, left), 0) * max(min(y1, top) - max(y0, bottom), 0)
        # Some programs put every page into a form, with its text: only a form with a picture in it is a picture.
        for x0, y1, x1, y0 in content.pictures
    )
    area: float = max((right - left) * (top - bottom), 1.0)
    return covered / area


def lost_between(drawn: str, ordered: str, number: int) -> Iterator[Remark]:
    """A remark on letters and digits of a page that were lost when it was put in order."""
    if drawn is not ordered and (lost := _letters(drawn) - _letters(ordered)) > 0:
        yield Remark(RemarkKind.LOST, lost, (number,))


def _letters(text: str) -> int:
    """The number of letters and digits of a text. Most texts are nearly all ASCII, which is counted at once."""
    coded = text.encode(errors="surrogatepass")
    others = coded.translate(None, _ASCII).decode(errors="surrogatepass")
    return len(coded.translate(None, _NO_LETTERS)) + sum(map(str.isalnum, others))


def _is_gibberish(text: str) -> bool:
    """Whether a text layer is not the shown text: the file has no letters for its glyphs, or wrong ones."""
    coded = text.encode(errors="surrogatepass")
    unknown = _UNKNOWN.findall(text) if len(coded.translate(None, _UNKNOWN_BYTES)) < len(coded) else []
    if unknown and len(unknown) > MOST_UNKNOWN * sum(map(len, text.split())):
        return True
    if _vowels(coded) >= LEAST_VOWELS * len(coded):  # most texts: more letters cannot be among so many bytes
        return False
    plain = text if text.isascii() else unicodedata.normalize("NFD", text.casefold())
    coded = plain.encode(errors="surrogatepass")
    latin = len(coded) - len(coded.translate(None, _LATIN))
    if latin < STAMP_CHARACTERS or (latin < len(text) / 2 and latin < _letters(text) / 2):
        return False
    return _vowels(coded) < LEAST_VOWELS * latin


def _vowels(coded: bytes) -> int:
    return len(coded) - len(coded.translate(None, _VOWELS))
