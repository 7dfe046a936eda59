"""Every paid call is counted, whatever happens to its answer; and no answered call is paid twice."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.llm.simulated import Reply, completion, scripted
from tests.patience import PATIENCE_SECONDS, pause
from tests.processes import environment_of, served

PROMPT, COMPLETION = 101, 7
"""Tokens of each call (`completion`)."""
IN_FLIGHT = 4
PAGE = "This Agreement is made between Alpha Inc. and Beta LLC, and nothing more is said of it here. " * 40
"""With a context of 4,096 tokens, few of them fit into a window."""


@dataclass
class Llm:
    """A scripted LLM, whose answer depends on the document's text, and its bill."""

    reply: Callable[[str], Reply | None] = lambda text: None
    holds: Callable[[str], bool] = lambda text: False
    free: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    billed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: dict[str, Any]) -> Reply:
        text = request["messages"][-1]["content"]
        if "response_format" not in request:  # a probe with one word
            return self.reply(text) or (200, completion("yes"))
        with self.lock:
            self.asked.append(text)
        if self.holds(text):
            self.free.wait(PATIENCE_SECONDS)
        other = self.reply(text)
        properties = request["response_format"]["json_schema"]["schema"]["properties"]
        nothing: dict[str, object] = {"reasoning": "", "quotes": [], "answer": None, "flag": "green"}
        answers = dict.fromkeys(properties, nothing)
        with self.lock:
            self.billed += other is None
        return other or (200, completion(json.dumps(answers)))


@dataclass
class Bench:
    """A server with its LLM, and a review at a time."""

    api: httpx.Client
    llm: Llm
    database: str
    review: str = ""
    documents: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    def open(self, texts: list[str], columns: int = 2) -> None:
        self.llm.__init__()  # type: ignore[misc]
        specs = [{"name": f"Q{nr}", "prompt": f"What of {nr}?"} for nr in range(columns)]
        self.review = self.post("/tabular/reviews", {"name": str(time.monotonic()), "columns": specs})["id"]
        files = [("files", (f"{nr}.txt", text.encode())) for nr, text in enumerate(texts)]
        uploads = self.api.post("/documents", params={"review_id": self.review}, files=files).json()["files"]
        self.documents = [one["document_id"] for one in uploads]
        self.columns = [one["id"] for one in self.api.get(f"/tabular/reviews/{self.review}/columns").json()["columns"]]

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.api.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def generate(self, **body: Any) -> str:
        job: str = self.post(f"/tabular/reviews/{self.review}/generate", body)["job_id"]
        return job

    def until(self, job: str, met: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        begin = time.monotonic()
        while not met(found := self.api.get(f"/tabular/jobs/{job}").json()):
            assert time.monotonic() < begin + PATIENCE_SECONDS, found
            time.sleep(pause(begin))
        return found  # type: ignore[no-any-return]

    def ended(self, job: str) -> dict[str, Any]:
        return self.until(job, lambda found: found["status"] not in ("pending", "running"))

    def until_asked(self, calls: int) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while len(self.llm.asked) < calls:
            assert time.monotonic() < end, len(self.llm.asked)
            time.sleep(0.01)

    def kept(self) -> int:
        with psycopg.connect(self.database.replace("columnist@", "postgres@")) as connection:
            found = connection.execute("select count(*) from tabular_calls where answer is not null").fetchone()
            assert found
            return int(found[0])


def tokens_of(job: dict[str, Any]) -> tuple[int, int]:
    return job["prompt_tokens"], job["completion_tokens"]


@pytest.fixture
def bench(url: str, tmp_path: Path) -> Iterator[Bench]:
    llm = Llm()
    with scripted(llm) as server:
        variables = environment_of(
            url,
            tmp_path / "home",
            server.url,
            COLUMNIST_CONTEXT_TOKENS=4096,
            COLUMNIST_COLUMNS_PER_CALL=1,
            COLUMNIST_PRICE_PROMPT=10_000,  # a call costs a little more than a dollar
            COLUMNIST_LLM_MAX_IN_FLIGHT=IN_FLIGHT,
            TABULAR_GENERATE_CONCURRENCY=IN_FLIGHT,
            TABULAR_JOB_MAX_ATTEMPTS=1,
        )
        with served(**variables) as process, httpx.Client(base_url=f"{process.url}/api") as api:
            yield Bench(api, llm, url)
            llm.free.set()


def test_every_answered_call_reaches_the_job_whatever_becomes_of_its_answer(bench: Bench) -> None:
    bench.open(["The rent is 900 euros.", "The rent is 800 euros."], columns=2)
    bench.llm.holds = lambda text: True
    kept, gone = bench.documents
    job = bench.generate()
    bench.until_asked(2)
    cells = f"/tabular/reviews/{bench.review}/cells"
    assert bench.api.patch(f"{cells}/{kept}/{bench.columns[0]}", json={"summary": "900 EUR"}).is_success
    bench.post(f"/tabular/reviews/{bench.review}/documents/remove", {"document_ids": [gone]})
    removed = bench.api.delete(
        f"/tabular/reviews/{bench.review}/columns/{bench.columns[0]}", params={"confirm": "true"}
    )
    assert removed.is_success
    bench.llm.free.set()
    found = bench.ended(job)
    assert bench.llm.billed >= 2
    assert tokens_of(found) == (PROMPT * bench.llm.billed, COMPLETION * bench.llm.billed)
    assert bench.kept() == 0, "what is written, or of a removed row, is kept no longer"


def test_calls_of_a_cancelled_job_are_counted_and_those_that_it_aborts_estimated(bench: Bench) -> None:
    bench.open(["The rent is 900 euros. " * 20], columns=3)
    bench.llm.holds = lambda text: "What of 1?" in text
    job = bench.generate()
    bench.until_asked(3)
    answered = (2 * PROMPT, 2 * COMPLETION)
    bench.until(job, lambda found: tokens_of(found) == answered)  # in the order of answers
    assert bench.post(f"/tabular/jobs/{job}/cancel") == {"cancelled": True}
    found = bench.ended(job)
    assert found["completion_tokens"] == 2 * COMPLETION
    assert found["prompt_tokens"] >= 2 * PROMPT + len(bench.llm.asked[-1]) / 6


@pytest.mark.parametrize("status", [401, 500])
def test_windows_that_were_answered_before_a_failure_are_counted_and_not_asked_again(bench: Bench, status: int) -> None:
    bench.open([PAGE * 3 + "THE END"], columns=1)
    bench.llm.reply = lambda text: (status, {"error": {"message": "no"}}) if "THE END" in text else None
    job = bench.generate()
    if status == 401:
        found = bench.until(job, lambda found: found["paused_at"] and not found["running_items"])
    else:
        found = bench.ended(job)
    answered = bench.llm.billed
    assert answered >= 2
    assert tokens_of(found) == (PROMPT * answered, COMPLETION * answered)
    bench.llm.reply = lambda text: None
    if status == 401:
        bench.post(f"/tabular/jobs/{job}/resume", {})
        again = bench.ended(job)
        assert tokens_of(again) == (PROMPT * (answered + 1), COMPLETION * (answered + 1))
    else:
        again = bench.ended(bench.post(f"/tabular/jobs/{job}/retry")["job_id"])
        assert tokens_of(again) == (PROMPT, COMPLETION)
    assert bench.llm.billed == answered + 1, "only the window that failed"
    assert again["done_cells"] == 1
    assert bench.kept() == 0
    # With `all`, everything is asked again.
    bench.ended(bench.generate(only=["all"]))
    assert bench.llm.billed == 2 * (answered + 1)


def test_a_budget_is_exceeded_by_no_more_than_the_calls_in_flight_and_loses_none(bench: Bench) -> None:
    bench.open([f"The rent is {nr} euros." for nr in range(6)], columns=4)
    job = bench.generate(budget=5)
    found = bench.until(job, lambda found: found["paused_at"] and not found["running_items"])
    assert bench.llm.billed <= 5 + IN_FLIGHT
    assert tokens_of(found) == (PROMPT * bench.llm.billed, COMPLETION * bench.llm.billed)
    bench.post(f"/tabular/jobs/{job}/resume", {})
    found = bench.ended(job)
    assert found["done_cells"] == 24
    assert len(bench.llm.asked) == 24, "each question was asked once"
