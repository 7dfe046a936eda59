"""Words that a person types are found, however the document prints them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columnist.documents.locating.find import find_words
from tests.conftest import contract_pages
from tests.documents.scans import A_CONTRACT


def found(text: str, words: str) -> list[str]:
    return [text[span.start : span.end] for span in find_words([text], words)]


@pytest.mark.parametrize(
    ("text", "words", "places"),
    [
        ("THE TERM. The term of the Lease", "the term", ["THE TERM", "The term"]),
        ("the\n   term", "the term", ["the\n   term"]),
        ("the\u00a0term", "  the   term ", ["the\u00a0term"]),
        ("the termi-\r\nnation date", "termination date", ["termi-\r\nnation date"]),
        ("the ter\u00admination", "termination", ["ter\u00admination"]),
        ("Tenant’s “Premises”", "tenant's \"premises\"", ["Tenant’s “Premises”"]),
        ("2014–2019", "2014-2019", ["2014–2019"]),
        ("the e\ufb00ective o\ufb03ce", "effective office", ["e\ufb00ective o\ufb03ce"]),
        ("the effective office", "FFI", ["ffi"]),
        ("notable, no table", "no table", ["no table"]),
        ("Miete beträgt 5.000 €", "BETRÄGT 5.000 €", ["beträgt 5.000 €"]),
        ("$5.00 and $5x00", "$5.00", ["$5.00"]),
        ("a.*b", ".*", [".*"]),
        ("anything", " \n ", []),
    ],
)  # fmt: skip
def test_words_are_found_as_they_are_typed(text: str, words: str, places: list[str]) -> None:
    assert found(text, words) == places


@given(st.data())
def test_any_words_of_a_contract_are_found_in_their_place(data: st.DataObject) -> None:
    pages = [page.text for page in contract_pages(A_CONTRACT.name)]
    number = data.draw(st.integers(1, len(pages)))
    words = pages[number - 1].split()
    first = data.draw(st.integers(0, max(0, len(words) - 1)))
    typed = " ".join(words[first : first + data.draw(st.integers(1, 8))])
    spans = list(find_words(pages, typed.swapcase() if typed.isascii() else typed))
    assert any(" ".join(span.text(pages).split()) == typed for span in spans if span.page == number) or not typed


def test_words_that_repeat_without_end_are_found_in_time() -> None:
    text = "a " * 100_000 + "-\n" * 50_000
    started = time.process_time()
    assert not list(find_words([text], "a " * 90 + "b"))
    assert time.process_time() - started < 5
