"""ETags: a poll without news gets a 304 without a body."""

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel

VALIDATED = "private, no-cache"
"""A browser may keep these, and asks each time whether they are current. All other responses have `no-store`."""


def cached(request: Request, body: BaseModel | str) -> Response:
    """The body as JSON (a string is JSON already) with an ETag, or 304 if the client has this body."""
    content = (body if isinstance(body, str) else body.model_dump_json()).encode()
    tag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known or tag.removeprefix("W/") in known:
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": VALIDATED})
    return Response(content, media_type="application/json", headers={"ETag": tag, "Cache-Control": VALIDATED})
