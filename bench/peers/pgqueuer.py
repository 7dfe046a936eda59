"""PgQueuer: one queue manager over asyncpg (over psycopg it is several times slower), in batches."""

import asyncio
import time

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.domain.types import QueueExecutionMode
from pgqueuer.models import Job
from psycopg import sql

from bench.peers.database import Setting, connection_parts, fresh_database, require_all, seconds_until_none, settle

SETTINGS = (Setting(1, 10), Setting(1, 100), Setting(1, 500), Setting(1, 1_000))
"""Its default batch is 10."""
LEFT = sql.SQL("select from pgqueuer limit 1")
COUNT_COMPLETED = sql.SQL("select count(*) from pgqueuer_log where status = 'successful'")


def drain(admin_url: str, items: int, setting: Setting) -> float:
    """Seconds from the manager's start until its table of jobs is empty."""
    with fresh_database(admin_url) as url:
        seconds = asyncio.run(_drain(url, items, setting))
        require_all(url, COUNT_COMPLETED, items)
        return seconds


async def _drain(url: str, items: int, setting: Setting) -> float:
    connection = await asyncpg.connect(**connection_parts(url))
    queue = PgQueuer.from_asyncpg_connection(connection)

    @queue.entrypoint("no_op")
    async def no_op(job: Job) -> None:
        pass

    await queue.qm.queries.install()
    await queue.qm.queries.enqueue(["no_op"] * items, [None] * items, [0] * items)
    settle(url)
    started = time.perf_counter()
    ended = asyncio.create_task(asyncio.to_thread(seconds_until_none, url, LEFT, started))
    await queue.run(batch_size=setting.batch, mode=QueueExecutionMode.drain)
    seconds = await ended
    await connection.close()
    return seconds
