"""How long tests wait: for a condition, and with one ceiling for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

Held = TypeVar("Held")

PATIENCE_SECONDS = 300.0
"""The ceiling of every wait: a net for what hangs, and no measure of the machine, which may be very slow."""


def pause(since: float) -> float:
    """Seconds until the next look at what is waited for since that time: a look takes time from the work."""
    return min(max(0.02, (time.monotonic() - since) / 16), 0.25)


def wait_until(holds: Callable[[], Held], what: str = "it") -> Held:
    """Wait until `holds` returns something true, and return that."""
    begin = time.monotonic()
    while not (held := holds()):
        assert time.monotonic() < begin + PATIENCE_SECONDS, f"{what} never came about"
        time.sleep(pause(begin))
    return held


async def until(holds: Callable[[], Awaitable[object]], what: str = "it") -> None:
    """Wait until `holds` returns something true; others go on meanwhile."""
    begin = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(pause(begin))


def cpu_time(pid: int) -> float:
    """Seconds that a process has computed: what others do at the same time does not count."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
