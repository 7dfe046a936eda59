"""Documents longer than the model's context, in overlapping windows of pages."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from columnist.asking.prompt import PageText
from columnist.llm.usage import BYTES_PER_TOKEN

LEAST_BUDGET = 500
"""Bytes of pages in a call, whatever the context."""

LONGEST_OVERLAP = 0.25
"""Share of a window that is repeated in the next one; of a longer page, only the end is repeated."""

_MARKER_BYTES = len("\n\n[Page 1234]\n")


def answer_room(longest_tokens: int, context_tokens: int) -> int:
    """Tokens that a call keeps for its answers: they must not use up the context of a small model."""
    return min(longest_tokens, context_tokens // 3)


def page_room(context_tokens: int, answer_tokens: int, overhead: int) -> int:
    """Bytes of pages that fit into a call beside its answers and `overhead` bytes of instructions and questions."""
    return max((context_tokens - answer_tokens) * BYTES_PER_TOKEN - overhead, LEAST_BUDGET)


def size(pages: Sequence[PageText]) -> int:
    """Most bytes of UTF-8 that the pages take in a prompt."""
    return sum(len(page.text.encode()) + _MARKER_BYTES for page in pages)


def windows(pages: Sequence[PageText], budget: int) -> list[list[PageText]]:
    """Split pages into windows of at most `budget` bytes. Every character is in at least one window.

    The last page of a window (or its end) begins the next one, so that text across a page break is in one piece. Pages
    that fit together are one window.
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
    """The pages; one of more than `longest` bytes in parts, cut after a paragraph, line or word if possible."""
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
    """The page, or as many of its last words as fit."""
    if len(last.text.encode()) <= room:
        return last
    tail = last.text.encode()[-room:].decode(errors="ignore")
    return replace(last, text=tail[tail.find(" ") + 1 :])
