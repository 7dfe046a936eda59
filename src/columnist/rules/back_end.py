"""The back end without an LLM: ranks passages against the question and reads typed answers from them by rules.

A fast, free first pass, and the baseline that an LLM must beat. Every answer is a verbatim quote with its page; if no
rule finds anything, it is `Not found`. A document is only searched: its text cannot steer the rules.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from columnist.answers.dates import dates
from columnist.answers.doubt import FOUND, SILENT, UNCERTAIN, UNTYPED, more
from columnist.answers.mention import Mention
from columnist.answers.mentions import amounts, currencies, numbers, percentages
from columnist.answers.model import Content
from columnist.answers.units import converted, unit_asked_for
from columnist.answers.values import as_shown, measured, typed
from columnist.documents.model import Citation, Span
from columnist.reviews.conditions import rules_in_words
from columnist.reviews.model import NOT_FOUND, Flag, Format, Question
from columnist.rules.clauses import Clause, clause_asked_for
from columnist.rules.duration import effective_date, expiration, notice, renewal
from columnist.rules.finding import Finding
from columnist.rules.jurisdiction import jurisdiction
from columnist.rules.passages import PassageIndex, Ranked, terms
from columnist.rules.preamble import parties, stated_date, title

NEAR = 8
"""How many of the best passages are searched for the term."""
DEEP = 80
"""How many of the best passages are tried for a kind of clause."""
WEAK = 0.3
"""Least coverage of a passage that answers a question about no known kind of clause, or that makes an answer sure: of
325 Yes answers on the contracts in `examples/`, 92 % are right from this coverage on, and 72 % below it."""
OPENING = 20
"""The first passages, which contain the title."""
TITLE = 150
"""The first characters of a passage, in which it may name the agreement."""
CITED = 3
"""Most passages that are cited for a Yes."""
ALIKE = 0.7
"""Least share of the best passage's score for another passage to be cited with it."""
CLAUSE = 120
"""Characters on either side of a value in which its clause may qualify it."""
BESIDE = 40
"""Characters on either side of a value that are shown with it if they put it in doubt."""
STRONG = 0.6
"""Least coverage for a Yes if the question is about no known kind of clause."""

_STOP_WORDS = frozenset(
    """a about above after all also an and any are as at be been before being below between both but by can could did do
    does each either for from had has have how i if in into is it its may might more most must no nor not of off on one
    only or other our out over own same shall should so some such than that the their them then there these they this
    those through to under until up upon was we were what when where which while who whom whose why will with would you
    your
    agreement answer answers choose clause column contract contracts document does find give given identify list main
    name names please provide quote question return say says sentence specify state stated tell text write""".split()
)
"""English function words, then the usual words of questions."""
_AVOIDS = re.compile(
    r"\b(?:do not|does not count|don't|leave out|ignore|exclud\w+|except|rather than|without its)\b", re.I
)
_ABOUT_PARTIES = re.compile(r"\bpart(?:y|ies)\b.{0,40}\b(?:agreement|contract)?|\bcounterpart(?:y|ies)\b|\bwho\b", re.I)
_ABOUT_ITS_DATE = re.compile(
    r"\b(?:agreement|contract|effective|execution|signing|signature|commencement|start)\s+date|\bdate\b.{0,20}\b(?:agreement"
    r"|contract|execution|signing)|\bdated\b|\b(?:signed|executed|entered into)\b",
    re.I,
)
_ABOUT_ITS_TITLE = re.compile(
    r"\b(?:document|agreement|contract)\s+(?:name|title)\b|^title\b|\bwhat is the \w+ called\b", re.I
)
_ASKS_HOW_LONG = re.compile(
    r"\bhow long\b|\b(?:period|duration|length) (?:alone|only)\b|\bonly the (?:period|duration)\b", re.I
)
_LARGEST = re.compile(r"\b(?:largest|highest|maximum|biggest|cap)\b", re.I)
_PERMISSION = re.compile(r"^\W*(?:may|can|is (?!there\b).{0,60}(?:allowed|permitted|free|entitled))\b", re.I)
_FORBIDS = re.compile(r"\b(?:may|shall|can|will|must)\s*not\b|\bcannot\b|\b(?:neither|no)\s+party\b", re.I)
_PROVISO = re.compile(r"\b(?:provided|except|unless)\b", re.I)
_PAYABLE_IN = re.compile(r"\b(?:payable|paid|pay|payments?|prices?|invoiced?|amounts?|currency|stated|made)\b", re.I)
_MONEY_SIGNS = "$€£¥₹₩₪"
_MONEY_WORDS = (
    "dollars euros sterling yen yuan francs rupees marks pesos rmb renminbi currency usd eur gbp cad chf jpy cny "
    "aud hkd sgd"
).split()
_CLAUSE_END = re.compile(r"(?<!\bU\.S)(?<!\bNo)(?<!\bRs)[.;](?=\s|$)|\n\s*\n")
_TITLE_LINES = re.compile(r"\b(?:agreement|contract|amendment|addendum|lease|licen[cs]e|deed|statement)\b", re.I)


def answered(index: PassageIndex, question: Question) -> Content:
    """The rules' answer to one question about an indexed document."""
    finding = FINDERS[question.format](index, question) if index.passages else None
    unread = " The playbook's rules in words need an LLM and were not applied." if rules_in_words(question) else ""
    if finding is None:
        reasoning = f"Rule-based first pass without an LLM: no passage answers this question.{unread}"
        return Content(NOT_FOUND, None, "grey", reasoning, doubt=SILENT)
    citations = tuple(Citation(place.text(index.pages), place.page, True, (place,), ()) for place in finding.places)
    value, doubt, unit = measured(finding.text, question)
    reasoning = f"Rule-based first pass without an LLM: {finding.rule}.{unread} {doubt}".strip()
    # A No because nothing was found has no evidence, like "not found".
    flag: Flag = "grey" if not citations else "green" if finding.sure and value is not None else "yellow"
    shown = finding.text
    if value is not None and question.format not in ("text", "bulleted_list"):
        shown = as_shown(value, question.format, unit or unit_asked_for(_asks(question)))
    signs = ((UNTYPED, value is None), (UNCERTAIN, not finding.sure))
    how_far = more(FOUND, *(sign for sign, is_there in signs if is_there)) if citations else SILENT
    return Content(shown, value, flag, reasoning, citations, doubtful=flag != "green", unit=unit, doubt=how_far)


# Ranking


def query(question: Question) -> dict[str, float]:
    """The stems to search for, with weights: the column's name counts double, excluded topics not at all."""
    weights: dict[str, float] = {}
    for text, weight in ((question.name, 2.0), (_wanted(question), 1.0)):
        for word in re.findall(r"[A-Za-z]{2,}|\d+", text):
            if word.lower() not in _STOP_WORDS:
                for term in terms(word):
                    weights[term] = max(weights.get(term, 0.0), weight)
    return weights


def _wanted(question: Question) -> str:
    """The prompt without sentences that exclude topics."""
    sentences = re.split(r"(?<=[.?!])\s+", question.prompt)
    return " ".join([sentence for sentence in sentences if not _AVOIDS.search(sentence)] or sentences)


def _asks(question: Question) -> str:
    return f"{question.name}. {_wanted(question)}"


def _clause(question: Question) -> Clause | None:
    """The kind of clause that a question is about, by its name, else by its prompt."""
    return clause_asked_for(question.name) or clause_asked_for(_wanted(question))


def _kind(question: Question) -> str | None:
    """The name of that kind of clause."""
    clause = _clause(question)
    return clause.name if clause else None


def _candidates(index: PassageIndex, question: Question) -> tuple[list[Ranked], bool]:
    """The passages that may answer, best first, and whether they are the kind of clause asked for."""
    clause = _clause(question)
    extra = dict.fromkeys(terms(clause.words), 0.5) if clause else {}
    ranked = index.rank(extra | query(question))
    if clause is None:
        return [candidate for candidate in ranked if candidate.coverage >= WEAK], False
    return [candidate for candidate in ranked[:DEEP] if clause.is_in(_line(candidate.passage.text))], True


@lru_cache(maxsize=4_096)
def _line(text: str) -> str:
    return " ".join(text.split())


# One function for each format


def _text(index: PassageIndex, question: Question) -> Finding | None:
    kind = _kind(question)
    if kind == "governing_law":
        return _governing_law(index, question)
    if _ABOUT_ITS_TITLE.search(question.name) and (place := title(index.plain)):
        shown = _line(index.pages[place.page - 1][place.start : place.end])
        return Finding(shown, (place,), True, "the title of the document")
    candidates, known = _candidates(index, question)
    if not candidates:
        return None
    if kind in ("renewal", "notice", "notice_of_no_renewal") and _ASKS_HOW_LONG.search(question.prompt):
        near = [candidate.passage for candidate in candidates[:NEAR]]
        return (renewal if kind == "renewal" else notice)(near)
    best = candidates[0]
    shown = _line(best.passage.text)
    rule = "the best passage of the kind of clause asked for" if known else "the passage that shares most terms with it"
    return Finding(shown, (best.passage.place,), known and best.coverage >= WEAK, rule)


def _governing_law(index: PassageIndex, question: Question) -> Finding | None:
    candidates, _ = _candidates(index, question)
    for candidate in candidates:
        place = jurisdiction(_line(candidate.passage.text))
        if place:
            sure = candidate.coverage >= WEAK
            return Finding(place, (candidate.passage.place,), sure, "the jurisdiction in the governing-law clause")
    return None


def _bulleted_list(index: PassageIndex, question: Question) -> Finding | None:
    if _ABOUT_PARTIES.search(question.name) or re.match(r"\W*(?:who|list the parties)\b", question.prompt, re.I):
        named = parties(index.plain)
        if named is None:
            return None
        two = named.defined and len(named.names) == 2
        return Finding("; ".join(named.names), named.places, two, "the parties named in the preamble")
    candidates, known = _candidates(index, question)
    chosen = [candidate.passage for candidate in candidates if candidate.score >= candidates[0].score / 2][:5]
    if not chosen:
        return None
    items = "\n".join(f"• {_line(passage.text)}" for passage in chosen)
    places = tuple(passage.place for passage in chosen)
    return Finding(items, places, known, "the passages that fit it best")


def _date(index: PassageIndex, question: Question) -> Finding | None:
    kind = _kind(question)
    if kind != "expiration" and _ABOUT_ITS_DATE.search(_asks(question)):
        effective = bool(re.search(r"\beffective", question.name, re.I))
        stated = stated_date(index.plain, effective)
        if effective and not (stated and stated.effective):
            stated = effective_date(index.passages) or stated
        if stated is None:
            return None
        rule = "the date stated in the preamble" if stated.cued else "the date that the opening or the signatures bear"
        return Finding(_line(stated.place.text(index.pages)), (stated.place,), stated.cued, rule)
    candidates, known = _candidates(index, question)
    near = [candidate.passage for candidate in candidates[:NEAR]]
    if kind == "expiration" and (ending := expiration(near, index.plain)):
        return ending
    found = _first_mention(candidates, dates)
    if found is not None:
        candidate, mention, alone = found
        rule = "a date in the passage that fits best"
        text, clear = _with_doubts(candidate, mention, question)
        return Finding(text, (candidate.passage.place,), known and alone and clear, rule)
    if known and candidates:
        shown = _line(candidates[0].passage.text)
        return Finding(shown, (candidates[0].passage.place,), False, "the clause gives a period, not a date")
    return None


def _with_doubts(candidate: Ranked, mention: Mention[Any], question: Question) -> tuple[str, bool]:
    """The words of a mention, and whether it has the same value within its clause. Words beside it that put it in doubt
    are added (`the greater of`, `10% of`)."""
    text = candidate.passage.text
    words = _line(text[mention.start : mention.end])
    value = measured(words, question).value
    if value is None or measured(_around(text, mention, CLAUSE), question).value == value:
        return words, True
    beside = _around(text, mention, BESIDE)
    return (words, False) if measured(beside, question).value == value else (beside, False)


def _around(text: str, mention: Mention[Any], reach: int) -> str:
    """The mention with `reach` characters on either side, in whole words of the same clause."""
    before, after = text[max(0, mention.start - reach) : mention.start], text[mention.end : mention.end + reach]
    if len(before) == reach:
        before = before.partition(" ")[2]
    if len(after) == reach:
        after = after.rpartition(" ")[0]
    before = _CLAUSE_END.split(before)[-1]
    after = _CLAUSE_END.split(after, maxsplit=1)[0]
    return _line(f"{before}{text[mention.start : mention.end]}{after}")


def _first_mention(
    candidates: Sequence[Ranked], read: Callable[[str], list[Mention[Any]]]
) -> tuple[Ranked, Mention[Any], bool] | None:
    """The first mention with a value in the best passage that has one, and whether the passage has no other value."""
    for candidate in candidates[:DEEP]:
        mentions = [mention for mention in read(candidate.passage.text) if mention.values]
        if mentions:
            values = {value for mention in mentions for value in mention.values}
            return candidate, mentions[0], len(values) == 1
    return None


def _monetary_amount(index: PassageIndex, question: Question) -> Finding | None:
    candidates, known = _candidates(index, question)
    marked = {passage.place for passage in index.mentioning(_MONEY_WORDS, _MONEY_SIGNS)}
    found = _first_mention([candidate for candidate in candidates if candidate.passage.place in marked], amounts)
    if found is None and known:
        # The clause has no amount; a sum from elsewhere is better than none, and yellow.
        candidates, known = index.rank(query(question)), False
        found = _first_mention([candidate for candidate in candidates if candidate.passage.place in marked], amounts)
    if found is None:
        return None
    candidate, mention, alone = found
    rule = "the amount in the passage that fits best"
    if _LARGEST.search(_asks(question)):
        rule = "the largest amount in the passages that fit"
        near = [other for other in candidates if other.passage.place in marked and other.score >= candidate.score / 2]
        sums = [(other, found) for other in near for found in amounts(other.passage.text) if len(found.values) == 1]
        if sums:
            candidate, mention = max(sums, key=lambda pair: pair[1].values[0].amount)
            alone = len({found.values[0].amount for _, found in sums}) == 1
    text, clear = _with_doubts(candidate, mention, question)
    return Finding(text, (candidate.passage.place,), known and alone and clear, rule)


def _percentage(index: PassageIndex, question: Question) -> Finding | None:
    return _decimal(index, question, percentages)


def _number(index: PassageIndex, question: Question) -> Finding | None:
    wanted = unit_asked_for(_asks(question))

    def in_asked_unit(text: str) -> list[Mention[Decimal]]:
        return [
            Mention(one.start, one.end, converted(one.values, one.unit, wanted) if wanted else one.values)
            for one in numbers(text)
            if one.unit or not wanted
        ]

    return _decimal(index, question, in_asked_unit)


def _decimal(index: PassageIndex, question: Question, read: Callable[[str], list[Mention[Decimal]]]) -> Finding | None:
    candidates, known = _candidates(index, question)
    found = _first_mention(candidates, read)
    if found is None:
        return None
    candidate, mention, alone = found
    rule = f"the {question.format} in the passage that fits best"
    text, clear = _with_doubts(candidate, mention, question)
    return Finding(text, (candidate.passage.place,), known and alone and clear, rule)


def _currency(index: PassageIndex, question: Question) -> Finding | None:
    """The currency of payment if a passage states it, else the one that is named most often."""
    counts: Counter[str] = Counter()
    first: dict[str, Span] = {}
    told: dict[str, Span] = {}
    for passage in index.mentioning(_MONEY_WORDS, _MONEY_SIGNS)[: DEEP // 2]:
        for mention in currencies(passage.text):
            for code in mention.values:
                counts[code] += 1
                first.setdefault(code, passage.place)
                if passage.text[mention.start : mention.end] != "$" and _PAYABLE_IN.search(
                    passage.text[: mention.start]
                ):
                    told.setdefault(code, passage.place)
    if not counts:
        return None
    code = next((code for code, _ in counts.most_common() if code in told), counts.most_common(1)[0][0])
    rule = (
        "the currency named with payments" if code in told else "the currency of most amounts; $ is read as US dollars"
    )
    return Finding(code, (told.get(code) or first[code],), code in told and len(counts) == 1, rule)


def _yes_no(index: PassageIndex, question: Question) -> Finding | None:
    candidates, known = _candidates(index, question)
    if not known:
        candidates = [candidate for candidate in candidates if candidate.coverage >= STRONG]
    if not candidates:
        return Finding("No", (), False, "no such clause was found, which does not prove that there is none")
    best = candidates[0]
    # "... may terminate at any time, provided that no party may ...": a proviso does not forbid what precedes it.
    if _PERMISSION.search(question.prompt) and _FORBIDS.search(_PROVISO.split(best.passage.text)[0]):
        return Finding("No", (best.passage.place,), False, "the clause that fits best forbids it")
    places = tuple(one.passage.place for one in candidates[:CITED] if one.score >= ALIKE * best.score)
    return Finding("Yes", places, known and best.coverage >= WEAK, "such a clause is there")


def _tag(index: PassageIndex, question: Question) -> Finding | None:
    """The tag in the title; else the tag that the document names most often."""
    if _kind(question) == "governing_law":
        law = _governing_law(index, question)
        return law if law and typed(law.text, question).value else None
    stems = {tag: set(terms(tag)) for tag in question.tags}
    opening = [passage for passage in index.passages[:OPENING] if passage.place.page <= 3]
    titled = [passage for passage in opening if _TITLE_LINES.search(passage.text[:TITLE])]
    for passage in titled:
        words = terms(passage.text[:TITLE])
        named = [tag for tag, wanted in stems.items() if wanted and wanted <= set(words)]
        if named:
            tag = min(named, key=lambda tag: min(words.index(term) for term in stems[tag]))
            return Finding(tag, (passage.place,), len(named) == 1, "the title or preamble names it")
    counts: Counter[str] = Counter()
    first: dict[str, Span] = {}
    for passage in index.passages:
        words_here = set(terms(passage.text))
        for tag, wanted in stems.items():
            if wanted and wanted <= words_here:
                counts[tag] += 1
                first.setdefault(tag, passage.place)
    if not counts:
        return None
    tag = counts.most_common(1)[0][0]
    return Finding(tag, (first[tag],), False, "the tag that the document names most often")


FINDERS: dict[Format, Callable[[PassageIndex, Question], Finding | None]] = {
    "text": _text,
    "bulleted_list": _bulleted_list,
    "number": _number,
    "percentage": _percentage,
    "monetary_amount": _monetary_amount,
    "currency": _currency,
    "yes_no": _yes_no,
    "date": _date,
    "tag": _tag,
}
