"""Weather holds no place, costs no attempt and makes no row red; a refusal of every call pauses the job."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from uuid import UUID

import pytest

from columnist.db.connect import LOCAL_USER, Database
from columnist.errors import LlmAwayError, LlmRefusedError, StorageAwayError, WorkerPoolError
from columnist.jobs import completer, presence, supervisor
from columnist.jobs import pool as pool_module
from columnist.jobs.items import ClaimedItem, EndedItem, end_items
from columnist.jobs.job import Progress, resume_job
from columnist.jobs.pool import PoolOptions, WorkerPool
from tests.jobs.grid import a_review, generate, options, pool_of, progress_of, until_ended
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services check often; nothing else differs."""
    monkeypatch.setattr(presence, "PRESENCE_SECONDS", 0.05)
    monkeypatch.setattr(presence, "REFUSAL_SECONDS", 0.3)
    monkeypatch.setattr(pool_module, "JANITOR_SECONDS", 0.2)


async def until(database: Database, job_id: UUID, paused: bool) -> Progress:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while ((found := await progress_of(database, job_id)).paused_at is not None) is not paused:
            await asyncio.sleep(0.02)
    return found


def test_while_one_back_end_is_away_the_jobs_of_another_run(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            back = asyncio.Event()
            tries: Counter[int] = Counter()

            async def work(item: ClaimedItem) -> None:
                if item.model == "away":
                    tries[item.id] += 1
                    if not back.is_set():
                        raise LlmAwayError("The LLM server does not answer.")

            def limits() -> Mapping[str, int]:
                return {} if back.is_set() else {"away": 1}

            away = await generate(database, await a_review(database, 20, name="A"), model="away")
            pool = WorkerPool(database, work, options(concurrency=2), limits)
            running = asyncio.create_task(pool.run())
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not tries:
                    await asyncio.sleep(0.02)
            other = await generate(database, await a_review(database, 200, name="B"), model="here")
            assert (await until_ended(database, other)).completed_items == 200

            async with asyncio.timeout(PATIENCE_SECONDS):
                while (still := await progress_of(database, away.job_id)).status != "running":  # noted a little later
                    await asyncio.sleep(0.02)
            assert still.error_items == 0
            back.set()
            ended = await until_ended(database, away)
            assert (ended.completed_items, ended.error_items) == (20, 0)
            pool.stop()
            await running

    asyncio.run(scenario())


def test_storage_weather_costs_no_attempt_and_reddens_no_row(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            away, tries = True, 0

            async def work(item: ClaimedItem) -> None:
                nonlocal tries
                tries += 1
                if away:
                    raise StorageAwayError("The file store is read-only.")

            generated = await generate(database, await a_review(database, 10))
            async with pool_of(database, work, options(max_attempts=1)):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while tries < 5:
                        await asyncio.sleep(0.02)
                away = False
                ended = await until_ended(database, generated)
            assert (ended.status, ended.completed_items) == ("completed", 10)

    asyncio.run(scenario())


def test_a_worker_whose_store_is_away_does_not_eat_the_job_of_the_others(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=12) as database:
            worked: Counter[int] = Counter()

            async def misconfigured(item: ClaimedItem) -> None:
                raise StorageAwayError("The file store is another installation's.")

            async def work(item: ClaimedItem) -> None:
                worked[item.id] += 1
                await asyncio.sleep(0.01)

            generated = await generate(database, await a_review(database, 300))
            async with pool_of(database, misconfigured, options(max_attempts=1)), pool_of(database, work):
                ended = await until_ended(database, generated)
            assert (ended.completed_items, ended.error_items) == (300, 0)

    asyncio.run(scenario())


@pytest.mark.usefixtures("quick")
def test_a_refusal_of_every_call_pauses_the_job_and_a_repaired_key_lets_it_go_on(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            key_is_good, asked = False, 0

            async def work(item: ClaimedItem) -> None:
                nonlocal asked
                asked += 1
                if not key_is_good:
                    raise LlmRefusedError("The LLM server refuses the key: check OPENAI_API_KEY.")

            async def probe(model: str) -> str | None:
                return None if key_is_good else "refused"

            generated = await generate(database, await a_review(database, 50))
            pool = WorkerPool(database, work, options(), probe=probe)
            running = asyncio.create_task(pool.run())
            paused = await until(database, generated.job_id, paused=True)
            assert paused.pause_reason == "The LLM server refuses the key: check OPENAI_API_KEY."
            key_is_good = True
            ended = await until_ended(database, generated)
            assert (ended.status, ended.completed_items, ended.error_items) == ("completed", 50, 0)
            pool.stop()
            await running

    asyncio.run(scenario())


def test_resume_tries_a_refused_model_again_at_once(url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            good = False

            async def work(item: ClaimedItem) -> None:
                if not good:
                    raise LlmRefusedError("402: pay first")

            async def refused(model: str) -> str | None:
                return "402: pay first"

            generated = await generate(database, await a_review(database, 5))
            pool = WorkerPool(database, work, options(), probe=refused)
            running = asyncio.create_task(pool.run())
            await until(database, generated.job_id, paused=True)
            good = True
            async with database.act_as(LOCAL_USER) as connection:
                assert await resume_job(connection, generated.job_id, None)
            assert (await until_ended(database, generated)).completed_items == 5
            pool.stop()
            await running

    asyncio.run(scenario())


@pytest.mark.usefixtures("quick")
def test_a_job_that_no_worker_can_ask_says_so_and_goes_on_when_one_comes(url: str, admin_url: str) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:

            async def work(item: ClaimedItem) -> None: ...

            def knows(*models: str) -> PoolOptions:
                return PoolOptions(5, 60, 3, idle_seconds=0.1, grace_seconds=5, models=models)

            generated = await generate(database, await a_review(database, 5), model="gpt-9")
            async with database.worker() as connection:  # no worker has worked on it for a while
                await connection.execute("update tabular_jobs set served_at = now() - interval '1 hour'")
            async with pool_of(database, work, knows("extractive")):
                paused = await until(database, generated.job_id, paused=True)
                assert "No worker can ask the model 'gpt-9'" in (paused.pause_reason or "")
                async with pool_of(database, work, knows("extractive", "gpt-9")):
                    assert (await until_ended(database, generated)).completed_items == 5

    asyncio.run(scenario())


def test_a_service_that_fails_is_told_and_goes_on(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            broken = True

            async def failing(*args: object) -> set[int]:
                if broken:
                    raise ZeroDivisionError("a bug")
                return await end_items(*args)  # type: ignore[arg-type]

            async def tidy(*args: object) -> int:
                if broken:
                    raise ZeroDivisionError("another bug")
                return 0

            monkeypatch.setattr(pool_module, "end_abandoned_items", tidy)
            monkeypatch.setattr(supervisor, "back_off", lambda failures: 0.02)

            async def work(item: ClaimedItem) -> None: ...

            async with pool_of(database, work) as pool, asyncio.timeout(PATIENCE_SECONDS):
                while pool.trouble is None:
                    await asyncio.sleep(0.02)
                assert "end abandoned" in pool.trouble
                monkeypatch.setattr(completer, "end_items", failing)
                generated = await generate(database, await a_review(database, 5))
                broken = False
                assert (await until_ended(database, generated)).completed_items == 5
                while pool.trouble is not None:
                    await asyncio.sleep(0.02)

    asyncio.run(scenario())


def test_an_item_that_cannot_be_ended_fails_alone(url: str) -> None:
    """A batch that PostgreSQL refuses is written item by item."""

    async def scenario() -> None:
        async with Database(url, connections=8) as database:
            review = await a_review(database, 20)
            generated = await generate(database, review)
            async with database.worker() as connection:
                row = await (await connection.execute("select min(id) as id from tabular_job_items")).fetchone()
                assert row
            poisoned = row["id"]

            async def work(item: ClaimedItem) -> None: ...

            async def failing(connection: object, ended: list[EndedItem]) -> set[int]:
                if any(one.item.id == poisoned for one in ended):
                    async with database.worker() as own:
                        await own.execute("select 1 / 0")
                return await end_items(connection, ended)  # type: ignore[arg-type]

            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(completer, "end_items", failing)
                async with pool_of(database, work), asyncio.timeout(PATIENCE_SECONDS):
                    while (await progress_of(database, generated.job_id)).completed_items < 19:
                        await asyncio.sleep(0.02)
            async with database.worker() as connection:
                await connection.execute(
                    "update tabular_job_items set lease_expires_at = now() - interval '1 s' where status = 'running'"
                )
            async with pool_of(database, work):
                assert (await until_ended(database, generated)).completed_items == 20

    asyncio.run(scenario())


def test_a_pool_that_dies_takes_its_process_with_it(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    from columnist.process import open_process
    from columnist.settings import Settings

    async def scenario() -> None:
        settings = Settings(_env_file=None, database_url=url, data_dir=tmp_path_factory.mktemp("data"))
        async with open_process(settings) as process, process.working() as pool:

            async def die() -> None:
                raise KeyError("a bug")

            pool._supervisor.keep = lambda *_: die()  # type: ignore[method-assign]
            await asyncio.Event().wait()

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await scenario()

    with pytest.raises(WorkerPoolError):
        asyncio.run(bounded())
