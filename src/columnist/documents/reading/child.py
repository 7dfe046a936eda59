"""The guarded subprocess: reads files one at a time, on requests from standard input, and sends their pages back.

A request is a line of JSON with what is asked for: "read" pages, "ocr" of one page, "draw" a page, "attached" files,
the "language" of texts. The answer is frames (`send`): pages or attachments, then an end with the other values, or an
error. A file that exploits a parser can harm this process only.
"""

import io
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from columnist.documents.locating.boxes import pack
from columnist.documents.model import Page
from columnist.documents.reading import archive, flowing, formats, mail, ocr, rtf, sheets, web, word
from columnist.documents.reading.frames import FRAME
from columnist.documents.reading.language import language
from columnist.documents.reading.pdf import attached_files, draw_page, read_pdf, read_pdf_by_ocr
from columnist.documents.reading.pictures import draw_picture, read_picture_by_ocr, read_pictures
from columnist.errors import DocumentError

ORPHAN_CHECK_SECONDS = 1.0


def main(memory_mb: int) -> None:
    """Serve until standard input ends."""
    # The real standard output is for frames; what libraries print is dropped.
    frames = os.fdopen(os.dup(1), "wb", buffering=1024**2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # there is one reader per core
    with suppress(ValueError, OSError):  # macOS has the limit and does not enforce it
        # OCR takes the rest when it loads its models.
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1024**2, (memory_mb + ocr.MEMORY_MB) * 1024**2))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    for line in sys.stdin:
        try:
            _answer(frames, **json.loads(line))
        except DocumentError as error:
            send(frames, b"E", {"error": str(error), "errno": _errno(error.__cause__)})
        except (MemoryError, RecursionError):
            sentence = f"The file needs more than the {memory_mb:,} MB of memory that reading may use."
            send(frames, b"E", {"error": f"{sentence} (COLUMNIST_READ_MEMORY_MB)", "errno": None})
        except Exception as error:  # noqa: BLE001 - a parser may raise anything over a hostile file
            sentence = f"The file is damaged: {type(error).__name__} while reading it."
            send(frames, b"E", {"error": sentence, "errno": _errno(error)})
        frames.flush()


def _errno(error: BaseException | None) -> int | None:
    """By its number the parent knows whether the machine is at fault, and not the file."""
    return error.errno if isinstance(error, OSError) else None


def _answer(frames: BinaryIO, asked: str, **request: Any) -> None:
    if asked == "language":
        send(frames, b"D", {"language": language(request["texts"])})
        return
    path = Path(request["path"])
    if asked == "read":
        media_type, pages = read_file(path, request["name"], request["max_pages"])
        for page in pages:
            _send_page(frames, page)
        send(frames, b"D", {"media_type": media_type})
    elif asked == "ocr":
        _send_page(frames, read_by_ocr(path, request["page"]))
        send(frames, b"D", {})
    elif asked == "draw":
        send(frames, b"D", {}, _draw(path, request["page"], request["width"]))
    else:
        _send_attached(frames, path, request["name"])


def read_file(path: Path, name: str, max_pages: int) -> tuple[str, Iterator[Page]]:
    """A file's media type and its pages, read lazily. Raises DocumentError, as the iteration does."""
    media_type = _media_type(path, name)
    if media_type == formats.PDF:
        return media_type, read_pdf(path, max_pages)
    if media_type in formats.PICTURES:
        return media_type, _at_most(read_pictures(path), max_pages)
    if media_type in formats.MAILS:
        return media_type, _at_most(mail.read_mail(path, media_type), max_pages)
    readers = {
        formats.DOCX: word.read_docx,
        formats.XLSX: sheets.read_xlsx,
        formats.RTF: rtf.read_rtf,
        formats.HTML: web.read_html,
        formats.TEXT: flowing.read_text,
    }
    return media_type, _at_most(readers[media_type](path), max_pages)


def read_by_ocr(path: Path, number: int) -> Page:
    """Read a page (1-based) that is a picture. Raises DocumentError."""
    return read_picture_by_ocr(path, number) if _is_picture(path) else read_pdf_by_ocr(path, number)


def _draw(path: Path, number: int, width: int) -> bytes:
    return draw_picture(path, number, width) if _is_picture(path) else draw_page(path, number, width)


def _is_picture(path: Path) -> bool:
    return _media_type(path, "") in formats.PICTURES


def _send_attached(frames: BinaryIO, path: Path, name: str) -> None:
    media_type = _media_type(path, name)
    if media_type == formats.ZIP:
        for packed in archive.packed_files(path):
            _send_inner(frames, packed.path, packed.data, packed.refused)
    else:
        files = attached_files(path) if media_type == formats.PDF else mail.attached_files(path, media_type)
        for attached in files:
            if attached.unread is None:
                _send_inner(frames, attached.name, attached.data, None)
    send(frames, b"D", {})


def _send_inner(frames: BinaryIO, name: str, data: bytes, refused: str | None) -> None:
    held = None if refused else formats.holder(io.BytesIO(data), name)
    send(frames, b"A", {"name": name, "holder": held, "refused": refused}, data)
    frames.flush()


def _media_type(path: Path, name: str) -> str:
    with path.open("rb") as file:
        return formats.media_type(file, name)


def _at_most(pages: Iterator[Page], max_pages: int) -> Iterator[Page]:
    for page in pages:
        if page.number > max_pages:
            raise DocumentError(
                f"The file has more than {max_pages:,} pages, the most that are read: split it, or raise "
                "COLUMNIST_READ_MAX_PAGES."
            )
        yield page


def _send_page(frames: BinaryIO, page: Page) -> None:
    values = {name: getattr(page, name) for name in ("number", "text", "width", "height", "source", "hidden")}
    values["remarks"] = [asdict(one) for one in page.remarks]
    send(frames, b"P", values, pack(page.words))


def send(frames: BinaryIO, kind: bytes, values: dict[str, Any], packed: bytes = b"") -> None:
    """Write one frame."""
    head = json.dumps(values).encode()
    frames.write(FRAME.pack(kind, len(head), len(packed)))
    frames.write(head)
    frames.write(packed)


def _end_with(parent: int) -> None:
    """End with the parent: one that was killed cannot kill its children."""
    while os.getppid() == parent:
        time.sleep(ORPHAN_CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
