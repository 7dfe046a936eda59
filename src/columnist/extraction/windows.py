"""Documents longer than the model's context: overlapping windows of pages, and the merging of their answers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from columnist.extraction.model import NOT_FOUND, Citation, Content
from columnist.extraction.prompt import PageText
from columnist.reviews.model import Flag

BYTES_PER_TOKEN = 3
"""Of UTF-8, cautiously: English contracts have 3.5 to 4.5, Chinese and Japanese about 3, tables of figures 2 to 3."""

LONGEST_OVERLAP = 0.25
"""Of a window: a page that takes more is not repeated as a whole, but its end is."""

_MARKER_BYTES = len("\n\n[Page 1234]\n")
_SEVERITY: tuple[Flag, ...] = ("red", "yellow", "green", "grey")


def size(pages: Sequence[PageText]) -> int:
    """Bytes of UTF-8 that the pages take in a prompt, at most."""
    return sum(len(page.text.encode()) + _MARKER_BYTES for page in pages)


def windows(pages: Sequence[PageText], budget: int) -> list[list[PageText]]:
    """Split pages into windows of at most `budget` bytes; every character of them is in at least one.

    The last page of a window (or its end) opens the next one, so that what runs over a page's end is read in one piece.
    Pages that fit together are one window.
    """
    found: list[list[PageText]] = []
    window: list[PageText] = []
    taken = 0
    for piece in _pieces(pages, int(budget * (1 - LONGEST_OVERLAP)) - _MARKER_BYTES):
        needed = size([piece])
        if window and taken + needed > budget:
            found.append(window)
            room = min(int(budget * LONGEST_OVERLAP), budget - needed) - _MARKER_BYTES
            window = [_overlap(window[-1], room)] if room > 0 else []
            taken = size(window)
        window.append(piece)
        taken += needed
    return [*found, window] if window else found


def _pieces(pages: Sequence[PageText], longest: int) -> Iterator[PageText]:
    """The pages; one of more than `longest` bytes in parts, cut after a paragraph, a line or a word if it has any."""
    for page in pages:
        rest = page.text
        while len(rest.encode()) > longest:
            head = rest.encode()[: max(longest, 4)].decode(errors="ignore")  # no character takes more than 4 bytes
            half = len(head) // 2
            ends = (head.rfind(end, half) + len(end) for end in ("\n\n", "\n", " ") if head.rfind(end, half) >= 0)
            cut = next(ends, len(head))
            yield replace(page, text=rest[:cut])
            rest = rest[cut:]
        yield replace(page, text=rest)


def _overlap(last: PageText, room: int) -> PageText:
    """The page, or as many of its last words as have room."""
    if len(last.text.encode()) <= room:
        return last
    tail = last.text.encode()[-room:].decode(errors="ignore")
    return replace(last, text=tail[tail.find(" ") + 1 :])


def merge(contents: Sequence[Content]) -> Content:
    """One content from those of a document's windows, in order.

    Found beats not found, verified evidence beats unverified, the earlier window beats the later; lists are united.
    Windows that contradict each other leave a yellow flag and are named in the reasoning.
    """
    note = f"Read in {len(contents)} windows of pages."
    found = [content for content in contents if content.summary != NOT_FOUND]
    if not found:
        return replace(contents[0], reasoning=note)
    best = min(found, key=lambda content: not _verified(content))
    if isinstance(best.value, list):
        return _united(found, note)
    rivals = [content for content in found if _verified(content) == _verified(best)]
    same = [content for content in rivals if _comparable(content) == _comparable(best)]
    others = list(dict.fromkeys(_with_page(rival) for rival in rivals if rival not in same))
    reasoning = f"{best.reasoning} {note}".strip()
    if not others:
        return replace(best, reasoning=reasoning, citations=_citations(same))
    flag: Flag = "red" if best.flag == "red" else "yellow"
    reasoning += f" Elsewhere it says: {'; '.join(others)}."
    return replace(best, flag=flag, reasoning=reasoning, citations=_citations(same))


def _united(found: Sequence[Content], note: str) -> Content:
    lists = [content for content in found if isinstance(content.value, list)]
    items: dict[str, Any] = {}
    for content in lists:
        for item in content.value:
            items.setdefault(" ".join(str(item).casefold().split()), item)
    flags = [content.flag for content in lists]
    worst: Flag = next(flag for flag in _SEVERITY if flag in flags)
    reasoning = " ".join([*dict.fromkeys(content.reasoning for content in lists if content.reasoning), note])
    return Content("; ".join(map(str, items.values())), list(items.values()), worst, reasoning, _citations(lists))


def _citations(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """Each quote once; the overlap of two windows shows it to both."""
    return tuple({(c.page, c.quote): c for content in contents for c in content.citations}.values())


def _verified(content: Content) -> bool:
    return any(citation.verified for citation in content.citations)


def _with_page(content: Content) -> str:
    pages = [citation.page for citation in content.citations if citation.page is not None]
    return f"{content.summary} (page {pages[0]})" if pages else content.summary


def _comparable(content: Content) -> Any:
    value = content.summary if content.value is None else content.value
    return " ".join(value.casefold().split()).rstrip(".") if isinstance(value, str) else value
