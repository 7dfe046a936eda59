"""A proxy between a client and PostgreSQL that fails chosen statements, or swallows all bytes without hanging up."""

import asyncio
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

from psycopg import conninfo

Moment = Literal["before", "after"]
STATES = {
    "08006": "the connection failed",
    "25006": "the server is read-only for a while",
    "40001": "serialization",
    "40P01": "deadlock",
    "53100": "disk full",
    "53300": "too many connections",
    "57P01": "the server is shut down",
    "57014": "cancelled by a time-out",
    "58030": "an I/O error",
}
"""SQLSTATEs of bad weather."""
OF_BATCHES = frozenset(
    "answer_for_batch drop_bodies find_batch_replies keep_batch land_replies note_submitted put_off_item read_bodies "
    "refuse_batch take_batch".split()
)
"""The statements of jobs in batches."""


def first_lines() -> dict[bytes, str]:
    """The first line of each statement of the engine → its name."""
    found = {}
    for file in resources.files("columnist.jobs").joinpath("sql").iterdir():
        found[file.read_text(encoding="utf-8").splitlines()[0].encode()] = file.name.removesuffix(".sql")
    return found


@dataclass
class Faults:
    """The faults of statements; `hit`: the names of failed ones, each as often as it failed."""

    url: str
    sqlstate: str = ""
    moments: tuple[Moment, ...] = ("before", "after")
    """Each statement fails so many times: before it is carried out, or after it."""
    names: frozenset[str] = frozenset()
    hit: list[str] = field(default_factory=list)
    connections: "list[_Relay]" = field(default_factory=list)

    def fall_silent(self) -> None:
        """All present connections stay open and swallow everything."""
        for relay in self.connections:
            relay.silent = True


class _Relay:
    """One connection."""

    def __init__(self, faults: Faults, names: dict[bytes, str]) -> None:
        self.silent = False
        self._faults = faults
        self._first_lines = names
        self._prepared: dict[bytes, str] = {}
        self._answer: bytes | None = None  # the client gets this instead of the server's answer

    def _statement(self, kind: bytes, body: bytes) -> str | None:
        """The name of the engine's statement that begins in this message, if any."""
        if kind == b"Q":
            return self._first_lines.get(body.split(b"\n")[0])
        if kind == b"P":
            name, text, *_ = body.split(b"\0", 2)
            self._prepared[name] = self._first_lines.get(text.split(b"\n")[0], "")
            return None
        if kind == b"B":
            _, name, *_ = body.split(b"\0", 2)
            return self._prepared.get(name)
        return None

    async def forward(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        """From the client to the server."""
        (length,) = struct.unpack("!I", await reader.readexactly(4))
        server.write(struct.pack("!I", length) + await reader.readexactly(length - 4))
        pending = b""  # the messages of one round trip, up to its Sync
        failing: Moment | None = None
        while True:
            kind = await reader.readexactly(1)
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            if self.silent:
                continue
            name = self._statement(kind, body)
            if name and name in self._faults.names:
                left = self._faults.moments[self._faults.hit.count(name) :]
                if left:
                    failing = left[0]
                    self._faults.hit.append(name)
            pending += kind + struct.pack("!I", length) + body
            if kind not in (b"S", b"Q", b"X"):
                continue
            if failing == "before":
                client.write(self._error())
            else:
                self._answer = self._error() if failing else None
                server.write(pending)
            pending, failing = b"", None

    async def back(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """From the server to the client."""
        while True:
            kind = await reader.readexactly(1)
            head = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack("!I", head)[0] - 4)
            if self.silent:
                continue
            if self._answer is None:
                client.write(kind + head + body)
            elif kind == b"Z":
                client.write(self._answer)
                self._answer = None

    def _error(self) -> bytes:
        fields = f"SFATAL\0VFATAL\0C{self._faults.sqlstate}\0Minjected\0\0".encode().replace(b"FATAL", b"ERROR")
        error = b"E" + struct.pack("!I", len(fields) + 4) + fields
        return error + b"Z" + struct.pack("!I", 5) + b"I"


@asynccontextmanager
async def faulty(url: str) -> AsyncIterator[Faults]:
    """A proxy before the server of `url`, which is a Unix socket; `Faults.url` is the proxy's URL."""
    target = conninfo.conninfo_to_dict(url)
    names = first_lines()
    tasks: set[asyncio.Task[None]] = set()
    with tempfile.TemporaryDirectory(prefix="columnist-proxy-") as folder:
        faults = Faults(f"{url.partition('?')[0]}?host={folder}")

        async def serve(reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
            upstream, server = await asyncio.open_unix_connection(Path(str(target["host"]), ".s.PGSQL.5432"))
            relay = _Relay(faults, names)
            faults.connections.append(relay)
            both = [
                asyncio.create_task(relay.forward(reader, server, client)),
                asyncio.create_task(relay.back(upstream, client)),
            ]
            tasks.update(both)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            faults.connections.remove(relay)
            for writer in (server, client):
                writer.close()

        listener = await asyncio.start_unix_server(serve, Path(folder, ".s.PGSQL.5432"))
        try:
            yield faults
        finally:
            listener.close()
            for task in tasks:
                task.cancel()
