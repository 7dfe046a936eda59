"""`columnist run`: the main job with a live progress bar, and what Ctrl-C means for it."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.prompt import Confirm

from columnist.cli import screen
from columnist.cli.server import AnySession, command_session
from columnist.export.files import check_target, write_review
from columnist.jobs.store import Generated
from columnist.progress import job_bar, job_detail
from columnist.reviews.columns_file import read_columns
from columnist.reviews.model import ColumnSpec
from columnist.session import Grid, Source, find_files
from columnist.settings import EXTRACTIVE, Settings

ROWS_SHOWN = 15
PASSED_OVER_SHOWN = 3
ALL_DONE, WITH_FAILURES, INTERRUPTED = 0, 3, 130


async def run_grid(
    settings: Settings,
    paths: Sequence[Path],
    columns_file: Path,
    output: Path,
    review: str,
    model: str | None,
    console: Console,
) -> int:
    """Do the main job, here or at the settings' server, and return the exit code. `model`: another than the settings'
    or the server's. Raises InputError before anything is asked if the input will not do."""
    check_target(output)
    columns = read_columns(columns_file)
    sources = find_files(paths)
    if sources.passed_over:
        names = ", ".join(screen.plain(file.name) for file in sources.passed_over[:PASSED_OVER_SHOWN])
        more = ", …" if len(sources.passed_over) > PASSED_OVER_SHOWN else ""
        console.print(f"{len(sources.passed_over)} files of other types are passed over: {names}{more}")
    async with command_session(settings) as session:
        grid = await take_in(session, review, sources.files, columns, console)
        generated = await session.generate(grid, model)
        if not await see_it_through(session, generated, console):
            return INTERRUPTED
        await _export(session, grid, output, console)
        return await _closing(session, grid, generated, console)


def _opening(generated: Generated, asked: str) -> str:
    model = screen.plain(screen.model_words(asked))
    if generated.total_items == 0:
        return f"Every question has its answer already. Model: {model}"
    verb = "Going on with" if generated.resumed else "Started"
    return f"{verb} job {generated.job_id}: {generated.total_items:,} documents. Model: {model}"


async def take_in(
    session: AnySession, review: str, files: Sequence[Source], columns: Sequence[ColumnSpec], console: Console
) -> Grid:
    """Put files and columns into the review of that name, with a progress bar."""
    with job_bar(console) as bar:
        task = bar.add_task("Taking files in", total=len(files), detail="")
        return await session.prepare(review, files, columns, lambda count: bar.update(task, completed=count))


async def see_it_through(session: AnySession, generated: Generated, console: Console) -> bool:
    """Work on the job and watch it until it has ended; False if Ctrl-C stopped the watching."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    try:
        console.print(_opening(generated, (await session.progress(generated.job_id)).model))
        async with session.working() as pool:
            watching = asyncio.create_task(_watch(session, generated, console))
            stopping = asyncio.create_task(interrupted.wait())
            await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if watching.done():
                await watching
                return True
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            cancelled = await _asked_to_cancel(console)
            if pool is not None:
                loop.add_signal_handler(signal.SIGINT, pool.hurry)
            if cancelled:
                await session.cancel(generated.job_id)
                console.print(
                    "The job is cancelled. The answers that are there stay: the same command asks only the rest."
                )
            else:
                console.print(f"Stopped watching. {session.what_stays}")
            return False
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _watch(session: AnySession, generated: Generated, console: Console) -> None:
    with job_bar(console) as bar:
        task = bar.add_task("Answering", total=generated.total_items, detail="")
        async for job in session.watch(generated.job_id):
            bar.update(task, completed=job.ended_items, detail=job_detail(job))


async def _asked_to_cancel(console: Console) -> bool:
    # A second Ctrl-C at the question is the usual one: it ends the program, and the job stays.
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
    if not sys.stdin.isatty():
        return False
    return await asyncio.to_thread(Confirm.ask, "\nCancel the job, too?", console=console, default=False)


async def _export(session: AnySession, grid: Grid, output: Path, console: Console) -> None:
    with job_bar(console) as bar:
        task = bar.add_task(f"Writing {screen.plain(output.name)}", total=len(grid.document_ids), detail="")
        await write_review(session.rows(grid), grid.columns, output, lambda count: bar.update(task, completed=count))


async def _closing(session: AnySession, grid: Grid, generated: Generated, console: Console) -> int:
    shown = replace(grid, document_ids=grid.document_ids[:ROWS_SHOWN])
    rows = [row async for row in session.rows(shown)]
    console.print(screen.grid_table(rows, grid.columns, console.width))
    if len(grid.document_ids) > ROWS_SHOWN:
        console.print(f"and {len(grid.document_ids) - ROWS_SHOWN:,} more documents in the file")
    return await say_what_failed(session, grid, generated, console)


async def say_what_failed(session: AnySession, grid: Grid, generated: Generated, console: Console) -> int:
    """List what was refused and what failed; the exit code."""
    failures = await session.failures(grid)
    job = await session.progress(generated.job_id)
    for file, reason in grid.refused.items():
        console.print(f"[red]✗[/] {screen.plain(str(file))} was not taken in: {screen.plain(reason)}")
    screen.print_failures(console, failures)
    console.print(f"{job.done_cells:,} cells answered in this run, {sum(len(f.columns) for f in failures):,} failed.")
    if job.pause_reason:
        console.print(f"[yellow]The job is paused:[/] {screen.plain(job.pause_reason)}")
    if job.model == EXTRACTIVE:
        console.print(
            "These are rule-based quotes, no LLM: a first pass. Set OPENAI_BASE_URL and --model for real answers."
        )
    return WITH_FAILURES if failures or grid.refused or job.pause_reason else ALL_DONE
