"""Running headers and footers: lines that pages repeat, which are not part of the document's text."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

LEAST_PAGES = 3
"""Least number of pages that repeat a line at the same edge."""

_DEPTH = 4
"""Most lines of a header or footer."""
_LONGEST = 300
"""Most characters of such a line."""
_LINE = re.compile(r"[^\r\n]+")
_WORD = re.compile(r"[^\W_]")
_NUMBER = re.compile(r"\d+")


def without_running_lines(pages: Sequence[str]) -> list[str]:
    """The pages, character for character, with running headers and footers turned into spaces.

    A running line is at the same edge of at least `LEAST_PAGES` pages, with only other running lines between it and the
    edge. It is the same everywhere, or differs only in one number that counts with the pages.
    """
    found = list(pages)
    for inwards in (1, -1):
        edges = [_lines(page)[::inwards][:_DEPTH] for page in pages]
        seen = Counter(
            key
            for number, lines in enumerate(edges, start=1)
            for key in {key for line in lines for key in _keys(line, number)}
        )
        for number, lines in enumerate(edges, start=1):
            for line in lines:
                if all(seen[key] < LEAST_PAGES for key in _keys(line, number)):
                    break
                start, end = line.span()
                page = found[number - 1]
                found[number - 1] = f"{page[:start]}{' ' * (end - start)}{page[end:]}"
    return found


def _lines(page: str) -> list[re.Match[str]]:
    """The lines of a page that hold a word."""
    return [line for line in _LINE.finditer(page) if _WORD.search(line.group())]


def _keys(line: re.Match[str], page: int) -> Iterator[str]:
    """The part of a running line that is the same on all its pages: its text, without a number that counts with the
    pages."""
    if line.end() - line.start() > _LONGEST:
        return
    text = " ".join(line.group().split())
    yield text
    for match in _NUMBER.finditer(text):
        yield f"{text[: match.start()]}<{int(match.group()) - page}>{text[match.end() :]}"
