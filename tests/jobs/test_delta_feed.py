"""The delta feed shows every change at least once, however commits interleave."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from columnist.db.connect import LOCAL_USER, Connection, Database
from columnist.errors import InputError
from columnist.jobs.feed import NOW, changed_cells
from columnist.jobs.items import claim_items, write_cells
from tests.conftest import new_database, system_server
from tests.depth import depth
from tests.jobs.grid import a_review, an_answer, generate, put_cell, read_all
from tests.patience import cpu_time


async def self_id(connection: Connection) -> int:
    row = await (await connection.execute("select pg_current_xact_id()::text as id")).fetchone()
    assert row
    return int(row["id"])


def test_a_commit_that_lands_late_is_not_missed(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url, connections=6) as database:
            review = await a_review(database, documents=1, columns=3)
            async with database.worker() as early, database.worker() as late, database.worker() as reader:
                async with early.transaction():
                    await put_cell(early, review, 0, "began first, ends last")
                    await put_cell(late, review, 1, "began last, ends first")
                    seen, cursor = await read_all(reader, review, None, limit=100)
                    assert list(seen.values()) == ["began last, ends first"]
                seen, cursor = await read_all(reader, review, cursor, limit=100)
                assert list(seen.values()) == ["began first, ends last"], "each once here, and none missed"
                assert await read_all(reader, review, cursor, limit=100) == ({}, cursor)

    asyncio.run(scenario())


def test_a_transaction_that_stays_open_does_not_hold_the_feed_up(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=6) as database:
            review = await a_review(database, documents=1, columns=3)
            async with database.worker() as slow, database.worker() as writer, slow.transaction():
                await put_cell(slow, review, 0, "still open")
                cursor = None
                for nr in (1, 2, 1, 2):
                    await put_cell(writer, review, nr, f"change {nr}")
                    seen, cursor = await read_all(writer, review, cursor, limit=100)
                    assert list(seen.values()) == [f"change {nr}"], "neither held up nor sent again"

    asyncio.run(scenario())


def test_a_change_is_seen_whose_transaction_has_the_id_of_one_that_a_crash_forgot() -> None:
    async def scenario(url: str) -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1, columns=2)
            async with database.worker() as connection:
                await put_cell(connection, review, 0, "before")
                cursors = [(await changed_cells(connection, review.id, start)).cursor for start in (None, NOW)]
                forgotten = set()
                for _ in range(20):  # they left no trace, and a later cursor has them as ended
                    with suppress(psycopg.errors.DivisionByZero):
                        async with connection.transaction():
                            forgotten.add(await self_id(connection))
                            await connection.execute("select 1 / 0")
                cursors += [(await changed_cells(connection, review.id, start)).cursor for start in (None, NOW)]
            await asyncio.to_thread(server.crash_and_recover)
        async with Database(url) as database, database.worker() as connection:
            assert await self_id(connection) in forgotten
            await put_cell(connection, review, 1, "after")
            for _ in forgotten:  # until the database is further than the cursors
                await self_id(connection)
            for cursor in cursors:
                assert "after" in (await read_all(connection, review, cursor, limit=100))[0].values(), cursor

    with system_server() as server:
        with psycopg.connect(server.url, autocommit=True) as admin:
            # Otherwise, on a slow machine, uncommitted work could be written before the crash.
            for setting in ("wal_writer_delay = '10s'", "wal_level = 'minimal'", "max_wal_senders = 0"):
                admin.execute(f"alter system set {setting}")
        server.crash_and_recover()
        asyncio.run(scenario(new_database(server.url, "crash")))


def test_a_cursor_of_a_database_that_is_further_is_told_everything(url: str) -> None:
    """Like a fail-over to a standby that had not received the last changes."""

    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1, columns=1)
            async with database.worker() as connection:
                await put_cell(connection, review, 0, "here")
                seen, cursor = await read_all(connection, review, None, limit=100)
                ahead = int(cursor.split(":")[-2]) + 1000
                further = f"{cursor.split('-')[0]}-{ahead}:{ahead}:"
                assert (await read_all(connection, review, further, limit=100)) == (seen, cursor)

    asyncio.run(scenario())


@settings(max_examples=depth(12, 100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(0, 2), st.integers(0, 5)),
            st.tuples(st.just("commit"), st.integers(0, 2), st.just(0)),
            st.tuples(st.just("page"), st.integers(1, 3), st.integers(0, 1)),
        ),
        max_size=40,
    )
)
def test_every_interleaving_of_writes_commits_and_pages_is_seen(url: str, steps: list[tuple[str, int, int]]) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            review = await a_review(database, documents=1, columns=18, name=f"Review {random.random()}")
            reader_saw: dict[str, str] = {}
            cursor = until = None
            async with database.worker() as reader:
                writers = [await Connection.connect(url, autocommit=True, row_factory=dict_row) for _ in range(3)]
                for writer in writers:
                    await writer.execute("set role columnist_worker")
                try:
                    for count, (step, which, column) in enumerate(steps):
                        if step == "write":
                            if not writers[which].info.transaction_status:
                                await writers[which].execute("begin")
                            # Each writer has separate columns, so that they never wait for each other.
                            await put_cell(writers[which], review, which * 6 + column, f"step {count}")
                        elif step == "commit":
                            await writers[which].execute("commit")
                        else:
                            # Also as far as another reader has come, who may have begun before.
                            page = await changed_cells(
                                reader, review.id, cursor, limit=which, until=until if column else None
                            )
                            reader_saw |= {str(cell["column_id"]): cell["summary"] for cell in page.cells}
                            cursor = page.cursor
                            if count % 3:
                                until = (await changed_cells(reader, review.id, NOW)).cursor
                    for writer in writers:
                        await writer.execute("commit")
                finally:
                    for writer in writers:
                        await writer.close()
                rest, _ = await read_all(reader, review, cursor, limit=2)
                truth, _ = await read_all(reader, review, None, limit=1000)
                assert reader_saw | rest == truth

    asyncio.run(scenario())


def test_a_jobs_feed_shows_what_the_job_wrote(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1, columns=2)
            job = await generate(database, review)
            async with database.worker() as connection:
                await put_cell(connection, review, 0, "by a person")
                (item,) = await claim_items(connection, 60, 1, 3, {}, None)
                await write_cells(connection, item, 1, "m", "1", [an_answer(review.columns[1], "by the job")])
            async with database.act_as(LOCAL_USER) as connection:
                page = await changed_cells(connection, review.id, job_id=job.job_id)
                assert [cell["summary"] for cell in page.cells] == ["by the job"]

    asyncio.run(scenario())


@pytest.mark.parametrize("cursor", ["nonsense", "1:1:/1:1:", "1:1:/1:1:/x/y/z", "5:1:", "'; drop table users; --"])
def test_a_cursor_that_is_none_is_refused_with_a_sentence(url: str, cursor: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database, database.act_as(LOCAL_USER) as connection:
            with pytest.raises(InputError, match="no cursor"):
                await changed_cells(connection, UUID(int=7), cursor)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("cursor", "cells", "times", "plan", "analyzed", "growth"),
    [
        (None, 1_000, 3, "auto", False, 4),
        (None, 10, 60, "force_generic_plan", True, 2),
        (NOW, 0, 60, "force_generic_plan", True, 1.6),
    ],
)
def test_a_page_of_the_feed_costs_the_same_however_many_cells_there_are(
    url: str, admin_url: str, cursor: str | None, cells: int, times: int, plan: str, analyzed: bool, growth: float
) -> None:
    """Also before there are statistics about their number, with the plan that PostgreSQL keeps for later pages, and
    where nothing is new."""

    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=400, columns=50)
            cpu = []
            for documents in (review.documents[:20], review.documents[20:]):
                async with database.worker() as connection:
                    await connection.execute(
                        """insert into tabular_cells
                             (review_id, document_id, column_id, status, column_version, changed_xid)
                           select %s, d, c, 'done', 1, '0' from unnest(%s::uuid[]) d, unnest(%s::uuid[]) c""",
                        [review.id, documents, review.columns],
                    )
                if analyzed:
                    with psycopg.connect(admin_url, autocommit=True) as admin:
                        admin.execute("vacuum analyze")
                async with database.act_as(LOCAL_USER) as connection:
                    since = cursor and (await changed_cells(connection, review.id, cursor)).cursor
                    await connection.execute(f"set local plan_cache_mode = {plan}")
                    threshold, connection.prepare_threshold = connection.prepare_threshold, 0
                    began = cpu_time(connection.info.backend_pid)
                    for _ in range(times):
                        page = await changed_cells(connection, review.id, since, limit=cells or 10)
                        assert len(page.cells) == cells
                    cpu.append(cpu_time(connection.info.backend_pid) - began)
                    connection.prepare_threshold = threshold
            assert cpu[1] < growth * cpu[0], "twenty times as many cells"

    asyncio.run(scenario())
