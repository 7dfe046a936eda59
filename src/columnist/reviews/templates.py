"""Sets of questions to start from: the built-in ones, and each user's own."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from psycopg.errors import UniqueViolation
from rapidfuzz import fuzz, process

from columnist.db.connect import Connection, User
from columnist.db.text import as_json
from columnist.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from columnist.reviews.columns_file import parse_columns, read_columns
from columnist.reviews.model import ColumnSpec, Rule

SAME_TITLE = 90
"""The least similarity, of 100, of two column titles with the same meaning (rapidfuzz's ratio, ignoring case)."""


_FOLDER = resources.files("columnist.reviews").joinpath("built_in_templates")


@dataclass(frozen=True, slots=True)
class Template:
    """A set of questions. The id of a built-in one is a word such as `leases`."""

    id: str
    name: str
    built_in: bool
    columns: list[ColumnSpec]


@cache
def built_in_templates() -> dict[str, Template]:
    """The templates that come with Columnist, by id."""
    found = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda file: file.name):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        slug = file.name.removesuffix(".yaml").replace("_", "-")
        found[slug] = Template(slug, data["name"], True, parse_columns(data, file.name))
    return found


def template_text(name: str) -> str:
    """The file of a built-in template. Raises NotFoundError."""
    if name not in built_in_templates():
        raise NotFoundError(f"There is no template {name!r}. Templates: {', '.join(built_in_templates())}.")
    return _FOLDER.joinpath(f"{name.replace('-', '_')}.yaml").read_text(encoding="utf-8")


def read_questions(named: Path) -> list[ColumnSpec]:
    """The questions of a YAML file or, if there is no such file, of the built-in template with that name. Raises
    InputError."""
    if named.exists() or named.suffix or len(named.parts) > 1:
        return read_columns(named)
    if (template := built_in_templates().get(str(named))) is None:
        raise InputError(
            f"{named}: there is no such file and no template of that name. "
            f"Templates: {', '.join(built_in_templates())}."
        )
    return template.columns


def known_column(title: str) -> ColumnSpec | None:
    """The column of a built-in template with this title, or nearly this title."""
    columns = {column.name: column for template in built_in_templates().values() for column in template.columns}
    match = process.extractOne(
        title, columns.keys(), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=SAME_TITLE
    )
    return columns[match[0]] if match else None


async def list_templates(connection: Connection) -> list[Template]:
    """The built-in ones, then the user's own by name."""
    cursor = await connection.execute("select id, name, columns from column_templates order by name")
    own = [Template(str(row["id"]), row["name"], False, _columns(row["columns"])) for row in await cursor.fetchall()]
    return [*built_in_templates().values(), *own]


async def get_template(connection: Connection, template_id: str) -> Template:
    """One template. Raises NotFoundError."""
    if template_id in built_in_templates():
        return built_in_templates()[template_id]
    cursor = await connection.execute("select name, columns from column_templates where id = %s", [_own(template_id)])
    row = await cursor.fetchone()
    if row is None:
        raise NotFoundError("There is no such template.")
    return Template(template_id, row["name"], False, _columns(row["columns"]))


async def create_template(connection: Connection, user: User, name: str, columns: Sequence[ColumnSpec]) -> Template:
    """A template of the user's own. Raises ConflictError if they have one of that name."""
    try:
        cursor = await connection.execute(
            "insert into column_templates (user_id, name, columns) values (%s, %s, %s) returning id",
            [user.id, name, _json(columns)],
        )
    except UniqueViolation:
        raise ConflictError(f"You have a template called {name!r} already.", "name") from None
    row = await cursor.fetchone()
    assert row
    return Template(str(row["id"]), name, False, list(columns))


async def put_template(connection: Connection, template_id: str, name: str, columns: Sequence[ColumnSpec]) -> Template:
    """Replace a template of the user's own. Raises NotFoundError, ForbiddenError, ConflictError."""
    try:
        cursor = await connection.execute(
            "update column_templates set name = %s, columns = %s, updated_at = now() where id = %s",
            [name, _json(columns), _own(template_id)],
        )
    except UniqueViolation:
        raise ConflictError(f"You have a template called {name!r} already.", "name") from None
    if cursor.rowcount == 0:
        raise NotFoundError("There is no such template.")
    return Template(template_id, name, False, list(columns))


async def delete_template(connection: Connection, template_id: str) -> None:
    """Raises NotFoundError, ForbiddenError."""
    cursor = await connection.execute("delete from column_templates where id = %s", [_own(template_id)])
    if cursor.rowcount == 0:
        raise NotFoundError("There is no such template.")


def _own(template_id: str) -> UUID:
    if template_id in built_in_templates():
        raise ForbiddenError("A built-in template cannot be changed: make your own template from its columns.")
    try:
        return UUID(template_id)
    except ValueError:
        raise NotFoundError("There is no such template.") from None


def _json(columns: Sequence[ColumnSpec]) -> str:
    return as_json([asdict(column) for column in columns])


def _columns(stored: list[dict[str, Any]]) -> list[ColumnSpec]:
    """Columns as `_json` has written them; rules for new columns do not apply to them."""
    return [
        ColumnSpec(**{**column, "tags": tuple(column.get("tags", ())), "rules": _rules(column)}) for column in stored
    ]


def _rules(stored: dict[str, Any]) -> tuple[Rule, ...]:
    return tuple(Rule(**rule) for rule in stored.get("rules", ()))
