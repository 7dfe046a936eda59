"""One cell over HTTP: what it holds, what people do with it, who did it, and that a worker does not undo it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.test_documents import until_read, upload
from tests.api.test_reviews import a_review, problem
from tests.jobs.grid import Watcher
from tests.processes import contracts_in, metric, served, simulator

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
    with (
        served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as server,
        httpx.Client(base_url=f"{server.url}/api") as api,
    ):
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
    assert [change["action"] for change in grid.history()] == ["regenerate", "edit"]


def test_an_edit_made_while_a_worker_asks_is_not_overwritten(url: str, tmp_path: Path) -> None:
    (file,) = contracts_in(tmp_path / "files", 1).iterdir()
    with simulator(prompt_rate=10**6, decode_rate=40, slots=4) as llm:
        variables = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
        }
        with served(**variables) as server, httpx.Client(base_url=f"{server.url}/api") as api:
            review = a_review(api, "Term")["id"]
            (document,) = upload(api, (file.name, file.read_bytes()), review_id=review)["files"]
            (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
            cell = f"/tabular/reviews/{review}/cells/{document['document_id']}/{column['id']}"
            for only in ("missing", "all"):
                job = api.post(f"/tabular/reviews/{review}/generate", json={"only": [only]}).json()["job_id"]
                while not metric(llm, "llm_running"):
                    pass
                problem(api.post(f"{cell}/regenerate"), 409, "conflict")
                api.patch(cell, json={"summary": f"Mine, {only}"})
                Watcher(url).until(f"select status from tabular_jobs where id = '{job}'", ("completed",))
                assert api.get(cell).json()["summary"] == f"Mine, {only}"
