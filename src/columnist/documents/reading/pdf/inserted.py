"""What a PDF draws after the line in which a person reads it: a word put in, or a value over a blank.

Programs that fill in or change a page add to its end. An addition is put into its line if that has a gap or a blank for
it; elsewhere the order of the file stays, as it knows columns and cells.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from columnist.documents.model import WordBox
from columnist.documents.reading.pictures.columns import Placed

Piece = Placed[range]
"""A piece of a line, without a wide gap between its words: their numbers, and its place."""

_SAME_LINE = 0.5
_BLANK = re.compile(r"_{3}|\.{4}|[☐□▢❏❑○◯]")
_TICK = re.compile("[XxVv✓✔✗✘☒●■√]")
_BESIDE = 2.0
"""Share of a tick's height: how far it may be from its label."""
_TOUCH = 0.3
"""Share of a piece's height: how much letters may overlap those beside them."""
_CLOSE = 0.5
"""Points: the same for two words without a wide gap."""
_MARK = 0.7
"""A piece that is lower than this share of its neighbour's height is a mark beside it."""
_MOST_PIECES = 3_000
_BUCKET = 8.0
"""Points: lines whose middles are nearer are compared."""


def are_beside(one: Piece, other: Piece) -> bool:
    """Whether both pieces are on one line."""
    return abs(one.y - other.y) < _SAME_LINE * min(one.height, other.height)


def with_insertions(
    text: str, words: Sequence[WordBox], pieces: Sequence[Piece], first: Piece
) -> list[list[Piece]] | None:
    """The pieces in lines; None if nothing is to be put elsewhere. `first`: the first that is above the one before."""
    if len(pieces) > _MOST_PIECES:
        return None
    rows = [[pieces[0]]]
    for before, piece in pairwise(pieces):
        if "\n" in text[words[before.item[-1]].end : words[piece.item[0]].start]:
            rows.append([piece])
        else:
            rows[-1].append(piece)
    known: dict[int, list[list[Piece]]] = {}
    is_changed = False
    for row in rows:
        bucket = int(row[0].y // _BUCKET)
        near = [host for at in (bucket - 1, bucket, bucket + 1) for host in known.get(at, ())]
        may_move = row[0].item.start >= first.item.start
        left = [one for one in row if not (may_move and any(_takes(host, one, text, words) for host in near))]
        is_changed = is_changed or len(left) < len(row)
        row[:] = left
        known.setdefault(bucket, []).append(row)
    return list(filter(None, rows)) if is_changed else None


def _takes(row: list[Piece], piece: Piece, text: str, words: Sequence[WordBox]) -> bool:
    """Put a piece into a line that has a place for it; returns whether it has."""
    touch = _TOUCH * piece.height
    for number, (left, right) in enumerate(pairwise(row), start=1):
        fits = left.x1 - touch < piece.x0 and piece.x1 < right.x0 + touch
        if fits and all(are_beside(one, piece) and piece.height > _MARK * one.height for one in (left, right)):
            row.insert(number, piece)
            return True
    is_tick = _TICK.fullmatch(text, words[piece.item[0]].start, words[piece.item[-1]].end)
    if is_tick and row and are_beside(row[0], piece) and 0 < row[0].x0 - piece.x1 < _BESIDE * piece.height:
        row.insert(0, piece)
        return True
    for number, one in enumerate(row):
        for at in one.item if abs(one.y - piece.y) < piece.height else ():
            next_ = words[at + 1] if at + 1 in one.item and are_beside(one, piece) else None
            is_between = next_ and words[at].x1 - _CLOSE < piece.x0 and piece.x1 < next_.x0 + _CLOSE
            if is_between or _is_blank_for(piece, words[at], text):
                row[number : number + 1] = [*_part(words, one, one.item.start, at + 1), piece]
                row[number + 2 : number + 2] = _part(words, one, at + 1, one.item.stop)
                return True
    return False


def _is_blank_for(piece: Piece, word: WordBox, text: str) -> bool:
    middle = (word.y0 + word.y1) / 2
    is_over = word.x0 - piece.height < piece.x0 and piece.x1 < word.x1 + piece.height
    return (
        is_over
        and -_TOUCH * piece.height < middle - piece.y < piece.height
        and _BLANK.search(text, word.start, word.end) is not None
    )


def _part(words: Sequence[WordBox], whole: Piece, start: int, stop: int) -> Iterator[Piece]:
    if start < stop:
        yield whole._replace(item=range(start, stop), x0=words[start].x0, x1=words[stop - 1].x1)
