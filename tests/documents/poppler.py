"""PDFs beside another engine: `python -m tests.documents.poppler FOLDER` (needs pdftotext of poppler).

Prints each page on which letters and digits, or words, differ by more than 1 %, whatever their order.
"""

import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from columnist.documents.reading.pdf.pages import read_pdf

MOST = 0.01
LONGEST = 12
"""How many differing words are printed."""


def pages(path: Path) -> Iterator[tuple[str, str]]:
    """Our text and pdftotext's text of each page."""
    told = subprocess.run(["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True)
    theirs = told.stdout.decode().split("\f")[:-1]
    with path.open("rb") as file:
        yield from zip((page.text for page in read_pdf(file, 10_000)), theirs, strict=True)


def difference(ours: Counter[str], theirs: Counter[str]) -> float:
    """The share of items that one has and the other lacks."""
    return ((ours - theirs) + (theirs - ours)).total() / max(ours.total(), theirs.total(), 1)


def main() -> None:
    """Compare all PDFs in a folder."""
    count = 0
    for path in sorted(one for one in Path(sys.argv[1]).rglob("*") if one.suffix.lower() == ".pdf"):
        for number, texts in enumerate(pages(path), start=1):
            count += 1
            own, other = (unicodedata.normalize("NFKC", text) for text in texts)
            letters = difference(Counter(filter(str.isalnum, own)), Counter(filter(str.isalnum, other)))
            words, others = Counter(re.findall(r"\w+", own)), Counter(re.findall(r"\w+", other))
            if letters > MOST or difference(words, others) / 2 > MOST:
                print(f"{path.name} page {number}: letters {letters:.1%}, words {difference(words, others) / 2:.1%}")
                print(f"  ours alone: {' '.join(list(words - others)[:LONGEST])}")
                print(f"  theirs alone: {' '.join(list(others - words)[:LONGEST])}")
    print(f"{count} pages")


if __name__ == "__main__":
    main()
