"""Accents that a PDF draws apart from their letters, as old programs do: `M¨uller` is Müller."""

import re
from collections.abc import Iterator
from unicodedata import normalize

from columnist.documents.reading.pdf.layer import Box, TextLayer

_ACCENTS = dict(
    zip("¨´`ˆ˜¸ˇ˚˙˝¯˘˛", "\u0308\u0301\u0300\u0302\u0303\u0327\u030c\u030a\u0307\u030b\u0304\u0306\u0328", strict=True)
)
_ACCENT = re.compile(f"[{''.join(_ACCENTS)}]")
_UNDOTTED = {"ı": "i", "ȷ": "j"}
_NEAR = 40
"""Characters between an accent and its letter, at most."""
_AWAY = 0.3
"""Share of the letter's width: the middles of both are nearer."""
_GAP = 0.15
"""Share of the letter's height: a space before it that is narrower is none."""


def with_letters(layer: TextLayer, text: str) -> Iterator[tuple[int, int, str]]:
    """The accents over or under a letter, which are left out, and their letters, which get them: the parts of the text
    that change, and how they are then written."""
    for found in _ACCENT.finditer(text) if any(map(text.__contains__, _ACCENTS)) else ():
        at = found.start()
        accent = layer.box(layer.characters(at, at + 1).start)
        if accent is None:
            continue
        begin = max(text.rfind("\n", 0, at) + 1, at - _NEAR)
        end = text.find("\n", at, at + _NEAR)
        places = sorted(range(begin, end if end >= 0 else min(len(text), at + _NEAR)), key=lambda one: abs(one - at))
        for letter in filter(lambda one: text[one].isalpha(), places):
            joined = normalize("NFC", _UNDOTTED.get(text[letter], text[letter]) + _ACCENTS[found[0]])
            box = layer.box(layer.characters(letter, letter + 1).start) if len(joined) == 1 else None
            if box is not None and _is_over(accent, box):
                yield at, at + 1, ""
                yield letter - _is_split(layer, text, letter, box), letter + 1, joined
                break


def _is_over(accent: Box, letter: Box) -> bool:
    width = letter[2] - letter[0]
    away = abs(accent[0] + accent[2] - letter[0] - letter[2]) / 2
    return away < _AWAY * width and accent[1] < letter[3] and letter[1] - accent[3] < letter[3] - letter[1]


def _is_split(layer: TextLayer, text: str, letter: int, box: Box) -> bool:
    """Whether there is a space before a letter only because its accent is drawn before it."""
    if letter < 2 or text[letter - 1] != " ":
        return False
    before = layer.box(layer.characters(letter - 2, letter - 1).start)
    return before is not None and abs(box[0] - before[2]) < _GAP * (box[3] - box[1])
