"""Superscripts in a line of text: a raised mark beside a number never becomes one of its digits."""

import re

_UNITS = re.compile(r"(?:^|[\W\d_])(?:[kcdmµn]?m|ft|in|yd|mi|sq)$", re.IGNORECASE)
_POWERS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


_NUMERATOR = re.compile(r"\[(\d{1,3})\](\s?[/⁄]\s?)$")
"""The numerator of a fraction, so far written as a note's mark."""


def add_mark(parts: list[str], mark: str) -> None:
    """Add a superscript, or a subscript after a digit or a stroke, to the `parts` of a line: 5¹⁄₂ is "5 1/2"."""
    last = parts[-3:]
    upper = _NUMERATOR.search("".join(last)) if mark.strip().isdigit() else None
    if upper is None:
        parts.append(raised("".join(parts[-4:]), mark))
        return
    rest = "".join(last)[: upper.start()]
    gap = " " if ("".join(parts[:-3])[-1:] + rest)[-1:].isdigit() else ""
    parts[-len(last) :] = [""] * (len(last) - 1) + [f"{rest}{gap}{upper[1]}{upper[2]}{mark.strip()}"]


def is_lower_half(before: str) -> bool:
    """Whether a subscript would be the lower half of a fraction."""
    return _NUMERATOR.search(before) is not None


def raised(before: str, mark: str) -> str:
    """How a superscript is written after the text `before`.

    Digits are written "[1]", as notes are, except a power after a unit ("m²"); letters and signs ("1st", "Acme®") are
    not changed.
    """
    if not any(map(str.isdigit, mark)):
        return mark
    if _UNITS.search(before[-4:]):
        return mark.translate(_POWERS)
    digits = mark.strip()
    return f"[{digits}]" if digits[:1] not in "[(" else mark
