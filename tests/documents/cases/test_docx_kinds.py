"""DOCX: parts that a reader may miss, values outside the text, and marks that must not become digits."""

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
import xlsxwriter

from columnist.documents.model import Page, RemarkKind
from columnist.documents.reading.office.formulas import field
from columnist.documents.reading.office.numbering import number_in_words
from columnist.documents.reading.office.sheets import read_xlsx
from columnist.documents.reading.office.word import read_docx
from columnist.documents.reading.raised import raised
from tests.documents.docx import OFFICE, abstract, level, num, p, r, relations_of, with_parts, write_docx

FILES = Path(__file__).parent / "files"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
CHART = (
    f'<c:chartSpace xmlns:c="{DRAWING}/chart" xmlns:a="{DRAWING}/main"><c:chart>'
    "<c:title><c:tx><c:rich><a:p><a:r><a:t>Rent by year</a:t></a:r></a:p></c:rich></c:tx></c:title>"
    "<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>Base rent</c:v></c:pt></c:strCache>"
    "</c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt><c:v>2025</c:v></c:pt><c:pt><c:v>2026</c:v></c:pt></c:strCache>"
    "</c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt><c:v>5000</c:v></c:pt><c:pt><c:v>5250</c:v></c:pt>"
    "</c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"
)


def one(path: Path) -> Page:
    (page,) = read_docx(path.open("rb"))
    return page


def case(name: str) -> Page:
    return one(FILES / name)


def drawing(inner: str) -> str:
    return f'<w:r><w:drawing xmlns:a="{DRAWING}/main" xmlns:c="{DRAWING}/chart">{inner}</w:drawing></w:r>'


# ── Parts never visited ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_is_inserted_as_a_whole_is_read_in_its_place(tmp_path: Path) -> None:
    assert case("docx-altchunk.docx").text.split("\n")[1] == "The liability cap is $250,000."
    inner = docx.Document()
    inner.add_paragraph("The fee is $7,000.")
    file = io.BytesIO()
    inner.save(file)
    body = p("First.") + '<w:altChunk r:id="a"/><w:altChunk r:id="b"/>' + p("Last.")
    path = with_parts(
        write_docx(tmp_path / "a.docx", body),
        a=("aFChunk", "inner.docx", file.getvalue()),
        b=("aFChunk", "note.txt", b"The cap is $9,000."),
    )
    assert one(path).text.split("\n") == ["First.", "The fee is $7,000.", "The cap is $9,000.", "Last."]


def test_an_inserted_rtf_is_read_and_a_torn_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    body = p("First.") + '<w:altChunk r:id="a"/><w:altChunk r:id="b"/>' + p("Last.")
    path = with_parts(
        write_docx(tmp_path / "a.docx", body),
        a=("aFChunk", "inner.rtf", rb"{\rtf1\ansi The fee is $7,000.\par}"),
        b=("aFChunk", "torn.docx", b"PK\x03\x04torn"),
    )
    page = one(path)
    assert [line for line in page.text.split("\n") if line] == ["First.", "The fee is $7,000.", "Last."]
    assert [remark.kind for remark in page.remarks] == [RemarkKind.NOT_READ]


def test_an_inserted_file_that_is_not_read_is_said_to_be(tmp_path: Path) -> None:
    (remark,) = one(write_docx(tmp_path / "a.docx", p("First.") + '<w:altChunk r:id="gone"/>')).remarks
    assert (remark.kind, remark.detail) == (RemarkKind.NOT_READ, "an inserted file")


def test_smart_art_charts_and_word_art_are_read(tmp_path: Path) -> None:
    assert "Parent Holdings Ltd (100% owner)" in case("docx-smartart.docx").text
    body = p(
        "Rent.",
        drawing('<c:chart r:id="c"/>'),
        '<w:r><w:pict><v:shape><v:textpath string="DRAFT"/></v:shape></w:pict></w:r>',
    )
    page = one(with_parts(write_docx(tmp_path / "a.docx", body), c=("chart", "charts/chart1.xml", CHART.encode())))
    assert page.text.split("\n") == ["Rent.", "Rent by year", "Base rent\t2025: 5000, 2026: 5250", "DRAFT"]
    shape = drawing("<a:txBody><a:p><a:r><a:t>Sold to </a:t></a:r><a:r><a:t>Birch Ltd</a:t></a:r></a:p></a:txBody>")
    assert one(write_docx(tmp_path / "b.docx", p("Map.", shape))).text.split("\n") == ["Map.", "Sold to Birch Ltd"]


def drawn_run(text: str, **look: str) -> str:
    looks = "".join(f' {name}="{value}"' for name, value in look.items())
    return f"<a:r><a:rPr{looks}/><a:t>{text}</a:t></a:r>"


def test_letters_of_a_drawing_are_raised_and_struck_as_others_are(tmp_path: Path) -> None:
    """In SmartArt, charts and boxes of sheets a note's mark was a digit, and deleted words were text."""
    up, down = {"baseline": "30000"}, {"baseline": "-25000"}
    paragraphs = (
        drawn_run("Rent $5,000") + drawn_run("1", **up),
        drawn_run("Rate 12") + drawn_run("1", **up) + drawn_run("/") + drawn_run("2", **down) + drawn_run(" %"),
        drawn_run("$7,000", strike="sngStrike") + drawn_run(" $6,000"),
        drawn_run("CO") + drawn_run("2", **down),
    )
    texts = "".join(f"<a:p>{one}</a:p>" for one in paragraphs)
    page = one(write_docx(tmp_path / "a.docx", p("Map.", drawing(f"<a:txBody>{texts}</a:txBody>"))))
    assert page.text.split("\n") == ["Map.", "Rent $5,000[1]", "Rate 12 1/2 %", " $6,000", "CO2"]
    assert page.struck == "$7,000"
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        book.add_worksheet("Map").insert_textbox(0, 0, "BOX")
    boxed, packed = re.compile(r"<a:p>.*</a:p>", re.S), io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, boxed.sub(texts, data.decode()) if "drawings/drawing" in name else data)
    (sheet,) = read_xlsx(packed)
    assert sheet.text.split("\n") == ["Sheet: Map", "Rent $5,000[1]", "Rate 12 1/2 %", " $6,000", "CO2"]
    assert sheet.struck == "$7,000"


def charted(path: Path, series: str, shapes: str = "", before: str = "") -> Page:
    """A page with a chart of these series, and shapes over it."""
    names = f'xmlns:c="{DRAWING}/chart" xmlns:a="{DRAWING}/main"'
    related = f'<Relationship Id="u" Type="{OFFICE}/chartUserShapes" Target="shapes.xml"/>'
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "c": (
            "chart",
            "charts/chart1.xml",
            f"<c:chartSpace {names}>{before}<c:ser>{series}</c:ser></c:chartSpace>".encode(),
        ),
        "r": (
            "other",
            "charts/_rels/chart1.xml.rels",
            f'<Relationships xmlns="{space}">{related}</Relationships>'.encode(),
        ),
        "s": ("other", "charts/shapes.xml", f"<c:userShapes {names}>{shapes}</c:userShapes>".encode()),
    }
    return one(with_parts(write_docx(path / "a.docx", p("Rent.", drawing('<c:chart r:id="c"/>'))), **parts))


def cache(kind: str, points: dict[int, str], code: str = "") -> str:
    stated = f"<c:formatCode>{code}</c:formatCode>" if code else ""
    inner = "".join(f'<c:pt idx="{index}"><c:v>{said}</c:v></c:pt>' for index, said in points.items())
    return f"<c:{kind}Ref><c:f>x</c:f><c:{kind}Cache>{stated}{inner}</c:{kind}Cache></c:{kind}Ref>"


def test_values_of_a_chart_stay_beside_their_categories_and_have_their_format(tmp_path: Path) -> None:
    years = cache("str", {0: "2024", 1: "2025", 2: "2026"})
    values = cache("num", {0: "0.05", 2: "0.055"}, "0.0%")
    page = charted(tmp_path, f"<c:cat>{years}</c:cat><c:val>{values}</c:val>")
    assert (page.text, page.remarks) == ("Rent.\n2024: 5.0%, 2026: 5.5%", ())
    dates = cache("num", {0: "45658", 1: "45689"}, "d/m/yyyy")
    page = charted(tmp_path, f"<c:cat>{dates}</c:cat><c:val>{cache('num', {0: '1', 1: '0.30000000000000004'})}</c:val>")
    assert page.text == "Rent.\n2025-01-01: 1, 2025-02-01: 0.3"
    page = charted(tmp_path, f"<c:val>{cache('num', {0: '44196'}, 'd/m/yyyy')}</c:val>", before="<c:date1904/>")
    assert page.text == "Rent.\n2025-01-01"
    level = "<c:lvl>{}</c:lvl>"
    inner = "".join(f'<c:pt idx="{index}"><c:v>Q{index % 2 + 1}</c:v></c:pt>' for index in range(4))
    outer = '<c:pt idx="0"><c:v>2024</c:v></c:pt><c:pt idx="2"><c:v>2025</c:v></c:pt>'
    both = f"<c:multiLvlStrCache>{level.format(inner)}{level.format(outer)}</c:multiLvlStrCache>"
    numbers = cache("num", {1: "5", 2: "6"})
    page = charted(tmp_path, f"<c:cat><c:multiLvlStrRef>{both}</c:multiLvlStrRef></c:cat><c:val>{numbers}</c:val>")
    assert page.text == "Rent.\n2024 / Q2: 5, 2025 / Q1: 6"


def test_labels_and_shapes_of_a_chart_are_read_and_missing_values_are_said(tmp_path: Path) -> None:
    space = "http://schemas.microsoft.com/office/drawing/2012/chart"
    told = '<q:dlblRangeCache><c:pt idx="0"><c:v>cap $9</c:v></c:pt></q:dlblRangeCache>'
    labels = f'<c:extLst><q:datalabelsRange xmlns:q="{space}">{told}</q:datalabelsRange></c:extLst>'
    page = charted(
        tmp_path,
        f"<c:val>{cache('num', {0: '5'})}</c:val>{labels}",
        "<c:sp><a:p><a:r><a:t>From 1 May</a:t></a:r></a:p></c:sp>",
    )
    assert (page.text, page.remarks) == ("Rent.\n5\ncap $9\nFrom 1 May", ())
    title = f"<c:title><c:tx>{cache('str', {0: 'Rent of $5'})}</c:tx></c:title>"
    page = charted(tmp_path, f"<c:val>{cache('num', {0: '5'})}</c:val>", before=title)
    assert (page.text, page.remarks) == ("Rent.\nRent of $5\n5", ())
    page = charted(tmp_path, "<c:val><c:numRef><c:f>x</c:f></c:numRef></c:val>")
    assert [remark.detail for remark in page.remarks] == ["values of a chart"]


def test_of_two_forms_of_a_part_the_one_that_word_shows_is_read(tmp_path: Path) -> None:
    forms = (
        '<mc:AlternateContent><mc:Choice {} Requires="q">{}</mc:Choice><mc:Fallback>{}</mc:Fallback>'
        "</mc:AlternateContent>"
    )
    unknown, known = 'xmlns:q="urn:of-tomorrow"', 'xmlns:q="http://schemas.microsoft.com/office/word/2010/wordml"'
    body = (
        forms.format(unknown, p("Fee $9"), p("Fee $1"))
        + forms.format(known, p("Cap $2"), p("Cap $9"))
        + forms.format(known, "", p("Rent $3"))
    )
    page = one(write_docx(tmp_path / "a.docx", body))
    assert (page.text, page.remarks) == ("Fee $1\nCap $2\nRent $3", ())


def test_a_comment_or_a_damaged_part_beside_the_text_costs_no_text(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("The fee is $5<!-- x -->,000<?y?> a month.") + '<w:subDoc r:id="z"/>')
    path = with_parts(path, s=("styles", "styles.xml", b"<w:styles><torn"))
    page = one(path)
    assert page.text == "The fee is $5,000 a month."
    assert {remark.detail for remark in page.remarks} == {
        "a damaged part, word/styles.xml",
        "a file that is shown as a part of this one",
    }


def test_what_is_drawn_and_not_read_is_said_to_be(tmp_path: Path) -> None:
    extent = '<wp:extent xmlns:wp="{}/wordprocessingDrawing" cx="{}" cy="4000000"/><p:pic xmlns:p="{}/picture"/>'
    large, logo = (extent.format(DRAWING, width, DRAWING) for width in (5_000_000, 500_000))
    body = p("Map.", drawing('<c:chart r:id="gone"/>'), drawing(large), drawing(logo))
    found = [(one.kind, one.detail) for one in one(write_docx(tmp_path / "a.docx", body)).remarks]
    assert found == [(RemarkKind.NOT_READ, "a chart"), (RemarkKind.NOT_READ, "a large picture")]


@pytest.mark.parametrize("name", ["control", "objectEmbed", "objectLink"])
def test_a_control_and_an_object_of_newer_files_are_said(tmp_path: Path, name: str) -> None:
    body = p("Fee: ", f'<w:r><w:object><w:{name} r:id="x"/></w:object></w:r>')
    assert [remark.detail for remark in one(write_docx(tmp_path / "a.docx", body)).remarks] == ["an embedded object"]


def test_text_in_a_wrapper_that_nobody_knows_is_counted(tmp_path: Path) -> None:
    body = p("Known.", "<w:wrapper><w:r><w:t>The cap is $5.</w:t></w:r></w:wrapper>")
    body += p(f"<w:del><w:r><w:t>gone</w:t></w:r></w:del>{r('kept')}")
    body += "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>" + p("deleted") + "</w:tc></w:tr></w:tbl>"
    (remark,) = one(write_docx(tmp_path / "a.docx", body)).remarks
    assert (remark.kind, remark.count) == (RemarkKind.LOST, len("The cap is $5."))


# ── Values outside the text ──────────────────────────────────────────────────────────────────────────────────────


def form(data: str, result: str = "") -> str:
    shown = f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{r(result)}' if result else ""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{data}</w:ffData></w:fldChar></w:r>'
        f'<w:r><w:instrText>FORM</w:instrText></w:r>{shown}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_the_choices_of_old_forms_are_read(tmp_path: Path) -> None:
    assert case("docx-dropdown-legacy.docx").text == (
        "Either party may terminate this agreement on 90 days written notice.\nGoverning law: Delaware."
    )
    entries = '<w:listEntry w:val="none"/><w:listEntry w:val="two"/>'
    body = (
        p("First ", form(f"<w:ddList>{entries}</w:ddList>"), " only.")
        + p("Its result ", form(f'<w:ddList><w:result w:val="1"/>{entries}</w:ddList>', "two"), " once.")
        + p("Typed ", form('<w:textInput><w:default w:val="12 months"/></w:textInput>'), ".")
        + p("Filled ", form('<w:textInput><w:default w:val="…"/></w:textInput>', "24 months"), ".")
        + p("Odd ", form(f'<w:ddList><w:result w:val="9"/>{entries}</w:ddList>'), ".")
    )
    assert one(write_docx(tmp_path / "a.docx", body)).text.split("\n") == [
        "First none only.",
        "Its result two once.",
        "Typed 12 months.",
        "Filled 24 months.",
        "Odd .",
    ]


@pytest.mark.parametrize(
    ("format_", "shown"),
    [
        ('w:val="custom" w:format="001, 002, 003, ..."', ["Clause 001 a", "Clause 002 b"]),
        ('w:val="custom" w:format="0001, 0002, 0003, ..."', ["Clause 0001 a", "Clause 0002 b"]),
        ('w:val="decimalEnclosedParen"', ["Clause (1) a", "Clause (2) b"]),
        ('w:val="numberInDash"', ["Clause - 1 - a", "Clause - 2 - b"]),
        ('w:val="russianUpper"', ["Clause А a", "Clause Б b"]),
        ('w:val="decimalFullWidth"', ["Clause １ a", "Clause ２ b"]),
    ],
)
def test_numbers_have_the_form_that_their_list_gives_them(tmp_path: Path, format_: str, shown: list[str]) -> None:
    own = f'<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt {format_}/>'
    numbering = f'{own}<w:lvlText w:val="Clause %1"/></w:lvl></w:abstractNum>{num(1, 1)}'
    path = write_docx(tmp_path / "a.docx", p("a", num="1") + p("b", num="1"), numbering=numbering)
    assert one(path).text.split("\n") == shown
    assert case("docx-num-custom.docx").text.startswith("Clause 001 ")
    written = [number_in_words(number, "chineseCounting") for number in (1, 10, 11, 20, 99, 100)]
    assert written == ["一", "十", "十一", "二十", "九十九", "100"]


# ── Marks beside numbers ─────────────────────────────────────────────────────────────────────────────────────────


def up(text: str, kind: str = "superscript") -> str:
    return f'<w:r><w:rPr><w:vertAlign w:val="{kind}"/></w:rPr><w:t>{text}</w:t></w:r>'


def test_a_superscript_is_no_digit_of_the_number_before_it(tmp_path: Path) -> None:
    assert case("docx-superscript.docx").text == (
        "The fee is $5,000[1] per month and the deposit is 10[2] months of rent."
    )
    style = '<w:style w:styleId="Mark" w:type="character"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
    body = (
        p("A fee of 5%", up("1"), up("2"), " of 300 m", up("2"), " on the 1", up("st"), " of May")
        + p("Cap $7,000", '<w:r><w:rPr><w:rStyle w:val="Mark"/></w:rPr><w:t>3</w:t></w:r>')
        + p("CO", up("2", "subscript"), " and 4", up("2", "subscript"))
    )
    assert one(write_docx(tmp_path / "a.docx", body, styles=style)).text.split("\n") == [
        "A fee of 5%[12] of 300 m² on the 1st of May",
        "Cap $7,000[3]",
        "CO2 and 4[2]",
    ]


def formula_of(inner: str) -> str:
    return f'<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">{inner}</m:oMath>'


def test_no_part_of_a_formula_becomes_a_digit_of_another(tmp_path: Path) -> None:
    def m(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    half = f"<m:f><m:num>{m('1')}</m:num><m:den>{m('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{m('10')}</m:e><m:sup>{m('3')}</m:sup></m:sSup>"
    code = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    equation = code.format("begin") + "<w:r><w:instrText>EQ \\f(3,4)</w:instrText></w:r>" + code.format("end")
    numbered = code.format("begin") + "<w:r><w:instrText> LISTNUM </w:instrText></w:r>" + code.format("end")
    body = (
        p("Share 2", formula_of(half), " of ", formula_of(power))
        + p("Rent x ", equation, numbered, "<w:r><w:dayLong/></w:r><w:subDoc/>")
        + p("5", up("1"), "/", up("2", "subscript"), " %")
        + p("$5,000", run("1", '<w:position w:val="8"/>'), " a month")
    )
    page = one(write_docx(tmp_path / "a.docx", body))
    assert page.text.split("\n") == ["Share 2 1/2 of 10^3", "Rent x 3/4", "5 1/2 %", "$5,000[1] a month"]
    assert [remark.detail for remark in page.remarks] == [
        "a number that Word draws in a line",
        "a date that Word puts in",
        "a file that is shown as a part of this one",
    ]


@pytest.mark.parametrize(
    ("inner", "drawn"),
    [
        ("<m:limLow><m:e>{lim}</m:e><m:lim>{2}</m:lim></m:limLow>{5}", "lim_2 5"),
        ("<m:limUpp><m:e>{6}</m:e><m:lim>{8}</m:lim></m:limUpp>", "6^8"),
        ("{5}<m:sPre><m:sub>{3}</m:sub><m:sup>{4}</m:sup><m:e>{7}</m:e></m:sPre>", "5 _3^4 7"),
        (
            "{5}<m:f><m:fPr><m:type m:val='noBar'/></m:fPr><m:num>{10}</m:num><m:den>{3}</m:den></m:f>",
            "5(10; 3)",
        ),
        ("<m:sSup><m:e>{10}</m:e><m:sup>{3}</m:sup></m:sSup>{5}", "10^3 5"),
        ("{1}{5}{%}", "15%"),
        ("<w:del>{9}</w:del><w:ins>{5}</w:ins>", "5"),
        ("<m:borderBox><m:borderBoxPr><m:strikeH m:val='1'/></m:borderBoxPr><m:e>{9}</m:e></m:borderBox>{5}", "5"),
    ],
)
def test_limits_and_indices_are_no_digits_of_their_neighbours(tmp_path: Path, inner: str, drawn: str) -> None:
    runs = re.sub(r"\{(.*?)\}", r"<m:r><m:t>\1</m:t></m:r>", inner)
    assert one(write_docx(tmp_path / "a.docx", p("Rate ", formula_of(runs)))).text == f"Rate {drawn}"


def test_a_field_whose_value_is_not_in_the_file_is_said(tmp_path: Path) -> None:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    begin, separate, end = map(mark.format, ("begin", "separate", "end"))
    body = (
        p("Fee: ", begin, "<w:r><w:instrText> =100*12 </w:instrText></w:r>", end, " EUR")
        + p("Client: ", '<w:fldSimple w:instr=" DOCPROPERTY Client "/>')
        + p("Empty: ", begin, "<w:r><w:instrText> MERGEFIELD Suffix </w:instrText></w:r>", separate, end)
        + p("Page ", begin, "<w:r><w:instrText> PAGE </w:instrText></w:r>", end)
        + p("Due: ", '<w:fldSimple w:instr=" REF due ">', r("1 May"), "</w:fldSimple>")
    )
    remarks = one(write_docx(tmp_path / "a.docx", body)).remarks
    assert [(one.kind, one.detail) for one in remarks] == [
        (RemarkKind.FORMULA, "the field ="),
        (RemarkKind.FORMULA, "the field DOCPROPERTY"),
    ]


def test_the_instruction_of_a_field_may_be_several_paragraphs_long(tmp_path: Path) -> None:
    begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
    code = "<w:r><w:instrText>{}</w:instrText></w:r>".format
    inner = begin + code(" MERGEFIELD Fee ") + separate + r("$6,000") + end
    body = p("Due: ", begin, code(' IF 1 = 2 "The fee is ')) + p(inner) + p(code('" "" '), separate, r("$5"), end, ".")
    assert one(write_docx(tmp_path / "a.docx", body)).text.split() == ["Due:", "$5."]
    kept = p(
        begin, code(' SET Fee "$9" '), separate, r("$9"), end, "Fee: ", begin, code(" REF Fee "), separate, r("$9"), end
    )
    assert one(write_docx(tmp_path / "b.docx", kept)).text == "Fee: $9"
    unclosed = p("Due: ", begin, code(" REF x ")) + p("$7,000")
    assert one(write_docx(tmp_path / "a.docx", unclosed)).text.split() == ["Due:", "$7,000"]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("<w:text/>", "$9,000"),
        ('<w:dropDownList><w:listItem w:displayText="Nine" w:value="$9,000"/></w:dropDownList>', "Nine"),
        ('<w:date w:fullDate="2025-01-31T00:00:00Z"/>', "$9,000"),
        ("<w:picture/>", "$5"),
    ],
)
def test_a_control_shows_the_value_that_it_is_bound_to(tmp_path: Path, kind: str, shown: str) -> None:
    """Programs that fill in templates may change that part of the file alone."""
    bound = (
        '<w:dataBinding w:prefixMappings="xmlns:a=\'urn:deal\'" w:xpath="/a:deal[1]/a:fee[1]" w:storeItemID="{AB}"/>'
    )
    control = f"<w:sdt><w:sdtPr>{kind}{bound}</w:sdtPr><w:sdtContent>{r('$')}{r('5')}</w:sdtContent></w:sdt>"
    about = (
        '<a:datastoreItem xmlns:a="http://schemas.openxmlformats.org/officeDocument/2006/customXml" a:itemID="{ab}"/>'
    )
    path = with_parts(
        write_docx(tmp_path / "a.docx", p("Fee: ", control)),
        x=("customXml", "item1.xml", b'<deal xmlns="urn:deal"><fee>$9,000</fee></deal>'),
        y=("z", "about.xml", about.encode()),
        z=(
            "z",
            "_rels/item1.xml.rels",
            relations_of('<Relationship Id="a" Type="customXmlProps" Target="about.xml"/>').encode(),
        ),
    )
    assert one(path).text == f"Fee: {shown}"


def test_a_change_in_conflict_with_another_ones_is_accepted(tmp_path: Path) -> None:
    names = 'xmlns:v="http://schemas.microsoft.com/office/word/2010/wordml"'
    kept, gone = f"<v:conflictIns {names}>{r('$6,000')}</v:conflictIns>", "<w:r><w:delText>$5,000</w:delText></w:r>"
    page = one(write_docx(tmp_path / "a.docx", p("Fee ", kept, f"<v:conflictDel {names}>{gone}</v:conflictDel>", ".")))
    assert (page.text, page.remarks) == ("Fee $6,000.", ())


@pytest.mark.parametrize(
    ("code", "drawn"),
    [
        ("EQ \\f(1;2)", "1/2"),
        ("eq \\r(3,x)", "3-√(x)"),
        ("EQ 10\\s\\up8(3)", "10^3"),
        ("EQ \\b(\\f(a,b))", "(a/b)"),
        ('SYMBOL 163 \\f "Symbol"', "≤"),
        ("SYMBOL 8364 \\u", "€"),
        ("MACROBUTTON NoMacro [Insert $5,000]", "[Insert $5,000]"),
        ("PAGE", None),
        ("EQ " + "\\f(" * 50, ""),
    ],
)
def test_a_field_without_a_result_is_drawn(code: str, drawn: str | None) -> None:
    found = field(code)
    assert found == drawn or (drawn == "" and found is not None)


def test_symbols_are_what_their_font_draws(tmp_path: Path) -> None:
    sign = '<w:r><w:sym w:font="{}" w:char="{}"/></w:r>'
    body = p("Cap ", sign.format("Symbol", "F0A3"), " $5, ", run("\uf0b3", '<w:rFonts w:ascii="Symbol"/>'), " 3") + p(
        sign.format("Wingdings", "F0FE"), sign.format("Wingdings 2", "F0A3"), sign.format("Wingdings", "FC"),
        run("ü", '<w:rFonts w:ascii="Wingdings"/>'),
    )  # fmt: skip
    assert one(write_docx(tmp_path / "a.docx", body)).text == "Cap ≤ $5, ≥ 3\n☒☐✓✓"


def test_a_large_first_letter_belongs_to_its_word(tmp_path: Path) -> None:
    body = p("T", properties='<w:framePr w:dropCap="drop" w:lines="3"/>') + p("he fee is $5.")
    assert one(write_docx(tmp_path / "a.docx", body)).text == "The fee is $5."


@pytest.mark.parametrize(
    ("before", "mark", "written"),
    [("$5,000", "1", "[1]"), ("120 m", "2", "²"), ("Acme", "®", "®"), ("Rent", "(a)", "(a)"), ("10", "-6", "[-6]")],
)
def test_marks_are_written_apart(before: str, mark: str, written: str) -> None:
    assert raised(before, mark) == written


# ── Seen and unseen ──────────────────────────────────────────────────────────────────────────────────────────────

STYLES = (
    '<w:style w:type="paragraph" w:styleId="Note"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Deep"><w:basedOn w:val="Note"/></w:style>'
    '<w:style w:type="character" w:styleId="Back"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="White"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Red"><w:rPr><w:color w:val="FF0000"/><w:shd w:fill="FF0000"/></w:rPr>'
    "</w:style>"
    '<w:style w:type="table" w:styleId="Pale"><w:rPr><w:color w:val="FFFFFF"/></w:rPr>'
    '<w:tblStylePr w:type="lastRow"><w:rPr><w:color w:val="000000"/></w:rPr></w:tblStylePr>'
    '<w:tblStylePr w:type="firstRow"><w:tcPr><w:shd w:fill="003366"/></w:tcPr></w:tblStylePr></w:style>'
    '<w:style w:type="table" w:styleId="Heir"><w:basedOn w:val="Pale"/></w:style>'
    '<w:style w:type="table" w:styleId="Banded"><w:tblStylePr w:type="band2Horz"><w:rPr><w:sz w:val="1"/></w:rPr>'
    '</w:tblStylePr><w:tblStylePr w:type="firstCol"><w:rPr><w:vanish/></w:rPr></w:tblStylePr></w:style>'
)
LOOK = '<w:tblLook w:firstRow="{}" w:lastRow="{}" w:firstColumn="{}" w:noHBand="{}"/>'


def table(style: str, look: tuple[int, int, int, int], *rows: str) -> str:
    """A table whose rows have one cell each; `look`: its first row, last row and first column, and no bands."""
    cells = "".join(f"<w:tr><w:tc>{row}</w:tc></w:tr>" for row in rows)
    return f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/>{LOOK.format(*look)}</w:tblPr>{cells}</w:tbl>'


def run(text: str, properties: str) -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
VML = 'xmlns:v="urn:schemas-microsoft-com:vml"'
WP = 'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
BOX = f"<w:txbxContent>{p('$700')}</w:txbxContent>"
ANCHOR = f'<wp:anchor {WP}><wp:docPr id="1" name="a" hidden="1"/>{BOX}</wp:anchor>'
WPS = 'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
EXACT = '<w:trHeight w:val="1" w:hRule="exact"/>'


def shape(style: str, attributes: str = "", inner: str = BOX) -> str:
    return f'<w:p><w:r><w:pict><v:shape {VML} style="{style}" {attributes}>{inner}</v:shape></w:pict></w:r></w:p>'


def boxed(inner: str, fill: str = "", x: int = 0, height: int = 900_000, more: str = "") -> str:
    """A text box beside the page's edge, in English Metric Units."""
    at = f'<wp:positionH relativeFrom="page"><wp:posOffset>{x}</wp:posOffset></wp:positionH>'
    drawn = f"<wps:wsp><wps:spPr>{fill}</wps:spPr><wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx></wps:wsp>"
    anchor = f'<wp:anchor {WP} {WPS} xmlns:a="{DRAWING}/main">{at}<wp:extent cx="900000" cy="{height}"/>{drawn}{more}'
    return f"<w:p><w:r><w:drawing>{anchor}</wp:anchor></w:drawing></w:r></w:p>"


def solid(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


WHITE = run("$700", '<w:color w:val="FFFFFF"/>')
OUTLINE = '<w14:solidFill><w14:srgbClr w14:val="000000"/></w14:solidFill>'
MERGED = "<w:tr><w:tc><w:tcPr><w:vMerge{}/></w:tcPr>{}</w:tc></w:tr>"
FILLED = f"<w14:textFill {W14}><w14:solidFill><w14:srgbClr w14:val='{{}}'/></w14:solidFill></w14:textFill>"


UNSEEN = {
    "itself": p(run("$700", "<w:vanish/>")),
    "its paragraph's style": p("$700", style="Note"),
    "a style that its style is based on": p("$700", style="Deep"),
    "its own style": p(run("$700", '<w:rStyle w:val="Back"/>')),
    "white": p(run("$700", '<w:color w:val="FFFFFF"/>')),
    "nearly white by its style": p(run("$700", '<w:rStyle w:val="White"/>')),
    "tiny": p(run("$700", '<w:sz w:val="2"/>')),
    "a numbered paragraph": p("$700", style="Note", num="1"),
    "black on black": p(run("$700", '<w:color w:val="000000"/><w:highlight w:val="black"/>')),
    "of its paragraph's colour": p(run("$700", '<w:color w:val="1F3864"/>'), properties='<w:shd w:fill="1F3864"/>'),
    "of its shade's pattern": p(run("$700", '<w:color w:val="FF0000"/><w:shd w:val="solid" w:color="FF0000"/>')),
    "of its cell's colour": "<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill='00FF00'/></w:tcPr>"
    + p(run("$700", '<w:color w:val="00FF00"/>'))
    + "</w:tc></w:tr></w:tbl>",
    "without a fill": p(run("$700", f"<w14:textFill {W14}><w14:noFill/></w14:textFill>")),
    "clear": p(
        run("$700", f'<w14:textFill {W14}><w14:solidFill><w14:alpha w14:val="100000"/></w14:solidFill></w14:textFill>')
    ),
    "without width": p(run("$700", '<w:w w:val="1"/>')),
    "far above its line": p(run("$700", '<w:position w:val="3000"/>')),
    "in a line without height": p("$700", properties='<w:spacing w:line="1" w:lineRule="exact"/>'),
    "in a row without height": f"<w:tbl><w:tr><w:trPr>{EXACT}</w:trPr><w:tc>{p('$700')}</w:tc></w:tr></w:tbl>",
    "in a hidden row": f"<w:tbl><w:tr><w:trPr><w:hidden/></w:trPr><w:tc>{p('$700')}</w:tc></w:tr></w:tbl>",
    "in a frame off the page": p("$700", properties='<w:framePr w:w="100" w:x="-9000" w:hAnchor="page"/>'),
    "in a hidden shape": shape("visibility:hidden"),
    "in a shape off the page": shape("margin-left:-9000pt"),
    "in a hidden drawing": f"<w:p><w:r><w:drawing>{ANCHOR}</w:drawing></w:r></w:p>",
    "of the paper's colour in the theme": p(run("$700", '<w:color w:val="000000" w:themeColor="background1"/>')),
    "made white by the theme": p(run("$700", '<w:color w:themeColor="text1" w:themeTint="00"/>')),
    "filled with white": p(run("$700", FILLED.format("FFFFFF"))),
    "of the ground of its style": p(run("$700", '<w:rStyle w:val="Red"/>')),
    "white in a paragraph without a shade": p(WHITE, properties='<w:shd w:val="nil" w:fill="000000"/>'),
    "white with a mark of no colour": p(run("$700", '<w:color w:val="FFFFFF"/><w:highlight w:val="none"/>')),
    "in its table's style": table("Pale", (0, 0, 0, 1), p("$700")),
    "in the style that its table's is based on": table("Heir", (0, 0, 0, 1), p("$700")),
    "in the second band": table("Banded", (0, 0, 0, 0), p(" "), p("$700")),
    "in the first column": table("Banded", (0, 0, 1, 1), p("$700")),
    "white in a table with a style": table("Banded", (0, 0, 0, 1), p(WHITE)),
    "far to the right": p("$700", properties='<w:ind w:left="30000"/>'),
    "far to the left": p("$700", properties='<w:ind w:left="-30000"/>'),
    "in a line that begins far to the left": p("$700", properties='<w:ind w:hanging="20000"/>'),
    "aligned far to the right": p("$700", properties='<w:ind w:right="-20000"/><w:jc w:val="right"/>'),
    "in a frame beside the page": p("$700", properties='<w:framePr w:x="20000" w:hAnchor="page"/>'),
    "in a frame below the page": p("$700", properties='<w:framePr w:x="500" w:y="20000" w:vAnchor="page"/>'),
    "in a table beside the page": "<w:tbl><w:tblPr><w:tblInd w:w='-20000'/></w:tblPr><w:tblGrid><w:gridCol w:w='900'/>"
    + f"</w:tblGrid><w:tr><w:tc>{p('$700')}</w:tc></w:tr></w:tbl>",
    "letters upon each other": p(run("$700", '<w:spacing w:val="-1000"/>')),
    "pressed into no width": p(run("$700", '<w:fitText w:val="1"/>')),
    "in a box beside the page": boxed(p("$700"), x=20_000_000),
    "in a box without height": boxed(p("$700"), height=0),
    "of its box's colour": boxed(p(run("$700", '<w:color w:val="000080"/>')), solid("000080")),
    "white in a box without a fill": boxed(p(WHITE)),
    "in a shape without height": shape("width:90pt;height:0"),
    "in a shape beside the page": shape("position:absolute;margin-left:2000pt;width:90pt;height:20pt"),
    "white in a shape of the usual fill": shape("", "", f"<w:txbxContent>{p(WHITE)}</w:txbxContent>"),
    "in a cell that the one above takes in": "<w:tbl>"
    + MERGED.format(' w:val="restart"', p(" "))
    + MERGED.format("", p("$700"))
    + "</w:tbl>",
    "hidden in a formula": p(formula_of("<m:r><w:rPr><w:vanish/></w:rPr><m:t>$700</m:t></m:r>")),
    "the phantom of a formula": p(
        formula_of('<m:phant><m:phantPr><m:show m:val="0"/></m:phantPr><m:e><m:r><m:t>$700</m:t></m:r></m:e></m:phant>')
    ),
    "the hidden base of a ruby": p(
        f"<w:r><w:ruby><w:rubyBase>{run('$700', '<w:vanish/>')}</w:rubyBase></w:ruby></w:r>"
    ),
    "a hidden number": p(num="2"),
}
SEEN = {
    "two kinds of styles undo each other": p(run("$700", '<w:rStyle w:val="Back"/>'), style="Note"),
    "the run says that it shows": p(run("$700", '<w:vanish w:val="0"/>'), style="Note"),
    "white on black": p(run("$700", '<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>')),
    "white in a shaded paragraph": p(run("$700", '<w:color w:val="FFFFFF"/>'), properties='<w:shd w:fill="000000"/>'),
    "grey": p(run("$700", '<w:color w:val="CCCCCC"/>')),
    "white on the shade of another cell": "<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill='FFFFFF'/></w:tcPr>"
    + p(run("$700", '<w:color w:val="000000"/>'))
    + "</w:tc></w:tr></w:tbl>",
    "in a line of an exact height": p("$700", properties='<w:spacing w:line="240" w:lineRule="exact"/>'),
    "half as wide": p(run("$700", '<w:w w:val="50"/>')),
    "in a text box a little to the left": shape("margin-left:-50pt"),
    "grey of the theme": p(run("$700", '<w:color w:themeColor="background1" w:themeShade="80"/>')),
    "white in the theme on dark": p(
        run("$700", '<w:color w:themeColor="background1"/>'), properties='<w:shd w:themeFill="text1"/>'
    ),
    "white on the ground of a table's first row": table("Pale", (1, 0, 0, 1), p("$700"), p(" ")),
    "black in its table's last row": table("Pale", (0, 1, 0, 1), p("$700")),
    "in a band that the table does not show": table("Banded", (0, 0, 0, 1), p(" "), p("$700")),
    "in a column that the table does not show": table("Banded", (0, 0, 0, 1), p("$700")),
    "indented by an inch": p("$700", properties='<w:ind w:left="1440" w:firstLine="720"/>'),
    "a little beyond the margin": p("$700", properties='<w:ind w:left="-720" w:hanging="360"/>'),
    "in a frame on the page": p("$700", properties='<w:framePr w:x="5000" w:y="9000" w:hAnchor="page"/>'),
    "a little closer to each other": p(run("$700", '<w:spacing w:val="-20"/>')),
    "in a box": boxed(p("$700"), x=900_000),
    "in a box that grows": boxed(p("$700"), height=0, more="<a:spAutoFit/>"),
    "white in a box with a fill": boxed(p(WHITE), solid("000080")),
    "in a shape that grows": shape("height:0", "", f'<v:textbox style="mso-fit-shape-to-text:t">{BOX}</v:textbox>'),
    "white in a red shape": shape("", 'fillcolor="#FF0000"', f"<w:txbxContent>{p(WHITE)}</w:txbxContent>"),
    "white with a line around": p(
        run("$700", f'<w:color w:val="FFFFFF"/><w14:textOutline {W14}>{OUTLINE}</w14:textOutline>')
    ),
    "in a merged cell under none": "<w:tbl>" + MERGED.format("", p("$700")) + "</w:tbl>",
    "filled with grey": p(run("$700", FILLED.format("808080"))),
    "white in a shaded cell": "<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill='000000'/></w:tcPr>"
    + p(run("$700", '<w:color w:val="FFFFFF"/>'))
    + "</w:tc></w:tr></w:tbl>",
}


@pytest.mark.parametrize("way", UNSEEN)
def test_hidden_text_is_kept_apart(tmp_path: Path, way: str) -> None:
    page = one(
        write_docx(
            tmp_path / "a.docx",
            p("The rent is $1,000.") + UNSEEN[way] + p("The end.", num="1"),
            styles=STYLES,
            numbering=abstract(1, level(0, "decimal", "%1."))
            + abstract(2, level(0, "decimal", "$70%1", 0, "<w:rPr><w:vanish/></w:rPr>"))
            + num(1, 1)
            + num(2, 2),
        )
    )
    assert [one for one in page.text.split("\n") if one] == ["The rent is $1,000.", "1. The end."]
    assert page.hidden == "$700" and not page.remarks


@pytest.mark.parametrize("way", SEEN)
def test_text_that_shows_is_read(tmp_path: Path, way: str) -> None:
    page = one(write_docx(tmp_path / "a.docx", SEEN[way], styles=STYLES))
    assert page.text.strip() == "$700" and not page.hidden


def test_letters_of_the_paper_are_white_or_of_the_background_that_is_shown(tmp_path: Path) -> None:
    """White letters show on a dark background only if the document shows it."""
    body = p("The rent.") + p(WHITE)
    for colour, shows, hidden in (("FFFFFF", True, "$700"), ("000000", False, "$700"), ("000000", True, "")):
        setting = "<w:displayBackgroundShape/>" if shows else ""
        path = write_docx(tmp_path / "a.docx", body, settings=setting)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        ground = f'<w:background w:color="{colour}"/><w:body>'.encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data.replace(b"<w:body>", ground))
        assert one(path).hidden == hidden


def test_colours_are_those_of_the_theme_and_of_the_whole_document(tmp_path: Path) -> None:
    """A theme may have dark paper, and a document's default look of letters holds unless something changes it."""
    slots = '<a:dk1><a:srgbClr val="111111"/></a:dk1><a:accent1><a:srgbClr val="FCFCFC"/></a:accent1>'
    theme = f'<a:theme xmlns:a="{DRAWING}/main"><a:clrScheme>{slots}</a:clrScheme></a:theme>'.encode()
    usual = "<w:docDefaults><w:rPrDefault><w:rPr><w:color w:val='FFFFFF'/></w:rPr></w:rPrDefault></w:docDefaults>"
    body = (
        p(run("Seen.", '<w:color w:val="000000"/>')) + p(run("$700", '<w:color w:themeColor="accent1"/>')) + p("$800")
    )
    path = with_parts(write_docx(tmp_path / "a.docx", body, styles=usual), t=("theme", "theme/theme1.xml", theme))
    page = one(path)
    assert (page.text.strip(), page.hidden.split("\n")) == ("Seen.", ["$700", "$800"])


def test_a_note_that_a_hidden_mark_refers_to_is_hidden(tmp_path: Path) -> None:
    body = p("Rent", run("", "<w:vanish/>").replace("<w:t></w:t>", '<w:footnoteReference w:id="2"/>'))
    notes = f'<w:footnote w:id="2">{p("$700")}</w:footnote>'
    page = one(write_docx(tmp_path / "a.docx", body, footnotes=notes))
    assert page.text == "Rent" and "$700" in page.hidden


def test_a_section_whose_margins_leave_no_page_is_hidden(tmp_path: Path) -> None:
    section = '<w:sectPr><w:pgSz w:w="12240" w:h="15840"/><w:pgMar w:left="{}" w:right="1440"/></w:sectPr>'
    body = p("$700", properties=section.format(20_000)) + p("Seen.") + section.format(1_440)
    first, second = read_docx(write_docx(tmp_path / "a.docx", body).open("rb"))
    assert (first.text, first.hidden, second.text, second.hidden) == ("", "$700", "Seen.", "")


def test_text_that_a_style_hides_is_kept_apart() -> None:
    page = case("docx-vanish-style.docx")
    assert page.text == "The rent is $1,000 per month.\nThe term is five years."
    assert "$700" in page.hidden and "(fallback: three years)" in page.hidden


# ── Numbers of notes, and letters drawn backwards ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("whole", "own", "marks"),
    [
        ("", '<w:numRestart w:val="eachSect"/>', "1 2 1"),
        ('<w:numRestart w:val="eachSect"/><w:numStart w:val="5"/>', "", "5 6 5"),
        ('<w:numStart w:val="5"/>', "", "5 6 7"),
        ('<w:numFmt w:val="chicago"/>', "", "* † ‡"),
        ("", '<w:numFmt w:val="upperLetter"/>', "A B C"),
        ('<w:numRestart w:val="eachPage"/>', "", "1 2 3"),
    ],
)
def test_notes_have_the_numbers_that_word_gives_them(tmp_path: Path, whole: str, own: str, marks: str) -> None:
    refer = [f'<w:r><w:footnoteReference w:id="{number}"/></w:r>' for number in (1, 2, 3)]
    section = f"<w:sectPr><w:footnotePr>{own}</w:footnotePr></w:sectPr>"
    body = p("a", refer[0]) + p("b", refer[1], properties=section) + p("c", refer[2]) + section
    notes = "".join(f'<w:footnote w:id="{number}">{p(f"note {number}")}</w:footnote>' for number in (1, 2, 3))
    settings = f"<w:footnotePr>{whole}</w:footnotePr>"
    pages = list(read_docx(write_docx(tmp_path / "a.docx", body, footnotes=notes, settings=settings).open("rb")))
    text = "\n".join(page.text for page in pages)
    assert re.findall(r"^[abc]\[(.+)\]$", text, re.M) == marks.split()
    assert re.findall(r"^\[(.+)\] note", text, re.M) == marks.split()
    said = [one.detail for page in pages for one in page.remarks]
    assert said == ["numbers of notes, which begin anew on each page"] * ("eachPage" in whole)


def test_letters_that_run_backwards_are_read_as_they_are_drawn(tmp_path: Path) -> None:
    body = p(r("Fee "), f'<w:bdo w:val="rtl">{r("00")}{r("0,5$")}</w:bdo>', r(" now.")) + p("Cap \u202e9$")
    assert one(write_docx(tmp_path / "a.docx", body)).text == "Fee $5,000 now.\nCap $9"
