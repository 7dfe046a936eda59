"""Outlook's MSG and winmail.dat (TNEF) as standard e-mails, so that other code reads only one kind of e-mail."""

import hashlib
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from typing import BinaryIO
from uuid import UUID

import compressed_rtf
import olefile

from columnist.documents.reading.encoding import decode, of_code_page
from columnist.errors import DocumentError

# Numbers of properties (MS-OXPROPS).
_SUBJECT, _SENT, _FROM, _FROM_ADDRESS, _FROM_SMTP, _REPORT = 0x0037, 0x0039, 0x0C1A, 0x0C1F, 0x5D01, 0x1001
_BODY, _HTML, _RTF, _CODE_PAGE, _INTERNET_CODE_PAGE = 0x1000, 0x1013, 0x1009, 0x3FFD, 0x3FDE
_NAME, _ADDRESS, _SMTP, _KIND, _SENT_FOR = 0x3001, 0x3003, 0x39FE, 0x0C15, 0x0042
_DATA, _LONG_NAME, _FILE_NAME, _MIME, _CONTENT_ID, _METHOD = 0x3701, 0x3707, 0x3704, 0x370E, 0x3712, 0x3705
_TEXT, _TEXT_8, _BINARY, _OBJECT, _TIME = 0x1F, 0x1E, 0x0102, 0x0D, 0x40
_TO, _CC, _BCC = 1, 2, 3
_SHOWN_TO, _SHOWN_CC, _SHOWN_BCC = 0x0E04, 0x0E03, 0x0E02
_MEETINGS = UUID("00062002-0000-0000-c000-000000000046").bytes_le
_START, _END, _PLACE = 0x820D, 0x820E, 0x8208
"""Properties of appointments, which have other numbers in each file (MS-OXPROPS 2.x, MS-OXMSG 2.2.3)."""
_PEOPLE = HeaderRegistry()
for _header in ("From", "To", "Cc", "Bcc"):
    _PEOPLE.map_to_type(_header, UnstructuredHeader)  # type: ignore[arg-type]  # typeshed has another base class
_AS_WRITTEN = default.clone(header_factory=_PEOPLE)
"""Outlook's lists of people are no lists of addresses: the library would keep the first alone."""
_MOST_MESSAGES = 50
"""How many levels of nested messages are converted."""


@dataclass(slots=True)
class Properties:
    """The properties of a message, a recipient or an attachment, as they are stored, by number."""

    values: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    code_page: int | None = None

    def number(self, of: int) -> int | None:
        """A number; None if it is missing."""
        kind, data = self.values.get(of, (0, b""))
        return struct.unpack("<i", data[:4])[0] if len(data) >= 4 and kind != _TEXT else None

    def text(self, *of: int) -> str:
        """The first of these texts that exists; else empty."""
        for one in of:
            kind, data = self.values.get(one, (0, b""))
            if kind == _TEXT:
                text = data.decode("utf-16-le", "replace")
            elif kind == _TEXT_8:
                text = decode(data, of_code_page(self._page_of(one))).text
            else:
                continue
            if text := text.rstrip("\0"):
                return text
        return ""

    def binary(self, of: int) -> bytes:
        """Bytes; empty if they are missing."""
        kind, data = self.values.get(of, (0, b""))
        return data if kind in (_BINARY, _OBJECT) else b""

    def time(self, of: int) -> datetime | None:
        """A time; None if it is missing or impossible."""
        kind, data = self.values.get(of, (0, b""))
        with suppress(OverflowError, struct.error):
            if kind == _TIME:
                return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=struct.unpack("<Q", data[:8])[0] // 10)
        return None

    def _page_of(self, one: int) -> int | None:
        pages = [self.code_page, self.number(_CODE_PAGE)]
        if one in (_BODY, _HTML):
            pages.insert(0, self.number(_INTERNET_CODE_PAGE))
        return next((page for page in pages if page), None)

    def html(self) -> bytes:
        """The HTML body, in UTF-8 with its mark; the file may store it as bytes or as a text."""
        if data := self.binary(_HTML):
            page = of_code_page(self.number(_INTERNET_CODE_PAGE))
            return b"\xef\xbb\xbf" + decode(data, page).text.encode(errors="replace") if page else data
        text = self.text(_HTML)
        return b"\xef\xbb\xbf" + text.encode(errors="replace") if text else b""

    def rich_text(self) -> bytes:
        """The RTF body; as it is stored if it is damaged."""
        data = self.binary(_RTF)
        with suppress(Exception):
            return bytes(compressed_rtf.decompress(data))
        return data


def as_email(file: BinaryIO) -> EmailMessage:
    """The e-mail of an MSG file, byte for byte the same at each call. Raises DocumentError if it is damaged."""
    data = file.read()
    try:
        with olefile.OleFileIO(data) as ole:
            if not ole.exists("__properties_version1.0"):
                raise KeyError("properties")
            converted = _convert(_Storage(ole, (), 32), 0)
    except (OSError, KeyError, ValueError, IndexError, struct.error, RecursionError) as error:
        raise DocumentError("The Outlook message is damaged or cut off: it cannot be opened.") from error
    _fix_boundaries(converted, data)
    return converted


def _fix_boundaries(converted: EmailMessage, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()[:32]
    for index, part in enumerate(converted.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"columnist-{index}-{digest}")  # a random one would change the content each time


class _Storage:
    """A folder of an MSG file: the properties of a message, a recipient or an attachment."""

    def __init__(self, ole: olefile.OleFileIO, path: tuple[str, ...], header: int) -> None:
        self.ole = ole
        self.path = path
        self.properties = Properties()
        rows = self._stream("__properties_version1.0")[header:]
        for start in range(0, len(rows) - 15, 16):
            kind, number = struct.unpack("<HH", rows[start : start + 4])
            data = rows[start + 8 : start + 16]
            if kind in (_TEXT, _TEXT_8, _BINARY):
                try:
                    data = self._stream(f"__substg1.0_{number:04X}{kind:04X}")
                except OSError:
                    if number not in (_BODY, _HTML, _DATA):
                        continue  # a lost name does not matter
                    raise
            self.properties.values.setdefault(number, (kind, data))

    def _stream(self, name: str, *folders: str) -> bytes:
        with self.ole.openstream([*(folders or self.path), name]) as stream:
            data: bytes = stream.read()
            return data

    def inside(self, kind: str, header: int) -> "Iterator[_Storage]":
        """The folders of recipients or attachments, in order."""
        depth = len(self.path)
        names = {
            one[depth]
            for one in self.ole.listdir(streams=False, storages=True)
            if tuple(one[:depth]) == self.path and len(one) == depth + 1 and one[depth].startswith(kind)
        }
        for name in sorted(names):
            found = _Storage(self.ole, (*self.path, name), header)
            found.properties.code_page = self.properties.number(_CODE_PAGE)
            yield found

    def meeting(self) -> list[str]:
        """The times and the place of a meeting, which Outlook shows above its text."""
        numbers = self._named(_MEETINGS)
        of = [self.properties.time(numbers[one]) for one in (_START, _END) if one in numbers]
        times = zip(("Start", "End"), of, strict=False)
        place = self.properties.text(numbers[_PLACE]) if _PLACE in numbers else ""
        return [f"{name}: {format_datetime(at)}" for name, at in times if at] + [f"Place: {place}"] * bool(place)

    def _named(self, kind: bytes) -> dict[int, int]:
        """The properties of a set that have no fixed number: their numbers in this file."""
        try:
            names, kinds = (self._stream(f"__substg1.0_{of}0102", "__nameid_version1.0") for of in ("0003", "0002"))
        except OSError:
            return {}
        found = (struct.unpack("<IHH", names[at : at + 8]) for at in range(0, len(names) - 7, 8))
        return {
            one: 0x8000 + number
            for one, what, number in found
            if not what & 1 and kinds[(what >> 1) * 16 - 48 :][:16] == kind
        }

    def embedded(self) -> "_Storage | None":
        """The message that is attached as a message."""
        path = (*self.path, f"__substg1.0_{_DATA:04X}{_OBJECT:04X}")
        there = self.ole.exists([*path, "__properties_version1.0"])
        return _Storage(self.ole, path, 24) if there else None

    def of_object(self) -> bytes:
        """The file in an attached object: a newer one of Office, or a PDF."""
        path = (*self.path, f"__substg1.0_{_DATA:04X}{_OBJECT:04X}")
        held = next((name for name in ("Package", "CONTENTS") if self.ole.exists([*path, name])), None)
        return b"" if held is None else self._stream(held, *path)


def _convert(message: _Storage, depth: int) -> EmailMessage:
    said = message.properties
    people = [one.properties for one in message.inside("__recip_version1.0_", 8)]
    sent = said.time(_SENT)
    headers = {
        "From": _who(said.text(_FROM, _SENT_FOR), said.text(_FROM_SMTP, _FROM_ADDRESS)),
        "To": _list(people, _TO) or said.text(_SHOWN_TO),
        "Cc": _list(people, _CC) or said.text(_SHOWN_CC),
        "Bcc": _list(people, _BCC) or said.text(_SHOWN_BCC),
        "Date": format_datetime(sent) if sent else "",
        "Subject": said.text(_SUBJECT),
    }
    converted = _with_bodies(said, headers)
    if lines := message.meeting():
        converted.add_attachment("\n".join(lines), disposition="inline")
    for attachment in message.inside("__attach_version1.0_", 8):
        inner = attachment.embedded()
        name = attachment.properties.text(_LONG_NAME, _FILE_NAME, _NAME)
        if inner is None:
            if held := attachment.of_object():
                attachment.properties.values[_DATA] = (_BINARY, held)
            _attach(attachment.properties, name, converted)
        elif depth < _MOST_MESSAGES:
            converted.add_attachment(_convert(inner, depth + 1), filename=_one_line(name) or None)
    return converted


def _with_bodies(said: Properties, headers: Mapping[str, str]) -> EmailMessage:
    converted = EmailMessage(_AS_WRITTEN)
    for name, value in headers.items():
        if line := _one_line(value):
            converted[name] = line
    plain, html, rich = said.text(_BODY, _REPORT), said.html(), said.rich_text()
    converted.set_content(plain.encode(errors="replace").decode().replace("\r\n", "\n").replace("\r", "\n"))
    if html:
        converted.add_alternative(html, "text", "html")
    elif rich:
        converted.add_alternative(rich, "text", "rtf")
    return converted


def _who(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address and "@" in address and name != address else name or address


def _list(people: list[Properties], kind: int) -> str:
    found = [one for one in people if ((one.number(_KIND) or 0) & 0xF) == kind]
    return ", ".join(_who(one.text(_NAME), one.text(_SMTP, _ADDRESS)) for one in found)


def _attach(said: Properties, name: str, converted: EmailMessage) -> None:
    main, _, sub = said.text(_MIME).partition("/")
    known = main.isalnum() and main.isascii() and sub.isascii() and sub and main not in ("message", "multipart")
    content_id = _one_line(said.text(_CONTENT_ID))
    converted.add_attachment(
        said.binary(_DATA),
        maintype=main if known else "application",
        subtype=_one_line(sub) if known else "octet-stream",
        filename=_one_line(name) or None,
        cid=f"<{content_id}>" if content_id.isascii() and content_id else None,
    )


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


# ── winmail.dat ──────────────────────────────────────────────────────────────────────────────────────────────────

TNEF = b"\x78\x9f\x3e\x22"
_ATTACHMENT_BEGINS, _ATTACHMENT_DATA, _ATTACHMENT_TITLE, _ATTACHMENT, _MESSAGE = 0x9002, 0x800F, 0x8010, 0x9005, 0x9003
_OLD_BODY, _OLD_SUBJECT, _OLD_CODE_PAGE = 0x800C, 0x8004, 0x9007


def of_tnef(data: bytes) -> EmailMessage:
    """The message in a winmail.dat, with its attachments; of a damaged one, as much as can be read."""
    said, attached = Properties(), list[Properties]()
    position = 6
    while position + 9 <= len(data):
        number, size = struct.unpack("<xHxxI", data[position : position + 9])
        value = data[position + 9 : position + 9 + size]
        position += 9 + size + 2
        if number == _OLD_CODE_PAGE and len(value) >= 4:
            said.code_page = struct.unpack("<I", value[:4])[0]
        elif number == _ATTACHMENT_BEGINS:
            attached.append(Properties(code_page=said.code_page))
        elif number == _MESSAGE:
            said.values.update(_properties(value))
        elif number in (_OLD_BODY, _OLD_SUBJECT):
            said.values.setdefault(_BODY if number == _OLD_BODY else _SUBJECT, (_TEXT_8, value))
        elif attached and number == _ATTACHMENT_DATA:
            attached[-1].values.setdefault(_DATA, (_BINARY, value))
        elif attached and number == _ATTACHMENT_TITLE:
            attached[-1].values.setdefault(_FILE_NAME, (_TEXT_8, value))
        elif attached and number == _ATTACHMENT:
            attached[-1].values.update(_properties(value))
    sent = said.time(_SENT)
    headers = {
        "From": _who(said.text(_FROM, _SENT_FOR), said.text(_FROM_SMTP, _FROM_ADDRESS)),
        "To": said.text(_SHOWN_TO),
        "Cc": said.text(_SHOWN_CC),
        "Date": format_datetime(sent) if sent else "",
        "Subject": said.text(_SUBJECT),
    }
    converted = _with_bodies(said, headers)
    for one in attached:
        inner = one.binary(_DATA)
        if inner[16:20] == TNEF:  # a message, after the identifier of its kind
            converted.add_attachment(of_tnef(inner[16:]), filename=f"{_one_line(one.text(_NAME)) or 'message'}.eml")
        else:
            _attach(one, one.text(_LONG_NAME, _FILE_NAME, _NAME), converted)
    _fix_boundaries(converted, data)
    return converted


_WIDTHS = {0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, _TIME: 8, 0x48: 16}


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    found: dict[int, tuple[int, bytes]] = {}
    with suppress(struct.error, KeyError):  # the part before the damage counts
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _ in range(count):
            kind, number = struct.unpack_from("<HH", data, position)
            position += 4
            if number >= 0x8000:  # named
                (by_name,) = struct.unpack_from("<I", data, position + 16)
                position += 20
                (size,) = struct.unpack_from("<I", data, position) if by_name else (0,)
                position += 4 + -(-size // 4) * 4
            several = kind & 0x1000
            kind &= 0xEFFF
            is_long = kind in (_TEXT, _TEXT_8, _BINARY, _OBJECT)
            (values,) = struct.unpack_from("<I", data, position) if several or is_long else (1,)
            position += 4 * bool(several or is_long)
            for _ in range(min(values, len(data))):
                if is_long:
                    (size,) = struct.unpack_from("<I", data, position)
                    position += 4
                else:
                    size = _WIDTHS[kind]
                if position + size > len(data):
                    return found
                found.setdefault(number, (kind, data[position : position + size]))
                position += -(-size // 4) * 4
    return found
