"""Find a quote in a document: exactly, else word by word, allowing slips that do not turn a word into another one.

Normalising drops what layout adds (white space, hyphens at line ends and between letters, soft hyphens) and unifies
typography (quotation marks, dashes, ligatures, compatibility forms by Unicode NFKC; but 10³ is not 103). Case is kept.
Word by word, punctuation, words in capitals, articles and a few slips of letters may differ too; nothing else may. A
quote across a page break may leave out the running footer and header there.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, chain, islice
from typing import NamedTuple

from columnist.documents.locating.running_lines import without_running_lines
from columnist.documents.model import Rectangle, Span, WordBox

WORDS_PER_SLIP = 10
"""A quote may have one slip of a letter, plus one per so many words."""

_ANCHOR = 3
"""Words in a row that a quote with slips has in common with the text: candidates for a closer look."""
_MOST_TRIES = 200
"""How many candidates are tried, those with the rarest words first."""
_LEAST_CUT = 16
"""Least length in characters of a quote that may begin or end inside a word."""

_LEAST_PART = 2
"""Least number of words between two ellipses: a shorter part could be anywhere."""
_SHORT_GAP = 40
"""An ellipsis that omits no more characters than this must not omit a negation."""

_ELLIPSIS = re.compile(r"\[?(?:\.\s?+){3,}+\]?|\[?…\]?|<omitted>|\[omitted\]", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|nor|never|neither|without|except|unless)\b", re.IGNORECASE)
_SAME = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"‹": "<"}  # the prompt replaces it in the other direction
    # Soft hyphen, zero-width characters, byte-order mark
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)
_HYPHEN_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")

_AFTER_A_LETTER = re.compile("(?<=[^\\W\\d_])[²³¹⁰⁴-⁹₀-₉]+")
"""Powers and indices, as in m² and CO₂."""
_INSIDE = r"(?:['’\u00ad\u200b\u200c\u200d\u2060\ufeff]|[-‐‑][ \t]*+[\r\n]++\s*+|[-‐‑])"
_WORD = re.compile(rf"\d+(?:[.,:/]\d+)+|[^\W_]+(?:{_INSIDE}[^\W\d_]+)*|[%$€£¥§°±<‹>=+]|(?<![\w)])[-‐‑‒–—−](?=\d)")
"""A word, a number, or a sign that changes a number. Other punctuation may be missing from a quote."""
_ARTICLES = frozenset(("the", "a", "an"))
_LOOK_ALIKE = (("1", "l"), ("i", "l"), ("0", "o"), ("5", "s"), ("cl", "d"), ("rn", "m"), ("vv", "w"))
"""Letters that OCR confuses; no digit is confused with another digit."""
_JOINS = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1))
"""How many words of the quote may equal how many of the text when joined: `15 th`, `where as`."""

_SPLITS_A_NUMBER = re.compile(r"(?:\d[.,:/]?|(?<![^\s$€£(])\.)$"), re.compile(r"[.,:/]?\d|[¼-¾⅐-⅞]")
_TURNS_A_WORD = re.compile(r"(?:\bnon[-‐‑\s]*|\b(?:un|in|im|ir|il|dis|a))$", re.I), re.compile(r"(?:out|less)\b", re.I)
"""Prefixes and endings that must not be cut off: `exclusive` is not a quote from `non-exclusive`, nor `with` from
`without`."""


class _Word(NamedTuple):
    """A word as it is compared, and its place."""

    text: str
    page: int
    start: int
    end: int


class Locator:
    """Finds quotes in one document: as printed, or without running headers and footers."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self._printed = _Text(pages)

    def locate(self, quote: str, page_hint: int | None = None) -> tuple[Span, ...]:
        """The spans of a quote, one per page that it touches; empty if it is not in the document.

        A quote with ellipses is found if all its parts are, in order. `page_hint` (1-based): the page to search first.
        """
        if page_hint is not None and not 1 <= page_hint <= len(self._pages):
            page_hint = None  # a model may claim any page
        # The whole before its parts: a redaction in the document looks like an ellipsis.
        for find in (_Text.exactly, _Text.nearly, _Text.in_parts):
            for text in self._texts():
                if spans := find(text, quote, page_hint):
                    return tuple(spans)
        return ()

    def _texts(self) -> Iterator["_Text"]:
        yield self._printed
        if self._running_on:
            yield self._running_on

    @cached_property
    def _running_on(self) -> "_Text | None":
        pages = without_running_lines(self._pages)
        return _Text(pages) if pages != list(self._pages) else None


class _Text:
    """Pages to search in; normalised once, when first needed."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages

    def in_parts(self, quote: str, page_hint: int | None) -> list[Span]:
        """The spans of a quote with ellipses, if all its parts are there, in order."""
        if not _ELLIPSIS.search(quote):
            return []
        parts = [part for part in _ELLIPSIS.split(quote) if _WORD.search(part)]
        if len(parts) > 1 and any(len(_WORD.findall(part)) < _LEAST_PART for part in parts):
            return []
        spans: list[Span] = []
        for part in parts:
            after = spans[-1] if spans else None
            hint = after.page if after else page_hint
            found = self.exactly(part, hint, after) or self.nearly(part, hint, after)
            if not found or (after and self._leaves_out_a_negation(after, found[0])):
                return []
            spans += found
        return spans

    def _leaves_out_a_negation(self, before: Span, after: Span) -> bool:
        """Whether an ellipsis omits little more than a `not`, so that the quote says the opposite."""
        if before.page != after.page or after.start - before.end > _SHORT_GAP:
            return False
        return _NEGATION.search(self._pages[before.page - 1], before.end, after.start) is not None

    def exactly(self, quote: str, page_hint: int | None, after: Span | None = None) -> list[Span]:
        """The first place after `after` with the normalised quote in whole words, else where it cuts a word."""
        needle = normalise(quote)
        if not needle:
            return []
        least = 0
        if after:
            least = self._starts[after.page - 1] + bisect_left(self._offsets(after.page - 1), after.end)
        first = max(least, self._starts[page_hint - 1]) if page_hint is not None else least
        cut: list[Span] = []
        for start in chain(self._occurrences(needle, first, len(self._text)), self._occurrences(needle, least, first)):
            spans = self._spans(start, start + len(needle))
            edges = self._edges(spans)
            if edges == "whole":
                return spans
            if edges == "cut" and not cut and len(needle) >= _LEAST_CUT:
                cut = spans
        return cut

    def _occurrences(self, needle: str, start: int, end: int) -> Iterator[int]:
        """The places of a needle in the normalised text from `start` up to `end`."""
        place = self._text.find(needle, start)
        while 0 <= place < end:
            yield place
            place = self._text.find(needle, place + 1)

    def _edges(self, spans: Sequence[Span]) -> str:
        """Whether spans are "whole" words, "cut" a word, or omit something that changes the meaning ("other")."""
        first, last = self._pages[spans[0].page - 1], self._pages[spans[-1].page - 1]
        start, end = spans[0].start, spans[-1].end
        before, after = first[max(0, start - 8) : start], last[end : end + 8]
        opening, closing = first[start], last[end - 1]
        if (opening.isdigit() and _SPLITS_A_NUMBER[0].search(before)) or (
            closing.isdigit() and _SPLITS_A_NUMBER[1].match(after)
        ):
            return "other"
        if (opening.isalpha() and _TURNS_A_WORD[0].search(before)) or (
            closing.isalpha() and _TURNS_A_WORD[1].match(after)
        ):
            return "other"
        return "cut" if _one_word(before[-1:], opening) or _one_word(closing, after[:1]) else "whole"

    def nearly(self, quote: str, page_hint: int | None, after: Span | None = None) -> list[Span]:
        """The spans of the words that a quote repeats with slips, on the hinted page if possible."""
        quoted = [word.text for word in _words(0, quote)]
        if len(quoted) < 2:
            return []
        found: list[Span] = []
        for index, place in islice(self._candidates(quoted), _MOST_TRIES):
            spans = self._repeated(quoted, index, place)
            if not spans or self._edges(spans) == "other":
                continue
            if after and (spans[0].page, spans[0].start) < (after.page, after.end):
                continue
            if page_hint in (None, spans[0].page):
                return spans
            found = found or spans
        return found

    def _candidates(self, quoted: Sequence[str]) -> Iterator[tuple[int, int]]:
        """(index in the quote, place in the text) of the same few words in a row; the rarest words first."""
        width = min(_ANCHOR, len(quoted))
        lowered = [word.lower() for word in quoted]
        anchors = []
        for index in range(len(quoted) - width + 1):
            places = self._anchors(width).get(tuple(lowered[index : index + width]), [])
            anchors.append((len(places), index, places))
        begun: set[int] = set()
        for _, index, places in sorted(anchors):
            for place in places:
                if place - index not in begun:
                    begun.add(place - index)
                    yield index, place

    def _repeated(self, quoted: Sequence[str], index: int, place: int) -> list[Span]:
        """The spans of the words around `place` if they repeat the quote, with word `index` at `place`; else none."""
        right = self._walk(quoted[index:], place, 1)
        left = right and self._walk(quoted[index - 1 :: -1] if index else [], place - 1, -1)
        if left is None or right is None or left[1] + right[1] > 1 + len(quoted) // WORDS_PER_SLIP:
            return []
        spans: list[Span] = []
        for word in self._words[place - left[0] : place + right[0]]:
            if spans and spans[-1].page == word.page:
                spans[-1] = Span(word.page, spans[-1].start, word.end)
            else:
                spans.append(Span(word.page, word.start, word.end))
        return spans

    def _walk(self, quoted: Sequence[str], place: int, step: int) -> tuple[int, int] | None:
        """How many words of the text, from `place` in steps of 1 or -1, repeat the quoted words, and the slips in them.

        None if a word differs, is missing, or is extra.
        """
        words = self._plain
        index = taken = slips = 0
        while index < len(quoted):
            here = place + step * taken
            if 0 <= here < len(words) and words[here] == quoted[index]:
                index, taken = index + 1, taken + 1
                continue
            there = [words[at] for at in range(here, here + 3 * step, step) if 0 <= at < len(words)]
            if joined := _joined(quoted[index : index + 3], there, step):
                index, taken = index + joined[0], taken + joined[1]
            elif there and self._slip(quoted[index], there[0]):
                index, taken, slips = index + 1, taken + 1, slips + 1
            elif there and there[0] in _ARTICLES:
                taken += 1
            elif quoted[index] in _ARTICLES and index + 1 < len(quoted):
                index += 1  # not at an end
            else:
                return None
        return taken, slips

    def _slip(self, quoted: str, there: str) -> bool:
        """Whether a word is the other one misread or mistyped, and not a word that the document uses itself.

        It allows look-alikes of OCR, or one wrong letter inside a long word; not at its end, as in `employer` and
        `employee`.
        """
        if self._counts[quoted] and self._counts[there] > 1:
            return False
        if _looks(quoted) == _looks(there):
            return True
        wrong = [index for index, (one, other) in enumerate(zip(quoted, there, strict=False)) if one != other]
        return (
            len(quoted) == len(there) > 5
            and quoted.isalpha()
            and quoted.islower()
            and len(wrong) == 1
            and 0 < wrong[0] < len(quoted) - 1
            and not self._counts[quoted]
        )

    def _spans(self, start: int, end: int) -> list[Span]:
        """Positions in the normalised text → spans in the pages."""
        spans = []
        for page in range(bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1)):
            offsets = self._offsets(page)
            low, high = max(start - self._starts[page], 0), min(end - self._starts[page], len(offsets))
            if low < high:
                spans.append(Span(page + 1, offsets[low], offsets[high - 1] + 1))
        return spans

    @cached_property
    def _normalised(self) -> tuple[str, list[int]]:
        texts = list(map(normalise, self._pages))
        return "".join(texts), [0, *accumulate(map(len, texts[:-1]))]

    @property
    def _text(self) -> str:
        return self._normalised[0]

    @property
    def _starts(self) -> list[int]:
        """The start of each page in the normalised text."""
        return self._normalised[1]

    def _offsets(self, page: int) -> list[int]:
        """The offset in a page (from 0) of each character of its normalised text; kept for few pages, because it takes
        longer than the text itself."""
        if page not in self._known_offsets:
            self._known_offsets[page] = _offsets(self._pages[page])
        return self._known_offsets[page]

    @cached_property
    def _known_offsets(self) -> dict[int, list[int]]:
        return {}

    @cached_property
    def _words(self) -> list[_Word]:
        return [word for page, text in enumerate(self._pages, start=1) for word in _words(page, text)]

    @cached_property
    def _plain(self) -> list[str]:
        return [word.text for word in self._words]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self._plain)

    def _anchors(self, width: int) -> dict[tuple[str, ...], list[int]]:
        """The places of each run of `width` words, in lower case."""
        if width not in self._runs:
            runs = self._runs[width] = defaultdict(list)
            lowered = [word.lower() for word in self._plain]
            for place in range(len(lowered) - width + 1):
                runs[tuple(lowered[place : place + width])].append(place)
        return self._runs[width]

    @cached_property
    def _runs(self) -> dict[int, defaultdict[tuple[str, ...], list[int]]]:
        return {}


def _words(page: int, text: str) -> Iterator[_Word]:
    """The words of a page as they are compared: without hyphens and apostrophes, thousands without commas."""
    for match in _WORD.finditer(text):
        word = match.group()
        if not (word.isascii() and word.isalnum()):  # other pages need no normalising
            word = normalise(word).replace("'", "")
        if word[0].isdigit():
            word = re.sub(r",(?=\d{3}(?!\d))", "", word)
        yield _Word(word, page, match.start(), match.end())


def _joined(quoted: Sequence[str], there: Sequence[str], step: int) -> tuple[int, int] | None:
    """How many of the quoted words equal how many of the text when joined; None if none do.

    Up to three words of both, in the order of reading (`step` 1) or against it (-1).
    """
    if not there:
        return None
    first, other_first = quoted[0].upper(), there[0].upper()
    begins = str.startswith if step > 0 else str.endswith
    if not begins(first, other_first) and not begins(other_first, first):
        return None  # no word more makes them equal
    for own, other in _JOINS:
        ours, theirs = quoted[:own][::step], there[:other][::step]
        if len(ours) == own and len(theirs) == other and _same("".join(ours), "".join(theirs)):
            return own, other
    return None


def _same(one: str, other: str) -> bool:
    """Whether words are the same; one of them may be in capitals."""
    return one == other or one.upper() == other or one == other.upper()


@lru_cache(4096)
def _looks(word: str) -> str:
    """A word with each of the letters that OCR confuses as the same one."""
    word = word.lower()
    for one, other in _LOOK_ALIKE:
        word = word.replace(one, other)
    return word


def _one_word(left: str, right: str) -> bool:
    """Whether two characters side by side are letters of one word, in a script that puts spaces between words."""
    return all(char.isalpha() and char.lower() != char.upper() for char in (left or " ", right or " "))


_MOST_FORMS = 20_000
"""How many characters' forms are remembered: more than any legible document has."""


class _Forms(dict[int, str]):
    """The form of each character in comparisons, for `str.translate`: empty for white space, several characters for a
    ligature."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isspace():
            form = ""
        elif character.isascii():
            form = character
        else:
            form = unicodedata.normalize("NFKC", character.translate(_SAME)).translate(_SAME).replace(" ", "")
            if not character.isdecimal() and form[:1].isdigit():  # 5,000¹, 10³ and 5½ are not 5,0001, 103, 51/2
                form = character
        if len(self) >= _MOST_FORMS:
            self.clear()
        self[code] = form = form.replace("`", "'")
        return form


_FORMS = _Forms()


def normalise(text: str) -> str:
    """The text for comparison: without white space and layout hyphens, with unified typography."""
    text = _HYPHEN_BETWEEN_LETTERS.sub("", text.translate(_FORMS))
    return _AFTER_A_LETTER.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def _offsets(text: str) -> list[int]:
    """The offset in the text of each character of its normalised form."""
    forms = [_FORMS[ord(character)] for character in text]
    offsets = [place for place, form in enumerate(forms) for _ in form]
    dropped = {match.start() for match in _HYPHEN_BETWEEN_LETTERS.finditer("".join(forms))}
    return [offset for index, offset in enumerate(offsets) if index not in dropped] if dropped else offsets


def rectangles(words: Mapping[int, Sequence[WordBox]], spans: Sequence[Span]) -> tuple[Rectangle, ...]:
    """One rectangle per line of the words in the spans. `words`: the words of each page (1-based) that has a span."""
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
