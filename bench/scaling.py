"""The cost of a document, a cell and a call beside the LLM's own time: the coefficients of docs/scaling.md."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bench.material import PAGES_IN_A_PIECE, write_columns, write_documents
from bench.peers.database import fresh_database
from bench.postgres import own_postgres
from bench.table import Row
from columnist.db.connect import LOCAL_USER, Database
from columnist.db.migrate import migrate
from columnist.desk.files import find_files
from columnist.desk.grid import ReviewName
from columnist.desk.local import open_desk
from columnist.jobs.feed import changed_cells
from columnist.reviews.columns_file import read_columns
from columnist.settings import Settings
from tests.processes import metric, simulator

DOCUMENTS, COLUMNS = 300, 20
SPEED = {"slots": 16, "prompt_rate": 200_000, "decode_rate": 15_000}
"""An LLM that takes almost no time, so that everything else is measured."""

POLLS, PAGE = 200, 1_000
PARTS = ("CPU ms of the worker", "CPU ms of PostgreSQL")
"""The parts of the cost of a poll."""

COUNTERS = """
select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint as wal,
       (select xact_commit from pg_stat_database where datname = current_database()) as commits
"""
SIZES = """
select relname, pg_total_relation_size(relid) as bytes from pg_stat_user_tables
where pg_total_relation_size(relid) > 500000 order by bytes desc
"""

Figures = Mapping[str, float]


def run() -> list[Row]:
    """CPU time, WAL, transactions, tokens and sizes, each by its cause, for one run against the simulator."""
    with tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_documents(folder / "documents", DOCUMENTS)
        write_columns(folder / "columns.yaml", COLUMNS)
        with own_postgres() as server, fresh_database(server) as url, simulator(**SPEED) as base_url:
            migrate(url)
            settings = Settings(
                COLUMNIST_DATA_DIR=folder / "data",
                DATABASE_URL=f"postgresql:///?{urlencode(conninfo_to_dict(url))}",
                OPENAI_BASE_URL=base_url,
                COLUMNIST_MODEL="simulated",
            )
            taken_in, answered, polled, read = asyncio.run(_run(settings, folder, url))
            calls = metric(base_url, "llm_answers_total")
            prompt, output = (metric(base_url, f"llm_{kind}_tokens_total") for kind in ("prompt", "completion"))
            with psycopg.connect(url) as connection:
                sizes = connection.execute(SIZES).fetchall()
        blobs = sum(file.stat().st_size for file in (folder / "data").rglob("*") if file.is_file())
    cells = DOCUMENTS * COLUMNS
    section = f"Scaling, {DOCUMENTS} documents of {PAGES_IN_A_PIECE} pages × {COLUMNS} columns"
    return [
        *(Row(section, f"taking in, {what}", f"{figure:.1f} a document") for what, figure in taken_in.items()),
        *(
            Row(section, f"answering, {what}", f"{figure * DOCUMENTS / cells:.2f} a cell")
            for what, figure in answered.items()
        ),
        *(Row(section, f"a poll of the status, {what}", f"{polled[what]:.1f}") for what in PARTS),
        *(Row(section, f"a page of {PAGE:,} changed cells, {what}", f"{read[what]:.1f}") for what in PARTS),
        Row(
            section,
            "calls; tokens asked and answered",
            f"{calls / DOCUMENTS:.1f} a document; {prompt / DOCUMENTS:,.0f} and {output / DOCUMENTS:,.0f}",
        ),
        *(
            Row(section, f"table {table}, indexes too", f"{size / 1e6:.1f} MB", f"{size / cells:,.0f} bytes a cell")
            for table, size in sizes
        ),
        Row(section, "files", f"{blobs / DOCUMENTS / 1000:.1f} kB a document"),
    ]


async def _run(settings: Settings, folder: Path, url: str) -> tuple[Figures, Figures, Figures, Figures]:
    """The costs of taking in and of answering, per document; and the costs of a poll and of a page of the feed, without
    HTTP."""
    async with open_desk(settings) as desk:
        begin = _counted(url)
        files = find_files([folder / "documents"]).files
        grid = await desk.prepare(ReviewName("Bench"), files, read_columns(folder / "columns.yaml"))
        between = _counted(url)
        generated = await desk.generate(grid, settings.model)
        async with desk.working():
            async for _ in desk.watch(generated.job_id):
                pass
        end = _counted(url)
        job = await desk.progress(generated.job_id)
        if job.done_cells != DOCUMENTS * COLUMNS:
            raise RuntimeError(f"{job.done_cells} cells were answered: {job.error}")
        for _ in range(POLLS):
            await desk.progress(job.id)
        polled = _counted(url)
        async with Database(url) as database:
            for _ in range(POLLS):
                async with database.act_as(LOCAL_USER) as connection:
                    await changed_cells(connection, grid.review_id, limit=PAGE)
            read = _counted(url)
    return (
        _between(begin, between, DOCUMENTS),
        _between(between, end, DOCUMENTS),
        _between(end, polled, POLLS),
        _between(polled, read, POLLS),
    )


def _between(begin: Figures, end: Figures, times: int) -> Figures:
    return {what: (end[what] - begin[what]) / times for what in begin}


def _counted(url: str) -> Figures:
    """Milliseconds of CPU by kind of process, kilobytes of WAL, and transactions, since the start."""
    spent = dict.fromkeys(PARTS, 0.0) | {"CPU ms of the worker": _cpu_ms(psutil.Process()), "CPU ms of readers": 0.0}
    for child in psutil.Process().children(recursive=True):
        command = " ".join(child.cmdline())
        kind = "PostgreSQL" if "postgres" in command else "readers" if "guarded" in command else None
        if kind:
            spent[f"CPU ms of {kind}"] += _cpu_ms(child) + _cpu_ms_of_ended(child)
    with psycopg.connect(url, row_factory=dict_row) as connection:
        found = connection.execute(COUNTERS).fetchone()
    assert found
    return spent | {"kB of WAL": found["wal"] / 1000, "transactions": found["commits"]}


def _cpu_ms(process: psutil.Process) -> float:
    times = process.cpu_times()
    return 1000 * (times.user + times.system)


def _cpu_ms_of_ended(process: psutil.Process) -> float:
    times = process.cpu_times()
    return 1000 * (times.children_user + times.children_system)
