"""E-mails: who wrote what to whom, and the files attached, which are documents of their own."""

import email
import email.policy
import io
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message, MIMEPart
from pathlib import Path

from columnist.documents.model import Page
from columnist.documents.reading import formats
from columnist.documents.reading.encoding import decode
from columnist.documents.reading.flowing import Hidden, pages_of
from columnist.documents.reading.web import text_lines

MOST_ATTACHED = 200
"""Attachments of one e-mail that are taken in; the others are only named in its text."""

_AS_IT_CAME = email.policy.default.clone(refold_source="none")


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment of an e-mail; `unread`: why it does not become a document, or None."""

    name: str
    data: bytes
    unread: str | None


def read_mail(path: Path, media_type: str) -> Iterator[Page]:
    """From, to, date and subject, then the body, then the names of the attachments. Raises DocumentError."""
    message = _message(path, media_type)
    return pages_of([*_text(message), *_names(message)])


def attached_files(path: Path, media_type: str) -> Iterator[Attached]:
    """The attachments of an e-mail, without those of attached e-mails. Raises DocumentError."""
    return _attached(_message(path, media_type))


def _message(path: Path, media_type: str) -> EmailMessage:
    if media_type == formats.MSG:
        from columnist.documents.reading import outlook  # its library is slow to import, and most readers never need it

        return outlook.as_email(path)
    return email.message_from_bytes(path.read_bytes(), policy=_AS_IT_CAME)


def _text(message: EmailMessage) -> Iterator[str | Hidden]:
    for header in ("From", "To", "Cc", "Date", "Subject"):
        if message[header]:
            yield f"{header}: {message[header]}"
    for body in _bodies(message):
        text = _decoded(body)
        yield from text_lines(text).lines if _is_html(body) else text.splitlines()


def _names(message: EmailMessage) -> Iterator[str]:
    for one in _attached(message):
        yield f"Attachment not read: {one.name} ({one.unread})" if one.unread else f"Attachment: {one.name}"


def _attached(message: EmailMessage) -> Iterator[Attached]:
    parts = list(_leaves(message))
    html = "".join(_decoded(part) for part in parts if _is_html(part) and not _is_file(part))
    read = 0
    for part in parts:
        content_id = str(part["Content-ID"] or "").strip("<> ")
        if not _is_file(part) or (content_id and f"cid:{content_id}" in html):
            continue  # a picture that the body shows, such as a logo
        name, data = _file(part)
        unread = None if formats.is_taken_in(io.BytesIO(data), name) else formats.what_else(io.BytesIO(data))
        read += unread is None
        if read > MOST_ATTACHED:
            unread = f"the first {MOST_ATTACHED} are"
        yield Attached(name, data, unread)


def _leaves(part: MIMEPart) -> Iterator[MIMEPart]:
    """The parts without parts inside; an attached e-mail counts as one."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for inner in part.iter_parts():
            yield from _leaves(inner)
    else:
        yield part


def _bodies(part: MIMEPart) -> list[MIMEPart]:
    """The texts that a reader sees, in order: of alternatives the plain one, if it is not blank."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        found = [bodies for inner in part.iter_parts() if (bodies := _bodies(inner))]
        if part.get_content_subtype() == "alternative" and found:
            plain = [bodies for bodies in found if not any(_is_html(body) for body in bodies)]
            return next((bodies for bodies in plain if any(_decoded(body).strip() for body in bodies)), found[-1])
        return [body for bodies in found for body in bodies]
    return [] if _is_file(part) else [part]


def _is_file(part: MIMEPart) -> bool:
    shown = part.get_content_type() in ("text/plain", "text/html")
    return not shown or part.is_attachment() or part.get_filename() is not None


def _is_html(part: MIMEPart) -> bool:
    return part.get_content_type() == "text/html"


def _decoded(part: MIMEPart) -> str:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return decode(data, part.get_content_charset()).text


def _file(part: MIMEPart) -> tuple[str, bytes]:
    """The name and content of an attachment; an attached e-mail gets its subject as its name."""
    name = part.get_filename() or ""
    inner = part.get_payload(0) if part.is_multipart() else None
    if part.get_content_type() == "message/rfc822" and isinstance(inner, Message):
        name = name or str(inner["Subject"] or "message").replace("/", "-")
        try:
            data = inner.as_bytes(policy=_AS_IT_CAME)
        except UnicodeEncodeError:  # its boundary is damaged
            data = b""
        return (name if name.lower().endswith(".eml") else f"{name}.eml"), data
    content = part.get_payload(decode=True)
    suffix = mimetypes.guess_extension(part.get_content_type()) or ""
    return name or f"unnamed{suffix}", content if isinstance(content, bytes) else b""
