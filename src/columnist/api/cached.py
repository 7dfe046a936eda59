"""ETags: a poll without news gets a 304 without a body."""

import gzip
import hashlib
from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import BaseModel

VALIDATED = "private, no-cache"
"""A browser may keep these, and asks each time whether they are current. All other responses have `no-store`."""

SMALLEST_GZIP = 1_000
"""Bytes from which a response is worth compressing."""
GZIP_LEVEL = 2
"""Output is a third larger than at the default 9, and compressing several times faster: mostly on the event loop."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body of JSON, its ETag, and its compressed form if several responses have it."""

    content: bytes
    tag: str
    zipped: bytes | None = None


def encoded(content: bytes) -> Encoded:
    """A body and its ETag."""
    return Encoded(content, f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


def compressed(content: bytes) -> bytes:
    """In the format of gzip. Other threads go on meanwhile."""
    return gzip.compress(content, GZIP_LEVEL, mtime=0)


def cached(request: Request, body: BaseModel | Encoded) -> Response:
    """The body with its ETag, or 304 if the client has this body."""
    if isinstance(body, BaseModel):
        body = encoded(body.model_dump_json().encode())
    headers = {"ETag": body.tag, "Cache-Control": VALIDATED}
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if body.tag in known or body.tag.removeprefix("W/") in known:
        return Response(status_code=304, headers=headers)
    if body.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(body.zipped, media_type="application/json", headers=headers)
    return Response(body.content, media_type="application/json", headers=headers)
