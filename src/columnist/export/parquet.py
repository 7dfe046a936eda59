"""Parquet: one row per document."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from columnist.export.values import Columns, as_text
from columnist.reviews.model import Format, GridRow

ROWS_PER_GROUP = 500
"""Documents in a Parquet row group: what is held in memory."""

_OF_THE_DOCUMENT = ("document", "pages", "language", "how read", "problem")
_AMOUNT = pa.decimal128(38, 6)
_TYPES: dict[Format, pa.DataType] = {
    "text": pa.string(),
    "bulleted_list": pa.list_(pa.string()),
    "number": pa.float64(),
    "percentage": pa.float64(),
    "monetary_amount": pa.struct([("amount", _AMOUNT), ("currency", pa.string())]),
    "currency": pa.string(),
    "yes_no": pa.bool_(),
    "date": pa.date32(),
    "tag": pa.string(),
}


class ParquetWriter:
    """Typed columns: a question's value, and beside it what was shown, its flag and whether its quotes were verified.

    Numbers are float64, amounts decimal(38, 6) with their currency; a value that was not typed is null, and its
    `… (shown)` column has the text.
    """

    def __init__(self, target: Path, columns: Columns) -> None:
        self._columns = columns
        self._names = _distinct_names(columns)
        fields = [pa.field(name, pa.int32() if name == "pages" else pa.string()) for name in _OF_THE_DOCUMENT]
        for name, (_, column) in zip(self._names, columns, strict=True):
            fields += [
                pa.field(name, _TYPES[column.format]),
                pa.field(f"{name} (shown)", pa.string()),
                pa.field(f"{name} (flag)", pa.string()),
                pa.field(f"{name} (verified)", pa.bool_()),
            ]
        self._schema = pa.schema(fields)
        self._parquet = pq.ParquetWriter(target, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, row: GridRow) -> None:
        """The next document."""
        of_the_document = (row.document, row.page_count, row.language, row.how_read, row.error)
        values: dict[str, Any] = dict(zip(_OF_THE_DOCUMENT, of_the_document, strict=True))
        for name, (column_id, column) in zip(self._names, self._columns, strict=True):
            cell = row.cells.get(column_id)
            if cell is not None:
                values[name] = _typed(cell.value, column.format) if cell.status == "done" else None
                values[f"{name} (shown)"] = as_text(cell, column)
                values[f"{name} (flag)"] = cell.flag
                values[f"{name} (verified)"] = cell.verified
        self._rows.append(values)
        if len(self._rows) >= ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """After the last row."""
        self._flush()
        self._parquet.close()

    def abandon(self) -> None:
        """Instead of `close`, after a failure."""
        self._parquet.close()

    def _flush(self) -> None:
        if self._rows:
            self._parquet.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()


def _typed(value: Any, form: Format) -> Any:
    if value is None:
        return None
    match form:
        case "number" | "percentage":
            return float(value)
        case "date":
            return date.fromisoformat(value)
        case "monetary_amount":
            return {"amount": round(Decimal(value["amount"]), 6), "currency": value["currency"]}
    return value


def _distinct_names(columns: Columns) -> list[str]:
    """The columns' names, none twice and none that is taken, nor what stands beside them."""
    taken = set(_OF_THE_DOCUMENT)
    names = []
    for _, column in columns:
        name, nr = column.name, 2
        while taken & _with_those_beside(name):
            name, nr = f"{column.name} {nr}", nr + 1
        taken |= _with_those_beside(name)
        names.append(name)
    return names


def _with_those_beside(name: str) -> set[str]:
    return {f"{name}{ending}".lower() for ending in ("", " (shown)", " (flag)", " (verified)")}
