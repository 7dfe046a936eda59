"""Every operation of the OpenAPI document, called by every kind of user: nothing leaks, and only permitted changes are
made.

Here it runs on our own database, and on one built as Supabase builds its own.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import jwt
import psycopg
import pytest

from columnist.back_ends import prompt_version
from columnist.db.connect import Database, User
from columnist.db.migrate import migrate
from columnist.documents.blobs import BlobStore
from columnist.documents.store import StoredFile, add_documents
from columnist.jobs.ask import Ask
from columnist.jobs.job import create_job
from columnist.reviews.model import ColumnSpec
from columnist.reviews.store import open_review, put_columns, put_documents, put_member
from columnist.settings import EXTRACTIVE, Settings
from tests.api.calls import CALLS, EDITOR, MARK, OWNER, STRANGER, VIEWER, Call, Level, a_pdf, filled
from tests.conftest import new_database, system_server
from tests.db.supabase import supabase_database
from tests.files import put
from tests.jobs.grid import Watcher
from tests.processes import served
from tests.signing import SECRET, bearer, token_of

GUEST = f"{MARK}guest@example.org"


ROLES: tuple[Level, ...] = ("viewer", "editor", "owner")
OF_THE_OWNER = ("{document_id}", "{column_id}")


@dataclass(frozen=True, slots=True)
class Site:
    """A running server over a database, the database's superuser, and somebody to ask as."""

    client: httpx.Client
    url: str
    superuser: str
    home: Path

    def ask(self, call: Call, ids: dict[str, str], token: str | None) -> httpx.Response:
        """Make the call with these ids."""
        method, _, path = filled(call.operation, ids).partition(" ")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.request(
            method,
            path,
            json=filled(call.json, ids),
            params=filled(call.params, ids),
            files=call.files,
            headers=headers,
        )

    def sql(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Execute as the superuser."""
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def unsigned_token_of(user: User) -> str:
    return jwt.encode({"sub": str(user.id), "email": user.email, "exp": time.time() + 3_600}, "", "none")


@pytest.fixture(scope="module", params=["embedded", "supabase on the system's"])
def site(
    request: pytest.FixtureRequest, template_of: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("home")
    if request.param == "embedded":
        url = new_database(template_of["embedded"], "swept")
        yield from running(url, url.replace("columnist@", "postgres@"), home)
    else:
        with system_server() as server:
            url = supabase_database(server.url)
            yield from running(url, url.replace("project@", "postgres@"), home)


def running(url: str, superuser: str, home: Path) -> Iterator[Site]:
    """A server with a worker over a migrated database."""
    migrate(url)
    variables = {
        "DATABASE_URL": url,
        "COLUMNIST_DATA_DIR": home,
        "COLUMNIST_JWT_SECRET": SECRET,
        "COLUMNIST_SIGN_IN": "password",
    }
    headers = {"Sec-Fetch-Site": "same-origin"}
    with served(**variables) as server, httpx.Client(base_url=server.url, headers=headers) as client:
        yield Site(client, url, superuser, home)


def a_world(site: Site, name: str) -> dict[str, str]:
    """The owner's review with everything that a review can have, marked everywhere; returns the ids of its things."""
    blobs = BlobStore(Settings(COLUMNIST_DATA_DIR=site.home))
    files = []
    for nr in range(2):
        path = site.home / f"{MARK} {name} {nr}.pdf"
        path.write_bytes(a_pdf(f"This {MARK} Agreement {name} {nr} is governed by the laws of Delaware."))
        files.append(StoredFile(path.name, *put(blobs, path)))

    async def make() -> tuple[UUID, list[UUID], list[UUID], UUID]:
        async with Database(site.url) as database, database.act_as(OWNER) as connection:
            review_id = await open_review(connection, OWNER, f"{MARK} {name}")
            columns = [ColumnSpec(f"{MARK} {nr}", f"Governing law of {MARK} {nr}?") for nr in range(2)]
            column_ids = await put_columns(connection, review_id, columns)
            document_ids = [one.id for one in await add_documents(connection, OWNER, files)]
            await put_documents(connection, review_id, document_ids)
            await put_member(connection, review_id, EDITOR.email, "editor")
            await put_member(connection, review_id, VIEWER.email, "viewer")
            await put_member(connection, review_id, GUEST, "viewer")
            job = await create_job(
                connection, OWNER.id, Ask(review_id, EXTRACTIVE, prompt_version(EXTRACTIVE), ("missing",))
            )
        return review_id, document_ids, column_ids, job.job_id

    review_id, document_ids, column_ids, job_id = asyncio.run(make())
    watcher = Watcher(site.superuser)
    watcher.until(f"select status from tabular_jobs where id = '{job_id}'", ("completed",))
    ids = {"review": review_id, "document": document_ids[0], "column": column_ids[0], "owner": OWNER.id}
    site.sql(
        "update tabular_cells set summary = %(mark)s, value = to_jsonb(%(mark)s::text), reasoning = %(mark)s, "
        "citations = jsonb_build_array(jsonb_build_object('page', 1, 'quote', %(mark)s::text, 'rectangles', "
        "'[]'::jsonb, 'verified', true)) where review_id = %(review)s",
        {**ids, "mark": MARK},
    )
    site.sql(
        "insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after) "
        "values (%(review)s, %(document)s, %(column)s, 'edit', %(owner)s, %(email)s, %(change)s, %(change)s)",
        {**ids, "email": OWNER.email, "change": json.dumps({"status": "done", "summary": MARK})},
    )
    ((template_id,),) = site.sql(
        "insert into column_templates (user_id, name, columns) values (%(owner)s, %(name)s, %(columns)s) returning id",
        {**ids, "name": f"{MARK} {name}", "columns": json.dumps([{"name": MARK, "prompt": MARK, "format": "text"}])},
    )
    token = site.client.post("/api/tokens", json={"name": MARK}, headers=bearer(OWNER)).json()
    return {
        "review_id": str(review_id),
        "document_id": str(document_ids[0]),
        "other_document_id": str(document_ids[1]),
        "column_id": str(column_ids[0]),
        "job_id": str(job_id),
        "template_id": str(template_id),
        "token_id": token["id"],
        "number": "1",
        "email": GUEST,
    }


def snapshot(site: Site, ids: dict[str, str]) -> dict[str, str]:
    """Table → a hash of the owner's rows in it."""
    tables: dict[str, set[str]] = {}
    for table, column in site.sql(
        "select c.table_name, c.column_name from information_schema.columns c "
        "join pg_tables t on t.schemaname = c.table_schema and t.tablename = c.table_name where t.schemaname = 'public'"
    ):
        tables.setdefault(table, set()).add(column)
    hashes = {}
    del tables["sign_in_guesses"]  # it counts the tries of strangers, too
    for table, columns in tables.items():
        if table == "users":
            where = "id = %(owner)s"
        elif table == "tabular_reviews":
            where = "id = %(review_id)s"
        elif table == "events":  # readers are noted, too
            where = "review_id = %(review_id)s and action not in ('export', 'download')"
        elif "review_id" in columns:
            where = "review_id = %(review_id)s"
        elif "user_id" in columns:
            where = "user_id = %(owner)s"
        elif "sha256" in columns:
            where = "sha256 in (select sha256 from documents where user_id = %(owner)s)"
        else:
            where = "true"
        rows = site.sql(
            f"select (to_jsonb(t) - 'last_used_at' - 'seen_at')::text from {table} t where {where} order by 1",
            {"owner": OWNER.id, **ids},
        )
        hashes[table] = hashlib.sha256(repr(rows).encode()).hexdigest() + f" of {len(rows)} rows"
    return hashes


def present(site: Site) -> tuple[Call, ...]:
    """The calls of the server's operations. Fails for an operation without a call."""
    document = site.client.get("/openapi.json").json()
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    missing = operations - {call.operation for call in CALLS}
    assert not missing, f"add a Call for these operations, so that their access is tested: {sorted(missing)}"
    return tuple(call for call in CALLS if call.operation in operations)


def leaks(answer: httpx.Response) -> bool:
    """Whether any data of the owner is in the answer."""
    return MARK.encode() in (answer.content + repr(answer.headers).encode()).lower()


def says(call: Call, answer: httpx.Response) -> str:
    return f"{call.operation} {call.params or ''}: {answer.status_code} {answer.text[:300]}"


def test_every_operation_answers_everybody_as_they_may_expect(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    calls = present(site)
    ids = a_world(site, "watched")
    before = snapshot(site, ids)
    wrong: list[str] = []

    # Unauthenticated clients, for every call.
    gone = site.client.post("/api/tokens", json={"name": "gone"}, headers=bearer(OWNER)).json()
    site.client.delete(f"/api/tokens/{gone['id']}", headers=bearer(OWNER))
    late = site.client.post("/api/tokens", json={"name": "late", "days": 1}, headers=bearer(OWNER)).json()
    site.sql("update api_tokens set expires_at = now() where id = %(id)s", late)
    reading = site.client.post("/api/tokens", json={"name": "reading", "scope": "read"}, headers=bearer(OWNER)).json()
    before |= {"api_tokens": snapshot(site, ids)["api_tokens"]}
    nobodies = {
        "anonymous": None,
        "expired": token_of(OWNER, seconds=-60),
        "wrong signature": token_of(OWNER, secret="another-secret-of-more-than-thirty-two-bytes"),
        "alg:none": unsigned_token_of(OWNER),
        "revoked API token": gone["token"],
        "expired API token": late["token"],
    }
    record_property("inputs", len(calls) * (len(nobodies) + len(("stranger", "viewer", "reading", "editor", "owner"))))
    for who, token in nobodies.items():
        for call in calls:
            answer = site.ask(call, ids, token)
            if answer.status_code != 401 or leaks(answer):
                wrong.append(f"{who}: {says(call, answer)}")
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert not leaks(site.client.get(path)), path

    # A stranger, with the owner's ids; and with a review of their own and the owner's other ids.
    own = site.client.post(
        "/api/tabular/reviews",
        json={"name": "Mine", "columns": [{"name": "A", "prompt": "B?"}]},
        headers=bearer(STRANGER),
    ).json()
    for call in calls:
        answer = site.ask(call, ids, token_of(STRANGER))
        if leaks(answer) or not (
            is_granted(call, answer) if call.level in ("nobody", "anyone") else answer.status_code in call.unknown
        ):
            wrong.append(f"stranger: {says(call, answer)}")
        if "{review_id}" in call.operation:
            answer = site.ask(call, {**ids, "review_id": own["id"], "email": "x@example.org"}, token_of(STRANGER))
            taken = answer.is_success and any(name in call.operation for name in OF_THE_OWNER)
            if leaks(answer) or taken or answer.is_server_error:
                wrong.append(f"stranger in a review of theirs: {says(call, answer)}")

    # A viewer reads, and changes only their own things.
    for call in calls:
        answer = site.ask(call, ids, token_of(VIEWER))
        if not as_member(call, "viewer", answer):
            wrong.append(f"viewer: {says(call, answer)}")

    # The owner's own token with the scope to read.
    for call in calls:
        answer = site.ask(call, ids, reading["token"])
        refused = 401 if call.level == "nobody" else 403
        if not (answer.is_success if call.operation.startswith("GET ") else answer.status_code == refused):
            wrong.append(f"API token that may read: {says(call, answer)}")

    after = snapshot(site, ids)
    assert not wrong, "\n".join(wrong)
    assert after == before, "somebody changed what they may not"

    # Those who may change things: each in a separate world, to its end.
    ids = a_world(site, "edited")
    for call in calls:
        answer = site.ask(call, ids, token_of(EDITOR))
        if not as_member(call, "editor", answer):
            wrong.append(f"editor: {says(call, answer)}")
    ids = a_world(site, "owned")
    for call in calls:
        answer = site.ask(call, ids, token_of(OWNER))
        if not is_granted(call, answer):
            wrong.append(f"owner: {says(call, answer)}")
    assert not wrong, "\n".join(wrong)


def is_granted(call: Call, answer: httpx.Response) -> bool:
    """Whether a permitted user gets the right answer."""
    if call.level == "nobody":
        return answer.status_code == 401
    return answer.is_success or answer.status_code in call.granted


def as_member(call: Call, role: Level, answer: httpx.Response) -> bool:
    """Whether a member of this role gets the right answer."""
    if call.level == "mine":
        return answer.status_code == 404 and not leaks(answer)
    if call.level in ("nobody", "anyone") or ROLES.index(role) >= ROLES.index(call.level):
        return is_granted(call, answer)
    return answer.status_code == 403


def test_the_projects_own_tables_are_left_alone_and_ours_are_not_its_api_keys(site: Site) -> None:
    tables = dict(
        site.sql(
            "select relname, has_table_privilege('anon', oid, 'select, insert, update, delete, truncate') "
            "from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        )
    )
    assert tables.pop("todos", True), "Supabase's default rights were taken from a table that is not ours"
    assert not any(tables.values()), tables
