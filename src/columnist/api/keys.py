"""The public keys of an issuer of JWTs, fetched by one task at a time. A request only looks among the fetched keys."""

import asyncio
import time
from typing import Any

import httpx
import jwt
import structlog

from columnist.errors import UnauthenticatedError

log = structlog.get_logger()

KEYS_SECONDS = 300
"""How long fetched keys are used. They are fetched again after half of it, if anybody signs in."""
KEYS_PAUSE_SECONDS = 5
"""The keys are not fetched again sooner than this after the last attempt, failed or not: anybody can invent a `kid`."""
FETCH_SECONDS = 10
FIRST_SECONDS = 3
"""How long a request with an unknown key waits for a fetch that has begun."""
LARGEST = 1024**2
"""Bytes of an answer."""


class PublishedKeys:
    """The keys at a URL, by `kid`. An issuer that hangs delays no request whose key is known."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._until = self._attempted_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str | None) -> jwt.PyJWK:
        """The key of this name. Raises UnauthenticatedError if there is none, or none can be fetched now."""
        now = time.monotonic()
        known = self._current(kid)
        if known is None or now > self._until - KEYS_SECONDS / 2:
            if now > self._attempted_at + KEYS_PAUSE_SECONDS and (self._fetching is None or self._fetching.done()):
                self._attempted_at = now
                self._fetching = asyncio.create_task(self._fetch())
            if known is None and self._fetching is not None:
                await asyncio.wait({self._fetching}, timeout=FIRST_SECONDS)
                known = self._current(kid)
        if known is not None:
            return known
        if time.monotonic() > self._until:
            raise UnauthenticatedError("The issuer's keys (COLUMNIST_JWKS_URL) cannot be fetched at the moment.")
        raise UnauthenticatedError("The token is not valid: the issuer publishes no key of that name.")

    def _current(self, kid: str | None) -> jwt.PyJWK | None:
        return self._keys.get(kid) if time.monotonic() <= self._until else None

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                published = jwt.PyJWKSet.from_json((await fetched("GET", self._url)).decode()).keys
        except (httpx.HTTPError, TimeoutError, ValueError, TypeError, LookupError, AttributeError) as error:
            log.warning("keys of the issuer away", url=self._url, error=repr(error))
        except (jwt.PyJWTError, RecursionError) as error:
            log.warning("keys of the issuer invalid", url=self._url, error=repr(error))
        else:
            self._keys = {key.key_id: key for key in published if key.public_key_use in ("sig", None)}
            self._until = time.monotonic() + KEYS_SECONDS
        self._attempted_at = time.monotonic()


async def fetched(method: str, url: str, **options: Any) -> bytes:
    """The body of an issuer's answer, which must be a 2xx. Raises httpx.HTTPError, and ValueError if it is too
    large."""
    body = bytearray()
    async with httpx.AsyncClient(timeout=FETCH_SECONDS) as client, client.stream(method, url, **options) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > LARGEST:
                raise ValueError("the answer is too large")
    return bytes(body)
