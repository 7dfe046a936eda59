"""DOCX: the text of the printed document, in reading order, with every tracked change accepted.

The numbers of lists and headings are computed (`numbering`). Headers and footers come once a section, text boxes,
charts and SmartArt after their paragraph, foot- and endnotes as [1] at the reference and in full at the end. Comments
are left out; hidden and struck text is kept apart.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import lxml.etree

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading import formats
from columnist.documents.reading.encoding import decode
from columnist.documents.reading.flowing import BACKWARDS, FORWARDS, PAGE_BREAK, Hidden, Picture, pages_of
from columnist.documents.reading.office import drawn
from columnist.documents.reading.office.around import Surroundings, sheet_of
from columnist.documents.reading.office.bound import Stores
from columnist.documents.reading.office.drawn import ALTERNATIVES, SMART_ART, is_large, shown_alternative
from columnist.documents.reading.office.formulas import DATE_PUT_IN, MATH, apart, field, formula, unanswered
from columnist.documents.reading.office.numbering import Numbering, number_in_words
from columnist.documents.reading.office.package import Package, R, opened
from columnist.documents.reading.office.rtf import rtf_lines
from columnist.documents.reading.office.styles import Around, Styles, W, is_on, value
from columnist.documents.reading.office.theme import A, Theme, whole
from columnist.documents.reading.raised import add_mark, is_lower_half
from columnist.documents.reading.symbols import CHECKED, UNCHECKED, drawn_in, is_symbol, symbol
from columnist.documents.reading.web.html import html_lines
from columnist.errors import DocumentError

_P, _TBL, _TR, _TC, _SECTION = (f"{W}{name}" for name in ("p", "tbl", "tr", "tc", "sectPr"))
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_GONE = frozenset(f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "trPr", "tcPr", "rt")) | {
    f"{_W14}conflictDel"
}
_WRAPPERS = frozenset(
    f"{W}{name}"
    for name in "ins moveTo hyperlink smartTag customXml fldSimple sdtContent sdt dir bdo ruby rubyBase".split()
) | {f"{_W14}conflictIns"}
_CHARACTERS = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_O = "{urn:schemas-microsoft-com:office:office}"
_OBJECTS = (f"{_O}OLEObject", f"{W}objectEmbed", f"{W}objectLink", f"{W}control")
_WORD_ART = "{urn:schemas-microsoft-com:vml}textpath"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic"
_BLIP = f"{A}blip"
_VML_PICTURE = "{urn:schemas-microsoft-com:vml}imagedata"
_VML_SIDE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*([0-9.]{1,9})(pt|in)")
_LARGE_POINTS = 4 * 72 * 3 * 72
"""Square points of a picture, as in `is_large`."""
_EXTENT = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}extent"
_DEEPEST = 5
"""How many levels of inserted documents are read."""
_DATES = {f"{W}{part}{form}" for part in ("day", "month", "year") for form in ("Long", "Short")}
_OTHER_FILE = Remark(RemarkKind.NOT_READ, detail="a file that is shown as a part of this one")
_NUMBERING_FIELDS = ("LISTNUM", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT")
_SETTERS = (["SET"], ["ASK"])
"""Fields whose result is kept for others and not drawn."""
_OVERRIDE = f"{W}bdo"
_DRAWN = frozenset(f"{W}{name}" for name in ("drawing", "pict", "object"))
_CODE = re.compile("[0-9A-F]{2,4}")


def read_docx(file: BinaryIO) -> Iterator[Page]:
    """The pages of a DOCX, cut at its page breaks and new sections. Raises DocumentError."""
    with opened(file, "DOCX") as package:
        document = _Document(package)
        yield from pages_of(document.lines(), remarks=document.remarks)


class _Document:
    """Turns one document into lines."""

    def __init__(self, package: Package, depth: int = 0) -> None:
        main = package.main()
        root = None if main is None else package.part(main, is_main=True)
        body = None if root is None else root.find(f"{W}body")
        if main is None or body is None:
            raise DocumentError("The DOCX is damaged: it holds no document.")
        self._stores = Stores(package, main)
        self._stores.fill(body)
        self._package = package
        self._body = body
        self._relations = package.relations(main)
        self._settings = self._related("settings")
        self._styles = Styles(self._related("styles"), Theme(self._related("theme"), self._mapped_colours()))
        self._numbering = Numbering(self._related("numbering"), self._styles)
        self._notes = {kind: self._read_notes(kind) for kind in ("footnote", "endnote")}
        self._note_counts = dict.fromkeys(self._notes, 0)
        self._note_rules: dict[str, dict[str, str]] = {kind: {} for kind in self._notes}
        self._referred: list[tuple[str, Any, bool]] = []
        self._shown: set[tuple[str, ...]] = set()
        self._page_is_blank = True
        self._depth = depth
        shows = self._settings is not None and is_on(self._settings.find(f"{W}displayBackgroundShape"))
        self._surroundings = Surroundings(self._styles, body, shows_background=shows)
        self._hidden: list[Hidden] = []
        self._pictures: dict[str, Picture] = {}
        self._shown_pictures: set[str] = set()
        self._read: set[Any] = set()
        self._open: list[_Field] = []
        self._spanning = _spanning(body)
        self.remarks = package.remarks

    def lines(self) -> Iterator[str | Hidden | Picture]:
        for line in self._lines():
            yield from self._hidden
            self._hidden.clear()
            pictures, self._pictures = self._pictures, {}
            _, broken, rest = line.rpartition(PAGE_BREAK)
            self._page_is_blank = (self._page_is_blank or bool(broken)) and not rest.strip()
            yield line
            yield from pictures.values()
        yield from self._hidden
        yield from self._pictures.values()
        for one in self._body.iter(f"{W}fldSimple"):
            if next(one.iter(f"{W}t"), None) is None and (name := unanswered(one.get(f"{W}instr", ""))) is not None:
                self.remarks.append(Remark(RemarkKind.FORMULA, detail=name))
        lost = sum(len(text.text or "") for text in _printed(self._body) if text not in self._read)
        if lost:
            self.remarks.append(Remark(RemarkKind.LOST, lost))
        self._package.say_unread()

    def _lines(self) -> Iterator[str]:
        for index, (blocks, properties) in enumerate(self._sections()):
            kind = None if properties is None else properties.find(f"{W}type")
            if index > 0 and (kind is None or kind.get(f"{W}val") != "continuous"):
                yield PAGE_BREAK
            blank = self._page_is_blank
            self._number_notes(properties, is_first=index == 0)
            self._surroundings.sheet = sheet_of(properties)
            yield from self._margin("header", properties)
            self._page_is_blank = blank
            yield from self._blocks(blocks)
            yield from self._margin("footer", properties)
        for mark, note, is_hidden in self._referred:
            text = mark + "\n".join(line for line in self._blocks(_kept(note)) if line.strip()).strip()
            if is_hidden:
                self._hidden.append(Hidden(text))
            else:
                yield text

    def _related(self, kind: str) -> Any | None:
        name = next((part for found, part in self._relations.values() if found == kind), None)
        return None if name is None else self._package.part(name)

    def _mapped_colours(self) -> dict[str, str]:
        """The slots of the theme by their names in this document."""
        found = None if self._settings is None else self._settings.find(f"{W}clrSchemeMapping")
        own = {} if found is None else {one.rpartition("}")[2]: name for one, name in found.items()}
        slots = {"light1": "lt1", "dark1": "dk1", "light2": "lt2", "dark2": "dk2"}
        names = {"bg1": "bg1", "t1": "tx1", "bg2": "bg2", "t2": "tx2"}
        return {names[one]: slots.get(name, name) for one, name in own.items() if one in names}

    def _read_notes(self, kind: str) -> dict[str, Any]:
        root = self._related(f"{kind}s")
        return {} if root is None else {note.get(f"{W}id", ""): note for note in root.iter(f"{W}{kind}")}

    def _number_notes(self, properties: Any | None, *, is_first: bool) -> None:
        """Begin a section: its notes may have another number format, and begin anew."""
        holders = [one for one in (self._settings, properties) if one is not None]
        for kind in self._notes:
            said = [rule for one in holders for rule in one.iterfind(f"{W}{kind}Pr/*")]
            rules = {one.tag.removeprefix(W): one.get(f"{W}val", "") for one in said}
            self._note_rules[kind] = rules
            if is_first or rules.get("numRestart") == "eachSect":
                start = rules.get("numStart", "1")
                self._note_counts[kind] = (int(start) if start.isdecimal() else 1) - 1

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
        """A section's headers or footers, of its first, odd and even pages, that are shown and were in no earlier
        section."""
        shown = {"default"}
        if properties is not None and is_on(properties.find(f"{W}titlePg")):
            shown.add("first")
        if self._settings is not None and is_on(self._settings.find(f"{W}evenAndOddHeaders")):
            shown.add("even")
        references = [] if properties is None else properties.findall(f"{W}{kind}Reference")
        for reference in references:
            _, name = self._relations.get(reference.get(f"{R}id", ""), ("", ""))
            root = self._package.part(name) if reference.get(f"{W}type", "default") in shown else None
            if root is None:
                continue
            around, self._relations = self._relations, self._package.relations(name)
            self._stores.fill(root)
            lines = tuple(line for line in self._blocks(_kept(root)) if line.strip())
            self._relations = around
            if lines not in self._shown:
                self._shown.add(lines)
                yield from lines

    def _blocks(self, blocks: Iterable[Any]) -> Iterator[str]:
        """Paragraphs and the rows of tables; one whose mark was deleted is joined with the next."""
        begun = ""
        boxes: list[Any] = []
        for block in blocks:
            if block.tag == _P:
                around, is_within = self._surroundings.of(block), any(one.is_instruction for one in self._open)
                text = self._text(block, around, boxes)
                if not text and not boxes and (is_within or self._styles.hides_mark(block)):
                    continue
                begun += text
                if _goes_on(block):
                    continue
                breaks = PAGE_BREAK if self._numbering.starts_page(block) and not self._page_is_blank else ""
                text = begun.lstrip(PAGE_BREAK)
                yield breaks + begun[: len(begun) - len(text)] + self._label(block, around) + text
            elif block.tag == _TBL:
                if begun:
                    yield begun
                yield from self._rows(block)
            elif block.tag == f"{W}subDoc":
                self.remarks.append(_OTHER_FILE)
            elif block.tag == f"{W}altChunk":
                yield from self._inserted(block.get(f"{R}id", ""))
            else:
                continue
            begun = ""
            for box in boxes:
                yield from box if isinstance(box, list) else self._blocks(_kept(box))
            boxes.clear()
        if begun:
            yield begun
        for box in boxes:
            yield from box if isinstance(box, list) else self._blocks(_kept(box))

    def _label(self, paragraph: Any, around: Around) -> str:
        """The number before a paragraph, if a person sees it."""
        label, level = self._numbering.label(paragraph)
        if level is None or not label:
            return ""
        run = lxml.etree.Element(f"{W}r")
        looks = [*level.iterfind(f"{W}rPr/*"), *paragraph.iterfind(f"{W}pPr/{W}rPr/*")]
        lxml.etree.SubElement(run, f"{W}rPr").extend(map(deepcopy, looks))
        is_hidden = self._styles.is_hidden(run, paragraph, around)
        if not is_hidden and not self._styles.is_struck(run, paragraph):
            return label
        self._hidden.append(Hidden(label, is_struck=not is_hidden))
        return ""

    def _inserted(self, reference: str) -> Iterator[str]:
        """The lines of a file that is inserted as a whole (w:altChunk)."""
        _, name = self._relations.get(reference, ("", ""))
        data = self._package.data(name)
        try:
            found = None if data is None else self._lines_of(data, name)
        except DocumentError:  # the rest is still read
            found = None
        if found is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="an inserted file"))
            return
        lines, remarks = found
        self.remarks += remarks
        for line in lines:
            if isinstance(line, Hidden):
                self._hidden.append(line)
            elif isinstance(line, Picture):
                self._pictures[f"{name} {len(self._pictures)}"] = line
            else:
                yield line

    def _lines_of(self, data: bytes, name: str) -> tuple[Sequence[str | Hidden | Picture], Sequence[Remark]] | None:
        """Lines and remarks of an inserted file; None if it is of a kind that is not read. Raises DocumentError."""
        kind = formats.media_type(io.BytesIO(data), name)
        if kind == formats.HTML:
            page = html_lines(data)
            return page.lines, page.remarks
        if kind == formats.RTF:
            rich = rtf_lines(data)
            return rich.lines, rich.remarks
        if kind == formats.TEXT:
            decoded = decode(data)
            return decoded.text.splitlines(), decoded.remarks
        if kind == formats.DOCX and self._depth < _DEEPEST:
            with opened(io.BytesIO(data), "DOCX") as package:
                inner = _Document(package, self._depth + 1)
                return list(inner.lines()), inner.remarks
        return None

    def _drawing(self, piece: Any) -> list[str | Hidden]:
        """The words of a drawing outside its text boxes: SmartArt, charts, WordArt, large pictures."""
        lines: list[str | Hidden] = []
        for element in piece.iter():
            if element.tag == SMART_ART:
                lines += self._smart_art(element.get(f"{R}dm", ""))
            elif isinstance(element.tag, str) and element.tag.endswith("}chart"):
                lines += drawn.chart(self._package, self._relations.get(element.get(f"{R}id", ""), ("", ""))[1])
            elif element.tag == _WORD_ART:
                lines.append(element.get("string", ""))
            elif element.tag in _OBJECTS:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
            elif element.tag == _PICTURE and next(element.iter(_BLIP), None) is None:
                if any(map(is_large, piece.iter(_EXTENT))):
                    self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a large picture"))
            elif element.tag == _BLIP:
                self._picture(element, "embed", any(map(is_large, piece.iter(_EXTENT))))
            elif element.tag == _VML_PICTURE:
                self._picture(element, "id", _is_large_shape(element.getparent()))
        return [*lines, *drawn.paragraphs(piece)]

    def _picture(self, element: Any, kind: str, is_large: bool) -> None:
        _, name = self._relations.get(element.get(f"{R}{kind}", ""), ("", ""))
        data = self._package.data(name) if name else None
        if data is None:
            if is_large:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a picture that is not in the file"))
        elif name not in self._shown_pictures:
            self._shown_pictures.add(name)
            self._pictures[name] = Picture(data, is_large)

    def _smart_art(self, reference: str) -> list[str | Hidden]:
        _, name = self._relations.get(reference, ("", ""))
        root = self._package.part(name) if name else None
        if root is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="SmartArt"))
        return [] if root is None else list(drawn.paragraphs(root))

    def _rows(self, table: Any) -> Iterator[str]:
        merged: set[int] = set()
        for row in _kept(table):
            if row.tag != _TR or _is_deleted(row):
                continue
            above, merged = merged, set()
            cells, column = [], _number(row.find(f"{W}trPr"), "gridBefore", 0)
            for cell in _kept(row):
                if cell.tag != _TC or _is_deleted(cell):
                    continue
                text = " ".join(" ".join(self._blocks(_kept(cell))).split())
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                if merge is not None:
                    merged.add(column)
                    if text and column in above and merge.get(f"{W}val", "continue") == "continue":
                        self._hidden.append(Hidden(text))
                        text = ""
                cells.append(text)
                column += _number(cell.find(f"{W}tcPr"), "gridSpan", 1)
            if any(cells):
                yield "\t".join(cells)

    def _text(self, paragraph: Any, around: Around, boxes: list[Any]) -> str:
        """A paragraph's text; its text boxes, and lists of the lines of its drawings, are added to `boxes`."""
        line = _Line([], [], [], self._open)
        for run in _kept(paragraph):
            if run.tag in (f"{MATH}oMath", f"{MATH}oMathPara"):
                line.add_formula(formula(run, lambda part: self._is_out(part, paragraph, around, line)))
            elif run.tag == f"{W}r":
                self._run(run, paragraph, around, line, boxes)
            elif run.tag == f"{W}subDoc":
                self.remarks.append(_OTHER_FILE)
        self._open = [replace(one, place=None) for one in line.fields if one.begin in self._spanning]
        for pieces, is_struck in ((line.hidden, False), (line.struck, True)):
            if "".join(pieces).strip():
                self._hidden.append(Hidden("".join(pieces), is_struck))
        return line.text()

    def _is_out(self, part: Any, paragraph: Any, around: Around, line: "_Line") -> bool:
        """Whether a part of a formula is hidden or struck through, and then keep its letters apart."""
        looks = {one.tag.removeprefix(MATH): one.get(f"{MATH}val", "1") for one in part.iterfind(f"{MATH}*/{MATH}*")}
        is_hidden = looks.get("show") in ("0", "off") or self._styles.is_hidden(part, paragraph, around)
        is_struck = self._styles.is_struck(part, paragraph) or any(
            value in ("1", "on") for name, value in looks.items() if name.startswith("strike")
        )
        if is_hidden or is_struck:
            (line.hidden if is_hidden else line.struck).append("".join(one.text or "" for one in part.iter(f"{MATH}t")))
        return is_hidden or is_struck

    def _run(self, run: Any, paragraph: Any, around: Around, line: "_Line", boxes: list[Any]) -> None:
        is_hidden = self._styles.is_hidden(run, paragraph, around)
        is_struck = self._styles.is_struck(run, paragraph)
        kind = self._styles.raised(run, paragraph)
        is_backwards = run.getparent().tag == _OVERRIDE and run.getparent().get(f"{W}val") == "rtl"
        is_raised = kind == "superscript" or (kind == "subscript" and line.takes_a_subscript())
        for piece in _kept(run):
            if piece.tag == run.tag:  # the base of a ruby
                self._run(piece, paragraph, replace(around, is_gone=is_hidden), line, boxes)
                continue
            text = self._piece(piece, is_hidden)
            if piece.tag == f"{W}fldChar":
                self._follow(piece, line)
            elif piece.tag == f"{W}instrText" and line.fields:
                line.fields[-1].code += piece.text or ""
            elif any(one.is_instruction for one in line.fields):
                continue
            elif is_hidden:
                line.hidden.append(text)
            elif is_struck and text.strip():
                line.struck.append(text)
            elif is_raised and piece.tag == f"{W}t":
                line.mark += text
            elif piece.tag in _DRAWN:
                boxes += _boxes(piece)
                drawing = self._drawing(piece)
                self._hidden += (one for one in drawing if isinstance(one, Hidden))
                words = [one for one in drawing if isinstance(one, str)]
                if self._surroundings.hides(piece):
                    self._hidden += map(Hidden, words)
                else:
                    boxes += [words] if words else []
            else:
                line.add(f"{BACKWARDS}{text}{FORWARDS}" if is_backwards and text else text)

    def _follow(self, mark: Any, line: "_Line") -> None:
        """Follow a field. If Word draws it without a result in the file, it is computed, or else remarked on."""
        ended = line.follow(mark)
        if ended is None or ended.has_result:
            return
        drawn_field = field(ended.code)
        if drawn_field is not None:
            line.add_formula(drawn_field)
        elif ended.code.split()[:1] and ended.code.split()[0].upper() in _NUMBERING_FIELDS:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a number that Word draws in a line"))
        elif ended.is_instruction and (name := unanswered(ended.code)) is not None:
            self.remarks.append(Remark(RemarkKind.FORMULA, detail=name))

    def _piece(self, piece: Any, is_hidden: bool) -> str:
        name = piece.tag
        if name == f"{W}t":
            self._read.add(piece)
            return drawn_in(_font(piece), piece.text or "")
        if name == f"{W}br":
            return PAGE_BREAK if piece.get(f"{W}type") == "page" else "\n"
        if name == f"{W}sym":
            code = piece.get(f"{W}char", "").upper()
            if not _CODE.fullmatch(code):
                return "•"
            number, font = int(code, 16), piece.get(f"{W}font", "")
            if is_symbol(number) or (number <= 0xFF and font.lower().startswith(("symbol", "wingdings"))):
                return symbol(font, number)
            return chr(number) if number < 0xD800 else "•"
        if name in (f"{W}footnoteReference", f"{W}endnoteReference"):
            return self._refer(name.removeprefix(W).removesuffix("Reference"), piece, is_hidden)
        if name in _DATES:
            self.remarks.append(DATE_PUT_IN)
        return _CHARACTERS.get(name, "")

    def _refer(self, kind: str, reference: Any, is_hidden: bool) -> str:
        note = self._notes[kind].get(reference.get(f"{W}id", ""))
        if note is None:
            return ""
        if reference.get(f"{W}customMarkFollows") in ("1", "true", "on"):
            self._referred.append(("", note, is_hidden))
            return ""
        self._note_counts[kind] += 1
        rules = self._note_rules[kind]
        if rules.get("numRestart") == "eachPage" and self._note_counts[kind] == 2:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="numbers of notes, which begin anew on each page"))
        format_ = rules.get("numFmt", "decimal" if kind == "footnote" else "lowerRoman")
        mark = f"[{number_in_words(self._note_counts[kind], format_)}]"
        self._referred.append((f"{mark} ", note, is_hidden))
        return mark


def _kept(element: Any) -> Iterator[Any]:
    """The children that remain when every change is accepted, without mere wrappers."""
    for child in element:
        if child.tag in _GONE or not isinstance(child.tag, str):
            continue
        if child.tag in _WRAPPERS:
            yield from _kept(child)
        elif child.tag == ALTERNATIVES:
            if (alternative := shown_alternative(child)) is not None:
                yield from _kept(alternative)
        else:
            yield child


def _goes_on(paragraph: Any) -> bool:
    """Whether a paragraph is joined with the next one: its mark was deleted, or it is a large first letter."""
    frame = paragraph.find(f"{W}pPr/{W}framePr")
    if frame is not None and frame.get(f"{W}dropCap", "none") != "none":
        return True
    return any(paragraph.find(f"{W}pPr/{W}rPr/{W}{change}") is not None for change in ("del", "moveFrom"))


def _is_large_shape(shape: Any) -> bool:
    """Whether the style of a VML shape makes it large enough for a picture with legible text."""
    sides = {side: float(size) * (72 if unit == "in" else 1) for side, size, unit in _sides(shape.get("style", ""))}
    return sides.get("width", 0.0) * sides.get("height", 0.0) >= _LARGE_POINTS


def _sides(style: str) -> Iterator[tuple[str, str, str]]:
    for side, size, unit in _VML_SIDE.findall(style):
        if size.count(".") <= 1 and size != ".":
            yield side, size, unit


def _font(text: Any) -> str:
    """The font that a run names for its letters."""
    fonts = text.getparent().find(f"{W}rPr/{W}rFonts")
    return "" if fonts is None else fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""


def _spanning(body: Any) -> set[Any]:
    """The beginnings of the fields that end in another paragraph."""
    begun: list[tuple[Any, Any]] = []
    found: set[Any] = set()
    for mark in body.iter(f"{W}fldChar"):
        above = list(mark.iterancestors())
        if any(one.tag in _GONE for one in above):
            continue
        paragraph = next((one for one in above if one.tag == _P), None)
        if mark.get(f"{W}fldCharType") == "begin":
            begun.append((mark, paragraph))
        elif mark.get(f"{W}fldCharType") == "end" and begun:
            begin, where = begun.pop()
            found |= {begin} if where is not paragraph else set()
    return found


def _number(properties: Any | None, name: str, otherwise: int) -> int:
    return whole(value(properties, name), otherwise)


@dataclass(slots=True)
class _Field:
    """An open field, from the mark where it began: whether its instruction is being read, and the place in the line of
    its form's choice."""

    begin: Any
    is_instruction: bool
    place: int | None
    code: str = ""
    has_result: bool = False


@dataclass(slots=True)
class _Line:
    """A paragraph's line as it grows. `mark`: a superscript that may continue; `fields`: the open ones; the end of the
    paragraph closes a broken one."""

    parts: list[str]
    hidden: list[str]
    struck: list[str]
    fields: list[_Field]
    mark: str = ""

    def add(self, text: str) -> None:
        """Append text; the result of a field replaces its form's choice."""
        if not text:
            return
        self._end_mark()
        for one in self.fields:
            one.has_result = True
            if one.place is not None:
                self.parts[one.place] = ""
        self.parts.append(text)

    def add_formula(self, text: str) -> None:
        """Write a formula, apart from a number before it."""
        self._end_mark()
        self.add(apart("".join(self.parts), text) + text)

    def follow(self, mark: Any) -> _Field | None:
        """Follow the begin, separator and end of a field, which is returned at its end. A form field writes its tick,
        choice or text."""
        kind = mark.get(f"{W}fldCharType")
        if kind == "begin":
            chosen = "" if any(one.is_instruction for one in self.fields) else _chosen(mark)
            self._end_mark()
            self.fields.append(_Field(mark, True, len(self.parts) if chosen else None))
            self.parts.append(chosen)
        elif self.fields and kind == "separate":
            self.fields[-1].is_instruction = self.fields[-1].code.split()[:1] in _SETTERS
        elif self.fields and kind == "end":
            return self.fields.pop()
        return None

    def takes_a_subscript(self) -> bool:
        self._end_mark()
        before = "".join(self.parts)
        return before[-1:].isdigit() or is_lower_half(before)

    def text(self) -> str:
        self._end_mark()
        return "".join(self.parts)

    def _end_mark(self) -> None:
        if self.mark:
            add_mark(self.parts, self.mark)
            self.mark = ""


def _chosen(mark: Any) -> str:
    """The state of a form's tick box, the choice of its list, or its initial text."""
    choices = mark.find(f"{W}ffData/{W}ddList")
    if choices is not None:
        entries = [entry.get(f"{W}val", "") for entry in choices.findall(f"{W}listEntry")]
        index = value(choices, "result") or value(choices, "default") or "0"
        return entries[int(index)] if index.isdigit() and int(index) < len(entries) else ""
    typed = mark.find(f"{W}ffData/{W}textInput")
    return _tick(mark) if typed is None else value(typed, "default") or ""


def _tick(mark: Any) -> str:
    box = mark.find(f"{W}ffData/{W}checkBox")
    if box is None:
        return ""
    state = box.find(f"{W}checked")
    return CHECKED if is_on(box.find(f"{W}default") if state is None else state) else UNCHECKED


def _boxes(drawn: Any) -> Iterator[Any]:
    """The contents of the text boxes in a drawing, the outermost ones."""
    parts: Any = drawn
    if drawn.tag == ALTERNATIVES:
        parts = () if (shown := shown_alternative(drawn)) is None else (shown,)
    for part in parts:
        if part.tag == f"{W}txbxContent":
            yield part
        elif isinstance(part.tag, str):
            yield from _boxes(part)


def _printed(body: Any) -> Iterator[Any]:
    """Every w:t that remains when each change is accepted, whatever wraps it."""
    walk = lxml.etree.iterwalk(body, events=("start",))
    for _, element in walk:
        around = element.getparent()
        is_other = around.tag == ALTERNATIVES and shown_alternative(around) is not element
        if element.tag in _GONE or is_other or _is_deleted(element):
            walk.skip_subtree()
        elif element.tag == f"{W}t":
            yield element


def _is_deleted(part: Any) -> bool:
    """Whether a row or a cell of a table is deleted by a tracked change."""
    return part.find(f"{W}trPr/{W}del") is not None or part.find(f"{W}tcPr/{W}cellDel") is not None
