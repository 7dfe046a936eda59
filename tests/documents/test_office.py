"""Old Office files: the call of LibreOffice, its bounds, and the sentence without it. `make office` has a real one."""

import asyncio
import shutil
from pathlib import Path

import psutil
import pytest

from columnist.documents.blobs import BlobStore
from columnist.documents.reading.reader import Reader
from columnist.errors import DocumentError
from columnist.settings import Settings
from tests.documents.cases.reading import FILES
from tests.documents.docx import p, write_docx
from tests.documents.ole import ole
from tests.documents.readers import read, refused
from tests.patience import until

LONG = 98_765
"""A number of seconds that no other program sleeps."""

STREAMS = {"doc": "WordDocument", "docx": "WordDocument", "xls": "WORKBOOK", "ppt": "PowerPoint Document"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def old(folder: Path, kind: str = "doc") -> Path:
    path = folder / f"lease.{kind}"
    path.write_bytes(ole({STREAMS[kind]: bytes(5000)}))
    return path


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of this name on PATH, in LibreOffice's place: it gets the same arguments."""
    program = folder / "bin" / "soffice"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "doc",
            "old Word file, which needs LibreOffice where documents are read: install it, or save the file as DOCX",
        ),
        ("docx", "old Word file, which needs LibreOffice"),
        ("xls", "old Excel file, which needs LibreOffice where .* save the file as XLSX"),
        ("ppt", "old PowerPoint file, which needs LibreOffice where .* save the file as PPTX"),
    ],
)
def test_without_libreoffice_an_old_file_says_what_it_needs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, words: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(settings, old(tmp_path, kind), words)


def test_what_libreoffice_makes_is_read_in_its_place(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = FILES / "docx-altchunk.docx"
    script = 'while [ "$1" != --convert-to ]; do shift; done; cp "${0%/*}/made.$2" "$4.$2"'
    install(tmp_path, f'{script}; mkdir "$4"; mv "$4.$2" "$4/document.$2"', monkeypatch)
    shutil.copyfile(made, tmp_path / "bin" / "made.docx")
    assert [page.text for page in read(settings, old(tmp_path))] == [page.text for page in read(settings, made)]


@pytest.mark.parametrize(("text", "count"), [("See Error: Reference source not found above", 1), ("See 4.2 above", 0)])
def test_a_reference_that_libreoffice_lost_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, count: int
) -> None:
    script = 'while [ "$1" != --convert-to ]; do shift; done; cp "${0%/*}/made.$2" "$4.$2"'
    install(tmp_path, f'{script}; mkdir "$4"; mv "$4.$2" "$4/document.$2"', monkeypatch)
    write_docx(tmp_path / "bin" / "made.docx", p(text))
    (page,) = read(settings, old(tmp_path))
    assert [one.detail for one in page.remarks] == ["a reference whose aim is not in the file"] * count
    assert read(settings, tmp_path / "bin" / "made.docx")[0].remarks == ()


def test_libreoffice_reads_no_file_of_its_user_and_writes_in_one_folder_alone(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, kept = tmp_path / "secret", tmp_path / "kept"
    secret.write_text("The rent is $9,999.")
    script = 'while [ "$1" != --convert-to ]; do shift; done; mkdir "$4"; made="$4/document.docx"'
    install(tmp_path, f'{script}; echo text > "{kept}"; cat "{secret}" > "$made" || rm "$made"', monkeypatch)
    refused(settings, old(tmp_path), "LibreOffice cannot read the file")
    assert not kept.exists()


def test_what_libreoffice_cannot_read_is_one_clear_error(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "exit 1", monkeypatch)
    refused(settings, old(tmp_path), "LibreOffice cannot read the file")


def test_libreoffice_does_not_run_where_all_must_be_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "exit 0", monkeypatch)
    settings = Settings(COLUMNIST_DATA_DIR=tmp_path / "data", COLUMNIST_SANDBOX="require")
    with pytest.raises(DocumentError, match="cannot be closed"):
        read(settings, old(tmp_path))


def test_a_conversion_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "exec sleep 1000", monkeypatch)
    settings = Settings(COLUMNIST_DATA_DIR=tmp_path / "data", COLUMNIST_READ_TIMEOUT_SECONDS=1)
    with pytest.raises(DocumentError, match="LibreOffice took longer than 1 seconds"):
        read(settings, old(tmp_path))


def test_a_conversion_that_nobody_waits_for_ends_with_all_that_it_started(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, f"sleep {LONG} & wait", monkeypatch)

    async def sleeps() -> bool:
        found = psutil.Process().children(recursive=True)
        return any(argument == str(LONG) for one in found for argument in _arguments(one))

    async def scenario() -> None:
        async with Reader(settings) as reader:
            with BlobStore(settings).writing_boxes("0" * 64) as boxes:
                reading = asyncio.create_task(reader.read(old(tmp_path), "lease.doc", boxes))
                await until(sleeps, "the conversion")
                reading.cancel()
                await asyncio.wait([reading])
                assert reading.cancelled() and not await sleeps()

    asyncio.run(scenario())


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended
        return []
