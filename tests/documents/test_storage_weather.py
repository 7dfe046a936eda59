"""The weather of the file store: full, out of reach, not mounted, another installation's. No document suffers from
it."""

import asyncio
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3
import httpx
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from columnist.cli.doctor import examine
from columnist.db.connect import LOCAL_USER, Database
from columnist.documents.blobs import MARK, BlobStore
from columnist.documents.ownership import claim_store
from columnist.documents.store import StoredFile, add_documents
from columnist.documents.sweep import sweep
from columnist.errors import NotFoundError, StorageAwayError, StorageFullError
from columnist.settings import Settings
from tests.conftest import new_database
from tests.files import put
from tests.http import a_review
from tests.jobs.grid import Watcher, a_job
from tests.processes import columnist, contracts_in, served, start, wait_for_line
from tests.uploads import upload

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
LITTLE = 128 * 1024

ENDS = "select max(attempt_count - handed_back_count), count(*) from tabular_job_items where status = 'completed'"


def mounted(folder: Path, size: int) -> bool:
    """Whether a file system with so few bytes could be mounted there."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "columnist", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextmanager
def little_room(folder: Path) -> Iterator[Callable[[], object]]:
    """No more than LITTLE fits into a file of the folder; the function yielded makes room."""
    if mounted(folder, LITTLE):
        try:
            yield lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    # Without the right to mount: no file of this process may be larger.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, COLUMNIST_DATA_DIR=tmp_path / "home")


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.txt"
    path.write_text("This Agreement is governed by the laws of the State of Delaware.")
    return path


class Bucket:
    """An S3 server that can be stopped and started again; its contents stay."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self._host, self._port = self._server.get_host_and_port()
        self.variables = {**KEYS, "AWS_ENDPOINT_URL": f"http://{self._host}:{self._port}", "AWS_MAX_ATTEMPTS": "1"}

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server = Bucket()
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    httpx.post(f"{server.variables['AWS_ENDPOINT_URL']}/moto-api/reset")  # all its servers share their contents
    boto3.client("s3").create_bucket(Bucket="files")
    yield server
    server.stop()


def claimed(url: str, settings: Settings, *, adopt: bool = False) -> BlobStore:
    """The store of a process that works for this database."""
    blobs = BlobStore(settings)

    async def claim() -> None:
        async with Database(url) as database:
            await claim_store(database, blobs, adopt=adopt)

    asyncio.run(claim())
    return blobs


def known(url: str, *files: StoredFile) -> None:
    async def add() -> None:
        async with Database(url) as database, database.act_as(LOCAL_USER) as connection:
            await add_documents(connection, LOCAL_USER, files)

    asyncio.run(add())


def every_operation(blobs: BlobStore, sha256: str, contract: Path) -> Iterator[Callable[[], object]]:
    yield lambda: put(blobs, contract)
    yield lambda: blobs.reading(sha256).__enter__()
    yield lambda: blobs.boxes(sha256, 1)
    yield lambda: blobs.writing_boxes(sha256).__enter__()
    yield lambda: blobs.check()
    yield lambda: blobs.check_deleting()
    yield lambda: blobs.probe()


def test_a_full_store_is_told_as_such_and_works_again_when_there_is_room(settings: Settings) -> None:
    content = os.urandom(LITTLE * 2)
    incoming_files = settings.data_dir / "blobs" / "incoming"
    blobs = BlobStore(settings)
    with little_room(settings.data_dir / "blobs") as make_room:
        with pytest.raises(StorageFullError, match="full"), blobs.receiving("large") as incoming:
            incoming.write(content)
        with pytest.raises(StorageFullError), blobs.writing_boxes("0" * 64) as boxes:
            boxes.add(content)
        assert list(incoming_files.iterdir()) == []
        make_room()
        with blobs.receiving("large") as incoming:
            incoming.write(content)
        with blobs.reading(incoming.sha256) as path:
            assert path.read_bytes() == content


def test_a_share_that_is_not_mounted_is_weather_and_a_lost_file_is_not(
    url: str, settings: Settings, contract: Path
) -> None:
    blobs = claimed(url, settings)
    sha256, size = put(blobs, contract)
    known(url, StoredFile("contract.txt", sha256, size))
    share, away = settings.data_dir / "blobs", settings.data_dir / "away"
    for instead in ("nothing", "an empty folder", "a file", "another's"):
        share.rename(away)
        if instead == "an empty folder":
            share.mkdir()
        elif instead == "a file":
            share.write_text("")
        elif instead == "another's":
            share.mkdir()
            (share / MARK).write_text("another\nanother")
        for operation in every_operation(blobs, sha256, contract):
            with pytest.raises(StorageAwayError):
                operation()
        with pytest.raises(StorageAwayError):
            claimed(url, settings)  # a process that starts now
        subprocess.run(["rm", "-rf", str(share)], check=True)
        away.rename(share)
        with blobs.reading(sha256) as path:
            assert path.read_text() == contract.read_text()
    (share / sha256[:2] / sha256).unlink()
    with pytest.raises(NotFoundError), blobs.reading(sha256):
        pass
    assert blobs.boxes(sha256, 1) == ()


def test_a_bucket_that_is_away_is_one_sentence_without_its_keys(
    url: str, settings: Settings, contract: Path, bucket: Bucket
) -> None:
    settings = settings.model_copy(update={"blobs_url": "s3://files/columnist"})
    blobs = claimed(url, settings)
    sha256, size = put(blobs, contract)
    known(url, StoredFile("contract.txt", sha256, size))
    bucket.stop()
    for operation in every_operation(blobs, sha256, contract):
        with pytest.raises(StorageAwayError) as error:
            operation()
        assert sha256 not in str(error.value)
        assert "http" not in str(error.value)
    with pytest.raises(StorageAwayError):
        blobs.remove([sha256])
    bucket.start()
    with blobs.reading(sha256) as path:
        assert path.read_text() == contract.read_text()
    with pytest.raises(NotFoundError), blobs.reading("0" * 64):
        pass
    boto3.client("s3").delete_object(Bucket="files", Key=f"columnist/{MARK}")
    with pytest.raises(StorageAwayError), blobs.reading("0" * 64):
        pass


def test_a_store_from_before_the_mark_is_marked_if_it_has_a_file_that_the_database_knows(
    url: str, admin_url: str, settings: Settings, contract: Path, tmp_path: Path
) -> None:
    sha256, size = put(BlobStore(settings), contract)
    with pytest.raises(StorageAwayError, match="adopt"):
        claimed(url, settings)  # another's files; the database knows none
    known(url, StoredFile("contract.txt", sha256, size))
    with pytest.raises(StorageAwayError, match="mounted"):
        claimed(url, settings.model_copy(update={"data_dir": tmp_path / "elsewhere"}))
    assert not (tmp_path / "elsewhere" / "blobs" / MARK).exists()
    claimed(url, settings).check_deleting()
    with psycopg.connect(admin_url) as database:
        database.execute("delete from documents")
    with pytest.raises(StorageAwayError):
        claimed(url, settings.model_copy(update={"data_dir": tmp_path / "elsewhere"}))


def test_a_copy_of_a_database_deletes_no_file_of_the_original_until_it_takes_its_place(
    url: str, admin_url: str, template_of: dict[str, str], settings: Settings, contract: Path
) -> None:
    original = claimed(url, settings)
    sha256, size = put(original, contract)
    known(url, StoredFile("contract.txt", sha256, size))
    copy = f"{url.split('?')[0].rpartition('/')[2]}_copy"
    other = new_database(template_of["embedded"], copy)
    with psycopg.connect(url.replace("columnist@", "postgres@")) as database:
        (row,) = database.execute("select id from installation").fetchall()
    with psycopg.connect(other.replace("columnist@", "postgres@")) as database:  # as in a dump
        database.execute("update installation set id = %s, marked_at = now()", row)
        database.execute("insert into loose_contents (sha256, since) values (%s, '2000-01-01')", [sha256])
    of_copy = claimed(other, settings)

    async def one_sweep(url: str, blobs: BlobStore) -> int:
        async with Database(url) as database:
            return await sweep(database, blobs)

    with pytest.raises(StorageAwayError, match="belong to another database"):
        asyncio.run(one_sweep(other, of_copy))
    with original.reading(sha256) as path:
        assert path.exists()
    claimed(other, settings, adopt=True)
    with pytest.raises(StorageAwayError, match="belong to another database"):
        asyncio.run(one_sweep(url, original))
    assert asyncio.run(one_sweep(other, of_copy)) == 1


def test_a_full_disk_of_exports_or_uploads_is_507_and_a_store_that_is_away_503(url: str, tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    with ExitStack() as stack:
        limited = [mounted(folder, LITTLE) for folder in (home / "blobs", temporary)]
        for folder in (home / "blobs", temporary):
            stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False, capture_output=True)
        if not all(limited):
            assert not (os.environ.get("CI") and os.geteuid() == 0), "CI has root: it can mount"
            # No file of the server may be larger, wherever it lies.
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            stack.callback(resource.setrlimit, resource.RLIMIT_FSIZE, before)
            resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, before[1]))
        server = stack.enter_context(served(DATABASE_URL=url, COLUMNIST_DATA_DIR=home, TMPDIR=temporary))
        api = stack.enter_context(httpx.Client(base_url=f"{server.url}/api", timeout=60))
        review = a_review(api, *(f"Question {nr} {'x' * 90}" for nr in range(40)))["id"]
        upload(api, ("contract.txt", b"The rent is 900 euros."), review_id=review)
        answer = api.post("/documents", files=[("files", ("large.txt", b"word " * LITTLE))])
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:columnist:storage-full")
        assert "Retry-After" in answer.headers
        assert api.get(f"/tabular/reviews/{review}/export?format=csv").status_code == 200
        if all(limited):
            fill = temporary / "fill"
            with pytest.raises(OSError, match="No space"), fill.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(1024))
            for suffix in ("csv", "json", "xlsx", "parquet"):
                answer = api.get(f"/tabular/reviews/{review}/export?format={suffix}")
                assert (suffix, answer.status_code) == (suffix, 507), answer.text
            fill.unlink()
            assert api.get(f"/tabular/reviews/{review}/export?format=xlsx").status_code == 200
        (home / "blobs" / MARK).unlink()
        answer = api.post("/documents", files=[("files", ("other.txt", b"The rent is 901 euros."))])
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:columnist:storage-unavailable")
        assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_doctor_tries_the_store_and_says_what_to_do(url: str, tmp_path: Path, bucket: Bucket, contract: Path) -> None:
    settings = Settings(_env_file=None, COLUMNIST_DATA_DIR=tmp_path / "home", DATABASE_URL=url)
    in_bucket = settings.model_copy(update={"blobs_url": "s3://files/columnist"})

    def files_of(settings: Settings, *, adopt: bool = False) -> tuple[bool, str]:
        (found,) = [one for one in asyncio.run(examine(settings, adopt=adopt)) if one.subject == "Files"]
        return found.good, found.sentence

    assert files_of(in_bucket) == (True, "s3://files/columnist stores and returns files")
    bucket.stop()
    good, sentence = files_of(in_bucket)
    assert (good, "file store" in sentence) == (False, True)
    bucket.start()
    good, sentence = files_of(settings)  # the folder is not its store
    assert (good, "--adopt" in sentence) == (False, True)
    assert files_of(settings, adopt=True)[0]
    done = columnist("doctor", **{**KEYS, "DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "elsewhere"})
    assert (done.returncode, "adopt" in done.stdout, "Traceback" in done.stderr) == (1, True, False)


def test_one_worker_of_two_that_is_pointed_at_another_folder_costs_no_document_anything(
    url: str, tmp_path: Path
) -> None:
    documents = 12
    home, files = tmp_path / "home", contracts_in(tmp_path / "files", documents)
    a_job(url, home, files, "extractive")
    watcher = Watcher(url)
    claimed(url, Settings(_env_file=None, COLUMNIST_DATA_DIR=home))
    shared = {"DATABASE_URL": url, "TABULAR_GENERATE_CONCURRENCY": 2}
    wrong = start("worker", COLUMNIST_DATA_DIR=tmp_path / "elsewhere", **shared)
    wait_for_line(wrong.stderr, "worker ready")
    right = start("worker", COLUMNIST_DATA_DIR=home, **shared)
    try:
        watcher.until("select status from tabular_jobs", ("completed",))
        assert watcher.one(ENDS) == (1, documents)
        assert watcher.one("select count(*) from document_readings where error is not null") == (0,)
    finally:
        for process in (wrong, right):
            process.kill()
            process.communicate()


def test_a_store_that_goes_away_in_mid_run_and_comes_back_costs_no_attempt_and_no_document(
    url: str, tmp_path: Path
) -> None:
    documents = 100
    home, files = tmp_path / "home", contracts_in(tmp_path / "files", documents)
    a_job(url, home, files, "extractive")
    claimed(url, Settings(_env_file=None, COLUMNIST_DATA_DIR=home))
    watcher = Watcher(url)
    worker = start("worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=home)
    try:
        watcher.until("select count(*) > 1 from tabular_job_items where status = 'completed'", (True,))
        (home / "blobs").rename(home / "away")
        watcher.until("select count(*) > 1 from tabular_job_items where handed_back_count > 0", (True,))
        (home / "away").rename(home / "blobs")
        watcher.until("select status from tabular_jobs", ("completed",))
        assert watcher.one(ENDS) == (1, documents)
    finally:
        worker.kill()
        worker.communicate()
