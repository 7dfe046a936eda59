"""A review as a stream of bytes, while another process writes it: polls stay fast."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from columnist.cpu import cpu_pool
from columnist.db.connect import Database, User
from columnist.documents.storage import outage_in, weather
from columnist.export.files import WITHOUT_QUOTES, write_review
from columnist.export.values import Columns, Suffix
from columnist.reviews.model import ModelInUse
from columnist.reviews.store import grid_rows

_CHUNK = 1024**2
_LOOK_SECONDS = 0.1
"""How often to look at a file that is still being written."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The part of a review to export. `document_ids`: None means all."""

    review_id: UUID
    review: str
    columns: Columns
    document_ids: Sequence[UUID] | None
    in_use: ModelInUse
    units: Mapping[UUID, str | None]


async def exported(url: str, user: User, extract: Extract, suffix: Suffix) -> AsyncGenerator[bytes, None]:
    """First an empty chunk, when the file has begun; then its bytes. The file is deleted when this ends, however it
    ends. CSV, JSON and Parquet come as they are written; an XLSX file begins when it is complete.

    Raises StorageAwayError if the folder for temporary files cannot be used.
    """
    with weather():
        made = tempfile.TemporaryDirectory(prefix="columnist-export-", ignore_cleanup_errors=True)
    with made as name:
        folder = Path(name)
        target = folder / f"review.{suffix}"
        writing = asyncio.wrap_future(cpu_pool().submit(_write, url, user, extract, target))
        try:
            # XLSX is no stream: its first bytes are written last.
            while not writing.done() and (suffix == "xlsx" or not _has_begun(folder)):
                await asyncio.wait([writing], timeout=_LOOK_SECONDS)
            if writing.done():
                await writing
            try:
                file = (_only_file(folder) or target).open("rb")
            except FileNotFoundError:  # it got its own name this instant, or writing has failed
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


def _only_file(folder: Path) -> Path | None:
    """The export, which has another name until it is complete."""
    return next(folder.iterdir(), None)


def _has_begun(folder: Path) -> bool:
    """Whether the file has a byte: until then a full disk is reported as such, and not as a broken download."""
    try:
        return (file := _only_file(folder)) is not None and file.stat().st_size > 0
    except FileNotFoundError:  # it got its own name this instant
        return True


def _write(url: str, user: User, extract: Extract, target: Path) -> None:
    def check_wanted(_: int) -> None:
        if not target.parent.exists():
            raise ConnectionAbortedError("Nobody waits for this export any more.")

    async def write() -> None:
        async with Database(url, connections=1) as database, database.act_as(user) as connection:
            column_ids = [column_id for column_id, _ in extract.columns]
            quotes = target.suffix not in WITHOUT_QUOTES
            rows = grid_rows(
                connection, extract.review_id, column_ids, extract.document_ids, extract.in_use, citations=quotes
            )
            measured = extract.in_use.measured
            await write_review(rows, extract.columns, target, check_wanted, extract.review, extract.units, measured)

    try:
        asyncio.run(write())
    except Exception as error:
        if (outage := outage_in(error)) is not None:
            raise outage from error
        raise
