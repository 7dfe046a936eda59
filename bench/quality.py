"""Answers of one model in two ways, on labelled documents: as Columnist asks, and by a plain prompt. The plain way is
that of the system which Columnist replaces: the document cut at 120,000 characters, all questions in one prompt, JSON
requested in words, quotes not checked. Both ways are typed and scored by the same code, and a quote counts if the
document has it. `WAYS` has more: each changes one thing.

    python -m bench.quality examples/cuad --model qwen3 --documents 20 --output quality

Each document that was answered is a line in `answers.jsonl`: the same command goes on where it was stopped.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Any
from uuid import uuid4

import openai

from bench.table import Row, print_table
from columnist.answers.values import measured
from columnist.asking.language_model import LanguageModelAnswerer
from columnist.asking.prompt import key
from columnist.asking.raw_answers import raw_answers
from columnist.documents.locating.locate import Locator
from columnist.documents.model import Citation, DocumentText
from columnist.documents.reading.child import read_file
from columnist.errors import ColumnistError
from columnist.evaluation.joining import join_columns, join_documents
from columnist.evaluation.labels import Label, cuad_columns, find_labels, read_labels
from columnist.evaluation.report import percent
from columnist.evaluation.scores import Measures, ScoredCell, measures, scored
from columnist.llm import local
from columnist.llm.client import ChatModel
from columnist.llm.replies import completion
from columnist.reviews.columns_file import read_columns
from columnist.reviews.model import NOT_FOUND, Cell, Question
from columnist.settings import Settings, load_settings

CUT = 120_000
"""Characters of a document that the plain way sends."""
PLAIN = """You are a legal analyst. Read the document and answer each question from it.

Answer with a JSON object: for each question its number ("c1") with "answer" (null if the document does not say),
"quotes" (a list of objects with "page" and "quote", word for word), "reasoning", and "flag" (green, yellow or red)."""
SAMPLES = 2_000
"""Samples of the bootstrap."""
PAGES = 2_000
_HEADING = re.compile(r"^\s*(?:(?:ARTICLE|SECTION|Article|Section)\s+)?[\dIVX]+[.)]\s+\S.{2,70}$", re.MULTILINE)

Change = Callable[[list[Any], dict[str, Any]], tuple[list[Any], dict[str, Any]]]
"""A change of the messages and the schema of a call."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of asking with Columnist: with other settings, or with a change of its calls."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    change: Change | None = None


def _answer_first(messages: list[Any], schema: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Put answers before reasoning and quotes."""
    turned = json.loads(json.dumps(schema))
    for one in turned["properties"].values():
        names = sorted(one["properties"], key=lambda name: name != "answer")
        one |= {"properties": {name: one["properties"][name] for name in names}, "required": names}
    return messages, turned


def _contents_first(messages: list[Any], schema: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Put the document's headings before its text."""
    system, user = messages
    headings = "\n".join(line.strip() for line in _HEADING.findall(user["content"])[:100])
    return [system, user | {"content": f"Headings of the document:\n{headings}\n\n{user['content']}"}], schema


WAYS: dict[str, Way | None] = {
    "plain": None,
    "ours": Way(),
    "answer first": Way(change=_answer_first),
    "one in a call": Way({"columns_per_call": 1}),
    "ten in a call": Way({"columns_per_call": 10}),
    "windows": Way({"context_tokens": 4_096}),
    "contents first": Way(change=_contents_first),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """A document's answers in one way, by question; `tokens`: of prompts and answers. `asked` is equal for the same
    model and questions."""

    asked: str
    way: str
    document: str
    cells: dict[str, dict[str, Any]]
    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Material:
    """Labelled documents, the questions, and the labels by document and question."""

    documents: dict[str, DocumentText]
    questions: list[Question]
    labels: dict[tuple[str, str], Label]


class _Changed(ChatModel):
    """Changes the calls before they are sent."""

    change: Change | None = None

    async def complete(self, messages: Any, schema: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if self.change is not None:
            messages, schema = self.change(list(messages), schema)
        return await super().complete(messages, schema, *rest, **named)


def material(folder: Path, columns: Path | None, documents: int, questions: int, most_characters: int) -> Material:
    """The shortest labelled documents of a folder, none longer than `most_characters`; the first `questions`."""
    labels, _ = read_labels(find_labels([folder]))
    specs = (cuad_columns() if columns is None else read_columns(columns))[:questions]
    files = {one.name: one for one in folder.iterdir() if one.is_file() and one.suffix not in (".csv", ".json", ".md")}
    meant = join_documents((label.document for label in labels), files).meant
    named = join_columns((label.column for label in labels), [spec.name for spec in specs]).meant
    by_place = {
        (meant[one.document], named[one.column]): one for one in labels if one.document in meant and one.column in named
    }
    read = {}
    for name in sorted({document for document, _ in by_place}):
        with files[name].open("rb") as file:
            read[name] = DocumentText(name, [page.text for page in read_file(file, name, PAGES)[1]])
    short = sorted((one for one in read if _length(read[one]) <= most_characters), key=lambda one: _length(read[one]))
    chosen = {name: read[name] for name in short[:documents]}
    kept = {place: label for place, label in by_place.items() if place[0] in chosen}
    return Material(chosen, [spec.question(uuid4()) for spec in specs], kept)


def _length(document: DocumentText) -> int:
    return sum(map(len, document.pages))


async def answer_all(
    given: Material, settings: Settings, base_url: str | None, ways: Sequence[str], file: Path
) -> None:
    """Ask for documents and ways without a line in `file`, one document after the other, each way in turn."""
    about = asked(settings.model, given)
    there = {(one.way, one.document) for one in stored(file, about)}
    for name, document in given.documents.items():
        for way in ways:
            if (way, name) in there:
                continue
            begun = time.perf_counter()
            how = WAYS[way]
            if how is None:
                cells, tokens = await _plain(document, given.questions, settings, base_url)
            else:
                cells, tokens = await _ours(document, given.questions, settings, base_url, how)
            answered = Answered(about, way, name, cells, tokens, round(time.perf_counter() - begun, 1))
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(answered), ensure_ascii=False, default=str) + "\n")
            print(f"{way}: {name}: {tokens:,} tokens, {answered.seconds:,.0f} s", file=sys.stderr)


def asked(model: str, given: Material) -> str:
    """Equal for the same model and questions."""
    questions = [(one.name, one.prompt, one.format, one.tags) for one in given.questions]
    return sha256(json.dumps([model, questions]).encode()).hexdigest()[:12]


def stored(file: Path, about: str) -> list[Answered]:
    """Earlier answers to `asked`. A cut-off line is asked again."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            one = Answered(**json.loads(line))
        except ValueError:
            continue
        if one.asked == about:
            found.append(one)
    return found


async def _ours(
    document: DocumentText, questions: Sequence[Question], settings: Settings, base_url: str | None, how: Way
) -> tuple[dict[str, dict[str, Any]], int]:
    knobs = settings.model_copy(update=dict(how.settings))
    cells: dict[str, dict[str, Any]] = {}
    tokens = 0
    names = {question.id: question.name for question in questions}
    chat = _Changed(knobs, settings.model, base_url)
    chat.change = how.change
    async with chat:
        try:
            async for group in LanguageModelAnswerer(chat, knobs).answer(document, questions):
                for one in group:
                    tokens += one.usage.prompt_tokens + one.usage.completion_tokens
                    content = one.content
                    cells[names[one.question_id]] = (
                        _cell(content.summary, content.value, content.citations, content.flag, content.doubt)
                        if content
                        else {"error": one.error}
                    )
        except ColumnistError as error:
            cells |= {name: {"error": str(error)} for name in names.values() if name not in cells}
    return cells, tokens


async def _plain(
    document: DocumentText, questions: Sequence[Question], settings: Settings, base_url: str | None
) -> tuple[dict[str, dict[str, Any]], int]:
    text = "\n\n".join(f"[Page {nr}]\n{page}" for nr, page in enumerate(document.pages, start=1))[:CUT]
    listed = "\n".join(f"{key(nr)}. {one.name}: {one.prompt}" for nr, one in enumerate(questions))
    secret = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    async with openai.AsyncOpenAI(base_url=base_url, api_key=secret, timeout=settings.llm_timeout_seconds) as client:
        try:
            reply = await client.chat.completions.create(
                model=settings.model,
                messages=[
                    {"role": "system", "content": PLAIN},
                    {"role": "user", "content": f"Document: {document.name}\n\n{text}\n\nQuestions:\n{listed}"},
                ],
                temperature=0,
                # As many as Columnist has over all of its calls.
                max_tokens=settings.answer_tokens * ceil(len(questions) / settings.columns_per_call),
            )
        except openai.APIError as error:
            return {one.name: {"error": str(error)} for one in questions}, 0
    said = completion(reply)
    try:
        raw = raw_answers(said, questions)
    except ColumnistError as error:
        raw, problem = {}, str(error)
    else:
        problem = "The model left this question out."
    locator = Locator(document.pages)
    cells: dict[str, dict[str, Any]] = {}
    for nr, question in enumerate(questions):
        if nr not in raw:
            cells[question.name] = {"error": problem}
            continue
        one = raw[nr]
        words = "; ".join(one.answer) if isinstance(one.answer, list) else one.answer
        if words is None or (isinstance(words, str) and not words.strip()):
            cells[question.name] = _cell(NOT_FOUND, None, (), "grey", None)
            continue
        shown = {True: "Yes", False: "No"}.get(words, str(words)) if isinstance(words, bool) else words
        form = json.dumps(one.answer) if isinstance(one.answer, list) else shown
        quotes = [quote for quote in one.quotes if quote.quote.strip()]
        citations = [Citation(quote.quote, quote.page, *_found(locator, quote.quote, quote.page)) for quote in quotes]
        cells[question.name] = _cell(shown, measured(form, question).value, citations, one.flag, None)
    return cells, said.prompt_tokens + said.completion_tokens


def _found(locator: Locator, quote: str, page: int | None) -> tuple[bool, Any, Any]:
    spans = locator.locate(quote, page if page and page > 0 else None)
    return bool(spans), spans, ()


def _cell(
    summary: str, value: Any, citations: Sequence[Citation], flag: str | None, doubt: float | None
) -> dict[str, Any]:
    quotes = [{"quote": one.quote, "page": one.page, "verified": one.verified} for one in citations]
    return {"summary": summary, "value": value, "quotes": quotes, "flag": flag, "doubt": doubt}


def scores(given: Material, answered: Sequence[Answered], way: str) -> dict[str, list[ScoredCell]]:
    """Document → its answers in that way beside their labels, for documents with answers in that way."""
    found: dict[str, list[ScoredCell]] = {}
    for one in answered:
        if one.way == way and one.document in given.documents:
            found[one.document] = [
                scored(label, question, one.document, _read(one.cells.get(question.name, {"error": "Not asked."})))
                for question in given.questions
                if (label := given.labels.get((one.document, question.name)))
            ]
    return found


def _read(stored_cell: Mapping[str, Any]) -> Cell:
    if error := stored_cell.get("error"):
        return Cell("error", None, None, None, None, (), None, error, False, None)
    quotes = tuple(Citation(one["quote"], one["page"], one["verified"], (), ()) for one in stored_cell["quotes"])
    said = stored_cell["summary"], stored_cell["value"], stored_cell["flag"]
    return Cell("done", *said, None, quotes, None, None, False, None, doubt=stored_cell["doubt"])


FIGURES: dict[str, Callable[[Measures], float | None]] = {
    "right": lambda figures: figures.right,
    "presence F1": lambda figures: figures.f1,
    "quotes' token F1": lambda figures: figures.token_f1,
    "quotes that stand": lambda figures: figures.verified,
}


def rows(given: Material, answered: Sequence[Answered], ways: Sequence[str], against: str) -> list[Row]:
    """The figures of each way, over the documents that all have answered, and how they differ from `against`."""
    by_way = {way: scores(given, answered, way) for way in ways}
    common = [name for name in given.documents if all(name in cells for cells in by_way.values())]
    tokens = {way: sum(one.tokens for one in answered if one.way == way and one.document in common) for way in ways}
    found = []
    section = f"{len(common)} documents × {len(given.questions)} questions, %"
    for name, figure in FIGURES.items():
        for way in ways:
            value = figure(measures([cell for one in common for cell in by_way[way][one]]))
            differs = "" if way == against else bootstrap(by_way[way], by_way[against], common, figure)
            found.append(Row(section, f"{name}, {way}", percent(value), differs))
    for way in ways:
        figures = measures([cell for one in common for cell in by_way[way][one]])
        counts = f"missed {figures.missed}, invented {figures.invented}, failed {figures.failed}"
        found.append(Row(section, way, counts, f"{tokens[way]:,} tokens"))
    return found


def bootstrap(
    one: Mapping[str, Sequence[ScoredCell]],
    other: Mapping[str, Sequence[ScoredCell]],
    documents: Sequence[str],
    figure: Callable[[Measures], float | None],
) -> str:
    """The difference of a figure in points and its 95 % interval, by the paired bootstrap: documents are redrawn, the
    same ones for both."""
    chance = random.Random(0)
    differences = []
    for _ in range(SAMPLES if documents else 0):
        drawn = chance.choices(documents, k=len(documents))
        ends = [figure(measures([cell for name in drawn for cell in cells[name]])) for cells in (one, other)]
        if ends[0] is not None and ends[1] is not None:
            differences.append(100 * (ends[0] - ends[1]))
    if not differences:
        return "nothing to compare"
    differences.sort()
    low, middle, high = (differences[int(share * (len(differences) - 1))] for share in (0.025, 0.5, 0.975))
    return f"{middle:+.1f} points ({low:+.1f} … {high:+.1f})"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="labelled documents")
    parser.add_argument("--columns", type=Path, help="questions; absent: CUAD's")
    parser.add_argument("--model", help="absent: COLUMNIST_MODEL")
    parser.add_argument("--documents", type=int, default=20, help="the shortest so many")
    parser.add_argument("--questions", type=int, default=41, help="the first so many")
    parser.add_argument("--most-characters", type=int, default=CUT, help="no longer document")
    parser.add_argument("--ways", default="plain,ours", help=", ".join(WAYS))
    parser.add_argument("--output", type=Path, default=Path("quality"))
    options = parser.parse_args(arguments)
    ways = options.ways.split(",")
    if unknown := set(ways) - set(WAYS):
        parser.error(f"no way {', '.join(sorted(unknown))}: there are {', '.join(WAYS)}")
    settings = load_settings(model=options.model)
    base_url = settings.openai_base_url
    if settings.model.endswith(".gguf"):
        _, base_url = local.serve(Path(settings.model), settings.context_tokens or 8_192)
    given = material(options.folder, options.columns, options.documents, options.questions, options.most_characters)
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "answers.jsonl"
    asyncio.run(answer_all(given, settings, base_url, ways, file))
    print_table(rows(given, stored(file, asked(settings.model, given)), ways, ways[0]))


if __name__ == "__main__":
    main()
