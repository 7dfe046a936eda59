"""The meaning of many vendors' errors, in the words that their users have reported."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai._models import construct_type
from openai.types.chat import ChatCompletion

from columnist.llm.replies import Refusal, completion, refusal, refusal_inside

PROMPT, ANSWER = 9_000, 2_000
"""Estimated tokens of the request, and the most of its answer."""


def refused(message: str, status: int = 400, code: str = "", **headers: str) -> Refusal:
    return Refusal(status, code, message, {name.replace("_", "-"): value for name, value in headers.items()})


def by_http(status: int, body: Any) -> Refusal:
    """The refusal as the SDK hands it over."""
    client = AsyncOpenAI(base_url="http://x", api_key="x")
    request = client._client.build_request("POST", "http://x")
    transport = sys.modules[type(request).__module__.partition(".")[0]]  # it differs between versions of the SDK
    text = body if isinstance(body, str) else json.dumps(body)
    response = transport.Response(status, text=text, request=request)
    return refusal(client._make_status_error_from_response(response))


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ("This model's maximum context length is 8192 tokens. However, you requested 11000 tokens.", 400, ""),
        ("Please reduce the length of the messages or completion.", 400, "context_length_exceeded"),
        ("Please reduce the length of the messages or completion.", 400, ""),
        ("The decoder prompt (length 9001) is longer than the maximum model length of 8192.", 400, ""),
        ("prompt is too long: 9463 tokens > 8192 maximum", 400, "invalid_request_error"),
        ("input length and `max_tokens` exceed context limit: 9240 + 2000 > 10000, decrease input length", 400, ""),
        ("The input token count (9000) exceeds the maximum number of tokens allowed (8192).", 400, "INVALID_ARGUMENT"),
        (
            "Prompt contains 9000 tokens and 0 draft tokens, too large for model with 8192 maximum context length",
            400,
            "",
        ),
        ("too many tokens: size limit exceeded by 826 tokens. The limit for this model is 8192 tokens", 400, ""),
        ("`inputs` tokens + `max_new_tokens` must be <= 8192. Given: 9000 `inputs` tokens", 422, "validation"),
        ("The input (9000 tokens) is longer than the model's context length (8192 tokens).", 400, ""),
        ("Requested token count exceeds the model's maximum context length of 8192 tokens.", 400, ""),
        ("Input is too long for requested model.", 400, "ValidationException"),
        ("the request exceeds the available context size. try increasing it", 400, "exceed_context_size_error"),
        ("request (9012 tokens) exceeds the available context size (8192 tokens), try increasing it", 400, ""),
        (
            "Trying to keep the first 9000 tokens when context the overflows. It is loaded with only 8192 tokens",
            400,
            "",
        ),
        ("This model's maximum prompt length is 8192 but the request contains 9812 tokens.", 400, ""),
        ("invalid params, context window exceeds limit (2013)", 400, ""),
        ("Prompt 超长", 400, "1261"),
        ("Your request exceeded model token limit: 8192 (requested: 9000)", 400, ""),
        ("Range of input length should be [1, 6144]", 400, "InvalidParameter"),
        ("Current length is 9000 while limit is 8192", 400, "context_length_exceeded"),
        ("Request body too large for this model. Max size: 8000 tokens.", 413, "tokens_limit_reached"),
        ("Payload Too Large", 413, ""),
        (
            "The estimated number of input and maximum output tokens (11000) exceeded this context window (8192).",
            400,
            "",
        ),
        ("Request too large on tokens per min (TPM): Limit 6000, Requested 9100.", 429, "rate_limit_exceeded"),
        ("Request too large for model in organization on tokens per minute: Limit 6000, Requested 9020", 413, "tokens"),
        ("Input tokens exceed the configured limit of 8192 tokens. Your messages resulted in 9012 tokens.", 400, ""),
        ("Input validation error: `inputs` must have less than 8192 tokens. Given: 9012", 422, "validation"),
        ("ValueError: This model's maximum context length is 8192 tokens", 500, ""),
        ("Die Eingabe ist zu lang: 9000 Token, maximal 8192", 400, ""),
        ("input_tokens: 9000, max: 8192", 422, ""),
        ("Your input is too big", 400, ""),
        ("Sequence length 9120 > 8192", 400, ""),
        ("max_seq_len is 8192, got 9120", 422, ""),
        ("Please ensure your prompt is shorter than 8192 tokens", 400, ""),
        ("La requête dépasse la longueur maximale du contexte (8192 jetons)", 400, ""),
        ("输入长度超过最大限制", 400, ""),
        ("入力が長すぎます。最大8192トークン", 400, ""),
        ("n_ctx exceeded", 500, ""),
        ("Model context limit reached", 400, ""),
        ("Expected a string with maximum length 32000", 400, "string_above_max_length"),
        ("Слишком длинный запрос: 9012 токенов при максимуме 8192", 400, ""),
        ("토큰 수 9012이(가) 최대 8192를 초과했습니다", 400, ""),
        ("max_position_embeddings=8192; sequence of 9012", 400, ""),
        ("Prompt is too lengthy", 400, ""),
        ("The request does not fit in the model's context window", 400, ""),
        ("Malformed input: expected maxLength: 10000, actual: 40000, please reformat your input", 400, ""),
        ("Bad request", 400, "token_limit_exceeded"),
        ("Bad request", 400, "model_max_length_exceeded"),
        ("input is too large to process. increase the physical batch size", 500, ""),
        ("token数量超过上限", 500, "10907"),
    ],
)
def test_a_request_that_is_too_long_is_known_by_numbers_and_words_of_any_vendor(
    message: str, status: int, code: str
) -> None:
    share = refused(message, status, code).share_that_fits(PROMPT, ANSWER)
    assert share is not None
    assert 0 < share < 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"},
        [{"error": {"code": 400, "message": "The input token count (9012) exceeds the maximum of 8192."}}],
        {"detail": [{"type": "value_error", "msg": "prompt token count 9012 greater than 8192"}]},
        {"errors": [{"code": "invalid", "message": "the number of input tokens 9012 cannot exceed the limit 8192"}]},
        {
            "error": {
                "message": "Provider returned error",
                "metadata": {"raw": "prompt is too long: 9012 > 8192 tokens"},
            }
        },
        "the request exceeds the available context size",
    ],
)
def test_a_refusal_is_read_in_whatever_form_it_comes(body: Any) -> None:
    said = by_http(400, body)
    assert said.share_that_fits(PROMPT, ANSWER) is not None
    assert not set("{}[]") & set(said.message)


@pytest.mark.parametrize(
    ("status", "body", "intended"),
    [
        (400, {"__type": "ThrottlingException", "message": "Too many requests."}, 429),
        (400, [{"error": {"message": "API key not valid."}}], 401),
        (400, {"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded"}}, 402),
        (429, {"error": {"message": "Check your plan.", "code": "insufficient_quota"}}, 402),
        (429, {"error": {"message": "Allocated quota exceeded.", "code": "insufficient_quota"}}, 429),
        (400, {"error": {"message": "/chat/completions: Invalid model name passed in model=x"}}, 404),
        (400, {"error": "The model has crashed without additional information."}, 500),
        (404, {"error": {"message": "Model unloaded."}}, 500),
    ],
)
def test_words_say_what_a_status_means(status: int, body: Any, intended: int) -> None:
    assert by_http(status, body).status == intended


def test_the_headers_of_the_server_behind_a_router_count() -> None:
    metadata = {"raw": "slow down", "headers": {"X-RateLimit-Reset": int(time.time() + 15) * 1_000, "X-Other": None}}
    wait = by_http(429, {"error": {"message": "Rate limit exceeded", "metadata": metadata}}).retry_after
    assert wait is not None and 10 < wait <= 15.1


def test_of_a_web_page_only_the_words_are_shown() -> None:
    assert by_http(413, "<html><h1>413 Too Large</h1><hr>nginx</html>").message == "413 Too Large nginx"


def test_the_numbers_say_how_much_fits() -> None:
    said = refused("maximum context length is 4,096 tokens, you requested 8,192 tokens")
    assert said.share_that_fits(6_000, ANSWER) == 0.5


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ("temperature must be less than or equal to 2", 400, ""),
        ("Unsupported parameter: 'max_tokens' is not supported with this model.", 400, "unsupported_parameter"),
        ("Invalid schema for response_format 'answers': 'maxItems' is not permitted.", 400, "invalid_request_error"),
        ("The response was filtered: the prompt triggers the content management policy.", 400, "content_filter"),
        ("Incorrect API key provided: sk-12345678.", 401, "invalid_api_key"),
        ("Rate limit reached on tokens per min (TPM): Limit 30000, Used 29500, Requested 9000.", 429, ""),
        ("Rate limit reached for requests per min: Limit 500.", 429, "rate_limit_exceeded"),
        ("max_tokens is too large: 2000. This model supports at most 1024 completion tokens.", 400, ""),
        ("Internal server error", 500, ""),
        ("You have exceeded your monthly limit of 8192 requests", 400, ""),
        ("schema too large: 9000 bytes, limit 8192", 400, ""),
        ("User rate exceeded: 9000 of 8192 requests", 400, ""),
        ("Too many requests: 9000 > 8192", 400, ""),
        ("CUDA out of memory. Tried to allocate 2048 MiB", 500, ""),
        ("model is overloaded, please reduce the rate of your requests", 503, ""),
    ],
)
def test_another_refusal_is_not_taken_for_a_request_that_is_too_long(message: str, status: int, code: str) -> None:
    assert refused(message, status, code).share_that_fits(PROMPT, ANSWER) is None


def test_an_answer_longer_than_the_model_gives_is_asked_for_with_fewer_tokens() -> None:
    said = refused("max_tokens is too large: 2000. This model supports at most 1024 completion tokens.")
    assert said.answers_at_most(ANSWER) == 1024
    assert refused("maximum context length is 8192 tokens, max_tokens 2000").answers_at_most(ANSWER) is None


@pytest.mark.parametrize(
    ("message", "headers", "seconds"),
    [
        ("", {"retry_after": "7"}, 7),
        ("", {"retry_after": "0"}, None),
        ("", {"retry_after_ms": "250"}, 0.25),
        ("", {"x_ms_retry_after_ms": "1500"}, 1.5),
        ("", {"x_ratelimit_reset_requests": "1m30s"}, 90),
        ("", {"x_ratelimit_reset_tokens": "120ms"}, 0.12),
        ("", {"x_ratelimit_reset_tokens": "6m0s"}, 360),
        ("", {"retry_after": "99999"}, 600),
        ("", {"retry_after": "soon"}, None),
        ("", {"x_retry_after": "9"}, 9),
        ("", {"x_ratelimit_reset": "15"}, 15),
        ("", {"ratelimitbysize_reset": "20"}, 20),
        ("", {"x_ratelimit_reset_tokens_minute": "27", "x_ratelimit_reset_requests_day": "40000"}, 27),
        ("", {"ratelimit": "limit=100, remaining=0, reset=17"}, 17),
        ("", {"ratelimit": '"default";r=0;t=17'}, 17),
        ("请在 30 秒后重试", {}, 30),
        ("Please try again in 1.2s. Visit the site.", {}, 1.2),
        ("Rate limit reached. Please try again in 6m11.5s.", {}, 371.5),
        ("Please retry after 24 seconds.", {}, 24),
        ("Please wait 3 minutes", {}, 180),
        ("Please retry in 36.5s. [retryDelay: 36s]", {}, 36.5),
        ("", {"retry_after": "nan"}, None),
        ("", {"retry_after": "inf"}, None),
        ("", {"retry_after": "-5"}, None),
        ("", {"retry_after": "PT1M30S"}, 90),
        ("", {"retry_after": "00:01:30"}, 90),
        ("", {"retry_after": "20000 milliseconds"}, 20),
        ("", {"retry_after": "1d"}, 600),
        ("", {"retry_after": "30, 60"}, 30),
        ("", {"retry_after": '"30"'}, 30),
        ("", {"x_ratelimit_retry_after": "30"}, 30),
        ("", {"x_rate_limit_retry_after_seconds": "30"}, 30),
        ("", {"x_ratelimit_reset_requests": "0s", "x_ratelimit_reset_tokens": "30s"}, 30),
        (
            "",
            {
                "x_ratelimit_reset_requests": "8ms",
                "x_ratelimit_reset_tokens": "30s",
                "x_ratelimit_remaining_tokens": "0",
            },
            30,
        ),
        ("tokens per min", {"x_ratelimit_reset_requests": "8ms", "x_ratelimit_reset_tokens": "30s"}, 30),
        ("{'retry_after_ms': 2000}", {}, 2),
        ("Please wait 1 minute 30 seconds", {}, 90),
        ("Please wait 30000 milliseconds", {}, 30),
        ("Try again in 2 days", {}, 600),
    ],
)
def test_the_wait_is_read_from_any_header_or_from_words(message: str, headers: dict[str, str], seconds: Any) -> None:
    assert refused(message, 429, **headers).retry_after == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("in_seconds", [1, 1_000, 1_000_000, 1_000_000_000])
def test_a_time_since_1970_is_no_time_to_wait(in_seconds: int) -> None:
    at = int((time.time() + 15) * in_seconds)
    wait = refused("", 429, x_ratelimit_reset=str(at)).retry_after
    assert wait is not None and 10 < wait <= 15.1


@pytest.mark.parametrize(
    "form",
    [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%a, %d %b %Y %H:%M:%S -0000",
        "%a %b %d %H:%M:%S %Y",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S UTC",
    ],
)
def test_a_date_to_wait_for_may_be_in_any_form_and_in_words(form: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=15)
    for said in (
        refused("", 429, retry_after=until.strftime(form)),
        refused(f"Retry after {until:%Y-%m-%dT%H:%M:%SZ}.", 429),
    ):
        assert said.retry_after is not None and 10 < said.retry_after <= 15


def reply(body: dict[str, Any]) -> ChatCompletion:
    made = construct_type(type_=ChatCompletion, value=body)  # as the SDK does, which checks nothing
    assert isinstance(made, ChatCompletion)
    return made


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"detail": "Internal Server Error"}, 500),
        ({"code": 429, "message": "slow down"}, 429),
        ({"code": 1302, "msg": "rate limit reached", "success": False}, 429),
        ({"error": {"code": "1302", "message": "您的账户已达到速率限制"}}, 429),
        ({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, 429),
        ({"error_code": 18, "error_msg": "Open api qps request limit reached"}, 429),
        ({"success": False, "errors": [{"code": 3040, "message": "Capacity temporarily exceeded"}]}, 503),
        ({"Response": {"Error": {"Code": "LimitExceeded", "Message": "slow down"}, "RequestId": "1"}}, 429),
        ({"__type": "ThrottlingException", "message": "slow down"}, 429),
        ({"error": "Model too busy, unable to get response", "error_type": "overloaded"}, 503),
        ({"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "error"}]}, 500),
        ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, 402),
        ({"code": 10013, "message": "输入内容审核不通过"}, 400),
        ({"choices": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, 400),
    ],
)
def test_an_error_in_a_reply_is_weather_whatever_its_form(body: dict[str, Any], status: int) -> None:
    found = refusal_inside(reply(body))
    assert found is not None and found.status == status


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": None, "parsed": {"c1": 1}}},
        {"message": {"content": [{"type": "json", "json": {"c1": 1}}]}},
        {"delta": {"content": '{"c1": 1}'}},
        {"text": '{"c1": 1}'},
        {"message": {"content": "", "tool_calls": [{"function": {"arguments": {"c1": 1}}}]}},
    ],
)
def test_an_answer_is_found_wherever_a_server_puts_it(choice: dict[str, Any]) -> None:
    body = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": ""}}, choice]}
    assert refusal_inside(reply(body)) is None
    assert completion(reply(body)).text == '{"c1": 1}'
    assert not completion(reply(body)).cut_off


WHOLE: dict[str, Any] = {
    "choices": [
        {
            "finish_reason": "stop",
            "logprobs": {"content": [{"token": "a", "logprob": -0.1}]},
            "message": {"content": "{}", "refusal": None, "tool_calls": [{"function": {"arguments": "{}"}}]},
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3}},
}
ODD: list[Any] = [
    None,
    "",
    "x",
    "12.5",
    "NaN",
    -5,
    1.5,
    1e30,
    float("inf"),
    True,
    [],
    {},
    [None],
    ["x"],
    [[]],
    {"a": 1},
]


def bent(whole: Any, odd: Any) -> Iterator[Any]:
    """`whole` with one of its parts, at any depth, replaced by `odd`."""
    yield odd
    if isinstance(whole, dict):
        for name, inner in whole.items():
            yield from ({**whole, name: one} for one in bent(inner, odd))
    if isinstance(whole, list):
        yield from ([one] for inner in whole for one in bent(inner, odd))


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_reply_of_any_form_is_read_and_its_tokens_are_whole_numbers(odd: Any) -> None:
    for body in filter(lambda one: isinstance(one, dict), bent(WHOLE, odd)):
        refusal_inside(reply(body))
        said = completion(reply(body))
        assert isinstance(said.text, str) and isinstance(said.declined, str)
        counts = (said.prompt_tokens, said.cached_tokens, said.completion_tokens)
        assert (
            all(type(one) is int and 0 <= one <= 10**8 for one in counts) and said.cached_tokens <= said.prompt_tokens
        )


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking", "reasoning_details"])
def test_thoughts_are_found_wherever_a_server_puts_them(name: str) -> None:
    thoughts = [{"type": "reasoning.text", "text": "So."}] if name == "reasoning_details" else "So."
    said = completion(reply({"choices": [{"finish_reason": "stop", "message": {"content": None, name: thoughts}}]}))
    assert (said.text, said.thoughts) == ("", "So.")


@pytest.mark.parametrize("reason", ["length", "MAX_TOKENS", "max_completion_tokens", "incomplete", "truncated"])
def test_a_reply_is_known_to_be_cut_off_in_any_words(reason: str) -> None:
    assert completion(reply({"choices": [{"finish_reason": reason, "message": {"content": "{"}}]})).cut_off


def test_a_limit_of_tokens_is_told_from_one_of_calls() -> None:
    tokens = refused("Rate limit reached on tokens per min (TPM): Limit 30000, Used 29500, Requested 900.", 429)
    assert (tokens.counts_tokens, tokens.tokens_a_minute) == (True, 30_000)
    named = refused("too many tokens per minute", 429, x_ratelimit_limit_tokens="6000")
    assert (named.counts_tokens, named.tokens_a_minute) == (True, 6_000)
    assert not refused("Rate limit reached for requests per min: Limit 500.", 429).counts_tokens
    assert not refused("Rate limit: 3 requests per minute (tokens left: 900)", 429).counts_tokens


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("Quota exceeded: input_token_count, limit: 250000, quotaId: InputTokensPerModelPerMinute-FreeTier", 250_000),
        ("You have exceeded the token rate limit of your pricing tier. Please retry after 60 seconds.", None),
        ("Limit: 30k TPM, used 29k", 30_000),
        ("ITPM limit of 50000 reached", 50_000),
        ("tokens/min limit 6000 reached", 6_000),
        ("Token limit is exceeded. Try again in 12 seconds.", None),
        ("Too many tokens, please wait before trying again.", None),
        ("Rate limit (429): tokens per min exceeded", None),
        (f"tokens per min: limit {'9' * 400}", None),
    ],
)
def test_a_limit_of_tokens_is_known_in_any_words(message: str, limit: int | None) -> None:
    said = refused(message, 429)
    assert (said.counts_tokens, said.tokens_a_minute) == (True, limit)


@pytest.mark.parametrize("reason", ["content_filter", "content_filter: SAFETY", "PROHIBITED_CONTENT", "refusal"])
def test_an_answer_that_a_filter_stopped_is_known_in_any_words(reason: str) -> None:
    assert completion(reply({"choices": [{"finish_reason": reason, "message": {"content": ""}}]})).declined
