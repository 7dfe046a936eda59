"""Bring a database to this Columnist's schema, one process at a time (an advisory lock).

First `migrations/NNN_name.sql`: tables and data, forward only, each in its own transaction, and never edited after it
was applied. Then the functions, triggers and policies whose text has changed (`definitions.py`), in one transaction.
Migrations up to 018 hold functions, too: these are replaced at once, and their present text is in `functions/`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import resources

import psycopg
import structlog
from psycopg import sql
from psycopg.errors import DeadlockDetected, DuplicateObject, InternalError_, LockNotAvailable, UniqueViolation

from columnist.db import copies
from columnist.db.definitions import changed, checksum, define
from columnist.errors import DatabaseError, SchemaTooNewError

log = structlog.get_logger()

ADVISORY_LOCK = 7_265_171_903
"""An arbitrary constant, used for nothing else: one process migrates, the others wait."""

OLDEST_SERVER = 150_000

LOCK_SECONDS = 2.0
"""How long one try waits for a lock: requests queue behind it meanwhile."""

GIVE_UP_SECONDS = 600.0
"""How long it tries to get a lock: as long as deploy/kubernetes.yaml gives a start."""


_CHANGED_MEANWHILE = (InternalError_, DuplicateObject, UniqueViolation)
"""PostgreSQL's error when two sessions change the rights of one role or database. Roles belong to the whole server, so
the advisory lock of one database does not exclude the processes of another: "tuple concurrently updated"."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; versions count up from 1 without a gap."""

    version: int
    name: str
    text: str


def migrations() -> list[Migration]:
    """Every migration that this Columnist knows, oldest first."""
    found = []
    for file in resources.files("columnist.db").joinpath("migrations").iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.version)


def migrate(url: str, run_as: str | None = None) -> int:
    """Bring the database to this schema; returns how many migrations were applied.

    `run_as`: a login that only runs Columnist. It is made if there is none; it may set the roles of requests and
    workers, and nothing else. If `url` has such a login itself, nothing is changed.

    If a table is locked, for instance by a backup, it tries again and again for a short time, so that requests go on
    meanwhile. Raises DatabaseError if the server is older than PostgreSQL 15, out of reach, refuses a statement or
    keeps a lock, if an applied migration was edited, or if the schema is an older one or the database a copy and the
    login may not change that; SchemaTooNewError if a newer Columnist has migrated it.
    """
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.info.server_version < OLDEST_SERVER:
                major = connection.info.server_version // 10_000
                raise DatabaseError(f"The database is PostgreSQL {major}; Columnist needs 15 or newer.")
            if not _may_migrate(connection):
                return _only_look(connection)
            applied = 0
            if not _is_current(connection):
                connection.execute("select pg_advisory_lock(%s)", [ADVISORY_LOCK])
                applied = _apply(connection)
            _with_locks(connection, "rights", partial(_settle_rights, connection, run_as))
            _with_locks(connection, "copy", partial(copies.own, connection))
            return applied
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"The database login may not create the schema ({first_line(error)}). Let it own the database and "
            "give it CREATEROLE, or migrate once with a login that has both."
        ) from error
    except psycopg.Error as error:
        raise DatabaseError(f"The database cannot be used: {first_line(error)}") from error


_NO_TEMPORARY_OBJECTS = """
do $$
begin
  if has_database_privilege('authenticated', current_database(), 'temporary')
     and pg_has_role(current_user, (select datdba from pg_database where datname = current_database()), 'usage') then
    execute format('revoke temporary on database %I from public', current_database());
  end if;
end $$
"""
"""With a temporary type or table a user could shadow names that a function uses."""


def _may_migrate(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select to_regclass('public.columnist_migrations') is null or pg_has_role(session_user, "
        "(select relowner from pg_class where oid = to_regclass('public.columnist_migrations')), 'usage')"
    ).fetchone()
    return bool(row and row[0])


def _only_look(connection: psycopg.Connection) -> int:
    """The check for a login that owns nothing. Raises DatabaseError if there is something to migrate."""
    connection.execute("set role columnist_worker")
    if not _is_current(connection):
        raise DatabaseError(
            "The database has an older schema than this Columnist, and its login may not change that: run "
            "columnist migrate with COLUMNIST_MIGRATION_URL set to the login that owns the schema."
        )
    if copies.is_new_copy(connection):
        raise DatabaseError(
            "This database is a copy of another. Run columnist migrate with COLUMNIST_MIGRATION_URL set to the login "
            "that owns the schema: it pauses the jobs of the copy, which go on in the original."
        )
    return 0


def _settle_rights(connection: psycopg.Connection, run_as: str | None) -> None:
    connection.execute(_NO_TEMPORARY_OBJECTS)
    if run_as is not None and run_as != connection.info.user:
        _let_run(connection, run_as)


def _let_run(connection: psycopg.Connection, login: str) -> None:
    """The login may act as the roles of requests and workers; it owns nothing and inherits nothing."""
    name = sql.Identifier(login)
    row = connection.execute(
        "select pg_has_role(oid, 'columnist_worker', 'member') from pg_roles where rolname = %s", [login]
    )
    found = row.fetchone()
    if found is None:
        connection.execute(sql.SQL("create role {} login noinherit nocreaterole nocreatedb").format(name))
    if found is None or not found[0]:
        options = " with inherit false, set true" if connection.info.server_version >= 160_000 else ""
        connection.execute(sql.SQL("grant authenticated, columnist_worker to {}" + options).format(name))


def _is_current(connection: psycopg.Connection) -> bool:
    row = connection.execute("select to_regclass('columnist_definitions') is not null").fetchone()
    return bool(row and row[0]) and not _pending(connection) and not changed(connection)


def _apply(connection: psycopg.Connection) -> int:
    connection.execute(
        "create table if not exists columnist_migrations "
        "(version int primary key, name text not null, applied_at timestamptz not null default now());"
        # null: applied before checksums were kept
        "alter table columnist_migrations add column if not exists checksum text;"
        "create table if not exists columnist_definitions (path text primary key, checksum text not null, "
        "release text not null, applied_at timestamptz not null default now());"
        # Supabase gives every new table to its API roles; these are the owner's alone.
        "alter table columnist_migrations enable row level security;"
        "alter table columnist_definitions enable row level security"
    )
    pending = _pending(connection)
    for migration in pending:
        _with_locks(connection, migration.name, partial(_apply_one, connection, migration))
    known = {migration.version: checksum(migration.text) for migration in migrations()}
    connection.execute(
        "update columnist_migrations m set checksum = k.checksum "
        "from unnest(%s::int[], %s::text[]) k (version, checksum) "
        "where m.version = k.version and m.checksum is null",
        [list(known), list(known.values())],
    )
    _with_locks(connection, "definitions", partial(define, connection))
    return len(pending)


def _apply_one(connection: psycopg.Connection, migration: Migration) -> None:
    connection.execute(migration.text)
    connection.execute(
        "insert into columnist_migrations (version, name) values (%s, %s)", [migration.version, migration.name]
    )


def _with_locks(connection: psycopg.Connection, name: str, step: Callable[[], None]) -> None:
    """Run a step in a transaction; repeat it while others hold its locks, or have just changed the same rows."""
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            with connection.transaction():
                connection.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
                step()
                return
        except (LockNotAvailable, DeadlockDetected, *_CHANGED_MEANWHILE) as error:
            if isinstance(error, InternalError_) and "concurrently" not in str(error):
                raise
            if time.monotonic() > give_up_at:
                raise DatabaseError(
                    f"The schema could not be changed ({name}): another session, such as a backup, has held a lock for "
                    f"{GIVE_UP_SECONDS / 60:.0f} minutes. Start again when it has ended."
                ) from error
            log.warning("migration waits for a lock", step=name, error=first_line(error))
        time.sleep(LOCK_SECONDS)  # requests have waited, too: let them run


def _pending(connection: psycopg.Connection) -> list[Migration]:
    """The migrations to apply. Raises SchemaTooNewError, and DatabaseError for one that was edited."""
    rows = connection.execute("select version, checksum from columnist_migrations").fetchall()
    applied: dict[int, str | None] = dict(rows)
    known = migrations()
    newest = max(applied, default=0)
    if newest > len(known):
        raise SchemaTooNewError(
            f"The database has schema {newest}, made by a newer Columnist; this one knows schema {len(known)}. "
            "Upgrade this installation."
        )
    for migration in known:
        if applied.get(migration.version) not in (None, checksum(migration.text)):
            raise DatabaseError(
                f"Migration {migration.version:03}_{migration.name} was edited after it was applied to this database. "
                "Restore its text, and write the change as a new migration."
            )
    return known[newest:]


def first_line(error: psycopg.Error) -> str:
    """The error's first line, without PostgreSQL's details."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
