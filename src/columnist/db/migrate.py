"""Forward-only migrations: `migrations/NNN_name.sql`, each in its own transaction, under one advisory lock."""

from dataclasses import dataclass
from importlib import resources

import psycopg

from columnist.errors import DatabaseError, SchemaTooNewError

ADVISORY_LOCK = 7_265_171_903
"""Any constant that nobody else uses: one process migrates, the others wait."""

OLDEST_SERVER = 150_000


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


def migrate(url: str) -> int:
    """Bring the database to the newest schema; returns how many migrations were applied.

    Raises DatabaseError if the server is older than PostgreSQL 15, out of reach or refuses a statement, and
    SchemaTooNewError if a newer Columnist has migrated it.
    """
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.info.server_version < OLDEST_SERVER:
                major = connection.info.server_version // 10_000
                raise DatabaseError(f"The database is PostgreSQL {major}; Columnist needs 15 or newer.")
            if _current_version(connection) == len(migrations()):
                return 0
            connection.execute("select pg_advisory_lock(%s)", [ADVISORY_LOCK])
            return _apply(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"The database login may not create the schema ({_first_line(error)}). Let it own the database and "
            "give it CREATEROLE, or migrate once with a login that has both."
        ) from error
    except psycopg.Error as error:
        raise DatabaseError(f"The database cannot be used: {_first_line(error)}") from error


def _apply(connection: psycopg.Connection) -> int:
    connection.execute(
        "create table if not exists columnist_migrations "
        "(version int primary key, name text not null, applied_at timestamptz not null default now());"
        # Supabase gives every new table to its API roles, and this one is nobody's but the owner's.
        "alter table columnist_migrations enable row level security"
    )
    known = migrations()
    pending = known[_current_version(connection) :]
    for migration in pending:
        with connection.transaction():
            connection.execute(migration.text)
            connection.execute(
                "insert into columnist_migrations (version, name) values (%s, %s)", [migration.version, migration.name]
            )
    return len(pending)


def _current_version(connection: psycopg.Connection) -> int:
    row = connection.execute("select to_regclass('columnist_migrations') is not null").fetchone()
    if row is None or not row[0]:
        return 0
    row = connection.execute("select coalesce(max(version), 0) from columnist_migrations").fetchone()
    version = int(row[0]) if row else 0
    newest = len(migrations())
    if version > newest:
        raise SchemaTooNewError(
            f"The database has schema {version}, made by a newer Columnist; this one knows schema {newest}. "
            "Upgrade this installation."
        )
    return version


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
