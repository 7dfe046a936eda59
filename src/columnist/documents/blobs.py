"""The blob store: files by the SHA-256 of their content, with the boxes of their words beside them.

Whatever its folder or bucket fails with is a StorageAwayError, whichever operation meets it (`storage.away`).
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
"""What nobody has written to for so long, nobody is writing."""

MARK = "installation"
"""The key of the file that says whose the store is."""


class Part:
    """A file on its way into the store. Another thread may close it while one still writes to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._file = FileIO(path, "wb")

    def write(self, data: bytes) -> None:
        """All of the data. Raises StorageAwayError."""
        with weather(), self._lock:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) or 0 :]

    def tell(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def sync(self) -> None:
        """Let it outlast a crash of the machine."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Incoming:
    """A content that is being taken in."""

    def __init__(self, part: Part, name: str, largest: int) -> None:
        self._part = part
        self._name = name
        self._largest = largest
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises TooLargeError when there are too many, StorageAwayError."""
        self._digest.update(chunk)
        self.size += len(chunk)
        if self.size > self._largest:
            raise TooLargeError(
                f"{self._name} is larger than {self._largest // 1024**2} MB: raise COLUMNIST_MAX_FILE_MB."
            )
        self._part.write(chunk)

    def copy(self, source: Path) -> None:
        """All of a file. Raises TooLargeError, StorageAwayError, and OSError if the file itself cannot be read."""
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
        return self._part.path


class BlobStore:
    """Contents as `ab/abcdef…`, and `….boxes` beside them; nothing half-written is ever visible there.

    It knows the mark of its installation once it was told (`ownership`). From then on it takes nothing in where that
    mark is not: a share that is not mounted is an empty folder; and only in its own store is a missing file a lost one.

    Raises SettingsError if COLUMNIST_BLOBS_URL cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "blobs"
        self._storage: Storage = Bucket(settings.blobs_url) if settings.blobs_url else Folder(self._folder)
        self._largest = settings.max_file_mb * 1024**2
        self._owner: tuple[str, str] | None = None

    # ── Whose it is ──────────────────────────────────────────────────────────────────────────────────────────────

    def belongs_to(self, installation: str, database: str) -> None:
        """The installation that this process works for, and its database."""
        self._owner = installation, database

    def mark(self) -> tuple[str, str] | None:
        """The installation and the database that the store belongs to; None: nobody has marked it."""
        with self._weather():
            said = self._storage.now(MARK)
        if said is None:
            return None
        installation, _, database = said.decode("utf-8", "replace").partition("\n")
        return installation.strip(), database.strip()

    def write_mark(self) -> None:
        """Mark the store as this process's installation's, over any other mark."""
        if self._owner is not None:
            self._put(MARK, "\n".join(self._owner).encode())

    def check(self) -> None:
        """Raises StorageAwayError where the store does not carry the mark of this process's installation."""
        if self._owner is None:
            return
        mark = self.mark()
        if mark is None:
            raise StorageAwayError(
                "The file store does not carry this installation's mark: is the shared folder mounted here, and are "
                "COLUMNIST_DATA_DIR and COLUMNIST_BLOBS_URL the same for every process? If the files were moved here "
                "without it, run: columnist doctor --adopt"
            )
        if mark[0] != self._owner[0]:
            raise StorageAwayError(
                "The file store belongs to another installation: are COLUMNIST_DATA_DIR, COLUMNIST_BLOBS_URL and "
                "DATABASE_URL those that you mean? To take it over, run: columnist doctor --adopt"
            )

    def check_deleting(self) -> None:
        """Raises StorageAwayError unless the store is this very database's: a copy of it deletes nothing."""
        self.check()
        if self._owner is not None and self.mark() != self._owner:
            raise StorageAwayError(
                "Another database than this one deletes the files of the store, such as the one that this is a copy "
                "of: here nothing is deleted. If this one has taken its place, run: columnist doctor --adopt"
            )

    def holds(self, contents: Sequence[str]) -> bool:
        """Whether it has any of these, by SHA-256; of nothing, whether it is empty. Raises StorageAwayError."""
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
            raise StorageAwayError("The file store does not give back what was written to it.")

    # ── What it holds ────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def receiving(self, name: str) -> Iterator[Incoming]:
        """Take a content in, chunk by chunk; it is there when the context ends well. `name` is for its refusal.

        Before it ends, the content has to be noted (`sweep.note_loose`): one that is there already might be swept.
        """
        self.check()
        with self._new_file() as (part, keep_as):
            incoming = Incoming(part, name, self._largest)
            yield incoming
            with self._weather():
                if not self._storage.has(_key(incoming.sha256)):
                    keep_as.append(_key(incoming.sha256))

    @contextmanager
    def reading(self, sha256: str) -> Iterator[Path]:
        """A content as a local file, while the context lasts. Raises NotFoundError, StorageAwayError."""
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
            with suppress(OSError):  # a copy that is gone already, with its folder
                opened.close()

    @contextmanager
    def writing_boxes(self, sha256: str) -> Iterator[BoxesWriter]:
        """Take the boxes of a document in, page by page; visible when all of them are there."""
        self.check()
        with self._new_file() as (part, keep_as):
            writer = BoxesWriter(part)
            yield writer
            writer.finish()
            keep_as.append(_boxes_key(sha256))

    def boxes(self, sha256: str, page: int) -> tuple[WordBox, ...]:
        """The words of a page (1-based); none if the document has no boxes. Raises StorageAwayError."""
        with self._weather():
            file = self._storage.small(_boxes_key(sha256))
            if file is not None:
                with file:
                    return read_boxes(file, page)
        self.check()
        return ()

    def remove(self, contents: Sequence[str]) -> None:
        """Delete contents by their SHA-256, up to 500, with their boxes."""
        with self._weather():
            self._storage.remove([key for sha256 in contents for key in (_key(sha256), _boxes_key(sha256))])

    def remove_leftovers(self) -> None:
        """Delete what processes that were killed have left half-written a day ago or longer."""
        oldest = time.time() - LEFTOVER_SECONDS
        with weather():
            for path in (self._folder / "incoming").glob("*"):
                with suppress(FileNotFoundError):  # another process may be at it, too
                    if path.stat().st_mtime < oldest:
                        path.unlink()

    def _put(self, key: str, content: bytes) -> None:
        with self._new_file() as (part, keep_as):
            part.write(content)
            keep_as.append(key)

    @contextmanager
    def _new_file(self) -> Iterator[tuple[Part, list[str]]]:
        """A temporary file that is kept as the key which the caller appends, if any, and is gone otherwise."""
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
            with suppress(OSError):  # a store that is away is asked for nothing more; `remove_leftovers` looks again
                Path(name).unlink(missing_ok=True)

    @contextmanager
    def _weather(self) -> Iterator[None]:
        with weather(self._storage.failures):
            yield


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _boxes_key(sha256: str) -> str:
    return f"{_key(sha256)}.boxes"
