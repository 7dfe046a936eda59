"""The reference for Excel's number formats, by a real LibreOffice."""

from pathlib import Path

from tests.office.number_formats import rows, shown_by_office


def test_libreoffice_shows_numbers_as_the_reference_says(tmp_path: Path) -> None:
    cases = rows()
    assert shown_by_office(cases, tmp_path) == [row["shown"] for row in cases]
