"""Row-level security: forced on every table, strangers see nothing, a worker can use only what it needs."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from columnist.db.connect import LOCAL_USER, Database, User
from columnist.errors import NotFoundError
from columnist.jobs.ask import Ask
from columnist.jobs.job import cancel_job, create_job, job_progress
from columnist.reviews.store import put_member
from tests.jobs.grid import a_review, generate

STRANGER = User(uuid4(), "stranger@example.org")
NO_TENANT_DATA = {"columnist_migrations", "columnist_definitions"}
"""The records of applied files: only for the owner, who must read them before there is any policy."""


def test_every_table_forces_row_level_security_and_has_a_policy(admin_url: str) -> None:
    with psycopg.connect(admin_url) as connection:
        tables = connection.execute(
            "select relname, relrowsecurity, relforcerowsecurity, "
            "exists (select from pg_policy where polrelid = pg_class.oid) "
            "from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        ).fetchall()
    assert len(tables) >= 11
    bare = {name for name, *guards in tables if not all(guards)}
    assert bare == NO_TENANT_DATA


def test_every_function_that_runs_with_other_rights_is_the_gates_and_trusts_no_search_path(admin_url: str) -> None:
    with psycopg.connect(admin_url) as connection:
        functions = connection.execute(
            "select proname, pg_get_userbyid(proowner), 'search_path=pg_catalog, pg_temp' = any(proconfig) "
            "from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
        ).fetchall()
        views = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm') "
            "and not coalesce('security_invoker=true' = any(reloptions), false)"
        ).fetchall()
    assert len(functions) >= 4
    assert [f for f in functions if f[1:] != ("columnist_gate", True)] == []
    assert views == [], "a view runs with its owner's rights"


def test_nobody_but_the_roles_of_columnist_has_rights(admin_url: str) -> None:
    with psycopg.connect(admin_url) as connection:
        grants: dict[str, str] = dict(
            connection.execute(
                "select grantee, string_agg(distinct privilege_type, ' ' order by privilege_type) "
                "from information_schema.role_table_grants where table_schema = 'public' group by 1"
            ).fetchall()
        )
        gate = connection.execute(
            "select table_name, privilege_type from information_schema.role_table_grants "
            "where grantee = 'columnist_gate' and privilege_type <> 'SELECT'"
        ).fetchall()
        login = connection.execute(
            "select rolname from pg_roles where rolname in ('authenticated', 'anon', 'columnist_worker', "
            "'columnist_gate') and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb)"
        ).fetchall()
    assert set(grants) == {"columnist", "authenticated", "columnist_worker", "columnist_gate"}
    assert grants["authenticated"] == "DELETE INSERT SELECT UPDATE"
    assert grants["columnist_worker"] == "DELETE INSERT SELECT UPDATE"
    assert sorted(gate) == [
        ("accounts", "INSERT"),
        ("accounts", "UPDATE"),
        ("api_tokens", "UPDATE"),
        ("documents", "DELETE"),
        ("events", "INSERT"),
        ("loose_contents", "INSERT"),
        ("loose_contents", "UPDATE"),
        ("review_documents", "DELETE"),
        ("sessions", "DELETE"),
        ("sessions", "INSERT"),
        ("sessions", "UPDATE"),
        ("sign_in_guesses", "DELETE"),
        ("sign_in_guesses", "INSERT"),
        ("sign_in_guesses", "UPDATE"),
        ("tabular_batch_requests", "DELETE"),
        ("tabular_calls", "DELETE"),
        ("tabular_cell_changes", "INSERT"),
        ("tabular_cells", "INSERT"),
        ("tabular_cells", "UPDATE"),
        ("tabular_removed_cells", "INSERT"),
        ("tabular_removed_cells", "UPDATE"),
        ("tabular_reviews", "DELETE"),
        ("user_arrivals", "INSERT"),
        ("user_arrivals", "UPDATE"),
        ("user_usage", "INSERT"),
        ("user_usage", "UPDATE"),
        ("users", "INSERT"),
        ("users", "UPDATE"),
    ]
    assert login == []


def test_an_editor_cannot_make_a_review_their_own_nor_a_token_speak_for_another_address(url: str) -> None:
    async def scenario(statement: str, *values: object) -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            async with database.act_as(LOCAL_USER) as connection:
                await put_member(connection, review.id, STRANGER.email, "editor")
            async with database.act_as(STRANGER) as connection:
                await connection.execute(statement, values)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asyncio.run(scenario("update tabular_reviews set user_id = %s", STRANGER.id))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asyncio.run(
            scenario(
                "insert into api_tokens (user_id, email, name, hash, scope) "
                "values (%s, 'ada@example.org', 'a', '', 'read')",
                STRANGER.id,
            )
        )


@pytest.mark.parametrize(
    "forged",
    [
        "update tabular_cells set answer_key = ''",
        "update tabular_cells set summary = 'x', verified = true, model = 'm', citations = '[]'",
        "delete from tabular_cells",
        "insert into tabular_cells (review_id, document_id, column_id, status, summary, column_version, answer_key) "
        "select review_id, document_id, gen_random_uuid(), 'done', 'x', 1, '' from review_documents",
        "insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email) "
        "select review_id, document_id, document_id, 'edit', my_user_id(), 'a@example.org' from review_documents",
        "update tabular_jobs set user_id = gen_random_uuid()",
        "update tabular_jobs set model = 'dearest'",
        'insert into tabular_jobs (review_id, user_id, model, prompt_version, "only", total_items, total_cells) '
        "select id, gen_random_uuid(), 'm', '1', '{all}', 0, 0 from tabular_reviews",
        "update documents set sha256 = repeat('0', 64)",
        "update document_readings set page_count = 1",
        "insert into reading_pages (document_id, number, text, width, height) select id, 1, 'x', 0, 0 from documents",
    ],
)
def test_an_editor_forges_no_answer_no_reading_no_entry_of_the_history_and_no_others_job(
    any_url: str, forged: str
) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=1)
            await generate(database, review)
            async with database.act_as(LOCAL_USER) as connection:
                await connection.execute(forged)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asyncio.run(scenario())


def test_who_changed_a_cell_is_told_by_the_claims(url: str) -> None:
    async def scenario() -> dict[str, object] | None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            values = [review.id, review.documents[0], review.columns[0], STRANGER.id, STRANGER.email]
            edit = "select change_tabular_cell(%s, %s, %s, 'edit', %s, %s, summary => 'x')"
            async with database.act_as(LOCAL_USER) as connection:
                await connection.execute(edit, values)
                cursor = await connection.execute("select user_id, email from tabular_cell_changes")
                found = await cursor.fetchone()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.act_as(STRANGER) as connection:
                    await connection.execute(edit, values)
            return found

    assert asyncio.run(scenario()) == {"user_id": LOCAL_USER.id, "email": LOCAL_USER.email}


def test_a_stranger_is_told_no_use_of_a_document_and_ends_none(any_url: str) -> None:
    """On a Data API the functions can be called without what the HTTP API checks."""

    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=1)
            async with database.act_as(STRANGER) as connection:
                for act in ("disown_document", "end_uses_of_my_document"):
                    await connection.execute(f"select {act}(%s)", review.documents)
                cursor = await connection.execute("select * from uses_of_my_document(%s)", review.documents)
                assert await cursor.fetchall() == []
            async with database.act_as(LOCAL_USER) as connection:
                cursor = await connection.execute("select * from uses_of_my_document(%s)", review.documents)
                assert len(await cursor.fetchall()) == 1

    asyncio.run(scenario())


def test_an_address_with_letters_outside_ascii_is_nobodys(any_url: str) -> None:
    """PostgreSQL makes an i of the first and a k of the second."""

    async def scenario() -> None:
        async with Database(any_url) as database:
            for email, told in (
                ("Kim@example.org", "kim@example.org"),
                *((f"{one}im@example.org", None) for one in "\u0130\u212a"),
            ):
                async with database.act_as(User(uuid4(), email)) as connection:
                    assert await (await connection.execute("select my_email() as told")).fetchone() == {"told": told}

    asyncio.run(scenario())


def test_the_login_is_bound_by_the_policies(url: str) -> None:
    async def fill() -> None:
        async with Database(url) as database:
            await a_review(database, documents=2)

    asyncio.run(fill())
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select rolsuper or rolbypassrls from pg_roles where rolname = session_user"
        ).fetchone()
        assert row == (False,)
        assert connection.execute("select * from tabular_reviews").fetchall() == []


def test_a_stranger_sees_and_changes_nothing(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=2)
            job = await generate(database, review)
            async with database.act_as(STRANGER) as connection:
                for table in TENANT_TABLES:
                    cursor = await connection.execute(f"select count(*) as n from {table}")
                    row = await cursor.fetchone()
                    assert row == {"n": 0}, table
                assert not await cancel_job(connection, job.job_id)
                with pytest.raises(NotFoundError):
                    await job_progress(connection, job.job_id)
                with pytest.raises(NotFoundError):
                    await create_job(connection, STRANGER.id, Ask(review.id, "m", "1"))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.act_as(STRANGER) as connection:
                    await connection.execute(
                        "insert into review_documents (review_id, document_id, position) values (%s, %s, 1)",
                        [review.id, review.documents[0]],
                    )

    asyncio.run(scenario())


def test_a_document_of_somebody_else_cannot_be_taken_into_ones_own_review(any_url: str) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            theirs = await a_review(database, documents=1)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.act_as(STRANGER) as connection:
                    cursor = await connection.execute(
                        "insert into tabular_reviews (user_id, name) values (%s, 'mine') returning id", [STRANGER.id]
                    )
                    mine = await cursor.fetchone()
                    assert mine
                    await connection.execute(
                        "insert into review_documents (review_id, document_id, position) values (%s, %s, 1)",
                        [mine["id"], theirs.documents[0]],
                    )

    asyncio.run(scenario())


@pytest.mark.parametrize(("role", "may_change"), [("viewer", False), ("editor", True)])
def test_a_member_sees_the_review_and_changes_it_by_role(any_url: str, role: str, may_change: bool) -> None:
    async def scenario() -> None:
        async with Database(any_url) as database:
            review = await a_review(database, documents=3)
            with psycopg.connect(any_url.replace("columnist@", "postgres@"), autocommit=True) as admin:
                admin.execute(
                    "insert into review_members (review_id, email, role) values (%s, %s, %s)",
                    [review.id, STRANGER.email, role],
                )
            async with database.act_as(STRANGER) as connection:
                cursor = await connection.execute("select count(*) as n from documents")
                assert await cursor.fetchone() == {"n": 3}
                cursor = await connection.execute("update tabular_columns set name = 'Renamed'")
                assert (cursor.rowcount == 1) == may_change
                cursor = await connection.execute("delete from tabular_reviews")
                assert cursor.rowcount == 0, "only owners delete"

    asyncio.run(scenario())


def test_the_access_predicate_is_computed_once_per_statement(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=5)
            async with database.act_as(User(uuid4(), "nobody@example.org")) as connection:
                cursor = await connection.execute(
                    "explain (verbose) select * from tabular_cells where review_id = %s", [review.id]
                )
                plan = "\n".join(row["QUERY PLAN"] for row in await cursor.fetchall())
        assert "InitPlan" in plan
        assert "can_access_review" not in plan, "the predicate is inlined, not called per row"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "forbidden",
    [
        "select * from users",
        "select * from review_members",
        "delete from tabular_cells",
        "delete from documents",
        "update documents set name = 'x'",
        "update tabular_columns set prompt = 'x'",
        "update tabular_reviews set name = 'x'",
        "insert into tabular_jobs (review_id, user_id) values (gen_random_uuid(), gen_random_uuid())",
    ],
)
def test_a_worker_cannot_touch_what_it_does_not_need(url: str, forbidden: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database, database.worker() as connection:
            await connection.execute(forbidden)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asyncio.run(scenario())


def test_a_worker_has_no_right_on_a_table_that_it_does_not_need(admin_url: str) -> None:
    with psycopg.connect(admin_url) as connection:
        tables = connection.execute(
            "select relname, string_agg(privilege_type, ' ' order by privilege_type) from pg_class "
            "join information_schema.role_table_grants on table_name = relname and grantee = 'columnist_worker' "
            "where relnamespace = 'public'::regnamespace group by 1"
        ).fetchall()
    assert dict(tables) == WORKERS_RIGHTS


WORKERS_RIGHTS = {
    "columnist_migrations": "SELECT",
    "columnist_definitions": "SELECT",
    "documents": "SELECT",
    "tabular_reviews": "SELECT",
    "review_documents": "SELECT",
    "tabular_columns": "SELECT",
    "document_contents": "DELETE INSERT SELECT UPDATE",
    "document_readings": "DELETE INSERT SELECT UPDATE",
    "reading_pages": "DELETE INSERT SELECT UPDATE",
    "events": "SELECT",
    "installation": "INSERT SELECT UPDATE",
    "loose_contents": "DELETE INSERT SELECT UPDATE",
    "document_pages": "DELETE INSERT SELECT UPDATE",
    "tabular_cells": "INSERT SELECT UPDATE",
    "tabular_cell_changes": "INSERT",
    "tabular_jobs": "SELECT UPDATE",
    "tabular_job_items": "SELECT UPDATE",
    "tabular_calls": "DELETE INSERT SELECT",
    "tabular_batches": "DELETE INSERT SELECT UPDATE",
    "tabular_batch_requests": "DELETE INSERT SELECT UPDATE",
    "tabular_removed_cells": "SELECT",
    "tabular_workers": "DELETE INSERT SELECT UPDATE",
}

TENANT_TABLES = [
    "documents",
    "document_contents",
    "document_pages",
    "document_readings",
    "reading_pages",
    "tabular_reviews",
    "review_members",
    "review_documents",
    "tabular_columns",
    "tabular_cells",
    "tabular_jobs",
    "tabular_job_items",
    "tabular_batches",
    "users",
]
