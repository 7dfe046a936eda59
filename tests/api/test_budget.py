"""A budget pauses a job with a reason; another one lets it go on."""

from pathlib import Path

import httpx

from tests.jobs.grid import QUESTIONS, Watcher, a_job
from tests.processes import contracts_in, environment_of, served, simulator


def test_a_job_pauses_when_its_budget_is_spent_and_goes_on_with_another(url: str, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 40)
    with simulator(prompt_rate=10**6, decode_rate=1000, slots=4) as llm:
        variables = environment_of(
            url,
            tmp_path / "home",
            llm,
            COLUMNIST_PRICE_PROMPT=1000,
            COLUMNIST_PRICE_COMPLETION=1000,
            TABULAR_GENERATE_CONCURRENCY=2,
        )
        first = a_job(url, tmp_path / "home", files)
        watcher = Watcher(url)
        with served("--no-worker", **variables) as server:
            api = f"{server.url}/api/tabular"
            assert httpx.post(f"{api}/jobs/{first.job_id}/cancel").json() == {"cancelled": True}
            review = httpx.get(f"{api}/reviews").json()["reviews"][0]["id"]
            body = {"budget": "5", "only": ["missing"]}
            job_id = httpx.post(f"{api}/reviews/{review}/generate", json=body).json()["job_id"]
            with served(**variables):
                watcher.until(f"select paused_at is not null from tabular_jobs where id = '{job_id}'", (True,))
                watcher.until("select count(*) from tabular_job_items where status = 'running'", (0,))
            job = httpx.get(f"{api}/jobs/{job_id}").json()
            assert job["status"] == "running"
            assert "$5 is spent" in job["pause_reason"]
            assert 5 <= job["price"] < 10  # the calls that ran when it was spent have ended, and no other call began
            assert 0 < job["completed_items"] < 40
            assert job["completed_items"] + job["pending_items"] == 40
            again = httpx.post(f"{api}/jobs/{job_id}/resume", json={"budget": "5"}).json()
            assert "$5 is spent" in again["pause_reason"]  # a budget that is spent already pauses it at once
            assert httpx.post(f"{api}/jobs/{job_id}/resume", json={}).json()["paused_at"] is None
            assert httpx.post(f"{api}/jobs/{job_id}/resume", json={}).status_code == 409
            with served(**variables):
                watcher.until(f"select status from tabular_jobs where id = '{job_id}'", ("completed",))
        job_cells = watcher.one(f"select done_cells, budget from tabular_jobs where id = '{job_id}'")
    assert job_cells == (40 * QUESTIONS, None)


def test_a_model_that_is_not_offered_is_refused_with_the_setting_that_offers_it(url: str, tmp_path: Path) -> None:
    models = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "COLUMNIST_MODEL": "small", "COLUMNIST_MODELS": "big=1/0.5/3"}
    with (
        served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **models) as server,
        httpx.Client(base_url=f"{server.url}/api/tabular") as api,
    ):
        review = api.post("/reviews", json={"name": "Leases"}).json()["id"]
        for path in (f"/reviews/{review}/estimate", f"/reviews/{review}/generate"):
            for model in ("gpt-most-expensive", "big=1/0.5/3", "/etc/passwd.gguf"):
                refused = api.post(path, json={"model": model})
                assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "model")
                assert "COLUMNIST_MODELS" in refused.json()["detail"]
        for model in ("big", "small", "extractive"):
            assert api.post(f"/reviews/{review}/estimate", json={"model": model}).status_code == 200, model
