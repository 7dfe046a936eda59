"""The worth of an evaluation's flags."""

from dataclasses import replace

from columnist.evaluation.flags import by_flag, green_is_proven, order_of_flags, out_of_order
from columnist.evaluation.scores import ScoredCell
from columnist.reviews.model import Flag

CELL = ScoredCell("", "Law", "Ohio", (), "Ohio", None, (), True, True, True, True, None, None, 0, 0, 0)


def cells(flag: Flag, right: int, wrong: int, documents: int = 8) -> list[ScoredCell]:
    """For each document, these numbers of right and wrong answers with the flag."""
    return [
        replace(CELL, document=f"{nr}.txt", flag=flag, normalised=normalised)
        for nr in range(documents)
        for normalised in [True] * right + [False] * wrong
    ]


def test_a_share_is_of_the_answers_that_can_be_judged() -> None:
    shares = by_flag([*cells("green", 3, 1), replace(CELL, flag="green", normalised=None)])
    assert (shares["green"].cells, shares["green"].right) == (32, 0.75)
    assert "yellow" not in shares


def test_the_order_of_flags_is_told_as_surely_as_it_is_known() -> None:
    green, yellow = order_of_flags([*cells("green", 9, 1), *cells("yellow", 2, 8), *cells("red", 2, 8)])
    assert green.startswith("Green is right more often than yellow: +70.0 points (95 % interval +")
    assert yellow.startswith("Yellow is not shown to be right more often than red: +0.0 points")
    (turned, none) = order_of_flags([*cells("green", 2, 8), *cells("yellow", 9, 1)])
    assert turned.startswith("Green is right less often than yellow")
    assert none == "Yellow against red: no answer is red."
    (few, _) = order_of_flags([*cells("green", 9, 1, 3), *cells("yellow", 2, 8, 3)])
    assert few == "Green is not shown to be right more often than yellow: +70.0 points (too few for an interval)."


def test_a_format_whose_flags_are_out_of_order_is_named() -> None:
    dates = [replace(cell, column="End") for cell in [*cells("green", 2, 8), *cells("yellow", 9, 1)]]
    found = [*dates, *cells("green", 9, 1), *cells("yellow", 2, 8)]
    assert out_of_order(found, {"Law": "text", "End": "date"}) == ["date (green 20.0 %, yellow 90.0 %)"]


def test_green_is_proven_where_it_is_right_more_often_by_more_than_chance() -> None:
    assert green_is_proven([*cells("green", 9, 1), *cells("yellow", 2, 8)])
    assert not green_is_proven([*cells("green", 9, 1), *cells("yellow", 9, 1)])
    assert not green_is_proven(cells("green", 9, 1)), "there is nothing to compare it with"
    assert not green_is_proven([])
