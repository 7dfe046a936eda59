"""HTML as a browser shows it: parsed by the rules of HTML5, to the end, with the hiding and numbering of style sheets.

Lists have their numbers, tables a line for each row, `pre` its lines. A raised figure stays apart from the figure
before it. Text that a person does not see is kept as hidden text. Scripts are not run, and nothing is fetched.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.encoding import decode
from columnist.documents.reading.flowing import BACKWARDS, FORWARDS, Hidden, Lines, pages_of
from columnist.documents.reading.pictures.pages import shows_text
from columnist.documents.reading.raised import add_mark, is_lower_half
from columnist.documents.reading.web.css import Style, Styles
from columnist.documents.reading.web.css_values import pixels

_BLOCKS = frozenset(
    """address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li legend
    listing main menu nav ol optgroup p plaintext pre search
    section summary table tbody text tfoot thead tr ul xmp""".split()
)
_CELLS = frozenset(("td", "th", "mtd"))
_ROWS = frozenset(("tr", "mtr", "mlabeledtr"))
_LISTS = frozenset(("ol", "ul", "menu", "dir"))
_UNSEEN = frozenset(
    """script style head template noscript datalist audio video canvas object noembed noframes annotation
    annotation-xml rp progress meter defs symbol clippath mask pattern desc metadata marker title""".split()
)
"""Elements whose text is not part of the page."""
_FRAMES = frozenset(("frame", "object", "embed"))
_FORMULAS = {
    "mfrac": "/",
    "msup": "^",
    "msub": "_",
    "msubsup": "^",
    "mroot": " root ",
    "munder": "_",
    "munderover": "^",
}
_FORMULAS |= {"mover": "^", "mmultiscripts": " "}
"""The text between the parts of an element of a formula."""
_PARTS = frozenset(("mn", "mrow", "mstyle", "mtext"))
_OF_TABLES = {"caption": -1, "tfoot": 1}
"""The place of parts of a table that are first or last wherever they are in the file."""
_REORDERS = re.compile(r"(?<![\w-])order\s*:|-reverse", re.I)
"""Without this in a page its elements are drawn in the order of the file."""
_AROUND = {"q": ("“", "”"), "rt": ("(", ")"), "msqrt": ("√(", ")"), "mspace": (" ", ""), "button": (" ", " ")}
"""The text before and after an element, which a browser draws as a place or a sign."""
_KERNING = 3.0
"""Most pixels by which neighbouring letters of a drawing are moved."""
_MOST_USED = 1_000
"""How many copies of drawn parts (`use`) are read."""
_SPACE, _TAB = "\0", "\1"
"""Stand-ins for a space and a tab of a `pre` until its line is complete; the parser leaves neither character in a
text."""

_LONGEST_CELL_LINES = 20
"""A row with a longer cell is a layout of columns, which are read one after the other."""
_CHECKED, _UNCHECKED = "☒", "☐"
_DECLARED = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.I)
_XML = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([^\"']+)")
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_HEAD = 16_384
"""Bytes in which the declaration of a charset is sought. Browsers examine 1,024; some writers put a style sheet
first."""

_DATA = re.compile(r"(?:(\"|'|&quot;)\s*(data:image/.*?)\1)|(?<=[(=\s])data:image/[^\s)>\"']*", re.I | re.S)
"""The address of a picture that contains it, in any attribute or style sheet."""
_NO_PAGE = re.compile(r"<!--.*?(?:-->|\Z)|<script\b.*?(?:</script\s*>|\Z)", re.S | re.I)

_LEAST_LOST = 20
"""How many letters of the file may be missing from its text without a remark."""


def read_html(file: BinaryIO) -> Iterator[Page]:
    """The text that a browser would show. Raises DocumentError if there is none."""
    shown = html_lines(file.read())
    return pages_of(shown.lines, remarks=shown.remarks)


def html_lines(data: bytes, charset: str | None = None) -> Lines:
    """The text that a browser would show, line by line. `charset`: declared outside the page, which counts more."""
    decoded = decode(data, charset or declared_charset(data))
    shown = text_lines(decoded.text)
    return Lines(shown.lines, [*decoded.remarks, *shown.remarks])


def text_lines(html: str) -> Lines:
    """The same, of decoded text."""
    try:
        parser = LexborHTMLParser(html.encode(errors="replace").decode())
    except SelectolaxError as error:  # it accepts every page that fits into memory
        raise MemoryError from error
    styles = Styles(parser)
    reading = _Reading(parser, styles, reorders=_REORDERS.search(html) is not None)
    if parser.root is not None:
        reading.walk(parser.root)
    found = {
        unescape(found[2] or found[0]) for found in _DATA.finditer(_NO_PAGE.sub(" ", html))
    } - reading.read_pictures
    if pictured := sum(map(_is_of_text, found)):
        reading.remarks.append(Remark(RemarkKind.NOT_READ, pictured, detail="a picture with text"))
    if styles.is_cut:
        reading.remarks.append(Remark(RemarkKind.NOT_READ, detail="rules of long style sheets"))
    lines = reading.lines()
    there = _letters(html)
    lost = there - sum(_count(one.text if isinstance(one, Hidden) else one) for one in lines)
    if lost > max(_LEAST_LOST, there // 100) and not reading.left_out:
        reading.remarks.append(Remark(RemarkKind.LOST, lost))
    return Lines(lines, reading.remarks)


def declared_charset(data: bytes) -> str | None:
    """The charset that a page, or an XML declaration before it, names."""
    head = _COMMENT.sub(b"", data[:_HEAD])
    found = _XML.match(head) or _DECLARED.search(head)
    return found[1].decode("ascii", "replace") if found else None


_TAGS = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|head|title)\b.*?(?:</\1\s*>|\Z)|<[a-zA-Z/!?][^>]*+", re.S | re.I)


def _letters(html: str) -> int:
    return _count(unescape(_TAGS.sub(" ", html)))


def _count(text: str) -> int:
    return sum(map(str.isalnum, text))


@dataclass(slots=True)
class _Box:
    """Lines that are being written: of the page, of a table's cell, or of a raised text."""

    lines: list[str | Hidden] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    marker: str = ""

    def add(self, text: str) -> None:
        if self.marker and not text.isspace():
            self.open.append(self.marker)
            self.marker = ""
        self.open.append(text)

    def end_line(self) -> None:
        if not self.open:
            return
        line = " ".join("".join(self.open).split()).replace(_SPACE, " ").replace(_TAB, "\t").rstrip()
        if line.strip():
            self.lines.append(line)
        self.open.clear()

    def end(self) -> list[str | Hidden]:
        if self.marker:
            self.add("")
        self.end_line()
        return self.lines


@dataclass(slots=True)
class _List:
    number: int
    step: int
    form: str
    shown: int = 0


@dataclass(slots=True)
class _Counter:
    """A counter of style sheets, and how deep the element is that began it: it counts inside that one's parent."""

    depth: int
    value: int


class _Reading:
    """Turns one page into lines: `walk` goes through its elements, at any depth."""

    def __init__(self, parser: LexborHTMLParser, styles: Styles, *, reorders: bool) -> None:
        self._parser, self._styles = parser, styles
        self._used = self._depth = 0
        self._reorders = reorders
        self._after: dict[int, LexborNode | None] = {}
        self.read_pictures: set[str] = set()
        self._boxes = [_Box()]
        self._rows: list[list[list[str | Hidden]]] = []
        self._lists: list[_List] = []
        self._states = [Style()]
        self._counters: dict[str, list[_Counter]] = {}
        self.remarks: list[Remark] = []
        self.left_out = False

    def lines(self) -> list[str | Hidden]:
        while len(self._boxes) > 1:
            self._boxes[0].lines += self._boxes.pop().end()
        return self._boxes[0].end()

    def walk(self, root: LexborNode) -> None:
        node: LexborNode | None = root
        ends: list[tuple[LexborNode, Callable[[], None]]] = []
        while node is not None:
            inner = None
            if node.is_text_node:
                self._add(node.text_content or "")
            elif node.is_document_node:
                inner = node.first_child
            elif node.is_element_node and (end := self._begin(node)) is not None:
                if (inner := self._first(node)) is None:
                    end()
                else:
                    ends.append((node, end))
            if inner is None:
                while node is not None and node.mem_id != root.mem_id and self._next(node) is None:
                    node = node.parent
                    if node is not None and ends and ends[-1][0].mem_id == node.mem_id:
                        ends.pop()[1]()
                inner = None if node is None or node.mem_id == root.mem_id else self._next(node)
            node = inner

    def _first(self, node: LexborNode) -> LexborNode | None:
        """The child that is drawn first."""
        style = self._states[-1]
        is_table = node.tag == "table"
        if not is_table and (not style.lays_out or not self._reorders):
            return node.first_child
        children = [one for one in node.iter(include_text=True) if one.is_element_node or one.is_text_node]
        if is_table:
            orders = [_OF_TABLES.get(one.tag or "", 0) for one in children]
        else:
            orders = [
                self._styles.of(one, one.tag or "", one.attributes, style).order if one.is_element_node else 0
                for one in children
            ]
        placed = [one for _, one in sorted(zip(orders, children, strict=True), key=lambda pair: pair[0])]
        if style.reverses:
            placed.reverse()
        self._after |= {one.mem_id: next_ for one, next_ in zip(placed, [*placed[1:], None], strict=False)}
        return placed[0] if placed else None

    def _next(self, node: LexborNode) -> LexborNode | None:
        """The sibling that is drawn after a node."""
        return self._after.get(node.mem_id, node.next) if self._after else node.next

    @property
    def _box(self) -> _Box:
        return self._boxes[-1]

    def _add(self, text: str) -> None:
        state = self._states[-1]
        if state.is_unseen or state.is_struck:
            self._hide(text, is_struck=not state.is_unseen)
        elif state.keeps_lines:
            first, *more = text.split("\n")
            self._box.add(_kept(first))
            for line in more:
                self._box.end_line()
                self._box.add(_kept(line))
        else:
            self._box.add(text.replace("\0", " ").replace("\1", " "))

    def _hide(self, text: str, *, is_struck: bool = False) -> None:
        if text.strip():
            self._box.lines.append(Hidden(" ".join(text.split()), is_struck))

    def _begin(self, node: LexborNode) -> Callable[[], None] | None:
        """Begin an element. Returns the function that ends it; None if its children are not shown."""
        tag = node.tag or ""
        attributes: Mapping[str, str | None] = node.attributes
        if tag in _FRAMES and (attributes.get("src") or attributes.get("data")):
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="embedded page"))
        if tag == "iframe":
            self._frame(attributes)
            return None
        if tag in _UNSEEN and not (tag == "object" and not attributes.get("data")):
            self.left_out = self.left_out or tag not in ("script", "style", "head")
            return None
        style = self._styles.of(node, tag, attributes, self._states[-1])
        if inner := self._styles.hosts.get(node.mem_id):
            self._insert(inner)
        if style.is_gone or _is_other_form(node):
            self._hide(node.text(separator=" "))
            return None
        if self._replace(node, tag, attributes):
            return None
        self._box.open += _sign_before(node, tag, "".join(self._box.open[-3:]))
        if tag == "textarea":
            style = replace(style, keeps_lines=True)
        elif tag == "menclose" and "strike" in (attributes.get("notation") or ""):
            style = replace(style, is_struck=True)
        self._states.append(style)
        self._count_up(style)
        ends = self._structure(node, tag, attributes, style)
        before, after = _AROUND.get(tag, _NO_SIGNS)
        self._put(BACKWARDS * style.is_backwards + self._generated(style.before) + before)

        def end() -> None:
            self._put(after + self._generated(style.after) + FORWARDS * style.is_backwards)
            ends()
            self._leave()

        return end

    def _replace(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> bool:
        """Add what is drawn in the place of an element. Returns whether its children are not shown."""
        if tag in ("input", "select"):
            self._box.add(_filled_in(node, tag, attributes))
            return True
        if tag == "mphantom":
            self._hide(node.text())
            return True
        if tag in ("img", "image"):
            self._picture(attributes)
        elif tag == "use":
            self._use(_address(attributes))
        elif tag == "tspan" and _moves(attributes):
            self._box.add(" ")
        return False

    def _structure(
        self, node: LexborNode, tag: str, attributes: Mapping[str, str | None], style: Style
    ) -> Callable[[], None]:
        if tag in _CELLS:
            self._boxes.append(_Box())
            return self._end_cell
        if tag in ("sup", "sub") or style.raised:
            self._boxes.append(_Box())
            return lambda: self._end_raised(lowered=tag == "sub" or style.raised == "sub")
        if tag in _ROWS:
            self._box.end_line()
            self._rows.append([])
            return self._end_row
        if tag not in _BLOCKS and not style.is_block:
            if not style.is_apart:
                return lambda: None
            self._box.add(" ")
            return lambda: self._box.add(" ")
        self._box.end_line()
        if tag in _LISTS:
            self._lists.append(_list(node, tag, attributes))
            return self._end_list
        if tag == "li":
            self._box.marker = self._list_marker(attributes, style)
            return self._end_item
        return self._box.end_line

    def _end_list(self) -> None:
        self._box.end_line()
        self._lists.pop()

    def _end_item(self) -> None:
        if self._box.marker:
            self._box.add("")
        self._box.end_line()

    def _list_marker(self, attributes: Mapping[str, str | None], style: Style) -> str:
        if not self._lists:
            return "• "
        items = self._lists[-1]
        items.number = _integer(attributes.get("value"), items.number)
        items.shown = items.number
        form = style.list_form or _FORMS.get(attributes.get("type") or "", "") or items.form
        marker = self._generated(style.marker) or self._styles.counters.mark(items.number, form)
        items.number += items.step
        return marker

    def _end_cell(self) -> None:
        if len(self._boxes) == 1:
            return
        cell = self._boxes.pop().end()
        if self._rows:
            self._rows[-1].append(cell)
        else:
            self._box.lines += cell

    def _end_row(self) -> None:
        self._box.end_line()
        cells = self._rows.pop()
        filled = [cell for cell in cells if any(isinstance(line, str) for line in cell)]
        if len(filled) <= 1 or max(map(len, filled)) > _LONGEST_CELL_LINES:
            for cell in cells:
                self._box.lines += cell
            return
        self._box.lines += [line for cell in cells for line in cell if isinstance(line, Hidden)]
        texts = [" ".join(line for line in cell if isinstance(line, str)) for cell in cells]
        self._box.lines.append("\t".join(texts).strip())

    def _end_raised(self, lowered: bool) -> None:
        if len(self._boxes) == 1:
            return
        box = self._boxes.pop()
        mark = " ".join(line for line in box.end() if isinstance(line, str))
        self._box.lines += [line for line in box.lines if isinstance(line, Hidden)]
        before = "".join(self._box.open[-3:])
        if lowered and not before[-1:].isdigit() and not is_lower_half(before):
            self._box.add(mark)
        elif mark:
            self._box.add("")  # the number of its list comes first
            add_mark(self._box.open, mark)

    def _frame(self, attributes: Mapping[str, str | None]) -> None:
        if inner := attributes.get("srcdoc"):
            self._insert(inner)
        elif attributes.get("src"):
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="embedded page"))

    def _insert(self, html: str) -> None:
        """Add the lines of a page inside the page: a frame, or a tree that is shown in an element's place."""
        shown = text_lines(html)
        self._box.end_line()
        self._box.lines += shown.lines
        self.remarks += shown.remarks
        self.left_out = True

    def _picture(self, attributes: Mapping[str, str | None]) -> None:
        """Add the letters that are drawn for a picture: those of a drawing inside the address, or of the text for a
        picture that is not in the file."""
        self._box.add(" ")
        address = attributes.get("src") or _address(attributes)
        if drawing := _drawing(address):
            self.read_pictures.add(address)
            self._insert(drawing)
        elif not re.match(r"\s*(?:data|cid):", address, re.I) and (said := attributes.get("alt")):
            self._add(said)

    def _use(self, address: str) -> None:
        """Add the letters of a drawn part that is drawn again."""
        self._used += 1
        name = address.removeprefix("#")
        if self._used > _MOST_USED or name == address or not re.fullmatch(r"[\w.:-]+", name):
            return
        part = self._parser.css_first(f'[id="{name}"]')
        if part is None or self._depth > 5:
            return
        self._depth += 1
        for one in part.iter() if part.tag == "symbol" else [part]:
            self.walk(one)
        self._depth -= 1

    def _count_up(self, style: Style) -> None:
        depth = len(self._states)
        for name, value in style.resets.items():
            begun = self._counters.setdefault(name, [])
            begun[:] = [one for one in begun if one.depth < depth] + [_Counter(depth, value)]
        for name, step in style.increments.items():
            begun = self._counters.setdefault(name, [])
            if not begun:
                begun.append(_Counter(depth, 0))
            begun[-1].value += step

    def _leave(self) -> None:
        """End an element, and the counters that its children began."""
        self._states.pop()
        depth = len(self._states)
        for begun in self._counters.values():
            while begun and begun[-1].depth > depth + 1:
                begun.pop()

    def _put(self, text: str) -> None:
        if text:
            self._box.add(text)

    def _generated(self, content: str) -> str:
        """The text that a style sheet puts before or after an element, or in the place of an item's number."""
        return re.sub("\2([^\2\3]*)\3([^\2\3]*)\3([^\2\3]*)\3", lambda found: self._counter(*found.groups()), content)

    def _counter(self, name: str, form: str, between: str) -> str:
        if name == "list-item":
            levels = [one.shown for one in self._lists]
        else:
            levels = [one.value for one in self._counters.get(name, ())]
        shown = levels if between else levels[-1:]
        return between.join(self._styles.counters.bare(one, form) for one in shown or [0])


def _sign_before(node: LexborNode, tag: str, before: str) -> list[str]:
    """The text before a part of a formula, or a fraction; empty before anything else."""
    parent = node.parent
    if parent is not None and parent.tag in _FORMULAS:
        first = parent.first_child
        while first is not None and not first.is_element_node:
            first = first.next
        if first is not None and first.mem_id != node.mem_id:
            is_lower = parent.tag == "munderover" and node.next is not None
            return ["_" if is_lower else _FORMULAS[parent.tag]] if any(map(str.isalnum, node.text())) else []
    if (tag in _PARTS or tag in _FORMULAS) and before[-1:].isdigit() and node.text().lstrip()[:1].isdigit():
        previous = node.prev
        while previous is not None and not previous.is_element_node:
            previous = previous.prev
        return [" "] if tag in _FORMULAS or (previous is not None and previous.tag in _FORMULAS) else []
    return []


def _is_other_form(node: LexborNode) -> bool:
    """Whether an element is one of the forms of a drawing's `switch` that are not drawn, where the language is
    English."""
    parent = node.parent
    if parent is None or parent.tag != "switch":
        return False
    drawn = (one for one in parent.iter() if _is_for_readers(one.attributes))
    return next((one.mem_id != node.mem_id for one in drawn), True)


def _is_for_readers(attributes: Mapping[str, str | None]) -> bool:
    said = {name.lower(): value or "" for name, value in attributes.items()}
    languages = re.split(r"[\s,]+", said.get("systemlanguage", "en").lower())
    return any(one == "en" or one.startswith("en-") for one in languages)


def _address(attributes: Mapping[str, str | None]) -> str:
    """The address of a drawn part or picture."""
    return attributes.get("href") or attributes.get("xlink:href") or ""


def _moves(attributes: Mapping[str, str | None]) -> bool:
    """Whether letters of a drawing are put elsewhere, neither one by one nor by a hair."""
    if any(len((attributes.get(name) or "0 0").split()) == 1 for name in ("x", "y")):
        return True
    moves = [attributes.get(name) or "0" for name in ("dx", "dy")]
    return any((pixels(one) or pixels(f"{one}px") or 0) > _KERNING for one in moves)


def _embedded(address: str) -> tuple[str, bytes]:
    """The type and the bytes of a picture inside its address."""
    kind, _, data = address.strip().partition(",")
    kind = kind.lower()
    if not kind.startswith("data:image/"):
        return "", b""
    found = unquote_to_bytes(data)
    if kind.endswith(";base64"):
        try:
            found = base64.b64decode(found)
        except ValueError:
            found = b""
    return kind.removeprefix("data:image/").partition(";")[0], found


def _drawing(address: str) -> str:
    """The SVG inside an address; empty if there is none."""
    kind, data = _embedded(address)
    return decode(data).text if kind == "svg+xml" else ""


def _is_of_text(address: str) -> bool:
    """Whether a picture inside its address shows lines of text."""
    kind, data = _embedded(address)
    if kind == "svg+xml":
        return any(isinstance(line, str) for line in text_lines(decode(data).text).lines)
    return bool(data) and shows_text(data) is True


def _kept(text: str) -> str:
    return text.expandtabs(8).replace(" ", _SPACE)


_NO_SIGNS = ("", "")
_FORMS = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}


def _list(node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> _List:
    if tag != "ol":
        return _List(1, 1, "none" if attributes.get("type") == "none" else "disc")
    backwards = "reversed" in attributes
    items = sum(child.tag == "li" for child in node.iter()) if backwards else 1
    form = _FORMS.get(attributes.get("type") or "", "decimal")
    return _List(_integer(attributes.get("start"), items), -1 if backwards else 1, form)


def _integer(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", text) else otherwise


def _label(option: LexborNode) -> str:
    return option.attributes.get("label") or " ".join(option.text().split())


def _filled_in(node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> str:
    """The shown text of a form's field."""
    if tag == "select":
        options = node.css("option")
        chosen = [one for one in options if "selected" in one.attributes]
        if "multiple" in attributes or _integer(attributes.get("size"), 1) > 1:  # a list that shows all of them
            marks = (_CHECKED if "selected" in one.attributes else _UNCHECKED for one in options)
            return f" {' '.join(f'{mark} {_label(one)}' for mark, one in zip(marks, options, strict=True))} "
        chosen = chosen[-1:] or options[:1]
        return f" {''.join(map(_label, chosen))} "
    kind = (attributes.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return f" {_CHECKED if 'checked' in attributes else _UNCHECKED} "
    return "" if kind in ("hidden", "password", "image", "file") else f" {attributes.get('value') or ''} "
