"""When text is invisible on white paper: the same thresholds for every format."""

import re

LEAST_CONTRAST = 10
"""Levels of a colour, of 255, by which text must differ from its background."""

WHITE = 255 - LEAST_CONTRAST
"""The least level of each colour of text that is as white as paper."""

TINY_HALF_POINTS = 2
"""The largest size of text that nobody can read."""

LEAST_SCALE = 3
"""The least width of letters, in per cent of their own, that is more than a line."""

FAR_UP = 400
"""Half-points: letters that are moved by more no longer stand beside their line."""

_COLOUR = re.compile("[0-9A-Fa-f]{6}")


def is_white(colour: str) -> bool:
    """Whether a colour in six hexadecimal digits is as white as paper; anything else is not."""
    return _COLOUR.fullmatch(colour) is not None and min(bytes.fromhex(colour)) >= WHITE


def is_alike(colour: str, ground: str) -> bool:
    """Whether letters of a colour do not show on a background, both in six hexadecimal digits; False for anything
    else."""
    if not (_COLOUR.fullmatch(colour) and _COLOUR.fullmatch(ground)):
        return False
    pairs = zip(bytes.fromhex(colour), bytes.fromhex(ground), strict=True)
    return max(abs(one - other) for one, other in pairs) < LEAST_CONTRAST
