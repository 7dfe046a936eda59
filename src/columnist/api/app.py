"""The application: its routes and its middleware."""

from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from columnist.api import problems
from columnist.api.auth import Authenticator
from columnist.api.cached import GZIP_LEVEL, SMALLEST_GZIP
from columnist.api.context import Gate
from columnist.api.health import Health
from columnist.api.middleware import Acts, Below, LocalOnly, RequestLog, SecurityHeaders
from columnist.api.openapi import ERRORS, share_errors
from columnist.api.polls import Polls
from columnist.api.rate import RequestRate
from columnist.api.routes import (
    cells,
    columns,
    documents,
    export,
    jobs,
    members,
    reviews,
    rows,
    sign_in,
    templates,
    tokens,
)
from columnist.api.routes.health import router as health_router
from columnist.api.web_page import add_page
from columnist.process import Process

ROUTERS: tuple[APIRouter, ...] = (
    reviews.router,
    reviews.certificates,
    documents.uploads,
    documents.router,
    export.router,
    templates.router,
    rows.router,
    columns.router,
    cells.router,
    members.router,
    jobs.router,
    tokens.router,
    sign_in.router,
    sign_in.signed_in,
)


class _Application(FastAPI):
    """Log and headers are outside Starlette's handler of unexpected errors, so that a 500 has them, too."""

    def build_middleware_stack(self) -> ASGIApp:
        app = super().build_middleware_stack()
        prefix = self.state.process.settings.prefix
        return RequestLog(SecurityHeaders(Acts(Below(app, prefix) if prefix else app)))


def create_app(process: Process, health: Health) -> FastAPI:
    """The application over a process. `health` reports the state of the process to machines. Raises SettingsError if
    strangers could use it."""
    settings = process.settings
    authenticator = Authenticator(settings, process.database)
    app = _Application(
        title="Columnist",
        version=version("columnist"),
        description="Every question about every document: a durable grid of answers with verified evidence.",
        docs_url=None,  # FastAPI's own page of docs loads scripts from another host
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses=ERRORS,
    )
    app.state.process = process
    app.state.gate = Gate(
        authenticator, health, RequestRate(settings.requests_per_minute), Polls(process.database, process.in_use)
    )
    for router in ROUTERS:
        app.include_router(router, prefix="/api")
    app.include_router(health_router)
    app.include_router(sign_in.elsewhere)
    add_page(app)
    problems.add_handlers(app)
    share_errors(app)
    # The middleware added last sees a request first.
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_GZIP, compresslevel=GZIP_LEVEL)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"],
            expose_headers=["ETag", "Retry-After", "Content-Disposition"],
        )
    if not authenticator.sign_in:
        app.add_middleware(LocalOnly, allowed_origins=settings.allowed_origins)
    return app


def _operation_id(route: APIRoute) -> str:
    """The function's name in camel case: what a generated client calls it."""
    first, *rest = route.name.split("_")
    return first + "".join(word.title() for word in rest)
