"""A way to ask each operation of the API, and who may, for tests."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from columnist.db.connect import User

MARK = "zqmark"
"""A marker in all of the owner's data. It must be in no answer to anybody without access."""


OWNER, EDITOR, VIEWER, STRANGER = (
    User(uuid4(), f"{who}@example.org") for who in (f"{MARK}owner", f"{MARK}editor", f"{MARK}viewer", "stranger")
)


Level = Literal["nobody", "anyone", "viewer", "editor", "owner", "mine"]
"""Who may call it: anyone (a list, or their own things); members of the review from this role on; only the maker.
Nobody: the call's body is no credential."""


@dataclass(frozen=True, slots=True)
class Call:
    """One way to ask an operation; `{…}` in path, parameters and body stand for ids of the owner's things.

    `granted`: answers other than 2xx to permitted users; `unknown`: the answers to users who must not know.
    """

    operation: str
    level: Level
    json: Any = None
    params: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] | None = None
    granted: tuple[int, ...] = ()
    unknown: tuple[int, ...] = (404,)


R = "/api/tabular/reviews/{review_id}"


CELL = f"{R}/cells/{{document_id}}/{{column_id}}"


DOCUMENT = "/api/documents/{document_id}"


TEMPLATE = "/api/tabular/templates/{template_id}"


COLUMN = {"name": "Column {unique}", "prompt": "Which?"}


SEEN = {"document_id": "{document_id}", "column_id": "{column_id}", "updated_at": None}
CONFIRM = {"confirm": "true"}


UPLOAD = {"files": ("upload.txt", b"An upload.")}


# In this order: destructive calls come last.
CALLS = (
    Call("GET /api/me", "anyone"),
    Call("POST /api/session", "nobody", {"email": "{unique}@example.org", "password": "x"}),
    Call("POST /api/invitation", "nobody", {"invitation": "x" * 43, "password": "four random words"}),
    Call("PUT /api/password", "anyone", {"password": "x", "new_password": "four random words"}, granted=(403,)),
    Call("DELETE /api/session", "anyone", granted=(403,)),  # a token is not a session
    Call("GET /api/tokens", "anyone"),
    Call("POST /api/tokens", "anyone", {"name": "Token"}),
    Call("GET /api/tabular/reviews", "anyone"),
    Call("POST /api/tabular/reviews", "anyone", {"name": "Review {unique}", "columns": [COLUMN]}),
    Call(
        "POST /api/tabular/reviews",
        "owner",
        {"name": "Review {unique}", "document_ids": ["{document_id}"]},
        unknown=(403, 404),
    ),
    Call(f"GET {R}", "viewer"),
    Call(f"GET {R}/columns", "viewer"),
    Call(f"GET {R}/members", "viewer"),
    Call(f"GET {R}/active-job", "viewer"),
    Call(f"GET {R}/cells", "viewer"),
    Call(f"GET {R}/rows", "viewer"),
    Call(f"GET {R}/rows/groups", "viewer", params={"column_id": "{column_id}"}),
    Call(f"GET {R}/rows/next", "viewer"),
    Call(f"GET {R}/rows/uncompared", "viewer", params={"filter": "{column_id}:eq:x"}),
    Call(f"GET {R}/checked", "viewer"),
    Call(f"GET {R}/history", "viewer"),
    Call(f"GET {R}/rows", "viewer", params={"q": MARK, "column_ids": "{column_id}"}),
    Call(f"GET {R}/events", "owner"),
    Call("GET /api/tabular/certificates", "anyone"),
    Call(f"GET {R}/export", "viewer", params={"format": "csv"}),
    Call(f"GET {R}/export", "viewer", params={"format": "json"}),
    Call(f"POST {R}/estimate", "viewer", {}),
    Call(f"GET {R}/export", "viewer", params={"format": "jsonl"}),
    Call(f"POST {R}/unanswered", "viewer", {}),
    Call(f"POST {R}/failures", "viewer", {}),
    Call(f"GET {CELL}", "viewer"),
    Call(f"GET {CELL}/history", "viewer"),
    Call("GET /api/tabular/jobs", "anyone"),
    Call("GET /api/tabular/jobs", "anyone", params={"review_id": "{review_id}"}),
    Call("GET /api/tabular/jobs/{job_id}", "viewer"),
    Call("GET /api/tabular/jobs/{job_id}/cells", "viewer"),
    Call("GET /api/tabular/jobs/{job_id}/failures", "viewer"),
    Call("GET /api/documents", "anyone"),
    Call("GET /api/documents", "anyone", params={"q": MARK}),
    Call(f"GET {DOCUMENT}", "viewer"),
    Call(f"GET {DOCUMENT}/original", "viewer"),
    Call(f"GET {DOCUMENT}/uses", "owner"),
    Call(f"GET {DOCUMENT}/find", "viewer", params={"q": MARK}),
    Call(f"GET {DOCUMENT}/pages/{{number}}", "viewer"),
    Call(f"GET {DOCUMENT}/pages/{{number}}/image", "viewer"),
    Call("GET /api/tabular/templates", "anyone"),
    Call("POST /api/tabular/templates", "anyone", {"name": "Template {unique}", "columns": [COLUMN]}),
    Call(f"GET {TEMPLATE}", "mine"),
    Call(f"PUT {TEMPLATE}", "mine", {"name": "Template {unique}", "columns": [COLUMN]}),
    Call("POST /api/tabular/columns/suggest-prompt", "anyone", {"name": "Governing law"}),
    Call("POST /api/documents", "anyone", files=UPLOAD),
    Call("POST /api/documents", "editor", params={"review_id": "{review_id}"}, files=UPLOAD),
    Call(f"POST {R}/documents", "editor", {"document_ids": ["{document_id}"]}),
    Call(f"PATCH {R}", "editor", {"name": "Review {unique}"}),
    Call(f"POST {R}/columns", "editor", {"columns": [COLUMN]}),
    Call(f"PUT {R}/columns/order", "editor", {"column_ids": ["{column_id}"]}),
    Call(f"PUT {R}/columns/{{column_id}}", "editor", COLUMN),
    Call(f"PUT {R}/members/{{email}}", "owner", {"role": "viewer"}),
    Call(f"PUT {R}/retention", "owner", {"delete_at": "2999-01-01T00:00:00Z"}),
    Call(f"PATCH {CELL}", "editor", {"summary": "Another answer"}),
    Call(f"POST {CELL}/verify", "editor", {"verified": True}),
    Call(f"POST {R}/verify", "editor", {"verified": True, "cells": [SEEN]}),
    Call(f"POST {CELL}/regenerate", "editor"),
    Call(f"POST {R}/generate", "editor", {"document_ids": ["{document_id}"], "column_ids": ["{column_id}"]}),
    Call("POST /api/tabular/jobs/{job_id}/cancel", "editor"),
    Call("POST /api/tabular/jobs/{job_id}/resume", "editor", {}, granted=(409,)),
    Call("POST /api/tabular/jobs/{job_id}/retry", "editor"),
    Call(f"DELETE {CELL}", "editor"),
    Call(f"POST {CELL}/restore", "editor", granted=(409,)),  # a job may have answered it again
    Call(f"POST {R}/documents/remove", "editor", {"document_ids": ["{other_document_id}"]}, CONFIRM),
    Call(f"DELETE {R}/columns/{{column_id}}", "editor", params=CONFIRM),
    Call(f"DELETE {R}/members/{{email}}", "owner"),
    Call(f"DELETE {R}", "owner", params=CONFIRM),
    Call(f"DELETE {DOCUMENT}", "owner", params=CONFIRM),
    Call(f"DELETE {TEMPLATE}", "mine"),
    Call("DELETE /api/tokens/{token_id}", "mine"),
)


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The value with every `{name}` in it replaced."""
    if isinstance(value, str):
        return value.format_map({**ids, "unique": uuid4().hex})
    if isinstance(value, dict):
        return {name: filled(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return value


def a_pdf(text: str) -> bytes:
    """A page with this text."""
    stream = f"BT /F 12 Tf 72 700 Td ({text}) Tj ET"
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        f"4 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\n"
        "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()
