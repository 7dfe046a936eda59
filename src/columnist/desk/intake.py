"""Taking files in: into the file store, with the attachments of e-mails, and as documents of the user."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from columnist.cancelling import off_loop
from columnist.desk.files import Source
from columnist.documents.blobs import BlobStore
from columnist.documents.intake import Refused
from columnist.documents.reading.formats import is_mail
from columnist.documents.store import Registered, StoredFile
from columnist.documents.sweep import Note
from columnist.errors import InputError

TOGETHER = 100
"""Files whose documents are written in one transaction: an upload that breaks off loses fewer than these."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file: its `document`, or None if it was refused. `attachments`: those of an e-mail, and of the
    e-mails among them."""

    file: StoredFile | Refused
    document: Registered | None
    attachments: tuple["TakenIn", ...] = ()

    @property
    def status(self) -> Literal["added", "known", "refused"]:
        """`known`: the user has this path with this content already."""
        return "refused" if self.document is None else "added" if self.document.added else "known"


async def stored(sources: Sequence[Source], blobs: BlobStore, note: Note) -> AsyncIterator[StoredFile | Refused]:
    """Copy files of this machine into the file store, in order; one that cannot be read or is too large is refused."""
    for source in sources:
        name = source.path.rpartition("/")[2]
        try:
            async with off_loop(blobs.receiving(name)) as incoming:
                await asyncio.to_thread(incoming.copy, source.file)
                mail = await asyncio.to_thread(_is_mail, source)
                incoming.known = await note(incoming.sha256)
        except (InputError, OSError) as error:
            yield Refused(name, source.path, str(error))
        else:
            yield StoredFile(name, incoming.sha256, incoming.size, mail, source.path)


def _is_mail(source: Source) -> bool:
    with source.file.open("rb") as opened:
        return is_mail(opened, source.file.name)


def results(batch: Sequence[Sequence[StoredFile | Refused]], registered: Sequence[Registered]) -> list[TakenIn]:
    """What became of files, each followed by its attachments in `batch`. `registered`: their documents, in order."""
    documents = iter(registered)
    taken = []
    for files in batch:
        first, *attached = (TakenIn(one, next(documents) if isinstance(one, StoredFile) else None) for one in files)
        taken.append(TakenIn(first.file, first.document, tuple(attached)))
    return taken
