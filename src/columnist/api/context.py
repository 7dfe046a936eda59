"""FastAPI dependencies of a request: the process, the user, their connection, desk and role."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from columnist.api.auth import Authenticator, Principal
from columnist.api.cookies import READING
from columnist.api.health import Health
from columnist.api.parameters import Filter, Words
from columnist.api.polls import Polls
from columnist.api.rate import RequestRate
from columnist.db.connect import Connection, User
from columnist.desk.local import LocalDesk
from columnist.errors import ForbiddenError, NotFoundError, TooManyRequestsError
from columnist.process import Process
from columnist.reviews.grid import Selection
from columnist.reviews.model import Role
from columnist.reviews.store import role_in

ROLES: tuple[Role, ...] = ("viewer", "editor", "owner")


@dataclass(slots=True)
class Gate:
    """The application's state beside its process: authentication, health, how much each user asks, and what many
    poll."""

    authenticator: Authenticator
    health: Health
    rate: RequestRate
    polls: Polls


# Every dependency is `async`: a plain function would go through a thread, and wait there for the interpreter's lock.
async def _process(request: Request) -> Process:
    process: Process = request.app.state.process
    return process


async def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


CurrentProcess = Annotated[Process, Depends(_process)]
CurrentGate = Annotated[Gate, Depends(_gate)]


async def signed_in(request: Request) -> None:
    """Find the user of the request, for the dependencies of its route. Raises UnauthenticatedError,
    TooManyRequestsError, or ForbiddenError for a change with an API token that permits reading only, or with a cookie
    that another site's page has sent along."""
    gate = await _gate(request)
    principal = await gate.authenticator.principal(request.method, request.headers)
    if seconds := gate.rate.wait_for(principal.user.id):
        refused = TooManyRequestsError(
            f"More than {gate.rate.per_minute:,} requests a minute: wait a moment (COLUMNIST_REQUESTS_PER_MINUTE)."
        )
        refused.retry_seconds = max(1, ceil(seconds))
        raise refused
    if principal.scope == "read" and request.method not in READING:
        raise ForbiddenError("This API token permits reading only.")
    request.state.user = principal.user
    request.state.principal = principal


async def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


CurrentPrincipal = Annotated[Principal, Depends(_principal)]


async def _user(principal: CurrentPrincipal) -> User:
    return principal.user


CurrentUser = Annotated[User, Depends(_user)]


async def _connection(process: CurrentProcess, user: CurrentUser) -> AsyncIterator[Connection]:
    async with process.database.act_as(user) as connection:
        yield connection


CurrentConnection = Annotated[Connection, Depends(_connection, scope="function")]
"""One transaction as the user; it is committed before the response is sent."""


async def _desk(process: CurrentProcess, user: CurrentUser, connection: CurrentConnection) -> LocalDesk:
    return LocalDesk(process, user, connection)


CurrentDesk = Annotated[LocalDesk, Depends(_desk, scope="function")]
"""The user's desk; all of its acts belong to the request's transaction."""


async def _long_desk(process: CurrentProcess, user: CurrentUser) -> LocalDesk:
    return LocalDesk(process, user)


LongDesk = Annotated[LocalDesk, Depends(_long_desk)]
"""The user's desk for long acts: no connection is held while files come in or an LLM is asked."""


async def _selected_rows(
    process: CurrentProcess,
    filter: Filter = [],  # noqa: A002, B006  FastAPI copies it
    q: Words = None,
) -> Selection:
    return Selection(filter, q, process.in_use)


SelectedRows = Annotated[Selection, Depends(_selected_rows)]
"""The rows that the request's `filter` and `q` select."""


def _review_of(minimum: Role) -> Callable[[UUID, Connection], Awaitable[UUID]]:
    async def check(review_id: UUID, connection: CurrentConnection) -> UUID:
        await require_role(connection, review_id, minimum)
        return review_id

    return check


async def require_role(connection: Connection, review_id: UUID, minimum: Role) -> None:
    """Raises NotFoundError for a review that the user may not see, ForbiddenError if their role permits too little.

    The database's policies hold without this check, which only gives the right error.
    """
    role = await role_in(connection, review_id)
    if role is None:
        raise NotFoundError("There is no such review.")
    if ROLES.index(role) < ROLES.index(minimum):
        raise ForbiddenError(f"You are a {role} of this review; this takes an {minimum}.")


VisibleReview = Annotated[UUID, Depends(_review_of("viewer"), scope="function")]
EditableReview = Annotated[UUID, Depends(_review_of("editor"), scope="function")]
OwnReview = Annotated[UUID, Depends(_review_of("owner"), scope="function")]
"""The path's review_id, of a review in which the user has at least this role; 404 or 403 otherwise."""
