"""How long tests wait: for a condition, and with one ceiling for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Held = TypeVar("Held")

PATIENCE_SECONDS = 300.0
"""The ceiling of every wait: a net for what hangs, and no measure of the machine, which may be very slow."""

LOOK_AGAIN_SECONDS = 0.02


def wait_until(holds: Callable[[], Held], what: str = "it") -> Held:
    """Wait until `holds` returns something true, and return that."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (held := holds()):
        assert time.monotonic() < end, f"{what} never came about"
        time.sleep(LOOK_AGAIN_SECONDS)
    return held


async def until(holds: Callable[[], Awaitable[object]], what: str = "it") -> None:
    """Wait until `holds` returns something true; others go on meanwhile."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
