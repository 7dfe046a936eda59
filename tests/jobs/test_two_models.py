"""Two models for a cell: one that answers alone if its answer is in little doubt, and one that reads again."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError

import columnist
from columnist.errors import UnaskableModelError
from columnist.settings import Settings
from tests.llm.simulated import Reply, completion, scripted
from tests.patience import wait_until
from tests.processes import served_api
from tests.uploads import until_read, upload

CONTRACT = b"This Agreement is governed by the laws of Ohio. Late fee: 1.5%. The term is 10 years."
ANSWERS = {
    "Law": ("Ohio", "governed by the laws of Ohio"),
    "Fee": ("1.5%", "Late fee: 1.5%."),
    "Term": ("10 years", "The term is 10 years."),
}
"""The large model's answers and quotes. The small one invents its quote for the term, and its fee."""
SMALL = {"Fee": ("2.5%", "Late fee: 1.5%."), "Term": ("10 years", "The term shall be ten years.")}
PRICES = {"small": (1, 1, 10), "large": (100, 100, 1000)}
CONTEXTS = {"small": 8_192, "large": 131_072}
FORMATS = {"Law": "text", "Fee": "percentage", "Term": "text"}


class Models:
    """A server of both; `asked`: each call's model and the questions in it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, request: dict[str, Any]) -> Reply:
        model = request["model"]
        if "response_format" not in request:
            return 200, completion("yes")
        names = re.findall(r"^c\d+\. (\w+):", request["messages"][-1]["content"], re.MULTILINE)
        self.asked.append((model, names))
        said = {}
        for nr, name in enumerate(names, start=1):
            answer, quote = (SMALL if model == "small" else {}).get(name) or ANSWERS[name]
            words = {} if FORMATS[name] == "text" else {"words": answer}
            quotes = [{"page": 1, "quote": quote}]
            said[f"c{nr}"] = {"reasoning": "", "quotes": quotes, **words, "answer": answer, "flag": "green"}
        return 200, completion(json.dumps(said))

    @property
    def dollars(self) -> float:
        """The cost of all calls."""
        return sum(101 * PRICES[model][0] + 7 * PRICES[model][2] for model, _ in self.asked) / 1e6


@contextmanager
def serving(url: str, home: Path, models: Models, **variables: str) -> Iterator[httpx.Client]:
    """A server whose models have these prices and contexts; `settings`: further ones."""
    data = [{"id": name, "object": "model", "max_model_len": tokens} for name, tokens in CONTEXTS.items()]
    with scripted(models, (200, {"object": "list", "data": data})) as llm:
        listed = ",".join(f"{name}={'/'.join(map(str, prices))}" for name, prices in PRICES.items())
        settings = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": home,
            "OPENAI_BASE_URL": llm.url,
            "COLUMNIST_MODELS": listed,
        }
        with served_api(**settings, **variables) as api:
            yield api


def review_of(api: httpx.Client, second_reading: str | None = None, contract: bytes = CONTRACT) -> str:
    """One contract, not yet asked."""
    columns = [
        {"name": name, "prompt": "What?", "format": form, "second_reading": second_reading}
        for name, form in FORMATS.items()
    ]
    review: str = api.post("/tabular/reviews", json={"name": str(uuid4()), "columns": columns}).json()["id"]
    upload(api, ("lease.txt", contract), review_id=review)
    return review


def cells(api: httpx.Client, review: str) -> dict[str, dict[str, Any]]:
    """The cells by question."""
    columns = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    (row,) = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
    return {
        one["name"]: api.get(f"/tabular/reviews/{review}/cells/{row['document_id']}/{one['id']}").json()
        for one in columns
    }


def test_a_cheap_model_answers_first_and_the_large_one_only_what_is_in_doubt(url: str, tmp_path: Path) -> None:
    models = Models()
    knobs = {"COLUMNIST_MODEL": "small>large", "COLUMNIST_FIRST_DOUBT": "0.2"}
    with serving(url, tmp_path / "home", models, **knobs) as api:
        review = review_of(api)
        estimate = api.post(f"/tabular/reviews/{review}/estimate", json={}).json()
        until_read(api, review)
        assert models.asked == [("small", ["Law", "Fee", "Term"]), ("large", ["Term"])]
        found = cells(api, review)
        assert {name: (one["model"], one["outdated"]) for name, one in found.items()} == {
            "Law": ("small", False),
            "Fee": ("small", False),
            "Term": ("large", False),
        }
        assert found["Term"]["summary"] == "10 years"
        (job,) = api.get("/tabular/jobs").json()["jobs"]
        assert job["price"] == pytest.approx(models.dollars)
        assert estimate["price"] > models.dollars
        assert any("large is asked only what small leaves in doubt" in note for note in estimate["notes"])
        again = review_of(api)
        until_read(api, again)
        assert len(models.asked) == 2, "the same is not asked twice"
        assert {name: one["model"] for name, one in cells(api, again).items()} == {
            name: one["model"] for name, one in found.items()
        }


def test_after_a_pause_the_cheap_model_is_not_asked_again_what_it_left_in_doubt(url: str, tmp_path: Path) -> None:
    models = Models()
    knobs = {"COLUMNIST_MODEL": "small>large", "COLUMNIST_FIRST_DOUBT": "0.2"}
    with serving(url, tmp_path / "home", models, **knobs) as api:
        review = review_of(api)
        job = api.post(f"/tabular/reviews/{review}/generate", json={"budget": "0.0001"}).json()["job_id"]
        wait_until(lambda: (now := api.get(f"/tabular/jobs/{job}").json())["pause_reason"] and not now["running_items"])
        assert models.asked == [("small", ["Law", "Fee", "Term"])]
        api.post(f"/tabular/jobs/{job}/resume", json={"budget": "5"}).raise_for_status()
        wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] == "completed")
        assert models.asked == [("small", ["Law", "Fee", "Term"]), ("large", ["Term"])]
        assert {name: one["model"] for name, one in cells(api, review).items()} == {
            "Law": "small",
            "Fee": "small",
            "Term": "large",
        }
        assert float(api.get(f"/tabular/jobs/{job}").json()["price"]) == pytest.approx(models.dollars)


def test_a_question_that_the_cheap_model_may_not_answer_is_answered_by_the_large_one(url: str, tmp_path: Path) -> None:
    models = Models()
    knobs = {"COLUMNIST_MODEL": "extractive>large", "COLUMNIST_FIRST_DOUBT": "0.2", "COLUMNIST_SECOND_MODEL": "small"}
    with serving(url, tmp_path / "home", models, **knobs) as api:
        review = review_of(api, "model")
        until_read(api, review)
        assert models.asked == [("large", ["Law", "Fee", "Term"]), ("small", ["Law", "Fee", "Term"])]
        assert {one["model"] for one in cells(api, review).values()} == {"large"}


def test_another_model_reads_again_at_its_own_price_and_a_difference_is_shown(url: str, tmp_path: Path) -> None:
    models = Models()
    knobs = {"COLUMNIST_MODEL": "large", "COLUMNIST_SECOND_MODEL": "small"}
    with serving(url, tmp_path / "home", models, **knobs) as api:
        review = review_of(api, "model")
        estimate = api.post(f"/tabular/reviews/{review}/estimate", json={}).json()
        until_read(api, review)
        assert models.asked == [("large", ["Law", "Fee", "Term"]), ("small", ["Law", "Fee", "Term"])]
        found = cells(api, review)
        assert [(found[name]["flag"], found[name]["model"]) for name in FORMATS] == [
            ("green", "large"),
            ("yellow", "large"),
            ("green", "large"),
        ]
        assert "Read a second time, it is: 2.5% (page 1)" in found["Fee"]["reasoning"]
        (job,) = api.get("/tabular/jobs").json()["jobs"]
        assert job["price"] == pytest.approx(models.dollars)
        assert job["prompt_tokens"] == 202, "the tokens of both are reported"
        alone = api.post(f"/tabular/reviews/{review_of(api)}/estimate", json={}).json()
        assert estimate["calls"] == 2 * alone["calls"]
        assert alone["price"] < estimate["price"] < 1.1 * alone["price"], "the other is cheap"


@pytest.mark.parametrize(
    ("knobs", "second_reading"),
    [
        ({"COLUMNIST_MODEL": "large", "COLUMNIST_SECOND_MODEL": "small"}, "model"),
        ({"COLUMNIST_MODEL": "small>large", "COLUMNIST_FIRST_DOUBT": "0"}, None),
    ],
    ids=["a second reading", "cheap first"],
)
def test_an_estimate_counts_each_model_by_its_own_context(
    url: str, tmp_path: Path, knobs: dict[str, str], second_reading: str | None
) -> None:
    models = Models()
    with serving(url, tmp_path / "home", models, **knobs) as api:
        review = review_of(api, second_reading, b"\n".join([CONTRACT, *[b"Nothing is meant by this."] * 3_000]))
        until_read(api, review)
        expected = api.post(f"/tabular/reviews/{review}/estimate", json={"only": ["all"]}).json()
    asked = [model for model, _ in models.asked]
    assert asked.count("small") > 2, "in windows"
    assert abs(expected["calls"] - len(asked)) <= 1


@pytest.mark.parametrize("second", [{}, {"COLUMNIST_SECOND_MODEL": "large"}], ids=["none", "the same"])
def test_where_another_model_is_wanted_and_there_is_none_nothing_is_asked(
    url: str, tmp_path: Path, second: dict[str, str]
) -> None:
    models = Models()
    with serving(url, tmp_path / "home", models, COLUMNIST_MODEL="large", **second) as api:
        path = f"/tabular/reviews/{review_of(api, 'model')}"
        for act in ("estimate", "generate"):
            refused = api.post(f"{path}/{act}", json={})
            assert refused.status_code == 422, act
            assert "COLUMNIST_SECOND_MODEL" in refused.json()["detail"]
        assert not api.get("/tabular/jobs").json()["jobs"]
        (law, *_) = api.get(f"{path}/columns").json()["columns"]
        changed = {"name": "Law", "prompt": "What?", "second_reading": "passages"}
        api.put(f"{path}/columns/{law['id']}", json=changed).raise_for_status()
        api.post(f"{path}/estimate", json={"column_ids": [law["id"]]}).raise_for_status()
    assert not models.asked


def test_a_run_that_lacks_another_model_stops_before_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNIST_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    (tmp_path / "lease.txt").write_bytes(CONTRACT)
    columns = [{"name": "Law", "prompt": "Which?", "format": "text", "second_reading": "model"}]
    with pytest.raises(UnaskableModelError, match="COLUMNIST_SECOND_MODEL"):
        columnist.run(tmp_path / "lease.txt", columns, model="large")
    assert not (tmp_path / "home").exists()


def test_two_models_are_written_as_a_small_and_a_large_one() -> None:
    for wrong in ("a>b>c", "a>", ">b", "a > b", "a>a", "a>extractive"):
        with pytest.raises(ValidationError, match="small>large"):
            Settings(_env_file=None, model=wrong)
    offered = Settings(_env_file=None, model="extractive>b", models=("b=1/2/3",)).offered
    assert offered["extractive>b"] == (1, 2, 3), "at the price of the large one"
