"""Find words in a document that a person types: capitals, typography and line breaks do not matter."""

import re
from collections.abc import Iterator, Sequence

from columnist.documents.model import Span

_SAME = ("'‘’‚‛′`´", '"“”„‟″«»', "-‐‑‒–—―−")
_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
_CHARACTER = re.compile("|".join(_LIGATURES) + "|.", re.IGNORECASE | re.DOTALL)
_BROKEN = r"(?:\u00ad|[-‐][ \t]*+\r?\n[ \t]*+)?"
"""Between two characters of a word: a soft hyphen, or a hyphen at the end of a line."""


def find_words(pages: Sequence[str], words: str) -> Iterator[Span]:
    """The places of `words`, page 1 first; none if they are blank. All white space between two words is the same.

    The time is at most proportional to the length of the text times that of the words.
    """
    parts = [_BROKEN.join(map(_alternatives, _CHARACTER.findall(part))) for part in words.split()]
    if not parts:
        return
    pattern = re.compile(r"\s++".join(parts), re.IGNORECASE)
    for number, text in enumerate(pages, start=1):
        for match in pattern.finditer(text):
            yield Span(number, *match.span())


def _alternatives(character: str) -> str:
    if ligature := _LIGATURES.get(character.lower()):
        return f"(?:{_BROKEN.join(character)}|{ligature})"
    return next((f"[{re.escape(same)}]" for same in _SAME if character in same), re.escape(character))
