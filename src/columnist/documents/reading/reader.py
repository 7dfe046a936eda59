"""The parent's side of reading: each file is parsed in a separate guarded child."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from columnist.cpu import usable_cores
from columnist.documents.locating.boxes import BoxesWriter
from columnist.documents.model import LONGEST_DETAIL, MOST_REMARKS, Page
from columnist.documents.reading import formats, old_office
from columnist.documents.reading.frames import ATTACHED, PAGE, TEXTS
from columnist.documents.reading.language import sample
from columnist.documents.reading.pictures import ocr
from columnist.documents.storage import READING_FAULT, look_through, weather
from columnist.errors import DocumentError, ReaderLostError, SettingsError
from columnist.guarded.children import Child, CrashedError, LateError, LostError, Places, Role
from columnist.guarded.frames import DONE, ERROR, Frame
from columnist.guarded.sandbox import REQUIRED
from columnist.settings import Settings

_MB = 1024**2
_LONGEST_ERROR = 1_000
_COPIES = 4
"""A text in Python may take four times its bytes: this process takes no more for it than the child may."""
_LARGEST = 1e7
"""Most points of a page's width and height, and the largest number in a remark."""
_OCR_TOGETHER = 8
"""How many pages a child reads by OCR if it must read the file from its beginning: 20 seconds on a slow core."""
_LANGUAGE = re.compile("[a-z]{2}")
_PAGES = TypeAdapter(Page)


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """The result of reading a file; its word boxes are in the blob store. `language`: ISO 639-1, None if unsure."""

    media_type: str
    language: str | None
    pages: list[Page]


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file inside an e-mail or archive; `name`: its path there. `holder`: its kind, if it may contain files itself.
    `refused`: why it is not taken in, or None."""

    name: str
    holder: Literal["mail", "archive"] | None
    refused: str | None
    content: bytes


class Reader:
    """Reads files in guarded children, as many at a time as this process has cores.

    Users take turns: a free place goes to the user who has waited longest. As many other children read pictures by OCR,
    page by page, and others again draw pages, of which no user has more than half: a person who opens a page waits
    neither for long scans nor for other users' files. Use as an async context manager: leaving it waits for the end of
    the children.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._converter = old_office.Converter(settings)
        memory, seconds = settings.read_memory_mb, settings.read_timeout_seconds
        self._readers = Places("reading", Role("columnist.documents.reading.child", memory * _MB, seconds))
        cores = max(usable_cores(), 2)
        self._drawers = Places("drawing", self._readers.role, most=cores, each=cores // 2)
        memory += ocr.MEMORY_MB
        self._scanners = Places("ocr", Role("columnist.documents.reading.scanner", memory * _MB, seconds))

    async def __aenter__(self) -> "Reader":
        for places in (self._readers, self._drawers, self._scanners):
            places.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        for places in (self._readers, self._drawers, self._scanners):
            await places.close()

    def warm(self) -> None:
        """Prepare for the first file."""
        self._readers.warm()

    async def read(self, path: Path, name: str, boxes: BoxesWriter, user: Hashable = None) -> ReadDocument:
        """Read a file: its pages without `words`; the word boxes go to `boxes`. Users take turns.

        Raises DocumentError with a sentence for the user, whatever the file does to its child, and StorageAwayError if
        the file cannot be reached.
        """
        async with _blaming(path), AsyncExitStack() as stack:
            program = old_office.program()
            media_type, language, read = await self._read_once(path, name, user, convertible=program is not None)
            if program is not None and media_type in formats.OLD_OFFICE:
                path = await stack.enter_async_context(self._converter.newer(program, path, media_type))
                media_type, language, read = await self._read_once(path, name, user)
                read = [(old_office.with_lost_references(page), packed) for page, packed in read]
            if any(page.needs_ocr for page, _ in read) and ocr.installed():
                await self._read_by_ocr(path, media_type, read, user)
                asked = {"asked": "language", "texts": sample(page for page, _ in read)}
                ((_, done, _),) = await self._answer(self._readers, None, user, asked)
                with _distrusting():
                    language = _language(done)
        pages = [page for page, _ in read]
        if not any(page.text.strip() for page in pages):
            raise DocumentError(_says_nothing(pages))
        for _, packed in read:
            boxes.add(packed)
        return ReadDocument(media_type, language, pages)

    async def _read_once(
        self, path: Path, name: str, user: Hashable, *, convertible: bool = False
    ) -> tuple[str, str | None, list[tuple[Page, bytes]]]:
        """Media type, language, pages; no pages for a `convertible` file, an old Office file."""
        asked = {"asked": "read", "name": name, "max_pages": self._settings.read_max_pages, "convertible": convertible}
        *frames, (_, done, _) = await self._answer(self._readers, path, user, asked)
        with _distrusting():
            read = [_page(frame, number) for number, frame in enumerate(frames, 1)]
            return _media_type(done), _language(done), read

    async def _read_by_ocr(self, path: Path, media_type: str, read: list[tuple[Page, bytes]], user: Hashable) -> None:
        """Replace each page that is a picture by the text of OCR; in at most one child per core at a time."""
        pictures = [index + 1 for index, (page, _) in enumerate(read) if page.needs_ocr]
        is_paged = media_type == formats.PDF or media_type in formats.PICTURES
        step = 1 if is_paged else min(-(-len(pictures) // usable_cores()), _OCR_TOGETHER)
        requests = [pictures[start : start + step] for start in range(0, len(pictures), step)]
        waiting = iter(requests)

        async def work() -> None:
            for numbers in waiting:
                asked = {"asked": "ocr", "pages": numbers}
                *frames, _ = await self._answer(self._scanners, path, user, asked)
                with _distrusting():
                    for number, frame in zip(numbers, frames, strict=True):
                        read[number - 1] = _page(frame, number)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in requests[: usable_cores()]:
                    tasks.create_task(work())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def attached(
        self, path: Path, name: str, take: Callable[[AttachedFile], Awaitable[None]], user: Hashable = None
    ) -> None:
        """Call `take` with each attachment of an e-mail that becomes a document, one at a time.

        Raises DocumentError, as `read` does.
        """
        asked = {"asked": "attached", "name": name}
        async with _blaming(path), self._asked(self._readers, path, user, asked) as child:
            while (frame := await self._frame(child))[0] != DONE:
                with _distrusting():
                    one = _attached(frame)
                await take(one)

    async def draw(self, path: Path, page: int, width: int, user: Hashable = None) -> bytes:
        """A page (1-based) of a PDF or picture as a PNG, `width` pixels wide. Raises DocumentError, as `read` does."""
        asked = {"asked": "draw", "page": page, "width": width}
        async with _blaming(path):
            return (await self._answer(self._drawers, path, user, asked))[-1][2]

    async def _answer(self, places: Places, path: Path | None, user: Hashable, asked: dict[str, Any]) -> list[Frame]:
        """All frames of an answer. After a lost child it asks again, once."""
        try:
            return await self._frames(places, path, user, asked)
        except ReaderLostError:
            return await self._frames(places, path, user, asked)

    async def _frames(self, places: Places, path: Path | None, user: Hashable, asked: dict[str, Any]) -> list[Frame]:
        async with self._asked(places, path, user, asked) as child:
            frames: list[Frame] = []
            left = places.role.memory // _COPIES
            while not frames or frames[-1][0] != DONE:
                frames.append(await self._frame(child))
                left -= len(frames[-1][2])
                if left < 0:
                    raise DocumentError(f"The file needs more than the {self._memory}")
            return frames

    @asynccontextmanager
    async def _asked(
        self, places: Places, path: Path | None, user: Hashable, asked: dict[str, Any]
    ) -> AsyncIterator[Child]:
        """A child with its request sent. Raises DocumentError, ReaderLostError, StorageAwayError or SettingsError."""
        settings = self._settings
        try:
            async with places.child(nullcontext() if path is None else _opened(path), user) as child:
                missing = REQUIRED - child.layers
                if missing and settings.sandbox == "require":
                    raise SettingsError(
                        f"Files are not read: the sandbox lacks {', '.join(sorted(missing))} here, and "
                        "COLUMNIST_SANDBOX=require asks for it."
                    )
                await child.ask(json.dumps(asked).encode() + b"\n")
                yield child
        except LateError:
            raise DocumentError(
                f"Reading the file took longer than {settings.read_timeout_seconds:g} seconds "
                "(COLUMNIST_READ_TIMEOUT_SECONDS)."
            ) from None
        except CrashedError:
            raise DocumentError(f"The file made its reader crash, or needs more than the {self._memory}") from None
        except LostError:
            raise ReaderLostError("The process that read the file was ended from outside: try again.") from None

    async def _frame(self, child: Child) -> Frame:
        """The next frame. Raises DocumentError if it reports an error, and ReaderLostError if the machine may be at
        fault."""
        frame = await child.frame()
        kind, values, _ = frame
        if kind == ERROR:
            with _distrusting():
                number, error = values["errno"], values["error"]
                if number in READING_FAULT:
                    raise ReaderLostError(f"The file could not be read to its end ({os.strerror(number)}): try again.")
                if error is None:
                    raise DocumentError(f"The file needs more than the {self._memory}")
                raise DocumentError(_text(error)[:_LONGEST_ERROR])
        return frame

    @property
    def _memory(self) -> str:
        return f"{self._settings.read_memory_mb:,} MB of memory that reading may use (COLUMNIST_READ_MEMORY_MB)."


@asynccontextmanager
async def _blaming(path: Path) -> AsyncIterator[None]:
    """A file is at fault only if its bytes can be read to the end; if not, raise StorageAwayError."""
    try:
        yield
    except DocumentError:
        await asyncio.to_thread(look_through, path)
        raise


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    with weather():
        file = path.open("rb", buffering=0)
    with file:
        yield file.fileno()


def _says_nothing(pages: Sequence[Page]) -> str:
    if any(page.needs_ocr for page in pages):
        return (
            "The file has no text, only pictures of it (a scan), and OCR is not installed: "
            "pip install 'columnist[ocr]' where documents are read, then run again."
        )
    return "The file has no text: its pages are blank, or OCR found nothing in their pictures."


# A child's answer is untrusted data


@contextmanager
def _distrusting() -> Iterator[None]:
    """Raises DocumentError if a frame is not as a reading child sends it."""
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise DocumentError("The file made its reader send an invalid answer.") from None


def _page(frame: Frame, number: int) -> tuple[Page, bytes]:
    kind, values, data = frame
    at, texts = 0, {}
    for name, size in zip(TEXTS, values.pop("bytes"), strict=True):
        texts[name] = data[at : at + _number(size)].decode("utf-8", "surrogatepass")
        at += size
    page = _PAGES.validate_python(values | texts)
    counted = [number for one in page.remarks for number in (one.count, *one.pages)]
    if (
        kind != PAGE
        or page.number != number
        or page.words
        or page.pictures
        or at > len(data)
        or not all(0 <= size <= _LARGEST for size in (page.width, page.height, *counted))
        or len(page.remarks) > MOST_REMARKS
        or any(len(one.detail) > LONGEST_DETAIL for one in page.remarks)
    ):
        raise ValueError
    return page, data[at:]


def _attached(frame: Frame) -> AttachedFile:
    kind, values, content = frame
    if kind != ATTACHED:
        raise ValueError
    holder, refused = values["holder"], values["refused"]
    if holder not in (None, "mail", "archive"):
        raise ValueError
    return AttachedFile(_text(values["name"]), holder, None if refused is None else _text(refused), content)


def _media_type(done: dict[str, Any]) -> str:
    if done["media_type"] not in formats.SUFFIXES.values():
        raise ValueError
    return _text(done["media_type"])


def _language(done: dict[str, Any]) -> str | None:
    code = done["language"]
    return None if code is None or not _LANGUAGE.fullmatch(code) else _text(code)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError
    return value
