"""The lines of the log, and their number."""

import subprocess
import sys

FAILS_IN_A_LOOP = """
import logging
from columnist.cli.logs import configure_logs

configure_logs("INFO")
for nr in range(1_000):
    logging.getLogger("library").error("turn %s failed", nr)
logging.getLogger("library").error("something else failed")
"""


def test_a_library_that_fails_in_a_loop_does_not_fill_the_disk() -> None:
    done = subprocess.run([sys.executable, "-c", FAILS_IN_A_LOOP], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 21, done.stderr
    assert "the last line of this kind for a minute" in lines[-2]
    assert "something else failed" in lines[-1]
