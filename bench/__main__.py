"""`make bench`: every measurement in one run, as one table. `python -m bench engine reading` runs some of them."""

import sys
from importlib import import_module

from bench.table import Row, print_table

SECTIONS = (
    "engine",
    "llm_busy",
    "fleet",
    "groups",
    "memory",
    "reading",
    "quotes",
    "ocr",
    "windows",
    "polling",
    "scaling",
    "web",
)
"""Modules here, each with `run`; imported when asked for: the peers of some are not always installed."""
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
        rows += import_module(f"bench.{name}").run()
    print_table(rows)


if __name__ == "__main__":
    main()
