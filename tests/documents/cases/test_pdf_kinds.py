"""PDF: values outside the text, files inside it, and text in pictures."""

import re
import zlib
from itertools import chain
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from columnist.documents.locating.locate import Locator
from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.formats import holder
from columnist.documents.reading.pdf.pages import attached_files, read_pdf, read_pdf_by_ocr
from columnist.errors import DocumentError
from columnist.settings import Settings
from tests.documents.cases.pdfs import FONT, line, write_pdf
from tests.documents.readers import refused

FILES = Path(__file__).parent / "files"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def one(path: Path) -> Page:
    (page,) = read_pdf(path.open("rb"), 99)
    return page


def words(page: Page) -> list[str]:
    assert all(page.text[word.start : word.end].strip() for word in page.words)
    return page.text.split()


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────────

LABELS = line("Monthly rent:", 700) + line("Term:", 670) + line("I agree", 640, x=100) + line("The end.", 600)


def widget(kind: str, place: str, more: str) -> str:
    known = f"/Type /Annot /Subtype /Widget /FT /{kind} /T (f{place}) /F 4 /Rect [{place}] /DA (/Helv 11 Tf 0 g)"
    return f"<< {known} {more} >>"


def appearance(text: str) -> str:
    known = "/Type /XObject /Subtype /Form /BBox [0 0 140 17] /Resources 3 0 R"
    return f"<< {known} >> stream BT /F 11 Tf 2 5 Td ({text}) Tj ET"


def filled(
    path: Path, *widgets: str, objects: tuple[str, ...] = (), labels: str = LABELS, pages_share: str = ""
) -> Page:
    """The page of a form; `objects` are numbered after the widgets, which are numbered from 4."""
    names = " ".join(f"{4 + index} 0 R" for index in range(len(widgets)))
    root = f"/AcroForm << /Fields [{names}] /DA (/Helv 11 Tf 0 g) /DR << /Font << /Helv {FONT} >> >> >>"
    return one(
        write_pdf(
            path, [labels], objects=[*widgets, *objects], page=f"/Annots [{names}]", pages_share=pages_share, root=root
        )
    )


def test_values_without_an_appearance_are_read_beside_their_labels() -> None:
    page = one(FILES / "pdf-form-noap.pdf")
    for shown in (
        "Monthly rent: $7,777.00",
        "Term: 36 months",
        "granted: ☒",
        "Notes: Deposit waived. Keys at closing.",
    ):
        assert shown in page.text
    assert len(Locator([page.text]).locate("Monthly rent: $7,777.00")) == 1
    assert words(page) == [page.text[word.start : word.end] for word in page.words]


def test_choices_are_read_as_their_labels_and_ticks_beside_theirs(tmp_path: Path) -> None:
    page = filled(
        tmp_path / "a.pdf",
        widget("Tx", "160 695 300 712", "/V ($5,000)"),
        widget("Ch", "160 665 300 682", "/Ff 131072 /Opt [[(12) (one year)] [(24) (two years)]] /V (24)"),
        widget("Btn", "80 638 92 650", "/V /Off /AS /Off"),
    )
    assert words(page) == "Monthly rent: $5,000 Term: two years ☐ I agree The end.".split()
    page = filled(tmp_path / "b.pdf", widget("Ch", "160 665 300 712", "/Opt [[(1) (One)] [(2) (Two)]] /V (2)"))
    assert "One Two [in the form's data: Two]" in page.text


def test_letters_in_boxes_of_their_own_are_one_value(tmp_path: Path) -> None:
    for drawn, value, read_as in [("12345", "12345", "12345"), ("AB12", "AB 12", "AB 12"), ("123", "12345", "")]:
        letters = "".join(line(letter, 5, x=6 + 13 * at) for at, letter in enumerate(drawn))
        field = widget("Tx", "200 700 340 717", f"/V ({value}) /Ff 16777216 /MaxLen 10 /AP << /N 5 0 R >>")
        known = "/Type /XObject /Subtype /Form /BBox [0 0 140 17] /Resources 3 0 R"
        page = filled(tmp_path / "a.pdf", field, objects=(f"<< {known} >> stream /Tx BMC {letters} EMC",))
        assert (read_as or "1 2 3 [in the form's data: 12345]") in page.text
        assert words(page) == [page.text[word.start : word.end] for word in page.words]


def test_an_old_appearance_does_not_hide_the_value(tmp_path: Path) -> None:
    old, same = appearance("$1,000"), appearance("$7 777.00")
    page = filled(
        tmp_path / "a.pdf", widget("Tx", "160 695 300 712", "/V ($7,777.00) /AP << /N 5 0 R >>"), objects=(old,)
    )
    assert "Monthly rent: $1,000 [in the form's data: $7,777.00]" in page.text
    page = filled(tmp_path / "b.pdf", widget("Tx", "160 695 300 712", "/V (7777) /AP << /N 5 0 R >>"), objects=(same,))
    assert "Monthly rent: $7 777.00 \n" in page.text and "data" not in page.text


def test_hidden_fields_are_hidden_text_and_passwords_are_nothing(tmp_path: Path) -> None:
    page = filled(
        tmp_path / "a.pdf",
        widget("Tx", "160 695 300 712", "/V (walk away at $700)").replace("/F 4", "/F 2"),
        widget("Tx", "160 665 300 682", "/V (secret) /Ff 8192"),
    )
    assert "secret" not in page.text and "$700" not in page.text
    assert page.hidden == "walk away at $700"
    for place, letters in [("160 695 300 712", "1 g"), ("0 0 0 0", "0 g"), ("2000 695 2100 712", "0 g")]:
        field = widget("Tx", place, "/V ($700)").replace("0 g", letters)
        page = filled(tmp_path / "a.pdf", field)
        assert "$700" not in page.text and page.hidden == "$700"


def test_a_value_on_a_page_that_lies_on_its_side_is_beside_its_label(tmp_path: Path) -> None:
    for turn, place in [("0 1 -1 0 300 100", "286 170 304 260"), ("0 -1 1 0 300 700", "296 540 314 630")]:
        sideways = f"q {turn} cm " + line("Rent:", 0, x=0) + line("Term: five years", -30, x=0) + " Q"
        page = filled(tmp_path / "a.pdf", widget("Tx", place, "/V ($700) /MK << /R 90 >>"), labels=sideways)
        assert "Rent: $700" in page.text and "Term: five years" in page.text


def test_a_typed_note_without_an_appearance_is_read(tmp_path: Path) -> None:
    note = (
        "<< /Type /Annot /Subtype /FreeText /F 4 /Rect [160 665 300 682] /DA (/Helv 11 Tf 0 g) /Contents (60 months) >>"
    )
    assert words(filled(tmp_path / "a.pdf", note)) == "Monthly rent: Term: 60 months I agree The end.".split()
    below = filled(tmp_path / "a.pdf", note, labels=line("Tenants pay yearly rent.", 720))
    assert words(below) == "Tenants pay yearly rent. 60 months".split()
    white = filled(tmp_path / "a.pdf", note.replace("0 g", "1 1 1 rg"))
    assert ("60 months" not in white.text, white.hidden) == (True, "60 months")
    alone = filled(tmp_path / "a.pdf", note, labels="")
    assert (words(alone), alone.source) == (["60", "months"], "text")


def test_a_page_with_a_form_has_the_crop_box_of_all_pages(tmp_path: Path) -> None:
    field = widget("Tx", "160 695 300 712", "/V ($5,000) /AP << /N 5 0 R >>")
    objects = (appearance("$5,000"),)
    page = filled(tmp_path / "a.pdf", field, objects=objects, pages_share="/CropBox [50 660 612 792]")
    assert (page.width, page.height, words(page)) == (562, 132, "Monthly rent: $5,000 Term:".split())
    assert page.hidden == "I agree\nThe end."


RICH = '<?xml version="1.0"?><body xmlns="http://www.w3.org/1999/xhtml"><p>rent <b>$5,000</b></p></body>'


@pytest.mark.parametrize(
    ("kind", "more", "read_as"),
    [
        ("Tx", f"/Ff 33554432 /RV ({RICH})", "rent $5,000"),
        ("Tx", "/Ff 33554432 /RV 5 0 R", "rent $5,000"),
        ("Tx", "/V /Five", "Five"),
        ("Tx", "/V 5000", "5000"),
        ("Tx", "/V -5000.55", "-5000.55"),
        ("Tx", "/V 123456789", "about 123456792"),
        ("Ch", "/Ff 131072 /Opt [(A) (B)] /V /B", "B"),
    ],
)
def test_a_value_is_read_however_the_file_stores_it(tmp_path: Path, kind: str, more: str, read_as: str) -> None:
    field = widget(kind, "160 695 300 712", more)
    page = filled(tmp_path / "a.pdf", field, objects=(f"<< >> stream {RICH}",))
    assert f"Monthly rent: {read_as} \n" in page.text


def test_a_mark_for_the_printer_alone_is_a_remark(tmp_path: Path) -> None:
    for flags, marks in [(36, 1), (4, 0), (6, 0), (38, 0), (32, 0)]:
        stamp = f"<< /Type /Annot /Subtype /Stamp /F {flags} /Rect [300 640 440 657] /AP << /N 5 0 R >> >>"
        page = filled(tmp_path / "a.pdf", stamp, objects=(appearance("DRAFT of $9,000"),))
        assert ("$9,000" in page.text) == (flags == 4)
        assert [one.count for one in page.remarks] == [marks] * bool(marks)


def test_a_mark_on_a_layer_is_a_remark(tmp_path: Path) -> None:
    for layer, marks in (("/OC << /Type /OCG /Name (L) >>", 1), ("", 0)):
        stamp = f"<< /Type /Annot /Subtype /Stamp /F 4 {layer} /Rect [300 640 440 657] /AP << /N 5 0 R >> >>"
        page = filled(tmp_path / "a.pdf", stamp, objects=(appearance("DRAFT of $9,000"),))
        assert [one.detail for one in page.remarks] == ["whether the layer of a mark is on"] * marks


def test_values_of_a_static_xfa_form_that_its_pages_lack_are_counted(tmp_path: Path) -> None:
    """Adobe's programs show the values of the XFA, others those of the fields."""
    values = "<rent>$8,888.00</rent><term>24 months</term><from>2024-05-08</from><ok>1</ok>"
    space = "http://www.xfa.org/schema/xfa-data/1.0/"
    data = f'<x:datasets xmlns:x="{space}"><x:data><f>{values}</f></x:data></x:datasets>'
    term = widget("Tx", "160 665 300 682", "/V (24 months)")
    objects = (term, "<< >> stream <template/>", f"<< >> stream {data}")
    xfa = "/XFA [(template) 6 0 R (datasets) 7 0 R] /Fields [4 0 R 5 0 R]"
    for value, missing in [("$7,777.00", 1), ("", 1), ("$8,888.00", 0)]:
        made = [widget("Tx", "160 695 300 712", f"/V ({value})"), *objects]
        root = f"/AcroForm << {xfa} /DR << /Font << /Helv {FONT} >> >> >>"
        path = write_pdf(tmp_path / "a.pdf", [LABELS], objects=made, page="/Annots [4 0 R 5 0 R]", root=root)
        assert [(said.count, said.detail) for said in one(path).remarks] == [(1, "a value of the XFA form")] * missing


def test_a_form_that_only_adobe_draws_is_a_red_row(settings: Settings, tmp_path: Path) -> None:
    refused(settings, FILES / "pdf-xfa.pdf", "XFA")
    xfa = "<< >> stream <template/>"
    root = "/NeedsRendering true /AcroForm << /Fields [] /XFA 4 0 R >>"
    refused(settings, write_pdf(tmp_path / "a.pdf", [line("Please wait...", 700)], objects=[xfa], root=root), "XFA")
    static = root.replace("/NeedsRendering true", "")
    assert words(one(write_pdf(tmp_path / "b.pdf", [line("Rent $1", 700)], objects=[xfa], root=static))) == [
        "Rent",
        "$1",
    ]


# ── Fractions ────────────────────────────────────────────────────────────────────────────────────────────────────


def pieces(*drawn: tuple[str, float, float, float]) -> str:
    return "".join(line(text, y, x=x, size=size) for text, x, y, size in drawn)


@pytest.mark.parametrize(
    "halves",
    [
        pieces(("1", 148, 704, 6), ("/", 151.5, 702, 9), ("2", 154, 699, 6)),
        pieces(("1", 148, 705, 6), ("2", 148, 697.5, 6)) + "148 703.6 4 0.4 re f ",
        pieces(("1", 148, 704, 6), ("2", 154, 699, 6)) + "q 0.5 w 151 699 m 154 707 l S Q ",
        "BT 1 0 0 1 146 700 Tm /F 6 Tf 4 Ts (1) Tj /F 9 Tf 1 Ts (/) Tj /F 6 Tf -1 Ts (2) Tj ET ",
    ],
    ids=["stroke", "bar", "drawn stroke", "one object"],
)
def test_the_halves_of_a_fraction_stay_together(tmp_path: Path, halves: str) -> None:
    """They were read as `12 [1]` and a line `2 percent`."""
    content = line("The rate is 12", 700) + halves + line("percent a year.", 700, x=162)
    page = one(write_pdf(tmp_path / "a.pdf", [content]))
    assert page.text.rstrip() == "The rate is 12 1/2 percent a year."
    assert len(Locator([page.text]).locate("12 1/2 percent")) == 1
    assert not Locator([page.text]).locate("2 percent a year")
    assert words(page)[-3:] == [page.text[word.start : word.end] for word in page.words][-3:]


def test_indices_of_a_letter_are_no_fraction(tmp_path: Path) -> None:
    content = pieces(("x", 72, 700, 11), ("2", 78, 704, 6), ("1", 78, 697, 6), ("is a sum.", 90, 700, 11))
    assert "/" not in one(write_pdf(tmp_path / "a.pdf", [content])).text


# ── Text or picture, by region ───────────────────────────────────────────────────────────────────────────────────

TEXT = "".join(
    line(f"Clause {number}: the tenant pays the rent on the first day of each month.", 700 - 20 * number)
    for number in range(12)
)
TABLE = [f"Year {2025 + number}: the base rent is ${5000 + 250 * number} per month" for number in range(5)]


def picture_of(lines: list[str], tmp_path: Path, size: float = 11) -> str:
    """An image object of a page with these lines."""
    drawn = write_pdf(
        tmp_path / "drawn.pdf", ["".join(line(one, 700 - 24 * at, size=size) for at, one in enumerate(lines))]
    )
    with pdfium.PdfDocument(drawn) as document:
        grey = document[0].render(scale=2.5, grayscale=True).to_pil()
    return image(grey)


def image(grey: Image.Image) -> str:
    known = f"/Type /XObject /Subtype /Image /Width {grey.width} /Height {grey.height} /BitsPerComponent 8"
    return f"<< {known} /ColorSpace /DeviceGray >> stream {grey.tobytes().decode('latin-1')}"


def with_picture(tmp_path: Path, content: str, picture: str) -> Path:
    return write_pdf(tmp_path / "a.pdf", [content], objects=[picture], resources="/XObject << /P 4 0 R >>")


def test_a_scan_under_a_long_stamp_is_a_picture(tmp_path: Path) -> None:
    page = one(FILES / "pdf-scan-long-stamp.pdf")
    assert page.source == "picture" and page.needs_ocr
    by_ocr = read_pdf_by_ocr((FILES / "pdf-scan-long-stamp.pdf").open("rb"), 1)
    assert "$480,000" in by_ocr.text and "$2,500,000" in by_ocr.text and "2024-001234" in by_ocr.text
    stamp = "".join(
        line(f"Filed with the registry of deeds under instrument number {number}", 780 - 12 * number, size=8)
        for number in range(5)
    )
    scan = "q 612 0 0 792 0 0 cm /P Do Q\n"
    assert one(with_picture(tmp_path, scan + stamp, picture_of(TABLE * 3, tmp_path))).source == "picture"


def test_a_pictured_table_on_a_page_of_text_is_said_and_read_by_ocr(tmp_path: Path) -> None:
    half = TEXT + "q 459 0 0 594 60 -160 cm /P Do Q\n"
    path = with_picture(tmp_path, half, picture_of(TABLE, tmp_path, size=15))
    page = one(path)
    (remark,) = page.remarks
    assert (page.source, remark.kind, remark.pages) == ("text", RemarkKind.PICTURE, (1,))
    assert not Locator([page.text]).locate("Year 2026: the base rent is $5250 per month")
    by_ocr = read_pdf_by_ocr(path.open("rb"), 1)
    assert by_ocr.text.startswith(page.text) and by_ocr.source == "ocr" and not by_ocr.remarks
    assert Locator([by_ocr.text]).locate("Year 2026: the base rent is $5250 per month")
    assert all(by_ocr.text[word.start : word.end].strip() for word in by_ocr.words)
    (rent,) = [word for word in by_ocr.words if by_ocr.text[word.start : word.end].startswith("$5250")]
    assert rent.y0 > max(word.y1 for word in page.words)


def test_a_picture_that_lies_on_its_side_is_said_and_read_by_ocr(tmp_path: Path) -> None:
    side = TEXT + "q 0 396 -306 0 520 20 cm /P Do Q\n"
    cap = [
        "The cap of liability is",
        "$480,000 in any year and",
        "no more than $2,500,000,",
        "whatever the tenant says.",
    ]
    path = with_picture(tmp_path, side, picture_of(cap, tmp_path, size=24))
    (remark,) = one(path).remarks
    assert (remark.kind, remark.pages) == (RemarkKind.PICTURE, (1,))
    by_ocr = read_pdf_by_ocr(path.open("rb"), 1)
    assert "$480,000 in any year" in by_ocr.text
    (amount,) = [word for word in by_ocr.words if by_ocr.text[word.start : word.end].startswith("$480,000")]
    assert amount.y1 - amount.y0 > 2 * (amount.x1 - amount.x0)
    (first,) = [word for word in by_ocr.words if by_ocr.text[word.start : word.end] == "liability"]
    assert first.x0 < amount.x0 < 520
    rules = "".join(f"q 0.8 w 72 {300 - 12 * row} m 540 {300 - 12 * row} l S Q\n" for row in range(12))
    cross = "".join(f"q 0.8 w {72 + 60 * column} 300 m {72 + 60 * column} 168 l S Q\n" for column in range(6))
    logo = "q 30 0 0 30 560 750 cm /P Do Q\n"
    assert not one(with_picture(tmp_path, TEXT + rules + cross + logo, picture_of(TABLE, tmp_path))).remarks


def test_letters_drawn_as_outlines_are_a_picture(tmp_path: Path) -> None:
    strokes = "".join(
        f"q 0.8 w {72 + 6 * letter} {500 - 16 * row} m {75 + 6 * letter} {508 - 16 * row} l S Q\n"
        for row in range(4)
        for letter in range(50)
    )
    (remark,) = one(
        write_pdf(tmp_path / "a.pdf", [TEXT.replace("Clause 9", "") + strokes.replace("500", "200")])
    ).remarks
    assert remark.kind == RemarkKind.PICTURE


def test_letters_in_a_pattern_or_a_mask_are_a_picture(tmp_path: Path) -> None:
    hidden = line("The deposit is $44,000 in the second year", 330) + line("and the rent is $55,000 in the third", 312)
    pattern = (
        "<< /Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 612 792] /XStep 612 /YStep 792 "
        "/Resources 3 0 R >> stream {}"
    )
    mask = (
        "<< /Type /ExtGState /SMask << /Type /Mask /S /Luminosity /G 5 0 R /BC [0] >> >>",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Group << /S /Transparency /CS /DeviceGray >> "
        f"/Resources 3 0 R >> stream 1 g {hidden}",
    )
    shade = "0.9 g 0 0 612 792 re f"
    for drawn, objects, resources, remarks in [
        ("/Pattern cs /P scn 72 300 300 60 re f", [pattern.format(hidden)], "/Pattern << /P 4 0 R >>", 1),
        ("/Pattern cs /P scn 72 300 300 60 re f", [pattern.format(shade)], "/Pattern << /P 4 0 R >>", 0),
        ("/G gs 72 290 400 70 re f", mask, "/ExtGState << /G 4 0 R >>", 1),
        ("0.75 g 72 290 400 70 re f", (), "", 0),
    ]:
        content = f"{TEXT.replace('Clause 9', '')} q {drawn} Q"
        page = one(write_pdf(tmp_path / "a.pdf", [content], objects=objects, resources=resources))
        assert [remark.kind for remark in page.remarks] == [RemarkKind.PICTURE] * remarks


@pytest.mark.parametrize("kind", ["Watermark", "Line", "Square", "Polygon", "Redact", "Stamp"])
def test_what_an_annotation_writes_on_the_page_is_read(tmp_path: Path, kind: str) -> None:
    known = f"/Type /Annot /Subtype /{kind} /Rect [72 500 212 517] /AP << /N 5 0 R >> /Contents (a comment)"
    for flags, shown in [(4, True), (2, False)]:
        path = write_pdf(
            tmp_path / "a.pdf",
            [line("The rent is due today.", 700)],
            objects=[f"<< {known} /F {flags} >>", appearance("Agreed at $7,400")],
            page="/Annots [4 0 R]",
        )
        page = one(path)
        assert ("Agreed at $7,400" in page.text) == shown and "comment" not in page.text
        assert "The rent is due today." in page.text


def test_an_empty_table_that_is_drawn_is_no_remark(tmp_path: Path) -> None:
    down = "".join(f"{72 + 24 * column} 300 m {72 + 24 * column} 600 l S\n" for column in range(15))
    across = "".join(f"72 {300 + 15 * row} m 408 {300 + 15 * row} l S\n" for row in range(21))
    boxes = "".join(f"{420 + 24 * (at % 6)} {300 + 15 * (at // 6)} 23 14 re S\n" for at in range(60))
    content = line("Schedule of payments, to be filled in by hand", 700) + f"q 0.5 w {down}{across}{boxes} Q\n"
    page = one(write_pdf(tmp_path / "form.pdf", [content]))
    assert not page.remarks and page.source == "text"


@pytest.mark.parametrize("shade", ["a logo", "a photograph", "a frame", "a faint letterhead"])
def test_a_picture_without_lines_of_text_is_no_remark(tmp_path: Path, shade: str) -> None:
    grey = {
        "a logo": Image.radial_gradient("L").resize((60, 60)),
        "a photograph": Image.linear_gradient("L").resize((400, 300)),
        "a frame": Image.new("L", (400, 300), 0),
        "a faint letterhead": Image.radial_gradient("L").resize((400, 300)).point(lambda level: 225 + level // 9),
    }[shade]
    place = "q 40 0 0 40 72 740 cm /P Do Q\n" if shade == "a logo" else "q 400 0 0 300 72 100 cm /P Do Q\n"
    page = one(with_picture(tmp_path, place + TEXT, image(grey)))
    assert page.source == "text" and not page.remarks and not page.hidden


def test_words_of_a_font_without_letters_are_not_taken_for_others() -> None:
    path = FILES / "pdf-type0-no-tounicode.pdf"
    page = one(path)
    assert "SHUPRQWK" not in page.text and "The monthly rent is" in page.text
    assert [remark.kind for remark in page.remarks] == [RemarkKind.PICTURE]
    assert Locator([read_pdf_by_ocr(path.open("rb"), 1).text]).locate("The monthly rent is $7,200 per month")


# ── Position means something ─────────────────────────────────────────────────────────────────────────────────────


def moved(before: str, mark: str, after: str = "", *, size: float = 7, rise: float = 4, turn: str = "1 0 0 1") -> str:
    texts = f"({before}) Tj {rise} Ts /F {size} Tf ({mark}) Tj 0 Ts /F 11 Tf ({after}) Tj"
    return f"BT /F 11 Tf {turn} 172 400 Tm {texts} ET\n"


@pytest.mark.parametrize(
    ("drawn", "read_as"),
    [
        (moved("Rent is $5,000", "1", " a month."), "$5,000[1] a month."),
        (moved("Rent is $5,000", "12", size=11), "$5,000[12]"),
        (moved("Rent is $5,000", "2", rise=-2), "$5,000[2]"),
        (moved("of 500 m", "2"), "500 m²"),
        (moved("the Term", "3"), "Term[3]"),
        (moved("the 1", "st", " of May"), "1st of May"),
        (moved("5", "1", "/2 percent"), "5 1/2 percent"),
        (moved("Rent is $5,0", "00", rise=0, size=11), "$5,000"),
        (moved("Rent is $5,0", "00", rise=0), "$5,000"),
        (moved("Rent is $5,000", "1", turn="0 1 -1 0"), "$5,000 [1]"),
        (moved("Rent is $5,000", "1", turn="-1 0 0 -1"), "$5,000[1]"),
    ],
)
def test_a_raised_figure_is_no_digit_of_the_number_before_it(tmp_path: Path, drawn: str, read_as: str) -> None:
    page = one(write_pdf(tmp_path / "a.pdf", [drawn]))
    assert read_as in " ".join(words(page))
    assert not page.hidden


def in_own_font(path: Path, letters: str, *glyphs: tuple[str, str, str]) -> Page:
    """A page in a font of its own; each glyph, from A on, has a name, a drawing, and a hexadecimal letter or none."""
    names = " ".join(f"/{name} {6 + number} 0 R" for number, (name, _, _) in enumerate(glyphs))
    differences = " ".join(f"/{name}" for name, _, _ in glyphs)
    known = [f"<{65 + number:02x}> <{letter}>" for number, (_, _, letter) in enumerate(glyphs) if letter]
    table = f"1 begincodespacerange <00> <ff> endcodespacerange {len(known)} beginbfchar {' '.join(known)} endbfchar"
    last = 64 + len(glyphs)
    font = (
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 65 "
        f"/CharProcs << {names} >> /Encoding << /Differences [65 {differences}] >> /LastChar {last} "
        f"/Widths [{'500 ' * len(glyphs)}] /ToUnicode {6 + len(glyphs)} 0 R >>"
    )
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /G 4 0 R >> >>"
    objects = [
        font,
        f"{form} >> stream BT /G 11 Tf 1 0 0 1 72 640 Tm ({letters}) Tj ET",
        *(f"<< >> stream {drawing}" for _, drawing, _ in glyphs),
        f"<< >> stream begincmap {table} endcmap",
    ]
    content = line("The rent is due.", 700) + "/X Do"
    return one(write_pdf(path / "a.pdf", [content], objects=objects, resources="/XObject << /X 5 0 R >>"))


FIGURES = [
    ("one", "500 0 100 0 300 700 d1 100 0 200 700 re f", "0031"),
    ("raised", "500 0 50 380 200 800 d1 50 380 150 420 re f", "0032"),
    ("stroke", "500 0 50 0 200 800 d1 50 0 20 800 re f", "2044"),
]


@pytest.mark.parametrize(("letters", "read_as"), [("AAAB", "111[2]"), ("ABCA", "1 2⁄1"), ("AAA", "111"), ("B", "2")])
def test_a_figure_that_its_font_draws_high_is_no_digit(tmp_path: Path, letters: str, read_as: str) -> None:
    assert in_own_font(tmp_path, letters, *FIGURES).text.split("\n")[1].strip() == read_as


def test_a_word_with_a_glyph_without_a_letter_is_not_taken_for_another(tmp_path: Path) -> None:
    page = in_own_font(tmp_path, "ADA", *FIGURES, ("g77", FIGURES[0][1], ""))
    assert page.text.split() == ["The", "rent", "is", "due."]
    assert [remark.detail for remark in page.remarks] == ["a font without letters"]


def placed(*lines: tuple[str, float, float]) -> str:
    return "".join(line(text, y, x=x) for text, x, y in lines)


def in_lines(page: Page) -> list[str]:
    assert all(page.text[word.start : word.end].strip() for word in page.words)
    return [one.strip() for one in page.text.split("\n")]


def test_lines_are_in_the_order_of_the_eye(tmp_path: Path) -> None:
    sentence = "The tenant pays line number {} of the rent"
    left, right = ([f"{side}: {sentence.format(number)}" for number in range(9)] for side in "AB")
    by_line = [one for y in range(9) for one in ((left[y], 72, 700 - 14 * y), (right[y], 330, 700 - 14 * y))]
    assert in_lines(one(write_pdf(tmp_path / "a.pdf", [placed(*by_line)]))) == [*left, *right]

    for many in (3, 4):  # columns
        short = [[f"Line {row} of column {column}" for row in range(9)] for column in range(many)]
        by_line = [(short[x][y], 40 + 135 * x, 700 - 14 * y) for y in range(9) for x in range(many)]
        assert in_lines(one(write_pdf(tmp_path / "a.pdf", [placed(*by_line)]))) == list(chain(*short))

    labels = ["Rent", "Deposit", "Late fee", "Cap", "Option"]
    table = [(one, 72.0, 700.0 - 14 * y) for y, one in enumerate(labels)]
    amounts = [(f"${y + 1},000.00", 330.0, 700.0 - 14 * y) for y in range(5)]
    page = one(write_pdf(tmp_path / "b.pdf", [placed(*table, *amounts, ("The end.", 72, 500))]))
    assert in_lines(page) == [*(f"{label} ${y + 1},000.00" for y, label in enumerate(labels)), "The end."]
    (cap,) = [word for word in page.words if page.text[word.start : word.end] == "$4,000.00"]
    assert cap.x0 == pytest.approx(330, abs=1)

    page = one(write_pdf(tmp_path / "c.pdf", [placed(*((f"{y}. Clause", 72, 400 + 14 * y) for y in range(8)))]))
    assert in_lines(page) == [f"{y}. Clause" for y in reversed(range(8))]


def test_what_is_drawn_later_is_read_in_its_line(tmp_path: Path) -> None:
    rest = [("The tenant pays in advance.", 72, 660), ("No interest is due.", 72, 646)]
    for begun, later, whole in (
        ([("The lessee may", 72, 700), ("terminate.", 172, 700)], [("not", 149, 700)], "The lessee may not terminate."),
        (
            [("The rent is", 72, 700), ("a month,", 180, 700), ("or", 260, 700)],
            [("$5,000", 140, 700), ("$9", 240, 700)],
            "The rent is $5,000 a month, $9 or",
        ),
        ([("Rent: __________ a month", 72, 700)], [("$5,000", 110, 701)], "Rent: __________ $5,000 a month"),
        ([("[   ] Yes [   ] No", 72, 700)], [("X", 76, 700)], "[ X ] Yes [ ] No"),
        ([("Yes", 90, 700), ("No", 150, 700)], [("X", 76, 700)], "X Yes No"),
        ([("Rent: ............... a month", 72, 700)], [("$5,000", 110, 701)], "Rent: ............... $5,000 a month"),
    ):
        page = one(write_pdf(tmp_path / "a.pdf", [placed(*begun, *rest, *later)]))
        assert in_lines(page) == [whole, *(text for text, _, _ in rest)]
        (amount,) = [word for word in page.words if page.text[word.start : word.end] == later[0][0]]
        assert amount.x0 == pytest.approx(later[0][1], abs=1)


ACCENTS = (
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding "
    "<< /Type /Encoding /Differences [1 /dieresis /acute /cedilla] >> >>"
)


@pytest.mark.parametrize(
    ("drawn", "read_as"),
    [
        ("[(M\\001) 445 (uller owes $5)] TJ", "Müller owes $5"),
        ("[(M) -120 (\\001) 453 (uller owes $5)] TJ", "Müller owes $5"),
        ("[(Fran) -80 (\\003) 413 (cois owes $5)] TJ", "François owes $5"),
        ("(Seller\\002s fee) Tj", "Seller´s fee"),
    ],
)
def test_an_accent_that_is_drawn_apart_is_on_its_letter(tmp_path: Path, drawn: str, read_as: str) -> None:
    content = f"BT /A 11 Tf 72 700 Td {drawn} ET " + line("The rent is due.", 680)
    page = one(write_pdf(tmp_path / "a.pdf", [content], objects=[ACCENTS], resources=f"/Font << /F {FONT} /A 4 0 R >>"))
    assert in_lines(page) == [read_as, "The rent is due."]


def test_letters_of_a_font_of_signs_are_what_it_draws(tmp_path: Path) -> None:
    font = "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Wingdings-Regular /Encoding /WinAnsiEncoding >>"
    content = line("Paid", 700) + "BT /W 11 Tf 110 700 Td (\\376) Tj ET " + line("Due", 680)
    content += "BT /W 11 Tf 110 680 Td (\\250) Tj ET"
    page = one(write_pdf(tmp_path / "a.pdf", [content], objects=[font], resources=f"/Font << /F {FONT} /W 4 0 R >>"))
    assert page.text.split() == ["Paid", "☒", "Due", "☐"]


def test_amounts_in_tight_cells_are_apart(tmp_path: Path) -> None:
    for gap, read_as in ((0, "5,00012"), (1.5, "5,000 12")):
        cells = placed(("5,000", 72, 700), ("12", 72 + 27.5 + gap, 700), ("The end.", 72, 600))
        assert in_lines(one(write_pdf(tmp_path / "a.pdf", [cells]))) == [read_as, "The end."]


@pytest.mark.parametrize("aside", [0, 0.4, 0.8])
def test_a_line_that_is_drawn_again_in_its_place_is_read_once(tmp_path: Path, aside: float) -> None:
    between = "".join(line(f"Clause {number}: the tenant pays.", 660 - 20 * number) for number in range(8))
    rent = "The rent is $5,000 a month."
    again = line(rent, 700) + between + line(rent, 700 + aside / 2, x=72 + aside) + line(rent, 400)
    page = one(write_pdf(tmp_path / "twice.pdf", [again]))
    assert page.text.count(rent) == 2 and not page.hidden  # that of another place stays
    assert words(page).count("$5,000") == 2 and len(page.words) == len(page.text.split())


@pytest.mark.parametrize("turn", ["0 1 -1 0 200 100", "0 -1 1 0 400 700"])
def test_lines_that_run_up_or_down_are_in_order(tmp_path: Path, turn: str) -> None:
    two = "".join(line(text, y, x=0) for text, y in (("The fee is", 0), ("$5,000 a month", -20)))
    assert words(one(write_pdf(tmp_path / "b.pdf", [f"q {turn} cm {two} Q"]))) == "The fee is $5,000 a month".split()
    drawn = "".join(line(f"Clause {number} costs ${number},000", -20 * number, x=0) for number in range(1, 7))
    page = one(write_pdf(tmp_path / "a.pdf", [f"q {turn} cm {drawn} Q"]))
    assert in_lines(page) == [f"Clause {number} costs ${number},000" for number in range(1, 7)]
    last = next(word for word in page.words if page.text[word.start : word.end] == "$6,000")
    assert last.y1 - last.y0 > last.x1 - last.x0 > 0 and (last.x0 > 300) == ("200" in turn)


def test_other_letters_in_the_same_place_are_not_dropped(tmp_path: Path) -> None:
    lines = line("Fee 7", 580) + line("Fee 8", 580.2, x=72.2) + line("Rent 5", 600) + line("Rent 5", 600.2, x=72.2)
    page = one(write_pdf(tmp_path / "a.pdf", [lines]))
    assert in_lines(page) == ["Fee 78", "Rent 5"]
    assert [(remark.detail, remark.count) for remark in page.remarks] == [("a word drawn upon another one", 1)]


def test_the_order_of_the_file_stays_where_it_may_be_right(tmp_path: Path) -> None:
    """Signatures side by side, cells of several lines, and a vertical note in the margin keep the file's order."""
    sides = [
        (f"{name}: {side}", x, 700.0 - 14 * y)
        for side, x in (("A", 72.0), ("B", 330.0))
        for y, name in enumerate(("By", "Name", "Title", "Date"))
    ]
    turned = "q BT /F 9 Tf 0 1 -1 0 40 200 Tm (Envelope number 77 of the file) Tj ET Q\n"
    for number, lines in enumerate((sides, [*reversed(sides)])):
        page = one(write_pdf(tmp_path / f"{number}.pdf", [placed(*lines) + (turned if number else "")]))
        assert in_lines(page)[: len(lines)] == [text for text, _, _ in lines]


def test_a_damaged_page_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [line("Rent $1", 700), line("Rent $2", 700), line("Rent $3", 700)])
    good = path.read_bytes()
    second = good.find(b"<< /Type /Page ", good.find(b"<< /Type /Page ") + 1)
    path.write_bytes(good[:second] + b"[[" + good[second + 2 :])
    pages = list(read_pdf(path.open("rb"), 9))
    assert [page.text.strip() for page in pages] == ["Rent $1", "", "Rent $3"]
    assert pages[1].remarks == (Remark(RemarkKind.NOT_READ, 1, (2,), "a damaged page"),)
    path.write_bytes(good.replace(b"<< /Type /Page /", b"[[ /Type /Page /"))
    with pytest.raises(DocumentError, match="damaged"):
        list(read_pdf(path.open("rb"), 9))


def test_of_a_file_without_its_end_what_is_there_is_read_and_said(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [line("Rent $1", 700), line("Rent $2", 700)])
    whole = path.read_bytes()
    for end, texts in [(whole.rindex(b"xref"), ["Rent $1", "Rent $2"]), (whole.index(b"Rent $2"), ["Rent $1", ""])]:
        path.write_bytes(whole[:end])
        pages = list(read_pdf(path.open("rb"), 9))
        assert [page.text.strip() for page in pages] == texts
        assert pages[0].remarks[0].detail == "the rest, because the file is cut off"


# ── Files inside ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("said", [b"/Count 1", b"/Count 0", b"/Count 3", b"/Count 9"])
def test_every_page_is_read_whatever_number_the_file_says(tmp_path: Path, said: bytes) -> None:
    path = write_pdf(tmp_path / "a.pdf", [line(f"Page {number}", 700) for number in (1, 2, 3)])
    path.write_bytes(path.read_bytes().replace(b"/Count 3", said))
    texts = [page.text for page in read_pdf(path.open("rb"), 99)]
    assert [text for text in texts if text] == ["Page 1", "Page 2", "Page 3"]


def test_content_that_breaks_off_is_said(tmp_path: Path) -> None:
    content = "".join(line(f"Clause {number} costs ${number},000", 700 - 14 * number) for number in range(40))
    packed = zlib.compress(content.encode())
    half, flushed = len(packed) // 2, zlib.compressobj()
    for data, torn in [
        (packed, 0),
        (flushed.compress(content.encode()) + flushed.flush(zlib.Z_SYNC_FLUSH), 0),
        (packed[:half], 1),
        (packed[:half] + b"\xff\0\xaa" + packed[half + 3 :], 1),
    ]:
        made = write_pdf(tmp_path / "a.pdf", ["CONTENT"]).read_bytes()
        known = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(data), data)
        before, after = re.split(rb"<<[^<>]*>>\nstream\nCONTENT\nendstream", made)
        (tmp_path / "a.pdf").write_bytes(before + known + after)
        page = one(tmp_path / "a.pdf")
        assert ("Clause 39" in page.text) == (not torn) and "Clause 2" in page.text
        assert [remark.detail for remark in page.remarks] == ["damaged content"] * torn


def inside(path: Path) -> list[tuple[str, str | None]]:
    return [(file.name, file.unread) for file in attached_files(path.open("rb"))]


def held(name: str, number: int) -> str:
    return f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {number} 0 R >> >>"


def test_the_files_of_a_portfolio_are_documents_of_their_own(tmp_path: Path) -> None:
    path = FILES / "pdf-portfolio.pdf"
    assert inside(path) == [("Lease Alpha.pdf", None), ("Side letter.txt", None)]
    with path.open("rb") as file:
        assert holder(file, path.name) == "mail"
    names = "/Names << /EmbeddedFiles << /Names [(a) 5 0 R (b) 7 0 R] >> >>"
    objects = ["<< >> stream The fee is $9.", held("note.txt", 4), "<< >> stream \x7fELF", held("tool.exe", 6)]
    attached = write_pdf(tmp_path / "a.pdf", [line("Cover page", 700)], objects=objects, root=names)
    assert inside(attached) == [("note.txt", None), ("tool.exe", "a program")]
    (remark,) = one(attached).remarks
    assert (remark.kind, remark.detail) == (RemarkKind.ATTACHMENT, "tool.exe")


def test_a_file_that_is_pinned_to_a_page_is_a_document_of_its_own(tmp_path: Path) -> None:
    pin = "<< /Type /Annot /Subtype /FileAttachment /Rect [20 20 40 40] /FS 5 0 R >>"
    objects = ["<< >> stream The fee is $9.", held("note.txt", 4), pin]
    path = write_pdf(tmp_path / "a.pdf", [line("Cover page", 700)], objects=objects, page="/Annots [6 0 R]")
    assert inside(path) == [("note.txt", None)]
    plain = write_pdf(tmp_path / "b.pdf", [line("Cover page", 700)])
    with path.open("rb") as pinned, plain.open("rb") as file:
        assert holder(pinned, "a.pdf") == "mail" and holder(file, "b.pdf") is None
    plain.write_bytes(b"%PDF-1.7 /EmbeddedFile")
    assert inside(plain) == []
