"""A database for measurements."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from columnist.db.embedded import embedded_server
from tests.db.superuser import let_in


@contextmanager
def own_postgres() -> Iterator[str]:
    """An embedded server with an empty cluster, until the block ends; yields its superuser's URL."""
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as folder,
        embedded_server(Path(folder)),
    ):
        yield let_in(Path(folder))
