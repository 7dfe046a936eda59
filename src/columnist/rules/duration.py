"""The duration of a contract: when it takes effect and expires, how long it renews, how early to give notice."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from columnist.answers.dates import dates, later
from columnist.answers.mention import Mention
from columnist.answers.mentions import numbers
from columnist.documents.model import Span
from columnist.rules.finding import Finding
from columnist.rules.passages import Passage
from columnist.rules.preamble import StatedDate, stated_date

_EDGE = re.compile(
    r"\b(?:(?P<end>until|through|expir\w*|end(?:s|ing)?|terminat\w*|and including|to)"
    r"|(?P<start>commenc\w*|begin\w*|start\w*|effective|from|as of))\b(?=[^.;]{0,50}$)",
    re.I,
)
_LASTS = re.compile(r"\b(?:for|of|be|is|continue|until|end|the|than|an?|through)\b[^.;]{0,25}$", re.I)
_RENEWED = re.compile(r"\b(?:renew\w*|extend\w*|successive|additional|prior|notice|earlier)\b[^.;]{0,60}$", re.I)
_AFTERWARDS = re.compile(r"\A['s]*\s+(?:after|following|from|beyond)\b.{0,40}\b(?:terminat|expir|end\b)", re.I)
"""`two years following termination`: the duration of something else."""
_OF_NOTICE = re.compile(
    r"['s]{0,4}\s{0,50}+,?\s{0,50}+(?:of\s{1,50}+)?(?:(?:in|or more)\s{1,50}+)?(?:(?:its|the|such|a|an)\s{1,50}+)?"
    r"(?:prior|before|preceding|advance|written|notice|notification)\b",
    re.I,
)
"""`30 days before`, `30 days' written notice`."""
_GIVES_NOTICE = re.compile(r"\b(?:notice|notif\w+|advise\w*|inform\w*|elect\w*)\b", re.I)
_RENEWS = re.compile(
    r"\b(?:renew\w*|exten(?:d|sion)\w*|successive|additional|subsequent|further|consecutive|thereafter)\b"
    r"|\bcontinu\w*\s+(?:from|on\s+an?)\s+$",
    re.I,
)
_BY_TURNS = re.compile(
    r"\b(?:successive|consecutive|subsequent|each|every|periods|terms|extensions|renewals|thereafter)\b"
    r"|\b(?:year|month)[- ]to[- ](?:year|month)\b|\b(?:annual|month)ly\b",
    re.I,
)
_INITIAL = re.compile(r"\b(?:initial|original|first|primary)\b[^.;]{0,50}$", re.I)
_REGULARLY = re.compile(
    r"\b(?:(?P<year>year[- ]to[- ]year|yearly|annual(?:ly)?(?!\s+(?:fee|review|report))|(?:another|an additional) year)"
    r"|(?P<month>month[- ]to[- ]month|monthly(?=\s+(?:basis|terms?|periods?|renewals?))|(?:another"
    r"|an additional) month))\b",
    re.I,
)
_COUNTED = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_ANNIVERSARY = re.compile(
    rf"\b(?:(?P<word>{'|'.join(_COUNTED)})"
    rf"|(?P<digits>\d{{1,2}})\s?[a-z]\s?[a-z])\s*(?:\([^()]{{1,8}}\)\s*)?anniversary\b",
    re.I,
)
_TAKES_EFFECT = re.compile(
    r"\b(?:agreement|contract|term|venture|lease)\b[^.;]{0,40}\b(?:shall|will|is|are|to|does|hereby)\s+(?:be\s+"
    r"|become\s+)?"
    r"(?:commenc\w+|begin\w*|start\w*|effective|take\s+effect|run)(?:\s+(?:on|as\s+of|from))?\s+",
    re.I,
)


def expiration(passages: Sequence[Passage], plain: Sequence[str]) -> Finding | None:
    """The end of the term by the best passage that gives one: its last date, else its start plus its length.

    If the passage does not give a start, the term runs from the date in the pages `plain`.
    """
    for passage in passages:
        text = passage.text
        found = [mention for mention in dates(text) if len(mention.values) == 1]
        for mention in found:
            if _edge(text, mention) == "end":
                return Finding(mention.values[0], (passage.place,), True, "the date on which the term ends")
        for length in _lengths(text):
            starts = [one.values[0] for one in found if _edge(text, one) == "start"]
            if not starts and (stated := stated_date(plain, effective=True)) and len(stated.mention.values) == 1:
                starts = list(stated.mention.values)
            if starts and (end := later(starts[0], length.values[0], length.unit)):
                rule = f"{starts[0]}, the start, plus {length.values[0]} {length.unit}s"
                return Finding(end, (passage.place,), False, rule)
    return None


def _edge(text: str, day: Mention[str]) -> str | None:
    """Whether a date is the `start` or the `end` of a term, by the last such word before it."""
    cues = list(_EDGE.finditer(text, max(0, day.start - 60), day.start))
    return cues[-1].lastgroup if cues else None


def _lengths(text: str) -> Iterator[Mention[Decimal]]:
    """The possible lengths of a term in `text`, without periods of notice, of renewal, or after the end."""
    for length in _periods(text):
        before, after = text[: length.start], text[length.end :]
        of_something_else = _RENEWED.search(before) or _OF_NOTICE.match(after) or _AFTERWARDS.match(after)
        if _LASTS.search(before) and not of_something_else:
            yield length
    for match in _ANNIVERSARY.finditer(text):
        years = _COUNTED.index(match["word"].lower()) + 1 if match["word"] else int(match["digits"])
        yield Mention(match.start(), match.end(), (Decimal(years),), "year")


def _periods(text: str) -> list[Mention[Decimal]]:
    return [one for one in numbers(text) if one.unit in ("day", "week", "month", "year") and len(one.values) == 1]


def effective_date(passages: Sequence[Passage]) -> StatedDate | None:
    """The date on which the contract takes effect by a clause: `this Agreement shall commence on 1 January 1998`."""
    for passage in passages:
        for cue in _TAKES_EFFECT.finditer(passage.text):
            written = next(iter(dates(passage.text[cue.end() : cue.end() + 60])), None)
            if written and written.values and written.start == 0:
                start = passage.place.start + cue.end()
                place = Span(passage.place.page, start, start + written.end)
                return StatedDate(written, place, cued=True)
    return None


def renewal(passages: Sequence[Passage]) -> Finding | None:
    """How long the contract renews: `1 year`, or `successive 1 year` if it may renew again."""
    for passage in passages:
        text = " ".join(passage.text.split())
        for period in [*_periods(text), *_regular_periods(text)]:
            before, after = text[max(0, period.start - 150) : period.start], text[period.end : period.end + 60]
            of_notice = _OF_NOTICE.match(after) or re.search(r"\b(?:least|less than|later than|within)\s+$", before)
            renews = _RENEWS.search(before) or re.match(r"\W*(?:renewal|extension|option)", after, re.I)
            if renews and not of_notice and not _INITIAL.search(before) and not _AFTERWARDS.match(after):
                again = "successive " if _BY_TURNS.search(before[-80:] + text[period.start : period.end + 60]) else ""
                return Finding(f"{again}{_shown(period)}", (passage.place,), False, "the period for which it renews")
    return None


def _regular_periods(text: str) -> Iterator[Mention[Decimal]]:
    for match in _REGULARLY.finditer(text):
        yield Mention(match.start(), match.end(), (Decimal(1),), match.lastgroup or "")


def notice(passages: Sequence[Passage]) -> Finding | None:
    """How early a party must give notice: `90 days`."""
    for passage in passages:
        for period in _periods(passage.text):
            if _GIVES_NOTICE.search(passage.text) and _OF_NOTICE.match(passage.text, period.end):
                return Finding(_shown(period), (passage.place,), True, "the period of notice")
    return None


def _shown(period: Mention[Decimal]) -> str:
    return f"{period.values[0]} {period.unit}{'' if period.values[0] == 1 else 's'}"
