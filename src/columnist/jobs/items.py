"""The life of an item, one function per step; each runs the statement of the same name in `sql/`.

    create_job ─→ pending ─claim_items─→ running ─end_items─→ completed | error | skipped
                     ↑                      │
                     └── hand_back_items ───┤  shutdown, or weather: no try consumed
                     └── put_off_item ──────┤  its calls wait for a batch: no try consumed
                     └── retry_item ────────┤  a failure that may heal: after a back-off
                     └── lease expires ─────┘  the worker died: claim_items takes it again

`extend_leases` keeps a running item; `end_abandoned_items` ends items that will not be claimed again; the trigger
`settle_tabular_jobs` (db/functions) keeps the job's sums and ends the job with its last item. Everything a holder
writes is fenced by (item id, attempt): after another claim it writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import tuple_row

from columnist.db.connect import Connection, retried
from columnist.db.text import as_json
from columnist.documents.model import read_citations
from columnist.errors import LeaseLostError
from columnist.jobs.ask import JobOnly
from columnist.jobs.statements import sql
from columnist.llm.usage import NOTHING, Usage
from columnist.reviews.model import CellContent, Question, Rule

Outcome = Literal["completed", "error", "skipped"]


@dataclass(slots=True, eq=False)  # a frozen one would take six times as long to make, and thousands are made at once
class ClaimedItem:
    """An item that this pool holds; (`id`, `attempt`) fences every write. `tries`: its attempts that were not handed
    back. A claim equals only itself. `urgent`: its job is about this document alone, so that a person waits for it;
    `batch`: its calls wait for batches."""

    id: int
    job_id: UUID
    document_id: UUID
    attempt: int
    tries: int
    review_id: UUID
    model: str
    urgent: bool = False
    batch: bool = False


@dataclass(slots=True, eq=False)
class EndedItem:
    """How an item ended: `error` is a sentence for the user, with outcome `error` only."""

    item: ClaimedItem
    outcome: Outcome
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PutOffCall:
    """A call for the next batch: its key, its JSON body, and its expected tokens."""

    key: bytes
    body: str
    expected: Usage


@dataclass(frozen=True, slots=True)
class AskedColumn:
    """A question to ask, and the version of its column that asks it."""

    question: Question
    version: int


@dataclass(frozen=True, slots=True)
class LoadedItem:
    """The data with which a worker answers an item: its document, the review's owner, and the columns that it still
    must ask."""

    document_name: str
    sha256: str
    owner: UUID
    only: tuple[JobOnly, ...]
    columns: tuple[AskedColumn, ...]


@dataclass(frozen=True, slots=True)
class CellWrite:
    """An answer to be written into its cell, or the reason why there is none (`error`). `answer_key` (hex): the key for
    reusing it; `by`: its model and prompt version, None for those of the item."""

    column_id: UUID
    column_version: int
    content: CellContent | None
    error: str | None = None
    answer_key: str | None = None
    usage: Usage = NOTHING
    by: tuple[str, str] | None = None

    @property
    def status(self) -> Literal["done", "error"]:
        """The status of the attempt."""
        return "error" if self.content is None else "done"


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
    """Take up to `batch` items. `held`: job → how many of its items the pool holds; `models`: as in PoolOptions;
    `scarce`: model → most items to take of it."""
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
    return await _claimed(connection, "claim_items", values)


async def claim_urgent_items(
    connection: Connection,
    lease_seconds: float,
    batch: int,
    max_attempts: int,
    models: Sequence[str] | None,
    refused: Sequence[str],
    worker_id: UUID,
) -> list[ClaimedItem]:
    """Take up to `batch` items of jobs about a single document, without those of `refused` models; other parameters as
    for `claim_items`."""
    values = {
        "worker_id": worker_id,
        "lease_seconds": lease_seconds,
        "batch": batch,
        "max_attempts": max_attempts,
        "models": None if models is None else list(models),
        "refused": list(refused),
    }
    return await _claimed(connection, "claim_urgent_items", values)


async def _claimed(connection: Connection, statement: str, values: dict[str, Any]) -> list[ClaimedItem]:
    # Tuples: a dictionary per item would take as long as all else here.
    claimed = await (await connection.cursor(row_factory=tuple_row).execute(sql(statement), values)).fetchall()
    if not claimed:
        return []
    # A separate statement: the claiming function sees jobs that were committed after its statement began, and a join in
    # the same statement does not. Such items would wait until their lease ends.
    cursor = await connection.cursor(row_factory=tuple_row).execute(
        "select id, review_id, model, total_items = 1 and not in_batches, in_batches "
        "from tabular_jobs where id = any(%s)",
        [list({item[1] for item in claimed})],
    )
    jobs = {job_id: job for job_id, *job in await cursor.fetchall()}
    return [ClaimedItem(*item, *job) for item in claimed if (job := jobs.get(item[1]))]


@retried
async def extend_leases(connection: Connection, items: Sequence[ClaimedItem], lease_seconds: float) -> set[int]:
    """The heartbeat: returns the ids of the items that are still held."""
    cursor = await connection.execute(sql("extend_leases"), {**_held(items), "lease_seconds": lease_seconds})
    return {row["id"] for row in await cursor.fetchall()}


@retried
async def write_cells(
    connection: Connection,
    item: ClaimedItem,
    write_number: int,
    model: str,
    prompt_version: str,
    cells: Sequence[CellWrite],
) -> None:
    """Write a group of cells. `write_number` counts the writes of this attempt from 1, so that a write that is sent
    twice is made once. Raises LeaseLostError if another worker holds the item now."""
    failed = sum(1 for cell in cells if cell.content is None)
    cursor = await connection.execute(
        sql("write_cells"),
        {
            "item_id": item.id,
            "attempt": item.attempt,
            "write_number": write_number,
            "model": model,
            "prompt_version": prompt_version,
            "answers": as_json([_row(cell) for cell in cells]),
            "done": len(cells) - failed,
            "failed": failed,
        },
    )
    written = await cursor.fetchone()
    if written is None or not written["held"]:
        raise LeaseLostError(f"Item {item.id} is no longer held by attempt {item.attempt}.")


def _row(cell: CellWrite) -> dict[str, object]:
    """The cell in the form that write_cells.sql reads."""
    row: dict[str, object] = {
        "column_id": cell.column_id,
        "column_version": cell.column_version,
        "answer_key": cell.answer_key,
        "status": cell.status,
        "error": cell.error,
        **asdict(cell.usage),
    }
    if cell.by is not None:
        row["model"], row["prompt_version"] = cell.by
    if cell.content is not None:
        row["verified"] = cell.content.verified
        row |= {field.name: getattr(cell.content, field.name) for field in fields(cell.content)}
    return row


@retried
async def end_items(connection: Connection, ended: Sequence[EndedItem]) -> set[int]:
    """End a batch of items; returns the ids of those that were still held."""
    batch = [
        {"id": one.item.id, "attempt": one.item.attempt, "status": one.outcome, "error": one.error} for one in ended
    ]
    row = await (await connection.execute(sql("end_items"), {"ended": as_json(batch)})).fetchone()
    assert row
    return set(row["ids"])


@retried
async def retry_item(connection: Connection, item: ClaimedItem, delay_seconds: float, max_attempts: int) -> bool:
    """Put an item back for another attempt after a back-off; False if its attempts are used up or another worker holds
    it."""
    cursor = await connection.execute(
        sql("retry_item"),
        {"id": item.id, "attempt": item.attempt, "delay_seconds": delay_seconds, "max_attempts": max_attempts},
    )
    return cursor.rowcount == 1


@retried
async def hand_back_items(connection: Connection, items: Sequence[ClaimedItem], *, wait: bool = False) -> None:
    """Give items back as if they had never been claimed: at once, waking the other workers; with `wait`, claimable only
    after that time."""
    await connection.execute(sql("hand_back_items"), {**_held(items), "wait": wait})


@retried
async def put_off_item(connection: Connection, item: ClaimedItem, calls: Sequence[PutOffCall]) -> None:
    """Give an item back until batches have answered its calls: these, and those put off before. Raises LeaseLostError
    if another worker holds the item now."""
    requests = [
        {
            "key": call.key.hex(),
            "body": call.body,
            "prompt_tokens": call.expected.prompt_tokens,
            "completion_tokens": call.expected.completion_tokens,
        }
        for call in calls
    ]
    values = {"id": item.id, "attempt": item.attempt, "requests": as_json(requests)}
    found = await (await connection.execute(sql("put_off_item"), values)).fetchone()
    if found is None or not found["held"]:
        raise LeaseLostError(f"Item {item.id} is no longer held by attempt {item.attempt}.")


async def hand_back_strays(connection: Connection, worker_id: UUID, held: Sequence[ClaimedItem]) -> None:
    """Give back items that the pool has claimed without getting the reply: all of its items except those `held`."""
    await connection.execute(sql("hand_back_strays"), {**_held(held), "worker_id": worker_id})


@retried
async def let_go(connection: Connection, items: Sequence[ClaimedItem]) -> None:
    """Leave items to their leases: no pool takes an item from itself otherwise. Their attempts count."""
    await connection.execute(sql("let_go"), _held(items))


@retried
async def expire_leases(connection: Connection, worker_ids: Sequence[UUID]) -> None:
    """Let others claim the items of these dead pools. Their attempts count."""
    await connection.execute(sql("expire_leases"), {"worker_ids": list(worker_ids)})


@retried
async def end_abandoned_items(connection: Connection, max_attempts: int, worker: UUID | None = None) -> int:
    """The janitor of the pool `worker`: end poison items that others hold, and the rest of cancelled jobs; returns how
    many."""
    error = f"The worker died or hung {max_attempts} times in a row while it read this document; it is not tried again."
    values = {"max_attempts": max_attempts, "error": error, "worker_id": worker}
    return (await connection.execute(sql("end_abandoned_items"), values)).rowcount


@retried
async def load_item(connection: Connection, item: ClaimedItem) -> LoadedItem | None:
    """Document and open questions of an item; None if its document or its review is gone."""
    row = await (await connection.execute(sql("load_item"), {"item_id": item.id})).fetchone()
    if row is None:
        return None
    columns = tuple(_asked_column(column) for column in row["columns"])
    return LoadedItem(row["document_name"], row["sha256"], row["owner"], tuple(row["only"]), columns)


def _asked_column(stored: dict[str, Any]) -> AskedColumn:
    version = stored.pop("version")
    rules = tuple(Rule(**rule) for rule in stored["rules"])
    question = Question(**stored | {"id": UUID(stored["id"]), "tags": tuple(stored["tags"]), "rules": rules})
    return AskedColumn(question, version)


@retried
async def reusable_answers(
    connection: Connection, job_id: UUID, answer_keys: Sequence[str]
) -> dict[str, tuple[CellContent, tuple[str, str]]]:
    """Stored contents by answer key (hex), each with its model and prompt version, for the keys with an earlier answer
    that the job's user may see."""
    keys = [bytes.fromhex(key) for key in answer_keys]
    cursor = await connection.execute(sql("find_reusable_answers"), {"job_id": job_id, "answer_keys": keys})
    found = {}
    for row in await cursor.fetchall():
        key, by = row.pop("answer_key"), (row.pop("model"), row.pop("prompt_version"))
        found[key] = CellContent(**row | {"citations": read_citations(row["citations"])}), by
    return found


def _held(items: Sequence[ClaimedItem]) -> dict[str, Any]:
    return {"ids": [item.id for item in items], "attempts": [item.attempt for item in items]}
