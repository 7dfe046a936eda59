"""The nouns of answering: an answer, its content, and the protocol of back ends."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from columnist.answers.doubt import FOUND, more
from columnist.documents.model import Citation, DocumentText
from columnist.llm.usage import NOTHING, UNCOUNTED, Ledger, Usage
from columnist.reviews.model import Flag, Question, Rule


@dataclass(frozen=True, slots=True)
class Content:
    """What a cell holds. `flag`: without the playbook. `held`: the first rule in words that holds, by the back end.
    `doubtful`: unverified, untyped, contradicted or guessed, so that no rule makes it green.

    `value` is typed by the column's format and JSON-ready:

    text → str · bulleted_list → list[str] · number, percentage → decimal as str · monetary_amount →
    {"amount": decimal as str, "currency": ISO 4217 or None} · currency → ISO 4217 · yes_no → bool ·
    date → ISO 8601 · tag → one of the column's tags. None where the answer is not found or could not be typed.

    `doubt`: 0 to 1, how far the answer is to be doubted (doubt.py).

    `unit`: of a number whose question names no unit, empty for a plain number; else None.
    """

    summary: str
    value: Any
    flag: Flag
    reasoning: str = ""
    citations: tuple[Citation, ...] = ()
    held: Rule | None = None
    doubtful: bool = False
    unit: str | None = None
    doubt: float = FOUND


def doubted(content: Content, reason: str, sign: float) -> Content:
    """The content with another reason to doubt it, so it is not green; `sign` is a number of doubt.py."""
    flag: Flag = "red" if content.flag == "red" else "yellow"
    reasoning, doubt = f"{content.reasoning} {reason}".strip(), more(content.doubt, sign)
    return replace(content, flag=flag, doubtful=True, reasoning=reasoning, doubt=doubt)


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome for one question: a content, or `error`, a sentence that says why there is none. `by`: model and
    prompt version of the answer; None: those of the back end that was asked."""

    question_id: UUID
    content: Content | None
    error: str | None = None
    usage: Usage = NOTHING
    by: tuple[str, str] | None = None


class Answerer(Protocol):
    """A back end: yields answers as they arrive, a group of questions at a time, each question exactly once.

    Raises DocumentError or LlmError if nothing more can be answered about this document, JobPausedError if the
    `ledger`, which counts its calls, admits no more. It waits first for calls that are running. Cancelling the
    iteration aborts them. An `urgent` call waits for no other work, because a person waits for it.
    """

    model: str
    """The name that is recorded with each cell."""
    prompt_version: str
    """Grows when prompt, schema or rules change: cells of another version are not reused."""
    together: int
    """How many questions share a call, in their order."""

    def asked(self, name: str, questions: Sequence[Question]) -> str:
        """What else an answer depends on, beside the pages, the question itself, the model and the `prompt_version`:
        these questions are asked together, about a document of that name."""
        ...

    def answer(
        self,
        document: DocumentText,
        questions: Sequence[Question],
        ledger: Ledger = UNCOUNTED,
        urgent: bool = False,
    ) -> AsyncGenerator[list[Answer], None]: ...
