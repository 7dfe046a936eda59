"""Engine overhead: items whose work is a no-op, every durability promise on, beside the peers on the same server."""

import asyncio
import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql

from bench.postgres import own_postgres
from bench.table import Row
from columnist.db.connect import Database
from columnist.db.migrate import migrate
from columnist.jobs.items import ClaimedItem, claim_items
from columnist.jobs.pool import PoolOptions, WorkerPool

PEERS = {
    "procrastinate": "Procrastinate",
    "pgboss": "pg-boss",
    "graphile": "Graphile Worker (local queue 500)",
    "pgqueuer": "PgQueuer, batch 10",
    "upstream_loop": "claim one, complete one, count all",
}
CEILING = ("bare_batched", "bare batched claim and completion (no promises)")
CONCURRENCY = 10
ITEMS = 10_000
SCALES = (1_000, 100_000)
LIVE_JOBS = (1, 11, 100, 1_000)
CLAIMS = 100


ROUNDS = 3
SLOW_SECONDS = 15
"""A contender that took longer is not run again: its figure is far from anybody's."""


def run() -> list[Row]:
    """The figures of `_measured` on an embedded server of their own."""
    with own_postgres() as url:
        return _measured(url)


def _measured(admin_url: str) -> list[Row]:
    """Items a second of every contender at 10,000 items, in rounds one after the other, and what ours costs by size."""
    contenders: dict[str, Callable[[str, int, int], float]] = {"Columnist": _drain_ours}
    failures: list[tuple[str, Exception]] = []
    for module, name in [*PEERS.items(), CEILING]:
        try:
            contenders[name] = importlib.import_module(f"bench.peers.{module}").drain
        except ImportError as error:
            failures.append((name, error))
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, drain in contenders.items():
            if seconds[name] and seconds[name][0] > SLOW_SECONDS:
                continue
            try:
                seconds[name].append(drain(admin_url, ITEMS, CONCURRENCY))
            except Exception as error:
                if name == "Columnist":
                    raise
                failures.append((name, error))
                seconds[name] = [float("inf")]
    section = f"Engine, {ITEMS:,} no-op items, median of {ROUNDS}"
    rates = {name: ITEMS / median(times) for name, times in seconds.items()}
    ours = rates.pop("Columnist")
    rows = [
        Row(section, name, f"{rate:,.0f} items/s", f"ours is {ours / rate:.2f} ×")
        for name, rate in sorted(rates.items(), key=lambda entry: entry[1])
        if rate
    ]
    rows += [Row(section, name, "not measured", " ".join(str(error).split())[:60]) for name, error in failures]
    rows.append(Row(section, "Columnist", f"{ours:,.0f} items/s"))
    small, large = (
        median(_drain_ours(admin_url, items, CONCURRENCY) / items for _ in range(ROUNDS)) for items in SCALES
    )
    costs = f"{large * 1e6:.0f} µs against {small * 1e6:.0f} µs"
    rows.append(
        Row("Engine, cost per item", "at 100,000 items against 1,000", costs, f"{large / small:.2f} × (limit 1.2)")
    )
    return rows + _by_live_jobs(admin_url)


def _by_live_jobs(admin_url: str) -> list[Row]:
    """The same items in more and more jobs that are live together: throughput, and the time of a claim of ten."""
    rates, claims = {}, {}
    for jobs in LIVE_JOBS:
        rates[jobs] = ITEMS / median(_drain_ours(admin_url, ITEMS, CONCURRENCY, jobs) for _ in range(ROUNDS))
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
    """Median of `CLAIMS` claims of ten items, of which none is held."""
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


def _drain_ours(admin_url: str, items: int, concurrency: int, jobs: int = 1) -> float:
    """Seconds from the pool's start to the end of the last job, in a new database."""
    with _database(admin_url) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            _enqueue(connection, items, jobs)
        return asyncio.run(_drain(url, items, concurrency))


@contextmanager
def _database(admin_url: str) -> Iterator[str]:
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    url = conninfo.make_conninfo(admin_url, dbname=name)
    try:
        migrate(url)
        yield url
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


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
        options = PoolOptions(concurrency, lease_seconds=300, max_attempts=3, idle_seconds=0.5, grace_seconds=20)
        pool = WorkerPool(database, no_op, options)
        started = time.time()
        running = asyncio.create_task(pool.run())
        query = (
            "select case when bool_and(completed_at is not null) then extract(epoch from max(completed_at)) end "
            "::float8 as ended, sum(completed_items)::int as completed_items from tabular_jobs"
        )
        while True:
            async with database.worker() as connection:
                row = await (await connection.execute(query)).fetchone()
            if row and row["ended"] is not None:
                break
            await asyncio.sleep(0.05)
        pool.stop()
        await running
    if worked != items or row["completed_items"] != items:
        raise RuntimeError(f"{worked} items were worked on and {row['completed_items']} completed, of {items}")
    return float(row["ended"]) - started
