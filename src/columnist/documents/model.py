"""The nouns of a document that was read: pages, word boxes, places in the text, citations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
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
        """The span's words."""
        return pages[self.page - 1][self.start : self.end]


@dataclass(frozen=True, slots=True)
class Citation:
    """Verbatim evidence. `page` (1-based): where the quote was found, else the page that was claimed. `verified`: the
    quote is in the document's text. `spans`: its places in the text, one per page. `rectangles`: its places on the
    pages, one per line; empty until a worker has computed them."""

    quote: str
    page: int | None
    verified: bool
    spans: tuple[Span, ...]
    rectangles: tuple[Rectangle, ...]


def read_citations(stored: Any) -> tuple[Citation, ...]:
    """Citations from the JSON of a cell, without invalid ones, which somebody may have written by hand."""
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


class RemarkKind(StrEnum):
    """The kinds of remarks for readers of the row; `how_read` has the sentence of each kind."""

    GUESSED = "guessed"
    """The encoding was not stated, and another one would give other digits, currencies or letters."""
    UNDECODABLE = "undecodable"
    """Bytes that cannot be decoded in the file's encoding: each is shown as �."""
    NOT_READ = "not_read"
    """Parts of the file that a person sees and Columnist does not read; `detail` names them."""
    PICTURE = "picture"
    """Pictures of text, on pages that have other text, that no OCR has read."""
    HIDDEN = "hidden"
    """Text that a person does not see."""
    STRUCK = "struck"
    """Text that is struck through, which deletes it."""
    FORMULA = "formula"
    """Formulas without a result in the file; `detail` names their cells."""
    ATTACHMENT = "attachment"
    """Files inside this one that were not taken in; `detail` has their names."""
    LOST = "lost"
    """Characters of the file that are missing from the text that was read."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A difference between the text that was read and what a person sees: `count` times, on `pages` (from 1; none if
    unknown)."""

    kind: RemarkKind
    count: int = 1
    pages: tuple[int, ...] = ()
    detail: str = ""


MOST_REMARKS, LONGEST_DETAIL = 50, 200
"""How many remarks on a document are kept: a file may cause any number."""


def gathered(remarks: Iterable[Remark]) -> list[Remark]:
    """One remark for each kind and detail, with their pages and the sum of their counts."""
    found: dict[tuple[RemarkKind, str], Remark] = {}
    for one in remarks:
        key = (one.kind, one.detail[:LONGEST_DETAIL])
        if (known := found.get(key)) is not None:
            pages = tuple(sorted({*known.pages, *one.pages}))
            found[key] = replace(known, count=known.count + one.count, pages=pages)
        elif len(found) < MOST_REMARKS:
            found[key] = replace(one, detail=key[1])
    return list(found.values())


def read_remarks(stored: Any) -> list[Remark]:
    """Remarks from their JSON."""
    return [Remark(RemarkKind(one["kind"]), one["count"], tuple(one["pages"]), one["detail"]) for one in stored]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its text, its size in points (0 × 0 for formats without pages) and the boxes of its words, if any.

    `source`: where the text is from. "picture": the page is a picture that OCR has not read; `text` may hold a stamp.
    `remarks`: on this page; those on the whole document are on any page. `hidden`: text of the page that a person does
    not see; `struck`: text that they see struck through. Neither is evidence. `pictures`: the picture files on the page
    that show text, for OCR.
    """

    number: int
    text: str
    width: float = 0.0
    height: float = 0.0
    words: tuple[WordBox, ...] = ()
    source: Literal["text", "ocr", "picture"] = "text"
    remarks: tuple[Remark, ...] = ()
    hidden: str = ""
    struck: str = ""
    pictures: tuple[bytes, ...] = ()

    @property
    def needs_ocr(self) -> bool:
        """Whether the page, or a part of it, is a picture that OCR has not read."""
        return self.source == "picture" or any(one.kind == RemarkKind.PICTURE for one in self.remarks)

    def all_remarks(self) -> tuple[Remark, ...]:
        """The remarks, and that there is hidden or struck text."""
        apart = ((RemarkKind.HIDDEN, self.hidden), (RemarkKind.STRUCK, self.struck))
        return (*self.remarks, *(Remark(kind, pages=(self.number,)) for kind, text in apart if text))


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document as back ends see it: its name, and the text of each page, page 1 first.

    `owner`: the owner of the review that asks. Calls for two owners have no common beginning, so that cached tokens
    show nobody what another user has asked.
    """

    name: str
    pages: Sequence[str]
    owner: str = ""
