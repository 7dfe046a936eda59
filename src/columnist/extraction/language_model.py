"""The back end that asks a language model: groups of questions, typed answers, quotes looked up in the document."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from columnist.documents.locate import Locator
from columnist.documents.model import DocumentText
from columnist.errors import ContextExceededError, MalformedAnswerError
from columnist.extraction.model import NOT_FOUND, Answer, Citation, Content, Question, Usage
from columnist.extraction.prompt import PROMPT_VERSION, PageText, key, messages, schema
from columnist.extraction.typing import typed
from columnist.extraction.windows import CHARACTERS_PER_TOKEN, merge, windows
from columnist.llm.client import ChatModel
from columnist.reviews.model import Flag
from columnist.settings import Settings

LEAST_BUDGET = 500
"""Characters of document in a window below which a model's context is too small to be of use."""

MALFORMED_TRIES = 2


class _Quote(BaseModel):
    page: int | None = None
    quote: str


class _RawAnswer(BaseModel):
    """What the schema asks for; a server that does without schemas may leave out what is not essential."""

    answer: str | bool | int | float | list[str] | None
    reasoning: str = ""
    quotes: list[_Quote] = []
    flag: Literal["green", "yellow", "red"] = "yellow"


class LanguageModelAnswerer:
    """Asks one model; the calls about a document follow each other, so that its text is in the server's cache."""

    prompt_version = f"llm-{PROMPT_VERSION}"

    def __init__(self, chat: ChatModel, settings: Settings) -> None:
        self.model = chat.model
        self._chat = chat
        self._columns_per_call = settings.columns_per_call
        # A small model's context is not to be eaten up by room for answers.
        self._answer_tokens = min(settings.answer_tokens, settings.context_tokens // 3)
        self._context_tokens = settings.context_tokens

    async def answer(self, document: DocumentText, questions: Sequence[Question]) -> AsyncIterator[list[Answer]]:
        """Yields each group's answers when they are there. Raises LlmError when the server refuses the questions."""
        locator = Locator(document.pages)
        size = self._columns_per_call
        groups = [questions[start : start + size] for start in range(0, len(questions), size)]
        budget = self._budget(groups)
        while groups:
            try:
                async for nr, answers in self._answer_groups(document, groups, locator, budget):
                    yield answers
                    groups[nr] = []
                return
            except ContextExceededError:
                # Tokens were estimated from characters, and this text takes more of them.
                budget //= 2
                groups = [group for group in groups if group]
                if budget < LEAST_BUDGET:
                    raise

    def _budget(self, groups: Sequence[Sequence[Question]]) -> int:
        """Characters of document that fit beside the instructions, the longest group of questions and its answers."""
        overhead = max(
            sum(len(str(message["content"])) for message in messages("", [], group)) + len(json.dumps(schema(group)))
            for group in groups
        )
        budget = (self._context_tokens - self._answer_tokens) * CHARACTERS_PER_TOKEN - overhead
        if budget < LEAST_BUDGET:
            raise ContextExceededError(
                f"A context of {self._context_tokens:,} tokens has no room for these questions: ask fewer in a call "
                "(COLUMNIST_COLUMNS_PER_CALL) or use a model with a longer context (COLUMNIST_CONTEXT_TOKENS)."
            )
        return budget

    async def _answer_groups(
        self, document: DocumentText, groups: Sequence[Sequence[Question]], locator: Locator, budget: int
    ) -> AsyncIterator[tuple[int, list[Answer]]]:
        """(number of the group, its answers), each group once, when its last window is answered."""
        whole = sum(map(len, document.pages)) <= budget
        parts = [_whole(document.pages)] if whole else windows(document.pages, budget)
        answered: list[list[list[Answer]]] = [[] for _ in groups]
        for part in parts:
            # The first call puts the text into the server's prefix cache; the others find it there, all at once.
            numbers = list(range(len(groups)))
            for batch in (numbers[:1], numbers[1:]):
                tasks = {asyncio.create_task(self._ask(document.name, part, groups[nr], locator)): nr for nr in batch}
                try:
                    pending = set(tasks)
                    while pending:
                        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                        for task in done:
                            nr = tasks[task]
                            answered[nr].append(task.result())
                            if part is parts[-1]:
                                yield nr, _merged(groups[nr], answered[nr])
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(
        self, name: str, pages: Sequence[PageText], group: Sequence[Question], locator: Locator
    ) -> list[Answer]:
        """One call, and a second one if its answer cannot be read."""
        used = Usage()
        for nr in range(MALFORMED_TRIES):
            asked = messages(name, pages, group, again=nr > 0)
            completion = await self._chat.complete(asked, schema(group), self._answer_tokens)
            used = Usage(
                used.prompt_tokens + completion.prompt_tokens,
                used.cached_tokens + completion.cached_tokens,
                used.completion_tokens + completion.completion_tokens,
            )
            try:
                raw = _parse(completion.text, cut_off=completion.cut_off)
                break
            except MalformedAnswerError as error:
                sentence = str(error)
        else:
            return [Answer(question.id, None, sentence, share) for question, share in _shares(group, used)]
        return [
            _answer(question, raw.get(key(nr)), locator, share)
            for nr, (question, share) in enumerate(_shares(group, used))
        ]


def _whole(pages: Sequence[str]) -> list[PageText]:
    return [PageText(number, text) for number, text in enumerate(pages, start=1)]


def _merged(group: Sequence[Question], parts: Sequence[Sequence[Answer]]) -> list[Answer]:
    """The answers of a group from those of each window; an unreadable window is an error, not a smaller document."""
    if len(parts) == 1:
        return list(parts[0])
    merged = []
    for nr, question in enumerate(group):
        answers = [part[nr] for part in parts]
        usage = Usage(
            sum(answer.usage.prompt_tokens for answer in answers),
            sum(answer.usage.cached_tokens for answer in answers),
            sum(answer.usage.completion_tokens for answer in answers),
        )
        error = next((answer.error for answer in answers if answer.error), None)
        contents = [answer.content for answer in answers if answer.content is not None]
        merged.append(Answer(question.id, None if error else merge(contents), error, usage))
    return merged


def _parse(text: str, cut_off: bool) -> dict[str, Any]:
    """The answer's JSON object; servers without schemas like to wrap it in words or a code fence."""
    start, end = text.find("{"), text.rfind("}")
    try:
        parsed = json.loads(text[start : end + 1]) if start >= 0 else None
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    if cut_off:
        raise MalformedAnswerError("The model's answer was longer than COLUMNIST_ANSWER_TOKENS, twice.")
    raise MalformedAnswerError("The model's answer was not the JSON that was asked for, twice.")


def _shares(group: Sequence[Question], usage: Usage) -> list[tuple[Question, Usage]]:
    """The usage of a call, split over its questions so that the sum is exact."""

    def share(total: int, nr: int) -> int:
        return total * (nr + 1) // len(group) - total * nr // len(group)

    return [
        (
            question,
            Usage(share(usage.prompt_tokens, nr), share(usage.cached_tokens, nr), share(usage.completion_tokens, nr)),
        )
        for nr, question in enumerate(group)
    ]


def _answer(question: Question, raw: Any, locator: Locator, usage: Usage) -> Answer:
    try:
        return Answer(question.id, _content(question, _RawAnswer.model_validate(raw), locator), usage=usage)
    except ValidationError:
        return Answer(question.id, None, "The model left this question out of its answer.", usage)


def _content(question: Question, raw: _RawAnswer, locator: Locator) -> Content:
    reasoning = _storable(raw.reasoning).strip()
    if raw.answer is None or raw.answer in ("", []):
        return Content(NOT_FOUND, None, "grey", reasoning)
    citations = tuple(_cite(quote, locator) for quote in raw.quotes if quote.quote.strip())
    summary, value, ambiguous = _typed(question, raw.answer)
    flag: Flag = raw.flag
    doubtful = ambiguous or value is None or not any(citation.verified for citation in citations)
    if doubtful and flag == "green":
        flag = "yellow"
    return Content(summary, value, flag, reasoning, citations)


def _typed(question: Question, answer: str | bool | float | list[str]) -> tuple[str, Any, bool]:
    """(what is shown, the typed value or None, whether the text can be read in more than one way)."""
    if isinstance(answer, list):
        items = [_storable(item).strip() for item in answer if item.strip()]
        if question.format == "bulleted_list":
            return "; ".join(items), items, False
        answer = "; ".join(items)
    if isinstance(answer, bool):
        answer = "yes" if answer else "no"
    text = _storable(str(answer)).strip()
    value, ambiguous = typed(text, question)
    shown = ("Yes" if value else "No") if isinstance(value, bool) else text
    return shown, value, ambiguous


def _cite(raw: _Quote, locator: Locator) -> Citation:
    quote = _storable(raw.quote).strip()
    spans = locator.locate(quote, raw.page)
    # The page is where the quote was found, whatever the model said.
    return Citation(quote, spans[0].page if spans else raw.page, verified=bool(spans), spans=spans)


def _storable(text: str) -> str:
    """A model can answer with any escape; PostgreSQL keeps no NUL and no lone surrogate."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
