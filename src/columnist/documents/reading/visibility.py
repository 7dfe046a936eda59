"""When text is invisible on white paper: the same thresholds for every format."""

import re

LEAST_CONTRAST = 10
"""The least difference of text from its background, in levels of a colour (of 255)."""

WHITE = 255 - LEAST_CONTRAST
"""The least level of each colour of text that is as white as paper."""

TINY_HALF_POINTS = 2
"""The largest size of text that nobody can read."""

LEAST_SCALE = 3
"""The least width of letters, in per cent of their own, that is more than a line."""

FLAT_POINTS = 2.0
"""The largest height of a line, a row or a box in which nothing can be seen."""

FAR_OFF_POINTS = 72.0
"""Points beyond the edge of a page: letters that begin there are not seen."""

LEAST_MOVED = 4
"""Half-points: letters that are moved up or down by fewer are on the line; by more, they are a note's mark."""

FAR_UP = 400
"""Half-points: letters that are moved by more no longer stand beside their line."""

_COLOUR = re.compile("[0-9A-Fa-f]{6}")


def is_colour(text: str) -> bool:
    """Whether a text is a colour in six hexadecimal digits."""
    return _COLOUR.fullmatch(text) is not None


def is_white(colour: str) -> bool:
    """Whether a colour in six hexadecimal digits is as white as paper; anything else is not."""
    return is_colour(colour) and min(bytes.fromhex(colour)) >= WHITE


def is_alike(colour: str, ground: str) -> bool:
    """Whether letters of a colour do not show on a ground, both in six hexadecimal digits; of anything else, no."""
    if not (is_colour(colour) and is_colour(ground)):
        return False
    pairs = zip(bytes.fromhex(colour), bytes.fromhex(ground), strict=True)
    return max(abs(one - other) for one, other in pairs) < LEAST_CONTRAST
