"""Files for tests that want them in the blob store without a server."""

from pathlib import Path

from columnist.documents.blobs import BlobStore


def put(blobs: BlobStore, path: Path) -> tuple[str, int]:
    """Keep a file; its SHA-256 and its size."""
    with blobs.receiving(path.name) as incoming:
        incoming.copy(path)
    return incoming.sha256, incoming.size
