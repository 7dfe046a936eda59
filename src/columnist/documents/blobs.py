"""The blob store: files by the SHA-256 of their content, and the word boxes of each reading by its key.

Every failure of its folder or bucket is raised as a StorageAwayError (`storage.away`).
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from threading import Lock
from uuid import uuid4

from columnist.documents.locating.boxes import BoxesWriter, read_boxes
from columnist.documents.model import WordBox
from columnist.documents.storage import Bucket, Folder, Storage, weather
from columnist.errors import NotFoundError, StorageAwayError, TooLargeError
from columnist.settings import Settings

_CHUNK = 1024**2

LEFTOVER_SECONDS = 86_400.0
"""A partial file that has not been written to for this long is abandoned."""

MARK = "installation"
"""The key of the file that names the store's owner."""


class Part:
    """A file that is being stored. One thread may close it while another writes to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._file = FileIO(path, "wb")

    def write(self, data: bytes) -> None:
        """Write all of the data. Raises StorageAwayError."""
        with weather(), self._lock:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) or 0 :]

    def tell(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def sync(self) -> None:
        """Flush to disk, so that the file survives a crash of the machine."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Incoming:
    """A file content that is being received."""

    def __init__(self, part: Part, name: str, largest: int) -> None:
        self._part = part
        self._name = name
        self._largest = largest
        self._digest = hashlib.sha256()
        self.size = 0
        self.known = False
        """Whether its owner has stored it before."""

    def write(self, chunk: bytes) -> None:
        """Write the next bytes. Raises StorageAwayError, and TooLargeError when there are too many."""
        self._digest.update(chunk)
        self.size += len(chunk)
        if self.size > self._largest:
            raise TooLargeError(
                f"{self._name} is larger than {self._largest // 1024**2} MB: raise COLUMNIST_MAX_FILE_MB."
            )
        self._part.write(chunk)

    def copy(self, source: Path) -> None:
        """Write a whole file. Raises TooLargeError, StorageAwayError, and OSError if the file cannot be read."""
        with source.open("rb") as original:
            while chunk := original.read(_CHUNK):
                self.write(chunk)

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far (hex)."""
        return self._digest.hexdigest()

    @property
    def path(self) -> Path:
        """The file that holds the bytes so far."""
        return self._part.path


class BlobStore:
    """Contents as `ab/abcdef…`, word boxes as `ab/abcdef….boxes`. A partial file is never visible there.

    `belongs_to` sets its owner. From then on it refuses to write to a store without the owner's mark, because a
    share that is not mounted looks like an empty folder. Without the mark, a missing file does not count as lost.

    Raises SettingsError if COLUMNIST_BLOBS_URL cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "blobs"
        self._storage: Storage = Bucket(settings.blobs_url) if settings.blobs_url else Folder(self._folder)
        self._largest = settings.max_file_mb * 1024**2
        self._owner: tuple[str, str] | None = None

    # ── Its owner ────────────────────────────────────────────────────────────────────────────────────────────────

    def belongs_to(self, installation: str, database: str) -> None:
        """Set the installation that this process works for, and its database."""
        self._owner = installation, database

    def mark(self) -> tuple[str, str] | None:
        """The installation and the database that own the store; None if it has no mark."""
        with self._weather():
            content = self._storage.now(MARK)
        if content is None:
            return None
        installation, _, database = content.decode("utf-8", "replace").partition("\n")
        return installation.strip(), database.strip()

    def write_mark(self) -> None:
        """Mark the store as owned by this process's installation, over any other mark."""
        if self._owner is not None:
            self._put(MARK, "\n".join(self._owner).encode())

    def check(self) -> None:
        """Raises StorageAwayError unless the store has the mark of this process's installation."""
        if self._owner is None:
            return
        mark = self.mark()
        if mark is None:
            raise StorageAwayError(
                "The file store does not have this installation's mark: is the shared folder mounted here, and are "
                "COLUMNIST_DATA_DIR and COLUMNIST_BLOBS_URL the same for every process? If the files were moved here "
                "without it, run: columnist doctor --adopt"
            )
        if mark[0] != self._owner[0]:
            raise StorageAwayError(
                "The file store belongs to another installation: are COLUMNIST_DATA_DIR, COLUMNIST_BLOBS_URL and "
                "DATABASE_URL right? To take it over, run: columnist doctor --adopt"
            )

    def check_deleting(self) -> None:
        """Raises StorageAwayError unless this database owns the store: a copy of the database deletes nothing."""
        self.check()
        if self._owner is not None and self.mark() != self._owner:
            raise StorageAwayError(
                "The files of the store belong to another database; this one may be a copy of it. So nothing is "
                "deleted here. If this database has replaced the other one, run: columnist doctor --adopt"
            )

    def holds(self, contents: Sequence[str]) -> bool:
        """Whether it has any of these contents (SHA-256); if none are given, whether it is empty. Raises
        StorageAwayError."""
        with self._weather():
            return any(self._storage.has(_key(one)) for one in contents) if contents else self._storage.is_empty()

    def probe(self) -> None:
        """Write, read and delete a small file. Raises StorageAwayError."""
        self.check()
        key, content = f"probes/{uuid4().hex}", b"probe"
        self._put(key, content)
        with self._weather():
            found = self._storage.now(key)
            self._storage.remove([key])
        if found != content:
            raise StorageAwayError("The file store returns something else than was written to it.")

    # ── Its contents ─────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def receiving(self, name: str) -> Iterator[Incoming]:
        """Receive a content in chunks; it is stored when the context ends without an error. `name` is for the refusal.

        Before that, the caller notes the content (`sweep.note_arrival`), because one that is already stored might be
        swept. One that is `known` and still there is not stored again.
        """
        self.check()
        with self._new_file() as (part, keep_as):
            incoming = Incoming(part, name, self._largest)
            yield incoming
            with self._weather():
                if not (incoming.known and self._storage.has(_key(incoming.sha256))):
                    keep_as.append(_key(incoming.sha256))

    @contextmanager
    def reading(self, sha256: str) -> Iterator[Path]:
        """A content as a local file during the context. Raises NotFoundError, StorageAwayError."""
        opened = ExitStack()
        try:
            with self._weather():
                path = opened.enter_context(self._storage.local(_key(sha256)))
        except NotFoundError:
            self.check()
            raise
        try:
            yield path
        finally:
            with suppress(OSError):  # the copy may be gone already, with its folder
                opened.close()

    @contextmanager
    def writing_boxes(self, boxes_key: str) -> Iterator[BoxesWriter]:
        """Receive the word boxes of a reading page by page; visible when complete. `boxes_key`: 64 hex digits."""
        self.check()
        with self._new_file() as (part, keep_as):
            writer = BoxesWriter(part)
            yield writer
            writer.finish()
            keep_as.append(_boxes_file(boxes_key))

    def boxes(self, boxes_key: str, page: int) -> tuple[WordBox, ...]:
        """The word boxes of a page (1-based); empty if the reading has none. Raises StorageAwayError."""
        with self._weather():
            file = self._storage.small(_boxes_file(boxes_key))
            if file is not None:
                with file:
                    return read_boxes(file, page)
        self.check()
        return ()

    def remove(self, contents: Sequence[str]) -> None:
        """Delete up to 500 contents, by SHA-256, and word boxes, by their key."""
        with self._weather():
            self._storage.remove([key for one in contents for key in (_key(one), _boxes_file(one))])

    def remove_leftovers(self) -> None:
        """Delete partial files that killed processes left a day ago or longer."""
        oldest = time.time() - LEFTOVER_SECONDS
        with weather():
            for path in (self._folder / "incoming").glob("*"):
                with suppress(FileNotFoundError):  # another process may delete it, too
                    if path.stat().st_mtime < oldest:
                        path.unlink()

    def _put(self, key: str, content: bytes) -> None:
        with self._new_file() as (part, keep_as):
            part.write(content)
            keep_as.append(key)

    @contextmanager
    def _new_file(self) -> Iterator[tuple[Part, list[str]]]:
        """Yields a temporary file; it is stored under each key that the caller appends, else deleted."""
        incoming = self._folder / "incoming"
        with weather():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            incoming.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=incoming)
            os.close(descriptor)
        keep_as: list[str] = []
        try:
            with weather():
                part = Part(Path(name))
            try:
                yield part, keep_as
                if keep_as:
                    with weather():
                        part.sync()
            finally:
                part.close()
            for key in keep_as:
                with self._weather():
                    self._storage.keep(Path(name), key)
        finally:
            with suppress(OSError):  # a store that is away gets no more requests; `remove_leftovers` tries again
                Path(name).unlink(missing_ok=True)

    @contextmanager
    def _weather(self) -> Iterator[None]:
        with weather(self._storage.failures):
            yield


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _boxes_file(boxes_key: str) -> str:
    return f"{_key(boxes_key)}.boxes"
