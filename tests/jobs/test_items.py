"""The invariants of the job engine that PostgreSQL upholds: claims, leases, fencing, ends."""

import asyncio
from collections import Counter
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg
import pytest

from columnist.db.connect import LOCAL_USER, Connection, Database
from columnist.errors import InputError, JobEndingError, LeaseLostError, NotFoundError
from columnist.jobs.calls import ItemCalls
from columnist.jobs.feed import changed_cells
from columnist.jobs.items import (
    ClaimedItem,
    EndedItem,
    claim_items,
    end_abandoned_items,
    end_items,
    extend_leases,
    hand_back_items,
    load_item,
    retry_item,
    write_cells,
)
from columnist.jobs.job import cancel_job, cancelled_jobs
from columnist.llm.usage import Usage
from columnist.reviews.cells import CellKey, Edit, change_cell
from tests.depth import depth
from tests.jobs.grid import a_review, an_answer, answers_to, generate, progress_of
from tests.patience import PATIENCE_SECONDS, cpu_time


async def claim(
    connection: Connection,
    batch: int = 1,
    lease_seconds: float = 60,
    max_attempts: int = 3,
    held: list[UUID] | None = None,
    models: list[str] | None = None,
) -> list[ClaimedItem]:
    return await claim_items(connection, lease_seconds, batch, max_attempts, Counter(held or []), models)


async def expire_leases(database: Database) -> None:
    async with database.worker() as connection:
        await connection.execute(
            "update tabular_job_items set lease_expires_at = now() - interval '1 s' where lease_expires_at is not null"
        )


def test_an_item_has_one_holder_however_many_claim_at_once(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url, connections=12) as database:
            await generate(database, await a_review(database, documents=200))

            async def one_worker() -> list[int]:
                mine: list[int] = []
                async with database.worker() as connection:
                    while claimed := await claim(connection, batch=3):
                        mine += [item.id for item in claimed]
                return mine

            taken = [*chain.from_iterable(await asyncio.gather(*(one_worker() for _ in range(12))))]
            assert len(taken) == 200
            assert len(set(taken)) == 200

    asyncio.run(scenario())


def test_what_is_claimed_is_handed_out_also_of_a_job_that_begins_during_the_claim(url: str) -> None:
    async def scenario() -> None:
        jobs = depth(40, 200)
        async with Database(url, connections=6) as database:
            reviews = [await a_review(database, documents=1, name=f"R{nr}") for nr in range(jobs)]
            begun = False
            taken: list[UUID] = []

            async def one_worker() -> None:
                async with database.worker() as connection:
                    while (claimed := await claim(connection, batch=5)) or not begun:
                        taken.extend(item.job_id for item in claimed)

            workers = [asyncio.create_task(one_worker()) for _ in range(4)]
            for review in reviews:
                await generate(database, review)
            begun = True
            await asyncio.gather(*workers)
            async with database.worker() as connection:
                cursor = await connection.execute("select job_id from tabular_job_items where status = 'running'")
                assert sorted(taken) == sorted(row["job_id"] for row in await cursor.fetchall())
            assert len(taken) == jobs

    asyncio.run(scenario())


def test_a_claim_does_not_wait_for_another_claim(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            await generate(database, await a_review(database, documents=2))
            async with database.worker() as slow, database.worker() as quick, slow.transaction():
                (first,) = await claim(slow)
                (second,) = await asyncio.wait_for(claim(quick), PATIENCE_SECONDS)
                assert first.id != second.id

    asyncio.run(scenario())


def test_an_expired_lease_is_claimed_again_and_a_live_one_is_not(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            await generate(database, await a_review(database, documents=1))
            async with database.worker() as connection:
                (first,) = await claim(connection)
                assert await claim(connection) == []
                await expire_leases(database)
                (second,) = await claim(connection)
                assert (second.id, second.attempt) == (first.id, first.attempt + 1)

    asyncio.run(scenario())


def test_a_worker_that_lost_its_lease_writes_nothing(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=1)
            job = await generate(database, review)
            async with database.worker() as connection:
                (old,) = await claim(connection)
                await expire_leases(database)
                (new,) = await claim(connection)
                with pytest.raises(LeaseLostError):
                    await write_cells(connection, old, 1, "m", "1", [an_answer(review.columns[0], "old")])
                assert await end_items(connection, [EndedItem(old, "error", "old")]) == set()
                assert await extend_leases(connection, [old], 60) == set()
                assert not await retry_item(connection, old, 0, max_attempts=9)
                await hand_back_items(connection, [old])
                assert await claim(connection) == [], "the new holder's item was given back by the old one"

                await write_cells(connection, new, 1, "m", "1", [an_answer(review.columns[0], "new")])
                assert await end_items(connection, [EndedItem(new, "completed")]) == {new.id}
                cells = (await changed_cells(connection, review.id)).cells
            assert [cell["summary"] for cell in cells] == ["new"]
            assert (await progress_of(database, job.job_id)).status == "completed"

    asyncio.run(scenario())


def test_an_item_cannot_be_taken_over_while_its_holder_writes(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            await generate(database, review)
            async with database.worker() as writer, database.worker() as thief:
                (item,) = await claim(writer)
                await expire_leases(database)
                async with writer.transaction():
                    await write_cells(writer, item, 1, "m", "1", [an_answer(review.columns[0], "mine")])
                    assert await claim(thief) == []
                assert len(await claim(thief)) == 1

    asyncio.run(scenario())


def test_a_heartbeat_keeps_the_lease(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            await generate(database, await a_review(database, documents=1))
            async with database.worker() as connection:
                (item,) = await claim(connection)
                await expire_leases(database)
                assert await extend_leases(connection, [item], 60) == {item.id}
                assert await claim(connection) == []

    asyncio.run(scenario())


def test_a_job_ends_exactly_with_its_last_item_and_an_item_ends_once(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=3, columns=2)
            job = await generate(database, review)
            async with database.worker() as connection:
                one, two, three = await claim(connection, batch=3)
                await write_cells(connection, one, 1, "m", "1", [an_answer(c, "yes") for c in review.columns])
                for _ in review.columns:
                    await ItemCalls(database, one, anew=False).count(Usage(3, 2, 1))
                await end_items(connection, [EndedItem(one, "completed"), EndedItem(two, "error", "It is torn.")])
                progress = await progress_of(database, job.job_id)
                assert (progress.status, progress.running_items) in {("running", 1), ("pending", 1)}
                assert await end_items(connection, [EndedItem(one, "completed")]) == set()
                await end_items(connection, [EndedItem(three, "completed")])
            progress = await progress_of(database, job.job_id)
            assert progress.status == "completed"
            assert progress.completed_at is not None
            assert (progress.completed_items, progress.error_items, progress.running_items) == (2, 1, 0)
            assert (progress.done_cells, progress.error_cells, progress.total_cells) == (2, 2, 6)
            assert (progress.prompt_tokens, progress.cached_tokens, progress.completion_tokens) == (6, 4, 2)

    asyncio.run(scenario())


def test_an_item_that_ends_as_error_says_why_in_each_of_its_open_cells(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1, columns=3)
            job = await generate(database, review)
            async with database.worker() as connection:
                (item,) = await claim(connection)
                await write_cells(connection, item, 1, "m", "1", [an_answer(review.columns[0], "kept")])
                await end_items(connection, [EndedItem(item, "error", "The file is encrypted.")])
                cells = (await changed_cells(connection, review.id)).cells
            assert sorted((cell["status"], cell["summary"], cell["error"]) for cell in cells) == [
                ("done", "kept", None),
                ("error", None, "The file is encrypted."),
                ("error", None, "The file is encrypted."),
            ]
            progress = await progress_of(database, job.job_id)
            assert progress.status == "failed"
            assert "The file is encrypted." in (progress.error or "")

    asyncio.run(scenario())


def test_handing_back_costs_no_try_and_frees_the_item_at_once(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            await generate(database, await a_review(database, documents=1))
            async with database.worker() as connection:
                attempts = []
                for _ in range(5):
                    (item,) = await claim(connection, max_attempts=1)
                    attempts.append(item.attempt)
                    await hand_back_items(connection, [item])
                assert attempts == [1, 2, 3, 4, 5], "the fencing token must never repeat"

    asyncio.run(scenario())


def test_a_retried_item_waits_for_its_back_off_and_ends_after_max_attempts(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            await generate(database, await a_review(database, documents=1))
            async with database.worker() as connection:
                (item,) = await claim(connection)
                assert await retry_item(connection, item, delay_seconds=60, max_attempts=2)
                assert await claim(connection) == []
                await expire_leases(database)
                (item,) = await claim(connection)
                assert not await retry_item(connection, item, delay_seconds=0, max_attempts=2)

    asyncio.run(scenario())


def test_poison_ends_as_an_error_with_the_reason(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=2)
            job = await generate(database, review)
            async with database.worker() as connection:
                for _ in range(3):
                    (poison,) = await claim(connection)
                    assert await end_abandoned_items(connection, max_attempts=3) == 0, "its lease still lives"
                    await expire_leases(database)
                (other,) = await claim(connection, batch=5)
                assert other.id != poison.id
                assert await end_abandoned_items(connection, max_attempts=3) == 1
                await end_items(connection, [EndedItem(other, "completed")])
                cells = (await changed_cells(connection, review.id)).cells
            (cell,) = cells
            assert cell["status"] == "error"
            assert "3 times" in cell["error"]
            assert (await progress_of(database, job.job_id)).status == "completed"

    asyncio.run(scenario())


def test_cancel_skips_what_waits_and_ends_the_job_with_what_runs(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=5)
            job = await generate(database, review)
            async with database.worker() as connection:
                (running,) = await claim(connection)
                async with database.act_as(LOCAL_USER) as request:
                    assert await cancel_job(request, job.job_id)
                assert await claim(connection, batch=5) == []
                assert await cancelled_jobs(connection, [job.job_id]) == {job.job_id}
                progress = await progress_of(database, job.job_id)
                assert (progress.skipped_items, progress.running_items, progress.is_live) == (4, 1, True)
                with pytest.raises(JobEndingError):
                    await generate(database, review)
                await end_items(connection, [EndedItem(running, "skipped")])
            assert (await progress_of(database, job.job_id)).status == "cancelled"
            async with database.act_as(LOCAL_USER) as request:
                assert not await cancel_job(request, job.job_id)

    asyncio.run(scenario())


def test_the_items_of_a_worker_that_died_in_a_cancelled_job_are_skipped(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            job = await generate(database, await a_review(database, documents=1))
            async with database.worker() as connection:
                await claim(connection)
                async with database.act_as(LOCAL_USER) as request:
                    await cancel_job(request, job.job_id)
                await expire_leases(database)
                assert await end_abandoned_items(connection, max_attempts=3) == 1
            assert (await progress_of(database, job.job_id)).status == "cancelled"

    asyncio.run(scenario())


def test_a_cancel_does_not_deadlock_with_items_that_end(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            for nr in range(depth(8, 40)):
                review = await a_review(database, documents=40, name=f"Review {nr}")
                job = await generate(database, review)

                async def work() -> None:
                    async with database.worker() as connection:
                        while items := await claim(connection, batch=2):
                            await end_items(connection, [EndedItem(item, "completed") for item in items])

                async def cancel(job_id: UUID = job.job_id) -> None:
                    async with database.act_as(LOCAL_USER) as request:
                        await cancel_job(request, job_id)

                await asyncio.gather(work(), work(), cancel())
                async with database.worker() as connection:
                    await end_abandoned_items(connection, max_attempts=3)
                progress = await progress_of(database, job.job_id)
                assert progress.ended_items == 40
                assert progress.status in ("cancelled", "completed")

    asyncio.run(scenario())


def test_a_review_has_one_live_job_and_generate_answers_with_it(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url, connections=8) as database:
            review = await a_review(database, documents=3)
            answers = await asyncio.gather(*(generate(database, review) for _ in range(8)))
            assert len({answer.job_id for answer in answers}) == 1
            assert sorted(answer.resumed for answer in answers) == [False] + [True] * 7

    asyncio.run(scenario())


def test_live_jobs_share_a_pool(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            large = await generate(database, await a_review(database, documents=100, name="large"))
            async with database.worker() as connection:
                held = [item.job_id for item in await claim(connection, batch=10)]
                small = await generate(database, await a_review(database, documents=20, name="small"))
                # One worker after the other becomes free, as in a pool that is busy with the large job.
                order = []
                for _ in range(40):
                    held.pop(0)
                    (item,) = await claim(connection, held=held)
                    held.append(item.job_id)
                    order.append(item.job_id)
            assert order.count(small.job_id) == 20
            assert order.index(small.job_id) == 0, "the newcomer is served at once"
            last = max(nr for nr, job_id in enumerate(order) if job_id == small.job_id)
            assert last < 36, f"20 documents of a half share took {last} claims"
            assert large.job_id in order[:12], "the large job goes on meanwhile"

    asyncio.run(scenario())


def test_a_pool_claims_only_for_models_that_it_can_ask(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            await generate(database, await a_review(database, documents=1), model="gpt-large")
            async with database.worker() as connection:
                assert await claim(connection, models=["extractive"]) == []
                assert len(await claim(connection, models=["extractive", "gpt-large"])) == 1

    asyncio.run(scenario())


def test_a_finished_review_has_nothing_to_ask_until_a_column_changes(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=2, columns=2)

            async def answer_all() -> int:
                job = await generate(database, review)
                async with database.worker() as connection:
                    for item in await claim(connection, batch=9):
                        loaded = await load_item(connection, item)
                        assert loaded is not None
                        await write_cells(connection, item, 1, "test-model", "test-1", answers_to(loaded, "x"))
                        await end_items(connection, [EndedItem(item, "completed")])
                progress = await progress_of(database, job.job_id)
                assert progress.status == "completed"
                return progress.total_cells

            assert await answer_all() == 4
            assert await answer_all() == 0
            async with database.act_as(LOCAL_USER) as connection:
                await connection.execute(
                    "update tabular_columns set prompt = 'Else?' where id = %s", [review.columns[0]]
                )
            assert await answer_all() == 2, "only the stale cells are asked again"
            async with database.act_as(LOCAL_USER) as connection:
                cells = await connection.execute("select review_id, document_id, column_id from tabular_cells")
                for cell in await cells.fetchall():
                    await change_cell(connection, CellKey(**cell), "edit", Edit("Mine."))
                await connection.execute(
                    "update tabular_columns set prompt = 'More?' where id = %s", [review.columns[0]]
                )
            assert await answer_all() == 0, "a person's answer is left alone"

    asyncio.run(scenario())


def test_generate_says_what_is_wrong(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1, columns=0)
            with pytest.raises(InputError, match="add a question"):
                await generate(database, review)
            async with database.act_as(LOCAL_USER) as connection:
                await connection.execute("delete from tabular_reviews where id = %s", [review.id])
            with pytest.raises(NotFoundError):
                await generate(database, review)

    asyncio.run(scenario())


def test_the_claim_is_served_by_its_index_and_never_scans_the_table(url: str, admin_url: str) -> None:
    async def prepare() -> None:
        async with Database(url) as database:
            await generate(database, await a_review(database, documents=3000))

    asyncio.run(prepare())
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("vacuum analyze tabular_job_items")
        connection.execute("select pg_stat_reset()")
        for _ in range(20):
            connection.execute("select * from claim_tabular_job_items(60, 10, 3)").fetchall()
        connection.execute("select pg_stat_force_next_flush()")
        row: Any = connection.execute(
            "select seq_scan from pg_stat_user_tables where relname = 'tabular_job_items'"
        ).fetchone()
        assert row[0] == 0


def test_the_end_of_many_items_costs_as_much_for_each_as_that_of_some(url: str) -> None:
    """A connection keeps plans. One that was made for single items must not compare all items with all."""

    async def scenario() -> None:
        async with Database(url) as database:
            generated = await generate(database, await a_review(database, documents=4_420))
            async with database.worker() as connection:
                items = [*await claim(connection, batch=2_400), *await claim(connection, batch=2_400)]
                ended = [EndedItem(item, "completed") for item in items]

                async def cpu_seconds(batch: list[EndedItem]) -> float:
                    began = cpu_time(connection.info.backend_pid)
                    assert len(await end_items(connection, batch)) == len(batch)
                    return cpu_time(connection.info.backend_pid) - began

                for nr in range(20):
                    await cpu_seconds(ended[nr : nr + 1])
                some, many = await cpu_seconds(ended[20:420]), await cpu_seconds(ended[420:])
            assert (await progress_of(database, generated.job_id)).completed_items == 4_420
        assert many < 3 * 10 * some, "ten times as many"

    asyncio.run(scenario())
