"""Old Word, Excel and PowerPoint files, by a real LibreOffice: it makes them, and reads them back."""

import subprocess
from pathlib import Path

import pptx
import pytest

from columnist.documents.reading import formats, old_office
from columnist.settings import Settings
from tests.documents.ole import ole
from tests.documents.readers import read, refused

RENT = "The rent is $5,000 per month."


def old(path: Path, made_of: Path, kind: str) -> Path:
    """The same content as LibreOffice writes it in an old format."""
    program = old_office.program()
    assert program, "make office needs LibreOffice: apt-get install libreoffice-{writer,calc,impress}-nogui"
    profile = f"-env:UserInstallation={(path / 'profile').as_uri()}"
    command = [program, "--headless", profile, "--convert-to", kind, "--outdir", str(path), str(made_of)]
    subprocess.run(command, check=True, capture_output=True)
    return path / f"{made_of.stem}.{kind}"


@pytest.mark.parametrize("kind", ["doc", "xls", "ppt"])
def test_an_old_file_is_read_by_libreoffice(tmp_path: Path, kind: str) -> None:
    made_of = tmp_path / {"doc": "lease.txt", "xls": "lease.csv", "ppt": "lease.pptx"}[kind]
    if kind == "ppt":
        deck = pptx.Presentation()
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = RENT
        deck.save(str(made_of))
    else:
        made_of.write_text(f'"{RENT}"\n' if kind == "xls" else RENT)
    path = old(tmp_path, made_of, kind)
    with path.open("rb") as file:
        assert formats.old_office(file) == formats.SUFFIXES[f".{kind}"]
    settings = Settings(COLUMNIST_DATA_DIR=tmp_path / "data", COLUMNIST_READ_TIMEOUT_SECONDS=120)
    assert RENT in " ".join(page.text for page in read(settings, path))


def test_a_damaged_old_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "lease.doc"
    path.write_bytes(ole({"WordDocument": bytes(5000)}))
    settings = Settings(COLUMNIST_DATA_DIR=tmp_path / "data", COLUMNIST_READ_TIMEOUT_SECONDS=120)
    refused(settings, path, "LibreOffice cannot read the file")
