"""Access for tests that the product does not have: the embedded server's superuser, and databases of any name."""

import os
import signal
import time
from pathlib import Path

import psycopg

from tests.patience import PATIENCE_SECONDS


def let_in(data_dir: Path) -> str:
    """Let the running server of this folder accept everybody as any login; returns its superuser's URL."""
    cluster = (data_dir / "postgres").resolve() / "cluster"
    with (cluster / "pg_hba.conf").open("a") as file:
        file.write("local all all trust\n")
    lines = (cluster / "postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGHUP)
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(host=lines[4], user="postgres", dbname="postgres").close()
            return f"postgresql://postgres@/postgres?host={lines[4]}"
        except psycopg.OperationalError:
            assert time.monotonic() < until
            time.sleep(0.05)
