"""Least privilege: a login that migrates, one that runs and can do nothing else, and no access for anybody else."""

import asyncio
import os
import pwd
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from columnist.cli.doctor import _too_much
from columnist.db.connect import LOCAL_USER, Database, database_url
from columnist.db.embedded import LOGIN, RUN_LOGIN, embedded_server
from columnist.db.migrate import migrate
from columnist.errors import DatabaseError
from columnist.settings import Settings
from tests.conftest import fresh_database
from tests.jobs.grid import a_review, generate
from tests.processes import columnist

_numbers = count(1)


def running_login(admin: str) -> str:
    """The name of a login as deploy/login.sh makes it, on a server of the tests."""
    name = f"run_{next(_numbers)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login noinherit nocreaterole nocreatedb").format(sql.Identifier(name))
        )
    return name


@pytest.fixture(params=["embedded", "system"])
def logins(request: pytest.FixtureRequest, template_of: dict[str, str]) -> tuple[str, str]:
    """The URLs of the login that owns the schema, and of one that runs Columnist."""
    url = fresh_database(template_of[request.param])
    login = running_login(template_of[request.param])
    migrate(url, run_as=login)
    return url, url.replace("columnist@", f"{login}@")


def test_the_running_login_works_and_can_do_nothing_by_itself(logins: tuple[str, str]) -> None:
    _, url = logins

    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            await generate(database, review)
            async with database.worker() as connection:
                cursor = await connection.execute("select count(*) as n from tabular_jobs")
                assert await cursor.fetchone() == {"n": 1}

    asyncio.run(scenario())
    assert migrate(url) == 0, "it looks at the schema, and finds it as it should be"
    for refused in (
        "select * from tabular_reviews",
        "select * from document_readings",
        "create table mine ()",
        "create temporary table mine ()",
        "create role another",
        "create domain pg_temp.jsonb as text",
        "set role columnist_gate",
        "set role columnist",
        "set role postgres",
        "grant pg_execute_server_program to current_user",
        "copy (select 1) to program 'id'",
        "alter table tabular_cells disable row level security",
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(refused)


OUT_OF_REACH = (
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select pg_stat_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1,'/tmp/x')",
    "select data from pg_largeobject",
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/own13x'",
    "create extension dblink",
    "create extension postgres_fdw",
    "create temp table t(a int)",
    "create temp sequence s1",
    "create schema x",
    "create table public.x(a int)",
    "create function public.f() returns int language sql as 'select 1'",
    "create operator public.=== (function=int4eq,leftarg=int,rightarg=int)",
    "create domain public.jsonb as text",
    "create cast (int as bool) without function",
    "create view public.v as select 1",
    "create trigger t before insert on tabular_reviews execute function suppress_redundant_updates_trigger()",
    "create rule r as on select to tabular_reviews do instead select 1",
    "create policy p on tabular_reviews using (true)",
    "alter table tabular_reviews disable row level security",
    "set row_security=off; select count(*) from tabular_reviews",
    "truncate tabular_reviews",
    "set role postgres",
    "set role columnist_gate",
    "set role columnist",
    "set session authorization postgres",
    "set session_replication_role=replica",
    "alter role current_user superuser",
    "select passwd from pg_shadow",
    "select rolpassword from pg_authid",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_read_binary_file('postgresql.log')",
    "select pg_current_logfile()",
    "select * from pg_hba_file_rules",
    "select * from pg_statistic",
    "select pg_switch_wal()",
    "select pg_create_physical_replication_slot('x')",
    "select pg_backup_start('x')",
    "select query_to_xml('select * from sessions',true,true,'')",
    "select setval(c.oid,1) from pg_class c where relkind='S' limit 1",
    "comment on table tabular_reviews is 'x'",
    "create table public.y (a uuid references tabular_reviews)",
    "create publication p for all tables",
    "create event trigger e on ddl_command_end execute function x()",
    "do $$ begin execute 'set role columnist'; end $$",
    "select * from accounts",
    "select * from sessions",
    "select * from sign_in_guesses",
    "insert into events default values",
    "reassign owned by columnist to authenticated",
    "cluster tabular_reviews",
    "checkpoint",
    "drop table tabular_cells",
)
"""What leads out of the rights of a role: to files, programs, other roles, structures and everybody's secrets."""


@pytest.mark.parametrize("role", ["itself", "authenticated", "columnist_worker"])
def test_no_role_leaves_its_rights(
    logins: tuple[str, str], role: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("inputs", len(OUT_OF_REACH))
    for statement in OUT_OF_REACH:
        with psycopg.connect(logins[1]) as connection:
            if role != "itself":
                connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def test_a_running_login_that_finds_an_older_schema_says_who_migrates(logins: tuple[str, str]) -> None:
    owner, url = logins
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("update columnist_definitions set checksum = '' where path = 'functions/is_stale'")
    with pytest.raises(DatabaseError, match="COLUMNIST_MIGRATION_URL"):
        migrate(url)
    done = columnist("migrate", DATABASE_URL=url, COLUMNIST_MIGRATION_URL=owner)
    assert (done.returncode, "The database has schema" in done.stdout) == (0, True), done.stderr
    assert migrate(url) == 0


def test_doctor_refuses_a_login_that_can_do_more_and_says_how_to_mend_it(
    logins: tuple[str, str], tmp_path: Path
) -> None:
    owner, url = logins
    home = {"COLUMNIST_DATA_DIR": tmp_path}
    refused = columnist("doctor", DATABASE_URL=owner, **home)
    said = " ".join(refused.stdout.split())
    assert refused.returncode == 1
    assert "may create roles, owns tables" in said
    assert "COLUMNIST_MIGRATION_URL" in said
    fine = columnist("doctor", DATABASE_URL=url, **home)
    assert fine.returncode == 0, fine.stdout


MORE = (
    "grant select on tabular_cells to {login}",
    "grant execute on function list_users() to {login}",
    "grant temporary on database {database} to {login}",
    "grant temporary on database {database} to public",
    "grant create on database {database} to {login}",
    "grant create on schema public to public",
    "create schema its authorization {login}",
    "alter function my_email() owner to {login}",
    "grant execute on function pg_read_file(text) to {login}",
    "grant set on parameter log_statement to {login}",
    "grant columnist_gate to {login}",
    "grant authenticated to {login} with admin option",
    "alter role {login} inherit",
    "alter role {login} replication",
)
"""What a login of a running process may have been given beside its two roles."""
MORE_SINCE_16 = ("grant columnist_worker to {login} with inherit true",)


def test_doctor_knows_every_right_that_a_login_may_have_been_given(
    logins: tuple[str, str], record_property: Callable[[str, object], None]
) -> None:
    owner, url = logins
    database = conninfo.conninfo_to_dict(owner)["dbname"]
    with psycopg.connect(owner.replace("columnist@", "postgres@"), autocommit=True) as admin:
        more = MORE + (MORE_SINCE_16 if admin.info.server_version >= 160_000 else ())
        record_property("inputs", len(more))
        for given in more:
            login = running_login(admin.info.dsn)
            migrate(owner, run_as=login)
            names = {"login": sql.Identifier(login), "database": sql.Identifier(str(database))}
            with psycopg.connect(url, user=login) as connection:
                assert _too_much(connection) == []
                admin.execute(sql.SQL(given).format(**names))
                assert _too_much(connection), given
            if given.endswith("to public"):
                admin.execute(
                    sql.SQL(given.replace("grant", "revoke").replace("to public", "from public")).format(**names)
                )


def test_a_statement_and_an_idle_transaction_end_in_the_server(logins: tuple[str, str]) -> None:
    owner, url = logins

    async def limits() -> list[object]:
        found = []
        async with Database(url) as database:
            for connected in (database.act_as(LOCAL_USER), database.worker()):
                async with connected as connection:
                    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
                        row = await (await connection.execute(f"show {name}")).fetchone()
                        assert row
                        found.append(row[name])
        return found

    assert asyncio.run(limits()) == ["2min", "5min", "10s", "5min"]
    with psycopg.connect(owner) as connection:
        row = connection.execute("select rolconfig from pg_roles where rolname = 'authenticated'").fetchone()
    assert row
    assert sorted(setting.partition("=")[0] for setting in row[0]) == [
        "idle_in_transaction_session_timeout",
        "statement_timeout",
    ]


def test_the_embedded_server_lets_in_its_own_user_alone_nobody_as_superuser_and_has_no_secret(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path("/tmp") / f"columnist-logins-{os.getpid()}"
    monkeypatch.setenv("COLUMNIST_JWT_SECRET", "a-secret-that-is-none-of-postgresql")
    try:
        with database_url(Settings(_env_file=None, COLUMNIST_DATA_DIR=home)) as url:
            cluster = (home / "postgres").resolve() / "cluster"
            with psycopg.connect(url) as connection:
                assert connection.info.user == RUN_LOGIN
                row = connection.execute("select pg_backend_pid()").fetchone()
                assert row
            pid = (cluster / "postmaster.pid").read_text().split()[0]
            assert b"COLUMNIST" not in Path(f"/proc/{pid}/environ").read_bytes()
            for login in ("postgres", "authenticated", "columnist_gate"):
                with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf"):
                    psycopg.connect(conninfo.make_conninfo(url, user=login))
            hba = (cluster / "pg_hba.conf").read_text()
            assert "trust" not in hba
            owner = pwd.getpwuid(cluster.stat().st_uid)
            if owner.pw_uid != os.geteuid():  # root runs it as another user, who may not log in to it
                child = os.fork()
                if child == 0:
                    os.setuid(owner.pw_uid)
                    try:
                        psycopg.connect(conninfo.make_conninfo(url, user=LOGIN))
                    except psycopg.OperationalError as error:
                        os._exit(0 if "Peer authentication failed" in str(error) else 2)
                    os._exit(1)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        subprocess.run(["rm", "-rf", home], check=False)


def test_a_cluster_that_trusted_everybody_is_closed_at_its_next_start(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as url:
        cluster = (tmp_path / "postgres").resolve() / "cluster"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table kept ()")
    (cluster / "pg_hba.conf").write_text("local all all trust\n")
    with embedded_server(tmp_path) as url:
        assert "trust" not in (cluster / "pg_hba.conf").read_text()
        with psycopg.connect(url) as connection:
            connection.execute("select from kept")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(conninfo.make_conninfo(url, user="postgres"))
