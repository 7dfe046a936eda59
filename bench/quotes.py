"""Quotes that lawyers marked: which are found unchanged, with noise, over page ends, and with a changed fact."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from bench.table import Row, print_table
from columnist.documents.locating.locate import normalise
from columnist.documents.locating.running_lines import without_running_lines
from tests.conftest import CONTRACTS, CUAD, contract_pages
from tests.documents.test_locate import LAYOUT, SLIPS, changed_facts, found_in, labelled, whole_of

PLACES = 4
"""The occurrences at which each kind of fact is changed in a quote, if it has as many."""
LEAST_WORDS = 4
"""Least words of a quote that gets slips: of fewer, too little would be left."""
BESIDE = 12
"""Words on either side of the end of a page."""


def run(*folders: Path) -> list[Row]:
    """Measure the labelled contracts in these folders, else all 48. Times are for one core."""
    marked = labelled(*(folders or (CONTRACTS, CUAD)))
    names = list(dict(marked))
    for name in names:
        found_in(name, "its pages are read and normalised before the clock starts")
    changed = {
        (name, there)
        for name, quote in marked
        for seed in range(PLACES)
        for _, there in changed_facts(quote, str(seed))
        if normalise(there) not in whole_of(name)
    }
    over_page_ends = [(name, quote) for name in names for quote in _over_page_ends(name)]
    section = f"Quotes of {len(names)} contracts"
    return [
        _row(section, "as they were marked", marked),
        _row(section, "one fact changed: none should be found", sorted(changed)),
        _row(section, "over a page's end, without header and footer", over_page_ends),
        _row(section, "with the noise of layout", [one for noise in LAYOUT.values() for one in _noisy(marked, noise)]),
        *(_row(section, kind, list(_noisy(marked, noise, LEAST_WORDS))) for kind, noise in SLIPS.items()),
    ]


def _row(section: str, subject: str, quotes: list[tuple[str, str]]) -> Row:
    started = time.process_time()
    found = sum(bool(found_in(name, quote)) for name, quote in quotes)
    each = 1000 * (time.process_time() - started) / len(quotes)
    return Row(section, subject, f"{found:,} of {len(quotes):,} found", f"{each:.2f} ms each")


def _noisy(
    marked: list[tuple[str, str]], noise: Callable[[str, Random], str], least_words: int = 1
) -> Iterator[tuple[str, str]]:
    """The quotes that the noise changes, in their changed form."""
    for name, quote in marked:
        noisy = noise(quote, Random(quote))
        if noisy != quote and len(quote.split()) >= least_words:
            yield name, noisy


def _over_page_ends(name: str) -> Iterator[str]:
    """The words around every end of a page with running lines between them."""
    printed = [page.text for page in contract_pages(name)]
    bodies = without_running_lines(printed)
    for nr in range(1, len(bodies)):
        if bodies[nr - 1 : nr + 1] != printed[nr - 1 : nr + 1]:
            before, after = bodies[nr - 1].split()[-BESIDE:], bodies[nr].split()[:BESIDE]
            if len(before) == len(after) == BESIDE:
                yield " ".join(before + after)


if __name__ == "__main__":
    print_table(run(*map(Path, sys.argv[1:])))
