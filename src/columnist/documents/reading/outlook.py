"""Converts Outlook's MSG into a standard e-mail, so that other code reads one kind of e-mail."""

import hashlib
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from oxmsg import Message
from oxmsg.attachment import Attachment
from oxmsg.domain import constants
from oxmsg.properties import Properties
from oxmsg.storage import Storage

from columnist.documents.reading.encoding import decode
from columnist.errors import DocumentError

_EMBEDDED = "__substg1.0_3701000D"
_EMBEDDED_HEADER = 24
"""Bytes before the properties of a message that is attached to another; those of a file's own take 32."""
_TO, _CC = 1, 2


class _AttachedMessage(Message):
    @property
    def properties(self) -> Properties:
        return Properties(self._storage, properties_header_offset=_EMBEDDED_HEADER)


def as_email(path: Path) -> EmailMessage:
    """The e-mail of an MSG file, byte for byte the same at each call. Raises DocumentError if it is damaged."""
    try:
        converted = _convert(Message.load(str(path)))
    except (OSError, KeyError, ValueError, AssertionError) as error:
        raise DocumentError("The Outlook message is damaged or cut off: it cannot be opened.") from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    for index, part in enumerate(converted.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"columnist-{index}-{digest}")  # a random one would change the content each time
    return converted


def _convert(message: Message) -> EmailMessage:
    converted = EmailMessage()
    recipients = [
        (one.properties.int_prop_value(constants.PID_RECIPIENT_TYPE), f"{one.name} <{one.email_address}>")
        for one in message.recipients
    ]
    headers = {
        "From": message.sender,
        "To": ", ".join(who for kind, who in recipients if kind == _TO),
        "Cc": ", ".join(who for kind, who in recipients if kind == _CC),
        "Date": format_datetime(message.sent_date) if message.sent_date else None,
        "Subject": message.subject,
    }
    for name, value in headers.items():
        if value:
            converted[name] = _one_line(value)
    converted.set_content((message.body or "").encode(errors="replace").decode())
    html = message.properties.binary_prop_value(constants.PID_HTML)
    if html:
        converted.add_alternative(decode(html).text, subtype="html")
    for attachment in message.attachments:
        _attach(attachment, converted)
    return converted


def _attach(attachment: Attachment, converted: EmailMessage) -> None:
    properties = attachment.properties
    name = _one_line(attachment.file_name or properties.str_prop_value(constants.PID_DISPLAY_NAME) or "")
    storage = attachment._storage
    assert isinstance(storage, Storage)
    embedded = next((one for one in storage.storages if one.name == _EMBEDDED), None)
    if embedded is not None:
        converted.add_attachment(_convert(_AttachedMessage(embedded)), filename=name or None)
        return
    main, _, sub = (attachment.mime_type or "").partition("/")
    known = main.isalnum() and sub and main not in ("message", "multipart")
    content_id = properties.str_prop_value(constants.PID_ATTACH_CONTENT_ID)
    converted.add_attachment(
        attachment.file_bytes or b"",
        maintype=main if known else "application",
        subtype=_one_line(sub) if known else "octet-stream",
        filename=name or None,
        cid=f"<{_one_line(content_id)}>" if content_id else None,
    )


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
