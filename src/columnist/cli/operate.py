"""Acts of operators at the database: read the trail, invite, list and disable users, list and revoke tokens."""

import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from columnist.api.local import is_loopback
from columnist.api.models import Email
from columnist.api.tokens import hash_of
from columnist.cancelling import off_loop
from columnist.db.connect import Connection, Database, database_url
from columnist.errors import InputError, NotFoundError, SettingsError
from columnist.reviews.events import certificates, read_events
from columnist.settings import Settings

Result = TypeVar("Result")


def operate(settings: Settings, act: Callable[[Connection], Awaitable[Result]]) -> Result:
    """Perform an act at the settings' database, with the rights of a worker. Raises DatabaseError."""

    async def run() -> Result:
        async with (
            off_loop(database_url(settings)) as url,
            Database(url, 1) as database,
            database.worker() as connection,
        ):
            return await act(connection)

    return asyncio.run(run())


def a_time(text: str) -> datetime:
    """A date or a time in ISO 8601; without a zone it is UTC. Raises InputError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no time: write 2026-01-31, or 2026-01-31T12:00:00+01:00.", "--since") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


async def print_events(
    connection: Connection, since: datetime | None, user: str | None, review_id: UUID | None, follow: bool
) -> None:
    """Print the trail as JSON lines, oldest first."""
    async for event in read_events(connection, since=since, user=user, review_id=review_id, follow=follow):
        _print_line(asdict(event), flush=follow)


async def print_certificates(connection: Connection, review_id: UUID | None) -> None:
    """Print what was destroyed with deleted reviews as JSON lines, newest first."""
    for one in await certificates(connection, 1_000_000, review_id):
        _print_line(asdict(one))


def _print_line(values: dict[str, Any], *, flush: bool = False) -> None:
    sys.stdout.write(json.dumps(values, default=_plain) + "\n")
    if flush:
        sys.stdout.flush()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def link_of(settings: Settings, email: str, secret: str) -> str:
    """The address at which a user chooses a password. The part after `#` is in no log: browsers do not send it.
    Raises SettingsError if the server has no sign-in by password, or if its address is not known."""
    if settings.sign_in != "password":
        raise SettingsError(
            "Invitations are for a server with COLUMNIST_SIGN_IN=password: set it for this command, too."
        )
    if settings.public_url is None and not is_loopback(settings.host):
        raise SettingsError(
            "Set COLUMNIST_PUBLIC_URL to the address at which people open this server: the link begins with it."
        )
    url = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    return f"{url}/#{urlencode({'invitation': secret, 'email': email})}"


async def invite(connection: Connection, settings: Settings, address: str) -> str:
    """Invite an e-mail address, or let its user choose a new password. Returns the link, which is shown only once.
    Raises InputError for an invalid address, and SettingsError as `link_of` does."""
    try:
        email = str(TypeAdapter(Email).validate_python(address)).lower()
    except ValidationError as error:
        raise InputError(
            f"{address!r} is no e-mail address: {error.errors()[0]['msg'].rstrip('.')}.", "EMAIL"
        ) from None
    secret = secrets.token_urlsafe(32)
    link = link_of(settings, email, secret)
    await connection.execute("select invite_user(%s, %s)", [email, hash_of(secret)])
    return link


async def end_sessions(connection: Connection, who: str) -> int:
    """Sign a user (id or e-mail address) out of every browser. Returns the number of ended sessions. Raises
    NotFoundError."""
    row = await (await connection.execute("select end_sessions(%s) as ended", [who])).fetchone()
    if row is None or row["ended"] is None:
        raise _nobody(who)
    return int(row["ended"])


async def list_users(connection: Connection) -> list[dict[str, Any]]:
    """Everybody who has signed in or was invited, by e-mail address, with the number and size of their documents and so
    on."""
    return await (await connection.execute("select * from list_users()")).fetchall()


async def set_enabled(connection: Connection, who: str, *, enabled: bool) -> list[str]:
    """Let a user (id or e-mail address) in, or end their sessions and refuse their tokens and sign-ins from now on.
    Returns their address and id. Raises NotFoundError."""
    rows = await (await connection.execute("select * from set_user_enabled(%s, %s)", [who, enabled])).fetchall()
    if not rows:
        raise _nobody(who)
    return [f"{row['email'] or 'no e-mail address'} ({row['id']})" for row in rows]


def _nobody(who: str) -> NotFoundError:
    return NotFoundError(f"Nobody with the e-mail address or id {who!r} has signed in or was invited.")


async def list_tokens(connection: Connection) -> list[dict[str, Any]]:
    """The API tokens of everybody that are accepted."""
    return await (await connection.execute("select * from list_api_tokens()")).fetchall()


async def revoke_token(connection: Connection, token_id: UUID) -> None:
    """The token is refused from now on. Raises NotFoundError."""
    row = await (await connection.execute("select revoke_api_token(%s) as revoked", [token_id])).fetchone()
    if row is None or not row["revoked"]:
        raise NotFoundError("There is no such token, or it is revoked already.")
