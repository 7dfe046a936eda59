"""PPTX: the visible text of a slide is on its page, and hidden text is kept apart."""

import io
import re
import zipfile
from typing import Any

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from columnist.documents.model import Page, RemarkKind
from columnist.documents.reading import formats
from columnist.documents.reading.child import read_file
from columnist.errors import DocumentError

TITLE_AND_CONTENT, BLANK = 1, 6


@pytest.fixture
def deck() -> Any:
    return pptx.Presentation()


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


def test_a_slide_is_a_page_with_all_that_it_shows(deck: Any) -> None:
    first = deck.slides.add_slide(deck.slide_layouts[TITLE_AND_CONTENT])
    first.shapes.title.text = "Terms of the loan"
    first.placeholders[1].text = "Cap: $250,000\nTerm: 5 years"
    table = first.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for row, texts in enumerate((("Party", "Share"), ("Acme\nLtd", "51 %"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    group = first.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a group"
    first.notes_slide.notes_text_frame.text = "The cap was raised in June."
    second = deck.slides.add_slide(deck.slide_layouts[BLANK])
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["2025", "2026"]
    data.add_series("Base rent", (5000, 5250))  # type: ignore[no-untyped-call]
    second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(3), Inches(3), data)
    one, two = pages(deck)
    assert (one.number, two.number, one.hidden, one.remarks) == (1, 2, "", ())
    assert one.text.split("\n") == [
        "Terms of the loan",
        "Cap: $250,000",
        "Term: 5 years",
        "Party\tShare",
        "Acme Ltd\t51 %",
        "In a group",
        "Notes:",
        "The cap was raised in June.",
    ]
    assert two.text == "Base rent\t2025: 5000, 2026: 5250"


def test_a_superscript_is_no_digit_and_a_list_has_its_numbers(deck: Any) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    shape = box(slide, "$5,000")
    mark = shape.text_frame.paragraphs[0].add_run()
    mark.text = "1"
    mark.font._element.set("baseline", "30000")
    for text in ("Rent", "Deposit"):
        shape.text_frame.add_paragraph().text = text
    numbered = r'<a:p><a:pPr><a:buAutoNum type="alphaLcParenR" startAt="3"/></a:pPr>\1'
    (page,) = pages(deck, ("ppt/slides/slide1.xml", "<a:p>(<a:r><a:t>(?:Rent|Deposit))", numbered))
    assert page.text.split("\n") == ["$5,000[1]", "c) Rent", "d) Deposit"]


NO_FILL, CLEAR, WHITE = (
    f"<a:rPr>{fill}</a:rPr><a:t>Secret"
    for fill in (
        "<a:noFill/>",
        '<a:solidFill><a:srgbClr val="000000"><a:alpha val="0"/></a:srgbClr></a:solidFill>',
        '<a:solidFill><a:srgbClr val="FEFEFE"/></a:solidFill>',
    )
)
NAVY = '<a:solidFill><a:srgbClr val="000080"/></a:solidFill>'


@pytest.mark.parametrize(
    "letters", [NO_FILL, CLEAR, WHITE, WHITE.replace("srgbClr", "schemeClr").replace("FEFEFE", "bg1")]
)
def test_letters_that_are_not_drawn_or_white_on_an_empty_slide_are_kept_apart(deck: Any, letters: str) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    box(slide, "Shown")
    box(slide, "Secret")
    (page,) = pages(deck, ("ppt/slides/slide1.xml", "(?:<a:rPr/>)?<a:t>Secret", letters))
    assert (page.text, page.hidden) == ("Shown", "Secret")


def test_letters_of_the_colour_of_their_shape_are_kept_apart_and_white_ones_on_it_are_shown(deck: Any) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    for text in ("White on navy", "Navy on navy", "White somewhere"):
        box(slide, text)
    letters = {"White on navy": WHITE, "Navy on navy": WHITE.replace("FEFEFE", "000080"), "White somewhere": WHITE}
    changes = [
        ("ppt/slides/slide1.xml", f"(?:<a:rPr/>)?<a:t>{text}", new.replace("Secret", text))
        for text, new in letters.items()
    ]
    navy = [("ppt/slides/slide1.xml", rf'(name="TextBox {number}".*?)<a:noFill/>', rf"\1{NAVY}") for number in (1, 2)]
    (page,) = pages(deck, *navy, *changes)
    assert page.text.split("\n") == ["White on navy", "White somewhere"], "what is behind a box is not known"
    assert page.hidden == "Navy on navy"


def test_what_is_not_seen_is_kept_apart(deck: Any) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    box(slide, "Shown")
    box(slide, "Beside the slide", left=20)
    box(slide, "Switched off")
    box(slide, "Tiny").text_frame.paragraphs[0].runs[0].font.size = Pt(1)
    box(deck.slides.add_slide(deck.slide_layouts[BLANK]), "Hidden slide")
    one, two = pages(
        deck,
        ("ppt/slides/slide1.xml", r'(<p:cNvPr id="\d+" name="TextBox 3")', r'\1 hidden="1"'),
        ("ppt/slides/slide2.xml", "<p:sld ", '<p:sld show="0" '),
    )
    assert one.text == "Shown"
    assert set(one.hidden.split("\n")) == {"Beside the slide", "Switched off", "Tiny"}
    assert (two.text, two.hidden) == ("", "Hidden slide")


def test_the_fixed_texts_of_a_layout_come_once(deck: Any) -> None:
    for text in ("First", "Second"):
        box(deck.slides.add_slide(deck.slide_layouts[BLANK]), text)
    fixed = (
        '<p:sp><p:nvSpPr><p:cNvPr id="99" name="Fixed"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
        "<a:p><a:r><a:t>Strictly confidential</a:t></a:r></a:p></p:txBody></p:sp></p:spTree>"
    )
    one, two = pages(deck, ("ppt/slideLayouts/slideLayout7.xml", "</p:spTree>", fixed))
    assert (one.text, two.text) == ("Strictly confidential\nFirst", "Second")


def test_what_is_not_read_is_said(deck: Any) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    box(slide, "See the sheet")
    slide.shapes.add_ole_object(io.BytesIO(b"x"), "Excel.Sheet.12", Inches(1), Inches(1))
    (page,) = pages(deck)
    assert [(one.kind, one.detail) for one in page.remarks] == [(RemarkKind.NOT_READ, "an embedded object")]
    other = r"\1<p:other><a:t>12 letters..</a:t></p:other>"
    (page,) = pages(deck, ("ppt/slides/slide1.xml", "(</p:txBody>)", other))
    assert (page.remarks[-1].kind, page.remarks[-1].count) == (RemarkKind.LOST, 12)


def test_a_deck_without_words_or_its_main_part_is_a_red_row(deck: Any) -> None:
    deck.slides.add_slide(deck.slide_layouts[BLANK])
    with pytest.raises(DocumentError, match="has no text"):
        pages(deck)
    with pytest.raises(DocumentError, match="holds no presentation"):
        pages(deck, ("_rels/.rels", 'officeDocument"', 'other"'))
