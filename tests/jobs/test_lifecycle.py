"""The life of an item as a state machine: whatever the order of claims, late writes, shutdowns and cancels."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from columnist.db.connect import LOCAL_USER, Database
from columnist.errors import LeaseLostError
from columnist.jobs.items import (
    ClaimedItem,
    EndedItem,
    Outcome,
    claim_items,
    end_abandoned_items,
    end_items,
    extend_leases,
    hand_back_items,
    retry_item,
    write_cells,
)
from columnist.jobs.job import cancel_job
from tests.depth import depth
from tests.jobs.grid import Review, a_review, an_answer, generate, progress_of

MAX_ATTEMPTS = 3
DOCUMENTS = 4


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_the_lifecycle_holds_in_every_order(url: str, runner: asyncio.Runner) -> None:
    stack = AsyncExitStack()
    database = runner.run(stack.enter_async_context(Database(url)))
    names = iter(range(1_000_000))

    class Lifecycle(RuleBasedStateMachine):
        """The model: who holds each item by the rules, what was written last, which items ended and how."""

        claims = Bundle("claims")

        @initialize()
        def a_job(self) -> None:
            runner.run(self.forget_the_last_job())
            self.review: Review = runner.run(a_review(database, DOCUMENTS, name=f"Review {next(names)}"))
            self.job_id = runner.run(generate(database, self.review)).job_id
            self.holder: dict[int, ClaimedItem] = {}
            self.tries: dict[int, int] = {}
            self.expired: set[int] = set()
            self.ended: dict[int, str] = {}
            self.written: dict[str, str] = {}
            self.cancelled = False

        async def forget_the_last_job(self) -> None:
            async with database.act_as(LOCAL_USER) as connection:
                await connection.execute("delete from tabular_reviews")

        def ask(self, function: Any, *args: Any, **kwargs: Any) -> Any:
            async def call() -> Any:
                async with database.worker() as connection:
                    return await function(connection, *args, **kwargs)

            return runner.run(call())

        @rule(target=claims, batch=st.integers(1, 3))
        def claim(self, batch: int) -> Any:
            items = self.ask(claim_items, 60, batch, MAX_ATTEMPTS, {}, None)
            for item in items:
                assert not self.cancelled, "a cancelled job is not claimed"
                assert item.id not in self.ended
                assert item.id not in self.holder or item.id in self.expired, "two holders"
                self.tries[item.id] = self.tries.get(item.id, 0) + 1
                assert self.tries[item.id] <= MAX_ATTEMPTS
                self.holder[item.id] = item
                self.expired.discard(item.id)
            return multiple(*items)

        @rule(item=claims)
        def its_lease_expires(self, item: ClaimedItem) -> None:
            if self.holder.get(item.id) == item:
                self.ask(
                    lambda connection: connection.execute(
                        "update tabular_job_items set lease_expires_at = now() - interval '1 s' where id = %s",
                        [item.id],
                    )
                )
                self.expired.add(item.id)

        @rule(item=claims)
        def its_heart_beats(self, item: ClaimedItem) -> None:
            kept = self.ask(extend_leases, [item], 60)
            assert kept == ({item.id} if self.holder.get(item.id) == item else set())
            self.expired -= kept

        @rule(item=claims)
        def it_writes_an_answer(self, item: ClaimedItem) -> None:
            summary = f"attempt {item.attempt}"
            answers = [an_answer(self.review.columns[0], summary)]
            if self.holder.get(item.id) == item:
                self.ask(write_cells, item, 1, "m", "1", answers)
                self.written.setdefault(str(item.document_id), summary)  # a job does not ask again what it has answered
            else:
                with pytest.raises(LeaseLostError):
                    self.ask(write_cells, item, 1, "m", "1", answers)

        @rule(item=claims, outcome=st.sampled_from(["completed", "error", "skipped"]))
        def it_ends(self, item: ClaimedItem, outcome: Outcome) -> None:
            ended = self.ask(end_items, [EndedItem(item, outcome, "Why." if outcome == "error" else None)])
            holds = self.holder.get(item.id) == item
            assert ended == ({item.id} if holds else set())
            if holds:
                self.end(item.id, outcome)

        @rule(item=claims)
        def its_worker_shuts_down(self, item: ClaimedItem) -> None:
            self.ask(hand_back_items, [item])
            if self.holder.get(item.id) == item:
                self.release(item.id)
                self.tries[item.id] -= 1

        @rule(item=claims)
        def its_attempt_fails(self, item: ClaimedItem) -> None:
            retried = self.ask(retry_item, item, 0, MAX_ATTEMPTS)
            may_retry = self.holder.get(item.id) == item and self.tries[item.id] < MAX_ATTEMPTS
            assert retried == may_retry
            if retried:
                self.release(item.id)

        @rule()
        def a_janitor_tidies(self) -> None:
            free = {item_id for item_id in self.tries if item_id not in self.holder or item_id in self.expired}
            self.ask(end_abandoned_items, MAX_ATTEMPTS)
            for item_id in free - set(self.ended):
                if self.cancelled:
                    self.end(item_id, "skipped")
                elif item_id in self.expired and self.tries[item_id] >= MAX_ATTEMPTS:
                    self.end(item_id, "error")

        @rule()
        def the_user_cancels(self) -> None:
            async def cancel() -> bool:
                async with database.act_as(LOCAL_USER) as connection:
                    return await cancel_job(connection, self.job_id)

            self.cancelled = runner.run(cancel()) or self.cancelled
            if self.cancelled:
                for item_id in set(self.tries) - set(self.holder) - set(self.ended):
                    self.end(item_id, "skipped")

        def end(self, item_id: int, outcome: str) -> None:
            self.ended[item_id] = outcome
            self.release(item_id)

        def release(self, item_id: int) -> None:
            self.holder.pop(item_id, None)
            self.expired.discard(item_id)

        @invariant()
        def the_database_agrees(self) -> None:
            rows = self.ask(self.items)
            for row in rows:
                if row["id"] in self.ended:
                    assert row["status"] == self.ended[row["id"]], "an item ends once"
                elif row["id"] in self.holder:
                    assert (row["status"], row["attempt_count"]) == ("running", self.holder[row["id"]].attempt)
            open_items = [row for row in rows if row["completed_at"] is None]
            job = runner.run(progress_of(database, self.job_id))
            counts = (job.completed_items, job.error_items, job.skipped_items)
            statuses = [row["status"] for row in rows]
            assert counts == tuple(statuses.count(status) for status in ("completed", "error", "skipped"))
            assert job.is_live == bool(open_items), "a job ends exactly with its last item"
            if not open_items:
                failed = job.error_items == job.total_items
                expected = "cancelled" if self.cancelled else "failed" if failed else "completed"
                assert job.status == expected
            for row in self.ask(self.cells):
                written = self.written.get(str(row["document_id"]))
                assert row["summary"] == written, "only the holder's answers are there, and none is lost"

        async def items(self, connection: Any) -> Any:
            cursor = await connection.execute("select * from tabular_job_items where job_id = %s", [self.job_id])
            return await cursor.fetchall()

        async def cells(self, connection: Any) -> Any:
            cursor = await connection.execute("select * from tabular_cells where review_id = %s", [self.review.id])
            return await cursor.fetchall()

    try:
        run_state_machine_as_test(
            Lifecycle,
            settings=settings(
                max_examples=depth(12, 100),
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
    finally:
        runner.run(stack.aclose())
