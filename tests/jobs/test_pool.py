"""The worker pool in one process: heartbeats, cancels, retries, shutdown, and a PostgreSQL that goes away."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest

from columnist import telemetry
from columnist.db.connect import LOCAL_USER, Database
from columnist.errors import DocumentError
from columnist.jobs.feed import changed_cells
from columnist.jobs.items import ClaimedItem
from columnist.jobs.job import cancel_job
from columnist.jobs.pool import LEAST_PLACES, PoolOptions, WorkerPool
from columnist.llm.limiter import RESERVED
from tests.conftest import new_database, system_server
from tests.jobs.grid import a_review, generate, options, pool_of, progress_of, until_ended
from tests.patience import PATIENCE_SECONDS


async def no_work(item: ClaimedItem) -> None: ...


def test_several_pools_work_on_every_item_once(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url, connections=10) as database:
            worked: Counter[int] = Counter()

            async def work(item: ClaimedItem) -> None:
                worked[item.id] += 1

            generated = await generate(database, await a_review(database, documents=2000))
            async with pool_of(database, work), pool_of(database, work), pool_of(database, work):
                progress = await until_ended(database, generated)
            assert progress.status == "completed"
            assert progress.completed_items == 2000
            assert set(worked.values()) == {1}

    asyncio.run(scenario())


def test_an_idle_pool_wakes_up_by_notification(url: str, admin_url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            started = asyncio.Event()

            async def work(item: ClaimedItem) -> None:
                started.set()

            review = await a_review(database, documents=1)
            sleepy = PoolOptions(10, 60, 3, idle_seconds=3600, grace_seconds=5)
            async with pool_of(database, work, sleepy), asyncio.timeout(PATIENCE_SECONDS):
                while not listeners():
                    await asyncio.sleep(0.01)
                await generate(database, review)
                await started.wait()

    def listeners() -> bool:
        with psycopg.connect(admin_url) as connection:
            return bool(
                connection.execute(
                    "select from pg_stat_activity where datname = current_database() "
                    "and query = 'listen \"tabular_job_cancelled\"' and state = 'idle'"
                ).fetchall()
            )

    asyncio.run(scenario())


def test_work_may_take_longer_than_a_lease(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            attempts: Counter[int] = Counter()

            async def work(item: ClaimedItem) -> None:
                attempts[item.id] += 1
                await asyncio.sleep(9)

            short_leases = options(lease_seconds=4)
            generated = await generate(database, await a_review(database, documents=5))
            async with pool_of(database, work, short_leases), pool_of(database, work, short_leases):
                await until_ended(database, generated)
            assert sorted(attempts.values()) == [1] * 5

    asyncio.run(scenario())


@pytest.mark.parametrize("documents", [1, 2])
def test_a_pool_that_stood_still_for_longer_than_a_lease_goes_on_with_its_items(url: str, documents: int) -> None:
    """As a laptop that slept: it takes no item from itself, which would cost an attempt and the work so far, and ends
    none as poison."""

    async def scenario() -> None:
        async with Database(url) as database:
            begun: Counter[int] = Counter()

            async def work(item: ClaimedItem) -> None:
                begun[item.id] += 1
                for _ in range(8):
                    time.sleep(0.06)  # noqa: ASYNC251  # nothing else runs meanwhile
                    await asyncio.sleep(0.01)

            generated = await generate(database, await a_review(database, documents=documents))
            async with pool_of(database, work, options(lease_seconds=0.05, max_attempts=1)):
                await until_ended(database, generated)
            assert list(begun.values()) == [1] * documents

    asyncio.run(scenario())


def test_a_worker_that_lost_its_lease_notices_and_drops_the_work(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            dropped = asyncio.Event()

            async def work(item: ClaimedItem) -> None:
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    dropped.set()
                    raise

            generated = await generate(database, await a_review(database, documents=1))
            async with (
                pool_of(database, work, options(lease_seconds=1)),
                asyncio.timeout(PATIENCE_SECONDS),
                database.worker() as thief,
            ):
                while not (await progress_of(database, generated.job_id)).running_items:
                    await asyncio.sleep(0.02)
                await thief.execute("update tabular_job_items set attempt_count = attempt_count + 1")
                await dropped.wait()

    asyncio.run(scenario())


def test_cancel_aborts_running_work_within_two_seconds(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url, connections=6) as database:
            running = asyncio.Semaphore(0)
            aborted = 0

            async def work(item: ClaimedItem) -> None:
                nonlocal aborted
                running.release()
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    aborted += 1
                    raise

            generated = await generate(database, await a_review(database, documents=500))
            async with pool_of(database, work):
                for _ in range(10):
                    await running.acquire()
                async with asyncio.timeout(2):
                    async with database.act_as(LOCAL_USER) as connection:
                        await cancel_job(connection, generated.job_id)
                    progress = await until_ended(database, generated)
            assert (progress.status, progress.skipped_items, aborted) == ("cancelled", 500, 10)

    asyncio.run(scenario())


def test_an_unforeseen_failure_costs_attempts_and_then_the_item_but_not_the_pool(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            attempts: Counter[int] = Counter()

            async def work(item: ClaimedItem) -> None:
                attempts[item.id] += 1
                if item.id == first:
                    raise ZeroDivisionError("by zero")
                if attempts[item.id] == 1:
                    raise RuntimeError("heals")

            review = await a_review(database, documents=3)
            generated = await generate(database, review)
            async with database.worker() as connection:
                cursor = await connection.execute("select min(id) as id from tabular_job_items")
                row = await cursor.fetchone()
                assert row
                first = row["id"]
            async with pool_of(database, work, options(max_attempts=2)):
                progress = await until_ended(database, generated)
            assert (progress.completed_items, progress.error_items) == (2, 1)
            assert attempts[first] == 2
            async with database.worker() as connection:
                (cell,) = (await changed_cells(connection, review.id)).cells
            assert "2 times" in cell["error"]
            assert "by zero" in cell["error"]

    asyncio.run(scenario())


def test_a_document_that_cannot_be_read_is_one_error_at_the_first_attempt(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:

            async def work(item: ClaimedItem) -> None:
                raise DocumentError("The PDF is encrypted.")

            review = await a_review(database, documents=1)
            generated = await generate(database, review)
            async with pool_of(database, work):
                progress = await until_ended(database, generated)
            assert (progress.status, progress.error_items) == ("failed", 1)

    asyncio.run(scenario())


def test_a_pool_that_stops_hands_back_what_is_not_done_in_the_grace_time(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            gate = asyncio.Event()

            async def work(item: ClaimedItem) -> None:
                await (asyncio.sleep(0.3) if item.document_id in quick else gate.wait())

            review = await a_review(database, documents=20)
            quick = set(review.documents[:5])
            generated = await generate(database, review)
            async with pool_of(database, work, options(grace_seconds=5)) as pool:
                while (await progress_of(database, generated.job_id)).running_items < 10:
                    await asyncio.sleep(0.02)
                pool.stop()
            progress = await progress_of(database, generated.job_id)
            assert progress.running_items == 0
            assert progress.completed_items == 5, "what ends within the grace time counts"
            assert progress.pending_items == 15
            gate.set()
            async with pool_of(database, work, options(max_attempts=1)):
                progress = await until_ended(database, generated)
            assert progress.completed_items == 20, "handing back consumed no try"

    asyncio.run(scenario())


def test_a_pool_in_a_hurry_hands_back_at_once(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:

            async def work(item: ClaimedItem) -> None:
                await asyncio.sleep(3600)

            generated = await generate(database, await a_review(database, documents=3))
            async with asyncio.timeout(PATIENCE_SECONDS), pool_of(database, work, options(grace_seconds=3600)) as pool:
                while (await progress_of(database, generated.job_id)).running_items < 3:
                    await asyncio.sleep(0.02)
                pool.stop()
                await asyncio.sleep(0.2)
                assert (await progress_of(database, generated.job_id)).running_items == 3, "they have their grace time"
                pool.stop_now()
            assert (await progress_of(database, generated.job_id)).pending_items == 3

    asyncio.run(scenario())


def test_a_pool_that_is_stopped_as_it_starts_ends(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            for moment in range(60):
                async with asyncio.timeout(PATIENCE_SECONDS), pool_of(database, no_work):
                    await asyncio.sleep(moment % 20 / 1000)

    asyncio.run(scenario())


def test_a_small_job_finishes_in_its_share_beside_a_large_one(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            order = []

            async def work(item: ClaimedItem) -> None:
                order.append(item.job_id)
                await asyncio.sleep(0.02)

            large = await generate(database, await a_review(database, documents=1000, name="large"))
            async with pool_of(database, work):
                while (await progress_of(database, large.job_id)).completed_items < 50:
                    await asyncio.sleep(0.02)
                small = await generate(database, await a_review(database, documents=20, name="small"))
                await until_ended(database, small)
            begun = order.index(small.job_id)
            ended = len(order) - order[::-1].index(small.job_id)
            # Half of the pool is its share: meanwhile the large job gets about as many items done, not its 1,000.
            assert order[begun:ended].count(large.job_id) < 150

    asyncio.run(scenario())


def test_what_is_asked_about_one_document_begins_beside_a_full_pool_but_only_so_much_of_it(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            begun: list[ClaimedItem] = []
            full, beside = asyncio.Event(), asyncio.Event()

            async def work(item: ClaimedItem) -> None:
                begun.append(item)
                if len(begun) == 2:
                    full.set()
                if len(begun) == 2 + RESERVED:
                    beside.set()
                await asyncio.Event().wait()

            await generate(database, await a_review(database, documents=9))
            async with pool_of(database, work, options(concurrency=2, grace_seconds=0)):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await full.wait()
                    assert not any(item.urgent for item in begun)
                    for nr in range(RESERVED + 1):
                        await generate(database, await a_review(database, documents=1, name=f"One {nr}"))
                    await beside.wait()
                await asyncio.sleep(0.3)  # three polls of the queue
                assert [item.urgent for item in begun] == [False] * 2 + [True] * RESERVED

    asyncio.run(scenario())


def test_a_job_whose_row_is_locked_holds_no_other_job_up(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            locked = await generate(database, await a_review(database, documents=1))
            other = await generate(database, await a_review(database, documents=40, name="Another"))
            unlocked = asyncio.Event()

            async def work(item: ClaimedItem) -> None:
                if item.job_id == locked.job_id:
                    await unlocked.wait()

            with psycopg.connect(url.replace("columnist@", "postgres@")) as somebody:
                somebody.execute("select from tabular_jobs where id = %s for update", [locked.job_id])
                async with pool_of(database, work):
                    assert (await until_ended(database, other)).status == "completed"
                    somebody.commit()
                    unlocked.set()
                    assert (await until_ended(database, locked)).status == "completed"

    asyncio.run(scenario())


def test_items_that_take_a_moment_need_few_claims(url: str) -> None:
    def claims() -> float:
        return telemetry.REGISTRY.get_sample_value("columnist_claim_seconds_count") or 0

    async def scenario() -> None:
        async def work(item: ClaimedItem) -> None:
            await asyncio.sleep(0.001)

        async with Database(url) as database:
            generated = await generate(database, await a_review(database, documents=3_000))
            before = claims()
            async with pool_of(database, work):
                await until_ended(database, generated)
            # Asking for urgent items whenever an item ends would make hundreds.
            assert claims() - before < 100

    asyncio.run(scenario())


def test_what_was_claimed_ahead_goes_to_another_pool_when_items_turn_slow(url: str) -> None:
    async def scenario() -> None:
        quick, places, documents = 100, 10, 1_000
        begun = elsewhere = 0
        is_over = asyncio.Event()

        async def turns_slow(item: ClaimedItem) -> None:
            nonlocal begun
            begun += 1
            if begun > quick:
                await is_over.wait()

        async def work(item: ClaimedItem) -> None:
            nonlocal elsewhere
            elsewhere += 1

        async with Database(url, connections=8) as database:
            generated = await generate(database, await a_review(database, documents=documents))
            patient = options(places, lease_seconds=300, grace_seconds=0)
            async with pool_of(database, turns_slow, patient):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while begun < quick + places:
                        await asyncio.sleep(0.01)
                async with pool_of(database, work, patient):
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        while elsewhere < documents - begun:
                            await asyncio.sleep(0.02)
                    assert begun == quick + places
                    is_over.set()
                    progress = await until_ended(database, generated)
            assert (progress.status, progress.completed_items) == ("completed", documents)

    asyncio.run(scenario())


def test_a_pool_that_is_not_told_how_many_documents_takes_as_many_as_the_llm_servers(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            begun = 0
            taken = {"served": 1}

            async def work(item: ClaimedItem) -> None:
                nonlocal begun
                begun += 1
                await asyncio.Event().wait()

            async def has_begun(count: int) -> None:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while begun < count:
                        await asyncio.sleep(0.02)
                await asyncio.sleep(0.3)  # three polls of the queue
                assert begun == count

            await generate(database, await a_review(database, documents=20))
            not_told = replace(options(grace_seconds=0), concurrency=None)
            async with pool_of(database, work, not_told, limits=lambda: taken):
                await has_begun(LEAST_PLACES)
                taken["served"] = LEAST_PLACES + 4
                await has_begun(LEAST_PLACES + 4)

    asyncio.run(scenario())


def test_a_pool_serves_the_job_that_its_user_waits_for_first_and_then_the_others(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            order: list[UUID] = []

            async def work(item: ClaimedItem) -> None:
                order.append(item.job_id)
                await asyncio.sleep(0.01)

            other = await generate(database, await a_review(database, documents=30, name="Other"))
            own = await generate(database, await a_review(database, documents=12, name="Own"))
            pool = WorkerPool(database, work, options(concurrency=3))
            pool.serve_first(own.job_id)
            running = asyncio.create_task(pool.run())
            await until_ended(database, other)
            pool.stop()
            await running
            assert order[:12] == [own.job_id] * 12
            assert order[12:] == [other.job_id] * 30

    asyncio.run(scenario())


def test_postgresql_crashes_in_the_middle_and_the_job_finishes_by_itself() -> None:
    async def scenario() -> None:
        async with Database(url, connections=6) as database:
            worked: Counter[int] = Counter()

            async def work(item: ClaimedItem) -> None:
                await asyncio.sleep(0.01)
                worked[item.id] += 1

            generated = await generate(database, await a_review(database, documents=600))
            async with pool_of(database, work, options(lease_seconds=3)):
                for _ in range(2):
                    have = sum(worked.values())
                    while sum(worked.values()) < have + 100:
                        await asyncio.sleep(0.01)
                    await asyncio.to_thread(server.crash_and_recover)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while True:
                        try:
                            progress = await progress_of(database, generated.job_id)
                        except Exception as error:  # noqa: BLE001 - the watcher's connection broke with the server
                            assert "connection" in str(error) or "terminat" in str(error)
                            continue
                        if not progress.is_live:
                            break
                        await asyncio.sleep(0.05)
            assert (progress.status, progress.completed_items) == ("completed", 600)

    with system_server() as server:
        url = new_database(server.url, "crash")
        asyncio.run(scenario())
