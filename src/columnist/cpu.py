"""How many cores this process may use."""

import math
import os
from contextlib import suppress
from pathlib import Path

_CONTROL_GROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """The cores that this process may use: the share of its container or control group, not of the machine, and at most
    PYTHON_CPU_COUNT, which Python itself obeys from 3.13 on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [cores, _quota(_CONTROL_GROUPS)]
    with suppress(OSError):
        group = Path("/proc/self/cgroup").read_text(encoding="ascii").rpartition("0::/")[2].strip()
        limits.append(_quota(_CONTROL_GROUPS / group))
    with suppress(ValueError):
        limits.append(int(os.environ.get("PYTHON_CPU_COUNT", "")))
    return max(1, min(limits))


def _quota(group: Path) -> int:
    """The cores that a control group (version 2) may use, rounded up; a large number if it is not limited."""
    with suppress(OSError, ValueError):
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    return 1_000_000
