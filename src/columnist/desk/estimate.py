"""What a job would cost, and what to know about that figure."""

from dataclasses import asdict, dataclass, replace

from columnist.jobs.ask import Ask
from columnist.jobs.estimate import Estimate
from columnist.settings import EXTRACTIVE


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
        found = replace(found, calls=0, prompt_tokens=0, cached_tokens=0, completion_tokens=0, price=0)
        return JobEstimate(**asdict(found), notes=[*notes, "The rules ask no LLM: this costs nothing."])
    if unread := found.documents - found.documents_read:
        notes.append(f"{unread:,} documents have not been read yet: the estimate takes an average length for them.")
    if ask.prices:
        notes.append("If the LLM server has no prefix cache, cached tokens cost as much as the others.")
    else:
        notes.append("No prices are set: COLUMNIST_PRICE_PROMPT, COLUMNIST_PRICE_COMPLETION.")
    return JobEstimate(**asdict(found), notes=notes)
