"""Quotes measured as by SQuAD's and CUAD's own scripts, so that figures can be compared with published ones."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from columnist.evaluation.scores import ScoredCell, mean

CUAD_MATCH = 0.5
"""The least Jaccard at which CUAD counts a quote as a labelled span."""


@dataclass(frozen=True, slots=True)
class Official:
    """`squad_f1`, `cuad_jaccard`: mean over the cells with labelled spans, all quotes together against all spans
    together. `cuad_precision`, `cuad_recall`: over single quotes and spans of all cells. Without confidences there is
    neither AUPR nor precision at a recall. Shares are 0 to 1, None if there is nothing to divide by."""

    squad_f1: float | None
    cuad_jaccard: float | None
    cuad_precision: float | None
    cuad_recall: float | None


def official(cells: Sequence[ScoredCell]) -> Official:
    """The measures of `evaluate-v2.0.py` (Rajpurkar et al., "SQuAD", EMNLP 2016 and ACL 2018) and of CUAD's
    `evaluate.py` (Hendrycks et al., NeurIPS 2021) over these cells."""
    spanned = [cell for cell in cells if cell.label_quotes]
    counts = [_cuad_counts([one.quote for one in cell.quotes], cell.label_quotes, cell.column) for cell in cells]
    hit, wrong, lost = (sum(count[at] for count in counts) for at in range(3))
    return Official(
        squad_f1=mean(_squad_f1(*_joined(cell)) for cell in spanned),
        cuad_jaccard=mean(_cuad_jaccard(*_joined(cell)) for cell in spanned),
        cuad_precision=hit / (hit + wrong) if hit + wrong else None,
        cuad_recall=hit / (hit + lost) if hit + lost else None,
    )


def _joined(cell: ScoredCell) -> tuple[str, str]:
    return " ".join(one.quote for one in cell.quotes), " ".join(cell.label_quotes)


def _squad_f1(answer: str, truth: str) -> float:
    ours, theirs = _squad_tokens(answer), _squad_tokens(truth)
    if not ours or not theirs:
        return float(ours == theirs)
    shared = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * shared / (len(ours) + len(theirs))


def _squad_tokens(text: str) -> list[str]:
    letters = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", letters).split()


def _cuad_jaccard(one: str, other: str) -> float:
    ours, theirs = (set(re.sub(r"[.,;:]", "", text).lower().replace("/", " ").split()) for text in (one, other))
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0


def _cuad_counts(quotes: Sequence[str], spans: Sequence[str], column: str) -> tuple[int, int, int]:
    """The numbers of spans that a quote matches, of quotes without a span, and of spans without a quote. A party may be
    inside a quote."""

    def met(span: str, quote: str) -> bool:
        return _cuad_jaccard(span, quote) >= CUAD_MATCH or ("Parties" in column and span in quote)

    hit = sum(any(met(span, quote) for quote in quotes) for span in spans)
    wrong = sum(not any(met(span, quote) for span in spans) for quote in quotes)
    return hit, wrong, len(spans) - hit
