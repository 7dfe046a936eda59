"""Servers that come, go and lose their database under load: every request is answered, every item is done once."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.conftest import new_database, system_server
from tests.jobs.grid import QUESTIONS, Watcher, a_job
from tests.load import Clients, go_on
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import contracts_in, served, simulator


def test_a_server_that_is_told_to_stop_hands_back_what_runs_and_leaves_within_its_grace(
    url: str, tmp_path: Path
) -> None:
    files = contracts_in(tmp_path / "files", 30)
    with simulator(prompt_rate=10**6, decode_rate=1, slots=64) as llm:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "TABULAR_GENERATE_CONCURRENCY": 10,
            "TABULAR_WORKER_GRACE_SECONDS": 1,
        }
        job = a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with served(**variables) as server:
            watcher.until("select count(*) from tabular_job_items where status = 'running'", (10,))
            assert httpx.get(f"{server.url}/api/tabular/jobs/{job.job_id}").json()["running_items"] == 10
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(PATIENCE_SECONDS) == 0
    assert watcher.one(
        "select count(*) from tabular_job_items where status = 'pending' and lease_expires_at is null"
    ) == (30,)
    assert watcher.one("select sum(handed_back_count), sum(attempt_count) from tabular_job_items") == (10, 10)


def test_a_server_that_drains_still_answers_and_says_so(url: str, tmp_path: Path) -> None:
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_DRAIN_SECONDS=600) as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(f"{server.url}/readyz").status_code == 503)
        ready = httpx.get(f"{server.url}/readyz")
        assert (ready.status_code, ready.headers["connection"]) == (503, "close")
        assert httpx.get(f"{server.url}/api/me").status_code == 200
        server.process.send_signal(signal.SIGTERM)  # no more patience
        assert server.process.wait(PATIENCE_SECONDS) == 0


def test_a_restart_of_postgresql_under_load_is_waited_for(tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 100)

    async def scenario(url: str, crash: Callable[[], None]) -> Counter[int]:
        job = await asyncio.to_thread(a_job, url, tmp_path / "home", files, "extractive")
        watcher = Watcher(url)
        (review_id,) = watcher.one("select review_id from tabular_jobs")
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000,
        }
        with ExitStack() as stack:
            server = await asyncio.to_thread(stack.enter_context, served(**variables))
            people = Clients("people", server.url, job.job_id, review_id)
            async with people.busy():
                await go_on([people])
                await asyncio.to_thread(crash)
                await go_on([people])
                watcher = Watcher(url)  # the connection of the first one broke
                await asyncio.to_thread(watcher.until, "select status from tabular_jobs", ("completed",))
        assert watcher.one("select completed_items, done_cells from tabular_jobs") == (100, 100 * QUESTIONS)
        return people.statuses

    with system_server() as server:
        statuses = asyncio.run(scenario(new_database(server.url, "restarted"), server.crash_and_recover))
    # Requests that were in progress when the connections broke get an error; later ones have waited.
    assert set(statuses) <= {200, 201, 304, 503}, statuses
    assert statuses[503] <= 20, statuses
