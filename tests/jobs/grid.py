"""A review to run jobs over, made through the same functions as the product's."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from columnist.db.connect import LOCAL_USER, Database
from columnist.documents.store import StoredFile, add_documents
from columnist.jobs.pool import PoolOptions
from columnist.jobs.store import INCOMPLETE, Generated, Only, Progress, create_job, job_progress
from columnist.reviews.model import ColumnSpec
from columnist.reviews.store import open_review, put_columns, put_documents

MODEL, PROMPT_VERSION = "test-model", "test-1"


@dataclass(frozen=True, slots=True)
class Review:
    """A review with `documents` and `columns`."""

    id: UUID
    documents: list[UUID]
    columns: list[UUID]


async def a_review(database: Database, documents: int, columns: int = 1, name: str = "Review") -> Review:
    """A review of documents that have names and hashes, and no bytes."""
    files = [
        StoredFile(f"{name} {nr}.txt", hashlib.sha256(f"{name} {nr}".encode()).hexdigest(), 1)
        for nr in range(documents)
    ]
    async with database.act_as(LOCAL_USER) as connection:
        review_id = await open_review(connection, LOCAL_USER, name)
        column_ids = await put_columns(
            connection, review_id, [ColumnSpec(f"Column {nr}", f"Question {nr}?") for nr in range(columns)]
        )
        document_ids = await add_documents(connection, LOCAL_USER, files)
        await put_documents(connection, review_id, document_ids)
    return Review(review_id, document_ids, column_ids)


async def generate(database: Database, review: Review, *only: Only, model: str = MODEL) -> Generated:
    """A job over the review."""
    async with database.act_as(LOCAL_USER) as connection:
        return await create_job(connection, review.id, LOCAL_USER.id, model, PROMPT_VERSION, only or INCOMPLETE)


async def progress_of(database: Database, job_id: UUID) -> Progress:
    """The job's status."""
    async with database.act_as(LOCAL_USER) as connection:
        return await job_progress(connection, job_id)


def options(
    concurrency: int = 10, lease_seconds: float = 60, max_attempts: int = 3, grace_seconds: float = 5
) -> PoolOptions:
    """Pool options that a test can wait for."""
    return PoolOptions(concurrency, lease_seconds, max_attempts, idle_seconds=0.1, grace_seconds=grace_seconds)


def an_answer(column_id: UUID, summary: str) -> dict[str, object]:
    """A cell as `write_cells` takes it."""
    return {
        "column_id": str(column_id),
        "status": "done",
        "summary": summary,
        "value": summary,
        "flag": "green",
        "reasoning": "",
        "citations": [],
        "verified": None,
        "error": None,
        "column_version": 1,
        "answer_key": None,
        "prompt_tokens": 3,
        "cached_tokens": 2,
        "completion_tokens": 1,
    }
