"""HTTP peers for tests: the bench's LLM simulator in a separate process, and a server that answers by a script."""

import asyncio
import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from pathlib import Path
from typing import Any

from aiohttp import web
from openai.types.chat import ChatCompletionMessageParam

from columnist.llm.usage import Prices, Queue, Usage
from columnist.settings import Settings
from tests.llm.simulator import Simulator
from tests.patience import PATIENCE_SECONDS
from tests.preloaded import Program

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running server; `url` ends in /v1."""

    url: str

    def settings(self, **changes: Any) -> Settings:
        """Settings of a client of it."""
        return Settings(
            _env_file=None,
            **{"openai_base_url": self.url, "model": "simulated", "llm_timeout_seconds": PATIENCE_SECONDS, **changes},
        )

    def inject(self, **faults: Any) -> None:
        """Replace its faults."""
        body = json.dumps(faults).encode()
        address = self.url.removesuffix("/v1") + "/_faults"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            assert response.status == 200

    def figure(self, name: str) -> float:
        """One of its metrics; 0 if it has no value."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/metrics", timeout=PATIENCE_SECONDS) as response:
            lines = dict(line.split() for line in response.read().decode().splitlines())
        return float(lines.get(name, 0))

    def wait_until(self, name: str, wanted: float) -> None:
        """Wait for a metric to have a value. Call it in a thread if an event loop must go on."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (figure := self.figure(name)) != wanted:
            assert time.monotonic() < until, f"{name} is {figure}, not {wanted}"
            time.sleep(0.01)


@contextmanager
def simulator(*options: str, port: int = 0) -> Iterator[Simulated]:
    """Run it with these options, fast unless they say otherwise."""
    fast = ["--prompt-rate", "1e7", "--decode-rate", "1e5"]
    process = Program("tests.llm.simulator", ["--port", str(port), *fast, *options], os.environ)
    try:
        yield Simulated(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()


@contextmanager
def served_here(server: Simulator) -> Iterator[str]:
    """Run a simulator in a thread of this process; returns its base URL."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(server.application(), access_log=None)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    try:
        yield asyncio.run_coroutine_threadsafe(begin(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


Reply = tuple[int, dict[str, Any] | str]
"""A status, and a JSON object, its text, a web page, or events that begin with a comment."""


@contextmanager
def scripted(reply: Callable[..., Reply], listing: Reply | Callable[[str], Reply] = (404, {})) -> Iterator[Simulated]:
    """A server that answers each chat request by a function of its body (and, if that takes two arguments, of its
    headers in lower case), and each GET by `listing`, or by a function of its path."""
    with_headers = len(signature(reply).parameters) > 1

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = [{name.lower(): value for name, value in self.headers.items()}] if with_headers else []
            self._send(*reply(body, *headers))

        def do_GET(self) -> None:
            self._send(*(listing(self.path) if callable(listing) else listing))

        def _send(self, status: int, body: dict[str, Any] | str) -> None:
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            kinds = {"<": "text/html", ":": "text/event-stream"}
            self.send_header("Content-Type", kinds.get(content[:1].decode(), "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Log nothing: output belongs to the test."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Simulated(f"http://127.0.0.1:{server.server_port}/v1")
        finally:
            server.shutdown()


def completion(content: str) -> dict[str, Any]:
    """A chat completion with that text, which took 101 and 7 tokens."""
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "simulated",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 101, "completion_tokens": 7, "total_tokens": 108},
    }


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "c1": {
            "type": "object",
            "properties": {"quote": {"type": "string"}, "answer": {"type": ["string", "null"]}},
            "required": ["quote", "answer"],
            "additionalProperties": False,
        }
    },
    "required": ["c1"],
    "additionalProperties": False,
}


TEXT = "This Lease is made between Alder Ltd and Birch GmbH. The rent is 900 euros a month. " * 10


class Counted:
    """A ledger in memory."""

    queue: Queue | None = None

    def __init__(self) -> None:
        self.counted: list[Usage] = []

    async def admit(self) -> None:
        return

    async def count(
        self, usage: Usage, key: bytes | None = None, answer: str | None = None, prices: Prices | None = None
    ) -> None:
        self.counted.append(usage)

    async def kept(self, key: bytes) -> str | None:
        return None


def asking(question: str, text: str = TEXT) -> list[ChatCompletionMessageParam]:
    content = f"<document>\n[Page 1]\n{text}\n</document>\n\nc1. {question}"
    return [{"role": "system", "content": "Answer."}, {"role": "user", "content": content}]
