"""A review to run jobs over, made by the product's own functions."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from columnist.back_ends import prompt_version
from columnist.db.connect import LOCAL_USER, Connection, Database
from columnist.documents.blobs import BlobStore
from columnist.documents.store import StoredFile, add_documents
from columnist.jobs.ask import INCOMPLETE, Ask, Only
from columnist.jobs.feed import changed_cells
from columnist.jobs.items import CellWrite, LoadedItem
from columnist.jobs.job import Generated, Progress, create_job, job_progress
from columnist.jobs.pool import PoolOptions, Work, WorkerPool
from columnist.llm.usage import Usage
from columnist.reviews.model import CellContent, ColumnSpec
from columnist.reviews.store import open_review, put_columns, put_documents
from columnist.settings import Settings
from tests.files import put
from tests.patience import PATIENCE_SECONDS, pause

MODEL, PROMPT_VERSION = "test-model", "test-1"
QUESTIONS = 4
"""The model of `a_job`."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review with `documents` and `columns`."""

    id: UUID
    documents: list[UUID]
    columns: list[UUID]


async def a_review(database: Database, documents: int, columns: int = 1, name: str = "Review") -> Review:
    """A review of documents with names and hashes, but without bytes."""
    files = [
        StoredFile(f"{name} {nr}.txt", hashlib.sha256(f"{name} {nr}".encode()).hexdigest(), 1)
        for nr in range(documents)
    ]
    async with database.act_as(LOCAL_USER) as connection:
        review_id = await open_review(connection, LOCAL_USER, name)
        column_ids = await put_columns(
            connection, review_id, [ColumnSpec(f"Column {nr}", f"Question {nr}?") for nr in range(columns)]
        )
        document_ids = [one.id for one in await add_documents(connection, LOCAL_USER, files)]
        await put_documents(connection, review_id, document_ids)
    return Review(review_id, document_ids, column_ids)


async def generate(database: Database, review: Review, *only: Only, model: str = MODEL) -> Generated:
    """A job over the review."""
    async with database.act_as(LOCAL_USER) as connection:
        return await create_job(connection, LOCAL_USER.id, Ask(review.id, model, PROMPT_VERSION, only or INCOMPLETE))


async def progress_of(database: Database, job_id: UUID) -> Progress:
    """The job's status."""
    async with database.act_as(LOCAL_USER) as connection:
        return await job_progress(connection, job_id)


def options(
    concurrency: int = 10, lease_seconds: float = 60, max_attempts: int = 3, grace_seconds: float = 5
) -> PoolOptions:
    """Pool options with times that a test can wait for."""
    return PoolOptions(concurrency, lease_seconds, max_attempts, idle_seconds=0.1, grace_seconds=grace_seconds)


def an_answer(column_id: UUID, summary: str, version: int = 1) -> CellWrite:
    """A cell for `write_cells`."""
    content = CellContent(summary, summary, "text", "green", None, "", ())
    return CellWrite(column_id, version, content, usage=Usage(3, 2, 1))


def answers_to(loaded: LoadedItem, summary: str) -> list[CellWrite]:
    """An answer to every question that an item still must ask."""
    return [an_answer(one.question.id, summary, one.version) for one in loaded.columns]


def a_job(url: str, home: Path, files: Path, model: str = "simulated") -> Generated:
    """A job over real files, as `columnist run` makes it, without a worker."""
    blobs = BlobStore(Settings(COLUMNIST_DATA_DIR=home))
    stored = [StoredFile(file.name, *put(blobs, file)) for file in sorted(files.iterdir())]

    async def make() -> Generated:
        async with Database(url) as database, database.act_as(LOCAL_USER) as connection:
            review_id = await open_review(connection, LOCAL_USER, "Review")
            questions = [ColumnSpec(f"Question {nr}", f"What about {nr}?") for nr in range(QUESTIONS)]
            await put_columns(connection, review_id, questions)
            documents = await add_documents(connection, LOCAL_USER, stored)
            await put_documents(connection, review_id, [one.id for one in documents])
            return await create_job(connection, LOCAL_USER.id, Ask(review_id, model, prompt_version(model)))

    return asyncio.run(make())


class Watcher:
    """A connection to the database that bypasses every access rule."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("columnist@", "postgres@"), autocommit=True)

    def one(self, query: str) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        assert row
        return row

    def until(self, query: str, expected: tuple[object, ...], seconds: float = PATIENCE_SECONDS) -> None:
        begin = time.monotonic()
        while (found := self.one(query)) != expected:
            assert time.monotonic() < begin + seconds, f"{query}: {found}, not {expected} after {seconds} seconds"
            time.sleep(pause(begin))


@asynccontextmanager
async def pool_of(
    database: Database,
    work: Work,
    pool_options: PoolOptions | None = None,
    **services: Any,
) -> AsyncIterator[WorkerPool]:
    """A pool that runs while the context lasts."""
    pool = WorkerPool(database, work, pool_options or options(), **services)
    running = asyncio.create_task(pool.run())
    try:
        yield pool
    finally:
        pool.stop()
        await running


async def until_ended(database: Database, generated: Generated) -> Progress:
    """The progress of a job that has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (progress := await progress_of(database, generated.job_id)).is_live:
            await asyncio.sleep(0.02)
    return progress


async def read_all(
    connection: Connection, review: Review, cursor: str | None, limit: int
) -> tuple[dict[str, str], str]:
    """Read the feed to its present end: column id → summary."""
    seen: dict[str, str] = {}
    while True:
        page = await changed_cells(connection, review.id, cursor, limit=limit)
        seen |= {str(cell["column_id"]): cell["summary"] for cell in page.cells}
        cursor = page.cursor
        if not page.more:
            return seen, cursor


async def put_cell(connection: Connection, review: Review, nr: int, summary: str) -> None:
    await connection.execute(
        "insert into tabular_cells (review_id, document_id, column_id, status, summary, column_version, changed_xid) "
        "values (%s, %s, %s, 'done', %s, 1, '0') "
        "on conflict (review_id, document_id, column_id) do update set summary = excluded.summary",
        [review.id, review.documents[0], review.columns[nr], summary],
    )
