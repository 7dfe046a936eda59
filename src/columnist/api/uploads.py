"""Multipart uploads of thousands of files, streamed: each goes into the file store as it comes, one at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Literal

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from columnist.cancelling import off_loop
from columnist.documents.blobs import BlobStore, Incoming
from columnist.documents.intake import Refused, shown_path
from columnist.documents.reading.formats import holder, is_taken_in, media_type
from columnist.documents.store import StoredFile
from columnist.documents.sweep import Note
from columnist.errors import DocumentError, InputError, StorageQuotaError, TooLargeError

FIELD = b"files"
_WRITE = 1024**2
_LONGEST_HEADER = 8 * 1024


async def uploaded(
    request: Request, blobs: BlobStore, note: Note, max_files: int
) -> AsyncGenerator[StoredFile | Refused, None]:
    """The files of a multipart body: each when it is complete in the file store, or refused.

    Raises InputError if the body is not a multipart form, TooLargeError after `max_files` files. Yielded files are
    kept; an incomplete file is deleted.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise InputError("The body is not multipart/form-data: send each file as a part `files`.", "files")
    parts = _Parts()
    count = 0
    taking: _Taking | None = None
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
            for event, data in parts.take():
                if event == "begin":
                    count += 1
                    if count > max_files:
                        raise TooLargeError(
                            f"An upload has at most {max_files:,} files: send the rest in another "
                            "(COLUMNIST_UPLOAD_MAX_FILES). The files before that were taken in.",
                            "files",
                        )
                    taking = _Taking(note, shown_path(data.decode("utf-8", "replace")))
                    await taking.begin(blobs)
                elif taking is not None and event == "data":
                    await taking.write(data)
                elif taking is not None:
                    yield await taking.end()
                    taking = None
        parser.finalize()
    except FormParserError as error:
        raise InputError(f"The multipart body is broken: {error}.", "files") from None
    finally:
        if taking is not None:
            await taking.abandon()
    if taking is not None:
        raise InputError("The multipart body breaks off in the middle of a file.", "files")
    if parts.others and not count:
        raise InputError("No part of the body is a file called `files`: with curl, --form files=@lease.pdf.", "files")


class _Parts:
    """The parser's callbacks, as a list of events: begin (file name), data, end."""

    def __init__(self) -> None:
        self._events: list[tuple[str, bytes]] = []
        self._field = b""
        self._header: dict[bytes, bytes] = {}
        self._value = b""
        self._is_file = False
        self.others = 0
        """Parts that are not files, or have another name."""

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._header.clear,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._on_end,
        }

    def take(self) -> list[tuple[str, bytes]]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if len(self._field) + len(self._value) > _LONGEST_HEADER:
            raise InputError("A part of the multipart body has a header that is too long.", "files")
        self._header[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._header.get(b"content-disposition"))
        name = options.get(b"filename")
        self._is_file = options.get(b"name") == FIELD and name is not None
        if self._is_file:
            self._events.append(("begin", name or b""))
        else:
            self.others += 1

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._events.append(("data", data[start:end]))

    def _on_end(self) -> None:
        if self._is_file:
            self._events.append(("end", b""))


class _Taking:
    """One incoming file, written outside the event loop, a megabyte at a time."""

    _incoming: Incoming

    def __init__(self, note: Note, path: str) -> None:
        self._path = path
        self._name = path.rpartition("/")[2]
        self._note = note
        self._opened = AsyncExitStack()
        self._buffer = bytearray()
        self._error: str | None = None
        self._holder: Literal["mail", "archive"] | None = None

    async def begin(self, blobs: BlobStore) -> None:
        """Open a temporary file. Before this there is nothing to abandon."""
        self._incoming = await self._opened.enter_async_context(off_loop(blobs.receiving(self._name)))

    async def write(self, data: bytes) -> None:
        if self._error is None:
            self._buffer += data
            if len(self._buffer) >= _WRITE:
                await self._flush()

    async def end(self) -> StoredFile | Refused:
        """The file is complete."""
        await self._flush()
        if self._error is None:
            await asyncio.to_thread(self._look)
        if self._error is not None:
            await self.abandon()
            return Refused(self._name, self._path, self._error)
        try:
            self._incoming.known = await self._note(self._incoming.sha256, self._incoming.size)
        except StorageQuotaError as error:
            await self.abandon()
            return Refused(self._name, self._path, str(error))
        await self._opened.aclose()
        return StoredFile(self._name, self._incoming.sha256, self._incoming.size, self._holder, self._path)

    async def abandon(self) -> None:
        """Delete the file, unless it is complete."""
        try:
            await self._opened.__aexit__(_AbandonedError, _AbandonedError(), None)
        except _AbandonedError:
            return

    async def _flush(self) -> None:
        if self._error is None and self._buffer:
            try:
                await asyncio.to_thread(self._incoming.write, bytes(self._buffer))
            except TooLargeError as error:
                self._error = str(error)
        self._buffer.clear()

    def _look(self) -> None:
        """Refuse a file whose type cannot be read. A damaged file of a readable type is taken: its row will say so."""
        with self._incoming.path.open("rb") as file:
            if is_taken_in(file, self._name):
                self._holder = holder(file, self._name)
                return
            try:
                media_type(file, self._name)
            except DocumentError as error:
                self._error = str(error)


class _AbandonedError(Exception):
    """Not an error: makes the file store delete an incomplete file."""
