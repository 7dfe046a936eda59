"""The worker pools of one machine: each locks a file while it lives, so that the others see at once when it died.

The kernel releases the lock when the process ends, by SIGKILL or lack of memory too, and not while it is paused. So a
free lock is certain, unlike silence. Pools of other machines are silent for a lease before anybody takes their work.
"""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import structlog

log = structlog.get_logger()

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
FORGET_SECONDS = 86_400
"""After this the file of a pool of another machine, or of the time before a restart, is deleted."""


class Neighbours:
    """The files in `folder`, which machines may share: their names begin with that of the running kernel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kernel = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else socket.gethostname()

    @contextmanager
    def living(self, pool_id: UUID) -> Iterator[None]:
        """The pool lives while the context lasts."""
        file = self._file(pool_id)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            held = os.open(part, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            log.warning("if this process is killed, others wait for its leases to expire", error=str(error))
            yield
            return
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            part.rename(file)  # nobody sees it without its lock
            yield
        finally:
            with suppress(FileNotFoundError):
                file.unlink()
            os.close(held)

    def dead(self) -> list[UUID]:
        """The pools of this machine whose process has ended without a sign-off."""
        found = []
        for file in self._folder.glob(f"{self._kernel}.*.pool"):
            with suppress(FileNotFoundError), file.open("rb") as opened, suppress(BlockingIOError):
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append(UUID(file.suffixes[-2][1:]))
        return found

    def forget(self, pools: list[UUID]) -> None:
        """Delete the files of dead pools, and those that no process of this machine can judge any more."""
        for pool_id in pools:
            self._file(pool_id).unlink(missing_ok=True)
        for file in self._folder.glob("*.pool"):
            with suppress(FileNotFoundError):
                if not file.name.startswith(self._kernel) and file.stat().st_mtime < time.time() - FORGET_SECONDS:
                    file.unlink()

    def _file(self, pool_id: UUID) -> Path:
        return self._folder / f"{self._kernel}.{pool_id}.pool"
