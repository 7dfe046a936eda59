"""Limits for a client before sign-in: bytes, headers, seconds and connections.

With httptools uvicorn limits none of them; with h11, which takes three times as long, only the bytes of a head.
"""

import asyncio
import resource
from collections.abc import Iterable
from operator import attrgetter
from typing import Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers; h11's limit."""
MOST_HEADERS = 100
MOST_PIPELINED = 16
"""Requests of one connection that may wait for an earlier response."""

HEAD_SECONDS = 20.0
"""How long a request's head may take to arrive, also the first one of a connection."""
LINGER_SECONDS = 10.0
"""How long the rest of a body is read and dropped after the response: if the connection closed at once, the client
could lose the answer."""
STALL_SECONDS = 60.0
"""How long a client may take to read a response's next 64 kB."""

MOST_CONNECTIONS = min(2_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
"""The other half of the open files is for documents, the database and subprocesses."""

MOST_ACCEPTED = max(1, MOST_CONNECTIONS // 8)
"""How many connections are accepted before the event loop does other work, such as closing surplus ones."""


class _RefusedError(Exception):
    """Not an error: ends the parser in the middle of a request."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's connection with limits. If there are too many, a new one replaces the one that has waited longest for a
    request, so that idle connections keep no request out."""

    _state: Literal["idle", "head", "body"] = "idle"
    waiting_since = 0.0
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _headers = _head_bytes = _framing = _body_bytes = 0
    _refusal = "400 Bad Request"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS:
            _longest_waiting(self.connections, self).transport.abort()
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._go_on()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._framing += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        # Heads, trailers and the sizes of chunks: the parser keeps an incomplete header, however long it becomes.
        if self._framing > LARGEST_HEAD + self._body_bytes:
            self._refusal = "431 Request Header Fields Too Large"
            self.send_400_response("The request's headers are too large.")
        elif self._state != "body" and self.answered and self._timer is None:
            self._wait(HEAD_SECONDS)  # uvicorn has stopped its own timer

    @property
    def answered(self) -> bool:
        """Whether no response is being sent."""
        return self.cycle is None or self.cycle.response_complete

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._state = "head"
        self._headers = self._head_bytes = self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._headers += 1
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self._state = "body"
        self._go_on()
        if len(self.pipeline) >= MOST_PIPELINED:
            raise _RefusedError
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._framing -= len(body)
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._state = "idle"
        self._framing = 0
        self.waiting_since = self.loop.time()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            if self.transport.get_write_buffer_size():
                self.pause_writing()
        elif self._state != "idle":
            self._wait(LINGER_SECONDS if self._state == "body" else HEAD_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def timeout_keep_alive_handler(self) -> None:
        self.transport.abort()  # `close` would wait for a client that does not read

    def send_400_response(self, msg: str) -> None:
        """Refuse the request, unless a response is being sent: the client would take the refusal for a part of that."""
        if not self.answered:
            self.transport.abort()
            return
        head = f"HTTP/1.1 {self._refusal}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(msg)}"
        self.transport.write(f"{head}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{msg}".encode())
        self.transport.close()
        self.pause_writing()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > LARGEST_HEAD or self._headers > MOST_HEADERS:
            self._refusal = "431 Request Header Fields Too Large"
            raise _RefusedError

    def _wait(self, seconds: float) -> None:
        self._go_on()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _go_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _longest_waiting(connections: Iterable[object], newest: BoundedProtocol) -> BoundedProtocol:
    """The connection that has been without a request for the longest time; the newest if all others are busy."""
    # A connection that has just ended is still among them.
    open_ones = [one for one in connections if isinstance(one, BoundedProtocol) and not one.transport.is_closing()]
    waiting = [one for one in open_ones if one.answered]
    return min(waiting, key=attrgetter("waiting_since"), default=newest)
