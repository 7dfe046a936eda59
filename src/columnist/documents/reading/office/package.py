"""Office files as packages of parts: entities stay unresolved, nothing is fetched, Strict files read like others."""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO
from urllib.parse import unquote

import lxml.etree

from columnist.documents.model import Remark, RemarkKind
from columnist.documents.reading.formats import refuse_zip_bombs
from columnist.documents.reading.office.flat import packed
from columnist.errors import DocumentError

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_STRICT = re.compile(
    rb"http://purl\.oclc\.org/ooxml/(officeDocument|wordprocessingml|spreadsheetml|drawingml|presentationml)"
)
"""ISO 29500 Strict has the same elements under other names."""
_NOT_SHOWN = re.compile(
    r"comment|person|threaded|customXml|theme|settings|styles|fontTable|glossary|layout|master|tags|props|calcChain"
    r"|pivot|external|query|connection|printer|diagram|header|footer|^slide$|notesSlide|metadata|thumbnail|people|revision"
    r"|usernames|volatile|attachedTemplate|keyMap|stylesheet|tableSingleCells|^table$|^drawing$|chart(?:Style|Color)|sharedStrings",
    re.I,
)
"""Kinds of parts that a page or sheet does not show, or shows only sometimes."""
_XML = (".xml", ".rels")
_MAINS = ("word/document.xml", "xl/workbook.xml", "ppt/presentation.xml")
_USUAL = ("styles", "numbering", "settings", "footnotes", "endnotes", "sharedStrings", "theme")
_REST = "the rest of a damaged part"
_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']+)")
_NO_CHARACTER = re.compile(rb"&#(?:x0*(?:[0-8BbCcEeFf]|1[0-9A-Fa-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DEFINED, _ENTITY = b"<!ENTITY", re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)[\w.:-]+;")
_LONGEST_HEAD = 65_536
"""Bytes in which a part defines entities, if it does."""
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""The encodings of UTF-16, by the first two bytes of an XML file."""
# A comment or a processing instruction would end the text before it: `5<!-- -->,000` is 5,000.
_HOW: Mapping[str, Any] = {"resolve_entities": False, "no_network": True, "remove_comments": True, "remove_pis": True}


@contextmanager
def opened(file: BinaryIO, kind: str) -> Iterator["Package"]:
    """The package in a file. Raises DocumentError, as does reading from it in the context; `kind`: "DOCX"."""
    try:
        with zipfile.ZipFile(packed(file, _HOW)) as archive:
            refuse_zip_bombs(archive)
            yield Package(archive)
    except lxml.etree.XMLSyntaxError as error:
        if error.code == lxml.etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise DocumentError(f"The {kind} is damaged: a part of it cannot be parsed.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, NotImplementedError) as error:
        raise DocumentError(f"The {kind} is damaged or cut off: it cannot be opened.") from error
    except RuntimeError as error:  # raised by zipfile for a password
        raise DocumentError(f"The {kind} is encrypted: remove its password and add it again.") from error


class Package:
    """The parts of an Office file, parsed on demand."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        # Some programs write paths with backslashes.
        self._names = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
        self._read: set[str] = set()
        self._mended: set[str] = set()
        self._last = ("", b"")
        """The last part, because a sheet is gone through several times."""
        self._relations: dict[str, dict[str, tuple[str, str]]] = {}
        self._main = ""
        self.remarks: list[Remark] = []

    def data(self, name: str) -> bytes | None:
        """The bytes of a part; None if there is no such part."""
        known = name.lstrip("/").lower()
        there = self._names.get(known)
        self._read.add(known)
        if there is None:
            return None
        if known != self._last[0]:
            try:
                data = self._archive.read(there)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):  # the others are read
                self._say_damaged(name)
                return None
            self._last = known, self._cleaned(name, _in_utf8(data)) if known.endswith(_XML) else data
        return self._last[1]

    def _cleaned(self, name: str, data: bytes) -> bytes:
        """A part with � for what XML does not allow, and some programs write: control characters, and stray bytes in
        UTF-8. A remark counts them."""
        named = strays = 0
        if _DEFINED in data[:_LONGEST_HEAD]:  # the parser would end a text before them
            data = _ENTITY.sub("�".encode(), data)
            said = Remark(RemarkKind.NOT_READ, detail=f"entities of {name.lstrip('/')}")
            if said not in self.remarks:  # a part may be read again
                self.remarks.append(said)
        if b"&#" in data:
            data, named = _NO_CHARACTER.subn(b"&#xFFFD;", data)
        data, controls = _CONTROL.subn("�".encode(), data)
        declared = _ENCODING.match(data)
        if declared is None or declared[1].lower() in (b"utf-8", b"utf8"):
            try:
                data.decode()
            except UnicodeDecodeError:
                text = data.decode("utf-8", "replace")
                strays = text.count("�") - data.count("�".encode())
                data = text.encode()
        if named + controls + strays and name not in self._mended:
            self._mended.add(name)
            self.remarks.append(Remark(RemarkKind.UNDECODABLE, named + controls + strays))
        return data

    def _say_damaged(self, name: str, what: str = "a damaged part") -> None:
        said = Remark(RemarkKind.NOT_READ, detail=f"{what}, {name.lstrip('/')}")
        if said not in self.remarks:
            self.remarks.append(said)

    def part(self, name: str, *, is_main: bool = False) -> Any | None:
        """The root element of a part; None if there is no such part, or if it is damaged, which a remark says. Of a
        damaged main part, what can be read."""
        data = self.data(name)
        if data is None:
            return None
        try:
            return lxml.etree.fromstring(_STRICT.sub(_transitional, data), lxml.etree.XMLParser(**_HOW))
        except lxml.etree.XMLSyntaxError as error:
            if error.code == lxml.etree.ErrorTypes.ERR_NO_MEMORY:
                raise
            whole = _whole_texts(data) if is_main else None
            if is_main and (whole is None or not "".join(whole.itertext()).strip()):
                raise
            self._say_damaged(name, _REST if is_main else "a damaged part")
            return whole

    def elements(self, name: str, *tags: str) -> Iterator[Any]:
        """The elements of a large part with these tags, one at a time; each is emptied after its turn."""
        data = self.data(name) or b"<none/>"
        parsed = lxml.etree.iterparse(io.BytesIO(_STRICT.sub(_transitional, data)), tag=tags, **_HOW)
        try:
            for _, element in parsed:
                yield element
                element.clear(keep_tail=False)
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except lxml.etree.XMLSyntaxError as error:
            if error.code == lxml.etree.ErrorTypes.ERR_NO_MEMORY:
                raise
            self._say_damaged(name, _REST)

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """The references of a part, by id: the kind and the name of the other part."""
        if name not in self._relations:
            found = dict(self._related(name))
            if not found and name == self._main and (found := dict(self._usual(name))):
                self._say_damaged(name, "the list of parts")
            self._relations[name] = found
        return self._relations[name]

    def _related(self, name: str) -> Iterator[tuple[str, tuple[str, str]]]:
        folder, file = posixpath.split(name)
        root = self.part(posixpath.join(folder, "_rels", f"{file}.rels"))
        for one in [] if root is None else root.iter(f"{_RELATIONS}Relationship"):
            kind = one.get("Type", "").rpartition("/")[2]
            yield one.get("Id", ""), (kind, posixpath.normpath(posixpath.join(folder, _target(one))))

    def _usual(self, name: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """The parts beside the main one with their usual names, for a file without its list of them."""
        folder = posixpath.dirname(name)
        for kind in _USUAL:
            part = posixpath.join(folder, f"{'theme/theme1' if kind == 'theme' else kind}.xml")
            if part.lower() in self._names:
                yield part, (kind, part)

    def say_unread(self) -> None:
        """Remark on parts with words that others refer to and that were not read, because their kind is unknown."""
        for kind, name in [one for related in list(self._relations.values()) for one in related.values()]:
            if name.lstrip("/").lower() in self._read or not name.endswith(".xml") or _NOT_SHOWN.search(kind):
                continue
            root = self.part(name)
            texts = [] if root is None else root.iter("{*}t")
            if any(text.text and any(map(str.isalnum, text.text)) for text in texts):
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail=f"a part of the kind {kind}"))

    def main(self) -> str | None:
        """The name of the main part."""
        found = next((part for kind, part in self.relations("").values() if kind == "officeDocument"), None)
        if found is None and (found := next((name for name in _MAINS if name in self._names), None)):
            self._say_damaged("_rels/.rels", "the list of parts")
        self._main = found or ""
        return found


def _whole_texts(data: bytes) -> Any:
    """The root of a damaged part, without the text in which it breaks off, which may be a part of an amount."""
    root: Any = lxml.etree.fromstring(_STRICT.sub(_transitional, data), lxml.etree.XMLParser(recover=True, **_HOW))
    if root is not None and not re.search(rb"</(?:\w+:)?%b>\s*\Z" % root.tag.rpartition("}")[2].encode(), data):
        last = root
        while len(last):
            last = last[-1]
        last.text = last.tail = None
    return root


def _in_utf8(data: bytes) -> bytes:
    """A part in an encoding that contains ASCII, because its bytes are searched, and without blanks before it."""
    wide = _WIDE.get(data[:2])
    if wide is not None:
        with suppress(UnicodeDecodeError):  # the parser says that it is damaged
            return _DECLARATION.sub("", data.decode(wide), count=1).encode()
    return data.lstrip()


def _target(relation: Any) -> str:
    return unquote(relation.get("Target", "").replace("\\", "/"))


def _transitional(match: re.Match[bytes]) -> bytes:
    kind = match[1]
    return b"http://schemas.openxmlformats.org/" + kind + b"/2006"
