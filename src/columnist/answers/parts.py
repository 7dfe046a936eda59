"""Every part of a text that is a figure, number word, sign, currency or unit, with its kind.

A part that concerns a number and is not understood has a kind, too, so that typing sees whether anything is left over.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import gcd
from typing import Any

from rapidfuzz import fuzz

from columnist.answers.currencies import CURRENCIES, NATIONS, bare_dollars, code, strange
from columnist.answers.dates import dates_of, days_without_year
from columnist.answers.mention import MonetaryAmount, agreed
from columnist.answers.numerals import (
    PARTS,
    PLURAL_PARTS,
    SCALES,
    SHORT_SCALES,
    TENS,
    VULGAR,
    endless,
    fraction,
    from_figures,
    product,
    spelt,
    total,
)
from columnist.answers.plain import one_line
from columnist.answers.units import NAMES, POWERS, TIME
from columnist.reviews.iso_4217 import ISO_4217


class Kind(StrEnum):
    """The kind of a part."""

    MONEY = "money"
    PERCENT = "percent"
    COUNT = "count"
    DATE = "date"
    NAME = "name"
    """A figure that is not an amount: a section, a list's mark, the time of day, a part of a name."""
    UNREAD = "unread"
    """It concerns a number or a sign, and is not understood."""


@dataclass(frozen=True, slots=True)
class Part:
    """`line[start:end]` is one thing. `values`: what it may mean. `unit`: that of a count, singular."""

    kind: Kind
    start: int
    end: int
    values: tuple[Any, ...] = ()
    unit: str = ""
    bare: bool = False
    """Dollars without a country."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A token, or several as one: `num` (also in words), `word`, `cur`, `pct`, `dash` and so on."""

    kind: str
    start: int
    end: int
    text: str
    values: tuple[Decimal, ...] = ()
    spelt: bool = False
    part: bool = False
    """A fraction."""


_REFERENCE_TO = (
    r"(?:sections?|secs?|articles?|arts?|clauses?|cl|paragraphs?|paras?|exhibits?|schedules?|items?|tables?|annex(?:es)?|appendix"
    r"|appendices|attachments?|addend(?:um|a)|amendments?|chapters?|parts?|pages?|pp?|notes?|footnotes?|fn|figures?|rules?"
    r"|regulations?|forms?|phases?|tiers?|levels?|stages?|tranches?|class|series|versions?|iso|nos?|box|suite|volume|option|nr|v|ver"
    r"|(?-i:Year|Month|Quarter|Week|Day|Lot|Step|Line|Column|Milestone|Project|Product|Act|Chapter)|§+)"
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
    r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?(?![\d:])|(?<=\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?"
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
_PERCENT = r"%|(?i:per\s?cent(?:um|age\s++points?)?|pct)\b\.?"
_TOKEN = re.compile(
    r"(?P<blank>_++|\*++|\[[\s_*•●.xX?-]{0,12}\]|\.{2,}+|…++|[•●■▪]++|\b[Xx]{2,}+\b)"
    rf"|{CURRENCIES.pattern}"
    rf"|(?P<pct>{_PERCENT})"
    r"|(?P<bps>(?i:basis\s++points?|bps?)\b)"
    r"|(?P<num>\.?\d++(?:[.,']\d++)*+)"
    r"|(?P<script>[¹²³⁰⁴⁵⁶⁷⁸⁹₀-₉])"
    r"|(?P<vul>[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])"
    r"|(?P<word>(?i:u\.s\.(?:a\.)?|p\.[amw]\.?)(?![^\W\d_])|[^\W\d_]++(?:'[^\W\d_]++)*+)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<dash>-++)|(?P<slash>[/⁄])|(?P<amp>&)|(?P<comma>,)|(?P<quote>[\"'`´])"
    r"|(?P<sign>[+±~≈<>≤≥=×÷^‰‱¹²³⁰⁴⁵⁶⁷⁸⁹#@]|[^\w\s.;:!?|\\])|(?P<punct>[.;:!?|\\])|(?P<other>\w)"
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3}(?!\d))++(?:[.,]\d{1,2}(?!\d))?(?![.,]?\d)")
_TORN = re.compile(r"\d{1,3}(?:,\s\d{3}(?!\d)|\s,\s?\d{3}(?!\d))++(?:\.\d{2}(?!\d))?")
_OCR = re.compile(r"[.,']\s?[OoIlSsBQDZG]{1,3}(?![^\W_])|[.,']?\s?(?:[Xx]{2,}+|#++)(?![^\W_])")
"""Letters that OCR reads in place of digits, or that hide them: `5,OOO`, `5,XXX`."""
_CREDIT = frozenset(("CR", "DR", "Cr"))
"""After a sum: the side of an account."""
_NUMERATORS = frozenset([*map(str, range(100)), *(f"0{digit}" for digit in range(10))])
_DENOMINATORS = frozenset("2 3 4 5 6 7 8 9 10 12 16 20 32 64 100 1000".split())
_BETWEEN_NUMBER_AND_UNIT = frozenset(
    "calendar business working banking trading consecutive full additional successive further contract "
    "clear whole entire".split()
)
_STRANGE_SCALES = frozenset(
    "dozen hundred lacs gross score myriad mill bill thou thsd th tsd tys trn bln bio tn cr mil bil grand large mega "
    "kilo mille duizend tausend tusen tuhat mila tisic tisíc tysiac tysiąc tysięcy ezer bin ribu juta arab kharab man "
    "oku hundert honderd тыс млн млрд тысяч".split()
)
_LIKE_A_SCALE = re.compile(
    r"\w*illi(?:on|ard)s?|(?:mil|bil|tril)+(?:i|j|h|y|l?[oó]n|li?ard|iard)\w*|mi?l+[ij]?on\w*|miljard\w*", re.I
)
_SCALE_NAMES = ("hundred", "thousand", "million", "billion", "trillion")
_SCALE_SIMILARITY = 80.0
"""The least rapidfuzz ratio of a misspelt `million` or a foreign one; `medallion` has 75."""
_SHORT_WORDS = frozenset(
    "a an and or of in on at to by for is as the if but not nor via pa p.a no net any all due its it was are be "
    "we he do per than that this each from with upon into such less plus up so who may can has had now one two "
    "six ten when then day fee tax vat lb lbs kg oz ton pro out off over paid cash plan only mwh kwh mcf bbl unit "
    "item job hour week year cap sum which his her our own both more most same shall will must also been were "
    "have they them their said".split()
)
_ORDINALS = frozenset("first second third fourth fifth sixth seventh eighth ninth".split())
_NO_UNITS = frozenset("pair pairs brace trio squared cubed odd o'clock fold".split())
"""After a number: it counts several, or does not count."""
_PRONOUN_BEFORE = frozenset("any no each every only either the this that such other neither which another".split())
_PRONOUN_BEHIND = frozenset("of or party another hand such time-to-time".split())


class _Scan:
    """The parts of one line, from left to right."""

    def __init__(self, text: str) -> None:
        self.line = line = one_line(text)
        self.text_as_given = text
        self.parts: list[Part] = []
        self.covered = bytearray(len(line))
        references = [match.span() for match in _REFERENCES.finditer(line)]
        without = list(line)
        for start, end in references:
            without[start:end] = "\x00" * (end - start)
        for one in dates_of("".join(without)):
            self.known(Kind.DATE, one.start, one.end, one.values)
        for start, end in references:
            self.known(Kind.NAME, start, end)
        for start, end in days_without_year(line):
            self.known(Kind.DATE, start, end)
        for match in _NAMES_OF_FIGURES.finditer(line):
            self.known(Kind.NAME, *match.span())
        for match in _QUOTED.finditer(line):
            self.known(Kind.NAME, *match.span("figure"))
        for match in _MARKS.finditer(line):
            if match[0][0] != "(" or _BEFORE_A_MARK.search(line, max(0, match.start() - 12), match.start()):
                self.known(Kind.NAME, *match.span())
        self.parts.sort(key=lambda part: part.start)
        self.items: list[_Item] = []
        self.items = self.numbers(self.tokens())
        self.taken: set[int] = set()
        self.entities()
        self.parts.sort(key=lambda part: part.start)

    def known(self, kind: Kind, start: int, end: int, values: tuple[str, ...] = ()) -> None:
        """Add a part that is found before the others; a part inside another is dropped."""
        if not any(self.covered[start:end]):
            self.covered[start:end] = b"\x01" * (end - start)
            self.parts.append(Part(kind, start, end, values))

    # Tokens

    def tokens(self) -> list[_Item]:
        found: list[_Item] = []
        at = 0
        for known in [*self.parts, None]:
            end = known.start if known else len(self.line)
            while match := _TOKEN.search(self.line, at, end):
                item = self.token(match, end)
                found.append(item)
                at = item.end
            if known:
                found.append(_Item("part", known.start, known.end, ""))
                at = max(at, known.end)
        return found

    def token(self, match: re.Match[str], end: int) -> _Item:
        kind = match.lastgroup or "other"
        if kind in ("known", "strange"):
            kind = "strange" if strange(self.line, match) else "cur"
        if kind == "word" and not match[0].isascii() and any(char.isnumeric() for char in match[0]):
            kind = "script"
        if kind == "num":
            for pattern in (_SPACED, _TORN):
                wider = pattern.match(self.line, match.start(), end)
                if wider and wider.end() > match.end() and not self.after_digit(match.start()):
                    values = self.spaced(wider) if pattern is _SPACED else self.torn(wider)
                    return _Item("num", wider.start(), wider.end(), wider[0], values)
            return _Item("num", match.start(), match.end(), match[0], from_figures(match[0]))
        return _Item(kind, match.start(), match.end(), match[0])

    def after_digit(self, at: int) -> bool:
        return at > 0 and self.line[at - 1].isdigit()

    def spaced(self, match: re.Match[str]) -> tuple[Decimal, ...]:
        """`1 200 000` is one number; `5 100 units` may be two."""
        values = from_figures(match[0])
        if match[0].count(" ") == 1 and re.match(r"\s[a-z]{3,}s\b", self.line[match.end() : match.end() + 30]):
            after = re.match(r"\s[a-z]+", self.line[match.end() : match.end() + 30])
            if after and after[0].strip() not in (
                "dollars",
                "euros",
                "francs",
                "rupees",
                "pesos",
                "thus",
                "plus",
                "less",
            ):
                values += from_figures(match[0].partition(" ")[0])
        return values

    def torn(self, match: re.Match[str]) -> tuple[Decimal, ...]:
        """`30, 000` may be torn, `5, 100 units` is not."""
        return from_figures(re.sub(r"\s", "", match[0])) + from_figures(re.split(r"[\s,]", match[0])[0])

    # Numbers

    def numbers(self, tokens: list[_Item]) -> list[_Item]:
        """The items: tokens that make a number become one; a number that is not understood has no values."""
        found: list[_Item] = []
        at = 0
        while at < len(tokens):
            item, at = self.number(tokens, at)
            found.append(item)
        return self.paired(found)

    def number(self, tokens: list[_Item], at: int) -> tuple[_Item, int]:
        token = tokens[at]
        if token.kind == "num":
            return self.figures(tokens, at)
        if token.kind == "vul":
            return replace(token, kind="num", values=(Decimal(VULGAR[token.text]),), part=True), at + 1
        if token.kind == "word":
            return self.words(tokens, at) or (token, at + 1)
        return token, at + 1

    def figures(self, tokens: list[_Item], at: int) -> tuple[_Item, int]:
        first, values, part, end = tokens[at], tokens[at].values, False, at + 1
        over = self.fraction(tokens, at)
        if over is not None:
            values, part, end = over[0], True, over[1]
            if self.glued(tokens, end, "word") and tokens[end].text.lower() in ("th", "ths", "rd", "rds"):
                end += 1
        elif len(values) >= 1 and first.text.isdigit() and len(first.text) <= 3:
            mixed = self.mixed(tokens, end)
            if mixed:
                # "Clause 7 ½%" may be a half percent by clause 7.
                named = _REFERENCE_BEFORE.search(self.line, max(0, first.start - 15), first.start)
                values, end = () if named else (total(values[0], mixed[0]),), mixed[1]
        if self.kind(tokens, end) == "word" and self.beside(tokens, end):
            word, glued = tokens[end].text.lower(), tokens[end].start == tokens[end - 1].end
            if word in ("th", "st", "nd", "rd") and not part:
                return _Item("ord", first.start, tokens[end].end, ""), end + 1
            scale = SCALES.get(word) or self.short_scale(tokens, end)
            if scale:
                values, end = self.scaled(values, scale), end + 1
                if self.kind(tokens, end) == "punct" and tokens[end].text == "." and word in SHORT_SCALES:
                    end += tokens[end].start == tokens[end - 1].end
                if self.kind(tokens, end) == "word" and tokens[end].text.lower() in SCALES:
                    values = ()
            elif word in ("hundred", "hundreds", "dozen", "dozens", "score"):
                values, end = (), end + 1
            elif glued and word not in NAMES and word not in ("x", "pa", "am", "pm"):
                values = ()
                while (
                    end < len(tokens)
                    and tokens[end].start == tokens[end - 1].end
                    and tokens[end].kind in ("word", "num")
                ):
                    end += 1
        elif self.kind(tokens, end) == "dash" and self.kind(tokens, end + 1) == "word":
            scale = SCALES.get(tokens[end + 1].text.lower())
            if scale and self.glued(tokens, end, "dash") and self.glued(tokens, end + 1, "word"):
                values, end = self.scaled(values, scale), end + 2
        if _OCR.match(self.line, tokens[end - 1].end):
            values = ()
        if first.start and re.match(r"[^\W\d_]", self.line[first.start - 1]) and not self.after_currency(tokens, at):
            values = ()
        return _Item("num", first.start, tokens[end - 1].end, "", values, part=part), end

    def scaled(self, values: tuple[Decimal, ...], scale: int) -> tuple[Decimal, ...]:
        """The first value times the scale; none if that is not exact, as for ⅓."""
        return tuple(product(value, scale) for value in values[:1] if not endless(value))

    def after_currency(self, tokens: list[_Item], at: int) -> bool:
        return at > 0 and tokens[at - 1].kind == "cur"

    def short_scale(self, tokens: list[_Item], at: int) -> int | None:
        token = tokens[at]
        if token.text == "MN":  # also Moneda Nacional
            return None
        gap = token.start - tokens[at - 1].end
        if gap > 1 or re.match(r"\.\w|\w", self.line[token.end : token.end + 2]):
            return None
        return SHORT_SCALES.get(token.text.lower())

    def fraction(self, tokens: list[_Item], at: int) -> tuple[tuple[Decimal, ...], int] | None:
        """`50/100` at a number in figures: its values, and its end."""
        if not (self.glued(tokens, at + 1, "slash") and self.glued(tokens, at + 2, "num")):
            return None
        over, under = tokens[at].text, tokens[at + 2].text
        if not (over in _NUMERATORS and under in _DENOMINATORS and int(over) < int(under)):
            return (), at + 3
        if under not in ("100", "1000") and gcd(int(over), int(under)) > 1:
            return (), at + 3  # `5/10` may be two numbers
        if self.glued(tokens, at + 3, "slash"):
            end = at + 3
            while self.glued(tokens, end, "slash") or self.glued(tokens, end, "num"):
                end += 1
            return (), end
        return (fraction(int(over), int(under)),), at + 3

    def mixed(self, tokens: list[_Item], at: int) -> tuple[Decimal, int] | None:
        """The fraction after a whole number, such as `-1/2`, `½`, `and 1/2`."""
        if self.kind(tokens, at) in ("dash", "amp") or (
            self.kind(tokens, at) == "word" and tokens[at].text.lower() == "and"
        ):
            if tokens[at].kind == "dash" and not (self.glued(tokens, at, "dash") and self.tight(tokens, at + 1)):
                return None
            at += 1
        if not self.beside(tokens, at):
            return None
        if self.kind(tokens, at) == "vul":
            return Decimal(VULGAR[tokens[at].text]), at + 1
        if self.kind(tokens, at) == "num":
            found = self.fraction(tokens, at)
            if found and found[0] and found[0][0] < 1:
                return found[0][0], found[1]
        return None

    def words(self, tokens: list[_Item], at: int) -> tuple[_Item, int] | None:
        """The number in words at that index."""
        first = tokens[at].text.lower()
        words, joints, places = self.run(tokens, at)
        if first in ("half", "quarter"):
            following = (
                tokens[at + 1].text.lower() if self.kind(tokens, at + 1) == "word" else self.kind(tokens, at + 1)
            )
            if (
                following in ("of", "pct")
                or (first == "half" and following in ("a", "an", "the"))
                or following in SCALES
            ):
                if following in ("a", "an") and self.kind(tokens, at + 2) == "word":
                    return _Item("num", tokens[at].start, tokens[at + 2].end, ""), at + 3
                value = Decimal("0.5") if first == "half" else Decimal("0.25")
                return _Item("num", tokens[at].start, tokens[at].end, "", (value,), True, True), at + 1
            return None
        if first in ("a", "an") and len(words) > 1 and joints[0] in (" ", "-") and words[1] in PARTS:
            after = words[2] if len(words) > 2 else self.kind(tokens, places[1] + 1)
            if words[1] == "half" or after in ("of", "pct"):
                value = fraction(1, PARTS[words[1]])
                return _Item("num", tokens[at].start, tokens[places[1]].end, "", (value,), True, True), places[1] + 1
            return None
        if first in ("several", "multiple") and len(words) > 1 and words[1] in (*SCALES, "hundred", "dozen"):
            return _Item("num", tokens[at].start, tokens[places[1]].end, ""), places[1] + 1
        number = spelt(words, joints)
        if number is None:
            return None
        end = places[number.used - 1] + 1
        if number.value is None:
            return _Item("num", tokens[at].start, tokens[end - 1].end, "", (), True), end
        value, part = number.value, False
        if number.used < len(words) and joints[number.used - 1] in (" ", "-"):
            word, hyphen = words[number.used], joints[number.used - 1] == "-"
            under = PLURAL_PARTS.get(word) or PARTS.get(word)
            if words[number.used - 1] in (*TENS, "hundred") and word in _ORDINALS:
                return _Item("num", tokens[at].start, tokens[places[number.used]].end, "", (), True), places[
                    number.used
                ] + 1
            if under and not self.calendar(word, places, number.used):
                after = words[number.used + 1] if number.used + 1 < len(words) else self.kind(tokens, end + 1 + hyphen)
                certain = hyphen or word in PLURAL_PARTS or word == "half" or after in ("of", "pct", "open", "per")
                end = places[number.used] + 1
                if not certain:
                    return _Item("num", tokens[at].start, tokens[end - 1].end, "", (), True), end
                value, part = fraction(value, under), True
        if not part:
            more = self.more(tokens, end)
            if more:
                small = value < 1000 and value == value.to_integral_value() and words[number.used - 1] not in SCALES
                part_of = more[0]
                if part_of is None or not (small or more[2]):
                    return _Item("num", tokens[at].start, tokens[more[1] - 1].end, "", (), True), more[1]
                value, end = total(value, part_of), more[1]
        if self.kind(tokens, end) == "word" and tokens[end].text.lower() in SCALES and self.beside(tokens, end):
            values, end = self.scaled((value,), SCALES[tokens[end].text.lower()]), end + 1
            return _Item("num", tokens[at].start, tokens[end - 1].end, "", values, True, part), end
        return _Item("num", tokens[at].start, tokens[end - 1].end, "", (value,), True, part), end

    def calendar(self, word: str, places: list[int], used: int) -> bool:
        """Whether it is a quarter of the year or a second, not a fraction: `four quarters of notice`."""
        return word in ("seconds",) or used >= len(places)

    def more(self, tokens: list[_Item], at: int) -> tuple[Decimal | None, int, bool] | None:
        """The fraction that `and` adds to a number in words, its end, and whether its figures are hundredths."""
        joined = self.kind(tokens, at) == "amp" or (
            self.kind(tokens, at) == "word" and tokens[at].text.lower() == "and"
        )
        if not joined and self.kind(tokens, at) not in ("vul", "num", "dash"):
            return None
        if not joined and self.kind(tokens, at) == "dash" and not self.glued(tokens, at, "dash"):
            return None
        start = at + 1 if joined or self.kind(tokens, at) == "dash" else at
        if self.kind(tokens, start) == "vul" and self.beside(tokens, start):
            return Decimal(VULGAR[tokens[start].text]), start + 1, False
        if self.kind(tokens, start) == "num":
            found = self.fraction(tokens, start)
            if found:
                hundredths = tokens[start + 2].text == "100"
                end = found[1]
                if self.glued(tokens, end, "word") and tokens[end].text.lower() in ("th", "ths"):
                    end += 1
                value = found[0][0] if found[0] and found[0][0] < 1 else None
                return value, end, hundredths
            return None
        if not joined or self.kind(tokens, start) != "word":
            return None
        if tokens[start].text.lower() in ("no", "xx", "nil", "zero") and self.hundredths(tokens, start + 1):
            end = start + 3
            if self.glued(tokens, end, "word") and tokens[end].text.lower() in ("th", "ths"):
                end += 1
            return Decimal(0), end, True
        if tokens[start].text.lower() in ("half", "quarter"):
            return None, start + 1, False
        words, joints, places = self.run(tokens, start)
        if words[0] in ("a", "an"):
            if len(words) > 1 and words[1] in ("half", "quarter", "third"):
                return fraction(1, PARTS[words[1]]), places[1] + 1, False
            return None
        spoken = spelt(words, joints)
        if spoken and spoken.value is not None and spoken.used < len(words) and joints[spoken.used - 1] in (" ", "-"):
            word = words[spoken.used]
            under = PLURAL_PARTS.get(word) or PARTS.get(word)
            if under:
                value = fraction(spoken.value, under)
                return (value if value < 1 else None), places[spoken.used] + 1, False
        return None

    def hundredths(self, items: Sequence[_Item], at: int) -> bool:
        """Whether `/100` is at that index."""
        after = self.kind(items, at) == "slash" and self.kind(items, at + 1) == "num"
        return after and items[at + 1].values == (Decimal(100),)

    def run(self, tokens: list[_Item], at: int) -> tuple[list[str], list[str], list[int]]:
        """The words from that index, their joints, and their places among the tokens; at most 40."""
        words, joints, places = [tokens[at].text.lower()], [], [at]
        while len(words) < 40:
            after, joint = places[-1] + 1, " "
            if self.kind(tokens, after) in ("dash", "comma"):
                joint = "-" if tokens[after].kind == "dash" else ","
                if joint == "-" and len(tokens[after].text) > 1:
                    break
                after += 1
            if self.kind(tokens, after) not in ("word", "amp") or not self.beside(tokens, after):
                break
            words.append(tokens[after].text.lower())
            joints.append(joint)
            places.append(after)
        return words, joints, places

    def paired(self, items: list[_Item]) -> list[_Item]:
        """`six (6)` as one number: the values of both, or all values if they disagree."""
        found: list[_Item] = []
        at = 0
        while at < len(items):
            item = items[at]
            close = self.bracketed(items, at + 1) if item.kind == "num" else None
            if close and item.values:
                inner = next(one for one in items[at + 1 : close] if one.kind == "num")
                values = agreed(item.values, inner.values) if inner.values else ()
                item = replace(item, end=items[close].end, values=values, part=item.part and inner.part)
                at = close
                following = items[at + 1] if self.beside(items, at + 1) else item
                scale = SCALES.get(self.line[following.start : following.end].lower())
                if scale:  # `two (2) million`
                    at += 1
                    item = replace(
                        item, end=items[at].end, values=self.scaled(values, scale) if len(values) == 1 else ()
                    )
            found.append(item)
            at += 1
        return found

    def bracketed(self, items: list[_Item], at: int) -> int | None:
        """The end of a bracket at that index that holds only a number."""
        if self.kind(items, at) != "open":
            return None
        at += 1
        at += self.kind(items, at) == "quote"
        if self.kind(items, at) != "num":
            return None
        at += 1
        at += self.kind(items, at) == "quote"
        return at if self.kind(items, at) == "close" else None

    # Amounts of money, percentages, counts

    def entities(self) -> None:
        items = self.items
        for at, item in enumerate(items):
            if item.kind == "num" and item.values and at not in self.taken:
                self.percent(at)
        for at, item in enumerate(items):
            if item.kind == "num" and item.values and at not in self.taken and not self.priced(at):
                self.timed(at)
        for at, item in enumerate(items):
            if item.kind == "num" and item.values and at not in self.taken:
                self.money_after_its_currency(at)
        for at, item in enumerate(items):
            if item.kind == "num" and item.values and at not in self.taken:
                self.money_before_its_currency(at)
        self.confirmations()
        for at, item in enumerate(items):
            if at in self.taken:
                continue
            if item.kind == "num":
                if not item.values:
                    self.add(Kind.UNREAD, at, at)
                elif not self.pronoun(at):
                    self.bare(at)
            elif item.kind in ("strange", "bps", "pct", "vul", "other") or item.text in ("‰", "‱"):
                self.leftover(at)
            elif item.kind == "script" or (item.kind == "sign" and item.text != "=") or item.text in _CREDIT:
                self.add(Kind.UNREAD, at, at)
            elif item.kind == "dash":
                self.dash(at)
            elif item.kind == "open" and (self.whole(at) or (at + 1 in self.taken and self.accounting(at))):
                self.add(Kind.UNREAD, at, at)
            elif item.kind == "blank":
                self.blank(at)
            elif item.kind == "cur":
                self.currency_left_over(at)

    def kind(self, items: Sequence[_Item], at: int) -> str:
        return items[at].kind if 0 <= at < len(items) else ""

    def text(self, at: int) -> str:
        return self.items[at].text.lower() if 0 <= at < len(self.items) else ""

    def glued(self, items: Sequence[_Item], at: int, kind: str) -> bool:
        return self.kind(items, at) == kind and items[at].start == items[at - 1].end

    def tight(self, items: Sequence[_Item], at: int) -> bool:
        return 0 < at < len(items) and items[at].start == items[at - 1].end

    def beside(self, items: Sequence[_Item], at: int) -> bool:
        """Whether only blanks are between the item at that index and the one before it."""
        return 0 < at < len(items) and not self.line[items[at - 1].end : items[at].start].strip()

    def add(
        self, kind: Kind, first: int, last: int, values: tuple[Any, ...] = (), unit: str = "", bare: bool = False
    ) -> None:
        """Take the items as one part."""
        self.taken.update(range(first, last + 1))
        self.parts.append(Part(kind, self.items[first].start, self.items[last].end, values, unit, bare))

    def priced(self, at: int) -> bool:
        """Whether a currency is directly before the number, and no number before the currency."""
        before = at - 1 - (self.kind(self.items, at - 1) in ("dash", "open"))
        return self.kind(self.items, before) == "cur" and self.kind(self.items, before - 1) != "num"

    def percent(self, at: int) -> None:
        items = self.items
        values, first = self.decimal_values(at), at
        end = at + 1
        if self.kind(items, end) == "word" and self.text(end) in ("of", "a", "an"):
            # `one-half of one percent`, `0.1 of 1%`, `half a percent`
            inner = end + (self.text(end) == "of")
            one = self.kind(items, inner) == "num" and items[inner].values == (Decimal(1),)
            if (one or self.text(inner) in ("a", "an")) and self.kind(items, inner + 1) == "pct":
                small = items[at].part or all(value < 1 for value in values)
                if small and not (at and self.kind(items, at - 1) in ("num", "part")):
                    self.signed(Kind.PERCENT, at, inner + 1, values)
                return
        if (
            items[at].part
            and self.kind(items, end) == "num"
            and items[end].values == (Decimal(1),)
            and self.kind(items, end + 1) == "pct"
        ):
            self.signed(Kind.PERCENT, at, end + 1, values)
            return
        end += self.kind(items, end) == "dash" and self.kind(items, end + 1) in ("pct", "bps")
        wrapped = self.kind(items, end) == "close" and self.kind(items, end + 1) in ("pct", "bps")
        end += wrapped
        if self.kind(items, end) not in ("pct", "bps") or not self.beside(items, end):
            if (
                self.text(at - 1) == "%"
                and items[at - 1].end == items[at].start
                and self.kind(items, at - 2) in ("", "word")
            ):
                self.signed(Kind.PERCENT, at - 1, at, values)
            return
        if self.glued(items, end + 1, "word") and self.text(end + 1) not in ("pa", "p.a", "p.a."):
            self.add(Kind.UNREAD, first, end + 1)
            return
        last = end
        if items[end].kind == "bps" and items[at].part:
            return
        if items[end].kind == "bps":
            values = tuple(product(value, Decimal("0.01")) for value in values)
        if wrapped:
            if self.kind(items, first - 1) == "open":  # `(5)%` may be negative, `[5]%` a draft
                self.add(Kind.UNREAD, first - 1, last)
            return
        before = first - 1
        if self.kind(items, before) == "open" and self.kind(items, last + 1) == "close":
            spoken = self.kind(items, before - 1) == "num" and before - 1 not in self.taken and items[before - 1].values
            if spoken:
                values, first, last = agreed(spoken, values), before - 1, last + 1
                last += self.kind(items, last + 1) in ("pct", "bps")
        self.signed(Kind.PERCENT, first, last, values)

    def decimal_values(self, at: int) -> tuple[Decimal, ...]:
        """A dot before three digits is a decimal point beside a percent sign; a comma may be."""
        written = self.line[self.items[at].start : self.items[at].end]
        if re.fullmatch(r"\d{1,3}\.\d{3}", written):
            return (Decimal(written),)
        if re.fullmatch(r"[1-9]\d{0,2},\d{3}", written):
            return (*self.items[at].values, Decimal(written.replace(",", ".")))
        return self.items[at].values

    def timed(self, at: int) -> None:
        """A number with its unit: `thirty (30) calendar days`, `30-day`."""
        items, end = self.items, at + 1
        end += self.kind(items, end) in ("dash", "quote")
        while self.kind(items, end) == "word" and self.text(end) in _BETWEEN_NUMBER_AND_UNIT and end < at + 6:
            end += 1
        power = POWERS.get(self.text(end), "")
        if power:
            end += 1 + (self.text(end + 1) == ".")
        word = self.text(end).split("'")[0]
        if self.kind(items, end) != "word" or word not in NAMES:
            return
        unit = f"{power} {NAMES[word]}".strip()
        if items[at].part or (self.decimal_comma(at) and self.line[items[at].end - 3] == ","):
            self.add(Kind.UNREAD, at, end)
            return
        if word in ("min", "mo", "sec") and self.line[items[end].end : items[end].end + 1] not in (".", "", " ", ","):
            return
        self.signed(Kind.COUNT, at, end, items[at].values, unit)

    def money_after_its_currency(self, at: int) -> None:
        items, before = self.items, at - 1
        inner = self.kind(items, before)
        opened = inner == "open"
        if inner in ("dash", "open"):
            before -= 1
        if self.kind(items, before) not in ("cur", "strange") or before in self.taken:
            return
        if inner == "dash" and items[at - 1].end != items[at].start:
            return
        between = self.kind(items, before - 1) == "num" and before - 1 not in self.taken and self.name(before)
        if between and (items[before - 1].spelt or not items[at].spelt):
            return
        if items[before].kind == "strange" or self.scaled_before(before):
            self.add(Kind.UNREAD, before, at)
            return
        last, values, named = at, items[at].values, before
        if opened:
            if self.kind(items, at + 1) != "close":
                return
            last = at + 1
            if items[before + 1].text != "(":  # `$[5,000]` may be a draft
                self.add(Kind.UNREAD, before, last)
                return
            values = tuple(-value for value in values)
        elif inner == "dash":
            values = tuple(-value for value in values)
        last = self.even(last)
        if code := self.currency_after(last, before):
            last, named = code
        if last == at:
            more, last = self.cents(last)
            values = tuple(total(value, more) for value in values) if more else values
        self.money(before, last, values, named)

    def scaled_before(self, at: int) -> bool:
        """Whether a scale is before the currency at that index: `Mio. EUR 5`."""
        items = self.items
        before = at - 1 - (self.kind(items, at - 1) == "punct" and self.text(at - 1) == ".")
        if self.kind(items, before) != "word":
            return False
        word = self.text(before)
        if len(word) == 1 and word not in "ai":
            # "Exhibit B $5,000" names an exhibit; `k USD 5` has a scale.
            return (
                before == 0 or self.kind(items, before - 1) != "word" or (items[before].text in "MK" and self.name(at))
            )
        return self.scale(before) or word in SHORT_SCALES

    def money_before_its_currency(self, at: int) -> None:
        items = self.items
        last = self.even(at)
        after = last + 1
        wrapped = self.kind(items, after) == "close" and self.kind(items, at - 1) == "open"
        after += wrapped
        if self.glued(items, after, "dash") and self.glued(items, after + 1, "cur"):
            after += 1
        elif self.kind(items, after) == "dash":
            return
        if self.kind(items, after) not in ("cur", "strange") or after in self.taken or not self.beside(items, after):
            return
        if (
            not self.name(after)
            and self.text(after) not in ("€", "$us")
            and self.kind(items, after + 1) in ("num", "blank")
        ):
            return
        if items[after].kind == "strange":
            self.add(Kind.UNREAD, at - wrapped, after)
            return
        values = items[at].values
        if self.text(after) in ("cent", "cents"):
            values = tuple(product(value, Decimal("0.01")) for value in values)
            last = after
        else:
            more, last = self.cents(after)
            values = tuple(total(value, more) for value in values) if more else values
        if wrapped:
            values = tuple(-value for value in values)
        self.money(at - wrapped, last, values, after)

    def name(self, at: int) -> bool:
        """Whether a currency is written in letters, as it may be after a number."""
        return self.items[at].text[-1].isalpha()

    def even(self, last: int) -> int:
        """`500.-`, `500,-`, `500/-`: no decimals."""
        items = self.items
        if self.kind(items, last + 1) in ("punct", "comma", "slash") and self.glued(
            items, last + 1, items[last + 1].kind
        ):
            after = self.line[items[last + 2].end : items[last + 2].end + 1] if last + 2 < len(items) else ""
            if self.glued(items, last + 2, "dash") and not after.isalnum():
                return last + 2
        return last

    def currency_after(self, last: int, before: int) -> tuple[int, int] | None:
        """`$5,000 Canadian`, `$5,000 (USD)`: the end and the index of the more precise mark."""
        items, at = self.items, last + 1
        opened = self.kind(items, at) == "open"
        at += opened
        word = self.text(at)
        marks = self.kind(items, at) == "cur" and self.name(at) and word not in ("cent", "cents")
        if not (marks or (self.kind(items, at) == "word" and word in NATIONS)) or not self.beside(items, at):
            return None
        if opened and self.kind(items, at + 1) != "close":
            return None
        if self.kind(items, at + 1) == "num" and at + 1 not in self.taken:
            return None
        end = at + opened
        here = self.items[before].text.lower()
        if bare_dollars(here) or here == "¥":
            return end, at
        return (
            (end, before) if self.code_at(at) in (self.code_at(before), "USD") and self.same_noun(before, at) else None
        )

    def same_noun(self, before: int, at: int) -> bool:
        return self.code_at(before) == self.code_at(at) or bare_dollars(self.items[at].text)

    def cents(self, at: int) -> tuple[Decimal, int]:
        """`and fifty cents`, `and 50/100` after a currency: the fraction, and its end."""
        items, end = self.items, at + 1
        end += self.kind(items, end) == "comma"
        if self.text(end) != "and" and self.kind(items, end) != "amp":
            return Decimal(0), at
        number = end + 1
        if self.kind(items, number) == "num" and len(items[number].values) == 1 and number not in self.taken:
            value = items[number].values[0]
            written = self.line[items[number].start : items[number].end]
            if re.fullmatch(r"\d{1,2}/100(?:ths?)?", written):
                return value, number
            if self.text(number + 1) in ("cent", "cents", "pence", "paise") and value < 100:
                return product(value, Decimal("0.01")), number + 1
        if self.text(number) in ("no", "xx") and self.hundredths(items, number + 1):
            return Decimal(0), number + 2
        return Decimal(0), at

    def code_at(self, at: int) -> str | None:
        return code(self.items[at].text)

    def money(self, first: int, last: int, values: tuple[Decimal, ...], named: int) -> None:
        """Take it, with the number before its bracket, unless an unknown abbreviation follows."""
        items, currency = self.items, self.code_at(named)
        after = last + 1
        after += self.kind(items, after) == "close" and self.kind(items, after + 1) == "word"
        if self.abbreviated(after) and self.text(after) not in ("p.m", "p.m.", "pcm", "p.w", "p.w.", "pw", "gross"):
            self.add(Kind.UNREAD, first, after)
            return
        before = first - 1
        if (
            self.kind(items, before) == "open"
            and self.kind(items, before - 1) == "num"
            and before - 1 not in self.taken
        ):
            spoken = items[before - 1].values
            values = agreed(spoken, values) if spoken else ()
            first = before - 1
            last += self.kind(items, last + 1) == "close"
            if self.kind(items, last + 1) == "cur" and self.beside(items, last + 1) and self.name(last + 1):
                if self.code_at(last + 1) != currency:
                    values = ()
                last += 1
            if not values:
                self.add(Kind.UNREAD, first, last)
                return
        if bare_dollars(items[named].text) and named < last and self.decimal_comma(named + 1):
            self.add(Kind.UNREAD, first, last)
            return
        self.signed(
            Kind.MONEY,
            first,
            last,
            tuple(MonetaryAmount(value, currency) for value in values),
            bare=bare_dollars(items[named].text),
        )

    def scale(self, at: int) -> bool:
        """Whether the word at that index is a scale, or may be a foreign, colloquial or misspelt one: `grand`."""
        word = self.text(at).split("'")[0]
        if word in SCALES or word in _STRANGE_SCALES or _LIKE_A_SCALE.fullmatch(word):
            return True
        return len(word) > 4 and any(fuzz.ratio(word.rstrip("s"), name) >= _SCALE_SIMILARITY for name in _SCALE_NAMES)

    def abbreviated(self, at: int) -> bool:
        """Whether a short uncommon word is directly at that index, such as `B`, `tsd.` and `M.N.`"""
        items = self.items
        if self.kind(items, at) != "word" or not self.beside(items, at):
            return False
        word = items[at].text
        lowered = word.lower()
        if self.scale(at) or (not word.isascii() and word.upper() == word.lower()):
            return True
        if lowered in _SHORT_WORDS or lowered in NATIONS or len(word) > 4 or lowered in NAMES:
            return False
        return len(word) <= 3 or self.line[items[at].end : items[at].end + 1] == "." or word.isupper()

    def signed(
        self, kind: Kind, first: int, last: int, values: tuple[Any, ...], unit: str = "", bare: bool = False
    ) -> None:
        """Take it with its sign: a negative value, or a part that is not understood."""
        sign, start, end = self.sign(first, last)
        if any(at in self.taken for at in range(start, end + 1)):
            start, end = first, last
        if sign == "?":
            self.add(Kind.UNREAD, start, end)
            return
        if sign == "-":
            values = tuple(
                MonetaryAmount(-value.amount, value.currency) if isinstance(value, MonetaryAmount) else -value
                for value in values
            )
        self.add(kind, start, end, values, unit, bare)

    def sign(self, first: int, last: int) -> tuple[str, int, int]:
        """The sign of the items: `-`, nothing, or `?` if it is unclear; and the first and last item with the sign."""
        items, before, after = self.items, first - 1, last + 1
        if self.kind(items, after) == "dash":
            glued = items[after].start == items[last].end
            following = self.line[items[after].end : items[after].end + 1]
            rest = self.line[items[after].end :].strip()
            if (glued and not following.strip()) or not rest or rest[0] in ")]":
                return "?", first, after
        if self.kind(items, before) == "dash":
            dash = items[before]
            tight = dash.end == items[first].start
            left = self.line[dash.start - 1 : dash.start] if dash.start else ""
            outer = before - 1
            if tight and (not left or left in " ([\"'" or self.kind(items, outer) == "cur"):
                if self.kind(items, outer) in ("num", "pct") or (outer >= 0 and outer in self.taken and left != "("):
                    return "", first, last
                minus = len(dash.text) == 1 and self.text_as_given[dash.start] not in "—―"
                return ("-" if minus else "?"), before, last
            if tight and left.isalpha():
                return "?", before, last
            if not tight and (before == 0 or self.kind(items, outer) in ("open", "punct", "comma")):
                return "?", before, last
        if self.text(before) in ("minus", "negative", "neg"):
            outer = before - 1
            if outer < 0 or self.kind(items, outer) in ("open", "punct", "quote") or self.text(outer) in (
                "of", "is", "be", "at", "to", "was", "a", "equals", "exceed", "by", "than", "=",
            ):  # fmt: skip
                return "-", before, last
            return "?", before, last
        if self.kind(items, before) == "sign" and items[before].text in "+±~≈<>≤≥#^":
            return "?", before, last
        if self.kind(items, before) == "open" and self.kind(items, after) == "close":
            return ("?", before, after) if self.accounting(before) else ("", first, last)
        return "", first, last

    def accounting(self, opened: int) -> bool:
        """Whether a bracket around a number may mean that it is negative."""
        items, before = self.items, opened - 1
        if before in self.taken or self.kind(items, before) in ("num", "cur", "strange", "pct", "bps", "ord", "part"):
            return False
        if before < 0 or self.kind(items, before) in ("punct", "comma", "dash", "sign", "open"):
            return True
        words = [self.text(at) for at in range(max(0, opened - 4), opened)]
        below = (
            "loss losses deficit refund credit debit negative net income profit earnings change decrease reduction "
            "adjustment balance flow minus plus margin result less ebitda expense return growth variance"
        )
        return any(word in below.split() for word in words)

    def confirmations(self) -> None:
        """A number in brackets that repeats the part before it is of the same kind, and must agree."""
        items = self.items
        by_end = {part.end: part for part in self.parts if part.kind is not Kind.NAME}
        for at, item in enumerate(items):
            if item.kind != "num" or at in self.taken or not item.values:
                continue
            opened = at - 1 - (self.kind(items, at - 1) == "quote")
            if self.kind(items, opened) != "open" or opened < 1:
                continue
            what = by_end.get(items[opened - 1].end)
            if what is None:
                continue
            if what.kind is Kind.DATE:
                if what.values and self.line[item.start : item.end] == what.values[0][:4]:
                    self.add(Kind.NAME, at, at)
                continue
            last = at + (self.kind(items, at + 1) == "quote")
            last += self.kind(items, last + 1) == "close"
            values: tuple[Any, ...] = item.values
            if what.kind is Kind.MONEY:
                currency = what.values[0].currency if what.values else None
                values = tuple(MonetaryAmount(value, currency) for value in values)
            both = agreed(what.values, values)
            self.parts.remove(what)
            self.taken.update(range(opened, last + 1))
            self.parts.append(Part(what.kind, what.start, items[last].end, both, what.unit, what.bare))

    def pronoun(self, at: int) -> bool:
        """`any one`, `one of the parties`."""
        item = self.items[at]
        if not item.spelt or item.values != (Decimal(1),) or self.line[item.start : item.end].lower() != "one":
            return False
        return (
            self.text(at - 1) in _PRONOUN_BEFORE
            or self.text(at + 1) in _PRONOUN_BEHIND
            or self.line[item.end : item.end + 5] == "-time"
        )

    def bare(self, at: int) -> None:
        """A number without currency, percent sign or unit."""
        items, after = self.items, at + 1
        if (
            self.kind(items, after) == "dash"
            and self.kind(items, after + 1) in ("word",)
            and (self.text(after + 1) in (*PARTS, "fold", "ish", "odd", "some") or len(self.text(after + 1)) == 1)
        ):
            self.add(Kind.UNREAD, at, after + 1)
        elif items[at].part or self.labelled(at) or (self.kind(items, at - 1) == "word" and self.text(at - 1) in TIME):
            self.add(Kind.UNREAD, at, at)
        elif (self.kind(items, after) == "word" and self.text(after) in _NO_UNITS) or (
            self.abbreviated(after)
            or (self.glued(items, after, "slash") and not items[at].spelt)
            or (self.kind(items, after) == "blank" and self.glued(items, after, "blank"))
        ):
            self.add(Kind.UNREAD, at, after)
        else:
            self.signed(Kind.COUNT, at, at, items[at].values)

    def decimal_comma(self, at: int) -> bool:
        """Whether two digits after a comma may be decimals, or be a part of `5,000`."""
        return bool(re.fullmatch(r"\d+,\d\d?", self.line[self.items[at].start : self.items[at].end]))

    def labelled(self, at: int) -> bool:
        """Whether a sign or letter beside the number makes it a label or another number: `5(a)`, `5.A`, `5'`, `,5`."""
        before, after = self.line[: self.items[at].start], self.line[self.items[at].end :]
        quoted = re.match(r"['\"]", after) and not re.search(r"['\"]\w*$", before)
        if self.decimal_comma(at) or re.search(r"\d\s?m$", self.line[: self.items[at].end]):
            return True  # `5 m` may be metres or millions
        return bool(quoted or re.match(r"\([A-Za-z]\)|\.[A-Za-z]", after) or re.search(r"(?:^|[\s(])[,|\\]$", before))

    def leftover(self, at: int) -> None:
        """A percent sign or an unknown currency, which matters only beside a number or a gap for one."""
        beside = (self.kind(self.items, at - 1), self.kind(self.items, at + 1))
        of = self.items[at].kind == "strange" and " of " in self.items[at].text
        if (
            any(kind in ("num", "blank", "vul", "cur", "pct", "close") for kind in beside)
            or of
            or self.items[at].text in ("‰", "‱")
        ):
            self.add(Kind.UNREAD, at, at)

    def dash(self, at: int) -> None:
        """A dash that may be the sign of the brackets before or after it."""
        items = self.items
        before, after = self.kind(items, at - 1), self.kind(items, at + 1)
        alone = at == 0 or before in ("punct", "comma", "open")
        opens = after == "open" and (alone or items[at].end == items[at + 1].start)
        if opens or (before == "close" and not self.line[items[at].end :].strip(" .")):
            self.add(Kind.UNREAD, at, at)

    def whole(self, at: int) -> bool:
        """Whether a bracket at that index spans the whole line: a sum in brackets may be negative."""
        items, depth = self.items, 0
        if self.line[: items[at].start].strip() or not self.line.rstrip(" .").endswith((")", "]", "}")):
            return False
        for index in range(at, len(items)):
            depth += (items[index].kind == "open") - (items[index].kind == "close")
            if depth == 0:
                return not self.line[items[index].end :].strip(" .")
        return False

    def blank(self, at: int) -> None:
        """A gap in place of figures."""
        items, item = self.items, self.items[at]
        beside = (self.kind(items, at - 1), self.kind(items, at + 1))
        tight = (at and items[at - 1].end == item.start and beside[0] in ("num", "part")) or (
            at + 1 < len(items) and items[at + 1].start == item.end and beside[1] == "num"
        )
        if item.text == "*" and at and items[at - 1].end == item.start and items[at - 1].kind == "word":
            return  # a footnote's mark
        product = item.text == "*" and "num" in beside
        tight = tight or (
            at > 0
            and len(item.text) > 1
            and (items[at - 1].end == item.start or item.text[0] in "*_" or "*" in item.text)
            and (at - 1 in self.taken or items[at - 1].kind in ("close", "part"))
        )
        priced = any(kind in ("cur", "pct", "bps", "strange") for kind in beside)
        priced = priced or (beside[1] == "open" and self.kind(items, at + 2) == "num")  # `___ (30) days`
        if priced or product or tight or self.text(at + 1) in NAMES:
            self.add(Kind.UNREAD, at, at)
        elif beside[0] == "comma" and at > 1 and self.kind(items, at - 2) == "num":
            self.add(Kind.UNREAD, at - 1, at)

    def currency_left_over(self, at: int) -> None:
        """A currency beside an amount in another currency, or beside a number that it does not belong to."""
        before = at - 1 - (self.kind(self.items, at - 1) == "open")
        if before in self.taken and not self.line[self.items[before].end : self.items[at].start].strip(" ("):
            amount = next(part for part in self.parts if part.start < self.items[before].end <= part.end)
            if amount.kind is not Kind.MONEY or any(one.currency != self.code_at(at) for one in amount.values):
                self.add(Kind.UNREAD, at, at)


@lru_cache(maxsize=2_048)
def parts(text: str) -> tuple[Part, ...]:
    """The parts of `text`, in order of place."""
    return tuple(_Scan(text).parts)
