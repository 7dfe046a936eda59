"""What a file is, by its bytes; its name only decides between kinds of text."""

import zipfile
from pathlib import Path

from charset_normalizer import from_bytes

from columnist.errors import DocumentError

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
EML = "message/rfc822"
TEXT = "text/plain"

SUFFIXES = {".pdf": PDF, ".docx": DOCX, ".html": HTML, ".htm": HTML, ".eml": EML, ".txt": TEXT}
"""The names of files that are read, and what each promises to be."""

_NAMES = {PDF: "a PDF", DOCX: "a DOCX", HTML: "an HTML page", EML: "an e-mail", TEXT: "text"}
_SUPPORTED = "PDF, DOCX, TXT, HTML and EML are."
_OTHERS = [
    (b"\xd0\xcf\x11\xe0", "an old Office file (.doc, .xls, .msg)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"{\\rtf", "an RTF file"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
]
_HEAD = 4096

_ENCODINGS = [
    "utf_16",
    "utf_32",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "gb18030",
    "shift_jis",
    "euc_kr",
    "big5",
]
"""Of text that is not UTF-8; guessing among all that exist finds DOS code pages where Windows wrote."""


def media_type(path: Path, name: str) -> str:
    """The media type to read a file as. Raises DocumentError saying what it is instead, or that it is empty."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise DocumentError("The file is empty (0 bytes).")
    promised = SUFFIXES.get(Path(name).suffix.lower())
    found = _by_bytes(path, head, promised)
    if found is None:
        what = next((what for magic, what in _OTHERS if head.startswith(magic)), "something else")
        if promised:
            raise DocumentError(f"The file claims to be {_NAMES[promised]}, but is damaged or {what}.")
        raise DocumentError(f"The file is {what}, which is not read. {_SUPPORTED}")
    return found


def _by_bytes(path: Path, head: bytes, promised: str | None) -> str | None:
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return DOCX if _is_docx(path) else None
    if any(head.startswith(magic) for magic, _ in _OTHERS) or promised in (PDF, DOCX):
        return None
    if not _is_text(head):
        return None
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")) or promised == HTML:
        return HTML
    if promised == EML or start.startswith((b"received:", b"return-path:", b"delivered-to:", b"mime-version:")):
        return EML
    return TEXT


def _is_docx(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("word/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True  # UTF-16 with its mark
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return b"\x00" not in head and control <= len(head) // 50


def decode(data: bytes) -> str:
    """Text from bytes of unknown encoding: UTF-8 if it is that, else the likeliest. Raises DocumentError."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(data, cp_isolation=_ENCODINGS).best()
    if best is None:
        raise DocumentError("The text's encoding cannot be told: save it as UTF-8.")
    return str(best)
