"""Memory: a run of 10,000 documents, every process of it watched."""

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from bench.material import write_columns, write_documents
from bench.table import Row

DOCUMENTS, COLUMNS = 10_000, 10
LIMIT_MB = 300


def run() -> list[Row]:
    """The most resident memory of the command's process and of its readers, while it runs and exports."""
    with tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_documents(folder / "documents", DOCUMENTS)
        write_columns(folder / "columns.yaml", COLUMNS)
        command = ("run", folder / "documents", "-c", folder / "columns.yaml", "-o", folder / "review.xlsx")
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "columnist", *map(str, command)],
            env=os.environ | {"COLUMNIST_DATA_DIR": name, "COLUMNIST_MODEL": "extractive"},
            stdout=subprocess.DEVNULL,
        )
        most = _watch(process)
        seconds = time.monotonic() - started
        if process.returncode != 0 or not (folder / "review.xlsx").exists():
            raise RuntimeError(f"the run ended with {process.returncode}")
    section = f"Memory, {DOCUMENTS:,} documents × {COLUMNS} columns, extractive"
    rows = [
        Row(section, what, f"{megabytes:.0f} MB at most", f"limit {LIMIT_MB} MB") for what, megabytes in most.items()
    ]
    return [*rows, Row(section, "the whole run, export included", f"{DOCUMENTS / seconds:.0f} documents/s")]


def _watch(process: "subprocess.Popen[bytes]") -> dict[str, float]:
    """Kind of process → megabytes, sampled five times a second until the command ends."""
    most: dict[str, float] = defaultdict(float)
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = {"columnist run": [watched], "a reader": watched.children(recursive=True)}
            for kind, members in family.items():
                for member in members:
                    most[kind] = max(most[kind], member.memory_info().rss / 1024**2)
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.2)
    return dict(most)
