"""Writes OLE compound files, and Outlook messages in them: no library does, and the tests need real ones."""

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

FREE, END, FAT, MORE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
IN_HEADER = 109
"""How many sectors of the allocation table the header names."""
SECTOR, MINI, CUTOFF = 512, 64, 4096
Tree = Mapping[str, "bytes | Tree"]
Value = str | bytes | int | datetime


def ole(tree: Tree) -> bytes:
    """A compound file of version 3: streams (bytes) and storages (mappings) by name."""
    sectors: list[bytes] = []
    fat: list[int] = []
    mini = bytearray()
    mini_fat: list[int] = []
    entries: list[bytes] = []

    def put(data: bytes) -> int:
        if not data:
            return END
        count = -(-len(data) // SECTOR)
        start = len(sectors)
        sectors.extend(data[SECTOR * nr : SECTOR * (nr + 1)].ljust(SECTOR, b"\0") for nr in range(count))
        fat.extend([*range(start + 1, start + count), END])
        return start

    def put_small(data: bytes) -> int:
        if not data:
            return END
        count = -(-len(data) // MINI)
        start = len(mini_fat)
        mini.extend(data.ljust(MINI * count, b"\0"))
        mini_fat.extend([*range(start + 1, start + count), END])
        return start

    def entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
        encoded = name.encode("utf-16-le") + b"\0\0"
        links = (FREE, right, child)
        return struct.pack("<64sHBB3I16x4x16xIQ", encoded, len(encoded), kind, 1, *links, start, size)

    def add(names: Sequence[str], inside: Tree) -> int:
        """Add the entries of a storage, each the right sibling of the one before; returns the first's number."""
        if not names:
            return FREE
        number = len(entries)
        entries.append(b"")
        content = inside[names[0]]
        if isinstance(content, bytes):
            start = put(content) if len(content) >= CUTOFF else put_small(content)
            kind, child, size = 2, FREE, len(content)
        else:
            kind, child, size, start = 1, add(list(content), content), 0, 0
        entries[number] = entry(names[0], kind, add(names[1:], inside), child, start, size)
        return number

    entries.append(b"")
    first = add(list(tree), tree)
    entries[0] = entry("Root Entry", 5, FREE, first, put(bytes(mini)), len(mini))
    mini_start = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(-(-len(mini_fat) // 128) * SECTOR, b"\xff"))
    while len(entries) % 4:
        entries.append(bytes(68) + struct.pack("<3I", FREE, FREE, FREE) + bytes(48))
    directory = put(b"".join(entries))
    fat_count = more_count = 0
    while len(sectors) + fat_count + more_count > fat_count * 128:
        fat_count += 1
        more_count = -(-max(fat_count - IN_HEADER, 0) // 127)
    places = [*range(len(sectors), len(sectors) + fat_count)]
    more = [*range(len(sectors) + fat_count, len(sectors) + fat_count + more_count)]
    fat += [FAT] * fat_count + [MORE] * more_count
    fat += [FREE] * (fat_count * 128 - len(fat))
    beyond = places[IN_HEADER:]
    chain = b"".join(
        struct.pack("<128I", *(beyond[127 * nr : 127 * nr + 127] + [FREE] * 127)[:127], [*more[1:], END][nr])
        for nr in range(more_count)
    )
    header = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack(
        "<9I", 0, fat_count, directory, 0, CUTOFF, mini_start, -(-len(mini_fat) // 128), [*more, END][0], more_count
    )
    header += struct.pack("<109I", *(places + [FREE] * IN_HEADER)[:IN_HEADER])
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat) + chain


def properties(header: int, values: Mapping[int, Value]) -> dict[str, "bytes | Tree"]:
    """The streams of a message, recipient or attachment, whose properties stream has such a long header."""
    streams: dict[str, bytes | Tree] = {}
    rows = bytes(header)
    for number, value in values.items():
        if isinstance(value, int):
            rows += struct.pack("<HHIQ", 0x0003, number, 6, value)
        elif isinstance(value, datetime):
            since = value - datetime(1601, 1, 1, tzinfo=UTC)
            rows += struct.pack("<HHIQ", 0x0040, number, 6, int(since.total_seconds()) * 10_000_000)
        else:
            kind = 0x001F if isinstance(value, str) else 0x0102
            data = value.encode("utf-16-le") if isinstance(value, str) else value
            streams[f"__substg1.0_{number:04X}{kind:04X}"] = data
            rows += struct.pack("<HHIII", kind, number, 6, len(data) + 2 * isinstance(value, str), 0)
    return {"__properties_version1.0": rows, **streams}


def message(
    subject: str,
    body: str,
    attachments: Sequence[tuple[str, "bytes | Tree"]] = (),
    *,
    html: bytes | None = None,
    header: int = 32,
) -> dict[str, "bytes | Tree"]:
    """An Outlook message from Ann to Bob, cc Cy; an attachment that is a tree is a message itself (header=24)."""
    values: dict[int, Value] = {0x0037: subject, 0x1000: body, 0x0C1A: "Ann", 0x0C1F: "ann@example.org"}
    values[0x0039] = datetime(2024, 5, 8, 9, 30, tzinfo=UTC)
    if html:
        values[0x1013] = html
    tree = properties(header, values)
    for nr, (name, address, kind) in enumerate([("Bob", "bob@example.org", 1), ("Cy", "cy@example.org", 2)]):
        tree[f"__recip_version1.0_#{nr:08X}"] = properties(8, {0x3001: name, 0x39FE: address, 0x0C15: kind})
    for nr, (name, content) in enumerate(attachments):
        inner: dict[int, Value] = {0x3707: name, 0x3705: 1 if isinstance(content, bytes) else 5}
        if isinstance(content, bytes):
            inner[0x3701] = content
        storage = properties(8, inner)
        if not isinstance(content, bytes):
            storage["__substg1.0_3701000D"] = content
        tree[f"__attach_version1.0_#{nr:08X}"] = storage
    return tree
