"""The message or file inside an S/MIME signature (CMS, RFC 5652; *.p7m*). The signature is not checked."""

import binascii
import re
import zlib

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_COMPRESSED_DATA = bytes.fromhex("2a864886f70d0109100109")
_KINDS = (b"\x06\x09" + _SIGNED_DATA, b"\x06\x0b" + _COMPRESSED_DATA)
_SEQUENCE, _IDENTIFIER, _OCTETS, _CONTEXT = 0x30, 0x06, 0x04, 0xA0
_DEEPEST = 20


_LARGEST = 256 * 1024**2
_ARMOUR = re.compile(rb"-----[A-Z0-9 ]+-----")


def is_signed(head: bytes) -> bool:
    """Whether a file begins as signed or compressed content does, also in the letters of Base64."""
    return any(kind in _bare(head[:120])[:24] for kind in _KINDS)


def _bare(data: bytes) -> bytes:
    """The bytes, without an armour of letters."""
    if not data.startswith((b"MI", b"-----BEGIN ")):
        return data
    letters = re.sub(rb"[^A-Za-z0-9+/]+", b"", _ARMOUR.sub(b"", data))
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def signed_content(data: bytes) -> bytes | None:
    """The signed bytes; None if they are absent, as in an encrypted message."""
    data = _bare(data)
    try:
        tag, start, end = _head(data, 0)
        inside = _children(data, start, end)
        kind = data[inside[0][1] : inside[0][2]]
        if tag != _SEQUENCE or kind not in (_SIGNED_DATA, _COMPRESSED_DATA):
            return None
        outer = _children(data, *_children(data, *inside[1][1:])[0][1:])
        content = [_children(data, *one[1:]) for one in outer if one[0] == _SEQUENCE][kind == _COMPRESSED_DATA]
        found = b"".join(_octets(data, one, 0) for one in _children(data, *content[1][1:]))
        if kind == _COMPRESSED_DATA:
            found = zlib.decompressobj().decompress(found, _LARGEST)
        return found or None
    except (IndexError, RecursionError, zlib.error):
        return None


def _octets(data: bytes, one: tuple[int, int, int], depth: int) -> bytes:
    tag, start, end = one
    if tag == _OCTETS:
        return data[start:end]
    if depth > _DEEPEST:
        raise IndexError(depth)
    return b"".join(_octets(data, inner, depth + 1) for inner in _children(data, start, end))


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    found = []
    while start < end and data[start : start + 2] != b"\0\0":
        found.append(_head(data, start))
        start = found[-1][2]
        if data[start : start + 2] == b"\0\0" and _is_open(data, found[-1]):
            start += 2
    return found


def _is_open(data: bytes, one: tuple[int, int, int]) -> bool:
    return data[one[1] - 1] == 0x80


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """A value's tag, and where its content begins and ends."""
    tag, size = data[position], data[position + 1]
    start = position + 2
    if size == 0x80:  # it ends with two zeros
        end = start
        while data[end : end + 2] != b"\0\0":
            inner = _head(data, end)
            end = inner[2] + 2 * _is_open(data, inner)
        return tag, start, end
    if size > 0x80:
        length = size & 0x7F
        size = int.from_bytes(data[start : start + length], "big")
        start += length
    if start + size > len(data):
        raise IndexError(position)
    return tag, start, start + size
