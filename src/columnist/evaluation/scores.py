"""The quality of answers by labels: one score per cell, and measures over any set of cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from columnist.answers.nothing import says_nothing
from columnist.answers.outcomes import Typed
from columnist.answers.values import in_column, measured
from columnist.evaluation.labels import Label
from columnist.evaluation.matching import overlap, same_items, same_words
from columnist.reviews.model import NOT_FOUND, Cell, Flag, Question

_ABSENT = frozenset(
    "na|n.a.|-|–|—|--|absent|not applicable|not available|not present|not specified|not stated|not mentioned"
    "|not provided|not in the document|no such clause".split("|")
)
"""Further words of labels for "the document does not have it"."""
WEAK_EVIDENCE = 0.5
"""Below this token F1, quotes and labelled spans are about different places."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A citation of an answer."""

    quote: str
    page: int | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label in its question's format. `present`: whether the document has it (for yes_no: whether it is Yes), None if
    the label does not say. `value` is typed; None if there is none. `problem`: why the answer cannot be compared with
    it, None if it can."""

    present: bool | None
    value: Any
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredCell:
    """An answer beside its label.

    `expected` and `found`: whether the label, and the answer, say that the document has it (for yes_no: whether it is
    Yes); `expected` is None if the label does not say. `exact` and `normalised`: whether the answers are the same,
    None if the label has no answer to compare with. `doubt`: the cell's. `token_f1` and `jaccard` (0 to 1): quotes
    against labelled spans, None if none are labelled.
    """

    document: str
    column: str
    label: str | None
    label_quotes: tuple[str, ...]
    answer: str | None
    error: str | None
    quotes: tuple[Quoted, ...]
    expected: bool | None
    found: bool
    exact: bool | None
    normalised: bool | None
    token_f1: float | None
    jaccard: float | None
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    flag: Flag | None = None
    doubt: float | None = None

    @property
    def right(self) -> bool | None:
        """Whether presence agrees with the label and, if it is present, the answer is the same. A failed cell is wrong.
        None: the label cannot be compared."""
        if self.error is not None:
            return False
        if self.expected is None:
            return self.normalised
        if self.expected != self.found:
            return False
        return self.normalised if self.expected else self.normalised is not False

    @property
    def presence(self) -> bool | None:
        """Whether answer and label agree on presence; a failed cell is wrong."""
        return False if self.error is not None else None if self.expected is None else self.expected == self.found

    @property
    def miss(self) -> str | None:
        """The error of the answer in a word or two; None if it is right."""
        if self.error is not None:
            return "failed"
        if self.expected is not None and self.expected != self.found:
            return "missed" if self.expected else "invented"
        if self.normalised is False:
            return "another answer"
        return "other evidence" if self.token_f1 is not None and self.token_f1 < WEAK_EVIDENCE else None


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures over a set of cells. Shares are 0 to 1, None if nothing is labelled.

    `right`: share of the `judged` cells, whose label can be compared. `precision`, `recall`, `f1` are of presence: does
    the document have the fact or the clause. `missed`: it is present and the answer says not found; `invented`: the
    reverse. `verified`: share of the citations that are in the document.
    """

    cells: int
    judged: int
    failed: int
    right: float | None
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


def wanted(label: Label, question: Question) -> Wanted:
    """A label in the format of its question."""
    yes_no = question.format == "yes_no"
    outcome = _read(label.answer, question) if label.answer is not None else None
    if outcome is not None and outcome.value is not None and not _says_absent(label.answer or "", question):
        return Wanted(outcome.value is True if yes_no else True, outcome.value)
    if label.answer is None or _says_absent(label.answer, question):
        if not label.quotes:
            return Wanted(False, False if yes_no else None)
        if label.answer is not None:
            return Wanted(None, None, "It says that it is not there, and quotes it.")
        return Wanted(True, True) if yes_no else Wanted(True, None, "It has quotes, but no answer.")
    return Wanted(None if yes_no else True, None, outcome.doubt if outcome else None)


def scored(label: Label, question: Question, document: str, cell: Cell | None) -> ScoredCell:
    """The score of an answer; a missing cell counts as failed."""
    error = "It was not answered." if cell is None else cell.error if cell.status == "error" else None
    answer = cell.summary if cell is not None and error is None else None
    value = cell.value if cell is not None and error is None else None
    quotes = tuple(
        Quoted(citation.quote, citation.page, citation.verified)
        for citation in (cell.citations if cell is not None and error is None else ())
    )
    right_one = wanted(label, question)
    found = value is True if question.format == "yes_no" else answer not in (None, NOT_FOUND)
    exact, normalised = _compared(right_one, label, question, answer, value)
    if error is not None:
        exact, normalised = (None if score is None else False for score in (exact, normalised))
    f1, jaccard = overlap([one.quote for one in quotes], label.quotes) if label.quotes else (None, None)
    return ScoredCell(
        document=document,
        column=question.name,
        label=label.answer,
        label_quotes=label.quotes,
        answer=answer,
        error=error,
        quotes=quotes,
        expected=right_one.present,
        found=found,
        exact=exact,
        normalised=normalised,
        token_f1=f1,
        jaccard=jaccard,
        prompt_tokens=cell.prompt_tokens if cell else 0,
        cached_tokens=cell.cached_tokens if cell else 0,
        completion_tokens=cell.completion_tokens if cell else 0,
        flag=cell.flag if cell is not None and error is None else None,
        doubt=cell.doubt if cell is not None and error is None else None,
    )


def measures(cells: Sequence[ScoredCell]) -> Measures:
    """The measures over these cells."""
    held = [cell for cell in cells if cell.expected]
    given = [cell for cell in cells if cell.found and cell.expected is not None]
    both = sum(cell.found for cell in held)
    citations = [quoted for cell in cells for quoted in cell.quotes]
    return Measures(
        cells=len(cells),
        judged=sum(cell.right is not None for cell in cells),
        failed=sum(cell.error is not None for cell in cells),
        right=mean(cell.right for cell in cells),
        exact=mean(cell.exact for cell in cells),
        normalised=mean(cell.normalised for cell in cells),
        precision=both / len(given) if given else None,
        recall=both / len(held) if held else None,
        f1=2 * both / (len(given) + len(held)) if given or held else None,
        token_f1=mean(cell.token_f1 for cell in cells),
        jaccard=mean(cell.jaccard for cell in cells),
        citations=len(citations),
        verified=mean(quoted.verified for quoted in citations),
        missed=len(held) - both,
        invented=len(given) - both,
        prompt_tokens=sum(cell.prompt_tokens for cell in cells),
        cached_tokens=sum(cell.cached_tokens for cell in cells),
        completion_tokens=sum(cell.completion_tokens for cell in cells),
    )


def _read(answer: str, question: Question) -> Typed:
    """A label's value; a number is in the unit of its column if both have one."""
    found = measured(answer, question)
    return in_column(found, question.unit) if found.unit and question.unit else Typed(found.value, found.doubt)


def _says_absent(answer: str, question: Question) -> bool:
    said = answer.strip().casefold()
    return said not in map(str.casefold, question.tags) and (says_nothing(said) or said in _ABSENT)


def _compared(
    label: Wanted, given: Label, question: Question, answer: str | None, value: Any
) -> tuple[bool | None, bool | None]:
    """Whether the answer equals the label's: as a typed value, and in other words. None if this cannot be decided."""
    if label.value is None:
        # The same words are the same answer (`perpetual` to a question for a date), whatever they mean.
        same = given.answer is not None and label.present is not False and same_words(answer or "", given.answer)
        return None, True if same else None
    match question.format:
        case "yes_no":
            # A contract that says nothing has no such clause.
            return value is label.value, (False if answer in (None, NOT_FOUND) else value) is label.value
        case "number" | "percentage":
            # 10 and 10.0 are one number; without punctuation 2.5 and 25 would be.
            same = value is not None and Decimal(value) == Decimal(label.value)
            return same, same
    return _same(value, label.value), _alike(value, label.value, answer)


def _same(value: Any, wanted: Any) -> bool:
    """Whether two typed values are equal; for amounts the number of digits does not matter."""
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value["currency"] == wanted["currency"] and Decimal(value["amount"]) == Decimal(wanted["amount"])
    return bool(value == wanted)


def _alike(value: Any, wanted: Any, answer: str | None) -> bool:
    match wanted, value:
        case list(), list():
            return same_items(wanted, value)
        case dict(), dict():
            unnamed = None in (value["currency"], wanted["currency"])
            return _same(value | {"currency": None}, wanted | {"currency": None}) if unnamed else _same(value, wanted)
        case str(), _:
            return same_words(str(value if value is not None else answer or ""), wanted)
    return bool(value == wanted)


def mean(scores: Iterable[float | None]) -> float | None:
    """The mean of the known scores; None if no score is known."""
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
