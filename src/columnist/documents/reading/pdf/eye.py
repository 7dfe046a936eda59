"""The text layer of a PDF in the order in which the eye reads it, if the file draws it in another order.

Raised or lowered figures stay apart from the number before them. Lines are reordered only if the file's order is surely
not the reader's. Mostly it is: it knows the cells of a table, which the places of words do not show.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import inf
from operator import attrgetter, itemgetter

from columnist.documents.model import WordBox
from columnist.documents.reading.pdf.accents import with_letters
from columnist.documents.reading.pdf.inserted import Piece, are_beside, with_insertions
from columnist.documents.reading.pdf.layer import Box, Glyph, TextLayer
from columnist.documents.reading.pictures.columns import COLUMN_LINES, Placed, parted
from columnist.documents.reading.raised import raised

_SMALLER = 0.85
"""A note's mark is smaller than this share of the size of the text before it."""
_LIFT, _LIFT_ALONE, _MOST = 0.15, 0.25, 0.8
"""Shares of the size of the text: how much higher a smaller mark is at least, one of the same size at least, and any
mark at most."""
_DROP, _MOST_DROP = 0.06, 0.5
_FAR = 1.6
"""Share of the size of the text: greatest distance between the starts of a mark and of the letter before it."""
_MARK = re.compile(r"\d{1,3}(?:,\d{1,2})*(?![\d.])")
_LAST_FIGURE = re.compile(r"[0-9](?<=\S.)(?![0-9]|[.,][0-9])")
_STROKES = "/⁄"
_UPRIGHT, _LEAST_APART = 0.9, 0.12
"""Share of the size of figures: those of one number are nearer."""
_LEAST_GAP = 0.75
"""Share of the size of the text: a fraction begins this far after the start of the letter before it; an index of the
letter, which may be above another index, is nearer."""

_GAP = 1.0
"""Share of a line's height: a wider gap separates two pieces of a line."""
_TURNED = 1.3
"""Ratio of a word's height to its width: a horizontal word of three letters has less."""
_SAMPLE = 40
"""Words that are looked at to see whether a page lies on its side."""
_ALIGNED = 6.0
"""Most points between the starts of lines of one column."""
_LEAST_ROWS = 4
"""Fewest rows of a table, or lines that alternate between columns, for which lines are reordered."""
_VALUE = re.compile(r"[^\w]{0,3}\d[\d.,' ]{0,14}[^\w]{0,3}(?:%|[A-Z]{3}|[a-z]{1,6})?")
"""An amount, a number or a share alone."""
_MOSTLY = 0.8
_DIGIT, _SOON = re.compile(r"\d"), 12
"""An amount has a digit among this many first characters."""

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")


def with_marks_apart(layer: TextLayer, text: str, words: Sequence[WordBox]) -> tuple[str, Sequence[WordBox]]:
    """`text`, the layer's text character for character, with raised figures written as notes are."""
    found = [*_moved_figures(layer, text), *_superior_figures(layer, text), *with_letters(layer, text)]
    found.sort(key=itemgetter(0, 1))
    if not found:
        return text, words
    parts, places, end = [], [], 0
    for start, stop, written in found:
        if start < end:
            continue
        if written is None:
            before = text[max(start - 6, end) : start].rstrip(" ")
            is_half = text[stop : stop + 3].lstrip()[:1] in tuple(_STROKES)
            gap = " " * (not text[start - 1 : start].isspace())
            written = f"{gap}{text[start:stop]}" if is_half else raised(before, text[start:stop])
        parts += [text[end:start], written]
        places.append((start, stop, len(written) - (stop - start)))
        end = stop
    moved = (_shifted(word, places) for word in words)
    return "".join((*parts, text[end:])), [word for word in moved if word.start < word.end]


_Change = tuple[int, int, str | None]
"""A part of the text, and what is written instead; None for a raised figure."""


def _superior_figures(layer: TextLayer, text: str) -> Iterator[_Change]:
    """The figures at the ends of words that their font itself draws small and high."""
    for match in _LAST_FIGURE.finditer(text):
        begin = stop = match.end()
        while begin and text[begin - 1].isdigit() and layer.is_lifted(begin - 1):
            begin -= 1
        if text[begin - 1 : begin].strip() and begin < stop:
            yield begin, stop, None


def _moved_figures(layer: TextLayer, text: str) -> list[_Change]:
    """The figures that are drawn above or below their line, and the halves of fractions."""
    found: list[_Change] = []
    for number, (one, next_) in enumerate(pairwise(layer.pieces), start=1):
        between = text[one.end : next_.start]
        before = text[one.end - 1 : one.end]
        mark = _MARK.match(text, next_.start, next_.end)
        if "\n" in between and _is_torn_fraction(layer, text, one.end - 1, next_.start):
            found.append((one.end, next_.start, ""))
            continue
        after = layer.pieces[number + 1] if mark and number + 1 < len(layer.pieces) else None
        if mark and after and _MARK.fullmatch(text[next_.start : next_.end].strip()):
            lower = _MARK.match(text, after.start, after.end)
            if lower and _is_stacked(layer, one.end - 1, next_.start, after.start, is_digit=before.isdigit()):
                if not (between or before).isspace():
                    found.append((next_.start, next_.start, " "))
                found.append((mark.end(), after.start, "/"))
                continue
        is_near = not between or (between.isspace() and before.isdigit())
        if mark and is_near and before.strip() and before not in _STROKES and one.drawn_by != next_.drawn_by:
            last, first = layer.glyph(one.end - 1), layer.glyph(next_.start)
            if last and first and _is_moved(last, first, only_up=not before.isdigit()):
                found.append((*mark.span(), None))
                continue
        if not between and before.isdigit() and text[next_.start].isdigit() and _are_cells(layer, *one[:2], *next_[:2]):
            found.append((next_.start, next_.start, " "))
    return found


def _are_cells(layer: TextLayer, start: int, end: int, next_: int, stop: int) -> bool:
    """Whether two figures on a line that PDFium takes for one are apart, as in the cells of a tight table."""
    one, other, digit = layer.advance(end - 1), layer.advance(next_), layer.glyph(end - 1)
    if one is None or other is None or digit is None or end - start == stop - next_ == 1:  # each letter is set apart
        return False
    return digit.up[1] > _UPRIGHT and other[0] - one[1] > _LEAST_APART * digit.size


def _is_torn_fraction(layer: TextLayer, text: str, last: int, first: int) -> bool:
    """Whether a stroke and a figure of a fraction are beside each other, although PDFium takes them for two lines,
    because one is lower."""
    pair = text[last] + text[first]
    if not ((pair[0] in _STROKES and pair[1].isdigit()) or (pair[1] in _STROKES and pair[0].isdigit())):
        return False
    one, other = layer.glyph(last), layer.glyph(first)
    if one is None or other is None:
        return False
    up, along = _way(one, other)
    return 0 < along < _FAR and abs(up) <= _MOST


def _is_stacked(layer: TextLayer, last: int, upper: int, lower: int, *, is_digit: bool) -> bool:
    """Whether two small figures are the halves of a fraction: one above the other, after a number or a space."""
    places = [layer.glyph(one) for one in (last, upper, lower)]
    if None in places:
        return False
    base, top, bottom = (one for one in places if one is not None)
    if not max(top.size, bottom.size) < _SMALLER * base.size:
        return False
    (up, along), (down, below) = _way(base, top), _way(base, bottom)
    is_apart = is_digit or along > _LEAST_GAP
    return (
        is_apart and 0 < along < _FAR and _LIFT <= up <= 1 and -_MOST <= down < _LIFT and abs(below - along) < _SMALLER
    )


def _way(one: Glyph, other: Glyph) -> tuple[float, float]:
    """How far a letter is above and after another one, in shares of that one's size."""
    x, y, size = other.x - one.x, other.y - one.y, one.size or 1.0
    return (x * one.up[0] + y * one.up[1]) / size, (x * one.up[1] - y * one.up[0]) / size


def _is_moved(last: Glyph, first: Glyph, *, only_up: bool) -> bool:
    """Whether a figure is above or below the line of the letter before it."""
    size = last.size
    if not size:
        return False
    up, along = _way(last, first)
    if not 0 < along < _FAR:
        return False
    is_smaller = first.size < _SMALLER * size
    if (_LIFT if is_smaller else _LIFT_ALONE) <= up <= _MOST:
        return True
    return is_smaller and not only_up and _DROP <= -up <= _MOST_DROP


def _shifted(word: WordBox, places: Sequence[tuple[int, int, int]]) -> WordBox:
    start, end = word.start, word.end
    for first, last, more in places:
        if word.start >= last:
            start += more
        if word.end >= last:
            end += more
        elif word.end <= first:
            break
    return word._replace(start=start, end=end)


_MIDDLE = attrgetter("y")


def in_order(text: str, words: Sequence[WordBox]) -> tuple[str, Sequence[WordBox]]:
    """The text with its lines as the eye reads them: one column after the other even if the file draws both line by
    line, an amount beside its label, lines from top to bottom."""
    if (turns := turns_of(words)) is not None:
        text, words = _upright_in_order(text, moved_by(words, turns[0]), is_turned=True)
        return text, moved_by(words, turns[1])
    return _upright_in_order(text, words, is_turned=False)


def _upright_in_order(text: str, words: Sequence[WordBox], *, is_turned: bool) -> tuple[str, Sequence[WordBox]]:
    """`is_turned`: the page lies on its side, so that PDFium may have reversed its lines."""
    pieces = _pieces(words)
    if len(pieces) < _LEAST_ROWS and not is_turned:
        return text, words
    rises, starts = _doubts(pieces)
    gutters = _often(starts)
    places = (words[piece.item.start].start for piece in rises)
    may_rise = len(rises) >= _LEAST_ROWS - 1 or any(_DIGIT.search(text, at, at + _SOON) for at in places)
    rows = _by_columns(pieces, gutters) if gutters else None
    if rows is None and may_rise:
        rows = _with_values(text, words, pieces) or _from_the_top(pieces)
    if rows is None and rises:
        rows = with_insertions(text, words, pieces, rises[0])
    if rows is None and is_turned and 0 < len(rises) == len(pieces) - 1:
        rows = _rows(sorted(pieces, key=_MIDDLE))
    if rows is None or _RIGHT_TO_LEFT.search(text) or any(map(_is_turned, words)):
        return text, words
    parts: list[str] = []
    moved: list[WordBox] = []
    length = 0
    for row in rows:
        for number, piece in enumerate(row):
            own_words = words[piece.item.start : piece.item.stop]
            start, end = own_words[0].start, max(word.end for word in own_words)
            moved += [
                word._replace(start=word.start - start + length, end=word.end - start + length) for word in own_words
            ]
            own = text[start:end].replace("\n", " ")
            parts += [own, " " if number < len(row) - 1 else "\n"]
            length += len(own) + 1
    return "".join(parts).rstrip("\n"), moved


def _is_turned(word: WordBox) -> bool:
    """Whether a word runs up or down the page."""
    return word.end - word.start > 2 and word.y1 - word.y0 > _TURNED * (word.x1 - word.x0)


Turn = Callable[[Box], Box]


def turns_of(words: Sequence[WordBox]) -> tuple[Turn, Turn] | None:
    """How a page whose words run up or down is turned so that they run to the right, and back; None for other pages."""
    first = words[:_SAMPLE]
    boxes = Counter(word.start for word in first)  # spaced letters have boxes of their own
    whole = [word for word in first if word.end - word.start > 2 and boxes[word.start] == 1]
    if sum(map(_is_turned, whole)) <= len(whole) / 2:
        return None
    beside = [(one, next_) for one, next_ in pairwise(words) if one.x0 < next_.x1 and next_.x0 < one.x1]
    rises = sum(next_.y0 < one.y0 for one, next_ in beside)
    return (_to_the_right, _to_the_left) if rises > len(beside) / 2 else (_to_the_left, _to_the_right)


def _to_the_right(box: Box) -> Box:
    return -box[3], box[0], -box[1], box[2]


def _to_the_left(box: Box) -> Box:
    return box[1], -box[2], box[3], -box[0]


def moved_by(words: Sequence[WordBox], turn: Turn) -> list[WordBox]:
    return [WordBox(start, end, *turn((x0, y0, x1, y1))) for start, end, x0, y0, x1, y1 in words]


def _doubts(pieces: Sequence[Piece]) -> tuple[list[Piece], list[float]]:
    """The pieces that are above the previous one, and the places of those that continue its line."""
    rises = []
    starts = []
    for (_, _, right, middle, height), piece in pairwise(pieces):
        _, left, _, own, tall = piece
        if own + tall / 2 < middle:
            rises.append(piece)
        elif left > right and abs(own - middle) < (height + tall) / 2:
            starts.append(left)
    return rises, starts


def _often(starts: list[float]) -> list[float]:
    """The first places where many pieces begin, so that columns may begin there."""
    starts.sort()
    found: list[float] = []
    for first, last in zip(starts, starts[COLUMN_LINES - 1 :], strict=False):
        if last - first <= _ALIGNED and (not found or first > found[-1] + _ALIGNED):
            found.append(first)
    return found


def _pieces(words: Sequence[WordBox]) -> list[Piece]:
    """The pieces of the lines, in the order of the file. It makes few calls, because a page has hundreds of words."""
    pieces: list[Piece] = []
    known = -1
    left = right = top = bottom = inf
    begun = 0
    for number, (start, _, x0, y0, x1, y1) in enumerate(words):
        if start != known:  # else it is another box of the same word
            height, own = bottom - top, y1 - y0
            if own > height:
                height = own
            if not (y0 < bottom and top < y1 and -height < x0 - right < _GAP * height):
                if number:
                    pieces.append(Placed(range(begun, number), left, right, (top + bottom) / 2, bottom - top))
                begun, left, right, top, bottom = number, x0, x1, y0, y1
            known = start
        if x0 < left:
            left = x0
        if x1 > right:
            right = x1
        if y0 < top:
            top = y0
        if y1 > bottom:
            bottom = y1
    if words:
        pieces.append(Placed(range(begun, len(words)), left, right, (top + bottom) / 2, bottom - top))
    return pieces


def _by_columns(pieces: Sequence[Piece], gutters: Sequence[float]) -> list[list[Piece]] | None:
    """Columns of text, one after the other, if the file alternates between them line by line."""
    blocks = parted(sorted(pieces, key=_MIDDLE), gutters)
    if len(blocks) < 2:
        return None
    block_of = {id(one): number for number, block in enumerate(blocks) for one in block}
    changes = sum(block_of[id(one)] != block_of[id(next_)] for one, next_ in pairwise(pieces))
    if changes < len(blocks) + len(pieces) / 4:
        return None
    return [row for block in blocks for row in _rows(block)]


def _with_values(text: str, words: Sequence[WordBox], pieces: Sequence[Piece]) -> list[list[Piece]] | None:
    """Each amount beside its label, if the file draws all labels and then all amounts."""
    order: list[list[Piece]] = [[one] for one in pieces]
    is_changed = False
    begin = 0
    for number in range(1, len(pieces) + 1):
        goes_on = number < len(pieces) and pieces[number].y - pieces[number].height / 2 > pieces[number - 1].y
        if goes_on:
            continue
        values = pieces[begin:number]
        begin = number
        if len(values) < _LEAST_ROWS or not _are_values(text, words, values):
            continue
        first = pieces.index(values[0])
        labels = [_label_of(one, pieces[:first]) for one in values]
        known = [one for one in labels if one is not None]
        if len(known) < _MOSTLY * len(values) or _are_values(text, words, known):
            continue
        if len({id(one) for one in known}) < len(known):
            continue
        for value, label in zip(values, labels, strict=True):
            if label is not None:
                row = next(row for row in order if row[0] is label)
                row.append(value)
                order.remove(next(row for row in order if row[0] is value))
                is_changed = True
    return order if is_changed else None


def _label_of(value: Piece, before: Sequence[Piece]) -> Piece | None:
    """The pieces to the left of an amount on its line."""
    return next((one for one in reversed(before) if are_beside(one, value) and one.x1 <= value.x0), None)


def _are_values(text: str, words: Sequence[WordBox], pieces: Sequence[Piece]) -> bool:
    said = (text[words[one.item[0]].start : words[one.item[-1]].end].strip() for one in pieces)
    found = sum(bool(_VALUE.fullmatch(one)) for one in said)
    return found >= _MOSTLY * len(pieces)


def _from_the_top(pieces: Sequence[Piece]) -> list[list[Piece]] | None:
    """One column from top to bottom, if the file draws most lines above earlier ones."""
    jumps = sum(next_.y + next_.height / 2 < one.y for one, next_ in pairwise(pieces))
    if jumps < max(_LEAST_ROWS - 1, len(pieces) / 3):
        return None
    return _rows(sorted(pieces, key=_MIDDLE))


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    rows: list[list[Piece]] = []
    for one in pieces:
        if rows and are_beside(rows[-1][0], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda one: one.x0) for row in rows]
