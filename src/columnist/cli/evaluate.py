"""`columnist eval`: the main job over labelled documents, and how good its answers are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from columnist.back_ends import prompt_version
from columnist.cli import screen
from columnist.cli.desk import command_desk
from columnist.cli.run import INTERRUPTED, say_what_failed, see_it_through, take_in
from columnist.desk.files import find_files
from columnist.desk.grid import distinct
from columnist.desk.runs import HandedOut
from columnist.errors import InputError
from columnist.evaluation.compare import Comparison, Pair, compare
from columnist.evaluation.labels import Label, cuad_columns, find_labels, key, read_labels
from columnist.evaluation.report import (
    HEADINGS,
    HTML_FILE,
    JSON_FILE,
    Evaluation,
    percent,
    read_evaluation,
    shown,
    write_report,
)
from columnist.evaluation.scores import scored
from columnist.process import check_askable
from columnist.reviews.columns_file import read_columns
from columnist.reviews.model import ColumnSpec
from columnist.settings import Settings

CELLS_SHOWN = 20
WIDE = 144
"""Characters that the whole table of figures takes."""
ESSENTIAL = ("Match", "P", "R", "F1", "Quotes", "Verified", "Missed", "Invented")


async def evaluate(
    settings: Settings,
    paths: Sequence[Path],
    label_files: Sequence[Path],
    columns_file: Path | None,
    model: str | None,
    output: Path,
    console: Console,
) -> int:
    """Ask, score and report; the exit code. Raises InputError before anything is asked if the input is invalid."""
    labels, columns = _asked(label_files or find_labels(paths), columns_file)
    by_place = {(key(label.document), key(label.column)): label for label in labels}
    labelled = {document for document, _ in by_place}
    every = find_files(paths).files
    files = [source for source in every if key(source.file.name) in labelled]
    if not files:
        raise InputError("None of the files has a label: labels name their document by its file name.")
    asked = {key(column.name) for column in columns}
    unasked = {column for _, column in by_place if column not in asked}
    console.print(_coverage(len(files), len(every), len(labelled), len(unasked)))
    if settings.server is None:
        await check_askable(settings)
    review = distinct(paths, columns, f"Evaluation of {paths[0].resolve().name} by {settings.model}")
    async with command_desk(settings) as desk:
        grid = await take_in(desk, review, files, columns, console)
        covered = await see_it_through(desk, grid, model, console)
        if covered is None:
            return INTERRUPTED
        job = covered.job
        handed_out = HandedOut(grid, covered)
        questions = {column_id: column.question(column_id) for column_id, column in grid.columns}
        cells = [
            scored(label, question, row.document, row.cells.get(column_id))
            async for row in handed_out.over(desk.rows(grid))
            for column_id, question in questions.items()
            if (label := by_place.get((key(row.document), key(question.name)))) is not None
        ]
        ended = job.completed_at or datetime.now(UTC)
        evaluation = Evaluation(
            model=job.model,
            prompt_version=prompt_version(job.model),
            version=version("columnist"),
            finished_at=ended,
            documents=len(grid.document_ids),
            asked_cells=job.done_cells + job.error_cells,
            seconds=(ended - job.started_at).total_seconds() if job.started_at and job.total_items else 0.0,
            price=job.price,
            columns=tuple(column.name for column in columns),
            cells=tuple(cells),
        )
        write_report(evaluation, output)
        # A file or a pipe is as wide as the table wants it.
        screen_of_figures = console if console.is_terminal else Console(width=WIDE)
        screen_of_figures.print(_table(evaluation, screen_of_figures.width))
        console.print(f"{output / HTML_FILE} shows the misses side by side; {output / JSON_FILE} is for comparing.")
        return await say_what_failed(desk, grid, covered, handed_out, console)


def _asked(label_files: Sequence[Path], columns_file: Path | None) -> tuple[list[Label], list[ColumnSpec]]:
    """The labels, and those of the questions that have any."""
    read = [read_labels(file) for file in label_files]
    labels = [label for those, _ in read for label in those]
    if columns_file is None and not any(cuad for _, cuad in read):
        raise InputError("Name the questions with --columns: only CUAD's categories bring theirs along.")
    columns = cuad_columns() if columns_file is None else read_columns(columns_file)
    known = {key(label.column) for label in labels}
    asked = [column for column in columns if key(column.name) in known]
    if not asked:
        raise InputError("None of the questions has a label: labels name their column by its name.")
    return labels, asked


def _coverage(files: int, every: int, labelled: int, unasked: int) -> str:
    passed = f"; {every - files:,} files without labels are passed over" if files < every else ""
    absent = f"; {labelled - files:,} labelled documents are not there" if files < labelled else ""
    unknown = f"; {unasked:,} labelled columns are not among the questions" if unasked else ""
    return f"{files:,} labelled documents{passed}{absent}{unknown}."


def _table(evaluation: Evaluation, width: int) -> Table:
    """The figures of each question: all of them, or those that fit into 80 characters."""
    shown_ones = [at for at, (name, _) in enumerate(HEADINGS) if width >= WIDE or name in ESSENTIAL]
    table = Table(
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=f"{screen.plain(screen.model_words(evaluation.model))} · shares in %",
        caption=evaluation.cost,
    )
    table.add_column("Question", max_width=32 if width >= WIDE else 22, overflow="ellipsis", no_wrap=True)
    for at in shown_ones:
        table.add_column(HEADINGS[at][0], justify="right", no_wrap=True)
    *rows, (everything, total) = [(name, shown(figures)) for name, figures in evaluation.table()]
    for name, figures in rows:
        table.add_row(screen.plain(name), *(figures[at] for at in shown_ones))
    table.add_section()
    table.add_row(everything, *(total[at] for at in shown_ones), style="bold")
    return table


def compare_files(first: Path, second: Path, console: Console) -> None:
    """Print how the second evaluation differs from the first. Raises InputError if they cannot be compared."""
    one, other = read_evaluation(first), read_evaluation(second)
    found = compare(one, other)
    table = Table(header_style="bold", title=f"{screen.plain(one.model)} → {screen.plain(other.model)}")
    table.add_column("Measure")
    for name in ("Cells", "First %", "Second %", "Difference", "95 % interval"):
        table.add_column(name, justify="right")
    for row in found.differences:
        sure = "bold green" if row.low > 0 else "bold red" if row.high < 0 else ""
        interval = f"{100 * row.low:+.1f} … {100 * row.high:+.1f}"
        difference = f"{100 * (row.second - row.first):+.1f}"
        cells = (f"{row.cells:,}", percent(row.first), percent(row.second), difference, interval)
        table.add_row(row.measure, *cells, style=sure)
    console.print(table)
    _changes(found, console)


def _changes(found: Comparison, console: Console) -> None:
    for title, pairs in (("better", found.better), ("worse", found.worse)):
        console.print(f"\n[bold]{len(pairs):,} cells got {title}[/]")
        for pair in pairs[:CELLS_SHOWN]:
            console.print(_change(pair))
        if len(pairs) > CELLS_SHOWN:
            console.print(f"  and {len(pairs) - CELLS_SHOWN:,} more")
    if found.only_one:
        console.print(f"\n{found.only_one:,} cells are in one of the two only, and not compared.")


def _change(pair: Pair) -> str:
    before, after = pair
    where = f"{screen.plain(screen.shorten(before.document, 40))} · {screen.plain(before.column)}"
    said = " → ".join(screen.plain(screen.shorten(one.error or one.answer or "–", 60)) for one in pair)
    label = screen.plain(screen.shorten(after.label or "–", 60))
    return f"  {where}: {said} (label: {label})"
