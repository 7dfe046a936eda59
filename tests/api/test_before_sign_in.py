"""Limits on what clients without credentials can cost a server: bytes, headers, seconds, connections."""

import asyncio
import re
import resource
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from columnist.api import connection
from columnist.api.app import create_app
from columnist.api.connection import LARGEST_HEAD, MOST_HEADERS, BoundedProtocol
from columnist.api.health import Health
from columnist.api.middleware import SECURITY_HEADERS
from columnist.back_ends import BackEnds
from columnist.db.connect import Database
from columnist.db.probe import Probe
from columnist.documents.blobs import BlobStore
from columnist.documents.reading.reader import Reader
from columnist.export.stream import Exporter
from columnist.process import Process
from columnist.settings import Settings
from tests.patience import PATIENCE_SECONDS, until
from tests.processes import Served, environment, served, wait_for_line
from tests.signing import SECRET

TYPES = ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/plain", None)
OVERSIZE = 16 * 1024**2
"""The announced bytes; a client sends until it gets an answer."""
MOST_GROWTH = 100 * 1024**2
"""The most growth of the server's memory in bytes, whatever such clients do at the same time."""


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[Served]:
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_JWT_SECRET=SECRET) as running:
        yield running


def operations(server: Served) -> list[tuple[str, str]]:
    """Every method and path of the API, with an id in place of each parameter."""
    paths = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    some = "11111111-1111-4111-8111-111111111111"
    return [(method.upper(), re.sub(r"{[^}]*}", some, path)) for path, known in paths.items() for method in known]


def memory(server: Served) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)


async def ask(server: Served, head: str, body: bytes = b"", *, of: int = 0) -> int:
    """The status of a request whose body repeats `body` up to `of` bytes; 0 if the server just hung up."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    async def send() -> None:
        with suppress(ConnectionError):
            writer.write(f"{head}\r\nHost: localhost\r\n\r\n".encode("latin-1"))
            for _ in range(max(1, of // max(1, len(body)))):
                writer.write(body)
                await writer.drain()

    sending = asyncio.create_task(send())
    try:
        line = await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    except ConnectionError:
        line = b""
    finally:
        sending.cancel()
        writer.transport.abort()
    return int(line.split()[1]) if line else 0


@asynccontextmanager
async def open_clients(server: Served, sent: bytes, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Clients that have sent this, and then send nothing."""
    address = urlsplit(server.url)
    clients = [await asyncio.open_connection(address.hostname, address.port) for _ in range(count)]
    try:
        for _, writer in clients:
            writer.write(sent)
            with suppress(ConnectionError):
                await writer.drain()
        yield [reader for reader, _ in clients]
    finally:
        for _, writer in clients:
            writer.transport.abort()


async def ended(clients: list[asyncio.StreamReader]) -> int:
    """How many clients the server has disconnected."""

    async def end(reader: asyncio.StreamReader) -> bool:
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
        return True

    return sum(await asyncio.gather(*map(end, clients)))


def test_no_operation_reads_a_strangers_body_and_none_keeps_what_was_half_sent(
    server: Served, record_property: Callable[[str, object], None]
) -> None:
    async def one(free: asyncio.Semaphore, method: str, path: str, kind: str | None, chunked: bool) -> int:
        kind_line = f"\r\nContent-Type: {kind}" if kind else ""
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {OVERSIZE}"
        piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n" if chunked else b"a" * 0x10000
        async with free:
            return await ask(server, f"{method} {path} HTTP/1.1{kind_line}\r\n{length}", piece, of=OVERSIZE)

    async def sweep() -> Counter[int]:
        free = asyncio.Semaphore(16)
        ways = product(operations(server), TYPES, (False, True))
        return Counter(await asyncio.gather(*(one(free, *where, kind, chunked) for where, kind, chunked in ways)))

    async def attack() -> None:
        before = most = memory(server)
        half_head = b"POST /api/tabular/reviews HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 60_000
        head = b"POST /api/tabular/reviews HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        half_body = head + b"Content-Length: 4190000\r\n\r\n" + b" " * 4_180_000
        async with (
            open_clients(server, half_head, 200) as heads,
            open_clients(server, half_body, 40) as bodies,
            open_clients(server, b"\r\n", 20) as silent,
        ):
            sweeping = asyncio.create_task(sweep())
            while not sweeping.done():
                most = max(most, memory(server))
                await asyncio.wait([sweeping], timeout=0.1)
            assert set(sweeping.result()) == {401}, sweeping.result()
            record_property("inputs", sweeping.result().total() + 260)
            assert await ended([*heads, *bodies, *silent]) == 260
        assert most - before < MOST_GROWTH, f"{(most - before) // 1024**2} MB"

    asyncio.run(attack())
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_request_has_a_head_of_a_bounded_size(server: Served) -> None:
    long = "a" * LARGEST_HEAD
    heads = {
        f"GET /api/me HTTP/1.1\r\nX-Long: {long}": 431,
        f"GET /api/me?{long} HTTP/1.1": 431,
        "GET /api/me HTTP/1.1" + "".join(f"\r\nX-{nr}: a" for nr in range(MOST_HEADERS + 1)): 431,
        f"GET /api/me HTTP/1.1\r\nX-Long: {long[1_000:]}": 401,
        "GET /api/me HTTP/1.1" + "".join(f"\r\nX-{nr}: a" for nr in range(MOST_HEADERS - 2)): 401,
        "GET /api/me HTTP/9.9": 400,
    }
    for head, status in heads.items():
        assert asyncio.run(ask(server, head)) == status, head[:50]


def test_a_header_or_trailer_without_end_is_cut_off(server: Served) -> None:
    before = memory(server)
    address = urlsplit(server.url)
    for start in (
        "GET /api/me HTTP/1.1\r\nX-Long: ",
        "POST /api/tabular/reviews HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\n0\r\nX-Long: ",
    ):
        sent = 0
        with socket.create_connection((address.hostname or "", address.port or 0)) as client, suppress(ConnectionError):
            client.sendall(start.encode())
            while sent < 50 * 1024**2:
                client.sendall(b"a" * LARGEST_HEAD)
                sent += LARGEST_HEAD
        assert sent < 20 * 1024**2, start  # bytes that the kernel had taken before the server hung up
    assert memory(server) - before < MOST_GROWTH


@pytest.mark.parametrize("secret", [SECRET, None], ids=["sign-in", "no sign-in"])
def test_no_header_of_a_stranger_is_a_server_error(url: str, tmp_path: Path, secret: str | None) -> None:
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_JWT_SECRET=secret) as server:
        for header in ("Host: [", "Host: [::1", "Host: \x80", "Host: ", "Host: localhost:x\r\nOrigin: http://["):
            status = asyncio.run(ask(server, f"GET /api/me HTTP/1.1\r\n{header}"))
            assert status in (400, 401, 403), header


def test_a_server_error_has_an_id_and_the_security_headers_as_well(url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, COLUMNIST_DATA_DIR=tmp_path)
    database = Database(url, 1)
    process = Process(settings, database, BlobStore(settings), Reader(settings), BackEnds(settings), Exporter(""))
    app = create_app(process, Health(Probe(url), "untold"))

    @app.get("/broken/by/a/bug")
    async def broken() -> None:
        raise AssertionError

    answer = TestClient(app, "http://localhost", raise_server_exceptions=False).get("/broken/by/a/bug")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:columnist:internal-error")
    assert "x-request-id" in answer.headers
    assert {name.lower(): value for name, value in SECURITY_HEADERS.items()}.items() <= answer.headers.items()


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """The port of a server in this process, with our connections: it answers every request at once."""

    async def hello(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(hello, http=BoundedProtocol, ws="none", lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: asyncio.sleep(0, server.started))
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


async def answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await reader.readuntil(b"ok"))[:12]


def test_a_request_that_arrives_is_answered_however_many_connections_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 5)
    monkeypatch.setattr(connection, "HEAD_SECONDS", 10 * PATIENCE_SECONDS)  # none ends because it waits too long

    async def crowd() -> None:
        async with listening() as port:
            waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
            for _, writer in waiting:
                writer.write(b"GET / HTTP/1.1\r\n")
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert await answer(reader) == b"HTTP/1.1 200"
            assert await ended([reader for reader, _ in waiting[:15]]) == 15

    asyncio.run(crowd())


def test_what_waits_for_its_client_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "LINGER_SECONDS"):
        monkeypatch.setattr(connection, name, 0.05)
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\n"

    async def wait() -> None:
        async with listening() as port:
            for sent in (b"", b"\r\n", head, head + b"Content-Length: 9\r\n\r\nno", head + b"\r\n" + head):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(sent)
                assert await ended([reader]) == 1, sent

    asyncio.run(wait())


def test_a_server_that_may_open_few_files_answers_however_many_connect_at_once(url: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
    few = ["sh", "-c", 'ulimit -n 128; exec "$0" -m columnist serve --port 0', sys.executable]
    settings = environment(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_DRAIN_SECONDS=0)
    server = subprocess.Popen(few, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout and server.stderr
    address = urlsplit(wait_for_line(server.stdout, "Open").split()[1])
    crowd = []
    try:
        for _ in range(600):
            crowd.append(socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS))
        assert httpx.get(f"http://{address.netloc}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
    finally:
        for one in crowd:
            one.close()
        server.terminate()
        _, logged = server.communicate(timeout=PATIENCE_SECONDS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "out of system resource" not in logged, logged[:2_000]
    assert server.returncode == 0, logged[-2_000:]
