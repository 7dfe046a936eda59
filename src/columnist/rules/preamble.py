"""The opening of a contract: its title, its parties and its date."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from columnist.answers.dates import dates
from columnist.answers.mention import Mention
from columnist.documents.model import Span

_LEGAL_FORM = (
    r"(?:Inc|INC|inc|Incorporated|INCORPORATED|L\.?L\.?[CP]|Ltd|LTD|Limited|LIMITED|Corp|CORP|Corporation|CORPORATION"
    r"|Company|COMPANY|Co|CO|L\.?P|G[mM][bB]H|A\.?G|AKTIENGESELLSCHAFT|Aktiengesellschaft|P\.?L\.?C|plc|Plc"
    r"|S\.?A|B\.?V|N\.?V|N\.A|S\.p\.A|S\.r\.l|Oy|AB|A/S|KG|K\.K|Pty|Trust|TRUST|Bank|BANK|University|UNIVERSITY"
    r"|Institute|INSTITUTE|College|COLLEGE|Hospital|Authority|AUTHORITY|Society|SOCIETY|[SB]hd|[SB]HD|S\.?[aA]\.?R\.?L|SAS|ApS"
    r"|Foundation|FOUNDATION|Partners|PARTNERS|Partnership|Association|ASSOCIATION|Organization|Group|GROUP|Funds?"
    r"|Portfolios?)"
)
"""The last words of the names of legal persons."""
_OPENING = re.compile(
    r"\b(?:(?:made\s+(?:and\s+entered\s+into\s+)?|entered\s+into\s+)?by\s+and\s+(?:between|among)|(?:is|are)\s+between"
    r"|between|among|(?:made|entered\s+into)\s+by)\b\s*:?|^[ ]*(?:the[ ]+)?parties[ ]*:?\s*\n(?=\s*\(?1[.)])",
    re.I | re.M,
)
_CLOSING = re.compile(
    r"\b(?:WHEREAS|R\s?E\s?C\s?I\s?T\s?A\s?L|Recitals?|W\s?I\s?T\s?N\s?E\s?S\s?S\s?E\s?T\s?H|BACKGROUND|NOW,?\s+THEREFORE"
    r"|(?i:preamble)|Capitalized|(?i:dated)|Effective|Source:|agree\b|(?i:may\s+each|each\s+(?:a|may|also|of|party)))"
    r"|\(\s*(?i:each|individually|collectively|together(?!\s+with))\b|[.;]\s+(?=[A-Z][a-z]+\s+[a-z])"
)
_DEFINED = re.compile(r"\([^()]{0,60}[\"'][^\"']{1,60}[\"'][^()]{0,120}\)")
_CALLED = re.compile(r"\([^()\"']{0,60}(?P<as>[\"'][^\"'()]{1,60}[\"'])")
_ASIDE = re.compile(r"\([^()]*[\"'][^()]*\)|\([^()]{20,}\)")
_BLANK, _BLANKS = r"\s{0,50}+", r"\s{1,50}+"
"""Bounded: from every blank of a long run of blanks a pattern would scan the rest of the run."""
_NAME_ENDS = re.compile(
    rf",?{_BLANK}\((?![A-Za-z]+\)\s+{_LEGAL_FORM}\b)|{_BLANK}[\"]"
    rf"|,(?!\s*(?:(?:\([A-Za-z]+\)\s+)?{_LEGAL_FORM}\b|d/?b/?a\b|doing\s+business\s+as\b))"
    rf"|(?<=[.\w]){_BLANKS}(?:[aA]n?|with|having|located|whose|organi[sz]ed|duly|represented|acting|as|is"
    rf"|of(?=\s+[\dA-Z][^,]{{0,200}}+,)|on\s+behalf|for\s+(?:services|and)|incorporated|existing|hereinafter"
    rf"|and(?=\s+[a-z])|-)\s|{_BLANKS}-|;|\n[ ]{{0,50}}+\d"
)
_BETWEEN_PARTIES = re.compile(
    rf"(?<=\.\)){_BLANK}[,;]?{_BLANK}(?:(?:and|AND|&){_BLANKS})?(?=[A-Z0-9])(?!{_LEGAL_FORM}\b)"
    rf"|[,;]?{_BLANKS}(?:-{{1,50}}+{_BLANK})?(?:and|AND|And|&)(?::|{_BLANK}-{{1,50}}+)?{_BLANKS}"
    rf"(?=[A-Z0-9]|[a-z]{{1,50}}+[.A-Z])(?!{_LEGAL_FORM}\b)|;{_BLANKS}"
    # "Alder plc, an English company, Birch LLC, a Nevada limited liability company, and Cedar Trust"
    rf"|(?<=corporation|partnership){_BLANK},{_BLANKS}(?=[A-Z][^,]{{1,60}},?\s+{_LEGAL_FORM}\b)"
    rf"|(?<=company){_BLANK},{_BLANKS}(?=[A-Z][^,]{{1,60}},?\s+{_LEGAL_FORM}\b)"
)
_IN_AN_ADDRESS = re.compile(
    r"\b(?:offices?|places?\s+of\s+business|located|residing)\s+(?:located\s+)?(?:at|in)\s+[^,.()\d]*$", re.I
)
"""`with offices at Berlin and Munich`: no party follows."""
_LABELLED = re.compile(r"^[ ]*party[ ]+(?:[a-z]|\d|one|two)[ ]*:[ ]*(?P<name>[^\n]+)", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties that a preamble names, whether it defines them (`("Seller")`), and the places of each name and of its
    defined term."""

    names: tuple[str, ...]
    places: tuple[Span, ...]
    defined: bool


def parties(plain: Sequence[str]) -> Parties | None:
    """The parties of the preamble: `by and between X, a Delaware corporation ("Seller"), and Y`.

    `plain` are pages in plain characters. A preamble that defines its parties goes before a cover page that only names
    them.
    """
    best: Parties | None = None
    for number, page in enumerate(plain[:4], start=1):
        for opening in _OPENING.finditer(page, 0, 6_000):
            found = _parties_from(page, number, opening.end())
            if found and found.defined:
                return found
            best = best or found
    labelled = (_labelled(page, number) for number, page in enumerate(plain[:4], start=1))
    return next(filter(None, labelled), best) or (_without_opening(plain[0]) if plain else None)


def _labelled(page: str, number: int) -> Parties | None:
    """`Party A: Alder Ltd` and, on a separate line, `Party B: Birch GmbH`."""
    lines = [line for line in _LABELLED.finditer(page, 0, 6_000) if _name(line["name"])]
    if len({_name(line["name"]) for line in lines}) < 2:
        return None
    return _parties([(_name(line["name"]), line.start("name"), line.end()) for line in lines], page, number, True)


def _without_opening(page: str) -> Parties | None:
    """`Aduro Biotech, Inc. ("Aduro") and IREYA B.V. ("Consultant") agree`: a paragraph that opens with a definition."""
    definition = _DEFINED.search(page, 0, 3_000)
    line = (
        re.compile(r"^[ ]*(?=[A-Z][a-z]+[^\n]*[,(])", re.M).search(page, 0, definition.start() + 1)
        if definition
        else None
    )
    found = _parties_from(page, 1, line.end()) if line else None
    return found if found and found.defined and len(found.names) == 2 else None


def _parties_from(page: str, number: int, start: int) -> Parties | None:
    """The parties that the text names from `start` on, if it names two."""
    region = page[start : start + 1_500]
    closing = _CLOSING.search(region)
    region = region[: closing.start()] if closing else region
    parts = [(name, start + first, start + last) for name, first, last in _names(region)]
    if len({name for name, _, _ in parts}) < 2:
        return None
    return _parties(parts, page, number, _DEFINED.search(region) is not None)


def _parties(parts: Sequence[tuple[str, int, int]], page: str, number: int, defined: bool) -> Parties:
    """The parties of `parts`: each a name and the part of the page that opens with it."""
    places: dict[str, tuple[Span, ...]] = {}
    for name, start, end in parts:
        written = re.compile(r"\s+".join(map(re.escape, name.split()))).search(page, start, end)
        called = _CALLED.search(page, written.end(), end) if written else None
        spans = [(match.start(group), match.end(group)) for match, group in ((written, 0), (called, "as")) if match]
        places.setdefault(name, tuple(Span(number, *span) for span in spans))
    return Parties(tuple(places), tuple(span for spans in places.values() for span in spans), defined)


def _names(region: str) -> Iterator[tuple[str, int, int]]:
    """A name, start and end for each part of a preamble that describes a party."""
    # A definition never separates two parties: ("PLIC" and, together with PHLVIC, "PHL Variable").
    bare = _ASIDE.sub(lambda aside: f"({'.' * (len(aside.group()) - 2)})", region)
    start = 0
    for cut in [*_BETWEEN_PARTIES.finditer(bare), None]:
        end = cut.start() if cut else len(bare)
        if cut and not re.search(rf"\b{_LEGAL_FORM}\b|\.\)|\n", bare[start:end].strip()):
            # "Research and Development Corp.": still inside a name.
            continue
        if cut and _IN_AN_ADDRESS.search(bare, start, end):
            continue
        name = _name(region[start:end])
        suffixed = re.search(rf"\b{_LEGAL_FORM}\b", name) is not None
        if name and (suffixed or ".)" in bare[start:end] or ".)" not in bare):
            yield name, start, end
        start = cut.end() if cut else end


def _name(part: str) -> str:
    """The name at the start of a part of a preamble; empty if there is none."""
    part = re.sub(r"^(?:\(?\d{1,2}[.)]\s*|[Aa][Nn][Dd]\s+)+", "", part.strip(" \r\n,;:-"))
    ends = _NAME_ENDS.search(part)
    name = part[: ends.start()] if ends else part
    # On a cover page the next line does not belong to the name, unless the name wraps: "Potomac Fund\nManagement,
    # Inc.".
    whole = re.match(rf"(.*?\b{_LEGAL_FORM}\b\.?)\s*\n(?!.*\b{_LEGAL_FORM}\b)", name, re.S)
    name = " ".join((whole[1] if whole else name).split()).strip(" ,;")
    # "theglobe.com, Inc." is a name, "a Texas corporation" only describes one.
    proper = re.match(r"[A-Z0-9]|[a-z]+[.A-Z]", name) and not re.match(r"[aA]n?\s", name)
    return name if proper and 2 < len(name) <= 90 and len(name.split()) <= 12 else ""


_KIND = r"(?i:agreement|contract|amendment|addendum|lease|licen[cs]e|deed|statement|memorandum|plan|letter|policy)"
_TITLE = re.compile(rf"^[ ]*(?P<title>(?:[A-Z0-9(][^\n]{{0,90}})?\b{_KIND}\b[^\n]{{0,30}}?)[ ]*$", re.M)
_NO_TITLE = re.compile(
    r"\b(?:this|dated?|made|between|exhibit|source|whereas|shall|filed|confidential|pursuant|page|sec)\b|[;:]|\.\s|\.{3}",
    re.I,
)
_SMALL_WORDS = frozenset("a an and by for from in of on or the to with".split())


def title(plain: Sequence[str]) -> Span | None:
    """The place of the title: the first line of the opening that is a title and not a sentence."""
    for number, page in enumerate(plain[:2], start=1):
        for match in _TITLE.finditer(page, 0, 4_000):
            words = [word for word in re.findall(r"[A-Za-z][\w'-]*", match["title"]) if word not in _SMALL_WORDS]
            if not _NO_TITLE.search(match["title"]) and all(word[0].isupper() for word in words):
                return Span(number, match.start("title"), match.end("title"))
    return None


_CUE = re.compile(r"\b(?:dated?|made|entered|executed|effective|as\s+of)\b[^.;]{0,60}$|\bthis\s+$", re.I)
_DATED_CUE = re.compile(r"\bdated(?:\s+as\s+of)?\s+$", re.I)
_EFFECTIVE_CUE = re.compile(r"\beffective\b[^.;]{0,40}$", re.I)
_OTHER_AGREEMENT = re.compile(
    r"\b(?:certain|existing|original|amended|the|an?|its)\b(?:(?!\bthis\b)[^.;]){0,100}"
    r"\bagreement\b(?:(?!\b(?:is|are)\b)[^.;]){0,60}$|\b(?:filing|filed|Act)\b[^.;]{0,30}$",
    re.I,
)
_THIS_AGREEMENT = re.compile(r"\bthis\s+(?:(?!(?:to|of)\b)[\w.-]+\s+){0,6}agreement\b", re.I)
_DEFINED_AFTER = re.compile(r"[^.;]{0,12}\([^)]{0,30}(?:Effective|Agreement|Execution)?\s*Date\b", re.I)


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date in a contract, its place, whether a cue such as `dated as of` introduces it, and whether `effective`
    does."""

    mention: Mention[str]
    place: Span
    cued: bool
    effective: bool = False


def stated_date(plain: Sequence[str], effective: bool) -> StatedDate | None:
    """The date of the agreement by its first pages, else by its signatures; `effective` prefers its effective date.

    A partial date (`September __, 2018`) is a mention without a value.
    """
    best: tuple[float, StatedDate] | None = None
    for number, page in enumerate(plain[:3], start=1):
        if best and best[0] > 4:
            break
        for mention in dates(page[:5_000]):
            before = page[max(0, mention.start - 160) : mention.start]
            elsewhere = bool(_OTHER_AGREEMENT.search(before)) and not _THIS_AGREEMENT.search(before)
            weight = (
                4 * bool(_CUE.search(before))
                + 2 * bool(_DEFINED_AFTER.match(page, mention.end))
                + (3 * bool(_EFFECTIVE_CUE.search(before)) if effective else 2 * bool(_DATED_CUE.search(before)))
                - (7 if elsewhere else 0)
                - (number - 1)
                - mention.start / 5_000
            )
            if best is None or weight > best[0]:
                place = Span(number, mention.start, mention.end)
                best = (weight, StatedDate(mention, place, weight >= 2, bool(_EFFECTIVE_CUE.search(before))))
    if best and best[1].cued:
        return best[1]
    return _signature_date(plain) or (best[1] if best and best[0] > -2 else None)


def _signature_date(plain: Sequence[str]) -> StatedDate | None:
    """The last date after `Date:` in the signatures."""
    found: StatedDate | None = None
    for number, page in enumerate(plain, start=1):
        for label in re.finditer(r"\bdated?\s*:\s*(?:_+\s*)?", page, re.I):
            mention = next(iter(dates(page[label.end() : label.end() + 40])), None)
            later = found is None or (mention is not None and mention.values > found.mention.values)
            if mention and mention.values and mention.start < 12 and later:
                start, end = label.end() + mention.start, label.end() + mention.end
                found = StatedDate(Mention(start, end, mention.values), Span(number, start, end), cued=False)
    return found
