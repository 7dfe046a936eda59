"""The files inside a PDF: files of a portfolio, attachments, and files pinned to its pages."""

import io
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from columnist.documents.reading import formats
from columnist.documents.reading.mail import MOST_ATTACHED, Attached


def attached_to(document: Any, *, on_pages: bool = True) -> Iterator[Attached]:
    """The files inside an open PDF, each once; `on_pages`: also files pinned to a page."""
    seen: set[tuple[str, int]] = set()
    for file in _files(document, on_pages):
        try:
            name, data = file.get_name(), bytes(file.get_data())
        except pdfium.PdfiumError:
            yield Attached(file.get_name() or "attachment", b"", "damaged")
            continue
        key = (name, hash(data))
        if key in seen:
            continue
        seen.add(key)
        unread = None if formats.is_taken_in(io.BytesIO(data), name) else formats.what_else(io.BytesIO(data))
        if unread is None and len(seen) > MOST_ATTACHED:
            unread = f"the first {MOST_ATTACHED} are"
        yield Attached(name or "attachment", data, unread)


def _files(document: Any, on_pages: bool) -> Iterator[Any]:
    for index in range(pdfium_c.FPDFDoc_GetAttachmentCount(document)):
        file = pdfium_c.FPDFDoc_GetAttachment(document, index)
        if file:
            yield pdfium.PdfAttachment(file, document)
    for number in range(len(document) if on_pages else 0):
        page = pdfium_c.FPDF_LoadPage(document, number)
        for index in range(pdfium_c.FPDFPage_GetAnnotCount(page) if page else 0):
            annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
            if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_FILEATTACHMENT:
                file = pdfium_c.FPDFAnnot_GetFileAttachment(annotation)
                if file:
                    yield pdfium.PdfAttachment(file, document)
            pdfium_c.FPDFPage_CloseAnnot(annotation)
        if page:
            pdfium_c.FPDF_ClosePage(page)
