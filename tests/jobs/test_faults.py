"""Every statement of the engine fails, in every kind of weather: the job ends, and nothing is asked twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from columnist.db import connect
from columnist.db.connect import Database
from columnist.errors import LlmAwayError, LlmRefusedError
from columnist.jobs import pool as pool_module
from columnist.jobs import presence
from columnist.jobs.calls import ItemCalls
from columnist.jobs.feed import changed_cells
from columnist.jobs.items import ClaimedItem, claim_items, reusable_answers
from columnist.jobs.neighbours import Neighbours
from columnist.jobs.workers import leave
from columnist.llm.limiter import TROUBLE
from columnist.llm.usage import Usage
from tests.db.faulty import OF_BATCHES, STATES, Moment, faulty, first_lines
from tests.jobs.asker import Asker
from tests.jobs.grid import MODEL, a_review, generate, options, pool_of, progress_of, until_ended
from tests.patience import PATIENCE_SECONDS

OF_REQUESTS = frozenset(
    "count_jobs count_unanswered create_job estimate_job find_live_job find_scope find_strangers grow_job "
    "price_estimate read_changed_cells read_progress request_cancel resume_job skip_waiting_items".split()
)
"""Their failure is an answer to the person who asked: 503, try again."""
RARE = frozenset(["let_go"])
"""For this a fault must be no weather."""
STATEMENTS = frozenset(first_lines().values()) - OF_REQUESTS - RARE - OF_BATCHES
"""A new statement is among them, until it is among others: the test fails if a run of the engine does not send it."""
AT_THE_END = frozenset(("end_items", "write_cells", "count_call", "remove_pool"))


@pytest.mark.parametrize("sqlstate", STATES)
def test_each_statement_fails_before_and_after_and_the_job_ends_with_the_right_counts(
    url: str, sqlstate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PRESENCE_SECONDS", 0.1)
    monkeypatch.setattr(presence, "REFUSAL_SECONDS", 0.1)
    monkeypatch.setattr(pool_module, "CANCEL_WATCH_SECONDS", 0.1)
    monkeypatch.setattr(pool_module, "FIRST_RETRY_SECONDS", 0.1)
    monkeypatch.setitem(TROUBLE, MODEL, "away")
    neighbours, dead = Neighbours(tmp_path), uuid4()
    with neighbours.living(dead):
        lock = next(tmp_path.iterdir())
    lock.touch()

    async def scenario() -> None:
        async with faulty(url) as faults, Database(url) as direct, Database(faults.url) as database:
            faults.sqlstate, faults.names = sqlstate, STATEMENTS
            review = await a_review(direct, documents=4, columns=2)
            generated = await generate(direct, review)
            unaskable = await generate(direct, await a_review(direct, documents=1, name="Another"), model="unknown")
            asker = Asker(database)
            failures: list[Exception] = [LlmAwayError("away"), RuntimeError("once"), LlmRefusedError("no such key")]
            key_is_good = False

            async def work(item: ClaimedItem) -> None:
                if failures:
                    raise failures.pop()
                calls = ItemCalls(database, item, anew=False)
                await calls.admit()
                assert await calls.kept(b"key") is None
                assert await reusable_answers(database, item.job_id, ["00"]) == {}
                await asker(item)

            async def probe(model: str) -> str | None:
                return None if key_is_good else "refused"

            async with direct.worker() as connection:
                await connection.execute("update tabular_jobs set served_at = now() - interval '1 hour'")
                held_by_dead = await claim_items(connection, 3600, 1, 3, {}, [MODEL], worker_id=dead)
                assert len(held_by_dead) == 1
            asks = replace(options(concurrency=2, lease_seconds=3), models=(MODEL,))
            async with pool_of(database, work, asks, probe=probe, neighbours=neighbours):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    for job in (generated, unaskable):
                        while not (await progress_of(direct, job.job_id)).paused_at:
                            await asyncio.sleep(0.02)
                    key_is_good = True
                    # Until the heartbeat and the others have had their turn, too.
                    while not Counter(faults.hit) >= Counter(2 * [*STATEMENTS - AT_THE_END]):
                        await asyncio.sleep(0.02)
                asker.gate.set()
                progress = await until_ended(direct, generated)
            assert Counter(faults.hit) == Counter(2 * [*STATEMENTS])
            assert (progress.status, progress.completed_items, progress.error_items) == ("completed", 4, 0)
            assert (progress.done_cells, progress.prompt_tokens) == (8, 24), "each write and each call counts once"
            assert set(asker.asked.values()) == {1}, "nothing was asked twice"
            assert "No worker can ask the model" in ((await progress_of(direct, unaskable.job_id)).pause_reason or "")
            async with direct.worker() as connection:
                assert len((await changed_cells(connection, review.id)).cells) == 8

    asyncio.run(scenario())


@pytest.mark.parametrize(("moment", "expected"), [("before", [1, 2]), ("after", [1, 1])])
def test_an_item_that_could_not_be_given_back_is_taken_again_by_the_only_pool(
    url: str, moment: Moment, expected: list[int]
) -> None:
    """By a fault that is no weather, and so not waited for."""

    async def scenario() -> None:
        async with faulty(url) as faults, Database(url) as direct, Database(faults.url) as database:
            faults.sqlstate, faults.moments = "XX000", (moment,)
            faults.names = frozenset(["hand_back_items", "let_go"])
            generated = await generate(direct, await a_review(direct, documents=1))
            tries: list[int] = []

            async def work(item: ClaimedItem) -> None:
                tries.append(item.tries)
                if len(tries) == 1:
                    raise LlmAwayError("away")

            async with pool_of(database, work, options(lease_seconds=0.5)):
                progress = await until_ended(direct, generated)
            assert faults.hit[:1] == ["hand_back_items"]
            assert (tries, progress.status) == (expected, "completed"), "an attempt counts that was not given back"

    asyncio.run(scenario())


def test_a_read_only_moment_kills_no_pool(url: str, admin_url: str) -> None:
    """Like a fail-over: the whole database refuses writes for a while."""

    async def scenario() -> None:
        def read_only(value: str) -> None:
            with psycopg.connect(
                admin_url, autocommit=True, options="-c default_transaction_read_only=off"
            ) as connection:
                connection.execute(
                    f"alter database {connection.info.dbname} set default_transaction_read_only = {value}"
                )
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )

        async with Database(url, connections=6) as database:
            worked = 0

            async def work(item: ClaimedItem) -> None:
                nonlocal worked
                worked += 1
                await asyncio.sleep(0.01)

            generated = await generate(database, await a_review(database, documents=400))
            async with pool_of(database, work):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while worked < 50:
                        await asyncio.sleep(0.01)
                await asyncio.to_thread(read_only, "on")
                try:
                    await asyncio.sleep(3)
                finally:
                    await asyncio.to_thread(read_only, "off")
                progress = await until_ended(database, generated)
            assert (progress.status, progress.completed_items) == ("completed", 400)

    asyncio.run(scenario())


def test_connections_that_go_silent_are_dropped_and_work_goes_on(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "WORKER_SECONDS", 1.0)
    monkeypatch.setattr(connect, "HEARTBEAT_SECONDS", 1.0)

    async def scenario() -> None:
        async with faulty(url) as faults, Database(url) as direct, Database(faults.url) as database:
            worked = 0

            async def work(item: ClaimedItem) -> None:
                nonlocal worked
                worked += 1
                await asyncio.sleep(0.02)

            generated = await generate(direct, await a_review(direct, documents=200))
            async with pool_of(database, work, options(concurrency=4, lease_seconds=60)):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while worked < 20:
                        await asyncio.sleep(0.01)
                faults.fall_silent()
                progress = await until_ended(direct, generated)
            assert (progress.status, progress.completed_items) == ("completed", 200)

    asyncio.run(scenario())


def test_pauses_between_tries_to_connect_do_not_grow_with_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an outage of two minutes would last for two more."""
    monkeypatch.setattr(connect, "WAIT_SECONDS", 2.0)

    async def scenario() -> None:
        tries = asyncio.Semaphore(0)

        def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tries.release()
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Database(f"postgresql://columnist@127.0.0.1:{port}/none") as database:
                leaving = asyncio.create_task(leave(database, uuid4()))
                async with asyncio.timeout(PATIENCE_SECONDS):
                    for _ in range(10):  # with pauses that double without end it would take 500 seconds
                        await tries.acquire()
                leaving.cancel()

    asyncio.run(scenario())


def test_a_pool_leaves_while_postgresql_is_silent(url: str) -> None:
    async def scenario() -> None:
        async with faulty(url) as faults, Database(url) as direct, Database(faults.url) as database:
            started = asyncio.Event()

            async def work(item: ClaimedItem) -> None:
                started.set()
                await asyncio.sleep(3600)

            generated = await generate(direct, await a_review(direct, documents=3))
            async with asyncio.timeout(PATIENCE_SECONDS):
                async with pool_of(database, work, options(grace_seconds=0.5)):
                    await started.wait()
                    faults.fall_silent()
            assert (await progress_of(direct, generated.job_id)).is_live

    asyncio.run(scenario())


def test_a_count_that_is_sent_again_after_another_holder_has_answered_is_made_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker counts a call and gets no reply; another one answers the document; then the connection is back."""
    monkeypatch.setattr(connect, "FIRST_RETRY_SECONDS", 0.5)

    async def scenario() -> None:
        async with faulty(url) as faults, Database(url) as direct, Database(faults.url) as cut_off:
            faults.sqlstate, faults.moments, faults.names = "08006", ("after",), frozenset(["count_call"])
            job = await generate(direct, await a_review(direct, documents=1))
            async with direct.worker() as connection:
                (item,) = await claim_items(connection, 60, 1, 3, {}, None)
            first = asyncio.create_task(ItemCalls(cut_off, item, anew=False).count(Usage(3, 2, 1), b"key", "answer"))
            other = ItemCalls(direct, item, anew=False)
            while await other.kept(b"key") is None:
                other = ItemCalls(direct, item, anew=False)
            await other.forget()
            assert await ItemCalls(direct, item, anew=False).kept(b"key") is None
            await first
            assert (await progress_of(direct, job.job_id)).prompt_tokens == 3

    asyncio.run(scenario())
