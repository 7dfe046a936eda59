"""SIGTERM ends every process within its grace time, whatever hangs."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SystemServer, new_database, system_server
from tests.jobs.grid import Watcher, a_job
from tests.processes import columns_in, contracts_in, simulator, start

GRACE_SECONDS = 1
ENOUGH_SECONDS = 60
"""Of timers it takes 11 seconds; a process that hangs stays until PostgreSQL answers again."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[SystemServer]:
    with system_server() as server:
        yield server


@pytest.mark.parametrize("command", ["serve", "worker", "run"])
def test_a_process_leaves_though_postgresql_stands_still(postgres: SystemServer, tmp_path: Path, command: str) -> None:
    url = new_database(postgres.url, f"frozen_{command}")
    files = contracts_in(tmp_path / "files", 30)
    with simulator(prompt_rate=10**6, decode_rate=1, slots=64) as llm:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
            "COLUMNIST_DRAIN_SECONDS": 0,
            "TABULAR_GENERATE_CONCURRENCY": 10,
            "TABULAR_WORKER_GRACE_SECONDS": GRACE_SECONDS,
        }
        if command == "run":
            columns = columns_in(tmp_path / "questions.yaml", 2)
            process = start("run", files, "--columns", columns, "--output", tmp_path / "review.json", **variables)
        else:
            a_job(url, tmp_path / "home", files)
            process = start(command, *(["--port", "0"] if command == "serve" else []), **variables)
        try:
            Watcher(url).until("select count(*) from tabular_job_items where status = 'running'", (10,))
            with postgres.frozen():
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=ENOUGH_SECONDS)
        finally:
            process.kill()
            process.communicate()


def test_a_process_that_waits_for_a_frozen_postgresql_to_start_leaves(postgres: SystemServer, tmp_path: Path) -> None:
    url = new_database(postgres.url, "frozen_start")
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "TABULAR_WORKER_GRACE_SECONDS": GRACE_SECONDS}
    with postgres.frozen():
        process = start("worker", **variables)
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(5)  # by then it waits for its first connection
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=ENOUGH_SECONDS)
        finally:
            process.kill()
            process.communicate()
