"""CSV: one row per document."""

import csv
from pathlib import Path

from columnist.export.values import Columns, as_text, harmless
from columnist.reviews.model import Cell, ColumnSpec, GridRow


class CsvWriter:
    """Answers as text, UTF-8 with the mark that Excel looks for."""

    def __init__(self, target: Path, columns: Columns) -> None:
        self._columns = columns
        self._file = target.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(["Document", *(harmless(column.name) for _, column in columns)])

    def add(self, row: GridRow) -> None:
        """The next document."""
        values = [self._field(row.cells.get(column_id), column) for column_id, column in self._columns]
        self._csv.writerow([harmless(row.document), *values])

    def close(self) -> None:
        """After the last row."""
        self._file.close()

    abandon = close

    @staticmethod
    def _field(cell: Cell | None, column: ColumnSpec) -> str:
        text = as_text(cell, column)
        typed_number = cell is not None and cell.value is not None and column.format in ("number", "percentage")
        return text if typed_number else harmless(text)
