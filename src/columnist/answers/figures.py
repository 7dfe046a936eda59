"""The numbers of a line: tokens that make a number, in figures or in words, become one item.

A number that is not understood has no values. The functions take the tokens and a place among them, and give what
begins there with the place after it.
"""

import re
from dataclasses import replace
from decimal import Decimal
from math import gcd
from typing import NamedTuple

from columnist.answers.currencies import code
from columnist.answers.lexer import Item, Items
from columnist.answers.mention import agreed
from columnist.answers.numerals import (
    PARTS,
    PLURAL_PARTS,
    SCALES,
    SHORT_SCALES,
    TENS,
    VULGAR,
    endless,
    fraction,
    product,
    spelt,
    total,
)
from columnist.answers.references import is_reference_before
from columnist.answers.units import NAMES

_OCR = re.compile(r"[.,']\s?[OoIlSsBQDZG]{1,3}(?![^\W_])|[.,']?\s?(?:[Xx]{2,}+|#++)(?![^\W_])")
"""Letters that OCR reads in place of digits, or that hide them: `5,OOO`, `5,XXX`."""
_NUMERATORS = frozenset([*map(str, range(100)), *(f"0{digit}" for digit in range(10))])
_DENOMINATORS = frozenset("2 3 4 5 6 7 8 9 10 12 16 20 32 64 100 1000".split())
_ORDINALS = frozenset("first second third fourth fifth sixth seventh eighth ninth".split())
_MOST_WORDS = 40
_EUROPEAN_SCALES = frozenset(("mio", "mln", "mrd"))
"""In `1.250 Mio.` the dot, in `1,250 Mio.` the comma may be a decimal point."""
_THREE_PLACES = re.compile(r"\d{1,3}[.,]\d{3}")
_POINTED = frozenset("USD GBP CAD AUD NZD SGD HKD INR JPY CNY CHF MXN ZAR ILS KRW".split())
"""Currencies of countries that write decimals after a point."""
_AFTER_A_COMMA = re.compile(r"(?:^|[\s($€£]),$")


def numbers_in(tokens: Items) -> Items:
    """The items of a line: its tokens, with each number as one item."""
    found: list[Item] = []
    at = 0
    while at < len(tokens):
        item, at = _number(tokens, at)
        found.append(item)
    return _paired(Items(tokens.line, found))


def is_hundredths(items: Items, at: int) -> bool:
    """Whether `/100` is at that index."""
    return items.kind(at) == "slash" and items.kind(at + 1) == "num" and items[at + 1].values == (Decimal(100),)


def _number(tokens: Items, at: int) -> tuple[Item, int]:
    token = tokens[at]
    if token.kind == "num":
        return _in_figures(tokens, at)
    if token.kind == "vul":
        return replace(token, kind="num", values=(Decimal(VULGAR[token.text]),), part=True), at + 1
    if token.kind == "word":
        return _in_words(tokens, at) or (token, at + 1)
    return token, at + 1


# ── Figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_figures(tokens: Items, at: int) -> tuple[Item, int]:
    first = tokens[at]
    values, end, part = _whole_or_part(tokens, at)
    if tokens.kind(end) == "word" and tokens.is_beside(end):
        if tokens.text(end) in ("th", "st", "nd", "rd") and not part:
            return Item("ord", first.start, tokens[end].end, ""), end + 1
        values, end = _with_word(tokens, values, end)
    elif tokens.is_glued(end, "dash") and tokens.is_glued(end + 1, "word") and tokens.text(end + 1) in SCALES:
        values, end = _scaled(values, SCALES[tokens.text(end + 1)]), end + 2
    before = tokens.line[first.start - 1 : first.start]
    follows_a_letter = re.match(r"[^\W\d_]", before) and tokens.kind(at - 1) != "cur"
    is_rest = _AFTER_A_COMMA.search(tokens.line, max(0, first.start - 2), first.start)  # of `1,500`, perhaps
    if follows_a_letter or is_rest or _OCR.match(tokens.line, tokens[end - 1].end):
        values = ()
    return Item("num", first.start, tokens[end - 1].end, "", values, part=part), end


def _whole_or_part(tokens: Items, at: int) -> tuple[tuple[Decimal, ...], int, bool]:
    """`5`, `5 ½` or `1/2`: its values, the place after it, and whether it is a fraction."""
    first = tokens[at]
    over = _fraction(tokens, at)
    if over is not None:
        if tokens.kind(at - 1) == "cur" and tokens.text(over[1]) not in SCALES:
            return (), over[1], True  # `$5/1000` is a price for a thousand
        return over[0], _after_ending(tokens, over[1], "th", "ths", "rd", "rds"), True
    mixed = _mixed(tokens, at + 1) if first.values and first.text.isdigit() and len(first.text) <= 3 else None
    if mixed is None:
        return first.values, at + 1, False
    # "Clause 7 ½%" may be a half percent by clause 7.
    is_named = is_reference_before(tokens.line, first.start)
    return () if is_named else (total(first.values[0], mixed[0]),), mixed[1], False


def _with_word(tokens: Items, values: tuple[Decimal, ...], at: int) -> tuple[tuple[Decimal, ...], int]:
    """The values of a number with the word after it, and the place after both; the word may not belong to it."""
    word = tokens.text(at)
    if scale := SCALES.get(word) or _short_scale(tokens, at):
        end = at + 1
        if word in SHORT_SCALES and tokens.is_glued(end, "punct") and tokens.text(end) == ".":
            end += 1
        is_open = _THREE_PLACES.fullmatch(tokens.text(at - 1)) and (
            word in _EUROPEAN_SCALES or ("." in tokens.text(at - 1) and _writes_commas(tokens, at - 2, end))
        )
        return () if is_open or tokens.text(end) in SCALES else _scaled(values, scale), end
    if word in ("hundred", "hundreds", "dozen", "dozens", "score"):
        return (), at + 1
    if not tokens.is_tight(at) or word in NAMES or word in ("x", "pa", "am", "pm"):
        return values, at
    while tokens.is_glued(at, "word") or tokens.is_glued(at, "num"):
        at += 1
    return (), at


def _writes_commas(tokens: Items, before: int, after: int) -> bool:
    """Whether at one of these places is a currency of countries that write decimals after a comma: `EUR 1.500 million`
    may be 1,500 million."""
    named = {code(tokens[at].text) for at in (before, after) if tokens.kind(at) == "cur"}
    return bool(named - _POINTED - {None})


def _scaled(values: tuple[Decimal, ...], scale: int) -> tuple[Decimal, ...]:
    """The first value times the scale; none if that is not exact, as for ⅓."""
    return tuple(product(value, scale) for value in values[:1] if not endless(value))


def _short_scale(tokens: Items, at: int) -> int | None:
    token = tokens[at]
    if token.text == "MN" or tokens.line[token.end : token.end + 2] == "/N":  # also Moneda Nacional
        return None
    if token.text == "mm" and tokens.kind(at - 2) != "cur":  # also millimetres
        return None
    gap = token.start - tokens[at - 1].end
    if gap > 1 or re.match(r"\.\w|\w", tokens.line[token.end : token.end + 2]):
        return None
    return SHORT_SCALES.get(token.text.lower())


def _fraction(tokens: Items, at: int) -> tuple[tuple[Decimal, ...], int] | None:
    """`50/100` at a number in figures: its values, and the place after it."""
    if not (tokens.is_glued(at + 1, "slash") and tokens.is_glued(at + 2, "num")):
        return None
    over, under = tokens[at].text, tokens[at + 2].text
    if not (over in _NUMERATORS and under in _DENOMINATORS and int(over) < int(under)):
        return (), at + 3
    if under not in ("100", "1000") and gcd(int(over), int(under)) > 1:
        return (), at + 3  # `5/10` may be two numbers
    if tokens.is_glued(at + 3, "slash"):
        end = at + 3
        while tokens.is_glued(end, "slash") or tokens.is_glued(end, "num"):
            end += 1
        return (), end
    return (fraction(int(over), int(under)),), at + 3


def _mixed(tokens: Items, at: int) -> tuple[Decimal, int] | None:
    """The fraction after a whole number, such as `-1/2`, `½`, `and 1/2`."""
    if tokens.kind(at) == "dash":
        if not (tokens.is_glued(at, "dash") and tokens.is_tight(at + 1)):
            return None
        at += 1
    elif _is_and(tokens, at):
        at += 1
    if not tokens.is_beside(at):
        return None
    if tokens.kind(at) == "vul":
        return Decimal(VULGAR[tokens[at].text]), at + 1
    found = _fraction(tokens, at) if tokens.kind(at) == "num" else None
    return (found[0][0], found[1]) if found and found[0] and found[0][0] < 1 else None


def _is_and(tokens: Items, at: int) -> bool:
    return tokens.kind(at) == "amp" or tokens.text(at) == "and"


def _after_ending(tokens: Items, at: int, *endings: str) -> int:
    """The place after the letters that make a number an ordinal, if they are there: `50/100ths`."""
    return at + (tokens.is_glued(at, "word") and tokens.text(at) in endings)


# ── Words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Run(NamedTuple):
    """Words beside each other, the joints between them, and their places among the tokens."""

    words: list[str]
    joints: list[str]
    places: list[int]

    def joins(self, at: int) -> bool:
        """Whether only a blank or a hyphen is before the word at that index."""
        return at < len(self.words) and self.joints[at - 1] in (" ", "-")


def _run(tokens: Items, at: int) -> _Run:
    found = _Run([tokens.text(at)], [], [at])
    while len(found.words) < _MOST_WORDS:
        after, joint = found.places[-1] + 1, " "
        if tokens.kind(after) in ("dash", "comma"):
            joint = "-" if tokens.kind(after) == "dash" else ","
            if joint == "-" and len(tokens[after].text) > 1:
                break
            after += 1
        if tokens.kind(after) not in ("word", "amp") or not tokens.is_beside(after):
            break
        found.words.append(tokens.text(after))
        found.joints.append(joint)
        found.places.append(after)
    return found


def _in_words(tokens: Items, at: int) -> tuple[Item, int] | None:
    run = _run(tokens, at)
    first, second = run.words[0], run.words[1] if len(run.words) > 1 else ""
    if first in ("half", "quarter"):
        return _half_or_quarter(tokens, at)
    if first in ("a", "an") and run.joins(1) and second in PARTS:
        after = run.words[2] if len(run.words) > 2 else tokens.kind(run.places[1] + 1)
        is_part = second == "half" or after in ("of", "pct")
        return _spoken(tokens, at, run.places[1] + 1, fraction(1, PARTS[second]), part=True) if is_part else None
    if first in ("several", "multiple") and second in (*SCALES, "hundred", "dozen"):
        return Item("num", tokens[at].start, tokens[run.places[1]].end, ""), run.places[1] + 1
    return _spelt(tokens, at, run)


def _spoken(tokens: Items, at: int, end: int, value: Decimal | None = None, *, part: bool = False) -> tuple[Item, int]:
    """A number in words from one place to another; without a value it is not understood."""
    values = () if value is None else (value,)
    return Item("num", tokens[at].start, tokens[end - 1].end, "", values, spelt=True, part=part), end


def _half_or_quarter(tokens: Items, at: int) -> tuple[Item, int] | None:
    """`half of`, `half a million`; a quarter may also be one of the year."""
    is_half = tokens.text(at) == "half"
    after = tokens.text(at + 1) if tokens.kind(at + 1) == "word" else tokens.kind(at + 1)
    if not (after in ("of", "pct") or (is_half and after in ("a", "an", "the")) or after in SCALES):
        return None
    if after in ("a", "an") and tokens.kind(at + 2) == "word":
        return Item("num", tokens[at].start, tokens[at + 2].end, ""), at + 3
    return _spoken(tokens, at, at + 1, Decimal("0.5") if is_half else Decimal("0.25"), part=True)


def _spelt(tokens: Items, at: int, run: _Run) -> tuple[Item, int] | None:
    """`twenty-five`, `two thirds`, `five and a half million`."""
    number = spelt(run.words, run.joints)
    if number is None:
        return None
    value, end, part = number.value, run.places[number.used - 1] + 1, False
    last = run.words[number.used - 1]
    if value is not None and run.joins(number.used):
        word = run.words[number.used]
        if last in (*TENS, "hundred") and word in _ORDINALS:
            return _spoken(tokens, at, run.places[number.used] + 1)
        if (under := PLURAL_PARTS.get(word) or PARTS.get(word)) and word != "seconds":
            is_sure = _is_surely_a_part(tokens, run, number.used)
            value, end, part = fraction(value, under) if is_sure else None, run.places[number.used] + 1, True
    if value is None:
        return _spoken(tokens, at, end)
    if not part and (more := _more(tokens, end)):
        is_small = value < 1000 and value == value.to_integral_value() and last not in SCALES
        if more.value is None or not (is_small or more.is_hundredths):
            return _spoken(tokens, at, more.end)
        value, end = total(value, more.value), more.end
    if tokens.text(end) in SCALES and tokens.is_beside(end):
        value = next(iter(_scaled((value,), SCALES[tokens.text(end)])), None)
        end += 1
    return _spoken(tokens, at, end, value, part=part)


def _is_surely_a_part(tokens: Items, run: _Run, at: int) -> bool:
    """Whether the word at that index of a run is the part of a number: `two third of`; `two third parties` is not."""
    word, is_hyphen = run.words[at], run.joints[at - 1] == "-"
    after = run.words[at + 1] if at + 1 < len(run.words) else tokens.kind(run.places[at - 1] + 2 + is_hyphen)
    return is_hyphen or word in PLURAL_PARTS or word == "half" or after in ("of", "pct", "open", "per")


class _More(NamedTuple):
    """A fraction after a number; no value: it is not understood."""

    value: Decimal | None
    end: int
    is_hundredths: bool = False


def _more(tokens: Items, at: int) -> _More | None:
    """The fraction that `and` adds to a number in words."""
    joined = _is_and(tokens, at)
    if tokens.kind(at) == "dash" and not tokens.is_glued(at, "dash"):
        return None
    start = at + 1 if joined or tokens.kind(at) == "dash" else at
    if tokens.kind(start) == "vul" and tokens.is_beside(start):
        return _More(Decimal(VULGAR[tokens[start].text]), start + 1)
    if tokens.kind(start) == "num":
        return _more_in_figures(tokens, start)
    return _more_in_words(tokens, start) if joined and tokens.kind(start) == "word" else None


def _more_in_figures(tokens: Items, at: int) -> _More | None:
    found = _fraction(tokens, at)
    if found is None:
        return None
    value = found[0][0] if found[0] and found[0][0] < 1 else None
    return _More(value, _after_ending(tokens, found[1], "th", "ths"), tokens[at + 2].text == "100")


def _more_in_words(tokens: Items, at: int) -> _More | None:
    if tokens.text(at) in ("no", "xx", "nil", "zero") and is_hundredths(tokens, at + 1):
        return _More(Decimal(0), _after_ending(tokens, at + 3, "th", "ths"), True)
    if tokens.text(at) in ("half", "quarter"):
        return _More(None, at + 1)
    run = _run(tokens, at)
    if run.words[0] in ("a", "an"):
        is_part = len(run.words) > 1 and run.words[1] in ("half", "quarter", "third")
        return _More(fraction(1, PARTS[run.words[1]]), run.places[1] + 1) if is_part else None
    spoken = spelt(run.words, run.joints)
    if spoken is None or spoken.value is None or not run.joins(spoken.used):
        return None
    word = run.words[spoken.used]
    under = PLURAL_PARTS.get(word) or PARTS.get(word)
    if not under:
        return None
    value = fraction(spoken.value, under)
    return _More(value if value < 1 else None, run.places[spoken.used] + 1)


# ── Pairs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _paired(items: Items) -> Items:
    """`six (6)` as one number: the values of both, or all values if they disagree."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        close = _bracketed(items, at + 1) if item.kind == "num" else None
        if close and item.values:
            inner = next(items[place] for place in range(at + 1, close) if items.kind(place) == "num")
            values = agreed(item.values, inner.values) if inner.values else ()
            item = replace(item, end=items[close].end, values=values, part=item.part and inner.part)
            at = close
            scale = SCALES.get(items.written(at + 1).lower()) if items.is_beside(at + 1) else None
            if scale:  # `two (2) million`
                at += 1
                item = replace(item, end=items[at].end, values=_scaled(values, scale) if len(values) == 1 else ())
        found.append(item)
        at += 1
    return Items(items.line, found)


def _bracketed(items: Items, at: int) -> int | None:
    """The end of a bracket at that index that holds only a number."""
    if items.kind(at) != "open":
        return None
    at += 1
    at += items.kind(at) == "quote"
    if items.kind(at) != "num":
        return None
    at += 1
    at += items.kind(at) == "quote"
    return at if items.kind(at) == "close" else None
