"""SQL functions, triggers and policies: one file each, applied whole whenever its text changes.

    functions/NAME.sql         a function and its overloads
    functions/gate/NAME.sql    the same, owned by `columnist_gate`: `security definer`
    triggers/NAME.sql          a trigger
    policies/TABLE.sql         all policies of a table

Files are applied in order of dependence: after the functions that they call. docs/decisions/0008-sql-definitions.md
says what must be true of an edit, so that processes of the previous release can go on meanwhile.
"""

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from hashlib import sha256
from importlib import metadata, resources

import psycopg
from psycopg import sql

FOLDERS = ("functions", "functions/gate", "triggers", "policies")

_COMMENT = re.compile(r"--.*")
_CALLED = re.compile(r"\b(\w+)\(")


def checksum(text: str) -> str:
    """The record of an applied file."""
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Definition:
    """A file of this package: its folder, its name without `.sql`, and its text."""

    folder: str
    name: str
    text: str

    @property
    def path(self) -> str:
        """Its record in `columnist_definitions`."""
        return f"{self.folder}/{self.name}"


@cache
def definitions() -> tuple[Definition, ...]:
    """Every definition, each after the functions that it calls. Raises graphlib.CycleError."""
    return tuple(TopologicalSorter(_called()).static_order())


@cache
def _called() -> dict[Definition, list[Definition]]:
    """For each definition, the functions that it calls."""
    found = [
        Definition(folder, file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for folder in FOLDERS
        for file in sorted(resources.files("columnist.db").joinpath(folder).iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    ]
    functions = {one.name: one for one in found if one.folder.startswith("functions")}
    called = {one: sorted(functions.keys() & _CALLED.findall(_COMMENT.sub("", one.text))) for one in found}
    return {one: [functions[name] for name in called[one] if functions[name] != one] for one in found}


def changed(connection: psycopg.Connection) -> list[Definition]:
    """The definitions with another text than the database has. Empty if a newer release has defined something: its
    definitions serve this release, too."""
    rows = connection.execute("select path, checksum, release from columnist_definitions").fetchall()
    own = _numbers(_release())
    if any(_numbers(release) > own for _, _, release in rows):
        return []
    known = {path: applied for path, applied, _ in rows}
    return [one for one in definitions() if known.get(one.path) != checksum(one.text)]


def define(connection: psycopg.Connection) -> None:
    """Apply the `changed` definitions; the caller has begun a transaction."""
    pending = changed(connection)
    if not pending:
        return
    connection.execute("grant create on schema public to columnist_gate")
    for one in pending:
        if one.folder == "policies":
            _drop_policies(connection, one.name)
        if one.folder == "functions/gate":  # only its owner can replace it
            connection.execute("set local role columnist_gate")
        connection.execute(one.text)
        connection.execute("reset role")
        connection.execute(
            "insert into columnist_definitions (path, checksum, release) values (%s, %s, %s) "
            "on conflict (path) do update "
            "set checksum = excluded.checksum, release = excluded.release, applied_at = now()",
            [one.path, checksum(one.text), _release()],
        )
    connection.execute("revoke create on schema public from columnist_gate")
    _rebuild_indexes(connection, pending)


def _rebuild_indexes(connection: psycopg.Connection, pending: list[Definition]) -> None:
    """An index on a function holds values from before the change of that function, or of one that it calls."""
    affected = set(pending)
    for one in definitions():
        if affected.intersection(_called()[one]):
            affected.add(one)
    rows = connection.execute(
        "select distinct d.objid::regclass::text from pg_depend d join pg_index i on i.indexrelid = d.objid "
        "join pg_proc p on p.oid = d.refobjid "
        "where d.refclassid = 'pg_proc'::regclass and p.pronamespace = 'public'::regnamespace and p.proname = any(%s)",
        [[one.name for one in affected if one.folder.startswith("functions")]],
    ).fetchall()
    for (index,) in rows:
        connection.execute(f"reindex index {index}".encode())


def _drop_policies(connection: psycopg.Connection, table: str) -> None:
    rows = connection.execute(
        "select polname from pg_policy where polrelid = %s::regclass", [f"public.{table}"]
    ).fetchall()
    for (policy,) in rows:
        connection.execute(sql.SQL("drop policy {} on {}").format(sql.Identifier(policy), sql.Identifier(table)))


def _release() -> str:
    return metadata.version("columnist")


def _numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]
