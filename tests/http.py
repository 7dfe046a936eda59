"""Requests to the API that many tests make, and how it refuses."""

from typing import Any

import httpx


def a_review(api: httpx.Client, *columns: str, name: str = "Leases") -> dict[str, Any]:
    """A new review with these columns."""
    body = {"name": name, "columns": [{"name": column, "prompt": f"What about {column}?"} for column in columns]}
    answer = api.post("/tabular/reviews", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The body of an answer that must be this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (f"urn:columnist:{slug}", status)
    assert body["detail"].endswith(".")
    return dict(body)
