"""Paths from callers, and files that appear when they are complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

PathLike = str | os.PathLike[str]


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A new file next to the target: it becomes the target if all goes well, and is deleted if not."""
    # Made like any other file, with the user's usual permissions: tempfile makes private ones.
    part = target.absolute().with_name(f".{target.name}.{uuid4().hex}")
    part.touch(exist_ok=False)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
