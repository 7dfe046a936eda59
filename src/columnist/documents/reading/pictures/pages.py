"""Pictures (PNG, JPEG, TIFF) as documents: pages that only OCR can read."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO, cast

from PIL import Image, ImageOps

from columnist.documents.model import Page, RemarkKind
from columnist.documents.reading.pictures import ocr
from columnist.documents.reading.pictures.lines import LEAST_LINES, lines_of_text
from columnist.errors import DocumentError

MOST_PIXELS = 100_000_000
"""Most pixels of a page: A3 at 600 dpi has 70 million. Checked before decoding."""

A4_HEIGHT = 842.0
"""Points: the assumed longer side of a page without a resolution."""

LEAST_PIXELS = 100_000
"""Least pixels of a picture inside a document: a smaller one is a logo or a signature."""
_INSIDE = ("PNG", "JPEG", "TIFF", "GIF", "BMP")
"""The kinds of pictures inside documents that are read."""

_LONGEST = 1728.0
"""Points (24 inches): the resolution of a page that claims to be longer is ignored; it is a photo."""


def is_opaque_picture(data: bytes) -> bool:
    """Whether a picture inside a document is opaque."""
    try:
        with Image.open(io.BytesIO(data), formats=_INSIDE) as picture:
            return picture.mode in ("1", "L", "P", "RGB", "CMYK", "YCbCr") and "transparency" not in picture.info
    except (OSError, ValueError, Image.DecompressionBombError):
        return False


def read_pictures(file: BinaryIO) -> Iterator[Page]:
    """The pages of a picture, for OCR to read: a TIFF may have many. Raises DocumentError if they cannot be shown."""
    with _opened(file) as picture:
        for number in range(1, _pages(picture) + 1):
            _, width, height = _page(picture, number)
            yield Page(number, "", width, height, source="picture")


def read_picture_by_ocr(file: BinaryIO, number: int) -> Page:
    """A page (1-based) as it is shown. Raises DocumentError, as `read_pictures` does."""
    with _opened(file) as picture:
        shown, width, height = _page(picture, number)
        shown.thumbnail((ocr.LONG_SIDE, ocr.LONG_SIDE))
        text, words = ocr.read_picture(shown, width, height)
        return Page(number, text, width, height, words, "ocr")


def draw_picture(file: BinaryIO, number: int, width: int) -> bytes:
    """A page (1-based) as a PNG, `width` pixels wide. Raises DocumentError if that cannot be done."""
    with _opened(file) as picture:
        pages = _pages(picture)
        if not 1 <= number <= pages:
            raise DocumentError(f"The picture has {pages:,} pages, and no page {number:,}.")
        shown, wide, high = _page(picture, number)
        height = max(round(width * high / wide), 1)
        if width * height > MOST_PIXELS:
            raise DocumentError("The page cannot be drawn: its size is not usable.")
        drawn = io.BytesIO()
        shown.resize((width, height)).save(drawn, "PNG")
        return drawn.getvalue()


def shows_text(data: bytes) -> bool | None:
    """Whether the file of a picture inside a document shows lines of text, unlike a logo or a photograph. None for a
    kind of picture that is not read."""
    try:
        with _opened(io.BytesIO(data), _INSIDE) as picture:
            if picture.width * picture.height < LEAST_PIXELS:
                return False
            shown, _, _ = _page(picture, 1)
    except DocumentError:
        return None
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
    ):  # cut off, which is noticed only when it is decoded
        return None
    shown.thumbnail((ocr.LONG_SIDE, ocr.LONG_SIDE))
    return lines_of_text(shown.convert("L")) >= LEAST_LINES


def read_pictures_on(page: Page) -> Page:
    """A page of a document with the texts of its pictures after its own, by OCR."""
    texts = [page.text]
    for data in page.pictures:
        with _opened(io.BytesIO(data), _INSIDE) as picture:
            shown, width, height = _page(picture, 1)
            shown.thumbnail((ocr.LONG_SIDE, ocr.LONG_SIDE))
            text, _ = ocr.read_picture(shown, width, height)
            texts.append(text)
    others = tuple(one for one in page.remarks if one.kind != RemarkKind.PICTURE)
    return replace(page, text="\n".join(filter(None, texts)), remarks=others, pictures=(), source="ocr")


@contextmanager
def _opened(file: BinaryIO, kinds: tuple[str, ...] = ("PNG", "JPEG", "TIFF")) -> Iterator[Image.Image]:
    try:
        with Image.open(file, formats=kinds) as picture:
            yield picture
    except Image.DecompressionBombError as error:
        raise DocumentError(_TOO_MANY) from error
    except (OSError, SyntaxError, TypeError, ValueError, EOFError, struct.error) as error:
        raise DocumentError("The picture is damaged or cut off: it cannot be opened.") from error


_TOO_MANY = f"The picture has a page of more than {MOST_PIXELS // 10**6} million pixels: it is not read."


def _pages(picture: Image.Image) -> int:
    """An animated PNG counts as its first frame."""
    return getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1


def _page(picture: Image.Image, number: int) -> tuple[Image.Image, float, float]:
    """A page as a reader sees it (on white, upright, with square pixels), and its width and height in points."""
    picture.seek(number - 1)
    if picture.width * picture.height > MOST_PIXELS:
        raise DocumentError(_TOO_MANY)
    across, down = _dpi(picture)
    shown = ImageOps.exif_transpose(picture)
    if shown.size != picture.size and shown.size == picture.size[::-1]:
        across, down = down, across
    if shown.mode.startswith("I;16"):
        shown = shown.convert("I").point(lambda level: level / 256).convert("L")
    if shown.mode in ("F", "I"):  # its levels may end anywhere
        low, high = cast("tuple[float, float]", shown.getextrema())
        scale = 255 / ((high - low) or 1)
        shown = shown.point(lambda level: level * scale - low * scale).convert("L")
    if shown.has_transparency_data:
        shown = shown.convert("RGBA")
        shown = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown)
    shown = shown.convert("RGB")
    if across != down:  # a fax
        size = round(shown.width * max(across, down) / across), round(shown.height * max(across, down) / down)
        if size[0] * size[1] > MOST_PIXELS:
            raise DocumentError(_TOO_MANY)
        shown = shown.resize(size)
    points = 72 / max(across, down)
    return shown, shown.width * points, shown.height * points


def _dpi(picture: Image.Image) -> tuple[float, float]:
    across, down = picture.info.get("dpi", (0, 0))
    if min(across, down) > 0 and 72 * max(picture.width / across, picture.height / down) <= _LONGEST:
        return float(across), float(down)
    guess = max(picture.size) * 72 / A4_HEIGHT
    return guess, guess
