"""How long tests wait: for a condition, and with one ceiling for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

Held = TypeVar("Held")

PATIENCE_SECONDS = 300.0
"""The ceiling of every wait: it catches hanging tests, and measures no machine, which may be very slow."""


def pause(since: float) -> float:
    """Seconds until the next check of a condition that has been awaited since that time: a check takes time from the
    work."""
    return min(max(0.02, (time.monotonic() - since) / 16), 0.25)


def wait_until(holds: Callable[[], Held], what: str = "it") -> Held:
    """Wait until `holds` returns something true, and return that."""
    begin = time.monotonic()
    while not (held := holds()):
        assert time.monotonic() < begin + PATIENCE_SECONDS, f"{what} never came about"
        time.sleep(pause(begin))
    return held


async def until(holds: Callable[[], Awaitable[object]], what: str = "it") -> None:
    """Wait until `holds` returns something true; other tasks run meanwhile."""
    begin = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(pause(begin))


def cpu_time(pid: int) -> float:
    """CPU seconds of a process: the work of others does not count."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
