"""The frames in which a child answers: a kind, some JSON, some bytes. Each side knows no more of the other."""

import json
import struct
from typing import Any, BinaryIO

HEAD = struct.Struct("<cII")
"""The kind, the length of the JSON, the length of the bytes."""

HELLO, DONE, ERROR = b"H", b"D", b"E"
"""The first frame of a child, once it is closed; the last one, or else the last one."""

Frame = tuple[bytes, dict[str, Any], bytes]


def send(frames: BinaryIO, kind: bytes, values: dict[str, Any], data: bytes = b"") -> None:
    """Write one frame."""
    head = json.dumps(values).encode()
    frames.write(HEAD.pack(kind, len(head), len(data)))
    frames.write(head)
    frames.write(data)
