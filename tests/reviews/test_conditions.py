"""The grammar of a rule's condition: what is compared, what is words, and what is refused."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columnist.errors import InputError
from columnist.reviews.conditions import Comparison, Sum, check_condition, read_condition
from columnist.reviews.model import Format

TAGS = ("Lease", "Joint  venture", "is not Lease")
ORDERED: list[Format] = ["number", "percentage", "monetary_amount", "date"]
formats = st.sampled_from(get_args(Format))
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)


def operands(answer_format: Format) -> st.SearchStrategy[Any]:
    if answer_format == "date":
        return st.dates()
    return decimals if answer_format != "monetary_amount" else decimals.map(lambda amount: Sum("EUR", amount))


def value(answer_format: Format, operand: Any) -> Any:
    """The operand in the form of a cell's value."""
    if answer_format == "date":
        return operand.isoformat()
    if answer_format == "monetary_amount":
        return {"amount": format(operand.amount, "f"), "currency": operand.currency}
    return format(operand, "f")


ordered_pairs = st.sampled_from(ORDERED).flatmap(lambda one: st.tuples(st.just(one), operands(one), operands(one)))


@pytest.mark.parametrize(
    ("answer_format", "when", "holds", "fails"),
    [
        ("number", "> 30", "30.01", "30"),
        ("number", "≥1,000", "1000", "999.9"),
        ("number", "between 10 and 20", "20.0", "9"),
        ("number", "!= 5", "6", "5.00"),
        ("percentage", "<= 2.5%", "2.50", "2.51"),
        ("date", "before 2026-01-01", "2025-12-31", "2026-01-01"),
        ("date", "After 2026-01-01", "2026-01-02", "2026-01-01"),
        ("date", "between 2025-01-01 and 2025-12-31", "2025-12-31", "2026-01-01"),
        (
            "monetary_amount",
            "> USD 1,000,000",
            {"amount": "1000000.01", "currency": "USD"},
            {"amount": "1000000", "currency": "USD"},
        ),
        (
            "monetary_amount",
            "between 5 eur and EUR 6",
            {"amount": "5", "currency": "EUR"},
            {"amount": "7", "currency": "EUR"},
        ),
        ("currency", "= USD", "USD", "EUR"),
        ("currency", "is not usd", "EUR", "USD"),
        ("yes_no", "Yes", True, False),
        ("yes_no", "is no", False, True),
        ("tag", "is lease", "Lease", "Joint  venture"),
        ("tag", "= Joint venture", "Joint  venture", "Lease"),
        ("tag", "is is not Lease", "is not Lease", "Lease"),
    ],
)
def test_what_reads_like_a_comparison_is_compared(answer_format: Format, when: str, holds: Any, fails: Any) -> None:
    comparison = read_condition(when, answer_format, TAGS)
    assert comparison is not None
    assert comparison.obstacle(holds, answer_format) is None
    assert comparison.holds(True, holds, answer_format)
    assert not comparison.holds(True, fails, answer_format)
    assert not comparison.holds(False, None, answer_format), "what is not found is neither more nor less"


@given(formats)
def test_not_found_holds_for_what_is_not_found_and_for_nothing_else(answer_format: Format) -> None:
    comparison = read_condition("Not  Found", answer_format)
    assert comparison is not None
    assert comparison.holds(False, None, answer_format)
    assert not comparison.holds(True, None, answer_format)


@pytest.mark.parametrize(
    ("answer_format", "when"),
    [
        ("monetary_amount", "uncapped"),
        ("text", "longer than two years and automatically renewed"),
        ("number", "before the term ends"),
        ("date", "before the notice is given"),
        ("number", "between the parties only"),
        ("text", "is capped at the fees paid"),
        ("text", "between 2 and 3"),
        ("yes_no", "yes, but only with consent"),
        ("tag", "the type is unclear"),
    ],
)
def test_all_else_is_words(answer_format: Format, when: str) -> None:
    assert read_condition(when, answer_format, TAGS) is None


@pytest.mark.parametrize(
    ("answer_format", "when", "sentence"),
    [
        ("number", "> thirty", "'thirty' is not a number"),
        ("number", "> 30 days", "without its unit"),
        ("number", ">", "missing"),
        ("number", "> ٣", "is not a number"),
        ("number", "between 20 and 10", "smaller one first"),
        ("number", "between 10", "two values"),
        ("date", "before 2026-13-01", "a date such as"),
        ("date", "before 1/2/2026", "a date such as"),
        ("monetary_amount", "> 1000", "currency's ISO code"),
        ("monetary_amount", "> $1,000", "currency's ISO code"),
        ("monetary_amount", "> USD 1 EUR", "currency's ISO code"),
        ("monetary_amount", "between USD 1 and EUR 2", "same currency"),
        ("tag", "is Leese", "not one of the column's tags"),
        ("tag", "> Lease", "write 'is' or 'is not'"),
        ("currency", "= dollars", "ISO code"),
        ("yes_no", "= maybe", "neither yes nor no"),
        ("text", "> 5 years", "has no value to compare"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused_with_a_sentence(
    answer_format: Format, when: str, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        read_condition(when, answer_format, TAGS)


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(["<", ">=", "between", "before", "is not", "and", "USD", "1,0", "2026-02-30", "%", "yes"])
            | st.text(max_size=6),
            max_size=6,
        ).map(" ".join),
    ),
    formats,
)
def test_any_text_is_a_comparison_words_or_a_refusal(when: str, answer_format: Format) -> None:
    try:
        comparison = read_condition(when, answer_format, TAGS)
    except InputError as error:
        assert str(error)
    else:
        assert comparison is None or read_condition(str(comparison), answer_format, TAGS) == comparison


@given(ordered_pairs, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
def test_a_comparison_written_out_reads_as_itself(pair: tuple[Format, Any, Any], operator: str) -> None:
    answer_format, first, second = pair
    ends = tuple(sorted((first, second)))
    for comparison in (Comparison(operator, (first,)), Comparison("between", ends)):
        assert read_condition(str(comparison), answer_format) == comparison


@given(ordered_pairs)
def test_a_value_is_less_than_equal_to_or_more_than_another_and_only_one_of_these(
    pair: tuple[Format, Any, Any],
) -> None:
    answer_format, operand, other = pair
    there = value(answer_format, other)

    def holds(operator: str) -> bool:
        return Comparison(operator, (operand,)).holds(True, there, answer_format)

    assert [holds(one) for one in ("<", "=", ">")].count(True) == 1
    assert holds("<=") == (not holds(">"))
    assert holds(">=") == (not holds("<"))
    assert holds("!=") == (not holds("="))
    assert Comparison("between", (operand, operand)).holds(True, there, answer_format) == holds("=")


@given(decimals, st.sampled_from(["EUR", "GBP", None]))
def test_sums_of_another_currency_are_not_compared(amount: Decimal, currency: str | None) -> None:
    comparison = read_condition("> USD 5", "monetary_amount")
    assert comparison is not None
    reason = comparison.obstacle({"amount": format(amount, "f"), "currency": currency}, "monetary_amount")
    assert reason is not None
    assert (currency or "no currency") in reason


def test_an_answer_that_could_not_be_typed_is_not_compared() -> None:
    comparison = read_condition("after 2026-01-01", "date")
    assert comparison == Comparison(">", (date(2026, 1, 1),))
    assert "could not be read as date" in str(comparison.obstacle(None, "date"))


@pytest.mark.parametrize(
    ("when", "answer_format", "sentence"),
    [
        ("> 1.000", "number", "'1.000' may be 1 or 1,000: write 1000, or 1.0000"),
        ("> EUR 1.000", "monetary_amount", "may be 1 or 1,000"),
        ("between EUR 12.500 and EUR 20000", "monetary_amount", "may be 12.5 or 12,500"),
        ("> XYZ 5", "monetary_amount", "'XYZ' is not a currency's ISO code"),
        ("is not USB", "currency", "'USB' is not a currency's ISO code"),
    ],
)
def test_a_figure_of_two_meanings_and_an_unknown_currency_are_refused(
    when: str, answer_format: Format, sentence: str
) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        check_condition(when, answer_format)


def test_a_clear_figure_and_a_known_currency_are_taken() -> None:
    check_condition("> 1.5", "number")
    check_condition("> 1.125%", "percentage")
    check_condition("> USD 1,000.000", "monetary_amount")
    check_condition("is not USD", "currency")
