"""The `when` of a column's rule: a comparison, made by this module, or words for a language model.

    not found                                 any format
    > 5   >= 5   < 5   <= 5   = 5   != 5      number, percentage, date, monetary_amount with its currency: > USD 1,000
    between 10 and 20                         the same, both ends included
    before 2026-01-01   after 2026-01-01      date, as < and >
    is Lease   is not Lease   = Lease         tag, currency
    yes   no                                  yes_no, also: is yes, = no

A text with an operator is a comparison, and must then be a complete one. `before`, `after`, `between` and
`is` are operators only for the formats listed beside them, and the first three only before a value; all else
is words.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from columnist.errors import InputError
from columnist.reviews.iso_4217 import ISO_4217
from columnist.reviews.model import Format, Question, Rule

Operator = str
"""One of `<`, `<=`, `>`, `>=`, `=`, `!=`, `between` and `not found`."""

_ORDERED: dict[Format, str] = {
    "number": "a number such as 30, without its unit",
    "percentage": "a percentage such as 2.5%",
    "monetary_amount": "an amount with its currency's ISO code, such as USD 1,000,000",
    "date": "a date such as 2026-01-31",
}
"""The formats whose values are ordered, and how such a value is written in a rule."""
_EQUAL: frozenset[Format] = frozenset(("tag", "currency", "yes_no"))
_OPERATES: dict[Operator, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_SYNONYMS = {"≤": "<=", "≥": ">=", "≠": "!=", "==": "=", "before": "<", "after": ">", "is": "=", "is not": "!="}

_SYMBOL = re.compile(r"(<=|>=|!=|==|[<>=≤≥≠])\s*(.*)")
_BESIDE_A_VALUE = re.compile(r"(between|before|after)\s+((?:[A-Z]{3}\s*)?[-+.]?[0-9].*)", re.I)
_IS = re.compile(r"(is not|is)\s+(.*)", re.I)
_DIGITS = r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_TWO_NUMBERS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}\.\d{3}(?![\d.,])")
_MONEY = re.compile(rf"(?:([A-Z]{{3}})\s*)?({_DIGITS})(?:\s*([A-Z]{{3}}))?", re.I)


class Sum(NamedTuple):
    """A sum that rules compare; only sums of the same currency are ordered."""

    currency: str
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,f}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on the typed value of an answer: `operands` are none for `not found`, two for `between`, else one."""

    operator: Operator
    operands: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """The comparison as it is written in a rule; parsing that gives an equal one."""
        if self.operator == "between":
            return f"between {_written(self.operands[0])} and {_written(self.operands[1])}"
        return " ".join([self.operator, *map(_written, self.operands)])

    def obstacle(self, value: Any, answer_format: Format) -> str | None:
        """Why the comparison cannot be made with the value (None: not typed) of a found answer; None if it can."""
        if self.operator == "not found":
            return None
        if value is None:
            return f"the answer could not be read as {answer_format}"
        if answer_format == "monetary_amount" and value["currency"] != self.operands[0].currency:
            return f"the amount is in {value['currency'] or 'no currency that is named'}"
        return None

    def holds(self, found: bool, value: Any, answer_format: Format) -> bool:
        """Whether the comparison holds for an answer: `value` as in `Content.value`, without an `obstacle`."""
        if self.operator == "not found" or not found:
            return self.operator == "not found" and not found
        mine = _comparable(value, answer_format)
        if self.operator == "between":
            return bool(self.operands[0] <= mine <= self.operands[1])
        return _OPERATES[self.operator](mine, self.operands[0])


def read_condition(when: str, answer_format: Format, tags: Sequence[str] = ()) -> Comparison | None:
    """The comparison in `when` for a column of this format; None if it is words.

    Raises InputError with a sentence for a comparison that cannot be made.
    """
    text = " ".join(when.split())
    if text.casefold() == "not found":
        return Comparison("not found")
    if answer_format == "yes_no" and text.casefold() in ("yes", "no"):
        return Comparison("=", (text.casefold() == "yes",))
    match = _SYMBOL.fullmatch(text)
    if match is None and answer_format in _ORDERED:
        match = _BESIDE_A_VALUE.fullmatch(text)
        if match and match[1].casefold() != "between" and answer_format != "date":
            return None
    if match is None and answer_format in _EQUAL:
        match = _IS.fullmatch(text)
    if match is None:
        return None
    said = match[1].casefold()
    return _comparison(_SYNONYMS.get(said, said), match[2].strip(), answer_format, tags)


def check_condition(when: str, answer_format: Format, tags: Sequence[str] = ()) -> None:
    """Raises InputError like `read_condition`, and for a figure that may be two numbers, or an unknown currency
    code."""
    comparison = read_condition(when, answer_format, tags)
    if comparison is None:
        return
    for operand in comparison.operands:
        code = operand.currency if isinstance(operand, Sum) else operand if answer_format == "currency" else None
        if code is not None and code not in ISO_4217:
            raise InputError(f"'{code}' is not a currency's ISO code, such as USD")
    figure = _TWO_NUMBERS.search(when)
    if figure and answer_format in ("number", "monetary_amount"):
        one, other = figure[0], figure[0].replace(".", "")
        raise InputError(f"'{one}' may be {Decimal(one).normalize():f} or {int(other):,}: write {other}, or {one}0")


def rules_in_words(question: Question) -> list[Rule]:
    """The rules of a question that are in words, in order."""
    return [rule for rule in question.rules if read_condition(rule.when, question.format, question.tags) is None]


def _comparison(named: Operator, rest: str, answer_format: Format, tags: Sequence[str]) -> Comparison:
    if answer_format in _EQUAL:
        if named not in ("=", "!="):
            raise InputError(f"'{named}' does not apply to format '{answer_format}': write 'is' or 'is not'")
        return Comparison(named, (_choice(rest, answer_format, tags),))
    if answer_format not in _ORDERED:
        raise InputError(
            f"an answer of format '{answer_format}' has no value to compare: say it in words, or choose another format"
        )
    if named != "between":
        return Comparison(named, (_value(rest, answer_format),))
    ends = [end.strip() for end in re.split(r"(?<=\s)and(?=\s)", rest, flags=re.I)]
    if len(ends) != 2:
        raise InputError("'between' needs two values, as in 'between 10 and 20'")
    low, high = (_value(end, answer_format) for end in ends)
    if answer_format == "monetary_amount" and low.currency != high.currency:
        raise InputError(f"{low} and {high} are not in the same currency")
    if high < low:
        raise InputError(f"nothing is between {_written(low)} and {_written(high)}: give the smaller one first")
    return Comparison("between", (low, high))


def _value(text: str, answer_format: Format) -> Any:
    """One operand. Raises InputError."""
    if answer_format == "date":
        try:
            # Python also parses 20260131 and 2026-W05; values of cells are not written in these ways.
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                return date.fromisoformat(text)
        except ValueError:
            pass
    elif answer_format == "monetary_amount":
        match = _MONEY.fullmatch(text)
        codes = {code.upper() for code in (match[1], match[3]) if code} if match else set()
        if match and len(codes) == 1:
            return Sum(codes.pop(), _decimal(match[2]))
    else:
        bare = text.removesuffix("%").rstrip() if answer_format == "percentage" else text
        if re.fullmatch(_DIGITS, bare):
            return _decimal(bare)
    problem = f"'{text}' is not" if text else "a value is missing: write"
    raise InputError(f"{problem} {_ORDERED[answer_format]}")


def _choice(text: str, answer_format: Format, tags: Sequence[str]) -> str | bool:
    """One operand of a format without an order. Raises InputError."""
    if answer_format == "yes_no":
        if text.casefold() in ("yes", "no"):
            return text.casefold() == "yes"
        raise InputError(f"'{text}' is neither yes nor no")
    if answer_format == "currency":
        if re.fullmatch(r"[A-Za-z]{3}", text):
            return text.upper()
        raise InputError(f"'{text}' is not a currency's ISO code, such as USD")
    for tag in tags:
        if " ".join(tag.split()).casefold() == text.casefold():
            return tag
    raise InputError(f"'{text}' is not one of the column's tags")


def _comparable(value: Any, answer_format: Format) -> Any:
    match answer_format:
        case "number" | "percentage":
            return Decimal(value)
        case "monetary_amount":
            return Sum(value["currency"], Decimal(value["amount"]))
        case "date":
            return date.fromisoformat(value)
    return value


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _written(operand: Any) -> str:
    if isinstance(operand, bool):
        return "yes" if operand else "no"
    return f"{operand:,f}" if isinstance(operand, Decimal) else str(operand)
