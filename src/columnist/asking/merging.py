"""One answer from those of a document's windows."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from decimal import Decimal

from columnist.answers.doubt import AGREED, CONTRADICTED, SILENT
from columnist.answers.model import Answer, Content, doubted
from columnist.asking.statements import folded, unshown
from columnist.documents.model import Citation
from columnist.reviews.model import NOT_FOUND, Flag, Format, Question, Rule

_SEVERITY: tuple[Flag, ...] = ("red", "yellow", "green", "grey")


def disputed(contents: Sequence[Content], answer_format: Format) -> tuple[Citation, ...]:
    """The verified evidence of windows that contradict each other; empty if they agree or their answers are lists."""
    proven = [content for content in _found(contents) if _citations([content])]
    if answer_format == "bulleted_list" or len({_comparable(one, answer_format) for one in proven}) < 2:
        return ()
    return _citations(proven)


def merge(contents: Sequence[Content], note: str, question: Question, settled: Content | None = None) -> Content:
    """One content from those of a document's windows, in order; `note` says how the document was read.

    Found beats not found, verified evidence beats unverified, a typed value beats an untyped one; lists are united.
    Unverified evidence is kept only where there is no other. If windows contradict each other, `settled` counts: the
    answer to their evidence side by side. Without it the earliest counts. The flag is then yellow, and the reasoning
    names every other answer. `held` is the first of the question's rules in words that was reported by an answer which
    counts, or by a "not found" with verified evidence.
    """
    found = _found(contents)
    beside = [content for content in contents if content.summary == NOT_FOUND and _citations([content])]
    if not found:
        merged = Content(NOT_FOUND, None, "grey", note, _citations(beside), doubtful=not beside, doubt=SILENT)
        return replace(merged, held=_held(beside, question.rules))
    credible = _credible(found)
    if isinstance(credible[0].value, list):
        return replace(_united(found, credible, note), held=_held([*found, *beside], question.rules))
    best = settled or credible[0]
    agreed = _comparable(best, question.format)
    same = [content for content in credible if _comparable(content, question.format) == agreed]
    others = [content for content in found if _comparable(content, question.format) != agreed]
    merged = replace(
        best,
        reasoning=f"{best.reasoning} {note}".strip(),
        citations=_citations([best, *same, *beside]) or best.citations,
        held=_held([best, *same, *beside], question.rules),
        flag=_worst([best, *same]),
    )
    if not others:
        return merged
    named = "; ".join(dict.fromkeys(map(_with_page, others)))
    return doubted(merged, f"Elsewhere it says: {named}.", CONTRADICTED)


def verified(answer: Answer) -> tuple[Citation, ...]:
    """The verified evidence of an answer."""
    return _citations([answer.content]) if answer.content else ()


def read_twice(question: Question, one: Content, other: Content) -> Content:
    """One content from two readings of a document. If they agree it is the first one; else it is in doubt, and the
    reasoning names the other. Verified evidence beats a "not found"."""
    if _agree(one, other, question.format):
        return replace(one, doubt=one.doubt * AGREED)
    if one.summary == NOT_FOUND and _citations([other]) and not _citations([one]):
        one, other = other, one
    beside = tuple(citation for citation in other.citations if citation.verified and citation not in one.citations)
    both = replace(one, citations=(*one.citations, *beside))
    return doubted(both, f"Read a second time, it is: {_with_page(other)}.", CONTRADICTED)


def _agree(one: Content, other: Content, answer_format: Format) -> bool:
    """The same answer; in free words, the same evidence."""
    if NOT_FOUND in (one.summary, other.summary):
        return one.summary == other.summary
    quoted = _citations([one]), _citations([other])
    if answer_format in ("text", "bulleted_list") and all(quoted):
        spans = [[span for citation in citations for span in citation.spans] for citations in quoted]
        return any(a.page == b.page and a.start < b.end and b.start < a.end for a in spans[0] for b in spans[1])
    return _comparable(one, answer_format) == _comparable(other, answer_format)


def _worst(contents: Sequence[Content]) -> Flag:
    flags = [content.flag for content in contents]
    return next(flag for flag in _SEVERITY if flag in flags)


def _held(contents: Sequence[Content], rules: Sequence[Rule]) -> Rule | None:
    held = [content.held for content in contents]
    return next((rule for rule in rules if rule in held), None)


def _found(contents: Sequence[Content]) -> list[Content]:
    """The answers of the windows. If one window gives evidence, a "no" without any quote does not count."""
    found = [content for content in contents if content.summary != NOT_FOUND]
    proven = any(_citations([content]) for content in found)
    return [content for content in found if not proven or content.value is not False or content.citations]


def _credible(found: Sequence[Content]) -> list[Content]:
    """The answers that count: the verified ones, if any; of these the typed ones, if any."""
    proven = [content for content in found if _citations([content])] or found
    return [content for content in proven if content.value is not None] or list(proven)


def _united(found: Sequence[Content], credible: Sequence[Content], note: str) -> Content:
    """All items. Those that only unverified evidence supports keep it, so that the cell shows that it is unverified."""
    lists = [content for content in found if isinstance(content.value, list)]
    items = folded(item for content in lists for item in content.value)
    citations = _citations(lists)
    missing = set(unshown(items, citations)) if citations else set(items)
    unproven = [content for content in lists if missing.intersection(content.value)]
    unverified = [one for content in unproven for one in content.citations if not one.verified]
    return Content(
        "; ".join(items),
        items,
        _worst(credible),
        " ".join([*dict.fromkeys(content.reasoning for content in lists if content.reasoning), note]),
        (*citations, *dict.fromkeys(unverified)),
        doubtful=any(content.doubtful for content in credible),
        doubt=max(content.doubt for content in (*credible, *unproven)),
    )


def _citations(contents: Sequence[Content]) -> tuple[Citation, ...]:
    """Each verified quote once, in document order: two windows may both quote from their overlap."""
    found = {(one.page, one.quote): one for content in contents for one in content.citations if one.verified}
    return tuple(sorted(found.values(), key=lambda citation: (citation.page or 0, citation.spans[0].start)))


def _with_page(content: Content) -> str:
    pages = [f"page {citation.page}" for citation in content.citations if citation.page is not None][:1]
    unverified = [] if _citations([content]) else ["without a verified quote"]
    aside = ", ".join([*pages, *unverified])
    return f"{content.summary} ({aside})" if aside else content.summary


def _comparable(content: Content, answer_format: Format) -> Hashable:
    """A key that is equal for answers that agree: the numbers 10 and 10.0, two spellings of a sentence."""
    value = content.value
    match answer_format:
        case "monetary_amount" if value is not None:
            return Decimal(value["amount"]), value["currency"]
        case "number" | "percentage" if value is not None:
            return Decimal(value), content.unit
        case "yes_no" if value is not None:
            return bool(value)
    words = value if isinstance(value, str) else content.summary
    return " ".join(words.casefold().split()).rstrip(".")
