"""Parts of a PDF's page that only OCR can read, beside text: pictured tables, scans under a stamp, letters drawn as
outlines, and words of fonts that do not say which letters their glyphs are."""

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from columnist.documents.model import WordBox
from columnist.documents.reading.content import Content
from columnist.documents.reading.unseen import draw, without

MANY_PATHS = 60
"""A page with fewer lines and areas has no letters among them."""

SHARPNESS = 2.0
"""Pixels a point of the drawn page: a letter of eight points is sixteen pixels high."""

_DARK = bytes(level < 150 for level in range(256))
_CHANGES = 8
"""From dark to light in a row of pixels that crosses a line of text, at least."""
_LEAST_HEIGHT, _MOST_HEIGHT = 5, 70
"""Rows of pixels of one line of text."""
LEAST_LINES = 2
_PAGEFUL = 0.1
"""The share of a page's rows that text crosses where lines run together, as on a skewed scan."""


def shows_more(page: Any, content: Content, words: Sequence[WordBox]) -> bool:
    """Whether a page shows lines of text that are not among its words."""
    if content.paths < MANY_PATHS and not content.pictures:
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
    """About how many lines of text a picture shows."""
    dark = picture.tobytes().translate(_DARK)
    width = picture.width
    crossed = [dark.count(b"\1\0", start, start + width) >= _CHANGES for start in range(0, len(dark), width)]
    lines = height = 0
    for is_crossed in [*crossed, False]:
        if is_crossed:
            height += 1
        else:
            lines += _LEAST_HEIGHT <= height <= _MOST_HEIGHT
            height = 0
    return max(lines, LEAST_LINES if sum(crossed) > _PAGEFUL * len(crossed) else 0)
