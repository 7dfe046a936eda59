"""Windows of the grid: what 100 rows of a 10,000 × 50 review cost beside 100 rows of a 100 × 50 one."""

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench.serving import own_postgres
from bench.table import Row, print_table
from columnist.db.connect import LOCAL_USER, Database
from columnist.db.migrate import migrate
from columnist.reviews.grid import read_window

SMALL, LARGE = 100, 10_000
COLUMNS = 50
ROUNDS = 15
WINDOW = 50
"""Rows: so many match in the small review too, whatever the filter."""
FORMATS = ["text", "date", "number", "monetary_amount", "tag"]

FILL = """
with review as (
  insert into tabular_reviews (id, user_id, name) values (%(review)s, %(user)s, %(review)s::uuid::text) returning id
), columns as (
  insert into tabular_columns (review_id, index, name, prompt, format)
  select id, nr, 'Column ' || nr, 'What?', (%(formats)s::text[])[nr %% cardinality(%(formats)s::text[]) + 1]
  from review, generate_series(0, %(columns)s - 1) nr returning id, review_id, format, index
), files as (
  insert into documents (user_id, name, sha256, size_bytes)
  select %(user)s, format('contract-%%s.pdf', lpad(nr::text, 5, '0')),
         encode(sha256(format('%%s %%s', %(review)s::uuid, nr)::bytea), 'hex'), 1
  from generate_series(1, %(rows)s) nr returning id, name
), rows as (
  insert into review_documents (review_id, document_id, position)
  select review.id, files.id, row_number() over (order by files.name) from review, files returning document_id, position
)
select columns.id, columns.format from columns order by index
"""

ANSWER = """
insert into tabular_cells (review_id, document_id, column_id, status, summary, value, flag, reasoning, citations,
                           verified, column_version, model, prompt_version, changed_xid)
select r.review_id, r.document_id, c.id, 'done', a.summary,
       case c.format
         when 'date' then to_jsonb(date '2010-01-01' + a.number)
         when 'number' then to_jsonb(a.number::text)
         when 'monetary_amount' then jsonb_build_object('amount', a.number || '.00', 'currency', 'USD')
         else to_jsonb(a.summary) end,
       case when a.number %% 20 = 0 then 'red' when a.number %% 7 = 0 then 'yellow' else 'green' end,
       repeat('Section 4.2 says so, and nothing else in the agreement speaks against it. ', 3),
       jsonb_build_array(jsonb_build_object('quote', a.summary, 'page', 1, 'verified', a.number %% 50 > 0)),
       a.number %% 50 > 0, 1, 'bench', '1', pg_current_xact_id()
from review_documents r
join tabular_columns c on c.review_id = r.review_id
cross join lateral (
  select number, format('The lessee w%%s pays to w%%s under the laws of w%%s, number %%s', number %% 997, number %% 89,
                        number %% 13, number) as summary
  from (select abs(hashtext(r.position || '/' || c.index)) %% 5000 as number) n) a
where r.review_id = %(review)s
"""

# To the page, a review that nobody has ever run is about its setup still.
RUN_BEFORE = """
insert into tabular_jobs (review_id, user_id, status, model, prompt_version, "only", total_items, total_cells,
                          completed_items, done_cells, started_at, completed_at)
values (%(review)s, %(user)s, 'completed', 'bench', '1', '{missing}', %(rows)s, %(rows)s::int * %(columns)s,
        %(rows)s, %(rows)s::int * %(columns)s, now(), now())
"""


WINDOWS: dict[str, Callable[[dict[str, UUID]], dict[str, Any]]] = {
    "first window": lambda columns: {},
    f"offset {LARGE - SMALL:,}": lambda columns: {"offset": LARGE - SMALL},
    "sorted by document": lambda columns: {"sort": "document"},
    "sorted by a date column": lambda columns: {"sort": f"-{columns['date']}"},
    f"sorted so, offset {LARGE - SMALL:,}": lambda columns: {"sort": f"-{columns['date']}", "offset": LARGE - SMALL},
    "a number in a range": lambda columns: {
        "filters": [f"{columns['number']}:gte:500", f"{columns['number']}:lt:4500"]
    },
    "a column's flag": lambda columns: {"filters": [f"{columns['tag']}:flag:green"]},
    "any red flag": lambda columns: {"filters": ["any:flag:red"]},
    "any unverified": lambda columns: {"filters": ["any:state:unverified"]},
    "words in 2 % of the cells": lambda columns: {"q": "lessee w88"},
    "a word in every cell": lambda columns: {"q": "lessee"},
}


def run() -> list[Row]:
    """Milliseconds of each kind of window, small and large, as the user whose access is checked; medians in turn."""
    with own_postgres() as url:
        return measure(url)


def measure(admin_url: str) -> list[Row]:
    """The same in the database of that URL."""
    migrate(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        reviews = [fill(connection, rows) for rows in (SMALL, LARGE)]
        connection.execute("vacuum analyze")
    return asyncio.run(_measure(admin_url, *reviews))


def fill(connection: psycopg.Connection, rows: int) -> tuple[UUID, dict[str, UUID]]:
    """A review of so many rows and 50 columns, run and all answered: its id, and the last column of each format."""
    review = uuid4()
    values = {"review": review, "user": LOCAL_USER.id, "formats": FORMATS, "columns": COLUMNS, "rows": rows}
    columns = {kind: column for column, kind in connection.execute(FILL, values).fetchall()}
    connection.execute(ANSWER, {"review": review})
    connection.execute(RUN_BEFORE, values)
    return review, columns


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
