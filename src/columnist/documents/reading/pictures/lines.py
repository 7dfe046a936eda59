"""Whether a picture shows lines of text, which OCR can read, upright or sideways."""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

LEAST_LINES = 2
"""Fewest lines of a picture that has text. Of sideways lines more are needed: photographs have bands that look like
two."""

_IS_DARK = [level < 150 for level in range(256)]
_RULE = b"\1" * 60
"""A dark run of pixels that is longer than a letter is wide."""
_CHANGES = 8
"""Fewest changes from dark to light in a row of pixels that crosses a line of text."""
_LEAST_HEIGHT, _MOST_HEIGHT = 5, 70
"""Fewest and most rows of pixels of one line of text."""
_LEAST_WIDTH = 8
"""Fewest columns of a line of text that is sideways."""
_PAGEFUL = 0.1
"""The share of a page's rows that cross text if lines run together, as on a skewed scan."""


def lines_of_text(picture: Image.Image) -> int:
    """The approximate number of lines of text in a picture, upright or sideways."""
    upright, sideways = _both_ways(picture)
    return max(upright.lines, sideways.lines)


def lies_on_its_side(picture: Image.Image) -> bool:
    """Whether a picture shows lines of text sideways: far more of its columns than of its rows cross text."""
    upright, sideways = _both_ways(picture)
    return sideways.lines > 0 and sideways.share > 2 * upright.share


class _Way(NamedTuple):
    """The number of lines of text, and the share of rows, or of columns, that cross text."""

    lines: int
    share: float


def _both_ways(picture: Image.Image) -> tuple[_Way, _Way]:
    dark = picture.point(_IS_DARK)
    left, top, right, bottom = dark.getbbox() or (0, 0, 0, 0)
    # Including the light pixels beside the last ink.
    inked = dark.crop((left, top, min(right + 1, picture.width), min(bottom + 1, picture.height)))
    rows = inked.tobytes()
    heights = _crossed_by_text(rows, inked.width)
    share = sum(heights) / picture.height
    if share > _PAGEFUL:
        return _Way(max(_lines(heights), LEAST_LINES), share), _Way(0, 0.0)
    turned = Image.frombytes("L", inked.size, _without_rules(rows)).transpose(Image.Transpose.ROTATE_90)
    widths = _crossed_by_text(turned.tobytes(), turned.width)
    sideways = _lines(widths, _LEAST_WIDTH)
    return _Way(_lines(heights), share), _Way(sideways if sideways > LEAST_LINES else 0, sum(widths) / picture.width)


def _without_rules(dark: bytes) -> bytes:
    kept = bytearray(dark)
    begin = dark.find(_RULE)
    while begin >= 0:
        end = dark.find(0, begin)
        if end < 0:
            end = len(dark)
        kept[begin:end] = bytes(end - begin)
        begin = dark.find(_RULE, end)
    return bytes(kept)


def _lines(heights: Sequence[int], least: int = _LEAST_HEIGHT) -> int:
    return sum(least <= height <= _MOST_HEIGHT for height in heights)


def _crossed_by_text(dark: bytes, width: int) -> list[int]:
    """The heights of the bands of rows that cross text; `dark`: one byte per pixel. Equal rows count once: the lines
    between the columns of a table cross a band in the same places from its top to its bottom."""
    bands: list[set[bytes]] = [set()]
    for start in range(0, len(dark), width):
        if dark.count(b"\1\0", start, start + width) >= _CHANGES:
            bands[-1].add(dark[start : start + width])
        elif bands[-1]:
            bands.append(set())
    return list(map(len, bands))
