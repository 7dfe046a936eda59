"""Each package, and each folder of the page, imports only from those above it: the order is these lists."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "columnist"
ORDER = [
    "errors",
    "paths",
    "backoff",
    "settings",
    "cancelling",
    "cpu",
    "telemetry",
    "guarded",
    "db",
    "documents",
    "reviews",
    "llm",
    "answers",
    "asking",
    "rules",
    "back_ends",
    "jobs",
    "export",
    "evaluation",
    "process",
    "desk",
    "progress",
    "python_api",
    "api",
    "client",
    "cli",
]
PAGE = SOURCE.parent.parent / "web" / "src"
PAGE_ORDER = ["api", "ui", "me", "live", "setup", "evidence", "grid", "screens", "App", "main"]
INSIDE = {
    "documents": [
        "model",
        "languages",
        "how_read",
        "tokens",
        "storage",
        "locating",
        "reading",
        "blobs",
        "store",
        "sweep",
        "ownership",
        "intake",
    ],
    "documents.reading": [
        "frames",
        "visibility",
        "symbols",
        "raised",
        "compound",
        "signed",
        "encoding",
        "language",
        "formats",
        "archive",
        "attached",
        "pictures",
        "flowing",
        "web",
        "office",
        "mails",
        "pdf",
        "old_office",
        "child",
        "scanner",
        "reader",
    ],
    "answers": [
        "outcomes",
        "doubt",
        "model",
        "plain",
        "nothing",
        "mention",
        "numerals",
        "currencies",
        "dates",
        "units",
        "references",
        "lexer",
        "figures",
        "parts",
        "mentions",
        "tags",
        "values",
        "playbook",
    ],
    "asking": [
        "prompt",
        "windows",
        "statements",
        "readings",
        "merging",
        "raw_answers",
        "likelihood",
        "language_model",
        "cheap_first",
    ],
    "rules": [
        "finding",
        "passages",
        "clauses",
        "jurisdiction",
        "preamble",
        "duration",
        "back_end",
        "child",
        "answerer",
    ],
}
"""The same order within a package."""
ENTRY_POINTS = {"__init__", "__main__"}


def _imported(file: Path, of: str = "columnist") -> set[str]:
    """The parts of a package that a file imports."""
    found = set()
    depth = of.count(".") + 1
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        found |= {name.split(".")[depth] for name in names if name.startswith(f"{of}.")}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            if node.module == of:
                found |= {alias.name for alias in node.names}
    return found


def _part(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = [file for file in sorted(SOURCE.rglob("*.py")) if _part(file) not in ENTRY_POINTS]


def test_every_part_has_its_place_in_the_order() -> None:
    assert {_part(file) for file in FILES} == set(ORDER)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_part_imports_only_from_those_above_it(file: Path) -> None:
    allowed = set(ORDER[: ORDER.index(_part(file)) + 1])
    assert _imported(file) <= allowed, f"{file.name} reaches down to {_imported(file) - allowed}"


@pytest.mark.parametrize("package", INSIDE)
def test_within_a_package_the_same_holds(package: str) -> None:
    order = INSIDE[package]
    folder = SOURCE / package.replace(".", "/")
    for file in folder.rglob("*.py"):
        part = file.relative_to(folder).parts[0].removesuffix(".py")
        if part not in ENTRY_POINTS:
            reached = _imported(file, f"columnist.{package}")
            assert reached <= set(order[: order.index(part) + 1]), f"{file} reaches down to {reached}"


def test_the_rules_know_nothing_of_language_models() -> None:
    for file in (SOURCE / "rules").glob("*.py"):
        assert not _imported(file) & {"asking", "llm"}


def _page_imports(file: Path) -> set[Path]:
    """The files of the page that a file imports."""
    paths = re.findall(r"""(?:from|import|import\()\s*"(\.[^"]+)\"""", file.read_text(encoding="utf-8"))
    files = {(file.parent / path).resolve() for path in paths}
    return {found for base in files for found in base.parent.glob(f"{base.name}.ts*")}


PAGE_FILES = {
    file: _page_imports(file)
    for file in sorted(PAGE.rglob("*.ts*"))
    if file.name != "schema.d.ts" and ".test." not in file.name
}


def test_the_page_has_no_import_circle_and_its_folders_import_from_those_above() -> None:
    graphlib.TopologicalSorter(PAGE_FILES).prepare()  # raises CycleError
    place = {file: PAGE_ORDER.index(file.relative_to(PAGE).parts[0].split(".")[0]) for file in PAGE_FILES}
    assert {place[file] for file in PAGE_FILES} == set(range(len(PAGE_ORDER)))
    reached = {
        str(file): [str(one) for one in used if place.get(one, 0) > place[file]] for file, used in PAGE_FILES.items()
    }
    assert not {file: used for file, used in reached.items() if used}


def test_a_process_that_asks_no_language_model_does_not_wait_for_what_it_never_uses() -> None:
    """The SDK alone costs each command half a second."""
    program = "import sys, columnist.cli.run, columnist.api.serve, columnist.cli.worker; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded).isdisjoint({"openai", "numpy", "pyarrow", "boto3", "pypdfium2", "lxml"})
