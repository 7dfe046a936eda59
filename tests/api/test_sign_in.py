"""Sign-in by password: invitations, sessions and their ends, guesses, and the origin of requests."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import argon2
import httpx
import psycopg
import pytest

from columnist.api import sign_in
from columnist.api.app import create_app
from columnist.api.health import Health
from columnist.back_ends import BackEnds
from columnist.cli import operate
from columnist.db.connect import Database
from columnist.db.probe import Probe
from columnist.documents.blobs import BlobStore
from columnist.documents.reading.reader import Reader
from columnist.errors import InputError, NotFoundError, SettingsError
from columnist.export.stream import Exporter
from columnist.process import Process
from columnist.settings import Settings
from tests.http import problem
from tests.patience import until

ADA, EVE = "ada@example.org", "eve@example.org"
SECRET, OTHER = "four random words", "other words entirely"
HOST = "columnist.example.org"


class Site:
    """A server in this process, over a database; browsers with any client address, and acts of operators."""

    def __init__(self, settings: Settings, database: Database, admin: psycopg.Connection) -> None:
        process = Process(
            settings, database, BlobStore(settings), Reader(settings), BackEnds(settings), Exporter(database.url)
        )
        self.settings, self.database, self._admin = settings, database, admin
        self._app = create_app(process, Health(Probe(database.url), "untold"))
        self._opened: list[httpx.AsyncClient] = []

    def browser(self, address: str = "192.0.2.1", scheme: str = "http") -> httpx.AsyncClient:
        """A browser that shows this server's page."""
        url = f"{scheme}://{urlsplit(self.settings.public_url or f'http://{HOST}').netloc}"
        transport = httpx.ASGITransport(self._app, client=(address, 1))
        headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        self._opened.append(httpx.AsyncClient(transport=transport, base_url=f"{url}/api", headers=headers))
        return self._opened[-1]

    async def operator(self, act: Callable[..., Awaitable[Any]], *arguments: object) -> Any:
        """Perform an operator's act."""
        async with self.database.worker() as connection:
            return await act(connection, *arguments)

    async def invited(self, email: str = ADA) -> str:
        """The secret of a new link."""
        link = await self.operator(operate.invite, self.settings, email)
        said = parse_qs(urlsplit(link).fragment)
        assert said["email"] == [email.lower()]
        return str(said["invitation"][0])

    async def member(self, email: str = ADA, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """The browser of a signed-in user with the password SECRET."""
        browser = self.browser(address)
        accepted = await browser.post("/invitation", json={"invitation": await self.invited(email), "password": SECRET})
        assert accepted.status_code == 204, accepted.text
        return browser

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute as the superuser."""
        cursor = self._admin.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    async def close(self) -> None:
        """Hang up."""
        for client in self._opened:
            await client.aclose()


def test_somebody_invited_chooses_a_password_once_and_is_known_by_their_address(site: Callable[..., Any]) -> None:
    async def scenario(site: Site) -> None:
        first, second = await site.invited(ADA.title()), await site.invited()
        browser = site.browser()
        problem(
            await browser.post("/invitation", json={"invitation": first, "password": SECRET}), 401, "unauthenticated"
        )
        for easy in (
            "q7 vhm wz x",
            "password1234",
            "aaaaaaaaaaaaaaaa",
            f"{ADA}1",
            "columnist2026",
            "ｐａｓｓｗｏｒｄ１２３４",
        ):
            answer = await browser.post("/invitation", json={"invitation": second, "password": easy})
            assert problem(answer, 422, "bad-input")["errors"][0]["field"] == "password"
        answer = await browser.post("/invitation", json={"invitation": second, "password": SECRET})
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await browser.get("/me")).json()["email"] == ADA
        assert (await browser.get("/me")).json()["how"] == "password"
        again = await site.browser().post("/invitation", json={"invitation": second, "password": OTHER})
        problem(again, 401, "unauthenticated")
        late = await site.invited()
        assert site.sql("select invitation_ends_at between now() + '6 days' and now() + '7 days' from accounts") == [
            (True,)
        ]
        site.sql("update accounts set invitation_ends_at = now()")
        answer = await browser.post("/invitation", json={"invitation": late, "password": OTHER})
        assert "used already" in problem(answer, 401, "unauthenticated")["detail"]

        # Reviews are shared with addresses: the operator has vouched for this one.
        eve = await site.member(EVE)
        review = (await eve.post("/tabular/reviews", json={"name": "Deal"})).json()["id"]
        await eve.put(f"/tabular/reviews/{review}/members/{ADA}", json={"role": "viewer"})
        assert (await browser.get(f"/tabular/reviews/{review}")).json()["role"] == "viewer"

    site(scenario)


def test_an_invitation_needs_an_address_a_server_that_takes_it_and_where_that_is(site: Callable[..., Any]) -> None:
    async def scenario(site: Site) -> None:
        for email in ("ada", "\u212aevin@example.org", ""):
            with pytest.raises(InputError):
                await site.operator(operate.invite, site.settings, email)
        for changes in ({"sign_in": None}, {"public_url": None, "host": "0.0.0.0"}):
            with pytest.raises(SettingsError):
                await site.operator(operate.invite, site.settings.model_copy(update=changes), ADA)
        assert site.sql("select * from accounts") == []
        link = await site.operator(operate.invite, site.settings.model_copy(update={"public_url": None}), ADA)
        assert link.startswith("http://127.0.0.1:8000/#invitation=")

    site(scenario)


def test_the_cookie_is_out_of_reach_of_scripts_of_other_sites_and_over_https_of_other_hosts(
    site: Callable[..., Any],
) -> None:
    async def scenario(site: Site) -> None:
        await site.member()
        for scheme, prefix in (("http", ""), ("https", "__Host-")):
            browser = site.browser(scheme=scheme)
            answer = await browser.post("/session", json={"email": ADA.title(), "password": SECRET})
            session, device = answer.headers.get_list("set-cookie")
            assert session.startswith(f"{prefix}columnist_session=")
            assert device.startswith(f"{prefix}columnist_device_")
            for cookie in (session, device):
                flags = set(cookie.split("; ")[1:])
                assert {"Path=/", "HttpOnly", "SameSite=Strict"} < flags
                assert ("Secure" in flags) == (scheme == "https")
            assert (await browser.get("/me")).status_code == 200

    site(scenario)

    async def https_only(site: Site) -> None:
        browser = await site.member()
        (secret,) = (value for name, value in browser.cookies.items() if name == "__Host-columnist_session")
        browser.cookies.clear()
        browser.cookies.set("columnist_session", secret)
        problem(await browser.get("/me"), 401, "unauthenticated")

    site(https_only, COLUMNIST_PUBLIC_URL=f"https://{HOST}")


def test_no_secret_is_kept_but_as_a_hash(site: Callable[..., Any]) -> None:
    async def scenario(site: Site) -> None:
        browser = await site.member()
        secrets = [SECRET, await site.invited(), *browser.cookies.values()]
        written = [*secrets, *(secret.encode().hex() for secret in secrets)]  # as PostgreSQL shows bytes
        for (table,) in site.sql("select tablename from pg_tables where schemaname = 'public'"):
            for secret in written:
                assert site.sql(f"select * from {table} t where t::text like %s", f"%{secret}%") == [], table
        ((kept,),) = site.sql("select password from accounts")
        assert kept.startswith("$argon2id$v=19$m=19456,t=2,")

    site(scenario)


def test_a_session_ends_by_time_by_its_user_and_by_an_operator(site: Callable[..., Any]) -> None:
    async def scenario(site: Site) -> None:
        async def another(password: str = SECRET) -> httpx.AsyncClient:
            browser = site.browser()
            answer = await browser.post("/session", json={"email": ADA, "password": password})
            assert answer.status_code == 204, answer.text
            return browser

        async def ended(*browsers: httpx.AsyncClient) -> None:
            for browser in browsers:
                problem(await browser.get("/me"), 401, "unauthenticated")

        first = await site.member()
        for change in ("ends_at = now()", "seen_at = now() - interval '8 days'"):
            browser = await another()
            site.sql(f"update sessions set {change} where created_at = (select max(created_at) from sessions)")
            await ended(browser)

        second, third = await another(), await another()
        copied = dict(second.cookies)
        assert (await second.delete("/session")).status_code == 204
        assert "columnist_session" not in second.cookies
        second.cookies.update(copied)
        await ended(second)
        assert [(await one.get("/me")).status_code for one in (first, third)] == [200, 200]
        await third.delete("/session", params={"everywhere": True})
        await ended(first, third)

        first, second = await another(), await another()
        renewed = {"password": SECRET, "new_password": OTHER}
        problem(await first.put("/password", json={**renewed, "password": OTHER}), 401, "unauthenticated")
        problem(await first.put("/password", json={**renewed, "new_password": "short"}), 422, "bad-input")
        assert (await first.put("/password", json=renewed)).status_code == 204
        assert (await first.get("/me")).status_code == 200
        await ended(second)

        second = await another(OTHER)
        link = await site.invited()  # the user has forgotten the password, or somebody else knows it
        assert (await second.get("/me")).status_code == 200
        assert (await site.browser().post("/invitation", json={"invitation": link, "password": SECRET})).is_success
        await ended(first, second)

        first, second = await another(), await another()
        with pytest.raises(NotFoundError, match=r"aad@example\.org"):
            await site.operator(operate.end_sessions, "aad@example.org")
        assert await site.operator(operate.end_sessions, ADA) == 3
        await ended(first, second)
        assert await site.operator(operate.end_sessions, ADA) == 0
        first = await another()
        ((user),) = await site.operator(operate.list_users)
        assert (user["signs_in"], user["sessions"], user["email"]) == ("password", 1, ADA)

        async def set_enabled(enabled: bool) -> None:
            async with site.database.worker() as connection:
                await operate.set_enabled(connection, ADA, enabled=enabled)

        await set_enabled(False)
        await ended(first)
        answer = await site.browser().post("/session", json={"email": ADA, "password": SECRET})
        assert "disabled" in problem(answer, 401, "unauthenticated")["detail"]
        await set_enabled(True)
        await ended(first)
        await another()

    site(scenario)


@pytest.mark.parametrize("mode", ["password", "local"])
def test_what_another_sites_page_sends_with_the_cookie_changes_nothing(
    site: Callable[..., Any], mode: str, tmp_path: Path
) -> None:
    async def scenario(site: Site) -> None:
        if mode == "local":
            browser = site.browser()
            await browser.get("/../", params={"token": (tmp_path / "token").read_text()})
        else:
            browser = await site.member()
        own = browser.headers["origin"]
        del browser.headers["origin"], browser.headers["sec-fetch-site"]
        review = {"name": "Deal"}
        elsewhere: list[dict[str, str]] = [
            {},
            {"Origin": "null"},
            {"Origin": "http://["},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": own},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.example"},
            {"Origin": f"{own}.evil.example"},
        ]
        for headers in elsewhere:
            problem(await browser.post("/tabular/reviews", json=review, headers=headers), 403, "forbidden")
            problem(await browser.delete("/session", headers=headers), 403, "forbidden")
        if mode == "password":
            for headers in elsewhere:  # no one is signed in as another user, and no body is read
                answer = await browser.post("/session", content=b"x" * 5 * 1024**2, headers=headers)
                problem(answer, 403, "forbidden")
        assert (await browser.get("/tabular/reviews")).json()["total"] == 0
        for headers in ({"Origin": own}, {"Sec-Fetch-Site": "same-origin", "Origin": own}):
            made = await browser.post("/tabular/reviews", json={"name": str(headers)}, headers=headers)
            assert made.status_code == 201

    local = {"COLUMNIST_SIGN_IN": None, "COLUMNIST_PUBLIC_URL": "http://localhost"}
    site(scenario, **(local if mode == "local" else {}))


def test_guesses_are_few_and_keep_nobody_out_of_their_own_browser(
    site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "GUESSES_OF_AN_ADDRESS", 24)

    async def scenario(site: Site) -> None:
        async def guess(browser: httpx.AsyncClient, email: str, password: str = "wrong words here") -> httpx.Response:
            return await browser.post("/session", json={"email": email, "password": password})

        ada = await site.member()
        await ada.delete("/session")
        stranger = site.browser("198.51.100.1")
        replies: list[list[tuple[int, str]]] = []
        for email in (ADA, "nobody@example.org"):
            answers = [await guess(stranger, email) for _ in range(12)]
            replies.append([(one.status_code, one.json()["detail"]) for one in answers])
        assert replies[0] == replies[1], "it reveals who has an account"
        assert [status for status, _ in replies[0]] == [401] * 10 + [429] * 2
        # From every address, and with the right password: this would be one guess too many.
        assert (await guess(site.browser("198.51.100.2"), ADA, SECRET)).status_code == 429
        assert (await guess(ada, ADA, SECRET)).status_code == 204
        link = await site.invited()
        assert (await site.browser().post("/invitation", json={"invitation": link, "password": OTHER})).is_success

        # Many accounts from one network.
        network = [site.browser(f"2001:db8::{nr:x}") for nr in range(1, 6)]
        many = [await guess(network[nr % 5], f"user{nr}@example.org") for nr in range(26)]
        assert [one.status_code for one in many] == [401] * 24 + [429] * 2
        # Counted in the database: for all server processes, and after a restart.
        assert site.sql("select max(guesses) from sign_in_guesses") == [(26,)]
        site.sql("update sign_in_guesses set ends_at = now()")
        assert (await guess(network[0], "another@example.org")).status_code == 401
        assert site.sql("select max(guesses), count(*) from sign_in_guesses") == [(1, 2)], "forgotten after their time"

        async def noted() -> list[tuple[Any, ...]]:
            return site.sql("select email, user_id, facts from events where action = 'failed_sign_in'")

        await until(noted)
        assert await noted() == [(ADA, None, {"failures": 1})], "the rest is counted, and said later"
        await until(lambda: asyncio.sleep(0, site.sql("select failures from accounts") == [(9,)]))
        site.sql("update accounts set failures_noted_at = now() - interval '11 minutes'")

        # Another spelling of an address is counted apart, so it is nobody's. PostgreSQL makes an i of this letter.
        await site.member("irina@example.org")
        answer = await guess(site.browser("198.51.100.3"), "\u0130rina@example.org", SECRET)
        assert answer.status_code == 401

    site(scenario)


def test_every_guess_costs_the_same_memory_at_a_time_and_the_same_work(
    site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = argon2.PasswordHasher.verify
    asked: list[str] = []
    at_once, most, lock = 0, 0, threading.Lock()

    def watched(self: argon2.PasswordHasher, known: str, password: bytes) -> bool:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        asked.append(known.rpartition("$")[0].rpartition("$")[0])
        try:
            return bool(verify(self, known, password))
        finally:
            with lock:
                at_once -= 1

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)

    async def scenario(site: Site) -> None:
        await site.member()
        await site.invited(EVE)  # the account has no password yet
        emails = [ADA, EVE, "nobody@example.org", "\0", "ｎobody@example.org"]
        browsers = [site.browser(f"198.51.100.{nr}") for nr in range(len(emails))]
        answers = await asyncio.gather(
            *(
                browser.post("/session", json={"email": email, "password": "wrong words"})
                for browser, email in zip(browsers, emails, strict=True)
            )
        )
        assert {one.status_code for one in answers} == {401}
        assert len(asked) == len(emails)
        assert len(set(asked)) == 1, "all of them with the same parameters"
        assert most == 1
        crowd = [site.browser("198.51.100.200") for _ in range(30)]
        statuses = await asyncio.gather(*(one.post("/session", json={"email": EVE, "password": "x"}) for one in crowd))
        assert {one.status_code for one in statuses} == {401, 429}

    site(scenario)


def test_a_hash_of_old_parameters_is_renewed_at_the_next_sign_in(site: Callable[..., Any]) -> None:
    async def scenario(site: Site) -> None:
        await site.member()
        site.sql("update accounts set password = %s", argon2.PasswordHasher(1, 1024, 1).hash(SECRET))
        browser = site.browser()
        assert (await browser.post("/session", json={"email": ADA, "password": SECRET})).status_code == 204
        assert (await browser.get("/me")).status_code == 200
        ((kept,),) = site.sql("select password from accounts")
        assert "m=19456" in kept

    site(scenario)


def test_the_trail_has_every_sign_in_and_what_came_before(site: Callable[..., Any]) -> None:
    async def scenario(site: Site) -> None:
        browser = await site.member()
        await browser.put("/password", json={"password": SECRET, "new_password": OTHER})
        await browser.delete("/session")
        events = site.sql("select action, email, facts from events order by id")
        assert events == [
            ("invite_user", None, {"with": ADA}),
            ("set_password", ADA, {"how": "invitation"}),
            ("sign_in", ADA, {"how": "password"}),
            ("set_password", ADA, {"how": "password"}),
            ("sign_in", ADA, {"how": "password"}),
            ("sign_out", ADA, {"everywhere": False}),
        ]
        user = site.sql("select user_id from accounts")[0]
        assert site.sql("select distinct owner_id from events") == [user]

    site(scenario)


def test_a_session_of_a_way_that_is_off_does_not_count_nor_does_one_sign_in_by_it(site: Callable[..., Any]) -> None:
    cookies: dict[str, str] = {}

    async def before(site: Site) -> None:
        cookies.update((await site.member()).cookies)

    async def after(site: Site) -> None:
        browser = site.browser()
        browser.cookies.update(cookies)
        problem(await browser.get("/me"), 401, "unauthenticated")
        for path in ("/session", "/invitation"):
            problem(await browser.post(path, content=b"x" * 5 * 1024**2), 401, "unauthenticated")

    site(before)
    site(after, COLUMNIST_SIGN_IN=None, COLUMNIST_JWT_SECRET="a-secret-of-more-than-thirty-two-bytes")
    provider = {"COLUMNIST_OIDC_ISSUER": "http://127.0.0.1:1", "COLUMNIST_OIDC_CLIENT_ID": "columnist"}
    site(after, COLUMNIST_SIGN_IN=None, **provider)


@pytest.fixture
def site(url: str, admin_url: str, tmp_path: Path) -> Callable[..., Any]:
    """Runs a scenario at a server with sign-in by password; settings may be others."""

    @asynccontextmanager
    async def opened(variables: dict[str, Any]) -> AsyncIterator[Site]:
        variables = {"COLUMNIST_SIGN_IN": "password", "COLUMNIST_PUBLIC_URL": f"http://{HOST}", **variables}
        settings = Settings(_env_file=None, DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            async with Database(url) as database:
                site = Site(settings, database, admin)
                yield site
                await site.close()

    async def run(scenario: Callable[[Site], Awaitable[None]], variables: dict[str, Any]) -> None:
        async with opened(variables) as site:
            await scenario(site)

    return lambda scenario, **variables: asyncio.run(run(scenario, variables))
