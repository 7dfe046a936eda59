"""Documents: upload, list, look into, remove."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from columnist.api.context import (
    CurrentConnection,
    CurrentService,
    CurrentUser,
    EditableReview,
    Service,
    require_role,
)
from columnist.api.models import Input
from columnist.api.routes.reviews import Confirm, NameSearch
from columnist.api.uploads import uploaded
from columnist.cancelling import off_loop, surely
from columnist.db.connect import User
from columnist.documents import store
from columnist.documents.intake import Refused, attachments
from columnist.documents.reading.formats import PDF, PICTURES
from columnist.documents.store import Document, Registered, StoredFile
from columnist.documents.sweep import note_loose
from columnist.errors import ConfirmationNeededError, ForbiddenError, NotFoundError
from columnist.reviews import store as reviews

router = APIRouter(tags=["documents"])

REGISTERED_TOGETHER = 100
"""Files whose documents are written in one transaction: a broken upload loses fewer than these."""

_UNTRUSTED = {"Content-Security-Policy": "sandbox; default-src 'none'", "Content-Encoding": "identity"}
"""For what somebody uploaded: never run, never framed; and packed already, mostly."""


class UploadedFile(BaseModel):
    """What became of one file, in the order sent. `known`: the user has this path with this content already.

    `path`: the file's name as it was sent, folders and all; `name`: the last part of it. `attachments`: those of an
    e-mail, and of the e-mails among them, which are documents of their own.
    """

    name: str
    path: str
    status: Literal["added", "known", "refused"]
    document_id: UUID | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    error: str | None = None
    attachments: list["UploadedFile"] = []


class Upload(BaseModel):
    """What became of the files of an upload; the counts are of these and of their attachments."""

    files: list[UploadedFile]
    added: int
    known: int
    refused: int


class DocumentList(BaseModel):
    """A page of documents, and how many there are."""

    documents: list[Document]
    total: int


class PageWords(BaseModel):
    """A page's text and its words: [start, end, x0, y0, x1, y1] each, text[start:end] within points from top left."""

    number: int
    text: str
    width: float
    height: float
    words: list[tuple[int, int, float, float, float, float]]


class DocumentIds(Input):
    """Documents to add or remove."""

    document_ids: Annotated[list[UUID], Field(min_length=1, max_length=100_000)]


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}


@router.post("/documents", openapi_extra=_BODY)
async def upload_documents(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    review_id: Annotated[UUID | None, Query(description="Add them to this review, too.")] = None,
    idempotency_key: Annotated[
        str | None,
        Header(description="Not needed: the same path and content is the same document, however often sent."),
    ] = None,
) -> Upload:
    """Take files in: parts named `files`, thousands in one request, each with its own result.

    A file name may have folders: "Data room/01 Corporate/lease.txt" is where the document stands in its upload.
    What is attached to an e-mail is taken in beside it. What was taken in before the body breaks off stays; sending it
    all again adds only the rest.
    """
    if review_id is not None:
        async with service.database.act_as(user) as connection:
            await require_role(connection, review_id, "editor")
    note = partial(note_loose, service.database)
    results: list[UploadedFile] = []
    batch: list[list[StoredFile | Refused]] = []
    try:
        async with aclosing(uploaded(request, service.blobs, note, service.settings.upload_max_files)) as files:
            async for one in files:
                attached: list[StoredFile | Refused] = []
                if isinstance(one, StoredFile):
                    attached = await attachments(service.reader, service.blobs, note, one)
                batch.append([one, *attached])
                if len(batch) == REGISTERED_TOGETHER:
                    results += await _register(service, user, review_id, batch)
                    batch = []
    finally:
        results += await _register(service, user, review_id, batch)
    every = [one for file in results for one in (file, *file.attachments)]
    count = {status: sum(one.status == status for one in every) for status in ("added", "known", "refused")}
    return Upload(files=results, **count)


async def _register(
    service: Service, user: User, review_id: UUID | None, batch: list[list[StoredFile | Refused]]
) -> list[UploadedFile]:
    """Write the documents of files, each followed by its attachments; returns what became of the files."""
    stored = [one for files in batch for one in files if isinstance(one, StoredFile)]
    registered = []
    if stored:
        async with service.database.act_as(user) as connection:
            registered = await store.add_documents(connection, user, stored)
            if review_id is not None:
                await reviews.put_documents(connection, review_id, [one.id for one in registered])
    documents = iter(registered)
    results = []
    for files in batch:
        first, *attached = [_result(one, documents) for one in files]
        results.append(first.model_copy(update={"attachments": attached}))
    return results


def _result(file: StoredFile | Refused, documents: Iterator[Registered]) -> UploadedFile:
    if isinstance(file, Refused):
        return UploadedFile(name=file.name, path=file.path, status="refused", error=file.error)
    document = next(documents)
    return UploadedFile(
        name=file.name,
        path=file.path,
        status="added" if document.added else "known",
        document_id=document.id,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
    )


@router.get("/documents")
async def list_documents(
    connection: CurrentConnection,
    q: NameSearch = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DocumentList:
    """The documents that the user may see, newest first."""
    documents, total = await store.list_documents(connection, limit, offset, q)
    return DocumentList(documents=documents, total=total)


@router.get("/documents/{document_id}")
async def get_document(document_id: UUID, connection: CurrentConnection) -> Document:
    """One document, and what was read of it."""
    return await store.get_document(connection, document_id)


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(
    document_id: UUID, user: CurrentUser, connection: CurrentConnection, confirm: Confirm = False
) -> None:
    """Delete a document of one's own, with its row in every review of one's own.

    Somebody else's review that has it keeps its row and answers; the document goes with the last of them.
    """
    document = await store.get_document(connection, document_id)
    if not document.mine:
        raise ForbiddenError("This is no upload of yours. You can remove it from a review.")
    if not confirm:
        in_reviews, answers = await store.uses_of_document(connection, user, document_id)
        raise ConfirmationNeededError(
            f"This deletes {document.name!r}, its row in {in_reviews:,} reviews and {answers:,} answers: those of your "
            "own reviews. What other people's reviews have of it stays. Repeat it with ?confirm=true.",
            "confirm",
        )
    await store.delete_document(connection, document_id)


class _LentFile(FileResponse):
    """A file of the store, given back when the response has ended, well or not: a bucket's is a copy."""

    def __init__(self, path: FilePath, opened: AsyncExitStack, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(path, media_type=media_type, headers=headers)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await surely(self._opened.aclose())


@router.get("/documents/{document_id}/original", response_class=FileResponse)
async def get_original(document_id: UUID, service: CurrentService, user: CurrentUser) -> FileResponse:
    """The file as it was uploaded."""
    async with service.database.act_as(user) as connection:
        document = await store.get_document(connection, document_id)
    opened = AsyncExitStack()
    path = await opened.enter_async_context(off_loop(service.blobs.reading(document.sha256)))
    # Whatever it claims to be: a browser is to save it. Only a PDF is told to be one.
    kind = PDF if document.media_type == PDF else "application/octet-stream"
    named = f"attachment; filename*=utf-8''{quote(document.name, safe='')}"
    headers = {"Content-Disposition": named, **_UNTRUSTED}
    return _LentFile(path, opened, kind, headers)


PageNumber = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("/documents/{document_id}/pages/{number}")
async def get_page(
    document_id: UUID, number: PageNumber, service: CurrentService, connection: CurrentConnection
) -> PageWords:
    """A page's text, and where its words stand."""
    document = await store.get_document(connection, document_id)
    page = await store.get_page(connection, document_id, number)
    words = await asyncio.to_thread(service.blobs.boxes, document.sha256, number)
    return PageWords(
        number=number, text=page.text, width=page.width, height=page.height, words=[tuple(word) for word in words]
    )


@router.get(
    "/documents/{document_id}/pages/{number}/image",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def get_page_image(
    document_id: UUID,
    number: PageNumber,
    service: CurrentService,
    user: CurrentUser,
    width: Annotated[int, Query(ge=100, le=3_000, description="In pixels.")] = 1_200,
) -> Response:
    """A page of a PDF or of a picture as a PNG, drawn in a guarded subprocess."""
    async with service.database.act_as(user) as connection:
        document = await store.get_document(connection, document_id)
    if document.media_type not in (PDF, *PICTURES):
        raise NotFoundError("Only the pages of a PDF or a picture that was read can be drawn.")
    async with off_loop(service.blobs.reading(document.sha256)) as path:
        picture = await service.reader.draw(path, number, width)
    return Response(picture, media_type="image/png", headers=_UNTRUSTED)


@router.post("/tabular/reviews/{review_id}/documents", status_code=204)
async def add_documents_to_review(review_id: EditableReview, body: DocumentIds, connection: CurrentConnection) -> None:
    """Add documents to the grid, below those that it has; one that it has already keeps its place."""
    await reviews.put_documents(connection, review_id, body.document_ids)


@router.post("/tabular/reviews/{review_id}/documents/remove", status_code=204)
async def remove_documents_from_review(
    review_id: EditableReview, body: DocumentIds, connection: CurrentConnection, confirm: Confirm = False
) -> None:
    """Take rows out of the grid, with their cells; the documents stay, but those that their uploader has deleted."""
    rows = await reviews.count_rows(connection, review_id, body.document_ids)
    answers = await reviews.count_answers(connection, review_id, document_ids=body.document_ids)
    gone = await store.documents_only_here(connection, review_id, body.document_ids)
    if (answers or gone) and not confirm:
        raise ConfirmationNeededError(
            f"This removes {rows:,} rows with {answers:,} answers{store.and_documents(gone)}. "
            "Repeat it with ?confirm=true.",
            "confirm",
        )
    await reviews.remove_documents(connection, review_id, body.document_ids)
