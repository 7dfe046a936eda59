"""The word boxes of a document, packed page by page, from which the rectangles of a quote are made."""

import struct
import zlib
from array import array
from collections.abc import Sequence
from math import isfinite
from typing import BinaryIO, Protocol

from columnist.documents.model import WordBox

MOST_WORDS = 200_000
"""Most words of a page; the rest has no boxes."""
WORD_BYTES = 24

_TRAILER = struct.Struct("<II")
_MAGIC = 0x31585742
"""`BWX1`, little-endian: the last four bytes of a boxes file."""


def pack(words: Sequence[WordBox]) -> bytes:
    """Two integers and four floats per word, compressed; column by column, which compresses best."""
    offsets = array("I", [value for word in words[:MOST_WORDS] for value in (word.start, word.end)])
    edges = array("f", [value for word in words[:MOST_WORDS] for value in word[2:]])
    return zlib.compress(offsets.tobytes() + edges.tobytes(), level=1) if words else b""


def unpack(data: bytes) -> tuple[WordBox, ...]:
    """The words that `pack` packed (coordinates as 32-bit floats); none if `pack` did not make this: a process that a
    file took over may send anything."""
    if not data:
        return ()
    try:
        raw = zlib.decompressobj().decompress(data, MOST_WORDS * WORD_BYTES + 1)
    except zlib.error:
        return ()
    if len(raw) > MOST_WORDS * WORD_BYTES or len(raw) % WORD_BYTES:
        return ()
    offsets, edges = array("I"), array("f")
    cut = len(raw) // 3  # 8 of 24 bytes a word
    offsets.frombytes(raw[:cut])
    edges.frombytes(raw[cut:])
    if not isfinite(sum(edges)):
        return ()
    return tuple(
        WordBox(offsets[2 * index], offsets[2 * index + 1], *edges[4 * index : 4 * index + 4])
        for index in range(len(offsets) // 2)
    )


class Writable(Protocol):
    """A file that boxes are written to."""

    def write(self, data: bytes, /) -> object: ...
    def tell(self) -> int: ...


class BoxesWriter:
    """Writes the packed pages of one document in order: the pages, then their offsets, then their number."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self._starts = array("Q")

    def add(self, packed: bytes) -> None:
        """Write the next page."""
        self._starts.append(self._file.tell())
        self._file.write(packed)

    def finish(self) -> None:
        """Write the offsets, after the last page."""
        end = self._file.tell()
        self._file.write(array("Q", [*self._starts, end]).tobytes())
        self._file.write(_TRAILER.pack(len(self._starts), _MAGIC))


def read_boxes(file: BinaryIO, page: int) -> tuple[WordBox, ...]:
    """The words of page `page` (1-based) of a boxes file; empty if it has none."""
    file.seek(-_TRAILER.size, 2)
    pages, _ = _TRAILER.unpack(file.read(_TRAILER.size))
    if not 1 <= page <= pages:
        return ()
    file.seek(-_TRAILER.size - 8 * (pages + 2 - page), 2)
    start, end = struct.unpack("<QQ", file.read(16))
    file.seek(start)
    return unpack(file.read(end - start))
