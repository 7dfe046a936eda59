"""Whether the database answers and takes writing, asked on a connection that nothing else waits for."""

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
    """Looks at the database. It has one connection, opened by the first look and renewed after a failure.

    The look is a thread's: a busy event loop has to come round several times for a statement, and once for this.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(1, "probe")
        self._connection: Connection | None = None
        self._looking: asyncio.Future[str | None] | None = None

    async def trouble(self) -> str | None:
        """What is wrong with the database, as a sentence; None if nothing is. Takes 0.7 s at most."""
        looking = self._looking
        if looking is None or looking.done():
            looking = self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        for seconds in (ANSWER_SECONDS, LATE_SECONDS):  # a late loop meets time-out and answer together: look again
            await asyncio.wait({looking}, timeout=seconds)
            if looking.done():
                return looking.result()
        self._hang_up()
        return SILENT

    def close(self) -> None:
        """Let go of the connection, also in the middle of a look."""
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
        """End a connection on which nothing comes: what waits on it fails at once."""
        if self._connection is not None:
            with suppress(OSError, Error), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
