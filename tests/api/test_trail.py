"""The trail of who did what, retention with its certificate, and what operators do with users and tokens."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from columnist.cli import operate
from columnist.db.connect import Database, User
from columnist.documents.sweep import delete_due_reviews
from columnist.reviews.events import Event, read_events
from columnist.settings import Settings
from tests.http import problem
from tests.processes import served
from tests.signing import SECRET, bearer
from tests.uploads import until_read, upload

ADA, EVE = (User(uuid4(), f"{who}@example.org") for who in ("ada", "eve"))
LEASE = b"The rent is 5 dollars."
PAST = "2020-01-01T00:00:00Z"


@pytest.fixture
def people(url: str, tmp_path: Path) -> Iterator[list[httpx.Client]]:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_JWT_SECRET": SECRET}
    with served(**variables) as server, ExitStack() as stack:
        yield [
            stack.enter_context(httpx.Client(base_url=f"{server.url}/api", headers=bearer(user))) for user in (ADA, EVE)
        ]


@pytest.fixture
def operator(url: str) -> Callable[..., Any]:
    """Runs a command's function, and returns its result."""
    return lambda act: operate.operate(Settings(DATABASE_URL=url), act)


@pytest.fixture
def trail(operator: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """The output of `columnist events`: for a user, for a review, or all."""

    def read(user: str | None = None, review_id: str | None = None) -> list[dict[str, Any]]:
        review = UUID(review_id) if review_id else None
        capsys.readouterr()
        operator(lambda connection: operate.print_events(connection, operate.a_time("2020-01-01"), user, review, False))
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


async def trail_of(url: str) -> list[Event]:
    """The whole trail."""
    async with Database(url) as database, database.worker() as connection:
        return [event async for event in read_events(connection)]


def test_every_act_is_noted_with_who_did_it_and_what_the_database_does_not_see_as_well(
    people: list[httpx.Client], trail: Callable[..., list[dict[str, Any]]]
) -> None:
    ada, eve = people
    review = ada.post("/tabular/reviews", json={"name": "Deal", "columns": [{"name": "Rent", "prompt": "How much?"}]})
    at = f"/tabular/reviews/{review.json()['id']}"
    document = upload(ada, ("lease.txt", LEASE), review_id=review.json()["id"])["files"][0]["document_id"]
    until_read(ada, review.json()["id"])
    column = ada.get(f"{at}/columns").json()["columns"][0]["id"]
    ada.put(f"{at}/members/{EVE.email}", json={"role": "viewer"}).raise_for_status()
    eve.get(f"/documents/{document}/original").raise_for_status()
    eve.get(f"{at}/export", params={"format": "csv"}).raise_for_status()
    problem(eve.get(f"{at}/events"), 403, "forbidden")
    ada.put(f"{at}/members/{EVE.email}", json={"role": "owner"}).raise_for_status()
    eve.patch(f"{at}/cells/{document}/{column}", json={"summary": "5"}).raise_for_status()
    eve.post(f"{at}/cells/{document}/{column}/verify", json={"verified": True}).raise_for_status()
    eve.put(f"{at}/columns/{column}", json={"name": "Rent", "prompt": "How high?"}).raise_for_status()
    for owner in people:  # the maker, and the person with whom it is shared as an owner
        seen = owner.get(f"{at}/events").json()["events"]
        acts = ["edit_column", "verify", "edit", "share", "export", "download", "share"]
        assert [one["action"] for one in seen[:7]] == acts
        assert owner.get(f"{at}/events", params={"since": seen[1]["at"], "offset": 1}).json()["events"] == seen[1:2]
    ada.delete(f"{at}/members/{EVE.email}").raise_for_status()
    token = ada.post("/tokens", json={"name": "script"}).json()
    httpx.get(f"{ada.base_url}me", headers={"Authorization": f"Bearer {token['token']}"}).raise_for_status()
    ada.delete(f"/tokens/{token['id']}").raise_for_status()
    ada.delete(f"{at}/columns/{column}", params={"confirm": True}).raise_for_status()
    ada.delete(f"/documents/{document}", params={"confirm": True}).raise_for_status()

    events = trail()
    done = [(event["action"], event["email"]) for event in events]
    assert done == [
        ("sign_in", ADA.email),
        ("create_review", ADA.email),
        ("add_column", ADA.email),
        ("upload", ADA.email),
        ("add_documents", ADA.email),
        ("start_job", ADA.email),
        ("end_job", None),
        ("share", ADA.email),
        ("sign_in", EVE.email),
        ("download", EVE.email),
        ("export", EVE.email),
        ("share", ADA.email),
        ("edit", EVE.email),
        ("verify", EVE.email),
        ("edit_column", EVE.email),
        ("revoke", ADA.email),
        ("create_token", ADA.email),
        ("sign_in", ADA.email),
        ("revoke_token", ADA.email),
        ("remove_column", ADA.email),
        ("destroy_answers", ADA.email),
        ("remove_documents", ADA.email),
        ("delete_document", ADA.email),
        ("destroy_document", ADA.email),
    ]
    downloaded = next(event for event in events if event["action"] == "download")
    assert downloaded["facts"] == {"sha256": hashlib.sha256(LEASE).hexdigest()}
    assert (downloaded["document_id"], downloaded["review_id"]) == (document, review.json()["id"])
    of_eve = {event["action"] for event in trail(EVE.email)}
    assert of_eve == {"sign_in", "download", "export", "edit", "verify", "edit_column"}
    assert {event["review_id"] for event in trail(review_id=review.json()["id"])} == {review.json()["id"]}
    assert "lease" not in json.dumps(events), "names no document's words"


def test_a_review_whose_retention_has_ended_is_destroyed_and_a_certificate_says_what_was(
    people: list[httpx.Client], url: str, operator: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    ada, eve = people
    columns = [{"name": "Rent", "prompt": "How much?"}]
    review = ada.post("/tabular/reviews", json={"name": "Deal", "columns": columns}).json()["id"]
    at = f"/tabular/reviews/{review}"
    lease = upload(ada, ("lease.txt", LEASE), review_id=review)["files"][0]["document_id"]
    upload(ada, ("other.txt", b"Kept."), review_id=review)
    until_read(ada, review)
    other = ada.post("/tabular/reviews", json={"name": "Other", "document_ids": [lease]}).json()["id"]
    ada.delete(f"/tabular/reviews/{other}", params={"confirm": True}).raise_for_status()
    ada.put(f"{at}/members/{EVE.email}", json={"role": "editor"}).raise_for_status()
    problem(eve.put(f"{at}/retention", json={"delete_at": PAST}), 403, "forbidden")
    later = "2999-01-01T00:00:00Z"
    assert ada.put(f"{at}/retention", json={"delete_at": later}).json()["delete_at"] == later

    async def sweep() -> None:
        async with Database(url) as database:
            # The uploader has deleted it, so that only this review has it.
            async with database.act_as(ADA) as connection:
                await connection.execute("select disown_document(%s)", [lease])
            await delete_due_reviews(database)

    asyncio.run(sweep())
    assert ada.get(at).status_code == 200, "not before its time"
    ada.put(f"{at}/retention", json={"delete_at": PAST}).raise_for_status()
    asyncio.run(sweep())
    problem(ada.get(at), 404, "not-found")
    certificate = ada.get("/tabular/certificates", params={"review_id": review}).json()["certificates"][0]
    assert (certificate["reason"], certificate["deleted_by"]) == ("retention", None)
    assert certificate["documents_destroyed"] == [hashlib.sha256(LEASE).hexdigest()]
    assert (certificate["documents_kept"], certificate["answers"], certificate["columns"]) == (1, 2, 1)
    assert len(certificate["answers_sha256"]) == 64
    by_hand = ada.get("/tabular/certificates").json()["certificates"][1]
    assert (by_hand["reason"], by_hand["deleted_by"]) == ("request", ADA.email)
    assert eve.get("/tabular/certificates").json()["certificates"] == [], "of reviews that were one's own"
    capsys.readouterr()
    operator(lambda connection: operate.print_certificates(connection, UUID(review)))
    printed = json.loads(capsys.readouterr().out)
    assert {**printed, "at": None} == {**certificate, "at": None}


def test_a_disabled_user_and_a_revoked_token_are_refused_at_once(
    people: list[httpx.Client], operator: Callable[..., Any], trail: Callable[..., list[dict[str, Any]]]
) -> None:
    ada, eve = people
    token = eve.post("/tokens", json={"name": "script"}).json()
    script = httpx.Client(base_url=eve.base_url, headers={"Authorization": f"Bearer {token['token']}"})
    assert [script.get("/me").status_code, ada.get("/me").status_code] == [200, 200]
    operator(lambda connection: operate.set_enabled(connection, "Eve@example.org", enabled=False))
    assert "disabled" in problem(eve.get("/me"), 401, "unauthenticated")["detail"]
    problem(script.get("/me"), 401, "unauthenticated")
    assert ada.get("/me").status_code == 200
    listed = {user["email"]: user for user in operator(operate.list_users)}
    assert listed[EVE.email]["disabled_at"] and not listed[ADA.email]["disabled_at"]
    operator(lambda connection: operate.set_enabled(connection, str(EVE.id), enabled=True))
    assert [eve.get("/me").status_code, script.get("/me").status_code] == [200, 200]
    assert [str(one["id"]) for one in operator(operate.list_tokens)] == [token["id"]]
    operator(lambda connection: operate.revoke_token(connection, UUID(token["id"])))
    problem(script.get("/me"), 401, "unauthenticated")
    assert operator(operate.list_tokens) == []
    noted = [(one["action"], one["email"]) for one in trail(str(EVE.id)) if one["action"] != "sign_in"]
    assert noted == [
        ("create_token", EVE.email),
        ("disable_user", None),
        ("enable_user", None),
        ("revoke_token", None),
    ]


def test_the_trail_is_in_the_order_of_its_transactions(
    admin_url: str, trail: Callable[..., list[dict[str, Any]]]
) -> None:
    with psycopg.connect(admin_url) as connection:
        connection.execute("insert into events (action, xid) values ('export', '1000'), ('upload', '999')")
    assert [one["action"] for one in trail()] == ["upload", "export"]


FORBIDDEN = (
    "insert into events (action) values ('upload')",
    "update events set email = 'nobody@example.org'",
    "delete from events",
    "truncate events",
)


@pytest.mark.parametrize("role", ["authenticated", "columnist_worker", "columnist_gate", "postgres"])
def test_nobody_changes_the_trail_and_only_the_gate_adds_to_it(admin_url: str, role: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("insert into events (action, user_id) values ('upload', %s)", [EVE.id])
        connection.execute(f"set role {role}")
        claims = json.dumps({"sub": str(EVE.id), "email": EVE.email})
        connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
        for statement in FORBIDDEN[1:] if role in ("columnist_gate", "postgres") else FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_what_operators_and_workers_do_nobody_else_can(url: str) -> None:
    async def refused(statement: str) -> None:
        async with Database(url) as database, database.act_as(EVE) as connection:
            await connection.execute(statement)

    for statement in (
        "select list_users()",
        f"select set_user_enabled('{ADA.id}', false)",
        "select list_api_tokens()",
        f"select revoke_api_token('{uuid4()}')",
        "select delete_due_review()",
        "select note_destroyed_files(array['x'])",
        "select * from accounts",
        "select * from sessions",
        "select * from sign_in_guesses",
        "select count_guess('x', 1)",
        "select forget_guesses(array['x'])",
        "select invite_user('x@example.org', '')",
        "select account_of('x@example.org')",
        f"select set_password('{ADA.id}', null, null, 'x')",
        f"select rehash_password('{ADA.id}', '', 'x')",
        f"select start_session('', '{ADA.id}', 'x@example.org', 'oidc')",
        "select end_session('', true)",
        "select end_sessions('x@example.org')",
        "select note_failed_sign_in('x@example.org')",
        "update users set disabled_at = null",
        "delete from users",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            asyncio.run(refused(statement))


def test_an_upload_of_ten_thousand_documents_notes_them_in_one_statement(admin_url: str) -> None:
    add = (
        "insert into documents (user_id, name, sha256, size_bytes) "
        "select %s, n::text, md5(n::text) || md5(n::text), 1 from generate_series(1, 10000) n"
    )
    with psycopg.connect(admin_url) as connection:
        connection.execute("set local track_functions = 'all'")
        connection.execute(add, [ADA.id])
        calls = connection.execute(
            "select calls from pg_stat_xact_user_functions where funcname = 'note_events'"
        ).fetchone()
        assert calls == (1,)
        assert connection.execute("select count(*) from events where action = 'upload'").fetchone() == (10_000,)
