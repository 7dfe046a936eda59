from collections.abc import Iterator

import pytest

from tests.documents.readers import shared_reader


@pytest.fixture(scope="module", autouse=True)
def reader() -> Iterator[None]:
    with shared_reader():
        yield
