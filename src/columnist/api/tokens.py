"""Personal API tokens: made, listed, revoked, and recognised by their hash."""

import hashlib
import secrets
from datetime import timedelta
from typing import Literal
from uuid import UUID

from columnist.api.models import NewToken, Token
from columnist.db.connect import Connection, User
from columnist.db.sql import statement
from columnist.errors import NotFoundError, UnauthenticatedError

TOKEN_PREFIX = "col_"  # noqa: S105 - no token
"""Secret scanners and people recognise an API token by this."""

Scope = Literal["read", "write"]


async def list_tokens(connection: Connection) -> list[Token]:
    """The user's API tokens that are not revoked, newest first."""
    cursor = await connection.execute(_sql("list_tokens"))
    return [Token.model_validate(row) for row in await cursor.fetchall()]


async def create_token(connection: Connection, user: User, name: str, scope: Scope, days: int) -> NewToken:
    """A new API token, valid for `days`. It is never shown again."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    values = {
        "user_id": user.id,
        "email": user.email,
        "name": name,
        "hash": hash_of(token),
        "scope": scope,
        "lifetime": timedelta(days=days),
    }
    row = await (await connection.execute(_sql("create_token"), values)).fetchone()
    return NewToken.model_validate({**(row or {}), "token": token})


async def revoke_token(connection: Connection, token_id: UUID) -> None:
    """The token is refused from now on. Raises NotFoundError."""
    if (await connection.execute(_sql("revoke_token"), {"token_id": token_id})).rowcount == 0:
        raise NotFoundError("There is no such API token.")


async def user_of_token(connection: Connection, token: str) -> tuple[User, Scope]:
    """The user of a token, and its scope. Raises UnauthenticatedError."""
    row = await (await connection.execute(_sql("user_of_token"), {"hash": hash_of(token)})).fetchone()
    if row is None:
        raise UnauthenticatedError("The API token is revoked, expired or unknown.")
    return User(row["user_id"], row["email"]), row["scope"]


def hash_of(token: str) -> bytes:
    """The SHA-256 under which a secret of 256 random bits is kept: so many bits need no slower hash."""
    return hashlib.sha256(token.encode()).digest()


def _sql(name: str) -> str:
    return statement("columnist.api", name)
