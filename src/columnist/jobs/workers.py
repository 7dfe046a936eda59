"""Which worker pools there are, and which models they can ask."""

from collections.abc import Sequence
from uuid import UUID

from columnist.db.connect import Connection, retried
from columnist.jobs.statements import sql


@retried
async def be_present(connection: Connection, worker_id: UUID, models: Sequence[str] | None) -> list[str]:
    """Say that a pool is there and which models it can ask (None: any); the models of live jobs that no pool can."""
    values = {"worker_id": worker_id, "models": None if models is None else list(models)}
    return [row["model"] for row in await (await connection.execute(sql("announce_pool"), values)).fetchall()]


@retried
async def leave(connection: Connection, worker_id: UUID) -> None:
    """Say that a pool is not there any more."""
    await connection.execute(sql("remove_pool"), {"worker_id": worker_id})
