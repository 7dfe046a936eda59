"""The main job in one process: take files in, ask the questions, wait, hand the grid out."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

from columnist.back_ends import BackEnds, prompt_version
from columnist.cancelling import off_loop
from columnist.db.connect import LOCAL_USER, Database, database_url
from columnist.documents.blobs import BlobStore
from columnist.documents.intake import Refused, attachments, shown_path, told_apart
from columnist.documents.ownership import owning
from columnist.documents.reading.formats import SUFFIXES, is_mail
from columnist.documents.reading.reader import Reader
from columnist.documents.store import StoredFile, add_documents
from columnist.documents.sweep import Note, note_loose, sweeping
from columnist.errors import (
    ConflictError,
    InputError,
    JobEndingError,
    LlmRefusedError,
    SettingsError,
    UnaskableModelError,
    WorkerPoolError,
)
from columnist.jobs import job as store
from columnist.jobs.ask import Ask, to_ask
from columnist.jobs.estimate import Unanswered, unanswered_cells
from columnist.jobs.job import Generated, Progress
from columnist.jobs.pool import PoolOptions, WorkerPool
from columnist.jobs.work import ItemWorker
from columnist.llm.usage import Prices
from columnist.reviews.model import Column, ColumnSpec, Failure, GridRow, ModelInUse
from columnist.reviews.store import (
    failed_cells,
    find_review,
    get_review,
    grid_rows,
    list_columns,
    open_review,
    put_columns,
    put_documents,
)
from columnist.settings import Settings

INGEST_BATCH = 100
CLAIMABLE_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """A file to take in. `path`: where it stands in the folder that was named, or in the one that the files which were
    named have in common: "01 Corporate/lease.txt". No two files of a run have the same."""

    file: Path
    path: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a run, sorted; `passed_over` are those of its folders that are of no readable type."""

    files: list[Source]
    passed_over: list[Path]


@dataclass(frozen=True, slots=True)
class ReviewName:
    """The name of the review that a run fills. A review of the name `earlier` stands in for one that there is not, if
    it asks the same questions of some of the same files."""

    name: str
    earlier: str | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """What a run asks: a review, and the documents and columns of it that were named."""

    review_id: UUID
    review_name: str
    columns: list[tuple[UUID, ColumnSpec]]
    versions: dict[UUID, int]
    """Of the columns, as they were put: an answer to a later one is an answer to somebody else's question."""
    document_ids: list[UUID]
    refused: dict[Path, str]
    """Files that were not taken in, and why; those attached to an e-mail as "mail.eml / file.pdf"."""

    def changed(self, columns: Iterable[Column]) -> list[str]:
        """The names of its questions that are not among a review's columns as they were put."""
        there = {column.id: column.version for column in columns}
        return [spec.name for column_id, spec in self.columns if there.get(column_id) != self.versions[column_id]]

    def answers(self, row: GridRow) -> GridRow:
        """The row without answers to other questions than the grid's."""
        cells = {}
        for column_id, cell in row.cells.items():
            asked, answered = self.versions[column_id], cell.column_version
            if answered is None or answered == asked:
                cells[column_id] = replace(cell, stale=cell.stale and answered is None)
            elif answered < asked:
                cells[column_id] = cell
        return replace(row, cells=cells)


def find_files(paths: Iterable[Path]) -> Sources:
    """The files to take in. Raises InputError if there are none.

    Folders are searched through for readable types, hidden files left out; a file that is named itself is always taken.
    """
    paths = list(paths)
    together = _in_common([path for path in paths if not path.is_dir()])
    files: dict[Path, Path] = {}  # and the folder that each stands in
    passed_over: list[Path] = []
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
                if hidden or not file.is_file():
                    continue
                if file.suffix.lower() in SUFFIXES:
                    files.setdefault(file, path)
                else:
                    passed_over.append(file)
        elif path.is_file():
            files.setdefault(path, together)
        else:
            raise InputError(f"{path} does not exist.")
    if not files:
        raise InputError(f"There is no file to read: folders are searched for {', '.join(SUFFIXES)}.")
    return Sources(_told_apart(files), passed_over)


def _in_common(files: Iterable[Path]) -> Path:
    folders = [file.absolute().parent for file in files]
    return Path(os.path.commonpath(folders)) if folders else Path()


def _told_apart(files: Mapping[Path, Path]) -> list[Source]:
    """Each file with its path in its folder; where two would have the same, in the folder that all have in common."""

    def path_in(folder: Path, file: Path) -> str:
        return shown_path(file.absolute().relative_to(folder.absolute()))

    paths = {file: path_in(folder, file) for file, folder in files.items()}
    times = Counter(paths.values())
    together = _in_common(files)
    sources: dict[str, Source] = {}
    for file, path in paths.items():
        own = told_apart(path if times[path] == 1 else path_in(together, file), sources)
        sources[own] = Source(file, own)
    return list(sources.values())


@asynccontextmanager
async def open_session(settings: Settings, connections: int = 4) -> AsyncIterator["Session"]:
    """A session over the settings' database, which is started and migrated if need be, with so many connections for
    requests and as many for workers. Raises DatabaseError."""
    async with off_loop(database_url(settings)) as url, Database(url, connections) as database:
        session = Session(settings, database)
        async with owning(database, session.blobs):
            yield session


class Session:
    """Acts as the local user; owns the worker pool of its process while `working()`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.blobs = BlobStore(settings)

    @property
    def grace_seconds(self) -> float:
        """How long running documents may go on when the session is left."""
        return self.settings.worker_grace_seconds

    @property
    def what_stays(self) -> str:
        """What becomes of a job that nobody watches any more."""
        return (
            f"The job stays. Documents under way get up to {self.settings.worker_grace_seconds:g} seconds to end "
            "(Ctrl-C: none), what is left is handed back: other workers on this database go on with it, and the same "
            "command resumes it."
        )

    async def prepare(
        self,
        review: ReviewName,
        files: Sequence[Source],
        columns: Sequence[ColumnSpec],
        taken: Callable[[int], None] = lambda count: None,
    ) -> Grid:
        """Take the files in and put documents and columns into the review of that name; `taken` hears of progress.

        Files that were taken in before are the same documents, columns of the same name and text the same columns.
        What is attached to an e-mail is a document beside it.
        """
        user = LOCAL_USER
        async with self.database.act_as(user) as connection:
            review_id = None
            if review.earlier is not None:
                names = [source.path.rpartition("/")[2] for source in files]
                review_id = await find_review(connection, user, review.name, review.earlier, columns, names)
            if review_id is None:
                review_id = await open_review(connection, user, review.name)
            column_ids = await put_columns(connection, review_id, columns)
            there = {column.id: column.version for column in await list_columns(connection, review_id)}
            name = (await get_review(connection, review_id)).name
        refused: dict[Path, str] = {}
        document_ids: list[UUID] = []
        note = partial(note_loose, self.database)
        async with Reader(self.settings) as reader:
            for start in range(0, len(files), INGEST_BATCH):
                stored: list[StoredFile] = []
                for source in files[start : start + INGEST_BATCH]:
                    try:
                        taken_in = await self._take_in(source, note)
                    except (InputError, OSError) as error:
                        refused[source.file] = str(error)
                        continue
                    stored.append(taken_in)
                    for one in await attachments(reader, self.blobs, note, taken_in):
                        if isinstance(one, Refused):
                            refused[source.file.parent / one.name] = one.error
                        else:
                            stored.append(one)
                async with self.database.act_as(user) as connection:
                    batch = [document.id for document in await add_documents(connection, user, stored)]
                    await put_documents(connection, review_id, batch)
                document_ids += batch
                taken(min(start + INGEST_BATCH, len(files)))
        columns_with_ids = list(zip(column_ids, columns, strict=True))
        versions = {column_id: there[column_id] for column_id in column_ids}
        return Grid(review_id, name, columns_with_ids, versions, list(dict.fromkeys(document_ids)), refused)

    async def _take_in(self, source: Source, note: Note) -> StoredFile:
        name = source.path.rpartition("/")[2]
        async with off_loop(self.blobs.receiving(name)) as incoming:
            await asyncio.to_thread(incoming.copy, source.file)
            mail = await asyncio.to_thread(_is_mail, source.file)
            await note(incoming.sha256)
        return StoredFile(name, incoming.sha256, incoming.size, mail, source.path)

    async def generate(self, grid: Grid, named: str | None = None) -> Generated:
        """Ask whatever of the grid has no current answer; the review's live job takes it up if there is one. `named`:
        the settings' model, if the user named it for this run. Raises ConflictError if a question was changed."""
        while True:
            if changed := await self.changed_columns(grid):
                raise ConflictError(changed_sentence(grid, changed))
            try:
                async with self.database.act_as(LOCAL_USER) as connection:
                    generated = await store.create_job(connection, LOCAL_USER.id, self._ask(grid, named))
                    # Whoever asks again has mended the key, or will hear that it is refused.
                    if generated.pause_reason and await store.resume_refused(connection, generated.job_id):
                        generated = replace(generated, pause_reason=None)
                    return generated
            except JobEndingError:
                await asyncio.sleep(CLAIMABLE_AGAIN_SECONDS)

    async def unanswered(self, grid: Grid, named: str | None = None) -> Unanswered:
        """What of the grid has neither a current answer nor a failure that says why."""
        async with self.database.act_as(LOCAL_USER) as connection:
            return await unanswered_cells(connection, self._ask(grid, named))

    def _ask(self, grid: Grid, named: str | None) -> Ask:
        model = self.settings.model
        return Ask(
            grid.review_id,
            model,
            prompt_version(model),
            to_ask(None, named),
            [column_id for column_id, _ in grid.columns],
            grid.document_ids,
            prices=Prices.of(self.settings),
        )

    async def changed_columns(self, grid: Grid) -> list[str]:
        """The names of the grid's questions that somebody has changed or removed since it was prepared."""
        async with self.database.act_as(LOCAL_USER) as connection:
            return grid.changed(await list_columns(connection, grid.review_id))

    async def watch(self, job_id: UUID) -> AsyncIterator[Progress]:
        """The job's status, every poll interval, until it has ended or stands paused."""
        while True:
            progress = await self.progress(job_id)
            yield progress
            if not progress.is_live or progress.stands:
                return
            await asyncio.sleep(self.settings.poll_ms / 1000)

    async def progress(self, job_id: UUID) -> Progress:
        """The job's status. Raises NotFoundError."""
        async with self.database.act_as(LOCAL_USER) as connection:
            return await store.job_progress(connection, job_id)

    async def list_jobs(self, limit: int) -> list[Progress]:
        """The newest jobs, newest first."""
        async with self.database.act_as(LOCAL_USER) as connection:
            return await store.list_jobs(connection, limit)

    async def cancel(self, job_id: UUID) -> bool:
        """Cancel a job; False if it has ended already."""
        async with self.database.act_as(LOCAL_USER) as connection:
            return await store.cancel_job(connection, job_id)

    async def resume(self, job_id: UUID, budget: Decimal | None) -> bool:
        """Let a paused job go on, with another budget or none; False if it is not paused."""
        async with self.database.act_as(LOCAL_USER) as connection:
            return await store.resume_job(connection, job_id, budget)

    async def retry(self, job_id: UUID) -> Generated:
        """Ask the failed and missing cells of a job again, as a new job (or by its review's live one)."""
        job = await self.progress(job_id)
        async with self.database.act_as(LOCAL_USER) as connection:
            return await store.retry_job(
                connection, job, LOCAL_USER.id, prompt_version(job.model), Prices.of(self.settings)
            )

    async def job_failures(self, job_id: UUID) -> list[Failure]:
        """What failed in a job."""
        job = await self.progress(job_id)
        async with self.database.act_as(LOCAL_USER) as connection:
            return await failed_cells(connection, job.review_id, job_id)

    async def failures(self, grid: Grid) -> list[Failure]:
        """What of the grid has failed, whichever job tried it last."""
        column_ids = [column_id for column_id, _ in grid.columns]
        async with self.database.act_as(LOCAL_USER) as connection:
            return await failed_cells(connection, grid.review_id, None, column_ids, grid.document_ids)

    async def rows(self, grid: Grid) -> AsyncIterator[GridRow]:
        """The grid's rows with their contents; of answers to other questions than the grid's nothing."""
        async with self.database.act_as(LOCAL_USER) as connection:
            column_ids = [column_id for column_id, _ in grid.columns]
            in_use = ModelInUse(self.settings.model, prompt_version(self.settings.model))
            async for row in grid_rows(connection, grid.review_id, column_ids, grid.document_ids, in_use):
                yield grid.answers(row)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[WorkerPool]:
        """A worker pool runs while the context lasts; leaving it hands back what is not done, at once if cancelled."""
        settings = self.settings
        async with (
            sweeping(self.database, self.blobs),
            Reader(settings) as reader,
            BackEnds(settings) as back_ends,
        ):
            worker = ItemWorker(self.database, reader, self.blobs, back_ends)
            options = PoolOptions(
                concurrency=settings.generate_concurrency,
                lease_seconds=settings.job_lease_seconds,
                max_attempts=settings.job_max_attempts,
                idle_seconds=settings.worker_idle_ms / 1000,
                grace_seconds=settings.worker_grace_seconds,
                models=back_ends.askable(),
            )
            pool = WorkerPool(self.database, worker, options, back_ends.limits, back_ends.probe)
            running = asyncio.create_task(pool.run())
            watcher = asyncio.current_task()
            assert watcher
            # A pool that dies takes its process with it: nobody is to wait for work that nobody does.
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


def changed_sentence(grid: Grid, changed: Sequence[str]) -> str:
    """That somebody asks other questions in the same review."""
    names = ", ".join(repr(name) for name in changed[:3]) + (", …" if len(changed) > 3 else "")
    return (
        f"Somebody has changed {'the question' if len(changed) == 1 else 'the questions'} {names} in the review "
        f"{grid.review_name!r} since this run began: give the run a review of its own by naming another."
    )


async def check_askable(settings: Settings) -> None:
    """Raises UnaskableModelError if no worker of this process could ask the settings' model; a .gguf file is loaded."""
    async with BackEnds(settings) as back_ends:
        try:
            await back_ends.named(settings.model)
        except (LlmRefusedError, SettingsError) as error:
            raise UnaskableModelError(str(error)) from None


def _is_mail(file: Path) -> bool:
    with file.open("rb") as opened:
        return is_mail(opened, file.name)
