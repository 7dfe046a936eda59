"""Taking files in: into the file store, with the attachments of e-mails, and as documents of the user."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeGuard

from columnist.cancelling import off_loop
from columnist.desk.files import Source
from columnist.documents.blobs import BlobStore
from columnist.documents.intake import Refused
from columnist.documents.reading.formats import holder
from columnist.documents.store import Registered, StoredFile
from columnist.documents.sweep import Note
from columnist.errors import InputError

Status = Literal["added", "known", "refused", "unpacked"]

TOGETHER = 100
"""How many files' documents are written in one transaction: an upload that breaks off loses fewer."""

TOGETHER_BYTES = 64 * 1024**2
"""The same in bytes, so that a refusal by a quota comes before more is in the file store."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The outcome for a file: its `document`, or None if it was refused, or is an archive. `attachments`: the files
    inside an e-mail or archive, nested ones included."""

    file: StoredFile | Refused
    document: Registered | None
    attachments: tuple["TakenIn", ...] = ()

    @property
    def status(self) -> Status:
        """`known`: the user has this path with this content already. `unpacked`: its files were taken in."""
        if self.document is not None:
            return "added" if self.document.added else "known"
        return "refused" if isinstance(self.file, Refused) else "unpacked"


async def stored(sources: Sequence[Source], blobs: BlobStore, note: Note) -> AsyncIterator[StoredFile | Refused]:
    """Copy files of this machine into the file store, in order; one that cannot be read or is too large is refused."""
    for source in sources:
        name = source.path.rpartition("/")[2]
        try:
            async with off_loop(blobs.receiving(name)) as incoming:
                await asyncio.to_thread(incoming.copy, source.file)
                held = await asyncio.to_thread(_holder, source)
                incoming.known = await note(incoming.sha256, incoming.size)
        except InputError as error:
            yield Refused(name, source.path, str(error))
        except OSError as error:
            yield Refused(name, source.path, f"It cannot be read: {error.strerror}.")
        else:
            yield StoredFile(name, incoming.sha256, incoming.size, held, source.path)


def _holder(source: Source) -> Literal["mail", "archive"] | None:
    with source.file.open("rb") as opened:
        return holder(opened, source.file.name)


def is_document(file: StoredFile | Refused) -> TypeGuard[StoredFile]:
    """Whether a file becomes a document itself: an archive does not."""
    return isinstance(file, StoredFile) and file.holder != "archive"


def results(batch: Sequence[Sequence[StoredFile | Refused]], registered: Sequence[Registered]) -> list[TakenIn]:
    """The outcomes for files, each followed by its attachments in `batch`. `registered`: their documents, in order."""
    documents = iter(registered)
    taken = []
    for files in batch:
        first, *attached = (TakenIn(one, next(documents) if is_document(one) else None) for one in files)
        taken.append(TakenIn(first.file, first.document, tuple(attached)))
    return taken
