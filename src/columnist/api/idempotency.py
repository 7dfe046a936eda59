"""Idempotency keys: the same request with the same key is carried out once, and answered the same each time."""

import hashlib
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from columnist.api.context import CurrentUser
from columnist.db.connect import Connection, User
from columnist.db.text import as_json
from columnist.errors import ConflictError
from columnist.jobs.job import Generated

KEPT = "1 day"
"""How long a key is remembered."""


class IdempotencyKey:
    """The request's `Idempotency-Key`, if it has one; else every step does nothing."""

    def __init__(self, user: User, key: str | None, request_hash: bytes) -> None:
        self._user = user
        self._key = key
        self._request_hash = request_hash

    async def earlier(self, connection: Connection) -> dict[str, Any] | None:
        """What the same request was answered with before. Of two at the same time the second waits for the first.

        Raises ConflictError if the key was used for another request.
        """
        if self._key is None:
            return None
        await connection.execute(
            "delete from idempotency_keys where user_id = %s and created_at < now() - %s::interval",
            [self._user.id, KEPT],
        )
        await connection.execute(
            "insert into idempotency_keys (user_id, key, request_hash) values (%s, %s, %s) on conflict do nothing",
            [self._user.id, self._key, self._request_hash],
        )
        cursor = await connection.execute(
            "select request_hash, response from idempotency_keys where user_id = %s and key = %s",
            [self._user.id, self._key],
        )
        found = await cursor.fetchone()
        assert found
        if found["request_hash"] != self._request_hash:
            raise ConflictError("This Idempotency-Key was used for another request.", "Idempotency-Key")
        response: dict[str, Any] | None = found["response"]
        return response

    async def keep(self, connection: Connection, answer: Generated) -> None:
        """Remember the answer, in the transaction that did the work."""
        if self._key is not None:
            await connection.execute(
                "update idempotency_keys set response = %s where user_id = %s and key = %s",
                [as_json(asdict(answer)), self._user.id, self._key],
            )


async def _idempotency_key(
    request: Request,
    user: CurrentUser,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> IdempotencyKey:
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).digest()
    return IdempotencyKey(user, idempotency_key, digest)


Idempotent = Annotated[IdempotencyKey, Depends(_idempotency_key)]
