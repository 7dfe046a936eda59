"""What comes in with an e-mail: its attachments, and theirs, as documents of their own beside it."""

import asyncio
import re
import unicodedata
from collections import deque
from dataclasses import dataclass
from pathlib import PurePosixPath

from columnist.documents.blobs import BlobStore
from columnist.documents.guard import AttachedFile, Reader
from columnist.documents.store import StoredFile
from columnist.documents.sweep import Note
from columnist.errors import DocumentError, TooLargeError
from columnist.processes import off_loop

DEEPEST = 5
"""E-mails inside each other whose attachments are taken in."""

MOST = 1_000
"""Files that come in with one e-mail, all told; after these no e-mail among them is opened."""

_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in, and why."""

    name: str
    error: str


async def attachments(reader: Reader, blobs: BlobStore, note: Note, file: StoredFile) -> list[StoredFile | Refused]:
    """Take in what is attached to a file, and to the e-mails among that: "mail.eml / contract.pdf", in that order.

    The same e-mail has the same attachments each time. One that cannot be opened has none: its own row says why.
    """
    found: list[StoredFile | Refused] = []
    waiting = deque([(file, 1)] if file.is_mail else [])
    while waiting:
        mail, depth = waiting.popleft()
        if depth > DEEPEST or len(found) >= MOST:
            limit = f"{DEEPEST} e-mails inside each other" if depth > DEEPEST else f"{MOST:,} files in one e-mail"
            found.append(_unopened(mail, f"more than {limit}."))
            continue
        known = len(found)
        try:
            await _open(reader, blobs, note, mail, found)
        except DocumentError as error:
            found.append(_unopened(mail, str(error)))
        waiting += [(one, depth + 1) for one in found[known:] if isinstance(one, StoredFile) and one.is_mail]
    return found


async def _open(
    reader: Reader, blobs: BlobStore, note: Note, mail: StoredFile, found: list[StoredFile | Refused]
) -> None:
    async def take(attached: AttachedFile) -> None:
        name = f"{mail.name} / {shown_name(attached.name)}"
        try:
            async with off_loop(blobs.receiving(name)) as incoming:
                await asyncio.to_thread(incoming.write, attached.content)
                await note(incoming.sha256)
        except TooLargeError as error:
            found.append(Refused(name, str(error)))
        else:
            found.append(StoredFile(name, incoming.sha256, incoming.size, attached.is_mail))

    async with off_loop(blobs.reading(mail.sha256)) as path:
        await reader.attached(path, mail.name, take)


def _unopened(mail: StoredFile, reason: str) -> Refused:
    return Refused(f"{mail.name} / …", f"What is attached to it is not read: {reason}")


def shown_name(name: str) -> str:
    """A name for people to see: no folders, no control characters, not endless. It is never a path here."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(char for char in last if char.isprintable()).strip()
    if len(kept) > _LONGEST_NAME:
        suffix = PurePosixPath(kept).suffix[:20]
        kept = kept[: _LONGEST_NAME - len(suffix)] + suffix
    return kept or "document"
