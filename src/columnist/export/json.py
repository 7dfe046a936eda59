"""JSON: everything, one document per line."""

import json
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from columnist.documents.model import Citation
from columnist.export.values import Columns, Export, state
from columnist.reviews.model import Cell, EarlierAnswer, GridRow

_FIELDS = [field.name for field in fields(Cell)]
_NEVER_ASKED = dict.fromkeys(_FIELDS) | {"status": "missing", "state": state(None), "citations": [], "stale": False}


class JsonWriter:
    """The questions, and each document with its full cells, one document per line."""

    def __init__(self, target: Path, columns: Columns, export: Export) -> None:
        self._columns = columns
        # A lone surrogate is written as an escape.
        self._file = target.open("w", encoding="utf-8", errors="backslashreplace")
        about = {"review": export.review, "exported_at": export.at, "version": export.version}
        self._file.write(f'{encoded(about)[:-1]},\n"columns": {encoded(export.questions(columns))},\n"documents": [')
        self._separator = "\n"

    def add(self, row: GridRow) -> None:
        """Write the next document."""
        document = {
            "id": str(row.document_id),
            "document": row.document,
            "path": row.path,
            "page_count": row.page_count,
            "language": row.language,
            "how_read": row.how_read,
            "same_as": row.same_as,
            "newer_file_at": row.newer_file_at,
            "error": row.error,
            "cells": {column.name: _cell(row.cells.get(column_id)) for column_id, column in self._columns},
        }
        self._file.write(self._separator + encoded(document))
        self._separator = ",\n"

    def close(self) -> None:
        """Finish, after the last row."""
        self._file.write("\n]}\n")
        self._file.close()

    def abandon(self) -> None:
        """Instead of `close`, after a failure."""
        self._file.close()


def _cell(cell: Cell | None) -> dict[str, Any]:
    if cell is None:
        return _NEVER_ASKED
    return {"state": state(cell)} | {name: getattr(cell, name) for name in _FIELDS}


def encoded(value: Any) -> str:
    """A value as one line of JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:  # JSON has no NaN and infinity: they are texts
        known = json.loads(json.dumps(value, default=_plain), parse_constant=str)
        return json.dumps(known, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Citation | EarlierAnswer):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
