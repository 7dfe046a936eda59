"""Sweeping: contents that belong to no document are gone a day later; those that a user has, or takes in now, stay."""

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg

from columnist.db.connect import Database
from columnist.documents.blobs import BlobStore
from columnist.documents.sweep import BATCH, sweep
from columnist.settings import Settings
from tests.files import PDF, stored
from tests.http import a_review
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import columnist, contracts_in, served, served_api
from tests.uploads import until_read, upload


def days_pass(admin_url: str) -> None:
    with psycopg.connect(admin_url) as database:
        database.execute("update loose_contents set since = since - interval '2 days'")


def contents(admin_url: str) -> set[str]:
    """The ids of documents with stored text."""
    with psycopg.connect(admin_url) as database:
        return {
            row[0]
            for row in database.execute("select sha256 from documents d join reading_pages p on p.document_id = d.id")
        }


def boxes(admin_url: str, sha256: str) -> set[str]:
    """The files with the word boxes of a content's documents."""
    query = "select boxes_key from documents d join document_readings r on r.document_id = d.id where sha256 = %s"
    with psycopg.connect(admin_url) as database:
        return {f"{row[0]}.boxes" for row in database.execute(query, [sha256])}


def names(home: Path) -> set[str]:
    return {path.name for path in stored(home)}


def test_what_the_last_document_leaves_behind_is_deleted_and_what_another_has_is_kept(
    url: str, admin_url: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": home}
    with served_api(**variables) as api:
        review = a_review(api, "Governing law")["id"]
        files = [
            ("deleted.pdf", PDF.read_bytes()),
            ("shared.txt", b"This Agreement is governed by the laws of Delaware."),
            ("again.txt", b"This Agreement is governed by the laws of Delaware."),
            ("late.txt", b"This Agreement is governed by the laws of Nevada."),
        ]
        done = upload(api, *files, review_id=review)["files"]
        upload(api, ("unread.txt", b"Nobody asked about this one."))
        until_read(api, review)
        ids = {file["name"]: file["document_id"] for file in done}
        ids["unread.txt"] = api.get("/documents", params={"q": "unread"}).json()["documents"][0]["id"]
        (deleted, shared, _, late) = (file["sha256"] for file in done)
        assert contents(admin_url) == {deleted, shared, late}
        gone = boxes(admin_url, deleted) | boxes(admin_url, shared)
        assert {deleted, *gone} < names(home)
        for name in ("deleted.pdf", "shared.txt", "unread.txt"):
            assert api.delete(f"/documents/{ids[name]}?confirm=true").status_code == 204
        assert contents(admin_url) == {shared, late}, "the text goes with its document"
        kept = boxes(admin_url, shared) | boxes(admin_url, late)
        days_pass(admin_url)
        assert api.delete(f"/documents/{ids['late.txt']}?confirm=true").status_code == 204
        half = home / "blobs" / "incoming" / "half"
        half.write_bytes(b"A process that wrote this was killed.")
        os.utime(half, (0, 0))
        (home / "blobs" / "incoming" / "now").write_bytes(b"This one is still written.")
        assert {deleted, shared, late, "half", "now"} < names(home)

    kept |= {shared, late, "now"}
    with served_api(**variables) as api:
        wait_until(lambda: names(home) == kept)
        assert contents(admin_url) == {shared}
        assert api.get(f"/documents/{ids['again.txt']}/original").content == files[1][1]
        assert api.get(f"/documents/{ids['again.txt']}/pages/1").json()["words"] == []
        # A swept content can come back.
        review = a_review(api, "Term", name="Back")["id"]
        (file,) = upload(api, ("deleted.pdf", PDF.read_bytes()), review_id=review)["files"]
        assert file["status"] == "added"
        until_read(api, review)
        assert api.get(f"/documents/{file['document_id']}/original").content == PDF.read_bytes()
        assert api.get(f"/documents/{file['document_id']}/pages/1").json()["words"]
    with psycopg.connect(admin_url) as database:
        rows = database.execute("select sha256 from loose_contents").fetchall()
    assert {deleted, late} <= {sha256 for (sha256,) in rows}


class Slow(BlobStore):
    """Deletes when it is permitted."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.about_to_delete, self.may = threading.Event(), threading.Event()

    def remove(self, contents: Sequence[str]) -> None:
        self.about_to_delete.set()
        assert self.may.wait(PATIENCE_SECONDS)
        super().remove(contents)


def test_who_uploads_what_is_being_swept_keeps_it(url: str, admin_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    content = b"This Agreement is governed by the laws of Delaware."
    blobs = Slow(Settings(COLUMNIST_DATA_DIR=home))
    with (
        served(DATABASE_URL=url, COLUMNIST_DATA_DIR=home) as server,
        httpx.Client(base_url=f"{server.url}/api") as api,
        ThreadPoolExecutor() as threads,
    ):
        (first,) = upload(api, ("lease.txt", content))["files"]
        assert api.delete(f"/documents/{first['document_id']}?confirm=true").status_code == 204
        days_pass(admin_url)
        swept = threads.submit(asyncio.run, one_sweep(url, blobs))
        try:
            assert blobs.about_to_delete.wait(PATIENCE_SECONDS)
            uploaded = threads.submit(upload, api, ("lease.txt", content))
            with psycopg.connect(admin_url, autocommit=True) as database:
                waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like %s"
                while database.execute(waiting, ["insert into loose_contents%"]).fetchone() == (0,):
                    assert not uploaded.done()
                    time.sleep(0.01)
        finally:
            blobs.may.set()
        assert swept.result() == 1
        (second,) = uploaded.result()["files"]
        assert second["sha256"] == first["sha256"]
        assert api.get(f"/documents/{second['document_id']}/original").content == content
        days_pass(admin_url)
        assert asyncio.run(one_sweep(url, BlobStore(Settings(COLUMNIST_DATA_DIR=home)))) == 1  # examined, and kept
        assert api.get(f"/documents/{second['document_id']}/original").content == content


async def one_sweep(url: str, blobs: BlobStore) -> int:
    async with Database(url) as database:
        return await sweep(database, blobs)


def test_ten_processes_sweep_more_than_a_batch_once_and_nothing_of_a_run_is_lost(
    url: str, admin_url: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (tmp_path / "columns.yaml").write_text("columns:\n  - name: Law\n    prompt: Which law governs?\n")
    folder = contracts_in(tmp_path / "kept", 5)
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": home}
    command = ("run", folder, "--columns", tmp_path / "columns.yaml", "--output", tmp_path / "out.json")
    done = columnist(*command, **variables)
    assert done.returncode == 0, done.stderr
    kept = names(home)
    assert len(kept) == 10
    blobs = BlobStore(Settings(COLUMNIST_DATA_DIR=home))
    # As left by uploads that broke off before their document.
    with psycopg.connect(admin_url) as database:
        for number in range(BATCH + 50):
            with blobs.receiving("file") as incoming:
                incoming.write(f"File {number}".encode())
            database.execute("insert into loose_contents (sha256) values (%s)", [incoming.sha256])
    assert asyncio.run(one_sweep(url, blobs)) == 0
    assert len(names(home)) == 10 + BATCH + 50
    days_pass(admin_url)

    async def ten() -> int:
        total, more = 0, True
        while more:
            looked_at = await asyncio.gather(*(one_sweep(url, blobs) for _ in range(10)))
            total, more = total + sum(looked_at), any(looked_at)
        return total

    assert asyncio.run(ten()) == BATCH + 50 + 2 * 5
    assert names(home) == kept
    assert columnist(*command, **variables).returncode == 0
