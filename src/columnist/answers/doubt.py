"""How doubtful an answer is: a number from 0 to 1, so that people can look at the most doubtful answers first.

Each sign adds to it as independent chances do: 1 − (1 − doubt) × (1 − sign). It gives an order only. `columnist eval`
measures how often a model's answers are wrong at each doubt (evaluation/reliability.py); it is no probability before
that, and never shown as one.
"""

FOUND, SILENT = 0.12, 0.05
"""The doubt of an answer without a sign, and of "not found": how often the rules were wrong on labelled contracts."""
UNVERIFIED = 0.5
"""A quote is not in the document, or there is none."""
UNTYPED = 0.4
"""The answer has no value of its column's format."""
UNCERTAIN = 0.25
"""It has a value, and not all its words agree with it; or its back end marks it as a guess."""
UNSHOWN = 0.3
"""An item or a sentence has no quote."""
CONTRADICTED = 0.5
"""Another window or another reading of the document gives another answer."""
CUT = 0.4
"""The answer was longer than what is kept."""
AGREED = 0.5
"""If a second reading agrees, this share of the doubt is left."""


def more(doubt: float, *signs: float) -> float:
    """The doubt with further signs."""
    sure = 1 - doubt
    for sign in signs:
        sure *= 1 - sign
    return 1 - sure
