"""XLSX: a sheet of typed values for reading and sorting, and a sheet of evidence, one line per citation."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from columnist.export.values import Columns, as_text
from columnist.reviews.model import Cell, ColumnSpec, Flag, GridRow

LONGEST_TEXT = 32_767
"""In UTF-16 units, as Excel counts."""
MOST_ROWS = 1_048_576
CUT = "… [cut: the JSON export has all of it]"

_FILLS: dict[Flag, str] = {"green": "#E2F0D9", "yellow": "#FFF2CC", "red": "#F8CBAD", "grey": "#EDEDED"}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EVIDENCE = (
    "Document", "Column", "Answer", "Flag", "Rule", "State", "Page", "Quote", "Quote verified", "Reasoning",
    "Problem", "Model",
)  # fmt: skip
_WIDTHS = (34, 22, 34, 8, 22, 9, 7, 70, 13, 50, 40, 16)
_OLDEST_EXCEL_DATE = date(1900, 3, 1)
"""Excel believes in 29 February 1900: what is before is written as text."""


class XlsxWriter:
    """Writes rows as they come; neither sheet is held in memory."""

    def __init__(self, target: Path, columns: Columns) -> None:
        self._columns = columns
        self._book = xlsxwriter.Workbook(
            str(target), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._formats: dict[tuple[str, Flag | None, bool], Any] = {}
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._values = self._sheet(
            "Review", ["Document", *(column.name for _, column in columns)], [34, *[24] * len(columns)]
        )
        self._values.freeze_panes(1, 1)
        self._row = 0
        self._evidence_sheets = 0
        self._next_evidence_sheet()

    def add(self, row: GridRow) -> None:
        """The next document."""
        self._row += 1
        self._text(self._values, self._row, 0, row.document, self._wrapped)
        for number, (column_id, column) in enumerate(self._columns, start=1):
            cell = row.cells.get(column_id)
            if cell is not None:
                self._value(self._row, number, cell, column)
                self._add_evidence(row, cell, column)

    def close(self) -> None:
        """After the last row."""
        self._values.autofilter(0, 0, max(self._row, 1), len(self._columns))
        self._book.close()

    def abandon(self) -> None:
        """Instead of `close`, after a failure: the target is not to be kept."""
        self._book.close()

    def _value(self, row: int, number: int, cell: Cell, column: ColumnSpec) -> None:
        value = cell.value if cell.status == "done" else None
        look = (cell.flag, cell.verified is False or cell.stale)
        if (
            column.format == "date"
            and isinstance(value, str)
            and (day := date.fromisoformat(value)) >= _OLDEST_EXCEL_DATE
        ):
            self._values.write_datetime(row, number, day, self._format("yyyy-mm-dd", *look))
        elif column.format == "number" and isinstance(value, str):
            self._values.write_number(row, number, float(value), self._format("#,##0.######", *look))
        elif column.format == "percentage" and isinstance(value, str):
            self._values.write_number(row, number, float(Decimal(value) / 100), self._format("0.00##%", *look))
        elif column.format == "monetary_amount" and isinstance(value, dict):
            currency = f'"{value["currency"]}" ' if value["currency"] else ""
            self._values.write_number(row, number, float(value["amount"]), self._format(f"{currency}#,##0.00", *look))
        else:
            # Yes and No stay words: they filter and read better than TRUE and FALSE.
            shape = "error" if cell.status == "error" else ""
            self._text(self._values, row, number, as_text(cell, column), self._format(shape, *look))

    def _add_evidence(self, row: GridRow, cell: Cell, column: ColumnSpec) -> None:
        state = "stale" if cell.stale else cell.status
        for citation in cell.citations or [{"page": None, "quote": "", "verified": None}]:
            verified = {True: "yes", False: "NO", None: ""}[citation["verified"]]
            fields = (
                row.document, column.name, as_text(cell, column), cell.flag, cell.rule, state, citation["page"],
                citation["quote"], verified, cell.reasoning, cell.error, cell.model,
            )  # fmt: skip
            self._evidence_row += 1
            if self._evidence_row >= MOST_ROWS:
                self._next_evidence_sheet()
            for number, field in enumerate(fields):
                if isinstance(field, int):
                    self._evidence.write_number(self._evidence_row, number, field)
                elif field:
                    self._text(self._evidence, self._evidence_row, number, field, self._wrapped)

    def _next_evidence_sheet(self) -> None:
        self._evidence_sheets += 1
        name = "Evidence" if self._evidence_sheets == 1 else f"Evidence {self._evidence_sheets}"
        self._evidence = self._sheet(name, _EVIDENCE, _WIDTHS)
        self._evidence.freeze_panes(1, 0)
        self._evidence.autofilter(0, 0, MOST_ROWS - 1, len(_EVIDENCE) - 1)
        self._evidence_row = 1 if self._evidence_sheets > 1 else 0

    def _sheet(self, name: str, headers: Sequence[str], widths: Sequence[int]) -> Any:
        sheet = self._book.add_worksheet(name)
        for number, (header, width) in enumerate(zip(headers, widths, strict=True)):
            sheet.set_column(number, number, width)
            self._text(sheet, 0, number, header, self._bold)
        return sheet

    def _text(self, sheet: Any, row: int, number: int, text: str, look: Any) -> None:
        clean = _ILLEGAL.sub("", text)
        if len(clean) > LONGEST_TEXT // 2 and len(units := clean.encode("utf-16-le")) > 2 * LONGEST_TEXT:
            clean = units[: 2 * (LONGEST_TEXT - len(CUT))].decode("utf-16-le", "ignore") + CUT
        sheet.write_string(row, number, clean, look)

    def _format(self, number_format: str, flag: Flag | None, doubtful: bool) -> Any:
        """One format per combination: Excel allows 64,000 of them, and a cell must not make its own."""
        key = (number_format, flag, doubtful)
        if key not in self._formats:
            properties: dict[str, Any] = {"valign": "top", "text_wrap": True, "italic": doubtful}
            if flag:
                properties["bg_color"] = _FILLS[flag]
            if number_format == "error":
                properties["font_color"] = "#C00000"
            elif number_format:
                properties |= {"num_format": number_format, "align": "left"}
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]
