"""Content of a file that no reader has read is counted, separately from reading: one check per format."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pptx
import pytest

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.child import read_file
from columnist.documents.reading.pdf.pages import lost_between
from tests.documents.cases.odf import cell, p, pages, row, table
from tests.documents.cases.pdfs import line, write_pdf
from tests.documents.cases.pptx import box
from tests.documents.cases.test_rtf import HEAD
from tests.documents.docx import p as paragraph
from tests.documents.docx import with_parts, write_docx

WORDS = b'<k:root xmlns:k="urn:new" xmlns:a="urn:text"><a:t>The cap is $9,000.</a:t></k:root>'
UNKNOWN = Remark(RemarkKind.NOT_READ, detail="a part of the kind newThing")


def read(path: Path) -> Page:
    _, (page, *_) = read_file(path.open("rb"), path.name, 9)
    return page


def test_a_part_of_an_unknown_kind_with_words_is_said(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", paragraph("See below."))
    assert read(with_parts(path, i=("newThing", "thing.xml", WORDS))).remarks == (UNKNOWN,)
    path = write_docx(tmp_path / "b.docx", paragraph("See below."))
    assert read(with_parts(path, i=("theme", "thing.xml", WORDS))).remarks == ()


@pytest.mark.parametrize(("kind", "part"), [("xlsx", "xl/worksheets/sheet1.xml"), ("pptx", "ppt/slides/slide1.xml")])
def test_so_is_one_of_a_sheet_or_a_slide(tmp_path: Path, kind: str, part: str) -> None:
    saved = io.BytesIO()
    if kind == "xlsx":
        book = openpyxl.Workbook()
        book.worksheets[0]["A1"] = "Rent"
        book.save(saved)
    else:
        deck = pptx.Presentation()
        box(deck.slides.add_slide(deck.slide_layouts[6]), "Rent")
        deck.save(saved)
    folder, _, name = part.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / f"a.{kind}", "w") as new:
        names = [*old.namelist(), *([] if relations in old.namelist() else [relations])]
        for one in names:
            data = old.read(one) if one in old.namelist() else b"<Relationships/>"
            if one == relations:
                added = '<Relationship Id="z" Type="http://x/newThing" Target="thing.xml"/></Relationships>'
                data = data.decode().replace("<Relationships/>", "<Relationships></Relationships>").encode()
                data = data.replace(b"</Relationships>", added.encode())
                space = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                data = data.replace(b"<Relationships>", space)
            new.writestr(one, data)
        new.writestr(f"{folder}/thing.xml", WORDS)
    assert UNKNOWN in read(tmp_path / f"a.{kind}").remarks


def test_cells_that_were_not_read_are_counted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Rent", 5000, "a month", None])
    book.save(tmp_path / "old.xlsx")
    assert not read(tmp_path / "old.xlsx").remarks
    with zipfile.ZipFile(tmp_path / "old.xlsx") as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            wrapped = old.read(name).replace(b'<c r="B1"', b'<new><c r="B1"').replace(b'<c r="C1"', b'</new><c r="C1"')
            new.writestr(name, wrapped)
    page = read(tmp_path / "a.xlsx")
    assert [(one.kind, one.count, one.detail) for one in page.remarks] == [(RemarkKind.LOST, 1, "cells of Sheet")]


@pytest.mark.parametrize("kind", ["text", "spreadsheet", "presentation"])
def test_paragraphs_of_an_open_document_that_were_not_read_are_counted(kind: str) -> None:
    known, unknown = p("The rent."), "<draw:frame><draw:new-thing/><draw:other/></draw:frame>"
    lost = f"<table:table-cell><text:new>{p('The cap is $9,000.')}</text:new></table:table-cell>"
    body = {
        "text": f"{known}{table(row(f'<table:new-cell>{known}</table:new-cell>'))}{unknown}",
        "spreadsheet": table(row(cell(known), lost), attributes="table:name='A'"),
        "presentation": f"<draw:page>{known}{table(row(f'<table:new-cell>{known}</table:new-cell>'))}</draw:page>",
    }[kind]
    page = pages(kind, body + ("<draw:page><draw:frame/></draw:page>" if kind == "presentation" else ""))[-1]
    assert [one.kind for one in page.remarks] == [RemarkKind.LOST]


def test_words_of_an_unknown_destination_of_rtf_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(HEAD + rb"Rent {\*\newthing {\new The cap of liability is nine thousand dollars}}\par}")
    (remark,) = read(path).remarks
    assert (remark.kind, remark.count) == (RemarkKind.LOST, 38)
    path.write_bytes(
        HEAD + rb"Rent {\*\newthing 0105000002000000deadbeefcafe}{\*\docvar {a}{The cap of liability}}\par}"
    )
    assert not read(path).remarks


def test_letters_that_ordering_a_page_loses_are_counted(tmp_path: Path) -> None:
    assert not read(write_pdf(tmp_path / "a.pdf", [line("The rent is $5,000.", 700)])).remarks
    assert not list(lost_between("The rent is 5,0001", "The rent is 5,000[1]", 7))
    assert list(lost_between("The rent is $5,000.", "The rent is", 7)) == [Remark(RemarkKind.LOST, 4, (7,))]
