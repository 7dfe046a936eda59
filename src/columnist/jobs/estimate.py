"""What a request would ask, before a job is made of it, and which cells still have no answer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import PurePath

from psycopg.rows import DictRow

from columnist.asking.prompt import PageText, messages, overhead_bytes
from columnist.asking.windows import answer_room, expected_windows, page_room
from columnist.db.connect import Connection
from columnist.db.text import as_json
from columnist.documents.tokens import estimated_tokens
from columnist.jobs.ask import Ask
from columnist.jobs.statements import sql
from columnist.llm.usage import CELL_TOKENS, CHARACTERS_PER_TOKEN, NOTHING, Prices, Usage, total
from columnist.reviews.model import Question
from columnist.reviews.store import list_columns
from columnist.settings import EXTRACTIVE, Settings, models_in

DOCUMENTS_NAMED = 3
"""How many documents without answers are named."""

PAGE_TOKENS = 6
"""Tokens of the line above a page."""
PASSAGE_TOKENS = 200
"""Tokens of the passages that one answer quotes."""
PART_TOKENS = 70
"""Tokens of the sentence that says which part of a document a call has."""
WITHOUT_LIMIT = 1 << 60
PAGE_BYTES = 3_000
"""Bytes of a page that was not read."""

# The share of a file that is text, and the bytes of a token: the least, the usual and the most that were seen.
_Range = tuple[float, float, float]
TEXT_SHARES: dict[str, _Range] = {
    ".pdf": (0.02, 0.2, 0.9),
    ".docx": (0.1, 1.0, 6.0),
    ".xlsx": (0.3, 2.0, 10.0),
    ".pptx": (0.01, 0.1, 2.0),
    ".txt": (0.9, 1.0, 1.0),
    ".md": (0.9, 1.0, 1.0),
    ".csv": (0.9, 1.0, 1.0),
    ".html": (0.1, 0.5, 1.0),
    ".htm": (0.1, 0.5, 1.0),
    ".eml": (0.02, 0.4, 1.0),
    ".msg": (0.01, 0.1, 0.6),
    ".rtf": (0.05, 0.5, 1.0),
}
OTHER_SHARES: _Range = (0.001, 0.005, 0.2)
"""The shares for pictures, and for other readable files."""
TOKEN_BYTES: _Range = (5.0, 4.3, 2.5)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would ask: `cells` in `calls` about `documents`; `documents_read` of these have a known length. Tokens
    are estimates; `cached_tokens` are the prompt tokens that a server with a prefix cache already has. For documents
    that were not read only the size of the file is known, so the least and the most prompt tokens, and prices, are far
    apart. `left_alone`: answers that it would ask again if no person had edited or verified them. Prices are US
    dollars, None if none are set."""

    documents: int
    documents_read: int
    cells: int
    calls: int
    prompt_tokens: int
    least_prompt_tokens: int
    most_prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    left_alone: int
    price: float | None
    least_price: float | None
    most_price: float | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The questions about each document, and how much of a document goes into a call."""

    instructions: int
    question: float
    group: int
    budget: int
    in_order: float = 0
    from_passages: float = 0
    """The shares of the questions that the same model reads twice."""

    @classmethod
    def of(cls, questions: Sequence[Question], settings: Settings, context_tokens: int) -> "_Asked":
        step = settings.columns_per_call
        groups = [questions[start : start + step] for start in range(0, len(questions), step)] or [[]]
        answer_tokens = answer_room(settings.answer_tokens, context_tokens)
        overhead = max(overhead_bytes("", group) for group in groups)
        instructions = _prompt_tokens([])
        each = (sum(_prompt_tokens(group) - instructions for group in groups)) / max(1, len(questions))
        room = page_room(context_tokens, answer_tokens, overhead)
        twice = [question.second_reading for question in questions]
        in_order, from_passages = (twice.count(how) / max(1, len(questions)) for how in ("order", "passages"))
        return cls(instructions, each, step, room, in_order, from_passages)

    def spends(self, cells: int, page_bytes: Sequence[int], tokens: float) -> tuple[int, Usage]:
        """Calls about a document, and their tokens."""
        windows, sent = expected_windows(page_bytes, self.budget)
        once = tokens + len(page_bytes) * PAGE_TOKENS
        whole = once * sent / max(1.0, expected_windows(page_bytes, WITHOUT_LIMIT)[1])
        again, passages = cells * self.in_order, cells * self.from_passages
        groups = ceil(cells / self.group) + ceil(again / self.group)
        part = PART_TOKENS if windows > 1 else 0
        asked = windows * (cells + again)
        prompt = groups * (whole + windows * (self.instructions + part)) + asked * self.question
        prompt += passages * (self.instructions + part + PASSAGE_TOKENS + self.question)
        cached = (groups - 1) * (whole + windows * self.instructions)
        calls = groups * windows + ceil(passages)
        return calls, Usage(round(prompt), round(cached), round((asked + passages) * CELL_TOKENS))


def _prompt_tokens(questions: Sequence[Question]) -> int:
    return sum(estimated_tokens(str(one["content"])) for one in messages("", [PageText(1, "")], questions))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The missing cells of a grid: `cells` without a current answer or a failure, the number of their `documents`, the
    first of these by name, and the questions without an answer there. `outdated`: how many other answers are from
    another model or prompt version."""

    cells: int
    documents: int
    outdated: int
    first_documents: list[str]
    columns: list[str]


async def estimate_job(connection: Connection, ask: Ask, settings: Settings, contexts: Mapping[str, int]) -> Estimate:
    """What `create_job` would ask now of LLMs with these contexts (by their names)."""
    columns = await list_columns(connection, ask.review_id)
    questions = [one.question() for one in columns if ask.column_ids is None or one.id in ask.column_ids]
    by_another = [one for one in questions if one.second_reading == "model"]
    others = [one for one in questions if one.second_reading != "model"]
    *first, large = models_in(ask.model)
    receivers = [(large, questions, ask.prices)]
    receivers += [(one, others, Prices.of(settings, one)) for one in first]
    if settings.second_model not in (None, large):
        receivers.append((settings.second_model, by_another, Prices.of(settings, settings.second_model)))
    documents = await (await connection.execute(sql("estimate_job"), ask.values)).fetchall()
    spent = [
        _spent(documents, _Asked.of(asked, settings, contexts[model]), len(asked) / max(1, len(questions)), prices)
        for model, asked, prices in receivers
        if model == large or (asked and model != EXTRACTIVE)
    ]
    if first:  # how many answers it leaves in doubt is not known: perhaps none
        spent[0] = replace(spent[0], uses=(NOTHING, *spent[0].uses[1:]))
    least, usual, most = (total([one.uses[nr] for one in spent]) for nr in range(3))
    values = ask.values | {"spent": as_json([asdict(one) for one in spent])}
    priced = await (await connection.execute(sql("price_estimate"), values)).fetchone()
    assert priced
    return Estimate(
        len(documents),
        sum(one["is_read"] for one in documents),
        sum(one["cells"] for one in documents),
        sum(one.calls for one in spent),
        usual.prompt_tokens,
        least.prompt_tokens,
        most.prompt_tokens,
        usual.cached_tokens,
        usual.completion_tokens,
        **priced,
    )


@dataclass(frozen=True, slots=True)
class _Spent:
    """The calls of one model: their least, usual and most tokens, and its prices."""

    calls: int
    uses: tuple[Usage, ...]
    prices: Prices


def _spent(documents: Sequence[DictRow], asked: _Asked, share: float, prices: Prices) -> _Spent:
    """The cost of a model; `share`: of the cells."""
    calls, uses = 0, [[NOTHING], [NOTHING], [NOTHING]]
    for one in documents:
        cells = ceil(one["cells"] * share)
        spent = [asked.spends(cells, page_bytes, tokens) for page_bytes, tokens in _sizes(one)]
        if len(spent) == 1:
            spent *= len(uses)
        for use, (_, usage) in zip(uses, spent, strict=True):
            use.append(usage)
        calls += spent[1][0]
    return _Spent(calls, tuple(map(total, uses)), prices)


def _sizes(document: DictRow) -> list[tuple[Sequence[int], float]]:
    """The bytes of a document's pages, and its tokens, if known; else the least, the usual and the most."""
    if document["tokens"] is not None:
        return [(document["page_bytes"], document["tokens"])]
    if document["is_read"]:
        characters = document["characters"]
        return [(_even(characters, document["pages"]), characters / CHARACTERS_PER_TOKEN)]
    shares = TEXT_SHARES.get(PurePath(document["name"]).suffix.lower(), OTHER_SHARES)
    texts = [(document["size_bytes"] * share, size) for share, size in zip(shares, TOKEN_BYTES, strict=True)]
    return [(_even(text_bytes, 1 + int(text_bytes / PAGE_BYTES)), text_bytes / size) for text_bytes, size in texts]


def _even(text_bytes: float, pages: int) -> list[int]:
    return [ceil(text_bytes / max(1, pages))] * pages


async def unanswered_cells(connection: Connection, ask: Ask) -> Unanswered:
    """What `create_job` would ask now, without failed cells."""
    values = ask.values | {"shown": DOCUMENTS_NAMED}
    found = await (await connection.execute(sql("count_unanswered"), values)).fetchone()
    assert found
    return Unanswered(**found)
