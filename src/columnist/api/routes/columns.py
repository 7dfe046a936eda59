"""The columns of a review: add, edit, reorder, remove."""

from uuid import UUID

from fastapi import APIRouter

from columnist.api.context import CurrentConnection, EditableReview, VisibleReview
from columnist.api.guarded import GuardedRoute
from columnist.api.models import ColumnList, ColumnOrder, ColumnsInput
from columnist.api.parameters import Confirm
from columnist.errors import ConfirmationNeededError
from columnist.reviews import store
from columnist.reviews.columns_file import ColumnInput
from columnist.reviews.model import Column

router = APIRouter(prefix="/tabular/reviews/{review_id}/columns", tags=["columns"], route_class=GuardedRoute)


@router.get("")
async def list_columns(review_id: VisibleReview, connection: CurrentConnection) -> ColumnList:
    """The columns in the grid's order."""
    return ColumnList(columns=await store.list_columns(connection, review_id))


@router.post("", status_code=201)
async def add_columns(review_id: EditableReview, body: ColumnsInput, connection: CurrentConnection) -> ColumnList:
    """Add columns to the right; the answer holds the new ones."""
    specs = [column.spec() for column in body.columns]
    return ColumnList(columns=await store.add_columns(connection, review_id, specs))


@router.put("/order")
async def order_columns(review_id: EditableReview, body: ColumnOrder, connection: CurrentConnection) -> ColumnList:
    """Put these columns first, in this order; the others follow as they were."""
    await store.order_columns(connection, review_id, body.column_ids)
    return ColumnList(columns=await store.list_columns(connection, review_id))


@router.put("/{column_id}")
async def edit_column(
    review_id: EditableReview, column_id: UUID, body: ColumnInput, connection: CurrentConnection
) -> Column:
    """Change a column. A change of prompt, format, tags or rules makes its cells stale."""
    return await store.edit_column(connection, review_id, column_id, body.spec())


@router.delete("/{column_id}", status_code=204)
async def remove_column(
    review_id: EditableReview, column_id: UUID, connection: CurrentConnection, confirm: Confirm = False
) -> None:
    """Remove a column with its cells."""
    column = await store.get_column(connection, review_id, column_id)
    answers = await store.count_answers(connection, review_id, column_id)
    if answers and not confirm:
        raise ConfirmationNeededError(
            f"This removes the column {column.name!r} with {answers:,} answers. Repeat it with ?confirm=true.",
            "confirm",
        )
    await store.remove_column(connection, review_id, column_id)
