"""Whether the database answers and can be written to, checked over a connection that nothing else uses."""

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from psycopg import Connection, Error

ANSWER_SECONDS = 0.6
"""How long a database may take to answer. HAProxy and Kubernetes give a probe one or two seconds for all of it."""

LATE_SECONDS = 0.1

AWAY = "The database is away."
SILENT = "The database does not answer."
READ_ONLY = "The database is read-only: nothing can be saved, and no document is worked on."


class Probe:
    """Checks the database. It has one connection, opened by the first check and renewed after a failure.

    The check runs in a thread: a statement needs a busy event loop several times, this needs it once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(1, "probe")
        self._connection: Connection | None = None
        self._looking: asyncio.Future[str | None] | None = None

    async def trouble(self) -> str | None:
        """The trouble of the database, as a sentence; None if all is well. Takes 0.7 s at most."""
        looking = self._looking
        if looking is None or looking.done():
            looking = self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        for seconds in (ANSWER_SECONDS, LATE_SECONDS):  # a late loop gets time-out and answer together: check again
            await asyncio.wait({looking}, timeout=seconds)
            if looking.done():
                return looking.result()
        self._hang_up()
        return SILENT

    def close(self) -> None:
        """Close the connection, also in the middle of a check."""
        self._hang_up()
        self._thread.shutdown(wait=False)

    def _look(self) -> str | None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = Connection.connect(
                    self._url, autocommit=True, connect_timeout=2, application_name="columnist probe"
                )
            row = self._connection.execute("show transaction_read_only").fetchone()
        except Error:
            return AWAY
        return READ_ONLY if row and row[0] == "on" else None

    def _hang_up(self) -> None:
        """End a silent connection: statements that wait on it fail at once."""
        if self._connection is not None:
            with suppress(OSError, Error), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
