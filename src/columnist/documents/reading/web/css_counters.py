"""The marks of lists in CSS: numbers, letters and signs, also those that a page defines (`@counter-style`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SYMBOL = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,;\"']+"
_NUMBER = re.compile(r"\d{1,8}")
_DEFINED = re.compile(r"@counter-style\s+([\w-]+)\s*\{((?:[^{}\"']|\"[^\"]*\"|'[^']*')*)\}", re.I)
_DECLARED = re.compile(rf"(?<![a-z-])([a-z-]++)\s*+:((?:{_SYMBOL}|[\s,])*)", re.I)


@dataclass(frozen=True, slots=True)
class CounterStyle:
    """How a page numbers (`@counter-style`). `base`: the style that it extends; `first`: of the fixed ones."""

    system: str = "symbolic"
    first: int = 1
    base: str = "decimal"
    symbols: tuple[str, ...] = ()
    weights: tuple[tuple[int, str], ...] = ()
    around: tuple[str, str] = ("", ". ")
    pad: tuple[int, str] = (0, "")

    def mark(self, number: int) -> str | None:
        """The mark of a number, without what is around it; None if the style has none."""
        found = self._mark(number)
        return None if found is None else self.pad[1] * max(self.pad[0] - len(found), 0) + found

    def _mark(self, number: int) -> str | None:
        signs, place = self.symbols, number - 1
        if self.system == "extends":
            return list_number(number, self.base).removesuffix(". ").rstrip()
        if self.system == "additive":
            return self._added(number)
        if not signs or (number < 1 and self.system not in ("cyclic", "fixed", "numeric")):
            return None
        if self.system == "cyclic":
            return signs[place % len(signs)]
        if self.system == "fixed":
            place = number - self.first
            return signs[place] if 0 <= place < len(signs) else None
        if self.system == "numeric" and len(signs) > 1 and number >= 0:
            return _digits(number, signs)
        if self.system == "alphabetic" and len(signs) > 1:
            return _in_letters(number, signs)
        return signs[place % len(signs)] * min(place // len(signs) + 1, 20) if self.system == "symbolic" else None

    def _added(self, number: int) -> str | None:
        found = ""
        for worth, sign in self.weights:
            times = number // worth if worth else int(not number and not found)
            if times > 50:
                return None
            found += sign * times
            number -= worth * times
        return found if found and not number else None


@dataclass(frozen=True, slots=True)
class Counters:
    """The marks of a page's lists, by the name of their style."""

    defined: Mapping[str, CounterStyle] = field(default_factory=dict)

    def mark(self, number: int, form: str) -> str:
        """The mark of a list's item, with what is around it."""
        own = self.defined.get(form)
        return list_number(number, form) if own is None else f"{own.around[0]}{self.bare(number, form)}{own.around[1]}"

    def bare(self, number: int, form: str) -> str:
        """The same, with nothing around it."""
        own = self.defined.get(form)
        return (None if own is None else own.mark(number)) or list_number(number, form).rstrip(". ")


def defined(sheet: str) -> dict[str, CounterStyle]:
    """The styles that a style sheet defines."""
    return {found[1].lower(): _style(found[2]) for found in _DEFINED.finditer(sheet)}


def _style(text: str) -> CounterStyle:
    said = {name.lower(): re.findall(_SYMBOL, value) for name, value in _DECLARED.findall(text)}
    signs = {name: [_sign(one) for one in value] for name, value in said.items()}
    system = [*signs.get("system", ["symbolic"]), ""]
    weights = [_weighed(pair) for pair in _in_pairs(said.get("additive-symbols", []))]
    pad = _weighed(said.get("pad", []))
    prefix, suffix = (signs.get(name, [usual])[0] for name, usual in (("prefix", ""), ("suffix", ". ")))
    return CounterStyle(
        system[0].lower(),
        int(system[1]) if system[0].lower() == "fixed" and system[1].isdigit() else 1,
        system[1].lower() or "decimal",
        tuple(signs.get("symbols", ())),
        tuple(weights),
        (prefix, suffix if suffix[-1:].isspace() or not suffix else f"{suffix} "),
        (min(pad[0], 20), pad[1]),
    )


def _in_pairs(signs: list[str]) -> list[list[str]]:
    return [signs[at : at + 2] for at in range(0, len(signs) - 1, 2)]


def _weighed(pair: Sequence[str]) -> tuple[int, str]:
    """A number and a sign, in any order."""
    number, sign = sorted([*pair, "0", ""][:2], key=lambda one: not _NUMBER.fullmatch(one))
    return (int(number), _sign(sign)) if _NUMBER.fullmatch(number) else (0, "")


def _sign(text: str) -> str:
    return unescaped(text[1:-1] if text[:1] in ("'", '"') else text)


def _digits(number: int, signs: tuple[str, ...]) -> str:
    digits = ""
    while number or not digits:
        number, last = divmod(number, len(signs))
        digits = signs[last] + digits
    return digits


def unescaped(text: str) -> str:
    """A string of CSS without escapes."""

    def character(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if 31 < code < 0xD800 or 0xDFFF < code < 0x110000 else " "

    return re.sub(r"\\(.)", r"\1", re.sub(r"\\([0-9a-fA-F]{1,6})\s?", character, text))


def list_number(number: int, form: str) -> str:
    """The mark of a list's item, with the space after it; empty for `none`."""
    if form == "none":
        return ""
    if form in ("disc", "circle", "square"):
        return "• "
    if form[:1] in "\"'":
        return f"{unescaped(form[1:-1]).rstrip()} "
    if form in ("lower-alpha", "lower-latin", "upper-alpha", "upper-latin") and number > 0:
        letters = _in_letters(number, "abcdefghijklmnopqrstuvwxyz")
        return f"{letters.upper() if form.startswith('upper') else letters}. "
    if form == "lower-greek" and number > 0:
        return f"{_in_letters(number, 'αβγδεζηθικλμνξοπρστυφχψω')}. "
    if form in ("lower-roman", "upper-roman") and 0 < number < 4_000:
        roman = _in_roman(number)
        return f"{roman.upper() if form.startswith('upper') else roman}. "
    return f"{number:02}. " if form == "decimal-leading-zero" else f"{number}. "


def _in_letters(number: int, alphabet: Sequence[str]) -> str:
    letters = ""
    while number:
        number, last = divmod(number - 1, len(alphabet))
        letters = alphabet[last] + letters
    return letters


def _in_roman(number: int) -> str:
    values = zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
                 "m cm d cd c xc l xl x ix v iv i".split(), strict=True)  # fmt: skip
    letters = ""
    for value, roman in values:
        letters += roman * (number // value)
        number %= value
    return letters
