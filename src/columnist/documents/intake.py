"""The files inside e-mails and archives, nested ones included, become documents."""

import asyncio
import os
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

from columnist.cancelling import off_loop
from columnist.documents.blobs import BlobStore
from columnist.documents.reading.reader import AttachedFile, Reader
from columnist.documents.store import StoredFile
from columnist.documents.sweep import Note
from columnist.errors import DocumentError, TooLargeError

DEEPEST = 5
"""Levels of e-mails and archives inside each other whose files are taken in."""

MOST = 1_000
"""Most files in one e-mail, nested ones included."""

MOST_IN_ARCHIVE = 20_000
"""The same for an archive."""

_LONGEST_NAME = 255
_LONGEST_PATH = 500
"""Most characters of a path: they fit into an index entry of PostgreSQL in any script."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in, and why. `path`: its place in the upload."""

    name: str
    path: str
    error: str


async def attachments(
    reader: Reader, blobs: BlobStore, note: Note, file: StoredFile, user: Hashable = None
) -> list[StoredFile | Refused]:
    """Take in the files of an e-mail or archive, and the files inside them, in order. Their paths: "mail.eml /
    contract.pdf" in an e-mail, the archive's own paths in an archive.

    The same file always holds the same files. One that cannot be opened holds none; its own row says why. `user`: the
    user who waits.
    """
    found: list[StoredFile | Refused] = []
    most, kind = (MOST_IN_ARCHIVE, "archive") if file.holder == "archive" else (MOST, "e-mail")
    waiting = deque([(file, 1)] if file.holder else [])
    while waiting:
        mail, depth = waiting.popleft()
        if depth > DEEPEST or len(found) >= most:
            limit = f"{DEEPEST} e-mails inside each other" if depth > DEEPEST else f"{most:,} files in one {kind}"
            found.append(_unopened(mail, f"more than {limit}."))
            continue
        known = len(found)
        try:
            await _open(reader, blobs, note, mail, found, user)
        except DocumentError as error:
            found.append(_unopened(mail, str(error)))
        waiting += [(one, depth + 1) for one in found[known:] if isinstance(one, StoredFile) and one.holder]
    return found


async def _open(
    reader: Reader, blobs: BlobStore, note: Note, mail: StoredFile, found: list[StoredFile | Refused], user: Hashable
) -> None:
    async def take(attached: AttachedFile) -> None:
        if mail.holder == "archive":
            own = names.own(shown_path(attached.name))
            name, path = own.rpartition("/")[2], _bounded(f"{mail.path}/{own}")
        else:
            own = names.own(shown_name(attached.name))
            name, path = f"{mail.name} / {own}", _bounded(f"{mail.path} / {own}")
        if attached.refused is not None:
            found.append(Refused(name, path, attached.refused))
            return
        try:
            async with off_loop(blobs.receiving(name)) as incoming:
                await asyncio.to_thread(incoming.write, attached.content)
                incoming.known = await note(incoming.sha256, incoming.size)
        except TooLargeError as error:
            found.append(Refused(name, path, str(error)))
        else:
            found.append(StoredFile(name, incoming.sha256, incoming.size, attached.holder, path))

    names = Names()
    async with off_loop(blobs.reading(mail.sha256)) as path:
        await reader.attached(path, mail.name, take, user)


def _unopened(mail: StoredFile, reason: str) -> Refused:
    what = "files" if mail.holder == "archive" else "attachments"
    return Refused(f"{mail.name} / …", f"{mail.path} / …", f"Its {what} are not read: {reason}")


def shown_name(name: str) -> str:
    """A name for people: no folders, no control characters, limited length. It is never used as a path."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(char for char in last if char.isprintable()).strip()
    if len(kept) > _LONGEST_NAME:
        suffix = PurePosixPath(kept).suffix[:20]
        kept = kept[: _LONGEST_NAME - len(suffix)] + suffix
    return kept or "document"


def shown_path(path: str | PurePath) -> str:
    """A file's place, for people: the names of its folders and its own, joined by `/`. It is never used as a path.

    Bytes of a local path that are not UTF-8 are replaced. The file's own name is not cut.
    """
    text = path if isinstance(path, str) else os.fsencode(path).decode("utf-8", "replace")
    *folders, name = re.split(r"[/\\]", text)
    above = [shown_name(folder) for folder in folders if folder not in ("", ".", "..")]
    return _bounded("/".join([*above, shown_name(name)]))


class Names:
    """Tells files of one path apart. The number goes on from the last one: an archive may have 10,000 files of one
    name."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: Counter[str] = Counter()

    def own(self, path: str) -> str:
        """The path, with a number if it is taken: "lease (2).txt"."""
        pure, own = PurePosixPath(path), path
        while own in self._taken:
            self._numbers[path] += 1
            own = str(pure.with_name(f"{pure.stem} ({self._numbers[path] + 1}){pure.suffix}"))
        self._taken.add(own)
        return own


def _bounded(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else "…" + path[1 - _LONGEST_PATH :]
