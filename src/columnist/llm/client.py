"""One model of an OpenAI-compatible server: structured answers, patience with the weather, usage."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import openai
import structlog
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from columnist.errors import ContextExceededError, LlmRefusedError, LlmUnavailableError
from columnist.llm.limiter import Limiter
from columnist.settings import Settings

log = structlog.get_logger()

FIRST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 30.0
DOWN_AFTER = 3
"""Failures in a row, over all calls, after which the server counts as down: then one call at a time probes it."""

GIVE_UP_AFTER = 5
"""Failures in a row of one call while others succeed: then the call is the problem, not the server."""

_HEALING = frozenset((408, 409, 425, 429))
_CONTEXT_WORDS = ("context length", "context size", "context window", "maximum context", "context_length", "n_ctx")


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer's text and its tokens; `cut_off`: it ended at the token limit. `cached_tokens` are of the prompt's."""

    text: str
    cut_off: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class _WeatherError(Exception):
    """The server is down, busy or slow: it may heal. `retry_after` in seconds, if the server said so."""

    def __init__(self, sentence: str, retry_after: float | None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


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
        self._client = AsyncOpenAI(base_url=base_url, api_key=key, timeout=settings.llm_timeout_seconds, max_retries=0)
        self._limiter = Limiter(settings.llm_max_in_flight)
        self._failures_in_a_row = 0
        self._successes = 0
        self._unsupported: set[str] = set()

    async def __aenter__(self) -> "ChatModel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def served_models(self) -> list[str]:
        """The models that the server lists. Raises LlmRefusedError or LlmUnavailableError at once."""
        try:
            return [model.id async for model in self._client.models.list()]
        except openai.OpenAIError as error:
            try:
                raise await self._understood(error) from error
            except _WeatherError as weather:
                raise LlmUnavailableError(f"{self._client.base_url}: {weather}") from error

    async def complete(
        self, messages: Sequence[ChatCompletionMessageParam], schema: dict[str, Any], max_tokens: int
    ) -> Completion:
        """Ask until there is an answer; cancel to give up. `schema` is a JSON schema in the strict subset of OpenAI.

        A server that is down, busy (429) or slow is waited for, with back-off and jitter, as long as it takes. Raises
        LlmRefusedError for what asking again cannot heal, ContextExceededError if the request is too long for the
        model, LlmUnavailableError if this call alone keeps failing while others succeed.
        """
        failures, successes_before = 0, self._successes
        while True:
            async with self._limiter.slot():
                started_at = time.monotonic()
                try:
                    completion = await self._ask(messages, schema, max_tokens)
                except _WeatherError as weather:
                    failures += 1
                    delay = self._struggled(weather, failures, started_at)
                    if failures >= GIVE_UP_AFTER and self._successes > successes_before:
                        raise LlmUnavailableError(
                            f"The LLM server failed {failures} times over this request while it answered others: "
                            f"{weather}"
                        ) from weather
                else:
                    self._succeeded()
                    return completion
            await asyncio.sleep(delay)

    async def _ask(
        self, messages: Sequence[ChatCompletionMessageParam], schema: dict[str, Any], max_tokens: int
    ) -> Completion:
        while True:
            try:
                answer = await self._client.chat.completions.create(**self._request(messages, schema, max_tokens))
            except openai.OpenAIError as error:
                if self._learns_from(error):
                    continue
                raise await self._understood(error) from error
            usage, choice = answer.usage, answer.choices[0] if answer.choices else None
            details = usage.prompt_tokens_details if usage else None
            return Completion(
                text=(choice.message.content if choice else None) or "",
                cut_off=choice is not None and choice.finish_reason == "length",
                prompt_tokens=usage.prompt_tokens if usage else 0,
                cached_tokens=(details.cached_tokens if details else None) or 0,
                completion_tokens=usage.completion_tokens if usage else 0,
            )

    def _request(
        self, messages: Sequence[ChatCompletionMessageParam], schema: dict[str, Any], max_tokens: int
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"model": self.model, "messages": list(messages)}
        if "temperature" not in self._unsupported:
            request["temperature"] = 0
        limit = "max_completion_tokens" if "max_tokens" in self._unsupported else "max_tokens"
        request[limit] = max_tokens
        if "response_format" not in self._unsupported:
            form = {"name": "answers", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        else:
            last = dict(messages[-1])
            last["content"] = f"{last['content']}\n\nAnswer with JSON only, by this JSON schema:\n{json.dumps(schema)}"
            request["messages"][-1] = last
        return request

    def _learns_from(self, error: openai.OpenAIError) -> bool:
        """Whether the server refused a parameter that it can be asked without; it is, from now on."""
        if not isinstance(error, openai.APIStatusError) or error.status_code not in (400, 404, 422, 501):
            return False
        message = str(error.message).lower()
        for parameter, words in {
            "response_format": ("response_format", "json_schema", "structured output", "guided", "grammar"),
            "max_tokens": ("max_completion_tokens",),
            "temperature": ("temperature",),
        }.items():
            if parameter not in self._unsupported and any(word in message for word in words):
                self._unsupported.add(parameter)
                log.info("the LLM server does without", parameter=parameter, said=error.message)
                return True
        return False

    async def _understood(self, error: openai.OpenAIError) -> Exception:
        """The one place where the SDK's exceptions become ours."""
        if isinstance(error, openai.APITimeoutError):
            return _WeatherError("it did not answer in time (COLUMNIST_LLM_TIMEOUT_SECONDS)", None)
        if isinstance(error, openai.APIConnectionError):
            return _WeatherError(f"it cannot be reached ({error.__cause__ or error})", None)
        if not isinstance(error, openai.APIStatusError):
            return _WeatherError(f"its answer cannot be read ({error})", None)
        message = str(error.message)
        if error.code == "insufficient_quota":
            return LlmRefusedError(f"The LLM account has no quota left: {message}")
        if error.status_code in _HEALING or error.status_code >= 500:
            return _WeatherError(f"it answered {error.status_code}", _retry_after(error))
        if error.status_code in (401, 403):
            return LlmRefusedError(f"The LLM server refuses the key: check OPENAI_API_KEY. It says: {message}")
        if error.code == "context_length_exceeded" or any(word in message.lower() for word in _CONTEXT_WORDS):
            return ContextExceededError(f"The request is longer than the model's context: {message}")
        if error.status_code == 404:
            return LlmRefusedError(f"The LLM server does not serve {self.model!r}{await self._what_it_serves()}")
        return LlmRefusedError(f"The LLM server refuses the request ({error.status_code}): {message}")

    async def _what_it_serves(self) -> str:
        try:
            names = [model.id async for model in self._client.models.list()]
        except openai.OpenAIError:
            return ": check --model and OPENAI_BASE_URL."
        return f", but: {', '.join(sorted(names)[:10]) or 'nothing'}. Check --model and OPENAI_BASE_URL."

    def _succeeded(self) -> None:
        if self._failures_in_a_row >= DOWN_AFTER:
            log.warning("the LLM server is back", base_url=str(self._client.base_url))
        self._failures_in_a_row = 0
        self._successes += 1
        self._limiter.succeeded()

    def _struggled(self, weather: _WeatherError, failures: int, started_at: float) -> float:
        """Note a failure; returns how long this call waits, in seconds."""
        self._failures_in_a_row += 1
        self._limiter.struggled(started_at)
        longest = min(FIRST_BACK_OFF_SECONDS * 2.0**failures, LONGEST_BACK_OFF_SECONDS)
        delay = weather.retry_after or random.uniform(0, longest)  # noqa: S311 - full jitter
        if self._failures_in_a_row >= DOWN_AFTER or weather.retry_after:
            # Many calls wait for their turn: without a pause for all, each would try the dead server at once.
            self._limiter.pause(delay)
        if self._failures_in_a_row == DOWN_AFTER:
            log.warning("the LLM server is in trouble", base_url=str(self._client.base_url), reason=str(weather))
        return delay


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds that the server asks to wait: a number, or an HTTP date."""
    value = error.response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(seconds, 0.0) or None
