"""HTML: all text that a browser draws, and nothing that a person does not see."""

import base64
import io
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageDraw, ImageFont

from columnist.documents.model import RemarkKind
from columnist.documents.reading.web.html import text_lines
from tests.documents.cases.reading import FILES, kinds, read_whole, text_of
from tests.documents.cases.web_pages import hidden, shown


def test_a_page_is_read_to_its_end_however_deep_it_is_nested() -> None:
    text = text_of(FILES / "html-deep.html")
    assert text.split("\n")[-1] == "The cap is $9,000."
    for opening, closing in [("<font size=2>", ""), ("<div>", "</div>"), ("<b><i>", ""), ("<span>", "</span>")]:
        page = "".join(f"<p>{opening * 20}Clause {number}." for number in range(400)) + closing * 8_000
        assert shown(f"{page}<p>The cap is $9,000.")[-2:] == ["Clause 399.", "The cap is $9,000."]
    tables = "<table><tr><td>" * 300 + "The cap is $9,000."
    assert shown(tables) == ["The cap is $9,000."]


def test_a_comment_inside_of_a_figure_parts_nothing() -> None:
    assert shown("<p>The fee is $5<!-- a -->,<!-- <p> -->000 a month.</p>") == ["The fee is $5,000 a month."]
    assert shown("<p>The f<b>e</b>e is $<font>5</font>,000</p><![if !x]>Next<![endif]>") == [
        "The fee is $5,000",
        "Next",
    ]


def test_the_charset_that_a_page_declares_counts(tmp_path: Path) -> None:
    assert "הסכם זה נערך בין" in text_of(FILES / "html-meta-1255.html")
    for head, encoding, said in [
        (b"<meta charset=koi8-r>", "koi8-r", "Договор"),
        (b'<?xml version="1.0" encoding="iso-8859-2"?><html>', "iso8859-2", "umowa na łąkę"),
        (
            b"<style>" + b" " * 3_000 + b"</style><META http-equiv=x content='text/html; CHARSET=Shift_JIS'>",
            "cp932",
            "契約",
        ),
        (b"<!-- <meta charset=utf-7> --><meta charset='latin1'>", "cp1252", "€5 – “x”"),
    ]:
        path = tmp_path / "page.html"
        path.write_bytes(head + b"<p>" + said.encode(encoding))
        assert text_of(path) == said


def test_a_raised_figure_stays_apart_from_the_figure_before_it() -> None:
    assert text_of(FILES / "html-sup.html") == "The fee is $5,000[1] per month, cap 10[6] units."
    for html, text in [
        ("$5,000<sup><a href='#n'>12</a></sup>", "$5,000[12]"),
        ("$5,000<span style='vertical-align: super'>3</span>", "$5,000[3]"),
        ("the 1<sup>st</sup> of May", "the 1st of May"),
        ("50 m<sup>2</sup> of the Term<sup>2</sup>", "50 m² of the Term[2]"),
        ("$7,000<sub>1</sub> of H<sub>2</sub>O", "$7,000[1] of H2O"),
        ("$5,000<sup>(1)</sup>", "$5,000(1)"),
        ("$5,000<i style='position: relative; top: -4px'>1</i>", "$5,000[1]"),
        ("$5,000<i style='vertical-align: 30%'>1</i>", "$5,000[1]"),
        ("5<sup>1</sup>/<sub>2</sub> %", "5 1/2 %"),
        (
            "2<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> of <math><msup><mn>10</mn><mn>3</mn></msup></math>",
            "2 1/2 of 10^3",
        ),
        ("$5\0,000 and <object>$6</object>", "$5,000 and $6"),
        ("Acme<sup>®</sup> pays $9<sup>*</sup>", "Acme® pays $9*"),
    ]:
        assert shown(f"<p>{html}") == [text]


def test_lists_have_the_numbers_that_a_browser_draws() -> None:
    assert text_of(FILES / "html-list.html").split("\n") == [
        "3. Term is five years.",
        "4. Rent is $1,000.",
        "a. Paid monthly.",
    ]
    for html, lines in [
        ("<ol><li value=5>a<li>b</ol>", ["5. a", "6. b"]),
        ("<ol reversed><li>a<li>b</ol>", ["2. a", "1. b"]),
        ("<ol type=I start=4><li><p>a</p><p>b</p><li>c</ol>", ["IV. a", "b", "V. c"]),
        ("<ol type=a start=27><li>a</ol>", ["aa. a"]),
        ("<ol style='list-style: none'><li>1.1 Term</ol>", ["1.1 Term"]),
        ("<style>.l > li {list-style-type: upper-roman}</style><ol class=l><li>a<li>b</ol>", ["I. a", "II. b"]),
        ("<ul><li>a<li>b</ul>", ["• a", "• b"]),
        ("<ol><li>a</ol><p>x</p><ol start=2><li>b</ol>", ["1. a", "x", "2. b"]),
    ]:
        assert shown(html) == lines


def test_what_a_style_sheet_numbers_or_puts_before_is_there() -> None:
    sheet = (
        "<style>/* x */ body {counter-reset: c} h2::before {counter-increment: c; content: 'Article '"
        " counter(c, upper-roman) '. '} p.s:before {content: '\\A7  '} @media print {p {display: none}}</style>"
    )
    assert shown(f"{sheet}<h2>Term</h2><p class=s>9<h2>Rent</h2>") == ["Article I. Term", "§ 9", "Article II. Rent"]


def test_a_mark_or_an_attribute_that_a_style_sheet_draws_is_there() -> None:
    sheet = (
        "<style>.b li::marker {content: 'Clause ' counter(list-item, upper-roman) ': '} .c::after {content: '$'"
        " attr(data-fee) ' net'} .n li::marker {content: none}</style>"
    )
    for html, lines in [
        ("<ol class=b start=3><li>Term<li>Rent</ol>", ["Clause III: Term", "Clause IV: Rent"]),
        ("<ol class=n><li>Term</ol><ol><li>Rent</ol>", ["1. Term", "1. Rent"]),
        ("<p class=c data-fee='3,300'>Fee: </p>", ["Fee: $3,300 net"]),
        ("<p class=c>Fee: </p>", ["Fee: $ net"]),
    ]:
        assert shown(sheet + html) == lines


def test_parts_of_a_drawing_or_a_formula_are_no_digits_of_each_other() -> None:
    for html, lines in [
        ("<svg><text x=0>2001</text><text x=90>5,000</text></svg>", ["2001", "5,000"]),
        ("<svg><text><tspan x=0>Rent 1</tspan><tspan x=90>200</tspan></text></svg>", ["Rent 1 200"]),
        ("<svg><text>$1<tspan dx=0.5>50</tspan><tspan dy=20>200</tspan></text></svg>", ["$150 200"]),
        ("<svg><text>$<tspan font-weight=bold>5,000</tspan></text></svg>", ["$5,000"]),
        ("<ruby>500<rt>300</rt></ruby> and <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", ["500(300) and 漢(kan)"]),
        ("<math><msqrt><mn>16</mn></msqrt></math>", ["√(16)"]),
        ("<math><munderover><mo>∑</mo><mn>1</mn><mn>12</mn></munderover><mi>x</mi></math>", ["∑_1^12x"]),
        ("<math><mover><mi>x</mi><mo>¯</mo></mover><mn>1</mn><mspace width=1em /><mn>2</mn></math>", ["x¯1 2"]),
        (
            "<math><mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd><mtd>4</mtd></mtr></mtable></math>",
            ["1\t2", "3\t4"],
        ),
        ("<math><mn>1</mn><mphantom><mn>99</mn></mphantom></math>", ["1"]),
        ("<math><menclose notation='updiagonalstrike'><mn>7</mn></menclose><mn>8</mn></math>", ["8"]),
    ]:
        assert shown(html) == lines


def test_a_part_of_a_drawing_that_is_drawn_again_is_read() -> None:
    parts = "<defs><text id=t>Cap $6,540</text><g id=g><text>Floor $1</text></g></defs><symbol id=s><text>Sum</symbol>"
    html = f"<svg>{parts}<use href='#t'/><use xlink:href='#g'/><use href='#t'/><use href='#s'/><use href='x'/></svg>End"
    assert shown(html) == ["Cap $6,540", "Floor $1", "Cap $6,540", "Sum", "End"]
    assert shown("<svg><defs><g id=a><text>A</text><use href='#a'/></g></defs><use href='#a'/></svg>End")[-1] == "End"


def test_a_tree_that_is_shown_in_the_place_of_another_is_read() -> None:
    tree = "<div><template shadowrootmode=open><p>Deposit $7,100</p>{}</template><p>slotted</p></div>"
    assert shown(tree.format("<slot></slot>")) == ["Deposit $7,100", "slotted"]
    assert (shown(tree.format("")), hidden(tree.format(""))) == (["Deposit $7,100"], ["slotted"])
    assert shown("<template><p>no</p></template><p>yes") == ["yes"]


def test_a_picture_is_its_letters_its_words_or_a_remark() -> None:
    drawing = "<svg xmlns='http://www.w3.org/2000/svg'><title>no</title><text>Rent is $9,300</text></svg>"
    picture = Image.new("L", (900, 200), 255)
    brush = ImageDraw.Draw(picture)
    for number, said in enumerate(["Rent is payable monthly in advance", "The yearly rent is $12,345,678.00"]):
        brush.text((10, 20 + 40 * number), said, fill=0, font=ImageFont.load_default(size=24))
    held = io.BytesIO()
    picture.save(held, "PNG")
    svg, png = (
        f"data:image/svg+xml,{quote(drawing)}",
        f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}",
    )
    for html, lines, remarks in [
        (f"<img src='{svg}'>", ["Rent is $9,300"], 0),
        (f"<img src='data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}'>", ["Rent is $9,300"], 0),
        (f'<div style="background: url({svg})">a</div>', ["a"], 1),
        ("Price <img src=price.png alt='$4,250'> net", ["Price $4,250 net"], 0),
        (f"<img src='{png}' alt='a table'>", [], 1),
        (f"<img src=' {png}'>", [], 1),
        (f"<img srcset='{png} 1x'>", [], 1),
        (f"<img src='data:image/png,{quote(held.getvalue())}'>", [], 1),
        (f"<svg><image href='{png}'/></svg>", [], 1),
        (f"<input type=image src='{png}'>", [], 1),
        (f"<style>p {{background: URL({png})}}</style><p>a</p><p style='background: url(\"{png}\")'>b", ["a", "b"], 1),
        (f"<script>'{png}'</script><!-- '{png}' --><p>a", ["a"], 0),
    ]:
        found = text_lines(html)
        assert [line for line in found.lines if isinstance(line, str)] == lines
        assert [(one.kind, one.detail) for one in found.remarks] == [
            (RemarkKind.NOT_READ, "a picture with text")
        ] * remarks


def test_counters_of_a_style_sheet_have_levels() -> None:
    sheet = (
        "<style>ol {counter-reset: c; list-style: none} li::before {counter-increment: c;"
        " content: counters(c, '.') ' '} .m li::before {content: none}"
        " .m li::marker {content: counters(list-item, '.') ') '}</style>"
    )
    nested = "<ol{}><li>Term<ol><li>Start<li>End</ol><li>Rent<ol><li>Base</ol></ol>"
    assert shown(sheet + nested.format("")) == ["1 Term", "1.1 Start", "1.2 End", "2 Rent", "2.1 Base"]
    marked = shown(sheet + nested.format(" class=m"))
    assert marked == ["1) Term", "1.1) Start", "1.2) End", "2) Rent", "2.1) Base"]
    parts = (
        "<style>h1 {counter-reset: s; counter-increment: h} h2::before {counter-increment: s; content: counter(h) '.'"
    )
    parts += " counter(s) ' '} body {counter-reset: h}</style><h1>A</h1><h2>a</h2><h2>b</h2><h1>B</h1><h2>c</h2>"
    assert shown(parts) == ["A", "1.1 a", "1.2 b", "B", "2.1 c"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Rent 1<span style='position:absolute; left:200px'>200</span>", "Rent 1 200"),
        ("Rent 1<span style='float:right'>200</span>", "Rent 1 200"),
        ("Rent 1<span style='margin-left:2em'>200</span>", "Rent 1 200"),
        ("Rent <span style='padding:0 10px'>1</span>200", "Rent 1 200"),
        ("<span style='display:inline-block; width:90px'>Rent 1</span><span>200</span>", "Rent 1 200"),
        ("<p style='display:flex; justify-content:space-between'><b>Rent 1</b><b>200</b>", "Rent 1 200"),
        ("Rent 1<img src=space.gif width=90>200", "Rent 1 200"),
        ("$<span style='padding:1px'>5</span>,<b style='margin:0'>000</b>", "$5,000"),
        ("$<span style='display:inline-block'>5</span>,<span class=x>000</span>", "$5,000"),
    ],
)
def test_what_is_drawn_apart_is_no_part_of_a_figure(html: str, text: str) -> None:
    assert shown(html) == [text]


def test_pre_keeps_its_lines_and_columns() -> None:
    assert shown("<pre>\nRent      $5,000\nTerm\t3 years</pre>Then") == ["Rent      $5,000", "Term    3 years", "Then"]
    assert shown("<div style='white-space: pre-wrap'>a\nb</div>") == ["a", "b"]
    assert shown("<textarea>a\nb</textarea>") == ["a", "b"]


def test_a_table_is_a_line_for_each_row() -> None:
    html = "<table><tr><td><p>Rent</p><p>net</p><td><div>$5,000</div><tr><th>Term<td>3 years</table>"
    assert shown(html) == ["Rent net\t$5,000", "Term\t3 years"]
    layout = "<table><tr><td>" + "<p>left</p>" * 30 + "<td>" + "<p>right</p>" * 30 + "</table>"
    assert shown(layout) == ["left"] * 30 + ["right"] * 30
    assert shown("<table><tr><td><p>a</p><p>b</p></table>") == ["a", "b"]


def test_a_form_shows_what_is_filled_in() -> None:
    html = (
        "Rent <input value='$7,000'> <input type=checkbox checked> net <input type=hidden value=no> "
        "<select><option>30<option selected>90</select> days <select><option label='Beta'>B</select>"
    )
    assert shown(html) == ["Rent $7,000 ☒ net 90 days Beta"]
    html = "<select multiple><option>30<option selected>90</select><fieldset><legend>Fee 1</legend>200"
    assert shown(html) == ["☐ 30 ☒ 90", "Fee 1", "200"]


@pytest.mark.parametrize(
    "html",
    [
        "<p hidden>SECRET</p>",
        "<style>.x, .y {color: red; display: none}</style><p class='a x'>SECRET",
        "<style>div p {visibility: hidden}</style><div><p>SECRET</div>",
        "<p style='color: #fff'>SECRET",
        "<div style='background: black'><font color='#000000'>SECRET</font></div>",
        "<p style='font-size: 0px'>SECRET",
        "<p style='opacity:0'>SECRET",
        "<p style='position:absolute; left:-9999px'>SECRET",
        "<div style='height:0; overflow:hidden'>SECRET</div>",
        "<p style='color:transparent'>SECRET",
    ],
)
def test_what_nobody_sees_is_no_text_and_is_kept_as_hidden(html: str) -> None:
    assert shown(f"<p>Seen.</p>{html}</p>") == ["Seen."]
    assert hidden(f"<p>Seen.</p>{html}</p>") == ["SECRET"]


@pytest.mark.parametrize(
    "html",
    [
        "<div style='background:#000; color:#fff'>SEEN</div>",
        "<b style='visibility:hidden'><i style='visibility:visible'>SEEN</i></b>",
        "<style>p {display:none} p {display:block}</style><p>SEEN</p>",
        "<style>@media print {p {display:none}}</style><p>SEEN</p>",
        "<details><summary>SEEN</summary></details>",
        "<p style='text-indent:-36pt'>SEEN",
        "<iframe srcdoc='<p>SEEN</p>'></iframe>",
    ],
)
def test_what_is_shown_is_never_dropped(html: str) -> None:
    assert "SEEN" in "\n".join(shown(html))


def test_an_embedded_page_is_said_on_the_row(tmp_path: Path) -> None:
    for html in ("<iframe src=terms.html>", "<frameset><frame src=a.html></frameset>", "<object data=a.pdf></object>"):
        assert kinds(text_lines(html).remarks) == [RemarkKind.NOT_READ]
    path = tmp_path / "page.html"
    path.write_text("<p>Lease</p><embed src=terms.pdf>")
    text, remarks = read_whole(path)
    assert (text, kinds(remarks)) == ("Lease", [RemarkKind.NOT_READ])


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("<p>Fee <bdo dir=rtl>000,5$</bdo> now.", ["Fee $5,000 now."]),
        ("<p>Fee <i style='unicode-bidi:bidi-override;direction:rtl'>00<b>0,5</b>$</i> now.", ["Fee $5,000 now."]),
        ("<p>Fee \u202e000,5$\u202c now, \u202e6$", ["Fee $5,000 now, $6"]),
        ("<p>Fee <bdo dir=ltr>$5</bdo> <bdi dir=rtl>$6</bdi>", ["Fee $5 $6"]),
    ],
)
def test_letters_that_run_backwards_are_read_as_they_are_seen(tmp_path: Path, page: str, lines: list[str]) -> None:
    path = tmp_path / "a.html"
    path.write_text(page, "utf-8")
    assert text_of(path).split("\n") == lines


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("display:flex", ["second", "first", "last"]),
        ("display:flex;flex-direction:row-reverse", ["first", "second", "last"]),
        ("display:flex;flex-flow:column-reverse wrap", ["first", "second", "last"]),
        ("display:block;flex-direction:row-reverse", ["second", "first", "last"]),
    ],
)
def test_boxes_are_read_in_the_order_in_which_they_are_drawn(style: str, lines: list[str]) -> None:
    assert shown(f"<div style='{style}'><p>second<p>first</div><p>last") == lines


def test_boxes_have_the_order_that_a_style_sheet_gives_them() -> None:
    for display in ("flex", "grid", "inline-flex"):
        sheet = f"<style>div{{display:{display}}} .a{{order:2}} .b{{order:-1}}</style>"
        page = "<div><p class=a>third <b>$3</b><p class=b>first<p>second</div><p class=b>last"
        assert shown(sheet + page) == ["first", "second", "third $3", "last"]


@pytest.mark.parametrize(
    ("rule", "marks"),
    [
        ("system:extends decimal;prefix:'Article ';suffix:': '", ["Article 1: ", "Article 2: ", "Article 3: "]),
        ("system:extends upper-roman;suffix:')'", ["I) ", "II) ", "III) "]),
        ("system:fixed;symbols:'A1' 'B1';suffix:' '", ["A1 ", "B1 ", "3 "]),
        ("system:cyclic;symbols:§ '*';suffix:''", ["§", "*", "§"]),
        ("system:numeric;symbols:'0' '1';pad:3 '0'", ["001. ", "010. ", "011. "]),
        ("system:alphabetic;symbols:x y", ["x. ", "y. ", "xx. "]),
        ("symbols:'*' '\\2020 ';suffix:' '", ["* ", "† ", "** "]),
        ("system:additive;additive-symbols: 2 b, 1 a", ["a. ", "b. ", "ba. "]),
    ],
)
def test_a_page_may_define_the_numbers_of_its_lists(rule: str, marks: list[str]) -> None:
    """They were read as 1., 2., 3."""
    page = f"<style>@counter-style Own {{{rule}}} ol {{ list-style: Own inside }}</style><ol><li>x<li>x<li>x</ol>"
    assert shown(page) == [f"{mark}x" for mark in marks]


def test_one_form_of_a_drawing_is_read() -> None:
    switch = "<text systemLanguage='de'>Miete</text><text systemLanguage='en-GB,fr'>Rent</text><text>Other</text>"
    page = f"<svg><switch>{switch}</switch></svg>"
    assert (shown(page), hidden(page)) == (["Rent"], ["Miete", "Other"])
    draw = "<svg><switch><foreignObject><p>Rent $5</p></foreignObject><text>No SVG</text></switch></svg>"
    assert shown(draw) == ["Rent $5"]


def test_the_foot_of_a_table_is_its_end_and_its_title_its_beginning() -> None:
    rows = "<tr><td>{}<td>$5</tr>".format
    table = f"<tfoot>{rows('Total')}</tfoot><tbody>{rows('Rent')}</tbody><caption>Fees</caption>"
    assert shown(f"<table>{table}</table>") == ["Fees", "Rent\t$5", "Total\t$5"]


def test_a_number_after_a_fraction_or_power_is_no_part_of_it() -> None:
    half = "<mfrac><mn>1</mn><mn>2</mn></mfrac>"
    power = "<msup><mn>10</mn><mn>3</mn></msup>"
    assert shown(f"<math>{half}<mn>5</mn></math>") == ["1/2 5"]
    assert shown(f"<math>{half}{power}</math>") == ["1/2 10^3"]
    assert shown(f"<math><msup><mi>x</mi><mn>2</mn></msup><mrow><mn>5</mn>{half}</mrow></math>") == ["x^2 5 1/2"]


def test_quotes_of_an_element_are_there_and_a_rule_for_no_container_holds_for_nothing() -> None:
    page = "<style>@container (min-width:1px){p{display:none}}</style><p><q>Term</q> means a year."
    assert shown(page) == ["“Term” means a year."]
