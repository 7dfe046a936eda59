"""One server that speaks the OpenAI protocol: its answers, its limits, and whether it is there."""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx
import openai
import structlog
from openai import AsyncOpenAI
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from columnist import telemetry
from columnist.documents.tokens import estimated_tokens
from columnist.errors import ContextExceededError, LlmRefusedError, LlmUnavailableError, RequestRefusedError
from columnist.llm.limiter import Limiter, Pace, Slot
from columnist.llm.replies import (
    Completion,
    Refusal,
    completion,
    count,
    failed_generation,
    fields,
    put_together,
    refusal,
    refusal_inside,
    refusal_of,
)
from columnist.llm.usage import CELL_TOKENS, NOTHING, Reply, Usage
from columnist.settings import Settings, host_of

Result = TypeVar("Result")

log = structlog.get_logger()

PROBE_SECONDS = 20.0
PROBE_TOKENS = 16

CONNECT_SECONDS = 10.0

CHECK_SECONDS = 3.0
"""How often one of several servers is checked while it has calls or is away."""
SILENT_SECONDS = 5.0
"""How long it may take to list its models."""
SILENT_TIMES = 2
"""How often in a row it may be silent before its calls go to the others."""

AFFINITY_HEADERS = ("X-Session-ID", "X-SMG-Routing-Key")
"""Headers with which vLLM's router, LiteLLM and SGLang's gateway keep the calls about a document on the server that has
read it. Others ignore them."""
PRIORITY_HEADER, FIRST = "X-Vllm-Priority", "-1"
"""With this, vLLM with `--scheduling-policy priority` runs a call before others, whose priority is 0. Without that
policy it refuses the call, and does not get the header again; other servers ignore it."""
OPENAI_HOST = "api.openai.com"
"""This host's router reads `prompt_cache_key` in the body; other servers may refuse an unknown field."""

_WAITING = ("vllm:num_requests_waiting", "sglang:num_queue_reqs", "llamacpp:requests_deferred")
_RUNNING = ("vllm:num_requests_running", "sglang:num_running_reqs", "llamacpp:requests_processing")
_QUEUE = re.compile(rf"^({'|'.join((*_WAITING, *_RUNNING))})(?:\{{[^\n]*\}})? ([0-9.e+]+)$", re.MULTILINE)
"""One line for each engine behind the address."""

_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
"""Names of the context window: of vLLM and SGLang, OpenRouter, Groq, Mistral, and llama.cpp."""

_HEALING = frozenset((408, 409, 424, 425, 429, 460, 499))
"""Codes under 500 of failures that may heal: 460 and 499 are those of load balancers."""
_OF_A_CALL = frozenset((413, 429))
_REFUSABLE = {
    "bounds": ("maxitems", "'minimum'", '"minimum"', "`minimum`"),
    "response_format": ("response_format", "json_schema", "structured output", "guided", "grammar"),
    "max_tokens": ("max_completion_tokens",),
    "temperature": ("temperature",),
    "priority": ("priority",),
    "system": ("system role", "roles must alternate", "role: system", "role 'system'"),
}
"""Parameters that some servers refuse, and the words that identify these refusals."""
_TRIALS = (frozenset(("bounds",)), frozenset(("bounds", "response_format")))
"""The parameters that are left out after a refusal in other words."""
SUSPICIONS = 2
"""So many requests must be answered without a parameter before a server counts as refusing it."""
NOT_IMPLEMENTED = 501
_LEAST_READ, _MOST_CHARACTERS = 1_000, 6
"""Fewer tokens of a prompt are a miscount; and the most characters of a token, on average, that raise no suspicion."""
_OF_A_FORM = re.compile(r"schema|\bfsm\b|regex|compil|decoding", re.I)
_UNREADABLE = (ValueError, RecursionError)
_FAILURES = (openai.OpenAIError, TimeoutError, *_UNREADABLE)
"""What the SDK raises, also over a reply that it cannot read."""
_FILTER = re.compile(r"filter|policy|policies|moderat|safety|flagged|prohibited|harm", re.I)


class TransientError(Exception):
    """The server is down, busy or slow: this may heal. `cause`: as telemetry.RETRIES counts it; `rate_limited` means
    only that it is overloaded, whatever the call. `retry_after` in seconds, if the server states it; `paced`: too many
    tokens per time, so later calls are paced. `usage`: what a reply without an answer has cost."""

    usage = NOTHING

    def __init__(self, sentence: str, cause: str, retry_after: float | None = None, paced: bool = False) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.retry_after = retry_after
        self.paced = paced


@dataclass(frozen=True, slots=True)
class Request:
    """A call. `affinity`: equal for calls whose prompts begin alike; `first`: it goes before others; `plain`: without
    the schema, which may be what the server fails over."""

    messages: Sequence[ChatCompletionMessageParam]
    schema: dict[str, Any]
    max_tokens: int
    affinity: str
    first: bool = False
    plain: bool = False

    @property
    def expected_tokens(self) -> int:
        """The tokens of the answer, estimated."""
        return min(self.max_tokens, CELL_TOKENS * len(self.schema.get("properties", ())))

    def prompt_tokens(self) -> int:
        """The tokens of the prompt, estimated, which takes 20 ms for a long document."""
        return sum(estimated_tokens(str(message.get("content") or "")) for message in self.messages)


class Server:
    """Asks one server for one model; owns its limiter and what is known about it. `on_trouble` is called when it is
    away, or back."""

    def __init__(
        self, settings: Settings, model: str, base_url: str | None, key: str, on_trouble: Callable[[], None]
    ) -> None:
        self.model = model
        # A local file's server has one slot, is never away and may be slow: no queue, and no urgency.
        own = model.endswith(".gguf")
        self._seconds = None if own else settings.llm_timeout_seconds
        self.limiter = Limiter(1 if own else settings.llm_max_in_flight)
        self.pace = Pace()
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=key,
            timeout=openai.Timeout(self._seconds, connect=CONNECT_SECONDS),
            max_retries=0,
        )
        self._on_trouble = on_trouble
        self._reports_queue = self._client.base_url.host != OPENAI_HOST and not own
        self._metrics: httpx.AsyncClient | None = None
        self._one_of_several = False
        self.url = str(self._client.base_url)
        self.name = host_of(self.url)
        self.answers = 0
        self.most_answer_tokens = sys.maxsize
        self._longest_read = 0
        self.trouble = ""
        self.refusal: LlmRefusedError | None = None
        self._watching: asyncio.Task[None] | None = None
        self._calls: set[asyncio.Timeout] = set()
        self._speaks = False
        self._unreachable = False
        self._probing = asyncio.Lock()
        self._probed_at = 0.0
        self._probe_answered = False
        self._refused: set[str] = set()
        self._taken: set[str] = set()
        self._suspected: Counter[AbstractSet[str]] = Counter()
        self._extra_body = settings.llm_extra_body
        self._rehearsed = False
        self._context_tokens: int | None = None

    @property
    def open(self) -> bool:
        """Whether it can be asked now, and has not refused every call."""
        return self.refusal is None and self.limiter.open

    async def close(self) -> None:
        """End its connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._metrics is not None:
            await self._metrics.aclose()
        await self._client.close()

    async def served_models(self) -> list[str]:
        """The models in the server's list. Raises LlmRefusedError or LlmUnavailableError at once."""
        try:
            return [model.id for model in await self._listed()]
        except openai.OpenAIError as error:
            raise await self._at_once(error) from error

    async def context_tokens(self) -> int | None:
        """The context window that the server reports; None if it reports none, or is away."""
        if self._context_tokens is None:
            try:
                listed = await self._listed()
            except openai.OpenAIError:
                # The server cannot be asked now; it will refuse a request that is too long.
                return None
            extras = [fields(model) for model in listed if model.id == self.model or len(listed) == 1]
            said = [(extra | fields(extra.get("meta"))).get(name) for extra in extras for name in _CONTEXT]
            self._context_tokens = next(filter(None, map(count, said)), 0)
        return self._context_tokens or None

    async def ask(self, request: Request, slot: Slot) -> Completion:
        """Ask once, in this slot. Raises TransientError for a failure that may heal, LlmRefusedError for one that
        asking again cannot heal."""
        try:
            await self._await_listing()
            completion = await self._measured(replace(request, first=slot.reserved))
        except TransientError as weather:
            self._on_failure(weather, slot.started_at)
            raise
        except LlmRefusedError:
            self._on_success()
            raise
        self._on_success()
        self.pace.took(completion.prompt_tokens)
        return completion

    def body(self, request: Request) -> dict[str, Any]:
        """The JSON body of a call, for a batch."""
        most = min(request.max_tokens, self.most_answer_tokens)
        sent = self._sent(request, most, frozenset(self._refused))
        sent.pop("extra_headers", None)
        extra: dict[str, Any] = sent.pop("extra_body", {})
        return sent | extra

    def share_read(self, request: Request, tokens: int) -> float | None:
        """The share of a request that it has read, by the `tokens` of the prompt that it counts; None if it has read
        the whole one. A server that does not count what is in its cache has counted a document once."""
        self._longest_read = max(self._longest_read, tokens)
        characters = sum(len(str(message.get("content") or "")) for message in request.messages)
        if tokens < _LEAST_READ or characters < _MOST_CHARACTERS * tokens:
            return None
        expected = request.prompt_tokens()
        return tokens / expected if expected > 2 * self._longest_read else None

    async def rehearse(self, max_tokens: int) -> Usage:
        """Before the first batch: ask once for a word, in the form of its calls, to learn which parameters the server
        refuses. A batch that is refused as a whole would cost a day. Raises as `ask` does."""
        async with self._probing:
            if self._rehearsed:
                return NOTHING
            words: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say yes."}]
            completion = await self._ask(Request(words, _YES, max_tokens, ""))
            self._rehearsed = True
            return completion.usage

    async def replied(self, reply: Reply, request: Request) -> Completion:
        """The completion in a batch's reply to a call. Raises as `ask` does, and TransientError if the server refused a
        parameter, which is left out from now on."""
        most = min(request.max_tokens, self.most_answer_tokens)
        try:
            return _answered(_chat_completion(reply), most)
        except _FAILURES as error:
            understood = await self._understood(error, request.prompt_tokens(), most)
            if not isinstance(understood, ContextExceededError) and self._learns_from(error, frozenset(), most):
                raise TransientError("it refused a parameter", "server_error") from error
            raise understood from error

    async def managed(self, act: Callable[[AsyncOpenAI], Awaitable[Result]]) -> Result:
        """Use the SDK's client for something other than asking a model. Raises as `ask` does."""
        try:
            return await act(self._client)
        except _FAILURES as error:
            raise await self._understood(error) from error

    def may_fail_over_the_schema(self, weather: TransientError) -> bool:
        """Whether this failure may be a refusal of the schema: the server has never answered by one."""
        return weather.cause == "server_error" and _TRIALS[-1].isdisjoint(self._taken | self._refused)

    def set_aside(self, error: LlmRefusedError | TransientError, seconds: float = 0.0) -> None:
        """Pause the server: for this time, or, after a refusal of every call, until it lists its models."""
        if isinstance(error, LlmRefusedError):
            self.refusal = error
            log.warning("the LLM server refuses every call", server=self.name, reason=str(error))
        elif not self.limiter.down:
            self.limiter.close(seconds)
        self._report(str(error))

    def watch(self, *, one_of_several: bool) -> None:
        """Follow its queue from now on. If it is one of several, also check whether it is gone or back, because no call
        that others can answer tries it."""
        self._one_of_several = one_of_several
        if self._watching is None and (one_of_several or self._reports_queue):
            self._watching = asyncio.create_task(self._watch())

    async def answers_a_word(self) -> bool:
        """Whether the server answers the smallest call; concurrent callers share one answer."""
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
        except _FAILURES as error:
            understood = await self._at_once(error)
            if not isinstance(understood, RequestRefusedError):  # which is an answer, too
                raise understood from error
        self._on_success()

    async def _at_once(self, error: Exception) -> LlmRefusedError | LlmUnavailableError:
        understood = await self._understood(error)
        if isinstance(understood, TransientError):
            return LlmUnavailableError(f"The LLM server {self.name}: {understood}.")
        return understood

    async def _watch(self) -> None:
        silent = 0
        while self._one_of_several or self._reports_queue:
            await asyncio.sleep(CHECK_SECONDS)
            if self._calls and self._reports_queue:
                await self._follow_queue()
            if self._one_of_several and (self._calls or self.trouble):
                silent = await self._look(silent)

    async def metrics(self) -> str | None:
        """Its metrics for Prometheus, empty if it has none; None if it gives none now. The key is not sent: metrics are
        public."""
        if self._metrics is None:
            self._metrics = httpx.AsyncClient(timeout=SILENT_SECONDS)
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                said = await self._metrics.get(self.url.rstrip("/").removesuffix("/v1") + "/metrics")
        except (httpx.HTTPError, TimeoutError):
            return None
        return said.text if said.status_code == 200 else None if said.status_code >= 500 else ""

    async def _follow_queue(self) -> None:
        """Follow the server's queue; one without such metrics is not asked again."""
        said = await self.metrics()
        if said is None:
            return
        queue = queue_of(said)
        if queue is None:
            self._reports_queue = False
        else:
            self.limiter.follow(*queue)

    async def _look(self, silent: int) -> int:
        """Check whether it is there; returns how often in a row it was silent."""
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                served = [model.id for model in await self._listed()]
        except (openai.APIConnectionError, TimeoutError):
            if silent + 1 >= SILENT_TIMES and self.limiter.open:
                self._lose()
            return silent + 1
        except openai.APIStatusError as error:
            if error.status_code >= 500 or self.refusal is not None:
                return silent
            served = []  # it has no list
        except openai.OpenAIError:
            return silent
        if self.refusal is None or not served or self.model in served:
            await self._look_again()
        return 0

    def _lose(self) -> None:
        """Count the server as gone. Its calls would hang until they time out: they end now, and go to others."""
        self._on_failure(TransientError("it does not answer", "connection"), time.monotonic())
        for call in self._calls:
            call.reschedule(asyncio.get_running_loop().time())

    async def _look_again(self) -> None:
        """It lists its models, so it is back, unless it was there and failed."""
        if self.refusal is not None or (self.limiter.down and self._unreachable):
            self._is_there()
        elif self.limiter.down and self.limiter.closed_for == 0:
            await self.answers_a_word()
        elif self.limiter.open:  # it asked to wait, and that is over
            self._report("")

    async def _await_listing(self) -> None:
        """A server that was away is back once it lists its models: then all calls may ask. Raises TransientError."""
        if not (self.limiter.down and self._unreachable):
            return
        try:
            await self._listed()
        except openai.APIConnectionError as error:
            raise await self._understood(error) from error
        except openai.OpenAIError:
            return  # it has no list; the call itself will show
        self._is_there()

    async def _measured(self, request: Request) -> Completion:
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

    async def _ask(self, request: Request) -> Completion:
        first: LlmRefusedError | TransientError | None = None
        untried = iter(_TRIALS)
        left_out = _TRIALS[-1] if request.plain else frozenset()
        while True:
            without = frozenset(self._refused) | left_out
            most = min(request.max_tokens, self.most_answer_tokens)
            answer = None
            try:
                async with asyncio.timeout(self._seconds) as call:
                    self._calls.add(call)
                    try:
                        answer = await self._client.chat.completions.create(**self._sent(request, most, without))
                    finally:
                        self._calls.discard(call)
                answered = _answered(answer, most)
                self._taken |= _REFUSABLE.keys() - without
                if left_out:
                    self._suspect(left_out, str(first or "it failed over the schema"))
                return answered
            except _FAILURES as error:
                if (text := failed_generation(error)) is not None:
                    return Completion(text, False, request.prompt_tokens(), 0, estimated_tokens(text))
                understood = await self._understood(error, request.prompt_tokens(), most)
                if isinstance(understood, TransientError) and isinstance(answer, ChatCompletion):
                    understood.usage = completion(answer).usage
                if isinstance(understood, ContextExceededError):
                    raise understood from error
                if self._learns_from(error, without, most):
                    continue
                # It may refuse the schema in unknown words: then it answers without one. If it has answered with a
                # schema before, the refusal concerns this request.
                first = first or understood
                trial = next((one for one in untried if not one <= without | self._taken), None)
                if trial is None or not _may_be_the_form(error, understood):
                    raise first from error
                left_out = trial

    def _sent(self, request: Request, max_tokens: int, without: frozenset[str]) -> dict[str, Any]:
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
        if "system" in without:
            words = "\n\n".join(str(message["content"]) for message in messages)
            sent["messages"] = [{"role": "user", "content": words}]
        headers = dict.fromkeys(AFFINITY_HEADERS, request.affinity) if request.affinity else {}
        if request.first and "priority" not in without:
            headers[PRIORITY_HEADER] = FIRST
        if headers:
            sent["extra_headers"] = headers
        if request.affinity and self._client.base_url.host == OPENAI_HOST:
            body["prompt_cache_key"] = request.affinity
        if body:
            sent["extra_body"] = body
        return sent

    def _learns_from(self, error: Exception, without: frozenset[str], max_tokens: int) -> bool:
        """Whether the server refused a parameter that can be left out or reduced; from now on it is."""
        said = _said(error)
        if said is None or said.status in _HEALING or said.full:
            return False
        if most := said.answers_at_most(max_tokens):
            self.most_answer_tokens = most
            return True
        message = said.message.lower()
        for parameter, words in _REFUSABLE.items():
            # Calls that were in flight together are all refused, and all learn it.
            if parameter not in without and any(word in message for word in words):
                self._do_without({parameter}, said.message)
                return True
        return False

    def _suspect(self, parameters: AbstractSet[str], said: str) -> None:
        """Note that a refused request was answered without these parameters. Once may be chance."""
        self._suspected[parameters] += 1
        if self._suspected[parameters] >= SUSPICIONS and not parameters <= self._taken:
            self._do_without(parameters, said)

    def _do_without(self, parameters: AbstractSet[str], said: str) -> None:
        """Ask without these from now on."""
        for parameter in parameters - self._refused:
            log.info("the LLM server does without", parameter=parameter, said=said)
        self._refused |= parameters

    async def _understood(
        self, error: Exception, prompt_tokens: int = 0, answer_tokens: int = 0
    ) -> LlmRefusedError | TransientError:
        """The one place where the SDK's exceptions become ours; `tokens`: of the request, estimated."""
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            if self._unreachable:
                return TransientError("it does not answer", "connection")
            return TransientError("it did not answer in time (COLUMNIST_LLM_TIMEOUT_SECONDS)", "timeout")
        if isinstance(error, openai.APIConnectionError):
            return TransientError(f"it cannot be reached ({error.__cause__ or error})", "connection")
        said = _said(error)
        if self._speaks and isinstance(error, openai.APIStatusError) and _is_a_proxys(error):
            return TransientError(f"a proxy before it answered {error.status_code}", "server_error")
        if said is None:
            if self._speaks or _is_blank(error):
                # A proxy before it reports this, or it broke off.
                return TransientError("its reply is no answer", "server_error")
            return LlmRefusedError(
                f"{self.name} does not speak the OpenAI protocol: check OPENAI_BASE_URL; most end in /v1."
            )
        return await self._meant(said, prompt_tokens, answer_tokens)

    async def _meant(self, said: Refusal, prompt_tokens: int, answer_tokens: int) -> LlmRefusedError | TransientError:
        share = said.share_that_fits(prompt_tokens, answer_tokens) if answer_tokens else None
        if share is not None:
            return ContextExceededError(f"The request is longer than the model's context: {said.message}", share)
        if said.full:
            if said.counts_tokens:
                self.pace.learn(said.tokens_a_minute, said.retry_after)
            return TransientError(f"it answered {said.status}", "rate_limited", said.retry_after, said.counts_tokens)
        if said.status in _HEALING or said.status >= 500:
            cause = "timeout" if said.status == 408 else "server_error"
            return TransientError(f"it answered {said.status}", cause, said.retry_after)
        if said.status in (401, 403):
            return LlmRefusedError(f"The LLM server refuses the key: check OPENAI_API_KEY. It says: {said.message}")
        if said.status == 402:
            return LlmRefusedError(f"The LLM account has no credit or quota left, or unpaid bills: {said.message}")
        if said.status == 404:
            return LlmRefusedError(f"The LLM server does not serve {self.model!r}{await self._what_it_serves()}")
        return RequestRefusedError(f"The LLM server refuses the request ({said.status}): {said.message}")

    async def _listed(self) -> list[Model]:
        try:
            every = [model async for model in self._client.models.list()]
            listed = [model for model in every if isinstance(model, Model) and isinstance(model.id, str)]
        except (AttributeError, *_UNREADABLE) as error:  # the SDK returns None or fails when a web page is the answer
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
        self.answers += 1
        self._speaks = True
        self._is_there()

    def _is_there(self) -> None:
        if self.limiter.down:
            log.warning("the LLM server is back", server=self.name)
            self._context_tokens = None  # it may be another one
        self._unreachable = False
        self.refusal = None
        self.limiter.on_success()
        self._report("")

    def _on_failure(self, weather: TransientError, started_at: float) -> None:
        self._unreachable = weather.cause == "connection"
        was_down = self.limiter.down
        if not weather.paced:
            self.limiter.on_failure(
                started_at,
                busy=weather.cause == "rate_limited",
                reached=not self._unreachable,
                gone=self._unreachable and self._one_of_several,
            )
        if self.limiter.down:
            self._report(str(weather))
        if self.limiter.down and not was_down:
            log.warning("the LLM server is in trouble", server=self.name, reason=str(weather))

    def _report(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._on_trouble()


_YES = {
    "type": "object",
    "properties": {"answers": {"type": "array", "items": {"type": "string", "enum": ["yes"]}, "maxItems": 1}},
    "required": ["answers"],
    "additionalProperties": False,
}
"""The parameters, with a bound on the answer, which some servers refuse."""


def _chat_completion(reply: Reply) -> ChatCompletion:
    """The completion in the SDK's form. Raises OpenAIError for a refusal."""
    body = json.loads(reply.body)
    if reply.status >= 400 or not isinstance(body, dict):
        raise _RefusedInsideError(refusal_of(body, max(reply.status, 400)))
    return ChatCompletion.construct(**body)


class _NoAnswerError(openai.OpenAIError):
    """A reply without any content."""


class _RefusedInsideError(openai.OpenAIError):
    """A reply with status 200 that is an error."""

    def __init__(self, said: Refusal) -> None:
        super().__init__(said.message)
        self.said = said


def _answered(answer: object, max_tokens: int) -> Completion:
    """The completion. Raises OpenAIError if the reply has none."""
    if isinstance(answer, str) and answer.lstrip().startswith(("data:", ":", "event:")):
        answer = put_together(answer)
    if said := refusal_inside(answer):
        raise _RefusedInsideError(said)
    if not isinstance(
        answer, ChatCompletion
    ):  # the SDK returns a reply that it cannot parse, such as a web page, as text
        raise openai.OpenAIError("no completion") if answer else _NoAnswerError("an empty reply")
    if not answer.choices and not answer.usage:
        raise _NoAnswerError("an empty reply")
    found = completion(answer)
    # Some servers and proxies say `stop`, whatever ended it.
    return replace(found, cut_off=found.cut_off or found.completion_tokens == max_tokens)


def queue_of(metrics: str) -> tuple[int, int] | None:
    """The number of calls that a server runs, and that wait there, by the metrics of vLLM, SGLang or llama.cpp; None
    without them."""
    figures = {"running": 0.0, "waiting": 0.0}
    found = _QUEUE.findall(metrics)
    for name, figure in found:
        figures["waiting" if name in _WAITING else "running"] += float(figure)
    return (int(figures["running"]), int(figures["waiting"])) if found else None


def _may_be_the_form(error: Exception, understood: Exception) -> bool:
    """Whether a refusal may concern the form of a request, and not its words."""
    said = _said(error)
    if said is None or _FILTER.search(f"{said.code} {said.message}"):
        return False
    if isinstance(understood, RequestRefusedError) or said.status == NOT_IMPLEMENTED:
        return True
    return said.status == 500 and bool(_OF_A_FORM.search(said.message))


def _is_blank(error: Exception) -> bool:
    return isinstance(error, _NoAnswerError) or (isinstance(error, json.JSONDecodeError) and not error.doc.strip())


def _is_a_proxys(error: openai.APIStatusError) -> bool:
    """Whether a web page refuses a call, and not the server, which speaks JSON."""
    page = "html" in error.response.headers.get("content-type", "")
    return page and error.status_code < 500 and error.status_code not in _OF_A_CALL


def _said(error: Exception) -> Refusal | None:
    if isinstance(error, _RefusedInsideError):
        return error.said
    return refusal(error) if isinstance(error, openai.APIStatusError) else None


def _unbounded(schema: Any) -> Any:
    """The schema without the bounds that some servers refuse."""
    if isinstance(schema, dict):
        return {name: _unbounded(value) for name, value in schema.items() if name not in ("maxItems", "minimum")}
    return [_unbounded(one) for one in schema] if isinstance(schema, list) else schema
