"""The nouns of a document that was read: pages, the boxes of their words, and places in their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple


class WordBox(NamedTuple):
    """A word of a page: `text[start:end]` stands in the rectangle (points, origin at the page's top left)."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float


class Rectangle(NamedTuple):
    """An area of page `page` (1-based) in points, origin at the page's top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Span(NamedTuple):
    """`pages[page - 1].text[start:end]`; `page` is 1-based."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its text, its size in points (0 × 0 for formats without pages) and the boxes of its words, if any.

    `source`: where the text is from; "picture": the page is one, which OCR has not read (a stamp's text may be there).
    """

    number: int
    text: str
    width: float = 0.0
    height: float = 0.0
    words: tuple[WordBox, ...] = ()
    source: Literal["text", "ocr", "picture"] = "text"


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What the answering back ends see of a document: its texts, one per page, page 1 first."""

    name: str
    pages: Sequence[str]
