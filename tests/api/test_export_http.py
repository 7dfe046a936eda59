"""Large exports over HTTP: bytes come while the file is written, and nothing goes on or stays that nobody waits for."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.filled import fill
from tests.patience import wait_until
from tests.processes import served

ROWS = 800
"""Of 50 columns: seconds of writing."""
EXPORTING = "query like '%grid_rows%' and pid <> pg_backend_pid() and datname = current_database()"


@dataclass(frozen=True, slots=True)
class Site:
    """A server over a large review, the path of its export, a superuser's connection, and the folder of its files."""

    client: httpx.Client
    path: str
    database: psycopg.Connection
    temporary: Path

    def exports(self) -> int:
        """How many exports are reading from the database."""
        row = self.database.execute(f"select count(*) from pg_stat_activity where {EXPORTING}").fetchone()
        assert row
        return int(row[0])

    def left_over(self) -> list[Path]:
        return list(self.temporary.glob("columnist-export-*"))


@pytest.fixture
def site(url: str, admin_url: str, tmp_path: Path) -> Iterator[Site]:
    with psycopg.connect(admin_url, autocommit=True) as database:
        review, _ = fill(database, ROWS)
        variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TMPDIR": tmp_path}
        with (
            served("--no-worker", **variables) as server,
            httpx.Client(base_url=f"{server.url}/api") as client,
        ):
            yield Site(client, f"/tabular/reviews/{review}/export", database, tmp_path)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_the_first_bytes_come_while_the_rest_is_written_and_are_not_compressed_again(site: Site, form: str) -> None:
    with site.client.stream("GET", site.path, params={"format": form}) as answer:
        chunks = answer.iter_bytes()
        content = next(chunks)
        wait_until(lambda: site.exports() == 1)  # the columns come before the first document is read
        assert answer.headers["content-encoding"] == "identity"
        content += b"".join(chunks)
    if form == "parquet":
        assert content.startswith(b"PAR1")
        assert content.endswith(b"PAR1")
    else:
        assert content.count(b"contract-") == 2 * ROWS  # name and path
    wait_until(lambda: not site.left_over())


def test_who_hangs_up_leaves_no_export_running_and_no_file(site: Site) -> None:
    started = time.monotonic()
    site.client.get(site.path, params={"format": "json"})
    whole = time.monotonic() - started

    def ended_early() -> bool:
        with site.client.stream("GET", site.path, params={"format": "json"}) as answer:
            next(answer.iter_bytes())
            wait_until(lambda: site.exports() == 1)  # the columns come before the first document is read
            hung_up = time.monotonic()
        wait_until(lambda: not site.left_over() and site.exports() == 0)
        return time.monotonic() - hung_up < whole / 2

    wait_until(ended_early)  # a machine that is busy with other things may be late at times


def test_a_download_that_fails_half_way_is_seen_to_fail_and_leaves_nothing(site: Site) -> None:
    with (
        pytest.raises(httpx.RemoteProtocolError),
        site.client.stream("GET", site.path, params={"format": "csv"}) as answer,
    ):
        chunks = answer.iter_bytes()
        next(chunks)
        site.database.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {EXPORTING}")
        for _ in chunks:
            pass
    wait_until(lambda: not site.left_over())
    assert site.client.get("/me").status_code == 200
