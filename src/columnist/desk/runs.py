"""A run of the main job, whatever it goes through: which review it fills, and when its grid is done."""

import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from columnist.desk.local import Grid, ReviewName, changed_sentence
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated, Progress
from columnist.reviews.model import ColumnSpec, GridRow

LONGEST_READABLE = 150
DIGEST_LETTERS = 10


def default_review(paths: Sequence[Path], columns: Iterable[ColumnSpec], columns_file: Path | None) -> ReviewName:
    """The review of a run that names none: the same for the same paths and questions, in whatever order, and for no
    others. The command line and Python share it, where the questions stand in a file."""
    folder = paths[0].resolve().name
    readable = f"{folder} · {columns_file.stem}" if columns_file else folder
    return distinct(paths, columns, readable)


def distinct(paths: Iterable[Path], columns: Iterable[ColumnSpec], readable: str) -> ReviewName:
    """A name that tells these paths and questions from all others. Before there were such, it was `readable`."""
    places = sorted({os.fsencode(path.resolve()).hex() for path in paths})
    questions = sorted(json.dumps(asdict(column)) for column in columns)
    digest = hashlib.sha256(json.dumps([places, questions]).encode()).hexdigest()[:DIGEST_LETTERS]
    shown = readable.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else " " for letter in shown)[:LONGEST_READABLE].strip()
    return ReviewName(f"{shown} · {digest}", readable)


class Asking(Protocol):
    """What a run needs of a session. `named`: the model, if the user named it."""

    async def generate(self, grid: Grid, named: str | None) -> Generated: ...
    async def unanswered(self, grid: Grid, named: str | None) -> Unanswered: ...
    async def changed_columns(self, grid: Grid) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Covered:
    """How far a run came. `job` is the last one that it saw, `answered` counts the cells of all of them; `left` says
    what was never asked, and why; `changed` are questions that somebody else changed meanwhile; so many answers as
    `outdated` are another model's or another prompt's, and were left as they are."""

    job: Progress
    answered: int
    left: str
    changed: list[str]
    outdated: int

    @property
    def notice(self) -> str:
        """That a run with another model found answers; empty if it did not."""
        if not self.outdated:
            return ""
        return (
            f"{self.outdated:,} answers are another model's or an earlier version's, and are left as they are: name "
            "the model of this run to ask them again."
        )


async def cover(
    session: Asking, grid: Grid, named: str | None, watch: Callable[[Generated], Awaitable[Progress]]
) -> Covered:
    """Ask for the grid, watch, and ask for what is left, until nothing is or nothing moves any more.

    A job that was there before, or that ended early, need not hold all of this grid. `watch` returns a job as it stands
    when it has ended or waits for a person. Raises ConflictError if a question is not the run's any more.
    """
    answered: dict[UUID, int] = {}
    before: int | None = None
    while True:
        job = await watch(await session.generate(grid, named))
        answered[job.id] = job.done_cells
        left = await session.unanswered(grid, named)
        changed = await session.changed_columns(grid)
        stands = job.is_live or job.status == "cancelled"
        if not left.cells or changed or stands or (before is not None and left.cells >= before):
            return Covered(job, sum(answered.values()), _left(job, left) if left.cells else "", changed, left.outdated)
        before = left.cells


class HandedOut:
    """Goes over the rows of a grid as they are handed out, and notes what they lack."""

    def __init__(self, grid: Grid, covered: Covered) -> None:
        self._grid = grid
        self._covered = covered
        self._changed = [column_id for column_id, column in grid.columns if column.name in covered.changed]
        self._rows = self._blank = 0

    async def over(self, rows: AsyncIterator[GridRow]) -> AsyncIterator[GridRow]:
        """The rows, one by one."""
        async for row in rows:
            self._rows += 1
            cells = [row.cells.get(column_id) for column_id in self._changed]
            self._blank += sum(1 for cell in cells if cell is None or cell.stale)
            yield row

    @property
    def incomplete(self) -> str:
        """What of the grid was neither answered nor failed, in sentences; empty if nothing."""
        sentences = [self._covered.left] if self._covered.left else []
        if self._blank:
            sentences.append(f"{changed_sentence(self._grid, self._covered.changed)} {self._blank:,} cells are empty.")
        if gone := len(self._grid.document_ids) - self._rows:
            sentences.append(f"{gone:,} documents were taken out of the review {self._grid.review_name!r} meanwhile.")
        return " ".join(sentences)


def _left(job: Progress, left: Unanswered) -> str:
    if job.is_live:
        why = (
            f"Job {job.id} is paused: {job.pause_reason} It goes on after: columnist jobs resume {job.id} (or end it: "
            f"columnist jobs cancel {job.id}). "
        )
    else:
        why = f"Job {job.id} was cancelled. " if job.status == "cancelled" else ""
    where = ", ".join(left.first_documents) + (", …" if left.documents > len(left.first_documents) else "")
    questions = ", ".join(repr(name) for name in left.columns[:3]) + (", …" if len(left.columns) > 3 else "")
    return (
        f"{why}{left.cells:,} cells were never asked, in {left.documents:,} documents ({where}): {questions}. The same "
        "again asks only what is left."
    )
