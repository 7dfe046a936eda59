"""Elsewhere: for work that would keep the event loop, or the interpreter's lock, from those who serve and poll."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

from loky import get_reusable_executor

Value = TypeVar("Value")

IDLE_SECONDS = 60
"""How long a process waits for work; after that, or the death of its parent, it ends."""

NICENESS = 5
"""Requests and the database come first where cores are short."""


def usable_cores() -> int:
    """The cores that this process may use: a container's share, not the machine's."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def processes() -> Executor:
    """One process per core. Ask for it each time: one that was killed is replaced then."""
    executor: Executor = get_reusable_executor(
        usable_cores(), timeout=IDLE_SECONDS, initializer=os.nice, initargs=(NICENESS,)
    )
    return executor


@asynccontextmanager
async def off_loop(context: AbstractContextManager[Value]) -> AsyncIterator[Value]:
    """A context that touches disks or networks as it is entered and left: both happen in a thread."""
    value = await asyncio.to_thread(context.__enter__)
    try:
        yield value
    except BaseException as error:
        if not await asyncio.to_thread(context.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await asyncio.to_thread(context.__exit__, None, None, None)
