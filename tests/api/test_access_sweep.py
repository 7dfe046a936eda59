"""Every operation of the OpenAPI document, called by every kind of user: nothing leaks, and only permitted changes are
made.

Here it runs on our own database, and on one built as Supabase builds its own.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

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
from tests.conftest import new_database, system_server
from tests.db.supabase import supabase_database
from tests.files import put
from tests.jobs.grid import Watcher
from tests.processes import served
from tests.signing import SECRET, bearer, token_of

MARK = "zqmark"
"""A marker in all of the owner's data. It must be in no answer to anybody without access."""

OWNER, EDITOR, VIEWER, STRANGER = (
    User(uuid4(), f"{who}@example.org") for who in (f"{MARK}owner", f"{MARK}editor", f"{MARK}viewer", "stranger")
)
GUEST = f"{MARK}guest@example.org"

Level = Literal["nobody", "anyone", "viewer", "editor", "owner", "mine"]
"""Who may call it: anyone (a list, or their own things); members of the review from this role on; only the maker.
Nobody: the call's body is no credential."""


@dataclass(frozen=True, slots=True)
class Call:
    """One way to ask an operation; `{…}` in path, parameters and body stand for ids of the owner's things.

    `granted`: answers other than 2xx to permitted users; `unknown`: the answers to users who must not know.
    """

    operation: str
    level: Level
    json: Any = None
    params: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] | None = None
    granted: tuple[int, ...] = ()
    unknown: tuple[int, ...] = (404,)


R = "/api/tabular/reviews/{review_id}"
CELL = f"{R}/cells/{{document_id}}/{{column_id}}"
DOCUMENT = "/api/documents/{document_id}"
TEMPLATE = "/api/tabular/templates/{template_id}"
COLUMN = {"name": "Column {unique}", "prompt": "Which?"}
CONFIRM = {"confirm": "true"}
UPLOAD = {"files": ("upload.txt", b"An upload.")}

# In this order: destructive calls come last.
CALLS = (
    Call("GET /api/me", "anyone"),
    Call("POST /api/session", "nobody", {"email": "{unique}@example.org", "password": "x"}),
    Call("POST /api/invitation", "nobody", {"invitation": "x" * 43, "password": "four random words"}),
    Call("PUT /api/password", "anyone", {"password": "x", "new_password": "four random words"}, granted=(403,)),
    Call("DELETE /api/session", "anyone", granted=(403,)),  # a token is not a session
    Call("GET /api/tokens", "anyone"),
    Call("POST /api/tokens", "anyone", {"name": "Token"}),
    Call("GET /api/tabular/reviews", "anyone"),
    Call("POST /api/tabular/reviews", "anyone", {"name": "Review {unique}", "columns": [COLUMN]}),
    Call(
        "POST /api/tabular/reviews",
        "owner",
        {"name": "Review {unique}", "document_ids": ["{document_id}"]},
        unknown=(403, 404),
    ),
    Call(f"GET {R}", "viewer"),
    Call(f"GET {R}/columns", "viewer"),
    Call(f"GET {R}/members", "viewer"),
    Call(f"GET {R}/active-job", "viewer"),
    Call(f"GET {R}/cells", "viewer"),
    Call(f"GET {R}/rows", "viewer"),
    Call(f"GET {R}/rows/groups", "viewer", params={"column_id": "{column_id}"}),
    Call(f"GET {R}/history", "viewer"),
    Call(f"GET {R}/rows", "viewer", params={"q": MARK, "column_ids": "{column_id}"}),
    Call(f"GET {R}/events", "owner"),
    Call("GET /api/tabular/certificates", "anyone"),
    Call(f"GET {R}/export", "viewer", params={"format": "csv"}),
    Call(f"GET {R}/export", "viewer", params={"format": "json"}),
    Call(f"POST {R}/estimate", "viewer", {}),
    Call(f"GET {R}/export", "viewer", params={"format": "jsonl"}),
    Call(f"POST {R}/unanswered", "viewer", {}),
    Call(f"POST {R}/failures", "viewer", {}),
    Call(f"GET {CELL}", "viewer"),
    Call(f"GET {CELL}/history", "viewer"),
    Call("GET /api/tabular/jobs", "anyone"),
    Call("GET /api/tabular/jobs", "anyone", params={"review_id": "{review_id}"}),
    Call("GET /api/tabular/jobs/{job_id}", "viewer"),
    Call("GET /api/tabular/jobs/{job_id}/cells", "viewer"),
    Call("GET /api/tabular/jobs/{job_id}/failures", "viewer"),
    Call("GET /api/documents", "anyone"),
    Call("GET /api/documents", "anyone", params={"q": MARK}),
    Call(f"GET {DOCUMENT}", "viewer"),
    Call(f"GET {DOCUMENT}/original", "viewer"),
    Call(f"GET {DOCUMENT}/uses", "owner"),
    Call(f"GET {DOCUMENT}/find", "viewer", params={"q": MARK}),
    Call(f"GET {DOCUMENT}/pages/{{number}}", "viewer"),
    Call(f"GET {DOCUMENT}/pages/{{number}}/image", "viewer"),
    Call("GET /api/tabular/templates", "anyone"),
    Call("POST /api/tabular/templates", "anyone", {"name": "Template {unique}", "columns": [COLUMN]}),
    Call(f"GET {TEMPLATE}", "mine"),
    Call(f"PUT {TEMPLATE}", "mine", {"name": "Template {unique}", "columns": [COLUMN]}),
    Call("POST /api/tabular/columns/suggest-prompt", "anyone", {"name": "Governing law"}),
    Call("POST /api/documents", "anyone", files=UPLOAD),
    Call("POST /api/documents", "editor", params={"review_id": "{review_id}"}, files=UPLOAD),
    Call(f"POST {R}/documents", "editor", {"document_ids": ["{document_id}"]}),
    Call(f"PATCH {R}", "editor", {"name": "Review {unique}"}),
    Call(f"POST {R}/columns", "editor", {"columns": [COLUMN]}),
    Call(f"PUT {R}/columns/order", "editor", {"column_ids": ["{column_id}"]}),
    Call(f"PUT {R}/columns/{{column_id}}", "editor", COLUMN),
    Call(f"PUT {R}/members/{{email}}", "owner", {"role": "viewer"}),
    Call(f"PUT {R}/retention", "owner", {"delete_at": "2999-01-01T00:00:00Z"}),
    Call(f"PATCH {CELL}", "editor", {"summary": "Another answer"}),
    Call(f"POST {CELL}/verify", "editor", {"verified": True}),
    Call(f"POST {CELL}/regenerate", "editor"),
    Call(f"POST {R}/generate", "editor", {"document_ids": ["{document_id}"], "column_ids": ["{column_id}"]}),
    Call("POST /api/tabular/jobs/{job_id}/cancel", "editor"),
    Call("POST /api/tabular/jobs/{job_id}/resume", "editor", {}, granted=(409,)),
    Call("POST /api/tabular/jobs/{job_id}/retry", "editor"),
    Call(f"DELETE {CELL}", "editor"),
    Call(f"POST {CELL}/restore", "editor", granted=(409,)),  # a job may have answered it again
    Call(f"POST {R}/documents/remove", "editor", {"document_ids": ["{other_document_id}"]}, CONFIRM),
    Call(f"DELETE {R}/columns/{{column_id}}", "editor", params=CONFIRM),
    Call(f"DELETE {R}/members/{{email}}", "owner"),
    Call(f"DELETE {R}", "owner", params=CONFIRM),
    Call(f"DELETE {DOCUMENT}", "owner", params=CONFIRM),
    Call(f"DELETE {TEMPLATE}", "mine"),
    Call("DELETE /api/tokens/{token_id}", "mine"),
)
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


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The value with every `{name}` in it replaced."""
    if isinstance(value, str):
        return value.format_map({**ids, "unique": uuid4().hex})
    if isinstance(value, dict):
        return {name: filled(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return value


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


def a_pdf(text: str) -> bytes:
    """A page with this text."""
    stream = f"BT /F 12 Tf 72 700 Td ({text}) Tj ET"
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        f"4 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\n"
        "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()


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
