"""The sweep over other projects' files finds what it looks for."""

from pathlib import Path

import docx
import pytest

from columnist.documents.reading.formats import DOCX
from tests.documents import fixtures
from tests.documents.cases.reading import FILES


def test_no_case_crashes_or_loses_text_and_what_would_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, findings = fixtures.swept([FILES])
    assert count > 25
    assert {one.kind for one in findings} <= {"refused"}

    document = docx.Document()
    document.add_paragraph(" ".join(f"word{number}" for number in range(40)))
    document.save(str(tmp_path / "a.docx"))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 torn")
    assert [one.kind for one in fixtures.swept([tmp_path])[1]] == ["refused"]
    monkeypatch.setitem(fixtures.OTHERS, DOCX, lambda _: iter(map(str, range(1_000, 1_040))))
    (found, _) = fixtures.swept([tmp_path])[1]
    assert (found.kind, found.path.name) == ("loss", "a.docx")
