"""A value means that the whole answer was understood: each writing gives its value or a doubt, never another value."""

import csv
import time
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_name, list_currencies
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from columnist.answers.values import typed
from columnist.reviews.model import Format, Question

CASES = list(csv.DictReader((Path(__file__).parent / "expression_cases.csv").open(newline="", encoding="utf-8")))
"""Hard spellings, each with its only permitted value as `shown` writes it; without a value it must be in doubt."""


def shown(value: object) -> str:
    """A typed value as the table writes it: `1500000 USD`, `1.5`, `2014-05-08`."""
    if isinstance(value, dict):
        return f"{shown(value['amount'])} {value['currency']}"
    try:
        return format(Decimal(str(value)).normalize(), "f")
    except ArithmeticError:
        return str(value)


def read(answer_format: str, text: str, asked: str = "", tags: tuple[str, ...] = ()) -> str:
    """The value of a text, as `shown`; empty if it is in doubt, and then the doubt says why."""
    value, doubt = typed(text, Question(UUID(int=1), "A column", asked, cast("Format", answer_format), tags))
    assert (value is None) == bool(doubt)
    return "" if value is None else shown(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['format']}: {case['text']}")
def test_a_hard_spelling_has_its_value_or_is_in_doubt(case: dict[str, str]) -> None:
    wanted = case["value"] and " ".join([shown(case["value"].split()[0]), *case["value"].split()[1:]])
    assert read(case["format"], case["text"], case["asked"]) in (wanted, "")


# Plain forms have their value

LOCALES = (
    "en_US en_GB en_IN en_CA en_AU de_DE de_CH fr_FR fr_CH fr_CA es_ES es_MX it_IT nl_NL pt_BR pt_PT sv_SE nb_NO da_DK "
    "fi_FI pl_PL cs_CZ tr_TR hu_HU ro_RO ja_JP"
).split()
NUMBERS = st.one_of(
    st.integers(1, 999), st.integers(1, 10**6), st.integers(1, 10**9), st.integers(1, 999).map(lambda n: n * 10**3),
    st.integers(1, 999).map(lambda n: n * 10**6),
)  # fmt: skip


@cache
def in_other_words(number: int) -> str:
    from inflect import engine  # it takes seconds, in every process that collects tests

    return str(engine().number_to_words(number))  # type: ignore[arg-type]  # its own type for a number


IN_WORDS = [
    num2words,
    in_other_words,
    lambda n: num2words(n).title(),
    lambda n: num2words(n).upper(),
    lambda n: num2words(n).replace(",", ""),
    lambda n: num2words(n).replace("-", " "),
]
FRAMES = [
    "{}",
    "a fee of {}",
    "The purchase price is {} payable at closing",
    "not to exceed {}",
    "at least {}",
    "up to {} per annum",
    "shall pay {} within 30 days",
    "as of January 1, 2014, {}",
    "under Section 4.2, {}",
    "Section 4 {}",
    "in 2020 {}",
    "{} (the “Fee”)",
    "no more than {} in the aggregate",
    "pursuant to Section 5(a), {} shall be due",
    "in no event more than {}.",
]


@given(number=NUMBERS, words=st.sampled_from(IN_WORDS), frame=st.sampled_from(FRAMES), figures=st.booleans())
def test_an_amount_in_words_is_read_whole(number: int, words: Any, frame: str, figures: bool) -> None:
    said = f"{words(number)} dollars" + (f" (${number:,}.00)" if figures else "")
    assert read("monetary_amount", frame.format(said)) == f"{shown(number)} USD"


@given(percent=st.integers(1, 99), words=st.sampled_from(IN_WORDS[:4]), style=st.integers(0, 4))
def test_a_percentage_in_words_is_read_whole(percent: int, words: Any, style: int) -> None:
    said = words(percent)
    styles = [
        "{0} percent",
        "{0} per cent ({1}%)",
        "{0} ({1}%) percent",
        "{0} ({1}) percent",
        "{0} and one-half percent",
    ]
    assert read("percentage", styles[style].format(said, percent)) == shown(
        percent + (Decimal("0.5") if style == 4 else 0)
    )


@given(days=st.integers(1, 400), words=st.sampled_from(IN_WORDS[:4]), style=st.integers(0, 5))
def test_a_period_is_read_whole(days: int, words: Any, style: int) -> None:
    styles = [
        "{0} days",
        "{0} ({1}) days",
        "{1} days",
        "a {1}-day period",
        "{1} ({0}) calendar days",
        "{0} ({1}) days’ notice",
    ]
    assert read("number", styles[style].format(words(days), days), "How many days?") == str(days)


@given(
    amount=st.decimals(min_value=1, max_value=10**9, places=2),
    code=st.sampled_from(["USD", "EUR", "GBP", "CHF", "INR", "SEK", "BRL"]),
    locale=st.sampled_from(LOCALES),
    below=st.booleans(),
)
def test_an_amount_as_a_locale_writes_it_has_its_value_or_is_in_doubt(
    amount: Decimal, code: str, locale: str, below: bool
) -> None:
    """The sign is written as the locale does, a minus sign of any kind included."""
    amount = -amount if below else amount
    assert read("monetary_amount", format_currency(amount, code, locale=locale)) in (f"{shown(amount)} {code}", "")
    assert read("number", format_decimal(amount, locale=locale)) in (shown(amount), "")


def test_a_currency_by_its_name_is_that_currency_or_in_doubt() -> None:
    for code in list_currencies():
        name = get_currency_name(code, count=2, locale="en")
        if "(" in name or "WIR" in name:
            continue  # `US dollars (next day)`: accounts, which name no money
        for text in (
            f"5,000 {name}",
            f"{name} 5,000",
            f"five thousand {name}",
            f"a fee of 5,000 {name.lower()} per month",
        ):
            assert read("monetary_amount", text) in (f"5000 {code}", ""), text


@given(
    day=st.dates(date(1970, 1, 1), date(2060, 12, 31)),
    locale=st.sampled_from(LOCALES),
    style=st.sampled_from(["short", "medium", "long", "full"]),
    other=st.dates(date(1970, 1, 1), date(2060, 12, 31)),
    joint=st.sampled_from([" to ", " - ", " – ", "/", " and ", " or ", " until ", ", "]),
)
def test_a_date_as_a_locale_writes_it_has_its_value_or_is_in_doubt(
    day: date, locale: str, style: Any, other: date, joint: str
) -> None:
    said = format_date(day, style, locale)
    assert read("date", said) in (day.isoformat(), "")
    if day != other:
        assert read("date", f"{said}{joint}{format_date(other, style, locale)}") == ""


@pytest.mark.parametrize(
    ("answer_format", "text", "value"),
    [
        ("monetary_amount", "MP3.com shall pay $500,000", "500000 USD"),
        ("percentage", "20% of MP3 revenue", "20"),
        ("number", "30 days after the MP3 files are delivered", "30"),
        ("number", "without liability by providing one hundred eighty (180) days prior written notice", "180"),
        ("number", "without cause upon sixty (60) days' notice", "60"),
        ("number", "not to extend beyond ninety (90) days", "90"),
        ("date", "not to extend beyond June 30, 2020", "2020-06-30"),
        ("date", "no later than June 30, 2020", "2020-06-30"),
        ("date", "until June 30, 2020, unless sooner terminated", "2020-06-30"),
        ("date", "Tue. June 30, 2020", "2020-06-30"),
        ("monetary_amount", "$5,000, which is not refundable", "5000 USD"),
        ("monetary_amount", "a $5,000 deductible", "5000 USD"),
        ("monetary_amount", "two (2) million dollars", "2000000 USD"),
        ("monetary_amount", "two million euros (EUR)", "2000000 EUR"),
        ("monetary_amount", "$5,000 milestone payment", "5000 USD"),
        ("monetary_amount", "$5,000 p.m.", "5000 USD"),
        ("currency", "upon receipt from Acme in USD", "USD"),
        ("monetary_amount", "a sum of $5,000 to the Vendor", "5000 USD"),
        ("monetary_amount", "$5,000 non-refundable", "5000 USD"),
        ("monetary_amount", "$1.250 million", "1250000 USD"),
        ("monetary_amount", "$5mm", "5000000 USD"),
        ("date", "at 5 p.m. on June 30, 2020", "2020-06-30"),
        ("date", "the start date of June 30, 2020", "2020-06-30"),
        ("number", "30 days if no other period is stated", "30"),
        ("percentage", "50% of what would otherwise be due", "50"),
        ("monetary_amount", "five thousand dollars in total ($5,000)", "5000 USD"),
        ("monetary_amount", "Annual Fee ($5,000)", "5000 USD"),
        ("monetary_amount", "£1.375 billion", "1375000000 GBP"),
        ("monetary_amount", "$5,000 max.", "5000 USD"),
        ("monetary_amount", "$.001 par value per share", "0.001 USD"),
        ("monetary_amount", "HK dollars 5,000", "5000 HKD"),
        ("monetary_amount", "FIVE THOUSAND DOLLARS IN DOLLARS", "5000 USD"),
        ("monetary_amount", "an outstanding balance of $5,000", "5000 USD"),
        ("monetary_amount", "$5,000 in cash and nothing else", "5000 USD"),
        ("monetary_amount", "$5,000 half-yearly", "5000 USD"),
        ("monetary_amount", "$5,000 bi-weekly", "5000 USD"),
        ("percentage", "an IRR of 12%", "12"),
        ("percentage", "fixed at 6.5%", "6.5"),
        ("date", "14.05.28", "2028-05-14"),
        ("date", "not to be extended beyond June 30, 2020", "2020-06-30"),
        ("currency", "CAD (Canadian Dollars)", "CAD"),
        ("currency", "EUR amounts and payments", "EUR"),
        ("currency", "USD Payments shall be made by wire", "USD"),
        ("yes_no", '"Yes"', "True"),
        ("yes_no", "Yes, subject to consent", "True"),
        ("yes_no", "No, except to affiliates", "False"),
    ],
)
def test_words_that_only_look_like_a_doubt_leave_the_value(answer_format: str, text: str, value: str) -> None:
    assert read(answer_format, text, "How many days?") == value


@pytest.mark.parametrize(
    ("answer_format", "text"),
    [
        ("monetary_amount", "$MP3"),
        ("monetary_amount", "$500,000, MP5,000"),
        ("number", "without thirty (30) days' notice"),
        ("number", "without notice of thirty (30) days"),
        ("number", "not ninety (90) days"),
        ("number", "not an extension of ninety (90) days"),
        ("monetary_amount", "without payment of $5,000"),
        ("monetary_amount", "without reduction by $5,000"),
    ],
)
def test_a_denial_is_still_seen(answer_format: str, text: str) -> None:
    assert read(answer_format, text, "How many days?") == ""


PLAIN = {
    "monetary_amount": (
        ["$5,000", "five thousand dollars ($5,000)", "USD 5,000"],
        "5000 USD",
        "a fee of|Fee:|up to|not to exceed"
        "|shall not exceed|never more than|in no event more than|a non-refundable|an additional"
        "|the aggregate amount of|upon 30 days' notice,|under Section 3(b),|(a)|in 2020:|on the first anniversary,",
        " per month| p.a.| each year| per user"
        "| upon execution| within thirty (30) days of invoice| in arrears| gross| (the “Cap”)"
        "|, without deduction|, free of tax|, inclusive of VAT"
        "| per occurrence| in any 12-month period| unless otherwise agreed| or less",
    ),
    "percentage": (
        ["5%", "five percent", "five percent (5%)"],
        "5",
        "a royalty of|interest at|not more than|more than"
        "|a discount of|an annual increase of|shall not exceed|a late charge of",
        " of Net Sales| per annum| compounded annually"
        "| of all outstanding shares| or more| discount| per month or part thereof",
    ),
    "number": (
        ["30 days", "thirty (30) days"],
        "30",
        "at least|no less than|by giving|no later than|every|each|for a further|during the first|as of May 1, 2020,",
        "’ prior written notice| before the end of the term| in any calendar year"
        "| or more| unless waived| without cause| each",
    ),
    "date": (
        ["January 15, 2020", "15 January 2020"],
        "2020-01-15",
        "as of|on or before|no later than|until"
        "|shall expire on|from and after|Wed.,|until the close of business on|under Section 4.2,",
        ", unless sooner terminated| at 5:00 p.m.| (Wednesday)"
        "|, as amended| between Acme and Bob|, the Effective Date| onwards",
    ),
}


@pytest.mark.parametrize("answer_format", PLAIN)
def test_usual_words_around_a_value_leave_it(answer_format: str) -> None:
    values, wanted, before, behind = PLAIN[answer_format]
    texts = [f"{words} {value}" for words, value in product(before.split("|"), values)]
    texts += [f"{value}{words}" for value, words in product(values, behind.split("|"))]
    assert [text for text in texts if read(answer_format, text, "How many days?") != wanted] == []


# Words that change a value, or come beside it

AMOUNTS = [
    "$5,000",
    "USD 5,000",
    "5,000 USD",
    "five thousand dollars",
    "five thousand dollars ($5,000)",
    "€1.250,50",
    "$5 million",
]
PERCENTAGES = ["10%", "ten percent", "ten percent (10%)", "1.5 per cent", "2½%", "150 basis points"]
DATES = ["January 15, 2020", "15 January 2020", "2020-01-15", "the 15th day of January, 2020"]
PERIODS = ["30 days", "thirty (30) days", "thirty days"]

BEFORE = """twice |two times |2 x |three times the fee of |10% of |ten percent of |half of |one-half of |a third of
two-thirds of |1/12 of|one twelfth of |a quarter of |the greater of |greater of |the higher of (a)
the product of |the sum of the fees and |fees + |the fees plus|the price minus |the price less
the price reduced by |net of |multiples of |10 times |25 percent of the purchase price of |not |other than
anything but |except |excluding |never |a percentage of |part of |a fraction of |the balance of
twelve payments of |12 payments of |either|between 1 and |1 to |1-|1 or |one or |double |the excess over
dozens of |any of 3 |~|±|> |<= |?|x|an amount other than |not equal to|instead of |rather than |without
lesser amount of X or |0.5 x |minus the|nobody pays|barring|besides |far from|everything but|as opposed to
other fees than|reduced from|up from|deleting|replacing|TBD: |to be agreed: |a discount on the|the shortfall against
fivefold|the better of cost and|exceeding cost by|anything less than|formerly|in lieu of|no longer"""
BEHIND = """ plus the fees| plus expenses| plus VAT at 20%| + VAT| plus 10 %|, whichever is greater| or the fees
 (whichever is higher)| or, if greater, the fees| if less, the price| less expenses| minus costs| times two
 x 12| ×2| * 2| multiplied by two| divided by 12| / 12|/12| twice| two times| and 7,500| (7,500)| [7,500]|¹
 (2)| or so 7| and 10 pounds| increased by 3| or the price| (or the price)|, alternatively the price
 depending on sales| as the case may be| respectively|?| ?|***|[***]|__|%%| to seven| up to 7,500| – 7,500
 CR| does not apply| is not payable| is waived| shall be waived| is hereby deleted| (deleted)| (superseded)
 is replaced by six| and a share of profits| pro rata| [***]| ____| or such other amount"""
BEFORE_A_DATE = """30 days after |thirty (30) days after |the day after |the day before |30 days prior to
within 30 days of
the fifth anniversary of |fifth anniversary of the Effective Date, |5 years from |three years beginning
the earlier of the Closing and|the later to occur of |the end of the month following
the first business day after |six months from |a year from |not |other than|between 1 January and
from 1 January to |14-|14 or |14 and |14/|Jan 1 to |January 14 and |2019 or |the Monday before |any day but
postponed from|formerly|deleting|in lieu of|early|mid-|no longer"""
BEHIND_A_DATE = """ plus 30 days| plus one month| + 30| minus 10 days| or the Closing| or if later the Closing
 whichever is sooner| whichever first occurs| and 2021| or 2021| and 16| or 16 January| - 31 January
 to March 7| until March|/2021-03-07|/17| for 30 days| (30 days later)| as extended by 6 months|?| – 2021
 to 2022| (superseded)| is not the date| is replaced by May 1| B.C.| [***]"""
BEFORE_A_PERIOD = """twice |half of |2 x |60 or |60 and |60 to |60-|between 10 and |greater of 60 days and |not
other than
1 month and|one month or |2 weeks and |1 year, |45, |60, |1/2 of |double |a third of |sixty plus |sixty-
either 60 or|reduced from|formerly|deleting|in lieu of|no longer"""
BEHIND_A_PERIOD = """ or 60| or sixty| and 60| to 60| - 60|-60| (60)| [sixty]| or 2 months| and one month| plus 10
 minus 5
 x 2
 times two| and 60 days| / 60|/60| (or 60)| or 1 year|, 60| and a week| and a half|½
 in case A, 60 in case B|***| [***]| is waived| do not apply| are not sufficient| (deleted)"""


def cues(listed: str) -> list[str]:
    return [cue for line in listed.splitlines() for cue in line.split("|")]


def spaced(joint: str) -> str:
    """A joint that ends in a letter, with a blank in place of the end of its line."""
    return f"{joint} " if joint[-1].isalpha() else joint


@pytest.mark.parametrize(
    ("answer_format", "values", "before", "behind"),
    [
        ("monetary_amount", AMOUNTS, BEFORE, BEHIND),
        ("percentage", PERCENTAGES, BEFORE, BEHIND),
        ("date", DATES, BEFORE_A_DATE, BEHIND_A_DATE),
        ("number", PERIODS, BEFORE_A_PERIOD, BEHIND_A_PERIOD),
    ],
)
def test_words_and_signs_that_turn_a_value_leave_it_in_doubt(
    answer_format: str, values: list[str], before: str, behind: str
) -> None:
    texts = [
        *(f"{spaced(cue)}{value}" for cue, value in product(cues(before), values)),
        *(f"{value}{cue}" for value, cue in product(values, cues(behind))),
    ]
    assert [text for text in texts if read(answer_format, text, "How many days?")] == []


OTHERS = {
    "monetary_amount": [
        "7,500",
        "seven thousand five hundred",
        "7M",
        "$7,500",
        "seven thousand dollars",
        "EUR 5,000",
        "15%",
    ],
    "percentage": ["15", "fifteen", "15%", "fifteen percent", "7.5", "25 bp"],
    "date": ["March 7", "7 March", "March 2021", "2021", "March 7, 2021", "2021-03-07", "7 March 2021", "21"],
    "number": ["60", "sixty", "60 days", "sixty (60) days", "2 months", "15"],
}
JOINTS = cues(
    """ to | or | and | up to | but not more than | rising to | thereafter |-| - | – |–|/| / |; |, | versus
 until | with a maximum of| plus | minus | times | x | × | per | out of | at | by |, later
 or alternatively | and/or | & | + | followed by | instead of | not| but not | rather than | or, if higher,
 down to | = | : | …"""
)


@pytest.mark.parametrize(
    ("answer_format", "values"),
    [("monetary_amount", AMOUNTS[:5]), ("percentage", PERCENTAGES), ("date", DATES), ("number", PERIODS)],
)
def test_a_second_value_is_seen_whatever_joins_it(answer_format: str, values: list[str]) -> None:
    texts = [f"{one}{spaced(joint)}{other}" for one, joint, other in product(values, JOINTS, OTHERS[answer_format])]
    texts += [f"{other}{spaced(joint)}{one}" for one, joint, other in product(values, JOINTS, OTHERS[answer_format])]
    assert [text for text in texts if read(answer_format, text, "How many days?")] == []


BELOW_ZERO = cues(
    """-{}|- {}|−{}|–{}|—{}|‒{}|‑{}|﹣{}|－{}|({})|( {} )|[{}]|minus {}|negative {}|MINUS {}|{}-|{} -|{}−|({}) loss
a loss of ({})|-({})|(-{})|<{}>|{} CR|-{} per year|a refund of -{}|is −{}|− {}|(minus {})|credit ({})
{} negative"""
)


def test_a_negative_value_is_never_a_positive_one() -> None:
    cases = [("monetary_amount", "$5,000", "-5000 USD"), ("monetary_amount", "5,000.50 EUR", "-5000.5 EUR")]
    cases += [("monetary_amount", "five thousand dollars ($5,000)", "-5000 USD"), ("percentage", "2.5%", "-2.5")]
    cases += [
        ("percentage", "five percent", "-5"),
        ("number", "7", "-7"),
        ("number", "1,000", "-1000"),
        ("number", "5", "-5"),
    ]
    for answer_format, text, wanted in cases:
        for written in BELOW_ZERO:
            assert read(answer_format, written.format(text)) in (wanted, ""), written.format(text)
    assert (
        read("monetary_amount", "-$500")
        == read("monetary_amount", "$(500)")
        == read("monetary_amount", "−$500")
        == "-500 USD"
    )
    assert read("percentage", "minus five percent") == "-5" and read("number", "−7") == "-7"


@pytest.mark.parametrize(
    ("text", "asked_again"),
    [
        *(
            (text, "")
            for text in ["Yes ☐ No ☒", "Yes [ ] No [X]", "Yes ___ No ___", "Yes - No", "Yes/No", "Yes (A), No (B)"]
        ),
        *((text, "") for text in ["Yes as to A but no as to B", "Yes until 2015, thereafter no assignment", "Yes?"]),
        *((text, "") for text in ["No (yes after 2015)", "Yes, but not to competitors", "Yes, partially", "Not yes"]),
        ("Yes, no later than 30 days", "True"),
        ("No; not allowed", "False"),
    ],
)
def test_yes_and_no_at_once_are_neither(text: str, asked_again: str) -> None:
    assert read("yes_no", text) == asked_again


TAGS = (
    "Lease",
    "Distribution",
    "Exclusive",
    "Non-Exclusive",
    "5%",
    "Tier 1",
    "Tier 2",
    "Litigation",
    "Expressly capped",
    "None",
    "N/A",
)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        *(
            (text, "")
            for text in [
                "This is not a Lease",
                "no Lease",
                "isn't a lease",
                "other than Lease",
                "Sub-Lease",
                "Lease/License",
            ]
        ),
        *(
            (text, "")
            for text in [
                "neither exclusive nor non-exclusive",
                "not expressly capped",
                "semi-exclusive",
                "Former Lease",
            ]
        ),
        *(
            (text, "")
            for text in [
                "0.5%",
                "15%",
                "-5%",
                "(5%)",
                "Tier 1 to 2",
                "Tier 12",
                "Tier 1+",
                "below Tier 1",
                "Mitigation",
            ]
        ),
        *(
            (text, "")
            for text in [
                "leased",
                "possibly a lease",
                "similar to a lease",
                "a lease-like deal",
                "termination of lease",
                "exclusive in the US, non-exclusive elsewhere",
                "none of these",
                "Tier -1",
                ".5%",
                "outside of a lease",
            ]
        ),
        *((tag, tag) for tag in TAGS),
        ("none", "None"),
        ("A lease agreement", "Lease"),
        ("Litigatoin", "Litigation"),
    ],
)
def test_a_tag_is_said_without_anything_that_turns_it(text: str, tag: str) -> None:
    assert typed(text, Question(UUID(int=1), "A column", "", "tag", TAGS)).value == (tag or None)
    assert typed(text, Question(UUID(int=1), "A column", "", "tag", (*TAGS, text))).value == text, "an allowed tag"


HUGE = [
    "9" * 22 + " USD",
    "USD " + "9" * 29,
    "$" + "9" * 5_000,
    "USD 99,999,999,999 trillion",
    "9" * 5_000 + " percent",
    "1e" + "9" * 5_000,
]
HUGE += [
    "123,456,789,012,345,678 trillion USD",
    "1" + ",000" * 400 + " USD",
    "0." + "0" * 50 + "1%",
    "1/" + "9" * 500,
    "one" + " million" * 99,
]


@pytest.mark.parametrize("text", HUGE)
def test_a_number_that_cannot_be_kept_exactly_is_in_doubt(text: str) -> None:
    for answer_format in ("monetary_amount", "percentage", "number", "date", "currency"):
        assert read(answer_format, text) in ("", "USD")
    assert read("monetary_amount", "USD 999,999,999,999,999,999") == "999999999999999999 USD"


SEEDS = [
    "1 ",
    "one hundred and ",
    "$ ",
    "( ",
    "5 (",
    "1/2 ",
    "5% of ",
    "one million, ",
    "or ",
    "Section 4 and ",
    "twenty-",
    "the greater ",
]
SEEDS += [
    "not ",
    "sum of and ",
    "January 5, 2020 ",
    "5:00 ",
    "[ ] ",
    "5 days ",
    "no/100 and ",
    "excess over ",
    "yes no ",
    "non-",
    "Lease/",
    "((",
    '5 "',
]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_that_repeats_itself_takes_no_time(seed: str) -> None:
    started = time.process_time()
    for answer_format, length in product(("monetary_amount", "number", "date", "yes_no", "tag"), (1_990, 16_000)):
        typed((seed * length)[:length], Question(UUID(int=1), "A column", "", cast("Format", answer_format), TAGS))
    assert time.process_time() - started < 10


# Units

SIZES = {
    "day": ("days", Fraction(1)),
    "week": ("days", Fraction(7)),
    "month": ("months", Fraction(1)),
    "year": ("months", Fraction(12)),
    "hour": ("hours", Fraction(1)),
    "fortnight": ("never", Fraction(14)),
    "calendar quarter": ("never", Fraction(3)),
    "decade": ("never", Fraction(120)),
    "square foot": ("area", Fraction("0.09290304")),
    "square metre": ("area", Fraction(1)),
    "hectare": ("area", Fraction(10_000)),
    "mile": ("length", Fraction("1609.344")),
    "kilometre": ("length", Fraction(1_000)),
    "kg": ("weight", Fraction(1)),
    "tonne": ("weight", Fraction(1_000)),
    "gallon": ("gallons", Fraction(1)),
}


@given(
    count=st.integers(2, 5_000),
    unit=st.sampled_from([*SIZES]),
    wanted=st.sampled_from(["day", "week", "month", "year", "hour", "square metre", "kilometre", "tonne", "gallon"]),
    frame=st.sampled_from(["{} {}", "at least {} {}", "{} {} after notice", "a period of {} {}"]),
    spelt_out=st.booleans(),
    asked=st.booleans(),
)
def test_a_number_is_in_the_unit_of_its_column_or_in_doubt(
    count: int, unit: str, wanted: str, frame: str, spelt_out: bool, asked: bool
) -> None:
    said = f"{IN_WORDS[0](count)} ({count})" if spelt_out else f"{count:,}"
    plural = {"square foot": "square feet"}.get(unit, f"{unit}s")
    prompt = f"How many {wanted}s?" if asked else "What is it?"
    question = Question(UUID(int=1), "A column", prompt, "number", unit=None if asked else wanted)
    value, doubt = typed(frame.format(said, plural), question)
    assert (value is None) == bool(doubt)
    if value is not None:
        assert SIZES[unit][0] == SIZES[wanted][0], "it has no exact number of these"
        assert Fraction(value) == count * SIZES[unit][1] / SIZES[wanted][1]
    if unit == wanted:
        assert value == str(count)


# Whose dollars

NATIONS = {
    "Canadian": "CAD",
    "Australian": "AUD",
    "Singapore": "SGD",
    "Hong Kong": "HKD",
    "Liberian": "LRD",
    "Zimbabwean": "ZWG",
    "Jamaican": "JMD",
    "Mexican": "MXN",
    "New Zealand": "NZD",
}


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize(
    "frame",
    [
        "{} $5,000",
        "$5,000 {}",
        "$5,000 ({})",
        "$5,000 in {} currency",
        "{} dollars 5,000",
        "5,000 {} dollars",
        "five thousand {} dollars",
        "five thousand dollars, {}",
        "{} currency $5,000",
        "$5,000 (all sums in {} dollars)",
        "{} funds of $5,000",
    ],
)
def test_dollars_of_another_country_are_never_those_of_the_united_states(nation: str, frame: str) -> None:
    assert read("monetary_amount", frame.format(nation)) in (f"5000 {NATIONS[nation]}", "")


# Hidden characters

HIDDEN = [
    "[REDACTED]",
    "[***]",
    "____",
    "[redacted]",
    "█████",
    "[*]",
    "(to be agreed)",
    "[TBD]",
    "<omitted>",
    "[confidential]",
]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(
    ("answer_format", "value"),
    [("monetary_amount", "$5,000"), ("percentage", "5%"), ("number", "30 days"), ("date", "May 8, 2014")],
)
def test_a_figure_beside_something_hidden_is_in_doubt(answer_format: str, value: str, hidden: str) -> None:
    texts = [f"{value}{hidden}"]
    if any(letter.isalpha() for letter in hidden):  # a blank may stand for other words
        texts += [f"{value} {hidden}", f"{hidden} {value}"]
    assert [text for text in texts if read(answer_format, text, "How many days?")] == []
