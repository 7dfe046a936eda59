"""How much of a model's answer is processed."""

from columnist.asking.raw_answers import LONGEST_QUOTE, LONGEST_TEXT, MOST, RawAnswer


def test_an_answer_is_cut_before_anything_looks_at_it() -> None:
    long = "a " * LONGEST_TEXT
    raw = RawAnswer.model_validate(
        {
            "answer": [long, *["a"] * 100_000],
            "words": long,
            "reasoning": long,
            "quotes": [{"page": 1, "quote": "\n" * 12_000 + long}] * 1_000,
        }
    )
    bounded = raw.bounded()
    assert isinstance(bounded.answer, list)
    assert sum(map(len, bounded.answer)) <= LONGEST_TEXT
    assert len(bounded.quotes) == MOST
    assert all(len(one.quote) <= LONGEST_QUOTE for one in bounded.quotes)
    assert len(bounded.reasoning) <= LONGEST_TEXT
    assert len(bounded.words) <= LONGEST_QUOTE
    assert bounded.bounded() == bounded
