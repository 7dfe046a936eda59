"""What a request works with, as FastAPI dependencies: the service, who asks, their connection, their role."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from columnist.api.auth import Authenticator, Principal
from columnist.api.health import Health
from columnist.back_ends import BackEnds, prompt_version
from columnist.db.connect import Connection, Database, User
from columnist.documents.blobs import BlobStore
from columnist.documents.reading.reader import Reader
from columnist.errors import ForbiddenError, NotFoundError, TooManyRequestsError
from columnist.reviews.model import ModelInUse, Role
from columnist.settings import Settings

ROLES: tuple[Role, ...] = ("viewer", "editor", "owner")
READING = {"GET", "HEAD", "OPTIONS"}


@dataclass(slots=True)
class Service:
    """What the requests of one process share."""

    settings: Settings
    database: Database
    blobs: BlobStore
    reader: Reader
    back_ends: BackEnds
    authenticator: Authenticator
    health: Health
    limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    @property
    def in_use(self) -> ModelInUse:
        """The model of the settings."""
        return ModelInUse(self.settings.model, prompt_version(self.settings.model))


# Every dependency is `async`: a plain function would go through a thread, and wait there for the interpreter's lock.
async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(_service)]


async def _principal(request: Request, service: CurrentService) -> Principal:
    principal = await service.authenticator.principal(request.headers)
    allowed = RateLimitItemPerMinute(service.settings.requests_per_minute)
    if not await service.limiter.hit(allowed, str(principal.user.id)):
        raise TooManyRequestsError(
            f"More than {service.settings.requests_per_minute:,} requests a minute: wait a moment "
            "(COLUMNIST_REQUESTS_PER_MINUTE)."
        )
    if principal.scope == "read" and request.method not in READING:
        raise ForbiddenError("This API token may read only.")
    request.state.user = principal.user
    return principal


CurrentPrincipal = Annotated[Principal, Depends(_principal)]


async def _user(principal: CurrentPrincipal) -> User:
    return principal.user


CurrentUser = Annotated[User, Depends(_user)]


async def _connection(service: CurrentService, user: CurrentUser) -> AsyncIterator[Connection]:
    async with service.database.act_as(user) as connection:
        yield connection


CurrentConnection = Annotated[Connection, Depends(_connection, scope="function")]
"""One transaction as the user; it is committed before the response is sent."""


def _review_of(minimum: Role) -> Callable[[UUID, Connection], Awaitable[UUID]]:
    async def check(review_id: UUID, connection: CurrentConnection) -> UUID:
        await require_role(connection, review_id, minimum)
        return review_id

    return check


async def require_role(connection: Connection, review_id: UUID, minimum: Role) -> None:
    """Raises NotFoundError for a review that the user may not see, ForbiddenError for one they may only see.

    The policies hold without this; it finds the right words.
    """
    found = await (await connection.execute("select my_role(%s) as role", [review_id])).fetchone()
    role = found["role"] if found else None
    if role is None:
        raise NotFoundError("There is no such review.")
    if ROLES.index(role) < ROLES.index(minimum):
        raise ForbiddenError(f"You are a {role} of this review; this takes an {minimum}.")


VisibleReview = Annotated[UUID, Depends(_review_of("viewer"), scope="function")]
EditableReview = Annotated[UUID, Depends(_review_of("editor"), scope="function")]
OwnReview = Annotated[UUID, Depends(_review_of("owner"), scope="function")]
"""The path's review_id, of a review in which the user has at least this role; 404 or 403 otherwise."""
