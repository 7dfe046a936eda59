"""A child's modules are loaded before it closes itself: reading any kind of file opens and imports nothing more."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import CONTRACTS

FILES = Path(__file__).parents[1] / "documents" / "cases" / "files"

WATCHED = """
import sys
watching = False

def watch(event, arguments):
    if watching and event in ("open", "import", "os.listdir", "os.scandir", "ctypes.dlopen"):
        print(event, arguments[0])

sys.addaudithook(watch)
"""

READING = """
import warnings
from contextlib import suppress
from pathlib import Path
from columnist.documents.reading import child
from columnist.errors import DocumentError

warnings.simplefilter("ignore")  # which would look for the line that warns
child.warm()
for path in map(Path, sys.argv[1:]):
    with path.open("rb") as file:
        watching = True
        with suppress(DocumentError):
            list(child.read_file(file, path.name, 100)[1])
        with suppress(DocumentError, KeyError):
            list(child.mail.attached_files(file, child._media_type(file, path.name)))
        watching = False
"""

RULES = """
from uuid import UUID
from columnist.reviews.columns_file import read_columns
from columnist.rules import child
from columnist.rules.back_end import answered
from columnist.rules.passages import PassageIndex
from tests.conftest import CONTRACTS, ROOT, contract_pages

child.warm()
columns = read_columns(ROOT / "examples" / "due-diligence.yaml")
questions = [column.question(UUID(int=number)) for number, column in enumerate(columns)]
pages = [[page.text for page in contract_pages(file.name)] for file in CONTRACTS.glob("*.pdf")]
watching = True
for texts in pages:
    index = PassageIndex(texts)
    for question in questions:
        answered(index, question)
watching = False
"""


def watched(program: str, *arguments: Path) -> str:
    """The files that a program opens and imports while it watches itself."""
    command = [sys.executable, "-c", WATCHED + program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


def test_the_rules_open_and_import_nothing_after_the_start() -> None:
    assert watched(RULES) == ""


def test_reading_opens_and_imports_nothing_after_the_start() -> None:
    files = [file for folder in (FILES, CONTRACTS) for file in sorted(folder.iterdir()) if file.is_file()]
    assert len({file.suffix.lower() for file in files}) >= 8
    assert watched(READING, *files) == ""


def test_what_is_opened_after_the_start_is_seen() -> None:
    assert watched("watching = True\nopen(sys.argv[1])", Path(__file__)).startswith("open")
