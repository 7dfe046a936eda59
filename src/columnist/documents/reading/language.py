"""The language of a text, by CLD3 (cld3-py): Apache-2.0, maintained, 107 languages in 1.4 MB, offline, without
dependencies."""

from collections.abc import Iterable
from functools import cache
from itertools import islice

import gcld3

from columnist.documents.languages import LANGUAGE_NAMES
from columnist.documents.model import Page

PAGES = 20
PAGE_CHARACTERS = 2_000
"""The sample: the beginnings of the first pages, so that a cover in another language does not decide."""

SURE = 0.98
"""The least probability. Lists of names stay below it; whole sentences are at 1."""

LEAST_LETTERS = 4
"""A text of figures alone looks Japanese to the model."""

ISO_CODES = {"iw": "he"}
"""Codes that CLD3 writes differently."""


def sample(pages: Iterable[Page]) -> list[str]:
    """The text that decides the language of the pages."""
    return [page.text[:PAGE_CHARACTERS] for page in islice((page for page in pages if page.text.strip()), PAGES)]


def language(texts: Iterable[str]) -> str | None:
    """ISO 639-1; None if there is too little text to be sure."""
    text = "\n".join(texts)
    if sum(map(str.isalpha, text[:PAGE_CHARACTERS])) < LEAST_LETTERS:
        return None
    found = _identifier().FindLanguage(text)
    code = ISO_CODES.get(found.language, found.language)
    # Other codes are for languages that ISO 639-1 lacks, and for Latin transcriptions.
    return code if found.probability >= SURE and code in LANGUAGE_NAMES else None


@cache
def _identifier() -> gcld3.NNetLanguageIdentifier:
    return gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=4 * PAGES * PAGE_CHARACTERS)
