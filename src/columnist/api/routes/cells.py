"""One cell: its content and evidence, and the acts of people on it."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, model_validator

from columnist.api.context import CurrentConnection, CurrentDesk, EditableReview, VisibleReview
from columnist.api.guarded import GuardedRoute
from columnist.api.parameters import PageSize
from columnist.jobs.job import Generated
from columnist.reviews.cells import CellKey, Seen, cell_history
from columnist.reviews.columns_file import Input, Paragraph
from columnist.reviews.model import CellChange, Flag, FullCell

router = APIRouter(
    prefix="/tabular/reviews/{review_id}/cells/{document_id}/{column_id}", tags=["cells"], route_class=GuardedRoute
)


class CellEdit(Input):
    """A person's answer. `summary` is typed by the column's format; absent fields keep their content.

    A flag or a reasoning alone is added to the existing answer and changes nothing else in it. `updated_at`, if given,
    is that of the cell as the person saw it (null: it had no answer yet); 409 if it has changed since.
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
    """Whether a person has checked the evidence and agrees. `updated_at`: as in CellEdit."""

    verified: bool
    updated_at: datetime | None = None


class CellHistory(BaseModel):
    """The changes that people made to a cell, newest first."""

    changes: list[CellChange]


async def _visible(review_id: VisibleReview, document_id: UUID, column_id: UUID) -> CellKey:
    return CellKey(review_id, document_id, column_id)


async def _editable(review_id: EditableReview, document_id: UUID, column_id: UUID) -> CellKey:
    return CellKey(review_id, document_id, column_id)


VisibleCell = Annotated[CellKey, Depends(_visible, scope="function")]
EditableCell = Annotated[CellKey, Depends(_editable, scope="function")]


@router.get("")
async def get_cell_content(cell: VisibleCell, desk: CurrentDesk) -> FullCell:
    """The cell with its reasoning, quotes and rectangles."""
    return await desk.cell(cell)


@router.patch("")
async def edit_cell(cell: EditableCell, body: CellEdit, desk: CurrentDesk) -> FullCell:
    """Replace the answer by hand. Later runs keep it.

    A new summary without a flag gets its flag from the column's rules. 409 for a flag or a reasoning alone where there
    is no answer.
    """
    return await desk.edit(cell, body.summary, body.flag, body.reasoning, _seen(body))


@router.post("/verify")
async def verify_cell(cell: EditableCell, body: Verification, desk: CurrentDesk) -> FullCell:
    """Note that you have checked the evidence and agree, or take that back."""
    return await desk.verify(cell, _seen(body), verified=body.verified)


@router.delete("", status_code=204)
async def clear_cell(cell: EditableCell, desk: CurrentDesk) -> None:
    """Empty the cell. `generate` asks it again as a missing one; its history keeps the answer."""
    await desk.clear(cell)


@router.post("/restore")
async def restore_cleared_cell(cell: EditableCell, desk: CurrentDesk) -> FullCell:
    """Restore the cleared answer with its evidence. 409 if there is another answer by now."""
    return await desk.restore(cell)


@router.post("/regenerate", status_code=202)
async def regenerate_cell(cell: EditableCell, desk: CurrentDesk) -> Generated:
    """Ask this one cell again, edited and verified or not, as a job. Its answer stays until a good one comes; if a
    person changes it meanwhile, their answer stays."""
    return await desk.ask_again(cell)


@router.get("/history")
async def get_cell_history(
    cell: VisibleCell, desk: CurrentDesk, connection: CurrentConnection, limit: PageSize = 100
) -> CellHistory:
    """The changes that people made to the cell, with the content before and after. Entries outlive row and column,
    their contents do not."""
    changes = await cell_history(connection, cell, limit)
    if not changes:
        await desk.cell(cell)  # 404 if there is no such cell
    return CellHistory(changes=changes)


def _seen(body: CellEdit | Verification) -> Seen | None:
    return Seen(body.updated_at) if "updated_at" in body.model_fields_set else None
