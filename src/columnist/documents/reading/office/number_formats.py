"""Excel's number formats: a cell's value as Excel shows it, by its format's sections, conditions and patterns.

No maintained library does this in Python (SheetJS's SSF is JavaScript); 250 results of SSF are in the tests.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

DAY_SECONDS = 86_400
_PRECISION = 700
"""Most digits: the smallest and the largest float have 324 places each."""

LAST_DAY = 2_958_466
"""The serial number of 1 January 10000, which Excel does not show."""
_ODD_DAYS = {0: "1900-01-00", 60: "1900-02-29"}
"""Days that Excel shows and no calendar has."""

_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"?
    | \\(?P<escaped>.)
    | _(?P<space>.) | \*(?P<fill>.)
    | \[(?P<elapsed>h+|m+|s+)\]
    | \[(?P<test><=|>=|<>|<|>|=)\s*(?P<bound>-?[\d.]+(?:E[+-]?\d+)?)\]
    | \[\$(?P<currency>[^\]-]{0,255}+)[^\]]{0,255}+\]
    | \[(?P<colour>black|white|red|green|blue|yellow|magenta|cyan|color\ ?[0-9]{1,2})\]
    | \[[^\]]{0,255}+\]
    | (?P<general>General)
    | (?P<noon>AM/PM|A/P|上午/下午)
    | (?P<exponent>E[+-])
    | (?P<date>y+|m+|d+|h+|s+|e+|b+|g+|a{3,4})
    | (?P<digit>[0#?])
    | (?P<mark>[.,%/@])
    | (?P<other>.)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SECTION = re.compile(r'(?:"[^"]*"?|\\.|_.|\*.|\[[^\]]{0,255}+\]|[^;])*', re.DOTALL)
_COLOURS = "black white red green blue yellow magenta cyan".split()
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_TESTS = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "=": lambda value, bound: value == bound,
    "<>": lambda value, bound: value != bound,
}


@dataclass(slots=True)
class _Token:
    """`kind`: literal, digit, date, elapsed, noon, exponent, general, or the character itself."""

    kind: str
    text: str


@dataclass(slots=True)
class _Section:
    tokens: list[_Token] = field(default_factory=list)
    test: str = ""
    bound: float = 0.0
    colour: int | None = None

    def has(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)

    @property
    def is_date(self) -> bool:
        return self.has("date", "elapsed", "noon")


def formatted(value: object, code: str, *, from_1904: bool = False) -> str:
    """A cell's value as Excel shows it, in one line; whole dates as ISO 8601, which means the same in every country.

    `from_1904`: the workbook counts days from 1904, not 1900.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, date | time):
        value = _serial(value)
    sections = _sections(code)
    if isinstance(value, int | float):
        try:
            with localcontext(prec=_PRECISION):
                text = _number(value, sections, 1_462 if from_1904 else 0)
        except (ArithmeticError, ValueError):  # infinite, or a pattern that makes no sense
            text = _general(value)
    else:
        text = _text(str(value), sections)
    return " ".join(text.split())


def colour(value: object, code: str) -> int | None:
    """The colour that a format gives a value's letters, by its place in Excel's palette; None if it gives none."""
    sections = _sections(code)
    if isinstance(value, int | float) and not isinstance(value, bool):
        own, _ = _chosen(value, sections)
    else:
        own = _for_text(sections)
    return None if own is None else own.colour


@lru_cache(1_000)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    place = 0
    code = code or "General"
    while place <= len(code):
        match = _SECTION.match(code, place)
        assert match
        sections.append(_section(match[0]))
        place = match.end() + 1
    return tuple(sections[:4])


def _section(code: str) -> _Section:
    section = _Section()
    for match in _TOKEN.finditer(code):
        kind, text = str(match.lastgroup), match[match.lastgroup] if match.lastgroup else ""
        if match["colour"]:
            name = match["colour"].lower()
            section.colour = _COLOURS.index(name) if name in _COLOURS else int(name.removeprefix("color")) - 1
        elif match["test"]:
            section.test, section.bound = match["test"], float(match["bound"])
        elif kind in ("quoted", "escaped", "currency", "other"):
            section.tokens.append(_Token("literal", text))
        elif kind == "space":
            section.tokens.append(_Token("literal", " "))
        elif kind == "mark":
            section.tokens.append(_Token(text, text))
        elif match.lastgroup not in (None, "fill"):
            section.tokens.append(_Token(kind, text))
    return section


def _text(value: str, sections: Sequence[_Section]) -> str:
    own = _for_text(sections)
    if own is None:
        return value
    return "".join(value if token.kind == "@" else token.text for token in own.tokens if token.kind in ("@", "literal"))


def _for_text(sections: Sequence[_Section]) -> _Section | None:
    own = next((section for section in sections if section.has("@")), None)
    return sections[3] if own is None and len(sections) == 4 else own


def _number(value: float, sections: Sequence[_Section], shift: int) -> str:
    own, keeps_sign = _chosen(value, sections)
    if own is None:
        return _general(value)
    if own.is_date:
        return _date(value + shift, own)
    if own.has("@") and not own.has("digit"):
        return "".join(_general(value) if token.kind == "@" else token.text for token in own.tokens)
    sign = "-" if keeps_sign and value < 0 else ""
    if own.has("general"):
        return sign + "".join(
            _general(abs(value)) if token.kind == "general" else token.text
            for token in own.tokens
            if token.kind in ("general", "literal")
        )
    if own.has("/") and own.has("digit"):
        return sign + _fraction(Decimal(repr(abs(value))), own.tokens)
    return sign + _digits(Decimal(repr(abs(value))), own.tokens).lstrip()


def _chosen(value: float, sections: Sequence[_Section]) -> tuple[_Section | None, bool]:
    """The section for a number, and whether a minus sign is still to be shown. No section: as *General*."""
    own = [section for index, section in enumerate(sections) if index < 3 and not _is_for_text(section)]
    if not own:
        return (None, True) if not sections or sections[0].has("@") else (sections[0], True)
    if any(section.test for section in own):
        for section in own:
            if not section.test or _TESTS[section.test](value, section.bound):
                is_below = section.test in ("<", "<=") and section.bound <= 0
                return section, not (is_below or (not section.test and section is not own[0] and len(own) == 2))
        return None, True
    if len(own) == 1:
        return own[0], True
    if value < 0:
        return own[1], False
    return (own[2], True) if value == 0 and len(own) == 3 else (own[0], True)


def _is_for_text(section: _Section) -> bool:
    return section.has("@") and not section.has("digit", "general") and not section.is_date


def _general(value: float) -> str:
    return f"{value:.15g}".upper()


def _digits(value: Decimal, tokens: Sequence[_Token]) -> str:
    """A number in a pattern of digits, between which literal text may stand."""
    point = next((index for index, token in enumerate(tokens) if token.kind == "."), len(tokens))
    power = next((index for index, token in enumerate(tokens) if token.kind == "exponent"), len(tokens))
    point = min(point, power)
    whole = [index for index, token in enumerate(tokens[:point]) if token.kind == "digit"]
    places = sum(token.kind == "digit" for token in tokens[point:power])
    last = max((index for index, token in enumerate(tokens[:power]) if token.kind == "digit"), default=-1)
    end = max(whole, default=-1)
    grouped = any(token.kind == "," for token in tokens[whole[0] : end]) if whole else False
    after = (_run_of(",", tokens, end + 1) if whole else 0) or (_run_of(",", tokens, last + 1) if places else 0)
    value = value.scaleb(2 * sum(token.kind == "%" for token in tokens) - 3 * after)
    exponent = 0
    if power < len(tokens):
        value, exponent = _scaled(value, max(len(whole), 1), places)
    number = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    ahead, _, behind = number.partition(".")
    ahead = ahead.lstrip("0") or ("0" if power < len(tokens) else "")
    written = _whole(ahead, [tokens[index].text for index in whole], grouped)
    spare = behind.rstrip("0")
    parts, used = [], 0
    exponents = [token.text for token in tokens[power + 1 :] if token.kind == "digit"]
    for index, token in enumerate(tokens):
        if token.kind == "digit" and index < point:
            parts.append(written.pop(0))
        elif token.kind == "digit" and index < power:
            filler = {"0": "0", "?": " ", "#": ""}[token.text]
            parts.append(behind[used] if used < len(spare) else filler)
            used += 1
        elif token.kind == "digit" and exponents:
            parts.append(str(abs(exponent)).zfill(len(exponents)))
            exponents = []
        elif token.kind == "exponent":
            parts.append("E" + ("-" if exponent < 0 else "+" if token.text.endswith("+") else ""))
        elif token.kind == "." and not whole and ahead:
            parts.append(ahead + ".")
        elif token.kind in ("literal", ".", "%", "/"):
            parts.append(token.text)
    return "".join(parts)


def _run_of(kind: str, tokens: Sequence[_Token], start: int) -> int:
    end = start
    while end < len(tokens) and tokens[end].kind == kind:
        end += 1
    return end - start


def _whole(digits: str, pattern: Sequence[str], grouped: bool) -> list[str]:
    """The characters for each placeholder of a whole number; the first one takes all remaining digits."""
    if not pattern:
        return []
    fillers = {"0": "0", "?": " ", "#": ""}
    count = len(pattern)
    padded = list(digits.rjust(count, "\0"))
    each = ["".join(padded[: len(padded) - count + 1]), *padded[len(padded) - count + 1 :]]
    written = []
    behind = count
    for text, placeholder in zip(each, pattern, strict=True):
        behind -= 1
        shown = ""
        for offset, digit in enumerate(text):
            after = behind + len(text) - 1 - offset
            own = fillers[placeholder] if digit == "\0" else digit
            shown += own + ("," if grouped and own.strip() and after and after % 3 == 0 else "")
        written.append(shown)
    return written


def _scaled(value: Decimal, step: int, places: int) -> tuple[Decimal, int]:
    """A number with an exponent that is a multiple of `step`, rounded to this many places."""
    if not value:
        return value, 0
    exponent = value.adjusted() // step * step
    scaled = value.scaleb(-exponent)
    if scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) >= Decimal(1).scaleb(step):
        exponent += step
        scaled = value.scaleb(-exponent)
    return scaled, exponent


def _fraction(value: Decimal, tokens: Sequence[_Token]) -> str:
    slash = next(index for index, token in enumerate(tokens) if token.kind == "/")
    before = [index for index in range(slash) if tokens[index].kind == "digit"]
    top = [index for index in before if all(tokens[one].kind == "digit" for one in range(index, slash))]
    has_whole = len(top) < len(before)
    bottom = _run_of("digit", tokens, slash + 1)
    fixed = "".join(token.text for token in tokens[slash + 1 :] if token.kind in ("literal", "digit")).strip()
    number = Fraction(value)
    if fixed[:1] in tuple("123456789") and fixed.isdigit():
        numerator, denominator = int(number * int(fixed) + Fraction(1, 2)), int(fixed)
    else:
        near = number.limit_denominator(10 ** max(bottom, 1) - 1)
        numerator, denominator = near.numerator, near.denominator
    whole, rest = divmod(numerator, denominator) if has_whole else (0, numerator)
    lead = "".join(token.text for token in tokens[: before[0]] if token.kind == "literal") if before else ""
    tail = "".join(token.text for token in tokens[slash + 1 + bottom :] if token.kind == "literal") if bottom else ""
    shows_zero = any(tokens[index].text == "0" for index in top)
    if has_whole and not rest and not shows_zero:
        return f"{lead}{whole}{tail}"
    shows_whole = has_whole and (whole or any(tokens[index].text == "0" for index in before if index not in top))
    return f"{lead}{f'{whole} ' if shows_whole else ''}{rest}/{denominator}{tail}"


def _serial(moment: date | time) -> float:
    if isinstance(moment, time):
        return (moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6) / DAY_SECONDS
    whole = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    days = (whole - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001
    return days if days >= 61 else days - 1


def _date(serial: float, section: _Section) -> str:
    if not 0 <= serial < LAST_DAY:
        return _general(serial)
    tokens = _with_minutes(section.tokens)
    places = next((len(token.text) for token in tokens if token.kind == "part"), 0)
    seconds = (Decimal(repr(serial)) * DAY_SECONDS).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    days, rest = divmod(seconds, DAY_SECONDS)
    # Excel counts a 29 February 1900, and the day 0 of its first month.
    moment = datetime(1899, 12, 30) + timedelta(days=max(int(days), 1) + (days < 60), seconds=int(rest))  # noqa: DTZ001
    letters = {token.text[0].lower() for token in tokens if token.kind == "date"}
    words = any(token.kind == "literal" and any(map(str.isalpha, token.text)) for token in tokens)
    if {"y", "m", "d"} <= letters and not words:
        return (
            _ODD_DAYS.get(int(days), moment.date().isoformat())
            if not letters & set("hsM")
            else moment.isoformat(" ", "seconds" if "s" in letters else "minutes")
        )
    is_half = any(token.kind == "noon" for token in tokens)
    return "".join(_dated(token, moment, seconds, is_half) for token in tokens)


def _with_minutes(tokens: Sequence[_Token]) -> list[_Token]:
    """The tokens of a date, with minutes distinguished from months ("M"), and fractions of seconds as one token."""
    found: list[_Token] = []
    for token in tokens:
        before = next((one for one in reversed(found) if one.kind in ("date", "elapsed")), None)
        first = token.text[:1].lower()
        if token.kind == "date" and first == "m" and before is not None and before.text[0].lower() == "h":
            found.append(_Token("date", "M" * len(token.text)))
        elif (
            token.kind == "date"
            and first == "s"
            and before is not None
            and before.text[0] == "m"
            and before.kind == "date"
        ):
            before.text = "M" * len(before.text)
            found.append(_Token("date", token.text.lower()))
        elif token.kind == "digit" and found and found[-1].kind in (".", "part"):
            if found[-1].kind == ".":
                found[-1] = _Token("part", "")
            found[-1].text += "0"
        elif token.kind == "date":
            found.append(_Token("date", token.text.lower()))
        else:
            found.append(_Token(token.kind, token.text))
    return found


def _dated(token: _Token, moment: datetime, seconds: Decimal, is_half: bool) -> str:
    length = len(token.text)
    if token.kind == "elapsed":
        unit = {"h": 3600, "m": 60, "s": 1}[token.text[0].lower()]
        return str(int((seconds / unit).to_integral_value(ROUND_FLOOR))).zfill(length)
    if token.kind == "noon":
        halves = token.text.split("/")
        return halves[moment.hour >= 12]
    if token.kind == "part":
        return f"{seconds % 1:.{length}f}"[1:]
    if token.kind != "date":
        return token.text if token.kind in ("literal", ".", ",", "/", "%") else ""
    hour = (moment.hour + 11) % 12 + 1 if is_half else moment.hour
    letter = token.text[0]
    if letter in "yeb":
        return f"{moment.year % 100:02}" if length < 3 and letter == "y" else f"{moment.year:04}"
    if letter == "m" and length > 2:
        name = _MONTHS[moment.month - 1]
        return name[:1] if length == 5 else name[:3] if length == 3 else name
    days = int(seconds // DAY_SECONDS)
    if letter == "d" and length > 2:
        name = _DAYS[(days + 5) % 7]
        return name[:3] if length == 3 else name
    value = {"m": moment.month, "d": moment.day if days else 0, "h": hour, "M": moment.minute, "s": moment.second}.get(
        letter
    )
    return "" if value is None else f"{value:0{min(length, 2)}}"
