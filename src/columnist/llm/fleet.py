"""Several servers of one model: a document has its own order of them, so that its text is in the first one's cache."""

import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from hashlib import sha256
from typing import TypeVar

from columnist.errors import LlmAwayError
from columnist.llm.limiter import Limiter, Slot
from columnist.llm.server import Server

T = TypeVar("T")

MOST_LOADED = 1.25
"""The most documents of a server as a multiple of its share (Mirrokni, Thorup, Zadimoghaddam 2018): the next server
takes the others. Hashing alone gives the fullest of four twice the share of the emptiest."""

REMEMBERED = 10_000
"""How many documents' servers are remembered."""


class Fleet:
    """Chooses the server for each document and each call: by rendezvous hashing (Thaler and Ravishankar 1998), so that
    all processes agree without communication, and a server that goes or comes moves only its own documents."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self.servers = servers
        self._of = {server.limiter: server for server in servers}
        self._read: OrderedDict[str, list[Server]] = OrderedDict()
        for server in servers:
            server.limiter.join([other.limiter for other in servers if other is not server])

    def open(self, besides: Collection[Server] = ()) -> list[Server]:
        """The servers that can be asked now, except these."""
        return [server for server in self.servers if server.open and server not in besides]

    @asynccontextmanager
    async def document(self, affinity: str, urgent: bool = False) -> AsyncIterator[None]:
        """Wait until a document may begin, and hold its place with the first server of its calls. Raises LlmAwayError
        as the limiter does."""
        async with self._entered(lambda: self._for_document(affinity, urgent).document(urgent)) as limiter:
            self._remember(affinity, self._of[limiter], first=True)
            yield

    @asynccontextmanager
    async def slot(
        self, affinity: str, besides: Collection[Server] = (), urgent: bool = False
    ) -> AsyncIterator[tuple[Server, Slot]]:
        """Wait for a slot with the first server of the document's order that has one, and hold it; servers in
        `besides` only if there is no other. Raises LlmAwayError while all are away."""
        async with self._entered(lambda: self._for_call(affinity, besides, urgent).limiter.slot(urgent)) as slot:
            server = self._of[slot.limiter]
            if affinity:
                self._remember(affinity, server, first=not self._order(affinity)[0].open)
            yield server, slot

    @asynccontextmanager
    async def _entered(self, choose: Callable[[], AbstractAsyncContextManager[T]]) -> AsyncIterator[T]:
        """Enter the server that `choose` returns; choose again if that one goes away meanwhile and another is there."""
        async with AsyncExitStack() as stack:
            while True:
                try:
                    entered = await stack.enter_async_context(choose())
                    break
                except LlmAwayError:
                    if not self.open():
                        raise
            yield entered

    def _for_document(self, affinity: str, urgent: bool) -> Limiter:
        order = [server.limiter for server in self._candidates(affinity)]
        under_way = 1 + sum(limiter.documents_here for limiter in order)
        room = sum(limiter.limit for limiter in order)
        for limiter in order:
            most = math.ceil(MOST_LOADED * under_way * limiter.limit / room)
            if limiter.has_room_for_document() and limiter.documents_here < most:
                return limiter
        return next((limiter for limiter in order if limiter.has_room_for_document(urgent)), order[0])

    def _for_call(self, affinity: str, besides: Collection[Server], urgent: bool) -> Server:
        order = self._candidates(affinity, besides)
        return next((server for server in order if server.limiter.has_room(urgent)), order[0])

    def _candidates(self, affinity: str, besides: Collection[Server] = ()) -> list[Server]:
        """The servers that can be asked, in the document's order; while none can, the one that is tried next."""
        order = self._order(affinity)
        asked = [server for server in order if server.open]
        return (
            [server for server in asked if server not in besides]
            or asked
            or [min(order, key=lambda server: (server.refusal is not None, server.limiter.closed_for))]
        )

    def _order(self, affinity: str) -> list[Server]:
        if len(self.servers) == 1:
            return [*self.servers]
        if not affinity:
            return sorted(self.servers, key=lambda server: server.limiter.load)
        read = self._read.get(affinity, [])
        return [*read, *(server for server in self._hashed(affinity) if server not in read)]

    def _hashed(self, affinity: str) -> Iterator[Server]:
        def weight(server: Server) -> bytes:
            return sha256(f"{affinity} {server.url}".encode()).digest()

        yield from sorted(self.servers, key=weight, reverse=True)

    def _remember(self, affinity: str, server: Server, *, first: bool) -> None:
        """Note that the server reads this document now. `first`: it is asked before all others from now on."""
        if len(self.servers) == 1:
            return
        read = self._read.setdefault(affinity, [])
        self._read.move_to_end(affinity)
        if first and server in read:
            read.remove(server)
        if server not in read:
            read.insert(0 if first else len(read), server)
        while len(self._read) > REMEMBERED:
            self._read.popitem(last=False)
