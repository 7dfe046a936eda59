"""For machines that watch: whether the process lives, whether it takes requests, and its metrics."""

import psycopg
from fastapi import APIRouter, Response

from columnist.api.context import CurrentService
from columnist.api.problems import problem
from columnist.db.connect import NOBODY
from columnist.jobs.scrape import MEDIA_TYPE, exposition

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """The process lives."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
async def readyz(service: CurrentService) -> Response:
    """The process takes requests: it is not about to stop, and the database answers."""
    if service.draining:
        return problem("draining", 503, "The server is about to stop.")
    try:
        async with service.database.act_as(NOBODY) as connection:
            await connection.execute("select 1")
    except psycopg.OperationalError:
        return problem("database-unavailable", 503, "The database is away.")
    return Response("ready\n", media_type="text/plain")


@router.get("/metrics")
async def metrics(service: CurrentService) -> Response:
    """What Prometheus scrapes (docs/watching.md)."""
    return Response(await exposition(service.database), media_type=MEDIA_TYPE)
