"""The part of CSS that decides what is seen of a page: what is hidden, numbered, generated, raised, kept as typed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from columnist.documents.reading.visibility import LEAST_CONTRAST

MOST_RULES = 5_000
"""Rules of a page's style sheets that are applied."""
MOST_COMPLEX = 200
"""Selectors of more than a tag, a class or an id that are applied: each goes through the whole page."""

_COLOURS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "silver": (192, 192, 192), "gray": (128,) * 3,
    "grey": (128,) * 3, "yellow": (255, 255, 0), "blue": (0, 0, 255), "green": (0, 128, 0), "lime": (0, 255, 0),
    "navy": (0, 0, 128), "ivory": (255, 255, 240), "snow": (255, 250, 250), "whitesmoke": (245, 245, 245),
}  # fmt: skip
Colour = tuple[int, ...]

_FAR = re.compile(r"-\s*(?:\d{4,}|[5-9]\d\d)(?:\.\d+)?(?:px|pt|em|rem|%)|-\s*\d{2,}(?:em|rem)")
_NIL = re.compile(r"(?:0*+\.)?+0++(?:px|pt|em|rem|%|in|cm|mm|ex|ch|vw|vh)?")
_BREAKS = frozenset(("block", "flex", "grid", "table", "table-row", "list-item", "flow-root", "table-caption"))


@dataclass(frozen=True, slots=True)
class Style:
    """What is true of an element's text; the first fields are inherited."""

    colour: Colour = (0, 0, 0)
    ground: Colour = (255, 255, 255)
    is_faint: bool = False
    is_invisible: bool = False
    is_struck: bool = False
    keeps_lines: bool = False
    list_form: str = ""
    is_gone: bool = False
    is_block: bool = False
    raised: str = ""
    before: str = ""
    after: str = ""
    resets: Mapping[str, int] = field(default_factory=dict)
    increments: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_unseen(self) -> bool:
        """Text itself is there and nobody sees it."""
        if not (self.is_invisible or self.is_faint) and self.colour == (0, 0, 0) and self.ground == (255, 255, 255):
            return False  # nearly all text
        alike = max(abs(one - other) for one, other in zip(self.colour, self.ground, strict=True)) < LEAST_CONTRAST
        return self.is_invisible or self.is_faint or alike


class Styles:
    """The style sheets of a page. Later rules win, whatever their selectors; a style attribute wins over all."""

    def __init__(self, parser: LexborHTMLParser) -> None:
        self._simple: dict[str, list[_Rule]] = {}
        self._of: dict[int, list[_Rule]] = {}
        self._plain: dict[int, tuple[Style, Style]] = {}
        complex_ones = 0
        sheet = "\n".join(one.text() for one in parser.css("style"))
        for number, (selectors, declared) in enumerate(islice(_rules(sheet), MOST_RULES)):
            for selector in map(str.strip, selectors.split(",")):
                plain, pseudo = _parted(selector)
                rule = _Rule(number, pseudo, declared)
                if found := _SIMPLE.fullmatch(plain):
                    self._simple.setdefault(found[0] if not found[1] else found[2], []).append(
                        rule if not (found[1] and found[2]) else replace(rule, tag=found[1].lower())
                    )
                elif complex_ones < MOST_COMPLEX:
                    complex_ones += 1
                    self._apply(parser, plain, rule)

    def _apply(self, parser: LexborHTMLParser, selector: str, rule: "_Rule") -> None:
        try:
            nodes = parser.css(selector or "*")
        except (SelectolaxError, ValueError):
            return
        for node in nodes:
            self._of.setdefault(node.mem_id, []).append(rule)

    def _said(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> list["_Rule"]:
        """The rules of an element, in order."""
        if not self._simple and not self._of:
            return []
        names = ["*", tag, *(f".{one}" for one in (attributes.get("class") or "").split()), f"#{attributes.get('id')}"]
        found = [rule for name in names for rule in self._simple.get(name, ()) if rule.tag in ("", tag)]
        return sorted([*found, *self._of.get(node.mem_id, ())], key=lambda rule: rule.number)

    def of(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None], around: Style) -> Style:
        """The style of an element inside of another."""
        rules = self._said(node, tag, attributes)
        if not rules and not attributes and tag not in _SPECIAL:
            return self._inherited(around)
        said: dict[str, str] = {}
        around_it: dict[str, dict[str, str]] = {"before": {}, "after": {}}
        for rule in rules:
            (around_it.setdefault(rule.pseudo, {}) if rule.pseudo else said).update(rule.declared)
        if "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
            said.setdefault("display", "none")
        for name, attribute in (("color", "color"), ("color", "text"), ("background-color", "bgcolor")):
            if attributes.get(attribute) and (attribute != "color" or tag == "font"):
                said.setdefault(name, attributes[attribute] or "")
        if attributes.get("style"):
            said.update(_declared(attributes["style"] or ""))
        style = replace(
            around,
            is_gone=_is_gone(said),
            is_block=said.get("display", "") in _BREAKS,
            raised="",
            before="",
            after="",
            resets={},
            increments={},
            keeps_lines=_keeps_lines(said, tag, around),
            list_form=_list_form(said, tag, around),
            is_struck=around.is_struck or _is_struck(said, tag),
        )
        if said:
            style = _with(style, said)
        before, after = around_it["before"], around_it["after"]
        if before or after or "counter-reset" in said or "counter-increment" in said:
            style = replace(
                style,
                before=_content(before),
                after=_content(after),
                resets=_counts([said], "counter-reset", 0),
                increments=_counts([before, said], "counter-increment", 1),
            )
        return style

    def _inherited(self, around: Style) -> Style:
        """The style of an element about which nothing is said."""
        known = self._plain.get(id(around))
        if known is None or known[0] is not around:
            inherited = replace(
                around, is_gone=False, is_block=False, raised="", before="", after="", resets={}, increments={}
            )
            self._plain[id(around)] = known = (around, around if inherited == around else inherited)
        return known[1]


@dataclass(frozen=True, slots=True)
class _Rule:
    number: int
    pseudo: str
    declared: Mapping[str, str]
    tag: str = ""


_SIMPLE = re.compile(r"([A-Za-z][A-Za-z0-9]*)?([.#][\w-]+)|\*|[A-Za-z][A-Za-z0-9]*")
_STRUCK = frozenset(("s", "strike", "del"))
_SPECIAL = _STRUCK | {"pre", "listing", "xmp", "plaintext", "textarea", "ol", "ul", "menu", "dir", "dialog"}


def _parted(selector: str) -> tuple[str, str]:
    """A selector, and the pseudo-element that it ends with."""
    found = re.fullmatch(r"(.*?)::?(before|after|marker|first-line|first-letter|placeholder|selection)", selector)
    plain, pseudo = (found[1], found[2]) if found else (selector, "")
    return re.sub(r":(?:link|any-link)$", "", plain).strip() or "*", pseudo


def _with(style: Style, said: Mapping[str, str]) -> Style:
    ground = _colour(said.get("background-color", "")) or _colour(said.get("background", "").split(" ")[0])
    colour = said.get("color", "")
    faint = style.is_faint or bool(_NIL.fullmatch(said.get("opacity", "")))
    clear = colour == "transparent" or bool(re.fullmatch(r"rgba\(.*[,/]\s*0(?:\.0+)?%?\s*\)", colour))
    visibility = said.get("visibility", "")
    size = said.get("font-size", "")
    small = bool(_NIL.fullmatch(size)) or (not size and style.is_invisible and not visibility)
    return replace(
        style,
        ground=ground or style.ground,
        colour=style.ground if clear else _colour(colour) or style.colour,
        is_faint=faint,
        is_invisible=visibility in ("hidden", "collapse") or small,
        raised=_raised(said),
    )


def _is_struck(said: Mapping[str, str], tag: str) -> bool:
    """Whether a line goes through the letters of an element; nothing inside of it takes that away."""
    decoration = said.get("text-decoration-line") or said.get("text-decoration")
    return tag in _STRUCK if decoration is None else "line-through" in decoration


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


def _is_gone(said: Mapping[str, str]) -> bool:
    if said.get("display") == "none":
        return True
    if said.get("position") in ("absolute", "fixed"):
        if any(_FAR.fullmatch(said.get(side, "")) for side in ("left", "top", "right", "bottom")):
            return True
        if re.sub(r"px|[\s,]", "", said.get("clip", "")) in ("rect(0000)", "rect(1111)"):
            return True
    if said.get("overflow", "").startswith(("hidden", "clip")):
        return any(_NIL.fullmatch(said.get(size, "")) for size in ("height", "max-height", "width", "max-width"))
    return bool(_FAR.fullmatch(said.get("text-indent", ""))) or said.get("clip-path") == "inset(100%)"


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
    r"counters?\(\s*([\w-]+)\s*(?:,\s*[\"'][^\"']*[\"'])?(?:,\s*([\w-]+)\s*)?\)"
)


def _content(said: Mapping[str, str]) -> str:
    """What is put before or after an element; a counter is its name and form between control characters."""
    parts = []
    for found in _STRING.finditer(said.get("content", "")):
        text = found[1] if found[1] is not None else found[2]
        parts.append(f"\2{found[3]}\3{found[4] or 'decimal'}\3" if text is None else _unescaped(text))
    return "".join(parts)


def _unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if 31 < code < 0xD800 or 0xDFFF < code < 0x110000 else " "

    return re.sub(r"\\(.)", r"\1", re.sub(r"\\([0-9a-fA-F]{1,6})\s?", character, text))


def _counts(sources: Sequence[Mapping[str, str]], name: str, usual: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for said in sources:
        for counter, value in re.findall(r"([A-Za-z_][\w-]*)(?:\s+(-?\d{1,9}))?", said.get(name, "")):
            if counter != "none":
                found[counter] = int(value) if value else usual
    return found


def list_number(number: int, form: str) -> str:
    """The mark of a list's item, with the space after it; empty for `none`."""
    if form == "none":
        return ""
    if form in ("disc", "circle", "square"):
        return "• "
    if form[:1] in "\"'":
        return f"{_unescaped(form[1:-1]).rstrip()} "
    if form in ("lower-alpha", "lower-latin", "upper-alpha", "upper-latin") and number > 0:
        letters = _in_letters(number, "abcdefghijklmnopqrstuvwxyz")
        return f"{letters.upper() if form.startswith('upper') else letters}. "
    if form == "lower-greek" and number > 0:
        return f"{_in_letters(number, 'αβγδεζηθικλμνξοπρστυφχψω')}. "
    if form in ("lower-roman", "upper-roman") and 0 < number < 4_000:
        roman = _in_roman(number)
        return f"{roman.upper() if form.startswith('upper') else roman}. "
    return f"{number:02}. " if form == "decimal-leading-zero" else f"{number}. "


def _in_letters(number: int, alphabet: str) -> str:
    letters = ""
    while number:
        number, last = divmod(number - 1, len(alphabet))
        letters = alphabet[last] + letters
    return letters


def _in_roman(number: int) -> str:
    values = zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
                 "m cm d cd c xc l xl x ix v iv i".split(), strict=True)  # fmt: skip
    letters = ""
    for value, roman in values:
        letters += roman * (number // value)
        number %= value
    return letters


def _colour(text: str) -> Colour | None:
    text = text.lower().removesuffix("!important").strip()
    if found := re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", text):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * one for one in found[1])
        return tuple(int(digits[place : place + 2], 16) for place in (0, 2, 4))
    if found := re.fullmatch(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})[^)]*\)", text):
        return tuple(min(int(one), 255) for one in found.groups())
    return _COLOURS.get(text)


def _declared(text: str) -> dict[str, str]:
    """The declarations of a rule or a style attribute, in lower case but for texts."""
    found = {}
    for one in re.findall(r"(?:[^;\"']|\"[^\"]*\"|'[^']*')+", text):
        name, colon, value = one.partition(":")
        if colon:
            value = re.sub(r"\s{0,50}+!\s{0,50}+important$", "", value.strip(), flags=re.I)
            found[name.strip().lower()] = value if '"' in value or "'" in value else value.lower()
    return found


def _rules(sheet: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Selectors and declarations, also inside of @media for a screen."""
    sheet = re.sub(r"/\*.*?(?:\*/|\Z)|<!--|-->", " ", sheet, flags=re.S)
    position = 0
    while (opening := sheet.find("{", position)) >= 0:
        head = sheet[position:opening].rpartition(";")[2].rpartition("}")[2].strip()
        if head.startswith("@"):
            if re.match(r"@(?:media\b(?!.*\b(?:print|speech|max-|min-))|supports|layer)", head, re.I):
                position = opening + 1
            else:
                position = _closing(sheet, opening)
            continue
        closing = sheet.find("}", opening)
        closing = len(sheet) if closing < 0 else closing
        if head:
            yield head, _declared(sheet[opening + 1 : closing])
        position = closing + 1


def _closing(sheet: str, opening: int) -> int:
    depth = 0
    for found in re.compile(r"[{}]").finditer(sheet, opening):
        depth += 1 if found[0] == "{" else -1
        if not depth:
            return found.end()
    return len(sheet)
