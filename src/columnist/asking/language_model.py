"""The back end that asks a language model: groups of questions, typed answers, quotes looked up in the document."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from columnist import telemetry
from columnist.answers.doubt import CUT, FOUND, SILENT, UNCERTAIN, UNSHOWN, UNTYPED, UNVERIFIED, more
from columnist.answers.model import Answer, Answerer, Content, doubted
from columnist.answers.nothing import says_nothing
from columnist.answers.outcomes import Measured
from columnist.answers.values import measured
from columnist.asking.likelihood import likelihoods
from columnist.asking.merging import disputed, merge, read_twice, verified
from columnist.asking.prompt import (
    MOST_ITEMS,
    PROMPT_VERSION,
    WORDED,
    Excerpts,
    PageText,
    besides_the_pages,
    messages,
    overhead_bytes,
    page_texts,
    schema,
)
from columnist.asking.raw_answers import Quote, RawAnswer, raw_answers
from columnist.asking.readings import CellValue, two_readings
from columnist.asking.statements import folded, unshown
from columnist.asking.windows import LEAST_BUDGET, answer_room, page_room, size, windows
from columnist.documents.locating.locate import normalise
from columnist.documents.locating.seeker import Seeker
from columnist.documents.model import Citation, DocumentText, Span
from columnist.errors import ContextExceededError, MalformedAnswerError, PutOffError, RequestRefusedError
from columnist.llm.client import ChatModel
from columnist.llm.replies import Completion
from columnist.llm.usage import BYTES_PER_TOKEN, NOTHING, UNCOUNTED, Beside, Ledger, Prices, Usage, total
from columnist.reviews.conditions import rules_in_words
from columnist.reviews.model import NOT_FOUND, Flag, Question
from columnist.settings import Settings

Result = TypeVar("Result")

_Said = tuple[str, int | None]
"""A quote, and the page that is claimed."""

MOST_CALLS = 10
"""Calls allowed about a document for each planned call, and for two more; then the document is given up."""


class _First(NamedTuple):
    """The first reading of a question that is read twice; `alone`: it was the only one of its call."""

    answer: Answer
    alone: bool


_FIRST = TypeAdapter(_First)


class Another(NamedTuple):
    """Another model, and the prices of its calls."""

    answerer: Answerer
    prices: Prices


class LanguageModelAnswerer:
    """Asks one model. The calls about a document follow each other, so that its text is in the server's cache."""

    prompt_version = PROMPT_VERSION

    def __init__(
        self,
        chat: ChatModel,
        settings: Settings,
        another: "Another | None" = None,
        seeker: Seeker | None = None,
    ) -> None:
        """`another` reads again where a question asks for another model; `seeker` looks quotes up."""
        self.model = chat.model
        self._another = another
        self._seeker = seeker or Seeker()
        self.together = settings.columns_per_call
        self._chat = chat
        self._settings = settings

    def asked(self, name: str, questions: Sequence[Question]) -> str:
        by_another = [question for question in questions if question.second_reading == "model"]
        if not by_another or self._another is None:
            return besides_the_pages(name, questions)
        other = self._another.answerer
        return json.dumps([besides_the_pages(name, questions), other.model, other.asked(name, by_another)])

    async def answer(
        self,
        document: DocumentText,
        questions: Sequence[Question],
        ledger: Ledger = UNCOUNTED,
        urgent: bool = False,
    ) -> AsyncGenerator[list[Answer], None]:
        """Yields each group's answers as soon as they arrive. Raises LlmError if the server refuses the questions."""
        if not questions:
            return
        context = await self._chat.context_tokens()
        answer_tokens = answer_room(self._settings.answer_tokens, context)
        pages = page_texts(document.pages)
        asked = {question.id: question for question in questions if question.second_reading}
        about = ["first reading", self.model, self.prompt_version]
        keys = question_keys(about, document, [*asked.values()], ledger)
        first = {nr: _FIRST.validate_json(kept) for nr, key in keys.items() if (kept := await ledger.kept(key))}
        groups = _in_groups([question for question in questions if question.id not in first], self.together)
        planned = _in_groups(questions, self.together)
        overhead = max(overhead_bytes(document.name, group) for group in planned)
        parts = windows(pages, page_room(context, answer_tokens, overhead)) or [[]]
        limits = _Limits(size(pages), MOST_CALLS * (len(parts) * len(planned) + 2))
        affinity = _affinity(document)
        calls = _Calls(self._chat, document, pages, self._seeker, answer_tokens, ledger, limits, affinity, urgent)
        put_off: PutOffError | None = None
        async with nullcontext() if ledger.queue else self._chat.document(affinity, urgent):
            try:
                async with aclosing(_read(calls, parts, groups)) as found:
                    async for merged in found:
                        twice = [one for one in merged if one.question_id in asked and one.content]
                        for one in twice:
                            # The others of its group are written: a later attempt would ask a smaller one again.
                            first[one.question_id] = reading = _First(one, alone=len(merged) == 1)
                            await ledger.count(NOTHING, keys[one.question_id], _FIRST.dump_json(reading).decode())
                        if once := [one for one in merged if one not in twice]:
                            yield once
            except PutOffError as error:
                put_off = error
            read = [(asked[nr], one) for nr, one in first.items()]
            by_another = [(question, one.answer) for question, one in read if question.second_reading == "model"]
            again = [(question, one) for question, one in read if question.second_reading != "model"]
            async with aclosing(_second(calls, parts, again, self.together)) as found:
                async for answers in found:
                    yield answers
        if by_another:
            async with aclosing(_by_another(self._another, document, by_another, ledger, urgent)) as found:
                async for answers in found:
                    yield answers
        if put_off:
            raise put_off


async def _read(
    calls: "_Calls", parts: Sequence[list[PageText]], groups: Sequence[Sequence[Question]]
) -> AsyncGenerator[list[Answer], None]:
    """Each group's answers as soon as they are there. Raises PutOffError in the end if some wait for a batch."""
    if not groups:
        return
    answered: list[list[list[Answer]]] = [[] for _ in groups]
    put_off: set[int] = set()

    async def read(part: list[PageText], index: int) -> list[Answer]:
        """Ask group `index` about a part. Returns the merged answers after the last part, before that none."""
        try:
            answered[index] += await calls.answers(part, groups[index])
            if part is parts[-1] and index not in put_off:
                return await calls.merged(groups[index], answered[index])
        except PutOffError:  # the others must get into the same batch
            put_off.add(index)
        return []

    # The first call about a part puts it into the server's prefix cache; the others use it, all at once.
    failure: BaseException | None = None
    for part, batch in product(parts, (range(1), range(1, len(groups)))):
        async with aclosing(_as_they_end([read(part, index) for index in batch])) as ended:
            async for task in ended:
                # The others are paid for, so wait for their answers.
                if error := task.exception():
                    failure = failure or error
                elif merged := task.result():
                    yield merged
        if failure:
            raise failure
    if put_off:
        raise PutOffError("Calls about the document wait for a batch.")


async def _second(
    calls: "_Calls",
    parts: Sequence[list[PageText]],
    first: Sequence[tuple[Question, _First]],
    together: int,
) -> AsyncGenerator[list[Answer], None]:
    """The answers of questions that are read twice, each merged with its second reading. "In another order" means from
    the last question to the first, in separate groups. A "not found" has no passages, and a question that is alone both
    times has no order: each is then read in the other way, or once if that is not possible either."""
    before = {question.id: (question, one.answer) for question, one in first}
    alone = {question.id for question, one in first if one.alone}
    by_order = [one for one, answer in before.values() if one.second_reading == "order" or not verified(answer)]
    backwards = _in_groups(by_order[::-1], together)
    orders = [group for group in backwards if len(group) > 1 or group[0].id not in alone]
    in_order = {question.id for group in orders for question in group}
    passages: list[tuple[Question, tuple[Citation, ...]]] = []
    for question, answer in before.values():
        if question.id in in_order:
            continue
        if evidence := verified(answer):
            passages.append((question, evidence))
        else:
            yield [answer]
    put_off: PutOffError | None = None
    try:
        async with aclosing(_read(calls, parts, orders)) as found:
            async for merged in found:
                yield [_twice(*before[one.question_id], one) for one in merged]
    except PutOffError as error:
        put_off = error
    checked = await _all_that_come(calls.settled(question, evidence, "check") for question, evidence in passages)
    if checked.found:
        yield [_twice(*before[one.question_id], one) for one in checked.found]
    if put_off := put_off or checked.put_off:
        raise put_off


async def _by_another(
    another: "Another | None",
    document: DocumentText,
    first: Sequence[tuple[Question, Answer]],
    ledger: Ledger,
    urgent: bool,
) -> AsyncGenerator[list[Answer], None]:
    """The answers that another model must read again, each merged with its reading."""
    before = {question.id: (question, one) for question, one in first}
    if another is None:
        lacks = "No second reading: this worker has no other model (COLUMNIST_SECOND_MODEL)."
        yield [
            replace(one, content=doubted(one.content, lacks, UNCERTAIN)) for _, one in before.values() if one.content
        ]
        return
    asked = [replace(question, second_reading=None) for question, _ in before.values()]
    beside = Beside(ledger, another.prices)
    async with aclosing(another.answerer.answer(document, asked, beside, urgent)) as found:
        async for answers in found:
            yield [_twice(*before[one.question_id], one) for one in answers]


def _twice(question: Question, one: Answer, other: Answer) -> Answer:
    assert one.content
    if other.content is None:
        content = doubted(one.content, f"The second reading failed: {other.error}", UNCERTAIN)
    else:
        content = read_twice(question, one.content, other.content)
    return replace(one, content=content, usage=total([one.usage, other.usage]))


@dataclass(frozen=True, slots=True)
class _Call:
    """The content of one call. `room`: most tokens of its answers; `again`: the form is stressed; `excerpts`: `pages`
    are passages of the document."""

    pages: Sequence[PageText]
    group: Sequence[Question]
    room: int
    again: bool = False
    excerpts: Excerpts | None = None


@dataclass(slots=True)
class _Limits:
    """The limits of a document's calls, as they are learned: bytes of pages in a call (`refused`: why not more), and
    how many calls are left."""

    page_bytes: int
    calls: int
    refused: str = ""

    def count(self) -> None:
        """Count a call. Raises RequestRefusedError if the document has had too many."""
        if not self.calls:
            raise RequestRefusedError(
                "The document takes far more calls than expected: the LLM server's context is smaller than it says, or "
                "its answers are cut off. Set COLUMNIST_CONTEXT_TOKENS to what the server takes."
            )
        self.calls -= 1


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls about one document."""

    chat: ChatModel
    document: DocumentText
    pages: Sequence[PageText]
    seeker: Seeker
    answer_tokens: int
    ledger: Ledger
    limits: _Limits
    affinity: str
    urgent: bool

    async def answers(self, pages: Sequence[PageText], group: Sequence[Question]) -> list[list[Answer]]:
        """The answers of a group from these pages: one list, or several if the pages had to be split.

        If the server refuses only these questions, the refusal is their error.
        """
        if size(pages) <= self.limits.page_bytes:
            try:
                return [await self._asked(_Call(pages, group, self.answer_tokens))]
            except ContextExceededError as error:
                # Tokens are estimated from bytes, and this text needs more.
                self.limits.refused = str(error)
                self.limits.page_bytes = min(self.limits.page_bytes, int(size(pages) * error.fits))
            except RequestRefusedError as error:
                return [[Answer(question.id, None, str(error)) for question in group]]
        if self.limits.page_bytes < LEAST_BUDGET:
            reason = self.limits.refused.rstrip(".")
            sentence = f"{reason}. Ask fewer questions in a call (COLUMNIST_COLUMNS_PER_CALL)."
            return [[Answer(question.id, None, sentence) for question in group]]
        parts = windows(pages, self.limits.page_bytes)
        return [answers for found in await _all(self.answers(part, group) for part in parts) for answers in found]

    async def merged(self, group: Sequence[Question], parts: Sequence[Sequence[Answer]]) -> list[Answer]:
        """One answer per question of a group, from those of each window. An error in one window is the answer's error.

        If windows contradict each other, one more call asks the question about their verified evidence alone.
        """
        if len(parts) == 1:
            return [_evidenced(question, answer) for question, answer in zip(group, parts[0], strict=True)]
        tokens = size(self.pages) // len(parts) // BYTES_PER_TOKEN
        note = f"Read in {len(parts)} windows of about {tokens:,} tokens, pages 1 to {len(self.pages):,}."
        return await _all(
            self._merged(question, answers, note) for question, *answers in zip(group, *parts, strict=True)
        )

    async def _merged(self, question: Question, answers: Sequence[Answer], note: str) -> Answer:
        usage = total([answer.usage for answer in answers])
        failed = next(((nr, answer.error) for nr, answer in enumerate(answers, start=1) if answer.error), None)
        if failed:
            error = f"{failed[1]} It was window {failed[0]} of {len(answers)}. {note}"
            return Answer(question.id, None, error, usage)
        contents = [answer.content for answer in answers if answer.content]
        settled = None
        if evidence := disputed(contents, question.format):
            answer = await self.settled(question, evidence, "differ")
            usage = total([usage, answer.usage])
            # An answer without evidence settles nothing: the windows' answers are kept and named.
            if answer.content and any(citation.verified for citation in answer.content.citations):
                settled = answer.content
        return _evidenced(question, Answer(question.id, merge(contents, note, question, settled), usage=usage))

    async def settled(self, question: Question, evidence: Sequence[Citation], excerpts: Excerpts) -> Answer:
        """The answer to one question, from literal passages of the document alone."""
        spans = sorted({(span.page, span.start, span.end) for citation in evidence for span in citation.spans})
        passages = [PageText(page, self.pages[page - 1].text[start:end] + "\n") for page, start, end in spans]
        try:
            (answer,) = await self._asked(_Call(passages, [question], self.answer_tokens, excerpts=excerpts))
        except (ContextExceededError, RequestRefusedError) as error:
            return Answer(question.id, None, str(error))
        return answer

    async def _asked(self, call: _Call) -> list[Answer]:
        """The answers of a call; questions that it leaves without one are asked by further, different calls."""
        answers, cut_off = await self._once(call)
        found = {answer.question_id: answer for answer in answers}
        missing = [question for question in call.group if found[question.id].content is None]
        others = self._others(call, missing, cut_off)
        for later in await _all(self._asked_again(call, other) for other in others):
            for answer in later:
                usage = total([found[answer.question_id].usage, answer.usage])
                found[answer.question_id] = replace(answer, usage=usage)
        return [found[question.id] for question in call.group]

    async def _asked_again(self, call: _Call, other: _Call) -> list[Answer]:
        """The answers of one of the `_others`; none if it is refused, because the first problem is the one to
        report."""
        telemetry.RETRIES.labels("malformed").inc()
        try:
            return await self._asked(other)
        except RequestRefusedError as error:
            if isinstance(error, ContextExceededError) and other.room == call.room:
                raise
            return []

    def _others(self, call: _Call, missing: Sequence[Question], cut_off: bool) -> list[_Call]:
        """The calls that ask for missing answers. At temperature 0 the same request would get the same reply."""
        if not missing:
            return []
        if not cut_off:
            return [] if call.again else [replace(call, group=missing, again=True)]
        if len(call.group) == 1:
            return [] if call.room > self.answer_tokens else [replace(call, room=2 * self.answer_tokens, again=True)]
        # The reply ended in the first missing answer; thoughts without any answer may concern all.
        first = 1 if len(missing) < len(call.group) else len(missing) // 2
        return [replace(call, group=part) for part in (missing[:first], missing[first:]) if part]

    async def _once(self, call: _Call) -> tuple[list[Answer], bool]:
        """The answers of one call, each an error if the reply lacks it; and whether the reply was cut off."""
        group = call.group
        whole = sum(len(page.text) for page in call.pages) >= sum(len(page.text) for page in self.pages)
        part_of = None if whole else len(self.pages)
        key = self._key(call, part_of)
        if kept := await self._kept(key, group):
            return [Answer(question.id, kept[question.id]) for question in group], False
        self.limits.count()
        asked = messages(self.document.name, call.pages, group, part_of, call.again, call.excerpts, self.document.owner)
        completion = await self.chat.complete(
            asked, schema(group), call.room, self.ledger, key, self.affinity, self.urgent
        )
        contents: dict[UUID, Content] = {}
        try:
            contents = await self._contents(completion, group)
            problem = "The model left this question out of its answer, or answered it in another form, twice."
        except MalformedAnswerError as error:
            problem = str(error)
        if completion.cut_off:
            problem = (
                "The model's answer was longer than COLUMNIST_ANSWER_TOKENS allows, also alone and with twice that."
            )
        answers = [
            Answer(question.id, contents.get(question.id), None if question.id in contents else problem, share)
            for question, share in zip(group, _shares(completion, len(group)), strict=True)
        ]
        return answers, completion.cut_off

    def _key(self, call: _Call, part_of: int | None) -> bytes:
        """Equal for calls that ask the same."""
        shown = [(page.number, page.text) for page in call.pages]
        asked = _besides(self.document, call.group, self.ledger)
        how = [part_of, call.again, call.excerpts, call.room]
        return sha256(json.dumps([self.chat.model, PROMPT_VERSION, asked, shown, how]).encode()).digest()

    async def _kept(self, call: bytes, group: Sequence[Question]) -> dict[UUID, Content]:
        """The contents that an earlier attempt got for this call, if it was answered completely."""
        text = await self.ledger.kept(call)
        if text is None:
            return {}
        try:
            contents = await self._contents(Completion(text, False, 0, 0, 0), group)
        except MalformedAnswerError:
            return {}
        return contents if len(contents) == len(group) else {}

    async def _contents(self, completion: Completion, group: Sequence[Question]) -> dict[UUID, Content]:
        """The contents by question, without those that are missing or malformed. Raises MalformedAnswerError, and
        DocumentError or ReaderLostError if the quotes cannot be looked up."""
        raw = await asyncio.to_thread(raw_answers, completion, group)
        answers = {index: whole.bounded() for index, whole in raw.items()}
        said = {place for index, one in answers.items() for place in self._said(one, group[index])}
        wanted = sorted(said, key=str)
        places: dict[_Said, tuple[Span, ...]] = {}
        if wanted:
            places = dict(
                zip(wanted, await self.seeker.quotes(self.document.pages, wanted, self.document.owner), strict=True)
            )
        cut = {index for index, one in answers.items() if one != raw[index]}
        likely = likelihoods(completion, group)
        return await asyncio.to_thread(self._found, group, answers, cut, likely, places)

    def _said(self, answer: RawAnswer, question: Question) -> list[_Said]:
        """The parts of an answer that must be looked up: its quotes and its words."""
        quotes = [self._quote(quote) for quote in answer.quotes]
        words = [(_storable(answer.words).strip(), None)] if question.format in WORDED else []
        return [(text, page) for text, page in (*quotes, *words) if text]

    def _found(
        self,
        group: Sequence[Question],
        answers: Mapping[int, RawAnswer],
        cut: Collection[int],
        likely: Mapping[int, float],
        places: Mapping[_Said, tuple[Span, ...]],
    ) -> dict[UUID, Content]:
        contents = {}
        for index, answer in answers.items():
            question = group[index]
            citations = tuple(
                self._cite(said, places[said]) for quote in answer.quotes if (said := self._quote(quote))[0]
            )
            words = _words(answer.words, citations, places) if question.format in WORDED else ""
            content = _content(question, answer, words, citations)
            if isinstance(answer.answer, list) and len(answer.answer) >= MOST_ITEMS:
                more_to_come = f"The list has {MOST_ITEMS} items, the most that an answer may have: there may be more."
                content = doubted(content, more_to_come, CUT)
            if index in cut:
                content = doubted(content, "The model's answer was too long and has been cut.", CUT)
            if index in likely:
                content = replace(content, doubt=more(content.doubt, 1 - likely[index]))
            contents[question.id] = content
        return contents

    def _quote(self, raw: Quote) -> _Said:
        claimed = raw.page if raw.page is not None and 1 <= raw.page <= len(self.document.pages) else None
        return _storable(raw.quote).strip(), claimed

    def _cite(self, said: _Said, spans: tuple[Span, ...]) -> Citation:
        quote, claimed = said
        # The page is where the quote was found, whatever the model said.
        return Citation(quote, spans[0].page if spans else claimed, bool(spans), spans, ())


async def _as_they_end(steps: Iterable[Coroutine[Any, Any, Result]]) -> AsyncGenerator[asyncio.Task[Result], None]:
    """Yield each task when it has ended; close the generator to cancel the others."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        pending = set(tasks)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Came(NamedTuple, Generic[Result]):
    """The results of steps, and whether some were put off."""

    found: list[Result]
    put_off: PutOffError | None


async def _all_that_come(steps: Iterable[Awaitable[Result]]) -> _Came[Result]:
    """The results of all steps, one after the other. If some are put off, the others are still tried, so that they get
    into the same batch."""
    found: list[Result] = []
    put_off: PutOffError | None = None
    for step in steps:
        try:
            found.append(await step)
        except PutOffError as error:
            put_off = error
    return _Came(found, put_off)


async def _all(steps: Iterable[Awaitable[Result]]) -> list[Result]:
    """The results of all steps. Raises PutOffError if some were put off."""
    came = await _all_that_come(steps)
    if came.put_off:
        raise came.put_off
    return came.found


def question_keys(
    about: Sequence[object], document: DocumentText, questions: Sequence[Question], ledger: Ledger
) -> dict[UUID, bytes]:
    """The keys under which a ledger keeps something `about` the answer to each question alone, until all answers about
    the document are written."""
    if not questions:
        return {}
    shared = sha256(json.dumps([*about, document.pages]).encode())
    keys = {}
    for question in questions:
        key = shared.copy()
        key.update(f"{question.id} {_besides(document, [question], ledger)}".encode())
        keys[question.id] = key.digest()
    return keys


def _besides(document: DocumentText, questions: Sequence[Question], ledger: Ledger) -> str:
    # A batch may take until tomorrow.
    return besides_the_pages(document.name, questions, dated=ledger.queue is None)


def _in_groups(questions: Sequence[Question], together: int) -> list[Sequence[Question]]:
    return [questions[start : start + together] for start in range(0, len(questions), together)]


def _affinity(document: DocumentText) -> str:
    """Equal for all calls about a document's text, of any process."""
    return sha256("\f".join((document.owner, *document.pages)).encode("utf-8", "replace")).hexdigest()[:32]


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


def _words(raw: str, citations: Sequence[Citation], places: Mapping[_Said, tuple[Span, ...]]) -> str:
    """The words of an answer, if the document has them; else empty."""
    words = _storable(raw).strip()
    form = normalise(words)
    quoted = any(citation.verified and form in normalise(citation.quote) for citation in citations)
    return words if form and (quoted or places.get((words, None))) else ""


def _content(question: Question, raw: RawAnswer, words: str, citations: tuple[Citation, ...]) -> Content:
    reasoning = _storable(raw.reasoning).strip()
    summary, (value, doubt, unit) = _typed(question, raw.answer, words)
    rules = rules_in_words(question)
    held = rules[raw.rule - 1] if raw.rule and 1 <= raw.rule <= len(rules) else None
    verified = bool(citations) and all(citation.verified for citation in citations)
    if value is None and says_nothing(summary):
        # A "not found" has no evidence, unless a rule holds for it ("uncapped").
        evidence = citations if held else ()
        how_far = more(SILENT, UNVERIFIED) if evidence and not verified else SILENT
        return Content(NOT_FOUND, None, "grey", reasoning, evidence, held, doubtful=not verified, doubt=how_far)
    doubtful = value is None or bool(doubt) or not verified
    said = (raw.flag or "").casefold()
    flag: Flag = "red" if said == "red" else "green" if said == "green" and not doubtful else "yellow"
    if value is False and not citations and flag != "red":
        flag = "grey"  # a No because the document says nothing has no evidence, like "not found"
    signs = (
        (UNVERIFIED, not verified),
        (UNTYPED, value is None),
        (UNCERTAIN, said == "yellow" or (value is not None and bool(doubt))),
    )
    how_far = SILENT if flag == "grey" else more(FOUND, *(sign for sign, is_there in signs if is_there))
    return Content(summary, value, flag, f"{reasoning} {doubt}".strip(), citations, held, doubtful, unit, how_far)


def _evidenced(question: Question, answer: Answer) -> Answer:
    """The answer, in doubt if one of its items or sentences has no quote."""
    content = answer.content
    if content is None or question.format not in ("text", "bulleted_list") or content.value is None:
        return answer
    missing = unshown(content.value, content.citations)
    if not missing:
        return answer
    return replace(answer, content=doubted(content, f"No verified quote shows: {'; '.join(missing)}.", UNSHOWN))


def _typed(question: Question, answer: str | bool | list[str] | None, words: str) -> CellValue:
    """The text that is shown, and its typed value."""
    if answer is None:
        return CellValue("", Measured(None))
    if isinstance(answer, list):
        items = folded(_storable(item).strip() for item in answer if item.strip())
        if question.format == "bulleted_list":
            return CellValue("; ".join(items), measured(json.dumps(items), question))
        answer = "; ".join(items)
    if isinstance(answer, bool):
        answer = "yes" if answer else "no"
    shown, outcome = two_readings(question, _storable(answer).strip(), words)
    return CellValue(("Yes" if outcome.value else "No") if isinstance(outcome.value, bool) else shown, outcome)


def _storable(text: str) -> str:
    """A model can answer with any escape; PostgreSQL keeps no NUL and no lone surrogate."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
