"""Draws page-*.png: the page in a browser over a real server, the contracts of examples/ asked by the built-in rules.

`python -m docs.images.page` from the project's root.
"""

import tempfile
from io import BytesIO
from pathlib import Path

import httpx
import yaml
from PIL import Image
from playwright.sync_api import Page, expect

from tests.page.browser import chromium
from tests.processes import served

ROOT = Path(__file__).parents[2]
QUESTIONS = ROOT / "examples" / "due-diligence.yaml"
CONTRACTS = sorted((ROOT / "examples" / "contracts").glob("*.[pP][dD][fF]"))
PATIENCE_MS = 300_000
SHOWN = "Parties"


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as home,
        served(COLUMNIST_DATA_DIR=home, COLUMNIST_MODEL="extractive") as server,
        chromium() as browser,
    ):
        asked = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
        answer = httpx.post(f"{server.url}/api/tabular/reviews", json=asked).raise_for_status()
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(f"{server.url}/reviews/{answer.json()['id']}")
        draw(page)


def draw(page: Page) -> None:
    """From the files to the answers, with a picture of each screen on the way."""
    page.locator("input[type=file]").first.set_input_files(CONTRACTS)
    expect(page.get_by_text(f"{len(CONTRACTS)} files added.")).to_be_visible()
    expect(page.locator(".Run-estimate")).to_contain_text("answers")
    picture(page, "setup")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(f"{len(CONTRACTS)} / {len(CONTRACTS)} documents")).to_be_visible()
    header = page.locator(".ag-header-cell", has=page.get_by_role("button", name=SHOWN, exact=True))
    cells = page.locator(f".ag-cell[col-id='{header.get_attribute('col-id')}']")
    cells.filter(has=page.locator(".cells-found")).first.click()
    quote_in_sight(page)
    picture(page, "grid")
    page.get_by_label("Colours").select_option("dark")
    picture(page, "dark")
    page.get_by_label("Colours").select_option("light")
    page.locator(".Panel-titles a").click()
    page.locator(".Document-answerHead", has_text=SHOWN).click()
    quote_in_sight(page)
    picture(page, "document")


def quote_in_sight(page: Page) -> None:
    """The PDF is drawn, and the quote marked in it."""
    mark = page.locator(".Paper-page", has=page.locator(".Paper-highlight"))
    expect(mark.locator("canvas[data-drawn]").first).to_be_visible()
    expect(page.locator(".Paper-highlight").first).to_be_in_viewport()


def picture(page: Page, name: str) -> None:
    page.mouse.move(700, 899)  # on nothing that lights up
    with Image.open(BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(Path(__file__).with_name(f"page-{name}.png"), optimize=True)


if __name__ == "__main__":
    main()
