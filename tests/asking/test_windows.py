"""The promises of windows: nothing is lost, nothing is too long."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from columnist.asking.prompt import PageText, page_texts
from columnist.asking.windows import expected_windows, size, windows


def numbered_pages(lengths: list[int], unit: str) -> list[str]:
    """Pages with these numbers of words, each word once in the document."""
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
        # A window's beginning repeats the end of the previous one.
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
        assert before[-1] in after


def test_of_a_huge_page_the_end_is_repeated_and_paragraphs_stay_whole() -> None:
    paragraphs = [f"Paragraph {nr} {'word ' * 20}" for nr in range(40)]
    found = windows(page_texts(["\n\n".join(paragraphs)]), 2_000)
    for before, after in pairwise(found):
        assert before[-1].text.endswith(after[0].text)
        assert after[1].text.startswith("Paragraph")


@given(
    st.lists(st.integers(1, 1_200), min_size=5, max_size=60),
    st.integers(0, 400),
    st.sampled_from([("a", " "), ("条", ""), ("word", " "), ("w", "\n")]),
    st.sampled_from([3_000, 6_000, 12_000]),
)
def test_a_sentence_across_any_border_is_whole_in_a_window(
    lengths: list[int], shift: int, unit: tuple[str, str], budget: int
) -> None:
    """Pages that end anywhere within sentences of 300 characters (Latin), or 100 (Chinese)."""
    word, blank = unit
    longest = 300 if word.isascii() else 100
    end = ". " if word.isascii() else "。"
    sentences = [f"{nr}{(blank + word) * longest}"[:longest] + end for nr in range(80)]
    text = "".join(sentences)
    pages, at = [text[:shift]], shift
    for length in lengths:
        pages.append(text[at : at + length])
        at += length
    found = windows(page_texts(pages), budget)
    together = ["".join(page.text for page in window) for window in found]
    read = text[:at]
    assert [one for one in sentences if one in read and not any(one in window for window in together)] == []


@given(st.lists(st.integers(20, 9_000), min_size=1, max_size=60), st.integers(4_000, 60_000))
def test_windows_are_expected_as_they_then_are(sizes: list[int], budget: int) -> None:
    pages = [PageText(nr, ("The parties agree. " * 500)[:length]) for nr, length in enumerate(sizes, start=1)]
    found = windows(pages, budget)
    count, sent = expected_windows(sizes, budget)
    assert abs(count - len(found)) <= 1 + 0.1 * len(found)
    assert 0.85 < sent / sum(map(size, found)) < 1.15
