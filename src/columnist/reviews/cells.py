"""The acts of people on one cell: read, edit, verify, clear, restore. Every change is noted with the content before and
after."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from columnist.db.connect import Connection, tried_again
from columnist.db.sql import statement
from columnist.documents.model import read_citations
from columnist.errors import ConflictError, NotFoundError
from columnist.reviews.model import CellAction, CellChange, Flag, Format, FullCell, ModelInUse, PastCell, ReviewChange


class CellKey(NamedTuple):
    """The ids of a cell."""

    review_id: UUID
    document_id: UUID
    column_id: UUID


@dataclass(frozen=True, slots=True)
class Edit:
    """A person's edit of a cell; None leaves a field unchanged. `value` belongs to `summary`, typed by `value_format`;
    `rule` belongs to the flag."""

    summary: str | None = None
    value: Any = None
    value_format: Format | None = None
    flag: Flag | None = None
    reasoning: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The cell as somebody saw it before their act: its `updated_at`, None if it had no answer yet."""

    updated_at: datetime | None


async def get_cell(connection: Connection, cell: CellKey, in_use: ModelInUse | None = None) -> FullCell:
    """One cell; `in_use` decides whether it is outdated (None: it is not). Raises NotFoundError if the review has no
    such row or column."""
    values = {
        **cell._asdict(),
        "model": in_use and in_use.model,
        "prompt_version": in_use and in_use.prompt_version,
    }
    row = await (await connection.execute(_sql("read_cell"), values)).fetchone()
    if row is None:
        raise NotFoundError("The review has no such cell.")
    return FullCell(**row | {"citations": read_citations(row["citations"])})


@tried_again
async def change_cell(
    connection: Connection,
    cell: CellKey,
    action: CellAction,
    edit: Edit | None = None,
    seen: Seen | None = None,
    job_id: UUID | None = None,
) -> None:
    """Change a cell and note it; `job_id`: the job that asks it again. Raises NotFoundError if there is none,
    ConflictError if there is no answer to act on, or if it has changed since it was `seen`."""
    new = edit or Edit()
    try:
        cursor = await connection.execute(
            _sql("change_cell"),
            {
                **cell._asdict(),
                "action": action,
                "summary": new.summary,
                "value": None if new.value is None else Jsonb(new.value),
                "value_format": new.value_format,
                "flag": new.flag,
                "rule": new.rule,
                "reasoning": new.reasoning,
                "checks": seen is not None,
                "expected": seen and seen.updated_at,
                "job_id": job_id,
            },
        )
    except ForeignKeyViolation:
        raise NotFoundError("The review has no such cell.") from None
    row = await cursor.fetchone()
    outcome = row["outcome"] if row else None
    if outcome == "changed":
        raise ConflictError("Somebody has changed this cell meanwhile: look at it again.", "updated_at")
    if outcome == "missing":
        raise ConflictError(
            "The cell has no answer yet: write one, and the flag or the note with it."
            if action == "edit"
            else "The cell has no answer yet."
        )


@tried_again
async def restore_cell(connection: Connection, cell: CellKey) -> None:
    """Restore a cleared answer with its evidence. Raises ConflictError if the cell has been answered since."""
    cursor = await connection.execute(_sql("restore_cell"), cell._asdict())
    row = await cursor.fetchone()
    if row is None or row["outcome"] != "done":
        raise ConflictError("There is no cleared answer to restore.")


async def cell_history(connection: Connection, cell: CellKey, limit: int) -> list[CellChange]:
    """The changes that people made to a cell, newest first."""
    cursor = await connection.execute(_sql("list_cell_changes"), {**cell._asdict(), "limit": limit})
    return [CellChange(**_change(row)) for row in await cursor.fetchall()]


async def review_history(connection: Connection, review_id: UUID, limit: int) -> list[ReviewChange]:
    """The changes that people made to the cells of a review, newest first."""
    cursor = await connection.execute(_sql("list_review_changes"), {"review_id": review_id, "limit": limit})
    return [ReviewChange(**_change(row)) for row in await cursor.fetchall()]


def _change(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"before": PastCell.read(row["before"]), "after": PastCell.read(row["after"])}


def _sql(name: str) -> str:
    return statement("columnist.reviews", name)
