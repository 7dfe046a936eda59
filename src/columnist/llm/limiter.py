"""How many calls may be in flight: additive increase, multiplicative decrease, as TCP does (Chiu and Jain 1989)."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BACK_OFF = 0.5
"""What is left of the limit after a sign of trouble, once per round trip."""


class Limiter:
    """Hands out slots, first come, first served; one call in flight is the least, so that somebody always probes.

    It starts at the ceiling: a healthy server is busy from the first call, and an overloaded one halves the limit with
    its first answers.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._limit = float(ceiling)
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._lowered_at = 0.0
        self._paused_until = 0.0

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, and for the end of a pause, and hold it."""
        await self._acquire()
        try:
            while (seconds := self._paused_until - time.monotonic()) > 0:  # noqa: ASYNC110 - a pause may be extended
                await asyncio.sleep(seconds)
            yield
        finally:
            self._in_flight -= 1
            self._hand_out()

    def succeeded(self) -> None:
        """A call was answered: one more may be in flight after as many answers as the limit is."""
        self._limit = min(self._ceiling, self._limit + 1 / self._limit)
        self._hand_out()

    def struggled(self, started_at: float) -> None:
        """A call that started at `started_at` (monotonic seconds) timed out or was turned away."""
        if started_at >= self._lowered_at:  # else it is of the round trip that has lowered the limit already
            self._limit = max(1.0, self._limit * BACK_OFF)
            self._lowered_at = time.monotonic()

    def pause(self, seconds: float) -> None:
        """Nobody calls for so long."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    async def _acquire(self) -> None:
        if not self._waiting and self._in_flight < self.limit:
            self._in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._in_flight -= 1  # the slot came together with the cancel
                self._hand_out()
            raise

    def _hand_out(self) -> None:
        while self._waiting and self._in_flight < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)
