"""How the answers of a document's windows become one."""

import json
from typing import Any

from columnist.answers.model import NOT_FOUND, Content
from columnist.asking.merging import merge
from columnist.documents.model import Citation, Span
from columnist.reviews.model import Flag


def verified(page: int, quote: str = "as it stands") -> Citation:
    return Citation(quote, page, True, (Span(page, 0, len(quote)),), ())


def answer(value: Any, flag: Flag = "green", *citations: Citation, reasoning: str = "It says so.") -> Content:
    summary = "; ".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)
    return Content(summary, value, flag, reasoning, citations)


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
    assert (merged.value, merged.flag) == ("60", "green")
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
    )
    assert merged.value == ["Alder Ltd", "Birch GmbH", "Cedar Inc"]
    assert merged.summary == "Alder Ltd; Birch GmbH; Cedar Inc"
    assert merged.flag == "red"
    assert merged.citations == (verified(1), verified(5))
