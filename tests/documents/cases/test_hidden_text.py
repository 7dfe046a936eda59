"""Text that is invisible on the page is kept apart: neither models nor quotes get it."""

import zlib
from pathlib import Path

import pytest

from columnist.documents.locating.locate import Locator
from columnist.documents.model import Page, RemarkKind
from columnist.documents.reading.pdf.pages import read_pdf
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
    "on a layer whose only other text is shown": line(OTHER, 720) + f"/OC /Off BDC {line(HIDDEN, 700)} EMC\n",
    "in a form": "/Form Do\n",
    "in a form on a layer that is off": "/Layered Do\n",
    "in a font of empty letters": "/Empty Do\n",
    "under a thick dash": line(HIDDEN, 700) + f"BT /F 300 Tf 1 0 0 1 60 622 Tm ({chr(0x97) * 2}) Tj ET\n",
    "behind a soft mask": "q /Masked gs\n" + line(HIDDEN, 700) + "Q\n",
    "under a picture": line(HIDDEN, 700) + "q 500 0 0 60 60 680 cm /White Do Q\n",
    "invisible over a blank picture": "q 500 0 0 60 60 680 cm /White Do Q\n" + line(HIDDEN, 700, before="3 Tr"),
}
_RESOURCES = (
    "/ExtGState << /Clear << /ca 0 >> /Faint << /ca 0.02 >> /Masked << /SMask << /S /Luminosity /G 11 0 R >> >> >> "
    "/Properties << /Off 4 0 R >> "
    "/XObject << /Form 5 0 R /White 6 0 R /Layered 7 0 R /Empty 8 0 R >>"
)
_LAYER = "<< /Type /OCG /Name (draft) >>"
_FORM = (
    f"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources 3 0 R >> stream {line(HIDDEN, 700, before='1 g')}"
)
_WHITE = (
    "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray >> stream \xff"
)
_GLYPHS = {"$": "dollar", ",": "comma", ".": "period", "9": "nine", " ": "space"}
_NAMES = {letter: _GLYPHS.get(letter, letter) for letter in HIDDEN}
_LAYERED = "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /OC 4 0 R /Resources 3 0 R >> stream " + line(
    HIDDEN, 700
)
_EMPTY = "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F 9 0 R >> >> >> stream " + line(
    HIDDEN, 700
)
_EMPTY_FONT = (
    "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 32 "
    f"/LastChar 126 /Widths [{'600 ' * 95}] /Resources << >> "
    f"/CharProcs << {' '.join(f'/{name} 10 0 R' for name in sorted(set(_NAMES.values())))} >> "
    f"/Encoding << /Differences [{' '.join(f'{ord(one)} /{name}' for one, name in _NAMES.items())}] >> >>"
)
_EMPTY_GLYPH = "<< >> stream 600 0 d0"
_MASK = (
    "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Group << /S /Transparency /CS /DeviceGray >> >> stream "
    "0 g 0 0 612 792 re f"
)
_OBJECTS = [_LAYER, _FORM, _WHITE, _LAYERED, _EMPTY, _EMPTY_FONT, _EMPTY_GLYPH, _MASK]
_ROOT = "/OCProperties << /OCGs [4 0 R] /D << /OFF [4 0 R] >> >>"


def pdf_of(path: Path, *pages: str) -> Path:
    return write_pdf(path, pages, objects=_OBJECTS, resources=_RESOURCES, root=_ROOT)


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("trick", UNSEEN)
def test_text_that_the_page_does_not_show_is_kept_apart_and_is_no_evidence(tmp_path: Path, trick: str) -> None:
    # The same letters are visible on the page before: that must not decide here.
    path = pdf_of(tmp_path / "lease.pdf", line(SHOWN, 640) + line(HIDDEN, 600), line(SHOWN, 640) + UNSEEN[trick])
    before, page = read_pdf(path.open("rb"), 9)
    assert words(before.text) == words(f"{SHOWN} {HIDDEN}") and not before.hidden
    assert SHOWN in page.text and "$9,999" not in page.text
    assert HIDDEN in page.hidden
    assert Locator([page.text]).locate(SHOWN) and not Locator([page.text]).locate(HIDDEN)
    assert all(page.text[word.start : word.end].strip() for word in page.words)


@pytest.mark.parametrize("drawn", ["1 g", "0 g"])
def test_what_an_annotation_covers_is_kept_apart(tmp_path: Path, drawn: str) -> None:
    cover = f"<< /Type /XObject /Subtype /Form /BBox [0 0 400 40] >> stream {drawn} 0 0 400 40 re f"
    square = "<< /Type /Annot /Subtype /Square /F 4 /Rect [60 680 460 720] /AP << /N 4 0 R >> >>"
    content = line(SHOWN, 640) + line(HIDDEN, 700)
    path = write_pdf(tmp_path / "lease.pdf", [content], objects=[cover, square], page="/Annots [5 0 R]")
    (page,) = read_pdf(path.open("rb"), 9)
    assert words(page.text) == words(SHOWN) and page.hidden == HIDDEN


@pytest.mark.parametrize("flags", [2, 32, 36])
def test_typed_text_that_is_hidden_or_not_for_the_screen_is_kept_apart(tmp_path: Path, flags: int) -> None:
    look = f"<< /Type /XObject /Subtype /Form /BBox [0 0 400 40] /Resources 3 0 R >> stream {line(HIDDEN, 10, x=2)}"
    typed = (
        f"<< /Type /Annot /Subtype /FreeText /F {flags} /Rect [60 680 460 720] /Contents ({HIDDEN}) "
        "/DA (/F 11 Tf) /AP << /N 5 0 R >> >>"
    )
    path = write_pdf(tmp_path / "lease.pdf", [line(SHOWN, 640)], objects=[typed, look], page="/Annots [4 0 R]")
    (page,) = read_pdf(path.open("rb"), 9)
    assert words(page.text) == words(SHOWN) and page.hidden == HIDDEN


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
    "under a frame": line(SHOWN, 700) + "0.6 w 60 690 400 30 re S\n",
    "between rules": "0.6 w 60 697 m 460 697 l S\n" + line(SHOWN, 700) + "60 712 m 460 712 l S\n",
    "over a light cell drawn later than other text": line("", 650) + ground("0.95 0.95 1") + line(SHOWN, 700),
    "struck out": line(SHOWN, 700) + "0.6 w 72 704 m 400 704 l S\n",
    "a gradient": line(SHOWN, 700, before="/Pattern cs /Gradient scn"),
    "white over a picture": "q 500 0 0 60 60 680 cm /Black Do Q\n" + line(SHOWN, 700, before="1 g"),
}


@pytest.mark.parametrize("way", SEEN)
def test_text_that_the_page_shows_is_read_whatever_its_colours(tmp_path: Path, way: str) -> None:
    function = "<< /FunctionType 2 /Domain [0 1] /C0 [0 0 0] /C1 [0 0 0.5] /N 1 >>"
    shading = f"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 612 0] /Function {function} >>"
    resources = (
        "/ExtGState << /Half << /ca 0.4 >> /Marker << /ca 0.5 /BM /Multiply >> >> /XObject << /Black 4 0 R >> "
        f"/Pattern << /Gradient << /PatternType 2 /Shading {shading} >> >>"
    )
    path = write_pdf(tmp_path / "lease.pdf", [SEEN[way]], objects=[_WHITE.replace("\xff", "\x00")], resources=resources)
    (page,) = read_pdf(path.open("rb"), 9)
    assert words(page.text) == words(SHOWN) and not page.hidden


def scanned(text: str) -> str:
    """A page that is a picture of dark lines, with an invisible word on each of them."""
    return f"q 612 0 0 792 0 0 cm /Scan Do Q\n{text}"


def test_the_ocr_of_a_scan_counts_as_shown_only_where_its_picture_has_ink(tmp_path: Path) -> None:
    # One row of pixels per point; ink from 692 to 712 points above the bottom.
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


@pytest.mark.parametrize("name", ["/OC", "/#4fC", "/O#43", "/#4F#43"])
def test_a_form_on_a_layer_that_is_off_is_found_however_the_file_writes_it(tmp_path: Path, name: str) -> None:
    objects = [one.replace("/OC", name) for one in _OBJECTS]
    pages = [line(SHOWN, 640) + line(HIDDEN, 600), line(SHOWN, 640) + "/Layered Do\n"]
    root = _ROOT.replace("/OC", name)
    path = write_pdf(tmp_path / "lease.pdf", pages, objects=objects, resources=_RESOURCES, root=root)
    _, page = read_pdf(path.open("rb"), 9)
    assert words(page.text) == words(SHOWN) and HIDDEN in page.hidden


@pytest.mark.parametrize("shown", ["72 600 70 200", "72 690 70 14"])
def test_what_a_clip_cuts_off_a_line_is_hidden_and_the_rest_is_read(tmp_path: Path, shown: str) -> None:
    content = line(SHOWN, 640) + line(f"Rent $100 {' ' * 12}{HIDDEN}", 700, before=f"{shown} re W n")
    (page,) = read_pdf(write_pdf(tmp_path / "lease.pdf", [content]).open("rb"), 9)
    assert words(page.text) == words(f"{SHOWN} Rent $100") and words(page.hidden) == words(HIDDEN)


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


# ── The letters that a file claims ────────────────────────────────────────────────────────────────────────


def spoken(actual: str, drawn: str) -> str:
    return line("The rent is", 700) + f"/Span << /ActualText {actual} >> BDC {line(drawn, 680)} EMC\n"


def test_a_text_that_is_said_to_be_another_one_is_read_as_it_is_drawn(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [spoken("($9,000 a month)", "$5,000 a month")])
    (page,) = read_pdf(path.open("rb"), 9)
    assert page.text.split() == "The rent is $5,000 a month".split() and page.hidden == "$9,000 a month"
    assert not Locator([page.text]).locate("$9,000 a month", None)
    assert [one.kind for one in page.all_remarks()] == [RemarkKind.HIDDEN]


@pytest.mark.parametrize(
    ("actual", "drawn"), [("(of\\255fice)", "of-fice"), ("<FEFF006FFB01>", "ofi"), ("(\\200 Rent)", "* Rent")]
)
def test_what_is_said_of_hyphens_ligatures_and_bullets_is_believed(tmp_path: Path, actual: str, drawn: str) -> None:
    path = write_pdf(tmp_path / "a.pdf", [spoken(actual, drawn)])
    (page,) = read_pdf(path.open("rb"), 9)
    assert not page.hidden and not page.all_remarks()
