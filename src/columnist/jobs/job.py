"""A whole job: create, grow, cancel, pause, resume and watch it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from psycopg.rows import DictRow

from columnist.db.connect import Connection, retried, tried_again
from columnist.errors import ConflictError, InputError, JobEndingError, NotFoundError
from columnist.jobs.ask import Ask, JobOnly
from columnist.jobs.statements import sql
from columnist.llm.usage import Prices

RESUMED = "resumed"
"""The payload that `resume_job` notifies: every refused model is tried again."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The answer of `generate`. `resumed`: the review already had this live job, which has grown. `pause_reason`: why
    it is paused; nothing is asked until a person resumes it."""

    job_id: UUID
    total_items: int
    resumed: bool
    pause_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The status of a job: counts of items and cells, tokens so far and their price in US
    dollars, `rate` in items a second over the last minute. `batch`: its calls wait for batches of the provider; the
    unended ones have `batch_requests` calls, and the first was submitted at `batch_submitted_at`. `silent_items`: the
    running ones whose worker has not been heard of for a minute; others take them over by `silent_until`."""

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
    silent_items: int
    silent_until: datetime | None
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
    llm_trouble: str | None
    rate: float | None
    batch: bool
    batch_submitted_at: datetime | None
    batch_requests: int
    batch_answered: int
    batch_trouble: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    cancel_requested_at: datetime | None

    @property
    def ended_items(self) -> int:
        """How many documents have ended, in any way."""
        return self.completed_items + self.error_items + self.skipped_items

    @property
    def is_live(self) -> bool:
        """Whether the job is live."""
        return self.status in ("pending", "running")

    @property
    def stands(self) -> bool:
        """Whether it is paused and none of its items runs: it waits for a person."""
        return self.is_live and self.paused_at is not None and not self.running_items

    @property
    def waits_for(self) -> str:
        """What a job waits for besides answers, a batch or a silent worker, as a sentence; empty if for nothing."""
        if not self.is_live or self.paused_at is not None:
            return ""
        if self.silent_until is not None:
            return (
                f"{self.silent_items:,} of the documents are with a worker that is silent: others take them over by "
                f"{self.silent_until.astimezone():%H:%M:%S}"
            )
        if not self.batch:
            return ""
        if self.batch_submitted_at is None:
            waits = "preparing a batch for the provider"
        else:
            waits = (
                f"waiting for the provider's batch (submitted {self.batch_submitted_at.astimezone():%H:%M}, "
                f"{self.batch_answered:,} of {self.batch_requests:,} answered)"
            )
        return f"{waits}. {self.batch_trouble}" if self.batch_trouble else waits

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the last item ends at the present rate; None while that is unknown."""
        return (self.total_items - self.ended_items) / self.rate if self.is_live and self.rate else None


@tried_again
async def create_job(connection: Connection, user_id: UUID, ask: Ask) -> Generated:
    """Write a job with an item for each document that has a question to ask; the review's live job grows by them.

    The job pauses when its answers have cost the budget; running calls continue, so it may cost a little more. A
    live job keeps the smaller of both budgets. Raises InputError if the review has no column or a budget no prices,
    NotFoundError if the review may not be seen, ConflictError if the live job asks another model, or asks in batches
    and this one does not, JobEndingError while it is being cancelled. If single cells are asked `again`, a live job is
    only returned, and does not grow.
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
    values = ask.values | {"user_id": user_id}
    while True:
        created = await (await connection.execute(sql("create_job"), values)).fetchone()
        if created:
            return Generated(created["job_id"], created["total_items"], resumed=False)
        live = await (await connection.execute(sql("find_live_job"), values)).fetchone()
        if live and live["ending"]:
            raise JobEndingError("The last job of this review is still being cancelled: try again in a moment.")
        if live and live["batch"] != ask.batch:
            how = "waits for batches: ask with" if live["batch"] else "is running without batches: ask without"
            raise ConflictError(f"A job of this review {how} --batch (`batch`), wait for its end, or cancel it.")
        if live and live["model"] != ask.model:
            raise ConflictError(
                f"A job of this review is asking {live['model']!r}: wait for its end, or cancel it, to ask "
                f"{ask.model!r}. It is job {live['job_id']}."
            )
        if live and "again" in ask.only:
            return Generated(live["job_id"], live["total_items"], resumed=True)
        if live:
            values["job_id"] = live["job_id"]
            grown = await (await connection.execute(sql("grow_job"), values)).fetchone()
            if grown:
                return Generated(live["job_id"], grown["total_items"], True, _pause_reason(live))
        # The live job ended between the statements: create again.


async def check_named(connection: Connection, ask: Ask) -> None:
    """Raises NotFoundError for a column or a document that the review does not have."""
    values = {
        "review_id": ask.review_id,
        "column_ids": list(ask.column_ids or ()),
        "document_ids": list(ask.document_ids or ()),
    }
    found = await (await connection.execute(sql("find_strangers"), values)).fetchone()
    assert found
    for field, noun in (("column_ids", "column"), ("document_ids", "document")):
        if found[field]:
            raise NotFoundError(f"The review has no {noun} {found[field]}.", field)


async def retry_job(
    connection: Connection, job: Progress, user_id: UUID, prompt_version: str, prices: Prices
) -> Generated:
    """Ask the failed and missing cells of a job's documents and columns again, with its model and budget, as a new job
    or in its review's live job. Raises as `create_job` does."""
    cursor = await connection.execute(sql("find_scope"), {"job_id": job.id})
    scope = [(row["column_ids"], row["document_ids"]) for row in await cursor.fetchall()] or [(job.column_ids, [])]
    # A job that has grown has several requests: the new one grows by each of them.
    generated: Generated | None = None
    for column_ids, document_ids in scope:
        ask = Ask(
            job.review_id,
            job.model,
            prompt_version,
            ("failed", "missing"),
            column_ids,
            document_ids,
            job.budget,
            prices,
            job.batch,
        )
        last = await create_job(connection, user_id, ask)
        generated = last if generated is None or last.total_items else generated
    assert generated
    return generated


@tried_again
async def cancel_job(connection: Connection, job_id: UUID) -> bool:
    """Stop a job: waiting items are skipped now, running ones within two seconds. False if it has ended already."""
    requested = await (await connection.execute(sql("request_cancel"), {"job_id": job_id})).fetchone()
    if requested:
        await connection.execute(sql("skip_waiting_items"), {"job_id": job_id})
    return requested is not None


@tried_again
async def resume_job(connection: Connection, job_id: UUID, budget: Decimal | None) -> bool:
    """Resume a paused job, with a new budget or none; False if it is not paused."""
    cursor = await connection.execute(sql("resume_job"), {"job_id": job_id, "budget": budget})
    return await cursor.fetchone() is not None


async def resume_refused(connection: Connection, job_id: UUID) -> bool:
    """Resume a job that a refusal has paused, with its budget; False if it is not paused, or for another reason."""
    cursor = await connection.execute(
        "select id from tabular_jobs where id = %s and pause_cause in ('refusal', 'batch')", [job_id]
    )
    return await cursor.fetchone() is not None and await resume_job(connection, job_id, None)


@retried
async def resume_copied(connection: Connection) -> None:
    """Resume the jobs of a copy that has replaced the original."""
    cursor = await connection.execute("select id from tabular_jobs where pause_cause = 'copy'")
    for job in await cursor.fetchall():
        await resume_job(connection, job["id"], None)  # it leaves the budget of such a job


async def job_progress(connection: Connection, job_id: UUID) -> Progress:
    """The status of one job. Raises NotFoundError."""
    values = {"job_id": job_id, "review_id": None, "limit": 1}
    found = await (await connection.execute(sql("read_progress"), values)).fetchone()
    if found is None:
        raise NotFoundError(f"There is no job {job_id}.")
    return _progress(found)


async def review_of(connection: Connection, job_id: UUID) -> UUID:
    """The review of a job; much cheaper than `job_progress`. Raises NotFoundError."""
    found = await (await connection.execute("select review_id from tabular_jobs where id = %s", [job_id])).fetchone()
    if found is None:
        raise NotFoundError(f"There is no job {job_id}.")
    review_id: UUID = found["review_id"]
    return review_id


async def live_job_id(connection: Connection, review_id: UUID) -> UUID | None:
    """The review's live job, if it has one."""
    row = await (await connection.execute(sql("find_live_job"), {"review_id": review_id})).fetchone()
    return None if row is None else row["job_id"]


async def list_jobs(connection: Connection, limit: int, review_id: UUID | None = None) -> list[Progress]:
    """The newest jobs that the user may see, of one review or of all."""
    values = {"job_id": None, "review_id": review_id, "limit": limit}
    cursor = await connection.execute(sql("read_progress"), values)
    return [_progress(row) for row in await cursor.fetchall()]


@retried
async def start_jobs(connection: Connection, job_ids: Sequence[UUID]) -> None:
    """Mark jobs as running after their first claim."""
    await connection.execute(sql("start_jobs"), {"job_ids": list(job_ids)})


@retried
async def cancelled_jobs(connection: Connection, job_ids: Sequence[UUID]) -> set[UUID]:
    """The ids of jobs among these that are being cancelled or are gone."""
    cursor = await connection.execute(sql("find_cancelled_jobs"), {"job_ids": list(job_ids)})
    return {row["id"] for row in await cursor.fetchall()}


@retried
async def pause_job(
    connection: Connection, job_id: UUID, reason: str, cause: Literal["refusal", "batch"] = "refusal"
) -> None:
    """Pause a job for a refusal that concerns each of its calls, or its batches; `reason` is a sentence for the user.
    After a refusal of its calls it goes on by itself when the model answers."""
    await connection.execute(sql("pause_job"), {"job_id": job_id, "reason": reason, "cause": cause})


@retried
async def pause_unaskable(connection: Connection, model: str, reason: str) -> None:
    """Pause the live jobs of a model that no pool can ask."""
    await connection.execute(sql("pause_unaskable"), {"model": model, "reason": reason})


@retried
async def refused_models(connection: Connection) -> list[str]:
    """The models of jobs that a refusal has paused."""
    return [row["model"] for row in await (await connection.execute(sql("find_refused_models"))).fetchall()]


@retried
async def report_trouble(connection: Connection, model: str, trouble: str | None) -> None:
    """Note why the live jobs of a model wait for the LLM server; None: they do not."""
    await connection.execute(sql("report_trouble"), {"model": model, "trouble": trouble})


@retried
async def resume_model(connection: Connection, model: str) -> None:
    """Resume the jobs of a model that a refusal has paused."""
    await connection.execute(sql("resume_model"), {"model": model})


def _progress(row: DictRow) -> Progress:
    row["pause_reason"] = _pause_reason(row)
    del row["pause_cause"]
    if row["error"]:
        row["error"] = f"No document could be answered; the first says: {row['error']}"
    return Progress(**row)


def _pause_reason(row: DictRow) -> str | None:
    if row["pause_cause"] == "budget":
        return f"The budget of ${row['budget'].normalize():f} is spent. Resume the job with a larger one, or cancel it."
    if row["pause_cause"] == "copy":
        return (
            "This database is a copy, and the job may still run in the original: resume it if this one has taken the "
            "original's place, or cancel it."
        )
    if row["pause_cause"] == "allowance":
        return (
            "Its user's allowance for calls to the LLM is spent for today: resume the job tomorrow (UTC), or ask "
            "the people who run this server (COLUMNIST_USER_DOLLARS_A_DAY)."
        )
    reason: str | None = row["pause_reason"]
    if row["pause_cause"] and reason is None:
        return "The LLM server refused a call. Its message was deleted together with a document."
    return reason
