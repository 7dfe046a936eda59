"""A user who asks for more than their share waits in turn; if too many of their requests wait, they get a 429."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from columnist.back_ends import EACH_SUGGESTING
from columnist.back_ends import MOST_WAITING as MOST_SUGGESTIONS_WAITING
from columnist.db.connect import LOCAL_USER, MOST_WAITING, Database, User
from columnist.reviews.columns_file import ColumnInput, Input
from tests.api.calls import CALLS, filled
from tests.asgi import an_api

STRANGER = User(uuid4(), "stranger@example.org")
WITHOUT_DATABASE = {
    "POST /api/tabular/columns/suggest-prompt",
    *("POST /api/session", "DELETE /api/session", "POST /api/invitation", "PUT /api/password"),
}
"""A template knows the title of the suggestion; and this server has no sign-in by password."""


MOST_MISTAKES = 60
"""Every error in a body of usual size is reported; sentences for thousands would block the event loop."""


def test_of_a_body_with_thousands_of_mistakes_a_few_are_told() -> None:
    bodies = [one for one in all_subclasses(Input) if one.__module__.startswith("columnist.api.") or one is ColumnInput]
    assert len(bodies) > 10
    for body in bodies:
        wrong: list[object] = [{f"field {nr}": 1 for nr in range(10_000)}]
        for name in body.model_fields:
            items: tuple[object, ...] = (1, "x", {}, {"rules": [{}] * 20})
            wrong += [{name: [one] * most} for one in items for most in (200, 10_000)]
        for mistakes in wrong:
            with pytest.raises(ValidationError) as refused:
                body.model_validate(mistakes)
            assert refused.value.error_count() <= MOST_MISTAKES, (body, str(mistakes)[:50])


def all_subclasses(kind: type[Input]) -> set[type[Input]]:
    return {one for direct in kind.__subclasses__() for one in (direct, *all_subclasses(direct))}


def test_a_user_of_whom_too_much_waits_is_told_so_by_every_operation_and_nobody_else_is(
    url: str, tmp_path: Path
) -> None:
    ids = {name: str(uuid4()) for call in CALLS for name in ("review_id", "document_id", "column_id", "job_id")}
    ids |= {name: str(uuid4()) for name in ("other_document_id", "template_id", "token_id")}
    ids |= {"number": "1", "email": "x@example.org"}

    async def scenario() -> None:
        async with an_api(url, tmp_path) as (process, client), AsyncExitStack() as held:
            await held.enter_async_context(process.database.act_as(LOCAL_USER))
            waiting = [asyncio.create_task(one_more(process.database, LOCAL_USER)) for _ in range(MOST_WAITING)]
            await asyncio.sleep(0)
            for call in CALLS:
                method, _, path = filled(call.operation, ids).partition(" ")
                answer = await client.request(
                    method,
                    path.removeprefix("/api"),
                    json=filled(call.json, ids),
                    params=filled(call.params, ids),
                    files=call.files,
                )
                if call.operation not in WITHOUT_DATABASE:
                    assert answer.status_code == 429, (call.operation, answer.text)
                    assert answer.json()["type"] == "urn:columnist:too-many-requests"
                    assert int(answer.headers["retry-after"]) >= 1
            await one_more(process.database, STRANGER)
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scenario())


async def one_more(database: Database, user: User) -> None:
    async with database.act_as(user) as connection:
        await connection.execute("select 1")


def test_suggestions_are_made_in_turn_and_too_many_are_refused(url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with an_api(url, tmp_path) as (process, client):
            turns = process.back_ends.suggesting
            for _ in range(EACH_SUGGESTING):
                await turns.take(LOCAL_USER.id)
            waiting = [asyncio.create_task(turns.take(LOCAL_USER.id)) for _ in range(MOST_SUGGESTIONS_WAITING)]
            await asyncio.sleep(0)
            answer = await client.post("/tabular/columns/suggest-prompt", json={"name": "Governing law"})
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            await turns.take(STRANGER.id)
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scenario())
