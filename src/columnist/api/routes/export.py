"""The grid as a file."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from columnist.api.context import CurrentService, CurrentUser, require_role
from columnist.db.connect import Database, User
from columnist.errors import NotFoundError
from columnist.export.files import write_review
from columnist.export.values import Columns
from columnist.processes import processes
from columnist.reviews import store
from columnist.reviews.model import ColumnSpec

router = APIRouter(tags=["export"])

Suffix = Literal["xlsx", "csv", "parquet", "json"]

MEDIA_TYPES: dict[Suffix, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
_CHUNK = 1024**2


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
) -> StreamingResponse:
    """The review, or some columns and documents of it, as a file. It is written by another process: polls stay fast."""
    async with service.database.act_as(user) as connection:
        await require_role(connection, review_id, "viewer")
        review = await store.get_review(connection, review_id)
        columns = [
            (column.id, ColumnSpec(column.name, column.prompt, column.format, tuple(column.tags)))
            for column in await store.list_columns(connection, review_id)
        ]
    if column_ids is not None:
        if unknown := set(column_ids) - {column_id for column_id, _ in columns}:
            raise NotFoundError(f"The review has no column {unknown.pop()}.", "column_ids")
        columns = [column for column in columns if column[0] in column_ids]
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="columnist-export-"))
    target = folder / f"review.{suffix}"
    try:
        writing = processes().submit(_write, service.database.url, user, review_id, columns, document_ids, target)
        await asyncio.wrap_future(writing)
        file = await asyncio.to_thread(target.open, "rb")
    finally:
        # An open file outlives its name: nothing is left, however the download ends.
        await asyncio.to_thread(shutil.rmtree, folder)
    name = quote(f"{review.name}.{suffix}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{name}",
        "Content-Encoding": "identity",  # large, and packed already, mostly: not for the event loop to compress
    }
    return StreamingResponse(_chunks(file), media_type=MEDIA_TYPES[suffix], headers=headers)


def _write(
    url: str, user: User, review_id: UUID, columns: Columns, document_ids: Sequence[UUID] | None, target: Path
) -> None:
    async def write() -> None:
        async with Database(url, connections=1) as database, database.act_as(user) as connection:
            column_ids = [column_id for column_id, _ in columns]
            await write_review(store.grid_rows(connection, review_id, column_ids, document_ids), columns, target)

    asyncio.run(write())


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()
