"""PPTX files for tests, written by their parts."""

import io
import re
import zipfile
from typing import Any

from pptx.util import Inches

from columnist.documents.model import Page
from columnist.documents.reading import formats
from columnist.documents.reading.child import read_file


def pages(deck: Any, *changes: tuple[str, str, str]) -> list[Page]:
    """The pages of a deck after `changes` of its parts: the name of a part, a pattern, what replaces it."""
    saved = io.BytesIO()
    deck.save(saved)
    with zipfile.ZipFile(saved) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, pattern, new in changes:
        changed, count = re.subn(pattern, new, parts[name].decode())
        assert count, (name, pattern)
        parts[name] = changed.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    media_type, read = read_file(packed, "deck.pptx", 2_000)
    assert media_type == formats.PPTX
    return list(read)


def box(slide: Any, text: str, left: float = 1, top: float = 1) -> Any:
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(4), Inches(1))
    shape.text_frame.text = text
    return shape
