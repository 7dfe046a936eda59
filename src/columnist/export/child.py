"""The work of a guarded child that writes an export: it reads the rows as their user, and writes them to a file.

It is bounded, and not closed: it needs the database and its folder of temporary files, and reads only our own bytes.
"""

import asyncio
import os
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from typing import BinaryIO

from pydantic import TypeAdapter

from columnist.db.connect import Database, is_weather
from columnist.documents.storage import outage_in
from columnist.errors import StorageFullError
from columnist.export import files
from columnist.export.extract import TEMPORARY, Writing
from columnist.guarded.frames import DONE, ERROR, send
from columnist.reviews.store import grid_rows

WRITING = TypeAdapter(Writing)


def warm() -> None:
    """Load Parquet's library, if it is installed, before children are forked."""
    with suppress(ModuleNotFoundError):
        import_module("columnist.export.parquet")


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Write the file of the next request: a line of JSON."""
    try:
        asyncio.run(_write(WRITING.validate_json(requests.readline())))
    except Exception as error:  # noqa: BLE001 - the parent reports it
        if (outage := outage_in(error)) is not None:
            kind = "full" if isinstance(outage, StorageFullError) else "storage"
            send(frames, ERROR, {"fault": kind, "error": str(outage)})
        elif is_weather(error):
            send(frames, ERROR, {"fault": "database", "error": str(error)})
        else:
            traceback.print_exc()
            send(frames, ERROR, {"fault": "bug", "error": repr(error)})
    else:
        send(frames, DONE, {})


async def _write(asked: Writing) -> None:
    os.environ.update(asked.environment)
    tempfile.tempdir = str(asked.target.parent / TEMPORARY)  # deleted with the export, also if this process is killed
    extract = asked.extract
    async with Database(asked.url, connections=1) as database, database.act_as(asked.user) as connection:
        rows = grid_rows(
            connection,
            extract.review_id,
            [column_id for column_id, _ in extract.columns],
            extract.document_ids,
            extract.in_use,
            citations=asked.target.suffix not in files.WITHOUT_QUOTES,
        )
        await files.write_review(
            rows,
            extract.columns,
            asked.target,
            review=extract.review,
            units=extract.units,
            measured=extract.in_use.measured,
        )
