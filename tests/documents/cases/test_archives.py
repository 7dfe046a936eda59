"""A ZIP archive is taken in as its files, each with its path; each odd entry alone is refused."""

import asyncio
import io
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from columnist.documents.blobs import BlobStore
from columnist.documents.intake import Refused, attachments
from columnist.documents.reading.archive import packed_files
from columnist.documents.reading.formats import media_type
from columnist.documents.reading.reader import Reader
from columnist.documents.store import StoredFile
from columnist.errors import DocumentError
from columnist.settings import Settings
from tests.documents.cases.mails import mail
from tests.files import put
from tests.processes import columnist, served, served_api


def zipped(path: Path, *files: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def taken_in(tmp_path: Path, path: Path) -> list[StoredFile | Refused]:
    settings = Settings(COLUMNIST_DATA_DIR=tmp_path / "data")

    async def note(sha256: str, size_bytes: int) -> bool:
        return False

    async def run() -> list[StoredFile | Refused]:
        blobs = BlobStore(settings)
        async with Reader(settings) as reader:
            return await attachments(reader, blobs, note, StoredFile(path.name, *put(blobs, path), holder="archive"))

    return asyncio.run(run())


def test_an_archive_is_its_files_with_their_folders_and_the_archives_and_mails_in_it(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", ("leases/Agreement.txt", b"Inner."))
    made = mail("Terms", ("annex.txt", b"The annex."))
    room = zipped(
        tmp_path / "Room.zip",
        ("01 Corporate/Agreement.txt", b"One."),
        ("02 Property\\Agreement.txt", b"Two."),
        ("02 Property/", b""),
        ("02 Property/inner.zip", inner.read_bytes()),
        ("mail.eml", made.as_bytes()),
        ("setup.exe", b"MZ"),
        ("__MACOSX/01 Corporate/._Agreement.txt", b"x"),
        (".DS_Store", b"x"),
    )
    found = taken_in(tmp_path, room)
    assert [(one.name, one.path) for one in found if isinstance(one, StoredFile)] == [
        ("Agreement.txt", "Room.zip/01 Corporate/Agreement.txt"),
        ("Agreement.txt", "Room.zip/02 Property/Agreement.txt"),
        ("inner.zip", "Room.zip/02 Property/inner.zip"),
        ("mail.eml", "Room.zip/mail.eml"),
        ("Agreement.txt", "Room.zip/02 Property/inner.zip/leases/Agreement.txt"),
        ("mail.eml / annex.txt", "Room.zip/mail.eml / annex.txt"),
    ]
    assert [(one.path, one.error) for one in found if isinstance(one, Refused)] == [
        ("Room.zip/setup.exe", "The file is a program, which is not read.")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "cp866", "cp932"])
def test_a_name_is_decoded_whatever_code_page_its_archive_was_made_in(tmp_path: Path, encoding: str) -> None:
    name = {"cp866": "Договор аренды.txt", "cp932": "賃貸借契約書.txt"}.get(encoding, "Pachtverträge für Müller.txt")
    data = name.encode(encoding)
    path = zipped(tmp_path / "a.zip", ("x" * len(data), b"Words."))
    path.write_bytes(path.read_bytes().replace(b"x" * len(data), data))  # without the flag for UTF-8
    assert [one.path for one in packed_files(path.open("rb"))] == [name]


def test_what_an_attacker_packs_is_refused_by_itself(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        ("../../etc/passwd.txt", b"x"),
        ("/root.txt", b"x"),
        ("bomb.txt", bytes(30_000_000)),
        ("good.txt", b"Good."),
    )
    found = {one.path: one.refused for one in packed_files(path.open("rb"))}
    assert found["good.txt"] is None
    assert "leads out" in (found["../../etc/passwd.txt"] or "")
    assert "leads out" in (found["/root.txt"] or "")
    assert "bomb" in (found["bomb.txt"] or "")
    lying = bytearray(zipped(tmp_path / "b.zip", ("good.txt", b"Good."), ("damaged.txt", b"Words. " * 99)).read_bytes())
    at = lying.find(b"damaged.txt") + len(b"damaged.txt")
    lying[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "b.zip").write_bytes(lying)
    assert [bool(one.refused) for one in packed_files((tmp_path / "b.zip").open("rb"))] == [False, True]


def test_an_encrypted_file_says_what_to_do_and_a_torn_archive_is_one_error(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("secret.txt", b"x"), ("open.txt", b"Open."))
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + flags] |= 1
    path.write_bytes(data)
    first, second = packed_files(path.open("rb"))
    assert "encrypted: unpack" in (first.refused or "")
    assert (second.path, second.refused) == ("open.txt", None)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DocumentError, match="damaged or cut off"):
        list(packed_files(path.open("rb")))


def test_an_upload_of_an_archive_adds_its_files_once_and_says_so(url: str, tmp_path: Path) -> None:
    room = zipped(tmp_path / "Room.zip", ("a/Agreement.txt", b"One."), ("b/Agreement.txt", b"Two."), ("x.exe", b"MZ"))
    with served_api("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home") as api:
        review = api.post("/tabular/reviews", json={"name": "Room"}).json()["id"]
        files = [("files", ("Deal/Room.zip", room.read_bytes()))]
        done = api.post("/documents", files=files, params={"review_id": review}).json()
        assert (done["added"], done["known"], done["refused"]) == (2, 0, 1)
        (archive,) = done["files"]
        assert (archive["status"], archive["document_id"]) == ("unpacked", None)
        assert [one["status"] for one in archive["attachments"]] == ["added", "added", "refused"]
        rows = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        assert [row["path"] for row in rows] == ["Deal/Room.zip/a/Agreement.txt", "Deal/Room.zip/b/Agreement.txt"]
        assert [row["same_as"] for row in rows] == [None, None]
        third = [("files", ("Old/Copy.txt", b"One."))]
        copy = api.post("/documents", files=third, params={"review_id": review}).json()["files"][0]
        *_, row = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        assert (row["path"], row["same_as"]) == ("Old/Copy.txt", "Deal/Room.zip/a/Agreement.txt")
        document = api.get(f"/documents/{copy['document_id']}").json()
        assert document["same_as"] == "Deal/Room.zip/a/Agreement.txt"
        again = api.post("/documents", files=files, params={"review_id": review}).json()
        assert (again["added"], again["known"], again["refused"]) == (0, 2, 1)


@pytest.mark.parametrize("at_a_server", [False, True])
def test_a_run_over_an_archive_has_a_row_for_each_of_its_files(url: str, tmp_path: Path, at_a_server: bool) -> None:
    zipped(tmp_path / "Room.zip", ("a/Agreement.txt", b"The term is two years."), ("b/note.txt", b"Nothing."))
    (tmp_path / "q.yaml").write_text('columns:\n  - {name: Term, prompt: "What is the term?", format: text}\n')
    home: dict[str, object] = {"DATABASE_URL": url, "COLUMNIST_DATA_DIR": tmp_path / "home", "TABULAR_POLL_MS": 100}
    with served(**home) if at_a_server else nullcontext() as server:
        where = {"COLUMNIST_SERVER": server.url} if server else home
        output = tmp_path / "a.csv"
        done = columnist("run", tmp_path / "Room.zip", "-c", tmp_path / "q.yaml", "-o", output, **where)
        assert done.returncode == 0, done.stdout + done.stderr
        text = output.read_text(encoding="utf-8-sig")
        assert "Room.zip/a/Agreement.txt" in text
        assert "Room.zip/b/note.txt" in text


def test_an_empty_archive_and_one_that_is_none(tmp_path: Path) -> None:
    held = io.BytesIO()
    zipfile.ZipFile(held, "w").close()
    path = tmp_path / "empty.zip"
    path.write_bytes(held.getvalue())
    assert list(packed_files(path.open("rb"))) == []


@pytest.mark.parametrize("comment", [b"", b"c" * 60_000])
def test_an_archive_of_too_many_files_is_refused_by_the_size_of_its_list(tmp_path: Path, comment: bytes) -> None:
    """The server recognises files: it must not spend minutes and gigabytes on a list of a million names."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for nr in range(40_000):
            archive.writestr(f"{nr:>20}/", b"")
    with path.open("rb") as file, pytest.raises(DocumentError, match="more files than are taken in"):
        media_type(file, path.name)
    few = zipped(tmp_path / "few.zip", *((f"{nr}.txt", b"x") for nr in range(2_000)))
    with few.open("rb") as file:
        assert media_type(file, few.name) == "application/zip"
