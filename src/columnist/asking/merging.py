"""One answer from those of a document's windows."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from columnist.answers.model import NOT_FOUND, Content
from columnist.documents.model import Citation
from columnist.reviews.model import Flag, Rule

_SEVERITY: tuple[Flag, ...] = ("red", "yellow", "green", "grey")


def disputed(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """The verified evidence of windows that contradict each other; empty if they agree or their answers are lists."""
    found = _credible(contents)
    if any(isinstance(content.value, list) for content in found) or len({_comparable(one) for one in found}) < 2:
        return ()
    return _citations(found)


def merge(
    contents: Sequence[Content], note: str, settled: Content | None = None, rules: Sequence[Rule] = ()
) -> Content:
    """One content from those of a document's windows, in order; `note` says how the document was read.

    Found beats not found, verified evidence beats unverified, a typed value beats an untyped one; lists are united.
    Unverified evidence is kept only where there is no other. If windows contradict each other, `settled` counts: the
    answer to their evidence side by side. Without it the earliest counts. The flag is then yellow, and the reasoning
    names the others. `held` is the first of the `rules` in words that an answer which counts reported, or a "not found"
    with verified evidence.
    """
    found = _credible(contents)
    beside = [content for content in contents if content.summary == NOT_FOUND and _citations([content])]
    if not found:
        merged = Content(NOT_FOUND, None, "grey", note, _citations(beside), doubtful=not beside)
        return replace(merged, held=_held(beside, rules))
    if isinstance(found[0].value, list):
        return replace(_united(found, note), held=_held([*found, *beside], rules))
    best = settled or found[0]
    same = [content for content in found if _comparable(content) == _comparable(best)]
    others = list(dict.fromkeys(_with_page(rival) for rival in found if rival not in same))
    merged = replace(
        best,
        reasoning=f"{best.reasoning} {note}".strip(),
        citations=_citations([best, *same, *beside]) or best.citations,
        held=_held([best, *same, *beside], rules),
        flag=next(flag for flag in _SEVERITY if flag in [best.flag, *(one.flag for one in same)]),
    )
    if not others:
        return merged
    flag: Flag = "red" if merged.flag == "red" else "yellow"
    reasoning = f"{merged.reasoning} Elsewhere it says: {'; '.join(others)}."
    return replace(merged, flag=flag, doubtful=True, reasoning=reasoning)


def _held(contents: Sequence[Content], rules: Sequence[Rule]) -> Rule | None:
    held = [content.held for content in contents]
    return next((rule for rule in rules if rule in held), None)


def _credible(contents: Sequence[Content]) -> list[Content]:
    """The answers that count: found ones; of these the verified ones, if any; of these the typed ones, if any."""
    found = [content for content in contents if content.summary != NOT_FOUND]
    found = [content for content in found if _citations([content])] or found
    return [content for content in found if content.value is not None] or found


def _united(found: Sequence[Content], note: str) -> Content:
    lists = [content for content in found if isinstance(content.value, list)]
    items: dict[str, Any] = {}
    for content in lists:
        for item in content.value:
            items.setdefault(" ".join(str(item).casefold().split()), item)
    flags = [content.flag for content in lists]
    worst: Flag = next(flag for flag in _SEVERITY if flag in flags)
    reasoning = " ".join([*dict.fromkeys(content.reasoning for content in lists if content.reasoning), note])
    citations = _citations(lists) or lists[0].citations
    shown = "; ".join(map(str, items.values()))
    doubtful = all(content.doubtful for content in lists)
    return Content(shown, list(items.values()), worst, reasoning, citations, doubtful=doubtful)


def _citations(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """Each verified quote once, in document order: two windows may both quote from their overlap."""
    found = {(one.page, one.quote): one for content in contents for one in content.citations if one.verified}
    return tuple(sorted(found.values(), key=lambda citation: (citation.page or 0, citation.spans[0].start)))


def _with_page(content: Content) -> str:
    pages = [citation.page for citation in content.citations if citation.page is not None]
    return f"{content.summary} (page {pages[0]})" if pages else content.summary


def _comparable(content: Content) -> Hashable:
    """A key that is equal for answers that agree: 10 and 10.0, two spellings of a sentence."""
    value = content.summary if content.value is None else content.value
    if isinstance(value, dict):
        return Decimal(value["amount"]), value["currency"]
    if not isinstance(value, str):
        return bool(value)
    try:
        return Decimal(value)
    except InvalidOperation:
        return " ".join(value.casefold().split()).rstrip(".")
