"""ODT, ODS and ODP: texts with list numbers, sheets as they are shown, slides as pages.

Headers and footers come once, footnotes as [1] at the reference and in full at the end, text boxes after their
paragraph. Deleted text and comments are left out. Hidden text is kept apart: hidden itself or by a style, of one point,
white on white paper or in the colour of its background; hidden sheets, rows, columns and slides. So is struck-through
text.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO, NamedTuple

import lxml.etree

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.flowing import PAGE_BREAK, Hidden, Picture, kept_apart, looked_at, pages_of
from columnist.documents.reading.numbering import number_in_words
from columnist.documents.reading.package import Package, opened
from columnist.documents.reading.raised import raised
from columnist.documents.reading.sheets import MOST_COLUMNS, SHEET_CHARACTERS
from columnist.documents.reading.visibility import is_alike, is_white
from columnist.errors import DocumentError


def _names(name: str) -> str:
    return f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"


_OFFICE, _TEXT, _TABLE, _DRAW, _STYLE = map(_names, ("office", "text", "table", "drawing", "style"))
_FO, _SVG, _SHOW = map(_names, ("xsl-fo-compatible", "svg-compatible", "presentation"))
_XLINK = "{http://www.w3.org/1999/xlink}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_LEFT_OUT = frozenset(
    f"{_TEXT}{name}"
    for name in "tracked-changes ruby-text sequence-decls variable-decls user-field-decls dde-connection-decls".split()
) | {f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_OFFICE}forms", f"{_SVG}title", f"{_SVG}desc"}
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_NUMBERS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MOST_REPEATED = 1_000
"""Most repetitions of a row or a cell with content that the file has once."""
_DEEPEST = 200
"""Most levels of nested elements: Python's own stack ends soon after."""
_LARGE = 12.0
"""Square inches; a smaller picture is a logo or a signature."""
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72, "pc": 1 / 6, "px": 1 / 96}
_SPACE = re.compile("[ \t\r\n]+")
_CELL_STYLE = f"{_TABLE}default-cell-style-name"
_ZEROS = re.compile(rb'"ShowZeroValues"[^>]*>\s*false')
_GROUNDS = ("text", "paragraph", "table-cell")
_LENGTH = re.compile(r"([0-9.]+)([a-z]+)")

Line = str | Hidden | Picture


def read_odt(file: BinaryIO) -> Iterator[Page]:
    """The pages of a text document, cut at its page breaks. Raises DocumentError."""
    with _opened(file) as content:
        yield from pages_of(content.text_lines(), remarks=content.remarks)


def read_ods(file: BinaryIO) -> Iterator[Page]:
    """The sheets of a spreadsheet, in order. Raises DocumentError."""
    with _opened(file) as content:
        yield from pages_of(content.sheet_lines(), SHEET_CHARACTERS, content.remarks)


def read_odp(file: BinaryIO) -> Iterator[Page]:
    """The slides of a presentation, a page each. Raises DocumentError."""
    with _opened(file) as content:
        slides = list(content.slides())
        if not any(page.text.strip() or page.hidden or page.pictures for page in slides):
            raise DocumentError("The file has no text.")
        yield from slides


@contextmanager
def _opened(file: BinaryIO) -> Iterator["_Content"]:
    with opened(file, "OpenDocument file") as package:
        if b"encryption-data" in (package.data("META-INF/manifest.xml") or b""):
            raise DocumentError("The OpenDocument file is encrypted: remove its password and add it again.")
        yield _Content(package)


class _Look(NamedTuple):
    """How letters are shown. `rise`: 1 for superscripts, -1 for subscripts."""

    is_hidden: bool = False
    rise: int = 0
    is_struck: bool = False


_PLAIN = _Look()


class _Styles:
    """The styles of a file by family and name, each with the styles that it is based on."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._styles: dict[tuple[str, str], Any] = {}
        self._lists: dict[str, Any] = {}
        self.outline: Any | None = None
        for root in roots:
            for one in root.iter(f"{_STYLE}style"):
                self._styles[one.get(f"{_STYLE}family", ""), one.get(f"{_STYLE}name", "")] = one
            for one in root.iter(f"{_TEXT}list-style"):
                self._lists[one.get(f"{_STYLE}name", "")] = one
            for one in root.iter(f"{_TEXT}outline-style"):
                self.outline = one
        self.value = cache(self._value)

    def _value(self, family: str, name: str | None, group: str, attribute: str) -> str | None:
        """A property: `group` is "text", "paragraph", "table" or "drawing-page"."""
        seen: set[str] = set()
        while name is not None and name not in seen:
            seen.add(name)
            style = self._styles.get((family, name))
            if style is None:
                return None
            for properties in style.iterfind(f"{_STYLE}{group}-properties"):
                if (found := properties.get(attribute)) is not None:
                    return str(found)
            name = style.get(f"{_STYLE}parent-style-name")
        return None

    def look(self, family: str, name: str | None, around: _Look = _PLAIN) -> _Look:
        """How the letters of a paragraph or span are shown, given the style `around` them."""
        size = self.value(family, name, "text", f"{_FO}font-size") or ""
        colour = self.value(family, name, "text", f"{_FO}color") or ""
        grounds = (self.value(family, name, kind, f"{_FO}background-color") for kind in _GROUNDS)
        ground = next(filter(None, grounds), None)
        position = self.value(family, name, "text", f"{_STYLE}text-position")
        is_hidden = (
            self.value(family, name, "text", f"{_TEXT}display") == "none"
            or (0 < _inches(size) <= 1 / 72 + 1e-6)
            or (is_white(colour.lstrip("#")) and ground in (None, "transparent"))
            or is_alike(colour.lstrip("#"), (ground or "").lstrip("#"))
        )
        rise = around.rise if position is None else _rise(position)
        lines = [
            self.value(family, name, "text", f"{_STYLE}text-line-through-{kind}") for kind in ("style", "type", "text")
        ]
        is_struck = around.is_struck if lines == [None] * 3 else any(one not in (None, "none", "") for one in lines)
        return _Look(is_hidden or around.is_hidden, rise, is_struck)

    def level(self, style: Any | str | None, level: int) -> Any | None:
        """The numbering of a level of a list, by its style; None if it has none."""
        found = self._lists.get(style) if isinstance(style, str) else style
        levels = [] if found is None else list(found)
        wanted = (f"{_TEXT}list-level-style-number", f"{_TEXT}outline-level-style")
        return next((one for one in levels if one.tag in wanted and one.get(f"{_TEXT}level") == str(level)), None)


class _Content:
    """One file on its way to lines."""

    def __init__(self, package: Package) -> None:
        root, styles = package.part("content.xml", must_be_whole=True), package.part("styles.xml")
        body = None if root is None else root.find(f"{_OFFICE}body")
        if root is None or body is None or not len(body):
            raise DocumentError("The OpenDocument file is damaged: it holds no document.")
        self._package = package
        self._body = body[0]
        self._masters = [] if styles is None else list(styles.iter(f"{_STYLE}master-page"))
        self._styles = _Styles([one for one in (styles, root) if one is not None])
        self._notes: list[Line] = []
        self._counts: dict[str, list[int]] = {}
        self._outline: list[int] = []
        self._depth = 0
        self._read: set[Any] = set()
        self._shows_zeros = not _ZEROS.search(package.data("settings.xml") or b"")
        self.remarks = package.remarks

    # ── Texts ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def text_lines(self) -> Iterator[Line]:
        yield from self._margins("header")
        yield from self._blocks(self._body)
        yield from self._margins("footer")
        yield from self._notes
        self.say_lost()

    def say_lost(self) -> None:
        """Remark on the letters of paragraphs that were not read, unless they were left out on purpose."""
        walk = lxml.etree.iterwalk(self._body, events=("start",))
        lost = 0
        for _, element in walk:
            if element.tag in _LEFT_OUT or _is_another_form(element):
                walk.skip_subtree()
            elif element.tag in _PARAGRAPHS and element not in self._read:
                lost += sum(map(str.isalnum, "".join(element.itertext())))
                walk.skip_subtree()
        if lost:
            self.remarks.append(Remark(RemarkKind.LOST, lost))

    def _margins(self, kind: str) -> Iterator[Line]:
        """Headers or footers, including those of first and left pages, each once."""
        shown: set[Line] = set()
        for master in self._masters:
            for name in (kind, f"{kind}-first", f"{kind}-left"):
                for margin in master.iterfind(f"{_STYLE}{name}"):
                    for line in self._blocks(margin):
                        if line not in shown and not (isinstance(line, str) and not line.strip()):
                            shown.add(line)
                            yield line

    def _blocks(self, parent: Any) -> Iterator[Line]:
        self._descend()
        for child in parent:
            tag = child.tag
            if tag in _LEFT_OUT or not isinstance(tag, str):
                continue
            if tag in _PARAGRAPHS:
                yield from self._paragraph(child, self._outline_label(child))
            elif tag == f"{_TEXT}list":
                yield from self._list(child, child.get(f"{_TEXT}style-name"), 1, self._counters(child))
            elif tag == f"{_TABLE}table":
                yield from self._rows(child)
            elif tag == f"{_TEXT}section" and child.get(f"{_TEXT}display", "true") == "none":
                yield from map(_as_hidden, self._blocks(child))
            elif tag.startswith(_DRAW):
                yield from self._drawing(child)
            else:
                yield from self._blocks(child)
        self._depth -= 1

    def _paragraph(self, element: Any, label: str = "", around: _Look = _PLAIN) -> Iterator[Line]:
        style = element.get(f"{_TEXT}style-name")
        self._read.add(element)
        boxes: list[Any] = []
        line = _Text()
        self._inline(element, self._styles.look("paragraph", style, around), line, boxes)
        text, hidden, struck = line.text(), "".join(line.hidden).strip(), "".join(line.struck).strip()
        if any(one.get(f"{_TEXT}is-hidden") == "true" for one in element.iter(f"{_TEXT}hidden-paragraph")):
            text, hidden = "", f"{text}{hidden}"
        starts = self._styles.value("paragraph", style, "paragraph", f"{_FO}break-before") == "page"
        if hidden:
            yield Hidden(hidden)
        if struck:
            yield Hidden(struck, is_struck=True)
        yield (PAGE_BREAK if starts else "") + (label if text.strip() else "") + text
        for box in boxes:
            yield from self._drawing(box)
        if self._styles.value("paragraph", style, "paragraph", f"{_FO}break-after") == "page":
            yield PAGE_BREAK

    def _inline(self, element: Any, look: _Look, line: "_Text", boxes: list[Any]) -> None:
        self._descend()
        line.add(_SPACE.sub(" ", element.text or ""), look)
        for child in element:
            tag = child.tag if isinstance(child.tag, str) else ""
            if tag == f"{_TEXT}s":
                line.add(" " * min(_whole(child.get(f"{_TEXT}c"), 1), _MOST_REPEATED), look)
            elif tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
                line.add("\t" if tag.endswith("tab") else "\n", look)
            elif tag == f"{_TEXT}note":
                line.add(self._note(child), look)
            elif tag == f"{_TEXT}hidden-text":
                if child.get(f"{_TEXT}is-hidden") == "true":
                    line.hidden.append(child.get(f"{_TEXT}string-value", ""))
                else:
                    self._inline(child, look, line, boxes)
            elif tag.startswith(_DRAW) and tag != f"{_DRAW}a":
                boxes.append(child)
            elif tag and tag not in _LEFT_OUT:
                inner = look
                if tag == f"{_TEXT}span":
                    inner = self._styles.look("text", child.get(f"{_TEXT}style-name"), look)
                self._inline(child, inner, line, boxes)
            line.add(_SPACE.sub(" ", child.tail or ""), look)
        self._depth -= 1

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DocumentError("The OpenDocument file is damaged: its parts are nested without end.")

    def _note(self, note: Any) -> str:
        cited, body = note.find(f"{_TEXT}note-citation"), note.find(f"{_TEXT}note-body")
        mark = "" if cited is None else f"[{''.join(cited.itertext()).strip()}]"
        lines = [] if body is None else list(self._blocks(body))
        self._notes += [one for one in lines if isinstance(one, Hidden)]
        self._notes.append(f"{mark} " + "\n".join(one for one in lines if isinstance(one, str) and one.strip()))
        return mark

    def _counters(self, element: Any) -> list[int]:
        """The counts of a list's levels: new ones, or those of the list that it continues."""
        style = f"style {element.get(f'{_TEXT}style-name')}"
        continued = element.get(f"{_TEXT}continue-list")
        counts: list[int] = []
        if continued:
            counts = self._counts.get(continued, counts)
        elif element.get(f"{_TEXT}continue-numbering") == "true":
            counts = self._counts.get(style, counts)
        self._counts[style] = self._counts[element.get(_ID, style)] = counts
        return counts

    def _list(self, element: Any, style: str | None, level: int, counts: list[int]) -> Iterator[Line]:
        for item in element:
            is_numbered = item.tag == f"{_TEXT}list-item"
            first = True
            for child in item:
                if child.tag in _PARAGRAPHS:
                    label = ""
                    if is_numbered and first:
                        label = _label(self._styles, style, level, counts, item.get(f"{_TEXT}start-value"))
                    first = False
                    yield from self._paragraph(child, label)
                elif child.tag == f"{_TEXT}list" and level < 10:
                    yield from self._list(child, child.get(f"{_TEXT}style-name", style), level + 1, counts)
                else:
                    yield from self._blocks([child])

    def _outline_label(self, element: Any) -> str:
        """The number of a heading."""
        level = _whole(element.get(f"{_TEXT}outline-level"), 0)
        if element.tag != f"{_TEXT}h" or not level or element.get(f"{_TEXT}is-list-header") == "true":
            return ""
        return _label(self._styles, self._styles.outline, level, self._outline, None)

    def _rows(self, table: Any) -> Iterator[Line]:
        for row in _rows_of(table):
            cells = []
            for cell in row.iterfind(f"{_TABLE}table-cell"):
                lines = list(self._blocks(cell))
                yield from (one for one in lines if isinstance(one, Hidden))
                cells.append(" ".join(" ".join(one for one in lines if isinstance(one, str)).split()))
            if any(cells):
                yield "\t".join(cells)

    def _drawing(self, shape: Any) -> Iterator[Line]:
        """The words of a frame, a shape or a group."""
        if shape.get(f"{_SHOW}placeholder") == "true":
            return
        if shape.tag != f"{_DRAW}frame":
            yield from self._blocks(shape)
            return
        # A frame has one content in several forms: the first is shown.
        content = next((one for one in shape if isinstance(one.tag, str) and one.tag not in _LEFT_OUT), None)
        if content is None:
            return
        if content.tag == f"{_DRAW}image":
            is_large = _inches(shape.get(f"{_SVG}width", "")) * _inches(shape.get(f"{_SVG}height", "")) > _LARGE
            data = self._package.data(content.get(f"{_XLINK}href", "").removeprefix("./"))
            if data is not None:
                yield Picture(data, is_large)
            elif is_large:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a picture that is not in the file"))
        elif content.tag in (f"{_DRAW}object", f"{_DRAW}object-ole"):
            yield from self._object(content.get(f"{_XLINK}href", ""))
        elif content.tag == f"{_TABLE}table":
            yield from self._rows(content)
        else:
            yield from self._blocks(content)

    def _object(self, reference: str) -> Iterator[Line]:
        """The text of a chart or another document inside this one."""
        root = self._package.part(f"{reference.removeprefix('./')}/content.xml") if reference else None
        body = None if root is None else root.find(f"{_OFFICE}body")
        if body is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
        else:
            yield from self._blocks(body)

    # ── Sheets ────────────────────────────────────────────────────────────────────────────────────────────────────

    def sheet_lines(self) -> Iterator[Line]:
        for index, sheet in enumerate(self._body.iterfind(f"{_TABLE}table")):
            style = sheet.get(f"{_TABLE}style-name")
            is_hidden = self._styles.value("table", style, "table", f"{_TABLE}display") == "false"
            said = " (hidden)" if is_hidden else ""
            yield f"{PAGE_BREAK if index else ''}Sheet: {sheet.get(f'{_TABLE}name', '')}{said}"
            lines = self._sheet(sheet)
            yield from map(_as_hidden, lines) if is_hidden else lines
        self.say_lost()

    def _sheet(self, sheet: Any) -> Iterator[Line]:
        columns: list[_Column] = []
        for column in sheet.iter(f"{_TABLE}table-column"):
            many = min(_whole(column.get(f"{_TABLE}number-columns-repeated"), 1), MOST_COLUMNS - len(columns))
            is_hidden = column.get(f"{_TABLE}visibility", "visible") != "visible"
            columns += [_Column(is_hidden, column.get(_CELL_STYLE))] * many
        for row in _rows_of(sheet):
            shown: list[str] = []
            hidden: list[str] = []
            beside: list[Line] = []
            for cell in row:
                if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                    continue
                column = columns[len(shown)] if len(shown) < len(columns) else _COLUMN
                text, others = self._cell(cell, row.get(_CELL_STYLE) or column.style)
                beside += others
                many = _whole(cell.get(f"{_TABLE}number-columns-repeated"), 1)
                for _ in range(min(many, _MOST_REPEATED if text else MOST_COLUMNS - len(shown))):
                    is_hidden = len(shown) < len(columns) and columns[len(shown)].is_hidden
                    hidden += [text] if is_hidden and text else []
                    shown.append("" if is_hidden else text)
            while shown and not shown[-1]:
                shown.pop()
            line = "\t".join(shown)
            if row.get(f"{_TABLE}visibility", "visible") != "visible":
                hidden, line = [line, *hidden], ""
                beside = [_as_hidden(one) for one in beside]
            if any(hidden):
                yield Hidden("\t".join(filter(None, hidden)))
            repeated = min(_whole(row.get(f"{_TABLE}number-rows-repeated"), 1), _MOST_REPEATED)
            yield from [line] * repeated if line else []
            yield from beside
        for shapes in sheet.iterfind(f"{_TABLE}shapes"):
            yield from self._blocks(shapes)

    def _cell(self, cell: Any, style: str | None) -> tuple[str, list[Line]]:
        """The text of a cell, and what is hidden in it or lies over it; `style`: of its row or column. A whole date is
        ISO 8601, which means the same in every country."""
        date = cell.get(f"{_OFFICE}date-value", "")
        look = self._styles.look("table-cell", cell.get(f"{_TABLE}style-name") or style)
        lines = [one for child in cell if child.tag in _PARAGRAPHS for one in self._paragraph(child, around=look)]
        others: list[Line] = [one for one in lines if not isinstance(one, str)]
        shapes = (child for child in cell if isinstance(child.tag, str) and child.tag.startswith(_DRAW))
        others += (one for shape in shapes for one in self._drawing(shape))
        text = " ".join(" ".join(one for one in lines if isinstance(one, str)).split())
        if not self._shows_zeros and text and cell.get(f"{_OFFICE}value") in ("0", "-0"):
            return "", [Hidden(text), *others]
        if date and "T" not in date and text:
            return str(date), others
        formula = cell.get(f"{_TABLE}formula")
        if formula and not text and not others and cell.get(f"{_OFFICE}value-type") is None:
            self.remarks.append(Remark(RemarkKind.FORMULA))
            return str(formula).removeprefix("of:"), others
        return text, others

    # ── Slides ────────────────────────────────────────────────────────────────────────────────────────────────────

    def slides(self) -> Iterator[Page]:
        shown: set[str] = set()
        slides = self._body.findall(f"{_DRAW}page")
        for number, slide in enumerate(slides, start=1):
            self.remarks = []
            lines: list[Line] = []
            for master in self._masters:
                name = master.get(f"{_STYLE}name", "")
                if name == slide.get(f"{_DRAW}master-page-name") and name not in shown:
                    shown.add(name)
                    fixed = [one for one in master if one.get(f"{_SHOW}class") is None and one.tag.startswith(_DRAW)]
                    lines += self._blocks(fixed)
            lines += self._blocks([one for one in slide if one.tag != f"{_SHOW}notes"])
            for notes in slide.iterfind(f"{_SHOW}notes"):
                said = [one for one in self._blocks(notes) if not isinstance(one, str) or one.strip()]
                lines += ["Notes:", *said] if said else []
            style = slide.get(f"{_DRAW}style-name")
            if self._styles.value("drawing-page", style, "drawing-page", f"{_SHOW}visibility") == "hidden":
                lines = [*map(_as_hidden, lines)]
            text = "\n".join(one for one in lines if isinstance(one, str) and one.strip())
            hidden, struck = kept_apart(one for one in lines if isinstance(one, Hidden))
            if number == len(slides):
                self.say_lost()
            pictures, said_of_them = looked_at([one for one in lines if isinstance(one, Picture)], number)
            self.remarks += (*said_of_them, *self._package.remarks)
            self._package.remarks.clear()
            text = text.replace(PAGE_BREAK, "")
            yield Page(number, text, remarks=tuple(self.remarks), hidden=hidden, struck=struck, pictures=pictures)


class _Column(NamedTuple):
    """`style`: of its cells without a style."""

    is_hidden: bool = False
    style: str | None = None


_COLUMN = _Column()


class _Text:
    """A paragraph's text as it grows, and its hidden parts."""

    def __init__(self) -> None:
        self.hidden: list[str] = []
        self.struck: list[str] = []
        self._parts: list[str] = []
        self._mark = ""

    def add(self, text: str, look: _Look) -> None:
        if not text:
            return
        if look.is_hidden:
            self.hidden.append(text)
        elif look.is_struck and text.strip():
            self.struck.append(text)
        elif look.rise > 0 or (look.rise < 0 and (self._mark or "".join(self._parts)[-1:].isdigit())):
            self._mark += text
        else:
            self._end_mark()
            self._parts.append(text)

    def text(self) -> str:
        self._end_mark()
        return "".join(self._parts).strip(" ")

    def _end_mark(self) -> None:
        if self._mark:
            self._parts.append(raised("".join(self._parts), self._mark))
            self._mark = ""


def _label(styles: _Styles, style: Any | str | None, level: int, counts: list[int], start: str | None) -> str:
    """The next number before a paragraph; empty for bullets."""
    form = styles.level(style, level)
    first = _whole(None if form is None else form.get(f"{_TEXT}start-value"), 1)
    del counts[level:]
    for missing in range(len(counts) + 1, level):
        above = styles.level(style, missing)
        counts.append(_whole(None if above is None else above.get(f"{_TEXT}start-value"), 1))
    if len(counts) < level:
        counts.append(first - 1)
    counts[level - 1] = counts[level - 1] + 1 if start is None else _whole(start, 1)
    if form is None or not form.get(f"{_STYLE}num-format"):
        return ""
    shown = range(max(level - _whole(form.get(f"{_TEXT}display-levels"), 1), 0), level)
    numbers = []
    for at in shown:
        above = styles.level(style, at + 1)
        kind = "" if above is None else above.get(f"{_STYLE}num-format", "")
        if kind:
            numbers.append(number_in_words(counts[at], _NUMBERS.get(kind, "decimal")))
    return f"{form.get(f'{_STYLE}num-prefix', '')}{'.'.join(numbers)}{form.get(f'{_STYLE}num-suffix', '')} "


def _rows_of(table: Any) -> Iterator[Any]:
    """The rows of a table, without their groups."""
    for child in table:
        if child.tag == f"{_TABLE}table-row":
            yield child
        elif child.tag in (f"{_TABLE}{name}" for name in ("table-rows", "table-header-rows", "table-row-group")):
            yield from _rows_of(child)


def _is_another_form(element: Any) -> bool:
    """Whether an element is not shown: a later form of a frame's content, a placeholder, or text of an element without
    text."""
    above = element.getparent()
    if element.get(f"{_SHOW}placeholder") == "true":
        return True
    if above is None or above.tag != f"{_DRAW}frame":
        return False
    return next(one for one in above if isinstance(one.tag, str) and one.tag not in _LEFT_OUT) is not element


def _as_hidden(line: Line) -> Line:
    return Hidden(line.replace(PAGE_BREAK, "")) if isinstance(line, str) else line


def _rise(position: str) -> int:
    first = position.split(" ")[0]
    return 1 if first == "super" else -1 if first == "sub" or first.startswith("-") else int(first[:1] in "123456789")


def _inches(length: str) -> float:
    match = _LENGTH.fullmatch(length)
    try:
        return float(match[1]) * _INCHES.get(match[2], 0.0) if match else 0.0
    except ValueError:
        return 0.0


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else otherwise
