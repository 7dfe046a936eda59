"""Characters of symbol fonts, whose codes are not those of the letters that they draw."""

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
"""The characters of Wingdings 2."""
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
    if name == "symbol":
        start, found = (0x20, _GREEK[0]) if code < 0xA0 else (0xA0, _GREEK[1])
        return found[code - start] if 0 <= code - start < len(found) else "•"
    return (_BOXES_2 if name == "wingdings 2" else _BOXES).get(code, "•")
