"""A database that is a copy of another, such as a restored dump: it asks nothing until a person resumes its jobs, and
its feeds contain every change, although transactions have other ids here.
"""

import psycopg
import structlog

from columnist.db.sql import statement

log = structlog.get_logger()

_COMPARE = "select database, database_identity() from installation"
_PAUSE = """
update tabular_jobs set paused_at = now(), pause_cause = 'copy', pause_reason = null, updated_at = now()
where status in ('pending', 'running') and paused_at is null
"""


def is_new_copy(connection: psycopg.Connection) -> bool:
    """Whether this database is a copy that has not been made independent yet. Runs as a worker."""
    before, now = connection.execute(_COMPARE).fetchone() or (None, None)
    return before is not None and before != now


def own(connection: psycopg.Connection) -> None:
    """Make a copy independent, in a transaction of the database's owner."""
    connection.execute("set local role columnist_worker")
    if connection.execute(f"select exists ({_COMPARE} where database = database_identity())").fetchone() == (True,):
        return
    connection.execute("insert into installation default values on conflict do nothing")
    row = connection.execute(f"{_COMPARE} for update").fetchone()
    assert row
    before, now = row
    if before == now:
        return
    connection.execute("update installation set database = %s", [now])
    if before is None:
        return
    paused = connection.execute(_PAUSE).rowcount
    connection.execute("reset role")
    if _cluster(before) != _cluster(now):
        connection.execute(statement("columnist.db", "stamp_again"))
    log.warning("this database is a copy", of=before, paused_jobs=paused)


def _cluster(identity: str) -> str:
    return identity.split("/")[0]
