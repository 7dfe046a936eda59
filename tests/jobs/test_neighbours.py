"""The lock files of a machine's pools, past what test_worker_processes shows of them."""

import os
import time
from pathlib import Path
from uuid import uuid4

from columnist.jobs.neighbours import FORGET_SECONDS, Neighbours


def test_only_a_pool_of_this_kernel_whose_lock_is_free_is_dead(tmp_path: Path) -> None:
    folder = tmp_path / "pools"
    neighbours, alive, dead, elsewhere = Neighbours(folder), uuid4(), uuid4(), uuid4()
    assert neighbours.dead() == []
    with neighbours.living(alive):
        (file,) = folder.iterdir()
        (folder / file.name.replace(str(alive), str(dead))).touch()
        (folder / f"another-kernel.{elsewhere}.pool").touch()
        assert Neighbours(folder).dead() == [dead]
        neighbours.forget([dead])
        assert Neighbours(folder).dead() == []
        assert len([*folder.iterdir()]) == 2
        old = time.time() - FORGET_SECONDS - 1
        for file in folder.iterdir():
            os.utime(file, (old, old))
        neighbours.forget([])
        assert [file.name.count(str(alive)) for file in folder.iterdir()] == [1]
    assert [*folder.iterdir()] == []


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_quick_look(tmp_path: Path) -> None:
    (tmp_path / "pools").touch()
    neighbours = Neighbours(tmp_path / "pools")
    with neighbours.living(uuid4()):
        assert neighbours.dead() == []
        neighbours.forget([])
