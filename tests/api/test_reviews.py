"""Reviews, their columns and members, jobs and tokens over HTTP: a real server, a real database."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.http import a_review, problem
from tests.processes import served, served_api


@pytest.fixture
def api(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with served_api("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as client:
        yield client


def test_a_review_is_created_listed_found_renamed_and_deleted_after_confirmation(api: httpx.Client) -> None:
    review = a_review(api, "Term", "Rent")
    path = f"/tabular/reviews/{review['id']}"
    assert (review["role"], review["column_count"], review["document_count"]) == ("owner", 2, 0)
    assert api.get("/tabular/reviews", params={"q": "leas"}).json() == {"reviews": [review], "total": 1}
    assert api.get("/tabular/reviews", params={"q": "none"}).json() == {"reviews": [], "total": 0}
    assert api.patch(path, json={"name": "Offices"}).json()["name"] == "Offices"
    a_review(api)
    problem(api.patch(path, json={"name": "Leases"}), 409, "conflict")
    assert "0 answers" in problem(api.delete(path), 409, "confirmation-needed")["detail"]
    assert api.delete(path, params={"confirm": True}).status_code == 204
    problem(api.get(path), 404, "not-found")


def test_a_name_is_taken_once_and_a_wrong_body_names_its_fields(api: httpx.Client) -> None:
    a_review(api)
    assert (
        problem(api.post("/tabular/reviews", json={"name": "Leases"}), 409, "conflict")["errors"][0]["field"] == "name"
    )
    body = {"name": "B", "columns": [{"name": "A", "prompt": "?", "format": "tag"}], "colour": "red"}
    fields = {one["field"] for one in problem(api.post("/tabular/reviews", json=body), 422, "bad-input")["errors"]}
    assert fields == {"columns.0", "colour"}


def test_columns_are_added_edited_ordered_and_removed(api: httpx.Client) -> None:
    path = f"/tabular/reviews/{a_review(api, 'Term')['id']}/columns"
    new = {"columns": [{"name": "Rent", "prompt": "How much?", "format": "monetary_amount"}]}
    (rent,) = api.post(path, json=new).json()["columns"]
    problem(api.post(path, json=new), 409, "conflict")
    named = api.put(f"{path}/{rent['id']}", json={**new["columns"][0], "name": "Monthly rent"}).json()
    assert (named["name"], named["version"]) == ("Monthly rent", 1)
    asked = api.put(f"{path}/{rent['id']}", json={"name": "Monthly rent", "prompt": "How much a month?"}).json()
    assert (asked["format"], asked["version"]) == ("text", 2)
    ordered = api.put(f"{path}/order", json={"column_ids": [rent["id"]]}).json()["columns"]
    assert [column["name"] for column in ordered] == ["Monthly rent", "Term"]
    assert api.delete(f"{path}/{rent['id']}").status_code == 204  # no answers yet: nothing to confirm
    problem(api.delete(f"{path}/{rent['id']}"), 404, "not-found")


def test_a_job_over_nothing_ends_at_once_and_its_key_answers_the_same_again(api: httpx.Client) -> None:
    path = f"/tabular/reviews/{a_review(api, 'Term')['id']}"
    first = api.post(f"{path}/generate", headers={"Idempotency-Key": "monday"})
    assert first.status_code == 202
    assert api.post(f"{path}/generate", headers={"Idempotency-Key": "monday"}).json() == first.json()
    assert api.post(f"{path}/generate").json()["job_id"] != first.json()["job_id"]
    changed = api.post(f"{path}/generate", json={"only": ["failed"]}, headers={"Idempotency-Key": "monday"})
    problem(changed, 409, "conflict")
    job = api.get(f"/tabular/jobs/{first.json()['job_id']}")
    assert job.json()["status"] == "completed"
    again = api.get(f"/tabular/jobs/{first.json()['job_id']}", headers={"If-None-Match": job.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.get(f"{path}/active-job").json() == {"job": None}
    assert len(api.get("/tabular/jobs").json()["jobs"]) == 2


def test_generate_refuses_a_review_without_columns_a_file_as_model_and_a_budget_without_prices(
    api: httpx.Client,
) -> None:
    problem(api.post(f"/tabular/reviews/{a_review(api)['id']}/generate"), 422, "bad-input")
    path = f"/tabular/reviews/{a_review(api, 'Term', name='B')['id']}/generate"
    for body, field in (({"model": "/etc/passwd.gguf"}, "model"), ({"budget": 5}, "budget")):
        assert problem(api.post(path, json=body), 422, "bad-input")["errors"][0]["field"] == field


def test_tokens_are_shown_once_scoped_and_revocable(api: httpx.Client) -> None:
    writer = api.post("/tokens", json={"name": "nightly"}).json()
    reader = api.post("/tokens", json={"name": "dashboard", "scope": "read", "days": 1}).json()
    assert all("token" not in token for token in api.get("/tokens").json()["tokens"])
    as_writer = {"Authorization": f"Bearer {writer['token']}"}
    as_reader = {"Authorization": f"Bearer {reader['token']}"}
    assert api.post("/tabular/reviews", json={"name": "A"}, headers=as_writer).status_code == 201
    assert api.get("/tabular/reviews", headers=as_reader).json()["total"] == 1
    problem(api.post("/tabular/reviews", json={"name": "B"}, headers=as_reader), 403, "forbidden")
    problem(api.post("/tokens", json={"name": "more"}, headers=as_writer), 403, "forbidden")
    assert api.delete(f"/tokens/{writer['id']}").status_code == 204
    problem(api.get("/tabular/reviews", headers=as_writer), 401, "unauthenticated")


def test_without_sign_in_no_other_site_no_other_name_and_no_proxy_is_answered(api: httpx.Client) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"X-Forwarded-For": "10.0.0.1"}):
        problem(api.get("/me", headers=headers), 403, "forbidden")
    assert api.get("/me", headers={"Origin": str(api.base_url).removesuffix("/api/")}).status_code == 200


def test_a_body_over_the_limit_is_refused_announced_or_not(api: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(5):
            yield b" " * 1024**2

    problem(api.post("/tabular/reviews", content=b" " * (5 * 1024**2)), 413, "too-large")
    problem(api.post("/tabular/reviews", content=chunks()), 413, "too-large")


def test_a_user_who_asks_too_often_is_told_to_wait(url: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_REQUESTS_PER_MINUTE": 5}
    with served("--no-worker", **variables) as server:
        answers = [httpx.get(f"{server.url}/api/me") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_answers_carry_security_headers_and_an_id(api: httpx.Client) -> None:
    headers = api.get("/me").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["x-request-id"]) == 32
