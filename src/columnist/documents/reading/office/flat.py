"""Office files that are one XML file, as the packages that they describe: flat OPC, and flat OpenDocument."""

import base64
import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import lxml.etree

_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_OPEN_DOCUMENT = ("content.xml", "styles.xml", "settings.xml")
"""The parts of an OpenDocument package, which a flat file has in one."""


def packed(file: BinaryIO, how: Any) -> BinaryIO:
    """The package that a flat file describes, or else the file itself. `how`: to parse. Raises XMLSyntaxError."""
    file.seek(0)
    if not file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return file
    file.seek(0)
    data = file.read().removeprefix(b"\xef\xbb\xbf").lstrip()
    root = lxml.etree.fromstring(data, lxml.etree.XMLParser(**how))
    parts = _parts(root) if root.tag == f"{_PKG}package" else ((name, data) for name in _OPEN_DOCUMENT)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return package


def _parts(root: Any) -> Iterator[tuple[str, bytes]]:
    for part in root.iterfind(f"{_PKG}part"):
        name = part.get(f"{_PKG}name", "").lstrip("/")
        xml = part.find(f"{_PKG}xmlData/*")
        if xml is not None:
            yield name, lxml.etree.tostring(xml, with_tail=False)
        else:
            with suppress(ValueError):  # a damaged picture, which is then missing
                yield name, base64.b64decode(part.findtext(f"{_PKG}binaryData") or "")
