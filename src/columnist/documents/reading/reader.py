"""The parent's side of reading: a few limited subprocesses, each replaced when it exceeds its limits."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import structlog

from columnist import telemetry
from columnist.cpu import usable_cores
from columnist.documents.locating.boxes import BoxesWriter
from columnist.documents.model import Page, read_remarks
from columnist.documents.reading import ocr
from columnist.documents.reading.frames import FRAME
from columnist.documents.reading.language import sample
from columnist.documents.storage import MACHINES_FAULT, away, look_through
from columnist.errors import DocumentError
from columnist.settings import Settings

log = structlog.get_logger()

REQUESTS_PER_PROCESS = 400
"""A subprocess is replaced after so many requests, and with it whatever its libraries leaked."""

LONG_WAIT_SECONDS = 60.0
"""A longer wait for a subprocess is logged."""

_PIPE_BUFFER = 1024**2

_Frame = tuple[bytes, dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What was read from a file; its word boxes are in the blob store. `language`: ISO 639-1, None if unsure."""

    media_type: str
    language: str | None
    pages: list[Page]


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file inside of an e-mail or archive; `name`: its path there. `holder`: what it is, if it may hold files itself.
    `refused`: why it is not taken in, or None."""

    name: str
    holder: Literal["mail", "archive"] | None
    refused: str | None
    content: bytes


class Reader:
    """Reads files in subprocesses, one per core that this process may use, started when first needed.

    Pictures are read by OCR in as many other subprocesses, page by page, so that a long scan delays neither other files
    nor a person who opens a page. Use as an async context manager: leaving it ends the subprocesses.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readers = _Places("reading")
        self._scanners = _Places("ocr")

    async def __aenter__(self) -> "Reader":
        _all_places.update((self._readers, self._scanners))
        return self

    async def __aexit__(self, *_: object) -> None:
        ending = self._readers.close() | self._scanners.close()
        for child in ending:
            await child.ended()

    async def read(self, path: Path, name: str, boxes: BoxesWriter) -> ReadDocument:
        """Read a file: its pages without `words`; the word boxes go to `boxes`.

        Raises DocumentError with a sentence for the user, whatever the file does to its subprocess, and
        StorageAwayError if the file cannot be reached.
        """
        read = []
        async with _blaming(path):
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
        """Replace each page that is a picture by what OCR reads; at most one page of the file per core at a time."""
        pictures = [index for index, (page, _) in enumerate(read) if page.needs_ocr]
        waiting = iter(pictures)

        async def work() -> None:
            for index in waiting:
                async with self._child(self._scanners) as child:
                    await child.ask("ocr", path=str(path), page=index + 1)
                    frame = await child.frame()
                    if frame[0] == b"P":
                        read[index] = _page(frame)
                        frame = await child.frame()
                    _done(frame)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in pictures[: usable_cores()]:
                    tasks.create_task(work())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def attached(self, path: Path, name: str, take: Callable[[AttachedFile], Awaitable[None]]) -> None:
        """Call `take` with each attachment of an e-mail that becomes a document, one at a time.

        Raises DocumentError, as `read` does.
        """
        async with _blaming(path), self._child(self._readers) as child:
            await child.ask("attached", path=str(path), name=name)
            while (frame := await child.frame())[0] == b"A":
                _, values, content = frame
                await take(AttachedFile(**values, content=content))
            _done(frame)

    async def draw(self, path: Path, page: int, width: int) -> bytes:
        """A page (1-based) of a PDF or picture as a PNG, `width` pixels wide. Raises DocumentError, as `read` does."""
        async with _blaming(path), self._child(self._readers) as child:
            await child.ask("draw", path=str(path), page=page, width=width)
            frame = await child.frame()
            _done(frame)
            return frame[2]

    @asynccontextmanager
    async def _child(self, places: "_Places") -> AsyncIterator["_Child"]:
        """A subprocess for one request; it is used again unless it failed or has served its number of requests."""
        settings = self._settings
        child = await places.take()
        reusable = False
        try:
            child = child or places.started(await _Child.start(settings.read_memory_mb))
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
        finally:  # nothing is awaited here: a second cancel would leak the place
            if child is not None and not reusable:
                child.kill()
            places.give_back(child if reusable else None)


def _page(frame: _Frame) -> tuple[Page, bytes]:
    _, values, packed = frame
    return Page(**values | {"remarks": tuple(read_remarks(values["remarks"]))}), packed


@asynccontextmanager
async def _blaming(path: Path) -> AsyncIterator[None]:
    """A file is at fault only if its bytes can be read to the end; if not, raise StorageAwayError."""
    try:
        yield
    except DocumentError:
        await asyncio.to_thread(look_through, path)
        raise


def _says_nothing(pages: Sequence[Page]) -> str:
    if any(page.source == "picture" for page in pages):
        return (
            "The file has no text, only pictures of it (a scan), and OCR is not installed: "
            "pip install 'columnist[ocr]' where documents are read, then run again."
        )
    return "The file has no text: its pages are blank, or OCR found nothing in their pictures."


def _done(frame: _Frame) -> dict[str, Any]:
    """The values of a last frame. Raises DocumentError or StorageAwayError if it reports one."""
    kind, values, _ = frame
    if kind == b"E":
        if values["errno"] in MACHINES_FAULT:
            raise away(OSError(values["errno"], values["error"]))
        raise DocumentError(values["error"])
    return values


class _Places:
    """Pool of permits to use a subprocess, one per core."""

    def __init__(self, kind: Literal["reading", "ocr"]) -> None:
        self.kind = kind
        self.in_use = 0
        self._free: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        self._children: set[_Child] = set()
        for _ in range(usable_cores()):
            self._free.put_nowait(None)

    @property
    def free(self) -> int:
        return self._free.qsize()

    async def take(self) -> "_Child | None":
        """Wait for a place: an idle subprocess, or None to start one."""
        late = asyncio.get_running_loop().call_later(LONG_WAIT_SECONDS, self._is_late)
        try:
            child = await self._free.get()
        finally:
            late.cancel()
        self.in_use += 1
        return child

    def started(self, child: "_Child") -> "_Child":
        """Keep track of a new subprocess."""
        self._children = {one for one in self._children if not one.has_ended} | {child}
        return child

    def give_back(self, child: "_Child | None") -> None:
        """Free the place, with its subprocess if that may be used again."""
        self.in_use -= 1
        self._free.put_nowait(child)

    def close(self) -> "set[_Child]":
        """Kill all subprocesses; returns those to wait for."""
        _all_places.discard(self)
        for child in self._children:
            child.kill()
        return self._children

    def _is_late(self) -> None:
        log.warning("a file has waited long for a reader", kind=self.kind, free=self.free, in_use=self.in_use)


_all_places: set[_Places] = set()


def _count(kind: str, state: Literal["free", "in_use"]) -> int:
    return sum(getattr(places, state) for places in _all_places if places.kind == kind)


for _kind in ("reading", "ocr"):
    for _state in ("free", "in_use"):
        telemetry.READER_PLACES.labels(_kind, _state).set_function(partial(_count, _kind, _state))


class _Child:
    """One subprocess."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.requests = 0

    @classmethod
    async def start(cls, memory_mb: int) -> "_Child":
        command = (sys.executable, "-m", "columnist.documents.reading.child", str(memory_mb))
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

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    def kill(self) -> None:
        """Kill it without waiting for its end."""
        if not self.has_ended:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def ended(self) -> None:
        """Wait for the end, after `kill`."""
        await self._process.wait()
