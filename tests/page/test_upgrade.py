"""A page with parts of two versions, as during a rollout: it says so, and tries again."""

from functools import partial

from playwright.sync_api import Route, expect

from tests.page.conftest import Opens, cell, filled, pdfs
from tests.processes import Served


def missing(route: Route) -> None:
    """Answers like a server of another version."""
    route.fulfill(status=404, body="")


def hold_first(late: list[Route], route: Route) -> None:
    if late:
        route.continue_()
    else:
        late.append(route)


def test_a_page_whose_script_another_version_has_says_so_and_tries_again(server: Served, opens: Opens) -> None:
    page = opens(server.url, refused=True)
    script = "**/assets/index-*.js"
    for part in (script, "**/assets/index-*.css"):
        page.route(part, missing)
        late: list[Route] = []
        if part != script:
            page.route(script, partial(hold_first, late))
        page.reload(wait_until="commit")
        expect(page.get_by_text("Columnist is being updated.")).to_be_visible()
        for route in late:
            route.continue_()
        page.unroute_all()
        expect(page.get_by_role("heading", name="Reviews", exact=True)).to_be_visible()


def test_an_open_page_loads_itself_anew_when_its_parts_are_gone(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1))
    page = opens(f"{server.url}/reviews/{review}", refused=True)
    page.route("**/assets/PdfPages-*.js", missing)
    with page.expect_event("load"):
        cell(page, 0, "Governing law").click()
    page.unroute("**/assets/PdfPages-*.js")
    cell(page, 0, "Governing law").click()
    expect(page.locator(".PdfPages-textLayer[data-laid]").first).to_be_attached()


def test_a_screen_that_fails_says_so_and_the_others_are_there(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1))
    page = opens(server.url, refused=True)
    page.route("**/assets/Review-*.js", missing)
    page.goto(f"{server.url}/reviews/{review}")  # reloads itself once, which does not help
    expect(page.get_by_role("heading", name="This screen has failed")).to_be_visible()
    page.get_by_role("link", name="Columnist").click()
    expect(page.get_by_role("heading", name="Reviews", exact=True)).to_be_visible()
    page.unroute("**/assets/Review-*.js")
    page.goto(f"{server.url}/reviews/{review}")
    expect(page.locator(".ag-row").first).to_be_visible()
