"""Words with a line through them: a person sees that they are deleted. They are kept apart, and no evidence."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pptx
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from columnist.documents.how_read import how_read
from columnist.documents.model import Page, RemarkKind
from columnist.documents.reading.child import read_file
from tests.documents.cases.odf import cell, p, pages, row, span, table, text
from tests.documents.cases.pdfs import line, write_pdf
from tests.documents.cases.pptx import box
from tests.documents.cases.pptx import pages as slides
from tests.documents.docx import p as paragraph
from tests.documents.docx import r, write_docx

STYLES = """<office:automatic-styles><style:style style:name="Struck" style:family="text">
<style:text-properties style:text-line-through-style="solid" style:text-line-through-type="single"/></style:style>
<style:style style:name="StruckCell" style:family="table-cell">
<style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="Kept" style:family="text">
<style:text-properties style:text-line-through-style="none"/></style:style></office:automatic-styles>"""


def read(path: Path, content: bytes) -> Page:
    path.write_bytes(content)
    _, (page, *_) = read_file(path.open("rb"), path.name, 99)
    return page


def in_docx(path: Path) -> Page:
    struck = '<w:r><w:rPr><w:strike/></w:rPr><w:t xml:space="preserve">$5,000 </w:t></w:r>'
    write_docx(path / "a.docx", paragraph(r("The rent is "), struck, r("$6,000 a month.")))
    return read(path / "b.docx", (path / "a.docx").read_bytes())


def in_docx_by_style(path: Path) -> Page:
    style = '<w:style w:type="character" w:styleId="Old"><w:rPr><w:dstrike/></w:rPr></w:style>'
    old = '<w:r><w:rPr><w:rStyle w:val="Old"/></w:rPr><w:t>$5,000</w:t></w:r>'
    kept = (
        '<w:r><w:rPr><w:rStyle w:val="Old"/><w:dstrike w:val="0"/></w:rPr><w:t xml:space="preserve"> $6,000</w:t></w:r>'
    )
    write_docx(path / "a.docx", paragraph(r("The rent is "), old, kept, r(" a month.")), styles=style)
    return read(path / "b.docx", (path / "a.docx").read_bytes())


def in_xlsx(path: Path) -> Page:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["The rent is", 5000, "$6,000 a month."])
    sheet["B1"].font = Font(strike=True)
    sheet["B1"].number_format = "$#,##0"
    book.save(path / "a.xlsx")
    return read(path / "b.xlsx", (path / "a.xlsx").read_bytes())


def in_rich_xlsx(path: Path) -> Page:
    book = openpyxl.Workbook()
    struck = TextBlock(InlineFont(strike=True), "$5,000 ")
    book.worksheets[0]["A1"] = CellRichText("The rent is ", struck, "$6,000 a month.")
    book.save(path / "a.xlsx")
    return read(path / "b.xlsx", (path / "a.xlsx").read_bytes())


def in_pptx(_: Path) -> Page:
    deck = pptx.Presentation()
    shape = box(deck.slides.add_slide(deck.slide_layouts[6]), "The rent is ")
    (first,) = shape.text_frame.paragraphs
    for words in ("$5,000 ", "$6,000 a month."):
        run = first.add_run()
        run.text = words
        if words == "$5,000 ":
            run._r.get_or_add_rPr().set("strike", "sngStrike")
    (page,) = slides(deck)
    return page


def in_odt(_: Path) -> Page:
    return text(p(f"The rent is {span('$5,000', 'Struck')} $6,000 a month."), STYLES)


def in_ods(_: Path) -> Page:
    cells = row(cell(p("The rent is")), cell(p("$5,000"), "table:style-name='StruckCell'"), cell(p("$6,000 a month.")))
    (page,) = pages("spreadsheet", table(cells, attributes="table:name='Rent'"), STYLES)
    return page


def in_ods_by_column(_: Path) -> Page:
    columns = (
        "<table:table-column/><table:table-column table:default-cell-style-name='StruckCell'/><table:table-column/>"
    )
    cells = row(cell(p("The rent is")), cell(p("$5,000")), cell(p("$6,000 a month.")))
    (page,) = pages("spreadsheet", table(columns, cells, attributes="table:name='Rent'"), STYLES)
    return page


def in_html(path: Path) -> Page:
    return read(path / "a.html", b"<p>The rent is <s>$5,<b>000</b></s> $6,000 a month.")


def in_html_by_style(path: Path) -> Page:
    sheet = b"<style>.old { text-decoration: red line-through } del { text-decoration: none }</style>"
    return read(path / "a.html", sheet + b"<p>The rent is <b class=old>$5,000</b> <del>$6,000</del> a month.")


def in_rtf(path: Path) -> Page:
    return read(path / "a.rtf", rb"{\rtf1\ansi The rent is {\strike $5,}\striked1 000\striked0  $6,000 a month.\par}")


def in_a_mail_beside_its_plain_text(path: Path) -> Page:
    return read(
        path / "a.eml",
        b"From: a@b.c\nSubject: Rent\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n"
        b"--x\nContent-Type: text/plain\n\nThe rent is $5,000 $6,000 a month.\n"
        b"--x\nContent-Type: text/html\n\n<p>The rent is <strike>$5,000</strike> $6,000 a month.\n--x--\n",
    )


@pytest.mark.parametrize(
    "written",
    [
        *(in_docx, in_docx_by_style, in_xlsx, in_rich_xlsx, in_pptx, in_odt, in_ods, in_ods_by_column),
        *(in_html, in_html_by_style, in_rtf, in_a_mail_beside_its_plain_text),
    ],
)
def test_struck_words_are_kept_apart_and_said(tmp_path: Path, written: Callable[[Path], Page]) -> None:
    page = written(tmp_path)
    assert "The rent is $6,000 a month." in " ".join(page.text.split())
    assert "5" not in page.text and page.struck.replace("\n", "").replace(" ", "") == "$5,000" and not page.hidden
    assert [one.kind for one in page.all_remarks()] == [RemarkKind.STRUCK]


def test_the_row_says_that_words_are_struck_through() -> None:
    said = how_read(
        {
            "media_type": "text/html", "page_count": 3, "language": "en", "ocr_pages": 0, "ocr_on": [],
            "unread_pages": 0, "unread_on": [],
            "remarks": [{"kind": "struck", "count": 2, "pages": [1, 3], "detail": ""}],
        }
    )  # fmt: skip
    assert said and "Struck-through text on pages 1, 3: a line deletes it" in said


def test_zeros_that_a_sheet_does_not_show_are_hidden(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Late fee", 0, 10, "0"])
    sheet.sheet_view.showZeros = False
    book.save(tmp_path / "a.xlsx")
    _, (page,) = read_file((tmp_path / "a.xlsx").open("rb"), "a.xlsx", 9)
    assert page.text.split("\n")[1:] == ["Late fee\t\t10\t0"] and page.hidden == "0"


def test_zeros_that_an_open_document_does_not_show_are_hidden() -> None:
    zero = "office:value-type='float' office:value='0'"
    body = table(row(cell(p("Late fee")), cell(p("0"), zero), cell(p("10"))), attributes="table:name='Rent'")
    setting = b'<config:config-item config:name="ShowZeroValues" config:type="boolean">%s</config:config-item>'
    for shows, shown, hidden in ((b"false", "Late fee\t\t10", "0"), (b"true", "Late fee\t0\t10", "")):
        (page,) = pages("spreadsheet", body, files={"settings.xml": setting % shows})
        assert page.text.split("\n")[1:] == [shown] and page.hidden == hidden


def test_what_lies_over_a_cell_and_what_is_hidden_in_it_is_not_lost() -> None:
    inner = f"<draw:custom-shape>{p('The cap is $250,000.')}</draw:custom-shape>"
    body = table(row(cell(p(f"Cap {span('$1', 'Gone')}") + inner)), attributes="table:name='Rent'")
    (page,) = pages("spreadsheet", body)
    assert page.text.split("\n")[1:] == ["Cap", "The cap is $250,000."] and page.hidden == "$1"


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────────────────

RENT = line("The rent is $5,000 $6,000 a month.", 700)
"""The first amount is from 126 to 160 points."""
STRIKE_OUT = "/Type /Annot /Subtype /StrikeOut"


def pdf(path: Path, content: str, marks: str = "") -> Page:
    page = f"/Annots [{marks}]" if marks else ""
    _, (read_page,) = read_file(write_pdf(path / "a.pdf", [content], page=page).open("rb"), "a.pdf", 9)
    return read_page


@pytest.mark.parametrize(
    ("drawn", "marks"),
    [
        ("0 g 126 703.5 34 0.7 re f", ""),
        ("1 0 0 RG 0.8 w 126 703.5 m 160 703.5 l S", ""),
        ("0 g 126 702.8 34 0.5 re f 126 704.6 34 0.5 re f", ""),
        ("q 0.5 0 0 0.5 0 0 cm 0 g 252 1407 68 1.4 re f Q", ""),
        ("", f"<< {STRIKE_OUT} /Rect [126 697 160 709] /QuadPoints [126 709 160 709 126 697 160 697] >>"),
        ("", "<< /Type /Annot /Subtype /Line /Rect [120 697 165 709] /L [126 703 160 704] >>"),
        ("", "<< /Type /Annot /Subtype /Ink /Rect [120 697 165 709] /InkList [[126 702 140 706 150 702 160 706]] >>"),
    ],
)
def test_a_line_through_words_of_a_pdf_strikes_them(tmp_path: Path, drawn: str, marks: str) -> None:
    page = pdf(tmp_path, RENT + drawn, marks)
    assert page.text.split() == "The rent is $6,000 a month.".split()
    assert page.struck == "$5,000" and not page.hidden
    assert all(page.text[word.start : word.end].strip() for word in page.words)


def test_some_letters_of_a_word_may_be_struck(tmp_path: Path) -> None:
    page = pdf(tmp_path, line("non-refundable fee", 700) + "0 g 72 703.5 21 0.7 re f")
    assert page.text.split() == ["refundable", "fee"] and page.struck.replace(" ", "") == "non-"
    page = pdf(tmp_path, line("now or never", 700) + "1 w 72 703 m 92 703 l S")  # a sixth of the height of its letters
    assert page.text.split() == ["or", "never"] and page.struck == "now"


def test_a_text_marker_and_an_underline_of_a_pen_strike_nothing(tmp_path: Path) -> None:
    ink = "<< /Type /Annot /Subtype /Ink /Rect [120 690 165 709] /InkList [[126 {0} 160 {0}]] {1} >>"
    for marks in (ink.format(698, ""), ink.format(703, "/CA 0.4")):
        assert "$5,000 $6,000" in pdf(tmp_path, RENT, marks).text


@pytest.mark.parametrize(
    "drawn",
    [
        "0 g 126 698.5 34 0.7 re f",  # under it
        "0 g 126 708.5 34 0.7 re f",  # over it
        "0 g 60 703.5 400 0.7 re f",  # the rule of a form, on which something was typed too low
        "1 g 126 703.5 34 0.7 re f",  # white
        "0.9 g 126 698 34 11 re f",  # a shade, behind a mark
    ],
)
def test_other_lines_strike_nothing(tmp_path: Path, drawn: str) -> None:
    page = pdf(tmp_path, drawn + " 0 g " + RENT)
    assert "$5,000 $6,000" in page.text and not page.struck
