"""A deploy under load behind common proxies, as their packages configure them: no request is lost."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import jwt

from tests.depth import depth
from tests.jobs.grid import QUESTIONS, Watcher, a_job
from tests.load import Clients, go_on
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import Served, contracts_in, metric, served, simulator
from tests.proxies import free_port, haproxy, nginx, servers_in
from tests.signing import SECRET

DOCUMENTS = depth(50, 300)
MEMBER = "people@example.org"


@contextmanager
def proxies(folder: Path, ports: list[int]) -> Iterator[dict[str, str]]:
    with (
        haproxy(folder, ports) as by_haproxy,
        nginx(folder, ports) as by_nginx,
        nginx(folder, ports, keepalive=True) as by_keeping_nginx,
    ):
        yield {"HAProxy": by_haproxy, "nginx": by_nginx, "nginx that keeps connections": by_keeping_nginx}


def test_a_rolling_restart_behind_haproxy_and_nginx_drops_nothing_and_does_every_item_once(
    url: str, tmp_path: Path
) -> None:
    files = contracts_in(tmp_path / "files", DOCUMENTS)
    ports = [free_port(), free_port()]

    async def scenario(llm: str) -> list[Clients]:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
            "COLUMNIST_JWT_SECRET": SECRET,
            "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000,
            "COLUMNIST_DRAIN_SECONDS": None,  # as it is by default
            # A call that the grace time cuts is made again. How long calls wait in line depends on the machine.
            "TABULAR_WORKER_GRACE_SECONDS": 3600,
        }
        job = await asyncio.to_thread(a_job, url, tmp_path / "home", files)
        (review_id,) = Watcher(url).one(
            "insert into review_members (review_id, email, role) "
            f"select review_id, '{MEMBER}', 'editor' from tabular_jobs returning review_id"
        )

        def start(port: int) -> Served:
            return stack.enter_context(served("--port", port, **variables))

        with ExitStack() as stack:
            servers = [await asyncio.to_thread(start, port) for port in ports]
            urls = await asyncio.to_thread(stack.enter_context, proxies(tmp_path, ports))
            # HAProxy removes a new server after one failure, and the first answers of a process are its slowest.
            await asyncio.to_thread(wait_until, lambda: servers_in(urls["HAProxy"]) == 2, "both servers")
            token = jwt.encode({"sub": str(uuid4()), "email": MEMBER, "exp": time.time() + 86400}, SECRET, "HS256")
            people = [Clients(proxy, address, job.job_id, review_id, token) for proxy, address in urls.items()]
            async with AsyncExitStack() as busy:
                for clients in people:
                    await busy.enter_async_context(clients.busy())
                await go_on(people)
                for old, port in zip(servers, ports, strict=True):
                    old.process.send_signal(signal.SIGTERM)
                    assert await asyncio.to_thread(old.process.wait, PATIENCE_SECONDS) == 0
                    new = await asyncio.to_thread(start, port)
                    ready = await asyncio.to_thread(httpx.get, f"{new.url}/readyz", timeout=PATIENCE_SECONDS)
                    assert ready.status_code == 200
                    await asyncio.to_thread(wait_until, lambda: servers_in(urls["HAProxy"]) == 2, "both servers")
                await go_on(people)
                await asyncio.to_thread(
                    Watcher(url).until, "select status from tabular_jobs where total_items > 0", ("completed",)
                )
        return people

    with simulator(prompt_rate=10**6, decode_rate=depth(50, 150), slots=8) as llm:
        people = asyncio.run(scenario(llm))
        calls = metric(llm, "llm_requests_total")
    assert [failure for clients in people for failure in clients.failures] == []
    watcher = Watcher(url)
    assert watcher.one("select completed_items, done_cells from tabular_jobs") == (DOCUMENTS, DOCUMENTS * QUESTIONS)
    assert watcher.one("select max(attempt_count - handed_back_count) from tabular_job_items") == (1,)
    assert calls == DOCUMENTS  # one call for the four questions of a document: none was asked twice
