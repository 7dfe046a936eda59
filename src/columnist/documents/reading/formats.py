"""The type of a file, by its bytes; its name only decides between kinds of text."""

import re
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO, Literal

from columnist.documents.reading.compound import top_names
from columnist.documents.reading.encoding import wide_encoding
from columnist.documents.reading.signed import is_signed
from columnist.errors import DocumentError

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
EML = "message/rfc822"
MSG = "application/vnd.ms-outlook"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
RTF = "application/rtf"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
TEXT = "text/plain"
ZIP = "application/zip"

SUFFIXES = {
    ".pdf": PDF,
    ".docx": DOCX,
    ".doc": DOC,
    ".rtf": RTF,
    ".xlsx": XLSX,
    ".xls": XLS,
    ".pptx": PPTX,
    ".ppt": PPT,
    ".odt": ODT,
    ".ods": ODS,
    ".odp": ODP,
    ".html": HTML,
    ".htm": HTML,
    ".eml": EML,
    ".msg": MSG,
    ".txt": TEXT,
    ".png": PNG,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".tif": TIFF,
    ".tiff": TIFF,
    ".zip": ZIP,
    ".emlx": EML,
    ".mbox": EML,
    ".p7m": EML,
    ".fodt": ODT,
    ".fods": ODS,
    ".fodp": ODP,
}
"""The suffixes of files that are read, and the media type that each stands for."""

MAILS = (EML, MSG)
"""E-mails, which may have attachments."""

OLD_OFFICE = (DOC, XLS, PPT)
"""Files that LibreOffice turns into newer ones, where it is installed."""

PICTURES = (PNG, JPEG, TIFF)
"""Pictures, which only OCR can read."""

LARGEST_PACKAGE = 256 * 1024**2
"""Most bytes that a DOCX, XLSX or PPTX may unpack to; contracts take 1 to 5 MB."""

_NAMES = (
    dict.fromkeys(MAILS, "an e-mail")
    | dict.fromkeys(PICTURES, "a picture")
    | {PDF: "a PDF", DOCX: "a DOCX", RTF: "an RTF file", XLSX: "an Excel file", HTML: "an HTML page", TEXT: "text"}
    | {PPTX: "a PowerPoint file", ZIP: "a ZIP archive"}
    | {DOC: "an old Word file", XLS: "an old Excel file", PPT: "an old PowerPoint file"}
    | dict.fromkeys((ODT, ODS, ODP), "an OpenDocument file")
)
_SUPPORTED = "PDF, DOCX, RTF, XLSX, PPTX, ODT, ODS, ODP, TXT, HTML, EML, MSG, PNG, JPEG, TIFF and ZIP are."
_OLE = b"\xd0\xcf\x11\xe0"
_TNEF = b"\x78\x9f\x3e\x22"
"""A winmail.dat."""
_ENCRYPTED = "EncryptedPackage"
_OLE_STREAMS = {"worddocument": DOC, "workbook": XLS, "book": XLS, "powerpoint document": PPT}
"""Name of a stream in an old Office file (in lower case, because some write capitals) → the kind of file."""
_NEWER = {DOC: "DOCX", XLS: "XLSX", PPT: "PPTX"}
_ZIPPED = {
    "META-INF/manifest.xml": "an OpenDocument file: save it as DOCX, XLSX or PDF",
    "": "a compressed archive",
}
_OFFICE_FOLDERS = (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX))
_PACKAGES = (("[Content_Types].xml", (DOCX, XLSX, PPTX)), ("content.xml", (ODT, ODS, ODP)))
"""A part of each Office file, and the types of file that have it."""
_PACKED = tuple(kind for _, kinds in _PACKAGES for kind in kinds)
_OFFICES = {"[content_types].xml", "mimetype", "meta-inf/manifest.xml"}
"""Paths inside archives that are one document, in lower case."""
LARGEST_DIRECTORY = 2 * 1024**2
"""Most bytes of an archive's list: about 15,000 files with paths of usual length."""
_EMPTY_ZIP = b"PK\x05\x06"
_MAGIC = [
    (b"\x89PNG", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"{\\rtf", RTF),
]
_OTHERS = [
    (b"GIF8", "a picture: save it as PNG or PDF"),
    (b"RIFF", "a picture or a recording"),
    (b"BM", "a picture: save it as PNG or PDF"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
]
_HEAD = 4096
_XML_HEAD = 16_384
"""Bytes that hold the names of all namespaces of a document, which come first."""
_ELEMENT = re.compile(rb"<(?:\w+:)?([A-Za-z]\w*)")
_FLAT_OPC = b"http://schemas.microsoft.com/office/2006/xmlPackage"
_OPEN_DOCUMENT = re.compile(rb'"(application/vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation))"')
_OLD_XML = (
    (b"wordDocument", b"http://schemas.microsoft.com/office/word/2003/wordml", DOC),
    (b"Workbook", b"urn:schemas-microsoft-com:office:spreadsheet", XLS),
)
"""Files in the XML of Office 2003: the name of their root, and of its namespace."""


def media_type(file: BinaryIO, name: str) -> str:
    """The media type as which a file is read. Raises DocumentError, which says what else the file is, or that it is
    empty."""
    file.seek(0)
    head = file.read(_HEAD)
    if not head:
        raise DocumentError("The file is empty (0 bytes).")
    promised = SUFFIXES.get(Path(name).suffix.lower())
    # Anything may be named as an old Office file, such as a web page with a table.
    found = _by_bytes(file, head, None if promised in OLD_OFFICE else promised)
    if found is None:
        what = what_else(file)
        if ":" in what:  # its error says what to do
            raise DocumentError(f"The file is {what}.")
        if promised:
            raise DocumentError(f"The file claims to be {_NAMES[promised]}, but is damaged or {what}.")
        raise DocumentError(f"The file is {what}, which is not read. {_SUPPORTED}")
    return found


def is_taken_in(file: BinaryIO, name: str) -> bool:
    """Whether a file becomes a document: one that is read, or a damaged one that claims to be; its row says so."""
    try:
        media_type(file, name)
    except DocumentError:
        return file.seek(0, 2) > 0 and (Path(name).suffix.lower() in SUFFIXES or old_office(file) is not None)
    return True


def holder(file: BinaryIO, name: str) -> Literal["mail", "archive"] | None:
    """The kind of a file that may contain files, which become documents; None if it cannot."""
    try:
        kind = media_type(file, name)
    except DocumentError:
        return None
    if kind in MAILS or (kind == PDF and _may_have_files_inside(file)):
        return "mail"
    return "archive" if kind == ZIP else None


def _may_have_files_inside(pdf: BinaryIO) -> bool:
    """Whether a PDF may be a portfolio or have attachments: it says so, or that part is compressed."""
    pdf.seek(0)
    before = b""
    while block := pdf.read(1024**2):
        if any(word in before + block for word in (b"/EmbeddedFile", b"/FileAttachment", b"/ObjStm")):
            return True
        before = block[-16:]
    return False


def refuse_zip_bombs(archive: zipfile.ZipFile) -> None:
    """Raises DocumentError if an archive unpacks to more than a document would."""
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST_PACKAGE:
        raise DocumentError("The file unpacks to more than 256 MB (a zip bomb?): it is not read.")


def what_else(file: BinaryIO) -> str:
    """A few words for the kind of a file that is not read."""
    file.seek(0)
    head = file.read(_HEAD)
    if not head:
        return "empty"
    if head.startswith(_OLE):
        if _ENCRYPTED in top_names(file):
            return "encrypted: remove its password and add it again"
        kind = old_office(file)
        return "an old Office file" if kind is None else _needs(kind)
    if (kind := old_office(file)) is not None:
        return _needs(kind)
    if head.startswith(b"PK\x03\x04"):
        names = _zipped(file)
        return next(what for folder, what in _ZIPPED.items() if not folder or _has(names, folder))
    return next((what for magic, what in _OTHERS if head.startswith(magic)), "something else")


def _needs(kind: str) -> str:
    needs = f"needs LibreOffice where documents are read: install it, or save the file as {_NEWER[kind]} or PDF"
    return f"{_NAMES[kind]}, which {needs}"


def old_office(file: BinaryIO) -> str | None:
    """The media type of an old Office file, also one in the XML of 2003, among OLD_OFFICE; None for other files."""
    file.seek(0)
    if file.read(len(_OLE)) != _OLE:
        root, start = _root(file)
        return next((kind for name, space, kind in _OLD_XML if root == name and space in start), None)
    streams = {name.lower() for name in top_names(file)}
    return next((kind for stream, kind in _OLE_STREAMS.items() if stream in streams), None)


def _root(file: BinaryIO) -> tuple[bytes, bytes]:
    """The name of the first element of an XML file, and the start of the file; empty for other files."""
    file.seek(0)
    start = _start(file.read(_XML_HEAD))
    found = _ELEMENT.search(start) if start.startswith(b"<") else None
    return (b"", b"") if found is None else (found[1], start)


def _flat(file: BinaryIO) -> str | None:
    """The media type of an Office file that is one XML file; None for other files."""
    root, start = _root(file)
    if root == b"document" and (said := _OPEN_DOCUMENT.search(start)) is not None:
        return said[1].decode()
    if root != b"package" or _FLAT_OPC not in start:
        return None
    places = {start.find(folder.encode()): kind for folder, kind in _OFFICE_FOLDERS if folder.encode() in start}
    return places[min(places)] if places else None


def _by_bytes(file: BinaryIO, head: bytes, promised: str | None) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return _by_names(file, head, promised)
    if head.startswith(_EMPTY_ZIP):
        return ZIP
    if is_signed(head) or head.startswith(_TNEF):
        return EML
    if head.startswith(_OLE):
        return MSG if "__properties_version1.0" in top_names(file) else None
    if promised == EML and _HEADER.match(_start(head)):
        return EML  # its headers may hold other signatures
    if b"%PDF-" in head[:1024]:  # last: the kinds above may hold a whole PDF
        return PDF
    known = next((kind for magic, kind in _MAGIC if _start(head).startswith(magic)), None)
    if known:
        return known
    if promised in _PACKED and zipfile.is_zipfile(file):  # with something before it
        return _by_names(file, head, promised)
    if (flat := _flat(file)) is not None or old_office(file) is not None:
        return flat
    if promised not in (TEXT, HTML, EML) and any(head.startswith(magic) for magic, _ in _OTHERS):
        return None
    return _kind_of_text(head, promised)


def _kind_of_text(head: bytes, promised: str | None) -> str | None:
    if promised not in (None, TEXT, HTML, EML) or not _is_text(head, promised):
        return None
    start = _start(head).lower()
    if start.startswith((b"<!doctype html", b"<html")) or promised == HTML:
        return HTML
    if promised == EML or _is_mail(start, promised):
        return EML
    return TEXT


def _by_names(file: BinaryIO, head: bytes, promised: str | None) -> str | None:
    """The type of an archive, by its contents."""
    # Its first file states the type, uncompressed (OpenDocument 1.3, part 2, 3.3).
    declared = next((kind for kind in (ODT, ODS, ODP) if head[30:].startswith(f"mimetype{kind}".encode())), None)
    if declared:
        return declared
    names = _zipped(file)
    if names and not _OFFICES & {name.lower() for name in names} and promised in (ZIP, None, TEXT):
        return ZIP  # whatever its folders are called
    known = next((kind for folder, kind in _OFFICE_FOLDERS if _has(names, folder)), None)
    # Folders may have other names, and the file that states the type may be missing.
    is_office = any(promised in kinds and _has(names, part) for part, kinds in _PACKAGES)
    return promised if known is None and is_office else known


def _start(head: bytes) -> bytes:
    """The bytes without a byte-order mark of UTF-8 and blank lines, with which no format begins and some files do."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")


def _is_mail(start: bytes, promised: str | None) -> bool:
    """Whether a text, in lower case, is an e-mail, or a web page with its pictures that was saved in that format."""
    if start.startswith((b"received:", b"return-path:", b"delivered-to:", b"mime-version:")):
        return True
    start = re.sub(rb"\A\d{1,9} *\r?\n", b"", start)  # Apple Mail begins with a length
    headers = re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0]
    return promised is None and _HEADER.match(start) is not None and b"\nmime-version:" in b"\n" + headers


_HEADER = re.compile(rb"(?:From [^\n]*\n)?[!-9;-~]{1,80}:", re.I)


class _Bounded:
    """A file for `zipfile`, which reads an archive's list of files at once, of the length that it states in one of
    three places. Raises DocumentError if that is too much to examine outside a closed process: a million names take
    minutes and gigabytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(LARGEST_DIRECTORY + 1 if size < 0 else min(size, LARGEST_DIRECTORY + 1))
        if len(data) > LARGEST_DIRECTORY:
            raise DocumentError(
                "The archive lists more files than are taken in: unpack it, and upload its folders one by one."
            )
        return data


def _zipped(file: BinaryIO) -> list[str]:
    """The names in an archive. Raises DocumentError if there are too many."""
    try:
        with zipfile.ZipFile(_Bounded(file)) as archive:
            return [name.replace("\\", "/") for name in archive.namelist()]  # some programs on Windows write this
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return []


def _has(names: list[str], folder: str) -> bool:
    return any(name.lower().startswith(folder.lower()) for name in names)


_PRINTERS = b"\t\n\r\f\x1b" + b"\a\b\v\x1a\x1c\x1d\x1e\x1f"
"""Control characters of texts, and of those for printers, terminals and lists of old systems."""


def _is_text(head: bytes, promised: str | None) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or wide_encoding(head) is not None:
        return True  # UTF-16 or UTF-32
    if promised in (TEXT, HTML) and 4 * head.count(0) < 3 * len(head):
        head = head.replace(b"\0", b"")  # records of one length, filled up
    control = sum(byte < 32 and byte not in _PRINTERS for byte in head)
    return control <= len(head) // 50  # texts may also have a few odd characters and zeros
