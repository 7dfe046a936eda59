"""The file and the question of a label."""

from pathlib import Path

import pytest

from columnist.evaluation.joining import Joined, join_columns, join_documents


def joined(names: list[str], paths: list[str]) -> Joined:
    return join_documents(names, {path: Path("/cases/data room") / path for path in paths})


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("lease.pdf", "lease.pdf"),
        ("01 Corporate/lease.pdf", "01 Corporate/lease.pdf"),
        ("lease.pdf", "01 Corporate/lease.pdf"),
        ("data room/lease.pdf", "lease.pdf"),
        ("lease", "lease.PDF"),
        ("LEASE.pdf", "lease.PDF"),
        ("lease.docx", "lease.pdf"),
        ("A 1", "A-1.pdf"),
        ("Mietvertrag_Nr. 5", "Mietvertrag Nr 5.pdf"),
        ("01 Corporate\\lease.pdf", "01 Corporate/lease.pdf"),
    ],
)
def test_a_name_is_joined_where_it_can_only_mean_one_file(name: str, path: str) -> None:
    assert joined([name], ["other.pdf", path]).meant == {name: path}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Lease 1.1.txt", "Lease 11.txt"),
        ("हिंदी.txt", "हदा.txt"),
        ("x/lease.pdf", "y/lease.pdf"),
        ("lease.v2", "lease.pdf"),
        ("5 %.pdf", "5.pdf"),
        ("C++.pdf", "C#.pdf"),
    ],
)
def test_a_name_that_differs_in_a_letter_a_figure_or_a_folder_means_another_file(name: str, path: str) -> None:
    assert joined([name], [path]).absent == [name]


def test_names_that_differ_in_punctuation_alone_keep_their_own_files() -> None:
    names = ["A-1.pdf", "A 1.pdf", "x/lease.pdf", "y/lease.pdf", "b.txt", "B.txt"]
    assert joined(names, names).meant == {name: name for name in names}


def test_a_file_that_is_named_exactly_is_given_to_no_other_name() -> None:
    found = joined(["A 1.pdf", "A-1.pdf"], ["A-1.pdf"])
    assert found.meant == {"A-1.pdf": "A-1.pdf"}
    assert found.absent == ["A 1.pdf"], "its file is not there"


def test_a_name_for_several_files_and_several_names_for_a_file_are_unclear() -> None:
    assert joined(["lease.pdf"], ["x/lease.pdf", "y/lease.pdf"]).unclear == [
        "'lease.pdf' may mean 'x/lease.pdf' or 'y/lease.pdf'"
    ]
    assert joined(["x/lease.pdf", "lease.pdf"], ["x/lease.pdf", "y/lease.pdf"]).unclear, "even if one is taken"
    assert joined(["A 1.pdf", "a-1.pdf"], ["A_1.pdf"]).unclear == ["'A 1.pdf' and 'a-1.pdf' may all mean 'A_1.pdf'"]


def test_another_spelling_is_told() -> None:
    assert joined(["a 1.pdf", "b.pdf"], ["A-1.pdf", "b.pdf"]).similar == [("a 1.pdf", "A-1.pdf")]


def test_columns_are_joined_by_name_first() -> None:
    found = join_columns(["Fee/month", "fee month", "Fee, month?", "Rent/month"], ["Fee/month", "Rent / Month"])
    assert found.meant == {"Fee/month": "Fee/month", "Rent/month": "Rent / Month"}
    assert found.absent == ["fee month", "Fee, month?"]
