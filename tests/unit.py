"""`python -m tests.unit FILE` (`make check`): the tests of one unit, for a source file or a test file."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tests_of(file: str) -> list[Path]:
    """A test file itself; for a source file the tests that are named after it. Raises SystemExit if there are none."""
    path = (ROOT / file).resolve()
    if not path.is_file() or ROOT not in path.parents:
        sys.exit("Name a file: make check FILE=src/columnist/db/text.py")
    parts = path.relative_to(ROOT).parts
    if parts[0] == "tests":
        return [path]
    package = parts[2] if parts[:2] == ("src", "columnist") and len(parts) > 3 else ""
    found = sorted((ROOT / "tests" / package).rglob(f"test_{path.stem}*.py"))
    if not found:
        sys.exit(f"No test is named after {path.name}; name a test: make check FILE=tests/jobs/test_items.py")
    return found


if __name__ == "__main__":
    print(*(path.relative_to(ROOT) for path in tests_of(" ".join(sys.argv[1:]))))
