"""Formats without pages: their text, cut into pages at breaks or paragraphs; and plain text itself."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.encoding import decode, unpacked
from columnist.documents.reading.pictures.pages import shows_text
from columnist.errors import DocumentError

PAGE_CHARACTERS = 3_000
"""About a printed page. A flowing text is cut into pages at the next end of a paragraph."""

PAGE_BREAK = "\f"
BACKWARDS, FORWARDS = "\u202e", "\u202c"
"""What begins and ends letters that are drawn from right to left."""
_OVERRIDDEN = re.compile(f"{BACKWARDS}([^{BACKWARDS}{FORWARDS}\n\f]*){FORWARDS}?")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_text(file: BinaryIO) -> Iterator[Page]:
    """A text file of any encoding; a form feed is a page break. Raises DocumentError."""
    decoded = unpacked(decode(file.read()))
    lines = decoded.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return pages_of((one for line in lines for one in _printed(line)), remarks=decoded.remarks)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text between or inside lines that a person does not see, or sees struck through: it is kept, and is no
    evidence."""

    text: str
    is_struck: bool = False


def _printed(line: str) -> Iterator[str | Hidden]:
    """A line as a printer shows it that goes back and prints letters again (bold), lines under them, or through
    them."""
    if "\b" not in line:
        yield line
        return
    cells: list[str] = []
    struck: set[int] = set()
    at = 0
    for letter in line:
        if letter == "\b":
            at = max(at - 1, 0)
            continue
        before = cells[at] if at < len(cells) else " "
        both = {before, letter} - {" ", "_"}
        if "-" in both and len(both) > 1:
            struck.add(at)
        cells[at : at + 1] = [before if letter in " _-" and before != " " and before != "_" else letter]
        at += 1
    yield "".join(" " if number in struck else cell for number, cell in enumerate(cells))
    if struck:
        yield Hidden("".join(cell if number in struck else " " for number, cell in enumerate(cells)).strip(), True)


@dataclass(frozen=True, slots=True)
class Picture:
    """The file of a picture between two lines; `is_large`: its drawn size is large enough for legible text."""

    data: bytes
    is_large: bool


def looked_at(pictures: Iterable[Picture], page: int) -> tuple[tuple[bytes, ...], tuple[Remark, ...]]:
    """The pictures of a page that show text, and remarks for its readers."""
    shown = [(one, shows_text(one.data)) for one in pictures]
    with_text = tuple(one.data for one, has_text in shown if has_text)
    others = sum(has_text is None and one.is_large for one, has_text in shown)
    remarks = (
        Remark(RemarkKind.PICTURE, len(with_text), (page,)),
        Remark(RemarkKind.NOT_READ, others, (page,), "a large picture"),
    )
    return with_text, tuple(one for one in remarks if one.count)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file, with hidden text in its place, and remarks for their readers."""

    lines: list[str | Hidden]
    remarks: list[Remark]


def as_seen(text: str) -> str:
    """A text as it is drawn if a part of it runs from right to left, whatever its letters: 000,5$ may show $5,000."""
    if BACKWARDS not in text:
        return text
    return _OVERRIDDEN.sub(lambda found: found[1][::-1], text.replace(FORWARDS + BACKWARDS, ""))


def kept_apart(lines: Iterable[Hidden]) -> tuple[str, str]:
    """The hidden and the struck text of a page."""
    both = [(one.is_struck, _UNSTORABLE.sub(" ", one.text).strip()) for one in lines]
    hidden = "\n".join(text for is_struck, text in both if text and not is_struck)
    return hidden, "\n".join(text for is_struck, text in both if text and is_struck)


def pages_of(
    lines: Iterable[str | Hidden | Picture], characters: int = PAGE_CHARACTERS, remarks: Iterable[Remark] = ()
) -> Iterator[Page]:
    """Cut lines into pages: at a form feed, or at the first line end after `characters`.

    The last page has the `remarks`, which may be added while the lines are read. Raises DocumentError if there is no
    text at all.
    """
    number, gathered, size = 1, [""], 0
    hidden: list[Hidden] = []
    pictures: list[Picture] = []
    any_text = False

    def page() -> Page:
        nonlocal any_text
        files, said = looked_at(pictures, number)
        any_text = any_text or bool(files)
        pictures.clear()
        text = "\n".join(gathered).strip("\n")
        unseen, struck = kept_apart(hidden)
        return Page(number, text, remarks=said, hidden=unseen, struck=struck, pictures=files)

    for line in lines:
        if isinstance(line, Picture):
            pictures.append(line)
            continue
        if isinstance(line, Hidden):
            hidden.append(line)
            continue
        parts = as_seen(_UNSTORABLE.sub(" ", line)).split(PAGE_BREAK)
        for index, part in enumerate(parts):
            if gathered and (index > 0 or size > characters) and size > 0:
                yield page()
                number, gathered, hidden, size = number + 1, [], [], 0
            # A paragraph that is longer than a page is cut anywhere.
            for start in range(0, max(len(part), 1), 4 * characters):
                piece = part[start : start + 4 * characters]
                if start:
                    yield page()
                    number, gathered, hidden, size = number + 1, [], [], 0
                gathered.append(piece)
                size += len(piece) + 1
            any_text = any_text or bool(part.strip())
    last = page()
    if not any_text:
        raise DocumentError("The file has no text.")
    yield replace(last, remarks=(*last.remarks, *remarks))
