"""Office files as packages: however a part is named or encoded, it is read, or the file is a red row."""

import base64
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from columnist.documents.model import RemarkKind
from columnist.documents.reading import formats
from columnist.documents.reading.child import read_file
from columnist.errors import DocumentError
from tests.documents.docx import OFFICE, abstract, level, num, p, write_docx

PKG = 'xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"'
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)
STRICT = ("http://schemas.openxmlformats.org/spreadsheetml/2006", "http://purl.oclc.org/ooxml/spreadsheetml")


def text(packed: io.BytesIO, name: str) -> str:
    """The text of a file, without its last line break."""
    _, pages = read_file(packed, name, 10)
    return "\n".join(page.text for page in pages)


def renamed(path: Path, old: str, new: str) -> io.BytesIO:
    """The same package with `old` in its names and references replaced by `new`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            after.writestr(name.replace(old, new), before.read(name).replace(old.encode(), new.encode()))
    return packed


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8"])
@pytest.mark.parametrize("is_strict", [False, True])
def test_a_part_may_have_any_encoding_of_xml(tmp_path: Path, encoding: str, *, is_strict: bool) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("Sheet")
        sheet.write_row(0, 0, ["Rent", 5000])
        sheet.set_header("&CLease")
    packed = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = data.decode().partition("?>")[2]
                content = content.replace(*STRICT) if is_strict else content
                data = f'<?xml version="1.0" encoding="{encoding[:6].rstrip("-")}"?>{content}'.encode(encoding)
            after.writestr(name, data)
    assert text(packed, "a.xlsx").split("\n") == ["Sheet: Sheet", "Lease", "Rent\t5000"]


def test_blanks_before_a_part_cost_no_text(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("The fee is £5."))
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            after.writestr(name, b'\r\n <?xml version="1.0"?>' + before.read(name))
    assert text(packed, "a.docx") == "The fee is £5."


@pytest.mark.parametrize(
    ("written", "shown", "remarks"),
    [
        (b"$5&#x1;000", "$5�000", [(RemarkKind.UNDECODABLE, 1)]),
        (b"$5&#11;000&#x1F;", "$5�000�", [(RemarkKind.UNDECODABLE, 2)]),
        (b"$5\x0b000", "$5�000", [(RemarkKind.UNDECODABLE, 1)]),
        (b"caf\xe9 $5 \xc2\xa3", "caf� $5 £", [(RemarkKind.UNDECODABLE, 1)]),
        (b"&#9;&#x20AC;5 &#38;#1;", "\t€5 &#1;", []),
    ],
)
def test_what_xml_does_not_allow_costs_no_other_text(
    tmp_path: Path, written: bytes, shown: str, remarks: list[tuple[RemarkKind, int]]
) -> None:
    path = write_docx(tmp_path / "a.docx", p("Fee: THIS."))
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b"THIS", written))
    _, (page,) = read_file(packed, "a.docx", 10)
    assert (page.text, [(one.kind, one.count) for one in page.remarks]) == (f"Fee: {shown}.", remarks)


def test_another_encoding_that_a_part_declares_is_used(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("Fee: THIS."))
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            head = b'<?xml version="1.0" encoding="windows-1252"?>'
            after.writestr(name, head + before.read(name).replace(b"THIS", "café €5".encode("cp1252")))
    _, (page,) = read_file(packed, "a.docx", 10)
    assert (page.text, page.remarks) == ("Fee: café €5.", ())


def test_junk_before_a_package_is_passed_over(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("The fee is $5."))
    assert text(io.BytesIO(b"X-Header: 1\r\n\r\n" + path.read_bytes()), "a.docx") == "The fee is $5."
    with pytest.raises(DocumentError, match="claims to be a DOCX"):
        read_file(io.BytesIO(b"\1\2\3" + path.read_bytes()[:200]), "a.docx", 10)


def test_texts_that_a_part_defines_for_itself_are_said_to_be_missing(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("The fee is $5,&fee;000."))
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            head = b'<!DOCTYPE x [<!ENTITY fee "000,">]>' if name == "word/document.xml" else b""
            after.writestr(name, head + before.read(name))
    _, (page,) = read_file(packed, "a.docx", 10)
    assert [(one.kind, one.detail) for one in page.remarks] == [(RemarkKind.NOT_READ, "entities of word/document.xml")]
    assert page.text == "The fee is $5,�000."


@pytest.mark.parametrize("folder", ["WORD", "Word", "content"])
def test_folders_may_have_any_name(tmp_path: Path, folder: str) -> None:
    path = write_docx(tmp_path / "a.docx", p("The fee is $5."))
    assert text(renamed(path, "word/", f"{folder}/"), "a.docx") == "The fee is $5."


def test_an_open_document_need_not_state_its_type() -> None:
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    words = '<t:p xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0">The fee is $5.</t:p>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:text>{words}</office:text></office:body>"
            "</office:document-content>",
        )
    assert text(packed, "a.odt") == "The fee is $5."


def flat(path: Path, *, is_binary: bool = False) -> io.BytesIO:
    """The package in one XML file, as Word saves it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "[Content_Types].xml"}
    inner = "".join(
        f'<pkg:part pkg:name="/{name}"><pkg:binaryData>{base64.b64encode(data).decode()}</pkg:binaryData></pkg:part>'
        if is_binary
        else f'<pkg:part pkg:name="/{name}"><pkg:xmlData>{data.decode()}</pkg:xmlData></pkg:part>'
        for name, data in parts.items()
    )
    head = '<?xml version="1.0"?>\n<?mso-application progid="Word.Document"?>\n'
    return io.BytesIO(f"{head}<pkg:package {PKG}>{inner}</pkg:package>".encode())


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("name", ["a.xml", "a.docx", "a.doc"])
def test_a_package_in_one_file_shows_what_it_shows_in_word(tmp_path: Path, name: str, *, is_binary: bool) -> None:
    path = write_docx(tmp_path / "a.docx", p("The fee is $5.", "<w:r><w:rPr><w:vanish/></w:rPr><w:t>9</w:t></w:r>"))
    media_type, (page,) = read_file(flat(path, is_binary=is_binary), name, 10)
    assert (media_type, page.text, page.hidden) == (formats.DOCX, "The fee is $5.", "9")


def test_an_open_document_in_one_file_is_read_with_its_pictures() -> None:
    def document(kind: str, body: str) -> io.BytesIO:
        said = f'office:mimetype="application/vnd.oasis.opendocument.{kind}"'
        inner = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        return io.BytesIO(f'<?xml version="1.0"?><office:document {ODF} {said}>{inner}</office:document>'.encode())

    metafile = base64.b64encode(b"\x01\0\0\0 EMF").decode()
    image = f"<draw:image><office:binary-data>{metafile}</office:binary-data></draw:image>"
    size = 'svg:width="9in" svg:height="9in" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
    words = f"<text:p>The fee is £5.<draw:frame {size}>{image}</draw:frame></text:p>"
    _, (page,) = read_file(document("text", words), "a.fodt", 10)
    assert page.text == "The fee is £5."
    assert [(one.kind, one.detail) for one in page.remarks] == [(RemarkKind.NOT_READ, "a large picture")]
    cells = "<table:table><table:table-row><table:table-cell><text:p>5.00</text:p></table:table-cell></table:table-row>"
    assert text(document("spreadsheet", f"{cells}</table:table>"), "a.fods").split("\n")[1] == "5.00"
    slide = "<draw:page><draw:frame><draw:text-box><text:p>Cap: $5</text:p></draw:text-box></draw:frame></draw:page>"
    assert text(document("presentation", slide), "a.fodp") == "Cap: $5"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>', "old Word file"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "old Excel file"),
    ],
)
@pytest.mark.parametrize("name", ["a.xml", "a.xls", "a.docx"])
def test_the_xml_of_2003_is_an_old_office_file_and_no_text(data: bytes, said: str, name: str) -> None:
    with pytest.raises(DocumentError, match=f"{said}, which needs LibreOffice"):
        read_file(io.BytesIO(data), name, 10)
    assert formats.is_taken_in(io.BytesIO(data), name)


def test_other_xml_is_text() -> None:
    assert text(io.BytesIO(b"<package><fee>$5</fee></package>"), "a.xml") == "<package><fee>$5</fee></package>"


def without(path: Path, *names: str) -> io.BytesIO:
    """The same package without some parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            if name not in names:
                after.writestr(name, before.read(name))
    return packed


def cut(path: Path, name: str, after_text: str) -> io.BytesIO:
    """The same package with a part that ends after a text."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(packed, "w") as after:
        for one in before.namelist():
            data = before.read(one)
            after.writestr(one, data[: data.index(after_text.encode()) + len(after_text)] if one == name else data)
    return packed


def damaged(path: Path, name: str) -> io.BytesIO:
    """The same package, with other bytes in a part than its checksum says."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(name).header_offset + 30 + len(name)
    data[start + 10 : start + 14] = b"\xff\xff\xff\xff"
    return io.BytesIO(bytes(data))


def read_with(packed: io.BytesIO, name: str) -> tuple[str, list[str]]:
    """The text and the remarks of a file."""
    _, pages = read_file(packed, name, 10)
    read = list(pages)
    return "\n".join(page.text for page in read), [one.detail for page in read for one in page.remarks]


ROOT, MAIN_PART = "_rels/.rels", "word/document.xml"
LIST = f"the list of parts, {MAIN_PART}"


def numbered(tmp_path: Path) -> Path:
    """A DOCX whose list has numbers, in a part of their own."""
    body = p("The rent.", num="1") + p("It is $5,000.", num="1")
    return write_docx(tmp_path / "a.docx", body, numbering=abstract(0, level(0, "decimal", "%1.")) + num(1, 0))


@pytest.mark.parametrize("gone", [(ROOT,), ("word/_rels/document.xml.rels",), (ROOT, "word/_rels/document.xml.rels")])
def test_parts_are_found_without_their_list(tmp_path: Path, gone: tuple[str, ...]) -> None:
    """Without the list of the document's parts its numbers were lost in silence."""
    text, said = read_with(without(numbered(tmp_path), *gone), "a.docx")
    assert text == "1. The rent.\n2. It is $5,000."
    assert said == [f"the list of parts, {ROOT}"] * (ROOT in gone) + [LIST] * (gone[-1] != ROOT)


def test_a_document_that_breaks_off_is_read_to_there_and_said(tmp_path: Path) -> None:
    text, said = read_with(cut(numbered(tmp_path), MAIN_PART, "It is $5,0"), "a.docx")
    assert text.split("\n")[0] == "1. The rent."
    assert "$5,0" not in text  # it is no amount of the document
    assert said == [f"the rest of a damaged part, {MAIN_PART}"]


def test_a_sheet_that_breaks_off_does_not_stop_the_others(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"in_memory": True}) as book:
        for name in ("A", "B"):
            book.add_worksheet(name).write_column(0, 0, [f"{name} 1", 5000, 6000])
    sheet = "xl/worksheets/sheet1.xml"
    text, said = read_with(cut(tmp_path / "a.xlsx", sheet, "<v>60"), "a.xlsx")
    assert text.split("\n") == ["Sheet: A", "A 1", "5000", "Sheet: B", "B 1", "5000", "6000"]
    assert f"the rest of a damaged part, {sheet}" in said


@pytest.mark.parametrize("part", ["word/numbering.xml", "docProps/app.xml", MAIN_PART])
def test_a_damaged_part_does_not_stop_the_rest(tmp_path: Path, part: str) -> None:
    path = numbered(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("docProps/app.xml", "<Properties>" + "x" * 99 + "</Properties>")
        relation = f'<Relationship Id="b" Type="{OFFICE}/extended-properties" Target="docProps/app.xml"/>'
    packed = without(path, ROOT)
    with zipfile.ZipFile(packed, "a") as archive:
        root = zipfile.ZipFile(path).read(ROOT).decode().replace("</Relationships>", f"{relation}</Relationships>")
        archive.writestr(ROOT, root)
    path.write_bytes(packed.getvalue())
    if part == MAIN_PART:
        with pytest.raises(DocumentError, match="damaged"):
            read_with(damaged(path, part), "a.docx")
        return
    text, said = read_with(damaged(path, part), "a.docx")
    assert "It is $5,000." in text
    assert said == [f"a damaged part, {part}"]
