"""What a measurement or a picture of the real thing needs: a database, a server in a process of its own, a browser."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from psycopg import conninfo

from columnist.db.embedded import embedded_server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def own_postgres() -> Iterator[str]:
    """An embedded server with an empty cluster, until the block ends; yields its superuser's URL."""
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as folder,
        embedded_server(Path(folder)) as url,
    ):
        yield conninfo.make_conninfo(url, user="postgres", dbname="postgres")


@contextmanager
def server(variables: dict[str, str]) -> Iterator[str]:
    """`columnist serve` with these environment variables, until the block ends; yields its URL."""
    environment = os.environ | variables | {"COLUMNIST_REQUESTS_PER_MINUTE": "1000000"}
    process = subprocess.Popen(
        [sys.executable, "-m", "columnist", "serve", "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        line = next(line for line in process.stderr if '"serving"' in line)
        threading.Thread(target=process.stderr.read, daemon=True).start()  # its log must not fill the pipe
        yield json.loads(line)["url"]
    finally:
        process.kill()
        process.wait()


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium without a window. Exits with a sentence where there is none."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        sys.exit("This needs Chromium: apt-get update && apt-get install chromium.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
