"""Reviews in PostgreSQL. Every function runs as its user: what they may not see does not exist."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from columnist.db.connect import Connection, User
from columnist.db.sql import statement
from columnist.reviews.model import Cell, ColumnSpec, Failure, GridRow


async def open_review(connection: Connection, user: User, name: str) -> UUID:
    """The user's review of that name, created if there is none."""
    await connection.execute(
        "insert into users (id, email) values (%s, %s) on conflict (id) do nothing", [user.id, user.email]
    )
    cursor = await connection.execute(
        "with made as (insert into tabular_reviews (user_id, name) values (%(user)s, %(name)s) "
        "on conflict (user_id, name) do nothing returning id) "
        "select id from made union all select id from tabular_reviews where user_id = %(user)s and name = %(name)s",
        {"user": user.id, "name": name},
    )
    row = await cursor.fetchone()
    if row is None:
        # Made by another session between the two halves of the statement.
        return await open_review(connection, user, name)
    review_id: UUID = row["id"]
    return review_id


async def put_columns(connection: Connection, review_id: UUID, columns: Sequence[ColumnSpec]) -> list[UUID]:
    """Add the columns, or edit those of the same name; returns their ids in order.

    An edit that changes what is asked makes the column's cells stale. Other columns of the review stay as they are.
    """
    cursor = await connection.execute(
        statement("columnist.reviews", "put_columns"),
        {
            "review_id": review_id,
            "names": [column.name for column in columns],
            "prompts": [column.prompt for column in columns],
            "formats": [column.format for column in columns],
            "tags": ["\x1f".join(column.tags) for column in columns],
        },
    )
    ids = {row["name"]: row["id"] for row in await cursor.fetchall()}
    return [ids[column.name] for column in columns]


async def put_documents(connection: Connection, review_id: UUID, document_ids: Sequence[UUID]) -> None:
    """Add documents to the grid, below those that it has; one that it has already keeps its place."""
    await connection.execute(
        "insert into review_documents (review_id, document_id, position) "
        "select %(review_id)s, d.id, d.nr + coalesce((select max(position) from review_documents "
        "where review_id = %(review_id)s), 0) "
        "from unnest(%(ids)s::uuid[]) with ordinality as d (id, nr) on conflict do nothing",
        {"review_id": review_id, "ids": list(document_ids)},
    )


async def columns_of(connection: Connection, review_id: UUID) -> list[tuple[UUID, ColumnSpec]]:
    """The review's columns in the grid's order, with their ids."""
    cursor = await connection.execute(
        "select id, name, prompt, format, tags from tabular_columns where review_id = %s order by index, id",
        [review_id],
    )
    return [
        (row["id"], ColumnSpec(row["name"], row["prompt"], row["format"], tuple(row["tags"])))
        for row in await cursor.fetchall()
    ]


async def grid_rows(
    connection: Connection,
    review_id: UUID,
    column_ids: Sequence[UUID] | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> AsyncIterator[GridRow]:
    """The grid's rows with full contents, in order, a hundred at a time: a review of any size is never held."""
    async with connection.cursor(name="grid_rows") as cursor:
        cursor.itersize = 100
        await cursor.execute(
            statement("columnist.reviews", "grid_rows"),
            {
                "review_id": review_id,
                "column_ids": None if column_ids is None else list(column_ids),
                "document_ids": None if document_ids is None else list(document_ids),
            },
        )
        async for row in cursor:
            cells = {UUID(cell.pop("column_id")): Cell(**cell) for cell in row.pop("cells")}
            yield GridRow(**row, cells=cells)


async def failed_cells(
    connection: Connection,
    review_id: UUID,
    job_id: UUID | None = None,
    column_ids: Sequence[UUID] | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> list[Failure]:
    """What failed in a review, one entry per document and reason; of one job, or of some columns and documents only."""
    cursor = await connection.execute(
        statement("columnist.reviews", "failed_cells"),
        {
            "review_id": review_id,
            "job_id": job_id,
            "column_ids": None if column_ids is None else list(column_ids),
            "document_ids": None if document_ids is None else list(document_ids),
        },
    )
    return [Failure(**row) for row in await cursor.fetchall()]
