"""How the cells of a workbook are shown: their formats, the colours of their letters and backgrounds, and those of
rules and tables."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from columnist.documents.reading.office.cell_rules import Look
from columnist.documents.reading.office.theme import UNKNOWN, Theme, lighter
from columnist.documents.reading.symbols import is_of_symbols
from columnist.documents.reading.visibility import is_alike, is_colour

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
"""The namespace of a workbook's elements."""
LETTERS, PAPER = "000000", "FFFFFF"
_TINY = 1.0
"""Points: the largest size of letters that nobody can read."""

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
_PALETTE = """000000 FFFFFF FF0000 00FF00 0000FF FFFF00 FF00FF 00FFFF 800000 008000 000080 808000 800080 008080 C0C0C0
    808080 9999FF 993366 FFFFCC CCFFFF 660066 FF8080 0066CC CCCCFF 000080 FF00FF FFFF00 00FFFF 800080 800000 008080
    0000FF 00CCFF CCFFFF CCFFCC FFFF99 99CCFF FF99CC CC99FF FFCC99 3366FF 33CCCC 99CC00 FFCC00 FF9900 FF6600 666699
    969696 003366 339966 003300 333300 993300 993366 333399 333333""".split()
"""Excel's colours by number, from 8 on; 0 to 7 repeat the first eight."""


class Style(NamedTuple):
    """How a cell is shown. `ink`, `ground`: the colours of its letters and its fill, None for the default ones;
    `is_usual`: it has the default font, which the style of a table may change; `is_plain`: its letters show, unless
    something else changes them; `font`: that of symbols, if it has one."""

    code: str
    ink: str | None = None
    ground: str | None = None
    is_tiny: bool = False
    is_struck: bool = False
    is_usual: bool = True
    is_plain: bool = True
    font: str = ""

    @property
    def look(self) -> Look:
        """Its colours."""
        return Look(self.ink, self.ground)


GENERAL = Style("General")


class SheetStyles:
    """The styles of one workbook."""

    def __init__(self, root: Any | None, theme: Theme) -> None:
        self.theme = theme
        own = () if root is None else root.iterfind(f"{S}colors/{S}indexedColors/{S}rgbColor")
        palette = [one.get("rgb", "")[-6:].upper() for one in own]
        self._palette = palette if len(palette) >= 8 + len(_PALETTE) else [*_PALETTE[:8], *_PALETTE]
        self._codes = dict(_BUILT_IN)
        self.cells: list[Style] = []
        self.changes: list[Look] = []
        """The looks that rules and tables give to cells."""
        self.tables: dict[str, dict[str, Look]] = {}
        """The table styles in the file: the look that each gives to each part."""
        if root is not None:
            self._read(root)

    def _read(self, root: Any) -> None:
        self._codes |= {
            _whole(one.get("numFmtId")): one.get("formatCode", "General")
            for one in root.iterfind(f"{S}numFmts/{S}numFmt")
        }
        fonts = list(root.iterfind(f"{S}fonts/{S}font"))
        grounds = [self._ground(fill) for fill in root.iterfind(f"{S}fills/{S}fill")]
        inks = [self.ink(font) for font in fonts]
        for form in root.iterfind(f"{S}cellXfs/{S}xf"):
            font, fill = _whole(form.get("fontId")), _whole(form.get("fillId"))
            ink, ground = (inks[font] if font < len(inks) else None), (grounds[fill] if fill < len(grounds) else None)
            has_font = font < len(fonts)
            code = self._codes.get(_whole(form.get("numFmtId")), "General")
            small = has_font and is_tiny(fonts[font])
            self.cells.append(
                Style(
                    code,
                    ink,
                    ground,
                    small,
                    has_font and is_on(fonts[font].find(f"{S}strike")),
                    font == 0,
                    not small and "[" not in code and not is_alike(ink or LETTERS, ground or PAPER),
                    name if has_font and is_of_symbols(name := font_of(fonts[font])) else "",
                )
            )
        self.changes = [self.change(one) for one in root.iterfind(f"{S}dxfs/{S}dxf")]
        for style in root.iterfind(f"{S}tableStyles/{S}tableStyle"):
            parts = self.tables.setdefault(style.get("name", ""), {})
            for part in style.iterfind(f"{S}tableStyleElement"):
                index = _whole(part.get("dxfId"))
                if part.get("dxfId") is not None and index < len(self.changes):
                    parts[part.get("type", "")] = self.changes[index]

    def cell(self, index: str | None) -> Style:
        """A style by its number."""
        number = _whole(index)
        return self.cells[number] if number < len(self.cells) else GENERAL

    def numbered(self, number: int) -> str:
        """A colour of the palette by its number in number formats, from 0."""
        return self._palette[8 + number] if 8 + number < len(self._palette) else UNKNOWN

    def ink(self, font: Any | None) -> str | None:
        """The colour that a font, or the letters of a run, state."""
        return None if font is None else self.colour(font.find(f"{S}color"))

    def change(self, element: Any) -> Look:
        """The look that a dxf gives to a cell."""
        fill = element.find(f"{S}fill/{S}patternFill")
        ground = None
        if fill is not None and fill.get("patternType") != "none":
            ground = self.colour(fill.find(f"{S}bgColor")) or self.colour(fill.find(f"{S}fgColor"))
        elif element.find(f"{S}fill/{S}gradientFill") is not None:
            ground = UNKNOWN
        form = element.find(f"{S}numFmt")
        return Look(self.ink(element.find(f"{S}font")), ground, None if form is None else form.get("formatCode"))

    def colour(self, element: Any | None) -> str | None:
        """A colour in six hexadecimal digits, `UNKNOWN` if it is not computed; None for the default one."""
        if element is None or element.get("auto") in ("1", "true"):
            return None
        theme, index, digits = (element.get(name) for name in ("theme", "indexed", "rgb"))
        found: str | None = UNKNOWN
        if digits is not None:
            found = digits[-6:].upper()
        elif theme is not None:
            found = self.theme.numbered(_whole(theme))
        elif index is not None:
            number = _whole(index)
            usual = {64: LETTERS, 65: PAPER}.get(number)
            found = usual or (self._palette[number] if number < len(self._palette) else UNKNOWN)
        if found is None or not is_colour(found):
            return UNKNOWN
        try:
            share = float(element.get("tint", "0"))
        except ValueError:
            share = 0.0
        return lighter(found, max(min(share, 1.0), -1.0)) if share else found

    def _ground(self, fill: Any) -> str | None:
        pattern = fill.find(f"{S}patternFill")
        if pattern is None:
            return UNKNOWN if len(fill) else None
        kind = pattern.get("patternType", "none")
        if kind == "none":
            return None
        one, other = (self.colour(pattern.find(f"{S}{name}")) or UNKNOWN for name in ("fgColor", "bgColor"))
        return one if kind == "solid" or one == other else UNKNOWN


def is_on(switch: Any | None) -> bool:
    """Whether an element that is a switch is there and on."""
    return switch is not None and switch.get("val", "1") in ("1", "true")


def font_of(letters: Any | None) -> str:
    """The name of the font of letters."""
    found = None if letters is None else next(letters.iterchildren(f"{S}name", f"{S}rFont"), None)
    return "" if found is None else found.get("val", "")


def is_tiny(font: Any) -> bool:
    """Whether letters are too small to be read."""
    size = font.find(f"{S}sz")
    try:
        return size is not None and float(size.get("val", "11")) <= _TINY
    except ValueError:
        return False


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else 0
