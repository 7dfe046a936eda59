"""A real vLLM on the CPU with a tiny model of random weights: `make vllm` installs it and names its folder."""

import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from columnist.settings import Settings
from tests.proxies import free_port

FOLDER = os.environ.get("COLUMNIST_VLLM")
collect_ignore_glob = [] if FOLDER else ["test_*.py"]

START_SECONDS = 900.0
KEY = "sesame"
FLAGS = (
    *("--served-model-name", "tiny", "--host", "127.0.0.1", "--api-key", KEY, "--max-model-len", "8192"),
    *("--max-num-seqs", "4", "--max-num-batched-tokens", "1024"),
    # Without it the model fills its answers with blank lines.
    *("--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}'),
    *("--enforce-eager", "--dtype", "float32", "--enable-prompt-tokens-details", "--scheduling-policy", "priority"),
)
SHORT_QUEUE = ("--max-num-queued-reqs", "8")
ENVIRONMENT = {
    "VLLM_TARGET_DEVICE": "cpu",
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "fork",  # else it imports PyTorch three times
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}


class Vllm:
    """The server; `url` ends in /v1."""

    def __init__(self, log: Path, *flags: str) -> None:
        self._flags = flags
        self._port = free_port()
        self._log = log
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self.start()

    def start(self) -> None:
        """Start it on its port; `wait` returns when it answers."""
        assert FOLDER
        command = [f"{FOLDER}/bin/vllm", "serve", f"{FOLDER}/model", "--port", str(self._port), *FLAGS, *self._flags]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self) -> None:
        """Wait until it answers. Fails with the end of its log if it ends first."""
        until = time.monotonic() + START_SECONDS
        while not self._is_there():
            assert self._process.poll() is None and time.monotonic() < until, self._log.read_text()[-3_000:]
            time.sleep(0.5)

    def kill(self) -> None:
        """Kill it and the processes of its engine with SIGKILL."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def settings(self, **changes: Any) -> Settings:
        """The settings of a client."""
        known = {"openai_base_url": self.url, "openai_api_key": KEY, "model": "tiny"}
        return Settings(_env_file=None, **{**known, **changes})

    def figure(self, name: str) -> float:
        """The sum of one of its metrics."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return sum(float(figure) for figure in re.findall(rf"^vllm:{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))

    def wait_until(self, wanted: Callable[["Vllm"], bool], seconds: float) -> None:
        """Wait until the condition holds; fails if it takes longer."""
        until = time.monotonic() + seconds
        while not wanted(self):
            assert time.monotonic() < until, f"not within {seconds} seconds"
            time.sleep(0.05)

    def _is_there(self) -> bool:
        try:
            with urllib.request.urlopen(self.url.removesuffix("/v1") + "/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    server = Vllm(tmp_path_factory.mktemp("vllm") / "log", *SHORT_QUEUE)
    try:
        server.wait()
        yield server
    finally:
        server.kill()
