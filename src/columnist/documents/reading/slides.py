"""PPTX: each slide is a page. Its shapes come in their order, which screen readers use, too, then its notes.

Fixed texts of layouts and masters come once, with the first slide that shows them. Hidden text is kept apart: hidden
slides and shapes, shapes off the slide, letters of one point, without a fill, or in the colour of their shape or of an
empty slide. Comments are left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading import drawn
from columnist.documents.reading.drawn import ALTERNATIVES, SMART_ART, is_large, shown_alternative
from columnist.documents.reading.flowing import Picture, looked_at
from columnist.documents.reading.formulas import MATH, formula
from columnist.documents.reading.numbering import number_in_words
from columnist.documents.reading.package import Package, R, opened
from columnist.documents.reading.raised import raised
from columnist.documents.reading.symbols import is_symbol, symbol
from columnist.documents.reading.visibility import is_alike
from columnist.errors import DocumentError

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_LEAST_SIZE = 100
"""The size of letters in hundredths of a point: smaller ones are not seen."""
_NUMBERS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_AROUND = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}
"""How a list's number is written, by the end of its kind, as in `alphaLcParenR`."""


def read_pptx(file: BinaryIO) -> Iterator[Page]:
    """The slides of a PPTX. Raises DocumentError."""
    with opened(file, "PPTX") as package:
        main = package.main()
        root = None if main is None else package.part(main, must_be_whole=True)
        if main is None or root is None:
            raise DocumentError("The PPTX is damaged: it holds no presentation.")
        relations = package.relations(main)
        size = root.find(f"{P}sldSz")
        area = None if size is None else (int(size.get("cx", 0)), int(size.get("cy", 0)))
        slides = [relations.get(one.get(f"{R}id", ""), ("", ""))[1] for one in root.iter(f"{P}sldId")]
        shown: set[str] = set()
        any_text = False
        for number, name in enumerate(slides, start=1):
            page = _Slide(package, name, area, shown).page(number)
            any_text = any_text or bool(page.text.strip() or page.hidden or page.pictures)
            if number == len(slides):
                package.say_unread()
                page = replace(page, remarks=(*page.remarks, *package.remarks))
            yield page
        if not any_text:
            raise DocumentError("The file has no text.")


class _Slide:
    """One slide on its way to a page. `shown`: the layouts and masters whose texts an earlier slide has shown."""

    def __init__(self, package: Package, name: str, area: tuple[int, int] | None, shown: set[str]) -> None:
        self._package = package
        self._name = name
        self._area = area
        self._shown = shown
        self._ground: str | None = None
        """The colour behind the letters of the shape that is read, if that is known."""
        self._hidden: list[str] = []
        self._struck: list[str] = []
        self._read: set[Any] = set()
        self._remarks: list[Remark] = []
        self._pictures: dict[str, Picture] = {}

    def page(self, number: int) -> Page:
        root = self._package.part(self._name)
        if root is None:
            return Page(number, "", remarks=(Remark(RemarkKind.NOT_READ, detail="a slide that is missing"),))
        for ground in root.iterfind(f"{P}cSld/{P}bg"):
            self._look(ground, self._name, is_large=True)
        self._ground = self._empty_ground(root)
        lines = [*self._fixed(root), *self._shapes(root, self._name), *self._notes()]
        lost = sum(len(text.text or "") for text in root.iter(f"{A}t") if text not in self._read and _is_printed(text))
        if lost:
            self._remarks.append(Remark(RemarkKind.LOST, lost))
        if root.get("show") in ("0", "false"):
            self._hidden, lines = [*lines, *self._hidden], []
        pictures, said = looked_at(self._pictures.values(), number)
        self._remarks += (*said, *self._package.remarks)
        self._package.remarks.clear()
        return Page(
            number,
            "\n".join(lines),
            remarks=tuple(self._remarks),
            hidden="\n".join(self._hidden),
            struck="\n".join(self._struck),
            pictures=pictures,
        )

    def _empty_ground(self, slide: Any) -> str | None:
        """The colour of a slide on which only letters are drawn; None if it is not known."""
        part, root, ground = self._name, slide, None
        for kind in ("slideLayout", "slideMaster", ""):
            if any(map(_is_drawn, root.iterfind(f"{P}cSld/{P}spTree//*"))):
                return None
            behind = root.find(f"{P}cSld/{P}bg")
            if ground is None and behind is not None:
                ground = _colour(next(behind.iter(f"{A}solidFill"), next(behind.iter(f"{P}bgRef"), None)))
                if ground is None:
                    return None
            part = self._related(part, kind) if kind else ""
            found = self._package.part(part) if part else None
            if found is None:
                break
            root = found
        colours = root.find(f"{P}clrMap")
        return None if colours is not None and colours.get("bg1", "lt1") != "lt1" else ground or _PAPER

    def _fixed(self, slide: Any) -> Iterator[str]:
        """The texts of the layout and the master other than placeholders."""
        part, root = self._name, slide
        for kind in ("slideLayout", "slideMaster"):
            if root.get("showMasterSp") in ("0", "false"):
                return
            part = self._related(part, kind)
            # A layout has one master, so that with it the master was shown, too.
            found = self._package.part(part) if part and part not in self._shown else None
            if found is None:
                return
            root = found
            self._shown.add(part)
            yield from self._shapes(root, part, placeholders=False)

    def _notes(self) -> Iterator[str]:
        part = self._related(self._name, "notesSlide")
        root = self._package.part(part) if part else None
        for shape in [] if root is None else root.iter(f"{P}sp"):
            placeholder = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
            if placeholder is None or placeholder.get("type", "body") == "body":
                lines = list(self._paragraphs(shape))
                if lines:
                    yield from ("Notes:", *lines)

    def _related(self, part: str, wanted: str) -> str:
        return next((name for kind, name in self._package.relations(part).values() if kind == wanted), "")

    def _shapes(self, root: Any, part: str, *, placeholders: bool = True) -> Iterator[str]:
        tree = root.find(f"{P}cSld/{P}spTree")
        for shape in [] if tree is None else _flat(tree):
            if not placeholders and next(shape.iter(f"{P}ph"), None) is not None:
                continue
            lines = list(self._shape(shape, part))
            if self._is_hidden(shape):
                self._hidden += lines
            else:
                yield from lines

    def _shape(self, shape: Any, part: str) -> Iterator[str]:
        if shape.tag == f"{P}grpSp":
            for inner in _flat(shape):
                lines = list(self._shape(inner, part))
                if _is_off(inner):
                    self._hidden += lines
                else:
                    yield from lines
            return
        self._look(shape, part, any(map(is_large, shape.iter(f"{A}ext"))))
        table = next(shape.iter(f"{A}tbl"), None)
        if table is not None:
            yield from self._rows(table)
            return
        around = self._ground
        fill = shape.find(f"{P}spPr/{A}solidFill")
        self._ground = around if fill is None else _colour(fill)
        lines = list(self._paragraphs(shape))
        self._ground = around
        yield from lines
        for element in shape.iter():
            if element.tag == SMART_ART:
                yield from self._drawn(part, element.get(f"{R}dm", ""), "SmartArt")
            elif isinstance(element.tag, str) and element.tag.endswith("}chart"):
                yield from self._drawn(part, element.get(f"{R}id", ""), "a chart")
            elif element.tag == f"{P}oleObj":
                self._remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
                break

    def _look(self, element: Any, part: str, is_large: bool) -> None:
        """Keep the pictures in one shape, or those behind all shapes."""
        for picture in element.iter(f"{A}blip"):
            _, name = self._package.relations(part).get(picture.get(f"{R}embed", ""), ("", ""))
            data = self._package.data(name) if name else None
            if data is not None:
                self._pictures[name] = Picture(data, is_large)

    def _drawn(self, part: str, reference: str, what: str) -> Iterator[str]:
        _, name = self._package.relations(part).get(reference, ("", ""))
        root = self._package.part(name) if name else None
        if root is None:
            self._remarks.append(Remark(RemarkKind.NOT_READ, detail=what))
        else:
            yield from drawn.chart_lines(root) if what == "a chart" else drawn.paragraphs(root)

    def _rows(self, table: Any) -> Iterator[str]:
        for row in table.iter(f"{A}tr"):
            cells = [
                " ".join(" ".join(self._paragraphs(cell)).split())
                for cell in row.iter(f"{A}tc")
                if cell.get("hMerge") not in ("1", "true")
            ]
            if any(cells):
                yield "\t".join(cells)

    def _paragraphs(self, element: Any) -> Iterator[str]:
        counts: Counter[tuple[int, str]] = Counter()
        for paragraph in element.iter(f"{A}p"):
            text = self._text(paragraph)
            if text.strip():
                yield _label(paragraph, counts) + text

    def _text(self, paragraph: Any) -> str:
        parts: list[str] = []
        mark = ""
        for piece in _pieces(paragraph):
            text, properties = self._piece(piece), piece.find(f"{A}rPr")
            baseline = 0 if properties is None else _number(properties.get("baseline"))
            size = _LEAST_SIZE + 1 if properties is None else _number(properties.get("sz"), _LEAST_SIZE + 1)
            if size <= _LEAST_SIZE or _is_unfilled(properties, self._ground):
                self._hidden.append(text)
            elif properties is not None and properties.get("strike", "noStrike") != "noStrike" and text.strip():
                self._struck.append(text)
            elif baseline > 0 or (baseline < 0 and (mark or "".join(parts)[-1:].isdigit())):
                mark += text
            else:
                parts += [raised("".join(parts), mark), text]
                mark = ""
        return "".join((*parts, raised("".join(parts), mark)))

    def _piece(self, piece: Any) -> str:
        if piece.tag == f"{A}br":
            return "\n"
        texts = list(piece.iter(f"{A}t"))
        self._read.update(texts)
        font = next((one.get("typeface", "") for one in piece.iterfind(f"{A}rPr/{A}sym")), "")
        text = "".join(text.text or "" for text in texts)
        return "".join(map(formula, piece.iter(f"{MATH}oMath"))) + "".join(
            symbol(font, ord(one)) if is_symbol(ord(one)) else one for one in text
        )

    def _is_hidden(self, shape: Any) -> bool:
        return _is_off(shape) or (self._area is not None and _is_outside(shape, *self._area))


def _flat(tree: Any) -> Iterator[Any]:
    """The shapes of a tree or a group; of two forms of a shape, the newer one."""
    for child in tree:
        if child.tag == ALTERNATIVES:
            if (alternative := shown_alternative(child)) is not None:
                yield from _flat(alternative)
        elif isinstance(child.tag, str) and child.tag.startswith(P):
            yield child


def _pieces(paragraph: Any) -> Iterator[Any]:
    for child in paragraph:
        if child.tag == ALTERNATIVES:
            if (alternative := shown_alternative(child)) is not None:
                yield from alternative
        elif child.tag in (f"{A}r", f"{A}fld", f"{A}br") or next(child.iter(f"{MATH}oMath"), None) is not None:
            yield child


def _is_printed(text: Any) -> bool:
    """Whether letters do not belong to the older form of a shape."""
    return not any(
        above.getparent().tag == ALTERNATIVES and shown_alternative(above.getparent()) is not above
        for above in text.iterancestors()
        if above.getparent() is not None
    )


_PAPER = "FFFFFF"
_CLEAR = 5_000
"""Thousandths of a per cent of opacity at which text is invisible."""
_FILLS = tuple(f"{A}{name}" for name in ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill"))


def _colour(fill: Any | None) -> str | None:
    """The colour of a fill in six hexadecimal digits; None if only the theme has it, except for the theme's paper
    colour."""
    if fill is None:
        return None
    if (plain := fill.find(f"{A}srgbClr")) is not None:
        return str(plain.get("val", "")).upper() if len(plain) == 0 else None
    named = fill.find(f"{A}schemeClr")
    return _PAPER if named is not None and named.get("val") in ("bg1", "lt1") and len(named) == 0 else None


def _is_unfilled(properties: Any | None, ground: str | None) -> bool:
    """Whether letters have no fill, or the colour of their background."""
    if properties is None:
        return False
    if properties.find(f"{A}noFill") is not None:
        line = properties.find(f"{A}ln")
        return line is None or line.find(f"{A}solidFill") is None
    fill = properties.find(f"{A}solidFill")
    if fill is None:
        return False
    if any(_number(one.get("val"), _CLEAR + 1) <= _CLEAR for one in fill.iter(f"{A}alpha")):
        return True
    return is_alike(_colour(fill) or "", ground or "")


def _is_drawn(element: Any) -> bool:
    """Whether an element of a slide draws a background that may be behind letters."""
    if element.tag in (f"{P}pic", f"{P}graphicFrame", f"{P}cxnSp"):
        return True
    if element.tag == f"{P}spPr":
        return any(element.find(name) is not None for name in _FILLS)
    return bool(element.tag == f"{A}fillRef" and element.get("idx", "0") != "0")


def _is_off(shape: Any) -> bool:
    """Whether a shape is switched off in the list of shapes."""
    properties = next(iter(shape), None)
    named = None if properties is None else properties.find(f"{P}cNvPr")
    return named is not None and named.get("hidden") in ("1", "true")


def _is_outside(shape: Any, width: int, height: int) -> bool:
    """Whether no part of a shape is on the slide. A placeholder has the place that its layout gives."""
    frame = next((one for one in shape.iter(f"{A}xfrm", f"{P}xfrm")), None)
    at, size = (None, None) if frame is None else (frame.find(f"{A}off"), frame.find(f"{A}ext"))
    if at is None or size is None:
        return False
    x, y, wide, high = (_number(one.get(name)) for one, names in ((at, "xy"), (size, ("cx", "cy"))) for name in names)
    return x >= width or y >= height or x + wide <= 0 or y + high <= 0


def _label(paragraph: Any, counts: Counter[tuple[int, str]]) -> str:
    """The number that PowerPoint draws before a paragraph of a list."""
    properties = paragraph.find(f"{A}pPr")
    level = 0 if properties is None else _number(properties.get("lvl"))
    numbered = None if properties is None else properties.find(f"{A}buAutoNum")
    kind = "" if numbered is None else numbered.get("type", "")
    for other in list(counts):
        if other[0] > level or (other[0] == level and other[1] != kind):
            del counts[other]
    if numbered is None:
        return ""
    counts[level, kind] += 1
    number = counts[level, kind] - 1 + _number(numbered.get("startAt"), 1)
    around = next((form for end, form in _AROUND.items() if kind.endswith(end)), "{}.")
    how = next((form for start, form in _NUMBERS.items() if kind.startswith(start)), "decimal")
    return around.format(number_in_words(number, how)) + " "


def _number(text: str | None, otherwise: int = 0) -> int:
    try:
        return int(text or otherwise)
    except ValueError:
        return otherwise
