"""The unit of a column's numbers over HTTP: chosen by the first answer if the question names none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import served_api
from tests.uploads import until_read, upload

NOTICE = {"name": "Notice", "prompt": "What is the notice period for termination?", "format": "number"}


def terms(period: str) -> bytes:
    return f"Either party may terminate this Agreement upon {period} prior written notice to the other party.".encode()


@pytest.fixture
def api(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with served_api(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as client:
        yield client


def answered(api: httpx.Client, review: str, *periods: str) -> list[dict[str, Any]]:
    """The cells of documents with these periods, read one after the other."""
    (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    cells = []
    for period in periods:
        (file,) = upload(api, (f"{period}.txt", terms(period)), review_id=review)["files"]
        until_read(api, review)
        cells.append(api.get(f"/tabular/reviews/{review}/cells/{file['document_id']}/{column['id']}").json())
    return cells


def a_review(api: httpx.Client, column: dict[str, Any], name: str = "R") -> str:
    return str(api.post("/tabular/reviews", json={"name": name, "columns": [column]}).json()["id"])


def test_numbers_of_a_column_have_one_unit_and_others_are_converted_or_in_doubt(api: httpx.Client) -> None:
    review = a_review(api, NOTICE)
    (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    assert column["unit"] is None
    periods = "six (6) months", "thirty (30) days", "one (1) year", "ten (10) business days", "2 weeks"
    cells = answered(api, review, *periods)
    assert [cell["value"] for cell in cells] == ["6", None, "12", None, None]
    assert [cell["flag"] for cell in cells[1::2]] == ["yellow", "yellow"]
    assert "It is said in days, which have no exact number of months." in cells[1]["reasoning"]
    (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    assert column["unit"] == "month"
    least = api.get(f"/tabular/reviews/{review}/rows", params={"filter": f"{column['id']}:lte:12"}).json()
    assert least["total"] == 2

    path = f"/tabular/reviews/{review}/cells/{cells[1]['document_id']}/{column['id']}"
    for edit, value in [("3 months", "3"), ("30", None), ("2 years", "24"), ("90 business days", None)]:
        cell = api.patch(path, json={"summary": edit}).json()
        assert (cell["value"], cell["flag"] == "yellow") == (value, value is None), edit
    assert "business days" in cell["reasoning"]

    renamed = api.put(f"/tabular/reviews/{review}/columns/{column['id']}", json=NOTICE | {"name": "Days of notice"})
    assert (renamed.json()["unit"], renamed.json()["version"]) == (None, 2), "its name asks for days now"


def test_an_answer_is_not_reused_in_another_unit_than_it_was_typed_in(api: httpx.Client) -> None:
    first, second = a_review(api, NOTICE, "in months"), a_review(api, NOTICE, "in weeks")
    assert [cell["value"] for cell in answered(api, first, "3 months", "two (2) years")] == ["3", "24"]
    assert [cell["value"] for cell in answered(api, second, "4 weeks", "two (2) years", "14 days")] == ["4", None, "2"]


def test_plain_numbers_and_numbers_with_a_unit_do_not_stand_in_one_column(api: httpx.Client) -> None:
    review = a_review(api, NOTICE | {"rules": [{"flag": "green", "when": "<= 90"}]})
    (cell,) = answered(api, review, "six (6) months")
    assert (cell["value"], cell["flag"]) == ("6", "yellow")
    assert "the answers are in months, and neither question nor rule names a unit" in cell["rule"]
    (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    path = f"/tabular/reviews/{review}/cells/{cell['document_id']}/{column['id']}"
    assert api.patch(path, json={"summary": "6"}).json()["value"] is None
