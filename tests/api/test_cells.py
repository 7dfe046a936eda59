"""One cell over HTTP: its content, the acts of people, the names in its history, and that no worker undoes an act."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http import a_review, problem
from tests.jobs.grid import Watcher
from tests.llm.simulated import completion, scripted
from tests.processes import contracts_in, environment_of, metric, served, served_api, simulator
from tests.uploads import until_read, upload

TERMS = b"This Agreement is governed by the laws of the State of Delaware. The fee is $1,000.00."


@dataclass(frozen=True)
class Grid:
    """A review of one document with a text and a money column, answered by rules."""

    api: httpx.Client
    review: str
    document: str
    columns: list[str]

    def cell(self, column: int = 0) -> str:
        return f"/tabular/reviews/{self.review}/cells/{self.document}/{self.columns[column]}"

    def history(self, column: int = 0) -> list[dict[str, Any]]:
        return list(self.api.get(f"{self.cell(column)}/history").json()["changes"])


@pytest.fixture
def grid(url: str, tmp_path: Path) -> Iterator[Grid]:
    with served_api(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as api:
        review = a_review(api, "Governing law")["id"]
        fee = {"name": "Fee", "prompt": "What is the fee?", "format": "monetary_amount"}
        api.post(f"/tabular/reviews/{review}/columns", json={"columns": [fee]})
        (file,) = upload(api, ("a.txt", TERMS), review_id=review)["files"]
        until_read(api, review)
        columns = [column["id"] for column in api.get(f"/tabular/reviews/{review}/columns").json()["columns"]]
        yield Grid(api, review, file["document_id"], columns)


def test_a_cell_holds_its_answer_with_evidence(grid: Grid) -> None:
    cell = grid.api.get(grid.cell()).json()
    assert (cell["status"], cell["model"], cell["stale"]) == ("done", "extractive", False)
    assert "Delaware" in cell["summary"]
    (citation,) = cell["citations"]
    assert citation["quote"] in TERMS.decode()
    assert (citation["page"], citation["verified"]) == (1, True)
    problem(grid.api.get(grid.cell().replace(grid.columns[0], grid.review)), 404, "not-found")
    new = {"columns": [{"name": "New", "prompt": "Asked?"}]}
    (column,) = grid.api.post(f"/tabular/reviews/{grid.review}/columns", json=new).json()["columns"]
    assert grid.api.get(grid.cell().replace(grid.columns[0], column["id"])).json()["status"] == "missing"


def test_an_edit_is_typed_noted_and_left_alone_by_generate(grid: Grid) -> None:
    before = grid.api.get(grid.cell(1)).json()
    edited = grid.api.patch(grid.cell(1), json={"summary": "US$ 2.5 million", "flag": "red"}).json()
    assert edited["value"]["currency"] == "USD"
    assert float(edited["value"]["amount"]) == 2_500_000
    assert (edited["flag"], edited["edited_by"]) == ("red", "local@localhost")
    assert edited["citations"] == before["citations"]
    until_read(grid.api, grid.review)
    assert grid.api.get(grid.cell(1)).json()["summary"] == "US$ 2.5 million"
    (change,) = grid.history(1)
    assert (change["action"], change["email"]) == ("edit", "local@localhost")
    assert (change["before"]["summary"], change["after"]["summary"]) == (before["summary"], "US$ 2.5 million")
    problem(grid.api.patch(grid.cell(1), json={}), 422, "bad-input")


def test_who_saw_an_older_cell_is_told_before_they_overwrite_it(grid: Grid) -> None:
    seen = grid.api.get(grid.cell()).json()["updated_at"]
    assert grid.api.patch(grid.cell(), json={"summary": "Mine", "updated_at": seen}).status_code == 200
    problem(grid.api.patch(grid.cell(), json={"summary": "Theirs", "updated_at": seen}), 409, "conflict")
    problem(grid.api.post(f"{grid.cell()}/verify", json={"verified": True, "updated_at": seen}), 409, "conflict")
    assert grid.api.get(grid.cell()).json()["summary"] == "Mine"


def test_a_verification_is_a_persons_and_ends_with_the_answer_it_was_about(grid: Grid) -> None:
    verified = grid.api.post(f"{grid.cell()}/verify", json={"verified": True}).json()
    assert verified["verified_by"] == "local@localhost"
    assert grid.api.post(f"{grid.cell()}/verify", json={"verified": False}).json()["verified_by"] is None
    grid.api.post(f"{grid.cell()}/verify", json={"verified": True})
    assert grid.api.patch(grid.cell(), json={"flag": "yellow"}).json()["verified_by"] == "local@localhost"
    assert grid.api.patch(grid.cell(), json={"summary": "Another"}).json()["verified_by"] is None
    assert [change["action"] for change in grid.history()] == ["edit", "edit", "verify", "unverify", "verify"]


def test_many_answers_are_verified_as_they_were_seen_and_that_is_taken_back_exactly(grid: Grid) -> None:
    path = f"/tabular/reviews/{grid.review}"

    def seen() -> list[dict[str, Any]]:
        (row,) = grid.api.get(f"{path}/rows").json()["rows"]
        return [
            {"document_id": grid.document, "column_id": column, "updated_at": row["cells"][column]["updated_at"]}
            for column in grid.columns
        ]

    def verify(cells: list[dict[str, Any]], **body: Any) -> dict[str, Any]:
        answer = grid.api.post(f"{path}/verify", json={"verified": True, "cells": cells} | body)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said | {"left": {name: count for name, count in said["left"].items() if count}}

    before = seen()
    assert grid.api.get(f"{path}/checked").json()["checked"] == 0
    grid.api.patch(grid.cell(1), json={"summary": "USD 2,000"})
    tried = verify(before, dry_run=True)
    assert (tried["done"], tried["left"], tried["updated_at"]) == (1, {"changed": 1}, None)
    assert grid.history() == []
    done = verify([*before, *before])
    assert (done["done"], done["left"]) == (1, {"changed": 1}), "only the answer that was seen, and once"
    assert grid.api.get(grid.cell()).json()["verified_by"] == "local@localhost"
    assert grid.api.get(grid.cell(1)).json()["verified_by"] is None
    assert grid.api.get(path).json()["checked"] == 2, "verified, and edited"
    assert [(one["action"], one["before"]["verified_by"]) for one in grid.history()] == [("verify", None)]
    assert verify(seen())["left"] == {"verified": 1}, "the edited answer is verified, too"
    ticked = [one | {"updated_at": done["updated_at"]} for one in before]
    undone = verify(ticked, verified=False)
    assert (undone["done"], undone["left"]) == (1, {"changed": 1})
    assert grid.api.get(grid.cell()).json()["verified_by"] is None
    assert grid.api.get(grid.cell(1)).json()["verified_by"] == "local@localhost", "another act, which nobody undid"
    column = grid.api.get(f"{path}/columns").json()["columns"][0]
    spec = {"name": column["name"], "prompt": "Which seat of arbitration?"}
    assert grid.api.put(f"{path}/columns/{column['id']}", json=spec).is_success
    assert verify(seen())["left"] == {"stale": 1, "verified": 1}
    gone = {"document_id": grid.review, "column_id": column["id"], "updated_at": None}
    assert verify([gone])["left"] == {"unanswered": 1}


def test_a_cleared_cell_shows_in_the_feed_and_is_asked_again_as_missing(grid: Grid) -> None:
    feed = f"/tabular/reviews/{grid.review}/cells"
    cursor = grid.api.get(feed).json()["cursor"]
    assert grid.api.delete(grid.cell()).status_code == 204
    now = grid.api.get(feed, params={"cursor": "now"}).json()
    assert (now["cells"], now["more"]) == ([], False)
    assert grid.api.get(feed, params={"cursor": now["cursor"]}).json()["cells"] == []
    (change,) = grid.api.get(feed, params={"cursor": cursor}).json()["cells"]
    assert (change["column_id"], change["status"], change["summary"]) == (grid.columns[0], "pending", None)
    problem(grid.api.delete(grid.cell()), 409, "conflict")
    problem(grid.api.post(f"{grid.cell()}/verify", json={"verified": True}), 409, "conflict")
    answer = grid.api.post(f"/tabular/reviews/{grid.review}/generate", json={"only": ["missing"]}).json()
    assert answer["total_items"] == 1
    job = grid.api.get(f"/tabular/jobs/{answer['job_id']}").json()
    assert job["total_cells"] == 1
    until_read(grid.api, grid.review)
    assert "Delaware" in grid.api.get(grid.cell()).json()["summary"]
    assert "Delaware" in grid.history()[0]["before"]["summary"]
    (cleared, *_) = grid.api.get(f"/tabular/reviews/{grid.review}/history").json()["changes"]
    assert (cleared["action"], cleared["email"]) == ("clear", "local@localhost")
    assert cleared["document"] and cleared["column"] and "Delaware" in cleared["before"]["summary"]


def test_clearing_is_taken_back_with_the_evidence_unless_something_came_since(grid: Grid) -> None:
    problem(grid.api.post(f"{grid.cell()}/restore"), 409, "conflict")
    grid.api.patch(grid.cell(), json={"summary": "Nevada", "flag": "red"})
    grid.api.post(f"{grid.cell()}/verify", json={"verified": True})
    before = grid.api.get(grid.cell()).json()
    assert before["citations"] and before["edited_at"] and before["verified_at"]
    grid.api.delete(grid.cell())
    assert not grid.api.get(grid.cell()).json()["citations"]
    restored = grid.api.post(f"{grid.cell()}/restore").json()
    assert {**restored, "updated_at": None} == {**before, "updated_at": None}
    assert [change["action"] for change in grid.history()][:2] == ["restore", "clear"]
    problem(grid.api.post(f"{grid.cell()}/restore"), 409, "conflict")
    grid.api.delete(grid.cell())
    grid.api.patch(grid.cell(), json={"summary": "Another"})
    problem(grid.api.post(f"{grid.cell()}/restore"), 409, "conflict")


def test_regenerate_asks_one_cell_again_even_an_edited_one(grid: Grid) -> None:
    grid.api.patch(grid.cell(), json={"summary": "Mars"})
    other = grid.api.get(grid.cell(1)).json()
    generated = grid.api.post(f"{grid.cell()}/regenerate")
    assert (generated.status_code, generated.json()["total_items"]) == (202, 1)
    while grid.api.get(f"/tabular/jobs/{generated.json()['job_id']}").json()["status"] != "completed":
        pass
    cell = grid.api.get(grid.cell()).json()
    assert "Delaware" in cell["summary"]
    assert cell["edited_at"] is None
    assert grid.api.get(grid.cell(1)).json() == other
    replaced, *acts = grid.history()
    assert [change["action"] for change in acts] == ["regenerate", "edit"]
    assert (replaced["action"], replaced["before"]["summary"]) == ("replace", "Mars")


def test_an_edit_made_while_a_worker_asks_is_not_overwritten(url: str, tmp_path: Path) -> None:
    (file,) = contracts_in(tmp_path / "files", 1).iterdir()
    with simulator(prompt_rate=10**6, decode_rate=40, slots=4) as llm:
        variables = environment_of(url, tmp_path / "home", llm)
        with served_api(**variables) as api:
            review = a_review(api, "Term")["id"]
            (document,) = upload(api, (file.name, file.read_bytes()), review_id=review)["files"]
            (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
            cell = f"/tabular/reviews/{review}/cells/{document['document_id']}/{column['id']}"
            for path in (f"/tabular/reviews/{review}/generate", f"{cell}/regenerate"):
                job = api.post(path).json()["job_id"]
                while not metric(llm, "llm_running"):
                    pass
                problem(api.post(f"{cell}/regenerate"), 409, "conflict")
                api.patch(cell, json={"summary": f"Mine, {path}"})
                Watcher(url).until(f"select status from tabular_jobs where id = '{job}'", ("completed",))
                assert api.get(cell).json()["summary"] == f"Mine, {path}"


def until_ended(api: httpx.Client, job: str) -> dict[str, Any]:
    """The job when it has ended."""
    while (status := api.get(f"/tabular/jobs/{job}").json())["status"] in ("pending", "running"):
        time.sleep(0.02)
    return dict(status)


def asked(api: httpx.Client, review: str, **body: Any) -> int:
    """Run to the end; returns how many answers the run asked for."""
    job = api.post(f"/tabular/reviews/{review}/generate", json=body).json()["job_id"]
    return int(until_ended(api, job)["total_cells"])


def found(grid: Grid, state: str) -> int:
    filters = {"filter": f"any:state:{state}"}
    return int(grid.api.get(f"/tabular/reviews/{grid.review}/rows", params=filters).json()["total"])


def edit_question(grid: Grid, **changes: Any) -> None:
    path = f"/tabular/reviews/{grid.review}/columns"
    column = next(one for one in grid.api.get(path).json()["columns"] if one["id"] == grid.columns[0])
    body = {name: column[name] for name in ("name", "prompt", "format", "tags", "rules")} | changes
    assert grid.api.put(f"{path}/{column['id']}", json=body).status_code == 200


def test_a_flag_or_a_note_makes_no_answer_and_no_old_answer_current(grid: Grid) -> None:
    stale = grid.api.get(grid.cell()).json()
    edit_question(grid, prompt="Where is the seat of arbitration?")
    flagged = grid.api.patch(grid.cell(), json={"flag": "yellow", "reasoning": "Look at this, Bob."}).json()
    assert (flagged["flag"], flagged["reasoning"], flagged["stale"]) == ("yellow", "Look at this, Bob.", True)
    assert (flagged["summary"], flagged["edited_at"]) == (stale["summary"], None)
    assert grid.api.post(f"/tabular/reviews/{grid.review}/estimate", json={}).json()["cells"] == 1
    # The run replaces an answer that a person had acted on: the history has all of it.
    assert asked(grid.api, grid.review) == 1
    replaced, edited = grid.history()
    assert (replaced["action"], replaced["email"], edited["action"]) == ("replace", "extractive", "edit")
    assert (replaced["before"]["summary"], replaced["before"]["flag"]) == (stale["summary"], "yellow")
    assert replaced["before"]["citations"] == stale["citations"]

    grid.api.delete(grid.cell())
    for body in ({"flag": "red"}, {"reasoning": "?"}):
        said = problem(grid.api.patch(grid.cell(), json=body), 409, "conflict")
        assert "no answer yet" in said["detail"]
    assert grid.api.get(grid.cell()).json()["status"] == "pending"
    assert found(grid, "missing") == 1


def test_a_verification_is_of_one_answer_to_one_question(grid: Grid) -> None:
    before = grid.api.post(f"{grid.cell()}/verify", json={"verified": True}).json()
    edit_question(grid, prompt="Which state's laws govern this Agreement?")
    shown = grid.api.get(grid.cell()).json()
    assert (shown["stale"], shown["verified_at"]) == (True, before["verified_at"])
    assert (found(grid, "verified"), found(grid, "stale")) == (1, 1)
    for only in (["stale"], ["all"], ["missing", "stale", "failed"]):
        estimate = grid.api.post(f"/tabular/reviews/{grid.review}/estimate", json={"only": only}).json()
        assert estimate["left_alone"] == 1
        assert "1 answers that a person edited or verified" in estimate["notes"][0]
        assert asked(grid.api, grid.review, only=only) == (only == ["all"])
    assert grid.api.get(grid.cell()).json() == shown
    # Asked again by name, it is replaced.
    job = grid.api.post(f"{grid.cell()}/regenerate").json()["job_id"]
    assert until_ended(grid.api, job)["only"] == ["again"]
    answered = grid.api.get(grid.cell()).json()
    assert (answered["stale"], answered["verified_by"], answered["summary"]) == (False, None, before["summary"])
    replaced, again, verified = grid.history()
    assert [one["action"] for one in (replaced, again, verified)] == ["replace", "regenerate", "verify"]
    assert replaced["before"]["verified_by"] == "local@localhost"
    assert datetime.fromisoformat(replaced["before"]["verified_at"]) == datetime.fromisoformat(before["verified_at"])


def test_what_was_cleared_and_asked_for_in_vain_comes_back_with_its_own_stamps(url: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path}
    with (
        served("--no-worker", **variables) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=30) as api,
    ):
        review = a_review(api, "Term")["id"]
        (file,) = upload(api, ("a.txt", TERMS), review_id=review)["files"]
        (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
        cell = f"/tabular/reviews/{review}/cells/{file['document_id']}/{column['id']}"
        # Two first answers, each by a person who saw none: one gets a conflict, and the history is a chain.
        bodies = [{"summary": f"{nr} years", "updated_at": None} for nr in range(6)]
        with ThreadPoolExecutor(6) as pool:
            codes = list(pool.map(lambda body: api.patch(cell, json=body).status_code, bodies))
            assert sorted(codes) == [200] + [409] * 5
            for _ in range(2):
                list(pool.map(lambda body: api.patch(cell, json={"summary": body["summary"]}), bodies))
        changes = api.get(f"{cell}/history").json()["changes"]
        assert len(changes) == 13
        assert changes[-1]["before"] is None
        for later, earlier in pairwise(changes):
            assert later["before"] == earlier["after"]

        api.post(f"{cell}/verify", json={"verified": True})
        before = api.get(cell).json()
        assert api.delete(cell).status_code == 204
        job = api.post(f"{cell}/regenerate").json()["job_id"]
        assert api.post(f"/tabular/jobs/{job}/cancel").json()["cancelled"]
        until_ended(api, job)
        assert {**api.post(f"{cell}/restore").json(), "updated_at": None} == {**before, "updated_at": None}


def test_another_model_asks_nothing_again_unless_it_is_named(url: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home"}
    with served(**variables) as server, httpx.Client(base_url=f"{server.url}/api", timeout=30) as api:
        review = a_review(api, "Governing law")["id"]
        files = upload(api, *((f"{nr}.txt", TERMS + b"%d" % nr) for nr in range(3)), review_id=review)["files"]
        assert asked(api, review) == 3
        (column,) = (one["id"] for one in api.get(f"/tabular/reviews/{review}/columns").json()["columns"])
        cells = [f"/tabular/reviews/{review}/cells/{file['document_id']}/{column}" for file in files]
        verified = api.post(f"{cells[0]}/verify", json={"verified": True}).json()
        assert not verified["outdated"]

    # A model whose answers cannot be parsed.
    with (
        scripted(lambda _: (200, completion("I would rather not."))) as llm,
        served(**variables, OPENAI_BASE_URL=llm.url, COLUMNIST_MODEL="big") as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=60) as api,
    ):
        grid = Grid(api, review, files[0]["document_id"], [column])
        upload(api, ("new.txt", b"The term is one year."), review_id=review)
        assert (found(grid, "outdated"), found(grid, "stale")) == (3, 0)
        assert asked(api, review, document_ids=[file["document_id"] for file in files]) == 0
        assert asked(api, review, model="extractive") == 1  # the new document's
        for body, cells_asked in (({}, 0), ({"model": "big"}, 3), ({"only": ["outdated"]}, 3)):
            assert api.post(f"/tabular/reviews/{review}/estimate", json=body).json()["cells"] == cells_asked
        # Every answer stays, whether it is asked again by name or by a run.
        before = [api.get(cell).json() for cell in cells]
        assert asked(api, review, model="big") == 3
        until_ended(api, api.post(f"{cells[0]}/regenerate").json()["job_id"])
        attempt = ("attempt_error", "attempted_at", "updated_at")
        for cell, was in zip(cells, before, strict=True):
            now = api.get(cell).json()
            assert now["attempt_error"] and now["attempted_at"]
            assert {name: now[name] for name in now if name not in attempt} == {
                name: was[name] for name in was if name not in attempt
            }
        assert (found(grid, "failed"), found(grid, "done"), found(grid, "verified")) == (4, 4, 1)
        # Cells that a person has not verified are asked again as failed ones.
        assert api.post(f"/tabular/reviews/{review}/estimate", json={"only": ["failed"]}).json()["cells"] == 3
