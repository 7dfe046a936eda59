"""How many cases a test tries: a sample in `make test`, more in `make deep`."""

import os
from typing import TypeVar

Much = TypeVar("Much")

DEEP = os.environ.get("COLUMNIST_TESTS") == "deep"


def depth(sample: Much, deep: Much) -> Much:
    """How many examples, kills or documents: `deep` in `make deep`, else `sample`. The promise is the same."""
    return deep if DEEP else sample
