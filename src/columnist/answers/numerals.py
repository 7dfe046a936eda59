"""Numbers in figures and in English words, and their bounds.

Words make a number only where they follow each other as English counts: `five and ten` is two numbers, and `one fifty`
is uncertain.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

LARGEST = Decimal(10) ** 18
"""Values are smaller than this: exports and the database keep 38 digits, 6 of them after the decimal point."""
FINEST = 12
"""Most decimal places of a value."""

_EXACT = Context(prec=80)
"""Precise enough for any written number times any scale, so that arithmetic never rounds or fails."""

SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
} | {"fourty": 40}
SCALES = {
    "thousand": 10**3,
    "lakh": 10**5,
    "lac": 10**5,
    "million": 10**6,
    "crore": 10**7,
    "billion": 10**9,
    "trillion": 10**12,
}
SCALES |= {f"{word}s": value for word, value in SCALES.items()}
SHORT_SCALES = {
    **dict.fromkeys(("m", "mm", "mn", "mln", "mio"), 10**6),
    **dict.fromkeys(("b", "bn", "mrd"), 10**9),
    "k": 10**3,
}
PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twelfth": 12, "sixteenth": 16, "twentieth": 20, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
PLURAL_PARTS = {f"{word}s": value for word, value in PARTS.items()} | {"halves": 2}
VULGAR = dict(
    zip(
        "½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞",
        "0.5 0.25 0.75 0.3333 0.6667 0.2 0.4 0.6 0.8 0.1667 0.8333 0.125 0.375 0.625 0.875".split(),
        strict=True,
    )
)

_ENGLISH = re.compile(
    r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]*\.[0-9]+|[0-9]+"
)
_EUROPEAN = re.compile(
    r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,(?:[0-9]{1,2}|[0-9]{4,}))?|(?<![0-9])[0-9]++,[0-9]{1,2}|0,[0-9]+"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:'[0-9]{3})+(?:[.,][0-9]+)?")
_NO_THOUSANDS = re.compile(r"(?<![0-9])0[0-9]*+[,.][0-9]{3}")


def in_bounds(value: Decimal) -> bool:
    """Whether a number is small and coarse enough to be a value."""
    return abs(value) < LARGEST and -int(value.as_tuple().exponent) <= FINEST


def product(one: Decimal, other: Decimal | int) -> Decimal:
    """Exact, in plain digits: 2.5 × 1000000 is 2500000, 5.00 × 1 stays 5.00."""
    with localcontext(_EXACT):
        found = one * other
        whole = found.to_integral_value()
        return whole.quantize(Decimal(1)) if other != 1 and found == whole else found


def total(one: Decimal, other: Decimal) -> Decimal:
    """Exact."""
    with localcontext(_EXACT):
        return one + other


def fraction(over: Decimal | int, under: Decimal | int) -> Decimal:
    """Exact, or to four decimal places if it has no end; without trailing zeros."""
    with localcontext(_EXACT):
        found = Decimal(over) / under
        fine = found.quantize(Decimal(1).scaleb(-FINEST))
        return Decimal(format((fine if fine == found else found.quantize(Decimal("0.0001"))).normalize(), "f"))


def endless(value: Decimal) -> bool:
    """Whether a value is a fraction without an end, cut to four decimal places, which has no exact multiples: ⅓."""
    if value.as_tuple().exponent != -4:
        return False
    wholes = ((under, (value * under).to_integral_value()) for under in (3, 6, 7, 9, 12))
    return any(value * under != whole and fraction(whole, under) == value for under, whole in wholes)


def from_figures(written: str) -> tuple[Decimal, ...]:
    """`1,234.50` and `1.234,50` → 1234.50, `5,00,000` → 500000; `1.200` is both 1.2 and 1200. None if it is no number.

    A blank or an apostrophe may separate thousands.
    """
    compact = written.replace(" ", "").replace("'", "")
    if len(compact) > 40 or not compact.isascii() or ("'" in written and not _GROUPED.fullmatch(written)):
        return ()
    values = []
    if _ENGLISH.fullmatch(compact) and not (_NO_THOUSANDS.fullmatch(compact) and "," in compact):
        values.append(Decimal(compact.replace(",", "")))
    if _EUROPEAN.fullmatch(compact):
        values.append(Decimal(compact.replace(".", "").replace(",", ".")))
    return tuple(values)


@dataclass(frozen=True, slots=True)
class Spelt:
    """A number in words. It takes `used` of the words; `value` is None if they do not make a number.

    `whole`: it is a plain cardinal, which may have a fraction after it.
    """

    used: int
    value: Decimal | None
    whole: bool = True


def spelt(words: Sequence[str], joints: Sequence[str]) -> Spelt | None:
    """The number at the start of `words` (lower case); `joints[i]` is between `words[i]` and the next word.

    A joint is ` `, `-`, `,`, or another mark, at which a number ends. None if they begin with no number.
    """
    reader = _Words(words, joints)
    return reader.number()


class _Words:
    def __init__(self, words: Sequence[str], joints: Sequence[str]) -> None:
        self.words, self.joints, self.at = words, joints, 0

    def word(self, at: int) -> str:
        return self.words[at] if at < len(self.words) else ""

    def joint(self, before: int) -> str:
        """The joint before the word at that index."""
        return self.joints[before - 1] if 0 < before <= len(self.joints) else ""

    def number(self) -> Spelt | None:
        first = self.word(0)
        if first in ("a", "an"):
            if (self.word(1) not in SCALES and self.word(1) not in ("hundred", "dozen")) or self.joint(1) != " ":
                return None
        elif first in SCALES or first in ("hundred", "hundreds", "dozen"):
            # The number of hundreds, thousands, ... is missing.
            return Spelt(self.run(0), None)
        elif first not in SMALL and first not in TENS:
            return None
        sum_, last, at = Decimal(0), None, 0
        while True:
            group = self.group(at)
            if group is None:
                break
            value, end, least = group
            scale = 1
            if self.word(end) in SCALES and self.joint(end) in (" ", "-"):
                scale, end = SCALES[self.word(end)], end + 1
            if last is not None and (scale >= last or value * scale >= last or least):
                # The word is no part of this number. After a blank nothing is a number; else the word starts the next
                # one.
                if self.joint(at) == " " and self.word(at - 1) not in ("and", "&"):
                    return Spelt(self.run(at), None)
                at -= self.word(at - 1) in ("and", "&")
                break
            sum_, last, at = sum_ + value * scale, Decimal(scale), end
            following = self.next_group(at, scale)
            if scale == 1 or following is None:
                break
            at = following
        else:  # pragma: no cover
            raise AssertionError
        if self.goes_on(at):
            return Spelt(self.run(at), None)
        return self.with_decimals(sum_, at)

    def next_group(self, at: int, scale: int) -> int | None:
        """The start of the group after one of this scale, if one may follow."""
        if scale == 1:
            return None
        joint = self.joint(at)
        if self.word(at) in ("and", "&") and joint in (" ", ",") and self.joint(at + 1) == " ":
            # `one million and five`, not `one million and five hundred thousand`, which may be two.
            group = self.group(at + 1)
            return at + 1 if group and group[0] < 100 and self.word(group[1]) not in SCALES else None
        return at if joint in (" ", "-", ",") and self.group(at) else None

    def group(self, at: int) -> tuple[int, int, bool] | None:
        """The number below a thousand (or in hundreds) at that index, and its end."""
        if self.word(at) in ("a", "an") and self.word(at + 1) in SCALES:
            return 1, at + 1, at > 0
        if self.word(at) in ("a", "an") and self.word(at + 1) in ("hundred", "dozen"):
            value, end = 1, at + 1
        else:
            below = self.below_hundred(at)
            if below is None:
                return None
            value, end = below
        if self.word(end) in ("dozen", "dozens") and self.joint(end) == " ":
            return value * 12, end + 1, False
        if self.word(end) in ("hundred", "hundreds") and self.joint(end) in (" ", "-") and value:
            value, end = value * 100, end + 1
            rest = end
            if self.word(end) in ("and", "&") and self.joint(end) in (" ", "-"):
                rest = end + 1
            if self.joint(end) in (" ", "-") and self.joint(rest) in (" ", "-"):
                below = self.below_hundred(rest)
                if below and self.word(below[1]) not in ("hundred", "hundreds", "dozen"):
                    return value + below[0], below[1], False
        return value, end, False

    def below_hundred(self, at: int) -> tuple[int, int] | None:
        word = self.word(at)
        if word in SMALL:
            return SMALL[word], at + 1
        if word not in TENS:
            return None
        unit = SMALL.get(self.word(at + 1), 0)
        if 0 < unit < 10 and self.joint(at + 1) in (" ", "-"):
            return TENS[word] + unit, at + 2
        return TENS[word], at + 1

    def goes_on(self, at: int) -> bool:
        """Whether, after a blank, a number word follows that does not fit into this number."""
        return self.joint(at) == " " and self.counts(self.word(at))

    def counts(self, word: str) -> bool:
        return word in SMALL or word in TENS or word in SCALES or word in ("hundred", "hundreds", "dozen")

    def run(self, at: int) -> int:
        """The end of the number words, with their joints, that start at that index."""
        while at < len(self.words):
            if self.counts(self.word(at)):
                at += 1
            elif self.word(at) in ("and", "&") and self.counts(self.word(at + 1)):
                at += 2
            else:
                break
        return max(at, 1)

    def with_decimals(self, value: Decimal, at: int) -> Spelt:
        """`two point five` is 2.5."""
        if self.word(at) != "point" or self.joint(at) != " ":
            return Spelt(at, value)
        digits, end = "", at + 1
        while self.joint(end) == " " and SMALL.get(self.word(end), 10) < 10 and len(digits) < 10:
            digits, end = digits + str(SMALL[self.word(end)]), end + 1
        if not digits or (
            self.counts(self.word(end)) and self.joint(end) in (" ", "-") and self.word(end) not in SCALES
        ):
            return Spelt(max(self.run(end), end), None)
        return Spelt(end, total(value, Decimal(f"0.{digits}")), whole=False)
