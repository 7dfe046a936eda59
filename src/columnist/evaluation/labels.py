"""Labels, the right answers by people: `document,column,answer,quote` as CSV or JSON, or CUAD's table."""

import ast
import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from columnist.documents.reading.formats import decode
from columnist.errors import DocumentError, InputError
from columnist.reviews.columns_file import parse_columns
from columnist.reviews.model import ColumnSpec

LABEL_FILES = ("labels.csv", "labels.json")
"""Default label file names."""

_CUAD_ANSWER = re.compile(r"\s*-\s*Answer$")
_FIELDS = ("document", "column", "answer", "quote")


@dataclass(frozen=True, slots=True)
class Label:
    """The right answer for one document and column, and the verbatim `quotes` that show it. Without both, the document
    does not have it. With quotes and no answer, the evidence is known and its normalised form is not."""

    document: str
    column: str
    answer: str | None
    quotes: tuple[str, ...]


def key(name: str) -> str:
    """The name of a file or column, for matching: letters and digits, without folder and suffix."""
    return re.sub(r"[\W_]+", "", re.sub(r"\.[A-Za-z]{2,5}$", "", name.rsplit("/", 1)[-1])).casefold()


def find_labels(paths: Iterable[Path]) -> list[Path]:
    """The label files in the folders among `paths`. Raises InputError if there are none."""
    found = [path / name for path in paths if path.is_dir() for name in LABEL_FILES if (path / name).is_file()]
    if not found:
        raise InputError(
            f"There are no labels: give them with --labels, or put {' or '.join(LABEL_FILES)} into the folder."
        )
    return found


def read_labels(file: Path) -> tuple[list[Label], bool]:
    """The labels of a file, and whether they are in CUAD's form. Raises InputError with file and line."""
    try:
        text = decode(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from None
    except DocumentError as error:
        raise InputError(f"{file}: {error}") from None
    if file.suffix.lower() == ".json":
        return _from_json(file, text), False
    lines = text.splitlines(keepends=True)
    # Spreadsheets separate columns by country: comma, semicolon or tab.
    rows = list(csv.DictReader(lines, delimiter=max(",;\t", key=lines[0].count) if lines else ","))
    header = list(rows[0]) if rows else []
    if "Filename" in header and any(_CUAD_ANSWER.search(name) for name in header):
        return [label for line, row in enumerate(rows, start=1) for label in _cuad_row(file, line, row)], True
    named = {name.strip().lower(): name for name in header if name}
    if not {"document", "column", "answer"} <= set(named):
        raise InputError(f"{file}: labels need the columns {', '.join(_FIELDS)} (quote may be left out), or CUAD's.")
    fields = ([row.get(named.get(field, "")) or "" for field in _FIELDS] for row in rows)
    return _gathered(file, ((document, column, answer, [quote]) for document, column, answer, quote in fields)), False


def cuad_columns() -> list[ColumnSpec]:
    """A question for each category of CUAD."""
    text = files("columnist.evaluation").joinpath("cuad.yaml").read_text(encoding="utf-8")
    return parse_columns(yaml.safe_load(text), "cuad.yaml")


def _from_json(file: Path, text: str) -> list[Label]:
    try:
        data = json.loads(text)
        rows = [(row["document"], row["column"], row.get("answer"), row.get("quotes") or []) for row in data]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file}: labels are a list of objects with document, column, answer, quotes: {error}."
        ) from None
    return _gathered(
        file,
        (
            (document, column, _as_text(answer), [quotes] if isinstance(quotes, str) else map(str, quotes))
            for document, column, answer, quotes in rows
        ),
    )


def _as_text(answer: Any) -> str | None:
    match answer:
        case bool():
            return "Yes" if answer else "No"
        case list():
            return "; ".join(map(str, answer))
        case dict():
            return json.dumps(answer)
    return None if answer is None else str(answer)


def _gathered(file: Path, rows: Iterable[tuple[Any, Any, str | None, Iterable[str]]]) -> list[Label]:
    """One label for each document and column; further lines add quotes. Raises InputError."""
    answers: dict[tuple[str, str], str | None] = {}
    quotes: dict[tuple[str, str], list[str]] = {}
    for number, (document, column, answer, shown) in enumerate(rows, start=1):
        place = (str(document).strip(), str(column).strip())
        if not all(place):
            raise InputError(f"{file}: label {number} has no document or no column.")
        answers[place] = answers.get(place) or (answer or "").strip() or None
        quotes.setdefault(place, []).extend(quote for quote in shown if quote.strip())
    return [Label(*place, answer, tuple(quotes[place])) for place, answer in answers.items()]


def _cuad_row(file: Path, line: int, row: dict[str, str]) -> Iterator[Label]:
    """CUAD v1, `master_clauses.csv`: per category a list of spans (`<omitted>` joins separate parts) and an answer.

    Hendrycks et al., "CUAD: An Expert-Annotated NLP Dataset for Legal Contract Review", NeurIPS 2021.
    """
    answers = {_CUAD_ANSWER.sub("", name): answer for name, answer in row.items() if _CUAD_ANSWER.search(name)}
    for category, answer in answers.items():
        try:
            spans = ast.literal_eval(row.get(category) or "[]")
        except (ValueError, SyntaxError):
            raise InputError(f"{file}: line {line}, {category}: the spans are not a list.") from None
        quotes = [part.strip() for span in spans for part in str(span).split("<omitted>")]
        yield Label(row["Filename"], category, _iso(answer.strip()) or None, tuple(quote for quote in quotes if quote))


def _iso(answer: str) -> str:
    """CUAD's dates are month first, `5/1/06`; other answers are unchanged."""
    for form in ("%m/%d/%y", "%m/%d/%Y"):
        try:
            return datetime.strptime(answer, form).date().isoformat()
        except ValueError:
            continue
    return answer
