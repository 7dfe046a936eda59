"""Connections and their roles: a request acts as its user, a worker as `columnist_worker`."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import structlog
from psycopg import AsyncConnection, InterfaceError, OperationalError, sql
from psycopg.errors import DeadlockDetected
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from columnist.cancelling import surely
from columnist.db.embedded import embedded_server
from columnist.db.migrate import migrate
from columnist.settings import Settings

log = structlog.get_logger()

Connection = AsyncConnection[DictRow]
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What psycopg raises while PostgreSQL restarts, fails over or is out of reach (deadlocks are among it, too)."""


TRIES = 5

WAIT_SECONDS = 10.0
"""How long a request waits for a connection before it is told that the database is away."""


@dataclass(frozen=True, slots=True)
class User:
    """Who a request acts for: the `sub` and `email` claims of their token."""

    id: UUID
    email: str


LOCAL_USER = User(UUID(int=1), "local@localhost")
"""The one user of an installation without sign-in."""

NOBODY = User(UUID(int=0), "")
"""Whoever has not said yet who they are: nothing belongs to them."""


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The URL of a migrated database, held open while the context lasts (the embedded server stops with its last user).

    Raises DatabaseError with a sentence when there is none to be had.
    """
    if settings.database_url:
        migrate(settings.database_url)
        yield settings.database_url
    else:
        with embedded_server(settings.data_dir) as url:
            migrate(url)
            yield url


async def persistently(connection: Connection, query: str, values: Sequence[Any]) -> int:
    """Execute a statement that locks much, such as a delete with all that hangs on it, and may get into the way of
    workers: of two that wait for each other PostgreSQL fails one, which is tried again. Returns the rows affected."""
    for _ in range(TRIES - 1):
        with suppress(DeadlockDetected):
            async with connection.transaction():
                return (await connection.execute(query, values)).rowcount
    return (await connection.execute(query, values)).rowcount


class Database:
    """The connections of one process: `act_as(user)` for requests, `worker()` for the job engine."""

    def __init__(self, url: str, connections: int = 4) -> None:
        self.url = url
        self._requests = _pool(url, connections, "set jit = off")
        # Every statement of the engine is a transaction of its own, so the role is set once per connection.
        self._workers = _pool(url, connections, "set jit = off; set role columnist_worker")

    async def __aenter__(self) -> "Database":
        await self._requests.open()
        await self._workers.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._workers.close()
        await self._requests.close()

    @asynccontextmanager
    async def act_as(self, user: User) -> AsyncIterator[Connection]:
        """One transaction in which row-level security sees `user`."""
        connection = await self._begun(user)
        try:
            yield connection
            await connection.commit()
        except BaseException:
            with suppress(*DATABASE_AWAY):  # then there is nothing left to roll back
                await connection.rollback()
            raise
        finally:
            await surely(self._requests.putconn(connection))

    async def _begun(self, user: User) -> Connection:
        """A connection on which the user's transaction has begun: one round trip, and the proof that it is alive. After
        a restart of PostgreSQL requests wait here instead of failing."""
        claims = json.dumps({"sub": str(user.id), "email": user.email, "role": "authenticated"})
        begin = sql.SQL(
            "begin; select set_config('role', 'authenticated', true), set_config('request.jwt.claims', {}, true)"
        ).format(claims)
        give_up_at = time.monotonic() + WAIT_SECONDS
        while True:
            connection = await self._requests.getconn(give_up_at - time.monotonic())
            try:
                await connection.execute(begin)
            except BaseException as error:
                await surely(self._requests.putconn(connection))
                if not isinstance(error, DATABASE_AWAY):
                    raise
            else:
                return connection

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Connection]:
        """An autocommit connection with the rights of a worker."""
        connection = await self._workers.getconn()
        try:
            yield connection
        finally:
            await surely(self._workers.putconn(connection))

    async def insist(
        self,
        step: Callable[Concatenate[Connection, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run an idempotent step as a worker, again and again while PostgreSQL is away. Cancel it to give up."""
        delay = 0.1
        while True:
            try:
                async with self.worker() as connection:
                    return await step(connection, *args, **kwargs)
            except DATABASE_AWAY as error:
                log.warning("database away", at=step.__name__, error=str(error).strip())
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)

    async def listen(self, *channels: str) -> Connection:
        """A connection of its own that listens to `channels`; the caller closes it."""
        connection = await AsyncConnection.connect(self.url, autocommit=True, row_factory=dict_row)
        try:
            for channel in channels:
                await connection.execute(f'listen "{channel}"')
        except BaseException:
            await connection.close()
            raise
        return connection


def _pool(url: str, connections: int, setup: str) -> AsyncConnectionPool[Connection]:
    async def configure(connection: AsyncConnection[Any]) -> None:
        await connection.execute(setup)

    return AsyncConnectionPool(
        url,
        connection_class=AsyncConnection[DictRow],
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "columnist"},
        min_size=0,
        max_size=connections,
        configure=configure,
        open=False,
    )
