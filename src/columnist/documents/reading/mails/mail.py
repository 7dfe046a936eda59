"""E-mails: sender, recipients and text, and the attached files, which are separate documents."""

import base64
import binascii
import codecs
import email
import email.policy
import io
import mimetypes
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from copy import copy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from functools import cached_property
from itertools import pairwise
from typing import Any, BinaryIO, TypeAlias, TypeVar

from PIL import Image

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading import formats
from columnist.documents.reading.attached import Attached, attached
from columnist.documents.reading.encoding import decode, wide_encoding
from columnist.documents.reading.flowing import Hidden, Lines, pages_of
from columnist.documents.reading.mails import outlook
from columnist.documents.reading.office.rtf import rtf_lines
from columnist.documents.reading.pictures.pages import shows_text
from columnist.documents.reading.signed import is_signed, signed_content
from columnist.documents.reading.web.html import html_lines

LEAST_PICTURE = 200_000
"""Least pixels of a picture in the body that becomes a document as if it were attached: a pasted page, not a logo."""

_HEADERS = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject")
_SAME_AS_FROM = ("Sender", "Reply-To")
_RAW = email.policy.compat32
"""Headers are kept as sent: the newer policies raise for hostile ones, and split lists only at commas."""

_HEADER = re.compile(rb"(?:From |[!-9;-~]{1,80}[ \t]*:)")
_KNOWN_HEADER = re.compile(rb"(?:From|To|Cc|Date|Subject|MIME-Version|Content-[\w-]+):", re.I)
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S+ [^\n]*\d:\d\d[^\n]*\n(?=[!-9;-~]{1,80}:)")
"""The line before each e-mail of a mailbox (mbox)."""
_BOUNDARY = re.compile(rb"^--(\S(?:[^\r\n\"]{0,68}\S)?)[ \t]*\r?\n(?:[!-9;-~]{1,80}:|\r?\n)", re.M)
_ENCODING = re.compile(r"\W*(?:(quoted.?printable\b|qp\b)|base.?64\b)", re.I)
"""A transfer encoding as it is written in practice: in quotes, with a semicolon, a space or a comment after it."""
_LENGTH = re.compile(rb"(\d{1,9}) *\r?\n(?=[!-9;-~]{1,80}:)")
_MIME = re.compile(rb"(?:[!-9;-~]{1,80}:[^\n]*\n(?:[ \t][^\n]*\n)*)*?Content-[\w-]+:", re.I)
"""The head of a part, as in a signed message."""
_PADDED_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")
_PACKED = re.compile(rb"[A-Za-z0-9+/=\s]*+")
_PACKED_LINE = re.compile(rb"^[A-Za-z0-9+/]{40}", re.M)
_SHOWN_PICTURE = r"(?:src|background)\s*=\s*[\"']?\s*cid:{0}(?=[\"'\s>])|url\(\s*[\"']?cid:{0}[\"']?\s*\)"
_SIGNATURES = (
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
    "text/x-amp-html",
)
"""Types of parts that belong to other parts and have no text of their own."""
_MARKED_UP = ("text/enriched", "text/richtext", "application/xhtml+xml")
"""More types of texts with marks in angle brackets."""
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")

_Part: TypeAlias = "Message[Any, Any]"


def read_mail(file: BinaryIO, media_type: str) -> Iterator[Page]:
    """From, to, date and subject, then the body, then the names of the attachments. Raises DocumentError."""
    reading = _Mail(_message(file, media_type))
    return pages_of(reading.lines(), remarks=reading.remarks)


def attached_files(file: BinaryIO, media_type: str) -> Iterator[Attached]:
    """The attachments of an e-mail, without those of attached e-mails. Raises DocumentError."""
    return _Mail(_message(file, media_type)).attached()


def _message(file: BinaryIO, media_type: str) -> _Part:
    if media_type == formats.MSG:
        return outlook.as_email(file)
    return _parsed(file.read())


def _parsed(data: bytes) -> _Part:
    """The message in bytes that may begin with a byte-order mark, blank lines, or other lines that are no headers. Of
    several messages in one file, each is attached to an empty one."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or wide_encoding(data) is not None:
        data = decode(data).text.encode("utf-8", "replace")
    if data.startswith(outlook.TNEF):
        return outlook.of_tnef(data)
    if is_signed(data):
        return _as_part("smime.p7m", data)
    data = _without_plist(data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t\0"))
    starts = [found.start() for found in _SEPARATOR.finditer(data)]
    if len(starts) > 1:
        return _mailbox(data[start:end] for start, end in pairwise([0, *starts[1:], len(data)]))
    start = 0
    for _ in range(20):
        if _HEADER.match(data, start) or not 0 <= data.find(b"\n", start) < len(data) - 1:
            break
        start = data.find(b"\n", start) + 1
    else:
        start = 0
    message: _Part = email.message_from_bytes(_with_whole_head(data[start:]), policy=_RAW)
    return message


def _as_part(name: str, data: bytes) -> _Part:
    """A file as a part of a message."""
    made: _Part = Message(_RAW)
    made["Content-Type"] = "application/octet-stream"
    made["Content-Transfer-Encoding"] = "base64"
    made.add_header("Content-Disposition", "attachment", filename=name)
    made.set_payload(base64.b64encode(data).decode())
    return made


def _without_plist(data: bytes) -> bytes:
    """The message in a file of Apple Mail (emlx), which begins with its length and ends with a list of properties."""
    found = _LENGTH.match(data)
    return data if found is None else data[found.end() : found.end() + int(found[1])]


def _with_whole_head(data: bytes) -> bytes:
    """A message whose headers do not end at a line that is none."""
    end = re.search(rb"\r?\n\r?\n|\Z", data)
    head, rest = (data[: end.start()], data[end.start() :]) if end else (data, b"")
    head = re.sub(rb"^([!-9;-~]{1,80})[ \t]+:", rb"\1:", head, flags=re.M)
    lines = head.split(b"\n")
    last = max((number for number, line in enumerate(lines) if _KNOWN_HEADER.match(line)), default=0)
    known = (line if _HEADER.match(line) or line[:1] in (b" ", b"\t") else b" " + line for line in lines[:last])
    return b"\n".join([*known, *lines[last:]]) + rest


def _mailbox(mails: Iterable[bytes]) -> _Part:
    box: _Part = Message(_RAW)
    box["Content-Type"] = "multipart/digest"
    for number, data in enumerate(mails, start=1):
        inner: _Part = email.message_from_bytes(data, policy=_RAW)
        held: _Part = Message(_RAW)
        held["Content-Type"] = "message/rfc822"
        subject = _text_of(inner.get("Subject") or "") or "message"
        held.add_header("Content-Disposition", "attachment", filename=f"{number:03} {subject}".replace("/", "-"))
        held.attach(inner)
        box.attach(held)
    return box


class _Mail:
    """Turns one e-mail into lines."""

    def __init__(self, message: _Part) -> None:
        self._message = message
        self._inner: dict[int, list[_Part]] = {}
        self._shown: dict[int, tuple[list[str | Hidden], list[Remark]]] = {}
        self.remarks: list[Remark] = []

    def lines(self) -> Iterator[str | Hidden]:
        first: dict[str, str] = {}
        for name in _HEADERS:
            value = ", ".join(_text_of(one) for key, one in self._message.raw_items() if key.lower() == name.lower())
            if value and not (name in _SAME_AS_FROM and _address(value) == _address(first.get("From", ""))):
                first[name] = value
                yield f"{name}: {value}"
        for body in self._bodies(self._message) or self._sole:
            lines, remarks = self._text(body)
            self.remarks += remarks
            yield from lines
        for one in self.attached():
            if one.unread:
                self.remarks.append(Remark(RemarkKind.ATTACHMENT, detail=one.name))
            yield f"Attachment not read: {one.name} ({one.unread})" if one.unread else f"Attachment: {one.name}"
        sealed = sum(map(_is_sealed, self._leaves(self._message)))
        if sealed:
            self.remarks.append(Remark(RemarkKind.NOT_READ, sealed, detail="an encrypted message"))

    def attached(self) -> Iterator[Attached]:
        return attached(self._files())

    def _files(self) -> Iterator[tuple[str, bytes]]:
        parts = list(self._leaves(self._message))
        pages = [part for part in parts if _is_html(part) and not _is_file(part)]
        html = "".join(decode(_content(part), _charset(part)).text for part in pages)
        for part in parts:
            if (
                not _is_file(part)
                or part in self._sole
                or _kind(part) in _SIGNATURES
                or (_is_sealed(part) and not _name(part))
            ):
                continue
            name, data = _file(part)
            if _is_in_body(part, html) and _pixels(data) < LEAST_PICTURE and not shows_text(data):
                continue  # a picture that the body shows, such as a logo
            yield name, data
        for part in parts:
            if not _is_file(part) and not _is_html(part):
                yield from _uuencoded(_content(part))

    @cached_property
    def _sole(self) -> list[_Part]:
        """The text of an e-mail without a usual one, such as a calendar: it is no file."""
        leaves = [one for one in self._leaves(self._message) if _is_file(one) and _is_odd_text(one)]
        return [] if not leaves or self._bodies(self._message) else leaves[:1]

    def _children(self, part: _Part) -> list[_Part] | None:
        """The parts of a part, including a winmail.dat and a signed message; None if it is a leaf."""
        known = self._inner.get(id(part))
        if known is not None:
            return known or None
        found: list[_Part] = []
        if part.get_content_maintype() == "multipart":
            found = list(_parts(part))
        elif _kind(part) in _TNEF or (_name(part) or "").lower() == "winmail.dat":
            data = _content(part)
            found = [outlook.of_tnef(data)] if data.startswith(outlook.TNEF) else []
        elif _kind(part) in _SEALED or (_name(part) or "").lower().endswith((".p7m", ".p7z")):
            found = _unsealed(part)
        self._inner[id(part)] = found
        return found or None

    def _leaves(self, part: _Part) -> Iterator[_Part]:
        """The parts without parts inside; an attached e-mail counts as one."""
        inner = self._children(part)
        if inner is None:
            yield part
        for one in inner or ():
            yield from self._leaves(one)

    def _bodies(self, part: _Part) -> list[_Part]:
        """The texts that a reader sees, in order; the plain one of alternatives, unless the other has more."""
        inner = self._children(part)
        if inner is None:
            return [] if _is_file(part) else [part]
        found = [bodies for one in inner if (bodies := self._bodies(one))]
        is_choice = part.get_content_subtype() == "alternative"
        if is_choice and found:
            return self._fullest(found)
        rich = [one for one in inner if _kind(one) in _TNEF]
        if rich and len(found) > 1:  # the e-mail is a stub for the message that Outlook packed, or has the same text
            return self._fullest(found)
        return [body for bodies in found for body in bodies]

    def _fullest(self, alternatives: list[list[_Part]]) -> list[_Part]:
        """The first plain alternative, unless another one has a word that it lacks, or strikes words through."""
        words = [{word for body in bodies for word in self._words(body)} for bodies in alternatives]
        fullest = max(range(len(words)), key=lambda nr: (any(map(_is_rich, alternatives[nr])), len(words[nr])))
        for nr, bodies in enumerate(alternatives):
            if words[nr] and not any(map(_is_rich, bodies)):
                missing = words[fullest] - words[nr]
                # A plain text cannot show that words are struck through.
                is_less = bool(missing) or any(map(self._has_struck, alternatives[fullest]))
                return alternatives[fullest if is_less else nr]
        return alternatives[fullest if words[fullest] else -1]

    def _has_struck(self, body: _Part) -> bool:
        lines, _ = self._text(body)
        return any(isinstance(line, Hidden) and line.is_struck for line in lines)

    def _words(self, body: _Part) -> set[str]:
        lines, _ = self._text(body)
        text = " ".join(line for line in lines if isinstance(line, str))
        return set(re.findall(r"\d(?:[\d.,]*\d)?|[^\W\d_]+", text.lower()))

    def _text(self, body: _Part) -> tuple[list[str | Hidden], list[Remark]]:
        known = self._shown.get(id(body))
        if known is None:
            data = _content(body)
            if _is_rich(body):
                shown = _rich_lines(data) if _kind(body) == "text/rtf" else html_lines(data, _charset(body))
                known = (shown.lines, shown.remarks)
            else:
                decoded = decode(data, _charset(body))
                text = _UUENCODED.sub("", decoded.text)
                text = _of_calendar(text) if _kind(body) == "text/calendar" else text
                known = (_unwrapped(text, body) if _is_flowed(body) else [*text.splitlines()], [*decoded.remarks])
            self._shown[id(body)] = known
        return known


def _unsealed(part: _Part) -> list[_Part]:
    """The message, or the file, inside a signed part; nothing if it is encrypted or no such part."""
    data = _content(part)
    inner = signed_content(data) or (data if _MIME.match(data) else None)  # Outlook keeps the message as it was sent
    if inner is None:
        return []
    if _MIME.match(inner):
        return [_parsed(inner)]
    name = re.sub(r"\.p7[mz]$", "", _name(part) or "smime.p7m", flags=re.I)
    if "." not in name:
        kind = _tried(lambda: formats.media_type(io.BytesIO(inner), ""), "")
        name += next((suffix for suffix, known in formats.SUFFIXES.items() if known == kind), "")
    return [_as_part(name, inner)]


def _kind(part: _Part) -> str:
    return _tried(part.get_content_type, "text/plain")


def _is_sealed(part: _Part) -> bool:
    return _kind(part) in (*_SEALED, "application/pgp-encrypted")


def _is_file(part: _Part) -> bool:
    kind = _kind(part)
    if kind.startswith("multipart/"):  # without its parts: it is shown unchanged
        return False
    shown = kind in ("text/plain", "text/html", "text/rtf")
    return not shown or _tried(part.get_content_disposition, None) == "attachment" or _name(part) is not None


def _is_odd_text(part: _Part) -> bool:
    is_text = part.get_content_maintype() == "text" or _kind(part) in _MARKED_UP
    return is_text and _name(part) is None and _tried(part.get_content_disposition, None) != "attachment"


def _of_calendar(text: str) -> str:
    """A calendar's lines, joined where they are folded, with their signs as they are shown (RFC 5545)."""
    text = re.sub(r"\r?\n[ \t]", "", text)
    return re.sub(r"\\([,;\\])", r"\1", re.sub(r"\\[nN]", "\n", text))


def _is_html(part: _Part) -> bool:
    return _kind(part) == "text/html"


def _is_rich(part: _Part) -> bool:
    return _kind(part) in ("text/html", "text/rtf", *_MARKED_UP)


def _rich_lines(data: bytes) -> Lines:
    if data.lstrip().startswith(b"{\\rtf"):
        return rtf_lines(data)
    return Lines([], [Remark(RemarkKind.NOT_READ, detail="a damaged message")])


def _is_in_body(part: _Part, html: str) -> bool:
    """Whether the HTML shows the part as a picture. A link to it does not."""
    content_id = str(part.get("Content-ID") or "").strip("<> ")
    is_picture = part.get_content_maintype() == "image" or _pixels(_content(part)) > 0
    return bool(content_id) and is_picture and bool(re.search(_SHOWN_PICTURE.format(re.escape(content_id)), html, re.I))


def _pixels(data: bytes) -> int:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.width * image.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0


def _charset(part: _Part) -> str | None:
    return _tried(part.get_content_charset, None)


def _name(part: _Part) -> str | None:
    """The name of a part as a file, however it is encoded."""
    name = _tried(part.get_filename, None)
    return None if name is None else _text_of(name) or None


def _parts(part: _Part) -> Iterator[_Part]:
    """The parts of a multipart, also after its end, and if it names no boundary or a wrong one."""
    known = _tried(part.get_boundary, None)
    boundary = known.encode("ascii", "surrogateescape") if known else b""
    if not part.is_multipart():
        content = _content(part)
        found = _BOUNDARY.search(content)
        if found is None:
            return
        boundary = found[1]
        part = _with_boundary(boundary, content)
    while part.is_multipart():
        yield from (one for one in part.get_payload() if isinstance(one, Message))
        after = (part.epilogue or "").encode("ascii", "surrogateescape")
        if not boundary or b"--" + boundary not in after:
            return
        part = _with_boundary(boundary, after)


def _with_boundary(boundary: bytes, content: bytes) -> _Part:
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n'
    return email.message_from_bytes(head + content, policy=_RAW)


def _content(part: _Part) -> bytes:
    encoded = _ENCODING.match(str(part.get("Content-Transfer-Encoding", "")))
    if encoded is not None and not part.is_multipart():
        bare = copy(part)  # deleting a header makes a list of its own
        del bare["Content-Transfer-Encoding"]
        data = _tried(lambda: bare.get_payload(decode=True), None)
        if isinstance(data, bytes):
            if encoded[1]:
                return quopri.decodestring(_PADDED_BREAK.sub(b"=", data))
            return _from_base64(data, keeps_text=part.get_content_maintype() == "text")
    content = _tried(lambda: part.get_payload(decode=True), None)
    if isinstance(content, bytes):
        return content
    payload = part.get_payload()
    if isinstance(payload, list):  # a report of an undelivered message may consist of headers only
        return "\n".join(_tried(inner.as_string, "") for inner in payload if isinstance(inner, Message)).encode()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _from_base64(data: bytes, keeps_text: bool) -> bytes:
    """Base64 in one or more pieces, also if it is cut off. `keeps_text`: with the lines after it that are none, which a
    mailing list adds."""
    found = _PACKED.match(data)
    end = len(data) if found is None else found.end()
    if end < len(data):
        end = data.rfind(b"\n", 0, end) + 1
    rest = data[end:]
    if _PACKED_LINE.search(rest):  # only a stray sign
        end, rest = len(data), b""
    unpacked = bytearray()
    for piece in data[:end].split(b"="):
        letters = re.sub(rb"[^A-Za-z0-9+/]+", b"", piece)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        unpacked += binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    return bytes(unpacked) + (b"\n" + rest if keeps_text and rest.strip() else b"")


_UUENCODED = re.compile(
    r"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[ -`]{1,61}\r?\n)+?)[ `]?\r?\n?end[ \t]*\r?$", re.M
)
"""A file inside a text, as e-mails had them before MIME."""


def _uuencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    for name, lines in _UUENCODED.findall(body.decode("latin-1")):
        data = bytearray()
        for line in lines.split("\n"):
            with suppress(binascii.Error):
                data += binascii.a2b_uu(line.rstrip("\r").encode("latin-1"))
        yield name.strip(), bytes(data)


def _parameter(part: _Part, name: str) -> str:
    return _tried(lambda: str(part.get_param(name)), "").lower()


def _is_flowed(part: _Part) -> bool:
    return _parameter(part, "format") == "flowed"


def _unwrapped(text: str, part: _Part) -> list[str | Hidden]:
    """Join lines that the writer's program broke (RFC 3676)."""
    drops_space = _parameter(part, "delsp") == "yes"
    lines: list[str | Hidden] = []
    begun = ""
    for line in text.splitlines():
        shown = line[1:] if line.startswith(" ") else line
        if shown.endswith(" ") and not shown.startswith(">") and shown != "-- ":
            begun += shown[:-1] if drops_space else shown
        else:
            lines.append(begun + shown)
            begun = ""
    return [*lines, begun] if begun else lines


_T = TypeVar("_T")


def _tried(call: Callable[[], _T], otherwise: _T) -> _T:
    """A value of the e-mail library for a part: for a hostile header it may raise anything."""
    try:
        return call()
    except Exception:  # noqa: BLE001
        return otherwise


def _text_of(header: object) -> str:
    """A header, or a name in one, as its reader sees it: unfolded, its encoded words decoded."""
    raw = re.sub(r"[\r\n]+[ \t]*", " ", str(header))
    try:
        found = decode_header(raw)
    except (MessageError, ValueError, LookupError):
        found = [(raw, None)]
    parts = []
    for text, charset in found:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        parts.append(decode(data, charset if charset != "unknown-8bit" else None).text)
    return " ".join("".join(one if one.isprintable() else " " for one in "".join(parts)).split())


def _address(header: str) -> str:
    found = re.search(r"(?<![^\s<>\"])[^\s<>\"]+@[^\s<>\"]+", header)
    return found[0].lower() if found else header


def _file(part: _Part) -> tuple[str, bytes]:
    """The name and content of an attachment; an attached e-mail gets its subject as its name."""
    name = _name(part) or ""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if _kind(part) == "message/rfc822" and isinstance(inner, Message):
        data = _tried(inner.as_bytes, b"")  # its boundary or a header may be damaged
        if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":  # forbidden, but it occurs
            with suppress(ValueError):
                data = base64.b64decode(data, validate=False)
                inner = _parsed(data)
        name = name or (_text_of(inner.get("Subject") or "") or "message").replace("/", "-")
        return (name if name.lower().endswith(".eml") else f"{name}.eml"), data
    suffix = mimetypes.guess_extension(_kind(part)) or ""
    return name or f"unnamed{suffix}", _content(part)
