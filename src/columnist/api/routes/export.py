"""The grid as a file."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from columnist.api.attachment import attachment
from columnist.api.context import CurrentProcess, CurrentUser, SelectedRows, require_role
from columnist.api.guarded import GuardedRoute
from columnist.api.waiting import while_waited_for
from columnist.cancelling import surely
from columnist.errors import NotFoundError
from columnist.export.extract import Extract
from columnist.export.files import check_format
from columnist.export.values import Suffix
from columnist.reviews import store
from columnist.reviews.events import note_export
from columnist.reviews.grid import matching_documents

router = APIRouter(tags=["export"], route_class=GuardedRoute)

MEDIA_TYPES: dict[Suffix, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "jsonl": "application/jsonl",
}


@router.get(
    "/tabular/reviews/{review_id}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
)
async def export_review(
    review_id: UUID,
    request: Request,
    process: CurrentProcess,
    user: CurrentUser,
    selection: SelectedRows,
    suffix: Annotated[Suffix, Query(alias="format")] = "xlsx",
    column_ids: Annotated[list[UUID] | None, Query(max_length=1_000)] = None,
    document_ids: Annotated[list[UUID] | None, Query(max_length=1_000)] = None,
) -> StreamingResponse:
    """The review as a file: all of it, some columns and documents, or the rows that match `filter` and `q`.

    CSV, JSON, JSON Lines and Parquet are sent as they are written; an XLSX file is sent when it is complete.
    """
    check_format(f".{suffix}")
    async with process.database.act_as(user) as connection:
        await require_role(connection, review_id, "viewer")
        review = await store.get_review(connection, review_id)
        await note_export(connection, review_id, suffix)
        there = await store.list_columns(connection, review_id)
        columns = [(column.id, column.spec()) for column in there]
        if selection.filters or selection.q:
            found = await matching_documents(connection, review_id, selection)
            named = None if document_ids is None else set(document_ids)
            document_ids = [one for one in found if named is None or one in named]
    if column_ids is not None:
        if unknown := set(column_ids) - {column_id for column_id, _ in columns}:
            raise NotFoundError(f"The review has no column {unknown.pop()}.", "column_ids")
        columns = [column for column in columns if column[0] in column_ids]
    units = {column.id: column.unit for column in there}
    extract = Extract(review_id, review.name, columns, document_ids, process.in_use, units)
    chunks = process.exporter.exported(user, extract, suffix)
    await _begun(chunks, request)  # failures before this are a problem response, later ones a broken download
    headers = {
        "Content-Disposition": attachment(f"{review.name}.{suffix}"),
        "Content-Encoding": "identity",  # large and mostly compressed already: the event loop must not do it again
    }
    return _Export(chunks, media_type=MEDIA_TYPES[suffix], headers=headers)


async def _begun(chunks: AsyncGenerator[bytes, None], request: Request) -> None:
    """Wait for the first chunk."""
    try:
        await while_waited_for(request, anext(chunks))
    except BaseException:
        await surely(chunks.aclose())
        raise


class _Export(StreamingResponse):
    """Ends the export when the response has ended, well or not: its folder is deleted then, and its process stops."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], media_type: str, headers: dict[str, str]) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await surely(self._chunks.aclose())
