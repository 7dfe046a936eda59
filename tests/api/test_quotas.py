"""Limits on what one user may store, run and spend: they hold for simultaneous requests, and a sentence explains
them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from columnist.api.tokens import create_token
from columnist.db.connect import LOCAL_USER, Connection, Database
from columnist.db.quotas import Quotas
from columnist.desk.suggestion import most_dollars
from columnist.documents.store import StoredFile, add_documents, delete_document
from columnist.documents.sweep import note_arrival
from columnist.errors import AllowanceSpentError, JobQuotaError, StorageQuotaError
from columnist.jobs.ask import Ask
from columnist.jobs.items import PutOffCall, claim_items, put_off_item
from columnist.jobs.job import create_job, job_progress
from columnist.llm.usage import Prices, Usage
from columnist.reviews.model import ColumnSpec
from columnist.reviews.store import add_columns, create_review, edit_column, put_member
from columnist.reviews.templates import Template, create_template, put_template
from tests.http import problem
from tests.jobs.grid import Watcher, a_review
from tests.llm.simulated import completion, scripted
from tests.processes import Served, environment_of, served, served_api, simulator
from tests.uploads import upload

AT_ONCE = 8


async def together(*acts: Coroutine[Any, Any, Any]) -> list[Any]:
    """The result of each, or its error."""
    return await asyncio.gather(*acts, return_exceptions=True)


def a_file(size: int = 1) -> StoredFile:
    return StoredFile(f"{uuid4()}.txt", uuid4().hex * 2, size)


@pytest.mark.parametrize("quotas", [Quotas(documents=3), Quotas(bytes=300)])
def test_of_uploads_at_the_same_time_no_more_are_stored_than_one_user_may(url: str, quotas: Quotas) -> None:
    async def store(database: Database) -> UUID:
        async with database.act_as(LOCAL_USER) as connection:
            (added,) = await add_documents(connection, LOCAL_USER, [a_file(100)])
            await asyncio.sleep(0)
            return added.id

    async def scenario() -> None:
        async with Database(url, AT_ONCE, quotas) as database:
            done = await together(*(store(database) for _ in range(AT_ONCE)))
            stored = [one for one in done if isinstance(one, UUID)]
            assert len(stored) == 3
            refused = [one for one in done if not isinstance(one, UUID)]
            assert all(isinstance(one, StorageQuotaError) and "delete some" in str(one) for one in refused), refused
            with pytest.raises(StorageQuotaError):
                await note_arrival(database, LOCAL_USER, "0" * 64, 100)
            async with database.act_as(LOCAL_USER) as connection:
                await delete_document(connection, stored[0])
            await note_arrival(database, LOCAL_USER, "0" * 64, 100)
            assert isinstance(await store(database), UUID), "what was deleted counts no longer"
            if quotas.bytes:
                async with database.act_as(LOCAL_USER) as connection:
                    for one in stored[1:]:
                        await delete_document(connection, one)
                await note_arrival(database, LOCAL_USER, "1" * 64, 200)
                with pytest.raises(StorageQuotaError, match="today"):
                    await note_arrival(database, LOCAL_USER, "2" * 64, 1)

    asyncio.run(scenario())


A_COLUMN = ColumnSpec("Fee", "What is the fee?")
MADE: dict[str, Callable[[Connection, UUID, str], Awaitable[object]]] = {
    "reviews": lambda connection, _, name: create_review(connection, LOCAL_USER, name),
    "templates": lambda connection, _, name: create_template(connection, LOCAL_USER, name, [A_COLUMN]),
    "columns": lambda connection, review_id, name: add_columns(connection, review_id, [replace(A_COLUMN, name=name)]),
    "members": lambda connection, review_id, name: put_member(connection, review_id, f"{name}@example.org", "viewer"),
    "tokens": lambda connection, _, name: create_token(connection, LOCAL_USER, name, "read", 1),
}
"""What a user makes, in any number but for its quota."""


def test_of_everything_that_a_user_makes_at_the_same_time_no_more_is_kept_than_one_user_may(url: str) -> None:
    async def make(database: Database, what: str, review_id: UUID, name: str) -> object:
        async with database.act_as(LOCAL_USER) as connection:
            return await MADE[what](connection, review_id, name)

    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=0)
            made = await make(database, "templates", review.id, "Short")
            assert isinstance(made, Template)
        for what in MADE:
            there = {"reviews": 1, "templates": 1, "columns": len(review.columns)}.get(what, 0)
            async with Database(url, AT_ONCE, Quotas(**{what: there + 3})) as database:
                done = await together(*(make(database, what, review.id, f"n{nr}") for nr in range(AT_ONCE)))
                refused = [one for one in done if isinstance(one, StorageQuotaError)]
                assert len(refused) == AT_ONCE - 3, (what, done)
                assert all("delete some" in str(one) for one in refused), refused
        long = [replace(A_COLUMN, prompt="x" * 9_000)]
        async with Database(url, 1, Quotas(templates_bytes=9_000, columns_bytes=9_000)) as database:
            for what in ("templates", "columns"):
                await make(database, what, review.id, "short enough")
            for grow in (
                lambda connection: put_template(connection, made.id, "Long", long),
                lambda connection: edit_column(connection, review.id, review.columns[0], long[0]),
            ):
                with pytest.raises(StorageQuotaError, match="MB of"):
                    async with database.act_as(LOCAL_USER) as connection:
                        await grow(connection)

    asyncio.run(scenario())


def test_of_jobs_started_at_the_same_time_no_more_live_than_one_user_may_have(url: str) -> None:
    async def start(database: Database, review_id: UUID) -> UUID:
        async with database.act_as(LOCAL_USER) as connection:
            return (await create_job(connection, LOCAL_USER.id, Ask(review_id, "m", "1"))).job_id

    async def scenario() -> None:
        async with Database(url, AT_ONCE, Quotas(jobs=2)) as database:
            reviews = [await a_review(database, name=f"Review {nr}", documents=1) for nr in range(AT_ONCE)]
            done = await together(*(start(database, review.id) for review in reviews))
            assert sum(isinstance(one, UUID) for one in done) == 2
            assert sum(isinstance(one, JobQuotaError) for one in done) == AT_ONCE - 2, done

    asyncio.run(scenario())


def test_of_calls_at_the_same_time_the_users_jobs_stop_when_the_days_allowance_is_spent(url: str) -> None:
    """A call costs 1 dollar; the allowance is 3."""
    price = Prices(prompt=1_000_000)  # type: ignore[arg-type]

    async def spend(database: Database) -> None:
        async with database.act_as(LOCAL_USER) as connection:
            await connection.execute("select spend(1)")

    async def count(connection: Connection, job_id: UUID) -> None:
        await connection.execute("update tabular_jobs set prompt_tokens = prompt_tokens + 1 where id = %s", [job_id])

    async def scenario() -> None:
        async with Database(url, AT_ONCE, Quotas(dollars=3)) as database:
            reviews = [await a_review(database, name=f"Review {nr}", documents=1) for nr in range(2)]
            jobs = []
            for review in reviews:
                async with database.act_as(LOCAL_USER) as connection:
                    made = await create_job(connection, LOCAL_USER.id, Ask(review.id, "m", "1", prices=price))
                jobs.append(made.job_id)
            async with database.worker() as connection:
                await count(connection, jobs[0])
            done = await together(*(spend(database) for _ in range(AT_ONCE)))
            assert [one for one in done if one is not None and not isinstance(one, AllowanceSpentError)] == []
            assert done.count(None) == 2, "1 of the job, and 2"
            async with database.worker() as connection:
                await count(connection, jobs[1])
            async with database.act_as(LOCAL_USER) as connection:
                job = await job_progress(connection, jobs[1])
                assert job.paused_at and "tomorrow" in (job.pause_reason or "")
                free = await a_review(database, name="Free", documents=1)
                await create_job(connection, LOCAL_USER.id, Ask(free.id, "m", "1"))
            another = await a_review(database, name="Another", documents=1)
            with pytest.raises(AllowanceSpentError):
                async with database.act_as(LOCAL_USER) as connection:
                    await create_job(connection, LOCAL_USER.id, Ask(another.id, "m", "1", prices=price))

    asyncio.run(scenario())


def test_when_the_allowance_is_spent_no_job_of_the_user_begins_another_call(url: str, tmp_path: Path) -> None:
    """Only calls in flight exceed it, however many jobs there are."""
    jobs, documents, in_flight = 6, 8, 2
    spent = "select coalesce(sum(spent), 0) from user_usage"
    with simulator(prompt_rate=10**6, decode_rate=300, slots=in_flight) as llm, ExitStack() as servers:
        variables = environment_of(
            url,
            tmp_path / "home",
            llm,
            COLUMNIST_PRICE_PROMPT=1000,
            COLUMNIST_PRICE_COMPLETION=1000,
            COLUMNIST_LLM_MAX_IN_FLIGHT=in_flight,
        )
        watcher = Watcher(url)

        def generate(server: Served, name: str, documents: int) -> str:
            api = f"{server.url}/api/tabular"
            columns = [{"name": "Fee", "prompt": "What is the fee?"}]
            review = httpx.post(f"{api}/reviews", json={"name": name, "columns": columns}).json()["id"]
            files = [
                (f"{nr}.txt", f"{name} {nr:04}. The fee is $1,000. {'x' * 9} ".encode()) for nr in range(documents)
            ]
            with httpx.Client(base_url=f"{server.url}/api") as client:
                upload(client, *files, review_id=review)
            return str(httpx.post(f"{api}/reviews/{review}/generate").json()["job_id"])

        with served(**variables) as server:
            first = generate(server, "Review", 1)
            watcher.until(f"select status from tabular_jobs where id = '{first}'", ("completed",))
        (a_call,) = watcher.one(spent)
        allowance = 5 * a_call
        server = servers.enter_context(served("--no-worker", **variables, COLUMNIST_USER_DOLLARS_A_DAY=allowance))
        started = [generate(server, f"Revie{nr}", documents) for nr in range(jobs)]
        servers.enter_context(served(**variables, COLUMNIST_USER_DOLLARS_A_DAY=allowance))
        paused = "select count(*) from tabular_jobs where pause_cause = 'allowance'"
        watcher.until(paused, (jobs,))
        watcher.until("select count(*) from tabular_job_items where status = 'running'", (0,))
        (in_all,) = watcher.one(spent)
        assert allowance <= in_all <= allowance + in_flight * a_call * Decimal("1.1"), in_all / a_call
        job = httpx.get(f"{server.url}/api/tabular/jobs/{started[-1]}").json()
        assert "tomorrow" in job["pause_reason"]


def test_batches_of_all_jobs_of_a_user_hold_no_more_than_is_left_of_the_allowance(url: str) -> None:
    """The expected cost of a call is 1 dollar; 3 are left, for four jobs of five calls each."""
    price = Prices(prompt=Decimal(1_000_000))

    async def cut(database: Database) -> None:
        async with database.worker() as connection:
            await connection.execute("select cut_tabular_batches('https://llm.example', null, 1000, 1000000000, 0)")

    async def count(database: Database, rows: str) -> int:
        async with database.worker() as connection:
            row = await (await connection.execute(f"select count(*) as them from {rows}")).fetchone()
            assert row
            return int(row["them"])

    async def scenario() -> None:
        async with Database(url, AT_ONCE, Quotas(dollars=3)) as database:
            for nr in range(4):
                review = await a_review(database, name=f"Review {nr}", documents=5)
                async with database.act_as(LOCAL_USER) as connection:
                    await create_job(connection, LOCAL_USER.id, Ask(review.id, "m", "1", prices=price, batch=True))
            async with database.worker() as connection:
                items = await claim_items(connection, 60, 100, 3, {}, None)
            for nr, item in enumerate(items):
                await put_off_item(database, item, [PutOffCall(bytes([nr]), "{}", Usage(prompt_tokens=1))])
            assert len(items) == 20
            await together(*(cut(database) for _ in range(AT_ONCE)))
            assert await count(database, "tabular_batch_requests where batch_id is not null") == 3
            async with database.worker() as connection:  # the replies cost more than expected
                await connection.execute(
                    "update tabular_jobs set prompt_tokens = prompt_tokens + 3 "
                    "where id = (select job_id from tabular_batches limit 1)"
                )
            await cut(database)
            assert await count(database, "tabular_batch_requests where batch_id is not null") == 3
            assert await count(database, "tabular_jobs where pause_cause = 'allowance'") == 4

    asyncio.run(scenario())


def test_a_suggestion_takes_from_the_allowance_what_it_may_cost_before_it_is_asked_for(
    url: str, tmp_path: Path
) -> None:
    title = "Widgets in the annex"
    most = most_dollars(Prices(Decimal(1000), completion=Decimal(1000)), title)
    asked = []

    def reply(request: dict[str, object]) -> tuple[int, dict[str, object] | str]:
        asked.append(request)
        return 200, completion(json.dumps({"prompt": "Which widgets are in the annex?", "format": "text"}))

    with scripted(reply) as llm:
        variables = environment_of(
            url,
            tmp_path,
            llm.url,
            COLUMNIST_PRICE_PROMPT=1000,
            COLUMNIST_PRICE_COMPLETION=1000,
            COLUMNIST_USER_DOLLARS_A_DAY=most * 5 / 2,
        )
        with served_api("--no-worker", **variables) as api:
            answers = [api.post("/tabular/columns/suggest-prompt", json={"name": title}) for _ in range(4)]
            assert [one.status_code for one in answers] == [200, 200, 402, 402], answers[0].text
            problem(answers[-1], 402, "allowance-spent")
            assert len(asked) == 2
            assert api.get("/me").json()["usage"]["dollars"] == pytest.approx(float(2 * most))


def test_a_user_sees_usage_and_quotas_and_is_told_what_to_do(url: str, tmp_path: Path) -> None:
    variables = {
        "DATABASE_URL": url,
        "COLUMNIST_DATA_DIR": tmp_path,
        "COLUMNIST_USER_DOCUMENTS": 2,
        "COLUMNIST_USER_JOBS": 1,
    }
    with served_api("--no-worker", **variables) as api:
        reviews = [
            api.post("/tabular/reviews", json={"name": name, "columns": [{"name": "A", "prompt": "B?"}]}).json()["id"]
            for name in ("First", "Second")
        ]
        files = [(f"{nr}.txt", f"Contract {nr}".encode()) for nr in range(4)]
        done = upload(api, files[0], files[1], review_id=reviews[0])
        assert done["added"] == 2
        late = upload(api, *files[2:])
        assert late["refused"] == 2 and "COLUMNIST_USER_DOCUMENTS" in late["files"][0]["error"]
        ids = [one["document_id"] for one in done["files"]]
        api.post(f"/tabular/reviews/{reviews[1]}/documents", json={"document_ids": ids}).raise_for_status()
        api.post(f"/tabular/reviews/{reviews[0]}/generate").raise_for_status()
        refused = api.post(f"/tabular/reviews/{reviews[1]}/generate")
        assert "cancel one" in problem(refused, 429, "job-quota")["detail"]
        assert refused.headers["retry-after"]
        me = api.get("/me").json()
        assert me["usage"] == {"documents": 2, "bytes": 20, "jobs": 1, "dollars": 0, "reviews": 2}
        assert (me["quotas"]["documents"], me["quotas"]["jobs"], me["quotas"]["dollars"]) == (2, 1, None)
