"""Figures that are no amounts: references, the time of day, marks of lists, and parts of names."""

import re
from collections.abc import Iterator

from columnist.reviews.iso_4217 import ISO_4217

_REFERENCE_TO = (
    r"(?:sections?|secs?|articles?|arts?|clauses?|cl|paragraphs?|paras?|exhibits?|schedules?|items?|tables?|annex(?:es)?|appendix"
    r"|appendices|attachments?|addend(?:um|a)|amendments?|chapters?|parts?|pages?|pp?|notes?|footnotes?|fn|figures?|rules?"
    r"|regulations?|forms?|phases?|tiers?|levels?|stages?|tranches?|class|series|versions?|iso|nos?|box|suite|volume|option|nr|v|ver"
    r"|(?-i:Unit|Room|Floor|Apartment|Apt|Flat|Year|Month|Quarter|Week|Day|Lot|Step|Line|Column|Milestone|Project|Product|Act|Chapter)|§+)"
)
_NUMBERED = r"\d{1,4}(?!\d)(?:[.-]\d{1,3}(?!\d))*+(?:\s?\((?:[a-z]{1,4}|\d{1,2})\))*+"
_REFERENCES = re.compile(
    rf"(?<![^\W_])(?:{_REFERENCE_TO}(?:(?<=§)\s*+|\.\s*+|\s++)(?:(?:no|nos|number)\.?\s*+)?(?:[ivxlc]{{1,6}}\b|{_NUMBERED})"
    r"(?:\s(?:and|or|&|to|through)\s\d{1,2}(?:\.\d{1,3}){0,3}(?:\([a-z\d]{1,4}\)){0,3}"
    r"(?!\w|[.,]?\d|\s?[%½¼¾⅓⅔]|/|\s?(?i:per\s?cent|days?|weeks?|months?|years?|hours?|dollars?|euros?|million|thousand|[A-Z]{3}\b))){0,4}"
    r"(?!\w|[.,]?\d|\s?[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]|\s\d++/|\s?%|/))",
    re.I,
)
_REFERENCE_BEFORE = re.compile(rf"(?<![^\W_]){_REFERENCE_TO}\.?\s*$", re.I)
_NAMES_OF_FIGURES = re.compile(
    # The time of day; a list's mark; names such as FY2020 and Q4.
    r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?(?![\d:])"
    r"|(?<![\d.,$€£])(?:[1-9]|1[0-2])\s?a\.?m\b\.?"
    r"|(?:(?<=\bat\s)|(?<=\bby\s)|(?<=\buntil\s)|(?<=\bbefore\s))(?:[1-9]|1[0-2])\s?p\.?m\b\.?|(?<=\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|(?<![\d.,$€£])\d{1,2}(?:\.\d{1,2}(?!\d)){2,8}(?:\.(?!\d)|\b(?![,.%]?\d))(?=\s+[^\W\d_])"
    r"|(?:19|20)\d\d(?=\s(?-i:Act|Plan|Agreement|Season|Budget|Edition|Rules|Regulations)\b)"
    r"|(?<![^\W_])(?:fy|q|ex|h)-?\d{1,4}(?![\w.,/%-])"
    r"|(?<![^\W_])(?-i:MP[34]|CO2|B2[BC]|P2P)(?![^\W_])"
    r"|(?<![^\W_])(?:in|during|since|fiscal|year|years|until|through)\s(?:19|20)\d\d(?![\w/%]|[.,-]?\d"
    r"|\s?(?:[€$£]\s?(?!\s?[\d.])|dollars|euros|pounds|units|shares|hours|days|weeks|months|years"
    rf"|(?-i:{'|'.join(sorted(ISO_4217))})\b(?!\s?[\d.])))",
    re.I,
)
_MARKS = re.compile(
    r"(?<![\w$€£%).,'/-])(?:\((?:[1-9]|[12]\d)\)|(?:[1-9]|[12]\d)\)(?=\s+[^\W\d_])|(?:^|(?<=[A-Z]{3}\s)|(?<=[;:]\s))(?:[1-9]|[12]\d)\.(?=\s+[^\W\d_]))(?=\s*(?:[$€£]|[^\W\d_]))"
)
_BEFORE_A_MARK = re.compile(r"(?:\b(?:or|and|either)|[;:,]|^)\s*$", re.I)
_QUOTED = re.compile(r'"[A-Z][^"\d]{0,40}\s(?P<figure>\d{1,2})"')


def references(line: str) -> list[tuple[int, int]]:
    """From where to where a line refers to sections, exhibits and the like: `Section 7(a)`."""
    return [match.span() for match in _REFERENCES.finditer(line)]


def is_reference_before(line: str, at: int) -> bool:
    """Whether a word is directly before the place that makes a number there a reference."""
    return _REFERENCE_BEFORE.search(line, max(0, at - 15), at) is not None


def named_figures(line: str) -> Iterator[tuple[int, int]]:
    """From where to where figures are times of day, marks of lists, or parts of names."""
    for match in _NAMES_OF_FIGURES.finditer(line):
        yield match.span()
    for match in _QUOTED.finditer(line):
        yield match.span("figure")
    for match in _MARKS.finditer(line):
        if match[0][0] != "(" or _BEFORE_A_MARK.search(line, max(0, match.start() - 12), match.start()):
            yield match.span()
