"""Documents that are uploaded over HTTP, and the run that reads them."""

from typing import Any

import httpx

from tests.patience import wait_until


def upload(api: httpx.Client, *files: tuple[str, bytes], **params: str) -> dict[str, Any]:
    """The answer to a request with these files, by name."""
    answer = api.post("/documents", files=[("files", file) for file in files], params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def until_read(api: httpx.Client, review: str, **options: Any) -> None:
    """Run a review to its end, in any state."""
    job = api.post(f"/tabular/reviews/{review}/generate", json=options).json()["job_id"]
    wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] in ("completed", "failed"))
