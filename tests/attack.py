"""`make attack`: all tests that attack Columnist, only on this machine, and a table of the results."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
ATTACKS = {
    "Who may do what: every operation × everybody": ("api/test_access_sweep.py", "db/test_access.py"),
    "What a tenant learns about another": ("api/test_two_tenants.py",),
    "Before sign-in: bodies, heads, connections": ("api/test_before_sign_in.py",),
    "One user against all: turns and quotas": (
        "api/test_too_many.py",
        "api/test_quotas.py",
        "api/test_hanging_up.py",
        "guarded/test_turns.py",
    ),
    "Hostile code in a parser": (
        "guarded/test_sandbox.py",
        "guarded/test_warm.py",
        "guarded/test_children.py",
        "documents/test_seeker.py",
    ),
    "Files made to hurt: archives, boxes, OLE": ("documents/cases/test_archives.py", "documents/test_compound.py"),
    "Texts made to hurt a pattern": ("test_growth.py",),
    "Text that becomes a formula or markup": ("export/test_export.py",),
    "Text that nobody sees": (
        "documents/cases/test_hidden_text.py",
        "documents/cases/test_css.py",
        "documents/cases/test_docx_kinds.py",
        "documents/cases/test_xlsx_kinds.py",
        "documents/cases/test_slides.py",
        "documents/cases/test_opendocument.py",
        "documents/cases/test_rtf.py",
    ),
    "Guesses, sessions and other sites' pages": ("api/test_sign_in.py", "api/test_provider.py"),
    "Logins and the trail": ("db/test_logins.py", "api/test_trail.py", "api/test_local_token.py"),
    "What is left after deleting": ("api/test_nothing_left.py",),
}
INPUTS = "inputs"
"""The property in which a test says how many inputs it has tried (`record_property`); else it counts as one."""


class Tally:
    """Counts the inputs of each attack, and its successes."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.fell: Counter[str] = Counter()
        self._of = {file: attack for attack, files in ATTACKS.items() for file in files}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest for each part of each test."""
        attack = self._of[report.nodeid.split("::")[0].removeprefix("tests/")]
        if report.when == "call":
            self.tried[attack] += next((int(str(many)) for name, many in report.user_properties if name == INPUTS), 1)
        self.fell[attack] += report.failed


def main() -> int:
    """Run the attacks; the exit code is pytest's."""
    tally = Tally()
    files = [str(HERE / file) for files in ATTACKS.values() for file in files]
    outcome = pytest.main(["--quiet", *files, *sys.argv[1:]], plugins=[tally])
    table = Table("Attack", "Inputs tried", "Tests that fell", "Outcome")
    for attack in ATTACKS:
        held = "fell" if tally.fell[attack] else "held" if tally.tried[attack] else "not tried"
        table.add_row(attack, f"{tally.tried[attack]:,}", f"{tally.fell[attack]:,}", held)
    Console().print(table)
    return int(outcome)


if __name__ == "__main__":
    sys.exit(main())
