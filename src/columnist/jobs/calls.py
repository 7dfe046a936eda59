"""The calls to an LLM about one item: counted one by one, with their answers kept until all are written."""

from dataclasses import asdict
from uuid import UUID, uuid4

from columnist.cancelling import surely
from columnist.db.connect import Connection, Database, retried
from columnist.errors import JobPausedError
from columnist.jobs.items import ClaimedItem, PutOffCall
from columnist.jobs.statements import sql
from columnist.llm.usage import Prices, Reply, Usage

KEPT_FOR = "7 days"
"""Longer than a failed run usually waits for its retry."""

COUNT_KEPT_FOR = "1 day"
"""Longer than a worker usually waits for the database before it sends a count again."""


class ItemCalls:
    """The `Ledger` of an item. The cost of a call is added to its job at once.

    So a budget is exceeded only by the calls of the job that are in progress when it is spent, and a user's allowance
    by those of all the user's jobs. `anew`: the item asks questions that were answered before; then only answers of its
    own job's earlier attempts count.
    """

    def __init__(self, database: Database, item: ClaimedItem, *, anew: bool) -> None:
        self.queue = ItemQueue(database, item) if item.batch else None
        self._database = database
        self._item = item
        self._anew = anew
        self._kept: dict[bytes, str] | None = None

    async def admit(self) -> None:
        if await _is_paused(self._database, self._item.job_id):
            raise JobPausedError("The job is paused: nothing more is asked.")

    async def count(
        self, usage: Usage, key: bytes | None = None, answer: str | None = None, prices: Prices | None = None
    ) -> None:
        await surely(_count(self._database, uuid4(), self._item, usage, key, answer, prices))

    async def kept(self, key: bytes) -> str | None:
        if self.queue is not None and await self.queue.reply(key) is not None:
            return None  # that one has more: its usage and how it ended
        if self._kept is None:
            self._kept = await _kept_answers(self._database, self._item, self._anew)
        return self._kept.get(key)

    async def forget(self) -> None:
        """Every answer is written."""
        if self._kept is not None or self.queue is not None:
            await _forget(self._database, self._item)


class ItemQueue:
    """The `Queue` of an item: the calls that earlier attempts put off, and those that this one does
    (`put_off_calls`)."""

    def __init__(self, database: Database, item: ClaimedItem) -> None:
        self.put_off_calls: list[PutOffCall] = []
        self._database = database
        self._item = item
        self._replies: dict[bytes, Reply | None] | None = None

    async def reply(self, key: bytes) -> Reply | None:
        if self._replies is None:
            self._replies = await _replies(self._database, self._item)
        return self._replies.get(key)

    def put_off(self, key: bytes, body: str, expected: Usage) -> None:
        if key not in (self._replies or {}):
            self.put_off_calls.append(PutOffCall(key, body, expected))

    async def dismiss(self, key: bytes) -> None:
        await _dismiss(self._database, self._item, key)
        (self._replies or {}).pop(key, None)


@retried
async def forget_old_calls(connection: Connection) -> None:
    """The janitor: delete answers that no retry used, and counts that no worker will send again."""
    await connection.execute(
        "delete from tabular_calls where made_at < now() - %s::interval "
        "and (key is null or made_at < now() - %s::interval)",
        [COUNT_KEPT_FOR, KEPT_FOR],
    )
    await connection.execute(sql("forget_batches"), {"kept_for": KEPT_FOR})


@retried
async def _is_paused(connection: Connection, job_id: UUID) -> bool:
    row = await (await connection.execute(sql("admit_call"), {"job_id": job_id})).fetchone()
    return row is not None and row["is_paused"]


@retried
async def _count(
    connection: Connection,
    call_id: UUID,
    item: ClaimedItem,
    usage: Usage,
    key: bytes | None,
    answer: str | None,
    prices: Prices | None,
) -> None:
    values = {"call_id": call_id, "job_id": item.job_id, "document_id": item.document_id, "key": key, "answer": answer}
    priced = {f"price_{name}": prices and getattr(prices, name) for name in ("prompt", "cached", "completion")}
    await connection.execute(sql("count_call"), values | asdict(usage) | priced)


@retried
async def _kept_answers(connection: Connection, item: ClaimedItem, anew: bool) -> dict[bytes, str]:
    values = {
        "review_id": item.review_id,
        "document_id": item.document_id,
        "job_id": item.job_id if anew else None,
    }
    cursor = await connection.execute(sql("find_kept_answers"), values)
    return {bytes(row["key"]): row["answer"] for row in await cursor.fetchall()}


@retried
async def _forget(connection: Connection, item: ClaimedItem) -> None:
    # The row stays: an earlier holder that was cut off may send its count again, and would count it twice.
    await connection.execute(
        "update tabular_calls set key = null, answer = null "
        "where review_id = %s and document_id = %s and key is not null",
        [item.review_id, item.document_id],
    )
    await connection.execute("delete from tabular_batch_requests where item_id = %s", [item.id])


@retried
async def _replies(connection: Connection, item: ClaimedItem) -> dict[bytes, Reply | None]:
    """The replies by key; None: the call still waits."""
    cursor = await connection.execute(sql("find_batch_replies"), {"item_id": item.id})
    return {
        bytes(row["key"]): Reply(row["status"], row["reply"]) if row["reply"] is not None else None
        for row in await cursor.fetchall()
    }


@retried
async def _dismiss(connection: Connection, item: ClaimedItem, key: bytes) -> None:
    await connection.execute("delete from tabular_batch_requests where item_id = %s and key = %s", [item.id, key])
