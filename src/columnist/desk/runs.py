"""A run over a grid: ask until everything is answered or no more can be, and report what is left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from columnist.desk.grid import Desk, Grid
from columnist.errors import ConflictError, JobEndingError
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated, Progress
from columnist.reviews.model import GridRow

ASK_AGAIN_SECONDS = 0.5
"""The pause before asking again while the review's last job is still being cancelled."""


@dataclass(frozen=True, slots=True)
class Covered:
    """How far a run came. `job`: the last job it saw; `answered`: cells answered by all of its jobs; `left`: cells that
    were never asked, and why; `changed`: questions that somebody changed during the run; `outdated`: answers of another
    model or prompt version that were kept."""

    job: Progress
    answered: int
    left: str
    changed: list[str]
    outdated: int

    @property
    def notice(self) -> str:
        """The sentence that answers of another model were kept; empty if there are none."""
        if not self.outdated:
            return ""
        return (
            f"{self.outdated:,} answers come from another model or an earlier version and were kept: name the model of "
            "this run to ask them again."
        )


async def cover(
    desk: Desk,
    grid: Grid,
    model: str | None,
    watch: Callable[[Generated], Awaitable[Progress]],
    *,
    batch: bool = False,
) -> Covered:
    """Ask about the grid, watch the job, and ask again for the rest, until nothing is left or no more is answered.

    A job that was there before, or that ended early, may not hold all of this grid. `watch` returns a job's status when
    the job has ended or waits for a person. Raises ConflictError if somebody has changed a question.
    """
    answered: dict[UUID, int] = {}
    before: int | None = None
    while True:
        job = await watch(await _generate(desk, grid, model, batch=batch))
        answered[job.id] = job.done_cells
        left = await desk.unanswered(grid, model)
        changed = grid.changed(await desk.columns(grid.review_id))
        stands = job.is_live or job.status == "cancelled"
        if not left.cells or changed or stands or (before is not None and left.cells >= before):
            return Covered(job, sum(answered.values()), _left(job, left) if left.cells else "", changed, left.outdated)
        before = left.cells


async def _generate(desk: Desk, grid: Grid, model: str | None, *, batch: bool) -> Generated:
    while True:
        if changed := grid.changed(await desk.columns(grid.review_id)):
            raise ConflictError(grid.changed_sentence(changed))
        try:
            return await desk.generate(grid, model, batch=batch)
        except JobEndingError:
            await asyncio.sleep(ASK_AGAIN_SECONDS)


class HandedOut:
    """Counts the missing cells of a grid while its rows are handed out."""

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
        """The sentences about cells that were neither answered nor failed; empty if there are none."""
        sentences = [self._covered.left] if self._covered.left else []
        if self._blank:
            sentences.append(f"{self._grid.changed_sentence(self._covered.changed)} {self._blank:,} cells are empty.")
        if gone := len(self._grid.document_ids) - self._rows:
            sentences.append(f"{gone:,} documents were removed from the review {self._grid.review_name!r} meanwhile.")
        return " ".join(sentences)


def _left(job: Progress, left: Unanswered) -> str:
    if job.is_live:
        why = (
            f"Job {job.id} is paused: {job.pause_reason} Resume it with: columnist jobs resume {job.id} (or end it "
            f"with: columnist jobs cancel {job.id}). "
        )
    else:
        why = f"Job {job.id} was cancelled. " if job.status == "cancelled" else ""
    where = ", ".join(left.first_documents) + (", …" if left.documents > len(left.first_documents) else "")
    questions = ", ".join(repr(name) for name in left.columns[:3]) + (", …" if len(left.columns) > 3 else "")
    return (
        f"{why}{left.cells:,} cells were never asked, in {left.documents:,} documents ({where}): {questions}. Run the "
        "same again: it asks only what is left."
    )
