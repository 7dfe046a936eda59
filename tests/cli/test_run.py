"""`columnist run`, as a user meets it: the main job, its exit codes, resuming, and Ctrl-C."""

import json
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import psycopg
import pytest

from columnist.db.migrate import migrate
from tests.conftest import CONTRACTS, ROOT
from tests.llm.simulated import Reply, completion, scripted
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.processes import columnist, columns_in, contracts_in, environment, metric, simulator, start, wait_for_line

DUE_DILIGENCE = ROOT / "examples" / "due-diligence.yaml"


@pytest.fixture
def home(tmp_path: Path, url: str) -> dict[str, object]:
    """The settings of a separate installation."""
    return {"COLUMNIST_DATA_DIR": tmp_path / "home", "DATABASE_URL": url, "TABULAR_POLL_MS": 100}


def rows_of(url: str, query: str) -> list[tuple[object, ...]]:
    """A connection to the database that bypasses every access rule."""
    with psycopg.connect(url.replace("columnist@", "postgres@")) as connection:
        return connection.execute(query).fetchall()


def test_the_main_job_on_real_contracts_ends_with_a_filled_and_evidenced_grid(
    home: dict[str, object], tmp_path: Path
) -> None:
    done = columnist("run", CONTRACTS, "--columns", DUE_DILIGENCE, "--output", tmp_path / "review.xlsx", **home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no LLM" in done.stdout, "the extractive back end says what it is"
    assert "Nothing leaves this machine." in done.stdout
    exported = "select facts ->> 'format' from events where action = 'export'"
    assert rows_of(str(home["DATABASE_URL"]), exported) == [("xlsx",)]
    assert "are skipped" in done.stdout, "what is no contract is named"
    book = openpyxl.load_workbook(tmp_path / "review.xlsx")
    assert book["Review"].max_row == 13
    assert book["Review"].max_column >= 11
    assert book["Evidence"].max_row > 100


def test_rules_flag_real_contracts_and_an_edited_rule_makes_them_stale(home: dict[str, object], tmp_path: Path) -> None:
    questions = tmp_path / "q.yaml"
    questions.write_text(
        "columns:\n- name: Notice period (days)\n  format: number\n"
        "  prompt: How many days of prior written notice must a party give to terminate the agreement?\n"
        "  rules:\n"
        "  - {flag: red, when: '> 30'}\n"
        "  - {flag: red, when: it depends on the other party}\n"
        "  - {flag: yellow, when: not found}\n"
    )
    command = ("run", CONTRACTS, "-c", questions, "-o", tmp_path / "r.json")

    def cells() -> list[dict[str, object]]:
        done = columnist(*command, **home)
        assert done.returncode == 0, done.stdout + done.stderr
        documents = json.loads((tmp_path / "r.json").read_text())["documents"]
        return [document["cells"]["Notice period (days)"] for document in documents]

    def expected(cell: dict[str, object], limit: int) -> tuple[str, str] | None:
        if cell["summary"] == "Not found":
            return "yellow", "Yellow if not found"
        if cell["value"] is None:
            unread = f"No rule decided: '> {limit}' could not be compared: the answer could not be read as number"
            return "yellow", unread  # its words are in doubt
        return ("red", f"Red if > {limit}") if float(str(cell["value"])) > limit else None

    for limit in (30, 60):
        found = cells()
        wanted = [expected(cell, limit) for cell in found]
        assert {"red", "yellow"} <= {one[0] for one in wanted if one}, "the contracts have both"
        assert None in wanted, "and some that no rule is about"
        for cell, one in zip(found, wanted, strict=True):
            assert (one is None and cell["rule"] is None) or one == (cell["flag"], cell["rule"]), cell
            assert "rules in words need an LLM" in str(cell["reasoning"])
        questions.write_text(questions.read_text().replace("> 30", "> 60"))


def test_the_same_command_again_asks_nothing_again(home: dict[str, object], tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 5)
    questions = columns_in(tmp_path / "q.yaml", 7)
    with simulator(prompt_rate=10**6, decode_rate=10**6) as llm:
        home |= {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated"}
        command = ("run", files, "-c", questions, "-o", tmp_path / "a.json")
        assert columnist(*command, **home).returncode == 0
        assert metric(llm, "llm_answers_total") == 10, "7 questions are two calls a document"
        piped = columnist(*command[:-1], "-.json", **home)
        assert piped.returncode == 0
        assert metric(llm, "llm_answers_total") == 10
        assert len(json.loads(piped.stdout)["documents"]) == 5, "and nothing else is on standard output"
        assert "0 cells answered in this run" in piped.stderr
        contracts_in(tmp_path / "files", 6)
        assert columnist(*command, **home).returncode == 0
        assert metric(llm, "llm_answers_total") == 12, "only the new document is asked"
        questions.write_text(questions.read_text().replace("matter 3?", "matter three?"))
        assert columnist(*command, **home).returncode == 0
        assert metric(llm, "llm_answers_total") == 18, "only the changed question is asked"
        other = ("run", files, "-c", questions, "-o", tmp_path / "b.json", "--review", "Another")
        assert columnist(*other, **home).returncode == 0
        assert metric(llm, "llm_answers_total") == 18, "another review takes the stored answers over"
    answers = json.loads((tmp_path / "b.json").read_text())["documents"]
    assert len(answers) == 6
    assert all(cell["citations"][0]["verified"] for document in answers for cell in document["cells"].values())


def test_a_file_that_cannot_be_read_is_one_red_row_and_exit_code_3(home: dict[str, object], tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 2)
    (files / "torn.pdf").write_bytes(b"%PDF-1.7\n%torn")
    (files / "empty.docx").touch()
    command = ("run", files, "-c", columns_in(tmp_path / "q.yaml", 2), "-o", tmp_path / "r.json")
    done = columnist(*command, **home)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "torn.pdf" in done.stdout
    assert "damaged" in done.stdout
    assert "empty (0 bytes)" in done.stdout
    documents = {one["document"]: one for one in json.loads((tmp_path / "r.json").read_text())["documents"]}
    assert {cell["status"] for cell in documents["torn.pdf"]["cells"].values()} == {"error"}
    assert {cell["status"] for cell in documents["contract-0000.txt"]["cells"].values()} == {"done"}
    assert columnist(*command, **home).returncode == 3, "a failure stays one until it is mended"
    jobs = columnist("jobs", "list", **home)
    job_id = rows_of(str(home["DATABASE_URL"]), "select id from tabular_jobs order by created_at desc limit 1")[0][0]
    assert str(job_id)[:8] in jobs.stdout
    shown = columnist("jobs", "show", job_id, **home)
    assert "2 failed" in shown.stdout
    assert "empty (0 bytes)" in shown.stdout
    assert "2 documents to ask again" in columnist("jobs", "retry", job_id, **home).stdout


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"output": "r.docx"}, ".xlsx, .csv, .parquet, .json"),
        ({"output": "missing/r.csv"}, "does not exist"),
        ({"columns": "columns: [{name: A, prompt: B, format: colour}]"}, "format"),
        ({"columns": "columns: [{name: A, prompt: B, format: tag}]"}, "tags"),
        ({"columns": "columns: [{name: A, prompt: B}, {name: A, prompt: C}]"}, "two columns"),
        (
            {"columns": 'columns:\n- name: A\n  prompt: B\n  format: date\n  rules:\n  - {flag: red, when: "> 5"}'},
            "q.yaml, line 6: columns → 1 (A) → rules → 1 → when: '5' is not a date such as 2026-01-31.",
        ),
        ({"columns": "columns: ["}, "not YAML"),
        (
            {"columns": "columns:\n- {name: A, prompt: B}\ncolumns:\n- {name: C, prompt: D}\n"},
            "q.yaml, line 3: 'columns' is given twice, first in line 1.",
        ),
        (
            {"columns": "columns:\n- name: A\n  prompt: B\n  'prompt': C\n"},
            "q.yaml, line 4: 'prompt' is given twice, first in line 3.",
        ),
        ({"columns": "columns:\n- {name: A, prompt: B, name: C}\n"}, "line 2: 'name' is given twice"),
        ({"files": "nowhere"}, "does not exist"),
        ({"files": "."}, "no file to read"),
        ({"TABULAR_GENERATE_CONCURRENCY": "many"}, "TABULAR_GENERATE_CONCURRENCY"),
        ({"DATABASE_URL": "mysql://x"}, "postgresql://"),
        ({"output": "/proc/r.csv"}, "/proc/r.csv cannot be written"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    home: dict[str, object], tmp_path: Path, change: dict[str, str], sentence: str
) -> None:
    work = tmp_path / "work"
    contracts_in(work / "files", 1)
    questions = work / "files" / "q.yaml"
    questions.write_text(change.get("columns", "columns: [{name: A, prompt: B}]"))
    files = work / change["files"] if "files" in change else work / "files"
    if change.get("files") == ".":
        files = work / "none"
        files.mkdir()
    knobs = {name: value for name, value in change.items() if name.isupper()}
    output = work / change.get("output", "r.csv")
    done = columnist("run", files, "--columns", questions, "--output", output, **{**home, **knobs})
    assert done.returncode == 2, done.stdout + done.stderr
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not output.exists()


def test_ctrl_c_leaves_the_job_and_the_same_command_resumes_it(home: dict[str, object], tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 30)
    with simulator(prompt_rate=10**6, decode_rate=400, slots=4) as llm:
        home |= {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated", "TABULAR_WORKER_GRACE_SECONDS": 0}
        command = ("run", files, "-c", columns_in(tmp_path / "q.yaml", 3), "-o", tmp_path / "r.json")
        running = start(*command, **home)
        wait_for_line(running.stdout, "Started job")
        wait_until(lambda: metric(llm, "llm_answers_total") >= 8)
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=PATIENCE_SECONDS)
        assert running.returncode == 130, output + errors
        assert "The job keeps running" in output
        assert not (tmp_path / "r.json").exists()
        left = rows_of(str(home["DATABASE_URL"]), "select count(*) from tabular_job_items where status = 'running'")
        assert left == [(0,)], "what ran was handed back"
        done = columnist(*command, **home)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Resuming job" in done.stdout
        # Without grace, an answer in one of the four slots may be lost; no written answer is.
        assert 30 <= metric(llm, "llm_answers_total") <= 34


def test_a_run_covers_its_whole_grid_when_a_job_is_under_way_already(home: dict[str, object], tmp_path: Path) -> None:
    """The folder and the questions have grown since that job began; and a run over fewer files is served by it, too."""
    files, questions = contracts_in(tmp_path / "files", 6), columns_in(tmp_path / "q.yaml", 2)
    with simulator(prompt_rate=10**6, decode_rate=60, slots=1) as llm:
        home |= {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated", "TABULAR_GENERATE_CONCURRENCY": 1}
        first = start("run", files, "-c", questions, "-o", tmp_path / "a.json", "--review", "R", **home)
        wait_for_line(first.stdout, "Started job")
        first.send_signal(signal.SIGSTOP)  # so that its job is still live when the second one comes
        contracts_in(tmp_path / "files", 9)
        columns_in(questions, 3)
        second = start("run", files, "-c", questions, "-o", tmp_path / "b.json", "--review", "R", **home)
        wait_for_line(second.stdout, "Resuming job")
        first.send_signal(signal.SIGCONT)
        outputs = [running.communicate(timeout=240) for running in (first, second)]
        assert [first.returncode, second.returncode] == [0, 0], outputs
    for file, documents, columns in (("a.json", 6, 2), ("b.json", 9, 3)):
        written = json.loads((tmp_path / file).read_text())["documents"]
        assert len(written) == documents
        assert [len([c for c in one["cells"].values() if c["status"] == "done"]) for one in written] == [
            columns
        ] * documents


def test_a_paused_job_ends_the_run_with_what_to_do_and_goes_on_when_it_is_resumed(
    home: dict[str, object], tmp_path: Path
) -> None:
    url = str(home["DATABASE_URL"])
    command = ("run", contracts_in(tmp_path / "f", 4), "-c", columns_in(tmp_path / "q.yaml", 2))
    with simulator(prompt_rate=10**6, decode_rate=1, slots=1) as llm:
        slow = {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated", "TABULAR_WORKER_GRACE_SECONDS": 0}
        running = start(*command, "-o", tmp_path / "r.csv", **{**home, **slow})
        wait_for_line(running.stdout, "Started job")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        with psycopg.connect(url.replace("columnist@", "postgres@")) as connection:
            connection.execute("update tabular_jobs set paused_at = now(), pause_reason = 'Its budget of $5 is spent.'")
        paused = columnist(*command, "-o", tmp_path / "r.csv", **{**home, **slow})
        assert paused.returncode == 3, paused.stdout + paused.stderr
        ((job_id,),) = rows_of(url, "select id from tabular_jobs")
        said = " ".join(paused.stdout.split())
        assert "paused: Its budget of $5 is spent." in said
        assert f"columnist jobs resume {job_id}" in said
        assert "8 cells were never asked, in 4 documents (contract-0000.txt, contract-0001.txt" in said
        assert "The job goes on" in columnist("jobs", "resume", job_id, **home).stdout
        assert "not paused" in columnist("jobs", "resume", job_id, **home).stdout
        assert "Cancelled" in columnist("jobs", "cancel", job_id, **home).stdout


@pytest.mark.parametrize("reader", ["gone", "full", "closed"])
def test_what_cannot_be_shown_ends_no_job(home: dict[str, object], tmp_path: Path, reader: str) -> None:
    """`| head -1`, `> /dev/full`, `>&-`: the file is what counts."""
    files, questions = contracts_in(tmp_path / "files", 3), columns_in(tmp_path / "q.yaml", 2)
    redirections = {"gone": "2>&1 | true", "full": "> /dev/full 2>&1", "closed": ">&- 2>&-"}
    command = shlex.join(
        [sys.executable, "-m", "columnist", "run", str(files), "-c", str(questions), "-o", str(tmp_path / "r.csv")]
    )
    done = subprocess.run(
        ["bash", "-c", f"{command} {redirections[reader]}; exit ${{PIPESTATUS[0]}}"],
        env=environment(**home),
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0
    assert len((tmp_path / "r.csv").read_text("utf-8-sig").splitlines()) == 4


@pytest.mark.parametrize(
    ("model", "sentence"), [("gpt-5", "no server to ask for the model 'gpt-5'"), ("no.gguf", "no model file")]
)
def test_a_model_that_nobody_can_ask_is_one_sentence_before_anything_is_done(
    home: dict[str, object], tmp_path: Path, model: str, sentence: str
) -> None:
    command = ("run", contracts_in(tmp_path / "f", 2), "-c", columns_in(tmp_path / "q.yaml", 1))
    done = columnist(*command, "-o", tmp_path / "r.csv", "--model", model, **home)
    assert done.returncode == 3
    assert sentence in " ".join(done.stderr.split())
    assert rows_of(str(home["DATABASE_URL"]), "select count(*) from tabular_jobs") == [(0,)]


def test_a_second_ctrl_c_hands_back_without_waiting(home: dict[str, object], tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 3)
    with simulator(decode_rate=1) as llm:  # so slow that no document ends
        home |= {"OPENAI_BASE_URL": llm, "COLUMNIST_MODEL": "simulated", "TABULAR_WORKER_GRACE_SECONDS": 3600}
        running = start("run", files, "-c", columns_in(tmp_path / "q.yaml", 1), "-o", tmp_path / "r.json", **home)
        items = "select count(*) from tabular_job_items where status = 'running'"
        while rows_of(str(home["DATABASE_URL"]), items) != [(3,)]:
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        wait_for_line(running.stdout, "The job keeps running")
        assert rows_of(str(home["DATABASE_URL"]), items) == [(3,)]
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=PATIENCE_SECONDS)
        assert running.returncode == 130
        assert rows_of(str(home["DATABASE_URL"]), items) == [(0,)]


def test_an_llm_server_that_refuses_the_key_pauses_the_job_and_the_right_key_goes_on(
    home: dict[str, object], tmp_path: Path
) -> None:
    with simulator(api_key="right") as llm:
        home |= {"OPENAI_BASE_URL": llm, "OPENAI_API_KEY": "wrong", "COLUMNIST_MODEL": "simulated"}
        files, questions = contracts_in(tmp_path / "f", 5), columns_in(tmp_path / "q.yaml", 1)
        command = ("run", files, "-c", questions, "-o", tmp_path / "r.csv")
        done = columnist(*command, **home)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "OPENAI_API_KEY" in done.stdout
        before = done.stdout.partition("Started job")[0]
        assert f"questions go to the LLM server {urlsplit(llm).netloc}." in " ".join(before.split())
        assert "5 cells were never asked" in " ".join(done.stdout.split())
        assert "OPENAI_API_KEY" in columnist("doctor", **home).stdout
        assert columnist(*command, **home).returncode == 3, "it is tried again, and refused again"
        done = columnist(*command, **{**home, "OPENAI_API_KEY": "right"})
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_key_of_the_environment_is_printed(home: dict[str, object]) -> None:
    secret = "hunter2-hunter2"
    url = str(home["DATABASE_URL"]).replace("columnist@", f"columnist:{secret}@")
    done = columnist("settings", **{**home, "DATABASE_URL": url, "OPENAI_API_KEY": secret})
    assert done.returncode == 0
    assert secret not in done.stdout
    assert "environment" in done.stdout


def test_an_installation_without_anything_else_runs_on_the_embedded_database(tmp_path: Path) -> None:
    command = ("run", contracts_in(tmp_path / "files", 3), "-c", columns_in(tmp_path / "q.yaml", 2))
    # Not below pytest's folder, which is private to root: the cluster would be made elsewhere, and stay.
    with tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as home:
        done = columnist(*command, "-o", tmp_path / "r.parquet", COLUMNIST_DATA_DIR=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "r.parquet").exists()


def test_doctor_says_what_works(home: dict[str, object]) -> None:
    owner = str(home["DATABASE_URL"])
    migrate(owner, run_as="columnist_run")
    done = columnist("doctor", **{**home, "DATABASE_URL": owner.replace("columnist@", "columnist_run@")})
    assert done.returncode == 0, done.stdout
    for subject in ("Disk", "Database", "Reading files", "Answers"):
        assert subject in done.stdout
    broken = columnist("doctor", **{**home, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert broken.returncode == 1
    assert "✗" in broken.stdout


@pytest.mark.parametrize(
    ("answer", "extra", "said"),
    [
        ('{"c1": {"answer": "900 EUR"}}', {"reasoning": "Let me see."}, "thinks before it answers"),
        ('{"c1": {"answer": "900 EUR"}}', {}, "--enable-prompt-tokens-details"),
        ("What a nice lease.", {}, "not the JSON that was asked for"),
    ],
)
def test_doctor_asks_the_llm_a_question(home: dict[str, object], answer: str, extra: dict[str, str], said: str) -> None:
    replied = completion(answer)
    replied["choices"][0]["message"] |= extra
    listing = {"object": "list", "data": [{"id": "simulated", "object": "model", "max_model_len": 5_000}]}
    with scripted(lambda _: (200, replied), (200, listing)) as server:
        done = columnist("doctor", **{**home, "OPENAI_BASE_URL": server.url, "COLUMNIST_MODEL": "simulated"})
    words = " ".join(done.stdout.split())
    assert said in words
    is_good = answer.startswith("{")
    assert ("a context of 5,000 tokens" in words) == is_good
    (line,) = [line for line in done.stdout.splitlines() if "Answers" in line]
    assert ("✓" if is_good else "✗") in line


def test_doctor_asks_each_server_and_names_the_one_that_is_not_as_it_should_be(home: dict[str, object]) -> None:
    answer = completion('{"c1": {"answer": "900 EUR"}}')
    metrics = 'vllm:cache_config_info{enable_prefix_caching="False"} 1.0'

    def listing(path: str, model: str) -> Reply:
        return (200, metrics) if path == "/metrics" else (200, {"object": "list", "data": [{"id": model}]})

    with (
        scripted(lambda _: (200, answer), lambda path: listing(path, "simulated")) as fine,
        scripted(lambda _: (200, answer), lambda path: listing(path, "another")) as odd,
    ):
        urls = f"{fine.url}, {odd.url}"
        done = columnist("doctor", **{**home, "OPENAI_BASE_URL": urls, "COLUMNIST_MODEL": "simulated"})
    words = " ".join(done.stdout.split())
    assert f"{urlsplit(odd.url).netloc} does not serve 'simulated', but another" in words
    assert f"answers by the schema at {urlsplit(fine.url).netloc}" in words
    assert "Its prefix cache is off" in words
    assert done.returncode == 1


def test_doctor_names_the_models_of_a_server_none_of_which_is_chosen(home: dict[str, object]) -> None:
    with simulator(model="qwen3") as llm:
        done = columnist("doctor", **{**home, "OPENAI_BASE_URL": llm})
    assert f"COLUMNIST_MODEL or --model. {urlsplit(llm).netloc} serves qwen3" in " ".join(done.stdout.split())


def test_a_job_is_named_by_what_a_narrow_terminal_shows_of_its_id(home: dict[str, object], tmp_path: Path) -> None:
    questions = columns_in(tmp_path / "questions.yaml", 1)
    for nr in range(2):
        files = contracts_in(tmp_path / f"contracts {nr} with a name that is longer than a terminal", 1)
        columnist("run", files, "--columns", questions, "--output", tmp_path / "r.csv", **home)
    jobs = [str(row[0]) for row in rows_of(str(home["DATABASE_URL"]), "select id from tabular_jobs")]
    piped = columnist("jobs", "list", **{**home, "COLUMNS": 40}).stdout
    assert all(job in piped for job in jobs), "a list that is piped is not whole"
    shown = columnist("jobs", "show", jobs[0][:8], **home)
    assert jobs[0] in shown.stdout, shown.stderr
    for begins, sentence in (("zz", "begins with 'zz'"), ("", "write more of it")):
        wrong = columnist("jobs", "cancel", begins, **home)
        assert (wrong.returncode, sentence in " ".join(wrong.stderr.split())) == (2, True), wrong.stderr


def test_a_template_is_listed_printed_and_named_as_questions(home: dict[str, object], tmp_path: Path) -> None:
    assert "due-diligence" in columnist("templates", **home).stdout
    printed = columnist("templates", "ndas", **home).stdout
    (tmp_path / "mine.yaml").write_text(printed)
    files, output = contracts_in(tmp_path / "files", 1), tmp_path / "r.csv"
    heads = []
    for questions in ("ndas", tmp_path / "mine.yaml"):
        done = columnist("run", files, "--columns", questions, "--output", output, **home)
        assert done.returncode == 0, done.stdout + done.stderr
        heads.append(output.read_text(encoding="utf-8-sig").splitlines()[0])
    assert heads[0] == heads[1]
    for wrong in (("templates", "nda"), ("run", files, "--columns", "nda", "--output", output)):
        done = columnist(*wrong, **home)
        assert (done.returncode, "leases, ndas" in " ".join(done.stderr.split())) == (2, True), done.stderr


@pytest.mark.parametrize(
    "command", ["run", "worker", "settings", "templates", "doctor", "jobs", "jobs list", "jobs show", "jobs retry"]
)
def test_every_command_helps_with_an_example(command: str) -> None:
    done = columnist(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert command == "jobs" or "Example: " in done.stdout


def test_the_bare_command_helps(tmp_path: Path) -> None:
    done = columnist()
    assert "columnist run" in done.stdout
    assert isinstance(done, subprocess.CompletedProcess)
