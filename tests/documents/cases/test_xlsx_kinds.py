"""XLSX: values as Excel shows them, formulas without results, hidden text, and odd files that Excel opens."""

import csv
import io
import math
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image, ImageDraw, ImageFont

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.child import read_file
from columnist.documents.reading.office.number_formats import formatted
from columnist.documents.reading.office.sheets import read_xlsx
from columnist.errors import DocumentError
from tests.office import number_formats

CASES = Path(__file__).parent
FILES = CASES / "files"
MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"


def one(path: Path) -> Page:
    (page,) = read_xlsx(path.open("rb"))
    return page


def case(name: str) -> list[str]:
    return one(FILES / name).text.split("\n")[1:]


# ── Number formats ───────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_are_shown_as_another_engine_shows_them() -> None:
    """The results of SheetJS's SSF 0.11 (Apache-2.0) for 70 formats; the next test has the formats in which it is
    wrong."""
    with (CASES / "number_formats.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 500
    wrong = [(row, shown) for row in rows if (shown := formatted(float(row["value"]), row["format"])) != row["shown"]]
    assert not wrong


def test_formats_are_shown_as_libreoffice_shows_them_or_the_file_says_why_not() -> None:
    """The output of LibreOffice 7.4 (`make office` asks it again); `excel` and `why`: where Excel differs."""
    rows = number_formats.rows()
    assert len({row["format"] for row in rows}) >= 200
    assert all(bool(row["excel"]) == bool(row["why"]) for row in rows)
    wrong = [
        (row, shown)
        for row in rows
        if (shown := formatted(number_formats.value(row), row["format"])) != (row["excel"] or row["shown"])
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (-0.5, "0", "-1"),  # SSF rounds to even
        (2.005, "0.00", "2.01"),  # SSF rounds the binary fraction
        (5, 'General" units"', "5 units"),
        (5551234567, "000-00-0000", "5551-23-4567"),
        (-5000, "[<1]0.00;[>=100]0;0.0", "-5000.00"),
        (99.995, "##0.0E+0", "100.0E+0"),
        (45418, "dd/mm/yyyy", "2024-05-06"),  # it means the same in every country
        (45418.75, "m/d/yy h:mm", "2024-05-06 18:00"),
        (45418, '"due "d mmm yyyy', "due 6 May 2024"),
        (0, "dd/mm/yyyy", "1900-01-00"),
        (-1, "h:mm", "-1"),
        ("x", '"Name: "@', "Name: x"),
        ("x", "0.00", "x"),
        ("x", ";;;", ""),
        (5, "", "5"),
        (True, "0.00", "TRUE"),
        (1e300, "#,##0", f"{10**300:,}"),
        (1, "[Green]0;[Color 5]-0", "1"),
        (7, "0;0;;@", "7"),
    ],
)
def test_formats_where_the_other_engine_is_wrong_or_dates_are_plainer(value: object, code: str, shown: str) -> None:
    assert formatted(value, code) == shown


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_a_grouped_number_keeps_its_digits(value: int, places: int) -> None:
    shown = formatted(value, "#,##0" + ("." + "0" * places if places else ""))
    assert float(shown.replace(",", "")) == value
    assert formatted(value, "#,##0_);(#,##0)").strip("()") == f"{abs(value):,}"


@given(st.decimals(-(10**9), 10**9, places=2))
def test_money_keeps_its_cents(value: object) -> None:
    amount = float(str(value))
    assert formatted(amount, "$#,##0.00;-$#,##0.00").replace("$", "").replace(",", "") == f"{amount:.2f}".replace(
        "-0.00", "0.00"
    )


@given(numbers, st.text(alphabet='0#?.,%$;[]<>=_*"\\@Eeymdhs/-+ ()General年', max_size=25))
def test_no_format_fails(value: float, code: str) -> None:
    assert isinstance(formatted(value, code), str)


@given(st.datetimes(datetime(1900, 3, 1), datetime(2999, 1, 1)))
def test_a_date_is_that_day_in_either_calendar(moment: datetime) -> None:
    day = (moment - datetime(1899, 12, 30)).days
    assert formatted(day, "d-mmm-yyyy") == moment.date().isoformat()
    if day >= 1_462:
        assert formatted(day - 1_462, "d-mmm-yyyy", from_1904=True) == moment.date().isoformat()


def test_formats_are_applied_whole() -> None:
    shown = dict(line.split("\t", 1) for line in case("xlsx-formats.xlsx") if "\t" in line)
    assert shown["'#,##0,'"] == "1,500"
    assert shown["'$#,##0.0,,\"M\"'"] == "$1.5M"
    assert shown["'000-00-0000'"] == "123-45-6789"
    assert shown["'0;-0;\"n/a\"'"] == "n/a"
    assert shown["'[>=1000]#,##0,\"K\";0'"] == "3K"
    assert "';;;'" not in shown and one(FILES / "xlsx-formats.xlsx").hidden == "5"


# ── Formulas without a result ────────────────────────────────────────────────────────────────────────────────────


def test_a_formula_that_nobody_computed_is_shown_and_counted(tmp_path: Path) -> None:
    page = one(FILES / "xlsx-formula-nocache.xlsx")
    assert page.text.split("\n")[2:] == ["Total cap\t=B1*12", "Due date\t=DATE(2025,1,31)"]
    (remark,) = page.remarks
    assert (remark.kind, remark.count, remark.detail) == (RemarkKind.FORMULA, 2, "Rent: B2, B3")
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B1"] = "Fee", "=SUM(1,2)"
    book.save(tmp_path / "sum.xlsx")
    assert one(tmp_path / "sum.xlsx").text.endswith("Fee\t=SUM(1,2)")


def test_a_formula_that_came_to_nothing_is_no_formula_without_a_result(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Rent")
        sheet.write(0, 0, "Fee")
        sheet.write_formula("B1", '=IF(FALSE,"x","")', value="text")
        sheet.write_formula("B2", "=1/0", value="#DIV/0!")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "blank.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>text</v>", b"<v></v>"))
    page = one(tmp_path / "blank.xlsx")
    assert page.text.split("\n")[1:] == ["Fee", "\t#DIV/0!"] and not page.remarks


# ── Seen and unseen ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        (Color(rgb="FF112233"), Color(rgb="FF112233")),
        (Color(rgb="FF112233"), Color(rgb="FF152535")),
        (Color(theme=4), Color(theme=4)),
        (Color(theme=4, tint=0.4), Color(theme=4, tint=0.4)),
        (Color(theme=1, tint=1.0), None),
    ],
)
def test_letters_of_their_cells_colour_are_kept_apart(tmp_path: Path, ink: Color, ground: Color | None) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(("Rent", "walk away at 700", "seen"))
    sheet["B1"].font = sheet["C1"].font = Font(color=ink)
    if ground is not None:
        sheet["B1"].fill = PatternFill("solid", fgColor=ground)
    sheet["C1"].fill = PatternFill("solid", fgColor=Color(rgb="FFFFFF00"))
    book.save(tmp_path / "a.xlsx")
    page = one(tmp_path / "a.xlsx")
    assert (page.text.split("\n")[-1], page.hidden) == ("Rent\t\tseen", "walk away at 700")


def test_what_excel_hides_is_kept_apart(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    rows: list[tuple[str | int, ...]] = [
        ("Rent", 1000, "walk away at 700"),
        ("internal", 1, 2),
        ("Cap", 9000),
        ("white",),
    ]
    for row in rows:
        sheet.append(row)
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[2].hidden = True
    sheet["A4"].font = Font(color="FFFFFFFF")
    secret = book.create_sheet("Workings")
    secret.sheet_state = "veryHidden"
    secret["A1"] = "margin 40%"
    book.save(tmp_path / "a.xlsx")
    first, second = read_xlsx((tmp_path / "a.xlsx").open("rb"))
    assert first.text.split("\n") == ["Sheet: Sheet", "Rent\t1000", "Cap\t9000"]
    assert first.hidden.split("\n") == ["walk away at 700", "internal\t1\t2", "white"]
    assert (second.text, second.hidden) == ("Sheet: Workings (hidden)", "margin 40%")


WHITE, BLACK = Font(color="FFFFFFFF"), PatternFill("solid", bgColor="FF000000")
BLUE_FILL = PatternFill("solid", fgColor="FF000080")
WHITE_FILL, RED_FILL = PatternFill("solid", fgColor="FFFFFFFF"), PatternFill("solid", fgColor="FFFF0000")
SECRET = "walk away at 700"


def ruled(*rules: Rule, at: str = "B2", font: Font | None = None) -> Callable[[Worksheet], None]:
    """Rules of a sheet for the tested cell."""

    def change(sheet: Worksheet) -> None:
        sheet["B2"].font = font or Font()
        for rule in rules:
            sheet.conditional_formatting.add(at, rule)

    return change


def formula(text: str, **look: Any) -> Rule:
    return Rule(type="expression", formula=[text], stopIfTrue=look.pop("stops", None), dxf=DifferentialStyle(**look))


def compared(operator: Any, text: str) -> Rule:
    return Rule(type="cellIs", operator=operator, formula=[text], dxf=DifferentialStyle(font=WHITE))


def told(kind: Any, text: str, formulas: list[str]) -> Rule:
    return Rule(type=kind, text=text, formula=formulas, dxf=DifferentialStyle(font=WHITE))


def set_up(**settings: Any) -> Callable[[Worksheet], None]:
    def change(sheet: Worksheet) -> None:
        for name, value in settings.items():
            setattr(sheet["B2"], name, value)

    return change


def tabled(style: str, font: Font | None = None, ref: str = "B1:B2") -> Callable[[Worksheet], None]:
    def change(sheet: Worksheet) -> None:
        for corner in ref.split(":"):
            sheet[corner] = sheet[corner].value or "head"
        if font is not None:
            sheet["B2"].font = font
        sheet.add_table(Table(displayName="T", ref=ref, tableStyleInfo=TableStyleInfo(name=style)))

    return change


def rich(*runs: tuple[str, InlineFont], **cell: Any) -> Callable[[Worksheet], None]:
    def change(sheet: Worksheet) -> None:
        sheet["B2"] = CellRichText(*(TextBlock(look, text) for text, look in runs))
        for name, value in cell.items():
            setattr(sheet["B2"], name, value)

    return change


def low(height: float) -> Callable[[Worksheet], None]:
    return lambda sheet: setattr(sheet.row_dimensions[2], "height", height)


IN_B2 = 'NOT(ISERROR(SEARCH("walk",B2)))'


def wide(sheet: Worksheet) -> None:
    sheet.sheet_format.defaultColWidth = 0
    for column in "AB":
        sheet.column_dimensions[column].width = 20


UNSEEN: dict[str, Callable[[Worksheet], None]] = {
    "a rule that always holds": ruled(formula("TRUE", font=WHITE)),
    "a rule of constants": ruled(formula('AND(1=1,NOT("a"="b"))', font=WHITE)),
    "a rule for its value": ruled(compared("equal", f'"{SECRET.upper()}"')),
    "a rule for all values but one": ruled(compared("notEqual", '"x"')),
    "a rule for texts": ruled(compared("greaterThan", "5")),
    "a rule for what it contains": ruled(told("containsText", "walk", [IN_B2])),
    "a rule for how it begins": ruled(told("beginsWith", "walk", ['LEFT(B2,4)="walk"'])),
    "a rule for cells with a value": ruled(told("notContainsBlanks", "", ["LEN(TRIM(B2))>0"])),
    "a rule that asks for the cell itself": ruled(formula("LEN(B2)>3", font=WHITE)),
    "a rule that asks for the same row": ruled(formula('$B1<>""', font=WHITE), at="B1:C9"),
    "a rule that fills it with the colour of its letters": ruled(formula("TRUE", fill=BLACK)),
    "a rule without a format": ruled(formula("TRUE", numFmt=NumberFormat(numFmtId=170, formatCode=";;;"))),
    "white, and a rule that does not hold": ruled(formula("1=2", fill=BLACK), font=WHITE),
    "white, and a rule for another cell": ruled(formula("TRUE", fill=BLACK), at="D4:D9", font=WHITE),
    "white, and a table elsewhere": tabled("TableStyleMedium2", WHITE, "D5:D6"),
    "white in a table without a style": tabled("", WHITE),
    "a white part": rich((SECRET, InlineFont(color=Color(rgb="FFFFFFFF")))),
    "a tiny part": rich((SECRET, InlineFont(sz=0.9))),
    "a size of one point, in other words": set_up(font=Font(sz=0.9)),
    "white by its number format": set_up(number_format="[White]@"),
    "white by a number of its format": set_up(number_format="[Color 2]@"),
    "a format without its text": set_up(number_format='0;0;0;""'),
    "white of the theme on white": set_up(
        font=Font(color=Color(theme=0)), fill=PatternFill("solid", fgColor="FFFFFFFF")
    ),
    "of the theme on its own colour": set_up(
        font=Font(color=Color(theme=4)), fill=PatternFill("solid", fgColor="FF4F81BD")
    ),
    "a numbered colour on its own": set_up(
        font=Font(color=Color(indexed=10)), fill=PatternFill("solid", fgColor="FFFF0000")
    ),
    "a row of three points": low(3),
    "columns without a width of their own": lambda sheet: setattr(sheet.sheet_format, "defaultColWidth", 0),
}
SHOWN: dict[str, Callable[[Worksheet], None]] = {
    "a rule that does not hold": ruled(formula("FALSE", font=WHITE), formula("1=2", font=WHITE)),
    "a rule for another value": ruled(compared("equal", '"x"')),
    "a rule for numbers": ruled(compared("lessThan", "5")),
    "a rule for another text": ruled(told("containsText", "rent", [IN_B2.replace("walk", "rent")])),
    "a rule for empty cells": ruled(told("containsBlanks", "", ["LEN(TRIM(B2))=0"])),
    "a rule after one that colours": ruled(formula("TRUE", font=Font(color="FF000000")), formula("TRUE", font=WHITE)),
    "a rule after one that stops": ruled(formula("TRUE", font=Font(b=True), stops=True), formula("TRUE", font=WHITE)),
    "a rule that is white on black": ruled(formula("TRUE", font=WHITE, fill=BLACK)),
    "white, and a rule that fills": ruled(formula("TRUE", fill=BLACK), font=WHITE),
    "a black part in a white cell": rich((SECRET, InlineFont(color=Color(rgb="FF000000"))), font=WHITE),
    "a white part on blue": rich((SECRET, InlineFont(color=Color(rgb="FFFFFFFF"))), fill=BLUE_FILL),
    "red by its number format": set_up(number_format="[Red]@"),
    "darker than white": set_up(font=Font(color=Color(theme=0, tint=-0.5))),
    "a row of six points": low(6),
    "a column with a width of its own": wide,
    "the first of merged cells": lambda sheet: sheet.merge_cells("B2:D2"),
    "a sheet whose other rows are hidden": lambda sheet: setattr(sheet.sheet_format, "zeroHeight", True),
}


def with_cell(tmp_path: Path, change: Callable[[Worksheet], None], **parts: tuple[str, str]) -> Page:
    """A sheet with a secret in B2 after a change; `parts`: replacements in its XML, or in that of its styles."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B2"] = "Rent", SECRET
    change(sheet)
    book.save(tmp_path / "a.xlsx")
    names = {"sheet": "xl/worksheets/sheet1.xml", "styles": "xl/styles.xml"}
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            for part, (pattern, with_what) in parts.items():
                if name == names[part]:
                    data, count = re.subn(pattern.encode(), with_what.encode(), data, count=1)
                    assert count
            new.writestr(name, data)
    return one(tmp_path / "b.xlsx")


@pytest.mark.parametrize("way", UNSEEN)
def test_what_rules_styles_and_parts_of_cells_hide_is_kept_apart(tmp_path: Path, way: str) -> None:
    page = with_cell(tmp_path, UNSEEN[way])
    assert SECRET not in page.text and SECRET in page.hidden and not page.remarks


@pytest.mark.parametrize("way", SHOWN)
def test_what_rules_styles_and_parts_of_cells_show_is_read(tmp_path: Path, way: str) -> None:
    page = with_cell(tmp_path, SHOWN[way])
    assert SECRET in page.text and not page.hidden and not page.remarks


@pytest.mark.parametrize("change", [
    ruled(formula('$A$1="Rent"', font=WHITE)),
    ruled(formula("ROW()=2", font=WHITE)),
    ruled(told("containsText", "w*k", [IN_B2])),
    ruled(Rule(type="duplicateValues", dxf=DifferentialStyle(font=WHITE))),
    ruled(formula("ROW()=2", fill=BLACK), font=WHITE),
    tabled("TableStyleLight1", WHITE),
])  # fmt: skip
def test_where_a_rule_is_not_computed_the_row_says_so(tmp_path: Path, change: Callable[[Worksheet], None]) -> None:
    page = with_cell(tmp_path, change)
    (remark,) = page.remarks
    assert SECRET in page.text and (remark.kind, remark.count) == (RemarkKind.NOT_READ, 1)
    assert "may hide cells of Sheet: B2" in remark.detail


def test_rules_of_newer_files_and_styles_of_tables_in_the_file_are_known(tmp_path: Path) -> None:
    look = '<dxfs count="1"><dxf><font><color rgb="FFFFFFFF"/></font></dxf></dxfs>'
    own = '<tableStyles><tableStyle name="Own"><tableStyleElement type="{}" dxfId="0"/></tableStyle></tableStyles>'
    for part, hidden in (("wholeTable", f"head\n{SECRET}"), ("headerRow", "head")):
        styles = ("<tableStyles[^>]*/>", look + own.format(part))
        assert with_cell(tmp_path, tabled("Own"), styles=styles).hidden == hidden
    newer = (
        '<extLst><ext xmlns:x14="urn:x14" xmlns:xm="urn:xm"><x14:conditionalFormatting><x14:cfRule type="expression" '
        'priority="1"><xm:f>TRUE</xm:f><x14:dxf><font><color rgb="FFFFFFFF"/></font></x14:dxf></x14:cfRule>'
        "<xm:sqref>B2:B3</xm:sqref></x14:conditionalFormatting></ext></extLst></worksheet>"
    )
    assert with_cell(tmp_path, lambda _: None, sheet=("</worksheet>", newer)).hidden == SECRET


def test_cells_merged_away_and_rows_that_are_low_by_default_are_kept_apart(tmp_path: Path) -> None:
    page = with_cell(tmp_path, lambda sheet: sheet.merge_cells("A1:A2"), sheet=('r="B2"', 'r="A2"'))
    assert page.hidden == SECRET
    default = ("<sheetFormatPr[^>]*/>", '<sheetFormatPr defaultRowHeight="0.5"{}/>')
    sized = (default[0], default[1].format(' customHeight="1"'))
    assert SECRET in with_cell(tmp_path, low(15), sheet=sized).text
    assert SECRET in with_cell(tmp_path, lambda _: None, sheet=sized).hidden
    assert SECRET in with_cell(tmp_path, lambda _: None, sheet=(default[0], default[1].format(""))).text


def test_a_header_in_white_or_without_size_is_kept_apart(tmp_path: Path) -> None:
    for text, hidden in (("&KFFFFFF", True), ("&1 ", True), ("&K00+000", True), ("&K000000", False), ("&12 ", False)):

        def change(sheet: Worksheet, text: str = text) -> None:
            sheet.oddHeader = HeaderFooterItem(left=_HeaderFooterPart(text=f"{text}secret"))

        page = with_cell(tmp_path, change)
        assert ("secret" in page.hidden) is hidden is ("secret" not in page.text)


def test_a_header_of_other_pages_is_shown_if_the_sheet_has_such_pages(tmp_path: Path) -> None:
    for differs in (False, True):

        def change(sheet: Worksheet, differs: bool = differs) -> None:
            sheet.firstHeader = HeaderFooterItem(left=_HeaderFooterPart(text="First"))
            sheet.HeaderFooter.differentFirst = differs

        assert ("First" in with_cell(tmp_path, change).text) is differs


def test_shapes_over_cells_hide_them_and_their_own_letters_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        places: dict[str, dict[str, Any]] = {"over": {}, "clear": {"fill": {"none": True}}, "beside": {"x_offset": 200}}
        for name, options in places.items():
            sheet = book.add_worksheet(name)
            sheet.write("B2", SECRET)
            sheet.insert_textbox("A1", "cover", {"width": 400, "height": 200, **options})
        sheet = book.add_worksheet("letters")
        sheet.write("A1", "Rent")
        grouped = book.add_worksheet("group")
        grouped.write("B2", SECRET)
        grouped.insert_textbox("A1", "cover", {"width": 400, "height": 200})
        blue = {"fill": {"color": "#000080"}, "font": {"color": "#000080"}}
        sheet.insert_textbox("C3", "blue on blue", blue)
        sheet.insert_textbox("H3", "white on blue", {**blue, "font": {"color": "#FFFFFF"}})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("drawing5.xml"):
                size = re.search(b"<a:off .*?/><a:ext .*?/>", data)
                assert size
                whole = size[0].replace(b"a:off", b"a:chOff").replace(b"a:ext", b"a:chExt")
                data = data.replace(
                    b"<xdr:sp ", b"<xdr:grpSp><xdr:grpSpPr><a:xfrm>%b</a:xfrm></xdr:grpSpPr><xdr:sp " % whole
                )
                data = data.replace(b"</xdr:sp>", b"</xdr:sp></xdr:grpSp>")
            new.writestr(name, data)
    over, clear, beside, drawn, group = read_xlsx((tmp_path / "b.xlsx").open("rb"))
    assert group.hidden == SECRET
    assert over.hidden == SECRET and "cover" in over.text
    assert [SECRET in page.text for page in (clear, beside)] == [True, True]
    assert (drawn.hidden, drawn.text.split("\n")[1:]) == ("blue on blue", ["Rent", "white on blue"])


def test_in_a_book_without_a_window_all_is_hidden(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = SECRET
    book.views[0].visibility = "hidden"
    book.save(tmp_path / "a.xlsx")
    assert one(tmp_path / "a.xlsx").hidden == SECRET


def test_white_letters_that_show_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        white = book.add_format({"font_color": "#FFFFFF"})
        sheet = book.add_worksheet("table")
        sheet.add_table("A1:A2", {"columns": [{"header": "Rent", "header_format": white}]})
        ruled = book.add_worksheet("rule")
        ruled.write("A1", "Cap", white)
        ruled.conditional_format("A1", {"type": "no_blanks", "format": book.add_format({"bg_color": "#000000"})})
        filled = book.add_worksheet("fill")
        filled.write("A1", "Fee", book.add_format({"font_color": "#FFFFFF", "bg_color": "#000080"}))
    assert [page.text.split("\n")[1] for page in read_xlsx(path.open("rb"))] == ["Rent", "Cap", "Fee"]


# ── Parts never visited ──────────────────────────────────────────────────────────────────────────────────────────


def test_headers_notes_text_boxes_and_charts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as drawn:
        sheet = drawn.add_worksheet("Rent")
        sheet.write_column("A1", [5000, 5250])
        sheet.set_header('&L&"Arial,Bold"&12Schedule 2 && notes&RPage &P')
        sheet.set_footer("&CConfidential")
        sheet.insert_textbox("C3", "The cap is $9,000.")
        sheet.write_comment("A2", "from 2026")
        chart = drawn.add_chart({"type": "column"})
        chart.add_series({"name": "Base rent", "values": "=Rent!$A$1:$A$2"})
        chart.set_title({"name": "Rent by year"})
        sheet.insert_chart("C9", chart)
    lines = one(path).text.split("\n")
    assert lines[:4] == ["Sheet: Rent", "Schedule 2 & notes Page", "5000", "5250"]
    assert {"Confidential", "The cap is $9,000.", "Rent by year", "Note on A2: from 2026"} <= set(lines)
    assert any(line.startswith("Base rent") for line in lines)
    book = openpyxl.Workbook()
    other = book.worksheets[0]
    other["A1"] = 1
    other["A1"].comment = Comment("see clause 4", "me")
    bars = BarChart()
    bars.add_data(Reference(other, min_col=1, min_row=1))
    other.add_chart(bars, "C1")
    book.save(tmp_path / "b.xlsx")
    assert "Note on A1: see clause 4" in one(tmp_path / "b.xlsx").text


def changed(path: Path, *changes: tuple[str, str, str], **more: str | bytes) -> Page:
    """A workbook with `Rent` in A1, after changes of its parts; more parts by name."""
    with xlsxwriter.Workbook(str(path / "a.xlsx")) as book:
        sheet = book.add_worksheet("Rent")
        sheet.write_string("A1", "Rent")
        sheet.insert_textbox("C3", "I agree")
    with zipfile.ZipFile(path / "a.xlsx") as old, zipfile.ZipFile(path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name).decode()
            for where, before, after in changes:
                assert name != where or before in data
                data = data.replace(before, after) if name == where else data
            new.writestr(name, data)
        for name, part in more.items():
            new.writestr(name, part)
    return one(path / "b.xlsx")


RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET, SHEET_RELATIONS = "xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="A1" t="inlineStr"><v>Fee $5</v></c>', "Fee $5"),
        ('<c r="A1"><is><t>Fee $5</t></is></c>', "Fee $5"),
        ('<c r="A1" t="str"><is><t>Fee $5</t></is></c>', "Fee $5"),
        ('<c r="A1" t="inlineStr"><is><t>Fee</t></is><v>0</v></c>', "Fee"),
        ('<c r="A1" t="str"><v>_xD83D__xDE00_ 5</v></c>', "😀 5"),
        ('<c r="A1" t="b"><v>TRUE</v></c>', "TRUE"),
    ],
)
def test_a_text_is_read_wherever_a_cell_has_it(tmp_path: Path, cell: str, shown: str) -> None:
    page = changed(tmp_path, (SHEET, '<c r="A1" t="s"><v>0</v></c>', cell))
    assert page.text.split("\n")[1] == shown


@pytest.mark.parametrize(("state", "mark"), [('checked="Checked"', "☒"), ("", "☐")])
def test_a_tick_of_a_form_is_read_with_its_label(tmp_path: Path, state: str, mark: str) -> None:
    kind = f'<Relationship Id="q" Type="{RELATED}/ctrlProp" Target="../ctrlProps/a.xml"/></Relationships>'
    page = changed(
        tmp_path,
        ("xl/drawings/drawing1.xml", 'id="2" name="TextBox 1"', 'id="2" name="TextBox 1" hidden="1"'),
        (SHEET, "<drawing ", '<controls><control shapeId="2" r:id="q" name="Box"/></controls><drawing '),
        (SHEET_RELATIONS, "</Relationships>", kind),
        **{"xl/ctrlProps/a.xml": f'<formControlPr xmlns="{MAIN}" objectType="CheckBox" {state}/>'},
    )
    assert (page.text.split("\n")[1:], page.hidden) == (["Rent", f"{mark} I agree"], "")
    other = changed(tmp_path, ("xl/drawings/drawing1.xml", 'name="TextBox 1"', 'name="TextBox 1" hidden="1"'))
    assert other.hidden == "I agree"


def test_a_choice_from_a_list_and_a_control_are_said(tmp_path: Path) -> None:
    kind = '<Relationship Id="{}" Type="{}/{}" Target="../{}.xml"/>'
    relations = kind.format("q", RELATED, "ctrlProp", "a") + kind.format("p", RELATED, "control", "b")
    page = changed(
        tmp_path,
        (SHEET, "<drawing ", '<controls><control shapeId="7" r:id="q"/></controls><drawing '),
        (SHEET_RELATIONS, "</Relationships>", f"{relations}</Relationships>"),
        **{"xl/a.xml": f'<formControlPr xmlns="{MAIN}" objectType="Drop" sel="2"/>'},
    )
    assert {remark.detail for remark in page.remarks} == {"an embedded object", "a choice from a list on Rent"}


def test_a_picture_that_is_the_value_of_a_cell_is_looked_at(tmp_path: Path) -> None:
    drawn = Image.new("RGB", (900, 500), "white")
    pen = ImageDraw.Draw(drawn)
    for line in range(8):
        pen.text((40, 40 + 50 * line), "The tenant pays $5,000 on the first day", "black", ImageFont.load_default(28))
    saved = io.BytesIO()
    drawn.save(saved, "PNG")
    kind = "http://schemas.microsoft.com/office/2022/10/relationships/richValueRel"
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    parts: dict[str, str | bytes] = {
        "xl/richData/richValueRel.xml": "<richValueRels/>",
        "xl/richData/_rels/richValueRel.xml.rels": relations.format(
            f'<Relationship Id="a" Type="{RELATED}/image" Target="../media/a.png"/>'
        ),
        "xl/media/a.png": saved.getvalue(),
    }
    page = changed(
        tmp_path,
        (SHEET, '<c r="A1" t="s"><v>0</v></c>', '<c r="A1" t="e" vm="1"><v>#VALUE!</v></c>'),
        (
            "xl/_rels/workbook.xml.rels",
            "</Relationships>",
            f'<Relationship Id="q" Type="{kind}" Target="richData/richValueRel.xml"/></Relationships>',
        ),
        **parts,
    )
    assert (len(page.pictures), [one.kind for one in page.remarks]) == (1, [RemarkKind.PICTURE])


def test_letters_of_a_font_of_symbols_are_what_it_draws(tmp_path: Path) -> None:
    page = with_cell(tmp_path, rich(("þ", InlineFont(rFont="Wingdings")), (f" {SECRET}", InlineFont(rFont="Arial"))))
    assert f"☒ {SECRET}" in page.text

    def tick(sheet: Worksheet) -> None:
        sheet["C2"], sheet["C2"].font = "P", Font(name="Wingdings 2")

    assert "✓" in with_cell(tmp_path, tick).text


def test_a_superscript_is_no_digit_of_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        up = book.add_format({"font_script": 1})
        down, red = book.add_format({"font_script": 2}), book.add_format({"font_color": "red"})
        sheet = book.add_worksheet("Rent")
        sheet.write_rich_string("A1", "$5,000", up, "1", " a month")
        sheet.write_rich_string("A2", "Rate 12", up, "1", "/", down, "2", red, " %")
    assert one(path).text.split("\n")[1:] == ["$5,000[1] a month", "Rate 12 1/2 %"]


# ── Odd files that Excel opens ───────────────────────────────────────────────────────────────────────────────────


def test_strict_files_and_bare_styles_are_read() -> None:
    assert case("xlsx-strict.xlsx") == ["Rent $1,000\t2024-05-06"]
    assert case("xlsx-fill-bare.xlsx") == ["Rent $1,000"]


@pytest.mark.parametrize(
    "styles",
    [
        "<styleSheet/>",
        "<styleSheet><torn",
        "<styleSheet xmlns='x'><cellXfs><xf numFmtId='z'/></cellXfs></styleSheet>",
        None,
    ],
)
def test_styles_that_say_nothing_cost_no_text(tmp_path: Path, styles: str | None) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Rent", 1000.5])
    book.worksheets[0]["A1"].fill = PatternFill("solid", "FF0000")
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            if name != "xl/styles.xml":
                new.writestr(name, old.read(name))
            elif styles is not None:
                new.writestr(name, styles)
    assert one(tmp_path / "b.xlsx").text.endswith("Rent\t1000.5")


def test_comments_cost_no_digit_and_missing_parts_are_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Rent", 5000])
    book.create_sheet("Lost").append(["gone"])
    book.save(tmp_path / "a.xlsx")
    chart = '<graphicData><d:relIds xmlns:d="http://schemas.openxmlformats.org/drawingml/2006/diagram" r:dm="x"/>'
    names = f'xmlns="{MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = '<Relationship Id="{}" Type="{}/{}" Target="{}"/>'
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    art = f'<x xmlns:a="{MAIN}"><a:p><a:r><a:t>Holding 51 %</a:t></a:r></a:p></x>'
    more = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations.format(
            relation.format("a", kinds, "drawing", "../drawings/a%20b.xml")
            + relation.format("b", kinds, "oleObject", "../o.bin")
        ),
        "xl/drawings/a b.xml": f"<wsDr {names}>{chart}</graphicData></wsDr>",
        "xl/drawings/_rels/a b.xml.rels": relations.format(relation.format("x", kinds, "diagramData", "..\\art.xml")),
        "xl/art.xml": art,
    }
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"<v>5000</v>", b"<v>5<!-- x -->000</v>")
            if name != "xl/worksheets/sheet2.xml":
                new.writestr(name.replace("/", "\\"), data)
        for name, text in more.items():
            new.writestr(name, text)
    _, pages = read_file((tmp_path / "b.xlsx").open("rb"), "b.xlsx", 10)
    first, second = pages
    assert first.text == "Sheet: Sheet\nRent\t5000\nHolding 51 %"
    assert (second.text, second.remarks) == (
        "Sheet: Lost",
        (
            Remark(RemarkKind.NOT_READ, detail="an embedded object"),
            Remark(RemarkKind.NOT_READ, detail="sheet Lost, which is missing"),
        ),
    )


@pytest.mark.parametrize(("number", "rest"), [("7", "5"), ("-1", "5"), ("0.0", "5"), ("0", "Rent\t5")])
def test_a_text_that_is_not_in_the_list_of_texts_is_said(tmp_path: Path, number: str, rest: str) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        book.add_worksheet("Sheet").write_row(0, 0, ["Rent", 5])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>0</v>", f"<v>{number}</v>".encode()))
    page = one(tmp_path / "b.xlsx")
    assert page.text.split() == ["Sheet:", "Sheet", *rest.split()]
    said = [remark for remark in page.remarks if remark.kind == RemarkKind.LOST]
    assert said == ([] if "Rent" in rest else [Remark(RemarkKind.LOST, 1, detail="cells of Sheet")])


def test_cells_are_in_their_columns_in_whatever_order_a_file_has_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append([1, 2, 3])
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(<c .*)(<c .*</c>)(?=</row>)", rb"\2\1", old.read(name)))
    assert one(tmp_path / "b.xlsx").text == one(tmp_path / "a.xlsx").text == "Sheet: Sheet\n1\t2\t3"


def test_a_binary_workbook_says_what_to_do(tmp_path: Path) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    with zipfile.ZipFile(tmp_path / "a.xlsb", "w") as new:
        new.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="a" Type="{kind}" Target="xl/workbook.bin"/></Relationships>',
        )
        new.writestr("xl/workbook.bin", b"\x83\x01\0")
    with pytest.raises(DocumentError, match="save it as XLSX"):
        one(tmp_path / "a.xlsb")


def test_days_may_count_from_1904(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as book:
        sheet = book.add_worksheet("Rent")
        sheet.write_datetime("A1", datetime(2024, 5, 6), book.add_format({"num_format": "d/m/yyyy"}))
    assert one(path).text.endswith("2024-05-06")


def test_days_that_no_calendar_has_are_shown_as_excel_shows_them() -> None:
    assert [formatted(day, "dd/mm/yyyy") for day in (0, 1, 59, 60, 61)] == [
        "1900-01-00", "1900-01-01", "1900-02-28", "1900-02-29", "1900-03-01",
    ]  # fmt: skip
    assert formatted(0, "dd/mm/yyyy", from_1904=True) == "1904-01-01"


def test_infinity_is_no_number() -> None:
    assert formatted(math.inf, "0.00")


def test_rows_are_read_from_the_top_whatever_their_order_in_the_file(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        book.add_worksheet().write_column(0, 0, ["first", "second", "third"])
    name, packed = "xl/worksheets/sheet1.xml", io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as before, zipfile.ZipFile(packed, "w") as after:
        for part in before.namelist():
            data = before.read(part)
            rows = re.findall(b"<row.*?</row>", data) if part == name else []
            after.writestr(part, data.replace(b"".join(rows), b"".join(reversed(rows))) if rows else data)
    _, (page,) = read_file(packed, "a.xlsx", 10)
    assert page.text.split("\n")[1:] == ["first", "second", "third"]


def test_a_value_that_excel_shows_otherwise_than_the_file_is_a_remark(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        book.add_worksheet().write(0, 0, 5)
    packed = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as before, zipfile.ZipFile(packed, "w") as after:
        for part in before.namelist():
            linked = b'<c r="A1" t="e" vm="1"><v>#VALUE!</v></c>'
            after.writestr(part, before.read(part).replace(b'<c r="A1"><v>5</v></c>', linked))
    _, (page,) = read_file(packed, "a.xlsx", 10)
    assert [one.detail for one in page.remarks] == ["values of linked data types"]
