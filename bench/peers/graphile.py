"""Graphile Worker, by Node.js, with the settings of its performance page."""

from psycopg import sql

from bench.peers.database import Setting, fresh_database, require_all, run_node

SETTINGS = (Setting(10, 500), Setting(10, 2_000), Setting(50, 500), Setting(100, 2_000))
"""`batch` is the size of its local queue."""
# It deletes successful jobs and keeps failed ones: completed jobs have had a number and are gone.
COUNT_COMPLETED = sql.SQL(
    "select pg_sequence_last_value(pg_get_serial_sequence('graphile_worker._private_jobs', 'id')::regclass)"
    " - (select count(*) from graphile_worker._private_jobs)"
)


def drain(admin_url: str, items: int, setting: Setting) -> float:
    """Seconds from the start of one runner until its table of jobs is empty."""
    with fresh_database(admin_url) as url:
        seconds = run_node("graphile.mjs", url, items, setting)
        require_all(url, COUNT_COMPLETED, items)
        return seconds
