"""The grid as a file."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from columnist.api.context import CurrentService, CurrentUser, require_role
from columnist.api.routes.rows import Filter, Words
from columnist.cancelling import surely
from columnist.cpu import processes
from columnist.db.connect import Database, User
from columnist.documents.storage import outage_in, weather
from columnist.errors import NotFoundError
from columnist.export.files import WITHOUT_QUOTES, write_review
from columnist.export.values import Columns
from columnist.reviews import store
from columnist.reviews.grid import matching_documents
from columnist.reviews.model import ModelInUse

router = APIRouter(tags=["export"])

Suffix = Literal["xlsx", "csv", "parquet", "json"]

MEDIA_TYPES: dict[Suffix, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
_CHUNK = 1024**2
_LOOK_SECONDS = 0.1
"""How often a file that is still being written is looked at."""


@router.get(
    "/tabular/reviews/{review_id}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
)
async def export_review(
    review_id: UUID,
    service: CurrentService,
    user: CurrentUser,
    suffix: Annotated[Suffix, Query(alias="format")] = "xlsx",
    column_ids: Annotated[list[UUID] | None, Query(max_length=1_000)] = None,
    document_ids: Annotated[list[UUID] | None, Query(max_length=1_000)] = None,
    filter: Filter = [],  # noqa: A002, B006  FastAPI copies it
    q: Words = None,
) -> StreamingResponse:
    """The review, or some columns and documents of it, or the rows that `filter` and `q` find, as a file.

    It is written by another process: polls stay fast. CSV, JSON and Parquet come as they are written; an XLSX file
    begins when it is complete.
    """
    async with service.database.act_as(user) as connection:
        await require_role(connection, review_id, "viewer")
        review = await store.get_review(connection, review_id)
        columns = [(column.id, column.spec()) for column in await store.list_columns(connection, review_id)]
        if filter or q:
            found = await matching_documents(connection, review_id, filter, q, service.in_use)
            document_ids = found if document_ids is None else [one for one in found if one in set(document_ids)]
    if column_ids is not None:
        if unknown := set(column_ids) - {column_id for column_id, _ in columns}:
            raise NotFoundError(f"The review has no column {unknown.pop()}.", "column_ids")
        columns = [column for column in columns if column[0] in column_ids]
    what = _What(review_id, review.name, columns, document_ids, service.in_use)
    chunks = _exported(service.database.url, user, what, suffix)
    await anext(chunks)  # begun: what goes wrong before is a problem, what goes wrong later a broken download
    name = quote(f"{review.name}.{suffix}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{name}",
        "Content-Encoding": "identity",  # large, and packed already, mostly: not for the event loop to compress
    }
    return _Export(chunks, media_type=MEDIA_TYPES[suffix], headers=headers)


class _Export(StreamingResponse):
    """Ends the export when the response has ended, well or not: its folder is gone then, and its process stops."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], media_type: str, headers: dict[str, str]) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await surely(self._chunks.aclose())


@dataclass(frozen=True, slots=True)
class _What:
    """What an export is of."""

    review_id: UUID
    review: str
    columns: Columns
    document_ids: Sequence[UUID] | None
    in_use: ModelInUse


async def _exported(url: str, user: User, what: _What, suffix: Suffix) -> AsyncGenerator[bytes, None]:
    """First nothing, when the file has begun; then its bytes. The file is gone when this ends, however it ends."""
    with weather():
        made = tempfile.TemporaryDirectory(prefix="columnist-export-", ignore_cleanup_errors=True)
    with made as name:
        folder = Path(name)
        target = folder / f"review.{suffix}"
        writing = asyncio.wrap_future(processes().submit(_write, url, user, what, target))
        try:
            # XLSX is no stream: its first bytes are written last.
            while not writing.done() and (suffix == "xlsx" or not _has_begun(folder)):
                await asyncio.wait([writing], timeout=_LOOK_SECONDS)
            if writing.done():
                await writing
            try:
                file = (_only_file(folder) or target).open("rb")
            except FileNotFoundError:  # it has got its own name this instant, or writing has failed
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
    """Whether there is a byte: until then a full disk is still told as what it is, and not by a broken download."""
    try:
        return (file := _only_file(folder)) is not None and file.stat().st_size > 0
    except FileNotFoundError:  # it has got its own name this instant
        return True


def _write(url: str, user: User, what: _What, target: Path) -> None:
    def check_wanted(_: int) -> None:
        if not target.parent.exists():
            raise ConnectionAbortedError("Nobody waits for this export any more.")

    async def write() -> None:
        async with Database(url, connections=1) as database, database.act_as(user) as connection:
            column_ids = [column_id for column_id, _ in what.columns]
            quotes = target.suffix not in WITHOUT_QUOTES
            rows = store.grid_rows(
                connection, what.review_id, column_ids, what.document_ids, what.in_use, citations=quotes
            )
            await write_review(rows, what.columns, target, check_wanted, what.review)

    try:
        asyncio.run(write())
    except Exception as error:
        if (storage_away := outage_in(error)) is not None:
            raise storage_away from error
        raise
