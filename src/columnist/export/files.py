"""Writing a review to a file: the format by its suffix, row by row, the file visible when it is complete."""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from columnist.errors import InputError
from columnist.export.csv import CsvWriter
from columnist.export.values import Columns
from columnist.export.xlsx import XlsxWriter
from columnist.reviews.model import GridRow


class Writer(Protocol):
    """Takes rows one by one; `close` completes the file, `abandon` lets go of it."""

    def add(self, row: GridRow) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


class JsonWriter:
    """Everything: the questions, and each document with its cells in full, one document a line."""

    def __init__(self, target: Path, columns: Columns) -> None:
        self._columns = columns
        self._file = target.open("w", encoding="utf-8")
        head = [{"id": str(column_id), **asdict(column)} for column_id, column in columns]
        self._file.write(f'{{"columns": {_json(head)},\n"documents": [')
        self._separator = "\n"

    def add(self, row: GridRow) -> None:
        """The next document."""
        cells = {
            column.name: asdict(cell)
            for column_id, column in self._columns
            if (cell := row.cells.get(column_id)) is not None
        }
        document = {
            "id": str(row.document_id),
            "document": row.document,
            "path": row.path,
            "page_count": row.page_count,
            "language": row.language,
            "how_read": row.how_read,
            "error": row.error,
            "cells": cells,
        }
        self._file.write(self._separator + _json(document))
        self._separator = ",\n"

    def close(self) -> None:
        """After the last row."""
        self._file.write("\n]}\n")
        self._file.close()

    def abandon(self) -> None:
        """Instead of `close`, after a failure."""
        self._file.close()


def _parquet_writer(target: Path, columns: Columns) -> Writer:
    # Arrow takes a quarter of a second to import: who writes another format does not wait for it.
    from columnist.export.parquet import ParquetWriter

    return ParquetWriter(target, columns)


WRITERS: dict[str, Callable[[Path, Columns], Writer]] = {
    ".xlsx": XlsxWriter,
    ".csv": CsvWriter,
    ".parquet": _parquet_writer,
    ".json": JsonWriter,
}


def check_target(target: Path) -> None:
    """Raises InputError if a review cannot be written there: before the work, not after it."""
    if target.suffix.lower() not in WRITERS:
        raise InputError(f"{target.name}: a review is written as {', '.join(WRITERS)}.")
    if not target.absolute().parent.is_dir():
        raise InputError(f"The folder {target.absolute().parent} does not exist.")
    if not os.access(target.absolute().parent, os.W_OK) or target.is_dir():
        raise InputError(f"{target} cannot be written.")


async def write_review(
    rows: AsyncIterator[GridRow], columns: Columns, target: Path, written: Callable[[int], None] = lambda count: None
) -> int:
    """Write the rows to `target` in the format of its suffix; returns how many. `written` hears of progress.

    The file appears when it is complete; an existing one is replaced then. Raises InputError as `check_target`.
    """
    check_target(target)
    with _appearing(target) as part:
        writer = WRITERS[target.suffix.lower()](part, columns)
        count = 0
        try:
            async for row in rows:
                writer.add(row)
                count += 1
                written(count)
        except BaseException:
            writer.abandon()
            raise
        writer.close()
    return count


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A file beside the target that becomes it if all goes well, and is gone if not."""
    # Made like any other file, so that it is as open as the user's are: tempfile makes private ones.
    part = target.absolute().with_name(f".{target.name}.{uuid4().hex}")
    part.touch(exist_ok=False)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
