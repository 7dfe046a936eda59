"""DOCX: the text of the printed document, in reading order, with every tracked change accepted.

The numbers of lists and headings are computed (`numbering`). Headers and footers come once a section, text boxes after
their paragraph, foot- and endnotes as [1] at the reference and in full at the end. Comments are left out.
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import lxml.etree

from columnist.documents.model import Page
from columnist.documents.reading.flowing import PAGE_BREAK, pages_of
from columnist.documents.reading.formats import refuse_zip_bombs
from columnist.documents.reading.numbering import Numbering, W, is_on, number_in_words
from columnist.errors import DocumentError

_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
"""The same content in newer and older terms: the first is taken."""

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_STRICT = [  # ISO 29500 Strict has the same elements under other names
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", _R[1:-1].encode()),
]

_P, _TBL, _TR, _TC, _SECTION = (f"{W}{name}" for name in ("p", "tbl", "tr", "tc", "sectPr"))
_GONE = frozenset(f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "trPr", "tcPr", "rt"))
_WRAPPERS = frozenset(
    f"{W}{name}"
    for name in "ins moveTo hyperlink smartTag customXml fldSimple sdtContent sdt dir bdo ruby rubyBase".split()
)
_CHARACTERS = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_DRAWN = frozenset(f"{W}{name}" for name in ("drawing", "pict", "object"))
_CHECKED, _UNCHECKED = "☒", "☐"
_TICKS = dict.fromkeys(("F0FE", "F0FD", "F078"), _CHECKED) | dict.fromkeys(("F0A8", "F06F", "F071"), _UNCHECKED)
"""The boxes of the Wingdings fonts."""
_PUBLIC = re.compile("[0-9A-C][0-9A-F]{3}")
"""Characters outside of the private use area."""


def read_docx(path: Path) -> Iterator[Page]:
    """The pages of a DOCX, cut at its page breaks and new sections. Raises DocumentError."""
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_zip_bombs(archive)
            yield from pages_of(_Document(_Package(archive)).lines())
    except lxml.etree.XMLSyntaxError as error:
        if error.code == lxml.etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise DocumentError("The DOCX is damaged: a part of it cannot be parsed.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, NotImplementedError) as error:
        raise DocumentError("The DOCX is damaged or cut off: it cannot be opened.") from error
    except RuntimeError as error:  # raised by zipfile for a password
        raise DocumentError("The DOCX is encrypted: remove its password and add it again.") from error


class _Package:
    """The parts of an Office file, parsed on demand: entities stay unresolved, nothing is fetched."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}

    def part(self, name: str) -> Any | None:
        """The root element of a part; None if there is no such part."""
        there = self._names.get(name.lstrip("/").lower())
        if there is None:
            return None
        data = self._archive.read(there)
        for strict, transitional in _STRICT:
            data = data.replace(strict, transitional)
        return lxml.etree.fromstring(data, lxml.etree.XMLParser(resolve_entities=False, no_network=True))

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """The references of a part, by id: the kind and the name of the other part."""
        folder, file = posixpath.split(name)
        root = self.part(posixpath.join(folder, "_rels", f"{file}.rels"))
        return {
            one.get("Id", ""): (
                one.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join(folder, one.get("Target", ""))),
            )
            for one in ([] if root is None else root.iter(f"{_RELATIONS}Relationship"))
        }


class _Document:
    """One document on its way to lines."""

    def __init__(self, package: _Package) -> None:
        main = next((part for kind, part in package.relations("").values() if kind == "officeDocument"), None)
        root = None if main is None else package.part(main)
        body = None if root is None else root.find(f"{W}body")
        if main is None or body is None:
            raise DocumentError("The DOCX is damaged: it holds no document.")
        self._package = package
        self._body = body
        self._relations = package.relations(main)
        self._numbering = Numbering(self._related("numbering"), self._related("styles"))
        self._settings = self._related("settings")
        self._notes = {kind: self._read_notes(kind) for kind in ("footnote", "endnote")}
        self._note_counts = dict.fromkeys(self._notes, 0)
        self._referred: list[tuple[str, Any]] = []
        self._shown: set[tuple[str, ...]] = set()
        self._page_is_blank = True

    def lines(self) -> Iterator[str]:
        for line in self._lines():
            _, broken, rest = line.rpartition(PAGE_BREAK)
            self._page_is_blank = (self._page_is_blank or bool(broken)) and not rest.strip()
            yield line

    def _lines(self) -> Iterator[str]:
        for index, (blocks, properties) in enumerate(self._sections()):
            kind = None if properties is None else properties.find(f"{W}type")
            if index > 0 and (kind is None or kind.get(f"{W}val") != "continuous"):
                yield PAGE_BREAK
            blank = self._page_is_blank
            yield from self._margin("header", properties)
            self._page_is_blank = blank
            yield from self._blocks(blocks)
            yield from self._margin("footer", properties)
        for mark, note in self._referred:
            lines = [line for line in self._blocks(_kept(note)) if line.strip()]
            yield mark + "\n".join(lines).strip()

    def _related(self, kind: str) -> Any | None:
        name = next((part for found, part in self._relations.values() if found == kind), None)
        return None if name is None else self._package.part(name)

    def _read_notes(self, kind: str) -> dict[str, Any]:
        root = self._related(f"{kind}s")
        return {} if root is None else {note.get(f"{W}id", ""): note for note in root.iter(f"{W}{kind}")}

    def _sections(self) -> Iterator[tuple[list[Any], Any | None]]:
        blocks: list[Any] = []
        for block in _kept(self._body):
            properties = block if block.tag == _SECTION else block.find(f"{W}pPr/{_SECTION}")
            if block.tag != _SECTION:
                blocks.append(block)
            if properties is not None:
                yield blocks, properties
                blocks = []
        if blocks:
            yield blocks, None

    def _margin(self, kind: str, properties: Any | None) -> Iterator[str]:
        """A section's headers or footers: those of its first, odd and even pages that it shows and no section had."""
        shown = {"default"}
        if properties is not None and is_on(properties.find(f"{W}titlePg")):
            shown.add("first")
        if self._settings is not None and is_on(self._settings.find(f"{W}evenAndOddHeaders")):
            shown.add("even")
        references = [] if properties is None else properties.findall(f"{W}{kind}Reference")
        for reference in references:
            _, name = self._relations.get(reference.get(f"{_R}id", ""), ("", ""))
            root = self._package.part(name) if reference.get(f"{W}type", "default") in shown else None
            if root is None:
                continue
            lines = tuple(line for line in self._blocks(_kept(root)) if line.strip())
            if lines not in self._shown:
                self._shown.add(lines)
                yield from lines

    def _blocks(self, blocks: Iterable[Any]) -> Iterator[str]:
        """Paragraphs and the rows of tables; one whose mark was deleted is joined with the next."""
        begun = ""
        boxes: list[Any] = []
        for block in blocks:
            if block.tag == _P:
                begun += self._text(block, boxes)
                if any(block.find(f"{W}pPr/{W}rPr/{W}{change}") is not None for change in ("del", "moveFrom")):
                    continue
                breaks = PAGE_BREAK if self._numbering.starts_page(block) and not self._page_is_blank else ""
                text = begun.lstrip(PAGE_BREAK)
                yield breaks + begun[: len(begun) - len(text)] + self._numbering.label(block) + text
            elif block.tag == _TBL:
                if begun:
                    yield begun
                yield from self._rows(block)
            else:
                continue
            begun = ""
            for box in boxes:
                yield from self._blocks(_kept(box))
            boxes.clear()
        if begun:
            yield begun
        for box in boxes:
            yield from self._blocks(_kept(box))

    def _rows(self, table: Any) -> Iterator[str]:
        for row in _kept(table):
            if row.tag != _TR or row.find(f"{W}trPr/{W}del") is not None:
                continue
            cells = [
                " ".join(" ".join(self._blocks(_kept(cell))).split())
                for cell in _kept(row)
                if cell.tag == _TC and cell.find(f"{W}tcPr/{W}cellDel") is None
            ]
            if any(cells):
                yield "\t".join(cells)

    def _text(self, paragraph: Any, boxes: list[Any]) -> str:
        """A paragraph's text; its text boxes are added to `boxes`."""
        parts: list[str] = []
        # For each open field, whether we are in its instruction; the end of a paragraph closes a broken field.
        instructions: list[bool] = []
        for run in _kept(paragraph):
            if run.tag in (f"{_MATH}oMath", f"{_MATH}oMathPara"):
                parts += [text.text or "" for text in run.iter(f"{_MATH}t")]
            if run.tag != f"{W}r" or is_on(run.find(f"{W}rPr/{W}vanish")):
                continue
            for piece in _inside(run):
                if piece.tag == f"{W}fldChar":
                    parts.append(_field(piece, instructions))
                elif not any(instructions):
                    boxes += _boxes(piece) if piece.tag in _DRAWN else []
                    parts.append(self._piece(piece))
        return "".join(parts)

    def _piece(self, piece: Any) -> str:
        name = piece.tag
        if name == f"{W}t":
            return piece.text or ""
        if name == f"{W}br":
            return PAGE_BREAK if piece.get(f"{W}type") == "page" else "\n"
        if name == f"{W}sym":
            code = piece.get(f"{W}char", "").upper()
            return chr(int(code, 16)) if _PUBLIC.fullmatch(code) else _TICKS.get(code, "•")
        if name in (f"{W}footnoteReference", f"{W}endnoteReference"):
            return self._refer(name.removeprefix(W).removesuffix("Reference"), piece)
        return _CHARACTERS.get(name, "")

    def _refer(self, kind: str, reference: Any) -> str:
        note = self._notes[kind].get(reference.get(f"{W}id", ""))
        if note is None:
            return ""
        if reference.get(f"{W}customMarkFollows") in ("1", "true", "on"):
            self._referred.append(("", note))
            return ""
        self._note_counts[kind] += 1
        stated = None if self._settings is None else self._settings.find(f"{W}{kind}Pr/{W}numFmt")
        usual = "decimal" if kind == "footnote" else "lowerRoman"
        format_ = usual if stated is None else stated.get(f"{W}val", usual)
        mark = f"[{number_in_words(self._note_counts[kind], format_)}]"
        self._referred.append((f"{mark} ", note))
        return mark


def _kept(element: Any) -> Iterator[Any]:
    """The children that remain when every change is accepted, without mere wrappers."""
    for child in element:
        if child.tag in _GONE or not isinstance(child.tag, str):
            continue
        if child.tag in _WRAPPERS:
            yield from _kept(child)
        elif child.tag == _ALTERNATIVES:
            for alternative in child[:1]:
                yield from _kept(alternative)
        else:
            yield child


def _inside(run: Any) -> Iterator[Any]:
    """The pieces of a run, and of the runs inside of a ruby."""
    for piece in _kept(run):
        if piece.tag == run.tag:
            yield from _inside(piece)
        else:
            yield piece


def _field(mark: Any, instructions: list[bool]) -> str:
    """Track the begin, separator and end of a field. Returns the sign of a tick box, which has no result."""
    kind = mark.get(f"{W}fldCharType")
    if kind == "begin":
        shown = "" if any(instructions) else _tick(mark)
        instructions.append(True)
        return shown
    if instructions and kind == "separate":
        instructions[-1] = False
    elif instructions and kind == "end":
        instructions.pop()
    return ""


def _tick(mark: Any) -> str:
    box = mark.find(f"{W}ffData/{W}checkBox")
    if box is None:
        return ""
    state = box.find(f"{W}checked")
    return _CHECKED if is_on(box.find(f"{W}default") if state is None else state) else _UNCHECKED


def _boxes(drawn: Any) -> Iterator[Any]:
    """The contents of the text boxes in a drawing, the outermost ones."""
    for part in drawn[:1] if drawn.tag == _ALTERNATIVES else drawn:
        if part.tag == f"{W}txbxContent":
            yield part
        elif isinstance(part.tag, str):
            yield from _boxes(part)
