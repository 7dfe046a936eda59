"""Code in a parser gets nothing: it runs in a real child, of a real template, after that has closed itself."""

import asyncio
import errno
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from columnist.documents.blobs import BlobStore
from columnist.documents.locating.boxes import unpack
from columnist.documents.reading.reader import Reader
from columnist.errors import DocumentError, SettingsError
from columnist.guarded import children, sandbox
from columnist.guarded.children import Places, Role, Templates
from columnist.guarded.frames import DONE
from columnist.guarded.sandbox import LAYERS, REQUIRED, Limits, layers_of
from columnist.process import check_sandbox, open_process
from columnist.settings import Settings
from tests.guarded import forging, hostile

HOSTILE = Role("tests.guarded.hostile", 256 * 1024**2, 5.0)


@pytest.fixture(scope="module", autouse=True)
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A separate template for this module: the usual one does not look for modules in the current folder."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "templates", Templates())
        patch.setenv("COLUMNIST_JWT_SECRET", "s" * 32)
        yield
    os.chdir(before)


def attack(*asked: object, role: Role = HOSTILE) -> dict[str, str]:
    async def run() -> dict[str, str]:
        places = Places("reading", role)
        async with places.child(nullcontext(), None) as child:
            await child.ask(json.dumps(asked).encode() + b"\n")
            kind, values, _ = await child.frame()
            assert kind == DONE
            return values

    return asyncio.run(run())


def test_every_layer_holds_here() -> None:
    assert asyncio.run(children.layers()) >= set(LAYERS) - {"empty root"}


def test_what_a_child_may_do_it_does() -> None:
    assert attack("nothing") == {"gained": "'done'"}


def test_a_child_knows_no_secret_and_holds_no_file_but_its_own() -> None:
    gained = attack("environment")["gained"]
    assert "COLUMNIST" not in gained and "HOME" not in gained
    assert set(eval(gained)) <= {"PATH", "LANG", "LC_CTYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    descriptors = eval(attack("descriptors")["gained"])
    assert len(descriptors) <= 5  # nothing three times, the socket, an empty folder
    nothing = Path(os.devnull).stat().st_rdev
    assert [descriptors[number] for number in range(3)] == [nothing] * 3, "it writes into the server's log"


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/proc/{pid}/environ", "{own}"])
def test_a_child_reads_no_path(tmp_path: Path, path: str) -> None:
    own = tmp_path / "contract.txt"
    own.write_text("The rent is 900.")
    path = path.format(pid=os.getpid(), own=own)
    for how in ("read", "write", "stat", "state"):
        assert "refused" in attack(how, path)
    assert "refused" in attack("list", str(Path(path).parent))
    assert own.read_text() == "The rent is 900."


def test_a_child_reaches_no_network_and_no_other_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "local"))
        local.listen()
        assert "refused" in attack("connect", *server.getsockname())
        assert "refused" in attack("local socket", str(tmp_path / "local"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        abstract.bind("\0columnist-test")
        assert "refused" in attack("abstract socket", "columnist-test")
    for how in ("kill", "ptrace", "read memory", "pidfd"):
        assert "refused" in attack(how, os.getpid()), how


TAKEN = (
    "exec;program;fork;thread;root;mount;unshare;keys;io_uring;bpf;machine code;pages for machine code;memory;"
    "memory file;limits"
)


@pytest.mark.parametrize("how", TAKEN.split(";"))
def test_a_child_starts_nothing_and_takes_nothing(how: str) -> None:
    assert "refused" in attack(how)


def test_a_child_may_make_no_system_call_but_those_that_parsing_needs() -> None:
    assert attack("other calls") == {"refused": "PermissionError"}


def alone(layers: set[str], act: Callable[[], object]) -> str:
    """What an act comes to in a process around which only some layers are put."""
    ours, theirs = os.pipe()
    folder = sandbox.empty_folder()
    assert folder is not None
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.dup(theirs), 3)
            os.dup2(os.dup(folder), 4)
            os.closerange(5, 4_096)
            sandbox._prctl(38, 1)  # no new privileges, without which the others cannot be put
            for name, put in layers_of(Limits(256 * 1024**2, 5), 4, os.getppid()).items():
                if name in layers:
                    put()
            said = repr(act())
        except BaseException as error:  # noqa: BLE001 - this process ends here
            said = errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)
        os.write(3, said.encode())
        os._exit(0)
    os.close(theirs)
    os.close(folder)
    os.waitpid(child, 0)
    said = os.read(ours, 1_000).decode()
    os.close(ours)
    return said


def test_each_layer_holds_by_itself() -> None:
    """One that another layer hides could be missing for years."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert alone({"landlock"}, lambda: Path("/etc/passwd").read_bytes()) == "EACCES"
        assert alone({"landlock"}, lambda: Path("/tmp/columnist-sandbox").write_bytes(b"")) == "EACCES"
        if "landlock" in asyncio.run(children.layers()) and landlock_version() >= 4:
            assert alone({"landlock"}, lambda: socket.socket().connect(("127.0.0.1", port))) == "EACCES"
        assert alone({"seccomp"}, lambda: Path("/etc/passwd").read_bytes()) == "EPERM"
        assert alone({"seccomp"}, lambda: socket.socket().connect(("127.0.0.1", port))) == "EPERM"
    assert alone({"limits"}, lambda: len(bytearray(1024**3))) == "MemoryError"
    assert alone({"limits"}, lambda: [os.dup(0) for _ in range(64)]) == "EMFILE"
    assert alone({"unprivileged"}, lambda: os.setuid(0)) == ("EPERM" if os.geteuid() == 0 else "None")
    assert alone({"unprivileged"}, os.getuid) == str(os.geteuid() or sandbox.NOBODY)
    assert alone(set(), lambda: len(Path("/etc/passwd").read_bytes()) > 0) == "True"
    if "empty root" in asyncio.run(children.layers()):
        assert alone({"empty root"}, lambda: list(Path("/").iterdir())) == "[]"


def landlock_version() -> int:
    return int(sandbox._libc.syscall(444, None, 0, 1))


def test_a_child_without_an_empty_root_learns_of_no_file() -> None:
    """Where user namespaces are not allowed, an unprivileged server's children keep its root."""
    assert alone(set(REQUIRED), lambda: hostile._state_of("/etc/passwd")) == "EPERM"
    assert alone({"landlock"}, lambda: hostile._state_of("/etc/passwd")) == str(Path("/etc/passwd").stat().st_size)


REFUSED = "made its reader (?:send an invalid answer|crash)|has no text"
UNPARSED = {"deep", "many lists", "no object", "no JSON"}
"""Answers that are refused before, or as, they are parsed."""


def test_an_answer_that_no_reader_sends_is_refused_and_cheaply(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / "contract.txt"
    path.write_text("The rent is 900.")
    settings = Settings(_env_file=None, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_READ_MEMORY_MB=256)
    record_property("inputs", len(forging.ANSWERS) + 1)

    async def told() -> dict[str, str]:
        found = {}
        async with Reader(settings) as reader:
            reader._readers = Places("reading", Role("tests.guarded.forging", 256 * 1024**2, 60.0))
            for name in (*forging.ANSWERS, "endless"):
                with BlobStore(settings).writing_boxes("0" * 64) as boxes:
                    try:
                        found[name] = (await reader.read(path, name, boxes)).pages[0].text
                    except DocumentError as error:
                        found[name] = str(error)
        return found

    said = asyncio.run(told())
    assert [name for name, text in said.items() if text == "x"] == ["honest", "boxes without a place"]
    assert unpack(forging.ANSWERS["boxes without a place"][0][2][1:]) == ()
    assert "needs more than the 256 MB of memory" in said.pop("endless")
    refused = {name: text for name, text in said.items() if text != "x"}
    assert {name for name, text in refused.items() if not re.search(REFUSED, text)} == set()
    assert {name for name, text in refused.items() if "crash" in text} == UNPARSED


async def refused_start(settings: Settings) -> None:
    async with open_process(settings):
        raise AssertionError("it has started")


def test_where_a_layer_is_required_and_missing_nothing_starts_and_nothing_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "contract.txt"
    path.write_text("The rent is 900.")
    settings = Settings(_env_file=None, COLUMNIST_DATA_DIR=tmp_path, COLUMNIST_SANDBOX="require")

    async def read() -> str:
        async with Reader(settings) as reader:
            with BlobStore(settings).writing_boxes("0" * 64) as boxes:
                return (await reader.read(path, path.name, boxes)).pages[0].text

    assert asyncio.run(read()) == "The rent is 900."
    asyncio.run(check_sandbox(settings))
    monkeypatch.setattr("columnist.documents.reading.reader.REQUIRED", REQUIRED | {"a layer of the future"})
    monkeypatch.setattr("columnist.process.REQUIRED", REQUIRED | {"a layer of the future"})
    with pytest.raises(SettingsError, match="a layer of the future"):
        asyncio.run(refused_start(settings))
    with pytest.raises(SettingsError, match="a layer of the future"):
        asyncio.run(read())
