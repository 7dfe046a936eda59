"""Migrations: forward only, one process at a time, and never under a newer schema."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import conninfo

from columnist.db.migrate import migrate, migrations
from columnist.errors import DatabaseError, SchemaTooNewError


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
