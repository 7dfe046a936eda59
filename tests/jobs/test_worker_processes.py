"""Real worker processes and real signals: nothing is lost, written twice, or asked again once it was answered."""

import contextlib
import json
import random
import signal
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.depth import depth
from tests.jobs.grid import QUESTIONS, Watcher, a_job
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import columnist, columns_in, contracts_in, metric, simulator, start, wait_for_line, workers

COLUMNS_PER_CALL = 2


def ended_items(watcher: Watcher) -> int:
    (ended,) = watcher.one("select count(*) from tabular_job_items where completed_at is not null")
    return int(ended)


def test_workers_killed_at_random_lose_nothing_and_repeat_nothing(sampled_url: str, tmp_path: Path) -> None:
    documents, kills = depth((60, 3), (240, 8))
    files = contracts_in(tmp_path / "files", documents)
    with simulator(prompt_rate=10**6, decode_rate=1500, slots=16) as llm:
        variables = {
            "DATABASE_URL": sampled_url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_COLUMNS_PER_CALL": COLUMNS_PER_CALL,
            "TABULAR_JOB_LEASE_SECONDS": 5,
            "TABULAR_JOB_MAX_ATTEMPTS": 50,
            "TABULAR_WORKER_IDLE_MS": 100,
        }
        a_job(sampled_url, tmp_path / "home", files)
        watcher = Watcher(sampled_url)
        random.seed(20140508)
        with workers(2, **variables) as alive:
            for _ in range(kills):
                ended = ended_items(watcher)
                enough = min(ended + random.randint(3, 20), documents)
                watcher.until(
                    f"select count(*) >= {enough} from tabular_job_items where completed_at is not null", (True,)
                )
                victim = random.choice(alive)
                victim.send_signal(signal.SIGKILL)
                victim.communicate()
                alive.remove(victim)
                alive.append(start("worker", **variables))
                wait_for_line(alive[-1].stderr, "worker ready")
            watcher.until("select status from tabular_jobs", ("completed",))
        assert watcher.one("select completed_items, error_items, done_cells, error_cells from tabular_jobs") == (
            documents, 0, documents * QUESTIONS, 0,
        )  # fmt: skip
        assert watcher.one("select count(*), count(distinct (document_id, column_id)) from tabular_cells") == (
            documents * QUESTIONS, documents * QUESTIONS,
        )  # fmt: skip
        in_cells, in_job = watcher.one(
            "select sum(prompt_tokens)::int, (select prompt_tokens from tabular_jobs) from tabular_cells"
        )
        assert in_cells <= in_job <= metric(llm, "llm_prompt_tokens_total"), "what was asked twice is counted twice"
        calls = documents * QUESTIONS // COLUMNS_PER_CALL
        repeated = metric(llm, "llm_answers_total") - calls
        assert 0 <= repeated <= kills * 10 * 2, "at most what was in flight in a killed worker is asked again"


def test_a_pool_takes_over_at_once_from_one_that_was_killed_on_its_machine(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 12)
    with simulator(prompt_rate=10**6, decode_rate=20, slots=32) as llm:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "TABULAR_GENERATE_CONCURRENCY": 6,
            "TABULAR_JOB_LEASE_SECONDS": 86_400,
        }
        job = a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with workers(2, **variables) as (first, second):
            watcher.until("select count(*) from tabular_job_items where status = 'running'", (12,))
            first.kill()
            second.send_signal(signal.SIGSTOP)  # a paused one is not dead
            with workers(1, **variables) as (third,):
                watcher.until("select count(*) from tabular_job_items where attempt_count = 2", (6,))
                watcher.until("select count(*) from tabular_job_items where completed_at is not null", (6,))
                watcher.one("update tabular_workers set seen_at = seen_at - interval '1 minute' where seen_at = "
                            "(select min(seen_at) from tabular_workers) returning true")  # fmt: skip
                shown = " ".join(columnist("jobs", "show", job.job_id, **variables).stdout.split())
                assert "6 of the documents are with a worker that is silent: others take them over by" in shown
                second.send_signal(signal.SIGCONT)
                watcher.until("select status from tabular_jobs", ("completed",))
                third.send_signal(signal.SIGTERM)
                _, log = third.communicate(timeout=PATIENCE_SECONDS)
        # What is killed may have killed it: the attempt counts.
        assert watcher.one("select max(attempt_count), sum(handed_back_count)::int from tabular_job_items") == (2, 0)
        assert log.count("pools of this machine have died") == 1
    assert len([*(tmp_path / "home" / "pools").iterdir()]) == 1, "that of the second, which is killed at the end"


def test_sigterm_hands_back_at_once_and_another_worker_goes_on(sampled_url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 20)
    with simulator(prompt_rate=10**6, decode_rate=20, slots=32) as llm:
        variables = {
            "DATABASE_URL": sampled_url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "TABULAR_GENERATE_CONCURRENCY": 10,
            "TABULAR_WORKER_GRACE_SECONDS": 1,
            "TABULAR_JOB_MAX_ATTEMPTS": 1,
        }
        a_job(sampled_url, tmp_path / "home", files)
        watcher = Watcher(sampled_url)
        with workers(1, **variables) as (first,):
            watcher.until("select count(*) from tabular_job_items where status = 'running'", (10,))
            first.send_signal(signal.SIGTERM)
            _, log = first.communicate(timeout=PATIENCE_SECONDS)
            assert first.returncode == 0, log
            assert "handed back" in log
            assert watcher.one("select count(*) from tabular_job_items where status = 'running'") == (0,)
            wait_until(lambda: metric(llm, "llm_running") == 0, "the end of its calls")
        with workers(1, **{**variables, "TABULAR_WORKER_GRACE_SECONDS": 20}):
            # The leases were five minutes: the second worker waited for none of them.
            watcher.until("select status from tabular_jobs", ("completed",))
        assert watcher.one("select completed_items, error_items from tabular_jobs") == (20, 0)


def test_cancel_aborts_the_calls_that_are_under_way(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 30)
    with simulator(prompt_rate=10**6, decode_rate=1, slots=32) as llm:
        shared = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "OPENAI_BASE_URL": llm}
        variables = shared | {"TABULAR_GENERATE_CONCURRENCY": 10}
        job = a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with workers(1, **variables):
            watcher.until("select count(*) from tabular_job_items where status = 'running'", (10,))
            wait_until(lambda: metric(llm, "llm_running") == 10)
            assert "Cancelled" in columnist("jobs", "cancel", job.job_id, **variables).stdout
            watcher.until("select status from tabular_jobs", ("cancelled",))
            wait_until(lambda: metric(llm, "llm_running") == 0, "the end of its calls")
        assert watcher.one("select skipped_items from tabular_jobs") == (30,)


def test_a_paused_worker_that_wakes_up_too_late_writes_nothing(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 5)
    with simulator(prompt_rate=10**6, decode_rate=20, slots=32) as llm:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "TABULAR_JOB_LEASE_SECONDS": 10,  # a running worker's leases do not run out on a slow machine
            "TABULAR_WORKER_IDLE_MS": 100,
        }
        a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with workers(1, **variables) as (sleeper,):
            wait_until(lambda: metric(llm, "llm_running") >= 5)  # each item has loaded its questions
            sleeper.send_signal(signal.SIGSTOP)
            with workers(1, **variables):
                watcher.until("select status from tabular_jobs", ("completed",))
                cells = watcher.one(
                    "select string_agg(changed_xid::text, ' ' order by column_id, document_id) from tabular_cells"
                )
                sleeper.send_signal(signal.SIGCONT)
                wait_for_line(sleeper.stderr, "lease lost")
            assert cells == watcher.one(
                "select string_agg(changed_xid::text, ' ' order by column_id, document_id) from tabular_cells"
            )
        assert watcher.one("select min(attempt_count), max(attempt_count) from tabular_job_items") == (2, 2)


@pytest.mark.parametrize(
    "fault",
    [{"rate_limit": 0.3, "retry_after": "0"}, {"server_error": 1, "left": 8}, {"malformed": 1, "left": 2}],
    ids=["rate limit", "server error", "malformed"],
)
def test_bad_weather_spends_no_attempt(url: str, tmp_path: Path, fault: dict[str, object]) -> None:
    files = contracts_in(tmp_path / "files", 20)
    with simulator(prompt_rate=10**6, decode_rate=10**6, slots=8, **fault) as llm:
        variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "OPENAI_BASE_URL": llm}
        a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with workers(1, **{**variables, "TABULAR_JOB_MAX_ATTEMPTS": 1}):
            watcher.until("select status from tabular_jobs", ("completed",))
        ended = "select completed_items, error_items, (select min(error) from tabular_job_items) from tabular_jobs"
        assert watcher.one(ended) == (20, 0, None)
        assert watcher.one("select max(attempt_count - handed_back_count) from tabular_job_items") == (1,)


def test_an_llm_server_that_is_down_is_waited_for(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 20)
    with simulator(prompt_rate=10**6, decode_rate=10**6) as llm:
        port = int(llm.split(":")[2].split("/")[0])
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "OPENAI_BASE_URL": llm}
    a_job(url, tmp_path / "home", files)
    watcher = Watcher(url)
    with workers(1, **{**variables, "TABULAR_JOB_MAX_ATTEMPTS": 1}) as (worker,):
        wait_for_line(worker.stderr, "LLM server")
        # An item that waits for the weather gives its place back, and loses no attempt: it has only one.
        watcher.until("select bool_or(handed_back_count > 0) from tabular_job_items", (True,))
        with simulator(port=port, prompt_rate=10**6, decode_rate=10**6):
            watcher.until("select status from tabular_jobs", ("completed",))
    assert watcher.one("select completed_items, error_items from tabular_jobs") == (20, 0)


def test_killing_everything_with_the_embedded_server_loses_nothing(tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 40)
    with (
        # Not below pytest's folder: the server's user could not reach it, and the cluster would be made elsewhere.
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as home,
        simulator(prompt_rate=10**6, decode_rate=800, slots=8) as llm,
    ):
        variables = {
            "COLUMNIST_DATA_DIR": home,
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
            "TABULAR_JOB_LEASE_SECONDS": 10,
        }
        command = ("run", files, "-c", columns_in(tmp_path / "q.yaml", 2), "-o", tmp_path / "r.json")
        running = start(*command, **variables)
        wait_for_line(running.stdout, "Started job")
        wait_until(lambda: metric(llm, "llm_answers_total") >= 12)
        everybody = psutil.process_iter(["cmdline"])  # None for a process that is ending
        servers = [process for process in everybody if any(home in part for part in process.info["cmdline"] or ())]
        assert any(process.name() == "postgres" for process in servers)
        family = [psutil.Process(running.pid), *servers]
        for process in [*family, *(child for parent in family for child in parent.children(recursive=True))]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        running.communicate()
        done = columnist(*command, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        assert metric(llm, "llm_answers_total") <= 40 + 10, "at most what was in flight is asked again"
    assert len(json.loads((tmp_path / "r.json").read_text())["documents"]) == 40
