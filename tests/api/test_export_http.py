"""Large exports over HTTP: bytes come while the file is written; an abandoned export stops and leaves nothing."""

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.conftest import fresh_database
from tests.filled import fill
from tests.patience import wait_until
from tests.processes import served_api

ROWS = 800
"""Rows of 50 columns: several reads from the database, and megabytes to send."""
EXPORTING = "query like '%grid_rows%' and pid <> pg_backend_pid() and datname = current_database()"


@dataclass(frozen=True, slots=True)
class Site:
    """A server over a large review, the path of its export, a superuser's connection, and the folder of its files."""

    client: httpx.Client
    path: str
    database: psycopg.Connection
    temporary: Path

    def exporting(self) -> list[int]:
        """The server processes of PostgreSQL from which exports are reading."""
        return [pid for (pid,) in self.database.execute(f"select pid from pg_stat_activity where {EXPORTING}")]

    def cells_read(self) -> int:
        """How many cells ended connections have read since the database was made."""
        row = self.database.execute(
            "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'tabular_cells'"
        ).fetchone()
        assert row
        return int(row[0])

    def left_over(self) -> list[Path]:
        return list(self.temporary.glob("columnist-export-*"))


@pytest.fixture(scope="module")
def site(template_of: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    url = fresh_database(template_of["embedded"])
    tmp_path = tmp_path_factory.mktemp("exports")
    with psycopg.connect(url.replace("columnist@", "postgres@"), autocommit=True) as database:
        review, _ = fill(database, ROWS)
        variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TMPDIR": tmp_path}
        with served_api("--no-worker", **variables) as client:
            yield Site(client, f"/tabular/reviews/{review}/export", database, tmp_path)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_the_first_bytes_come_while_the_rest_is_written_and_are_not_compressed_again(site: Site, form: str) -> None:
    with site.client.stream("GET", site.path, params={"format": form}) as answer:
        chunks = answer.iter_bytes()
        content = next(chunks)
        wait_until(site.exporting)  # the columns come before the first document is read
        assert answer.headers["content-encoding"] == "identity"
        assert answer.headers["cache-control"] == "no-store"
        content += b"".join(chunks)
    if form == "parquet":
        assert content.startswith(b"PAR1")
        assert content.endswith(b"PAR1")
    else:
        assert content.count(b"contract-") == 2 * ROWS  # name and path
    wait_until(lambda: not site.left_over())


def test_who_hangs_up_before_an_export_has_begun_leaves_none_running(site: Site) -> None:
    with psycopg.connect(site.database.info.dsn) as holding:
        holding.execute("lock table document_readings in access exclusive mode")  # it cannot end on its own
        asked = site.client.build_request("GET", site.path, params={"format": "xlsx"})  # it begins when it is complete
        with closing(HTTPConnection(asked.url.netloc.decode())) as connection:
            connection.request("GET", asked.url.raw_path.decode(), headers=dict(asked.headers))
            wait_until(site.left_over, "its folder")
        wait_until(lambda: not site.left_over(), "the end of its process, after which its folder is deleted")


def test_who_hangs_up_leaves_no_export_running_and_no_file(site: Site) -> None:
    before = site.cells_read()
    site.client.get(site.path, params={"format": "json"})
    wait_until(lambda: not site.exporting())
    whole = site.cells_read() - before
    assert whole >= 50 * ROWS

    def ended_early() -> bool:
        before = site.cells_read()
        with site.client.stream("GET", site.path, params={"format": "json"}) as answer:
            next(answer.iter_bytes())
            backend = psutil.Process(wait_until(site.exporting)[0])
            backend.suspend()  # the export cannot end on its own
        try:
            wait_until(lambda: not site.left_over())
        finally:
            backend.resume()
        wait_until(lambda: not site.exporting())
        return site.cells_read() - before < whole / 2

    wait_until(ended_early)  # the test may be too slow to catch an export near its begin


def test_a_download_that_fails_half_way_is_seen_to_fail_and_leaves_nothing(site: Site) -> None:
    def is_seen_to_fail() -> bool:
        with site.client.stream("GET", site.path, params={"format": "csv"}) as answer:
            chunks = answer.iter_bytes()
            next(chunks)
            site.database.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {EXPORTING}")
            with suppress(httpx.RemoteProtocolError):
                for _ in chunks:
                    pass
                return False  # it was complete, if the test is too slow
        return True

    wait_until(is_seen_to_fail)
    wait_until(lambda: not site.left_over())
    assert site.client.get("/me").status_code == 200
