"""The template: a process that has loaded its children's modules, and forks one child for each request, in
milliseconds.

It is started with an empty environment and in no folder, it never sees a file, and it has one thread. The first
template has loaded nothing; for each role (a module with `warm` and `answer`) it forks one that has. A child gets its
request and a file as descriptors, closes itself (`sandbox`), answers once and ends. A child of a role that reads no
untrusted bytes, and needs the database or files, is bounded and not closed.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from columnist.guarded import sandbox
from columnist.guarded.frames import HELLO, send

REQUEST_BYTES = 4096
MOST_DESCRIPTORS = 3
ENDED = b"."
"""The template writes this to the line of an ended child; if the template itself ends, the line only breaks."""

NICENESS = 10
"""Requests and the database come first if cores are scarce."""
_NICENESS_OF_SESSION = Path("/proc/self/autogroup")
"""Linux may share the cores between sessions first: the niceness of a process then counts only inside its own."""

_OPEN_AT_MOST = 65_536
_BUFFER = 1024**2


def main() -> NoReturn:
    """Serve the socket on standard input, until its other end is closed everywhere."""
    os.chdir("/")
    for library in ("OPENBLAS", "OMP"):  # a process with threads cannot be forked
        os.environ[f"{library}_NUM_THREADS"] = "1"
    with suppress(OSError):
        _NICENESS_OF_SESSION.write_text(str(NICENESS))
    commands = socket.socket(fileno=os.dup(0))
    _to_null(0, 1)
    _Template(commands, sandbox.empty_folder(), None).serve()


class _Template:
    """`role`: the module that its children run; None for the first template, which knows the others."""

    def __init__(self, commands: socket.socket, root: int | None, role: ModuleType | None) -> None:
        self._root = root
        self._role = role
        self._roles: dict[str, socket.socket] = {}
        self._lines: dict[int, socket.socket | None] = {}
        self._is_wanted = True
        self._selector = selectors.DefaultSelector()
        self._selector.register(commands, selectors.EVENT_READ, self._obey)
        woken, waking = os.pipe()
        os.set_blocking(waking, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(waking)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that it serves
        self._selector.register(woken, selectors.EVENT_READ, self._reap)

    def serve(self) -> NoReturn:
        try:
            while self._is_wanted:
                for key, _ in self._selector.select():
                    key.data(key.fileobj)
        except BaseException:  # noqa: BLE001 - the caller sees that it has ended
            traceback.print_exc()
        for pid in self._lines:
            _kill(pid)
        os._exit(0)

    def _obey(self, commands: socket.socket) -> None:
        try:
            request, descriptors, _, _ = socket.recv_fds(commands, REQUEST_BYTES, MOST_DESCRIPTORS)
        except OSError:
            request, descriptors = b"", []
        if not request:
            self._is_wanted = False
            return
        asked = json.loads(request)
        if self._role is None:
            self._hand_on(asked["role"], request, descriptors)
        else:
            self._fork_child(asked, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def _hand_on(self, role: str, request: bytes, descriptors: Sequence[int]) -> None:
        for _ in range(2):  # the template of this role may have been killed
            if role not in self._roles:
                self._roles[role] = self._fork_template(role)
            try:
                socket.send_fds(self._roles[role], [request], descriptors)
                return
            except OSError:
                self._roles.pop(role).close()

    def _fork_template(self, role: str) -> socket.socket:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            theirs.close()
            self._lines[pid] = None
            return ours
        try:
            sandbox.end_with(parent)
            _forget_others(theirs.fileno(), self._root)
            module = importlib.import_module(role)
            module.warm()
            sandbox.prepare()
            gc.collect()
            gc.freeze()  # children share its memory, which the collector would otherwise copy
            os.nice(NICENESS)  # and that of its children; also to fork takes time
            _Template(theirs, self._root, module).serve()
        except BaseException:  # noqa: BLE001 - the first template sees the end of this one
            traceback.print_exc()
        os._exit(1)

    def _fork_child(self, asked: dict[str, int], descriptors: list[int]) -> None:
        conversation, line, *files = descriptors
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            return  # the line breaks: the other side asks again
        if not pid:
            limits = sandbox.Limits(asked["memory"], asked["cpu_seconds"])
            self._answer(parent, limits, bool(asked["closed"]), conversation, files)
        with suppress(OSError):
            os.setpgid(pid, pid)
        descriptors.remove(line)
        self._lines[pid] = kept = socket.socket(fileno=line)
        self._selector.register(kept, selectors.EVENT_READ, lambda line: self._end(pid, line))

    def _answer(
        self, parent: int, limits: sandbox.Limits, is_closed: bool, conversation: int, files: Sequence[int]
    ) -> NoReturn:
        """Be a child."""
        assert self._role
        try:
            with suppress(OSError):  # the template may have done it already
                os.setpgid(0, 0)
            _forget_others(conversation, self._root, *files)
            _to_null(0, 1)
            requests = os.fdopen(conversation, "rb", buffering=_BUFFER)
            frames = os.fdopen(conversation, "wb", buffering=_BUFFER, closefd=False)
            file = os.fdopen(files[0], "rb") if files else None
            if is_closed:
                _to_null(2)  # output that a file causes belongs neither in the log nor on a terminal
            layers = sandbox.close(limits, self._root, parent) if is_closed else sandbox.bound(limits, parent)
            send(frames, HELLO, {"layers": layers})
            frames.flush()
            self._role.answer(requests, frames, file)
            frames.flush()
        except BaseException:  # noqa: BLE001 - the caller sees that it has ended
            traceback.print_exc()
        os._exit(0)

    def _end(self, pid: int, line: socket.socket) -> None:
        """This child's result is no longer wanted. It may have ended by itself at the same moment."""
        if self._lines.get(pid) is line:
            self._selector.unregister(line)
            _kill(pid)

    def _reap(self, woken: int) -> None:
        with suppress(BlockingIOError):
            while os.read(woken, 4096):
                continue
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                line = self._lines.pop(pid, None)
                if line is not None:
                    with suppress(KeyError):
                        self._selector.unregister(line)
                    with suppress(OSError):
                        line.send(ENDED)
                    line.close()


def _kill(pid: int) -> None:
    """Kill its whole process group; it has not been reaped, so the number still belongs to it."""
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(pid, signal.SIGKILL)


def _forget_others(*kept: int | None) -> None:
    """Close every descriptor except these and the first three; restore the default handling of signals."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    low = 3
    for descriptor in sorted(one for one in kept if one is not None):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, _OPEN_AT_MOST)


def _to_null(*descriptors: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
    os.close(null)


def command(program: str = "from columnist.guarded.template import main; main()", *arguments: str) -> list[str]:
    """The command line of the first template, or of another program in Python. It looks for modules where this process
    does, but never in the current folder, which may be an unpacked data room."""
    paths = [path for path in sys.path if Path(path).is_absolute() and Path(path) != Path.cwd()]
    begin = "import os, sys; sys.path += [path for path in sys.argv.pop(1).split(os.pathsep) if path not in sys.path]\n"
    return [sys.executable, "-I", "-c", begin + program, os.pathsep.join(paths), *arguments]
