"""What a child needs is loaded before it closes itself: reading any kind of file opens and imports nothing more."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import CONTRACTS

FILES = Path(__file__).parents[1] / "documents" / "cases" / "files"

PROGRAM = """
import sys, warnings
from contextlib import suppress
from pathlib import Path
from columnist.documents.reading import child
from columnist.errors import DocumentError

warnings.simplefilter("ignore")  # which would look for the line that warns
child.warm()
watching = False

def watch(event, arguments):
    if watching and event in ("open", "import", "os.listdir", "os.scandir", "ctypes.dlopen"):
        print(event, arguments[0])

sys.addaudithook(watch)
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
import sys
from columnist.rules import child

child.warm()
watching = False

def watch(event, arguments):
    if watching and event in ("open", "import", "os.listdir", "os.scandir", "ctypes.dlopen"):
        print(event, arguments[0])

sys.addaudithook(watch)
from uuid import UUID
from columnist.reviews.columns_file import read_columns
from columnist.rules.back_end import answered
from columnist.rules.passages import PassageIndex
from tests.conftest import CONTRACTS, ROOT, contract_pages

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


SEARCHES = """
import io, json, sys
from columnist.documents.locating import child

child.warm()
watching = False

def watch(event, arguments):
    if watching and event in ("open", "import", "os.listdir", "os.scandir", "ctypes.dlopen"):
        print(event, arguments[0])

sys.addaudithook(watch)
from tests.conftest import CONTRACTS, contract_pages

pages = [page.text for file in CONTRACTS.glob("*.pdf") for page in contract_pages(file.name)]
words = " ".join(pages[3].split()[:30])
quotes = [(words, 4), (words.replace("e", "c", 1), None), (words + " … the", None), ("ﬁ É ﬀ Ⅻ " + words, 1)]
asked = [{"pages": pages, "quotes": quotes}, {"pages": pages, "words": "Eﬃ ß İ é", "most": 9}]
requests = [io.BytesIO(json.dumps(one).encode()) for one in asked]
watching = True
for request in requests:
    child.answer(request, io.BytesIO(), None)
watching = False
"""


def test_searches_open_and_import_nothing_after_the_start() -> None:
    done = subprocess.run([sys.executable, "-c", SEARCHES], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout == ""


def test_the_rules_open_and_import_nothing_after_the_start() -> None:
    done = subprocess.run([sys.executable, "-c", RULES], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout == ""


def test_reading_opens_and_imports_nothing_after_the_start() -> None:
    files = [file for folder in (FILES, CONTRACTS) for file in sorted(folder.iterdir()) if file.is_file()]
    assert len({file.suffix.lower() for file in files}) >= 8
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, files)], capture_output=True, text=True, check=True, timeout=600
    )
    assert done.stdout == ""
