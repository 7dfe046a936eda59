"""Where a quote stands: exactly, else after normalising both sides, else nearly, but never with a changed fact.

Normalising drops what layout adds or changes (white space, hyphens at line ends and between letters, soft hyphens) and
unifies what typography varies (quotation marks, dashes, ligatures, compatibility forms by Unicode NFKC). Case stays.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property

from rapidfuzz import fuzz

from columnist.documents.model import Rectangle, Span, WordBox

NEARLY = 95.0
"""The least similarity (0 to 100, Indel ratio) of a quote that does not stand there letter by letter."""

_ANCHOR = 16
"""Characters of a near quote that must stand in the text unchanged: where to look more closely."""

_ELLIPSIS = re.compile(r"\s*(?:\[?(?:\.\s?){3,}\]?|\[?…\]?|<omitted>|\[omitted\])\s*", re.IGNORECASE)
_SAME = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    # Soft hyphen, zero-width characters, byte-order mark
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)
_HYPHEN_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_TOKEN = re.compile(r"\d[\d.,:/]*|[^\W\d_]+")
_FACTS = frozenset(
    """no not nor never none neither without except unless only cannot may might shall must will should can if until
    before after less more least most minimum maximum all any each every either both
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half
    first second third fourth fifth day days week weeks month months quarter quarters year years business calendar
    january february march april june july august september october november december""".split()
)


class Locator:
    """Finds quotes in one document; normalises its pages once, when they are first needed."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages

    def locate(self, quote: str, page_hint: int | None = None) -> tuple[Span, ...]:
        """The spans of a quote, one for each page it touches; empty if it does not stand in the document.

        A quote with ellipses is found if each of its parts is, in order. `page_hint` (1-based) is where to look first.
        """
        if page_hint is not None and not 1 <= page_hint <= len(self._pages):
            page_hint = None  # models say anything
        spans: list[Span] = []
        parts = [part for part in _ELLIPSIS.split(quote) if part.strip()]
        for part in parts:
            found = self._locate_part(part.strip(), spans[-1].page if spans else page_hint)
            if not found or (spans and (found[0].page, found[0].start) < (spans[-1].page, spans[-1].start)):
                return ()
            spans += found
        return tuple(spans)

    def _locate_part(self, quote: str, page_hint: int | None) -> list[Span]:
        if page_hint is not None:
            start = self._pages[page_hint - 1].find(quote)
            if start >= 0:
                return [Span(page_hint, start, start + len(quote))]
        needle = normalise(quote)
        if not needle:
            return []
        text = self._text
        hinted = self._starts[page_hint - 1] if page_hint is not None else 0
        start = text.find(needle, hinted)
        if start < 0 and hinted:
            start = text.find(needle)
        if start >= 0:
            return self._spans(start, start + len(needle))
        return self._locate_nearly(quote, needle)

    def _locate_nearly(self, quote: str, needle: str) -> list[Span]:
        """The best near match around the places where an unchanged stretch of the quote stands."""
        for offset in range(0, max(len(needle) - _ANCHOR, 0) + 1, _ANCHOR):
            anchor = needle[offset : offset + _ANCHOR]
            place = self._text.find(anchor) if len(anchor) == _ANCHOR else -1
            if place < 0:
                continue
            slack = len(needle) // 10 + 10
            low = max(0, place - offset - slack)
            window = self._text[low : place - offset + len(needle) + slack]
            match = fuzz.partial_ratio_alignment(needle, window, score_cutoff=NEARLY)
            if match is None:
                continue
            spans = self._spans(low + match.dest_start, low + match.dest_end)
            there = " ".join(self._pages[span.page - 1][span.start : span.end] for span in spans)
            if facts(quote) == facts(there):
                return spans
        return []

    def _spans(self, start: int, end: int) -> list[Span]:
        """Positions in the normalised text → spans in the pages."""
        spans = []
        for page in range(bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1)):
            offsets = self._offsets[page]
            low, high = max(start - self._starts[page], 0), min(end - self._starts[page], len(offsets))
            if low < high:
                spans.append(Span(page + 1, offsets[low], offsets[high - 1] + 1))
        return spans

    @cached_property
    def _normalised(self) -> tuple[str, list[int], list[list[int]]]:
        texts, starts, offsets, position = [], [], [], 0
        for page in self._pages:
            text, places = _normalise_with_offsets(page)
            texts.append(text)
            starts.append(position)
            offsets.append(places)
            position += len(text)
        return "".join(texts), starts, offsets

    @property
    def _text(self) -> str:
        return self._normalised[0]

    @property
    def _starts(self) -> list[int]:
        return self._normalised[1]

    @property
    def _offsets(self) -> list[list[int]]:
        return self._normalised[2]


def normalise(text: str) -> str:
    """The text as it is compared: without white space and layout hyphens, typography unified."""
    return _normalise_with_offsets(text)[0]


def _normalise_with_offsets(text: str) -> tuple[str, list[int]]:
    """The normalised text, and for each of its characters the offset of the original it came from."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        if character.isspace():
            continue
        if not character.isascii():
            character = unicodedata.normalize("NFKC", character.translate(_SAME)).translate(_SAME).replace(" ", "")
        elif character == "`":
            character = "'"
        for one in character:
            characters.append(one)
            offsets.append(offset)
    joined = "".join(characters)
    dropped = {match.start() for match in _HYPHEN_BETWEEN_LETTERS.finditer(joined)}
    if not dropped:
        return joined, offsets
    kept = [nr for nr in range(len(joined)) if nr not in dropped]
    return "".join(joined[nr] for nr in kept), [offsets[nr] for nr in kept]


def facts(text: str) -> list[str]:
    """What must be the same, in the same order, for a near quote to be found: numbers, negations, modals, names."""
    tokens = _TOKEN.findall(re.sub(r"-\s*\n\s*", "", text.translate(_SAME)))
    return [
        token.rstrip(".,:/").lower()
        for token in tokens
        if token[0].isdigit() or token[0].isupper() or token.lower() in _FACTS
    ]


def rectangles(words: Mapping[int, Sequence[WordBox]], spans: Sequence[Span]) -> tuple[Rectangle, ...]:
    """One rectangle per line of the words that the spans cover; `words` are those of each page that a span is on."""
    found: list[Rectangle] = []
    for span in spans:
        line: Rectangle | None = None
        for word in words.get(span.page, ()):
            if word.end <= span.start or word.start >= span.end:
                continue
            if line is not None and _same_line(line, word):
                line = Rectangle(
                    span.page,
                    min(line.x0, word.x0),
                    min(line.y0, word.y0),
                    max(line.x1, word.x1),
                    max(line.y1, word.y1),
                )
            else:
                found += [line] if line else []
                line = Rectangle(span.page, word.x0, word.y0, word.x1, word.y1)
        found += [line] if line else []
    return tuple(found)


def _same_line(line: Rectangle, word: WordBox) -> bool:
    overlap = min(line.y1, word.y1) - max(line.y0, word.y0)
    return overlap > 0.5 * min(line.y1 - line.y0, word.y1 - word.y0)
