"""`columnist.Client` against real servers: the main job, refusals, and servers that go away meanwhile."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import columnist
from columnist.errors import (
    ColumnistError,
    ConfirmationNeededError,
    ConflictError,
    InputError,
    NotFoundError,
    ServerError,
)
from columnist.reviews.model import ColumnSpec
from tests.conftest import CONTRACTS
from tests.patience import PATIENCE_SECONDS
from tests.processes import contracts_in, served, simulator, start, wait_for_line
from tests.proxies import nginx
from tests.signing import SECRET, signed

TERM, RENT = ColumnSpec("Term", "How long does it run?"), ColumnSpec("Rent", "What is the rent?", "monetary_amount")
SMALL = sorted(CONTRACTS.glob("*.[pP][dD][fF]"), key=lambda file: file.stat().st_size)[:3]


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[columnist.Client]:
    settings = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 100}
    with served(**settings) as server, columnist.Client(server.url) as client:
        yield client


def test_the_main_job_in_one_line_and_every_noun_of_the_review_after_it(
    client: columnist.Client, tmp_path: Path
) -> None:
    review = client.reviews.create("Contracts", columns=[TERM], documents=SMALL)
    status = review.generate().wait(progress=True)
    assert (status.status, status.completed_items, status.done_cells) == ("completed", 3, 3)
    assert client.reviews.get("Contracts").info.document_count == 3
    assert [one.status for one in review.upload(SMALL)] == ["known"] * 3
    (column,) = review.columns()
    rows = list(review.rows(sort="-document", filter=["any:state:done"]))
    assert [row.document for row in rows] == sorted((file.name for file in SMALL), reverse=True)
    assert all(row.cells[column.id].summary for row in rows)
    cell = review.cell(rows[0].document_id, column.id)
    assert cell.edit("Two years", flag="red").edited_by == "local@localhost"
    assert cell.verify().verified_by == "local@localhost"
    assert [change.action for change in cell.history()] == ["verify", "edit"]
    assert cell.regenerate().wait().done_cells == 1
    assert cell.read().edited_at is None
    answered = cell.read()
    cell.clear()
    assert cell.read().status == "pending"
    assert (restored := cell.restore()).citations == answered.citations and restored.status == "done"
    with pytest.raises(ConflictError):
        cell.restore()
    review.export(tmp_path / "review.csv")
    assert len((tmp_path / "review.csv").read_text("utf-8-sig").splitlines()) >= 4
    assert [file.name for file in tmp_path.glob("*review*")] == ["review.csv"], "no part is left beside it"
    with pytest.raises(InputError):
        review.export(tmp_path / "review.docx")
    assert not (tmp_path / "review.docx").exists()


def test_a_file_that_is_too_large_is_refused_and_the_others_are_not(url: str, tmp_path: Path) -> None:
    folder = contracts_in(tmp_path / "files", 2)
    (folder / "large.txt").write_text("A lease. " * 200_000)
    with (
        served(
            "--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home", COLUMNIST_MAX_FILE_MB=1
        ) as server,
        columnist.Client(server.url) as client,
    ):
        review = client.reviews.create("Mixed")
        uploads = {one.path.name: one for one in review.upload([folder])}
        assert [uploads[f"contract-000{nr}.txt"].status for nr in range(2)] == ["added", "added"]
        assert uploads["large.txt"].document_id is None
        assert "1 MB" in str(uploads["large.txt"].error)
        assert client.reviews.get(review.id).info.document_count == 2


def test_files_that_a_proxy_finds_too_large_are_refused_and_the_others_are_not(url: str, tmp_path: Path) -> None:
    """By default nginx accepts bodies of 1 MB."""
    folder = contracts_in(tmp_path / "files", 0)
    for name, size in (("a.txt", 600_000), ("b.txt", 600_000), ("c.txt", 40), ("d.txt", 1_200_000)):
        (folder / name).write_text("x" * size)
    with (
        served(
            "--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home", COLUMNIST_JWT_SECRET=SECRET
        ) as server,
        nginx(tmp_path, [urlsplit(server.url).port or 0]) as proxy,
        columnist.Client(proxy, token=signed("ann")) as client,
    ):
        uploads = {one.path.name: one for one in client.reviews.create("Large").upload([folder])}
    assert [uploads[f"{name}.txt"].status for name in "abcd"] == ["added", "added", "added", "refused"]
    assert "client_max_body_size" in str(uploads["d.txt"].error)


def test_columns_are_put_edited_ordered_and_removed(client: columnist.Client) -> None:
    review = client.reviews.create("Leases", columns=[TERM])
    (term,) = review.columns()
    changed = ColumnSpec("Term", "How many years?")
    assert [(one.name, one.version) for one in review.put_columns([RENT, changed])] == [("Rent", 1), ("Term", 2)]
    assert review.put_columns([RENT, changed])[1].version == 2, "the same question again is no edit"
    rent = review.columns()[1]
    assert [one.name for one in review.order_columns([rent.id])] == ["Rent", "Term"]
    review.remove_column(term.id)
    assert [one.name for one in review.columns()] == ["Rent"]
    assert review.edit_column(rent.id, ColumnSpec("Price", "What is the price?")).name == "Price"


def test_a_refusal_is_the_same_exception_as_everywhere(client: columnist.Client) -> None:
    review = client.reviews.create("Leases", columns=[TERM])
    with pytest.raises(ConflictError, match="'Leases'") as refused:
        client.reviews.create("Leases")
    assert refused.value.field == "name"
    assert client.reviews.open("Leases").id == review.id
    with pytest.raises(NotFoundError, match="'Lease'"):
        client.reviews.get("Lease")
    with pytest.raises(NotFoundError):
        client.reviews.get(uuid4())
    with pytest.raises(InputError) as wrong:
        client.reviews.list("x" * 201)
    assert wrong.value.field == "q"
    with pytest.raises(ConfirmationNeededError):
        review.delete()
    review.delete(confirm=True)
    assert list(client.reviews.list()) == []


def test_reviews_are_shared_and_renamed_and_tokens_sign_in_and_are_revoked(client: columnist.Client) -> None:
    review = client.reviews.create("Leases")
    assert [(one.email, one.role) for one in review.share("ann@example.com", "editor")] == [
        ("ann@example.com", "editor")
    ]
    review.unshare("ann@example.com")
    assert review.members() == []
    review.rename("Offices")
    assert client.reviews.get(review.id).name == "Offices"
    token = client.tokens.create("script", "read", days=7)
    assert [one.name for one in client.tokens.list()] == ["script"]
    client.tokens.revoke(token.id)
    assert list(client.tokens.list()) == []


def test_a_server_that_is_killed_and_comes_back_is_not_noticed_by_who_waits(url: str, tmp_path: Path) -> None:
    with simulator(prompt_rate=20_000, decode_rate=300) as llm:
        settings = {
            "DATABASE_URL": url,
            "COLUMNIST_DATA_DIR": tmp_path / "home",
            "TABULAR_POLL_MS": 50,
            "TABULAR_JOB_LEASE_SECONDS": 2,
            "TABULAR_GENERATE_CONCURRENCY": 2,
            "OPENAI_BASE_URL": llm,
            "COLUMNIST_MODEL": "simulated",
            "COLUMNIST_DRAIN_SECONDS": 0,
        }
        first = start("serve", "--port", 0, **settings)
        try:
            assert first.stderr
            address = wait_for_line(first.stderr, '"serving"').partition('"url": "')[2].partition('"')[0]
            threading.Thread(target=first.stderr.read, daemon=True).start()
            with columnist.Client(address, (tmp_path / "home" / "token").read_text()) as client:
                review = client.reviews.create("C", [TERM, RENT], [contracts_in(tmp_path / "files", 30)])
                job = review.generate()
                watching = job.watch()
                while next(watching).done_cells == 0:
                    pass
                first.kill()
                first.wait()
                second = start("serve", "--port", address.rpartition(":")[2], **settings)
                try:
                    assert second.stderr
                    threading.Thread(target=second.stderr.read, daemon=True).start()
                    *_, last = watching
                    assert (last.status, last.completed_items, last.done_cells) == ("completed", 30, 60)
                    changes = [cell for page in job.cells() for cell in page.cells]
                    assert len({(cell.document_id, cell.column_id) for cell in changes}) == 60
                finally:
                    second.send_signal(signal.SIGTERM)
                    second.wait()
        finally:
            first.kill()
            first.communicate()


def test_a_job_is_cancelled_listed_and_retried(url: str, tmp_path: Path) -> None:
    with simulator(prompt_rate=500, decode_rate=10) as llm:
        settings = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 50}
        settings |= {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated"}
        with served(**settings) as server, columnist.Client(server.url) as client:
            review = client.reviews.create("C", [TERM], [contracts_in(tmp_path / "files", 5)])
            job = review.generate()
            again = review.generate()
            assert (again.id, again.resumed) == (job.id, True)
            active = review.active_job()
            assert active
            assert active.id == job.id
            assert job.cancel()
            assert job.wait().status == "cancelled"
            assert not job.cancel()
            with pytest.raises(ConflictError, match="not paused"):
                job.resume()
            retried = job.retry()
            assert retried.id != job.id
            assert [one.id for one in client.jobs.list(review_id=review.id)] == [retried.id, job.id]
            retried.cancel()
            assert retried.wait().skipped_items > 0


class Stubborn(BaseHTTPRequestHandler):
    """A faulty server: it gives the answers that its class lists, one after the other, and notes the requests."""

    answers: ClassVar[list[tuple[int, dict[str, str]]]] = []
    asked: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.headers.get("Idempotency-Key"), body))
        status, headers = self.answers.pop(0)
        if status == 0:  # it dies before it answers
            self.close_connection = True
            return
        content = b'{"job_id": "00000000-0000-0000-0000-000000000001", "total_items": 1, "resumed": false}'
        if status >= 400:
            content = b""
        self.send_response(status)
        for name, value in (
            {"Content-Length": str(len(content)), "Content-Type": "application/json"} | headers
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - the names that it is called by

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def stubborn() -> Iterator[str]:
    Stubborn.answers, Stubborn.asked = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Stubborn) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_what_may_be_repeated_is_until_the_server_answers(stubborn: str) -> None:
    with columnist.Client(stubborn) as client:
        Stubborn.answers = [(503, {}), (0, {}), (502, {}), (429, {"Retry-After": "1"}), (200, {})]
        began = time.monotonic()
        assert client.transport.request("GET", "/x").status_code == 200
        assert time.monotonic() - began > 1, "it waits as long as the server asks"
        Stubborn.answers = [(0, {}), (504, {}), (202, {})]
        Stubborn.asked.clear()
        client.transport.request("POST", "/x", key="k", json={"only": ["all"]})
        assert len(Stubborn.asked) == 3
        assert len(set(Stubborn.asked)) == 1, "the same request under the same key"


def test_what_may_have_been_done_is_not_done_twice(stubborn: str) -> None:
    with columnist.Client(stubborn) as client:
        for status in (0, 502, 503):
            Stubborn.answers = [(status, {}), (200, {})]
            with pytest.raises(ServerError):
                client.transport.request("POST", "/x", json={})
        assert len(Stubborn.asked) == 3
        Stubborn.answers = [(429, {}), (200, {})]
        assert client.transport.request("POST", "/x", json={}).status_code == 200, "a refusal for frequency did nothing"


def test_an_upload_that_is_repeated_sends_the_same_bytes(stubborn: str, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("A lease.")
    with columnist.Client(stubborn) as client, file.open("rb") as opened:
        Stubborn.answers = [(0, {}), (200, {})]
        headers = {"Content-Type": "multipart/form-data; boundary=k"}
        client.transport.request("POST", "/documents", key="k", headers=headers, files=[("files", ("a.txt", opened))])
    assert len(Stubborn.asked) == 2
    assert len(set(Stubborn.asked)) == 1
    assert b"A lease." in Stubborn.asked[0][2]


def test_a_server_that_stays_away_is_one_sentence_after_the_stated_time() -> None:
    with columnist.Client("http://127.0.0.1:1", retry_seconds=1) as client:
        began = time.monotonic()
        with pytest.raises(ServerError, match=r"http://127\.0\.0\.1:1 does not answer"):
            client.me()
        assert time.monotonic() - began >= 1, "its last try is at the end of that time"


def test_closing_the_client_ends_the_waiting_for_its_server() -> None:
    client = columnist.Client("http://127.0.0.1:1")
    failures: list[ColumnistError] = []

    def ask() -> None:
        try:
            client.me()
        except ColumnistError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    client.close()
    asking.join(PATIENCE_SECONDS)
    assert not asking.is_alive()


def test_templates_are_made_read_listed_and_deleted(client: columnist.Client) -> None:
    built_in = client.templates.list()
    assert built_in
    assert all(template.built_in and template.columns for template in built_in)
    made = client.templates.create("Mine", [RENT])
    assert (made.name, made.built_in, [column.name for column in made.columns]) == ("Mine", False, [RENT.name])
    assert client.templates.get(made.id) == made
    assert list(client.templates.list()) == [*built_in, made]
    with pytest.raises(ConflictError):
        client.templates.create("Mine", [RENT])
    client.templates.delete(made.id)
    assert client.templates.list() == built_in


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://localhost", "http://", ""])
def test_an_address_that_is_none_is_one_sentence(address: str) -> None:
    with pytest.raises(InputError, match="not the address of a server"):
        columnist.Client(address)


@pytest.mark.parametrize("token", ["to\nken", "tökén", "to ken", "to\u200bken"])
def test_a_token_that_is_none_is_one_sentence(token: str) -> None:
    with pytest.raises(InputError, match="copy it again"):
        columnist.Client("http://127.0.0.1:8000", token=token)


def test_the_address_of_the_api_is_that_of_its_server() -> None:
    with columnist.Client("https://example.org/columnist/api/") as client:
        assert client.base_url == "https://example.org/columnist"


def test_what_is_no_columnist_server_is_one_sentence(stubborn: str) -> None:
    with columnist.Client(stubborn) as client:
        Stubborn.answers = [(404, {"Content-Type": "text/html"}), (301, {"Location": "/login"})]
        for _ in range(2):
            with pytest.raises(ServerError, match="is the address right"):
                client.me()


def test_importing_columnist_is_light_and_its_client_brings_no_server() -> None:
    code = (
        "import sys, columnist; assert not {'httpx', 'pydantic', 'psycopg'} & set(sys.modules); columnist.Client; "
        "assert not {'fastapi', 'starlette', 'uvicorn', 'pyarrow', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
