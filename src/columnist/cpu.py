"""A pool of processes for CPU-bound work, which would keep the event loop and the interpreter's lock busy."""

import os
from concurrent.futures import Executor

from loky import cpu_count, get_reusable_executor

IDLE_SECONDS = 60
"""An idle process ends after this time, or when its parent dies."""

NICENESS = 5
"""Requests and the database come first where cores are short."""


def usable_cores() -> int:
    """The cores that this process may use: the share of its container or control group, not the machine's, and no more
    than LOKY_MAX_CPU_COUNT."""
    return int(cpu_count())


def cpu_pool() -> Executor:
    """One process per core. Call this for each use: it replaces a process that was killed."""
    executor: Executor = get_reusable_executor(
        usable_cores(), timeout=IDLE_SECONDS, initializer=os.nice, initargs=(NICENESS,)
    )
    return executor
