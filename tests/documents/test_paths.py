"""The place of a document in its upload: rows of the same name are distinguished, and no file is lost silently."""

import ctypes
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import columnist as package
from columnist.desk.files import find_files
from columnist.documents.intake import shown_path
from columnist.errors import InputError
from tests.processes import columnist, columns_in, served, served_api
from tests.uploads import upload

LEASE = b"This Agreement is governed by the laws of the State of Delaware."


def odd_folder(folder: Path) -> dict[str, bytes]:
    """Folders with files of the same name, of the same content, and of names that are not UTF-8; path → content."""
    files = {
        "c1.txt": LEASE,
        "sub/c1.txt": LEASE + b" The term is two years.",
        "b/c1.txt": LEASE,
        "b/deep/c1.txt": LEASE,
        "b/Müller.txt": LEASE + b" The term is three years.",
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for name, shown in ((b"bad\xff name.txt", "bad\ufffd name.txt"), (b"bad\xfe name.txt", "bad\ufffd name (2).txt")):
        (folder / os.fsdecode(name)).write_bytes(LEASE)
        files[shown] = LEASE
    return files


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("lease.txt", "lease.txt"),
        ("Data room/01 Corporate/lease.txt", "Data room/01 Corporate/lease.txt"),
        ("C:\\Users\\me\\lease.txt", "C:/Users/me/lease.txt"),
        ("/etc//./../passwd", "etc/passwd"),
        ("a/\x1b[31mb\u202e/c.txt", "a/[31mb/c.txt"),
        ("a/", "a/document"),
        ("", "document"),
        (Path("01/lease.txt"), "01/lease.txt"),
        (Path(os.fsdecode(b"\xff/\xe4.txt")), "\ufffd/\ufffd.txt"),
    ],
)
def test_a_path_is_for_people(sent: str | Path, shown: str) -> None:
    assert shown_path(sent) == shown


@given(sent=st.text())
def test_any_path_is_short_printable_and_ends_with_the_name(sent: str) -> None:
    path = shown_path(sent * 50)
    assert len(path) <= 500
    assert path.isprintable()
    assert ".." not in path.split("/")[:-1]
    path.encode()


def test_a_file_stands_in_the_folder_that_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = odd_folder(tmp_path / "odd")
    found = find_files([tmp_path / "odd"]).files
    assert sorted(source.path for source in found) == sorted(files)
    assert all(source.file.read_bytes() == files[source.path] for source in found)
    monkeypatch.chdir(tmp_path / "odd")
    assert [source.path for source in find_files([Path("b")]).files] == ["Müller.txt", "c1.txt", "deep/c1.txt"]
    assert [source.path for source in find_files([Path("b/deep/c1.txt"), Path("sub/c1.txt")]).files] == [
        "b/deep/c1.txt",
        "sub/c1.txt",
    ]
    assert [source.path for source in find_files([Path("sub/c1.txt")]).files] == ["c1.txt"]


def test_no_two_files_of_a_run_have_the_same_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("x/contracts/a.txt", "y/contracts/a.txt", "y/contracts/b.txt", "y/contracts/c/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(LEASE)
    monkeypatch.chdir(tmp_path)
    found = find_files([Path("x/contracts"), Path("y/contracts"), Path("y/contracts/a.txt")]).files
    assert [source.path for source in found] == ["x/contracts/a.txt", "y/contracts/a.txt", "b.txt", "c/a.txt"]
    assert [source.path for source in found] == [
        source.path for source in find_files([Path("x/contracts"), Path("y/contracts")]).files
    ]


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "PYTHONUTF8": 0}], ids=["utf-8", "ascii"])
@pytest.mark.parametrize("at_a_server", [False, True], ids=["here", "at a server"])
def test_a_run_over_odd_folders_has_a_row_for_each_file_and_again_the_same(
    url: str, tmp_path: Path, at_a_server: bool, locale: dict[str, object]
) -> None:
    files = odd_folder(tmp_path / "odd")
    home = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 100}
    columns = columns_in(tmp_path / "q.yaml", 1)
    with served(**home) if at_a_server else nullcontext() as server:
        where: dict[str, object] = {"COLUMNIST_SERVER": server.url} if server else home
        for _ in range(2):
            done = columnist("run", tmp_path / "odd", "-c", columns, "-o", tmp_path / "r.json", **where, **locale)
            assert done.returncode == 0, done.stdout + done.stderr
            rows = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["documents"]
            assert sorted(row["path"] for row in rows) == sorted(files)
            assert len({row["id"] for row in rows}) == len(files)
            assert {row["document"] for row in rows} == {path.rpartition("/")[2] for path in files}


def test_what_is_refused_and_what_fails_is_named_by_its_path(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "odd"
    for part, content in (("one", b"%PDF-1.7 torn"), ("two", b"%PDF-1.7 torn, too"), ("three", b"x" * (1024**2 + 1))):
        (folder / part).mkdir(parents=True)
        (folder / part / "a.pdf").write_bytes(content)
    variables = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": str(tmp_path / "home"), "COLUMNIST_MAX_FILE_MB": "1"}
    done = columnist("run", folder, "-c", columns_in(tmp_path / "q.yaml", 1), "-o", tmp_path / "r.csv", **variables)
    assert done.returncode == 3
    lines = "".join(done.stdout.split())
    assert all(f"✗{path}" in lines for path in ("one/a.pdf", "two/a.pdf")), done.stdout
    assert "three/a.pdfwasnottakenin" in lines
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = package.run(folder, [{"name": "A", "prompt": "B"}], model="extractive")
    assert {failure.path for failure in result.failures} == {"one/a.pdf", "two/a.pdf"}
    assert [*result.refused] == [folder / "three" / "a.pdf"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter, unlike tmp_path, with odd things in it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for path in ("a.txt", "locked/b.txt", "sub/c.txt", "sub/.hidden/d.txt", "sub/program.exe"):
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(LEASE)
        (folder / "link").symlink_to(folder / "sub")
        (folder / "sick.txt").symlink_to("/proc/self/mem")  # it opens, and reading it fails
        os.mkfifo(folder / "pipe.txt")
        (folder / "locked").chmod(0)
        yield folder


@contextmanager
def without_privilege() -> Iterator[None]:
    """In the context this thread opens files as a user without rights: root may search every folder."""
    libc = ctypes.CDLL(None)
    before = libc.setfsuid(65534)
    try:
        yield
    finally:
        libc.setfsuid(before)


def test_what_a_folder_holds_is_taken_in_or_named(folder: Path) -> None:
    with without_privilege():
        found = find_files([folder])
        with pytest.raises(InputError, match=r"locked cannot be read: Permission denied\."):
            find_files([folder / "locked"])
    assert [source.path for source in found.files] == ["a.txt", "locked", "sick.txt", "sub/c.txt"]
    assert [path.name for path in found.passed_over] == ["link", "pipe.txt", "program.exe"]


def test_a_run_names_what_it_does_not_take_in(url: str, tmp_path: Path, folder: Path) -> None:
    home = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home"}
    done = columnist("run", folder, "-c", columns_in(tmp_path / "q.yaml", 1), "-o", tmp_path / "r.json", **home)
    assert done.returncode == 3, done.stderr
    assert "skipped (3): link (a link to a folder), pipe.txt, program.exe" in done.stdout
    assert "sick.txt was not taken in: It cannot be read: Input/output error." in done.stdout


def test_an_upload_keeps_the_folders_of_its_file_names(url: str, tmp_path: Path) -> None:
    paths = ["Data room/01 Corporate/lease.txt", "Data room/02 HR/lease.txt", "lease.txt"]
    with served_api("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home") as api:
        review = api.post("/tabular/reviews", json={"name": "Data room", "columns": [ASKED]}).json()["id"]
        sent = [(path, LEASE) for path in paths]
        done = upload(api, *sent, ("02 HR/none.pdf", b""), review_id=review)
        assert [file["status"] for file in done["files"]] == ["added", "added", "added", "refused"]
        assert [file["path"] for file in done["files"]] == [*paths, "02 HR/none.pdf"]
        assert {file["name"] for file in done["files"][:3]} == {"lease.txt"}
        again = upload(api, *sent, review_id=review)
        assert [file["status"] for file in again["files"]] == ["known"] * 3
        assert [file["document_id"] for file in again["files"]] == [
            file["document_id"] for file in done["files"] if file["document_id"]
        ]
        rows = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        assert [row["path"] for row in rows] == paths
        assert api.get(f"/documents/{rows[1]['document_id']}").json()["path"] == paths[1]


def test_a_document_from_before_paths_were_kept_is_not_there_twice(url: str, admin_url: str, tmp_path: Path) -> None:
    with served_api("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home") as api:
        old = upload(api, ("lease.txt", LEASE))["files"][0]["document_id"]
        with psycopg.connect(admin_url, autocommit=True) as database:
            database.execute("update documents set path = null")
        assert api.get(f"/documents/{old}").json()["path"] == "lease.txt"
        done = upload(api, ("01/lease.txt", LEASE), ("02/lease.txt", LEASE))["files"]
        assert [(file["status"], file["document_id"] == old) for file in done] == [("known", True), ("added", False)]
        assert api.get(f"/documents/{old}").json()["path"] == "01/lease.txt"


ASKED: dict[str, Any] = {"name": "Law", "prompt": "Which law governs the agreement?"}
