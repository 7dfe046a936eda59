"""The OpenAPI document: the error responses of all operations are written once."""

from typing import Any

from fastapi import FastAPI

from columnist.api.problems import Problem

_WORDS = {
    400: "The request cannot be parsed",
    401: "Not signed in",
    403: "Visible to you, but not permitted",
    404: "Does not exist, or is not visible to you",
    408: "The body comes too slowly",
    409: "Conflicts with the current state",
    413: "Over a limit",
    422: "The request is invalid",
    429: "Too many requests",
    503: "The database is unavailable",
}

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": words, "content": {"application/problem+json": {}}}
    for status, words in _WORDS.items()
}
"""Responses of every operation, as RFC 9457 problem details."""


def share_errors(app: FastAPI) -> None:
    """Replace each operation's copies of ERRORS by references: without this they are half of the document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            shared = schema["components"]["responses"] = {}
            for operation in [one for path in schema["paths"].values() for one in path.values()]:
                for status in map(str, ERRORS):
                    shared[f"Error{status}"] = operation["responses"][status]
                    operation["responses"][status] = {"$ref": f"#/components/responses/Error{status}"}
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]
