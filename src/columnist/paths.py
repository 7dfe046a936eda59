"""Paths from callers, and files that appear when they are complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from columnist.errors import InputError

PathLike = str | os.PathLike[str]


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Raises InputError if the target cannot be written in the context: no room, no such folder, no permission."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}.") from error


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A new file next to the target: it becomes the target if all goes well, and is deleted if not. Raises InputError
    as `writing` does."""
    # Made like any other file, with the user's usual permissions: tempfile makes private ones.
    part = target.absolute().with_name(f".{uuid4().hex}{target.suffix}")
    with writing(target):
        part.touch(exist_ok=False)
        try:
            yield part
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
