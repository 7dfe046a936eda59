"""What nobody sees on the page is kept apart: it is not in the text that a model gets and that quotes are held to."""

import zlib
from pathlib import Path

import pytest

from columnist.documents.locating.locate import Locator
from columnist.documents.model import Page
from columnist.documents.reading.pdf import read_pdf
from columnist.settings import Settings
from tests.conftest import CONTRACTS
from tests.documents.cases.pdfs import line, write_pdf
from tests.documents.readers import read

FILES = Path(__file__).parent / "files"
SHOWN = "The rent is $5,000 per month and is due in advance."
OTHER = "Late payments bear interest of four per cent a year."
HIDDEN = "The rent is $9,999 per month."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def ground(color: str, x: int = 60, y: int = 680, width: int = 400, height: int = 40) -> str:
    return f"q {color} rg {x} {y} {width} {height} re f Q\n"


DARK, LIGHT = ground("0 0 0.4"), ground("1 1 1")

UNSEEN = {
    "invisible": line(HIDDEN, 700, before="3 Tr"),
    "as a clip": line(HIDDEN, 700, before="7 Tr"),
    "white": line(HIDDEN, 700, before="1 g"),
    "nearly white": line(HIDDEN, 700, before="0.98 g"),
    "white CMYK": line(HIDDEN, 700, before="0 0 0 0 k"),
    "dark on dark": DARK + line(HIDDEN, 700, before="0 0 0.41 rg"),
    "tiny": line(HIDDEN, 700, size=0.1),
    "tiny by its matrix": f"BT /F 11 Tf 0.01 0 0 0.01 72 700 Tm ({HIDDEN}) Tj ET\n",
    "half a point": line(HIDDEN, 700, size=0.5),
    "off the page": line(HIDDEN, 700, x=700),
    "below the page": line(HIDDEN, -40),
    "under a box": line(HIDDEN, 700) + LIGHT,
    "under a black box": line(HIDDEN, 700) + ground("0 0 0"),
    "under a box with a label": line(HIDDEN, 700) + ground("0 0 0") + line("REDACTED BY ORDER OF", 701, before="1 g"),
    "under a white box with a label": line(HIDDEN, 700) + LIGHT + line("(this page was left blank)", 700),
    "over a line that is shown": line(OTHER, 700) + line(HIDDEN, 700, before="1 g", x=73),
    "invisible over a line that is shown": line(OTHER, 700) + line(HIDDEN, 700, before="3 Tr", x=73),
    "clipped": line(HIDDEN, 700, before="0 0 10 10 re W n"),
    "transparent": line(HIDDEN, 700, before="/Clear gs"),
    "nearly transparent": line(HIDDEN, 700, before="/Faint gs"),
    "on a layer that is off": f"/OC /Off BDC {line(HIDDEN, 700)} EMC\n",
    "in a form": "/Form Do\n",
    "under a picture": line(HIDDEN, 700) + "q 500 0 0 60 60 680 cm /White Do Q\n",
    "invisible over a blank picture": "q 500 0 0 60 60 680 cm /White Do Q\n" + line(HIDDEN, 700, before="3 Tr"),
}
_RESOURCES = (
    "/ExtGState << /Clear << /ca 0 >> /Faint << /ca 0.02 >> >> /Properties << /Off 4 0 R >> "
    "/XObject << /Form 5 0 R /White 6 0 R >>"
)
_LAYER = "<< /Type /OCG /Name (draft) >>"
_FORM = (
    f"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources 3 0 R >> stream {line(HIDDEN, 700, before='1 g')}"
)
_WHITE = (
    "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray >> stream \xff"
)
_ROOT = "/OCProperties << /OCGs [4 0 R] /D << /OFF [4 0 R] >> >>"


def pdf_of(path: Path, *pages: str) -> Path:
    return write_pdf(path, pages, objects=[_LAYER, _FORM, _WHITE], resources=_RESOURCES, root=_ROOT)


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("trick", UNSEEN)
def test_text_that_the_page_does_not_show_is_kept_apart_and_is_no_evidence(tmp_path: Path, trick: str) -> None:
    (page,) = read_pdf(pdf_of(tmp_path / "lease.pdf", line(SHOWN, 640) + UNSEEN[trick]).open("rb"), 9)
    assert SHOWN in page.text and "$9,999" not in page.text
    assert HIDDEN in page.hidden
    assert Locator([page.text]).locate(SHOWN) and not Locator([page.text]).locate(HIDDEN)
    assert all(page.text[word.start : word.end].strip() for word in page.words)


SEEN = {
    "white on dark": DARK + line(SHOWN, 700, before="1 g"),
    "light on dark": DARK + line(SHOWN, 700, before="0.7 g"),
    "grey on white": line(SHOWN, 700, before="0.75 g"),
    "yellow on white": line(SHOWN, 700, before="1 0.9 0 rg"),
    "red on green of the same grey": ground("0 0.51 0") + line(SHOWN, 700, before="1 0 0 rg"),
    "an outline": line(SHOWN, 700, before="1 Tr 0.3 w"),
    "white with an outline": line(SHOWN, 700, before="2 Tr 1 g 0.3 w"),
    "half transparent": line(SHOWN, 700, before="/Half gs"),
    "a footnote of four points": line(SHOWN, 700, size=4),
    "over a pale ground": ground("1 1 0.8") + line(SHOWN, 700),
    "twice, for bold": line(SHOWN, 700) + line(SHOWN, 700, x=72.3),
    "under a transparent marker": line(SHOWN, 700) + f"q /Marker gs {ground('1 1 0')} Q\n",
    "in a clip that holds it": line(SHOWN, 700, before="60 690 500 30 re W n"),
    "upright": f"BT /F 11 Tf 0 1 -1 0 300 200 Tm ({SHOWN}) Tj ET\n",
    "struck out": line(SHOWN, 700) + "0.6 w 72 704 m 400 704 l S\n",
    "white over a picture": "q 500 0 0 60 60 680 cm /Black Do Q\n" + line(SHOWN, 700, before="1 g"),
}


@pytest.mark.parametrize("way", SEEN)
def test_text_that_the_page_shows_is_read_whatever_its_colours(tmp_path: Path, way: str) -> None:
    resources = "/ExtGState << /Half << /ca 0.4 >> /Marker << /ca 0.5 /BM /Multiply >> >> /XObject << /Black 4 0 R >>"
    path = write_pdf(tmp_path / "lease.pdf", [SEEN[way]], objects=[_WHITE.replace("\xff", "\x00")], resources=resources)
    (page,) = read_pdf(path.open("rb"), 9)
    assert words(page.text) == words(SHOWN) and not page.hidden


def scanned(text: str) -> str:
    """A page that is a picture of dark lines, with an invisible word on each of them."""
    return f"q 612 0 0 792 0 0 cm /Scan Do Q\n{text}"


def test_the_ocr_of_a_scan_counts_as_shown_only_where_its_picture_has_ink(tmp_path: Path) -> None:
    # One row of pixels a point; ink from 692 to 712 points above the bottom.
    rows = b"".join(
        bytes([0 if 80 <= row <= 100 and column % 4 == 0 else 255 for column in range(612)]) for row in range(792)
    )
    packed = zlib.compress(rows).decode("latin-1")
    scan = (
        "<< /Type /XObject /Subtype /Image /Width 612 /Height 792 /BitsPerComponent 8 /ColorSpace /DeviceGray "
        f"/Filter /FlateDecode >> stream {packed}"
    )
    for over in (True, False):
        layer = line(SHOWN, 700, before="3 Tr") + line(HIDDEN, 400, before="3 Tr")
        content = scanned(layer) if over else layer.replace("3 Tr", "") + scanned("")
        path = write_pdf(tmp_path / "scan.pdf", [content], objects=[scan], resources="/XObject << /Scan 4 0 R >>")
        (page,) = read_pdf(path.open("rb"), 9)
        assert words(page.text) == words(SHOWN) and page.hidden == HIDDEN


def test_a_part_of_a_word_may_be_hidden(tmp_path: Path) -> None:
    content = line("The fee is $10", 700) + line(",000 a year.", 700, x=144.4, before="1 g")
    (page,) = read_pdf(write_pdf(tmp_path / "fee.pdf", [content]).open("rb"), 9)
    assert words(page.text) == ["The", "fee", "is", "$10"] and page.hidden.startswith(",000")


def test_a_layer_that_is_off_is_not_read(settings: Settings) -> None:
    (page,) = read(settings, FILES / "pdf-ocg-off.pdf")
    assert "$999" not in page.text and "$999" in page.hidden
    assert page.all_remarks()[0].pages == (1,)


def test_no_word_of_the_example_contracts_is_called_hidden() -> None:
    pages: list[Page] = []
    for path in sorted(CONTRACTS.iterdir()):
        if path.suffix.lower() == ".pdf":
            pages += read_pdf(path.open("rb"), 999)
    assert len(pages) > 100
    assert not [page.hidden for page in pages if page.hidden.strip(".\u200b \n")]
