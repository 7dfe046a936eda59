"""Values of CSS that decide whether text is seen: colours, lengths, shares. None: not valid CSS, so that a browser
ignores it.

A valid value that is not understood here counts as one that hides, because its effect is unknown.
"""

import re
from colorsys import hls_to_rgb

from PIL import ImageColor

Colour = tuple[float, float, float, float]
"""Red, green and blue from 0 to 255, and opacity from 0 to 1."""

CLEAR: Colour = (0, 0, 0, 0)

_NUMBER = r"[+-]?(?:\d*\.)?\d+(?:e[+-]?\d+)?"
_LENGTH = re.compile(rf"({_NUMBER})([a-z]+|%)?")
_NUMBERS = re.compile(rf"{_NUMBER}%?")
_FUNCTION = re.compile(r"-?[a-z][\w-]*\(")
_PIXELS = {
    "px": 1, "pt": 4 / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 24 / 25.4, "rem": 16, "vw": 12.8,
    "vh": 8, "vmin": 8, "vmax": 12.8, "svh": 8, "lvh": 8, "dvh": 8, "svw": 12.8, "lvw": 12.8, "dvw": 12.8, "vi": 12.8,
    "vb": 8, "lh": 19, "rlh": 19, "cqw": 12.8, "cqh": 8, "cqi": 12.8, "cqb": 8,
}  # fmt: skip
"""Units of a window of 1,280 × 800."""
_OF_LETTERS = {"em": 1.0, "ex": 0.5, "ch": 0.5, "cap": 0.7, "ic": 1.0}
_SIZES = {
    "xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32,
    "xxx-large": 48, "math": 16,
}  # fmt: skip
_FAR = 500
"""Pixels that move a box out of the page; a percentage counts from 100 on."""


def colour(text: str, current: Colour) -> Colour | None:
    """`current`: the colour of the text."""
    if text == "currentcolor":
        return current
    if text == "transparent":
        return CLEAR
    if found := re.fullmatch(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", text):
        digits = found[1] if len(found[1]) > 4 else "".join(2 * one for one in found[1])
        red, green, blue, cover = bytes.fromhex(digits.ljust(8, "f"))
        return red, green, blue, cover / 255
    if named := ImageColor.colormap.get(text):
        red, green, blue = ImageColor.getrgb(named)[:3] if isinstance(named, str) else named[:3]
        return red, green, blue, 1
    if not _FUNCTION.match(text):
        return None
    return _of_function(*text.split("(", 1))


def old_colour(text: str) -> str:
    """The colour of an attribute (`bgcolor`), which may lack its `#`."""
    text = text.strip().lower()
    return f"#{text}" if re.fullmatch("[0-9a-f]{3}|[0-9a-f]{6}", text) else text


def _of_function(name: str, arguments: str) -> Colour:
    parts = _NUMBERS.findall(arguments.replace("none", "0"))
    if name not in ("rgb", "rgba", "hsl", "hsla", "hwb") or "(" in arguments or len(parts) not in (3, 4):
        return CLEAR
    cover = _share(parts[3]) if len(parts) == 4 else 1.0
    if name.startswith("rgb"):
        red, green, blue = (
            _share(one) * 255 if one.endswith("%") else min(max(float(one), 0), 255) for one in parts[:3]
        )
        return red, green, blue, cover
    hue, first, second = float(parts[0].rstrip("%")) / 360 % 1, _hundredth(parts[1]), _hundredth(parts[2])
    if name == "hwb":
        pure = hls_to_rgb(hue, 0.5, 1)
        red, green, blue = (255 * (one * max(0, 1 - first - second) + first) for one in pure)
    else:
        red, green, blue = (255 * one for one in hls_to_rgb(hue, second, first))
    return red, green, blue, cover


def _hundredth(text: str) -> float:
    return min(max(float(text.rstrip("%")) / 100, 0), 1)


def _share(text: str) -> float:
    return _hundredth(text) if text.endswith("%") else min(max(float(text), 0), 1)


def share(text: str) -> float | None:
    """An opacity, 0 to 1."""
    if re.fullmatch(rf"{_NUMBER}%?", text):
        return _share(text)
    return 0.0 if _FUNCTION.match(text) else None


def pixels(text: str, letters: float = 16.0) -> float | None:
    """A length. `letters`: the size of the letters around it. A percentage has no length."""
    if (found := _LENGTH.fullmatch(text)) is None:
        return None
    number, unit = float(found[1]), found[2] or ""
    if unit in _OF_LETTERS:
        return number * _OF_LETTERS[unit] * letters
    return number * _PIXELS[unit] if unit in _PIXELS else 0.0 if number == 0 and unit != "%" else None


def letter_size(text: str, around: float) -> float | None:
    """`font-size`, in pixels."""
    if text in _SIZES:
        return _SIZES[text]
    if text in ("smaller", "larger"):
        return around * (1 / 1.2 if text == "smaller" else 1.2)
    if text.endswith("%") and _LENGTH.fullmatch(text):
        return around * float(text[:-1]) / 100
    if _FUNCTION.match(text):
        return _least(text, around)
    return pixels(text, around)


def _least(text: str, around: float) -> float:
    """The least possible value of a function of lengths; 0 if that needs arithmetic."""
    name, arguments = text.split("(", 1)
    inside = arguments.removesuffix(")")
    if name not in ("min", "max", "clamp", "calc") or "-" in inside or "*" in inside or "/" in inside:
        return 0.0
    sizes = [letter_size(one.strip(), around) for one in re.split(r"[,+]", inside)]
    return min((one for one in sizes if one is not None), default=0.0)


def font_size(shorthand: str) -> str:
    """The size in `font`."""
    for word in shorthand.split():
        size = word.partition("/")[0]
        if size in _SIZES or size in ("smaller", "larger") or ((found := _LENGTH.fullmatch(size)) and found[2]):
            return size
        if size == "0" or _FUNCTION.match(size):
            return size
    return ""


def is_far(text: str, letters: float) -> bool:
    """Whether a box moved by this is off the page, to the left or above it."""
    if _FUNCTION.match(text):
        return "-" in text and any(abs(float(one.rstrip("%"))) >= 100 for one in _NUMBERS.findall(text))
    if text.endswith("%") and _LENGTH.fullmatch(text):
        return float(text[:-1]) <= -100
    return (pixels(text, letters) or 0.0) <= -_FAR


def is_tiny(text: str, letters: float) -> bool:
    """Whether a box of this height or width shows nothing."""
    if text.endswith("%") and _LENGTH.fullmatch(text):
        return float(text[:-1]) <= 0
    length = pixels(text, letters)
    return length is not None and length <= 2
