"""Templates, a question for a title, and what a run may cost: before anything is asked."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from columnist.answers.units import units
from columnist.answers.values import typed
from columnist.reviews.model import Question
from columnist.reviews.templates import built_in_templates
from tests.http import a_review, problem
from tests.processes import contracts_in, environment_of, served, served_api, simulator
from tests.uploads import until_read, upload

OWN = {
    "name": "Mine",
    "columns": [{"name": "Colour", "prompt": "Which colour?", "format": "tag", "tags": ["red", "blue"]}],
}


@pytest.fixture
def api(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with served_api("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as client:
        yield client


def test_every_built_in_template_makes_a_review(api: httpx.Client) -> None:
    templates = {one["id"]: one for one in api.get("/tabular/templates").json()["templates"]}
    assert set(templates) == {
        "due-diligence", "leases", "ndas", "employment", "supply-agreements", "credit-agreements",
    }  # fmt: skip
    for template in templates.values():
        assert template["built_in"]
        assert len(template["columns"]) >= 10
        assert len({column["format"] for column in template["columns"]}) >= 4
        body = {"name": template["name"], "columns": template["columns"]}
        assert api.post("/tabular/reviews", json=body).json()["column_count"] == len(template["columns"])
    assert api.get("/tabular/templates/leases").json() == templates["leases"]
    problem(api.put("/tabular/templates/leases", json=OWN), 403, "forbidden")
    problem(api.delete("/tabular/templates/leases"), 403, "forbidden")


def test_a_template_of_ones_own_is_made_changed_and_deleted(api: httpx.Client) -> None:
    made = api.post("/tabular/templates", json=OWN).json()
    assert (made["built_in"], made["columns"][0]["tags"]) == (False, ["red", "blue"])
    problem(api.post("/tabular/templates", json=OWN), 409, "conflict")
    path = f"/tabular/templates/{made['id']}"
    assert api.put(path, json={**OWN, "name": "Ours"}).json()["name"] == "Ours"
    assert api.get("/tabular/templates").json()["templates"][-1]["name"] == "Ours"
    assert api.delete(path).status_code == 204
    problem(api.get(path), 404, "not-found")
    problem(api.get("/tabular/templates/nothing"), 404, "not-found")
    problem(api.post("/tabular/templates", json={"name": "Empty", "columns": []}), 422, "bad-input")


def test_a_template_that_is_stored_is_listed_whatever_is_refused_by_now(api: httpx.Client, admin_url: str) -> None:
    column = {"name": "A", "prompt": "What is A?"}
    twice = {"name": "Twice", "columns": [column, column]}
    for refused in (api.post("/tabular/templates", json=twice), api.post("/tabular/reviews", json=twice)):
        assert refused.status_code == 422 and "two columns are called 'A'" in refused.json()["detail"]
    mine = api.post("/tabular/templates", json={"name": "Mine", "columns": [column]}).json()["id"]
    with psycopg.connect(admin_url) as database:
        database.execute("update column_templates set columns = columns || columns where id = %s", [mine])
    assert len(api.get(f"/tabular/templates/{mine}").json()["columns"]) == 2
    assert "Mine" in [one["name"] for one in api.get("/tabular/templates").json()["templates"]]


def test_a_known_title_has_its_question_and_an_unknown_one_needs_an_llm(api: httpx.Client) -> None:
    known = api.post("/tabular/columns/suggest-prompt", json={"name": "governing Law"}).json()
    assert (known["source"], known["format"]) == ("template", "text")
    assert "jurisdiction" in known["prompt"]
    refusal = problem(api.post("/tabular/columns/suggest-prompt", json={"name": "Moon phase"}), 409, "conflict")
    assert "OPENAI_BASE_URL" in refusal["detail"]


def test_the_llm_writes_a_question_for_a_title(url: str, tmp_path: Path) -> None:
    with simulator() as llm:
        variables = {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated"}
        with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables) as server:
            suggest = f"{server.url}/api/tabular/columns/suggest-prompt"
            asked = httpx.post(suggest, json={"name": "Moon phase"})
            tagged = httpx.post(suggest, json={"name": "Moon phase", "format": "tag"})
    assert asked.status_code == 200, asked.text
    assert asked.json()["source"] == "llm"
    assert asked.json()["prompt"]
    assert tagged.json()["format"] == "tag"
    assert tagged.json()["tags"], "a column of format tag cannot be made without"


def test_an_estimate_is_near_what_a_run_then_uses(url: str, tmp_path: Path) -> None:
    with simulator(prompt_rate=10**6, decode_rate=10**5) as llm:
        variables = environment_of(url, tmp_path / "home", llm, COLUMNIST_PRICE_PROMPT=1, COLUMNIST_PRICE_COMPLETION=4)
        with served_api(**variables) as api:
            review = a_review(api, *(f"Matter {nr}" for nr in range(7)))["id"]
            path = f"/tabular/reviews/{review}/estimate"
            long = [(file.name, file.read_bytes() * 40) for file in contracts_in(tmp_path / "files", 8).iterdir()]
            upload(api, *long, review_id=review)
            before = api.post(path).json()
            assert (before["documents"], before["documents_read"], before["cells"], before["calls"]) == (8, 0, 56, 16)
            assert "8 documents have not been read yet" in before["notes"][0]
            until_read(api, review)
            assert api.post(path).json()["documents"] == 0
            after = api.post(path, json={"only": ["all"]}).json()
            (job,) = api.get("/tabular/jobs").json()["jobs"]
            assert (after["documents"], after["documents_read"], after["cells"]) == (8, 8, 56)
            assert 0.5 < after["prompt_tokens"] / job["prompt_tokens"] < 2
            assert after["price"] > 0


def test_the_rules_cost_nothing(api: httpx.Client) -> None:
    review = a_review(api, "Term")["id"]
    upload(api, ("a.txt", b"The term is one year."), review_id=review)
    estimate = api.post(f"/tabular/reviews/{review}/estimate").json()
    assert (estimate["cells"], estimate["prompt_tokens"], estimate["price"]) == (1, 0, 0)


def test_a_figure_in_another_unit_is_never_taken_for_the_one_that_a_column_asks_for() -> None:
    wrong = {"day": "6 months", "month": "6 days", "year": "6 months"}
    asked = [
        Question(uuid4(), column.name, column.prompt, column.format)
        for template in built_in_templates().values()
        for column in template.columns
        if column.format == "number"
    ]
    with_unit = [(question, unit) for question in asked for unit in set(units(f"{question.name} {question.prompt}"))]
    assert len({unit for _, unit in with_unit}) == 3
    for question, unit in with_unit:
        assert typed(wrong[unit], question).value is None, (question.name, unit)


def test_every_file_of_a_built_in_template_is_the_only_one_of_its_name() -> None:
    files = list(resources.files("columnist.reviews").joinpath("built_in_templates").iterdir())
    assert len(files) == len(built_in_templates())
