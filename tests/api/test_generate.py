"""The scope of `generate` and `retry`, and how a caller learns that a job is paused."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

import columnist
from columnist.errors import ConflictError, NotFoundError
from tests.processes import contracts_in, served

QUESTIONS = [{"name": name, "prompt": f"What is the {name}?"} for name in ("rent", "term", "law")]


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[columnist.Client]:
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 50}
    with served(**variables, COLUMNIST_PRICE_PROMPT=1) as server, columnist.Client(server.url) as client:
        yield client


def a_review(client: columnist.Client, tmp_path: Path, files: int) -> tuple[columnist.client.Review, list[UUID]]:
    review = client.reviews.create("R", columns=QUESTIONS)
    uploads = review.upload([contracts_in(tmp_path / "files", files)])
    return review, [one.document_id for one in uploads if one.document_id]


def test_retry_keeps_the_scope_and_the_budget_of_its_job(client: columnist.Client, tmp_path: Path) -> None:
    review, _ = a_review(client, tmp_path, 3)
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-")
    torn = review.upload([tmp_path / "torn.pdf"])[0].document_id
    assert torn
    rent = review.columns()[0].id
    job = review.generate(document_ids=[torn], column_ids=[rent], budget=0.05)
    assert job.wait().error_cells == 1
    again = job.retry().wait()
    assert (again.total_items, again.total_cells, again.column_ids) == (1, 1, [rent])
    assert again.budget is not None and float(again.budget) == 0.05
    assert review.unanswered().cells == 4 * 3 - 1, "nobody asked for the rest of the review"


def test_what_is_none_of_the_review_s_is_not_found(client: columnist.Client, tmp_path: Path) -> None:
    review, documents = a_review(client, tmp_path, 1)
    other = client.reviews.create("Other", columns=QUESTIONS)
    (column, *_) = other.columns()
    for asked in ({"document_ids": [uuid4()]}, {"document_ids": [*documents, uuid4()]}, {"column_ids": [column.id]}):
        with pytest.raises(NotFoundError, match=r"The review has no (document|column) ") as refused:
            review.generate(**asked)  # type: ignore[arg-type]
        assert refused.value.field == next(iter(asked))
    assert client.jobs.list() == []
    with pytest.raises(NotFoundError):
        other.generate(document_ids=documents)


def test_unanswered_is_what_a_run_over_the_same_has_not_covered(client: columnist.Client, tmp_path: Path) -> None:
    review, documents = a_review(client, tmp_path, 5)
    left = review.unanswered()
    assert (left.cells, left.documents, left.first_documents) == (
        15,
        5,
        ["contract-0000.txt", "contract-0001.txt", "contract-0002.txt"],
    )
    assert left.columns == ["rent", "term", "law"]
    rent, term, law = review.columns()
    review.generate(document_ids=documents[:4]).wait()
    review.edit_column(law.id, columnist.reviews.model.ColumnSpec("law", "Which law?"))
    left = review.unanswered(document_ids=documents[:2])
    assert (left.cells, left.documents, left.columns) == (2, 2, ["law"])
    assert review.unanswered(document_ids=documents[:4], column_ids=[rent.id, term.id]).cells == 0
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-")
    review.upload([tmp_path / "torn.pdf"])
    review.generate().wait()
    assert review.unanswered().cells == 0, "what failed is no hole"


def test_a_paused_job_that_takes_a_generate_up_says_so(client: columnist.Client, tmp_path: Path, url: str) -> None:
    review, _ = a_review(client, tmp_path, 2)
    with psycopg.connect(url.replace("columnist@", "postgres@"), autocommit=True) as database:
        # Paused before any worker sees it, in the transaction that makes it.
        database.execute(
            "create function pause_at_once() returns trigger language plpgsql as $$ begin "
            "new.paused_at := now(); new.pause_reason := 'Its budget of $5 is spent.'; return new; end $$"
        )
        database.execute("create trigger p before insert on tabular_jobs for each row execute function pause_at_once()")
    first = review.generate()
    again = review.generate()
    assert (again.id, again.resumed, again.pause_reason) == (first.id, True, "Its budget of $5 is spent.")
    assert again.wait().done_cells == 0, "and is not waited for"
    first.resume()
    assert first.wait().done_cells == 6
    with pytest.raises(ConflictError):
        first.resume()
