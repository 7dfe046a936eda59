"""Elsewhere: for work that would keep the event loop, or the interpreter's lock, from those who serve and poll."""

import os
import threading
from concurrent.futures import Executor

import structlog
from loky import get_reusable_executor

log = structlog.get_logger()

IDLE_SECONDS = 60
"""How long a process waits for work; after that, or the death of its parent, it ends."""

NICENESS = 5
"""Requests and the database come first where cores are short."""

LEAVE_SECONDS = 10.0
"""How long a process may take to leave after its grace time: to hand back, to close what is open."""

_leaving: threading.Timer | None = None


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


def leave_within(seconds: float, exit_code: int = 1) -> None:
    """For a process that was told to stop: after so many seconds it ends where it stands. A database that hangs keeps
    whoever cancels a statement, or closes a connection, waiting. A later call sets another time."""
    global _leaving
    if _leaving is not None:
        _leaving.cancel()
    _leaving = threading.Timer(seconds, _end, [exit_code])
    _leaving.daemon = True
    _leaving.start()


def _end(exit_code: int) -> None:
    log.error("left without waiting any longer: something hangs")
    os._exit(exit_code)
