"""Notifications wake workers up; if PostgreSQL has no room for one, work goes on without it."""

from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.conftest import EMBEDDED_BINARIES, new_database, system_server
from tests.patience import wait_until
from tests.processes import columnist, served
from tests.uploads import upload


def test_a_forgotten_transaction_that_listens_stops_no_work_and_doctor_tells_of_it(tmp_path: Path) -> None:
    # Room for half a megabyte of notifications instead of eight gigabytes, a setting that only a newer server has.
    with system_server(EMBEDDED_BINARIES, "-c max_notify_queue_pages=64") as server:
        home = {"DATABASE_URL": new_database(server.url, "full"), "COLUMNIST_DATA_DIR": tmp_path}
        with psycopg.connect(server.url) as forgotten, psycopg.connect(server.url, autocommit=True) as other:
            forgotten.execute("listen news")
            forgotten.commit()
            forgotten.execute("select 1")
            with pytest.raises(psycopg.errors.ProgramLimitExceeded):
                while True:
                    other.execute("select pg_notify('news', %s || repeat('x', 7000))", [str(uuid4())])
            with served(**home) as running, httpx.Client(base_url=f"{running.url}/api") as api:
                columns = [{"name": "Law", "prompt": "Which law governs?"}]
                review = api.post("/tabular/reviews", json={"name": "R", "columns": columns}).json()["id"]
                upload(api, ("a.txt", b"This Agreement is governed by the laws of Delaware."), review_id=review)
                started = api.post(f"/tabular/reviews/{review}/generate")
                assert started.status_code == 202, started.text
                job = started.json()["job_id"]
                wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] == "completed")
            said = " ".join(columnist("doctor", **home).stdout.split())
            assert "queue of notifications is 100% full" in said and "pg_terminate_backend" in said, said
