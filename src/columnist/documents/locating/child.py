"""The work of a guarded child that finds places in a document: of words that a person types, or of quotes."""

import json
from dataclasses import astuple
from itertools import islice
from typing import BinaryIO

from columnist.documents.locating.find import find_words
from columnist.documents.locating.locate import Locator
from columnist.documents.model import Span
from columnist.guarded.frames import DONE, send

_PAGES = ["The “Lessee” pays USD 900 a day.", "The rent is due [...] on the last day."]


def warm() -> None:
    """Use everything that is loaded on first use: a closed process cannot open files."""
    list(find_words(_PAGES, "usd 900"))
    locator = Locator(_PAGES)
    for quote in ("The rent is due", "The rent ... last day", "the rnet is due"):
        locator.locate(quote, 2)


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Answer the next request: a line of JSON with the pages, and either `words` and the `most` places that are wanted,
    or `quotes`, each with the page that is claimed. The places are lists of spans."""
    asked = json.loads(requests.readline())
    pages = asked["pages"]
    places: list[tuple[Span, ...]]
    if "words" in asked:
        places = [(span,) for span in islice(find_words(pages, asked["words"]), asked["most"])]
    else:
        locator = Locator(pages)
        places = [locator.locate(quote, page) for quote, page in asked["quotes"]]
    send(frames, DONE, {"places": [[astuple(span) for span in spans] for spans in places]})
