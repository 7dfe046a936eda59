"""A review as a stream of bytes, while another process writes it: polls stay fast."""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import nullcontext
from pathlib import Path

from pydantic import TypeAdapter

from columnist.cpu import usable_cores
from columnist.db.connect import User
from columnist.documents.storage import weather
from columnist.errors import DatabaseError, ReaderLostError, StorageAwayError, StorageFullError, TooLargeError
from columnist.export.extract import TEMPORARY, Extract, Writing
from columnist.export.values import Suffix
from columnist.guarded.children import CrashedError, LateError, LostError, Places, Role
from columnist.guarded.frames import DONE

SECONDS = 1800.0
MEMORY = 4 * 1024**3
"""The time of one export. 10,000 documents × 50 questions as XLSX, the slowest format, take a few minutes."""
MOST_WAITING = 20
"""How many exports of one user may wait for a process."""

_CHUNK = 1024**2
_LOOK_SECONDS = 0.1
"""How often to check a file that is still being written."""
_OF_CONNECTIONS = ("PG", "SSL_CERT", "HOME", "TMPDIR")
"""Prefixes of the environment variables that a connection to the database, or a temporary file, may need."""
_WRITING = TypeAdapter(Writing)


class Exporter:
    """Writes exports of the database at `url`, each in a separate process, as many at a time as there are cores. A user
    has at most half of them, and users take turns. Use as an async context manager."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        self._url = url
        cores = max(usable_cores(), 2)
        role = Role("columnist.export.child", MEMORY, seconds, closed=False)
        self._places = Places("export", role, most=cores, each=cores // 2, waiting=MOST_WAITING)

    async def __aenter__(self) -> "Exporter":
        self._places.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._places.close()

    async def exported(self, user: User, extract: Extract, suffix: Suffix) -> AsyncGenerator[bytes, None]:
        """First an empty chunk, when the file has begun; then its bytes. The file is deleted, and its process killed,
        when this ends in any way. CSV, JSON and Parquet come as they are written; an XLSX file begins when it is
        complete.

        Raises StorageAwayError if the folder for temporary files cannot be used, DatabaseError, TooManyRequestsError,
        or TooLargeError if it takes too long or too much memory.
        """
        with weather():
            made = tempfile.TemporaryDirectory(prefix="columnist-export-", ignore_cleanup_errors=True)
        with made as name:
            folder = Path(name)
            (folder / TEMPORARY).mkdir()
            target = folder / f"review.{suffix}"
            writing = asyncio.ensure_future(self._write(user, extract, target))
            try:
                # XLSX cannot be streamed: its first bytes are written last.
                while not writing.done() and (suffix == "xlsx" or not _has_begun(folder)):
                    await asyncio.wait([writing], timeout=_LOOK_SECONDS)
                if writing.done():
                    await writing
                try:
                    file = (_only_file(folder) or target).open("rb")
                except FileNotFoundError:  # it was renamed this instant, or writing has failed
                    await writing
                    file = target.open("rb")
                with file:
                    yield b""
                    complete = False
                    while not complete:
                        complete = writing.done()
                        while chunk := await asyncio.to_thread(file.read, _CHUNK):
                            yield chunk
                        await asyncio.wait([writing], timeout=_LOOK_SECONDS)
                    await writing
            finally:
                writing.cancel()
                await asyncio.wait([writing])
                await self._places.ended()  # until then its process may write into the folder

    async def _write(self, user: User, extract: Extract, target: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name.startswith(_OF_CONNECTIONS)}
        asked = _WRITING.dump_json(Writing(self._url, user, extract, target, environment))
        try:
            async with self._places.child(nullcontext(), user.id) as child:
                await child.ask(asked + b"\n")
                kind, values, _ = await child.frame()
        except LateError:
            raise TooLargeError(
                f"The export took longer than {self._places.role.seconds:,g} seconds: export fewer documents or "
                "questions at a time."
            ) from None
        except CrashedError:
            raise TooLargeError(
                f"The export needs more than the {MEMORY // 1024**3} GB of memory that it may use: export fewer "
                "documents or questions at a time."
            ) from None
        except LostError:
            raise ReaderLostError("The process that wrote the export was ended from outside: try again.") from None
        if kind != DONE:
            raise _FAULTS[values["fault"]](values["error"])


_FAULTS: dict[str, type[Exception]] = {
    "full": StorageFullError,
    "storage": StorageAwayError,
    "database": DatabaseError,
    "bug": RuntimeError,
}


def _only_file(folder: Path) -> Path | None:
    """The export, which has another name until it is complete."""
    return next((one for one in folder.iterdir() if one.is_file()), None)


def _has_begun(folder: Path) -> bool:
    """Whether the file has a byte: until then a full disk is reported as such, not as a broken download."""
    try:
        return (file := _only_file(folder)) is not None and file.stat().st_size > 0
    except FileNotFoundError:  # it was renamed this instant
        return True
