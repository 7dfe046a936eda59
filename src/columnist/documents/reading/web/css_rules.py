"""Style sheets as rules: selectors with their declarations, in the order in which browsers apply them."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

WINDOW = 1280, 800
"""The window's size in pixels, for media queries."""

_DEEPEST = 20
"""Most levels of blocks in blocks."""

_PIECE = re.compile(r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|\\.|[{};()\[\]]|[^\"'\\{};()\[\]]++", re.S)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_IMPORTANT = re.compile(r"\s{0,50}+!\s{0,50}+important\s{0,50}+\Z", re.I)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.S)
_CONTAINERS = re.compile(r"(?<!@)\bcontainer(?:-type)?\s*:")
_GROUPS = ("@media", "@supports", "@layer", "@container", "@scope", "@document", "@-moz-document", "@starting-style")
_FEATURE = re.compile(r"(min|max)-(width|height)\s*:\s*((?:\d*\.)?\d+)(px|em|rem)?")
_IDENTIFIER = r"(?:[\w\-\x80-\U0010ffff]|\\.)+"
_IDS, _CLASSES, _TAGS = (
    re.compile(rf"#{_IDENTIFIER}"),
    re.compile(rf"\.{_IDENTIFIER}|\[[^\]]*+(?:\]|\Z)|(?<!:):(?!:|where\b|is\b|not\b|has\b){_IDENTIFIER}"),
    re.compile(rf"(?:(?<=[\s>+~(,])|^){_IDENTIFIER}|::{_IDENTIFIER}"),
)
_WHERE = re.compile(r":where\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Declared:
    """The declarations of a rule or a style attribute, in order: normal ones, and those with `!important`."""

    plain: Sequence[tuple[str, str]]
    important: Sequence[tuple[str, str]]


def declared(text: str) -> Declared:
    """The declarations inside a rule or a style attribute; values are in lower case, except texts."""
    plain: list[tuple[str, str]] = []
    important: list[tuple[str, str]] = []
    for one in _declarations(_COMMENT.sub("", text)):
        name, colon, value = one.partition(":")
        name = _plain(name.strip()).lower()
        if not colon or not name:
            continue
        value = value.strip()
        into = important if _IMPORTANT.search(value) else plain
        value = _IMPORTANT.sub("", value)
        into.append((name, value if '"' in value or "'" in value else _plain(value).lower()))
    return Declared(plain, important)


def _declarations(text: str) -> Iterator[str]:
    parts: list[str] = []
    depth = 0
    for found in _PIECE.finditer(text):
        piece = found[0]
        depth += (piece in ("(", "[", "{")) - (piece in (")", "]", "}"))
        if piece == ";" and depth <= 0:
            yield "".join(parts)
            parts, depth = [], 0
        else:
            parts.append(piece)
    yield "".join(parts)


def _plain(text: str) -> str:
    """An identifier or a value without escapes."""
    return _ESCAPE.sub(lambda found: _character(found[1]) if found[1] else found[2], text) if "\\" in text else text


def _character(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if 31 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def rules(sheet: str, depth: int = 0) -> Iterator[tuple[str, Declared]]:
    """Selectors and declarations, in order; without those for media other than a screen, for fonts and for frames of an
    animation."""
    plain = re.sub(r"<!--|-->", " ", _COMMENT.sub("", sheet))
    if not _CONTAINERS.search(plain):  # then no element is one
        plain = plain.replace("@container", "@never")
    yield from _rules(plain, "", depth)


def _rules(text: str, parent: str, depth: int) -> Iterator[tuple[str, Declared]]:
    if depth > _DEEPEST:
        return
    own: list[str] = []
    for head, body in _blocks(text):
        name = head.split(None, 1)[0].partition("(")[0].lower() if head.startswith("@") else ""
        if body is None:
            if name == "@import":
                yield from rules(embedded(head), depth + 1)
            elif not name and parent:
                own.append(head)
        elif not name:
            yield from _rules(body, _nested(head, parent), depth + 1)
        elif name in _GROUPS and (name != "@media" or _holds(head[6:])):
            yield from _rules(body, parent, depth + 1)
    if own and parent:
        yield parent, declared(";".join(own))


def _blocks(text: str) -> Iterator[tuple[str, str | None]]:
    """The text before each block, and the block; None for a statement without one."""
    head: list[str] = []
    body: list[str] = []
    depth = brackets = 0
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece == "{":
            depth += 1
            if depth == 1:
                continue
        elif piece == "}":
            depth -= 1
            if depth == 0:
                yield "".join(head).strip(), "".join(body)
                head, body, brackets = [], [], 0
                continue
            if depth < 0:
                head, depth = [], 0
                continue
        elif not depth:
            brackets += (piece in ("(", "[")) - (piece in (")", "]"))
            if piece == ";" and brackets <= 0:
                if last := "".join(head).strip():
                    yield last, None
                head, brackets = [], 0
                continue
        (body if depth else head).append(piece)
    if depth:
        yield "".join(head).strip(), "".join(body)  # a browser closes it
    elif last := "".join(head).strip():
        yield last, None


def _nested(selector: str, parent: str) -> str:
    if not parent:
        return selector
    each = (one if "&" in one else f"& {one}" for one in selectors(selector))
    return ", ".join(one.replace("&", f":is({parent})") for one in each)


def selectors(text: str) -> list[str]:
    """The selectors of a list."""
    parts: list[str] = [""]
    depth = 0
    for found in re.finditer(r"\"[^\"]*\"?|'[^']*'?|\\.|[()\[\],]|[^\"'\\()\[\],]++", text, re.S):
        piece = found[0]
        depth += (piece in ("(", "[")) - (piece in (")", "]"))
        if piece == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += piece
    return [one.strip() for one in parts]


def specificity(selector: str) -> tuple[int, int, int]:
    """A selector's specificity, which lets an earlier rule win: ids, then classes and the like, then tags."""
    plain = re.sub(r"\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)", "", _WHERE.sub("", selector))
    return len(_IDS.findall(plain)), len(_CLASSES.findall(plain)), len(_TAGS.findall(plain))


def _holds(media: str) -> bool:
    """Whether a screen is one of these media."""
    return any(_is_screen(" ".join(one.lower().split())) for one in selectors(media))


def _is_screen(medium: str) -> bool:
    negated = medium.startswith("not ")
    medium = medium.removeprefix("not ").removeprefix("only ")
    holds = not re.match(r"(?:print|speech|aural|braille|tv|handheld)\b", medium) and "scheme: dark" not in medium
    for which, side, number, unit in _FEATURE.findall(medium):
        here = WINDOW[side == "height"]
        length = float(number) * (1 if unit in ("", "px") else 16)
        holds = holds and (here >= length if which == "min" else here <= length)
    return holds != negated


def embedded(text: str) -> str:
    """The style sheet inside the address of an import or a link (a data URL); empty for other addresses: nothing is
    fetched."""
    found = re.search(r"data:text/css([^,\"')]{0,100}+),([^\"')]*+)", text, re.I)
    if not found:
        return ""
    data = unquote_to_bytes(found[2])
    if found[1].lower().endswith(";base64"):
        with suppress(binascii.Error):
            data = base64.b64decode(data)
    return data.decode("utf-8", "replace")
