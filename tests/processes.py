"""Real processes for tests: the command line, workers, and the LLM server simulator."""

import json
import os
import re
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.patience import PATIENCE_SECONDS
from tests.preloaded import Program

TOKENS: dict[str, str] = {}
"""Host and port of a server without sign-in → its token. Every request of a test through httpx has the token; an empty
Authorization header leaves it out."""

_build = httpx._client.BaseClient.build_request


def _build_signed_in(self: httpx._client.BaseClient, *args: Any, **options: Any) -> httpx.Request:
    request = _build(self, *args, **options)
    if (token := TOKENS.get(request.url.netloc.decode())) and "authorization" not in request.headers:
        request.headers["Authorization"] = f"Bearer {token}"
    return request


httpx._client.BaseClient.build_request = _build_signed_in  # type: ignore[method-assign]


def environment(**variables: object) -> dict[str, str]:
    """This process's environment without any setting of Columnist, and with these, except those that are None."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COLUMNIST_", "TABULAR_", "OPENAI_", "NEXT_PUBLIC_")) and name != "DATABASE_URL"
    }
    return kept | {"COLUMNS": "200"} | {name: str(value) for name, value in variables.items() if value is not None}


def columnist(*arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end, without a terminal."""
    process = start(*arguments, **variables)
    output, errors = process.communicate(PATIENCE_SECONDS)
    return subprocess.CompletedProcess(process.args, process.wait(), output, errors)


def start(*arguments: object, **variables: object) -> Program:
    """Start the command line; standard error is its log."""
    known = {"COLUMNIST_TOKEN", "COLUMNIST_DATA_DIR"} & variables.keys()
    for server in (*arguments, variables.get("COLUMNIST_SERVER")):
        if (token := TOKENS.get(urlsplit(str(server)).netloc)) and not known:
            variables["COLUMNIST_TOKEN"] = token  # it has another data directory than the server
    return Program("columnist", [*map(str, arguments)], environment(**variables))


def wait_for_line(stream: Iterable[str], words: str) -> str:
    """Read lines until one contains `words`; fails if the stream ends first, or if no line comes."""
    seen: list[str] = []
    found: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        for line in stream:
            seen.append(line)
            if words in line:
                found.put(line)
                return
        found.put("")

    threading.Thread(target=read, daemon=True).start()
    with suppress(Empty):
        if line := found.get(timeout=PATIENCE_SECONDS):
            return line
    raise AssertionError(f"{words!r} never came; this did: {''.join(seen)}")


@contextmanager
def simulator(**options: object) -> Iterator[str]:
    """A running LLM simulator; yields its base URL. Options are those of its command line, with `_` for `-`."""
    flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    process = Program("tests.llm.simulator", ["--port", "0", *flags], os.environ)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def environment_of(url: str, home: Path, llm: str, **variables: object) -> dict[str, object]:
    """The variables of a process over this database and data directory that asks the simulator at `llm`."""
    return {
        "DATABASE_URL": url,
        "COLUMNIST_DATA_DIR": home,
        "OPENAI_BASE_URL": llm,
        "COLUMNIST_MODEL": "simulated",
        **variables,
    }


def metric(base_url: str, name: str) -> float:
    """A figure of the simulator's /metrics."""
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/metrics") as answer:
        text = answer.read().decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def contracts_in(folder: Path, count: int) -> Path:
    """Make a folder of small, different text contracts."""
    folder.mkdir(parents=True, exist_ok=True)
    for nr in range(count):
        (folder / f"contract-{nr:04}.txt").write_text(
            f"This Agreement number {nr} is made on May {nr % 28 + 1}, 2014 between Alpha {nr} Inc. and Beta LLC.\n"
            f"The fee is ${nr + 1},000.00. This Agreement is governed by the laws of the State of Delaware.\n" * 3
        )
    return folder


def columns_in(file: Path, count: int) -> Path:
    """A columns file with `count` questions of format text."""
    lines = ["columns:"]
    for nr in range(count):
        lines += [f"  - name: Question {nr}", f"    prompt: What does it say about matter {nr}?"]
    file.write_text("\n".join(lines))
    return file


@dataclass(frozen=True, slots=True)
class Served:
    """A running `columnist serve`: its address, the process, the lines it has logged since, and the link that it has
    printed if it has no sign-in."""

    url: str
    process: Program
    log: list[str]
    link: str | None


SIGN_IN = ("SIGN_IN", "OIDC_ISSUER", "JWT_SECRET", "JWKS_URL")
"""Settings by which people sign in, so that no link is printed."""


@contextmanager
def served(*arguments: object, **variables: object) -> Iterator[Served]:
    """A running server on a free port; it gets a SIGTERM at the end, and must exit with code 0."""
    process = start("serve", "--port", "0", *arguments, **{"COLUMNIST_DRAIN_SECONDS": 0, **variables})
    try:
        url = json.loads(wait_for_line(process.stderr, '"serving"'))["url"]
        link = None
        if not any(variables.get(f"COLUMNIST_{name}") for name in SIGN_IN):
            link = wait_for_line(process.stdout, "Open").split()[1]
            TOKENS[urlsplit(url).netloc] = link.rpartition("=")[2]
        # Its log is read to the end, or the pipe would fill and stop it.
        log: list[str] = []
        reading = threading.Thread(target=log.extend, args=[process.stderr], daemon=True)
        reading.start()
        yield Served(url, process, log, link)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        reading.join(PATIENCE_SECONDS)  # its last lines
    finally:
        process.kill()
        process.wait()


@contextmanager
def served_api(*arguments: object, **variables: object) -> Iterator[httpx.Client]:
    """A client of the API of a running server."""
    with served(*arguments, **variables) as server, httpx.Client(base_url=f"{server.url}/api") as client:
        yield client


@contextmanager
def workers(count: int, **variables: object) -> Iterator[list[Program]]:
    started = [start("worker", **variables) for _ in range(count)]
    try:
        for worker in started:
            wait_for_line(worker.stderr, "worker ready")
        yield started
    finally:
        for worker in started:
            worker.kill()
            worker.communicate()
