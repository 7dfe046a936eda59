"""The meaning of labels, and which answers are right."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from columnist.answers.values import typed
from columnist.evaluation.labels import Label
from columnist.evaluation.scores import ScoredCell, measures, scored, wanted
from columnist.reviews.model import NOT_FOUND, Cell, Format, Question


def question(form: Format, *tags: str) -> Question:
    return Question(uuid4(), "Asked", "What is asked?", form, tags)


def score(label: str | None, form: Format, answer: str | None, *tags: str, error: str | None = None) -> ScoredCell:
    """The score of an answer in these words; None: not found."""
    asked = question(form, *tags)
    value: Any = None if answer is None else typed(answer, asked).value
    status: Any = "error" if error else "done"
    cell = Cell(status, answer or NOT_FOUND, value, None, None, (), None, error, False, "model")
    return scored(Label("a.txt", "Asked", label, ()), asked, "a.txt", cell)


@pytest.mark.parametrize("form", ["text", "date", "number", "monetary_amount", "tag", "bulleted_list", "yes_no"])
@pytest.mark.parametrize("label", ["Not found", "NOT FOUND", "N/A", "n/a", "none", "-", "not applicable", None])
def test_words_for_nothing_say_that_it_is_absent(form: Format, label: str | None) -> None:
    assert score(label, form, None, "Lease").right is True
    assert (
        score(label, form, "Lease" if form == "tag" else "yes" if form == "yes_no" else "5 EUR", "Lease").right is False
    )


def test_a_tag_is_read_before_words_for_nothing() -> None:
    assert score("N/A", "tag", "N/A", "Lease", "N/A").right is True
    assert score("N/A", "tag", "Lease", "Lease", "N/A").right is False


@pytest.mark.parametrize(
    ("label", "form", "answer"),
    [
        ("5/8/2014", "date", "2031-01-01"),
        ("perpetual", "date", "2031-01-01"),
        ("Servise", "tag", "Lease"),
        ("some euros", "monetary_amount", "7 EUR"),
        ("ziemlich", "yes_no", "No"),
        ("ziemlich", "yes_no", "Yes"),
    ],
)
def test_an_answer_to_a_label_without_a_value_is_not_right(label: str, form: Format, answer: str) -> None:
    cell = score(label, form, answer, "Lease", "Service agreement")
    assert cell.right is None
    assert measures([cell]).judged == 0
    assert measures([cell]).right is None
    assert wanted(Label("a.txt", "Asked", label, ()), question(form, "Lease")).problem


def test_the_same_words_are_right_even_without_a_value() -> None:
    assert score("perpetual", "date", "Perpetual.").right is True


def test_an_answer_that_is_missing_is_wrong_whatever_the_label_says() -> None:
    assert score("perpetual", "date", None).right is False


@pytest.mark.parametrize("label", ["Yes", "No", None])
def test_a_failed_cell_is_wrong(label: str | None) -> None:
    cell = score(label, "yes_no", None, error="The model refused.")
    assert (cell.right, cell.normalised, cell.presence) == (False, False, False)
    assert score(None, "text", None, error="The model refused.").right is False


def test_an_answer_that_is_neither_yes_nor_no_is_wrong() -> None:
    assert score("No", "yes_no", "in part").right is False


@pytest.mark.parametrize(("label", "answer"), [("1.5 years", "15 years"), ("Acme (UK) Ltd", "Acme (US) Ltd")])
def test_texts_and_lists_with_other_words_are_wrong(label: str, answer: str) -> None:
    assert score(label, "text", answer).right is False
    assert score(label, "bulleted_list", answer).right is False


@pytest.mark.parametrize(
    ("label", "unit", "right"),
    [
        ("60 days", "day", True),
        ("2 months", "month", True),
        ("60", "day", True),
        ("2 years", "month", False),
        ("60 days", "", True),
    ],
)
def test_a_number_is_compared_in_the_unit_of_its_column(label: str, unit: str, right: bool) -> None:
    asked = Question(uuid4(), "Notice", "What is the notice period?", "number", unit=unit)
    cell = Cell("done", "as said", "2" if unit == "month" else "60", "green", None, (), None, None, False, "model")
    assert wanted(Label("a.txt", "Notice", label, ()), replace(asked, unit=None)).problem is None, "before it is asked"
    assert scored(Label("a.txt", "Notice", label, ()), asked, "a.txt", cell).right is right
