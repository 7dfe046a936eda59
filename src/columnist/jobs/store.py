"""The life of an item, one function per step; each runs the statement of the same name in `sql/`.

    create_job ─→ pending ─claim_items─→ running ─end_items─→ completed | error | skipped
                     ↑                      │
                     └── hand_back_items ───┤  shutdown, or weather: no try consumed
                     └── retry_item ────────┤  a failure that may heal: after a back-off
                     └── lease expires ─────┘  the worker died: claim_items takes it again

`extend_leases` keeps a running item; `end_abandoned_items` ends what nobody will claim any more; the trigger
`settle_tabular_jobs` (migration 001) keeps the job's sums and ends the job with its last item. Everything a holder
writes is fenced by (item id, attempt): after another claim it writes nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from psycopg.errors import DataError

from columnist.db.connect import Connection
from columnist.db.sql import statement
from columnist.db.text import as_json
from columnist.errors import ConflictError, InputError, JobEndingError, LeaseLostError, NotFoundError
from columnist.jobs.ask import Ask, JobOnly
from columnist.llm.usage import NOTHING, Prices, Usage
from columnist.reviews.model import ModelInUse
from columnist.settings import Settings

Outcome = Literal["completed", "error", "skipped"]

RESUMED = "resumed"
"""What `resume_job` notifies: whatever was refused is tried again."""

NOW = "now"
"""The cursor of who wants to hear of changes from here on."""

DOCUMENTS_NAMED = 3
"""Of those that lack answers."""

# What an estimate supposes.
CHARACTERS_PER_TOKEN = 3.5
TYPICAL_CHARACTERS = 33_000
"""Of a document, where none was read yet: the median of 510 real contracts."""
CALL_TOKENS = 700
"""Instructions and answer schema of a call."""
QUESTION_TOKENS = 60
CELL_TOKENS = 120
"""Of an answer: summary, reasoning and a quote or two."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What `generate` answers with. `resumed`: the review had a live job already; this is it, grown by what is new.
    `pause_reason`: it stands paused, so that nothing is asked until somebody resumes it."""

    job_id: UUID
    total_items: int
    resumed: bool
    pause_reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ClaimedItem:
    """An item that this pool holds; (`id`, `attempt`) fences every write. A claim equals only itself."""

    id: int
    job_id: UUID
    review_id: UUID
    document_id: UUID
    attempt: int
    model: str


@dataclass(frozen=True, slots=True)
class EndedItem:
    """How an item ended: `error` is a sentence for the user, with outcome `error` only."""

    item: ClaimedItem
    outcome: Outcome
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The status of a job: counts of items and cells, tokens so far and their price in US
    dollars, `rate` in items a second over the last minute."""

    id: UUID
    review_id: UUID
    review_name: str
    status: str
    model: str
    only: list[JobOnly]
    column_ids: list[UUID] | None
    error: str | None
    total_items: int
    completed_items: int
    error_items: int
    skipped_items: int
    running_items: int
    pending_items: int
    total_cells: int
    done_cells: int
    error_cells: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    price: Decimal
    budget: Decimal | None
    paused_at: datetime | None
    pause_reason: str | None
    rate: float | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    cancel_requested_at: datetime | None

    @property
    def ended_items(self) -> int:
        """How many documents are through, however they ended."""
        return self.completed_items + self.error_items + self.skipped_items

    @property
    def is_live(self) -> bool:
        """Whether the job still goes on."""
        return self.status in ("pending", "running")

    @property
    def stands(self) -> bool:
        """Whether it is paused and nothing of it runs any more: it waits for a person."""
        return self.is_live and self.paused_at is not None and not self.running_items

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the last item ends at the present rate; None while that is unknown."""
        return (self.total_items - self.ended_items) / self.rate if self.is_live and self.rate else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would ask: `cells` in `calls` about `documents`, of which `documents_read` have a known length. Tokens
    are estimates; `cached_tokens` are those of the prompt tokens that a server with a prefix cache has already.
    `left_alone`: answers that it would ask again, had nobody edited or verified them."""

    documents: int
    documents_read: int
    cells: int
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    left_alone: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What of a grid has neither a current answer nor a failure that says why: so many `cells` in so many `documents`,
    the first of them by name, and the questions that lack an answer there. `outdated`: so many answers beside those are
    another model's, or were given to another version of the prompt."""

    cells: int
    documents: int
    outdated: int
    first_documents: list[str]
    columns: list[str]


@dataclass(frozen=True, slots=True)
class ChangedCells:
    """A page of the delta feed, each change at least once, and the cursor to go on from.

    `encoded`: compact cells as JSON, with commas between them (fields as in changed_cells.sql). `more` says that there
    may be more by now, and that it can be had at once.
    """

    encoded: str
    cursor: str
    more: bool

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The same, decoded."""
        cells: list[dict[str, Any]] = json.loads(f"[{self.encoded}]")
        return cells


# ── Creating, cancelling and watching a job (as the user) ────────────────────────────────────────────────────────


async def create_job(connection: Connection, user_id: UUID, ask: Ask) -> Generated:
    """Write a job with an item for each document that has a question to ask; the review's live job grows by them.

    The job pauses when its answers have cost the budget; what runs then goes on, so it may come to a little more. A
    live job keeps the smaller of both budgets. Raises InputError if the review has no column or a budget no prices,
    NotFoundError if the review may not be seen, ConflictError if the live job asks another model, JobEndingError while
    it is being cancelled. A live job is only named, and does not grow, when single cells are asked `again`.
    """
    cursor = await connection.execute(
        "select exists (select from tabular_columns where review_id = r.id) as has_columns "
        "from tabular_reviews r where r.id = %s",
        [ask.review_id],
    )
    review = await cursor.fetchone()
    if review is None:
        raise NotFoundError("There is no such review.")
    if not review["has_columns"]:
        raise InputError("The review has no columns yet: add a question first.")
    if ask.budget is not None and not ask.prices:
        raise InputError("A budget needs prices: set COLUMNIST_PRICE_PROMPT and COLUMNIST_PRICE_COMPLETION.", "budget")
    values = ask.values | {
        "user_id": user_id,
        "price_prompt": ask.prices.prompt,
        "price_cached": ask.prices.cached,
        "price_completion": ask.prices.completion,
        "budget": ask.budget,
    }
    while True:
        created = await (await connection.execute(_sql("create_job"), values)).fetchone()
        if created:
            return Generated(created["job_id"], created["total_items"], resumed=False)
        live = await (await connection.execute(_sql("live_job"), values)).fetchone()
        if live and live["ending"]:
            raise JobEndingError("The last job of this review is still being cancelled: try again in a moment.")
        if live and live["model"] != ask.model:
            raise ConflictError(
                f"A job of this review is asking {live['model']!r}: wait for its end, or cancel it, to ask "
                f"{ask.model!r}."
            )
        if live and "again" in ask.only:
            return Generated(live["job_id"], live["total_items"], resumed=True)
        if live:
            values["job_id"] = live["job_id"]
            grown = await (await connection.execute(_sql("grow_job"), values)).fetchone()
            if grown:
                return Generated(live["job_id"], grown["total_items"], True, live["pause_reason"])
        # The live job ended between the statements: create again.


async def estimate_job(connection: Connection, ask: Ask, settings: Settings) -> Estimate:
    """What `create_job` would ask an LLM now."""
    values = ask.values | {
        "columns_per_call": settings.columns_per_call,
        "window_tokens": max(settings.context_tokens - settings.answer_tokens - CALL_TOKENS, CALL_TOKENS),
        "typical_characters": TYPICAL_CHARACTERS,
        "characters_per_token": CHARACTERS_PER_TOKEN,
        "call_tokens": CALL_TOKENS,
        "question_tokens": QUESTION_TOKENS,
        "cell_tokens": CELL_TOKENS,
    }
    found = await (await connection.execute(_sql("estimate"), values)).fetchone()
    assert found
    return Estimate(**found)


async def unanswered_cells(connection: Connection, ask: Ask) -> Unanswered:
    """What `create_job` would ask now, but for what failed."""
    values = ask.values | {"shown": DOCUMENTS_NAMED}
    found = await (await connection.execute(_sql("unanswered"), values)).fetchone()
    assert found
    return Unanswered(**found)


async def check_named(connection: Connection, ask: Ask) -> None:
    """Raises NotFoundError for a column or a document that the review does not have."""
    values = {
        "review_id": ask.review_id,
        "column_ids": list(ask.column_ids or ()),
        "document_ids": list(ask.document_ids or ()),
    }
    found = await (await connection.execute(_sql("strangers"), values)).fetchone()
    assert found
    for field, noun in (("column_ids", "column"), ("document_ids", "document")):
        if found[field]:
            raise NotFoundError(f"The review has no {noun} {found[field]}.", field)


async def retry_job(
    connection: Connection, job: Progress, user_id: UUID, prompt_version: str, prices: Prices
) -> Generated:
    """Ask the failed and missing cells of a job's documents and columns again, with its model and its budget, as a new
    job or by its review's live one. Raises as `create_job`."""
    cursor = await connection.execute("select document_id from tabular_job_items where job_id = %s", [job.id])
    document_ids = [row["document_id"] for row in await cursor.fetchall()]
    ask = Ask(
        job.review_id,
        job.model,
        prompt_version,
        ("failed", "missing"),
        job.column_ids,
        document_ids,
        job.budget,
        prices,
    )
    return await create_job(connection, user_id, ask)


async def cancel_job(connection: Connection, job_id: UUID) -> bool:
    """Stop a job: waiting items are skipped now, running ones within two seconds. False if it has ended already."""
    requested = await (await connection.execute(_sql("request_cancel"), {"job_id": job_id})).fetchone()
    if requested:
        await connection.execute(_sql("skip_waiting_items"), {"job_id": job_id})
    return requested is not None


async def resume_job(connection: Connection, job_id: UUID, budget: Decimal | None) -> bool:
    """Let a paused job go on, with a new budget or none; False if it is not paused."""
    cursor = await connection.execute(_sql("resume_job"), {"job_id": job_id, "budget": budget})
    return await cursor.fetchone() is not None


async def resume_refused(connection: Connection, job_id: UUID) -> bool:
    """Let a job go on that a refusal of its model paused, with its budget; False if it is not paused, or by another."""
    cursor = await connection.execute("select id from tabular_jobs where id = %s and pause_cause = 'refusal'", [job_id])
    return await cursor.fetchone() is not None and await resume_job(connection, job_id, None)


async def job_progress(connection: Connection, job_id: UUID) -> Progress:
    """The status of one job. Raises NotFoundError."""
    values = {"job_id": job_id, "review_id": None, "limit": 1}
    found = await (await connection.execute(_sql("job_progress"), values)).fetchone()
    if found is None:
        raise NotFoundError(f"There is no job {job_id}.")
    return Progress(**found)


async def live_job_id(connection: Connection, review_id: UUID) -> UUID | None:
    """The review's live job, if it has one."""
    row = await (await connection.execute(_sql("live_job"), {"review_id": review_id})).fetchone()
    return None if row is None else row["job_id"]


async def list_jobs(connection: Connection, limit: int, review_id: UUID | None = None) -> list[Progress]:
    """The newest jobs that the user may see, of one review or of all."""
    values = {"job_id": None, "review_id": review_id, "limit": limit}
    cursor = await connection.execute(_sql("job_progress"), values)
    return [Progress(**row) for row in await cursor.fetchall()]


async def changed_cells(
    connection: Connection,
    review_id: UUID,
    cursor: str | None = None,
    job_id: UUID | None = None,
    limit: int = 1000,
    in_use: ModelInUse | None = None,
) -> ChangedCells:
    """The delta feed: compact cells that changed since `cursor` (None: since ever, or since the job began).

    A cursor is `snapshot` between readings and `snapshot/next snapshot/xid/document/column` within one that takes
    several pages. `now` brings no cells, only where to go on from: for a reader who has the grid from elsewhere.
    `in_use` decides what is outdated; None: nothing is. Raises InputError for a cursor that is none.
    """
    if cursor == NOW:
        row = await (await connection.execute("select pg_current_snapshot()::text as snapshot")).fetchone()
        assert row
        return ChangedCells("", row["snapshot"], more=False)
    seen, next_seen, after = _parse_cursor(cursor or "1:1:")
    after_xid, after_document, after_column = after
    values = {
        "review_id": review_id,
        "job_id": job_id,
        "seen": seen,
        "after_xid": after_xid,
        "after_document": after_document,
        "after_column": after_column,
        "limit": limit,
        "model": in_use and in_use.model,
        "prompt_version": in_use and in_use.prompt_version,
    }
    try:
        found = await (await connection.execute(_sql("changed_cells"), values)).fetchone()
    except DataError:  # looks like a cursor, and is none: all other values have types
        raise _no_cursor(cursor) from None
    assert found
    began_earlier = next_seen is not None
    next_seen = next_seen or found["snapshot"]
    if found["count"] == limit:
        return ChangedCells(found["cells"] or "", f"{seen}/{next_seen}/{found['last']}", more=True)
    if not found["count"] and not began_earlier and cursor is not None:
        return ChangedCells("", cursor, more=False)  # still good, and the same answer as the last one: a 304
    # A reading of several pages ends where it began: what changed meanwhile is the next reading's.
    return ChangedCells(found["cells"] or "", next_seen, more=began_earlier)


_SNAPSHOT = r"[0-9]{1,20}:[0-9]{1,20}:[0-9,]*"
_CURSOR = re.compile(rf"({_SNAPSHOT})(?:/({_SNAPSHOT})/([0-9]{{1,20}})/([0-9a-f-]{{36}})/([0-9a-f-]{{36}}))?")


def _no_cursor(cursor: str | None) -> InputError:
    return InputError(f"{cursor!r} is no cursor of this feed: start again without one.", "cursor")


def _parse_cursor(cursor: str) -> tuple[str, str | None, tuple[str, str, str]]:
    match = _CURSOR.fullmatch(cursor)
    low, high, *_ = cursor.split(":") if match else ("1", "0")
    if match is None or not 0 < int(low) <= int(high):
        raise _no_cursor(cursor)
    seen, next_seen, *after = match.groups()
    if next_seen is None:
        return seen, None, ("0", str(UUID(int=0)), str(UUID(int=0)))
    return seen, next_seen, (after[0], after[1], after[2])


# ── Working on items (as a worker) ───────────────────────────────────────────────────────────────────────────────


async def claim_items(
    connection: Connection,
    lease_seconds: float,
    batch: int,
    max_attempts: int,
    held: Mapping[UUID, int],
    models: Sequence[str] | None,
    scarce: Mapping[str, int] = MappingProxyType({}),
    worker_id: UUID | None = None,
) -> list[ClaimedItem]:
    """Take up to `batch` items. `held`: job → how many of its items the pool holds; `models`: as PoolOptions; `scarce`:
    model → the most items that may be taken of it."""
    values = {
        "worker_id": worker_id,
        "lease_seconds": lease_seconds,
        "batch": batch,
        "max_attempts": max_attempts,
        "held_jobs": list(held.keys()),
        "held_items": list(held.values()),
        "models": None if models is None else list(models),
        "scarce_models": list(scarce.keys()),
        "scarce_places": list(scarce.values()),
    }
    items = await (await connection.execute(_sql("claim_items"), values)).fetchall()
    if not items:
        return []
    # A statement of its own: the claiming function sees jobs that were committed after its statement began, and a join
    # beside it does not. Such items would be claimed by nobody until their lease ends.
    cursor = await connection.execute(
        "select id, model from tabular_jobs where id = any(%s)", [list({item["job_id"] for item in items})]
    )
    models_of = {job["id"]: job["model"] for job in await cursor.fetchall()}
    return [ClaimedItem(**item, model=models_of[item["job_id"]]) for item in items if item["job_id"] in models_of]


async def start_jobs(connection: Connection, job_ids: Sequence[UUID]) -> None:
    """Mark jobs as running after their first claim."""
    await connection.execute(_sql("start_jobs"), {"job_ids": list(job_ids)})


async def extend_leases(connection: Connection, items: Sequence[ClaimedItem], lease_seconds: float) -> set[int]:
    """The heartbeat: returns the ids of the items that are still held."""
    cursor = await connection.execute(_sql("extend_leases"), {**_held(items), "lease_seconds": lease_seconds})
    return {row["id"] for row in await cursor.fetchall()}


async def write_cells(
    connection: Connection,
    item: ClaimedItem,
    write_number: int,
    model: str,
    prompt_version: str,
    answers: Sequence[dict[str, Any]],
    usage: Usage = NOTHING,
) -> None:
    """Write a group of answers (fields as in write_cells.sql), and count what they cost: their own tokens and `usage`.
    `write_number` counts the writes of this attempt from 1, so that one that is sent twice is made once.
    Raises LeaseLostError if the item is another's now."""
    outcomes = Counter(answer["status"] for answer in answers)
    cursor = await connection.execute(
        _sql("write_cells"),
        {
            "item_id": item.id,
            "attempt": item.attempt,
            "write_number": write_number,
            "model": model,
            "prompt_version": prompt_version,
            "answers": as_json(answers),
            "done": outcomes["done"],
            "failed": outcomes["error"],
            "prompt_tokens": usage.prompt_tokens + sum(answer["prompt_tokens"] for answer in answers),
            "cached_tokens": usage.cached_tokens + sum(answer["cached_tokens"] for answer in answers),
            "completion_tokens": usage.completion_tokens + sum(answer["completion_tokens"] for answer in answers),
        },
    )
    written = await cursor.fetchone()
    if written is None or not written["held"]:
        raise LeaseLostError(f"Item {item.id} is no longer held by attempt {item.attempt}.")


async def end_items(connection: Connection, ended: Sequence[EndedItem]) -> set[int]:
    """End a batch of items; returns the ids of those that were still held."""
    batch = [
        {"id": one.item.id, "attempt": one.item.attempt, "status": one.outcome, "error": one.error} for one in ended
    ]
    cursor = await connection.execute(_sql("end_items"), {"ended": as_json(batch)})
    return {row["id"] for row in await cursor.fetchall()}


async def retry_item(connection: Connection, item: ClaimedItem, delay_seconds: float, max_attempts: int) -> bool:
    """Put an item back for another attempt after a back-off; False if its attempts are used up or it is another's."""
    cursor = await connection.execute(
        _sql("retry_item"),
        {"id": item.id, "attempt": item.attempt, "delay_seconds": delay_seconds, "max_attempts": max_attempts},
    )
    return cursor.rowcount == 1


async def hand_back_items(connection: Connection, items: Sequence[ClaimedItem], *, wait: bool = False) -> None:
    """Give items back as if they had never been claimed: at once, and wake the other workers; with `wait`, not to be
    claimed before a while."""
    await connection.execute(_sql("hand_back_items"), {**_held(items), "wait": wait})


async def hand_back_strays(connection: Connection, worker_id: UUID, held: Sequence[ClaimedItem]) -> None:
    """Give back what the pool has claimed without hearing of it: all of its items but those `held`."""
    await connection.execute(_sql("hand_back_strays"), {**_held(held), "worker_id": worker_id})


async def pause_job(connection: Connection, job_id: UUID, reason: str) -> None:
    """Pause a job for a refusal that concerns each of its calls; `reason` is a sentence for the user."""
    await connection.execute(_sql("pause_job"), {"job_id": job_id, "reason": reason})


async def be_present(connection: Connection, worker_id: UUID, models: Sequence[str] | None) -> list[str]:
    """Say that a pool is there and which models it can ask (None: any); the models of live jobs that no pool can."""
    values = {"worker_id": worker_id, "models": None if models is None else list(models)}
    return [row["model"] for row in await (await connection.execute(_sql("be_present"), values)).fetchall()]


async def leave(connection: Connection, worker_id: UUID) -> None:
    """Say that a pool is not there any more."""
    await connection.execute(_sql("leave"), {"worker_id": worker_id})


async def pause_unaskable(connection: Connection, model: str, reason: str) -> None:
    """Pause the live jobs of a model that no pool can ask."""
    await connection.execute(_sql("pause_unaskable"), {"model": model, "reason": reason})


async def refused_models(connection: Connection) -> list[str]:
    """The models of jobs that a refusal has paused."""
    return [row["model"] for row in await (await connection.execute(_sql("refused_models"))).fetchall()]


async def resume_model(connection: Connection, model: str) -> None:
    """Let the jobs of a model go on that a refusal has paused."""
    await connection.execute(_sql("resume_model"), {"model": model})


async def end_abandoned_items(connection: Connection, max_attempts: int) -> int:
    """The janitor: end poison items and leftovers of cancelled jobs; returns how many."""
    return (await connection.execute(_sql("end_abandoned_items"), {"max_attempts": max_attempts})).rowcount


async def cancelled_jobs(connection: Connection, job_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these jobs are being cancelled or are gone."""
    cursor = await connection.execute(_sql("cancelled_jobs"), {"job_ids": list(job_ids)})
    return {row["id"] for row in await cursor.fetchall()}


async def load_item(connection: Connection, item: ClaimedItem) -> dict[str, Any] | None:
    """Document and open questions of an item (fields as in load_item.sql); None if its job is gone."""
    return await (await connection.execute(_sql("load_item"), {"item_id": item.id})).fetchone()


async def reusable_answers(connection: Connection, answer_keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Stored contents by answer key (hex), for those of the keys that were answered before."""
    cursor = await connection.execute(
        _sql("reusable_answers"), {"answer_keys": [bytes.fromhex(key) for key in answer_keys]}
    )
    return {row.pop("answer_key"): row for row in await cursor.fetchall()}


def _held(items: Sequence[ClaimedItem]) -> dict[str, Any]:
    return {"ids": [item.id for item in items], "attempts": [item.attempt for item in items]}


def _sql(name: str) -> str:
    return statement("columnist.jobs", name)
