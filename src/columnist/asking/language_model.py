"""The back end that asks a language model: groups of questions, typed answers, quotes looked up in the document."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from itertools import product
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError, field_validator

from columnist import telemetry
from columnist.answers.model import NOT_FOUND, Answer, Content, doubted
from columnist.answers.values import Measured, measured, says_nothing
from columnist.asking.merging import disputed, merge
from columnist.asking.prompt import (
    PROMPT_VERSION,
    WORDED,
    PageText,
    besides_the_pages,
    key,
    messages,
    overhead_bytes,
    page_texts,
    schema,
)
from columnist.asking.readings import Reading, two_readings
from columnist.asking.statements import folded, unshown
from columnist.asking.windows import LEAST_BUDGET, answer_room, page_room, size, windows
from columnist.documents.locating.locate import Locator, normalise
from columnist.documents.model import Citation, DocumentText
from columnist.errors import ContextExceededError, MalformedAnswerError, RequestRefusedError
from columnist.llm.client import ChatModel, Completion
from columnist.llm.usage import BYTES_PER_TOKEN, UNCOUNTED, Ledger, Usage, total
from columnist.reviews.conditions import rules_in_words
from columnist.reviews.model import Flag, Question
from columnist.settings import Settings

_JSON = json.JSONDecoder(strict=False, parse_float=Decimal, parse_int=Decimal)
"""Accepts line breaks inside strings, which models write. Numbers keep their digits as written."""

_LONGEST_NUMBER = 60
"""Most digits of a number that is written out; a longer one is shown as the model wrote it."""


class _Quote(BaseModel):
    page: int | None = None
    quote: str

    @field_validator("page", mode="before")
    @classmethod
    def _as_page(cls, value: Any) -> int | None:
        """The page is only a hint: `Page 3` and "3" are the same, anything else counts as None."""
        found = re.search(r"\d{1,6}", str(value))
        return int(found[0]) if found else None


class _RawAnswer(BaseModel):
    """An answer by the schema; servers without schemas may leave out or bend what is not essential."""

    answer: str | bool | list[str] | None
    words: str = ""
    reasoning: str = ""
    quotes: list[_Quote] = []
    rule: int | None = None
    flag: str | None = None

    @field_validator("answer", mode="before")
    @classmethod
    def _as_answer(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [_in_words(item) for item in value if item is not None]
        return _in_words(value) if isinstance(value, dict | Decimal) else value

    @field_validator("quotes", mode="before")
    @classmethod
    def _as_quotes(cls, value: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        quotes = [{"quote": one} if isinstance(one, str) else one for one in several]
        return [one for one in quotes if isinstance(one, dict) and isinstance(one.get("quote"), str)]

    @field_validator("words", "reasoning", "flag", mode="before")
    @classmethod
    def _as_words(cls, value: Any) -> str:
        return "" if value is None else _in_words(value)

    @field_validator("rule", mode="before")
    @classmethod
    def _as_rule(cls, value: Any) -> int | None:
        return int(str(value)) if re.fullmatch(r"[0-9]{1,6}", str(value)) else None


class LanguageModelAnswerer:
    """Asks one model. The calls about a document follow each other, so that its text is in the server's cache."""

    prompt_version = PROMPT_VERSION

    def __init__(self, chat: ChatModel, settings: Settings) -> None:
        self.model = chat.model
        self.together = settings.columns_per_call
        self._chat = chat
        self._settings = settings

    def asked(self, name: str, questions: Sequence[Question]) -> str:
        return besides_the_pages(name, questions)

    async def answer(
        self, document: DocumentText, questions: Sequence[Question], ledger: Ledger = UNCOUNTED
    ) -> AsyncGenerator[list[Answer], None]:
        """Yields each group's answers as soon as they arrive. Raises LlmError if the server refuses the questions."""
        context = await self._chat.context_tokens()
        answer_tokens = answer_room(self._settings.answer_tokens, context)
        pages = page_texts(document.pages)
        calls = _Calls(self._chat, document, pages, Locator(document.pages), answer_tokens, ledger)
        step = self.together
        groups = [questions[start : start + step] for start in range(0, len(questions), step)]
        if not groups:
            return
        overhead = max(overhead_bytes(document.name, group) for group in groups)
        parts = windows(pages, page_room(context, answer_tokens, overhead)) or [[]]
        answered: list[list[list[Answer]]] = [[] for _ in groups]

        async def read(part: list[PageText], index: int) -> list[Answer]:
            """Ask group `index` about a part. Returns the merged answers after the last part, before that none."""
            answered[index] += await calls.answers(part, groups[index])
            return await calls.merged(groups[index], answered[index]) if part is parts[-1] else []

        async with self._chat.limiter.document():
            # The first call about a part puts it into the server's prefix cache; the others use it, all at once.
            failure: BaseException | None = None
            for part, batch in product(parts, (range(1), range(1, len(groups)))):
                tasks = [asyncio.create_task(read(part, index)) for index in batch]
                try:
                    pending = set(tasks)
                    while pending:
                        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                        for task in done:
                            # The others are paid for: their answers are waited for.
                            if error := task.exception():
                                failure = failure or error
                            elif merged := task.result():
                                yield merged
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                if failure:
                    raise failure


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls about one document."""

    chat: ChatModel
    document: DocumentText
    pages: Sequence[PageText]
    locator: Locator
    answer_tokens: int
    ledger: Ledger

    async def answers(self, pages: Sequence[PageText], group: Sequence[Question]) -> list[list[Answer]]:
        """The answers of a group from these pages: one list, or several if the pages had to be split.

        If the server refuses only these questions, the refusal is their error.
        """
        try:
            return [await self._ask(pages, group)]
        except ContextExceededError as error:
            # Tokens are estimated from bytes, and this text needs more.
            half = size(pages) // 2
            if half < LEAST_BUDGET:
                sentence = f"{error} Ask fewer questions in a call (COLUMNIST_COLUMNS_PER_CALL)."
                return [[Answer(question.id, None, sentence) for question in group]]
            return [answers for part in windows(pages, half) for answers in await self.answers(part, group)]
        except RequestRefusedError as error:
            return [[Answer(question.id, None, str(error)) for question in group]]

    async def merged(self, group: Sequence[Question], parts: Sequence[Sequence[Answer]]) -> list[Answer]:
        """One answer per question of a group, from those of each window. An error in one window is the answer's error.

        If windows contradict each other, one more call asks the question about their verified evidence alone.
        """
        if len(parts) == 1:
            return [_evidenced(question, answer) for question, answer in zip(group, parts[0], strict=True)]
        tokens = size(self.pages) // len(parts) // BYTES_PER_TOKEN
        note = f"Read in {len(parts)} windows of about {tokens:,} tokens, pages 1 to {len(self.pages):,}."
        merged = []
        for question, *answers in zip(group, *parts, strict=True):
            usage = total([answer.usage for answer in answers])
            failed = next(((nr, answer.error) for nr, answer in enumerate(answers, start=1) if answer.error), None)
            if failed:
                error = f"{failed[1]} It was window {failed[0]} of {len(answers)}. {note}"
                merged.append(Answer(question.id, None, error, usage))
                continue
            contents = [answer.content for answer in answers if answer.content]
            settled = None
            if evidence := disputed(contents, question.format):
                answer = await self._settle(question, evidence)
                usage = total([usage, answer.usage])
                # An answer without evidence settles nothing: the windows' answers are kept and named.
                if answer.content and any(citation.verified for citation in answer.content.citations):
                    settled = answer.content
            answer = Answer(question.id, merge(contents, note, question, settled), usage=usage)
            merged.append(_evidenced(question, answer))
        return merged

    async def _settle(self, question: Question, evidence: Sequence[Citation]) -> Answer:
        """The answer to one question from literal passages of the document alone."""
        spans = sorted({(span.page, span.start, span.end) for citation in evidence for span in citation.spans})
        excerpts = [PageText(page, self.pages[page - 1].text[start:end] + "\n") for page, start, end in spans]
        try:
            (answer,) = await self._ask(excerpts, [question], excerpts=True)
        except (ContextExceededError, RequestRefusedError) as error:
            return Answer(question.id, None, str(error))
        return answer

    async def _ask(self, pages: Sequence[PageText], group: Sequence[Question], excerpts: bool = False) -> list[Answer]:
        """One call, and a second one for the questions whose answers could not be parsed."""
        contents: dict[UUID, Content] = {}
        used = {question.id: Usage() for question in group}
        whole = sum(len(page.text) for page in pages) >= sum(len(page.text) for page in self.pages)
        part_of = None if whole else len(self.pages)
        missing, problem = list(group), ""
        for again in (False, True):
            if again:
                telemetry.RETRIES.labels("malformed").inc()
            call = self._key(pages, missing, part_of, again, excerpts)
            if kept := await self._kept(call, missing):
                contents |= kept
                missing = []
                break
            asked = messages(self.document.name, pages, missing, part_of, again, excerpts, self.document.owner)
            completion = await self.chat.complete(asked, schema(missing), self.answer_tokens, self.ledger, call)
            for question, share in zip(missing, _shares(completion, len(missing)), strict=True):
                used[question.id] = total([used[question.id], share])
            try:
                # Locating quotes in a long document is slow: do it in a thread.
                contents |= await asyncio.to_thread(self._contents, completion, missing)
                problem = "The model left this question out of its answer, or answered it in another form, twice."
            except MalformedAnswerError as error:
                problem = str(error)
            missing = [question for question in missing if question.id not in contents]
            if not missing:
                break
        return [
            Answer(question.id, contents.get(question.id), problem if question in missing else None, used[question.id])
            for question in group
        ]

    def _key(
        self, pages: Sequence[PageText], group: Sequence[Question], part_of: int | None, again: bool, excerpts: bool
    ) -> bytes:
        """Equal for calls that ask the same."""
        shown = [(page.number, page.text) for page in pages]
        asked = besides_the_pages(self.document.name, group)
        whole = [self.chat.model, PROMPT_VERSION, asked, shown, part_of, again, excerpts]
        return sha256(json.dumps(whole).encode()).digest()

    async def _kept(self, call: bytes, group: Sequence[Question]) -> dict[UUID, Content]:
        """The contents that an earlier attempt was given for this call, if it was answered whole."""
        text = await self.ledger.kept(call)
        if text is None:
            return {}
        try:
            contents = await asyncio.to_thread(self._contents, Completion(text, False, 0, 0, 0), group)
        except MalformedAnswerError:
            return {}
        return contents if len(contents) == len(group) else {}

    def _contents(self, completion: Completion, group: Sequence[Question]) -> dict[UUID, Content]:
        """The contents by question, without those that are missing or malformed. Raises MalformedAnswerError."""
        raw = _parse(completion, [key(index) for index in range(len(group))])
        contents = {}
        for index, question in enumerate(group):
            try:
                answer = _RawAnswer.model_validate(raw.get(key(index)))
            except ValidationError:
                continue
            citations = tuple(self._cite(quote) for quote in answer.quotes if quote.quote.strip())
            words = self._words(answer.words, citations) if question.format in WORDED else ""
            contents[question.id] = _content(question, answer, words, citations)
        return contents

    def _words(self, said: str, citations: Sequence[Citation]) -> str:
        """The words of an answer, if the document has them; else empty."""
        words = _storable(said).strip()
        form = normalise(words)
        quoted = any(citation.verified and form in normalise(citation.quote) for citation in citations)
        return words if form and (quoted or self.locator.locate(words, None)) else ""

    def _cite(self, raw: _Quote) -> Citation:
        quote = _storable(raw.quote).strip()
        claimed = raw.page if raw.page is not None and 1 <= raw.page <= len(self.document.pages) else None
        spans = self.locator.locate(quote, claimed)
        # The page is where the quote was found, whatever the model said.
        return Citation(quote, spans[0].page if spans else claimed, bool(spans), spans, ())


def _shares(completion: Completion, count: int) -> list[Usage]:
    """The tokens of a call, split over `count` questions so that the sum is exact."""

    def share(total: int, index: int) -> int:
        return total * (index + 1) // count - total * index // count

    return [
        Usage(
            share(completion.prompt_tokens, index),
            share(completion.cached_tokens, index),
            share(completion.completion_tokens, index),
        )
        for index in range(count)
    ]


def _parse(completion: Completion, keys: Sequence[str]) -> dict[str, Any]:
    """The JSON under each of `keys`; without schemas it may be surrounded by words, thoughts and fences.

    The last occurrence of a key counts: earlier ones are drafts. Raises MalformedAnswerError if there is none.
    """
    found: dict[str, Any] = {}
    text = completion.text
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _JSON.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, end = {}, at + 1
        answers = {name: value[name] for name in keys if name in value}
        found |= answers
        # An object without a key may contain one with it.
        at = text.find("{", end if answers else at + 1)
    if found:
        return found
    if completion.cut_off:
        raise MalformedAnswerError("The model's answer was longer than COLUMNIST_ANSWER_TOKENS allows, twice.")
    raise MalformedAnswerError("The model's answer was not the JSON that was asked for, twice.")


def _in_words(value: Any) -> str:
    """A string as it is, a number in plain digits, anything else as JSON."""
    if isinstance(value, Decimal):
        # 1e999999999 written out would fill the memory.
        short = value.is_finite() and abs(value.adjusted()) < _LONGEST_NUMBER and len(value.as_tuple().digits) < 5_000
        return format(value, "f") if short else str(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_in_words)


def _content(question: Question, raw: _RawAnswer, words: str, citations: tuple[Citation, ...]) -> Content:
    reasoning = _storable(raw.reasoning).strip()
    summary, (value, doubt, unit) = _typed(question, raw.answer, words)
    rules = rules_in_words(question)
    held = rules[raw.rule - 1] if raw.rule and 1 <= raw.rule <= len(rules) else None
    verified = bool(citations) and all(citation.verified for citation in citations)
    if value is None and says_nothing(summary):
        # What is not found has no evidence, unless a rule holds for it ("uncapped").
        evidence = citations if held else ()
        return Content(NOT_FOUND, None, "grey", reasoning, evidence, held, doubtful=not verified)
    doubtful = value is None or bool(doubt) or not verified
    said = (raw.flag or "").casefold()
    flag: Flag = "red" if said == "red" else "green" if said == "green" and not doubtful else "yellow"
    if value is False and not citations and flag != "red":
        flag = "grey"  # a No because the document says nothing rests on no text, like "not found"
    return Content(summary, value, flag, f"{reasoning} {doubt}".strip(), citations, held, doubtful, unit)


def _evidenced(question: Question, answer: Answer) -> Answer:
    """The answer, in doubt if an item or a sentence of it has no quote of its own."""
    content = answer.content
    if content is None or question.format not in ("text", "bulleted_list") or content.value is None:
        return answer
    missing = unshown(content.value, content.citations)
    if not missing:
        return answer
    return replace(answer, content=doubted(content, f"No verified quote shows: {'; '.join(missing)}."))


def _typed(question: Question, answer: str | bool | list[str] | None, words: str) -> Reading:
    """What is shown, and its typed value."""
    if answer is None:
        return Reading("", Measured(None))
    if isinstance(answer, list):
        items = folded(_storable(item).strip() for item in answer if item.strip())
        if question.format == "bulleted_list":
            return Reading("; ".join(items), measured(json.dumps(items), question))
        answer = "; ".join(items)
    if isinstance(answer, bool):
        answer = "yes" if answer else "no"
    shown, outcome = two_readings(question, _storable(answer).strip(), words)
    return Reading(("Yes" if outcome.value else "No") if isinstance(outcome.value, bool) else shown, outcome)


def _storable(text: str) -> str:
    """A model can answer with any escape; PostgreSQL keeps no NUL and no lone surrogate."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
