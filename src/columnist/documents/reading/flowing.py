"""Formats without pages (HTML, RTF, text): their text, cut into pages at breaks or paragraphs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import lxml.etree
import lxml.html
from striprtf.striprtf import rtf_to_text

from columnist.documents.model import Page, Remark
from columnist.documents.reading.encoding import decode
from columnist.errors import DocumentError

PAGE_CHARACTERS = 3_000
"""About a printed page. A flowing text is cut into pages at the next end of a paragraph."""

PAGE_BREAK = "\f"
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_RTF_WORDS = [
    (re.compile(rf"(?<!\\)\\{word}(?![a-z0-9])"), instead)
    for word, instead in [
        ("(?:nest)?cell", r"\\tab"),
        ("page", r"\\'0c"),
        ("footnote", ""),
        ("(?:header|footer)[lrf]?", r"\\par"),
        ("pntext", ""),
        ("deleted", r"\\*"),
    ]
]
"""RTF control words that `striprtf` would drop, keep or show in another way."""
_BLOCKS = frozenset(
    """address article aside blockquote br center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main
    nav ol p pre section table tbody tfoot thead tr ul""".split()
)
_CELLS = frozenset(("td", "th"))
_UNSEEN = ("script", "style", "head", "template", "noscript")
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\s*(?:;|!|$)", re.I)
"""An inline style that hides an element; style sheets are not applied."""


def read_text(path: Path) -> Iterator[Page]:
    """A text file of any encoding; a form feed is a page break. Raises DocumentError."""
    decoded = decode(path.read_bytes())
    lines = decoded.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return pages_of(lines, remarks=decoded.remarks)


def read_html(path: Path) -> Iterator[Page]:
    """What a browser would show as text. Raises DocumentError."""
    return pages_of(html_lines(path.read_bytes()))


def read_rtf(path: Path) -> Iterator[Page]:
    """The text of an RTF: tabs between cells, no deleted text, notes in place. Raises DocumentError."""
    text = path.read_bytes().decode("latin-1")
    for word, instead in _RTF_WORDS:
        text = word.sub(instead, text)
    plain: str = rtf_to_text(text, errors="replace")  # type: ignore[no-untyped-call]
    return pages_of(plain.split("\n"))


def html_lines(data: bytes) -> list[str]:
    """What a browser would show as text, line by line. Raises DocumentError."""
    try:
        root = lxml.html.document_fromstring(decode(data).text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except lxml.etree.XMLSyntaxError as error:
        if error.code == lxml.etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise DocumentError("The HTML page is damaged: it cannot be parsed.") from error
    except (lxml.etree.ParserError, ValueError) as error:
        raise DocumentError("The HTML page cannot be read: it has no element.") from error
    lxml.etree.strip_elements(root, *_UNSEEN, lxml.etree.Comment, lxml.etree.PI, with_tail=False)
    for element in [one for one in root.iter() if "hidden" in one.attrib or _HIDDEN.search(one.get("style", ""))]:
        if element is not root:
            element.drop_tree()
    parts: list[str] = []
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        if element.tag in _BLOCKS:
            parts.append("\n")
        elif element.tag in _CELLS and event == "end":
            parts.append("\t")
        parts.append(((element.text if event == "start" else element.tail) or "").replace("\n", " "))
    lines = ("\t".join(" ".join(cell.split()) for cell in line.split("\t")) for line in "".join(parts).split("\n"))
    return [line.strip() for line in lines if line.strip()]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text between two lines, or in one, that a person does not see: it is kept, and is no evidence."""

    text: str


def pages_of(
    lines: Iterable[str | Hidden], characters: int = PAGE_CHARACTERS, remarks: Iterable[Remark] = ()
) -> Iterator[Page]:
    """Cut lines into pages: at a form feed, or at the first line end after `characters`.

    The last page has the `remarks`, which may be made while the lines are read. Raises DocumentError if there is no
    text at all.
    """
    number, gathered, size = 1, [""], 0
    hidden: list[str] = []
    any_text = False

    def page() -> Page:
        return Page(number, "\n".join(gathered).strip("\n"), hidden="\n".join(hidden))

    for line in lines:
        if isinstance(line, Hidden):
            hidden.append(_UNSTORABLE.sub(" ", line.text).strip())
            continue
        parts = _UNSTORABLE.sub(" ", line).split(PAGE_BREAK)
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
    if not any_text:
        raise DocumentError("The file has no text.")
    yield replace(page(), remarks=tuple(remarks))
