"""Documents: upload, list, look into, remove."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, aclosing
from datetime import UTC
from email.utils import format_datetime
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from columnist.api.attachment import attachment
from columnist.api.context import (
    CurrentConnection,
    CurrentProcess,
    CurrentUser,
    EditableReview,
    LongDesk,
    require_role,
)
from columnist.api.guarded import GuardedRoute, UploadRoute
from columnist.api.models import Ids
from columnist.api.parameters import STORABLE, Confirm, NameSearch, Offset, PageNumber, PageSize
from columnist.api.uploads import uploaded
from columnist.api.waiting import while_waited_for
from columnist.cancelling import off_loop, surely
from columnist.desk.intake import Status, TakenIn
from columnist.documents import store
from columnist.documents.locating.locate import rectangles
from columnist.documents.model import Citation
from columnist.documents.reading.formats import PDF, PICTURES
from columnist.documents.store import Document, StoredFile, Use
from columnist.documents.sweep import note_arrival
from columnist.errors import ConfirmationNeededError, ForbiddenError, NotFoundError
from columnist.reviews import store as reviews
from columnist.reviews.columns_file import Input
from columnist.reviews.events import note_download

router = APIRouter(tags=["documents"], route_class=GuardedRoute)
uploads = APIRouter(tags=["documents"], route_class=UploadRoute)

_MOST_PLACES = 200

_UNTRUSTED = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Content-Encoding": "identity",
}
"""Headers of an uploaded file: it is never run and never framed, and usually compressed already."""


class UploadedFile(BaseModel):
    """The outcome for one file, in the order sent. `known`: you have this path with this content already.

    `path`: the file's name as it was sent, folders and all; `name`: the last part of it. `attachments`: the attachments
    of an e-mail and of the e-mails inside it; each is a document. `unpacked`: an archive, which is no document itself;
    its files are `attachments`.
    """

    name: str
    path: str
    status: Status
    document_id: UUID | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    error: str | None = None
    attachments: list["UploadedFile"] = []

    @classmethod
    def of(cls, taken: TakenIn) -> Self:
        """The same in the API's words."""
        file, document = taken.file, taken.document
        shown = cls(name=file.name, path=file.path, status=taken.status)
        if isinstance(file, StoredFile):
            shown.sha256, shown.size_bytes = file.sha256, file.size_bytes
        else:
            shown.error = file.error
        shown.document_id = document.id if document else None
        shown.attachments = [UploadedFile.of(one) for one in taken.attachments]
        return shown


class Upload(BaseModel):
    """The outcomes for the files of an upload; the counts include their attachments."""

    files: list[UploadedFile]
    added: int
    known: int
    refused: int


class DocumentList(BaseModel):
    """A page of documents, and how many there are."""

    documents: list[Document]
    total: int


class UseList(BaseModel):
    """The reviews that have a document."""

    uses: list[Use]


class PageWords(BaseModel):
    """A page's text and its words: [start, end, x0, y0, x1, y1] each, text[start:end] within points from top left.

    `hidden`: other text of the page that a person does not see, or sees struck through; it is no evidence."""

    number: int
    text: str
    width: float
    height: float
    words: list[tuple[int, int, float, float, float, float]]
    hidden: str


class Places(BaseModel):
    """The places of words in a document, in its order; `more`: there are others after these."""

    places: list[Citation]
    more: bool


class DocumentIds(Input):
    """Documents to add or remove."""

    document_ids: Annotated[Ids, Field(min_length=1, max_length=100_000)]


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


@uploads.post("/documents", openapi_extra=_BODY)
async def upload_documents(
    request: Request,
    process: CurrentProcess,
    user: CurrentUser,
    desk: LongDesk,
    review_id: Annotated[UUID | None, Query(description="Add the documents to this review, too.")] = None,
    idempotency_key: Annotated[
        str | None,
        Header(description="Not needed: the same path with the same content is one document, however often sent."),
    ] = None,
) -> Upload:
    """Upload files: parts named `files`, thousands in one request, each with its own result.

    A file name may have folders, such as "Data room/01 Corporate/lease.txt". The attachments of an e-mail become
    documents, too. If the body breaks off, the files before that are kept; sending everything again adds the rest.
    """
    if review_id is not None:
        async with process.database.act_as(user) as connection:
            await require_role(connection, review_id, "editor")
    note = partial(note_arrival, process.database, user)
    async with aclosing(uploaded(request, process.blobs, note, process.settings.upload_max_files)) as files:
        taken = await desk.take_in(files, review_id)
    every = [one for file in taken for one in (file, *file.attachments)]
    counts = Counter(one.status for one in every)
    return Upload(
        files=[UploadedFile.of(one) for one in taken],
        added=counts["added"],
        known=counts["known"],
        refused=counts["refused"],
    )


@router.get("/documents")
async def list_documents(
    connection: CurrentConnection,
    q: NameSearch = None,
    limit: PageSize = 50,
    offset: Offset = 0,
) -> DocumentList:
    """The documents that you may see, newest first."""
    documents, total = await store.list_documents(connection, limit, offset, q)
    return DocumentList(documents=documents, total=total)


@router.get("/documents/{document_id}")
async def get_document(document_id: UUID, connection: CurrentConnection) -> Document:
    """One document, and how it was read."""
    return await store.get_document(connection, document_id)


@router.get("/documents/{document_id}/uses")
async def list_uses(document_id: UUID, connection: CurrentConnection) -> UseList:
    """Every review that has a document which you uploaded, including other people's reviews."""
    document = await store.get_document(connection, document_id)
    if not document.mine:
        raise ForbiddenError("You did not upload this document: only its uploader sees where it is used.")
    return UseList(uses=await store.list_uses(connection, document_id))


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(
    document_id: UUID,
    user: CurrentUser,
    connection: CurrentConnection,
    confirm: Confirm = False,
    everywhere: Annotated[bool, Query(description="Remove it from the reviews of other people, too.")] = False,
) -> None:
    """Delete a document that you uploaded, with its rows in your own reviews, or `everywhere`.

    Otherwise reviews of other people keep their row and answers; the document is deleted with the last of these rows.
    """
    document = await store.get_document(connection, document_id)
    if not document.mine:
        raise ForbiddenError("You did not upload this document. You can remove it from a review.")
    if not confirm:
        in_reviews, answers = await store.uses_of_document(connection, user, document_id)
        others = sum(not use.mine for use in await store.list_uses(connection, document_id))
        theirs = (
            f"The row of {others:,} reviews of other people is deleted, too."
            if everywhere
            else f"Other people's reviews ({others:,}) keep theirs, without &everywhere=true."
        )
        raise ConfirmationNeededError(
            f"This deletes {document.name!r}, its row in {in_reviews:,} reviews and {answers:,} answers, in "
            f"your own reviews. {theirs} Repeat it with ?confirm=true.",
            "confirm",
        )
    await store.delete_document(connection, document_id, everywhere=everywhere)


class _LentFile(FileResponse):
    """A file of the store, released when the response has ended, well or not: a bucket's file is a temporary copy."""

    def __init__(self, path: FilePath, opened: AsyncExitStack, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(path, media_type=media_type, headers=headers)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await surely(self._opened.aclose())


@router.get("/documents/{document_id}/original", response_class=FileResponse)
async def get_original(document_id: UUID, process: CurrentProcess, user: CurrentUser) -> FileResponse:
    """The file as it was uploaded."""
    async with process.database.act_as(user) as connection:
        document = await store.get_document(connection, document_id)
        await note_download(connection, document_id)
    opened = AsyncExitStack()
    path = await opened.enter_async_context(off_loop(process.blobs.reading(document.sha256)))
    # A browser must save the file, whatever its type. Only a PDF is sent with its type.
    kind = PDF if document.media_type == PDF else "application/octet-stream"
    # Not the times of the file in the store: it is stored anew when somebody else uploads the same content.
    own = {
        "ETag": f'"{document.sha256}"',
        "Last-Modified": format_datetime(document.created_at.astimezone(UTC), usegmt=True),
    }
    headers = {"Content-Disposition": attachment(document.name), **own, **_UNTRUSTED}
    return _LentFile(path, opened, kind, headers)


@router.get("/documents/{document_id}/pages/{number}")
async def get_page(
    document_id: UUID, number: PageNumber, process: CurrentProcess, connection: CurrentConnection
) -> PageWords:
    """A page's text, and the places of its words."""
    await store.get_document(connection, document_id)
    page, boxes_key = await store.get_page(connection, document_id, number)
    words = await asyncio.to_thread(process.blobs.boxes, boxes_key, number)
    return PageWords(
        number=number,
        text=page.text,
        width=page.width,
        height=page.height,
        words=[tuple(word) for word in words],
        hidden=page.hidden,
    )


@router.get("/documents/{document_id}/find")
async def find_in_document(
    document_id: UUID,
    q: Annotated[str, Query(min_length=1, max_length=200, pattern=STORABLE, description="Words as you type them.")],
    request: Request,
    process: CurrentProcess,
    user: CurrentUser,
) -> Places:
    """The places of some words in the text that was read from a document, also by OCR; at most 200. `more`: there may
    be more places, or the search took too long."""
    async with process.database.act_as(user) as connection:
        await store.get_document(connection, document_id)
        reading = await store.latest_reading(connection, document_id)
    looking = process.back_ends.seeker.words(reading.pages, q, _MOST_PLACES, user.id)
    spans, more = await while_waited_for(request, looking)
    boxes = {
        page: await asyncio.to_thread(process.blobs.boxes, reading.boxes_key, page)
        for page in sorted({span.page for span in spans})
    }
    places = [Citation(span.text(reading.pages), span.page, True, (span,), rectangles(boxes, [span])) for span in spans]
    return Places(places=places, more=more)


@router.get(
    "/documents/{document_id}/pages/{number}/image",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def get_page_image(
    document_id: UUID,
    number: PageNumber,
    request: Request,
    process: CurrentProcess,
    user: CurrentUser,
    width: Annotated[int, Query(ge=100, le=3_000, description="In pixels.")] = 1_200,
) -> Response:
    """A page of a PDF or of a picture as a PNG, drawn in a guarded subprocess."""
    async with process.database.act_as(user) as connection:
        document = await store.get_document(connection, document_id)
    if document.media_type not in (PDF, *PICTURES):
        raise NotFoundError("Only the pages of a PDF or a picture that was read can be drawn.")
    async with off_loop(process.blobs.reading(document.sha256)) as path:
        picture = await while_waited_for(request, process.reader.draw(path, number, width, user.id))
    return Response(picture, media_type="image/png", headers=_UNTRUSTED)


@router.post("/tabular/reviews/{review_id}/documents", status_code=204)
async def add_documents_to_review(review_id: EditableReview, body: DocumentIds, connection: CurrentConnection) -> None:
    """Add documents to the grid, below the others. A document that is in the grid keeps its place."""
    await reviews.put_documents(connection, review_id, body.document_ids)


@router.post("/tabular/reviews/{review_id}/documents/remove", status_code=204)
async def remove_documents_from_review(
    review_id: EditableReview, body: DocumentIds, connection: CurrentConnection, confirm: Confirm = False
) -> None:
    """Remove rows from the grid, with their cells. Documents are kept, except those that their uploader has deleted."""
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
