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
"""What is looked at: the beginnings of the first pages, so that a cover in another language does not decide."""

SURE = 0.5
"""The least probability; the model says of lists of names and numbers that they are no language, or is unsure."""


def sample(pages: Iterable[Page]) -> list[str]:
    """What of the pages decides about their language."""
    return [page.text[:PAGE_CHARACTERS] for page in islice((page for page in pages if page.text.strip()), PAGES)]


def language(texts: Iterable[str]) -> str | None:
    """ISO 639-1; None if there is too little text to be sure."""
    code, _ = _identifier().classify("\n".join(texts))
    return code if len(code) == 2 else None


@cache
def _identifier() -> "LanguageIdentifier":
    """The model, loaded once a reader and nowhere else: 0.7 s and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=SURE)
    # Two-letter codes are ISO 639-1: "zh" for what the model would tell apart. zxx is no language.
    identifier.set_languages([code for code in identifier.labels if len(code) == 2 or code == "zxx"])
    return identifier
