"""The statements of an answer: items of a list, sentences of a text; each needs its own evidence."""

import re
from collections.abc import Iterable, Sequence

from columnist.answers.plain import UNSPACED
from columnist.documents.model import Citation

_PUNCTUATION = re.compile(r"(?<!\d)[.,;:](?!\d)|(?<=\d)[.,;:](?!\d)|(?<!\d)[.,;:](?=\d)|[\"'“”‘’]")
_SHORT_FORMS = {"corporation": "corp", "incorporated": "inc", "limited": "ltd", "company": "co"}
_SENTENCE_END = re.compile(r"(?<=[.;!?])\s+(?=\w)|(?<=[。；！？])")
_IN_PAIRS = re.compile(rf"[{UNSPACED}\uac00-\ud7af]+")
"""Scripts without spaces, and Korean, whose words change their endings: they are compared by pairs of letters."""
_OWN = 0.5
"""An item is shown by a quote that has more than this share of its words."""
_TOGETHER = 0.3
"""Least share of a sentence's words in the quotes of a text that has fewer quotes than sentences."""


def folded(items: Iterable[str]) -> list[str]:
    """The items without those that repeat an earlier one in another spelling: `Acme, Inc.` and `ACME Inc`."""
    kept: dict[str, str] = {}
    for item in items:
        words = _PUNCTUATION.sub(" ", item.casefold()).split()
        kept.setdefault(" ".join(_SHORT_FORMS.get(word, word) for word in words) or item, item)
    return list(kept.values())


def unshown(value: str | list[str], citations: Sequence[Citation]) -> list[str]:
    """The items of a list, or sentences of a text, that no verified quote shows; none if no quote is verified at all.

    A text with as many quotes as sentences may use its own words throughout.
    """
    quotes = [_words(citation.quote) for citation in citations if citation.verified]
    if not quotes:
        return []
    if isinstance(value, list):
        said = [(item, _words(item)) for item in value]
        return [item for item, words in said if not any(_share(words, quote) > _OWN for quote in quotes)]
    sentences = _SENTENCE_END.split(value)
    if len(sentences) <= len(quotes):
        return []
    together = set().union(*quotes)
    return [one for one in sentences if _share(_words(one), together) < _TOGETHER]


def _share(words: set[str], quote: set[str]) -> float:
    return len(words & quote) / len(words) if words else 1.0


def _words(text: str) -> set[str]:
    """The beginnings of the words that carry meaning; for `_IN_PAIRS` the pairs of letters."""
    folded_text = text.casefold()
    pairs = {run[at : at + 2] for run in _IN_PAIRS.findall(folded_text) for at in range(max(1, len(run) - 1))}
    words = re.findall(r"[^\W_]+", _IN_PAIRS.sub(" ", folded_text))
    telling = [word for word in words if len(word) > 2 or word.isdigit()] or words
    return pairs | {word if word.isdigit() else word[:5] for word in telling}
