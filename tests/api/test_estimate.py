"""An estimate against the run that follows it: documents of every length, with a real server and the simulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import CONTRACTS
from tests.http import a_review
from tests.processes import contracts_in, environment_of, metric, served_api, simulator
from tests.uploads import until_read, upload

FACTOR = {"prompt_tokens": 1.4, "cached_tokens": 1.4, "completion_tokens": 2.5}
"""Largest and smallest ratio of an estimate to the real use. Answers: the estimate assumes 120 tokens a cell, and the
simulator's answers have about 55 here."""


@contextmanager
def priced(url: str, tmp_path: Path, context_tokens: int) -> Iterator[httpx.Client]:
    with simulator(prompt_rate=10**6, decode_rate=10**5) as llm:
        variables = environment_of(
            url,
            tmp_path / "home",
            llm,
            COLUMNIST_CONTEXT_TOKENS=context_tokens,
            COLUMNIST_PRICE_PROMPT=1,
            COLUMNIST_PRICE_CACHED=0.1,
            COLUMNIST_PRICE_COMPLETION=4,
        )
        with served_api(**variables) as api:
            yield api


def estimate(api: httpx.Client, review: str, **asked: Any) -> dict[str, Any]:
    answer = api.post(f"/tabular/reviews/{review}/estimate", json=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("repeated", "context_tokens"),
    [(40, 32_768), (400, 32_768), (40, 8_192)],
    ids=["in one call", "in windows", "in the windows of a small context"],
)
def test_an_estimate_is_within_its_factor_of_the_run(
    url: str, tmp_path: Path, repeated: int, context_tokens: int
) -> None:
    with priced(url, tmp_path, context_tokens) as api:
        review = a_review(api, *(f"Matter {nr}" for nr in range(12)))["id"]
        files = contracts_in(tmp_path / "files", 6).iterdir()
        upload(api, *((file.name, file.read_bytes() * repeated) for file in files), review_id=review)
        until_read(api, review)
        (job,) = api.get("/tabular/jobs").json()["jobs"]
        again = estimate(api, review, only=["all"])
    assert (again["documents"], again["documents_read"], again["cells"]) == (6, 6, 72)
    for figure, factor in FACTOR.items():
        assert 1 / factor < again[figure] / job[figure] < factor, figure


def test_an_estimate_asks_the_server_how_long_its_context_is(url: str, tmp_path: Path) -> None:
    with simulator(prompt_rate=10**6, decode_rate=10**5, context_tokens=8_192) as llm:
        variables = environment_of(url, tmp_path / "home", llm)
        with served_api(**variables) as api:
            # The phrases are the same in all documents.
            review = a_review(api, 'after "governed by the laws"', 'after "is made on"')["id"]
            files = contracts_in(tmp_path / "files", 2).iterdir()
            upload(api, *((file.name, file.read_bytes() * 100) for file in files), review_id=review)
            until_read(api, review)
            calls = metric(llm, "llm_answers_total")
            expected = estimate(api, review, only=["all"])
    assert calls > 4, "in windows"
    assert abs(expected["calls"] - calls) <= 0.1 * calls
    assert expected["most_prompt_tokens"] == expected["prompt_tokens"] == expected["least_prompt_tokens"]


def test_before_anything_is_read_an_estimate_is_a_range_by_the_size_of_the_files(url: str, tmp_path: Path) -> None:
    with priced(url, tmp_path, 32_768) as api:
        review = a_review(api, "Term", "Rent")["id"]
        files = contracts_in(tmp_path / "files", 2).iterdir()
        upload(api, *((file.name, file.read_bytes() * 200) for file in files), review_id=review)
        before = estimate(api, review)
        until_read(api, review)
        (job,) = api.get("/tabular/jobs").json()["jobs"]
        lease = next(CONTRACTS.glob("*.pdf"))
        upload(api, (lease.name, lease.read_bytes()), review_id=review)
        unread = estimate(api, review)
        until_read(api, review)
        last = api.get("/tabular/jobs").json()["jobs"][0]
    assert before["documents_read"] == 0
    assert before["least_prompt_tokens"] < before["prompt_tokens"] < before["most_prompt_tokens"]
    assert 0.7 < before["prompt_tokens"] / job["prompt_tokens"] < 1.4, "a text's size is its length"
    assert before["least_price"] < before["price"] < before["most_price"]
    assert unread["least_prompt_tokens"] < last["prompt_tokens"] < unread["most_prompt_tokens"]
    (note,) = [note for note in unread["notes"] if "not been read" in note]
    assert f"between {unread['least_prompt_tokens']:,} and {unread['most_prompt_tokens']:,} prompt tokens" in note


def test_an_estimate_counts_what_generate_then_asks(url: str, tmp_path: Path) -> None:
    with priced(url, tmp_path, 32_768) as api:
        review = a_review(api, "Term", "Rent")["id"]
        files = contracts_in(tmp_path / "files", 3).iterdir()
        upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
        until_read(api, review)
        (term, rent) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
        documents = [one["id"] for one in api.get("/documents").json()["documents"]]
        api.put(f"/tabular/reviews/{review}/columns/{rent['id']}", json={"name": "Rent", "prompt": "How much a month?"})
        for asked in (
            {},
            {"only": ["missing"]},
            {"only": ["stale"], "document_ids": documents[:2]},
            {"only": ["all"], "column_ids": [term["id"]]},
        ):
            expected = estimate(api, review, **asked)
            job_id = api.post(f"/tabular/reviews/{review}/generate", json=asked).json()["job_id"]
            job = api.get(f"/tabular/jobs/{job_id}").json()
            assert (expected["documents"], expected["cells"]) == (job["total_items"], job["total_cells"]), asked
            api.post(f"/tabular/jobs/{job_id}/cancel")
            while api.get(f"/tabular/reviews/{review}/active-job").json()["job"]:
                pass
        once = estimate(api, review, only=["all"], column_ids=[rent["id"]])
        for how, calls in (("order", 2), ("passages", 2)):
            body = {"name": "Rent", "prompt": "How much a month?", "second_reading": how}
            edited = api.put(f"/tabular/reviews/{review}/columns/{rent['id']}", json=body).json()
            assert (edited["second_reading"], edited["version"]) == (how, 2), "the question is the same"
            twice = estimate(api, review, only=["all"], column_ids=[rent["id"]])
            assert twice["calls"] == calls * once["calls"]
            assert once["price"] < twice["price"] < 2.5 * once["price"]
