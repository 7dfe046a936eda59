"""Nine machines, which fail one after the other: a short `make machines`."""

import os
import re
import subprocess
import sys

import pytest

from tests.machines.faults import KINDS, walk

SEEDS = [1]
"""Each kind of fault at least once, in another order. A seed with a broken promise stays here."""
FAULTS = 50


def test_a_walk_is_the_same_of_a_seed_and_has_every_kind() -> None:
    faults = walk(7, 100)
    assert faults == walk(7, 100)
    assert faults != walk(8, 100)
    assert {fault.kind for fault in faults[: len(KINDS)]} == KINDS.keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_job_over_several_machines_that_fail_is_whole(seed: int) -> None:
    become_root = ["sudo", "-n"] if os.geteuid() else []
    if become_root and subprocess.run([*become_root, "true"], check=False).returncode:
        assert not os.environ.get("CI"), "CI has to let tests be root: several machines are network namespaces."
        pytest.skip("several machines are network namespaces, which only root makes")
    machines = ["-m", "tests.machines", "--documents", "60", "--faults", str(FAULTS), "--seed", str(seed)]
    done = subprocess.run(
        [*become_root, sys.executable, *machines, "--rate", "12"], check=False, capture_output=True, text=True
    )
    said = re.sub("(?m)^.*Warning.*$", "", f"{done.stdout}\n{done.stderr}")
    assert done.returncode == 0, said
    assert f"{FAULTS} faults" in said, said
