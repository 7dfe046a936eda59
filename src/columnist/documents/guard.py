"""The parent's side of reading: a few reader subprocesses, each with limits, replaced when it exceeds them."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from columnist.documents.boxes import BoxesWriter
from columnist.documents.model import Page
from columnist.documents.reader import FRAME
from columnist.errors import DocumentError
from columnist.processes import usable_cores
from columnist.settings import Settings

FILES_PER_PROCESS = 200
"""A reader is replaced after so many files: whatever its libraries leaked goes with it."""

OCR_SECONDS_PER_PAGE = 60.0
"""What each page that OCR read adds to the time that reading may take: some ten times what it takes."""

_PIPE_BUFFER = 1024**2


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

    Use as an async context manager: leaving it ends the subprocesses.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        for _ in range(usable_cores()):
            self._idle.put_nowait(None)

    async def __aenter__(self) -> "Reader":
        return self

    async def __aexit__(self, *_: object) -> None:
        while not self._idle.empty():
            child = self._idle.get_nowait()
            if child is not None:
                await child.kill()

    async def read(self, path: Path, name: str, boxes: BoxesWriter) -> ReadDocument:
        """Read a file: its pages without `words`, whose boxes go to `boxes`.

        Raises DocumentError with a sentence for the user, whatever the file is or does to its reader.
        """
        async with self._child() as (child, deadline):
            await child.ask({"path": str(path), "name": name, "max_pages": self._settings.read_max_pages})
            pages: list[Page] = []
            while (frame := await child.frame())[0] == b"P":
                _, values, packed = frame
                pages.append(Page(**values))
                boxes.add(packed)
                when = deadline.when()
                if pages[-1].source == "ocr" and when is not None:
                    deadline.reschedule(when + OCR_SECONDS_PER_PAGE)
            return ReadDocument(**_done(frame), pages=pages)

    async def attached(self, path: Path, name: str, take: Callable[[AttachedFile], Awaitable[None]]) -> None:
        """Hand over the files attached to an e-mail that become documents, one after the other.

        Raises DocumentError, as `read` does.
        """
        async with self._child() as (child, _):
            await child.ask({"path": str(path), "name": name, "attached": True})
            while (frame := await child.frame())[0] == b"A":
                _, values, content = frame
                await take(AttachedFile(**values, content=content))
            _done(frame)

    async def draw(self, path: Path, page: int, width: int) -> bytes:
        """A page (1-based) of a PDF or picture as a PNG, `width` pixels wide. Raises DocumentError, as `read` does."""
        async with self._child() as (child, _):
            await child.ask({"path": str(path), "page": page, "width": width})
            frame = await child.frame()
            _done(frame)
            return frame[2]

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[tuple["_Child", asyncio.Timeout]]:
        """A subprocess for one file, and how long it may take; it is used again if it neither failed nor is used up."""
        settings = self._settings
        child = await self._idle.get()
        reusable = False
        try:
            child = child or await _Child.start(settings.read_memory_mb)
            async with asyncio.timeout(settings.read_timeout_seconds) as deadline:
                try:
                    yield child, deadline
                except DocumentError:
                    reusable = child.files < FILES_PER_PROCESS
                    raise
            reusable = child.files < FILES_PER_PROCESS
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
            self._idle.put_nowait(child if reusable else None)


def _done(frame: tuple[bytes, dict[str, Any], bytes]) -> dict[str, Any]:
    """The values of a last frame. Raises the DocumentError that it tells of."""
    kind, values, _ = frame
    if kind == b"E":
        raise DocumentError(values["error"])
    return values


class _Child:
    """One subprocess."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.files = 0

    @classmethod
    async def start(cls, memory_mb: int) -> "_Child":
        command = (sys.executable, "-m", "columnist.documents.reader", str(memory_mb))
        return cls(
            await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_PIPE_BUFFER, start_new_session=True
            )
        )

    async def ask(self, request: dict[str, Any]) -> None:
        self.files += 1
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()

    async def frame(self) -> tuple[bytes, dict[str, Any], bytes]:
        assert self._process.stdout
        kind, head, packed = FRAME.unpack(await self._process.stdout.readexactly(FRAME.size))
        values = json.loads(await self._process.stdout.readexactly(head))
        return kind, values, await self._process.stdout.readexactly(packed)

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
