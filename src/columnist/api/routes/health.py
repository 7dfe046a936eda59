"""For machines that watch: whether the process lives, whether it takes requests, and its metrics."""

from fastapi import APIRouter, Response

from columnist.api.context import CurrentService
from columnist.jobs.metrics import MEDIA_TYPE, exposition

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz(service: CurrentService) -> Response:
    """The process lives."""
    return service.health.alive()


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(service: CurrentService) -> Response:
    """The process takes requests."""
    return await service.health.ready()


@router.get("/metrics")
async def metrics(service: CurrentService) -> Response:
    """What Prometheus scrapes (docs/watching.md)."""
    return Response(await exposition(service.database), media_type=MEDIA_TYPE)
