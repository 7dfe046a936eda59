"""Superscripts in a line of text: a mark beside a number never becomes a digit of it."""

import re

_UNITS = re.compile(r"(?:^|[\W\d_])(?:[kcdmµn]?m|ft|in|yd|mi|sq)$", re.IGNORECASE)
_POWERS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def raised(before: str, mark: str) -> str:
    """How a superscript is written after the text `before`.

    Digits are "[1]", as notes are, but a power after a unit ("m²"); letters and signs ("1st", "Acme®") are written as
    they are.
    """
    if not any(map(str.isdigit, mark)):
        return mark
    if _UNITS.search(before[-4:]):
        return mark.translate(_POWERS)
    digits = mark.strip()
    return f"[{digits}]" if digits[:1] not in "[(" else mark
