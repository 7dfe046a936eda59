"""Ends items in batches: while one batch is being written to PostgreSQL, the next one gathers."""

import asyncio
from collections import Counter
from collections.abc import Callable, KeysView
from itertools import islice

import structlog

from columnist import telemetry
from columnist.db.connect import Database
from columnist.jobs.items import ClaimedItem, EndedItem, end_items

log = structlog.get_logger()

LARGEST_BATCH = 1_000
"""An item that ends as an error is noted in all its cells; this many fit into the time of one statement."""


class Completer:
    """Owns the items that have ended without being noted in PostgreSQL yet."""

    def __init__(self, database: Database, on_batch: Callable[[], None]) -> None:
        self._database = database
        self._on_batch = on_batch
        self._ended: dict[ClaimedItem, EndedItem] = {}
        self._wakes = asyncio.Event()

    @property
    def items(self) -> KeysView[ClaimedItem]:
        """The items that it holds, a live view."""
        return self._ended.keys()

    def end(self, ended: EndedItem) -> None:
        """Take over an ended item."""
        self._ended[ended.item] = ended
        self._wakes.set()

    async def complete(self) -> None:
        """Wait for items, and end all that have gathered with one statement and one commit."""
        while not self._ended:
            await self._wakes.wait()
            self._wakes.clear()
        batch = list(islice(self._ended.values(), LARGEST_BATCH))
        try:
            held = await end_items(self._database, batch)
        except Exception:
            # One of them cannot be stored: the others must not suffer for it.
            log.exception("batch refused", items=len(batch))
            held = {nr for ended in batch for nr in await self._end_alone(ended)}
        for ended in batch:
            del self._ended[ended.item]
        for outcome, count in Counter(ended.outcome for ended in batch if ended.item.id in held).items():
            telemetry.ITEMS_ENDED.labels(outcome).inc(count)
        self._on_batch()

    async def _end_alone(self, ended: EndedItem) -> set[int]:
        try:
            return await end_items(self._database, [ended])
        except Exception:
            log.exception("item left to its lease", item=ended.item.id, job=str(ended.item.job_id))
            return set()
