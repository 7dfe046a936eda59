"""PPTX: each slide is a page. Its shapes come in their order, which screen readers use, too, then its notes.

Fixed texts of layouts and masters come once, with the first slide that shows them. What is hidden (slides, shapes, what
is off the slide or under another shape, letters of one point, without a fill, or of the colour of what is behind them)
is kept apart. Comments are left out.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.flowing import Hidden, Picture, as_seen, looked_at
from columnist.documents.reading.office import drawn
from columnist.documents.reading.office.drawn import ALTERNATIVES, SMART_ART, is_large, shown_alternative
from columnist.documents.reading.office.formulas import MATH, formula
from columnist.documents.reading.office.letters import ground_of, is_flat, is_off, is_opaque, is_unseen
from columnist.documents.reading.office.numbering import number_in_words
from columnist.documents.reading.office.package import Package, R, opened
from columnist.documents.reading.office.placed import Placed, ground_at, is_covered
from columnist.documents.reading.office.theme import UNKNOWN, A, Theme, whole
from columnist.documents.reading.pictures.pages import is_opaque_picture
from columnist.documents.reading.raised import add_mark, is_lower_half
from columnist.documents.reading.symbols import drawn_in
from columnist.errors import DocumentError

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_LEVELS = 9
_NUMBERS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "ea1": "chineseCounting",
    "circleNum": "decimalEnclosedCircle",
    "hebrew": "hebrew2",
    "thaiAlpha": "thaiLetters",
}
_AROUND = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}
"""How a list's number is written, by the end of its kind, as in `alphaLcParenR`."""
_BULLETS = tuple(f"{A}bu{name}" for name in ("None", "Char", "Blip", "AutoNum"))


def read_pptx(file: BinaryIO) -> Iterator[Page]:
    """The slides of a PPTX. Raises DocumentError."""
    with opened(file, "PPTX") as package:
        main = package.main()
        root = None if main is None else package.part(main, is_main=True)
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
    """Turns one slide into a page. `shown`: the layouts and masters whose texts an earlier slide has shown."""

    def __init__(self, package: Package, name: str, area: tuple[int, int] | None, shown: set[str]) -> None:
        self._package = package
        self._name = name
        self._area = area
        self._shown = shown
        self._ground = UNKNOWN
        """The colour behind the letters of the shape that is read."""
        self._told: list[Any] = []
        """The sources of looks for letters of that shape without own properties: lists of styles by levels, and its
        colour; the strongest first."""
        self._scale = 100_000
        """The scale of their size, in thousandths of a per cent."""
        self._theme = Theme(None)
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
        self._above = self._parts_above(root)
        self._theme = self._own_theme()
        self._paper = self._paper_of()
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
            as_seen("\n".join(lines)),
            remarks=tuple(self._remarks),
            hidden="\n".join(self._hidden),
            struck="\n".join(self._struck),
            pictures=pictures,
        )

    def _parts_above(self, slide: Any) -> list[tuple[str, Any]]:
        """The slide, its layout and its master."""
        found = [(self._name, slide)]
        for kind in ("slideLayout", "slideMaster"):
            part = self._related(found[-1][0], kind)
            root = self._package.part(part) if part else None
            if root is None:
                break
            found.append((part, root))
        return found

    def _own_theme(self) -> Theme:
        part = self._related(self._above[-1][0], "theme")
        own = (root.find(f"{P}clrMapOvr/{A}overrideClrMapping") for _, root in self._above)
        mapped = next((one for one in own if one is not None), self._above[-1][1].find(f"{P}clrMap"))
        return Theme(self._package.part(part) if part else None, dict(mapped.attrib) if mapped is not None else {})

    def _paper_of(self) -> str:
        """The colour of the slide behind all shapes."""
        behind = next((one for _, root in self._above for one in root.iterfind(f"{P}cSld/{P}bg")), None)
        if behind is None:
            return self._theme.named("bg1") or UNKNOWN
        named = behind.find(f"{P}bgRef")
        if named is not None:
            return (self._theme.drawn(named) or UNKNOWN) if named.get("idx") == "1001" else UNKNOWN
        return self._theme.drawn(next(behind.iter(f"{A}solidFill"), None)) or UNKNOWN

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
        shapes = [] if tree is None else list(_flat(tree))
        below = self._placed_below() if placeholders else []
        placed = [*below, *(self._placed(shape, part) for shape in shapes)]
        for index, shape in enumerate(shapes, start=len(below)):
            if not placeholders and next(shape.iter(f"{P}ph"), None) is not None:
                continue
            yield from self._shape(shape, part, placed, index, is_gone=False)

    def _placed_below(self) -> list[Placed]:
        """The drawings of the master and the layout behind the shapes of the slide."""
        found = []
        for part, root in self._above[:0:-1]:
            tree = root.find(f"{P}cSld/{P}spTree")
            drawn_there = [] if tree is None else [one for one in _flat(tree) if next(one.iter(f"{P}ph"), None) is None]
            found += [self._placed(one, part) for one in drawn_there]
        return found

    def _placed(self, shape: Any, part: str) -> Placed:
        """The place of a shape, and how it fills it."""
        left, top, right, bottom = _sides(self._frame(shape))
        if is_off(shape):
            return Placed(left, top, right, bottom, None, False)
        if shape.tag == f"{P}sp":
            fill = ground_of(shape, self._theme)
            form = shape.find(f"{P}spPr/{A}prstGeom")
            is_square = form is not None and form.get("prst") == "rect" and not _is_turned(shape)
            return Placed(left, top, right, bottom, fill, is_square and is_opaque(shape.find(f"{P}spPr")))
        if shape.tag == f"{P}pic":
            names = (
                self._package.relations(part).get(one.get(f"{R}embed", ""), ("", "")) for one in shape.iter(f"{A}blip")
            )
            data = next((found for _, name in names if name and (found := self._package.data(name)) is not None), None)
            is_whole = data is not None and not _is_turned(shape) and next(shape.iter(f"{A}alphaModFix"), None) is None
            return Placed(left, top, right, bottom, UNKNOWN, is_whole and is_opaque_picture(data or b""))
        drawn_in = any(map(_is_drawn, shape.iter()))
        return Placed(left, top, right, bottom, UNKNOWN if drawn_in else None, False)

    def _frame(self, shape: Any) -> Any | None:
        """The place of a shape; for a placeholder without one, the place in the layout or the master."""
        for one in (shape, *self._models(shape)):
            found = next((frame for frame in one.iter(f"{A}xfrm", f"{P}xfrm")), None)
            if found is not None:
                return found
        return None

    def _models(self, shape: Any) -> list[Any]:
        """The placeholders of the layout and the master for a placeholder of the slide."""
        own = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
        if own is None:
            return []
        found = []
        for _, root in self._above[1:]:
            others = [(one, one.find(f"{P}nvSpPr/{P}nvPr/{P}ph")) for one in root.iterfind(f"{P}cSld/{P}spTree/{P}sp")]
            alike = [one for one, other in others if other is not None and _is_alike_placeholder(own, other)]
            found += alike[:1]
        return found

    def _shape(self, shape: Any, part: str, placed: list[Placed], index: int, *, is_gone: bool) -> Iterator[str]:
        own = placed[index]
        is_gone = is_gone or is_off(shape) or is_covered(placed, index) or is_flat(shape)
        is_gone = is_gone or (self._area is not None and _is_outside(own, *self._area))
        if shape.tag == f"{P}grpSp":
            inner = list(_flat(shape))
            in_group = [*placed[:index], *(self._in_group(shape, self._placed(one, part)) for one in inner)]
            for at, one in enumerate(inner, start=index):
                yield from self._shape(one, part, [*in_group, *placed[index + 1 :]], at, is_gone=is_gone)
            return
        lines = list(self._lines_of(shape, part, ground_at(placed, index, self._paper)))
        if is_gone:
            self._hidden += lines
        else:
            yield from lines

    def _in_group(self, group: Any, inner: Placed) -> Placed:
        """A shape of a group by its place on the slide."""
        frame = group.find(f"{P}grpSpPr/{A}xfrm")
        outer = _sides(frame)
        at, size = (None, None) if frame is None else (frame.find(f"{A}chOff"), frame.find(f"{A}chExt"))
        if at is None or size is None:
            return inner
        wide, high = max(_number(size.get("cx")), 1), max(_number(size.get("cy")), 1)
        across, down = (outer[2] - outer[0]) / wide, (outer[3] - outer[1]) / high
        x, y = _number(at.get("x")), _number(at.get("y"))
        return inner._replace(
            left=outer[0] + (inner.left - x) * across,
            top=outer[1] + (inner.top - y) * down,
            right=outer[0] + (inner.right - x) * across,
            bottom=outer[1] + (inner.bottom - y) * down,
        )

    def _lines_of(self, shape: Any, part: str, ground: str) -> Iterator[str]:
        self._look(shape, part, any(map(is_large, shape.iter(f"{A}ext"))))
        self._ground, self._told = ground, self._styles_of(shape)
        body = shape.find(f"{P}txBody/{A}bodyPr/{A}normAutofit")
        self._scale = 100_000 if body is None else whole(body.get("fontScale"), 100_000)
        table = next(shape.iter(f"{A}tbl"), None)
        if table is not None:
            yield from self._rows(table)
            return
        yield from self._paragraphs(shape)
        for element in shape.iter():
            if element.tag == SMART_ART:
                yield from self._without_struck(
                    self._smart_art(self._package.relations(part).get(element.get(f"{R}dm", ""), ("", ""))[1])
                )
            elif isinstance(element.tag, str) and element.tag.endswith("}chart"):
                name = self._package.relations(part).get(element.get(f"{R}id", ""), ("", ""))[1]
                yield from self._without_struck(drawn.chart(self._package, name))
            elif element.tag == f"{P}oleObj":
                self._remarks.append(Remark(RemarkKind.NOT_READ, detail="an embedded object"))
                break

    def _styles_of(self, shape: Any) -> list[Any]:
        models = self._models(shape)
        found = [one.find(f"{P}txBody/{A}lstStyle") for one in (shape, *models)]
        found += [shape.find(f"{P}style/{A}fontRef")]
        kind = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
        name = "otherStyle"
        if kind is not None:
            name = "titleStyle" if kind.get("type") in ("title", "ctrTitle") else "bodyStyle"
        found.append(self._above[-1][1].find(f"{P}txStyles/{P}{name}"))
        return [one for one in found if one is not None]

    def _look(self, element: Any, part: str, is_large: bool) -> None:
        """Keep the pictures in one shape, or those behind all shapes."""
        for picture in element.iter(f"{A}blip"):
            _, name = self._package.relations(part).get(picture.get(f"{R}embed", ""), ("", ""))
            data = self._package.data(name) if name else None
            if data is not None:
                self._pictures[name] = Picture(data, is_large)

    def _without_struck(self, lines: Iterable[str | Hidden]) -> Iterator[str]:
        for one in lines:
            if isinstance(one, str):
                yield one
            else:
                self._struck.append(one.text)

    def _smart_art(self, name: str) -> Iterator[str | Hidden]:
        root = self._package.part(name) if name else None
        if root is None:
            self._remarks.append(Remark(RemarkKind.NOT_READ, detail="SmartArt"))
        else:
            yield from drawn.paragraphs(root)

    def _rows(self, table: Any) -> Iterator[str]:
        for row in table.iter(f"{A}tr"):
            cells = []
            for cell in row.iter(f"{A}tc"):
                text = " ".join(" ".join(self._in_cell(cell)).split())
                across, down = (cell.get(way) in ("1", "true") for way in ("hMerge", "vMerge"))
                if text and (across or down):
                    self._hidden.append(text)
                    text = ""
                if not across:
                    cells.append(text)
            if any(cells):
                yield "\t".join(cells)

    def _in_cell(self, cell: Any) -> Iterator[str]:
        """The paragraphs of a cell. One without a fill may have that of its table's style."""
        properties = cell.find(f"{A}tcPr")
        fill = None if properties is None else properties.find(f"{A}solidFill")
        around, self._ground = self._ground, (fill is not None and self._theme.drawn(fill)) or UNKNOWN
        yield from self._paragraphs(cell)
        self._ground = around

    def _paragraphs(self, element: Any) -> Iterator[str]:
        counts: Counter[tuple[int, str]] = Counter()
        for paragraph in element.iter(f"{A}p"):
            text = self._text(paragraph)
            if text.strip():
                yield self._label(paragraph, counts) + text

    def _text(self, paragraph: Any) -> str:
        parts: list[str] = []
        mark = ""
        own = paragraph.find(f"{A}pPr")
        begins = 0 if own is None else _number(own.get("marL")) + _number(own.get("indent"))
        is_far = self._area is not None and (begins >= self._area[0] or begins <= -self._area[0])
        for piece in _pieces(paragraph):
            text, chain = self._piece(piece), self._chain(paragraph, piece.find(f"{A}rPr"))
            look = {name: said for one in reversed(chain) for name, said in one.items()}
            baseline = _number(look.get("baseline"))
            if is_far or is_unseen(chain, self._ground, self._theme, self._scale):
                self._hidden.append(text)
            elif look.get("strike", "noStrike") != "noStrike" and text.strip():
                self._struck.append(text)
            elif baseline > 0 or (baseline < 0 and (mark or _takes_a_subscript(parts))):
                mark += text
            else:
                add_mark(parts, mark)
                parts.append(text)
                mark = ""
        add_mark(parts, mark)
        return "".join(parts)

    def _label(self, paragraph: Any, counts: Counter[tuple[int, str]]) -> str:
        """The number that PowerPoint draws before a paragraph of a list, by its own properties or those of its
        level."""
        own = paragraph.find(f"{A}pPr")
        level = _level(own)
        told = (own, *(one.find(f"{A}lvl{level + 1}pPr") for one in self._told))
        bullet = next((one for held in told if held is not None for one in held if one.tag in _BULLETS), None)
        kind = "" if bullet is None else bullet.get("type", "")
        for other in list(counts):
            if other[0] > level or (other[0] == level and other[1] != kind):
                del counts[other]
        if bullet is None or not kind:
            return ""
        counts[level, kind] += 1
        number = counts[level, kind] - 1 + _number(bullet.get("startAt"), 1)
        around = next((form for end, form in _AROUND.items() if kind.endswith(end)), "{}.")
        how = next((form for start, form in _NUMBERS.items() if kind.startswith(start)), "decimal")
        return around.format(number_in_words(number, how)) + " "

    def _chain(self, paragraph: Any, own: Any | None) -> list[Any]:
        """The properties of letters, the strongest first: their own, then those of the styles of their level."""
        level = 1 + _level(paragraph.find(f"{A}pPr"))
        chain = [] if own is None else [own]
        for one in self._told:
            found = one if one.tag == f"{A}fontRef" else one.find(f"{A}lvl{level}pPr/{A}defRPr")
            chain += [] if found is None else [found]
        return chain

    def _piece(self, piece: Any) -> str:
        if piece.tag == f"{A}br":
            return "\n"
        texts = list(piece.iter(f"{A}t"))
        self._read.update(texts)
        named = (one for kind in ("sym", "latin") for one in piece.iterfind(f"{A}rPr/{A}{kind}"))
        font = next((one.get("typeface", "") for one in named), "")
        text = "".join(text.text or "" for text in texts)
        return "".join(map(formula, piece.iter(f"{MATH}oMath"))) + drawn_in(font, text)


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


_FILLS = tuple(f"{A}{name}" for name in ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill"))


def _is_drawn(element: Any) -> bool:
    """Whether an element of a slide draws a background that may be behind letters."""
    if element.tag in (f"{P}pic", f"{P}graphicFrame", f"{P}cxnSp"):
        return True
    if element.tag == f"{P}spPr":
        return any(element.find(name) is not None for name in _FILLS)
    return bool(element.tag == f"{A}fillRef" and element.get("idx", "0") != "0")


def _is_turned(shape: Any) -> bool:
    return any(one.get("rot", "0") != "0" for one in shape.iter(f"{A}xfrm"))


def _is_alike_placeholder(one: Any, other: Any) -> bool:
    """Whether a placeholder of a slide belongs to one of a layout or a master."""
    if one.get("idx") is not None and one.get("idx") == other.get("idx"):
        return True
    kinds = ["title" if kind.get("type") == "ctrTitle" else kind.get("type", "body") for kind in (one, other)]
    return kinds[0] == kinds[1]


def _sides(frame: Any | None) -> tuple[float, float, float, float]:
    """The rectangle of a shape; for one without a place, a rectangle that no other can cover."""
    at, size = (None, None) if frame is None else (frame.find(f"{A}off"), frame.find(f"{A}ext"))
    if at is None or size is None:
        return (0.0, 0.0, math.inf, math.inf)
    x, y = _number(at.get("x")), _number(at.get("y"))
    return (x, y, x + _number(size.get("cx")), y + _number(size.get("cy")))


def _is_outside(place: Placed, width: int, height: int) -> bool:
    """Whether no part of a shape is on the slide."""
    return place.left >= width or place.top >= height or place.right < 0 or place.bottom < 0


def _level(properties: Any | None) -> int:
    return 0 if properties is None else min(_number(properties.get("lvl")), _LEVELS - 1)


def _number(text: str | None, otherwise: int = 0) -> int:
    try:
        return int(text or otherwise)
    except ValueError:
        return otherwise


def _takes_a_subscript(parts: Sequence[str]) -> bool:
    before = "".join(parts[-3:])
    return before[-1:].isdigit() or is_lower_half(before)
