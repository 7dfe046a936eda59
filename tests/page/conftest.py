"""A real Chromium over a real server. Every page that a test opens is watched: no error, nothing that the policy
forbids, nothing from another host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, expect

from tests.conftest import CONTRACTS, ROOT, fresh_database
from tests.page.browser import chromium
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import TOKENS, Served, served
from tests.uploads import upload

Opens = Callable[..., Page]
expect.set_options(timeout=PATIENCE_SECONDS * 1000)

SCHEMES: dict[Literal["dark", "light"], dict[str, Any]] = {
    "dark": {"runOnly": ["color-contrast"]},  # all that is different there
    "light": {},
}
COVERED = Path(__file__).with_name("covered.js").read_text(encoding="utf-8")
AXE = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
# The text layer of a PDF is pdf.js's, and transparent: the page is a picture below it.
RUN_AXE = """options => axe.run({exclude: ["[class*='textLayer']"]}, options)"""
QUESTIONS: list[dict[str, Any]] = [
    {"name": "Governing law", "prompt": "Which state's or country's law governs this agreement?"},
    {"name": "Agreement date", "prompt": "What is the date of this agreement?", "format": "date"},
    {
        "name": "Kind",
        "prompt": "What kind of agreement is this?",
        "format": "tag",
        "tags": ["Services", "Supply", "Other"],
    },
]


@pytest.fixture(scope="module")
def database(template_of: dict[str, str]) -> str:
    """The database of `server`."""
    return fresh_database(template_of["embedded"])


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests of a file: each makes its own reviews."""
    variables = {"DATABASE_URL": database, "TABULAR_POLL_MS": 200, "COLUMNIST_REQUESTS_PER_MINUTE": 10**6}
    with served(COLUMNIST_DATA_DIR=tmp_path_factory.mktemp("data"), **variables) as running:
        yield running


@pytest.fixture(scope="module")
def admin(database: str) -> str:
    """The same database for its superuser, for changes that the product cannot make."""
    return database.replace("columnist@", "postgres@")


@pytest.fixture(scope="module")  # Playwright has its own event loop, which other tests must not meet
def browser() -> Iterator[Browser]:
    assert (ROOT / "src" / "columnist" / "page" / "index.html").exists(), "The page is not built: make page."
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",  # the CPU draws every frame of an animation
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def opens(context: BrowserContext) -> Iterator[Opens]:
    """Open an address in a new tab. `away`: the server will be away for a while, and the browser will report it."""
    wrong: list[str] = []

    def open_page(address: str, away: bool = False, refused: bool = False) -> Page:
        page = context.new_page()
        host = urlsplit(address).netloc

        def heard(message: ConsoleMessage) -> None:
            expected = (away and ("net::ERR" in message.text or "status of 503" in message.text)) or (
                refused and "status of 4" in message.text
            )
            if message.type == "error" and not expected:
                wrong.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: wrong.append(str(error)))

        def asked(request: Request) -> None:
            if urlsplit(request.url).netloc not in ("", host):
                wrong.append(f"asked elsewhere: {request.url}")

        def interrupted(dialog: Dialog) -> None:
            wrong.append(f"a dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", asked)
        page.on("dialog", interrupted)
        parts = urlsplit(address)
        token = TOKENS.get(parts.netloc)
        page.goto(parts._replace(query=f"token={token}").geturl() if token else address)
        return page

    yield open_page
    assert wrong == []


@contextmanager
def api_of(server: Served, **options: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api", **options) as client:
        yield client


def filled(server: Served, files: list[Path], questions: list[dict[str, Any]] = QUESTIONS) -> str:
    """A review with all answers."""
    with api_of(server) as api:
        review = str(
            api.post("/tabular/reviews", json={"name": f"Filled {uuid4()}", "columns": questions}).json()["id"]
        )
        upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
        job = api.post(f"/tabular/reviews/{review}/generate").json()["job_id"]
        wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] == "completed")
    return review


def pdfs(count: int) -> list[Path]:
    """The smallest example files."""
    files = [file for file in CONTRACTS.iterdir() if file.suffix.lower() == ".pdf"]
    return sorted(sorted(files, key=lambda file: file.stat().st_size)[:count])


def cell(page: Page, row: int, column: str) -> Locator:
    """The cell at a row's number and a column's name, once the row has been read: only then does it have an id."""
    header = page.locator(".ag-header-cell", has=page.get_by_role("button", name=column, exact=True))
    return page.locator(f".ag-row[row-index='{row}'][row-id] .ag-cell[col-id='{header.get_attribute('col-id')}']")


def accessible(page: Page) -> None:
    """axe finds nothing serious, in light nor in dark."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(RUN_AXE, {"resultTypes": ["violations"], **rules})
        serious = [
            f"{scheme}: {one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
