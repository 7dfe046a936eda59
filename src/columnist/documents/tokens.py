"""The approximate number of tokens of a text, by script and words, as tokenizers cut them (fitted to Qwen's)."""

import re
from collections import Counter
from collections.abc import Sequence

SAMPLE_CHARACTERS = 200_000
"""In a longer text only pages up to this length in all are counted."""

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_BREAK = re.compile(r"[^\S\n]{2,}|\n\s*")
_RUN = re.compile(r"([^\w\s])\1{3,}")
_ENGLISH = frozenset("the of and to in or shall be by any this for is that with as on".split())
_ENGLISH_SHARE = 0.12
"""The least share of the words above in English text: tokenizers know English by whole words, other languages by
syllables."""
_EXTRA_LETTER, _FOREIGN_LETTER = 0.09, 0.31
_LINE, _SIGN, _WIDE_SIGN, _DIGIT = 0.85, 0.9, 0.9, 1.0
_SCRIPTS = (
    (0x0400, 0.92),  # Greek
    (0x0530, 0.31),  # Cyrillic
    (0x0600, 0.6),  # Armenian, Hebrew
    (0x0900, 0.4),  # Arabic
    (0x0E00, 1.08),  # Indian scripts
    (0x0E80, 0.55),  # Thai
    (0x1100, 1.0),
    (0x1200, 0.9),  # Hangul, in parts
    (0x2E80, 1.0),
    (0x3100, 0.75),  # Kana
    (0xA000, 0.65),  # Han
    (0xAC00, 1.0),
    (0xD7B0, 0.92),  # Hangul
)
"""The last character of each range, and the tokens per character."""


def estimated_tokens(text: str) -> int:
    """The number of tokens, within a tenth for English contracts, a fifth for 16 other languages
    (docs/extraction.md)."""
    text = _RUN.sub(r"\1", text)
    words = _WORD.findall(text)
    lengths = Counter(map(len, words))
    if sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        tokens = sum(times * (1 + max(0, length - 6) * _EXTRA_LETTER) for length, times in lengths.items())
    else:
        tokens = sum(times * max(1, length * _FOREIGN_LETTER) for length, times in lengths.items())
    tokens += len(_BREAK.findall(text)) * _LINE
    rest = Counter(_WORD.sub("", text))
    return round(tokens + sum(times * _of_character(character) for character, times in rest.items()))


def tokens_of_pages(pages: Sequence[str]) -> int:
    """The number of tokens of a document; for a long one by a sample of its pages."""
    characters = sum(map(len, pages))
    step = -(-characters // SAMPLE_CHARACTERS)
    if step < 2:
        return estimated_tokens("\n".join(pages))
    sample = "\n".join(page[:SAMPLE_CHARACTERS] for page in pages[::step])
    return round(estimated_tokens(sample) * characters / max(1, len(sample)))


def _of_character(character: str) -> float:
    code = ord(character)
    if character.isspace():
        return 0
    if character.isdigit():
        return _DIGIT
    if code < 0x250:
        return _SIGN
    if 0x2000 <= code < 0x2100 or 0x3000 <= code < 0x3040 or 0xFF00 <= code < 0xFF20:
        return _WIDE_SIGN
    return next((rate for end, rate in _SCRIPTS if code < end), 1.0)
