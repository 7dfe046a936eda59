"""The evidence of an answer, in the panel and beside the whole document, and the acts of a person on it."""

import io
import re
from pathlib import Path

import openpyxl
import psycopg
import pypdfium2 as pdfium
from playwright.sync_api import Route, expect

from tests.documents.docx import p, with_parts, write_docx
from tests.documents.scans import A_CONTRACT, small_page, write_scan
from tests.page.conftest import COVERED, QUESTIONS, Opens, accessible, api_of, cell, filled, pdfs
from tests.patience import wait_until
from tests.processes import Served


def test_a_quote_in_a_pdf_is_marked_where_it_is_printed(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(3), QUESTIONS[:1])
    page = opens(f"{server.url}/reviews/{review}")
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    quote = panel.locator(".Answer-citation q").first.inner_text()
    marked = panel.locator(".Paper-page", has=page.locator(".Paper-highlight")).first
    expect(marked.locator("canvas[data-drawn]")).to_be_visible()
    expect(marked.locator(".PdfPages-textLayer[data-laid]")).to_be_attached()
    covered = page.evaluate(COVERED)
    assert covered["ink"] > 0.02, "there is print under the highlight"
    wanted = [word for word in quote.strip("“”").split() if len(word) > 4]
    assert sum(word in covered["text"] for word in wanted) >= 0.9 * len(wanted), (quote, covered)
    accessible(page)


def test_a_quote_in_a_picture_is_marked_where_it_is_printed(server: Served, opens: Opens, tmp_path: Path) -> None:
    picture = tmp_path / "scan.tiff"
    document = pdfium.PdfDocument(small_page())
    document[0].render(scale=150 / 72).to_pil().convert("L").save(picture, dpi=(150, 150))
    document.close()
    review = filled(server, [picture], QUESTIONS[:1])
    page = opens(f"{server.url}/reviews/{review}")
    expect(cell(page, 0, "Governing law").locator(".cells-words")).not_to_be_empty()
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.locator(".Paper-highlight").first).to_be_visible()
    marked = panel.locator(".Paper-page", has=page.locator(".Paper-highlight")).first
    expect(marked.get_by_role("img")).to_be_visible()
    page.wait_for_function("[...document.querySelectorAll('.Paper-page img')].every((one) => one.naturalWidth)")
    assert page.evaluate(COVERED)["ink"] > 0.02, "there is print under the highlight"
    accessible(page)


def test_what_was_not_read_of_a_document_is_told_by_api_page_and_exports(
    server: Served, opens: Opens, tmp_path: Path
) -> None:
    drawn = '<w:r><w:pict><v:shape style="width:6in;height:400pt"><v:imagedata r:id="i"/></v:shape></w:pict></w:r>'
    body = p("This lease is governed by the laws of the State of Ohio. The rents are:", drawn)
    lease = with_parts(write_docx(tmp_path / "lease.docx", body), i=("image", "rents.emf", b"\x01\0\0\0 EMF"))
    review = filled(server, [lease], QUESTIONS[:1])
    sentence = "1 part not read (a large picture) (on page 1)."
    with api_of(server) as api:
        (row,) = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        assert row["remarks"] == [{"kind": "not_read", "count": 1, "pages": [1], "detail": "a large picture"}]
        assert row["how_read"].endswith(sentence)
        for form in ("json", "csv"):
            assert sentence in api.get(f"/tabular/reviews/{review}/export", params={"format": form}).text
        book = io.BytesIO(api.get(f"/tabular/reviews/{review}/export", params={"format": "xlsx"}).content)
        cells = [one for sheet in openpyxl.load_workbook(book) for line in sheet.values for one in line]
        assert any(sentence in str(one) for one in cells)
    page = opens(f"{server.url}/reviews/{review}")
    expect(page.locator(f".ag-row [title*='{sentence}']")).to_have_text("1 p.")
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_text(sentence)).to_be_visible()


def test_an_answer_is_edited_and_verified_and_the_history_says_who_did_it(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1), QUESTIONS[:1])
    page = opens(f"{server.url}/reviews/{review}")
    law = cell(page, 0, "Governing law")
    law.click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    panel.get_by_role("button", name="Edit").click()
    panel.get_by_role("textbox", name="Answer", exact=True).fill("Texas")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_test_id("summary")).to_contain_text("Texas")
    panel.get_by_role("button", name="Verify", exact=True).click()
    expect(panel.get_by_text("verified by")).to_be_visible()
    panel.get_by_role("button", name="History").click()
    expect(panel.locator(".History-list")).to_contain_text("Texas")
    page.keyboard.press("Escape")
    expect(law).to_contain_text("Texas")
    expect(law.locator(".cells-checked")).to_be_visible()


def test_a_cleared_answer_comes_back_with_its_evidence(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1))
    page = opens(f"{server.url}/reviews/{review}")
    law = cell(page, 0, "Governing law")
    expect(law.locator(".cells-words")).not_to_be_empty()
    said = law.inner_text()
    law.click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    quote = panel.locator(".Answer-citation q").first.inner_text()
    panel.get_by_role("button", name="Clear").click()
    expect(panel.get_by_text("Not asked yet.")).to_be_visible()
    expect(law).not_to_have_text(said)
    page.get_by_role("button", name="Undo").click()
    expect(law).to_have_text(said)
    expect(panel.locator(".Answer-citation q").first).to_have_text(quote)
    expect(panel.locator(".Paper-highlight").first).to_be_visible()
    panel.get_by_role("button", name="History").click()
    expect(panel.locator(".History-list li").first).to_contain_text("restored")


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
        expect(panel.get_by_test_id("conflict")).to_contain_text("It now says: Theirs")
        assert api.get(path).json()["summary"] == "Theirs"
        panel.get_by_role("button", name="Keep editing").click()
        expect(panel.locator("textarea").first).to_have_value("Mine")
        panel.get_by_role("button", name="Save").click()
        expect(law).to_contain_text("Mine")
        saved = api.get(path).json()
        assert (saved["summary"], saved["flag"]) == ("Mine", "red"), "what was not touched is the other's"
        api.patch(path, json={"summary": "שכר הדירה: 5,000 USD"})
    words = law.locator(".cells-words")
    expect(words).to_contain_text("שכר")
    at_the_right = """cell => {
        const range = document.createRange(), words = cell.firstChild;
        range.setStart(words, 0);
        range.setEnd(words, 3);
        return range.getBoundingClientRect().left > cell.getBoundingClientRect().left + cell.clientWidth / 2;
    }"""
    assert words.evaluate(at_the_right), "words written from right to left begin at the right"


def test_a_document_is_shown_beside_all_of_its_answers(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(2))
    page = opens(f"{server.url}/reviews/{review}")
    page.locator(".cells-name").first.click()
    page.wait_for_url("**/documents/*")
    page.get_by_role("button", name="Governing law").click()
    expect(page.locator(".Answer-citation").first).to_be_visible()
    expect(page.locator(".Paper-highlight").first).to_be_visible()
    accessible(page)
    expect(page.get_by_role("link", name="Columnist")).to_be_in_viewport(ratio=1)  # the screen as such never scrolls
    expect(page).to_have_title(f"{pdfs(2)[0].name} · Columnist")
    # The way on and back is known after each step, however slow the server is.
    held: list[Route] = []
    page.route("**/rows?*offset=*", lambda route: held.append(route))
    page.get_by_role("button", name="Next document").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(pdfs(2)[1].name)
    expect(page.get_by_role("button", name="Next document")).to_be_disabled()
    expect(page.get_by_role("button", name="Governing law")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("heading", level=1)).to_have_text(pdfs(2)[0].name)
    assert held
    page.unroute("**/rows?*offset=*")
    page.get_by_role("link", name="Filled").click()
    expect(page.get_by_text("2 rows")).to_be_visible()


def test_a_document_says_how_it_was_read(server: Served, opens: Opens, admin: str, tmp_path: Path) -> None:
    contract = A_CONTRACT
    scan = write_scan(small_page(), [1], tmp_path / "scan.pdf", dpi=100)
    review = filled(server, [contract, scan])
    page = opens(f"{server.url}/reviews/{review}")
    row = page.locator(".cells-document", has_text="scan.pdf")
    expect(row.locator(".cells-ocr")).to_have_attribute("title", "PDF, 1 page, English; 1 page read by OCR (1).")
    expect(page.locator(".cells-pages")).to_have_count(2)
    expect(page.locator(".cells-ocr")).to_have_count(1)
    row.locator(".cells-name").click()
    expect(page.locator(".Viewer-howRead")).to_have_text("PDF, 1 page, English; 1 page read by OCR (1).")
    expect(page.locator("canvas").first).to_be_visible()
    # Words are found in the scan, too.
    page.keyboard.press("Control+f")
    page.keyboard.type("AGREEMENT")
    places = page.get_by_role("search", name="This document").get_by_role("status")
    expect(places).to_have_text(re.compile(r"1 of [2-9]"))
    marked = page.locator(".Paper-highlight")
    expect(marked).to_be_visible()
    before = marked.bounding_box()
    page.keyboard.press("Enter")
    expect(places).to_have_text(re.compile(r"2 of [2-9]"))
    wait_until(lambda: marked.bounding_box() != before, "the next place")
    accessible(page)
    # The state that a worker without OCR leaves.
    with psycopg.connect(admin) as database:
        database.execute(
            "update document_readings set ocr_pages = 0, ocr_on = '{}', unread_pages = 1, unread_on = '{1}' "
            "where ocr_pages = 1 and document_id in (select document_id from review_documents where review_id = %s)",
            [review],
        )
    page.reload()
    expect(page.locator(".Viewer-howRead.Viewer-unread")).to_contain_text(
        "1 page not read (1), because OCR is not installed"
    )
    accessible(page)
    page.get_by_role("link", name="Filled").click()
    expect(row.locator(".cells-unread")).to_be_visible()
    cell(page, 0, "Governing law").click()
    page.keyboard.press("Enter")
    expect(page.locator(".Panel-panel .Viewer-howRead")).to_contain_text("English.")
    accessible(page)


def test_a_link_opens_the_answer_and_an_added_question_is_shown_and_run(server: Served, opens: Opens) -> None:
    questions = [{"name": f"Question {nr}", "prompt": f"What is said of matter {nr}?"} for nr in range(8)]
    page = opens(f"{server.url}/reviews/{filled(server, pdfs(3), [*QUESTIONS, *questions])}")
    cell(page, 1, "Agreement date").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    name = panel.locator(".Panel-titles a").inner_text()
    panel.get_by_role("button", name="Copy a link to this answer").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    linked = page.context.new_page()
    linked.goto(page.evaluate("navigator.clipboard.readText()"))
    panel = linked.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("heading", name="Agreement date")).to_be_visible()
    expect(panel.locator(".Panel-titles a")).to_have_text(name)
    with linked.expect_download() as download:
        panel.get_by_role("button", name="Download the original").click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"
    linked.close()

    page.get_by_role("button", name="Add a question").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Notices")
    page.get_by_role("textbox", name="Question", exact=True).fill("Where are notices sent?")
    page.get_by_role("button", name="Add the question").click()
    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_in_viewport()
    page.get_by_role("button", name="Run it").click()
    expect(cell(page, 2, "Notices").locator(".cells-words")).not_to_be_empty()


def test_what_a_person_has_checked_is_asked_again_only_after_a_question(server: Served, opens: Opens) -> None:
    page = opens(f"{server.url}/reviews/{filled(server, pdfs(1), QUESTIONS[:1])}")
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("button", name="Verify", exact=True)).to_be_enabled()
    page.keyboard.press("v")
    expect(panel.get_by_role("button", name="Verified ✔")).to_be_visible()
    page.keyboard.press("r")
    expect(panel.get_by_role("alert")).to_contain_text("verified this answer")
    accessible(page)
    panel.get_by_role("button", name="Keep it").click()
    expect(panel.get_by_role("alert")).to_have_count(0)
    expect(panel.get_by_role("button", name="Verified ✔")).to_be_visible()
    panel.get_by_role("button", name="Ask again").click()
    with page.expect_response(lambda answer: answer.url.endswith("/regenerate")):
        panel.get_by_role("button", name="Replace it").click()
