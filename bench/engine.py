"""Engine overhead: items whose work is a no-op, every durability promise on, beside the peers on the same server."""

import asyncio
import importlib
import time
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql

from bench.table import Row
from columnist.db.connect import Database
from columnist.db.migrate import migrate
from columnist.jobs.pool import PoolOptions, WorkerPool
from columnist.jobs.store import ClaimedItem

PEERS = {
    "procrastinate": "Procrastinate",
    "pgboss": "pg-boss",
    "graphile": "Graphile Worker",
    "pgqueuer": "PgQueuer, batch 10",
    "upstream_loop": "claim one, complete one, count all",
}
CEILING = ("bare_batched", "bare batched claim and completion (no promises)")
CONCURRENCY = 10
ITEMS = 10_000
SCALES = (1_000, 100_000)


def run(admin_url: str) -> list[Row]:
    """Items a second of every contender at 10,000 items, and ours at 1,000 and 100,000."""
    own = {items: _drain_ours(admin_url, items) for items in (ITEMS, *SCALES)}
    rates: dict[str, float] = {}
    rows = []
    for module, name in [*PEERS.items(), CEILING]:
        try:
            seconds = importlib.import_module(f"bench.peers.{module}").drain(admin_url, ITEMS, CONCURRENCY)
        except Exception as error:  # noqa: BLE001 - a peer that cannot run here is a line of the table
            rows.append(Row("Engine, 10,000 no-op items", name, "not measured", str(error).splitlines()[0][:60]))
            continue
        rates[name] = ITEMS / seconds
    ours = ITEMS / own[ITEMS]
    rows = [
        *rows,
        *(
            Row("Engine, 10,000 no-op items", name, f"{rate:,.0f} items/s", f"ours is {ours / rate:.1f} ×")
            for name, rate in rates.items()
        ),
        Row("Engine, 10,000 no-op items", "Columnist", f"{ours:,.0f} items/s"),
    ]
    small, large = (own[items] / items for items in SCALES)
    rows.append(
        Row(
            "Engine, cost per item",
            "at 100,000 items against 1,000",
            f"{large * 1e6:.0f} µs against {small * 1e6:.0f} µs",
            f"{large / small:.2f} × (limit 1.2)",
        )
    )
    return rows


def _drain_ours(admin_url: str, items: int) -> float:
    """Seconds from the first claim to the end of the job, in a database of its own."""
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    url = conninfo.make_conninfo(admin_url, dbname=name)
    try:
        migrate(url)
        job_id = uuid4()
        with psycopg.connect(url, autocommit=True) as connection:
            _enqueue(connection, str(job_id), items)
        return asyncio.run(_drain(url, str(job_id), items))
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _enqueue(connection: psycopg.Connection, job_id: str, items: int) -> None:
    review_id = uuid4()
    connection.execute(
        "insert into tabular_reviews (id, user_id, name) values (%s, gen_random_uuid(), 'bench')", [review_id]
    )
    connection.execute(
        'insert into tabular_jobs (id, review_id, user_id, model, prompt_version, "only", total_items, total_cells) '
        "values (%s, %s, gen_random_uuid(), 'no-op', '1', '{all}', %s, 0)",
        [job_id, review_id, items],
    )
    connection.execute(
        "insert into tabular_job_items (job_id, review_id, document_id, position) "
        "select %s, %s, gen_random_uuid(), nr from generate_series(1, %s) nr",
        [job_id, review_id, items],
    )
    connection.execute("vacuum analyze tabular_job_items")


async def _drain(url: str, job_id: str, items: int) -> float:
    worked = 0
    first_at = 0.0

    async def no_op(item: ClaimedItem) -> None:
        nonlocal worked, first_at
        first_at = first_at or time.perf_counter()
        worked += 1

    async with Database(url) as database:
        options = PoolOptions(CONCURRENCY, lease_seconds=300, max_attempts=3, idle_seconds=0.5, grace_seconds=20)
        pool = WorkerPool(database, no_op, options)
        running = asyncio.create_task(pool.run())
        query = "select extract(epoch from completed_at - started_at)::float8 as s, completed_items from tabular_jobs"
        while True:
            async with database.worker() as connection:
                row = await (await connection.execute(query)).fetchone()
            if row and row["s"] is not None:
                break
            await asyncio.sleep(0.05)
        pool.stop()
        await running
    if worked != items or row["completed_items"] != items:
        raise RuntimeError(f"{worked} items were worked on and {row['completed_items']} completed, of {items}")
    return float(row["s"])
