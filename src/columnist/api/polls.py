"""Status and changes for the many who poll them at the same time: read, encoded and compressed once for all of them.

A poll that costs the database nothing is answered by what another one has just read. Nothing is shared while few ask.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import accumulate, islice, takewhile
from math import inf
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from columnist.api.cached import Encoded, Piece, encoded, joined, piece
from columnist.db.connect import Connection, Database, User
from columnist.jobs.feed import NOW, ChangedCells, changed_cells
from columnist.reviews.model import ModelInUse

MANY, BUSY_SECONDS = 10, 2.0
"""So many polls in so many seconds share answers."""

STEP_SECONDS = 0.25
"""A shared answer is read again when it is as old as this."""

MOST_SECONDS = 2.0
"""How old a shared answer may be while it is read again, and how long a user who was let in is not checked again: a
little longer than a page waits between two polls."""

MOST_CELLS = 1_000
"""Most changes of a step of a feed."""

MOST_BYTES = 8 * 1024**2
"""The steps of a feed that are kept are at most as large as this together, and so are the pages since the last one."""


@dataclass(slots=True)
class _Polled:
    """Who asks for something, and when its shared answer was read."""

    asked_at: deque[float] = field(default_factory=lambda: deque(maxlen=MANY))
    let_in_at: dict[UUID, float] = field(default_factory=dict)
    read_at: float = -inf
    reading: asyncio.Task[None] | None = None

    def is_busy(self, now: float) -> bool:
        """Whether it is asked for so often that sharing pays."""
        return len(self.asked_at) == MANY and now - self.asked_at[0] < BUSY_SECONDS

    def knows(self, user: User, now: float) -> bool:
        """Whether the user was let in a moment ago."""
        return now <= self.let_in_at.get(user.id, -inf) + MOST_SECONDS

    def forget(self) -> None:
        """Read and check anew at the next poll."""
        self.read_at = -inf
        self.let_in_at = {}

    async def refresh(self, now: float, read: Callable[[], Awaitable[None]]) -> None:
        """Read again if the last reading is a step old. Others who ask meanwhile do not wait: those who wait together
        would ask together from then on."""
        while now > self.read_at + STEP_SECONDS:
            if self.reading is None or self.reading.done():
                mine = self.reading = asyncio.create_task(self._read(read))
                mine.add_done_callback(_told)
            else:
                mine = None
            if now <= self.read_at + (MOST_SECONDS if mine is None else 2 * STEP_SECONDS):
                return
            await asyncio.wait({self.reading})
            if mine is not None:
                mine.result()

    async def _read(self, read: Callable[[], Awaitable[None]]) -> None:
        began, let_in_at = time.monotonic(), self.let_in_at
        await read()
        if self.let_in_at is let_in_at:  # nothing was done meanwhile
            self.read_at = began


@dataclass(slots=True)
class _Status(_Polled):
    body: Encoded | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """Changes of a feed as JSON with commas between them, their number, and the cursor where they end."""

    cells: Piece
    count: int
    cursor: str


@dataclass(slots=True)
class _Feed(_Polled):
    """The last changes in steps, each from the cursor where the one before it ends; the first from `begin` (empty:
    there is none). `pages`: what is made and was answered since the last step."""

    begin: str = ""
    steps: deque[_Step] = field(default_factory=deque)
    pages: dict[tuple[str | None, int], asyncio.Task[Encoded]] = field(default_factory=dict)
    step_bytes: int = 0
    page_bytes: int = 0

    @property
    def end(self) -> str:
        """The cursor of a reader who has all steps."""
        return self.steps[-1].cursor if self.steps else self.begin

    def start(self, cursor: str = "") -> None:
        """Begin anew, without steps."""
        self.begin, self.step_bytes = cursor, 0
        self.steps.clear()
        self.pages, self.page_bytes = {}, 0

    def add(self, changes: ChangedCells, cells: Piece) -> None:
        """Keep the changes since `end`, and let go of the oldest ones."""
        if not self.begin:
            self.start(changes.cursor)
        elif changes.more or changes.cursor.partition("-")[0] != self.begin.partition("-")[0]:
            self.start()  # too many changes, or another history
        elif changes.cursor != self.end:
            self.steps.append(_Step(cells, changes.count, changes.cursor))
            self.step_bytes += len(cells.content)
            while self.step_bytes > MOST_BYTES:
                oldest = self.steps.popleft()
                self.begin, self.step_bytes = oldest.cursor, self.step_bytes - len(oldest.cells.content)
            self.pages, self.page_bytes = {}, 0

    async def page(self, asked: tuple[str | None, int], make: Callable[[], Awaitable[Encoded]]) -> Encoded:
        """The page for all who ask the same, made once. Who waits for another's page that fails makes their own."""
        while True:
            if mine := asked not in self.pages:
                making = self.pages[asked] = asyncio.create_task(self._made(asked, make))
                making.add_done_callback(_told)
            making = self.pages[asked]
            await asyncio.wait({making})
            if mine or making.exception() is None:
                return making.result()

    async def _made(self, asked: tuple[str | None, int], make: Callable[[], Awaitable[Encoded]]) -> Encoded:
        pages, page = self.pages, None
        try:
            page = await make()
            return page
        finally:
            if pages is self.pages and page is not None and self.page_bytes < MOST_BYTES:
                self.page_bytes += sys.getsizeof(page.content)
            else:
                del pages[asked]

    def since(self, cursor: str | None, limit: int) -> Encoded | None:
        """The next page for a reader who has all changes up to a step's end; None for other readers."""
        if not self.begin:
            return None
        if cursor in (self.end, NOW):
            return _page([], self.end, more=False)
        cursors = [self.begin, *(step.cursor for step in self.steps)]
        if cursor not in cursors:
            return None
        later = list(self.steps)[cursors.index(cursor) :]
        fitting = len(list(takewhile(limit.__ge__, accumulate(step.count for step in later))))
        if not fitting:
            return None
        return _page([step.cells for step in later[:fitting]], later[fitting - 1].cursor, more=fitting < len(later))


_Kind = TypeVar("_Kind", bound=_Polled)


class Polls:
    """What is polled, by its kind and the id of its job or review."""

    def __init__(self, database: Database, in_use: ModelInUse) -> None:
        self._database = database
        self._in_use = in_use
        self._polled: dict[tuple[type[_Polled], UUID], _Polled] = {}

    def forget(self) -> None:
        """Somebody has done something here, and wants to see it in the next answer."""
        for polled in self._polled.values():
            polled.forget()

    async def status(self, user: User, of: UUID, read: Callable[[Connection], Awaitable[BaseModel]]) -> Encoded:
        """The status of this job or review, read as the user; `read` raises if they may not see it."""
        now = time.monotonic()
        status = self._asked(_Status, of, now)

        async def body() -> Encoded:
            async with self._let_in(user, status, now) as connection:
                return encoded((await read(connection)).model_dump_json().encode())

        async def share() -> None:
            status.body = await body()

        if not status.is_busy(now) or not status.knows(user, now):
            return await body()
        await status.refresh(now, share)
        assert status.body
        return status.body

    async def page(
        self,
        user: User,
        of: UUID,
        let_in: Callable[[Connection], Awaitable[UUID]],
        cursor: str | None,
        limit: int,
        job_id: UUID | None = None,
    ) -> Encoded:
        """A page of the feed of this job or review, as `changed_cells`. `let_in` returns the review, or raises if the
        user may not see it."""
        now = time.monotonic()
        feed = self._asked(_Feed, of, now)

        async def read(cursor: str | None, limit: int, until: str | None = None) -> ChangedCells:
            async with self._let_in(user, feed, now) as connection:
                review_id = await let_in(connection)
                return await changed_cells(connection, review_id, cursor, job_id, limit, self._in_use, until)

        async def step() -> None:
            changes = await read(feed.end or NOW, MOST_CELLS)
            feed.add(changes, await _compressed(changes))

        if not feed.is_busy(now):
            changes = await read(cursor, limit)
            return _page([Piece(changes.encoded.encode())], changes.cursor, changes.more)
        if not feed.knows(user, now):
            await read(NOW, limit)
        await feed.refresh(now, step)

        async def make() -> Encoded:
            if (page := feed.since(cursor, limit)) is not None:
                return page
            changes = await read(cursor, limit, feed.end or None)
            return _page([await _compressed(changes)], changes.cursor, changes.more)

        return await feed.page((cursor, limit), make)

    @asynccontextmanager
    async def _let_in(self, user: User, polled: _Polled, now: float) -> AsyncIterator[Connection]:
        """The user's transaction; if all goes well in it, they are let in until somebody does something."""
        let_in_at = polled.let_in_at
        async with self._database.act_as(user) as connection:
            yield connection
        let_in_at[user.id] = now

    def _asked(self, kind: type[_Kind], of: UUID, now: float) -> _Kind:
        """What is polled, with this poll noted; what nobody has polled for a while is forgotten."""
        if (kind, of) not in self._polled:
            self._polled = {
                one: polled for one, polled in self._polled.items() if polled.asked_at[-1] > now - BUSY_SECONDS
            }
        polled = self._polled.setdefault((kind, of), kind())
        assert isinstance(polled, kind)
        polled.asked_at.append(now)
        return polled


def _told(task: asyncio.Task[object]) -> None:
    """Its error is told to whoever waits for it; there may be nobody left."""
    if not task.cancelled():
        task.exception()


_BEGIN, _COMMA = piece(b'{"cells":['), piece(b",")


async def _compressed(changes: ChangedCells) -> Piece:
    return await asyncio.to_thread(piece, changes.encoded.encode())


def _page(cells: Sequence[Piece], cursor: str, more: bool) -> Encoded:
    """A page of the feed, as the model CellChanges."""
    end = f'],"cursor":{json.dumps(cursor)},"more":{json.dumps(more)}}}'
    between = (part for step in cells for part in (_COMMA, step))
    return joined([_BEGIN, *islice(between, 1, None), piece(end.encode())])
