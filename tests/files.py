"""Files for tests that need them in the blob store without a server."""

from pathlib import Path

from columnist.documents.blobs import MARK, BlobStore
from tests.conftest import CONTRACTS


def put(blobs: BlobStore, path: Path) -> tuple[str, int]:
    """Store a file; returns its SHA-256 and its size."""
    with blobs.receiving(path.name) as incoming:
        incoming.copy(path)
    return incoming.sha256, incoming.size


PDF = next(iter(sorted(CONTRACTS.glob("*.pdf"))))


def stored(home: Path) -> list[Path]:
    return [path for path in (home / "blobs").rglob("*") if path.is_file() and path.name != MARK]
