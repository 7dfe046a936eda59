"""pg-boss, by Node.js: a pool of workers that fetch in batches."""

from psycopg import sql

from bench.peers.database import fresh_database, require_all, run_node

COUNT_COMPLETED = sql.SQL("select count(*) from pgboss.job where state = 'completed'")


def drain(admin_url: str, items: int, concurrency: int) -> float:
    """Seconds from the start of `concurrency` workers until no job is left to complete."""
    with fresh_database(admin_url) as url:
        seconds = run_node("pgboss.mjs", url, items, concurrency)
        require_all(url, COUNT_COMPLETED, items)
        return seconds
