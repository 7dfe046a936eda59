"""Exported files, read back with their readers' tools: openpyxl, csv, pyarrow, json."""

import asyncio
import csv
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
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

from columnist.documents.model import Citation, Span
from columnist.errors import DatabaseError, InputError, SettingsError
from columnist.export.files import WRITERS, check_target, write_review
from columnist.export.jsonl import read_rows
from columnist.export.values import DETAILS
from columnist.export.xlsx import CUT, LONGEST_TEXT
from columnist.reviews.model import Cell, ColumnSpec, EarlierAnswer, Flag, Format, GridRow, Rule
from tests.depth import depth

Columns = list[tuple[UUID, ColumnSpec]]
FORMULAS = ["=1+1", "+1", "-1 day", "@SUM(A1)"]


def cell(value: Any = None, summary: str | None = "As said.", **changes: Any) -> Cell:
    fields: dict[str, Any] = {
        "status": "done",
        "summary": summary,
        "value": value,
        "flag": None,
        "reasoning": None,
        "citations": (),
        "verified": None,
        "error": None,
        "stale": False,
        "model": None,
    }
    return Cell(**fields | changes)


FAILED = cell(None, None, status="error", error="The model did not answer.")


def asked(form: Format, *names: str) -> Columns:
    return [(UUID(int=number), ColumnSpec(name, "?", form)) for number, name in enumerate(names or ("A",), 1)]


def row(document: str, *cells: Cell, error: str | None = None) -> GridRow:
    by_column = {UUID(int=number): each for number, each in enumerate(cells, 1)}
    return GridRow(UUID(int=99), document, 7, error, by_column, document)


def write(target: Path, columns: Columns, *rows: GridRow) -> Path:
    async def streamed() -> AsyncIterator[GridRow]:
        for each in rows:
            yield each

    assert asyncio.run(write_review(streamed(), columns, target)) == len(rows)
    return target


def sheet(target: Path, name: str = "Review") -> list[list[Any]]:
    return [list(line) for line in openpyxl.load_workbook(target)[name].iter_rows()]


def values(target: Path, name: str = "Review") -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(target)[name].values)


def xlsx(folder: Path, form: Format, *cells: Cell) -> list[Any]:
    """The sheet's cells for these cells, which answer the same question about one document each."""
    rows = [row(f"{number}.pdf", each) for number, each in enumerate(cells)]
    return [line[1] for line in sheet(write(folder / "r.xlsx", asked(form), *rows))[1:]]


def fields(target: Path) -> list[list[str]]:
    csv.field_size_limit(100_000)
    with target.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


def column(target: Path, name: str) -> list[str]:
    """A column of a CSV file."""
    head, *lines = fields(target)
    return [line[head.index(name)] for line in lines]


def answers(target: Path) -> list[list[str]]:
    """The questions of a CSV file and their values, which stand between the document and the other details."""
    head, *lines = fields(target)
    first = head.index("Problem") + 1
    questions = (len(head) - first) // (2 + len(DETAILS))
    return [line[first : first + 2 * questions : 2] for line in [head, *lines]]


def in_full(state: str, cell: Cell) -> dict[str, Any]:
    """A cell in the JSON export."""
    return json.loads(json.dumps({"state": state, **asdict(cell)}))  # type: ignore[no-any-return]


def loaded(target: Path) -> Any:
    return json.loads(target.read_text(encoding="utf-8"))


# ── XLSX ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("form", "value", "shown", "number_format"),
    [
        ("date", "2014-05-08", datetime(2014, 5, 8), "yyyy-mm-dd"),
        ("date", "1900-03-01", datetime(1900, 3, 1), "yyyy-mm-dd"),
        ("number", "-1234.5", -1234.5, "#,##0.######"),
        ("percentage", "12.5", 0.125, "0.00##%"),
        ("monetary_amount", {"amount": "1500.25", "currency": "USD"}, 1500.25, '"USD" #,##0.00'),
        ("monetary_amount", {"amount": "1500.25", "currency": None}, 1500.25, "#,##0.00"),
        ("yes_no", True, "Yes", "General"),
        ("yes_no", False, "No", "General"),
        ("bulleted_list", ["one", "two"], "one; two", "General"),
        ("currency", "EUR", "EUR", "General"),
        ("tag", "Lease", "Lease", "General"),
        ("text", None, "As said.", "General"),
    ],
)
def test_a_value_is_a_cell_of_its_type(
    tmp_path: Path, form: Format, value: Any, shown: Any, number_format: str
) -> None:
    (found,) = xlsx(tmp_path, form, cell(value))
    assert (found.value, found.number_format) == (shown, number_format)
    assert found.data_type == {datetime: "d", float: "n", str: "s"}[type(shown)]


@pytest.mark.parametrize("form", ["date", "number", "percentage", "monetary_amount", "yes_no", "bulleted_list"])
def test_what_could_not_be_typed_is_shown_as_it_was_answered(tmp_path: Path, form: Format) -> None:
    (found,) = xlsx(tmp_path, form, cell(None, "About a year."))
    assert (found.value, found.data_type) == ("About a year.", "s")


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "1900-01-01", "1900-02-28"])
def test_a_day_before_march_1900_is_text_because_excel_counts_it_wrongly(tmp_path: Path, day: str) -> None:
    (found,) = xlsx(tmp_path, "date", cell(day))
    assert (found.value, found.data_type) == (day, "s")


def test_a_printed_page_begins_with_the_heads_and_the_documents(tmp_path: Path) -> None:
    xlsx(tmp_path, "number", cell("1"))
    for sheet in openpyxl.load_workbook(next(tmp_path.glob("*.xlsx"))):
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$1", "$A:$A"), sheet.title


def test_a_flag_is_a_fill(tmp_path: Path) -> None:
    flags: list[Flag] = ["green", "yellow", "red", "grey"]
    *filled, plain = xlsx(tmp_path, "number", *(cell("1", flag=flag) for flag in flags), cell("1"))
    assert [(each.fill.fill_type, each.fill.start_color.rgb) for each in filled] == [
        ("solid", "FFE2F0D9"),
        ("solid", "FFFFF2CC"),
        ("solid", "FFF8CBAD"),
        ("solid", "FFEDEDED"),
    ]
    assert plain.fill.fill_type is None


@pytest.mark.parametrize("form", ["text", "number"])
def test_what_is_unverified_or_stale_is_italic(tmp_path: Path, form: Format) -> None:
    states = [cell("1", verified=True), cell("1"), cell("1", verified=False), cell("1", verified=True, stale=True)]
    assert [bool(each.font.i) for each in xlsx(tmp_path, form, *states)] == [False, False, True, True]


def test_what_failed_has_no_answer_and_is_hatched(tmp_path: Path) -> None:
    failed, fine = xlsx(tmp_path, "date", FAILED, cell("2014-05-08"))
    assert (failed.value, failed.fill.fill_type, failed.fill.start_color.rgb) == (None, "lightUp", "FFC00000")
    assert fine.fill.fill_type is None


def test_the_evidence_sheet_has_a_line_per_citation(tmp_path: Path) -> None:
    citations = [
        Citation("ends after a year", 3, True, (), ()),
        Citation("ends never", 12, False, (), ()),
        Citation("ends", None, False, (), ()),
    ]
    answer = cell(
        "12", flag="red", rule="Red if > 9", reasoning="Clause 9.", citations=citations, verified=False, model="m"
    )
    target = write(tmp_path / "r.xlsx", asked("number", "Term", "Law"), row("a.pdf", answer, FAILED))
    head, *lines = values(target, "Evidence")
    assert head[:9] == ("Document", "Column", "Answer", "Flag", "Rule", "State", "Page", "Quote", "Quote verified")
    assert [line[:12] for line in lines] == [
        ("a.pdf", "Term", "12", "red", "Red if > 9", "done", 3, "ends after a year", "yes", "Clause 9.", None, "m"),
        ("a.pdf", "Term", "12", "red", "Red if > 9", "done", 12, "ends never", "NO", "Clause 9.", None, "m"),
        ("a.pdf", "Term", "12", "red", "Red if > 9", "done", None, "ends", "NO", "Clause 9.", None, "m"),
        ("a.pdf", "Law", None, None, None, "failed", None, None, None, None, FAILED.error, None),
    ]
    assert [line[head.index("Words")] for line in lines] == ["As said.", "As said.", "As said.", None]
    assert {line[head.index("Document id")] for line in lines} == {str(UUID(int=99))}


def test_a_stale_answer_is_called_so_in_the_evidence(tmp_path: Path) -> None:
    target = write(tmp_path / "r.xlsx", asked("text"), row("a.pdf", cell(stale=True)))
    assert values(target, "Evidence")[1][5] == "stale"


def test_a_document_that_cannot_be_read_has_its_row_and_says_why_where_it_was_asked(tmp_path: Path) -> None:
    broken = cell(None, None, status="error", error="a.pdf is encrypted.")
    columns = asked("date", "Start", "End")
    rows = [row("a.pdf", broken, broken, error="a.pdf is encrypted."), row("b.pdf", cell("2014-05-08"))]
    target = write(tmp_path / "r.xlsx", columns, *rows)
    assert [line[:3] for line in values(target)[1:]] == [("a.pdf", None, None), ("b.pdf", datetime(2014, 5, 8), None)]
    assert [line[:3] for line in values(target, "States")[1:]] == [
        ("a.pdf", "failed", "failed"),
        ("b.pdf", None, "never asked"),
    ]
    assert pq.read_table(write(tmp_path / "r.parquet", columns, *rows))["problem"].to_pylist() == [
        "a.pdf is encrypted.",
        None,
    ]
    found = loaded(write(tmp_path / "r.json", columns, *rows))["documents"]
    assert [each["error"] for each in found] == ["a.pdf is encrypted.", None]


def test_control_characters_are_removed_and_line_breaks_are_kept(tmp_path: Path) -> None:
    controls = "".join(map(chr, {*range(0x20)} - {0x09, 0x0A, 0x0D})) + "\ufffe\uffff"
    target = write(tmp_path / "r.xlsx", asked("text"), row(f"a{controls}.pdf", cell(None, f"one{controls}\n\ttwo")))
    assert values(target)[1][:2] == ("a.pdf", "one\n\ttwo")


def test_a_url_stays_plain_text(tmp_path: Path) -> None:
    (found,) = xlsx(tmp_path, "text", cell(None, "https://example.org/a"))
    assert (found.value, found.hyperlink) == ("https://example.org/a", None)


@pytest.mark.parametrize("letter", ["x", "𝒳"])
def test_a_long_answer_is_cut_with_a_notice_in_xlsx_and_whole_elsewhere(tmp_path: Path, letter: str) -> None:
    columns, one = asked("text"), row("a.pdf", cell(None, letter * 40_000))
    shown = str(values(write(tmp_path / "r.xlsx", columns, one))[1][1])
    assert shown.endswith(letter + CUT)
    assert len(shown.encode("utf-16-le")) // 2 in (LONGEST_TEXT - 1, LONGEST_TEXT)
    assert answers(write(tmp_path / "r.csv", columns, one))[1] == [letter * 40_000]
    (found,) = loaded(write(tmp_path / "r.json", columns, one))["documents"]
    assert found["cells"]["A"]["summary"] == letter * 40_000


def test_an_answer_that_just_fits_a_cell_is_not_cut(tmp_path: Path) -> None:
    (found,) = xlsx(tmp_path, "text", cell(None, "x" * LONGEST_TEXT))
    assert found.value == "x" * LONGEST_TEXT


# ── Formulas ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("start", [*FORMULAS, "{=1+1}"])
def test_a_text_is_never_a_formula_in_xlsx_and_is_not_changed(tmp_path: Path, start: str) -> None:
    citations = (Citation(start, 1, True, (), ()),)
    answer = cell(None, start, citations=citations, reasoning=start, model=start)
    target = write(tmp_path / "r.xlsx", asked("text", start), row(start, answer))
    assert [line[:2] for line in values(target)] == [("Document", start), (start, start)]
    texts = [each for name in ("Review", "Evidence") for line in sheet(target, name) for each in line]
    assert {each.data_type for each in texts if each.value is not None} == {"s", "n"}  # n: the page
    assert sum(each.value == start for each in texts) == 4 + 6


@pytest.mark.parametrize("start", [*FORMULAS, ' "=1', "'=1", "＝1", "\u200b=1", "\ufeff+1", "\xa0@a", "\x01=1"])
def test_a_text_that_starts_like_a_formula_has_an_apostrophe_in_csv(tmp_path: Path, start: str) -> None:
    columns = [*asked("text", start), (UUID(int=2), ColumnSpec("List", "?", "bulleted_list"))]
    target = write(tmp_path / "r.csv", columns, row(start, cell(None, start), cell([start, "b"])))
    head, line = fields(target)
    assert answers(target) == [[f"'{start}", "List"], [f"'{start}", f"'{start}; b"]]
    assert line[:2] == [f"'{start}", f"'{start}"]
    assert not any(field.startswith(("=", "+", "-", "@", "\t", "\r", " ", "＝")) for field in [*head, *line])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\na", "'\na"),
        ("x;=HYPERLINK(A1)", "x;'=HYPERLINK(A1)"),
        ("x\t=1+1", "x\t'=1+1"),
        ("a; \u200b+1, b", "a;' \u200b+1, b"),
        ("a – b; non-exclusive, e-mail", "a – b; non-exclusive, e-mail"),
        ("-1; -2.5%, -3 EUR", "-1; -2.5%, -3 EUR"),
        ("-1|cmd!A1", "'-1|cmd!A1"),
    ],
)
def test_a_part_of_a_text_that_another_separator_would_make_a_formula_has_an_apostrophe_in_csv(
    tmp_path: Path, text: str, shown: str
) -> None:
    assert answers(write(tmp_path / "r.csv", asked("text"), row("a", cell(None, text))))[1] == [shown]


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        ("number", "-12.5", "-12.5"),
        ("percentage", "-12.5", "-12.5%"),
        ("monetary_amount", {"amount": "-12.50", "currency": "USD"}, "-12.50 USD"),
        ("monetary_amount", {"amount": "-12.50", "currency": None}, "-12.50"),
    ],
)
def test_a_negative_figure_in_csv_stays_one_and_a_text_that_begins_like_it_does_not(
    tmp_path: Path, form: Format, value: Any, shown: str
) -> None:
    target = write(tmp_path / "r.csv", asked(form), row("a", cell(value)), row("b", cell(None, "-12.5 or more")))
    assert answers(target)[1:] == [[shown], ["'-12.5 or more"]]


def test_csv_has_the_mark_that_excel_looks_for_and_a_line_per_document(tmp_path: Path) -> None:
    target = write(tmp_path / "r.csv", asked("text", "Ä", "B"), row("é.pdf", cell(None, 'a "b",\nc'), FAILED), row("b"))
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    assert answers(target) == [["Ä", "B"], ['a "b",\nc', ""], ["", ""]]
    assert [line[:3] for line in fields(target)[1:]] == [
        ["é.pdf", "é.pdf", str(UUID(int=99))],
        ["b", "b", str(UUID(int=99))],
    ]
    assert column(target, "B (error)") == ["The model did not answer.", ""]


# ── Parquet ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("form", "kind", "value", "typed"),
    [
        ("text", pa.string(), "As said.", "As said."),
        ("bulleted_list", pa.list_(pa.string()), ["one", "two"], ["one", "two"]),
        ("number", pa.float64(), "-1234.5", -1234.5),
        ("percentage", pa.float64(), "12.5", 12.5),
        (
            "monetary_amount",
            pa.struct([("amount", pa.decimal128(38, 9)), ("currency", pa.string())]),
            {"amount": "99999999999999.1", "currency": "USD"},
            {"amount": Decimal("99999999999999.1"), "currency": "USD"},
        ),
        ("currency", pa.string(), "EUR", "EUR"),
        ("yes_no", pa.bool_(), False, False),
        ("date", pa.date32(), "1066-10-14", date(1066, 10, 14)),
        ("tag", pa.string(), "Lease", "Lease"),
    ],
)
def test_a_parquet_column_has_the_type_of_its_format(
    tmp_path: Path, form: Format, kind: Any, value: Any, typed: Any
) -> None:
    first = replace(row("a", cell(value, flag="red", verified=True)), language="en", how_read="PDF, 7 pages, English.")
    rows = [first, row("b", cell(None, "Perhaps.")), row("c", FAILED)]
    table = pq.read_table(write(tmp_path / "r.parquet", asked(form), *rows, row("d")))
    assert table.schema.field("A").type == kind
    assert table["A"].to_pylist() == [typed, None, None, None]
    assert table["A (shown)"].to_pylist() == ["As said.", "Perhaps.", None, None]
    assert table["A (error)"].to_pylist() == [None, None, "The model did not answer.", None]
    assert table["A (state)"].to_pylist() == ["done", "done", "failed", "never asked"]
    assert table["A (flag)"].to_pylist() == ["red", None, None, None]
    assert table["A (verified)"].to_pylist() == [True, None, None, None]
    assert (table["document"].to_pylist(), table["pages"].to_pylist()) == ([*"abcd"], [7] * 4)
    assert table["language"].to_pylist() == ["en", None, None, None]
    assert table["how read"].to_pylist() == ["PDF, 7 pages, English.", None, None, None]


@pytest.mark.parametrize(
    "amount", ["0.1", "-0.000000001", "12345678901234567890.12", "1.5000000000000", "1" + "0" * 28]
)
def test_an_amount_in_parquet_is_exact(tmp_path: Path, amount: str) -> None:
    answer = cell({"amount": amount, "currency": None})
    table = pq.read_table(write(tmp_path / "r.parquet", asked("monetary_amount"), row("a", answer)))
    assert table["A"].to_pylist() == [{"amount": Decimal(amount), "currency": None}]


@pytest.mark.parametrize(
    "names",
    [
        ("Term", "Term"),
        ("Term", "TERM"),
        ("document", "Pages", "Language", "problem"),
        ("Term", "Term 2", "Term"),
        ("Term", "Term (flag)"),
        ("A (SHOWN)", "A"),
        ("A (state)", "A", "A (evidence)"),
    ],
    ids=" and ".join,
)
def test_columns_whose_names_clash_are_kept_apart(tmp_path: Path, names: tuple[str, ...]) -> None:
    said = [f"answer {number}" for number in range(len(names))]
    one = row("a.pdf", *(cell(answer, answer) for answer in said))
    table = pq.read_table(write(tmp_path / "r.parquet", asked("text", *names), one))
    found = [name.lower() for name in table.column_names]
    assert len(set(found)) == len(found)
    assert [value for name in table.column_names for value in table[name].to_pylist() if value in said] == [
        answer for answer in said for _ in ("value", "shown")
    ]
    assert table["document"].to_pylist() == ["a.pdf"]
    target = write(tmp_path / "r.csv", asked("text", *names), one)
    head = [name.lower() for name in fields(target)[0]]
    assert len(set(head)) == len(head)
    assert answers(target)[1] == said


def test_more_rows_than_a_row_group_are_all_there_in_order(tmp_path: Path) -> None:
    rows = [row(f"{number}.pdf", cell(str(number))) for number in range(1_201)]
    file = pq.ParquetFile(write(tmp_path / "r.parquet", asked("number"), *rows))
    assert file.metadata.num_row_groups == 3
    assert file.read()["A"].to_pylist() == [*range(1_201)]


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_json_has_everything_in_order(tmp_path: Path) -> None:
    citations = (Citation("„ja“ — 二", 3, True, (Span(3, 0, 3),), ()),)
    full = cell({"amount": "1.10", "currency": "EUR"}, flag="green", reasoning="§ 3", citations=citations, model="m")
    rules = (Rule("red", "not found"),)
    columns = [(UUID(int=2), ColumnSpec("Zins", "Wie viel?", "monetary_amount", rules=rules)), *asked("tag", "Art")]
    columns[1] = (UUID(int=1), ColumnSpec("Art", "Welche?", "tag", ("Miete", "Kauf")))
    read = replace(row("z 二.pdf", FAILED, full), language="en", how_read="PDF, 7 pages, English.")
    rows = [read, row("a.pdf", error="Torn.")]
    target = write(tmp_path / "r.json", columns, *rows)
    never = dict.fromkeys(asdict(full)) | {
        "status": "missing", "state": "never asked", "citations": [], "stale": False
    }  # fmt: skip
    about = {name: loaded(target)[name] for name in ("review", "exported_at", "version")}
    assert about["review"] == ""
    assert datetime.fromisoformat(about["exported_at"]).tzinfo is not None
    assert loaded(target) == about | {
        "columns": [
            {
                "id": str(UUID(int=2)),
                "name": "Zins",
                "prompt": "Wie viel?",
                "format": "monetary_amount",
                "tags": [],
                "rules": [{"flag": "red", "when": "not found"}],
                "second_reading": None,
            },
            {
                "id": str(UUID(int=1)),
                "name": "Art",
                "prompt": "Welche?",
                "format": "tag",
                "tags": ["Miete", "Kauf"],
                "rules": [],
                "second_reading": None,
            },
        ],
        "documents": [
            {
                "id": str(UUID(int=99)),
                "document": "z 二.pdf",
                "path": "z 二.pdf",
                "page_count": 7,
                "language": "en",
                "how_read": "PDF, 7 pages, English.",
                "same_as": None,
                "newer_file_at": None,
                "error": None,
                "cells": {"Zins": in_full("done", full), "Art": in_full("failed", FAILED)},
            },
            {
                "id": str(UUID(int=99)),
                "document": "a.pdf",
                "path": "a.pdf",
                "page_count": 7,
                "language": None,
                "how_read": None,
                "same_as": None,
                "newer_file_at": None,
                "error": "Torn.",
                "cells": {"Zins": never, "Art": never},
            },
        ],
    }
    assert list(loaded(target)["documents"][0]["cells"]) == ["Zins", "Art"]
    assert "„ja“ — 二" in target.read_text(encoding="utf-8")


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_review_without_documents_is_a_file_too(tmp_path: Path, suffix: str) -> None:
    target = write(tmp_path / f"r{suffix.upper()}", asked("text"))
    read: dict[str, Any] = {
        ".xlsx": lambda: len(values(target)) - 1,
        ".csv": lambda: len(fields(target)) - 1,
        ".parquet": lambda: pq.read_table(target).num_rows,
        ".json": lambda: len(loaded(target)["documents"]),
        ".jsonl": lambda: len(target.read_text(encoding="utf-8").splitlines()),
    }
    assert read[suffix]() == 0


@pytest.mark.parametrize("given_rows", [0, 1, 700], ids="after {} rows".format)
@pytest.mark.parametrize("suffix", WRITERS)
def test_a_failure_midway_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, suffix: str, given_rows: int
) -> None:
    async def failing() -> AsyncIterator[GridRow]:
        for _ in range(given_rows):
            yield row("a.pdf", cell())
        raise DatabaseError("The database is away.")

    target = tmp_path / f"r{suffix}"
    for before in ([], [target]):
        for old in before:
            old.write_text("the old file")
        with pytest.raises(DatabaseError, match="away"):
            asyncio.run(write_review(failing(), asked("text"), target))
        assert [*tmp_path.iterdir()] == before
    assert target.read_text() == "the old file"


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_file_appears_when_it_is_complete_and_replaces_the_old_one(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"r{suffix}"
    target.write_text("the old file")
    seen = []

    async def watching() -> AsyncIterator[GridRow]:
        for _ in range(3):
            yield row("a.pdf", cell())
            seen.append(target.read_text())

    heard: list[int] = []
    assert asyncio.run(write_review(watching(), asked("text"), target, heard.append)) == 3
    assert (seen, heard) == (["the old file"] * 3, [1, 2, 3])
    assert target.read_bytes() != b"the old file"
    assert [*tmp_path.iterdir()] == [target]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002], ids=oct)
def test_the_file_is_as_open_as_the_umask_says(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        target = write(tmp_path / "r.csv", asked("text"))
        assert os.umask(mask) == mask
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_target_that_cannot_be_is_refused_with_a_sentence_before_the_first_row(tmp_path: Path) -> None:
    async def untouched() -> AsyncIterator[GridRow]:
        raise AssertionError("No row was to be asked for.")
        yield

    folder = tmp_path / "folder.csv"
    folder.mkdir()
    for target, sentence in (
        (tmp_path / "r.doc", "r.doc: a review can be written as .xlsx, .csv, .parquet, .json, .jsonl."),
        (tmp_path / "r", "r: a review can be written as .xlsx, .csv, .parquet, .json, .jsonl."),
        (tmp_path / "none" / "r.csv", f"The folder {tmp_path / 'none'} does not exist."),
        (folder, f"{folder} is a folder."),
        (tmp_path / f"{'r' * 300}.csv", f"{tmp_path / ('r' * 300)}.csv cannot be written: File name too long."),
        (Path("/proc/r.csv"), "/proc/r.csv cannot be written: No such file or directory."),
    ):
        with pytest.raises(InputError) as checked:
            check_target(target)
        with pytest.raises(InputError) as refused:
            asyncio.run(write_review(untouched(), asked("text"), target))
        assert str(checked.value) == str(refused.value) == sentence
    assert [*tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_target_that_cannot_be_written_any_more_is_told_in_a_sentence(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    async def unplugged() -> AsyncIterator[GridRow]:
        shutil.rmtree(folder)
        yield GridRow(UUID(int=1), "a.pdf", 1, None, {})

    target = folder / f"r{suffix}"
    with pytest.raises(InputError) as refused:
        asyncio.run(write_review(unplugged(), asked("text"), target))
    assert str(refused.value) == f"{target} cannot be written: No such file or directory."


def test_parquet_without_arrow_is_refused_before_the_work_with_the_name_of_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    with pytest.raises(SettingsError, match=re.escape("pip install 'columnist[parquet]'")):
        check_target(tmp_path / "review.parquet")
    check_target(tmp_path / "review.xlsx")
    monkeypatch.delitem(sys.modules, "columnist.python_api", raising=False)
    with pytest.raises(ModuleNotFoundError, match=re.escape("pip install 'columnist[parquet]'")):
        importlib.import_module("columnist.python_api")


any_text = st.text(st.characters(exclude_categories=["Cs"]))
awkward = st.one_of(
    any_text,
    st.builds("{}{}".format, st.sampled_from([*FORMULAS, "\0", "\x1f", "\r\n", "<r>", "_x0041_"]), any_text),
    st.builds("<r>{}</r>".format, any_text),
    st.sampled_from(
        [
            "<r><t>a</t></r></is></c><c r='B2'><f>1+41</f><v>42</v></c><c><is><r></r>",
            "]]><f>1</f>", "&lt;f&gt;", "_x003D_1", "x;=HYPERLINK(A1)", "x\t=1+1", "x\r\n+1", "x,@A1", "x|=1",
            "x\x85-a", "\n=1", "\u200b=1", "x; \u2060\ufeff=1", "x;\"=1", "'=1", "x;'=1", "-1;-2", "x; -5 USD; -6%+1",
        ]
    ),
)  # fmt: skip
SEPARATED = re.compile("[;,|\t\n\v\f\r\x85\u2028\u2029]")
UNSEEN = re.compile('[\\s"\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*')


def is_formula(field: str) -> bool:
    """Whether a spreadsheet could take the text for a formula; a figure is not one."""
    seen = UNSEEN.sub("", field, count=1)
    return seen.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) and not re.fullmatch(
        r"-[0-9]+(\.[0-9]+)?(%| [A-Z]{3})?", field.removeprefix(" ")
    )


def without_apostrophes(text: str) -> str:
    """The text without apostrophes at its start or at the start of a part, where they keep it from being a formula."""
    return re.sub(f"(^|(?<={SEPARATED.pattern}))'+", "", text)


def as_in_excel(text: object) -> object:
    """Excel's form of a text that openpyxl reads unchanged from the file."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text) if isinstance(text, str) else text


def as_in_xml(text: str) -> str:
    """The text without characters that XML cannot hold, and with XML's only line end."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", re.sub("\r\n?", "\n", text))


@settings(max_examples=depth(25, 250), deadline=None)
@given(texts=st.lists(awkward, min_size=16, max_size=16))
def test_any_text_in_any_field_is_read_back_the_same_and_is_never_a_formula(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    document, path, error, title, prompt, tag, summary, reasoning, quote, model, person, checker, failed, rule, *was = (
        texts
    )
    quoted = (Citation(quote, 1, True, (), ()),)
    answer = cell(
        None, summary, reasoning=reasoning, citations=quoted, model=model, edited_by=person, verified_by=checker,
        attempt_error=failed, rule=rule, prompt_version=tag, value_format="text",
        earlier=EarlierAnswer(was[0], was[1], quoted, True, model, tag),
    )  # fmt: skip
    columns = [(UUID(int=1), ColumnSpec(title, prompt, "text", (tag,), (Rule("red", rule),)))]
    one = GridRow(UUID(int=99), document, 7, error, {UUID(int=1): answer}, path, error, error)
    folder = tmp_path_factory.mktemp("any")
    targets = {suffix: write(folder / f"r{suffix}", columns, one) for suffix in WRITERS}

    book = openpyxl.load_workbook(targets[".xlsx"])
    read = [each for page in book for line in page.iter_rows() for each in line if each.value is not None]
    assert {each.data_type for each in read} <= {"s", "n"}
    assert {each.value for each in read if each.data_type == "n"} == {1}  # the page of the quote
    found = {as_in_excel(each.value) for each in read}
    for text in (document, path, title, summary, reasoning, quote, model, person, checker, failed, rule, tag, *was):
        assert as_in_xml(text) in found or not as_in_xml(text), text
    assert len(read) == len([each for each in read if as_in_excel(each.value) in found])

    for line in fields(targets[".csv"]):
        for field in line:
            assert not any(map(is_formula, SEPARATED.split(field))), field
            assert not field.startswith(("\t", "\r", "\n"))
    said = set(map(without_apostrophes, fields(targets[".csv"])[1]))
    for text in (document, path, error, summary, model, person, checker, tag, was[0]):
        assert without_apostrophes(text) in said, text

    (kept,) = pq.read_table(targets[".parquet"]).to_pylist()
    assert {document, path, error, summary, reasoning, model, person} <= {one for one in kept.values() if one.__hash__}
    (found_document,) = loaded(targets[".json"])["documents"]
    assert (found_document["document"], found_document["path"]) == (document, path)
    (found_cell,) = found_document["cells"].values()
    assert (found_cell["summary"], found_cell["reasoning"], found_cell["edited_by"]) == (summary, reasoning, person)
    assert found_cell["citations"][0]["quote"] == quote
    (row_again,) = read_rows(targets[".jsonl"])
    assert row_again == one


_MANY = """
import asyncio, re, sys
from pathlib import Path
from uuid import UUID
from columnist.export.files import write_review
from columnist.reviews.model import Cell, ColumnSpec, GridRow, Rule

columns = [(UUID(int=number), ColumnSpec(f"Column {number}", "?")) for number in range(3)]
target = Path(sys.argv[1])

async def rows(count):
    for number in range(count):
        cells = {
            column: Cell("done", f"{number} " + "answer " * 80, None, None, None, [], None, None, False, None)
            for column, _ in columns
        }
        yield GridRow(UUID(int=number), f"{number}.pdf", 1, None, cells)

def peak():
    # Not ru_maxrss: on Linux it starts at the size of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

asyncio.run(write_review(rows(1_000), columns, target))
before = peak()
asyncio.run(write_review(rows(8_000), columns, target))
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".json"])
def test_a_review_of_any_size_is_never_held(tmp_path: Path, suffix: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MANY, tmp_path / f"r{suffix}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 6  # MB; the answers are 14, and it is 1
