"""`columnist doctor`: try each thing that Columnist stands on, and say what to do about one that fails."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from columnist.db.connect import database_url
from columnist.db.migrate import migrations
from columnist.documents.blobs import BlobStore
from columnist.documents.guard import Reader
from columnist.errors import ColumnistError, LlmRefusedError
from columnist.extraction.back_ends import BackEnds
from columnist.processes import usable_cores
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


async def _database(settings: Settings) -> str:
    return await asyncio.to_thread(_look_at_database, settings)


def _look_at_database(settings: Settings) -> str:
    with database_url(settings) as url, psycopg.connect(url) as connection:
        version = connection.info.server_version
        kind = "external" if settings.database_url else "embedded"
        return f"{kind} PostgreSQL {version // 10_000}.{version % 10_000}, schema {len(migrations())}"


async def _reading(settings: Settings) -> str:
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe.txt")
        await asyncio.to_thread(probe.write_text, "This file is read in a guarded subprocess.")
        blobs = BlobStore(settings.model_copy(update={"data_dir": Path(folder)}))
        async with Reader(settings) as reader:
            with blobs.writing_boxes("0" * 64) as boxes:
                await reader.read(probe, probe.name, boxes)
    return f"{usable_cores()} files at a time, each with up to {settings.read_memory_mb:,} MB of memory"


async def _answers(settings: Settings) -> str:
    if settings.model == EXTRACTIVE:
        return "extractive: rules and quotes, no LLM. For an LLM set OPENAI_BASE_URL and COLUMNIST_MODEL."
    async with BackEnds(settings) as back_ends:
        served = await (await back_ends.chat(settings.model)).served_models()
    if not settings.model.endswith(".gguf") and settings.model not in served:
        names = ", ".join(sorted(served)[:10]) or "nothing"
        raise LlmRefusedError(f"The server does not serve {settings.model!r}, but {names}: set COLUMNIST_MODEL.")
    return f"{settings.model} answers at {settings.openai_base_url or 'this process'}"
