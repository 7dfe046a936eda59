"""The caller's side: children of the template, each for one request, and the places that they take."""

import asyncio
import json
import os
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import structlog

from columnist import telemetry
from columnist.cancelling import off_loop
from columnist.cpu import usable_cores
from columnist.guarded import template
from columnist.guarded.frames import DONE, ERROR, HEAD, LARGEST_HEAD, LEAST_HEAD, MOST_HEADS, Frame
from columnist.guarded.sandbox import LAYERS
from columnist.guarded.turns import MOST_WAITING, Turns

log = structlog.get_logger()

START_SECONDS = 120.0
"""The longest wait for a child to begin: at first the template loads its role, on a machine that may be busy."""

LONG_WAIT_SECONDS = 60.0
"""A longer wait for a place is logged."""

_BUFFER = 1024**2
_KEPT_VARIABLES = ("PATH", "LANG")


Kind = Literal["reading", "drawing", "ocr", "rules", "words", "quotes", "export"]
"""The purpose of places, as named in the metrics."""


class LostError(Exception):
    """The child, or its template, was ended from outside or could not be started: the request is not at fault."""


class CrashedError(Exception):
    """The child ended without an answer: a limit killed it, or its request did."""


class LateError(Exception):
    """The child took too long."""


class _BrokenError(Exception):
    """A child's socket has ended, or sends no valid frame."""


@dataclass(frozen=True, slots=True)
class Role:
    """The work of children: the module that answers, and their limits. `memory`: bytes; `seconds`: from their start
    until they are killed. `closed`: False for our own work that needs the database and files, and is only bounded."""

    module: str
    memory: int
    seconds: float
    closed: bool = True


_PROBE = Role("columnist.guarded.probe", 64 * 1024**2, 10.0)


class Templates:
    """The first template of this process: started when it is needed, and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commands: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def child(self, role: Role, file: int | None) -> tuple[socket.socket, socket.socket]:
        """Fork a child, which may get a file.

        Returns the socket to talk to it, and its line, which ends with it. Raises LostError if the template cannot be
        asked.
        """
        conversation, theirs = socket.socketpair()
        line, its_line = socket.socketpair()
        given = [theirs.fileno(), its_line.fileno(), *([] if file is None else [file])]
        request = {
            "role": role.module,
            "memory": role.memory,
            "cpu_seconds": int(role.seconds) + 1,
            "closed": role.closed,
        }
        try:
            self._send(json.dumps(request).encode(), given)
        except OSError as error:
            conversation.close()
            line.close()
            raise LostError(f"The template cannot be started: {error}.") from error
        finally:
            theirs.close()
            its_line.close()
        return conversation, line

    def warm(self, role: Role) -> None:
        """Let the template load the role's modules now, beside other work: a child is forked and dropped."""
        with suppress(LostError):  # the first real one will tell
            for one in self.child(role, None):
                one.close()

    def renew_lock(self) -> None:
        """This process is a fork, and goes on with its parent's template: another thread may have held the lock."""
        self._lock = threading.Lock()

    def _send(self, request: bytes, descriptors: Sequence[int]) -> None:
        with self._lock:
            if self._commands is not None:
                try:
                    socket.send_fds(self._commands, [request], descriptors)
                    return
                except OSError:
                    self._commands.close()
                    self._commands = None
            self._commands = self._start()
            socket.send_fds(self._commands, [request], descriptors)

    def _start(self) -> socket.socket:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                template.command(),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        return ours


templates = Templates()
os.register_at_fork(after_in_child=templates.renew_lock)


class Child:
    """One process, for one request; everything that it sends is untrusted data."""

    def __init__(self, role: Role, conversation: socket.socket, line: socket.socket) -> None:
        self._role = role
        self._line = line
        self._conversation = conversation
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._heads_left = MOST_HEADS
        self.layers: frozenset[str] = frozenset()
        """The `sandbox.LAYERS` that hold, once it has begun."""
        line.setblocking(False)

    async def begin(self) -> None:
        """Wait until it has closed itself. Raises LostError."""
        try:
            async with asyncio.timeout(START_SECONDS):
                self._streams = await asyncio.open_connection(sock=self._conversation, limit=_BUFFER)
                _, values, _ = await self.frame()
        except (_BrokenError, TimeoutError):
            raise LostError from None
        self.layers = frozenset(values["layers"])

    async def ask(self, request: bytes) -> None:
        """Send the request."""
        assert self._streams
        self._streams[1].write(request)
        try:
            await self._streams[1].drain()
        except ConnectionError:
            raise _BrokenError from None

    async def frame(self) -> Frame:
        """The next frame of its answer: an object of bounded size, and bytes that are no more than its memory."""
        assert self._streams
        reader = self._streams[0]
        try:
            kind, head, data = HEAD.unpack(await reader.readexactly(HEAD.size))
            self._heads_left -= max(head, LEAST_HEAD)
            if head > LARGEST_HEAD or self._heads_left < 0 or data > self._role.memory:
                raise _BrokenError
            values = json.loads(await reader.readexactly(head))
            if not isinstance(values, dict):
                raise _BrokenError
            return kind, values, await reader.readexactly(data)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, RecursionError):
            raise _BrokenError from None

    async def is_lost(self) -> bool:
        """Whether the template has ended, not only the child. Call it when the child has ended."""
        with suppress(OSError):
            async with asyncio.timeout(START_SECONDS):
                return await asyncio.get_running_loop().sock_recv(self._line, 1) != template.ENDED
        return True

    def kill(self) -> None:
        """Kill it, if it still runs, without waiting for its end."""
        if self._streams is not None:
            self._streams[1].transport.abort()
        else:
            self._conversation.close()
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    async def ended(self) -> None:
        """Wait for the end, after `kill`."""
        with suppress(OSError):
            try:
                while await asyncio.get_running_loop().sock_recv(self._line, 16):
                    continue
            finally:
                self._line.close()


async def layers() -> frozenset[str]:
    """The `sandbox.LAYERS` that hold around guarded children here. Raises LostError."""
    child = Child(_PROBE, *templates.child(_PROBE, None))
    try:
        await child.begin()
        return child.layers
    finally:
        child.kill()
        await child.ended()


async def sandbox_in_words() -> str:
    """The layers that hold here, and those that do not: "limits, seccomp; not here: landlock"."""
    try:
        held = await layers()
    except LostError as error:
        return f"no closed process can be started here ({error})"
    missing = [name for name in LAYERS if name not in held]
    return ", ".join(name for name in LAYERS if name in held) + (f"; not here: {', '.join(missing)}" if missing else "")


class Places:
    """Places for children of one role, one child per request; users take turns."""

    def __init__(
        self,
        kind: Kind,
        role: Role,
        most: int | None = None,
        each: int | None = None,
        waiting: int = MOST_WAITING,
    ) -> None:
        """`most`: places, one per core if None; `each`: how many one user may have, likewise. `waiting`: how many
        requests of one user may wait."""
        self.kind = kind
        self.role = role
        self._turns = Turns(most or usable_cores(), each or usable_cores(), waiting)
        self._ending: set[asyncio.Task[None]] = set()
        self._is_warm = False

    @property
    def free(self) -> int:
        """The number of free places."""
        return self._turns.free

    @property
    def in_use(self) -> int:
        """The number of taken places."""
        return self._turns.in_use

    def warm(self) -> None:
        """Prepare for the first child, once."""
        if not self._is_warm:
            self._is_warm = True
            templates.warm(self.role)

    def open(self) -> None:
        """Count the places in the metrics from now on."""
        _all_places.add(self)

    async def close(self) -> None:
        """Wait until all children have ended; no more requests may come."""
        _all_places.discard(self)
        await self.ended()

    async def ended(self) -> None:
        """Wait until the children that were killed before this have ended."""
        if self._ending:
            await asyncio.wait(set(self._ending))

    @asynccontextmanager
    async def child(self, file: AbstractContextManager[int | None], user: Hashable) -> AsyncIterator[Child]:
        """A child, as soon as a place is free. It has the file of the descriptor open, and ends with the context.

        Raises LateError, CrashedError, LostError, TooManyRequestsError, and the errors of opening the file.
        """
        await self._take(user)
        child = None
        try:
            async with off_loop(file) as descriptor:
                child = Child(self.role, *templates.child(self.role, descriptor))
            await child.begin()
            try:
                async with asyncio.timeout(self.role.seconds) as deadline:
                    yield child
            except TimeoutError:
                if deadline.expired():
                    raise LateError from None
                raise
            except _BrokenError:
                child.kill()
                raise (LostError if await child.is_lost() else CrashedError) from None
        finally:  # nothing is awaited here: a second cancel would leak the place
            if child is not None:
                child.kill()
                ending = asyncio.ensure_future(child.ended())
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
            self._turns.give_back(user)

    async def answer(self, request: bytes, user: Hashable) -> list[dict[str, Any]]:
        """The answer of a child without a file: the values of its frames. After a lost child it asks again, once.
        Raises as `child` does, and CrashedError if the child reports an error."""
        try:
            return await self._answer(request, user)
        except LostError:
            return await self._answer(request, user)

    async def _answer(self, request: bytes, user: Hashable) -> list[dict[str, Any]]:
        said = []
        async with self.child(nullcontext(), user) as child:
            await child.ask(request)
            kind = b""
            while kind not in (DONE, ERROR):
                kind, values, _ = await child.frame()
                said.append(values)
        if kind == ERROR:
            raise CrashedError(str(values.get("error", "")))
        return said

    async def _take(self, user: Hashable) -> None:
        late = asyncio.get_running_loop().call_later(LONG_WAIT_SECONDS, self._is_late)
        try:
            await self._turns.take(user)
        finally:
            late.cancel()

    def _is_late(self) -> None:
        log.warning("a request has waited long for a process", kind=self.kind, free=self.free, in_use=self.in_use)


_all_places: set[Places] = set()


def _count(kind: str, state: Literal["free", "in_use"]) -> int:
    return sum(getattr(places, state) for places in _all_places if places.kind == kind)


for _kind in get_args(Kind):
    for _state in ("free", "in_use"):
        telemetry.READER_PLACES.labels(_kind, _state).set_function(partial(_count, _kind, _state))
