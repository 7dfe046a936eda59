"""`--server`: the commands against a server, as a user meets them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from columnist.client import Client
from tests.conftest import CONTRACTS, ROOT, new_database
from tests.patience import PATIENCE_SECONDS
from tests.processes import Served, columnist, columns_in, contracts_in, served, simulator, start, wait_for_line

DUE_DILIGENCE = ROOT / "examples" / "due-diligence.yaml"


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[Served]:
    with served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home", TABULAR_POLL_MS=100) as server:
        yield server


def sheets(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """The workbook without values that differ in each database: ids of documents and jobs."""

    def shared(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
        kept = [nr for nr, name in enumerate(rows[0]) if name not in ("Document id", "Job")]
        return [tuple(row[nr] for nr in kept) for row in rows]

    book = openpyxl.load_workbook(file)
    return {sheet.title: shared(list(sheet.iter_rows(values_only=True))) for sheet in book}


def test_a_run_at_a_server_writes_the_same_workbook_as_a_run_here(
    server: Served, any_other_url: str, tmp_path: Path
) -> None:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    for file in sorted(CONTRACTS.glob("*.[pP][dD][fF]"), key=lambda file: file.stat().st_size)[:4]:
        (contracts / file.name).symlink_to(file)
    command = ("run", contracts, "--columns", DUE_DILIGENCE)
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    there = columnist(*command, "-o", tmp_path / "there" / "r.xlsx", "--server", server.url)
    assert there.returncode == 0, there.stdout + there.stderr
    here = columnist(
        *command, "-o", tmp_path / "here" / "r.xlsx", DATABASE_URL=any_other_url, COLUMNIST_DATA_DIR=tmp_path / "other"
    )
    assert here.returncode == 0, here.stdout + here.stderr
    assert sheets(tmp_path / "there" / "r.xlsx") == sheets(tmp_path / "here" / "r.xlsx")
    summary = here.stdout.partition("Model: ")[2]
    assert there.stdout.partition("Model: ")[2] == summary, "the closing words are the same, too"
    again = columnist(*command, "-o", tmp_path / "again.xlsx", COLUMNIST_SERVER=server.url)
    assert "Every question has its answer already" in again.stdout
    assert sheets(tmp_path / "again.xlsx") == sheets(tmp_path / "here" / "r.xlsx")


@pytest.fixture
def any_other_url(template_of: dict[str, str]) -> str:
    """A second fresh database, so that one run does not find the other's answers."""
    return new_database(template_of["embedded"], "run_here")


def test_failures_at_a_server_are_listed_and_the_exit_code_is_3(server: Served, tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 2)
    (files / "torn.pdf").write_bytes(b"%PDF-1.7\n%torn")
    (files / "empty.docx").touch()
    command = ("run", files, "-c", columns_in(tmp_path / "q.yaml", 2), "-o", tmp_path / "r.json")
    done = columnist(*command, "--server", server.url)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "torn.pdf" in done.stdout
    assert "damaged" in done.stdout
    assert "empty.docx" in done.stdout
    with Client(server.url) as client:
        (job,) = client.jobs.list()
    assert str(job.id)[:8] in columnist("jobs", "list", "--server", server.url).stdout
    assert "damaged" in columnist("jobs", "show", job.id, COLUMNIST_SERVER=server.url).stdout
    assert "to ask again" in columnist("jobs", "retry", job.id, "--server", server.url).stdout


def test_a_changed_question_edits_the_column_and_other_documents_of_the_review_stay_out_of_the_file(
    server: Served, tmp_path: Path
) -> None:
    questions = columns_in(tmp_path / "q.yaml", 2)
    command = ("-c", questions, "-o", tmp_path / "r.csv", "--review", "R", "--server", server.url)
    assert columnist("run", contracts_in(tmp_path / "files", 3), *command).returncode == 0
    questions.write_text(questions.read_text().replace("matter 1?", "matter one?"))
    assert columnist("run", tmp_path / "files" / "contract-0001.txt", *command).returncode == 0
    lines = (tmp_path / "r.csv").read_text("utf-8-sig")
    assert "contract-0001.txt" in lines
    assert "contract-0002.txt" not in lines
    with Client(server.url) as client:
        review = client.reviews.get("R")
        assert review.info.document_count == 3
        assert [column.version for column in review.columns()] == [1, 2]


def test_ctrl_c_leaves_the_job_to_the_server(url: str, tmp_path: Path) -> None:
    with simulator(prompt_rate=2_000, decode_rate=50) as llm:
        settings = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 50}
        with served(**settings, OPENAI_BASE_URL=llm, COLUMNIST_MODEL="simulated") as server:
            command = ("-c", columns_in(tmp_path / "q.yaml", 2), "-o", tmp_path / "r.csv", "--server", server.url)
            run = start("run", contracts_in(tmp_path / "files", 12), *command, PYTHONUNBUFFERED=1)
            wait_for_line(run.stdout, "Started job")
            run.send_signal(signal.SIGINT)
            output, errors = run.communicate(timeout=PATIENCE_SECONDS)
            assert run.returncode == 130, output + errors
            assert "keeps running at the server" in output
            with Client(server.url) as client:
                (job,) = client.jobs.list()
                assert client.jobs.get(job.id).wait().status == "completed"
                assert "had ended already" in columnist("jobs", "cancel", job.id, "--server", server.url).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("jobs", "list", "--server", "http://127.0.0.1:1"), 4, "does not answer"),
        (("jobs", "list", "--server", "localhost:8000"), 2, "not the address of a server"),
        (("jobs", "list", "--server", "http://localhost:99999"), 2, "not the address of a server"),
    ],
)
def test_a_server_that_is_none_is_one_sentence(arguments: tuple[str, ...], code: int, sentence: str) -> None:
    done = columnist(*arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_token_is_one_sentence_that_does_not_print_it(url: str, tmp_path: Path) -> None:
    secret = {"COLUMNIST_JWT_SECRET": "s" * 32}
    with served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **secret) as server:
        done = columnist("jobs", "list", COLUMNIST_SERVER=server.url, COLUMNIST_TOKEN="hunter2")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "hunter2" not in columnist("settings", COLUMNIST_TOKEN="hunter2").stdout
