"""Documents longer than the model's context: overlapping windows of pages, and the merging of their answers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from columnist.extraction.model import NOT_FOUND, Citation, Content
from columnist.extraction.prompt import PageText
from columnist.reviews.model import Flag

CHARACTERS_PER_TOKEN = 3
"""Fewer than contracts have (about 3.5 to 4.5): a window that is too long costs a refused call."""

SEVERITY: tuple[Flag, ...] = ("red", "yellow", "green", "grey")

LONGEST_OVERLAP = 0.25
"""Of a window: a page that takes more is not repeated as a whole, but its end is."""


def windows(pages: Sequence[str], budget: int) -> list[list[PageText]]:
    """Split a document into windows of at most `budget` characters; every character of it is in at least one.

    The last page of a window (or its end) opens the next one, so that what runs over a page's end is read in one piece.
    """
    found: list[list[PageText]] = []
    window: list[PageText] = []
    size = 0
    for piece in _pieces(pages, budget):
        if window and size + len(piece.text) > budget:
            found.append(window)
            overlap = _overlap(window[-1], min(int(budget * LONGEST_OVERLAP), budget - len(piece.text)))
            window, size = overlap, sum(len(page.text) for page in overlap)
        window.append(piece)
        size += len(piece.text)
    return [*found, window] if window else found


def _pieces(pages: Sequence[str], budget: int) -> Iterator[PageText]:
    """The pages; one that is longer than half a window in parts, cut at line ends where it has any."""
    longest = max(budget // 2, 1)
    for number, text in enumerate(pages, start=1):
        start = 0
        while len(text) - start > longest:
            cut = text.rfind("\n", start + longest // 2, start + longest) + 1 or start + longest
            yield PageText(number, text[start:cut])
            start = cut
        yield PageText(number, text[start:])


def _overlap(last: PageText, longest: int) -> list[PageText]:
    if len(last.text) <= longest:
        return [last]
    return [PageText(last.number, last.text[-longest:])] if longest > 0 else []


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
    others = list(dict.fromkeys(rival.summary for rival in rivals if _comparable(rival) != _comparable(best)))
    if not others:
        same = [content for content in found if _comparable(content) == _comparable(best)]
        return replace(best, reasoning=f"{best.reasoning} {note}".strip(), citations=_citations(same))
    flag: Flag = "red" if best.flag == "red" else "yellow"
    said = "; ".join(others)
    return replace(best, flag=flag, reasoning=f"{best.reasoning} {note} Elsewhere it says: {said}.".strip())


def _united(found: Sequence[Content], note: str) -> Content:
    lists = [content for content in found if isinstance(content.value, list)]
    items = list(
        {str(item).casefold(): item for content in reversed(lists) for item in reversed(content.value)}.values()
    )
    items.reverse()
    flags = [content.flag for content in lists]
    worst: Flag = next(flag for flag in SEVERITY if flag in flags)
    return Content("; ".join(map(str, items)), items, worst, f"{lists[0].reasoning} {note}".strip(), _citations(lists))


def _citations(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """Each quote once; the overlap of two windows shows it to both."""
    return tuple({(c.page, c.quote): c for content in contents for c in content.citations}.values())


def _verified(content: Content) -> bool:
    return any(citation.verified for citation in content.citations)


def _comparable(content: Content) -> Any:
    return content.summary.casefold() if content.value is None else content.value
