"""A run on the page: its progress, the reasons for waiting, and its end."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.page.conftest import QUESTIONS, Opens, accessible, api_of, cell
from tests.patience import wait_until
from tests.processes import contracts_in, served, simulator
from tests.uploads import upload


def progress_of(total: int) -> re.Pattern[str]:
    return re.compile(rf"^\d+ / {total}$")


def test_a_run_is_picked_up_after_a_reload_and_in_another_tab_and_can_be_cancelled(
    url: str, opens: Opens, tmp_path: Path
) -> None:
    with (
        simulator(prompt_rate=10**6, decode_rate=10, slots=2) as llm,
        served(
            DATABASE_URL=url,
            COLUMNIST_DATA_DIR=tmp_path / "data",
            TABULAR_POLL_MS=200,
            OPENAI_BASE_URL=llm,
            COLUMNIST_MODEL="simulated",
        ) as server,
        api_of(server) as api,
    ):
        review = api.post("/tabular/reviews", json={"name": "Slow", "columns": QUESTIONS[:1]}).json()["id"]
        files = sorted(contracts_in(tmp_path / "contracts", 30).iterdir())
        upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
        page = opens(f"{server.url}/reviews/{review}")
        page.get_by_role("button", name="Run", exact=True).click()
        progress = page.get_by_test_id("progress")
        expect(progress).to_have_text(progress_of(30))
        expect(page.locator(".cells-words").first).to_be_visible()
        expect(page.locator(".cells-awaited").first).to_be_visible()
        page.reload()
        expect(progress).to_have_text(progress_of(30))
        other = opens(f"{server.url}/reviews/{review}")
        expect(other.get_by_test_id("progress")).to_have_text(progress_of(30))
        answered = other.locator(".cells-words").count()
        expect(other.locator(".cells-words").nth(answered)).to_be_visible()  # they go on coming
        other.get_by_role("button", name="Cancel").click()
        for tab in (page, other):
            expect(tab.get_by_text("Cancelled:")).to_be_visible()
            expect(tab.locator(".cells-awaited")).to_have_count(0)


def test_the_server_is_killed_and_started_again_while_it_works(url: str, opens: Opens, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with simulator(prompt_rate=10**6, decode_rate=50, slots=2) as llm:
        variables: dict[str, object] = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "data",
            "TABULAR_POLL_MS": 200,
            "TABULAR_JOB_LEASE_SECONDS": 2,
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
        }
        with pytest.raises(AssertionError), served("--port", port, **variables) as server, api_of(server) as api:
            review = api.post("/tabular/reviews", json={"name": "Killed", "columns": QUESTIONS[:1]}).json()["id"]
            files = sorted(contracts_in(tmp_path / "contracts", 12).iterdir())
            upload(api, *((file.name, file.read_bytes()) for file in files), review_id=review)
            page = opens(f"{server.url}/reviews/{review}", away=True)
            page.get_by_role("button", name="Run", exact=True).click()
            expect(page.locator(".cells-words").first).to_be_visible()
            server.process.kill()  # and its exit code is not 0: that is the AssertionError
        expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
        with served("--port", port, **variables) as server:
            expect(page.get_by_text("The server cannot be reached.")).to_have_count(0)
            expect(page.get_by_text("12 / 12 documents")).to_be_visible()
            expect(page.get_by_text("12 rows")).to_be_visible()
            for row in (0, 11):
                expect(cell(page, row, "Governing law").locator(".cells-words")).not_to_be_empty()


def test_what_a_run_waits_for_is_said_and_a_cancelled_one_counts_what_was_done(
    url: str, opens: Opens, tmp_path: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and ignores the cancel
        llm = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        variables = {"TABULAR_POLL_MS": 200, "OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "away"}
        with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables) as server, api_of(server) as api:
            review = api.post("/tabular/reviews", json={"name": "Away", "columns": QUESTIONS}).json()["id"]
            upload(api, ("one.txt", b"The laws of Delaware govern."), review_id=review)
            page = opens(f"{server.url}/reviews/{review}")
            page.get_by_role("button", name="Run", exact=True).click()
            words = f"Waiting for the LLM server {urlsplit(llm).netloc}: it cannot be reached"
            expect(page.locator(".JobBar-job")).to_contain_text(words)
            accessible(page)
            cell(page, 0, "Kind").click()
            expect(page.locator(".Panel-panel").get_by_text("Being answered …")).to_be_visible()
            page.locator(".Panel-titles a").click()
            expect(page.get_by_text("Being answered …")).to_have_count(len(QUESTIONS))
            page.go_back()
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_text("Cancelled: 0 / 1 documents")).to_be_visible()
            page.get_by_role("button", name="Run …").click()
            page.get_by_label("In batches").check()
            expect(page.locator(".Run-estimate")).to_contain_text("In batches each price is half")
            with page.expect_response("**/generate") as asked:
                page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()
            expect(page.get_by_role("dialog")).to_have_count(0)
            job = f"/tabular/jobs/{asked.value.json()['job_id']}"
            assert api.get(job).json()["batch"]
            api.post(f"{job}/cancel").raise_for_status()
            wait_until(lambda: api.get(job).json()["status"] == "cancelled")
            page.reload()
            expect(page.get_by_text("Cancelled: 0 / 1 documents")).to_be_visible()
            cell(page, 0, "Kind").click()
            expect(page.locator(".Panel-panel").get_by_text("Not asked yet.")).to_be_visible()
