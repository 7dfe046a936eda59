"""JSON Lines, for programs: each document with its cells in full, one `GridRow` a line."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from columnist.export.json import encoded
from columnist.export.values import Columns, Export
from columnist.reviews.model import GridRow

_row = TypeAdapter(GridRow)


class JsonLinesWriter:
    """Writes the fields of a GridRow; its cells are keyed by the id of their column."""

    def __init__(self, target: Path, columns: Columns, export: Export) -> None:
        # A lone surrogate is written as an escape.
        self._file = target.open("w", encoding="utf-8", errors="backslashreplace")

    def add(self, row: GridRow) -> None:
        """Write the next document."""
        cells = {str(column_id): asdict(cell) for column_id, cell in row.cells.items()}
        self._file.write(encoded(asdict(row) | {"cells": cells}) + "\n")

    def close(self) -> None:
        """Finish, after the last row."""
        self._file.close()

    def abandon(self) -> None:
        """Instead of `close`, after a failure."""
        self._file.close()


def read_rows(file: Path) -> Iterator[GridRow]:
    """The rows of a file that JsonLinesWriter wrote, one at a time."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield _row.validate_python(json.loads(line))
