"""Reviews in PostgreSQL. Every function runs as its user: rows that they may not see do not exist for it."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from columnist.db.connect import Connection, User, retried, tried_again
from columnist.db.sql import statement
from columnist.db.text import as_json
from columnist.documents.how_read import how_read
from columnist.documents.model import read_citations
from columnist.errors import ConflictError, ForbiddenError, NotFoundError
from columnist.reviews.model import (
    Cell,
    Column,
    ColumnSpec,
    EarlierAnswer,
    Failure,
    GridRow,
    Member,
    ModelInUse,
    PastCell,
    Review,
    Role,
    Rule,
)


async def open_review(connection: Connection, user: User, name: str) -> UUID:
    """The user's review of that name, created if there is none."""
    await _know(connection, user)
    cursor = await connection.execute(_sql("open_review"), {"user_id": user.id, "name": name})
    row = await cursor.fetchone()
    if row is None:
        # Another session made it between the two halves of the statement.
        return await open_review(connection, user, name)
    review_id: UUID = row["id"]
    return review_id


async def find_review(
    connection: Connection, user: User, name: str, earlier: str, columns: Sequence[ColumnSpec], files: Sequence[str]
) -> UUID | None:
    """The user's review called `name`, or else the one called `earlier` if it has all these columns unchanged and a
    document of one of these names."""
    cursor = await connection.execute(
        "select id, name from tabular_reviews where user_id = %s and name = any(%s) order by named_by_owner",
        [user.id, [name, earlier]],
    )
    ids: dict[str, UUID] = {row["name"]: row["id"] for row in await cursor.fetchall()}
    if name in ids or earlier not in ids:
        return ids.get(name)
    there = [column.spec() for column in await list_columns(connection, ids[earlier])]
    if not all(column in there for column in columns):
        return None
    values = {"review_id": ids[earlier], "names": list(files)}
    row = await (await connection.execute(_sql("has_any_document"), values)).fetchone()
    return ids[earlier] if row and row["found"] else None


@tried_again
async def create_review(connection: Connection, user: User, name: str) -> UUID:
    """A new review. Raises ConflictError if the user has one of that name."""
    await _know(connection, user)
    with _named_once("name", f"You have a review called {name!r} already."):
        cursor = await connection.execute(
            "insert into tabular_reviews (user_id, name) values (%s, %s) returning id", [user.id, name]
        )
    row = await cursor.fetchone()
    assert row
    review_id: UUID = row["id"]
    return review_id


async def list_reviews(connection: Connection, limit: int, offset: int, q: str | None) -> tuple[list[Review], int]:
    """The reviews that the user may see, latest change first, and their number; `q`: a part of their name."""
    values = {"review_id": None, "q": q, "limit": limit, "offset": offset}
    rows = await (await connection.execute(_sql("list_reviews"), values)).fetchall()
    total = rows[0]["total"] if rows else 0
    return [_review(row) for row in rows], total


async def get_review(connection: Connection, review_id: UUID) -> Review:
    """One review. Raises NotFoundError."""
    values = {"review_id": review_id, "q": None, "limit": 1, "offset": 0}
    row = await (await connection.execute(_sql("list_reviews"), values)).fetchone()
    if row is None:
        raise NotFoundError("There is no such review.")
    return _review(row)


async def role_in(connection: Connection, review_id: UUID) -> Role | None:
    """The user's role in a review; None if they may not see it."""
    row = await (await connection.execute("select my_role(%s) as role", [review_id])).fetchone()
    return row["role"] if row else None


@tried_again
async def rename_review(connection: Connection, review_id: UUID, name: str) -> None:
    """Raises ConflictError if the user has given that name to another review of theirs. Names of other users' reviews
    are not revealed."""
    with _named_once("name", f"You have a review called {name!r} already."):
        await connection.execute(
            "update tabular_reviews set name = %s, named_by_owner = user_id = my_user_id(), updated_at = now() "
            "where id = %s",
            [name, review_id],
        )


async def set_retention(connection: Connection, review_id: UUID, delete_at: datetime | None) -> None:
    """Let the user's review be deleted within an hour after `delete_at`; None: never. Does nothing if the user is not
    its owner."""
    await connection.execute("select set_retention(%s, %s)", [review_id, delete_at])


@tried_again
async def delete_review(connection: Connection, review_id: UUID) -> None:
    """Delete a review with its columns, cells, jobs and history; the documents stay, except those that their uploader
    has deleted."""
    await connection.execute("delete from tabular_reviews where id = %s", [review_id])


@tried_again
async def add_columns(connection: Connection, review_id: UUID, columns: Sequence[ColumnSpec]) -> list[Column]:
    """Add columns to the right. Raises ConflictError if one's name is taken."""
    await _lock(connection, review_id)
    with _named_once("name", "The review has a column of that name already."):
        cursor = await connection.execute(_sql("add_columns"), {"review_id": review_id, "columns": as_json(columns)})
        ids = {row["id"] for row in await cursor.fetchall()}
    return [column for column in await list_columns(connection, review_id) if column.id in ids]


async def list_columns(connection: Connection, review_id: UUID) -> list[Column]:
    """The review's columns in the grid's order."""
    cursor = await connection.execute(_sql("list_columns"), {"review_id": review_id, "column_id": None})
    return [_column(row) for row in await cursor.fetchall()]


async def get_column(connection: Connection, review_id: UUID, column_id: UUID) -> Column:
    """One column. Raises NotFoundError."""
    cursor = await connection.execute(_sql("list_columns"), {"review_id": review_id, "column_id": column_id})
    row = await cursor.fetchone()
    if row is None:
        raise NotFoundError("The review has no such column.")
    return _column(row)


@tried_again
async def edit_column(connection: Connection, review_id: UUID, column_id: UUID, spec: ColumnSpec) -> Column:
    """Change a column; its cells are stale if its question changed. Raises NotFoundError, ConflictError."""
    await _lock(connection, review_id)
    with _named_once("name", f"The review has a column called {spec.name!r} already."):
        await connection.execute(
            _sql("edit_column"),
            {
                "review_id": review_id,
                "column_id": column_id,
                "name": spec.name,
                "prompt": spec.prompt,
                "format": spec.format,
                "tags": list(spec.tags),
                "rules": as_json(spec.rules),
                "second_reading": spec.second_reading,
            },
        )
    return await get_column(connection, review_id, column_id)


@retried
async def choose_unit(connection: Connection, column_id: UUID, version: int, unit: str) -> str:
    """The unit of the column's numbers: `unit` if it has none yet, or if its question has another version by now."""
    values = {"column_id": column_id, "version": version, "unit": unit}
    row = await (await connection.execute(_sql("choose_unit"), values)).fetchone()
    return row["unit"] if row else unit


@tried_again
async def order_columns(connection: Connection, review_id: UUID, column_ids: Sequence[UUID]) -> None:
    """Put these columns first, in this order; the others follow as they were."""
    await _lock(connection, review_id)
    await connection.execute(_sql("order_columns"), {"review_id": review_id, "column_ids": list(column_ids)})


@tried_again
async def remove_column(connection: Connection, review_id: UUID, column_id: UUID) -> None:
    """Remove a column with its cells."""
    await _lock(connection, review_id)
    await connection.execute("delete from tabular_columns where review_id = %s and id = %s", [review_id, column_id])


async def count_rows(connection: Connection, review_id: UUID, document_ids: Sequence[UUID]) -> int:
    """How many of these documents are rows of a review."""
    cursor = await connection.execute(
        "select count(*)::int as count from review_documents where review_id = %s and document_id = any(%s)",
        [review_id, list(document_ids)],
    )
    row = await cursor.fetchone()
    assert row
    count: int = row["count"]
    return count


async def count_answers(
    connection: Connection,
    review_id: UUID,
    column_id: UUID | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> int:
    """How many cells of a review, or of one of its columns, or of some of its documents, have an answer."""
    values = {
        "review_id": review_id,
        "column_id": column_id,
        "document_ids": None if document_ids is None else list(document_ids),
    }
    cursor = await connection.execute(_sql("count_answers"), values)
    row = await cursor.fetchone()
    assert row
    count: int = row["count"]
    return count


async def list_members(connection: Connection, review_id: UUID) -> list[Member]:
    """The people with whom the review is shared."""
    cursor = await connection.execute(
        "select email, role, created_at from review_members where review_id = %s order by email", [review_id]
    )
    return [Member(**row) for row in await cursor.fetchall()]


@tried_again
async def put_member(connection: Connection, review_id: UUID, email: str, role: Role) -> None:
    """Share the review with a person, or change their role."""
    await connection.execute(_sql("put_member"), {"review_id": review_id, "email": email, "role": role})


@tried_again
async def remove_member(connection: Connection, review_id: UUID, email: str) -> None:
    """Stop sharing the review with a person. Raises NotFoundError if it is not shared with them."""
    cursor = await connection.execute(
        "delete from review_members where review_id = %s and email = lower(%s)", [review_id, email]
    )
    if cursor.rowcount == 0:
        raise NotFoundError(f"The review is not shared with {email}.")


@tried_again
async def put_columns(connection: Connection, review_id: UUID, columns: Sequence[ColumnSpec]) -> list[UUID]:
    """Add the columns, or edit those of the same name; returns their ids in order.

    An edit that changes the question makes the column's cells stale. Other columns of the review stay as they are.
    """
    await _lock(connection, review_id)
    cursor = await connection.execute(_sql("put_columns"), {"review_id": review_id, "columns": as_json(columns)})
    ids = {row["name"]: row["id"] for row in await cursor.fetchall()}
    return [ids[column.name] for column in columns]


@tried_again
async def put_documents(connection: Connection, review_id: UUID, document_ids: Sequence[UUID]) -> None:
    """Add documents to the grid, below the others; a document that is in the grid keeps its place. Raises NotFoundError
    for one that the user may not see, ForbiddenError for one that is only shared with them."""
    values = {"review_id": review_id, "document_ids": list(document_ids)}
    if unknown := await (await connection.execute(_sql("find_unknown_document"), values)).fetchone():
        if unknown["visible"]:
            raise ForbiddenError(
                f"The document {unknown['id']} is only shared with you: its owner can add it to another review.",
                "document_ids",
            )
        raise NotFoundError(f"There is no document {unknown['id']}.", "document_ids")
    await _lock(connection, review_id)
    await connection.execute(_sql("put_documents"), values)


@tried_again
async def remove_documents(connection: Connection, review_id: UUID, document_ids: Sequence[UUID]) -> None:
    """Remove rows from the grid, with their cells."""
    await _lock(connection, review_id)
    await connection.execute(
        "delete from review_documents where review_id = %s and document_id = any(%s)", [review_id, list(document_ids)]
    )


async def grid_rows(
    connection: Connection,
    review_id: UUID,
    column_ids: Sequence[UUID] | None = None,
    document_ids: Sequence[UUID] | None = None,
    in_use: ModelInUse | None = None,
    citations: bool = True,
) -> AsyncIterator[GridRow]:
    """The grid's rows with full contents, in order, a hundred at a time, so that a whole review is never in memory.

    Without `in_use` no answer is outdated. Without `citations` they are not read.
    """
    async with connection.cursor(name="grid_rows") as cursor:
        cursor.itersize = 100
        await cursor.execute(
            _sql("read_grid_rows"),
            {
                "review_id": review_id,
                "column_ids": None if column_ids is None else list(column_ids),
                "document_ids": None if document_ids is None else list(document_ids),
                "model": in_use and in_use.model,
                "prompt_version": in_use and in_use.prompt_version,
                "citations": citations,
            },
        )
        async for row in cursor:
            cells = {UUID(cell.pop("column_id")): _cell(cell) for cell in row.pop("cells")}
            content = row.pop("content")
            read = how_read(content, row["same_as"], row["newer_file_at"])
            yield GridRow(**row, how_read=read, cells=cells)


async def failed_cells(
    connection: Connection,
    review_id: UUID,
    job_id: UUID | None = None,
    column_ids: Sequence[UUID] | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> list[Failure]:
    """The failed cells of a review, one entry per document and reason; only of one job, or of some columns and
    documents, if given."""
    cursor = await connection.execute(
        _sql("list_failed_cells"),
        {
            "review_id": review_id,
            "job_id": job_id,
            "column_ids": None if column_ids is None else list(column_ids),
            "document_ids": None if document_ids is None else list(document_ids),
        },
    )
    return [Failure(**row) for row in await cursor.fetchall()]


async def _lock(connection: Connection, review_id: UUID) -> None:
    """Changes of a review's rows or columns are made one after the other."""
    await connection.execute("select from tabular_reviews where id = %s for no key update", [review_id])


async def _know(connection: Connection, user: User) -> None:
    await connection.execute(_sql("know_user"), {"user_id": user.id, "email": user.email})


def _column(row: dict[str, Any]) -> Column:
    return Column(**{**row, "rules": [Rule(**rule) for rule in row["rules"]]})


def _cell(cell: dict[str, Any]) -> Cell:
    before = PastCell.read(cell.pop("before"))
    cell["value"] = _value(cell["value"])
    cell["citations"] = read_citations(cell["citations"])
    if cell["job_id"] is not None:
        cell["job_id"] = UUID(cell["job_id"])
    for name in _TIMES:
        if cell[name] is not None:
            cell[name] = datetime.fromisoformat(cell[name])
    return Cell(**cell | _a_persons(cell, before)) if cell["edited_at"] is not None else Cell(**cell)


_TIMES = ("attempted_at", "edited_at", "verified_at")


def _value(stored: str | None) -> Any:
    """The value; one that is too long or too deep for Python is its text."""
    try:
        return None if stored is None else json.loads(stored)
    except (ValueError, RecursionError):
        return stored


def _a_persons(cell: dict[str, Any], before: PastCell | None) -> dict[str, Any]:
    """The fields of a cell that differ because a person answered: the model and its evidence go to `earlier`. A
    person's own notes beside their answer stay."""
    names = ("reasoning", "citations", "verified", "model", "prompt_version")
    if before is not None:
        earlier = EarlierAnswer(before.summary, *(getattr(before, name) for name in names))
    elif cell["citations"]:
        earlier = EarlierAnswer(None, *(cell[name] for name in names))
    else:
        earlier = None
    kept = earlier is None or cell["reasoning"] != earlier.reasoning
    return {
        "reasoning": cell["reasoning"] if kept else None,
        "citations": (),
        "verified": None,
        "model": None,
        "prompt_version": None,
        "doubt": None,
        "earlier": earlier,
    }


def _review(row: dict[str, Any]) -> Review:
    return Review(**{name: value for name, value in row.items() if name != "total"})


@contextmanager
def _named_once(field: str, sentence: str) -> Iterator[None]:
    try:
        yield
    except UniqueViolation:
        raise ConflictError(sentence, field) from None


def _sql(name: str) -> str:
    return statement("columnist.reviews", name)
