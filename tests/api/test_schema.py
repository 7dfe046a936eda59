"""The OpenAPI document describes the server: schemathesis calls every operation with valid and invalid input."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.depth import depth
from tests.patience import PATIENCE_SECONDS
from tests.processes import Served, environment, served

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
SECONDS = depth(8, 60)
"""The time of each of the two runs."""


def real_ids(server: Served) -> dict[str, str]:
    """Path parameter → id, from a review with a column and an ended job."""
    with httpx.Client(base_url=f"{server.url}/api/tabular") as api:
        column = {"name": "Term", "prompt": "How long?"}
        review = api.post("/reviews", json={"name": "Leases", "columns": [column]}).json()
        (column,) = api.get(f"/reviews/{review['id']}/columns").json()["columns"]
        job = api.post(f"/reviews/{review['id']}/generate").json()
        return {"path.review_id": review["id"], "path.column_id": column["id"], "path.job_id": job["job_id"]}


def schemathesis(server: Served, folder: Path, *arguments: str) -> None:
    """Run schemathesis in `folder`, which may hold a configuration; fails with its findings."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
            *("--checks", ",".join(CHECKS), "--max-time", str(SECONDS), "--seed", "3", "--no-color", *arguments),
            *("--continue-on-failure", "--warnings", "off", "--no-shrink"),
        ],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=6 * PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, "\n".join(line[:500] for line in done.stdout.splitlines()) + done.stderr


@pytest.mark.parametrize("phases", ["coverage,fuzzing", "stateful"])
def test_the_server_keeps_to_its_openapi_document(url: str, tmp_path: Path, phases: str) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000}
    with served("--no-worker", **variables) as server:
        if phases == "stateful":  # operations use what earlier ones have made
            schemathesis(server, tmp_path, "--phases", phases)
            return
        parameters = "\n".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in real_ids(server).items())
        (tmp_path / "schemathesis.toml").write_text(f"[parameters]\n{parameters}\n")
        schemathesis(server, tmp_path, "--phases", phases, "--exclude-method", "DELETE")


def test_a_cursor_that_only_looks_like_one_is_refused(url: str, tmp_path: Path) -> None:
    dashes = "-" * 36
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as server:
        cells = f"{server.url}/api/tabular/reviews/{real_ids(server)['path.review_id']}/cells"
        for cursor in (
            "5:10:99",
            "9" * 5_000 + ":1:",
            "\u0661:\u0661:",
            "1:1:,,",
            "x",
            f"1:1:/1:1:/1/{dashes}/{dashes}",
        ):
            answer = httpx.get(cells, params={"cursor": cursor})
            assert answer.status_code == 422, (cursor, answer.text)
