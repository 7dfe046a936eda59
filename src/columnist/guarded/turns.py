"""Places that users take in turn, so that no user waits for all requests of another."""

import asyncio
from collections import Counter, deque
from collections.abc import Hashable

from columnist.errors import TooManyRequestsError

MOST_WAITING = 1_000
"""How many requests of one user may wait for a place: as many as a worker may have documents in progress."""


class Turns:
    """`most` places. A user holds at most `each` of them, and waiting users get them in turn. `waiting`: how many
    requests of one user may wait."""

    def __init__(self, most: int, each: int, waiting: int = MOST_WAITING) -> None:
        self.free = most
        self._each = each
        self._most_waiting = waiting
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}  # in order of their turns

    @property
    def in_use(self) -> int:
        """The number of taken places."""
        return self._held.total()

    async def take(self, user: Hashable) -> None:
        """Wait for a place. Raises TooManyRequestsError if the user waits for too many already."""
        queue = self._waiting.setdefault(user, deque())
        if len(queue) >= self._most_waiting:
            raise TooManyRequestsError("You have too many open requests: wait until some of them are answered.")
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._call_next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(user)
            else:
                self._forget(user, turn)
            raise

    def give_back(self, user: Hashable) -> None:
        """Free a place."""
        self.free += 1
        self._held[user] -= 1
        self._held += Counter()  # only users who hold one
        self._call_next()

    def _call_next(self) -> None:
        while self.free and (users := [one for one in self._waiting if self._held[one] < self._each]):
            user = users[0]
            queue = self._waiting.pop(user)
            turn = queue.popleft()
            if queue:
                self._waiting[user] = queue  # after the others
            if not turn.cancelled():
                self.free -= 1
                self._held[user] += 1
                turn.set_result(None)

    def _forget(self, user: Hashable, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(user, deque())
        if turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[user]
