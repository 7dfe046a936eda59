"""Documents over HTTP: thousands in one request, each with its own result; nothing hostile gets anywhere."""

import re
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import httpx
import psutil
import psycopg
import pytest

from columnist.client import Client
from tests.documents.scans import small_page, write_scan
from tests.files import PDF, stored
from tests.http import a_review, problem
from tests.patience import wait_until
from tests.processes import TOKENS, Served, served, served_api
from tests.uploads import until_read, upload


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[Served]:
    with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home", COLUMNIST_MAX_FILE_MB=1) as running:
        yield running


@pytest.fixture
def api(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api") as client:
        yield client


def test_a_thousand_files_go_in_with_one_request_and_again_without_effect(
    server: Served, api: httpx.Client, tmp_path: Path
) -> None:
    review = a_review(api, "Term")["id"]
    files = [(f"contract {nr}.txt", f"Contract {nr}. ".encode() * 50) for nr in range(1000)]
    done = upload(api, *files, review_id=review)
    assert (done["added"], done["known"], done["refused"]) == (1000, 0, 0)
    assert [file["name"] for file in done["files"]] == [name for name, _ in files]
    assert api.get(f"/tabular/reviews/{review}").json()["document_count"] == 1000
    again = upload(api, *files, ("new.txt", b"New."), review_id=review)
    assert (again["added"], again["known"]) == (1, 1000)
    assert [file["document_id"] for file in again["files"][:1000]] == [file["document_id"] for file in done["files"]]
    assert len(stored(tmp_path / "home")) == 1001
    assert psutil.Process(server.process.pid).memory_info().rss < 300 * 1024**2


def test_a_file_that_changed_under_its_path_is_told_from_the_newer_one(api: httpx.Client) -> None:
    review = a_review(api, "Rent")["id"]
    for rent in (1_000, 2_000):
        done = upload(api, ("Deal/lease.txt", f"The rent is ${rent} a month.".encode()), review_id=review)
    upload(api, ("Deal/other/lease.txt", b"The rent is $3 a month."), review_id=review)
    until_read(api, review)
    newer = api.get(f"/documents/{done['files'][0]['document_id']}").json()
    rows = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
    exported = api.get(f"/tabular/reviews/{review}/export", params={"format": "json"}).json()["documents"]
    listed = sorted(api.get("/documents").json()["documents"], key=lambda one: one["created_at"])
    for older, *others in (rows, exported, listed):
        assert datetime.fromisoformat(older["newer_file_at"]) == datetime.fromisoformat(newer["created_at"])
        assert "An older file: a newer one of this path was added on" in older["how_read"]
        assert [one["newer_file_at"] for one in others] == [None, None]
        assert not any("older" in one["how_read"] for one in others)


def test_what_cannot_be_read_is_refused_and_the_files_around_it_are_not(api: httpx.Client, tmp_path: Path) -> None:
    done = upload(
        api,
        ("good.txt", b"This is an agreement."),
        ("empty.pdf", b""),
        ("picture.gif", b"GIF89a" + b"0" * 100),
        ("huge.txt", b"x" * (1024**2 + 1)),
        ("torn.pdf", b"this claims to be a PDF"),  # its row will say so
        ("last.txt", b"This is another agreement."),
    )
    assert [file["status"] for file in done["files"]] == ["added", "refused", "refused", "refused", "added", "added"]
    errors = [file["error"] for file in done["files"]]
    assert "empty" in errors[1]
    assert "a picture" in errors[2]
    assert "COLUMNIST_MAX_FILE_MB" in errors[3]
    assert len(stored(tmp_path / "home")) == 3


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\lease.txt", "lease.txt"),
        ("<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
        ("a\u202eb.txt", "ab.txt"),
        ("..", ".."),
        ("x" * 400 + ".txt", "x" * 251 + ".txt"),
    ],
)
def test_a_name_is_for_people_and_never_a_path(api: httpx.Client, tmp_path: Path, sent: str, kept: str) -> None:
    (file,) = upload(api, (sent, b"This is an agreement."))["files"]
    assert file["name"] == kept
    assert [path.name for path in stored(tmp_path / "home")] == [file["sha256"]]
    original = api.get(f"/documents/{file['document_id']}/original")
    assert re.match(
        r"attachment; filename=\"[ -~]+\"; filename\*=utf-8''[\w.%~-]+$", original.headers["content-disposition"]
    )


def test_too_many_files_and_broken_bodies_are_refused_and_what_came_before_stays(url: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_UPLOAD_MAX_FILES": 2}
    with served_api("--no-worker", **variables) as api:
        files = [("files", (f"{nr}.txt", f"Agreement {nr}.".encode())) for nr in range(3)]
        problem(api.post("/documents", files=files), 413, "too-large")
        assert api.get("/documents").json()["total"] == 2
        problem(api.post("/documents", json={"files": []}), 422, "bad-input")
        broken = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf'
        for boundary in ("x", "x" * 1_000):  # the second one is longer than a boundary may be
            kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
            problem(api.post("/documents", content=broken, headers=kind), 422, "bad-input")
        assert len(stored(tmp_path)) == 2


def test_what_is_sent_in_the_wrong_way_is_told_the_right_one(url: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_REQUESTS_PER_MINUTE": 7}
    with served(**variables) as server, httpx.Client(base_url=f"{server.url}/api") as api:
        json = {"Content-Type": "application/json"}
        for answer, words in (
            (api.post("/documents", files={"file": ("a.txt", b"Hello.")}), "called `files`"),
            (api.post("/tabular/reviews", content='{"name": ', headers=json), "The body is not JSON: Expecting value"),
            (api.post("/tabular/reviews", data={"name": "x"}), "should be a JSON object"),
        ):
            assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text
        (file,) = upload(api, ("Mängel “1”.txt", b"Hello."))["files"]
        named = api.get(f"/documents/{file['document_id']}/original").headers["Content-Disposition"]
        assert named.startswith('attachment; filename="M_ngel _1_.txt"; filename*=utf-8' + "''M%C3%A4ngel")
        while (answer := api.get("/me")).status_code == 200:
            pass
        assert answer.status_code == 429
        assert 30 < int(answer.headers["Retry-After"]) <= 60, "of the minute"


def test_a_client_that_vanishes_leaves_no_half_file(server: Served, api: httpx.Client, tmp_path: Path) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="files"; filename="{}.txt"\r\n\r\n{}'
    body = (part.format("whole", "This is whole.") + "\r\n" + part.format("half", "half " * 1000)).encode()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "POST /api/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        head += f"Authorization: Bearer {TOKENS[f'{host}:{port}']}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + body)
        wait_until(lambda: list((tmp_path / "home").rglob("incoming/*")))
    wait_until(lambda: not [path for path in stored(tmp_path / "home") if path.parent.name == "incoming"])
    wait_until(lambda: [one["name"] for one in api.get("/documents").json()["documents"]] == ["whole.txt"])


def test_a_document_is_looked_into_drawn_and_downloaded_as_it_was(api: httpx.Client) -> None:
    review = a_review(api, "Term")["id"]
    content = PDF.read_bytes()
    done = upload(api, ("contract.pdf", content), ("page.html", b"<script>alert(1)</script>Terms"), review_id=review)
    pdf, page = (file["document_id"] for file in done["files"])
    unread = api.get(f"/documents/{pdf}").json()
    assert (unread["page_count"], unread["language"], unread["how_read"]) == (None, None, None)
    problem(api.get(f"/documents/{pdf}/pages/1"), 404, "not-found")
    problem(api.get(f"/documents/{pdf}/find", params={"q": "the"}), 404, "not-found")
    until_read(api, review)
    read = api.get(f"/documents/{pdf}").json()
    assert read["page_count"] > 1
    assert (read["language"], read["how_read"]) == ("en", f"PDF, {read['page_count']} pages, English.")
    assert api.get(f"/documents/{page}").json()["how_read"] == "Web page, language unknown, read as text."
    first = api.get(f"/documents/{pdf}/pages/1").json()
    start, stop, x0, y0, x1, y1 = first["words"][0]
    assert first["text"][start:stop] == first["text"].split()[0]
    assert 0 <= x0 < x1 <= first["width"]
    assert 0 <= y0 < y1 <= first["height"]
    opening = " ".join(first["text"].split()[:4])
    place = api.get(f"/documents/{pdf}/find", params={"q": opening.swapcase()}).json()["places"][0]
    assert (" ".join(place["quote"].split()), place["page"], place["spans"][0]["start"]) == (opening, 1, start)
    assert place["rectangles"][0]["x0"] == x0
    often = api.get(f"/documents/{pdf}/find", params={"q": "e"}).json()
    assert (len(often["places"]), often["more"]) == (200, True)
    assert api.get(f"/documents/{pdf}/find", params={"q": "xyzzy"}).json() == {"places": [], "more": False}
    picture = api.get(f"/documents/{pdf}/pages/1/image", params={"width": 500})
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert int.from_bytes(picture.content[16:20], "big") == 500
    problem(api.get(f"/documents/{pdf}/pages/999/image"), 422, "unreadable-document")
    problem(api.get(f"/documents/{page}/pages/1/image"), 404, "not-found")
    assert api.get(f"/documents/{pdf}/original").content == content
    html = api.get(f"/documents/{page}/original")
    assert html.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in html.headers["content-security-policy"]
    part = api.get(f"/documents/{pdf}/original", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"%PDF")


def test_rows_and_documents_are_removed_after_confirmation(api: httpx.Client) -> None:
    review = a_review(api, "Term")["id"]
    files = upload(api, ("a.txt", b"The term is one year."), ("b.txt", b"The term is two years."), review_id=review)[
        "files"
    ]
    first, second = (file["document_id"] for file in files)
    until_read(api, review)
    path = f"/tabular/reviews/{review}/documents"
    refusal = problem(api.post(f"{path}/remove", json={"document_ids": [first]}), 409, "confirmation-needed")
    assert "1 rows with 1 answers" in refusal["detail"]
    assert api.post(f"{path}/remove?confirm=true", json={"document_ids": [first]}).status_code == 204
    assert api.get(f"/tabular/reviews/{review}").json()["document_count"] == 1
    assert api.post(path, json={"document_ids": [first]}).status_code == 204
    problem(api.post(path, json={"document_ids": [review]}), 404, "not-found")
    refusal = problem(api.delete(f"/documents/{second}"), 409, "confirmation-needed")
    assert "1 reviews and 1 answers" in refusal["detail"]
    assert api.delete(f"/documents/{second}?confirm=true").status_code == 204
    problem(api.get(f"/documents/{second}"), 404, "not-found")
    assert [one["name"] for one in api.get("/documents", params={"q": "A.T"}).json()["documents"]] == ["a.txt"]


def test_a_search_finds_the_documents_of_a_folder(api: httpx.Client) -> None:
    review = a_review(api, "Term")["id"]
    upload(api, ("Leases/one.txt", b"One."), ("Loans/two.txt", b"Two."), review_id=review)
    documents = api.get("/documents", params={"q": "leases/"}).json()["documents"]
    rows = api.get(f"/tabular/reviews/{review}/rows", params={"q": "leases"}).json()["rows"]
    assert [one["name"] for one in documents] == [one["document"] for one in rows] == ["one.txt"]


def test_a_scan_says_how_many_of_its_pages_were_read_by_ocr(
    server: Served, api: httpx.Client, admin_url: str, tmp_path: Path
) -> None:
    review = a_review(api, "Term")["id"]
    scan = write_scan(small_page(), [1], tmp_path / "scan.pdf", dpi=100)
    done = upload(api, ("scan.pdf", scan.read_bytes()), ("contract.pdf", PDF.read_bytes()), review_id=review)
    scanned, contract = (UUID(file["document_id"]) for file in done["files"])
    with Client(server.url) as client:
        assert client.document(scanned).ocr_pages is None
        until_read(api, review)
        document = client.document(scanned)
        assert (document.ocr_pages, document.unread_pages, document.error) == (1, 0, None)
        assert (document.language, document.how_read) == ("en", "PDF, 1 page, English; 1 page read by OCR (1).")
        assert client.document(contract).ocr_pages == 0
        assert len(api.get(f"/documents/{scanned}/pages/1").json()["words"]) > 20
        # The state that a worker without OCR leaves; one with OCR reads the pictures.
        with psycopg.connect(admin_url) as database:
            database.execute(
                "update document_readings set ocr_pages = 0, ocr_on = '{}', unread_pages = 1, unread_on = '{1}' "
                "where ocr_pages = 1"
            )
            database.execute("update tabular_cells set answer_key = null")
        document = client.document(scanned)
        assert (document.unread_pages, document.how_read) == (
            1,
            "PDF, 1 page, English; 1 page not read (1), because OCR is not installed where documents are read.",
        )
        (row,) = (
            row for row in api.get(f"/tabular/reviews/{review}/rows").json()["rows"] if row["document"] == "scan.pdf"
        )
        assert (row["ocr_pages"], row["unread_pages"], row["how_read"]) == (0, 1, document.how_read)
        until_read(api, review, only=["all"])
        document = client.document(scanned)
        assert (document.ocr_pages, document.unread_pages) == (1, 0)
