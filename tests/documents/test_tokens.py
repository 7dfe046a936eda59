"""Estimated tokens against the counts of Qwen's tokenizer, which were made once."""

import csv
from pathlib import Path

import pytest

from columnist.documents.tokens import SAMPLE_CHARACTERS, estimated_tokens, tokens_of_pages
from tests.conftest import contract_pages

CASES = Path(__file__).parent / "token_cases.csv"
SENTENCES = {row[0]: int(row[1]) for row in list(csv.reader(CASES.read_text(encoding="utf-8").splitlines()))[1:]}
CONTRACTS = {
    "ADUROBIOTECH,INC_06_02_2020-EX-10.7-CONSULTING AGREEMENT.PDF": 2501,
    "BNLFINANCIALCORP_03_30_2007-EX-10.8-OUTSOURCING AGREEMENT.PDF": 8744,
    "CUROGROUPHOLDINGSCORP_05_04_2020-EX-10.3-SERVICING AGREEMENT.PDF": 7959,
    "HPILHOLDING_01_07_2015-EX-99.1-COOPERATION AGREEMENT.PDF": 3987,
    "UAGHINC_04_14_2004-EX-10.18-MAINTENANCE AGREEMENT.PDF": 3819,
    "GluMobileInc_20070319_S-1A_EX-10.09_436630_EX-10.09_Content License Agreement2.pdf": 2916,
}


@pytest.mark.parametrize(("sentence", "counted"), SENTENCES.items())
def test_a_text_of_any_script_is_estimated_within_a_quarter(sentence: str, counted: int) -> None:
    assert 0.75 < estimated_tokens(sentence * 20) / counted < 1.25


@pytest.mark.parametrize(("name", "counted"), CONTRACTS.items())
def test_a_contract_is_estimated_within_fifteen_percent(name: str, counted: int) -> None:
    assert 0.85 < tokens_of_pages([page.text for page in contract_pages(name)]) / counted < 1.15


def test_a_long_document_is_estimated_by_some_of_its_pages() -> None:
    page = "The parties agree to what follows in the sections below. " * 50
    pages = [page] * (5 * SAMPLE_CHARACTERS // len(page))
    assert tokens_of_pages(pages) == pytest.approx(len(pages) * estimated_tokens(page), rel=0.02)
