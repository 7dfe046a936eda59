"""A request that finds a live job is covered completely: the job grows by the new cells, and asks nothing twice."""

import asyncio
from collections import Counter
from decimal import Decimal
from uuid import UUID

import pytest

from columnist.db.connect import LOCAL_USER, Database
from columnist.errors import ConflictError
from columnist.jobs.ask import INCOMPLETE, Ask, Only
from columnist.jobs.feed import changed_cells
from columnist.jobs.items import EndedItem, claim_items, end_items
from columnist.jobs.job import Generated, create_job, retry_job
from columnist.llm.usage import Prices
from columnist.reviews.model import ColumnSpec
from columnist.reviews.store import put_columns, put_documents
from tests.jobs.asker import Asker
from tests.jobs.grid import MODEL, PROMPT_VERSION, Review, a_review, pool_of, progress_of, until_ended
from tests.patience import PATIENCE_SECONDS


async def ask(
    database: Database,
    review: Review,
    only: tuple[Only, ...] = INCOMPLETE,
    columns: list[UUID] | None = None,
    documents: list[UUID] | None = None,
    model: str = MODEL,
) -> Generated:
    async with database.act_as(LOCAL_USER) as connection:
        return await create_job(
            connection, LOCAL_USER.id, Ask(review.id, model, PROMPT_VERSION, only, columns, documents)
        )


def test_documents_and_questions_that_are_new_are_answered_by_the_live_job_once(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            asker = Asker(database)
            review = await a_review(database, documents=3, columns=2)
            first = await ask(database, review, columns=review.columns, documents=review.documents[:1])
            async with pool_of(database, asker):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while not asker.asked:
                        await asyncio.sleep(0.02)
                async with database.act_as(LOCAL_USER) as connection:
                    (third,) = (await put_columns(connection, review.id, [ColumnSpec("New", "And this?")]))[-1:]
                second = await ask(database, review)
                assert (second.job_id, second.resumed) == (first.job_id, True)
                third_time = await ask(database, review)
                assert third_time.total_items == second.total_items, "the same request again adds nothing"
                asker.gate.set()
                progress = await until_ended(database, first)
            everything = {(d, c) for d in review.documents for c in [*review.columns, third]}
            assert {(d, c) for d, c, _ in asker.asked} == everything
            assert set(asker.asked.values()) == {1}, "nothing was asked twice"
            assert (progress.done_cells, progress.total_cells) == (9, 9)
            assert progress.completed_items == progress.total_items == second.total_items
            assert (await ask(database, review)).total_items == 0

    asyncio.run(scenario())


def test_a_question_that_is_reworded_while_it_is_asked_is_asked_again_in_its_new_words(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            asker = Asker(database)
            review = await a_review(database, documents=2, columns=1)
            generated = await ask(database, review)
            async with pool_of(database, asker):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while len(asker.asked) < 2:
                        await asyncio.sleep(0.02)
                async with database.act_as(LOCAL_USER) as connection:
                    await connection.execute("update tabular_columns set prompt = 'Other words?'")
                await ask(database, review)
                asker.gate.set()
                await until_ended(database, generated)
            async with database.worker() as connection:
                cells = (await changed_cells(connection, review.id)).cells
            assert [(cell["summary"], cell["stale"]) for cell in cells] == [("v2", False)] * 2
            assert Counter(version for _, _, version in asker.asked) == {1: 2, 2: 2}

    asyncio.run(scenario())


def test_what_was_asked_for_before_keeps_its_scope(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            asker = Asker(database)
            asker.gate.set()
            review = await a_review(database, documents=2, columns=2)
            first = await ask(database, review, columns=review.columns[:1], documents=review.documents[:1])
            await ask(database, review, columns=review.columns[1:], documents=review.documents[1:])
            async with pool_of(database, asker):
                await until_ended(database, first)
            assert {(d, c) for d, c, _ in asker.asked} == {
                (review.documents[0], review.columns[0]),
                (review.documents[1], review.columns[1]),
            }

    asyncio.run(scenario())


def test_the_cells_of_a_question_that_is_added_are_counted_once(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            asker = Asker(database)
            asker.gate.set()
            review = await a_review(database, documents=2, columns=1)
            job = await ask(database, review)
            for name, requests in (("Asked for twice", 2), ("Asked for by nobody", 0)):
                async with database.act_as(LOCAL_USER) as connection:
                    await put_columns(connection, review.id, [ColumnSpec(name, "And this?")])
                for _ in range(requests):
                    await ask(database, review)
            assert (await progress_of(database, job.job_id)).total_cells == 4
            async with pool_of(database, asker):
                progress = await until_ended(database, job)
            assert (progress.done_cells, progress.total_cells) == (6, 6)

    asyncio.run(scenario())


def test_a_request_for_another_model_never_joins(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            await ask(database, review)
            with pytest.raises(ConflictError, match="other-model"):
                await ask(database, review, model="other-model")

    asyncio.run(scenario())


def test_a_budget_that_is_named_binds_the_job_that_grows(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            first = await ask(database, review)
            async with database.act_as(LOCAL_USER) as connection:
                budgeted = Ask(
                    review.id, MODEL, PROMPT_VERSION, budget=Decimal("0.5"), prices=Prices(prompt=Decimal(1))
                )
                await create_job(connection, LOCAL_USER.id, budgeted)
                await put_documents(connection, review.id, review.documents)
            assert (await progress_of(database, first.job_id)).budget == Decimal("0.5")

    asyncio.run(scenario())


def test_a_retry_of_a_grown_job_asks_what_was_asked_of_each_document(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=2, columns=2)
            job = await ask(database, review, columns=review.columns[:1], documents=review.documents[:1])
            await ask(database, review, columns=review.columns[1:], documents=review.documents[1:])
            async with database.worker() as connection:
                items = await claim_items(connection, 60, 5, 3, {}, None)
                await end_items(connection, [EndedItem(item, "error", "It is torn.") for item in items])
            ended = await progress_of(database, job.job_id)
            assert (ended.status, ended.error_cells) == ("failed", 2)
            async with database.act_as(LOCAL_USER) as connection:
                again = await retry_job(connection, ended, LOCAL_USER.id, PROMPT_VERSION, Prices())
            assert (again.total_items, (await progress_of(database, again.job_id)).total_cells) == (2, 2)

    asyncio.run(scenario())
