"""Before the first run: documents, questions, and the estimate of a run."""

import re
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Route, expect

from columnist.documents.reading.formats import SUFFIXES
from tests.conftest import ROOT
from tests.page.conftest import QUESTIONS, Opens, accessible, api_of, cell, filled, pdfs
from tests.processes import Served, served
from tests.proxies import nginx
from tests.signing import SECRET, signed
from tests.uploads import until_read


def test_files_and_questions_are_put_in_tried_and_run(server: Served, opens: Opens, tmp_path: Path) -> None:
    page = opens(server.url)
    page.get_by_role("button", name="New review").click()
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(b"%PDF-1.7 torn")
    unknown = tmp_path / "song.mp3"
    unknown.write_bytes(b"ID3\x04\x00\x00\xff\xfb\x90\x00" * 50)
    page.locator("input[type=file]").first.set_input_files([*pdfs(3), torn, unknown])
    expect(page.get_by_text("1 file refused.")).to_be_visible()
    expect(page.locator(".Upload-refused")).to_contain_text("song.mp3")
    page.get_by_label("Start from a template").select_option("ndas")
    expect(page.locator(".Questions-questions ol li").first).to_be_visible()
    page.get_by_role("button", name="Write a question").click()
    page.get_by_label("Name", exact=True).fill("Governing law")
    page.get_by_role("button", name="Suggest a question").click()
    expect(page.get_by_role("textbox", name="Question")).not_to_have_value("")
    page.get_by_label("Name", exact=True).fill("Whose law")
    page.get_by_role("button", name="Add the question").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".Setup-size")).to_contain_text("4 documents ×")
    expect(page.locator(".Run-estimate")).to_contain_text("free")
    accessible(page)

    page.set_viewport_size({"width": 4000, "height": 1200})  # every column is on the screen
    page.get_by_role("button", name="Try on one document").click()
    expect(page.get_by_text("1 / 1 documents")).to_be_visible()
    expect(cell(page, 0, "Governing law").locator(".cells-words")).not_to_be_empty()
    assert not cell(page, 1, "Governing law").locator(".cells-words").count()
    page.get_by_role("button", name="Run …").click()
    expect(page.locator(".Run-estimate")).to_contain_text("3 documents")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("3 / 3 documents")).to_be_visible()
    torn_row = page.locator(".ag-row", has_text="torn.pdf").first
    expect(torn_row.locator(".cells-name.failed")).to_have_attribute("title", re.compile(r"^torn\.pdf: .+\.$"))
    expect(page.get_by_role("button", name="Retry")).not_to_have_count(0)
    accessible(page)


def test_files_of_one_name_are_told_apart_by_their_folders(server: Served, opens: Opens, tmp_path: Path) -> None:
    for folder, law in (("01 Corporate", "Delaware"), ("02 HR", "Utah")):
        (tmp_path / "room" / folder).mkdir(parents=True)
        (tmp_path / "room" / folder / "lease.txt").write_text(f"The laws of {law} govern.")
    page = opens(server.url)
    page.get_by_role("button", name="New review").click()
    page.locator("input[type=file]").nth(1).set_input_files(tmp_path / "room")
    expect(page.get_by_role("status").filter(has_text="2 files added.")).to_be_visible()
    review = page.url.rsplit("/", 1)[1]
    with api_of(server) as api:
        rows = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        assert sorted(row["path"] for row in rows) == ["room/01 Corporate/lease.txt", "room/02 HR/lease.txt"]
        asked = {"columns": QUESTIONS[:1]}
        api.post(f"/tabular/reviews/{review}/columns", json=asked).raise_for_status()
        until_read(api, review)
    page.goto(f"{server.url}/reviews/{review}")
    for row in rows:
        expect(page.locator(".cells-folder", has_text=row["path"].removesuffix("/lease.txt"))).to_be_visible()
    page.goto(f"{server.url}/reviews/{review}/documents/{rows[0]['document_id']}")
    expect(page.get_by_text(rows[0]["path"])).to_be_visible()
    page.goto(f"{server.url}/reviews/{review}")
    expect(page.locator(".cells-folder", has_text="older file")).to_have_count(0)
    with api_of(server) as api:
        files = [("files", ("room/02 HR/lease.txt", b"The laws of Nevada govern."))]
        api.post("/documents", files=files, params={"review_id": review}).raise_for_status()
    expect(page.locator(".cells-folder", has_text="older file")).to_have_count(1)


def test_files_go_on_being_sent_whatever_is_shown(server: Served, opens: Opens, tmp_path: Path) -> None:
    review = filled(server, pdfs(1), QUESTIONS[:1])
    (tmp_path / "late.txt").write_text("The laws of Ohio govern.")
    (tmp_path / "song.mp3").write_bytes(b"ID3\x04\x00\x00\xff\xfb\x90\x00" * 50)
    page = opens(f"{server.url}/reviews/{review}", away=True)
    held: list[Route] = []
    page.route("**/api/documents?*", lambda route: held.append(route))
    page.get_by_role("button", name="Add documents").click()
    with page.expect_request("**/api/documents?*"):
        page.locator("input[type=file]").first.set_input_files([tmp_path / "late.txt", tmp_path / "song.mp3"])
    page.keyboard.press("Escape")
    adding = page.get_by_role("button", name="Adding 0 / 2 files")
    expect(adding).to_be_visible()
    page.locator(".cells-name").first.click()  # a document's screen, and back
    page.get_by_role("link", name="Filled").click()
    expect(adding).to_be_visible()
    held[0].abort()
    page.get_by_role("button", name="2 not sent").click()
    with page.expect_request("**/api/documents?*"):
        page.get_by_role("button", name="Send again").click()
    page.keyboard.press("Escape")
    held[1].continue_()
    expect(page.locator(".cells-name")).to_have_text([pdfs(1)[0].name, "late.txt"])
    page.get_by_role("button", name="1 refused").click()
    expect(page.locator(".Upload-refused")).to_contain_text("song.mp3")
    accessible(page)


def test_files_that_a_proxy_finds_too_large_are_refused_and_the_others_are_not(
    url: str, opens: Opens, tmp_path: Path
) -> None:
    """By default nginx accepts bodies of 1 MB."""
    for name, size in (("a.txt", 600_000), ("b.txt", 600_000), ("c.txt", 40), ("d.txt", 1_200_000)):
        (tmp_path / name).write_text("x" * size)
    with (
        served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_JWT_SECRET=SECRET) as server,
        nginx(tmp_path, [urlsplit(server.url).port or 0]) as proxy,
    ):
        page = opens(proxy, refused=True)
        page.get_by_label("token").fill(signed("ann"))
        page.get_by_role("button", name="Sign in with this token").click()
        page.get_by_role("button", name="New review").click()
        page.locator("input[type=file]").first.set_input_files([tmp_path / f"{name}.txt" for name in "abcd"])
        expect(page.get_by_role("status").filter(has_text="1 file refused.")).to_be_visible()
        expect(page.get_by_text("A proxy between here and the server refuses a request of this size.")).to_have_count(1)


def test_an_attachment_is_listed_with_its_mail_and_is_a_row(server: Served, opens: Opens, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The contract"
    mail.set_content("See attached.")
    mail.add_attachment(pdfs(1)[0].read_bytes(), maintype="application", subtype="pdf", filename="contract.pdf")
    (tmp_path / "mail.eml").write_bytes(mail.as_bytes())
    page = opens(server.url)
    page.get_by_role("button", name="New review").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "mail.eml")
    expect(page.locator(".Upload-files")).to_contain_text("mail.eml / contract.pdf")
    expect(page.get_by_text("2 files added.")).to_be_visible()


def test_the_file_picker_offers_what_is_read() -> None:
    files = (ROOT / "web" / "src" / "setup" / "files.ts").read_text(encoding="utf-8")
    (offered,) = re.findall(r'ACCEPT =\s+"(.+)"', files)
    assert set(offered.split(",")) == SUFFIXES.keys()


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
    expect(long.locator(".cells-red")).to_be_visible()
    expect(page.locator(".ag-row", has_text="10 days").locator(".cells-red")).to_have_count(0)
    page.get_by_role("button", name="Rows with a flag Red").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    cell(page, 0, "Notice").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_test_id("rule")).to_have_text("Red if > 30")
    expect(panel.locator(".Answer-citation q")).to_contain_text("90 days")
    panel.get_by_role("button", name="Edit").click()
    panel.get_by_role("textbox", name="Answer", exact=True).fill("30")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_test_id("rule")).to_have_count(0)
    expect(panel.get_by_test_id("summary").locator(".parts-flag.parts-green")).to_be_visible()
