"""Whether two texts mean the same."""

import pytest

from columnist.evaluation.matching import overlap, same_items, same_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("USD 1,000.00", "USD 100,000"),
        ("1.5 years", "15 years"),
        ("Section 2.1", "Section 21"),
        ("1.10", "1.1"),
        ("-5%", "5%"),
        ("−5 %", "5%"),
        ("$-5", "$5"),
        ("+5%", "-5%"),
        ("10%", "10"),
        ("$5", "€5"),
        (".5", "5"),
        ("2/3", "23"),
        ("30-60 days", "3060 days"),
        ("1:2", "12"),
        ("> 5", "< 5"),
        ("≥ 5", "≤ 5"),
        ("Class A shares", "Class shares"),
        ("CLASS A SHARES", "Class shares"),
        ("Schedule A", "Schedule"),
        ("C++", "C#"),
        ("C++", "C"),
        ("A-", "A"),
        ("M&A", "MA"),
        ("दिन", "दान"),
        ("ต่ำ", "ตำ"),
        ("café", "cafe"),
        ("not exclusive", "exclusive"),
        ("one or two", "one"),
        ("Phase I", "Phase II"),
        ("30 days", "30 months"),
        ("thirty (30) days", "30 weeks"),
        ("30 business days", "30 days"),
        ("5²", "52"),
    ],
)
def test_figures_signs_and_letters_of_all_scripts_survive(one: str, other: str) -> None:
    assert not same_words(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Party's rights.", "party’s rights"),
        ("Acme, Inc.", "ACME INC"),
        ("non exclusive", "non-exclusive"),
        ("inter\u00adnational", "international"),
        ("U.S.", "US"),
        ("SALE OF A BUSINESS", "Sale of a Business"),
        ("A lease", "lease"),
        ("CLASS A SHARES", "Class A shares"),
        ("cafe\u0301", "café"),
        ("1,000", "1000"),
        ("10 %", "10%"),
        ("30–60 days", "30-60 days"),
        ("thirty (30) days", "30 days"),
        ("ninety (90) day", "90-day"),
        ("five percent", "5%"),
        ("State of Delaware", "Delaware"),
        ("the laws of the State of New York", "New York law"),
        ("北京 市", "北京市"),
        ("LEO PHARMA A/S", "Leo Pharma A/S"),
    ],
)
def test_what_only_looks_different_is_the_same(one: str, other: str) -> None:
    assert same_words(one, other)


def test_a_list_drops_an_aside_only_where_it_says_how_an_item_is_called() -> None:
    assert same_items(["Fox Mobile (“Fox”)", "Bob LLC (the 'Buyer')"], ["Bob LLC", "Fox Mobile"])
    assert same_items(['Tickets.com Inc. "Tickets"', '(together, the "Parties")'], ["Tickets.com, Inc."])
    assert not same_items(["Acme (UK) Limited"], ["Acme (US) Limited"])
    assert not same_items(["Acme (Bob's parent)"], ["Acme"])


def test_half_of_a_chinese_clause_is_half_of_its_words() -> None:
    f1, jaccard = overlap(["甲方应当在三十日"], ["甲方应当在三十日内付款否则终止"])
    assert 0.6 < f1 < 0.8
    assert 0.4 < jaccard < 0.7
    assert overlap(["ผู้เช่าต้องชำระ"], ["ผู้เช่าต้องชำระค่าเช่า"])[0] > 0.6
