"""What windows promise: nothing is lost, nothing is too long; and how their answers become one."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from columnist.answers.model import NOT_FOUND, Citation, Content
from columnist.asking.prompt import PageText, page_texts
from columnist.asking.windows import merge, size, windows
from columnist.documents.model import Span
from columnist.reviews.model import Flag


def numbered_pages(lengths: list[int], unit: str) -> list[str]:
    """Pages of that many words, each word once in the document."""
    nr, pages = 0, []
    for length in lengths:
        pages.append(" ".join(f"{unit}{nr + offset}" for offset in range(length)))
        nr += length
    return pages


@given(
    st.lists(st.integers(0, 400), max_size=30),
    st.integers(300, 5_000),
    st.sampled_from(["w", "条", "é\n", "a.\n\n"]),
)
def test_every_word_of_every_page_is_in_a_window_with_its_page_and_no_window_is_too_long(
    lengths: list[int], budget: int, unit: str
) -> None:
    pages = numbered_pages(lengths, unit)
    found = windows(page_texts(pages), budget)
    seen = {(page.number, word) for window in found for page in window for word in page.text.split()}
    assert seen >= {(number, word) for number, text in enumerate(pages, start=1) for word in text.split()}
    assert {page.number for window in found for page in window} == set(range(1, len(pages) + 1))
    assert all(size(window) <= budget for window in found)


@given(st.text(max_size=5_000), st.integers(300, 2_000))
def test_a_page_of_any_text_survives_being_cut(text: str, budget: int) -> None:
    found = windows([PageText(1, text)], budget)
    together = ""
    for window in found:
        # What opens a window repeats the end of the one before it.
        parts = [page.text for page in window]
        together += "".join(parts if not together or not together.endswith(parts[0]) else parts[1:])
    assert together == text


def test_pages_that_fit_together_are_one_window() -> None:
    pages = page_texts(["one", "", "three"])
    assert windows(pages, 1_000) == [pages]


def test_the_last_page_of_a_window_opens_the_next_one() -> None:
    found = windows(page_texts([f"{nr} " + "x" * 100 for nr in range(1, 41)]), 1_000)
    assert len(found) > 4
    for before, after in pairwise(found):
        assert before[-1] == after[0]


def test_of_a_huge_page_the_end_is_repeated_and_paragraphs_stay_whole() -> None:
    paragraphs = [f"Paragraph {nr} {'word ' * 20}" for nr in range(40)]
    found = windows(page_texts(["\n\n".join(paragraphs)]), 2_000)
    for before, after in pairwise(found):
        assert before[-1].text.endswith(after[0].text)
        assert after[1].text.startswith("Paragraph")


# Merging


def verified(page: int, quote: str = "as it stands") -> Citation:
    return Citation(quote, page, True, (Span(page, 0, len(quote)),))


def answer(value: Any, flag: Flag = "green", *citations: Citation, reasoning: str = "It says so.") -> Content:
    summary = "; ".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)
    return Content(summary, value, flag, reasoning, citations)


NOTE = "Read in 3 windows."
NOTHING = Content(NOT_FOUND, None, "grey", "It is not here.")
UNVERIFIED = Citation("made up", 2, False)


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
