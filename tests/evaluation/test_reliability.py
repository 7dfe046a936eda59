"""The worth of the doubt of an evaluation's answers, and up to which doubt a cheap model may answer alone."""

from dataclasses import replace

import pytest

from columnist.evaluation.reliability import calibration_error, order, reliability, thresholds
from columnist.evaluation.scores import ScoredCell

CELL = ScoredCell("", "Law", "Ohio", (), "Ohio", None, (), True, True, True, True, None, None, 90, 0, 10)


def cells(doubt: float | None, right: int, wrong: int, documents: int = 8, begin: int = 0) -> list[ScoredCell]:
    """For each document, these numbers of right and wrong answers with the doubt; their columns are numbered from
    `begin`."""
    return [
        replace(CELL, document=f"{nr}.txt", column=str(begin + at), doubt=doubt, normalised=at < right)
        for nr in range(documents)
        for at in range(right + wrong)
    ]


def test_the_diagram_has_the_share_of_wrong_answers_at_each_doubt() -> None:
    low, high = reliability([*cells(0.05, 19, 1), *cells(0.5, 5, 5), *cells(None, 0, 9)])
    assert (low.end, low.cells) == (0.1, 160)
    assert low.wrong == pytest.approx(0.05)
    assert (high.end, high.cells, high.wrong) == (0.6, 80, 0.5)
    assert high.interval
    assert high.interval[0] < 0.5 < high.interval[1]


def test_doubt_orders_answers_if_the_wrong_ones_are_doubted_more() -> None:
    assert order([*cells(0.1, 5, 0), *cells(0.7, 0, 5)]) == 1
    assert order([*cells(0.7, 5, 0), *cells(0.1, 0, 5)]) == 0
    assert order([*cells(0.3, 4, 6)]) == 0.5, "all the same"
    assert order(cells(0.3, 4, 0)) is None
    assert calibration_error([*cells(0.1, 9, 1), *cells(0.5, 5, 5)]) == pytest.approx(0)
    assert calibration_error(cells(0.1, 5, 5)) == pytest.approx(0.4)


def test_a_cheap_model_is_let_alone_as_far_as_labels_show_that_little_is_lost() -> None:
    first = [*cells(0.05, 10, 0, 90), *cells(0.3, 5, 5, 90, begin=10)]
    large = cells(0.1, 20, 0, 90)
    low, high = thresholds(first, large, 0.1)
    assert (low.doubt, low.alone, low.right, low.tokens, low.holds) == (0.05, 0.5, 1, 0.5, True)
    assert (high.doubt, high.alone, high.right, high.large_right, high.holds) == (0.3, 1, 0.75, 1, False)
    few = thresholds(cells(0.05, 10, 0, 6), cells(0.1, 10, 0, 6), 0.01)
    assert [at.holds for at in few] == [False], "six documents prove no loss of one point"
    enough = [thresholds(cells(0.05, 10, 0, count), cells(0.1, 10, 0, count), 0.05)[0].holds for count in (65, 66)]
    assert enough == [False, True], "where none was seen, 66 documents prove a loss of at most five points"
    bad = thresholds([*cells(0.05, 5, 5, 90), *cells(0.3, 10, 0, 90, begin=10)], large, 0.1)
    assert [at.holds for at in bad] == [False, False], "one that fails ends the search"
