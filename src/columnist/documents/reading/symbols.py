"""Characters of symbol fonts, whose codes are not those of the letters that they draw."""

import re

_GREEK = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…│─↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑",
)
"""The characters of the font Symbol: from 0x20, and from 0xA0."""
CHECKED, UNCHECKED = "☒", "☐"
_BOXES = (
    dict.fromkeys((0xFE, 0xFD, 0x78), CHECKED)
    | dict.fromkeys((0xA8, 0x6F, 0x71), UNCHECKED)
    | {0xFC: "✓", 0xFB: "✗", 0xE0: "→", 0xE8: "→"}
)
"""The characters of Wingdings, and of unknown symbol fonts."""
_BOXES_2 = dict.fromkeys((0x52, 0x53, 0x54), CHECKED) | {0xA3: UNCHECKED, 0x50: "✓", 0x4F: "✗"}
_BOXES_OF = {"wingdings 2": _BOXES_2, "webdings": {0x61: "✓", 0x72: "✗", 0x63: UNCHECKED}}
"""The characters of Wingdings 2 and of Webdings."""
_FAMILIES = ("symbol", "wingdings", "webdings")
_PRIVATE_LETTER = re.compile("[\uf000-\uf0ff]")
_PRIVATE = 0xF000
"""The range in which Windows puts the 256 characters of such a font."""


def is_symbol(code: int) -> bool:
    """Whether a character belongs to a symbol font, by its place in Unicode."""
    return _PRIVATE <= code <= _PRIVATE + 0xFF


def symbol(font: str, code: int) -> str:
    """The character that a symbol font draws for a code, from 0 to 255 or where Windows puts it; a bullet if it is
    unknown."""
    code = code - _PRIVATE if is_symbol(code) else code
    name = font.lower()
    if name.startswith("symbol"):
        start, found = (0x20, _GREEK[0]) if code < 0xA0 else (0xA0, _GREEK[1])
        return found[code - start] if 0 <= code - start < len(found) else "•"
    return _BOXES_OF.get(name, _BOXES).get(code, "•")


def is_of_symbols(font: str) -> bool:
    """Whether a font has signs in the place of letters."""
    return font.lower().startswith(_FAMILIES)


def is_of_signs(font: str) -> bool:
    """The same of a font whose signs are no letters in Unicode: those of Symbol are, as other programs know."""
    return font.lower().startswith(_FAMILIES[1:])


def drawn_in(font: str, text: str) -> str:
    """A text as a font draws it: the letters of a symbol font are signs."""
    is_symbolic = is_of_symbols(font)
    if not is_symbolic and not _PRIVATE_LETTER.search(text):
        return text
    return "".join(
        symbol(font, ord(one)) if is_symbol(ord(one)) or (is_symbolic and 0x20 < ord(one) < 0x100) else one
        for one in text
    )
