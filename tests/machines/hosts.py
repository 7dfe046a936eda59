"""The machines: the programs on each, and how they are started, stopped and disturbed."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from tests.conftest import installed_server, server_account
from tests.machines.network import FOLDER, Link, Network
from tests.patience import wait_until
from tests.preloaded import MACHINE, Program
from tests.processes import environment

HERE = "here"
DATABASES, LLMS, WORKERS = ("db1", "db2"), ("llm1", "llm2"), ("worker1", "worker2", "worker3")
MACHINES = (*DATABASES, "store", "api", *LLMS, *WORKERS)

POSTGRES = {
    "listen_addresses": "*",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "fsync": "off",  # no machine loses its power: the writes of a killed process survive
    "synchronous_standby_names": "*",  # no commit is confirmed before the standby has it
    "min_wal_size": "8MB",
    "max_wal_size": "64MB",
    "wal_keep_size": "64MB",
    "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s",
    "wal_retrieve_retry_interval": "200ms",
}
TRUST = "local all all trust\nhost all all 10.99.0.0/24 trust\nhost replication all 10.99.0.0/24 trust\n"
DISK_MB = 400
LITTLE_DISK_MB = 32


class Machine:
    """A machine that runs a Python program, with its output in a file."""

    def __init__(self, name: str, folder: Path, module: str, arguments: Sequence[str], **variables: object) -> None:
        self.name = name
        self.disk = folder / name
        self._module, self._arguments, self._variables = module, arguments, variables
        self._log = (folder / f"{name}.log").open("a")
        self._program: Program | subprocess.Popen[str] | None = None
        self._told = False
        mounted(self.disk, LITTLE_DISK_MB)

    def start(self, clock: str = "") -> None:
        """Start the program; with `clock`, such as "+1h", on a machine whose clock is wrong by this much."""
        self._told = False
        own = {**self._variables, "COLUMNIST_DATA_DIR": self.disk, "TMPDIR": self.disk}
        if clock:
            wrong = {"LD_PRELOAD": faketime(), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": 1}
            self._program = subprocess.Popen(
                ["nsenter", f"--net={FOLDER}/{self.name}", sys.executable, "-m", self._module, *self._arguments],
                env=environment(**own, **wrong),
                text=True,
                stdout=self._log,
                stderr=self._log,
            )
            return
        self._program = Program(self._module, self._arguments, environment(**own, **{MACHINE: f"{FOLDER}/{self.name}"}))
        for stream in (self._program.stdout, self._program.stderr):
            threading.Thread(target=self._keep, args=[stream], daemon=True).start()

    def _keep(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._log.write(line)
            self._log.flush()

    def send(self, number: int) -> None:
        """Send a signal to the program and to its children."""
        assert self._program
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._program.pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.send_signal(number)

    @property
    def has_given_up(self) -> bool:
        """Whether its program has ended unasked."""
        return self._program is not None and not self._told and self._program.poll() is not None

    def ask_to_end(self) -> None:
        """Stop it as a deploy does."""
        assert self._program
        self._told = True
        self._program.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Kill it, if it runs."""
        self._told = True
        if self._program is not None:
            self.send(signal.SIGKILL)
            self._program.wait()


class Cluster:
    """The two machines with PostgreSQL: a primary, and a standby that has every commit before it is confirmed."""

    def __init__(self, network: Network, folder: Path) -> None:
        self._network, self._folder = network, folder
        self.primary, self.standby = DATABASES
        self._binaries = installed_server()
        assert self._binaries, "This needs PostgreSQL: apt-get update && apt-get install postgresql."
        self._user = server_account()
        for name in DATABASES:
            mounted(self.disk(name), DISK_MB, self._user.pw_uid)
        self._run(
            self.primary, "initdb", "-D", self._data(self.primary), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync", "--wal-segsize=1",
        )  # fmt: skip
        (self._data(self.primary) / "pg_hba.conf").write_text(TRUST)
        with (self._data(self.primary) / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in POSTGRES.items())
        self.start(self.primary)
        self.rebuild()

    def disk(self, name: str) -> Path:
        """The folder with the machine's data."""
        return self._folder / name

    def _data(self, name: str) -> Path:
        return self.disk(name) / "data"

    @property
    def admin(self) -> str:
        """The superuser's URL of the primary, bypassing the network."""
        return f"postgresql://postgres@/columnist?host={self.disk(self.primary)}"

    @property
    def url(self) -> str:
        """The product's URL: either machine, if it accepts writes."""
        hosts = ",".join(self._network.ip(name) for name in DATABASES)
        return f"postgresql://columnist@{hosts}/columnist?target_session_attrs=read-write&connect_timeout=3"

    def start(self, name: str) -> None:
        """Start a machine's server; it recovers on its own."""
        options = f"-k {self.disk(name)}"
        self._run(name, "pg_ctl", "-w", "-D", self._data(name), "-l", self.disk(name) / "log", "-o", options, "start")

    def is_up(self, name: str) -> bool:
        """Whether it answers, bypassing the network."""
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(f"postgresql://postgres@/postgres?host={self.disk(name)}", connect_timeout=2).close()
            return True
        return False

    def kill(self, name: str) -> None:
        """Stop it as a power cut does."""
        self._run(name, "pg_ctl", "-w", "-D", self._data(name), "-m", "immediate", "stop", must=False)

    def rebuild(self) -> None:
        """Make the standby anew, as a copy of the primary."""
        self.kill(self.standby)
        self._run(self.standby, "rm", "-rf", self._data(self.standby))
        self._run(
            self.standby, "pg_basebackup", "-D", self._data(self.standby), "-U", "postgres", "-R", "-c", "fast",
            "--no-sync", "-h", self._network.ip(self.primary),
        )  # fmt: skip
        self.start(self.standby)
        wait_until(self.in_step, "a standby that has all")

    def in_step(self) -> bool:
        """Whether the standby has every confirmed commit."""
        query = "select count(*) from pg_stat_replication where sync_state = 'sync' and state = 'streaming'"
        with psycopg.connect(self.admin.replace("/columnist", "/postgres"), autocommit=True) as connection:
            return connection.execute(query).fetchone() == (1,)

    def promote(self) -> None:
        """Let the primary be gone for good, and the standby take over; then make a new standby."""
        self.kill(self.primary)
        self._run(self.standby, "pg_ctl", "-w", "-D", self._data(self.standby), "promote")
        self.primary, self.standby = self.standby, self.primary
        self.rebuild()

    def hang_up(self) -> None:
        """End every connection of the product."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'columnist'")

    def _run(self, name: str, program: str, *arguments: str | Path, must: bool = True) -> None:
        assert self._binaries
        done = subprocess.run(
            [
                "nsenter", f"--net={FOLDER}/{name}", "--setuid", str(self._user.pw_uid), "--setgid",
                str(self._user.pw_gid), self._binaries / program if program != "rm" else program, *arguments,
            ],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not must, f"{name}: {program}: {done.stderr.decode()}"


class Site:
    """All machines, and the weather between them."""

    def __init__(self, folder: Path) -> None:
        self.network = Network(MACHINES, HERE)
        self.cluster = Cluster(self.network, folder)
        self.machines: dict[str, Machine] = {}
        self._folder = folder
        self.given_up = 0
        self._links: list[tuple[Sequence[tuple[str, str]], Link]] = []

    def add(self, name: str, module: str, *arguments: str, **variables: object) -> None:
        """Start a program on a machine."""
        self.machines[name] = Machine(name, self._folder, module, arguments, **variables)
        self.machines[name].start()

    def supervise(self) -> None:
        """Restart programs that have given up, as systemd does."""
        for machine in self.machines.values():
            if machine.has_given_up:
                self.given_up += 1
                machine.start()

    @contextmanager
    def weather(self, pairs: Sequence[tuple[str, str]], link: Link) -> Iterator[None]:
        """Set the weather from one machine to another while the context lasts; of several settings the worst counts."""
        mine = (pairs, link)
        self._links.append(mine)
        self._tell()
        try:
            yield
        finally:
            self._links.remove(mine)
            self._tell()

    def _tell(self) -> None:
        found: dict[tuple[str, str], Link] = {}
        for pairs, link in self._links:
            for pair in pairs:
                other = found.get(pair, Link())
                found[pair] = Link(max(link.seconds, other.seconds), max(link.loss, other.loss))
        self.network.set(found)


def mounted(folder: Path, megabytes: int, owner: int = 0) -> None:
    """A disk of that size."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=755,uid={owner}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "disk", folder], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Fill the disk while the context lasts."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
    try:
        yield
    finally:
        ballast.unlink()


def faketime() -> str:
    """The library that changes a clock."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    assert found, "This needs faketime: apt-get update && apt-get install faketime."
    return str(found)
