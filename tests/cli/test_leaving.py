"""SIGTERM ends every process within its grace time, even if something hangs; one that starts without its database
waits."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SystemServer, new_database, system_server
from tests.jobs.grid import Watcher, a_job
from tests.processes import columnist, columns_in, contracts_in, environment_of, simulator, start, wait_for_line

GRACE_SECONDS = 1
ENOUGH_SECONDS = 60
"""The timers add up to 11 seconds; a hanging process stays until PostgreSQL answers again."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[SystemServer]:
    with system_server() as server:
        yield server


@pytest.mark.parametrize("command", ["serve", "worker", "run"])
def test_a_process_leaves_though_postgresql_stands_still(postgres: SystemServer, tmp_path: Path, command: str) -> None:
    url = new_database(postgres.url, f"frozen_{command}")
    files = contracts_in(tmp_path / "files", 30)
    with simulator(prompt_rate=10**6, decode_rate=1, slots=64) as llm:
        variables = environment_of(
            url,
            tmp_path / "home",
            llm,
            COLUMNIST_DRAIN_SECONDS=0,
            TABULAR_GENERATE_CONCURRENCY=10,
            TABULAR_WORKER_GRACE_SECONDS=GRACE_SECONDS,
        )
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


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_process_that_starts_while_its_database_is_away_waits_for_it(
    postgres: SystemServer, tmp_path: Path, command: str
) -> None:
    url = new_database(postgres.url, f"away_{command}")
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_DRAIN_SECONDS": 0}
    arguments = (command, *(["--port", "0"] if command == "serve" else []))
    postgres.control("stop")
    try:
        stopped, process = start(*arguments, **variables), start(*arguments, **variables)
        for one in (stopped, process):
            wait_for_line(one.stderr, "database away")
        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait(ENOUGH_SECONDS) == 0
        assert columnist("jobs", "list", **variables).returncode == 4, "the error is reported at once"
    finally:
        postgres.control("start")
    wait_for_line(process.stderr, "serving" if command == "serve" else "worker ready")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=ENOUGH_SECONDS)
    assert process.returncode == 0


def test_a_process_that_its_database_refuses_is_told_at_once(postgres: SystemServer, tmp_path: Path) -> None:
    nowhere = postgres.url.replace("/postgres?", "/there_is_no_such_database?")
    refused = columnist("worker", DATABASE_URL=nowhere, COLUMNIST_DATA_DIR=tmp_path)
    assert refused.returncode == 4
    assert "there_is_no_such_database" in refused.stderr
