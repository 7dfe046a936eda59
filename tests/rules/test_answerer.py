"""The rules run in processes that can be killed: none exceeds its time or outlives its request."""

import asyncio
import os
from uuid import UUID

import pytest

from columnist.answers.model import Answer
from columnist.documents.model import DocumentText
from columnist.errors import DocumentError
from columnist.reviews.model import Question
from columnist.rules.answerer import RulesAnswerer
from tests.conftest import CONTRACTS, contract_pages
from tests.documents.readers import at_work, readers_of
from tests.patience import until

QUESTION = Question(UUID(int=1), "Rent", "How much is the rent?", "monetary_amount")
PAGES = [page.text for page in contract_pages(next(CONTRACTS.glob("TICKETS*")).name)]
LONG = DocumentText("long", [f"{number} {page}" for number in range(1_500) for page in PAGES[:1]], "a user")
"""Seconds of work for the rules."""


async def ask(answerer: RulesAnswerer, document: DocumentText) -> list[Answer]:
    return [answer async for answers in answerer.answer(document, [QUESTION] * 5) for answer in answers]


async def nothing_runs() -> bool:
    return not list(readers_of(os.getpid()))


def test_rules_that_take_longer_than_they_may_are_ended_and_the_next_document_is_answered() -> None:
    async def run() -> None:
        async with RulesAnswerer(seconds=0.2) as answerer:
            with pytest.raises(DocumentError, match=r"took longer than 0\.2 seconds"):
                await ask(answerer, LONG)
            await until(nothing_runs, "the end of the child")
        async with RulesAnswerer() as answerer:
            assert len(await ask(answerer, DocumentText("short", PAGES[:1]))) == 5

    asyncio.run(run())


def test_rules_for_which_nobody_waits_any_more_are_ended() -> None:
    async def run() -> None:
        async with RulesAnswerer() as answerer:
            asking = asyncio.create_task(ask(answerer, LONG))

            async def begun() -> bool:
                return asking.done() or bool(at_work(os.getpid()))

            await until(begun, "the child's work")
            assert not asking.done()
            asking.cancel()
            await until(nothing_runs, "the end of the child")

    asyncio.run(run())
