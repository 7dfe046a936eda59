"""XLSX: a sheet of typed values for reading and sorting, one of their states, and one of evidence, by line."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from columnist.documents.model import Citation
from columnist.export.values import Columns, Export, Money, as_text, mark, problem, reading, state, typed, words
from columnist.reviews.model import Cell, ColumnSpec, Flag, Format, GridRow

LONGEST_TEXT = 32_767
"""The longest text of a cell in UTF-16 units, as Excel counts."""
MOST_ROWS = 1_048_576
MOST_COMMENTS, LONGEST_COMMENT = 20_000, 1_000
"""Comments are kept in memory until the file is complete; the sheet of evidence has all words."""
CUT = "… [cut: the JSON export has all of it]"

_FILLS: dict[Flag, str] = {"green": "#E2F0D9", "yellow": "#FFF2CC", "red": "#F8CBAD", "grey": "#EDEDED"}
_HATCHED = 14
"""Excel's number for the pattern of a failed cell without an answer."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?")
"""XML and Excel have one line end."""
_EVIDENCE = {
    "Document": 34, "Column": 22, "Answer": 34, "Flag": 8, "Rule": 22, "State": 12, "Page": 7, "Quote": 70,
    "Quote verified": 13, "Reasoning": 50, "Problem": 40, "Model": 16, "Words": 34, "Edited by": 22, "Edited at": 20,
    "Verified by": 22, "Verified at": 20, "Prompt version": 14, "Column version": 14, "Job": 36, "Path": 34,
    "Document id": 36,
}  # fmt: skip
"""The headings of the evidence sheet, and their widths."""
_EARLIER = "model's answer before the edit"
_OLDEST_EXCEL_DATE = date(1900, 3, 1)
"""Excel has a 29 February 1900: earlier dates are written as text."""
_DIGITS = 15
"""Most digits of a number in Excel; a number with more is written as text."""


class _Sheet(Worksheet):  # type: ignore[misc]  # it has no types
    """Every text is written as text: XlsxWriter takes one from `<r>` to `</r>` for markup, which could contain a
    formula."""

    def _xml_rich_inline_string(self, string: str, attributes: Sequence[tuple[str, object]] = ()) -> None:
        self._xml_inline_string(string, True, attributes)


class XlsxWriter:
    """Writes rows as they arrive; no sheet is kept in memory."""

    def __init__(self, target: Path, columns: Columns, export: Export) -> None:
        self._columns = columns
        self._measured = export.measured
        self._book = xlsxwriter.Workbook(
            str(target), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._book.set_properties({"title": _clean(export.review), "comments": f"Columnist {export.version}"})
        self._formats: dict[tuple[str, Flag | None, bool], Any] = {}
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        headings = {"Document": 34}
        answers: list[tuple[str, int]] = []
        for _, column in export.heads(columns):
            answers.append((column.name, 24))
            if column.format == "monetary_amount":
                answers.append((f"{column.name} (currency)", 9))
        self._width = 4 + len(answers)
        of_the_document = [("Path", 34), ("Document id", 36), ("How read", 50)]
        self._values = self._sheet("Review", [*headings.items(), *answers, *of_the_document])
        self._values.freeze_panes(1, 1)
        states = [*headings.items(), *((column.name, 24) for _, column in columns), *of_the_document]
        self._states = self._sheet("States", states)
        self._states.freeze_panes(1, 1)
        self._row = 0
        self._comments = 0
        self._evidence_sheets = 0
        self._next_evidence_sheet()

    def add(self, row: GridRow) -> None:
        """Write the next document."""
        self._row += 1
        self._text(self._values, self._row, 0, row.document, self._wrapped)
        self._text(self._states, self._row, 0, row.document, self._wrapped)
        at = 0
        for number, (column_id, column) in enumerate(self._columns, start=1):
            at += 1
            cell = row.cells.get(column_id)
            if (shown := state(cell)) != "done":
                self._text(self._states, self._row, number, shown, self._wrapped)
            if cell is not None:
                self._value(self._row, at, cell, column.format)
                self._comment(self._row, at, cell, column.format)
                self._add_evidence(row, cell, column)
            at += column.format == "monetary_amount"
        for sheet, place in ((self._values, at + 1), (self._states, len(self._columns) + 1)):
            self._text(sheet, self._row, place, row.path, self._wrapped)
            self._text(sheet, self._row, place + 1, str(row.document_id), self._wrapped)
            self._text(sheet, self._row, place + 2, row.how_read or row.error or "", self._wrapped)

    def close(self) -> None:
        """Finish, after the last row."""
        self._values.autofilter(0, 0, max(self._row, 1), self._width - 1)
        self._states.autofilter(0, 0, max(self._row, 1), len(self._columns) + 3)
        self._close_book()

    def abandon(self) -> None:
        """Instead of `close`, after a failure: the target is dropped."""
        self._close_book()

    def _close_book(self) -> None:
        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError

    def _value(self, row: int, number: int, cell: Cell, form: Format) -> None:
        if cell.status != "done":
            if cell.status == "error":
                self._values.write_blank(row, number, None, self._format("failed", None, False))
            return
        # A format that changes what Excel shows, not the stored value.
        after = f'" ({shown})"' if (shown := mark(cell)) else ""
        look = (cell.colour(self._measured), bool(shown) or cell.verified is False)
        value = typed(cell, form)
        match value:
            case Money(amount, currency):
                if (figure := _figure(amount)) is not None:
                    before = f'"{currency}" ' if currency else ""
                    shape = f"{before}#,##0.{'0' * max(2, _places(amount))}{after}"
                    self._values.write_number(row, number, figure, self._format(shape, *look))
                    self._text(self._values, row, number + 1, currency or "", self._wrapped)
                    return
            case Decimal() if form == "percentage":
                if (figure := _figure(_hundredth(value))) is not None:
                    self._values.write_number(row, number, figure, self._format(f"0.00##%{after}", *look))
                    return
            case Decimal():
                if (figure := _figure(value)) is not None:
                    shape = f"#,##0{'.######' if _places(value) else ''}{after}"
                    self._values.write_number(row, number, figure, self._format(shape, *look))
                    return
            case date() if value >= _OLDEST_EXCEL_DATE:
                self._values.write_datetime(row, number, value, self._format(f"yyyy-mm-dd{after}", *look))
                return
        # Yes and No stay words, which filter and read better than TRUE and FALSE.
        self._text(self._values, row, number, as_text(cell, form), self._format(after and f"@{after}", *look))

    def _comment(self, row: int, number: int, cell: Cell, form: Format) -> None:
        """The words of a figure if they are written differently from its value."""
        if self._comments < MOST_COMMENTS and reading(cell, form):
            self._comments += 1
            self._values.write_comment(row, number, _clean(words(cell))[:LONGEST_COMMENT], {"author": "Columnist"})

    def _add_evidence(self, row: GridRow, cell: Cell, column: ColumnSpec) -> None:
        answer = as_text(cell, column.format)
        shown = words(cell)
        path = row.path if row.path != row.document else None
        for citation in cell.citations or (None,):
            self._line(
                (
                    row.document, column.name, answer, cell.flag, cell.rule, state(cell), *_quoted(citation),
                    cell.reasoning, problem(cell), cell.model, shown if shown != answer else None, cell.edited_by,
                    cell.edited_at, cell.verified_by, cell.verified_at, cell.prompt_version, cell.column_version,
                    cell.job_id, path, row.document_id,
                )
            )  # fmt: skip
        if (was := cell.earlier) is not None:
            for citation in was.citations or (None,):
                self._line(
                    (
                        row.document, column.name, was.summary, None, None, _EARLIER, *_quoted(citation),
                        was.reasoning, None, was.model, None, None, None, None, None, was.prompt_version, None, None,
                        path, row.document_id,
                    )
                )  # fmt: skip

    def _line(self, fields: Sequence[str | int | UUID | datetime | None]) -> None:
        self._evidence_row += 1
        if self._evidence_row >= MOST_ROWS:
            self._next_evidence_sheet()
        for number, field in enumerate(fields):
            if isinstance(field, int):
                self._evidence.write_number(self._evidence_row, number, field)
            elif field:
                text = field.isoformat(" ", "seconds") if isinstance(field, datetime) else str(field)
                self._text(self._evidence, self._evidence_row, number, text, self._wrapped)

    def _next_evidence_sheet(self) -> None:
        self._evidence_sheets += 1
        name = "Evidence" if self._evidence_sheets == 1 else f"Evidence {self._evidence_sheets}"
        self._evidence = self._sheet(name, [*_EVIDENCE.items()])
        self._evidence.freeze_panes(1, 0)
        self._evidence.autofilter(0, 0, MOST_ROWS - 1, len(_EVIDENCE) - 1)
        self._evidence_row = 1 if self._evidence_sheets > 1 else 0

    def _sheet(self, name: str, headings: Sequence[tuple[str, int]]) -> Any:
        sheet = self._book.add_worksheet(name, _Sheet)
        for number, (heading, width) in enumerate(headings):
            sheet.set_column(number, number, width)
            self._text(sheet, 0, number, heading, self._bold)
        sheet.set_landscape()  # on paper, each page begins with the heads and with the documents
        sheet.repeat_rows(0)
        sheet.repeat_columns(0)
        return sheet

    def _text(self, sheet: Any, row: int, number: int, text: str, look: Any) -> None:
        clean = _clean(text)
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
            if number_format == "failed":
                properties |= {"pattern": _HATCHED, "fg_color": "#C00000", "bg_color": "#FFFFFF"}
            elif number_format:
                properties |= {"num_format": number_format, "align": "left"}
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]


def _quoted(citation: Citation | None) -> tuple[int | None, str, str]:
    if citation is None:
        return None, "", ""
    return citation.page, citation.quote, "yes" if citation.verified else "NO"


def _figure(value: Decimal) -> float | None:
    """The number as Excel stores it; None if Excel would show another one."""
    number = float(value)
    return number if Decimal(f"{number:.{_DIGITS}g}") == value else None


def _hundredth(value: Decimal) -> Decimal:
    """Exact, with any number of digits."""
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, int(exponent) - 2))


def _places(value: Decimal) -> int:
    """The number of decimals."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def _clean(text: str) -> str:
    return text if text.isprintable() else _ILLEGAL.sub("", _LINE_END.sub("\n", text))
