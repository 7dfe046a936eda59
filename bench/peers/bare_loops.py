"""The ceiling: loops that do nothing but claim and complete in batches, without lease, attempts or any promise."""

import asyncio
import time

import psycopg

from bench.peers.database import Setting, table_of_items

SETTINGS = (Setting(1, 500), Setting(1, 2_500), Setting(2, 1_000), Setting(2, 2_500))
"""Connections, and items in a statement."""

CREATE = """
create table items (id bigint generated always as identity primary key, status text not null default 'pending');
create index items_pending on items (id) where status = 'pending';
"""
CLAIM_AND_COMPLETE = """
update items set status = 'completed'
where id = any(array(select id from items where status = 'pending' order by id limit %s for update skip locked))
"""


def drain(admin_url: str, items: int, setting: Setting) -> float:
    """Seconds from the first statement until none of the loops finds an item: nothing is done between claim and end."""
    with table_of_items(admin_url, CREATE, items) as url:
        return asyncio.run(_drain(url, setting))


async def _drain(url: str, setting: Setting) -> float:
    connections = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(setting.workers)]

    async def loop(connection: psycopg.AsyncConnection) -> None:
        while (await connection.execute(CLAIM_AND_COMPLETE, [setting.batch])).rowcount:
            pass

    started = time.perf_counter()
    await asyncio.gather(*map(loop, connections))
    seconds = time.perf_counter() - started
    for connection in connections:
        await connection.close()
    return seconds
