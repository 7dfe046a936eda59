"""Spreadsheets and rich text: their visible text, and the error for damaged ones."""

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from columnist.documents.reading.office.number_formats import formatted
from columnist.settings import Settings
from tests.documents.readers import read, refused


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def test_a_workbook_has_a_page_for_each_sheet_and_a_line_for_each_row(settings: Settings, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Rent roll"
    rows: list[list[object]] = [
        ["Tenant", "Start", "Rent", "Share", "Renewed"],
        ["Acme\nLtd.", date(2024, 5, 8), 12500.5, 0.125, True],
        [],
        [None, None, -3, None, None],
    ]
    for row in rows:
        first.append(row)
    first["B2"].number_format = "dd/mm/yyyy"
    first["C2"].number_format = '"$"#,##0.00'
    first["D2"].number_format = "0.0%"
    second = book.create_sheet("Notes")
    second["C3"] = "far away"
    book.create_sheet("Workings").sheet_state = "hidden"
    path = tmp_path / "a blob has no suffix"
    book.save(path)
    pages = [page.text.split("\n") for page in read(settings, path, "rents.xlsx")]
    assert pages == [
        [
            "Sheet: Rent roll",
            "Tenant\tStart\tRent\tShare\tRenewed",
            "Acme Ltd.\t2024-05-08\t$12,500.50\t12.5%\tTRUE",
            "\t\t-3",
        ],
        ["Sheet: Notes", "\t\tfar away"],
        ["Sheet: Workings (hidden)"],
    ]


def test_formulas_are_read_as_what_they_came_to(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "sums.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Sums").write_formula("A1", "=1+1", value=2)
    book.close()
    (page,) = read(settings, path)
    assert page.text == "Sheet: Sums\n2"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234.5, "General", "1234.5"),
        (3, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (-5, "0", "-5"),
        (0.075, "0%", "8%"),
        (1500, "[$€-407] #,##0", "€ 1,500"),
        (1500, '#,##0 "USD"', "1,500 USD"),
        (42, "00000", "00042"),
        (12, '"Suite 100-"0', "Suite 100-12"),
        (1.5e12, "0.00E+00", "1.50E+12"),
        (datetime(2024, 5, 8, 9, 30), "yyyy-mm-dd hh:mm", "2024-05-08 09:30"),
        (datetime(2024, 5, 8), "d mmm yyyy", "2024-05-08"),
        ("#N/A", "General", "#N/A"),
    ],
)
def test_values_are_shown_as_excel_shows_them(value: object, number_format: str, text: str) -> None:
    assert formatted(value, number_format) == text


def test_rich_text_is_read_with_its_tables_notes_and_characters(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "lease.rtf"
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\header Draft of May\par}"
        rb"{\listtext 1.\tab}Verg\'fctung: \u8364? 5\par "
        rb"Item\cell Rent\cell\row "
        rb"{\deleted thirty} sixty days{\footnote Business days.}\par \page Second page}"
    )
    pages = read(settings, path)
    assert [" ".join(page.text.split()) for page in pages] == [
        "Draft of May 1. Vergütung: € 5 Item Rent sixty days Business days.",
        "Second page",
    ]
    assert "Item\tRent" in pages[0].text


@pytest.mark.parametrize("name", ["a.xlsx", "a.rtf"])
def test_a_mislabelled_file_says_so(settings: Settings, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("This is just text.")
    refused(settings, path, "claims to be an (Excel|RTF) file")


def test_a_torn_workbook_is_one_clear_error(settings: Settings, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    path = tmp_path / "a.xlsx"
    book.save(path)
    path.write_bytes(path.read_bytes()[:-300])
    refused(settings, path, "damaged")
