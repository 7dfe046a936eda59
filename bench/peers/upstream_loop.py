"""The loop of the system we replace: each worker claims one item, completes it, then counts all items of the job."""

import asyncio
import time

import psycopg
from psycopg import sql

from bench.peers.database import Setting, seconds_until_none, table_of_items

CREATE = """
create table items (
  id bigint generated always as identity primary key,
  job_id int not null default 1,
  status text not null default 'pending',
  attempt_count int not null default 0,
  lease_expires_at timestamptz
);
create index items_by_job on items (job_id);
create index items_pending on items (id) where status = 'pending';
"""
CLAIM = """
update items
set status = 'running', attempt_count = attempt_count + 1, lease_expires_at = now() + interval '300 seconds'
where id = (select id from items where status = 'pending' order by id limit 1 for update skip locked)
returning id, job_id
"""
COMPLETE = "update items set status = 'completed', lease_expires_at = null where id = %s"
COUNT = "select status, count(*) from items where job_id = %s group by status"
LEFT = sql.SQL("select from items where status <> 'completed' limit 1")

SETTINGS = (Setting(4), Setting(10), Setting(20))
"""Loops, a connection each."""


def drain(admin_url: str, items: int, setting: Setting) -> float:
    """Seconds from the first claim until no item is left."""
    with table_of_items(admin_url, CREATE, items) as url:
        return asyncio.run(_drain(url, setting.workers))


async def _drain(url: str, workers: int) -> float:
    connections = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(workers)]
    started = time.perf_counter()
    ended = asyncio.create_task(asyncio.to_thread(seconds_until_none, url, LEFT, started))
    await asyncio.gather(*map(_loop, connections))
    seconds = await ended
    for connection in connections:
        await connection.close()
    return seconds


async def _loop(connection: psycopg.AsyncConnection) -> None:
    while claimed := await (await connection.execute(CLAIM)).fetchone():
        item_id, job_id = claimed
        await connection.execute(COMPLETE, [item_id])
        await (await connection.execute(COUNT, [job_id])).fetchall()
