"""Reading PDFs: text and a box for every word beside text alone by pypdf, pdfplumber and PDFium; the same with all that
decides what a person sees; and the guarded reader on one core and on all of them."""

import asyncio
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pdfplumber
import pypdf
import pypdfium2 as pdfium

from bench.material import CONTRACTS
from bench.table import Row, print_table
from columnist.cpu import usable_cores
from columnist.documents.blobs import BlobStore
from columnist.documents.reading.child import answer, read_file
from columnist.documents.reading.pdf.layer import Fonts, TextLayer
from columnist.documents.reading.reader import Reader
from columnist.settings import Settings

REPEATED = 4
LIMIT = 400


def run(folder: Path = CONTRACTS) -> list[Row]:
    """Pages a second over the PDFs of a folder, each layer once, in one process; and ours over all cores."""
    # OCR of one page takes as long as reading a thousand: files that need it are left out on either side.
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() == ".pdf" and not _needs_ocr(file)]
    pages = sum(len(pypdf.PdfReader(file).pages) for file in files)

    def rate(read: Callable[[Path], None]) -> float:
        started = time.process_time()  # of one core: others may use it, too
        for file in files:
            read(file)
        return pages / (time.process_time() - started)

    boxes, ours, child = rate(_read_boxes), rate(_read_ours), rate(_read_as_a_child)
    peers = {
        "pypdf, text alone": rate(_read_pypdf),
        "pdfplumber, text alone": rate(_read_pdfplumber),
        "pypdfium2, text alone": rate(_read_pdfium),
    }
    section = f"Reading {len(files)} PDFs, {pages} pages"
    cores = usable_cores()
    # Several times: otherwise the longest file, which one core reads, would take most of the time.
    alone, guarded = (REPEATED * pages / _guarded(files * REPEATED, most) for most in (1, cores))
    return [
        *(
            Row(section, name, f"{figure:.0f} pages/s", f"ours is {boxes / figure:.1f} ×")
            for name, figure in peers.items()
        ),
        Row(section, "Columnist, text and word boxes", f"{boxes:.0f} pages/s", f"limit {LIMIT}"),
        Row(section, "Columnist, with hidden text, fields, parts for OCR, and order", f"{ours:.0f} pages/s"),
        Row(section, "Columnist, with what a child sends", f"{child:.0f} pages/s"),
        Row(section, "Columnist, guarded, 1 core", f"{alone:.0f} pages/s", f"{alone / child:.2f} × the same unguarded"),
        Row(
            section, f"Columnist, guarded, {cores} cores", f"{guarded:.0f} pages/s", f"{guarded / alone:.2f} × one core"
        ),
    ]


def _needs_ocr(file: Path) -> bool:
    return any(page.needs_ocr for page in read_file(file.open("rb"), file.name, 10_000)[1])


def _read_boxes(file: Path) -> None:
    fonts = Fonts()
    with pdfium.PdfDocument(file) as document:
        for page in document:
            text_page = page.get_textpage()
            TextLayer(page, text_page, fonts)
            text_page.close()
            fonts.leave(page)


def _read_ours(file: Path) -> None:
    for _ in read_file(file.open("rb"), file.name, 10_000)[1]:
        pass


def _read_as_a_child(file: Path) -> None:
    """All that a guarded child does for a file: the same work as in the guarded reader, on one core."""
    asked = json.dumps({"asked": "read", "name": file.name, "max_pages": 10_000}).encode()
    with file.open("rb") as opened, Path(os.devnull).open("wb") as frames:
        answer(io.BytesIO(asked), frames, opened)


def _read_pdfium(file: Path) -> None:
    with pdfium.PdfDocument(file) as document:
        for page in document:
            page.get_textpage().get_text_range()
            page.close()


def _read_pypdf(file: Path) -> None:
    for page in pypdf.PdfReader(file).pages:
        page.extract_text()


def _read_pdfplumber(file: Path) -> None:
    with pdfplumber.open(file) as document:
        for page in document.pages:
            page.extract_text()
            page.close()


def _guarded(files: list[Path], cores: int) -> float:
    """Seconds of the guarded reader in a process that may use so many cores, and all of whose children may not use
    more."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_read_on, files, cores).result()


def _read_on(files: list[Path], cores: int) -> float:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    return asyncio.run(_read_guarded(files))


async def _read_guarded(files: list[Path]) -> float:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(COLUMNIST_DATA_DIR=Path(home))
        blobs = BlobStore(settings)
        async with Reader(settings) as reader:

            async def read(nr: int, file: Path) -> None:
                with blobs.writing_boxes(f"{nr:064}") as boxes:
                    await reader.read(file, file.name, boxes)

            # The readers start once in the life of a worker: not counted.
            await asyncio.gather(*(read(nr, files[0]) for nr in range(usable_cores())))
            started = time.perf_counter()
            await asyncio.gather(*(read(nr, file) for nr, file in enumerate(files)))
            return time.perf_counter() - started


if __name__ == "__main__":
    print_table(run(*map(Path, sys.argv[1:])))
