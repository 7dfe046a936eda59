"""Windows of the grid: the cost of 100 rows of a 10,000 × 50 review beside 100 rows of a 100 × 50 one."""

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import UUID

import psycopg

from bench.postgres import own_postgres
from bench.table import Row, print_table
from columnist.db.connect import LOCAL_USER, Database
from columnist.db.migrate import migrate
from columnist.reviews.grid import Selection, read_window
from tests.filled import COLUMNS, fill

SMALL, LARGE = 100, 10_000
ROUNDS = 15
WINDOW = 50
"""Rows of a window; every filter matches at least as many in the small review."""

WINDOWS: dict[str, Callable[[dict[str, UUID]], dict[str, Any]]] = {
    "first window": lambda columns: {},
    f"offset {LARGE - SMALL:,}": lambda columns: {"offset": LARGE - SMALL},
    "sorted by document": lambda columns: {"sort": "document"},
    "the most doubtful first": lambda columns: {"sort": "-doubt"},
    "sorted by a date column": lambda columns: {"sort": f"-{columns['date']}"},
    f"sorted so, offset {LARGE - SMALL:,}": lambda columns: {"sort": f"-{columns['date']}", "offset": LARGE - SMALL},
    "a number in a range": lambda columns: {
        "selection": Selection([f"{columns['number']}:gte:500", f"{columns['number']}:lt:4500"])
    },
    "a column's flag": lambda columns: {"selection": Selection([f"{columns['tag']}:flag:green"])},
    "any red flag": lambda columns: {"selection": Selection(["any:flag:red"])},
    "any unverified": lambda columns: {"selection": Selection(["any:state:unverified"])},
    "words in 2 % of the cells": lambda columns: {"selection": Selection(q="lessee w88")},
    "a word in every cell": lambda columns: {"selection": Selection(q="lessee")},
}


def run() -> list[Row]:
    """Milliseconds of each kind of window, small and large, as a user whose access is checked; medians, taken in
    turn."""
    with own_postgres() as url:
        return measure(url)


def measure(admin_url: str) -> list[Row]:
    """The same in the database of that URL."""
    migrate(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        reviews = [fill(connection, rows) for rows in (SMALL, LARGE)]
        connection.execute("vacuum analyze")
    return asyncio.run(_measure(admin_url, *reviews))


async def _measure(
    admin_url: str, small: tuple[UUID, dict[str, UUID]], large: tuple[UUID, dict[str, UUID]]
) -> list[Row]:
    section = f"Windows of {WINDOW} rows, {LARGE:,} × {COLUMNS} against {SMALL} × {COLUMNS}, median of {ROUNDS}"
    rows = []
    async with Database(admin_url) as database:
        for name, asked in WINDOWS.items():
            seconds: list[list[float]] = [[], []]
            for _ in range(ROUNDS):
                for times, (review_id, columns) in zip(seconds, (small, large), strict=True):
                    options = asked(columns)
                    if "offset" in options and review_id == small[0]:
                        options["offset"] = SMALL - WINDOW
                    started = time.perf_counter()
                    async with database.act_as(LOCAL_USER) as connection:
                        window = await read_window(connection, review_id, limit=WINDOW, **options)
                    times.append(time.perf_counter() - started)
                    if window.count('"document_id"') != WINDOW:
                        raise RuntimeError(f"{name}: not a window of {WINDOW} rows")
            of_small, of_large = (median(times) * 1e3 for times in seconds)
            figure = f"{of_large:.1f} ms against {of_small:.1f} ms"
            rows.append(Row(section, name, figure, f"{of_large / of_small:.2f} × the small review"))
    return rows


if __name__ == "__main__":
    print_table(run())
