"""Files in an S3-compatible store: servers and workers share nothing but the database and the bucket."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from columnist.documents.blobs import MARK
from tests.files import PDF, stored
from tests.http import a_review
from tests.patience import wait_until
from tests.processes import columnist, served, start, wait_for_line
from tests.uploads import until_read, upload

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """The environment variables for a bucket."""
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    variables = {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    httpx.post(f"http://{host}:{port}/moto-api/reset")  # all its servers share their contents
    boto3.client("s3").create_bucket(Bucket="files")
    yield {"COLUMNIST_BLOBS_URL": "s3://files/columnist"}
    store.stop()


def test_a_worker_elsewhere_reads_what_a_server_took_in(
    url: str, admin_url: str, tmp_path: Path, bucket: dict[str, object]
) -> None:
    shared = {"DATABASE_URL": url, **bucket}
    content = PDF.read_bytes()
    worker = start("worker", COLUMNIST_DATA_DIR=tmp_path / "worker", **shared)
    with served("--no-worker", COLUMNIST_DATA_DIR=tmp_path / "server", **shared) as server:
        wait_for_line(worker.stderr, "worker ready")
        api = httpx.Client(base_url=f"{server.url}/api")
        review = a_review(api, "Governing law")["id"]
        (file,) = upload(api, ("contract.pdf", content), review_id=review)["files"]
        until_read(api, review)
        path = f"/documents/{file['document_id']}"
        assert api.get(f"{path}/original").content == content
        assert api.get(f"{path}/pages/1").json()["words"]
        assert api.get(f"{path}/pages/1/image").content.startswith(b"\x89PNG")
        again = upload(api, ("contract.pdf", content))
        assert again["known"] == 1
    worker.terminate()
    worker.communicate()
    assert stored(tmp_path / "server") == stored(tmp_path / "worker") == []
    keys = [one["Key"] for one in boto3.client("s3").list_objects_v2(Bucket="files")["Contents"]]
    sha256 = file["sha256"]
    mark = f"columnist/{MARK}"
    # Word boxes belong to a reading, under its own key, which does not reveal the file.
    (boxes,) = [key for key in keys if key.endswith(".boxes")]
    assert sha256 not in boxes
    assert sorted(keys) == sorted([f"columnist/{sha256[:2]}/{sha256}", boxes, mark])

    with psycopg.connect(admin_url) as database:
        database.execute("delete from documents")
        database.execute("update loose_contents set since = since - interval '2 days'")
    with served(COLUMNIST_DATA_DIR=tmp_path / "server", **shared):
        client = boto3.client("s3")
        wait_until(lambda: [one["Key"] for one in client.list_objects_v2(Bucket="files")["Contents"]] == [mark])


def test_a_bucket_that_is_none_is_one_sentence(url: str, tmp_path: Path) -> None:
    done = columnist("serve", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_BLOBS_URL="http://files")
    assert done.returncode == 2
    assert "COLUMNIST_BLOBS_URL" in done.stderr
