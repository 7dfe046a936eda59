"""Whether a pooler between here and PostgreSQL gives each transaction another connection."""

import psycopg

from columnist.db.migrate import first_line
from columnist.errors import DatabaseError

LOOKS = 20
"""A busy pooler takes the same connection again only by chance."""

CONNECT_SECONDS = 10


def refuse_transaction_pooling(url: str) -> None:
    """Raises DatabaseError if the URL leads to a pooler in transaction mode, or to no database."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as one:
            if _process(one) == one.info.backend_pid:  # a pooler invents the id with which a client cancels
                return
            with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as other:
                looks = [(_process(one), _process(other)) for _ in range(LOOKS)]
    except psycopg.Error as error:
        raise DatabaseError(f"The database cannot be used: {first_line(error)}") from error
    if len(set(looks)) > 1 or looks[0][0] == looks[0][1]:
        raise DatabaseError(
            "The database URL leads to a connection pooler in transaction mode, such as PgBouncer with pool_mode = "
            "transaction. Columnist gives a connection its role once and listens for notifications; neither lasts "
            "there. Use PostgreSQL's own address, or a pooler in session mode."
        )


def _process(connection: psycopg.Connection) -> int:
    row = connection.execute("select pg_backend_pid()", prepare=False).fetchone()
    assert row
    return int(row[0])
