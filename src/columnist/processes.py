"""Elsewhere: for work that would keep the event loop, or the interpreter's lock, from those who serve and poll."""

import os
from concurrent.futures import Executor

from loky import get_reusable_executor

IDLE_SECONDS = 60
"""How long a process waits for work; after that, or the death of its parent, it ends."""

NICENESS = 5
"""Requests and the database come first where cores are short."""


def usable_cores() -> int:
    """The cores that this process may use: a container's share, not the machine's."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def processes() -> Executor:
    """One process per core. Ask for it each time: one that was killed is replaced then."""
    executor: Executor = get_reusable_executor(
        usable_cores(), timeout=IDLE_SECONDS, initializer=os.nice, initargs=(NICENESS,)
    )
    return executor
