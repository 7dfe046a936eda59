"""`make bench`: every measurement in one run, as one table. `python -m bench engine reading` runs some of them."""

import argparse
import sys
from importlib import import_module

from bench.machine import Machine
from bench.table import Row, print_table

SECTIONS = {
    "engine": "items a second through the queue, beside its peers",
    "llm_busy": "wall time of a job against the least that its LLM server needs",
    "fleet": "prompt tokens from the cache, with one server, a router, and several servers",
    "groups": "tokens of a cell by questions in a call",
    "memory": "memory of a process by documents",
    "reading": "pages a second, beside other readers",
    "quotes": "quotes that are found in real contracts",
    "ocr": "scans: words, boxes, time of a page",
    "windows": "windows of a large grid: sorted, filtered, searched",
    "polling": "latency of 50 clients that watch a job, while the same process works on it",
    "scaling": "coefficients for a run of any size",
    "web": "the page in a browser",
}
"""Modules here, each with `run`; imported on demand, because the peers of some are not always installed."""
APART = {"web"}
"""Needs a browser and the built page: `make bench-web`."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure, and print one table. Sections:\n\n"
        + "\n".join(f"  {name:10} {what}" for name, what in SECTIONS.items()),
        epilog="On a busy machine only ratios of one run mean anything: the table says how busy it was.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="section", help="default: all but " + ", ".join(APART))
    names = parser.parse_args().sections or [name for name in SECTIONS if name not in APART]
    if unknown := set(names) - SECTIONS.keys():
        parser.error(f"No section {', '.join(sorted(unknown))}: there are {', '.join(SECTIONS)}.")
    machine = Machine.now()
    rows: list[Row] = []
    for name in names:
        print(f"measuring: {name} …", file=sys.stderr)
        rows += import_module(f"bench.{name}").run()
    print_table([*machine.rows(), *rows])


if __name__ == "__main__":
    main()
