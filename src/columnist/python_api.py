"""The main job from Python: the synchronous door to the desk."""

import asyncio
import os
import signal
import tempfile
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("columnist.run needs the extra `parquet`: pip install 'columnist[parquet]'") from error

from columnist.desk.files import Source, find_files
from columnist.desk.grid import ReviewName, default_review
from columnist.desk.local import open_desk
from columnist.desk.runs import HandedOut, cover
from columnist.errors import IncompleteError
from columnist.export.files import write_review
from columnist.jobs.job import Generated, Progress
from columnist.paths import PathLike
from columnist.process import check_askable
from columnist.reviews.columns_file import parse_columns
from columnist.reviews.model import ColumnSpec, Failure
from columnist.reviews.templates import read_questions
from columnist.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

T = TypeVar("T")

_SHOWN = " (shown)"
ROWS_IN_A_NOTEBOOK = 20
NOTICE_SECONDS = 0.2
STOPPED = (
    "Stopped asking. Unfinished documents are released and the job stays: the same call resumes it, and so do workers "
    "on this database."
)


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """A filled grid: one row per document, and per question its value, its shown text, its flag, and `(verified)`.

    `failures`: the cells without an answer, with reasons; `refused`: the files that were not taken in, with reasons.
    """

    review: str
    table: pa.Table
    failures: list[Failure]
    refused: dict[Path, str]

    @property
    def questions(self) -> list[str]:
        """The names of the columns."""
        return [name.removesuffix(_SHOWN) for name in self.table.column_names if name.endswith(_SHOWN)]

    def __repr__(self) -> str:
        return (
            f"<Result of {self.review!r}: {self.table.num_rows:,} documents × {len(self.questions):,} questions, "
            f"{sum(len(one.columns) for one in self.failures):,} cells failed, {len(self.refused):,} files refused>"
        )

    def _repr_html_(self) -> str:
        """The display in a notebook: the answers of the first documents."""
        heads = ["document", *self.questions]
        first = self.table.slice(0, ROWS_IN_A_NOTEBOOK).to_pydict()
        answers = (first[name] for name in ["document", *(f"{name}{_SHOWN}" for name in self.questions)])
        lines = [_html_row("th", heads), *(_html_row("td", row) for row in zip(*answers, strict=True))]
        return f"<p>{escape(repr(self))}</p><table>{''.join(lines)}</table>"

    def to_pandas(self) -> "pd.DataFrame":
        """As a pandas data frame with Arrow's types: dates, and truth values that may be missing. An amount of money
        is two columns, the second one its `(currency)`. Raises ModuleNotFoundError without pandas."""
        import pandas as pd

        table = self.table
        for at in reversed(range(table.num_columns)):
            if pa.types.is_struct(table.schema.field(at).type):
                name = table.column_names[at]
                amounts, currencies = pc.struct_field(table[at], "amount"), pc.struct_field(table[at], "currency")
                table = table.set_column(at, name, amounts).add_column(at + 1, f"{name} (currency)", currencies)
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def to_polars(self) -> "pl.DataFrame":
        """As a Polars data frame. Raises ModuleNotFoundError without Polars."""
        import polars as pl

        frame = pl.from_arrow(self.table)
        assert isinstance(frame, pl.DataFrame)
        return frame


def _html_row(tag: str, texts: Iterable[str | None]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(text or '')}</{tag}>" for text in texts) + "</tr>"


def run(
    paths: PathLike | Iterable[PathLike],
    columns: PathLike | Sequence[Mapping[str, Any]],
    *,
    model: str | None = None,
    review: str | None = None,
    batch: bool = False,
) -> Result:
    """Ask every question about every document, wait, and return the grid. A repeated call asks nothing again.

    `paths`: files and folders. `columns`: a YAML file, the name of a built-in template, or mappings with name, prompt,
    format and tags. `model`: replaces the settings' model; if given, other models' answers are asked again (otherwise
    they are kept, and a warning says so). `review`: its name; by default these paths and questions have a separate
    review. `batch`: ask in batches of the LLM provider, at half the price and within a day; the same call later
    continues. Works in notebooks and from any thread. The result is complete: every cell has an answer or is among the
    `failures`.

    Raises ColumnistError (errors.py) with a sentence: UnaskableModelError at once if this machine cannot ask the model,
    IncompleteError if cells were never asked (the job was cancelled or paused, or a question was changed meanwhile);
    it says what to do, and answers are kept. KeyboardInterrupt stops the work; the job stays for workers or the same
    call.
    """
    named = [Path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    files = find_files(named).files
    if isinstance(columns, str | os.PathLike):
        asked = read_questions(Path(columns))
    else:
        asked = parse_columns(
            {"columns": [dict(one) if isinstance(one, Mapping) else one for one in columns]}, "columns"
        )
    columns_file = Path(columns) if isinstance(columns, str | os.PathLike) else None
    name = ReviewName(review) if review else default_review(named, asked, columns_file)
    settings = load_settings(model=model)
    result, notice = _in_a_thread(lambda: _run(settings, files, asked, model, name, batch=batch))
    if notice:
        warnings.warn(notice, stacklevel=2)
    return result


async def _run(
    settings: Settings,
    files: list[Source],
    columns: list[ColumnSpec],
    named: str | None,
    review: ReviewName,
    *,
    batch: bool,
) -> tuple[Result, str]:
    await check_askable(settings, columns)
    async with open_desk(settings) as desk:

        async def watch(generated: Generated) -> Progress:
            async for job in desk.watch(generated.job_id):
                last = job
            return last

        grid = await desk.prepare(review, files, columns)
        async with desk.working():
            covered = await cover(desk, grid, named, watch, batch=batch)
        handed_out = HandedOut(grid, covered)
        await desk.note_export(grid, "table")
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "review.parquet")
            rows = handed_out.over(desk.rows(grid))
            units = {column.id: column.unit for column in await desk.columns(grid.review_id)}
            await write_review(rows, grid.columns, target, review=grid.review_name, units=units)
            table = pq.read_table(target)
        if handed_out.incomplete:
            raise IncompleteError(handed_out.incomplete)
        return Result(grid.review_name, table, await desk.failures(grid), grid.refused), covered.notice


def _in_a_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The outcome of `work`, run in a separate thread: in a notebook an event loop is running in this one.

    An interrupt here, or the end of the main thread, cancels the work and waits until it has released its resources.
    """
    outcome: Future[T] = Future()
    # Not Thread.join: in Python 3.11 an interrupted join believes that the thread has ended.
    ended, stopped = threading.Event(), threading.Event()
    loop = asyncio.new_event_loop()
    working: list[asyncio.Task[T]] = []

    async def main() -> T:
        task = asyncio.ensure_future(work())
        working.append(task)
        if stopped.is_set():
            task.cancel()
        return await task

    def run_it() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                outcome.set_result(runner.run(main()))
        except BaseException as error:  # noqa: BLE001 - raised where the caller waits for the result
            outcome.set_exception(error)
        finally:
            ended.set()

    def cancel() -> None:
        for task in working:
            task.cancel()

    threading.Thread(target=run_it, name="columnist.run").start()
    interrupted = _interruption()
    try:
        # Short waits: an interrupt that is raised in a thread is noticed only between them.
        while not ended.wait(NOTICE_SECONDS):
            if interrupted():
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        stopped.set()
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(cancel)
        ended.wait()
        raise KeyboardInterrupt(STOPPED) from None
    return outcome.result()


def _interruption() -> Callable[[], bool]:
    """Returns a function that returns whether the program has been interrupted, in cases where no exception is raised
    here: asyncio.run cancels its task, which is this blocked one, or waits for this thread (`asyncio.to_thread`)."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = _main_task()
    before = task.cancelling() if task else 0
    main = threading.main_thread()
    # asyncio.run withdraws the request once its task has ended as cancelled.
    return lambda: not main.is_alive() or (task is not None and (task.cancelled() or task.cancelling() > before))


def _main_task() -> asyncio.Task[Any] | None:
    """The task that asyncio.run runs in the main thread, if any: its handler of Ctrl-C knows it."""
    task = getattr(signal.getsignal(signal.SIGINT), "keywords", {}).get("main_task")
    return task if isinstance(task, asyncio.Task) else None
