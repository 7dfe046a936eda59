"""The main job from Python: the synchronous door to `session`."""

import asyncio
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from columnist.export.files import write_review
from columnist.reviews.columns_file import parse_columns, read_columns
from columnist.reviews.model import ColumnSpec, Failure
from columnist.session import Source, find_files, open_session
from columnist.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Result:
    """A filled grid: one row per document, and per question its value, what is shown, its flag, and `(verified)`.

    `failures` are the cells without an answer and why; `refused` the files that were not taken in and why.
    """

    review: str
    table: pa.Table
    failures: list[Failure]
    refused: dict[Path, str]

    def to_pandas(self) -> "pd.DataFrame":
        """As a pandas data frame. Raises ModuleNotFoundError without pandas."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def to_polars(self) -> "pl.DataFrame":
        """As a Polars data frame. Raises ModuleNotFoundError without Polars."""
        import polars as pl

        frame = pl.from_arrow(self.table)
        assert isinstance(frame, pl.DataFrame)
        return frame


def run(
    paths: PathLike | Iterable[PathLike],
    columns: PathLike | Sequence[Mapping[str, Any]],
    *,
    model: str | None = None,
    review: str | None = None,
) -> Result:
    """Ask every question about every document, wait, and return the grid; the same call again asks nothing again.

    `paths`: files and folders. `columns`: a YAML file, or mappings with name, prompt, format and tags. `model` and the
    rest come from the settings. Works in a notebook, too. Raises ColumnistError (errors.py) with a sentence.
    """
    named = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = find_files([Path(path) for path in named]).files
    if isinstance(columns, str | os.PathLike):
        asked = read_columns(Path(columns))
    else:
        asked = parse_columns({"columns": [dict(column) for column in columns]}, "columns")
    name = review or Path(named[0]).resolve().name
    # A thread of its own: a notebook's event loop is running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _run(files, asked, model, name)).result()


async def _run(files: list[Source], columns: list[ColumnSpec], model: str | None, review: str) -> Result:
    settings = load_settings()
    async with open_session(settings) as session:
        grid = await session.prepare(review, files, columns)
        generated = await session.generate(grid, model or settings.model)
        async with session.working():
            async for _ in session.watch(generated.job_id):
                pass
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "review.parquet")
            await write_review(session.rows(grid), grid.columns, target)
            table = pq.read_table(target)
        return Result(review, table, await session.failures(grid), grid.refused)
