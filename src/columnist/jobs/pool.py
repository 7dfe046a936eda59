"""The worker pool: claims as many items as it has room for, works on them, ends them in batches.

One process runs one pool of `concurrency` workers. Any number of pools on any number of machines share the jobs; they
know of each other only through PostgreSQL.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from weakref import WeakSet

import structlog

from columnist import telemetry
from columnist.db.connect import DATABASE_AWAY, Database
from columnist.errors import ColumnistError, LeaseLostError, LlmUnavailableError
from columnist.jobs import store
from columnist.jobs.store import ClaimedItem, EndedItem

log = structlog.get_logger()

LOOK_AHEAD_SECONDS = 0.1
"""Items that take less than this are claimed ahead of need, as many as are worked off in that time, so that no worker
waits for a round trip. An item that takes seconds, as any LLM's does, is claimed when there is a worker for it."""

NEWEST_WEIGHT = 0.2
"""Of the newest item in the running mean of how long items take."""

LARGEST_CLAIM = 500
CANCEL_WATCH_SECONDS = 1.0
JANITOR_SECONDS = 5.0
FIRST_RETRY_SECONDS = 2.0
CANCEL_AGAIN_SECONDS = 0.5
LEAVE_SECONDS = 10.0
"""How long a leaving pool waits for PostgreSQL to take its items back; after that their leases run out."""

Work = Callable[[ClaimedItem], Awaitable[None]]
"""Answers one item. Returns when everything is written; raises ColumnistError to end it as an error (the message is for
the user), LeaseLostError to drop it, LlmUnavailableError or anything unforeseen for another attempt."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """The knobs of a pool, as settings.py explains them. `models`: those that the pool can ask; None: any."""

    concurrency: int
    lease_seconds: float
    max_attempts: int
    idle_seconds: float
    grace_seconds: float
    models: tuple[str, ...] | None = None


class WorkerPool:
    """Owns the items that this process holds.

    Each is in exactly one of three places: waiting for a worker, running, or ended and on its way to PostgreSQL. The
    heartbeat covers all three.
    """

    def __init__(self, database: Database, work: Work, options: PoolOptions) -> None:
        self._database = database
        self._work = work
        self._options = options
        self._waiting: deque[ClaimedItem] = deque()
        self._running: dict[ClaimedItem, asyncio.Task[None]] = {}
        self._ended: dict[ClaimedItem, EndedItem] = {}
        self._started_jobs: set[UUID] = set()
        self._cancelled_jobs: set[UUID] = set()
        self._stopping = False
        self._hurried = False
        self._claimer_wakes = asyncio.Event()
        self._completer_wakes = asyncio.Event()
        self._seconds_per_item = 1.0  # a running mean; long enough to claim nothing ahead before it is known

    async def run(self) -> None:
        """Work until `stop()`, then finish or hand back what is held. Outlives any absence of PostgreSQL."""
        _pools.add(self)
        async with asyncio.TaskGroup() as services:
            running = [
                services.create_task(service)
                for service in (
                    self._complete(),
                    self._heartbeat(),
                    self._listen(),
                    self._watch_cancels(),
                    self._tidy(),
                )
            ]
            try:
                await self._claim()
                await self._leave()
            finally:
                _pools.discard(self)
                await _cancelled(running)

    def stop(self) -> None:
        """Stop claiming at once; `run` returns when running work has ended or, after the grace time, is handed back."""
        self._stopping = True
        self._claimer_wakes.set()

    def hurry(self) -> None:
        """After `stop()`: the grace time is over, and what still runs is handed back now."""
        self._hurried = True
        self._claimer_wakes.set()

    # ── Claiming and working ─────────────────────────────────────────────────────────────────────────────────────

    async def _claim(self) -> None:
        while not self._stopping:
            self._claimer_wakes.clear()
            room = self._room()
            claimed = await self._claim_batch(room) if room else []
            self._waiting.extend(claimed)
            self._fill_workers()
            if not claimed:
                # With room but nothing to claim, a notification wakes the pool; the time-out is for a lost one.
                await _wait(self._claimer_wakes, self._options.idle_seconds if room else None)

    def _room(self) -> int:
        turns = int(LOOK_AHEAD_SECONDS / self._seconds_per_item)
        ahead = min(self._options.concurrency * turns, LARGEST_CLAIM)
        # Half of what is claimed ahead must be gone before a round trip pays; what is ended must not pile up.
        if len(self._ended) > 2 * LARGEST_CLAIM or 2 * len(self._waiting) > ahead:
            return 0
        return min(max(0, self._options.concurrency + ahead - len(self._running) - len(self._waiting)), LARGEST_CLAIM)

    async def _claim_batch(self, batch: int) -> list[ClaimedItem]:
        options = self._options
        held = Counter(item.job_id for item in (*self._running, *self._waiting))
        try:
            async with self._database.worker() as connection:
                with telemetry.CLAIM_SECONDS.time():
                    claimed = await store.claim_items(
                        connection, options.lease_seconds, batch, options.max_attempts, held, options.models
                    )
        except DATABASE_AWAY as error:
            log.warning("database away", at="claim", error=str(error).strip())
            return []
        new_jobs = {item.job_id for item in claimed} - self._started_jobs
        if new_jobs:
            await self._database.insist(store.start_jobs, list(new_jobs))
            self._started_jobs |= new_jobs
        return claimed

    def _fill_workers(self) -> None:
        while self._waiting and len(self._running) < self._options.concurrency:
            item = self._waiting.popleft()
            if item.job_id in self._cancelled_jobs:
                self._end(EndedItem(item, "skipped"))
            else:
                task = self._running[item] = asyncio.create_task(self._run(item))
                task.add_done_callback(partial(self._release, item))

    async def _run(self, item: ClaimedItem) -> None:
        # Of this task alone: whatever is logged or traced in it says which item it is about.
        structlog.contextvars.bind_contextvars(job=str(item.job_id), item=item.id, attempt=item.attempt)
        started_at = time.monotonic()
        try:
            with telemetry.span("item"):
                await self._work(item)
            self._end(EndedItem(item, "completed"))
        except LeaseLostError as error:
            telemetry.LEASES_LOST.inc()
            log.warning("lease lost", error=str(error))
        except LlmUnavailableError as error:
            await self._try_again(item, "llm_unavailable", str(error))
        except ColumnistError as error:
            self._end(EndedItem(item, "error", str(error)))
        except Exception as error:
            log.exception("attempt failed")
            await self._try_again(item, "worker_error", f"{type(error).__name__}: {error}")
        seconds = max(time.monotonic() - started_at, 1e-6)
        self._seconds_per_item += NEWEST_WEIGHT * (seconds - self._seconds_per_item)

    def _release(self, item: ClaimedItem, task: asyncio.Task[None]) -> None:
        """A callback, not a `finally`: a task that is cancelled before its first step never enters its body."""
        del self._running[item]
        if not task.cancelled():
            task.result()
        elif item.job_id in self._cancelled_jobs:
            self._end(EndedItem(item, "skipped"))
        # Cancelled for another reason, an item has not ended: its lease was lost, or _leave hands it back.
        self._fill_workers()
        self._claimer_wakes.set()

    async def _try_again(self, item: ClaimedItem, cause: str, reason: str) -> None:
        delay = FIRST_RETRY_SECONDS * 2 ** min(item.attempt - 1, 8) * random.uniform(0.5, 1.5)  # noqa: S311
        retried = await self._database.insist(store.retry_item, item, delay, self._options.max_attempts)
        if retried:
            telemetry.RETRIES.labels(cause).inc()
        else:
            self._end(EndedItem(item, "error", f"It failed {item.attempt} times, the last time with: {reason}"))

    # ── Ending items ─────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, ended: EndedItem) -> None:
        self._ended[ended.item] = ended
        self._completer_wakes.set()

    async def _complete(self) -> None:
        """End what has gathered while the last batch was under way: one statement and one commit for all of it."""
        while True:
            await self._completer_wakes.wait()
            self._completer_wakes.clear()
            batch = list(self._ended.values())
            if not batch:
                continue
            held = await self._database.insist(store.end_items, batch)
            for ended in batch:
                del self._ended[ended.item]
            for outcome, count in Counter(ended.outcome for ended in batch if ended.item.id in held).items():
                telemetry.ITEMS_ENDED.labels(outcome).inc(count)
            self._claimer_wakes.set()

    async def _leave(self) -> None:
        waiting = list(self._waiting)
        self._waiting.clear()
        await self._hand_back(waiting)
        end = time.monotonic() + self._options.grace_seconds
        while self._running and not self._hurried and (seconds := end - time.monotonic()) > 0:
            self._claimer_wakes.clear()
            await _wait(self._claimer_wakes, seconds)
        interrupted = dict(self._running)
        await _cancelled(interrupted.values())
        await self._hand_back([item for item in interrupted if item not in self._ended])
        while self._ended:
            self._claimer_wakes.clear()
            if not await _wait(self._claimer_wakes, LEAVE_SECONDS):
                log.warning("left without ending items: PostgreSQL is away", items=len(self._ended))
                return

    async def _hand_back(self, items: list[ClaimedItem]) -> None:
        if not items:
            return
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._database.insist(store.hand_back_items, items)
            log.info("handed back", items=len(items))
        except TimeoutError:
            log.warning("could not hand items back: PostgreSQL is away", items=len(items))

    # ── Services ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _heartbeat(self) -> None:
        seconds = self._options.lease_seconds
        while True:
            await asyncio.sleep(seconds / 3)
            held = [*self._waiting, *self._running, *self._ended]
            if not held:
                continue
            kept = await self._database.insist(store.extend_leases, held, seconds)
            for item in held:
                if item.id in kept:
                    continue
                # Ended meanwhile, or taken over: then whatever is left of it stops here.
                if item in self._running:
                    telemetry.LEASES_LOST.inc()
                    log.warning("lease lost", item=item.id, job=str(item.job_id), attempt=item.attempt)
                    self._running[item].cancel()
                elif item in self._waiting:
                    self._waiting.remove(item)

    async def _listen(self) -> None:
        """Wake up for new work and for cancels as they are notified; reconnect for ever."""
        while True:
            try:
                async with await self._database.listen("tabular_jobs", "tabular_job_cancelled") as connection:
                    self._claimer_wakes.set()  # whatever was notified while nobody listened
                    async for notification in connection.notifies():
                        if notification.channel == "tabular_jobs":
                            self._claimer_wakes.set()
                        else:
                            self._cancel_job(UUID(notification.payload))
            except DATABASE_AWAY as error:
                log.warning("database away", at="listen", error=str(error).strip())
            await asyncio.sleep(self._options.idle_seconds)

    async def _watch_cancels(self) -> None:
        """A notification can be missed, and a claim can race a cancel: ask, too."""
        while True:
            await asyncio.sleep(CANCEL_WATCH_SECONDS)
            jobs = {item.job_id for item in (*self._running, *self._waiting)}
            self._cancelled_jobs &= jobs
            if jobs:
                for job_id in await self._database.insist(store.cancelled_jobs, list(jobs)):
                    self._cancel_job(job_id)

    def _cancel_job(self, job_id: UUID) -> None:
        self._cancelled_jobs.add(job_id)
        for item in [item for item in self._waiting if item.job_id == job_id]:
            self._waiting.remove(item)
            self._end(EndedItem(item, "skipped"))
        for item, task in self._running.items():
            if item.job_id == job_id:
                task.cancel()

    async def _tidy(self) -> None:
        while True:
            await self._database.insist(store.end_abandoned_items, self._options.max_attempts)
            # Pools that were started together need not tidy together; a short lease is worth a quicker look.
            seconds = min(JANITOR_SECONDS, self._options.lease_seconds)
            await asyncio.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311


_pools: WeakSet[WorkerPool] = WeakSet()
telemetry.POOL_CONCURRENCY.set_function(lambda: sum(pool._options.concurrency for pool in _pools))
telemetry.POOL_RUNNING.set_function(lambda: sum(len(pool._running) for pool in _pools))


async def _cancelled(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: before Python 3.12 a cancel that meets the end of an `asyncio.wait_for`, as in psycopg_pool, is
    swallowed (bpo-37658).
    """
    while alive := [task for task in tasks if not task.done()]:
        for task in alive:
            task.cancel()
        await asyncio.wait(alive, timeout=CANCEL_AGAIN_SECONDS)


async def _wait(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether the event came within the time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
