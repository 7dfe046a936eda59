"""Split a document into passages and rank them against a question (BM25).

A passage is a sentence or clause with the heading that introduces it: an exact slice of one page's text.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from columnist.answers.plain import plain
from columnist.documents.locating.running_lines import without_running_lines
from columnist.documents.model import Span

K1 = 1.2
"""How fast the repetition of a term stops counting; the usual value of BM25."""
B = 0.75
"""How much a long passage loses; the usual value of BM25."""
LONGEST = 600
"""Most characters of a passage: a quote that can be read at a glance."""

_HEADING = 80
"""A fragment up to this length is a heading of the passage after it."""
_ABBREVIATED = re.compile(
    r"(?:\b(?:Inc|Ltd|Co|Corp|Nos?|Secs?|Arts?|Mr|Mrs|Ms|Dr|St|vs?|Jr|Sr|Ave|Blvd|Rd|Hwy|Ste|cf|al|approx|[A-Z])"
    r"|\b[A-Za-z](?:\.[A-Za-z])+|(?:^|\n)[ ]*(?:Section|Article)?[ ]*[\dA-Za-z]{1,3}(?:\.\d+)*)$",
    re.I,
)
_ENUMERATOR = (
    r"(?:\d{1,2}(?:\.\d{1,2})*[.)]?\s+[\"'A-Z]|\([a-zA-Z0-9]{1,4}\)\s|(?:ARTICLE|Article|SECTION|Section)\s+[\dIVX]"
    r"|WHEREAS|NOW,? THEREFORE|IN WITNESS|[•▪●])"
)
_BOUNDARY = re.compile(
    r"(?P<sentence>[.!?;][\"')\]]*)\s+(?=[\"'(\[]?[A-Z0-9(])"
    rf"|(?P<paragraph>\r?\n[ ]*\r?\n\s*)|(?P<numbered>\r?\n[ ]*)(?={_ENUMERATOR})|(?P<line>\r?\n)(?=[ ]*[\"'(A-Z0-9])"
)
_BLANK_LINE = re.compile(r"\n[ \r]*\n")
"""After `as in Exhibit B.` a blank line ends the sentence."""
_CONTENTS_LINE = re.compile(r"[\w.)][ .]{1,200}+\d{1,3}$")
_NUMBERED_HEADING = re.compile(
    rf"\A(?:(?:ARTICLE|Article|SECTION|Section)\s+)?[\dIVX]+(?:\.\d+)*[.)]?\s+[A-Z][^.:\n]{{2,{_HEADING}}}(?=[.:\n])"
)
_SENTENCE = re.compile(r"(?<!\w)(?:\w{1,80}+\W{1,80}+){7}\w[^\n]{0,80}\.\W{0,80}+$")
"""Eight words and a full stop: short, but not a heading."""
_TOKEN = re.compile(r"[a-z]{2,}|\d+")
_ENDING = re.compile(
    r"(?:ations?|ating|ated?|ates|itions?|ions?|ings?|ability|ible|able|ments?|ively|ivity|ive|[eo]rs?|als?|ed|es|ly|s|e)$"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """`text`: the plain characters at `place`, one for one. `heading`: the heading above the passage."""

    place: Span
    text: str
    heading: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its BM25 score; `coverage`: the share (0 to 1) of the question's weight that it mentions."""

    passage: Passage
    score: float
    coverage: float


def plain_pages(pages: Sequence[str]) -> list[str]:
    """The pages in plain characters, one for one, with running headers and footers blanked out."""
    return [plain(page) for page in without_running_lines(pages)]


def passages(pages: Sequence[str]) -> list[Passage]:
    """The passages of `plain_pages`, in reading order."""
    found = []
    heading = ""
    for number, page in enumerate(pages, start=1):
        for start, end in _headed(page, list(_fragments(page))):
            text = page[start:end]
            if _CONTENTS_LINE.search(text) and end - start < 2 * _HEADING:
                continue
            title = _NUMBERED_HEADING.match(text)
            if title:
                heading = title.group()
            for piece_start, piece_end in _pieces(page, start, end):
                found.append(Passage(Span(number, piece_start, piece_end), page[piece_start:piece_end], heading))
    return found


def _fragments(page: str) -> Iterator[tuple[int, int]]:
    """Sentences, headings and single lines, without surrounding white space."""
    widths = sorted(len(line) for line in page.splitlines() if line.strip())
    full_line = 0.7 * widths[int(len(widths) * 0.8)] if widths else 0
    start = 0
    for match in _BOUNDARY.finditer(page):
        if match["sentence"]:
            cut = match.end("sentence")
            abbreviated = match["sentence"][0] == "." and _ABBREVIATED.search(
                page[max(start, match.start() - 12) : match.start()]
            )
            if abbreviated and not _BLANK_LINE.search(match.group()):
                continue
        elif match["line"]:
            # A short line ends a paragraph or is a heading; a full one wraps.
            cut = match.start()
            line_start = max(page.rfind("\n", 0, cut), page.rfind("\r", 0, cut)) + 1
            if cut - line_start > full_line:
                continue
        else:
            cut = match.start()
        yield from _trimmed(page, start, cut)
        start = cut
    yield from _trimmed(page, start, len(page))


def _trimmed(page: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = page[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if left < right:
        yield left, right


def _headed(page: str, fragments: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join a heading to the passage that follows it."""
    pending: int | None = None
    for position, (start, end) in enumerate(fragments):
        begin = start if pending is None else pending
        after = fragments[position + 1] if position + 1 < len(fragments) else None
        short = end - start < _HEADING and not _SENTENCE.search(page, start, end)
        if pending is None and short and after is not None and after[1] - after[0] >= _HEADING:
            pending = start
            continue
        pending = None
        yield begin, end


def _pieces(page: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut an overlong sentence at a semicolon, else a comma, else a space."""
    while end - start > LONGEST:
        window = page[start : start + LONGEST]
        cut = next(
            (at + 1 for at in (window.rfind("; "), window.rfind(", "), window.rfind(" ")) if at > LONGEST // 3), 0
        )
        cut = cut or LONGEST
        yield from _trimmed(page, start, start + cut)
        start += cut
    yield from _trimmed(page, start, end)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A light stem: the same for `terminate`, `terminated` and `termination`; short words stay."""
    if word.startswith("licenc"):
        word = f"licens{word[6:]}"
    match = _ENDING.search(word)
    while match and match.start() < 4:
        match = _ENDING.search(word, match.start() + 1)
    if match and match.group() not in ("s", "es", "e"):
        return word[: match.start()]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}i"
    if word.endswith("y") and len(word) > 3:
        return f"{word[:-1]}i"
    return word[: match.start()] if match else word


def terms(text: str) -> list[str]:
    """The stems of a text's words and its numbers, in order."""
    return [stem(word) for word in _TOKEN.findall(text.lower())]


class PassageIndex:
    """The passages of one document with their term counts: tokenised once, ranked for every question."""

    def __init__(self, pages: Sequence[str]) -> None:
        self.pages = pages
        self.plain = plain_pages(pages)
        self.passages = passages(self.plain)
        self._postings: dict[str, list[tuple[int, int]]] = {}
        self._lengths = []
        for number, passage in enumerate(self.passages):
            counts = Counter(terms(passage.text))
            self._lengths.append(sum(counts.values()))
            if not passage.text.startswith(passage.heading):
                counts.update(terms(passage.heading))
            for term, count in counts.items():
                self._postings.setdefault(term, []).append((number, count))
        self._mean_length = sum(self._lengths) / max(1, len(self._lengths))

    def mentioning(self, words: Sequence[str], signs: str) -> list[Passage]:
        """The passages with one of `words` or one of the characters `signs`, in reading order."""
        stems = {stem(word) for word in words}
        hits = {number for term in stems for number, _ in self._postings.get(term, [])}
        return [
            passage
            for number, passage in enumerate(self.passages)
            if number in hits or any(sign in passage.text for sign in signs)
        ]

    def rank(self, query: Mapping[str, float]) -> list[Ranked]:
        """The passages that mention a term of `query` (stem → weight), best first, reading order among equals.

        Okapi BM25 with k1 = 1.2 and b = 0.75: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework:
        BM25 and Beyond", Foundations and Trends in Information Retrieval 3(4), 2009.
        """
        scores: dict[int, float] = {}
        covered: dict[int, float] = {}
        everything = 0.0
        for term, weight in query.items():
            postings = self._postings.get(term, [])
            rarity = weight * math.log(1 + (len(self.passages) - len(postings) + 0.5) / (len(postings) + 0.5))
            everything += rarity
            for number, count in postings:
                length = 1 - B + B * self._lengths[number] / self._mean_length
                scores[number] = scores.get(number, 0.0) + rarity * count * (K1 + 1) / (count + K1 * length)
                covered[number] = covered.get(number, 0.0) + rarity
        order = sorted(scores, key=lambda number: (-scores[number], number))
        return [Ranked(self.passages[number], scores[number], covered[number] / everything) for number in order]
