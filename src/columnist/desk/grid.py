"""The grid of a run (a review, and some of its documents and columns), and the `Desk` protocol."""

import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Protocol
from uuid import UUID

from columnist.desk.files import Source
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated, Progress
from columnist.jobs.pool import WorkerPool
from columnist.reviews.model import Column, ColumnSpec, Failure, GridRow

LONGEST_READABLE = 150
DIGEST_LETTERS = 10


@dataclass(frozen=True, slots=True)
class ReviewName:
    """The name of the review that a run fills. If there is none, the review `earlier` is used when it asks the same
    questions about some of the same files."""

    name: str
    earlier: str | None = None


def default_review(paths: Sequence[Path], columns: Iterable[ColumnSpec], columns_file: Path | None) -> ReviewName:
    """The review of a run that names none: the same paths and questions, in any order, always share one review."""
    folder = paths[0].resolve().name
    readable = f"{folder} · {columns_file.stem}" if columns_file else folder
    return distinct(paths, columns, readable)


def distinct(paths: Iterable[Path], columns: Iterable[ColumnSpec], readable: str) -> ReviewName:
    """A name that differs for other paths or questions. Earlier versions used `readable` alone."""
    places = sorted({os.fsencode(path.resolve()).hex() for path in paths})
    questions = sorted(json.dumps(asdict(column)) for column in columns)
    digest = hashlib.sha256(json.dumps([places, questions]).encode()).hexdigest()[:DIGEST_LETTERS]
    shown = readable.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else " " for letter in shown)[:LONGEST_READABLE].strip()
    return ReviewName(f"{shown} · {digest}", readable)


@dataclass(frozen=True, slots=True)
class Grid:
    """The documents and columns of a review that a run asks about."""

    review_id: UUID
    review_name: str
    columns: list[tuple[UUID, ColumnSpec]]
    versions: dict[UUID, int]
    """Column → its version in this run. An answer to a later version belongs to another question."""
    document_ids: list[UUID]
    refused: dict[Path, str]
    """Files that were not taken in, and why; files attached to an e-mail as "mail.eml / file.pdf"."""

    @property
    def column_ids(self) -> list[UUID]:
        """The ids of its columns, in order."""
        return [column_id for column_id, _ in self.columns]

    def changed(self, columns: Iterable[Column]) -> list[str]:
        """The names of its questions that differ from the review's columns, or are not there any more."""
        now = {column.id: column.version for column in columns}
        return [spec.name for column_id, spec in self.columns if now.get(column_id) != self.versions[column_id]]

    def changed_sentence(self, changed: Sequence[str]) -> str:
        """The sentence that somebody has changed these questions."""
        names = ", ".join(repr(name) for name in changed[:3]) + (", …" if len(changed) > 3 else "")
        return (
            f"Somebody has changed {'the question' if len(changed) == 1 else 'the questions'} {names} in the review "
            f"{self.review_name!r} since this run began: give the run a review of its own by naming another."
        )

    def answers(self, row: GridRow) -> GridRow:
        """The row without answers to other versions of the grid's questions than its own."""
        cells = {}
        for column_id, cell in row.cells.items():
            asked, answered = self.versions[column_id], cell.column_version
            if answered is None or answered == asked:
                cells[column_id] = replace(cell, stale=cell.stale and answered is None)
            elif answered < asked:
                cells[column_id] = cell
        return replace(row, cells=cells)


class Desk(Protocol):
    """The desk of commands and `columnist.run`, on this machine's database (`LocalDesk`) or at a server (`RemoteDesk`).

    `model` is the model that the user named for the run; None means the desk's own. Every method raises ColumnistError.
    """

    @property
    def grace_seconds(self) -> float:
        """How long running documents may go on after the user leaves."""
        ...

    @property
    def what_stays(self) -> str:
        """A sentence: what happens to a job that nobody watches."""
        ...

    @property
    def who_works(self) -> str:
        """A sentence: which workers take a new job."""
        ...

    async def prepare(
        self,
        review: ReviewName,
        files: Sequence[Source],
        columns: Sequence[ColumnSpec],
        taken: Callable[[int], None] = lambda count: None,
    ) -> Grid:
        """Take files in, and put documents and columns into the user's review of that name. `taken` gets the number of
        files so far.

        Files that were taken in before are the same documents; columns of the same name and text are the same columns.
        The attachments of an e-mail are documents of their own.
        """
        ...

    def working(self) -> AbstractAsyncContextManager[WorkerPool | None]:
        """Jobs are worked on while the context lasts; None if other processes do it."""
        ...

    async def generate(self, grid: Grid, model: str | None = None, *, batch: bool = False) -> Generated:
        """Ask every cell of the grid without a current answer; in a `batch`, at half the price within a day. If the
        review has a live job, that job grows."""
        ...

    async def unanswered(self, grid: Grid, model: str | None = None) -> Unanswered:
        """The cells of the grid with neither a current answer nor a failure that says why."""
        ...

    async def columns(self, review_id: UUID) -> list[Column]:
        """The review's columns in the grid's order."""
        ...

    def rows(self, grid: Grid) -> AsyncIterator[GridRow]:
        """The grid's rows with contents, without answers to other versions of its questions."""
        ...

    async def note_export(self, grid: Grid, suffix: str) -> None:
        """Record in the trail that the user exports the rows, as a file of this kind (csv, xlsx)."""
        ...

    async def failures(self, grid: Grid) -> list[Failure]:
        """The cells of the grid that failed, in any job."""
        ...

    async def list_jobs(self, limit: int) -> list[Progress]:
        """The newest jobs, newest first."""
        ...

    async def progress(self, job_id: UUID) -> Progress:
        """The job's status. Raises NotFoundError."""
        ...

    def watch(self, job_id: UUID) -> AsyncIterator[Progress]:
        """The job's status, every poll interval, until it has ended or waits for a person."""
        ...

    async def job_failures(self, job_id: UUID) -> list[Failure]:
        """The cells that failed in a job."""
        ...

    async def cancel(self, job_id: UUID) -> bool:
        """Cancel a job; False if it has ended already."""
        ...

    async def resume(self, job_id: UUID, budget: Decimal | None) -> bool:
        """Resume a paused job, with another budget in US dollars or none; False if it is not paused."""
        ...

    async def retry(self, job_id: UUID) -> Generated:
        """Ask the failed and missing cells of a job again, as a new job or in its review's live job. Raises InputError
        if the job has a budget and no prices are set."""
        ...
