"""Two readings of a figure, in the phrases of real contracts: only a value on which both agree is certain."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from columnist.asking.readings import FIGURES, two_readings
from columnist.reviews.model import Format, Question

CASES = Path(__file__).parents[1] / "answers" / "typing_cases.csv"


def cases(answer_format: Format) -> list[tuple[Question, str, Any]]:
    """Each question, the words of a contract, and their value."""
    with CASES.open(newline="", encoding="utf-8") as lines:
        return [
            (Question(UUID(int=1), "A column", case["asked"], answer_format), case["text"], json.loads(case["value"]))
            for case in csv.DictReader(lines)
            if case["format"] == answer_format and case["value"]
        ]


def certain(question: Question, answer: str, words: str) -> Any:
    """The value of a model's answer beside the words; None if there is none or it is in doubt."""
    outcome = two_readings(question, answer, words).outcome
    return None if outcome.doubt else outcome.value


@pytest.mark.parametrize("answer_format", [one for one in FIGURES if one != "date"])
def test_words_of_a_contract_let_their_own_figure_through_and_no_other(answer_format: Format) -> None:
    found = cases(answer_format)
    assert len(found) >= 50
    for question, words, value in found:
        amount, currency = (value["amount"], value["currency"]) if isinstance(value, dict) else (value, "")
        others = (Decimal(amount) * 1000, Decimal(amount) / 10, Decimal(amount) + 1)
        wrong = [f"{other.normalize():f} {currency}".strip() for other in others]
        wrong += [f"{amount} {'EUR' if currency == 'USD' else 'USD'}"] if currency else []
        assert certain(question, f"{amount} {currency}".strip(), words) == value, words
        assert [answer for answer in wrong if certain(question, answer, words) is not None] == [], words


def test_words_of_a_contract_let_their_own_date_through_and_no_other() -> None:
    found = cases("date")
    days = sorted({day for _, _, day in found})
    for question, words, day in found:
        assert certain(question, day, words) == day, words
        assert [other for other in days[:20] if other != day and certain(question, other, words)] == [], words
