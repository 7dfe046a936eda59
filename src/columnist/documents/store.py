"""Documents in PostgreSQL: their uploaders, and the text that was read of each."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from columnist.db.connect import Connection, User, retried, tried_again
from columnist.db.sql import statement
from columnist.documents.how_read import how_read, remarks_of
from columnist.documents.model import Page, Remark, gathered
from columnist.documents.reading.pictures import ocr
from columnist.documents.reading.reader import ReadDocument
from columnist.documents.tokens import tokens_of_pages
from columnist.errors import NotFoundError

READER_VERSION = 11
"""Grows when the results of reading change: documents read by older versions are then read again."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the blob store: its name for people, its content's hash (hex), its size in bytes.

    `holder`: its kind, if it may contain files, which become documents (`intake`); an archive itself is no document.
    `path`: its place in the upload, "Data room/01 Corporate/lease.txt"; the name alone without folders.
    """

    name: str
    sha256: str
    size_bytes: int
    holder: Literal["mail", "archive"] | None = None
    path: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path or self.name)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as its user sees it. The results of reading (pages, characters, an error) are there once it was read.

    `path`: its place in the upload. `ocr_pages`: how many of its pages were read by OCR; `unread_pages`: how many are
    pictures that were not read, because OCR (extra `ocr`) is not installed where documents are read. `language`: ISO
    639-1, None where there is too little text. `remarks`: differences between the text that was read and what a
    person sees. `same_as`: the path of the first of the uploader's documents with the same content, if this is not the
    first. `newer_file_at`: when the newest later one of the uploader's documents with the same path was taken in.
    `how_read`: all of that in sentences, None while it was not read or cannot be.
    """

    id: UUID
    name: str
    path: str
    sha256: str
    size_bytes: int
    media_type: str | None
    page_count: int | None
    characters: int | None
    ocr_pages: int | None
    unread_pages: int | None
    language: str | None
    how_read: str | None
    remarks: list[Remark]
    same_as: str | None
    newer_file_at: datetime | None
    error: str | None
    mine: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Registered:
    """The document of an upload; `added`: it is new."""

    id: UUID
    added: bool


@tried_again
async def add_documents(connection: Connection, user: User, files: Sequence[StoredFile]) -> list[Registered]:
    """Register uploads, in order. The same user, path and content is the same document."""
    values = {
        "user_id": user.id,
        "names": [file.name for file in files],
        "paths": [file.path for file in files],
        "hashes": [file.sha256 for file in files],
        "sizes": [file.size_bytes for file in files],
    }
    await connection.execute(_sql("adopt_documents"), values)
    cursor = await connection.execute(_sql("add_documents"), values)
    registered = [Registered(**row) for row in await cursor.fetchall()]
    if any(one.id is None for one in registered):
        # Another session has just registered the same document: the next statement sees it.
        again = await add_documents(connection, user, files)
        return [Registered(one.id, first.added) for first, one in zip(registered, again, strict=True)]
    return registered


async def list_documents(connection: Connection, limit: int, offset: int, q: str | None) -> tuple[list[Document], int]:
    """The documents that the user may see, newest first, and their number; `q`: a part of their name."""
    values = {"document_id": None, "q": q, "limit": limit, "offset": offset}
    rows = await (await connection.execute(_sql("list_documents"), values)).fetchall()
    total = rows[0]["total"] if rows else 0
    return [_document(row) for row in rows], total


async def get_document(connection: Connection, document_id: UUID) -> Document:
    """One document. Raises NotFoundError."""
    values = {"document_id": document_id, "q": None, "limit": 1, "offset": 0}
    row = await (await connection.execute(_sql("list_documents"), values)).fetchone()
    if row is None:
        raise NotFoundError("There is no such document.")
    return _document(row)


async def uses_of_document(connection: Connection, user: User, document_id: UUID) -> tuple[int, int]:
    """The number of the user's own reviews that have the document, and of their answers from it."""
    cursor = await connection.execute(
        "select count(distinct r.review_id)::int as reviews, count(c.status)::int as answers "
        "from tabular_reviews v join review_documents r on r.review_id = v.id and r.document_id = %s "
        "left join tabular_cells c on c.review_id = v.id and c.document_id = r.document_id and c.status = 'done' "
        "where v.user_id = %s",
        [document_id, user.id],
    )
    row = await cursor.fetchone()
    assert row
    return row["reviews"], row["answers"]


@dataclass(frozen=True, slots=True)
class Use:
    """A review that has a document. `owner`: its owner's e-mail address, if known."""

    review_id: UUID
    owner: str | None
    mine: bool


async def list_uses(connection: Connection, document_id: UUID) -> list[Use]:
    """Every review that has the user's document, including those that the user may not see; none for another user's
    document."""
    cursor = await connection.execute("select * from uses_of_my_document(%s)", [document_id])
    return [Use(**row) for row in await cursor.fetchall()]


@tried_again
async def delete_document(connection: Connection, document_id: UUID, *, everywhere: bool = False) -> None:
    """Delete the user's document, with its rows in their own reviews, or `everywhere` with all of its rows. Does
    nothing for another user's document.

    While another review has it, the document stays without an owner. Its content is swept (documents/sweep.py) if no
    other document has it.
    """
    if everywhere:
        await connection.execute("select end_uses_of_my_document(%s)", [document_id])
    await connection.execute("select delete_document(%s)", [document_id])


async def documents_only_here(
    connection: Connection, review_id: UUID, document_ids: Sequence[UUID] | None = None
) -> int:
    """How many documents are deleted with these rows of a review (None: all): those without an owner that are in no
    other review."""
    cursor = await connection.execute(
        "select documents_only_here(%s, %s::uuid[])::int as count",
        [review_id, None if document_ids is None else list(document_ids)],
    )
    row = await cursor.fetchone()
    assert row
    count: int = row["count"]
    return count


async def get_page(connection: Connection, document_id: UUID, number: int) -> tuple[Page, str]:
    """A page of a document that was read, without its word boxes, and the key of these. Raises NotFoundError."""
    cursor = await connection.execute(
        "select p.number, p.text, p.width, p.height, p.hidden, r.boxes_key "
        "from document_readings r join reading_pages p using (document_id) where document_id = %s and p.number = %s",
        [document_id, number],
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFoundError("The document has no such page, or has not been read yet.")
    boxes_key = row.pop("boxes_key")
    return Page(**row), boxes_key


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of each page of a document, page 1 first, and the key of its word boxes."""

    pages: list[str]
    boxes_key: str


_READING = """
select array(select p.text from reading_pages p where p.document_id = r.document_id order by p.number) as pages,
       r.boxes_key
from document_readings r
where r.document_id = %s and r.error is null
"""


async def latest_reading(connection: Connection, document_id: UUID) -> Reading:
    """The last reading of a document, by any version. Raises NotFoundError if it has not been read."""
    row = await (await connection.execute(_READING, [document_id])).fetchone()
    if row is None:
        raise NotFoundError("The document has not been read yet, or cannot be.")
    return Reading(**row)


@retried
async def stored_reading(connection: Connection, document_id: UUID) -> Reading | None:
    """The stored reading of a document; None if it must be read (again)."""
    cursor = await connection.execute(
        _READING
        + """
          and r.reader_version = %s
          -- OCR has been installed since
          and (r.unread_pages = 0 and not r.remarks @> '[{"kind": "picture"}]' or not %s)
        """,
        [document_id, READER_VERSION, ocr.installed()],
    )
    row = await cursor.fetchone()
    return None if row is None else Reading(**row)


@retried
async def store_pages(connection: Connection, document_id: UUID, boxes_key: str, read: ReadDocument) -> None:
    """Store a reading, unless the document was deleted meanwhile. If two processes read it at once, one reading
    replaces the other completely."""
    with suppress(ForeignKeyViolation):
        async with connection.transaction():
            if not await _store_reading(connection, document_id, boxes_key, read, error=None):
                return
            # COPY is not possible under row-level security.
            await connection.execute("delete from reading_pages where document_id = %s", [document_id])
            await connection.execute(
                "insert into reading_pages (document_id, number, text, width, height, hidden) "
                "select %s, * from unnest(%s::int[], %s::text[], %s::real[], %s::real[], %s::text[])",
                [
                    document_id,
                    [page.number for page in read.pages],
                    [page.text for page in read.pages],
                    [page.width for page in read.pages],
                    [page.height for page in read.pages],
                    ["\n".join(filter(None, (page.hidden, page.struck))) for page in read.pages],
                ],
            )


@retried
async def store_unreadable(connection: Connection, document_id: UUID, boxes_key: str, error: str) -> None:
    """Store why a document cannot be read, for its row in the grid. The next job tries again."""
    with suppress(ForeignKeyViolation):  # it was deleted meanwhile
        await _store_reading(connection, document_id, boxes_key, None, error)


def and_documents(gone: int) -> str:
    """The end of a refusal that lists what would be deleted."""
    return f" and {gone:,} documents, which nobody else has" if gone else ""


def _document(row: dict[str, Any]) -> Document:
    facts = {name: value for name, value in row.items() if name not in ("total", "content")}
    read = how_read(row["content"], row["same_as"], row["newer_file_at"])
    return Document(**facts, how_read=read, remarks=remarks_of(row["content"]))


def _sql(name: str) -> str:
    return statement("columnist.documents", name)


async def _store_reading(
    connection: Connection, document_id: UUID, boxes_key: str, read: ReadDocument | None, error: str | None
) -> bool:
    pages = read.pages if read else []
    texts = [page.text for page in pages]
    ocr_on = [page.number for page in pages if page.source == "ocr"]
    unread_on = [page.number for page in pages if page.source == "picture"]
    remarks = gathered(remark for page in pages for remark in page.all_remarks())
    cursor = await connection.execute(
        """
        insert into document_readings as r (
          document_id, boxes_key, media_type, page_count, characters, language, ocr_pages, ocr_on, unread_pages,
          unread_on, error, reader_version, tokens, page_bytes, remarks)
        values (%(document_id)s, %(boxes_key)s, %(media_type)s, %(page_count)s, %(characters)s, %(language)s,
                %(ocr_pages)s, %(ocr_on)s, %(unread_pages)s, %(unread_on)s, %(error)s, %(version)s, %(tokens)s,
                %(page_bytes)s, %(remarks)s)
        on conflict (document_id) do update
        set boxes_key = excluded.boxes_key, media_type = excluded.media_type, page_count = excluded.page_count,
            characters = excluded.characters, language = excluded.language, ocr_pages = excluded.ocr_pages,
            ocr_on = excluded.ocr_on, unread_pages = excluded.unread_pages, unread_on = excluded.unread_on,
            error = excluded.error, reader_version = excluded.reader_version, read_at = now(),
            tokens = excluded.tokens, page_bytes = excluded.page_bytes,
            remarks = excluded.remarks
        -- A failure, or the same result again, does not replace what was read.
        where r.error is not null or r.reader_version < excluded.reader_version
          or excluded.error is null and r.unread_pages > excluded.unread_pages
          or excluded.error is null and r.remarks @> '[{"kind": "picture"}]'
        """,
        {
            "document_id": document_id,
            "boxes_key": boxes_key,
            "media_type": read.media_type if read else None,
            "page_count": len(pages),
            "characters": sum(map(len, texts)),
            "tokens": await asyncio.to_thread(tokens_of_pages, texts),
            "page_bytes": [len(text.encode()) for text in texts],
            "language": read.language if read else None,
            "ocr_pages": len(ocr_on),
            "ocr_on": ocr_on,
            "unread_pages": len(unread_on),
            "unread_on": unread_on,
            "error": error,
            "version": READER_VERSION,
            "remarks": Jsonb([asdict(one) for one in remarks]),
        },
    )
    return cursor.rowcount == 1
