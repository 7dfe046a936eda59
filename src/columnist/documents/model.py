"""The nouns of a document that was read: pages, word boxes, places in the text, citations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple


class WordBox(NamedTuple):
    """The rectangle of a page's word `text[start:end]` (points, origin at the page's top left)."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An area of page `page` (1-based) in points, origin at the page's top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Span:
    """`pages[page - 1].text[start:end]`; `page` is 1-based."""

    page: int
    start: int
    end: int

    def text(self, pages: Sequence[str]) -> str:
        """The words there."""
        return pages[self.page - 1][self.start : self.end]


@dataclass(frozen=True, slots=True)
class Citation:
    """Verbatim evidence. `page` (1-based): where the quote was found, or what was claimed if it was not. `verified`:
    the quote is in the document's text. `spans`: where, one per page. `rectangles`: where on the pages, one per line;
    empty until a worker has looked."""

    quote: str
    page: int | None
    verified: bool
    spans: tuple[Span, ...]
    rectangles: tuple[Rectangle, ...]


def read_citations(stored: Any) -> tuple[Citation, ...]:
    """Citations from the JSON of a cell. What is not one, as somebody may have written it by hand, is left out."""
    return tuple(_read_citation(one) for one in (stored if isinstance(stored, list) else ()) if isinstance(one, dict))


def _read_citation(stored: dict[str, Any]) -> Citation:
    page = stored.get("page")
    return Citation(
        str(stored.get("quote") or ""),
        page if type(page) is int and 0 < page < 2**31 else None,
        stored.get("verified") is True,
        tuple(Span(**span) for span in stored.get("spans", ())),
        tuple(Rectangle(**rectangle) for rectangle in stored.get("rectangles", ())),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its text, its size in points (0 × 0 for formats without pages) and the boxes of its words, if any.

    `source`: where the text is from. "picture": the page is a picture that OCR has not read; `text` may hold a stamp.
    """

    number: int
    text: str
    width: float = 0.0
    height: float = 0.0
    words: tuple[WordBox, ...] = ()
    source: Literal["text", "ocr", "picture"] = "text"


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What back ends see of a document: its name, and the text of each page, page 1 first."""

    name: str
    pages: Sequence[str]
