"""Work for one request, which ends when its client hangs up: the server reports that only to code that asks."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import HTTPException, Request

from columnist.cancelling import surely

Value = TypeVar("Value")

LOOK_SECONDS = 0.5
"""How often to check whether the client still waits."""


async def while_waited_for(request: Request, step: Awaitable[Value]) -> Value:
    """The result of a step. If the client hangs up meanwhile, the step is cancelled, and HTTPException is raised when
    it has ended."""
    task = asyncio.ensure_future(step)
    try:
        while not (await asyncio.wait([task], timeout=LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                raise HTTPException(499, "The client has hung up")
        return await task
    except BaseException:
        task.cancel()
        await surely(_ended(task))
        raise


async def _ended(task: asyncio.Future[Value]) -> None:
    await asyncio.wait([task])
