"""Clauses are found in the usual words of contracts, and not in words that only look alike."""

from pathlib import Path
from uuid import UUID

import pytest
import yaml

from columnist.evaluation.labels import cuad_columns
from columnist.reviews.model import Question
from columnist.rules.back_end import answered
from columnist.rules.passages import PassageIndex

CASES = yaml.safe_load((Path(__file__).parent / "clause_cases.yaml").read_text(encoding="utf-8"))
QUESTIONS = {column.name: Question(UUID(int=1), column.name, column.prompt, column.format) for column in cuad_columns()}
AROUND = (
    "1. Definitions. In this document capitalized words have the meanings set out below.\n\n{}\n\nSigned in Ohio.\n"
)


@pytest.mark.parametrize(
    ("name", "sentence", "there"),
    [
        (name, sentence, there == "there")
        for name, cases in CASES.items()
        for there, sentences in cases.items()
        for sentence in sentences
    ],
)
def test_a_clause_is_found_however_it_is_put_and_not_in_what_looks_alike(name: str, sentence: str, there: bool) -> None:
    content = answered(PassageIndex([AROUND.format(sentence)]), QUESTIONS[name])
    assert content.value is there
    assert [citation.quote for citation in content.citations if sentence in citation.quote] == [sentence] * there
