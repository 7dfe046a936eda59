"""The back end `extractive` in its process: a separate guarded child answers each document."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict

from pydantic import TypeAdapter

from columnist.answers.model import Answer, Content
from columnist.cpu import usable_cores
from columnist.documents.model import DocumentText
from columnist.errors import DocumentError, ReaderLostError
from columnist.guarded.children import CrashedError, LateError, LostError, Places, Role
from columnist.reviews.model import Question

SECONDS = 300.0
"""The longest time of the rules for a document. One of 2,000 pages and 50 questions takes a minute or two."""
MEMORY = 1024**3

_CONTENTS = TypeAdapter(list[Content])


class RulesAnswerer:
    """Answers without an LLM, in as many children at a time as there are cores for each of two users.

    A child is killed when its time is over, or when its result is no longer wanted: its job was cancelled, or its lease
    was lost. Use as an async context manager: leaving it waits for the end of the children.
    """

    model = "extractive"
    prompt_version = "extractive-6"
    together = 1

    def __init__(self, seconds: float = SECONDS) -> None:
        role = Role("columnist.rules.child", MEMORY, seconds)
        self._places = Places("rules", role, most=2 * usable_cores(), each=usable_cores())

    async def __aenter__(self) -> "RulesAnswerer":
        self._places.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._places.close()

    def asked(self, name: str, questions: Sequence[Question]) -> str:
        """Empty: each question is answered alone, from the text."""
        return ""

    async def answer(
        self, document: DocumentText, questions: Sequence[Question], ledger: object = None, urgent: bool = False
    ) -> AsyncGenerator[list[Answer], None]:
        """All questions at once, in order: a document takes milliseconds. Raises DocumentError, or ReaderLostError if
        the child was ended from outside, twice."""
        request = await asyncio.to_thread(_request, document.pages, questions)
        role = self._places.role
        try:
            *answers, _ = await self._places.answer(request, document.owner)
        except LateError:
            raise DocumentError(f"The rules took longer than {role.seconds:g} seconds over this document.") from None
        except CrashedError as error:
            if bug := str(error):
                raise DocumentError(f"The rules failed over this document ({bug}): please report this.") from None
            raise DocumentError(
                f"The rules need more than the {role.memory // 1024**2:,} MB of memory that they may use."
            ) from None
        except LostError:
            raise ReaderLostError("The process that applied the rules was ended from outside: try again.") from None
        try:
            contents = await asyncio.to_thread(_CONTENTS.validate_python, answers)
            found = [Answer(question.id, content) for question, content in zip(questions, contents, strict=True)]
        except ValueError:
            raise DocumentError("The document made the process of the rules send an invalid answer.") from None
        yield found


def _request(pages: Sequence[str], questions: Sequence[Question]) -> bytes:
    asked = [asdict(question) | {"id": str(question.id)} for question in questions]
    return json.dumps({"pages": list(pages), "questions": asked}).encode() + b"\n"
