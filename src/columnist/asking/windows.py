"""Documents longer than the model's context, in overlapping windows of pages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

from columnist.asking.prompt import PageText
from columnist.llm.usage import BYTES_PER_TOKEN

LEAST_BUDGET = 500
"""Bytes of pages in a call, whatever the context."""

LONGEST_OVERLAP = 0.25
"""Share of a window that is repeated in the next one; of a longer page, only the end is repeated."""

LEAST_OVERLAP = 1_500
"""Bytes that the next window repeats even if pages are short: a long sentence. At most a quarter of a window."""

_ENDS = [re.compile(end) for end in (r"\n\n", r"[.;:!?]\s+|[。；：！？]", r"\n", r"\s")]
_BLANK = re.compile(r"\s")
_LONGEST_WORD = 40
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

    The last page of a window begins the next one, with the pages before it up to `LEAST_OVERLAP`; of a long page only
    the end does. So a sentence across a border is in one piece. Pages that fit together are one window.
    """
    found: list[list[PageText]] = []
    window: list[PageText] = []
    taken = 0
    for piece in _pieces(pages, int(budget * (1 - LONGEST_OVERLAP)) - _MARKER_BYTES):
        needed = size([piece])
        if window and taken + needed > budget:
            found.append(window)
            window = _overlap(window, min(int(budget * LONGEST_OVERLAP), budget - needed))
            taken = size(window)
        window.append(piece)
        taken += needed
    return [*found, window] if window else found


def expected_windows(page_bytes: Sequence[int], budget: int) -> tuple[int, float]:
    """How many `windows` pages of these sizes have, and the bytes in all of them, without looking at their text."""
    longest = max(int(budget * (1 - LONGEST_OVERLAP)) - _MARKER_BYTES, 1)
    count, sent, taken = 1, 0.0, 0.0
    window: list[float] = []
    for page in page_bytes:
        whole = max(1, ceil(page / longest)) - 1
        for piece in (*[longest + _MARKER_BYTES] * whole, page - whole * longest + _MARKER_BYTES):
            if window and taken + piece > budget:
                count, sent = count + 1, sent + taken
                taken = _expected_overlap(window, min(budget * LONGEST_OVERLAP, budget - piece))
                window = [taken]
            window.append(piece)
            taken += piece
    return count, sent + taken


def _expected_overlap(window: Sequence[float], room: float) -> float:
    taken = 0.0
    for piece in reversed(window):
        if taken >= min(LEAST_OVERLAP, room):
            break
        taken += min(piece, room - taken)
    return taken


def _pieces(pages: Sequence[PageText], longest: int) -> Iterator[PageText]:
    """The pages; one of more than `longest` bytes in parts, cut after a paragraph, sentence, line or word if
    possible."""
    for page in pages:
        rest = page.text
        while len(rest.encode()) > longest:
            head = rest.encode()[: max(longest, 4)].decode(errors="ignore")  # no character takes more than 4 bytes
            half = len(head) // 2
            cuts = ([match.end() for match in end.finditer(head, half)] for end in _ENDS)
            cut = next((found[-1] for found in cuts if found), len(head))
            yield replace(page, text=rest[:cut])
            rest = rest[cut:]
        yield replace(page, text=rest)


def _overlap(window: Sequence[PageText], room: int) -> list[PageText]:
    """The end of a window: its last page, or as much of it as fits, and the pages before it up to `LEAST_OVERLAP`."""
    found: list[PageText] = []
    for piece in reversed(window):
        left = room - size(found) - _MARKER_BYTES
        if (found and size(found) >= LEAST_OVERLAP) or left <= 0:
            break
        tail = piece.text.encode()[-left:].decode(errors="ignore")
        if len(tail) < len(piece.text):
            blank = _BLANK.search(tail, 0, _LONGEST_WORD)
            tail = tail[blank.end() :] if blank else tail
        if found and found[0].number == piece.number:
            found[0] = replace(piece, text=tail + found[0].text)
        else:
            found.insert(0, replace(piece, text=tail))
        if tail != piece.text:
            break
    return found
