"""The answers of a file that has taken over its reader: a role whose children send what the file's name says."""

import json
from itertools import count
from typing import Any, BinaryIO

from columnist.documents.locating.boxes import pack
from columnist.documents.model import WordBox
from columnist.documents.reading.frames import PAGE
from columnist.guarded.frames import DONE, ERROR, HEAD

_REMARK = {"kind": "hidden", "count": 1, "pages": [1], "detail": ""}


def warm() -> None:
    """Nothing to load."""


def _page(text: bytes = b"x", words: bytes = b"", **values: Any) -> tuple[bytes, bytes, bytes]:
    usual = {"number": 1, "width": 0, "height": 0, "source": "text", "remarks": [], "bytes": [len(text), 0, 0]}
    return PAGE, json.dumps(usual | values).encode(), text + words


def _error(**values: Any) -> tuple[bytes, bytes, bytes]:
    return ERROR, json.dumps({"errno": None, "error": "damaged"} | values).encode(), b""


_END = DONE, b'{"media_type": "text/plain", "language": null}', b""
_NAN = [WordBox(0, 1, float("nan"), 0, 0, 0)]

ANSWERS = {
    "honest": [_page(), _END],
    "boxes without a place": [_page(words=pack(_NAN)), _END],
    "deep": [(PAGE, b"[" * 100_000 + b"]" * 100_000, b"")],
    "many lists": [(PAGE, b'{"remarks":[' + b"[]," * 100_000 + b"[]]}", b"")],
    "no object": [(DONE, b"[1]", b"")],
    "no JSON": [(DONE, b"9" * 5_000, b"")],
    "another kind": [(b"Z", _page()[1], b"x"), _END],
    "another page": [_page(), _page(), _END],
    "no pages": [_END, _END],
    "a number for a type": [_page(), (DONE, b'{"media_type": 5, "language": null}', b"")],
    "a list for a language": [_page(), (DONE, b'{"media_type": "text/plain", "language": ["en"]}', b"")],
    "endless width": [_page(width="NaN"), _END],
    "less than no width": [_page(width=-1), _END],
    "more bytes than there are": [_page(bytes=[2, 0, 0]), _END],
    "bytes before the first": [_page(bytes=[2, -1, 0]), _END],
    "two texts": [_page(bytes=[1, 0]), _END],
    "no text": [_page(text=b"\xff"), _END],
    "words in the head": [(PAGE, _page()[1][:-1] + b', "words": [[0, 1, 0, 0, 0, 0]]}', b"x"), _END],
    "pictures": [_page(pictures=["x"]), _END],
    "many remarks": [_page(remarks=[_REMARK] * 51), _END],
    "a long remark": [_page(remarks=[_REMARK | {"detail": "x" * 201}]), _END],
    "a remark counted to the end": [_page(remarks=[_REMARK | {"count": 10**300}]), _END],
    "a remark on page minus one": [_page(remarks=[_REMARK | {"pages": [-1]}]), _END],
    "an error in no words": [_error(error=["x"])],
    "an error with a list for its number": [_error(errno=[1])],
}


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Send the named answer; one name sends pages without end."""
    name = json.loads(requests.readline())["name"]
    endless = (_page(b"x" * 1024**2, number=number) for number in count(1))
    for kind, head, data in endless if name == "endless" else ANSWERS[name]:
        frames.write(HEAD.pack(kind, len(head), len(data)) + head + data)
