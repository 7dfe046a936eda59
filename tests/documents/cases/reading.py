"""Cases are read by the functions that the guarded subprocess calls, without one: there are hundreds of them."""

from pathlib import Path

from columnist.documents.model import Remark, RemarkKind, gathered
from columnist.documents.reading.child import read_file

FILES = Path(__file__).parent / "files"


def text_of(path: Path, name: str | None = None) -> str:
    """What is read of a file, pages apart by a blank line."""
    return read_whole(path, name)[0]


def read_whole(path: Path, name: str | None = None) -> tuple[str, list[Remark]]:
    """What is read of a file, and what its row says."""
    _, pages = read_file(path.open("rb"), name or path.name, 5_000)
    read = list(pages)
    return "\n\n".join(page.text for page in read), gathered(one for page in read for one in page.remarks)


def kinds(remarks: list[Remark]) -> list[RemarkKind]:
    """The kinds of remarks."""
    return [one.kind for one in remarks]
