"""`columnist eval repeat`: ask a sample of cells twice, and show how often the answers agree."""

import asyncio
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table

from columnist.answers.model import Answer, Answerer, Content
from columnist.back_ends import BackEnds
from columnist.backoff import back_off
from columnist.cli import screen
from columnist.desk.files import Source, find_files
from columnist.documents.locating.boxes import BoxesWriter
from columnist.documents.model import DocumentText
from columnist.documents.reading.reader import Reader
from columnist.errors import ColumnistError, InputError, LlmAwayError
from columnist.evaluation.labels import cuad_columns
from columnist.evaluation.repeat import Repeated, agreement, is_same
from columnist.evaluation.report import percent
from columnist.process import check_askable
from columnist.reviews.model import Question
from columnist.reviews.templates import read_questions
from columnist.settings import Settings

DIFFERENCES_SHOWN = 20

TOGETHER = 64
"""How many documents are asked about at a time."""

MOST_AWAY = 10
"""So many times in a row the LLM servers may be away or full, with growing pauses, before a document is left out."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A document's answers in both rounds, and the tokens that they took."""

    source: Source
    rounds: list[dict[UUID, Content | None]]
    tokens: int


async def repeat(
    settings: Settings, paths: Sequence[Path], columns_file: Path | None, cells: int, seed: int, console: Console
) -> int:
    """Ask twice, without using stored answers; the exit code. Documents are drawn at random, by `seed`, until there
    are `cells` answers to compare. Raises InputError before anything is asked if the input is invalid."""
    columns = cuad_columns() if columns_file is None else read_questions(columns_file)
    questions = [column.question(uuid4()) for column in columns]
    sources = find_files(paths).files
    random.Random(seed).shuffle(sources)  # noqa: S311 - a sample, no secret
    sources = sources[: -(-cells // len(questions))]
    await check_askable(settings, columns)
    console.print(
        f"Asks {len(questions):,} questions about {len(sources):,} documents, drawn with --seed {seed}, two times each."
    )
    asked, failures = [], []
    turns = asyncio.Semaphore(TOGETHER)
    async with Reader(settings) as reader, BackEnds(settings) as back_ends:
        answerer = await back_ends.named(settings.model)
        for outcome in await asyncio.gather(
            *(_ask(turns, answerer, reader, source, questions) for source in sources), return_exceptions=True
        ):
            if isinstance(outcome, ColumnistError):
                failures.append(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                asked.append(outcome)
    repeated = [
        Repeated(one.source.path, question, one.rounds[0].get(question.id), one.rounds[1].get(question.id))
        for one in asked
        for question in questions
    ][:cells]
    _print(settings.model, repeated, sum(one.tokens for one in asked), console)
    for failure in failures:
        console.print(f"[red]Left out:[/] {screen.plain(str(failure))}")
    return 1 if failures else 0


async def _ask(
    turns: asyncio.Semaphore, answerer: Answerer, reader: Reader, source: Source, questions: Sequence[Question]
) -> _Asked:
    """Raises ColumnistError naming the file."""
    async with turns:
        try:
            read = await reader.read(source.file, source.path, BoxesWriter(io.BytesIO()))
            document = DocumentText(source.file.name, [page.text for page in read.pages])
            rounds = [await _answers(answerer, document, questions) for _ in range(2)]
        except ColumnistError as error:
            raise InputError(f"{source.path}: {error}") from error
    tokens = sum(one.usage.prompt_tokens + one.usage.completion_tokens for answers in rounds for one in answers)
    return _Asked(source, [{one.question_id: one.content for one in answers} for answers in rounds], tokens)


async def _answers(answerer: Answerer, document: DocumentText, questions: Sequence[Question]) -> list[Answer]:
    """All answers. While the LLM servers are away or full it waits, as a worker does; raises LlmAwayError in the
    end."""
    failures = 0
    while True:
        try:
            return [one async for answers in answerer.answer(document, questions) for one in answers]
        except LlmAwayError:
            failures += 1
            if failures == MOST_AWAY:
                raise
            await asyncio.sleep(back_off(failures))


def _print(model: str, repeated: Sequence[Repeated], tokens: int, console: Console) -> None:
    documents = len({one.document for one in repeated})
    table = Table(
        title=f"{screen.plain(screen.model_words(model))}: the same both times",
        caption=f"{len(repeated):,} answers about {documents:,} documents, {tokens:,} tokens",
        header_style="bold",
    )
    for name in ("What", "Answers", "Same %", "95 % interval"):
        table.add_column(name, justify="left" if name == "What" else "right")
    for row in agreement(repeated):
        ends = " … ".join(map(percent, row.interval)) if row.interval else "too few documents"
        table.add_row(row.measure, f"{row.cells:,}", percent(row.share), ends)
    console.print(table)
    others = [one for one in repeated if not is_same(one)]
    for one in others[:DIFFERENCES_SHOWN]:
        said = " → ".join(
            screen.plain(screen.shorten("no answer" if content is None else content.summary, 60))
            for content in (one.first, one.second)
        )
        console.print(f"  {screen.plain(screen.shorten(one.document, 40))} · {screen.plain(one.question.name)}: {said}")
    if len(others) > DIFFERENCES_SHOWN:
        console.print(f"  and {len(others) - DIFFERENCES_SHOWN:,} more")
