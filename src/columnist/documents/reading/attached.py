"""Files inside e-mails and PDFs: which of them become documents."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from columnist.documents.reading import formats

MOST_ATTACHED = 200
"""How many files inside one document become documents; the others are only named in its text."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside a document; `unread`: why it does not become a document, or None."""

    name: str
    data: bytes
    unread: str | None


def attached(files: Iterable[tuple[str, bytes | None]]) -> Iterator[Attached]:
    """Files by their names and contents (None: damaged), in their order, with the reasons."""
    taken = 0
    for name, data in files:
        unread = "damaged" if data is None else _unread(data, name)
        if unread is None:
            taken += 1
            unread = f"the first {MOST_ATTACHED} are" if taken > MOST_ATTACHED else None
        yield Attached(name, data or b"", unread)


def _unread(data: bytes, name: str) -> str | None:
    file = io.BytesIO(data)
    return None if formats.is_taken_in(file, name) else formats.what_else(file)
