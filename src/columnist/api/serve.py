"""`columnist serve`: the API and the worker pool in one process, and how it leaves."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from columnist.api.app import create_app
from columnist.api.routes.health import healthz
from columnist.db.connect import Database
from columnist.errors import SettingsError
from columnist.jobs.pool import WorkerPool
from columnist.jobs.scrape import MEDIA_TYPE, exposition
from columnist.session import open_session
from columnist.settings import Settings

log = structlog.get_logger()

BACKLOG = 2048
CONNECTIONS = 10


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            log.info("serving", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are `serve`'s: the pool has to hear of them first."""
        yield


async def serve(settings: Settings, *, work: bool = True) -> None:
    """Answer requests until SIGTERM or SIGINT; with `work`, answer documents, too.

    Then: claim nothing more and turn traffic away at /readyz, still answer for `drain_seconds`, stop listening, end the
    requests that are under way, let running documents end for `worker_grace_seconds`, hand the rest back. A second
    signal skips the waiting. Raises SettingsError if the address is taken or would be open to strangers.
    """
    stopped, hurried = asyncio.Event(), asyncio.Event()
    pool: WorkerPool | None = None

    def stop() -> None:
        if stopped.is_set():
            hurried.set()
            if pool is not None:
                pool.hurry()
        stopped.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with open_session(settings, CONNECTIONS) as session:
        app = create_app(session)
        listener = _listen(settings.host, settings.port, "COLUMNIST_PORT")
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,  # longer than a proxy's, so that it is the proxy that closes
            timeout_graceful_shutdown=max(1, int(settings.worker_grace_seconds)),
            lifespan="on",
        )
        server = _Server(config)
        async with session.working() if work else nullcontext() as pool:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            stopping = asyncio.create_task(stopped.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not serving.done():
                log.info("stopping", drain_seconds=settings.drain_seconds, grace_seconds=settings.worker_grace_seconds)
                app.state.service.draining = True
                if pool is not None:
                    pool.stop()
                with suppress(TimeoutError):
                    await asyncio.wait_for(hurried.wait(), settings.drain_seconds)
                server.should_exit = True
            await serving


@asynccontextmanager
async def watched(settings: Settings, database: Database) -> AsyncIterator[None]:
    """A worker's /metrics and /healthz at COLUMNIST_METRICS_PORT while the context lasts, if that is set. Raises
    SettingsError if the address is taken."""
    if settings.metrics_port is None:
        yield
        return

    async def alive(request: Request) -> Response:
        return await healthz()

    async def metrics(request: Request) -> Response:
        return Response(await exposition(database), media_type=MEDIA_TYPE)

    app = Starlette(routes=[Route("/healthz", alive), Route("/metrics", metrics)])
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off"))
    listener = _listen(settings.host, settings.metrics_port, "COLUMNIST_METRICS_PORT")
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY; without it small answers wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} cannot be listened on ({error.strerror}): choose another {setting} or COLUMNIST_HOST."
        ) from None
    listener.listen(BACKLOG)
    return listener
