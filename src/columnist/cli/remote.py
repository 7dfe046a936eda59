"""The session of a command that turns to a server: what `Session` does here, done there."""

import asyncio
import json
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import TypeAdapter

from columnist.desk.local import (
    CLAIMABLE_AGAIN_SECONDS,
    Grid,
    ReviewName,
    Session,
    Source,
    changed_sentence,
    open_session,
)
from columnist.errors import ConflictError, JobEndingError
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated, Progress
from columnist.reviews.model import Cell, ColumnSpec, Failure, GridRow
from columnist.settings import Settings

if TYPE_CHECKING:
    from columnist.client import Client, Job, Review

FIRST_CONTACT_SECONDS = 5
"""How long a server is waited for that has not been seen yet: its address may be wrong."""
NAMEABLE_DOCUMENTS = 100
"""More would make too long a URL: all are fetched then."""

_OF_THE_DOCUMENT = ("document", "path", "page_count", "language", "how_read", "error")
_cell = TypeAdapter(Cell)


@asynccontextmanager
async def command_session(settings: Settings) -> AsyncIterator["Session | ServerSession"]:
    """The session of a command: over the settings' server, if there is one, or else over their database. Raises
    ServerError, DatabaseError."""
    if settings.server is None:
        async with open_session(settings) as session:
            yield session
        return
    from columnist.client import Client

    token = settings.server_token.get_secret_value() if settings.server_token else None
    with Client(settings.server, token, retry_seconds=FIRST_CONTACT_SECONDS) as first:
        await asyncio.to_thread(first.me)
    with Client(settings.server, token) as client:
        yield ServerSession(client)


class ServerSession:
    """Acts as the token's user at a server, whose workers do the work."""

    what_stays = "The job goes on at the server: the same command watches it again, or: columnist jobs show JOB."
    grace_seconds = 0.0

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def prepare(
        self,
        review: ReviewName,
        files: Sequence[Source],
        columns: Sequence[ColumnSpec],
        taken: Callable[[int], None] = lambda count: None,
    ) -> Grid:
        """Upload the files and put documents and columns into the user's review of that name."""
        return await asyncio.to_thread(self._prepare, review, files, columns, taken)

    def _prepare(
        self, name: ReviewName, files: Sequence[Source], columns: Sequence[ColumnSpec], taken: Callable[[int], None]
    ) -> Grid:
        review = self._earlier(name, files, columns) or self._client.reviews.open(name.name)
        put = review.put_columns(columns)
        document_ids: dict[UUID, None] = {}
        refused: dict[Path, str] = {}
        for count, upload in enumerate(review.uploading(files), start=1):
            if upload.document_id is not None:
                document_ids[upload.document_id] = None
            else:
                refused[upload.path] = upload.error or "The server refused it."
            for one in upload.attachments:
                if one.document_id is not None:
                    document_ids[one.document_id] = None
                else:
                    refused[upload.path.parent / one.name] = one.error or "The server refused it."
            taken(count)
        columns_with_ids = [(column.id, spec) for column, spec in zip(put, columns, strict=True)]
        versions = {column.id: column.version for column in put}
        return Grid(review.id, review.name, columns_with_ids, versions, list(document_ids), refused)

    def _earlier(self, name: ReviewName, files: Sequence[Source], columns: Sequence[ColumnSpec]) -> "Review | None":
        """The user's review of the earlier name, if it stands in for one that there is not."""
        mine = {review.name: review for review in self._client.reviews.list(name.earlier) if review.info.mine}
        review = mine.get(name.earlier or "")
        if review is None or name.name in mine:
            return None
        there = [column.spec() for column in review.columns()]
        names = {source.path.rpartition("/")[2] for source in files}
        fits = all(column in there for column in columns) and any(row.document in names for row in review.rows())
        return review if fits else None

    async def generate(self, grid: Grid, named: str | None) -> Generated:
        """Ask whatever of the grid has no current answer; the review's live job takes it up if there is one. `named`:
        another model than the server's. Raises ConflictError if a question was changed meanwhile."""
        while True:
            if changed := await self.changed_columns(grid):
                raise ConflictError(changed_sentence(grid, changed))
            try:
                job = await asyncio.to_thread(self._generate, grid, named)
            except JobEndingError:
                await asyncio.sleep(CLAIMABLE_AGAIN_SECONDS)
            else:
                return Generated(job.id, job.total_items, job.resumed, job.pause_reason)

    def _generate(self, grid: Grid, named: str | None) -> "Job":
        review = self._client.reviews.get(grid.review_id)
        column_ids = [column_id for column_id, _ in grid.columns]
        return review.generate(model=named, document_ids=grid.document_ids, column_ids=column_ids)

    async def unanswered(self, grid: Grid, named: str | None) -> Unanswered:
        """What of the grid has neither a current answer nor a failure that says why."""
        column_ids = [column_id for column_id, _ in grid.columns]

        def ask() -> Unanswered:
            review = self._client.reviews.get(grid.review_id)
            return review.unanswered(model=named, document_ids=grid.document_ids, column_ids=column_ids)

        return await asyncio.to_thread(ask)

    async def changed_columns(self, grid: Grid) -> list[str]:
        """The names of the grid's questions that somebody has changed or removed since it was prepared."""
        return await asyncio.to_thread(lambda: grid.changed(self._client.reviews.get(grid.review_id).columns()))

    def working(self) -> AbstractAsyncContextManager[None]:
        """The server's workers do."""
        return nullcontext()

    async def watch(self, job_id: UUID) -> AsyncIterator[Progress]:
        """The job's status, as often as the server wants to be asked, until it has ended or stands paused."""
        watching = (await asyncio.to_thread(self._client.jobs.get, job_id)).watch()
        while (progress := await asyncio.to_thread(next, watching, None)) is not None:
            yield progress

    async def progress(self, job_id: UUID) -> Progress:
        """The job's status. Raises NotFoundError."""
        return await asyncio.to_thread(lambda: self._client.jobs.get(job_id).status())

    async def list_jobs(self, limit: int) -> list[Progress]:
        """The newest jobs, newest first."""
        return list(await asyncio.to_thread(self._client.jobs.list, limit))

    async def cancel(self, job_id: UUID) -> bool:
        """Cancel a job; False if it has ended already."""
        return await asyncio.to_thread(lambda: self._client.jobs.get(job_id).cancel())

    async def resume(self, job_id: UUID, budget: Decimal | None) -> bool:
        """Let a paused job go on, with another budget or none; False if it is not paused."""
        try:
            await asyncio.to_thread(lambda: self._client.jobs.get(job_id).resume(budget))
        except ConflictError:
            return False
        return True

    async def retry(self, job_id: UUID) -> Generated:
        """Ask the failed and missing cells of a job again, as a new job (or by its review's live one)."""
        job = await asyncio.to_thread(lambda: self._client.jobs.get(job_id).retry())
        return Generated(job.id, job.total_items, job.resumed, job.pause_reason)

    async def job_failures(self, job_id: UUID) -> list[Failure]:
        """What failed in a job."""
        job = await self.progress(job_id)
        return await asyncio.to_thread(self._failures, job.review_id, None, None, job_id)

    async def failures(self, grid: Grid) -> list[Failure]:
        """What of the grid has failed, whichever job tried it last."""
        column_ids = [column_id for column_id, _ in grid.columns]
        return await asyncio.to_thread(self._failures, grid.review_id, column_ids, set(grid.document_ids), None)

    def _failures(
        self, review_id: UUID, column_ids: list[UUID] | None, document_ids: set[UUID] | None, job_id: UUID | None
    ) -> list[Failure]:
        review = self._client.reviews.get(review_id)
        names = {column.id: column.name for column in review.columns()}
        failures: list[Failure] = []
        for row in review.rows(sort="document", filter="any:state:failed", column_ids=column_ids):
            if document_ids is not None and row.document_id not in document_ids:
                continue
            by_reason: dict[str, list[str]] = defaultdict(list)
            for column_id, name in names.items():
                cell = row.cells.get(column_id)
                if cell is not None and cell.status == "error" and job_id in (None, cell.job_id):
                    by_reason[cell.error or ""].append(name)
            failures += [
                Failure(row.document_id, row.document, row.path, reason, columns)
                for reason, columns in sorted(by_reason.items())
            ]
        return failures

    async def rows(self, grid: Grid) -> AsyncIterator[GridRow]:
        """The grid's rows with their contents, by way of a JSON export: it has one document a line. Of answers to other
        questions than the grid's nothing."""
        ids = grid.document_ids if len(grid.document_ids) <= NAMEABLE_DOCUMENTS else None
        columns = {column.name: column_id for column_id, column in grid.columns}
        wanted = set(grid.document_ids)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "review.json")
            review = await asyncio.to_thread(self._client.reviews.get, grid.review_id)
            await asyncio.to_thread(review.export, file, column_ids=list(columns.values()), document_ids=ids)
            for row in _rows(file, columns):
                if row.document_id in wanted:
                    yield grid.answers(row)


def _rows(file: Path, columns: dict[str, UUID]) -> Iterator[GridRow]:
    """The rows of a JSON export, one at a time; `columns`: their ids by name."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith('{"id"'):
                continue  # the questions, the brackets
            document = json.loads(line.rstrip(",\n"))
            cells = {
                columns[name]: _cell.validate_python(cell)
                for name, cell in document["cells"].items()
                if cell["status"] != "missing"
            }
            known = {name: document[name] for name in _OF_THE_DOCUMENT}
            yield GridRow(document_id=UUID(document["id"]), cells=cells, **known)


AnySession = Session | ServerSession
