"""Parts of a PDF's page, beside text, that only OCR can read: pictured tables, scans under a stamp, letters drawn as
outlines, and words of fonts that do not say which letters their glyphs are."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from PIL import Image, ImageDraw

from columnist.documents.model import WordBox
from columnist.documents.reading.content import Content
from columnist.documents.reading.unseen import draw, without

MANY_PATHS = 60
"""A page with fewer drawn lines and areas has no letters among them."""

SHARPNESS = 2.0
"""Pixels per point of the drawn page: a letter of eight points is sixteen pixels high."""

_IS_DARK = [level < 150 for level in range(256)]
_RULE = b"\1" * 60
"""A dark run of pixels that is longer than a letter is wide."""
_CHANGES = 8
"""Fewest changes from dark to light in a row of pixels that crosses a line of text."""
_LEAST_HEIGHT, _MOST_HEIGHT = 5, 70
"""Fewest and most rows of pixels of one line of text."""
_LEAST_WIDTH = 8
"""The same in columns, for a line that is sideways. Three such lines are needed: photographs have bands that look like
two."""
LEAST_LINES = 2
_PAGEFUL = 0.1
"""The share of a page's rows that cross text if lines run together, as on a skewed scan."""


def shows_more(page: Any, content: Content, words: Sequence[WordBox]) -> bool:
    """Whether a page shows lines of text that are not among its words."""
    if content.paths < MANY_PATHS and not content.pictures and not content.may_have_letters:
        return False
    with without(content.texts):
        view = draw(page, SHARPNESS)
    return view is not None and lines_of_text(masked(view.picture, words, view.scale)) >= LEAST_LINES


def masked(picture: Image.Image, words: Sequence[WordBox], scale: float) -> Image.Image:
    """The picture of a page with its words painted over."""
    brush = ImageDraw.Draw(picture)
    white = "white" if picture.mode == "RGB" else 255
    for word in words:
        edges = (word.x0 * scale - 2, word.y0 * scale - 2, word.x1 * scale + 2, word.y1 * scale + 2)
        brush.rectangle(edges, fill=white)
    return picture


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
