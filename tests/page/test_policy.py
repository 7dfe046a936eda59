"""The page's Content-Security-Policy, escaping of markup, and the types that page and API share."""

import httpx
from playwright.sync_api import BrowserContext, expect

from tests.page.conftest import Opens, api_of
from tests.page.openapi import KEPT, described
from tests.patience import wait_until
from tests.processes import Served
from tests.uploads import upload


def test_what_somebody_wrote_is_text_and_never_markup(server: Served, opens: Opens) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    with api_of(server) as api:
        text = f"This Agreement is governed by the laws of the State of Delaware. {evil}\n" * 3
        columns = [{"name": f"Law {evil}", "prompt": f"Which law governs? {evil}"}]
        review = api.post("/tabular/reviews", json={"name": f"Review {evil}", "columns": columns}).json()["id"]
        (file,) = upload(api, (f"{evil}.txt".replace("/", "_"), text.encode()), review_id=review)["files"]
        job = api.post(f"/tabular/reviews/{review}/generate").json()["job_id"]
        wait_until(lambda: api.get(f"/tabular/jobs/{job}").json()["status"] == "completed")
        (column,) = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
        path = f"/tabular/reviews/{review}/cells/{file['document_id']}/{column['id']}"
        assert api.patch(path, json={"summary": evil, "reasoning": evil}).status_code == 200
    page = opens(server.url)
    page.get_by_role("link", name="Review <img").click()
    answer = page.locator(".ag-row[row-index='0'] .cells-answer")
    expect(answer).to_contain_text(evil)
    expect(page.locator(".cells-name")).to_contain_text("<img src=x onerror=alert(1)>")
    answer.click()
    expect(page.get_by_test_id("summary")).to_contain_text(evil)
    expect(page.locator(".Viewer-textPage")).to_contain_text(evil)
    expect(page.locator("mark").first).to_contain_text("Delaware")
    page.locator(".Panel-panel a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img")
    expect(page.locator("img:not([src='/favicon.svg'])")).to_have_count(0)
    expect(page.locator("script")).to_have_count(2)


def test_without_sign_in_the_page_asks_for_the_link_and_remembers_it(server: Served, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_text("Open the link that")).to_be_visible()
    assert server.link
    for address in (server.link, server.url):
        page.goto(address)
        expect(page.get_by_role("heading", name="Reviews", exact=True)).to_be_visible()
        expect(page).to_have_url(f"{server.url}/")


def test_the_policy_lets_nothing_in_from_elsewhere(server: Served) -> None:
    answer = httpx.get(server.url)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in str(policy)
    nonce = policy["style-src"].split("'nonce-")[1].rstrip("'")
    assert f'content="{nonce}"' in answer.text
    assert httpx.get(server.url).headers["content-security-policy"] != answer.headers["content-security-policy"]


def test_the_pages_types_are_those_of_the_api() -> None:
    assert KEPT.read_text(encoding="utf-8") == described(), "make types"
