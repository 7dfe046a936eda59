"""The styles of a DOCX: the properties of a paragraph or run, direct or by its styles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from columnist.documents.reading.visibility import FAR_UP, LEAST_SCALE, TINY_HALF_POINTS, is_alike, is_white

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""The namespace of a DOCX's elements."""

_HIGHLIGHTS = {
    "black": "000000", "white": "FFFFFF", "yellow": "FFFF00", "green": "00FF00", "cyan": "00FFFF", "magenta": "FF00FF",
    "blue": "0000FF", "red": "FF0000", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000",
    "darkMagenta": "800080", "darkRed": "800000", "darkYellow": "808000", "darkGray": "808080", "lightGray": "C0C0C0",
}  # fmt: skip

_MOVED = re.compile("-?[0-9]{1,4}")
_INTEGER = re.compile("-?[0-9]{1,6}")
LEAST_MOVED = 4
"""Half-points: letters that are moved up or down by fewer are on the line; by more, they are a note's mark."""

_OFF = ("0", "false", "off")

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_CLEAR = 95_000
"""Thousandths of a per cent of transparency at which a fill is invisible."""


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of a paragraph's runs. `ground`: the colour behind them, in hexadecimal digits, if known;
    `is_white`: if not, it is white paper; `is_gone`: their content is invisible."""

    ground: str | None
    is_white: bool
    is_gone: bool


class Styles:
    """The styles of one document, by name."""

    def __init__(self, root: Any | None) -> None:
        self._styles: dict[str, Any] = {}
        self._default: str | None = None
        self._told: set[str] = set()
        """The properties of letters that any style sets."""
        for style in () if root is None else root.iter(f"{W}style"):
            name = style.get(f"{W}styleId", "")
            self._styles[name] = style
            self._told.update(one.tag for one in style.iterfind(f"{W}rPr/*"))
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default", "0") not in _OFF:
                self._default = name

    def get(self, name: str | None) -> Any | None:
        """A style by its name."""
        return None if name is None else self._styles.get(name)

    def names(self, paragraph: Any) -> list[str]:
        """The paragraph's style, then the styles that it is based on."""
        return self._chain(value(paragraph.find(f"{W}pPr"), "pStyle") or self._default)

    def is_hidden(self, run: Any, paragraph: Any, around: Around) -> bool:
        """Whether a run is invisible: hidden, tiny, without a fill, or in the colour of its background."""
        if around.is_gone or self._is_on(run, paragraph, "vanish") or self._has_no_letters(run, paragraph):
            return True
        colour = self._property(run, paragraph, "color") or ""
        ground = self._ground(run) or around.ground
        if ground is not None:
            return is_alike(colour, ground)
        return around.is_white and is_white(colour) and not self._is_shaded(run, paragraph)

    def _has_no_letters(self, run: Any, paragraph: Any) -> bool:
        size, scale, moved = (_number(self._property(run, paragraph, name)) for name in ("sz", "w", "position"))
        if (size is not None and size <= TINY_HALF_POINTS) or (scale is not None and scale < LEAST_SCALE):
            return True
        if moved is not None and abs(moved) >= FAR_UP:
            return True
        own = run.find(f"{W}rPr/{_W14}textFill")
        fill = self._told_by_styles(run, paragraph, f"{_W14}textFill") if own is None else own
        if fill is None:
            return False
        clear = (one.get(f"{_W14}val", "") for one in fill.iter(f"{_W14}alpha"))
        return fill.find(f"{_W14}noFill") is not None or any(one.isdecimal() and int(one) >= _CLEAR for one in clear)

    def is_struck(self, run: Any, paragraph: Any) -> bool:
        """Whether a run is struck through."""
        return self._is_on(run, paragraph, "strike") or self._is_on(run, paragraph, "dstrike")

    def _is_on(self, run: Any, paragraph: Any, switch: str) -> bool:
        own = run.find(f"{W}rPr")
        direct = None if own is None else own.find(f"{W}{switch}")
        if direct is not None:
            return is_on(direct)
        # A toggle that two kinds of styles set is off again.
        if f"{W}{switch}" not in self._told:
            return False
        kinds = (self._chain(value(own, "rStyle")), self.names(paragraph))
        return sum(is_on(self._first(names, f"{W}{switch}")) for names in kinds) == 1

    def _ground(self, run: Any) -> str | None:
        """The colour of the run's own highlight or shade, in hexadecimal digits; None if it has none."""
        own = run.find(f"{W}rPr")
        if own is None:
            return None
        return _HIGHLIGHTS.get(value(own, "highlight") or "") or shade(own.find(f"{W}shd"))

    def hides_mark(self, paragraph: Any) -> bool:
        """Whether the paragraph itself is hidden, with its number."""
        own = paragraph.find(f"{W}pPr/{W}rPr/{W}vanish")
        return is_on(self._first(self.names(paragraph), f"{W}vanish") if own is None else own)

    def raised(self, run: Any, paragraph: Any) -> str | None:
        """ "superscript", "subscript", or neither; letters may be moved up or down instead."""
        kind = self._property(run, paragraph, "vertAlign")
        moved = self._property(run, paragraph, "position") or ""
        if kind in ("superscript", "subscript") or not _MOVED.fullmatch(moved) or abs(int(moved)) < LEAST_MOVED:
            return kind
        return "superscript" if int(moved) > 0 else "subscript"

    def _is_shaded(self, run: Any, paragraph: Any) -> bool:
        """Whether the background of a run may not be white."""
        styles = [self._styles[name] for name in (*self._run_names(run), *self.names(paragraph))]
        return any(
            one.find(f".//{W}{name}") is not None for one in (run, *styles) for name in ("shd", "highlight")
        ) or (paragraph.find(f"{W}pPr/{W}shd") is not None)

    def _property(self, run: Any, paragraph: Any, name: str) -> str | None:
        own = value(run.find(f"{W}rPr"), name)
        if own is not None:
            return own
        found = self._told_by_styles(run, paragraph, f"{W}{name}")
        return None if found is None else found.get(f"{W}val")

    def _told_by_styles(self, run: Any, paragraph: Any, tag: str) -> Any | None:
        if tag not in self._told:
            return None
        return self._first([*self._run_names(run), *self.names(paragraph)], tag)

    def _run_names(self, run: Any) -> list[str]:
        return self._chain(value(run.find(f"{W}rPr"), "rStyle"))

    def _first(self, names: list[str], tag: str) -> Any | None:
        found = (self._styles[one].find(f"{W}rPr/{tag}") for one in names)
        return next((one for one in found if one is not None), None)

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


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def shade(element: Any | None) -> str | None:
    """The colour of a w:shd, in hexadecimal digits; None if there is none, or it is the paper's colour."""
    if element is None:
        return None
    found: str | None = element.get(f"{W}color" if element.get(f"{W}val") == "solid" else f"{W}fill")
    return found if found is not None and found != "auto" else None


def value(element: Any | None, name: str) -> str | None:
    """The w:val of a child, if both are there."""
    child = None if element is None else element.find(f"{W}{name}")
    found: str | None = None if child is None else child.get(f"{W}val")
    return found


def is_on(switch: Any | None) -> bool:
    """Whether a toggle element exists and is on."""
    return switch is not None and switch.get(f"{W}val", "1") not in _OFF
