"""The trail: who did what. The database's triggers write it (db/functions/gate/note_events.sql), nobody changes it."""

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
    """Who did what. `user_id`, `email`: of who did it, None for a worker or an operator; `owner_id`: whose the review,
    the document, the token or the account is. `facts` depend on the action: the hash of a file, a role, a status."""

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
    """An act in the whole trail. `id`: in the order of their beginning, with gaps."""

    id: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was destroyed with a review. `deleted_by`: an e-mail address, None if its retention had ended.

    `documents_destroyed`: the SHA-256 of each document that nobody else had; `documents_kept`: how many others it had.
    `answers_sha256`: of the hash of each answer with its evidence, in order; None without answers.
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
    """The user downloads a document."""
    await connection.execute("select note_event('download', null, %s)", [document_id])


async def note_export(connection: Connection, review_id: UUID, suffix: str) -> None:
    """The user exports a review."""
    await connection.execute("select note_event('export', %s, null, %s)", [review_id, suffix])


async def read_events(
    connection: Connection,
    *,
    since: datetime | None = None,
    user: str | None = None,
    review_id: UUID | None = None,
    follow: bool = False,
) -> AsyncIterator[Event]:
    """The trail from the oldest event on, of a user (id or e-mail address) or a review; with `follow` without an end.
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
    """What was done in a review of the connection's user, as an owner may know it; newest first."""
    values = {"review_id": review_id, "since": since, "limit": limit, "offset": offset}
    return [Act(**row) for row in await (await connection.execute(_sql("list_acts"), values)).fetchall()]


async def certificates(connection: Connection, limit: int, review_id: UUID | None = None) -> list[Certificate]:
    """What was destroyed with each review that the connection's user may know of, or with one, newest first."""
    cursor = await connection.execute(_sql("list_certificates"), {"review_id": review_id, "limit": limit})
    return [Certificate(**row.pop("facts"), **row) for row in await cursor.fetchall()]


def _sql(name: str) -> str:
    return statement("columnist.reviews", name)
