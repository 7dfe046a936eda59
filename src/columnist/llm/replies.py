"""The meaning of a server's reply: a completion, or a refusal, by its status, code, numbers and words."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite, isnan
from typing import Any

import openai
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice
from pydantic import BaseModel

from columnist.llm.usage import Usage

LONGEST_RETRY_AFTER_SECONDS = 600.0

FULL = frozenset((429, 498, 503, 529))
"""Status codes of an overloaded server: vLLM sends 503, Anthropic 529, Groq 498."""

_STATUS_OF_CODE = (
    (re.compile(r"rate[_\s]?limit|too[_\s]many[_\s]req|throttl|tokens_per|resource_exhausted", re.I), 429),
    (re.compile(r"limit[_\s]?exceeded|\bqps\b|request[_\s]limit|速率|频率|限流", re.I), 429),
    (re.compile(r"overloaded|unavailable|capacity|\bbusy\b|繁忙", re.I), 503),
    (re.compile(r"time[d_\s-]*out", re.I), 504),
    (
        re.compile(r"authenticat|api[\s_-]?(?:secret\s)?key|unauthorized|login\s+fail|token\s+(?:is\s+)?invalid", re.I),
        401,
    ),
    (
        re.compile(r"insufficient[\s_](?:quota|balance|credit|funds)|billing|payment|arrear|欠费|余额|余額", re.I),
        402,
    ),
    (
        re.compile(
            r"invalid_request|context_length|bad_request|filter|sensitive|inspection|prohibited|safety|审核", re.I
        ),
        400,
    ),
)
"""The status of an error that comes with status 200, by its code or else its words."""
_INTENDED = tuple(
    (statuses, re.compile(words, re.I), intended)
    for statuses, words, intended in (
        (
            (400, 403, 429),
            r"credit\s+balance|insufficient[\s_-](?:balance|credits?|funds)|good\s+standing|arrear|billing_(?:hard|not)|欠费|余额不足"
            r"|insufficient_quota(?!\s+allocated)|exceeded_current_quota_error|budget(?:\s+has\s+been|_)\s?exceeded",
            402,
        ),
        ((400,), r"throttl|rate[\s_-]?limit(?:ed|_|\s+(?:exceed|reach))", 429),
        ((400, 404), r"model\s+(?:has\s+)?(?:crashed|unloaded)|no\s+models?\s+loaded", 500),
        (
            (400,),
            r"authentication\s+error|api[\s_-]?key\W{0,3}(?:is\s+)?(?:not\s+valid|invalid|expired)|invalid\W{0,3}api[\s_-]?key",
            401,
        ),
        (
            (400,),
            r"\bmodel\b\W{1,3}(?:\S{1,80}\s)?(?:does\s+|is\s+|was\s+)?not\s+(?:exist|found)|(?:unknown|no\s+such)\s+model\b"
            r"|invalid\s+model\s+name",
            404,
        ),
        ((403,), r"moderat|flagged|safety|content[\s_-]?(?:filter|polic)", 400),
        ((404,), r"(?:support|handle|accept)\w{0,9}\b.{0,60}(?:parameter|format|structured|json)", 400),
    )
)
"""The status that these words mean, whatever it came with: an account without credit may get a 400 or a 429, and a
request that no server behind a router takes a 404."""
_CODES = ("code", "status", "type", "error_code", "status_code", "error_type", "__type", "errorcode")
_MESSAGES = ("message", "msg", "error_msg", "status_msg", "errormessage", "detail", "error")
_INSIDE = ("error", "errors", "base_resp", "response", "detail")
"""Vendors' names for the parts of an error, in lower case, and for the objects around it."""

_LENGTH_CODE = re.compile(
    r"context|(?:tokens?|length)_(?:limit|exceed)|(?:string|prompt|input|request)\w{0,40}_too_l|exceed_context|above_max_length",
    re.I,
)
_SIZE = re.compile(
    r"token|length|context|prompt|input|window|request|message|body|payload|sequence|n_ctx|_len\b|长度|超长|トークン|長",
    re.I,
)
_TOO_MUCH = re.compile(
    r"too\s+(?:long|lengthy|large|many|big)|exceed|longer\s+than|larger\s+than|greater\s+than|more\s+than|reduce|shorte[nr]|maxim"
    r"|\bmax|fewer|\bfit\b|surpass|at\s+most|must\s+(?:be|have)\s+(?:<|less|below)|[<>≤≥]|limit|overflow|超|上限|過|長すぎ"
    r"|should\s+be\s+\[",
    re.I,
)
_OF_OTHER_THINGS = re.compile(
    r"\d\s*(?:requests|calls|credits|images|files|[KMG]i?B)\b|too\s+many\s+(?:requests|calls)", re.I
)
_TOO_LONG = tuple(
    (re.compile(first, re.I), re.compile(then, re.I))
    for first, then in (
        (
            "context|n_ctx|prompt|input|token|messages?|length",
            r"too\s+(?:long|lengthy|large|big)|longer|exceed|limit\s+reached|超",
        ),
        ("长度|输入|入力", "超|过长|長すぎ|过大"),
        (r"reduce|shorten|exceed|too\s+many|\bnot\s+fit\b", "context|prompt|input|tokens|messages?"),
        ("超长", ""),
    )
)
"""Words for it without any number."""
_CONTEXT = re.compile(r"context[\s_-]+(?:length|window|size|limit)|n_ctx", re.I)
_PLAINLY_TOO_LONG = re.compile(
    r"(?:prompt|input|messages?)\s+(?:is\s+|are\s+)?too\s+(?:long|large)|超长|超过上限", re.I
)
_ALLOWANCE = re.compile(r"monthly|daily|hourly|per[\s_-]?(?:day|month|hour)|quota|credit|billing|subscription", re.I)
"""Words for limits of an account per time."""
_TOKENS = re.compile(r"tokens?(?-i:(?![a-z]))|\b[IO]?TP[MD]\b|токен|토큰|トークン|令牌", re.I)
_TOKENS_PER_TIME = re.compile(
    r"tokens?(?-i:(?![a-z]))[\w\s,-]{0,40}?(?:per|/)[\s_-]?(?:min|day)|\b[IO]?TP[MD]\b|token\s+(?:rate|limit)|too\s+many\s+tokens"
    r"|token_count\b.{0,200}?PerMinute",
    re.I,
)
_LIMIT = re.compile(r"limit\D{0,12}(\d[\d,]{0,12}(?:\.\d{1,6})?)\s?(k|m)?\b", re.I)
_NUMBER = re.compile(r"(?a:(?<![\w.])\d{1,3}(?:,\d{3})+(?![\w.]?\d)|(?<![\w.])\d{2,9}(?![\w]|\.\d))")
_MOST_TOKENS = 10**8
"""A larger count of a call is a mistake, and a sum of such would not fit into the database."""
_LEAST_A_MINUTE = 1_000
"""A smaller number in a refusal is not a limit of tokens."""
_LEAST_TOKENS = 64
"""A smaller number in a refusal is not a context window."""

_DURATION = re.compile(
    r"(\d++(?:\.\d++)?+)\s*+"
    r"(?:(?P<ns>[nuµμ]s|(?:micro|nano)[a-z]*)|(?P<ms>ms|milli[a-z]*)|(?P<s>s(?:ec[a-z]*)?)"
    r"|(?P<m>m(?:in[a-z]*)?)|(?P<h>h(?:(?:ou)?rs?)?)|(?P<d>d(?:ays?)?))?(?![a-z])",
    re.I,
)
_DURATIONS = rf"(?i:(?:PT)?(?:{re.sub('[?]P<[a-z]+>', '?:', _DURATION.pattern)}\s*+)++)"
_UNIT_SECONDS = {"ns": 0.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TAG = re.compile(r"<[^<>]{0,300}>")
_LONGEST_MESSAGE = 2_000
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_DATE = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_WAIT = re.compile(rf"(?:try\s+again|retry|wait)(\D{{0,40}}?)({_DATE}|{_DURATIONS})", re.I)
_SECONDS_FIRST = re.compile(r"(?<!\d)(\d{1,9}(?:\.\d{1,9})?)\s{0,20}秒")
_MILLISECONDS = re.compile(r"(?:(?:\b|_)ms|(?-i:Ms)|milli\w*)\W*\Z", re.I)
_STRUCTURED = re.compile(r"(?:\breset|;\s*t)\s*=\s*(\d+)")
_RETRY_AFTER = re.compile(r"retry[_-]?after", re.I)
_RESET = re.compile(r"(?=.*limit)(?!.*(?:day|month|hour)).*reset", re.I)
"""Headers with a time to wait, and with the time at which a limit is over, whatever the vendor calls them."""
_EPOCH = 1e9
"""A larger number is a time since 1970, in seconds or in a thousandth, millionth or billionth of them."""


_BROKEN_OFF = re.compile("error|abort|resource|timeout|interrupt")
"""Vendors' words for an answer that the server could not finish."""
_CUT = re.compile("length|max_|limit|truncat|incomplete|budget")
_FILTERED = re.compile(
    r"content_filter|guardrail|safety|recitation|prohibited_content|blocklist|spii|refusal|sensitive|\brisk\b"
)
"""Vendors' words for an answer that was cut off, or that a filter has stopped, in lower case."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer's text and its tokens; `cut_off`: it ended at the token limit. `cached_tokens` are part of the
    prompt's. `thoughts`: text that the server took for the model's thinking; `declined`: why there is no answer.
    `tokens`: the tokens of the text, each with the natural logarithm of its probability, if the server gives them."""

    text: str
    cut_off: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    thoughts: str = ""
    declined: str = ""
    tokens: Sequence[tuple[str, float]] = ()

    @property
    def usage(self) -> Usage:
        """The billed usage."""
        return Usage(self.prompt_tokens, self.cached_tokens, self.completion_tokens)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in the server's words; `status`: the intended one, which may differ from the one it came with."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str]

    @property
    def full(self) -> bool:
        """Whether the server is overloaded, or the account has reached a limit for now."""
        return self.status in FULL

    @property
    def counts_tokens(self) -> bool:
        """Whether tokens per time are over a limit, not calls."""
        return self.status == 429 and bool(_TOKENS_PER_TIME.search(self.message))

    @property
    def tokens_a_minute(self) -> int | None:
        """The limit, if the server states it."""
        told = _LIMIT.search(f"limit {self.headers.get('x-ratelimit-limit-tokens', '')} {self.message}")
        scale = {"k": 1_000, "m": 1_000_000}.get((told[2] or "").lower(), 1) if told else 0
        tokens = int(float(told[1].replace(",", "")) * scale) if told else 0
        return tokens if tokens >= _LEAST_A_MINUTE else None  # else it counts something else

    @property
    def retry_after(self) -> float | None:
        """Seconds that it asks to wait, in a vendor's header or in words: a number, a duration or a date."""
        asked = [(name, value) for name, value in self.headers.items() if _RETRY_AFTER.search(name)]
        waits = [_seconds(value, 0.001 if _MILLISECONDS.search(name) else 1.0) for name, value in asked]
        seconds = next((wait for wait in waits if wait is not None), None)
        if seconds is None and self.full:
            seconds = self._reset()
        if seconds is None and self.full and (said := _WAIT.search(self.message)):
            seconds = _seconds(said[2], 0.001 if _MILLISECONDS.search(said[1]) else 1.0)
        if seconds is None and self.full and (said := _SECONDS_FIRST.search(self.message)):
            seconds = _seconds(said[1], 1.0)
        return min(max(seconds or 0.0, 0.0), LONGEST_RETRY_AFTER_SECONDS) or None

    def _reset(self) -> float | None:
        """Seconds until all limits are over that are used up; or, if none is said to be, until the first one is."""
        waits = {name: _seconds(value, 1.0) or 0.0 for name, value in self.headers.items() if _RESET.match(name)}
        spent = [wait for name, wait in waits.items() if self.headers.get(name.replace("reset", "remaining")) == "0"]
        others = [wait for name, wait in waits.items() if "token" in name.lower() or not self.counts_tokens]
        others += [float(one) for one in _STRUCTURED.findall(self.headers.get("ratelimit", ""))]
        return max(spent, default=None) or min((wait for wait in others if wait > 0), default=None)

    def share_that_fits(self, prompt_tokens: int, answer_tokens: int) -> float | None:
        """The share of a request that fits into the model's context, if it was refused for its length; else None.

        `prompt_tokens`: estimated. Vendors word this in dozens of ways, so numbers decide: one that may be a limit,
        below one that may be the request's tokens.
        """
        if self.status not in (400, 413, 422, 429, 500):
            return None
        numbers = [int(one.replace(",", "")) for one in _NUMBER.findall(self.message)]
        sizes = [one for one in numbers if one >= _LEAST_TOKENS and one != answer_tokens]
        asked = [one for one in sizes if prompt_tokens / 4 <= one <= 4 * (prompt_tokens + answer_tokens)]
        limits = [limit for limit in sizes if any(limit < one for one in asked)]
        share = max(limits) / max(asked) if limits else 0.5
        if self.status == 429:
            # Too large for a minute's tokens: waiting does not help, but a smaller request does.
            return share if self.counts_tokens and limits and "too large" in self.message.lower() else None
        if self.answers_at_most(answer_tokens):
            return None
        if (not limits and _ALLOWANCE.search(self.message)) or _OF_OTHER_THINGS.search(self.message):
            return None
        worded = bool(_SIZE.search(self.message) and _TOO_MUCH.search(self.message))
        known = bool(_LENGTH_CODE.search(self.code)) or self.status == 413
        if self.status == 500:
            plainly = (worded and limits) or _CONTEXT.search(self.message) or _PLAINLY_TOO_LONG.search(self.message)
            return share if known or (worded and plainly) else None
        counted = bool(limits and _TOKENS.search(self.message))  # in whatever language
        return share if known or counted or (worded and sizes) or (not sizes and _says_too_long(self.message)) else None

    def answers_at_most(self, answer_tokens: int) -> int | None:
        """The most tokens of an answer, if `answer_tokens` are too many for the model, whatever the prompt."""
        if not re.search(r"completion|output|max_(?:completion_|new_|output_)?tokens|generat", self.message, re.I):
            return None
        numbers = {int(one.replace(",", "")) for one in _NUMBER.findall(self.message)}
        below = [one for one in numbers if _LEAST_TOKENS <= one < answer_tokens]
        return max(below) if answer_tokens in numbers and below and max(numbers) == answer_tokens else None


def refusal(error: openai.APIStatusError) -> Refusal:
    """The error in a response with a status of 400 or more."""
    return refusal_of(error.body or "", error.status_code, error.response.headers)


def failed_generation(error: Exception) -> str | None:
    """The answer that a server has kept back because it does not obey the schema (Groq)."""
    body = error.body if isinstance(error, openai.APIStatusError) else None
    text = body.get("failed_generation") if isinstance(body, dict) else None
    return text if isinstance(text, str) else None


def _refused(status: int, code: str, message: str, headers: Mapping[str, str]) -> Refusal:
    said = f"{code} {message}"
    meant = (to for statuses, words, to in _INTENDED if status in statuses and words.search(said))
    return Refusal(next(meant, status), code, message, headers)


def refusal_inside(answer: object) -> Refusal | None:
    """The error in a reply with status 200, as proxies of several vendors send it."""
    if not isinstance(answer, ChatCompletion):
        return None
    extra = answer.model_extra or {}
    choices = _choices(answer)
    choice = choices[0] if choices else None
    error = extra.get("error") or (choice and (choice.model_extra or {}).get("error"))
    if not error and not any(map(_is_answer, choices)):
        error = extra or (choice and _ended_in_an_error(choice) and "The reply ended in an error.")
    return refusal_of(error) if error else None


def refusal_of(error: object, status: int | None = None, headers: Mapping[str, str] | None = None) -> Refusal:
    """What an error says; `status`: that of its response, if it says anything."""
    said: dict[str, Any] = {name.lower(): value for name, value in _innermost(error).items()}
    codes = [str(said.get(name) or "") for name in _CODES]
    message = _in_words(next((said[name] for name in _MESSAGES if said.get(name)), error))
    if status is None:
        status = next((int(code) for code in codes if code.isdigit() and 400 <= int(code) < 600), None)
    if status is None:
        told = (number for text in (*codes, message) for words, number in _STATUS_OF_CODE if words.search(text))
        status = next(told, 500)
    more = fields(said.get("metadata"))  # of a router
    message = f"{message} {_in_words(more.get('raw', ''))}".strip()
    return _refused(
        status,
        next((code for code in codes if code and not code.isdigit()), ""),
        message,
        {name.lower(): str(value) for name, value in (fields(more.get("headers")) | dict(headers or {})).items()},
    )


def _in_words(message: object) -> str:
    """A message in one line: a web page without its tags."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False, default=str)
    text = _TAG.sub(" ", text) if text.lstrip().startswith("<") else text
    return " ".join(text.split())[:_LONGEST_MESSAGE]


def _innermost(error: object) -> dict[str, Any]:
    """The object that describes an error, without the objects around it."""
    if isinstance(error, list):
        error = error[0] if error else {}
    if not isinstance(error, dict):
        return {"message": error}
    inner = next(
        (value for name, value in error.items() if name.lower() in _INSIDE and isinstance(value, dict | list)), None
    )
    return _innermost(inner) if inner else error


def _ended_in_an_error(choice: Choice) -> bool:
    return bool(_BROKEN_OFF.search(str(choice.finish_reason).lower()))


def _is_answer(choice: Choice) -> bool:
    """Whether a reply has a message, even an empty one, that did not end in an error."""
    return bool(_message_of(choice)) and not _ended_in_an_error(choice)


def put_together(stream: str) -> ChatCompletion | None:
    """The completion in the events of a stream, which some servers send unasked; None if it is not whole."""
    message: dict[str, str] = {}
    whole: dict[str, Any] = {}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": None}
    for line in stream.splitlines():
        with suppress(ValueError):
            event = fields(json.loads(line.removeprefix("data:")))
            whole |= {name: value for name, value in event.items() if value}
            for part in map(fields, event.get("choices") or []):
                choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
                for name, text in fields(part.get("delta") or part.get("message")).items():
                    if isinstance(text, str) and name != "role":
                        message[name] = message.get(name, "") + text
    if choice["finish_reason"] is None and "error" not in whole:
        return None
    return ChatCompletion.construct(**whole | {"choices": [choice]})


def completion(answer: ChatCompletion) -> Completion:
    """The completion in a reply, wherever a server puts it. The SDK checks none of this, and servers omit or change
    most of it."""
    usage = fields(answer.usage)
    choices = _choices(answer)
    choice = next(filter(_says_something, choices), choices[0] if choices else None)
    message = _message_of(choice)
    prompt_tokens = count(usage.get("prompt_tokens"))
    return Completion(
        text=_said_in(message),
        cut_off=choice is not None and bool(_CUT.search(str(choice.finish_reason).lower())),
        prompt_tokens=prompt_tokens,
        cached_tokens=min(prompt_tokens, count(fields(usage.get("prompt_tokens_details")).get("cached_tokens"))),
        completion_tokens=count(usage.get("completion_tokens")),
        thoughts=next(filter(None, (_text(message.get(name)) for name in _THOUGHTS)), ""),
        declined=_declined(choice),
        tokens=_tokens(choice),
    )


_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
"""The model's thinking, wherever servers put it."""


def _choices(answer: ChatCompletion) -> list[Choice]:
    """The choices of a reply, without what is none."""
    return [one for one in answer.choices if isinstance(one, Choice)] if isinstance(answer.choices, list) else []


def fields(thing: object) -> dict[str, Any]:
    """The fields of an object, also of one whose form the SDK does not know; nothing for anything else."""
    if isinstance(thing, BaseModel):
        return thing.__dict__ | (thing.model_extra or {})
    return thing if isinstance(thing, dict) else {}


def count(value: Any) -> int:
    """A number of tokens, which may be text; 0 for anything else."""
    try:
        return min(max(int(float(value)), 0), _MOST_TOKENS)
    except (TypeError, ValueError, OverflowError):
        return 0


def _message_of(choice: Choice | None) -> dict[str, Any]:
    """The content of a choice: a message, a piece of a stream, or the text of an older protocol."""
    if choice is None:
        return {}
    extra = choice.model_extra or {}
    message = fields(getattr(choice, "message", None))
    return message or fields(extra.get("delta")) or ({"content": extra["text"]} if extra.get("text") else {})


def _said_in(message: Mapping[str, Any]) -> str:
    return _text(message.get("content")) or "".join(_arguments(message)) or _text(message.get("parsed"))


def _says_something(choice: Choice) -> bool:
    return bool(_said_in(_message_of(choice)))


def _declined(choice: Choice | None) -> str:
    """Why the model, or a filter after it, gives no answer; empty if it does."""
    said = _text(_message_of(choice).get("refusal"))
    if said:
        return f"The model declines to answer: {said}"
    if choice and _FILTERED.search(str(choice.finish_reason).lower()):
        return "The LLM server's content filter has stopped the answer."
    return ""


def _tokens(choice: Choice | None) -> Sequence[tuple[str, float]]:
    """The tokens from a server that was asked for `logprobs`, if they are complete."""
    given = fields(choice.logprobs).get("content") if choice else None
    each = [fields(one) for one in given] if isinstance(given, list) else []
    found = [(one.get("token"), one.get("logprob")) for one in each]
    return [
        (token, logarithm)
        for token, logarithm in found
        if isinstance(token, str) and isinstance(logarithm, int | float) and not isnan(logarithm)
    ]


def _text(content: object) -> str:
    """A text, or a text in parts, which requests may also have."""
    if isinstance(content, list):
        return "".join(map(_part, content))
    if isinstance(content, dict):  # already decoded
        return _part(content) or json.dumps(content)
    return content if isinstance(content, str) else ""


def _part(part: object) -> str:
    """The text of a part of an answer, which may be in another object."""
    text = (part.get("text") or part.get("json")) if isinstance(part, dict) else part
    if isinstance(text, dict):
        text = text.get("value") or json.dumps(text)
    return text if isinstance(text, str) else ""


def _arguments(message: Mapping[str, Any]) -> Iterator[str]:
    """The answer as the arguments of a function that the model calls."""
    made = message.get("tool_calls")
    calls = [fields(call).get("function") for call in made] if isinstance(made, list) else []
    for called in [*calls, message.get("function_call")]:
        said = fields(called).get("arguments")
        yield json.dumps(said) if isinstance(said, dict) else said if isinstance(said, str) else ""


def _says_too_long(message: str) -> bool:
    return any((found := first.search(message)) and then.search(message, found.end()) for first, then in _TOO_LONG)


def _seconds(value: str, unit: float) -> float | None:
    """A number of `unit` seconds, a duration (`1m30s`, `120ms`, `PT30S`, `00:01:30`), or a date, which is in UTC if it
    names no zone; None for anything else."""
    value = value.strip(" \"'")
    with suppress(ValueError):
        number = float(value)
        if not isfinite(number):
            return None
        if number <= _EPOCH:
            return number * unit
        while number > 100 * _EPOCH:
            number /= 1_000
        return number - datetime.now(UTC).timestamp()
    if re.fullmatch(_DURATIONS, value):
        return sum(float(part[1]) * _UNIT_SECONDS[part.lastgroup or "s"] for part in _DURATION.finditer(value))
    if clock := _CLOCK.fullmatch(value):
        return (float(clock[1]) * 60 + float(clock[2])) * 60 + float(clock[3])
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, TypeError, OverflowError):
            at = read(value.removesuffix("UTC").strip())
            return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    first = re.split("[,;]", value)[0]  # of several headers of that name, or before a parameter
    return _seconds(first, unit) if first != value else None
