"""OCR of pages that were turned into scans, against their text layer: words, characters, boxes, labelled quotes."""

import ast
import csv
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from bench.material import CONTRACTS
from bench.table import Row, print_table
from columnist.documents.locating.locate import Locator, normalise, rectangles
from columnist.documents.model import Page
from columnist.documents.reading.pdf.pages import read_pdf, read_pdf_by_ocr
from tests.documents.scans import moved, overlap, unique_words, write_scan

LEAST_LETTERS = 800
SCANS = ((150, 0.0, 0), (200, 0.7, 0), (300, 0.7, 0), (200, -0.7, 90))
"""Dots per inch, skew in degrees, /Rotate."""


def run(folder: Path = CONTRACTS) -> list[Row]:
    """Each kind of scan of the middle page of each file: how much of it is read, and the core time."""
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() == ".pdf"]
    labels = _labels(folder / "labels.csv")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for dpi, skew, rotate in SCANS:
            figures = [
                _figures(file, labels.get(file.name, []), Path(scratch) / "scan.pdf", dpi, skew, rotate)
                for file in files
            ]
            rows += _rows(f"{dpi} dpi, skewed {skew}°, /Rotate {rotate}", sum(figures, Counter()))
    with Path(f"/proc/{os.getpid()}/status").open() as status:
        peaks = dict(line.split(":") for line in status if line.startswith(("VmHWM", "VmPeak")))
    return [*rows, *(Row("Memory of this process", name, value.strip()) for name, value in peaks.items())]


def _figures(file: Path, quotes: list[str], scan: Path, dpi: int, skew: float, rotate: int) -> Counter[str]:
    true = [
        page for page in read_pdf(file.open("rb"), 10_000) if page.source == "text" and len(page.text) > LEAST_LETTERS
    ]
    true = true[len(true) // 2 :][:1]
    write_scan(file, [page.number for page in true], scan, dpi=dpi, skew=skew, rotate=rotate)
    started = time.process_time()
    read = [read_pdf_by_ocr(scan.open("rb"), nr + 1) for nr in range(len(true))]
    found: Counter[str] = Counter(pages=len(read), milliseconds=round(1000 * (time.process_time() - started)))
    for one, other in zip(true, read, strict=True):
        words, seen = one.text.split(), other.text.split()
        found["words"] += len(words)
        found["words there"] += (Counter(words) & Counter(seen)).total()
        found["words in order"] += len(words) - Levenshtein.distance(words, seen)
        found["letters"] += len(normalise(one.text))
        found["letters in order"] += len(normalise(one.text)) - Levenshtein.distance(
            normalise(one.text), normalise(other.text)
        )
        there = unique_words(other.text, other.words)
        for word, box in unique_words(one.text, one.words).items():
            if word in there:
                found["boxes"] += 1
                found["boxes there"] += overlap(moved(one, box[2:], skew, rotate), there[word][2:]) >= 0.5
    for quote in quotes:
        expected = Locator([page.text for page in true]).locate(quote)
        if expected:
            found["quotes"] += 1
            found["quotes found"] += _is_found(quote, read)
    return found


def _is_found(quote: str, read: list[Page]) -> bool:
    spans = Locator([page.text for page in read]).locate(quote)
    return bool(rectangles({page.number: page.words for page in read}, spans))


def _rows(section: str, found: Counter[str]) -> list[Row]:
    return [
        Row(section, "words of the text layer that were read", f"{found['words there'] / found['words']:.2%}"),
        Row(section, "… in the same order", f"{found['words in order'] / found['words']:.2%}"),
        Row(section, "characters in the same order", f"{found['letters in order'] / found['letters']:.2%}"),
        Row(section, "boxes over half of the true word", f"{found['boxes there'] / found['boxes']:.2%}"),
        Row(section, "labelled quotes located", f"{found['quotes found']} of {found['quotes']}"),
        Row(
            section,
            f"time for {found['pages']} pages",
            f"{found['milliseconds'] / found['pages'] / 1000:.1f} core-s/page",
        ),
    ]


def _labels(file: Path) -> dict[str, list[str]]:
    """The quotes that the lawyers marked, by file name."""
    with file.open(encoding="utf-8") as lines:
        return {
            line["Filename"]: [
                quote
                for value in line.values()
                if value.startswith("[")
                for quote in ast.literal_eval(value)
                if len(quote) > 20
            ]
            for line in csv.DictReader(lines)
        }


if __name__ == "__main__":
    print_table(run(*map(Path, sys.argv[1:])))
