"""A client that hangs up leaves no working process: neither a search for words nor a drawing of a page."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.documents.readers import templates_of
from tests.documents.scans import A_CONTRACT
from tests.http import a_review
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import TOKENS, environment, wait_for_line
from tests.uploads import until_read, upload


@contextmanager
def served_apart(**variables: object) -> Iterator[tuple[str, int]]:
    """A server with its own templates, not the shared ones of the tests' programs: its address and pid."""
    command = [sys.executable, "-m", "columnist", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr and process.stdout
            address = json.loads(wait_for_line(process.stderr, '"serving"'))["url"]
            link = wait_for_line(process.stdout, "Open").split()[1]
            TOKENS[urlsplit(address).netloc] = link.rpartition("=")[2]
            yield address, process.pid
        finally:
            process.terminate()


@contextmanager
def held_up(templates: list[psutil.Process]) -> Iterator[None]:
    """No child can begin in this context, so that no request ends on its own."""
    for template in templates:
        template.suspend()
    try:
        yield
    finally:
        for template in templates:
            template.resume()


def test_who_hangs_up_leaves_no_search_and_no_drawing_running(url: str, tmp_path: Path) -> None:
    with (
        served_apart(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as (address, pid),
        httpx.Client(base_url=f"{address}/api") as api,
    ):
        review = a_review(api, "Term")["id"]
        file = (A_CONTRACT.name, A_CONTRACT.read_bytes())
        document = upload(api, file, review_id=review)["files"][0]["document_id"]
        until_read(api, review)
        asked = {"words": f"/documents/{document}/find?q=the", "drawing": f"/documents/{document}/pages/1/image"}

        def is_free(kind: str) -> bool:
            metrics_text = httpx.get(f"{address}/metrics").text
            return f'columnist_reader_places{{kind="{kind}",state="in_use"}} 0.0' in metrics_text

        for path in asked.values():
            assert api.get(path).status_code == 200
        templates = list(templates_of(pid))
        assert len(templates) >= 2
        with held_up(templates):
            for kind, path in asked.items():
                with pytest.raises(httpx.ReadTimeout):
                    api.get(path, timeout=httpx.Timeout(PATIENCE_SECONDS, read=1.0))
                wait_until(partial(is_free, kind), f"a free place for {kind}")
