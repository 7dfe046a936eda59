"""Searches in documents run in processes that can be killed: none exceeds its time or outlives its request."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from columnist.documents.locating import seeker
from columnist.documents.locating.seeker import Seeker
from columnist.documents.model import Span
from columnist.errors import DocumentError, TooManyRequestsError
from tests.documents.readers import at_work, readers_of
from tests.patience import until

PAGES = ["The fee is ten dollars.", "It is due at once."]
ENDLESS = ["a" * 10**7]
"""Searching it for words that are nearly there takes minutes."""
NEARLY = "a" * 150 + "b"
REPEATED = ["the fee is due " * 50_000]
CHANGED = [(f"{'the fee is due ' * 100} never {number}", None) for number in range(100)]


async def nothing_runs() -> bool:
    return not list(readers_of(os.getpid()))


async def something_works() -> bool:
    return bool(at_work(os.getpid()))


def test_words_and_quotes_are_found() -> None:
    async def scenario() -> None:
        async with Seeker() as seeker:
            assert await seeker.words(PAGES, "IS", 1, "a user") == ([Span(1, 8, 10)], True)
            assert await seeker.words(PAGES, "is", 2, "a user") == ([Span(1, 8, 10), Span(2, 3, 5)], False)
            quotes = [("It is due", 2), ("ten dollars. It", None), ("eleven", None)]
            assert await seeker.quotes(PAGES, quotes, "a user") == [
                (Span(2, 0, 9),),
                (Span(1, 11, 23), Span(2, 0, 2)),
                (),
            ]

    asyncio.run(scenario())


def test_a_search_that_takes_longer_than_it_may_is_ended_and_the_next_one_is_answered() -> None:
    async def scenario() -> None:
        async with Seeker(words_seconds=0.5, quotes_seconds=0.5) as seeker:
            assert await seeker.words(ENDLESS, NEARLY, 200, "a user") == ([], True)
            with pytest.raises(DocumentError, match=r"quotes of an answer took longer than 0\.5 seconds"):
                await seeker.quotes(REPEATED, CHANGED, "a user")
            await until(nothing_runs, "the end of the children")
            assert await seeker.words(PAGES, "dollars", 200, "a user") == ([Span(1, 15, 22)], False)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "search",
    [
        lambda seeker: seeker.words(ENDLESS, NEARLY, 200, "a user"),
        lambda seeker: seeker.quotes(REPEATED, CHANGED, "a user"),
    ],
)
def test_a_search_for_which_nobody_waits_any_more_is_ended(search: Callable[[Seeker], Awaitable[object]]) -> None:
    async def scenario() -> None:
        async with Seeker(words_seconds=600, quotes_seconds=600) as seeker:
            searching = asyncio.ensure_future(search(seeker))
            await until(something_works, "the child's work")
            assert not searching.done()
            searching.cancel()
            await until(nothing_runs, "the end of the child")

    asyncio.run(scenario())


def test_users_take_turns_at_searches_and_one_who_asks_for_too_many_is_refused() -> None:
    async def scenario() -> None:
        async with Seeker(words_seconds=600) as one:
            most = seeker.MOST_WAITING + 1
            busy = [asyncio.ensure_future(one.words(ENDLESS, NEARLY, 200, "mallory")) for _ in range(most)]
            await until(something_works, "the child's work")
            places = one._words
            while len(busy) < most + places.in_use - 1:
                busy.append(asyncio.ensure_future(one.words(ENDLESS, NEARLY, 200, "mallory")))
            with pytest.raises(TooManyRequestsError):
                await one.words(ENDLESS, NEARLY, 200, "mallory")
            assert await one.words(PAGES, "dollars", 200, "alice") == ([Span(1, 15, 22)], False)
            for searching in busy:
                searching.cancel()
            await asyncio.wait(busy)

    asyncio.run(scenario())


@pytest.mark.parametrize("sent", [None, {}, [[[0, 0, 1]]], [[[1, 0, 99]]], [[[1, 5, 2]]], [[[1, "a", 2]]], [[[1]]]])
def test_what_a_child_sends_that_is_no_place_in_the_document_is_refused(sent: object) -> None:
    with pytest.raises(DocumentError, match="invalid answer"):
        seeker._spans(sent, PAGES)
