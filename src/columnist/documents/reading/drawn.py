"""The words of drawings in Office files: SmartArt, charts, shapes without text boxes, WordArt."""

from collections.abc import Iterator
from typing import Any

ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
"""Elements with the same content in newer and older terms; one of these is shown."""
SMART_ART = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_LARGE = (4 * 914_400) * (3 * 914_400)
"""The area of four by three inches, in square English Metric Units: a smaller picture is a logo or a signature."""
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def paragraphs(element: Any) -> Iterator[str]:
    """The paragraphs with text of DrawingML in an element."""
    for paragraph in element.iter(f"{_A}p"):
        text = "".join(
            "\t" if piece.tag == f"{_A}tab" else "\n" if piece.tag == f"{_A}br" else piece.text or ""
            for piece in paragraph.iter(f"{_A}t", f"{_A}br", f"{_A}tab")
        )
        if text.strip():
            yield text


def shown_alternative(alternatives: Any) -> Any | None:
    """The newest form that Office knows and that is not empty, of content in several forms."""
    return next(
        (
            one
            for one in alternatives
            if len(one) and all(_is_known(one.nsmap.get(prefix, "")) for prefix in one.get("Requires", "").split())
        ),
        None,
    )


def _is_known(namespace: str) -> bool:
    return namespace.startswith(("http://schemas.microsoft.com/", "http://schemas.openxmlformats.org/"))


def is_large(extent: Any) -> bool:
    """Whether a picture is large enough to have legible text."""
    sides = [extent.get("cx", ""), extent.get("cy", "")]
    return all(side.isdigit() for side in sides) and int(sides[0]) * int(sides[1]) >= _LARGE


def chart_lines(chart: Any) -> Iterator[str]:
    """The text of a chart: titles, then a line for each series: its name, and its values with their categories."""
    yield from paragraphs(chart)
    for series in (one for one in chart.iter() if one.tag == f"{_C}ser"):
        name = " ".join(_values(series.find(f"{_C}tx")))
        labels = _values(_first(series, "cat", "xVal"))
        values = _values(_first(series, "val", "yVal"))
        pairs = [
            f"{labels[index]}: {value}" if index < len(labels) else value for index, value in enumerate(values)
        ] or labels
        line = ", ".join(pairs)
        if name or line:
            yield f"{name}\t{line}".strip()
    # Newer charts (cx:chart) have points without series.
    points = [one.text for one in chart.iter("{*}pt") if one.text and not one.tag.startswith(_C)]
    if points:
        yield ", ".join(points)


def _first(series: Any, *names: str) -> Any | None:
    found = (series.find(f"{_C}{name}") for name in names)
    return next((one for one in found if one is not None), None)


def _values(element: Any | None) -> list[str]:
    return [] if element is None else [one.text for one in element.iter(f"{_C}v") if one.text]
