"""Documents longer than the model's context: overlapping windows of pages, and the merging of their answers."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from columnist.answers.model import NOT_FOUND, Citation, Content
from columnist.asking.prompt import PageText
from columnist.reviews.model import Flag, Rule

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


def disputed(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """The verified evidence of windows whose answers contradict each other; none where they agree or make a list."""
    found = _credible(contents)
    if any(isinstance(content.value, list) for content in found) or len({_comparable(one) for one in found}) < 2:
        return ()
    return _citations(found)


def merge(
    contents: Sequence[Content], note: str, settled: Content | None = None, rules: Sequence[Rule] = ()
) -> Content:
    """One content from those of a document's windows, in order; `note` says how the document was read.

    Found beats not found, verified evidence beats unverified (which is kept only where there is no other, to be seen as
    such), a typed value beats one that could not be typed; lists are united. Of windows that contradict each other
    `settled` counts, the answer to their evidence seen side by side, or else the earliest; they leave a yellow flag and
    are named in the reasoning. Of the `rules` in words the first counts that held for an answer that counts, or, with
    verified evidence, where there was none.
    """
    found = _credible(contents)
    beside = [content for content in contents if content.summary == NOT_FOUND and _citations([content])]
    if not found:
        merged = Content(NOT_FOUND, None, "grey", note, _citations(beside), doubtful=not beside)
        return replace(merged, held=_held(beside, rules))
    if isinstance(found[0].value, list):
        return replace(_united(found, note), held=_held([*found, *beside], rules))
    best = settled or found[0]
    same = [content for content in found if _comparable(content) == _comparable(best)]
    others = list(dict.fromkeys(_with_page(rival) for rival in found if rival not in same))
    merged = replace(
        best,
        reasoning=f"{best.reasoning} {note}".strip(),
        citations=_citations([best, *same, *beside]) or best.citations,
        held=_held([best, *same, *beside], rules),
        flag=next(flag for flag in _SEVERITY if flag in [best.flag, *(one.flag for one in same)]),
    )
    if not others:
        return merged
    flag: Flag = "red" if merged.flag == "red" else "yellow"
    reasoning = f"{merged.reasoning} Elsewhere it says: {'; '.join(others)}."
    return replace(merged, flag=flag, doubtful=True, reasoning=reasoning)


def _held(contents: Sequence[Content], rules: Sequence[Rule]) -> Rule | None:
    held = [content.held for content in contents]
    return next((rule for rule in rules if rule in held), None)


def _credible(contents: Sequence[Content]) -> list[Content]:
    """The answers that count: the best kind there is, of those found, verified and typed."""
    found = [content for content in contents if content.summary != NOT_FOUND]
    found = [content for content in found if _citations([content])] or found
    return [content for content in found if content.value is not None] or found


def _united(found: Sequence[Content], note: str) -> Content:
    lists = [content for content in found if isinstance(content.value, list)]
    items: dict[str, Any] = {}
    for content in lists:
        for item in content.value:
            items.setdefault(" ".join(str(item).casefold().split()), item)
    flags = [content.flag for content in lists]
    worst: Flag = next(flag for flag in _SEVERITY if flag in flags)
    reasoning = " ".join([*dict.fromkeys(content.reasoning for content in lists if content.reasoning), note])
    citations = _citations(lists) or lists[0].citations
    shown = "; ".join(map(str, items.values()))
    doubtful = all(content.doubtful for content in lists)
    return Content(shown, list(items.values()), worst, reasoning, citations, doubtful=doubtful)


def _citations(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """Each verified quote once, in the document's order; the overlap of two windows shows it to both."""
    found = {(one.page, one.quote): one for content in contents for one in content.citations if one.verified}
    return tuple(sorted(found.values(), key=lambda citation: (citation.page or 0, citation.spans[0].start)))


def _with_page(content: Content) -> str:
    pages = [citation.page for citation in content.citations if citation.page is not None]
    return f"{content.summary} (page {pages[0]})" if pages else content.summary


def _comparable(content: Content) -> Hashable:
    """The same for answers that agree, however they are written: 10 and 10.0, two spellings of a sentence."""
    value = content.summary if content.value is None else content.value
    if isinstance(value, dict):
        return Decimal(value["amount"]), value["currency"]
    if not isinstance(value, str):
        return bool(value)
    try:
        return Decimal(value)
    except InvalidOperation:
        return " ".join(value.casefold().split()).rstrip(".")
