"""Every error response as RFC 9457 problem details: a sentence, and the field at fault."""

from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import errors as pg
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from columnist.db.connect import is_conflict, is_weather
from columnist.errors import ColumnistError, StorageAwayError

log = structlog.get_logger()

_SLUGS = {404: "not-found", 405: "method-not-allowed", 408: "too-slow", 413: "too-large"}


class FieldProblem(BaseModel):
    """The error in one field of a request; `field` is a path such as `columns.0.name`."""

    field: str
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class ProblemResponse(JSONResponse):
    """JSON of the media type that RFC 9457 registers."""

    media_type = "application/problem+json"


def problem(
    slug: str, status: int, detail: str, errors: list[FieldProblem] | None = None, headers: dict[str, str] | None = None
) -> ProblemResponse:
    """A response that says what happened and what to do."""
    body = Problem(
        type=f"urn:columnist:{slug}",
        title=slug.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        errors=errors or [],
    )
    return ProblemResponse(body.model_dump(), status, headers)


def of_error(error: ColumnistError) -> ProblemResponse:
    """The response for an error that a person can act on."""
    headers = {}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.http_status in (429, 503, 507):
        headers["Retry-After"] = str(error.retry_seconds)
    fields = [FieldProblem(field=error.field, detail=str(error))] if error.field else []
    return problem(error.problem, error.http_status, str(error), fields, headers)


def add_handlers(app: FastAPI) -> None:
    """Turn every exception of a route into a problem response."""

    @app.exception_handler(ColumnistError)
    async def _ours(request: Request, error: ColumnistError) -> ProblemResponse:
        if isinstance(error, StorageAwayError):
            log.warning("file store away", at=request.url.path, error=str(error), cause=repr(error.__cause__))
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> ProblemResponse:
        found = error.errors()
        if any(one["type"] == "json_invalid" for one in found):
            (one,) = found
            where = f"{one['ctx']['error']} (after {one['loc'][-1]} characters)"
            return problem("bad-input", 422, f"The body is not JSON: {where}.")
        if any(one["loc"] == ("body",) and one["type"] == "model_attributes_type" for one in found):
            return problem("bad-input", 422, "The body should be a JSON object, with Content-Type: application/json.")
        fields = [_field_problem(one) for one in found]
        detail = "; ".join(f"{one.field}: {one.detail}" for one in fields)
        return problem("bad-input", 422, f"The request is invalid: {detail}.", fields)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> ProblemResponse:
        slug = _SLUGS.get(error.status_code, "bad-request")
        return problem(slug, error.status_code, f"{error.detail}.", headers=dict(error.headers or {}))

    @app.exception_handler(pg.InsufficientPrivilege)
    async def _refused(request: Request, error: pg.InsufficientPrivilege) -> ProblemResponse:
        return problem("forbidden", 403, "You may not do this.")

    @app.exception_handler(psycopg.Error)
    async def _database(request: Request, error: psycopg.Error) -> ProblemResponse:
        if not is_weather(error):
            raise error
        log.warning("database away", at=request.url.path, error=str(error).strip(), sqlstate=error.sqlstate)
        headers = {"Retry-After": str(ColumnistError.retry_seconds)}
        if is_conflict(error):
            return problem(
                "database-busy", 503, "The same rows were changed by another request: try again.", headers=headers
            )
        return problem(
            "database-unavailable", 503, "The database is unavailable: try again in a moment.", headers=headers
        )

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> ProblemResponse:
        # uvicorn logs it, with its traceback.
        return problem("internal-error", 500, "Something went wrong. The server's log has the details.")


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    place = [str(part) for part in error["loc"][1:]] or [str(error["loc"][0])]
    message = str(error["msg"]).removeprefix("Value error, ")
    begins_with_name = message[:2].isupper()  # such as JSON
    return FieldProblem(
        field=".".join(place), detail=message if begins_with_name else f"{message[0].lower()}{message[1:]}"
    )
