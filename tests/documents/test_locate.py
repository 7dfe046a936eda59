"""Quotes: found on their page whatever the layout did to them, and never found if a fact in them is changed."""

import ast
import csv
import re
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columnist.documents.locating.boxes import unpack
from columnist.documents.locating.locate import Locator, normalise, rectangles
from columnist.documents.model import Span
from tests.conftest import CONTRACTS, CUAD, contract_pages
from tests.depth import depth


@cache
def locator_of(name: str) -> Locator:
    return Locator([page.text for page in contract_pages(name)])


@cache
def whole_of(name: str) -> str:
    return normalise("".join(page.text for page in contract_pages(name)))


@cache
def labelled(*folders: Path) -> list[tuple[str, str]]:
    """(contract, span that a lawyer marked) for all the labels of the contracts in these folders."""
    found = []
    for folder in folders:
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for column, value in row.items():
                    if column != "Filename" and not column.strip().endswith("Answer") and value:
                        parts = [part for span in ast.literal_eval(value) for part in span.split("<omitted>")]
                        found += [(row["Filename"], part) for part in parts if part.strip()]
    return found


def test_every_span_that_the_lawyers_marked_is_found_with_rectangles_over_its_words() -> None:
    assert len(labelled(CONTRACTS, CUAD)) == 1_136
    for name, quote in labelled(CONTRACTS, CUAD):
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


def words_of(text: str) -> str:
    return "".join(re.findall(r"[^\W_]", normalise(text)))


def found_in(name: str, quote: str, page_hint: int | None = None) -> str:
    """The words of the document at the place of a quote; empty if it was not found."""
    pages = contract_pages(name)
    spans = locator_of(name).locate(quote, page_hint)
    return words_of("".join(pages[span.page - 1].text[span.start : span.end] for span in spans))


def at_random(pattern: str, change: str | Callable[[re.Match[str]], str]) -> Callable[[str, Random], str]:
    """Changes a random half of the matches."""

    def noise(text: str, random: Random) -> str:
        def changed(match: re.Match[str]) -> str:
            return match.expand(change) if isinstance(change, str) else change(match)

        return re.sub(pattern, lambda match: changed(match) if random.random() < 0.5 else match[0], text)

    return noise


LAYOUT: dict[str, Callable[[str, Random], str]] = {
    "line breaks": at_random(" +", lambda _: "\r\n"),
    "double spaces": at_random(" ", "  "),
    "non-breaking spaces": at_random(" ", "\u00a0"),
    "hyphenation": at_random(r"(?<![A-Za-z])([a-z]{3,})([a-z]{3,})", "\\1-\n\\2"),
    "soft hyphens": at_random("[a-z]{3}", "\\g<0>\u00ad"),
    "zero-width spaces": at_random("[a-z]{3}", "\\g<0>\u200b"),
    "curly quotes": lambda text, _: text.replace("'", "’").replace('"', "“"),
    "straight quotes": lambda text, _: re.sub("[“”]", '"', re.sub("[‘’]", "'", text)),
    "dashes": at_random("-", "–"),
    "ligatures": lambda text, _: text.replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("fl", "ﬂ"),
    "nothing": lambda text, _: text,
}


@cache
def stretches() -> list[tuple[str, str]]:
    """(contract, its text) with the page ends in the text, from which quotes of any length and place are cut."""
    return [(name, "\n".join(page.text for page in contract_pages(name))) for name in dict(labelled(CONTRACTS))]


@st.composite
def real_quotes(draw: st.DrawFn, least: int = 3) -> tuple[str, str]:
    """A contract and `least` to 120 of its words in a row, over line and page ends as they come."""
    name, text = draw(st.sampled_from(stretches()))
    words = list(re.finditer(r"(?<!\S)\S*[^\W_]\S*", text))
    first = draw(st.integers(0, len(words) - least))
    last = min(first + draw(st.integers(least, 120)), len(words)) - 1
    return name, text[words[first].start() : words[last].end()]


@settings(max_examples=depth(100, 1_000), deadline=None)
@given(
    quoted=st.one_of(real_quotes(), st.sampled_from(labelled(CONTRACTS))),
    kinds=st.lists(st.sampled_from(sorted(LAYOUT)), min_size=1, max_size=3, unique=True),
    seed=st.integers(0, 2**32),
)
def test_a_quote_with_the_noise_of_layout_is_found_over_its_own_words(
    quoted: tuple[str, str], kinds: list[str], seed: int
) -> None:
    name, quote = quoted
    noisy = quote
    for kind in kinds:
        noisy = LAYOUT[kind](noisy, Random(seed))
    assert found_in(name, noisy) == words_of(quote)
    for hint in (1, len(contract_pages(name))):
        assert found_in(name, noisy, hint) == words_of(quote)


def slips(pattern: str, change: Callable[[re.Match[str], Random], str]) -> Callable[[str, Random], str]:
    """Changes one match for every twelve words, each in another word."""

    def noise(text: str, random: Random) -> str:
        matches = list(re.finditer(pattern, text))
        words = len(re.findall(r"\S*[^\W_]\S*", text))  # a blank to fill in is not a word
        chosen = random.sample(matches, min(len(matches), max(1, words // 12)))
        for match in sorted(chosen, key=lambda match: -match.start()):
            text = text[: match.start()] + change(match, random) + text[match.end() :]
        return text

    return noise


def misread(match: re.Match[str], random: Random) -> str:
    """A word of six letters or more as OCR reads it, with one letter taken for another."""
    looks = {"rn": "m", "m": "rn", "cl": "d", "d": "cl", "l": "1", "i": "l", "o": "0", "s": "5"}
    alike = list(re.finditer("rn|cl|[mdlios]", match[0]))
    if not alike:
        return match[0]
    letter = random.choice(alike)
    return match[0][: letter.start()] + looks[letter[0]] + match[0][letter.end() :]


SLIPS: dict[str, Callable[[str, Random], str]] = {
    "punctuation dropped": at_random(r"(?<![\d.,])[,;.:()\"“”](?!\d)", ""),
    "in capitals": lambda text, _: text.upper(),
    "a letter misread": slips(r"(?<!\S)[a-z]{6,}(?![^\s.,;])", misread),
}


@settings(max_examples=depth(70, 700), deadline=None)
@given(quoted=real_quotes(least=12), kind=st.sampled_from(sorted(SLIPS)), seed=st.integers(0, 2**32))
def test_a_quote_with_slips_that_change_no_word_is_found_in_its_place(
    quoted: tuple[str, str], kind: str, seed: int
) -> None:
    name, quote = quoted
    noisy = SLIPS[kind](quote, Random(seed))
    found = found_in(name, noisy)
    # The same words may stand in a second place in other capitals.
    assert found.lower() == words_of(quote).lower(), noisy


NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"
).split()
MONTHS = "January February March April May June July August September October November December January".split()
OPPOSITES = [
    *[("Licensor", "Licensee"), ("Buyer", "Seller"), ("Company", "Distributor"), ("Party", "Affiliate")],
    *[("before", "after"), ("prior to", "following"), ("greater", "lesser"), ("more", "less"), ("least", "most")],
    *[("maximum", "minimum"), ("exclusive", "non-exclusive"), ("including", "excluding"), ("include", "exclude")],
    *[("days", "months"), ("months", "years"), ("business days", "calendar days"), ("weeks", "days")],
    *[("USD", "EUR"), ("$", "€"), ("dollars", "euros"), ("shall", "may"), ("may", "must"), ("will", "may")],
    *[("any", "no"), ("all", "none"), ("each", "either"), ("and", "or"), ("with", "without"), ("unless", "if")],
    *[("except", "including"), ("directly", "indirectly"), ("transferable", "non-transferable"), ("to", "from")],
    *[("terminate", "renew"), ("increase", "decrease"), ("revocable", "irrevocable"), ("limited", "unlimited")],
    *[("employee", "employer"), ("reasonable", "unreasonable"), ("permitted", "prohibited"), ("sole", "joint")],
]


def like(word: str, model: str) -> str:
    """A word in the capitals of another one."""
    return word.upper() if model.isupper() else word.capitalize() if model[0].isupper() else word


def other_number(match: re.Match[str]) -> str:
    return like(NUMBERS[(NUMBERS.index(match[0].lower()) + 7) % len(NUMBERS)], match[0])


CHANGES: list[tuple[str, str, str | Callable[[re.Match[str]], str]]] = [
    ("digit", r"\d", lambda digit: str((int(digit[0]) + 1) % 10)),
    ("digit added", r"\d+", r"\g<0>0"),
    ("digit dropped", r"\d(?=\d)", ""),
    ("thousands", r"\d{1,3}(?=,\d{3})", r"\g<0>0"),
    ("decimal point", r"(\d)\.(\d)", r"\1\2"),
    ("year", r"\b(?:19|20)\d\d\b", lambda year: str(int(year[0]) + 1)),
    ("month", rf"\b(?:{'|'.join(MONTHS)})\b", lambda month: MONTHS[MONTHS.index(month[0]) + 1]),
    ("number word", rf"(?i)\b(?:{'|'.join(NUMBERS)})\b", other_number),
    ("negation dropped", r"(?i)\b(?:not|no|never|neither|nor|without|except|unless)\s+(?=\S)", ""),
    ("negation added", r"(?i)\b(shall|may|will|is|are|must|does)\s+(?!not)", r"\1 not "),
    ("name", r"(?<=\s)[A-Z][a-z]{3,}\b", "Zyxwv"),
    ("letter of a name", r"\b([A-Z])[a-z]([a-z]{2,})\b", r"\1q\2"),
    ("word dropped", r"(?<=[a-z] )(?!the\b)[A-Za-z]{4,}\s+(?=\w)", ""),
]
for _one, _other in OPPOSITES:
    for _here, _there in ((_one, _other), (_other, _one)):
        _bounds = (r"(?<![\w-])", r"(?![\w-])") if _here.isalpha() else ("", "")
        _pattern = f"(?i){_bounds[0]}{re.escape(_here)}{_bounds[1]}"
        CHANGES.append((f"{_here} -> {_there}", _pattern, lambda match, to=_there: like(to, match[0])))  # type: ignore[misc]


def changed_facts(quote: str, seed: str = "") -> Iterator[tuple[str, str]]:
    """(kind, the quote with one fact changed) for every kind that applies, each where quote and seed decide."""
    random = Random(quote + seed)
    for kind, pattern, change in CHANGES:
        matches = list(re.finditer(pattern, quote))
        if matches:
            match = random.choice(matches)
            there = match.expand(change) if isinstance(change, str) else change(match)
            yield kind, quote[: match.start()] + there + quote[match.end() :]


def test_a_quote_with_a_changed_fact_is_never_found() -> None:
    tried: Counter[str] = Counter()
    for name, quote in labelled(CONTRACTS):
        for kind, changed in changed_facts(quote):
            if normalise(changed) in whole_of(name):
                continue  # it also says that elsewhere
            tried[kind] += 1
            assert locator_of(name).locate(changed) == (), f"{kind}: {changed}"
    assert tried.total() > 3000
    # Few contracts have text for all kinds.
    assert len(tried) >= 70


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("a fee of $1,000,000 a year", "a fee of $1,000"),
        ("within 130 days of notice", "30 days of notice"),
        ("interest of 1.5% a month", "5% a month"),
        ("a fee of $.05 a page", "05 a page"),
        ("a non-exclusive right to use it", "exclusive right to use it"),
        ("a non- exclusive right to use it", "exclusive right to use it"),
        ("an irrevocable right to use it", "revocable right to use it"),
        ("may be assigned without consent", "may be assigned with"),
        ("the Licensee shall not assign it", "the Licensee shall ... assign it"),
        ("due on […***…] of the […***…] or of", "due on […***…] and the […***…] or of"),
        ("a fee of $5,000¹ a month", "a fee of $5,0001 a month"),
        ("a fee of ①5,000 yuan", "a fee of 15,000 yuan"),
        ("a rate of 5½ per cent", "a rate of 51⁄2 per cent"),
        ("up to 10³ units", "up to 103 units"),
    ],
)
def test_a_quote_that_leaves_out_what_turns_it_is_not_found(text: str, quote: str) -> None:
    assert Locator([text]).locate(quote) == ()


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("the fee of $1,000 is due, at once", "the fee of $1000 is due at once"),
        ("THE SUPPLIER SHALL PAY", "The supplier shall pay"),
        ("this 15 th day of May, 2014", "this 15th day of May 2014"),
        ("the rights and obli-\ngations of the party", "the rights, and obligations of party"),
        ("it shall be governed by […***…] and by […***…]", "it shall be governed by […***…] and by […***…]"),
        ("It ends. It begins. It ends (soon).", "It begins … It ends"),
        ("a space of 20 m² with CO₂ alarms", "a space of 20 m2 with CO2 alarms"),
        ("a space of 20㎡ at most", "a space of 20 m2 at most"),
        ("a rate of 5½ per cent", "a rate of 5 ½ per cent"),
        ("by Article Ⅷ of it", "by Article VIII of it"),
    ],
)
def test_a_quote_that_says_the_same_is_found(text: str, quote: str) -> None:
    assert Locator([text]).locate(quote)


def test_a_quote_of_words_that_repeat_without_end_is_given_up_in_time() -> None:
    pages = ["the fee is due " * 20_000]
    started = time.process_time()
    assert Locator(pages).locate("the fee is due " * 1_000 + "never") == ()
    assert time.process_time() - started < 10


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


def test_a_quote_over_the_end_of_a_real_page_leaves_out_the_footer() -> None:
    (name,) = {name for name, _ in labelled(CONTRACTS) if name.startswith("BERKELEYLIGHTS")}
    quote = (
        "acquire such beneficial ownership) fifty percent (50%) or more of the outstanding equity or convertible "
        "securities of such Person"
    )
    assert found_in(name, quote) == words_of(quote)
    assert {span.page for span in locator_of(name).locate(quote)} == {4, 5}


FURNITURE = ["ACME v. Buyer: Supply Agreement", "Page {} of 7", "- {} -", "A-{}", "{}", "ABC000{}", "Filed 12/31/2019"]


@given(
    header=st.lists(st.sampled_from(FURNITURE), max_size=3, unique=True),
    footer=st.lists(st.sampled_from(FURNITURE), max_size=3, unique=True),
    first=st.integers(0, 50),
    data=st.data(),
)
def test_a_quote_over_the_end_of_a_page_may_leave_out_what_runs_through_the_pages(
    header: list[str], footer: list[str], first: int, data: st.DataObject
) -> None:
    bodies = [[f"{letter}{nr}x" for nr in range(30)] for letter in "bcdfg"]
    pages = []
    for number, body in enumerate(bodies, start=first):
        lines = [" ".join(body[start : start + 10]) for start in (0, 10, 20)]
        pages.append("\n".join(line.format(number) for line in [*header, *lines, *footer]))
    page = data.draw(st.integers(0, 3))
    quote = bodies[page][-data.draw(st.integers(2, 30)) :] + bodies[page + 1][: data.draw(st.integers(2, 30))]
    spans = Locator(pages).locate(" ".join(quote))
    assert [span.page for span in spans] == [page + 1, page + 2]
    assert " ".join(pages[span.page - 1][span.start : span.end] for span in spans).split() == quote


@pytest.mark.parametrize(
    "lines",
    [
        ["the fee is", "the fee is", "something else"],  # on two pages only
        ["of $1,000", "of $7,000", "of $2,000"],  # a number that does not count along
        ["unless it is late", "unless it is due", "unless it is lost"],
    ],
)
def test_a_line_at_the_end_of_a_page_that_says_something_may_not_be_left_out(lines: list[str]) -> None:
    pages = [
        f"On page {name} begins what\nshall be paid at the end\n{line}" for name, line in zip("abc", lines, strict=True)
    ]
    assert Locator(pages).locate("shall be paid at the end On page b begins what") == ()


@pytest.mark.parametrize("gap", ["...", "…", "[...]", " . . . ", "<omitted>"])
def test_a_quote_with_gaps_needs_each_part_in_order(gap: str) -> None:
    pages = ["The fee is ten dollars. Much else is said. It is due at once."]
    assert len(Locator(pages).locate(f"The fee is ten dollars{gap}due at once")) == 2
    assert Locator(pages).locate(f"due at once{gap}The fee is ten dollars") == ()
    assert Locator(pages).locate(f"The fee is ten dollars{gap}due tomorrow") == ()


@pytest.mark.parametrize("quote", ["", "   ", "...", "\u00ad"])
def test_an_empty_quote_is_found_nowhere(quote: str) -> None:
    assert Locator(["some text"]).locate(quote) == ()


@pytest.mark.parametrize("sent", [zlib.compress(bytes(50 * 1024**2)), zlib.compress(bytes(25)), b"no zlib", b"x\x9c"])
def test_boxes_that_no_reader_packed_are_none_and_are_not_inflated_whole(sent: bytes) -> None:
    tracemalloc.start()
    assert unpack(sent) == ()
    assert tracemalloc.get_traced_memory()[1] < 20 * 1024**2
    tracemalloc.stop()
