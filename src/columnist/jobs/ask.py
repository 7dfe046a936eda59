"""A request to ask questions about documents: the one value from which a job, an estimate and a check are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from columnist.llm.usage import FREE, Prices

Only = Literal["missing", "stale", "failed", "outdated", "all"]
"""Which cells to ask, by their state. Cells that a person edited or verified are always left alone."""
INCOMPLETE: tuple[Only, ...] = ("missing", "stale", "failed")
"""Every cell without a current answer."""
JobOnly = Only | Literal["again"]
"""The states that a job asks; `again`: a cell that a person asked for by name, edited and verified or not."""


def to_ask(only: Sequence[Only] | None, model: str | None) -> Sequence[Only]:
    """The states that a request asks, with `only` or without it (None). A request with a model also asks other models'
    answers again."""
    return only or (INCOMPLETE if model is None else (*INCOMPLETE, "outdated"))


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask `model` about a review's cells.

    `only`: the states of the cells to ask. `column_ids`, `document_ids`: None means all of the review. `budget`: US
    dollars at `prices`, after which the job pauses; None means no limit. `batch`: at half the price, within a day.
    """

    review_id: UUID
    model: str
    prompt_version: str
    only: Sequence[JobOnly] = INCOMPLETE
    column_ids: Sequence[UUID] | None = None
    document_ids: Sequence[UUID] | None = None
    budget: Decimal | None = None
    prices: Prices = FREE
    batch: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The request as parameters of statements."""
        return {
            "review_id": self.review_id,
            "model": self.model,
            "prompt_version": self.prompt_version,
            "only": list(self.only),
            "column_ids": None if self.column_ids is None else list(self.column_ids),
            "document_ids": None if self.document_ids is None else list(self.document_ids),
            "budget": self.budget,
            "batch": self.batch,
            "price_prompt": self.prices.prompt,
            "price_cached": self.prices.cached,
            "price_completion": self.prices.completion,
        }
