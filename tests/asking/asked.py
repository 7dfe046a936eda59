"""One call about a document, as a worker makes it, for tests."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from columnist.answers.model import Answer
from columnist.asking.language_model import LanguageModelAnswerer
from columnist.documents.model import DocumentText
from columnist.llm.client import ChatModel
from columnist.reviews.model import Format, Question
from tests.llm.simulated import Simulated
from tests.patience import PATIENCE_SECONDS


def question(text: str, answer_format: Format = "text", tags: tuple[str, ...] = ()) -> Question:
    return Question(uuid5(UUID(int=0), text), f"Column {text}", text, answer_format, tags)


def answers(server: Simulated, document: DocumentText, questions: Sequence[Question], **settings: Any) -> list[Answer]:
    """All answers, in the order of the questions; each question is answered exactly once."""

    async def run() -> list[Answer]:
        knobs = server.settings(**settings)
        # The product waits without a limit; a test does not.
        async with asyncio.timeout(PATIENCE_SECONDS), ChatModel(knobs, "simulated", knobs.openai_base_url) as chat:
            return [
                one async for group in LanguageModelAnswerer(chat, knobs).answer(document, questions) for one in group
            ]

    found = asyncio.run(run())
    assert sorted(answer.question_id for answer in found) == sorted(question.id for question in questions)
    by_id = {answer.question_id: answer for answer in found}
    return [by_id[question.id] for question in questions]
