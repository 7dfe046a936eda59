"""Graphile Worker, by Node.js, with what its performance page recommends."""

from psycopg import sql

from bench.peers.database import fresh_database, require_all, run_node

# It deletes a job that succeeded and keeps one that failed: completed are those it numbered and no longer has.
COUNT_COMPLETED = sql.SQL(
    "select pg_sequence_last_value(pg_get_serial_sequence('graphile_worker._private_jobs', 'id')::regclass)"
    " - (select count(*) from graphile_worker._private_jobs)"
)


def drain(admin_url: str, items: int, concurrency: int) -> float:
    """Seconds from the start of one runner with `concurrency` workers until its table of jobs is empty."""
    with fresh_database(admin_url) as url:
        seconds = run_node("graphile.mjs", url, items, concurrency)
        require_all(url, COUNT_COMPLETED, items)
        return seconds
