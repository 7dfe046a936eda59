"""The desk over this process's database: all acts of a user that take more than one statement."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

from columnist.back_ends import check_models, prompt_version
from columnist.db.connect import LOCAL_USER, Connection, User
from columnist.desk.editing import typed_edit
from columnist.desk.estimate import JobEstimate, priced
from columnist.desk.files import Source
from columnist.desk.grid import Desk, Grid, ReviewName
from columnist.desk.intake import TOGETHER, TOGETHER_BYTES, TakenIn, is_document, results, stored
from columnist.desk.suggestion import Allowance, Suggestion, most_dollars, suggested
from columnist.documents.intake import Refused, attachments
from columnist.documents.store import StoredFile, add_documents
from columnist.documents.sweep import note_arrival
from columnist.errors import ConflictError, InputError
from columnist.jobs import job as jobs
from columnist.jobs.ask import Ask, Only, to_ask
from columnist.jobs.estimate import Unanswered, estimate_job, unanswered_cells
from columnist.jobs.job import Generated, Progress
from columnist.jobs.pool import WorkerPool
from columnist.llm.usage import Prices
from columnist.process import Process, open_process
from columnist.reviews import events
from columnist.reviews.cells import CellKey, Edit, Seen, change_cell, get_cell, restore_cell
from columnist.reviews.model import Column, ColumnSpec, Failure, Flag, Format, FullCell, GridRow
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
from columnist.settings import EXTRACTIVE, Settings, models_in


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator["LocalDesk"]:
    """The local user's desk over the settings' database. Raises DatabaseError."""
    async with open_process(settings) as process:
        yield LocalDesk(process, LOCAL_USER)


class LocalDesk(Desk):
    """Acts as `user`. Each act is one transaction, or several if it takes long; with a `connection`, all acts belong to
    its open transaction."""

    def __init__(self, process: Process, user: User, connection: Connection | None = None) -> None:
        self._process = process
        self._user = user
        self._connection = connection
        self._pool: WorkerPool | None = None

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[Connection]:
        if self._connection is not None:
            yield self._connection
            return
        async with self._process.database.act_as(self._user) as connection:
            yield connection

    # ── Taking in ────────────────────────────────────────────────────────────────────────────────────────────────

    async def take_in(
        self,
        files: AsyncIterable[StoredFile | Refused],
        review_id: UUID | None = None,
        taken: Callable[[int], None] = lambda count: None,
    ) -> list[TakenIn]:
        """Write the documents of files that are in the file store, and of the attachments of e-mails; add them to a
        review. Returns the outcome for each file, in order; `taken` gets the number of files so far.

        If `files` raises, or this is cancelled, the documents of the files before that are written.
        """
        note = partial(note_arrival, self._process.database, self._user)
        done: list[TakenIn] = []
        batch: list[list[StoredFile | Refused]] = []
        size = 0
        try:
            async for file in files:
                attached: list[StoredFile | Refused] = []
                if isinstance(file, StoredFile):
                    attached = await attachments(self._process.reader, self._process.blobs, note, file, self._user.id)
                batch.append([file, *attached])
                size += sum(one.size_bytes for one in batch[-1] if isinstance(one, StoredFile))
                if len(batch) == TOGETHER or size >= TOGETHER_BYTES:
                    done += await self._register(batch, review_id)
                    batch, size = [], 0
                    taken(len(done))
        finally:
            done += await self._register(batch, review_id)
        taken(len(done))
        return done

    async def _register(self, batch: Sequence[list[StoredFile | Refused]], review_id: UUID | None) -> list[TakenIn]:
        files = [one for files in batch for one in files if is_document(one)]
        if not files:
            return results(batch, [])
        async with self._acting() as connection:
            registered = await add_documents(connection, self._user, files)
            if review_id is not None:
                await put_documents(connection, review_id, [one.id for one in registered])
        return results(batch, registered)

    async def prepare(
        self,
        review: ReviewName,
        files: Sequence[Source],
        columns: Sequence[ColumnSpec],
        taken: Callable[[int], None] = lambda count: None,
    ) -> Grid:
        self._process.reader.warm()  # the files are read next
        async with self._acting() as connection:
            review_id = None
            if review.earlier is not None:
                names = [source.path.rpartition("/")[2] for source in files]
                review_id = await find_review(connection, self._user, review.name, review.earlier, columns, names)
            if review_id is None:
                review_id = await open_review(connection, self._user, review.name)
            column_ids = await put_columns(connection, review_id, columns)
            versions = {column.id: column.version for column in await list_columns(connection, review_id)}
            name = (await get_review(connection, review_id)).name
        copied = stored(files, self._process.blobs, partial(note_arrival, self._process.database, self._user))
        refused: dict[Path, str] = {}
        document_ids: dict[UUID, None] = {}
        for source, top in zip(files, await self.take_in(copied, review_id, taken), strict=True):
            for one in (top, *top.attachments):
                if one.document is not None:
                    document_ids[one.document.id] = None
                elif isinstance(one.file, Refused):
                    refused[source.file if one is top else source.file.parent / one.file.name] = one.file.error
        asked = list(zip(column_ids, columns, strict=True))
        return Grid(review_id, name, asked, {one: versions[one] for one in column_ids}, list(document_ids), refused)

    # ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    def asking(
        self,
        review_id: UUID,
        model: str | None = None,
        only: Sequence[Only] | None = None,
        column_ids: Sequence[UUID] | None = None,
        document_ids: Sequence[UUID] | None = None,
        budget: Decimal | None = None,
        *,
        batch: bool = False,
    ) -> Ask:
        """The request of a user. `model` None: the settings' model. Raises InputError for one that the settings do not
        offer: a user can neither spend an account on any model, nor name a file of this machine; or for a `batch` of a
        model that no provider serves."""
        settings = self._process.settings
        asked = model or settings.model
        if asked not in settings.offered:
            names = ", ".join(map(repr, settings.offered))
            raise InputError(
                f"This server can ask {names}, not {asked!r}: its operator lists models in COLUMNIST_MODELS.", "model"
            )
        if batch and (asked == EXTRACTIVE or models_in(asked)[-1].endswith(".gguf")):
            raise InputError("Batches are an LLM provider's: name a model of one, or ask without them.", "batch")
        states, prices = to_ask(only, model), Prices.of(settings, asked, batch=batch)
        return Ask(review_id, asked, prompt_version(asked), states, column_ids, document_ids, budget, prices, batch)

    async def ask(self, ask: Ask) -> Generated:
        """Start a job, or let the review's live job grow. A job that was paused because its model refused goes on: the
        user has repaired the cause, or learns that it is still there. Raises as `create_job` does, and SettingsError if
        a question is to be read by another model and there is none."""
        async with self._acting() as connection:
            await self._check_models(connection, ask)
            generated = await jobs.create_job(connection, self._user.id, ask)
            if generated.pause_reason and await jobs.resume_refused(connection, generated.job_id):
                generated = replace(generated, pause_reason=None)
            return generated

    async def _check_models(self, connection: Connection, ask: Ask) -> None:
        columns = await list_columns(connection, ask.review_id)
        asked = [one for one in columns if ask.column_ids is None or one.id in ask.column_ids]
        check_models(self._process.settings, ask.model, asked)

    async def estimate(self, ask: Ask) -> JobEstimate:
        """What `ask` would ask now, and what that may cost. Raises SettingsError as `ask` does."""
        contexts = await self._process.back_ends.contexts(ask.model)
        async with self._acting() as connection:
            await self._check_models(connection, ask)
            return priced(await estimate_job(connection, ask, self._process.settings, contexts), ask)

    async def still_unanswered(self, ask: Ask) -> Unanswered:
        """What `ask` would ask now, without failed cells."""
        async with self._acting() as connection:
            return await unanswered_cells(connection, ask)

    async def generate(self, grid: Grid, model: str | None = None, *, batch: bool = False) -> Generated:
        generated = await self.ask(self._all_of(grid, model, batch=batch))
        if self._pool is not None:
            self._pool.serve_first(generated.job_id)
        return generated

    async def unanswered(self, grid: Grid, model: str | None = None) -> Unanswered:
        return await self.still_unanswered(self._all_of(grid, model))

    def _all_of(self, grid: Grid, model: str | None, *, batch: bool = False) -> Ask:
        return self.asking(grid.review_id, model, None, grid.column_ids, grid.document_ids, batch=batch)

    async def suggest(self, title: str, form: Format | None) -> Suggestion:
        """A question for a column's title. Raises as `suggested` does, and TooManyRequestsError."""
        settings, database = self._process.settings, self._process.database
        allowance = Allowance(database, self._user, most_dollars(Prices.of(settings), title))
        turns = self._process.back_ends.suggesting
        await turns.take(self._user.id)
        try:
            return await suggested(self._process.back_ends, settings.model, title, form, allowance)
        finally:
            turns.give_back(self._user.id)

    # ── Jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def grace_seconds(self) -> float:
        return self._process.settings.worker_grace_seconds

    @property
    def what_stays(self) -> str:
        return (
            f"The job keeps running: documents in progress have {self.grace_seconds:g} seconds to finish (Ctrl-C "
            "again: none), workers on this database take the rest, and the same command resumes it."
        )

    @property
    def who_works(self) -> str:
        return "A running worker takes it at once. To start one: columnist worker"

    @asynccontextmanager
    async def working(self) -> AsyncIterator[WorkerPool]:
        async with self._process.working() as pool:
            self._pool = pool
            yield pool

    async def progress(self, job_id: UUID) -> Progress:
        async with self._acting() as connection:
            return await jobs.job_progress(connection, job_id)

    async def watch(self, job_id: UUID) -> AsyncIterator[Progress]:
        while True:
            progress = await self.progress(job_id)
            yield progress
            if not progress.is_live or progress.stands:
                return
            await asyncio.sleep(self._process.settings.poll_ms / 1000)

    async def list_jobs(self, limit: int) -> list[Progress]:
        async with self._acting() as connection:
            return await jobs.list_jobs(connection, limit)

    async def cancel(self, job_id: UUID) -> bool:
        async with self._acting() as connection:
            return await jobs.cancel_job(connection, job_id)

    async def resume(self, job_id: UUID, budget: Decimal | None) -> bool:
        async with self._acting() as connection:
            return await jobs.resume_job(connection, job_id, budget)

    async def retry(self, job_id: UUID) -> Generated:
        async with self._acting() as connection:
            job = await jobs.job_progress(connection, job_id)
            settings = self._process.settings
            prices = Prices.of(settings, job.model if job.model in settings.offered else None, batch=job.batch)
            if job.budget is not None and not prices:
                raise InputError(
                    f"The job has a budget of ${job.budget:,.2f}, and no prices are set here: set "
                    "COLUMNIST_PRICE_PROMPT and COLUMNIST_PRICE_COMPLETION, or start a new run without a budget.",
                    "budget",
                )
            return await jobs.retry_job(connection, job, self._user.id, prompt_version(job.model), prices)

    async def job_failures(self, job_id: UUID) -> list[Failure]:
        async with self._acting() as connection:
            job = await jobs.job_progress(connection, job_id)
            return await failed_cells(connection, job.review_id, job_id)

    # ── The grid ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def columns(self, review_id: UUID) -> list[Column]:
        async with self._acting() as connection:
            return await list_columns(connection, review_id)

    async def note_export(self, grid: Grid, suffix: str) -> None:
        async with self._acting() as connection:
            await events.note_export(connection, grid.review_id, suffix)

    async def failures(self, grid: Grid) -> list[Failure]:
        async with self._acting() as connection:
            return await failed_cells(connection, grid.review_id, None, grid.column_ids, grid.document_ids)

    async def rows(self, grid: Grid) -> AsyncIterator[GridRow]:
        in_use = self._process.in_use
        async with self._acting() as connection:
            async for row in grid_rows(connection, grid.review_id, grid.column_ids, grid.document_ids, in_use):
                yield grid.answers(row)

    # ── One cell ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def cell(self, key: CellKey) -> FullCell:
        """The cell with reasoning, quotes and rectangles. Raises NotFoundError, as do all acts on a cell."""
        async with self._acting() as connection:
            return await get_cell(connection, key, self._process.in_use)

    async def edit(
        self,
        key: CellKey,
        summary: str | None = None,
        flag: Flag | None = None,
        reasoning: str | None = None,
        seen: Seen | None = None,
    ) -> FullCell:
        """Replace the answer by hand; None keeps a field. The summary is typed by the column's format, and its
        rules flag it unless a `flag` is given; without a value it is yellow, and the reasoning says why. Raises
        ConflictError if the cell is not as it was `seen`, or if there is no answer that a flag or reasoning could
        belong to."""
        async with self._acting() as connection:
            edit = Edit(flag=flag, reasoning=reasoning)
            if summary is not None:
                edit = await typed_edit(connection, key, summary, flag, reasoning)
            await change_cell(connection, key, "edit", edit, seen)
        return await self.cell(key)

    async def verify(self, key: CellKey, seen: Seen | None = None, *, verified: bool = True) -> FullCell:
        """Note that the user has checked the evidence and agrees, or take that back. Raises ConflictError as `edit`
        does."""
        async with self._acting() as connection:
            await get_cell(connection, key)
            await change_cell(connection, key, "verify" if verified else "unverify", seen=seen)
        return await self.cell(key)

    async def clear(self, key: CellKey) -> None:
        """Empty the cell: later runs ask it as a missing one. Its history keeps the answer."""
        async with self._acting() as connection:
            await get_cell(connection, key)
            await change_cell(connection, key, "clear")

    async def restore(self, key: CellKey) -> FullCell:
        """Restore the cleared answer with its evidence. Raises ConflictError if there is another answer by now."""
        async with self._acting() as connection:
            await get_cell(connection, key)
            await restore_cell(connection, key)
        return await self.cell(key)

    async def ask_again(self, key: CellKey) -> Generated:
        """Ask this one cell again, edited and verified or not, as a job. Its answer stays until a good one comes; if a
        person changes it meanwhile, their answer stays. Raises ConflictError while another job runs over the review."""
        async with self._acting() as connection:
            await get_cell(connection, key)
            ask = self.asking(key.review_id, None, None, [key.column_id], [key.document_id])
            await self._check_models(connection, ask)
            generated = await jobs.create_job(connection, self._user.id, replace(ask, only=("again",)))
            if generated.resumed:
                raise ConflictError(
                    "A job is running over this review: wait until it ends, or cancel it, to ask a cell again."
                )
            await change_cell(connection, key, "regenerate", job_id=generated.job_id)
            return generated
