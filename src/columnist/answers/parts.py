"""Every part of a text that is a figure, number word, sign, currency or unit, with its kind.

A part that concerns a number and is not understood has a kind, too, so that typing sees whether anything is left over.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz

from columnist.answers.currencies import NATIONS, bare_dollars, code
from columnist.answers.dates import dates_of, days_without_year
from columnist.answers.figures import is_hundredths, numbers_in
from columnist.answers.lexer import items_of
from columnist.answers.mention import MonetaryAmount, agreed
from columnist.answers.numerals import PARTS, SCALES, SHORT_SCALES, product, total
from columnist.answers.plain import one_line
from columnist.answers.references import named_figures, references
from columnist.answers.units import NAMES, POWERS, TIME


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


_CREDIT = frozenset(("CR", "DR", "Cr"))
"""After a sum: the side of an account."""
_BETWEEN_NUMBER_AND_UNIT = frozenset(
    "calendar business working banking trading consecutive full additional successive further contract "
    "clear whole entire".split()
)
_STRANGE_SCALES = frozenset(
    "dozen hundred lacs gross score myriad mill bill tril thou thsd th tsd tys trn bln bio tn cr mil bil grand large "
    "mega kilo mille duizend tausend tusen tuhat mila tisic tisíc tysiac tysiąc tysięcy ezer bin ribu juta arab "
    "kharab man oku hundert honderd тыс млн млрд тысяч".split()
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
    "item job hour week year cap sum which his her our own both more most max min par same shall will must also "
    "been were have they them their said non pre co did does yet ago see let get set old use used how why new "
    "until while".split()
)
_NO_UNITS = frozenset("pair pairs brace trio squared cubed odd o'clock fold".split())
"""After a number: it counts several, or does not count."""
_TOTAL = re.compile(r"(?:^|[.;:|])\s*(?:(?:sub|grand)[\s-]?)?total\s*$", re.I)
"""The label of a line of an account."""
_LONGEST_WORD = 40
"""Characters of a quoted word beside a number."""
_EACH = frozenset("every during within after before until past following preceding since prior last next".split())
_PRONOUN_BEFORE = frozenset("any no each every only either the this that such other neither which another".split())
_PRONOUN_BEHIND = frozenset("of or party another hand such time-to-time".split())


class _Scan:
    """The parts of one line, from left to right."""

    def __init__(self, text: str) -> None:
        self.line = line = one_line(text)
        self.text_as_given = text
        self.parts: list[Part] = []
        self.covered = bytearray(len(line))
        named = references(line)
        without = list(line)
        for start, end in named:
            without[start:end] = "\x00" * (end - start)
        for one in dates_of("".join(without)):
            self.known(Kind.DATE, one.start, one.end, one.values)
        for start, end in named:
            self.known(Kind.NAME, start, end)
        for start, end in days_without_year(line):
            self.known(Kind.DATE, start, end)
        for start, end in named_figures(line):
            self.known(Kind.NAME, start, end)
        self.parts.sort(key=lambda part: part.start)
        self.items = numbers_in(items_of(line, ((part.start, part.end) for part in self.parts)))
        self.taken: set[int] = set()
        self.entities()
        self.parts.sort(key=lambda part: part.start)

    def known(self, kind: Kind, start: int, end: int, values: tuple[str, ...] = ()) -> None:
        """Add a part that is found before the others; a part inside another is dropped."""
        if not any(self.covered[start:end]):
            self.covered[start:end] = b"\x01" * (end - start)
            self.parts.append(Part(kind, start, end, values))

    # Amounts of money, percentages, counts

    def entities(self) -> None:
        steps = (self.percent, self.timed, self.money_after_its_currency, self.money_before_its_currency)
        for step in steps:
            for at, item in enumerate(self.items.items):
                if item.kind == "num" and item.values and at not in self.taken:
                    step(at)
        self.confirmations()
        for at, item in enumerate(self.items.items):
            if at in self.taken:
                continue
            if item.kind == "num":
                if not item.values:
                    self.add(Kind.UNREAD, at, at)
                elif not self.pronoun(at):
                    self.bare(at)
            elif item.kind in ("strange", "bps", "pct", "vul", "other") or item.text in ("‰", "‱"):
                self.leftover(at)
            elif (
                item.kind == "script"
                or (item.kind == "sign" and item.text != "=")
                or item.text in _CREDIT
                or (item.text == "Dr" and self.items.kind(at + 1) == "cur")
            ):
                self.add(Kind.UNREAD, at, at)
            elif item.kind == "dash":
                self.dash(at)
            elif item.kind == "open" and (self.whole(at) or (at + 1 in self.taken and self.accounting(at))):
                self.add(Kind.UNREAD, at, at)
            elif item.kind == "blank":
                self.blank(at)
            elif item.kind == "cur":
                self.currency_left_over(at)

    def add(
        self, kind: Kind, first: int, last: int, values: tuple[Any, ...] = (), unit: str = "", bare: bool = False
    ) -> None:
        """Take the items as one part."""
        self.taken.update(range(first, last + 1))
        self.parts.append(Part(kind, self.items[first].start, self.items[last].end, values, unit, bare))

    def priced(self, at: int) -> bool:
        """Whether a currency is directly before the number, and no number before the currency."""
        before = at - 1 - (self.items.kind(at - 1) in ("dash", "open"))
        return self.items.kind(before) == "cur" and self.items.kind(before - 1) != "num"

    def percent(self, at: int) -> None:
        items = self.items
        values, first = self.decimal_values(at), at
        end = at + 1
        if items.kind(end) == "word" and items.text(end) in ("of", "a", "an"):
            # `one-half of one percent`, `0.1 of 1%`, `half a percent`
            inner = end + (items.text(end) == "of")
            one = items.kind(inner) == "num" and items[inner].values == (Decimal(1),)
            if (one or items.text(inner) in ("a", "an")) and items.kind(inner + 1) == "pct":
                small = items[at].part or all(value < 1 for value in values)
                if small and not (at and items.kind(at - 1) in ("num", "part")):
                    self.signed(Kind.PERCENT, at, inner + 1, values)
                return
        if (
            items[at].part
            and items.kind(end) == "num"
            and items[end].values == (Decimal(1),)
            and items.kind(end + 1) == "pct"
        ):
            self.signed(Kind.PERCENT, at, end + 1, values)
            return
        end += items.kind(end) == "dash" and items.kind(end + 1) in ("pct", "bps")
        wrapped = items.kind(end) == "close" and items.kind(end + 1) in ("pct", "bps")
        end += wrapped
        if items.kind(end) not in ("pct", "bps") or not items.is_beside(end):
            if (
                items.text(at - 1) == "%"
                and items[at - 1].end == items[at].start
                and items.kind(at - 2) in ("", "word")
            ):
                self.signed(Kind.PERCENT, at - 1, at, values)
            return
        if items.is_glued(end + 1, "word") and items.text(end + 1) not in ("pa", "p.a", "p.a."):
            self.add(Kind.UNREAD, first, end + 1)
            return
        last = end
        if items[end].kind == "bps" and items[at].part:
            return
        if items[end].kind == "bps":
            values = tuple(product(value, Decimal("0.01")) for value in values)
        if wrapped:
            if items.kind(first - 1) == "open":  # `(5)%` may be negative, `[5]%` a draft
                self.add(Kind.UNREAD, first - 1, last)
            return
        before = first - 1
        if items.kind(before) == "open" and items.kind(last + 1) == "close":
            spoken = items.kind(before - 1) == "num" and before - 1 not in self.taken and items[before - 1].values
            if spoken:
                values, first, last = agreed(spoken, values), before - 1, last + 1
                last += items.kind(last + 1) in ("pct", "bps")
        self.signed(Kind.PERCENT, first, last, values)

    def decimal_values(self, at: int) -> tuple[Decimal, ...]:
        """A dot before three digits is a decimal point beside a percent sign; a comma may be."""
        written = self.items.written(at)
        if re.fullmatch(r"\d{1,3}\.\d{3}", written):
            return (Decimal(written),)
        if re.fullmatch(r"[1-9]\d{0,2},\d{3}", written):
            return (*self.items[at].values, Decimal(written.replace(",", ".")))
        return self.items[at].values

    def timed(self, at: int) -> None:
        """A number with its unit: `thirty (30) calendar days`, `30-day`."""
        if self.priced(at):
            return
        items, end = self.items, at + 1
        end += items.kind(end) in ("dash", "quote")
        while items.kind(end) == "word" and items.text(end) in _BETWEEN_NUMBER_AND_UNIT and end < at + 6:
            end += 1
        power = POWERS.get(items.text(end), "")
        if power:
            end += 1 + (items.text(end + 1) == ".")
        word = items.text(end).split("'")[0]
        if items.kind(end) != "word" or word not in NAMES:
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
        inner = items.kind(before)
        opened = inner == "open"
        if inner in ("dash", "open"):
            before -= 1
        if items.kind(before) not in ("cur", "strange") or before in self.taken:
            return
        if inner == "dash" and items[at - 1].end != items[at].start:
            return
        between = items.kind(before - 1) == "num" and before - 1 not in self.taken and self.name(before)
        if between and (items[before - 1].spelt or not items[at].spelt):
            return
        if items[before].kind == "strange" or self.scaled_before(before):
            self.add(Kind.UNREAD, before, at)
            return
        last, values, named = at, items[at].values, before
        if opened:
            if items.kind(at + 1) != "close":
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
        before = at - 1 - (items.kind(at - 1) == "punct" and items.text(at - 1) == ".")
        if items.kind(before) != "word":
            return False
        word = items.text(before)
        if len(word) == 1 and word not in "ai":
            # "Exhibit B $5,000" names an exhibit; `k USD 5` has a scale.
            return before == 0 or items.kind(before - 1) != "word" or (items[before].text in "MK" and self.name(at))
        return self.scale(before) or word in SHORT_SCALES

    def money_before_its_currency(self, at: int) -> None:
        items = self.items
        last = self.even(at)
        after = last + 1
        wrapped = items.kind(after) == "close" and items.kind(at - 1) == "open"
        after += wrapped
        if items.is_glued(after, "dash") and items.is_glued(after + 1, "cur"):
            after += 1
        elif items.kind(after) == "dash":
            return
        if items.kind(after) not in ("cur", "strange") or after in self.taken or not items.is_beside(after):
            return
        if not self.name(after) and items.text(after) not in ("€", "$us") and items.kind(after + 1) in ("num", "blank"):
            return
        if items[after].kind == "strange":
            self.add(Kind.UNREAD, at - wrapped, after)
            return
        values = items[at].values
        if items.text(after) in ("cent", "cents"):
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
        if items.kind(last + 1) in ("punct", "comma", "slash") and items.is_tight(last + 1):
            after = self.line[items[last + 2].end : items[last + 2].end + 1] if last + 2 < len(items) else ""
            if items.is_glued(last + 2, "dash") and not after.isalnum():
                return last + 2
        return last

    def currency_after(self, last: int, before: int) -> tuple[int, int] | None:
        """`$5,000 Canadian`, `$5,000 (USD)`: the end and the index of the more precise mark."""
        items, at = self.items, last + 1
        opened = items.kind(at) == "open"
        at += opened
        word = items.text(at)
        marks = items.kind(at) == "cur" and self.name(at) and word not in ("cent", "cents")
        if not (marks or (items.kind(at) == "word" and word in NATIONS)) or not items.is_beside(at):
            return None
        if opened and items.kind(at + 1) != "close":
            return None
        if items.kind(at + 1) == "num" and at + 1 not in self.taken:
            return None
        end = at + opened
        here = items[before].text.lower()
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
        end += items.kind(end) == "comma"
        if items.text(end) != "and" and items.kind(end) != "amp":
            return Decimal(0), at
        number = end + 1
        if items.kind(number) == "num" and len(items[number].values) == 1 and number not in self.taken:
            value = items[number].values[0]
            written = items.written(number)
            if re.fullmatch(r"\d{1,2}/100(?:ths?)?", written):
                return value, number
            if items.text(number + 1) in ("cent", "cents", "pence", "paise") and value < 100:
                return product(value, Decimal("0.01")), number + 1
        if items.text(number) in ("no", "xx") and is_hundredths(items, number + 1):
            return Decimal(0), number + 2
        return Decimal(0), at

    def code_at(self, at: int) -> str | None:
        return code(self.items[at].text)

    def money(self, first: int, last: int, values: tuple[Decimal, ...], named: int) -> None:
        """Take it, with the number before its bracket, unless an unknown abbreviation follows."""
        items, currency = self.items, self.code_at(named)
        after = last + 1
        after += items.kind(after) == "close" and items.kind(after + 1) == "word"
        if self.abbreviated(after) and items.text(after) not in ("p.m", "p.m.", "pcm", "p.w", "p.w.", "pw", "gross"):
            self.add(Kind.UNREAD, first, after)
            return
        before = first - 1
        if items.kind(before) == "open" and items.kind(before - 1) == "num" and before - 1 not in self.taken:
            spoken = items[before - 1].values
            values = agreed(spoken, values) if spoken else ()
            first = before - 1
            last += items.kind(last + 1) == "close"
            if items.kind(last + 1) == "cur" and items.is_beside(last + 1) and self.name(last + 1):
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
        word = self.items.text(at).split("'")[0]
        if word in SCALES or word in _STRANGE_SCALES or _LIKE_A_SCALE.fullmatch(word):
            return True
        return len(word) > 4 and any(fuzz.ratio(word.rstrip("s"), name) >= _SCALE_SIMILARITY for name in _SCALE_NAMES)

    def abbreviated(self, at: int) -> bool:
        """Whether a short uncommon word is directly at that index, such as `B`, `tsd.` and `M.N.`"""
        items = self.items
        if items.kind(at) != "word" or not items.is_beside(at):
            return False
        word = items[at].text
        lowered = word.lower()
        if (
            self.scale(at)
            or word == "CAN"
            or (word == "Can" and self.line[items[at].end : items[at].end + 1] == ".")
            or (not word.isascii() and word.upper() == word.lower())
        ):
            return True
        if items.is_glued(at + 1, "dash") and items.is_glued(at + 2, "word"):
            return False  # `bi-weekly`
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
        if items.kind(after) == "dash":
            glued = items[after].start == items[last].end
            following = self.line[items[after].end : items[after].end + 1]
            rest = self.line[items[after].end :].strip()
            if (glued and not following.strip()) or not rest or rest[0] in ")]":
                return "?", first, after
        if items.kind(before) == "dash":
            dash = items[before]
            tight = dash.end == items[first].start
            left = self.line[dash.start - 1 : dash.start] if dash.start else ""
            outer = before - 1
            if tight and (not left or left in " ([\"'" or items.kind(outer) == "cur"):
                if items.kind(outer) in ("num", "pct") or (outer >= 0 and outer in self.taken and left != "("):
                    return "", first, last
                minus = len(dash.text) == 1 and self.text_as_given[dash.start] not in "—―"
                return ("-" if minus else "?"), before, last
            if tight and left.isalpha():
                return "?", before, last
            if not tight and (before == 0 or items.kind(outer) in ("open", "punct", "comma")):
                return "?", before, last
        before -= items.text(before) == "." and items.text(before - 1) == "neg"
        if items.text(before) in ("minus", "negative", "neg"):
            outer = before - 1
            if outer < 0 or items.kind(outer) in ("open", "punct", "quote") or items.text(outer) in (
                "of", "is", "be", "at", "to", "was", "a", "equals", "exceed", "by", "than", "=",
            ):  # fmt: skip
                return "-", before, last
            return "?", before, last
        if items.kind(before) == "sign" and items[before].text in "+±~≈<>≤≥#^":
            return "?", before, last
        if items.kind(before) == "open" and items.kind(after) == "close":
            return ("?", before, after) if self.accounting(before) else ("", first, last)
        return "", first, last

    def accounting(self, opened: int) -> bool:
        """Whether a bracket around a number may mean that it is negative."""
        items, before = self.items, opened - 1
        if before in self.taken or items.kind(before) in ("num", "cur", "strange", "pct", "bps", "ord", "part"):
            return False
        if before < 0 or items.kind(before) in ("punct", "comma", "dash", "sign", "open", "blank"):
            return True
        if _TOTAL.search(self.line, 0, items[opened].start):
            return True
        words = [items.text(at) for at in range(max(0, opened - 4), opened)]
        below = (
            "loss losses deficit refund credit debit negative net income profit earnings change decrease reduction "
            "adjustment balance flow minus plus margin result less ebitda expense return growth variance"
        )
        return any(word in below.split() for word in words)

    def confirmations(self) -> None:
        """A number in brackets that repeats the part before it is of the same kind, and must agree."""
        items = self.items
        by_end = {part.end: part for part in self.parts if part.kind is not Kind.NAME}
        for at, item in enumerate(self.items.items):
            if item.kind != "num" or at in self.taken or not item.values:
                continue
            opened = at - 1 - (items.kind(at - 1) == "quote")
            if items.kind(opened) != "open" or opened < 1:
                continue
            what = by_end.get(items[opened - 1].end)
            if what is None:
                continue
            if what.kind is Kind.DATE:
                if what.values and self.line[item.start : item.end] == what.values[0][:4]:
                    self.add(Kind.NAME, at, at)
                continue
            last = at + (items.kind(at + 1) == "quote")
            last += items.kind(last + 1) == "close"
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
            self.items.text(at - 1) in _PRONOUN_BEFORE
            or self.items.text(at + 1) in _PRONOUN_BEHIND
            or self.line[item.end : item.end + 5] == "-time"
        )

    def bare(self, at: int) -> None:
        """A number without currency, percent sign or unit."""
        items, after = self.items, at + 1
        if (
            items.kind(after) == "dash"
            and items.kind(after + 1) in ("word",)
            and (items.text(after + 1) in (*PARTS, "fold", "ish", "odd", "some") or len(items.text(after + 1)) == 1)
        ):
            self.add(Kind.UNREAD, at, after + 1)
        elif items[at].part or self.labelled(at) or (items.kind(at - 1) == "word" and items.text(at - 1) in TIME):
            self.add(Kind.UNREAD, at, at)
        elif (items.kind(after) == "word" and items.text(after) in _NO_UNITS) or (
            self.abbreviated(after)
            or (items.is_glued(after, "slash") and not items[at].spelt)
            or (items.kind(after) == "blank" and items.is_glued(after, "blank"))
        ):
            self.add(Kind.UNREAD, at, after)
        elif self.of_a_kind(after):
            self.add(Kind.UNREAD, at, after + 1)
        else:
            self.signed(Kind.COUNT, at, at, items[at].values)

    def of_a_kind(self, at: int) -> bool:
        """Whether a word at that index makes another unit of the one after it: `nautical miles`, `lunar months`."""
        items, after = self.items, at + 1
        after += items.kind(after) == "dash"
        is_unit = items.kind(at) == items.kind(after) == "word" and items.text(after) in NAMES
        is_other = items.text(at) not in _SHORT_WORDS and items.text(at) not in _EACH
        return is_unit and is_other and items.is_beside(at) and items.is_beside(after)

    def decimal_comma(self, at: int) -> bool:
        """Whether two digits after a comma may be decimals, or be a part of `5,000`."""
        return bool(re.fullmatch(r"\d+,\d\d?", self.items.written(at)))

    def labelled(self, at: int) -> bool:
        """Whether a sign or letter beside the number makes it a label or another number: `5(a)`, `5.A`, `5'`, `,5`."""
        line, start, end = self.line, self.items[at].start, self.items[at].end
        # Only what is beside it: to search the whole line for each of its numbers took seconds.
        before, after = line[max(start - _LONGEST_WORD, 0) : start], line[end : end + 3]
        quoted = re.match(r"['\"]", after) and not re.search(r"['\"]\w*$", before)
        if self.decimal_comma(at) or re.search(r"\d\s?m$", line[max(end - 3, 0) : end]):
            return True  # `5 m` may be metres or millions
        is_alone = re.search(r"(?:^|[\s(])[,|\\]$", line[max(start - 2, 0) : start])
        return bool(quoted or re.match(r"\([A-Za-z]\)|\.[A-Za-z]", after) or is_alone)

    def leftover(self, at: int) -> None:
        """A percent sign or an unknown currency, which matters only beside a number or a gap for one."""
        beside = (self.items.kind(at - 1), self.items.kind(at + 1))
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
        before, after = items.kind(at - 1), items.kind(at + 1)
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
        beside = (items.kind(at - 1), items.kind(at + 1))
        tight = (at and items[at - 1].end == item.start and beside[0] in ("num", "part")) or (
            at + 1 < len(items) and items[at + 1].start == item.end and beside[1] == "num"
        )
        if item.text == "*" and at and items[at - 1].end == item.start and items[at - 1].kind == "word":
            return  # a footnote's mark
        if item.text in "•▪" and not self.line[: item.start].strip() and self.line[item.end : item.end + 1] == " ":
            return  # a list's mark
        product = item.text == "*" and "num" in beside
        tight = tight or (
            at > 0
            and len(item.text) > 1
            and (items[at - 1].end == item.start or item.text[0] in "*_" or "*" in item.text)
            and (at - 1 in self.taken or items[at - 1].kind in ("close", "part"))
        )
        priced = any(kind in ("cur", "pct", "bps", "strange") for kind in beside)
        priced = priced or (beside[1] == "open" and items.kind(at + 2) == "num")  # `___ (30) days`
        priced = priced or (
            # `thirty (__) days`, `30 days (__)`
            beside == ("open", "close") and (items.kind(at - 2) in ("num", "pct") or at - 2 in self.taken)
        )
        priced = priced or (at == 0 and beside[1] == "num")  # `__ 30 days`: a box to tick, or a rest
        if priced or product or tight or items.text(at + 1) in NAMES:
            self.add(Kind.UNREAD, at, at)
        elif beside[0] == "comma" and at > 1 and items.kind(at - 2) == "num":
            self.add(Kind.UNREAD, at - 1, at)

    def currency_left_over(self, at: int) -> None:
        """A currency beside an amount in another currency, or beside a number that it does not belong to."""
        before = at - 1 - (self.items.kind(at - 1) == "open")
        if before in self.taken and not self.line[self.items[before].end : self.items[at].start].strip(" ("):
            amount = next(part for part in self.parts if part.start < self.items[before].end <= part.end)
            if amount.kind is not Kind.MONEY or any(one.currency != self.code_at(at) for one in amount.values):
                self.add(Kind.UNREAD, at, at)


@lru_cache(maxsize=2_048)
def parts(text: str) -> tuple[Part, ...]:
    """The parts of `text`, in order of place."""
    return tuple(_Scan(text).parts)
