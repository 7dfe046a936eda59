"""Languages: recognised from a document's own text, unless there is too little of it."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from columnist.documents.how_read import Facts, how_read, page_ranges, remarks_of
from columnist.documents.model import LONGEST_DETAIL, MOST_REMARKS, Page, Remark, RemarkKind, gathered
from columnist.documents.reading.language import language, sample
from columnist.documents.reading.pdf.pages import read_pdf
from tests.conftest import CONTRACTS


def language_of(*texts: str) -> str | None:
    return language(sample(Page(number, text) for number, text in enumerate(texts, start=1)))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Dieser Vertrag wird zwischen den Parteien geschlossen und unterliegt deutschem Recht.", "de"),
        ("Le présent contrat est conclu entre les parties et régi par le droit français.", "fr"),
        ("El presente contrato se celebra entre las partes y se rige por la ley española.", "es"),
        ("Настоящий договор заключён между сторонами и регулируется правом России.", "ru"),
        ("本契約は、甲と乙との間で締結され、日本法に準拠する。", "ja"),
        ("本合同由甲乙双方签订，适用中华人民共和国法律。", "zh"),
        ("THIS AGREEMENT IS GOVERNED BY THE LAWS OF THE STATE OF DELAWARE.", "en"),
        ("", None),
        ("12 45 99.9\n1,000 2,000 3,000", None),
        ("XYZ-123 Corp. Inc. LLC\n12 Main Street", None),
        ("Smith, Jones, Brown, Miller, Davis\nWilson, Moore, Taylor", None),
        ("חוזה זה נערך ונחתם בין הצדדים וכפוף לדיני מדינת ישראל.", "he"),
        ("Dogovor se zaklyuchava mezhdu stranite i se urezhda ot balgarskoto pravo.", None),
    ],
)
def test_a_text_says_which_language_it_is_in_or_that_it_is_too_little(text: str, code: str | None) -> None:
    assert language_of(text) == code


def test_a_cover_in_another_language_does_not_decide() -> None:
    german = "Die Vertragsparteien vereinbaren, dass der Mieter den Mietzins monatlich im Voraus zu zahlen hat. " * 20
    cover = "This cover letter is written in English, and only the cover letter is. " * 20
    assert language_of(cover, *[german] * 9) == "de"


def test_real_contracts_are_in_english() -> None:
    files = [file for file in CONTRACTS.iterdir() if file.suffix.lower() == ".pdf"]
    assert len(files) > 5
    assert {language_of(*_first_pages(file)) for file in files} == {"en"}


def _first_pages(file: Path) -> list[str]:
    return [page.text for page, _ in zip(read_pdf(file.open("rb"), 1_000), range(4), strict=False)]


def test_pages_are_listed_as_ranges_and_a_long_list_is_cut() -> None:
    for numbers, shown in [
        ([7], "7"),
        ([9, 2, 5, 10, 11], "2, 5, 9–11"),
        ([*range(1, 2_001)], "1–2000"),
        ([*range(2, 102, 2)], ", ".join(map(str, range(2, 42, 2))) + ", …"),
    ]:
        assert page_ranges(numbers) == shown


@pytest.mark.parametrize(
    ("media_type", "pages", "sentence"),
    [
        (
            "application/pdf",
            1_200,
            "PDF, 1,200 pages, English; 3 pages read by OCR (2, 5–6); 1 page not read (7), because",
        ),
        ("image/tiff", 2, "Picture, 2 pages, English; 3 pages read by OCR"),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            12,
            "Word document, English, read as",
        ),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            3,
            "Excel workbook, English, read as text and",
        ),
        ("application/vnd.ms-outlook", 1, "E-mail, English, read as text;"),
        ("text/plain", 2, "Text file, English, read as text and cut into 2 pages;"),
    ],
)
def test_one_sentence_says_how_a_document_was_read(media_type: str, pages: int, sentence: str) -> None:
    content: Facts = {
        "media_type": media_type,
        "page_count": pages,
        "language": "en",
        "ocr_pages": 3,
        "ocr_on": [2, 5, 6],
        "unread_pages": 1,
        "unread_on": [7],
        "remarks": [],
    }
    assert (how_read(content) or "").startswith(sentence)


def test_remarks_are_gathered_by_kind_and_detail_and_each_kind_is_one_sentence() -> None:
    remarks = gathered(
        [
            Remark(RemarkKind.HIDDEN, 2, (3,)),
            Remark(RemarkKind.ATTACHMENT, detail="setup.exe"),
            Remark(RemarkKind.HIDDEN, 1, (7,)),
            Remark(RemarkKind.ATTACHMENT, detail="a.zip"),
            Remark(RemarkKind.LOST, 1_200),
        ]
    )
    assert remarks[0] == Remark(RemarkKind.HIDDEN, 3, (3, 7))
    content: Facts = {
        "media_type": "text/plain",
        "page_count": 9,
        "language": "en",
        "ocr_pages": 0,
        "ocr_on": [],
        "unread_pages": 0,
        "unread_on": [],
        "remarks": json.loads(json.dumps([asdict(one) for one in remarks])),
    }
    assert remarks_of(content) == remarks
    assert how_read(content) == (
        "Text file, English, read as text and cut into 9 pages. "
        "Hidden text on pages 3, 7: a person does not see it, so it is neither sent to a model nor evidence. "
        "2 attached files not taken in (setup.exe, a.zip). "
        "1,200 characters of the file missing from the text that was read."
    )


@pytest.mark.parametrize("kind", RemarkKind)
def test_every_kind_of_remark_has_a_sentence_with_its_count_and_page(kind: RemarkKind) -> None:
    content: Facts = {
        "media_type": "application/pdf",
        "page_count": 1,
        "language": None,
        "ocr_pages": 0,
        "ocr_on": [],
        "unread_pages": 0,
        "unread_on": [],
        "remarks": [asdict(Remark(kind, 1, (4,), "chart"))],
    }
    sentence = (how_read(content) or "").partition(". ")[2]
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert "  " not in sentence


def test_a_file_cannot_cause_any_number_of_remarks() -> None:
    many = gathered(Remark(RemarkKind.ATTACHMENT, detail=f"{number} {'x' * 999}") for number in range(9_999))
    assert len(many) == MOST_REMARKS
    assert max(len(one.detail) for one in many) == LONGEST_DETAIL
