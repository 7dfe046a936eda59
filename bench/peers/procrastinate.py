"""Procrastinate: one worker, psycopg's connector, its finished jobs kept as by default."""

import asyncio
import logging
import time

from procrastinate import App, PsycopgConnector
from psycopg import sql

from bench.peers.database import fresh_database, require_all, settle

COUNT_COMPLETED = sql.SQL("select count(*) from procrastinate_jobs where status = 'succeeded'")


def drain(admin_url: str, items: int, concurrency: int) -> float:
    """Seconds from the worker's start until it stops by itself because no job is left."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    with fresh_database(admin_url) as url:
        seconds = asyncio.run(_drain(url, items, concurrency))
        require_all(url, COUNT_COMPLETED, items)
        return seconds


async def _drain(url: str, items: int, concurrency: int) -> float:
    # A connection for every running job and some for the worker's own fetching, listening and heartbeat.
    app = App(connector=PsycopgConnector(conninfo=url, min_size=concurrency + 4, max_size=concurrency + 4))

    @app.task(name="no_op")
    async def no_op() -> None:
        pass

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await no_op.batch_defer_async(*({} for _ in range(items)))
        settle(url)
        started = time.perf_counter()
        await app.run_worker_async(concurrency=concurrency, wait=False, install_signal_handlers=False)
        return time.perf_counter() - started
