"""The desk of a command that has a server: `RemoteDesk` acts there through the HTTP client."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from pydantic import SecretStr

from columnist.client import Client, Job, Review
from columnist.desk.files import Source
from columnist.desk.grid import Desk, Grid, ReviewName
from columnist.errors import ConflictError
from columnist.export.jsonl import read_rows
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated, Progress
from columnist.reviews.model import Column, ColumnSpec, Failure, GridRow

Value = TypeVar("Value")

FIRST_CONTACT_SECONDS = 5
"""How long to try to reach a server for the first time: its address may be wrong."""
NAMEABLE_DOCUMENTS = 100
"""With more, the URL would get too long: the rows of all documents are fetched then."""


@asynccontextmanager
async def remote_desk(server: str, token: SecretStr | None) -> AsyncIterator["RemoteDesk"]:
    """The desk of the token's user at a server. Raises ServerError."""
    secret = token.get_secret_value() if token else None
    with Client(server, secret, retry_seconds=FIRST_CONTACT_SECONDS) as first:
        await asyncio.to_thread(first.me)
    with Client(server, secret) as client:
        yield RemoteDesk(client)


class RemoteDesk(Desk):
    """Acts at a server, whose workers do the work."""

    what_stays = "The job keeps running at the server: the same command watches it again, or: columnist jobs show JOB."
    who_works = "The server's workers take it."
    grace_seconds = 0.0

    def __init__(self, client: Client) -> None:
        self._client = client

    async def prepare(
        self,
        review: ReviewName,
        files: Sequence[Source],
        columns: Sequence[ColumnSpec],
        taken: Callable[[int], None] = lambda count: None,
    ) -> Grid:
        return await asyncio.to_thread(self._prepare, review, files, columns, taken)

    def _prepare(
        self, name: ReviewName, files: Sequence[Source], columns: Sequence[ColumnSpec], taken: Callable[[int], None]
    ) -> Grid:
        review = self._earlier(name, files, columns) or self._client.reviews.open(name.name)
        put = review.put_columns(columns)
        document_ids: dict[UUID, None] = {}
        refused: dict[Path, str] = {}
        for count, upload in enumerate(review.uploading(files), start=1):
            for path, one in upload.each():
                if one.document_id is not None:
                    document_ids[one.document_id] = None
                elif one.status == "refused":
                    refused[path] = one.error or "The server refused it."
            taken(count)
        asked = [(column.id, spec) for column, spec in zip(put, columns, strict=True)]
        versions = {column.id: column.version for column in put}
        return Grid(review.id, review.name, asked, versions, list(document_ids), refused)

    def _earlier(self, name: ReviewName, files: Sequence[Source], columns: Sequence[ColumnSpec]) -> Review | None:
        """The user's review of the earlier name, if it fits and no review has the new name."""
        mine = {review.name: review for review in self._client.reviews.list(name.earlier) if review.info.mine}
        review = mine.get(name.earlier or "")
        if review is None or name.name in mine:
            return None
        there = [column.spec() for column in review.columns()]
        names = {source.path.rpartition("/")[2] for source in files}
        fits = all(column in there for column in columns) and any(row.document in names for row in review.rows())
        return review if fits else None

    def working(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def generate(self, grid: Grid, model: str | None = None, *, batch: bool = False) -> Generated:
        return await self._at(
            grid.review_id,
            lambda review: _generated(
                review.generate(model=model, document_ids=grid.document_ids, column_ids=grid.column_ids, batch=batch)
            ),
        )

    async def unanswered(self, grid: Grid, model: str | None = None) -> Unanswered:
        return await self._at(
            grid.review_id,
            lambda review: review.unanswered(model=model, document_ids=grid.document_ids, column_ids=grid.column_ids),
        )

    async def columns(self, review_id: UUID) -> list[Column]:
        return await self._at(review_id, Review.columns)

    async def rows(self, grid: Grid) -> AsyncIterator[GridRow]:
        ids = grid.document_ids if len(grid.document_ids) <= NAMEABLE_DOCUMENTS else None
        wanted = set(grid.document_ids)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "review.jsonl")
            await self._at(
                grid.review_id, lambda review: review.export(file, column_ids=grid.column_ids, document_ids=ids)
            )
            for row in read_rows(file):
                if row.document_id in wanted:
                    yield grid.answers(row)

    async def note_export(self, grid: Grid, suffix: str) -> None:
        return  # the server has noted it when `rows` asked

    async def failures(self, grid: Grid) -> list[Failure]:
        return await self._at(
            grid.review_id,
            lambda review: review.failures(document_ids=grid.document_ids, column_ids=grid.column_ids),
        )

    async def list_jobs(self, limit: int) -> list[Progress]:
        return list(await asyncio.to_thread(self._client.jobs.list, limit))

    async def progress(self, job_id: UUID) -> Progress:
        return await asyncio.to_thread((await self._job(job_id)).status)

    async def watch(self, job_id: UUID) -> AsyncIterator[Progress]:
        watching = (await self._job(job_id)).watch()
        while (progress := await asyncio.to_thread(next, watching, None)) is not None:
            yield progress

    async def job_failures(self, job_id: UUID) -> list[Failure]:
        return await asyncio.to_thread((await self._job(job_id)).failures)

    async def cancel(self, job_id: UUID) -> bool:
        return await asyncio.to_thread((await self._job(job_id)).cancel)

    async def resume(self, job_id: UUID, budget: Decimal | None) -> bool:
        try:
            await asyncio.to_thread((await self._job(job_id)).resume, budget)
        except ConflictError:
            return False
        return True

    async def retry(self, job_id: UUID) -> Generated:
        return _generated(await asyncio.to_thread((await self._job(job_id)).retry))

    async def _job(self, job_id: UUID) -> Job:
        return await asyncio.to_thread(self._client.jobs.get, job_id)

    async def _at(self, review_id: UUID, act: Callable[[Review], Value]) -> Value:
        return await asyncio.to_thread(lambda: act(self._client.reviews.get(review_id)))


def _generated(job: Job) -> Generated:
    return Generated(job.id, job.total_items, job.resumed, job.pause_reason)
