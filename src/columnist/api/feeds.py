"""The delta feeds that many people read at the same time: a change is read, encoded and compressed once for all."""

import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import accumulate, takewhile
from math import inf
from uuid import UUID

from columnist.api.cached import SMALLEST_GZIP, Encoded, compressed, encoded
from columnist.api.models import CellChanges
from columnist.db.connect import Connection
from columnist.jobs.feed import NOW, ChangedCells, changed_cells
from columnist.reviews.model import ModelInUse

MANY = 10
"""Readings within a second from which a feed is busy."""

STEP_SECONDS = 0.25
"""How late a change may come in a busy feed."""

MOST_STEPS, MOST_CELLS = 20, 1_000
"""The steps that are kept, longer than readers wait between two questions; and most changes of one."""

MOST_BYTES = 8 * 1024**2
"""Pages of one step are kept until they are as large as this together."""


@dataclass(slots=True)
class _Feed:
    """A busy feed's last changes in steps, each from the cursor where the one before it ends; the first from `begin`
    (empty: there is none). `pages`: what was answered since the last step."""

    read_at: deque[float] = field(default_factory=lambda: deque(maxlen=MANY))
    begin: str = ""
    steps: deque[ChangedCells] = field(default_factory=deque)
    stepped_at: float = -inf
    stepping: asyncio.Lock = field(default_factory=asyncio.Lock)
    pages: dict[tuple[str | None, int], Encoded] = field(default_factory=dict)
    kept_bytes: int = 0

    @property
    def end(self) -> str:
        """The cursor of a reader who has all steps."""
        return self.steps[-1].cursor if self.steps else self.begin

    def is_busy(self, now: float) -> bool:
        """Whether it is read so often that steps pay."""
        return len(self.read_at) == MANY and now - self.read_at[0] < 1

    def start(self, cursor: str = "") -> None:
        """Begin anew, without steps."""
        self.begin = cursor
        self.steps.clear()
        self.forget_pages()

    def add(self, step: ChangedCells) -> None:
        """Keep a step, and let go of the oldest one."""
        if step.cursor != self.end:
            self.steps.append(step)
        if len(self.steps) > MOST_STEPS:
            self.begin = self.steps.popleft().cursor
        self.forget_pages()

    def forget_pages(self) -> None:
        """Those of the step before."""
        self.pages, self.kept_bytes = {}, 0

    def keep(self, asked: tuple[str | None, int], page: Encoded) -> None:
        """Keep a page for others who ask the same."""
        if self.kept_bytes < MOST_BYTES:
            self.pages[asked] = page
            self.kept_bytes += sys.getsizeof(page.content)

    def since(self, cursor: str | None, limit: int) -> ChangedCells | None:
        """The next page for a reader who has all changes up to a step's end; None for other readers."""
        if not self.begin:
            return None
        if cursor in (self.end, NOW):
            return ChangedCells("", 0, self.end, more=False)
        cursors = [self.begin, *(step.cursor for step in self.steps)]
        if cursor not in cursors:
            return None
        later = list(self.steps)[cursors.index(cursor) :]
        fitting = len(list(takewhile(limit.__ge__, accumulate(step.count for step in later))))
        if not fitting:
            return None
        cells = ",".join(step.encoded for step in later[:fitting])
        count = sum(step.count for step in later[:fitting])
        return ChangedCells(cells, count, later[fitting - 1].cursor, more=fitting < len(later))


class Feeds:
    """The feeds that were read within the last second, by review and job. Whoever asks may see the whole review: the
    caller checks this."""

    def __init__(self, in_use: ModelInUse) -> None:
        self._in_use = in_use
        self._feeds: dict[tuple[UUID, UUID | None], _Feed] = {}

    def step_now(self) -> None:
        """Somebody has changed something here, and wants to see it in the next answer."""
        for feed in self._feeds.values():
            feed.stepped_at = -inf

    async def page(
        self, connection: Connection, review_id: UUID, job_id: UUID | None, cursor: str | None, limit: int
    ) -> Encoded:
        """A page of `changed_cells`, encoded."""

        async def read(cursor: str | None, limit: int, until: str | None = None) -> ChangedCells:
            return await changed_cells(connection, review_id, cursor, job_id, limit, self._in_use, until)

        now = time.monotonic()
        feed = self._read(review_id, job_id, now)
        if not feed.is_busy(now):
            feed.start()
            return encoded(CellChanges.encoded(await read(cursor, limit)).encode())
        async with feed.stepping:
            if now > feed.stepped_at + STEP_SECONDS:
                feed.stepped_at = now  # before the step, so that `step_now` meanwhile counts
                end = feed.end
                step = await read(end or NOW, MOST_CELLS)
                if not end or step.more or step.cursor.partition("-")[0] != end.partition("-")[0]:
                    feed.start("" if end else step.cursor)
                else:
                    feed.add(step)
        asked, end = (cursor, limit), feed.end
        if (page := feed.pages.get(asked)) is None:
            changes = feed.since(cursor, limit) or await read(cursor, limit, end or None)
            page = encoded(CellChanges.encoded(changes).encode())
            if len(page.content) >= SMALLEST_GZIP:
                page = replace(page, zipped=await asyncio.to_thread(compressed, page.content))
            if feed.end == end:
                feed.keep(asked, page)
        return page

    def _read(self, review_id: UUID, job_id: UUID | None, now: float) -> _Feed:
        """The feed, with this reading noted."""
        if (review_id, job_id) not in self._feeds:
            self._feeds = {one: feed for one, feed in self._feeds.items() if feed.read_at[-1] > now - 1}
        feed = self._feeds.setdefault((review_id, job_id), _Feed())
        feed.read_at.append(now)
        return feed
