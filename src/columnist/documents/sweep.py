"""Deletes reviews whose retention has ended, and files and word boxes that belong to no document.

A content is noted as loose (`loose_contents`) before its file is stored, and when a document with it is deleted; so are
the word boxes of a reading. A day later a sweep deletes it, unless a document has it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from columnist.db.connect import REQUEST_SECONDS, WORKER_SECONDS, Database, User, is_weather
from columnist.db.sql import statement
from columnist.documents.blobs import BlobStore
from columnist.errors import StorageAwayError

log = structlog.get_logger()

LOOSE_FOR = "1 day"
"""Longer than any upload takes from the end of a file to its document, or a worker to read a document."""

SWEEP_SECONDS = 3600.0
BATCH = 200
ADVISORY_LOCK = 5_720_111

Note = Callable[[str, int], Awaitable[bool]]
"""Called with a content's SHA-256 and size before its file is stored: `note_arrival` of a database and a user."""


async def note_loose(database: Database, sha256: str) -> None:
    """Call before a file is stored: no sweep deletes it for a day. Waits for a sweep that is deleting it now."""
    async with database.worker() as connection:
        await connection.execute(
            "insert into loose_contents (sha256) values (%s) on conflict (sha256) do update set since = now()", [sha256]
        )


async def note_arrival(database: Database, user: User, sha256: str, size_bytes: int) -> bool:
    """As `note_loose`; returns whether the user has a document with that content. Another user's document must not
    spare the storing, because that could be timed. Raises StorageQuotaError if the user may not store that much more,
    so that nothing is stored in vain; the check that counts is made when the document is written."""
    await note_loose(database, sha256)
    async with database.worker() as connection:
        cursor = await connection.execute(
            "select from documents where user_id = %s and sha256 = %s limit 1", [user.id, sha256]
        )
        if cursor.rowcount == 1:
            return True
        await connection.execute("select check_arrival(%s, %s)", [user.id, size_bytes])
    return False


async def sweep(database: Database, blobs: BlobStore) -> int:
    """Delete a batch of contents that have been loose for a day and belong to no document.

    Returns how many contents it examined: 0 if there are none, or another process is sweeping. Raises StorageAwayError
    if the store is away or owned by another database. Not cancellable: releasing the row before the file is deleted
    would let an upload reuse a file that is about to vanish.
    """
    await asyncio.to_thread(blobs.check_deleting)
    async with database.worker() as connection, connection.transaction():
        cursor = await connection.execute("select pg_try_advisory_xact_lock(%s) as mine", [ADVISORY_LOCK])
        row = await cursor.fetchone()
        if row is None or not row["mine"]:
            return 0
        cursor = await connection.execute(
            statement("columnist.documents", "sweep"), {"loose_for": LOOSE_FOR, "batch": BATCH}
        )
        looked_at = await cursor.fetchall()
        gone = [row["sha256"] for row in looked_at if row["gone"]]
        await connection.execute("select note_destroyed_files(%s)", [gone])
        await asyncio.to_thread(blobs.remove, gone)  # before the commit: until then no upload stores the same content
    if gone:
        log.info("swept", contents=len(gone))
    return len(looked_at)


async def delete_due_reviews(database: Database) -> None:
    """Delete the reviews whose retention has ended, one by one. Each leaves a certificate among the events."""
    async with database.worker() as connection:
        await connection.execute(f"set statement_timeout = '{REQUEST_SECONDS:g}s'")
        connection.answer_seconds = REQUEST_SECONDS
        try:
            deleted = True
            while deleted:
                row = await (await connection.execute("select delete_due_review() as deleted")).fetchone()
                deleted = row is not None and row["deleted"]
        finally:
            connection.answer_seconds = WORKER_SECONDS
            await connection.execute(f"set statement_timeout = '{WORKER_SECONDS:g}s'")


@asynccontextmanager
async def sweeping(database: Database, blobs: BlobStore) -> AsyncIterator[None]:
    """Sweep now, and every hour during the context."""
    stopped = asyncio.Event()
    task = asyncio.create_task(_keep_sweeping(database, blobs, stopped))
    try:
        yield
    finally:
        stopped.set()
        await asyncio.shield(task)


async def _keep_sweeping(database: Database, blobs: BlobStore, stopped: asyncio.Event) -> None:
    while not stopped.is_set():
        try:
            await delete_due_reviews(database)
            if await sweep(database, blobs):
                continue
            await asyncio.to_thread(blobs.remove_leftovers)
        except StorageAwayError as error:
            log.warning("not swept", reason=str(error))  # the notes stay, and the next sweep tries again
        except Exception as error:
            if is_weather(error):
                log.warning("database away", at="sweep", error=str(error).strip())
            else:
                log.exception("sweep failed")
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await stopped.wait()
        except TimeoutError:
            continue
