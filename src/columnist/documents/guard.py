"""The parent's side of reading: a few subprocesses, each with limits, replaced when it exceeds them."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from columnist.documents import ocr
from columnist.documents.boxes import BoxesWriter
from columnist.documents.frames import FRAME
from columnist.documents.language import sample
from columnist.documents.model import Page
from columnist.errors import DocumentError
from columnist.processes import usable_cores
from columnist.settings import Settings

REQUESTS_PER_PROCESS = 400
"""A subprocess is replaced after so many: whatever its libraries leaked goes with it."""

_PIPE_BUFFER = 1024**2

_Frame = tuple[bytes, dict[str, Any], bytes]
_Places = asyncio.LifoQueue["_Child | None"]
"""Who takes what lies there may use a subprocess: that one, or (None) a new one."""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What was read of a file; the boxes of its words are in the blob store. `language`: ISO 639-1, None if unsure."""

    media_type: str
    language: str | None
    pages: list[Page]


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that was attached to an e-mail; `is_mail`: it may have others attached."""

    name: str
    is_mail: bool
    content: bytes


class Reader:
    """Reads files in subprocesses, one per core that this process may use; each is started when it is first needed.

    Pages that are pictures are read by OCR in as many others, page by page: neither a file of many such pages nor
    whoever looks at one waits for those of another. Use as an async context manager: leaving it ends the subprocesses.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readers = _places()
        self._scanners = _places()

    async def __aenter__(self) -> "Reader":
        return self

    async def __aexit__(self, *_: object) -> None:
        for places in (self._readers, self._scanners):
            while not places.empty():
                child = places.get_nowait()
                if child is not None:
                    await child.kill()

    async def read(self, path: Path, name: str, boxes: BoxesWriter) -> ReadDocument:
        """Read a file: its pages without `words`, whose boxes go to `boxes`.

        Raises DocumentError with a sentence for the user, whatever the file is or does to its reader.
        """
        read = []
        async with self._child(self._readers) as child:
            await child.ask("read", path=str(path), name=name, max_pages=self._settings.read_max_pages)
            while (frame := await child.frame())[0] == b"P":
                read.append(_page(frame))
            media_type = _done(frame)["media_type"]
        if ocr.installed():
            await self._read_by_ocr(path, read)
        pages = [page for page, _ in read]
        if not any(page.text.strip() for page in pages):
            raise DocumentError(_says_nothing(pages))
        for _, packed in read:
            boxes.add(packed)
        async with self._child(self._readers) as child:
            await child.ask("language", texts=sample(pages))
            return ReadDocument(media_type, _done(await child.frame())["language"], pages)

    async def _read_by_ocr(self, path: Path, read: list[tuple[Page, bytes]]) -> None:
        """Put what OCR reads in the place of each page that is a picture; of one file a page per core at a time."""
        pictures = [nr for nr, (page, _) in enumerate(read) if page.source == "picture"]
        waiting = iter(pictures)

        async def work() -> None:
            for nr in waiting:
                async with self._child(self._scanners) as child:
                    await child.ask("ocr", path=str(path), page=nr + 1)
                    frame = await child.frame()
                    if frame[0] == b"P":
                        read[nr] = _page(frame)
                        frame = await child.frame()
                    _done(frame)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in pictures[: usable_cores()]:
                    tasks.create_task(work())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def attached(self, path: Path, name: str, take: Callable[[AttachedFile], Awaitable[None]]) -> None:
        """Hand over the files attached to an e-mail that become documents, one after the other.

        Raises DocumentError, as `read` does.
        """
        async with self._child(self._readers) as child:
            await child.ask("attached", path=str(path), name=name)
            while (frame := await child.frame())[0] == b"A":
                _, values, content = frame
                await take(AttachedFile(**values, content=content))
            _done(frame)

    async def draw(self, path: Path, page: int, width: int) -> bytes:
        """A page (1-based) of a PDF or picture as a PNG, `width` pixels wide. Raises DocumentError, as `read` does."""
        async with self._child(self._readers) as child:
            await child.ask("draw", path=str(path), page=page, width=width)
            frame = await child.frame()
            _done(frame)
            return frame[2]

    @asynccontextmanager
    async def _child(self, places: _Places) -> AsyncIterator["_Child"]:
        """A subprocess for one request; it is used again if it neither failed nor is used up."""
        settings = self._settings
        child = await places.get()
        reusable = False
        try:
            child = child or await _Child.start(settings.read_memory_mb)
            async with asyncio.timeout(settings.read_timeout_seconds):
                try:
                    yield child
                except DocumentError:
                    reusable = child.requests < REQUESTS_PER_PROCESS
                    raise
            reusable = child.requests < REQUESTS_PER_PROCESS
        except TimeoutError:
            raise DocumentError(
                f"Reading the file took longer than {settings.read_timeout_seconds:g} seconds "
                "(COLUMNIST_READ_TIMEOUT_SECONDS)."
            ) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise DocumentError(
                "The file made its reader crash, or needs more than the "
                f"{settings.read_memory_mb:,} MB of memory that reading may use (COLUMNIST_READ_MEMORY_MB)."
            ) from None
        finally:
            if child is not None and not reusable:
                await child.kill()
            places.put_nowait(child if reusable else None)


def _page(frame: _Frame) -> tuple[Page, bytes]:
    _, values, packed = frame
    return Page(**values), packed


def _says_nothing(pages: Sequence[Page]) -> str:
    if any(page.source == "picture" for page in pages):
        return (
            "The file has no text, only pictures of it (a scan), and OCR is not installed: "
            "pip install 'columnist[ocr]' where documents are read, then run again."
        )
    return "The file has no text: its pages are blank, or OCR found nothing in their pictures."


def _done(frame: _Frame) -> dict[str, Any]:
    """The values of a last frame. Raises the DocumentError that it tells of."""
    kind, values, _ = frame
    if kind == b"E":
        raise DocumentError(values["error"])
    return values


def _places() -> _Places:
    places: _Places = asyncio.LifoQueue()
    for _ in range(usable_cores()):
        places.put_nowait(None)
    return places


class _Child:
    """One subprocess."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.requests = 0

    @classmethod
    async def start(cls, memory_mb: int) -> "_Child":
        command = (sys.executable, "-m", "columnist.documents.reader", str(memory_mb))
        return cls(
            await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_PIPE_BUFFER, start_new_session=True
            )
        )

    async def ask(self, asked: str, **request: Any) -> None:
        self.requests += 1
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"asked": asked, **request}).encode() + b"\n")
        await self._process.stdin.drain()

    async def frame(self) -> _Frame:
        assert self._process.stdout
        kind, head, packed = FRAME.unpack(await self._process.stdout.readexactly(FRAME.size))
        values = json.loads(await self._process.stdout.readexactly(head))
        return kind, values, await self._process.stdout.readexactly(packed)

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
