"""XLSX: each sheet begins a page; rows are lines; values are (nearly) as Excel shows them."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from columnist.documents.model import Page
from columnist.documents.reading.flowing import PAGE_BREAK, PAGE_CHARACTERS, pages_of
from columnist.documents.reading.formats import refuse_zip_bombs
from columnist.errors import DocumentError

SHEET_CHARACTERS = 4 * PAGE_CHARACTERS
"""Where a long sheet continues on another page."""

_NOT_SHOWN = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.')
"""Parts of a number format: literal text (quoted, escaped, currencies), and codes without text."""
_DIGITS = re.compile(r"[#0?][#0?,.]*")


_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
)
"""What openpyxl was seen to raise over damaged files."""


def read_xlsx(path: Path) -> Iterator[Page]:
    """The sheets of a workbook, in order; formulas as their results. Raises DocumentError."""
    import openpyxl  # takes 0.2 s to import, and most readers never need it

    try:
        with path.open("rb") as file:  # a blob's name has no suffix, which openpyxl would ask for
            with zipfile.ZipFile(file) as archive:
                refuse_zip_bombs(archive)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            yield from pages_of(_lines(book), SHEET_CHARACTERS)
    except _DAMAGED as error:
        raise DocumentError("The Excel file is damaged or cut off: it cannot be opened.") from error


def _lines(book: Any) -> Iterator[str]:
    for index, sheet in enumerate(book.worksheets):
        hidden = "" if sheet.sheet_state == "visible" else " (hidden)"
        yield f"{PAGE_BREAK if index else ''}Sheet: {sheet.title}{hidden}"
        sheet.reset_dimensions()  # which the file may claim to be anything
        for row in sheet.iter_rows():
            cells = [shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in row]
            line = "\t".join(cells).rstrip("\t")
            if line:
                yield line


def shown(value: object, number_format: str) -> str:
    """A cell's value in one line: dates as ISO 8601, numbers with their format's decimals, currency and percent."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, number_format)
    if isinstance(value, datetime):
        midnight = value.time() == time() and "h" not in number_format.lower()
        return value.date().isoformat() if midnight else value.isoformat(" ", "auto" if value.second else "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return " ".join(str(value).split())


def _number(value: float, number_format: str) -> str:
    sections = number_format.split(";")
    negative = value < 0 and len(sections) > 1 and bool(sections[1])
    section = _NOT_SHOWN.sub(_literal, sections[1 if negative else 0])
    digits = _DIGITS.search(section)
    if digits is None or "E" in section or "/" in section:
        return f"{value:.15g}"
    whole, _, decimals = digits[0].partition(".")
    if "%" in section:
        value *= 100
    least = whole.replace(",", "").count("0")
    grouped = "," if "," in whole.strip(",") else ""
    body = f"{abs(value):{grouped}.{len(decimals)}f}"
    before, after = (_revealed(part) for part in (section[: digits.start()], section[digits.end() :]))
    sign = "-" if value < 0 and not negative else ""
    return f"{sign}{before}{body if grouped else _padded(body, least)}{after}".strip()


def _padded(body: str, least: int) -> str:
    whole, point, decimals = body.partition(".")
    return whole.zfill(least) + point + decimals


# Literal text is kept out of the way of the search for digits: moved to a private area, and back.
_PRIVATE = 0xE000


def _literal(match: re.Match[str]) -> str:
    text = next((group for group in match.groups() if group is not None), "")
    return "".join(chr(_PRIVATE + ord(one)) if ord(one) < 0x100 else one for one in text)


def _revealed(text: str) -> str:
    return "".join(chr(ord(one) - _PRIVATE) if _PRIVATE <= ord(one) < _PRIVATE + 0x100 else one for one in text)
