"""PPTX: the visible text of a slide is on its page, and hidden text is kept apart."""

import io
from collections.abc import Callable
from typing import Any

import lxml.etree
import pptx
import pytest
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches, Pt

from columnist.documents.model import RemarkKind
from columnist.errors import DocumentError
from tests.documents.cases.pptx import box, pages


@pytest.fixture
def deck() -> Any:
    return pptx.Presentation()


TITLE_AND_CONTENT, BLANK = 1, 6
A = "http://schemas.openxmlformats.org/drawingml/2006/main"


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
    rate = shape.text_frame.add_paragraph()
    for text, baseline in (("12", "0"), ("1", "30000"), ("/", "0"), ("2", "-25000"), (" %", "0")):
        half = rate.add_run()
        half.text = text
        half.font._element.set("baseline", baseline)
    number = '<a:buAutoNum type="alphaLcParenR" startAt="3"/></a:'
    changes = [
        ("<a:p>(<a:r><a:t>(?:Rent|Deposit))", rf"<a:p><a:pPr>{number}pPr>\1"),
        ("<a:lstStyle/>(?=.*Rent)", f"<a:lstStyle><a:lvl1pPr>{number}lvl1pPr></a:lstStyle>"),
    ]
    name = "ppt/slides/slide1.xml"
    assert pages(deck, (name, *changes[0]))[0].text.split("\n") == ["$5,000[1]", "c) Rent", "d) Deposit", "12 1/2 %"]
    inherited = ["c) $5,000[1]", "d) Rent", "e) Deposit", "f) 12 1/2 %"]
    assert pages(deck, (name, *changes[1]))[0].text.split("\n") == inherited


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
    for top, text in enumerate(("White on navy", "Navy on navy", "White on white")):
        box(slide, text, top=1 + 2 * top)
    letters = {"White on navy": WHITE, "Navy on navy": WHITE.replace("FEFEFE", "000080"), "White on white": WHITE}
    changes = [
        ("ppt/slides/slide1.xml", f"(?:<a:rPr/>)?<a:t>{text}", new.replace("Secret", text))
        for text, new in letters.items()
    ]
    navy = [("ppt/slides/slide1.xml", rf'(name="TextBox {number}".*?)<a:noFill/>', rf"\1{NAVY}") for number in (1, 2)]
    (page,) = pages(deck, *navy, *changes)
    assert (page.text, page.hidden) == ("White on navy", "Navy on navy\nWhite on white")


def rgb(colour: str) -> Any:
    return RGBColor.from_string(colour)  # type: ignore[no-untyped-call]


def block(slide: Any, colour: str | None, left: float = 0.5, form: Any = MSO_SHAPE.RECTANGLE) -> Any:
    """A shape that is larger than a box beside it."""
    shape = slide.shapes.add_shape(form, Inches(left), Inches(0.5), Inches(6), Inches(3))
    if colour is None:
        shape.fill.background()
    else:
        shape.fill.solid()
        shape.fill.fore_color.rgb = rgb(colour)
    return shape


def picture(slide: Any, mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (60, 30), 0).save(file, "PNG")
    slide.shapes.add_picture(file, Inches(0.5), Inches(0.5), Inches(6), Inches(3))


def white(slide: Any, colour: str = "FFFFFF") -> None:
    box(slide, "$700").text_frame.paragraphs[0].runs[0].font.color.rgb = rgb(colour)


def said(slide: Any) -> None:
    box(slide, "$700")


def by_list_style(slide: Any) -> None:
    styles = box(slide, "$700")._element.find(".//{*}lstStyle")
    styles.append(lxml.etree.fromstring(f'<a:lvl1pPr xmlns:a="{A}"><a:defRPr>{PALE}</a:defRPr></a:lvl1pPr>'))


def looks(slide: Any, look: str) -> None:
    """A text with XML in the properties of its letters."""
    names = f'xmlns:a="{A}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    properties = box(slide, "$700").text_frame.paragraphs[0].runs[0]._r.get_or_add_rPr()
    properties.extend(list(lxml.etree.fromstring(f"<a:rPr {names}>{look}</a:rPr>")))


def merged(slide: Any) -> None:
    table = slide.shapes.add_table(2, 1, Inches(1), Inches(4), Inches(4), Inches(1)).table
    table.cell(1, 0).text = "$700"
    table.cell(0, 0)._tc.set("rowSpan", "2")
    table.cell(1, 0)._tc.set("vMerge", "1")


def dark(slide: Any) -> None:
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = rgb("000080")


def grouped(slide: Any, left: float) -> None:
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(3), Inches(3), Inches(1)).text_frame.text = "$700"
    group.left = Inches(left)


def shrunk(slide: Any, scale: str) -> None:
    namespace = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    body = box(slide, "$700").text_frame._txBody.bodyPr
    body.append(lxml.etree.fromstring(f'<a:normAutofit {namespace} fontScale="{scale}"/>'))


def indented(slide: Any, margin: str) -> None:
    box(slide, "$700").text_frame.paragraphs[0]._p.get_or_add_pPr().set("marL", margin)


PALE = '<a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>'
MARK = '<a:highlight><a:srgbClr val="000000"/></a:highlight>'
Steps = tuple[Callable[[Any], Any], ...]
UNSEEN: dict[str, Steps] = {
    "under a filled shape": (said, lambda slide: block(slide, "000080")),
    "under a picture": (said, lambda slide: picture(slide, "RGB")),
    "of the slide's colour": (dark, lambda slide: white(slide, "000080")),
    "white beside a dark shape": (lambda slide: block(slide, "000080", left=6), white),
    "white by the style of its level": (by_list_style,),
    "in a group off the slide": (lambda slide: grouped(slide, 30),),
    "shrunk to nothing": (lambda slide: shrunk(slide, "1000"),),
    "indented beyond the slide": (lambda slide: indented(slide, "30000000"),),
    "black on a black mark": (lambda slide: looks(slide, MARK),),
    "white by another name": (lambda slide: looks(slide, '<a:solidFill><a:prstClr val="snow"/></a:solidFill>'),),
    "white by its light": (
        lambda slide: looks(slide, '<a:solidFill><a:scrgbClr r="100000" g="100000" b="100000"/></a:solidFill>'),
    ),
    "in a cell that the one above takes in": (merged,),
    "white in a shape without a fill": (lambda slide: setattr(block(slide, None).text_frame, "text", "$700"),),
}
SHOWN: dict[str, Steps] = {
    "over a filled shape": (lambda slide: block(slide, "CCCCCC"), said),
    "under a shape without a fill": (said, lambda slide: block(slide, None)),
    "under a part of a shape": (said, lambda slide: block(slide, "000080", left=3)),
    "under a round shape": (said, lambda slide: block(slide, "000080", form=MSO_SHAPE.OVAL)),
    "under a clear picture": (said, lambda slide: picture(slide, "RGBA")),
    "white on a black mark": (lambda slide: looks(slide, PALE + MARK),),
    "white letters of a link": (lambda slide: looks(slide, f'{PALE}<a:hlinkClick r:id="a"/>'),),
    "white with a line around": (lambda slide: looks(slide, f"<a:ln>{PALE.replace('FFFFFF', '000000')}</a:ln>{PALE}"),),
    "over a picture": (lambda slide: picture(slide, "RGB"), white),
    "white on a dark slide": (dark, white),
    "white on a dark shape": (lambda slide: block(slide, "000080"), white),
    "white partly on a dark shape": (lambda slide: block(slide, "000080", left=3), white),
    "white in a dark shape": (lambda slide: setattr(block(slide, "000080").text_frame, "text", "$700"),),
    "in a group": (lambda slide: grouped(slide, 1),),
    "shrunk a little": (lambda slide: shrunk(slide, "90000"),),
    "indented": (lambda slide: indented(slide, "457200"),),
}


@pytest.mark.parametrize("way", UNSEEN)
def test_what_colours_and_places_hide_is_kept_apart(deck: Any, way: str) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    for step in UNSEEN[way]:
        step(slide)
    (page,) = pages(deck)
    assert (page.text, page.hidden) == ("", "$700")


@pytest.mark.parametrize("way", SHOWN)
def test_what_colours_and_places_show_is_read(deck: Any, way: str) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    for step in SHOWN[way]:
        step(slide)
    (page,) = pages(deck)
    assert (page.text, page.hidden) == ("$700", "")


def test_a_placeholder_is_where_and_as_its_layout_says(deck: Any) -> None:
    layout = deck.slide_layouts[TITLE_AND_CONTENT]
    slide = deck.slides.add_slide(layout)
    slide.placeholders[1].text = "$700"
    slide.shapes.title.text = "Seen"
    assert pages(deck)[0].text == "Seen\n$700"
    model = layout.placeholders[1]
    model.left, model.top, model.width, model.height = Inches(30), Inches(1), Inches(4), Inches(1)
    (page,) = pages(deck)
    assert (page.text, page.hidden) == ("Seen", "$700")


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
        pages(deck, ("_rels/.rels", "ppt/presentation.xml", "ppt/other.xml"))
