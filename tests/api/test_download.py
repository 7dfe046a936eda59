"""The grid as a file over HTTP: every format, a safe name, nothing left behind."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import openpyxl
import pyarrow.parquet as pq
import pytest

from tests.http import a_review, problem
from tests.processes import served_api
from tests.uploads import until_read, upload

NAME = 'Leases "2026" / Zürich'


@pytest.fixture
def api(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TMPDIR": tmp_path}
    with served_api(**variables) as client:
        yield client


def test_a_review_is_downloaded_in_every_format(api: httpx.Client, tmp_path: Path) -> None:
    review = a_review(api, "Term", "Rent", name=NAME)["id"]
    upload(api, *((f"{nr}.txt", f"The term is {nr} years.".encode()) for nr in range(3)), review_id=review)
    until_read(api, review)
    path = f"/tabular/reviews/{review}/export"
    book = api.get(path)
    assert book.headers["content-disposition"] == (
        'attachment; filename="Leases _2026_ _ Z_rich.xlsx"; '
        "filename*=utf-8''Leases%20%222026%22%20%2F%20Z%C3%BCrich.xlsx"
    )
    values = list(openpyxl.load_workbook(io.BytesIO(book.content))["Review"].values)
    assert [line[0] for line in values] == ["Document", "0.txt", "1.txt", "2.txt"]
    assert len(api.get(path, params={"format": "csv"}).text.splitlines()) == 4
    assert pq.read_table(io.BytesIO(api.get(path, params={"format": "parquet"}).content)).num_rows == 3
    columns = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
    documents = api.get("/documents", params={"q": "1.txt"}).json()["documents"]
    part = {"format": "json", "column_ids": columns[1]["id"], "document_ids": documents[0]["id"]}
    found = json.loads(api.get(path, params=part).content)
    assert [column["name"] for column in found["columns"]] == ["Rent"]
    assert [document["document"] for document in found["documents"]] == ["1.txt"]
    assert not list(tmp_path.glob("columnist-export-*")), "nothing is left of a download"


def test_what_cannot_be_exported_is_refused(api: httpx.Client) -> None:
    review = a_review(api, "Term")["id"]
    path = f"/tabular/reviews/{review}/export"
    problem(api.get(path, params={"format": "doc"}), 422, "bad-input")
    problem(api.get(path, params={"column_ids": review}), 404, "not-found")
    problem(api.get(path.replace(review, review[::-1].replace("-", "")[:32])), 404, "not-found")
