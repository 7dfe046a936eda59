"""A cell's value as a file shows it."""

from collections.abc import Sequence
from uuid import UUID

from columnist.reviews.model import Cell, ColumnSpec

Columns = Sequence[tuple[UUID, ColumnSpec]]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""A spreadsheet may run a text that starts like this (OWASP, CSV injection); the last four are full-width forms."""


def as_text(cell: Cell | None, column: ColumnSpec) -> str:
    """The answer as one text: typed values in their canonical form, what could not be typed as it was answered."""
    if cell is None:
        return ""
    if cell.status == "error":
        return f"Error: {cell.error}"
    value = cell.value
    match column.format:
        case "monetary_amount" if isinstance(value, dict):
            return f"{value['amount']} {value['currency'] or ''}".rstrip()
        case "percentage" if isinstance(value, str):
            return f"{value}%"
        case "yes_no" if isinstance(value, bool):
            return "Yes" if value else "No"
        case "bulleted_list" if isinstance(value, list):
            return "; ".join(map(str, value))
        case "number" | "currency" | "date" | "tag" if isinstance(value, str):
            return value
    return cell.summary or ""


def harmless(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet could take it for a formula."""
    return f"'{text}" if text.lstrip(" \"'").startswith(_FORMULA_STARTS) or text.startswith(("\t", "\r")) else text
