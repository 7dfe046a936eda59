"""`columnist doctor`: try each thing that Columnist stands on, and say what to do about one that fails."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from columnist.db.connect import Database, database_url
from columnist.db.migrate import migrations
from columnist.documents.guard import Reader
from columnist.errors import ColumnistError
from columnist.extraction.back_ends import BackEnds
from columnist.extraction.model import DocumentText
from columnist.settings import EXTRACTIVE, Settings

LITTLE_DISK = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is; a sentence with what to do if it is not good."""

    subject: str
    good: bool
    sentence: str


async def examine(settings: Settings) -> list[Finding]:
    """Try everything; nothing that fails keeps the rest from being tried."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("Disk", _disk),
        ("Database", _database),
        ("Reading files", _reading),
        ("Answers", _answers),
    ]
    findings = []
    for subject, check in checks:
        try:
            findings.append(Finding(subject, True, await check(settings)))
        except (ColumnistError, OSError) as error:
            findings.append(Finding(subject, False, str(error)))
    return findings


async def _disk(settings: Settings) -> str:
    folder = settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        probe.write(b"x")
    free = shutil.disk_usage(folder).free
    if free < LITTLE_DISK:
        raise OSError(f"{folder} has only {free / 1024**2:,.0f} MB left: free some, or set COLUMNIST_DATA_DIR.")
    return f"{folder} is writable, {free / 1024**3:,.0f} GB free"
