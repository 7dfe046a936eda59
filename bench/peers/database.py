"""Shared by all peers: settings to try, a new database on the server under test, its end, and a way to run Node."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql

HERE = Path(__file__).parent
POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Setting:
    """The settings of a contender: `workers` at a time (its loops, connections or tasks), and how many items each
    fetches together or looks ahead."""

    workers: int
    batch: int = 1

    def __str__(self) -> str:
        return f"{self.workers} × {self.batch:,}"


@contextmanager
def fresh_database(admin_url: str) -> Iterator[str]:
    """The URL of a new database `bench_<random>` on the server of `admin_url`; always dropped at the end."""
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield conninfo.make_conninfo(admin_url, dbname=name)
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def connection_parts(url: str) -> dict[str, Any]:
    """The host, port, user, password and database in `url`: only libpq finds a socket folder in a URL."""
    parts = conninfo.conninfo_to_dict(url)
    names = {"host": "host", "port": "port", "user": "user", "password": "password", "dbname": "database"}
    return {name: parts[part] for part, name in names.items() if part in parts}


def settle(url: str) -> None:
    """Vacuum and analyze after the bulk insert, so that no contender is measured on a planner's guess."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


@contextmanager
def table_of_items(admin_url: str, create: str, items: int) -> Iterator[str]:
    """The URL of a new database in which `create` has made a table `items`, with this many rows. At the end all of them
    must be completed (`require_all`)."""
    with fresh_database(admin_url) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(create)
            connection.execute("insert into items select from generate_series(1, %s)", [items])
        settle(url)
        yield url
        require_all(url, sql.SQL("select count(*) from items where status = 'completed'"), items)


def seconds_until_none(url: str, left: sql.SQL, started: float) -> float:
    """Seconds from `started` (perf_counter) until the query `left` finds nothing. The end of every contender is found
    in this way."""
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(left).fetchone() is not None:
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - started


def require_all(url: str, count_completed: sql.SQL, items: int) -> None:
    """Raises RuntimeError unless the peer's own tables say that exactly `items` items were completed."""
    with psycopg.connect(url) as connection:
        row = connection.execute(count_completed).fetchone()
    if row is None or row[0] != items:
        raise RuntimeError(f"{row and row[0]} of {items} items were completed")


def run_node(script: str, url: str, items: int, setting: Setting) -> float:
    """Seconds that `script`, a file beside this one, measured: its argument is JSON, its last line `{"seconds": …}`.

    Installs the Node packages on first use. Raises RuntimeError without Node.js, or with the script's error.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise RuntimeError("no Node.js here")
    if not (HERE / "node_modules" / ".package-lock.json").exists():  # npm writes it last: a broken install is repeated
        _execute([npm, "install", "--no-audit", "--no-fund", "--no-package-lock"])
    argument = json.dumps(
        {"connection": connection_parts(url), "items": items, "poll": POLL_SECONDS, **asdict(setting)}
    )
    printed = _execute([node, script, argument])
    return float(json.loads(printed.splitlines()[-1])["seconds"])


def _execute(command: list[str]) -> str:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        # Node prints source code before the error, and its stack and version after it.
        reasons = [line for line in done.stderr.splitlines() if re.match(r"(npm )?\w*error\b", line, re.IGNORECASE)]
        raise RuntimeError(reasons[0] if reasons else f"{command[0]} ended with {done.returncode}")
    return done.stdout
