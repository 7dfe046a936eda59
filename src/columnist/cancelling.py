"""Resources are released however often and wherever the task that holds them is cancelled.

The rule: between acquiring and releasing, nothing is awaited that a cancel could end too early. What must be awaited
there goes through `surely` or `off_loop`.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager
from threading import Lock, main_thread
from typing import Any, Generic, TypeVar

import structlog

log = structlog.get_logger()

Value = TypeVar("Value")

_running: set[asyncio.Task[Any]] = set()
"""The loop itself refers to its tasks weakly."""


async def surely(step: Coroutine[Any, Any, Value]) -> Value:
    """Await a step that runs to its end even if this task is cancelled meanwhile, any number of times."""
    task = asyncio.ensure_future(step)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)


@asynccontextmanager
async def off_loop(context: AbstractContextManager[Value]) -> AsyncIterator[Value]:
    """A context that uses disks or networks when it is entered and left: both happen in a thread.

    A thread cannot be cancelled. So a context that is entered after its task was cancelled is left at once, and one
    that is being left is left to its end without a waiting task.
    """
    loop = asyncio.get_running_loop()
    entry = _Entry(context)
    try:
        value = await loop.run_in_executor(None, entry.enter)
    except asyncio.CancelledError:
        if entry.give_up():
            loop.run_in_executor(None, entry.leave)
        raise
    try:
        yield value
    except BaseException as error:
        if not await _left(context, type(error), error, error.__traceback__):
            raise
    else:
        await _left(context, None, None, None)


async def _left(context: AbstractContextManager[Value], *error: Any) -> bool | None:
    if not main_thread().is_alive():
        return context.__exit__(*error)  # the program is ending, and no thread can start any more
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, context.__exit__, *error))


class _Entry(Generic[Value]):
    """A context that is being entered, and may be given up meanwhile."""

    def __init__(self, context: AbstractContextManager[Value]) -> None:
        self._context = context
        self._lock = Lock()
        self._inside = False
        self._given_up = False

    def enter(self) -> Value:
        """In the thread."""
        value = self._context.__enter__()
        with self._lock:
            self._inside = True
            given_up = self._given_up
        if given_up:
            self.leave()
        return value

    def give_up(self) -> bool:
        """Whether the context has been entered, and must be left; if not, `enter` leaves it."""
        with self._lock:
            self._given_up = True
            return self._inside

    def leave(self) -> None:
        """Leave the context as a cancelled task would."""
        try:
            self._context.__exit__(asyncio.CancelledError, asyncio.CancelledError(), None)
        except Exception:
            log.exception("could not be left")
