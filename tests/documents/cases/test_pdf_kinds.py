"""PDF: values outside the text, files inside it, and what only a picture says."""

from pathlib import Path

import pytest

from columnist.documents.locating.locate import Locator
from columnist.documents.model import Page
from columnist.documents.reading.pdf import read_pdf
from columnist.settings import Settings
from tests.documents.cases.pdfs import FONT, line, write_pdf
from tests.documents.readers import refused

FILES = Path(__file__).parent / "files"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def one(path: Path) -> Page:
    (page,) = read_pdf(path, 99)
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


def filled(path: Path, *widgets: str, objects: tuple[str, ...] = (), labels: str = LABELS) -> Page:
    """The page of a form; `objects` are numbered after the widgets, which are numbered from 4."""
    names = " ".join(f"{4 + index} 0 R" for index in range(len(widgets)))
    root = f"/AcroForm << /Fields [{names}] /DA (/Helv 11 Tf 0 g) /DR << /Font << /Helv {FONT} >> >> >>"
    return one(write_pdf(path, [labels], objects=[*widgets, *objects], page=f"/Annots [{names}]", root=root))


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
    assert words(page) == "Monthly rent: Term: ****** I agree The end.".split()
    assert page.hidden == "walk away at $700"


def test_a_typed_note_without_an_appearance_is_read(tmp_path: Path) -> None:
    note = (
        "<< /Type /Annot /Subtype /FreeText /F 4 /Rect [160 665 300 682] /DA (/Helv 11 Tf 0 g) /Contents (60 months) >>"
    )
    assert words(filled(tmp_path / "a.pdf", note)) == "Monthly rent: Term: 60 months I agree The end.".split()


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
