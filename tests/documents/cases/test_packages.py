"""Office files as packages: however a part is named or encoded, it is read, or the file is a red row."""

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from columnist.documents.reading.child import read_file
from tests.documents.test_word import p, write_docx

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
