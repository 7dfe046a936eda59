"""Is polling cheap? 50 clients poll status and delta feed of a running job of 10,000 documents × 50 columns."""

import asyncio
import random
import re
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import httpx

from bench.material import write_columns, write_documents
from bench.table import Row
from columnist.desk.files import find_files
from columnist.desk.grid import ReviewName
from columnist.desk.local import open_desk
from columnist.reviews.columns_file import read_columns
from columnist.settings import EXTRACTIVE, Settings
from tests.processes import TOKENS, served, simulator

DOCUMENTS, COLUMNS, CLIENTS = 10_000, 50, 50
POLL_SECONDS = 1.5
SECONDS = 40
WARM_UP_SECONDS = 5
LIMIT_MS = 50
_CURSOR = re.compile(r'"cursor":"([^"]*)"')


def run() -> list[Row]:
    """Latency of the polls while the same process works on the job, with an LLM server and without one."""
    rows: list[Row] = []
    with simulator(slots=32, decode_rate=150) as base_url:
        for model, words in (("simulated", "an LLM answers"), (EXTRACTIVE, "the rules answer, in the same process")):
            with tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as folder:
                rows += asyncio.run(_measure(Path(folder), model, base_url, words))
    return rows


async def _measure(folder: Path, model: str, base_url: str, words: str) -> list[Row]:
    write_documents(folder / "documents", DOCUMENTS)
    write_columns(folder / "columns.yaml", COLUMNS)
    variables = {"COLUMNIST_DATA_DIR": str(folder), "OPENAI_BASE_URL": base_url, "COLUMNIST_MODEL": model}
    async with open_desk(Settings.model_validate(variables)) as desk:
        files = find_files([folder / "documents"]).files
        grid = await desk.prepare(ReviewName("Bench"), files, read_columns(folder / "columns.yaml"))
        with served(**variables, COLUMNIST_REQUESTS_PER_MINUTE=10**6) as server:
            url = server.url
            async with httpx.AsyncClient(base_url=f"{url}/api/tabular", timeout=60) as client:
                started = time.perf_counter()
                answer = await client.post(f"/reviews/{grid.review_id}/generate")
                generated = time.perf_counter() - started
                if answer.status_code != 202:
                    raise RuntimeError(answer.text)
            latencies = await _poll(url, UUID(answer.json()["job_id"]))
    section = f"Polling, {DOCUMENTS:,} × {COLUMNS}, {CLIENTS} clients: {words}"
    rows = [Row(section, "generate returns after", f"{generated * 1000:.0f} ms")]
    for name, seconds in latencies.items():
        seconds.sort()
        median, p95 = (seconds[int(len(seconds) * share)] * 1000 for share in (0.5, 0.95))
        figure = f"median {median:.1f} ms, p95 {p95:.1f} ms"
        rows.append(Row(section, f"{name}, {len(seconds):,} polls", figure, f"limit p95 {LIMIT_MS} ms"))
    return rows


async def _poll(url: str, job_id: UUID) -> dict[str, list[float]]:
    latencies: dict[str, list[float]] = {"status": [], "delta feed": []}
    begin = time.perf_counter() + WARM_UP_SECONDS
    end = begin + SECONDS

    async def one() -> None:
        etag = cursor = ""
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKENS[urlsplit(url).netloc]}"}) as client:

            async def timed(name: str, path: str, etag: str = "", **query: str) -> tuple[str, str]:
                started = time.perf_counter()
                address = f"{url}/api/tabular/jobs/{job_id}{path}"
                async with client.get(address, params=query, headers={"If-None-Match": etag}) as answer:
                    text = await answer.text()
                    if answer.status not in (200, 304):
                        raise RuntimeError(text)
                    if started >= begin:
                        latencies[name].append(time.perf_counter() - started)
                    return answer.headers["etag"], text

            await asyncio.sleep(random.uniform(0, POLL_SECONDS))
            while time.perf_counter() < end:
                etag, _ = await timed("status", "", etag)
                more = True
                while more and time.perf_counter() < end:  # a client that lags reads on at once, as the page does
                    _, feed = await timed("delta feed", "/cells", **({"cursor": cursor} if cursor else {}))
                    cursor, more = _CURSOR.findall(feed)[-1], feed.endswith('"more":true}')
                # Browsers are not in step: with one pause for all, a hiccup would let them ask together from then on.
                await asyncio.sleep(POLL_SECONDS * random.uniform(0.9, 1.1))

    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return latencies
