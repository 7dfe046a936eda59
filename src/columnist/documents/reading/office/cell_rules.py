"""Rules of a sheet that colour cells (conditional formatting): which ones hold for a cell, and which ones are not
computed."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

_RANGE = re.compile(r"\$?([A-Z]{1,3})?\$?([0-9]{1,7})?(?::\$?([A-Z]{1,3})?\$?([0-9]{1,7})?)?")
_TOKEN = re.compile(
    r'\s{0,20}(?:(?P<text>"(?:[^"]|""){0,500}+")|(?P<number>[0-9]{1,20}(?:\.[0-9]{0,20})?)|(?P<sign><>|<=|>=|[=<>(),-])'
    r"|(?P<name>\$?[A-Za-z]{1,10}\$?[0-9]{0,7}))"
)
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_LONGEST = 500
"""Most characters of a formula that is parsed."""

Value = str | float | bool
T = TypeVar("T")


class Area(NamedTuple):
    """A range of cells, from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


def areas(text: str) -> Iterator[Area]:
    """The areas that a sheet names, as "A1:B9 D4"."""
    for one in text.split():
        if not (match := _RANGE.fullmatch(one.upper())):
            continue
        first, top, last, bottom = match.groups()
        is_range = ":" in one
        yield Area(
            int(top or 1),
            column_number(first or "A"),
            int((bottom if is_range else top) or _MOST_ROWS),
            column_number((last if is_range else first) or "XFD"),
        )


def column_number(letters: str) -> int:
    """The number of a column, from 1."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return min(number, _MOST_COLUMNS)


class Areas(Generic[T]):
    """Values by areas of a sheet; rows must be asked for in their order."""

    def __init__(self, held: Iterable[tuple[Area, T]]) -> None:
        self._all = sorted(held, key=lambda one: one[0].top)
        self._next = 0
        self._active: list[tuple[Area, T]] = []
        self._row = 0

    def at(self, row: int, column: int) -> list[tuple[Area, T]]:
        """The values for a cell."""
        if row != self._row:
            if row < self._row:
                self._next, self._active = 0, []
            self._row = row
            while self._next < len(self._all) and self._all[self._next][0].top <= row:
                self._active.append(self._all[self._next])
                self._next += 1
            self._active = [one for one in self._active if one[0].bottom >= row]
        return [one for one in self._active if one[0].left <= column <= one[0].right]


@dataclass(frozen=True, slots=True)
class Look:
    """The look that a rule, or the style of a table, gives to a cell; None for unchanged parts. `hides_value`: a bar or
    an icon replaces the value."""

    ink: str | None = None
    ground: str | None = None
    code: str | None = None
    hides_value: bool = False

    def over(self, under: "Look") -> "Look":
        """This look, completed by the one below."""
        return Look(
            self.ink or under.ink,
            self.ground or under.ground,
            under.code if self.code is None else self.code,
            self.hides_value or under.hides_value,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `formulas`: as in the file; `stops`: if it holds, later rules do not."""

    kind: str
    priority: int
    look: Look
    operator: str = ""
    text: str = ""
    formulas: tuple[str, ...] = ()
    stops: bool = False

    def holds(self, value: Value | None, row: int, column: int, area: Area) -> bool | None:
        """Whether it holds for a cell; None if that is not known."""
        if self.kind == "cellIs":
            bounds = [_computed(one, value, row, column, area) for one in self.formulas]
            known = [one for one in bounds if one is not None]
            return _is(self.operator, value, known) if known and len(known) == len(bounds) else None
        if self.kind == "expression":
            found = _computed(self.formulas[0], value, row, column, area) if self.formulas else None
            return None if found is None or isinstance(found, str) else bool(found)
        told = _TOLD.get(self.kind)
        if told is None or (self.kind in _OF_TEXT and not self._says_its_text()):
            return None
        return told("" if value is None else _said(value).casefold(), self.text.casefold())

    def _says_its_text(self) -> bool:
        """Whether the rule has a text without wildcards, and its formula has the same."""
        is_plain = self.text != "" and not any(sign in self.text for sign in "*?~")
        return is_plain and all(f'"{self.text}"'.casefold() in one.casefold() for one in self.formulas)


_OF_TEXT = ("containsText", "notContainsText", "beginsWith", "endsWith")
_TOLD: Mapping[str, Callable[[str, str], bool]] = {
    "containsText": lambda value, text: text in value,
    "notContainsText": lambda value, text: text not in value,
    "beginsWith": lambda value, text: value.startswith(text),
    "endsWith": lambda value, text: value.endswith(text),
    "containsBlanks": lambda value, _: not value.strip(),
    "notContainsBlanks": lambda value, _: bool(value.strip()),
    "containsErrors": lambda value, _: value.startswith("#"),
    "notContainsErrors": lambda value, _: not value.startswith("#"),
    "dataBar": lambda value, _: True,
    "iconSet": lambda value, _: True,
}


def looked_up(
    rules: Sequence[tuple[Area, Rule]], value: Value | None, row: int, column: int
) -> tuple[Look, list[Look]]:
    """The look of a cell by the rules that surely hold, and the looks of the rules that are not computed."""
    sure = Look()
    unsure: list[Look] = []
    may_have_stopped = False
    for area, rule in sorted(rules, key=lambda one: one[1].priority):
        holds = rule.holds(value, row, column, area)
        if holds is None or (holds and may_have_stopped):
            unsure.append(rule.look)
            may_have_stopped = may_have_stopped or rule.stops
        elif holds:
            sure = sure.over(rule.look)
            if rule.stops:
                break
    return sure, unsure


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return value if isinstance(value, str) else f"{value:.15g}"


def _is(operator: str, value: Value | None, bounds: Sequence[Value]) -> bool | None:
    if operator in ("between", "notBetween") and len(bounds) == 2:
        inside = _order(value, bounds[0]) >= 0 and _order(value, bounds[1]) <= 0
        return inside == (operator == "between")
    compared = _COMPARED.get(_OPERATORS.get(operator, ""))
    return None if compared is None else compared(_order(value, bounds[0]))


_OPERATORS = {
    "equal": "=", "notEqual": "<>", "lessThan": "<", "lessThanOrEqual": "<=", "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}  # fmt: skip
_COMPARED: Mapping[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _order(one: Value | None, other: Value) -> int:
    """Excel's order of two values: numbers, then texts in any case, then TRUE and FALSE; an empty cell is zero or
    empty."""
    if one is None:
        one = "" if isinstance(other, str) else 0.0
    kinds = [2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0 for value in (one, other)]
    if kinds[0] != kinds[1]:
        return kinds[0] - kinds[1]
    left, right = (value.casefold() if isinstance(value, str) else value for value in (one, other))
    return (left > right) - (left < right)  # type: ignore[operator]


def _computed(formula: str, value: Value | None, row: int, column: int, area: Area) -> Value | None:
    """The value of a formula of constants, comparisons, NOT, AND, OR and the cell itself; None for any other."""
    try:
        return _Formula(formula, value, row, column, area).value()
    except (ValueError, RecursionError):
        return None


class _Formula:
    """A formula that can be computed. Raises ValueError for unknown parts."""

    def __init__(self, formula: str, value: Value | None, row: int, column: int, area: Area) -> None:
        formula = formula.strip().removeprefix("=")
        if len(formula) > _LONGEST:
            raise ValueError
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(formula):
            if not (match := _TOKEN.match(formula, place)):
                raise ValueError
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            place = match.end()
        self._own = value
        self._at = (row, column, area)

    def value(self) -> Value:
        found = self._comparison()
        if self._tokens:
            raise ValueError
        return found

    def _next(self, *wanted: str) -> tuple[str, str]:
        if not self._tokens or (wanted and self._tokens[0][1] not in wanted):
            raise ValueError
        return self._tokens.pop(0)

    def _comparison(self) -> Value:
        left = self._term()
        if self._tokens and self._tokens[0][1] in _COMPARED and self._tokens[0][0] == "sign":
            how = _COMPARED[self._next()[1]]
            return how(_order(left, self._term()))
        return left

    def _term(self) -> Value:
        kind, text = self._next()
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "number":
            return float(text)
        if text == "-":
            found = self._term()
            if isinstance(found, str):
                raise ValueError
            return -found
        if text == "(":
            found = self._comparison()
            self._next(")")
            return found
        if kind == "name":
            return self._named(text.upper())
        raise ValueError

    def _named(self, name: str) -> Value:
        if name in ("TRUE", "FALSE"):
            if self._tokens and self._tokens[0][1] == "(":
                self._next("(")
                self._next(")")
            return name == "TRUE"
        if name in ("NOT", "AND", "OR", "LEN", "ISBLANK", "ISTEXT", "ISNUMBER"):
            self._next("(")
            found = [self._comparison()]
            while self._next(",", ")")[1] == ",":
                found.append(self._comparison())
            return _FUNCTIONS[name](found)
        if not self._is_own(name):
            raise ValueError
        return "" if self._own is None else self._own

    def _is_own(self, name: str) -> bool:
        """Whether a reference means the cell itself: it counts from the first cell of its area."""
        row, column, area = self._at
        match = re.fullmatch(r"(\$?)([A-Z]{1,3})(\$?)([0-9]{1,7})", name)
        if match is None:
            return False
        at_column, at_row = column_number(match[2]), int(match[4])
        at_column += 0 if match[1] else column - area.left
        at_row += 0 if match[3] else row - area.top
        return (at_row, at_column) == (row, column)


_FUNCTIONS: Mapping[str, Callable[[list[Value]], Value]] = {
    "NOT": lambda found: not found[0],
    "AND": lambda found: all(found),
    "OR": lambda found: any(found),
    "LEN": lambda found: float(len(_said(found[0]))),
    "ISBLANK": lambda found: found[0] == "",
    "ISTEXT": lambda found: isinstance(found[0], str) and found[0] != "",
    "ISNUMBER": lambda found: not isinstance(found[0], str | bool),
}


def read_rules(element: Any, look_of: Callable[[Any], Look]) -> Iterator[tuple[Area, Rule]]:
    """The rules in a conditionalFormatting, of Excel 2007 or later, each with its areas."""
    named = element.get("sqref") or "".join(one.text or "" for one in element.iterchildren("{*}sqref"))
    covered = list(areas(named))
    for rule in element.iterchildren("{*}cfRule"):
        kind = rule.get("type", "")
        drawn = next((one for one in rule if one.tag.rpartition("}")[2] == kind), None)
        look = look_of(rule)
        if kind in ("dataBar", "iconSet"):
            look = Look(hides_value=drawn is not None and drawn.get("showValue") in ("0", "false"))
        yield from (
            (
                area,
                Rule(
                    kind,
                    int(rule.get("priority", "0")) if rule.get("priority", "").isdecimal() else 0,
                    look,
                    rule.get("operator", ""),
                    rule.get("text", ""),
                    tuple(one.text or "" for one in rule.iterchildren("{*}formula", "{*}f")),
                    rule.get("stopIfTrue") in ("1", "true"),
                ),
            )
            for area in covered
        )
