"""The cost of a job, with notes on that figure."""

from dataclasses import asdict, dataclass, replace

from columnist.jobs.ask import Ask
from columnist.jobs.estimate import Estimate
from columnist.settings import EXTRACTIVE, models_in


@dataclass(frozen=True, slots=True)
class JobEstimate(Estimate):
    """What a job would ask and cost. `price`: US dollars, null if no prices are set; `notes`: sentences for people."""

    notes: list[str]


def priced(found: Estimate, ask: Ask) -> JobEstimate:
    """The estimate with its price and notes."""
    notes = []
    if found.left_alone:
        notes.append(
            f"{found.left_alone:,} answers that a person edited or verified are kept: ask again for them one by one."
        )
    if ask.model == EXTRACTIVE:
        spent = ("calls", "prompt_tokens", "least_prompt_tokens", "most_prompt_tokens", "cached_tokens")
        found = replace(found, **dict.fromkeys((*spent, "completion_tokens", "price", "least_price", "most_price"), 0))
        return JobEstimate(**asdict(found), notes=[*notes, "The rules ask no LLM: this costs nothing."])
    if unread := found.documents - found.documents_read:
        between = f"between {found.least_prompt_tokens:,} and {found.most_prompt_tokens:,} prompt tokens"
        if found.least_price is not None and found.most_price is not None:
            between += f", {_dollars(found.least_price)} and {_dollars(found.most_price)}"
        notes.append(
            f"{unread:,} documents have not been read yet: by the size of their files this may cost {between}."
        )
    *first, large = models_in(ask.model)
    if first:
        notes.append(f"This is the most: {large} is asked only what {first[0]} leaves in doubt.")
    if ask.batch:
        notes.append("In batches each price is half of the setting's, and answers may take a day.")
    if ask.prices:
        notes.append("If the LLM server has no prefix cache, cached tokens cost as much as the others.")
    else:
        notes.append("No prices are set: COLUMNIST_PRICE_PROMPT, COLUMNIST_PRICE_COMPLETION.")
    return JobEstimate(**asdict(found), notes=notes)


def _dollars(price: float) -> str:
    return f"${price:,.2f}" if price >= 0.01 or not price else "less than $0.01"
