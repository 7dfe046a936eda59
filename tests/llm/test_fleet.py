"""The promises of several servers of one model: a document stays on one, none idles, and no call waits for one that is
gone."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from hashlib import sha256
from typing import Any

import pytest

from columnist.errors import LlmAwayError, LlmRefusedError
from columnist.llm import server as module
from columnist.llm.client import ChatModel
from columnist.llm.fleet import Fleet
from columnist.llm.limiter import RESERVED, TROUBLE, Limiter
from columnist.settings import Settings
from tests.llm.simulated import SCHEMA, Reply, Simulated, asking, completion, scripted, simulator
from tests.patience import PATIENCE_SECONDS
from tests.proxies import free_port

FINE: Reply = (200, completion("{}"))


@pytest.fixture(autouse=True)
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are checked often."""
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.3)


@pytest.fixture
def servers() -> Iterator[Callable[..., str]]:
    """Starts servers that answer by these functions of the request and its headers; returns their URLs as a setting."""
    with ExitStack() as stack:

        def serving(*replies: Callable[..., Reply], listing: Reply = (404, {})) -> str:
            return ", ".join(stack.enter_context(scripted(reply, listing)).url for reply in replies)

        yield serving


def a_document(nr: int) -> str:
    return sha256(str(nr).encode()).hexdigest()


async def patient(chat: ChatModel, document: str = "") -> str:
    """Like the pool: the place is given back, and claimed again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return (await chat.complete(asking("?"), SCHEMA, 500, affinity=document)).text
            except LlmAwayError:
                await asyncio.sleep(0.01)


def test_a_document_stays_on_its_server_and_no_server_has_many_more_than_its_share(
    servers: Callable[..., str],
) -> None:
    asked: list[Counter[str]] = [Counter() for _ in range(4)]

    def recording(seen: Counter[str]) -> Callable[[Any, dict[str, str]], Reply]:
        def reply(_: Any, headers: dict[str, str]) -> Reply:
            seen[headers["x-session-id"]] += 1
            return FINE

        return reply

    urls = servers(*map(recording, asked))
    settings = Settings(_env_file=None, openai_base_url=urls)

    async def read(chat: ChatModel, nr: int, begun: asyncio.Barrier) -> None:
        async with chat.document(a_document(nr)):
            await begun.wait()
            for _ in range(3):
                await chat.complete(asking("?"), SCHEMA, 500, affinity=a_document(nr))

    async def run() -> None:
        for order in (urls, ", ".join(reversed(urls.split(", ")))):  # another process may use other names for them
            async with ChatModel(settings, "simulated", order) as chat:
                begun = asyncio.Barrier(24)
                await asyncio.gather(*(read(chat, nr, begun) for nr in range(24)))

    asyncio.run(run())
    assert sum(len(seen) for seen in asked) < 30, "two processes agree without a word, but for those over the bound"
    assert all(count % 3 == 0 for seen in asked for count in seen.values()), "no call leaves its document"
    assert max(len(seen) for seen in asked) <= 2 * 8


def test_no_server_waits_while_another_has_a_queue() -> None:
    async def run() -> None:
        full, idle = Limiter(1), Limiter(1)
        full.join([idle])
        idle.join([full])
        served: list[Limiter] = []

        async def call() -> None:
            async with full.slot() as slot:
                served.append(slot.limiter)
                await asyncio.sleep(0)

        async with full.slot():
            waiting = [asyncio.create_task(call()) for _ in range(3)]
            await asyncio.sleep(0)
            assert not served, "there was room with neither"
            async with idle.slot():
                pass
            for _ in range(10):
                await asyncio.sleep(0)
            assert served == [idle] * 3
            await asyncio.gather(*waiting)
            served.clear()
            async with idle.slot():
                waiting = [asyncio.create_task(call()) for _ in range(3)]
                await asyncio.sleep(0)
                idle.close(0.01)  # its last call ends while it may not be asked
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*waiting)
            assert served == [idle] * 3, "no call was left there whose end would admit them"

    asyncio.run(run())


def test_urgent_calls_get_the_reserved_places_of_all_servers() -> None:
    settings = Settings(_env_file=None, llm_max_in_flight=1)

    async def run() -> None:
        fleet = Fleet([module.Server(settings, "m", f"http://localhost:{nr}/v1", "k", lambda: None) for nr in (1, 2)])
        async with asyncio.timeout(PATIENCE_SECONDS), AsyncExitStack() as held:
            for urgent in (*[False] * 2, *[True] * 2 * RESERVED):
                await held.enter_async_context(fleet.slot("a document", urgent=urgent))
                await held.enter_async_context(fleet.document("a document", urgent))

    asyncio.run(run())


def test_a_full_server_passes_its_calls_to_the_next_at_once(servers: Callable[..., str]) -> None:
    full: Reply = (429, {"error": {"message": "Too many requests. Please wait 60s."}})
    refused = 0

    def refuse(_: Any) -> Reply:
        nonlocal refused
        refused += 1
        return full

    urls = servers(refuse, lambda _: FINE)

    async def run() -> None:
        async with ChatModel(Settings(_env_file=None), "simulated", urls) as chat:
            began = time.monotonic()
            await asyncio.gather(*(patient(chat, a_document(nr)) for nr in range(20)))
            assert time.monotonic() - began < 20
            assert "it answered 429" in TROUBLE["simulated"]
            before = refused
            await asyncio.gather(*(patient(chat, a_document(nr)) for nr in range(20)))
            assert refused == before > 0, "it asked to wait"

    asyncio.run(run())


def test_a_server_that_goes_away_hands_its_calls_on_at_once_and_comes_back_by_itself() -> None:
    port = free_port()
    with simulator("--slots", "16") as stays, ExitStack() as first, ExitStack() as second:
        goes = first.enter_context(simulator("--slots", "16", port=port))
        urls = f"{stays.url}, {goes.url}"

        async def run() -> None:
            async with ChatModel(stays.settings(), "simulated", urls) as chat:
                there = chat.servers[1]
                for server in (stays, goes):
                    server.inject(stall=1.0)
                calls = [asyncio.create_task(patient(chat, a_document(nr))) for nr in range(16)]
                while goes.figure("llm_running") + stays.figure("llm_running") < 16:
                    await asyncio.sleep(0.01)
                assert goes.figure("llm_running") > 0
                stays.inject()
                await asyncio.to_thread(first.close)
                while there.open:
                    await asyncio.sleep(0.01)
                assert TROUBLE["simulated"].startswith(f"Going on without the LLM server 127.0.0.1:{port}: it cannot")
                moved = [patient(chat, a_document(nr)) for nr in range(100, 120)]
                await asyncio.gather(*moved)
                back = await asyncio.to_thread(second.enter_context, simulator(port=port))
                while not there.open:
                    await asyncio.sleep(0.01)
                assert "simulated" not in TROUBLE
                await asyncio.gather(*(patient(chat, a_document(nr)) for nr in range(200, 220)))
                assert back.figure("llm_answers_total") > 0
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)

        asyncio.run(run())


def test_calls_leave_a_server_that_hangs_long_before_they_time_out(servers: Callable[..., str]) -> None:
    async def run() -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(-1)
            writer.close()

        hanging = await asyncio.start_server(hang, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{hanging.sockets[0].getsockname()[1]}/v1"
        async with hanging, ChatModel(Settings(_env_file=None), "simulated", f"{url} {fine}") as chat:
            await asyncio.gather(*(patient(chat, a_document(nr)) for nr in range(20)))
            assert "it does not answer" in TROUBLE["simulated"]

    fine = servers(lambda _: FINE)
    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, "does not serve 'simulated'"), (401, "refuses the key: check OPENAI_API_KEY")]
)
def test_a_server_that_refuses_every_call_is_gone_on_without_until_all_do(
    servers: Callable[..., str], status: int, sentence: str
) -> None:
    refusal: Reply = (status, {"error": {"message": "No."}})
    refused = 0

    def refuse(_: Any) -> Reply:
        nonlocal refused
        refused += 1
        return refusal

    listing: Reply = (401, {}) if status == 401 else (200, {"object": "list", "data": [{"id": "another"}]})
    odd, fine, other = servers(refuse, listing=listing), servers(lambda _: FINE), servers(lambda _: refusal)

    async def run() -> None:
        async with ChatModel(Settings(_env_file=None), "simulated", f"{odd} {fine}") as chat:
            await asyncio.gather(*(patient(chat, a_document(nr)) for nr in range(20)))
            assert TROUBLE["simulated"].startswith("Going on without the LLM server 127.0.0.1:")
            assert sentence in TROUBLE["simulated"]
            before = refused
            await asyncio.sleep(0.3)  # six checks
            await asyncio.gather(*(patient(chat, a_document(nr)) for nr in range(20)))
            assert refused == before, "it still says no"
        async with ChatModel(Settings(_env_file=None), "simulated", f"{odd} {other}") as chat:
            with pytest.raises(LlmRefusedError, match=sentence):
                await chat.complete(asking("?"), SCHEMA, 500)

    asyncio.run(run())


def test_the_context_is_the_least_of_all_servers() -> None:
    def of(tokens: int) -> Reply:
        return 200, {"object": "list", "data": [{"id": "simulated", "object": "model", "max_model_len": tokens}]}

    async def run(first: Simulated, second: Simulated) -> int:
        async with ChatModel(Settings(_env_file=None), "simulated", f"{first.url} {second.url}") as chat:
            return await chat.context_tokens()

    with scripted(lambda _: FINE, of(8_192)) as small, scripted(lambda _: FINE, of(65_536)) as large:
        assert asyncio.run(run(large, small)) == 8_192
