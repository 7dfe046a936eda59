"""The ceiling: 500 claimed in one statement, 500 completed in the next, one connection, no lease and no promise."""

import time

import psycopg
from psycopg import sql

from bench.peers.database import fresh_database, require_all, settle

BATCH = 500

CREATE = """
create table items (id bigint generated always as identity primary key, status text not null default 'pending');
create index items_pending on items (id) where status = 'pending';
"""
CLAIM = """
update items set status = 'running'
where id = any(array(select id from items where status = 'pending' order by id limit %s for update skip locked))
returning id
"""
COMPLETE = "update items set status = 'completed' where id = any(%s)"
COUNT_COMPLETED = sql.SQL("select count(*) from items where status = 'completed'")


def drain(admin_url: str, items: int, concurrency: int) -> float:
    """Seconds from the first claim to the last completion; one connection, whatever the `concurrency`."""
    with fresh_database(admin_url) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(CREATE)
            connection.execute("insert into items select from generate_series(1, %s)", [items])
            settle(url)
            started = time.perf_counter()
            while claimed := connection.execute(CLAIM, [BATCH]).fetchall():
                connection.execute(COMPLETE, [[item_id for (item_id,) in claimed]])
            seconds = time.perf_counter() - started
        require_all(url, COUNT_COMPLETED, items)
        return seconds
