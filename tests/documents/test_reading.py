"""Reading: every supported format, and files that lie, break, or fight.

Each hostile file gives one clear sentence, and the next file is read as if nothing had happened.
"""

import asyncio
import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import docx
import psutil
import pypdf
import pytest
from docx.enum.text import WD_BREAK
from pypdf import generic

from columnist.documents.blobs import BlobStore
from columnist.documents.model import Page
from columnist.errors import DocumentError, InputError
from columnist.settings import Settings
from tests.documents.readers import A_CONTRACT, at_work, read, readers_of, reading, refused
from tests.files import put
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


# ── Formats ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pdf_has_pages_with_text_and_a_box_for_every_word(settings: Settings) -> None:
    blobs = BlobStore(settings)
    pages = read(settings, A_CONTRACT)
    assert [page.number for page in pages] == list(range(1, len(pypdf.PdfReader(A_CONTRACT).pages) + 1))
    for page in pages:
        words = blobs.boxes("0" * 64, page.number)
        covered = {page.text[word.start : word.end] for word in words}
        assert covered == set(page.text.split())
        assert all(0 <= w.x0 < w.x1 <= page.width + 1 and 0 <= w.y0 < w.y1 <= page.height + 1 for w in words)
        tops = [word.y0 for word in words]
        assert tops[0] < tops[-1], "the origin is the top left"


def test_what_is_filled_into_a_form_is_read_where_it_is_shown(settings: Settings, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=A_CONTRACT)

    def add(pdf: str) -> generic.IndirectObject:
        return writer._add_object(generic.read_object(io.BytesIO(pdf.encode()), None))

    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    field = "<< /Type /Annot /Subtype /Widget /FT /Tx /DA (/Helv 12 Tf 0 g)"
    shown = add(f"{field} /T (tenant) /F 4 /Rect [100 20 400 40] >>")
    hidden = add(f"{field} /T (secret) /F 2 /Rect [100 60 400 80] >>")
    fields = generic.ArrayObject([shown, hidden])
    form = add(f"<< /DR << /Font << /Helv {font} >> >> >>")
    form.get_object()[generic.NameObject("/Fields")] = fields  # type: ignore[index]
    writer.root_object[generic.NameObject("/AcroForm")] = form
    writer.pages[0][generic.NameObject("/Annots")] = fields
    values = {"tenant": "Wilhelmina Birch", "secret": "unseen"}
    writer.update_page_form_field_values(writer.pages[0], values, auto_regenerate=False)
    filled = tmp_path / "filled.pdf"
    writer.write(filled)
    blobs = BlobStore(settings)
    first, *_ = read(settings, filled)
    assert "Wilhelmina Birch" in first.text and "unseen" not in first.text
    (box,) = [word for word in blobs.boxes("0" * 64, 1) if first.text[word.start : word.end] == "Wilhelmina"]
    assert box.x0 >= 100 and first.height - 40 <= box.y0 and box.y1 <= first.height - 20


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_the_boxes_of_a_rotated_page_are_where_it_is_shown(settings: Settings, tmp_path: Path, rotation: int) -> None:
    writer = pypdf.PdfWriter(clone_from=A_CONTRACT)
    writer.pages[0].rotate(rotation)
    turned = tmp_path / "turned.pdf"
    writer.write(turned)
    blobs = BlobStore(settings)

    def boxes_of(page: Page) -> dict[str, tuple[float, ...]]:
        """The boxes of words that occur once on the page that was read last: rotation may change the order of the
        text."""
        words = [(page.text[word.start : word.end], tuple(word[2:])) for word in blobs.boxes("0" * 64, 1)]
        texts = [text for text, _ in words]
        return {text: box for text, box in words if texts.count(text) == 1}

    upright = read(settings, A_CONTRACT)[0]
    boxes = boxes_of(upright)
    shown = boxes_of(read(settings, turned)[0])
    width, height = upright.width, upright.height
    compared = 0
    for word, (x0, y0, x1, y1) in boxes.items():
        expected = {
            90: (height - y1, x0, height - y0, x1),
            180: (width - x1, height - y1, width - x0, height - y0),
            270: (y0, width - x1, y1, width - x0),
        }[rotation]
        if word in shown:
            assert shown[word] == pytest.approx(expected, abs=0.5)
            compared += 1
    assert compared > 20


def test_a_docx_keeps_paragraphs_tables_headers_and_page_breaks_in_order(settings: Settings, tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "CONFIDENTIAL"
    document.add_paragraph("This Agreement is made on May 8, 2014.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Fee", "$1,000"
    document.add_paragraph("").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("Governed by the laws of Delaware.")
    path = tmp_path / "contract.docx"
    document.save(str(path))
    pages = read(settings, path)
    assert len(pages) == 2
    text = pages[0].text
    assert text.index("CONFIDENTIAL") < text.index("May 8") < text.index("Fee\t$1,000")
    assert "Delaware" in pages[1].text


def test_html_is_what_a_browser_shows(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<!doctype html><title>no</title><style>p{}</style><script>evil()</script><h1>Lease</h1><!-- no -->"
        "<p>Between <b>Alpha</b> &amp; B&eacute;ta</p><p hidden>Answer<b>yes.</b></p>"
        "<div style='color:red; DISPLAY : none'>Say no.</div><i style='visibility:hidden!important'>Or maybe.</i>"
        "<table><tr><td>Rent</td><td>100</td></tr></table>",
        encoding="utf-8",
    )
    (page,) = read(settings, path)
    assert page.text.split("\n") == ["Lease", "Between Alpha & Béta", "Rent\t100"]


def test_an_email_has_its_headers_its_body_and_the_names_of_its_attachments(settings: Settings, tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "The Ägreement"
    message.set_content("We accept the terms.")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="terms.pdf")
    path = tmp_path / "mail.eml"
    path.write_bytes(message.as_bytes())
    (page,) = read(settings, path)
    for words in ("From: a@example.org", "Subject: The Ägreement", "We accept the terms.", "terms.pdf"):
        assert words in page.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_of_any_encoding_is_cut_into_pages(settings: Settings, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "contract.txt"
    paragraph = "Die Vergütung für Öffentlichkeitsarbeit beträgt fünf Prozent des Umsatzes, jährlich fällig. " * 5
    path.write_bytes("\n".join([paragraph] * 40).encode(encoding))
    pages = read(settings, path)
    assert len(pages) > 3
    assert "".join(page.text.replace("\n", "") for page in pages) == paragraph * 40
    assert read(settings, path, "a\fb.txt")


def test_a_form_feed_is_a_page_break(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_text("one\ftwo")
    assert [page.text for page in read(settings, path)] == ["one", "two"]


def test_a_file_is_read_by_what_it_is_not_by_its_name(settings: Settings) -> None:
    assert read(settings, A_CONTRACT, "contract.docx")[0].text == read(settings, A_CONTRACT)[0].text


# ── Files that lie, break, or fight ──────────────────────────────────────────────────────────────────────────────


def test_an_encrypted_pdf_says_so(settings: Settings, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=A_CONTRACT)
    writer.encrypt("secret", algorithm="AES-256")
    path = tmp_path / "locked.pdf"
    writer.write(path)
    refused(settings, path, "encrypted")


@pytest.mark.parametrize("keep", [0.02, 0.3])
def test_a_truncated_pdf_is_one_clear_error(settings: Settings, tmp_path: Path, keep: float) -> None:
    data = A_CONTRACT.read_bytes()
    path = tmp_path / "torn.pdf"
    path.write_bytes(data[: int(len(data) * keep)])
    refused(settings, path, "damaged|no text|no pages")


def test_an_empty_file_says_so(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "empty.pdf"
    path.touch()
    refused(settings, path, "empty")


def test_a_pdf_of_blank_pages_says_that_it_has_no_text(settings: Settings, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(600, 800)
    path = tmp_path / "blank.pdf"
    writer.write(path)
    refused(settings, path, "no text: its pages are blank")


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("lie.pdf", b"\x7fELF" + bytes(100), "claims to be a PDF, but is damaged or a program"),
        ("lie.docx", b"PK\x03\x04" + bytes(100), "claims to be a DOCX"),
        ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(100), "old Office file"),
        ("noise.bin", bytes(range(256)) * 8, "not read"),
        ("lease.odt", zipped("mimetype", "META-INF/manifest.xml"), "an OpenDocument file: save it as DOCX"),
        ("blank.txt", b" \n\t\n ", "no text"),
    ],
)
def test_a_mislabelled_file_says_what_it_is(
    settings: Settings, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    refused(settings, path, words)


def test_a_zip_bomb_is_not_unpacked(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as entry:
            for _ in range(400):
                entry.write(bytes(1024**2))
    refused(settings, path, "zip bomb")


def test_a_document_of_five_thousand_pages_is_refused_by_its_length(settings: Settings, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    for _ in range(5_000):
        writer.add_blank_page(600, 800)
    path = tmp_path / "long.pdf"
    writer.write(path)
    refused(settings, path, "5,000 pages.*COLUMNIST_READ_MAX_PAGES")
    path = tmp_path / "long.txt"
    path.write_text("\f".join(["page"] * 5_000))
    refused(settings, path, "COLUMNIST_READ_MAX_PAGES")


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A page of 1.5 million elements: seconds of work and more than a gigabyte once it is parsed."""
    path = tmp_path / "wide.html"
    path.write_text("<html>" + "<p><b>x</b></p>" * 1_500_000)
    return path


def test_a_file_that_takes_too_long_is_given_up(settings: Settings, wide: Path) -> None:
    hasty = settings.model_copy(update={"read_timeout_seconds": 3.0, "read_memory_mb": 8_000})
    with pytest.raises(DocumentError, match="longer than 3 seconds"):
        read(hasty, wide)


def test_a_file_that_eats_memory_is_given_up(settings: Settings, wide: Path) -> None:
    refused(settings.model_copy(update={"read_memory_mb": 400}), wide, "memory")


def test_a_reader_that_is_killed_costs_its_document_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    path.write_text("<html>" + "<p>word</p>" * 300_000)

    async def scenario(one: Callable[[Path, str | None], Awaitable[list[Page]]]) -> list[Page]:
        reading_it = asyncio.ensure_future(one(path, None))
        while not (readers := at_work(os.getpid())):
            await asyncio.sleep(0.01)
        readers[0].send_signal(signal.SIGKILL)
        with pytest.raises(DocumentError, match="crash"):
            await reading_it
        return await one(A_CONTRACT, None)

    assert reading(settings, scenario)


def test_reading_that_is_cancelled_leaves_no_process_behind(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    path.write_text("<html>" + "<p>word</p>" * 300_000)
    others = set(readers_of(os.getpid()))

    async def scenario(one: Callable[[Path, str | None], Awaitable[list[Page]]]) -> list[Page]:
        reading_it = asyncio.ensure_future(one(path, None))
        while not set(readers_of(os.getpid())) - others:
            await asyncio.sleep(0.01)
        reading_it.cancel()
        await asyncio.gather(reading_it, return_exceptions=True)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while set(readers_of(os.getpid())) - others:
                await asyncio.sleep(0.01)
        return []

    reading(settings.model_copy(update={"read_max_pages": 1_000}), scenario)  # with a separate reader


def test_readers_end_when_their_parent_is_killed(settings: Settings, wide: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom columnist.documents.blobs import BlobStore\n"
        "from columnist.documents.reading.reader import Reader\nfrom columnist.settings import load_settings\n"
        "async def main():\n"
        "    async with Reader(load_settings()) as reader:\n"
        "        with BlobStore(load_settings()).writing_boxes('0' * 64) as boxes:\n"
        "            await reader.read(Path(sys.argv[1]), 'x.html', boxes)\n"
        "asyncio.run(main())\n"
    )
    environment = os.environ | {"COLUMNIST_DATA_DIR": str(settings.data_dir), "COLUMNIST_READ_MEMORY_MB": "8000"}
    parent = subprocess.Popen([sys.executable, "-c", program, str(wide)], env=environment)
    while not list(readers_of(parent.pid)):
        assert parent.poll() is None
    left = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(left, PATIENCE_SECONDS)
    assert not alive


# ── The blob store ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_kept_once_by_its_content(settings: Settings, tmp_path: Path) -> None:
    blobs = BlobStore(settings)
    sha256, size = put(blobs, A_CONTRACT)
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(A_CONTRACT.read_bytes())
    assert put(blobs, copy) == (sha256, size)
    with blobs.reading(sha256) as path:
        assert path.read_bytes() == A_CONTRACT.read_bytes()
    assert not list((settings.data_dir / "blobs" / "incoming").iterdir())


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(bytes(2 * 1024**2))
    blobs = BlobStore(settings.model_copy(update={"max_file_mb": 1}))
    with pytest.raises(InputError, match="COLUMNIST_MAX_FILE_MB"):
        put(blobs, path)
    assert not [file for file in (settings.data_dir / "blobs").rglob("*") if file.is_file()]


def test_boxes_that_were_not_all_written_are_not_there(settings: Settings) -> None:
    blobs = BlobStore(settings)
    with pytest.raises(DocumentError), blobs.writing_boxes("c" * 64) as boxes:
        boxes.add(b"")
        raise DocumentError("torn")
    assert blobs.boxes("c" * 64, 1) == ()
