"""The language of a text, by py3langid: BSD, still kept, its 139 languages in a wheel of 5 MB, offline, pure Python."""

from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from columnist.documents.model import Page

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

PAGES = 20
PAGE_CHARACTERS = 2_000
"""The sample: the beginnings of the first pages, so that a cover in another language does not decide."""

SURE = 0.5
"""The least probability; for lists of names and numbers the model says "no language", or is unsure."""


def sample(pages: Iterable[Page]) -> list[str]:
    """The text that decides about the language of the pages."""
    return [page.text[:PAGE_CHARACTERS] for page in islice((page for page in pages if page.text.strip()), PAGES)]


def language(texts: Iterable[str]) -> str | None:
    """ISO 639-1; None if there is too little text to be sure."""
    code, _ = _identifier().classify("\n".join(texts))
    return code if len(code) == 2 else None


@cache
def _identifier() -> "LanguageIdentifier":
    """The model, loaded once per reader and nowhere else: 0.7 s and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=SURE)
    # Two-letter codes are ISO 639-1, so "zh" for all kinds of Chinese. zxx means no language.
    identifier.set_languages([code for code in identifier.labels if len(code) == 2 or code == "zxx"])
    return identifier
