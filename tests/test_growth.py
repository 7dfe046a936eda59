"""Every search in a text takes time in proportion to its length, so that no user's 13 kB stop all others."""

import re
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest

from columnist.answers.parts import parts
from columnist.asking.raw_answers import raw_answers
from columnist.documents.intake import Names
from columnist.errors import MalformedAnswerError
from columnist.export.values import harmless
from columnist.llm.replies import Completion
from columnist.reviews.model import Question
from tests.growth import Search, grows_too_fast, hostile, patterns


def slow(search: Search) -> str | None:
    """The first hostile text that does slow the pattern down."""
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


QUESTION = Question(UUID(int=1), "Term", "How long is the term?", "text")


def told_apart(names: str) -> None:
    """Files of an archive, by their names."""
    known = Names()
    for name in names:
        known.own(name)


def parsed(text: str) -> None:
    """A model's answer, read as the back end reads it."""
    with suppress(MalformedAnswerError):
        raw_answers(Completion(text, False, 0, 0, 0), [QUESTION])


@pytest.mark.parametrize(
    ("look", "piece"),
    [
        *((harmless, piece) for piece in ("- ", ";=", "\t\n", "-1;")),
        *((told_apart, piece) for piece in ("a", "ab")),
        *((parts.__wrapped__, piece) for piece in ("1 ", "2014-", "=1+", "'1'", "(a)5")),
        *((parsed, piece) for piece in ('{"c1":', "[", "{", '{"c1":"{', '\'"\\u}{"c1":')),
    ],
)
def test_what_looks_at_a_text_again_and_again_is_linear(look: Callable[[str], object], piece: str) -> None:
    assert grows_too_fast(look, piece) is None
