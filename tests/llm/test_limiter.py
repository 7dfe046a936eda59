"""The promises of the limiter: order, a limit that follows the server, and one probe at a time while it is down."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from columnist.backoff import back_off
from columnist.errors import LlmAwayError
from columnist.llm import limiter as module
from columnist.llm.limiter import DOWN_AFTER, START, Limiter
from tests.patience import PATIENCE_SECONDS


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_no_more_calls_than_the_ceiling_are_in_flight_and_they_come_in_order() -> None:
    async def run() -> None:
        limiter, running, most, order = Limiter(3), 0, 0, []

        async def call(nr: int) -> None:
            nonlocal running, most
            async with limiter.slot():
                order.append(nr)
                running += 1
                most = max(most, running)
                await _turns()
                running -= 1
                limiter.on_success()

        await asyncio.gather(*(call(nr) for nr in range(20)))
        assert most == 3
        assert order == list(range(20))

    asyncio.run(run())


def test_as_many_documents_are_under_way_as_calls_may_be_in_flight() -> None:
    async def run() -> None:
        limiter, running, most = Limiter(4), 0, []

        async def read() -> None:
            nonlocal running
            async with limiter.document():
                running += 1
                most.append(running)
                async with limiter.slot():
                    await _turns()
                    limiter.on_success()
                running -= 1

        limiter.on_failure(time.monotonic())
        await asyncio.gather(*(read() for _ in range(30)))
        assert max(most[:8]) == 2, "the limit was halved"
        assert max(most) == 4, "and grew back"

    asyncio.run(run())


def test_the_limit_halves_once_per_round_trip_and_grows_by_one_per_round_trip() -> None:
    async def run() -> None:
        limiter = Limiter(8)
        async with AsyncExitStack() as stack:
            starts = [await stack.enter_async_context(limiter.slot()) for _ in range(8)]
            for start in starts[:4]:
                limiter.on_failure(start.started_at)
            assert limiter.limit == 4, "eight calls of one round trip lower it once"
            later = time.monotonic()
            limiter.on_success()
            limiter.on_failure(later)
            assert limiter.limit == 2
        async with limiter.slot(), limiter.slot():
            limiter.on_success()
            limiter.on_success()
            assert limiter.limit == 2
            limiter.on_success()
            assert limiter.limit == 3

    asyncio.run(run())


def test_the_limit_follows_the_queue_that_the_server_tells() -> None:
    async def run() -> None:
        limiter = Limiter()
        limiter.follow(running=5, waiting=0)
        assert limiter.limit == START, "its places are not used"
        async with AsyncExitStack() as stack:
            while limiter.limit < 100:
                while limiter.has_room():
                    await stack.enter_async_context(limiter.slot())
                limiter.follow(running=limiter.limit, waiting=0)
            before = limiter.limit
            limiter.follow(running=before, waiting=before // 4)
            assert limiter.limit == before, "a short queue keeps it busy"
            for _ in range(3):  # half of the work belongs to another process
                limiter.follow(running=40, waiting=60 + before)
            assert limiter.limit < 40
        assert Limiter(8).limit == 8

    asyncio.run(run())


def test_the_limit_does_not_grow_while_slots_are_free() -> None:
    async def run() -> None:
        limiter = Limiter(8)
        async with limiter.slot() as slot:
            limiter.on_failure(slot.started_at)
            for _ in range(100):
                limiter.on_success()
        assert limiter.limit == 4

    asyncio.run(run())


def test_one_call_is_always_allowed_and_never_more_than_the_ceiling() -> None:
    async def run() -> None:
        limiter = Limiter(2)
        for _ in range(DOWN_AFTER - 1):
            async with limiter.slot() as slot:
                limiter.on_failure(slot.started_at)
        assert limiter.limit == 1
        assert not limiter.down
        for _ in range(10):
            async with AsyncExitStack() as stack:
                for _ in range(limiter.limit):
                    await stack.enter_async_context(limiter.slot())
                for _ in range(10):
                    limiter.on_success()
        assert limiter.limit == 2

    asyncio.run(run())


def test_while_the_server_is_down_one_call_at_a_time_probes_and_the_first_answer_lets_all_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "back_off", lambda failures: 0.001 * 2.0**failures)

    async def run() -> None:
        limiter, running, most, down_at_once, up = Limiter(8), 0, 0, 0, asyncio.Event()

        async def call() -> None:
            nonlocal running, most, down_at_once
            while True:
                try:
                    async with limiter.slot() as slot:
                        running += 1
                        was_down = limiter.down
                        if was_down:
                            down_at_once = max(down_at_once, running)
                        most = max(most, running)
                        await _turns()
                        running -= 1
                        if up.is_set():
                            limiter.on_success()
                            return
                        limiter.on_failure(slot.started_at)
                except LlmAwayError:  # no caller waits inside during an outage
                    await asyncio.sleep(0)

        calls = [asyncio.create_task(call()) for _ in range(50)]
        while not limiter.down or running > 1:
            await asyncio.sleep(0)
        before, down_at_once = limiter._failures, 0
        while limiter._failures < before + 3:
            await asyncio.sleep(0)
        assert down_at_once == 1
        up.set()
        most = 0
        await asyncio.gather(*calls)
        assert most > 1, "the limit of before the outage is back"

    asyncio.run(run())


def test_a_cancelled_waiter_leaves_the_line_and_a_cancelled_holder_hands_its_slot_on() -> None:
    async def run() -> None:
        limiter, entered = Limiter(1), []

        async def call(nr: int) -> None:
            async with limiter.slot():
                entered.append(nr)
                await asyncio.Event().wait()

        calls = [asyncio.create_task(call(nr)) for nr in range(4)]
        await _turns()
        calls[1].cancel()
        calls[0].cancel()
        await _turns()
        assert entered == [0, 2]
        # The slot is handed to 3 in the very step in which 3 is cancelled: it must not be lost.
        calls[2].cancel()
        await asyncio.sleep(0)
        calls[3].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(PATIENCE_SECONDS), limiter.slot():
            pass

    asyncio.run(run())


def test_pauses_grow_to_half_a_minute_and_no_further() -> None:
    assert max(back_off(failures) for failures in range(200)) <= 30
    assert max(back_off(30) for _ in range(200)) > 15
    assert max(back_off(0) for _ in range(200)) <= 0.5
    assert DOWN_AFTER > 1, "one failure is no outage"
