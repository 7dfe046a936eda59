"""Deleted data is gone: no table and no file of the store has a word of it; and an uploader can end every use."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from columnist.db.connect import User
from tests.documents.test_sweep import days_pass, names
from tests.http import problem
from tests.llm.simulated import Simulated, completion, scripted
from tests.patience import wait_until
from tests.processes import environment_of, served, served_api
from tests.signing import SECRET, bearer
from tests.uploads import until_read, upload

MARK = "zqmarker"
ADA, BOB, EVE = (User(uuid4(), f"{who}@example.org") for who in ("ada", "bob", "eve"))
DERIVED = {
    "documents.name",
    "documents.path",
    "reading_pages.text",
    "tabular_calls.answer",
    "tabular_cells.attempt_error",
    "tabular_cells.citations",
    "tabular_cells.error",
    "tabular_cells.reasoning",
    "tabular_cells.sort_text",
    "tabular_cells.summary",
    "tabular_cells.value",
    "tabular_cell_changes.before",
    "tabular_cell_changes.after",
    "tabular_job_items.error",
    "tabular_jobs.error",
    "tabular_jobs.pause_reason",
}
"""All places of data derived from a document: its words are there before the delete, and not after it."""


def places(admin_url: str) -> set[str]:
    """The columns of all tables that hold the marker."""
    with psycopg.connect(admin_url) as database:
        columns = database.execute(
            "select table_name, column_name from information_schema.columns join pg_tables on tablename = table_name "
            "where table_schema = 'public' and schemaname = 'public'"
        ).fetchall()
        return {
            f"{table}.{column}"
            for table, column in columns
            if database.execute(f'select from {table} where "{column}"::text ilike %s limit 1', [f"%{MARK}%"]).rowcount
        }


def files(home: Path) -> set[str]:
    """The files of the store that hold it."""
    return {path.name for path in (home / "blobs").rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()}


@pytest.fixture
def llm() -> Iterator[Simulated]:
    """It answers one of two questions, quotes the document, and repeats the refused text."""

    def reply(request: dict[str, object]) -> tuple[int, dict[str, object] | str]:
        said = str(request["messages"])
        if f"{MARK} refused" in said:
            return 400, {"error": {"message": f"I refuse to read: {MARK} refused", "type": "invalid_request_error"}}
        answer = {"reasoning": MARK, "quotes": [{"page": 1, "quote": f"the {MARK} lease"}], "answer": MARK}
        return 200, completion(json.dumps({"c1": answer, "c2": "none"}))

    with scripted(reply) as server:
        yield server


def test_a_refusal_that_quotes_a_document_goes_with_it(url: str, admin_url: str, tmp_path: Path) -> None:
    def refuse(request: dict[str, object]) -> tuple[int, dict[str, object] | str]:
        return 401, {"error": {"message": f"No key, no word of the {MARK} lease", "type": "invalid_api_key"}}

    with (
        scripted(refuse) as llm,
        served(
            DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, OPENAI_BASE_URL=llm.url, COLUMNIST_MODEL="simulated"
        ) as server,
        httpx.Client(base_url=f"{server.url}/api") as api,
    ):
        columns = [{"name": "First", "prompt": "What is it?"}]
        review = api.post("/tabular/reviews", json={"name": "Review", "columns": columns}).json()["id"]
        document = upload(api, (f"{MARK}.txt", b"A lease."), review_id=review)["files"][0]["document_id"]
        job = f"/tabular/jobs/{api.post(f'/tabular/reviews/{review}/generate').json()['job_id']}"
        wait_until(lambda: MARK in (api.get(job).json()["pause_reason"] or ""))
        assert api.delete(f"/documents/{document}", params={"everywhere": True, "confirm": True}).status_code == 204
        assert places(admin_url) == set()
        assert "deleted together with a document" in api.get(job).json()["pause_reason"]


@pytest.mark.parametrize("how", ["document", "review"])
def test_no_table_and_no_file_holds_a_word_of_what_was_deleted(
    url: str, admin_url: str, llm: Simulated, tmp_path: Path, how: str
) -> None:
    variables = environment_of(url, tmp_path, llm.url, TABULAR_JOB_MAX_ATTEMPTS=1)
    columns = [{"name": name, "prompt": "What is it?"} for name in ("First", "Second")]
    with served_api(**variables) as api:
        review = api.post("/tabular/reviews", json={"name": "Review", "columns": columns}).json()["id"]
        texts = ("This is the {MARK} lease.", "{MARK} refused")
        ids = []
        for nr, text in enumerate(texts):
            file = (f"{MARK} {nr}.txt", text.format(MARK=MARK).encode())
            ids.append(upload(api, file, review_id=review)["files"][0]["document_id"])
        damaged = (f"{MARK} 2.pdf", f"%PDF-1.4 {MARK}".encode())
        ids.append(upload(api, damaged, review_id=review)["files"][0]["document_id"])
        for one in ids:
            until_read(api, review, document_ids=[one])
        first, second = (one["id"] for one in api.get(f"/tabular/reviews/{review}/columns").json()["columns"])
        cell = f"/tabular/reviews/{review}/cells/{ids[0]}"
        assert api.patch(f"{cell}/{second}", json={"summary": f"{MARK} by hand"}).status_code == 200
        assert api.post(f"{cell}/{first}/verify", json={"verified": True}).status_code == 200
        assert api.delete(f"{cell}/{first}").status_code == 204
        assert api.post(f"{cell}/{first}/restore").status_code == 200
        found = places(admin_url)
        assert found <= DERIVED, "a place of words that is on no list: let deletion walk it"
        assert {"tabular_cells.summary", "tabular_cell_changes.before", "reading_pages.text", "documents.name"} < found
        assert files(tmp_path)
        if how == "review":
            assert api.delete(f"/tabular/reviews/{review}", params={"confirm": True}).status_code == 204
        for one, everywhere in zip(ids, (True, False, True), strict=True):
            ends = {"confirm": True, "everywhere": everywhere}
            assert api.delete(f"/documents/{one}", params=ends).status_code == 204
        assert places(admin_url) == set(), "at once"
        if how == "document":
            history = api.get(f"/tabular/reviews/{review}/history").json()["changes"]
            assert [one["action"] for one in history] == ["restore", "clear", "verify", "edit"], "who did what stays"
            assert {(one["before"], one["after"]) for one in history} == {(None, None)}
        days_pass(admin_url)
    with served(**variables):
        wait_until(lambda: names(tmp_path) == set())


@pytest.fixture
def people(url: str, tmp_path: Path) -> Iterator[list[httpx.Client]]:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_JWT_SECRET": SECRET}
    with served("--no-worker", **variables) as server, ExitStack() as stack:
        yield [
            stack.enter_context(httpx.Client(base_url=f"{server.url}/api", headers=bearer(user)))
            for user in (ADA, BOB, EVE)
        ]


@pytest.mark.parametrize("role", ["viewer", "editor", "owner"])
def test_what_was_shared_is_seen_through_its_review_and_no_longer_than_it_is_shared(
    people: list[httpx.Client], role: str
) -> None:
    ada, bob, eve = people
    review = ada.post("/tabular/reviews", json={"name": "Deal"}).json()["id"]
    document = upload(ada, ("lease.txt", b"A lease."), review_id=review)["files"][0]["document_id"]
    assert ada.put(f"/tabular/reviews/{review}/members/{BOB.email}", json={"role": role}).status_code == 200
    assert bob.get(f"/documents/{document}/original").status_code == 200
    body = {"name": "Mine", "document_ids": [document]}
    assert "only shared with you" in problem(bob.post("/tabular/reviews", json=body), 403, "forbidden")["detail"]
    mine = bob.post("/tabular/reviews", json={"name": "Mine"}).json()["id"]
    bob.put(f"/tabular/reviews/{mine}/members/{EVE.email}", json={"role": "viewer"})
    problem(bob.post(f"/tabular/reviews/{mine}/documents", json={"document_ids": [document]}), 403, "forbidden")
    assert ada.delete(f"/tabular/reviews/{review}/members/{BOB.email}").status_code == 204
    for who in (bob, eve):
        problem(who.get(f"/documents/{document}/original"), 404, "not-found")


def test_an_uploader_sees_every_use_of_a_document_and_ends_them_all(people: list[httpx.Client]) -> None:
    ada, bob, _ = people
    review = ada.post("/tabular/reviews", json={"name": "Deal"}).json()["id"]
    ada.put(f"/tabular/reviews/{review}/members/{BOB.email}", json={"role": "editor"})
    document = upload(bob, ("lease.txt", b"A lease."), review_id=review)["files"][0]["document_id"]
    other = ada.post("/tabular/reviews", json={"name": "Other", "document_ids": [document]}).json()["id"]
    assert ada.delete(f"/tabular/reviews/{review}/members/{BOB.email}").status_code == 204
    problem(ada.get(f"/documents/{document}/uses"), 403, "forbidden")
    uses = bob.get(f"/documents/{document}/uses").json()["uses"]
    assert uses == [{"review_id": one, "owner": ADA.email, "mine": False} for one in (review, other)]
    said = problem(bob.delete(f"/documents/{document}"), 409, "confirmation-needed")["detail"]
    assert "Other people's reviews (2) keep theirs" in said
    ends = {"confirm": True, "everywhere": True}
    assert bob.delete(f"/documents/{document}", params=ends).status_code == 204
    problem(ada.get(f"/documents/{document}"), 404, "not-found")
    assert [ada.get(f"/tabular/reviews/{one}").json()["document_count"] for one in (review, other)] == [0, 0]
