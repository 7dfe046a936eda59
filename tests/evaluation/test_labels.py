"""Label files as people and programs write them."""

import json
from pathlib import Path

import pytest

from columnist.errors import InputError
from columnist.evaluation.labels import Label, read_labels


@pytest.mark.parametrize("end", ["\f", "\u2028", "\u0085", "\v", "\x1c"])
def test_a_quote_may_hold_any_line_end_of_a_pdf(tmp_path: Path, end: str) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(f"document,column,answer,quote\na.txt,Law,Ohio,laws of{end}Ohio\n", encoding="utf-8")
    labels, _ = read_labels([file])
    assert labels == [Label("a.txt", "Law", "Ohio", (f"laws of{end}Ohio",))]


def test_an_item_of_a_list_may_hold_a_semicolon(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text('[{"document": "a.txt", "column": "Parties", "answer": ["Acme; Bob & Co", "Carl"]}]')
    labels, _ = read_labels([file])
    assert labels == [Label("a.txt", "Parties", '["Acme; Bob & Co", "Carl"]', ())]


def test_further_lines_add_quotes_in_one_file_and_in_several(tmp_path: Path) -> None:
    first, second = tmp_path / "labels.csv", tmp_path / "more.csv"
    first.write_text("document,column,answer,quote\na.txt,Law,Ohio,one\na.txt,Law,,two\na.txt,Law,ohio.,one\n")
    second.write_text("document,column,answer,quote\na.txt,Law,,three\n")
    labels, _ = read_labels([first, second])
    assert labels == [Label("a.txt", "Law", "Ohio", ("one", "two", "three"))]


def test_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "labels.csv", tmp_path / "more.csv"
    first.write_text("document,column,answer\na.txt,Law,Ohio\nb.txt,Law,\n")
    second.write_text("document,column,answer\na.txt,Law,Texas\nb.txt,Law,Utah\n")
    with pytest.raises(InputError) as raised:
        read_labels([first, second])
    assert f"a.txt, Law: 'Ohio' ({first}, label 1) and 'Texas' ({second}, label 1)" in str(raised.value)
    assert "b.txt, Law: 'nothing'" in str(raised.value)


def test_answers_that_people_edited_or_verified_in_a_review_are_labels(tmp_path: Path) -> None:
    def cell(summary: str, **other: object) -> dict[str, object]:
        return {"summary": summary, "value": None, "citations": [], "edited_by": None, "verified_by": None, **other}

    quotes = [{"quote": "laws of Ohio", "verified": True}, {"quote": "laws of Utah", "verified": False}]
    cells = {
        "Law": cell("Ohio", verified_by="ann@example.org", citations=quotes),
        "Renewal": cell("Not found", edited_by="ann@example.org"),
        "Parties": cell("Acme; Bob", value=["Acme; Bob", "Carl"], edited_by="ann@example.org"),
        "Term": cell("10 years"),
    }
    file = tmp_path / "review.json"
    file.write_text(json.dumps({"columns": [], "documents": [{"path": "a.txt", "cells": cells}]}))
    labels, _ = read_labels([file])
    assert labels == [
        Label("a.txt", "Law", "Ohio", ("laws of Ohio",)),
        Label("a.txt", "Renewal", "Not found", ()),
        Label("a.txt", "Parties", '["Acme; Bob", "Carl"]', ()),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "document,column,answer\na.txt,Law,New York, USA\n",
        'document,column,answer\na.txt,Law,"Ohio\nb.txt,Law,Utah\n',
        'document,column,answer\na.txt,Law,"Ohio" and Utah\n',
        "document,column,answer,answer\na.txt,Law,Ohio,Utah\n",
        f"document,column,answer,quote\na.txt,Law,Ohio,{'x' * 200_000}\n",
    ],
)
def test_a_file_whose_lines_are_torn_is_refused(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(lines)
    with pytest.raises(InputError, match=r"labels\.csv: "):
        read_labels([file])


def test_empty_columns_of_a_spreadsheet_tear_nothing(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("\ufeffdocument;column;answer;;\r\n\r\na.txt;Law;Ohio;;;\r\nb.txt;Law\r\n", encoding="utf-16")
    assert read_labels([file])[0] == [Label("a.txt", "Law", "Ohio", ()), Label("b.txt", "Law", None, ())]


def test_json_that_programs_write_is_read_whatever_holds_the_quote(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    ways = ['"quote": "one"', '"quotes": [{"page": 1, "quote": "one"}, null]', '"quotes": "one"']
    rows = [f'{{"document": "{at}.txt", "column": "Fee", "answer": 0.00001, {way}}}' for at, way in enumerate(ways)]
    file.write_text(f"[{', '.join(rows)}]")
    labels, _ = read_labels([file])
    assert [(label.answer, label.quotes) for label in labels] == [("0.00001", ("one",))] * 3
    file.write_text('[{"document": null, "column": "Fee", "answer": 5}]')
    with pytest.raises(InputError, match="no document"):
        read_labels([file])
