"""A cell in a file: its value if it has the question's format, its words, its state, and its author."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from columnist.answers.units import plural
from columnist.answers.values import as_shown
from columnist.reviews.model import NOT_FOUND, Cell, ColumnSpec, Format

Suffix = Literal["xlsx", "csv", "parquet", "json", "jsonl"]
"""The formats of an export."""

Columns = Sequence[tuple[UUID, ColumnSpec]]

_SEPARATORS = ";,|\t\n\v\f\r\x85\u2028\u2029"
_SIGNS = "=+@⁺⁼₊₌⩵⩶﬩﹢﹣﹦﹫＋－＝＠-"
"""Characters that begin a formula (OWASP, CSV injection), and their equivalents in Unicode, such as full-width
forms."""
_UNSEEN = (
    "\0- \x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
"""Blanks, controls, and characters that Unicode says are not displayed."""
_NEGATIVE = rf" ?-[0-9]++(?:\.[0-9]++)?+(?:%| [A-Z]{{3}})?+(?![^{_SEPARATORS.replace('|', '')}])"  # | calls a program
_FORMULA_FIRST = re.compile(rf"(?!{_NEGATIVE})[{_UNSEEN}\"']*+[{_SIGNS}]|[\t\r\n]")
"""The beginning of a field that a spreadsheet could take for a formula. A negative figure is no formula."""
_BEFORE = rf"{_SEPARATORS}{_UNSEEN}\"'"
_LATE_SIGN = re.compile(rf"[{_SIGNS}](?<=[{_BEFORE}].)", re.S)
"""A test that fails for most texts, and is seven times as fast as the following."""
_BEFORE_SIGN = re.compile(rf"(?<![{_BEFORE}])[{_BEFORE}]++(?=[{_SIGNS}])")
_UNSEEN_END = re.compile(rf"[{_UNSEEN}\"']*+")
_SEPARATOR = re.compile(f"[{_SEPARATORS}]")
"""The place where a formula would begin with another separator than ours: before a sign, after a run of separators and
invisible characters that contains a separator."""
_FIGURE = re.compile(_NEGATIVE)
_DECIMAL = re.compile(r"-?[0-9]{1,100}(\.[0-9]{1,100})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Export:
    """The review of a file, and the time when its rows were read. `units`: of columns whose questions name none;
    `measured`: as in ModelInUse."""

    review: str
    at: datetime
    version: str
    units: Mapping[UUID, str | None] = field(default_factory=dict)
    measured: Collection[str] = ()

    def heads(self, columns: "Columns") -> "Columns":
        """The columns as in their heads: with the unit of their numbers."""
        named = [(one, column, self.units.get(one)) for one, column in columns]
        return [
            (one, replace(column, name=f"{column.name} ({plural(unit)})") if unit else column)
            for one, column, unit in named
        ]

    def questions(self, columns: "Columns") -> list[dict[str, Any]]:
        """The columns for programs."""
        units = {one: {"unit": unit} for one, unit in self.units.items() if unit}
        return [{"id": str(one), **asdict(column), **units.get(one, {})} for one, column in columns]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount; `currency` is an ISO 4217 code, or None if the answer named none."""

    amount: Decimal
    currency: str | None


Typed = Decimal | Money | date | bool | list[str] | str


def typed(cell: Cell | None, form: Format) -> Typed | None:
    """The answer's value, if it has this format. None if there is no answer, it was not typed, it was typed for another
    format, or it is broken; then use the words."""
    if cell is None or cell.status != "done" or (cell.value_format or form) != form:
        return None
    value = cell.value
    match form:
        case "number" | "percentage":
            return _decimal(value)
        case "date":
            return _date(value)
        case "monetary_amount":
            return _money(value)
        case "yes_no":
            return value if isinstance(value, bool) else None
        case "bulleted_list":
            of_texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
            return value if of_texts else None
        case _:
            return value if isinstance(value, str) else None


def words(cell: Cell | None) -> str:
    """The answer's words, as the page shows them, whatever its value; empty if there is no answer."""
    if cell is None or cell.status != "done":
        return ""
    if cell.summary or cell.value is None:
        return cell.summary or ""
    return cell.value if isinstance(cell.value, str) else json.dumps(cell.value, ensure_ascii=False, default=str)


def as_text(cell: Cell | None, form: Format) -> str:
    """The answer as one text: a value of the format in canonical form, anything else in its words."""
    value = typed(cell, form)
    match value:
        case Money():
            return f"{value.amount:f} {value.currency or ''}".rstrip()
        case Decimal():
            return f"{value:f}%" if form == "percentage" else f"{value:f}"
        case bool():
            return "Yes" if value else "No"
        case list() if value:
            return "; ".join(value)
        case date():
            return value.isoformat()
        case str() if form != "text":
            return value
    return words(cell)


def reading(cell: Cell, form: Format) -> str:
    """The value of a figure if its words are written differently; empty if they are the same."""
    value, said = typed(cell, form), words(cell)
    if value is None or isinstance(value, str | bool | list):
        return ""
    shown = value.isoformat() if isinstance(value, date) else as_shown(cell.value, form)
    same = _figures(shown) == _figures(_WITH_UNIT.sub("", said) if form == "number" else said)
    return "" if same else shown


_WITH_UNIT = re.compile(r"(?<=\d) [a-z ]+$")
"""The unit of a number that was asked for: `90 days`."""


def _figures(text: str) -> list[str]:
    """The characters that distinguish figures: digits, points and the letters of currencies, in any order."""
    return sorted(re.findall(r"[0-9.]+|[A-Z]{3}\b|[^\W\d]+|%", text.replace(",", "")))


def state(cell: Cell | None) -> str:
    """The state of a cell as the page shows it. Without an answer: never asked, cleared, being asked or failed. With
    one: stale (for an earlier wording), outdated (from another model), not found or done, and ", last attempt failed"
    if it could not be renewed."""
    if cell is None:
        return "never asked"
    if cell.status == "error":
        return "failed"
    if cell.status != "done":
        return "cleared" if cell.status == "pending" else "being asked"
    if cell.stale:
        shown = "stale"
    elif cell.outdated:
        shown = "outdated"
    else:
        shown = "not found" if cell.value is None and _says_nothing(cell.summary) else "done"
    return f"{shown}, last attempt failed" if cell.attempt_error else shown


def mark(cell: Cell) -> str:
    """The state of an answer that is not current; empty for a current one."""
    shown = state(cell)
    return "" if shown in ("done", "not found") else shown


def problem(cell: Cell | None) -> str | None:
    """Why the last attempt failed."""
    return None if cell is None else cell.attempt_error or cell.error


class Details(NamedTuple):
    """The other columns of a question, after its value."""

    shown: str | None
    flag: str | None
    verified: bool | None
    error: str | None
    edited_by: str | None
    edited_at: datetime | None
    verified_by: str | None
    verified_at: datetime | None
    before_edit: str | None
    model: str | None
    prompt_version: str | None
    column_version: int | None
    job: UUID | None


DETAILS = tuple(name.replace("_", " ") for name in Details._fields)
_NOTHING = Details(*[None] * len(DETAILS))


def details(cell: Cell | None) -> Details:
    """The other columns of a cell; `shown`: its words."""
    if cell is None:
        return _NOTHING
    return Details(
        words(cell) if cell.status == "done" else None,
        cell.flag,
        cell.verified,
        cell.attempt_error or cell.error,
        cell.edited_by,
        cell.edited_at,
        cell.verified_by,
        cell.verified_at,
        cell.earlier.summary if cell.earlier else None,
        cell.model,
        cell.prompt_version,
        cell.column_version,
        cell.job_id,
    )


def distinct_names(columns: Columns, taken: Sequence[str], endings: Sequence[str]) -> list[str]:
    """The columns' names, made unique, also among `taken` and each name with its endings."""
    used = {name.lower() for name in taken}
    names = []
    for _, column in columns:
        name, number = column.name, 2
        while used & (wanted := {f"{name}{ending}".lower() for ending in ("", *endings)}):
            name, number = f"{column.name} {number}", number + 1
        used |= wanted
        names.append(name)
    return names


def harmless(text: str) -> str:
    """The text, with an apostrophe before everything in it that a spreadsheet could take for a formula."""
    if text.isalnum():  # true for nearly every text that is not a formula
        return text
    later = _BEFORE_SIGN.sub(_apart, text) if _LATE_SIGN.search(text) else text
    return f"'{later}" if _FORMULA_FIRST.match(text) else later


def _apart(run: re.Match[str]) -> str:
    unseen = _UNSEEN_END.match(run[0][::-1])
    assert unseen
    first = max(run.end() - unseen.end() - 1, run.start())
    kept, at = [], run.start()
    for separator in _SEPARATOR.finditer(run.string, first, run.end()):
        if not _FIGURE.match(run.string, separator.end()):
            kept.append(run.string[at : separator.end()])
            at = separator.end()
    return "'".join([*kept, run.string[at : run.end()]])


def _decimal(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def _date(value: Any) -> date | None:
    if isinstance(value, str) and len(value) == len("2014-01-31"):
        with suppress(ValueError):
            return date.fromisoformat(value)
    return None


def _money(value: Any) -> Money | None:
    if not isinstance(value, dict):
        return None
    amount, currency = _decimal(value.get("amount")), value.get("currency")
    if amount is None or not (currency is None or (isinstance(currency, str) and _CURRENCY.fullmatch(currency))):
        return None
    return Money(amount, currency)


def _says_nothing(summary: str | None) -> bool:
    return summary is not None and summary.strip().casefold() == NOT_FOUND.casefold()
