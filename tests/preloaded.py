"""Python programs that start at once: a process that has imported all their modules forks each of them.

Their imports take longer than most of their work in tests. Each program is a real process with its own pid,
environment, signals and exit code. The guarded children of all come from one template, which is the product's.
"""

import asyncio
import atexit
import ctypes
import gc
import io
import json
import os
import pkgutil
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, cast

import columnist
from columnist.guarded.children import layers, templates

_REQUEST_BYTES = 1024**2

MACHINE = "TESTS_MACHINE"
"""The environment variable with the file of the network namespace in which a program must run."""


class Program:
    """A running `python -m module arguments`, used as a `subprocess.Popen` with text pipes is."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.args = [module, *arguments]
        self.returncode: int | None = None
        self._waiting = threading.Lock()
        out, child_out = os.pipe()
        err, child_err = os.pipe()
        status, child_status = os.pipe()
        given = (child_out, child_err, child_status)
        request = json.dumps([module, list(arguments), dict(environment), str(Path.cwd())]).encode()
        socket.send_fds(_preloaded(), [request], given)
        for descriptor in given:
            os.close(descriptor)
        self.stdout: IO[str] = os.fdopen(out, encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(err, encoding="utf-8")
        self._status = os.fdopen(status, "rb", buffering=0)
        self.pid = int.from_bytes(self._status.read(8), "little")

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None before its end."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        with self._waiting:
            if self.returncode is None:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._status, selectors.EVENT_READ)
                    if not selector.select(timeout):
                        raise subprocess.TimeoutExpired(self.args, timeout or 0)
                self.returncode = int.from_bytes(self._status.read(8), "little", signed=True)
                self._status.close()
            return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Its output, when it has ended."""
        with ThreadPoolExecutor(2) as threads:
            written = [threads.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except BaseException:
                self.kill()  # which ends the threads
                raise
            return written[0].result(), written[1].result()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


SHARED = "TESTS_PRELOADED"
"""The environment variable with the socket of the process that forks for the whole run."""


def share() -> None:
    """Let the processes that this one starts use its forking process."""
    os.environ[SHARED] = _preloaded().getpeername()


@cache
def _preloaded() -> socket.socket:
    """A line to the forking process, of the run or of this process. That ends with the last line to it."""
    path = os.environ.get(SHARED)
    if path is None:
        path = str(Path(tempfile.mkdtemp(prefix="columnist-preloaded-"), "socket"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            listener.listen()
            subprocess.Popen(
                [sys.executable, "-m", "tests.preloaded"], stdin=listener.fileno(), env=os.environ | {"COLUMNS": "200"}
            )
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _REQUEST_BYTES)
    line.connect(path)
    return line


def _serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(fileno=os.dup(0))
    first, _ = listener.accept()
    for module in pkgutil.walk_packages(columnist.__path__, "columnist."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in ("openai", "boto3", "tests.llm.simulator"):
        import_module(name)
    asyncio.run(layers())  # which starts the template that all share
    gc.freeze()  # or each program would copy all that it shares with this one when it first collects
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(first, selectors.EVENT_READ)
    lines = 1
    running: dict[int, tuple[int, int]] = {}
    while lines:
        for key, _ in selector.select():
            if key.fd in running:
                pid, status = running.pop(key.fd)
                selector.unregister(key.fd)
                os.close(key.fd)
                ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with suppress(BrokenPipeError):  # no test waits for it any more
                    os.write(status, ended.to_bytes(8, "little", signed=True))
                os.close(status)
                continue
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                lines += 1
                continue
            line = cast(socket.socket, key.fileobj)
            request, descriptors, _, _ = socket.recv_fds(line, _REQUEST_BYTES, 3)
            if not request:
                selector.unregister(line)
                line.close()
                lines -= 1
                continue
            pid = os.fork()
            if not pid:
                _become(request, descriptors)
            *streams, status = descriptors
            for descriptor in streams:
                os.close(descriptor)
            os.write(status, pid.to_bytes(8, "little"))
            watched = os.pidfd_open(pid)
            running[watched] = (pid, status)
            selector.register(watched, selectors.EVENT_READ)
    shutil.rmtree(Path(listener.getsockname()).parent)


def _become(request: bytes, descriptors: Sequence[int]) -> None:
    """Run the program in the forked process; never returns."""
    code = 1
    try:
        module, arguments, environment, folder = json.loads(request)
        null = os.open(os.devnull, os.O_RDONLY)
        for target, source in enumerate((null, descriptors[0], descriptors[1])):
            os.dup2(source, target)
        assert templates._commands
        kept = templates._commands.fileno()
        os.closerange(3, kept)
        os.closerange(kept + 1, 1024)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if machine := environment.pop(MACHINE, None):
            _move_to(machine)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.stdout = _stream(1, write_through="PYTHONUNBUFFERED" in environment)
        sys.stderr = _stream(2, line_buffering=True)
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _move_to(network_namespace: str) -> None:
    """Enter the network namespace of another machine."""
    with Path(network_namespace).open() as file:
        moved = ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0)
    assert moved == 0, os.strerror(ctypes.get_errno())


def _stream(descriptor: int, line_buffering: bool = False, write_through: bool = False) -> io.TextIOWrapper:
    file = io.BufferedWriter(io.FileIO(descriptor, "w"))
    return io.TextIOWrapper(file, "utf-8", "backslashreplace", None, line_buffering, write_through)


if __name__ == "__main__":
    _serve()
