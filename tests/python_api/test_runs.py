"""Runs of `columnist.run` beside each other: each gets its own answers, and a whole grid or an exception."""

import asyncio
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

import columnist
from columnist.errors import ConflictError, IncompleteError, UnaskableModelError
from tests.depth import depth
from tests.llm.simulated import simulator
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import contracts_in, environment

PRICE = {"name": "Amount", "prompt": 'What follows "The price is"?'}
PENALTY = {"name": "Amount", "prompt": 'What follows "The penalty is"?'}


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNIST_DATA_DIR": tmp_path / "home", "DATABASE_URL": url, "TABULAR_POLL_MS": 50}.items():
        monkeypatch.setenv(name, str(value))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "COLUMNIST_MODEL"):
        monkeypatch.delenv(name, raising=False)


def priced(folder: Path, count: int, words: str = "") -> Path:
    """Contracts whose price and penalty identify them."""
    folder.mkdir(parents=True, exist_ok=True)
    for nr in range(count):
        (folder / f"{nr:02}.txt").write_text(f"{words} The price is one{nr} dollars. The penalty is two{nr} dollars.")
    return folder


def shown(result: columnist.Result) -> list[str]:
    return [str(one) for one in result.table.column("Amount (shown)").to_pylist()]


def figures(url: str, query: str) -> list[tuple[object, ...]]:
    """A connection to the database that bypasses every access rule."""
    with psycopg.connect(url.replace("columnist@", "postgres@")) as connection:
        return connection.execute(query).fetchall()


def test_two_at_once_over_one_folder_get_each_its_own_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = priced(tmp_path / "contracts", 12)
    with simulator("--decode-rate", "2000") as llm, ThreadPoolExecutor() as threads:
        monkeypatch.setenv("OPENAI_BASE_URL", llm.url)
        runs = [threads.submit(columnist.run, files, [one], model="simulated") for one in (PRICE, PENALTY)]
        prices, penalties = (run.result(PATIENCE_SECONDS) for run in runs)
    assert all(f"one{nr} " in one for nr, one in enumerate(shown(prices)))
    assert all(f"two{nr} " in one for nr, one in enumerate(shown(penalties)))
    assert prices.review != penalties.review


def test_a_review_belongs_to_its_paths_and_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    here, there = priced(tmp_path / "a" / "contracts", 2), priced(tmp_path / "b" / "contracts", 1, "Another.")
    question, other = {"name": "Date", "prompt": "When?"}, {"name": "Law", "prompt": "Which law?"}
    first = columnist.run(here, [question, other])
    assert first.review.startswith("contracts · ")
    assert columnist.run(there, [question, other]).review != first.review, "a namesake is another folder"
    assert columnist.run(here, [question]).review != first.review, "other questions are another review"
    jobs = "select count(*) from tabular_jobs where total_items > 0"
    asked = figures(url, jobs)
    monkeypatch.chdir(here)
    again = columnist.run([Path("../contracts/.")], [other, question])
    assert again.review == first.review, "the same paths and questions, however written"
    assert figures(url, jobs) == asked, "and nothing is asked twice"


def test_a_review_of_an_earlier_version_is_gone_on_with_if_it_fits(tmp_path: Path, url: str) -> None:
    files = contracts_in(tmp_path / "contracts", 2)
    question = {"name": "Date", "prompt": "When?", "format": "date"}
    columnist.run(files, [question], review="contracts")  # its earlier default name
    assert columnist.run(files, [question]).review == "contracts"
    assert figures(url, "select count(*) from tabular_jobs where total_items > 0") == [(1,)]
    assert columnist.run(files, [question | {"prompt": "When was it made?"}]).review != "contracts"
    assert columnist.run(contracts_in(tmp_path / "x" / "contracts", 1), [question]).review == "contracts"
    elsewhere = priced(tmp_path / "y" / "contracts", 1)
    assert columnist.run(elsewhere, [question]).review != "contracts", "it holds none of these files"


def test_another_run_that_changes_the_question_of_a_named_review_never_answers_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    files = priced(tmp_path / "contracts", 12)
    monkeypatch.setenv("TABULAR_GENERATE_CONCURRENCY", "1")
    with simulator("--decode-rate", "200") as llm, ThreadPoolExecutor() as threads:
        monkeypatch.setenv("OPENAI_BASE_URL", llm.url)
        first = threads.submit(columnist.run, files, [PRICE], model="simulated", review="Shared")
        wait_until(lambda: llm.figure("llm_answers_total") >= 2)
        second = threads.submit(columnist.run, files, [PENALTY], model="simulated", review="Shared")
        with pytest.raises((ConflictError, IncompleteError), match=r"changed the question 'Amount' .* 'Shared'"):
            first.result(PATIENCE_SECONDS)
        penalties = second.result(PATIENCE_SECONDS)
    assert all(f"two{nr} " in one for nr, one in enumerate(shown(penalties)))


@pytest.mark.parametrize(
    ("model", "sentence"), [("gpt-5", "set OPENAI_BASE_URL"), ("nowhere/model.gguf", "There is no model file")]
)
def test_a_model_that_nobody_here_can_ask_is_refused_at_once(
    tmp_path: Path, url: str, model: str, sentence: str
) -> None:
    with pytest.raises(UnaskableModelError, match=sentence):
        columnist.run(contracts_in(tmp_path / "files", 2), [PRICE], model=model)
    assert figures(url, "select count(*) from tabular_jobs") == [(0,)]


def test_a_run_covers_what_a_live_job_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job of a first run, over a part of the folder and of the questions, is still live."""
    files = priced(tmp_path / "contracts", 6)
    monkeypatch.setenv("TABULAR_GENERATE_CONCURRENCY", "1")
    with simulator("--decode-rate", "200") as llm, ThreadPoolExecutor() as threads:
        monkeypatch.setenv("OPENAI_BASE_URL", llm.url)
        some = [files / f"{nr:02}.txt" for nr in range(3)]
        first = threads.submit(columnist.run, some, [PRICE], model="simulated", review="R")
        wait_until(lambda: llm.figure("llm_answers_total") >= 1)
        more = columnist.run(files, [PRICE, PENALTY | {"name": "Penalty"}], model="simulated", review="R")
        assert first.result(PATIENCE_SECONDS).table.num_rows == 3
    assert all(f"one{nr} " in one for nr, one in enumerate(shown(more)))
    assert [f"two{nr} " in str(one) for nr, one in enumerate(more.table.column("Penalty (shown)").to_pylist())] == [
        True
    ] * 6
    assert more.failures == []


def test_a_job_that_somebody_cancels_is_an_exception_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with simulator("--decode-rate", "0.5") as llm, ThreadPoolExecutor() as threads:
        monkeypatch.setenv("OPENAI_BASE_URL", llm.url)
        running = threads.submit(columnist.run, priced(tmp_path / "f", 4), [PRICE], model="simulated")
        wait_until(lambda: figures(url, "select count(*) from tabular_job_items where status = 'running'") == [(4,)])
        cancel_all(url)
        with pytest.raises(
            IncompleteError, match=r"cancelled. 4 cells were never asked, in 4 documents \(00.txt, 01.txt"
        ):
            running.result(PATIENCE_SECONDS)


def cancel_all(url: str) -> None:
    """Cancel as `columnist jobs cancel` does, from another program."""
    ((job_id,),) = figures(url, "select id from tabular_jobs")
    done = subprocess.run(
        [sys.executable, "-m", "columnist", "jobs", "cancel", str(job_id)],
        env=environment(DATABASE_URL=url),
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert "Cancelled" in done.stdout


SCRIPT = """
import asyncio, sys, threading
import columnist
def work():
    columnist.run(sys.argv[1], [{"name": "A", "prompt": "What?"}], model="simulated")
async def notebook():
    work()
"""
STARTS = {
    "main": "work()",
    "notebook": "asyncio.run(notebook())",
    "to_thread": "asyncio.run(asyncio.to_thread(work))",
    "thread": "threading.Thread(target=work).start(); threading.Event().wait()",
}


@pytest.mark.parametrize(
    ("database", "start"),
    [("embedded", "main"), *(("given", start) for start in depth(["notebook"], list(STARTS)))],
)
def test_one_interrupt_stops_it_hands_back_and_says_that_the_job_stays(
    tmp_path: Path, url: str, start: str, database: str
) -> None:
    # Not below pytest's folder, which is private to root: the cluster would be made elsewhere.
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as home,
        simulator("--decode-rate", "1") as llm,  # so slow that no document ends
    ):
        variables: dict[str, object] = {"COLUMNIST_DATA_DIR": home, "OPENAI_BASE_URL": llm.url}
        if database == "given":
            variables |= {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home"}
        running = subprocess.Popen(
            [sys.executable, "-c", SCRIPT + STARTS[start], str(contracts_in(tmp_path / "f", 4))],
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: llm.figure("llm_running") >= 4 or running.poll() is not None)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
        # An exception of a thread whose waiter asyncio has cancelled is lost; the test is that the thread stops.
        assert start == "to_thread" or "job stays" in errors, errors
        assert running.returncode != 0
        wait_until(lambda: llm.figure("llm_running") == 0)
        servers = list(Path(home).rglob("postmaster.pid"))
    if database == "given":
        assert figures(url, "select status from tabular_jobs") == [("running",)]
        assert figures(url, "select status, count(*) from tabular_job_items group by 1") == [("pending", 4)]
    else:
        assert not servers, "its server was stopped"


def test_an_interrupt_that_is_thrown_into_a_thread_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """As in kernels that run a notebook's cells in a thread."""
    import ctypes

    outcome: list[BaseException] = []

    def cell() -> None:
        try:
            columnist.run(contracts_in(tmp_path / "f", 2), [PRICE], model="simulated")
        except KeyboardInterrupt as error:
            outcome.append(error)

    with simulator("--decode-rate", "1") as llm:
        monkeypatch.setenv("OPENAI_BASE_URL", llm.url)
        thread = threading.Thread(target=cell)
        thread.start()
        wait_until(lambda: figures(url, "select count(*) from tabular_job_items where status = 'running'") == [(2,)])
        assert thread.ident
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt))
        thread.join(PATIENCE_SECONDS)
    assert "job stays" in str(outcome[0])
    assert figures(url, "select status, count(*) from tabular_job_items group by 1") == [("pending", 2)]


def test_it_runs_inside_an_event_loop_and_in_its_threads(tmp_path: Path) -> None:
    async def notebook() -> list[columnist.Result]:
        files = contracts_in(tmp_path / "files", 1)
        return await asyncio.gather(*(asyncio.to_thread(columnist.run, files, [one]) for one in (PRICE, PENALTY)))

    assert [result.table.num_rows for result in asyncio.run(notebook())] == [1, 1]
