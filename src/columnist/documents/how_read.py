"""How a document was read, in one sentence."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import TypedDict

MOST_RANGES = 20
"""A longer list of pages is cut."""


class Content(TypedDict):
    """What `document_contents` says of a content; page numbers from 1. `language` is ISO 639-1."""

    media_type: str
    page_count: int
    language: str | None
    ocr_pages: int
    ocr_on: list[int]
    unread_pages: int
    unread_on: list[int]


def how_read(content: Content | None) -> str | None:
    """Kind, pages, language, and which pages OCR read or nothing did. None: not read yet, or it cannot be read."""
    if content is None or not content["page_count"]:
        return None
    kind = _kind(content["media_type"])
    parts = [kind]
    has_pages = kind in ("PDF", "Picture")
    if has_pages:
        parts.append(_pages(content["page_count"]))
    parts.append(language_name(content["language"]) if content["language"] else "language unknown")
    if not has_pages:
        cut = f" and cut into {_pages(content['page_count'])}" if content["page_count"] > 1 else ""
        parts.append(f"read as text{cut}")
    sentence = ", ".join(parts)
    if content["ocr_pages"]:
        sentence += f"; {_pages(content['ocr_pages'])} read by OCR{_on(content['ocr_on'])}"
    if content["unread_pages"]:
        sentence += (
            f"; {_pages(content['unread_pages'])} not read{_on(content['unread_on'])}, because OCR is not installed "
            "where documents are read"
        )
    return f"{sentence}."


@cache
def language_name(code: str) -> str:
    """The English name of a language; the code where it has none."""
    from babel import Locale  # a tenth of a second, which most commands do without

    name: str = Locale("en").languages.get(code, code)
    return name


def page_ranges(numbers: Sequence[int]) -> str:
    """`2, 5, 9–31`."""
    islands = [
        [number for _, number in island]
        for _, island in groupby(enumerate(sorted(numbers)), lambda place: place[1] - place[0])
    ]
    ranges = [str(one[0]) if len(one) == 1 else f"{one[0]}–{one[-1]}" for one in islands]
    return ", ".join(ranges[:MOST_RANGES] + ["…"] * (len(ranges) > MOST_RANGES))


def _kind(media_type: str) -> str:
    if media_type.startswith("image/"):
        return "Picture"
    if "wordprocessingml" in media_type:
        return "Word document"
    if "spreadsheetml" in media_type:
        return "Excel workbook"
    kinds = {
        "application/pdf": "PDF",
        "application/rtf": "RTF document",
        "message/rfc822": "E-mail",
        "application/vnd.ms-outlook": "E-mail",
        "text/html": "Web page",
    }
    return kinds.get(media_type, "Text file")


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number:,} pages"


def _on(numbers: Sequence[int]) -> str:
    return f" ({page_ranges(numbers)})" if numbers else ""  # not kept of what was read before schema 10
