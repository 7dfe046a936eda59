"""One model of an OpenAI-compatible server: structured answers, patience with the weather, usage."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import openai
import structlog
from openai import AsyncOpenAI
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from columnist import telemetry
from columnist.backoff import back_off
from columnist.documents.tokens import estimated_tokens
from columnist.errors import (
    ContextExceededError,
    DeclinedError,
    LlmAwayError,
    LlmRefusedError,
    LlmUnavailableError,
    RequestRefusedError,
    SettingsError,
)
from columnist.llm.limiter import TROUBLE, Limiter, Pace
from columnist.llm.replies import Completion, Refusal, completion, refusal, refusal_inside
from columnist.llm.usage import UNCOUNTED, Ledger, Usage
from columnist.settings import ASSUMED_CONTEXT_TOKENS, Settings

log = structlog.get_logger()

GIVE_UP_AFTER = 3
"""Failures of one call while the server answers others, or a probe: then the call is the problem, not the server. Times
TABULAR_JOB_MAX_ATTEMPTS this is the ceiling of a call's tries, and times COLUMNIST_LLM_TIMEOUT_SECONDS of its time."""

PATIENCE_SECONDS = 20.0
"""How long a call waits for a server that has too much to do, before the document gives its place back."""

PROBE_SECONDS = 20.0
PROBE_TOKENS = 16

CONNECT_SECONDS = 10.0
COUNT_SECONDS = 2.0
"""How long somebody who gives a call up waits until it is counted; it is counted all the same later."""

AFFINITY_HEADERS = ("X-Session-ID", "X-SMG-Routing-Key")
"""By which vLLM's router, LiteLLM and SGLang's gateway keep the calls about a document on the server that has read it.
Others ignore them."""
OPENAI_HOST = "api.openai.com"
"""Whose router reads `prompt_cache_key` in the body; other servers may refuse a field that they do not know."""

_HEALING = frozenset((408, 409, 425, 429))
_REFUSABLE = {
    "bounds": ("maxitems", "'minimum'", '"minimum"', "`minimum`"),
    "response_format": ("response_format", "json_schema", "structured output", "guided", "grammar"),
    "max_tokens": ("max_completion_tokens",),
    "temperature": ("temperature",),
}
"""Parameters that some servers do not take, and the words by which their refusals are known."""


class _TransientError(Exception):
    """The server is down, busy or slow: it may heal. `cause`: as telemetry.RETRIES counts it; with `rate_limited` it
    only has too much to do, whatever the call. `retry_after` in seconds, if the server said so; `paced`: its tokens in
    a time are too many, and later calls are paced."""

    def __init__(self, sentence: str, cause: str, retry_after: float | None = None, paced: bool = False) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.retry_after = retry_after
        self.paced = paced


@dataclass(frozen=True, slots=True)
class _Request:
    """What `complete` asks."""

    messages: Sequence[ChatCompletionMessageParam]
    schema: dict[str, Any]
    max_tokens: int
    affinity: str

    def prompt_tokens(self) -> int:
        """Estimated, which takes 20 ms for a long document."""
        return _sent_tokens(self.messages)


class ChatModel:
    """Calls share a limiter and what was learned about the server. Use as an async context manager."""

    def __init__(self, settings: Settings, model: str, base_url: str | None) -> None:
        self.model = model
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
        if key is None and base_url is not None:
            key = "none"  # a local server asks for no key, but the SDK wants one
        if key is None:
            raise LlmRefusedError(
                f"There is no server to ask for the model {model!r}: set OPENAI_BASE_URL (and OPENAI_API_KEY if it "
                "needs one), or use --model extractive."
            )
        if base_url is not None and not base_url.startswith(("http://", "https://")):
            raise SettingsError(
                f"Invalid value for OPENAI_BASE_URL ({base_url!r}): it must start with http:// or https://."
            )
        # One slot of a file's own server, which is never away but may be slow: no queue there, and no hurry.
        own = model.endswith(".gguf")
        self._seconds = None if own else settings.llm_timeout_seconds
        self.limiter = Limiter(1 if own else settings.llm_max_in_flight)
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=key,
            timeout=openai.Timeout(self._seconds, connect=CONNECT_SECONDS),
            max_retries=0,
        )
        self._answers = 0
        self._speaks = False
        self._unreachable = False
        self._probing = asyncio.Lock()
        self._probed_at = 0.0
        self._probe_answered = False
        self._refused: set[str] = set()
        self._pace = Pace()
        self._extra_body = settings.llm_extra_body
        self._most_answer_tokens = sys.maxsize
        self._longest_context = settings.context_tokens
        self._context_tokens: int | None = None
        _open.add(self)

    async def __aenter__(self) -> "ChatModel":
        return self

    async def __aexit__(self, *_: object) -> None:
        _open.discard(self)
        TROUBLE.pop(self.model, None)
        await self._client.close()

    async def served_models(self) -> list[str]:
        """The models that the server lists. Raises LlmRefusedError or LlmUnavailableError at once."""
        try:
            return [model.id for model in await self._listed()]
        except openai.OpenAIError as error:
            understood = await self._understood(error)
            if isinstance(understood, _TransientError):
                raise LlmUnavailableError(f"The LLM server {self._client.base_url}: {understood}.") from error
            raise understood from error

    async def context_tokens(self) -> int:
        """The model's context window, as far as COLUMNIST_CONTEXT_TOKENS lets it be used: as the server says (vLLM,
        llama.cpp), else ASSUMED_CONTEXT_TOKENS."""
        if self._context_tokens is None:
            try:
                listed = await self._listed()
            except openai.OpenAIError:
                # No server to ask now; it will refuse a request that is too long.
                return self._longest_context or ASSUMED_CONTEXT_TOKENS
            extras = [model.model_extra or {} for model in listed if model.id == self.model or len(listed) == 1]
            said = [extra.get("max_model_len") or (extra.get("meta") or {}).get("n_ctx") for extra in extras]
            known = [tokens for tokens in (self._longest_context, *said) if tokens]
            self._context_tokens = min(known, default=ASSUMED_CONTEXT_TOKENS)
        return self._context_tokens

    async def complete(
        self,
        messages: Sequence[ChatCompletionMessageParam],
        schema: dict[str, Any],
        max_tokens: int,
        ledger: Ledger = UNCOUNTED,
        key: bytes | None = None,
        affinity: str = "",
    ) -> Completion:
        """Ask until there is an answer; cancel to give up. `schema` is a JSON schema in the strict subset of OpenAI.
        `affinity`: the same for calls whose prompts begin alike, so that routers send them to the same server.

        What heals soon is waited for, with back-off and jitter. Raises LlmAwayError when the server is down or full for
        longer than that: the caller gives its place back and tries later. Raises LlmRefusedError for what asking again
        cannot heal (RequestRefusedError if it concerns this request alone, ContextExceededError if that is too long for
        the model), LlmUnavailableError if this call fails GIVE_UP_AFTER times while the server answers others,
        JobPausedError if the `ledger` admits no call. Everything that is billed is counted there, answers as those to
        `key`. What a call has cost that was given up is estimated.
        """
        failures = blamed = 0
        answers = self._answers
        patient_until: float | None = None
        while True:
            outcome = await self._in_turn(_Request(messages, schema, max_tokens, affinity), ledger, key)
            if isinstance(outcome, Completion):
                return outcome
            weather = outcome
            telemetry.RETRIES.labels(weather.cause).inc()
            failures += 1
            patient_until = patient_until or time.monotonic() + PATIENCE_SECONDS
            busy = weather.cause == "rate_limited"
            if weather.cause == "timeout":
                await self._count_given_up(messages, ledger)
            if not busy and weather.cause != "connection":
                # A failure says something of this call only if the server answers others.
                answered_others, answers = self._answers > answers, self._answers
                if answered_others or await self._answers_a_word():
                    blamed += 1
                    answers = self._answers
                if blamed >= GIVE_UP_AFTER:
                    raise LlmUnavailableError(
                        f"The LLM server failed {failures} times over this request while it answered others: {weather}."
                    )
            delay = weather.retry_after or back_off(failures)
            if self.limiter.down or time.monotonic() + delay > patient_until:
                if not self.limiter.down:
                    self.limiter.close(delay)
                TROUBLE[self.model] = str(weather)
                raise LlmAwayError(f"The LLM server {self._client.base_url}: {weather}.")
            await asyncio.sleep(delay)

    async def _in_turn(self, request: "_Request", ledger: Ledger, key: bytes | None) -> "Completion | _TransientError":
        """Wait for a slot and ask once; what may heal is returned. The slot is held until the call is counted, so that
        the next call knows what this one has cost."""
        try:
            async with self.limiter.slot() as started_at:
                await ledger.admit()
                await self._pace.wait(request.prompt_tokens)
                try:
                    await self._await_listing()
                    completion = await self._measured(request)
                except _TransientError as weather:
                    self._on_failure(weather, started_at)
                    return weather
                except LlmRefusedError:
                    self._on_success()
                    raise
                except asyncio.CancelledError:
                    await self._count_given_up(request.messages, ledger)
                    raise
                self._on_success()
                self._pace.took(completion.prompt_tokens)
                return await self._counted(completion, request.max_tokens, ledger, key)
        except LlmAwayError as away:
            raise LlmAwayError(TROUBLE.get(self.model, str(away))) from None

    async def _counted(self, completion: Completion, max_tokens: int, ledger: Ledger, key: bytes | None) -> Completion:
        """Raises ContextExceededError if the answer ended before `max_tokens` for want of room (llama.cpp), and
        DeclinedError if there is none."""
        if completion.declined:
            await ledger.count(completion.usage)
            raise DeclinedError(completion.declined)
        if completion.cut_off and 0 < completion.completion_tokens < min(max_tokens, self._most_answer_tokens):
            await ledger.count(completion.usage)
            raise ContextExceededError("The request left no room in the model's context for the whole answer.")
        await ledger.count(completion.usage, key, completion.text)
        return completion

    async def _count_given_up(self, messages: Sequence[ChatCompletionMessageParam], ledger: Ledger) -> None:
        """The server has worked on it, and bills it."""
        try:
            async with asyncio.timeout(COUNT_SECONDS):
                await ledger.count(Usage(prompt_tokens=_sent_tokens(messages)))
        except TimeoutError:
            log.warning("the tokens of a call that was given up are not counted yet: the database is away")

    async def _answers_a_word(self) -> bool:
        """Whether the server answers the smallest of calls; concurrent callers share one answer."""
        asked_at = time.monotonic()
        async with self._probing:
            if self._probed_at < asked_at:
                try:
                    await self.probe()
                except LlmUnavailableError:
                    self._probe_answered = False
                except LlmRefusedError:
                    self._probe_answered = True
                else:
                    self._probe_answered = True
                self._probed_at = time.monotonic()
            return self._probe_answered

    async def probe(self) -> None:
        """Ask for one word, past the limiter. Raises LlmRefusedError or LlmUnavailableError at once."""
        form = "max_completion_tokens" if "max_tokens" in self._refused else "max_tokens"
        words: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say yes."}]
        request: dict[str, Any] = {"model": self.model, "messages": words, form: PROBE_TOKENS}
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._client.chat.completions.create(**request)
        except (openai.OpenAIError, TimeoutError) as error:
            understood = await self._understood(error)
            if isinstance(understood, _TransientError):
                raise LlmUnavailableError(f"The LLM server {self._client.base_url}: {understood}.") from error
            if not isinstance(understood, RequestRefusedError):  # which is an answer, too
                raise understood from error
        self._on_success()

    async def _await_listing(self) -> None:
        """A server that was not there is back once it lists its models: then all may ask. Raises _TransientError."""
        if not (self.limiter.down and self._unreachable):
            return
        try:
            await self._listed()
        except openai.APIConnectionError as error:
            raise await self._understood(error) from error
        except openai.OpenAIError:
            return  # it has no list; the call itself will tell
        self._is_there()

    async def _measured(self, request: "_Request") -> Completion:
        started_at = time.monotonic()
        outcome = "failed"
        try:
            with telemetry.LLM_IN_FLIGHT.track_inprogress(), telemetry.span("llm call", model=self.model) as span:
                completion = await self._ask(request)
                tokens = {
                    "prompt": completion.prompt_tokens,
                    "cached": completion.cached_tokens,
                    "completion": completion.completion_tokens,
                }
                for kind, count in tokens.items():
                    telemetry.LLM_TOKENS.labels(kind).inc(count)
                    span.set_attribute(f"{kind}_tokens", count)
                outcome = "answered"
                return completion
        finally:
            telemetry.LLM_CALL_SECONDS.labels(outcome).observe(time.monotonic() - started_at)

    async def _ask(self, request: "_Request") -> Completion:
        while True:
            without = frozenset(self._refused)
            most = min(request.max_tokens, self._most_answer_tokens)
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await self._client.chat.completions.create(**self._sent(request, most, without))
                return _answered(answer)
            except (openai.OpenAIError, TimeoutError, ValueError) as error:
                understood = await self._understood(error, request.prompt_tokens(), most)
                if isinstance(understood, ContextExceededError) or not self._learns_from(error, without, most):
                    raise understood from error

    def _sent(self, request: "_Request", max_tokens: int, without: frozenset[str]) -> dict[str, Any]:
        messages, schema = list(request.messages), request.schema
        sent: dict[str, Any] = {"model": self.model, "messages": messages}
        body: dict[str, Any] = dict(self._extra_body)
        if "temperature" not in without:
            sent["temperature"] = 0
        sent["max_completion_tokens" if "max_tokens" in without else "max_tokens"] = max_tokens
        if "bounds" in without:
            schema = _unbounded(schema)
        if "response_format" not in without:
            form = {"name": "answers", "strict": True, "schema": schema}
            # Not as a parameter: the SDK would take milliseconds to walk through the schema.
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        else:
            last: Any = dict(messages[-1])
            last["content"] = f"{last['content']}\n\nAnswer with JSON only, by this JSON schema:\n{json.dumps(schema)}"
            messages[-1] = last
        if request.affinity:
            sent["extra_headers"] = dict.fromkeys(AFFINITY_HEADERS, request.affinity)
            if self._client.base_url.host == OPENAI_HOST:
                body["prompt_cache_key"] = request.affinity
        if body:
            sent["extra_body"] = body
        return sent

    def _learns_from(self, error: Exception, without: frozenset[str], max_tokens: int) -> bool:
        """Whether the server refused a parameter that it can be asked without, or with less; it is, from now on."""
        said = _said(error)
        if said is None or said.status in _HEALING or said.full:
            return False
        if most := said.answers_at_most(max_tokens):
            self._most_answer_tokens = most
            return True
        message = said.message.lower()
        for parameter, words in _REFUSABLE.items():
            # Calls that were under way together are all refused, and all learn.
            if parameter not in without and any(word in message for word in words):
                if parameter not in self._refused:
                    log.info("the LLM server does without", parameter=parameter, said=said.message)
                self._refused.add(parameter)
                return True
        return False

    async def _understood(
        self, error: Exception, prompt_tokens: int = 0, answer_tokens: int = 0
    ) -> LlmRefusedError | _TransientError:
        """The one place where the SDK's exceptions become ours; the tokens are those of the request, estimated."""
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return _TransientError("it did not answer in time (COLUMNIST_LLM_TIMEOUT_SECONDS)", "timeout")
        if isinstance(error, openai.APIConnectionError):
            return _TransientError(f"it cannot be reached ({error.__cause__ or error})", "connection")
        said = _said(error)
        if said is None:
            if self._speaks or isinstance(error, _NoAnswerError):
                # A proxy before it says this, or it broke off.
                return _TransientError("its reply is no answer", "server_error")
            return LlmRefusedError(
                f"{self._client.base_url} does not speak the OpenAI protocol: check OPENAI_BASE_URL; most end in /v1."
            )
        return await self._meant(said, prompt_tokens, answer_tokens)

    async def _meant(self, said: Refusal, prompt_tokens: int, answer_tokens: int) -> LlmRefusedError | _TransientError:
        if said.code == "insufficient_quota":
            return LlmRefusedError(f"The LLM account has no quota left: {said.message}")
        share = said.share_that_fits(prompt_tokens, answer_tokens) if answer_tokens else None
        if share is not None:
            return ContextExceededError(f"The request is longer than the model's context: {said.message}", share)
        if said.full:
            if said.counts_tokens:
                self._pace.learn(said.tokens_a_minute, said.retry_after)
            return _TransientError(f"it answered {said.status}", "rate_limited", said.retry_after, said.counts_tokens)
        if said.status in _HEALING or said.status >= 500:
            cause = "timeout" if said.status == 408 else "server_error"
            return _TransientError(f"it answered {said.status}", cause, said.retry_after)
        if said.status in (401, 403):
            return LlmRefusedError(f"The LLM server refuses the key: check OPENAI_API_KEY. It says: {said.message}")
        if said.status == 402:
            return LlmRefusedError(f"The LLM account has to be paid up: {said.message}")
        if said.status == 404:
            return LlmRefusedError(f"The LLM server does not serve {self.model!r}{await self._what_it_serves()}")
        return RequestRefusedError(f"The LLM server refuses the request ({said.status}): {said.message}")

    async def _listed(self) -> list[Model]:
        try:
            listed = [model async for model in self._client.models.list()]
        except AttributeError as error:  # what the SDK comes to when the server answers with a web page
            raise openai.OpenAIError("no list of models") from error
        self._speaks = True
        return listed

    async def _what_it_serves(self) -> str:
        try:
            names = [model.id for model in await self._listed()]
        except openai.OpenAIError:
            return ": check --model and OPENAI_BASE_URL; most end in /v1."
        return f", but: {', '.join(sorted(names)[:10]) or 'nothing'}. Check --model and OPENAI_BASE_URL."

    def _on_success(self) -> None:
        self._answers += 1
        self._speaks = True
        self._is_there()

    def _is_there(self) -> None:
        if self.limiter.down:
            log.warning("the LLM server is back", base_url=str(self._client.base_url))
            self._context_tokens = None  # it may be another one
        TROUBLE.pop(self.model, None)
        self.limiter.on_success()

    def _on_failure(self, weather: _TransientError, started_at: float) -> None:
        self._unreachable = weather.cause == "connection"
        was_down = self.limiter.down
        if not weather.paced:
            busy = weather.cause == "rate_limited"
            self.limiter.on_failure(started_at, busy=busy, reached=weather.cause != "connection")
        if self.limiter.down:
            TROUBLE[self.model] = str(weather)
        if self.limiter.down and not was_down:
            log.warning("the LLM server is in trouble", base_url=str(self._client.base_url), reason=str(weather))


_open: WeakSet[ChatModel] = WeakSet()
telemetry.LLM_LIMIT.set_function(lambda: sum(chat.limiter.limit for chat in _open))


class _NoAnswerError(openai.OpenAIError):
    """A reply without anything in it."""


class _RefusedInsideError(openai.OpenAIError):
    """A reply with status 200 that is an error."""

    def __init__(self, said: Refusal) -> None:
        super().__init__(said.message)
        self.said = said


def _answered(answer: object) -> Completion:
    """The completion. Raises OpenAIError if the reply is none."""
    if said := refusal_inside(answer):
        raise _RefusedInsideError(said)
    if not isinstance(answer, ChatCompletion):  # the SDK hands on as text what it cannot read, such as a web page
        raise openai.OpenAIError("no completion") if answer else _NoAnswerError("an empty reply")
    return completion(answer)


def _said(error: Exception) -> Refusal | None:
    if isinstance(error, _RefusedInsideError):
        return error.said
    return refusal(error) if isinstance(error, openai.APIStatusError) else None


def _unbounded(schema: Any) -> Any:
    """The schema without the bounds that some servers do not take."""
    if isinstance(schema, dict):
        return {name: _unbounded(value) for name, value in schema.items() if name not in ("maxItems", "minimum")}
    return [_unbounded(one) for one in schema] if isinstance(schema, list) else schema


def _sent_tokens(messages: Sequence[ChatCompletionMessageParam]) -> int:
    """Estimated tokens of a prompt whose usage the server did not report."""
    return sum(estimated_tokens(str(message.get("content") or "")) for message in messages)
