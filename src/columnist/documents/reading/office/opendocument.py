"""ODT, ODS and ODP: texts with list numbers, sheets as they are shown, slides as pages.

Headers and footers come once, footnotes as [1] at the reference and in full at the end, text boxes after their
paragraph. Deleted text and comments are left out. Hidden text is kept apart: hidden itself or by a style, of one point,
of the colour of its ground, off the page or under a shape; hidden sheets, rows, columns and slides. So is what is
struck through.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, BinaryIO, NamedTuple

import lxml.etree

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.flowing import PAGE_BREAK, Hidden, Picture, as_seen, kept_apart, looked_at, pages_of
from columnist.documents.reading.office.cell_rules import Area, Areas, Look, Rule, Value, areas, looked_up
from columnist.documents.reading.office.numbering import number_in_words
from columnist.documents.reading.office.package import Package, opened
from columnist.documents.reading.office.placed import Placed, ground_at, is_covered
from columnist.documents.reading.office.sheets import MOST_COLUMNS, SHEET_CHARACTERS
from columnist.documents.reading.office.theme import UNKNOWN
from columnist.documents.reading.raised import add_mark, is_lower_half
from columnist.documents.reading.symbols import CHECKED, UNCHECKED, drawn_in
from columnist.documents.reading.visibility import FAR_OFF_POINTS, FLAT_POINTS, LEAST_SCALE, is_alike, is_colour
from columnist.errors import DocumentError


def _names(name: str) -> str:
    return f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"


_OFFICE, _TEXT, _TABLE, _DRAW, _STYLE = map(_names, ("office", "text", "table", "drawing", "style"))
_FO, _SVG, _SHOW, _FORM = map(_names, ("xsl-fo-compatible", "svg-compatible", "presentation", "form"))
_XLINK = "{http://www.w3.org/1999/xlink}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_LEFT_OUT = frozenset(
    f"{_TEXT}{name}"
    for name in (
        "tracked-changes number script ruby-text sequence-decls variable-decls user-field-decls dde-connection-decls"
    ).split()
) | {
    f"{_TABLE}tracked-changes",
    f"{_OFFICE}annotation",
    f"{_OFFICE}annotation-end",
    f"{_OFFICE}forms",
    f"{_SVG}title",
    f"{_SVG}desc",
}
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_NUMBERS = {
    "1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "一, 二, 三, ...": "chineseCounting", "甲, 乙, 丙, ...": "ideographTraditional",
    "①, ②, ③, ...": "decimalEnclosedCircle", "가, 나, 다, ...": "ganada", "１, ２, ３, ...": "decimalFullWidth",
}  # fmt: skip
_MOST_REPEATED = 1_000
"""Most repetitions of a row or a cell with content that the file has once."""
_DEEPEST = 200
"""Most levels of nested elements: Python's own stack ends soon after."""
_LARGE = 12.0
"""Square inches; a smaller picture is a logo or a signature."""
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72, "pc": 1 / 6, "px": 1 / 96}
_SPACE = re.compile("[ \t\r\n]+")
_CELL_STYLE = f"{_TABLE}default-cell-style-name"
_PLACES = frozenset(f"{_TEXT}{name}" for name in "page-number page-count sheet-name title file-name date time".split())
"""Fields that stand in the header and footer of every new spreadsheet."""
_ZEROS = re.compile(rb'"ShowZeroValues"[^>]*>\s*false')
_PAPER = "FFFFFF"
_OUT_OF_SIGHT = ("none", "printer")
_CONDITION = re.compile(
    r"(is-true-formula|formula-is|contains-text|not-contains-text|begins-with|ends-with)\((.*)\)", re.S
)
_KINDS = {
    "contains-text": "containsText", "not-contains-text": "notContainsText", "begins-with": "beginsWith",
    "ends-with": "endsWith",
}  # fmt: skip
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_STATED = ("string", "date", "time", "boolean")
"""Types of cells whose value has an attribute of its own."""
_DURATION = re.compile(r"PT([0-9]+)H([0-9]+)M([0-9]+)(?:[.,][0-9]*)?S")
_LOEXT = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
_CLEAR = 5.0
"""Per cent of opacity at which nothing is seen."""
_LOW = 3.5 / 72
"""Inches: a row of a sheet that is lower is hidden."""
_LENGTH = re.compile(r"(-?[0-9.]+)([a-z]+)")
_PLACE = re.compile("%([0-9]{1,2})%")
_TINY_SHARE = 8.0
"""Per cent of the size of letters at which they are illegible."""
_UPON_EACH_OTHER = -20 / 72
"""Spacing in inches at which letters lie on the previous ones."""
_FAR_OFF = 45.0
"""Inches: no paper is this wide or high."""

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
    """How letters are shown. `ink`: their colour, None for one that differs from its background; `ground`: the colour
    behind them; `rise`: 1 for superscripts, -1 for subscripts; `is_off`: a style switches them off, and another one
    inside may switch them on again."""

    is_hidden: bool = False
    rise: int = 0
    is_struck: bool = False
    ink: str | None = None
    ground: str = _PAPER
    font: str = ""
    is_off: bool = False

    @property
    def is_unseen(self) -> bool:
        """Whether they are invisible."""
        return self.is_hidden or self.is_off or (self.ink is not None and is_alike(self.ink, self.ground))


_PLAIN = _Look()


class _Styles:
    """The styles of a file by family and name, each with the styles that it is based on."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._styles: dict[tuple[str, str], Any] = {}
        self._lists: dict[str, Any] = {}
        self._usual: dict[str, Any] = {}
        self.margin = _inches("2cm")
        """Inches between the edge of the page and its text."""
        self.outline: Any | None = None
        for root in roots:
            for one in root.iter(f"{_STYLE}style"):
                self._styles[one.get(f"{_STYLE}family", ""), one.get(f"{_STYLE}name", "")] = one
            for one in root.iter(f"{_TEXT}list-style"):
                self._lists[one.get(f"{_STYLE}name", "")] = one
            for one in root.iter(f"{_TEXT}outline-style"):
                self.outline = one
            for one in root.iter(f"{_STYLE}default-style"):
                self._usual[one.get(f"{_STYLE}family", "")] = one
            for one in root.iter(f"{_STYLE}page-layout-properties"):
                self.margin = _inches(one.get(f"{_FO}margin-left", one.get(f"{_FO}margin", "2cm")))
        self.value = cache(self._value)

    def _chain(self, family: str, name: str | None) -> Iterator[Any]:
        """A style, the styles that it is based on, and the default of its family."""
        seen: set[str] = set()
        while name is not None and name not in seen:
            seen.add(name)
            style = self._styles.get((family, name))
            if style is None:
                break
            yield style
            name = style.get(f"{_STYLE}parent-style-name")
        if (usual := self._usual.get(family)) is not None:
            yield usual

    def _value(self, family: str, name: str | None, group: str, attribute: str) -> str | None:
        """A property: `group` is "text", "paragraph", "table" or "drawing-page"."""
        for style in self._chain(family, name):
            for properties in style.iterfind(f"{_STYLE}{group}-properties"):
                if (found := properties.get(attribute)) is not None:
                    return str(found)
        return None

    def look(self, family: str, name: str | None, around: _Look = _PLAIN) -> _Look:
        """How the letters of a paragraph or span are shown, in what is `around` them."""

        def said(attribute: str, group: str = "text") -> str | None:
            return self.value(family, name, group, attribute)

        grounds = (said(f"{_FO}background-color", group) for group in ("text", "paragraph"))
        position = said(f"{_STYLE}text-position")
        kinds = [said(f"{_STYLE}text-line-through-{kind}") for kind in ("style", "type", "text")]
        colour = said(f"{_FO}color")
        ink = around.ink if colour is None else _colour(colour)
        return _Look(
            around.is_hidden or self._has_no_letters(family, name),
            around.rise if position is None else _rise(position),
            around.is_struck if kinds == [None] * 3 else any(one not in (None, "none", "") for one in kinds),
            None if said(f"{_STYLE}use-window-font-color") == "true" else ink,
            next(filter(None, map(_colour, grounds)), around.ground),
            said(f"{_STYLE}font-name") or said(f"{_FO}font-family") or around.font,
            around.is_off if (display := said(f"{_TEXT}display")) is None else display == "none",
        )

    def _has_no_letters(self, family: str, name: str | None) -> bool:
        """Whether letters have no size or width, lie on each other, or begin off the page."""
        size, apart, scale, position, margin = (
            self.value(family, name, group, attribute) or ""
            for group, attribute in (
                ("text", f"{_FO}font-size"),
                ("text", f"{_FO}letter-spacing"),
                ("text", f"{_STYLE}text-scale"),
                ("text", f"{_STYLE}text-position"),
                ("paragraph", f"{_FO}margin-left"),
            )
        )
        return (
            0 < _inches(size) <= 1 / 72 + 1e-6
            or _per_cent(size) <= _TINY_SHARE
            or _per_cent(scale) < LEAST_SCALE
            or _per_cent(position.partition(" ")[2]) <= _TINY_SHARE
            or _inches(apart) <= _UPON_EACH_OTHER
            or self._is_clear_text(family, name)
            or (self.margin + _inches(margin)) * 72 <= -FAR_OFF_POINTS
        )

    def _is_clear_text(self, family: str, name: str | None) -> bool:
        """Whether letters are transparent; LibreOffice also writes that for those of the window's colour."""
        said = (one for style in self._chain(family, name) for one in style.iterfind(f"{_STYLE}text-properties"))
        own = next((one for one in said if one.get(f"{_LOEXT}opacity") is not None), None)
        if own is None or own.get(f"{_STYLE}use-window-font-color") == "true":
            return False
        return _per_cent(own.get(f"{_LOEXT}opacity", "")) <= _CLEAR

    def changes(self, name: str | None) -> Iterator[tuple[str, str]]:
        """The conditions under which a cell has another style, and that style."""
        for style in self._chain("table-cell", name):
            for one in style.iterfind(f"{_STYLE}map"):
                yield one.get(f"{_STYLE}condition", ""), one.get(f"{_STYLE}apply-style-name", "")

    def ground(self, family: str, name: str | None, group: str) -> str | None:
        """The colour of a table, row or cell; None if it has none."""
        return _colour(self.value(family, name, group, f"{_FO}background-color") or "")

    def fill(self, name: str | None) -> str | None:
        """The colour of a shape's fill; None without one, `UNKNOWN` if the file does not state it."""
        kind = self.value("graphic", name, "graphic", f"{_DRAW}fill")
        back = self.value("graphic", name, "graphic", f"{_FO}background-color") or ""
        if kind == "solid":
            return _colour(self.value("graphic", name, "graphic", f"{_DRAW}fill-color") or "") or UNKNOWN
        return _colour(back) if back and kind in (None, "none") else None if kind == "none" else UNKNOWN

    def is_clear(self, name: str | None) -> bool:
        """Whether the fill of a shape is transparent."""
        opacity = self.value("graphic", name, "graphic", f"{_DRAW}opacity")
        return opacity not in (None, "100%")

    def level(self, style: Any | str | None, level: int) -> Any | None:
        """The numbering of a level of a list, by its style; None if it has none."""
        found = self._lists.get(style) if isinstance(style, str) else style
        levels = [] if found is None else list(found)
        wanted = (f"{_TEXT}list-level-style-number", f"{_TEXT}outline-level-style")
        return next((one for one in levels if one.tag in wanted and one.get(f"{_TEXT}level") == str(level)), None)


class _Content:
    """Turns one file into lines."""

    def __init__(self, package: Package) -> None:
        root, styles = package.part("content.xml", is_main=True), package.part("styles.xml")
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
        self._around = _PLAIN
        """The look of letters without own properties, at the present place of reading."""
        self._read: set[Any] = set()
        fields = (one for forms in self._body.iter(f"{_OFFICE}forms") for one in forms.iter(f"{_FORM}*"))
        self._controls = {one.get(_ID) or one.get(f"{_FORM}id", ""): one for one in fields}
        self._area = _area([one for one in (styles, root) if one is not None])
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

    def _margins(self, kind: str, *, is_sheet: bool = False) -> Iterator[Line]:
        """Headers or footers, including those of first and left pages, each once; those of printed sheets without those
        of every new one."""
        shown: set[Line] = set()
        for master in self._masters:
            for name in (kind, f"{kind}-first", f"{kind}-left"):
                for margin in master.iterfind(f"{_STYLE}{name}"):
                    told = (one for one in margin.iter(*_PARAGRAPHS) if not _is_usual(one))
                    lines = self._blocks(told if is_sheet else margin)
                    is_off = margin.get(f"{_STYLE}display") == "false"
                    for line in map(_as_hidden, lines) if is_off else lines:
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
            elif tag == f"{_TEXT}section" and _is_section_hidden(child):
                yield from map(_as_hidden, self._blocks(child))
            elif tag.startswith(_DRAW):
                yield from self._drawing(child)
            else:
                yield from self._blocks(child)
        self._depth -= 1

    @contextmanager
    def _inside(self, around: _Look) -> Iterator[None]:
        before, self._around = self._around, around
        yield
        self._around = before

    def _paragraph(self, element: Any, label: str = "") -> Iterator[Line]:
        style = element.get(f"{_TEXT}style-name")
        self._read.add(element)
        boxes: list[Any] = []
        look = self._styles.look("paragraph", style, self._around)
        line = _Text(look.ground)
        self._inline(element, look, line, boxes)
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
            if child.get(f"{_TEXT}display") == "none":  # a variable that is set here
                self._inline(child, look._replace(is_hidden=True), line, boxes)
            elif tag == f"{_TEXT}s":
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
                    # A background is not inherited by inner spans.
                    inner = self._styles.look(
                        "text", child.get(f"{_TEXT}style-name"), look._replace(ground=line.ground)
                    )
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
                        stated = item.findtext(f"{_TEXT}number")
                        label = _label(self._styles, style, level, counts, item.get(f"{_TEXT}start-value"))
                        label = label or (f"{stated} " if stated else "")
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
        ground = self._styles.ground("table", table.get(f"{_TABLE}style-name"), "table")
        for row in _rows_of(table):
            style = row.get(f"{_TABLE}style-name")
            height = _inches(self._styles.value("table-row", style, "table-row", f"{_STYLE}row-height") or "")
            own = self._styles.ground("table-row", style, "table-row") or ground or self._around.ground
            around = self._around._replace(
                ground=own, is_hidden=self._around.is_hidden or 0 < height * 72 <= FLAT_POINTS
            )
            cells = []
            for cell in row.iterfind(f"{_TABLE}table-cell"):
                shade = self._styles.ground("table-cell", cell.get(f"{_TABLE}style-name"), "table-cell")
                with self._inside(around._replace(ground=shade or own)):
                    lines = list(self._blocks(cell))
                yield from (one for one in lines if isinstance(one, Hidden))
                said = " ".join(" ".join(one for one in lines if isinstance(one, str)).split())
                cells += [said] * (_repeated(cell, "columns") if said else 1)
            if any(cells):
                yield from ["\t".join(cells)] * _repeated(row, "rows")

    def _drawing(self, shape: Any, ground: str | None = None, *, is_gone: bool = False) -> Iterator[Line]:
        """The words of a frame, a shape or a group. `ground`: behind its letters, if that is known by its place."""
        if shape.get(f"{_SHOW}placeholder") == "true":
            return
        style = shape.get(f"{_DRAW}style-name")
        is_gone = is_gone or self._around.is_hidden or shape.get(f"{_DRAW}display") in _OUT_OF_SIGHT
        is_gone = is_gone or self._is_beside_page(shape)
        own = self._styles.fill(style) if ground is None and shape.tag != f"{_DRAW}g" else ground
        around = self._around._replace(is_hidden=is_gone, ground=own or self._around.ground)
        with self._inside(around):
            lines = list(self._content_of(shape))
        yield from lines

    def _is_beside_page(self, shape: Any) -> bool:
        """Whether a shape is far off the page, whatever its anchor."""
        return any(abs(_inches(shape.get(f"{_SVG}{side}", ""))) >= _FAR_OFF for side in "xy")

    def _control(self, control: Any) -> Iterator[Line]:
        """What a field of a form shows: its tick and label, its choices or its text."""
        kind = control.tag.removeprefix(_FORM)
        said = control.get(f"{_FORM}label", "")
        if kind in ("checkbox", "radio"):
            state = _now(control, "state") or _now(control, "selected")
            said = f"{CHECKED if state in ('checked', 'true') else UNCHECKED} {said}"
        elif kind == "listbox":
            chosen = [one for one in control.iter(f"{_FORM}option") if _now(one, "selected") == "true"]
            said = ", ".join(one.get(f"{_FORM}label", "") for one in chosen)
        elif kind not in ("password", "hidden", "file", "button", "image"):
            said = _now(control, "value") or said
        if said.strip():
            yield Hidden(said) if self._around.is_hidden else said

    def _content_of(self, shape: Any) -> Iterator[Line]:
        if shape.tag == f"{_DRAW}control":
            control = self._controls.get(shape.get(f"{_DRAW}control", ""))
            yield from () if control is None else self._control(control)
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
            data = _within(content) or self._package.data(content.get(f"{_XLINK}href", "").removeprefix("./"))
            if data is not None:
                yield Picture(data, is_large)
            elif is_large:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a picture that is not in the file"))
        elif content.tag in (f"{_DRAW}object", f"{_DRAW}object-ole"):
            yield from self._object(content)
        elif content.tag == f"{_TABLE}table":
            yield from self._rows(content)
        else:
            yield from self._blocks(content)

    def _object(self, content: Any) -> Iterator[Line]:
        """The text of a chart or another document inside this one."""
        reference = content.get(f"{_XLINK}href", "").removeprefix("./")
        root = self._package.part(f"{reference}/content.xml") if reference else next(iter(content), None)
        body = None if root is None else root.find(f"{_OFFICE}body")
        if body is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
        else:
            yield from self._blocks(body)

    # ── Sheets ────────────────────────────────────────────────────────────────────────────────────────────────────

    def sheet_lines(self) -> Iterator[Line]:
        yield from self._margins("header", is_sheet=True)
        for index, sheet in enumerate(self._body.iterfind(f"{_TABLE}table")):
            style = sheet.get(f"{_TABLE}style-name")
            is_hidden = self._styles.value("table", style, "table", f"{_TABLE}display") == "false"
            said = " (hidden)" if is_hidden else ""
            yield f"{PAGE_BREAK if index else ''}Sheet: {sheet.get(f'{_TABLE}name', '')}{said}"
            lines = self._sheet(sheet)
            yield from map(_as_hidden, lines) if is_hidden else lines
        yield from self._margins("footer", is_sheet=True)
        self.say_lost()

    def _sheet(self, sheet: Any) -> Iterator[Line]:
        columns: list[_Column] = []
        rules = Areas(self._rules(sheet))
        number = 0
        for column in sheet.iter(f"{_TABLE}table-column"):
            many = min(_whole(column.get(f"{_TABLE}number-columns-repeated"), 1), MOST_COLUMNS - len(columns))
            is_hidden = column.get(f"{_TABLE}visibility", "visible") != "visible"
            columns += [_Column(is_hidden, column.get(_CELL_STYLE))] * many
        for row in _rows_of(sheet):
            shown: list[str] = []
            hidden: list[str] = []
            beside: list[Line] = []
            number += 1
            for cell in row:
                if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                    continue
                column = columns[len(shown)] if len(shown) < len(columns) else _COLUMN
                at = rules.at(number, len(shown) + 1)
                text, others = self._cell(cell, row.get(_CELL_STYLE) or column.style, at)
                beside += others
                many = _whole(cell.get(f"{_TABLE}number-columns-repeated"), 1)
                for _ in range(min(many, _MOST_REPEATED if text else MOST_COLUMNS - len(shown))):
                    is_hidden = len(shown) < len(columns) and columns[len(shown)].is_hidden
                    hidden += [text] if is_hidden and text else []
                    shown.append("" if is_hidden else text)
            while shown and not shown[-1]:
                shown.pop()
            line = "\t".join(shown)
            number += _whole(row.get(f"{_TABLE}number-rows-repeated"), 1) - 1
            if row.get(f"{_TABLE}visibility", "visible") != "visible" or self._is_low(row):
                hidden, line = [line, *hidden], ""
                beside = [_as_hidden(one) for one in beside]
            if any(hidden):
                yield Hidden("\t".join(filter(None, hidden)))
            repeated = min(_whole(row.get(f"{_TABLE}number-rows-repeated"), 1), _MOST_REPEATED)
            yield from [line] * repeated if line else []
            yield from beside
        for shapes in sheet.iterfind(f"{_TABLE}shapes"):
            yield from self._blocks(shapes)

    def _is_low(self, row: Any) -> bool:
        style = row.get(f"{_TABLE}style-name")
        height = _inches(self._styles.value("table-row", style, "table-row", f"{_STYLE}row-height") or "")
        grows = self._styles.value("table-row", style, "table-row", f"{_STYLE}use-optimal-row-height")
        return 0 < height < _LOW and grows != "true"

    def _rules(self, sheet: Any) -> Iterator[tuple[Area, Rule]]:
        """The conditions under which cells of a sheet have another style."""
        for form in sheet.iter(f"{_CALC}conditional-format"):
            named = " ".join(one.rpartition(".")[2] for one in form.get(f"{_CALC}target-range-address", "").split(":"))
            covered = list(areas(named.replace(" ", ":")))
            for priority, one in enumerate(form.iterchildren(f"{_CALC}condition")):
                rule = self._rule(one.get(f"{_CALC}value", ""), one.get(f"{_CALC}apply-style-name", ""), priority)
                yield from ((area, rule) for area in covered)

    def _rule(self, condition: str, style: str, priority: int) -> Rule:
        """A condition, which compares the cell's content or asks for a formula, and the style that it gives."""
        look = self._styles.look("table-cell", style, _PLAIN._replace(ground=""))
        ground = self._styles.ground("table-cell", style, "table-cell")
        change = Look(look.ink, ground or look.ground or None)
        found = _CONDITION.fullmatch(condition.strip())
        if found is None:
            compared = condition.replace("cell-content()", "").strip()
            return Rule("expression", priority, change, formulas=(f"A1{compared}",), stops=True)
        kind = _KINDS.get(found[1])
        if kind is not None:
            return Rule(kind, priority, change, text=found[2].strip().strip('"'), stops=True)
        return Rule("expression", priority, change, formulas=(found[2].replace("==", "="),), stops=True)

    def _seen(self, cell: Any, style: str | None, at: list[tuple[Area, Rule]]) -> _Look:
        """How the letters of a cell are shown by its style and its conditions."""
        own = self._styles.ground("table-cell", style, "table-cell")
        look = self._styles.look("table-cell", style, self._around)
        look = look._replace(ground=own or look.ground)
        changes = ((Area(1, 1, 1, 1), self._rule(*one, index)) for index, one in enumerate(self._styles.changes(style)))
        rules = [*((Area(1, 1, 1, 1), rule) for _, rule in at), *changes]
        if not rules:
            return look
        said: Value = "".join(cell.itertext())
        with suppress(ValueError):
            said = float(cell.get(f"{_OFFICE}value", ""))
        sure, unsure = looked_up(rules, said, 1, 1)
        looks = [
            look._replace(ink=one.ink or look.ink, ground=one.ground or look.ground)
            for one in (change.over(sure) for change in (Look(), *unsure))
        ]
        if any(one.is_unseen != looks[0].is_unseen for one in looks):
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a rule that may hide a cell"))
            return look._replace(ink=None)
        return looks[0]

    def _cell(self, cell: Any, style: str | None, at: list[tuple[Area, Rule]]) -> tuple[str, list[Line]]:
        """The text of a cell, and what is hidden in it or lies over it; `style`: of its row or column; `at`: the rules
        for it. A whole date is ISO 8601, which means the same in every country."""
        date = cell.get(f"{_OFFICE}date-value", "")
        look = self._seen(cell, cell.get(f"{_TABLE}style-name") or style, at)
        is_gone = look.is_hidden or cell.tag == f"{_TABLE}covered-table-cell"
        with self._inside(look._replace(is_hidden=is_gone)):
            paragraphs = [one for one in cell if one.tag in _PARAGRAPHS] or _stated(cell)
            lines = [line for one in paragraphs for line in self._paragraph(one)]
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
            lines += [*self._declared(slide), *self._on_slide(slide)]
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
            text = as_seen(text.replace(PAGE_BREAK, ""))
            yield Page(number, text, remarks=tuple(self.remarks), hidden=hidden, struck=struck, pictures=pictures)

    def _declared(self, slide: Any) -> Iterator[str]:
        """The header, footer and fixed date of a slide, which its master places."""
        for kind in ("header", "footer", "date-time"):
            style, name = slide.get(f"{_DRAW}style-name"), slide.get(f"{_SHOW}use-{kind}-name")
            shows = self._styles.value("drawing-page", style, "drawing-page", f"{_SHOW}display-{kind}") != "false"
            for one in self._body.iterfind(f"{_SHOW}{kind}-decl") if shows and name else ():
                if one.get(f"{_SHOW}name") == name and (one.text or "").strip():
                    yield one.text.strip()

    def _on_slide(self, slide: Any) -> Iterator[Line]:
        """The shapes of a slide, by their places on it."""
        shown = list(_ungrouped(slide))
        placed = [self._placed(one) for one in shown]
        known = [one for one in placed if one is not None]
        paper = self._paper_of(slide)
        for shape, place in zip(shown, placed, strict=True):
            if place is None:
                yield from self._blocks([shape])
                continue
            index = next(index for index, one in enumerate(known) if one is place)
            is_off = self._area is not None and _is_off(place, self._area)
            yield from self._drawing(shape, ground_at(known, index, paper), is_gone=is_off or is_covered(known, index))

    def _placed(self, shape: Any) -> Placed | None:
        """The place of a shape on its slide; None if it is not stated in the usual way."""
        lengths = [shape.get(f"{_SVG}{name}") for name in ("x", "y", "width", "height")]
        if shape.tag == f"{_DRAW}g" or None in lengths or shape.get(f"{_DRAW}transform") is not None:
            return None
        x, y, width, height = (_inches(one or "") for one in lengths)
        style = shape.get(f"{_DRAW}style-name") or shape.get(f"{_SHOW}style-name")
        is_text = shape.tag == f"{_DRAW}frame"
        fill = self._styles.fill(style)
        if is_text and shape.find(f"{_DRAW}image") is not None:
            fill = UNKNOWN
        drawn = [one.get(f"{_DRAW}type") for one in shape.iter(f"{_DRAW}enhanced-geometry")]
        is_square = is_text or shape.tag == f"{_DRAW}rect" or drawn == ["rectangle"]
        is_opaque = fill not in (None, UNKNOWN) and is_square and not self._styles.is_clear(style)
        is_gone = shape.get(f"{_DRAW}display") in _OUT_OF_SIGHT
        return Placed(x, y, x + width, y + height, None if is_gone else fill, is_opaque and not is_gone)

    def _paper_of(self, slide: Any) -> str:
        """The colour of a slide, if neither it nor its master draws anything."""
        name = slide.get(f"{_DRAW}master-page-name")
        masters = [one for one in self._masters if one.get(f"{_STYLE}name") == name]
        fills = (
            self._styles.value("drawing-page", one.get(f"{_DRAW}style-name"), "drawing-page", f"{_DRAW}fill")
            for one in (slide, *masters)
        )
        is_drawn = any(isinstance(one.tag, str) and one.tag.startswith(_DRAW) for master in masters for one in master)
        return UNKNOWN if is_drawn or any(one not in (None, "none") for one in fills) else _PAPER


class _Column(NamedTuple):
    """`style`: of its cells without a style."""

    is_hidden: bool = False
    style: str | None = None


_COLUMN = _Column()


class _Text:
    """A paragraph's text as it grows, and its hidden parts; `ground`: behind its letters."""

    def __init__(self, ground: str) -> None:
        self.ground = ground
        self.hidden: list[str] = []
        self.struck: list[str] = []
        self._parts: list[str] = []
        self._mark = ""

    def add(self, text: str, look: _Look) -> None:
        if not text:
            return
        text = drawn_in(look.font, text)
        if look.is_unseen:
            self.hidden.append(text)
        elif look.is_struck and text.strip():
            self.struck.append(text)
        elif look.rise > 0 or (look.rise < 0 and self._takes_a_subscript()):
            self._mark += text
        else:
            self._end_mark()
            self._parts.append(text)

    def text(self) -> str:
        self._end_mark()
        return "".join(self._parts).strip(" ")

    def _takes_a_subscript(self) -> bool:
        before = "".join(self._parts[-3:])
        return bool(self._mark) or before[-1:].isdigit() or is_lower_half(before)

    def _end_mark(self) -> None:
        if self._mark:
            add_mark(self._parts, self._mark)
            self._mark = ""


def _ungrouped(shapes: Any) -> Iterator[Any]:
    """The shapes of a slide, and those of its groups, whose places count from the slide, too."""
    for one in shapes:
        if one.tag == f"{_DRAW}g" and one.get(f"{_DRAW}display") not in _OUT_OF_SIGHT:
            yield from _ungrouped(one)
        elif isinstance(one.tag, str) and one.tag != f"{_SHOW}notes":
            yield one


def _repeated(element: Any, what: str) -> int:
    """How often a row or a cell stands in a table."""
    return min(_whole(element.get(f"{_TABLE}number-{what}-repeated"), 1), _MOST_REPEATED)


def _is_usual(paragraph: Any) -> bool:
    """Whether a paragraph says no more than a page's number, a sheet's name and the like, with a word before it."""
    own = [text for text in paragraph.xpath(".//text()") if text.is_tail or text.getparent().tag not in _PLACES]
    return re.fullmatch(r"\W*[^\W\d]*\W*", "".join(own)) is not None


def _now(control: Any, name: str) -> str:
    """A property of a form's field as it is now, else as it was at first."""
    return str(control.get(f"{_FORM}current-{name}") or control.get(f"{_FORM}{name}", ""))


def _within(image: Any) -> bytes | None:
    """The file of a picture that is in the text of the XML; None if it is not."""
    with suppress(ValueError):
        return base64.b64decode(image.findtext(f"{_OFFICE}binary-data") or "") or None
    return None


def _stated(cell: Any) -> list[Any]:
    """A paragraph with the value of a cell whose text some programs leave out."""
    kind = cell.get(f"{_OFFICE}value-type", "")
    said = cell.get(_OFFICE + (f"{kind}-value" if kind in _STATED else "value"), "")
    if kind == "percentage":
        with suppress(ValueError):
            said = f"{float(said) * 100:.12g}%"
    elif kind == "currency":
        said = f"{said} {cell.get(f'{_OFFICE}currency', '')}".strip()
    elif kind == "time":
        said = _DURATION.sub(lambda found: ":".join(one.zfill(2) for one in found.groups()), said)
    paragraph = lxml.etree.Element(f"{_TEXT}p")
    paragraph.text = said.upper() if kind == "boolean" else said.replace("T", " ") if kind == "date" else said
    return [paragraph] if said else []


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
    if pattern := form.get(f"{_LOEXT}num-list-format"):
        return _PLACE.sub(lambda found: _numbered(styles, style, int(found[1]), counts), pattern) + " "
    shown = range(max(level - _whole(form.get(f"{_TEXT}display-levels"), 1), 0), level)
    numbers = filter(None, (_numbered(styles, style, at + 1, counts) for at in shown))
    return f"{form.get(f'{_STYLE}num-prefix', '')}{'.'.join(numbers)}{form.get(f'{_STYLE}num-suffix', '')} "


def _numbered(styles: _Styles, style: Any | str | None, level: int, counts: list[int]) -> str:
    """The number of one level of a list; empty if it has none."""
    form = styles.level(style, level)
    kind = "" if form is None else form.get(f"{_STYLE}num-format", "")
    return number_in_words(counts[level - 1], _NUMBERS.get(kind, "decimal")) if kind and level <= len(counts) else ""


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


def _is_section_hidden(section: Any) -> bool:
    """Whether a section is hidden; one with a condition is, unless the file states another result."""
    display = section.get(f"{_TEXT}display", "true")
    is_met: bool = display == "condition" and section.get(f"{_TEXT}is-hidden") != "false"
    return is_met or display == "none"


def _area(roots: Iterable[Any]) -> tuple[float, float] | None:
    """The largest slide in inches; None if no size is stated."""
    found = [one for root in roots for one in root.iter(f"{_STYLE}page-layout-properties")]
    sizes = [tuple(_inches(one.get(f"{_FO}page-{side}", "")) for side in ("width", "height")) for one in found]
    sizes = [one for one in sizes if all(one)]
    return (max(one[0] for one in sizes), max(one[1] for one in sizes)) if sizes else None


def _is_off(place: Placed, area: tuple[float, float]) -> bool:
    """Whether a shape is beside its slide, in inches."""
    return place.left >= area[0] or place.top >= area[1] or place.right <= 0 or place.bottom <= 0


def _colour(said: str | None) -> str | None:
    """A colour in six hexadecimal digits; None for none."""
    digits = (said or "").removeprefix("#").upper()
    return digits if is_colour(digits) else None


def _per_cent(said: str) -> float:
    try:
        return float(said[:-1]) if said.endswith("%") else 100.0
    except ValueError:
        return 100.0


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
