"""Exports have separate processes: users take turns, and an export ends with its request."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from uuid import uuid4

import psycopg
import pytest

from columnist.db.connect import LOCAL_USER, User
from columnist.errors import TooLargeError, TooManyRequestsError
from columnist.export import stream
from columnist.export.extract import Extract
from columnist.export.stream import MOST_WAITING, Exporter
from columnist.reviews.model import ColumnSpec, ModelInUse
from tests.documents.readers import readers_of
from tests.filled import fill
from tests.patience import until

OTHER = User(uuid4(), "other@example.com")


@pytest.fixture
def extract(admin_url: str) -> Extract:
    """One column of a review of two documents."""
    with psycopg.connect(admin_url, autocommit=True) as database:
        review, columns = fill(database, 2)
    columns_asked = [(columns["text"], ColumnSpec("Text", "What?"))]
    return Extract(review, "Review", columns_asked, None, ModelInUse("m", "1"), {columns["text"]: None})


async def exported(exporter: Exporter, user: User, extract: Extract) -> bytes:
    return b"".join([chunk async for chunk in exporter.exported(user, extract, "csv")])


def test_users_take_turns_and_one_who_asks_for_too_many_exports_is_refused(
    url: str, admin_url: str, extract: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "usable_cores", lambda: 2)

    async def run() -> None:
        async with Exporter(url) as exporter:
            assert (await exported(exporter, LOCAL_USER, extract)).count(b"contract-") == 4  # two names, two paths
            with psycopg.connect(admin_url) as holding:
                holding.execute("lock table tabular_cells in access exclusive mode")  # no export ends meanwhile
                tasks = [asyncio.create_task(exported(exporter, LOCAL_USER, extract)) for _ in range(MOST_WAITING + 1)]
                await until(children(1), "the first export")
                others = asyncio.create_task(exported(exporter, OTHER, extract))
                await until(children(2), "the other user's export")
                with pytest.raises(TooManyRequestsError):
                    await exported(exporter, LOCAL_USER, extract)
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                await until(children(1), "the end of the export that nobody waits for")
            assert (await others).count(b"\n") == 1  # heads alone: the review is not theirs

    asyncio.run(run())


def test_an_export_that_takes_longer_than_it_may_is_ended(url: str, admin_url: str, extract: Extract) -> None:
    async def run() -> None:
        async with Exporter(url, seconds=0.5) as exporter:
            with psycopg.connect(admin_url) as holding:
                holding.execute("lock table tabular_cells in access exclusive mode")
                with pytest.raises(TooLargeError, match=r"longer than 0\.5 seconds"):
                    await exported(exporter, LOCAL_USER, extract)
            await until(children(0), "the end of its process")

    asyncio.run(run())


def children(count: int) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return len(list(readers_of(os.getpid()))) == count

    return there
