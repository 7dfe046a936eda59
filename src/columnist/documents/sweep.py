"""What belongs to no document any more is deleted: its file, the boxes of its words, its text.

A content is loose from before its file is kept until a document has it, and again when a document of it is deleted;
`loose_contents` notes both. A day later a sweep looks whether any document has it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from columnist.db.connect import Database, is_weather
from columnist.db.sql import statement
from columnist.documents.blobs import BlobStore
from columnist.errors import StorageAwayError

log = structlog.get_logger()

LOOSE_FOR = "1 day"
"""No upload takes that long from the end of a file to its document, nor a worker with a document that it reads."""

SWEEP_SECONDS = 3600.0
BATCH = 200
ADVISORY_LOCK = 5_720_111

Note = Callable[[str], Awaitable[None]]
"""Called with a content's SHA-256 before its file is kept: `note_loose` of a database."""


async def note_loose(database: Database, sha256: str) -> None:
    """Before a file is kept: no sweep takes it for a day, and one that is just at it has ended."""
    async with database.worker() as connection:
        await connection.execute(
            "insert into loose_contents (sha256) values (%s) on conflict (sha256) do update set since = now()", [sha256]
        )


async def sweep(database: Database, blobs: BlobStore) -> int:
    """Delete what has been loose for a day and belongs to no document, up to a batch of it. Returns how many contents
    it looked at: 0 if there are none, or another process is at it. Raises StorageAwayError if the store is not there,
    or another database deletes there.

    Must not be cancelled: a file whose note is let go of while it is being deleted would be believed to be kept.
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
        await asyncio.to_thread(blobs.remove, gone)  # before the commit, until which nobody keeps the same again
    if gone:
        log.info("swept", contents=len(gone))
    return len(looked_at)


@asynccontextmanager
async def sweeping(database: Database, blobs: BlobStore) -> AsyncIterator[None]:
    """Sweep now and every hour while the context lasts."""
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
