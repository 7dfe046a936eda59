"""The part of CSS that decides how a page's text is seen: hidden, numbered, generated, raised, kept as typed.

If a declaration may hide text in a way that is not computed here (a filter, a mask, a shape), the text counts as
hidden.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from columnist.documents.reading.visibility import LEAST_CONTRAST
from columnist.documents.reading.web import css_rules
from columnist.documents.reading.web.css_counters import Counters, defined, unescaped
from columnist.documents.reading.web.css_rules import Declared, declared
from columnist.documents.reading.web.css_values import (
    Colour,
    colour,
    font_size,
    is_far,
    is_tiny,
    letter_size,
    old_colour,
    pixels,
    share,
)

MOST_RULES = 5_000
"""How many rules of a page's style sheets are applied."""
MOST_COMPLEX = 500
"""How many selectors with more than a tag, a class or an id are applied: each searches the whole page."""

TINY = 4 / 3
"""Pixels (one point): the largest size of letters that nobody can read."""
USUAL_SIZE = 16.0

_BLACK: Colour = (0, 0, 0, 1)
_WHITE: Colour = (255, 255, 255, 1)
_NIL = re.compile(r"(?:0*+\.)?+0++(?:px|pt|em|rem|%|in|cm|mm|ex|ch|vw|vh)?")
_WHOLE, _REVERSE = re.compile(r"[+-]?\d{1,6}"), re.compile(r"\b(?:row|column)-reverse")
_BREAKS = frozenset(("block", "flex", "grid", "table", "table-row", "list-item", "flow-root", "table-caption"))
_DISPLAYS = frozenset(
    """none contents inline block inline-block flex inline-flex grid inline-grid table inline-table table-row
    table-cell table-row-group table-header-group table-footer-group table-column table-column-group table-caption
    list-item flow flow-root ruby ruby-base ruby-text math run-in -webkit-box -webkit-inline-box""".split()
)
_INHERITED = frozenset(("inherit", "unset"))
_UNDONE = frozenset(("initial", "revert"))
_NONE = _INHERITED | _UNDONE | {"none", "normal"}
_KEPT = "revert-layer"


@dataclass(frozen=True, slots=True)
class Style:
    """The style of an element's text; the first fields are inherited. `cover`: the product of opacities; `size`: of its
    letters in pixels; `custom`: its custom properties; `lays_out`: each child has a place of its own, by its `order`;
    `reverses`: the last one comes first; `is_backwards`: letters run from right to left, whatever they are."""

    colour: Colour = _BLACK
    ground: Colour = _WHITE
    cover: float = 1.0
    size: float = USUAL_SIZE
    is_invisible: bool = False
    is_struck: bool = False
    keeps_lines: bool = False
    list_form: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    is_gone: bool = False
    is_block: bool = False
    lays_out: bool = False
    is_apart: bool = False
    order: int = 0
    reverses: bool = False
    is_backwards: bool = False
    raised: str = ""
    before: str = ""
    after: str = ""
    marker: str = ""
    resets: Mapping[str, int] = field(default_factory=dict)
    increments: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_unseen(self) -> bool:
        """The text takes its place, and nobody sees it."""
        if self.is_invisible or self.size <= TINY:
            return True
        if self.colour == _BLACK and self.ground == _WHITE and self.cover == 1:
            return False  # nearly all text
        covers = self.colour[3] * self.cover
        pairs = zip(self.colour[:3], self.ground[:3], strict=True)
        return covers * max(abs(one - other) for one, other in pairs) < LEAST_CONTRAST


class Styles:
    """The style sheets of a page, applied as browsers do: `!important`, style attributes, selectors, order. `is_cut`:
    some rules are not applied, because there are too many."""

    def __init__(self, parser: LexborHTMLParser) -> None:
        self._simple: dict[str, list[_Rule]] = {}
        self._of: dict[int, list[_Rule]] = {}
        self._plain: dict[int, tuple[Style, Style]] = {}
        self._complex_ones = 0
        self.is_cut = False
        shadows = [(one.parent, one.html or "") for one in parser.css("template[shadowrootmode]")]
        self.hosts = {host.mem_id: html.partition(">")[2] for host, html in shadows if host is not None}
        """The page inside each element that shows another tree than its own."""
        links = (one.attributes for one in parser.css("link"))
        addresses = [one.get("href") or "" for one in links if "stylesheet" in (one.get("rel") or "").lower()]
        sheets = [*map(css_rules.embedded, addresses), *(one.text() for one in parser.css("style"))]
        self.counters = Counters({name: style for sheet in sheets for name, style in defined(sheet).items()})
        numbered = enumerate(rule for sheet in sheets for rule in css_rules.rules(sheet))
        for number, (selectors, said) in islice(numbered, MOST_RULES):
            self._add(parser, number, css_rules.selectors(selectors), said)
        self.is_cut = self.is_cut or next(numbered, None) is not None

    def _add(self, parser: LexborHTMLParser, number: int, selectors: Sequence[str], said: Declared) -> None:
        simple: list[tuple[str, _Rule]] = []
        of_nodes: list[tuple[int, _Rule]] = []
        for selector in selectors:
            plain, pseudo = _parted(selector)
            rule = _Rule((*css_rules.specificity(selector), number), pseudo, said)
            if found := _SIMPLE.fullmatch(plain):
                tag = (found[1] or "").lower()
                simple.append((found[2], replace(rule, tag=tag)) if found[2] else (found[0].lower(), rule))
            elif self._complex_ones < MOST_COMPLEX:
                self._complex_ones += 1
                try:
                    of_nodes += [(node.mem_id, rule) for node in parser.css(plain or "*")]
                except (SelectolaxError, ValueError):
                    return  # one invalid selector makes the rule void
            else:
                self.is_cut = True
        for name, rule in simple:
            self._simple.setdefault(name, []).append(rule)
        for node, rule in of_nodes:
            self._of.setdefault(node, []).append(rule)

    def _said(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> list["_Rule"]:
        """The rules of an element, the strongest last."""
        if not self._simple and not self._of:
            return []
        names = ["*", tag, *(f".{one}" for one in (attributes.get("class") or "").split()), f"#{attributes.get('id')}"]
        found = [rule for name in names for rule in self._simple.get(name, ()) if rule.tag in ("", tag)]
        return sorted([*found, *self._of.get(node.mem_id, ())], key=lambda rule: rule.strength)

    def of(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None], around: Style) -> Style:
        """The style of an element inside another."""
        rules = self._said(node, tag, attributes)
        if not rules and not attributes and tag not in _SPECIAL and not self.hosts:
            return self._inherited(around)
        own = _declared(attributes["style"]) if attributes.get("style") else _NOTHING
        said = _cascaded([*(rule.said for rule in rules if not rule.pseudo), own], _presented(tag, attributes))
        custom = {**around.custom, **{name: value for name, value in said.items() if name.startswith("--")}}
        said = _with_variables(said, custom)
        style = replace(
            self._inherited(around),
            custom=custom if custom != around.custom else around.custom,
            is_block=said.get("display", "") in _BREAKS,
            lays_out=said.get("display", "").endswith(("flex", "grid")),
            is_apart=around.lays_out or _is_apart(said, around.size),
            order=int(said["order"]) if _WHOLE.fullmatch(said.get("order", "")) else 0,
            reverses=bool(_REVERSE.search(f"{said.get('flex-direction', '')} {said.get('flex-flow', '')}")),
            is_backwards=_is_backwards(said, tag, attributes),
            keeps_lines=_keeps_lines(said, tag, around),
            list_form=_list_form(said, tag, around),
            is_struck=around.is_struck or _is_struck(said, tag),
        )
        if said:
            style = _with(style, said)
        if node.mem_id in self.hosts and "<slot" not in self.hosts[node.mem_id].lower():
            style = replace(style, is_gone=True)  # its shadow tree is shown instead
        pseudos = {
            name: _with_variables(_cascaded([rule.said for rule in rules if rule.pseudo == name], {}), custom)
            for name in {rule.pseudo for rule in rules} & {"before", "after", "marker"}
        }
        if pseudos or "counter-reset" in said or "counter-increment" in said:
            style = replace(
                style,
                before=_generated(pseudos.get("before", {}), style, attributes),
                after=_generated(pseudos.get("after", {}), style, attributes),
                marker=_generated(pseudos.get("marker", {}), style, attributes),
                resets=_counts([said], "counter-reset", 0),
                increments=_counts([pseudos.get("before", {}), said], "counter-increment", 1),
            )
        return style

    def _inherited(self, around: Style) -> Style:
        """The style of an element that no rule matches: what is not inherited is as at the start."""
        known = self._plain.get(id(around))
        if known is None or known[0] is not around:
            inherited = replace(
                around,
                is_gone=False,
                is_block=False,
                lays_out=False,
                is_apart=around.lays_out,
                order=0,
                reverses=False,
                is_backwards=False,
                raised="",
                before="",
                after="",
                marker="",
                resets={},
                increments={},
            )
            self._plain[id(around)] = known = (around, around if inherited == around else inherited)
        return known[1]


@dataclass(frozen=True, slots=True)
class _Rule:
    strength: tuple[int, ...]
    pseudo: str
    said: Declared
    tag: str = ""


_NOTHING = Declared((), ())
_SIMPLE = re.compile(r"([A-Za-z][A-Za-z0-9]*)?([.#][\w-]+)|\*|[A-Za-z][A-Za-z0-9]*")
_STRUCK = frozenset(("s", "strike", "del"))
_SPECIAL = _STRUCK | {"bdo", "pre", "listing", "xmp", "plaintext", "textarea", "ol", "ul", "menu", "dir", "dialog"}
_DRAWN = frozenset(("svg", "g", "text", "tspan", "a", "textpath"))
_declared = lru_cache(4096)(declared)


_ANY = re.compile(r":(?:link|any-link)$|:(?:lang|dir)\([^()]*\)")
"""Pseudo-classes that the parser does not know; they count as true."""


def _parted(selector: str) -> tuple[str, str]:
    """A selector, and the pseudo-element that it ends with."""
    found = re.fullmatch(r"(.*?)::?(before|after|marker|first-line|first-letter|placeholder|selection)", selector)
    plain, pseudo = (found[1], found[2]) if found else (selector, "")
    return _ANY.sub("", plain).strip() or "*", pseudo


def _presented(tag: str, attributes: Mapping[str, str | None]) -> dict[str, str]:
    """The declarations that attributes other than `style` stand for: the weakest."""
    said = {}
    if "hidden" in attributes or "popover" in attributes or (tag == "dialog" and "open" not in attributes):
        said["display"] = "none"
    for name, attribute in (("color", "color"), ("color", "text"), ("background-color", "bgcolor")):
        if attributes.get(attribute) and (attribute != "color" or tag == "font"):
            said[name] = old_colour(attributes[attribute] or "")
    if tag in _DRAWN:
        for attribute in ("fill", "fill-opacity", "opacity", "display", "visibility", "font-size", "transform", "mask"):
            if attributes.get(attribute):
                said[attribute] = (attributes[attribute] or "").strip().lower()
    return said


def _cascaded(sources: Sequence[Declared], presented: dict[str, str]) -> dict[str, str]:
    """The declarations that win, of sources from the weakest to the strongest."""
    said = presented
    for one in (*(source.plain for source in sources), *(source.important for source in sources)):
        for name, value in one:
            if value == _KEPT or not _is_valid(name, value):
                continue
            if name == "all":
                said = {one: value for one, value in said.items() if one.startswith("--")}
            else:
                said.pop(name, None)  # the later one of `font` and `font-size` counts
                said[name] = value
    return said


def _is_valid(name: str, value: str) -> bool:
    """Whether a browser knows the value of a property that hides; if not, the earlier declaration counts."""
    if value in _INHERITED or value in _UNDONE or "var(" in value:
        return True
    if name == "display":
        return all(one in _DISPLAYS for one in value.split())
    if name == "visibility":
        return value in ("visible", "hidden", "collapse")
    if name in ("color", "background-color", "-webkit-text-fill-color"):
        return colour(value, _BLACK) is not None
    if name == "opacity":
        return share(value) is not None
    return name != "font-size" or letter_size(value, USUAL_SIZE) is not None


_VARIABLE = re.compile(r"var\(\s*(--[^\s,()]+)\s*(?:,([^()]*+(?:\([^()]*\)[^()]*+)*+))?\)")
_LONGEST_VALUE = 2_000


def _with_variables(said: Mapping[str, str], custom: Mapping[str, str]) -> dict[str, str]:
    """The declarations with the values of custom properties; without those that have none."""
    found = {}
    for name, value in said.items():
        for _ in range(5):
            if "var(" not in value or len(value) > _LONGEST_VALUE:
                break
            value = _VARIABLE.sub(lambda one: custom.get(one[1], one[2] or "\0").strip().lower(), value)
        if "\0" not in value and "var(" not in value and (name.startswith("--") or _is_valid(name, value)):
            found[name] = value
    return found


def _with(style: Style, said: Mapping[str, str]) -> Style:
    size = _size(style.size, said)
    letters = style.colour
    for name in ("color", "fill", "-webkit-text-fill-color"):
        value = said.get(name, "")
        if value == "initial":
            letters = _BLACK
        elif value == "none" and name == "fill":
            letters = (0, 0, 0, 0)
        elif value and value not in _INHERITED:
            letters = colour(value, letters) or letters
    cover = style.cover
    for name in ("opacity", "fill-opacity"):
        if (shown := share(said.get(name, ""))) is not None:
            cover *= shown
    visibility = said.get("visibility", "")
    is_invisible = style.is_invisible
    if visibility and visibility not in _INHERITED:
        is_invisible = visibility in ("hidden", "collapse")
    return replace(
        style,
        colour=letters,
        ground=_ground(style.ground, said, letters),
        cover=cover,
        size=size,
        is_invisible=is_invisible,
        is_gone=_is_gone(said, size),
        raised=_raised(said),
    )


def _is_backwards(said: Mapping[str, str], tag: str, attributes: Mapping[str, str | None]) -> bool:
    own = said.get("direction") or (attributes.get("dir") or "").lower()
    return own == "rtl" and (tag == "bdo" or "override" in said.get("unicode-bidi", ""))


def _size(around: float, said: Mapping[str, str]) -> float:
    size = around
    for name, value in said.items():
        if name in ("font", "font-size"):
            own = font_size(value) if name == "font" else value
            known = USUAL_SIZE if own in _UNDONE else letter_size(own, around)
            size = around if own in _INHERITED else size if known is None else known
        elif name == "zoom" and (factor := _factor(value)) is not None:
            size *= factor
    return size


def _factor(text: str) -> float | None:
    """A number or a percentage; None for a word."""
    found = re.fullmatch(r"((?:\d*\.)?\d+)(%?)", text)
    return float(found[1]) / (100 if found[2] else 1) if found else None


_COLOUR_WORD = re.compile(r"#[0-9a-f]++|[a-z]++(?:\([^()]*+\))?+")


def _ground(around: Colour, said: Mapping[str, str], current: Colour) -> Colour:
    ground = around
    for name, value in said.items():
        _, gradient, drawn = value.partition("gradient(")
        if name in ("background", "background-image") and gradient:
            found = [one for word in _COLOUR_WORD.findall(drawn) if (one := colour(word, current))]
            if found and all(one == found[0] for one in found):
                ground = _over(found[0], ground)
        elif name in ("background", "background-color"):
            words = re.sub(r"url\([^()]*+\)", " ", value)
            found = [one for word in _COLOUR_WORD.findall(words) if (one := colour(word, current))]
            if found:
                ground = _over(found[0], ground)
    return ground


def _over(colour: Colour, ground: Colour) -> Colour:
    red, green, blue = (
        one * colour[3] + other * (1 - colour[3]) for one, other in zip(colour[:3], ground[:3], strict=True)
    )
    return red, green, blue, 1


def _is_struck(said: Mapping[str, str], tag: str) -> bool:
    """Whether a line goes through the letters of an element; elements inside it cannot remove it."""
    decoration = said.get("text-decoration-line") or said.get("text-decoration")
    return tag in _STRUCK if decoration is None else "line-through" in decoration


_GAP = 0.25
"""A distance in a line, as a share of the letters' size, that a person sees as a space."""
_COLUMNS = ("inline-block", "inline-table", "inline-flex", "inline-grid")
_BESIDE = tuple(
    f"{kind}{side}" for kind in ("margin", "padding") for side in ("", "-left", "-right", "-inline", "-inline-start")
)


def _is_apart(said: Mapping[str, str], letters: float) -> bool:
    """Whether an element in a line is drawn away from the words beside it."""
    if not said:
        return False
    if said.get("float", "none") not in _NONE or said.get("position") in ("absolute", "fixed"):
        return True
    display = said.get("display", "")
    if display == "table-cell" or (display in _COLUMNS and ("width" in said or "min-width" in said)):
        return True
    for name in _BESIDE:
        sides = said[name].split() if name in said else []
        if any((pixels(side, letters) or 0) > _GAP * letters for side in sides[1::2] or sides):
            return True
    return False


_LIFT = re.compile(r"(-?)(?:\d*\.)?\d+(?:px|pt|em|ex|%|rem)")


def _raised(said: Mapping[str, str]) -> str:
    """Whether letters are above or below their line: "sup", "sub", or neither."""
    align = said.get("vertical-align", "")
    if align in ("super", "sub"):
        return "sup" if align == "super" else "sub"
    moves = [(align, "")]
    if said.get("position") == "relative":
        moves += [(said.get("top", ""), "-"), (said.get("bottom", ""), "")]
    for length, up in moves:
        if (lift := _LIFT.fullmatch(length)) and not _NIL.fullmatch(length.lstrip("-")):
            return "sup" if lift[1] == up else "sub"
    return ""


_SIDES = ("left", "top", "right", "bottom", "inset", "inset-inline", "inset-block")
_ENDS = ("", "-start", "-end")
_PLACED = (*_SIDES, *(f"{side}{end}" for side in _SIDES[5:] for end in _ENDS[1:]))
_MARGINS = (
    "margin",
    *(f"margin-{side}" for side in _SIDES[:4]),
    *(f"margin-{way}{end}" for way in ("inline", "block") for end in _ENDS),
)
_LENGTHS = ("height", "width", "block-size", "inline-size")
_BOXES = (*_LENGTHS, *(f"max-{length}" for length in _LENGTHS))
_CUTS = ("hidden", "clip", "scroll", "auto")
_FILTER = re.compile(r"(?<![a-z-])([a-z-]++)\(")
_HARMLESS_FILTERS = frozenset(("drop-shadow", "grayscale", "sepia", "saturate", "hue-rotate", "rgb", "rgba", "hsl"))
_SHAPES = (
    "clip-path",
    "-webkit-clip-path",
    "mask",
    "mask-image",
    "-webkit-mask",
    "-webkit-mask-image",
    "offset-path",
)
_CONTAINED = ("strict", "content", "paint")
_MOVES = re.compile(r"(?<![a-z0-9])([a-z0-9]++)\(([^()]*+)\)")


def _is_gone(said: Mapping[str, str], letters: float) -> bool:
    """Whether an element is invisible, whatever the style of its text."""
    if not said:
        return False
    if said.get("display") == "none" or said.get("content-visibility") == "hidden":
        return True
    if said.get("content", "normal") not in _NONE:
        return True  # something else is shown in its place
    moved = said.get("position", "static") not in _NONE | {"static"}
    for name in (*(_PLACED if moved else ()), *_MARGINS, "text-indent"):
        if name in said and any(is_far(one, letters) for one in _words(said[name])):
            return True
    if moved and said.get("z-index", "").startswith("-"):
        return True
    if said.get("position") in ("absolute", "fixed"):
        corners = re.findall(r"(?:\d*\.)?\d+", said.get("clip", ""))
        if len(corners) == 4 and max(map(float, corners)) <= 2:
            return True
    return _is_shaped_away(said, letters) or _is_cut_off(said, letters)


def _is_cut_off(said: Mapping[str, str], letters: float) -> bool:
    """Whether an element clips its content, and is too small for any."""
    cuts = (said.get(f"overflow{way}", "") for way in ("", "-x", "-y", "-inline", "-block"))
    if not any(one.startswith(_CUTS) for one in cuts) and not said.get("contain", "").startswith(_CONTAINED):
        return False
    if any(is_tiny(said[name], letters) for name in _BOXES if name in said):
        return True
    indent = said.get("text-indent", "")
    if not indent.startswith("-") and (is_far(f"-{indent}", letters) or is_far(indent, letters)):
        return True
    return "0fr" in said.get("grid-template-rows", "") or said.get("flex", "").startswith("0 0 0")


def _is_shaped_away(said: Mapping[str, str], letters: float) -> bool:
    """Whether a transform, filter or mask makes an element invisible, or may do so."""
    if any(said.get(name, "none") not in _NONE for name in _SHAPES):
        return True
    if any(one not in _HARMLESS_FILTERS for one in _FILTER.findall(said.get("filter", ""))):
        return True
    if said.get("mix-blend-mode", "normal") not in _NONE or said.get("-webkit-text-security", "none") not in _NONE:
        return True
    if _NIL.fullmatch(said.get("font-size-adjust", "")):
        return True
    if any(is_far(one, letters) for name in ("letter-spacing", "translate") for one in _words(said.get(name, ""))):
        return True
    if any(map(_is_nothing, _words(said.get("scale", "")))) or len(_words(said.get("rotate", ""))) > 1:
        return True
    return any(_is_moved_away(how, by, letters) for how, by in _MOVES.findall(said.get("transform", "")))


def _is_moved_away(how: str, arguments: str, letters: float) -> bool:
    parts = [one.strip() for one in re.split(r"[,\s]+", arguments)]
    if how.startswith("translate"):
        return any(is_far(one, letters) for one in parts)
    if how.startswith("scale"):
        return any(map(_is_nothing, parts))
    return how not in ("rotate", "rotatez", "skew", "skewx", "skewy", "perspective")


def _is_nothing(text: str) -> bool:
    """Whether content scaled by this is too small to be seen; an invalid number counts as too small."""
    factor = _factor(text.lstrip("-+"))
    return text not in _NONE and (factor is None or factor < 0.1)


def _words(value: str) -> list[str]:
    """The parts of a value; a function is one."""
    return re.findall(r"[^\s()]*\((?:[^()]|\([^()]*\))*\)|[^\s()]+", value)


def _generated(said: Mapping[str, str], style: Style, attributes: Mapping[str, str | None]) -> str:
    """The content of a pseudo-element."""
    if not said:
        return ""
    own = _with(replace(style, is_gone=False), {name: value for name, value in said.items() if name != "content"})
    return "" if own.is_gone or own.is_unseen else _content(said, attributes)


def _keeps_lines(said: Mapping[str, str], tag: str, around: Style) -> bool:
    space = said.get("white-space", "")
    if space:
        return space.startswith(("pre", "break-spaces"))
    return around.keeps_lines or tag in ("pre", "listing", "xmp", "plaintext", "textarea")


def _list_form(said: Mapping[str, str], tag: str, around: Style) -> str:
    form = said.get("list-style-type") or said.get("list-style", "")
    if form:
        known = [one for one in re.findall(r"\"[^\"]*\"|'[^']*'|[\w-]+", form) if one not in ("inside", "outside")]
        return known[0] if known else ""
    return "" if tag in ("ol", "ul", "menu", "dir") else around.list_form


_STRING = re.compile(
    r"\"((?:[^\"\\]|\\.)*+)(?:\"|\\?\Z)|'((?:[^'\\]|\\.)*+)(?:'|\\?\Z)|"
    r"counters?\(\s*([\w-]+)\s*(?:,\s*[\"']([^\"']*)[\"']\s*)?(?:,\s*([\w-]+)\s*)?\)|attr\(\s*([\w-]+)[^()]*\)"
)


def _content(said: Mapping[str, str], attributes: Mapping[str, str | None]) -> str:
    """The text before or after an element; a counter is its name, its form and what is between its levels, each before
    a control character."""
    parts: list[str] = []
    for found in _STRING.finditer(said.get("content", "")):
        text = found[1] if found[1] is not None else found[2]
        if text is not None:
            parts.append(unescaped(text))
        elif found[6]:
            parts.append(attributes.get(found[6].lower()) or "")
        else:
            parts.append(f"\2{found[3]}\3{found[5] or 'decimal'}\3{unescaped(found[4] or '')}\3")
    return "".join(parts)


def _counts(sources: Sequence[Mapping[str, str]], name: str, usual: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for said in sources:
        for counter, value in re.findall(r"([A-Za-z_][\w-]*)(?:\s+(-?\d{1,9}))?", said.get(name, "")):
            if counter != "none":
                found[counter] = int(value) if value else usual
    return found
