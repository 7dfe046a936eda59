"""The surroundings of a paragraph of a DOCX: the background of its letters, and whether its content is invisible."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from columnist.documents.reading.office.styles import Around, Styles, W, is_on, properties_of, value
from columnist.documents.reading.office.theme import UNKNOWN, A, whole
from columnist.documents.reading.visibility import FAR_OFF_POINTS, FLAT_POINTS, is_colour

_TBL, _TR, _TC, _BOX = (f"{W}{name}" for name in ("tbl", "tr", "tc", "txbxContent"))
_WPS = "{http://schemas.microsoft.com/office/word/2010/wordprocessingShape}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_VML = "{urn:schemas-microsoft-com:vml}"
_FILLS = tuple(f"{A}{name}" for name in ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill"))
_TWIP, _EMU = 1 / 20, 1 / 12_700
"""Points."""
_TWIPS = re.compile("-?[0-9]{1,7}")
_STYLE = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]*)", re.IGNORECASE)
_LENGTH = re.compile(r"(-?[0-9]{1,7}(?:\.[0-9]{0,9})?)\s*(pt|in|cm|mm|pc|px|)")
_UNITS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pc": 12.0, "px": 0.75, "": 0.75}
_WIDE_GROUND = 72.0
"""Points: a smaller drawing is no background of a box."""
_PARTS = {
    "firstRow": 0x20,
    "lastRow": 0x40,
    "firstColumn": 0x80,
    "lastColumn": 0x100,
    "noHBand": 0x200,
    "noVBand": 0x400,
}
_HEXADECIMAL = re.compile("[0-9A-Fa-f]{1,4}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper of a section, in points."""

    width: float = 612.0
    height: float = 792.0
    left: float = 72.0
    right: float = 72.0

    def lacks(self, x: float, y: float, width: float, height: float, *, from_edge: bool) -> bool:
        """Whether no part of a rectangle is on the paper; its place may count from a margin or a paragraph."""
        margin = 0.0 if from_edge else self.left
        return x >= self.width or y >= self.height or x + width + margin <= 0 or (from_edge and y + height <= 0)


def sheet_of(section: Any | None) -> Sheet:
    """The paper that a w:sectPr states."""
    size = None if section is None else section.find(f"{W}pgSz")
    margins = None if section is None else section.find(f"{W}pgMar")
    usual = Sheet()
    return Sheet(
        _points(size, "w", usual.width),
        _points(size, "h", usual.height),
        _points(margins, "left", usual.left),
        _points(margins, "right", usual.right),
    )


class Surroundings:
    """The backgrounds and places of one document's paragraphs; `sheet`: the paper of the present section."""

    def __init__(self, styles: Styles, body: Any, *, shows_background: bool) -> None:
        self._styles = styles
        self._body = body
        self._places: dict[Any, tuple[dict[Any, int], int]] = {}
        self._grounds: list[Any] | None = None
        self._paper = self._of_paper(body.getparent().find(f"{W}background")) if shows_background else "FFFFFF"
        self.sheet = Sheet()

    def of(self, paragraph: Any) -> Around:
        """The surroundings of a paragraph: its own shade, cells, tables and shapes, from the inside to the outside."""
        own = list(properties_of(self._styles, paragraph))
        shades = (one.find(f"{W}shd") for one in own)
        ground = self._styles.shade(next((one for one in shades if one is not None), None))
        is_gone = self._is_flat(own) or self._is_off(own)
        tables: list[Any] = []
        cell: Any | None = None
        for above in paragraph.iterancestors():
            if above.tag == _TC:
                cell = above
                ground = ground or self._styles.shade(above.find(f"{W}tcPr/{W}shd"))
            elif above.tag == _TR:
                height = above.find(f"{W}trPr/{W}trHeight")
                is_gone = is_gone or is_on(above.find(f"{W}trPr/{W}hidden")) or _is_exact(height, "hRule", "val")
            elif above.tag == _TBL:
                said = self._of_table(above, cell)
                tables += said
                ground = ground or self._ground_of_table(said)
                is_gone = is_gone or self._is_table_off(above)
            elif above.tag == _BOX:
                ground = ground or self._ground_of_box(above)
            elif not above.tag.startswith(W):
                is_gone = is_gone or self._is_drawn_away(above)
        return Around(ground or self._paper, is_gone, tuple(tables))

    def _of_paper(self, background: Any | None) -> str:
        if background is None:
            return "FFFFFF"
        if len(background):
            return UNKNOWN
        return self._styles.colour_of(background, "color", "theme") or "FFFFFF"

    # ── Paragraphs ────────────────────────────────────────────────────────────────────────────────────────────────

    def _is_flat(self, own: Iterable[Any]) -> bool:
        """Whether a paragraph's lines have no height."""
        spacings = (one.find(f"{W}spacing") for one in own)
        spacing = next((one for one in spacings if one is not None and one.get(f"{W}line") is not None), None)
        return _is_exact(spacing, "lineRule", "line")

    def _is_off(self, own: Iterable[Any]) -> bool:
        """Whether a paragraph, or its frame, begins off the page."""
        sheet = self.sheet
        if sheet.left >= sheet.width or sheet.left <= -sheet.width:
            return True
        for properties in own:
            frame = properties.find(f"{W}framePr")
            if frame is not None and (
                sheet.lacks(_points(frame, "x"), _points(frame, "y"), _points(frame, "w"), 0.0, from_edge=False)
                or _points(frame, "y") <= -sheet.height
            ):
                return True
        sides = {name: self._indent(own, name) for name in ("left", "start", "right", "end", "hanging")}
        begins = sheet.left + (sides["left"] or sides["start"]) - sides["hanging"]
        ends = sheet.right + (sides["right"] or sides["end"])
        alignment = next((found for one in own if (found := value(one, "jc"))), "left")
        is_right = alignment in ("right", "end")
        return begins >= sheet.width or (ends if is_right else begins) <= -FAR_OFF_POINTS

    def _indent(self, own: Iterable[Any], name: str) -> float:
        indents = (one.find(f"{W}ind") for one in own)
        told = next((one for one in indents if one is not None and one.get(f"{W}{name}") is not None), None)
        return _points(told, name)

    # ── Tables ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _of_table(self, table: Any, cell: Any | None) -> list[Any]:
        """The properties that a table's style gives to a cell, the strongest first: for its row and column, then for
        the table."""
        styles = self._styles.chain(value(table.find(f"{W}tblPr"), "tblStyle"))
        if not styles:
            return []
        parts = {(index, one.get(f"{W}type")): one for index, style in enumerate(styles) for one in _conditional(style)}
        kinds = self._kinds(table, cell, styles) if parts and cell is not None else ()
        found = (parts.get((index, kind)) for kind in kinds for index in range(len(styles)))
        return [*(one for one in found if one is not None), *styles]

    def _kinds(self, table: Any, cell: Any, styles: list[Any]) -> Iterator[str]:
        row = next(cell.iterancestors(_TR), None)
        if row is None:
            return
        rows, cells = self._order(table, _TR, _TBL), self._order(row, _TC, _TR)
        at_row, at_cell = rows[0].get(row, 0), cells[0].get(cell, 0)
        look = _look(table.find(f"{W}tblPr/{W}tblLook"))
        is_first_row, is_last_row = at_row == 0 and look["firstRow"], at_row == rows[1] - 1 and look["lastRow"]
        is_first_cell = at_cell == 0 and look["firstColumn"]
        is_last_cell = at_cell == cells[1] - 1 and look["lastColumn"]
        for kind, holds in (
            ("nwCell", is_first_row and is_first_cell),
            ("neCell", is_first_row and is_last_cell),
            ("swCell", is_last_row and is_first_cell),
            ("seCell", is_last_row and is_last_cell),
            ("firstCol", is_first_cell),
            ("lastCol", is_last_cell),
            ("firstRow", is_first_row),
            ("lastRow", is_last_row),
        ):
            if holds:
                yield kind
        for kind, at, is_off, size in (
            ("Horz", at_row - look["firstRow"], look["noHBand"] or is_first_row or is_last_row, "Row"),
            ("Vert", at_cell - look["firstColumn"], look["noVBand"] or is_first_cell or is_last_cell, "Col"),
        ):
            told = (value(one.find(f"{W}tblPr"), f"tblStyle{size}BandSize") for one in styles)
            many = max(whole(next(filter(None, told), "1"), 1), 1)
            if not is_off:
                yield f"band{1 + at // many % 2}{kind}"

    def _order(self, around: Any, tag: str, stop: str) -> tuple[dict[Any, int], int]:
        """The places of rows in their table, or of cells in their row, and their number."""
        if around not in self._places:
            found = [one for one in around.iter(tag) if next(one.iterancestors(stop)) is around]
            self._places[around] = ({one: index for index, one in enumerate(found)}, len(found))
        return self._places[around]

    def _ground_of_table(self, said: Iterable[Any]) -> str | None:
        shades = (one.find(f"{W}{where}/{W}shd") for one in said for where in ("tcPr", "pPr"))
        return next(filter(None, map(self._styles.shade, shades)), None)

    def _is_table_off(self, table: Any) -> bool:
        width = sum(_points(one, "w") for one in table.iterfind(f"{W}tblGrid/{W}gridCol"))
        indent, floats = (table.find(f"{W}tblPr/{W}{name}") for name in ("tblInd", "tblpPr"))
        if floats is None:
            return self.sheet.lacks(_points(indent, "w"), 0, width, 0, from_edge=False)
        from_edge = floats.get(f"{W}horzAnchor") == "page"
        x, y = _points(floats, "tblpX"), _points(floats, "tblpY")
        return (
            self.sheet.lacks(x, y, width, 0, from_edge=False)
            or (from_edge and x + width < 0)
            or y <= -self.sheet.height
        )

    # ── Shapes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ground_of_box(self, box: Any) -> str | None:
        """The fill of the shape around a text box. One without a fill may lie on another drawing."""
        for above in box.iterancestors():
            if above.tag == f"{_WPS}wsp":
                found = self._of_shape(above)
            elif above.tag.startswith(_VML) and above.tag not in (f"{_VML}textbox", f"{_VML}group"):
                found = self._of_vml(above)
            else:
                continue
            return found or (UNKNOWN if any(one is not above for one in self._all_grounds()) else None)
        return UNKNOWN

    def _of_shape(self, shape: Any) -> str | None:
        properties = shape.find(f"{_WPS}spPr")
        if properties is not None:
            if properties.find(f"{A}noFill") is not None:
                return None
            if (fill := properties.find(f"{A}solidFill")) is not None:
                clear = (whole(one.get("val"), 1) for one in fill.iter(f"{A}alpha"))
                return UNKNOWN if any(clear) else self._styles.theme.drawn(fill)
            if any(properties.find(one) is not None for one in _FILLS):
                return UNKNOWN
        named = shape.find(f"{_WPS}style/{A}fillRef")
        if named is None or named.get("idx", "0") == "0":
            return None
        return self._styles.theme.drawn(named) if named.get("idx") == "1" else UNKNOWN

    def _of_vml(self, shape: Any) -> str | None:
        if shape.get("filled", "t").lower() in ("f", "false") or shape.tag == f"{_VML}line":
            return None
        if (fill := shape.find(f"{_VML}fill")) is not None:
            if fill.get("on", "t").lower() in ("f", "false"):
                return None
            if fill.get("type", "solid") != "solid" or fill.get("opacity") is not None:
                return UNKNOWN
        said = shape.get("fillcolor", "white").split(" ")[0].lower().removeprefix("#")
        said = "".join(2 * one for one in said) if len(said) == 3 and is_colour(2 * said) else said
        return {"white": "FFFFFF", "black": "000000"}.get(said, said.upper() if is_colour(said) else UNKNOWN)

    def _all_grounds(self) -> list[Any]:
        """The filled shapes and the pictures of the document that are large enough for a background."""
        if self._grounds is None:
            found = [*self._body.iter(f"{_WPS}wsp", "{*}pic", f"{_VML}shape", f"{_VML}rect", f"{_VML}roundrect")]
            self._grounds = [one for one in found if self._is_ground(one)]
        return self._grounds

    def _is_ground(self, drawn: Any) -> bool:
        if drawn.tag.startswith(_VML):
            sides = _vml(drawn)
            is_wide = min(sides.get("width", 0.0), sides.get("height", 0.0)) >= _WIDE_GROUND
            return is_wide and (drawn.find(f"{_VML}imagedata") is not None or self._of_vml(drawn) is not None)
        extents = [one for one in drawn.iter(f"{A}ext") if one.get("cx") is not None]
        is_wide = any(min(whole(one.get("cx")), whole(one.get("cy"))) * _EMU >= _WIDE_GROUND for one in extents)
        return is_wide and (drawn.tag != f"{_WPS}wsp" or self._of_shape(drawn) is not None)

    def hides(self, drawing: Any) -> bool:
        """Whether a drawing is invisible."""
        return any(self._is_drawn_away(one) for one in drawing.iter() if isinstance(one.tag, str))

    def _is_drawn_away(self, shape: Any) -> bool:
        """Whether a shape is hidden, without room, or off the page."""
        if shape.tag.startswith(_VML):
            return shape.tag != f"{_VML}textbox" and self._is_vml_away(shape)
        if shape.tag in (f"{_WP}anchor", f"{_WP}inline"):
            return self._is_anchored_away(shape)
        named = next((one for one in shape if isinstance(one.tag, str) and one.tag.endswith("}cNvPr")), None)
        return named is not None and named.get("hidden", "0") not in ("0", "false")

    def _is_vml_away(self, shape: Any) -> bool:
        style = dict(_STYLE.findall(shape.get("style", "")))
        if style.get("visibility", "").strip() == "hidden" or style.get("display", "").strip() == "none":
            return True
        if "position" not in style and "margin-left" not in style and "margin-top" not in style and not _vml(shape):
            return False
        sides = _vml(shape)
        text = shape.find(f"{_VML}textbox")
        grows = text is not None and "mso-fit-shape-to-text" in text.get("style", "")
        if not grows and any(side in sides and sides[side] <= FLAT_POINTS for side in ("width", "height")):
            return True
        if shape.getparent().tag == f"{_VML}group":
            return False  # in the group's own units
        x, y = (sides.get(f"margin-{side}", 0.0) + sides.get(side, 0.0) for side in ("left", "top"))
        from_edge = style.get("mso-position-horizontal-relative", "").strip() == "page"
        width, height = sides.get("width", 0.0), sides.get("height", 0.0)
        return self.sheet.lacks(x, y, width, height, from_edge=from_edge) or y + height <= -self.sheet.height

    def _is_anchored_away(self, anchor: Any) -> bool:
        named, extent = anchor.find(f"{_WP}docPr"), anchor.find(f"{_WP}extent")
        if named is not None and named.get("hidden", "0") not in ("0", "false"):
            return True
        width, height = (0.0 if extent is None else whole(extent.get(side)) * _EMU for side in ("cx", "cy"))
        grows = next(anchor.iter(f"{A}spAutoFit"), None) is not None
        if extent is not None and not grows and min(width, height) <= FLAT_POINTS:
            return True
        places = [anchor.find(f"{_WP}position{side}") for side in "HV"]
        x, y = (whole(None if one is None else one.findtext(f"{_WP}posOffset")) * _EMU for one in places)
        from_edge = all(one is not None and one.get("relativeFrom") == "page" for one in places)
        return self.sheet.lacks(x, y, width, height, from_edge=from_edge) or y + height <= -self.sheet.height


def _conditional(style: Any) -> Iterator[Any]:
    return style.iterfind(f"{W}tblStylePr")  # type: ignore[no-any-return]


def _look(element: Any | None) -> dict[str, bool]:
    """The parts of a table's style that its table uses."""
    if element is None:
        return dict.fromkeys(_PARTS, False)
    said = element.get(f"{W}val", "")
    bits = int(said, 16) if _HEXADECIMAL.fullmatch(said) else 0
    own = {name: element.get(f"{W}{name}") for name in _PARTS}
    return {
        name: bool(bits & bit) if own[name] is None else own[name] in ("1", "true", "on")
        for name, bit in _PARTS.items()
    }


def _points(element: Any | None, name: str, otherwise: float = 0.0) -> float:
    found = None if element is None else element.get(f"{W}{name}")
    return int(found) * _TWIP if found is not None and _TWIPS.fullmatch(found) else otherwise


def _is_exact(element: Any | None, rule: str, length: str) -> bool:
    """Whether a height is exact, and shows nothing."""
    if element is None or element.get(f"{W}{rule}") != "exact":
        return False
    return _points(element, length, FLAT_POINTS + 1) <= FLAT_POINTS


def _vml(shape: Any) -> dict[str, float]:
    """The lengths in the style of a shape of VML, in points."""
    found = ((name.lower(), _LENGTH.match(said.strip())) for name, said in _STYLE.findall(shape.get("style", "")))
    return {name: float(match[1]) * _UNITS[match[2]] for name, match in found if match is not None}
