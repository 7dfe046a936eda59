"""One definition of each state of a cell: what a job asks, its estimate, the filters, the feed and the grid agree."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from columnist.db.connect import LOCAL_USER, Database
from columnist.jobs.ask import INCOMPLETE, Ask, Only, to_ask
from columnist.jobs.estimate import estimate_job
from columnist.jobs.feed import changed_cells
from columnist.jobs.items import EndedItem, claim_items, end_abandoned_items, end_items, load_item, write_cells
from columnist.jobs.job import create_job, job_progress
from columnist.reviews.cells import (
    CellKey,
    Edit,
    SeenCell,
    change_cell,
    get_cell,
    read_progress,
    restore_cell,
    verify_cells,
)
from columnist.reviews.grid import Selection, next_row, read_window
from columnist.reviews.model import ModelInUse
from columnist.reviews.store import get_review
from columnist.settings import Settings
from tests.jobs.grid import MODEL, PROMPT_VERSION, Review, a_review, an_answer, answers_to, generate

IN_USE = ModelInUse(MODEL, PROMPT_VERSION)

# The history of a cell ─→ its states, and which words of `only` ask it (besides `all` and naming it).
# `~` before a step: it comes before the change of the question.
STATES: dict[str, tuple[set[str], set[str]]] = {
    "": ({"missing"}, {"missing"}),
    "answer clear": ({"missing"}, {"missing"}),
    "answer": ({"done"}, set()),
    "answer flag": ({"done"}, set()),
    "answer note": ({"done"}, set()),
    "fail": ({"failed"}, {"failed"}),
    "~fail": ({"failed"}, {"failed"}),
    "fail answer": ({"done"}, set()),
    "answer fail": ({"done", "failed"}, {"failed"}),
    "answer fail answer": ({"done"}, set()),
    "~answer": ({"done", "stale"}, {"stale"}),
    "~answer flag": ({"done", "stale"}, {"stale"}),
    "~answer fail": ({"done", "stale", "failed"}, {"stale", "failed"}),
    "~answer answer": ({"done"}, set()),
    "other": ({"done", "outdated"}, {"outdated"}),
    "prompt": ({"done", "outdated"}, {"outdated"}),
    "other fail": ({"done", "outdated", "failed"}, {"outdated", "failed"}),
    "~other": ({"done", "stale", "outdated"}, {"stale", "outdated"}),
    "edit": ({"done", "edited"}, set()),
    "fail edit": ({"done", "edited"}, set()),
    "other edit": ({"done", "edited"}, set()),
    "~edit": ({"done", "edited", "stale"}, set()),
    "answer edit clear": ({"missing"}, {"missing"}),
    "answer verify": ({"done", "verified"}, set()),
    "answer verify unverify": ({"done"}, set()),
    "answer fail verify": ({"done", "verified", "failed"}, set()),
    "~answer ~verify": ({"done", "verified", "stale"}, set()),
    "~answer ~verify unverify": ({"done", "stale"}, {"stale"}),
    "other verify": ({"done", "verified", "outdated"}, set()),
    "edit verify": ({"done", "edited", "verified"}, set()),
}
NAMED = ("done", "failed", "missing", "stale", "outdated", "edited", "verified", "checked", "unchecked")
A_PERSONS = {"edited", "verified"}
for _states, _ in STATES.values():
    if "done" in _states:
        _states.add("checked" if _states & A_PERSONS and "stale" not in _states else "unchecked")


async def ask(
    database: Database,
    review: Review,
    documents: Sequence[UUID],
    *only: Any,
    model: str = MODEL,
    version: str = "test-1",
) -> dict[UUID, int]:
    """Make a job over these documents and cancel it at once. Returns how many questions it has about each document,
    which the page shows as being answered."""
    async with database.act_as(LOCAL_USER) as connection:
        job = await create_job(connection, LOCAL_USER.id, Ask(review.id, model, version, only, document_ids=documents))
    awaited = await being_answered(database, review)
    async with database.worker() as connection:
        items = await claim_items(connection, 60, 1000, 3, {}, None)
        asked = {}
        for item in items:
            loaded = await load_item(connection, item)
            assert loaded
            asked[item.document_id] = len(loaded.columns)
        assert set(asked) <= set(documents)
        assert len(asked) == job.total_items
        assert awaited == set(asked)
        assert await being_answered(database, review) == awaited, "claimed or not"
        await end_items(connection, [EndedItem(item, "skipped") for item in items])
    assert await being_answered(database, review) == set()
    return asked


async def being_answered(database: Database, review: Review) -> set[UUID]:
    """The documents whose cell the page shows as being answered; for documents with a cell the feed agrees."""
    async with database.act_as(LOCAL_USER) as connection:
        window = json.loads(await read_window(connection, review.id, Selection(in_use=IN_USE), limit=500))
        changed = await changed_cells(connection, review.id, in_use=IN_USE)
    awaited = {UUID(row["document_id"]) for row in window["rows"] if row["awaited"]}
    for cell in changed.cells:
        assert cell["awaited"] == (UUID(cell["document_id"]) in awaited)
    return awaited


async def work(
    database: Database,
    review: Review,
    document: UUID,
    error: str | None = None,
    model: str = MODEL,
    version: str = "test-1",
) -> None:
    """A job that answers the document's question, or fails to do so."""
    async with database.act_as(LOCAL_USER) as connection:
        await create_job(connection, LOCAL_USER.id, Ask(review.id, model, version, ("all",), document_ids=[document]))
    async with database.worker() as connection:
        (item,) = await claim_items(connection, 60, 1, 3, {}, None)
        loaded = await load_item(connection, item)
        assert loaded
        if error is None:
            await write_cells(connection, item, 1, model, version, answers_to(loaded, "x"))
        await end_items(connection, [EndedItem(item, "error" if error else "completed", error)])


async def step(database: Database, review: Review, document: UUID, name: str) -> None:
    cell = CellKey(review.id, document, review.columns[0])
    runs: dict[str, dict[str, str]] = {
        "answer": {},
        "fail": {"error": "The document is torn."},
        "other": {"model": "other-model"},
        "prompt": {"version": "test-0"},
    }
    if name in runs:
        await work(database, review, document, **runs[name])
        return
    async with database.act_as(LOCAL_USER) as connection:
        match name:
            case "edit":
                await change_cell(connection, cell, "edit", Edit(summary="Mine", value="Mine"))
            case "flag":
                await change_cell(connection, cell, "edit", Edit(flag="red"))
            case "note":
                await change_cell(connection, cell, "edit", Edit(reasoning="Look, Bob."))
            case "verify" | "unverify" | "clear":
                await change_cell(connection, cell, name)
            case _:
                raise AssertionError(name)


def outcome_of(states: set[str]) -> str:
    """What becomes of a cell in these states when many are verified: only current answers are."""
    if "done" not in states:
        return "unanswered"
    return next((one for one in ("stale", "failed", "verified") if one in states), "done")


async def in_each_state(database: Database, edit: str) -> tuple[Review, dict[str, UUID]]:
    """A review with a document per state; its question changes between the steps with `~` and the others."""
    review = await a_review(database, documents=len(STATES))
    documents = dict(zip(STATES, review.documents, strict=True))
    for before in (True, False):
        for name, document in documents.items():
            for one in name.split():
                if one.startswith("~") is before:
                    await step(database, review, document, one.removeprefix("~"))
        if before:
            async with database.act_as(LOCAL_USER) as connection:
                await connection.execute(f"update tabular_columns set {edit}".encode())
    return review, documents


@pytest.mark.parametrize("edit", ["prompt = 'Else?'", """rules = '[{"flag": "red", "when": "x"}]'"""])
def test_every_state_is_asked_estimated_filtered_and_shown_by_one_definition(url: str, edit: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review, documents = await in_each_state(database, edit)
            column = review.columns[0]
            settings = Settings(_env_file=None)

            async with database.act_as(LOCAL_USER) as connection:
                for state in NAMED:
                    for where in (column, "any"):
                        selection = Selection([f"{where}:state:{state}"], in_use=IN_USE)
                        window = json.loads(await read_window(connection, review.id, selection, limit=500))
                        found = {UUID(row["document_id"]) for row in window["rows"]}
                        right = {documents[name] for name, (states, _) in STATES.items() if state in states}
                        assert found == right, (state, where)

                window = json.loads(await read_window(connection, review.id, Selection(in_use=IN_USE), limit=500))
                rows = {UUID(row["document_id"]): row["cells"].get(str(column)) for row in window["rows"]}
                changed = await changed_cells(connection, review.id, in_use=IN_USE)
                feed = {UUID(cell["document_id"]): cell for cell in changed.cells}
                for name, document in documents.items():
                    states = STATES[name][0]
                    full = await get_cell(connection, CellKey(review.id, document, column), IN_USE)
                    assert (full.stale, full.outdated) == ("stale" in states, "outdated" in states), name
                    checked = "checked" in states if "done" in states else None
                    assert full.checked is checked, name
                    assert (full.attempt_error is not None) == ("failed" in states), name
                    if cell := rows[document]:
                        assert cell == {name: feed[document][name] for name in cell}
                        assert datetime.fromisoformat(cell["updated_at"]) == full.updated_at
                        for shown in (cell, feed[document]):
                            assert shown["stale"] == ("stale" in states), name
                            assert shown["outdated"] == ("outdated" in states), name
                            assert shown["edited"] == ("edited" in states), name
                            assert shown["checked"] is checked, name
                            assert (shown["attempt_error"] is not None) == ("failed" in states), name
                            assert (shown["verified_by"] is not None) == ("verified" in states), name

                # The counts of progress, the next row of the queue, and what many verifications leave alone.
                of_people = [documents[name] for name, (states, _) in STATES.items() if "checked" in states]
                progress = await read_progress(connection, review.id)
                assert (progress.cells, progress.checked, progress.columns) == (
                    len(STATES),
                    len(of_people),
                    {column: len(of_people)},
                )
                assert (await get_review(connection, review.id)).checked == len(of_people)
                queue, at = [], 0
                while place := await next_row(connection, review.id, Selection(), "unchecked", offset=at):
                    assert place.column_ids == [column]
                    queue.append(place.document_id)
                    at = place.row + 1
                assert queue == [documents[name] for name, (states, _) in STATES.items() if "unchecked" in states]
                seen = [
                    SeenCell(document, column, cell and cell["updated_at"])
                    for document, cell in ((document, rows[document]) for document in documents.values())
                ]
                outcome = await verify_cells(connection, review.id, seen, verified=True, tries=True)
                expected = Counter(outcome_of(states) for states, _ in STATES.values())
                assert outcome.done == expected.pop("done")
                assert {name: count for name, count in asdict(outcome.left).items() if count} == expected

            for only in [(one,) for one in get_args(Only)] + [INCOMPLETE, ("stale", "outdated")]:
                right = {
                    documents[name]
                    for name, (states, asked) in STATES.items()
                    if asked & set(only) or ("all" in only and not states & A_PERSONS)
                }
                left_alone = sum(
                    bool(states & A_PERSONS and (states & set(only) or "all" in only)) for states, _ in STATES.values()
                )
                async with database.act_as(LOCAL_USER) as connection:
                    estimate = await estimate_job(
                        connection, Ask(review.id, MODEL, PROMPT_VERSION, only), settings, {MODEL: 32_768}
                    )
                assert (estimate.cells, estimate.left_alone) == (len(right), left_alone), only
                asked = await ask(database, review, review.documents, *only)
                assert set(asked) == right, only
                assert set(asked.values()) <= {1}

            # After a job with the default scope only cells of persons are left.
            for document in await ask(database, review, review.documents, *INCOMPLETE):
                await work(database, review, document)
            assert await ask(database, review, review.documents, *INCOMPLETE) == {}

    asyncio.run(scenario())


def test_a_request_that_names_a_model_asks_for_the_answers_of_others_too() -> None:
    assert to_ask(None, None) == ("missing", "stale", "failed")
    assert to_ask(None, "big") == ("missing", "stale", "failed", "outdated")
    assert to_ask(["failed"], "big") == ["failed"]


@pytest.mark.parametrize("how", ["written", "ended", "abandoned"])
@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("state", ["answer", "~answer", "answer verify", "edit", "edit verify", "answer flag"])
def test_no_failure_takes_an_answer_with_it(url: str, state: str, how: str, again: bool) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            (document,), (column,) = review.documents, review.columns
            cell = CellKey(review.id, document, column)
            for one in state.split():
                await step(database, review, document, one.removeprefix("~"))
            async with database.act_as(LOCAL_USER) as connection:
                if state.startswith("~"):
                    await connection.execute("update tabular_columns set prompt = 'Else?'")
                before = await get_cell(connection, cell)
                job = await create_job(
                    connection, LOCAL_USER.id, Ask(review.id, "m", "1", ("again",) if again else ("all",))
                )
                if again:
                    await change_cell(connection, cell, "regenerate", job_id=job.job_id)
            a_persons = "edit" in state or "verify" in state
            assert job.total_items == (again or not a_persons)
            async with database.worker() as connection:
                for item in await claim_items(connection, 60, 1, 1, {}, None):
                    if how == "written":
                        failed = replace(an_answer(column, ""), content=None, error="No JSON.")
                        await write_cells(connection, item, 1, "m", "1", [failed])
                        await end_items(connection, [EndedItem(item, "completed")])
                    elif how == "ended":
                        await end_items(connection, [EndedItem(item, "error", "No such model.")])
                    else:
                        await connection.execute(
                            "update tabular_job_items set lease_expires_at = now() - interval '1 s'"
                        )
                        assert await end_abandoned_items(connection, 1) == 1
            async with database.act_as(LOCAL_USER) as connection:
                after = await get_cell(connection, cell)
            untouched = ("attempt_error", "attempted_at", "updated_at")
            assert {name: getattr(after, name) for name in after.__slots__ if name not in untouched} == {
                name: getattr(before, name) for name in before.__slots__ if name not in untouched
            }
            if job.total_items:
                assert after.attempt_error and after.attempted_at
                async with database.act_as(LOCAL_USER) as connection:
                    progress = await job_progress(connection, job.job_id)
                    feed = await changed_cells(connection, review.id, job_id=job.job_id)
                assert progress.error_cells == 1
                assert [one["attempt_error"] for one in feed.cells] == [after.attempt_error]

    asyncio.run(scenario())


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("act", ["edit", "flag", "note", "verify"])
def test_what_a_person_does_during_a_run_survives_it(url: str, act: str, again: bool, fails: bool) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            (document,), (column,) = review.documents, review.columns
            cell = CellKey(review.id, document, column)
            await step(database, review, document, "answer")
            if again:
                await step(database, review, document, "edit")
            async with database.act_as(LOCAL_USER) as connection:
                only: tuple[Any, ...] = ("again",) if again else ("all",)
                job = await create_job(connection, LOCAL_USER.id, Ask(review.id, "m", "1", only))
                if again:
                    await change_cell(connection, cell, "regenerate", job_id=job.job_id)
            async with database.worker() as connection:
                (item,) = await claim_items(connection, 60, 1, 3, {}, None)
                loaded = await load_item(connection, item)
                assert loaded and len(loaded.columns) == 1
                await step(database, review, document, act)
                async with database.act_as(LOCAL_USER) as reader:
                    before = await get_cell(reader, cell)
                if fails:
                    await end_items(connection, [EndedItem(item, "error", "No such model.")])
                else:
                    await write_cells(connection, item, 1, "m", "1", [an_answer(column, "The run's")])
                    await end_items(connection, [EndedItem(item, "completed")])
                async with database.act_as(LOCAL_USER) as reader:
                    assert await get_cell(reader, cell) == before

    asyncio.run(scenario())


def test_a_cleared_answer_comes_back_though_failures_were_cleared_after_it(url: str) -> None:
    async def scenario() -> None:
        async with Database(url) as database:
            review = await a_review(database, documents=1)
            key = CellKey(review.id, review.documents[0], review.columns[0])

            async def run(answer: str | None) -> UUID:
                job = await generate(database, review)
                async with database.worker() as connection:
                    (item,) = await claim_items(connection, 60, 1, 3, {}, None)
                    if answer is not None:
                        await write_cells(
                            connection, item, 1, MODEL, PROMPT_VERSION, [an_answer(key.column_id, answer)]
                        )
                    await end_items(connection, [EndedItem(item, "error" if answer is None else "completed", "Torn.")])
                return job.job_id

            async def clear() -> None:
                async with database.act_as(LOCAL_USER) as connection:
                    await change_cell(connection, key, "clear")

            job_id = await run("Ohio")
            async with database.act_as(LOCAL_USER) as connection:
                await change_cell(connection, key, "verify")
                before = await get_cell(connection, key)
            await clear()
            for _ in range(2):
                await run(None)
                await clear()
            async with database.act_as(LOCAL_USER) as connection:
                await restore_cell(connection, key)
                after = await get_cell(connection, key)
            assert (after.status, after.summary, after.job_id) == ("done", "Ohio", job_id)
            assert replace(after, updated_at=before.updated_at) == before, "with its own stamps"

    asyncio.run(scenario())
