"""How many calls may be in flight: additive increase, multiplicative decrease, as TCP does (Chiu and Jain 1989)."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from columnist.backoff import back_off
from columnist.errors import LlmAwayError

LOWERED = 0.5
"""After a sign of trouble the limit is multiplied by this, once per round trip."""

START, MOST = 32, 1_024
"""Calls in flight at the start, or with a server whose queue is not known; and the most with any server."""

QUEUED = 1.5
"""Calls in flight for each call that the server runs: with twice as many, a vLLM had work for 93 % of its places."""

GROWN = 1.25
"""The limit's growth each time that a server has nothing waiting."""

DOWN_AFTER = 5
"""Failures in a row, over all calls, after which the server counts as down: then one call at a time probes it."""

LINE_SECONDS = 5.0
"""How long a document waits in line for a server that takes less than before."""

MINUTE = 60.0

SAME_REFUSAL_SECONDS = 5.0
"""Calls that were in flight together are refused together: that is one sign."""

TICK_SECONDS = 0.01
"""Longer than a timer of the event loop may come too early."""

RESERVED = 2
"""Reserved places for calls and for documents that a person waits for."""

AWAY = "The LLM server does not answer."

TROUBLE: dict[str, str] = {}
"""Model → its servers that are away for this process, with reasons; a model with all its servers is not in it."""


class _Line:
    """First come, first served, at most `limit` at a time. A place that no caller here waits for goes to a caller in
    the line of a neighbour."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._waiting: deque[asyncio.Future[_Line]] = deque()
        self._reserved = 0
        self.neighbours: Sequence[_Line] = ()
        self.inside = 0

    @property
    def has_room(self) -> bool:
        """Whether a caller would get a place at once."""
        return self.inside < self._limit()

    def admits(self, urgent: bool) -> bool:
        """Whether a caller, perhaps an urgent one, would get a place at once."""
        return self.has_room or (urgent and self._reserved < RESERVED)

    @asynccontextmanager
    async def place(self, urgent: bool = False) -> AsyncIterator["tuple[_Line, bool]"]:
        """Wait for a place, and hold it: here, or with a neighbour that has one sooner. An `urgent` caller gets a
        reserved place if one is free. Returns whether it is reserved."""
        if urgent and self._reserved < RESERVED:
            self._reserved += 1
            try:
                yield self, True
            finally:
                self._reserved -= 1
            return
        line = await self._enter()
        try:
            yield line, False
        finally:
            line._leave()

    def dismiss(self, error: Exception) -> None:
        """Fail every waiting caller."""
        while turn := self._next():
            turn.set_exception(error)

    def call(self) -> None:
        """Admit waiting callers: the limit may have grown."""
        while self.has_room and (turn := self._next() or self._next_of_neighbours()):
            self.inside += 1
            turn.set_result(self)

    def _leave(self) -> None:
        self.inside -= 1
        self.call()

    def _next(self) -> "asyncio.Future[_Line] | None":
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn
        return None

    def _next_of_neighbours(self) -> "asyncio.Future[_Line] | None":
        longest = sorted(self.neighbours, key=lambda line: len(line._waiting), reverse=True)
        return next((turn for line in longest if (turn := line._next())), None)

    async def _enter(self) -> "_Line":
        if self.has_room and not self._waiting:
            self.inside += 1
            return self
        turn: asyncio.Future[_Line] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():  # the place came with the cancel
                turn.result()._leave()
            raise


class Pace:
    """A limit of tokens per time, once a server has reported that it counts them: as many as it says, or as it took; a
    tenth less after each refusal, a tenth more after each minute without one."""

    def __init__(self) -> None:
        self._per_minute: float | None = None
        self._taken: deque[tuple[float, int]] = deque()
        self._free_at = 0.0
        self._changed_at = 0.0

    async def wait(self, tokens: Callable[[], int]) -> None:
        """Wait until these tokens may be sent; they are counted only if there is a pace, because counting takes
        time."""
        if self._per_minute is None:
            return
        now = time.monotonic()
        if now > self._changed_at + MINUTE:
            self._per_minute, self._changed_at = self._per_minute * 1.1, now
        starts_at = max(now, self._free_at)
        self._free_at = starts_at + tokens() / self._per_minute * MINUTE
        await asyncio.sleep(starts_at - now)

    def took(self, tokens: int) -> None:
        """Note that the server has taken these tokens."""
        now = time.monotonic()
        self._taken.append((now, tokens))
        while self._taken[0][0] < now - MINUTE:
            self._taken.popleft()

    def learn(self, per_minute: int | None, retry_after: float | None) -> None:
        """Note that a call was refused because of its tokens; `per_minute`: the limit, and `retry_after`: the seconds
        to wait, if the server states them."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now + (retry_after or MINUTE / 20))
        if self._per_minute is not None and now < self._changed_at + SAME_REFUSAL_SECONDS:
            return
        known = per_minute or sum(tokens for at, tokens in self._taken if at > now - MINUTE)
        if known:  # else only the time to wait is known
            self._per_minute = min(known, self._per_minute or known) * 0.9
        self._changed_at = now


class Limiter:
    """Hands out slots for calls of one server, and knows whether it is down.

    It starts with `ceiling`, or with START: a healthy server is busy from the first call (vLLM queues calls that it
    cannot run), and an overloaded one halves the limit with its first answers. If a server reports its queue, the limit
    follows that, up to `ceiling`, if given.
    """

    def __init__(self, ceiling: int | None = None) -> None:
        self._most = ceiling or MOST
        self._ceiling = ceiling or START
        self._limit = float(self._ceiling)
        self._follows = False
        self._calls = _Line(self._places)
        self._documents = _Line(self._places)
        self._lowered_at = 0.0
        self._failures = 0
        self._closed_until = 0.0
        self._neighbours: Sequence[Limiter] = ()

    def join(self, neighbours: "Sequence[Limiter]") -> None:
        """Serve the lines of these neighbours, too: their servers give the same answers."""
        self._neighbours = neighbours
        self._calls.neighbours = [one._calls for one in neighbours]
        self._documents.neighbours = [one._documents for one in neighbours]

    @property
    def limit(self) -> int:
        """How many calls may be in flight now. An outage does not lower it for later: load was not the reason."""
        return 1 if self.down else int(self._limit)

    @property
    def documents(self) -> int:
        """How many documents may be in progress now; while the server is away, one whenever a try is due."""
        return 0 if self.closed_for > 0 else self.limit

    @property
    def documents_here(self) -> int:
        """How many documents are in progress with this server."""
        return self._documents.inside

    @property
    def load(self) -> float:
        """Calls in flight, as a share of the limit."""
        return self._calls.inside / self.limit

    @property
    def open(self) -> bool:
        """Whether the server can be asked now."""
        return not self.down and self.closed_for == 0

    def has_room(self, urgent: bool = False) -> bool:
        """Whether a call would get its slot at once."""
        return self._calls.admits(urgent)

    def has_room_for_document(self, urgent: bool = False) -> bool:
        """Whether a document would get its place at once."""
        return self._documents.admits(urgent)

    @property
    def down(self) -> bool:
        """Whether all calls have failed for a while."""
        return self._failures >= DOWN_AFTER

    @property
    def closed_for(self) -> float:
        """Seconds until the server may be asked again, after an outage or because it asked to wait."""
        return max(0.0, self._closed_until - time.monotonic())

    @asynccontextmanager
    async def slot(self, urgent: bool = False) -> AsyncIterator["Slot"]:
        """Wait for a slot and hold it: here, or with a neighbour that has one sooner. An `urgent` call may use a
        reserved one.

        While the server is away it raises LlmAwayError instead of waiting: one call at a time tries the server, with
        pauses between.
        """
        self._refuse_while_away(self._calls)
        async with self._calls.place(urgent) as (line, reserved):
            limiter = self._of(line)
            if limiter.down and limiter.closed_for > 0:
                raise LlmAwayError(AWAY)
            yield Slot(limiter, time.monotonic(), reserved)

    @asynccontextmanager
    async def document(self, urgent: bool = False) -> AsyncIterator["Limiter"]:
        """Wait until a document may begin, and hold that place while it is asked about; yields the limiter of the
        place. As many documents as calls may be in progress: more would only push each other out of the server's prefix
        cache, and all end late.

        Raises LlmAwayError while the server is away, or if it has less room than before and no place is free soon.
        """
        self._refuse_while_away(self._documents)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(LINE_SECONDS if self.limit < self._ceiling else None):
                    line, _ = await stack.enter_async_context(self._documents.place(urgent))
            except TimeoutError:
                raise LlmAwayError("The LLM server has too much to do.") from None
            yield self._of(line)

    def _of(self, line: _Line) -> "Limiter":
        return next(one for one in (self, *self._neighbours) if line in (one._calls, one._documents))

    def _places(self) -> int:
        """If others can be asked, no call tries a server that is away."""
        return 0 if not self.open and any(one.open for one in self._neighbours) else self.limit

    def _refuse_while_away(self, line: _Line) -> None:
        if self.down and (self.closed_for > 0 or line.inside >= self.limit):
            raise LlmAwayError(AWAY)

    def on_success(self) -> None:
        """Note an answer of the server: if all slots were in use, the limit grows by one after as many answers as there
        are slots."""
        self._failures = 0
        self._closed_until = 0.0
        if self._calls.inside >= self.limit and not self._follows:
            self._limit = min(self._ceiling, self._limit + 1 / self._limit)
        self._let_in()

    def follow(self, running: int, waiting: int) -> None:
        """The server reports how many calls of all its clients it runs and how many wait there. A few should wait, so
        that it never waits for its next call, and no more, because each holds a document that could be in its cache."""
        self._follows = True
        wanted = QUEUED * running + 2
        if waiting == 0 and self._calls.inside >= self.limit:
            self._limit = min(self._most, self._limit * GROWN + 1)
            self._ceiling = max(self._ceiling, int(self._limit))
        elif running and running + waiting > wanted:
            # All its clients do the same, so that each keeps its share.
            self._limit = max(1.0, min(self._limit, self._calls.inside) * wanted / (running + waiting))
        self._let_in()

    def _let_in(self) -> None:
        self._calls.call()
        self._documents.call()

    def on_failure(self, started_at: float, *, busy: bool = False, reached: bool = True, gone: bool = False) -> None:
        """Note that a call that began at `started_at` timed out, was refused or found no server. `busy`: the server
        reported overload, so it is not away; not `reached`: no server answered, which says nothing about load; `gone`:
        it counts as down at once."""
        # A call that began before the limit was lowered belongs to the same round trip as the one that lowered it.
        if reached and not self.down and started_at >= self._lowered_at:
            self._limit = max(1.0, self._limit * LOWERED)
            self._lowered_at = time.monotonic()
        if busy:
            return
        self._failures = max(self._failures + 1, DOWN_AFTER if gone else 0)
        if self.down:
            self.close(back_off(self._failures - DOWN_AFTER))
            # The callers that no neighbour has taken.
            for line in (self._calls, self._documents):
                line.dismiss(LlmAwayError(AWAY))

    def close(self, seconds: float) -> None:
        """Send nothing for this time. Neighbours with room take the callers that wait here; the others, and those of
        full neighbours, get in when it is over: no call of this server may be left whose end would admit them."""
        self._closed_until = max(self._closed_until, time.monotonic() + seconds)
        asyncio.get_running_loop().call_later(seconds + TICK_SECONDS, self._let_in)
        for one in self._neighbours:
            one._calls.call()
            one._documents.call()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one call, with the server of this limiter, since `started_at` (monotonic seconds). `reserved`: it
    does not count in the limit."""

    limiter: Limiter
    started_at: float
    reserved: bool
