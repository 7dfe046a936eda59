"""Running headers and footers: the lines that every page repeats, which are no part of what the document says."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

LEAST_PAGES = 3
"""Pages that have to repeat a line at the same edge."""

_DEPTH = 4
"""Lines of a header or footer at most."""
_LONGEST = 300
"""Characters of a line that can be one of them."""
_LINE = re.compile(r"[^\r\n]+")
_WORD = re.compile(r"[^\W_]")
_NUMBER = re.compile(r"\d+")


def without_running_lines(pages: Sequence[str]) -> list[str]:
    """The pages, character for character, with running headers and footers turned into spaces.

    A running line stands at the same edge of `LEAST_PAGES` pages, with nothing but other running lines between it and
    that edge; it is the same everywhere, or all the same but for one number that counts along with the pages.
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
    """What a running line has in common on all its pages: all of it, or all but a number that counts along."""
    if line.end() - line.start() > _LONGEST:
        return
    text = " ".join(line.group().split())
    yield text
    for match in _NUMBER.finditer(text):
        yield f"{text[: match.start()]}<{int(match.group()) - page}>{text[match.end() :]}"
