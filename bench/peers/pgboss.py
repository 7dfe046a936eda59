"""pg-boss, by Node.js: a pool of workers that fetch in batches."""

from psycopg import sql

from bench.peers.database import Setting, fresh_database, require_all, run_node

SETTINGS = (Setting(1, 1_000), Setting(2, 1_000), Setting(4, 500), Setting(10, 100))
COUNT_COMPLETED = sql.SQL("select count(*) from pgboss.job where state = 'completed'")


def drain(admin_url: str, items: int, setting: Setting) -> float:
    """Seconds from the start of the workers until no job is left to complete."""
    with fresh_database(admin_url) as url:
        seconds = run_node("pgboss.mjs", url, items, setting)
        require_all(url, COUNT_COMPLETED, items)
        return seconds
