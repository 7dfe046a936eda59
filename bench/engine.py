"""Engine overhead: items whose work is a no-op, every durability promise on, beside the peers on the same server."""

import asyncio
import gc
import importlib
import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from uuid import uuid4

import psycopg
from psycopg import sql

from bench.peers.database import Setting, fresh_database, seconds_until_none
from bench.postgres import own_postgres
from bench.table import Row
from columnist.db.connect import Database
from columnist.db.migrate import migrate
from columnist.jobs.items import ClaimedItem, claim_items
from columnist.jobs.pool import LARGEST_CLAIM, PoolOptions, WorkerPool

PEERS = {
    "procrastinate": "Procrastinate",
    "pgboss": "pg-boss",
    "graphile": "Graphile Worker",
    "pgqueuer": "PgQueuer",
    "upstream_loop": "claim one, complete one, count all",
    "bare_loops": "bare claim and completion (no promises)",
}
CONCURRENCY = 10
OURS = Setting(CONCURRENCY, LARGEST_CLAIM)
"""Columnist is not swept: the concurrency of all earlier figures, and how many items it may claim ahead."""
BESIDE = {10_000: 7, 50_000: 3}
"""Items in the rounds beside the peers, and the number of rounds: a ratio depends on the items, and start-up, which
varies most, weighs more in few of them."""
FIRST_ITEMS = 1_000
"""Items in the first try of a setting. A contender that would take longer than SLOW_SECONDS for a round keeps this
number in all rounds."""
SLOW_SECONDS = 15
SCALES = (1_000, 100_000)
LIVE_JOBS = (1, 11, 100, 1_000)
ITEMS = 10_000
CLAIMS = 100
ROUNDS = 3
TRIES = 2
"""Runs of each setting; the faster one counts, so that a hiccup of the machine does not choose the setting."""
SETTINGS_TRIED = "Engine, settings tried, workers × batch"
LEFT = sql.SQL("select from tabular_jobs where completed_at is null limit 1")

Drain = Callable[[str, int, Setting], float]


@dataclass(frozen=True, slots=True)
class _Contender:
    """A contender, and how it drains the queue. `slow`: too slow for the rounds' full number."""

    name: str
    drain: Drain
    setting: Setting
    slow: bool = False

    def seconds(self, admin_url: str, wanted: int) -> float:
        """Seconds per item, with `wanted` items or the number for a slow contender."""
        items = FIRST_ITEMS if self.slow else wanted
        return self.drain(admin_url, items, self.setting) / items


def run() -> list[Row]:
    """All figures, on a separate embedded server."""
    with own_postgres() as url:
        return [*_beside(url), *_by_size(url), *_by_live_jobs(url)]


def _beside(admin_url: str, beside: Mapping[int, int] = BESIDE) -> list[Row]:
    """Items a second of every contender at the best of its settings, in rounds one after the other."""
    ours = _Contender("Columnist", _drain_ours, OURS)
    contenders, rows = [ours], []
    for module, name in PEERS.items():
        try:
            peer = importlib.import_module(f"bench.peers.{module}")
            tried = _tried(admin_url, name, peer.drain, peer.SETTINGS, min(beside))
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            rows.append(Row(SETTINGS_TRIED, name, "not measured", " ".join(str(error).split())[:60]))
            continue
        contenders.append(min(tried, key=lambda one: tried[one]))
        rates = "; ".join(f"{one.setting}: {1 / seconds:,.0f}" for one, seconds in tried.items())
        rows.append(Row(SETTINGS_TRIED, name, f"{rates} items/s"))
    for wanted, rounds in beside.items():
        seconds: dict[str, list[float]] = defaultdict(list)
        for _ in range(rounds):
            for one in random.sample(contenders, k=len(contenders)):  # none always follows the same one
                seconds[one.name].append(one.seconds(admin_url, wanted))
        rate = {name: 1 / median(times) for name, times in seconds.items()}
        spread = {name: f"{1 / max(times):,.0f}–{1 / min(times):,.0f}" for name, times in seconds.items()}
        section = f"Engine, {wanted:,} no-op items, median of {rounds} (least–most)"
        for one in sorted(contenders, key=lambda one: rate[one.name]):
            of = f", {FIRST_ITEMS:,} items" if one.slow else ""
            ratio = "" if one is ours else f"ours is {rate[ours.name] / rate[one.name]:.2f} ×"
            figure = f"{rate[one.name]:,.0f} items/s ({spread[one.name]})"
            rows.append(Row(section, f"{one.name}, {one.setting}{of}", figure, ratio))
    return rows


def _tried(admin_url: str, name: str, drain: Drain, settings: Sequence[Setting], items: int) -> dict[_Contender, float]:
    """The contender in each of its settings, and its seconds for an item; a run before them warms it."""
    slow = drain(admin_url, FIRST_ITEMS, settings[0]) * items / FIRST_ITEMS > SLOW_SECONDS
    contenders = [_Contender(name, drain, setting, slow) for setting in settings]
    return {one: min(one.seconds(admin_url, items) for _ in range(TRIES)) for one in contenders}


def _by_size(admin_url: str) -> list[Row]:
    """Columnist's cost per item, by the number of items."""
    small, large = (median(_drain_ours(admin_url, items, OURS) / items for _ in range(ROUNDS)) for items in SCALES)
    costs = f"{large * 1e6:.0f} µs against {small * 1e6:.0f} µs"
    return [Row("Engine, cost per item", "at 100,000 items against 1,000", costs, f"{large / small:.2f} × (limit 1.2)")]


def _by_live_jobs(admin_url: str) -> list[Row]:
    """The same items in more and more simultaneously live jobs: throughput, and the time of a claim of ten."""
    rates, claims = {}, {}
    for jobs in LIVE_JOBS:
        rates[jobs] = ITEMS / median(_drain_ours(admin_url, ITEMS, OURS, jobs) for _ in range(ROUNDS))
        with _database(admin_url) as url:
            claims[jobs] = asyncio.run(_claim_seconds(url, jobs))
    first = LIVE_JOBS[0]
    return [
        Row(
            "Engine, by live jobs",
            f"{jobs:,} live",
            f"{rates[jobs]:,.0f} items/s, a claim of ten {claims[jobs] * 1e3:.2f} ms",
            f"{rates[jobs] / rates[first]:.2f} × and {claims[jobs] / claims[first]:.2f} × those of one",
        )
        for jobs in LIVE_JOBS
    ]


async def _claim_seconds(url: str, jobs: int) -> float:
    """Median time of `CLAIMS` claims of ten items, without held items."""
    with psycopg.connect(url, autocommit=True) as connection:
        _enqueue(connection, CLAIMS * CONCURRENCY * 2, jobs)
    seconds = []
    async with Database(url) as database, database.worker() as connection:
        for _ in range(CLAIMS):
            started = time.perf_counter()
            claimed = await claim_items(connection, 300, CONCURRENCY, 3, {}, None)
            seconds.append(time.perf_counter() - started)
            if len(claimed) != CONCURRENCY:
                raise RuntimeError(f"{len(claimed)} items were claimed of {CONCURRENCY}")
    return median(seconds)


def _drain_ours(admin_url: str, items: int, setting: Setting, jobs: int = 1) -> float:
    """Seconds from the pool's start to the end of the last job, in a new database."""
    with _database(admin_url) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            _enqueue(connection, items, jobs)
        return asyncio.run(_drain(url, items, setting.workers))


@contextmanager
def _database(admin_url: str) -> Iterator[str]:
    with fresh_database(admin_url) as url:
        migrate(url)
        yield url


def _enqueue(connection: psycopg.Connection, items: int, jobs: int) -> None:
    """Items, spread evenly over jobs, each with its own review."""
    for nr in range(jobs):
        review_id, job_id = uuid4(), uuid4()
        share = items * (nr + 1) // jobs - items * nr // jobs
        connection.execute(
            "insert into tabular_reviews (id, user_id, name) values (%s, gen_random_uuid(), 'bench')", [review_id]
        )
        connection.execute(
            'insert into tabular_jobs (id, review_id, user_id, model, prompt_version, "only", total_items, total_cells)'
            " values (%s, %s, gen_random_uuid(), 'no-op', '1', '{all}', %s, 0)",
            [job_id, review_id, share],
        )
        connection.execute(
            "insert into tabular_job_items (job_id, review_id, document_id, position) "
            "select %s, %s, gen_random_uuid(), nr from generate_series(1, %s) nr",
            [job_id, review_id, share],
        )
    connection.execute("vacuum analyze tabular_job_items")
    connection.execute("vacuum analyze tabular_jobs")


async def _drain(url: str, items: int, concurrency: int) -> float:
    worked = 0

    async def no_op(item: ClaimedItem) -> None:
        nonlocal worked
        worked += 1

    async with Database(url) as database:
        async with database.worker() as connection:  # the peers also have one that is open, with which they enqueued
            await connection.execute("select 1")
        gc.freeze()  # as `columnist worker` does
        options = PoolOptions(concurrency, lease_seconds=300, max_attempts=3, idle_seconds=0.5, grace_seconds=20)
        pool = WorkerPool(database, no_op, options)
        started = time.perf_counter()
        running = asyncio.create_task(pool.run())
        seconds = await asyncio.to_thread(seconds_until_none, url, LEFT, started)
        pool.stop()
        await running
        async with database.worker() as connection:
            cursor = await connection.execute("select sum(completed_items)::int as completed from tabular_jobs")
            row = await cursor.fetchone()
    if worked != items or row is None or row["completed"] != items:
        raise RuntimeError(f"{worked} items were worked on and {row and row['completed']} completed, of {items}")
    return seconds
