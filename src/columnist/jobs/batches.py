"""Batches of calls, from the waiting calls of documents to the replies: made, submitted, polled, landed, ended.

Each step is in PostgreSQL before the next one, so that any pool continues where another one died. Two steps happen
outside: uploading a file and creating a batch. Before each, the attempt is noted. A pool that finds such a note without
an outcome asks the provider first, by the file's name and by our id in the batch's metadata.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import IO, Literal
from uuid import UUID, uuid4

import structlog

from columnist import telemetry
from columnist.back_ends import BackEnds
from columnist.backoff import back_off
from columnist.db.connect import Connection, Database, retried
from columnist.db.text import as_json
from columnist.errors import LeaseLostError, LlmRefusedError, RequestRefusedError, SettingsError
from columnist.jobs.job import pause_job
from columnist.jobs.pool import PoolOptions
from columnist.jobs.statements import sql
from columnist.llm.batches import MOST_BYTES, MOST_REQUESTS, Batches, BatchState, Replied, is_whole, line, replied
from columnist.llm.server import TransientError

log = structlog.get_logger()

DOUBT_SECONDS = 60.0
"""After this time a request that was sent has had its effect, or never will."""
QUIET_SECONDS = 30.0
"""How long a batch waits for more calls."""
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.2, 60.0
"""The shortest and longest time between two polls of a batch; a tenth of its age is used."""
TOGETHER = 200
"""How many calls are read, or replies written, in one statement."""
LONGEST_WAIT_SECONDS = 600.0
LOST_AFTER = 6
"""So many polls without the whole file of replies, a minute together, mean that it is lost; before, it may be late."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch that this pool holds. `wanted`: its job goes on; `in_doubt`: the last attempt may still take effect;
    `settled`: it was submitted long ago."""

    id: UUID
    job_id: UUID | None
    model: str
    requests: int
    file_id: str | None
    provider_id: str | None
    failures: int
    wanted: bool
    tried_at: datetime | None
    in_doubt: bool
    settled: bool
    look_seconds: float


class BatchKeeper:
    """A service of a worker pool that handles the batches of the server at this base URL."""

    def __init__(self, database: Database, back_ends: BackEnds, server: str, options: PoolOptions) -> None:
        self._id = uuid4()
        self._database = database
        self._back_ends = back_ends
        self._options = options
        self._server = server

    async def keep_batches(self) -> None:
        """Make batches of waiting calls, and continue with the batch that is due next."""
        models = self._options.models
        await _cut(self._database, self._server, models)
        batch = await _take(self._database, self._id, self._server, models, self._options.lease_seconds)
        if batch is None:
            await asyncio.sleep(self._options.idle_seconds * random.uniform(0.5, 1.5))  # noqa: S311
            return
        try:
            async with self._held(batch):
                await self._go_on(batch)
        except TransientError as weather:
            telemetry.RETRIES.labels(weather.cause).inc()
            delay = weather.retry_after or back_off(batch.failures + 1, 1.0, LONGEST_WAIT_SECONDS)
            await self._keep(batch, delay, trouble=f"The LLM server: {weather}.", failed=True)
        except (LlmRefusedError, SettingsError) as refusal:
            log.warning("batch refused", batch=str(batch.id), reason=str(refusal))
            if not batch.wanted:
                await _end(self._database, batch.id)
                return
            await self._keep(batch, LONGEST_LOOK_SECONDS, trouble=str(refusal), failed=True)
            if batch.job_id is not None:
                cause: Literal["batch", "refusal"] = "batch" if isinstance(refusal, RequestRefusedError) else "refusal"
                await pause_job(self._database, batch.job_id, str(refusal), cause)
        except LeaseLostError as error:
            log.warning("batch belongs to another pool", batch=str(batch.id), error=str(error))

    async def _go_on(self, batch: _Batch) -> None:
        provider = await self._back_ends.batches(batch.model)
        if batch.provider_id is not None:
            await self._look(batch, batch.provider_id, provider)
            return
        tried = batch.tried_at is not None
        if tried and (made := await provider.find(batch.id)) is not None:
            await self._submitted(batch, made, provider)
        elif batch.in_doubt:
            await self._keep(batch, DOUBT_SECONDS)
        else:
            file_id = await provider.find_file(batch.id) if tried and batch.file_id is None else batch.file_id
            if batch.wanted:
                await self._submit(batch, file_id, provider)
            else:
                await self._end(batch, provider, [file_id] if file_id else [])

    async def _submit(self, batch: _Batch, file_id: str | None, provider: Batches) -> None:
        if file_id is None:
            with tempfile.TemporaryFile() as lines:
                if not await _write_lines(self._database, batch.id, lines):
                    await self._end(batch, provider)
                    return
                await self._keep(batch, self._options.lease_seconds, tried=True)
                file_id = await provider.upload(batch.id, lines)
        await self._keep(batch, self._options.lease_seconds, tried=True, file_id=file_id)
        await self._submitted(batch, await provider.create(batch.id, file_id), provider)

    async def _submitted(self, batch: _Batch, made: BatchState, provider: Batches) -> None:
        counts = await _note_submitted(self._database, batch.id, made.id)
        if counts != made.id:  # this pool counted as dead, and another one has submitted it
            await provider.cancel(made.id)
        log.info("batch submitted", batch=str(batch.id), provider_id=counts, requests=batch.requests)

    async def _look(self, batch: _Batch, provider_id: str, provider: Batches) -> None:
        state = await provider.look(provider_id)
        if state is None:
            if not batch.settled:
                raise TransientError("it does not know the batch", "server_error")
            log.warning("batch lost", batch=str(batch.id), provider_id=provider_id)
            await _drop_bodies(self._database, batch.id)
            await self._end(batch, provider)
            return
        if state.accepted:
            await _drop_bodies(self._database, batch.id)
        if state.ended:
            replies = sum([await self._land(batch, file_id, provider) for file_id in state.files])
            if replies < state.answered and batch.failures < LOST_AFTER:
                raise TransientError("its file of replies is not whole", "server_error")
            if state.completed:
                await _answer_for(self._database, batch.id)
            if state.crowded:
                await _refuse(self._database, batch.id, state)
            elif state.refusal and batch.job_id is not None:
                reason = f"The LLM server refuses the batch: {state.refusal}"
                await pause_job(self._database, batch.job_id, reason, "batch")
            await self._end(batch, provider, [*state.files, *([batch.file_id] if batch.file_id else [])])
            return
        if not batch.wanted and not state.cancelling:
            await provider.cancel(provider_id)
        await self._keep(batch, batch.look_seconds, answered=state.answered)

    async def _land(self, batch: _Batch, file_id: str, provider: Batches) -> int:
        """Write the replies of a file; returns how many it has."""
        with tempfile.TemporaryFile() as lines:
            if not await provider.download(file_id, lines):
                if batch.failures < LOST_AFTER:
                    raise TransientError("it does not have the file of replies", "server_error")
                log.warning("replies lost", batch=str(batch.id), file_id=file_id)
            lines.seek(0)
            whole = 0
            while some := list(islice(lines, TOGETHER)):
                await _land(self._database, batch.id, list(filter(None, map(replied, some))))
                whole += sum(map(is_whole, some))
            return whole

    async def _end(self, batch: _Batch, provider: Batches, files: Sequence[str] = ()) -> None:
        # Files first, because no record of them remains afterwards. Their text is still stored here, or has landed.
        for file_id in files:
            await provider.forget(file_id)
        await _end(self._database, batch.id)

    async def _keep(
        self,
        batch: _Batch,
        seconds: float,
        *,
        file_id: str | None = None,
        tried: bool = False,
        answered: int = 0,
        trouble: str | None = None,
        failed: bool = False,
    ) -> None:
        """Poll it again after `seconds`, or sooner if this pool continues with it. Raises LeaseLostError."""
        values = {
            "id": batch.id,
            "holder": self._id,
            "seconds": seconds,
            "file_id": file_id,
            "tried": tried,
            "answered": answered,
            "trouble": trouble,
            "failed": failed,
        }
        if not await _keep(self._database, values):
            raise LeaseLostError(f"Another pool holds batch {batch.id} now.")

    @asynccontextmanager
    async def _held(self, batch: _Batch) -> AsyncIterator[None]:
        """Keep the batch for this pool while the context lasts, however long an upload takes."""

        async def extend() -> None:
            while True:
                await asyncio.sleep(self._options.lease_seconds / 3)
                await _extend(self._database, batch.id, self._id, self._options.lease_seconds)

        extending = asyncio.create_task(extend())
        try:
            yield
        finally:
            extending.cancel()
            await asyncio.gather(extending, return_exceptions=True)


@retried
async def _cut(connection: Connection, server: str, models: Sequence[str] | None) -> None:
    values = [server, None if models is None else list(models), MOST_REQUESTS, MOST_BYTES, QUIET_SECONDS]
    await connection.execute("select cut_tabular_batches(%s, %s, %s, %s, %s)", values)


@retried
async def _take(
    connection: Connection, holder: UUID, server: str, models: Sequence[str] | None, lease_seconds: float
) -> _Batch | None:
    values = {
        "holder": holder,
        "server": server,
        "models": None if models is None else list(models),
        "lease_seconds": lease_seconds,
        "doubt_seconds": DOUBT_SECONDS,
        "first": FIRST_LOOK_SECONDS,
        "longest": LONGEST_LOOK_SECONDS,
    }
    row = await (await connection.execute(sql("take_batch"), values)).fetchone()
    return None if row is None else _Batch(**row)


@retried
async def _keep(connection: Connection, values: dict[str, object]) -> bool:
    return (await connection.execute(sql("keep_batch"), values)).rowcount == 1


@retried
async def _extend(connection: Connection, batch_id: UUID, holder: UUID, lease_seconds: float) -> None:
    await connection.execute(
        "update tabular_batches set look_at = now() + make_interval(secs => %s) where id = %s and holder = %s",
        [lease_seconds, batch_id, holder],
    )


async def _write_lines(database: Database, batch_id: UUID, lines: IO[bytes]) -> bool:
    """Write the calls of a batch into its file; False if none is left."""
    after = UUID(int=0)
    while some := await _bodies(database, batch_id, after):
        for request_id, body in some:
            lines.write(line(request_id, body))
            after = request_id
    lines.flush()
    written = lines.tell() > 0
    lines.seek(0)
    return written


@retried
async def _bodies(connection: Connection, batch_id: UUID, after: UUID) -> list[tuple[UUID, str]]:
    values = {"batch_id": batch_id, "after": after, "limit": TOGETHER}
    return [(row["id"], row["body"]) for row in await (await connection.execute(sql("read_bodies"), values)).fetchall()]


@retried
async def _note_submitted(connection: Connection, batch_id: UUID, provider_id: str) -> str | None:
    """The provider's id of the batch that counts; None if the batch is gone."""
    values = {"id": batch_id, "provider_id": provider_id}
    row = await (await connection.execute(sql("note_submitted"), values)).fetchone()
    return row["provider_id"] if row else None


@retried
async def _refuse(connection: Connection, batch_id: UUID, state: BatchState) -> None:
    values = {"id": batch_id, "most_tokens": state.most_tokens, "trouble": f"The LLM server: {state.refusal}"}
    await connection.execute(sql("refuse_batch"), values)


@retried
async def _drop_bodies(connection: Connection, batch_id: UUID) -> None:
    await connection.execute(sql("drop_bodies"), {"id": batch_id})


@retried
async def _land(connection: Connection, batch_id: UUID, some: Sequence[Replied]) -> None:
    replies = [
        {"id": one.id, "status": one.reply.status, "reply": one.reply.body, "answer": one.answer, **asdict(one.usage)}
        for one in some
    ]
    await connection.execute(sql("land_replies"), {"batch_id": batch_id, "replies": as_json(replies)})


@retried
async def _answer_for(connection: Connection, batch_id: UUID) -> None:
    """A call without a reply has failed: else it would be submitted, and paid, again and again."""
    await connection.execute(sql("answer_for_batch"), {"batch_id": batch_id})


@retried
async def _end(connection: Connection, batch_id: UUID) -> None:
    await connection.execute("select end_tabular_batch(%s)", [batch_id])
