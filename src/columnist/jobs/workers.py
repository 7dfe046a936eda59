"""The live worker pools, and the models that they can ask."""

from collections.abc import Sequence
from uuid import UUID

from columnist.db.connect import Connection, retried
from columnist.jobs.statements import sql


@retried
async def be_present(connection: Connection, worker_id: UUID, models: Sequence[str] | None) -> list[str]:
    """Announce a pool and the models that it can ask (None: any); returns the models of live jobs that no pool can
    ask."""
    values = {"worker_id": worker_id, "models": None if models is None else list(models)}
    return [row["model"] for row in await (await connection.execute(sql("announce_pool"), values)).fetchall()]


@retried
async def leave(connection: Connection, worker_id: UUID) -> None:
    """Announce that a pool is gone."""
    await connection.execute(sql("remove_pool"), {"worker_id": worker_id})
