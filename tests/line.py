"""A connection to PostgreSQL that can go silent without being cut, like one through a load balancer after a
fail-over."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg import conninfo

PORT = 5432


class Line:
    """Forwards connections to a server. `url`: the way through it."""

    def __init__(self, url: str, folder: Path) -> None:
        there = conninfo.conninfo_to_dict(url)
        self.url = f"postgresql://{there['user']}@/{there['dbname']}?host={folder}"
        self._server = f"{there['host']}/.s.PGSQL.{there.get('port', PORT)}"
        self._connections: list[tuple[socket.socket, socket.socket, threading.Event]] = []
        self._silent = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{PORT}"))
        self._listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Swallow everything, in both directions, on the present connections and on new ones."""
        self._silent = True
        for _, _, silent in list(self._connections):
            silent.set()

    def restore(self) -> None:
        """Forward on new connections; silent ones stay silent."""
        self._silent = False

    def close(self) -> None:
        """Cut everything."""
        self._listener.close()
        for near, far, _ in self._connections:
            near.close()
            far.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._server)
                silent = threading.Event()
                if self._silent:
                    silent.set()
                self._connections.append((near, far, silent))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_forward, args=(one, other, silent), daemon=True).start()


def _forward(one: socket.socket, other: socket.socket, silent: threading.Event) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            if not silent.is_set():
                other.sendall(data)
        if not silent.is_set():
            other.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line to the server of this URL, which listens on a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="line-") as folder:
        line = Line(url, Path(folder))
        try:
            yield line
        finally:
            line.close()
