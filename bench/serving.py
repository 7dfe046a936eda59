"""What a measurement or a picture of the real thing needs: a server in a process of its own, and a browser."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


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
