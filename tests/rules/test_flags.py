"""The flags of the rules show how far to trust an answer: measured on contracts that lawyers labelled."""

from collections.abc import Iterator
from functools import cache
from uuid import uuid4

import pytest

from columnist.evaluation.flags import by_flag, order_of_flags
from columnist.evaluation.labels import cuad_columns, read_labels
from columnist.evaluation.scores import ScoredCell, scored
from columnist.reviews.model import Cell, Format
from columnist.rules.back_end import answered
from columnist.rules.passages import PassageIndex
from tests.conftest import CONTRACTS, CUAD, contract_pages

SMALLEST = 24
"""Half of the contracts: the test takes ten seconds instead of forty."""


def _cells() -> Iterator[tuple[Format, ScoredCell]]:
    files = [*CONTRACTS.glob("*.[pP][dD][fF]"), *CUAD.glob("*.[pP][dD][fF]")]
    labels = {
        (label.document, label.column): label
        for label in read_labels([CONTRACTS / "labels.csv", CUAD / "labels.csv"])[0]
    }
    questions = [column.question(uuid4()) for column in cuad_columns()]
    for file in sorted(files, key=lambda file: file.stat().st_size)[:SMALLEST]:
        index = PassageIndex([page.text for page in contract_pages(file.name)])
        for question in questions:
            found = answered(index, question)
            cell = Cell(
                *("done", found.summary, found.value, found.flag, found.reasoning, found.citations),
                *(None, None, False, "extractive"),
            )
            yield question.format, scored(labels[file.name, question.name], question, file.name, cell)


@cache
def cells() -> tuple[tuple[Format, ScoredCell], ...]:
    return tuple(_cells())


@pytest.mark.parametrize("form", ["text", "bulleted_list", "date", "yes_no"])
def test_green_answers_are_right_more_often_than_yellow_ones(form: Format) -> None:
    shares = by_flag([cell for kind, cell in cells() if kind == form])
    assert shares["green"].right > shares["yellow"].right


def test_green_is_right_more_often_than_yellow_by_more_than_chance() -> None:
    said, _ = order_of_flags([cell for _, cell in cells()])
    assert said.startswith("Green is right more often than yellow")


def test_a_no_because_nothing_was_found_is_grey_and_every_other_answer_is_not() -> None:
    for _, cell in cells():
        assert (cell.flag == "grey") == (not cell.quotes)
