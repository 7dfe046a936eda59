"""Windows of the grid over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from columnist.api.cached import cached, encoded
from columnist.api.context import CurrentConnection, SelectedRows, VisibleReview
from columnist.api.guarded import GuardedRoute
from columnist.api.models import NextRow, RowGroups, Uncompared, Window
from columnist.api.parameters import Offset, PageSize, SomeColumns
from columnist.reviews.grid import count_uncompared, group_rows, next_row, read_window

router = APIRouter(prefix="/tabular/reviews", tags=["rows"], route_class=GuardedRoute)


Sort = Annotated[
    str,
    Query(max_length=50, description="`position`, `document`, `doubt` or a column's id; `-` before it: descending."),
]


@router.get("/{review_id}/rows", response_model=Window)
async def get_rows(
    request: Request,
    review_id: VisibleReview,
    connection: CurrentConnection,
    selection: SelectedRows,
    offset: Offset = 0,
    limit: PageSize = 100,
    sort: Sort = "position",
    column_ids: SomeColumns = None,
    document_ids: Annotated[list[UUID] | None, Query(max_length=500, description="Absent: all.")] = None,
) -> Response:
    """A window of the grid: rows with compact cells, sorted, filtered and searched."""
    window = await read_window(
        connection,
        review_id,
        selection,
        offset=offset,
        limit=limit,
        sort=sort,
        column_ids=column_ids,
        document_ids=document_ids,
    )
    return cached(request, encoded(window.encode()))


@router.get("/{review_id}/rows/groups")
async def get_row_groups(
    review_id: VisibleReview,
    connection: CurrentConnection,
    selection: SelectedRows,
    column_id: UUID,
) -> RowGroups:
    """The matching rows, grouped by the answers of a column."""
    return RowGroups(groups=await group_rows(connection, review_id, selection, column_id))


@router.get("/{review_id}/rows/next")
async def get_next_row(
    review_id: VisibleReview,
    connection: CurrentConnection,
    selection: SelectedRows,
    state: Annotated[str, Query(max_length=20, description="A state of a filter, except `valueless`.")] = "unchecked",
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="The number of the first row to look at.")] = 0,
    sort: Sort = "position",
    column_ids: SomeColumns = None,
) -> NextRow:
    """The next row that has a cell in a state, such as one that nobody has checked; with these cells' columns."""
    place = await next_row(connection, review_id, selection, state, offset=offset, sort=sort, column_ids=column_ids)
    return NextRow(place=place)


@router.get("/{review_id}/rows/uncompared")
async def count_uncompared_rows(
    review_id: VisibleReview,
    connection: CurrentConnection,
    selection: SelectedRows,
) -> Uncompared:
    """How many rows are left out only because a filter finds no value in them that it could compare."""
    return Uncompared(rows=await count_uncompared(connection, review_id, selection))
