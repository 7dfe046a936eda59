"""Two readings of an answer: the value that the model gives, and that of the document's words, as code reads them."""

from decimal import Decimal
from typing import NamedTuple

from columnist.answers.mentions import currencies
from columnist.answers.outcomes import Measured, Undecided
from columnist.answers.parts import Kind, parts
from columnist.answers.units import converted
from columnist.answers.values import as_shown, measured
from columnist.reviews.model import Format, Question

FIGURES: tuple[Format, ...] = ("number", "percentage", "monetary_amount", "date")
"""The formats whose words have a value themselves."""


class CellValue(NamedTuple):
    """A cell's text and its value; with a `doubt` the value, if any, is not certain."""

    shown: str
    outcome: Measured


def two_readings(question: Question, answer: str, words: str) -> CellValue:
    """The value of `answer`, in the model's canonical form, checked against that of `words`, empty if there are none.

    If both agree, it is certain. If they differ, or the words leave it open, there is none, and the doubt names both.
    If the words do not say it, the model's value is kept in doubt.
    """
    given = measured(answer, question)
    if not words or given.value is None:
        return CellValue(answer, given)
    said = measured(words, question)
    if question.format not in FIGURES:
        # A yes, a tag or a code often sums up words that do not contain it.
        silent = not isinstance(said.doubt, Undecided)
        agree = said.value == given.value if said.value is not None else silent
        return CellValue(answer, given if agree else _unsure(question, given, said))
    if said.value is not None:
        unit = said.unit or given.unit
        if _same(question, given, said):
            currency = isinstance(given.value, dict) and said.value["currency"] is None
            return CellValue(words, (given if currency else said)._replace(unit=unit))
        return CellValue(words, _unsure(question, given, said))
    if any(part.kind is not Kind.NAME for part in parts(words)) or currencies(words):
        return CellValue(words, _unsure(question, given, said))
    doubt = f"The model reads it as {_shown(given, question)}, and the words do not say so."
    return CellValue(words, given._replace(doubt=doubt))


def _same(question: Question, given: Measured, said: Measured) -> bool:
    if question.format == "monetary_amount":
        same_currency = said.value["currency"] in (given.value["currency"], None)
        return same_currency and Decimal(said.value["amount"]) == Decimal(given.value["amount"])
    if question.format == "date":
        return bool(said.value == given.value)
    values: tuple[Decimal, ...] = (Decimal(given.value),)
    if given.unit and said.unit:
        values = converted(values, given.unit, said.unit)
    return values == (Decimal(said.value),)


def _unsure(question: Question, given: Measured, said: Measured) -> Measured:
    words = f"The words say {_shown(said, question)}." if said.value is not None else said.doubt
    return Measured(None, f"{words} The model reads it as {_shown(given, question)}.")


def _shown(one: Measured, question: Question) -> str:
    return as_shown(one.value, question.format, one.unit)
