"""Deleting while workers run: it succeeds, and no error says that the database is away."""

from pathlib import Path

from tests.http import a_review
from tests.processes import environment_of, served_api, simulator
from tests.uploads import upload


def test_what_is_being_answered_can_be_deleted(url: str, tmp_path: Path) -> None:
    with simulator(prompt_rate=10**6, decode_rate=10**4, slots=64) as llm:
        variables = environment_of(url, tmp_path, llm, COLUMNIST_COLUMNS_PER_CALL=1)
        with served_api(**variables) as api:
            for turn in range(3):
                review = a_review(api, *(f"Matter {nr}" for nr in range(8)), name=f"Review {turn}")["id"]
                path = f"/tabular/reviews/{review}"
                files = [(f"{turn} {nr}.txt", f"Agreement {turn} {nr}.".encode()) for nr in range(40)]
                documents = [file["document_id"] for file in upload(api, *files, review_id=review)["files"]]
                columns = [column["id"] for column in api.get(f"{path}/columns").json()["columns"]]
                job = api.post(f"{path}/generate").json()["job_id"]
                while not api.get(f"/tabular/jobs/{job}").json()["done_cells"]:
                    pass
                assert api.delete(f"{path}/columns/{columns[0]}?confirm=true").status_code == 204
                removed = api.post(f"{path}/documents/remove?confirm=true", json={"document_ids": documents[:20]})
                assert removed.status_code == 204
                assert api.delete(f"/documents/{documents[25]}?confirm=true").status_code == 204
                assert api.delete(f"{path}?confirm=true").status_code == 204
                assert api.get(path).status_code == 404
