"""Places that users take in turn: no user waits for all requests of another."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columnist.errors import TooManyRequestsError
from columnist.guarded.turns import MOST_WAITING, Turns
from tests.patience import PATIENCE_SECONDS


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_second_user_is_served_after_one_place_and_not_after_all_that_the_first_asked_for() -> None:
    async def run() -> list[str]:
        turns, order = Turns(2, 2), []

        async def ask(user: str) -> None:
            await turns.take(user)
            order.append(user)
            await asyncio.sleep(0)
            turns.give_back(user)

        many = [asyncio.create_task(ask("many")) for _ in range(50)]
        await settle()
        few = asyncio.create_task(ask("few"))
        await asyncio.gather(*many, few)
        assert (turns.free, turns.in_use) == (2, 0)
        return order

    order = asyncio.run(run())
    started = order.index("few")
    assert started < 15, f"the second user waited for {started} requests of the first"


def test_nobody_has_more_places_than_one_may_have() -> None:
    async def run() -> None:
        turns = Turns(4, 2)
        mine = [asyncio.create_task(turns.take("me")) for _ in range(3)]
        await settle()
        assert [one.done() for one in mine] == [True, True, False]
        await asyncio.wait_for(turns.take("you"), PATIENCE_SECONDS)
        turns.give_back("me")
        await settle()
        assert mine[2].done()

    asyncio.run(run())


def test_too_many_that_wait_are_refused_and_only_those_of_one_user() -> None:
    async def run() -> None:
        turns = Turns(1, 1)
        await turns.take("me")
        waiting = [asyncio.create_task(turns.take("me")) for _ in range(MOST_WAITING)]
        await settle()
        with pytest.raises(TooManyRequestsError):
            await turns.take("me")
        yours = asyncio.create_task(turns.take("you"))
        await settle()
        turns.give_back("me")
        await settle()
        turns.give_back("me")
        await asyncio.wait_for(yours, PATIENCE_SECONDS)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(run())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 3)), max_size=40))
def test_no_place_is_lost_or_given_twice_whoever_cancels_when(asked: list[tuple[str, bool, int]]) -> None:
    async def run() -> None:
        turns, held = Turns(2, 1), Counter[str]()

        async def use(user: str, ticks: int) -> None:
            await turns.take(user)
            held[user] += 1
            assert held.total() <= 2
            assert held[user] <= 1
            try:
                for _ in range(ticks):
                    await asyncio.sleep(0)
            finally:
                held[user] -= 1
                turns.give_back(user)

        tasks = []
        for user, is_cancelled, ticks in asked:
            tasks.append(asyncio.create_task(use(user, ticks)))
            for _ in range(ticks):
                await asyncio.sleep(0)
            if is_cancelled:
                tasks[len(tasks) // 2].cancel()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE_SECONDS)
        assert all(one is None or isinstance(one, asyncio.CancelledError) for one in ended)
        assert (turns.free, turns.in_use) == (2, 0)
        for user in "ab":
            await asyncio.wait_for(turns.take(user), PATIENCE_SECONDS)

    asyncio.run(run())
