"""The parts of a process (database, files, reader, back ends), its worker pool, and its end."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from columnist.back_ends import BackEnds, check_models, llm_hosts, prompt_version
from columnist.cancelling import off_loop
from columnist.db.connect import Database, database_url
from columnist.db.quotas import Quotas
from columnist.documents.blobs import BlobStore
from columnist.documents.ownership import owning
from columnist.documents.reading.reader import Reader
from columnist.documents.sweep import sweeping
from columnist.errors import LlmRefusedError, SettingsError, UnaskableModelError, WorkerPoolError
from columnist.export.stream import Exporter
from columnist.guarded.children import LostError, layers
from columnist.guarded.sandbox import REQUIRED
from columnist.jobs.neighbours import Neighbours
from columnist.jobs.pool import PoolOptions, WorkerPool
from columnist.jobs.work import ItemWorker
from columnist.reviews.model import ColumnSpec, ModelInUse
from columnist.settings import Settings

log = structlog.get_logger()

LEAVE_SECONDS = 10.0
"""How long a process may take to exit after its grace time: to hand items back and close everything."""

_leaving: threading.Timer | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """The parts of a process, opened by `open_process`."""

    settings: Settings
    database: Database
    blobs: BlobStore
    reader: Reader
    back_ends: BackEnds
    exporter: Exporter

    @property
    def in_use(self) -> ModelInUse:
        """The settings' model and its prompt version."""
        settings = self.settings
        return ModelInUse(settings.model, prompt_version(settings.model), settings.measured)

    def log_receivers(self) -> None:
        """Log where text of documents goes, before any is sent."""
        hosts = llm_hosts(self.settings) if self.back_ends.askable() is None else []
        log.info("text of documents goes to", llm_servers=hosts or "none: it stays on this machine")

    @asynccontextmanager
    async def working(self) -> AsyncIterator[WorkerPool]:
        """A worker pool runs while the context lasts. Leaving it hands back unfinished items, at once if cancelled.
        Raises WorkerPoolError if the pool ends by itself."""
        settings = self.settings
        async with sweeping(self.database, self.blobs):
            worker = ItemWorker(self.database, self.reader, self.blobs, self.back_ends)
            options = PoolOptions(
                concurrency=settings.generate_concurrency,
                lease_seconds=settings.job_lease_seconds,
                max_attempts=settings.job_max_attempts,
                idle_seconds=settings.worker_idle_ms / 1000,
                grace_seconds=settings.worker_grace_seconds,
                models=self.back_ends.askable(),
            )
            neighbours = Neighbours(settings.data_dir / "pools")
            pool = WorkerPool(
                self.database,
                worker,
                options,
                self.back_ends.limits,
                self.back_ends.probe,
                self._beside(options),
                neighbours,
            )
            async with off_loop(neighbours.living(pool.id)):
                running = asyncio.create_task(pool.run())
                watcher = asyncio.current_task()
                assert watcher
                # A pool that dies ends its process: otherwise people would wait for work that is never done.
                running.add_done_callback(lambda _: pool.stopping or watcher.cancel())
                try:
                    yield pool
                except asyncio.CancelledError:
                    if running.done() and not pool.stopping and watcher.uncancel() == 0:
                        raise WorkerPoolError(
                            "The worker pool has ended unexpectedly; the log says why."
                        ) from running.exception()
                    pool.stop_now()
                    raise
                finally:
                    pool.stop()
                    await asyncio.gather(running, return_exceptions=True)

    def _beside(self, options: PoolOptions) -> Callable[[], Awaitable[None]] | None:
        """The service for the batches of the settings' server, if there is one."""
        if self.back_ends.batch_server is None:
            return None
        from columnist.jobs.batches import BatchKeeper  # it imports the SDK

        return BatchKeeper(self.database, self.back_ends, self.back_ends.batch_server, options).keep_batches


@asynccontextmanager
async def open_process(settings: Settings, connections: int = 4) -> AsyncIterator[Process]:
    """Open the settings' database, started and migrated if needed, and the rest of the process.

    `connections`: for requests; the worker pool has as many more, and two. Raises DatabaseError, or SettingsError as
    `check_sandbox` does.
    """
    await check_sandbox(settings)
    async with off_loop(database_url(settings)) as url, Database(url, connections, Quotas.of(settings)) as database:
        blobs = BlobStore(settings)
        async with (
            owning(database, blobs),
            Reader(settings) as reader,
            BackEnds(settings) as back_ends,
            Exporter(url) as exporter,
        ):
            yield Process(settings, database, blobs, reader, back_ends, exporter)


async def check_sandbox(settings: Settings) -> None:
    """Raises SettingsError if COLUMNIST_SANDBOX=require asks for layers that do not hold here."""
    if settings.sandbox != "require":
        return
    try:
        missing = REQUIRED - await layers()
    except LostError as error:
        raise SettingsError(f"COLUMNIST_SANDBOX=require, and no closed process can be started here: {error}") from None
    if missing:
        raise SettingsError(
            f"COLUMNIST_SANDBOX=require, and the sandbox lacks {', '.join(sorted(missing))} here: `columnist doctor` "
            "says more. Use another kernel or other container flags, or unset COLUMNIST_SANDBOX."
        )


async def check_askable(settings: Settings, questions: Sequence[ColumnSpec] = ()) -> None:
    """Raises UnaskableModelError if a worker of this process could not ask the settings' model these questions. Loads a
    .gguf file."""
    async with BackEnds(settings) as back_ends:
        try:
            check_models(settings, settings.model, questions)
            await back_ends.named(settings.model)
        except (LlmRefusedError, SettingsError) as error:
            raise UnaskableModelError(str(error)) from None


def leave_within(seconds: float, exit_code: int = 1) -> None:
    """End this process after `seconds`, even if it still waits for something. A later call sets another time.

    A database that hangs can block the cancelling of a statement, or the closing of a connection, for ever.
    """
    global _leaving
    if _leaving is not None:
        _leaving.cancel()
    _leaving = threading.Timer(seconds, _end, [exit_code])
    _leaving.daemon = True
    _leaving.start()


def _end(exit_code: int) -> None:
    log.error("exit without waiting any longer: something hangs")
    os._exit(exit_code)
