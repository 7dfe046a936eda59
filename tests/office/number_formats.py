"""Number formats as LibreOffice shows them: `python -m tests.office.number_formats` writes the reference again.

A row of the reference is a value in a format. `excel` is filled if LibreOffice differs from Excel, or if this project
writes more plainly, and `why` gives the reason; both are kept.
"""

import csv
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from columnist.documents.reading import old_office

REFERENCE = Path(__file__).parent.parent / "documents/cases/office_formats.csv"


def rows() -> list[dict[str, str]]:
    """The reference."""
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def value(row: dict[str, str]) -> float | str:
    """The value of a row: a number, or a text."""
    try:
        return float(row["value"])
    except ValueError:
        return row["value"]


def shown_by_office(cases: Sequence[dict[str, str]], folder: Path) -> list[str]:
    """LibreOffice's text for each case, without spaces that only align."""
    program = old_office.program()
    assert program, "LibreOffice is needed: apt-get install libreoffice-calc-nogui"
    with xlsxwriter.Workbook(str(folder / "formats.xlsx")) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(cases):
            sheet.write(line, 0, value(row), book.add_format({"num_format": row["format"]}))
            sheet.write_string(line, 1, "|")
    # Separator, quotes, UTF-8, from the first line, in English, as shown.
    target = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    files = ["--outdir", str(folder), str(folder / "formats.xlsx")]
    command = [program, "--headless", profile, "--convert-to", target, *files]
    subprocess.run(command, check=True, capture_output=True)
    with (folder / "formats.csv").open(encoding="utf-8", newline="") as file:
        return [" ".join(line[0].split()) for line in csv.reader(file)]


def write() -> None:
    """Write LibreOffice's present texts."""
    cases = rows()
    with tempfile.TemporaryDirectory() as folder, REFERENCE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(cases[0]), lineterminator="\n")
        writer.writeheader()
        for row, shown in zip(cases, shown_by_office(cases, Path(folder)), strict=True):
            writer.writerow(row | {"shown": shown})


if __name__ == "__main__":
    write()
