"""The session of a command that turns to a server: what `Session` does here, done there."""

import asyncio
import json
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import TypeAdapter

from columnist.errors import JobEndingError
from columnist.jobs.store import Generated, Progress
from columnist.reviews.model import Cell, ColumnSpec, Failure, GridRow
from columnist.session import CLAIMABLE_AGAIN_SECONDS, Grid, Session, Source, open_session
from columnist.settings import Settings

if TYPE_CHECKING:
    from columnist.client import Client, Job

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

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def prepare(
        self,
        review_name: str,
        files: Sequence[Source],
        columns: Sequence[ColumnSpec],
        taken: Callable[[int], None] = lambda count: None,
    ) -> Grid:
        """Upload the files and put documents and columns into the user's review of that name."""
        return await asyncio.to_thread(self._prepare, review_name, files, columns, taken)

    def _prepare(
        self, review_name: str, files: Sequence[Source], columns: Sequence[ColumnSpec], taken: Callable[[int], None]
    ) -> Grid:
        review = self._client.reviews.open(review_name)
        column_ids = [column.id for column in review.put_columns(columns)]
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
        return Grid(review.id, review.name, list(zip(column_ids, columns, strict=True)), list(document_ids), refused)

    async def generate(self, grid: Grid, model: str | None) -> Generated:
        """Ask whatever of the grid has no current answer; joins the review's live job if there is one. `model`: another
        than the server's."""
        column_ids = [column_id for column_id, _ in grid.columns]
        while True:
            try:
                job = await asyncio.to_thread(self._generate, grid, model, column_ids)
            except JobEndingError:
                await asyncio.sleep(CLAIMABLE_AGAIN_SECONDS)
            else:
                return Generated(job.id, job.total_items, job.resumed)

    def _generate(self, grid: Grid, model: str | None, column_ids: list[UUID]) -> "Job":
        review = self._client.reviews.get(grid.review_id)
        return review.generate(model=model, document_ids=grid.document_ids, column_ids=column_ids)

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

    async def retry(self, job_id: UUID) -> Generated:
        """Ask the failed and missing cells of a job's review again, as a new job (or its live one)."""
        job = await asyncio.to_thread(lambda: self._client.jobs.get(job_id).retry())
        return Generated(job.id, job.total_items, job.resumed)

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
        """The grid's rows with their contents, by way of a JSON export: it has one document a line."""
        ids = grid.document_ids if len(grid.document_ids) <= NAMEABLE_DOCUMENTS else None
        columns = {column.name: column_id for column_id, column in grid.columns}
        wanted = set(grid.document_ids)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "review.json")
            review = await asyncio.to_thread(self._client.reviews.get, grid.review_id)
            await asyncio.to_thread(review.export, file, column_ids=list(columns.values()), document_ids=ids)
            for row in _rows(file, columns):
                if row.document_id in wanted:
                    yield row


def _rows(file: Path, columns: dict[str, UUID]) -> Iterator[GridRow]:
    """The rows of a JSON export, one at a time; `columns`: their ids by name."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith('{"id"'):
                continue  # the questions, the brackets
            document = json.loads(line.rstrip(",\n"))
            cells = {columns[name]: _cell.validate_python(cell) for name, cell in document["cells"].items()}
            known = {name: document[name] for name in _OF_THE_DOCUMENT}
            yield GridRow(document_id=UUID(document["id"]), cells=cells, **known)


AnySession = Session | ServerSession
