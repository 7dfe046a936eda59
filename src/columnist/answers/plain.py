"""Text without what typography makes of it: one kind of blank, dash and quote."""

_SPACES = "\t\v\f\u00a0\u2002\u2003\u2007\u2009\u202f"
_PLAIN = (
    {**dict.fromkeys(_SPACES, " "), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’‚", "'")}
    | dict.fromkeys("\u00ad‐‑‒–—―−﹘﹣－⁃", "-")
    | {"\u037e": ";"}
)


def plain(text: str) -> str:
    """The text in plain quotes, dashes and spaces, one character for one: positions stay those of the original."""
    # Replacing one by one is ten times as fast as str.translate on text that is not ASCII.
    for char, ascii_char in _PLAIN.items():
        text = text.replace(char, ascii_char)
    return text


def one_line(text: str) -> str:
    """Plain text with its line ends as spaces, still one character for one."""
    return plain(text).replace("\r", " ").replace("\n", " ")
