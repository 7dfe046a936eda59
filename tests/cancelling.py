"""Cancels at every await: an operation is run repeatedly, cancelled at each of its suspensions, and again at each later
one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import suppress
from random import Random
from typing import Any, Literal

from tests.depth import depth

Operation = Callable[[], Awaitable[object]]
When = Literal["waiting", "woken"]
"""A cancel comes while the task waits, or together with the end of its wait: then the result exists and is never
delivered."""

AGAIN = depth(0.25, 1.0)
"""The share of the second and later cancels that are tried: there are as many as pairs of suspensions."""


class _Cancelled:
    """Awaits an operation, and cancels the task at some of its suspensions (1 is the first)."""

    def __init__(self, operation: Operation, at: tuple[int, ...], when: When) -> None:
        self._operation = operation
        self._at = at
        self._when = when
        self.suspensions = 0

    def __await__(self) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task
        steps = self._operation().__await__()
        thrown: BaseException | None = None
        while True:
            try:
                waited_for = steps.send(None) if thrown is None else steps.throw(thrown)
            except StopIteration:
                return
            self.suspensions += 1
            if self.suspensions in self._at:
                if waited_for is None or self._when == "waiting":
                    task.cancel()
                else:
                    waited_for.add_done_callback(lambda _: task.cancel())
            thrown = None
            try:
                yield waited_for
            except BaseException as error:  # noqa: BLE001 - it is the operation's
                thrown = error


async def cancelled_everywhere(operation: Operation, cancels: int = 3) -> AsyncIterator[tuple[When, tuple[int, ...]]]:
    """Run the operation to its end, then with a cancel at each of its suspensions, then with a second cancel at each
    later one, and so on up to `cancels`; yields after each run how it was cancelled. Raises the operation's exceptions
    other than cancels. Of the second and later cancels it tries the share AGAIN."""
    chance = Random(0)
    for when in ("waiting", "woken"):
        rounds: list[tuple[int, ...]] = [()]
        while rounds:
            at = rounds.pop()
            run = _Cancelled(operation, at, when)
            task = asyncio.create_task(_wait_for(run))
            await asyncio.wait([task])
            with suppress(asyncio.CancelledError):
                task.result()
            yield when, at
            if len(at) < cancels:
                first = at[-1] + 1 if at else 1
                following = range(first, run.suspensions + 1)
                rounds += [(*at, nr) for nr in following if not at or chance.random() < AGAIN]


async def _wait_for(run: _Cancelled) -> None:
    await run
