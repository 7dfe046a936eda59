"""Reading files in guarded subprocesses, as the product does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from columnist.documents.blobs import BlobStore
from columnist.documents.model import Page
from columnist.documents.reading.reader import Reader
from columnist.errors import DocumentError
from columnist.settings import Settings
from tests.conftest import CONTRACTS

A_CONTRACT = next(iter(sorted(CONTRACTS.glob("TICKETS*"))))

_shared: list[tuple[asyncio.Runner, Reader]] = []


@contextmanager
def shared_reader() -> Iterator[None]:
    """One reader for all files with the default settings, so that each file comes after another's attack."""
    with asyncio.Runner() as runner:
        reader = runner.run(Reader(Settings()).__aenter__())
        _shared.append((runner, reader))
        yield
        _shared.clear()
        runner.run(reader.__aexit__())


def read(settings: Settings, path: Path, name: str | None = None) -> list[Page]:
    """The pages of a file."""
    return reading(settings, lambda one: one(path, name))


def reading(
    settings: Settings,
    scenario: Callable[[Callable[[Path, str | None], Awaitable[list[Page]]]], Awaitable[list[Page]]],
) -> list[Page]:
    blobs = BlobStore(settings)

    async def run(reader: Reader) -> list[Page]:
        async def one(path: Path, name: str | None = None) -> list[Page]:
            with blobs.writing_boxes("0" * 64) as boxes:
                return (await reader.read(path, name or path.name, boxes)).pages

        return await scenario(one)

    async def with_reader_of_its_own() -> list[Page]:
        async with Reader(settings) as reader:
            return await run(reader)

    if settings.model_fields_set <= {"data_dir"}:
        ((runner, reader),) = _shared
        return runner.run(run(reader))
    return asyncio.run(with_reader_of_its_own())


def refused(settings: Settings, path: Path, words: str, name: str | None = None) -> None:
    """The file is one clear error, and the same reader reads a real contract after it."""

    async def scenario(one: Callable[[Path, str | None], Awaitable[list[Page]]]) -> list[Page]:
        with pytest.raises(DocumentError, match=words):
            await one(path, name)
        return await one(A_CONTRACT, None)

    assert "SPONSORSHIP" in reading(settings, scenario)[0].text.upper()


def templates_of(parent: int) -> Iterator[psutil.Process]:
    """The templates of a process's guarded children: the first one forks one for each role."""
    for process in psutil.Process(parent).children():
        with suppress(psutil.NoSuchProcess):  # it may end during the check
            if any("columnist.guarded.template" in argument for argument in process.cmdline()):
                yield from process.children()


def readers_of(parent: int) -> Iterator[psutil.Process]:
    """The guarded children of a process."""
    for template in templates_of(parent):
        with suppress(psutil.NoSuchProcess):
            yield from template.children()


def at_work(parent: int) -> list[psutil.Process]:
    """Those that are past their start: one that is killed before it has its request is nobody's fault, and the caller
    asks another one."""
    found = []
    for child in readers_of(parent):
        with suppress(psutil.NoSuchProcess):
            if child.cpu_times().user > 0.1:
                found.append(child)
    return found
