"""The output of the commands. Text from documents or models is always plain, never markup."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from columnist.errors import ConflictError, NotFoundError
from columnist.jobs.job import Progress as JobProgress
from columnist.progress import duration
from columnist.reviews.model import Cell, ColumnSpec, Failure, GridRow
from columnist.settings import EXTRACTIVE, Knob

if TYPE_CHECKING:
    from columnist.cli.doctor import Finding
    from columnist.reviews.templates import Template

FLAG_STYLES = {"green": "green", "yellow": "yellow", "red": "bold red", "grey": "bright_black"}
STATUS_STYLES = {"completed": "green", "running": "cyan", "failed": "bold red", "cancelled": "yellow"}
NARROWEST_COLUMN = 18
FAILURES_SHOWN = 20
ALIKE = 3
"""Documents that fail for the same reason are listed one by one up to here."""


def plain(text: str) -> str:
    """The text without control characters (a file name may hold escape sequences) and safe from Rich's markup."""
    return escape("".join(character if character.isprintable() else " " for character in text))


def grid_table(
    rows: Sequence[GridRow], columns: Sequence[tuple[UUID, ColumnSpec]], width: int, measured: Collection[str]
) -> Table:
    """As many columns as are legible in `width` characters; the caption counts the rest."""
    fitting = max(1, min(len(columns), (width - 30) // (NARROWEST_COLUMN + 3)))
    shown = columns[:fitting]
    table = Table(header_style="bold", show_lines=True)
    table.add_column("Document", max_width=28, overflow="ellipsis", no_wrap=True)
    for _, column in shown:
        table.add_column(plain(column.name), ratio=1)
    times = Counter(row.document for row in rows)
    for row in rows:
        name = row.document if times[row.document] == 1 else row.path
        table.add_row(plain(name), *(_cell_text(row.cells.get(column_id), measured) for column_id, _ in shown))
    if fitting < len(columns):
        table.caption = f"and {len(columns) - fitting} more columns in the file"
    return table


def _cell_text(cell: Cell | None, measured: Collection[str]) -> Text:
    if cell is None:
        return Text("")
    if cell.status == "error":
        return Text(f"✗ {shorten(cell.error or '')}", style="red")
    unverified = " ⚠" if cell.verified is False else ""
    return Text(shorten(cell.summary or "") + unverified, style=FLAG_STYLES.get(cell.colour(measured) or "", ""))


def shorten(text: str, length: int = 90) -> str:
    """One printable line of at most `length` characters."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def print_failures(console: Console, failures: Sequence[Failure]) -> None:
    """List the failed cells: a line per document and reason, or one for a reason that many documents share."""
    by_reason: dict[str, list[Failure]] = {}
    for failure in failures:
        by_reason.setdefault(failure.error, []).append(failure)
    lines = []
    for reason, alike in by_reason.items():
        if len(alike) > ALIKE:
            cells = sum(len(failure.columns) for failure in alike)
            lines.append(f"{len(alike):,} documents ({cells:,} cells), {plain(alike[0].path)} first: {plain(reason)}")
            continue
        for failure in alike:
            where = "every column" if len(failure.columns) > 3 else ", ".join(failure.columns)
            lines.append(f"{plain(failure.path)} ({plain(where)}, {len(failure.columns)} cells): {plain(reason)}")
    for line in lines[:FAILURES_SHOWN]:
        console.print(f"[red]✗[/] {line}")
    if len(lines) > FAILURES_SHOWN:
        console.print(f"[red]✗[/] and {len(lines) - FAILURES_SHOWN:,} more: they are marked in the file")


SHOWN_OF_AN_ID = 8


def print_list(console: Console, table: Table) -> None:
    """Print a table. In a pipe or a file it is never cut."""
    if not console.is_terminal:
        for column in table.columns:
            column.no_wrap = True
        widest = console.options.update_width(100_000)
        console.width = max(console.width, console.measure(table, options=widest).maximum)
    console.print(table)


def _id(whole: UUID, *, is_whole: bool) -> str:
    """An id, or its beginning if the terminal is narrow, with which commands find it."""
    return str(whole) if is_whole else str(whole)[:SHOWN_OF_AN_ID]


def the_one(ids: Iterable[UUID], begins: str, what: str, command: str) -> UUID:
    """The only id with this beginning. Raises NotFoundError, or ConflictError if there are several."""
    found = [one for one in ids if str(one).startswith(begins.lower())]
    if not found:
        raise NotFoundError(f"No {what} has an id that begins with {begins!r}: see {command}.")
    if len(found) > 1:
        raise ConflictError(f"The ids of {len(found):,} {what}s begin with {begins!r}: write more of it.")
    return found[0]


def templates_table(templates: Iterable["Template"]) -> Table:
    """One line per set of questions."""
    table = Table("Name", "Title", "Questions", header_style="bold")
    for one in templates:
        table.add_row(one.id, one.name, ", ".join(column.name for column in one.columns))
    return table


def users_table(users: Sequence[Mapping[str, Any]]) -> Table:
    """One line per user, as list_users() has them."""
    table = Table(
        *("User", "E-mail", "Signs in by", "Last sign-in", "Sessions", "Reviews", "Documents", "MB", "Tokens", ""),
        header_style="bold",
    )
    for user in users:
        table.add_row(
            str(user["id"]),
            plain(user["email"]),
            user["signs_in"],
            _minute(user["signed_in_at"]),
            f"{user['sessions']:,}",
            f"{user['reviews']:,}",
            f"{user['documents']:,}",
            f"{user['size_bytes'] / 1024**2:,.1f}",
            f"{user['tokens']:,}",
            "disabled" if user["disabled_at"] else "",
        )
    return table


def tokens_table(tokens: Sequence[Mapping[str, Any]], *, whole_ids: bool) -> Table:
    """One line per API token, as list_api_tokens() has them."""
    table = Table(header_style="bold")
    for name in ("Token", "E-mail", "Name", "Scope", "Created", "Ends", "Last used"):
        table.add_column(name, no_wrap=name == "Token")
    for token in tokens:
        table.add_row(
            _id(token["id"], is_whole=whole_ids),
            plain(token["email"]) or str(token["user_id"]),
            plain(token["name"]),
            token["scope"],
            *(_minute(token[name]) for name in ("created_at", "expires_at", "last_used_at")),
        )
    return table


def _minute(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else ""


def jobs_table(jobs: Sequence[JobProgress], *, whole_ids: bool) -> Table:
    """One line per job."""
    table = Table(header_style="bold")
    for name in ("Job", "Review", "Status", "Documents", "Failed", "Model", "Started"):
        table.add_column(name, no_wrap=name not in ("Review", "Model"))
    for job in jobs:
        table.add_row(
            _id(job.id, is_whole=whole_ids),
            plain(job.review_name),
            _status(job),
            f"{job.ended_items:,} / {job.total_items:,}",
            f"{job.error_items:,}",
            plain(job.model),
            f"{job.created_at:%Y-%m-%d %H:%M}",
        )
    return table


def job_details(job: JobProgress) -> Table:
    """Everything about one job."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    rows: list[tuple[str, str | Text]] = [
        ("Job", str(job.id)),
        ("Review", plain(job.review_name)),
        ("Model", plain(model_words(job.model))),
        ("Status", _status(job)),
        (
            "Documents",
            f"{job.ended_items:,} of {job.total_items:,} through: {job.completed_items:,} answered, "
            f"{job.error_items:,} failed, {job.skipped_items:,} skipped; "
            f"{job.running_items:,} running, {job.pending_items:,} waiting",
        ),
        ("Cells", f"{job.done_cells:,} of {job.total_cells:,} answered, {job.error_cells:,} failed"),
        (
            "Tokens",
            f"{job.prompt_tokens:,} in the prompts ({job.cached_tokens:,} of them cached), "
            f"{job.completion_tokens:,} in the answers",
        ),
    ]
    if job.price > Decimal(0):
        rows.append(("Price", f"${job.price:,.2f}" + (f" of ${job.budget:,.2f}" if job.budget else "")))
    if job.waits_for:
        rows.append(("Waits", plain(job.waits_for)))
    if job.pause_reason:
        rows.append(("Paused", plain(job.pause_reason)))
    if job.is_live and job.eta_seconds is not None:
        rows.append(("Left", duration(job.eta_seconds)))
    if job.error:
        rows.append(("Problem", plain(job.error)))
    for row in rows:
        table.add_row(*row)
    return table


def model_words(model: str) -> str:
    """The model's name, with an explanation of the extractive back end."""
    return f"{EXTRACTIVE} (rules and quotes, no LLM: a first pass)" if model == EXTRACTIVE else model


def _status(job: JobProgress) -> Text:
    cancelling = job.is_live and job.cancel_requested_at is not None
    shown = "cancelling" if cancelling else "paused" if job.is_live and job.paused_at else job.status
    return Text(shown, style=STATUS_STYLES.get(job.status, ""))


def settings_table(knobs: Sequence[Knob]) -> Table:
    """Every setting, its value, its source and what it does."""
    table = Table("Setting", "Value", "Source", "What it does", header_style="bold")
    for knob in knobs:
        style = "" if knob.source == "default" else "cyan"
        table.add_row(knob.name, Text(knob.value, style=style), knob.source, knob.description)
    return table


def findings_table(findings: Sequence["Finding"]) -> Table:
    """The findings of doctor: a mark, the thing, its state and what to do."""
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        mark = Text("✓", style="green") if finding.good else Text("✗", style="bold red")
        table.add_row(mark, Text(finding.subject, style="bold"), Text(finding.sentence))
    return table
