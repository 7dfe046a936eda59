"""The frames in which a child answers: a kind, some JSON, some bytes. The two sides share nothing else."""

import json
import struct
from typing import Any, BinaryIO

HEAD = struct.Struct("<cII")
"""The kind, the length of the JSON, the length of the bytes."""

HELLO, DONE, ERROR = b"H", b"D", b"E"
"""The kinds of a child's first frame, once it is closed, and of its last one: an end or an error."""

LARGEST_HEAD, LEAST_HEAD, MOST_HEADS = 256 * 1024, 100, 16 * 1024**2
"""Most bytes of the JSON of a frame, and of all frames of a child, which count this much at least. The caller's parser
holds everything else up: 4 MB of `[],` take it 3.5 seconds. So what may be long belongs into the bytes."""

Frame = tuple[bytes, dict[str, Any], bytes]


def send(frames: BinaryIO, kind: bytes, values: dict[str, Any], data: bytes = b"") -> None:
    """Write one frame."""
    head = json.dumps(values).encode()
    frames.write(HEAD.pack(kind, len(head), len(data)))
    frames.write(head)
    frames.write(data)
