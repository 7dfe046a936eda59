"""`columnist serve`: the API and the worker pool in one process, and how it stops."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from columnist.api.app import create_app
from columnist.api.connection import MOST_ACCEPTED, BoundedProtocol
from columnist.api.health import Health
from columnist.db.connect import Database, wait_for_database
from columnist.db.probe import Probe
from columnist.documents.reading.reader import Reader
from columnist.errors import SettingsError
from columnist.guarded.children import sandbox_in_words
from columnist.jobs.metrics import MEDIA_TYPE, exposition
from columnist.jobs.pool import WorkerPool
from columnist.process import LEAVE_SECONDS, leave_within, open_process
from columnist.settings import Settings

log = structlog.get_logger()

_config = partial(
    uvicorn.Config,
    log_config=None,
    access_log=False,
    server_header=False,
    http=BoundedProtocol,
    ws="none",
    backlog=MOST_ACCEPTED,
)
"""The settings of every port."""

BACKLOG = 2048
CONNECTIONS = 10

LAST_REQUEST_SECONDS = 1.0
"""How long a request may take from a proxy to here."""


class _Server(uvicorn.Server):
    """`link_token`: the token in the printed link, for a server without sign-in."""

    def __init__(self, config: uvicorn.Config, link_token: str | None = None) -> None:
        super().__init__(config)
        self._link_token = link_token
        self._last_request_seconds = 0.0
        """How long a request may take to arrive after new connections are refused."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)  # the config's backlog is how many connections asyncio accepts at a time
            host, port = listener.getsockname()[:2]
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            if self._link_token is not None:  # printed, not logged: others may read the log
                sys.stdout.write(f"Open {url}/?token={self._link_token}\n")
                sys.stdout.flush()
            log.info("serving", url=url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening without cutting off connected clients, then shut down as uvicorn does.

        A client that the kernel has accepted and uvicorn has not would lose its connection when the socket closes. One
        that has just connected, or sends on a kept connection, would lose it before its request is read.
        """
        accepted = [client for listener in sockets or () for client in _waiting_clients(listener)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        protocol: Callable[[], asyncio.Protocol] = partial(
            self.config.http_protocol_class,  # type: ignore[call-arg]  # as uvicorn calls it
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        for client in accepted:
            await loop.connect_accepted_socket(protocol, client)
        await asyncio.sleep(self._last_request_seconds)
        await super().shutdown()

    async def stop_after(self, drained: asyncio.Event, drain_seconds: float) -> None:
        """Stop when no proxy sends requests any more: after the time, unless it is known before."""
        with suppress(TimeoutError):
            await asyncio.wait_for(drained.wait(), drain_seconds)
        if not drained.is_set():
            self._last_request_seconds = min(drain_seconds, LAST_REQUEST_SECONDS)
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`serve` handles signals: the pool must know first."""
        yield


def _api_config(app: Starlette, settings: Settings) -> uvicorn.Config:
    return _config(
        app,
        timeout_keep_alive=75,  # longer than a proxy's, so that the proxy closes first
        timeout_graceful_shutdown=max(1, int(settings.worker_grace_seconds)),
        lifespan="on",
    )


async def serve(settings: Settings, *, work: bool = True) -> None:
    """Answer requests until SIGTERM or SIGINT; with `work`, also run jobs.

    Then: claim nothing more, turn traffic away at /readyz, keep answering for `drain_seconds`, stop listening, finish
    the requests in progress, give running documents `worker_grace_seconds`, hand the rest back. SIGINT, which comes
    from a person, skips the wait for proxies; a second signal skips every wait. Even if something hangs, the process
    exits LEAVE_SECONDS after these times. Raises SettingsError if the address is taken, or if strangers could use it.
    """
    stopped, drained = asyncio.Event(), asyncio.Event()
    pool: WorkerPool | None = None

    def stop(number: int) -> None:
        if stopped.is_set():
            drained.set()
            if pool is not None:
                pool.stop_now()
            leave_within(LEAVE_SECONDS)
            return
        if number == signal.SIGINT:
            drained.set()
        stopped.set()
        leave_within(settings.drain_seconds + settings.worker_grace_seconds + LEAVE_SECONDS)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    if not await wait_for_database(settings, stopped):
        return
    # The pool has its own reader, so that people who look at a page do not wait for the pool's documents.
    async with open_process(settings, CONNECTIONS) as process, Reader(settings) as reader:
        health = Health(Probe(process.database.url), await sandbox_in_words())
        app = create_app(process, health)
        listener = _listen(settings.host, settings.port, "COLUMNIST_PORT")
        local = app.state.gate.authenticator.local
        server = _Server(_api_config(app, settings), link_token=None if local is None else local.token)
        if work:
            process.log_receivers()
        async with replace(process, reader=reader).working() if work else nullcontext() as pool:
            health.pool = pool
            gc.freeze()  # or a full collection, every few seconds of a busy run, stops everything for 100 ms
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            stopping = asyncio.create_task(stopped.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not serving.done():
                log.info("stopping", drain_seconds=settings.drain_seconds, grace_seconds=settings.worker_grace_seconds)
                health.draining = True
                if pool is not None:
                    pool.stop()
                await server.stop_after(drained, settings.drain_seconds)
            await serving
        health.probe.close()


@asynccontextmanager
async def watched(settings: Settings, database: Database) -> AsyncIterator[Health]:
    """Serve a worker's /metrics, /healthz and /readyz at COLUMNIST_METRICS_PORT while the context lasts, if it is set.
    They report the Health that is yielded. Raises SettingsError if the address is taken."""
    health = Health(Probe(database.url), await sandbox_in_words())
    if settings.metrics_port is None:
        yield health
        return

    async def alive(request: Request) -> Response:
        return health.alive()

    async def ready(request: Request) -> Response:
        return await health.ready()

    async def metrics(request: Request) -> Response:
        return Response(await exposition(database), media_type=MEDIA_TYPE)

    app = Starlette(routes=[Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", metrics)])
    server = _Server(_config(app, lifespan="off"))
    listener = _listen(settings.host, settings.metrics_port, "COLUMNIST_METRICS_PORT")
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield health
    finally:
        server.should_exit = True
        await serving
        health.probe.close()


def _waiting_clients(listener: socket.socket) -> list[socket.socket]:
    """The connections that the kernel has made and uvicorn has not accepted yet."""
    clients = []
    with suppress(BlockingIOError):
        while True:
            client, _ = listener.accept()
            client.setblocking(False)
            clients.append(client)
    return clients


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY; without it small answers wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host}:{port} ({error.strerror}): choose another {setting} or COLUMNIST_HOST."
        ) from None
    listener.listen(BACKLOG)
    return listener
