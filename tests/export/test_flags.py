"""Green vouches for an answer: a file is coloured green only if there is a reason for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from columnist.export.files import write_review
from columnist.reviews.model import Cell, ColumnSpec, Flag, GridRow

COLUMN = UUID(int=1)
GREEN, YELLOW = "FFE2F0D9", "FFFFF2CC"


def colour(target: Path, flag: Flag, **changes: Any) -> str | None:
    """The fill of an answer with this flag in an XLSX file; `qwen` is measured, other models are not."""

    async def rows() -> AsyncIterator[GridRow]:
        cell = Cell("done", "Ohio", "Ohio", flag, None, (), True, None, False, "model")
        yield GridRow(UUID(int=2), "a.txt", 1, None, {COLUMN: replace(cell, **changes)}, "a.txt")

    columns = [(COLUMN, ColumnSpec("Law", "?"))]
    asyncio.run(write_review(rows(), columns, target, measured=frozenset(("extractive", "qwen"))))
    lines = list(openpyxl.load_workbook(target)["Review"].iter_rows())
    (answer,) = [cell for line in lines for cell in line if cell.value == "Ohio"]
    return answer.fill.fgColor.rgb if answer.fill.patternType else None


def test_green_by_a_models_own_word_is_not_filled(tmp_path: Path) -> None:
    assert colour(tmp_path / "r.xlsx", "green") is None
    assert colour(tmp_path / "r.xlsx", "yellow") == YELLOW, "it still asks to look closer"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "extractive"},
        {"model": "qwen"},
        {"rule": "Green if yes"},
        {"verified_by": "a@b"},
        {"model": None, "edited_by": "a@b"},
    ],
)
def test_green_by_a_measured_model_a_rule_or_a_person_is(tmp_path: Path, changes: dict[str, str]) -> None:
    assert colour(tmp_path / "r.xlsx", "green", **changes) == GREEN
