"""ZIP archives: their files, one at a time, each with its path. Nothing is written under a name from an archive."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from columnist.documents.reading import formats
from columnist.documents.reading.encoding import decode
from columnist.errors import DocumentError

MOST_FILES = 10_000
"""How many files of one archive are taken in."""

LARGEST_FILE = 256 * 1024**2
LARGEST_ARCHIVE = 8 * 1024**3
"""Most bytes of one file, and of all together, that are unpacked."""

MOST_PACKED = 500
"""A file that unpacks to more than this many times its packed size, and to more than a megabyte, is a zip bomb."""

_UTF_8, _ENCRYPTED = 0x800, 0x1
_UNICODE_PATH = 0x7075
_NOBODYS = re.compile(r"(?:^|/)(?:__MACOSX/|\.(?!\.?/)|Thumbs\.db$|desktop\.ini$|~\$)", re.IGNORECASE)
"""Files that systems leave in folders, hidden files and locks: they are skipped, as they are in folders."""
_OUTSIDE = re.compile(r"(?:^|/)\.\.(?:/|$)|^/|^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Packed:
    """A file of an archive: its path in it, its content, and why it is not taken in, or None."""

    path: str
    data: bytes
    refused: str | None = None


def packed_files(file: BinaryIO) -> Iterator[Packed]:
    """The files of an archive, in its order. Raises DocumentError if it cannot be opened."""
    try:
        with zipfile.ZipFile(file) as archive:
            left = LARGEST_ARCHIVE
            entries = [(entry, _path(entry)) for entry in archive.infolist() if not entry.is_dir()]
            shown = [(entry, name) for entry, name in entries if not _NOBODYS.search(name)]
            for entry, name in shown[:MOST_FILES]:
                one = _unpacked(archive, entry, name, left)
                left -= len(one.data)
                yield one
            if len(shown) > MOST_FILES:
                yield Packed("…", b"", f"The archive has more than {MOST_FILES:,} files: the first are taken in.")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise DocumentError("The archive is damaged or cut off: it cannot be opened.") from error


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, left: int) -> Packed:
    if _OUTSIDE.search(name):
        return Packed(name, b"", "Its name leads out of the archive: it is not taken in.")
    if entry.flag_bits & _ENCRYPTED:
        return Packed(name, b"", "The file is encrypted: unpack the archive with its password and add it again.")
    most = min(LARGEST_FILE, left)
    is_bomb = entry.file_size > 1024**2 and entry.file_size > MOST_PACKED * max(entry.compress_size, 1)
    if is_bomb or entry.file_size > most:
        return Packed(name, b"", "The file unpacks to too much (a zip bomb?): it is not taken in.")
    try:
        with archive.open(entry) as file:
            data = file.read(most + 1)
    except NotImplementedError:
        return Packed(name, b"", "The file is packed in a way that is not read: unpack it and add it again.")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        return Packed(name, b"", "The file is damaged in the archive: it cannot be unpacked.")
    if len(data) > most:
        return Packed(name, b"", "The file unpacks to more than it says (a zip bomb?): it is not taken in.")
    short = name.rpartition("/")[2]
    if not formats.is_taken_in(io.BytesIO(data), short):
        what = formats.what_else(io.BytesIO(data))
        return Packed(name, b"", f"The file is {what}." if ":" in what else f"The file is {what}, which is not read.")
    return Packed(name, data)


def _path(entry: zipfile.ZipInfo) -> str:
    """The path of an entry. Without a flag for UTF-8 its code page is unknown: it is UTF-8, or is guessed from the
    letters."""
    raw = entry.orig_filename
    for number, data in _extras(entry.extra):
        if number == _UNICODE_PATH and len(data) > 5:
            return _slashed(data[5:].decode("utf-8", "replace"))
    if not entry.flag_bits & _UTF_8 and not raw.isascii():
        guessed = decode(raw.encode("cp437", "replace")).text
        latin = all(ord(letter) < 0x250 or not letter.isalpha() for letter in guessed)
        raw = raw if latin and not _is_utf_8(raw.encode("cp437", "replace")) else guessed
    return _slashed(raw)


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _slashed(path: str) -> str:
    return path.partition("\0")[0].replace("\\", "/")


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        number, size = struct.unpack("<HH", extra[:4])
        yield number, extra[4 : 4 + size]
        extra = extra[4 + size :]
