"""ODT, ODS and ODP: visible text is read in its place, and hidden text is kept apart."""

import pytest

from columnist.documents.model import RemarkKind
from columnist.errors import DocumentError
from tests.documents.cases.odf import XMLNS, cell, p, pages, row, span, table, text


def box(said: str, attributes: str = "") -> str:
    return f"<draw:frame {attributes}><draw:text-box>{p(said)}</draw:text-box></draw:frame>"


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_paragraphs_tables_notes_and_boxes_are_read_in_their_place() -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation>"
        f"<text:note-body>{p('Plus VAT.')}</text:note-body></text:note>"
    )
    deleted = f"<text:changed-region><text:deletion>{p('Deleted')}</text:deletion></text:changed-region>"
    page = text(
        f"<text:tracked-changes>{deleted}</text:tracked-changes>"
        "<text:h text:outline-level='1'>1. Rent</text:h>"
        + p(
            f"The\n   rent<text:s text:c='2'/>is <text:span>$5,000</text:span>{note} a month."
            f"<office:annotation>{p('A comment')}</office:annotation>"
        )
        + p(f"Box:{box('In the box')}")
        + table(
            f"<table:table-header-rows>{row(cell(p('Party')), cell(p('Share')))}</table:table-header-rows>",
            row(cell(p("Acme") + p("Ltd")), cell(p("51 %"))),
        )
        + f"<text:section>{p('Line<text:line-break/>break<text:tab/>tab')}</text:section>",
        "<office:master-styles><style:master-page style:name='Standard'>"
        f"<style:header>{p('DRAFT')}</style:header>"
        f"<style:footer>{p('Page <text:page-number>1</text:page-number>')}</style:footer>"
        "</style:master-page></office:master-styles>",
    )
    assert page.text.split("\n") == [
        "DRAFT",
        "1. Rent",
        "The rent  is $5,000[1] a month.",
        "Box:",
        "In the box",
        "Party\tShare",
        "Acme Ltd\t51 %",
        "Line",
        "break\ttab",
        "Page 1",
        "[1] Plus VAT.",
    ]
    assert (page.hidden, page.remarks) == ("", ())


def items(*texts: str) -> str:
    return "".join(f"<text:list-item><text:p>{one}</text:p></text:list-item>" for one in texts)


def test_lists_and_headings_have_the_numbers_that_are_drawn() -> None:
    inner = f"<text:list>{items('One', 'Two')}</text:list>"
    deepest = f"<text:list><text:list-item><text:list>{items('Deep')}</text:list></text:list-item></text:list>"
    outline = (
        '<text:outline-style><text:outline-level-style text:level="1" style:num-format="I" style:num-suffix="."/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style>'
    )
    page = text(
        "<text:list text:style-name='Clauses'>"
        f"{items('Rent')}<text:list-item><text:p>Term</text:p>{inner}</text:list-item>"
        f"<text:list-item>{deepest}</text:list-item>"
        f"<text:list-header>{p('No number')}</text:list-header></text:list>"
        "<text:p>Between</text:p>"
        f"<text:list text:style-name='Clauses' text:continue-numbering='true'>{items('Third')}</text:list>"
        f"<text:list text:style-name='Clauses'>{items('Anew')}</text:list>"
        f"<text:list text:style-name='Dots'>{items('Dot')}</text:list>"
        f"<text:list text:style-name='Own'><text:list-item><text:list>{items('Own')}</text:list></text:list-item>"
        "</text:list>"
        "<text:h text:outline-level='1'>Parties</text:h><text:h text:outline-level='1'>Terms</text:h>"
        "<text:h text:outline-level='2'>Price</text:h>",
        outline,
    )
    assert page.text.split("\n") == [
        "1. Rent", "2. Term", "(a) One", "(b) Two", "2.b.1 Deep", "No number", "Between", "3. Third", "1. Anew", "Dot",
        "§1/a: Own", "I. Parties", "II. Terms", "II.1 Price",
    ]  # fmt: skip


def test_letters_of_a_font_of_symbols_are_what_it_draws() -> None:
    wide = looks("Signs", "text", 'style:font-name="Wingdings"')
    page = text(p(span("\uf0fe", "Signs") + " yes " + span("ü", "Signs")), f"<office:styles>{wide}</office:styles>")
    assert page.text == "☒ yes ✓"


def test_a_superscript_is_no_digit_and_a_page_break_begins_a_page() -> None:
    one, two = pages(
        "text",
        "<text:p>$5,000<text:span text:style-name='Super'>1</text:span> and 20 m<text:span text:style-name='Super'>2"
        "</text:span></text:p><text:p text:style-name='Break'>Next</text:p>",
    )
    assert (one.text, two.text) == ("$5,000[1] and 20 m²", "Next")
    assert text(p(f"Rate 12{span('1', 'Super')}/{span('2', 'Sub')} %")).text == "Rate 12 1/2 %"


def test_what_is_not_seen_is_kept_apart() -> None:
    field = "<text:hidden-text text:is-hidden='true' text:string-value='by a field'/>"
    page = text(
        p(f"Seen {span('by display ', 'Gone')}{span('by its parent ', 'Heir')}{span('by size ', 'Tiny')}{field}")
        + p("White on white", "White")
        + p("White on blue", "Banner")
        + p("Blue on blue", "Sunk")
        + f"<text:section text:display='none'>{p('In a section')}</text:section>"
    )
    assert page.text.split("\n") == ["Seen", "", "White on blue"]
    assert page.hidden.split("\n") == [
        "by display by its parent by size by a field",
        "White on white",
        "Blue on blue",
        "In a section",
    ]


def looks(name: str, family: str, text: str = "", **groups: str) -> str:
    """A style; `groups`: the properties of paragraphs, cells and the like."""
    said = f"<style:text-properties {text}/>" + "".join(
        f"<style:{group.replace('_', '-')}-properties {value}/>" for group, value in groups.items()
    )
    return f'<style:style style:name="{name}" style:family="{family}">{said}</style:style>'


LOOKS = (
    looks("Pale", "text", 'fo:color="#ffffff"')
    + looks("Dark", "paragraph", paragraph='fo:background-color="#000080"')
    + looks("DarkWords", "text", 'fo:background-color="#000080"')
    + looks("Window", "paragraph", 'fo:color="#ffffff" style:use-window-font-color="true" loext:opacity="0%"')
    + looks("Blue", "paragraph", 'fo:color="#000080"')
    + looks("BlueCell", "table-cell", table_cell='fo:background-color="#000080"')
    + looks("BlueRow", "table-row", table_row='fo:background-color="#000080"')
    + looks("BlueTable", "table", table='fo:background-color="#000080"')
    + looks("Low", "table-row", table_row='style:row-height="0.01cm"')
    + looks("LowSheet", "table-row", table_row='style:row-height="2pt" style:use-optimal-row-height="false"')
    + looks("Grows", "table-row", table_row='style:row-height="2pt" style:use-optimal-row-height="true"')
    + looks("Least", "table-row", table_row='style:min-row-height="0.01cm"')
    + looks("Left", "paragraph", paragraph='fo:margin-left="-60cm"')
    + looks("In", "paragraph", paragraph='fo:margin-left="2cm" fo:text-indent="-1cm"')
    + looks("Narrow", "text", 'style:text-scale="1%"')
    + looks("Close", "text", 'fo:letter-spacing="-2cm"')
    + looks("Clear", "text", 'loext:opacity="0%"')
    + looks("Least", "text", 'fo:font-size="1%"')
    + looks("Off", "paragraph", 'text:display="none"')
    + looks("On", "text", 'text:display="true"')
    + looks("Small", "text", 'style:text-position="super 1%"')
    + looks("Clear", "graphic", graphic='draw:fill="none"')
    + looks("BlueBox", "graphic", graphic='draw:fill="solid" draw:fill-color="#000080"')
    + looks("Glass", "graphic", graphic='draw:fill="solid" draw:fill-color="#000080" draw:opacity="20%"')
    + looks("PaleCell", "table-cell", 'fo:color="#ffffff"')
    + looks("BlueLetters", "table-cell", 'fo:color="#ffffff"', table_cell='fo:background-color="#000080"')
)


def in_table(said: str, of_table: str = "", of_row: str = "", of_cell: str = "") -> str:
    one = row(cell(said, f"table:style-name='{of_cell}'"), attributes=f"table:style-name='{of_row}'")
    return table(one, attributes=f"table:style-name='{of_table}'")


def framed(said: str, style: str, attributes: str = "") -> str:
    return p(f"<draw:frame draw:style-name='{style}' {attributes}><draw:text-box>{said}</draw:text-box></draw:frame>")


PALE = p(span("$700", "Pale"))
UNSEEN = {
    "a white span": PALE,
    "a white span in another one": p(span(span("$700", "Pale"), "DarkWords")),
    "white in a table without a ground": in_table(PALE),
    "blue in a blue cell": in_table(p("$700", "Blue"), of_cell="BlueCell"),
    "blue in a blue row": in_table(p("$700", "Blue"), of_row="BlueRow"),
    "blue in a blue table": in_table(p("$700", "Blue"), of_table="BlueTable"),
    "in a row without height": in_table(p("$700"), of_row="Low"),
    "far to the left": p("$700", "Left"),
    "without width": p(span("$700", "Narrow")),
    "upon each other": p(span("$700", "Close")),
    "clear": p(span("$700", "Clear")),
    "of a hundredth of the usual size": p(span("$700", "Least")),
    "of no size": p(span("$700", "Small")),
    "in a section under a condition": f"<text:section text:display='condition'>{p('$700')}</text:section>",
    "in a frame that is not drawn": framed(p("$700"), "Clear", "draw:display='none'"),
    "in a frame off every page": framed(p("$700"), "Clear", "svg:x='-200cm'"),
    "white in a frame without a fill": framed(PALE, "Clear"),
    "blue in a blue frame": framed(p("$700", "Blue"), "BlueBox"),
}
SHOWN = {
    "white in a dark paragraph": p(span("$700", "Pale"), "Dark"),
    "switched on in a style that is off": p(span("$700", "On"), "Off"),
    "the window's colour": p("$700", "Window"),
    "white in a dark cell": in_table(PALE, of_cell="BlueCell"),
    "white in a dark row": in_table(PALE, of_row="BlueRow"),
    "white in a dark table": in_table(PALE, of_table="BlueTable"),
    "in a row that grows": in_table(p("$700"), of_row="Least"),
    "indented": p("$700", "In"),
    "in a section whose condition is not met": "<text:section text:display='condition' text:is-hidden='false'>"
    + f"{p('$700')}</text:section>",
    "in a frame": framed(p("$700"), "Clear", "svg:x='3cm' svg:y='5cm'"),
    "white in a dark frame": framed(PALE, "BlueBox"),
}


@pytest.mark.parametrize("way", UNSEEN)
def test_what_colours_and_places_hide_is_kept_apart(way: str) -> None:
    page = text(p("Seen") + UNSEEN[way], f"<office:automatic-styles>{LOOKS}</office:automatic-styles>")
    assert (page.text.split(), page.hidden) == (["Seen"], "$700")


@pytest.mark.parametrize("way", SHOWN)
def test_what_colours_and_places_show_is_read(way: str) -> None:
    page = text(SHOWN[way], f"<office:automatic-styles>{LOOKS}</office:automatic-styles>")
    assert (page.text.strip(), page.hidden) == ("$700", "")


def test_what_holds_for_all_letters_hides_those_that_say_nothing() -> None:
    usual = "<style:default-style style:family='paragraph'><style:text-properties fo:color='#ffffff'/>"
    black = looks("Black", "paragraph", 'fo:color="#000000"')
    page = text(p("Seen", "Black") + p("$700"), f"{usual}</style:default-style>{black}")
    assert (page.text.strip(), page.hidden) == ("Seen", "$700")


def test_cells_are_judged_by_their_ground_their_rows_and_their_conditions() -> None:
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'

    def condition(value: str, style: str = "PaleCell", cells: str = "R.A2:R.A2") -> str:
        one = f"<calcext:condition calcext:value='{value}' calcext:apply-style-name='{style}'/>"
        target = f"calcext:target-range-address='{cells}'"
        return f"<calcext:conditional-formats {calc}><calcext:conditional-format {target}>{one}" + (
            "</calcext:conditional-format></calcext:conditional-formats>"
        )

    def hidden(second: str, more: str = "", attributes: str = "") -> tuple[str, int]:
        sheet = table(row(cell(p("Seen"))), row(second, attributes=attributes), more, attributes="table:name='R'")
        (page,) = pages("spreadsheet", sheet, f"<office:automatic-styles>{LOOKS}</office:automatic-styles>")
        assert ("$700" in page.text) is ("$700" not in page.hidden)
        return page.hidden, len(page.remarks)

    plain, number = cell(p("$700")), cell(p("$700"), "office:value-type='float' office:value='700'")
    assert hidden(plain) == ("", 0)
    assert hidden(cell(p("$700"), "table:style-name='PaleCell'"))[0] == "$700"
    assert hidden(cell(PALE, "table:style-name='BlueCell'"))[0] == ""
    assert hidden(cell(PALE))[0] == "$700"
    assert hidden(plain, attributes="table:style-name='LowSheet'")[0] == "$700"
    assert hidden(plain, attributes="table:style-name='Grows'")[0] == ""
    assert hidden(f"<table:covered-table-cell>{p('$700')}</table:covered-table-cell>")[0] == "$700"
    assert hidden(number, condition("=700"))[0] == "$700"
    assert hidden(number, condition("&gt;900"))[0] == ""
    assert hidden(plain, condition('contains-text("$7")'))[0] == "$700"
    assert hidden(plain, condition("formula-is(1=1)"))[0] == "$700"
    assert hidden(plain, condition("formula-is(1=1)", "BlueLetters")) == ("", 0)
    assert hidden(plain, condition("formula-is(1=1)", cells="R.B2:R.C9")) == ("", 0)
    assert hidden(plain, condition("formula-is(RAND()&gt;1)")) == ("", 1)


def test_a_chart_is_read_and_what_cannot_be_is_said() -> None:
    chart = (
        f"<office:document-content {XMLNS}><office:body><office:chart><text:p>Rent by year</text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>2025</text:p></table:table-cell><table:table-cell>"
        "<text:p>5000</text:p></table:table-cell></table:table-row></table:table></office:chart></office:body>"
        "</office:document-content>"
    )
    page = text(
        "<text:p>See<draw:frame><draw:object xlink:href='./Object 1'/></draw:frame>"
        "<draw:frame><draw:object-ole xlink:href='./Object 2'/></draw:frame>"
        "<draw:frame svg:width='6in' svg:height='4in'><draw:image xlink:href='Pictures/1.png'/></draw:frame></text:p>",
        files={"Object 1/content.xml": chart.encode()},
    )
    assert page.text.split("\n") == ["See", "Rent by year", "2025\t5000"]
    assert [(one.kind, one.detail) for one in page.remarks] == [
        (RemarkKind.NOT_READ, "an embedded object"),
        (RemarkKind.NOT_READ, "a picture that is not in the file"),
    ]


@pytest.mark.parametrize(
    ("body", "manifest", "said"),
    [
        ("<text:p/>", "<manifest/>", "has no text"),
        ("<text:p>x</text:p>", "<file-entry><encryption-data/></file-entry>", "is encrypted"),
        ("<text:section>" * 230 + "</text:section>" * 230, "<manifest/>", "nested without end"),
    ],
)
def test_what_cannot_be_read_is_a_red_row(body: str, manifest: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        text(body, manifest=manifest)


# ── Sheets and slides ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_is_read_as_it_is_shown() -> None:
    empty = cell("", "table:number-columns-repeated='16000'")
    date, sum_ = "office:value-type='date' office:date-value='2024-06-05'", "office:value-type='currency'"
    one, two = pages(
        "spreadsheet",
        table(
            "<table:table-column/><table:table-column table:visibility='collapse'/>"
            "<table:table-column table:number-columns-repeated='16382'/>",
            row(cell(p("Month")), cell(p("Secret")), cell(p("Rent")), empty),
            row(cell(p("05/06/24"), date), cell(""), cell(p("$5,000.00"), sum_)),
            row(cell(p("Same"), "table:number-columns-repeated='2'"), attributes="table:number-rows-repeated='2'"),
            row(cell(p("Filtered")), attributes="table:visibility='filter'"),
            row(cell("", "table:formula='of:=[.B1]*12'")),
            row(empty, attributes="table:number-rows-repeated='1048000'"),
            attributes="table:name='Rent'",
        )
        + table(row(cell(p("12 %"))), attributes="table:name='Old' table:style-name='NoSheet'"),
    )
    assert one.text.split("\n") == [
        "Sheet: Rent", "Month\t\tRent", "2024-06-05\t\t$5,000.00", "Same", "Same", "=[.B1]*12",
    ]  # fmt: skip
    assert one.hidden.split("\n") == ["Secret", "Same", "Filtered"]
    assert (two.text, two.hidden) == ("Sheet: Old (hidden)", "12 %")
    assert [remark.kind for remark in two.remarks] == [RemarkKind.FORMULA]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("office:value-type='float' office:value='1500'", "1500"),
        ("office:value-type='float' office:value='1500' table:formula='of:=[.B1]*2'", "1500"),
        ("office:value-type='date' office:date-value='2025-03-04'", "2025-03-04"),
        ("office:value-type='date' office:date-value='2025-03-04T10:20:00'", "2025-03-04 10:20:00"),
        ("office:value-type='time' office:time-value='PT12H3M00S'", "12:03:00"),
        ("office:value-type='string' office:string-value='Rent'", "Rent"),
        ("office:value-type='boolean' office:boolean-value='true'", "TRUE"),
        ("office:value-type='currency' office:currency='EUR' office:value='12.5'", "12.5 EUR"),
        ("office:value-type='percentage' office:value='0.07'", "7%"),
    ],
)
def test_a_cell_whose_text_is_not_in_the_file_shows_its_value(value: str, shown: str) -> None:
    (page,) = pages("spreadsheet", table(row(cell("", value), cell(p("")), cell(p("x")))))
    assert page.text.split("\n")[1] == f"{shown}\t\tx"
    (page,) = pages("spreadsheet", table(row(cell(p(""), value), cell(p("x")))))
    assert page.text.split("\n")[1] == "\tx"  # its format shows nothing


def test_the_footer_and_the_fixed_date_of_a_slide_are_read() -> None:
    declared = "<presentation:footer-decl presentation:name='f'>Draft of $5</presentation:footer-decl>"
    declared += "<presentation:date-time-decl presentation:name='d'>1 May</presentation:date-time-decl>"
    slide = "<draw:page presentation:use-footer-name='f' presentation:use-date-time-name='d' {}>{}</draw:page>"
    off = (
        "<style:style style:name='Off' style:family='drawing-page'>"
        "<style:drawing-page-properties presentation:display-footer='false'/></style:style>"
    )
    shown, other = pages(
        "presentation",
        declared + slide.format("", box("Cap")) + slide.format("draw:style-name='Off'", box("Fee")),
        common=off,
    )
    assert (shown.text, other.text) == ("Draft of $5\n1 May\nCap", "1 May\nFee")


def test_headers_of_sheets_are_read_and_those_that_are_off_are_hidden() -> None:
    margin = "<style:{0} {1}>{2}</style:{0}>"
    usual = p("<text:sheet-name>???</text:sheet-name>"), p("Page <text:page-number>1</text:page-number>")
    region = f"<style:region-left>{p('Draft of $5')}</style:region-left>"
    master = margin.format("header", "", region + usual[0]) + margin.format("footer", "", usual[1])
    numbered = margin.format("header", "", p("Draft 5"))
    master += margin.format("header-left", "style:display='false'", p("Old $9"))
    (page,) = pages("spreadsheet", table(row(cell(p("Rent")))), f"<style:master-page>{master}</style:master-page>")
    (second,) = pages("spreadsheet", table(row(cell(p("Rent")))), f"<style:master-page>{numbered}</style:master-page>")
    assert second.text.startswith("Draft 5\n")
    assert [line for line in page.text.split("\n") if line] == ["Draft of $5", "Sheet: ", "Rent"]
    assert page.hidden == "Old $9"


FORM = 'xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0"'


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("<form:checkbox {} form:label='Paid' form:state='unchecked' form:current-state='checked'/>", "☒ Paid"),
        ("<form:checkbox {} form:label='Paid'/>", "☐ Paid"),
        ("<form:radio {} form:label='Yes' form:current-selected='true'/>", "☒ Yes"),
        ("<form:text {} form:value='$1' form:current-value='$5,000'/>", "$5,000"),
        ("<form:fixed-text {} form:label='Fee'/>", "Fee"),
        (
            "<form:listbox {}><form:option form:label='30'/><form:option form:label='90' form:current-selected='true'/>"
            "</form:listbox>",
            "90",
        ),
        ("<form:password {} form:value='x'/>", ""),
    ],
)
def test_a_field_of_a_form_is_read_where_it_is(field: str, shown: str) -> None:
    field = field.format("xml:id='c' form:id='c'")
    forms = f"<office:forms {FORM}><form:form>{field}</form:form></office:forms>"
    page = text(forms + p("Term.<draw:control draw:control='c'/>") + p("End."))
    assert [line for line in page.text.split("\n") if line] == ["Term.", *filter(None, [shown]), "End."]
    gone = text(forms + p("Term.<draw:control draw:display='none' draw:control='c'/>"))
    assert (gone.text, gone.hidden) == ("Term.", shown)


def test_a_number_that_the_file_states_is_read_once() -> None:
    number = "<text:number>4.2</text:number>"
    assert text(f"<text:list><text:list-item>{number}{p('Rent')}</text:list-item></text:list>").text == "4.2 Rent"
    stated = f"<text:list text:style-name='Clauses'><text:list-item>{number}{p('Rent')}</text:list-item></text:list>"
    assert text(stated).text == "1. Rent"


def test_a_cell_that_a_file_has_once_stands_as_often_as_it_says() -> None:
    twice = row(cell(p("$5"), "table:number-columns-repeated='2'"), attributes="table:number-rows-repeated='2'")
    assert text(table(twice, row(cell(p("x"))))).text == "$5\t$5\n$5\t$5\nx"


def test_a_variable_that_is_set_out_of_sight_is_no_figure_of_the_text() -> None:
    page = text(p("Fee $5,<text:variable-set text:display='none'>77</text:variable-set>000"))
    assert (page.text, page.hidden) == ("Fee $5,000", "77")
    assert text(p("Fee <text:variable-set text:display='value'>77</text:variable-set>")).text == "Fee 77"


def test_earlier_values_of_a_sheet_are_not_missed() -> None:
    earlier = f"<table:tracked-changes>{p('old 5')}</table:tracked-changes>"
    (page,) = pages("spreadsheet", earlier + table(row(cell(p("new 6")))))
    assert (page.text.split("\n")[1:], page.remarks) == (["new 6"], ())


def test_shapes_of_a_slide_are_judged_by_their_places() -> None:
    at = "svg:x='{}cm' svg:y='3cm' svg:width='5cm' svg:height='2cm'"
    form = "<draw:enhanced-geometry draw:type='{}'/>"

    def frame(said: str, x: int = 3, style: str = "Clear", more: str = "") -> str:
        inner = f"<draw:text-box>{said}</draw:text-box>"
        return f"<draw:frame draw:style-name='{style}' {at.format(x)} {more}>{inner}</draw:frame>"

    def block(style: str, kind: str = "rectangle", x: int = 3) -> str:
        return f"<draw:custom-shape draw:style-name='{style}' {at.format(x)}>{form.format(kind)}</draw:custom-shape>"

    said = p("$700")
    ways = {
        frame(said): "",
        frame(said, 80): "$700",
        frame(said, -80): "$700",
        f"<draw:g>{frame(said, 80)}</draw:g>": "$700",
        f"<draw:g>{frame(said)}</draw:g>": "",
        frame(said, more="draw:display='none'"): "$700",
        frame(PALE): "$700",
        frame(PALE, style="BlueBox"): "",
        frame(p("$700", "Blue"), style="BlueBox"): "$700",
        block("BlueBox") + frame(PALE): "",
        block("BlueBox", x=20) + frame(PALE): "$700",
        frame(PALE) + block("BlueBox"): "$700",
        frame(said) + block("BlueBox"): "$700",
        frame(said) + block("Glass"): "",
        frame(said) + block("Clear"): "",
        frame(said) + block("BlueBox", "ellipse"): "",
        frame(said) + block("BlueBox", x=9): "",
    }
    size = (
        "<style:page-layout style:name='L'><style:page-layout-properties fo:page-width='28cm' fo:page-height='21cm'/>"
    )
    common = f"<office:automatic-styles>{size}</style:page-layout>{LOOKS}</office:automatic-styles>"
    for way, hidden in ways.items():
        (page,) = pages("presentation", f"<draw:page>{frame(p('Seen'), 12)}{way}</draw:page>", common)
        assert (page.hidden, "$700" in page.text) == (hidden, not hidden), way


def test_a_slide_is_a_page() -> None:
    title = box("Title", "presentation:class='title'")
    prompt = box("Click to add text", "presentation:placeholder='true'")
    one, two, three = pages(
        "presentation",
        f"<draw:page draw:master-page-name='M'>{box('Offer')}<draw:custom-shape>{p('$250,000')}</draw:custom-shape>"
        f"{prompt}<presentation:notes><draw:page-thumbnail/>{box('Said aloud')}</presentation:notes></draw:page>"
        f"<draw:page draw:master-page-name='M'>{box('Second')}</draw:page>"
        f"<draw:page draw:style-name='NoSlide'>{box('Not shown')}</draw:page>",
        f"<office:master-styles><style:master-page style:name='M'>{box('Confidential')}{title}</style:master-page>"
        "</office:master-styles>",
    )
    assert one.text.split("\n") == ["Confidential", "Offer", "$250,000", "Notes:", "Said aloud"]
    assert (two.text, three.text, three.hidden) == ("Second", "", "Not shown")
    assert [page.number for page in (one, two, three)] == [1, 2, 3]
