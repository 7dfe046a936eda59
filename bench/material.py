"""Documents for measurements: pieces of the example contracts, as text files."""

from itertools import cycle, islice
from pathlib import Path

from columnist.documents.reading.child import read_file

CONTRACTS = Path(__file__).parent.parent / "examples" / "contracts"
PAGES_IN_A_PIECE = 3


def write_documents(folder: Path, count: int) -> None:
    """`count` different text files of three contract pages each."""
    pieces = []
    for contract in sorted(CONTRACTS.glob("*.[pP][dD][fF]")):
        texts = [page.text for page in read_file(contract.open("rb"), contract.name, 2_000)[1]]
        pieces += ["\f".join(texts[nr : nr + PAGES_IN_A_PIECE]) for nr in range(0, len(texts), PAGES_IN_A_PIECE)]
    folder.mkdir(parents=True)
    for nr, piece in enumerate(islice(cycle(pieces), count)):
        (folder / f"{nr:06}.txt").write_text(f"Document {nr}\n{piece}", encoding="utf-8")


def write_columns(file: Path, count: int) -> None:
    """`count` questions of format text."""
    questions = [f"  - name: Question {nr}\n    prompt: What does it say about matter {nr}?" for nr in range(count)]
    file.write_text("\n".join(["columns:", *questions]), encoding="utf-8")
