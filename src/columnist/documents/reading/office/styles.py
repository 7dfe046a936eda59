"""The styles of a DOCX: the properties of a paragraph or run, direct or by its styles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from columnist.documents.reading.office.theme import UNKNOWN, Theme, lighter
from columnist.documents.reading.visibility import (
    FAR_UP,
    FLAT_POINTS,
    LEAST_MOVED,
    LEAST_SCALE,
    TINY_HALF_POINTS,
    is_alike,
)

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""The namespace of a DOCX's elements."""

_HIGHLIGHTS = {
    "black": "000000", "white": "FFFFFF", "yellow": "FFFF00", "green": "00FF00", "cyan": "00FFFF", "magenta": "FF00FF",
    "blue": "0000FF", "red": "FF0000", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000",
    "darkMagenta": "800080", "darkRed": "800000", "darkYellow": "808000", "darkGray": "808080", "lightGray": "C0C0C0",
}  # fmt: skip

_MOVED = re.compile("-?[0-9]{1,4}")
_INTEGER = re.compile("-?[0-9]{1,6}")

_OFF = ("0", "false", "off")

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_TEXT_FILL = f"{_W14}textFill"
_SLOTS = {
    "background1": "bg1", "text1": "tx1", "background2": "bg2", "text2": "tx2", "light1": "lt1", "dark1": "dk1",
    "light2": "lt2", "dark2": "dk2", "hyperlink": "hlink", "followedHyperlink": "folHlink",
}  # fmt: skip
_SHARE = re.compile("[0-9A-Fa-f]{2}")
_UPON_EACH_OTHER = -400
"""Spacing in twentieths of a point at which letters lie on the previous ones."""
_CLEAR = 95_000
"""Thousandths of a per cent of transparency at which a fill is invisible."""


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of a paragraph's runs. `ground`: the colour behind them, in hexadecimal digits, or `UNKNOWN`;
    `is_gone`: their content is invisible; `tables`: the properties of table styles there, the strongest first."""

    ground: str
    is_gone: bool = False
    tables: tuple[Any, ...] = ()


class Styles:
    """The styles of one document, by name."""

    def __init__(self, root: Any | None, theme: Theme | None = None) -> None:
        self.theme = theme or Theme(None)
        self._styles: dict[str, Any] = {}
        self._default: str | None = None
        self._told: set[str] = set()
        """The properties of letters that any style sets."""
        self._usual = None if root is None else root.find(f"{W}docDefaults/{W}rPrDefault")
        self._told.update(one.tag for one in self._usual.iterfind(f"{W}rPr/*")) if self._usual is not None else None
        for style in () if root is None else root.iter(f"{W}style"):
            name = style.get(f"{W}styleId", "")
            self._styles[name] = style
            self._told.update(one.tag for letters in style.iter(f"{W}rPr") for one in letters)
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default", "0") not in _OFF:
                self._default = name

    def get(self, name: str | None) -> Any | None:
        """A style by its name."""
        return None if name is None else self._styles.get(name)

    def names(self, paragraph: Any) -> list[str]:
        """The paragraph's style, then the styles that it is based on."""
        return self._chain(value(paragraph.find(f"{W}pPr"), "pStyle") or self._default)

    def chain(self, name: str | None) -> list[Any]:
        """A style, then the styles that it is based on."""
        return [self._styles[one] for one in self._chain(name)]

    def is_hidden(self, run: Any, paragraph: Any, around: Around) -> bool:
        """Whether nobody sees a run: hidden, tiny, without a fill, or of the colour of its ground."""
        if (
            around.is_gone
            or self._is_on(run, paragraph, "vanish", around)
            or self._has_no_letters(run, paragraph, around)
        ):
            return True
        colour = self._colour(run, paragraph, around)
        ground = self._ground(run, paragraph, around)
        return colour is not None and is_alike(colour, ground) and not self._is_outlined(run, paragraph, around, ground)

    def _is_outlined(self, run: Any, paragraph: Any, around: Around, ground: str) -> bool:
        """Whether letters have a line around them that shows."""
        outline = self._told_of(run, paragraph, f"{_W14}textOutline", around)
        line = None if outline is None else outline.find(f"{_W14}solidFill")
        return line is not None and not is_alike(self.theme.drawn(line) or UNKNOWN, ground)

    def _has_no_letters(self, run: Any, paragraph: Any, around: Around) -> bool:
        size, scale, moved, apart = (
            _number(self._property(run, paragraph, name, around)) for name in ("sz", "w", "position", "spacing")
        )
        if (size is not None and size <= TINY_HALF_POINTS) or (scale is not None and scale < LEAST_SCALE):
            return True
        if (moved is not None and abs(moved) >= FAR_UP) or (apart is not None and apart <= _UPON_EACH_OTHER):
            return True
        fitted = _number(value(run.find(f"{W}rPr"), "fitText"))
        if fitted is not None and 0 < fitted <= FLAT_POINTS * 20:
            return True
        fill = self._told_of(run, paragraph, _TEXT_FILL, around)
        if fill is None:
            return False
        clear = (one.get(f"{_W14}val", "") for one in fill.iter(f"{_W14}alpha"))
        return fill.find(f"{_W14}noFill") is not None or any(one.isdecimal() and int(one) >= _CLEAR for one in clear)

    def _colour(self, run: Any, paragraph: Any, around: Around) -> str | None:
        """The colour of letters in hexadecimal digits; None for the default one, which differs from its background."""
        fill = self._told_of(run, paragraph, _TEXT_FILL, around)
        if fill is not None and (plain := fill.find(f"{_W14}solidFill")) is not None:
            return self.theme.drawn(plain)
        told = self._told_of(run, paragraph, f"{W}color", around)
        return None if told is None else self.colour_of(told, "val", "theme")

    def colour_of(self, element: Any, plain: str, themed: str) -> str | None:
        """The colour in an element, by a name of the theme if there is one; None for the default one."""
        name = element.get(f"{W}{themed}Color" if themed == "theme" else f"{W}{themed}")
        found = None if name is None else self.theme.named(_SLOTS.get(name, name))
        if found is None:
            said: str = element.get(f"{W}{plain}", "auto")
            return said if said != "auto" else None
        for change, sign in (("Tint", 1), ("Shade", -1)):
            share = element.get(f"{W}{themed}{change}", "")
            if _SHARE.fullmatch(share):
                found = lighter(found, sign * (1 - int(share, 16) / 255))
        return found

    def shade(self, element: Any | None) -> str | None:
        """The background that a w:shd draws; None if it draws none."""
        kind = "nil" if element is None else element.get(f"{W}val", "clear")
        if element is None or kind == "nil":
            return None
        fill = self.colour_of(element, "fill", "themeFill")
        pattern = self.colour_of(element, "color", "theme") or "000000"
        if kind == "solid":
            return pattern
        return fill if kind == "clear" or fill == pattern else UNKNOWN

    def _ground(self, run: Any, paragraph: Any, around: Around) -> str:
        """The colour behind a run: its own highlight or shade, else that of its surroundings."""
        marked = self._property(run, paragraph, "highlight", around)
        shaded = self.shade(self._told_of(run, paragraph, f"{W}shd", around))
        return _HIGHLIGHTS.get(marked or "") or shaded or around.ground

    def is_struck(self, run: Any, paragraph: Any) -> bool:
        """Whether a run is struck through."""
        return self._is_on(run, paragraph, "strike") or self._is_on(run, paragraph, "dstrike")

    def _is_on(self, run: Any, paragraph: Any, switch: str, around: Around | None = None) -> bool:
        own = run.find(f"{W}rPr")
        direct = None if own is None else own.find(f"{W}{switch}")
        if direct is not None:
            return is_on(direct)
        # A toggle that two kinds of styles set is off again.
        if f"{W}{switch}" not in self._told:
            return False
        kinds = [self.chain(value(own, "rStyle")), self.chain_of(paragraph), () if around is None else around.tables]
        return sum(is_on(_first(styles, f"{W}{switch}")) for styles in kinds) % 2 == 1 or is_on(
            _first((self._usual,), f"{W}{switch}")
        )

    def chain_of(self, paragraph: Any) -> list[Any]:
        """The paragraph's style, then those that it is based on."""
        return [self._styles[name] for name in self.names(paragraph)]

    def hides_mark(self, paragraph: Any) -> bool:
        """Whether the paragraph itself is hidden, with its number."""
        own = paragraph.find(f"{W}pPr/{W}rPr/{W}vanish")
        return is_on(_first(self.chain_of(paragraph), f"{W}vanish") if own is None else own)

    def raised(self, run: Any, paragraph: Any) -> str | None:
        """ "superscript", "subscript", or neither; letters may be moved up or down instead."""
        kind = self._property(run, paragraph, "vertAlign")
        moved = self._property(run, paragraph, "position") or ""
        if kind in ("superscript", "subscript") or not _MOVED.fullmatch(moved) or abs(int(moved)) < LEAST_MOVED:
            return kind
        return "superscript" if int(moved) > 0 else "subscript"

    def _property(self, run: Any, paragraph: Any, name: str, around: Around | None = None) -> str | None:
        found = self._told_of(run, paragraph, f"{W}{name}", around)
        return None if found is None else found.get(f"{W}val")

    def _told_of(self, run: Any, paragraph: Any, tag: str, around: Around | None = None) -> Any | None:
        """A property of a run: its own, else that of its styles, of its table's, or of the document's."""
        own = run.find(f"{W}rPr")
        direct = None if own is None else own.find(tag)
        if direct is not None or tag not in self._told:
            return direct
        styles = (*self.chain(value(own, "rStyle")), *self.chain_of(paragraph))
        return _first((*styles, *(() if around is None else around.tables), self._usual), tag)

    def _chain(self, name: str | None) -> list[str]:
        names: list[str] = []
        while name in self._styles and name not in names:
            names.append(name)
            name = value(self._styles[name], "basedOn")
        return names


def properties_of(styles: Styles, paragraph: Any) -> Iterator[Any]:
    """The paragraph's own properties, then its style's, then those of the styles that it is based on."""
    own = paragraph.find(f"{W}pPr")
    if own is not None:
        yield own
    for name in styles.names(paragraph):
        style = styles.get(name)
        properties = None if style is None else style.find(f"{W}pPr")
        if properties is not None:
            yield properties


def _first(styles: Iterable[Any | None], tag: str) -> Any | None:
    found = (one.find(f"{W}rPr/{tag}") for one in styles if one is not None)
    return next((one for one in found if one is not None), None)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def value(element: Any | None, name: str) -> str | None:
    """The w:val of a child, if both are there."""
    child = None if element is None else element.find(f"{W}{name}")
    found: str | None = None if child is None else child.get(f"{W}val")
    return found


def is_on(switch: Any | None) -> bool:
    """Whether a toggle element exists and is on."""
    return switch is not None and switch.get(f"{W}val", "1") not in _OFF
