"""Two evaluations beside each other."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from columnist.errors import InputError
from columnist.evaluation.compare import Difference, compare
from columnist.evaluation.report import Evaluation
from columnist.evaluation.scores import ScoredCell
from columnist.reviews.model import ColumnSpec

CELL = ScoredCell("", "Law", "Ohio", (), "Ohio", None, (), True, True, True, True, None, None, 0, 0, 0)


def evaluation(cells: list[ScoredCell], model: str = "one", prompt: str = "Whose law?") -> Evaluation:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    questions = (ColumnSpec("Law", prompt),)
    return Evaluation(model, "1", "0.1", at, 1, 0, 0.0, Decimal(0), ("Law",), tuple(cells), questions)


def cells(documents: int, wrong: int = 0) -> list[ScoredCell]:
    right = [replace(CELL, document=f"{nr}.txt") for nr in range(documents)]
    return [replace(cell, answer="Texas", normalised=nr >= wrong) for nr, cell in enumerate(right)]


def right(first: Evaluation, second: Evaluation) -> Difference:
    return next(one for one in compare(first, second).differences if one.measure == "right")


def test_the_same_answers_differ_by_nothing() -> None:
    assert right(evaluation(cells(8)), evaluation(cells(8))).interval == (0, 0)


def test_two_models_that_answer_alike_here_may_differ_elsewhere() -> None:
    low, high = right(evaluation(cells(8)), evaluation(cells(8), "other")).interval or (0, 0)
    assert low < 0 < high


@pytest.mark.parametrize("documents", [1, 4])
def test_too_few_documents_prove_nothing(documents: int) -> None:
    found = right(evaluation(cells(documents, documents)), evaluation(cells(documents), "other"))
    assert (found.documents, found.interval, found.direction) == (documents, None, 0)


def test_a_difference_in_every_document_is_more_than_chance() -> None:
    assert right(evaluation(cells(20, 18)), evaluation(cells(20), "other")).direction == 1
    assert right(evaluation(cells(20)), evaluation(cells(20, 18), "other")).direction == -1


def test_cells_with_other_labels_are_named_and_not_compared() -> None:
    relabelled = [replace(cells(6)[0], label="Utah", normalised=False), *cells(6)[1:]]
    found = compare(evaluation(cells(6)), evaluation(relabelled))
    assert (len(found.worse), len(found.other_labels), found.differences[0].cells) == (0, 1, 5)
    everything = [replace(cell, label="Utah") for cell in cells(6)]
    with pytest.raises(InputError, match="labels of all common cells differ"):
        compare(evaluation(cells(6)), evaluation(everything))


def test_questions_with_another_wording_are_named() -> None:
    assert compare(evaluation(cells(6)), evaluation(cells(6), prompt="Which law?")).other_questions == ["Law"]
    assert compare(evaluation(cells(6)), evaluation(cells(6))).other_questions == []


def test_cells_that_no_label_can_judge_are_not_compared() -> None:
    unknown = [replace(cell, normalised=None) for cell in cells(6)]
    assert [one.measure for one in compare(evaluation(unknown), evaluation(unknown)).differences] == ["presence"]
