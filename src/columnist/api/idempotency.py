"""Idempotency keys: the same request with the same key is carried out once, and gets the same answer each time."""

import hashlib
from dataclasses import asdict
from typing import Annotated

from fastapi import Depends, Header, Request

from columnist.api.context import CurrentUser
from columnist.db.connect import Connection, User
from columnist.db.sql import statement
from columnist.db.text import as_json
from columnist.errors import ConflictError
from columnist.jobs.job import Generated

KEPT = "1 day"
"""How long a key is remembered."""


class IdempotencyKey:
    """The request's `Idempotency-Key`; without one, both methods do nothing."""

    def __init__(self, user: User, key: str | None, request_hash: bytes) -> None:
        self._key = key
        self._values = {"user_id": user.id, "key": key, "request_hash": request_hash, "kept": KEPT}

    async def earlier(self, connection: Connection) -> Generated | None:
        """The earlier answer to the same request. Of two requests at the same time the second waits for the first.

        Raises ConflictError if the key was used for another request.
        """
        if self._key is None:
            return None
        await connection.execute(_sql("forget_idempotency_keys"), self._values)
        await connection.execute(_sql("take_idempotency_key"), self._values)
        found = await (await connection.execute(_sql("idempotent_response"), self._values)).fetchone()
        assert found
        if found["request_hash"] != self._values["request_hash"]:
            raise ConflictError("This Idempotency-Key was used for another request.", "Idempotency-Key")
        return None if found["response"] is None else Generated(**found["response"])

    async def keep(self, connection: Connection, answer: Generated) -> None:
        """Remember the answer, in the transaction that did the work."""
        if self._key is not None:
            await connection.execute(_sql("keep_response"), self._values | {"response": as_json(asdict(answer))})


def _sql(name: str) -> str:
    return statement("columnist.api", name)


async def _idempotency_key(
    request: Request,
    user: CurrentUser,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> IdempotencyKey:
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).digest()
    return IdempotencyKey(user, idempotency_key, digest)


Idempotent = Annotated[IdempotencyKey, Depends(_idempotency_key)]
