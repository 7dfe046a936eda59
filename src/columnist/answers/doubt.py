"""How far an answer is to be doubted: a number from 0 to 1 by which people look at the most doubtful answers first.

Each sign adds to it as independent chances do: 1 − (1 − doubt) × (1 − sign). It says in which order to look. How often
answers of a model are wrong at each doubt is measured by `columnist eval` (evaluation/reliability.py); before that it
is no probability, and it is never shown as one.
"""

FOUND, SILENT = 0.12, 0.05
"""Of an answer without a sign, and of "not found"; as often the rules were wrong on labelled contracts."""
UNVERIFIED = 0.5
"""A quote is not in the document, or there is none."""
UNTYPED = 0.4
"""The answer has no value of its column's format."""
UNCERTAIN = 0.25
"""It has one, and not all its words agree; or it is a guess by its back end's own word."""
UNSHOWN = 0.3
"""An item or a sentence has no quote of its own."""
CONTRADICTED = 0.5
"""Another window or another reading of the document says otherwise."""
CUT = 0.4
"""More was said than is kept."""
AGREED = 0.5
"""A second reading says the same: this share of the doubt is left."""


def more(doubt: float, *signs: float) -> float:
    """The doubt with further signs."""
    sure = 1 - doubt
    for sign in signs:
        sure *= 1 - sign
    return 1 - sure
