"""The commands. Each parses, calls and draws. Each imports its modules when it runs, so that others need not wait for
them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from uuid import UUID

import typer
from rich.console import Console

from columnist.cli.logs import configure_logs
from columnist.errors import ColumnistError
from columnist.settings import ENV_FILE, knobs, load_settings

if TYPE_CHECKING:
    from columnist.desk.grid import Desk


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
    no_args_is_help=True,
    help="Measure answers against labels, and compare two measurements.",
)
app.add_typer(evaluation, name="eval")
users = typer.Typer(no_args_is_help=True, help="For operators: invite, list, disable and enable users.")
app.add_typer(users, name="users")
tokens = typer.Typer(no_args_is_help=True, help="For operators: list and revoke the API tokens of everybody.")
app.add_typer(tokens, name="tokens")
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="Use the `columnist serve` at this address, signed in with COLUMNIST_TOKEN. Default: COLUMNIST_SERVER, or "
        "this machine.",
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="A model of OPENAI_BASE_URL, a .gguf file, or 'extractive' (no LLM).")
]
ColumnsOption = Annotated[
    Path | None,
    typer.Option(
        "--columns",
        "-c",
        help="The questions, as YAML, or the name of a template. Default: CUAD's.",
        metavar="FILE.yaml",
    ),
]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its beginning.")]
MOST_LISTED = 500
out = Console()
err = Console(stderr=True)


def main() -> NoReturn:
    """Run the command line. A failure that a person can act on is one sentence and an exit code, not a traceback."""
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
    """Open closed standard streams on /dev/null: otherwise a socket would get their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(nowhere, True)  # reaches the processes that read and answer
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8"))


@app.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    env_file: Annotated[
        Path | None,
        typer.Option(
            "--env-file",
            metavar="FILE",
            help="Read settings from this file. Default: `.env` of the data and the configuration directory.",
        ),
    ] = None,
) -> None:
    if env_file is not None:
        os.environ[ENV_FILE] = str(env_file.absolute())
    if show_version:
        out.print(f"columnist {version('columnist')}")
        raise typer.Exit


@app.command(
    epilog="Example: columnist run contracts/ --columns due-diligence.yaml --output review.xlsx\n\n"
    "Exit codes: 0 every cell is answered · 2 bad input · 3 some failed or were never asked (listed), or this "
    "machine cannot ask the model · 4 no database or server · 130 interrupted."
)
def run(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders and files: PDF, DOCX, XLSX, TXT, EML, MSG, …", metavar="PATH…"),
    ],
    columns: Annotated[
        Path,
        typer.Option(
            "--columns",
            "-c",
            help="The questions, as YAML, or the name of a template (columnist templates).",
            metavar="FILE.yaml",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The file to write: .xlsx, .csv, .parquet, .json or .jsonl. `-`: CSV on standard output, `-.json` and "
            "so on another format; all else is then on standard error.",
        ),
    ],
    model: ModelOption = None,
    review: Annotated[
        str | None,
        typer.Option("--review", help="The review's name. Default: a separate review for these paths and questions."),
    ] = None,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help="Ask in batches of the LLM provider (OpenAI's protocol): half the price, and up to a day of patience.",
        ),
    ] = False,
    server: ServerOption = None,
) -> None:
    """Fill a grid: every document gets every question, and the answers go to a file.

    Run the same command again at any time: it continues where it stopped, and asks no answered question again.
    """
    from columnist.cli.piped import on_standard_output
    from columnist.cli.run import run_grid
    from columnist.progress import display

    settings = load_settings(model=model, server=server)
    configure_logs("ERROR")
    with on_standard_output(output) as file:
        console = display(sys.stdout, own=True) if file == output else display(sys.stderr)
        code = asyncio.run(run_grid(settings, paths, columns, file, review, model, console, batch=batch))
    raise typer.Exit(code)


@app.command(epilog="Example: DATABASE_URL=postgresql://… TABULAR_GENERATE_CONCURRENCY=32 columnist worker")
def worker() -> None:
    """Work on jobs until stopped. Start as many as you like, on any machine with the same DATABASE_URL.

    SIGTERM or Ctrl-C: the worker takes no more documents, finishes running ones within TABULAR_WORKER_GRACE_SECONDS,
    and leaves the rest to other workers. A second signal: it leaves at once.
    """
    from columnist.cli.worker import work
    from columnist.telemetry import tracing

    settings = load_settings()
    configure_logs(settings.log_level)
    with tracing():
        asyncio.run(work(settings))


@app.command(epilog="Example: columnist serve --port 8080, then more workers anywhere: columnist worker")
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.", show_default="8000")] = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Whether this process also works on jobs.")
    ] = True,
) -> None:
    """Serve the page and the HTTP API, and work on jobs in the same process. More workers can join from anywhere.

    Without sign-in it prints a link with the token of the data directory: open it, and the browser keeps it. For a team
    set COLUMNIST_SIGN_IN=password, and send each person the link of `columnist users invite EMAIL`.

    SIGTERM: /readyz turns traffic away for COLUMNIST_DRAIN_SECONDS, then requests in progress end, and other workers
    get the running documents. Ctrl-C does the same without waiting for proxies; a second one skips every wait.
    """
    from columnist.api.serve import serve as serve_until_stopped
    from columnist.telemetry import tracing

    settings = load_settings(host=host, port=port)
    configure_logs(settings.log_level)
    with tracing():
        asyncio.run(serve_until_stopped(settings, work=worker))


@jobs.command("list", epilog="Example: columnist jobs list --limit 5")
def list_jobs(
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=MOST_LISTED)] = 20,
    server: ServerOption = None,
) -> None:
    """List the newest jobs."""
    from columnist.cli import screen

    async def show(desk: "Desk") -> None:
        screen.print_list(out, screen.jobs_table(await desk.list_jobs(limit), whole_ids=not out.is_terminal))

    _at_desk(server, show)


@jobs.command("show", epilog="Example: columnist jobs show 3f0c… (see: columnist jobs list)")
def show_job(job: JobArgument, server: ServerOption = None) -> None:
    """Show one job: its counts, tokens and price, and the cells that failed with the reasons."""
    from columnist.cli import screen

    async def show(desk: "Desk") -> None:
        job_id = await _job(desk, job)
        out.print(screen.job_details(await desk.progress(job_id)))
        screen.print_failures(out, await desk.job_failures(job_id))

    _at_desk(server, show)


@jobs.command("cancel", epilog="Example: columnist jobs cancel 3f0c…")
def cancel_job(job: JobArgument, server: ServerOption = None) -> None:
    """Cancel a job: waiting documents are skipped now, running ones stop within two seconds. Answers are kept."""

    async def cancel(desk: "Desk") -> None:
        job_id = await _job(desk, job)
        await desk.progress(job_id)
        out.print("Cancelled." if await desk.cancel(job_id) else "The job had ended already: nothing to cancel.")

    _at_desk(server, cancel)


@jobs.command("resume", epilog="Example: columnist jobs resume 3f0c… --budget 5")
def resume_job(
    job: JobArgument,
    budget: Annotated[
        float | None, typer.Option(help="US dollars that the whole job may cost. Default: no limit.", min=0)
    ] = None,
    server: ServerOption = None,
) -> None:
    """Resume a paused job, with another budget or none."""

    async def resume(desk: "Desk") -> None:
        job_id = await _job(desk, job)
        await desk.progress(job_id)
        resumed = await desk.resume(job_id, None if budget is None else Decimal(str(budget)))
        out.print("The job goes on." if resumed else "The job is not paused: nothing to resume.")

    _at_desk(server, resume)


@jobs.command("retry", epilog="Example: columnist jobs retry 3f0c…")
def retry_job(job: JobArgument, server: ServerOption = None) -> None:
    """Ask a job's failed and missing cells again, with the same model and budget, as a new job."""

    async def retry(desk: "Desk") -> None:
        generated = await desk.retry(await _job(desk, job))
        if generated.total_items == 0:
            out.print("Nothing failed and nothing is missing.")
        else:
            out.print(f"Job {generated.job_id}: {generated.total_items} documents to ask again. {desk.who_works}")

    _at_desk(server, retry)


@evaluation.command(
    "run",
    epilog="Example: columnist eval run examples/contracts --model extractive --output eval/extractive\n\n"
    "Labels: a CSV with document, column, answer, quote (one line per further quote; neither answer nor quote: not in "
    "the document), the same as JSON with a list `quotes`, or CUAD's master_clauses.csv.",
)
def evaluate_run(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files with labels.", metavar="PATH…")],
    labels: Annotated[
        list[Path] | None,
        typer.Option("--labels", "-l", help="The labels. Default: labels.csv or .json in the folders.", metavar="FILE"),
    ] = None,
    columns: ColumnsOption = None,
    model: ModelOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for evaluation.json and report.html.")
    ] = Path("evaluation"),
    server: ServerOption = None,
) -> None:
    """Ask questions about labelled documents, and print per question how good answers and evidence are.

    This is a job like any other: the same command continues where it stopped, and asks nothing again that the same
    model and prompt have answered.
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
    """Compare two evaluations of the same labels: which cells got better or worse, and whether that may be chance."""
    from columnist.cli.evaluate import compare_files

    compare_files(first, second, out)


@evaluation.command("first", epilog="Example: columnist eval first eval/extractive eval/qwen3 --loss 5")
def evaluate_first(
    first: Annotated[Path, typer.Argument(help="The folder of the cheap model's evaluation.", metavar="A")],
    large: Annotated[Path, typer.Argument(help="The folder of the large one's, of the same labels.", metavar="B")],
    loss: Annotated[
        float, typer.Option("--loss", min=0, max=50, help="How many points fewer of A's answers may be right.")
    ] = 5.0,
) -> None:
    """Find the doubt up to which a cheap model may answer alone, and what that saves and loses."""
    from columnist.cli.evaluate import cheap_first

    cheap_first(first, large, loss, out)


@evaluation.command(
    "repeat",
    epilog="Example: columnist eval repeat examples/contracts --columns examples/due-diligence.yaml --cells 50",
)
def repeat_answers(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files.", metavar="PATH…")],
    columns: ColumnsOption = None,
    model: ModelOption = None,
    cells: Annotated[int, typer.Option("--cells", min=1, help="How many answers to compare.")] = 200,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed for drawing documents: the same seed draws the same documents.")
    ] = 1,
) -> None:
    """Ask the same questions twice, and print how often answer, quotes and flag are the same.

    Nothing is stored, and no stored answer is used. Where answers differ, sampling or the batching of a server decided.
    """
    from columnist.cli.repeat import repeat
    from columnist.progress import display

    configure_logs("ERROR")
    settings = load_settings(model=model)
    console = display(sys.stdout, own=True)
    raise typer.Exit(asyncio.run(repeat(settings, paths, columns, cells, seed, console)))


UserArgument = Annotated[str, typer.Argument(metavar="USER", help="An e-mail address or an id.")]
ReviewOption = Annotated[
    UUID | None, typer.Option("--review", metavar="ID", help="Only the certificate of this review.")
]


@users.command("invite", epilog="Example: COLUMNIST_SIGN_IN=password columnist users invite ada@example.org")
def invite_user(email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """Print a link at which this person chooses a password: once, within seven days. It also replaces a forgotten
    password. Send it to nobody else: the e-mail address counts as verified."""
    from columnist.cli import operate

    configure_logs("ERROR")
    settings = load_settings()
    link = operate.operate(settings, lambda connection: operate.invite(connection, settings, email))
    sys.stdout.write(f"{link}\n")  # not wrapped, however narrow the terminal is


@users.command("list", epilog="Example: columnist users list")
def list_users() -> None:
    """List everybody who has signed in or was invited, how they sign in, and what belongs to them."""
    from columnist.cli import operate, screen

    configure_logs("ERROR")
    screen.print_list(out, screen.users_table(operate.operate(load_settings(), operate.list_users)))


@users.command("disable", epilog="Example: columnist users disable eve@example.org")
def disable_user(user: UserArgument) -> None:
    """End a user's sessions, and refuse their tokens and sign-ins from now on. What belongs to them stays, and their
    jobs go on."""
    _set_enabled(user, enabled=False)


@users.command("enable", epilog="Example: columnist users enable eve@example.org")
def enable_user(user: UserArgument) -> None:
    """Let a disabled user in again, with the tokens that they had."""
    _set_enabled(user, enabled=True)


@users.command("sign-out", epilog="Example: columnist users sign-out eve@example.org")
def sign_out_user(user: UserArgument) -> None:
    """Sign a user out of every browser. They may sign in again, and their API tokens stay."""
    from columnist.cli import operate

    configure_logs("ERROR")
    ended = operate.operate(load_settings(), lambda connection: operate.end_sessions(connection, user))
    out.print(f"Sessions ended: {ended}.")


def _set_enabled(user: str, *, enabled: bool) -> None:
    from columnist.cli import operate, screen

    configure_logs("ERROR")
    found = operate.operate(load_settings(), lambda connection: operate.set_enabled(connection, user, enabled=enabled))
    for one in found:
        out.print(f"{'Enabled' if enabled else 'Disabled'}: {screen.plain(one)}", highlight=False)


@tokens.command("list", epilog="Example: columnist tokens list")
def list_tokens() -> None:
    """List the API tokens that are accepted, of all users."""
    from columnist.cli import operate, screen

    configure_logs("ERROR")
    found = operate.operate(load_settings(), operate.list_tokens)
    screen.print_list(out, screen.tokens_table(found, whole_ids=not out.is_terminal))


@tokens.command("revoke", epilog="Example: columnist tokens revoke 3f0c… (see: columnist tokens list)")
def revoke_token(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id, or its beginning.")],
) -> None:
    """Refuse an API token from now on."""
    from columnist.cli import operate, screen

    configure_logs("ERROR")
    settings = load_settings()
    listed = (one["id"] for one in operate.operate(settings, operate.list_tokens))
    token_id = screen.the_one(listed, token, "token", "columnist tokens list")
    operate.operate(settings, lambda connection: operate.revoke_token(connection, token_id))
    out.print("Revoked.")


@app.command(epilog="Example: columnist events --since 2026-01-01 --user eve@example.org > events.jsonl")
def events(
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From this date or time on, such as 2026-01-31.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="Acts of this user, or on what belongs to this user.")
    ] = None,
    review: ReviewOption = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more, until you press Ctrl-C.")] = False,
) -> None:
    """Print who did what as JSON lines, oldest first: sign-ins, shares, uploads, downloads, exports, deletions, …"""
    from columnist.cli import operate

    configure_logs("ERROR")
    start = None if since is None else operate.a_time(since)
    operate.operate(load_settings(), lambda connection: operate.print_events(connection, start, user, review, follow))


@app.command(epilog="Example: columnist certificates --review 3f0c… > certificate.json")
def certificates(review: ReviewOption = None) -> None:
    """Print what was destroyed with deleted reviews as JSON lines: what, when, by whom, counts and hashes."""
    from columnist.cli import operate

    configure_logs("ERROR")
    operate.operate(load_settings(), lambda connection: operate.print_certificates(connection, review))


@app.command(epilog="Example: columnist templates leases > questions.yaml")
def templates(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Print this template as YAML, for editing.")
    ] = None,
) -> None:
    """List the sets of questions that come with Columnist: each can be named as --columns, or printed as a file."""
    from columnist.cli import screen
    from columnist.reviews.templates import built_in_templates, template_text

    if name is not None:
        sys.stdout.write(template_text(name))
    else:
        screen.print_list(out, screen.templates_table(built_in_templates().values()))


@app.command(epilog="Example: TABULAR_GENERATE_CONCURRENCY=32 columnist settings")
def settings() -> None:
    """Print every setting: its value, where that value comes from, and what it does."""
    from columnist.cli import screen

    screen.print_list(out, screen.settings_table(knobs(load_settings())))


@app.command(epilog="Example: COLUMNIST_MIGRATION_URL=postgresql://… DATABASE_URL=postgresql://… columnist migrate")
def migrate() -> None:
    """Bring the database to this version's schema, and let the login of DATABASE_URL run Columnist and nothing else.

    Starting does the same if the login of the process may.
    """
    from columnist.db.connect import database_url
    from columnist.db.migrate import migrations

    with database_url(load_settings()):
        out.print(f"The database has schema {len(migrations())}.")


@app.command(epilog="Example: OPENAI_BASE_URL=http://localhost:8000/v1 COLUMNIST_MODEL=qwen3 columnist doctor")
def doctor(
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="First assign the file store to this database, and let jobs go on that wait because it is a copy: "
            "after files were moved, or after a restored database replaced another.",
        ),
    ] = False,
) -> None:
    """Check database, files, LLM, disk and file reading: what works, and how to fix what does not."""
    from columnist.cli import screen
    from columnist.cli.doctor import examine

    configure_logs("ERROR")
    findings = asyncio.run(examine(load_settings(), adopt=adopt))
    out.print(screen.findings_table(findings))
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


async def _job(desk: "Desk", begins: str) -> UUID:
    """The id of a job, from its beginning or all of it. Raises NotFoundError, ConflictError."""
    from columnist.cli import screen

    with suppress(ValueError):
        return UUID(begins)
    return screen.the_one((job.id for job in await desk.list_jobs(MOST_LISTED)), begins, "job", "columnist jobs list")


def _at_desk(server: str | None, act: Callable[["Desk"], Awaitable[None]]) -> None:
    """Run a short command at this machine's desk or a server's; only errors are logged."""
    from columnist.cli.desk import command_desk

    async def run() -> None:
        async with command_desk(load_settings(server=server)) as desk:
            await act(desk)

    configure_logs("ERROR")
    asyncio.run(run())
