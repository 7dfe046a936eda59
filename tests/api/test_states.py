"""States follow the facts: in feeds, in retries, after a clear, and without revealing another user's names."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.calls import EDITOR, OWNER
from tests.api.follower import Follower, shown
from tests.processes import served
from tests.signing import SECRET, token_of
from tests.uploads import until_read, upload

TERMS = b"This Agreement is governed by the laws of the State of Delaware. The fee is $1,000.00."


class Site:
    """A signed-in owner, and an editor of their review."""

    def __init__(self, address: str, url: str) -> None:
        self.owner, self.editor = (
            httpx.Client(base_url=f"{address}/api", headers={"Authorization": f"Bearer {token_of(user)}"})
            for user in (OWNER, EDITOR)
        )
        self.database = url
        self.review = self.a_review("Leases")

    def a_review(self, name: str) -> str:
        columns = [{"name": name, "prompt": f"Which {name}?"} for name in ("law", "fee")]
        review: str = self.owner.post("/tabular/reviews", json={"name": name, "columns": columns}).json()["id"]
        member = f"/tabular/reviews/{review}/members/{EDITOR.email}"
        assert self.owner.put(member, json={"role": "editor"}).is_success
        return review

    @property
    def path(self) -> str:
        return f"/tabular/reviews/{self.review}"

    def columns(self) -> list[str]:
        return [one["id"] for one in self.owner.get(f"{self.path}/columns").json()["columns"]]

    def put(self, *names: str) -> list[str]:
        files = upload(self.owner, *((name, TERMS + name.encode()) for name in names), review_id=self.review)["files"]
        return [one["document_id"] for one in files]

    def grid(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The grid itself."""
        rows = self.owner.get(f"{self.path}/rows").json()["rows"]
        return {(row["document_id"], column): cell for row in rows for column, cell in row["cells"].items()}


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    variables = {"COLUMNIST_JWT_SECRET": SECRET, "COLUMNIST_REQUESTS_PER_MINUTE": 1_000_000}
    with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables) as server:
        site = Site(server.url, url)
        yield site
        site.owner.close()
        site.editor.close()


def test_a_follower_of_the_feed_knows_the_grid_whatever_happens(site: Site) -> None:
    follower = Follower(site.editor, f"{site.path}/cells")
    documents = site.put("a.txt", "b.txt", "c.txt")
    law, fee = site.columns()
    until_read(site.owner, site.review)
    assert len(follower.read()) == 6

    edit = {"name": "law", "prompt": "Where is the seat of arbitration?"}
    assert site.editor.put(f"{site.path}/columns/{law}", json=edit).is_success
    assert sum(cell["stale"] for cell in follower.read().values()) == 3, "nobody wrote the cells: they are stale"
    assert shown(follower.cells) == shown(site.grid())

    def move(what: str) -> None:
        body = {"document_ids": documents[:1]}
        answer = site.owner.post(f"{site.path}/documents{what}", json=body, params={"confirm": "true"})
        assert answer.is_success, answer.text

    move("/remove")
    assert len(follower.read()) == 4
    move("")
    assert shown(follower.read()) == shown(site.grid())
    until_read(site.owner, site.review)
    move("/remove")
    move("")  # both since the last reading
    assert shown(follower.read()) == shown(site.grid())
    assert site.owner.delete(f"{site.path}/columns/{fee}", params={"confirm": "true"}).is_success
    assert shown(follower.read()) == shown(site.grid())
    assert {column for _, column in follower.cells} == {law}
    assert site.owner.delete(site.path, params={"confirm": "true"}).is_success


def test_a_cursor_goes_on_in_its_own_feed_alone(site: Site) -> None:
    site.put("a.txt")
    job = site.owner.post(f"{site.path}/generate").json()["job_id"]
    mine, its = Follower(site.owner, f"{site.path}/cells"), Follower(site.owner, f"/tabular/jobs/{job}/cells")
    mine.read()
    its.read()
    for cursor, other in ((its.cursor, mine), (mine.cursor, its)):
        refused = site.owner.get(other.path, params={"cursor": cursor or ""})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")


def test_an_editor_learns_no_name_of_the_owners_other_reviews(site: Site) -> None:
    names = {"name": "SECRET project Falcon"}
    hidden = site.owner.post("/tabular/reviews", json=names).json()["id"]
    taken, free = (site.editor.patch(site.path, json={"name": name}) for name in (names["name"], "Any other"))
    assert (taken.status_code, taken.json()["name"]) == (200, names["name"]), "as with every other name"
    assert free.status_code == 200
    assert site.editor.patch(site.path, json=names).is_success
    # The owner knows both reviews, and their own names stay unique.
    assert site.owner.patch(site.path, json=names).status_code == 409
    assert site.owner.post("/tabular/reviews", json=names).status_code == 409
    assert site.owner.patch(f"/tabular/reviews/{hidden}", json={"name": "Old Falcon"}).is_success
    assert site.owner.patch(site.path, json=names).is_success


def test_changes_that_meet_are_made_one_after_the_other(site: Site) -> None:
    more = [{"name": f"Column {nr}", "prompt": "What?"} for nr in range(10)]
    assert site.owner.post(f"{site.path}/columns", json={"columns": more}).is_success
    columns = site.columns()

    def change(nr: int) -> int:
        api = (site.owner, site.editor)[nr % 2]
        if nr % 5 == 4:
            specs = {"name": f"Column {nr % 10}", "prompt": f"What of {nr}?"}
            return api.put(f"{site.path}/columns/{columns[2 + nr % 10]}", json=specs).status_code
        order = columns if nr % 3 else columns[::-1]
        return api.put(f"{site.path}/columns/order", json={"column_ids": order}).status_code

    with ThreadPoolExecutor(12) as threads:
        assert set(threads.map(change, range(120))) == {200}
