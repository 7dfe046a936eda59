"""`columnist eval`: the main job over labelled documents, and how good its answers are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from rich import box
from rich.console import Console, Group
from rich.table import Table

from columnist.back_ends import prompt_version
from columnist.cli import screen
from columnist.cli.desk import command_desk
from columnist.cli.run import INTERRUPTED, report_failures, see_it_through, take_in
from columnist.desk.files import find_files
from columnist.desk.grid import Desk, Grid, distinct
from columnist.desk.runs import HandedOut
from columnist.errors import InputError
from columnist.evaluation.compare import Comparison, Pair, compare
from columnist.evaluation.flags import green_is_proven
from columnist.evaluation.joining import join_columns, join_documents
from columnist.evaluation.labels import Label, cuad_columns, find_labels, read_labels
from columnist.evaluation.reliability import ERROR, thresholds
from columnist.evaluation.report import (
    HEADINGS,
    HTML_FILE,
    JSON_FILE,
    Evaluation,
    doubt_rows,
    doubt_sentences,
    flag_rows,
    flag_sentences,
    official_rows,
    percent,
    read_evaluation,
    write_report,
)
from columnist.evaluation.scores import ScoredCell, scored, wanted
from columnist.jobs.job import Progress
from columnist.process import check_askable
from columnist.reviews.model import ColumnSpec
from columnist.reviews.templates import read_questions
from columnist.settings import Settings

CELLS_SHOWN = 20
WIDE = 160
"""Characters that the whole table of figures takes."""
ESSENTIAL = ("Right", "P", "R", "F1", "Quotes", "Verified", "Missed", "Invented")


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
    every = {source.path: source for source in find_files(paths).files}
    joined = _join(labels, columns, {path: source.file for path, source in every.items()})
    files = [source for path, source in every.items() if path in joined.paths]
    columns = [column for column in columns if column.name in joined.names]
    console.print(f"{len(files):,} labelled documents, {len(joined.by_place):,} labels.")
    for line in "\n".join(joined.notes).splitlines():
        console.print(f"  {screen.plain(line)}", soft_wrap=True)
    if settings.server is None:
        await check_askable(settings, columns)
    review = distinct(paths, columns, f"Evaluation of {paths[0].resolve().name} by {settings.model}")
    async with command_desk(settings) as desk:
        grid = await take_in(desk, review, files, columns, console)
        covered = await see_it_through(desk, grid, model, console)
        if covered is None:
            return INTERRUPTED
        handed_out = HandedOut(grid, covered)
        evaluation = _evaluation(covered.job, grid, columns, joined, await _scored(desk, grid, handed_out, joined))
        write_report(evaluation, output)
        _print(console, evaluation, is_measured=covered.job.model in settings.measured)
        console.print(f"{output / HTML_FILE} shows the misses side by side; {output / JSON_FILE} is for comparing.")
        return await report_failures(desk, grid, covered, handed_out, console)


async def _scored(desk: Desk, grid: Grid, handed_out: HandedOut, joined: "_Join") -> list[ScoredCell]:
    """The cells of a grid that have a label."""
    units = {column.id: column.unit for column in await desk.columns(grid.review_id)}
    questions = {one: replace(column.question(one), unit=units.get(one)) for one, column in grid.columns}
    return [
        scored(label, question, row.path, row.cells.get(column_id))
        async for row in handed_out.over(desk.rows(grid))
        for column_id, question in questions.items()
        if (label := joined.by_place.get((row.path, question.name))) is not None
    ]


def _evaluation(
    job: Progress, grid: Grid, columns: Sequence[ColumnSpec], joined: "_Join", cells: Sequence[ScoredCell]
) -> Evaluation:
    ended = job.completed_at or datetime.now(UTC)
    return Evaluation(
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
        questions=tuple(columns),
        notes=tuple(joined.notes),
    )


def _print(console: Console, evaluation: Evaluation, *, is_measured: bool) -> None:
    """Print the figures. A file or a pipe is as wide as their table."""
    wide = console if console.is_terminal else Console(width=WIDE)
    wide.print(_table(evaluation, wide.width))
    wide.print(_further(evaluation))
    console.print(f"[bold]{evaluation.headline}[/]")
    for sentence in (*flag_sentences(evaluation), *doubt_sentences(evaluation)):
        console.print(sentence)
    if green_is_proven(evaluation.cells) and not is_measured:
        console.print(f"Its green can be shown as proven: COLUMNIST_MEASURED_MODELS={screen.plain(evaluation.model)}")


def _asked(label_files: Sequence[Path], columns_file: Path | None) -> tuple[list[Label], list[ColumnSpec]]:
    """The labels and the questions."""
    labels, cuad = read_labels(label_files)
    if columns_file is None and not cuad:
        raise InputError("Name the questions with --columns: only CUAD's categories have their own.")
    return labels, cuad_columns() if columns_file is None else read_questions(columns_file)


@dataclass(frozen=True, slots=True)
class _Join:
    """The labels by path and question, the paths and questions that have any, and lists of labels and names that are
    not used, or not used as written."""

    by_place: dict[tuple[str, str], Label]
    paths: set[str]
    names: set[str]
    notes: list[str]


def _join(labels: Sequence[Label], columns: Sequence[ColumnSpec], files: Mapping[str, Path]) -> _Join:
    """Raises InputError if a name in the labels may mean several files or questions, or if nothing is labelled."""
    documents = join_documents((label.document for label in labels), files)
    named = join_columns((label.column for label in labels), [column.name for column in columns])
    if documents.unclear or named.unclear:
        unclear = "; ".join(documents.unclear + named.unclear)
        raise InputError(
            f"It is not clear what labels are about: {unclear}. Write names as files and questions have them."
        )
    if not documents.meant:
        raise InputError("None of the files has a label: labels name their document by its file name.")
    if not named.meant:
        raise InputError("None of the questions has a label: labels name their column by its name.")
    by_place = {
        (documents.meant[label.document], named.meant[label.column]): label
        for label in labels
        if label.document in documents.meant and label.column in named.meant
    }
    if not by_place:
        raise InputError("No label is about one of the files and one of the questions.")
    questions = {column.name: column.question(uuid4()) for column in columns}
    problems = [
        f"{path}, {name}: {label.answer or 'quotes only'} ({problem.rstrip('.')})"
        for (path, name), label in by_place.items()
        if (problem := wanted(label, questions[name]).problem)
    ]
    paths = {path for path, _ in by_place}
    names = {name for _, name in by_place}
    notes = [
        ("files have no label and are passed over", [path for path in files if path not in paths]),
        ("labelled documents are not among the files", documents.absent),
        ("labelled columns are not among the questions", named.absent),
        ("questions have no label and are not asked", [name for name in questions if name not in names]),
        (
            "names are spelled differently",
            [f"{one} is read as {other}" for one, other in documents.similar + named.similar],
        ),
        ("labels cannot be compared with an answer: their cells are neither right nor wrong", problems),
    ]
    return _Join(
        by_place, paths, names, ["\n  ".join([f"{len(which):,} {what}:", *which]) for what, which in notes if which]
    )


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
    *rows, total, average = evaluation.rows()
    for name, figures in rows:
        table.add_row(screen.plain(name), *(figures[at] for at in shown_ones))
    table.add_section()
    for name, figures in (total, average):
        table.add_row(name, *(figures[at] for at in shown_ones), style="bold")
    return table


def _further(evaluation: Evaluation) -> Group:
    """Right by flag, wrong by doubt, and the quotes by the scripts of SQuAD and CUAD."""
    tables = [
        _simple("Right by flag, in %", flag_rows(evaluation)),
        _simple("Wrong by doubt", doubt_rows(evaluation)),
    ]
    others = Table(
        title="Quotes by the scripts of others, in %", show_header=False, box=box.SIMPLE, title_justify="left"
    )
    for row_of_others in official_rows(evaluation):
        others.add_row(*row_of_others)
    return Group(*tables, others)


def _simple(title: str, rows: Sequence[Sequence[str]]) -> Table:
    """A table whose first row is its heading."""
    heading, *others = rows
    table = Table(title=title, header_style="bold", box=box.SIMPLE_HEAD, title_justify="left")
    for name in heading:
        table.add_column(name, justify="left" if name == heading[0] else "right", no_wrap=True)
    for row in others:
        table.add_row(*row)
    return table


def cheap_first(first: Path, large: Path, loss: float, console: Console) -> None:
    """Print what is saved and lost if one model answers first, and another the answers in doubt. `loss`: in %. Raises
    InputError if the two evaluations have no cells in common."""
    one, other = read_evaluation(first), read_evaluation(large)
    found = thresholds(one.cells, other.cells, loss / 100)
    if not found:
        raise InputError("The two evaluations have no answers to the same labels whose doubt is known: run them again.")
    rows = [["Doubt up to", "Alone %", "Right %", "By the other %", "Tokens saved %", f"Loses at most {loss:g} points"]]
    for at in found:
        shares = (at.alone, at.right, at.large_right, at.tokens)
        rows.append([f"{at.doubt:.3f}", *map(percent, shares), "yes" if at.holds else "not shown"])
    console.print(_simple(f"{screen.plain(one.model)} first, then {screen.plain(other.model)}", rows))
    proven = [at for at in found if at.holds]
    if proven:
        console.print(
            f"With {1 - ERROR:.0%} certainty, of what {screen.plain(one.model)} answers up to a doubt of "
            f"{proven[-1].doubt:.3f}, at most {loss:g} points fewer are right than of {screen.plain(other.model)}, on "
            f"documents like these: COLUMNIST_FIRST_DOUBT={proven[-1].doubt:.3f}"
        )
    else:
        console.print("No threshold is shown to lose so little: label more documents, or allow more with --loss.")


def compare_files(first: Path, second: Path, console: Console) -> None:
    """Print how the second evaluation differs from the first. Raises InputError if they cannot be compared."""
    one, other = read_evaluation(first), read_evaluation(second)
    found = compare(one, other)
    table = Table(header_style="bold", title=f"{screen.plain(one.model)} → {screen.plain(other.model)}")
    table.add_column("Measure")
    for name in ("Documents", "Cells", "First %", "Second %", "Difference", "95 % interval"):
        table.add_column(name, justify="right")
    for row in found.differences:
        style = {1: "bold green", -1: "bold red"}.get(row.direction, "")
        interval = " … ".join(f"{100 * end:+.1f}" for end in row.interval) if row.interval else "too few documents"
        difference = f"{100 * (row.second - row.first):+.1f}"
        cells = (f"{row.documents:,}", f"{row.cells:,}", percent(row.first), percent(row.second), difference, interval)
        table.add_row(row.measure, *cells, style=style)
    console.print(table)
    if found.other_questions:
        names = screen.plain("; ".join(found.other_questions))
        console.print(f"{len(found.other_questions):,} questions have another wording or format: {names}.")
    _changes(found, console)


def _changes(found: Comparison, console: Console) -> None:
    for title, pairs in (("better", found.better), ("worse", found.worse)):
        console.print(f"\n[bold]{len(pairs):,} cells got {title}[/]")
        for pair in pairs[:CELLS_SHOWN]:
            console.print(_change(pair))
        if len(pairs) > CELLS_SHOWN:
            console.print(f"  and {len(pairs) - CELLS_SHOWN:,} more")
    if found.other_labels:
        console.print(f"\n{len(found.other_labels):,} cells have another label in the second, and are not compared:")
        for before, after in found.other_labels[:CELLS_SHOWN]:
            labels = " → ".join(screen.plain(screen.shorten(one.label or "–", 60)) for one in (before, after))
            console.print(f"  {_where(after)}: {labels}")
        if len(found.other_labels) > CELLS_SHOWN:
            console.print(f"  and {len(found.other_labels) - CELLS_SHOWN:,} more")
    if found.only_one:
        console.print(f"\n{found.only_one:,} cells are in one of the two only, and not compared.")


def _change(pair: Pair) -> str:
    said = " → ".join(screen.plain(screen.shorten(one.error or one.answer or "–", 60)) for one in pair)
    label = screen.plain(screen.shorten(pair[1].label or "–", 60))
    return f"  {_where(pair[1])}: {said} (label: {label})"


def _where(cell: ScoredCell) -> str:
    return f"{screen.plain(screen.shorten(cell.document, 40))} · {screen.plain(cell.column)}"
