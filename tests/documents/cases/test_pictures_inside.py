"""Pictures inside Office files: those with lines of text are counted, and read by OCR if it is installed."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.shared import Inches
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image, ImageDraw

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.child import read_by_ocr, read_file
from tests.documents.cases.odf import text
from tests.documents.docx import p, with_parts, write_docx

NOT_READ = Remark(RemarkKind.PICTURE, 1, (1,))


def picture(lines: int = 6, kind: str = "PNG") -> bytes:
    """A table of rents; without lines a drawing."""
    shown = Image.new("L", (800, 500), 255)
    brush = ImageDraw.Draw(shown)
    brush.ellipse((300, 380, 500, 480), fill=90)
    for number in range(lines):
        brush.text(
            (40, 30 + 55 * number), f"The rent of year {number + 1} is ${number + 5},250 a month", 0, font_size=30
        )
    file = io.BytesIO()
    shown.save(file, kind)
    return file.getvalue()


def in_docx(path: Path, data: bytes) -> None:
    document = docx.Document()
    document.add_paragraph("See the rents.")
    document.add_picture(io.BytesIO(data), width=Inches(6))
    document.save(str(path))


def in_xlsx(path: Path, data: bytes) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"] = "See the rents."
    sheet.add_image(SheetImage(io.BytesIO(data)), "B2")
    book.save(path)


def in_pptx(path: Path, data: bytes) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    slide.shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame.text = "See the rents."
    slide.shapes.add_picture(io.BytesIO(data), 0, Inches(2), Inches(6))
    deck.save(str(path))


def one(path: Path) -> Page:
    _, pages = read_file(path.open("rb"), path.name, 99)
    (page,) = pages
    return page


@pytest.mark.parametrize(("suffix", "write"), [("docx", in_docx), ("xlsx", in_xlsx), ("pptx", in_pptx)])
def test_a_picture_of_text_is_counted_and_a_drawing_is_not(
    tmp_path: Path, suffix: str, write: Callable[[Path, bytes], None]
) -> None:
    path = tmp_path / f"a.{suffix}"
    write(path, picture())
    page = one(path)
    assert "See the rents." in page.text and page.remarks == (NOT_READ,) and page.needs_ocr
    write(path, picture(lines=0))
    page = one(path)
    assert page.remarks == () and not page.pictures


def test_ocr_reads_a_picture_after_the_text_of_its_page(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    in_docx(path, picture(lines=3))
    (page,) = read_by_ocr(path.open("rb"), [1])
    assert page.text.startswith("See the rents.") and "$5,250 a month" in page.text and "$7,250" in page.text
    assert (page.source, page.remarks, page.needs_ocr) == ("ocr", (), False)


def test_a_scan_that_was_put_into_a_document_is_no_empty_file(tmp_path: Path) -> None:
    scan = '<w:r><w:pict><v:shape style="width:6in; height:400pt"><v:imagedata r:id="i"/></v:shape></w:pict></w:r>'
    path = with_parts(write_docx(tmp_path / "a.docx", p(scan)), i=("image", "scan.jpg", picture(kind="JPEG")))
    page = one(path)
    assert (page.text.strip(), page.remarks) == ("", (NOT_READ,))


@pytest.mark.parametrize("data", [b"\x01\0\0\0 EMF", picture()[:400], None])
def test_a_large_picture_that_cannot_be_read_is_said(tmp_path: Path, data: bytes | None) -> None:
    scan = '<w:r><w:pict><v:shape style="width:6in;height:400pt"><v:imagedata r:id="i"/></v:shape></w:pict></w:r>'
    path = write_docx(tmp_path / "a.docx", p("See", scan))
    if data is not None:
        path = with_parts(path, i=("image", "scan.emf", data))
    (remark,) = one(path).remarks
    assert remark.kind == RemarkKind.NOT_READ and "picture" in remark.detail


def test_a_picture_of_an_open_document_is_counted() -> None:
    frame = "<draw:frame svg:width='6in' svg:height='4in'><draw:image xlink:href='Pictures/1.png'/></draw:frame>"
    page = text(f"<text:p>See the rents.{frame}</text:p>", files={"Pictures/1.png": picture()})
    assert page.remarks == (NOT_READ,)


def test_a_picture_of_text_in_a_web_page_and_a_large_one_in_rtf_are_said(tmp_path: Path) -> None:
    for suffix, written, detail in (
        ("html", b"<p>See <img src='data:image/png;base64,%s'>", "a picture with text"),
        ("rtf", rb"{\rtf1 See {\pict\pngblip\picwgoal9000\pichgoal6000 %s}\par}", "a large picture"),
    ):
        for lines in (6, 0) if suffix == "html" else (6,):
            path = tmp_path / f"{lines}.{suffix}"
            data = picture(lines)
            path.write_bytes(written % (base64.b64encode(data) if suffix == "html" else data.hex().encode()))
            assert [remark.detail for remark in one(path).remarks] == ([detail] if lines else [])
    logo = tmp_path / "logo.rtf"
    second = rb"{\nonshppict{\pict\picwgoal9000\pichgoal6000 00}}"
    logo.write_bytes(rb"{\rtf1 See {\pict\pngblip\picwgoal900\pichgoal600 00}" + second + b"}")
    assert one(logo).remarks == ()
