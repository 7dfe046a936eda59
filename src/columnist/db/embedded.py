"""A private PostgreSQL under the data directory: its first user starts it, its last user stops it, and any of them
starts it again if it ends before that.

The files below `data_dir`:

    postgres.lock, postgres.users   two flocks: whose turn it is to start or stop, and who uses the server
    postgres.log                    what initdb and the server say
    postgres/                       or a link to the folder elsewhere that stands for it, see `_home`
      cluster/                      PostgreSQL's own data and its socket; the only folder that the server's user owns
      server-<version>/             a copy of the binaries, where that user cannot read the installed ones
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
import structlog
from psycopg import pq

from columnist.db.binaries import Account, account_of, find_binaries, may_run, readable_binaries, spawn
from columnist.errors import DatabaseError

if sys.platform != "win32":
    import fcntl
    import pwd

log = structlog.get_logger()

LOGIN = DATABASE = "columnist"
RUN_LOGIN = "columnist_run"
"""The login of running processes: it owns nothing, and may only set the roles of requests and workers."""

PORT = 5432  # names the socket; nothing listens on a network

START_SECONDS = 600.0  # replaying the log of a crash takes its time
ORPHAN_SECONDS = 60.0  # backends of a killed server finish what they compute before they notice
STOP_SECONDS = 20.0
CONNECT_SECONDS = 10.0
POLL_SECONDS = 0.02
KEEP_SECONDS = 1.0
KEEP_AGAIN_SECONDS = 10.0

ELSEWHERE = Path("/var/lib/columnist")
SHORT_PLAIN_PATH = re.compile(r"[\w./~-]{1,85}", re.ASCII)
"""Folders that can hold the socket: its path may have 103 bytes on macOS, and a comma would mean two folders."""

INITDB = ("--username=postgres", "--auth=reject", "--encoding=UTF8", "--locale=C", "--data-checksums")
UNICODE_LETTERS = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # from 17 on: lower('É') without ICU

HBA = f"# Written by Columnist: no superuser, no network, and nobody but the users in pg_ident.conf.\n\
local {DATABASE} {LOGIN},{RUN_LOGIN} peer map={LOGIN}\n"
MAKE_LOGIN = f"""\
do $$ begin if to_regrole('{LOGIN}') is null then create role {LOGIN} login createrole; end if; end $$
create database {DATABASE} owner {LOGIN}
"""
"""For single-user mode, in which a line is a statement; the database may be there already."""

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "autovacuum_naptime": "10s",  # a run fills empty tables in minutes, and plans made for few rows are slow
}


@contextmanager
def embedded_server(data_dir: Path) -> Iterator[str]:
    """Start or join the server of this data directory; yields the URL of a login that owns the database `columnist`.

    The login is no superuser (row-level security binds it) and may create roles (the migrations do). The kernel counts
    the users by flock, which not even SIGKILL leaks: the last one to leave stops the server. Raises DatabaseError with
    the server's last words, or with what to do if no server can run.
    """
    if sys.platform == "win32":
        raise DatabaseError("The embedded PostgreSQL does not run on Windows: set DATABASE_URL to a server's URL.")
    with _locks(data_dir.absolute()) as (turn, users):
        started: list[subprocess.Popen[bytes]] = []
        try:
            with _exclusively(turn), _os_errors_told(data_dir):
                fcntl.flock(users, fcntl.LOCK_SH)
                started += _start_or_join(data_dir.absolute())
                sockets = _socket_folder(_cluster(data_dir.absolute()))
                _wait_until_let_in(sockets)
            with _kept(data_dir.absolute(), turn, started):
                yield f"postgresql://{LOGIN}@/{DATABASE}?host={sockets}&port={PORT}"
        finally:
            with _exclusively(turn), suppress(BlockingIOError):  # blocked: somebody else still uses it
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _stop(_cluster(data_dir.absolute()))
                for server in started:
                    with suppress(subprocess.TimeoutExpired):
                        server.wait(STOP_SECONDS)  # no zombie in a process that goes on


@contextmanager
def _kept(data_dir: Path, turn: IO[bytes], started: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """While the context lasts, a server that ends is restarted: the kernel may have killed it for its memory."""
    leaving = threading.Event()
    keeper = threading.Thread(target=_keep, args=(data_dir, turn, started, leaving), name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        leaving.set()
        keeper.join()


def _keep(data_dir: Path, turn: IO[bytes], started: list[subprocess.Popen[bytes]], leaving: threading.Event) -> None:
    while not leaving.wait(KEEP_SECONDS):
        for server in started:
            server.poll()  # else an ended server still counts as a process
        cluster = _cluster(data_dir)
        if _is_process(_recorded_pid(cluster / "postmaster.pid")):
            continue
        log.warning("the embedded PostgreSQL has ended, and is restarted")
        try:
            with _exclusively(turn), _os_errors_told(data_dir):
                cluster.stat()  # else an empty cluster would be made in its place
                started += _start_or_join(data_dir)
        except DatabaseError as error:
            log.error("the embedded PostgreSQL cannot be restarted", error=str(error))
            leaving.wait(KEEP_AGAIN_SECONDS)


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid != 0


# The users of the server


@contextmanager
def _locks(data_dir: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    with _os_errors_told(data_dir):
        if not data_dir.exists():
            data_dir.parent.mkdir(parents=True, exist_ok=True)
            data_dir.mkdir(mode=0o700, exist_ok=True)
        turn = (data_dir / "postgres.lock").open("ab")
        users = (data_dir / "postgres.users").open("ab")
    with turn, users:
        yield turn, users


@contextmanager
def _exclusively(turn: IO[bytes]) -> Iterator[None]:
    """One starter or stopper at a time."""
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)


@contextmanager
def _os_errors_told(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseError(
            f"The embedded PostgreSQL cannot run in {data_dir}: {error}. "
            "Set COLUMNIST_DATA_DIR to another folder, or DATABASE_URL to a server's URL."
        ) from error


# Its folders


def _cluster(data_dir: Path) -> Path:
    return (data_dir / "postgres").resolve() / "cluster"


def _socket_folder(cluster: Path) -> Path:
    """The cluster's own folder if its path is short enough for a socket, else a folder with a name derived from it.

    Raises DatabaseError if that folder belongs to another user.
    """
    if SHORT_PLAIN_PATH.fullmatch(str(cluster)):
        return cluster
    # Not the environment's temporary folder: every process must find the same one.
    folder = Path("/tmp", "columnist-" + hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16])  # noqa: S108
    owners = (cluster.stat().st_uid, os.geteuid())
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in owners):
        raise DatabaseError(f"{folder} belongs to somebody else: remove it, or set a shorter COLUMNIST_DATA_DIR.")
    return folder


def _home(data_dir: Path, account: Account) -> Path:
    """The folder `postgres`, made and reachable for the server's user.

    If that user cannot pass the folders above the data directory (root's home stays private), the real folder is made
    below /var/lib/columnist, and `postgres` is a link to it. Raises DatabaseError if neither works.
    """
    home = data_dir / "postgres"
    if home.is_symlink() and not home.exists():
        raise DatabaseError(
            f"The database of {data_dir} was kept in {home.readlink()}, which is gone. "
            f"Bring it back, or remove {home} to start with an empty one."
        )
    if not home.exists():
        home.mkdir()
        home.chmod(0o711)  # whatever the umask: the server's user may pass through, and nobody may list it
    reach = ("/usr/bin/env", "test", "-x", home.resolve())
    if not account.is_other or may_run(account, *reach):
        return home.resolve()
    data_dir.chmod(data_dir.stat().st_mode | 0o011)
    if may_run(account, *reach):
        return home.resolve()
    if any(home.iterdir()):
        raise DatabaseError(
            f"The embedded PostgreSQL runs as user {account.uid}, who can no longer reach {home}: "
            "a folder above it was made private."
        )
    if not ELSEWHERE.exists():
        ELSEWHERE.mkdir(parents=True)
        ELSEWHERE.chmod(0o711)
    real = Path(tempfile.mkdtemp(prefix=f"{data_dir.name}-", dir=ELSEWHERE))
    real.chmod(0o711)
    home.rmdir()
    home.symlink_to(real)
    log.warning("the server's user cannot reach the data directory: its database is kept elsewhere", folder=str(real))
    return real


# Its life


def _start_or_join(data_dir: Path) -> list[subprocess.Popen[bytes]]:
    """Make sure that the server answers; returns its process if it was not up, else nothing."""
    cluster = _cluster(data_dir)
    if cluster.exists() and _answers(_socket_folder(cluster)):
        return []
    account = account_of(cluster)
    home = _home(data_dir, account)
    cluster = home / "cluster"
    binaries, major = find_binaries(cluster)
    binaries = readable_binaries(binaries, home, account)
    log_file = data_dir / "postgres.log"
    log_file.touch(mode=0o600)  # it has failed statements
    with log_file.open("ab") as output:
        if not cluster.exists():
            _make_cluster(cluster, account, binaries, major, output)
        _admit(cluster, data_dir, account, binaries, output)
        return [_start(cluster, account, binaries, output)]


def _answers(sockets: Path) -> bool:
    """Whether a server accepts connections; waits while one is recovering or stopping."""
    deadline = time.monotonic() + START_SECONDS
    while (answer := _ping(sockets)) == pq.Ping.REJECT:
        if time.monotonic() > deadline:
            raise DatabaseError(f"The embedded PostgreSQL has been recovering for {START_SECONDS:.0f} seconds.")
        time.sleep(POLL_SECONDS)
    return answer == pq.Ping.OK


def _ping(sockets: Path) -> pq.Ping:
    return pq.Ping(
        pq.PGconn.ping(f"host={sockets} port={PORT} user={LOGIN} dbname={DATABASE} connect_timeout=10".encode())
    )


def _make_cluster(cluster: Path, account: Account, binaries: Path, major: int, output: IO[bytes]) -> None:
    """Run initdb in a folder beside, then rename it, so that a half-made cluster is never seen."""
    for leftover in cluster.parent.glob("cluster-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # the initdb of a killed process may still be writing
    unfinished = Path(tempfile.mkdtemp(prefix="cluster-", dir=cluster.parent))
    os.chown(unfinished, account.uid, account.gid)
    options = INITDB + (UNICODE_LETTERS if major >= 17 else ())
    before = output.tell()
    if spawn(account, (binaries / "initdb", "-D", unfinished, *options), output).wait() != 0:
        raise DatabaseError(f"The embedded PostgreSQL cannot make its files: {_said(output, before)}")
    unfinished.rename(cluster)


def _admit(cluster: Path, data_dir: Path, account: Account, binaries: Path, output: IO[bytes]) -> None:
    """Let in the owner of the data directory, this user, and root; nobody as superuser. For a new cluster the login and
    the database are made first, in single-user mode."""
    hba = cluster / "pg_hba.conf"
    if hba.read_text() != HBA:
        give_up_at, before = time.monotonic() + ORPHAN_SECONDS, output.tell()
        while True:
            with tempfile.TemporaryFile() as statements:
                statements.write(MAKE_LOGIN.encode())
                statements.seek(0)
                single = (binaries / "postgres", "--single", "-D", cluster, "postgres")
                if spawn(account, single, output, statements).wait() == 0:
                    break
            if time.monotonic() > give_up_at:
                raise DatabaseError(f"The embedded PostgreSQL cannot make its login: {_said(output, before)}")
            time.sleep(POLL_SECONDS)
    names = []
    for uid in sorted({data_dir.stat().st_uid, os.geteuid(), 0}):
        with suppress(KeyError):
            names.append(pwd.getpwuid(uid).pw_name)
    ident = "".join(f'{LOGIN} "{name}" {login}\n' for name in names for login in (LOGIN, RUN_LOGIN))
    for file, text in ((cluster / "pg_ident.conf", ident), (hba, HBA)):
        if file.read_text() != text:
            file.write_text(text)


def _start(cluster: Path, account: Account, binaries: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the server and wait until it accepts connections."""
    sockets = _socket_folder(cluster)
    if sockets != cluster:
        if not sockets.exists():
            sockets.mkdir(mode=0o700)
        os.chown(sockets, account.uid, account.gid, follow_symlinks=False)
    settings = [f"--{name}={value}" for name, value in (SETTINGS | {"unix_socket_directories": str(sockets)}).items()]
    started_at = time.monotonic()
    while True:
        before = output.tell()
        stale = 0
        for lock_file in (cluster / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"):
            if lock_file.exists() and not _recorded_pid(lock_file):
                lock_file.unlink()  # emptied by a power cut
            stale = stale or _recorded_pid(lock_file)
        # PostgreSQL does not start while the pid of its lock file is alive, even if that is another program by now.
        # This variable, made by pg_ctl for its own parent, names a pid that is no server; the attached shared memory
        # then shows whether a server does hold the cluster.
        server = spawn(account, (binaries / "postgres", "-D", cluster, *settings), output, grandparent=stale)
        try:
            while server.poll() is None:
                if _ping(sockets) == pq.Ping.OK:
                    return server
                if time.monotonic() > started_at + START_SECONDS:
                    raise DatabaseError(f"The embedded PostgreSQL takes too long to start: {_said(output, before)}")
                time.sleep(POLL_SECONDS)
        except BaseException:
            server.terminate()
            raise
        said = _said(output, before)
        held_by_orphans = "shared memory block" in said and time.monotonic() < started_at + ORPHAN_SECONDS
        if not held_by_orphans:
            raise DatabaseError(f"The embedded PostgreSQL does not start: {said}")
        time.sleep(POLL_SECONDS)


def _stop(cluster: Path) -> None:
    """Stop the server if it is up: in order, or at once if that hangs (as it can during recovery); neither loses
    data."""
    if not cluster.exists() or _ping(_socket_folder(cluster)) == pq.Ping.NO_RESPONSE:
        return
    lock_file = cluster / "postmaster.pid"
    pid = _recorded_pid(lock_file)
    for how in (signal.SIGINT, signal.SIGQUIT):
        if not pid:  # it was ending already
            return
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if _recorded_pid(lock_file) != pid:  # it removes its file last
                return
            time.sleep(POLL_SECONDS)
    log.warning("the embedded PostgreSQL does not stop", pid=pid, cluster=str(cluster))


def _recorded_pid(lock_file: Path) -> int:
    """The pid in a lock file of the server, or 0."""
    try:
        lines = lock_file.read_text().split()
    except FileNotFoundError:
        return 0
    return abs(int(lines[0])) if lines else 0


def _said(output: IO[bytes], before: int) -> str:
    with Path(output.name).open("rb") as file:
        file.seek(before)
        return file.read().decode(errors="replace")[-1500:].strip()


def _wait_until_let_in(sockets: Path) -> None:
    """After a backend was killed the server resets itself and accepts no connections for half a second."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            psycopg.connect(host=str(sockets), port=PORT, user=LOGIN, dbname=DATABASE).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise DatabaseError(f"The embedded PostgreSQL accepts no connections: {error}") from error
            time.sleep(POLL_SECONDS)
