"""The answers of /readyz and /healthz, which come at once, whatever the load and the state of the database."""

import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import jwt
import psycopg
import pytest

from columnist.db.probe import AWAY, READ_ONLY, SILENT
from tests.conftest import SystemServer, new_database, system_server
from tests.line import line_to
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import Served, served, start, wait_for_line
from tests.signing import SECRET

PEOPLE = 30
"""More than a server has connections for requests."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[SystemServer]:
    with system_server() as server:
        new_database(server.url, "columnist")
        yield server


def database(postgres: SystemServer) -> str:
    return postgres.url.replace("postgres@/postgres", "columnist@/columnist")


@contextmanager
def a_server(url: str, home: Path, **variables: object) -> Iterator[Served]:
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=home, **variables) as server:
        assert readiness(server) == (200, "ready")
        assert re.search(r"^sandbox: .*\blimits\b", httpx.get(f"{server.url}/readyz").text, re.MULTILINE)
        yield server


def readiness(server: Served) -> tuple[int, str]:
    answer = httpx.get(f"{server.url}/readyz")
    return answer.status_code, answer.text.split("\n")[0] if answer.status_code == 200 else answer.json()["detail"]


def wait_for_an_answer_within(seconds: float, server: Served, expected: tuple[int, str]) -> None:
    """Ask until an answer comes in time: a busy machine may be late at times."""

    def in_time() -> bool:
        began = time.monotonic()
        found = readiness(server)
        return found == expected and time.monotonic() - began < seconds

    wait_until(in_time, f"{expected} within {seconds} seconds")


def test_a_server_all_of_whose_connections_are_taken_is_ready(url: str, admin_url: str, tmp_path: Path) -> None:
    def ask(nr: int) -> httpx.Response:
        # One user does not get all connections.
        token = jwt.encode({"sub": f"user {nr % 3}", "exp": time.time() + 3_600}, SECRET, "HS256")
        signed_in = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{server.url}/api/tabular/reviews", headers=signed_in, timeout=PATIENCE_SECONDS)

    with (
        a_server(url, tmp_path, COLUMNIST_JWT_SECRET=SECRET) as server,
        psycopg.connect(admin_url) as blocker,
        ThreadPoolExecutor(PEOPLE) as people,
    ):
        blocker.execute("lock table tabular_reviews")
        waiting = [people.submit(ask, nr) for nr in range(PEOPLE)]
        try:
            with psycopg.connect(admin_url, autocommit=True) as watcher:
                blocked = "select count(*) from pg_stat_activity where datname = current_database() "
                blocked += "and wait_event_type = 'Lock'"
                wait_until(lambda: watcher.execute(blocked).fetchone() == (10,), "ten requests that wait")
            wait_for_an_answer_within(0.5, server, (200, "ready"))
        finally:
            blocker.rollback()
        answers = {one.result().status_code for one in waiting}
    assert answers <= {200, 503}, answers


def test_a_database_that_is_stopped_is_said_to_be_away(postgres: SystemServer, tmp_path: Path) -> None:
    with a_server(database(postgres), tmp_path) as server:
        postgres.control("-m", "immediate", "stop")
        try:
            wait_for_an_answer_within(1, server, (503, AWAY))
            assert httpx.get(f"{server.url}/healthz").status_code == 200
        finally:
            postgres.control("start")
        wait_until(lambda: readiness(server) == (200, "ready"))


def test_a_database_that_stands_still_is_said_to_be_silent(postgres: SystemServer, tmp_path: Path) -> None:
    with a_server(database(postgres), tmp_path) as server:
        with postgres.frozen():
            wait_for_an_answer_within(1, server, (503, SILENT))
            assert httpx.get(f"{server.url}/healthz").status_code == 200
        wait_until(lambda: readiness(server) == (200, "ready"))


def test_a_line_that_swallows_what_is_sent_is_noticed_and_left(url: str, tmp_path: Path) -> None:
    with line_to(url) as line, a_server(line.url, tmp_path) as server:
        line.silence()
        wait_for_an_answer_within(1, server, (503, SILENT))
        line.restore()
        wait_until(lambda: readiness(server) == (200, "ready"))


def test_a_database_that_is_read_only_is_not_ready_for_writing(postgres: SystemServer, tmp_path: Path) -> None:
    def set_read_only(value: str) -> None:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(f"alter system set default_transaction_read_only = {value}")
            connection.execute("select pg_reload_conf()")

    with a_server(database(postgres), tmp_path) as server:
        set_read_only("on")
        try:
            wait_for_an_answer_within(1, server, (503, READ_ONLY))
        finally:
            set_read_only("off")
        wait_until(lambda: readiness(server) == (200, "ready"))


def test_probes_and_monitors_may_ask_with_head(url: str, tmp_path: Path) -> None:
    with a_server(url, tmp_path) as server:
        for path in ("healthz", "readyz", "metrics", "", "favicon.svg"):
            answer = httpx.head(f"{server.url}/{path}")
            assert (path, answer.status_code, answer.content) == (path, 200, b"")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_pool_that_fails_over_and_over_is_told_by_both_probes(
    url: str, admin_url: str, tmp_path: Path, command: str
) -> None:
    variables = {
        "DATABASE_URL": url,
        "COLUMNIST_DATA_DIR": tmp_path,
        "COLUMNIST_DRAIN_SECONDS": 0,
        "TABULAR_WORKER_IDLE_MS": 100,
        "COLUMNIST_METRICS_PORT": 0,
        "OPENAI_BASE_URL": "http://one.example.org/v1,https://two.example.org:8443/v1",
    }
    process = start(command, *(["--port", "0"] if command == "serve" else []), **variables)
    try:
        assert process.stderr
        told = json.loads(wait_for_line(process.stderr, '"text of documents goes to"'))
        assert told["llm_servers"] == ["one.example.org", "two.example.org:8443"]
        address = json.loads(wait_for_line(process.stderr, '"serving"'))["url"]
        threading.Thread(target=process.stderr.read, daemon=True).start()

        def said(probe: str) -> tuple[int, str]:
            answer = httpx.get(f"{address}/{probe}")
            first = answer.text.splitlines()[0] if answer.status_code == 200 else answer.json()["type"]
            return answer.status_code, first

        wait_until(lambda: (said("healthz"), said("readyz")) == ((200, "ok"), (200, "ready")))
        with psycopg.connect(admin_url, autocommit=True) as database:
            database.execute("alter table tabular_job_items rename to elsewhere")
            failing = (503, "urn:columnist:pool-failing")
            wait_until(lambda: (said("healthz"), said("readyz")) == (failing, failing))
            database.execute("alter table elsewhere rename to tabular_job_items")
        wait_until(lambda: (said("healthz"), said("readyz")) == ((200, "ok"), (200, "ready")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
