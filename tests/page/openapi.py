"""`python -m tests.page.openapi` (`make types`): writes web/openapi.json, from which the page's types are made."""

import json
import tempfile

import httpx

from tests.conftest import ROOT
from tests.processes import served

KEPT = ROOT / "web" / "openapi.json"


def described() -> str:
    """The OpenAPI document of this code, in the form that is kept."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        served("--no-worker", COLUMNIST_DATA_DIR=folder) as server,
    ):
        return json.dumps(httpx.get(f"{server.url}/openapi.json").json(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    KEPT.write_text(described(), encoding="utf-8")
