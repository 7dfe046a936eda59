"""CSV: one row per document."""

import csv
from itertools import chain
from pathlib import Path

from columnist.export.values import DETAILS, Columns, Details, Export, as_text, details, distinct_names, harmless, state
from columnist.reviews.model import GridRow

_OF_THE_DOCUMENT = ("Document", "Path", "Document id", "Pages", "How read", "Problem")
_STATE = " (state)"


class CsvWriter:
    """Answers as text, in UTF-8 with the byte-order mark that Excel needs.

    The columns are the document, then the value and state of each question, then the other details of each answer: its
    words, its flag, its author.
    """

    def __init__(self, target: Path, columns: Columns, export: Export) -> None:
        self._columns = columns
        # A lone surrogate cannot be written: it becomes a question mark.
        self._file = target.open("w", encoding="utf-8-sig", errors="replace", newline="")
        self._csv = csv.writer(self._file)
        beside = [f" ({name})" for name in DETAILS]
        names = distinct_names(export.heads(columns), _OF_THE_DOCUMENT, [_STATE, *beside])
        values = [name + ending for name in names for ending in ("", _STATE)]
        others = [name + ending for name in names for ending in beside]
        self._csv.writerow([*_OF_THE_DOCUMENT, *map(harmless, values), *map(harmless, others)])

    def add(self, row: GridRow) -> None:
        """Write the next document."""
        fields: list[object] = [
            harmless(row.document), harmless(row.path), row.document_id, row.page_count,
            harmless(row.how_read or ""), harmless(row.error or ""),
        ]  # fmt: skip
        cells = [(row.cells.get(column_id), column.format) for column_id, column in self._columns]
        for cell, form in cells:
            fields += (harmless(as_text(cell, form)), state(cell))
        fields += chain.from_iterable(_fields(details(cell)) for cell, _ in cells)
        self._csv.writerow(fields)

    def close(self) -> None:
        """Finish, after the last row."""
        self._file.close()

    abandon = close


def _fields(beside: Details) -> list[object]:
    return [harmless(one) if isinstance(one, str) else _yes_no[one] if isinstance(one, bool) else one for one in beside]


_yes_no = {True: "yes", False: "no"}
