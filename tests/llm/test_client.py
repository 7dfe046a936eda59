"""The promises of the client, against a real HTTP server with faults on demand."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from columnist.errors import (
    ContextExceededError,
    LlmAwayError,
    LlmError,
    LlmRefusedError,
    LlmUnavailableError,
    RequestRefusedError,
    SettingsError,
)
from columnist.llm import client, limiter
from columnist.llm import server as serving
from columnist.llm.client import GIVE_UP_AFTER, ChatModel
from columnist.llm.replies import Completion
from columnist.llm.usage import Usage
from columnist.settings import ASSUMED_CONTEXT_TOKENS, Settings
from tests.llm.simulated import SCHEMA, TEXT, Counted, Reply, Simulated, asking, completion, scripted, simulator
from tests.patience import PATIENCE_SECONDS


def ask(settings: Settings, question: str = "What?", model: str = "simulated", max_tokens: int = 500) -> Completion:
    async def run() -> Completion:
        # The product waits without a limit; a test does not.
        async with asyncio.timeout(PATIENCE_SECONDS), ChatModel(settings, model, settings.openai_base_url) as chat:
            return await chat.complete(asking(question), SCHEMA, max_tokens)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulated]:
    with simulator("--slots", "4") as server:
        yield server


@pytest.fixture
def server(shared: Simulated) -> Simulated:
    """A simulator without faults."""
    shared.inject()
    return shared


@pytest.fixture
def quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client, limiter):
        monkeypatch.setattr(module, "back_off", lambda failures: random.uniform(0, min(0.01 * 2.0**failures, 0.05)))


def test_an_answer_follows_the_schema_and_counts_its_tokens(server: Simulated) -> None:
    completion = ask(server.settings())
    answer = json.loads(completion.text)
    assert answer["c1"]["quote"] in TEXT
    assert not completion.cut_off
    assert completion.prompt_tokens > 200
    assert completion.completion_tokens > 10


def test_a_second_question_about_a_document_is_told_what_came_from_the_cache(server: Simulated) -> None:
    async def run() -> list[Completion]:
        settings = server.settings()
        text = "A document of this test alone. " * 100
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            return [await chat.complete(asking(f"Number {nr}?", text), SCHEMA, 500) for nr in range(2)]

    first, second = asyncio.run(run())
    assert first.cached_tokens == 0
    assert 0.9 * second.prompt_tokens < second.cached_tokens < second.prompt_tokens


def test_a_server_without_json_schema_is_asked_in_words_and_remembered(server: Simulated) -> None:
    server.inject(refuse_json_schema=True)
    settings = server.settings()

    async def run() -> tuple[list[Completion], Completion, float]:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            # In flight together: each of them is refused, and none may take that for final.
            together = await asyncio.gather(*(chat.complete(asking(f"{nr}?"), SCHEMA, 500) for nr in range(4)))
            before = server.figure("llm_requests_total")
            return together, await chat.complete(asking("Later?"), SCHEMA, 500), before

    together, later, before = asyncio.run(run())
    for answered in [*together, later]:
        assert json.loads(answered.text)["c1"]["quote"] in TEXT
    assert server.figure("llm_requests_total") == before + 1


@pytest.mark.usefixtures("quick_pauses")
def test_a_burst_of_429_loses_nothing_and_the_limit_falls_and_recovers(server: Simulated) -> None:
    settings = server.settings(llm_max_in_flight=8)
    server.inject(rate_limit=1.0, left=60)

    async def run() -> tuple[list[Completion], int, int]:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            lowest = chat.limit

            async def one(nr: int) -> Completion:
                nonlocal lowest
                completion = await chat.complete(asking(f"{nr}?"), SCHEMA, 500)
                lowest = min(lowest, chat.limit)
                return completion

            completions = await asyncio.gather(*(one(nr) for nr in range(200)))
            return completions, lowest, chat.limit

    before = server.figure("llm_fault_rate_limit_total")
    completions, lowest, at_the_end = asyncio.run(run())
    assert len(completions) == 200
    assert all(json.loads(completion.text) for completion in completions)
    assert server.figure("llm_fault_rate_limit_total") == before + 60
    assert lowest < 8
    assert at_the_end == 8


@pytest.mark.usefixtures("quick_pauses")
def test_an_overloaded_server_gets_no_more_calls_than_it_takes() -> None:
    with simulator("--slots", "4", "--longest-queue", "1", "--decode-rate", "2000") as busy:
        settings = busy.settings(llm_max_in_flight=64)

        async def run() -> list[Completion]:
            async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
                return await asyncio.gather(*(chat.complete(asking(f"{nr}?"), SCHEMA, 500) for nr in range(400)))

        assert len(asyncio.run(run())) == 400
        # Of 64 at once 59 would be refused; probing for more costs a few.
        assert busy.figure("llm_turned_away_total") < 200


@pytest.mark.parametrize("how", ["seconds", "date"])
def test_retry_after_is_honoured(server: Simulated, how: str) -> None:
    asked_for = "1" if how == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.inject(rate_limit=1.0, left=1, retry_after=asked_for)
    started = time.monotonic()
    ask(server.settings())
    assert time.monotonic() - started >= (1.0 if how == "seconds" else 0.9)


@pytest.mark.usefixtures("quick_pauses")
def test_a_call_that_stalls_times_out_and_is_asked_again(server: Simulated) -> None:
    server.inject(stall=1.0, left=2)
    aborted = server.figure("llm_aborted_total")
    assert json.loads(ask(server.settings(llm_timeout_seconds=3)).text)  # time enough for the third try
    server.wait_until("llm_aborted_total", aborted + 2)
    server.wait_until("llm_running", 0)


@pytest.mark.usefixtures("quick_pauses")
def test_a_call_that_alone_keeps_failing_is_given_up_while_others_go_on() -> None:
    def answers(request: dict[str, Any]) -> Reply:
        if "poison" in request["messages"][-1]["content"]:
            return 500, {"error": {"message": "out of memory"}}
        return 200, completion("{}")

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            poison = asyncio.create_task(chat.complete(asking("poison"), SCHEMA, 500))
            while not poison.done():
                await chat.complete(asking("fine"), SCHEMA, 500)
            with pytest.raises(LlmUnavailableError, match="over this request while it answered others"):
                await poison

    with scripted(answers) as server:
        asyncio.run(run(server.settings()))


@pytest.mark.usefixtures("quick_pauses")
def test_a_lone_call_that_keeps_failing_is_told_from_an_outage_by_a_probe() -> None:
    """Beside the last document of a job there are no other answers that show the server's state."""

    def of(settings: Settings, words: str) -> None:
        async def run() -> None:
            async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
                await chat.complete(asking(words), SCHEMA, 500)

        asyncio.run(run())

    poisoned, up = 0, True

    def answers(request: dict[str, Any]) -> Reply:
        nonlocal poisoned
        if up and "poison" not in request["messages"][-1]["content"]:
            return 200, completion("yes")
        poisoned += "poison" in request["messages"][-1]["content"]
        return 500, {"error": {"message": "out of memory"}}

    with scripted(answers) as server:
        with pytest.raises(LlmUnavailableError, match="over this request while it answered others") as blamed:
            of(server.settings(), "poison")
        assert not isinstance(blamed.value, LlmAwayError)
        assert poisoned == GIVE_UP_AFTER + 1, "a ceiling of tries, the last one without the schema"
        up = False
        with pytest.raises(LlmAwayError):
            of(server.settings(), "poison")


@pytest.mark.usefixtures("quick_pauses")
def test_tokens_of_a_reply_that_ended_in_an_error_are_told() -> None:
    broken = completion("ye")
    broken["choices"][0]["finish_reason"] = "error"
    replies = iter([broken])
    ledger = Counted()

    def answers(request: dict[str, Any]) -> Reply:
        probe = request["max_tokens"] != 500
        return 200, completion("yes") if probe else next(replies, completion("yes"))

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            await chat.complete(asking("What?"), SCHEMA, 500, ledger)

    with scripted(answers) as server:
        asyncio.run(run(server.settings()))
    assert ledger.counted == [Usage(101, 0, 7)] * 2


@pytest.mark.usefixtures("quick_pauses")
def test_a_schema_over_which_the_server_breaks_without_a_word_is_left_out_from_then_on() -> None:
    with_schema: list[bool] = []

    def answers(request: dict[str, Any]) -> Reply:
        if request["max_tokens"] != 500:  # a probe
            return 200, completion("yes")
        with_schema.append("response_format" in request)
        return (500, {"error": {"message": "", "code": 500}}) if with_schema[-1] else (200, completion("{}"))

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            for nr in range(3):
                assert (await chat.complete(asking(f"{nr}?"), SCHEMA, 500)).text == "{}"

    with scripted(answers) as server:
        asyncio.run(run(server.settings()))
    assert with_schema == [*([True] * GIVE_UP_AFTER + [False]) * 2, False]


def test_what_a_server_sends_in_events_or_keeps_back_is_an_answer() -> None:
    part = '{"choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": %s}]}\n\n'
    stream = ": wait\n\n" + "".join(f"data: {part % one}" for one in (("yes", "null"), (", or no", '"stop"')))
    kept_back = {"error": {"message": "Failed.", "code": "json_validate_failed", "failed_generation": "yes, or no"}}
    replies: Iterator[Reply] = iter([(200, stream), (400, kept_back)])
    with scripted(lambda _: next(replies)) as server:
        assert [ask(server.settings()).text for _ in range(2)] == ["yes, or no"] * 2


@pytest.mark.usefixtures("quick_pauses")
def test_tokens_of_calls_that_timed_out_are_told() -> None:
    def answers(request: dict[str, Any]) -> Reply:
        if "poison" in request["messages"][-1]["content"]:
            time.sleep(0.6)
        return 200, completion("yes")

    ledger = Counted()

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            await chat.complete(asking("poison " * 1000), SCHEMA, 500, ledger)

    with scripted(answers) as server, pytest.raises(LlmUnavailableError):
        asyncio.run(run(server.settings(llm_timeout_seconds=0.2)))
    assert sum(usage.prompt_tokens for usage in ledger.counted) >= GIVE_UP_AFTER * 1000


def test_tokens_of_a_call_that_is_aborted_or_has_no_room_for_its_answer_are_told() -> None:
    called = threading.Event()

    def answers(request: dict[str, Any]) -> Reply:
        if "slow" in request["messages"][-1]["content"]:
            called.set()
            time.sleep(1)
        cut_off = completion("yes")
        cut_off["choices"][0]["finish_reason"] = "length"
        return 200, cut_off

    ledger = Counted()

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            with pytest.raises(ContextExceededError):
                await chat.complete(asking("short"), SCHEMA, 500, ledger)
            assert ledger.counted == [Usage(101, 0, 7)]
            aborted = asyncio.create_task(chat.complete(asking("slow " * 1000), SCHEMA, 500, ledger))
            await asyncio.to_thread(called.wait)
            aborted.cancel()
            with pytest.raises(asyncio.CancelledError):
                await aborted
            assert ledger.counted[1].prompt_tokens >= 1000

    with scripted(answers) as server:
        asyncio.run(run(server.settings()))


def test_a_server_that_asks_for_a_long_wait_gets_it_and_the_call_does_not_wait_in_its_place(server: Simulated) -> None:
    server.inject(rate_limit=1.0, retry_after="3600")

    async def run(settings: Settings) -> int:
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            ChatModel(settings, "simulated", settings.openai_base_url) as chat,
        ):
            with pytest.raises(LlmAwayError, match="429"):
                await chat.complete(asking("What?"), SCHEMA, 500)
            return chat.documents

    assert asyncio.run(run(server.settings())) == 0, "no document is begun meanwhile"


@pytest.mark.usefixtures("quick_pauses")
def test_the_time_limit_is_for_the_whole_call_even_if_bytes_trickle_in() -> None:
    async def run() -> None:
        connections, hung_up = 0, asyncio.Event()

        async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
            while not hung_up.is_set():
                writer.write(b" ")
                await asyncio.sleep(0.02)
                if connections > 1:
                    hung_up.set()
            writer.close()

        server = await asyncio.start_server(trickle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        settings = Settings(_env_file=None, llm_timeout_seconds=0.3)
        async with server, ChatModel(settings, "simulated", url) as chat:
            call = asyncio.create_task(chat.complete(asking("What?"), SCHEMA, 500))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await hung_up.wait()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.usefixtures("quick_pauses")
def test_an_outage_is_waited_out_by_one_probe_at_a_time_and_blames_no_call(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> list[Completion]:
        probes, open_now, most_open = 0, 0, 0

        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal probes, open_now, most_open
            probes, open_now = probes + 1, open_now + 1
            if chat.limit == 1:
                most_open = max(most_open, open_now)
            writer.close()
            await writer.wait_closed()
            open_now -= 1

        nobody = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = nobody.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        async with ChatModel(Settings(_env_file=None, openai_base_url=url), "simulated", url) as chat:

            async def patient(words: str) -> Completion:
                while True:  # like the pool: the place is given back, and claimed again
                    try:
                        return await chat.complete(asking(words), SCHEMA, 500)
                    except LlmAwayError:
                        await asyncio.sleep(0.01)

            calls = [asyncio.create_task(patient(f"{nr}?")) for nr in range(40)]
            while chat.limit > 1:
                await asyncio.sleep(0.01)
            seen, most_open = probes, 0
            while probes < seen + 2 * GIVE_UP_AFTER:
                await asyncio.sleep(0.01)
            assert most_open == 1
            nobody.close()
            await nobody.wait_closed()
            starting = simulator(port=port)
            try:
                await asyncio.to_thread(starting.__enter__)
                return await asyncio.gather(*calls)
            finally:
                starting.__exit__(None, None, None)

    assert len(asyncio.run(run())) == 40
    logged = capsys.readouterr().out
    assert logged.count("the LLM server is in trouble") == 1
    assert logged.count("the LLM server is back") == 1


def test_cancelling_a_call_frees_the_slot_of_the_server(server: Simulated) -> None:
    server.inject(stall=1.0)
    settings = server.settings()

    async def run() -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            calls = [asyncio.create_task(chat.complete(asking(f"{nr}?"), SCHEMA, 500)) for nr in range(3)]
            await asyncio.to_thread(server.wait_until, "llm_running", 3)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(run())
    server.wait_until("llm_running", 0)


def test_a_wrong_key_says_which_setting_to_check() -> None:
    with simulator("--api-key", "sesame") as guarded:
        with pytest.raises(LlmRefusedError, match="check OPENAI_API_KEY"):
            ask(guarded.settings(openai_api_key="wrong"))
        assert ask(guarded.settings(openai_api_key="sesame")).text


def test_a_model_that_is_not_served_is_answered_with_those_that_are(server: Simulated) -> None:
    with pytest.raises(LlmRefusedError, match="does not serve 'gpt-x', but: simulated"):
        ask(server.settings(), model="gpt-x")


def test_a_request_over_the_context_is_told_apart(server: Simulated) -> None:
    with pytest.raises(ContextExceededError, match="longer than the model's context"):
        ask(server.settings(), max_tokens=1_000_000)


@pytest.mark.parametrize(
    ("models", "tokens"),
    [
        ([{"max_model_len": 8192}], 8_192),
        ([{"max_model_len": "8192"}], 8_192),
        ([{"meta": {"n_ctx": 4096}}], 4_096),
        ([{"context_length": 200_000}], 200_000),
        ([{"context_window": 131_072}], 131_072),
        ([{"max_context_length": 9_000}], 9_000),
        ([{"meta": "a model", "max_model_len": [1]}], ASSUMED_CONTEXT_TOKENS),
        (["simulated", None, [1]], ASSUMED_CONTEXT_TOKENS),
    ],
)
def test_the_context_is_the_setting_or_less_if_the_server_says_so(models: list[Any], tokens: int) -> None:
    data = [{"id": "simulated", "object": "model", **one} if isinstance(one, dict) else one for one in models]

    async def context(server: Simulated, setting: int | None) -> int:
        async with ChatModel(server.settings(context_tokens=setting), "simulated", server.url) as chat:
            return await chat.context_tokens()

    with scripted(lambda _: (500, {}), listing=(200, {"object": "list", "data": data})) as server:
        assert asyncio.run(context(server, None)) == tokens
        assert asyncio.run(context(server, 4_000)) == 4_000


def test_an_address_that_is_no_llm_server_says_so() -> None:
    page = (200, "<html>Welcome!</html>")
    with scripted(lambda _: page, listing=page) as server:
        with pytest.raises(LlmRefusedError, match="check OPENAI_BASE_URL"):
            ask(server.settings())

        async def listed() -> list[str]:
            async with ChatModel(server.settings(), "simulated", server.url) as chat:
                return await chat.servers[0].served_models()

        with pytest.raises(LlmRefusedError, match="check OPENAI_BASE_URL"):
            asyncio.run(listed())


def test_a_base_url_without_scheme_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="http://"):
        ChatModel(Settings(_env_file=None), "m", "localhost:8000/v1")


@pytest.mark.parametrize(
    ("refusal", "then"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", {"max_completion_tokens": 500}),
        ("Unsupported value: 'temperature' does not support 0.", {"temperature": None}),
        (
            "System role not supported",
            {"messages": [{"role": "user", "content": "\n\n".join(str(one["content"]) for one in asking("What?"))}]},
        ),
    ],
)
def test_a_parameter_that_the_model_does_not_take_is_left_out(refusal: str, then: dict[str, Any]) -> None:
    requests: list[dict[str, Any]] = []

    def answers(request: dict[str, Any]) -> Reply:
        requests.append(request)
        if any(request.get(name) != value for name, value in then.items()):
            return 400, {"error": {"message": refusal}}
        return 200, completion("{}")

    with scripted(answers) as server:
        assert ask(server.settings()).text == "{}"
    assert len(requests) == 2


@pytest.mark.parametrize(("status", "said"), [(400, "I would rather not."), (403, "Flagged by moderation.")])
def test_any_other_refusal_concerns_the_request_alone(status: int, said: str) -> None:
    body = {"error": {"message": said}}
    with scripted(lambda _: (status, body)) as server, pytest.raises(RequestRefusedError, match=said):
        ask(server.settings())


@pytest.mark.parametrize(
    ("status", "said", "meant"),
    [
        (400, "Your credit balance is too low to access the API.", "no credit"),
        (429, "Insufficient balance", "no credit"),
        (400, "API key not valid. Please pass a valid API key.", "OPENAI_API_KEY"),
        (400, "Model Not Exist", "does not serve"),
    ],
)
def test_a_refusal_of_every_call_is_known_by_its_words(status: int, said: str, meant: str) -> None:
    body = {"error": {"message": said}}
    with scripted(lambda _: (status, body)) as server, pytest.raises(LlmRefusedError, match=meant) as refused:
        ask(server.settings())
    assert not isinstance(refused.value, RequestRefusedError)


@pytest.mark.usefixtures("quick_pauses")
def test_a_used_up_quota_is_not_waited_for() -> None:
    body = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    with scripted(lambda _: (429, body)) as server, pytest.raises(LlmRefusedError, match="no credit or quota left"):
        ask(server.settings())


WEATHER: list[Reply] = [
    (200, {"error": {"message": "upstream", "code": 502}}),
    (200, {"error": {"message": "busy", "code": "rate_limit_exceeded"}}),
    (200, {"object": "error", "message": "busy", "type": "overloaded_error"}),
    (
        200,
        {"choices": [{"index": 0, "finish_reason": "error", "message": None, "error": {"message": "x", "code": 503}}]},
    ),
    (200, ""),
    (503, {"error": {"message": "The engine is currently busy."}}),
    (529, {"error": {"message": "overloaded", "type": "overloaded_error"}}),
    (502, "<html>Bad gateway</html>"),
    *(
        (200, {"choices": [{"index": 0, "finish_reason": reason, "message": {"content": '{"c1": {'}}]})
        for reason in ("network_error", "insufficient_system_resource", "abort")
    ),
]


@pytest.mark.usefixtures("quick_pauses")
@pytest.mark.parametrize("reply", WEATHER)
def test_what_a_server_or_its_proxy_breaks_off_with_is_waited_out(reply: Reply) -> None:
    replies = iter([reply, reply])
    with scripted(lambda _: next(replies, (200, completion("{}")))) as server:
        assert ask(server.settings()).text == "{}"


@pytest.mark.usefixtures("quick_pauses")
@pytest.mark.parametrize(
    "reply",
    [
        (200, "<html>Sign in to the network</html>"),
        (403, "<html>Attention required</html>"),
        (404, "<html>No such route</html>"),
        (200, '{"cut off": '),
        (200, "[" * 100_000),
    ],
    ids=lambda reply: f"{reply[0]} {reply[1][:20]}",
)
def test_what_is_no_answer_is_weather_once_the_server_has_spoken_the_protocol(reply: Reply) -> None:
    replies: Iterator[Reply] = iter([(200, completion("{}")), reply])

    async def run(settings: Settings) -> list[str]:
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            ChatModel(settings, "simulated", settings.openai_base_url) as chat,
        ):
            return [(await chat.complete(asking(f"{nr}?"), SCHEMA, 500)).text for nr in range(2)]

    with scripted(lambda _: next(replies, (200, completion("{}")))) as server:
        assert asyncio.run(run(server.settings())) == ["{}", "{}"]


@pytest.mark.parametrize(
    "reply",
    [
        *(
            (200, body)
            for body in (b"\x00\xff", "[]", "null", '"text"', "{", "[" * 100_000, f'{{"usage": {"9" * 5_000}}}')
        ),
        *((400, ""), (418, "[1]")),
    ],
    ids=lambda reply: f"{reply[0]} {reply[1][:20]!r}",
)
def test_no_reply_ends_as_an_exception_that_is_not_ours(
    reply: tuple[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.0)
    status, body = reply
    with scripted(lambda _: (status, body.decode("latin-1") if isinstance(body, bytes) else body)) as server:
        settings = server.settings(llm_timeout_seconds=0.5)
        with pytest.raises(LlmError):
            ask(settings)


def test_an_error_inside_of_a_reply_has_its_own_meaning() -> None:
    key = {"error": {"message": "no such key", "code": 401}}
    request = {"error": {"message": "flagged", "code": "invalid_request_error"}}
    with scripted(lambda _: (200, key)) as server, pytest.raises(LlmRefusedError, match="OPENAI_API_KEY"):
        ask(server.settings())
    with scripted(lambda _: (200, request)) as server, pytest.raises(RequestRefusedError, match="flagged"):
        ask(server.settings())


def test_refused_connections_do_not_lower_the_limit(server: Simulated) -> None:
    async def run() -> int:
        settings = server.settings(openai_base_url="http://127.0.0.1:9/v1", llm_max_in_flight=32)
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            calls = [asyncio.create_task(chat.complete(asking(f"{nr}?"), SCHEMA, 500)) for nr in range(4)]
            await asyncio.gather(*calls, return_exceptions=True)
            chat.servers[0].limiter.on_success()
            return chat.limit

    assert asyncio.run(run()) == 32


def test_a_limit_of_tokens_slows_the_tokens_down_and_leaves_the_calls_alone() -> None:
    """After one refusal, calls of about 3,000 tokens, with 600,000 allowed a minute, begin at least 0.3 seconds
    apart."""
    begun: list[float] = []

    def reply(_: dict[str, Any]) -> Reply:
        begun.append(time.monotonic())
        if len(begun) > 1:
            return 200, completion("{}")
        message = "Rate limit reached on tokens per min (TPM): Limit 600000. Please try again in 20ms."
        return 429, {"error": {"message": message, "code": "rate_limit_exceeded", "type": "tokens"}}

    async def run(settings: Settings) -> int:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            text = "A long document of this test. " * 400
            await chat.complete(asking("First?", text), SCHEMA, 500)
            await asyncio.gather(*(chat.complete(asking(f"{nr}?", text), SCHEMA, 500) for nr in range(5)))
            return chat.limit

    with scripted(reply) as server:
        assert asyncio.run(run(server.settings(llm_max_in_flight=8))) == 8
    assert len(begun) == 7
    assert begun[-1] - begun[1] > 5 * 0.25
    assert begun[-1] - begun[1] < limiter.MINUTE, "the limit is the one that was said, not what was sent so far"


def test_bounds_that_a_server_does_not_take_are_left_out() -> None:
    bounded = {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 3}
    seen: list[Any] = []

    def reply(request: dict[str, Any]) -> Reply:
        seen.append(request["response_format"]["json_schema"]["schema"])
        if "maxItems" in seen[-1]:
            message = "Invalid schema for response_format 'answers': 'maxItems' is not permitted."
            return 400, {"error": {"message": message, "type": "invalid_request_error"}}
        return 200, completion("{}")

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            await chat.complete(asking("?"), bounded, 500)

    with scripted(reply) as server:
        asyncio.run(run(server.settings()))
    assert seen == [bounded, {"type": "array", "items": {"type": "integer"}}]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        *((400, said) for said in ("Extra inputs are not permitted", "Schema is too complex", "Bad request")),
        (500, "FSM compilation failed"),
        (404, "No endpoints found that can handle the requested parameters."),
    ],
)
def test_a_schema_that_is_refused_in_unknown_words_is_left_out_from_then_on(status: int, said: str) -> None:
    requests: list[dict[str, Any]] = []

    def answers(request: dict[str, Any]) -> Reply:
        requests.append(request)
        return (status, {"error": {"message": said}}) if "response_format" in request else (200, completion("{}"))

    async def run(settings: Settings) -> list[str]:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            return [(await chat.complete(asking(f"{nr}?"), SCHEMA, 500)).text for nr in range(3)]

    with scripted(answers) as server:
        assert asyncio.run(run(server.settings())) == ["{}"] * 3
    twice = [True, True, False] * 2
    assert ["response_format" in request for request in requests] == [*twice, False]


@pytest.mark.parametrize("first", [0, 1])
def test_one_request_that_is_refused_costs_the_others_no_schema(first: int) -> None:
    """`first`: how many requests were answered earlier."""
    with_schema: list[bool] = []

    def answers(request: dict[str, Any]) -> Reply:
        with_schema.append("response_format" in request)
        refused = "Refuse this" in str(request["messages"]) and with_schema[-1]
        return (400, {"error": {"message": "Not this one."}}) if refused else (200, completion("{}"))

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            for text in (*["?"] * first, "Refuse this?", "?", "Refuse this?", "?"):
                with suppress(RequestRefusedError):
                    await chat.complete(asking(text), SCHEMA, 500)

    with scripted(answers) as server:
        asyncio.run(run(server.settings()))
    # Once a call with a schema was answered, a refusal concerns the request.
    tried = [True, True, True, True] if first else [True, True, False, True, True, True]
    assert with_schema == [*[True] * first, *tried]


def test_what_a_filter_stops_is_not_sent_again() -> None:
    requests: list[dict[str, Any]] = []

    def answers(request: dict[str, Any]) -> Reply:
        requests.append(request)
        return 400, {"error": {"message": "The prompt triggers the content management policy."}}

    with scripted(answers) as server, pytest.raises(RequestRefusedError, match="management policy"):
        ask(server.settings())
    assert len(requests) == 1


def test_an_answer_longer_than_the_model_gives_is_asked_for_with_less() -> None:
    asked_for: list[int] = []

    def reply(request: dict[str, Any]) -> Reply:
        asked_for.append(request["max_tokens"])
        if asked_for[-1] > 300:
            message = "max_tokens is too large: 500. This model supports at most 300 completion tokens."
            return 400, {"error": {"message": message}}
        return 200, completion("{}")

    with scripted(reply) as server:
        assert ask(server.settings()).text == "{}"
    assert asked_for == [500, 300]


def test_calls_about_a_document_carry_one_key_for_routers_and_the_extra_body() -> None:
    seen: list[tuple[str, Any]] = []
    body = {"chat_template_kwargs": {"enable_thinking": False}}

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            for _ in range(2):
                await chat.complete(asking("?"), SCHEMA, 500, affinity="of this document")

    def reply(request: dict[str, Any], headers: dict[str, str]) -> Reply:
        seen.append((headers["x-session-id"], request.get("chat_template_kwargs")))
        assert "prompt_cache_key" not in request
        assert headers["x-smg-routing-key"] == headers["x-session-id"]
        return 200, completion("{}")

    with scripted(reply) as server:
        asyncio.run(run(server.settings(llm_extra_body=body)))
    assert seen == [("of this document", body["chat_template_kwargs"])] * 2


def test_a_server_that_is_there_again_gets_all_calls_at_once() -> None:
    """The server lists its models, and its first answers take long: the second call does not wait for the end of the
    first."""

    async def run() -> int:
        nobody = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = nobody.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        async with ChatModel(Settings(_env_file=None, openai_base_url=url), "simulated", url) as chat:

            async def patient(words: str) -> Completion:
                while True:
                    try:
                        return await chat.complete(asking(words), SCHEMA, 500)
                    except LlmAwayError:
                        await asyncio.sleep(0.01)

            calls = [asyncio.create_task(patient(f"{nr}?")) for nr in range(4)]
            while chat.servers[0].open:
                await asyncio.sleep(0.01)
            nobody.close()
            await nobody.wait_closed()
            starting = simulator("--slots", "4", port=port)
            server = await asyncio.to_thread(starting.__enter__)
            try:
                server.inject(stall=1.0)
                await asyncio.to_thread(server.wait_until, "llm_running", 4)
                return len(calls)
            finally:
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
                starting.__exit__(None, None, None)

    assert asyncio.run(run()) == 4


def test_an_urgent_call_begins_within_one_calls_time_although_all_places_are_taken() -> None:
    """On a server with four slots, of which each call takes one for half a second."""
    with simulator("--slots", "4", "--decode-rate", "100") as server:
        settings = server.settings(llm_max_in_flight=4)

        async def run() -> int:
            async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
                bulk = [asyncio.create_task(chat.complete(asking(f"{nr}?"), SCHEMA, 500)) for nr in range(40)]
                await asyncio.to_thread(server.wait_until, "llm_running", 4)
                before = sum(task.done() for task in bulk)
                await chat.complete(asking("Mine?"), SCHEMA, 500, urgent=True)
                done = sum(task.done() for task in bulk) - before
                for task in bulk:
                    task.cancel()
                await asyncio.gather(*bulk, return_exceptions=True)
                return done

        assert asyncio.run(run()) <= 3 * 4, "those before it, those beside it, and those that a slow machine adds"


def test_only_a_call_in_a_reserved_place_asks_to_go_first_and_only_where_that_is_taken() -> None:
    seen: list[str | None] = []

    def reply(_: dict[str, Any], headers: dict[str, str]) -> Reply:
        seen.append(headers.get("x-vllm-priority"))
        if seen[-1]:
            return 400, {"error": {"message": "Got priority -1 but Priority scheduling is not enabled."}}
        return 200, completion("{}")

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
            for urgent in (False, True, True):
                await chat.complete(asking("?"), SCHEMA, 500, urgent=urgent)

    with scripted(reply) as server:
        asyncio.run(run(server.settings()))
    assert seen == [None, "-1", None, None]


@pytest.mark.parametrize(("slots", "most", "least"), [(4, 12, 5), (64, 200, 48)])
def test_a_server_gets_as_many_calls_as_its_queue_shows_that_it_takes(
    monkeypatch: pytest.MonkeyPatch, slots: int, most: int, least: int
) -> None:
    monkeypatch.setattr(serving, "CHECK_SECONDS", 0.05)
    with simulator("--slots", str(slots), "--decode-rate", "40") as server:

        async def run() -> None:
            settings = server.settings()
            async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:
                calls = [asyncio.create_task(chat.complete(asking(f"{nr}?"), SCHEMA, 500)) for nr in range(200)]
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        while not least <= chat.limit <= most or chat.limit == limiter.START:
                            await asyncio.sleep(0.01)
                finally:
                    for call in calls:
                        call.cancel()
                    await asyncio.gather(*calls, return_exceptions=True)

        asyncio.run(run())
