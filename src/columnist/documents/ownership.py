"""The owner of the file store: a mark in it names the installation and the database that may delete.

The mark distinguishes a lost file from a share that is not mounted and from a wrong folder. The
installation is an id in the database. A copy of a database (a restored dump) has the same id but is another database:
it reads and adds, and deletes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from columnist.db.connect import Connection, Database, retried
from columnist.db.sql import statement
from columnist.documents.blobs import BlobStore
from columnist.errors import StorageAwayError

log = structlog.get_logger()

FIRST_ANSWER_SECONDS = 3.0
"""How long a start waits for the store: the server must answer even while the store is away."""

AGAIN_SECONDS = 5.0

KNOWN_LOOKED_FOR = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """An installation and its database, as the mark names them. `marked`: its store has had the mark."""

    installation: str
    database: str
    marked: bool


@retried
async def owner_of(connection: Connection) -> Owner:
    """The installation of a database, which has had its id since it was migrated."""
    row = await (await connection.execute(statement("columnist.documents", "read_owner"))).fetchone()
    assert row
    return Owner(**row)


async def claim_store(database: Database, blobs: BlobStore, *, adopt: bool = False) -> None:
    """Mark the store as owned by this installation, if it has no mark and is the right store.

    It is the right one if it holds a file that the database knows, or is empty while the database knows none. With
    `adopt` it is marked whatever its contents and its owner. Raises StorageAwayError if it is out of reach, the wrong
    store, or owned by another installation.
    """
    owner = await owner_of(database)
    blobs.belongs_to(owner.installation, owner.database)
    if not adopt:
        mark = await asyncio.to_thread(blobs.mark)
        if mark is None and not owner.marked:
            known = await _known_contents(database)
            if not await asyncio.to_thread(blobs.holds, known):
                raise StorageAwayError(
                    "The file store has none of the files that the database knows, or other files: is the shared "
                    "folder mounted, and are COLUMNIST_DATA_DIR and COLUMNIST_BLOBS_URL right? If they are, run: "
                    "columnist doctor --adopt"
                )
            adopt = True
    if adopt:
        await asyncio.to_thread(blobs.write_mark)
    await asyncio.to_thread(blobs.check)
    if not owner.marked:
        await _note_marked(database)


@asynccontextmanager
async def owning(database: Database, blobs: BlobStore) -> AsyncIterator[None]:
    """Claim the store now, or, if it is away, when it is back, while the context lasts."""
    claiming = asyncio.create_task(_claim_at_last(database, blobs))
    await asyncio.wait([claiming], timeout=FIRST_ANSWER_SECONDS)
    try:
        yield
    finally:
        claiming.cancel()


async def _claim_at_last(database: Database, blobs: BlobStore) -> None:
    while True:
        try:
            await claim_store(database, blobs)
            return
        except StorageAwayError as error:
            log.warning("file store away", error=str(error), cause=repr(error.__cause__))
        await asyncio.sleep(AGAIN_SECONDS)


@retried
async def _known_contents(connection: Connection) -> list[str]:
    cursor = await connection.execute(
        "(select sha256 from documents order by created_at desc limit %(some)s) "
        "union (select sha256 from documents order by created_at limit %(some)s)",
        {"some": KNOWN_LOOKED_FOR},
    )
    return [row["sha256"] for row in await cursor.fetchall()]


@retried
async def _note_marked(connection: Connection) -> None:
    await connection.execute("update installation set marked_at = now() where marked_at is null")
