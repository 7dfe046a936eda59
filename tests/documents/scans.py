"""Scans of pages with a text layer, with which OCR is compared."""

import ctypes
import math
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pypdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from columnist.documents.model import Page, WordBox
from tests.conftest import CONTRACTS

(A_CONTRACT,) = CONTRACTS.glob("PFSFUNDS*")


@cache
def short_page() -> Path:
    """A contract's last page as a PDF of one page: its first lines, because each takes OCR half a second."""
    page = pypdf.PdfReader(A_CONTRACT).pages[2]
    for box in (page.mediabox, page.cropbox):
        box.bottom = box.top - 130
    writer = pypdf.PdfWriter()
    writer.add_page(page)
    _kept.append(tempfile.TemporaryDirectory(prefix="columnist-"))
    file = Path(_kept[-1].name, "short.pdf")
    writer.write(file)
    return file


FEW_WORDS = """This Agreement is governed by the laws
of the State of Massachusetts. Another
Agreement of both parties may amend it
at any time, in writing and executed by
each of them.
By: Jeffrey R. Provence, Treasurer"""


@cache
def small_page() -> Path:
    """A PDF of one small page: OCR takes half of the time that it takes for a page of a contract."""
    document = pdfium.PdfDocument.new()
    page = document.new_page(300, 150)
    for number, line in enumerate(FEW_WORDS.splitlines()):
        write(page, 25, 125 - 20 * number, line, 13)
    _kept.append(tempfile.TemporaryDirectory(prefix="columnist-"))
    file = Path(_kept[-1].name, "small.pdf")
    document.save(file)
    return file


_kept: list[tempfile.TemporaryDirectory[str]] = []


def write(page: pdfium.PdfPage, x: float, y: float, text: str, size: float = 11) -> None:
    """Put a line on a page, into its text layer."""
    line = pdfium_c.FPDFPageObj_NewTextObj(page.pdf.raw, b"Helvetica", size)
    units = ctypes.create_string_buffer((text + "\0").encode("utf-16-le"))
    pdfium_c.FPDFText_SetText(line, ctypes.cast(units, ctypes.POINTER(ctypes.c_ushort)))
    pdfium_c.FPDFPageObj_Transform(line, 1, 0, 0, 1, x, y)
    pdfium_c.FPDFPage_InsertObject(page.raw, line)
    page.gen_content()


def write_scan(
    source: Path, pages: Sequence[int], target: Path, *, dpi: int = 200, skew: float = 0.0, rotate: int = 0
) -> Path:
    """An image-only PDF of some pages (1-based): grey, noisy, as JPEG; `skew` in degrees, `rotate` as /Rotate."""
    document = pdfium.PdfDocument(source)
    noise = np.random.default_rng(1)
    pictures = []
    for number in pages:
        drawn = document[number - 1].render(scale=dpi / 72).to_pil().convert("L")
        drawn = drawn.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255)
        levels = np.asarray(drawn) * 0.85 + 20 + noise.normal(0, 10, (drawn.height, drawn.width))
        pictures.append(Image.fromarray(levels.clip(0, 255).astype(np.uint8)))
    document.close()
    pictures[0].save(target, save_all=True, append_images=pictures[1:], resolution=dpi, quality=60)
    if rotate:
        writer = pypdf.PdfWriter(clone_from=target)
        for page in writer.pages:
            page.rotate(rotate)
        writer.write(target)
    return target


def moved(page: Page, box: Sequence[float], skew: float = 0.0, rotate: int = 0) -> tuple[float, float, float, float]:
    """The place of a page's box (x0, y0, x1, y1) in its scan."""
    turn = math.radians(skew)
    middle_x, middle_y = page.width / 2, page.height / 2
    points = []
    for x in (box[0], box[2]):
        for y in (box[1], box[3]):
            dx, dy = x - middle_x, y - middle_y
            x1 = middle_x + dx * math.cos(turn) + dy * math.sin(turn)
            y1 = middle_y - dx * math.sin(turn) + dy * math.cos(turn)
            points.append(
                {
                    0: (x1, y1),
                    90: (page.height - y1, x1),
                    180: (page.width - x1, page.height - y1),
                    270: (y1, page.width - x1),
                }[rotate]
            )
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def overlap(true: Sequence[float], found: Sequence[float]) -> float:
    """The part of the first box (x0, y0, x1, y1) that the second one covers."""
    width = min(true[2], found[2]) - max(true[0], found[0])
    height = min(true[3], found[3]) - max(true[1], found[1])
    area = (true[2] - true[0]) * (true[3] - true[1])
    return max(width, 0) * max(height, 0) / area if area > 0 else 1.0


def unique_words(text: str, words: Sequence[WordBox]) -> dict[str, WordBox]:
    """The words that a page has once, and their boxes."""
    texts = [text[word.start : word.end] for word in words]
    return {one: word for one, word in zip(texts, words, strict=True) if texts.count(one) == 1}
