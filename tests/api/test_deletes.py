"""A delete removes no other user's work: only the announced rows go, and a document lives as long as a review has
it."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from columnist.db.connect import Database, User
from columnist.documents import store
from columnist.reviews.store import put_documents
from tests.http import problem
from tests.jobs.grid import Watcher, a_review
from tests.processes import served
from tests.signing import SECRET, hs256
from tests.uploads import upload

TERMS = b"The term is one year."


@dataclass(frozen=True)
class People:
    """Signed-in clients of one server."""

    ann: httpx.Client
    bob: httpx.Client
    watcher: Watcher

    def documents(self) -> int:
        """The number of rows, visible or not."""
        return int(self.watcher.one("select count(*) from documents")[0])


def email(who: str) -> str:
    return f"{who}@example.org"


@pytest.fixture
def people(url: str, tmp_path: Path) -> Iterator[People]:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_JWT_SECRET": SECRET}
    with served("--no-worker", **variables) as server, ExitStack() as stack:
        clients = [
            stack.enter_context(
                httpx.Client(
                    base_url=f"{server.url}/api",
                    timeout=30,
                    headers={
                        "Authorization": f"Bearer {hs256(sub=str(uuid4()), email=email(who), aud=None, iss=None)}"
                    },
                )
            )
            for who in ("ann", "bob")
        ]
        ann, bob = clients
        yield People(ann, bob, Watcher(url))


def a_shared_review(people: People, role: str = "editor") -> tuple[str, str]:
    """A review of Ann to which Bob may add: its id and its column's id."""
    body = {"name": "Leases", "columns": [{"name": "Term", "prompt": "How long?"}]}
    review = people.ann.post("/tabular/reviews", json=body).json()["id"]
    assert people.ann.put(f"/tabular/reviews/{review}/members/{email('bob')}", json={"role": role}).status_code < 300
    (column,) = people.ann.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    return review, column["id"]


def cell(review: str, document: str, column: str) -> str:
    return f"/tabular/reviews/{review}/cells/{document}/{column}"


def test_who_was_shown_out_deletes_his_document_and_the_review_keeps_its_row_and_answers(people: People) -> None:
    ann, bob = people.ann, people.bob
    review, column = a_shared_review(people)
    (file,) = upload(bob, ("lease.txt", TERMS), review_id=review)["files"]
    document = file["document_id"]
    answered = ann.patch(cell(review, document, column), json={"summary": "One year"}).json()
    ann.delete(f"/tabular/reviews/{review}/members/{email('bob')}")

    said = problem(bob.delete(f"/documents/{document}"), 409, "confirmation-needed")
    assert "0 reviews and 0 answers" in said["detail"]
    assert bob.delete(f"/documents/{document}", params={"confirm": True}).status_code == 204
    problem(bob.get(f"/documents/{document}"), 404, "not-found")
    assert bob.get("/documents").json()["total"] == 0

    assert ann.get(cell(review, document, column)).json() == answered
    assert ann.get(f"/tabular/reviews/{review}/rows").json()["total"] == 1
    assert ann.get(f"/documents/{document}").json()["mine"] is False
    assert ann.get(f"/documents/{document}/original").content == TERMS
    assert ann.post(f"/tabular/reviews/{review}/generate", json={"only": ["all"]}).json()["total_items"] == 0
    problem(ann.delete(f"/documents/{document}", params={"confirm": True}), 403, "forbidden")
    # He can upload it again, as his own.
    (again,) = upload(bob, ("lease.txt", TERMS))["files"]
    assert (again["status"], again["document_id"] != document) == ("added", True)


def test_a_delete_takes_the_rows_of_ones_own_reviews_as_it_says_and_no_others(people: People) -> None:
    ann, bob = people.ann, people.bob
    review, column = a_shared_review(people)
    (file,) = upload(bob, ("lease.txt", TERMS), review_id=review)["files"]
    document = file["document_id"]
    ann.patch(cell(review, document, column), json={"summary": "One year"})
    columns = [{"name": name, "prompt": "?"} for name in ("A", "B")]
    mine = [
        bob.post("/tabular/reviews", json={"name": name, "columns": columns, "document_ids": [document]}).json()["id"]
        for name in ("One", "Two")
    ]
    for one in bob.get(f"/tabular/reviews/{mine[0]}/columns").json()["columns"]:
        bob.patch(cell(mine[0], document, one["id"]), json={"summary": "x"})

    said = problem(bob.delete(f"/documents/{document}"), 409, "confirmation-needed")
    assert "2 reviews and 2 answers" in said["detail"]
    assert bob.delete(f"/documents/{document}", params={"confirm": True}).status_code == 204
    assert [bob.get(f"/tabular/reviews/{one}").json()["document_count"] for one in mine] == [0, 0]
    # As a member he sees it in the reviews that have it, but it is no longer his.
    assert bob.get(cell(review, document, column)).json()["summary"] == "One year"
    problem(bob.delete(f"/documents/{document}", params={"confirm": True}), 403, "forbidden")
    assert people.documents() == 1


@pytest.mark.parametrize("how", ["row", "review"])
def test_what_nobody_has_any_more_goes_with_the_last_review_that_holds_it(people: People, how: str) -> None:
    ann, bob = people.ann, people.bob
    review, _ = a_shared_review(people)
    files = upload(bob, ("lease.txt", TERMS), ("kept.txt", b"Two years."), review_id=review)["files"]
    document, kept = (file["document_id"] for file in files)
    other = ann.post("/tabular/reviews", json={"name": "Other", "document_ids": [document, kept]}).json()["id"]
    assert bob.delete(f"/documents/{document}", params={"confirm": True}).status_code == 204

    def go(review: str) -> dict[str, Any]:
        """Delete; returns the announcement."""
        body = {"document_ids": [document, kept, str(uuid4())]}
        path = f"/tabular/reviews/{review}"
        if how == "row":
            said = ann.post(f"{path}/documents/remove", json=body)
            if said.status_code == 204:  # nothing is lost
                return {"detail": ""}
            assert ann.post(f"{path}/documents/remove", params={"confirm": True}, json=body).status_code == 204
        else:
            said = ann.delete(path)
            assert ann.delete(path, params={"confirm": True}).status_code == 204
        return problem(said, 409, "confirmation-needed")

    assert "documents" not in go(other)["detail"]
    assert people.documents() == 2
    said = go(review)["detail"]
    assert "1 documents" in said
    assert how == "review" or "2 rows with 0 answers" in said
    assert people.documents() == 1
    assert people.watcher.one("select count(*) from loose_contents where since > now() - interval '1 minute'")[0] >= 1
    assert bob.get(f"/documents/{kept}").status_code == 200
    problem(ann.get(f"/documents/{document}"), 404, "not-found")


def test_a_document_that_is_just_put_into_a_review_is_not_forgotten(url: str) -> None:
    ann, bob = User(uuid4(), email("ann")), User(uuid4(), email("bob"))

    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            (document,) = review.documents
            with psycopg.connect(url.replace("columnist@", "postgres@"), autocommit=True) as admin:
                admin.execute("update documents set user_id = %s", [bob.id])
                admin.execute("update tabular_reviews set user_id = %s", [ann.id])
            async with database.act_as(ann) as adding:
                other = await adding.execute(
                    "insert into tabular_reviews (user_id, name) values (%s, 'Other') returning id", [ann.id]
                )
                row = await other.fetchone()
                assert row
                await put_documents(adding, row["id"], review.documents)
                async with database.act_as(ann) as removing:
                    await removing.execute("delete from tabular_reviews where id = %s", [review.id])

                async def delete() -> None:
                    async with database.act_as(bob) as deleting:
                        await store.delete_document(deleting, document)

                deletion = asyncio.create_task(delete())
                with psycopg.connect(url.replace("columnist@", "postgres@"), autocommit=True) as admin:
                    while not admin.execute("select 1 from pg_locks where not granted").fetchone():
                        assert not deletion.done()
                        await asyncio.sleep(0.01)
            await deletion
            async with database.act_as(ann) as looking:
                assert await store.get_document(looking, document)

    asyncio.run(scenario())


def test_nobody_deletes_a_document_past_the_function_that_spares_the_rows_of_others(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            async with database.act_as(User(uuid4(), "")) as stranger:
                await stranger.execute("select delete_document(%s)", review.documents)
                await stranger.execute("select disown_document(%s)", review.documents)
                await stranger.execute("select forget_documents(%s)", [review.documents])
                row = await (await stranger.execute("select documents_only_here(%s) as n", [review.id])).fetchone()
                assert row == {"n": 0}
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.act_as(User(uuid4(), "")) as stranger:
                    await stranger.execute("delete from documents")

    asyncio.run(scenario())
    assert Watcher(url).one("select count(*), count(user_id) from documents") == (1, 1)
