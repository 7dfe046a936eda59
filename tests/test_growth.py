"""Whatever looks for a pattern in a text takes time in proportion to it: nobody's 13 kB stop everybody."""

import re
from collections.abc import Callable

from tests.growth import Search, grows_too_fast, hostile, patterns


def slow(search: Search) -> str | None:
    """The first text that is meant to hurt the pattern, and does."""
    return next(filter(None, (grows_too_fast(search.meet, piece) for piece in hostile(search.pattern))), None)


def test_every_regular_expression_is_linear_in_texts_made_to_hurt_it(
    record_property: Callable[[str, object], None],
) -> None:
    found = patterns()
    record_property("inputs", len(found))
    assert len(found) > 200
    assert {place: why for place, search in found.items() if (why := slow(search))} == {}


def test_a_planted_quadratic_pattern_is_found() -> None:
    for planted in (r"\s*;", r"<!--.*?-->", r"(?:a|b)*c"):
        assert slow(Search(re.compile(planted, re.S))), planted
    assert slow(Search(re.compile(r"\s*;"), "match")) is None
