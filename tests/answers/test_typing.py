"""The promises of `typed`, in the phrases of real contracts."""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columnist.answers.dates import dates
from columnist.answers.mentions import amounts
from columnist.answers.outcomes import Typed
from columnist.answers.values import typed
from columnist.documents.locating.locate import normalise
from columnist.reviews.iso_4217 import ISO_4217
from columnist.reviews.model import Format, Question
from tests.conftest import contract_pages

SOME_ID = UUID(int=1)


def stays_text(outcome: Typed) -> bool:
    """Whether there is no value, and a sentence that says why."""
    return outcome.value is None and outcome.doubt.endswith(".")


def assert_typed(outcome: Typed, value: Any) -> None:
    """`outcome` has that value; with None it stays text and says why."""
    assert stays_text(outcome) if value is None else outcome == Typed(value)


def question(answer_format: Format, prompt: str = "", tags: tuple[str, ...] = ()) -> Question:
    return Question(SOME_ID, "A column", prompt, answer_format, tags)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("the 8th day of May, 2014", "2014-05-08"),
        ("May 8, 2014", "2014-05-08"),
        ("8 May 2014", "2014-05-08"),
        ("2014-05-08", "2014-05-08"),
        ("2014-05-08T00:00:00Z", "2014-05-08"),
        ("dated and effective as of March 30, 2009 (this “Amendment”)", "2009-03-30"),
        ("THIS AGREEMENT is made this 15 th day of July,\xa02010", "2010-07-15"),
        ("effective as of the 24t h day of August 2018", "2018-08-24"),
        ("November 19t h, 2012", "2012-11-19"),
        ("20th day of Friday, March 2020", "2020-03-20"),
        ("the first day of May 2006", "2006-05-01"),
        ("the twenty-first day of June, 1999", "1999-06-21"),
        ("February 17,\r\n1999", "1999-02-17"),
        ("Sept. 3, 1998", "1998-09-03"),
        ("am 15. März 2023", "2023-03-15"),
        ("1er janvier 2024", "2024-01-01"),
        ("15 de marzo de 2023", "2023-03-15"),
        ("1º de março de 2023", "2023-03-01"),
        ("2 mei 2024", "2024-05-02"),
        ("2023年3月15日", "2023-03-15"),
        ("13/07/05", "2005-07-13"),
        ("9/28/2004", "2004-09-28"),
        ("5/5/14", "2014-05-05"),
        ("12/27/2019, and again December 27, 2019", "2019-12-27"),
        ("08/05/2014 (that is, May 8, 2014)", "2014-05-08"),
        ("31-DEC-21", "2021-12-31"),
        ("April the 1st, 2019", "2019-04-01"),
        ("the thirty-first day of December, two thousand and twenty-one", "2021-12-31"),
        ("April first, Nineteen Hundred Ninety-Nine (1999)", "1999-04-01"),
    ],
)
def test_a_date_becomes_iso_8601(text: str, iso: str) -> None:
    assert typed(text, question("date")) == Typed(iso)


CASES = list(csv.DictReader((Path(__file__).parent / "typing_cases.csv").open(newline="", encoding="utf-8")))
"""Phrases of real contracts, and their values as JSON; without a value a phrase stays text. The phrases are from the
Contract Understanding Atticus Dataset (CUAD) v1 by The Atticus Project, CC BY 4.0; the line breaks in them are now
spaces."""


def test_the_table_has_hundreds_of_cases_from_dozens_of_contracts() -> None:
    assert len(CASES) > 350 and len({case["contract"] for case in CASES}) > 40
    assert sum(not case["value"] for case in CASES) > 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['format']}: {case['text']}")
def test_what_a_real_contract_says_gets_its_value_or_stays_text(case: dict[str, str]) -> None:
    asked = question(cast("Format", case["format"]), case["asked"])
    assert_typed(typed(case["text"], asked), json.loads(case["value"]) if case["value"] else None)


def test_the_cases_stand_in_their_contracts() -> None:
    for name in {case["contract"] for case in CASES}:
        whole = normalise("".join(page.text for page in contract_pages(name)))
        assert [
            case["text"] for case in CASES if case["contract"] == name and normalise(case["text"]) not in whole
        ] == []


@pytest.mark.parametrize(
    "text",
    [
        "5/8/14",
        "08.05.2014",
        "1/2/99",
        "May 8, 2014 or June 1, 2014",
        "the later of May 8, 2014 and the Launch Date",
        "between 1 and 31 January 2020",
        "15-16 March 2019",
        "30 days after January 1, 2020",
        "the fifth anniversary of January 1, 2020",
        "January 5, 2020 or, if later, the Closing",
        "2023年3月15日及び2024年3月15日",
        "avant le 15 mars 2023",
        "dreißig Tage nach dem 15. März 2023",
    ],
)
def test_a_date_that_reads_two_ways_stays_untyped(text: str) -> None:
    assert stays_text(typed(text, question("date")))


@pytest.mark.parametrize(
    "text",
    [
        "September __, 2018",
        "July 2013",
        "___ day of May, 2014",
        "___________ __, 2000",
        "February 30, 2014",
        "31. Februar 2023",
        "soon",
    ],
)
def test_a_date_that_is_incomplete_or_impossible_stays_untyped(text: str) -> None:
    assert stays_text(typed(text, question("date")))


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("US$1.5 million", "1500000", "USD"),
        ("$2½ million", "2500000", "USD"),
        ("$1/2 million", "500000", "USD"),
        ("$2,000,000.00", "2000000.00", "USD"),
        ("EUR 3m", "3000000", "EUR"),
        ("two million dollars ($2,000,000)", "2000000", "USD"),
        ("€ 1.200.000,50", "1200000.50", "EUR"),
        ("Ten Thousand and 00/100 Dollars ($10,000.00)", "10000.00", "USD"),
        ("not more than $5,000 Canadian", "5000", "CAD"),
        ("one hundred thousand United States dollars", "100000", "USD"),
        ("two and a half million euros", "2500000", "EUR"),
        ("RMB 300,000", "300000", "CNY"),
        ("U.S.\xa0$\xa0500", "500", "USD"),
        ("£250k", "250000", "GBP"),
        ("$.01 per share", "0.01", "USD"),
        ("CHF 1'200'000", "1200000", "CHF"),
        ("1500000.00", "1500000.00", None),
        ("¥5,000", "5000", None),
        ("£5m", "5000000", "GBP"),
        ("EUR 1.250,00", "1250.00", "EUR"),
        ("€1.200 (one thousand two hundred euros)", "1200", "EUR"),
        ("Rs. 5,000", "5000", "INR"),
        ("fifty cents ($0.50)", "0.50", "USD"),
        ("C$5,000", "5000", "CAD"),
        ("$5,000 (Canadian)", "5000", "CAD"),
        ("$5,000, payable in Australian dollars", "5000", "AUD"),
        ("a million dollars", "1000000", "USD"),
        ("USD 500,000 (five hundred thousand)", "500000", "USD"),
        ("up to $500 under Section 5.2", "500", "USD"),
        (json.dumps({"amount": "1500000.00", "currency": "EUR"}), "1500000.00", "EUR"),
        ("Rs. 5,00,000", "500000", "INR"),
        ("Rs 12,50,000.00/- per annum", "1250000.00", "INR"),
        ("₹ 2.5 crore", "25000000", "INR"),
        ("INR 5 lakhs", "500000", "INR"),
        ("£2 m", "2000000", "GBP"),
        ("€3,5 Mio.", "3500000", "EUR"),
        ("EUR 5 Mrd", "5000000000", "EUR"),
        ("£12,500pa", "12500", "GBP"),
        ("HKD2,000,000", "2000000", "HKD"),
        ("100,000EUR", "100000", "EUR"),
        ("Five Hundred Thousand and No/100 Dollars ($500,000.00)", "500000.00", "USD"),
        ("Two Thousand Dollars and Fifty Cents ($2,000.50)", "2000.50", "USD"),
    ],
)
def test_money_becomes_an_amount_and_a_currency(text: str, amount: str, currency: str | None) -> None:
    assert typed(text, question("monetary_amount")) == Typed({"amount": amount, "currency": currency})


@pytest.mark.parametrize(
    "text",
    [
        "two million dollars ($3,000,000)",
        "Twenty Seven Thousand ($37,000)",
        "USD 500,000 (six hundred thousand)",
        "$100 to $200",
        "$5-10 million",
        "5 to 10 million dollars",
        "€1.200",
        "USD 5 or EUR 5",
        "the greater of $1,000,000 and the fees paid",
        "$[***], payable within 30 days",
        "half a million dollars",
        "a quarter of a million dollars",
        "EUR 5 Tsd.",
        "$ 1 , 000 , 000",
        "$1,000,00",
        "twice the annual fee of $50,000",
        "2 x $50,000",
        "$50,000 multiplied by three",
        "10% of the first $1,000,000",
        "£1,000 or, if higher, a tenth of the fees",
    ],
)
def test_money_that_reads_two_ways_stays_untyped(text: str) -> None:
    assert stays_text(typed(text, question("monetary_amount")))


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("ten percent (10%)", "10"),
        ("2.5%", "2.5"),
        ("one and one-half percent (1.5%)", "1.5"),
        ("150 basis points", "1.5"),
        ("1 1/2% per month", "1.5"),
        ("one-half of one percent", "0.5"),
        ("Twenty-Five Percent (25%)", "25"),
        ("12.5 per cent", "12.5"),
        ("1.125%", "1.125"),
        (".5%", "0.5"),
        ("2½ %", "2.5"),
        ("one-half of one percent (0.5%)", "0.5"),
        ("five (5) percent", "5"),
        ("fifty basis points (0.50%)", "0.50"),
        ("66-2/3%", "66.6667"),
        ("1.5", "1.5"),
        ("one-tenth of one percent", "0.1"),
        ("quarter of one percent", "0.25"),
        ("0.1 of 1%", "0.1"),
        ("half a percent", "0.5"),
        ("33⅓%", "33.3333"),
        ("5 (five) per cent", "5"),
        ("25 bp", "0.25"),
        ("minus 0.5%", "-0.5"),
    ],
)
def test_a_percentage_becomes_a_decimal(text: str, percent: str) -> None:
    assert Decimal(typed(text, question("percentage")).value) == Decimal(percent)


@pytest.mark.parametrize(
    "text",
    [
        "5% to 10%",
        "5-10%",
        "ten percent (12%)",
        "ten (12%) percent",
        "the lesser of 1% and the highest lawful rate",
        "[***] percent, due within 30 days",
        "LIBOR + 2 %",
        "the prime rate plus 2%",
        "4% per annum above the base lending rate of Barclays Bank",
        "5‰",
    ],
)
def test_a_percentage_with_two_values_stays_untyped(text: str) -> None:
    assert stays_text(typed(text, question("percentage")))


@pytest.mark.parametrize(
    ("text", "prompt", "value"),
    [
        ("thirty (30) days", "How many days?", "30"),
        ("ninety (“90”) days written notice", "How many days?", "90"),
        ("one hundred eighty (180) days", "How many days?", "180"),
        ("a 30-day period after June 1, 2020 under Section 4.2", "How many days?", "30"),
        ("two (2) weeks", "How many days?", "14"),
        ("three (3) years", "For how many months?", "36"),
        ("one of the parties may give 60 days' notice", "How many days?", "60"),
        ("six (6) months", "How many days?", None),
        ("thirty (60) days", "How many days?", None),
        ("30 or 60 days", "How many?", None),
        ("1,234", "How many units?", "1234"),
        ("-5", "Which offset?", "-5"),
        ("30 (thirty) days", "How many days?", "30"),
        ("60 (thirty) days", "How many days?", None),
        ("two 30 day periods", "How many days?", "30"),
        ("two and one-half (2½) years", "How many years?", "2.5"),
        ("a dozen samples", "How many samples?", "12"),
        ("36 months", "How many years?", "3"),
        ("18 months", "How many years?", None),
        ("before 1 January of each year", "How many days?", None),
        ("a fee of €500 an hour", "How many hours?", None),
        ("ninety (90) or sixty (60) days", "How many days?", None),
        ("promptly", "How many days?", None),
        ("not less than 30 nor more than 60 days", "How many days?", None),
        ("2.5 million units", "How many units?", "2500000"),
        ("5,00,000 shares", "How many shares?", "500000"),
        ("1.200 units", "How many units?", None),
        ("1,2,3", "How many?", None),
        ("one-half", "How many?", None),
        ("1.5e3", "How many?", None),
        ("29.5mL", "How many?", None),
        ("two (2) Third Party experts", "How many experts?", "2"),
    ],
)
def test_a_number_is_read_in_the_unit_that_was_asked_for(text: str, prompt: str, value: Any) -> None:
    assert_typed(typed(text, question("number", prompt)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("in lawful money of the United States (US dollars)", "USD"),
        ("usd", "USD"),
        ("€", "EUR"),
        ("pounds sterling", "GBP"),
        ("Canadian Dollars", "CAD"),
        ("ALL PAYMENTS IN EUR", "EUR"),
        ("US dollars or euros", None),
        ("¥", None),
        ("$", None),
        ("dollars", None),
        ("under Canadian law", None),
        ("lawful currency of the United States", "USD"),
        ("gold", None),
    ],
)
def test_a_currency_becomes_its_iso_4217_code(text: str, value: Any) -> None:
    assert_typed(typed(text, question("currency")), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("Yes. Either party may terminate.", True),
        ("False", False),
        ("no, only for cause", False),
        ("Yes and no", None),
        ("Neither party may terminate", None),
        ("No", False),
        ("No\nNeither party may.", False),
        ("No – it is silent.", False),
        ("No such clause.", False),
        ("N", False),
        ("y", True),
        ("Yes, with 30 days' notice.", True),
        ("No later than 30 days", None),
        ("No. 12965", None),
        ("N.V. Philips", None),
        ("Yes for the Licensor, no for the Licensee", None),
        ("No, but yes after the first year", None),
        ("Nothing is said", None),
        ("Ja.", True),
        ("Sí", True),
        ("NEIN", False),
        ("Ja, aber nicht für den Lizenzgeber", None),
        ("Non-exclusive", None),
    ],
)
def test_yes_and_no_become_booleans(text: str, value: Any) -> None:
    assert_typed(typed(text, question("yes_no")), value)


TAGS = ("Distribution", "Service", "Service Level", "Exclusive", "Non-Exclusive", "Research and Development")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("distribution", "Distribution"),
        ("  Service   level ", "Service Level"),
        ("A Service Level agreement.", "Service Level"),
        ("Distributon", "Distribution"),
        ("Service or Distribution", None),
        ("SERVICE-LEVEL", "Service Level"),
        ("non exclusive", "Non-Exclusive"),
        ("NonExclusive", "Non-Exclusive"),
        ("a non‑exclusive licence", "Non-Exclusive"),
        ("exclusive", "Exclusive"),
        ("not exclusive", None),
        ("Research & Development", "Research and Development"),
        ("Lease", None),
    ],
)
def test_a_tag_is_one_of_the_columns(text: str, value: Any) -> None:
    assert_typed(typed(text, question("tag", tags=TAGS)), value)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('["Alpha, Inc.", "Beta; LLC"]', ["Alpha, Inc.", "Beta; LLC"]),
        ("- Alpha, Inc.\n- Beta LLC\n", ["Alpha, Inc.", "Beta LLC"]),
        ("1. Alpha, Inc.\n2) Beta LLC", ["Alpha, Inc.", "Beta LLC"]),
        ("Alpha, Inc.; Beta LLC", ["Alpha, Inc.", "Beta LLC"]),
        ("[***] is redacted", ["[***] is redacted"]),
        (
            "(i) the Minimum Fee, (ii) the average, or (iii) thirty dollars",
            ["the Minimum Fee", "the average", "thirty dollars"],
        ),
        ("- Alpha, Inc.,\n  a Texas corporation\n- Beta LLC", ["Alpha, Inc., a Texas corporation", "Beta LLC"]),
        ("(a) Alpha\n(b) Beta", ["Alpha", "Beta"]),
        ("Alpha, Inc.", ["Alpha, Inc."]),
    ],
)
def test_a_bulleted_list_becomes_its_items(text: str, items: list[str]) -> None:
    assert typed(text, question("bulleted_list")) == Typed(items)


ALL_FORMATS: list[Format] = list(get_args(Format))


@pytest.mark.parametrize("answer_format", ALL_FORMATS)
def test_an_answer_of_brackets_without_end_is_no_value_and_no_error(answer_format: Format) -> None:
    for text in ("[" * 10_000, '{"a":' * 2_000, "[1," * 3_000):
        typed(text, question(answer_format))


@pytest.mark.parametrize("answer_format", ALL_FORMATS)
@pytest.mark.parametrize("text", ["", "  \n", "Not found", "null", "k.A.", "Cannot be determined.", "未提及", "NaN"])
def test_an_answer_that_says_nothing_has_no_value(answer_format: Format, text: str) -> None:
    assert typed(text, question(answer_format, tags=("A", "B"))) == Typed(None)


@given(answer_format=st.sampled_from(ALL_FORMATS), text=st.text(max_size=200))
def test_no_text_breaks_the_typing_and_values_are_ready_for_json(answer_format: Format, text: str) -> None:
    value, doubt = typed(text, question(answer_format, tags=("A", "B")))
    assert json.loads(json.dumps(value)) == value
    assert not (doubt and value is not None)


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


DATE_STYLES = [
    lambda d: f"{d:%B} {d.day}, {d.year}",
    lambda d: f"{d.day} {d:%B} {d.year}",
    lambda d: f"{d:%b}. {d.day}, {d.year}",
    lambda d: f"the {ordinal(d.day)} day of {d:%B}, {d.year}",
    lambda d: f"{d:%B} {ordinal(d.day)}, {d.year}".upper(),
    lambda d: d.isoformat(),
]


@given(
    day=st.dates(date(1950, 1, 1), date(2099, 12, 31)),
    style=st.sampled_from(DATE_STYLES),
    frame=st.sampled_from(["{}", "entered into as of {} (the “Effective Date”)", "dated\xa0{}\r\nby and between"]),
)
def test_a_date_in_a_contracts_style_gives_the_date_back(day: date, style: Any, frame: str) -> None:
    assert typed(frame.format(style(day)), question("date")) == Typed(day.isoformat())


MONEY_STYLES = [
    lambda amount, code: f"{code} {amount:,.2f}",
    lambda amount, code: f"{amount:,.2f} {code}",
    lambda amount, code: f"{code} {amount:f}",
    lambda amount, code: f"a fee of {code} {amount:,.2f} per annum",
]


@given(
    amount=st.decimals(min_value=0, max_value=10**12, places=2),
    code=st.sampled_from(["USD", "EUR", "GBP", "CHF", "JPY", "CAD"]),
    style=st.sampled_from(MONEY_STYLES),
)
def test_an_amount_in_a_contracts_style_gives_the_amount_back(amount: Decimal, code: str, style: Any) -> None:
    value, doubt = typed(style(amount, code), question("monetary_amount"))
    assert not doubt
    assert (Decimal(value["amount"]), value["currency"]) == (amount, code)


@given(code=st.sampled_from(sorted(ISO_4217)))
def test_every_iso_4217_code_is_a_currency(code: str) -> None:
    assert typed(code, question("currency")) == Typed(code)
    # In lower case, "all" and "top" are words.
    assert typed(code.lower(), question("currency")) in (Typed(code), Typed(None, "It says no currency."))


WORDS = st.lists(st.sampled_from(["paid", "the", "sum", "“Fee”", "\xa0", "\r\n", "shall", "be", "due"]), max_size=8)


@given(before=WORDS, after=WORDS)
def test_mentions_are_where_they_say(before: list[str], after: list[str]) -> None:
    text = f"{' '.join(before)} May 8, 2014 {' '.join(after)} $5,000 {' '.join(before)}"
    (day,), (sum_of_money,) = dates(text), amounts(text)
    assert text[day.start : day.end] == "May 8, 2014"
    assert text[sum_of_money.start : sum_of_money.end] == "$5,000"
