"""Cases are read by the guarded subprocess's functions, but in this process: there are hundreds of them."""

from pathlib import Path

from columnist.documents.model import Remark, RemarkKind, gathered
from columnist.documents.reading.child import read_file

FILES = Path(__file__).parent / "files"


def text_of(path: Path, name: str | None = None) -> str:
    """The text of a file, with a blank line between pages."""
    return read_whole(path, name)[0]


def read_whole(path: Path, name: str | None = None) -> tuple[str, list[Remark]]:
    """The text of a file, and the sentence of its row."""
    _, pages = read_file(path.open("rb"), name or path.name, 5_000)
    read = list(pages)
    return "\n\n".join(page.text for page in read), gathered(one for page in read for one in page.remarks)


def kinds(remarks: list[Remark]) -> list[RemarkKind]:
    """The kinds of remarks."""
    return [one.kind for one in remarks]
