"""Four servers of one model: the hits of their prefix caches and the time of a run, with documents distributed by
Columnist, by a round-robin router, and with a single server."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from itertools import cycle
from uuid import UUID

from aiohttp import ClientSession, web

from bench.table import Row, print_table
from columnist.asking.language_model import LanguageModelAnswerer
from columnist.documents.model import DocumentText
from columnist.llm.client import ChatModel
from columnist.reviews.model import Question
from columnist.settings import Settings
from tests.processes import metric, simulator

SERVERS, SLOTS = 4, 4
DOCUMENTS, PAGES, GROUPS = 96, 2, 5
SPEED = {"prompt_rate": 3_000, "decode_rate": 1_000, "cache_tokens": 25_000}
"""A document takes 0.6 seconds to read if it is not in the cache, which has room for 12. Slow, so that the client's own
work does not count."""


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
    return rows


def _documents() -> list[DocumentText]:
    chance = random.Random(1)
    words = [f"{''.join(chance.choices('abcdefghijklmnopqrstuvwxyz', k=7))}" for _ in range(2_000)]
    return [
        DocumentText(f"{nr}.txt", [" ".join(chance.choices(words, k=500)) for _ in range(PAGES)])
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
        async with session.request(request.method, url, data=await request.read()) as answer:
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
