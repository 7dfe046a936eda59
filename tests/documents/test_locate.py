"""Quotes: found on their page whatever layout did to them, and never found once a fact in them is changed."""

import ast
import csv
import re
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columnist.documents.locate import Locator, normalise, rectangles
from columnist.documents.model import Span
from tests.conftest import CONTRACTS, contract_pages


@cache
def locator_of(name: str) -> Locator:
    return Locator([page.text for page in contract_pages(name)])


@cache
def whole_of(name: str) -> str:
    return normalise("".join(page.text for page in contract_pages(name)))


@cache
def labelled() -> list[tuple[str, str]]:
    """(contract, span that a lawyer marked) for all the labels of the example contracts."""
    found = []
    with (CONTRACTS / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for column, value in row.items():
                if column != "Filename" and not column.strip().endswith("Answer") and value:
                    spans = ast.literal_eval(value)
                    found += [
                        (row["Filename"], part) for span in spans for part in span.split("<omitted>") if part.strip()
                    ]
    return found


def test_every_span_that_the_lawyers_marked_is_found_with_rectangles_over_its_words() -> None:
    assert len(labelled()) > 200
    for name, quote in labelled():
        pages = contract_pages(name)
        spans = locator_of(name).locate(quote)
        assert spans, f"{name}: {quote}"
        found = "".join(pages[span.page - 1].text[span.start : span.end] for span in spans)
        assert normalise(found) == normalise(quote)
        covered = rectangles({span.page: pages[span.page - 1].words for span in spans}, spans)
        assert {rectangle.page for rectangle in covered} == {span.page for span in spans}
        words = [
            word
            for span in spans
            for word in pages[span.page - 1].words
            if word.start >= span.start and word.end <= span.end
        ]
        for word in words:
            assert any(r.x0 <= word.x0 and r.y0 <= word.y0 and r.x1 >= word.x1 and r.y1 >= word.y1 for r in covered)


NOISE: dict[str, Callable[[str], str]] = {
    "line breaks": lambda text: text.replace(" ", "\n", 3),
    "double spaces": lambda text: text.replace(" ", "  "),
    "curly quotes": lambda text: text.replace("'", "’").replace('"', "“"),
    "long dashes": lambda text: text.replace("-", "–"),
    "ligatures": lambda text: text.replace("fi", "ﬁ").replace("fl", "ﬂ"),
    "soft hyphens": lambda text: "\u00ad".join(text[nr : nr + 7] for nr in range(0, len(text), 7)),
    "hyphenation": lambda text: re.sub(r"([a-z]{4})([a-z]{4})", "\\1-\n\\2", text, count=2),
    "non-breaking spaces": lambda text: text.replace(" ", "\u00a0"),
}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_quote_with_the_noise_of_layout_is_still_found_where_it_stands(data: st.DataObject) -> None:
    name, quote = data.draw(st.sampled_from(labelled()))
    noisy = NOISE[data.draw(st.sampled_from(sorted(NOISE)))](quote)
    assert locator_of(name).locate(noisy) == locator_of(name).locate(quote)


def changed_facts(quote: str) -> dict[str, str]:
    """The quote with one fact changed, by kind; only changes that change it."""
    changes = {
        "number": re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), quote, count=1),
        "negation dropped": re.sub(r"\b(not|no|never) ", "", quote, count=1),
        "negation added": re.sub(r"\b(shall|may|will|is|are) ", r"\1 not ", quote, count=1),
        "modal": re.sub(r"\bshall\b", "may", quote, count=1),
        "name": re.sub(r"\b[A-Z][a-z]{3,}\b", "Zyxwv", quote, count=1),
        "period": re.sub(r"\b(days|months|years)\b", "weeks", quote, count=1),
        "month": re.sub(r"\b(January|March|May|June|August|December)\b", "October", quote, count=1),
    }
    return {kind: text for kind, text in changes.items() if text != quote}


def test_a_quote_with_a_changed_fact_is_never_found() -> None:
    tried = 0
    for name, quote in labelled():
        for kind, changed in changed_facts(quote).items():
            if normalise(changed) in whole_of(name):
                continue  # it says that, too, elsewhere
            tried += 1
            assert locator_of(name).locate(changed) == (), f"{kind}: {changed}"
    assert tried > 400


def test_a_slip_that_changes_no_fact_is_forgiven() -> None:
    text = "The Supplier shall deliver the goods to the premises of the purchaser at its own expense and risk."
    (span,) = Locator([text]).locate(text.replace("premises of", "premisis of"))
    assert text[span.start : span.end].startswith("The Supplier")


def test_the_page_is_where_the_quote_stands_not_where_it_was_said_to_be() -> None:
    pages = ["one", "two: the quote", "three"]
    assert Locator(pages).locate("the quote", page_hint=3) == (Span(2, 5, 14),)
    for nonsense in (99, 0, -1, -(10**15)):
        assert Locator(pages).locate("the quote", page_hint=nonsense) == (Span(2, 5, 14),)
    assert Locator(["the quote", "the quote"]).locate("the quote", page_hint=2) == (Span(2, 0, 9),)


def test_a_quote_over_a_page_break_has_a_span_on_each_page() -> None:
    pages = ["It begins here and", "ends there."]
    assert Locator(pages).locate("begins here and ends there") == (Span(1, 3, 18), Span(2, 0, 10))


@pytest.mark.parametrize("gap", ["...", "…", "[...]", " . . . ", "<omitted>"])
def test_a_quote_with_gaps_needs_each_part_in_order(gap: str) -> None:
    pages = ["The fee is ten dollars. Much else is said. It is due at once."]
    assert len(Locator(pages).locate(f"The fee is ten dollars{gap}due at once")) == 2
    assert Locator(pages).locate(f"due at once{gap}The fee is ten dollars") == ()
    assert Locator(pages).locate(f"The fee is ten dollars{gap}due tomorrow") == ()


@pytest.mark.parametrize("quote", ["", "   ", "...", "\u00ad"])
def test_an_empty_quote_is_found_nowhere(quote: str) -> None:
    assert Locator(["some text"]).locate(quote) == ()
