"""The place of the blob store's files: a folder, or a bucket of an S3-compatible store (extra `s3`).

A failure there is an outage (weather): it says nothing about a document. `away` turns it into an error for people.
"""

import errno
import io
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

from columnist.errors import NotFoundError, SettingsError, StorageAwayError, StorageFullError

SMALL_FILES_HELD = 32
"""How many boxes files of a bucket are cached in memory: citations of one document read the same file."""

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
"""Timeout of one of a few attempts to read from a bucket."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

MACHINES_FAULT = FULL | {
    getattr(errno, name)
    for name in (
        "EROFS", "EIO", "ESTALE", "EACCES", "EPERM", "EMFILE", "ENFILE", "ENODEV", "ENXIO", "EREMOTEIO", "ENOTCONN",
        "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH",
    )
    if hasattr(errno, name)
}  # fmt: skip
"""Errors that a file's content cannot cause. Others can be caused: a seek before the beginning is EINVAL."""

READING_FAULT = MACHINES_FAULT - FULL - {errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EROFS}
"""Errors that can occur while an open file is read; without those of a closed process, which are no fault of the
machine."""

_FULL_CODES = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "EntityTooLarge"}
_CONTENT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}(\.boxes)?")


class Storage(Protocol):
    """Files by key: two characters, a slash, the rest. `failures`: what operations raise if the store is at fault."""

    failures: tuple[type[Exception], ...]

    def has(self, key: str) -> bool:
        """Whether the file exists."""
        ...

    def keep(self, part: Path, key: str) -> None:
        """Store a complete local file as the content of `key`; `part` may be gone afterwards."""
        ...

    def local(self, key: str) -> AbstractContextManager[Path]:
        """The file as a local one, during the context. Raises NotFoundError."""
        ...

    def small(self, key: str) -> BinaryIO | None:
        """A file to read, which fits into memory and never changes; None if it does not exist."""
        ...

    def now(self, key: str) -> bytes | None:
        """The current content of a small file; None if it does not exist."""
        ...

    def is_empty(self) -> bool:
        """Whether the store is empty."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Delete up to 1,000 files; a missing one is no error."""
        ...


def away(error: BaseException) -> StorageAwayError:
    """The error for people that a failure of a store, or of the folder for temporary files, becomes."""
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    if (isinstance(error, OSError) and error.errno in FULL) or code in _FULL_CODES:
        return StorageFullError(
            "The file store, or the folder for temporary files, is full: make room there (COLUMNIST_DATA_DIR, TMPDIR). "
            "Waiting work continues then."
        )
    # Not the whole message: it names files of the store.
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else code or type(error).__name__
    return StorageAwayError(f"The file store cannot be used now ({reason}). Waiting work continues when it is back.")


def outage_in(error: BaseException) -> StorageAwayError | None:
    """The `away` error if a failure of the machine caused this error, directly or not; else None."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in MACHINES_FAULT:
            return away(seen)
        seen = seen.__cause__ or seen.__context__
    return None


@contextmanager
def weather(failures: tuple[type[Exception], ...] = (OSError,)) -> Iterator[None]:
    """Every failure in the context is the fault of the store or its machine. Raises StorageAwayError."""
    try:
        yield
    except failures as error:
        raise away(error) from error


def look_through(path: Path) -> None:
    """Raises StorageAwayError if a file of the store cannot be read to its end."""
    with weather(), path.open("rb", buffering=0) as file:
        while file.read(1024**2):
            continue


class Folder:
    """A folder, of this machine or shared."""

    failures: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """The path of the file, whether it exists or not."""
        return self._folder / key

    def has(self, key: str) -> bool:
        return self.path(key).exists()

    def keep(self, part: Path, key: str) -> None:
        self.path(key).parent.mkdir(exist_ok=True)
        part.replace(self.path(key))

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        if not self.has(key):
            raise NotFoundError("The file is gone from the server's storage.")
        yield self.path(key)

    def small(self, key: str) -> BinaryIO | None:
        try:
            return self.path(key).open("rb")
        except FileNotFoundError:
            return None

    def now(self, key: str) -> bytes | None:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            return None

    def is_empty(self) -> bool:
        folders = (one for one in self._folder.glob("??") if one.is_dir())
        return not any(
            _CONTENT.fullmatch(f"{file.parent.name}/{file.name}") for one in folders for file in one.iterdir()
        )

    def remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)


class Bucket:
    """A bucket, `s3://bucket/prefix`; endpoint and credentials come from the usual AWS_… variables."""

    def __init__(self, url: str) -> None:
        try:
            import boto3
            from boto3.exceptions import Boto3Error
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
            from s3transfer.exceptions import RetriesExceededError  # type: ignore[import-untyped]
        except ImportError:
            raise SettingsError("COLUMNIST_BLOBS_URL needs the extra `s3`: pip install 'columnist[s3]'") from None
        where = urlsplit(url)
        self._bucket, self._prefix = where.netloc, where.path.strip("/")
        self._refusal = ClientError
        self.failures: tuple[type[Exception], ...] = (
            OSError,
            BotoCoreError,
            ClientError,
            Boto3Error,
            RetriesExceededError,
        )
        patience = Config(connect_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS)
        try:
            self._client = boto3.client("s3", config=patience)
        except BotoCoreError as error:
            raise SettingsError(f"COLUMNIST_BLOBS_URL={url} cannot be used: {error}") from None
        self._held = lru_cache(SMALL_FILES_HELD)(self._read)

    def has(self, key: str) -> bool:
        with self._missing_is_no_failure():
            self._client.head_object(Bucket=self._bucket, Key=self._key(key))
            return True
        return False

    def keep(self, part: Path, key: str) -> None:
        self._client.upload_file(str(part), self._bucket, self._key(key))

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(prefix="columnist-") as copy:
            complete = False
            with self._missing_is_no_failure():
                self._client.download_fileobj(self._bucket, self._key(key), copy)
                complete = True
            if not complete:
                raise NotFoundError("The file is gone from the server's storage.")
            copy.flush()
            yield Path(copy.name)

    def small(self, key: str) -> BinaryIO | None:
        with self._missing_is_no_failure():
            return io.BytesIO(self._held(key))
        return None

    def now(self, key: str) -> bytes | None:
        with self._missing_is_no_failure():
            return self._read(key)
        return None

    def is_empty(self) -> bool:
        start = len(self._key(""))
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._key(""))
        return not any(_CONTENT.fullmatch(one["Key"][start:]) for one in listed.get("Contents", []))

    def remove(self, keys: Sequence[str]) -> None:
        self._held.cache_clear()
        if not keys:
            return
        objects = [{"Key": self._key(key)} for key in keys]
        done = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        for refused in done.get("Errors", []):
            raise OSError(f"The bucket does not delete {refused['Key']}: {refused.get('Message')}")

    def _read(self, key: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key(key))["Body"].read()
        return content

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    @contextmanager
    def _missing_is_no_failure(self) -> Iterator[None]:
        try:
            yield
        except self._refusal as error:
            if not _is_missing(error):
                raise


def _is_missing(error: Any) -> bool:
    return error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound")
