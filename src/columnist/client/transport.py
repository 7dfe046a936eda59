"""Requests to a server: repeated while that is safe, with refusals as the exceptions of errors.py."""

import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter

from columnist.api.local import is_loopback, token_of_this_machine
from columnist.backoff import back_off
from columnist.errors import ColumnistError, InputError, ServerError, TooLargeError
from columnist.paths import appearing
from columnist.settings import is_address

T = TypeVar("T")

BUSY = (429, 502, 503, 504)
DOWNLOAD_SECONDS = 600.0
"""How long a download may be silent: some exports are sent when they are complete."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0


class Transport:
    """The connections of one client; its arguments are those of `Client`. Usable from several threads."""

    def __init__(self, base_url: str, token: str | None, timeout: float, retry_seconds: float) -> None:
        if not is_address(base_url):
            raise InputError(f"{base_url!r} is not the address of a server, such as http://127.0.0.1:8000.")
        self.base_url = base_url.rstrip("/").removesuffix("/api")
        if token is None and is_loopback(urlsplit(base_url).hostname or ""):
            token = token_of_this_machine()
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise InputError(
                "The token of the server (COLUMNIST_TOKEN) has characters that no token has: copy it again."
            )
        self._retry_seconds = retry_seconds
        self._closed = threading.Event()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"{self.base_url}/api", headers=headers, timeout=timeout)

    def close(self) -> None:
        """Close the connections; a thread that waits for the server stops waiting."""
        self._closed.set()
        self._http.close()

    def read(self, kind: type[T], path: str, **params: Any) -> T:
        """GET, as a `kind`. Parameters that are None are left out. Raises ColumnistError."""
        return parsed(kind, self.request("GET", path, params=params))

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        **body: Any,
    ) -> httpx.Response:
        """Send until there is an answer: a success or 304. `key`: an idempotency key. Raises ColumnistError."""
        sent = dict(headers or {}) | ({"Idempotency-Key": key} if key else {})
        given = {name: value for name, value in (params or {}).items() if value is not None}

        def send() -> httpx.Response:
            response = self._http.request(method, path, params=given, headers=sent, **body)
            if response.status_code != httpx.codes.NOT_MODIFIED:
                response.raise_for_status()
            return response

        return self._retried(send, repeatable=method == "GET" or key is not None)

    def download(self, path: str, target: Path, **params: Any) -> None:
        """GET into a file, which appears when it is complete. Raises ColumnistError."""
        given = {name: value for name, value in params.items() if value is not None}
        with appearing(target) as part:

            def fetch() -> None:
                patient = httpx.Timeout(self._http.timeout.connect, read=DOWNLOAD_SECONDS)
                download = self._http.stream("GET", path, params=given, timeout=patient)
                with download as response, part.open("wb") as file:
                    if response.is_error:
                        response.read()
                    response.raise_for_status()
                    for chunk in response.iter_bytes():
                        file.write(chunk)

            self._retried(fetch, repeatable=True)

    def pause(self, seconds: float) -> None:
        """Sleep, unless the client is closed: raises ServerError then."""
        if self._closed.wait(seconds):
            raise ServerError("The client was closed.")

    def _retried(self, send: Callable[[], T], *, repeatable: bool) -> T:
        """Repeat `send` while the server is away or busy, if that is safe: with back-off and jitter, or after the time
        that the server names. A request that never arrived, or got a 429, may always be repeated."""
        deadline = time.monotonic() + self._retry_seconds
        failures = 0
        while True:
            failures += 1
            pause = back_off(failures, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
            named = 0.0
            failure: ColumnistError
            try:
                return send()
            except httpx.TransportError as error:
                failure = ServerError(f"{self.base_url} does not answer: {error or type(error).__name__}.")
                again = repeatable or isinstance(error, NOT_SENT)
            except httpx.HTTPStatusError as error:
                failure = self._refusal(error.response)
                status = error.response.status_code
                again = status == httpx.codes.TOO_MANY_REQUESTS or (repeatable and status in BUSY)
                asked = error.response.headers.get("Retry-After", "")
                named = float(asked) if asked.isdigit() else 0.0
            left = deadline - time.monotonic()
            if not again or left <= 0 or named > left:
                raise failure
            self.pause(max(min(pause, left), named))

    def _refusal(self, response: httpx.Response) -> ColumnistError:
        """The exception for the server's problem details."""
        if response.headers.get("content-type", "").startswith("application/problem+json"):
            problem = response.json()
            kind = _errors().get(str(problem["type"]).rpartition(":")[2])
            if kind is None:
                kind = InputError if response.is_client_error else ColumnistError
            fields = problem.get("errors") or [{}]
            return kind(problem["detail"], fields[0].get("field"))
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return TooLargeError(
                f"A proxy in front of {self.base_url} refuses a request of this size (413). Its operator can raise "
                "the limit, for instance nginx' client_max_body_size."
            )
        return ServerError(
            f"{self.base_url} answers {response.status_code}, as no Columnist server would: is the address right?"
        )


def parsed(kind: type[T], response: httpx.Response) -> T:
    """The response's JSON as a `kind`, without fields that this version does not know."""
    found: T = _adapter(kind).validate_json(response.content)  # type: ignore[arg-type]  # a class is hashable
    return found


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _errors() -> dict[str, type[ColumnistError]]:
    """The exceptions by the slug of their problem."""
    kinds = [ColumnistError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.problem: kind for kind in reversed(kinds)}
