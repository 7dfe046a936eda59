"""DOCX: the text that Word would print, numbers included, every change accepted. Files are built part by part."""

import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest

from columnist.settings import Settings
from tests.documents.docx import MAIN, NAMES, OFFICE, abstract, level, num, p, r, relations_of, write_docx
from tests.documents.readers import read, refused


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(COLUMNIST_DATA_DIR=tmp_path / "data")


def lines(settings: Settings, tmp_path: Path, body: str, **parts: Any) -> list[str]:
    pages = read(settings, write_docx(tmp_path / "a.docx", body, **parts))
    return "\n\f\n".join(page.text for page in pages).split("\n")


def test_a_contract_outline_is_numbered_as_word_numbers_it(settings: Settings, tmp_path: Path) -> None:
    outline = abstract(
        0,
        level(0, "decimal", "%1."),
        level(1, "decimal", "%1.%2"),
        level(2, "lowerLetter", "(%3)"),
        level(3, "lowerRoman", "(%4)"),
    )
    body = (
        p("Definitions", num="1")
        + p("Terms", num="1", level=1)
        + p("Meanings", num="1", level=1)
        + p("one", num="1", level=2)
        + p("two", num="1", level=2)
        + p("deep", num="1", level=3)
        + p("not numbered")
        + p("deeper", num="1", level=3)
        + p("three", num="1", level=2)
        + p("anew", num="1", level=3)
        + p("Rent", num="1")
        + p("Amount", num="1", level=1)
        + p("first", num="1", level=2)
    )
    assert lines(settings, tmp_path, body, numbering=outline + num(1, 0)) == [
        "1. Definitions",
        "1.1 Terms",
        "1.2 Meanings",
        "(a) one",
        "(b) two",
        "(i) deep",
        "not numbered",
        "(ii) deeper",
        "(c) three",
        "(i) anew",
        "2. Rent",
        "2.1 Amount",
        "(a) first",
    ]


def test_lists_share_go_on_and_start_anew_as_their_instances_say(settings: Settings, tmp_path: Path) -> None:
    numbering = (
        abstract(0, level(0, "decimal", "%1."))
        + abstract(
            1, level(0, "upperRoman", "%1.", start=4), level(1, "decimal", "%2)", more='<w:lvlRestart w:val="0"/>')
        )
        + num(1, 0)
        + num(2, 0)
        + num(3, 0, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>')
        + num(4, 1)
    )
    body = (
        p("a", num="1")
        + p("b", num="2")  # another instance of the same list goes on
        + p("c", num="3")  # one that overrides its start begins there, once
        + p("d", num="3")
        + p("e", num="4")
        + p("f", num="4", level=1)
        + p("g", num="4")
        + p("h", num="4", level=1)  # never restarted
        + p("i", num="9")  # there is no such list
        + p("j", num="0")
    )
    assert lines(settings, tmp_path, body, numbering=numbering) == [
        "1. a",
        "2. b",
        "7. c",
        "8. d",
        "IV. e",
        "1) f",
        "V. g",
        "2) h",
        "i",
        "j",
    ]


def test_headings_are_numbered_by_their_styles(settings: Settings, tmp_path: Path) -> None:
    numbering = abstract(
        5,
        level(0, "upperRoman", "ARTICLE %1", more='<w:pStyle w:val="H1"/>'),
        level(1, "decimal", "Section %1.%2", more='<w:pStyle w:val="H2"/><w:isLgl/><w:suff w:val="space"/>'),
    ) + num(3, 5)
    numbered = '<w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr>'
    styles = (
        f'<w:style w:type="paragraph" w:styleId="H1">{numbered}</w:style>'
        f'<w:style w:type="paragraph" w:styleId="H2"><w:basedOn w:val="H1"/>{numbered}</w:style>'
        '<w:style w:type="paragraph" w:styleId="H2b"><w:basedOn w:val="H2"/></w:style>'
    )
    body = (
        p("Term", style="H1")
        + p("Start", style="H2")
        + p("Rent", style="H1")
        + p("Base", style="H2")
        + p("More", style="H2b")
        + p("plain", style="H1", properties='<w:numPr><w:numId w:val="0"/></w:numPr>')
    )
    assert lines(settings, tmp_path, body, numbering=numbering, styles=styles) == [
        "ARTICLE I Term",
        "Section 1.1 Start",
        "ARTICLE II Rent",
        "Section 2.1 Base",
        "Section 2.2 More",
        "plain",
    ]


@pytest.mark.parametrize(
    ("format_", "start", "shown"),
    [
        ("upperLetter", 28, "BB"),
        ("lowerRoman", 49, "xlix"),
        ("decimalZero", 7, "07"),
        ("ordinal", 22, "22nd"),
        ("ordinal", 13, "13th"),
        ("cardinalText", 21, "Twenty-one"),
        ("ordinalText", 20, "Twentieth"),
        ("ordinalText", 3, "Third"),
        ("chineseCounting", 3, "三"),
        ("bullet", 1, "•"),
        ("none", 1, ""),
    ],
)
def test_number_formats(settings: Settings, tmp_path: Path, format_: str, start: int, shown: str) -> None:
    text = "\uf0b7" if format_ == "bullet" else "%1"
    numbering = abstract(0, level(0, format_, text, start)) + num(1, 0)
    assert lines(settings, tmp_path, p("x", num="1"), numbering=numbering) == [f"{shown} x".strip()]


def test_tracked_changes_are_accepted(settings: Settings, tmp_path: Path) -> None:
    def mark(change: str) -> str:
        return f'<w:rPr><w:{change} w:id="1"/></w:rPr>'

    gone = '<w:del w:id="2"><w:r><w:delText>thirty</w:delText></w:r></w:del>'
    new = f'<w:ins w:id="3">{r("sixty")}</w:ins>'
    numbering = abstract(0, level(0, "decimal", "%1.")) + num(1, 0)
    body = (
        p("The term is ", gone, new, " days.", num="1")
        + p("Joined ", num="1", properties=mark("del"))
        + p("with this.", num="1")
        + p(
            '<w:del w:id="4"><w:r><w:delText>A whole paragraph.</w:delText></w:r></w:del>',
            num="1",
            properties=mark("del"),
        )
        + p(f'<w:moveTo w:id="5">{r("Moved here.")}</w:moveTo>', num="1")
        + p(f'<w:moveFrom w:id="6">{r("Moved away.")}</w:moveFrom>', properties=mark("moveFrom"))
        + "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>"
        + p("deleted row")
        + "</w:tc></w:tr>"
        "<w:tr><w:trPr><w:ins/></w:trPr><w:tc>" + p("new row") + "</w:tc></w:tr></w:tbl>" + p("Last.", num="1")
    )
    assert lines(settings, tmp_path, body, numbering=numbering) == [
        "1. The term is sixty days.",
        "2. Joined with this.",
        "3. Moved here.",
        "new row",
        "4. Last.",
    ]


def test_what_is_printed_is_read_and_what_is_not_is_not(settings: Settings, tmp_path: Path) -> None:
    def field(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    instruction = "<w:r><w:instrText> REF _x \\h </w:instrText></w:r>"
    box = f"<w:txbxContent>{p('In a box.')}</w:txbxContent>"
    drawing = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing>'
        "</mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    box_to_tick = "<w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>"
    ticked = f'<w:r><w:fldChar w:fldCharType="begin">{box_to_tick}</w:fldChar></w:r>'
    control = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = (
        p("See Section ", field("begin"), instruction, field("separate"), "4.2", field("end"), " above.")
        + p(
            '<w:fldSimple w:instr="DATE">' + r("May 8, 2014") + "</w:fldSimple>",
            " at ",
            f'<w:hyperlink r:id="x">{r("example.org")}</w:hyperlink>',
        )
        + p(field("begin"), instruction, "torn")
        + p("Before the box.", drawing)
        + p(ticked, instruction, field("end"), " agreed")
        + control.format(p("Tenant: ", control.format(r("Acme"))))
        + p('<w:commentRangeStart w:id="0"/>', "commented", '<w:r><w:commentReference w:id="0"/></w:r>')
        + p(
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>",
            "<w:r><w:t>a</w:t><w:tab/><w:t>non</w:t><w:noBreakHyphen/><w:t>US</w:t></w:r>",
        )
        + p('<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>', " no")
    )
    comments = f'<w:comment w:id="0">{p("What a reviewer thinks.")}</w:comment>'
    assert lines(settings, tmp_path, body, comments=comments) == [
        "See Section 4.2 above.",
        "May 8, 2014 at example.org",
        "",
        "Before the box.",
        "In a box.",
        "☒ agreed",
        "Tenant: Acme",
        "commented",
        "a\tnon-US",
        "☐ no",
    ]


def test_rows_are_lines_and_a_table_in_a_cell_is_in_its_cell(settings: Settings, tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>"

    inner = "<w:tbl>" + row(p("Year 1"), p("$100")) + row(p("Year 2"), p("$110")) + "</w:tbl>" + p("")
    body = (
        p("Rent:")
        + "<w:tbl>"
        + row(p("Item"), p("Amount"))
        + f"<w:sdt><w:sdtContent>{row(p('Base'), p('as follows') + inner)}</w:sdtContent></w:sdt>"
        + row(p(""), p(""))
        + "</w:tbl>"
        + p("End.")
    )
    assert lines(settings, tmp_path, body) == [
        "Rent:",
        "Item\tAmount",
        "Base\tas follows Year 1 $100 Year 2 $110",
        "End.",
    ]


def test_notes_are_marked_where_they_are_and_stand_at_the_end(settings: Settings, tmp_path: Path) -> None:
    def reference(kind: str, number: int) -> str:
        return f'<w:r><w:{kind}Reference w:id="{number}"/></w:r>'

    body = p("The fee", reference("footnote", 2), " is due", reference("endnote", 1), ".") + p(
        '<w:del w:id="1">' + reference("footnote", 4) + "</w:del>", "Late fees", reference("footnote", 3), " apply."
    )
    footnotes = "".join(
        f'<w:footnote w:id="{number}">{p("<w:r><w:footnoteRef/></w:r>", text)}</w:footnote>'
        for number, text in [(2, " Net of tax."), (3, " Five percent."), (4, " Deleted.")]
    )
    endnotes = f'<w:endnote w:id="1">{p("On the first day.")}</w:endnote>'
    assert lines(settings, tmp_path, body, footnotes=footnotes, endnotes=endnotes) == [
        "The fee[1] is due[i].",
        "Late fees[2] apply.",
        "[1] Net of tax.",
        "[i] On the first day.",
        "[2] Five percent.",
    ]


def test_headers_and_footers_come_once_a_section(settings: Settings, tmp_path: Path) -> None:
    def section(*references: str, more: str = "") -> str:
        inner = "".join(
            f'<w:{name.rstrip("0123456789")}Reference w:type="{kind}" r:id="{name}"/>'
            for kind, name in (one.split() for one in references)
        )
        return f"<w:sectPr>{inner}{more}</w:sectPr>"

    body = (
        p("One.")
        + p("Two.", properties=section("default header1", "first header2", "default footer1", "even header3"))
        + p("Three.", properties=section(more='<w:type w:val="continuous"/>'))  # it has the previous headers
        + p("Schedule.", properties="<w:pageBreakBefore/>")
        + p('<w:r><w:t>Four.</w:t><w:br w:type="page"/><w:t>Five.</w:t></w:r>')
        + section("default header4", "first header2", more="<w:titlePg/>")
    )
    parts = {
        "header1": p("CONFIDENTIAL"),
        "header2": p("First page"),
        "header3": p("Even page"),
        "header4": p("Schedule A"),
        "footer1": p("Page ", '<w:fldSimple w:instr="PAGE">' + r("1") + "</w:fldSimple>"),
    }
    assert lines(settings, tmp_path, body, **parts) == [
        "CONFIDENTIAL",
        "One.",
        "Two.",
        "Page 1",
        "Three.",
        "\f",
        "Schedule A",
        "First page",
        "Schedule.",
        "Four.",
        "\f",
        "Five.",
    ]


def test_what_python_docx_writes_is_read(settings: Settings, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("First", style="List Number")
    document.add_paragraph("Second", style="List Number")
    document.add_paragraph("Point", style="List Bullet")
    path = tmp_path / "made.docx"
    document.save(str(path))
    (page,) = read(settings, path)
    assert page.text.split("\n") == ["1. First", "2. Second", "• Point"]


def test_strict_office_files_are_read(settings: Settings, tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("By the strict standard."))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            strict = data.replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main")
            archive.writestr(
                name, strict.replace(OFFICE.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships")
            )
    assert [page.text for page in read(settings, path)] == ["By the strict standard."]


def test_entities_are_neither_resolved_nor_fetched(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a secret of this machine")
    path = tmp_path / "a.docx"
    evil = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt"><!ENTITY a "aaaaaaaaaa">]>'
    document = f"{evil}<w:document {NAMES}><w:body>{p('&e;&a;') + p('visible')}</w:body></w:document>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/other.xml", document)
        archive.writestr(
            "_rels/.rels",
            relations_of(f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="word/other.xml"/>'),
        )
    pages = read(settings, path)
    assert "secret" not in pages[0].text
    assert "aaaa" not in pages[0].text
    assert "visible" in pages[0].text


@pytest.mark.parametrize(
    ("body", "words"),
    [("<w:p>", "cannot be parsed"), ("", "no text"), ("<w:tbl>" * 300 + "</w:tbl>" * 300, "damaged")],
)
def test_a_damaged_docx_is_one_clear_error(settings: Settings, tmp_path: Path, body: str, words: str) -> None:
    refused(settings, write_docx(tmp_path / "a.docx", body), words)


def test_a_torn_docx_is_one_clear_error(settings: Settings, tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("Some text. " * 2000))
    path.write_bytes(path.read_bytes()[:-200])
    refused(settings, path, "damaged")


def test_a_zip_of_a_version_to_come_is_one_clear_error(settings: Settings, tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("Some text."))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 249
    path.write_bytes(data)
    refused(settings, path, "claims to be a DOCX, but is damaged")
