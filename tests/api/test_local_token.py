"""Without sign-in, a client proves with the data directory's token that it may read that: in a link, a cookie or a
header."""

import asyncio
import stat
from pathlib import Path

import httpx
import pytest

import columnist
from columnist.api.local import LocalToken
from columnist.db.connect import LOCAL_USER
from columnist.errors import ColumnistError
from tests.api.test_trail import trail_of
from tests.http import problem
from tests.processes import TOKENS, served

NOBODY = {"Authorization": ""}


def test_without_sign_in_nobody_is_answered_who_has_neither_the_link_nor_its_cookie(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path}
    with served("--no-worker", **variables) as server, httpx.Client(base_url=server.url, headers=NOBODY) as browser:
        assert server.link
        token = server.link.removeprefix(f"{server.url}/?token=")
        assert (tmp_path / "token").read_text() == token
        assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600

        # A proxy that marks nothing sends its own address as the host, as nginx does.
        for headers in ({}, {"Cookie": "columnist=1"}, {"Via": "1.1 proxy"}, {"Authorization": "Bearer x"}):
            answer = browser.get("/api/me", headers=headers)
            assert "Open the link" in problem(answer, 401, "unauthenticated")["detail"]
        problem(browser.post("/api/tabular/reviews", json={"name": "A"}), 401, "unauthenticated")
        assert browser.get("/", params={"token": f"{token}x"}).headers.get("set-cookie") is None

        opened = browser.get("/reviews/1", params={"token": token})
        assert (opened.status_code, opened.headers["location"]) == (303, "/reviews/1")
        flags = opened.headers["set-cookie"].partition("; ")[2].split("; ")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} < set(flags)
        assert browser.get("/api/me").json()["user_id"] == str(LOCAL_USER.id)
        problem(browser.get("/api/me", headers={"Origin": "http://127.0.0.1:1"}), 403, "forbidden")
        browser.cookies.set(next(iter(browser.cookies)), "x")
        problem(browser.get("/api/me"), 401, "unauthenticated")
        asked = browser.get("/api/me", headers={"Authorization": f"Bearer {token}"})
        assert asked.status_code == 200

        # A program of the same user finds it on its own.
        TOKENS.clear()
        monkeypatch.setenv("COLUMNIST_DATA_DIR", str(tmp_path / "another"))
        with columnist.Client(server.url, retry_seconds=0) as client, pytest.raises(ColumnistError):
            client.me()
        monkeypatch.setenv("COLUMNIST_DATA_DIR", str(tmp_path))
        with columnist.Client(server.url) as client:
            assert client.me().user_id == LOCAL_USER.id
        assert not [line for line in server.log if token in line]
    signed_in = [event for event in asyncio.run(trail_of(url)) if event.action == "sign_in"]
    assert [(event.user_id, event.facts) for event in signed_in] == [(LOCAL_USER.id, {"how": "link"})]


def test_the_token_stays_the_same_and_one_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = LocalToken.of(home).token
    assert LocalToken.of(home).token == first
    assert len(first) >= 43, "256 bits"
    (home / "token").chmod(0o644)
    second = LocalToken.of(home).token
    assert second != first
    (home / "token").unlink()
    (home / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ColumnistError):
        LocalToken.of(home)
