"""How busy the machine is beside a measurement: the figures of a busy one are ratios at best."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.table import Row

CORES = os.cpu_count() or 1
BUSY_LOAD = 0.25
"""Of a core: so much load before anything is measured is somebody else's work."""
BUSY_STEAL = 0.02
"""Of the machine's time."""
STAT = Path("/proc/stat")
STEAL = 7
"""The place of stolen time in the first line of STAT, after its name."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine did when the measurements began: `load` over a minute, and its ticks since it started."""

    load: float
    ticks: tuple[int, ...]

    @classmethod
    def now(cls) -> "Machine":
        """Warns on stderr if others are at work."""
        machine = cls(os.getloadavg()[0], _ticks())
        if machine.is_busy:
            said = f"warning: the machine is busy (load {machine.load:.2f}): only ratios of this run count"
            print(said, file=sys.stderr)
        return machine

    @property
    def is_busy(self) -> bool:
        """Whether others were at work before anything was measured."""
        return self.load > BUSY_LOAD * CORES

    def rows(self) -> list[Row]:
        """How busy it was when they began, and what was stolen from it since."""
        rows = [
            Row(
                "Machine", f"load before the first measurement, {CORES} cores", f"{self.load:.2f}", _words(self.is_busy)
            )
        ]
        if self.ticks:
            spent = [after - before for before, after in zip(self.ticks, _ticks(), strict=True)]
            stolen = spent[STEAL] / max(1, sum(spent))
            share = f"{100 * stolen:.1f} %"
            rows.append(Row("Machine", "time stolen by the host meanwhile", share, _words(stolen > BUSY_STEAL)))
        return rows


def _words(is_busy: bool) -> str:
    return "busy: only ratios count" if is_busy else "quiet"


def _ticks() -> tuple[int, ...]:
    """User, nice, system, idle, iowait, irq, softirq, steal; empty where there is no such file."""
    if not STAT.exists():
        return ()
    return tuple(map(int, STAT.read_text().splitlines()[0].split()[1 : STEAL + 2]))
