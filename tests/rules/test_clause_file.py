"""The clauses are data: every entry is named and checked, and their order means nothing."""

import random
from importlib.resources import files
from typing import Any

import pytest
import yaml

from columnist.errors import InputError
from columnist.evaluation.labels import cuad_columns
from columnist.reviews.model import ColumnSpec
from columnist.reviews.templates import built_in_templates
from columnist.rules import clauses

FILE = yaml.safe_load(files("columnist.rules").joinpath(clauses.FILE).read_text(encoding="utf-8"))
QUESTIONS = [*cuad_columns(), *(column for template in built_in_templates().values() for column in template.columns)]


def _asked_for(question: ColumnSpec) -> list[str | None]:
    found = map(clauses.clause_asked_for, (question.name, question.prompt))
    return [clause.name if clause else None for clause in found]


def test_the_order_of_the_entries_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    meant = {question.name: _asked_for(question) for question in QUESTIONS}
    entries = list(FILE["clauses"].items())
    random.Random(5).shuffle(entries)
    shuffled = clauses.read_clauses(FILE | {"clauses": dict(entries)})
    assert shuffled == clauses.clauses()
    monkeypatch.setattr(clauses, "clauses", lambda: shuffled)
    assert {question.name: _asked_for(question) for question in QUESTIONS} == meant


GOOD: dict[str, Any] = {"specificity": 10, "asks": ["audit"], "says": ["<books>"]}


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"audit": GOOD | {"says": ["(books"]}}, "clauses.yaml: clauses → audit → says: not a regular expression: "),
        ({"audit": GOOD | {"asks": ["<shelves>"]}}, "clauses.yaml: clauses → audit → asks: there is no part 'shelves'"),
        ({"audit": GOOD | {"say": ["x"]}}, "clauses.yaml: clauses → audit → say: "),
        ({"audit": GOOD | {"says": []}}, "clauses.yaml: clauses → audit → says: "),
        ({"audit": GOOD | {"specificity": "high"}}, "clauses.yaml: clauses → audit → specificity: "),
        ({"audit": GOOD, "visit": GOOD}, "clauses.yaml: clauses → visit → specificity: the same as that of audit"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_with_what_is_wrong(entries: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        clauses.read_clauses({"parts": {"books": ["books", "records"]}, "clauses": entries})
    assert str(refused.value).startswith(sentence)
