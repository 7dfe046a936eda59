"""Colours that Office files name by their theme, and the lighter and darker ones derived from them."""

import colorsys
import re
from collections.abc import Callable, Mapping
from typing import Any

from PIL import ImageColor

from columnist.documents.reading.visibility import is_colour

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
"""The namespace of drawings."""
_NAMES = "dk1 lt1 dk2 lt2 accent1 accent2 accent3 accent4 accent5 accent6 hlink folHlink".split()
_USUAL = {"dk1": "000000", "lt1": "FFFFFF"}
_MAPPED = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"}
_SHORT = re.compile("^(dk|lt|med)(?=[A-Z])")
_LONG = {"dk": "dark", "lt": "light", "med": "medium"}
_WHOLE = 100_000
"""DrawingML uses thousandths of a per cent."""

UNKNOWN = "?"
"""An existing colour that is not computed; it counts as different from every other."""

Channels = tuple[float, float, float]


class Theme:
    """The colours of one file, in six hexadecimal digits, by the names of their slots; `mapped`: other names of
    these."""

    def __init__(self, root: Any | None, mapped: Mapping[str, str] = _MAPPED) -> None:
        self._colours = dict(_USUAL)
        self._mapped = {**_MAPPED, **mapped}
        scheme = None if root is None else next(root.iter(f"{A}clrScheme"), None)
        for slot in () if scheme is None else scheme:
            name = slot.tag.rpartition("}")[2] if isinstance(slot.tag, str) else ""
            if name in _NAMES and (found := self._plain(next(iter(slot), None))):
                self._colours[name] = found

    def named(self, name: str) -> str | None:
        """The colour of a slot."""
        return self._colours.get(self._mapped.get(name, name))

    def numbered(self, number: int) -> str | None:
        """The colour with Excel's number: the first four are paper and letters, in turn."""
        order = [1, 0, 3, 2, *range(4, len(_NAMES))]
        return self._colours.get(_NAMES[order[number]]) if 0 <= number < len(order) else None

    def drawn(self, fill: Any | None) -> str | None:
        """The colour in an element of DrawingML, as in a:solidFill; None without one, `UNKNOWN` if it is not
        computed."""
        colour = None if fill is None else next((one for one in fill if isinstance(one.tag, str)), None)
        if colour is None:
            return None
        found = self._plain(colour)
        for change in colour if found is not None else ():
            name = change.tag.rpartition("}")[2] if isinstance(change.tag, str) else ""
            how = _CHANGES.get(name)
            if name == "alpha" or how is None or found is None:
                found = found if name == "alpha" else None
                continue
            found = _written(how(_channels(found), whole(change.get("val"), _WHOLE) / _WHOLE))
        return found or UNKNOWN

    def _plain(self, colour: Any | None) -> str | None:
        if colour is None:
            return None
        name = colour.tag.rpartition("}")[2]
        if name == "scrgbClr":  # linear light
            shares = [max(whole(colour.get(one)) / _WHOLE, 0) for one in "rgb"]
            return _written((shares[0] ** (1 / 2.2), shares[1] ** (1 / 2.2), shares[2] ** (1 / 2.2)))
        if name == "hslClr":
            hue, fullness, light = (whole(colour.get(one)) for one in ("hue", "sat", "lum"))
            return _written(colorsys.hls_to_rgb(hue / 21_600_000, light / _WHOLE, fullness / _WHOLE))
        said = next((one for key, one in colour.items() if key.rpartition("}")[2] == "val"), "")
        if name == "sysClr":
            said = colour.get("lastClr") or {"window": "FFFFFF", "windowText": "000000"}.get(said, "")
        found = self.named(said) if name == "schemeClr" else _preset(said) if name == "prstClr" else said
        return found.upper() if found is not None and is_colour(found) else None


def _preset(name: str) -> str | None:
    """The colour of a name of DrawingML: those of web pages, with dk, lt and med."""
    named = ImageColor.colormap.get(_SHORT.sub(lambda found: _LONG[found[1]], name).lower())
    return None if named is None else str(named).removeprefix("#")


def lighter(colour: str, share: float) -> str:
    """A colour of which `share` goes to white; below zero, to black."""
    return _written(_lightened(_channels(colour), share))


def whole(text: str | None, otherwise: int = 0) -> int:
    """A number of DrawingML, which some programs write with a per cent sign."""
    try:
        if text is not None and text.endswith("%"):
            return int(float(text[:-1]) * 1_000)
        return int(text or otherwise)
    except (ValueError, OverflowError):
        return otherwise


def _lightened(channels: Channels, share: float) -> Channels:
    hue, light, fullness = colorsys.rgb_to_hls(*channels)
    return colorsys.hls_to_rgb(hue, light * (1 + share) if share < 0 else light * (1 - share) + share, fullness)


def _light(channels: Channels, times: float, plus: float) -> Channels:
    hue, light, fullness = colorsys.rgb_to_hls(*channels)
    return colorsys.hls_to_rgb(hue, min(max(light * times + plus, 0.0), 1.0), fullness)


def _each(channels: Channels, times: float, plus: float) -> Channels:
    red, green, blue = (one * times + plus for one in channels)
    return red, green, blue


_CHANGES: Mapping[str, Callable[[Channels, float], Channels]] = {
    "lumMod": lambda channels, share: _light(channels, share, 0),
    "lumOff": lambda channels, share: _light(channels, 1, share),
    "tint": lambda channels, share: _each(channels, share, 1 - share),
    "shade": lambda channels, share: _each(channels, share, 0),
}


def _channels(colour: str) -> Channels:
    red, green, blue = (one / 255 for one in bytes.fromhex(colour))
    return red, green, blue


def _written(channels: Channels) -> str:
    return bytes(min(max(round(one * 255), 0), 255) for one in channels).hex().upper()
