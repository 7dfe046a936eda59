"""Where the blob store's files lie: a folder, or a bucket of an S3-compatible store (extra `s3`)."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

from columnist.errors import NotFoundError, SettingsError

SMALL_FILES_HELD = 32
"""Boxes files of a bucket that are held in memory: the citations of a document look into the same one again."""


class Storage(Protocol):
    """Files by key. A key has two characters, a slash, and the rest."""

    def has(self, key: str) -> bool:
        """Whether the file is there."""
        ...

    def keep(self, part: Path, key: str) -> None:
        """Make a complete local file the content of `key`; `part` may be gone afterwards."""
        ...

    def local(self, key: str) -> AbstractContextManager[Path]:
        """The file as a local one, while the context lasts. Raises NotFoundError."""
        ...

    def small(self, key: str) -> BinaryIO | None:
        """A file to read in, which fits into memory; None if it is not there."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Delete up to 1,000 files; one that is not there is no error."""
        ...


class Folder:
    """A folder of this machine, or one that every process sees."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """Where the file is, or would be."""
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

    def remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)


class Bucket:
    """A bucket, `s3://bucket/prefix`; endpoint and credentials come from the usual AWS_… variables."""

    def __init__(self, url: str) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise SettingsError("COLUMNIST_BLOBS_URL needs the extra `s3`: pip install 'columnist[s3]'") from None
        where = urlsplit(url)
        self._bucket, self._prefix = where.netloc, where.path.strip("/")
        self._missing = ClientError
        try:
            self._client = boto3.client("s3")
        except BotoCoreError as error:
            raise SettingsError(f"COLUMNIST_BLOBS_URL={url} cannot be used: {error}") from None
        self._held = lru_cache(SMALL_FILES_HELD)(self._read)

    def has(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self._bucket, Key=self._key(key))
        except self._missing as error:
            if not _is_missing(error):
                raise
            return False
        return True

    def keep(self, part: Path, key: str) -> None:
        self._client.upload_file(str(part), self._bucket, self._key(key))

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(prefix="columnist-") as copy:
            try:
                self._client.download_fileobj(self._bucket, self._key(key), copy)
            except self._missing as error:
                if not _is_missing(error):
                    raise
                raise NotFoundError("The file is gone from the server's storage.") from None
            copy.flush()
            yield Path(copy.name)

    def small(self, key: str) -> BinaryIO | None:
        try:
            return io.BytesIO(self._held(key))
        except self._missing as error:
            if not _is_missing(error):
                raise
            return None

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


def _is_missing(error: Any) -> bool:
    return error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound")
