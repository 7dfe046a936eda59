"""For monitoring: whether the process is alive, whether it takes requests, and its metrics."""

from fastapi import APIRouter, Response

from columnist.api.context import CurrentGate, CurrentProcess
from columnist.jobs.metrics import MEDIA_TYPE, exposition

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz(gate: CurrentGate) -> Response:
    """The process is alive."""
    return gate.health.alive()


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(gate: CurrentGate) -> Response:
    """The process takes requests."""
    return await gate.health.ready()


@router.api_route("/metrics", methods=["GET", "HEAD"])
async def metrics(process: CurrentProcess) -> Response:
    """The metrics for Prometheus (docs/watching.md)."""
    return Response(await exposition(process.database), media_type=MEDIA_TYPE)
