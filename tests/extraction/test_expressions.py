"""A value means that the whole answer was understood: each writing gives its value or a doubt, never another value."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from columnist.extraction.model import Question
from columnist.extraction.typing import typed
from columnist.reviews.model import Format

CASES = list(csv.DictReader((Path(__file__).parent / "expression_cases.csv").open(newline="", encoding="utf-8")))
"""Hard spellings, and the one value that each may have, as `shown` writes it; without one it has to be a doubt."""


def shown(value: object) -> str:
    """A typed value as the table writes it: `1500000 USD`, `1.5`, `2014-05-08`."""
    if isinstance(value, dict):
        return f"{shown(value['amount'])} {value['currency']}"
    try:
        return format(Decimal(str(value)).normalize(), "f")
    except ArithmeticError:
        return str(value)


def read(answer_format: str, text: str, asked: str = "", tags: tuple[str, ...] = ()) -> str:
    """The value of a text, as `shown`; empty where it is in doubt, which says why."""
    value, doubt = typed(text, Question(UUID(int=1), "A column", asked, cast("Format", answer_format), tags))
    assert (value is None) == bool(doubt)
    return "" if value is None else shown(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['format']}: {case['text']}")
def test_a_hard_spelling_has_its_value_or_is_in_doubt(case: dict[str, str]) -> None:
    wanted = case["value"] and " ".join([shown(case["value"].split()[0]), *case["value"].split()[1:]])
    assert read(case["format"], case["text"], case["asked"]) in (wanted, "")
