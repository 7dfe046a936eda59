"""The quality of answers by labels: one score per cell, and measures over any set of cells."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from columnist.answers.model import NOT_FOUND
from columnist.answers.values import typed
from columnist.evaluation.labels import Label
from columnist.reviews.model import Cell, Question

_ARTICLES = frozenset(("a", "an", "the"))
_ASIDE = re.compile(r"\([^()]*\)")
WEAK_EVIDENCE = 0.5
"""Below this token F1, quotes and labelled spans are about different places."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A citation of an answer."""

    quote: str
    page: int | None
    verified: bool


@dataclass(frozen=True, slots=True)
class ScoredCell:
    """An answer beside its label.

    `expected` and `found`: whether the label, and the answer, say that the document holds it (for yes_no: whether it is
    Yes). `exact` and `normalised`: whether the answers are the same, None where the label has no answer of the
    column's format. `token_f1` and `jaccard` (0 to 1): quotes against labelled spans, None where none are labelled.
    """

    document: str
    column: str
    label: str | None
    label_quotes: tuple[str, ...]
    answer: str | None
    error: str | None
    quotes: tuple[Quoted, ...]
    expected: bool
    found: bool
    exact: bool | None
    normalised: bool | None
    token_f1: float | None
    jaccard: float | None
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int

    @property
    def right(self) -> bool:
        """Whether presence agrees with the label and, where that can be compared, the answer is the same."""
        return self.error is None and self.expected == self.found and self.normalised is not False

    @property
    def miss(self) -> str | None:
        """What is wrong with the answer, in a word or two; None if nothing is wrong."""
        if self.error is not None:
            return "failed"
        if self.expected != self.found:
            return "missed" if self.expected else "invented"
        if self.normalised is False:
            return "another answer"
        return "other evidence" if self.token_f1 is not None and self.token_f1 < WEAK_EVIDENCE else None


@dataclass(frozen=True, slots=True)
class Measures:
    """Over a set of cells. Shares are 0 to 1, None where nothing is labelled.

    `precision`, `recall`, `f1` are of presence: does the document hold it, is the clause there. `missed`: it is there
    and the answer says not found; `invented`: the reverse. `verified`: share of the citations that are in the
    document.
    """

    cells: int
    failed: int
    exact: float | None
    normalised: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    token_f1: float | None
    jaccard: float | None
    citations: int
    verified: float | None
    missed: int
    invented: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


def scored(label: Label, question: Question, document: str, cell: Cell | None) -> ScoredCell:
    """The score of an answer; a missing cell counts as failed."""
    error = "It was not answered." if cell is None else cell.error if cell.status == "error" else None
    answer = cell.summary if cell is not None and error is None else None
    value = cell.value if cell is not None and error is None else None
    quotes = tuple(
        Quoted(citation.quote, citation.page, citation.verified)
        for citation in (cell.citations if cell is not None and error is None else ())
    )
    wanted = _value(label, question)
    if question.format == "yes_no":
        expected, found = wanted is True or (wanted is None and bool(label.quotes)), value is True
        # A contract that says nothing has no such clause.
        exact, normalised = (None, None) if wanted is None else (value is wanted, found == wanted)
    else:
        expected, found = bool(label.answer or label.quotes), answer not in (None, NOT_FOUND)
        if wanted is None:
            exact, normalised = None, None
        elif question.format in ("number", "percentage"):
            # 10 and 10.0 are one number; without punctuation 2.5 and 25 would be.
            exact = normalised = value is not None and Decimal(value) == Decimal(wanted)
        else:
            exact, normalised = _same(value, wanted), _alike(value, wanted, answer)
    f1, jaccard = overlap([one.quote for one in quotes], label.quotes) if label.quotes else (None, None)
    return ScoredCell(
        document=document,
        column=question.name,
        label=label.answer,
        label_quotes=label.quotes,
        answer=answer,
        error=error,
        quotes=quotes,
        expected=expected,
        found=found,
        exact=exact,
        normalised=normalised,
        token_f1=f1,
        jaccard=jaccard,
        prompt_tokens=cell.prompt_tokens if cell else 0,
        cached_tokens=cell.cached_tokens if cell else 0,
        completion_tokens=cell.completion_tokens if cell else 0,
    )


def measures(cells: Sequence[ScoredCell]) -> Measures:
    """The measures over these cells."""
    held = [cell for cell in cells if cell.expected]
    given = [cell for cell in cells if cell.found]
    both = sum(cell.expected and cell.found for cell in cells)
    citations = [quoted for cell in cells for quoted in cell.quotes]
    return Measures(
        cells=len(cells),
        failed=sum(cell.error is not None for cell in cells),
        exact=_mean(cell.exact for cell in cells),
        normalised=_mean(cell.normalised for cell in cells),
        precision=both / len(given) if given else None,
        recall=both / len(held) if held else None,
        f1=2 * both / (len(given) + len(held)) if given or held else None,
        token_f1=_mean(cell.token_f1 for cell in cells),
        jaccard=_mean(cell.jaccard for cell in cells),
        citations=len(citations),
        verified=_mean(quoted.verified for quoted in citations),
        missed=len(held) - both,
        invented=len(given) - both,
        prompt_tokens=sum(cell.prompt_tokens for cell in cells),
        cached_tokens=sum(cell.cached_tokens for cell in cells),
        completion_tokens=sum(cell.completion_tokens for cell in cells),
    )


def overlap(quotes: Iterable[str], spans: Iterable[str]) -> tuple[float, float]:
    """Token F1 over multisets, and Jaccard over sets, of all quotes against all labelled spans.

    Token F1: Rajpurkar et al., "SQuAD", EMNLP 2016; Jaccard: Hendrycks et al., "CUAD", NeurIPS 2021.
    """
    ours, theirs = Counter(_tokens(quotes)), Counter(_tokens(spans))
    shared = sum((ours & theirs).values())
    total = sum(ours.values()) + sum(theirs.values())
    either = len(ours | theirs)
    return (2 * shared / total if total else 0.0), (len(ours & theirs) / either if either else 0.0)


def folded(text: str) -> str:
    """A text for comparison: without case, punctuation, articles and line breaks (SQuAD's normalisation)."""
    letters = re.sub(r"[^\w\s]", "", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(word for word in letters.split() if word not in _ARTICLES)


def _value(label: Label, question: Question) -> Any:
    """The label's answer in the column's format; None if it has no value (`perpetual` is not a date)."""
    if label.answer is None:
        return False if question.format == "yes_no" and not label.quotes else None
    return typed(label.answer, question).value


def _same(value: Any, wanted: Any) -> bool:
    """Whether two typed values are equal; amounts are, whatever number of digits they have."""
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value["currency"] == wanted["currency"] and Decimal(value["amount"]) == Decimal(wanted["amount"])
    return bool(value == wanted)


def _alike(value: Any, wanted: Any, answer: str | None) -> bool:
    match wanted, value:
        case list(), list():
            # Labels explain names: `Fox Mobile Entertainment ("Fox")`.
            return {folded(_ASIDE.sub("", one)) for one in wanted} == {folded(_ASIDE.sub("", one)) for one in value}
        case dict(), dict():
            unnamed = None in (value["currency"], wanted["currency"])
            return _same(value | {"currency": None}, wanted | {"currency": None}) if unnamed else _same(value, wanted)
        case str(), _:
            return folded(str(value if value is not None else answer or "")) == folded(wanted)
    return bool(value == wanted)


def _tokens(texts: Iterable[str]) -> list[str]:
    return [token for text in texts for token in re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())]


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
