"""Parts of a PDF's page, beside text, that only OCR can read: pictured tables, scans under a stamp, letters drawn as
outlines, and words of fonts that do not say which letters their glyphs are."""

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.content import Content
from columnist.documents.reading.pdf.unseen import draw, without
from columnist.documents.reading.pictures.lines import LEAST_LINES, lines_of_text

MANY_PATHS = 60
"""A page with fewer drawn lines and areas has no letters among them."""

SHARPNESS = 2.0
"""Pixels per point of the drawn page: a letter of eight points is sixteen pixels high."""


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
