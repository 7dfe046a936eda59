"""PgBouncer before PostgreSQL: refused with a sentence if it cannot work; if it can, no role leaks."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from columnist.db.connect import Database, database_url
from columnist.errors import DatabaseError
from columnist.jobs.items import ClaimedItem
from columnist.settings import Settings
from tests.conftest import fresh_database, server_account
from tests.jobs.grid import a_review, generate, pool_of, until_ended
from tests.patience import wait_until
from tests.proxies import free_port

PGBOUNCER = """
[databases]
* = host={host} user=columnist
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
server_reset_query = DISCARD ALL
"""


@contextmanager
def pgbouncer(url: str, folder: Path, mode: str) -> Iterator[str]:
    """PgBouncer before the server of `url`; the URL through it."""
    program = shutil.which("pgbouncer", path="/usr/bin:/usr/sbin")
    assert program, "This test needs PgBouncer: apt-get update && apt-get install pgbouncer."
    port, parts = free_port(), conninfo.conninfo_to_dict(url)
    file = folder / "pgbouncer.ini"
    file.write_text(PGBOUNCER.format(host=parts["host"], port=port, mode=mode))
    user = ["-u", server_account().pw_name] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, "-q", *user, file])
    pooled = f"postgresql://columnist@127.0.0.1:{port}/{parts['dbname']}"

    def answers() -> bool:
        assert process.poll() is None, f"PgBouncer ended with {process.returncode}"
        with suppress(psycopg.OperationalError), psycopg.connect(pooled):
            return True
        return False

    try:
        wait_until(answers, "an answer through PgBouncer")
        yield pooled
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def url(template_of: dict[str, str]) -> str:
    """A fresh, migrated database on the system's server: PgBouncer runs as that server's user."""
    return fresh_database(template_of["system"])


def settings(url: str, folder: Path) -> Settings:
    return Settings(_env_file=None, DATABASE_URL=url, COLUMNIST_DATA_DIR=folder)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_a_pooler_in_transaction_mode_is_refused_with_a_sentence(url: str, tmp_path: Path, busy: bool) -> None:
    with pgbouncer(url, tmp_path, "transaction") as pooled:
        with psycopg.connect(pooled) as other:
            if busy:
                other.execute("select 1")  # it keeps the connection that the first check would get
            with (
                pytest.raises(DatabaseError, match="pooler in transaction mode"),
                database_url(settings(pooled, tmp_path)),
            ):
                pass
        with psycopg.connect(pooled) as left:
            assert left.execute("select current_user").fetchone() == ("columnist",)


def test_a_pooler_in_session_mode_works_and_hands_no_role_on(url: str, tmp_path: Path) -> None:
    async def scenario(pooled: str) -> None:
        async with Database(pooled) as database:

            async def work(item: ClaimedItem) -> None: ...

            generated = await generate(database, await a_review(database, documents=20))
            async with pool_of(database, work):
                assert (await until_ended(database, generated)).completed_items == 20

    with pgbouncer(url, tmp_path, "session") as pooled:
        with database_url(settings(pooled, tmp_path)) as same:
            assert same == pooled
            asyncio.run(scenario(pooled))
        wait_until(lambda: "" in quotas_of_all(pooled), "a connection that was used, and reset")


def quotas_of_all(pooled: str) -> set[str | None]:
    """Whatever connections PgBouncer hands out at once, none has a role or a limit left of who had it before."""
    state = "select current_user, current_setting('statement_timeout'), current_setting('columnist.quotas', true)"
    with ExitStack() as held:
        rows = [held.enter_context(psycopg.connect(pooled)).execute(state).fetchone() for _ in range(10)]
    assert {row[:2] for row in rows if row} == {("columnist", "0")}
    quotas = {row[2] for row in rows if row}
    assert quotas <= {None, ""}, "never set, or reset"
    return quotas
