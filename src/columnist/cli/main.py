"""The commands. Each parses, calls, draws, and imports what it needs for that when it runs: no other waits for it."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from decimal import Decimal
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import structlog
import typer
from rich.console import Console

from columnist.cli.logs import configure_logs
from columnist.errors import ColumnistError
from columnist.settings import knobs, load_settings


class EvalGroup(typer.core.TyperGroup):
    """`columnist eval FOLDER` means `columnist eval run FOLDER`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="columnist",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Every question about every document: a grid of documents × questions, filled durably, each answer with its "
    "verified quote and page.\n\nStart with: [bold]columnist run contracts/ --columns questions.yaml --output "
    "review.xlsx[/bold]",
)
jobs = typer.Typer(no_args_is_help=True, help="List, inspect, cancel, resume and retry jobs.")
app.add_typer(jobs, name="jobs")
evaluation = typer.Typer(
    cls=EvalGroup,
    no_args_is_help=True,
    help="Measure answers against labels: [bold]columnist eval FOLDER[/bold], then compare two of them.",
)
app.add_typer(evaluation, name="eval")
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="Do it at this server, which `columnist serve` runs. Default: COLUMNIST_SERVER, or else here. It signs in "
        "with COLUMNIST_TOKEN.",
    ),
]
JobArgument = Annotated[UUID, typer.Argument(metavar="JOB", help="The job's id.")]
out = Console()
err = Console(stderr=True)


def main() -> NoReturn:
    """Run the command line; a failure that a person can act on is one sentence and its exit code, never a trace."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale may have no letters for a document's name
    try:
        app(standalone_mode=True)
    except ColumnistError as error:
        from columnist.cli import screen

        err.print(f"[bold red]columnist:[/] {screen.plain(str(error))}", highlight=False)
        sys.exit(error.exit_code)
    sys.exit(0)


def _open_what_is_closed() -> None:
    """A standard stream that the caller closed leads nowhere, before a socket takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(nowhere, True)  # to the processes that read and answer
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8"))


@app.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if show_version:
        out.print(f"columnist {version('columnist')}")
        raise typer.Exit


@app.command(
    epilog="Example: columnist run contracts/ --columns due-diligence.yaml --output review.xlsx\n\n"
    "Exit codes: 0 every cell is answered · 2 bad input · 3 some failed or were never asked (it says which), or nobody "
    "can ask the model · 4 no database or server · 130 interrupted."
)
def run(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders and files: PDF, DOCX, XLSX, TXT, EML, MSG, …", metavar="PATH…"),
    ],
    columns: Annotated[Path, typer.Option("--columns", "-c", help="The questions, as YAML.", metavar="FILE.yaml")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the grid goes: .xlsx, .csv, .parquet or .json.")
    ],
    model: Annotated[
        str | None, typer.Option("--model", help="A model of OPENAI_BASE_URL, a .gguf file, or 'extractive' (no LLM).")
    ] = None,
    review: Annotated[
        str | None,
        typer.Option("--review", help="The review's name. Default: one of its own for these paths and questions."),
    ] = None,
    server: ServerOption = None,
) -> None:
    """Fill a grid: every document gets every question, and the answers go to a file.

    Run the same command again at any time: it goes on where it stopped, and nothing that was answered is asked again.
    """
    from columnist.cli.run import run_grid
    from columnist.progress import display

    settings = load_settings(model=model, server=server)
    configure_logs("ERROR")
    console = display(sys.stdout, own=True)
    raise typer.Exit(asyncio.run(run_grid(settings, paths, columns, output, review, model, console)))


@app.command(epilog="Example: DATABASE_URL=postgresql://… TABULAR_GENERATE_CONCURRENCY=32 columnist worker")
def worker() -> None:
    """Work on jobs until stopped. Start as many as you like, on any machine with the same DATABASE_URL.

    SIGTERM or Ctrl-C stops claiming at once, lets running documents go on for TABULAR_WORKER_GRACE_SECONDS and hands
    the rest back to the other workers. A second one hands it back now.
    """
    from columnist.api.serve import watched
    from columnist.cpu import LEAVE_SECONDS, leave_within
    from columnist.desk.local import open_session
    from columnist.telemetry import tracing

    settings = load_settings()
    configure_logs(settings.log_level)

    async def work() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            stopped.set()
            leave_within(settings.worker_grace_seconds + LEAVE_SECONDS)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        async with (
            open_session(settings) as session,
            watched(settings, session.database) as health,
            session.working() as pool,
        ):
            health.pool = pool
            structlog.get_logger().info("worker ready", concurrency=settings.generate_concurrency, model=settings.model)
            await stopped.wait()
            structlog.get_logger().info("worker stopping", grace_seconds=settings.worker_grace_seconds)

            def hurry() -> None:
                pool.stop_now()
                leave_within(LEAVE_SECONDS)

            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, hurry)

    with tracing():
        asyncio.run(work())


@app.command(epilog="Example: columnist serve --port 8080, then more workers anywhere: columnist worker")
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.", show_default="8000")] = None,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Work on jobs, too.")] = True,
) -> None:
    """Serve the HTTP API, and work on jobs in the same process. More workers may join from anywhere.

    SIGTERM turns traffic away at /readyz for COLUMNIST_DRAIN_SECONDS, ends what is under way and hands running
    documents to the other workers. Ctrl-C does the same without the wait for proxies; a second one skips every wait.
    """
    from columnist.api.serve import serve as serve_until_stopped
    from columnist.telemetry import tracing

    settings = load_settings(host=host, port=port)
    configure_logs(settings.log_level)
    with tracing():
        asyncio.run(serve_until_stopped(settings, work=worker))


@jobs.command("list", epilog="Example: columnist jobs list --limit 5")
def list_jobs(
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=500)] = 20,
    server: ServerOption = None,
) -> None:
    """List the newest jobs."""
    from columnist.cli import screen
    from columnist.cli.remote import command_session

    async def show() -> None:
        async with command_session(load_settings(server=server)) as session:
            out.print(screen.jobs_table(await session.list_jobs(limit)))

    _quietly(show())


@jobs.command("show", epilog="Example: columnist jobs show 3f0c… (see: columnist jobs list)")
def show_job(job_id: JobArgument, server: ServerOption = None) -> None:
    """Show one job: its counts, tokens, price, and the cells that failed with their reasons."""
    from columnist.cli import screen
    from columnist.cli.remote import command_session

    async def show() -> None:
        async with command_session(load_settings(server=server)) as session:
            out.print(screen.job_details(await session.progress(job_id)))
            screen.print_failures(out, await session.job_failures(job_id))

    _quietly(show())


@jobs.command("cancel", epilog="Example: columnist jobs cancel 3f0c…")
def cancel_job(job_id: JobArgument, server: ServerOption = None) -> None:
    """Cancel a job: what waits is skipped now, what runs stops within two seconds. Answers that are there stay."""
    from columnist.cli.remote import command_session

    async def cancel() -> None:
        async with command_session(load_settings(server=server)) as session:
            await session.progress(job_id)
            cancelled = await session.cancel(job_id)
            out.print("Cancelled." if cancelled else "It had ended already: nothing to cancel.")

    _quietly(cancel())


@jobs.command("resume", epilog="Example: columnist jobs resume 3f0c… --budget 5")
def resume_job(
    job_id: JobArgument,
    budget: Annotated[
        float | None, typer.Option(help="US dollars that the job may cost in all. Default: no limit.", min=0)
    ] = None,
    server: ServerOption = None,
) -> None:
    """Let a paused job go on, with another budget or none."""
    from columnist.cli.remote import command_session

    async def resume() -> None:
        async with command_session(load_settings(server=server)) as session:
            await session.progress(job_id)
            resumed = await session.resume(job_id, None if budget is None else Decimal(str(budget)))
            out.print("It goes on." if resumed else "It is not paused: nothing to resume.")

    _quietly(resume())


@jobs.command("retry", epilog="Example: columnist jobs retry 3f0c…")
def retry_job(job_id: JobArgument, server: ServerOption = None) -> None:
    """Ask a job's failed and missing cells again, with its model and budget, as a new job for the running workers."""
    from columnist.cli.remote import command_session
    from columnist.desk.local import Session

    async def retry() -> None:
        async with command_session(load_settings(server=server)) as session:
            generated = await session.retry(job_id)
            if generated.total_items == 0:
                out.print("Nothing failed and nothing is missing.")
                return
            out.print(f"Job {generated.job_id}: {generated.total_items} documents to ask again.")
            if isinstance(session, Session):
                out.print("Workers take it at once; without one, start it with: columnist worker")

    _quietly(retry())


@evaluation.command(
    "run",
    epilog="Example: columnist eval examples/contracts examples/cuad --model extractive --output eval/extractive\n\n"
    "Labels: a CSV with document, column, answer, quote (a line for each further quote; no answer and no quote: it is "
    "not in the document), the same as JSON with a list `quotes`, or CUAD's master_clauses.csv.",
)
def evaluate_run(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files with labels.", metavar="PATH…")],
    labels: Annotated[
        list[Path] | None,
        typer.Option("--labels", "-l", help="The labels. Default: labels.csv or .json in the folders.", metavar="FILE"),
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option("--columns", "-c", help="The questions, as YAML. Default: CUAD's.", metavar="FILE.yaml"),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="A model of OPENAI_BASE_URL, a .gguf file, or 'extractive' (no LLM).")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for evaluation.json and report.html.")
    ] = Path("evaluation"),
    server: ServerOption = None,
) -> None:
    """Ask labelled documents, and print per question how good answers and evidence are. `run` may be left out.

    It is a job like any other: run the same command again and it goes on where it stopped; what was answered by the
    same model and prompt is not asked again.
    """
    from columnist.cli.evaluate import evaluate
    from columnist.progress import display

    configure_logs("ERROR")
    settings = load_settings(model=model, server=server)
    console = display(sys.stdout, own=True)
    raise typer.Exit(asyncio.run(evaluate(settings, paths, labels or [], columns, model, output, console)))


@evaluation.command("compare", epilog="Example: columnist eval compare eval/extractive eval/model")
def compare_evaluations(
    first: Annotated[Path, typer.Argument(help="The folder of an evaluation.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="The folder of another.", metavar="B")],
) -> None:
    """Compare two evaluations of the same labels: which cells got better or worse, and whether it may be chance."""
    from columnist.cli.evaluate import compare_files

    compare_files(first, second, out)


@app.command(epilog="Example: TABULAR_GENERATE_CONCURRENCY=32 columnist settings")
def settings() -> None:
    """Print every setting: its effective value, where that came from, and what it does."""
    from columnist.cli import screen

    out.print(screen.settings_table(knobs(load_settings())))


@app.command(epilog="Example: OPENAI_BASE_URL=http://localhost:8000/v1 COLUMNIST_MODEL=qwen3 columnist doctor")
def doctor(
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="First make the file store this database's: after files were moved, or a restored database has taken "
            "the place of another.",
        ),
    ] = False,
) -> None:
    """Check database, files, LLM, disk and file reading: what works, and what to do where it does not."""
    from columnist.cli import screen
    from columnist.cli.doctor import examine

    configure_logs("ERROR")
    findings = asyncio.run(examine(load_settings(), adopt=adopt))
    out.print(screen.findings_table(findings))
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


def _quietly(command: Coroutine[Any, Any, None]) -> None:
    """Run a short command; the log is for errors only."""
    configure_logs("ERROR")
    asyncio.run(command)
