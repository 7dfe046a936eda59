"""XLSX: each sheet begins a page; rows are lines; values are as Excel shows them.

Text that Excel hides (sheets, rows, columns, `;;;`, zeros, white on white) is kept apart as hidden text, and so is
struck-through text.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from typing import Any, BinaryIO, NamedTuple

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.flowing import PAGE_BREAK, PAGE_CHARACTERS, Hidden, Picture, pages_of
from columnist.documents.reading.office import drawn, letters
from columnist.documents.reading.office.cell_rules import (
    Area,
    Areas,
    Look,
    Rule,
    Value,
    areas,
    column_number,
    looked_up,
    read_rules,
)
from columnist.documents.reading.office.drawn import SMART_ART
from columnist.documents.reading.office.number_formats import colour, formatted
from columnist.documents.reading.office.package import Package, R, opened
from columnist.documents.reading.office.sheet_styles import (
    LETTERS,
    PAPER,
    S,
    SheetStyles,
    Style,
    font_of,
    is_on,
    is_tiny,
)
from columnist.documents.reading.office.theme import UNKNOWN, A, Theme
from columnist.documents.reading.pictures.pages import is_opaque_picture
from columnist.documents.reading.raised import add_mark, is_lower_half
from columnist.documents.reading.symbols import CHECKED, UNCHECKED, drawn_in
from columnist.documents.reading.visibility import is_alike, is_white
from columnist.errors import DocumentError

SHEET_CHARACTERS = 4 * PAGE_CHARACTERS
"""Heads the next page of a long sheet."""

MOST_COLUMNS = 16_384

_BLIP = f"{A}blip"
_VALUES = (f"{S}v", f"{S}is")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)[\s/>]")
"""The tags that begin a cell's content: they are counted separately, and must be as many as the cells that were
read."""
_ROW = re.compile(rb"<(?:\w+:)?row\s(?:[^>]*?\s)?r=[\"'](\d{1,9})[\"']")
_PLACE = re.compile("([A-Z]{1,3})[0-9]+")
_NUMBER = re.compile("[0-9]{1,9}")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MARGIN_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|K[0-9+\-]+|[0-9]+|(.))', re.DOTALL)
_NARROW, _LOW = 0.1, 3.5
"""Characters and points: a column or row that is smaller is hidden."""
_RULES = re.compile(rb"<(?:\w+:)?(?:conditionalFormatting|mergeCell)[\s/>]")
_HEADERS = re.compile(rb"<(?:\w+:)?headerFooter[\s/>]")
_IN_ORDER = ("sheetView", "sheetFormatPr", "col", "row")
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


def read_xlsx(file: BinaryIO) -> Iterator[Page]:
    """The sheets of a workbook, in order; formulas as their results. Raises DocumentError."""
    with opened(file, "Excel file") as package:
        book = _Book(package)
        yield from pages_of(book.lines(), SHEET_CHARACTERS, book.remarks)


@dataclass(slots=True)
class _View:
    """How a sheet is shown, and the properties of its areas: rules, merged cells, tables, and shapes over it."""

    rules: Areas[Rule]
    merged: Areas[None]
    tables: Areas["_Table"]
    covers: Areas[None]
    has_areas: bool
    row_is_low: bool = False
    shows_zeros: bool = True
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def may_hide(self) -> bool:
        return self.has_areas or not self.shows_zeros or bool(self.hidden_columns)

    def hides(self, cell: Any, row: int, column: int) -> bool:
        if column in self.hidden_columns or (not self.shows_zeros and _is_zero(cell)):
            return True
        if not self.has_areas:
            return False
        is_merged = any((row, column) != (area.top, area.left) for area, _ in self.merged.at(row, column))
        return is_merged or bool(self.covers.at(row, column))


@dataclass(frozen=True, slots=True)
class _Table:
    """A table in a sheet. `parts`: the look that its style gives to each part; None if the style is not in the file."""

    parts: Mapping[str, Look] | None
    headers: int
    totals: int

    def look(self, area: Area, row: int, column: int) -> Look:
        """The look that its style gives to a cell."""
        if self.parts is None:
            return Look(ground=UNKNOWN)
        is_header, is_total = row < area.top + self.headers, row > area.bottom - self.totals
        found = Look()
        for name, holds in (
            ("headerRow", is_header),
            ("totalRow", is_total),
            ("firstColumn", column == area.left),
            ("lastColumn", column == area.right),
            ("firstRowStripe", not is_header and not is_total and (row - area.top - self.headers) % 2 == 0),
            ("secondRowStripe", not is_header and not is_total and (row - area.top - self.headers) % 2 == 1),
            ("wholeTable", True),
        ):
            if holds and name in self.parts:
                found = found.over(self.parts[name])
        return found


class _Run(NamedTuple):
    """Letters of a cell with their own look."""

    text: str
    ink: str | None
    is_tiny: bool


class _Rich(NamedTuple):
    """A text, and its struck-through parts. `runs`: its parts, if one of them is coloured or tiny."""

    text: str
    struck: str
    runs: tuple[_Run, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str
    is_hidden: bool
    kind: str


class _Book:
    """Turns one workbook into lines."""

    def __init__(self, package: Package) -> None:
        main = package.main()
        if main is not None and main.endswith(".bin"):
            raise DocumentError("The file is an Excel file in binary form (XLSB): save it as XLSX and add it again.")
        root = None if main is None else package.part(main, is_main=True)
        if main is None or root is None:
            raise DocumentError("The Excel file is damaged: it holds no workbook.")
        self._package = package
        self._relations = package.relations(main)
        properties = root.find(f"{S}workbookPr")
        self._from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._sheets = [
            _Sheet(one.get("name", ""), part, one.get("state", "visible") != "visible", kind)
            for one in root.iter(f"{S}sheet")
            for kind, part in [self._relations.get(one.get(f"{R}id", ""), ("", ""))]
        ]
        theme = self._related("theme")
        self._styles = SheetStyles(self._related("styles"), Theme(theme))
        view = root.find(f"{S}bookViews/{S}workbookView")
        self._is_hidden = view is not None and view.get("visibility", "visible") != "visible"
        self._unsure: list[str] = []
        self._harmful: dict[tuple[Any, ...], bool] = {}
        self._cells = 0
        self._has_rich_values = False
        self._shown_pictures: set[str] = set()
        self.remarks = package.remarks

    def lines(self) -> Iterator[str | Hidden | Picture]:
        for index, sheet in enumerate(self._sheets):
            is_hidden = sheet.is_hidden or self._is_hidden
            hidden = " (hidden)" if is_hidden else ""
            yield f"{PAGE_BREAK if index else ''}Sheet: {sheet.name}{hidden}"
            for line in self._sheet(sheet):
                if not is_hidden:
                    yield line
                elif not isinstance(line, Picture):
                    yield Hidden(line) if isinstance(line, str) else line
        self._package.say_unread()

    def _related(self, kind: str) -> Any | None:
        name = next((part for found, part in self._relations.values() if found == kind), None)
        return None if name is None else self._package.part(name)

    @cached_property
    def _strings(self) -> list[_Rich]:
        root = self._related("sharedStrings")
        return [] if root is None else [self._rich(one) for one in root.iter(f"{S}si")]

    def _sheet(self, sheet: _Sheet) -> Iterator[str | Hidden | Picture]:
        related = list(self._package.relations(sheet.part).values())
        if self._package.data(sheet.part) is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail=f"sheet {sheet.name}, which is missing"))
        elif sheet.kind == "worksheet":
            has_margins = _HEADERS.search(self._package.data(sheet.part) or b"")
            roots = self._package.elements(sheet.part, f"{S}headerFooter") if has_margins else ()
            margins = [one for root in roots for one in _margins(root)]
            yield from (line for lines in margins[::2] for line in lines)
            yield from self._rows(sheet, self._view(sheet, related))
            lost = len(_VALUE.findall(self._package.data(sheet.part) or b"")) - self._cells
            if lost > 0:
                self.remarks.append(Remark(RemarkKind.LOST, lost, detail=f"cells of {sheet.name}"))
            self._cells = 0
            yield from (line for lines in margins[1::2] for line in lines)
        elif sheet.kind != "chartsheet":
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail=f"sheet {sheet.name}"))
        has_controls = any(kind == "ctrlProp" for kind, _ in related)
        drawings = [part for kind, part in related if kind == "drawing"]
        controls = list(self._controls(sheet, drawings)) if has_controls else []
        for kind, part in related:
            if kind == "drawing":
                # The shapes that stand for controls are hidden, because Excel draws the controls.
                labels = {label for label, _ in controls}
                yield from (one for one in self._drawing(part) if not (isinstance(one, Hidden) and one.text in labels))
            elif kind in ("oleObject", "package", "control"):
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
            elif kind == "comments":
                yield from self._notes(part)
        yield from (line for _, line in controls)
        if self._has_rich_values:
            yield from self._pictures_in_cells()

    def _view(self, sheet: _Sheet, related: list[tuple[str, str]]) -> _View:
        rules: list[tuple[Area, Rule]] = []
        merged: list[tuple[Area, None]] = []
        names = (f"{{*}}{name}" for name in ("conditionalFormatting", "mergeCell"))
        is_told = _RULES.search(self._package.data(sheet.part) or b"")
        for element in self._package.elements(sheet.part, *names) if is_told else ():
            if element.tag.endswith("}mergeCell"):
                merged += ((area, None) for area in areas(element.get("ref", "")))
            else:
                rules += read_rules(element, self._look_of)
        tables = [one for kind, part in related if kind == "table" for one in self._table(part)]
        covers = [(one, None) for kind, part in related if kind == "drawing" for one in self._covered(part)]
        has_areas = bool(rules or merged or tables or covers)
        return _View(Areas(rules), Areas(merged), Areas(tables), Areas(covers), has_areas)

    def _look_of(self, rule: Any) -> Look:
        own = next(rule.iterchildren("{*}dxf"), None)
        if own is not None:
            return self._styles.change(own)
        index = rule.get("dxfId", "")
        known = self._styles.changes
        return known[int(index)] if index.isdecimal() and int(index) < len(known) else Look()

    def _table(self, part: str) -> Iterator[tuple[Area, _Table]]:
        root = self._package.part(part)
        if root is None:
            return
        style = root.find(f"{S}tableStyleInfo")
        name = "" if style is None else style.get("name", "")
        parts = self._styles.tables.get(name) if name else {}
        headers, totals = _whole(root.get("headerRowCount", "1")), _whole(root.get("totalsRowCount"))
        yield from ((area, _Table(parts, headers, totals)) for area in areas(root.get("ref", "")))

    def _covered(self, part: str) -> Iterator[Area]:
        """The cells that are completely under filled shapes or opaque pictures."""
        root = self._package.part(part)
        for anchor in () if root is None else root.iterfind(f"{_XDR}twoCellAnchor"):
            ends = [anchor.find(f"{_XDR}{name}") for name in ("from", "to")]
            shape = next((one for name in ("sp", "pic", "grpSp") for one in anchor.iterchildren(f"{_XDR}{name}")), None)
            if shape is not None and shape.tag == f"{_XDR}grpSp":
                shape = next(filter(_fills, shape.iterchildren(f"{_XDR}sp", f"{_XDR}pic")), None)
            if shape is None or None in ends or letters.is_off(shape) or not self._is_opaque(shape, part):
                continue
            (row, column), (last_row, last_column) = (_corner(end, is_first=end is ends[0]) for end in ends)
            yield Area(row + 1, column + 1, last_row, last_column)

    def _is_opaque(self, shape: Any, part: str) -> bool:
        if shape.tag == f"{_XDR}sp":
            return letters.is_opaque(shape.find(f"{_XDR}spPr"))
        names = (self._package.relations(part).get(one.get(f"{R}embed", ""), ("", "")) for one in shape.iter(_BLIP))
        data = next((found for _, name in names if name and (found := self._package.data(name)) is not None), None)
        return data is not None and is_opaque_picture(data)

    def _rows(self, sheet: _Sheet, view: _View) -> Iterator[str | Hidden]:
        uncomputed: list[str] = []
        self._unsure.clear()
        self._harmful.clear()
        number = 0
        found: list[tuple[int, list[str | Hidden]]] = []
        is_sorted = _are_in_order(self._package.data(sheet.part) or b"")
        for element in self._package.elements(sheet.part, *(f"{S}{name}" for name in _IN_ORDER)):
            if element.tag == f"{S}sheetView":
                view.shows_zeros = view.shows_zeros and element.get("showZeros", "1") in ("1", "true")
            elif element.tag == f"{S}sheetFormatPr":
                is_own = element.get("customHeight") in ("1", "true")
                view.row_is_low = is_own and _is_out_of_sight(element, "defaultRowHeight", _LOW)
                if _is_out_of_sight(element, "defaultColWidth", _NARROW):
                    view.hidden_columns.update(range(1, MOST_COLUMNS + 1))
            elif element.tag == f"{S}row":
                number = _whole(element.get("r")) or number + 1
                lines = self._row(element, number, view, uncomputed)
                if is_sorted:
                    yield from lines
                else:
                    found.append((number, list(lines)))
            else:
                columns = range(_whole(element.get("min")), min(_whole(element.get("max")), MOST_COLUMNS) + 1)
                if _is_out_of_sight(element, "width", _NARROW):
                    view.hidden_columns.update(columns)
                elif element.get("width"):
                    view.hidden_columns.difference_update(columns)
        yield from (line for _, lines in sorted(found, key=itemgetter(0)) for line in lines)
        for kind, cells, what in (
            (RemarkKind.FORMULA, uncomputed, ""),
            (RemarkKind.NOT_READ, self._unsure, "a rule or style of a table that may hide cells of "),
        ):
            if cells:
                names = ", ".join(cells[:5]) + ("…" if len(cells) > 5 else "")
                self.remarks.append(Remark(kind, len(cells), detail=f"{what}{sheet.name}: {names}"))

    def _row(self, row: Any, number: int, view: _View, uncomputed: list[str]) -> Iterator[str | Hidden]:
        shown: list[str] = []
        unseen: list[str] = []
        deleted: list[str] = []
        is_low = view.row_is_low and row.get("ht") is None
        is_hidden = is_low or _is_out_of_sight(row, "ht", _LOW)
        for column, cell in _in_order(row):
            self._cells += sum(one.tag in _VALUES for one in cell)
            self._has_rich_values = self._has_rich_values or cell.get("vm") is not None
            style = self._styles.cell(cell.get("s"))
            rich, is_uncomputed = self._value(cell, style.code)
            text, struck = drawn_in(style.font, rich.text) if style.font else rich.text, rich.struck
            if style.is_struck:
                text, struck = "", text or struck
            if is_uncomputed:
                uncomputed.append(cell.get("r", ""))
            deleted += [struck] if struck else []
            if not text:
                raw = self._plain(cell)
                unseen += [raw] if raw and not struck and style.code != "General" else []
            elif is_hidden or (view.may_hide and view.hides(cell, number, column)):
                unseen.append(text)
            elif style.is_plain and not view.has_areas and not rich.runs:
                shown += [""] * (column - 1 - len(shown))
                shown.append(text)
            else:
                text, hidden = self._seen(cell, rich, style, view, (number, column))
                unseen += [hidden] if hidden else []
                shown += [""] * (column - 1 - len(shown)) if text else []
                shown += [text] if text else []
        if unseen:
            yield Hidden("\t".join(unseen))
        if deleted:
            yield Hidden("\t".join(deleted), is_struck=True)
        if shown:
            yield "\t".join(shown)

    def _seen(self, cell: Any, rich: _Rich, style: Style, view: _View, place: tuple[int, int]) -> tuple[str, str]:
        """The visible and the hidden part of a cell's text, by its colours, sizes and rules."""
        under = style.look
        told = view.tables.at(*place) if view.has_areas else []
        for area, table in told:
            made = table.look(area, *place)
            under = replace(under, ground=under.ground or made.ground)
            under = replace(under, ink=made.ink or under.ink) if style.is_usual else under
        rules = view.rules.at(*place) if view.has_areas else []
        if not told and not rich.runs and style.is_plain and not self._may_hide(style, rules):
            return rich.text, ""
        value = self._typed(cell, rich.text)
        sure, unsure = looked_up(rules, value, *place)
        looks = [one.over(sure).over(under) for one in (Look(), *unsure)]
        runs = rich.runs or (_Run(rich.text, None, style.is_tiny),)
        seen = [[self._shows(run, look, style, value) for run in runs] for look in looks]
        is_pale = is_alike((looks[0].ink or LETTERS), PAPER) and looks[0].ground == UNKNOWN and bool(told)
        if any(one != seen[0] for one in seen) or is_pale:
            self._unsure.append(cell.get("r", ""))
            return rich.text, ""
        text = "".join(run.text for run, shows in zip(runs, seen[0], strict=True) if shows)
        hidden = "".join(run.text for run, shows in zip(runs, seen[0], strict=True) if not shows)
        return (formatted(text, style.code) if rich.runs and text else text), hidden.strip()

    def _may_hide(self, style: Style, rules: list[tuple[Area, Rule]]) -> bool:
        """Whether rules could hide a cell if any of them held."""
        key = (style, *(id(rule) for _, rule in rules))
        if key not in self._harmful:
            looks = [rule.look for _, rule in rules]
            inks = {style.ink or LETTERS, *(one.ink for one in looks if one.ink)}
            grounds = {style.ground or PAPER, *(one.ground for one in looks if one.ground)}
            is_alone = any(one.hides_value or one.code is not None for one in looks)
            self._harmful[key] = is_alone or any(is_alike(one, other) for one in inks for other in grounds)
        return self._harmful[key]

    def _shows(self, run: _Run, look: Look, style: Style, value: Value) -> bool:
        code = style.code if look.code is None else look.code
        if run.is_tiny or look.hides_value or (look.code is not None and not formatted(value, code)):
            return False
        number = colour(value, code) if "[" in code else None
        ink = run.ink or (look.ink if number is None else self._styles.numbered(number))
        return not is_alike(ink or LETTERS, look.ground or PAPER)

    def _typed(self, cell: Any, text: str) -> Value:
        """A cell's value in the form that rules compare."""
        kind, raw = cell.get("t", "n"), _raw(cell)
        if kind == "b":
            return raw.lower() in ("1", "true")
        with suppress(ValueError):
            return float(raw) if kind == "n" else self._plain(cell)
        return text

    def _plain(self, cell: Any) -> str:
        """A cell's value without its format."""
        kind, raw = cell.get("t", "n"), _raw(cell)
        if kind == "s":
            shared = self._shared(raw)
            return "" if shared is None else shared.text
        inline = cell.find(f"{S}is")
        return self._rich(inline).text if kind == "inlineStr" and inline is not None else _unescaped(raw)

    def _shared(self, number: str) -> _Rich | None:
        """The text with this number in the list of texts; None if the file has none."""
        is_known = _NUMBER.fullmatch(number) is not None and int(number) < len(self._strings)
        return self._strings[int(number)] if is_known else None

    def _value(self, cell: Any, code: str) -> tuple[_Rich, bool]:
        """The text of a cell, and whether that is a formula without a result in the file."""
        kind = cell.get("t", "n")
        found = cell.find(f"{S}v")
        raw = "" if found is None else found.text or ""
        formula = cell.find(f"{S}f")
        inline = cell.find(f"{S}is") if kind == "inlineStr" or not raw else None
        if inline is not None:
            return _shown(self._rich(inline), code), False
        if not raw and formula is not None and not (kind == "str" and found is not None):
            own = formula.text or f"the formula of its group {formula.get('ref', '')}".strip()
            return _Rich(f"={own}", ""), True
        if not raw:
            return _NOTHING, False
        if kind == "s":
            shared = self._shared(raw.strip())
            self._cells -= shared is None
            return (_NOTHING if shared is None else _shown(shared, code)), False
        if kind == "b":
            raw = "TRUE" if raw.strip().lower() in ("1", "true") else "FALSE"
        elif kind == "d":
            raw = raw.replace("T00:00:00", "").replace("T", " ").removesuffix("Z")
        elif kind == "n":
            with suppress(ValueError, ArithmeticError):
                raw = formatted(float(raw), code, from_1904=self._from_1904)
        elif kind in ("str", "inlineStr"):
            raw = formatted(_unescaped(raw), code)
        return _Rich(raw, ""), False

    def _rich(self, element: Any) -> _Rich:
        """The text of runs, without the reading aids of Japanese; superscripts apart from numbers."""
        text = struck = ""
        runs: list[_Run] = []
        for run in element.iter(f"{S}t"):
            parent = run.getparent()
            if parent.tag == f"{S}rPh":
                continue
            look = parent.find(f"{S}rPr") if parent.tag == f"{S}r" else None
            own = drawn_in(font_of(look), _unescaped(run.text or ""))
            if look is not None:
                if is_on(look.find(f"{S}strike")) and own.strip():
                    struck += own
                    continue
                place = look.find(f"{S}vertAlign")
                where = None if place is None else place.get("val")
                if where == "superscript" or (where == "subscript" and is_lower_half(text)):
                    parts = [text]
                    add_mark(parts, own)
                    own = "".join(parts)
                    if own.startswith(text):
                        own = own[len(text) :]
                    else:  # the lower half of a fraction changes what is before it
                        text = ""
                        runs.clear()
            text += own
            runs.append(_Run(own, self._styles.ink(look), look is not None and is_tiny(look)))
        has_looks = any(one.ink is not None or one.is_tiny for one in runs)
        return _Rich(text, struck.strip(), tuple(runs) if has_looks else ())

    def _drawing(self, part: str) -> Iterator[str | Hidden | Picture]:
        root = self._package.part(part)
        if root is None:
            return
        is_paper = all(one.ground in (None, PAPER) for one in self._styles.cells)
        for one in letters.paragraphs(root, self._styles.theme, PAPER if is_paper else UNKNOWN):
            yield Hidden(one.text, one.is_struck) if one.is_hidden or one.is_struck else one.text
            if one.is_unsure:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="the ground of white letters in a shape"))
        relations = self._package.relations(part)
        for element in root.iter():
            if element.tag == _BLIP:
                _, name = relations.get(element.get(f"{R}embed", ""), ("", ""))
                data = self._package.data(name) if name else None
                if data is not None:
                    around = next(element.iterancestors("{*}pic"), None)
                    yield Picture(data, around is not None and any(map(drawn.is_large, around.iter("{*}ext"))))
                continue
            is_chart = element.tag.endswith("}chart")
            if not is_chart and element.tag != SMART_ART:
                continue
            _, name = relations.get(element.get(f"{R}id" if is_chart else f"{R}dm", ""), ("", ""))
            if is_chart:
                yield from drawn.chart(self._package, name, in_book=True)
                continue
            found = self._package.part(name) if name else None
            if found is None:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="SmartArt"))
            else:
                yield from drawn.paragraphs(found)

    def _controls(self, sheet: _Sheet, drawings: list[str]) -> Iterator[tuple[str, str]]:
        """The label of each control of a sheet's form, and the same with its tick."""
        roots = [root for part in drawings if (root := self._package.part(part)) is not None]
        shapes = {shape.get("id"): shape for root in roots for shape in root.iter(f"{_XDR}cNvPr")}
        for control in self._package.elements(sheet.part, f"{S}control"):
            _, name = self._package.relations(sheet.part).get(control.get(f"{R}id", ""), ("", ""))
            state = self._package.part(name) if name else None
            kind = "" if state is None else state.get("objectType", "")
            shape = shapes.pop(control.get("shapeId"), None)
            label = "" if shape is None else drawn.written(shape.getparent().getparent().iter(*drawn.PIECES))[0]
            if state is not None and kind in ("CheckBox", "Radio") and shape is not None:
                yield label, f"{CHECKED if state.get('checked') == 'Checked' else UNCHECKED} {label}"
            elif label:
                yield label, label
            if kind in ("Drop", "List"):
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail=f"a choice from a list on {sheet.name}"))

    def _pictures_in_cells(self) -> Iterator[Picture]:
        """The pictures that are values of cells, at the first sheet with such a value."""
        self._has_rich_values = False
        name = next((part for kind, part in self._relations.values() if kind == "richValueRel"), None)
        if name is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="values of linked data types"))
        for _, part in () if name is None else self._package.relations(name).values():
            if part not in self._shown_pictures and (data := self._package.data(part)) is not None:
                self._shown_pictures.add(part)
                yield Picture(data, False)

    def _notes(self, part: str) -> Iterator[str | Hidden]:
        root = self._package.part(part)
        for note in () if root is None else root.iter(f"{S}comment"):
            said = self._rich(note)
            if text := " ".join(said.text.split()):
                yield f"Note on {note.get('ref', '')}: {text}"
            if said.struck:
                yield Hidden(said.struck, is_struck=True)


_NOTHING = _Rich("", "")


def _shown(rich: _Rich, code: str) -> _Rich:
    text = formatted(rich.text, code) if rich.text or not rich.struck else ""
    return rich._replace(text=text)


def _is_zero(cell: Any) -> bool:
    """Whether a cell's value is the number zero."""
    try:
        return cell.get("t", "n") == "n" and float(_raw(cell)) == 0
    except ValueError:
        return False


def _raw(cell: Any) -> str:
    found = cell.find(f"{S}v")
    return "" if found is None else (found.text or "").strip()


def _unescaped(text: str) -> str:
    units = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if units != text else text


def _margins(root: Any) -> Iterator[list[str | Hidden]]:
    """A header and a footer in turn, without their codes."""
    differ = [root.get(f"different{kind}") in ("1", "true") for kind in ("OddEven", "First")]
    kinds = ["odd", *(kind for kind, differs in zip(("even", "first"), differ, strict=True) if differs)]
    for name in ("Header", "Footer"):
        texts = [root.findtext(f"{S}{kind}{name}") or "" for kind in kinds]
        both = [_margin(text) for text in texts]
        shown = dict.fromkeys(" ".join(text.split()) for text, _ in both)
        hidden = dict.fromkeys(" ".join(text.split()) for _, text in both)
        yield [*(Hidden(text) for text in hidden if text), *(["\n".join(filter(None, shown))] if any(shown) else [])]


def _margin(text: str) -> tuple[str, str]:
    """The visible part of a header, and the white or tiny part."""
    shown, hidden, place = "", "", 0
    is_pale = is_small = False
    for match in [*_MARGIN_CODE.finditer(text), None]:
        piece = text[place : None if match is None else match.start()]
        shown, hidden = (shown, hidden + piece) if is_pale or is_small else (shown + piece, hidden)
        if match is None:
            break
        place = match.end()
        code, sign = match[0][1:], match[1] or ""
        if sign in ("L", "C", "R"):
            is_pale = is_small = False
            shown += "\t"
        elif sign == "&" and not (is_pale or is_small):
            shown += "&"
        elif code.startswith("K") and len(code) > 1:
            is_pale = is_white(code[1:]) or code.startswith("K00+")
        elif code.isdecimal():
            is_small = int(code) <= 1
    return shown, hidden


def _fills(shape: Any) -> bool:
    """Whether a shape of a group is as large as the group."""
    group, paths = shape.getparent(), [f"{_XDR}grpSpPr/{A}xfrm/{A}chOff", f"{_XDR}grpSpPr/{A}xfrm/{A}chExt"]
    whole = [dict(one.attrib) for path in paths for one in group.iterfind(path)]
    own = [dict(one.attrib) for name in ("off", "ext") for one in shape.iterfind(f"{_XDR}spPr/{A}xfrm/{A}{name}")]
    return len(whole) == 2 and whole == own


def _corner(end: Any, *, is_first: bool) -> tuple[int, int]:
    """The row and column, from 0, of a shape's start or end: the first that it covers, and the one after the last."""
    found = []
    for name in ("row", "col"):
        is_within = is_first and _whole(end.findtext(f"{_XDR}{name}Off")) > 0
        found.append(_whole(end.findtext(f"{_XDR}{name}")) + is_within)
    return found[0], found[1]


def _is_out_of_sight(element: Any, size: str, least: float) -> bool:
    """Whether a row or column is hidden, or too small to be seen."""
    if element.get("hidden") in ("1", "true"):
        return True
    try:
        return float(element.get(size, "9")) < least
    except ValueError:
        return False


def _are_in_order(sheet: bytes) -> bool:
    """Whether the rows of a sheet come from top to bottom in its file."""
    numbers = list(map(int, _ROW.findall(sheet)))
    return numbers == sorted(numbers)


def _in_order(row: Any) -> list[tuple[int, Any]]:
    """The columns and cells of a row, from the left: some programs write them in another order."""
    column = 0
    found = []
    for cell in row.iterchildren(f"{S}c"):
        column = _column(cell.get("r"), column + 1)
        found.append((column, cell))
    return sorted(found, key=itemgetter(0))


def _column(place: str | None, otherwise: int) -> int:
    """The number of a cell's column, from 1."""
    match = _PLACE.fullmatch(place or "")
    return otherwise if match is None else column_number(match[1])


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0
