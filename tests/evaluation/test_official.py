"""The measures of SQuAD's and CUAD's own scripts, computed by hand."""

from dataclasses import replace

import pytest

from columnist.evaluation.official import official
from columnist.evaluation.scores import Quoted, ScoredCell

CELL = ScoredCell("a.txt", "Law", "Ohio", (), "Ohio", None, (), True, True, True, True, None, None, 0, 0, 0)


def cell(quotes: list[str], spans: list[str], column: str = "Law") -> ScoredCell:
    return replace(
        CELL, column=column, label_quotes=tuple(spans), quotes=tuple(Quoted(quote, 1, True) for quote in quotes)
    )


def test_squad_leaves_articles_and_punctuation_out() -> None:
    found = official([cell(["The laws of Ohio."], ["laws of the State of Ohio"])])
    assert found.squad_f1 == pytest.approx(2 * 3 / (3 + 5)), "laws, of, ohio; the second `of` is one more"


def test_cuad_compares_sets_of_words_and_counts_single_spans() -> None:
    cells = [
        cell(["laws of Ohio"], ["laws of Ohio;", "venue is in Texas"]),
        cell(["something else"], []),
        cell(["either/or"], ["either or"]),
    ]
    found = official(cells)
    assert found.cuad_jaccard == pytest.approx((3 / 7 + 1) / 2)
    assert found.cuad_precision == pytest.approx(2 / 3), "a quote where none is labelled is wrong"
    assert found.cuad_recall == pytest.approx(2 / 3)


def test_cuad_finds_a_party_inside_of_a_quote() -> None:
    assert official([cell(["by and between Acme and others"], ["Acme"], "Parties")]).cuad_recall == 1
    assert official([cell(["by and between Acme and others"], ["Acme"])]).cuad_recall == 0


def test_without_labelled_spans_there_is_nothing_to_measure() -> None:
    found = official([cell([], [])])
    assert (found.squad_f1, found.cuad_precision, found.cuad_recall) == (None, None, None)
