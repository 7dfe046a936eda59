"""The work of a guarded child that applies the rules: it answers all questions about the pages in its request."""

import json
from dataclasses import asdict
from typing import BinaryIO
from uuid import UUID

from pydantic import TypeAdapter

from columnist.guarded.frames import DONE, ERROR, send
from columnist.reviews.model import Format, Question
from columnist.rules.back_end import FINDERS, answered
from columnist.rules.passages import PassageIndex

CONTENT = b"C"
"""The kind of a frame with the answer to one question."""

_QUESTIONS = TypeAdapter(list[Question])
_PAGE = 'This Lease Agreement is made on 5 May 2014 by Alder Ltd ("Lessor") and Birch GmbH. The rent is USD 900 a day.'


def warm() -> None:
    """Use everything that is loaded on first use: a closed process cannot open files."""
    forms: list[Format] = list(FINDERS)
    index = PassageIndex([_PAGE])
    for form in forms:
        answered(index, Question(UUID(int=0), "Governing law", "What is the rent?", form, ("Lease",)))


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Answer the next request: a line of JSON with the pages and the questions."""
    try:
        asked = json.loads(requests.readline())
        index = PassageIndex(asked["pages"])
        for question in _QUESTIONS.validate_python(asked["questions"]):
            send(frames, CONTENT, asdict(answered(index, question)))
        send(frames, DONE, {})
    except MemoryError:
        raise  # the child ends: it has used all its memory
    except Exception as error:  # noqa: BLE001 - a bug over one document is reported with that document
        send(frames, ERROR, {"error": type(error).__name__})
