"""Four servers of one model: the hits of their prefix caches and the time of a run, with documents distributed by
Columnist, by a round-robin router, and with a single server. After `make vllm` also two real vLLMs."""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, nullcontext
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import ClientSession, web

from bench.table import Row, print_table
from columnist.asking.language_model import LanguageModelAnswerer
from columnist.documents.model import DocumentText
from columnist.llm.client import ChatModel
from columnist.reviews.model import Question
from columnist.settings import Settings
from tests.llm.simulated import asking
from tests.processes import metric, simulator

SERVERS, SLOTS = 4, 4
DOCUMENTS, PAGES, GROUPS = 96, 2, 5
SPEED = {"prompt_rate": 3_000, "decode_rate": 1_000, "cache_tokens": 25_000}
"""A document takes 0.6 seconds to read if it is not in the cache, which has room for 12. Slow, so that the client's own
work does not count."""

_VLLM = Path(".venv-vllm/made").absolute()
"""What `make vllm` leaves."""
REAL_DOCUMENTS, REAL_CALLS = 32, 4
COLOUR: dict[str, Any] = {
    "type": "object",
    "properties": {"c1": {"enum": ["red", "green"]}},
    "required": ["c1"],
    "additionalProperties": False,
}
"""An answer that a model of random weights comes to an end with."""


def run() -> list[Row]:
    """Hit share and wall time of the same run, three times."""
    rows = []
    for name, servers, routed in (
        ("one server", 1, False),
        (f"{SERVERS} behind a round robin", SERVERS, True),
        (f"{SERVERS} in OPENAI_BASE_URL", SERVERS, False),
    ):
        with ExitStack() as stack:
            urls = [stack.enter_context(simulator(slots=SLOTS, **SPEED)) for _ in range(servers)]
            seconds = asyncio.run(_answer_all(urls, routed))
            read, cached = (
                sum(metric(url, f"llm_{kind}_tokens_total") for url in urls) for kind in ("prompt", "cached")
            )
        section = f"{DOCUMENTS} documents × {GROUPS} calls, {SLOTS} slots a server"
        figure = f"{cached / read:.0%} of the prompt tokens from the cache, {seconds:.1f} s"
        rows.append(Row(section, name, figure, f"{read - cached:,.0f} prompt tokens computed"))
    if _VLLM.exists():
        os.environ.setdefault("COLUMNIST_VLLM", str(_VLLM.parent))
    return [*rows, *_real()] if "COLUMNIST_VLLM" in os.environ else rows


def _real() -> list[Row]:
    from tests.vllm.conftest import Vllm

    rows = []
    section = f"{REAL_DOCUMENTS} documents × {REAL_CALLS} calls, real"
    with tempfile.TemporaryDirectory() as folder:
        servers = [Vllm(Path(folder) / str(nr)) for nr in range(2)]
        urls = [server.url for server in servers]

        def tokens() -> list[float]:
            return [sum(one.figure(f"prefix_cache_{kind}_total") for one in servers) for kind in ("queries", "hits")]

        try:
            for server in servers:
                server.wait()
            settings = servers[0].settings()
            asyncio.run(_ask_all(urls, settings, seed=0, routed=False))  # the first calls are slow
            for seed in range(1, 7):
                routed = seed % 2 == 1
                before = tokens()
                seconds = asyncio.run(_ask_all(urls, settings, seed, routed))
                read, cached = (now - then for now, then in zip(tokens(), before, strict=True))
                name = "two vLLMs behind a round robin" if routed else "two vLLMs in OPENAI_BASE_URL"
                figure = f"{cached / read:.0%} of the prompt tokens from the cache, {seconds:.1f} s"
                rows.append(Row(section, name, figure, f"{read - cached:,.0f} prompt tokens computed"))
        finally:
            for server in servers:
                server.kill()
    return rows


async def _ask_all(urls: Sequence[str], settings: Settings, seed: int, routed: bool) -> float:
    async with (
        _round_robin(urls) if routed else nullcontext(", ".join(urls)) as url,
        ChatModel(settings, "tiny", url) as chat,
    ):
        places = asyncio.Semaphore(4 * len(urls))

        async def read(document: DocumentText) -> None:
            async with places, chat.document(document.name):

                async def ask(nr: int) -> None:
                    await chat.complete(asking(f"Number {nr}?", document.pages[0]), COLOUR, 20, affinity=document.name)

                await ask(0)
                await asyncio.gather(*map(ask, range(1, REAL_CALLS)))

        documents = _documents(seed)[:REAL_DOCUMENTS]
        began = time.perf_counter()
        await asyncio.gather(*map(read, documents))
        return time.perf_counter() - began


def _documents(seed: int = 1) -> list[DocumentText]:
    chance = random.Random(seed)
    words = [f"{''.join(chance.choices('abcdefghijklmnopqrstuvwxyz', k=7))}" for _ in range(2_000)]
    return [
        DocumentText(f"{seed} {nr}.txt", [" ".join(chance.choices(words, k=500)) for _ in range(PAGES)])
        for nr in range(DOCUMENTS)
    ]


async def _answer_all(urls: Sequence[str], routed: bool) -> float:
    if routed:
        async with _round_robin(urls) as url:
            return await _timed(url)
    return await _timed(", ".join(urls))


async def _timed(urls: str) -> float:
    settings = Settings(_env_file=None, model="simulated", openai_base_url=urls, columns_per_call=1)
    asked = [Question(UUID(int=nr), f"Q{nr}", f"What is number {nr}?", "text") for nr in range(GROUPS)]
    async with ChatModel(settings, "simulated", urls) as chat:
        back_end = LanguageModelAnswerer(chat, settings)
        # As many as a pool would have in progress, and twice the slots.
        places = asyncio.Semaphore(2 * SLOTS * SERVERS)

        async def read(document: DocumentText) -> None:
            async with places:
                async for answers in back_end.answer(document, asked):
                    assert all(answer.content for answer in answers), answers

        documents = _documents()
        began = time.perf_counter()
        await asyncio.gather(*map(read, documents))
        return time.perf_counter() - began


@asynccontextmanager
async def _round_robin(urls: Sequence[str]) -> AsyncIterator[str]:
    """A router without knowledge of documents."""
    turns = cycle(urls)

    async def hand_on(request: web.Request) -> web.Response:
        url = next(turns).removesuffix("/v1") + request.path
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        async with session.request(request.method, url, data=await request.read(), headers=headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type=answer.content_type)

    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_route("*", "/{path:.*}", hand_on)
    runner = web.AppRunner(app, access_log=None)
    async with ClientSession() as session:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    print_table(run())
