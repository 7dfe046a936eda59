"""How a document was read, in sentences."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, TypedDict

from columnist.documents.languages import LANGUAGE_NAMES
from columnist.documents.model import Remark, RemarkKind, read_remarks

MOST_RANGES = 20
"""A longer list of pages is cut."""

MOST_DETAILS = 5
"""A longer list of names is cut."""


class Facts(TypedDict):
    """The facts of `document_readings` about a document; page numbers from 1. `language` is ISO 639-1."""

    media_type: str
    page_count: int
    language: str | None
    ocr_pages: int
    ocr_on: list[int]
    unread_pages: int
    unread_on: list[int]
    remarks: list[dict[str, Any]]


def how_read(content: Facts | None, same_as: str | None = None, newer_file_at: datetime | None = None) -> str | None:
    """Kind, pages, language, which pages OCR read or nothing did, each kind of remark, that the same file is at the
    path `same_as` too, and that a newer file of this path was taken in.

    None: not read yet, or it cannot be read.
    """
    if content is None or not content["page_count"]:
        return None
    kind = _kind(content["media_type"])
    parts = [kind]
    has_pages = kind in ("PDF", "Picture", "PowerPoint file", "Presentation")
    if has_pages:
        parts.append(_pages(content["page_count"]))
    language = content["language"] or "language unknown"
    parts.append(LANGUAGE_NAMES.get(language, language))
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
    same = [f"The same file as {same_as}."] if same_as else []
    older = [f"An older file: a newer one of this path was added on {newer_file_at:%Y-%m-%d}."] if newer_file_at else []
    return " ".join([f"{sentence}.", *_remarked(remarks_of(content)), *same, *older])


def remarks_of(content: Facts | None) -> list[Remark]:
    """Sentences for the differences between the text that was read and what a person sees."""
    return [] if content is None else read_remarks(content["remarks"])


_REMARKS: Mapping[RemarkKind, str] = {
    RemarkKind.GUESSED: "The encoding was guessed{details}: check amounts and names.",
    RemarkKind.UNDECODABLE: "{count} that cannot be decoded, shown as �{pages}.",
    RemarkKind.NOT_READ: "{count} not read{details}{pages}.",
    RemarkKind.PICTURE: "{count} with text not read{pages}, because OCR is not installed where documents are read.",
    RemarkKind.HIDDEN: "Hidden text{on}: a person does not see it, so it is neither sent to a model nor evidence.",
    RemarkKind.STRUCK: "Struck-through text{on}: a line deletes it, so it is neither sent to a model nor evidence.",
    RemarkKind.FORMULA: "{count} without a result in the file{details}{pages}.",
    RemarkKind.ATTACHMENT: "{count} not taken in{details}.",
    RemarkKind.LOST: "{count} of the file missing from the text that was read{pages}.",
}
_COUNTED: Mapping[RemarkKind, str] = {
    RemarkKind.UNDECODABLE: "byte",
    RemarkKind.NOT_READ: "part",
    RemarkKind.PICTURE: "picture",
    RemarkKind.FORMULA: "formula",
    RemarkKind.ATTACHMENT: "attached file",
    RemarkKind.LOST: "character",
}


def _remarked(remarks: Sequence[Remark]) -> list[str]:
    """A sentence for each kind of remark."""
    sentences = []
    for kind, words in _REMARKS.items():
        found = [one for one in remarks if one.kind == kind]
        if found:
            count = sum(one.count for one in found)
            details = [one.detail for one in found if one.detail]
            shown = ", ".join(details[:MOST_DETAILS] + ["…"] * (len(details) > MOST_DETAILS))
            where = _on(sorted({page for one in found for page in one.pages}), "on page ", "on pages ")
            sentences.append(
                words.format(
                    count=f"{count:,} {_COUNTED.get(kind, '')}{'s' * (count != 1)}",
                    details=f" ({shown})" if shown else "",
                    pages=where,
                    on=where.replace(" (", " ").removesuffix(")"),
                )
            )
    return sentences


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
    if "presentationml" in media_type:
        return "PowerPoint file"
    kinds = {
        "application/pdf": "PDF",
        "application/rtf": "RTF document",
        "application/vnd.oasis.opendocument.text": "OpenDocument text",
        "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument spreadsheet",
        "application/vnd.oasis.opendocument.presentation": "Presentation",
        "message/rfc822": "E-mail",
        "application/vnd.ms-outlook": "E-mail",
        "text/html": "Web page",
    }
    return kinds.get(media_type, "Text file")


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number:,} pages"


def _on(numbers: Sequence[int], page: str = "", pages: str = "") -> str:
    if not numbers:  # not kept for documents that were read before schema 10
        return ""
    return f" ({page if len(numbers) == 1 else pages}{page_ranges(numbers)})"
