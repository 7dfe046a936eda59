"""The values of a PDF's form: read beside their labels, also if no appearance, or an old one, is drawn."""

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.eye import moved_by, turns_of
from columnist.documents.reading.pdf.layer import Box
from columnist.documents.reading.web.html import text_lines

CHECKED, UNCHECKED = "☒", "☐"
_TICKS = (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON)
_CHOICES = (pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX)
_UNSEEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13
_EXACT = 2**17
"""Below this a number of seven digits has its hundredths."""
_WHITE = re.compile(r"(?:^|\s)(?:1(?:\.0*)?\s+g|(?:1(?:\.0*)?\s+){3}rg|(?:0(?:\.0*)?\s+){4}k)\b")
_NEAR = 40.0
"""Most points between a tick box and its label."""


class Field(NamedTuple):
    """A field of a form, or a typed note: its place in PDF space (left, top, right, bottom), and its value."""

    place: Box
    text: str
    is_tick: bool
    is_seen: bool
    is_list: bool = False


def fields_of(document: Any, page: Any) -> Iterator[Field]:
    """The fields of a page that have a value, and all tick boxes; before they are drawn into the page."""
    rectangle = pdfium_c.FS_RECTF()
    for number in range(pdfium_c.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, number)
        try:
            kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
            text, is_tick = "", False
            if kind == pdfium_c.FPDF_ANNOT_FREETEXT:
                text = _said(annotation, b"Contents") or _rich(annotation, b"RC")
            elif kind == pdfium_c.FPDF_ANNOT_WIDGET and document.formenv is not None:
                text, is_tick = _filled_in(document.formenv.raw, annotation)
                if not text and _is_shown_value(document.formenv.raw, annotation):
                    text = _number(annotation) or _said(annotation, b"V") or _rich(annotation, b"RV")
            if text.strip() and pdfium_c.FPDFAnnot_GetRect(annotation, rectangle):
                place = (rectangle.left, rectangle.top, rectangle.right, rectangle.bottom)
                is_seen = not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSEEN
                is_seen = is_seen and not (kind == pdfium_c.FPDF_ANNOT_FREETEXT and _is_white_note(annotation))
                is_list = kind == pdfium_c.FPDF_ANNOT_WIDGET and _is_list(document.formenv, annotation)
                yield Field(place, text, is_tick, is_seen, is_list)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _is_white_note(annotation: Any) -> bool:
    """Whether a typed note that PDFium does not draw has white letters, and no ground of its own."""
    is_drawn = any(pdfium_c.FPDFAnnot_HasKey(annotation, key) for key in (b"AP", b"C"))
    return not is_drawn and _WHITE.search(_said(annotation, b"DA")) is not None


def _is_list(form: Any, annotation: Any) -> bool:
    """Whether a field is a list, which is drawn with all its choices."""
    kind = None if form is None else pdfium_c.FPDFAnnot_GetFormFieldType(form.raw, annotation)
    return bool(kind == pdfium_c.FPDF_FORMFIELD_LISTBOX)


def _is_shown_value(form: Any, annotation: Any) -> bool:
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    is_password = pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD
    return kind in (pdfium_c.FPDF_FORMFIELD_TEXTFIELD, *_CHOICES) and not is_password


def _number(annotation: Any) -> str:
    """The value of a field that the file stores as a number, of which PDFium keeps seven digits alone."""
    value = ctypes.c_float()
    is_number = pdfium_c.FPDFAnnot_GetValueType(annotation, b"V") == pdfium_c.FPDF_OBJECT_NUMBER
    if not is_number or not pdfium_c.FPDFAnnot_GetNumberValue(annotation, b"V", value):
        return ""
    is_exact = abs(value.value) < _EXACT
    return f"{value.value:.7g}" if is_exact else f"about {value.value:.0f}"


def _said(annotation: Any, key: bytes) -> str:
    return _string(lambda *room: pdfium_c.FPDFAnnot_GetStringValue(annotation, key, *room))


def _rich(annotation: Any, key: bytes) -> str:
    """A text that the file has with its looks alone."""
    said = _said(annotation, key)
    return "\n".join(one for one in text_lines(said).lines if isinstance(one, str)) if said else ""


def _filled_in(form: Any, annotation: Any) -> tuple[str, bool]:
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _TICKS:
        return (CHECKED if pdfium_c.FPDFAnnot_IsChecked(form, annotation) else UNCHECKED), True
    if kind in _CHOICES:
        options = range(max(pdfium_c.FPDFAnnot_GetOptionCount(form, annotation), 0))
        chosen = [one for one in options if pdfium_c.FPDFAnnot_IsOptionSelected(form, annotation, one)]
        if chosen:
            labels = (
                _string(lambda *room: pdfium_c.FPDFAnnot_GetOptionLabel(form, annotation, one, *room))  # noqa: B023
                for one in chosen
            )
            return ", ".join(labels), False
    elif kind != pdfium_c.FPDF_FORMFIELD_TEXTFIELD:
        return "", False
    if pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return "", False
    return _string(lambda *room: pdfium_c.FPDFAnnot_GetFormFieldValue(form, annotation, *room)), False


def _string(read: Callable[..., int]) -> str:
    size = read(None, 0)
    buffer = ctypes.create_string_buffer(max(size, 2))
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = buffer.raw[: max(size - 2, 0)].decode("utf-16-le", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def told_apart(
    fields: Sequence[tuple[Box, Field]], text: str, gone: Sequence[WordBox], size: tuple[float, float]
) -> tuple[list[tuple[Box, Field]], list[str]]:
    """The fields that a person sees, and the values of the others: switched off, without a place on the page, or drawn
    out of sight. `gone`: the hidden words of the text."""
    seen, values = [], []
    for box, field in fields:
        is_there = field.is_seen and box[2] - max(box[0], 0) > 0 and box[3] - max(box[1], 0) > 0
        is_there = is_there and box[0] < min(box[2], size[0]) and box[1] < min(box[3], size[1])
        drawn = " ".join(text[word.start : word.end] for word in gone if _is_in(word, box))
        if is_there and not _says(drawn, field):
            seen.append((box, field))
        else:
            values.append(field.text)
    return seen, values


def with_fields(
    text: str, words: Sequence[WordBox], fields: Sequence[tuple[Box, Field]]
) -> tuple[str, tuple[WordBox, ...]]:
    """A page's text and words, with each value beside its label. Text that PDFium read in a field's place is moved
    there; a value that is not drawn, or is drawn differently, is added."""
    inside = [[word for word in words if _is_in(word, box)] for box, _ in fields]
    moved = {word for own in inside for word in own}
    labels = [word for word in words if word not in moved]
    turns = turns_of(labels)
    lines = labels if turns is None else moved_by(labels, turns[0])
    kept = list(text)
    for word in moved:
        kept[word.start : word.end] = " " * (word.end - word.start)
    added: list[tuple[int, float, str, list[WordBox]]] = []
    for (box, field), own in zip(fields, inside, strict=True):
        written, boxes = _written(text, box, field, own)
        place, before = _place(text, lines, box if turns is None else turns[0](box), field)
        piece = f"{written} " if before else f" {written}"
        shift = 0 if before else 1
        added.append(
            (place, box[0], piece, [one._replace(start=one.start + shift, end=one.end + shift) for one in boxes])
        )
    added.sort(key=lambda one: one[:2])
    parts, at, grown = [], 0, 0
    found: list[WordBox] = []
    starts: list[tuple[int, int]] = []
    for place, _, piece, boxes in added:
        parts += ["".join(kept[at:place]), piece]
        found += [one._replace(start=one.start + place + grown, end=one.end + place + grown) for one in boxes]
        at = place
        grown += len(piece)
        starts.append((place, len(piece)))
    parts.append("".join(kept[at:]))
    for word in labels:
        start = word.start + sum(length for place, length in starts if place <= word.start)
        found.append(word._replace(start=start, end=start + word.end - word.start))
    return "".join(parts), tuple(sorted(found))


def _written(text: str, box: Box, field: Field, drawn: Sequence[WordBox]) -> tuple[str, list[WordBox]]:
    """The text for a field, and the boxes of its words, from 0."""
    parts: list[str] = []
    boxes: list[WordBox] = []
    length = 0

    def write(word: str, where: Box) -> None:
        nonlocal length
        parts.append(word)
        boxes.append(WordBox(length, length + len(word), *where))
        length += len(word) + 1

    shown, said = [text[word.start : word.end] for word in drawn], field.text.split()
    if len(shown) > len(said) and "".join(shown) == "".join(said):  # letters in boxes of their own (a comb)
        for one in said:
            write(one, box)
        return " ".join(parts), boxes
    for one, word in zip(shown, drawn, strict=True):
        write(one, (word.x0, word.y0, word.x1, word.y1))
    if not _says(" ".join(parts), field):
        value = field.text if not parts else f"[in the form's data: {field.text}]"
        for one in value.split():
            write(one, box)
    return " ".join(parts), boxes


def _says(drawn: str, field: Field) -> bool:
    if field.is_tick:
        return bool(drawn)
    letters, said = ("".join(filter(str.isalnum, one)).casefold() for one in (drawn, field.text))
    return bool(drawn) and (letters == said if field.is_list else said in letters)


def _place(text: str, labels: Sequence[WordBox], box: Box, field: Field) -> tuple[int, bool]:
    """The offset for a field, and whether it is before a word there."""
    line = [
        word
        for word in labels
        if min(word.y1, box[3]) - max(word.y0, box[1]) > 0.4 * min(word.y1 - word.y0, box[3] - box[1])
    ]
    left = max((word for word in line if word.x1 <= box[0] + 3), key=lambda word: word.x1, default=None)
    right = min((word for word in line if word.x0 >= box[2] - 3), key=lambda word: word.x0, default=None)
    if right is not None and (left is None or (field.is_tick and right.x0 - box[2] < min(box[0] - left.x1, _NEAR))):
        return right.start, True
    if left is not None:
        return left.end, False
    above = max((word for word in labels if word.y1 <= box[1] + 3), key=lambda word: (word.y1, word.x1), default=None)
    stop = text.find("\n", above.end) if above is not None else -1
    return (len(text[:stop].rstrip()) if stop >= 0 else len(text)), False


def _is_in(word: WordBox, box: Box) -> bool:
    return box[0] - 1 <= (word.x0 + word.x1) / 2 <= box[2] + 1 and box[1] - 1 <= (word.y0 + word.y1) / 2 <= box[3] + 1
