"""A server without workers shows the trouble that workers of other processes have noted."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.jobs.grid import Watcher, a_job
from tests.processes import contracts_in, environment_of, served, start
from tests.proxies import free_port


def test_a_server_without_workers_says_why_a_run_waits(url: str, tmp_path: Path) -> None:
    job = a_job(url, tmp_path / "home", contracts_in(tmp_path / "files", 2))
    llm = f"http://127.0.0.1:{free_port()}/v1"  # nothing answers there
    variables = environment_of(url, tmp_path / "home", llm)
    watcher = Watcher(url)
    with served("--no-worker", **variables) as server:
        status = f"{server.url}/api/tabular/jobs/{job.job_id}"
        assert httpx.get(status).json()["llm_trouble"] is None
        port = free_port()
        worker = start("worker", COLUMNIST_METRICS_PORT=port, **variables)
        try:
            watcher.until("select count(llm_trouble) from tabular_jobs", (1,))
            waits = httpx.get(status).json()["llm_trouble"]
            assert waits.startswith(f"Waiting for the LLM server {urlsplit(llm).netloc}: ")
            assert "connect" in waits.lower()
            assert httpx.get(f"http://127.0.0.1:{port}/readyz").text.splitlines()[:2] == ["ready", waits]
        finally:
            worker.terminate()
            worker.communicate()
        watcher.one("update tabular_jobs set llm_trouble_at = now() - interval '1 minute' returning 1")
        assert httpx.get(status).json()["llm_trouble"] is None, "nobody has said so for a while"
