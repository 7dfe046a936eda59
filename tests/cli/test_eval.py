"""`columnist eval`: answers beside labels, two runs beside each other."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from tests.conftest import CONTRACTS
from tests.processes import columnist, simulator

QUESTIONS = """
columns:
  - {name: Governing law, format: text, prompt: "Which state's law governs the agreement?"}
  - {name: Notice (days), format: number, prompt: "How many days of notice must a party give to terminate?"}
  - {name: Assignment, format: yes_no, prompt: "Is the other party's consent required for an assignment?"}
  - {name: Never labelled, format: text, prompt: "What is never labelled?"}
"""
LAW = "This Agreement shall be governed by and construed in accordance with the laws of the State of Ohio."
NOTICE = "Either party may terminate this Agreement upon thirty (30) days prior written notice to the other party."
ASSIGNMENT = "Neither party may assign this Agreement without the prior written consent of the other party."


@pytest.fixture
def home(tmp_path: Path, url: str) -> dict[str, object]:
    return {"COLUMNIST_DATA_DIR": tmp_path / "home", "DATABASE_URL": url, "TABULAR_POLL_MS": 100}


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Three agreements with labels; one label is wrong on purpose, one file has none, one label has no file."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    (tmp_path / "questions.yaml").write_text(QUESTIONS)
    (folder / "full.txt").write_text(f"SUPPLY AGREEMENT\n\n1. {LAW}\n\n2. {NOTICE}\n\n3. {ASSIGNMENT}\n")
    (folder / "silent.txt").write_text("SUPPLY AGREEMENT\n\nThe parties shall meet once a year in good spirits.\n")
    (folder / "<img src=x onerror=alert(1)>.txt").write_text(f"LEASE\n\n1. {LAW}\n")
    (folder / "unlabelled.txt").write_text("A page about nothing.")
    with (folder / "labels.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["document", "column", "answer", "quote"])
        lines.writerow(["full.txt", "Governing law", "ohio", LAW])
        lines.writerow(["full.txt", "Notice (days)", "thirty (30) days", NOTICE])
        lines.writerow(["full.txt", "Assignment", "Yes", ASSIGNMENT])
        lines.writerow(["silent.txt", "Governing law", "", ""])
        lines.writerow(["silent.txt", "Notice (days)", "60 days", "sixty (60) days"])
        lines.writerow(["silent.txt", "Assignment", "No", ""])
        lines.writerow(["<img src=x onerror=alert(1)>.txt", "Governing law", "<b>Texas</b>", "the laws of Texas"])
        lines.writerow(["elsewhere.pdf", "Governing law", "Ohio", LAW])
    return folder


def evaluated(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    cells = json.loads((folder / "evaluation.json").read_text())["cells"]
    return {(cell["document"], cell["column"]): cell for cell in cells}


def test_each_answer_is_scored_against_its_label(home: dict[str, object], labelled: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    done = columnist("eval", "run", labelled, "-c", tmp_path / "questions.yaml", "-o", target, **home)
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "3 labelled documents, 7 labels. 1 files have no label and are passed over: unlabelled.txt" in said
    assert "1 labelled documents are not among the files: elsewhere.pdf" in said
    assert "1 questions have no label and are not asked: Never labelled" in said
    cells = evaluated(target)
    assert len(cells) == 7, "what nobody labelled is not scored"
    law = cells["full.txt", "Governing law"]
    assert (law["expected"], law["found"], law["exact"], law["normalised"]) == (True, True, False, True)
    assert law["token_f1"] == pytest.approx(1.0, abs=0.1)
    assert cells["full.txt", "Notice (days)"]["exact"] is True
    assert cells["full.txt", "Assignment"]["exact"] is True
    absent = cells["silent.txt", "Governing law"]
    assert (absent["expected"], absent["found"], absent["normalised"]) == (False, False, None)
    missed = cells["silent.txt", "Notice (days)"]
    assert (missed["expected"], missed["found"], missed["normalised"], missed["token_f1"]) == (True, False, False, 0.0)
    silent = cells["silent.txt", "Assignment"]
    assert (silent["expected"], silent["found"], silent["normalised"]) == (False, False, True)
    # Governing law: 3 cells, 2 of them present, both found, one with the label's answer, none invented.
    row = next(line for line in done.stdout.splitlines() if "Governing law" in line)
    assert row.split()[2:] == [
        *("3", "66.7", "0.0", "50.0", "100.0", "100.0", "100.0"),
        *row.split()[9:11],
        *("100.0", "0", "0", "0", "0", "0"),
    ]
    # Right: law, notice and assignment of the first; law and assignment of the second, which have neither.
    assert "Right: 71.4 % of 7 cells; always saying No or Not found: 28.6 %." in said


@pytest.mark.parametrize(("label", "same"), [("30.0 days", True), ("3.0 days", False), ("300 days", False)])
def test_numbers_are_compared_as_numbers(
    home: dict[str, object], labelled: Path, tmp_path: Path, label: str, same: bool
) -> None:
    (labelled / "labels.csv").write_text(f"document,column,answer\nfull.txt,Notice (days),{label}\n")
    done = columnist("eval", "run", labelled, "-c", tmp_path / "questions.yaml", "-o", tmp_path / "out", **home)
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = evaluated(tmp_path / "out").values()
    assert (cell["exact"], cell["normalised"]) == (same, same)


def test_the_report_shows_the_misses_and_no_markup_of_documents(
    home: dict[str, object], labelled: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    assert columnist("eval", "run", labelled, "-c", tmp_path / "questions.yaml", "-o", target, **home).returncode == 0
    page = html.fromstring((target / "report.html").read_text())
    assert page.xpath("//img | //b | //script | //@onerror") == []
    misses = {
        tuple(cell.text_content() for cell in row.xpath("td"))[:2] for row in page.xpath("//table[@class]//tr[td]")
    }
    assert misses == {("<img src=x onerror=alert(1)>.txt", "another answer"), ("silent.txt", "missed")}
    assert "sixty (60) days" in page.text_content()


def test_the_same_evaluation_again_asks_nothing_and_compares_as_equal(
    home: dict[str, object], labelled: Path, tmp_path: Path
) -> None:
    command = ("eval", "run", labelled, "-c", tmp_path / "questions.yaml")
    assert columnist(*command, "-o", tmp_path / "a", **home).returncode == 0
    again = columnist(*command, "-o", tmp_path / "b", **home)
    assert again.returncode == 0
    assert "0 cells asked" in again.stdout
    assert evaluated(tmp_path / "a") == evaluated(tmp_path / "b")
    same = columnist("eval", "compare", tmp_path / "a", tmp_path / "b", **home)
    assert same.returncode == 0, same.stderr
    assert "0 cells got better" in same.stdout
    assert "0 cells got worse" in same.stdout
    # A second evaluation in which one more answer is right, and one that was right is wrong.
    changed = json.loads((tmp_path / "b" / "evaluation.json").read_text())
    for cell in changed["cells"]:
        if (cell["document"], cell["column"]) == ("silent.txt", "Notice (days)"):
            cell |= {"found": True, "normalised": True, "answer": "60 days"}
        if (cell["document"], cell["column"]) == ("full.txt", "Assignment"):
            cell |= {"found": False, "normalised": False, "answer": "Not found"}
    (tmp_path / "b" / "evaluation.json").write_text(json.dumps(changed))
    differ = columnist("eval", "compare", tmp_path / "a", tmp_path / "b" / "evaluation.json", **home)
    assert "1 cells got better" in differ.stdout
    assert "silent.txt · Notice (days): Not found → 60 days (label: 60 days)" in differ.stdout
    assert "1 cells got worse" in differ.stdout
    right = next(line for line in differ.stdout.splitlines() if line.split()[1:2] == ["right"])
    assert "+0.0" in right
    assert "too few documents" in right, "nobody knows how three documents stand for others"


def test_cuads_own_labels_and_questions_come_along(home: dict[str, object], tmp_path: Path) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    for file in sorted(CONTRACTS.glob("*.PDF"), key=lambda file: file.stat().st_size)[:2]:
        shutil.copy(file, folder)
    done = columnist("eval", "run", folder, "--labels", CONTRACTS / "labels.csv", "-o", tmp_path / "out", **home)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = evaluated(tmp_path / "out")
    assert len(cells) == 2 * 41
    assert {cell["expected"] for cell in cells.values()} == {True, False}
    dated = [cell for (_, column), cell in cells.items() if column == "Agreement Date" and cell["label"]]
    assert dated, "a date of CUAD, month first, is an ISO date"
    assert all(len(cell["label"]) == len("2020-06-01") for cell in dated)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (
            "labels.csv",
            "Document;Column;Answer;Quote\r\nfull.txt;Governing law;Münster – Ohio;laws of\r\n".encode("cp1252"),
        ),
        (
            "labels.csv",
            "document\tcolumn\tanswer\tquote\nfull.txt\tGoverning law\tMünster – Ohio\tlaws of\n".encode("utf-16"),
        ),
        (
            "labels.json",
            b'[{"document": "full.txt", "column": "Governing law", '
            b'"answer": "M\\u00fcnster \\u2013 Ohio", "quotes": "laws of"},'
            b' {"document": "full.txt", "column": "Weather", "answer": "fine", "quotes": null}]',
        ),
    ],
    ids=["semicolons", "tabs", "JSON"],
)
def test_labels_are_read_as_spreadsheets_and_people_write_them(
    home: dict[str, object], labelled: Path, tmp_path: Path, name: str, labels: bytes
) -> None:
    (labelled / "labels.csv").unlink()
    (labelled / name).write_bytes(labels)
    done = columnist("eval", "run", labelled, "-c", tmp_path / "questions.yaml", "-o", tmp_path / "out", **home)
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = evaluated(tmp_path / "out").values()
    assert (cell["label"], cell["label_quotes"]) == ("Münster – Ohio", ["laws of"])
    unasked = "1 labelled columns are not among the questions: Weather" in " ".join(done.stdout.split())
    assert unasked is (name == "labels.json")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("document,answer\na,b\n", "labels need the columns"),
        ("document,column,answer\nfull.txt\n", "label 1 has no document or no column"),
        ("document,column,answer\nother.txt,Governing law,Ohio\n", "None of the files has a label"),
        ("document,column,answer\nfull.txt,Weather,fine\n", "None of the questions has a label"),
        ("Filename,Parties,Parties-Answer\nfull.txt,[oops,x\n", "line 1, Parties: the spans are not a list"),
        (
            "document,column,answer\nfull.txt,Governing law,Ohio\nfull.txt,Governing law,Texas\n",
            "full.txt, Governing law: 'Ohio' (labels.csv, label 1) and 'Texas' (labels.csv, label 2)",
        ),
        (
            "document,column,answer\nfull.txt,Governing law,Ohio\nfull.txt,Governing law,\n",
            "full.txt, Governing law: 'Ohio' (labels.csv, label 1) and 'nothing' (labels.csv, label 2)",
        ),
        ("document,column,answer\nFull.txt,Assignment,No\nFULL.txt,Assignment,Yes\n", "may all mean 'full.txt'"),
    ],
)
def test_labels_that_will_not_do_are_refused_before_anything_is_asked(
    home: dict[str, object], labelled: Path, tmp_path: Path, labels: str, said: str
) -> None:
    (labelled / "labels.csv").write_text(labels)
    done = columnist("eval", "run", labelled, "-c", tmp_path / "questions.yaml", "-o", tmp_path / "out", **home)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace(f"{labelled}/", "").split())
    assert "Started job" not in done.stdout


def test_a_label_never_counts_for_a_document_or_question_with_a_similar_name(
    home: dict[str, object], tmp_path: Path
) -> None:
    """Two files and two questions whose names differ only in punctuation: all labels and answers are right."""
    folder = tmp_path / "leases"
    folder.mkdir()
    places = {"Lease 1.1": "Ohio", "Lease 11": "Texas"}
    for name, state in places.items():
        (folder / f"{name}.txt").write_text(f"LEASE\n\nThis Lease is governed by the laws of the State of {state}.\n")
    (tmp_path / "questions.yaml").write_text(
        "columns:\n"
        '  - {name: Law/lease, format: text, prompt: "Which state\'s law governs the lease?"}\n'
        '  - {name: Law lease, format: yes_no, prompt: "Is a party restricted from competing?"}\n'
    )
    lines = [f"{name}.txt,Law/lease,{state}\n{name}.txt,Law lease,No\n" for name, state in places.items()]
    (folder / "labels.csv").write_text("document,column,answer\n" + "".join(lines))
    done = columnist("eval", "run", folder, "-c", tmp_path / "questions.yaml", "-o", tmp_path / "out", **home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Right: 100.0 % of 4 cells" in " ".join(done.stdout.split())


def test_an_answer_to_a_label_that_cannot_be_read_is_not_right(
    home: dict[str, object], labelled: Path, tmp_path: Path
) -> None:
    (labelled / "labels.csv").write_text(
        "document,column,answer\n"
        "full.txt,Notice (days),a long time\n"
        "full.txt,Governing law,Not found\n"
        "silent.txt,Assignment,n/a\n"
    )
    done = columnist("eval", "run", labelled, "-c", tmp_path / "questions.yaml", "-o", tmp_path / "out", **home)
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert said.index("full.txt, Notice (days): a long time") < said.index("Started job"), "named before it is asked"
    assert "Right: 50.0 % of 2 cells" in said, "the second is invented, the third is right, the first is open"
    cells = evaluated(tmp_path / "out")
    assert cells["full.txt", "Notice (days)"]["normalised"] is None
    assert (cells["full.txt", "Governing law"]["expected"], cells["full.txt", "Governing law"]["found"]) == (
        False,
        True,
    )


def test_evaluations_are_compared_where_their_labels_are_the_same(
    home: dict[str, object], labelled: Path, tmp_path: Path
) -> None:
    command = ("eval", "run", labelled, "-c", tmp_path / "questions.yaml")
    assert columnist(*command, "-o", tmp_path / "a", **home).returncode == 0
    labels = (labelled / "labels.csv").read_text()
    (labelled / "labels.csv").write_text(labels.replace("full.txt,Governing law,ohio", "full.txt,Governing law,Texas"))
    assert columnist(*command, "-o", tmp_path / "b", **home).returncode == 0
    done = columnist("eval", "compare", tmp_path / "a", tmp_path / "b", **home)
    assert "0 cells got worse" in done.stdout, "nothing but a label has changed"
    assert "1 cells have another label in the second" in done.stdout
    assert "full.txt · Governing law: ohio → Texas" in done.stdout


def test_what_cannot_be_compared_says_why(home: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text('{"model": "m"}')
    done = columnist("eval", "compare", tmp_path, tmp_path, **home)
    assert done.returncode == 2
    assert "is not an evaluation" in done.stderr
    gone = columnist("eval", "compare", tmp_path / "gone", tmp_path, **home)
    assert gone.returncode == 2
    assert "No such file" in gone.stderr


def test_the_same_questions_twice_and_what_cannot_be_read_is_named(
    home: dict[str, object], labelled: Path, tmp_path: Path
) -> None:
    (labelled / "broken.pdf").write_bytes(b"%PDF-1.7 cut off")
    asked = ("eval", "repeat", labelled, "--columns", tmp_path / "questions.yaml", "--model", "simulated")
    with simulator(server_error=1, left=16) as llm:  # so often that it counts as away
        done = columnist(*asked, "--cells", 100, **home, OPENAI_BASE_URL=llm)
    assert done.returncode == 1
    assert "Asks 4 questions about" in done.stdout
    assert "16 answers about 4 documents" in " ".join(done.stdout.split())
    answer = next(line for line in done.stdout.splitlines() if "answer" in line and "16" in line)
    assert "100.0" in answer
    assert "Left out: broken.pdf: The PDF is damaged" in " ".join(done.stdout.split())
