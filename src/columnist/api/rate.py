"""How many requests a user may make in any minute."""

import time
from collections import deque
from itertools import islice
from uuid import UUID

MINUTE = 60.0


class RequestRate:
    """At most so many requests of each user within the last minute. It is asked for every request, so it neither waits
    nor takes longer for a user who has made many."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._made: dict[UUID, deque[float]] = {}  # those of the user who has been silent for longest come first

    def wait_for(self, user: UUID) -> float:
        """Count a request; or, if there are too many, the seconds until the next one may be made."""
        now = time.monotonic()
        for silent in [one for one, made in islice(self._made.items(), 2) if made[-1] <= now - MINUTE]:
            del self._made[silent]
        made = self._made.pop(user, deque())
        self._made[user] = made
        while made and made[0] <= now - MINUTE:
            made.popleft()
        if len(made) >= self.per_minute:
            return made[0] + MINUTE - now
        made.append(now)
        return 0.0
