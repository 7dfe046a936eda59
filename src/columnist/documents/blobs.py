"""The blob store: files by the SHA-256 of their content, with the boxes of their words beside them."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from columnist.documents.boxes import BoxesWriter, read_boxes
from columnist.documents.model import WordBox
from columnist.errors import TooLargeError
from columnist.settings import Settings

_CHUNK = 1024**2


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
    """A folder of `ab/abcdef…`; nothing half-written is ever visible there."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "blobs"
        self._largest = settings.max_file_mb * 1024**2

    def put(self, source: Path) -> tuple[str, int]:
        """Copy a file in; returns its SHA-256 (hex) and size in bytes. Raises TooLargeError if it is too large."""
        with self.receiving(source.name) as incoming, source.open("rb") as original:
            while chunk := original.read(_CHUNK):
                incoming.write(chunk)
        return incoming.sha256, incoming.size

    @contextmanager
    def receiving(self, name: str) -> Iterator["Incoming"]:
        """Take a content in, chunk by chunk; it is there when the context ends well. `name` is for its refusal."""
        with self._new_file() as (file, keep_as):
            incoming = Incoming(file, name, self._largest)
            yield incoming
            if not self.path(incoming.sha256).exists():
                keep_as.append(self.path(incoming.sha256))

    def path(self, sha256: str) -> Path:
        """Where a content is, or would be."""
        return self._folder / sha256[:2] / sha256

    @contextmanager
    def writing_boxes(self, sha256: str) -> Iterator[BoxesWriter]:
        """Take the boxes of a document in, page by page; visible when all of them are there."""
        with self._new_file() as (file, keep_as):
            writer = BoxesWriter(file)
            yield writer
            writer.finish()
            keep_as.append(self._boxes_path(sha256))

    def boxes(self, sha256: str, page: int) -> tuple[WordBox, ...]:
        """The words of a page (1-based); none if the document has no boxes."""
        path = self._boxes_path(sha256)
        return read_boxes(path, page) if path.exists() else ()

    def _boxes_path(self, sha256: str) -> Path:
        return self.path(sha256).with_suffix(".boxes")

    @contextmanager
    def _new_file(self) -> Iterator[tuple[BinaryIO, list[Path]]]:
        """A temporary file that is moved to the path which the caller appends, if any, and is gone otherwise."""
        incoming = self._folder / "incoming"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        incoming.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=incoming)
        keep_as: list[Path] = []
        try:
            os.close(descriptor)
            with Path(name).open("wb") as file:
                yield file, keep_as
                file.flush()
                if keep_as:
                    os.fsync(file.fileno())
            for target in keep_as:
                target.parent.mkdir(exist_ok=True)
                Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
