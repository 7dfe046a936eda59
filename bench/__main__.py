"""`make bench`: every measurement in one run, as one table. `python -m bench engine reading` runs some of them."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from psycopg import conninfo

from bench import engine, groups, llm_busy, memory, ocr, polling, quotes, reading, web, windows
from bench.table import Row, print_table
from columnist.db.embedded import embedded_server


def _engine() -> list[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as folder,
        embedded_server(Path(folder)) as url,
    ):
        return engine.run(conninfo.make_conninfo(url, user="postgres", dbname="postgres"))


SECTIONS: dict[str, Callable[[], list[Row]]] = {
    "engine": _engine,
    "busy": llm_busy.run,
    "groups": groups.run,
    "memory": memory.run,
    "reading": reading.run,
    "quotes": quotes.run,
    "ocr": ocr.run,
    "windows": windows.run,
    "polling": polling.run,
    "web": web.run,
}
APART = {"web"}
"""Needs a browser and the built page: `make bench-web`."""


def main() -> None:
    names = sys.argv[1:] or [name for name in SECTIONS if name not in APART]
    unknown = set(names) - set(SECTIONS)
    if unknown:
        sys.exit(f"No section {', '.join(sorted(unknown))}: there are {', '.join(SECTIONS)}.")
    rows: list[Row] = []
    for name in names:
        print(f"measuring: {name} …", file=sys.stderr)
        rows += SECTIONS[name]()
    print_table(rows)


if __name__ == "__main__":
    main()
