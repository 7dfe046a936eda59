"""Writing a review to a file: the format by its suffix, row by row, the file visible when it is complete."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from columnist.errors import InputError, SettingsError
from columnist.export.csv import CsvWriter
from columnist.export.json import JsonWriter
from columnist.export.jsonl import JsonLinesWriter
from columnist.export.values import Columns, Export
from columnist.export.xlsx import XlsxWriter
from columnist.paths import appearing, writing
from columnist.reviews.model import GridRow


class Writer(Protocol):
    """Takes rows one by one; `close` completes the file, `abandon` drops it."""

    def add(self, row: GridRow) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


def _parquet_writer(target: Path, columns: Columns, export: Export) -> Writer:
    # Arrow takes 0.25 s to import, which other formats do not need.
    from columnist.export.parquet import ParquetWriter

    return ParquetWriter(target, columns, export)


WRITERS: dict[str, Callable[[Path, Columns, Export], Writer]] = {
    ".xlsx": XlsxWriter,
    ".csv": CsvWriter,
    ".parquet": _parquet_writer,
    ".json": JsonWriter,
    ".jsonl": JsonLinesWriter,
}


WITHOUT_QUOTES = (".csv",)
"""Formats without citations, for which these are not read."""


def check_format(suffix: str) -> None:
    """Raises SettingsError if the library for this format is not installed."""
    if suffix == ".parquet" and find_spec("pyarrow") is None:
        raise SettingsError("Parquet needs the extra `parquet`: pip install 'columnist[parquet]'")


def check_target(target: Path) -> None:
    """Raises InputError if a review cannot be written there, SettingsError as `check_format` does: call it before the
    work."""
    if target.suffix.lower() not in WRITERS:
        raise InputError(f"{target.name}: a review can be written as {', '.join(WRITERS)}.")
    check_format(target.suffix.lower())
    if not target.absolute().parent.is_dir():
        raise InputError(f"The folder {target.absolute().parent} does not exist.")
    # It is tried by writing: for root, os.access permits everything.
    with writing(target), TemporaryFile(dir=target.absolute().parent):
        if target.is_dir():
            raise InputError(f"{target} is a folder.")


async def write_review(
    rows: AsyncIterator[GridRow],
    columns: Columns,
    target: Path,
    written: Callable[[int], None] = lambda count: None,
    review: str = "",
    units: Mapping[UUID, str | None] = MappingProxyType({}),
    measured: Collection[str] = (),
) -> int:
    """Write the rows to `target` in the format of its suffix; returns how many. `written` is called with the progress;
    `review` is the review's name; `units`: of columns whose questions name none; `measured`: the models whose green is
    filled in XLSX.

    The file appears when it is complete; an existing one is replaced then. Raises InputError as `check_target` does.
    """
    check_target(target)
    with appearing(target) as part:
        export = Export(review, datetime.now(UTC), version("columnist"), units, measured)
        writer = WRITERS[target.suffix.lower()](part, columns, export)
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
