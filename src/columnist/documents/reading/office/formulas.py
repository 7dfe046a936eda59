"""Formulas of Office files as text in a line: no part of one becomes a digit of another."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from columnist.documents.model import Remark, RemarkKind
from columnist.documents.reading.office.styles import W
from columnist.documents.reading.symbols import symbol

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_BETWEEN = {"f": "/", "sSup": "^", "sSub": "_", "limUpp": "^", "limLow": "_"}
_RUNS = (f"{MATH}r", f"{MATH}t")
_LEFT_OUT = frozenset((f"{MATH}ctrlPr", f"{MATH}rPr", f"{W}del", f"{W}moveFrom"))
_WITH_LOOK = ("r", "phant", "borderBox")


def formula(element: Any, is_out: Callable[[Any], bool] = lambda _: False) -> str:
    """An element of OMML in a line: a/b, a^b, a_b, √(a). `is_out`: says which runs are not part of what is shown."""
    name = element.tag.removeprefix(MATH) if isinstance(element.tag, str) else ""
    if name == "t":
        return element.text or ""
    if name in _WITH_LOOK and is_out(element):
        return ""
    children = [child for child in element if child.tag not in _LEFT_OUT and not _is_properties(child)]
    parts = [formula(child, is_out) for child in children]
    if name == "f" and _character(element, "type", "bar") == "noBar":
        return f"({'; '.join(parts)})"
    if name in _BETWEEN:
        return _BETWEEN[name].join(map(_whole, parts))
    if name == "sSubSup" and len(parts) == 3:
        return f"{_whole(parts[0])}_{_whole(parts[1])}^{_whole(parts[2])}"
    if name == "sPre" and len(parts) == 3:
        return f"_{_whole(parts[0])}^{_whole(parts[1])} {parts[2]}"
    if name == "rad":
        return f"{_power(parts[0]) if len(parts) > 1 else ''}√{_whole(parts[-1])}"
    if name == "nary":
        sign = _character(element, "chr", "∫")
        limits = "".join(f"{mark}{_whole(part)}" for mark, part in zip("_^", parts[:2], strict=False) if part)
        return f"{sign}{limits} {''.join(parts[2:])}"
    if name == "d":
        return f"{_character(element, 'begChr', '(')}{', '.join(parts)}{_character(element, 'endChr', ')')}"
    if name in ("m", "eqArr"):
        return "; ".join(parts)
    return ", ".join(parts) if name == "mr" else _in_a_row(parts, [child.tag in _RUNS for child in children])


def field(code: str) -> str | None:
    """The text that Word draws for a field without a stored result: an equation (EQ), a symbol, or what to click on;
    None for any other field."""
    name, _, rest = code.strip().partition(" ")
    if name.upper() == "SYMBOL":
        font = re.search(r"\\f\s*\"?([^\"\\]+)", rest)
        number = re.match(r"\s*(0x[0-9A-Fa-f]{1,6}|[0-9]{1,7})", rest)
        value = int(number[1], 0) if number and not re.fullmatch("0[0-9]+", number[1]) else 0
        if font is None or "\\u" in rest:
            return chr(value) if 31 < value < 0xD800 else "•"
        return symbol(font[1].strip(), value)
    if name.upper() in _BUTTONS:
        return rest.strip().partition(" ")[2]
    if name.upper() != "EQ":
        return None
    for _ in range(_MOST_NESTED):
        rest, count = _EQ.subn(_equation, rest)
        if not count:
            break
    return re.sub(r"\\[a-z]+\d*|\\(?=.)", "", rest).replace(_OPEN, "(").replace(_CLOSE, ")").strip()


DATE_PUT_IN = Remark(RemarkKind.NOT_READ, detail="a date that Word puts in")
"""The date of the day on which a file is opened, which is not in the file."""


def unanswered(code: str) -> str | None:
    """The name of a field that should show a value, which the file lacks; None for fields that show none, or whose
    value is that of the page."""
    name = code.split()[0].upper() if code.split() else ""
    name = "=" if name.startswith("=") else name
    return f"the field {name}" if name in _VALUES else None


_VALUES = frozenset(
    "= IF COMPARE REF NOTEREF DOCPROPERTY DOCVARIABLE MERGEFIELD QUOTE INCLUDETEXT FILLIN LINK DATABASE".split()
)
_BUTTONS = ("MACROBUTTON", "GOTOBUTTON")
_NUMBER = re.compile(r"[_^]?\d")
_MOST_NESTED = 20
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Control characters for brackets of parts that are in a line already."""
_EQ = re.compile(r"\\([a-z])((?:\s*\\[a-z]{2}\d*)*)\s*\(([^()]*)\)", re.I)


def _in_a_row(parts: Sequence[str], are_runs: Sequence[bool]) -> str:
    """Join adjacent parts, with a space between two numbers unless they are runs of one: 2 1/2, 10^3 5."""
    line = ""
    is_within = True
    for part, is_run in zip(parts, are_runs, strict=True):
        is_number = is_within and is_run
        line += ("" if is_number or not (line[-1:].isdigit() and _NUMBER.match(part)) else " ") + part
        is_within = is_run
    return line


def apart(before: str, part: str) -> str:
    """The separator that keeps the digits of a fraction or a power apart from earlier digits."""
    return " " if before[-1:].isdigit() and re.match(r"\d[^\W_]*[/^_√]", part) else ""


def _equation(found: re.Match[str]) -> str:
    name, options, inner = found[1].lower(), found[2].lower(), found[3]
    parts = [part.strip() for part in re.split("[,;]", inner)]
    if name == "f" and len(parts) == 2:
        return "/".join(parts)
    if name == "r":
        return f"{_power(parts[0]) if len(parts) > 1 else ''}√{_OPEN}{parts[-1]}{_CLOSE}"
    if name == "s":
        return ("^" if "\\up" in options else "_" if "\\do" in options else "") + inner
    return f"{_OPEN}{inner}{_CLOSE}" if name == "b" else inner


def _is_properties(element: Any) -> bool:
    return not isinstance(element.tag, str) or element.tag.endswith("Pr")


def _whole(part: str) -> str:
    return part if len(part) < 2 or part.strip().isalnum() else f"({part})"


def _power(part: str) -> str:
    return f"{_whole(part)}-" if part.strip() else ""


def _character(element: Any, name: str, usual: str) -> str:
    found = element.find(f"{MATH}{element.tag.removeprefix(MATH)}Pr/{MATH}{name}")
    return usual if found is None else str(found.get(f"{MATH}val", ""))
