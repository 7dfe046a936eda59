"""The work of a guarded child: on one request it reads a file that it has open, and sends back its contents.

A request is a line of JSON: "read" pages, "ocr" some pages, "draw" a page, "attached" files, the "language" of texts.
The answer is frames: pages or attachments, then an end with the other values, or an error. A file that exploits a
parser controls only this process, which is closed (`guarded.sandbox`).
"""

import email
import encodings
import errno
import gc
import html
import importlib
import io
import json
import mimetypes
import pkgutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, BinaryIO

import chardet.models
from PIL import Image

from columnist.documents.locating.boxes import pack
from columnist.documents.model import Page, gathered
from columnist.documents.reading import archive, flowing, formats
from columnist.documents.reading.encoding import decode
from columnist.documents.reading.frames import ATTACHED, PAGE, TEXTS
from columnist.documents.reading.language import language, sample
from columnist.documents.reading.mails import mail
from columnist.documents.reading.office import opendocument, rtf, sheets, slides, word
from columnist.documents.reading.pdf.pages import attached_files, draw_page, read_pdf, read_pdf_by_ocr
from columnist.documents.reading.pictures.pages import (
    draw_picture,
    read_picture_by_ocr,
    read_pictures,
    read_pictures_on,
)
from columnist.documents.reading.web.html import read_html
from columnist.errors import DocumentError
from columnist.guarded.frames import DONE, ERROR, send

_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def warm() -> None:
    """Load everything that is loaded on first use: a closed process cannot open files."""
    for package in (chardet, email, encodings, html):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with suppress(ImportError):  # for other systems, or for programs that are not installed
                importlib.import_module(module.name)
    Image.init()
    mimetypes.init()
    time.localtime()
    language(["a few words"])
    chardet.models.load_models()
    chardet.models.get_rowmax()
    decode(("Le café coûte 900 € à Genève, déjà payé. " * 20).encode("cp1252"))


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Answer the next request."""
    # Words form no reference cycles, and the collector took a twelfth of the time of a PDF.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        _answer(frames, file, **json.loads(requests.readline()))
    except DocumentError as error:
        send(frames, ERROR, {"error": str(error), "errno": _errno(error.__cause__)})
    except (MemoryError, RecursionError):
        send(frames, ERROR, {"error": None, "errno": None})
    except Exception as error:  # noqa: BLE001 - a parser may raise anything over a hostile file
        number = _errno(error)
        sentence = f"The file is damaged: {type(error).__name__} while reading it."
        send(frames, ERROR, {"error": None if number == errno.ENOMEM else sentence, "errno": number})


def _errno(error: BaseException | None) -> int | None:
    """By the error's number the parent knows whether the machine is at fault, and not the file."""
    return error.errno if isinstance(error, OSError) else None


def _answer(frames: BinaryIO, file: BinaryIO | None, asked: str, **request: Any) -> None:
    if file is None:
        send(frames, DONE, {"language": language(request["texts"])})
    elif asked == "read":
        if request.get("convertible") and (old := formats.old_office(file)):
            send(frames, DONE, {"media_type": old, "language": None})
            return
        media_type, pages = read_file(file, request["name"], request["max_pages"])
        read = []
        for page in pages:
            _send_page(frames, page)
            read.append(replace(page, words=()))
        send(frames, DONE, {"media_type": media_type, "language": language(sample(read))})
    elif asked == "ocr":
        for page in read_by_ocr(file, request["pages"]):
            _send_page(frames, page)
        send(frames, DONE, {})
    elif asked == "draw":
        draw = draw_picture if _media_type(file, "") in formats.PICTURES else draw_page
        send(frames, DONE, {}, draw(file, request["page"], request["width"]))
    else:
        _send_attached(frames, file, request["name"])


def read_file(file: BinaryIO, name: str, max_pages: int) -> tuple[str, Iterator[Page]]:
    """A file's media type and its pages, read lazily. Raises DocumentError, as the iteration does."""
    media_type = _media_type(file, name)
    if media_type == formats.PDF:
        return media_type, read_pdf(file, max_pages)
    if media_type in formats.PICTURES:
        return media_type, _at_most(read_pictures(file), max_pages)
    if media_type in formats.MAILS:
        return media_type, _at_most(mail.read_mail(file, media_type), max_pages)
    readers = {
        formats.DOCX: word.read_docx,
        formats.XLSX: sheets.read_xlsx,
        formats.PPTX: slides.read_pptx,
        formats.ODT: opendocument.read_odt,
        formats.ODS: opendocument.read_ods,
        formats.ODP: opendocument.read_odp,
        formats.RTF: rtf.read_rtf,
        formats.HTML: read_html,
        formats.TEXT: flowing.read_text,
    }
    return media_type, _at_most(readers[media_type](file), max_pages)


def read_by_ocr(file: BinaryIO, numbers: Sequence[int]) -> Iterator[Page]:
    """Read pages (1-based, in their order) that are pictures, or contain pictures. Raises DocumentError, as the
    iteration does."""
    kind = _media_type(file, "")
    if kind in formats.PICTURES:
        yield from (read_picture_by_ocr(file, number) for number in numbers)
    elif kind == formats.PDF:
        yield from (read_pdf_by_ocr(file, number) for number in numbers)
    else:  # its pages cannot be read one by one
        _, pages = read_file(file, "", numbers[-1])
        wanted = (page for page in pages if page.number in numbers)
        yield from map(read_pictures_on, islice(wanted, len(numbers)))


def _send_attached(frames: BinaryIO, file: BinaryIO, name: str) -> None:
    media_type = _media_type(file, name)
    if media_type == formats.ZIP:
        for packed in archive.packed_files(file):
            _send_inner(frames, packed.path, packed.data, packed.refused)
    else:
        files = attached_files(file) if media_type == formats.PDF else mail.attached_files(file, media_type)
        for attached in files:
            if attached.unread is None:
                _send_inner(frames, attached.name, attached.data, None)
    send(frames, DONE, {})


def _send_inner(frames: BinaryIO, name: str, data: bytes, refused: str | None) -> None:
    held = None if refused else formats.holder(io.BytesIO(data), name)
    send(frames, ATTACHED, {"name": name, "holder": held, "refused": refused}, data)
    frames.flush()


def _media_type(file: BinaryIO, name: str) -> str:
    found = formats.media_type(file, name)
    file.seek(0)
    return found


def _at_most(pages: Iterator[Page], max_pages: int) -> Iterator[Page]:
    for page in pages:
        if page.number > max_pages:
            raise DocumentError(
                f"The file has more than {max_pages:,} pages, the most that are read: split it, or raise "
                "COLUMNIST_READ_MAX_PAGES."
            )
        yield page


def _send_page(frames: BinaryIO, page: Page) -> None:
    values: dict[str, Any] = {name: getattr(page, name) for name in ("number", "width", "height", "source")}
    values["remarks"] = [asdict(one) for one in gathered(page.remarks)]
    texts = [getattr(page, name).encode("utf-8", "surrogatepass") for name in TEXTS]
    values["bytes"] = [len(text) for text in texts]
    send(frames, PAGE, values, b"".join((*texts, pack(page.words))))
