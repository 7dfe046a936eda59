"""One model of one or several OpenAI-compatible servers: structured answers, patience with the weather, usage."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from weakref import WeakSet

import structlog
from openai.types.chat import ChatCompletionMessageParam

from columnist import telemetry
from columnist.backoff import back_off
from columnist.errors import (
    ContextExceededError,
    DeclinedError,
    LlmAwayError,
    LlmRefusedError,
    LlmUnavailableError,
    PutOffError,
    RequestRefusedError,
    SettingsError,
)
from columnist.llm.batches import Batches
from columnist.llm.fleet import Fleet
from columnist.llm.limiter import TROUBLE
from columnist.llm.replies import Completion
from columnist.llm.server import Request, Server, TransientError
from columnist.llm.usage import UNCOUNTED, Ledger, Queue, Usage
from columnist.settings import ASSUMED_CONTEXT_TOKENS, Settings, is_address, listed_urls

log = structlog.get_logger()

GIVE_UP_AFTER = 3
"""Failures of one call while the server answers others, or a probe, after which the call is the problem, not the
server; one more if it has never answered by a schema. Times TABULAR_JOB_MAX_ATTEMPTS this is the ceiling of a call's
tries, and times COLUMNIST_LLM_TIMEOUT_SECONDS of its time."""

PATIENCE_SECONDS = 20.0
"""How long a call waits for an overloaded server before the document gives its place back."""

COUNT_SECONDS = 2.0
"""How long a cancelled call waits until it is counted; later it is still counted."""


class ChatModel:
    """Calls share the servers' limiters and what is known about the servers. Use as an async context manager.

    `base_url`: one server or several of the same model, with commas or blanks between; None: OpenAI's.
    """

    def __init__(self, settings: Settings, model: str, base_url: str | None) -> None:
        self.model = model
        urls = listed_urls(base_url) if base_url is not None else (None,)
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
        if key is None and base_url is not None:
            key = "none"  # a local server asks for no key, but the SDK wants one
        if key is None:
            raise LlmRefusedError(
                f"There is no server to ask for the model {model!r}: set OPENAI_BASE_URL (and OPENAI_API_KEY if it "
                "needs one), or use --model extractive."
            )
        for url in urls:
            if url is not None and not is_address(url):
                raise SettingsError(
                    f"Invalid value for OPENAI_BASE_URL ({url!r}): it must be an address such as "
                    "http://localhost:8000/v1."
                )
        self._fleet = Fleet([Server(settings, model, url, key, self._report) for url in urls])
        self._longest_context = settings.context_tokens
        _open.add(self)

    async def __aenter__(self) -> "ChatModel":
        return self

    async def __aexit__(self, *_: object) -> None:
        _open.discard(self)
        TROUBLE.pop(self.model, None)
        for server in self.servers:
            await server.close()

    @property
    def servers(self) -> Sequence[Server]:
        """The servers of the settings, in their order."""
        return self._fleet.servers

    @property
    def batches(self) -> Batches:
        """The batches of the first server."""
        return Batches(self.servers[0])

    @property
    def documents(self) -> int:
        """How many documents may be in progress now with all servers."""
        return sum(server.limiter.documents for server in self.servers if server.refusal is None)

    @property
    def limit(self) -> int:
        """How many calls may be in flight now with all servers."""
        return sum(server.limiter.limit for server in self.servers)

    async def context_tokens(self) -> int:
        """The model's context window, limited by COLUMNIST_CONTEXT_TOKENS: the least that a server reports, else
        ASSUMED_CONTEXT_TOKENS."""
        asked = self._fleet.open() or self.servers
        said = await asyncio.gather(*(server.context_tokens() for server in asked))
        return min((tokens for tokens in (self._longest_context, *said) if tokens), default=ASSUMED_CONTEXT_TOKENS)

    async def probe(self) -> None:
        """Ask the servers in turn for one word, past the limiter, until one answers. Raises LlmRefusedError or
        LlmUnavailableError at once if none does."""
        failure: LlmRefusedError | LlmUnavailableError | None = None
        for server in sorted(self.servers, key=lambda server: not server.open):
            try:
                await server.probe()
                return
            except (LlmRefusedError, LlmUnavailableError) as error:
                failure = failure or error
        assert failure
        raise failure

    @asynccontextmanager
    async def document(self, affinity: str, urgent: bool = False) -> AsyncIterator[None]:
        """Wait until a document may begin, and hold its place while calls with this `affinity` are made. Raises
        LlmAwayError while all servers are away, or if they have less room than before and no place is free soon."""
        async with self._fleet.document(affinity, urgent):
            yield

    async def complete(
        self,
        messages: Sequence[ChatCompletionMessageParam],
        schema: dict[str, Any],
        max_tokens: int,
        ledger: Ledger = UNCOUNTED,
        key: bytes | None = None,
        affinity: str = "",
        urgent: bool = False,
    ) -> Completion:
        """Ask until there is an answer; cancel to give up. `schema` is a JSON schema in the strict subset of OpenAI.
        `affinity`: equal for calls whose prompts begin alike, so that they go to the same server, also through a
        router. `urgent`: a person waits for it, so it does not wait for other calls. For a failure that heals soon it
        waits, with back-off and jitter; if another server can be asked, it is asked at once. Raises LlmAwayError when
        all servers are down or full for longer than that: the caller gives its place back and tries later. Raises
        LlmRefusedError for what asking again cannot heal (RequestRefusedError if it concerns this request alone,
        ContextExceededError if that is too long for the model), LlmUnavailableError if this call fails GIVE_UP_AFTER
        times while the server answers others, JobPausedError if the `ledger` admits no call. Everything that is billed
        is counted there, answers as those to `key`. What a call has cost that was given up is estimated. Raises
        PutOffError if the ledger has a queue where the call waits now for a batch.
        """
        for server in self.servers:
            server.watch(one_of_several=len(self.servers) > 1)
        request = Request(messages, schema, max_tokens, affinity)
        if ledger.queue is not None:
            assert key is not None
            return await self._out_of_batch(request, ledger, ledger.queue, key)
        failures = blamed = 0
        answers = {server: server.answers for server in self.servers}
        patient_until: float | None = None
        tried: set[Server] = set()
        while True:
            server, outcome = await self._in_turn(request, tried, ledger, key, urgent)
            if isinstance(outcome, Completion):
                return outcome
            tried.add(server)
            elsewhere = bool(self._fleet.open(besides=tried))
            if isinstance(outcome, LlmRefusedError):
                if all(other.refusal for other in self.servers if other is not server):
                    raise outcome
                server.set_aside(outcome)
                continue
            weather = outcome
            telemetry.RETRIES.labels(weather.cause).inc()
            failures += 1
            patient_until = patient_until or time.monotonic() + PATIENCE_SECONDS
            if weather.cause == "timeout":
                await self._count_given_up(request, ledger)
            elif weather.usage:
                await ledger.count(weather.usage)
            blamed += await self._blames_the_call(weather, server, answers)
            request = _otherwise(request, server, weather, blamed, failures)
            if elsewhere:
                if weather.retry_after:
                    server.set_aside(weather, weather.retry_after)
                continue
            tried.clear()
            delay = weather.retry_after or back_off(failures)
            if server.limiter.down or time.monotonic() + delay > patient_until:
                server.set_aside(weather, delay)
                raise LlmAwayError(f"The {self._missed()}.")
            await asyncio.sleep(delay)

    async def _out_of_batch(self, request: Request, ledger: Ledger, queue: Queue, key: bytes) -> Completion:
        server = self.servers[0]
        reply = await queue.reply(key)
        if reply is None:
            await ledger.admit()
            try:
                if used := await server.rehearse(request.max_tokens):
                    await ledger.count(used)
            except TransientError as weather:
                raise LlmAwayError(f"The LLM server {server.name}: {weather}.") from weather
            expected = Usage(request.prompt_tokens(), completion_tokens=request.expected_tokens)
            queue.put_off(key, json.dumps(server.body(request), ensure_ascii=False), expected)
            raise PutOffError("The call waits for a batch.")
        try:
            return _usable(await server.replied(reply, request), server, request)
        except TransientError as weather:
            await queue.dismiss(key)
            raise LlmUnavailableError(f"The LLM server failed over this request in a batch: {weather}.") from weather

    async def _blames_the_call(self, weather: TransientError, server: Server, answers: dict[Server, int]) -> bool:
        """Whether a failure concerns this call: only if the server answers others. `answers`: how many each server had
        given when the call was made, or last failed."""
        if weather.cause in ("rate_limited", "connection"):
            return False
        answered_others, answers[server] = server.answers > answers[server], server.answers
        if not answered_others and not await server.answers_a_word():
            return False
        answers[server] = server.answers
        return True

    async def _in_turn(
        self, request: Request, tried: set[Server], ledger: Ledger, key: bytes | None, urgent: bool
    ) -> tuple[Server, Completion | TransientError | LlmRefusedError]:
        """Wait for a slot and ask once; returns a failure that may heal or that another server may avoid. The slot is
        held until the call is counted, so that the next call knows the cost of this one."""
        try:
            async with self._fleet.slot(request.affinity, tried, urgent) as (server, slot):
                await ledger.admit()
                await server.pace.wait(request.prompt_tokens)
                try:
                    completion = await server.ask(request, slot)
                except (RequestRefusedError, ContextExceededError):
                    raise
                except (TransientError, LlmRefusedError) as error:
                    return server, error
                except asyncio.CancelledError:
                    await self._count_given_up(request, ledger)
                    raise
                return server, await self._counted(completion, server, request, ledger, key)
        except LlmAwayError as away:
            raise LlmAwayError(f"The {self._missed()}." if self._missed() else str(away)) from None

    async def _counted(
        self, completion: Completion, server: Server, request: Request, ledger: Ledger, key: bytes | None
    ) -> Completion:
        try:
            _usable(completion, server, request)
        except RequestRefusedError:
            await ledger.count(completion.usage)
            raise
        # What is kept is read as a whole reply.
        await ledger.count(completion.usage, *(() if completion.cut_off else (key, completion.text)))
        return completion

    async def _count_given_up(self, request: Request, ledger: Ledger) -> None:
        """The server has worked on it, and bills it."""
        try:
            async with asyncio.timeout(COUNT_SECONDS):
                await ledger.count(Usage(prompt_tokens=request.prompt_tokens()))
        except TimeoutError:
            log.warning("the tokens of a call that was given up are not counted yet: the database is away")

    def _report(self) -> None:
        """Report the servers that are away."""
        if not (missed := self._missed()):
            TROUBLE.pop(self.model, None)
            return
        how = "Going on without" if self._fleet.open() else "Waiting for"
        TROUBLE[self.model] = f"{how} the {missed}."

    def _missed(self) -> str:
        """The servers that are away, with reasons; empty if none is."""
        missed = [server for server in self.servers if server.trouble]
        reasons = "; ".join(f"{server.name}: {server.trouble.rstrip('.')}" for server in missed)
        return f"LLM server{'s' if len(missed) > 1 else ''} {reasons}" if missed else ""


def _otherwise(request: Request, server: Server, weather: TransientError, blamed: int, failures: int) -> Request:
    """The request for another try. Raises LlmUnavailableError after enough tries, but one without a schema comes first,
    if that may be the reason."""
    if blamed < GIVE_UP_AFTER + request.plain:
        return request
    if not request.plain and server.may_fail_over_the_schema(weather):
        return replace(request, plain=True)
    raise LlmUnavailableError(
        f"The LLM server failed {failures} times over this request while it answered others: {weather}."
    )


def _usable(completion: Completion, server: Server, request: Request) -> Completion:
    """The completion. Raises ContextExceededError if the answer ended before its `max_tokens` for lack of room
    (llama.cpp), or if the server read but a part of the request (Ollama), and DeclinedError if there is none."""
    if completion.declined:
        raise DeclinedError(completion.declined)
    if completion.cut_off and 0 < completion.completion_tokens < min(request.max_tokens, server.most_answer_tokens):
        raise ContextExceededError("The request left no room in the model's context for the whole answer.")
    if share := server.share_read(request, completion.prompt_tokens):
        raise ContextExceededError(
            f"The LLM server has read only {completion.prompt_tokens} tokens of a longer request, without a word about "
            "the rest: it needs a larger context (Ollama: OLLAMA_CONTEXT_LENGTH).",
            share,
        )
    return completion


_open: WeakSet[ChatModel] = WeakSet()
telemetry.LLM_LIMIT.set_function(lambda: sum(chat.limit for chat in _open))
