"""The page as an analyst uses it: a real browser, a real server, real contracts."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import httpx
import jwt
import openpyxl
import psycopg
import pypdfium2 as pdfium
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from columnist.documents.reading.formats import SUFFIXES
from tests.api.test_documents import until_read, upload
from tests.conftest import CONTRACTS, ROOT
from tests.documents.scans import write_scan
from tests.documents.test_ocr import A_CONTRACT, SHORT_PAGE
from tests.filled import fill
from tests.page.conftest import Opens
from tests.page.openapi import KEPT, described
from tests.patience import wait_until
from tests.processes import Served, contracts_in, served, simulator

SCHEMES: dict[Literal["dark", "light"], dict[str, Any]] = {
    "dark": {"runOnly": ["color-contrast"]},  # all that is different there
    "light": {},
}
SECRET = "a secret that is long enough for HS256"
COVERED = Path(__file__).with_name("covered.js").read_text(encoding="utf-8")
AXE = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
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


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[Served]:
    with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "data", TABULAR_POLL_MS=200) as running:
        yield running


@contextmanager
def api_of(server: Served, **options: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api", **options) as client:
        yield client


def filled(server: Served, files: list[Path], questions: list[dict[str, Any]] = QUESTIONS) -> str:
    """A review whose answers are there."""
    with api_of(server) as api:
        review = str(api.post("/tabular/reviews", json={"name": "Filled", "columns": questions}).json()["id"])
        upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
        job = api.post(f"/tabular/reviews/{review}/generate").json()["job_id"]
        wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] == "completed")
    return review


def pdfs(count: int) -> list[Path]:
    """The smallest."""
    files = [file for file in CONTRACTS.iterdir() if file.suffix.lower() == ".pdf"]
    return sorted(sorted(files, key=lambda file: file.stat().st_size)[:count])


def cell(page: Page, row: int, column: str) -> Locator:
    """The cell of a row's number and a column's name, once the row has been read: only then it has an id."""
    header = page.locator(".ag-header-cell", has=page.get_by_role("button", name=column, exact=True))
    return page.locator(f".ag-row[row-index='{row}'][row-id] .ag-cell[col-id='{header.get_attribute('col-id')}']")


def accessible(page: Page) -> None:
    """axe finds nothing serious, in light nor in dark."""
    page.evaluate(AXE)
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **rules})
        serious = [
            f"{scheme}: {one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []


def test_from_files_to_evidence_to_a_file(server: Served, opens: Opens, tmp_path: Path) -> None:
    page = opens(server.url)
    expect(page.get_by_text("There are no reviews yet.")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="New review").click()
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(b"%PDF-1.7 torn")
    unknown = tmp_path / "song.mp3"
    unknown.write_bytes(b"ID3\x04\x00\x00\xff\xfb\x90\x00" * 50)
    page.locator("input[type=file]").first.set_input_files([*pdfs(3), torn, unknown])
    expect(page.get_by_text("1 file refused.")).to_be_visible()
    expect(page.locator(".files .refused")).to_contain_text("song.mp3")
    page.get_by_label("Start from a template").select_option("ndas")
    expect(page.locator(".questions ol li").first).to_be_visible()
    page.get_by_role("button", name="Write a question").click()
    page.get_by_label("Name", exact=True).fill("Governing law")
    page.get_by_role("button", name="Suggest a question").click()
    expect(page.get_by_role("textbox", name="Question")).not_to_have_value("")
    page.get_by_label("Name", exact=True).fill("Whose law")
    page.get_by_role("button", name="Add the question").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".size")).to_contain_text("4 documents ×")
    expect(page.locator(".estimate")).to_contain_text("free")
    accessible(page)

    page.set_viewport_size({"width": 4000, "height": 1200})  # every column is on the screen
    page.get_by_role("button", name="Try on one document").click()
    expect(page.get_by_text("1 / 1 documents")).to_be_visible()
    expect(cell(page, 0, "Governing law").locator(".answer.words")).not_to_be_empty()
    assert not cell(page, 1, "Governing law").locator(".answer.words").count()
    page.get_by_role("button", name="Run …").click()
    expect(page.locator(".estimate")).to_contain_text("3 documents")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("3 / 3 documents")).to_be_visible()
    torn_row = page.locator(".ag-row", has_text="torn.pdf").first
    expect(torn_row.locator(".name.failed")).to_have_attribute("title", re.compile(r"^torn\.pdf: .+\.$"))
    expect(page.get_by_role("button", name="Retry")).not_to_have_count(0)
    accessible(page)

    # Evidence: the rectangle lies over the quote's words, on the page as it is drawn.
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    quote = panel.locator(".citation q").first.inner_text()
    expect(panel.locator(".pdf-page canvas[data-drawn]").first).to_be_visible()
    expect(panel.locator(".highlight").first).to_be_visible()
    expect(panel.locator(".text-layer span").first).to_be_attached()
    covered = page.evaluate(COVERED)
    assert covered["ink"] > 0.02, "there is print under the highlight"
    wanted = [word for word in quote.strip("“”").split() if len(word) > 4]
    assert sum(word in covered["text"] for word in wanted) >= 0.9 * len(wanted), (quote, covered)
    accessible(page)

    panel.get_by_role("button", name="Edit").click()
    panel.get_by_role("textbox", name="Answer", exact=True).fill("=HYPERLINK(Texas)")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_test_id("summary")).to_contain_text("=HYPERLINK(Texas)")
    panel.get_by_role("button", name="Verify").click()
    expect(panel.get_by_text("verified by")).to_be_visible()
    panel.get_by_role("button", name="History").click()
    expect(panel.locator(".history")).to_contain_text("=HYPERLINK(Texas)")
    page.keyboard.press("Escape")
    expect(cell(page, 0, "Governing law")).to_contain_text("=HYPERLINK(Texas)")
    expect(cell(page, 0, "Governing law").locator(".answer.checked")).to_be_visible()

    page.get_by_role("combobox", name="State").select_option("edited")
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("menuitem", name="XLSX: what is shown").click()
    downloading.value.save_as(tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 2
    answer = rows[1][rows[0].index("Governing law")]
    assert isinstance(answer, str) and "HYPERLINK(Texas)" in answer
    assert sheet.cell(2, rows[0].index("Governing law") + 1).data_type == "s"


def test_a_run_is_picked_up_after_a_reload_and_in_another_tab_and_can_be_cancelled(
    url: str, opens: Opens, tmp_path: Path
) -> None:
    with (
        simulator(prompt_rate=10**6, decode_rate=20, slots=2) as llm,
        served(
            DATABASE_URL=url,
            COLUMNIST_DATA_DIR=tmp_path / "data",
            TABULAR_POLL_MS=200,
            OPENAI_BASE_URL=llm,
            COLUMNIST_MODEL="simulated",
        ) as server,
        api_of(server) as api,
    ):
        review = api.post("/tabular/reviews", json={"name": "Slow", "columns": QUESTIONS[:1]}).json()["id"]
        files = sorted(contracts_in(tmp_path / "contracts", 60).iterdir())
        upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
        page = opens(f"{server.url}/reviews/{review}")
        page.get_by_role("button", name="Run", exact=True).click()
        progress = page.get_by_test_id("progress")
        expect(progress).to_have_text(progress_of(60))
        expect(page.locator(".answer.words").first).to_be_visible()
        expect(page.locator(".answer.awaited").first).to_be_visible()
        page.reload()
        expect(progress).to_have_text(progress_of(60))
        other = opens(f"{server.url}/reviews/{review}")
        expect(other.get_by_test_id("progress")).to_have_text(progress_of(60))
        answered = other.locator(".answer.words").count()
        expect(other.locator(".answer.words").nth(answered)).to_be_visible()  # they go on coming
        other.get_by_role("button", name="Cancel").click()
        for tab in (page, other):
            expect(tab.get_by_text("Cancelled:")).to_be_visible()
            expect(tab.locator(".answer.awaited")).to_have_count(0)


def progress_of(total: int) -> re.Pattern[str]:
    return re.compile(rf"^\d+ / {total}$")


def test_the_server_is_killed_and_started_again_while_it_works(url: str, opens: Opens, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with simulator(prompt_rate=10**6, decode_rate=150, slots=2) as llm:
        variables: dict[str, object] = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "data",
            "TABULAR_POLL_MS": 200,
            "TABULAR_JOB_LEASE_SECONDS": 2,
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
        }
        with pytest.raises(AssertionError), served("--port", port, **variables) as server, api_of(server) as api:
            review = api.post("/tabular/reviews", json={"name": "Killed", "columns": QUESTIONS[:1]}).json()["id"]
            files = sorted(contracts_in(tmp_path / "contracts", 30).iterdir())
            upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
            page = opens(f"{server.url}/reviews/{review}", away=True)
            page.get_by_role("button", name="Run", exact=True).click()
            expect(page.locator(".answer.words").first).to_be_visible()
            server.process.kill()  # and its exit code is not 0: that is the AssertionError
        expect(page.get_by_text("The server is away.")).to_be_visible()
        with served("--port", port, **variables) as server:
            expect(page.get_by_text("The server is away.")).to_have_count(0)
            expect(page.get_by_text("30 / 30 documents")).to_be_visible(timeout=40_000)
            expect(page.get_by_text("30 rows")).to_be_visible()
            for row in (0, 14):
                expect(cell(page, row, "Governing law").locator(".answer.words")).not_to_be_empty()


def test_what_a_run_waits_for_is_said_and_a_cancelled_one_counts_what_was_done(
    url: str, opens: Opens, tmp_path: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        llm = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        variables = {"TABULAR_POLL_MS": 200, "OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "away"}
        with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables) as server, api_of(server) as api:
            review = api.post("/tabular/reviews", json={"name": "Away", "columns": QUESTIONS}).json()["id"]
            upload(api, ("one.txt", b"The laws of Delaware govern."), review_id=review)
            page = opens(f"{server.url}/reviews/{review}")
            page.get_by_role("button", name="Run", exact=True).click()
            expect(page.locator(".job")).to_contain_text("The LLM server is waited for: it cannot be reached")
            accessible(page)
            cell(page, 0, "Kind").click()
            expect(page.locator(".panel").get_by_text("Being answered …")).to_be_visible()
            page.locator(".panel .titles a").click()
            expect(page.get_by_text("Being answered …")).to_have_count(len(QUESTIONS))
            page.go_back()
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_text("Cancelled: 0 / 1 documents")).to_be_visible()
            cell(page, 0, "Kind").click()
            expect(page.locator(".panel").get_by_text("Not asked yet.")).to_be_visible()


def test_what_somebody_wrote_is_text_and_never_markup(server: Served, opens: Opens, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    with api_of(server) as api:
        text = f"This Agreement is governed by the laws of the State of Delaware. {evil}\n" * 3
        columns = [{"name": f"Law {evil}", "prompt": f"Which law governs? {evil}"}]
        review = api.post("/tabular/reviews", json={"name": f"Review {evil}", "columns": columns}).json()["id"]
        (file,) = upload(api, (f"{evil}.txt".replace("/", "_"), text.encode()), review_id=review)["files"]
        job = api.post(f"/tabular/reviews/{review}/generate").json()["job_id"]
        wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] == "completed")
        (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
        path = f"/tabular/reviews/{review}/cells/{file['document_id']}/{column['id']}"
        assert api.patch(path, json={"summary": evil, "reasoning": evil}).status_code == 200
    page = opens(server.url)
    page.get_by_role("link", name="Review <img").click()
    answer = page.locator(".ag-row[row-index='0'] .answer")
    expect(answer).to_contain_text(evil)
    expect(page.locator(".document .name")).to_contain_text("<img src=x onerror=alert(1)>")
    answer.click()
    expect(page.get_by_test_id("summary")).to_contain_text(evil)
    expect(page.locator(".text-page")).to_contain_text(evil)
    expect(page.locator("mark").first).to_contain_text("Delaware")
    page.locator(".panel a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img")
    assert page.locator("img:not([src='/favicon.svg'])").count() == 0
    assert page.locator("script").count() == 1


def test_everything_is_done_by_keyboard(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(3))
    page = opens(f"{server.url}/reviews/{review}")
    first = cell(page, 0, "Governing law")
    expect(first.locator(".answer.words")).not_to_be_empty()
    first.click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("heading", name="Governing law")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="Agreement date")).to_be_visible()
    name = panel.locator(".titles a").inner_text()
    page.keyboard.press("ArrowDown")
    expect(panel.locator(".titles a")).not_to_have_text(name)
    panel.get_by_role("button", name="Verify").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(panel.locator(".titles a")).to_have_text(name)
    page.keyboard.press("Alt+ArrowRight")
    expect(panel.get_by_role("heading", name="Kind")).to_be_visible()
    page.keyboard.press("e")
    expect(panel.get_by_role("combobox", name="Answer", exact=True)).to_be_focused()
    panel.get_by_role("combobox", name="Answer", exact=True).select_option("Supply")
    page.keyboard.press("Control+Enter")
    expect(cell(page, 0, "Kind")).to_contain_text("Supply")
    page.keyboard.press("Escape")

    # A range, copied as a table.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("2 rows copied as a table.")).to_be_visible()
    table = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").split("\n")]
    assert table[0] == ["Agreement date", "Kind"]
    assert len(table) == 3 and table[1][1] == "Supply"
    # A question's head.
    page.keyboard.press("ArrowUp")
    head = page.locator(".ag-header-cell", has=page.get_by_role("button", name="Agreement date", exact=True))
    expect(head).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("menuitem", name="Filter …")).to_be_focused()
    accessible(page)
    page.keyboard.press("Escape")
    expect(head).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(head).to_have_attribute("aria-colindex", "5")
    page.reload()
    expect(head).to_have_attribute("aria-colindex", "5")

    page.keyboard.press("/")
    expect(page.get_by_label("Search answers and documents")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1 input").press("Escape")
    page.locator(".total").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    accessible(page)


def test_a_cleared_answer_comes_back_with_its_evidence(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1))
    page = opens(f"{server.url}/reviews/{review}")
    law = cell(page, 0, "Governing law")
    expect(law.locator(".answer.words")).not_to_be_empty()
    said = law.inner_text()
    law.click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    quote = panel.locator(".citation q").first.inner_text()
    panel.get_by_role("button", name="Clear").click()
    expect(panel.get_by_text("Not asked yet.")).to_be_visible()
    expect(law).not_to_have_text(said)
    page.get_by_role("button", name="Undo").click()
    expect(law).to_have_text(said)
    expect(panel.locator(".citation q").first).to_have_text(quote)
    expect(panel.locator(".highlight").first).to_be_visible()
    panel.get_by_role("button", name="History").click()
    expect(panel.locator(".history li").first).to_contain_text("brought back")


def test_an_answer_is_copied_whole_however_long_it_is(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1), QUESTIONS[:1])
    long = "And so on and on. " * 60
    with api_of(server) as api:
        (row,) = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        (column,) = row["cells"]
        path = f"/tabular/reviews/{review}/cells/{row['document_id']}/{column}"
        assert api.patch(path, json={"summary": long}).is_success
    page = opens(f"{server.url}/reviews/{review}")
    cell(page, 0, "Governing law").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("1 row copied as a table.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == long.strip()


def test_a_rule_of_a_question_flags_its_answers_and_the_evidence_names_it(
    server: Served, opens: Opens, tmp_path: Path
) -> None:
    files = []
    for days in (90, 10):
        files.append(tmp_path / f"{days}.txt")
        files[-1].write_text(f"Either party may terminate this Agreement by {days} days prior written notice.")
    page = opens(server.url, refused=True)
    page.get_by_role("button", name="New review").click()
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_role("button", name="Write a question").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    dialog.get_by_label("Name", exact=True).fill("Notice")
    dialog.get_by_role("textbox", name="Question").fill("How many days of notice must a party give to terminate?")
    dialog.get_by_label("Format").select_option(label="Number")
    for nr, (flag, condition) in enumerate((("yellow", "not found"), ("red", "> thirty"), ("green", "soon")), start=1):
        dialog.get_by_role("button", name="Add a rule").click()
        dialog.get_by_label(f"Flag of rule {nr}").select_option(flag)
        dialog.get_by_label(f"Condition of rule {nr}").fill(condition)
    dialog.get_by_role("button", name="Remove rule 3").click()
    accessible(page)
    dialog.get_by_role("button", name="Add the question").click()
    refused = dialog.get_by_label("Condition of rule 2")
    expect(refused).to_have_attribute("aria-invalid", "true")
    expect(refused).to_have_accessible_description("'thirty' is not a number such as 30, without its unit")
    expect(dialog.get_by_role("alert")).to_have_count(1)
    accessible(page)
    refused.fill("> 30")
    dialog.get_by_role("button", name="Add the question").click()
    expect(dialog).to_have_count(0)

    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("2 / 2 documents")).to_be_visible()
    long = page.locator(".ag-row", has_text="90 days")
    expect(long.locator(".answer.red")).to_be_visible()
    expect(page.locator(".ag-row", has_text="10 days").locator(".answer.red")).to_have_count(0)
    page.get_by_role("button", name="Rows with a flag Red").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    cell(page, 0, "Notice").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_test_id("rule")).to_have_text("Red if > 30")
    expect(panel.locator(".citation q")).to_contain_text("90 days")
    panel.get_by_role("button", name="Edit").click()
    panel.get_by_role("textbox", name="Answer", exact=True).fill("30")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_test_id("rule")).to_have_count(0)
    expect(panel.get_by_test_id("summary").locator(".flag.green")).to_be_visible()


def test_rows_are_sorted_filtered_searched_and_grouped_by_their_typed_answers(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(6))
    page = opens(f"{server.url}/reviews/{review}")
    expect(page.get_by_text("6 rows")).to_be_visible()
    dates = cell(page, 0, "Agreement date")
    expect(dates.locator(".answer.words")).not_to_be_empty()

    def shown(column: str) -> list[str]:
        return [cell(page, row, column).inner_text().split("\n")[0] for row in range(6)]

    header = page.get_by_role("button", name="Agreement date", exact=True)
    header.click()
    page.wait_for_function("document.querySelector('.arrow:not(:empty)')?.textContent === '↑'")

    def typed() -> list[str]:
        return [date for date in shown("Agreement date") if date[:2] in ("19", "20")]

    wait_until(lambda: len(typed()) > 2 and typed() == sorted(typed()))
    rising = typed()
    header.click()
    wait_until(lambda: typed() == rising[::-1])

    page.get_by_role("button", name="+ Filter").click()
    expect(page.get_by_label("Value")).to_be_focused()
    page.get_by_role("combobox", name="Question").select_option(label="Agreement date")
    page.get_by_label("Comparison").select_option(label="is after")
    page.get_by_label("Value").fill(rising[0])
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".chip")).to_contain_text(f"Agreement date is after {rising[0]}")
    expect(page.locator(".total")).to_have_text(f"{sum(date > rising[0] for date in rising)} rows")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".total")).to_have_text("6 rows")

    page.get_by_label("Search answers and documents").fill(pdfs(6)[2].name[:12])
    page.keyboard.press("Enter")
    expect(page.locator(".total")).to_have_text("1 row")
    page.get_by_role("button", name="Show all").click()

    page.get_by_role("button", name="Menu of Kind").click()
    page.get_by_role("menuitem", name="Group by these answers").click()
    groups = page.locator(".group-row")
    expect(groups.first).to_be_visible()
    counts = [int(text) for text in page.locator(".group-row .count").all_inner_texts()]
    assert sum(counts) == 6
    expect(page.locator(".total")).to_have_text("6 rows")
    groups.first.click()
    expect(groups.first).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".ag-row .document .name")).to_have_count(6 - counts[0])
    expect(page.locator(".total")).to_have_text("6 rows")
    accessible(page)

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("menuitemcheckbox", name="Kind").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Kind", exact=True)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Agreement date", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Kind", exact=True)).to_have_count(0)  # as it was left
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("menuitem", name="CSV: what is shown")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Columns").click()
    expect(page.get_by_role("menuitemcheckbox", name="Kind")).to_have_attribute("aria-checked", "false")
    page.get_by_role("menuitem", name="Show all").click()
    expect(page.get_by_role("button", name="Kind", exact=True)).to_be_visible()


def test_the_rows_to_come_are_read_before_they_are_seen(server: Served, opens: Opens, admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as database:
        review, _ = fill(database, 600)
    page = opens(server.url)
    with page.expect_request("**/rows?*offset=50&*"):
        page.goto(f"{server.url}/reviews/{review}")
    rows = page.locator(".ag-row .answer.words")
    expect(rows.first).to_be_visible()
    page.mouse.move(900, 500)
    with page.expect_request("**/rows?*offset=350&*"):
        page.mouse.wheel(0, 310 * 38)
    expect(page.locator(".ag-row[row-index='310'] .answer.words").first).to_be_visible()
    with page.expect_request("**/rows?*offset=200&*"):
        page.mouse.wheel(0, -50 * 38)


def test_answers_that_are_too_many_for_groups_leave_the_rows(server: Served, opens: Opens, admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as database:
        review, _ = fill(database, 1_500)
    page = opens(f"{server.url}/reviews/{review}", refused=True)
    expect(page.locator(".ag-row .answer.words").first).to_be_visible()
    page.get_by_role("button", name="Menu of Column 0").click()
    page.get_by_role("menuitem", name="Group by these answers").click()
    expect(page.get_by_role("alert")).to_contain_text("'Column 0' has over 1,000 different answers")
    expect(page.get_by_text("Grouped by")).to_have_count(0)
    expect(page.locator(".ag-row .answer.words").first).to_be_visible()


def test_a_document_is_shown_beside_all_of_its_answers(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(2))
    page = opens(f"{server.url}/reviews/{review}")
    page.locator(".document .name").first.click()
    page.wait_for_url("**/documents/*")
    page.get_by_role("button", name="Governing law").click()
    expect(page.locator(".citation").first).to_be_visible()
    expect(page.locator(".highlight").first).to_be_visible()
    accessible(page)
    expect(page.get_by_role("link", name="Columnist")).to_be_in_viewport(ratio=1)  # the screen as such never scrolls
    expect(page).to_have_title(f"{pdfs(2)[0].name} · Columnist")
    page.get_by_role("button", name="Next document").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(pdfs(2)[1].name)
    expect(page.get_by_role("button", name="Next document")).to_be_disabled()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("heading", level=1)).to_have_text(pdfs(2)[0].name)
    page.get_by_role("link", name="Filled").click()
    expect(page.get_by_text("2 rows")).to_be_visible()


def test_what_is_shown_is_there_again_on_the_way_back_and_after_a_reload(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(4))
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_role("combobox", name="State").select_option("done")
    page.get_by_role("button", name="Agreement date", exact=True).click()
    arrow = page.locator(".arrow:not(:empty)")
    expect(arrow).to_have_text("↑")
    names = page.locator(".document .name")
    expect(names).to_have_count(4)
    with page.expect_response(lambda answer: "sort=-" in answer.url):
        page.get_by_role("button", name="Agreement date", exact=True).click()
    expect(arrow).to_have_text("↓")
    last = cell(page, 3, "Agreement date").inner_text()
    order = names.all_inner_texts()

    names.nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order[2])
    page.get_by_role("button", name="Previous document").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order[1])
    page.get_by_role("link", name="Filled").click()
    for again in (lambda: None, page.reload):
        again()
        expect(page.locator(".chip")).to_contain_text("Answered")
        expect(arrow).to_have_text("↓")
        expect(cell(page, 3, "Agreement date")).to_have_text(last)
        expect(page.locator(".ag-cell-focus .name")).to_have_text(order[1])
    names.nth(3).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order[3])
    page.go_back()
    expect(page.locator(".ag-cell-focus .name")).to_have_text(order[3])

    page.get_by_role("button", name="Menu of Kind").click()
    page.get_by_role("menuitem", name="Group by these answers").click()
    expect(page.locator(".group-row").first).to_be_visible()
    page.reload()
    expect(page.locator(".group-row").first).to_be_visible()
    page.get_by_role("button", name="Menu of Kind").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("button", name="Remove the question").click()
    expect(page.locator(".group-row")).to_have_count(0)
    expect(names).to_have_count(4)


def test_rows_that_could_not_be_read_come_when_the_server_is_back(server: Served, opens: Opens, admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as database:
        review, _ = fill(database, 300)
    page = opens(f"{server.url}/reviews/{review}", away=True, refused=True)
    expect(page.locator(".ag-row .answer.words").first).to_be_visible()
    page.context.set_offline(True)
    page.mouse.move(900, 500)
    page.mouse.wheel(0, 200 * 38)
    expect(page.get_by_text("The server is away.")).to_be_visible()
    expect(page.locator(".ag-row[row-index='200'] .loading-row")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("The server is away.")).to_have_count(0)
    expect(page.locator(".ag-row[row-index='200'] .answer.words").first).to_be_visible()
    with api_of(server) as api:
        assert api.delete(f"/tabular/reviews/{review}", params={"confirm": True}).is_success
    expect(page.get_by_role("heading", name="This review cannot be shown")).to_be_visible()


def test_a_quote_in_a_picture_is_marked_where_it_is_printed(server: Served, opens: Opens, tmp_path: Path) -> None:
    picture = tmp_path / "scan.tiff"
    document = pdfium.PdfDocument(A_CONTRACT)
    document[SHORT_PAGE - 1].render(scale=150 / 72).to_pil().convert("L").save(picture, dpi=(150, 150))
    document.close()
    review = filled(server, [picture], QUESTIONS[:1])
    page = opens(f"{server.url}/reviews/{review}")
    expect(cell(page, 0, "Governing law").locator(".answer.words")).not_to_be_empty()
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.locator(".highlight").first).to_be_visible()
    marked = panel.locator(".pdf-page", has=page.locator(".highlight")).first
    expect(marked.get_by_role("img")).to_be_visible()
    page.wait_for_function("[...document.querySelectorAll('.pdf-page img')].every((one) => one.naturalWidth)")
    assert page.evaluate(COVERED)["ink"] > 0.02, "there is print under the highlight"
    accessible(page)


def test_files_go_on_being_sent_whatever_is_shown(server: Served, opens: Opens, tmp_path: Path) -> None:
    review = filled(server, pdfs(1), QUESTIONS[:1])
    (tmp_path / "late.txt").write_text("The laws of Ohio govern.")
    (tmp_path / "song.mp3").write_bytes(b"ID3\x04\x00\x00\xff\xfb\x90\x00" * 50)
    page = opens(f"{server.url}/reviews/{review}")
    held: list[Route] = []
    page.route("**/api/documents?*", lambda route: held.append(route))
    page.get_by_role("button", name="Add documents").click()
    with page.expect_request("**/api/documents?*"):
        page.locator("input[type=file]").first.set_input_files([tmp_path / "late.txt", tmp_path / "song.mp3"])
    page.keyboard.press("Escape")
    adding = page.get_by_role("button", name="Adding 0 / 2 files")
    expect(adding).to_be_visible()
    page.locator(".document .name").first.click()  # a document's screen, and back
    page.get_by_role("link", name="Filled").click()
    expect(adding).to_be_visible()
    held[0].continue_()
    expect(page.locator(".document .name")).to_have_text([pdfs(1)[0].name, "late.txt"])
    page.get_by_role("button", name="1 refused").click()
    expect(page.locator(".files .refused")).to_contain_text("song.mp3")
    accessible(page)


def test_an_attachment_is_listed_with_its_mail_and_is_a_row(server: Served, opens: Opens, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The contract"
    mail.set_content("See attached.")
    mail.add_attachment(pdfs(1)[0].read_bytes(), maintype="application", subtype="pdf", filename="contract.pdf")
    (tmp_path / "mail.eml").write_bytes(mail.as_bytes())
    page = opens(server.url)
    page.get_by_role("button", name="New review").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "mail.eml")
    expect(page.locator(".files")).to_contain_text("mail.eml / contract.pdf")
    expect(page.get_by_text("2 files taken in.")).to_be_visible()


def test_the_file_picker_offers_what_is_read() -> None:
    files = (ROOT / "web" / "src" / "setup" / "files.ts").read_text(encoding="utf-8")
    (offered,) = re.findall(r'ACCEPT = "(.+)"', files)
    assert set(offered.split(",")) == SUFFIXES.keys()


def test_a_document_says_how_it_was_read(server: Served, opens: Opens, admin_url: str, tmp_path: Path) -> None:
    contract = A_CONTRACT
    scan = write_scan(contract, [SHORT_PAGE], tmp_path / "scan.pdf", dpi=100)
    review = filled(server, [contract, scan])
    page = opens(f"{server.url}/reviews/{review}")
    row = page.locator(".document", has_text="scan.pdf")
    expect(row.locator(".pages.ocr")).to_have_attribute("title", "PDF, 1 page, English; 1 page read by OCR (1).")
    expect(page.locator(".document .pages")).to_have_count(2)
    expect(page.locator(".document .pages.ocr")).to_have_count(1)
    row.locator(".name").click()
    expect(page.locator(".how-read")).to_have_text("PDF, 1 page, English; 1 page read by OCR (1).")
    expect(page.locator("canvas").first).to_be_visible()
    accessible(page)
    # As a worker without OCR leaves it.
    with psycopg.connect(admin_url) as database:
        database.execute(
            "update document_contents set ocr_pages = 0, ocr_on = '{}', unread_pages = 1, unread_on = '{1}' "
            "where ocr_pages = 1"
        )
    page.reload()
    expect(page.locator(".how-read.unread")).to_contain_text("1 page not read (1), because OCR is not installed")
    accessible(page)
    page.get_by_role("link", name="Filled").click()
    expect(row.locator(".pages.unread")).to_be_visible()
    cell(page, 0, "Governing law").click()
    page.keyboard.press("Enter")
    expect(page.locator(".panel .how-read")).to_contain_text("English.")
    accessible(page)


def test_a_changed_question_makes_answers_stale_and_they_alone_are_asked_again(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(2))
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_role("button", name="Menu of Governing law").click()
    page.get_by_role("menuitem", name="Edit the question").click()
    page.get_by_role("textbox", name="Question").fill("Which law governs this agreement, in one word?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".answer.stale")).to_have_count(2)
    page.get_by_role("button", name="Run …").click()
    page.get_by_label("Stale answers only").check()
    expect(page.locator(".estimate")).to_contain_text("2 answers")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".answer.stale")).to_have_count(0)


def test_who_edits_what_another_has_changed_is_told_and_keeps_their_words(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1))
    page = opens(f"{server.url}/reviews/{review}", refused=True)
    law = cell(page, 0, "Governing law")
    law.click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    panel.get_by_role("button", name="Edit", exact=True).click()
    panel.locator("textarea").first.fill("Mine")
    with api_of(server) as api:
        (row,) = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        column = api.get(f"/tabular/reviews/{review}/columns").json()["columns"][0]["id"]
        path = f"/tabular/reviews/{review}/cells/{row['document_id']}/{column}"
        api.patch(path, json={"summary": "Theirs", "flag": "red"})
        expect(law).to_contain_text("Theirs")
        panel.get_by_role("button", name="Save").click()
        expect(panel.get_by_role("alert")).to_contain_text("Somebody has changed this cell")
        expect(panel.get_by_test_id("conflict")).to_contain_text("It says now: Theirs")
        assert api.get(path).json()["summary"] == "Theirs"
        panel.get_by_role("button", name="Go on with mine").click()
        expect(panel.locator("textarea").first).to_have_value("Mine")
        panel.get_by_role("button", name="Save").click()
        expect(law).to_contain_text("Mine")
        saved = api.get(path).json()
        assert (saved["summary"], saved["flag"]) == ("Mine", "red"), "what was not touched is the other's"


def test_a_failed_attempt_stands_beside_the_answer_and_an_outdated_one_is_found(
    server: Served, opens: Opens, admin_url: str
) -> None:
    review = filled(server, pdfs(2))
    with psycopg.connect(admin_url) as database:
        database.execute(
            "update tabular_cells set attempt_error = 'The model is gone.', attempted_at = now() where document_id = "
            "(select min(document_id::text)::uuid from tabular_cells)"
        )
        database.execute("update tabular_cells set model = 'another'")
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_label("State").select_option("Failed")
    expect(page.locator(".answer.attempted.outdated")).to_have_count(3)
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("alert")).to_contain_text("and failed: The model is gone.")
    expect(panel.get_by_test_id("summary")).not_to_be_empty()
    expect(panel.locator(".badge", has_text="outdated")).to_be_visible()
    panel.get_by_role("button", name="Verify").click()
    expect(panel.get_by_text("verified by")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("State").select_option("Outdated")
    expect(page.locator(".answer.outdated")).to_have_count(6)
    page.get_by_role("button", name="Run …").click()
    page.get_by_label("Outdated answers only").check()
    expect(page.locator(".estimate")).to_contain_text("5 answers")
    expect(page.locator(".estimate")).to_contain_text("1 answers that a person edited or verified are left alone")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".answer.outdated")).to_have_count(1)
    expect(page.locator(".answer.attempted")).to_have_count(1)


def test_where_people_sign_in_they_do_and_share_with_roles(url: str, opens: Opens, tmp_path: Path) -> None:
    def signed(name: str) -> str:
        return jwt.encode({"sub": name, "email": f"{name}@example.org", "exp": time.time() + 600}, SECRET, "HS256")

    variables = {"COLUMNIST_JWT_SECRET": SECRET, "COLUMNIST_SIGN_IN_URL": "https://id.example.org/authorize"}
    with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables) as server:
        page = opens(server.url, refused=True)
        accessible(page)
        page.get_by_label("token").fill("nonsense")
        page.get_by_role("button", name="Sign in with this token").click()
        expect(page.get_by_role("alert")).to_contain_text("token")
        # A token in the address counts only where this page asked for one.
        page.goto(f"{server.url}/?sign-in=made-up#access_token={signed('bob')}")
        page.reload()
        expect(page.get_by_label("token")).to_be_visible()
        page.evaluate("sessionStorage.setItem('columnist.sign-in', 'asked')")
        page.goto(f"{server.url}/?sign-in=asked#access_token={signed('ann')}")
        page.reload()
        expect(page.get_by_text("ann@example.org")).to_be_visible()
        assert "access_token" not in page.url
        page.get_by_role("button", name="New review").click()
        page.locator("h1 input").fill("Shared")
        page.locator("h1 input").press("Enter")
        review = page.url.rsplit("/", 1)[1]
        with api_of(server, headers={"Authorization": f"Bearer {signed('ann')}"}) as api:
            api.post(f"/tabular/reviews/{review}/columns", json={"columns": QUESTIONS})
            files = (("one.txt", b"The laws of Delaware govern."), ("torn.pdf", b"%PDF-1.7 torn"))
            upload(api, *files, review_id=review)
            api.post(f"/tabular/reviews/{review}/generate")
        page.reload()
        page.locator(".answer .failed").first.hover()
        expect(page.get_by_role("button", name="Retry")).to_have_count(4)  # each failed answer, and all of them
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="People").click()
        page.get_by_label("E-mail").fill("bob@example.org")
        page.get_by_role("button", name="Share", exact=True).click()
        expect(page.locator(".members")).to_contain_text("bob@example.org")
        accessible(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("token").fill(signed("bob"))
        page.get_by_role("button", name="Sign in with this token").click()
        page.get_by_role("link", name="Shared").click()
        expect(page.locator(".document .name")).to_have_text(["one.txt", "torn.pdf"])
        expect(page.locator(".answer .failed")).to_have_count(3)
        page.locator(".answer .failed").first.hover()
        for action in ("Run …", "Retry", "Add documents", "Add a question"):
            assert not page.get_by_role("button", name=action).count()
        cell(page, 0, "Governing law").click()
        panel = page.get_by_role("complementary", name="Answer and evidence")
        expect(panel.locator(".citation q")).to_contain_text("Delaware")
        assert not panel.get_by_role("button", name=re.compile("Edit|Verify|Ask again|Clear")).count()
        page.keyboard.press("v")
        expect(panel.get_by_text("Nobody has changed this answer.")).to_be_visible()
        accessible(page)
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as downloading:
            page.get_by_role("menuitem", name="JSON").first.click()
        downloading.value.save_as(tmp_path / "out.json")
        assert "one.txt" in json.dumps(json.loads((tmp_path / "out.json").read_text()))


def test_an_address_that_leads_nowhere_says_so_and_leads_on(server: Served, opens: Opens) -> None:
    for path in ("/nowhere", "/reviews/nothing/more/of/it"):
        page = opens(server.url + path, refused=True)
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        accessible(page)
        page.get_by_role("link", name="All reviews").click()
        expect(page.get_by_role("heading", name="Reviews", exact=True)).to_be_visible()
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/nowhere").status_code == 404
        unknown = client.get("/api/nowhere")
        assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")


def test_the_policy_lets_nothing_in_from_elsewhere(server: Served) -> None:
    answer = httpx.get(server.url)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in str(policy)
    nonce = policy["style-src"].split("'nonce-")[1].rstrip("'")
    assert f'content="{nonce}"' in answer.text
    assert httpx.get(server.url).headers["content-security-policy"] != answer.headers["content-security-policy"]


def test_the_pages_types_are_those_of_the_api() -> None:
    assert KEPT.read_text(encoding="utf-8") == described(), "make types"


def test_files_of_one_name_are_told_apart_by_their_folders(server: Served, opens: Opens, tmp_path: Path) -> None:
    for folder, law in (("01 Corporate", "Delaware"), ("02 HR", "Utah")):
        (tmp_path / "room" / folder).mkdir(parents=True)
        (tmp_path / "room" / folder / "lease.txt").write_text(f"The laws of {law} govern.")
    page = opens(server.url)
    page.get_by_role("button", name="New review").click()
    page.locator("input[type=file]").nth(1).set_input_files(tmp_path / "room")
    expect(page.get_by_role("status").filter(has_text="2 files taken in.")).to_be_visible()
    with api_of(server) as api:
        (review,) = api.get("/tabular/reviews").json()["reviews"]
        rows = api.get(f"/tabular/reviews/{review['id']}/rows").json()["rows"]
        assert sorted(row["path"] for row in rows) == ["room/01 Corporate/lease.txt", "room/02 HR/lease.txt"]
        asked = {"columns": QUESTIONS[:1]}
        api.post(f"/tabular/reviews/{review['id']}/columns", json=asked).raise_for_status()
        until_read(api, review["id"])
    page.goto(f"{server.url}/reviews/{review['id']}")
    for row in rows:
        expect(page.locator(".document .folder", has_text=row["path"].removesuffix("/lease.txt"))).to_be_visible()
    page.goto(f"{server.url}/reviews/{review['id']}/documents/{rows[0]['document_id']}")
    expect(page.get_by_text(rows[0]["path"])).to_be_visible()
