"""The words of drawings in Office files: SmartArt, charts, shapes without text boxes, WordArt."""

from collections.abc import Iterable, Iterator
from typing import Any

from columnist.documents.model import Remark, RemarkKind
from columnist.documents.reading.flowing import Hidden
from columnist.documents.reading.office.number_formats import formatted
from columnist.documents.reading.office.package import Package
from columnist.documents.reading.office.theme import A, whole
from columnist.documents.reading.raised import add_mark, is_lower_half

ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
"""Elements with the same content in newer and older terms; one of these is shown."""
SMART_ART = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
PIECES = tuple(f"{A}{name}" for name in ("r", "fld", "br", "tab"))
"""The parts of a paragraph that have text."""
_LARGE = (4 * 914_400) * (3 * 914_400)
"""The area of four by three inches, in square English Metric Units: a smaller picture is a logo or a signature."""
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_LABELS = "{http://schemas.microsoft.com/office/drawing/2012/chart}"
"""Labels of points that are the text of cells."""


def paragraphs(element: Any) -> Iterator[str | Hidden]:
    """The paragraphs with text of DrawingML in an element, and what is struck through in them."""
    for paragraph in element.iter(f"{A}p"):
        text, struck = written(paragraph.iter(*PIECES))
        if text.strip():
            yield text
        if struck:
            yield Hidden(struck, is_struck=True)


def written(pieces: Iterable[Any]) -> tuple[str, str]:
    """The text of a paragraph's pieces, raised figures apart from numbers; and what is struck through."""
    parts: list[str] = []
    struck: list[str] = []
    mark = ""
    for piece in [*pieces, None]:
        text = "" if piece is None else _text(piece)
        look = None if piece is None else piece.find(f"{A}rPr")
        baseline = "0" if look is None else look.get("baseline", "0").strip()
        is_lower = baseline.startswith("-")
        is_moved = text.strip() and any(map(str.isdigit, baseline.strip("-0%")))
        if is_moved and is_lower and not mark:
            before = "".join(parts[-3:])
            is_moved = before[-1:].isdigit() or is_lower_half(before)
        if look is not None and look.get("strike", "noStrike") != "noStrike" and text.strip():
            struck.append(text)
        elif is_moved:
            mark += text
        else:
            if mark:
                add_mark(parts, mark)
                mark = ""
            parts.append(text)
    return "".join(parts), "".join(struck).strip()


def _text(piece: Any) -> str:
    if piece.tag in (f"{A}br", f"{A}tab"):
        return "\n" if piece.tag == f"{A}br" else "\t"
    return "".join(one.text or "" for one in piece.iter(f"{A}t"))


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


def chart(package: Package, name: str, *, in_book: bool = False) -> Iterator[str | Hidden]:
    """The text of a chart and of the shapes on it. A remark says if it is missing, or its values, unless they are in
    cells of the same file (`in_book`)."""
    root = package.part(name) if name else None
    if root is None or not (in_book or _has_values(root)):
        package.remarks.append(Remark(RemarkKind.NOT_READ, detail="a chart" if root is None else "values of a chart"))
    if root is None:
        return
    yield from _chart_lines(root)
    for kind, other in package.relations(name).values():
        shapes = package.part(other) if kind == "chartUserShapes" else None
        yield from paragraphs(shapes) if shapes is not None else ()


def _has_values(chart: Any) -> bool:
    """Whether each reference of a chart to cells has their values beside it."""
    references = chart.iter(*(f"{_C}{kind}Ref" for kind in ("num", "str", "multiLvlStr")))
    return all(
        next(one.iterchildren("{*}numCache", "{*}strCache", "{*}multiLvlStrCache"), None) is not None
        for one in references
    )


def _chart_lines(chart: Any) -> Iterator[str | Hidden]:
    """The text of a chart: titles, then a line for each series: its name, and its values with their categories."""
    yield from paragraphs(chart)
    count = chart.find(f"{_C}date1904")
    from_1904 = count is not None and count.get("val", "1") in ("1", "true")
    for title in chart.iter(f"{_C}title"):  # the text of a cell
        yield from _values(title.find(f"{_C}tx"), from_1904).values()
    for series in (one for one in chart.iter() if one.tag == f"{_C}ser"):
        name = " ".join(_values(series.find(f"{_C}tx"), from_1904).values())
        labels = _values(_first(series, "cat", "xVal"), from_1904)
        values = _values(_first(series, "val", "yVal"), from_1904)
        pairs = [f"{labels[index]}: {value}" if index in labels else value for index, value in values.items()]
        line = ", ".join(pairs or labels.values())
        if name or line:
            yield f"{name}\t{line}".strip()
        told = [one.text for one in series.iter(f"{_LABELS}v", f"{_C}v") if one.text and _is_label(one)]
        if told:
            yield f"{name}\t{', '.join(told)}".strip()
    # Newer charts (cx:chart) have points without series.
    points = [one.text for one in chart.iter("{*}pt") if one.text and not one.tag.startswith(_C)]
    if points:
        yield ", ".join(points)


def _first(series: Any, *names: str) -> Any | None:
    found = (series.find(f"{_C}{name}") for name in names)
    return next((one for one in found if one is not None), None)


def _is_label(value: Any) -> bool:
    return next(value.iterancestors(f"{_LABELS}dlblRangeCache"), None) is not None


def _values(element: Any | None, from_1904: bool) -> dict[int, str]:
    """The points of a series by their numbers, as their format shows them: blank ones are not in the file. The levels
    of a category are in one text, the outermost first."""
    levels: dict[Any, dict[int, str]] = {}
    for value in () if element is None else element.iter(f"{_C}v"):
        point = value.getparent()
        around = point.getparent()
        level = levels.setdefault(around, {})
        code = point.get("formatCode") or around.findtext(f"{_C}formatCode") or "General"
        if value.text:
            is_number = around.tag in (f"{_C}numCache", f"{_C}numLit")
            level[whole(point.get("idx"), len(level))] = (
                _formatted(value.text, code, from_1904) if is_number else value.text
            )
    found, *others = levels.values() or [{}]
    for outer in others:
        group = ""
        for index in sorted({*found, *outer}):
            group = outer.get(index, group)
            if group and index in found:
                found[index] = f"{group} / {found[index]}"
    return found


def _formatted(raw: str, code: str, from_1904: bool) -> str:
    try:
        return formatted(float(raw), code, from_1904=from_1904)
    except ValueError:
        return raw
