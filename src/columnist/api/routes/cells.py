"""One cell: its content and evidence, and what people do with it."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, model_validator

from columnist.answers.playbook import flagged_edit
from columnist.answers.values import typed
from columnist.api.context import CurrentConnection, CurrentService, CurrentUser, EditableReview, VisibleReview
from columnist.api.models import Input
from columnist.back_ends import prompt_version
from columnist.errors import ConflictError
from columnist.jobs.ask import Ask
from columnist.jobs.job import Generated, create_job
from columnist.llm.usage import Prices
from columnist.reviews import store
from columnist.reviews.cells import CellKey, Edit, Seen, cell_history, change_cell, get_cell, restore_cell
from columnist.reviews.columns_file import Paragraph
from columnist.reviews.model import CellAction, CellChange, Flag, FullCell

router = APIRouter(prefix="/tabular/reviews/{review_id}/cells/{document_id}/{column_id}", tags=["cells"])


class CellEdit(Input):
    """A person's answer. `summary` is typed by the column's format; what is absent stays as it is.

    A flag or a reasoning alone goes beside the answer that is there, and changes nothing else of it. `updated_at`, if
    given, is that of the cell as the person saw it (null: nobody had written it yet): 409 if it has changed since.
    """

    summary: Paragraph | None = None
    flag: Flag | None = None
    reasoning: Paragraph | None = None
    updated_at: datetime | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.summary is None and self.flag is None and self.reasoning is None:
            raise ValueError("give a summary, a flag or a reasoning")
        return self


class Verification(Input):
    """Whether a person has looked at the evidence and agrees. `updated_at`: as CellEdit's."""

    verified: bool
    updated_at: datetime | None = None


class CellHistory(BaseModel):
    """What people did with a cell, newest first."""

    changes: list[CellChange]


@router.get("")
async def get_cell_content(
    review_id: VisibleReview,
    document_id: UUID,
    column_id: UUID,
    service: CurrentService,
    connection: CurrentConnection,
) -> FullCell:
    """The cell with its reasoning, quotes and rectangles."""
    return await get_cell(connection, CellKey(review_id, document_id, column_id), service.in_use)


@router.patch("")
async def edit_cell(
    review_id: EditableReview,
    document_id: UUID,
    column_id: UUID,
    body: CellEdit,
    service: CurrentService,
    user: CurrentUser,
    connection: CurrentConnection,
) -> FullCell:
    """Write an answer of one's own. `generate` leaves it alone from now on.

    A new summary without a flag has the one that the column's rules give it. 409 for a flag or a reasoning alone where
    there is no answer.
    """
    cell = CellKey(review_id, document_id, column_id)
    column = await store.get_column(connection, review_id, column_id)
    value, value_format, flag, rule = None, None, body.flag, None
    if body.summary is not None:
        question = column.question()
        value = typed(body.summary, question).value
        value_format = None if value is None else column.format
        if flag is None:
            flag, rule = flagged_edit(question, body.summary, value)
    edit = Edit(body.summary, value, value_format, flag, body.reasoning, rule)
    await change_cell(connection, user, cell, "edit", edit, _seen(body))
    return await get_cell(connection, cell, service.in_use)


@router.post("/verify")
async def verify_cell(
    review_id: EditableReview,
    document_id: UUID,
    column_id: UUID,
    body: Verification,
    service: CurrentService,
    user: CurrentUser,
    connection: CurrentConnection,
) -> FullCell:
    """Say that one has looked at the evidence and agrees, or take that back."""
    cell = CellKey(review_id, document_id, column_id)
    await get_cell(connection, cell)
    action: CellAction = "verify" if body.verified else "unverify"
    await change_cell(connection, user, cell, action, seen=_seen(body))
    return await get_cell(connection, cell, service.in_use)


@router.delete("", status_code=204)
async def clear_cell(
    review_id: EditableReview, document_id: UUID, column_id: UUID, user: CurrentUser, connection: CurrentConnection
) -> None:
    """Empty the cell: `generate` asks it again as a missing one. Its history keeps what was there."""
    cell = CellKey(review_id, document_id, column_id)
    await get_cell(connection, cell)
    await change_cell(connection, user, cell, "clear")


@router.post("/restore")
async def restore_cleared_cell(
    review_id: EditableReview,
    document_id: UUID,
    column_id: UUID,
    service: CurrentService,
    user: CurrentUser,
    connection: CurrentConnection,
) -> FullCell:
    """Take the clearing of the cell back: its answer is there again, evidence and all. 409 once there is another."""
    cell = CellKey(review_id, document_id, column_id)
    await get_cell(connection, cell)
    await restore_cell(connection, user, cell)
    return await get_cell(connection, cell, service.in_use)


@router.post("/regenerate", status_code=202)
async def regenerate_cell(
    review_id: EditableReview,
    document_id: UUID,
    column_id: UUID,
    service: CurrentService,
    user: CurrentUser,
    connection: CurrentConnection,
) -> Generated:
    """Ask this one cell again, edited and verified or not, as a job of its own; what is there stays until a good answer
    comes, and for good if a person changes it meanwhile."""
    cell = CellKey(review_id, document_id, column_id)
    await get_cell(connection, cell)
    model = service.settings.model
    prices = Prices.of(service.settings)
    ask = Ask(review_id, model, prompt_version(model), ("again",), [column_id], [document_id], prices=prices)
    generated = await create_job(connection, user.id, ask)
    if generated.resumed:
        raise ConflictError("A job is running over this review: wait for its end, or cancel it, to ask a cell again.")
    await change_cell(connection, user, cell, "regenerate", job_id=generated.job_id)
    return generated


def _seen(body: CellEdit | Verification) -> Seen | None:
    return Seen(body.updated_at) if "updated_at" in body.model_fields_set else None


@router.get("/history")
async def get_cell_history(
    review_id: VisibleReview,
    document_id: UUID,
    column_id: UUID,
    connection: CurrentConnection,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CellHistory:
    """Who did what when, with the content before and after. It outlives the row and the column."""
    cell = CellKey(review_id, document_id, column_id)
    changes = await cell_history(connection, cell, limit)
    if not changes:
        await get_cell(connection, cell)
    return CellHistory(changes=changes)
