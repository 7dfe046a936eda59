"""The class of every route under /api: the user is known before a byte of the body is read, and the body is bounded."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.exceptions import HTTPException
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from columnist.api.context import signed_in
from columnist.api.cookies import require_own_page

LARGEST_BODY = 4 * 1024**2
"""Most bytes of a body. Uploads have other limits."""

BODY_SECONDS = 30.0
LEAST_BYTES_A_SECOND = 8 * 1024
"""How long a body that is kept in memory may take. One that goes to the disk may take longer if it comes at this rate.
Only the time spent waiting for the client counts."""


class GuardedRoute(APIRoute):
    """Checks the credentials, then reads no more than `largest` bytes (None: the route limits its body itself)."""

    largest: ClassVar[int | None] = LARGEST_BODY

    async def admit(self, request: Request) -> None:
        """Raises a ColumnistError for a request whose body is not read."""
        await signed_in(request)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await self.admit(request)
            announced = request.headers.get("content-length", "")
            if self.largest is not None and announced.isdecimal() and int(announced[:20]) > self.largest:
                raise _too_large(self.largest)
            return await handle(Request(request.scope, _bounded(request.receive, self.largest)))

        return guarded


class UploadRoute(GuardedRoute):
    """A route that takes files of any number and size, one at a time."""

    largest = None


class PasswordRoute(GuardedRoute):
    """A route of the sign-in: its callers have no credentials yet."""

    largest = 16 * 1024

    async def admit(self, request: Request) -> None:
        """Raises UnauthenticatedError if the server has no sign-in by password, and ForbiddenError for another site's
        page, which would sign people in as somebody else."""
        request.app.state.gate.authenticator.by_password()
        require_own_page(request.method, request.headers)


def _bounded(receive: Receive, largest: int | None) -> Receive:
    """`receive`, ending with an HTTPException where the body is too large or too slow."""
    taken, waited = 0, 0.0

    async def take() -> Message:
        nonlocal taken, waited
        before = time.monotonic()
        try:
            more = 0 if largest else taken / LEAST_BYTES_A_SECOND
            async with asyncio.timeout(BODY_SECONDS + more - waited):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The request's body comes too slowly", {"Connection": "close"}) from None
        waited += time.monotonic() - before
        taken += len(message.get("body", b""))
        if largest is not None and taken > largest:
            raise _too_large(largest)
        return message

    return take


def _too_large(largest: int) -> HTTPException:
    return HTTPException(413, f"The request's body is over {largest // 1024:,} kB")
