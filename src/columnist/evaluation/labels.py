"""Labels, the right answers by people: `document,column,answer,quote` as CSV or JSON, CUAD's table, or a review's
export."""

import ast
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from columnist.documents.reading.encoding import decode
from columnist.errors import InputError
from columnist.evaluation.matching import same_words
from columnist.reviews.columns_file import parse_columns
from columnist.reviews.model import ColumnSpec

LABEL_FILES = ("labels.csv", "labels.json")
"""Default label file names."""

_CUAD_ANSWER = re.compile(r"(?<!\s)\s*-\s*Answer$")
_FIELDS = ("document", "column", "answer", "quote")


@dataclass(frozen=True, slots=True)
class Label:
    """The right answer for one document and column, and the verbatim `quotes` that show it. Without both, the document
    has no answer. With quotes and no answer, only the evidence is known, not its normalised form."""

    document: str
    column: str
    answer: str | None
    quotes: tuple[str, ...]


class _Line(NamedTuple):
    """One line of a label file; `place` names file and line."""

    place: str
    document: str
    column: str
    answer: str
    quotes: tuple[str, ...]


def find_labels(paths: Iterable[Path]) -> list[Path]:
    """The label files in the folders among `paths`. Raises InputError if there are none."""
    found = [path / name for path in paths if path.is_dir() for name in LABEL_FILES if (path / name).is_file()]
    if not found:
        raise InputError(
            f"There are no labels: give them with --labels, or put {' or '.join(LABEL_FILES)} into the folder."
        )
    return found


def read_labels(label_files: Sequence[Path]) -> tuple[list[Label], bool]:
    """The labels of these files together, one for each document and column, and whether any file is in CUAD's form.

    Raises InputError with file and line; also if lines give the same document and column different answers.
    """
    lines: list[_Line] = []
    cuad = False
    for file in label_files:
        read, its_cuad = _read(file)
        lines += read
        cuad |= its_cuad
    return _gathered(lines), cuad


def _read(file: Path) -> tuple[list[_Line], bool]:
    try:
        text = decode(file.read_bytes()).text
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from None
    if file.suffix.lower() == ".json":
        return _from_json(file, text), False
    # The csv module ends lines as spreadsheets do: a quote from a PDF may contain form feeds and Unicode's line ends.
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    lines.seek(0)
    # Spreadsheets separate columns by country: comma, semicolon or tab.
    rows = _rows(file, csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True))
    header = list(rows[0]) if rows else []
    if "Filename" in header and any(_CUAD_ANSWER.search(name) for name in header):
        return [line for number, row in enumerate(rows, start=1) for line in _cuad_row(file, number, row)], True
    named = {name.strip().lower(): name for name in header if name}
    if not {"document", "column", "answer"} <= set(named):
        raise InputError(f"{file}: labels need the columns {', '.join(_FIELDS)} (quote may be left out), or CUAD's.")
    fields = ([row.get(named.get(field, "")) or "" for field in _FIELDS] for row in rows)
    return [
        _line(file, number, document, column, answer, [quote])
        for number, (document, column, answer, quote) in enumerate(fields, start=1)
    ], False


def _rows(file: Path, lines: Iterator[list[str]]) -> list[dict[str, str]]:
    """The rows after the header. Raises InputError for one that is torn: a part of an answer would be taken for it."""
    try:
        header, *rows = [line for line in lines if line] or [[]]
    except csv.Error as error:
        raise InputError(f"{file}: a quotation mark is missing, or one too many, in it: {error}.") from None
    names = [name for name in header if name.strip()]
    if len(set(names)) < len(names):
        raise InputError(f"{file}: two columns have the same name in its first line.")
    for number, row in enumerate(rows, start=1):
        if any(row[len(header) :]):
            raise InputError(f"{file}: label {number} has more fields than the first line; quote those with a comma.")
    return [dict(zip(header, row + [""] * len(header), strict=False)) for row in rows]


def cuad_columns() -> list[ColumnSpec]:
    """A question for each category of CUAD."""
    text = files("columnist.evaluation").joinpath("cuad.yaml").read_text(encoding="utf-8")
    return parse_columns(yaml.safe_load(text), "cuad.yaml")


def _from_json(file: Path, text: str) -> list[_Line]:
    try:
        data = json.loads(text, parse_float=str)  # as written
        rows = [
            (row["document"], row["column"], row.get("answer"), row.get("quotes") or row.get("quote") or [])
            for row in (_reviewed(data) if isinstance(data, dict) else data)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{file}: labels are a list of objects with document, column, answer, quotes: {error}."
        ) from None
    return [
        _line(file, number, document, column, _as_text(answer), quotes if isinstance(quotes, list) else [quotes])
        for number, (document, column, answer, quotes) in enumerate(rows, start=1)
    ]


def _reviewed(export: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The labels in an exported review: its answers that a person edited or verified."""
    for document in export["documents"]:
        for column, cell in document["cells"].items():
            if cell.get("edited_by") or cell.get("verified_by"):
                answer = cell["value"] if isinstance(cell["value"], list) else cell["summary"]
                quotes = [one["quote"] for one in cell["citations"] if one["verified"]]
                yield {"document": document["path"], "column": column, "answer": answer, "quotes": quotes}


def _as_text(answer: Any) -> str:
    match answer:
        case None:
            return ""
        case bool():
            return "Yes" if answer else "No"
        case list() if not any(re.search(r"[;\n]|^\W", str(item)) for item in answer):
            return "; ".join(map(str, answer))
        case dict() | list():
            return json.dumps(answer, ensure_ascii=False)
    return str(answer)


def _line(file: Path, number: int, document: Any, column: Any, answer: str, quotes: Iterable[Any]) -> _Line:
    """A line with its texts trimmed. Raises InputError if it lacks a document or a column."""
    line = _Line(
        f"{file}, label {number}",
        _name(document),
        _name(column),
        answer.strip(),
        tuple(text for quote in quotes if (text := _quoted(quote))),
    )
    if not line.document or not line.column:
        raise InputError(f"{file}: label {number} has no document or no column.")
    return line


def _name(name: Any) -> str:
    return "" if name is None else str(name).strip()


def _quoted(quote: Any) -> str:
    """The words of a quote, or of an object that holds it."""
    if isinstance(quote, dict):
        quote = quote.get("quote", quote.get("text"))
    return "" if quote is None else str(quote).strip()


def _gathered(lines: Iterable[_Line]) -> list[Label]:
    """One label for each document and column: further lines add quotes. Raises InputError if lines contradict."""
    places: dict[tuple[str, str], list[_Line]] = {}
    for line in lines:
        places.setdefault((line.document, line.column), []).append(line)
    contradictions = [_contradiction(those) for those in places.values()]
    if any(contradictions):
        raise InputError(
            f"Labels contradict each other; give one answer for each document and question "
            f"({'; '.join(filter(None, contradictions))})."
        )
    return [
        Label(document, column, next((line.answer for line in those if line.answer), None), _quotes(those))
        for (document, column), those in places.items()
    ]


def _contradiction(lines: Sequence[_Line]) -> str | None:
    """The contradiction of lines about the same cell; None if they agree."""
    said = [line for line in lines if line.answer or not line.quotes]
    other = next((line for line in said[1:] if not same_words(line.answer, said[0].answer)), None)
    if other is None:
        return None
    answers = f"{said[0].answer or 'nothing'!r} ({said[0].place}) and {other.answer or 'nothing'!r} ({other.place})"
    return f"{other.document}, {other.column}: {answers}"


def _quotes(lines: Iterable[_Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(quote for line in lines for quote in line.quotes))


def _cuad_row(file: Path, number: int, row: dict[str, str]) -> Iterator[_Line]:
    """CUAD v1, `master_clauses.csv`: per category a list of spans (`<omitted>` joins separate parts) and an answer.

    Hendrycks et al., "CUAD: An Expert-Annotated NLP Dataset for Legal Contract Review", NeurIPS 2021.
    """
    answers = {_CUAD_ANSWER.sub("", name): answer for name, answer in row.items() if _CUAD_ANSWER.search(name)}
    for category, answer in answers.items():
        try:
            spans = ast.literal_eval(row.get(category) or "[]")
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            raise InputError(f"{file}: line {number}, {category}: the spans are not a list.") from None
        quotes = [part for span in spans for part in str(span).split("<omitted>")]
        yield _line(file, number, row["Filename"], category, _iso((answer or "").strip()), quotes)


def _iso(answer: str) -> str:
    """CUAD's dates are month first, `5/1/06`; other answers are unchanged."""
    for form in ("%m/%d/%y", "%m/%d/%Y"):
        try:
            return datetime.strptime(answer, form).date().isoformat()
        except ValueError:
            continue
    return answer
