"""What a request would ask, before a job is made of it, and what still has no answer."""

from dataclasses import dataclass

from columnist.asking.windows import answer_room, page_room
from columnist.db.connect import Connection
from columnist.jobs.ask import Ask
from columnist.jobs.statements import sql
from columnist.llm.usage import BYTES_PER_TOKEN, CHARACTERS_PER_TOKEN
from columnist.settings import Settings

DOCUMENTS_NAMED = 3
"""Of those that lack answers."""

# What an estimate supposes.
TYPICAL_CHARACTERS = 33_000
"""Of a document, where none was read yet: the median of 510 real contracts."""
CALL_TOKENS = 700
"""Instructions and answer schema of a call."""
QUESTION_TOKENS = 60
CELL_TOKENS = 120
"""Of an answer: summary, reasoning and a quote or two."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would ask: `cells` in `calls` about `documents`, of which `documents_read` have a known length. Tokens
    are estimates; `cached_tokens` are those of the prompt tokens that a server with a prefix cache has already.
    `left_alone`: answers that it would ask again, had nobody edited or verified them. `price`: US dollars, None if no
    prices are set."""

    documents: int
    documents_read: int
    cells: int
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    left_alone: int
    price: float | None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What a grid lacks: `cells` without a current answer or a failure, in how many `documents`, the first of those by
    name, and the questions that lack an answer there. `outdated`: how many answers beside those are
    another model's, or were given to another version of the prompt."""

    cells: int
    documents: int
    outdated: int
    first_documents: list[str]
    columns: list[str]


async def estimate_job(connection: Connection, ask: Ask, settings: Settings) -> Estimate:
    """What `create_job` would ask an LLM now."""
    answer_tokens = answer_room(settings.answer_tokens, settings.context_tokens)
    values = ask.values | {
        "columns_per_call": settings.columns_per_call,
        "window_characters": page_room(settings.context_tokens, answer_tokens, CALL_TOKENS * BYTES_PER_TOKEN),
        "typical_characters": TYPICAL_CHARACTERS,
        "characters_per_token": CHARACTERS_PER_TOKEN,
        "call_tokens": CALL_TOKENS,
        "question_tokens": QUESTION_TOKENS,
        "cell_tokens": CELL_TOKENS,
    }
    found = await (await connection.execute(sql("estimate_job"), values)).fetchone()
    assert found
    return Estimate(**found)


async def unanswered_cells(connection: Connection, ask: Ask) -> Unanswered:
    """What `create_job` would ask now, but for what failed."""
    values = ask.values | {"shown": DOCUMENTS_NAMED}
    found = await (await connection.execute(sql("count_unanswered"), values)).fetchone()
    assert found
    return Unanswered(**found)
