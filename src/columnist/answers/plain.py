"""Text with plain typography: one kind of blank, dash and quotation mark."""

_SPACES = "\t\v\f\u00a0\u2002\u2003\u2007\u2009\u202f"
_PLAIN = (
    {**dict.fromkeys(_SPACES, " "), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’‚", "'")}
    | dict.fromkeys("\u00ad‐‑‒–—―−﹘﹣－⁃", "-")
    | {"\u037e": ";"}
)

UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
"""The letters, in a regular expression's brackets, of Thai, Lao, Burmese, Khmer, Japanese and Chinese, which put no
spaces between words."""


def plain(text: str) -> str:
    """The text with plain quotes, dashes and spaces. Character for character, so that positions stay the same."""
    # Replacing one by one is ten times as fast as str.translate on text that is not ASCII.
    for char, ascii_char in _PLAIN.items():
        text = text.replace(char, ascii_char)
    return text


def one_line(text: str) -> str:
    """Plain text with spaces for line ends, character for character."""
    return plain(text).replace("\r", " ").replace("\n", " ")
