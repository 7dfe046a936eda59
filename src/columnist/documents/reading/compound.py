"""The names at the top of an OLE compound file, in bounded time: they show the kind of file before a reader opens it.

Source: [MS-CFB], Compound File Binary File Format, sections 2.1 to 2.6.
"""

import struct
from typing import BinaryIO

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = 512
_IN_HEADER = 109
"""How many sectors of the allocation table the header names; a chain of sectors names the others."""
_ENTRY = 128
_LAST = 0xFFFFFFFA
"""The largest number of a sector or an entry; larger ones end a chain."""
MOST_NAMES = 500
MOST_STEPS = 20_000
"""How many sectors are followed: the chain of a file of a few GB."""


def top_names(file: BinaryIO) -> list[str]:
    """The names of streams and storages at the top, at most MOST_NAMES; none if the file is damaged."""
    try:
        return _Compound(file).names()
    except (struct.error, UnicodeDecodeError, ValueError, OSError):
        return []


class _Compound:
    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        header = file.read(_HEADER)
        (shift,) = struct.unpack_from("<H", header, 30)
        if not header.startswith(MAGIC) or shift not in (9, 12):
            raise ValueError("It is no compound file.")
        self._file = file
        self._sector = 1 << shift
        self._links = self._sector // 4
        self._table = list(struct.unpack_from(f"<{_IN_HEADER}I", header, 76))
        (first,), (self._more,) = struct.unpack_from("<I", header, 48), struct.unpack_from("<I", header, 68)
        self._directory = [first]
        self._steps = 0

    def names(self) -> list[str]:
        found: list[str] = []
        waiting = [self._entry(0)[3]]
        seen: set[int] = set()
        while waiting and len(found) < MOST_NAMES:
            number = waiting.pop()
            if number > _LAST or number in seen:
                continue
            seen.add(number)
            name, left, right, _ = self._entry(number)
            found.append(name)
            waiting += [right, left]
        return found

    def _entry(self, number: int) -> tuple[str, int, int, int]:
        """An entry of the directory: its name, the entries on both sides of it, and the first of those inside."""
        at, place = divmod(number * _ENTRY, self._sector)
        while len(self._directory) <= at:
            self._directory.append(self._after(self._directory[-1]))
        self._file.seek((self._directory[at] + 1) * self._sector + place)
        name, length, left, right, child = struct.unpack("<64sH2x3I", self._file.read(80))
        return name[: max(length - 2, 0)].decode("utf-16-le"), left, right, child

    def _after(self, sector: int) -> int:
        """The next sector of a chain."""
        table, place = divmod(sector, self._links)
        while len(self._table) <= table:
            (*more, self._more) = struct.unpack(f"<{self._links}I", self._read(self._more))
            self._table += more
        return self._number(self._table[table], place)

    def _read(self, sector: int) -> bytes:
        self._step(sector)
        self._file.seek((sector + 1) * self._sector)
        return self._file.read(self._sector)

    def _number(self, sector: int, place: int) -> int:
        self._step(sector)
        self._file.seek((sector + 1) * self._sector + 4 * place)
        (number,) = struct.unpack("<I", self._file.read(4))
        self._step(number)
        return int(number)

    def _step(self, sector: int) -> None:
        """The next sector. Raises ValueError if the chain ends, or goes on for too long."""
        self._steps += 1
        if sector > _LAST or self._steps > MOST_STEPS:
            raise ValueError("The chain of sectors is broken.")
