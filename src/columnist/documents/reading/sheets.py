"""XLSX: each sheet begins a page; rows are lines; values are as Excel shows them.

Text that Excel hides (sheets, rows, columns, `;;;`, zeros, white on white) is kept apart as hidden text, and so is
struck-through text.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading import drawn
from columnist.documents.reading.drawn import SMART_ART
from columnist.documents.reading.flowing import PAGE_BREAK, PAGE_CHARACTERS, Hidden, Picture, pages_of
from columnist.documents.reading.number_formats import formatted
from columnist.documents.reading.package import Package, R, opened
from columnist.documents.reading.raised import raised
from columnist.documents.reading.visibility import is_alike, is_white
from columnist.errors import DocumentError

SHEET_CHARACTERS = 4 * PAGE_CHARACTERS
"""Heads the next page of a long sheet."""

MOST_COLUMNS = 16_384

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_VALUES = (f"{_S}v", f"{_S}is")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)[\s/>]")
"""The tags that begin a cell's content: they are counted separately, and must be as many as the cells that were
read."""
_PLACE = re.compile("([A-Z]{1,3})[0-9]+")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MARGIN_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|K[0-9+\-]+|[0-9]+|(.))', re.DOTALL)
_NARROW, _LOW = 0.1, 1.0
"""Characters and points: a smaller column or row is hidden."""

_BUILT_IN: Mapping[int, str] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "$#,##0_);($#,##0)", 6: "$#,##0_);[Red]($#,##0)",
    7: "$#,##0.00_);($#,##0.00)", 8: "$#,##0.00_);[Red]($#,##0.00)", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 27: "yyyy-mm-dd", 30: "m-d-yy", 36: "yyyy-mm-dd",
    37: "#,##0_);(#,##0)", 38: "#,##0_);[Red](#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);[Red](#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', 42: '_($* #,##0_);_($* (#,##0);_($* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)', 44: '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip


def read_xlsx(file: BinaryIO) -> Iterator[Page]:
    """The sheets of a workbook, in order; formulas as their results. Raises DocumentError."""
    with opened(file, "Excel file") as package:
        book = _Book(package)
        yield from pages_of(book.lines(), SHEET_CHARACTERS, book.remarks)


class _Style(NamedTuple):
    """How a cell is shown. `is_pale`: letters that are invisible on white, in a cell without a fill; `is_covered`:
    letters in the colour of the cell's fill."""

    code: str
    is_pale: bool
    is_struck: bool
    is_covered: bool = False


@dataclass(slots=True)
class _View:
    """How a sheet is shown. `is_plain`: the background of its letters is white, except their own fills."""

    is_plain: bool
    has_rules: bool
    shows_zeros: bool = True
    hidden_columns: set[int] = field(default_factory=set)

    def hides(self, cell: Any, column: int) -> bool:
        return column in self.hidden_columns or (not self.shows_zeros and _is_zero(cell))

    def covers(self, style: "_Style") -> bool:
        """Whether letters have the colour of their background. A conditional format may give a cell another one."""
        return (style.is_covered and not self.has_rules) or (style.is_pale and self.is_plain)


class _Rich(NamedTuple):
    """A text, and its struck-through parts."""

    text: str
    struck: str


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str
    is_hidden: bool
    kind: str


class _Book:
    """One workbook on its way to lines."""

    def __init__(self, package: Package) -> None:
        main = package.main()
        if main is not None and main.endswith(".bin"):
            raise DocumentError("The file is an Excel file in binary form (XLSB): save it as XLSX and add it again.")
        root = None if main is None else package.part(main, must_be_whole=True)
        if main is None or root is None:
            raise DocumentError("The Excel file is damaged: it holds no workbook.")
        self._package = package
        self._relations = package.relations(main)
        properties = root.find(f"{_S}workbookPr")
        self._from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._sheets = [
            _Sheet(one.get("name", ""), part, one.get("state", "visible") != "visible", kind)
            for one in root.iter(f"{_S}sheet")
            for kind, part in [self._relations.get(one.get(f"{R}id", ""), ("", ""))]
        ]
        self._styles = self._read_styles()
        self._cells = 0
        self.remarks = package.remarks

    def lines(self) -> Iterator[str | Hidden | Picture]:
        for index, sheet in enumerate(self._sheets):
            hidden = " (hidden)" if sheet.is_hidden else ""
            yield f"{PAGE_BREAK if index else ''}Sheet: {sheet.name}{hidden}"
            for line in self._sheet(sheet):
                if not sheet.is_hidden:
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
        return [] if root is None else [_rich(one) for one in root.iter(f"{_S}si")]

    def _read_styles(self) -> list[_Style]:
        root = self._related("styles")
        if root is None:
            return []
        codes = dict(_BUILT_IN) | {
            _whole(one.get("numFmtId")): one.get("formatCode", "General") for one in root.iter(f"{_S}numFmt")
        }
        pale = [_is_pale(font) for font in root.iterfind(f"{_S}fonts/{_S}font")]
        struck = [_is_on(font.find(f"{_S}strike")) for font in root.iterfind(f"{_S}fonts/{_S}font")]
        filled = [_is_filled(fill) for fill in root.iterfind(f"{_S}fills/{_S}fill")]
        inks = [_colour(font.find(f"{_S}color")) for font in root.iterfind(f"{_S}fonts/{_S}font")]
        grounds = [_ground(fill) for fill in root.iterfind(f"{_S}fills/{_S}fill")]
        styles = []
        for form in root.iterfind(f"{_S}cellXfs/{_S}xf"):
            font, fill = _whole(form.get("fontId")), _whole(form.get("fillId"))
            is_pale = font < len(pale) and pale[font] and not (fill < len(filled) and filled[fill])
            code = codes.get(_whole(form.get("numFmtId")), "General")
            ink, ground = (inks[font] if font < len(inks) else ""), (grounds[fill] if fill < len(grounds) else "")
            is_covered = ink != "" and (ink == ground or is_alike(ink, ground))
            styles.append(_Style(code, is_pale, font < len(struck) and struck[font], is_covered))
        return styles

    def _sheet(self, sheet: _Sheet) -> Iterator[str | Hidden | Picture]:
        related = list(self._package.relations(sheet.part).values())
        if self._package.data(sheet.part) is None:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail=f"sheet {sheet.name}, which is missing"))
        elif sheet.kind == "worksheet":
            margins = [
                one for root in self._package.elements(sheet.part, f"{_S}headerFooter") for one in _margins(root)
            ]
            yield from margins[::2]
            # The letters of a table have the background of its style, and a conditional format may colour any cell.
            is_plain = not any(kind == "table" for kind, _ in related)
            yield from self._rows(sheet, is_plain)
            lost = len(_VALUE.findall(self._package.data(sheet.part) or b"")) - self._cells
            if lost > 0:
                self.remarks.append(Remark(RemarkKind.LOST, lost, detail=f"cells of {sheet.name}"))
            self._cells = 0
            yield from margins[1::2]
        elif sheet.kind != "chartsheet":
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail=f"sheet {sheet.name}"))
        for kind, part in related:
            if kind == "drawing":
                yield from self._drawing(part)
            elif kind in ("oleObject", "package"):
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
            elif kind == "comments":
                yield from self._notes(part)

    def _rows(self, sheet: _Sheet, is_plain: bool) -> Iterator[str | Hidden]:
        uncomputed: list[str] = []
        has_rules = next(self._package.elements(sheet.part, f"{_S}conditionalFormatting"), None) is not None
        view = _View(is_plain and not has_rules, has_rules)
        for element in self._package.elements(sheet.part, f"{_S}sheetView", f"{_S}col", f"{_S}row"):
            if element.tag == f"{_S}sheetView":
                view.shows_zeros = view.shows_zeros and element.get("showZeros", "1") in ("1", "true")
            elif element.tag == f"{_S}row":
                yield from self._row(element, view, uncomputed)
            elif _is_out_of_sight(element, "width", _NARROW):
                last = min(_whole(element.get("max")), MOST_COLUMNS)
                view.hidden_columns.update(range(_whole(element.get("min")), last + 1))
        if uncomputed:
            names = ", ".join(uncomputed[:5]) + ("…" if len(uncomputed) > 5 else "")
            self.remarks.append(Remark(RemarkKind.FORMULA, len(uncomputed), detail=f"{sheet.name}: {names}"))

    def _row(self, row: Any, view: "_View", uncomputed: list[str]) -> Iterator[str | Hidden]:
        shown: list[str] = []
        unseen: list[str] = []
        deleted: list[str] = []
        is_hidden = _is_out_of_sight(row, "ht", _LOW)
        column = 0
        for cell in row.iterchildren(f"{_S}c"):
            column = _column(cell.get("r"), column + 1)
            self._cells += sum(one.tag in _VALUES for one in cell)
            style = self._styles[_whole(cell.get("s"))] if _whole(cell.get("s")) < len(self._styles) else _GENERAL
            (text, struck), is_uncomputed = self._value(cell, style.code)
            if style.is_struck:
                text, struck = "", text or struck
            if is_uncomputed:
                uncomputed.append(cell.get("r", ""))
            deleted += [struck] if struck else []
            if not text:
                raw = _raw(cell)
                unseen += [raw] if raw and not struck and style.code != "General" else []
            elif is_hidden or view.hides(cell, column) or view.covers(style):
                unseen.append(text)
            else:
                shown += [""] * (column - 1 - len(shown))
                shown.append(text)
        if unseen:
            yield Hidden("\t".join(unseen))
        if deleted:
            yield Hidden("\t".join(deleted), is_struck=True)
        if shown:
            yield "\t".join(shown)

    def _value(self, cell: Any, code: str) -> tuple[_Rich, bool]:
        """The text of a cell, and whether that is a formula without a result in the file."""
        kind = cell.get("t", "n")
        found = cell.find(f"{_S}v")
        raw = "" if found is None else found.text or ""
        formula = cell.find(f"{_S}f")
        if kind == "inlineStr":
            inline = cell.find(f"{_S}is")
            return (_shown(_rich(inline), code) if inline is not None else _NOTHING), False
        if not raw and formula is not None and not (kind == "str" and found is not None):
            own = formula.text or f"the formula of its group {formula.get('ref', '')}".strip()
            return _Rich(f"={own}", ""), True
        if not raw:
            return _NOTHING, False
        if kind == "s":
            index = _whole(raw)
            return (_shown(self._strings[index], code) if index < len(self._strings) else _NOTHING), False
        if kind == "b":
            raw = "TRUE" if raw.strip() in ("1", "true") else "FALSE"
        elif kind == "d":
            raw = raw.replace("T00:00:00", "").replace("T", " ").removesuffix("Z")
        elif kind == "n":
            with suppress(ValueError, ArithmeticError):
                raw = formatted(float(raw), code, from_1904=self._from_1904)
        elif kind == "str":
            raw = formatted(_unescaped(raw), code)
        return _Rich(raw, ""), False

    def _drawing(self, part: str) -> Iterator[str | Picture]:
        root = self._package.part(part)
        if root is None:
            return
        yield from drawn.paragraphs(root)
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
            found = self._package.part(name) if name else None
            if found is None:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a chart" if is_chart else "SmartArt"))
            else:
                yield from drawn.chart_lines(found) if is_chart else drawn.paragraphs(found)

    def _notes(self, part: str) -> Iterator[str | Hidden]:
        root = self._package.part(part)
        for note in () if root is None else root.iter(f"{_S}comment"):
            said = _rich(note)
            if text := " ".join(said.text.split()):
                yield f"Note on {note.get('ref', '')}: {text}"
            if said.struck:
                yield Hidden(said.struck, is_struck=True)


_GENERAL = _Style("General", is_pale=False, is_struck=False)
_NOTHING = _Rich("", "")


def _shown(rich: _Rich, code: str) -> _Rich:
    return _Rich(formatted(rich.text, code) if rich.text or not rich.struck else "", rich.struck)


def _is_on(switch: Any | None) -> bool:
    return switch is not None and switch.get("val", "1") in ("1", "true")


def _is_zero(cell: Any) -> bool:
    """Whether a cell's value is the number zero."""
    try:
        return cell.get("t", "n") == "n" and float(_raw(cell)) == 0
    except ValueError:
        return False


def _raw(cell: Any) -> str:
    found = cell.find(f"{_S}v")
    return "" if found is None else (found.text or "").strip()


def _rich(element: Any) -> _Rich:
    """The text of runs, without the reading aids of Japanese; superscripts are kept apart from numbers."""
    text = struck = ""
    for run in element.iter(f"{_S}t"):
        parent = run.getparent()
        if parent.tag == f"{_S}rPh":
            continue
        place = parent.find(f"{_S}rPr/{_S}vertAlign") if parent.tag == f"{_S}r" else None
        own = _unescaped(run.text or "")
        if parent.tag == f"{_S}r" and _is_on(parent.find(f"{_S}rPr/{_S}strike")) and own.strip():
            struck += own
            continue
        is_raised = place is not None and place.get("val") == "superscript"
        text += raised(text, own) if is_raised else own
    return _Rich(text, struck.strip())


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _margins(root: Any) -> Iterator[str]:
    """Headers and footers in turn, without their codes, each "" if there is none."""
    for name in ("Header", "Footer"):
        texts = [root.findtext(f"{_S}{kind}{name}") or "" for kind in ("odd", "even", "first")]
        lines = dict.fromkeys(" ".join(_MARGIN_CODE.sub(_margin_text, text).split()) for text in texts)
        yield "\n".join(line for line in lines if line)


def _margin_text(match: re.Match[str]) -> str:
    return "&" if match[1] == "&" else "\t" if (match[1] or "") in ("L", "C", "R") else ""


def _is_out_of_sight(element: Any, size: str, least: float) -> bool:
    """Whether a row or column is hidden, or too small to be seen."""
    if element.get("hidden") in ("1", "true"):
        return True
    try:
        return float(element.get(size, "9")) < least
    except ValueError:
        return False


def _is_pale(font: Any) -> bool:
    color = font.find(f"{_S}color")
    size = font.find(f"{_S}sz")
    if size is not None and size.get("val") in ("0", "0.5", "1"):
        return True
    if color is None:
        return False
    if color.get("theme") == "0" and color.get("tint") is None:
        return True
    if color.get("theme") is not None and color.get("tint", "").startswith(("1", "0.98", "0.99")):
        return True  # the lightest possible tint
    return color.get("indexed") in ("1", "9") or is_white(color.get("rgb", "")[-6:])


def _colour(color: Any) -> str:
    """A colour in six hexadecimal digits if the file has them, else its number; empty for the default colour."""
    if color is None:
        return ""
    if (digits := color.get("rgb")) is not None:
        return str(digits)[-6:].upper()
    return " ".join(f"{name} {color.get(name)}" for name in ("theme", "indexed", "tint") if color.get(name) is not None)


def _ground(fill: Any) -> str:
    """The colour of a solid fill; empty for any other fill."""
    pattern = fill.find(f"{_S}patternFill")
    return "" if pattern is None or pattern.get("patternType") != "solid" else _colour(pattern.find(f"{_S}fgColor"))


def _is_filled(fill: Any) -> bool:
    pattern = fill.find(f"{_S}patternFill")
    return len(fill) > 0 and (pattern is None or pattern.get("patternType", "none") != "none")


def _column(place: str | None, otherwise: int) -> int:
    """The number of a cell's column, from 1."""
    match = _PLACE.fullmatch(place or "")
    if match is None:
        return otherwise
    number = 0
    for letter in match[1]:
        number = 26 * number + ord(letter) - 64
    return min(number, MOST_COLUMNS)


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0
