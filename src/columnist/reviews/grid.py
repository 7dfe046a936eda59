"""Windows of the grid: some rows of a review with compact cells, sorted, filtered and searched by PostgreSQL.

A filter is written `column:op:value`; `column` is a column's id, or `any` for rows with any such cell.

    eq ne                 a text, tag or currency, in upper or lower case (of the first 200 characters)
    eq ne lt lte gt gte   a number, amount of money or date (2014-01-31); yes or no with eq and ne alone
    contains              part of an answer as it is shown, in upper or lower case
    flag                  one or more of green, yellow, red, grey, with commas between
    state                 done, failed (the last attempt), missing (never asked, or cleared), stale (its column changed
                          since), outdated (another model or prompt), edited (by a person), verified (by a person),
                          unverified (a quote was not found in the document), doubtful (there is a sign against the
                          model's answer, and nobody has looked at it), checked (edited or verified, in the present
                          wording of the question), unchecked (answered, and not checked), untyped (answered, not with
                          "not found", and without a value to compare), valueless (without a value, for any reason)

`any` takes flag and state. A cell without a value meets no comparison, not even `ne`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from columnist.db.connect import Connection
from columnist.db.sql import statement
from columnist.documents.how_read import how_read
from columnist.errors import InputError
from columnist.reviews.model import NOT_FOUND, Column, Format, ModelInUse
from columnist.reviews.store import list_columns

MOST_CELLS = 50_000
"""Most cells of a window: it is one text in memory."""

MOST_GROUPS = 1_000
"""Most groups of rows: more different answers than this are a list, not groups."""

_FLAGS = ("green", "yellow", "red", "grey")
_STATES = {
    "done": "c.status = 'done'",
    "failed": "is_failed(c)",
    "missing": "is_missing(c)",
    "stale": "is_stale(c, col.version)",
    "outdated": "is_outdated(c, %(model)s, %(prompt_version)s)",
    "edited": "c.edited_at is not null",
    "verified": "c.verified_at is not null",
    "unverified": "c.verified is false",
    "doubtful": "is_doubtful(c)",
    "checked": "is_checked(c, col.version)",
    "unchecked": "is_unchecked(c, col.version)",
    "untyped": "c.status = 'done' and c.summary <> %(not_found)s and not has_value(c)",
}
_STATE_NAMES = (*_STATES, "valueless")
_EQUAL = {"eq": "=", "ne": "<>"}
_ORDERED = _EQUAL | {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def _number(text: str) -> float:
    if not re.fullmatch(r"-?\d{1,100}(\.\d{1,100})?", text, re.ASCII):
        raise ValueError
    return float(text)


def _date(text: str) -> int:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError
    return int(date.fromisoformat(text).strftime("%Y%m%d"))


def _yes_no(text: str) -> int:
    return {"yes": 1, "true": 1, "no": 0, "false": 0}[text.lower()]


_NUMERIC: Mapping[Format, tuple[Callable[[str], float], Mapping[str, str], str]] = {
    "number": (_number, _ORDERED, "a number such as 12.5"),
    "percentage": (_number, _ORDERED, "a number such as 12.5"),
    "monetary_amount": (_number, _ORDERED, "an amount such as 1500.00, without a currency"),
    "date": (_date, _ORDERED, "a date such as 2014-01-31"),
    "yes_no": (_yes_no, _EQUAL, "yes or no"),
}
"""The formats with a sort_number: how a filter's value is read, the permitted operators, and a valid value in words."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The number of rows with this answer; `label` as one of its cells shows it, None for rows without an answer."""

    label: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a review: those that meet every filter and have the words `q`: words, or beginnings of words, of one
    answer, or part of a document's name. `in_use` decides which cells are outdated; None: no cell is."""

    filters: Sequence[str] = ()
    q: str | None = None
    in_use: ModelInUse | None = None


ALL_ROWS = Selection()


async def read_window(
    connection: Connection,
    review_id: UUID,
    selection: Selection = ALL_ROWS,
    *,
    offset: int = 0,
    limit: int = 100,
    sort: str = "position",
    column_ids: Sequence[UUID] | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> str:
    """The window as JSON: `{"rows": [...], "total": n}`, as api/routes/rows.py describes it.

    `sort` is `position`, `document`, `doubt` (of the row's most doubtful answer) or a column's id, with `-` before it
    for descending; empty cells are last in both directions, and equal ones keep the grid's order. Raises InputError
    with the field `sort`, `filter`, `column_ids` or `limit`.
    """
    asked = await _ask(connection, review_id, selection)
    if document_ids is not None:
        asked.values["document_ids"] = list(document_ids)
        asked.conditions.append("r.document_id = any(%(document_ids)s)")
    if column_ids is not None and not asked.columns.keys() >= set(column_ids):
        raise InputError("The review has no such column.", "column_ids")
    width = len(asked.columns if column_ids is None else column_ids)
    if limit * width > MOST_CELLS:
        raise InputError(
            f"{limit:,} rows of {width:,} columns are more than {MOST_CELLS:,} cells: ask for fewer rows, or name "
            "fewer columns.",
            "limit",
        )
    asked.values.update(
        offset=offset,
        limit=limit,
        column_ids=None if column_ids is None else list(column_ids),
    )
    rows = await (await connection.execute(asked.query("read_window", sort), asked.values)).fetchall()
    total = rows[0]["total"]
    encoded = ",".join(_encoded(row) for row in rows if row["document_id"])
    return f'{{"rows":[{encoded}],"total":{total}}}'


async def group_rows(connection: Connection, review_id: UUID, selection: Selection, column_id: UUID) -> list[RowGroup]:
    """The selected rows, grouped by the answers of one column, in the order of `sort=<column>`; those without an
    answer are last. Raises InputError with the field `filter` or `column_id`."""
    asked = await _ask(connection, review_id, selection)
    if column_id not in asked.columns:
        raise InputError("The review has no such column.", "column_id")
    asked.values["limit"] = MOST_GROUPS + 1
    cursor = await connection.execute(asked.query("group_rows", str(column_id)), asked.values)
    groups = [RowGroup(**row) for row in await cursor.fetchall()]
    if len(groups) > MOST_GROUPS:
        name = asked.columns[column_id].name
        raise InputError(f"{name!r} has over {MOST_GROUPS:,} different answers: sort by it instead.", "column_id")
    return groups


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the grid by its number, and those of its columns whose cells were looked for."""

    row: int
    document_id: UUID
    column_ids: list[UUID]


async def next_row(
    connection: Connection,
    review_id: UUID,
    selection: Selection,
    state: str,
    *,
    offset: int = 0,
    sort: str = "position",
    column_ids: Sequence[UUID] | None = None,
) -> Place | None:
    """The first row from number `offset` on, in the window's order, that has a cell in this state. Raises InputError
    with the field `state`, `sort` or `filter`."""
    if state not in _STATES:
        raise InputError(f"Go to cells that are {', '.join(_STATES)}, not {state!r}.", "state")
    asked = await _ask(connection, review_id, selection)
    asked.values.update(offset=offset, column_ids=None if column_ids is None else list(column_ids))
    query = asked.query("next_row", sort, state=_STATES[state])
    row = await (await connection.execute(query, asked.values)).fetchone()
    return Place(**row) if row else None


async def count_uncompared(connection: Connection, review_id: UUID, selection: Selection) -> dict[str, int]:
    """For each filter that compares values: how many rows match all the others, but have no value that it could
    compare. Raises InputError with the field `filter`."""
    counts = {}
    for text in selection.filters:
        column, op, _ = _taken_apart(text)
        if op in _ORDERED:
            others = [one for one in selection.filters if one != text]
            valueless = replace(selection, filters=[*others, f"{column}:state:valueless"])
            asked = await _ask(connection, review_id, valueless)
            row = await (await connection.execute(asked.query("count_rows", "position"), asked.values)).fetchone()
            counts[text] = row["count"] if row else 0
    return counts


async def matching_documents(connection: Connection, review_id: UUID, selection: Selection) -> list[UUID]:
    """The documents of the selected rows, in the grid's order. Raises InputError with the field `filter`."""
    asked = await _ask(connection, review_id, selection)
    cursor = await connection.execute(asked.query("match_documents", "position"), asked.values)
    return [row["document_id"] for row in await cursor.fetchall()]


def _encoded(row: DictRow) -> str:
    """A row as JSON. Its many cells are JSON already, and are not parsed here."""
    cells = row.pop("cells")
    del row["total"]
    content = row.pop("content")
    row["how_read"] = how_read(content, row["same_as"], row["newer_file_at"])
    row["newer_file_at"] = row["newer_file_at"] and row["newer_file_at"].isoformat()
    row["remarks"] = content["remarks"] if content else []
    return f'{json.dumps(row)[:-1]},"cells":{cells}}}'


@dataclass(frozen=True, slots=True)
class _Asked:
    """The requested rows: conditions on the row `r`, and their values."""

    columns: Mapping[UUID, Column]
    conditions: list[str]
    values: dict[str, Any]

    def query(self, name: str, sort: str, **parts: str) -> str:
        """The statement `name` over these rows, sorted; `parts`: for its other gaps."""
        sorted_by, keys, direction = _sort(sort, self.columns, self.values)
        return statement("columnist.reviews", name).format(
            # Without a condition the rows come in order from one index, and are counted in another.
            materialized="materialized" if self.conditions else "not materialized",
            filters="".join(f"\n    and {condition}" for condition in self.conditions),
            sorted_by=sorted_by,
            keys=", ".join(keys),
            order=", ".join(f"{key} {direction}" for key in keys),
            **parts,
        )


async def _ask(connection: Connection, review_id: UUID, selection: Selection) -> _Asked:
    columns = {column.id: column for column in await list_columns(connection, review_id)}
    values: dict[str, Any] = {
        "review_id": review_id,
        "column_count": len(columns),
        "model": selection.in_use and selection.in_use.model,
        "prompt_version": selection.in_use and selection.in_use.prompt_version,
        "not_found": NOT_FOUND,
    }
    conditions = [_condition(text, columns, values, nr) for nr, text in enumerate(selection.filters)]
    if q := (selection.q or "").strip():
        values["q"] = q
        conditions.append("r.document_id in (select documents_with_words(%(review_id)s, %(q)s))")
    return _Asked(columns, conditions, values)


def _sort(sort: str, columns: Mapping[UUID, Column], values: dict[str, Any]) -> tuple[str, Sequence[str], str]:
    """The joins to the matching rows `m`, the sort keys, and the direction."""
    name, direction = sort.removeprefix("-"), "desc" if sort.startswith("-") else "asc"
    if name == "position":
        return "", ["m.position"], direction
    if name == "document":
        return "join documents n on n.id = m.document_id", ["lower(n.name)"], direction
    if name == "doubt":
        joined = (
            "left join lateral (select max(c.doubt) as doubt from tabular_cells c "
            "where c.review_id = %(review_id)s and c.document_id = m.document_id and is_doubtful(c)) s on true"
        )
        return joined, ["s.doubt"], f"{direction} nulls last"
    column = _column(name, columns)
    if column is None:
        raise InputError("Sort by position, document, doubt or the id of one of the review's columns.", "sort")
    values["sort"] = column.id
    joined = (
        "left join tabular_cells s "
        "on s.review_id = %(review_id)s and s.column_id = %(sort)s and s.document_id = m.document_id"
    )
    direction += " nulls last"
    if column.format not in _NUMERIC:
        return joined, ["s.sort_text"], direction
    if column.format == "monetary_amount":  # equal amounts by their currency
        return joined, ["s.sort_number", "s.sort_text"], direction
    # Answers that could not be typed come after those that could.
    return joined, ["s.sort_number", "case when s.sort_number is null then s.sort_text end"], direction


def _taken_apart(text: str) -> tuple[str, str, str]:
    """The column, the op and the value of a filter."""
    name, _, rest = text.partition(":")
    op, _, value = rest.partition(":")
    return name, op, value


def _condition(text: str, columns: Mapping[UUID, Column], values: dict[str, Any], nr: int) -> str:
    """A filter as a condition on the row `r`; its values go to `values`, under names with its number."""
    name, op, value = _taken_apart(text)
    column = _column(name, columns)
    if column is None and name != "any":
        raise InputError(f"Filter by `any` or the id of one of the review's columns, not {name!r}.", "filter")
    cells = "tabular_cells c"
    met = "c.review_id = %(review_id)s and c.document_id = r.document_id"
    if column is not None:
        values[f"column_{nr}"] = column.id
        met += f" and c.column_id = %(column_{nr})s"
    if op == "state":
        if value not in _STATE_NAMES:
            raise InputError(f"A state is one of {', '.join(_STATE_NAMES)}, not {value!r}.", "filter")
        # A cell that was never asked has no row.
        fewer = f"(select count(*) from {cells} where {met}{{}}) < {'1' if column else '%(column_count)s'}"  # noqa: S608  no text of the user's
        if value == "valueless":
            return fewer.format(" and has_value(c)")
        if value == "missing":  # a cleared one has a row, and an index
            return f"({fewer.format('')} or exists (select from {cells} where {met} and {_STATES[value]}))"
        if "col." in _STATES[value]:
            cells += " join tabular_columns col on col.id = c.column_id"
        met += f" and {_STATES[value]}"
    elif op == "flag":
        values[f"value_{nr}"] = value.split(",")
        if not set(values[f"value_{nr}"]) <= set(_FLAGS):
            raise InputError(f"A flag is one of {', '.join(_FLAGS)}, with commas between, not {value!r}.", "filter")
        met += f" and c.flag = any(%(value_{nr})s)"
    elif column is None:
        raise InputError("`any` takes flag and state: compare the answers of one column.", "filter")
    else:
        comparison, values[f"value_{nr}"] = _comparison(op, value, column)
        met += f" and {comparison.format(value=f'%(value_{nr})s')}"
    return f"exists (select from {cells} where {met})"


def _comparison(op: str, value: str, column: Column) -> tuple[str, float | str]:
    """A condition on the cell `c`, with a gap for the value, and the value."""
    if op == "contains":
        return "strpos(folded(c.summary), folded({value})) > 0", value
    read, operators, right = _NUMERIC.get(column.format, (None, _EQUAL, ""))
    if op not in operators:
        ops = ", ".join([*operators, "contains", "flag", "state"])
        raise InputError(f"The column {column.name!r} is filtered by {ops}, not {op!r}.", "filter")
    if read is None:
        return f"c.sort_text {operators[op]} lower(left({{value}}, 200)) and has_value(c)", value
    try:
        return f"c.sort_number {operators[op]} {{value}}", read(value)
    except (ValueError, KeyError):
        raise InputError(f"The column {column.name!r} is compared with {right}, not {value!r}.", "filter") from None


def _column(name: str, columns: Mapping[UUID, Column]) -> Column | None:
    try:
        return columns.get(UUID(name))
    except ValueError:
        return None
