"""Procrastinate: one worker, psycopg's connector, its finished jobs kept, as by default."""

import asyncio
import logging
import time

from procrastinate import App, PsycopgConnector
from psycopg import sql

from bench.peers.database import Setting, fresh_database, require_all, seconds_until_none, settle

SETTINGS = (Setting(1), Setting(10), Setting(50))
"""It fetches job by job."""
LEFT = sql.SQL("select from procrastinate_jobs where status in ('todo', 'doing') limit 1")
COUNT_COMPLETED = sql.SQL("select count(*) from procrastinate_jobs where status = 'succeeded'")


def drain(admin_url: str, items: int, setting: Setting) -> float:
    """Seconds from the worker's start until no job is left."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    with fresh_database(admin_url) as url:
        seconds = asyncio.run(_drain(url, items, setting.workers))
        require_all(url, COUNT_COMPLETED, items)
        return seconds


async def _drain(url: str, items: int, workers: int) -> float:
    # A connection for every running job and some for the worker's own fetching, listening and heartbeat.
    app = App(connector=PsycopgConnector(conninfo=url, min_size=workers + 4, max_size=workers + 4))

    @app.task(name="no_op")
    async def no_op() -> None:
        pass

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await no_op.batch_defer_async(*({} for _ in range(items)))
        settle(url)
        started = time.perf_counter()
        ended = asyncio.create_task(asyncio.to_thread(seconds_until_none, url, LEFT, started))
        await app.run_worker_async(concurrency=workers, wait=False, install_signal_handlers=False)
        return await ended
