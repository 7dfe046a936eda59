"""The shown and the hidden text of an HTML file, for tests."""

from columnist.documents.reading.flowing import Hidden
from columnist.documents.reading.web.html import text_lines


def shown(html: str) -> list[str]:
    """The lines that a person sees."""
    return [line for line in text_lines(html).lines if isinstance(line, str)]


def hidden(html: str) -> list[str]:
    """The hidden text."""
    return [line.text for line in text_lines(html).lines if isinstance(line, Hidden)]
