"""Connections and their roles: a request acts as its user, a worker as `columnist_worker`."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection, InterfaceError, Notify, OperationalError, conninfo, errors, sql, waiting
from psycopg.abc import PQGen
from psycopg.pq import PGconn, Ping, TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from columnist.backoff import back_off
from columnist.cancelling import surely
from columnist.db.embedded import RUN_LOGIN, embedded_server
from columnist.db.migrate import migrate
from columnist.db.pooler import refuse_transaction_pooling
from columnist.db.quotas import NO_QUOTAS, Quotas
from columnist.db.text import only_storable, storable
from columnist.guarded.turns import Turns
from columnist.settings import Settings

log = structlog.get_logger()

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

TRIES = 5
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.1, 2.0

WAIT_SECONDS = 10.0
"""How long a request waits for a connection before it fails because the database is away."""

MOST_WAITING = 200
"""Transactions of one user that may wait for a connection."""

BEGIN_SECONDS = 5.0
"""How long a request waits for the sign that its connection is alive."""

WORKER_SECONDS = 10.0
"""How long one statement of the engine may take; after that its connection counts as silent, and is dropped."""

REQUEST_SECONDS = 120.0
"""The same for a request, whose statements may have much to sort or to delete."""

IDLE_SECONDS = 300.0
"""How long a transaction may wait for its client, for instance an export for one that reads slowly."""

CANCEL_SECONDS = 1.0
"""How long a cancelled statement may take to end; after that its connection is closed."""

HEARTBEAT_SECONDS = 10.0
"""How often a listening connection checks that the server is there."""

_ALIVE: dict[str, str | int | None] = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""A host that has vanished is noticed within half a minute, unless DATABASE_URL sets other values."""

_WEATHER_CLASSES = frozenset(("08", "40", "53", "57", "58"))
_READ_ONLY = "25006"


def is_weather(error: BaseException) -> bool:
    """Whether the same statement may succeed later: PostgreSQL restarts, fails over, is full, read-only, silent or out
    of reach, or two statements collided. Decided by the SQLSTATE: connection (08), rollback (40), resources (53),
    operator (57), system (58), and a server that is read-only for now (25006)."""
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:  # the client's own: lost, closed, timed out
        return isinstance(error, OperationalError | InterfaceError)
    return error.sqlstate[:2] in _WEATHER_CLASSES or error.sqlstate == _READ_ONLY


def is_conflict(error: BaseException) -> bool:
    """Whether PostgreSQL rolled the statement back because of another one (class 40, such as a deadlock)."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith("40")


class SilentError(OperationalError):
    """The connection is open, and nothing comes."""


class Connection(AsyncConnection[DictRow]):
    """A connection that never waits for ever, and sends only text that PostgreSQL stores."""

    answer_seconds = REQUEST_SECONDS

    async def wait(  # as in psycopg, with limits
        self,
        gen: PQGen[Result],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's
    ) -> Result:
        """Every statement waits here. Raises SilentError when no answer has come in `answer_seconds`."""
        seconds = self.answer_seconds if timeout is None else timeout
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=seconds)
        except errors._WaitTimeout:
            if timeout is not None:  # expected by `listen`
                raise
            self.pgconn.finish()
            raise SilentError(f"no answer from PostgreSQL in {seconds:g} seconds") from None
        except asyncio.CancelledError:
            # Ask the server to stop, too, but do not wait for a silent one.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                try:
                    await self._try_cancel(timeout=CANCEL_SECONDS)
                    await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=CANCEL_SECONDS)
                except errors.QueryCanceled:
                    pass  # it was cancelled on request
                except BaseException:  # noqa: BLE001 - silent, broken, or cancelled again: what it did is not known
                    self.pgconn.finish()
            raise


@dataclass(frozen=True, slots=True)
class User:
    """The user of a request: the `sub` and `email` claims of their token."""

    id: UUID
    email: str


LOCAL_USER = User(UUID(int=1), "local@localhost")
"""The one user of an installation without sign-in."""

NOBODY = User(UUID(int=0), "")
"""A user before sign-in, who owns nothing."""


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The URL of a migrated database, held open while the context lasts (the embedded server stops with its last user).

    Raises DatabaseError if there is no database, or a pooler before it that does not keep a connection's state.
    """
    if settings.database_url:
        for url in {settings.database_url, settings.migration_url or settings.database_url}:
            refuse_transaction_pooling(url)
        login = conninfo.conninfo_to_dict(settings.database_url).get("user")
        migrate(settings.migration_url or settings.database_url, run_as=None if login is None else str(login))
        yield settings.database_url
    else:
        with embedded_server(settings.data_dir) as url:
            migrate(url, run_as=RUN_LOGIN)
            yield conninfo.make_conninfo(url, user=RUN_LOGIN)


async def wait_for_database(settings: Settings, stopped: asyncio.Event) -> bool:
    """Wait while no PostgreSQL answers at DATABASE_URL, as a running process does, or until `stopped`; returns whether
    one answers. Other problems show when a connection is opened."""
    failures = 0
    while settings.database_url and not stopped.is_set() and await asyncio.to_thread(_is_away, settings.database_url):
        log.warning("database away", at="start", error="it does not answer, or accepts no connections yet")
        failures += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), back_off(failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS))
    return not stopped.is_set()


def _is_away(url: str) -> bool:
    answer = PGconn.ping(conninfo.make_conninfo(url, connect_timeout=int(WORKER_SECONDS)).encode())
    return answer in (Ping.REJECT, Ping.NO_RESPONSE)


def tried_again(
    act: Callable[Concatenate[Connection, Arguments], Awaitable[Result]],
) -> Callable[Concatenate[Connection, Arguments], Coroutine[Any, Any, Result]]:
    """Repeat an act of a user when PostgreSQL rolled it back because of another one, such as in a deadlock with a
    worker or with another user. The surrounding transaction goes on."""

    @wraps(act)
    async def run(connection: Connection, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        for failures in range(1, TRIES):
            try:
                async with connection.transaction():
                    return await act(connection, *args, **kwargs)
            except psycopg.Error as error:
                if not is_conflict(error):
                    raise
                log.info("done again", act=act.__name__, sqlstate=error.sqlstate)
                await asyncio.sleep(back_off(failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS))
        async with connection.transaction():
            return await act(connection, *args, **kwargs)

    return run


def retried(
    step: Callable[Concatenate[Connection, Arguments], Awaitable[Result]],
) -> Callable[Concatenate["Connection | Database", Arguments], Coroutine[Any, Any, Result]]:
    """Lets an idempotent step take a Database in place of a connection: then it runs as a worker, and is repeated while
    `is_weather`. Cancel it to give up."""

    @wraps(step)
    async def run(where: "Connection | Database", /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if not isinstance(where, Database):
            return await step(where, *args, **kwargs)
        failures = 0
        while True:
            try:
                async with where.worker() as connection:
                    return await step(connection, *args, **kwargs)
            except psycopg.Error as error:
                if not is_weather(error):
                    raise
                event = "done again" if is_conflict(error) else "database away"
                log.warning(event, at=step.__name__, error=str(error).strip(), sqlstate=error.sqlstate)
            failures += 1
            await asyncio.sleep(back_off(failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS))

    return run


class Database:
    """The connections of one process: `act_as(user)` for requests, `worker()` for the job engine. `kept`: so many of
    the latter are opened at once, and stay open."""

    def __init__(self, url: str, connections: int = 4, quotas: Quotas = NO_QUOTAS, kept: int = 0) -> None:
        self.url = conninfo.make_conninfo("", **(_ALIVE | conninfo.conninfo_to_dict(url)))
        self.quotas = quotas
        setup = sql.SQL("set columnist.quotas = {}").format(quotas.encoded()).as_string()
        self._requests = _pool(self.url, connections, setup, REQUEST_SECONDS)
        # No user may take all connections, so that requests of others get one in turn.
        self._turns = Turns(connections, max(1, connections * 3 // 4), MOST_WAITING)
        # Every statement of the engine is one transaction, so the role is set once per connection.
        self._workers = _pool(self.url, connections, f"{setup}; set role columnist_worker", WORKER_SECONDS, kept)

    def apart(self) -> "Database":
        """The same with one connection, for steps that follow each other closely: they find it open and free, and their
        plans made."""
        return Database(self.url, 1, self.quotas, kept=1)

    async def __aenter__(self) -> "Database":
        await self._requests.open()
        await self._workers.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._workers.close()
        await self._requests.close()

    @asynccontextmanager
    async def act_as(self, user: User) -> AsyncIterator[Connection]:
        """One transaction in which row-level security sees `user`. Raises StorageQuotaError, JobQuotaError or
        AllowanceSpentError if a quota of the user refuses something, TooManyRequestsError if too many transactions of
        the user wait for a connection."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.take(user.id)
        except TimeoutError:
            raise PoolTimeout(f"no connection in {WAIT_SECONDS:g} seconds") from None
        try:
            connection = await self._begun(user, give_up_at)
            try:
                yield connection
                await connection.commit()
            except BaseException as error:
                if not connection.closed:
                    with suppress(psycopg.Error):  # the first failure is reported
                        await connection.rollback()
                await self._noticed(self._requests, error)
                self._refuse(error)
                raise
            finally:
                await surely(self._requests.putconn(connection))
        finally:
            self._turns.give_back(user.id)

    async def _begun(self, user: User, give_up_at: float) -> Connection:
        """A connection on which the user's transaction has begun: one round trip, and the proof that it is alive. After
        a restart of PostgreSQL requests wait here instead of failing."""
        claims = json.dumps({"sub": str(user.id), "email": storable(user.email), "role": "authenticated"})
        begin = sql.SQL(
            "begin; select set_config('role', 'authenticated', true), set_config('request.jwt.claims', {}, true)"
        ).format(claims)
        while True:
            connection = await self._requests.getconn(give_up_at - time.monotonic())
            connection.answer_seconds = BEGIN_SECONDS
            try:
                await connection.execute(begin)
            except BaseException as error:
                await surely(self._requests.putconn(connection))
                await self._noticed(self._requests, error)
                if not is_weather(error):
                    raise
            else:
                connection.answer_seconds = REQUEST_SECONDS
                return connection

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Connection]:
        """An autocommit connection with the rights of a worker. Raises StorageQuotaError as `act_as` does."""
        connection = await self._workers.getconn(WAIT_SECONDS)
        try:
            yield connection
        except BaseException as error:
            await self._noticed(self._workers, error)
            self._refuse(error)
            raise
        finally:
            await surely(self._workers.putconn(connection))

    @asynccontextmanager
    async def listen(self, *channels: str) -> AsyncIterator[AsyncIterator[Notify]]:
        """Notifications on `channels`, over a separate connection. Entering and iterating raise OperationalError when
        that is lost or silent."""
        async with await _connected(self.url) as connection:
            for channel in channels:
                await connection.execute(f'listen "{channel}"')
            yield _heard(connection)

    def _refuse(self, error: BaseException) -> None:
        """Turn a refusal for a quota into its error."""
        if (refusal := self.quotas.refusal(error)) is not None:
            raise refusal from error

    async def _noticed(self, pool: AsyncConnectionPool[Connection], error: BaseException) -> None:
        """If one connection went silent, or leads to a read-only server, the others of its age are dropped untried: new
        ones may lead elsewhere."""
        if isinstance(error, SilentError) or (isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY):
            await surely(pool.drain())


async def _connected(url: str) -> Connection:
    connection = await Connection.connect(url, autocommit=True, row_factory=dict_row, application_name="columnist")
    connection.answer_seconds = WORKER_SECONDS
    return connection


async def _heard(connection: Connection) -> AsyncIterator[Notify]:
    while True:
        async for notification in connection.notifies(timeout=HEARTBEAT_SECONDS):
            yield notification
        await connection.execute("select 1")


def _pool(
    url: str, connections: int, setup: str, answer_seconds: float, kept: int = 0
) -> AsyncConnectionPool[Connection]:
    async def configure(connection: Connection) -> None:
        connection.answer_seconds = answer_seconds
        only_storable(connection)
        # The server gives up, too: on a statement whose client is gone, and on a transaction that is not ended.
        await connection.execute(
            f"set jit = off; set statement_timeout = '{answer_seconds:g}s'; "
            f"set idle_in_transaction_session_timeout = '{IDLE_SECONDS:g}s'; {setup}"
        )

    return AsyncConnectionPool(
        url,
        connection_class=Connection,
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "columnist"},
        min_size=kept,
        reconnect_timeout=WAIT_SECONDS,  # else the pauses between tries double for minutes
        max_size=connections,
        configure=configure,
        open=False,
    )
