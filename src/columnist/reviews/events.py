"""The trail of acts. The database's triggers write it (db/functions/gate/note_events.sql), and nobody can change it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from columnist.db.connect import Connection
from columnist.db.sql import statement

PAGE = 1_000
FOLLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Act:
    """An act. `user_id`, `email`: of its user, None for a worker or an operator; `owner_id`: the owner of the review,
    the document, the token or the account. `facts` depend on the action: the hash of a file, a role, a status."""

    at: datetime
    action: str
    user_id: UUID | None
    email: str | None
    owner_id: UUID | None
    review_id: UUID | None
    document_id: UUID | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event(Act):
    """An act in the whole trail. `id`: in order of beginning, with gaps."""

    id: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate of a destroyed review. `deleted_by`: an e-mail address, None if its retention had ended.

    `documents_destroyed`: the SHA-256 of each document that nobody else had; `documents_kept`: the number of its other
    documents. `answers_sha256`: over the hashes of all answers with their evidence, in order; None without answers.
    """

    review_id: UUID
    at: datetime
    deleted_by: str | None
    reason: Literal["request", "retention"]
    documents_destroyed: list[str]
    documents_kept: int
    answers: int
    answers_sha256: str | None
    columns: int
    changes: int
    jobs: int


async def note_download(connection: Connection, document_id: UUID) -> None:
    """Note that the user downloads a document."""
    await connection.execute("select note_event('download', null, %s)", [document_id])


async def note_export(connection: Connection, review_id: UUID, suffix: str) -> None:
    """Note that the user exports a review."""
    await connection.execute("select note_event('export', %s, null, %s)", [review_id, suffix])


async def read_events(
    connection: Connection,
    *,
    since: datetime | None = None,
    user: str | None = None,
    review_id: UUID | None = None,
    follow: bool = False,
) -> AsyncIterator[Event]:
    """The trail from the oldest event on, of a user (id or e-mail address) or a review; with `follow` it never ends.
    For a worker's connection."""
    values = {"xid": "0", "id": 0, "ended": follow, "since": since, "review_id": review_id, "who": user, "limit": PAGE}
    while True:
        rows = await (await connection.execute(_sql("read_events"), values)).fetchall()
        for row in rows:
            values |= {"xid": row.pop("xid"), "id": row["id"]}
            yield Event(**row)
        if len(rows) < PAGE:
            if not follow:
                return
            await asyncio.sleep(FOLLOW_SECONDS)


async def acts_in(
    connection: Connection, review_id: UUID, since: datetime | None, limit: int, offset: int
) -> list[Act]:
    """The acts in a review of the connection's user, as far as an owner may see them; newest first."""
    values = {"review_id": review_id, "since": since, "limit": limit, "offset": offset}
    return [Act(**row) for row in await (await connection.execute(_sql("list_acts"), values)).fetchall()]


async def certificates(connection: Connection, limit: int, review_id: UUID | None = None) -> list[Certificate]:
    """The certificates of destroyed reviews that the connection's user may see, or of one, newest first."""
    cursor = await connection.execute(_sql("list_certificates"), {"review_id": review_id, "limit": limit})
    return [Certificate(**row.pop("facts"), **row) for row in await cursor.fetchall()]


def _sql(name: str) -> str:
    return statement("columnist.reviews", name)
