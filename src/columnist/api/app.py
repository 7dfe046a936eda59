"""The application: its routes, what stands before them, and what lives as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware

from columnist.api import problems
from columnist.api.auth import Authenticator
from columnist.api.context import Service
from columnist.api.health import Health
from columnist.api.middleware import BodyLimit, LocalOnly, RequestLog, SecurityHeaders
from columnist.api.routes import (
    cells,
    columns,
    documents,
    export,
    jobs,
    members,
    reviews,
    rows,
    templates,
    tokens,
)
from columnist.api.routes.health import router as health_router
from columnist.api.web_page import add_page
from columnist.back_ends import BackEnds
from columnist.desk.local import Session
from columnist.documents.reading.reader import Reader

ROUTERS: tuple[APIRouter, ...] = (
    reviews.router,
    documents.router,
    export.router,
    templates.router,
    rows.router,
    columns.router,
    cells.router,
    members.router,
    jobs.router,
    tokens.router,
)

SMALLEST_GZIP = 1_000
"""Bytes from which a response is worth compressing."""
GZIP_LEVEL = 2
"""A third larger than at the default 9, and several times faster: the event loop does it."""

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": problems.Problem, "description": words, "content": {"application/problem+json": {}}}
    for status, words in {
        400: "Cannot be parsed",
        401: "Not signed in",
        403: "Seen, but not for you to do",
        404: "Does not exist, or not for you",
        409: "Stands against the present state",
        413: "Over a limit",
        422: "Cannot be carried out as given",
        429: "Too many requests",
        503: "The database is away",
    }.items()
}


def create_app(session: Session, health: Health) -> FastAPI:
    """The application over a session; `health` is told what becomes of the process. Raises SettingsError if it would be
    open to strangers."""
    settings = session.settings
    authenticator = Authenticator(settings, session.database)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Reader(settings) as reader, BackEnds(settings) as back_ends:
            app.state.service = Service(
                settings, session.database, session.blobs, reader, back_ends, authenticator, health
            )
            yield

    app = FastAPI(
        title="Columnist",
        version=version("columnist"),
        description="Every question about every document: a durable grid of answers with verified evidence.",
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses=_PROBLEMS,
    )
    for router in ROUTERS:
        app.include_router(router, prefix="/api")
    app.include_router(health_router)
    add_page(app)
    problems.add_handlers(app)
    # The last one that is added is the first one that a request meets.
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_GZIP, compresslevel=GZIP_LEVEL)
    app.add_middleware(BodyLimit)
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
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app


def _operation_id(route: APIRoute) -> str:
    """The function's name in camel case: what a generated client calls it."""
    first, *rest = route.name.split("_")
    return first + "".join(word.title() for word in rest)
