"""Windows of the grid over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from columnist.api.cached import cached
from columnist.api.context import CurrentConnection, VisibleReview
from columnist.reviews.grid import read_window
from columnist.reviews.model import Flag

router = APIRouter(prefix="/tabular/reviews", tags=["rows"])


class WindowCell(BaseModel):
    """A cell as the grid shows it. `verified`: its quotes were found; `verified_by`: a person looked and agrees."""

    status: Literal["pending", "generating", "done", "error"]
    summary: Annotated[str | None, Field(description="At most 300 characters.")]
    value: Annotated[object, Field(description="Typed as the column's format says; null if it could not be.")]
    flag: Flag | None
    verified: bool | None
    error: str | None
    stale: bool
    edited: bool
    verified_by: str | None
    job_id: UUID | None


class WindowRow(BaseModel):
    """A document with its cells by column id; what was never asked has none. `error`: why it cannot be read."""

    document_id: UUID
    document: str
    page_count: int | None
    error: str | None
    cells: dict[UUID, WindowCell]


class Window(BaseModel):
    """Some rows of the grid, and how many match."""

    rows: list[WindowRow]
    total: int


_TEXT = r"^[^\x00]*$"  # PostgreSQL's texts hold any character but this one
Filter = Annotated[
    list[Annotated[str, Field(max_length=1_000, pattern=_TEXT)]],
    Query(
        max_length=20,
        description="`column:op:value`, all of them to be met. The column is a column's id, and the op eq, ne, lt, "
        "lte, gt, gte (the value as its format says: `12.5`, `2014-01-31`, `yes`), contains, flag (`red,yellow`) or "
        "state (done, failed, missing, stale, edited, verified, unverified); or it is `any`, with flag or state.",
    ),
]


@router.get("/{review_id}/rows", response_model=Window)
async def get_rows(
    request: Request,
    review_id: VisibleReview,
    connection: CurrentConnection,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    sort: Annotated[
        str, Query(max_length=50, description="`position`, `document` or a column's id; `-` before it: descending.")
    ] = "position",
    filter: Filter = [],  # noqa: A002, B006  FastAPI copies it
    q: Annotated[
        str | None,
        Query(max_length=200, pattern=_TEXT, description="Words of an answer, or part of a document's name."),
    ] = None,
    column_ids: Annotated[list[UUID] | None, Query(max_length=1_000, description="Absent: all.")] = None,
) -> Response:
    """A window of the grid: rows with compact cells, sorted, filtered and searched."""
    return cached(request, await read_window(connection, review_id, offset, limit, sort, filter, q, column_ids))
