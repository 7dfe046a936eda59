"""The files inside a PDF: files of a portfolio, attachments, and files pinned to its pages."""

from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from columnist.documents.reading.attached import Attached, attached


def attached_to(document: Any, *, on_pages: bool = True) -> Iterator[Attached]:
    """The files inside an open PDF, each once; `on_pages`: also files pinned to a page."""
    return attached(_contents(document, on_pages))


def _contents(document: Any, on_pages: bool) -> Iterator[tuple[str, bytes | None]]:
    seen: set[tuple[str, int]] = set()
    for file in _files(document, on_pages):
        name = file.get_name()
        try:
            data = bytes(file.get_data())
        except pdfium.PdfiumError:
            yield name or "attachment", None
            continue
        key = (name, hash(data))
        if key not in seen:
            seen.add(key)
            yield name or "attachment", data


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
