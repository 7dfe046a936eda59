"""The worker pool: claims as many items as it has room for, works on them, ends them in batches.

One process runs one pool of workers. Any number of pools on any number of machines share the jobs; they
know of each other only through PostgreSQL. Only work holds a place: an item that waits for the weather is handed back.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from uuid import UUID, uuid4

import psycopg
import structlog

from columnist import telemetry
from columnist.backoff import back_off
from columnist.db.connect import Connection, Database, is_weather
from columnist.errors import (
    ColumnistError,
    JobPausedError,
    LeaseLostError,
    LlmAwayError,
    LlmRefusedError,
    LlmUnavailableError,
    PutOffError,
    RequestRefusedError,
    SettingsError,
    StorageAwayError,
)
from columnist.jobs.calls import forget_old_calls
from columnist.jobs.completer import Completer
from columnist.jobs.items import (
    ClaimedItem,
    EndedItem,
    claim_items,
    claim_urgent_items,
    end_abandoned_items,
    expire_leases,
    extend_leases,
    hand_back_items,
    hand_back_strays,
    let_go,
    retry_item,
)
from columnist.jobs.job import RESUMED, cancelled_jobs, pause_job, start_jobs
from columnist.jobs.neighbours import Neighbours
from columnist.jobs.presence import Presence, Probe
from columnist.jobs.supervisor import CANCEL_AGAIN_SECONDS, Supervisor, end_tasks, wait_for_event
from columnist.jobs.workers import leave
from columnist.llm.limiter import RESERVED

log = structlog.get_logger()

LOOK_AHEAD_SECONDS = 0.1
"""Items that take less than this are claimed ahead of need, as many as are finished in that time, so that no worker
waits for a round trip. An item that takes seconds, as with any LLM, is claimed when a worker is free."""

HOLD_SECONDS = 1.0
"""Items that were claimed ahead and do not begin within this time, because earlier items have become slower, are handed
back: another pool may have a worker for them."""

EMPTY_SECONDS = 0.02
"""The least time between a claim that found nothing and the next one, unless a notification comes: at the end of a job
each ended item makes room, and a claim for each would compete with their ends."""

BEGIN_SECONDS = 0.1
"""How long it takes until it is noted that a job has begun: jobs that begin together are noted together."""

TURN_SECONDS = 0.0005
"""How long items that await nothing may keep the event loop to themselves."""

NEWEST_WEIGHT = 0.2
"""The weight of the newest item in the moving average of the duration of items."""

LEAST_PLACES, MOST_PLACES = 10, 256
"""Fewest and most documents at a time of a pool without a set number: as many as the LLM servers take, between
these."""

LARGEST_CLAIM = 2_000
FAR_BEHIND = 1_000_000
"""The job that is served first counts as this many items behind its share: others get what it leaves."""
CANCEL_WATCH_SECONDS = 1.0
JANITOR_SECONDS = 5.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 600.0
LEAVE_SECONDS = 3.0
"""How long a leaving pool waits for PostgreSQL to take its items back; after that their leases run out."""

Work = Callable[[ClaimedItem], Awaitable[None]]
"""The function that answers one item. Returns when everything is written. Raises LeaseLostError to drop it;
StorageAwayError or LlmAwayError for weather, and JobPausedError, which cost no attempt; LlmRefusedError or
SettingsError for a refusal of every call of the model, which pauses the job; another ColumnistError to end it as an
error (with the message for the user); LlmUnavailableError or anything unforeseen for another attempt; PutOffError if it
has given the item back."""


async def _answers(model: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """The settings of a pool, as settings.py explains them. `models`: the models that the pool can ask; None: any.
    `concurrency` None: as many as the models' `limits`."""

    concurrency: int | None
    lease_seconds: float
    max_attempts: int
    idle_seconds: float
    grace_seconds: float
    models: tuple[str, ...] | None = None


class WorkerPool:
    """Owns the items that this process holds.

    Each is in exactly one of three places: waiting for a worker, running, or ended and being written to PostgreSQL. The
    heartbeat covers all three. `limits`: about how many documents at a time a model can be asked now; a model that is
    not in it takes as many as there are workers. `beside`: one more service to keep running. `neighbours`: the
    pools of this machine, whose death it sees at once.
    """

    def __init__(
        self,
        database: Database,
        work: Work,
        options: PoolOptions,
        limits: Callable[[], Mapping[str, int]] = lambda: MappingProxyType({}),
        probe: Probe = _answers,
        beside: Callable[[], Awaitable[None]] | None = None,
        neighbours: Neighbours | None = None,
    ) -> None:
        self.id = uuid4()
        self._neighbours = neighbours
        self._database = database
        self._claims, self._ends = database.apart(), database.apart()
        self._work = work
        self._options = options
        self._limits = limits
        self._waiting: deque[ClaimedItem] = deque()
        self._running: dict[ClaimedItem, asyncio.Task[None]] = {}
        self._beside: set[ClaimedItem] = set()
        self._cancelled_at: dict[ClaimedItem, float] = {}
        self._left: list[ClaimedItem] = []
        self._begun_jobs: set[UUID] = set()
        self._to_note: set[UUID] = set()  # the ones among them whose rows do not say so yet
        self._cancelled_jobs: set[UUID] = set()
        self._storage = _StorageGate()
        self._claim_unknown = False
        self._stopping = False
        self._places = 0
        self._out_of_time = False
        self._first_job: UUID | None = None
        self._claimer_wakes = asyncio.Event()
        self._look_beside_at = 0.0
        self._completer = Completer(self._ends, self._claimer_wakes.set)
        self._beside_work = [beside] if beside else []
        self._presence = Presence(database, self.id, options.models, probe)
        self._supervisor = Supervisor()
        self._seconds_per_item = 0.0  # a running mean
        self._measured = 0  # items in it
        self._begun_at = 0.0
        self._found_nothing_at = -EMPTY_SECONDS
        self._turn_ends_at = 0.0
        self._jobs_begin = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop()`, then finish or hand back the held items. It survives any absence of PostgreSQL, and any
        error of a service, which is logged and goes on."""
        async with self._claims, self._ends, asyncio.TaskGroup() as services:
            running = [
                services.create_task(self._supervisor.keep(step))
                for step in (
                    self._completer.complete,
                    self._start_jobs,
                    self._heartbeat,
                    self._listen,
                    self._watch_cancels,
                    self._end_abandoned,
                    self._presence.announce,
                    self._presence.report_trouble,
                    *self._beside_work,
                )
            ]
            try:
                await self._supervisor.keep(self._claim, lambda: self._stopping)
                await self._leave()
            finally:
                telemetry.POOL_CONCURRENCY.dec(self._places)
                await end_tasks(running)

    @property
    def stopping(self) -> bool:
        """Whether the pool is ending."""
        return self._stopping

    @property
    def trouble(self) -> str | None:
        """A sentence when a service of the pool fails again and again."""
        return self._supervisor.trouble

    def stop(self) -> None:
        """Stop claiming at once; `run` returns when running work has ended or, after the grace time, is handed back."""
        self._stopping = True
        self._claimer_wakes.set()

    def stop_now(self) -> None:
        """After `stop()`: end the grace time, and hand back items that still run."""
        self._out_of_time = True
        self._claimer_wakes.set()

    def serve_first(self, job_id: UUID) -> None:
        """Claim items of other jobs only for places that this job leaves free: a person is waiting for it here."""
        self._first_job = job_id
        self._claimer_wakes.set()

    # ── Claiming and working ─────────────────────────────────────────────────────────────────────────────────────

    def _make_places(self) -> None:
        """The set number of workers, or as many as its models take now."""
        before = self._places
        self._places = self._options.concurrency or min(max([LEAST_PLACES, *self._limits().values()]), MOST_PLACES)
        telemetry.POOL_CONCURRENCY.inc(self._places - before)

    async def _claim(self) -> None:
        self._claimer_wakes.clear()
        self._make_places()
        await self._hand_back(self._held_too_long())
        pause = self._found_nothing_at + EMPTY_SECONDS - time.monotonic()
        room = self._room() if pause <= 0 else 0
        claimed = await self._claim_batch(room) if room else 0
        if room and not claimed:
            self._found_nothing_at = time.monotonic()
        self._fill_workers()
        if not claimed and self._running:
            claimed = await self._claim_beside()
        if not claimed:
            # A notification wakes the pool; the time-out is for a lost notification, and for weather that clears.
            await wait_for_event(self._claimer_wakes, pause if pause > 0 else self._options.idle_seconds)

    def _room(self) -> int:
        # The duration of fewer items than places is chance.
        turns = int(LOOK_AHEAD_SECONDS / self._seconds_to_expect()) if self._measured >= self._places else 0
        ahead = min(self._places * turns, LARGEST_CLAIM)
        # Half of the items claimed ahead must be gone before a round trip pays; ended items must not pile up.
        if len(self._completer.items) > LARGEST_CLAIM or 2 * len(self._waiting) > ahead:
            return 0
        held = len(self._running) - len(self._beside) + len(self._waiting)
        room = min(max(0, self._places + ahead - held), LARGEST_CLAIM)
        return min(room, self._storage.lets_in())

    def _seconds_to_expect(self) -> float:
        """The expected seconds of an item: as ended items took, or more, if the running ones have let none begin for
        long."""
        age = time.monotonic() - self._begun_at if self._running else 0.0
        return max(self._seconds_per_item, age if age > HOLD_SECONDS else 0.0)

    def _held_too_long(self) -> list[ClaimedItem]:
        """Remove and return the waiting items that would not begin soon."""
        begun_soon = int(self._places * HOLD_SECONDS / self._seconds_to_expect()) if self._waiting else 0
        return [self._waiting.pop() for _ in range(len(self._waiting) - begun_soon)]

    def _scarce(self) -> dict[str, int]:
        """Model → how many more of its items may be held now, for limited models."""
        held = Counter(item.model for item in (*self._running.keys() - self._beside, *self._waiting))
        scarce = {model: max(0, limit - held[model]) for model, limit in self._limits().items()}
        return scarce | dict.fromkeys(self._presence.refused, 0)

    async def _claim_batch(self, batch: int) -> int:
        options = self._options
        held = Counter(item.job_id for item in (*self._running, *self._waiting))
        if self._first_job is not None:
            held[self._first_job] -= FAR_BEHIND
        claimed = await self._claimed_by(
            lambda connection: claim_items(
                connection,
                options.lease_seconds,
                batch,
                options.max_attempts,
                held,
                options.models,
                self._scarce(),
                self.id,
            )
        )
        self._waiting.extend(claimed)
        return len(claimed)

    async def _claim_beside(self) -> int:
        """Begin items that a person waits for in the reserved places, whatever else is in progress."""
        room = RESERVED - len(self._beside)
        if not room or self._storage.is_shut or time.monotonic() < self._look_beside_at:
            return 0
        # New jobs are notified: asking after each ended item would keep the database busy.
        self._look_beside_at = time.monotonic() + self._options.idle_seconds
        options = self._options
        away = [model for model, limit in self._limits().items() if not limit]
        claimed = await self._claimed_by(
            lambda connection: claim_urgent_items(
                connection,
                options.lease_seconds,
                room,
                options.max_attempts,
                options.models,
                [*away, *self._presence.refused],
                self.id,
            )
        )
        for item in claimed:
            self._beside.add(item)
            self._start(item)
        if len(claimed) == room:  # there may be more
            self._look_beside_at = 0.0
        return len(claimed)

    async def _claimed_by(self, claim: Callable[[Connection], Awaitable[list[ClaimedItem]]]) -> list[ClaimedItem]:
        """The claimed items; none while PostgreSQL is away."""
        try:
            async with self._claims.worker() as connection:
                if self._claim_unknown:
                    await hand_back_strays(connection, self.id, self._held())
                    self._claim_unknown = False
                with telemetry.CLAIM_SECONDS.time():
                    self._claim_unknown = True
                    claimed = await claim(connection)
                    self._claim_unknown = False
                if begun := {item.job_id for item in claimed} - self._begun_jobs:
                    self._begun_jobs |= begun
                    self._to_note |= begun
                    self._jobs_begin.set()
                return claimed
        except psycopg.Error as error:
            if not is_weather(error):
                raise
            log.warning("database away", at="claim", error=str(error).strip(), sqlstate=error.sqlstate)
            return []

    def _held(self) -> list[ClaimedItem]:
        return [*self._waiting, *self._running, *self._completer.items]

    def _fill_workers(self) -> None:
        while item := self._next():
            self._start(item)

    def _next(self) -> ClaimedItem | None:
        """The next waiting item, if there is a place for it."""
        while self._waiting and len(self._running) - len(self._beside) < self._places:
            item = self._waiting.popleft()
            if item.job_id not in self._cancelled_jobs:
                self._begun_at = time.monotonic()
                return item
            self._completer.end(EndedItem(item, "skipped"))
        return None

    def _start(self, item: ClaimedItem) -> None:
        worker = _Worker(item)
        task = self._running[item] = asyncio.create_task(self._keep_working(worker))
        telemetry.POOL_RUNNING.inc()
        task.add_done_callback(partial(self._release, worker))

    async def _keep_working(self, worker: "_Worker") -> None:
        """Work on the worker's item, then on waiting ones: a task for each item would cost more than claiming it."""
        task = self._running[worker.item]
        while True:
            await self._run(worker.item)
            self._forget(worker.item)
            if (item := self._next()) is None:
                worker.is_done = True
                return
            self._running[item], worker.item = task, item
            if time.monotonic() >= self._turn_ends_at:  # items may await nothing: let other tasks run
                self._turn_ends_at = time.monotonic() + TURN_SECONDS
                await asyncio.sleep(0)

    def _forget(self, item: ClaimedItem) -> None:
        """Note that an item no longer runs."""
        del self._running[item]
        self._beside.discard(item)
        self._cancelled_at.pop(item, None)
        self._claimer_wakes.set()

    async def _run(self, item: ClaimedItem) -> None:
        # Bound for this task only: everything that it logs or traces names its item.
        structlog.contextvars.bind_contextvars(job=str(item.job_id), item=item.id, attempt=item.attempt)
        started_at = time.monotonic()
        try:
            with telemetry.span("item"):
                await self._work(item)
            self._completer.end(EndedItem(item, "completed"))
            self._storage.open()
        except LeaseLostError as error:
            telemetry.LEASES_LOST.inc()
            log.warning("lease lost", error=str(error))
        except StorageAwayError as error:
            self._storage.shut()
            await self._wait_out(item, "storage_away", error)
        except PutOffError:
            pass  # it was given back together with its waiting calls
        except LlmAwayError as error:
            await self._wait_out(item, "llm_away", error)
        except LlmUnavailableError as error:
            await self._try_again(item, "llm_unavailable", str(error))
        except JobPausedError:
            await hand_back_items(self._database, [item])
        except RequestRefusedError as error:
            self._completer.end(EndedItem(item, "error", str(error)))
        except (LlmRefusedError, SettingsError) as error:
            await self._pause(item, str(error))
        except ColumnistError as error:
            self._completer.end(EndedItem(item, "error", str(error)))
        except Exception as error:
            if is_weather(error):
                await self._wait_out(item, "database_away", error)
            else:
                log.exception("attempt failed")
                await self._try_again(item, "worker_error", f"{type(error).__name__}: {error}")
        seconds = max(time.monotonic() - started_at, 1e-6)
        self._measured += 1
        self._seconds_per_item += max(NEWEST_WEIGHT, 1 / self._measured) * (seconds - self._seconds_per_item)

    def _release(self, worker: "_Worker", task: asyncio.Task[None]) -> None:
        """A callback, not a `finally`: a task that is cancelled before its first step never enters its body."""
        telemetry.POOL_RUNNING.dec()
        if not worker.is_done:
            item = worker.item
            self._forget(item)
            if error := None if task.cancelled() else task.exception():
                log.error("item left to its lease", item=item.id, job=str(item.job_id), exc_info=error)
                self._left.append(item)
            elif item.job_id in self._cancelled_jobs:
                self._completer.end(EndedItem(item, "skipped"))
            # If cancelled for another reason, an item has not ended: its lease was lost, or _leave hands it back.
        self._fill_workers()

    async def _wait_out(self, item: ClaimedItem, cause: str, error: Exception) -> None:
        """Weather: the place is given back, and the item may be claimed again after a while; it costs no attempt."""
        log.warning("waiting for the weather", cause=cause, error=str(error))
        telemetry.RETRIES.labels(cause).inc()
        await hand_back_items(self._database, [item], wait=True)

    async def _try_again(self, item: ClaimedItem, cause: str, reason: str) -> None:
        delay = back_off(item.tries, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        retried = await retry_item(self._database, item, delay, self._options.max_attempts)
        if retried:
            telemetry.RETRIES.labels(cause).inc()
        else:
            error = f"It failed {item.tries} times, the last time with: {reason}"
            self._completer.end(EndedItem(item, "error", error))

    async def _pause(self, item: ClaimedItem, reason: str) -> None:
        """A refusal of every call: it concerns the job, and no document."""
        log.warning("job paused", reason=reason)
        self._presence.refuse(item.model)
        await pause_job(self._database, item.job_id, reason)
        await hand_back_items(self._database, [item])

    # ── Leaving ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _leave(self) -> None:
        end = time.monotonic() + self._options.grace_seconds
        waiting = list(self._waiting)
        self._waiting.clear()
        await self._hand_back(waiting)
        while self._running and not self._out_of_time and (seconds := end - time.monotonic()) > 0:
            self._claimer_wakes.clear()
            await wait_for_event(self._claimer_wakes, seconds)
        interrupted = dict(self._running)
        await end_tasks(interrupted.values())
        ended = self._completer.items
        await self._hand_back([item for item in interrupted if item not in ended])
        end = time.monotonic() + LEAVE_SECONDS
        while self._completer.items and (seconds := end - time.monotonic()) > 0:
            self._claimer_wakes.clear()
            await wait_for_event(self._claimer_wakes, seconds)
        if self._completer.items:
            log.warning("left without ending items: PostgreSQL is away", items=len(self._completer.items))
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await leave(self._database, self.id)
        except TimeoutError:
            log.warning("left without sign-off: PostgreSQL is away")

    async def _hand_back(self, items: list[ClaimedItem]) -> None:
        if not items:
            return
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await hand_back_items(self._database, items)
            log.info("handed back", items=len(items))
        except TimeoutError:
            log.warning("could not hand items back: PostgreSQL is away", items=len(items))

    # ── Services ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _start_jobs(self) -> None:
        """Note in the rows of jobs that they have begun. No claim waits for this: somebody may have locked a row."""
        while not self._to_note:
            await self._jobs_begin.wait()
            self._jobs_begin.clear()
        await asyncio.sleep(BEGIN_SECONDS)
        begun = list(self._to_note)
        await start_jobs(self._database, begun)
        self._to_note.difference_update(begun)

    async def _heartbeat(self) -> None:
        seconds = self._options.lease_seconds
        await asyncio.sleep(seconds / 3)
        held = self._held()
        if not held:
            return
        kept = await extend_leases(self._database, held, seconds)
        for item in held:
            if item.id in kept:
                continue
            # It has ended, or another worker has it: stop its task here.
            if item in self._running:
                telemetry.LEASES_LOST.inc()
                log.warning("lease lost", item=item.id, job=str(item.job_id), attempt=item.attempt)
                self._running[item].cancel()
            elif item in self._waiting:
                self._waiting.remove(item)

    async def _listen(self) -> None:
        """Wake up when new work or a cancel is notified; reconnect for ever."""
        try:
            async with self._database.listen("tabular_jobs", "tabular_job_cancelled") as notifications:
                self._claimer_wakes.set()  # for notifications sent before this one listened
                async for notification in notifications:
                    if notification.channel == "tabular_job_cancelled":
                        self._cancel_job(UUID(notification.payload))
                        continue
                    if notification.payload == RESUMED:
                        self._presence.forgive()
                    self._look_beside_at = 0.0
                    self._found_nothing_at = -EMPTY_SECONDS
                    self._claimer_wakes.set()
        except psycopg.Error as error:
            if not is_weather(error):
                raise
            log.warning("database away", at="listen", error=str(error).strip(), sqlstate=error.sqlstate)
        await asyncio.sleep(self._options.idle_seconds)

    async def _watch_cancels(self) -> None:
        """A notification can be missed, and a claim can race a cancel: so poll as well."""
        await asyncio.sleep(CANCEL_WATCH_SECONDS)
        jobs = {item.job_id for item in (*self._running, *self._waiting)}
        self._cancelled_jobs &= jobs
        if jobs:
            for job_id in await cancelled_jobs(self._database, list(jobs)):
                self._cancel_job(job_id)

    def _cancel_job(self, job_id: UUID) -> None:
        self._cancelled_jobs.add(job_id)
        for item in [item for item in self._waiting if item.job_id == job_id]:
            self._waiting.remove(item)
            self._completer.end(EndedItem(item, "skipped"))
        now = time.monotonic()
        for item, task in self._running.items():
            if item.job_id == job_id and now - self._cancelled_at.get(item, 0.0) >= CANCEL_AGAIN_SECONDS:
                self._cancelled_at[item] = now
                task.cancel()

    async def _end_abandoned(self) -> None:
        """The janitor: clean up after dead workers and cancelled jobs."""
        if self._neighbours and (dead := await asyncio.to_thread(self._neighbours.dead)):
            log.warning("pools of this machine have died", pools=[str(pool_id) for pool_id in dead])
            await expire_leases(self._database, dead)
            await asyncio.to_thread(self._neighbours.forget, dead)
            self._found_nothing_at = -EMPTY_SECONDS
            self._claimer_wakes.set()
        if left := list(self._left):
            await let_go(self._database, left)
            self._left = [item for item in self._left if item not in left]
        # Pools that were started together need not check together; a short lease is worth a quicker check.
        seconds = min(JANITOR_SECONDS, self._options.lease_seconds)
        await asyncio.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311
        await end_abandoned_items(self._database, self._options.max_attempts, self.id)
        await forget_old_calls(self._database)


@dataclass(slots=True)
class _Worker:
    """A task that works on one item after the other: the present item, and whether all its items are finished."""

    item: ClaimedItem
    is_done: bool = False


class _StorageGate:
    """Whether the file store can be used: after a failure no item is claimed for a while, then one as a trial."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    def shut(self) -> None:
        self._failures += 1
        self._until = time.monotonic() + back_off(self._failures)

    def open(self) -> None:
        self._failures = 0

    @property
    def is_shut(self) -> bool:
        """It failed when it was last used."""
        return self._failures > 0

    def lets_in(self) -> int:
        """How many items may be claimed now."""
        if not self._failures:
            return LARGEST_CLAIM
        if time.monotonic() < self._until:
            return 0
        self._until = time.monotonic() + back_off(self._failures)
        return 1
