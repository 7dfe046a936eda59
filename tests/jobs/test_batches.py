"""Batches of a provider: half the price, nothing lost and nothing submitted twice, whatever fails on the way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from columnist.desk.files import find_files
from columnist.desk.grid import Grid, ReviewName
from columnist.desk.local import LocalDesk, open_desk
from columnist.desk.runs import Covered, cover
from columnist.jobs import batches, pool
from columnist.jobs.job import Generated, Progress
from columnist.reviews.model import ColumnSpec
from tests.db.faulty import OF_BATCHES, faulty
from tests.jobs.grid import Watcher
from tests.llm.simulated import Simulated, simulator
from tests.patience import until
from tests.processes import environment_of, workers

DOCUMENTS = 6
COLUMNS = [
    ColumnSpec("Price", 'What follows "The price is"?'),
    ColumnSpec("Law", 'What follows "governed by"?'),
]
PROMPT, COMPLETION = 2, 8
"""US dollars per million tokens, outside batches."""


@pytest.fixture
def llm() -> Iterator[Simulated]:
    with simulator() as server:
        yield server


@pytest.fixture(autouse=True)
def soon_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "DOUBT_SECONDS", 0.5)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "contracts"
    folder.mkdir()
    for nr in range(DOCUMENTS):
        words = "This Agreement is governed by the laws of Nevada. " * 20
        (folder / f"{nr}.txt").write_text(f"{words} The price is one{nr} dollars.")
    return folder


@dataclass(frozen=True, slots=True)
class Bench:
    """A desk with its pool, and a grid to fill."""

    desk: LocalDesk
    grid: Grid

    async def generate(self) -> Generated:
        return await self.desk.generate(self.grid, batch=True)

    async def covered(self, *, batch: bool = True) -> Covered:
        async def watch(generated: Generated) -> Progress:
            async for job in self.desk.watch(generated.job_id):
                last = job
            return last

        return await cover(self.desk, self.grid, None, watch, batch=batch)

    async def submitted(self, job: Generated) -> Progress:
        async def holds() -> Progress | None:
            progress = await self.desk.progress(job.job_id)
            return progress if progress.batch_submitted_at else None

        await until(holds, "a batch")
        return await self.desk.progress(job.job_id)

    async def prices(self) -> list[str]:
        return sorted([str(row.cells[self.grid.columns[0][0]].summary) async for row in self.desk.rows(self.grid)])


def settings_of(url: str, llm: Simulated, files: Path) -> dict[str, Any]:
    return {
        "database_url": url,
        "data_dir": files.parent / "home",
        "poll_ms": 50,
        "price_prompt": PROMPT,
        "price_completion": COMPLETION,
        "openai_base_url": llm.url,
    }


@asynccontextmanager
async def bench(url: str, llm: Simulated, files: Path, **changes: Any) -> AsyncIterator[Bench]:
    settings = llm.settings(**settings_of(url, llm, files) | changes)
    async with open_desk(settings) as desk, desk.working():
        yield Bench(desk, await desk.prepare(ReviewName("Review"), find_files([files]).files, COLUMNS))


ALL = [f"one{nr} dollars" for nr in range(DOCUMENTS)]


def test_a_job_in_batches_costs_half_holds_no_place_and_leaves_nothing(url: str, llm: Simulated, files: Path) -> None:
    async def scenario() -> None:
        async with bench(url, llm, files) as one:
            llm.inject(hold_batches=True)
            job = await one.generate()
            waiting = await one.submitted(job)
            assert waiting.running_items == 0
            assert f"0 of {DOCUMENTS} answered" in waiting.waits_for
            again = await one.generate()
            assert (again.job_id, again.resumed) == (job.job_id, True)
            gone = one.grid.document_ids[-1]
            watcher = Watcher(url)
            bodies = "select max(length(body)) from tabular_batch_requests"
            await asyncio.to_thread(watcher.until, bodies, (None,))
            watcher.one(f"delete from review_documents where document_id = '{gone}' returning true")
            llm.inject()
            covered = await one.covered()
            assert (covered.left, covered.answered) == ("", (DOCUMENTS - 1) * len(COLUMNS))
            assert await one.prices() == ALL[:-1]
            for table, text in (("tabular_calls", "answer"), ("tabular_batch_requests", "concat(body, reply)")):
                texts = f"select count(*) from {table} where document_id = '{gone}' and {text} <> ''"
                assert watcher.one(texts) == (0,), "what is derived from a document goes with it"
            ended = covered.job
            assert llm.figure("llm_batches_total") == 1
            assert llm.figure("llm_batched_requests_total") == DOCUMENTS
            assert llm.figure("llm_requests_total") == 1, "a word, to see which parameters it takes"
            assert ended.prompt_tokens == sum(
                map(llm.figure, ("llm_batched_prompt_tokens_total", "llm_prompt_tokens_total"))
            )
            tokens = PROMPT * ended.prompt_tokens + COMPLETION * ended.completion_tokens
            assert ended.price == Decimal(tokens) / 2 / 1_000_000
            assert llm.figure("llm_files") == 0
            assert ended.waits_for == ""

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("lost", "sqlstate"), [("-upload", "08006"), ("upload", "57014"), ("-create", "40P01"), ("create", "53300")]
)
def test_a_reply_that_is_lost_submits_nothing_twice(
    url: str, llm: Simulated, files: Path, lost: str, sqlstate: str
) -> None:
    """Nor do failing statements: each of those about batches fails before it is carried out, and after."""

    async def scenario() -> None:
        llm.inject(lose=lost)
        async with faulty(url) as faults:
            faults.sqlstate, faults.names = sqlstate, OF_BATCHES
            async with bench(faults.url, llm, files) as one:
                covered = await one.covered()
            assert Counter(faults.hit) == Counter(2 * [*OF_BATCHES - {"refuse_batch"}]), "no batch is too large here"
        assert (covered.left, covered.answered) == ("", DOCUMENTS * len(COLUMNS))
        assert llm.figure("llm_lost_total") == 1
        assert llm.figure("llm_uploads_total") == 1
        assert llm.figure("llm_batches_total") == 1
        assert llm.figure("llm_batched_requests_total") == DOCUMENTS
        assert llm.figure("llm_files") == 0
        figures = map(llm.figure, ("llm_batched_prompt_tokens_total", "llm_prompt_tokens_total"))
        assert covered.job.prompt_tokens == sum(figures), "each reply is counted once"

    asyncio.run(scenario())


def test_a_killed_worker_leaves_a_batch_to_the_next(url: str, llm: Simulated, files: Path) -> None:
    watcher = Watcher(url)
    variables = environment_of(url, files.parent / "home", llm.url, TABULAR_JOB_LEASE_SECONDS=5)

    async def begin() -> None:
        settings = llm.settings(**settings_of(url, llm, files))
        async with open_desk(settings) as desk:
            grid = await desk.prepare(ReviewName("Review"), find_files([files]).files, COLUMNS)
            await desk.generate(grid, batch=True)

    asyncio.run(begin())
    llm.inject(hold_batches=True, lose="create")
    with workers(1, **variables) as (first,):
        # Its reply is lost, and the worker dies before it checks the outcome.
        llm.wait_until("llm_batches_total", 1)
        first.kill()
        first.wait()
    with workers(1, **variables) as (second,):
        watcher.until("select count(*) from tabular_batches where provider_id is not null", (1,))
        second.kill()
        second.wait()
    llm.inject()
    with workers(1, **variables):
        watcher.until("select status, completed_items from tabular_jobs", ("completed", DOCUMENTS))
    assert llm.figure("llm_batches_total") == 1
    assert llm.figure("llm_batched_requests_total") == DOCUMENTS
    assert watcher.one("select count(*) from tabular_batch_requests") == (0,)


def test_what_expires_breaks_or_is_malformed_is_asked_in_further_batches_and_counted_once(
    url: str, llm: Simulated, files: Path
) -> None:
    async def scenario() -> None:
        async with bench(url, llm, files) as one:
            llm.inject(hold_batches=True)
            await one.submitted(await one.generate())
            llm.inject(expired=2, broken=1, malformed=1, left=2)
            covered = await one.covered()
            assert (covered.left, covered.answered) == ("", DOCUMENTS * len(COLUMNS))
            assert await one.prices() == ALL
        assert llm.figure("llm_batches_total") > 1
        assert llm.figure("llm_batched_requests_total") == DOCUMENTS + 2 + 1 + 2
        assert covered.job.prompt_tokens == sum(
            map(llm.figure, ("llm_batched_prompt_tokens_total", "llm_prompt_tokens_total"))
        )
        assert llm.figure("llm_files") == 0

    asyncio.run(scenario())


def test_replies_that_are_late_or_break_off_are_waited_for_and_not_paid_again(
    url: str, admin_url: str, llm: Simulated, files: Path
) -> None:
    """Of a document that is removed while they land nothing is kept but the cost."""

    async def scenario() -> None:
        async with bench(url, llm, files) as one, await psycopg.AsyncConnection.connect(admin_url) as user:
            llm.inject(hold_batches=True)
            job = await one.generate()
            await one.submitted(job)
            await user.execute("delete from review_documents where document_id = (select id from documents limit 1)")
            llm.inject(files_late=2, lose="download rest")

            async def waits() -> object:
                waiting = await user.execute(
                    "select pid from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid))"
                )
                return await waiting.fetchone()

            await until(waits, "replies that wait for the removal")
            await user.commit()
            async for last in one.desk.watch(job.job_id):
                status = last.status
            kept = await user.execute("select count(answer) from tabular_calls")
            assert (status, await kept.fetchone()) == ("completed", (0,))
            assert len(await one.prices()) == DOCUMENTS - 1
        assert llm.figure("llm_batched_requests_total") == DOCUMENTS

    asyncio.run(scenario())


def test_a_call_to_which_batches_never_reply_ends_as_an_error(
    url: str, llm: Simulated, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FIRST_RETRY_SECONDS", 0.1)

    async def scenario() -> None:
        async with bench(url, llm, files) as one:
            llm.inject(omitted="one0 dollars")
            covered = await one.covered()
            assert covered.answered == (DOCUMENTS - 1) * len(COLUMNS)
            failures = await one.desk.job_failures(covered.job.id)
            assert "failed 3 times" in failures[0].error
            assert "in a batch: it answered 502" in failures[0].error
        assert llm.figure("llm_omitted_total") == 3

    asyncio.run(scenario())


def test_cancelling_the_job_cancels_the_batch_and_keeps_what_came(url: str, llm: Simulated, files: Path) -> None:
    async def scenario() -> None:
        async with bench(url, llm, files) as one:
            llm.inject(hold_batches=True)
            job = await one.generate()
            await one.submitted(job)
            assert await one.desk.cancel(job.job_id)
            assert (await one.desk.progress(job.job_id)).status == "cancelled"
            await asyncio.to_thread(llm.wait_until, "llm_batches_cancelled_total", 1)
            await asyncio.to_thread(llm.wait_until, "llm_files", 0)
            before = llm.figure("llm_requests_total")
            llm.inject()
            covered = await one.covered(batch=False)
            assert (covered.left, covered.answered) == ("", DOCUMENTS * len(COLUMNS))
            assert llm.figure("llm_requests_total") - before == DOCUMENTS / 2, (
                "the other half was answered and paid for"
            )
            cancelled = await one.desk.progress(job.job_id)
            assert cancelled.prompt_tokens > llm.figure("llm_batched_prompt_tokens_total") > 0

    asyncio.run(scenario())


def test_a_batch_is_as_large_as_the_provider_and_the_budget_allow(url: str, files: Path) -> None:
    async def scenario(llm: Simulated) -> None:
        async with faulty(url) as faults, bench(faults.url, llm, files) as one:
            faults.sqlstate, faults.names = "57P01", frozenset(["refuse_batch"])
            covered = await one.covered()
            assert len(faults.hit) == 2
            assert (covered.left, covered.answered) == ("", DOCUMENTS * len(COLUMNS))
            assert llm.figure("llm_batches_refused_total") >= 1
            assert llm.figure("llm_batched_requests_total") == DOCUMENTS

            llm.inject(rate_limit=1, left=1, retry_after="0.1")
            ask = one.desk.asking(one.grid.review_id, None, ["all"], budget=Decimal("0.003"), batch=True)
            half = await one.desk.estimate(ask)
            whole = await one.desk.estimate(one.desk.asking(one.grid.review_id, None, ["all"]))
            assert half.price is not None
            assert half.price * 2 == pytest.approx(whole.price)
            job = await one.desk.ask(ask)

            async def paused() -> bool:
                return (await one.desk.progress(job.job_id)).paused_at is not None

            await until(paused, "the end of the budget")
            spent = await one.desk.progress(job.job_id)
            assert "budget" in (spent.pause_reason or "")
            assert spent.price < Decimal("0.003") * 2
            assert llm.figure("llm_batched_requests_total") < 2 * DOCUMENTS

    with simulator("--enqueued-tokens", "2500") as llm:
        asyncio.run(scenario(llm))


def test_a_server_without_batches_pauses_the_job_with_a_sentence(url: str, llm: Simulated, files: Path) -> None:
    async def scenario() -> None:
        llm.inject(no_batches=True)
        async with bench(url, llm, files) as one:
            job = await one.generate()

            async def paused() -> bool:
                return (await one.desk.progress(job.job_id)).paused_at is not None

            await until(paused, "a refusal")
            assert "has no batches" in str((await one.desk.progress(job.job_id)).pause_reason)
            assert await one.desk.cancel(job.job_id)

    asyncio.run(scenario())
