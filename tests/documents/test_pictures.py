"""Pictures as documents: read by OCR, drawn, and refused with a sentence if they are of no use."""

import asyncio
import io
import struct
import zlib
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from columnist.cpu import usable_cores
from columnist.documents.blobs import BlobStore
from columnist.documents.reading.pictures import ocr
from columnist.documents.reading.pictures.pages import draw_picture
from columnist.documents.reading.reader import Reader
from columnist.settings import Settings
from columnist.telemetry import REGISTRY
from tests.documents.readers import refused
from tests.documents.scans import short_page, small_page
from tests.documents.test_ocr import read, text_layer
from tests.http import a_review, problem
from tests.processes import served_api
from tests.uploads import until_read, upload

SCANNING = {"kind": "ocr", "state": "in_use"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def scanned(dpi: int = 150, printed: Path | None = None) -> Image.Image:
    """A page of few words of a contract as a scanner would give it."""
    document = pdfium.PdfDocument(printed or small_page())
    page: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("L")
    document.close()
    return page


def share_of_words(true: str, read_text: str) -> float:
    words = true.split()
    there = set(read_text.split())
    return sum(word in there for word in words) / len(words)


def test_a_tiff_of_two_pages_is_read_with_a_box_for_every_word(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    true = text_layer(small_page())
    middle = true.words[len(true.words) // 2].y0 - 2
    lower_half = scanned()
    lower_half.paste(255, (0, 0, lower_half.width, int(middle * 150 / 72)))
    scanned().save(path, save_all=True, append_images=[lower_half], dpi=(150, 150))
    pages = read(settings, path)
    assert [page.source for page in pages] == ["ocr", "ocr"]
    for page, first in zip(pages, (0, middle), strict=True):
        words = {true.text[word.start : word.end]: word for word in true.words if word.y0 > first}
        assert (page.width, page.height) == pytest.approx((true.width, true.height), abs=1)
        assert share_of_words(" ".join(words), page.text) > 0.95
        assert {page.text[word.start : word.end] for word in page.words} == set(page.text.split())
        near = [
            abs(words[text].y0 - word.y0) < 6
            for word in page.words
            if true.text.split().count(text := page.text[word.start : word.end]) == 1 and text in words
        ]
        assert len(near) > 5
        assert sum(near) > 0.95 * len(near)


def test_a_photo_that_lies_on_its_side_is_turned_as_its_exif_says(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    scanned(220, short_page()).rotate(90, expand=True).save(path, exif=exif)
    (page,) = read(settings, path)
    assert page.width == pytest.approx(842)
    assert share_of_words(text_layer(short_page()).text, page.text) > 0.95


def test_a_transparent_png_is_read_on_white(settings: Settings, tmp_path: Path) -> None:
    page = scanned()
    clear = Image.new("RGBA", page.size, (0, 0, 0, 255))
    clear.putalpha(page.point(lambda level: 255 - level))
    path = tmp_path / "clear.png"
    clear.save(path)
    (read_page,) = read(settings, path)
    assert share_of_words(text_layer(small_page()).text, read_page.text) > 0.95


def test_a_fax_has_the_shape_of_its_page(tmp_path: Path) -> None:
    page = scanned(204)
    path = tmp_path / "fax.tif"
    page.convert("1").resize((page.width, page.height * 98 // 204)).save(path, dpi=(204, 98))
    drawn = Image.open(io.BytesIO(draw_picture(path.open("rb"), 1, 600)))
    true = text_layer(small_page())
    assert drawn.width == 600
    assert drawn.height / drawn.width == pytest.approx(true.height / true.width, rel=0.01)


@pytest.mark.parametrize("levels", [(0.0, 1.0), (-3.5, 40.25), (0.0, 70_000.0)])
def test_a_picture_of_any_levels_is_drawn_from_black_to_white(tmp_path: Path, levels: tuple[float, float]) -> None:
    """All of them were black."""
    page = Image.new("F", (40, 40), levels[1])
    page.paste(levels[0], (0, 20, 40, 40))
    page.save(tmp_path / "a.tif")
    drawn = Image.open(io.BytesIO(draw_picture((tmp_path / "a.tif").open("rb"), 1, 40))).convert("L")
    assert (drawn.getpixel((5, 5)), drawn.getpixel((5, 35))) == (255, 0)


def test_a_picture_without_ocr_says_what_to_install(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "installed", lambda: False)
    path = tmp_path / "scan.png"
    scanned().save(path)
    refused(settings, path, r"pip install 'columnist\[ocr\]'")


def test_a_page_is_drawn_while_others_are_read_by_ocr(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    scanned().save(path, save_all=True, append_images=[scanned()] * (usable_cores() - 1), dpi=(150, 150))
    blobs = BlobStore(settings)

    async def scenario() -> None:
        async with Reader(settings) as reader:
            with blobs.writing_boxes("0" * 64) as boxes:
                reading = asyncio.ensure_future(reader.read(path, path.name, boxes))
                while REGISTRY.get_sample_value("columnist_reader_places", SCANNING) != usable_cores():
                    await asyncio.sleep(0.01)
                assert await reader.draw(path, 1, 100)
                assert not reading.done()
                pages = (await reading).pages
        assert [page.number for page in pages] == [*range(1, usable_cores() + 1)]
        assert {page.source for page in pages} == {"ocr"}

    asyncio.run(scenario())


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims this many pixels, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("bomb.png", bomb(60_000, 60_000), "more than 100 million pixels"),
        ("smaller.png", bomb(11_000, 11_000), "more than 100 million pixels"),
        ("torn.png", bomb(500, 500), "damaged or cut off"),
        ("torn.jpg", b"\xff\xd8\xff" + bytes(200), "damaged or cut off"),
        ("torn.tif", b"II*\x00" + b"\xff" * 200, "damaged or cut off"),
        ("lie.png", b"This is text.", "claims to be a picture"),
        ("moving.gif", b"GIF89a" + bytes(100), "save it as PNG or PDF"),
    ],
)
def test_a_picture_that_is_no_use_is_one_clear_error(
    settings: Settings, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    refused(settings, path, words)


def test_a_blank_picture_says_that_it_has_no_text(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    Image.new("L", (600, 800), 255).save(path)
    refused(settings, path, "OCR found nothing")


def test_a_quote_in_a_picture_has_a_rectangle_and_its_page_is_drawn(url: str, tmp_path: Path) -> None:
    with served_api(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as api:
        picture = io.BytesIO()
        scanned(120).save(picture, "PNG")
        review = a_review(api, "Governing law")["id"]
        (file,) = upload(api, ("scan.png", picture.getvalue()), review_id=review)["files"]
        until_read(api, review)
        document = api.get(f"/documents/{file['document_id']}").json()
        assert (document["media_type"], document["page_count"], document["ocr_pages"]) == ("image/png", 1, 1)
        page = api.get(f"/documents/{document['id']}/pages/1").json()
        assert len(page["words"]) > 30
        drawn = api.get(f"/documents/{document['id']}/pages/1/image", params={"width": 500})
        assert drawn.headers["content-type"] == "image/png"
        shown = Image.open(io.BytesIO(drawn.content))
        assert shown.width == 500
        assert shown.height / shown.width == pytest.approx(page["height"] / page["width"], rel=0.01)
        problem(api.get(f"/documents/{document['id']}/pages/2/image"), 422, "unreadable-document")
