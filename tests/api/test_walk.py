"""A random walk of three users over the HTTP API, while workers run, die and start again, and the LLM has its moods.

The LLM answers with the marks of its document and question, so each cell shows to which of them its answer belongs. At
rest all views of the grid agree, and nothing is left to ask. `make fuzz` walks for longer.
"""

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.api.calls import EDITOR, OWNER, STRANGER
from tests.api.follower import Follower, shown
from tests.conftest import fresh_database
from tests.llm.simulated import Reply, completion, served_here
from tests.llm.simulator import Faults, Simulator, Speed
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.preloaded import Program
from tests.processes import served, start, wait_for_line
from tests.signing import SECRET, token_of

WALKS = int(os.environ.get("COLUMNIST_WALKS", "3"))
LONG = WALKS > 3
STEPS = 60 if LONG else 16
USERS = (OWNER, EDITOR, STRANGER)
MOODS: dict[str, Reply | str] = {
    "busy": (503, {"error": {"message": "Later."}}),
    "refuses": (400, {"error": {"message": "Not this one."}}),
    "odd": "Certainly! Here is what I found.",
    "half": '{"c1": {"answer": ["a", 2], "quotes": "x", "flag": 7}}',
}
QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"format": "number"},
    {"format": "bulleted_list"},
    {"rules": [{"flag": "red", "when": "is not d0"}]},
    {
        "format": "monetary_amount",
        "rules": [{"flag": "green", "when": "> USD 5"}, {"flag": "red", "when": "not found"}],
    },
    {"second_reading": "order"},
)
"""Formats, playbooks and second readings, among which a question changes."""
MOST_ACTS = 3
"""Acts at the same time. Each may remove a question, and one must stay."""
_marks = count(1)


class Llm(Simulator):
    """An LLM that answers with marks, also in batches; `moods` apply to the next calls. `answered` counts the billed
    calls."""

    def __init__(self) -> None:
        super().__init__(Speed(), ["simulated", "another"], "", Faults())
        self.moods: list[str] = []
        self.asked = self.answered = 0

    async def complete(self, request: web.Request) -> web.Response:
        await asyncio.sleep(0.02)
        status, said = self.reply(await request.json())
        return web.json_response(said, status=status)

    def _batched(self, body: dict[str, Any]) -> dict[str, Any]:
        status, said = self.reply(body)
        return {"status_code": status, "request_id": "1", "body": said}

    def reply(self, request: dict[str, Any]) -> Reply:
        text = request["messages"][-1]["content"]
        if "response_format" not in request:
            return 200, completion("yes")
        if "Document" not in text:  # before the first batch
            self.answered += 1
            return 200, completion('{"answers": ["yes"]}')
        self.asked += 1
        reply = MOODS.get(self.moods.pop() if self.moods else "", "")
        if isinstance(reply, tuple):
            return reply
        self.answered += 1
        return 200, completion(reply or json.dumps(dict(self.marks(text))))

    @staticmethod
    def marks(text: str) -> Iterator[tuple[str, Any]]:
        (document,) = set(re.findall(r"Document (d\d+)", text))
        for name, question in re.findall(r"^(c\d+)\. .*?Question (q\d+)", text, re.MULTILINE):
            quote = {"page": 1, "quote": f"Document {document}"}
            yield name, {"reasoning": "", "quotes": [quote], "answer": f"{document} {question}", "flag": "green"}


@dataclass
class Site:
    """The shared parts of all walks: a server, a worker that may be killed, an LLM, and three users."""

    users: list[httpx.Client]
    llm: Llm
    worker: Program
    start_worker: Callable[[], Program]
    exact: bool = True
    """Nothing was killed or aborted yet, so each answered call must have been counted."""

    def restart(self, how: int) -> None:
        self.exact = False
        self.worker.send_signal(how)
        self.worker.communicate()
        self.worker = self.start_worker()


@dataclass(frozen=True)
class Review:
    """A review of the walk, two readers of its feed, and the marks that each column's question has had."""

    id: str
    path: str
    followers: list[Follower]
    questions: dict[str, set[str]] = field(default_factory=dict)


class Walk(RuleBasedStateMachine):
    """Two reviews of OWNER that share documents; EDITOR may change them; STRANGER comes and goes. Each act is on one
    review, while jobs of the other may run."""

    site: Site

    @initialize()
    def begin(self) -> None:
        self.owner, self.editor, self.stranger = self.site.users
        self.marks: dict[str, str] = {}
        self.reviews: list[Review] = []
        for first in (True, False):
            name = f"Review {next(_marks)}"
            review: str = self.ok(self.owner.post("/tabular/reviews", json={"name": name})).json()["id"]
            path = f"/tabular/reviews/{review}"
            self.ok(self.owner.put(f"{path}/members/{EDITOR.email}", json={"role": "editor"}))
            followers = [Follower(user, f"{path}/cells") for user in (self.editor, self.owner)]
            self.reviews.append(Review(review, path, followers))
            self.at(self.reviews[-1])
            self.upload(0, 0) if first else self.add_document(0, 0)
            self.add_column(0, 0)
            self.add_column(0, 0)

    def at(self, review: Review) -> None:
        """The following acts are on this review."""
        self.review, self.path = review.id, review.path
        self.followers, self.questions = review.followers, review.questions

    def ok(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.text}"
        return answer

    # ── Acts: each takes two numbers that choose ─────────────────────────────────────────────────────────────────

    def columns(self) -> list[dict[str, Any]]:
        return list(self.ok(self.owner.get(f"{self.path}/columns")).json()["columns"])

    def documents(self) -> list[str]:
        rows = self.ok(self.owner.get(f"{self.path}/rows", params={"limit": 200})).json()["rows"]
        return [row["document_id"] for row in rows]

    def cell(self, one: int, other: int) -> str | None:
        documents, columns = self.documents(), self.columns()
        if not documents or not columns:
            return None
        return f"{self.path}/cells/{documents[one % len(documents)]}/{columns[other % len(columns)]['id']}"

    def who(self, number: int) -> httpx.Client:
        return (self.owner, self.editor)[number % 2]

    def upload(self, one: int, other: int) -> None:
        marks = [f"d{next(_marks)}" for _ in range(1 + one % 2)]
        files = [("files", (f"{mark}.txt", f"Document {mark} says this and that.".encode())) for mark in marks]
        for mark, file in zip(
            marks,
            self.ok(self.owner.post("/documents", files=files, params={"review_id": self.review})).json()["files"],
            strict=True,
        ):
            self.marks[file["document_id"]] = mark

    def add_column(self, one: int, other: int) -> None:
        mark = f"q{next(_marks)}"
        question = {"name": f"Column {mark}", "prompt": f"Question {mark}?", **QUESTIONS[other % len(QUESTIONS)]}
        added = self.ok(self.who(one).post(f"{self.path}/columns", json={"columns": [question]}))
        for column in added.json().get("columns", ()):
            self.questions[column["id"]] = {mark}

    def edit_column(self, one: int, other: int) -> None:
        columns = self.columns()
        if columns:
            column = columns[one % len(columns)]
            mark = f"q{next(_marks)}"
            self.questions[column["id"]].add(mark)
            body = {"name": column["name"], "prompt": f"Question {mark}?", **QUESTIONS[other % len(QUESTIONS)]}
            self.ok(self.who(other).put(f"{self.path}/columns/{column['id']}", json=body))

    def remove_column(self, one: int, other: int) -> None:
        columns = self.columns()
        if len(columns) > MOST_ACTS:
            path = f"{self.path}/columns/{columns[one % len(columns)]['id']}"
            self.ok(self.who(other).delete(path, params={"confirm": "true"}))

    def order_columns(self, one: int, other: int) -> None:
        ids = [column["id"] for column in self.columns()]
        order = ids[::-1] if one % 2 else ids[1:] + ids[:1]
        self.ok(self.who(other).put(f"{self.path}/columns/order", json={"column_ids": order}))

    def remove_document(self, one: int, other: int) -> None:
        documents = self.documents()
        if documents:
            body = {"document_ids": [documents[one % len(documents)]]}
            self.ok(self.who(other).post(f"{self.path}/documents/remove", json=body, params={"confirm": "true"}))

    def delete_document(self, one: int, other: int) -> None:
        """For all reviews, and for good."""
        documents = self.documents()
        if len(documents) > 1 and not other % 3:
            path = f"/documents/{documents[one % len(documents)]}"
            self.ok(self.who(other).delete(path, params={"confirm": "true"}))

    def change_retention(self, one: int, other: int) -> None:
        at = f"{2100 + one}-01-01T00:00:00Z" if other % 2 else None
        self.ok(self.who(one).put(f"{self.path}/retention", json={"delete_at": at}))

    def demote(self, one: int, other: int) -> None:
        """EDITOR may only read for a while, in the middle of whatever is done."""
        member = f"{self.path}/members/{EDITOR.email}"
        for role in ("viewer", "editor"):
            assert self.ok(self.owner.put(member, json={"role": role})).is_success

    def add_document(self, one: int, other: int) -> None:
        known = sorted(self.marks)
        self.ok(self.owner.post(f"{self.path}/documents", json={"document_ids": [known[one % len(known)]]}))

    def generate(self, one: int, other: int) -> None:
        body: dict[str, Any] = {}
        if one % 3 == 1:
            body["only"] = [("missing", "stale", "failed", "outdated", "all")[other % 5]]
        if one % 4 == 2:
            body["column_ids"] = [column["id"] for column in self.columns()][: 1 + other % 2]
        if one % 5 == 3:
            body["budget"] = 0.0001 * (1 + other % 5)
        if one % 7 == 4:
            body["model"] = "another"
        if LONG and other % 4 == 1:  # each takes some polls of the provider
            body["batch"] = True
        self.ok(self.who(one).post(f"{self.path}/generate", json=body))

    def jobs(self) -> list[dict[str, Any]]:
        listed = self.ok(self.owner.get("/tabular/jobs", params={"review_id": self.review, "limit": 200}))
        return list(listed.json()["jobs"])

    def of_job(self, one: int, other: int) -> None:
        jobs = self.jobs()
        if jobs:
            act = ("cancel", "resume", "retry")[other % 3]
            self.site.exact &= act != "cancel"
            body: dict[str, Any] | None = {} if act == "resume" else None
            self.ok(self.who(one).post(f"/tabular/jobs/{jobs[one % len(jobs)]['id']}/{act}", json=body))

    def edit(self, one: int, other: int) -> None:
        if cell := self.cell(one, other):
            bodies = [{"summary": f"by hand {one}"}, {"flag": "red"}, {"reasoning": "Look at this."}]
            self.ok(self.who(one + other).patch(cell, json=bodies[other % 3]))

    def verify(self, one: int, other: int) -> None:
        if cell := self.cell(one, other):
            self.ok(self.who(one).post(f"{cell}/verify", json={"verified": bool(one % 3)}))

    def verify_many(self, one: int, other: int) -> None:
        """As they are seen now, and perhaps taken back, which leaves what others have changed since."""
        seen = [
            {"document_id": document, "column_id": column, "updated_at": cell["updated_at"]}
            for (document, column), cell in self.grid().items()
        ]
        if not seen:
            return
        path = f"{self.path}/verify"
        verified = self.ok(self.who(one).post(path, json={"verified": True, "cells": seen}))
        if verified.is_success:
            told = verified.json()
            assert told["done"] + told["unfound"] + sum(told["left"].values()) <= len(seen)
            if other % 2 and told["done"]:
                again = [{**cell, "updated_at": told["updated_at"]} for cell in seen]
                self.ok(self.who(one).post(path, json={"verified": False, "cells": again}))

    def clear(self, one: int, other: int) -> None:
        if cell := self.cell(one, other):
            before = self.ok(self.owner.get(cell))
            cleared = self.ok(self.who(one).delete(cell))
            if other % 2 and cleared.is_success and before.json().get("status") == "done":
                self.ok(self.who(one).post(f"{cell}/restore"))

    def restore(self, one: int, other: int) -> None:
        if cell := self.cell(one, other):
            self.ok(self.who(one).post(f"{cell}/restore"))

    def regenerate(self, one: int, other: int) -> None:
        if cell := self.cell(one, other):
            self.ok(self.who(one).post(f"{cell}/regenerate"))

    def follow(self, one: int, other: int) -> None:
        self.followers[1].read(1 + one % 5)

    ACTS = (
        upload, add_column, edit_column, remove_column, order_columns, remove_document, add_document, generate,
        generate, generate, of_job, edit, verify, verify_many, clear, restore, regenerate, follow, delete_document,
        change_retention, demote,
    )  # fmt: skip
    CHOICE = st.tuples(st.sampled_from(range(len(ACTS))), st.integers(0, 59), st.integers(0, 59))

    # ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(acts=st.lists(CHOICE, min_size=1, max_size=MOST_ACTS), rest=st.integers(0, 5))
    def act(self, acts: list[tuple[int, int, int]], rest: int) -> None:
        """One act, or several at once."""
        with ThreadPoolExecutor(len(acts)) as threads:
            for done in [threads.submit(self.ACTS[which], self, one, other) for which, one, other in acts]:
                done.result()
        if rest == 5:
            self.rest()

    @rule(which=st.integers(0, 1))
    def turn(self, which: int) -> None:
        self.at(self.reviews[which])

    @rule(moods=st.lists(st.sampled_from(sorted(MOODS)), min_size=1, max_size=3))
    def moods(self, moods: list[str]) -> None:
        self.site.llm.moods = moods

    @rule(role=st.sampled_from(["viewer", "editor", None]))
    def share(self, role: str | None) -> None:
        """The rights of STRANGER follow at once."""
        member = f"{self.path}/members/{STRANGER.email}"
        self.ok(self.owner.delete(member) if role is None else self.owner.put(member, json={"role": role}))
        read, write = {None: (404, 404), "viewer": (200, 403), "editor": (200, 200)}[role]
        cell = self.cell(0, 0)
        for path in (self.path, f"{self.path}/rows", f"{self.path}/cells", *([cell] if cell else [])):
            assert self.ok(self.stranger.get(path)).status_code == read
        columns = [column["id"] for column in self.columns()]
        asked = self.ok(self.stranger.put(f"{self.path}/columns/order", json={"column_ids": columns}))
        assert asked.status_code == write

    @rule(how=st.sampled_from([signal.SIGKILL, signal.SIGTERM]), often=st.integers(0, 3))
    def kill(self, how: int, often: int) -> None:
        if not often:
            self.site.restart(how)

    def rest(self) -> None:
        """Let everything end; then all views of the grid agree."""
        self.site.llm.moods = []
        current = next(review for review in self.reviews if review.path == self.path)
        for check in (self.until_quiet, self.check_views):
            for review in self.reviews:
                self.at(review)
                check()
        self.at(current)

    def teardown(self) -> None:
        if len(getattr(self, "reviews", ())) < 2:
            return
        self.rest()
        for review in self.reviews:
            self.at(review)
            self.finish()
        self.check_money()

    def finish(self) -> None:
        """Every cell without an answer is asked, and none twice."""
        estimate = self.ok(self.owner.post(f"{self.path}/estimate", json={})).json()
        asked = self.site.llm.asked
        generated = self.ok(self.owner.post(f"{self.path}/generate", json={})).json()
        self.until_quiet()
        calls = self.site.llm.asked - asked
        job = self.ok(self.owner.get(f"/tabular/jobs/{generated['job_id']}")).json()
        failures = self.ok(self.owner.get(f"/tabular/jobs/{generated['job_id']}/failures")).text
        assert estimate["cells"] == job["total_cells"] == job["done_cells"], f"{failures}\n{estimate}\n{job}"
        assert calls <= estimate["calls"], "answers that are known already are not asked"
        self.check_views()
        cells = self.grid()
        for cell in cells.values():
            a_persons = cell["edited"] or cell["verified_by"]
            assert cell["status"] == "done" and (a_persons or not cell["stale"]), "nothing is missing, failed or stale"
        assert len(cells) == len(self.documents()) * len(self.columns())
        asked = self.site.llm.asked
        assert self.ok(self.owner.post(f"{self.path}/generate", json={})).json()["total_items"] == 0
        assert self.site.llm.asked == asked

    # ── Properties at rest ─────────────────────────────────────────────────────────────────────────────────────

    def until_quiet(self) -> None:
        def quiet() -> bool:
            job = self.ok(self.owner.get(f"{self.path}/active-job")).json()["job"]
            if job and job["paused_at"]:
                self.ok(self.owner.post(f"/tabular/jobs/{job['id']}/resume", json={}))
            return job is None

        wait_until(quiet, "the end of its job")

    def rows(self) -> list[dict[str, Any]]:
        return list(self.ok(self.owner.get(f"{self.path}/rows", params={"limit": 200})).json()["rows"])

    def grid(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(row["document_id"], column): cell for row in self.rows() for column, cell in row["cells"].items()}

    def check_views(self) -> None:
        rows, columns = self.rows(), self.columns()
        now = {column["id"]: re.findall(r"q\d+", column["prompt"])[0] for column in columns}
        assert not any(row["awaited"] for row in rows), "nothing is awaited without a live job"
        grid = self.grid()
        for follower in self.followers:
            assert shown(follower.read()) == shown(grid), "the feed reports all changes"
        lines = self.ok(self.owner.get(f"{self.path}/export", params={"format": "jsonl"})).text.splitlines()
        exported = {row["document_id"]: row["cells"] for row in map(json.loads, lines)}
        assert {(one, column) for one, cells in exported.items() for column in cells} == set(grid)
        for (document, column), cell in grid.items():
            full = self.ok(self.owner.get(f"{self.path}/cells/{document}/{column}")).json()
            names = ("summary", "value", "flag", "verified", "stale", "error", "verified_by")
            values = {name: cell[name] for name in names}
            assert {name: full[name] for name in names} == values
            if not cell["edited"]:  # else it distinguishes the evidence
                assert {name: exported[document][column][name] for name in names} == values
            if cell["status"] == "done" and not cell["edited"] and (cell["summary"] or "").startswith("d"):
                mark, question = cell["summary"].split()
                assert mark == self.marks[document], "another document's answer"
                asked = self.questions[column] if cell["stale"] else {now[column]}
                assert question in asked, "another question's answer"
            self.check_history(document, column, full)
        for job in self.jobs():
            assert job["status"] not in ("pending", "running")
            ended = job["completed_items"] + job["error_items"] + job["skipped_items"]
            assert ended == job["total_items"] and not job["running_items"] and not job["pending_items"], job
            assert job["done_cells"] <= job["total_cells"] or job["status"] != "completed", job
        checked = self.ok(self.owner.get(f"{self.path}/checked")).json()
        assert checked["checked"] == sum(bool(cell["checked"]) for cell in grid.values()), checked
        for form in ("csv", "xlsx", "parquet", "json") if LONG else ():
            assert self.ok(self.owner.get(f"{self.path}/export", params={"format": form})).is_success
        counted = self.ok(self.owner.get(f"{self.path}/rows/groups", params={"column_id": columns[0]["id"]})).json()
        assert sum(group["count"] for group in counted["groups"]) == len(rows)
        for state in ("stale", "failed", "edited", "verified", "missing", "checked", "outdated"):
            found = self.ok(self.owner.get(f"{self.path}/rows", params={"filter": f"any:state:{state}"})).json()
            assert found["total"] == sum(self.has(state, row, now) for row in rows), state

    @staticmethod
    def has(state: str, row: dict[str, Any], columns: dict[str, str]) -> bool:
        cells = row["cells"].values()
        match state:
            case "missing":
                return len(row["cells"]) < len(columns) or any(cell["status"] == "pending" for cell in cells)
            case "failed":
                return any(cell["attempt_error"] is not None for cell in cells)
            case "verified":
                return any(cell["verified_by"] for cell in cells)
            case _:
                return any(cell[state] for cell in cells)

    def check_history(self, document: str, column: str, full: dict[str, Any]) -> None:
        """Each act found what the previous one left: a run replaces a person's answer only in its own name."""
        path = f"{self.path}/cells/{document}/{column}/history"
        changes = self.ok(self.owner.get(path)).json()["changes"]
        for later, earlier in pairwise(changes):
            if earlier["after"] and earlier["after"]["edited_at"]:
                assert later["before"]["summary"] == earlier["after"]["summary"], (later, earlier)
        if full["edited_at"]:
            assert changes and changes[0]["after"]["summary"] == full["summary"]
        if full["verified_at"]:
            assert any(change["action"] in ("verify", "restore") for change in changes)

    def check_money(self) -> None:
        listed = self.ok(self.owner.get("/tabular/jobs", params={"limit": 500})).json()["jobs"]
        tokens = sum(job["completion_tokens"] for job in listed)
        billed = 7 * self.site.llm.answered
        assert tokens == billed if self.site.exact else tokens <= billed


@pytest.fixture
def site(template_of: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    url = fresh_database(template_of["embedded"])
    llm = Llm()
    with served_here(llm) as server_url:
        variables: dict[str, object] = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path,
            "COLUMNIST_JWT_SECRET": SECRET,
            "OPENAI_BASE_URL": server_url,
            "COLUMNIST_MODEL": "simulated",
            "COLUMNIST_COLUMNS_PER_CALL": 2,
            "COLUMNIST_PRICE_PROMPT": 1,
            "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000,
            "TABULAR_GENERATE_CONCURRENCY": 4,
            "TABULAR_JOB_LEASE_SECONDS": 3,
            "TABULAR_WORKER_IDLE_MS": 100,
            "TABULAR_JOB_MAX_ATTEMPTS": 5,
        }

        def start_worker() -> Program:
            worker = start("worker", **variables)
            wait_for_line(worker.stderr, "worker ready")
            return worker

        with ExitStack() as stack:
            servers = [stack.enter_context(served(**variables)) for _ in range(2 if LONG else 1)]
            headers = [{"Authorization": f"Bearer {token_of(user)}"} for user in USERS]
            users = [
                httpx.Client(base_url=f"{servers[nr % len(servers)].url}/api", headers=one, timeout=PATIENCE_SECONDS)
                for nr, one in enumerate(headers)
            ]
            site = Site(users, llm, start_worker(), start_worker)
            try:
                yield site
            finally:
                site.worker.kill()
                site.worker.communicate()
                for user in users:
                    user.close()


def test_three_users_walk_at_random_and_every_view_stays_true(site: Site) -> None:
    Walk.site = site
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize="COLUMNIST_WALKS" not in os.environ,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
