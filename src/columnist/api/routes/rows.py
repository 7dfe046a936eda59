"""Windows of the grid over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from columnist.api.cached import cached
from columnist.api.context import CurrentConnection, CurrentService, VisibleReview
from columnist.api.models import RowGroups, Window
from columnist.reviews.grid import group_rows, read_window

router = APIRouter(prefix="/tabular/reviews", tags=["rows"])


_TEXT = r"^[^\x00]*$"  # PostgreSQL's texts hold any character but this one
Words = Annotated[
    str | None, Query(max_length=200, pattern=_TEXT, description="Words of an answer, or part of a document's name.")
]
Filter = Annotated[
    list[Annotated[str, Field(max_length=1_000, pattern=_TEXT)]],
    Query(
        max_length=20,
        description="`column:op:value`, all of them to be met. The column is a column's id, and the op eq, ne, lt, "
        "lte, gt, gte (the value as its format says: `12.5`, `2014-01-31`, `yes`), contains, flag (`red,yellow`) or "
        "state (done, failed, missing, stale, outdated, edited, verified, unverified); or it is `any`, with flag or "
        "state.",
    ),
]


@router.get("/{review_id}/rows", response_model=Window)
async def get_rows(
    request: Request,
    review_id: VisibleReview,
    service: CurrentService,
    connection: CurrentConnection,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    sort: Annotated[
        str, Query(max_length=50, description="`position`, `document` or a column's id; `-` before it: descending.")
    ] = "position",
    filter: Filter = [],  # noqa: A002, B006  FastAPI copies it
    q: Words = None,
    column_ids: Annotated[list[UUID] | None, Query(max_length=1_000, description="Absent: all.")] = None,
    document_ids: Annotated[list[UUID] | None, Query(max_length=500, description="Absent: all.")] = None,
) -> Response:
    """A window of the grid: rows with compact cells, sorted, filtered and searched."""
    window = await read_window(
        connection, review_id, offset, limit, sort, filter, q, column_ids, document_ids, service.in_use
    )
    return cached(request, window)


@router.get("/{review_id}/rows/groups")
async def get_row_groups(
    review_id: VisibleReview,
    service: CurrentService,
    connection: CurrentConnection,
    column_id: UUID,
    filter: Filter = [],  # noqa: A002, B006  FastAPI copies it
    q: Words = None,
) -> RowGroups:
    """How the rows that match are gathered by the answers of a column."""
    return RowGroups(groups=await group_rows(connection, review_id, column_id, filter, q, service.in_use))
