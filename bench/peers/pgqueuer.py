"""PgQueuer: one queue manager, its default batch of 10, over asyncpg (over psycopg it is several times slower)."""

import asyncio
import time

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.domain.types import QueueExecutionMode
from pgqueuer.models import Job
from psycopg import sql

from bench.peers.database import connection_parts, fresh_database, require_all, settle

COUNT_COMPLETED = sql.SQL("select count(*) from pgqueuer_log where status = 'successful'")


def drain(admin_url: str, items: int, concurrency: int) -> float:
    """Seconds from the manager's start until it stops by itself because no job is left; its batch is `concurrency`."""
    with fresh_database(admin_url) as url:
        seconds = asyncio.run(_drain(url, items, concurrency))
        require_all(url, COUNT_COMPLETED, items)
        return seconds


async def _drain(url: str, items: int, concurrency: int) -> float:
    connection = await asyncpg.connect(**connection_parts(url))
    queue = PgQueuer.from_asyncpg_connection(connection)

    @queue.entrypoint("no_op")
    async def no_op(job: Job) -> None:
        pass

    await queue.qm.queries.install()
    await queue.qm.queries.enqueue(["no_op"] * items, [None] * items, [0] * items)
    settle(url)
    started = time.perf_counter()
    await queue.run(batch_size=concurrency, mode=QueueExecutionMode.drain)
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds
