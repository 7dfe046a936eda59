"""Keeps the services of a pool running, whatever their errors."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from columnist.backoff import back_off

log = structlog.get_logger()

FAILURES_TO_TELL = 3

CANCEL_AGAIN_SECONDS = 1.5
"""After this time a task that has not ended is cancelled again (`end_tasks` says why)."""


class Supervisor:
    """Runs services, and knows which of them fail again and again."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}

    @property
    def trouble(self) -> str | None:
        """A sentence when a service fails again and again."""
        return next(iter(self._failing.values()), None)

    async def keep(self, step: Callable[[], Awaitable[None]], ended: Callable[[], bool] = lambda: False) -> None:
        """Run one service: repeat its step until `ended`; an exception is logged, and the step tried again."""
        failures = 0
        name = step.__name__.strip("_").replace("_", " ")
        while not ended():
            try:
                await step()
            except Exception as error:
                failures += 1
                log.exception("service failed", service=name, failures=failures)
                if failures >= FAILURES_TO_TELL:
                    self._failing[name] = (
                        f"The worker pool cannot {name} ({type(error).__name__}): it tries again; see the log."
                    )
                await asyncio.sleep(back_off(failures))
            else:
                failures = 0
                self._failing.pop(name, None)


async def end_tasks(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: before Python 3.12 a cancel that meets the end of an `asyncio.wait_for`, as in psycopg_pool, is
    swallowed (bpo-37658).
    """
    while alive := [task for task in tasks if not task.done()]:
        for task in alive:
            task.cancel()
        await asyncio.wait(alive, timeout=CANCEL_AGAIN_SECONDS)


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event, but no longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
