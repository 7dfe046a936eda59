"""The middleware of every request and response."""

import re
import time
from collections.abc import Sequence
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from columnist import telemetry
from columnist.api.cookies import READING, parts_of
from columnist.api.local import is_loopback
from columnist.api.problems import problem

log = structlog.get_logger()

QUIET = {"/healthz", "/readyz", "/metrics"}
"""Machines ask for these every few seconds: only failures are logged."""

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
"""A client may send anything as a method; a label must have few values."""

_REQUEST_ID = re.compile(r"[\w.:-]{8,128}", re.ASCII)
"""What a proxy in front may have called a request."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",  # from the disk of the client's user
}


class SecurityHeaders:
    """Headers for responses that do not set them themselves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["app"].state.gate.health.draining:
                    headers["Connection"] = "close"  # the next request goes to a server that stays
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)


class Acts:
    """The outcome of an act is in the next answer of a poll."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["app"].state.gate.polls.forget()
            await send(message)

        await self._app(scope, receive, send if scope.get("method", "GET") in READING else tell)


class Below:
    """For a server that people open below a path of its host (COLUMNIST_PUBLIC_URL): removes that path from requests,
    if the proxy in front has left it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["root_path"] = self._prefix
            if scope["path"] != self._prefix and not scope["path"].startswith(f"{self._prefix}/"):
                scope["path"] = self._prefix + scope["path"]
        await self._app(scope, receive, send)


class LocalOnly:
    """Without sign-in, only the user of this machine is let in: no page of another site, no host name that resolves to
    this address (DNS rebinding), no client through a proxy."""

    def __init__(self, app: ASGIApp, allowed_origins: Sequence[str]) -> None:
        self._app = app
        self._allowed_origins = allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (reason := self._reason(Headers(scope=scope))):
            await problem("forbidden", 403, reason)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _reason(self, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if not is_loopback(parts_of(f"//{host}").hostname or ""):
            return "This server has no sign-in and answers to localhost only."
        if "forwarded" in headers or "x-forwarded-for" in headers:
            return "This server has no sign-in and does not answer through a proxy: set COLUMNIST_SIGN_IN."
        origin = headers.get("origin")
        if origin and origin not in self._allowed_origins and parts_of(origin).netloc != host:
            return "This server has no sign-in and does not answer pages of other sites (COLUMNIST_ALLOWED_ORIGINS)."
        return None


class RequestLog:
    """One log line, one measurement and one span per request, with an id that the response carries as well: that of the
    proxy in front, if it gave one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        started_at = time.perf_counter()
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        # The id stays bound: each request has its own task, and the server logs about it later.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        with telemetry.span("request", method=scope["method"]) as span:
            try:
                await self._app(scope, receive, note)
            finally:
                seconds = time.perf_counter() - started_at
                # The template, because a path has ids in it. Whether it begins with the prefix depends on FastAPI's
                # version.
                route = getattr(scope.get("route"), "path", "none").removeprefix("/api")
                method = scope["method"] if scope["method"] in METHODS else "other"
                telemetry.REQUEST_SECONDS.labels(method, route, f"{status // 100}xx").observe(seconds)
                span.set_attribute("route", route)
                span.set_attribute("status", status)
                if path not in QUIET or status >= 500:
                    log.info(
                        "request",
                        method=scope["method"],
                        path=path,
                        status=status,
                        ms=round(seconds * 1000, 1),
                        user=str(user.id) if (user := scope.get("state", {}).get("user")) else None,
                        client=scope["client"][0],
                        forwarded_for=headers.get("x-forwarded-for"),
                    )
