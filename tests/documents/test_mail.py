"""E-mails: their text, and their attachments, which are separate documents in every way of taking in."""

import asyncio
import hashlib
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from columnist.documents.blobs import BlobStore
from columnist.documents.intake import DEEPEST, Refused, attachments
from columnist.documents.reading.reader import Reader
from columnist.documents.store import StoredFile
from columnist.settings import Settings
from tests.documents.cases.mails import mail
from tests.documents.docx import p, write_docx
from tests.documents.ole import message, ole
from tests.documents.readers import A_CONTRACT, read, refused
from tests.files import put
from tests.processes import columnist, served, served_api

COLUMNS = 'columns:\n  - {name: Term, prompt: "What is the term?", format: text}\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def take_in(settings: Settings, path: Path) -> list[StoredFile | Refused]:
    """The files that come in with an e-mail."""
    noted: set[str] = set()

    async def note(sha256: str, size_bytes: int) -> bool:
        noted.add(sha256)
        return False

    async def run() -> list[StoredFile | Refused]:
        blobs = BlobStore(settings)
        async with Reader(settings) as reader:
            return await attachments(reader, blobs, note, StoredFile(path.name, *put(blobs, path), holder="mail"))

    found = asyncio.run(run())
    assert noted == {one.sha256 for one in found if isinstance(one, StoredFile)}, "noted before it is kept"
    return found


def names(found: list[StoredFile | Refused]) -> list[str]:
    assert all(isinstance(one, StoredFile) for one in found)
    return [one.name for one in found]


def test_attachments_are_files_of_their_own_and_what_is_none_is_named_in_the_text(
    settings: Settings, tmp_path: Path
) -> None:
    pdf = A_CONTRACT.read_bytes()
    made = mail(
        "The lease",
        ("contract.pdf", pdf),
        ("setup.exe", b"MZ" + bytes(99)),
        ("torn.pdf", b"%PD"),  # its row will say so
        ("none.docx", b""),
        ("../../notes.txt", b"The term is one year."),
    )
    path = tmp_path / "mail.eml"
    path.write_bytes(made.as_bytes())
    found = take_in(settings, path)
    assert names(found) == ["mail.eml / contract.pdf", "mail.eml / torn.pdf", "mail.eml / notes.txt"]
    assert isinstance(found[0], StoredFile)
    assert found[0].sha256 == hashlib.sha256(pdf).hexdigest()
    assert take_in(settings, path) == found
    (page,) = read(settings, path)
    assert page.text.split("\n") == [
        "From: ann@example.org",
        "To: bob@example.org",
        "Subject: The lease",
        "See attached.",
        "Attachment: contract.pdf",
        "Attachment not read: setup.exe (a program)",
        "Attachment: torn.pdf",
        "Attachment not read: none.docx (empty)",
        "Attachment: ../../notes.txt",
    ]


def test_mails_in_mails_are_opened_so_deep_and_no_deeper(settings: Settings, tmp_path: Path) -> None:
    made = mail("Level 0", ("deepest.txt", b"The end."))
    for level in range(1, 8):
        outer = mail(f"Level {level}", (f"{level}.txt", f"Text {level}.".encode()))
        outer.add_attachment(made)
        made = outer
    path = tmp_path / "mail.eml"
    path.write_bytes(made.as_bytes())
    found = take_in(settings, path)
    stored, (unopened,) = found[:-1], found[-1:]
    below = ["mail.eml"] + [f"Level {level}.eml" for level in range(6, 6 - DEEPEST, -1)]
    expected = []
    for depth in range(1, DEEPEST + 1):
        before = " / ".join(below[:depth])
        expected += [f"{before} / {8 - depth}.txt", f"{before} / {below[depth]}"]
    assert names(stored) == expected
    assert isinstance(unopened, Refused)
    assert unopened.name == " / ".join(below) + " / …"
    assert "5 e-mails inside each other" in unopened.error


def test_pictures_that_the_body_shows_are_no_attachments(settings: Settings, tmp_path: Path) -> None:
    made = mail("Hello", ("scan.png", b"\x89PNG"))
    made.clear_content()
    made.set_content("Plain and rich words.")
    made.add_alternative('<p>Rich words.<img src="cid:logo@x"></p>', subtype="html")
    html: Any = made.get_payload(1)
    html.add_related(b"\x89PNG", "image", "png", cid="<logo@x>", filename="logo.png")
    made.add_attachment(b"MZ", maintype="application", subtype="x-program", filename="a.exe")
    path = tmp_path / "mail.eml"
    path.write_bytes(made.as_bytes())
    (page,) = read(settings, path)
    assert "Plain and rich words." in page.text
    assert "Rich words." not in page.text
    assert "logo" not in page.text
    assert "Attachment not read: a.exe (a program)" in page.text


def test_a_body_is_read_by_its_charset_and_html_as_shown(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(
        b"From: a@example.org\r\nSubject: =?utf-8?q?Verg=C3=BCtung?=\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset=windows-1251\r\n\r\n<p>"
        + "Договор".encode("cp1251")
        + b"</p><p>B &amp; C</p>"
    )
    (page,) = read(settings, path)
    assert page.text.split("\n") == ["From: a@example.org", "Subject: Vergütung", "Договор", "B & C"]


def test_an_outlook_message_is_read_with_its_attachments_and_its_messages(settings: Settings, tmp_path: Path) -> None:
    pdf = A_CONTRACT.read_bytes()
    inner = message("Inner terms", "Agreed.", [("annex.txt", b"The annex.")], header=24)
    path = tmp_path / "mail.msg"
    path.write_bytes(
        ole(message("The Ägreement", "We accept.", [("contract.pdf", pdf), ("", inner), ("a.exe", b"MZ")]))
    )
    (page,) = read(settings, path)
    assert page.text.split("\n") == [
        "From: Ann <ann@example.org>",
        "To: Bob <bob@example.org>",
        "Cc: Cy <cy@example.org>",
        "Date: Wed, 08 May 2024 09:30:00 +0000",
        "Subject: The Ägreement",
        "We accept.",
        "Attachment: contract.pdf",
        "Attachment: Inner terms.eml",
        "Attachment not read: a.exe (a program)",
    ]
    found = take_in(settings, path)
    assert names(found) == [
        "mail.msg / contract.pdf",
        "mail.msg / Inner terms.eml",
        "mail.msg / Inner terms.eml / annex.txt",
    ]
    assert take_in(settings, path) == found
    assert isinstance(found[0], StoredFile)
    assert found[0].sha256 == hashlib.sha256(pdf).hexdigest()


def test_an_outlook_message_with_an_html_body_only_is_read(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mail.msg"
    path.write_bytes(ole(message("Hi", "", html="<p>The fee is <b>5 €</b>.</p>".encode())))
    (page,) = read(settings, path)
    assert page.text.endswith("The fee is 5 €.")


@pytest.mark.parametrize(
    ("name", "stream", "words"),
    [
        ("a.docx", "EncryptedPackage", "encrypted: remove its password"),
        ("a.msg", "Something", "claims to be an e-mail"),
    ],
)
def test_other_office_files_say_what_to_do(
    settings: Settings, tmp_path: Path, name: str, stream: str, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(ole({stream: bytes(5000)}))
    refused(settings, path, words)


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.9])
def test_a_torn_outlook_message_is_one_clear_error(settings: Settings, tmp_path: Path, keep: float) -> None:
    data = ole(message("Hi", "Words. " * 1000, [("contract.pdf", A_CONTRACT.read_bytes())]))
    path = tmp_path / "mail.msg"
    path.write_bytes(data[: int(len(data) * keep)])
    refused(settings, path, "damaged")


def test_an_upload_tells_of_the_attachments_and_has_them_once(url: str, tmp_path: Path) -> None:
    made = mail("The lease", ("contract.pdf", A_CONTRACT.read_bytes()), ("large.txt", b"x" * (1024**2 + 1)))
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_MAX_FILE_MB": 1}
    with served_api("--no-worker", **variables) as api:
        review = api.post("/tabular/reviews", json={"name": "Mail"}).json()["id"]
        # The e-mail itself is over the limit with a large file in it: that one comes in alone.
        small = mail("The lease", ("contract.pdf", A_CONTRACT.read_bytes()), ("a.exe", b"MZ"))
        files = [("files", ("large.eml", made.as_bytes())), ("files", ("mail.eml", small.as_bytes()))]
        done = api.post("/documents", files=files, params={"review_id": review}).json()
        assert (done["added"], done["known"], done["refused"]) == (2, 0, 1)
        large, one = done["files"]
        assert (large["status"], large["attachments"]) == ("refused", [])
        (attached,) = one["attachments"]
        assert (attached["name"], attached["status"]) == ("mail.eml / contract.pdf", "added")
        rows = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        assert [row["document"] for row in rows] == ["mail.eml", "mail.eml / contract.pdf"]
        again = api.post("/documents", files=files[1:], params={"review_id": review}).json()
        assert (again["added"], again["known"], again["refused"]) == (0, 2, 0)
        assert again["files"][0]["attachments"][0]["document_id"] == attached["document_id"]
        assert api.get("/documents").json()["total"] == 2


@pytest.mark.parametrize("at_a_server", [False, True])
def test_a_run_over_an_email_has_a_row_for_it_and_one_for_each_attachment_and_again_the_same(
    url: str, tmp_path: Path, at_a_server: bool
) -> None:
    files = tmp_path / "mails"
    files.mkdir()
    book = openpyxl.Workbook()
    book.save(tmp_path / "rents.xlsx")
    write_docx(tmp_path / "terms.docx", p("The term is two years."))
    (tmp_path / "note.msg").write_bytes(ole(message("A note", "The term is three years.")))
    (tmp_path / "note.rtf").write_text(r"{\rtf1 The term is four years.}")
    others = [(name, (tmp_path / name).read_bytes()) for name in ("rents.xlsx", "terms.docx", "note.msg", "note.rtf")]
    contract = ("contract.pdf", A_CONTRACT.read_bytes())
    (files / "mail.eml").write_bytes(mail("The lease", contract, *others).as_bytes())
    (tmp_path / "q.yaml").write_text(COLUMNS)
    home: dict[str, object] = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 100}
    with served(**home) if at_a_server else nullcontext() as server:
        where = {"COLUMNIST_SERVER": server.url} if server else home
        for output in ("a.json", "b.json"):
            done = columnist("run", files, "-c", tmp_path / "q.yaml", "-o", tmp_path / output, **where)
            assert done.returncode == 0, done.stdout + done.stderr
            rows = json.loads((tmp_path / output).read_text())["documents"]
            names = ["contract.pdf", *(name for name, _ in others)]
            assert [row["document"] for row in rows] == ["mail.eml", *(f"mail.eml / {name}" for name in names)]
            assert [row["error"] for row in rows] == [None] * 6
            assert rows[1]["cells"]["Term"]["citations"][0]["verified"]
