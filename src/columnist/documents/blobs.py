"""The blob store: files by the SHA-256 of their content, with the boxes of their words beside them."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from columnist.documents.boxes import BoxesWriter, read_boxes
from columnist.documents.model import WordBox
from columnist.documents.storage import Bucket, Folder, Storage
from columnist.errors import TooLargeError
from columnist.settings import Settings

_CHUNK = 1024**2

LEFTOVER_SECONDS = 86_400.0
"""What nobody has written to for so long, nobody is writing."""


class Incoming:
    """A content that is being taken in."""

    def __init__(self, file: BinaryIO, name: str, largest: int) -> None:
        self._file = file
        self._name = name
        self._largest = largest
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises TooLargeError when there are too many."""
        self._digest.update(chunk)
        self.size += len(chunk)
        if self.size > self._largest:
            raise TooLargeError(
                f"{self._name} is larger than {self._largest // 1024**2} MB: raise COLUMNIST_MAX_FILE_MB."
            )
        self._file.write(chunk)

    def copy(self, source: Path) -> None:
        """All of a file. Raises TooLargeError, OSError."""
        with source.open("rb") as original:
            while chunk := original.read(_CHUNK):
                self.write(chunk)

    @property
    def sha256(self) -> str:
        """Of what has come so far (hex)."""
        return self._digest.hexdigest()

    @property
    def path(self) -> Path:
        """Where what has come so far can be looked at."""
        self._file.flush()
        return Path(self._file.name)


class BlobStore:
    """Contents as `ab/abcdef…`, and `….boxes` beside them; nothing half-written is ever visible there.

    Raises SettingsError if COLUMNIST_BLOBS_URL cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "blobs"
        self._storage: Storage = Bucket(settings.blobs_url) if settings.blobs_url else Folder(self._folder)
        self._largest = settings.max_file_mb * 1024**2

    @contextmanager
    def receiving(self, name: str) -> Iterator[Incoming]:
        """Take a content in, chunk by chunk; it is there when the context ends well. `name` is for its refusal.

        Before it ends, the content has to be noted (`sweep.note_loose`): one that is there already might be swept.
        """
        with self._new_file() as (file, keep_as):
            incoming = Incoming(file, name, self._largest)
            yield incoming
            if not self._storage.has(_key(incoming.sha256)):
                keep_as.append(_key(incoming.sha256))

    def reading(self, sha256: str) -> AbstractContextManager[Path]:
        """A content as a local file, while the context lasts. Raises NotFoundError."""
        return self._storage.local(_key(sha256))

    @contextmanager
    def writing_boxes(self, sha256: str) -> Iterator[BoxesWriter]:
        """Take the boxes of a document in, page by page; visible when all of them are there."""
        with self._new_file() as (file, keep_as):
            writer = BoxesWriter(file)
            yield writer
            writer.finish()
            keep_as.append(_boxes_key(sha256))

    def boxes(self, sha256: str, page: int) -> tuple[WordBox, ...]:
        """The words of a page (1-based); none if the document has no boxes."""
        file = self._storage.small(_boxes_key(sha256))
        if file is None:
            return ()
        with file:
            return read_boxes(file, page)

    def remove(self, contents: Sequence[str]) -> None:
        """Delete contents by their SHA-256, up to 500, with their boxes."""
        self._storage.remove([key for sha256 in contents for key in (_key(sha256), _boxes_key(sha256))])

    def remove_leftovers(self) -> None:
        """Delete what processes that were killed have left half-written a day ago or longer."""
        oldest = time.time() - LEFTOVER_SECONDS
        for path in (self._folder / "incoming").glob("*"):
            with suppress(FileNotFoundError):  # another process may be at it, too
                if path.stat().st_mtime < oldest:
                    path.unlink()

    @contextmanager
    def _new_file(self) -> Iterator[tuple[BinaryIO, list[str]]]:
        """A temporary file that is kept as the key which the caller appends, if any, and is gone otherwise."""
        incoming = self._folder / "incoming"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        incoming.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=incoming)
        os.close(descriptor)
        keep_as: list[str] = []
        try:
            with Path(name).open("wb") as file:
                yield file, keep_as
                file.flush()
                if keep_as:
                    os.fsync(file.fileno())
            for key in keep_as:
                self._storage.keep(Path(name), key)
        finally:
            Path(name).unlink(missing_ok=True)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _boxes_key(sha256: str) -> str:
    return f"{_key(sha256)}.boxes"
