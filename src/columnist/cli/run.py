"""`columnist run`: the main job with a live progress bar, and the meaning of Ctrl-C."""

import asyncio
import signal
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.prompt import Confirm

from columnist.back_ends import llm_hosts
from columnist.cli import screen
from columnist.cli.desk import command_desk
from columnist.desk.files import Source, find_files
from columnist.desk.grid import Desk, Grid, ReviewName, default_review
from columnist.desk.runs import Covered, HandedOut, cover
from columnist.errors import InputError
from columnist.export.files import check_target, write_review
from columnist.jobs.job import Generated, Progress
from columnist.process import LEAVE_SECONDS, check_askable, leave_within
from columnist.progress import job_bar, job_detail
from columnist.reviews.model import ColumnSpec
from columnist.reviews.templates import read_questions
from columnist.settings import EXTRACTIVE, Settings, host_of, models_in

ROWS_SHOWN = 15
PASSED_OVER_SHOWN = 3
TELL_AGAIN_SECONDS = 60
"""How often a run reports that it waits for the LLM server."""
ALL_DONE, NOT_ALL_ANSWERED, INTERRUPTED = 0, 3, 130


async def run_grid(
    settings: Settings,
    paths: Sequence[Path],
    columns_file: Path,
    output: Path,
    named_review: str | None,
    model: str | None,
    console: Console,
    *,
    batch: bool = False,
) -> int:
    """Fill a grid, here or at the settings' server, and return the exit code. `model`: the settings' model, if the user
    named it; `batch`: at half the price, within a day. Raises InputError before anything is asked if the input is
    invalid, UnaskableModelError if this machine cannot ask the model."""
    check_target(output)
    columns = read_questions(columns_file)
    sources = find_files(paths)
    if settings.server is None:
        await check_askable(settings, columns)
    if sources.passed_over:
        names = ", ".join(
            screen.plain(file.name) + (" (a link to a folder)" if file.is_dir() else "")
            for file in sources.passed_over[:PASSED_OVER_SHOWN]
        )
        more = ", …" if len(sources.passed_over) > PASSED_OVER_SHOWN else ""
        console.print(f"Files of other types are skipped ({len(sources.passed_over):,}): {names}{more}")
    console.print(screen.plain(_receiver(settings)))
    review = ReviewName(named_review) if named_review else default_review(paths, columns, columns_file)
    async with command_desk(settings) as desk:
        grid = await take_in(desk, review, sources.files, columns, console)
        covered = await see_it_through(desk, grid, model, console, batch=batch)
        if covered is None:
            return INTERRUPTED
        handed_out = HandedOut(grid, covered)
        await _export(desk, grid, handed_out, output, settings.measured)
        await _show(desk, grid, console, settings.measured)
        return await report_failures(desk, grid, covered, handed_out, console)


def _receiver(settings: Settings) -> str:
    """Where the text of the documents goes, as a sentence to print before it is sent."""
    if settings.server is not None:
        return f"Files and questions go to the server {host_of(settings.server)}."
    models = (*models_in(settings.model), *([settings.second_model] if settings.second_model else ()))
    if all(model == EXTRACTIVE or model.endswith(".gguf") for model in models):
        return "Nothing leaves this machine."
    hosts = llm_hosts(settings)
    return f"Text of documents and questions go to the LLM server{'s' if len(hosts) > 1 else ''} {', '.join(hosts)}."


def _opening(generated: Generated, asked: str) -> str:
    model = screen.plain(screen.model_words(asked))
    if generated.total_items == 0:
        return f"Every question has its answer already. Model: {model}"
    verb = "Resuming" if generated.resumed else "Started"
    return f"{verb} job {generated.job_id}: {generated.total_items:,} documents. Model: {model}"


async def take_in(
    desk: Desk, review: ReviewName, files: Sequence[Source], columns: Sequence[ColumnSpec], console: Console
) -> Grid:
    """Put files and columns into the review of that name, with a progress bar."""
    with job_bar() as bar:
        task = bar.add_task("Taking files in", total=len(files), detail="")
        grid = await desk.prepare(review, files, columns, lambda count: bar.update(task, completed=count))
    if grid.review_name == review.earlier:
        console.print(f"Continuing the review {screen.plain(repr(grid.review_name))} of an earlier version.")
    return grid


class _Watcher:
    """Shows the jobs of a run one after the other, and keeps the current one."""

    def __init__(self, desk: Desk, console: Console) -> None:
        self._desk = desk
        self._console = console
        self.job_id: UUID | None = None

    async def watch(self, generated: Generated) -> Progress:
        """Show a job until it has ended or waits for a person."""
        job = await self._desk.progress(generated.job_id)
        if self.job_id is None or generated.total_items:
            self._console.print(_opening(generated, job.model))
        self.job_id = generated.job_id
        with job_bar() as bar:
            task = bar.add_task("Answering", total=generated.total_items, detail="")
            tell_at = 0.0
            async for job in self._desk.watch(generated.job_id):
                bar.update(task, total=job.total_items, completed=job.ended_items, detail=job_detail(job))
                if job.llm_trouble and time.monotonic() >= tell_at:
                    self._console.print(f"{screen.plain(job.llm_trouble)} Ctrl-C stops the run.")
                    tell_at = time.monotonic() + TELL_AGAIN_SECONDS
        return job


async def see_it_through(
    desk: Desk, grid: Grid, model: str | None, console: Console, *, batch: bool = False
) -> Covered | None:
    """Work on the grid, with progress bars, until nothing is left to ask or nothing moves; None after Ctrl-C."""
    interrupted = asyncio.Event()
    by_person = False
    leave = partial(leave_within, desk.grace_seconds + LEAVE_SECONDS, INTERRUPTED)

    def interrupt(number: int) -> None:
        nonlocal by_person
        by_person = number == signal.SIGINT and sys.stdin.isatty()
        interrupted.set()
        if not by_person:
            leave()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt, number)
    watcher = _Watcher(desk, console)
    try:
        async with desk.working() as pool:
            covering = asyncio.create_task(cover(desk, grid, model, watcher.watch, batch=batch))
            stopping = asyncio.create_task(interrupted.wait())
            await asyncio.wait({covering, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if covering.done():
                return await covering
            covering.cancel()
            await asyncio.gather(covering, return_exceptions=True)
            # A second Ctrl-C at the question is the usual one: it ends the program, and the job stays.
            loop.remove_signal_handler(signal.SIGINT)
            cancelled = by_person and await asyncio.to_thread(
                Confirm.ask, "\nCancel the job, too?", console=console, default=False
            )
            leave()
            if pool is not None:
                loop.add_signal_handler(signal.SIGINT, pool.stop_now)
            if cancelled and watcher.job_id is not None:
                await desk.cancel(watcher.job_id)
                console.print("The job is cancelled. Its answers are kept: the same command asks only the rest.")
            else:
                console.print(f"Stopped watching. {desk.what_stays}")
            return None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _export(desk: Desk, grid: Grid, handed_out: HandedOut, output: Path, measured: Collection[str]) -> None:
    await desk.note_export(grid, output.suffix[1:].lower())
    with job_bar() as bar:
        task = bar.add_task(f"Writing {screen.plain(output.name)}", total=len(grid.document_ids), detail="")
        rows = handed_out.over(desk.rows(grid))
        units = {column.id: column.unit for column in await desk.columns(grid.review_id)}
        try:
            await write_review(
                rows,
                grid.columns,
                output,
                lambda count: bar.update(task, completed=count),
                grid.review_name,
                units,
                measured,
            )
        except InputError as error:
            raise InputError(f"{error} The answers are kept: the same command asks nothing again.") from error


async def _show(desk: Desk, grid: Grid, console: Console, measured: Collection[str]) -> None:
    shown = replace(grid, document_ids=grid.document_ids[:ROWS_SHOWN])
    rows = [row async for row in desk.rows(shown)]
    console.print(screen.grid_table(rows, grid.columns, console.width, measured))
    if len(grid.document_ids) > ROWS_SHOWN:
        console.print(f"and {len(grid.document_ids) - ROWS_SHOWN:,} more documents in the file")


async def report_failures(desk: Desk, grid: Grid, covered: Covered, handed_out: HandedOut, console: Console) -> int:
    """List refused files, failed cells, and cells that were never asked. Returns the exit code."""
    failures = await desk.failures(grid)
    for file, reason in grid.refused.items():
        console.print(f"[red]✗[/] {screen.plain(str(file))} was not taken in: {screen.plain(reason)}")
    screen.print_failures(console, failures)
    console.print(f"{covered.answered:,} cells answered in this run, {sum(len(f.columns) for f in failures):,} failed.")
    if covered.notice:
        console.print(f"{covered.notice} (--model)")
    if handed_out.incomplete:
        console.print(f"[yellow]Not complete:[/] {screen.plain(handed_out.incomplete)}")
    if covered.job.model == EXTRACTIVE:
        console.print(
            "These are rule-based quotes, no LLM: a first pass. Set OPENAI_BASE_URL and --model for real answers."
        )
    return NOT_ALL_ANSWERED if failures or grid.refused or handed_out.incomplete else ALL_DONE
