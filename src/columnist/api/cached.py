"""ETags: a poll without news gets a 304 without a body; and bodies of pieces that are compressed once."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

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


_GZIP_BEGIN = bytes.fromhex("1f8b08 00 00000000 00 ff")  # RFC 1952, 2.3: without name and time
_LAST_BLOCK = bytes.fromhex("0300")  # RFC 1951, 3.2.3: empty


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of bodies. Its compressed form, if there is one, ends with a byte and refers to nothing before it."""

    content: bytes
    deflated: bytes | None = None


def piece(content: bytes) -> Piece:
    """Compresses a part of bodies. Other threads go on meanwhile."""
    deflating = zlib.compressobj(GZIP_LEVEL, wbits=-zlib.MAX_WBITS)
    return Piece(content, deflating.compress(content) + deflating.flush(zlib.Z_SYNC_FLUSH))


def joined(pieces: Sequence[Piece]) -> Encoded:
    """A body of pieces, of which none is compressed again: in a gzip file blocks follow each other (RFC 1951, 1952)."""
    body = encoded(b"".join(each.content for each in pieces))
    blocks = [each.deflated for each in pieces if each.deflated is not None]
    if len(body.content) < SMALLEST_GZIP or len(blocks) < len(pieces):
        return body
    sums = zlib.crc32(body.content).to_bytes(4, "little") + len(body.content).to_bytes(4, "little")
    return replace(body, zipped=b"".join((_GZIP_BEGIN, *blocks, _LAST_BLOCK, sums)))


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
