"""Signing in, sharing, and where an address leads."""

import json
import re
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.page.conftest import QUESTIONS, Opens, accessible, api_of, cell
from tests.patience import wait_until
from tests.processes import Served, served
from tests.signing import SECRET, signed
from tests.uploads import upload


def test_where_people_sign_in_they_do_and_share_with_roles(url: str, opens: Opens, tmp_path: Path) -> None:
    variables = {"COLUMNIST_JWT_SECRET": SECRET, "COLUMNIST_SIGN_IN_URL": "https://id.example.org/authorize"}
    with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables) as server:
        page = opens(server.url, refused=True)
        accessible(page)
        page.get_by_label("token").fill("nonsense")
        page.get_by_role("button", name="Sign in with this token").click()
        expect(page.get_by_role("alert")).to_contain_text("token")
        # A token in the address counts only where this page asked for one.
        page.goto(f"{server.url}/?sign-in=made-up#access_token={signed('bob')}")
        page.reload()
        expect(page.get_by_label("token")).to_be_visible()
        page.evaluate("sessionStorage.setItem('columnist.sign-in', 'asked')")
        page.goto(f"{server.url}/?sign-in=asked#access_token={signed('ann')}")
        page.reload()
        expect(page.get_by_text("ann@example.org")).to_be_visible()
        assert "access_token" not in page.url
        expect(page.get_by_text("There are no reviews yet.")).to_be_visible()
        accessible(page)
        page.get_by_role("button", name="New review").click()
        page.locator("h1 input").fill("Shared")
        page.locator("h1 input").press("Enter")
        review = page.url.rsplit("/", 1)[1]
        with api_of(server, headers={"Authorization": f"Bearer {signed('ann')}"}) as api:
            wait_until(lambda: api.get(f"/tabular/reviews/{review}").json()["name"] == "Shared", "its name")
            api.post(f"/tabular/reviews/{review}/columns", json={"columns": QUESTIONS})
            files = (("one.txt", b"The laws of Delaware govern."), ("torn.pdf", b"%PDF-1.7 torn"))
            upload(api, *files, review_id=review)
            api.post(f"/tabular/reviews/{review}/generate")
        page.reload()
        page.locator(".cells-answer .failed").first.hover()
        expect(page.get_by_role("button", name="Retry")).to_have_count(4)  # each failed answer, and all of them
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="People").click()
        page.get_by_label("E-mail").fill("bob@example.org")
        page.get_by_role("button", name="Share", exact=True).click()
        expect(page.locator(".People-members")).to_contain_text("bob@example.org")
        accessible(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Retention").click()
        page.get_by_label("Day on which it is deleted").fill("2998-12-31")
        accessible(page)
        page.get_by_role("button", name="Delete it on this day").click()
        expect(page.get_by_text(re.compile("deleted on .*2998"))).to_be_visible()
        page.get_by_role("link", name="Columnist").click()
        expect(page.get_by_text(re.compile("deleted on .*2998"))).to_be_visible()
        expect(page.get_by_text("You have 2 of 200,000 documents, 0 of 200 GB, ")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("token").fill(signed("bob"))
        page.get_by_role("button", name="Sign in with this token").click()
        page.get_by_role("link", name="Shared").click()
        expect(page.locator(".cells-name")).to_have_text(["one.txt", "torn.pdf"])
        expect(page.locator(".cells-answer .failed")).to_have_count(3)
        page.locator(".cells-answer .failed").first.hover()
        for action in ("Run …", "Retry", "Add documents", "Add a question"):
            expect(page.get_by_role("button", name=action)).to_have_count(0)
        page.get_by_role("button", name="More").click()
        expect(page.get_by_role("menuitem", name="People")).to_be_visible()
        expect(page.get_by_role("menuitem", name="Retention")).to_have_count(0)
        page.keyboard.press("Escape")
        cell(page, 0, "Governing law").click()
        panel = page.get_by_role("complementary", name="Answer and evidence")
        expect(panel.locator(".Answer-citation q")).to_contain_text("Delaware")
        expect(panel.get_by_role("button", name=re.compile("Edit|Verify|Ask again|Clear"))).to_have_count(0)
        page.keyboard.press("v")
        expect(panel.get_by_text("Nobody has changed this answer.")).to_be_visible()
        accessible(page)
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as downloading:
            page.get_by_role("menuitem", name="JSON").first.click()
        downloading.value.save_as(tmp_path / "out.json")
        assert "one.txt" in json.dumps(json.loads((tmp_path / "out.json").read_text()))


def test_an_address_that_leads_nowhere_says_so_and_leads_on(server: Served, opens: Opens) -> None:
    for path in ("/nowhere", "/reviews/nothing/more/of/it"):
        page = opens(server.url + path, refused=True)
        expect(page.get_by_role("heading", name="This page does not exist")).to_be_visible()
        accessible(page)
        page.get_by_role("link", name="All reviews").click()
        expect(page.get_by_role("heading", name="Reviews", exact=True)).to_be_visible()
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/nowhere").status_code == 404
        unknown = client.get("/api/nowhere")
        assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
