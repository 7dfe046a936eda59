"""OCR: scans of real contracts, compared with the contracts' text layers."""

import ast
import csv
from collections import Counter
from dataclasses import astuple
from pathlib import Path

import pypdf
import pypdfium2 as pdfium
import pytest

from columnist.documents.blobs import BlobStore
from columnist.documents.locating.locate import Locator, rectangles
from columnist.documents.model import Page
from columnist.documents.reading.pdf.pages import STAMP_CHARACTERS, read_pdf
from columnist.documents.reading.pictures import ocr
from columnist.errors import DocumentError
from columnist.settings import Settings
from tests.conftest import CONTRACTS
from tests.depth import depth
from tests.documents import readers
from tests.documents.scans import A_CONTRACT, moved, overlap, short_page, unique_words, write, write_scan


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def read(settings: Settings, path: Path) -> list[Page]:
    """The pages of a file with their words, read by a guarded subprocess."""
    blobs = BlobStore(settings)
    return [
        Page(page.number, page.text, page.width, page.height, blobs.boxes("0" * 64, page.number), page.source)
        for page in readers.read(settings, path)
    ]


def text_layer(file: Path, number: int = 1) -> Page:
    return list(read_pdf(file.open("rb"), 1_000))[number - 1]


@pytest.mark.parametrize(("dpi", "skew", "rotate"), depth([(200, -0.5, 90)], [(150, 0.5, 0), (200, -0.5, 90)]))
def test_a_scan_has_the_words_of_the_text_layer_where_they_are_shown(
    settings: Settings, tmp_path: Path, dpi: int, skew: float, rotate: int
) -> None:
    scan = write_scan(short_page(), [1], tmp_path / "scan.pdf", dpi=dpi, skew=skew, rotate=rotate)
    true = text_layer(short_page())
    (page,) = read(settings, scan)
    assert page.source == "ocr"
    words = Counter(true.text.split())
    assert words.total() > 80
    assert (words & Counter(page.text.split())).total() > 0.95 * words.total()
    here, there = unique_words(true.text, true.words), unique_words(page.text, page.words)
    shared = here.keys() & there.keys()
    assert len(shared) > 40
    over = [overlap(moved(true, here[word][2:], skew, rotate), there[word][2:]) > 0.5 for word in shared]
    assert sum(over) > 0.95 * len(over)


def test_quotes_that_lawyers_marked_are_found_in_a_scan_with_their_rectangles(
    settings: Settings, tmp_path: Path
) -> None:
    (contract,), number = CONTRACTS.glob("GlobalTechnologiesGroup*"), 2
    true = text_layer(contract, number)
    with (CONTRACTS / "labels.csv").open(encoding="utf-8") as lines:
        (labels,) = (line for line in csv.DictReader(lines) if line["Filename"] == contract.name)
    quotes = [quote for value in labels.values() if value.startswith("[") for quote in ast.literal_eval(value)]
    scan = write_scan(contract, [number], tmp_path / "scan.pdf", skew=0.4)
    (read_again,) = read(settings, scan)
    expected, seen = Locator([true.text]), Locator([read_again.text])
    there = [quote for quote in quotes if len(quote) > 40 and expected.locate(quote)]
    assert len(there) >= 3
    found = 0
    for quote in there:
        spans = seen.locate(quote)
        boxes = rectangles({1: read_again.words}, spans)
        wanted = rectangles({1: true.words}, expected.locate(quote))
        first = moved(true, astuple(wanted[0])[1:], skew=0.4)
        found += bool(boxes) and overlap(first, astuple(boxes[0])[1:]) > 0.5
    assert found >= 0.8 * len(there)


def test_columns_and_rows_are_read_in_order(settings: Settings, tmp_path: Path) -> None:
    document = pdfium.PdfDocument.new()
    page = document.new_page(600, 330)
    write(page, 150, 290, "Terms and Conditions that apply to both of the columns", 14)
    for nr in range(8):
        write(page, 40, 250 - 30 * nr, f"left {nr} is a line of the first column")
        write(page, 320, 250 - 30 * nr, f"right {nr} is a line of the second column")
    table = document.new_page(600, 330)
    for nr in range(8):
        write(table, 40, 250 - 30 * nr, f"({nr})")
        write(table, 320, 250 - 30 * nr, f"${nr}00.00 a month")
    document.save(tmp_path / "columns.pdf")
    scan = write_scan(tmp_path / "columns.pdf", [1, 2], tmp_path / "scan.pdf", skew=0.8)
    columns, table_page = read(settings, scan)
    numbers = [line.split()[:2] for line in columns.text.split("\n")]
    assert numbers == [
        ["Terms", "and"],
        *(["left", str(nr)] for nr in range(8)),
        *(["right", str(nr)] for nr in range(8)),
    ]
    assert [line.replace(" ", "") for line in table_page.text.split("\n")] == [
        f"({nr})${nr}00.00amonth" for nr in range(8)
    ]


def test_only_pages_that_lack_a_text_layer_are_read_by_ocr(settings: Settings, tmp_path: Path) -> None:
    """Between two pages of text: a scan with a Bates number, and a page that really is short."""
    write_scan(short_page(), [1], tmp_path / "scan.pdf")
    stamped = pdfium.PdfDocument(tmp_path / "scan.pdf")
    write(stamped[0], 400, 20, "ACME-CONFIDENTIAL-0000123", 9)
    short = stamped.new_page(600, 800)
    write(short, 100, 700, "Schedule A")
    stamped.save(tmp_path / "stamped.pdf")
    writer = pypdf.PdfWriter()
    writer.append(A_CONTRACT, pages=(0, 1))
    writer.append(tmp_path / "stamped.pdf")
    writer.append(A_CONTRACT, pages=(1, 2))
    writer.write(tmp_path / "mixed.pdf")
    pages = read(settings, tmp_path / "mixed.pdf")
    assert [page.source for page in pages] == ["text", "ocr", "text", "text"]
    assert (pages[0].text, pages[2].text) == (text_layer(A_CONTRACT).text, "Schedule A")
    assert len(pages[1].text) > STAMP_CHARACTERS
    assert "0000123" in pages[1].text


def test_a_page_whose_text_a_writer_has_put_into_a_form_is_no_scan_and_a_scan_in_a_form_is_one(
    tmp_path: Path,
) -> None:
    (printed,) = CONTRACTS.glob("BERKELEYLIGHTS*")
    assert {page.source for page in read_pdf(printed.open("rb"), 1_000)} == {"text"}
    scan = pdfium.PdfDocument(write_scan(short_page(), [1], tmp_path / "scan.pdf"))
    document = pdfium.PdfDocument.new()
    page = document.new_page(*scan.get_page_size(0))
    page.insert_obj(scan.page_as_xobject(0, document).as_pageobject())
    write(page, 400, 20, "ACME-CONFIDENTIAL-0000123", 9)
    document.save(tmp_path / "stamped.pdf")
    assert [page.source for page in read_pdf((tmp_path / "stamped.pdf").open("rb"), 1_000)] == ["picture"]


@pytest.mark.parametrize("first", [0x0024, 0xE021], ids=["letters shifted by three", "private use"])
def test_a_page_whose_text_layer_is_gibberish_is_read_by_ocr(settings: Settings, tmp_path: Path, first: int) -> None:
    """A font with wrong letters for its glyphs: it is drawn right and copied wrong."""
    document = pdfium.PdfDocument.new()
    page = document.new_page(600, 200)
    for nr in range(6):
        write(page, 40, 170 - 30 * nr, "This Lease is governed by the laws of the State of Ohio.", 12)
    document.save(tmp_path / "true.pdf")
    writer = pypdf.PdfWriter(clone_from=tmp_path / "true.pdf")
    unicode_map = pypdf.generic.StreamObject()
    unicode_map.set_data(
        f"1 begincodespacerange <00><ff> endcodespacerange\n1 beginbfrange <21> <7e> <{first:04X}> endbfrange".encode()
    )
    fonts: pypdf.generic.DictionaryObject = writer.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        font.get_object()[pypdf.generic.NameObject("/ToUnicode")] = writer._add_object(unicode_map)
    writer.write(tmp_path / "garbled.pdf")
    (unread,) = read_pdf((tmp_path / "garbled.pdf").open("rb"), 10)
    assert unread.source == "picture" and "Ohio" not in unread.text
    if first == depth(0x0024, first):
        (seen,) = read(settings, tmp_path / "garbled.pdf")
        assert seen.source == "ocr"
        assert seen.text.count("governed by the laws of the State of Ohio") == 6


def test_a_scan_says_what_to_install_where_ocr_is_not(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "installed", lambda: False)
    scan = write_scan(short_page(), [1], tmp_path / "scan.pdf")
    with pytest.raises(DocumentError, match=r"pip install 'columnist\[ocr\]'"):
        read(settings, scan)
    writer = pypdf.PdfWriter()
    writer.append(A_CONTRACT, pages=(0, 1))
    writer.append(scan)
    writer.write(tmp_path / "mixed.pdf")
    assert [page.source for page in read(settings, tmp_path / "mixed.pdf")] == ["text", "picture"]
