"""The statements of docs/vllm.md, against a real vLLM. Its tiny model answers nonsense in the requested form."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from columnist.errors import ContextExceededError, LlmAwayError, LlmRefusedError
from columnist.llm.client import ChatModel
from columnist.llm.replies import Completion
from columnist.llm.usage import Usage
from tests.llm.simulated import Counted, asking
from tests.processes import columns_in, contracts_in, start
from tests.vllm.conftest import KEY, Vllm

CHOICES = ["red", "green", "blue"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {f"c{nr}": {"enum": [*CHOICES, None]} for nr in range(1, 6)},
    "required": [f"c{nr}" for nr in range(1, 6)],
    "additionalProperties": False,
}
ENDLESS: dict[str, Any] = {
    "type": "object",
    "properties": {"c1": {"type": "array", "items": {"enum": CHOICES}, "minItems": 2_000}},
    "required": ["c1"],
    "additionalProperties": False,
}
CALL_SECONDS = 120


async def answered(chat: ChatModel, question: str, text: str = "The rent is 900 euros.", **more: Any) -> Completion:
    """Ask as the pool does: again later while the server is away."""
    async with asyncio.timeout(10 * CALL_SECONDS):
        while True:
            try:
                return await chat.complete(asking(question, text), SCHEMA, 200, **more)
            except LlmAwayError:
                await asyncio.sleep(0.5)


def is_idle(vllm: Vllm) -> bool:
    return vllm.figure("num_requests_running") + vllm.figure("num_requests_waiting") == 0


def is_busy(vllm: Vllm) -> bool:
    return vllm.figure("num_requests_running") > 0


def test_the_schema_is_obeyed_and_the_context_is_the_servers(vllm: Vllm) -> None:
    async def run() -> tuple[Completion, int]:
        async with ChatModel(vllm.settings(), "tiny", vllm.url) as chat:
            return await answered(chat, "Which colour?"), await chat.context_tokens()

    completion, context = asyncio.run(run())
    assert set(json.loads(completion.text).values()) <= {*CHOICES, None}
    assert context == 8_192


def test_a_document_is_read_once_for_all_calls_about_it(vllm: Vllm) -> None:
    """The share of repeated prompt tokens that came from the cache, by vLLM's own count: in blocks of 128 on a CPU."""
    before = vllm.figure("prefix_cache_hits_total"), vllm.figure("prefix_cache_queries_total")

    async def run() -> list[Completion]:
        async with ChatModel(vllm.settings(), "tiny", vllm.url) as chat:
            found = []
            for document in range(4):
                text = f"Contract number {document}. " + f"Party {document} owes party {document + 1} a sum. " * 300
                found += [await answered(chat, f"Number {nr}?", text, affinity=str(document)) for nr in range(4)]
            return found

    completions = asyncio.run(run())
    hits = vllm.figure("prefix_cache_hits_total") - before[0]
    read = vllm.figure("prefix_cache_queries_total") - before[1]
    assert hits / (read * 3 / 4) >= 0.9
    assert sum(completion.cached_tokens for completion in completions) == hits, "and it reports them"


def test_calls_that_are_given_up_leave_the_server_within_two_seconds(vllm: Vllm) -> None:
    async def run() -> None:
        async with ChatModel(vllm.settings(), "tiny", vllm.url) as chat:
            calls = [asyncio.create_task(chat.complete(asking(f"{nr}?"), ENDLESS, 6_000)) for nr in range(6)]
            await asyncio.to_thread(vllm.wait_until, is_busy, CALL_SECONDS)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await asyncio.to_thread(vllm.wait_until, is_idle, 2)

    asyncio.run(run())


def test_ctrl_c_leaves_nothing_running(vllm: Vllm, tmp_path: Path) -> None:
    contracts_in(tmp_path / "files", 3)
    run = start(
        *("run", tmp_path / "files", "--columns", columns_in(tmp_path / "columns.yaml", 2)),
        *("--output", tmp_path / "review.csv"),
        COLUMNIST_DATA_DIR=tmp_path / "home",
        OPENAI_BASE_URL=vllm.url,
        OPENAI_API_KEY=KEY,
        COLUMNIST_MODEL="tiny",
        TABULAR_WORKER_GRACE_SECONDS=0,
    )
    vllm.wait_until(is_busy, CALL_SECONDS)
    run.send_signal(signal.SIGINT)
    vllm.wait_until(is_idle, 2 + 3)  # the process stops first
    run.communicate()


def test_a_full_queue_is_waited_for(vllm: Vllm) -> None:
    """Of 40 calls at once, 4 run and 8 wait; the others are refused with 503."""

    async def run() -> list[Completion]:
        async with ChatModel(vllm.settings(llm_max_in_flight=40), "tiny", vllm.url) as chat:
            return await asyncio.gather(*(answered(chat, f"{nr}?") for nr in range(40)))

    assert len(asyncio.run(run())) == 40


def test_an_urgent_call_goes_first(vllm: Vllm) -> None:
    async def run() -> int:
        async with ChatModel(vllm.settings(llm_max_in_flight=10), "tiny", vllm.url) as chat:
            bulk = [asyncio.create_task(answered(chat, f"{nr}?")) for nr in range(10)]
            await asyncio.to_thread(vllm.wait_until, is_busy, CALL_SECONDS)
            await answered(chat, "Mine?", urgent=True)
            done = sum(one.done() for one in bulk)
            await asyncio.gather(*bulk)
            return done

    assert asyncio.run(run()) < 10


def test_what_it_refuses_is_said_in_a_sentence(vllm: Vllm) -> None:
    async def ask(model: str, key: str, text: str) -> None:
        async with ChatModel(vllm.settings(openai_api_key=key), model, vllm.url) as chat:
            await chat.complete(asking("?", text), SCHEMA, 200)

    with pytest.raises(LlmRefusedError, match="does not serve 'large', but: tiny"):
        asyncio.run(ask("large", KEY, ""))
    with pytest.raises(LlmRefusedError, match="check OPENAI_API_KEY"):
        asyncio.run(ask("tiny", "wrong", ""))
    with pytest.raises(ContextExceededError):
        asyncio.run(ask("tiny", KEY, "The tenant pays. " * 5_000))


def test_a_server_that_is_killed_and_restarted_answers_the_rest_and_nothing_twice(vllm: Vllm) -> None:
    ledger = Counted()

    async def run() -> list[Completion]:
        async with ChatModel(vllm.settings(llm_max_in_flight=4), "tiny", vllm.url) as chat:
            calls = [asyncio.create_task(answered(chat, f"{nr}?", ledger=ledger)) for nr in range(60)]
            while sum(call.done() for call in calls) < 5:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(vllm.kill)
            vllm.start()
            await asyncio.to_thread(vllm.wait)
            return await asyncio.gather(*calls)

    completions = asyncio.run(run())
    assert sorted(ledger.counted, key=_tokens) == sorted((one.usage for one in completions), key=_tokens)


def _tokens(usage: Usage) -> tuple[int, int, int]:
    return usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens
