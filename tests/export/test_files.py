"""A review as a file: typed, flagged and evidenced in XLSX, typed in Parquet, whole in JSON; harmless everywhere."""

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell import Cell as SheetCell
from openpyxl.worksheet.worksheet import Worksheet

from columnist.errors import InputError
from columnist.export.files import WRITERS, check_target, write_review
from columnist.export.xlsx import CUT, LONGEST_TEXT
from columnist.reviews.model import Cell, ColumnSpec, Format, GridRow

FORMATS: tuple[Format, ...] = Format.__args__  # type: ignore[attr-defined]
VALUES: dict[Format, Any] = {
    "text": None,
    "bulleted_list": ["one", "two"],
    "number": "-1234.5",
    "percentage": "12.5",
    "monetary_amount": {"amount": "1500000.25", "currency": "USD"},
    "currency": "EUR",
    "yes_no": True,
    "date": "2014-05-08",
    "tag": "Lease",
}
COLUMNS = [(UUID(int=nr), ColumnSpec(form, f"What {form}?", form)) for nr, form in enumerate(FORMATS, 1)]


def cell(value: Any = None, summary: str | None = "as said", **changes: Any) -> Cell:
    fields: dict[str, Any] = {
        "status": "done",
        "summary": summary,
        "value": value,
        "flag": "green",
        "reasoning": "Clause 3 says so.",
        "citations": [{"page": 3, "quote": "as said in clause 3", "verified": True}],
        "verified": True,
        "error": None,
        "stale": False,
        "model": "m",
    }
    return Cell(**fields | changes)


def row(name: str, *cells: Cell, error: str | None = None) -> GridRow:
    by_column = {UUID(int=nr): one for nr, one in enumerate(cells, 1)}
    return GridRow(UUID(int=99), name, 7, error, by_column)


FULL = row("contract.pdf", *(cell(VALUES[form]) for form in FORMATS))


async def streamed(rows: Sequence[GridRow]) -> AsyncIterator[GridRow]:
    for one in rows:
        yield one


def written(target: Path, *rows: GridRow, columns: Any = COLUMNS) -> Path:
    assert asyncio.run(write_review(streamed(rows), columns, target)) == len(rows)
    return target


def text_columns(*names: str) -> list[tuple[UUID, ColumnSpec]]:
    return [(UUID(int=nr), ColumnSpec(name, "?")) for nr, name in enumerate(names, 1)]


def sheet(target: Path, name: str = "Review") -> Worksheet:
    found = openpyxl.load_workbook(target)[name]
    assert isinstance(found, Worksheet)
    return found


def at(target: Path, form: Format) -> SheetCell:
    found = sheet(target).cell(2, FORMATS.index(form) + 2)
    assert isinstance(found, SheetCell)
    return found


def test_an_xlsx_has_typed_cells(tmp_path: Path) -> None:
    target = written(tmp_path / "r.xlsx", FULL)
    assert [one.value for one in sheet(target)[1]] == ["Document", *FORMATS]
    assert at(target, "date").value == datetime(2014, 5, 8)
    assert (at(target, "number").value, at(target, "number").data_type) == (-1234.5, "n")
    assert (at(target, "percentage").value, at(target, "percentage").number_format) == (0.125, "0.00##%")
    assert (at(target, "monetary_amount").value, at(target, "monetary_amount").number_format) == (
        1500000.25,
        '"USD" #,##0.00',
    )
    assert [at(target, form).value for form in ("yes_no", "bulleted_list", "currency", "tag", "text")] == [
        "Yes",
        "one; two",
        "EUR",
        "Lease",
        "as said",
    ]


def test_flags_are_colours_doubt_is_italic_and_errors_are_red(tmp_path: Path) -> None:
    cells = [cell(flag=flag) for flag in ("green", "yellow", "red", "grey", None)]
    doubtful = [cell(verified=False), cell(stale=True), cell(None, None, status="error", error="Torn.", flag=None)]
    columns = text_columns(*"abcdefgh")
    found = list(sheet(written(tmp_path / "r.xlsx", row("d", *cells, *doubtful), columns=columns))[2])[1:]
    fills = [str(one.fill.start_color.rgb) for one in found]
    assert len(set(fills[:5])) == 5
    assert [bool(one.font.i) for one in found] == [False] * 5 + [True, True, False]
    assert (found[-1].value, str(found[-1].font.color.rgb)) == ("Error: Torn.", "FFC00000")


def test_the_evidence_sheet_has_a_line_per_citation(tmp_path: Path) -> None:
    citations = [
        {"page": 3, "quote": "first", "verified": True},
        {"page": None, "quote": "=second()", "verified": False},
    ]
    target = written(tmp_path / "r.xlsx", row("d.pdf", cell("x", citations=citations)), columns=text_columns("Term"))
    lines = list(sheet(target, "Evidence").values)[1:]
    assert lines == [
        ("d.pdf", "Term", "as said", "green", "done", 3, "first", "yes", "Clause 3 says so.", None, "m"),
        ("d.pdf", "Term", "as said", "green", "done", None, "=second()", "NO", "Clause 3 says so.", None, "m"),
    ]


def test_a_date_before_what_excel_knows_is_text(tmp_path: Path) -> None:
    columns = [(UUID(int=1), ColumnSpec("Date", "?", "date"))]
    target = written(tmp_path / "r.xlsx", row("old", cell("1899-12-31")), columns=columns)
    assert sheet(target).cell(2, 2).value == "1899-12-31"


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1 day", "@SUM(A1)", "\t=1", "＝1", ' "=1'])
def test_text_is_never_a_formula(tmp_path: Path, start: str) -> None:
    columns = text_columns(f"{start} column")
    one = row(f"{start} document", cell(None, f"{start} answer"))
    book = sheet(written(tmp_path / "r.xlsx", one, columns=columns))
    assert {cell.data_type for line in book.iter_rows() for cell in line} == {"s"}
    with written(tmp_path / "r.csv", one, columns=columns).open(encoding="utf-8-sig", newline="") as file:
        for line in csv.reader(file):
            assert all(field == "Document" or field.startswith("'") for field in line)


def test_a_negative_number_in_csv_stays_a_number(tmp_path: Path) -> None:
    with written(tmp_path / "r.csv", FULL).open(encoding="utf-8-sig", newline="") as file:
        (found,) = csv.DictReader(file)
    assert (found["number"], found["percentage"]) == ("-1234.5", "12.5%")


def test_an_answer_longer_than_a_cell_is_cut_with_a_notice_and_whole_elsewhere(tmp_path: Path) -> None:
    one, columns = row("d", cell(None, "x" * 40_000)), text_columns("Long")
    value = str(sheet(written(tmp_path / "r.xlsx", one, columns=columns)).cell(2, 2).value)
    assert len(value) == LONGEST_TEXT
    assert value.endswith(CUT)
    csv.field_size_limit(100_000)
    with written(tmp_path / "r.csv", one, columns=columns).open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))[1][1]) == 40_000


def test_parquet_is_typed_and_keeps_names_apart(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path / "r.parquet", FULL, row("empty", error="Torn.")))
    types = {form: table.schema.field(form).type for form in FORMATS}
    assert types["date"] == pa.date32()
    assert types["yes_no"] == pa.bool_()
    assert types["bulleted_list"] == pa.list_(pa.string())
    first, second = table.to_pylist()
    assert first["monetary_amount"] == {"amount": Decimal("1500000.25"), "currency": "USD"}
    assert (first["date"], first["number"], first["number (shown)"]) == (date(2014, 5, 8), -1234.5, "-1234.5")
    assert (second["problem"], second["date"], second["pages"]) == ("Torn.", None, 7)
    clashing = text_columns("document", "a", "A", "pages")
    names = pq.read_table(written(tmp_path / "c.parquet", columns=clashing)).column_names
    assert len({name.lower() for name in names}) == len(names)


def test_json_has_everything_in_order(tmp_path: Path) -> None:
    found = json.loads(written(tmp_path / "r.json", FULL, row("zweites — 二.pdf")).read_text(encoding="utf-8"))
    assert [column["name"] for column in found["columns"]] == list(FORMATS)
    assert [one["document"] for one in found["documents"]] == ["contract.pdf", "zweites — 二.pdf"]
    assert found["documents"][0]["cells"]["date"]["citations"] == cell().citations
    assert found["documents"][1]["cells"] == {}


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_failure_midway_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"r{suffix}"
    target.write_text("before")

    async def failing() -> AsyncIterator[GridRow]:
        yield FULL
        raise ConnectionError("the database is away")

    with pytest.raises(ConnectionError):
        asyncio.run(write_review(failing(), COLUMNS, target))
    assert [file.name for file in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "before"
    written(target, FULL)
    assert target.read_bytes() != b"before"
    assert target.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_target_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for target, words in (
        (tmp_path / "r.doc", "written as .xlsx"),
        (tmp_path / "none" / "r.csv", "does not exist"),
        (tmp_path / "folder.csv", "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            check_target(target)


@settings(max_examples=40, deadline=None)
@given(name=st.text(min_size=1), summary=st.text())
def test_any_text_can_be_written_and_json_reads_it_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, summary: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    one, columns = row(name, cell(None, summary)), text_columns("Column")
    for suffix in WRITERS:
        written(folder / f"r{suffix}", one, columns=columns)
    openpyxl.load_workbook(folder / "r.xlsx")
    found = json.loads((folder / "r.json").read_text(encoding="utf-8"))["documents"][0]
    assert (found["document"], found["cells"]["Column"]["summary"]) == (name, summary)


_MANY = """
import asyncio, resource, sys
from pathlib import Path
from tests.export.test_files import cell, row, text_columns
from columnist.export.files import write_review

async def rows(count):
    for nr in range(count):
        yield row(f"document {nr}", *(cell(None, f"{nr} {column} " + "answer " * 200) for column in range(3)))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "linux" else 1024**2)

target = Path(sys.argv[1])
asyncio.run(write_review(rows(600), text_columns("a", "b", "c"), target))
before = peak()
asyncio.run(write_review(rows(12_000), text_columns("a", "b", "c"), target))
print(peak() - before)
"""


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".json"])
def test_rows_are_written_as_they_come_and_not_held(tmp_path: Path, suffix: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MANY, tmp_path / f"r{suffix}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 20  # MB; held, the answers alone are 50
