"""The acts of people on one cell: read, edit, verify, clear, restore. Every change is noted with the content before and
after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from columnist.db.connect import Connection, tried_again
from columnist.db.sql import statement
from columnist.db.text import as_json
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


@dataclass(frozen=True, slots=True)
class SeenCell:
    """A cell as a person saw it: its `updated_at`, None if it had never been written."""

    document_id: UUID
    column_id: UUID
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """How many cells a verification of many has left as they were: without an answer, changed since they were seen,
    stale, with a failed last attempt, verified already (or not verified, if verifications were to be withdrawn)."""

    unanswered: int = 0
    changed: int = 0
    stale: int = 0
    failed: int = 0
    verified: int = 0
    unverified: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of verifying many cells: how many are done, how many of these have a quote that was not found in the
    document, and how many were left alone. `updated_at`: of all that are done; None if none was written."""

    done: int
    unfound: int
    left: LeftAlone
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Checked:
    """How many cells of a review people have checked, of how many: in all, and by column. Each column has `rows`."""

    rows: int
    cells: int
    checked: int
    columns: dict[UUID, int]


async def read_progress(connection: Connection, review_id: UUID) -> Checked:
    """How many cells of a review people have checked."""
    row = await (await connection.execute(_sql("read_progress"), {"review_id": review_id})).fetchone()
    assert row
    columns = {UUID(column_id): count for column_id, count in row["columns"].items()}
    return Checked(row["rows"], row["rows"] * len(columns), sum(columns.values()), columns)


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
async def verify_cells(
    connection: Connection, review_id: UUID, cells: Sequence[SeenCell], *, verified: bool, tries: bool = False
) -> Verified:
    """Verify many answers as a person saw them, or take that back; `tries` only says what would happen. A stale answer,
    one whose last attempt failed, and one that has changed since are left as they are."""
    values = {"review_id": review_id, "cells": as_json(cells), "verified": verified, "tries": tries}
    cursor = await connection.execute(_sql("verify_cells"), values)
    found = {row.pop("outcome"): row for row in await cursor.fetchall()}
    done = found.pop("done", {"count": 0, "unfound": 0, "now": None})
    left = LeftAlone(**{name: one["count"] for name, one in found.items()})
    return Verified(done["count"], done["unfound"], left, None if tries else done["now"])


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
