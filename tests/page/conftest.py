"""A real Chromium over a real server. Every page that a test opens is watched: no error, nothing that the policy
forbids, nothing from elsewhere."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, expect

from tests.conftest import ROOT
from tests.page.browser import chromium
from tests.patience import PATIENCE_SECONDS

Opens = Callable[..., Page]
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@pytest.fixture(scope="module")  # Playwright has an event loop of its own: other tests must not meet it
def browser() -> Iterator[Browser]:
    assert (ROOT / "src" / "columnist" / "page" / "index.html").exists(), "The page is not built: make page."
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def opens(context: BrowserContext) -> Iterator[Opens]:
    """Open an address in a new tab. `away`: the server will be away for a while, and the browser will say so."""
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
        page.goto(address)
        return page

    yield open_page
    assert wrong == []
