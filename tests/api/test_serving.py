"""Servers that come, go and lose their database under load: every request is answered, every item is done once."""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psycopg

from tests.conftest import new_database, system_server
from tests.jobs.grid import QUESTIONS, Watcher, a_job
from tests.processes import Served, contracts_in, metric, served, simulator


class Balancer:
    """What stands before the servers: it asks /readyz every 50 ms and sends requests to those that are ready."""

    def __init__(self, *servers: Served) -> None:
        self._ready = [server.url for server in servers]
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._turn = 0

    def _client(self, url: str) -> httpx.AsyncClient:
        return self._clients.setdefault(url, httpx.AsyncClient(base_url=url, timeout=30))

    async def watch(self, servers: list[Served]) -> None:
        while True:
            ready = []
            for server in list(servers):
                with contextlib.suppress(httpx.TransportError):
                    if (await self._client(server.url).get("/readyz")).status_code == 200:
                        ready.append(server.url)
            self._ready = ready or self._ready
            await asyncio.sleep(0.05)

    async def request(self, method: str, path: str, **options: object) -> httpx.Response:
        self._turn += 1
        url = self._ready[self._turn % len(self._ready)]
        return await self._client(url).request(method, path, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def load(balancer: Balancer, job_id: object, review_id: object) -> AsyncIterator[Counter[int]]:
    """Ten clients that poll and write without a pause worth the name; the statuses that they got."""
    statuses: Counter[int] = Counter()

    async def poll() -> None:
        cursor = ""
        while True:
            status = await balancer.request("GET", f"/api/tabular/jobs/{job_id}")
            feed = await balancer.request(
                "GET", f"/api/tabular/reviews/{review_id}/cells", params={"cursor": cursor} if cursor else {}
            )
            statuses.update([status.status_code, feed.status_code])
            cursor = feed.json()["cursor"] if feed.status_code == 200 else cursor
            await asyncio.sleep(0.01)

    async def write(client: int) -> None:
        number = 0
        while True:
            answer = await balancer.request(
                "POST", "/api/tabular/reviews", json={"name": f"Made under load {client}.{number}"}
            )
            number += 1
            statuses[answer.status_code] += 1
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as clients:
        tasks = [clients.create_task(poll()) for _ in range(8)] + [clients.create_task(write(nr)) for nr in range(2)]
        yield statuses
        for task in tasks:
            task.cancel()


def test_a_rolling_restart_under_load_answers_every_request_and_does_every_item_once(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 200)

    async def scenario(llm: str) -> Counter[int]:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
            "COLUMNIST_DRAIN_SECONDS": 5,  # time for the balancer to see it, on a busy machine too
            "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000,
        }
        job = await asyncio.to_thread(a_job, url, tmp_path / "home", files)
        (review_id,) = Watcher(url).one("select review_id from tabular_jobs")
        with ExitStack() as stack:
            servers = [await asyncio.to_thread(stack.enter_context, served(**variables))]
            balancer = Balancer(*servers)
            watching = asyncio.create_task(balancer.watch(servers))
            async with load(balancer, job.job_id, review_id) as statuses:
                for _ in range(2):
                    # Deploying: start the new one, stop the old one.
                    servers.append(await asyncio.to_thread(stack.enter_context, served(**variables)))
                    await asyncio.sleep(0.5)
                    old = servers[0]
                    old.process.send_signal(signal.SIGTERM)
                    assert await asyncio.to_thread(old.process.wait, 30) == 0
                    servers.remove(old)
                await asyncio.to_thread(
                    Watcher(url).until, "select status from tabular_jobs where total_items > 0", ("completed",)
                )
            watching.cancel()
            feed = await balancer.request("GET", f"/api/tabular/jobs/{job.job_id}/cells", params={"limit": 5000})
            assert len(feed.json()["cells"]) == 200 * QUESTIONS
        return statuses

    with simulator(prompt_rate=10**6, decode_rate=300, slots=64) as llm:
        statuses = asyncio.run(scenario(llm))
        calls = metric(llm, "llm_requests_total")
    assert set(statuses) <= {200, 201, 304}, statuses
    assert statuses.total() > 100
    watcher = Watcher(url)
    assert watcher.one("select completed_items, done_cells from tabular_jobs") == (200, 200 * QUESTIONS)
    assert watcher.one("select max(attempt_count - handed_back_count) from tabular_job_items") == (1,)
    assert calls == 200  # one call for the four questions of a document: none was asked twice


def test_a_server_that_is_told_to_stop_hands_back_what_runs_and_leaves_within_its_grace(
    url: str, tmp_path: Path
) -> None:
    files = contracts_in(tmp_path / "files", 30)
    with simulator(prompt_rate=10**6, decode_rate=1, slots=64) as llm:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "TABULAR_WORKER_GRACE_SECONDS": 1,
        }
        job = a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with served(**variables) as server:
            watcher.until("select count(*) from tabular_job_items where status = 'running'", (10,))
            assert httpx.get(f"{server.url}/api/tabular/jobs/{job.job_id}").json()["running_items"] == 10
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(timeout=15) == 0
    assert watcher.one(
        "select count(*) from tabular_job_items where status = 'pending' and lease_expires_at is null"
    ) == (30,)
    assert watcher.one("select sum(handed_back_count), sum(attempt_count) from tabular_job_items") == (10, 10)


def test_a_server_that_drains_still_answers_and_says_so(url: str, tmp_path: Path) -> None:
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_DRAIN_SECONDS=30) as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 10
        while (ready := httpx.get(f"{server.url}/readyz")).status_code == 200:
            assert time.monotonic() < end
        assert (ready.status_code, ready.headers["connection"]) == (503, "close")
        assert httpx.get(f"{server.url}/api/me").status_code == 200
        server.process.send_signal(signal.SIGTERM)  # in a hurry after all
        assert server.process.wait(timeout=15) == 0


def test_a_restart_of_postgresql_under_load_is_waited_for(tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 100)

    async def scenario(url: str, crash: object) -> Counter[int]:
        job = await asyncio.to_thread(a_job, url, tmp_path / "home", files, "extractive")
        with psycopg.connect(url.replace("columnist@", "postgres@")) as connection:
            ((review_id,),) = connection.execute("select review_id from tabular_jobs").fetchall()
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000,
        }
        with ExitStack() as stack:
            server = await asyncio.to_thread(stack.enter_context, served(**variables))
            balancer = Balancer(server)
            async with load(balancer, job.job_id, review_id) as statuses:
                await asyncio.sleep(0.5)
                await asyncio.to_thread(crash)  # type: ignore[arg-type]
                before = statuses[200]
                async with asyncio.timeout(60):
                    while statuses[200] < before + 200:
                        await asyncio.sleep(0.05)
                    while (await balancer.request("GET", f"/api/tabular/jobs/{job.job_id}")).json()[
                        "status"
                    ] != "completed":
                        await asyncio.sleep(0.05)
            final = (await balancer.request("GET", f"/api/tabular/jobs/{job.job_id}")).json()
            assert (final["completed_items"], final["done_cells"]) == (100, 100 * QUESTIONS)
        return statuses

    with system_server() as server:
        statuses = asyncio.run(scenario(new_database(server.url, "restarted"), server.crash_and_recover))
    # What was under way when the connections broke is told so; whatever came later has waited.
    assert set(statuses) <= {200, 201, 304, 503}, statuses
    assert statuses[503] <= 20, statuses
