"""How busy the machine is during a measurement: on a busy one only ratios count."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.table import Row

CORES = os.cpu_count() or 1
BUSY_LOAD = 0.25
"""Load per core: this much before a measurement means that other programs are at work."""
BUSY_STEAL = 0.02
"""Share of the machine's time."""
STAT = Path("/proc/stat")
STEAL = 7
"""The place of stolen time in the first line of STAT, after its name."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of the machine when the measurements began: `load` over a minute, and its ticks since it started."""

    load: float
    ticks: tuple[int, ...]

    @classmethod
    def now(cls) -> "Machine":
        """Warns on stderr if other programs are at work."""
        machine = cls(os.getloadavg()[0], _ticks())
        if machine.is_busy:
            said = f"warning: the machine is busy (load {machine.load:.2f}): only ratios of this run count"
            print(said, file=sys.stderr)
        return machine

    @property
    def is_busy(self) -> bool:
        """Whether other programs were at work before the measurements."""
        return self.load > BUSY_LOAD * CORES

    def rows(self) -> list[Row]:
        """The load at the start, and the time stolen since."""
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
