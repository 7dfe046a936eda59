"""`columnist doctor`: try each thing that Columnist needs, and say how to fix what fails."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg

from columnist.asking.prompt import messages, page_texts, schema
from columnist.back_ends import BackEnds
from columnist.cancelling import off_loop
from columnist.cpu import usable_cores
from columnist.db.connect import Database, database_url
from columnist.db.migrate import migrations
from columnist.db.sql import statement
from columnist.documents.blobs import BlobStore
from columnist.documents.ownership import claim_store
from columnist.documents.reading import old_office
from columnist.documents.reading.reader import Reader
from columnist.errors import ColumnistError, DatabaseError, LlmRefusedError
from columnist.guarded.children import sandbox_in_words
from columnist.jobs.job import resume_copied
from columnist.reviews.model import Question
from columnist.settings import EXTRACTIVE, Settings, listed_urls, models_in

if TYPE_CHECKING:
    from columnist.llm.server import Server

ANSWER_TOKENS = 1_000
_QUESTION = Question(UUID(int=1), "Rent", "How high is the monthly rent?", "monetary_amount")
LITTLE_DISK = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one thing; `sentence` says what to do if it is not good."""

    subject: str
    good: bool
    sentence: str


async def examine(settings: Settings, *, adopt: bool = False) -> list[Finding]:
    """Try everything, even if something fails. `adopt`: first assign the file store to this database; if it was a copy,
    its jobs go on."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("Disk", _disk),
        ("Database", _database),
        ("Files", partial(_files, adopt=adopt)),
        ("Reading files", _reading),
        ("Answers", _answers),
        ("Sign-in", _sign_in),
    ]
    findings = []
    for subject, check in checks:
        try:
            findings.append(Finding(subject, True, await check(settings)))
        except (ColumnistError, OSError, psycopg.Error) as error:
            findings.append(Finding(subject, False, str(error).strip()))
    return findings


async def _disk(settings: Settings) -> str:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        raise OSError(
            f"{folder} cannot be written to ({error.strerror}): make room, or set COLUMNIST_DATA_DIR."
        ) from None
    free = shutil.disk_usage(folder).free
    if free < LITTLE_DISK:
        raise OSError(f"{folder} has only {free / 1024**2:,.0f} MB left: free some, or set COLUMNIST_DATA_DIR.")
    return f"{folder} is writable, {free / 1024**3:,.0f} GB free"


async def _database(settings: Settings) -> str:
    return await asyncio.to_thread(_look_at_database, settings)


def _look_at_database(settings: Settings) -> str:
    with database_url(settings) as url, psycopg.connect(url) as connection:
        try:
            connection.execute("set local role columnist_worker")
            connection.execute("insert into loose_contents (sha256) values (repeat('0', 64)) on conflict do nothing")
            connection.rollback()
        except psycopg.Error as error:
            raise DatabaseError(f"PostgreSQL answers, but cannot be written to: {str(error).strip()}") from None
        if (full := _notifications(connection)) > 0.5:
            raise DatabaseError(
                f"PostgreSQL's queue of notifications is {full:.0%} full, because a session listens in a transaction "
                "that does not end. Work goes on, but starts later. Find the session in pg_stat_activity (idle in "
                "transaction), and end it: select pg_terminate_backend(PID)."
            )
        if too_much := _too_much(connection):
            raise DatabaseError(
                f"The database login {connection.info.user} {', '.join(too_much)}, which no running process needs. "
                "Create another login for DATABASE_URL (create role columnist_run login noinherit password '…'), set "
                "COLUMNIST_MIGRATION_URL to this one, and run columnist migrate."
            )
        version = connection.info.server_version
        kind = "external" if settings.database_url else "embedded"
        return f"{kind} PostgreSQL {version // 10_000}.{version % 10_000}, schema {len(migrations())}"


def _notifications(connection: psycopg.Connection) -> float:
    """The used share of the queue of notifications, which PostgreSQL empties when all listeners have read them."""
    row = connection.execute("select pg_notification_queue_usage()").fetchone()
    assert row
    return float(row[0])


def _too_much(connection: psycopg.Connection) -> list[str]:
    """The rights of a login that running Columnist does not need."""
    cursor = connection.execute(statement("columnist.db", "rights_of_login"))
    row = cursor.fetchone()
    assert row and cursor.description
    return [column.name for column, true in zip(cursor.description, row, strict=True) if true]


async def _files(settings: Settings, adopt: bool) -> str:
    blobs = BlobStore(settings)
    async with off_loop(database_url(settings)) as url, Database(url, connections=1) as database:
        await claim_store(database, blobs, adopt=adopt)
        if adopt:
            await resume_copied(database)
    await asyncio.to_thread(blobs.probe)
    await asyncio.to_thread(blobs.check_deleting)
    return f"{settings.blobs_url or settings.data_dir / 'blobs'} stores and returns files"


async def _reading(settings: Settings) -> str:
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe.txt")
        await asyncio.to_thread(probe.write_text, "This file is read in a guarded subprocess.")
        blobs = BlobStore(settings.model_copy(update={"data_dir": Path(folder), "blobs_url": None}))
        async with Reader(settings) as reader:
            with blobs.writing_boxes("0" * 64) as boxes:
                await reader.read(probe, probe.name, boxes)
    return (
        f"{usable_cores()} files at a time, each with up to {settings.read_memory_mb:,} MB of memory; LibreOffice, for "
        f"old Word, Excel and PowerPoint files: {old_office.program() or 'not installed'}; sandbox: "
        f"{await sandbox_in_words()}"
    )


async def _answers(settings: Settings) -> str:
    """The state of each model in use. Raises LlmError or SettingsError."""
    if settings.model == EXTRACTIVE:
        rules = "extractive: rules and quotes, no LLM."
        if settings.openai_base_url is None:
            return f"{rules} For an LLM set OPENAI_BASE_URL and COLUMNIST_MODEL."
        async with BackEnds(settings) as back_ends:
            served = [await _served(server) for server in (await back_ends.chat(EXTRACTIVE)).servers]
        return f"{rules} OPENAI_BASE_URL is set: name a model with COLUMNIST_MODEL or --model. {'. '.join(served)}"
    async with BackEnds(settings) as back_ends:
        await back_ends.named(settings.model)
    models = dict.fromkeys((*models_in(settings.model), settings.second_model))
    asked = [settings.model_copy(update={"model": one}) for one in models if one not in (None, EXTRACTIVE)]
    return ". ".join([await _answers_of_one(one) for one in asked])


async def _served(server: "Server") -> str:
    """Raises LlmError."""
    return f"{server.name} serves {_names(await server.served_models())}"


def _names(served: Sequence[str]) -> str:
    return ", ".join(sorted(served)[:10]) or "nothing"


async def _answers_of_one(settings: Settings) -> str:
    if settings.model.endswith(".gguf"):
        return await _asked_twice(settings)
    findings, failures = [], []
    for url in listed_urls(settings.openai_base_url) if settings.openai_base_url else (None,):
        one = settings.model_copy(update={"openai_base_url": url})
        try:
            findings.append(await _asked_twice(one))
        except ColumnistError as error:
            failures.append(str(error))
    if failures:
        raise LlmRefusedError(" ".join((*failures, *(f"{finding}." for finding in findings))))
    return ". ".join(findings)


async def _sign_in(settings: Settings) -> str:
    ways = {
        "by password (columnist users invite EMAIL)": settings.sign_in == "password",
        f"at {settings.oidc_issuer}": settings.oidc_issuer is not None,
        "by JWT": settings.jwt_secret is not None or settings.jwks_url is not None,
    }
    if not any(ways.values()):
        return (
            "none: this machine's user alone. For a team set COLUMNIST_SIGN_IN=password and COLUMNIST_PUBLIC_URL, and "
            "send each person the link of columnist users invite EMAIL"
        )
    return ", ".join(way for way, is_on in ways.items() if is_on)


async def _asked_twice(settings: Settings) -> str:
    """How a server answers a question. Raises LlmError."""
    # It takes half a second to import.
    from columnist.asking.raw_answers import raw_answers

    async with BackEnds(settings) as back_ends:
        chat = await back_ends.chat(settings.model)
        (server,) = chat.servers
        is_here = settings.model.endswith(".gguf")
        where = "this process" if is_here else server.name
        served = await server.served_models()
        if not is_here and settings.model not in served:
            names = _names(served)
            raise LlmRefusedError(f"{where} does not serve {settings.model!r}, but {names}: set COLUMNIST_MODEL.")
        context = await chat.context_tokens()
        asked = messages("lease.txt", page_texts(["The tenant pays a rent of 900 euros a month. " * 40]), [_QUESTION])
        first, second = [await chat.complete(asked, schema([_QUESTION]), ANSWER_TOKENS) for _ in range(2)]
        metrics = await server.metrics() or ""
    raw_answers(first, [_QUESTION])
    notes = [f"{settings.model} answers by the schema at {where}, with a context of {context:,} tokens"]
    if 'enable_prefix_caching="False"' in metrics:
        notes.append(
            "Its prefix cache is off, so that it reads a document again for each call: start vLLM without "
            "--no-enable-prefix-caching"
        )
    elif not second.cached_tokens:
        notes.append(
            "It reports no tokens from its cache for a prompt that it has just read: the second reading may be paid in "
            "full. vLLM needs --enable-prompt-tokens-details to report them"
        )
    if "vllm:" in metrics and "\n\n" in first.text + second.text:
        notes.append(
            "It fills its answers with blank lines, which take time and tokens: vLLM needs --structured-outputs-config "
            '\'{"backend": "xgrammar", "disable_any_whitespace": true}\''
        )
    if first.thoughts:
        notes.append(
            "It thinks before it answers, which takes time and tokens: to turn that off, set COLUMNIST_LLM_EXTRA_BODY"
        )
    return ". ".join(notes)
