"""Letters of drawings in Office files (DrawingML): whether a person sees them on the background of their shape."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from columnist.documents.reading.office.drawn import PIECES, written
from columnist.documents.reading.office.theme import UNKNOWN, A, Theme, whole
from columnist.documents.reading.visibility import is_alike, is_white

LEAST_SIZE = 100
"""The size of letters in hundredths of a point: smaller ones are not seen."""
_CLEAR = 5_000
"""Thousandths of a per cent of opacity at which nothing is seen."""
_FLAT = 25_400
"""English Metric Units of two points: a flatter shape has no room for letters."""
_UPON_EACH_OTHER = -2_000
"""Spacing in hundredths of a point at which letters lie on the previous ones."""
_FAR_UP = 1_000_000
"""Thousandths of a per cent of their size at which raised letters no longer stand beside their line."""
_FILLS = tuple(f"{A}{name}" for name in ("noFill", "solidFill", "gradFill", "blipFill", "pattFill", "grpFill"))


class Line(NamedTuple):
    """A paragraph, and whether it is invisible or struck through. `is_unsure`: white letters on an unknown
    background."""

    text: str
    is_hidden: bool
    is_unsure: bool = False
    is_struck: bool = False


def paragraphs(root: Any, theme: Theme, paper: str) -> Iterator[Line]:
    """The paragraphs of all shapes of a drawing; `paper`: the colour behind shapes without a fill."""
    grounds = [one for one in root.iter("{*}sp", "{*}pic") if one.tag.endswith("}pic") or ground_of(one, theme)]
    for paragraph in root.iter(f"{A}p"):
        shapes = [
            one
            for one in paragraph.iterancestors()
            if next(one.iterchildren("{*}spPr", "{*}grpSpPr"), None) is not None
        ]
        shape = shapes[0] if shapes else None
        own = None if shape is None else ground_of(shape, theme)
        ground = own or (UNKNOWN if any(one is not shape for one in grounds) else paper)
        usual = [] if shape is None else list(shape.iterfind(f"{{*}}style/{A}fontRef"))
        is_gone = any(map(is_off, shapes))
        pieces = list(paragraph.iter(*PIECES))
        chains = [[*piece.iterchildren(f"{A}rPr"), *usual] for piece in pieces]
        unseen = [is_gone or is_unseen(chain, ground, theme) for chain in chains]
        is_unsure = ground == UNKNOWN and any(is_white(ink(chain, theme) or "") for chain in chains)
        for is_hidden in (False, True):
            text, struck = written(piece for piece, gone in zip(pieces, unseen, strict=True) if gone is is_hidden)
            if text.strip():
                yield Line(text, is_hidden, is_unsure)
            if struck:
                yield Line(struck, is_hidden, is_unsure, is_struck=not is_hidden)


def is_off(shape: Any) -> bool:
    """Whether a shape is switched off in the list of shapes."""
    properties = next(iter(shape), None)
    named = None if properties is None else next(properties.iterchildren("{*}cNvPr"), None)
    return named is not None and named.get("hidden") in ("1", "true")


def is_opaque(properties: Any | None) -> bool:
    """Whether a shape has an opaque fill of one colour; `properties`: its spPr."""
    fill = None if properties is None else properties.find(f"{A}solidFill")
    return fill is not None and _is_plain(fill)


def _is_plain(fill: Any) -> bool:
    return fill.tag == f"{A}solidFill" and next(fill.iter(f"{A}alpha"), None) is None


def ground_of(shape: Any, theme: Theme) -> str | None:
    """The colour of a shape's fill; None if it has none."""
    properties = next(shape.iterchildren("{*}spPr"), None)
    fill = None if properties is None else next((one for one in properties if one.tag in _FILLS), None)
    if fill is not None:
        if fill.tag == f"{A}noFill":
            return None
        return theme.drawn(fill) if _is_plain(fill) else UNKNOWN
    named = next(shape.iterfind(f"{{*}}style/{A}fillRef"), None)
    if named is None or named.get("idx", "0") == "0":
        return None
    return theme.drawn(named) if named.get("idx") == "1" else UNKNOWN


def ink(chain: Iterable[Any], theme: Theme) -> str | None:
    """The colour of letters, by the first of their properties that states one; None for the default one."""
    fill = _fill(chain)
    return None if fill is None or fill.tag == f"{A}noFill" else theme.drawn(fill)


def is_unseen(chain: Sequence[Any], ground: str, theme: Theme, scale: int = 100_000) -> bool:
    """Whether letters are tiny, without a fill, clear, or in the colour of their background. `chain`: their properties,
    the strongest first; `scale`: of their size, in thousandths of a per cent."""
    if int(_first(chain, "sz", 1_800) * scale / 100_000) <= LEAST_SIZE or _first(chain, "spc", 0) <= _UPON_EACH_OTHER:
        return True
    if abs(_first(chain, "baseline", 0)) >= _FAR_UP:
        return True
    marked = next((one for one in (own.find(f"{A}highlight") for own in chain) if one is not None), None)
    ground = ground if marked is None else theme.drawn(marked) or UNKNOWN
    link = next((one for own in chain[:1] for one in own.iterfind(f"{A}hlinkClick")), None)
    if link is not None and next(link.iter("{*}hlinkClr"), None) is None:  # drawn in the theme's colour of links
        return is_alike(theme.named("hlink") or UNKNOWN, ground)
    outline = next((one for one in (own.find(f"{A}ln/{A}solidFill") for own in chain) if one is not None), None)
    if outline is not None and not is_alike(theme.drawn(outline) or UNKNOWN, ground):
        return False
    fill = _fill(chain)
    if fill is None:
        return is_alike("000000", ground)
    if fill.tag == f"{A}noFill":
        return True
    if any(whole(one.get("val"), _CLEAR + 1) <= _CLEAR for one in fill.iter(f"{A}alpha")):
        return True
    return fill.tag in (f"{A}solidFill", f"{A}fontRef") and is_alike(theme.drawn(fill) or "000000", ground)


def _fill(chain: Iterable[Any]) -> Any | None:
    for own in chain:
        if own.tag == f"{A}fontRef":
            return own if len(own) else None
        found = next((one for one in own if one.tag in _FILLS), None)
        if found is not None:
            return found
    return None


def _first(chain: Iterable[Any], name: str, otherwise: int) -> int:
    found = next((one.get(name) for one in chain if one.get(name) is not None), None)
    return whole(found, otherwise)


def is_flat(shape: Any) -> bool:
    """Whether a shape that clips its letters has no room for them."""
    extent = next(shape.iter(f"{A}ext"), None)
    body = next(shape.iter(f"{A}bodyPr"), None)
    clips = body is not None and body.get("vertOverflow") == "clip" and body.find(f"{A}spAutoFit") is None
    return clips and extent is not None and whole(extent.get("cy"), _FLAT) < _FLAT
