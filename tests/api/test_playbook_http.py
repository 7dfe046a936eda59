"""Rules over HTTP: kept with the column, refused beside their field, applied to answers and to edits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http import problem
from tests.processes import served_api
from tests.uploads import until_read, upload

TERMS = b"Either party may terminate this Agreement by 90 days prior written notice. The annual fee is EUR 1,000.00."
NOTICE: dict[str, Any] = {
    "name": "Notice",
    "prompt": "How many days of notice must a party give to terminate?",
    "format": "number",
    "tags": [],
    "rules": [{"flag": "red", "when": "> 60"}, {"flag": "yellow", "when": "> 30"}],
}
FEE: dict[str, Any] = {
    "name": "Fee",
    "prompt": "What is the annual fee?",
    "format": "monetary_amount",
    "rules": [{"flag": "red", "when": "> USD 500"}],
}


@pytest.fixture
def api(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with served_api(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as client:
        yield client


def test_rules_are_kept_applied_reapplied_to_an_edit_and_their_change_makes_cells_stale(api: httpx.Client) -> None:
    review = api.post("/tabular/reviews", json={"name": "R", "columns": [NOTICE, FEE]}).json()["id"]
    path = f"/tabular/reviews/{review}"
    notice, fee = api.get(f"{path}/columns").json()["columns"]
    assert (notice["rules"], fee["rules"]) == (NOTICE["rules"], FEE["rules"])
    (file,) = upload(api, ("a.txt", TERMS), review_id=review)["files"]
    until_read(api, review)
    cell = f"{path}/cells/{file['document_id']}/{notice['id']}"
    first = api.get(cell).json()
    assert (first["value"], first["flag"], first["rule"]) == ("90", "red", "Red if > 60")
    other = api.get(f"{path}/cells/{file['document_id']}/{fee['id']}").json()
    assert (other["value"]["currency"], other["flag"]) == ("EUR", "yellow")
    assert other["rule"] == "No rule decided: '> USD 500' could not be compared: the amount is in EUR"
    assert api.get(f"{path}/rows", params={"filter": f"{notice['id']}:flag:red"}).json()["total"] == 1
    assert api.get(f"{path}/rows", params={"filter": f"{fee['id']}:flag:red"}).json()["total"] == 0

    def edited(**edit: str) -> tuple[str, str | None]:
        after = api.patch(cell, json=edit).json()
        return after["flag"], after["rule"]

    assert edited(summary="45 days") == ("yellow", "Yellow if > 30")
    assert edited(reasoning="Clause 9.") == ("yellow", "Yellow if > 30")
    assert edited(summary="10") == ("green", None)
    assert edited(summary="61") == ("red", "Red if > 60")
    (newest, *_) = api.get(f"{cell}/history").json()["changes"]
    assert (newest["before"]["rule"], newest["after"]["rule"]) == (None, "Red if > 60")
    assert edited(flag="green") == ("green", None), "a person's flag is theirs"
    assert edited(summary="90", flag="grey") == ("grey", None)
    assert edited(summary="61") == ("red", "Red if > 60")
    assert api.delete(cell).status_code == 204
    assert (api.get(cell).json()["flag"], api.get(cell).json()["rule"]) == (None, None)
    until_read(api, review)

    loosened = {**NOTICE, "rules": [{"flag": "red", "when": "> 100"}, *NOTICE["rules"][1:]]}
    assert api.put(f"{path}/columns/{notice['id']}", json=NOTICE).json()["version"] == 1
    assert api.put(f"{path}/columns/{notice['id']}", json=loosened).json()["version"] == 2
    assert api.get(cell).json()["stale"]
    until_read(api, review)
    again = api.get(cell).json()
    assert (again["stale"], again["flag"], again["rule"]) == (False, "yellow", "Yellow if > 30")


def test_a_comparison_that_cannot_be_made_is_refused_beside_its_field(api: httpx.Client) -> None:
    wrong = {**NOTICE, "rules": [NOTICE["rules"][0], {"flag": "green", "when": "<= thirty"}]}
    refusal = problem(api.post("/tabular/reviews", json={"name": "R", "columns": [FEE, wrong]}), 422, "bad-input")
    (error,) = refusal["errors"]
    assert error["field"] == "columns.1.rules.1.when"
    assert error["detail"] == "'thirty' is not a number such as 30, without its unit"
    assert api.get("/tabular/reviews").json()["total"] == 0
    review = api.post("/tabular/reviews", json={"name": "R", "columns": [NOTICE]}).json()["id"]
    path = f"/tabular/reviews/{review}/columns"
    (column,) = api.get(path).json()["columns"]
    for rules, field in (
        (wrong["rules"], "rules.1.when"),
        ([{"flag": "grey", "when": "> 5"}], "rules.0.flag"),
        ([{"flag": "red", "when": ""}], "rules.0.when"),
        ([{"flag": "red", "when": "> 5"}] * 21, "rules"),
    ):
        refusal = problem(api.put(f"{path}/{column['id']}", json={**NOTICE, "rules": rules}), 422, "bad-input")
        assert [one["field"] for one in refusal["errors"]] == [field]
    assert api.get(path).json()["columns"] == [column]


def test_a_template_keeps_its_rules(api: httpx.Client) -> None:
    kept = api.post("/tabular/templates", json={"name": "Ours", "columns": [NOTICE]}).json()
    assert api.get(f"/tabular/templates/{kept['id']}").json()["columns"] == [NOTICE | {"second_reading": None}]
    built_in = api.get("/tabular/templates").json()["templates"]
    assert any(column["rules"] for template in built_in for column in template["columns"] if template["built_in"])
