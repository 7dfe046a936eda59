"""Parquet: one row per document."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from columnist.export.values import (
    DETAILS,
    Columns,
    Export,
    Money,
    Typed,
    details,
    distinct_names,
    state,
    typed,
)
from columnist.reviews.model import Cell, Format, GridRow

ROWS_PER_GROUP = 500
"""Documents per Parquet row group, which is kept in memory."""

_PLACES, _DIGITS = 9, 38
_OF_THE_DOCUMENT = {
    "document": pa.string(),
    "path": pa.string(),
    "document id": pa.string(),
    "pages": pa.int32(),
    "language": pa.string(),
    "how read": pa.string(),
    "problem": pa.string(),
}
_TYPES: dict[Format, pa.DataType] = {
    "text": pa.string(),
    "bulleted_list": pa.list_(pa.string()),
    "number": pa.float64(),
    "percentage": pa.float64(),
    "monetary_amount": pa.struct([("amount", pa.decimal128(_DIGITS, _PLACES)), ("currency", pa.string())]),
    "currency": pa.string(),
    "yes_no": pa.bool_(),
    "date": pa.date32(),
    "tag": pa.string(),
}
_TIME = pa.timestamp("us", tz="UTC")
_EVIDENCE = pa.list_(pa.struct([("page", pa.int32()), ("quote", pa.string()), ("verified", pa.bool_())]))
_KINDS = {"verified": pa.bool_(), "edited at": _TIME, "verified at": _TIME, "column version": pa.int32()}
_BESIDE: dict[str, pa.DataType] = {
    "state": pa.string(),
    **{name: _KINDS.get(name, pa.string()) for name in DETAILS},
    "reasoning": pa.string(),
    "evidence": _EVIDENCE,
}


class ParquetWriter:
    """Typed columns: the value of each question, then its state, its words, its author, and its evidence.

    Numbers are float64, amounts decimal(38, 9) with their currency. A value that has another type than the column, or
    would change in it, is null, and `… (shown)` has the words. The file's metadata has the questions as JSON.
    """

    def __init__(self, target: Path, columns: Columns, export: Export) -> None:
        self._columns = columns
        names = distinct_names(columns, [*_OF_THE_DOCUMENT], [f" ({name})" for name in _BESIDE])
        fields = [pa.field(name, kind) for name, kind in _OF_THE_DOCUMENT.items()]
        for name, (_, column) in zip(names, columns, strict=True):
            fields.append(pa.field(name, _TYPES[column.format]))
            fields += [pa.field(f"{name} ({beside})", kind) for beside, kind in _BESIDE.items()]
        about = {
            "review": export.review,
            "exported_at": export.at.isoformat(),
            "version": export.version,
            "columns": json.dumps(export.questions(columns)),
        }
        metadata = {f"columnist.{name}": _storable(text) for name, text in about.items()}
        self._schema = pa.schema(fields, metadata=metadata)
        self._parquet = pq.ParquetWriter(target, self._schema, compression="zstd")
        self._values: list[list[Any]] = [[] for _ in fields]

    def add(self, row: GridRow) -> None:
        """Write the next document."""
        line = [
            row.document, row.path, str(row.document_id), row.page_count, row.language, row.how_read, row.error
        ]  # fmt: skip
        for column_id, column in self._columns:
            line += _fields(row.cells.get(column_id), column.format)
        for values, one in zip(self._values, line, strict=True):
            values.append(one)
        if len(self._values[0]) >= ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Finish, after the last row."""
        self._flush()
        self._parquet.close()

    def abandon(self) -> None:
        """Instead of `close`, after a failure."""
        self._parquet.close()

    def _flush(self) -> None:
        if self._values[0]:
            arrays = [_array(values, field.type) for values, field in zip(self._values, self._schema, strict=True)]
            self._parquet.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._values = [[] for _ in self._schema]


def _fields(cell: Cell | None, form: Format) -> tuple[Any, ...]:
    beside = details(cell)
    beside = beside._replace(job=beside.job and str(beside.job))  # type: ignore[arg-type]  # as Parquet has it
    reasoning = None if cell is None else cell.reasoning
    evidence = None if cell is None else [{name: getattr(one, name) for name in _PARTS} for one in cell.citations]
    return _exact(typed(cell, form)), state(cell), *beside, reasoning, evidence


_PARTS = ("page", "quote", "verified")


def _exact(value: Typed | None) -> Any:
    """The value as Arrow stores it; None if Arrow would change it."""
    match value:
        case Decimal():
            number = float(value)
            return number if Decimal(repr(number)) == value else None
        case Money(amount, currency):
            return {"amount": amount, "currency": currency} if _fits(amount) else None
    return value


def _fits(amount: Decimal) -> bool:
    _, digits, exponent = amount.as_tuple()
    places = -int(exponent)
    while places > _PLACES and digits and digits[-1] == 0:
        digits, places = digits[:-1], places - 1
    return places <= _PLACES and len(digits) - places <= _DIGITS - _PLACES


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type=kind)
    except (ValueError, TypeError, OverflowError):  # a lone surrogate, which UTF-8 cannot encode
        return pa.array([_storable(one) for one in values], type=kind)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {name: _storable(one) for name, one in value.items()}
    return value
