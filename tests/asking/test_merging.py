"""How the answers of a document's windows become one."""

import json
from typing import Any
from uuid import UUID

import pytest

from columnist.answers.model import Content
from columnist.asking.merging import disputed
from columnist.asking.merging import merge as merged_as
from columnist.documents.model import Citation, Span
from columnist.reviews.model import NOT_FOUND, Flag, Format, Question


def verified(page: int, quote: str = "as it stands") -> Citation:
    return Citation(quote, page, True, (Span(page, 0, len(quote)),), ())


def answer(value: Any, flag: Flag = "green", *citations: Citation, reasoning: str = "It says so.") -> Content:
    summary = "; ".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)
    return Content(summary, value, flag, reasoning, citations)


def merge(contents: list[Content], note: str, answer_format: Format = "text") -> Content:
    return merged_as(contents, note, Question(UUID(int=1), "Column", "What?", answer_format))


NOTE = "Read in 3 windows."
NOTHING = Content(NOT_FOUND, None, "grey", "It is not here.")
UNVERIFIED = Citation("made up", 2, False, (), ())


def test_not_found_in_all_windows_is_not_found() -> None:
    merged = merge([NOTHING, NOTHING, NOTHING], NOTE)
    assert (merged.summary, merged.value, merged.flag, merged.citations) == (NOT_FOUND, None, "grey", ())
    assert "3 windows" in merged.reasoning


def test_found_beats_not_found_and_says_how_it_was_read() -> None:
    merged = merge([NOTHING, answer("2014-05-08", "green", verified(7)), NOTHING], NOTE)
    assert (merged.value, merged.flag) == ("2014-05-08", "green")
    assert merged.citations == (verified(7),)
    assert merged.reasoning == f"It says so. {NOTE}"


def test_verified_evidence_beats_unverified_however_late() -> None:
    merged = merge([answer("30", "yellow", UNVERIFIED), answer("60", "green", verified(90))], NOTE)
    assert merged.value == "60"
    assert merged.citations == (verified(90),)


def test_windows_that_contradict_each_other_keep_the_earliest_evidence_flag_yellow_and_name_the_other() -> None:
    merged = merge([answer("30", "green", verified(4)), answer("60", "green", verified(90))], NOTE)
    assert (merged.value, merged.flag) == ("30", "yellow")
    assert "60 (page 90)" in merged.reasoning


def test_a_red_flag_survives_a_contradiction() -> None:
    assert merge([answer("30", "red", verified(4)), answer("60", "green", verified(90))], NOTE).flag == "red"


def test_the_same_answer_in_two_windows_is_one_with_the_evidence_of_both() -> None:
    merged = merge(
        [answer("New York", "green", verified(4)), answer("New  York.", "green", verified(4), verified(9))], NOTE
    )
    assert (merged.value, merged.flag) == ("New York", "green")
    assert merged.citations == (verified(4), verified(9))


def test_lists_are_united_in_order_each_item_once_with_the_worst_flag() -> None:
    merged = merge(
        [
            answer(["Alder Ltd", "Birch GmbH"], "green", verified(1)),
            NOTHING,
            answer(["BIRCH GmbH", "Cedar Inc"], "red", verified(5)),
        ],
        NOTE,
        "bulleted_list",
    )
    assert merged.value == ["Alder Ltd", "Birch GmbH", "Cedar Inc"]
    assert merged.summary == "Alder Ltd; Birch GmbH; Cedar Inc"
    assert merged.flag == "red"
    assert merged.citations == (verified(1), verified(5))


def untyped(words: str, page: int) -> Content:
    return Content(words, None, "yellow", "", (verified(page),))


THOUSAND = {"amount": "1000", "currency": "USD"}
LOSERS: list[tuple[Format, Content, Content]] = [
    ("date", answer("2021-03-07", "green", verified(9)), untyped("the later of January 5, 2020 and the Closing", 2)),
    ("number", answer("60", "green", verified(11)), untyped("thirty (60) days", 3)),
    ("monetary_amount", answer(THOUSAND, "green", verified(1)), untyped("the greater of $5,000,000 and the fees", 8)),
    ("yes_no", answer(False, "green", verified(1)), answer(True, "yellow", UNVERIFIED)),
    ("yes_no", answer(True, "green", verified(1)), answer(False, "yellow", UNVERIFIED)),
    ("text", answer("Texas", "green", verified(1)), answer("Ohio", "yellow")),
    ("percentage", answer("2", "green", verified(4)), untyped("LIBOR + 2%", 5)),
    ("text", answer("1.10", "green", verified(1)), answer("1.1", "green", verified(2))),
    ("text", answer("01234", "green", verified(1)), answer("1234", "green", verified(2))),
    ("tag", answer("Lease", "green", verified(1)), untyped("Lease or licence", 2)),
]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("answer_format", "winner", "loser"), LOSERS)
def test_an_answer_that_loses_is_named_and_costs_the_green(
    answer_format: Format, winner: Content, loser: Content, swapped: bool
) -> None:
    contents = [loser, NOTHING, winner] if swapped else [winner, NOTHING, loser]
    merged = merge(contents, NOTE, answer_format)
    assert (merged.flag, merged.doubtful) == ("yellow", True)
    others = {winner.summary, loser.summary} - {merged.summary}
    assert all(f"{other} (" in merged.reasoning or f"{other}." in merged.reasoning for other in others)
    assert all(citation.verified for citation in merged.citations)


def test_evidence_that_could_not_be_typed_is_put_beside_the_other_to_be_settled() -> None:
    depends = Content("the greater of $1,000,000 and the fees paid", None, "yellow", "", (verified(1),))
    plain = answer({"amount": "50000.00", "currency": "USD"}, "green", verified(5))
    assert [one.page for one in disputed([depends, plain], "monetary_amount")] == [1, 5]


def test_a_no_without_a_quote_is_silence_beside_evidence_for_a_yes() -> None:
    merged = merge(
        [answer(False, "yellow"), answer(True, "green", verified(3)), answer(False, "yellow")], NOTE, "yes_no"
    )
    assert (merged.value, merged.flag) == (True, "green")
    assert merge([answer(False, "yellow"), NOTHING], NOTE, "yes_no").value is False


def test_items_of_a_window_without_a_verified_quote_are_kept_and_marked() -> None:
    slipped = Citation("between Carl GmbH", 10, False, (), ())
    merged = merge(
        [
            answer(["Acme Corp.", "Bob LLC"], "green", verified(1, "between Acme Corp. and Bob LLC")),
            answer(["Acme Corporation", "Carl GmbH"], "yellow", slipped),
        ],
        NOTE,
        "bulleted_list",
    )
    assert merged.value == ["Acme Corp.", "Bob LLC", "Carl GmbH"]
    assert merged.citations == (verified(1, "between Acme Corp. and Bob LLC"), slipped)


def test_items_that_differ_in_spelling_alone_are_one_with_the_quotes_of_both() -> None:
    merged = merge(
        [
            answer(
                ["Acme Corp.", "Doe, Inc.", "C++", "1.10"], "green", verified(1, "Acme Corp. and Doe, Inc. 1.10 C++")
            ),
            answer(
                ["ACME Corporation", "Doe Inc", "C#", "1.1"], "green", verified(7, "ACME Corporation, Doe Inc 1.1 C#")
            ),
        ],
        NOTE,
        "bulleted_list",
    )
    assert merged.value == ["Acme Corp.", "Doe, Inc.", "C++", "1.10", "C#", "1.1"]
    assert [citation.page for citation in merged.citations] == [1, 7]
